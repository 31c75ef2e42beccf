import json
import os
import re
import subprocess
from contextlib import redirect_stdout
from io import StringIO

from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from ..common import BacklogCase
from ..repository import ROOT, needs_repository

PAGES = ("README.md", "docs/api.md")
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@needs_repository
@tagged("post_install", "-at_install")
class TestApi(HttpCase, BacklogCase):
    """What the documents tell programmers to write does what they say."""

    def setUp(self):
        super().setUp()
        self.user = new_test_user(
            self.env,
            "programmer",
            "sales_team.group_sale_salesman_all_leads,stock.group_stock_user,"
            "purchase.group_purchase_user,inventory_backlog.group_backlog_manager,"
            "base.group_system",
        )
        self._put_in_stock(self.product, 3)
        table = self._product("Table")
        self._order((self.product, 5), (table, 2))
        self._order(self.product, 2)
        late = self._order(self._product("Chair"), 1).with_env(self.env)
        late.commitment_date = self._after(-3)
        stool = self._product("Stool")
        self._put_in_stock(stool, 1)
        self._order(stool, 1)
        self._purchase(table, 6, days=3)
        for name in ("Lamp", "Shade", "Bulb"):
            self._order(self._bought(name), 1)
        self.kept = self.env["backlog.kept"]
        self.env["backlog.fold"]._fold()
        self.key = self.env(user=self.user)["res.users.apikeys"]._generate(
            "rpc", "Test", self._after(1)
        )
        self.env.flush_all()
        self.env.cr.clear()

    def _bought(self, name):
        offer = {"partner_id": self.vendor.id, "price": 1, "delay": 2}
        buy = self.warehouse.buy_pull_id.route_id
        return self._product(
            name, route_ids=buy.ids, seller_ids=[Command.create(offer)]
        )

    def _blocks(self, page, kind):
        """The examples of a page, with this server in the place of the reader's."""
        text = (ROOT / page).read_text()
        blocks = [code for found, code in BLOCK.findall(text) if found == kind]
        here = {
            "url, db =": f"url, db = {self.base_url()!r}, {self.env.cr.dbname!r}",
            "login, secret =": "login, secret = 'programmer', 'programmer'",
            "api_key =": f"api_key = {self.key!r}",
        }
        return [
            "\n".join(
                next((here[start] for start in here if line.startswith(start)), line)
                for line in code.splitlines()
            )
            for code in blocks
        ]

    def test_python_examples_run(self):
        for page in PAGES:
            names = {"__name__": "example"}
            printed = StringIO()
            with self.allow_requests(all_requests=True), redirect_stdout(printed):
                for number, code in enumerate(self._blocks(page, "python"), 1):
                    # One goes on where the one before ended.
                    compiled = compile(code, f"{page}, example {number}", "exec")
                    exec(compiled, names)  # noqa: S102 our own pages
            with self.subTest(page):
                self.assertEqual(len(names["late"]), 1)
        self.assertEqual(len(names["ready"]), 1)
        self.assertEqual(len(names["waiting"]), 6)
        self.assertEqual(sum(state["__count"] for state in names["per_state"]), 8)
        self.assertEqual(len(names["known"]), 8)
        self.assertEqual(len(names["same"]), 7)
        self.assertEqual(names["promise"]["to_source"], 5)
        self.assertEqual([part["qty"] for part in names["basket"]], [2, 3])
        self.assertEqual(names["by_day"]["to_source"], 5)
        self.assertEqual(len(names["baskets"]), 1)
        self._assert_suggestions_decided(names)
        self.assertTrue(names["dashboard"]["tiles"])
        rule = self.env["base.automation"].browse(names["rule"])
        self.assertEqual(rule.action_server_ids.state, "webhook")
        self.assertEqual(len(rule.action_server_ids.webhook_field_ids), 4)
        self.assertIn("The quantity must be above zero.", printed.getvalue())
        self.assertIn("Table", printed.getvalue())

    def _assert_suggestions_decided(self, names):
        self.assertTrue(names["counts"]["created"])
        self.assertEqual(len(names["rfq_ids"]), 1)
        suggestions = self.env["backlog.suggestion"].browse(names["ids"])
        self.assertRecordValues(
            suggestions,
            [
                {"state": "ordered", "dismiss_reason": False, "snooze_until": False},
                {
                    "state": "snoozed",
                    "dismiss_reason": False,
                    "snooze_until": self._after(14).date(),
                },
                {
                    "state": "dismissed",
                    "dismiss_reason": "No need.",
                    "snooze_until": False,
                },
            ],
        )

    def test_curl_examples_run(self):
        examples = [
            (page, code)
            for page in PAGES
            for code in self._blocks(page, "sh")
            if code.startswith("curl")
        ]
        self.assertEqual(len(examples), 2)
        for page, code in examples:
            with self.subTest(page), self.allow_requests(all_requests=True):
                answer = self._bash(code)
                rows = answer if isinstance(answer, list) else answer["lines"]
                self.assertTrue(all(row["id"] for row in rows) and rows)

    def _bash(self, command):
        """What the command prints, as JSON; curl must be there, ./dev sees to it."""
        done = subprocess.run(
            ["bash", "-c", command],
            env={**os.environ, "URL": self.base_url(), "API_KEY": self.key},
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)
