from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .suggestions import SuggestionCase


@tagged("post_install", "-at_install")
class TestSuggestionRpc(HttpCase, SuggestionCase):
    """Another program runs, reads and accepts suggestions as the buyer, on a live
    server, over both of Odoo's APIs: plain JSON in and out, never None."""

    def setUp(self):
        super().setUp()
        self.table = self._table()
        self.order = self._wanted([(self.product, 5), (self.table, 2)])
        self.env.flush_all()
        self.keys = {}

    def _key(self, user):
        if user not in self.keys:
            keys = self.env(user=user)["res.users.apikeys"]
            self.keys[user] = keys._generate("rpc", "Test", self._after(1))
        return self.keys[user]

    def _xmlrpc(self, method, *args, user=None, **kwargs):
        user = user or self.buyer
        return self.xmlrpc_object.execute_kw(
            self.env.cr.dbname,
            user.id,
            self._key(user),
            "backlog.suggestion",
            method,
            args,
            kwargs,
        )

    def _json2(self, method, user=None, **params):
        answer = self.url_open(
            f"/json/2/backlog.suggestion/{method}",
            json=params,
            headers={
                "Authorization": f"Bearer {self._key(user or self.buyer)}",
                "X-Odoo-Database": self.env.cr.dbname,
            },
        )
        return answer.json() if answer.status_code == 200 else answer.status_code

    def _assert_life(self, call):
        """``call(method, ids, **params)`` generates, reads, accepts and takes back."""
        counts = call("generate", product_ids=[self.product.id, self.table.id])
        self.assertEqual(
            counts,
            {
                "created": 2,
                "updated": 0,
                "withdrawn": 0,
                "left_to_rules": 0,
                "failed": 0,
            },
        )
        rows = call(
            "search_read",
            domain=[["state", "=", "proposed"]],
            fields=[
                "product_id",
                "action_type",
                "shortage_qty",
                "suggested_qty",
                "need_date",
                "partner_id",
                "estimated_cost",
                "explanation",
            ],
            order="id",
        )
        self.assertEqual(
            [
                (
                    row["product_id"][0],
                    row["action_type"],
                    row["shortage_qty"],
                    row["suggested_qty"],
                    row["need_date"],
                    row["partner_id"][1],
                    row["estimated_cost"],
                )
                for row in rows
            ],
            [
                (self.product.id, "buy", 5, 5, "2030-01-20", "First", 50),
                (self.table.id, "buy", 2, 2, "2030-01-20", "First", 40),
            ],
        )
        chairs, tables = (row["id"] for row in rows)
        self.assertIs(call("action_dismiss", [tables], reason="No"), True)
        self.assertIs(call("action_propose", [tables]), True)
        self.assertIs(call("action_snooze", [tables], until="2030-02-01"), True)
        self.assertIs(call("action_propose", [tables]), True)
        self.assertIs(
            call("action_choose_vendor", [chairs], partner_id=self.second.id), True
        )
        requests = call("action_create_rfq", [chairs, tables])
        self.assertEqual(len(requests), 2)
        self.assertEqual(
            self.env["purchase.order"].browse(requests).partner_id,
            self.first + self.second,
        )
        self.assertIs(call("action_undo", [chairs, tables]), True)
        self.assertFalse(self.env["purchase.order"].browse(requests).exists())
        self.assertIs(call("action_accept", [chairs, tables]), True)
        self.assertEqual(
            set(call("generate", product_ids=False).values()),
            {0},
        )

    def test_over_xmlrpc(self):
        def call(method, ids=None, **params):
            return self._xmlrpc(method, *([] if ids is None else [ids]), **params)

        self._assert_life(call)

    def test_over_json2(self):
        def call(method, ids=None, **params):
            return self._json2(
                method, **({} if ids is None else {"ids": ids}), **params
            )

        self._assert_life(call)

    def test_errors_are_sentences(self):
        self._generate()
        suggestion = self._suggested()
        with mute_logger("odoo.http"):
            for call, sentence in (
                (("action_dismiss", [suggestion.id], ""), "Say in a few words why"),
                (("action_snooze", [suggestion.id], "soon"), "must look like 2030-12"),
                (("generate", "chairs"), "as a list of ids"),
            ):
                with self.assertRaisesRegex(Exception, sentence):
                    self._xmlrpc(*call)
            with self.assertRaisesRegex(Exception, "Reorder Suggestion"):
                self._xmlrpc("generate", user=self.seller)
            self.assertEqual(
                self._json2("generate", user=self.seller, product_ids=False), 403
            )
            self.assertEqual(self._json2("_accept", choices=[]), 403)
