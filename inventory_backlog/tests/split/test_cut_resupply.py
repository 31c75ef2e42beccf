from odoo.fields import Command
from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestCutResupply(BacklogCase):
    """Goods that the other warehouse does not send any more are not on their way,
    although the receipt stays open."""

    def _resupplied(self, steps, to_order=True):
        """The other warehouse, with 20 in stock, and a product that it sends us."""
        other = self.env["stock.warehouse"].create(
            {
                "name": f"Other {steps} {to_order}",
                "code": f"{steps[-4:]}{to_order:d}",
                "delivery_steps": steps,
            }
        )
        self.warehouse.resupply_wh_ids = other
        routes = self.warehouse.resupply_route_ids.filtered(
            lambda route: route.supplier_wh_id == other
        )
        if to_order:
            routes += self.warehouse.mto_pull_id.route_id
            routes.active = True
        product = self._product(steps, route_ids=[Command.set(routes.ids)])
        self._put_in_stock(product, 20, other.lot_stock_id)
        return other, product

    def _move(self, product, source):
        return self.env["stock.move"].search(
            [
                ("product_id", "=", product.id),
                ("location_id", "=", source.id),
                ("state", "not in", ("done", "cancel")),
            ]
        )

    def _send(self, product, source, quantity, backorder=False):
        move = self._move(product, source)
        move.quantity = quantity
        self._validate(move.picking_id, backorder)

    def _replenish(self, product):
        self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": product.id,
                "warehouse_id": self.warehouse.id,
                "location_id": self.stock.id,
                "route_id": product.route_ids.id,
                "trigger": "manual",
            }
        ).action_replenish()

    def test_what_is_sent_is_incoming_and_the_rest_to_source(self):
        for to_order in (True, False):
            other, product = self._resupplied("ship_only", to_order)
            order = self._order(product, 8)
            if not to_order:
                self._replenish(product)
            line = order.order_line
            transit = self.company.internal_transit_location_id
            with self.subTest(to_order=to_order):
                self.assertEqual(self._split(line), [(8, 0, 8, 0)])
                self._send(product, other.lot_stock_id, 3)
                self.assertEqual(self._split(line), [(8, 0, 3, 5)])
                self._send(product, transit, 3, backorder=True)
                self.assertEqual(self._split(line), [(8, 3, 0, 5)])

    def test_what_is_sent_later_stays_incoming(self):
        other, product = self._resupplied("ship_only")
        line = self._order(product, 8).order_line
        self._send(product, other.lot_stock_id, 3, backorder=True)
        self.assertEqual(self._split(line), [(8, 0, 8, 0)])

    def test_resupply_of_two_steps_is_cut_at_either(self):
        other, product = self._resupplied("pick_ship")
        line = self._order(product, 8).order_line
        # The pick of the other warehouse is no customer's demand.
        self.assertEqual(self._split(line), [(8, 0, 8, 0)])
        self._send(product, other.lot_stock_id, 3)
        self.assertEqual(self._split(line), [(8, 0, 3, 5)])
        self._send(product, other.wh_output_stock_loc_id, 2)
        self.assertEqual(self._split(line), [(8, 0, 2, 6)])

    def test_resupply_of_three_steps_counts_once(self):
        other, product = self._resupplied("pick_pack_ship")
        line = self._order(product, 8).order_line
        self.assertEqual(self._split(line), [(8, 0, 8, 0)])
        self._send(product, other.lot_stock_id, 3)
        self.assertEqual(self._split(line), [(8, 0, 3, 5)])

    def test_resupply_that_is_cancelled_is_to_source(self):
        for steps in ("ship_only", "pick_ship"):
            other, product = self._resupplied(steps)
            line = self._order(product, 8).order_line
            self._move(product, other.lot_stock_id).picking_id.action_cancel()
            with self.subTest(steps=steps):
                self.assertEqual(self._split(line), [(8, 0, 0, 8)])

    def test_promise_counts_what_is_sent_only(self):
        other, product = self._resupplied("ship_only", to_order=False)
        self._order(product, 8)
        self._replenish(product)
        self._send(product, other.lot_stock_id, 3)
        promise = product.get_promise(product.id, 1, self.warehouse.id)
        self.assertEqual((promise["ready"], promise["incoming"]), (0, []))
