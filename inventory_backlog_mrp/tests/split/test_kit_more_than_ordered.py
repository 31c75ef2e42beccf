from random import Random

from odoo.fields import Command
from odoo.tests import tagged

from ..common import TableCase


@tagged("post_install", "-at_install")
class TestKitMoreThanOrdered(TableCase):
    """Transfers that would ship more kits than the order asks for: as many as Odoo will
    count as delivered. More of one component alone is no kit more."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._put_in_stock(cls.top, 40)
        cls._put_in_stock(cls.leg, 160)

    def _raise(self, order, tops, legs):
        for move in order.sudo().picking_ids.move_ids:
            move.product_uom_qty = tops if move.product_id == self.top else legs

    def _edited(self, ordered, tops, legs, more=None):
        """An order whose transfer somebody has raised."""
        order = self._order((self.table, ordered, more or {}))
        self._raise(order, tops, legs)
        return order

    def _excess(self, order):
        line = self._line(order.order_line)
        return line.open_qty, line.excess_qty, line.excess_value

    def test_moves_for_more_kits_are_too_much_with_their_value(self):
        order = self._edited(5, 9, 36)
        self.assertEqual(self._agrees(order), [(9, 9, 0, 0)])
        self.assertEqual(self._excess(order), (9, 4, 400))
        self.assertEqual(self._line(order.order_line).open_value, 900)
        found = self.env["backlog.line"].search([("excess_qty", ">", 0)])
        self.assertIn(order.order_line.id, found.ids)
        verdict = self._line(order.order_line).with_user(self.seller).why["verdict"]
        self.assertTrue(
            any(text.startswith("More than ordered") for text in verdict), verdict
        )
        self.assertNotIn("component", str(verdict))

    def test_report_tells_them_with_their_value(self):
        self._edited(5, 9, 36)
        annex = self._annex()
        self.assertIn("More than ordered", annex)
        self.assertIn("400.00", annex)

    def test_odoo_counts_as_many_as_delivered(self):
        order = self._edited(5, 9, 36)
        line = order.order_line
        for tops, legs, delivered in ((4, 16, 4), (2, 8, 6), (3, 12, 9)):
            self.assertEqual(self._excess(order)[1], min(4, 9 - line.qty_delivered))
            self._ship_goods(order, {self.top: tops, self.leg: legs})
            self.assertEqual(line.qty_delivered, delivered)
            self.assertEqual(self._excess(order)[0], 9 - delivered)
        self.assertFalse(self._line(line))

    def test_what_no_kit_needs_makes_none_of_them_short(self):
        self._put_in_stock(self.top, -31)
        self._put_in_stock(self.leg, -124)
        order = self._edited(5, 9, 40)
        self.assertEqual(self._agrees(order), [(9, 9, 0, 0)])
        self._ship_goods(order, {self.top: 5, self.leg: 20})
        self.assertEqual(order.order_line.qty_delivered, 5)
        self.assertEqual(self._agrees(order), [(4, 4, 0, 0)])

    def test_what_is_open_is_what_odoo_will_count(self):
        """Kits in kits whose transfers were raised at random, before and after some of
        them was shipped at random."""
        self._put_in_stock(self.top, 900)
        for seed in range(10):
            random = Random(seed)
            parts = [self._product(f"Part {n}") for n in range(3)]
            for part in parts:
                self._put_in_stock(part, 900)
            inner = self._kit("Inner", *((one, random.randint(1, 3)) for one in parts))
            kit = self._kit("Kit", (inner, random.randint(1, 2)), (self.top, 1))
            order = self._order(kit, random.randint(2, 5))
            for move in order.sudo().picking_ids.move_ids:
                move.product_uom_qty *= random.choice((1, 1.5, 2, 3))
            if seed % 2:
                self._ship_goods(
                    order,
                    {
                        move.product_id: random.randint(1, int(move.product_uom_qty))
                        for move in order.sudo().picking_ids.move_ids
                    },
                )
            line = order.order_line
            before = line.qty_delivered
            open_qty, excess, _value = self._excess(order)
            for picking in order.sudo().picking_ids:
                if picking.state not in ("done", "cancel"):
                    picking.action_assign()
                    picking.move_ids.picked = True
                    self._validate(picking)
            with self.subTest(seed=seed):
                self.assertEqual(open_qty, line.qty_delivered - before)
                self.assertEqual(
                    excess,
                    line.qty_delivered - max(line.product_uom_qty, before),
                )

    def test_shipped_unevenly_counts_once(self):
        order = self._edited(5, 9, 36)
        self._ship_goods(order, {self.top: 9, self.leg: 0})
        self.assertEqual(self._excess(order)[:2], (9, 4))
        self._ship_goods(order, {self.leg: 7})
        self.assertEqual(order.order_line.qty_delivered, 1)
        self.assertEqual(self._excess(order)[:2], (8, 4))

    def test_more_of_one_component_is_no_kit_more(self):
        order = self._edited(5, 5, 36)
        self.assertEqual(self._excess(order), (5, 0, 0))
        self.assertEqual(self._agrees(order), [(5, 5, 0, 0)])

    def test_the_rest_of_one_component_is_no_kit(self):
        order = self._edited(5, 5, 36)
        self._ship_goods(order, {self.top: 5, self.leg: 20})
        self.assertEqual(order.order_line.qty_delivered, 5)
        self.assertFalse(self._line(order.order_line))

    def test_the_component_with_the_fewest_says_how_many(self):
        self.assertEqual(self._excess(self._edited(5, 9, 28)), (7, 2, 200))
        self.assertEqual(self._excess(self._edited(5, 6, 23)), (5, 0, 0))

    def test_plain_and_lowered_kits_are_not_too_much(self):
        order = self._order(self.table, 5)
        self.assertEqual(self._excess(order), (5, 0, 0))
        self._raise(order, 3, 12)
        self.assertEqual(self._excess(order), (3, 0, 0))

    def test_kits_sold_in_dozens_are_told_in_units(self):
        order = self._edited(2, 30, 120, {"product_uom_id": self.dozen.id})
        self.assertEqual(self._excess(order)[:2], (30, 6))
        self.assertEqual(order.order_line.open_qty, 2.5)

    def test_a_part_of_a_kit_is_not_too_much(self):
        self.assertEqual(self._excess(self._order(self.table, 2.5)), (2.5, 0, 0))
        self.assertEqual(self._excess(self._edited(2.5, 3, 12)), (3, 0.5, 50))

    def test_kits_in_several_steps_count_once(self):
        self.warehouse.delivery_steps = "pick_pack_ship"
        order = self._edited(5, 9, 36)
        for step in range(3):
            with self.subTest(step=step):
                self.assertEqual(self._excess(order)[:2], (9, 4))
            self._ship(order)

    def test_kits_in_kits(self):
        pair = self._kit("Pair", (self.table, 2), (self.product, 1))
        self._put_in_stock(self.product, 9)
        order = self._order(pair, 2)
        for move in order.sudo().picking_ids.move_ids:
            move.product_uom_qty *= 1.5
        self.assertEqual(self._excess(order)[:2], (3, 1))

    def test_line_lowered_after_printing_is_not_too_much(self):
        order = self._order(self.table, 5)
        order.sudo().picking_ids.printed = True
        order.order_line.product_uom_qty = 3
        self.assertEqual(self._excess(order), (3, 0, 0))

    def test_replacement_of_returned_kits_is_not_too_much(self):
        order = self._order(self.table, 5)
        self._ship(order)
        wizard = self.env["stock.return.picking"].create(
            {"picking_id": order.sudo().picking_ids.id}
        )
        for line in wizard.product_return_moves:
            quantity = 2 if line.product_id == self.top else 8
            line.write({"quantity": quantity, "to_refund": False})
        action = wizard.action_create_exchanges()
        self.assertEqual(self._excess(order), (2, 0, 0))
        self._validate(self.env["stock.picking"].browse(action["res_id"]))
        self.assertEqual(self._excess(order), (2, 0, 0))
        exchange = order.sudo().picking_ids.filtered(lambda one: one.state != "done")
        for move in exchange.move_ids:
            move.product_uom_qty *= 2
        self.assertEqual(self._excess(order)[:2], (4, 2))

    def test_a_bill_that_asks_for_less_makes_more_than_ordered(self):
        legs = self._kit("Legs", (self.leg, 4))
        order = self._order(legs, 3)
        legs.bom_ids.bom_line_ids.product_qty = 2
        self.assertEqual(self._excess(order)[:2], (6, 3))
        self._ship_goods(order, {self.leg: 12})
        self.assertEqual(order.order_line.qty_delivered, 6)

    def test_of_a_component_that_was_removed_nobody_knows_that_it_is_too_much(self):
        order = self._edited(5, 9, 36)
        self.table.bom_ids.bom_line_ids[0].unlink()
        self.assertEqual(self._excess(order), (5, 0, 0))

    def test_more_than_ordered_of_a_dropshipped_component(self):
        lamp = self._product(
            "Lamp",
            route_ids=self.env.ref("stock_dropshipping.route_drop_shipping").ids,
            seller_ids=[Command.create({"partner_id": self.vendor.id, "price": 10})],
        )
        order = self._order(self._kit("Lit Table", (self.top, 1), (lamp, 2)), 5)
        purchase = (
            self.env["purchase.order.line"]
            .search([("product_id", "=", lamp.id)])
            .order_id
        )
        purchase.button_confirm()
        purchase.order_line.product_qty = 14
        self.assertEqual(self._excess(order)[:2], (5, 0))
        tops = order.sudo().picking_ids.move_ids.filtered(
            lambda move: move.product_id == self.top
        )
        tops.product_uom_qty = 9
        self.assertEqual(self._excess(order)[:2], (7, 2))
