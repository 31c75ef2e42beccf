from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import BacklogCase


@tagged("post_install", "-at_install")
class TestRpc(HttpCase, BacklogCase):
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
        self.env.flush_all()
        self.keys = {}

    def _xmlrpc(self, model, method, *args, user=None, **kwargs):
        user = user or self.seller
        return self.xmlrpc_object.execute_kw(
            self.env.cr.dbname, user.id, self._key(user), model, method, args, kwargs
        )

    def _key(self, user):
        if user not in self.keys:
            keys = self.env(user=user)["res.users.apikeys"]
            self.keys[user] = keys._generate("rpc", "Test", self._after(1))
        return self.keys[user]

    def _json2(self, model, method, user=None, **params):
        answer = self.url_open(
            f"/json/2/{model}/{method}",
            json=params,
            headers={
                "Authorization": f"Bearer {self._key(user or self.seller)}",
                "X-Odoo-Database": self.env.cr.dbname,
            },
        )
        return answer.json() if answer.status_code == 200 else answer.status_code

    def _assert_on_both(self, expected, model, method, **params):
        self.assertEqual(self._xmlrpc(model, method, **params), expected)
        self.assertEqual(self._json2(model, method, **params), expected)

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

    def test_strangers_get_nothing(self):
        internal = new_test_user(self.env, "internal", "base.group_user")
        with mute_logger("odoo.http"):
            self.assertEqual(
                self._json2("backlog.line", "search_read", user=internal, domain=[]),
                403,
            )
            with self.assertRaisesRegex(Exception, "Backlog Line"):
                self._xmlrpc("backlog.line", "search_read", [], user=internal)
