from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from ..common import NOW, BacklogCase


@freeze_time(NOW)
@tagged("post_install", "-at_install")
class TestNamedReceipts(BacklogCase):
    """What a reordering rule bought for an order goes to that order when it arrives,
    whoever is ahead in the queue: Odoo assigns moves that share a reference first."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buy = cls.env.ref("purchase_stock.route_warehouse0_buy")
        cls.sold = cls._bought("Bought")

    @classmethod
    def _bought(cls, name):
        """A product that is bought as soon as an order needs it."""
        product = cls._product(
            name,
            route_ids=cls.buy.ids,
            seller_ids=[Command.create({"partner_id": cls.vendor.id, "price": 10})],
        )
        cls.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": product.id,
                "trigger": "auto",
                "product_min_qty": 0,
                "product_max_qty": 0,
                "location_id": cls.stock.id,
            }
        )
        return product

    def _sold_and_bought(self, quantity, days, star=False, bought=None):
        """An order and the purchase that the rule makes for it, due in ``days``."""
        of_product = [("order_line.product_id", "=", self.sold.id)]
        before = self.env["purchase.order"].search(of_product)
        order = self._order(self.sold, quantity)
        if star:
            order.sudo().picking_ids.priority = "1"
        purchase = self.env["purchase.order"].search(of_product) - before
        self.assertEqual(purchase.order_line.product_qty, quantity)
        purchase.order_line.product_qty = bought or quantity
        purchase.order_line.date_planned = self._after(days)
        purchase.button_confirm()
        return order, purchase

    def _held(self, *orders):
        return [
            sum(order.sudo().picking_ids.move_ids.mapped("quantity"))
            for order in orders
        ]

    def test_an_order_gets_what_was_bought_for_it(self):
        first, bought = self._sold_and_bought(5, days=10)
        starred, other = self._sold_and_bought(5, days=20, star=True)
        self.assertEqual(
            self._slices((first + starred).order_line),
            [("receipt", 5, 10, bought), ("receipt", 5, 20, other)],
        )
        self._receive(bought)
        self.assertEqual(self._held(first, starred), [5, 0])

    def test_the_rest_goes_by_the_queue_at_each_step_of_the_receipt(self):
        self.warehouse.reception_steps = "two_steps"
        first, bought = self._sold_and_bought(5, days=10, bought=8)
        starred = self._order(self.sold, 4)
        starred.sudo().picking_ids.priority = "1"
        for _step in range(2):
            self.assertEqual(
                self._split((first + starred).order_line),
                [(5, 0, 5, 0), (4, 0, 3, 1)],
            )
            self._receive(bought)
        self.assertEqual(self._held(first, starred), [5, 3])
        self.assertEqual(
            self._split((first + starred).order_line), [(5, 5, 0, 0), (4, 3, 0, 1)]
        )

    def test_what_comes_sooner_serves_the_queue(self):
        first, bought = self._sold_and_bought(5, days=10)
        plain = self._purchase((self.sold, 3), days=4)
        behind = self._order(self.sold, 4)
        self.assertEqual(
            self._slices((first + behind).order_line),
            [
                ("receipt", 3, 4, plain),
                ("receipt", 2, 10, bought),
                ("receipt", 3, 10, bought),
                ("none", 1, None, None),
            ],
        )
        self._receive(plain)
        self._receive(bought)
        self.assertEqual(self._held(first, behind), [5, 3])

    def test_a_reference_that_is_taken_away_counts_no_more(self):
        first, bought = self._sold_and_bought(5, days=10)
        starred, other = self._sold_and_bought(5, days=20, star=True)
        bought.order_line.move_ids.reference_ids = False
        other.order_line.move_ids.reference_ids = False
        self.assertEqual(
            self._slices((first + starred).order_line),
            [("receipt", 5, 20, other), ("receipt", 5, 10, bought)],
        )

    def test_without_automatic_reservation_the_queue_decides(self):
        first, bought = self._sold_and_bought(5, days=10)
        starred, other = self._sold_and_bought(5, days=20, star=True)
        self.env["ir.config_parameter"].sudo().set_param(
            "stock.picking_no_auto_reserve", "1"
        )
        self.assertEqual(
            self._slices((first + starred).order_line),
            [("receipt", 5, 20, other), ("receipt", 5, 10, bought)],
        )
        self._receive(bought)
        self.assertEqual(self._held(first, starred), [0, 0])
