from odoo.fields import Command
from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestMto(BacklogCase):
    """Goods bought for one order line serve that line and no other, and the line takes
    nothing but them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        mto = cls.warehouse.mto_pull_id.route_id
        mto.active = True
        cls.made = cls._product(
            "To Order",
            route_ids=(mto + cls.warehouse.buy_pull_id.route_id).ids,
            seller_ids=[Command.create({"partner_id": cls.vendor.id, "price": 10})],
        )

    def _purchase_of(self, order):
        return order.sudo()._get_purchase_orders()

    def test_purchase_in_draft_is_to_source_though_stock_is_there(self):
        self._put_in_stock(self.made, 20)
        order = self._order(self.made, 5)

        self.assertEqual(self._purchase_of(order).state, "draft")
        self.assertEqual(self._split(order.order_line), [(5, 0, 0, 5)])
        self.assertEqual(self._slices(order.order_line), [("none", 5, None, None)])

    def test_confirmed_purchase_is_incoming_with_its_document(self):
        order = self._order(self.made, 5)
        purchase = self._purchase_of(order)
        purchase.order_line.date_planned = self._after(4)
        purchase.button_confirm()

        self.assertEqual(self._split(order.order_line), [(5, 0, 5, 0)])
        self.assertEqual(self._slices(order.order_line), [("receipt", 5, 4, purchase)])

    def test_received_goods_are_ready(self):
        order = self._order(self.made, 5)
        purchase = self._purchase_of(order)
        purchase.button_confirm()
        self._receive(purchase, 3)

        self.assertEqual(self._split(order.order_line), [(5, 3, 2, 0)])
        self.assertEqual(order.sudo().picking_ids.move_ids.quantity, 3)

    def test_received_but_unreserved_goods_stay_with_their_line(self):
        order = self._order(self.made, 5)
        purchase = self._purchase_of(order)
        purchase.button_confirm()
        self._receive(purchase, 3)
        picking = order.sudo().picking_ids
        picking.do_unreserve()
        self.assertEqual(self._split(order.order_line), [(5, 3, 2, 0)])

        picking.action_assign()

        self.assertEqual(picking.move_ids.quantity, 3)

    def _with_two_lost(self, is_reserved):
        """An order of 10 of which 2 were lost after they had been brought, and a plain
        purchase of 2."""
        order = self._order(self.made, 10)
        purchase = self._purchase_of(order)
        purchase.button_confirm()
        self._receive(purchase)
        picking = order.sudo().picking_ids
        if not is_reserved:
            picking.do_unreserve()
        quant = self.made.stock_quant_ids.filtered(
            lambda one: one.location_id == self.stock
        )
        quant.with_context(inventory_mode=True).inventory_quantity = 8
        quant.action_apply_inventory()
        picking.action_assign()
        self.assertEqual(self._split(order.order_line), [(10, 8, 0, 2)])
        return order, self._purchase(self.made, 2, days=4)

    def test_what_was_lost_of_a_line_is_replaced_by_what_nobody_else_waits_for(self):
        """Odoo keeps the chain where the goods were not reserved when they were lost.
        Then it gives what arrives to ordinary orders, and what they leave to the line
        once somebody checks availability."""
        order, plain = self._with_two_lost(is_reserved=False)
        self.assertTrue(order.sudo().picking_ids.move_ids.move_orig_ids)
        self.assertEqual(self._split(order.order_line), [(10, 8, 2, 0)])
        self.assertEqual(
            self._slices(order.order_line)[-1:], [("receipt", 2, 4, plain)]
        )
        self.made.route_ids = False
        other = self._order(self.made, 2)
        both = (order + other).order_line
        self.assertEqual(self._split(both), [(10, 8, 0, 2), (2, 0, 2, 0)])
        self._receive(plain)
        self.assertEqual(other.sudo().picking_ids.move_ids.quantity, 2)
        self.assertEqual(self._split(both), [(10, 8, 0, 2), (2, 2, 0, 0)])
        other.sudo()._action_cancel()
        self.assertEqual(self._split(order.order_line), [(10, 10, 0, 0)])
        picking = order.sudo().picking_ids
        picking.action_assign()
        self.assertEqual(picking.move_ids.quantity, 10)

    def test_what_was_lost_while_it_was_reserved_is_ordinary_demand(self):
        """Odoo takes the chain off the delivery then."""
        order, plain = self._with_two_lost(is_reserved=True)
        self.made.route_ids = False
        other = self._order(self.made, 2)
        both = (order + other).order_line
        self.assertEqual(self._split(both), [(10, 8, 2, 0), (2, 0, 0, 2)])
        self._receive(plain)
        self.assertEqual(order.sudo().picking_ids.move_ids.quantity, 10)

    def test_receipt_serves_its_own_line_before_those_ahead_in_the_queue(self):
        self.made.route_ids = False
        ahead = self._order(self.made, 5)
        self.made.route_ids = self.warehouse.mto_pull_id.route_id + (
            self.warehouse.buy_pull_id.route_id
        )
        order = self._order(self.made, 5)
        purchase = self._purchase_of(order)
        purchase.button_confirm()

        self.assertEqual(
            self._split((ahead + order).order_line), [(5, 0, 0, 5), (5, 0, 5, 0)]
        )

    def test_what_is_bought_beyond_the_line_serves_the_queue(self):
        order = self._order(self.made, 5)
        purchase = self._purchase_of(order)
        purchase.order_line.product_qty = 8
        purchase.button_confirm()
        self.made.route_ids = False
        other = self._order(self.made, 5)

        self.assertEqual(
            self._split((order + other).order_line), [(5, 0, 5, 0), (5, 0, 3, 2)]
        )

    def test_two_lines_share_the_purchase_made_for_both(self):
        self.vendor.group_rfq = "all"
        first, second = (self._order(self.made, quantity) for quantity in (5, 4))
        purchase = self._purchase_of(first)
        self.assertEqual(self._purchase_of(second), purchase)
        purchase.button_confirm()

        self.assertEqual(
            self._split((first + second).order_line), [(5, 0, 5, 0), (4, 0, 4, 0)]
        )
        self._receive(purchase)
        self.assertEqual(
            self._split((first + second).order_line), [(5, 5, 0, 0), (4, 4, 0, 0)]
        )

    def test_purchase_lowered_by_the_buyer_leaves_the_rest_to_source(self):
        order = self._order(self.made, 5)
        purchase = self._purchase_of(order)
        purchase.order_line.product_qty = 3
        purchase.button_confirm()

        self.assertEqual(self._split(order.order_line), [(5, 0, 3, 2)])

    def test_receipt_in_two_steps_is_incoming_until_stored(self):
        self.warehouse.reception_steps = "two_steps"
        order = self._order(self.made, 5)
        purchase = self._purchase_of(order)
        purchase.button_confirm()
        self.assertEqual(self._split(order.order_line), [(5, 0, 5, 0)])

        self._receive(purchase)
        self.assertEqual(self._split(order.order_line), [(5, 0, 5, 0)])

        self._receive(purchase)
        self.assertEqual(self._split(order.order_line), [(5, 5, 0, 0)])

    def test_receipt_and_delivery_in_three_steps(self):
        self.warehouse.reception_steps = "three_steps"
        self.warehouse.delivery_steps = "pick_pack_ship"
        order = self._order(self.made, 5)
        purchase = self._purchase_of(order)
        purchase.button_confirm()
        for _step in range(3):
            self.assertEqual(self._split(order.order_line), [(5, 0, 5, 0)])
            self._receive(purchase)
        for _step in range(3):
            self.assertEqual(self._split(order.order_line), [(5, 5, 0, 0)])
            self._ship(order)

        self.assertEqual(self._split(order.order_line), [(0, 0, 0, 0)])

    def test_purchase_of_another_order_replaces_no_cancelled_one(self):
        first = self._order(self.made, 5)
        self._purchase_of(first).button_cancel()
        second = self._order(self.made, 10)
        purchase = self._purchase_of(second)
        purchase.button_confirm()
        lines = first.order_line + second.order_line
        self.assertEqual(self._split(lines), [(5, 0, 0, 5), (10, 0, 10, 0)])
        self._receive(purchase)
        self.assertEqual(self._split(lines), [(5, 0, 0, 5), (10, 10, 0, 0)])

    def test_cancelled_purchase_is_to_source(self):
        order = self._order(self.made, 5)
        purchase = self._purchase_of(order)
        purchase.button_confirm()
        purchase.button_cancel()

        open_qty, ready, incoming, to_source = self._split(order.order_line)[0]
        self.assertEqual((ready, incoming, to_source), (0, 0, open_qty))
