from odoo.fields import Command
from odoo.tests import tagged

from ..common import MrpBacklogCase


@tagged("post_install", "-at_install")
class TestKeptParts(MrpBacklogCase):
    """What is kept in parts while components move: a line hangs on products that it
    does not sell."""

    def _assert_exact_in_parts(self, *products):
        """Between any two parts a delivery of each product would be seen."""
        kept = self.env["backlog.kept"]
        kept.env["backlog.fold"]._fold()
        self.env.cr.execute("UPDATE backlog_kept SET signature = 'of another day'")
        self.env.cr.execute("TRUNCATE backlog_kept_slice, backlog_kept_line")
        left = None
        while left != 0:
            kept.env["backlog.fold"]._fold(1)
            before, left = left, len(kept._stale().touched)
            self.assertTrue(before is None or left < before)
            for product in products:
                self._assert_seen(kept, product)

    def _assert_seen(self, kept, product):
        savepoint = self.env.cr.savepoint()
        self._put_in_stock(product, 1)
        self.assertEqual(kept.differences(), {"slices": [], "lines": []})
        savepoint.close(rollback=True)
        self.env.invalidate_all()

    def test_kits(self):
        # Kept in the order of their ids.
        table, leg, top = (self._product(name) for name in ("Table", "Leg", "Top"))
        self._bom(table, (leg, 4), (top, 1), bom_type="phantom")
        self._put_in_stock(leg, 4)
        self._order((table, 2))
        self._order((self._product("Lamp"), 1))
        self._assert_exact_in_parts(leg, top)

    def _order_of_a_desk(self):
        """A desk that waits for wood, and what is kept of it."""
        desk, wood, nail = (self._product(name) for name in ("Desk", "Wood", "Nail"))
        self._put_in_stock(nail, 99)
        self._bom(desk, (wood, 3), (nail, 9))
        production = self._start(desk, 2)
        self._order((desk, 2))
        self.env["backlog.fold"]._fold()
        return production

    def _assert_desk_is_seen(self):
        kept = self.env["backlog.kept"]
        self.env.flush_all()
        self.assertEqual(kept.differences(), {"slices": [], "lines": []})
        self.assertGreater(kept.env["backlog.fold"]._fold(), 0)
        self.assertEqual(kept.differences(), {"slices": [], "lines": []})

    def test_raw_material_that_is_deleted(self):
        production = self._order_of_a_desk()
        wood = production.move_raw_ids[0]
        production.move_raw_ids = [Command.delete(wood.id)]
        self._assert_desk_is_seen()

    def test_raw_material_that_goes_into_something_else(self):
        production = self._order_of_a_desk()
        chair = self._start(self._product("Chair"), 1)
        self.env["backlog.fold"]._fold()
        production.move_raw_ids[0].raw_material_production_id = chair
        self._assert_desk_is_seen()

    def test_raw_material_that_was_not_asked_for(self):
        production = self._order_of_a_desk()
        wood = production.move_raw_ids[0]
        wood.product_uom_qty = 0
        self.env["backlog.kept"].rebuild()
        wood.product_uom_qty = 6
        self._assert_desk_is_seen()

    def test_raw_material(self):
        desk, wood = self._product("Desk"), self._product("Wood")
        self._bom(desk, (wood, 3))
        self._start(desk, 2)
        self._order((desk, 2))
        self._order((self._product("Lamp"), 1))
        self._assert_exact_in_parts(wood)
