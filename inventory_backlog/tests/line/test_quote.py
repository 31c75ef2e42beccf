from random import Random

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestQuote(BacklogCase):
    """A quotation tells what its lines get at the place in the queue that they will
    have, and who loses by it: what it says, the order has the moment after."""

    SEEDS = range(4)

    def _quoted(self, quotation):
        """``(open, ready, incoming, to order)`` of each line, and when it could leave
        where all of it is there or on its way."""
        quotation.invalidate_recordset()
        quotation.order_line.invalidate_recordset()
        return [
            (
                line.product_uom_qty,
                line.quote_ready_qty,
                line.quote_incoming_qty,
                line.quote_to_source_qty,
                not line.quote_to_source_qty and line.quote_expected_date,
            )
            for line in quotation.order_line
        ]

    def _had(self, order):
        """The same of the order that it became."""
        lines = order.order_line
        split = self._split(lines)
        dates = [line.backlog_expected_date for line in lines]
        return [(*part, date) for part, date in zip(split, dates, strict=True)]

    def _keeps_its_word(self, quotation):
        quoted = self._quoted(quotation)
        quotation.action_confirm()
        self.assertEqual(quoted, self._had(quotation))
        return quoted

    # The place in the queue

    def test_an_earlier_promise_goes_before_a_later_one(self):
        """Eight pieces come on day 5, three of them for an order promised for day
        30."""
        self._purchase(self.product, 8, days=5)
        self._order(self.product, 3, commitment_date=self._after(30))
        quotation = self._quote((self.product, 8))
        self.assertEqual(
            self._keeps_its_word(quotation), [(8, 0, 8, 0, self._after(5))]
        )

    def test_a_later_promise_waits_behind_an_earlier_one(self):
        self._purchase(self.product, 8, days=5)
        self._order(self.product, 3, commitment_date=self._after(3))
        quotation = self._quote((self.product, 8), commitment_date=self._after(30))
        self.assertEqual(self._keeps_its_word(quotation), [(8, 0, 5, 3, False)])

    def test_the_promised_date_is_an_input(self):
        self._purchase(self.product, 8, days=5)
        self._order(self.product, 3, commitment_date=self._after(20))
        quotation = self._quote((self.product, 8), commitment_date=self._after(30))
        self.assertEqual(quotation.order_line.quote_to_source_qty, 3)
        quotation.commitment_date = self._after(10)
        self.assertEqual(quotation.order_line.quote_to_source_qty, 0)

    def test_odoo_reserves_at_once_what_is_free(self):
        """Also before an order that waits longer: nobody reserved for that."""
        first = self._order(self.product, 5)
        self._put_in_stock(self.product, 5)
        self.assertEqual(self._split(first.order_line), [(5, 5, 0, 0)])
        quotation = self._quote((self.product, 4), commitment_date=self._after(30))
        self.assertEqual(
            quotation.quote_losses,
            f"{first.name} (Customer) loses 4 Units of Chair that are ready.",
        )
        self._keeps_its_word(quotation)
        self.assertEqual(self._split(first.order_line), [(5, 1, 0, 4)])

    def test_who_reserves_later_waits(self):
        """Reserved two days before it leaves: not before those whose day has come."""
        self.warehouse.out_type_id.write(
            {"reservation_method": "by_date", "reservation_days_before": 2}
        )
        self._put_in_stock(self.product, 5)
        self._order(self.product, 3, commitment_date=self._after(8))
        for days, ready in ((30, 2), (5, 5), (1, 5)):
            quotation = self._quote(
                (self.product, 5), commitment_date=self._after(days)
            )
            with self.subTest(days=days):
                self.assertEqual(quotation.order_line.quote_ready_qty, ready)
        self._keeps_its_word(quotation)

    def test_days_that_nobody_meant_end_no_quotation(self):
        """Written by an import, where no delivery is reserved by date."""
        out_type = self.warehouse.out_type_id
        self._put_in_stock(self.product, 5)
        for method in ("at_confirm", "manual", "by_date"):
            out_type.write(
                {"reservation_method": method, "reservation_days_before": 3_000_000}
            )
            with self.subTest(method=method):
                line = self._quote((self.product, 7)).order_line
                self.assertEqual(line.quote_ready_qty, 5)

    def test_the_days_of_a_rule_and_of_the_company_are_ahead_of_the_promise(self):
        self.warehouse.delivery_steps = "pick_pack_ship"
        self.warehouse.delivery_route_id.rule_ids.delay = 2
        self.company.security_lead = 3
        self._purchase(self.product, 8, days=5)
        other = self._order(self.product, 3, commitment_date=self._after(20))
        move = other.sudo().picking_ids.move_ids
        quotation = self._quote((self.product, 8), commitment_date=self._after(20))
        self._keeps_its_word(quotation)
        self.assertEqual(quotation.sudo().picking_ids.move_ids.date, move.date)

    # Who loses

    def test_who_loses_what_is_told_by_name_to_those_who_may_see_it(self):
        self._purchase(self.product, 8, days=5)
        self._purchase(self.product, 2, days=9)
        colleague = new_test_user(
            self.env, "colleague", "sales_team.group_sale_salesman", tz="UTC"
        )
        late = {"commitment_date": self._after(30)}
        first = self._order(self.product, 2, **late)
        self._order(self.product, 2, user=colleague, **late)
        last = self._order(self.product, 4, **late)
        quotation = self._quote((self.product, 5))
        self.assertEqual(
            quotation.with_user(self.seller).quote_losses.splitlines(),
            [
                f"{last.name} (Customer) loses 3 Units of Chair that are on their way.",
                "Lines of orders that you may not see, which lose goods: 1.",
            ],
        )
        self._purchase(self.product, 20, days=1)
        self.env.invalidate_all()
        self.assertFalse(quotation.quote_losses)
        self.assertEqual(self._split(first.order_line), [(2, 0, 2, 0)])

    def test_who_loses_is_told_also_when_its_customer_was_moved_away(self):
        """To another company: the quotation opens all the same."""
        self._put_in_stock(self.product, 4)
        self.warehouse.out_type_id.reservation_method = "manual"
        rival = self.env["res.partner"].create({"name": "Rival"})
        order = self._order(self.product, 4, partner_id=rival.id)
        self.warehouse.out_type_id.reservation_method = "at_confirm"
        quotation = self._quote((self.product, 4), commitment_date=self._after(-1))
        told = f"{order.name} (Rival) loses 4 Units of Chair that are ready."
        self.assertEqual(quotation.quote_losses, told)
        rival.company_id = self.env["res.company"].create({"name": "Other"})
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(quotation.quote_losses, told)

    def test_of_many_who_lose_ten_are_named(self):
        self._purchase(self.product, 12, days=5)
        self._order(*[(self.product, 1)] * 12, commitment_date=self._after(30))
        quotation = self._quote((self.product, 12))
        *named, more = quotation.quote_losses.splitlines()
        self.assertEqual(len(named), 10)
        self.assertEqual(more, "and 2 more")

    def test_nobody_loses_by_what_comes_last(self):
        self._put_in_stock(self.product, 2)
        self._order(self.product, 5)
        self.assertFalse(self._quote((self.product, 5)).quote_losses)

    # Asked by a program

    def test_a_promise_is_what_an_order_confirmed_now_gets(self):
        self._purchase(self.product, 8, days=5)
        self._order(self.product, 3, commitment_date=self._after(20))
        products = self.env["product.product"].with_user(self.seller)
        for day, to_source in ((False, 0), ("2030-01-25", 0), ("2030-02-25", 3)):
            promise = products.get_promise(self.product.id, 8, date=day)
            with self.subTest(day=day):
                self.assertEqual(promise["to_source"], to_source)

    # By any route

    def test_each_route_gets_what_it_brings(self):
        self._put_in_stock(self.product, 10)
        other = self.env["stock.warehouse"].create({"name": "Other", "code": "OTH"})
        self.warehouse.resupply_wh_ids = other
        [resupply] = self.warehouse.resupply_route_ids
        mto = self.warehouse.mto_pull_id.route_id
        mto.active = True
        dropship = self.env.ref("stock_dropshipping.route_drop_shipping")
        self.product.seller_ids = [
            Command.create({"partner_id": self.vendor.id, "price": 10, "delay": 4})
        ]
        buy = self.warehouse.buy_pull_id.route_id
        # Odoo hides other routes from lines.
        (buy + resupply).sale_selectable = True
        for routes, incoming, to_source in (
            (mto + buy, 0, 3),
            (mto + resupply, 3, 0),
            (dropship, 0, 3),
        ):
            self.product.route_ids = (routes - mto) & (buy + resupply)
            quotation = self._quote(
                (self.product, 3, {"route_ids": routes.ids}),
                commitment_date=self._after(9),
            )
            with self.subTest(routes.mapped("name")):
                [line] = self._keeps_its_word(quotation)
                self.assertEqual(line[:4], (3, 0, incoming, to_source))
                promise = self.env["product.product"].get_promise(self.product.id, 3)
                self.assertEqual(promise["ready"], 3)

    # Random worlds

    def test_what_a_quotation_says_the_order_has_the_moment_after(self):
        for seed in self.SEEDS:
            with self.subTest(seed=seed):
                self._world(Random(seed))

    def _world(self, random):
        """A few products with stock and receipts, orders and quotations for any day,
        confirmed one after the other."""
        out_type = self.warehouse.out_type_id
        products = [self._product(f"Product {number}") for number in range(2)]
        for product in products:
            self._put_in_stock(product, random.randint(1, 12))
            for _receipt in range(random.randint(0, 2)):
                self._purchase(
                    product, random.randint(1, 9), days=random.randint(-3, 12)
                )
        for step in range(4):
            method = random.choice(("at_confirm", "at_confirm", "by_date", "manual"))
            out_type.write({"reservation_method": method, "reservation_days_before": 3})
            quotation = self._quote(
                *(
                    (
                        random.choice(products),
                        random.randint(1, 6),
                        {"customer_lead": random.randint(0, 9)},
                    )
                    for _line in range(random.randint(1, 3))
                ),
                commitment_date=random.choice(
                    (False, self._after(random.randint(-2, 15)))
                ),
            )
            with self.subTest(step=step):
                self._loses_what_was_said(quotation)

    def _loses_what_was_said(self, quotation):
        quotes = self.env["backlog.quote"]
        told = {
            line_id: after
            for line_id, _had, after in quotes._losses(quotation.order_line._wishes())
        }
        had = self._rows(quotation.order_line.search([]))
        self._keeps_its_word(quotation)
        has = self._rows(quotation.order_line.browse(had))
        for line_id, (ready, to_source, _date) in had.items():
            after = has[line_id]
            self.assertEqual(
                line_id in told,
                after[0] < ready or after[1] > to_source or had[line_id] != after,
            )
            if line_id in told:
                self.assertEqual(
                    (told[line_id]["ready"], told[line_id]["to_source"]), after[:2]
                )

    def _rows(self, lines):
        return {
            row.id: (row.backlog_qty, row.to_source_qty, row.expected_date)
            for row in self._line(lines)
        }
