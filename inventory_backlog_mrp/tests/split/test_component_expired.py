from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.inventory_backlog.tests.expiry import ExpiryCase
from odoo.addons.inventory_backlog.tests.folded import folding

from ..common import MrpBacklogCase


@tagged("post_install", "-at_install")
class TestComponentExpired(ExpiryCase, MrpBacklogCase):
    """Components with a removal date: Odoo gives a lot to no kit that leaves, and to no
    production that begins, after it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.warehouse.manu_type_id.reservation_method = "manual"
        cls.cup = cls._product("Cup")
        cls._put_in_stock(cls.cup, 50)
        cls.breakfast = cls._kit("Breakfast", (cls.milk, 2), (cls.cup, 1))
        cls.cheese = cls._product("Cheese")
        cls._bom(cls.cheese, (cls.milk, 2), (cls.cup, 1))

    def _ready_by_move(self, moves):
        """What the queue calls ready for each of these moves."""
        rows = self.env["backlog.allocation"]
        rows.invalidate_model()
        groups = rows._read_group(
            [("move_id", "in", moves.ids), ("source", "in", ("reserved", "stock"))],
            ["move_id"],
            ["qty:sum"],
        )
        ready = dict(groups)
        return [ready.get(move, 0) for move in moves]

    def _check(self, moves):
        """What is ready for each of these moves, held against what Odoo reserves in the
        order of the queue."""
        ready = self._ready_by_move(moves)
        for move in moves.sorted(lambda move: (move.date, move.id)):
            move._action_assign()
        self.assertEqual(moves.mapped("quantity"), ready)
        self.assertEqual(self._ready_by_move(moves), ready)
        return ready

    # Kits

    @folding()
    def test_a_kit_takes_no_lot_that_is_gone_before_it_leaves(self):
        self._lot(5, 3)
        self._lot(4, None)
        late = self._delivery(4, 10, self.breakfast)
        soon = self._delivery(3, 1, self.breakfast)
        # The one that leaves first takes the lot that came first, and one more.
        split = [(4, 1, 0, 3), (3, 3, 0, 0)]
        self.assertEqual(self._agrees(late, soon), split)
        moves = (late + soon).order_line.sudo().move_ids
        self._check(moves)
        self.assertEqual(self._agrees(late, soon), split)
        milk = moves.filtered(lambda move: move.product_id == self.milk)
        self.assertEqual(milk.mapped("quantity"), [3, 6])

    def test_a_kit_of_what_expired_is_not_ready_and_says_so(self):
        self._lot(6, -3)
        self._lot(2, 20)
        order = self._delivery(3, 1, self.breakfast)
        self.assertEqual(self._agrees(order), [(3, 1, 0, 2)])
        verdict = self._line(order.order_line).with_user(self.seller).why["verdict"]
        self.assertIn(
            "Held back by component Milk: 2 Units of 6 Units are there.", verdict
        )
        self._check(order.order_line.sudo().move_ids)

    def test_what_is_reserved_for_a_kit_stays_when_its_lot_expires(self):
        self._lot(6, 3)
        order = self._delivery(3, 1, self.breakfast)
        order.sudo().picking_ids.action_assign()
        order.sudo().picking_ids.move_ids.date = self._after(9)
        self.assertEqual(self._agrees(order), [(3, 3, 0, 0)])

    def test_a_kit_and_its_loose_component_share_what_is_fresh(self):
        self._lot(4, 5)
        self._lot(6, 30)
        loose = self._delivery(3, 2)
        kits = self._delivery(4, 8, self.breakfast)
        self.assertEqual(self._agrees(loose, kits), [(3, 3, 0, 0), (4, 3, 0, 1)])
        self._check((loose + kits).order_line.sudo().move_ids)

    def test_figures_of_a_kit_follow_a_new_date_of_the_lot(self):
        lot = self._lot(6, 9)
        order = self._delivery(3, 1, self.breakfast)
        self.assertEqual(self._agrees(order), [(3, 3, 0, 0)])
        self.env["backlog.fold"]._fold()
        lot.removal_date = self._after(-1)
        self.assertEqual(self._agrees(order), [(3, 0, 0, 3)])

    def test_a_kit_is_promised_of_what_is_fresh(self):
        self.warehouse.out_type_id.reservation_method = "at_confirm"
        self._lot(6, -3)
        self._lot(5, 20)
        quotation = self._quote((self.breakfast, 3))
        self.assertEqual(quotation.order_line.quote_ready_qty, 2)
        product = self.breakfast.with_user(self.seller)
        promise = product.get_promise(product.id, 3)
        self.assertEqual((promise["ready"], promise["to_source"]), (2, 1))
        self.assertEqual(
            [
                (part["product_id"], part["qty"], part["by"])
                for part in promise["to_source_parts"]
            ],
            [(self.milk.id, 1, False)],
        )
        quotation.action_confirm()
        self.assertEqual(self._agrees(quotation), [(3, 2, 0, 1)])

    def test_expired_components_of_kits_are_bought_anew(self):
        self.milk.seller_ids = [
            Command.create({"partner_id": self.vendor.id, "price": 10, "delay": 2})
        ]
        self._lot(6, -3)
        self._delivery(2, 1, self.breakfast)
        self.env["backlog.suggestion"].generate([self.milk.id])
        suggestion = self.env["backlog.suggestion"].search(
            [("product_id", "=", self.milk.id)]
        )
        self.assertEqual(suggestion.mapped("suggested_qty"), [4])

    # Production

    def test_production_takes_no_lot_that_is_gone_before_it_begins(self):
        self._lot(5, 3)
        self._lot(3, None)
        late = self._start(self.cheese, 3, days=10)
        soon = self._start(self.cheese, 2, days=1)
        moves = (late + soon).move_raw_ids
        milk = moves.filtered(lambda move: move.product_id == self.milk)
        self.assertEqual(self._ready_by_move(milk), [3, 4])
        self._check(moves)

    def test_a_line_waits_for_the_raw_material_that_expires(self):
        self._lot(6, 3)
        order = self._order(self.cheese, 3, commitment_date=self._after(1))
        production = self._start(self.cheese, 3, days=10)
        self.assertEqual(self._agrees(order), [(3, 0, 3, 0)])
        line = self._line(order.order_line)
        self.assertEqual(line.delay_cause, "component")
        sentence = f"{production.name} waits for 6 Units of Milk."
        self.assertIn(sentence, line.with_user(self.seller).why["verdict"])
        self._check(production.move_raw_ids)

        self._lot(6, 30)
        line = self._line(order.order_line)
        self.assertEqual(line.delay_cause, "supply_late")
        self.assertNotIn("Milk", str(line.with_user(self.seller).why["verdict"]))
        production.action_assign()
        self.assertEqual(production.reservation_state, "assigned")

    def test_production_and_deliveries_share_what_is_fresh(self):
        self._lot(4, 5)
        self._lot(6, 30)
        production = self._start(self.cheese, 3, days=8)
        loose = self._delivery(5, 2)
        self.assertEqual(self._agrees(loose), [(5, 5, 0, 0)])
        ready = self._check(production.move_raw_ids | loose.order_line.sudo().move_ids)
        self.assertEqual(sorted(ready), [3, 5, 5])

    def test_what_was_picked_for_production_is_used_as_odoo_uses_it(self):
        """Odoo looks at no date of what an earlier step brought."""
        self.warehouse.manufacture_steps = "pbm"
        self.warehouse.pbm_type_id.reservation_method = "manual"
        lot = self._lot(6, 3)
        production = self._start(self.cheese, 3, days=1)
        pick = production.picking_ids
        self._check(pick.move_ids)
        pick.move_ids.picked = True
        self._validate(pick)
        production.do_unreserve()
        lot.removal_date = self._after(-1)
        ready = self._check(production.move_raw_ids)
        self.assertEqual(sorted(ready), [3, 6])

    def test_expired_raw_material_is_bought_anew(self):
        self.milk.seller_ids = [
            Command.create({"partner_id": self.vendor.id, "price": 10, "delay": 2})
        ]
        self._lot(6, 3)
        self._start(self.cheese, 2, days=10)
        self.env["backlog.suggestion"].generate([self.milk.id])
        suggestion = self.env["backlog.suggestion"].search(
            [("product_id", "=", self.milk.id)]
        )
        self.assertEqual(suggestion.mapped("suggested_qty"), [4])

    def test_what_can_be_made_of_expired_goods_has_no_date(self):
        self._lot(6, -3)
        product = self.cheese.with_user(self.seller)
        self.assertFalse(product.get_promise(product.id, 2)["expected_date"])
        self._lot(4, 30)
        self.assertTrue(product.get_promise(product.id, 2)["expected_date"])
