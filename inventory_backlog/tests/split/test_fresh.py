from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestFresh(BacklogCase):
    """Within one transaction the figures follow every step, without being asked to."""

    def setUp(self):
        super().setUp()
        self._put_in_stock(self.product, 2)
        self.order = self._order(self.product, 6).sudo()

    def _seen(self):
        """Ready and to order on every model, from whatever is in cache."""
        move = self.order.order_line.move_ids.filtered(
            lambda move: move.state not in ("done", "cancel")
        )
        records = (
            self.order.order_line,
            move,
            self.product,
            self.product.product_tmpl_id,
        )
        return (
            {(record.backlog_qty, record.to_source_qty) for record in records},
            {self.order.backlog_state, self.order.order_line.backlog_state}
            | set(move.mapped("backlog_state"))
            | set(move.picking_id.mapped("backlog_state")),
        )

    def _assert_seen(self, ready, to_source, state):
        self.assertEqual(self._seen(), ({(ready, to_source)}, {state}))

    def test_goods_found_and_lost(self):
        self._assert_seen(2, 4, "partial")
        self._put_in_stock(self.product, 4)
        self._assert_seen(6, 0, "ready")
        self._put_in_stock(self.product, -5)
        self._assert_seen(1, 5, "partial")

    def test_purchase_confirmed_put_off_received_and_cancelled(self):
        self._assert_seen(2, 4, "partial")
        purchase = self._purchase(self.product, 4, days=3)
        self._assert_seen(2, 0, "partial")
        self.assertEqual(self.order.backlog_expected_date, self._after(3))

        purchase.picking_ids.scheduled_date = self._after(8)
        self.assertEqual(self.order.backlog_expected_date, self._after(8))

        self._receive(purchase, 3)
        self._assert_seen(5, 0, "partial")

        purchase.picking_ids.filtered(lambda p: p.state == "assigned").action_cancel()
        self._assert_seen(5, 1, "partial")

    def test_order_changed_shipped_and_cancelled(self):
        self._assert_seen(2, 4, "partial")
        self.order.order_line.product_uom_qty = 3
        self._assert_seen(2, 1, "partial")
        self._ship(self.order)
        self._assert_seen(0, 1, "to_source")
        self.order._action_cancel()
        self.assertEqual(
            (self.order.backlog_state, self.order.order_line.open_qty), (False, 0)
        )

    def test_someone_else_takes_the_goods(self):
        self._assert_seen(2, 4, "partial")
        self.order.picking_ids.do_unreserve()
        self._assert_seen(2, 4, "partial")
        other = self._order(self.product, 2)
        self.assertEqual(self.order.order_line.backlog_qty, 0)

        other.sudo().picking_ids.do_unreserve()
        self.assertEqual(self.order.order_line.backlog_qty, 2)

        other.sudo().picking_ids.priority = "1"
        self.assertEqual(self.order.order_line.backlog_qty, 0)

    def test_value_follows_price_and_currency_of_the_order(self):
        self.assertEqual(self.order.open_value, 600)
        self.order.order_line.price_unit = 50
        self.assertEqual(self.order.open_value, 300)
        self.order.order_line.discount = 10
        self.assertEqual(self.order.open_value, 270)
        self.assertEqual(self.order.order_line.backorder_value, 180)

    def test_promise_moves_the_lateness_of_the_order(self):
        self.assertFalse(self.order.is_backlog_late)
        self.order.commitment_date = self._after(-2)
        self.assertTrue(self.order.is_backlog_late)
