from xmlrpc.client import Fault

from psycopg2.errors import ReadOnlySqlTransaction

from odoo import api
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..common import BacklogCase
from ..wire import WireCase


@tagged("post_install", "-at_install")
class TestRpc(WireCase, BacklogCase):
    """Other programs read the backlog from a live server, over both of Odoo's APIs."""

    def setUp(self):
        super().setUp()
        self._put_in_stock(self.product, 3)
        self.table = self._product("Table")
        self.order = self._order((self.product, 5), (self.table, 2))
        self.waiting = self._order(self.table, 4)
        self._purchase(self.table, 6, days=3)
        stranger = new_test_user(self.env, "stranger", "sales_team.group_sale_salesman")
        self._order(self.table, 1, user=stranger)
        self.caller = self.seller
        self.env.flush_all()

    def _assert_on_both(self, expected, model, method, **params):
        self.assertEqual(self._on_both(model, method, **params), expected)

    def test_search_read_of_lines(self):
        first, second = self.order.order_line
        self._assert_on_both(
            [
                {
                    "id": first.id,
                    "order_id": [self.order.id, self.order.display_name],
                    "open_qty": 5,
                    "backlog_qty": 3,
                    "incoming_qty": 0,
                    "to_source_qty": 2,
                    "backlog_state": "partial",
                    "open_value": 500,
                    "expected_date": False,
                    "delay_cause": "no_supply",
                },
                {
                    "id": second.id,
                    "order_id": [self.order.id, self.order.display_name],
                    "open_qty": 2,
                    "backlog_qty": 0,
                    "incoming_qty": 2,
                    "to_source_qty": 0,
                    "backlog_state": "incoming",
                    "open_value": 200,
                    "expected_date": "2030-01-18 09:00:00",
                    "delay_cause": "supply_late",
                },
            ],
            "backlog.line",
            "search_read",
            domain=[("order_id", "=", self.order.id)],
            fields=[
                "order_id",
                "open_qty",
                "backlog_qty",
                "incoming_qty",
                "to_source_qty",
                "backlog_state",
                "open_value",
                "expected_date",
                "delay_cause",
            ],
            order="id",
        )

    def test_own_lines_only(self):
        lines = (self.order + self.waiting).order_line
        expected = [{"id": line.id} for line in lines]
        self._assert_on_both(
            expected, "backlog.line", "search_read", fields=["id"], order="id"
        )

    def test_lines_grouped_by_state(self):
        params = {
            "domain": [],
            "groupby": ["backlog_state"],
            "aggregates": ["__count", "open_value:sum"],
        }
        for call in (self._xmlrpc, self._json2):
            for expand, empty in ((False, set()), (True, {"ready", "to_source"})):
                self.assertEqual(
                    {
                        group["backlog_state"]: (
                            group["__count"],
                            group["open_value:sum"] or 0,
                        )
                        for group in call(
                            "backlog.line",
                            "formatted_read_group",
                            context={"read_group_expand": expand},
                            **params,
                        )
                    },
                    {
                        "partial": (1, 500),
                        "incoming": (2, 600),
                        **{state: (0, 0) for state in empty},
                    },
                )

    def test_orders_grouped_by_state(self):
        params = {
            "domain": [["backlog_state", "!=", False]],
            "groupby": ["backlog_state"],
            "aggregates": ["__count", "open_value:sum"],
        }
        for call in (self._xmlrpc, self._json2):
            self.assertEqual(
                {
                    group["backlog_state"]: (group["__count"], group["open_value:sum"])
                    for group in call("sale.order", "formatted_read_group", **params)
                    if group["__count"]
                },
                {"partial": (1, 700), "incoming": (1, 400)},
            )

    def test_orders_searched_by_state(self):
        self._assert_on_both(
            [
                {
                    "id": self.waiting.id,
                    "backlog_state": "incoming",
                    "backlog_expected_date": "2030-01-18 09:00:00",
                    "is_backlog_late": False,
                }
            ],
            "sale.order",
            "search_read",
            domain=[("backlog_state", "=", "incoming")],
            fields=["backlog_state", "backlog_expected_date", "is_backlog_late"],
        )

    def test_slices(self):
        params = {
            "domain": [["order_line_id", "in", self.order.order_line.ids]],
            "fields": ["source", "qty", "document"],
            "order": "product_id, id",
        }
        for call in (self._xmlrpc, self._json2):
            self.assertEqual(
                [
                    (row["source"], row["qty"], bool(row["document"]))
                    for row in call("backlog.allocation", "search_read", **params)
                ],
                [("reserved", 3, False), ("none", 2, False), ("receipt", 2, True)],
            )

    # The methods

    def test_get_backlog(self):
        [answer] = self._on_both("sale.order", "get_backlog", order_ids=self.order.ids)
        self.assertEqual(
            (answer["name"], answer["state"], answer["open_value"]),
            (self.order.name, "partial", 700),
        )
        self.assertEqual(
            [
                (line["product_id"], line["open_qty"], line["expected_date"])
                for line in answer["lines"]
            ],
            [(self.product.id, 5, False), (self.table.id, 2, "2030-01-18 09:00:00")],
        )
        self.assertEqual(
            [(part["source"], part["qty"]) for part in answer["lines"][0]["slices"]],
            [("reserved", 3), ("none", 2)],
        )

    def test_get_promise(self):
        """A stranger's table stands in the queue too."""
        self._purchase(self.table, 3, days=9)
        self.env.flush_all()
        promise = self._on_both(
            "product.product",
            "get_promise",
            product_id=self.table.id,
            qty=4,
            warehouse_id=self.warehouse.id,
            date="2030-01-24",
        )
        self.assertEqual(
            [(part["qty"], part["date"]) for part in promise["incoming"]],
            [(2, "2030-01-24 09:00:00")],
        )
        self.assertEqual(
            (promise["ready"], promise["to_source"], promise["qty_by_date"]), (0, 2, 2)
        )
        self.assertEqual(promise["expected_date"], "2030-01-24 09:00:00")

    def test_get_promises(self):
        wish = {"product_id": self.product.id, "qty": 1}
        self._put_in_stock(self.product, 1)
        self.env.flush_all()
        promises = self._on_both(
            "product.product",
            "get_promises",
            wishes=[wish, {**wish, "warehouse_id": False}],
        )
        self.assertEqual([promise["ready"] for promise in promises], [1, 0])
        alone = self._on_both(
            "product.product",
            "get_promises",
            wishes=[wish, {**wish, "warehouse_id": False}],
            independent=True,
        )
        self.assertEqual([promise["ready"] for promise in alone], [1, 1])

    def test_get_changes(self):
        self.env["backlog.fold"]._fold()
        answer = self._on_both("backlog.line", "get_changes", limit=2)
        lines = self.order.order_line
        self.assertEqual([line["id"] for line in answer["lines"]], lines.ids)
        self.assertEqual(
            answer["lines"][1],
            {
                "id": lines[1].id,
                "is_open": True,
                "order_id": [self.order.id, self.order.display_name],
                "product_id": [self.table.id, self.table.display_name],
                "backlog_state": "incoming",
                "open_qty": 2,
                "backlog_qty": 0,
                "incoming_qty": 2,
                "to_source_qty": 0,
                "promise_date": "2030-01-15 09:00:00",
                "expected_date": "2030-01-18 09:00:00",
                "partial_expected_date": "2030-01-18 09:00:00",
                "overdue_since": False,
            },
        )
        self.assertIs(answer["has_more"], True)
        rest = self._on_both("backlog.line", "get_changes", cursor=answer["cursor"])
        self.assertEqual(
            [line["id"] for line in rest["lines"]], self.waiting.order_line.ids
        )
        self.assertEqual((rest["has_more"], rest["lines"][0]["is_open"]), (False, True))

    def test_what_only_asks_writes_nothing(self):
        """In a transaction that PostgreSQL lets write nothing, not even take a number
        of a sequence. The connection has its own cache: all is read anew."""
        self.env["backlog.fold"]._fold()
        wish = {"product_id": self.table.id, "qty": 9}
        self._promise_a_vendor(self.table)
        self.env.flush_all()
        with self.registry.cursor(readonly=True) as cr:
            env = api.Environment(cr, self.seller.id, {})
            products = env["product.product"]
            promise = products.get_promise(self.table.id, 9, date="2030-01-20")
            self.assertTrue(promise["to_source_date"])
            self.assertTrue(products.get_promises([wish, wish]))
            self.assertTrue(env["sale.order"].get_backlog(self.order.ids))
            self.assertIn("lines", env["backlog.line"].get_changes())
            # Nothing is left to be written at the end either.
            cr.flush()
            with self.assertRaises(ReadOnlySqlTransaction), mute_logger("odoo.sql_db"):
                cr.execute("DELETE FROM backlog_touched")

    def _promise_a_vendor(self, product):
        product.seller_ids = [
            Command.create({"partner_id": self.vendor.id, "delay": 5, "price": 1})
        ]

    # Odoo's own methods

    def test_fields_are_described_as_without_the_addon(self):
        asked = {"attributes": ["string", "type"]}
        for model in (
            "sale.order",
            "sale.order.line",
            "product.template",
            "product.product",
            "stock.move",
            "stock.picking",
        ):
            with self.subTest(model):
                self._assert_on_both(
                    {"id": {"string": "ID", "type": "integer"}},
                    model,
                    "fields_get",
                    allfields=["id"],
                    **asked,
                )
                # The web client and most libraries name the fields by position.
                described = self._xmlrpc(model, "fields_get", ["id"], **asked)
                self.assertEqual(described.keys(), {"id"})
                self.assertIn("id", self._xmlrpc(model, "fields_get", **asked))

    def test_what_is_called_without_ids_stays_so_where_we_override_it(self):
        names = set()
        for model in self.registry.values():
            line = model.mro()
            for place, definition in enumerate(line):
                if not definition.__module__.startswith("odoo.addons.inventory_"):
                    continue
                for name, method in vars(definition).items():
                    if name.startswith("_") or not any(
                        getattr(vars(other).get(name), "_api_model", False)
                        for other in line[place + 1 :]
                    ):
                        continue
                    names.add(name)
                    with self.subTest(model=model._name, method=name):
                        self.assertTrue(getattr(method, "_api_model", False))
        self.assertIn("search_count", names)

    # Errors

    @mute_logger("odoo.http")
    def test_bad_arguments_are_told_in_a_sentence(self):
        product = self.product.id
        for sentence, model, method, params in (
            (
                "The quantity must be above zero",
                "product.product",
                "get_promise",
                {"product_id": product, "qty": -1},
            ),
            (
                "The date must look like 2030-12-31",
                "product.product",
                "get_promise",
                {"product_id": product, "qty": 1, "date": "soon"},
            ),
            (
                "Give a list of at most 10000 wishes",
                "product.product",
                "get_promises",
                {"wishes": "all"},
            ),
            (
                "Give the ids of the orders as a list",
                "sale.order",
                "get_backlog",
                {"order_ids": "all"},
            ),
            (
                "Pass on what the last call returned",
                "backlog.line",
                "get_changes",
                {"cursor": "x"},
            ),
            (
                "The limit must be a whole number",
                "backlog.line",
                "get_changes",
                {"limit": 0},
            ),
        ):
            with self.subTest(sentence):
                self._assert_json2_refused(422, sentence, model, method, **params)
                with self.assertRaises(Fault) as caught:
                    self._xmlrpc(model, method, **params)
                self.assertRegex(caught.exception.faultString, f"^[^\n]*{sentence}")

    @mute_logger("odoo.http")
    def test_arguments_that_are_unknown_or_missing_are_named(self):
        for sentence, params in (
            ("unexpected keyword argument 'colour'", {"colour": "red", "qty": 1}),
            ("missing a required argument: 'qty'", {}),
            ("with ids", {"qty": 1, "ids": [1]}),
        ):
            with self.subTest(sentence):
                self._assert_json2_refused(
                    422,
                    sentence,
                    "product.product",
                    "get_promise",
                    product_id=self.product.id,
                    **params,
                )

    @mute_logger("odoo.http")
    def test_what_does_not_exist_is_told_as_missing(self):
        gone = 999_999_999
        for sentence, model, method, params in (
            ("does not exist", "sale.order", "get_backlog", {"order_ids": [gone]}),
            (
                "does not exist",
                "product.product",
                "get_promise",
                {"product_id": gone, "qty": 1},
            ),
            (
                "does not exist",
                "product.product",
                "get_promises",
                {"wishes": [{"product_id": gone, "qty": 1}]},
            ),
            ("get_promised' does not exist", "product.product", "get_promised", {}),
            ("'backlog.lines' does not exist", "backlog.lines", "get_changes", {}),
        ):
            with self.subTest(model=model, method=method):
                self._assert_json2_refused(404, sentence, model, method, **params)
                with self.assertRaisesRegex(Fault, "does not exist|doesn't exist"):
                    self._xmlrpc(model, method, **params)

    @mute_logger("odoo.http")
    def test_strangers_get_nothing(self):
        internal = new_test_user(self.env, "internal", "base.group_user")
        wish = {"product_id": self.product.id, "qty": 1}
        for sentence, model, method, params in (
            ("Backlog Line", "backlog.line", "search_read", {"domain": []}),
            ("Backlog Line", "backlog.line", "get_changes", {}),
            ("Backlog Line", "product.product", "get_promise", wish),
            ("Backlog Line", "product.product", "get_promises", {"wishes": [wish]}),
            (
                "Sales Order",
                "sale.order",
                "get_backlog",
                {"order_ids": self.order.ids},
            ),
        ):
            with self.subTest(model=model, method=method):
                self._assert_json2_refused(
                    403, sentence, model, method, user=internal, **params
                )
                with self.assertRaisesRegex(Fault, sentence):
                    self._xmlrpc(model, method, user=internal, **params)

    @mute_logger("odoo.http")
    def test_a_wrong_key_gets_nothing(self):
        answer = self.url_open(
            "/json/2/backlog.line/get_changes",
            method="POST",
            json={},
            headers={
                "Authorization": "Bearer wrong",
                "X-Odoo-Database": self.env.cr.dbname,
            },
        )
        self.assertEqual(answer.status_code, 401)
        self.assertEqual(answer.json()["message"], "Invalid apikey")
