import re

from lxml import etree

from odoo.orm.model_classes import _init_model_class_attributes, add_to_registry
from odoo.orm.models import MetaModel
from odoo.tests import tagged
from odoo.tools import SQL
from odoo.tools.convert import xml_import

from ..common import BacklogCase
from ..repository import ROOT, needs_repository
from ..suggestions import SuggestionCase

PAGE = ROOT / "docs/developers.md"
# Of a page: its sections, and the code in one of them.
SECTION = r"^#+ {}\n(.*?)(?=^#+ |\Z)"
CODE = r"^```{}\n(.*?)^```$"
ADDON = "my_addon"
BRIDGE = "odoo.addons.inventory_backlog_mrp"
# Where the files of a row can be.
HOMES = [
    ROOT / addon / room
    for addon in ("inventory_backlog", "inventory_backlog_mrp")
    for room in ("", "models", "tests")
]
FILE = re.compile(r"`([a-z]\S+\.\w+)`")
NAME = re.compile(r"`(?:([a-z]\w*(?:\.\w+)+)\.)?(_\w+)(…?)`")


class PageCase:
    """Installs the small addons of the page for developers."""

    def _install(self, title):
        """The addon of a section of the page, as if it were installed."""
        text = PAGE.read_text()
        [section] = re.findall(
            SECTION.format(re.escape(title)), text, re.MULTILINE | re.DOTALL
        )
        [code] = re.findall(CODE.format("python"), section, re.MULTILINE | re.DOTALL)
        exec(code, {"__name__": f"odoo.addons.{ADDON}.models"})  # noqa: S102 our page
        definitions = MetaModel._module_to_models__.pop(ADDON)
        for definition in definitions:
            add_to_registry(self.registry, definition)
        self.addCleanup(self._uninstall, definitions)
        self._set_up_models(definitions)
        for views in re.findall(CODE.format("xml"), section, re.MULTILINE | re.DOTALL):
            xml_import(self.env, ADDON, {}, "init").parse(etree.fromstring(views))

    def _uninstall(self, definitions):
        for definition in definitions:
            model = self.registry[definition._name]
            model._base_classes__ = tuple(
                base for base in model._base_classes__ if base is not definition
            )
            _init_model_class_attributes(model)
        self._set_up_models(definitions)

    def _set_up_models(self, definitions):
        names = [definition._name for definition in definitions]
        self.registry._setup_models__(self.env.cr, names)

    def _columns(self, model):
        """Add the columns that the table of a model lacks."""
        self.registry.init_models(self.env.cr, [model], {"module": ADDON})

    def _assert_lines(self, lines, name, expected):
        """A column of ``backlog.line``, computed now and as kept then."""
        for _time in range(2):
            self.assertEqual(self._line(lines).mapped(name), expected)
            self.env["backlog.fold"]._fold()
            self.assertEqual(
                self.env["backlog.kept"].differences(), {"slices": [], "lines": []}
            )

    def _colors(self, model):
        """The causes or kinds that the bars of a kanban view have a color for."""
        arch = etree.fromstring(self.env[model].get_view(view_type="kanban")["arch"])
        return [bar.get("colors") for bar in arch.iter("progressbar")]


