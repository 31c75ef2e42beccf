import re
import shlex
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import requests

from odoo.tests import HttpCase, new_test_user, tagged

from .common import BacklogCase

REPOSITORY = Path(__file__).parents[2]
PAGES = ("README.md", "docs/api.md")
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


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
        self._purchase(table, 6, days=3)
        self.kept = self.env["backlog.kept"]
        self.kept._fold()
        self.key = self.env(user=self.user)["res.users.apikeys"]._generate(
            "rpc", "Test", self._after(1)
        )
        self.env.flush_all()
        self.env.cr.clear()

    def _blocks(self, page, kind):
        """The examples of a page, with this server in the place of the reader's."""
        text = (REPOSITORY / page).read_text()
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
        self.assertEqual(len(names["ready"]), 0)
        self.assertEqual(len(names["waiting"]), 3)
        self.assertEqual(sum(state["__count"] for state in names["per_state"]), 4)
        self.assertEqual(len(names["known"]), 4)
        self.assertEqual(names["promise"]["to_source"], 5)
        self.assertEqual([part["qty"] for part in names["basket"]], [2, 3])
        self.assertTrue(names["counts"]["created"])
        self.assertTrue(names["dashboard"]["tiles"])
        rule = self.env["base.automation"].browse(names["rule"])
        self.assertEqual(rule.action_server_ids.state, "webhook")
        self.assertEqual(len(rule.action_server_ids.webhook_field_ids), 4)
        self.assertIn("The quantity must be above zero.", printed.getvalue())
        self.assertIn("Table", printed.getvalue())

    def test_curl_examples_run(self):
        run = 0
        for page in PAGES:
            for code in self._blocks(page, "sh"):
                command = code.replace("\\\n", " ")
                if not command.startswith("curl"):
                    continue
                command = command.replace("$URL", self.base_url())
                words = shlex.split(command.replace("$API_KEY", self.key))
                with self.subTest(page), self.allow_requests(all_requests=True):
                    answer = requests.post(
                        words[1],
                        data=words[words.index("-d") + 1],
                        headers=dict(
                            words[place + 1].split(": ")
                            for place, word in enumerate(words)
                            if word == "-H"
                        ),
                        timeout=60,
                    )
                    answer.raise_for_status()
                    self.assertIsInstance(answer.json(), list)
                run += 1
        self.assertGreater(run, 0)
