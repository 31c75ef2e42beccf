from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestOrderStates(BacklogCase):
    """What of an order is open, through its whole life."""

    def setUp(self):
        super().setUp()
        self._put_in_stock(self.product, 6)

    def _assert_nothing_open(self, order):
        self.assertEqual(
            self._split(order.order_line), [(0, 0, 0, 0)] * len(order.order_line)
        )
        self.assertFalse(self._line(order.order_line))
        self.assertFalse(order.backlog_state)

    # Before and after confirmation

    def test_quotation_is_not_open_and_takes_nothing_from_others(self):
        quotation = self._quote((self.product, 6))
        order = self._order(self.product, 6)

        self._assert_nothing_open(quotation)
        self.assertEqual(self._split(order.order_line), [(6, 6, 0, 0)])

    def test_sent_quotation_is_not_open(self):
        quotation = self._quote((self.product, 6))
        quotation.action_quotation_sent()

        self.assertEqual(quotation.state, "sent")
        self._assert_nothing_open(quotation)

    def test_cancelled_order_is_not_open_and_leaves_its_goods_to_the_next(self):
        order = self._order(self.product, 6)
        waiting = self._order(self.product, 4)
        self.assertEqual(self._split(waiting.order_line), [(4, 0, 0, 4)])

        order._action_cancel()

        self._assert_nothing_open(order)
        self.assertEqual(self._split(waiting.order_line), [(4, 4, 0, 0)])

    def test_who_sells_cancels_without_rights_to_purchases(self):
        """Odoo reads which purchases were made for the order, with the rights of the
        user: without ours it refuses, and nobody who only sells can cancel."""
        buy = self.warehouse.buy_pull_id.route_id
        mto = self.env.ref("stock.route_warehouse0_mto")
        mto.active = True
        bought = self._product(
            "Bought",
            route_ids=(buy + mto).ids,
            seller_ids=[Command.create({"partner_id": self.vendor.id})],
        )
        manager = new_test_user(
            self.env, "every order", "sales_team.group_sale_salesman_all_leads"
        )
        for user in (self.seller, manager):
            order = self._order((self.product, 2), (bought, 3), user=user)
            request = self.env["purchase.order.line"].search(
                [("product_id", "=", bought.id), ("state", "=", "draft")]
            )
            self.env.flush_all()
            self.env.invalidate_all()

            order._action_cancel()

            self._assert_nothing_open(order)
            self.assertIn(order.name, request.order_id.activity_ids.note)
            request.order_id.button_cancel()

    def test_order_back_in_quotation_is_open_again_when_confirmed_again(self):
        order = self._order(self.product, 6)
        order._action_cancel()
        order.action_draft()
        self._assert_nothing_open(order)

        order.action_confirm()

        self.assertEqual(self._split(order.order_line), [(6, 6, 0, 0)])

    def test_goods_scrapped_from_a_transfer_are_still_owed(self):
        lamp = self._product("Lamp")
        self._put_in_stock(lamp, 5)
        order = self._order(lamp, 5)
        behind = self._order(lamp, 2)
        picking = order.sudo().picking_ids
        self.env["stock.scrap"].create(
            {
                "product_id": lamp.id,
                "scrap_qty": 2,
                "picking_id": picking.id,
                "location_id": self.stock.id,
            }
        ).action_validate()
        lines = order.order_line + behind.order_line
        self.assertEqual(self._split(lines), [(5, 3, 0, 2), (2, 0, 0, 2)])
        self._validate(picking)
        self.assertEqual(self._split(lines), [(2, 0, 0, 2), (2, 0, 0, 2)])

    def test_locked_order_is_open_like_any_other(self):
        order = self._order(self.product, 8)
        order.sudo().action_lock()

        self.assertEqual(self._split(order.order_line), [(8, 6, 0, 2)])

    # Shipping

    def test_partly_shipped_line_is_open_for_the_rest(self):
        order = self._order(self.product, 10)
        self._ship(order, 4)

        self.assertEqual(self._split(order.order_line), [(6, 2, 0, 4)])
        self.assertRecordValues(
            self._line(order.order_line),
            [{"ordered_qty": 10, "delivered_qty": 4, "backlog_state": "partial"}],
        )

    def test_shipped_line_is_closed(self):
        order = self._order(self.product, 6)
        self._ship(order)

        self._assert_nothing_open(order)

    def test_line_closed_short_has_nothing_open_for_what_was_not_shipped(self):
        order = self._order(self.product, 10)
        self._ship(order, 4, backorder=False)

        self.assertEqual(order.order_line.qty_delivered, 4)
        self._assert_nothing_open(order)

    def test_cancelled_transfer_closes_the_line_short(self):
        order = self._order(self.product, 10)
        self._ship(order, 4)
        order.sudo().picking_ids.filtered(lambda p: p.state != "done").action_cancel()

        self._assert_nothing_open(order)

    def test_over_delivered_line_has_nothing_open(self):
        order = self._order((self.product, 4), (self._product("Table"), 1))
        self._ship(order, 6)

        self.assertEqual(order.order_line.mapped("qty_delivered"), [6, 0])
        self.assertEqual(self._split(order.order_line), [(0, 0, 0, 0), (1, 0, 0, 1)])

    # Changes of mind

    def test_raised_quantity_is_open(self):
        order = self._order(self.product, 4)
        order.order_line.product_uom_qty = 9

        self.assertEqual(self._split(order.order_line), [(9, 6, 0, 3)])

    def test_quantity_raised_after_shipping_is_open_for_the_difference(self):
        order = self._order(self.product, 4)
        self._ship(order)
        order.order_line.product_uom_qty = 9

        self.assertEqual(self._split(order.order_line), [(5, 2, 0, 3)])

    def test_lowered_quantity_is_no_longer_open_and_frees_goods(self):
        order = self._order(self.product, 6)
        waiting = self._order(self.product, 6)
        order.order_line.product_uom_qty = 2

        self.assertEqual(
            self._split((order + waiting).order_line), [(2, 2, 0, 0), (6, 4, 0, 2)]
        )

    def test_quantity_lowered_after_part_was_shipped(self):
        order = self._order(self.product, 10)
        self._ship(order, 4)
        order.order_line.product_uom_qty = 5

        self.assertEqual(self._split(order.order_line), [(1, 1, 0, 0)])

    def test_quantity_lowered_to_zero_closes_the_line(self):
        order = self._order(self.product, 6)
        order.order_line.product_uom_qty = 0

        self._assert_nothing_open(order)

    def test_quantity_lowered_below_what_is_picked_is_open_for_what_is_asked(self):
        self.warehouse.delivery_steps = "pick_ship"
        order = self._order(self.product, 6)
        self._ship(order)
        order.order_line.product_uom_qty = 2

        self.assertEqual(self._split(order.order_line), [(2, 2, 0, 0)])

    def test_quantity_lowered_below_what_is_partly_picked(self):
        self.warehouse.delivery_steps = "pick_ship"
        order = self._order(self.product, 6)
        self._ship(order, 4)
        order.order_line.product_uom_qty = 3

        self.assertEqual(self._split(order.order_line), [(3, 3, 0, 0)])

    def test_line_added_after_confirmation_is_open(self):
        order = self._order(self.product, 4)
        order.order_line = [
            Command.create({"product_id": self.product.id, "product_uom_qty": 3})
        ]

        self.assertEqual(self._split(order.order_line), [(4, 4, 0, 0), (3, 2, 0, 1)])