@needs_repository
@tagged("post_install", "-at_install")
class TestDevelopers(PageCase, BacklogCase):
    """What the page for developers tells to write does what it says."""

    def test_every_file_and_hook_of_the_page_is_there(self):
        rows = re.findall(r"^\| (.+) \|$", PAGE.read_text(), re.MULTILINE)
        for path in FILE.findall("".join(rows)):
            if path.endswith((".py", ".xml", ".json", ".js", ".scss", ".csv")):
                with self.subTest(path):
                    self.assertTrue(self._files(path))
        hooks = [row.split(" | ") for row in rows if row.startswith("`_")]
        self.assertTrue(hooks)
        for methods, model, _what, who in hooks:
            model = type(self.env[model.strip("`")])
            for method in re.findall(r"`(\w+)", methods.replace("<action>", "make")):
                with self.subTest(model=model._name, method=method):
                    self.assertTrue(hasattr(model, method))
                    if who in ("bridge", "nobody") and self._has_bridge():
                        is_overridden = any(
                            method in vars(part)
                            for part in model.mro()
                            if part.__module__.startswith(f"{BRIDGE}.")
                        )
                        self.assertEqual(is_overridden, who == "bridge")

    def test_every_method_of_a_row_is_in_a_file_of_the_row(self):
        """Or, with the name of a model before it, in that model."""
        [table] = re.findall(
            SECTION.format("Where to change what"),
            PAGE.read_text(),
            re.MULTILINE | re.DOTALL,
        )
        for row in re.findall(r"^\| (.+) \|$", table, re.MULTILINE):
            files = {file for path in FILE.findall(row) for file in self._files(path)}
            text = "\n".join(file.read_text() for file in files)
            for model, method, more in NAME.findall(row):
                with self.subTest(row=row.split(" | ")[0], method=method):
                    if model:
                        self.assertTrue(hasattr(type(self.env[model]), method))
                    else:
                        name = method if more else rf"{method}\b"
                        self.assertRegex(text, rf"(?m)^ +(def {name}|{name} = )")

    def _files(self, path):
        """The files that the page calls so, in both addons."""
        return [home / path for home in HOMES if (home / path).is_file()]

    def _has_bridge(self):
        return "backlog.suggestion.component" in self.env

    def test_a_team_is_served_first(self):
        team = self.env["crm.team"].create({"name": "First"})
        self.env["ir.config_parameter"].set_param("my_addon.team", team.id)
        self._put_in_stock(self.product, 5)
        lines = self.env["sale.order.line"].union(
            *(
                self._order(self.product, 4, team_id=one.id).order_line
                for one in (self.env["crm.team"], team)
            )
        )
        lines.sudo().move_ids._do_unreserve()
        self._assert_ready(lines, [4, 1])
        self._install("Serve the orders of one team first")
        self.assertIsNone(self.env["backlog.kept"]._stale(), "it is of another rule")
        self._assert_ready(lines, [1, 4])
        first = lines[0].order_id.sudo()
        first.team_id, lines[1].order_id.sudo().team_id = team, False
        self._assert_ready(lines, [4, 1])
        first.team_id = False
        lines[1].order_id.sudo().team_id = team
        self._assert_ready(lines, [1, 4])
        self.env["ir.config_parameter"].set_param("my_addon.team", 0)
        self._assert_ready(lines, [4, 1])

    def _assert_ready(self, lines, expected):
        """Of the lines, by what is computed now and by what is kept then."""
        for _time in range(2):
            self.assertEqual([ready for _o, ready, *_s in self._split(lines)], expected)
            self.assertEqual(self._line(lines).mapped("backlog_qty"), expected)
            self._assert_ranks(lines, expected)
            self.env["backlog.fold"]._fold()

    def _assert_ranks(self, lines, expected):
        """Who gets most stands first in the queue, also as *Why?* counts."""
        ranks = dict(
            self.env["backlog.allocation"]._read_group(
                [("order_line_id", "in", lines.ids)],
                ["order_line_id"],
                ["queue_rank:min"],
            )
        )
        places = [1 if ready == max(expected) else 2 for ready in expected]
        self.assertEqual([ranks[line] for line in lines], places)

    def test_a_column_is_computed_today(self):
        lines = self._order(
            (self.product, 1), (self.product, 1), commitment_date=self._after(3)
        ).order_line
        late = self._order(self.product, 1, commitment_date=self._after(-2)).order_line
        self._install("Add a column of the line, computed today")
        self._assert_lines(lines + late, "days_left", [-2, 3, 3])
        self.env["backlog.line"].invalidate_model()
        found = self.env["backlog.line"].search(
            [("days_left", "<", 0), ("product_id", "=", self.product.id)]
        )
        self.assertEqual(found.ids, late.ids)
        view = self.env["backlog.line"].get_view(view_type="list")
        self.assertIn('name="days_left"', view["arch"])

    def test_a_column_is_cached(self):
        order = self._order(self.product, 1, client_order_ref="A 1")
        self._install("Add a column of the line, cached")
        self._columns("backlog.kept.line")
        self.assertIsNone(self.env["backlog.kept"]._stale(), "it is of another rule")
        self.env["backlog.trigger"]._attach()
        # As in the transactions after the one that attached them.
        self.env.cr.precommit.data.pop("backlog_attached")
        self._assert_lines(order.order_line, "client_order_ref", ["A 1"])
        self.assertIsNotNone(self.env["backlog.kept"]._stale(), "rows count again")
        order.sudo().client_order_ref = "B 2"
        self._assert_lines(order.order_line, "client_order_ref", ["B 2"])
        order.flush_model()
        self.env.cr.execute(
            SQL("UPDATE sale_order SET client_order_ref = 'C' WHERE id = %s", order.id)
        )
        self._assert_lines(order.order_line, "client_order_ref", ["C"])

    def test_a_delay_has_another_cause(self):
        new, old = (
            self._order(self.product, 1, commitment_date=self._after(1)).order_line
            for _time in range(2)
        )
        old.order_id.sudo().date_order = self._after(-2)
        self._assert_lines(new + old, "delay_cause", ["no_supply", "no_supply"])
        self._install("Add a cause of delay")
        self._assert_lines(new + old, "delay_cause", ["just_ordered", "no_supply"])
        labels = dict(self.env["backlog.line"]._selection_delay_cause())
        self.assertIn("just_ordered", labels)
        for colors in self._colors("backlog.line"):
            for cause in labels:
                self.assertIn(f'"{cause}"', colors)


@needs_repository
@tagged("post_install", "-at_install")
class TestDevelopersSuggest(PageCase, SuggestionCase):
    """The kind of suggestion that the page adds, from the run to its document and
    back."""

    def test_goods_are_borrowed_where_no_vendor_sells(self):
        self.product.seller_ids.unlink()
        self._wanted(self.product, 5)
        self.assertEqual(self._suggest().action_type, "buy")
        self._install("Add a kind of suggestion")
        self._changed_later()
        [borrow] = self._suggest()
        self.assertEqual(self._figures(borrow), [("borrow", 5, 0, 5)])
        self.assertFalse(borrow.obstacle)
        self.assertIn('"borrow"', *self._colors("backlog.suggestion"))
        borrow.with_user(self.env.ref("base.user_admin")).action_accept()
        receipt = borrow.sudo().move_ids.picking_id
        self.assertEqual(
            (receipt.state, receipt.picking_type_code), ("draft", "incoming")
        )
        self._generate()
        self.assertEqual(self._suggested(), borrow, "it is under way")
        self.assertEqual(borrow.state, "ordered")
        borrow.with_user(self.env.ref("base.user_admin")).action_undo()
        self.assertFalse(receipt.exists())
        self.assertEqual(borrow.state, "proposed")
        borrow.with_user(self.env.ref("base.user_admin")).action_accept()
        borrow.sudo().move_ids.picking_id.button_validate()
        self.assertEqual(borrow.state, "done")
        self._generate()
        self.assertFalse(self._suggested())
