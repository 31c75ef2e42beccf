from xmlrpc.client import Fault

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..suggestions import SuggestionCase
from ..wire import WireCase

MODEL = "backlog.suggestion"


@tagged("post_install", "-at_install")
class TestSuggestionRpc(WireCase, SuggestionCase):
    """Another program runs, reads and accepts suggestions as the buyer, on a live
    server, over both of Odoo's APIs: plain JSON in and out, never None."""

    def setUp(self):
        super().setUp()
        self.table = self._table()
        self.order = self._wanted([(self.product, 5), (self.table, 2)])
        self.caller = self.buyer
        self.env.flush_all()

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
            before = [] if ids is None else [ids]
            return self._xmlrpc(MODEL, method, *before, **params)

        self._assert_life(call)

    def test_over_json2(self):
        def call(method, ids=None, **params):
            before = {} if ids is None else {"ids": ids}
            return self._json2(MODEL, method, **before, **params)

        self._assert_life(call)

    @mute_logger("odoo.http")
    def test_errors_are_sentences(self):
        self._generate()
        ids = self._suggested().ids
        for sentence, method, params in (
            ("Say in a few words why", "action_dismiss", {"ids": ids, "reason": ""}),
            ("must look like 2030-12", "action_snooze", {"ids": ids, "until": "soon"}),
            ("as a list of ids", "generate", {"product_ids": "chairs"}),
        ):
            with self.subTest(sentence):
                self._assert_json2_refused(422, sentence, MODEL, method, **params)
                before = [params.pop("ids")] if "ids" in params else []
                with self.assertRaisesRegex(Fault, sentence):
                    self._xmlrpc(MODEL, method, *before, **params)

    @mute_logger("odoo.http")
    def test_who_may_not_buy_is_refused(self):
        for sentence, method, params in (
            ("Reorder Suggestion", "generate", {"product_ids": False}),
            ("Private method", "_accept", {"choices": []}),
        ):
            with self.subTest(method):
                self._assert_json2_refused(
                    403, sentence, MODEL, method, user=self.seller, **params
                )
                with self.assertRaisesRegex(Fault, sentence):
                    self._xmlrpc(MODEL, method, user=self.seller, **params)
