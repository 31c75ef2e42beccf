from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestReceiptSteps(BacklogCase):
    """Goods are ready when they can be picked: what stands in Input or waits for its
    quality check is still on its way, with its document and date."""

    def _assert_incoming_until_stored(self, steps):
        order = self._order(self.product, 5)
        purchase = self._purchase(self.product, 4, days=3)
        for _step in range(steps):
            self.assertEqual(self._split(order.order_line), [(5, 0, 4, 1)])
            self._receive(purchase)
        self.assertEqual(self._split(order.order_line), [(5, 4, 0, 1)])

    def _store(self, location, quantity):
        """Carry some of what waits in ``location`` to its next place."""
        picking = self.env["stock.picking"].search(
            [("location_id", "=", location.id), ("state", "=", "assigned")]
        )
        picking.move_ids.quantity = quantity
        self._validate(picking)

    def test_one_step(self):
        self._assert_incoming_until_stored(1)

    def test_goods_in_input_are_incoming(self):
        self.warehouse.reception_steps = "two_steps"
        self._assert_incoming_until_stored(2)

    def test_goods_in_quality_are_incoming(self):
        self.warehouse.reception_steps = "three_steps"
        self._assert_incoming_until_stored(3)

    def test_goods_in_input_keep_their_purchase_as_document(self):
        self.warehouse.reception_steps = "two_steps"
        order = self._order(self.product, 5)
        purchase = self._purchase(self.product, 5, days=0)
        self._receive(purchase)

        [(source, qty, days, document)] = self._slices(order.order_line)
        self.assertEqual((source, qty, days), ("receipt", 5, 0))
        self.assertIn(
            document,
            (purchase, *purchase.picking_ids.filtered("move_ids.move_orig_ids")),
        )

    def test_partly_stored_receipt_is_ready_and_incoming(self):
        self.warehouse.reception_steps = "three_steps"
        order = self._order(self.product, 6)
        purchase = self._purchase(self.product, 6)
        self._receive(purchase, 4)
        self._store(self.warehouse.wh_input_stock_loc_id, 3)
        self._store(self.warehouse.wh_qc_stock_loc_id, 2)

        self.assertEqual(self._split(order.order_line), [(6, 2, 4, 0)])

    def test_goods_standing_in_input_without_a_transfer_serve_nobody(self):
        self.warehouse.reception_steps = "two_steps"
        self._put_in_stock(
            self.product, 5, location=self.warehouse.wh_input_stock_loc_id
        )
        order = self._order(self.product, 5)

        self.assertEqual(self._split(order.order_line), [(5, 0, 0, 5)])

    def test_goods_on_a_shelf_below_the_stock_are_ready(self):
        shelf = self.env["stock.location"].create(
            {"name": "Shelf", "location_id": self.stock.id}
        )
        self._put_in_stock(self.product, 3, location=shelf)
        self._put_in_stock(self.product, 1)
        order = self._order(self.product, 5)

        self.assertEqual(self._split(order.order_line), [(5, 4, 0, 1)])

    def _move_between_shelves(self, quantity):
        shelf, other = self.env["stock.location"].create(
            [{"name": name, "location_id": self.stock.id} for name in ("A", "B")]
        )
        self._put_in_stock(self.product, 3, location=shelf)
        move = self.env["stock.move"].create(
            {
                "product_id": self.product.id,
                "product_uom_qty": quantity,
                "location_id": shelf.id,
                "location_dest_id": other.id,
                "picking_type_id": self.warehouse.int_type_id.id,
            }
        )
        move._action_confirm()
        return move

    def test_move_between_shelves_is_neither_demand_nor_receipt(self):
        self._move_between_shelves(2)._do_unreserve()
        order = self._order(self.product, 5)

        self.assertEqual(self._split(order.order_line), [(5, 3, 0, 2)])

    def test_goods_reserved_for_another_shelf_are_incoming_until_they_are_there(self):
        move = self._move_between_shelves(2)
        move._action_assign()
        order = self._order(self.product, 5)

        self.assertEqual(order.sudo().picking_ids.move_ids.quantity, 1)
        self.assertEqual(self._split(order.order_line), [(5, 1, 2, 2)])

        move.picked = True
        move._action_done()

        self.assertEqual(self._split(order.order_line), [(5, 3, 0, 2)])
