from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestMoreThanOrdered(BacklogCase):
    """What the transfers would ship beyond the order stays open, for Odoo ships it, and
    is told as too much."""

    def _edited(self, ordered, demand, more=None):
        """An order whose transfer somebody has raised."""
        order = self._order((self.product, ordered, more or {}))
        order.sudo().picking_ids.move_ids.product_uom_qty = demand
        return order

    def _excess(self, order):
        line = self._line(order.order_line)
        return line.open_qty, line.excess_qty, line.excess_value

    def test_raised_demand_is_too_much_with_its_value(self):
        self._put_in_stock(self.product, 20)
        order = self._edited(5, 9)
        self.assertEqual(self._excess(order), (9, 4, 400))
        found = self.env["backlog.line"].search([("excess_qty", ">", 0)])
        self.assertIn(order.order_line.id, found.ids)
        verdict = self._line(order.order_line).why["verdict"]
        self.assertTrue(
            any(text.startswith("More than ordered") for text in verdict), verdict
        )

        self._ship(order, 4)
        self.assertEqual(self._excess(order), (5, 4, 400))

        order.order_line.product_uom_qty = 7
        self.assertEqual(self._excess(order)[1], self._excess(order)[0] - 3)

    def test_lowered_demand_and_plain_orders_are_not_too_much(self):
        order = self._edited(5, 3)
        self.assertEqual(self._excess(order), (3, 0, 0))
        verdict = self._line(order.order_line).why["verdict"]
        self.assertFalse(any(text.startswith("More") for text in verdict), verdict)
        self.assertEqual(self._excess(self._order(self.product, 5)), (5, 0, 0))

    def test_raised_demand_of_a_line_in_dozens_is_told_in_units(self):
        self._put_in_stock(self.product, 40)
        order = self._edited(2, 30, {"product_uom_id": self.dozen.id})
        self.assertEqual(self._excess(order)[:2], (30, 6))
        # Five are 0.42 of a dozen for the line.
        self._ship(order, 5)
        self.assertEqual(self._excess(order)[:2], (25, 6))

    def test_line_in_dozens_partly_shipped_is_not_too_much(self):
        self._put_in_stock(self.product, 40)
        order = self._order((self.product, 1, {"product_uom_id": self.dozen.id}))
        self._ship(order, 5)
        self.assertEqual(self._excess(order)[:2], (7, 0))

    def test_raised_demand_counts_once_in_several_steps(self):
        self.warehouse.delivery_steps = "pick_pack_ship"
        self._put_in_stock(self.product, 20)
        order = self._edited(5, 9)
        for step in range(3):
            with self.subTest(step=step):
                self.assertEqual(self._excess(order)[:2], (9, 4))
            self._ship(order)

    def test_line_lowered_after_printing_is_not_too_much(self):
        self._put_in_stock(self.product, 5)
        order = self._order(self.product, 5)
        order.sudo().picking_ids.printed = True
        order.order_line.product_uom_qty = 3
        self.assertEqual(self._excess(order), (3, 0, 0))

    def test_replacement_of_returned_goods_is_not_too_much(self):
        self._put_in_stock(self.product, 7)
        order = self._order(self.product, 5)
        self._ship(order)
        wizard = self.env["stock.return.picking"].create(
            {"picking_id": order.sudo().picking_ids.id}
        )
        wizard.product_return_moves.write({"quantity": 2, "to_refund": False})
        action = wizard.action_create_exchanges()
        self.assertEqual(self._excess(order), (2, 0, 0))
        self._validate(self.env["stock.picking"].browse(action["res_id"]))
        self.assertEqual(self._excess(order), (2, 0, 0))

    def test_report_tells_it_with_its_value(self):
        self._put_in_stock(self.product, 20)
        self._edited(5, 9)
        annex = self._annex()
        self.assertIn("More than ordered", annex)
        self.assertIn("400.00", annex)
