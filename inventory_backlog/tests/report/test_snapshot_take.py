from datetime import timedelta

from odoo.fields import Command
from odoo.tests import tagged

from .test_snapshot import TODAY, SnapshotCase


@tagged("post_install", "-at_install")
class TestSnapshotTake(SnapshotCase):
    """What counts as booked, shipped, cancelled and changed in unusual cases. Each
    total is ``(opening, booked, shipped, cancelled, changed, closing)``."""

    def setUp(self):
        super().setUp()
        self._put_in_stock(self.product, 30)

    def _shipped(self, quantity):
        """An order that is shipped and closed on day 0."""
        with self._on(0):
            order = self._order(self.product, quantity)
            self._ship(order)
        self._end_day(0)
        return order

    def _kept_lines(self, order):
        lines = self.env["backlog.snapshot.line"].sudo()
        return lines.search([("order_line_id", "in", order.order_line.ids)])

    def _forget(self, order):
        """The order is closed so long that its lines are no longer kept."""
        self._kept_lines(order).closed_on = TODAY - timedelta(days=200)
        self._end_day(1)
        self.assertFalse(self._kept_lines(order))

    # What is new and what is known

    def test_closed_lines_are_forgotten_and_stay_forgotten(self):
        order = self._shipped(3)
        self.assertTrue(self._kept_lines(order))

        self._forget(order)
        with self._on(2):
            self._bring_back(order, 1)
        self._end_day(2)

        self.assertFalse(self._kept_lines(order))
        self.assertEqual(self._total(2), (0, 0, 0, 0, 0, 0))

    def test_forgotten_line_that_opens_again_is_changed_once(self):
        order = self._shipped(3)
        self._forget(order)
        with self._on(2):
            order.order_line.product_uom_qty = 5
        self._end_day(2)
        with self._on(3):
            self._ship(order, 1)
        self._end_day(3)

        self.assertEqual(self._total(2), (0, 0, 0, 0, 200, 200))
        self.assertEqual(self._total(3), (200, 0, 100, 0, 0, 100))

    def test_forgotten_order_that_was_cancelled_is_booked_again(self):
        with self._on(0):
            order = self._order(self.product, 3)
            self._ship(self._order(self.product, 1))
        self._end_day(0)
        with self._on(1):
            order._action_cancel()
        self._end_day(1)
        self._kept_lines(order).closed_on = TODAY - timedelta(days=200)
        self._end_day(2)
        with self._on(3):
            order.action_draft()
            order.action_confirm()
        self._end_day(3)

        self.assertEqual(self._total(3), (0, 300, 0, 0, 0, 300))

    def test_line_added_to_an_old_order_is_booked(self):
        order = self._shipped(3)
        order.sudo().date_order = self._after(-200)
        with self._on(1):
            self._add(order, 2)
        self._end_day(1)

        self.assertEqual(self._total(1), (0, 200, 0, 0, 0, 200))

    def _add(self, order, quantity, day=None):
        """Add a line, on the ``day`` if it is not the one that ends next."""
        order.order_line = [
            Command.create({"product_id": self.product.id, "product_uom_qty": quantity})
        ]
        line = order.order_line[-1]
        if day is not None:
            line.flush_recordset()
            self.env.cr.execute(
                "UPDATE sale_order_line SET create_date = %s WHERE id = %s",
                (self._after(day), line.id),
            )
        return line

    def test_imported_order_shipped_between_two_looks_is_booked_and_shipped(self):
        with self._on(0):
            order = self._order(self.product, 3)
            order.sudo().date_order = self._after(-200)
            self._ship(order)
        self._end_day(0)

        self.assertEqual(self._total(0), (0, 300, 300, 0, 0, 0))

    def test_order_partly_shipped_and_cancelled_between_two_looks(self):
        """What left was booked; the rest was, and is not any more."""
        with self._on(0):
            order = self._order(self.product, 3)
            self._ship(order, 2)
            order._action_cancel()
        self._end_day(0)

        self.assertEqual(self._total(0), (0, 200, 200, 0, 0, 0))

    # Returns

    def test_replacement_of_refunded_goods_is_shipped(self):
        order = self._shipped(3)
        with self._on(1):
            self._bring_back(order, 1, replace=True)
        self._end_day(1)
        with self._on(2):
            self._ship(order)
        self._end_day(2)

        self.assertEqual(self._total(1), (0, 0, -100, 0, 0, 100))
        self.assertEqual(self._total(2), (100, 0, 100, 0, 0, 0))

    def test_replacement_without_refund_is_changed_and_then_shipped(self):
        order = self._shipped(3)
        with self._on(1):
            self._bring_back(order, 1, refund=False, replace=True)
        self._end_day(1)
        with self._on(2):
            self._ship(order)
        self._end_day(2)

        self.assertEqual(self._total(1), (0, 0, 0, 0, 100, 100))
        self.assertEqual(self._total(2), (100, 0, 100, 0, 0, 0))

    def test_replacement_that_is_called_off_is_cancelled(self):
        order = self._shipped(3)
        with self._on(1):
            self._bring_back(order, 1, replace=True)
        self._end_day(1)
        with self._on(2):
            order.sudo().picking_ids.filtered(
                lambda picking: picking.state == "assigned"
            ).action_cancel()
        self._end_day(2)

        self.assertEqual(self._total(2), (100, 0, 0, 100, 0, 0))

    def test_returned_and_replaced_between_two_looks_is_nothing(self):
        order = self._shipped(3)
        with self._on(1):
            self._bring_back(order, 1, replace=True)
            self._ship(order)
        self._end_day(1)

        self.assertEqual(self._total(1), (0, 0, 0, 0, 0, 0))

    # Missed days

    def test_raised_and_shipped_on_missed_days_is_booked_by_then(self):
        with self._on(0):
            order = self._order(self.product, 3)
        self._end_day(0)
        with self._on(1):
            self._ship(order, 2)
        with self._on(2):
            order.order_line.product_uom_qty = 8
            self._ship(order, 5)
        with self._on(3):
            order.order_line.product_uom_qty = 10
        self._end_day(4)

        self.assertEqual(self._total(1), (300, 0, 200, 0, 0, 100))
        self.assertEqual(self._total(2), (100, 400, 500, 0, 0, 0))
        self.assertEqual(self._total(3), (0, 0, 0, 0, 0, 0))
        self.assertEqual(self._total(4), (0, 300, 0, 0, 0, 300))

    def test_shipped_beyond_the_order_on_a_missed_day_is_changed_then(self):
        with self._on(0):
            order = self._order(self.product, 3)
        self._end_day(0)
        with self._on(1):
            self._ship(order, 5)
        self._end_day(2)

        self.assertEqual(self._total(1), (300, 0, 500, 0, 200, 0))
        self.assertEqual(self._total(2), (0, 0, 0, 0, 0, 0))

    def test_returned_and_raised_on_missed_days(self):
        order = self._shipped(3)
        with self._on(1):
            self._bring_back(order, 1, replace=True)
        with self._on(2):
            order.order_line.product_uom_qty = 5
            self._ship(order)
        self._end_day(3)

        self.assertEqual(self._total(1), (0, 0, -100, 0, 0, 100))
        self.assertEqual(self._total(2), (100, 200, 300, 0, 0, 0))
        self.assertEqual(self._total(3), (0, 0, 0, 0, 0, 0))

    def test_line_added_on_a_missed_day_is_booked_on_it(self):
        with self._on(0):
            order = self._order(self.product, 1)
        self._end_day(0)
        with self._on(2):
            self._add(order, 2, day=2)
        self._end_day(3)

        self.assertEqual(self._total(1), (100, 0, 0, 0, 0, 100))
        self.assertEqual(self._total(2), (100, 200, 0, 0, 0, 300))
        self.assertEqual(self._total(3), (300, 0, 0, 0, 0, 300))

    # Less than nothing

    def test_negative_quantities_are_never_open(self):
        """Odoo takes the goods back; it does not take them off the backlog."""
        with self._on(0):
            order = self._order((self.product, 3), (self.product, -2))
        self._end_day(0)
        with self._on(1):
            self._ship(order)
            self._ship(order)
        self._end_day(1)

        self.assertEqual(order.order_line.mapped("qty_delivered"), [3, -2])
        self.assertEqual(self._total(0), (0, 300, 0, 0, 0, 300))
        self.assertEqual(self._total(1), (300, 0, 300, 0, 0, 0))

    def test_negative_prices_take_off(self):
        self._put_in_stock(self.other, 9)
        with self._on(0):
            order = self._order((self.product, 3), (self.other, 2, {"price_unit": -40}))
        self._end_day(0)
        with self._on(1):
            self._ship(order, 3, 1)
        self._end_day(1)
        with self._on(2):
            order.order_line[1].product_uom_qty = 1
        self._end_day(2)

        self.assertEqual(self._total(0), (0, 220, 0, 0, 0, 220))
        self.assertEqual(self._total(1), (220, 0, 260, 0, 0, -40))
        self.assertEqual(self._total(2), (-40, 0, 0, -40, 0, 0))
