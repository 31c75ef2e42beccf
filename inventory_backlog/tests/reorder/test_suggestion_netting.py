from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL

from ..suggestions import SuggestionCase


@tagged("post_install", "-at_install")
class TestSuggestionNetting(SuggestionCase):
    """What counts as missing, and what counts against it."""

    def _short(self, *products):
        """The figures after a run, of what is to be bought or brought."""
        found = self._suggest(*products)
        return [
            row[:3]
            for row in self._figures(
                found.filtered(lambda one: one.action_type != "confirm")
            )
        ]

    def _tenders(self):
        """Requests with one reference are alternatives, as in Odoo's purchase
        agreements, while the ``with`` statement lasts."""
        return patch.object(
            self.env.registry["backlog.need"],
            "_alternative",
            lambda need: SQL("request.partner_ref"),
        )

    # Stock below zero

    def test_what_comes_fills_stock_below_zero_first(self):
        self._put_in_stock(self.product, -3)
        self._wanted(self.product, 2)
        self.assertEqual(self._short(), [("buy", 5, 0)])
        self._receive(self._purchase(self.product, 5, days=1))
        self._changed_later()
        self.assertFalse(self._suggest())

    def test_stock_below_zero_that_nobody_waits_for_is_not_bought(self):
        self._put_in_stock(self.product, -3)
        self.assertFalse(self._suggest())

    # What is on its way, or will be

    def test_a_receipt_in_time_covers(self):
        self._purchase(self.product, 5, days=3)
        self._wanted(self.product, 5)
        self.assertFalse(self._suggest())

    def test_a_receipt_covers_its_part(self):
        self._purchase(self.product, 3, days=3)
        self._wanted(self.product, 5)
        self.assertEqual(self._short(), [("buy", 2, 0)])

    def test_a_receipt_that_came_short_covers_what_is_left(self):
        purchase = self._purchase(self.product, 5, days=3)
        self._wanted(self.product, 5)
        self._receive(purchase, 2, backorder=False)
        self.assertEqual(self._short(), [("buy", 3, 0)])

    def test_requests_count_until_they_are_cancelled(self):
        self._wanted(self.product, 5)
        request = self._request(self.product, 3, days=2)
        for state in ("draft", "sent", "to approve"):
            with self.subTest(state=state):
                request.state = state
                self.assertEqual(self._short(), [("buy", 5, 3)])
        request.button_cancel()
        self.assertEqual(self._short(), [("buy", 5, 0)])

    def test_a_request_becomes_a_receipt_without_a_gap(self):
        self._wanted(self.product, 5)
        request = self._request(self.product, 3, days=2)
        self.assertEqual(self._suggest().suggested_qty, 2)
        request.button_confirm()
        self.assertEqual(self._figures(self._suggest()), [("buy", 2, 0, 2)])

    def test_a_request_of_any_vendor_counts(self):
        self._wanted(self.product, 5)
        self._request(self.product, 3, vendor=self.third)
        self.assertEqual(self._short(), [("buy", 5, 3)])

    def test_a_request_in_another_unit_counts_in_the_unit_of_the_product(self):
        self._wanted(self.product, 30)
        self._request((self.product, 2, {"product_uom_id": self.dozen.id}), days=2)
        self.assertEqual(self._short(), [("buy", 30, 24)])

    def test_a_request_for_another_warehouse_does_not_count(self):
        depot = self._second_warehouse()
        self._wanted(self.product, 5)
        self._request(self.product, 5, days=2, picking_type_id=depot.in_type_id.id)
        self.assertEqual(self._short(), [("buy", 5, 0)])

    def test_a_request_for_another_product_does_not_count(self):
        self._wanted(self.product, 5)
        self._request(self._table(), 5, days=2)
        self.assertEqual(self._short(), [("buy", 5, 0)])

    def test_a_request_larger_than_the_need_leaves_nothing(self):
        self._wanted(self.product, 5)
        self._request(self.product, 50, days=2)
        self.assertFalse(self._suggest())

    def test_of_alternatives_the_one_that_brings_most_counts(self):
        """Only one of them will be confirmed."""
        requests = self.env["purchase.order"].union(
            *(
                self._request(self.product, quantity, days=2, vendor=vendor)
                for quantity, vendor in (
                    (3, self.first),
                    (4, self.second),
                    (2, self.third),
                )
            )
        )
        requests[1:].partner_ref = "tender"
        self._wanted(self.product, 12)
        self.assertEqual(self._short(), [("buy", 12, 9)])
        with self._tenders():
            self._changed_later()
            self.assertEqual(self._short(), [("buy", 12, 7)])
            requests[1].button_cancel()
            self.assertEqual(self._short(), [("buy", 12, 5)])

    def test_a_request_of_another_company_hides_none_of_ours(self):
        """Anybody may write the number of our tender on a request of theirs."""
        self._second_company()
        ours = self._request(self.product, 5, days=2, vendor=self.first)
        theirs = (
            self.env["purchase.order"]
            .with_company(self.other)
            .create(
                {
                    "partner_id": self.second.id,
                    "company_id": self.other.id,
                    "order_line": [
                        Command.create(
                            {"product_id": self.product.id, "product_qty": 1000000}
                        )
                    ],
                }
            )
        )
        (ours + theirs).partner_ref = "tender"
        self._wanted(self.product, 5)
        with self._tenders():
            self.assertFalse(self._short())

    def test_of_alternatives_the_one_that_was_made_for_a_delivery_counts(self):
        """Another one would not be for the customer who waits."""
        product = self._made_to_order()
        made = self._wanted(product, 5).sudo()._get_purchase_orders()
        larger = self._request(product, 10, days=2, vendor=self.second)
        (made + larger).partner_ref = "tender"
        with self._tenders():
            self.assertFalse(self._suggest(product))

    def test_a_draft_transfer_into_the_stock_counts(self):
        self._wanted(self.product, 5)
        suppliers = self.env.ref("stock.stock_location_suppliers")
        self._transfer(self.product, 3, suppliers, self.warehouse, confirm=False)
        self.assertEqual(self._short(), [("buy", 5, 3)])

    def test_a_draft_transfer_between_two_shelves_brings_nothing(self):
        self._wanted(self.product, 5)
        shelf = self.env["stock.location"].create(
            {"name": "Shelf", "location_id": self.stock.id}
        )
        self._transfer(self.product, 3, shelf, self.warehouse, confirm=False)
        self.assertEqual(self._short(), [("buy", 5, 0)])

    def test_a_production_location_is_no_shortage_of_a_draft_receipt(self):
        """What comes into the stock is nobody's demand."""
        suppliers = self.env.ref("stock.stock_location_suppliers")
        self._transfer(self.product, 3, suppliers, self.warehouse, confirm=False)
        self.assertFalse(self._suggest())

    # Goods for one order line

    def test_a_line_made_to_order_counts_its_request(self):
        product = self._made_to_order()
        order = self._wanted(product, 5)
        self.assertEqual(order.sudo()._get_purchase_orders().state, "draft")
        self.assertFalse(self._suggest(product))

    def test_a_request_made_for_one_delivery_serves_no_other(self):
        product = self._made_to_order()
        self._wanted(product, 5, days=200)
        product.route_ids -= self.env.ref("stock.route_warehouse0_mto")
        other = self._wanted(product, 4)
        suggestion = self._suggest(product)
        self.assertEqual(self._figures(suggestion), [("buy", 4, 0, 4)])
        self.assertEqual(suggestion.line_ids.sudo().order_line_id, other.order_line)

    def test_what_a_lowered_request_leaves_open_is_bought_once(self):
        product = self._made_to_order()
        order = self._wanted(product, 10)
        order.sudo()._get_purchase_orders().order_line.product_qty = 6
        suggestion = self._suggest(product)
        self.assertEqual(self._figures(suggestion), [("buy", 10, 6, 4)])
        suggestion.action_accept()
        bought = suggestion.sudo().purchase_line_ids
        self.assertEqual(bought.move_dest_ids, order.sudo().picking_ids.move_ids)
        self._generate()
        self.assertEqual(self._suggested(product), suggestion)

    def test_of_a_request_the_rest_serves_everybody(self):
        product = self._made_to_order()
        order = self._wanted(product, 5)
        order.sudo()._get_purchase_orders().order_line.product_qty = 12
        product.route_ids -= self.env.ref("stock.route_warehouse0_mto")
        self._wanted(product, 9)
        self.assertEqual(self._short(product), [("buy", 14, 12)])

    def test_a_line_made_to_order_whose_request_is_cancelled_is_bought(self):
        product = self._made_to_order()
        order = self._wanted(product, 5)
        order.sudo()._get_purchase_orders().button_cancel()
        [line] = self._split(order.order_line)
        self.assertEqual(line, (5, 0, 0, 5))
        self.assertEqual(self._short(product), [("buy", 5, 0)])

    def test_what_is_bought_for_a_line_made_to_order_comes_to_it(self):
        product = self._made_to_order()
        order = self._wanted(product, 5)
        purchase = order.sudo()._get_purchase_orders()
        purchase.button_confirm()
        purchase.button_cancel()
        move = order.sudo().order_line.move_ids.filtered(
            lambda move: move.state != "cancel"
        )
        self.assertTrue(move)
        suggestion = self._suggest(product)
        self.assertEqual(suggestion.line_ids.order_id, order.with_user(self.buyer))
        request = self._accepted(suggestion)
        self.assertFalse(self._suggest(product, state="proposed"))
        request.button_confirm()
        self.assertEqual(self._split(order.order_line), [(5, 0, 5, 0)])
        self._receive(request.sudo())
        self.assertEqual(self._split(order.order_line), [(5, 5, 0, 0)])

    def test_stock_does_not_serve_a_line_made_to_order(self):
        product = self._made_to_order()
        self._put_in_stock(product, 20)
        order = self._wanted(product, 5)
        order.sudo()._get_purchase_orders().button_cancel()
        [split] = self._split(order.order_line)
        self.assertEqual(sum(self._suggest(product).mapped("shortage_qty")), split[3])

    def test_what_is_bought_for_the_stock_is_not_kept_for_a_line_with_its_own_request(
        self,
    ):
        product = self._made_to_order()
        mine = self._wanted(product, 5, days=20)
        product.route_ids = self.buy
        self._wanted(product, 4, days=5)
        suggestion = self._suggest(product)
        self.assertEqual(self._figures(suggestion), [("buy", 9, 5, 4)])
        request = self._accepted(suggestion)
        self.assertFalse(
            request.sudo().order_line.move_dest_ids & mine.sudo().order_line.move_ids
        )

    def test_a_dropshipped_line_counts_its_request(self):
        product = self._direct()
        self._wanted(product, 5)
        self.assertFalse(self._suggest(product))

    def test_a_dropshipped_line_whose_request_is_cancelled_is_bought_for_the_customer(
        self,
    ):
        product = self._direct()
        order = self._wanted(product, 5)
        order.sudo()._get_purchase_orders().button_cancel()
        suggestion = self._suggest(product)
        self.assertEqual(self._figures(suggestion), [("dropship", 5, 0, 5)])
        request = self._accepted(suggestion)
        self.assertEqual(request.picking_type_id.code, "dropship")
        self.assertEqual(
            request.sudo().order_line.sale_line_id, order.sudo().order_line
        )
        self.assertEqual(request.order_line.backlog_suggestion_id, suggestion)
        self.assertFalse(self._suggest(product, state="proposed"))
        # Odoo lets only those confirm it who read customers' orders.
        request.sudo().button_confirm()
        self.assertEqual(self._split(order.order_line), [(5, 0, 5, 0)])
        self._receive(request.sudo())
        self.assertEqual(self._fresh(suggestion).state, "done")

    def test_two_dropshipped_lines_get_a_purchase_line_each(self):
        product = self._direct()
        orders = self._wanted(product, 5) + self._wanted(product, 3)
        orders.sudo()._get_purchase_orders().button_cancel()
        suggestion = self._suggest(product)
        self.assertEqual(suggestion.suggested_qty, 8)
        self._accepted(suggestion)
        self.assertEqual(
            {
                line.sale_line_id.id: line.product_qty
                for line in suggestion.sudo().purchase_line_ids
            },
            {
                order.sudo().order_line.id: qty
                for order, qty in zip(orders, (5, 3), strict=True)
            },
        )

    def _two_direct(self):
        """Two dropshipped lines of 5 whose vendor declined, suggested as one."""
        product = self._direct()
        for _order in range(2):
            order = self._wanted(product, 5)
            order.sudo()._get_purchase_orders().button_cancel()
        return self._suggest(product)

    def test_split_over_two_vendors_every_customer_gets_theirs_once(self):
        suggestion = self._two_direct()
        other = self._offer(suggestion.product_id, self.second, 12)
        self._accept(
            (suggestion, 5, suggestion.supplierinfo_id), (suggestion, 5, other)
        )
        lines = suggestion.sudo().purchase_line_ids
        self.assertEqual(
            [(line.partner_id.name, line.product_qty) for line in lines.sorted("id")],
            [("First", 5), ("Second", 5)],
        )
        self.assertEqual(len(lines.sale_line_id), 2)
        self.assertFalse(self._suggest(suggestion.product_id, state="proposed"))

    def test_customers_are_shipped_what_they_ordered_whatever_the_minimum(self):
        product = self._direct()
        product.seller_ids.min_qty = 12
        order = self._wanted(product, 5)
        order.sudo()._get_purchase_orders().button_cancel()
        suggestion = self._suggest(product)
        self.assertEqual(suggestion.suggested_qty, 5)
        self.assertIn("The minimum of the vendor is 12 Units", suggestion.explanation)
        with self.assertRaisesRegex(UserError, "wait for less"):
            self._accept((suggestion, 12, suggestion.supplierinfo_id))

    def test_a_rule_does_not_hide_what_is_shipped_to_the_customer(self):
        suggestion = self._two_direct()
        self._orderpoint(suggestion.product_id, quantity=0, trigger="auto")
        self._changed_later()
        self.assertEqual(self._short(suggestion.product_id), [("dropship", 10, 0)])

    def test_a_request_for_the_stock_does_not_serve_a_dropshipped_line(self):
        product = self._direct()
        order = self._wanted(product, 5)
        order.sudo()._get_purchase_orders().button_cancel()
        self._request(product, 5, days=2)
        self.assertEqual(self._short(product), [("dropship", 5, 0)])

    def test_a_dropshipped_request_does_not_serve_the_stock(self):
        product = self._table()
        direct = self.env.ref("stock_dropshipping.route_drop_shipping")
        order = self._order((product, 5, {"route_ids": direct.ids}))
        self._wanted(product, 4)
        self.assertEqual(
            sorted(self._figures(self._suggest(product))),
            [("buy", 9, 5, 4), ("confirm", 5, 0, 5)],
        )
        order.sudo()._get_purchase_orders().button_cancel()
        self.assertEqual(
            {one.action_type: one.suggested_qty for one in self._suggest(product)},
            {"buy": 4, "dropship": 5},
        )

    def test_a_dropshipped_request_counts_also_when_the_product_is_stocked_by_now(
        self,
    ):
        product = self._direct()
        self._wanted(product, 5)
        product.route_ids = self.buy
        self._wanted(product, 4)
        self.assertEqual(self._figures(self._suggest(product)), [("buy", 9, 5, 4)])

    def test_stock_is_not_brought_to_a_dropshipped_line(self):
        depot = self._second_warehouse()
        product = self._direct()
        self._put_in_stock(product, 20, depot.lot_stock_id)
        order = self._wanted(product, 5)
        order.sudo()._get_purchase_orders().button_cancel()
        self.assertEqual(self._short(product), [("dropship", 5, 0)])

    # The horizon

    def test_what_is_needed_after_the_horizon_waits(self):
        self.assertEqual(self.company.backlog_horizon_days, 90)
        self._wanted(self.product, 5, days=91)
        self.assertFalse(self._suggest())
        self._wanted(self.product, 3, days=90)
        self.assertEqual(self._short(), [("buy", 3, 0)])

    def test_the_horizon_of_the_company_counts(self):
        self._wanted(self.product, 5, days=40)
        self.assertEqual(len(self._suggest()), 1)
        self.company.backlog_horizon_days = 30
        self.assertFalse(self._suggest())

    def test_what_is_overdue_is_needed(self):
        self._wanted(self.product, 5, days=-3)
        self.assertEqual(self._short(), [("buy", 5, 0)])

    def test_of_a_call_off_order_only_what_is_due_counts(self):
        """12 in three slices, the last a year away."""
        order = self._wanted(self.product, 12)
        move = order.sudo().order_line.move_ids
        for quantity, days in ((4, 60), (5, 365)):
            part = self.env["stock.move"].create(move._split(quantity))
            part._action_confirm(merge=False)
            part.date = self._after(days)
        suggestion = self._suggest()
        self.assertEqual(self._figures(suggestion), [("buy", 7, 0, 7)])
        self.assertEqual(suggestion.line_ids.mapped("qty"), [3, 4])
        self.assertEqual(
            suggestion.line_ids.mapped("need_date"),
            [self._after(5).date(), self._after(60).date()],
        )
        self.assertEqual(suggestion.sudo().released_value, 700)

    def test_goods_go_to_the_queue_first_also_beyond_the_horizon(self):
        """A call-off with stock for its first slice is not short of it."""
        self._put_in_stock(self.product, 3)
        self._wanted(self.product, 3)
        self._wanted(self.product, 9, days=200)
        self.assertFalse(self._suggest())

    # Other demand

    def test_a_transfer_to_another_warehouse_is_demand(self):
        depot = self._second_warehouse()
        picking = self._transfer(self.product, 4, self.warehouse, depot)
        suggestion = self._suggest()
        self.assertEqual(self._figures(suggestion), [("buy", 4, 0, 4)])
        self.assertEqual(suggestion.warehouse_id, self.warehouse)
        self.assertEqual(suggestion.line_ids.asked_by, picking.with_user(self.buyer))
        self.assertFalse(suggestion.line_ids.order_line_id)

    def test_a_draft_transfer_to_another_warehouse_is_demand(self):
        depot = self._second_warehouse()
        self._put_in_stock(self.product, 1)
        self._transfer(self.product, 4, self.warehouse, depot, confirm=False)
        self.assertEqual(
            [(one.warehouse_id, one.shortage_qty) for one in self._suggest()],
            [(self.warehouse, 3)],
        )

    def test_the_customer_behind_a_transfer_is_named(self):
        depot = self._second_warehouse()
        order = self._wanted(self.product, 4, warehouse_id=depot.id)
        self._transfer(self.product, 4, self.warehouse, depot)
        suggestion = self._suggest()
        self.assertEqual(suggestion.action_type, "buy")
        self.assertEqual(suggestion.warehouse_id, self.warehouse)
        self.assertEqual(suggestion.sudo().line_ids.order_id, order)
        self.assertEqual(suggestion.sudo().released_value, 400)

    def test_a_draft_delivery_is_nobodys_demand(self):
        customers = self.env.ref("stock.stock_location_customers")
        self._transfer(self.product, 4, self.warehouse, customers, confirm=False)
        self.assertFalse(self._suggest())

    def test_an_order_line_without_a_delivery_is_bought_for_the_stock(self):
        """As of orders confirmed before the inventory app came."""
        order = self._wanted(self.product, 5)
        moves = order.sudo().order_line.move_ids
        moves._do_unreserve()
        moves.state = "draft"
        moves.unlink()
        suggestion = self._suggest()
        self.assertEqual(self._figures(suggestion), [("buy", 5, 0, 5)])
        self.assertEqual(suggestion.need_date, self._after(5).date())
        self.assertEqual(suggestion.sudo().released_value, 500)

    def test_an_order_line_without_a_delivery_counts_a_request(self):
        order = self._wanted(self.product, 5)
        moves = order.sudo().order_line.move_ids
        moves.state = "draft"
        moves.unlink()
        self._request(self.product, 3, days=2)
        self.assertEqual(self._short(), [("buy", 5, 3)])

    def test_consumables_and_services_are_never_short(self):
        screws = self._product("Screws", is_storable=False)
        advice = self._product("Advice", type="service", is_storable=False)
        self._wanted([(screws, 5), (advice, 2)])
        self.assertFalse(self._suggest(screws, advice))

    def test_what_was_shipped_is_not_missing(self):
        self._put_in_stock(self.product, 2)
        order = self._wanted(self.product, 5)
        self._ship(order, 2)
        self.assertEqual(self._short(), [("buy", 3, 0)])

    def test_what_was_closed_short_is_not_missing(self):
        self._put_in_stock(self.product, 2)
        order = self._wanted(self.product, 5)
        self._ship(order, 2, backorder=False)
        self.assertFalse(self._suggest())

    def test_deliveries_in_three_steps_are_short_once(self):
        self.warehouse.delivery_steps = "pick_pack_ship"
        self._wanted(self.product, 5)
        self.assertEqual(self._short(), [("buy", 5, 0)])

    def test_receipts_in_three_steps_are_counted_once(self):
        self.warehouse.reception_steps = "three_steps"
        self._wanted(self.product, 5)
        request = self._accepted(self._suggest())
        self.assertFalse(self._suggest(state="proposed"))
        request.button_confirm()
        self.assertFalse(self._suggest(state="proposed"))
        self._receive(request.sudo())
        self.assertFalse(self._suggest(state="proposed"))
        self.assertEqual(sum(line.product_qty for line in request.order_line), 5)
