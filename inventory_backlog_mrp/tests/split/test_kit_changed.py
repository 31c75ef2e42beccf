from odoo.fields import Command
from odoo.tests import tagged

from ..common import MrpBacklogCase


@tagged("post_install", "-at_install")
class TestKitChanged(MrpBacklogCase):
    """Kits whose moves and bill of materials disagree, against what Odoo counts as
    delivered once all that is reserved has left."""

    def setUp(self):
        super().setUp()
        self.seats, self.backs, self.kit = self._chair_in_parts()

    def _chair_in_parts(self):
        """A kit of two seats and one back, with stock for two kits."""
        seat, back = self._product("Seat"), self._product("Back")
        self._put_in_stock(seat, 5)
        self._put_in_stock(back, 9)
        return seat, back, self._kit("Kit", (seat, 2), (back, 1))

    def _bill(self, product=None):
        """The line of the bill of materials for ``product``, or all of them."""
        lines = self.kit.bom_ids.bom_line_ids
        return lines.filtered(lambda line: product in (None, line.product_id))

    def _delivered(self, order):
        """Ship what Odoo reserves, and say how many more kits it counts."""
        line = order.sudo().order_line
        before = line.qty_delivered
        for picking in order.sudo().picking_ids:
            if picking.state in ("done", "cancel"):
                continue
            picking.action_assign()
            for move in picking.move_ids:
                move.picked = bool(move.quantity)
            if any(picking.move_ids.mapped("picked")):
                self._validate(picking)
        return line.qty_delivered - before

    def _is_delivered(self, order, split):
        """The split, and that Odoo counts the ready kits as delivered afterwards."""
        self.assertEqual(self._agrees(order), [split])
        self.assertEqual(self._delivered(order), split[1])

    # The transfer was edited

    def test_fewer_of_a_component_make_no_more_kits(self):
        order = self._order(self.kit, 4)
        self._moves(order, self.seats).product_uom_qty = 6
        self._is_delivered(order, (4, 2, 0, 2))

    def test_more_of_a_component_make_no_fewer_kits(self):
        order = self._order(self.kit, 4)
        self._moves(order, self.seats).product_uom_qty = 12
        self._is_delivered(order, (4, 2, 0, 2))

    def test_nothing_is_ready_without_the_rest_of_a_component(self):
        order = self._order(self.kit, 4)
        self._ship_goods(order, {self.seats: 2, self.backs: 1})
        self._moves(order, self.seats)._action_cancel()
        self.assertEqual(order.order_line.qty_delivered, 1)
        self._is_delivered(order, (3, 0, 0, 3))

    def test_nothing_is_ready_without_a_component(self):
        order = self._order(self.kit, 4)
        self._moves(order, self.seats)._action_cancel()
        self._is_delivered(order, (4, 0, 0, 4))

    def test_what_no_move_brings_is_not_incoming(self):
        """Six seats make three kits, and no receipt makes the fourth."""
        order = self._order(self.kit, 4)
        self._moves(order, self.seats).product_uom_qty = 6
        self._purchase(self.seats, 9)
        self.assertEqual(self._agrees(order), [(4, 2, 1, 1)])

    def test_in_three_steps_and_in_dozens(self):
        self.warehouse.delivery_steps = "pick_pack_ship"
        self._put_in_stock(self.seats, 24)
        self._put_in_stock(self.backs, 24)
        order = self._order((self.kit, 1, {"product_uom_id": self.dozen.id}))
        self._moves(order, self.seats).product_uom_qty = 18
        self.assertEqual(self._line(order.order_line).backlog_qty, 9)
        for _step in range(3):
            delivered = self._delivered(order)
        self.assertEqual(delivered, 0.75)

    # The bill of materials was edited

    def test_a_bill_that_asks_for_more_makes_fewer_kits(self):
        order = self._order(self.kit, 4)
        self._bill(self.seats).product_qty = 4
        self._is_delivered(order, (4, 1, 0, 3))

    def test_a_bill_that_asks_for_less_makes_more_kits(self):
        order = self._order(self.kit, 4)
        self._bill(self.seats).product_qty = 1
        self._is_delivered(order, (4, 4, 0, 0))

    def test_another_yield(self):
        """What moves is for two kits by today's bill."""
        order = self._order(self.kit, 4)
        self.kit.bom_ids.product_qty = 0.5
        self._is_delivered(order, (2, 1, 0, 1))

    def test_another_unit(self):
        order = self._order(self.kit, 4)
        self._put_in_stock(self.seats, 9)
        self._bill(self.backs).product_uom_id = self.dozen
        self._is_delivered(order, (4, 0, 0, 4))

    def test_a_removed_line_still_goes_by_its_moves(self):
        """Odoo would count four; two seats go with each back."""
        order = self._order(self.kit, 4)
        self._bill(self.seats).unlink()
        self.assertEqual(self._agrees(order), [(4, 2, 0, 2)])
        self.assertEqual(self._delivered(order), 4)

    def test_no_kit_counts_without_a_component_that_was_added(self):
        order = self._order(self.kit, 4)
        line = self.env["mrp.bom.line"].create(
            {
                "bom_id": self.kit.bom_ids.id,
                "product_id": self.product.id,
                "product_qty": 1,
            }
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE mrp_bom_line SET create_date = %s WHERE id = %s",
            (self._after(1), line.id),
        )
        self._is_delivered(order, (4, 0, 0, 4))
        self.assertNotIn(
            self.product.id, [row.product_id.id for row in self._line_slices(order)]
        )

    def test_an_exchanged_component_goes_by_its_moves(self):
        order = self._order(self.kit, 4)
        self._bill(self.seats).product_id = self.product
        self._is_delivered(order, (4, 2, 0, 2))

    def test_kits_in_kits(self):
        for quantity, ready in ((4, 0), (1, 2)):
            self.seats, self.backs, self.kit = self._chair_in_parts()
            pair = self._kit(f"Pair {quantity}", (self.kit, 2), (self.product, 1))
            self._put_in_stock(self.product, 2)
            order = self._order(pair, 2)
            self._bill(self.seats).product_qty = quantity
            with self.subTest(quantity):
                self._is_delivered(order, (2, ready, 0, 2 - ready))

    def test_what_is_returned_for_a_refund_counts_no_more(self):
        order = self._order(self.kit, 4)
        self._ship_goods(order, {self.seats: 2, self.backs: 1})
        [done] = order.sudo().picking_ids.filtered(lambda one: one.state == "done")
        wizard = (
            self.env["stock.return.picking"]
            .with_context(active_id=done.id, active_model="stock.picking")
            .create({})
        )
        for line in wizard.product_return_moves:
            line.quantity = line.move_id.quantity
        returned = wizard._create_return()
        returned.move_ids.picked = True
        self._validate(returned)
        self.assertEqual(order.order_line.qty_delivered, 0)
        self._bill(self.seats).product_qty = 1
        split = self._agrees(order)
        self.env["backlog.fold"]._fold()
        self.assertEqual(self._agrees(order), split)
        returned.move_ids.to_refund = False
        self.env.flush_all()
        self.assertEqual(
            self.env["backlog.kept"].differences(), {"slices": [], "lines": []}
        )

    # The bill of materials was archived, which Odoo allows once the order is invoiced

    def _archived(self, kit, quantity):
        """An order of kits whose bill of materials was archived afterwards."""
        order = self._order(kit, quantity)
        order.sudo()._create_invoices().action_post()
        kit.bom_ids.active = False
        return order

    def test_an_archived_bill_still_says_what_a_kit_needs(self):
        order = self._archived(self.kit, 4)
        self._moves(order, self.seats).product_uom_qty = 6
        self._is_delivered(order, (4, 2, 0, 2))

    def test_a_new_version_is_none_of_what_was_ordered_before(self):
        order = self._archived(self.kit, 4)
        self._bom(self.kit, (self.product, 1), (self.backs, 1), bom_type="phantom")
        self.assertNotIn(
            self.product, [row.product_id for row in self._line_slices(order)]
        )
        self._is_delivered(order, (4, 2, 0, 2))

    def test_what_was_ordered_as_kits_and_raised_as_pieces(self):
        """Odoo asks for six whole chairs beside the parts of four."""
        order = self._archived(self.kit, 4)
        self._put_in_stock(self.kit, 3)
        order.sudo().order_line.product_uom_qty = 6
        self.assertEqual(self._line(order.order_line).excess_qty, 4)
        self._is_delivered(order, (10, 5, 0, 5))

    # A vendor ships a component

    def _lit(self):
        """A kit with two lamps, which the vendor ships."""
        self.lamp = self._product(
            "Lamp",
            route_ids=self.env.ref("stock_dropshipping.route_drop_shipping").ids,
            seller_ids=[Command.create({"partner_id": self.vendor.id, "price": 10})],
        )
        return self._kit("Lit", (self.backs, 1), (self.lamp, 2))

    def test_what_is_only_requested_is_missing_also_of_an_archived_bill(self):
        order = self._archived(self._lit(), 4)
        self.assertEqual(self._agrees(order), [(4, 0, 0, 4)])

    def test_what_the_vendor_ships_less_of_makes_fewer_kits(self):
        """Odoo counts all kits when the last transfer is done, whatever was in it."""
        order = self._order(self._lit(), 4)
        purchase = (
            self.env["purchase.order.line"]
            .search([("product_id", "=", self.lamp.id)])
            .order_id
        )
        purchase.button_confirm()
        purchase.order_line.product_qty = 4
        self.assertEqual(self._agrees(order), [(4, 0, 2, 2)])
        self._receive(purchase)
        self.assertEqual(self._agrees(order), [(4, 2, 0, 2)])

    def _line_slices(self, order):
        return self.env["backlog.allocation"].search(
            [("order_line_id", "in", order.order_line.ids)]
        )
