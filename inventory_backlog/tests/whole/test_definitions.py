from inspect import isfunction

from lxml import etree

from odoo.models import BaseModel
from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestDefinitions(TransactionCase):
    """How a figure is counted is on screen wherever the figure is."""

    def _views(self, *types):
        """``(view, its arch)`` of this addon."""
        names = self.env["ir.model.data"].search(
            [("module", "=like", "inventory_backlog%"), ("model", "=", "ir.ui.view")]
        )
        views = self.env["ir.ui.view"].browse(names.mapped("res_id"))
        for view in views.filtered(
            lambda view: view.type in types and not view.inherit_id
        ):
            yield view, etree.fromstring(view.arch)

    def test_no_step_of_the_split_hides_a_method_of_odoo(self):
        """A step called ``_origin`` broke every read of the model."""
        own = {
            name
            for model in ("allocation", "demand", "live.slice", "live.line", "supply")
            for part in type(self.env[f"backlog.{model}"]).mro()
            if part.__module__.startswith("odoo.addons.inventory_backlog")
            for name, value in vars(part).items()
            if isfunction(value)
        }
        self.assertIn("_queue", own)
        self.assertEqual(own.intersection(dir(BaseModel)), {"_field_to_sql"})

    def test_measures_say_how_they_are_counted(self):
        for view, arch in self._views("pivot", "graph"):
            for node in arch.iterfind("field[@type='measure']"):
                with self.subTest(view=view.name, field=node.get("name")):
                    field = self.env[view.model]._fields[node.get("name")]
                    self.assertTrue(field.help)

    def test_every_pivot_shows_the_definitions_of_its_measures(self):
        for view, arch in self._views("pivot"):
            with self.subTest(view=view.name):
                self.assertEqual(arch.get("js_class"), "backlog_pivot")
