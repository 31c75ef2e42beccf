from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestTracking(BacklogCase):
    """Lots, serial numbers and goods that belong to somebody else."""

    def _lot(self, product, name):
        return self.env["stock.lot"].create({"name": name, "product_id": product.id})

    def _tracked(self, tracking, **lots):
        """A product tracked so, with the quantity of each lot in stock."""
        product = self._product(tracking, tracking=tracking)
        for name, quantity in lots.items():
            self._put_in_stock(product, quantity, lot_id=self._lot(product, name))
        return product

    def _assert_reserves(self, order, quantity):
        picking = order.sudo().picking_ids
        picking.do_unreserve()
        picking.action_assign()
        self.assertEqual(picking.move_ids.quantity, quantity)

    def test_all_lots_serve_the_queue(self):
        cheese = self._tracked("lot", A=3, B=2)
        order = self._order(cheese, 7)

        self.assertEqual(self._split(order.order_line), [(7, 5, 0, 2)])
        self._assert_reserves(order, 5)

    def test_lot_below_zero_does_not_take_from_another_lot(self):
        cheese = self._tracked("lot", A=3, B=-2)
        order = self._order(cheese, 7)

        self.assertEqual(self._split(order.order_line), [(7, 3, 0, 4)])
        self._assert_reserves(order, 3)

    def test_goods_below_zero_do_take_from_others_without_lots(self):
        shelf = self.env["stock.location"].create(
            {"name": "Shelf", "location_id": self.stock.id}
        )
        self._put_in_stock(self.product, 3)
        self._put_in_stock(self.product, -2, location=shelf)
        order = self._order(self.product, 7)

        self.assertEqual(self._split(order.order_line), [(7, 1, 0, 6)])
        self._assert_reserves(order, 1)

    def test_lot_reserved_by_one_is_free_for_no_other(self):
        cheese = self._tracked("lot", A=3, B=2)
        first, second = self._order(cheese, 4), self._order(cheese, 4)

        self.assertEqual(
            self._split((first + second).order_line), [(4, 4, 0, 0), (4, 1, 0, 3)]
        )

    def test_serial_numbers(self):
        machine = self._tracked("serial", S1=1, S2=1)
        order = self._order(machine, 3)
        self.assertEqual(self._split(order.order_line), [(3, 2, 0, 1)])
        self._assert_reserves(order, 2)

        self._ship(order)

        self.assertEqual(self._split(order.order_line), [(1, 0, 0, 1)])

    def test_receipt_of_serial_numbers_is_incoming_before_they_have_a_name(self):
        machine = self._tracked("serial")
        order = self._order(machine, 3)
        self._purchase(machine, 2)

        self.assertEqual(self._split(order.order_line), [(3, 0, 2, 1)])

    def test_consigned_goods_are_ready_as_odoo_reserves_them(self):
        self._put_in_stock(self.product, 2)
        self._put_in_stock(self.product, 3, owner_id=self.vendor)
        order = self._order(self.product, 6)

        self.assertEqual(self._split(order.order_line), [(6, 5, 0, 1)])
        self._assert_reserves(order, 5)

    def test_packed_goods_are_ready(self):
        self._put_in_stock(
            self.product, 3, package_id=self.env["stock.package"].create({})
        )
        order = self._order(self.product, 4)

        self.assertEqual(self._split(order.order_line), [(4, 3, 0, 1)])
        self._assert_reserves(order, 3)

    def test_lots_below_the_stock_count_per_lot_not_per_shelf(self):
        shelf = self.env["stock.location"].create(
            {"name": "Shelf", "location_id": self.stock.id}
        )
        cheese = self._tracked("lot", A=3)
        self._put_in_stock(
            cheese, -1, location=shelf, lot_id=cheese.stock_quant_ids.lot_id
        )
        order = self._order(cheese, 4)

        self.assertEqual(self._split(order.order_line), [(4, 2, 0, 2)])
        self._assert_reserves(order, 2)

    def test_goods_without_a_lot_of_a_tracked_product(self):
        cheese = self._tracked("lot", A=3)
        self._put_in_stock(cheese, 2)
        order = self._order(cheese, 6)

        self.assertEqual(self._split(order.order_line), [(6, 5, 0, 1)])
        self._assert_reserves(order, 5)
