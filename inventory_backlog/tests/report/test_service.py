from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged

from ..common import BacklogCase

OTIF = ("otif_first", "otif_promise", "otif_order_first", "otif_order_promise")
FILL = (
    "first_fill_rate",
    "first_unit_fill_rate",
    "backorder_line_rate",
    "backorder_value_rate",
)
RATES = (*FILL, *OTIF)


@tagged("post_install", "-at_install")
class TestService(BacklogCase):
    """Fill rates and on time in full, against figures worked out by hand.

    Promises are for the day ``days``, deliveries happen on the day given to ``_on``.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = cls.env["backlog.service"]
        cls._put_in_stock(cls.product, 100)

    def _order(self, *goods, **values):
        """A confirmed order of which is noted what was ready."""
        order = super()._order(*goods, **values)
        self.env["backlog.fold"].sudo()._fold()
        return order

    def _promised(self, *goods, days=3, **values):
        return self._order(*goods, commitment_date=self._after(days), **values)

    def _on(self, day, hours=0):
        return freeze_time(self._after(day, hours))

    def _rows(self, orders):
        """The rows of the orders, fresh, in the order of their lines."""
        self.service.invalidate_model()
        found = self.service.search([("order_id", "in", orders.ids)])
        return self.service.browse(
            [line.id for line in orders.order_line if line.id in found.ids]
        )

    def _otif(self, orders, names=OTIF[:2]):
        return [tuple(row[name] for name in names) for row in self._rows(orders)]

    def _rates(self, orders, names=RATES, groupby=()):
        """The averages of the groups, or of all lines, as a list of tuples."""
        self.service.invalidate_model()
        return self.service._read_group(
            [("order_id", "in", orders.ids)],
            groupby,
            [f"{name}:avg" for name in names],
        )

    # On time in full

    def test_delivered_in_full_by_the_day_promised(self):
        order = self._promised(self.product, 5)
        with self._on(2):
            self._ship(order)
            self.assertEqual(self._otif(order), [(100, 100)])

    def test_day_of_the_promise_is_in_time_to_its_end(self):
        order = self._promised(self.product, 5)
        with self._on(3, hours=14):
            self._ship(order)
            self.assertEqual(self._otif(order), [(100, 100)])

    def test_delivered_a_day_late(self):
        order = self._promised(self.product, 5)
        with self._on(4):
            self._ship(order)
            self.assertEqual(self._otif(order), [(0, 0)])

    def test_open_line_is_due_when_its_day_is_past(self):
        order = self._promised(self.product, 5)
        with self._on(3):
            self.assertEqual(self._otif(order), [(False, False)])
        with self._on(4):
            self.assertEqual(self._otif(order), [(0, 0)])

    def test_partly_delivered_is_not_in_full(self):
        order = self._promised(self.product, 5)
        with self._on(2):
            self._ship(order, 4)
            self.assertEqual(self._otif(order), [(False, False)])
        with self._on(4):
            self.assertEqual(self._otif(order), [(0, 0)])

    def test_last_of_two_deliveries_counts(self):
        late = self._promised(self.product, 5)
        in_time = self._promised(self.product, 5)
        with self._on(2):
            self._ship(late, 4)
            self._ship(in_time, 4)
        with self._on(3):
            self._ship(in_time)
        with self._on(4):
            self._ship(late)
            self.assertEqual(self._otif(late + in_time), [(0, 0), (100, 100)])
            self.assertEqual(
                self._rows(late + in_time).mapped("delivered_date"),
                [self._after(4), self._after(3)],
            )

    def test_closed_short_is_not_in_full(self):
        order = self._promised(self.product, 5)
        with self._on(2):
            self._ship(order, 4, backorder=False)
        with self._on(4):
            self.assertEqual(self._otif(order), [(0, 0)])
            self.assertFalse(self._rows(order).is_in_full)

    def test_ordered_quantity_cut_down_to_what_came_is_in_full(self):
        order = self._promised(self.product, 5)
        with self._on(2):
            self._ship(order, 4, backorder=False)
            order.order_line.product_uom_qty = 4
            self.assertEqual(self._otif(order), [(100, 100)])

    def test_more_than_ordered_is_in_full(self):
        order = self._promised(self.product, 5)
        with self._on(2):
            self._ship(order, 7)
            self.assertEqual(self._otif(order), [(100, 100)])
            self.assertEqual(self._rows(order).delivered_qty, 7)

    def _return(self, order, quantity, to_refund, replace=False):
        delivered = order.sudo().picking_ids.filtered(
            lambda picking: (
                picking.state == "done" and picking.picking_type_code == "outgoing"
            )
        )
        wizard = self.env["stock.return.picking"].create(
            {"picking_id": delivered[:1].id}
        )
        wizard.product_return_moves.quantity = quantity
        wizard.product_return_moves.to_refund = to_refund
        action = (
            wizard.action_create_exchanges()
            if replace
            else wizard.action_create_returns()
        )
        self._validate(self.env["stock.picking"].browse(action["res_id"]))

    def test_what_came_back_after_a_delivery_in_full_is_no_miss(self):
        """Neither the return nor what replaces it."""
        order = self._promised((self.product, 1, {"product_uom_id": self.dozen.id}))
        with self._on(2):
            self._ship(order)
        for day, goods in ((6, 3), (8, 9)):
            with self._on(day):
                self._return(order, goods, to_refund=True)
                [row] = self._rows(order)
                self.assertEqual(self._otif(order, OTIF), [(100,) * 4])
                self.assertEqual(self._rates(order, OTIF), [(100,) * 4])
                self.assertTrue(row.is_in_full)
                self.assertEqual(row.delivered_date, self._after(2))
        self.assertEqual(row.delivered_qty, 0)

    def test_what_replaces_returned_goods_comes_too_late_for_nobody(self):
        order = self._promised(self.product, 5)
        with self._on(2):
            self._ship(order)
        with self._on(6):
            self._return(order, 1, to_refund=True, replace=True)
            self._ship(order)
            self.assertEqual(self._rows(order).delivered_qty, 5)
            self.assertEqual(self._otif(order, OTIF), [(100,) * 4])
            self.assertEqual(self._rows(order).delivered_date, self._after(2))

    def test_more_than_was_ordered_comes_too_late_for_nobody(self):
        order = self._promised(self.product, 5)
        with self._on(2):
            self._ship(order)
        with self._on(6):
            move = (
                order.sudo()
                .order_line.move_ids[:1]
                .copy({"product_uom_qty": 2, "picking_id": False, "state": "draft"})
            )
            move._action_confirm()
            move.write({"quantity": 2, "picked": True})
            move._action_done()
            [row] = self._rows(order)
            self.assertEqual(row.delivered_qty, 7)
            self.assertEqual(row.delivered_date, self._after(2))
            self.assertEqual(self._otif(order, OTIF), [(100,) * 4])
            self.assertEqual(self._rates(order, OTIF), [(100,) * 4])

    def test_replacement_without_refund_comes_too_late_for_nobody(self):
        order = self._promised(self.product, 5)
        with self._on(2):
            self._ship(order)
        with self._on(6):
            self._return(order, 1, to_refund=False, replace=True)
            self._ship(order)
            self.assertEqual(self._otif(order, OTIF), [(100,) * 4])

    def test_replacement_does_not_make_up_for_what_never_came(self):
        order = self._promised(self.product, 5)
        with self._on(2):
            self._ship(order, 4)
        with self._on(2, hours=1):
            self._return(order, 1, to_refund=True, replace=True)
        with self._on(2, hours=2):
            self._ship(order, 1)
        with self._on(4):
            self.assertFalse(self._rows(order).is_in_full)
            self.assertEqual(self._otif(order, OTIF), [(0,) * 4])
            self.assertEqual(self._rates(order, OTIF), [(0,) * 4])

    def test_return_without_refund_changes_nothing(self):
        order = self._promised(self.product, 5)
        with self._on(2):
            self._ship(order)
        with self._on(6):
            self._return(order, 1, to_refund=False)
            self.assertEqual(self._otif(order), [(100, 100)])
            self.assertEqual(self._rows(order).delivered_date, self._after(2))

    def test_first_and_current_promise_differ_when_it_was_moved(self):
        order = self._promised(self.product, 5)
        order.commitment_date = self._after(9)
        with self._on(5):
            self.assertEqual(self._otif(order), [(0, False)])
            self._ship(order)
            self.assertEqual(self._otif(order), [(0, 100)])

    def test_order_without_delivery_date_is_promised_by_its_lead_time(self):
        self.product.sale_delay = 4
        order = self._order(self.product, 5)
        self.assertEqual(self._rows(order).promise_date, self._after(4))
        with self._on(5):
            self.assertEqual(self._otif(order), [(0, 0)])

    def test_day_ends_where_the_company_is(self):
        """At 23:30 in Greenwich it is the next morning in Jakarta."""
        waiting = self._promised(self.product, 5)
        shipped = self._promised(self.product, 5)
        with self._on(3, hours=14.5):
            self._ship(shipped)
            for zone, judged in (("UTC", [False, 100]), ("Asia/Jakarta", [0, 0])):
                self.company.partner_id.tz = zone
                with self.subTest(zone=zone):
                    self.assertEqual(
                        self._rows(waiting + shipped).mapped("otif_first"), judged
                    )

    def test_delivered_without_a_transfer_is_not_judged(self):
        """What was delivered before the inventory app came has no date."""
        order = self._promised(self.product, 5)
        order.sudo().picking_ids.action_cancel()
        order.order_line.sudo().qty_delivered = 5
        with self._on(5):
            self.assertTrue(self._rows(order).is_in_full)
            self.assertEqual(self._otif(order), [(False, False)])

    def test_two_delivery_steps_count_the_last(self):
        self.warehouse.delivery_steps = "pick_ship"
        order = self._promised(self.product, 5)
        with self._on(2):
            self._ship(order)
            self.assertFalse(self._rows(order).delivered_date)
        with self._on(4):
            self._ship(order)
            self.assertEqual(self._rows(order).delivered_date, self._after(4))
            self.assertEqual(self._otif(order), [(0, 0)])

    def test_vendor_that_ships_to_the_customer_delivers(self):
        direct = self._product(
            route_ids=self.env.ref("stock_dropshipping.route_drop_shipping").ids,
            seller_ids=[Command.create({"partner_id": self.vendor.id, "price": 10})],
        )
        order = self._promised(direct, 5)
        purchase = order.sudo()._get_purchase_orders()
        purchase.button_confirm()
        with self._on(2):
            self._receive(purchase)
            self.assertEqual(self._otif(order), [(100, 100)])

    # Orders

    def test_order_is_on_time_when_all_its_lines_are(self):
        lamp = self._product("Lamp")
        self._put_in_stock(lamp, 100)
        good = self._promised((self.product, 1), (lamp, 1))
        half = self._promised((self.product, 1), (lamp, 1))
        with self._on(2):
            self._ship(good)
            self._ship(half, 1, 0)
            self.assertEqual(
                self._otif(good + half, ("otif_first", "otif_order_first")),
                [(100, 100), (100, 100), (100, False), (False, False)],
            )
            self.assertEqual(
                self._rates(good + half, ("otif_first", "otif_order_first")),
                [(100, 100)],
            )
        with self._on(4):
            self.assertEqual(
                self._otif(good + half, ("otif_first", "otif_order_first")),
                [(100, 100), (100, 100), (100, 0), (0, 0)],
            )
            [(of_lines, of_orders)] = self._rates(
                good + half, ("otif_first", "otif_order_first")
            )
            self.assertEqual((of_lines, of_orders), (75, 50))
            # The lamp was late in one of two orders; neither product makes half an
            # order in time.
            self.assertEqual(
                {
                    product: (of_lines, of_orders)
                    for product, of_lines, of_orders in self._rates(
                        good + half, ("otif_first", "otif_order_first"), ["product_id"]
                    )
                },
                {self.product: (100, 50), lamp: (50, 50)},
            )

    def test_order_counts_once_however_many_lines_it_has(self):
        many = self._promised(*[(self.product, 1)] * 3)
        one = self._promised(self.product, 1)
        with self._on(2):
            self._ship(many)
        with self._on(4):
            self.assertEqual(self._rates(many + one, OTIF), [(75, 75, 50, 50)])

    def test_order_by_current_promise(self):
        order = self._promised((self.product, 1), (self.product, 2))
        order.commitment_date = self._after(9)
        with self._on(5):
            self._ship(order)
            self.assertEqual(self._rates(order, OTIF), [(0, 100, 0, 100)])

    # First fill

    def test_line_is_filled_when_all_of_it_was_ready(self):
        scarce = self._product("Scarce")
        self._put_in_stock(scarce, 10)
        order = self._order((scarce, 6), (scarce, 8))

        self.assertEqual(self._otif(order, FILL), [(100, 100, 0, 0), (0, 50, 100, 100)])
        # Of one product by quantity: 10 of 14. Of the value 8 of 14 on a short line.
        self._assert_rates(order, (50, 100 * 10 / 14, 50, 100 * 8 / 14))

    def _assert_rates(self, orders, expected, names=FILL):
        [rates] = self._rates(orders, names)
        for name, rate, right in zip(names, rates, expected, strict=True):
            self.assertAlmostEqual(rate, right, 6, name)

    def test_several_products_count_by_value(self):
        cheap = self._product("Cheap", list_price=1)
        order = self._order((self.product, 5), (cheap, 500), (cheap, 500))

        # 500 of 1,500 in value was there; one line of three.
        self._assert_rates(order, (100 / 3, 100 / 3, 200 / 3, 200 / 3))

    def test_prices_of_one_product_do_not_weigh_its_units(self):
        scarce = self._product("Scarce")
        self._put_in_stock(scarce, 5)
        order = self._order((scarce, 5, {"price_unit": 300}), (scarce, 5))

        self._assert_rates(order, (50, 50, 50, 25))

    def test_units_of_one_product_are_the_products(self):
        scarce = self._product("Scarce")
        self._put_in_stock(scarce, 12)
        order = self._order((scarce, 1, {"product_uom_id": self.dozen.id}), (scarce, 4))

        [dozen, four] = self._rows(order)
        self.assertEqual(
            (dozen.ordered_qty, dozen.first_open_qty, dozen.first_ready_qty),
            (12, 12, 12),
        )
        self.assertEqual((four.first_open_qty, four.first_ready_qty), (4, 0))
        self._assert_rates(order, (50, 75), FILL[:2])

    def test_later_quantity_leaves_the_fill_and_its_weight(self):
        order = self._order((self.product, 5), (self._product("Other"), 5))
        order.order_line[1].product_uom_qty = 95

        self._assert_rates(order, (50, 50, 50, 50))
        self.assertEqual(self._rows(order).mapped("value"), [500, 9500])

    def test_lines_from_before_the_install_are_not_counted(self):
        order = self._order((self.product, 5), (self._product("Other"), 5))
        order.order_line[1].sudo().write(
            {"first_open_qty": False, "first_ready_qty": False}
        )

        self.assertEqual(self._otif(order, FILL), [(100, 100, 0, 0), (False,) * 4])
        self._assert_rates(order, (100, 100, 0, 0))

    def test_nothing_known_is_empty_and_not_zero(self):
        order = self._promised(self.product, 5)
        order.order_line.sudo().write(
            {"first_open_qty": False, "first_ready_qty": False}
        )

        self.assertEqual(self._rates(order), [(False,) * len(RATES)])

    def test_goods_for_free_weigh_nothing(self):
        order = self._order((self.product, 5), (self._product(list_price=0), 5))

        self._assert_rates(order, (50, 100, 50, 0))

    # What is in it

    def test_rows_are_confirmed_lines_of_goods(self):
        self._quote((self.product, 1))
        cancelled = self._order(self.product, 1)
        cancelled._action_cancel()
        order = self._order(
            (self.product, 1),
            (self._product("Advice", type="service", is_storable=False), 1),
            (self.product, 1, {"is_expense": True}),
            (self.product, 0),
        )
        order.order_line = [
            Command.create({"display_type": "line_note", "name": "Note"})
        ]

        self.assertEqual(
            self.service.search([("partner_id", "=", self.customer.id)]).ids,
            order.order_line[:1].ids,
        )

    def test_row_says_what_the_order_does(self):
        self.customer.country_id = self.env.ref("base.id")
        order = self._promised((self.product, 5, {"discount": 10}))
        with self._on(2):
            self._ship(order, 2)
            self.assertRecordValues(
                self._rows(order),
                [
                    {
                        "order_line_id": order.order_line.id,
                        "order_id": order.id,
                        "partner_id": self.customer.id,
                        "country_id": self.env.ref("base.id").id,
                        "product_id": self.product.id,
                        "categ_id": self.product.categ_id.id,
                        "warehouse_id": self.warehouse.id,
                        "company_id": self.company.id,
                        "currency_id": self.company.currency_id.id,
                        "user_id": self.seller.id,
                        "team_id": order.team_id.id,
                        "date_order": order.date_order,
                        "first_promise_date": self._after(3),
                        "promise_date": self._after(3),
                        "delivered_date": self._after(2),
                        "ordered_qty": 5,
                        "delivered_qty": 2,
                        "value": 450,
                        "is_in_full": False,
                    }
                ],
            )
            self.assertIn(self.product.name, self._rows(order).display_name)

    def test_rates_can_be_searched(self):
        order = self._promised((self.product, 5), (self._product("Other"), 5))
        with self._on(2):
            self._ship(order, 5, 0)
        with self._on(4):
            [shipped, waiting] = self._rows(order)
            for domain, rows in (
                ([("otif_first", "!=", False)], shipped + waiting),
                ([("otif_first", "=", 0)], waiting),
                ([("otif_promise", "=", 100)], shipped),
                ([("otif_order_first", "=", 0)], shipped + waiting),
                ([("otif_order_promise", "!=", 0)], self.service),
                ([("otif_order_first", "<", 50)], shipped + waiting),
                ([("first_fill_rate", "=", 0)], waiting),
                ([("is_in_full", "=", False)], waiting),
            ):
                with self.subTest(domain=domain):
                    self.assertEqual(
                        self.service.search(
                            [("order_id", "=", order.id), *domain], order="id"
                        ),
                        rows,
                    )
        self.assertEqual(
            self.service.search(
                [("order_id", "=", order.id), ("otif_first", "=", False)]
            ),
            waiting,
        )

    # Groups

    def _weighted(self, rows, name):
        """The rate of a group worked out line by line."""
        if name in OTIF[2:]:
            orders = {row.order_id: row[name] for row in rows}.values()
            known = [rate for rate in orders if rate is not False]
            return sum(known) / len(known) if known else False
        known = [(row, row[name]) for row in rows if row[name] is not False]
        if name == "first_unit_fill_rate" and len(rows.product_id) == 1:
            weights = [(row.first_open_qty, rate) for row, rate in known]
        elif name in ("first_unit_fill_rate", "backorder_value_rate"):
            rates = self._currency_factors()
            weights = [
                (
                    row.value
                    / row.ordered_qty
                    * row.first_open_qty
                    * rates[row.company_id],
                    rate,
                )
                for row, rate in known
            ]
        else:
            weights = [(1, rate) for _row, rate in known]
        total = sum(weight for weight, _rate in weights)
        return (
            sum(weight * rate for weight, rate in weights) / total if total else False
        )

    def _currency_factors(self):
        """What one of the currency of each company is worth in ours."""
        return {
            company: company.currency_id._convert(
                1, self.company.currency_id, self.company, "2030-01-15", round=False
            )
            for company in self.env["res.company"].search([])
        }

    def _some_orders(self):
        """Orders that come in all ways of being late, partial and short."""
        products = [
            self._product(f"Product {number}", list_price=7 * number + 3)
            for number in range(4)
        ]
        for number, product in enumerate(products):
            self._put_in_stock(product, 1 + 6 * number)
        orders = self.env["sale.order"].union(
            *(
                self._promised(
                    *(
                        (products[(number + line) % 4], 1 + (number * line) % 5)
                        for line in range(1 + number % 3)
                    ),
                    days=1 + number % 5,
                )
                for number in range(12)
            )
        )
        orders[3].commitment_date = self._after(20)
        for number, order in enumerate(orders):
            with self._on(1 + number % 4):
                self._ship(order, *[1] * (number % 3))
        orders[5].order_line[:1].sudo().write(
            {"first_open_qty": False, "first_ready_qty": False}
        )
        return orders

    def _assert_groups_are_right(self, orders):
        rates = self._rates(orders, groupby=["order_id"])
        self.assertGreater(len({tuple(row[1:]) for row in rates}), 4)
        for groupby in ("product_id", "order_id", "company_id", "date_order:month"):
            groups = self._rates(orders, groupby=[groupby])
            for key, *rates in groups:
                rows = self._rows(orders).filtered(
                    lambda row, key=key, groupby=groupby: (
                        groupby == "date_order:month" or row[groupby] == key
                    )
                )
                for name, rate in zip(RATES, rates, strict=True):
                    expected = self._weighted(rows, name)
                    with self.subTest(groupby=groupby, key=key, name=name):
                        if expected is False:
                            self.assertIs(rate, False)
                        else:
                            self.assertIsNot(rate, False)
                            self.assertAlmostEqual(rate, expected, 6)

    def test_averages_of_groups_are_those_of_their_lines(self):
        orders = self._some_orders()
        there = self._other_company()
        for number in range(3):
            orders += self._promised(
                (self.product, 1 + number),
                (orders.order_line[number].product_id, 2),
                days=1 + 3 * number,
                user=there,
            )
        with self._on(6):
            self._assert_groups_are_right(orders)

    def _other_company(self):
        """A company whose money is worth a quarter of ours, and one who sells there."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        other = self.env["res.company"].create(
            {"name": "Other", "currency_id": euro.id}
        )
        self.env.user.company_ids += other
        self.env["res.currency.rate"].create(
            {
                "currency_id": euro.id,
                "company_id": self.company.id,
                "name": "2030-01-01",
                "rate": 4 * self.company.currency_id.rate,
            }
        )
        return new_test_user(
            self.env,
            "other_seller",
            "sales_team.group_sale_salesman_all_leads",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )

    def test_two_companies_weigh_in_one_currency(self):
        there = self._other_company()
        here = self._order((self.product, 4), (self._product(), 4))
        other = self._order((self._product(), 16), user=there)
        self.assertNotEqual(other.company_id, here.company_id)

        # Short are 400 of ours and 1,600 of theirs, worth 400: two thirds of 1,200.
        self._assert_rates(here + other, (100 / 3, 100 / 3, 200 / 3, 200 / 3))
        self.assertAlmostEqual(
            self._rates_of_value(here + other), 400 + 400 + 400, places=2
        )
        self.assertEqual(self._rows(other).value, 1600)
        self.assertEqual(self._rows(other).currency_id, other.company_id.currency_id)

    def _rates_of_value(self, orders):
        [[value]] = self.service._read_group(
            [("order_id", "in", orders.ids)], [], ["value:sum_currency"]
        )
        return value

    def test_foreign_orders_are_valued_at_their_own_rate(self):
        self._other_company()
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": self.env.ref("base.EUR").id}
        )
        order = self._order(
            (self.product, 5, {"price_unit": 80}), pricelist_id=pricelist.id
        )

        self.assertAlmostEqual(order.currency_rate, 4)
        self.assertEqual(self._rows(order).value, 100)

    # Who sees what

    def _user(self, login, *groups):
        return new_test_user(self.env, login, ",".join(groups))

    def test_salespeople_see_their_own(self):
        other = self._user("other", "sales_team.group_sale_salesman")
        manager = self._user("all", "sales_team.group_sale_salesman_all_leads")
        own = self._order(self.product, 1)
        others = self._order(self.product, 1, user=other)
        nobodys = self._order(self.product, 1)
        nobodys.sudo().user_id = False
        orders = own + others + nobodys

        for user, seen in (
            (self.seller, own + nobodys),
            (other, others + nobodys),
            (manager, orders),
        ):
            rows = self.service.with_user(user).search([("order_id", "in", orders.ids)])
            self.assertEqual(set(rows.order_id.ids), set(seen.ids), user.login)

    def test_companies_see_their_own(self):
        there = self._other_company()
        here = self._order(self.product, 1)
        other = self._order(self.product, 1, user=there)

        self.assertEqual(
            self.service.with_user(there)
            .search([("order_id", "in", (here + other).ids)])
            .order_id,
            other,
        )

    def test_buyers_see_service_without_values(self):
        order = self._order((self.product, 1), (self._product(), 1))
        buyer = self._user("buyer", "purchase.group_purchase_user")
        service = self.service.with_user(buyer)
        rows = service.search([("order_id", "=", order.id)])
        self.assertEqual(set(rows.mapped("first_fill_rate")), {0, 100})
        self.assertIn("first_fill_rate", rows.read()[0])

        # What weighs by value tells what goods are worth to each other.
        for name in ("value", "first_unit_fill_rate", "backorder_value_rate"):
            for look in (
                lambda name=name: rows.read([name]),
                lambda name=name: service.search([(name, ">", 0)]),
                lambda name=name: service.search([], order=name),
                lambda name=name: service._read_group([], [], [f"{name}:avg"]),
            ):
                with self.assertRaises(AccessError, msg=name):
                    look()
        with self.assertRaisesRegex(UserError, "not yours to open"):
            rows[:1].action_open_order()

    def test_salespeople_open_the_order(self):
        order = self._order(self.product, 1)
        action = self._rows(order).with_user(self.seller).action_open_order()

        self.assertEqual(
            (action["res_model"], action["res_id"]), ("sale.order", order.id)
        )

    def test_others_see_nothing_and_nobody_writes(self):
        self._order(self.product, 1)
        for user in (
            self._user("internal", "base.group_user"),
            self._user("portal", "base.group_portal"),
            self.env.ref("base.public_user"),
        ):
            with self.assertRaises(AccessError):
                self.service.with_user(user).search([])
        manager = self._user("manager", "inventory_backlog.group_backlog_manager")
        rows = self.service.with_user(manager).search([], limit=1)
        with self.assertRaises(AccessError):
            rows.write({"product_id": self.product.id})
        with self.assertRaises(AccessError):
            rows.unlink()

    # Screens and cost

    def test_menu_opens_for_every_group_that_reads(self):
        self._order(self.product, 1)
        action = self.env.ref("inventory_backlog.backlog_service_action")
        self.assertEqual(action.path, "backlog-service")
        for user in (
            self.seller,
            self._user("stocker", "stock.group_stock_user"),
            self._user("buyer", "purchase.group_purchase_user"),
        ):
            service = self.service.with_user(user)
            views = service.get_views(
                [(False, "pivot"), (False, "graph"), (False, "list"), (False, "search")]
            )
            names = views["models"]["backlog.service"]["fields"]
            self.assertIn("otif_first", names)
            self.assertEqual("value" in names, user.login != "buyer")

    def test_every_rate_says_its_definition(self):
        about = self.service.fields_get(RATES, ["help"])
        for name in RATES:
            self.assertRegex(about[name]["help"], r"share that|share of", name)

    def test_pages_and_pivots_cost_a_constant_number_of_queries(self):
        def queries(look):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            look()
            return self.env.cr.sql_log_count - before

        self._order(self.product, 1)
        service = self.service.with_user(self.seller)
        page = {name: {} for name in service.fields_get()}

        def read():
            service.web_search_read([], page, limit=80)

        def group():
            service.formatted_read_group(
                [], ["date_order:month"], [f"{name}:avg" for name in RATES]
            )

        few = [queries(look) for look in (read, group, read, group)][2:]
        for _number in range(10):
            self._order((self.product, 1), (self.product, 2))
        self.assertEqual([queries(look) for look in (read, group)], few)
