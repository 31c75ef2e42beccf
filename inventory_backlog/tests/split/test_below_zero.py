from odoo.fields import Command
from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestBelowZero(BacklogCase):
    """Stock below zero takes what arrives first: only the rest is for those who
    wait."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._put_in_stock(cls.product, -3)

    def _check(self, order, purchase):
        """What is incoming, held against what Odoo reserves when all has arrived."""
        [(_open, _ready, incoming, _none)] = self._split(order.order_line)
        self._receive(purchase)
        order.sudo().picking_ids.action_assign()
        self.assertEqual(
            sum(order.sudo().picking_ids.move_ids.mapped("quantity")), incoming
        )
        return incoming

    def test_only_what_a_receipt_brings_beyond_the_hole_is_incoming(self):
        order = self._order(self.product, 8)
        purchase = self._purchase(self.product, 5)
        self.assertEqual(self._split(order.order_line), [(8, 0, 2, 6)])
        self.assertEqual(self._check(order, purchase), 2)

    def test_the_first_receipt_fills_the_hole_and_the_second_the_order(self):
        order = self._order(self.product, 4)
        self._purchase(self.product, 3, days=2)
        second = self._purchase(self.product, 4, days=5)
        self.assertEqual(self._slices(order.order_line), [("receipt", 4, 5, second)])

    def test_a_dozen_fills_the_hole_in_pieces(self):
        order = self._order(self.product, 20)
        self._purchase((self.product, 1, {"product_uom_id": self.dozen.id}))
        self.assertEqual(self._split(order.order_line), [(20, 0, 9, 11)])

    def test_goods_bought_to_order_fill_it_too(self):
        order, purchase = self._bought_to_order(self.product, 5)
        self.assertEqual(self._split(order.order_line), [(5, 0, 2, 3)])
        self.assertEqual(self._check(order, purchase), 2)

    def test_two_steps_fill_it(self):
        self.warehouse.reception_steps = "two_steps"
        order = self._order(self.product, 8)
        purchase = self._purchase(self.product, 5)
        self.assertEqual(self._split(order.order_line), [(8, 0, 2, 6)])
        self._receive(purchase)
        self.assertEqual(self._split(order.order_line), [(8, 0, 2, 6)])
        self.assertEqual(self._check(order, purchase), 2)

    def test_a_transfer_between_two_shelves_fills_no_hole(self):
        """What it brings back was in the stock all the time."""
        for below_zero, bought, incoming in ((-8, 10, 5), (-1, 0, 2)):
            product = self._product(f"Shelved {below_zero}")
            shelf, other = self.env["stock.location"].create(
                [{"name": name, "location_id": self.stock.id} for name in "AB"]
            )
            self._put_in_stock(product, 3, shelf)
            transfer = self.env["stock.picking"].create(
                {
                    "picking_type_id": self.warehouse.int_type_id.id,
                    "location_id": shelf.id,
                    "location_dest_id": other.id,
                    "move_ids": [
                        Command.create(
                            {
                                "product_id": product.id,
                                "product_uom_qty": 3,
                                "location_id": shelf.id,
                                "location_dest_id": other.id,
                            }
                        )
                    ],
                }
            )
            transfer.action_confirm()
            transfer.action_assign()
            self._put_in_stock(product, below_zero, other)
            order = self._order(product, 10)
            purchase = bought and self._purchase(product, bought)
            with self.subTest(below_zero=below_zero):
                self.assertEqual(
                    self._split(order.order_line), [(10, 0, incoming, 10 - incoming)]
                )
                self._validate(transfer)
                if purchase:
                    self._receive(purchase)
                order.sudo().picking_ids.action_assign()
                self.assertEqual(
                    sum(order.sudo().picking_ids.move_ids.mapped("quantity")), incoming
                )

    def test_a_promise_and_a_suggestion_say_the_same(self):
        self.product.seller_ids = [
            (0, 0, {"partner_id": self.vendor.id, "price": 10, "delay": 2})
        ]
        self._purchase(self.product, 5)
        promise = self.product.get_promise(self.product.id, 8)
        self.assertEqual(
            (promise["ready"], [part["qty"] for part in promise["incoming"]]), (0, [2])
        )
        order = self._order(self.product, 8)
        self.assertEqual(self._split(order.order_line), [(8, 0, 2, 6)])
        self.env["backlog.suggestion"].generate([self.product.id])
        suggested = self.env["backlog.suggestion"].search(
            [("product_id", "=", self.product.id), ("action_type", "=", "buy")]
        )
        self.assertEqual(suggested.mapped("suggested_qty"), [6])

    def test_another_lot_fills_no_hole_of_a_lot(self):
        """Odoo reserves a new lot whole, whatever another one lacks."""
        wine = self._product("Wine", tracking="lot")
        lot = self.env["stock.lot"].create({"name": "old", "product_id": wine.id})
        self._put_in_stock(wine, -3, lot_id=lot)
        order = self._order(wine, 5)
        self._purchase(wine, 5)
        self.assertEqual(self._split(order.order_line), [(5, 0, 5, 0)])
        new = self.env["stock.lot"].create({"name": "new", "product_id": wine.id})
        self._put_in_stock(wine, 5, lot_id=new)
        order.sudo().picking_ids.action_assign()
        self.assertEqual(order.sudo().picking_ids.move_ids.quantity, 5)
