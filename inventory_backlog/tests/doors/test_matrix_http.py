from io import BytesIO
from json import dumps

from openpyxl import load_workbook

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..matrix import ROWS, MatrixCase, table
from ..wire import WireCase

REPORTS = {
    "report_backlog": "backlog.report",
    "report_order_backlog": "sale.order",
    "report_partner_backlog": "res.partner",
}
REFUSED = "odoo.exceptions.AccessError"


@tagged("post_install", "-at_install")
class TestMatrixOverHttp(WireCase, MatrixCase):
    """The same doors from outside: calls over the wire and downloads."""

    def setUp(self):
        super().setUp()
        for user in self.users.values():
            user.password = user.login

    def _log_in(self, role):
        login = self.users[role].login
        self.authenticate(login, login)

    def _lines(self):
        """``{id: letter}`` of the table, of one company."""
        own = self._order((self.product, 3), user=self.users["seller"])
        theirs = self._order((self.product, 3))
        return {own.order_line.id: "o", theirs.order_line.id: "t"}

    def _hold_over_http(self, read):
        """The table of rows against ``read(role, lines)``, the ids of the lines that
        come out or None when it is refused."""
        lines = self._lines()
        for role, cell in table(ROWS)["backlog.line"].items():
            found = read(role, list(lines))
            with self.subTest(role=role):
                if cell == "!":
                    self.assertIsNone(found)
                else:
                    found = {lines[line] for line in found}
                    self.assertEqual(found, set(cell) & {"o", "t"})

    @mute_logger("odoo.http")
    def test_calls_over_the_wire(self):
        def read(role, lines):
            self._log_in(role)
            answer = self._call(
                "backlog.line", "search_read", [[("id", "in", lines)], ["id"]]
            )
            if error := answer.get("error"):
                self.assertEqual(error["data"]["name"], REFUSED)
                return None
            return [row["id"] for row in answer["result"]]

        self._hold_over_http(read)

    @mute_logger("odoo.http")
    def test_calls_with_a_key(self):
        def read(role, lines):
            answer = self._json2_answer(
                "backlog.line",
                "search_read",
                self.users[role],
                domain=[("id", "in", lines)],
                fields=["id"],
            )
            if answer.status_code != 200:
                self.assertEqual(answer.json()["name"], REFUSED)
                return None
            return [row["id"] for row in answer.json()]

        self._hold_over_http(read)

    def _export(self, **what):
        """The ids in an export to Excel, or None when it is refused."""
        fields = [
            {"name": name, "label": name, "type": "float"}
            for name in (".id", "open_qty")
        ]
        asked = {"ids": False, "domain": [], "import_compat": False, **what}
        data = dumps({"model": "backlog.line", "fields": fields, **asked})
        answer = self.url_open("/web/export/xlsx", params={"data": data})
        if answer.status_code != 200:
            self.assertIn(REFUSED, answer.text)
            return None
        [_title, *rows] = load_workbook(BytesIO(answer.content)).active.values
        return [int(line) for line, _open in rows]

    @mute_logger("odoo.http", "odoo.addons.web.controllers.export")
    def test_exports(self):
        """By all who may export at all. What is named and not seen is refused."""

        def read(role, lines):
            self.users[role].group_ids += self.env.ref("base.group_allow_export")
            self._log_in(role)
            found = self._export(domain=[("id", "in", lines)])
            named = self._export(ids=lines)
            if set(found or ()) == set(lines):
                self.assertEqual(set(named), set(lines))
            else:
                self.assertIsNone(named)
            return found

        self._hold_over_http(read)

    def _call(self, model, method, args):
        params = {"model": model, "method": method, "args": args, "kwargs": {}}
        return self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            json={"jsonrpc": "2.0", "method": "call", "params": params},
        ).json()

    @mute_logger("odoo.http")
    def test_downloads_of_reports(self):
        """Odoo keeps only the button from who is not in the group of a report: the
        address can be typed by everybody."""
        ours = self.env["ir.actions.report"].search(
            [("report_name", "=like", "inventory_backlog%")]
        )
        names = {name.split(".")[1] for name in ours.mapped("report_name")}
        self.assertEqual(names, set(REPORTS))
        order = self._order((self.product, 3))
        windows = {
            role: self.env["backlog.report"].with_user(user).sudo().create({})
            for role, user in self.users.items()
        }
        may = {
            # The customer's own page says what the user sees: nothing or all of it.
            "report_backlog": {"seller", "all", "stock", "manager", "other", "both"},
            "report_order_backlog": {"all", "stock", "both"},
            "report_partner_backlog": {"seller", "all", "stock", "manager"}
            | {"other", "both"},
        }
        for report, model in REPORTS.items():
            for role in self.users:
                self._log_in(role)
                ids = {
                    "backlog.report": windows[role].id,
                    "sale.order": order.id,
                    "res.partner": order.partner_id.id,
                }
                path = f"inventory_backlog.{report}/{ids[model]}"
                page = self.url_open(f"/report/html/{path}")
                with self.subTest(report=report, role=role):
                    self.assertEqual(page.status_code == 200, role in may[report])
                    # Printing takes seconds: of who may, one role does.
                    if role == "all" or role not in may[report]:
                        self.assertEqual(self._is_printed(path), role in may[report])
                    if role not in may[report]:
                        self.assertNotIn(order.name, page.text)
                    if role in ("seller", "other"):
                        self.assertNotIn(order.name, page.text)

    def _is_printed(self, path):
        forced = dumps({"force_report_rendering": True})
        answer = self.url_open(
            f"/report/pdf/{path}", params={"context": forced}, timeout=60
        )
        return answer.content.startswith(b"%PDF")
