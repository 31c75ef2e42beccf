import re

from odoo.orm.model_classes import _init_model_class_attributes, add_to_registry
from odoo.orm.models import MetaModel
from odoo.tests import tagged

from ..common import BacklogCase
from ..repository import ROOT, needs_repository

PAGE = ROOT / "docs/developers.md"
EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@needs_repository
@tagged("post_install", "-at_install")
class TestDevelopers(BacklogCase):
    """What the page for developers tells to write does what it says."""

    def setUp(self):
        super().setUp()
        self.team = self.env["crm.team"].create({"name": "First"})
        self.env["ir.config_parameter"].set_param("my_addon.team", self.team.id)

    def _install(self):
        """The addon of the page, as if it were installed."""
        [code] = EXAMPLE.findall(PAGE.read_text())
        exec(code, {"__name__": "odoo.addons.my_addon.models"})  # noqa: S102 our page
        [definition] = MetaModel._module_to_models__.pop("my_addon")
        add_to_registry(self.registry, definition)
        self.addCleanup(self._uninstall, definition)
        self._set_up_models()

    def _uninstall(self, definition):
        model = self.registry[definition._name]
        model._base_classes__ = tuple(
            base for base in model._base_classes__ if base is not definition
        )
        _init_model_class_attributes(model)
        self._set_up_models()

    def _set_up_models(self):
        self.registry._setup_models__(self.env.cr, ["backlog.allocation"])

    def test_the_example_serves_a_team_first(self):
        self._put_in_stock(self.product, 5)
        lines = self.env["sale.order.line"].union(
            *(
                self._order(self.product, 4, team_id=team.id).order_line
                for team in (self.env["crm.team"], self.team)
            )
        )
        lines.sudo().move_ids._do_unreserve()
        self._assert_ready(lines, [4, 1])
        self._install()
        self.assertIsNone(self.env["backlog.kept"]._stale(), "it is of another rule")
        self._assert_ready(lines, [1, 4])
        first = lines[0].order_id.sudo()
        first.team_id, lines[1].order_id.sudo().team_id = self.team, False
        self._assert_ready(lines, [4, 1])
        first.team_id = False
        lines[1].order_id.sudo().team_id = self.team
        self._assert_ready(lines, [1, 4])
        self.env["ir.config_parameter"].set_param("my_addon.team", 0)
        self._assert_ready(lines, [4, 1])

    def _assert_ready(self, lines, expected):
        """Of the lines, by what is computed now and by what is kept then."""
        for _time in range(2):
            self.assertEqual([ready for _o, ready, *_s in self._split(lines)], expected)
            self.assertEqual(self._line(lines).mapped("backlog_qty"), expected)
            self.env["backlog.fold"]._fold()
