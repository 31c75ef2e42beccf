from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..common import MrpBacklogCase


@tagged("post_install", "-at_install")
class TestCheckupMrp(MrpBacklogCase):
    """What is made needs no vendor."""

    def test_what_has_a_bill_of_materials_needs_no_vendor(self):
        manager = new_test_user(
            self.env, "checker", "inventory_backlog.group_backlog_manager"
        )
        part, made = self._product("Part"), self._product("Made")
        self._order(made, 3)

        def state():
            checks = self.env["backlog.checkup"].with_user(manager).get_checks()
            return {one["key"]: one["state"] for one in checks["checks"]}["no_vendor"]

        self.assertEqual(state(), "warn")
        self.env["mrp.bom"].create(
            {
                "product_tmpl_id": made.product_tmpl_id.id,
                "bom_line_ids": [Command.create({"product_id": part.id})],
            }
        )
        self.assertEqual(state(), "ok")
