from odoo.fields import Command
from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestCounterMoves(BacklogCase):
    """Lowered after its transfer was printed, a line or a purchase has a move the other
    way: both are one quantity, nobody else's supply and nobody else's demand."""

    def _lowered(self, product, ordered=5, lowered=3, more=None):
        """A confirmed order whose transfer was printed before the line was lowered."""
        order = self._order((product, ordered, more or {}))
        order.sudo().picking_ids.printed = True
        order.order_line.product_uom_qty = lowered
        return order

    def _bought(self, product, ordered=12, lowered=9, more=None, **values):
        purchase = self._purchase((product, ordered, more or {}), **values)
        purchase.picking_ids.printed = True
        purchase.order_line.product_qty = lowered
        return purchase

    def _receive_step(self, product):
        """The next step of the receipt, without what goes back to the vendor."""
        moves = self.env["stock.move"].search(
            [
                ("product_id", "=", product.id),
                ("state", "=", "assigned"),
                "|",
                ("location_id.usage", "=", "supplier"),
                ("picking_code", "=", "internal"),
            ]
        )
        self._validate(moves.picking_id)

    # Sales

    def test_line_lowered_after_printing_counts_once_at_every_step(self):
        for steps in ("ship_only", "pick_ship", "pick_pack_ship"):
            self.warehouse.delivery_steps = steps
            product = self._product(steps)
            self._put_in_stock(product, 5)
            order = self._lowered(product)
            waiting = self._order(product, 2)
            lines = (order + waiting).order_line
            back = order.order_line.move_ids.filtered(
                lambda move: move.location_id.usage == "customer"
            )
            self.assertEqual(back.product_qty, 2)
            for step in range(len(steps.split("_")) - (steps == "ship_only")):
                with self.subTest(steps=steps, step=step):
                    # Odoo reserves all five for the printed transfer.
                    self.assertEqual(self._split(lines), [(3, 3, 0, 0), (2, 0, 0, 2)])
                    self.assertEqual(self._line(order.order_line).open_value, 300)
                self._validate(
                    order.order_line.move_ids.filtered(
                        lambda move: (
                            move.state == "assigned"
                            and move.location_final_id.usage == "customer"
                        )
                    ).picking_id
                )
            with self.subTest(steps=steps, step="shipped"):
                # All five have left, so the two are a real return.
                self.assertEqual(self._split(lines), [(0, 0, 0, 0), (2, 0, 2, 0)])

    def test_line_lowered_before_its_goods_came_leaves_them_to_the_next(self):
        self._purchase(self.product, 6)
        order = self._lowered(self.product)
        waiting = self._order(self.product, 4)
        self.assertEqual(
            self._split((order + waiting).order_line), [(3, 0, 3, 0), (4, 0, 3, 1)]
        )
        self.assertEqual(self.product.get_promise(self.product.id, 1)["to_source"], 1)

    def test_line_lowered_when_partly_ready_is_short_of_less(self):
        self._put_in_stock(self.product, 2)
        order = self._lowered(self.product)
        self.assertEqual(self._split(order.order_line), [(3, 2, 0, 1)])

    def test_line_lowered_to_less_than_is_ready_is_ready(self):
        self._put_in_stock(self.product, 4)
        order = self._lowered(self.product, lowered=2)
        self.assertEqual(self._split(order.order_line), [(2, 2, 0, 0)])

    def test_line_lowered_and_raised_again_counts_what_it_asks_for(self):
        self._put_in_stock(self.product, 9)
        order = self._lowered(self.product)
        order.order_line.product_uom_qty = 4
        self.assertEqual(self._split(order.order_line), [(4, 4, 0, 0)])

    def test_line_lowered_to_nothing_is_not_open(self):
        self._put_in_stock(self.product, 5)
        order = self._lowered(self.product, lowered=0)
        self.assertEqual(self._split(order.order_line), [(0, 0, 0, 0)])
        self.assertFalse(self._line(order.order_line))

    def test_line_in_dozens_lowered_counts_in_its_unit(self):
        self._put_in_stock(self.product, 5)
        more = {"product_uom_id": self.dozen.id}
        order = self._lowered(self.product, ordered=2, lowered=0.5, more=more)
        self.assertEqual(self._line(order.order_line).open_qty, 6)
        self.assertEqual(self._line(order.order_line).backlog_qty, 5)

    def test_line_whose_transfer_leaves_from_a_shelf_counts_once(self):
        shelf = self.env["stock.location"].create(
            {"name": "Shelf", "location_id": self.stock.id}
        )
        self._put_in_stock(self.product, 5, shelf)
        order = self._order(self.product, 5)
        order.sudo().picking_ids.location_id = shelf
        order.order_line.product_uom_qty = 3
        self.assertEqual(self._split(order.order_line), [(3, 3, 0, 0)])

    def test_line_partly_shipped_and_lowered_owes_the_rest(self):
        self._put_in_stock(self.product, 5)
        order = self._order(self.product, 5)
        self._ship(order, 2)
        order.sudo().picking_ids.filtered(
            lambda one: one.state != "done"
        ).printed = True
        order.order_line.product_uom_qty = 4
        self.assertEqual(self._split(order.order_line), [(2, 2, 0, 0)])

    def test_real_return_is_not_netted(self):
        self._put_in_stock(self.product, 5)
        order = self._order(self.product, 8)
        self._ship(order, 5)
        shipped = order.sudo().picking_ids.filtered(lambda one: one.state == "done")
        wizard = self.env["stock.return.picking"].create({"picking_id": shipped.id})
        wizard.product_return_moves.quantity = 2
        wizard.action_create_returns()
        self.assertEqual(self._split(order.order_line), [(3, 0, 2, 1)])

    # Purchases

    def test_purchase_lowered_after_printing_promises_the_rest_at_every_step(self):
        for number, steps in enumerate(("one_step", "two_steps", "three_steps")):
            self.warehouse.reception_steps = steps
            product = self._product(steps)
            # Ahead of what goes back to the vendor.
            order = self._order(product, 15)
            purchase = self._bought(product)
            self.assertEqual(len(purchase.order_line.move_ids), 2)
            for step in range(number + 1):
                with self.subTest(steps=steps, step=step):
                    self.assertEqual(self._split(order.order_line), [(15, 0, 9, 6)])
                self._receive_step(product)

    def test_purchase_lowered_in_dozens_promises_the_rest(self):
        order = self._order(self.product, 15)
        self._bought(self.product, 2, 0.5, more={"product_uom_id": self.dozen.id})
        self.assertEqual(self._split(order.order_line), [(15, 0, 6, 9)])

    def test_purchase_lowered_when_partly_received_promises_what_is_left(self):
        purchase = self._purchase(self.product, 12)
        self._receive(purchase, 5)
        purchase.order_line.product_qty = 9
        purchase.order_line.product_qty = 3
        # What goes back has all five that are here and four of the seven to come.
        promise = self.product.get_promise(self.product.id, 4)
        self.assertEqual(
            (promise["ready"], promise["incoming"][0]["qty"], promise["to_source"]),
            (0, 3, 1),
        )
        order = self._order(self.product, 15)
        self.assertEqual(self._split(order.order_line), [(15, 0, 3, 12)])

    def test_purchase_lowered_leaves_other_purchases_alone(self):
        order = self._order(self.product, 15)
        self._bought(self.product, 12, 2, days=3)
        other = self._purchase(self.product, 4, days=1)
        lowered = self.env["purchase.order"].search(
            [("id", "!=", other.id), ("order_line.product_id", "=", self.product.id)]
        )
        self.assertEqual(
            self._slices(order.order_line),
            [
                ("receipt", 4, 1, other),
                ("receipt", 2, 3, lowered),
                ("none", 9, None, None),
            ],
        )

    def test_purchase_for_a_made_to_order_line_lowered_covers_the_rest(self):
        mto = self.warehouse.mto_pull_id.route_id
        mto.active = True
        routes = mto + self.warehouse.buy_pull_id.route_id
        product = self._product(
            "To Order",
            route_ids=[Command.set(routes.ids)],
            seller_ids=[Command.create({"partner_id": self.vendor.id, "price": 10})],
        )
        order = self._order(product, 12)
        purchase = order.sudo()._get_purchase_orders()
        purchase.button_confirm()
        purchase.picking_ids.printed = True
        purchase.order_line.product_qty = 9
        self.assertEqual(self._split(order.order_line), [(12, 0, 9, 3)])

    def test_dropship_lowered_by_the_buyer_is_on_its_way_with_the_rest(self):
        product = self._product(
            "Direct",
            route_ids=self.env.ref("stock_dropshipping.route_drop_shipping").ids,
            seller_ids=[Command.create({"partner_id": self.vendor.id, "price": 10})],
        )
        order = self._order(product, 12)
        purchase = order.sudo()._get_purchase_orders()
        purchase.button_confirm()
        purchase.picking_ids.printed = True
        purchase.order_line.product_qty = 9
        # The customer still waits for what the buyer took off.
        self.assertEqual(self._split(order.order_line), [(12, 0, 9, 3)])
