import re
from pathlib import Path

from odoo import modules
from odoo.tests import Form, new_test_user, tagged

from ...tools.given import KEY, giving
from ..common import BacklogCase

OURS = ("inventory_backlog", "inventory_backlog_mrp")
# What our calls give each other today, and under which keys they did so before.
NAMES = (
    "current",
    "describe",
    "described",
    "lines",
    "live",
    "page",
    "product_ids",
    "slices",
    "stale",
)
SHAPES = (
    True,
    False,
    -1,
    "live",
    "SELECT 1 AS id",
    [],
    [-1],
    [True],
    [[1]],
    [None, "x"],
    {"product_ids": [-1]},
    {"_values": {"product_ids": [-1], "live": True}},
)


def carried(answer):
    """The keys of ours that ``answer`` holds, wherever in it.

    >>> carried({"context": {"backlog_live": 1}, "views": [["backlog_given"]]})
    {'backlog_live'}
    """
    if isinstance(answer, dict):
        keys = {KEY, *(f"backlog_{name}" for name in NAMES)}
        found = keys.intersection(answer)
        return found.union(*map(carried, answer.values()))
    if isinstance(answer, list | tuple):
        return set().union(*map(carried, answer))
    return set()


@tagged("post_install", "-at_install")
class TestGiven(BacklogCase):
    """What narrows a call ends with it: it comes from no client, and goes to none."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.lead = new_test_user(
            cls.env,
            "given_lead",
            "sales_team.group_sale_salesman_all_leads,purchase.group_purchase_user",
            lang="en_US",
            tz="UTC",
        )
        cls.customer.lang = "en_US"

    def _world(self):
        table = self._product("Table")
        self._put_in_stock(self.product, 2)
        order = self._order((self.product, 3), (table, 1))
        self._order((table, 4))
        self._purchase(table, 2, days=5)
        self.env.flush_all()
        return order, table

    # Of our own

    def test_what_is_given_ends_with_the_call(self):
        order, table = self._world()
        lines = self.env["backlog.line"]
        everything = lines.search_count([])
        with giving(lines, product_ids=table.ids) as asked:
            [line] = asked.search([("order_id", "=", order.id)])
            with giving(asked, live=True) as within:
                self.assertEqual(within.search([("order_id", "=", order.id)]), line)
        self.assertEqual(asked.search_count([]), everything)
        self.assertEqual(within.search_count([]), everything)
        self.assertEqual(len(line.search([("order_id", "=", order.id)])), 2)

    def test_what_is_given_ends_when_the_call_fails(self):
        _order, table = self._world()
        lines = self.env["backlog.line"]
        with (
            self.assertRaises(ZeroDivisionError),
            giving(lines, product_ids=table.ids) as asked,
        ):
            raise ZeroDivisionError
        self.assertEqual(asked.search_count([]), lines.search_count([]))

    def test_no_context_key_of_ours_is_read_or_set_elsewhere(self):
        """All goes through ``giving`` and ``given``."""
        of_context = re.compile(
            r"with_context\([^)]*backlog_\w+=|context\.get\(\s*f?[\"']backlog_"
            r"|_context\[[\"']backlog_|[\"']context[\"']: {[\"']backlog_"
        )
        for addon in OURS:
            folder = Path(modules.get_module_path(addon))
            for path in sorted(folder.rglob("*.py")):
                if "tests" not in path.relative_to(folder).parts:
                    with self.subTest(path=path.name):
                        self.assertIsNone(of_context.search(path.read_text()))

    def test_every_given_name_is_told(self):
        """A client's context is tried with each name that our code uses."""
        used = set()
        for addon in OURS:
            folder = Path(modules.get_module_path(addon))
            for path in folder.rglob("*.py"):
                if "tests" not in path.relative_to(folder).parts:
                    text = path.read_text()
                    used.update(re.findall(r"given\(self\.env, \"(\w+)\"\)", text))
        self.assertEqual(used, {"live", "product_ids", "stale"})
        self.assertLessEqual(used, set(NAMES))

    # From a client

    def _doors(self, order, table):
        """``{door: what it says}``, each a function of an environment."""
        ids = ("id", "in", order.order_line.ids)
        figures = ["open_qty", "backlog_qty", "incoming_qty", "to_source_qty"]

        def report(env, name, records):
            html, _kind = env["ir.actions.report"]._render_qweb_html(name, records.ids)
            # Each paper has an id of its own for what it shows.
            return re.sub(r"data-oe-\w+=\"[^\"]*\"", "", html.decode())

        def dashboard(env):
            page = env["backlog.dashboard"].get_dashboard("all")
            return {key: page[key] for key in ("line_count", "tiles", "cash", "lines")}

        def suggested(env):
            suggestions = env["backlog.suggestion"]
            suggestions.generate(table.ids)
            return suggestions.search_read(
                [("product_id", "=", table.id)], ["suggested_qty", "shortage_qty"]
            )

        def told(env):
            page = env["backlog.line"].get_changes("", 10_000)
            return [row for row in page["lines"] if row["id"] in order.order_line.ids]

        return {
            "lines": lambda env: env["backlog.line"].search_read([ids], figures),
            "list": lambda env: env["backlog.line"].web_search_read(
                [("order_id", "=", order.id)],
                {"open_qty": {}, "prepaid_value": {}, "block_cause": {}},
            ),
            "form": lambda env: (
                env["backlog.line"].browse(order.order_line.ids).web_read({"why": {}})
            ),
            "count": lambda env: env["backlog.line"].search_count([]),
            "groups": lambda env: env["backlog.line"].formatted_read_group(
                [], ["partner_id"], ["open_value:sum"]
            ),
            "slices": lambda env: env["backlog.allocation"].search_read(
                [("order_line_id", "in", order.order_line.ids)],
                ["source", "qty", "queue_rank"],
            ),
            "cash": lambda env: env["backlog.cash"].search_read(
                [("order_id", "=", order.id)], ["amount", "date"]
            ),
            "service": lambda env: env["backlog.service"].search_count([]),
            "order": lambda env: (
                env["sale.order"]
                .browse(order.id)
                .read(["open_value", "backlog_value", "backlog_state", "backlog_alert"])
            ),
            "orders": lambda env: env["sale.order"].search_count(
                [("open_value", ">", 0)]
            ),
            "order lines": lambda env: env["sale.order.line"].search_read(
                [ids], figures
            ),
            "products": lambda env: env["product.product"].search_read(
                [("open_value", ">", 0)], ["open_value", "backlog_qty"]
            ),
            "moves": lambda env: env["stock.move"].search_read(
                [("sale_line_id", "in", order.order_line.ids)], figures[1:]
            ),
            "get_backlog": lambda env: env["sale.order"].get_backlog(order.ids),
            "get_changes": told,
            "get_promise": lambda env: env["product.product"].get_promise(table.id, 9),
            "dashboard": dashboard,
            "suggestions": suggested,
            "summary": lambda env: report(
                env, "inventory_backlog.report_order_backlog", order
            ),
            "report": lambda env: (
                env["backlog.report"].create({})._data()["total"]["value"]
            ),
            "fields": lambda env: env["sale.order"].fields_get(["open_value"])[
                "open_value"
            ]["sortable"],
        }

    def test_context_of_a_client_changes_no_figure(self):
        order, table = self._world()
        doors = self._doors(order, table)
        keys = [KEY, *(f"backlog_{name}" for name in NAMES)]
        contexts = [
            {
                key: SHAPES[(turn + place) % len(SHAPES)]
                for place, key in enumerate(keys)
            }
            for turn in range(0, len(SHAPES), 4)
        ]
        # Were it heard, no door would show anything.
        contexts += [{"backlog_product_ids": self._product("Other").ids}]
        expected = {door: ask(self._client()) for door, ask in doors.items()}
        self.assertEqual(len(expected["lines"]), 2)
        for context in contexts:
            for door, ask in doors.items():
                with self.subTest(door=door, **context):
                    self.assertEqual(ask(self._client(**context)), expected[door])

    def _client(self, **context):
        """The environment of a call with this context."""
        self.env.invalidate_all()
        return self.env(user=self.lead, context={"lang": "en_US", **context})

    # To a client

    def test_a_mail_from_why_holds_all_orders_of_the_customer(self):
        orders = [
            self._order((self._product(f"Product {number}"), 1)) for number in range(4)
        ]
        line = self._line(orders[0].order_line).with_user(self.lead)
        action = line.action_why()
        self.assertFalse(carried(action))
        # The client passes on the context of a window to what is opened from it.
        from_why = line.with_context(**action["context"])
        opened = from_why.action_open_order()
        self.assertFalse(carried(opened))
        order = from_why.env["sale.order"].browse(opened["res_id"])
        mail = order.action_send_backlog_summary()
        self.assertFalse(carried(mail))
        composers = from_why.env["mail.compose.message"]
        composer = Form(composers.with_context(**mail["context"])).save()
        page = composer.attachment_ids.raw.decode()
        for order in orders:
            self.assertIn(order.name, page)
