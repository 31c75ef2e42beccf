from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import BacklogCase

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
INJECTION = "id'; DROP TABLE backlog_kept_line; --"
READ = ("backlog.line", "backlog.allocation", "backlog.cash", "backlog.service")


@tagged("post_install", "-at_install")
class TestHostile(HttpCase, BacklogCase):
    """Who means harm gets an answer without any: no SQL of theirs is run, no markup of
    theirs is shown, and nothing is called that is not for them."""

    def setUp(self):
        super().setUp()
        self.user = new_test_user(
            self.env, "hostile", "sales_team.group_sale_salesman_all_leads"
        )
        self._put_in_stock(self.product, 1)
        self.order = self._order((self.product, 3)).with_env(self.env)
        self.env.flush_all()

    def _as(self, model, **context):
        return self.env[model].with_user(self.user).with_context(**context)

    def _assert_refused(self, call, *arguments):
        try:
            answer = call(*arguments)
        except (KeyError, UserError, ValueError):
            return
        self.fail(f"It was answered: {answer}")

    # SQL

    def test_names_in_domains_orders_and_groups_are_no_sql(self):
        for model in READ:
            records = self._as(model)
            for call in (
                lambda records: records.search([(INJECTION, "=", 1)]),
                lambda records: records.search([("id", INJECTION, 1)]),
                lambda records: records.search([], order=INJECTION),
                lambda records: records._read_group([], [INJECTION]),
                lambda records: records._read_group([], [], [INJECTION + ":sum"]),
                lambda records: records._read_group([], [], ["id:" + INJECTION]),
                lambda records: records.search_read([], [INJECTION]),
            ):
                with self.subTest(model=model):
                    self._assert_refused(call, records)
        self.assertTrue(self._as("backlog.line").search_count([]))

    def test_values_in_domains_are_values(self):
        for value in (INJECTION, "' OR 1=1 --", "%", "\\", "\x1f", "é" * 10_000):
            for name in ("order_id.name", "product_id", "partner_id"):
                with self.subTest(name=name, value=value[:20]):
                    self.assertFalse(
                        self._as("backlog.line").search([(name, "=", value)])
                    )
        self.assertFalse(self._as("backlog.line").name_search(INJECTION))

    def test_what_a_context_brings_is_no_sql(self):
        lines = self.order.order_line
        for name in ("product_ids", "live", "stale", "current", "lines", "slices"):
            for value in (INJECTION, [INJECTION], {"a": 1}, -1, [[1]], True):
                context = {f"backlog_{name}": value}
                with self.subTest(**context):
                    found = self._as("backlog.line", **context).search(
                        [("order_line_id", "in", lines.ids)]
                    )
                    self.assertEqual(found.mapped("open_qty"), [3])
        for value in (INJECTION, "TRUE", ["TRUE"]):
            slices = self._as("backlog.allocation", backlog_ready_of=value)
            found = slices.search([("order_line_id", "in", lines.ids)])
            self.assertEqual(sorted(found.mapped("qty")), [1, 2])

    def test_arguments_of_methods_are_no_sql(self):
        products = self._as("product.product")
        for call in (
            lambda: products.get_promise(INJECTION, 1),
            lambda: products.get_promise(self.product.id, INJECTION),
            lambda: products.get_promise(self.product.id, 1, INJECTION),
            lambda: products.get_promise(self.product.id, 1, False, INJECTION),
            lambda: products.get_promises(INJECTION),
            lambda: self._as("sale.order").get_backlog([INJECTION]),
            lambda: self._as("sale.order").get_backlog(INJECTION),
            lambda: self._as("backlog.line").get_changes(INJECTION),
        ):
            self._assert_refused(call)

    def test_a_hundred_thousand_ids_are_answered(self):
        ids = list(range(1, 100_001))
        found = self._as("backlog.line").search([("id", "in", ids)])
        self.assertTrue(found)
        with self.assertRaises(UserError):
            self._as("sale.order").get_backlog(ids)
        with self.assertRaises(UserError):
            self._as("product.product").get_promise(ids, 1)

    # Markup

    def test_names_are_shown_as_they_are_written(self):
        self.product.name = self.order.partner_id.name = SCRIPT
        self.order.partner_id.lang = "en_US"
        self.env.flush_all()
        pages = {
            "order": ("inventory_backlog.action_report_order_backlog", self.order.ids),
            "customer": (
                "inventory_backlog.action_report_partner_backlog",
                self.order.partner_id.ids,
            ),
        }
        reports = self.env["ir.actions.report"].with_user(self.user)
        for name, (report, ids) in pages.items():
            html = reports._render_qweb_html(report, ids)[0].decode()
            with self.subTest(name):
                self.assertIn("&lt;script&gt;alert(1)", html)
                self.assertNotIn("<script>alert(1)", html)
                self.assertNotIn("<img src=x", html)

    # Methods

    @mute_logger("odoo.http")
    def test_private_methods_cannot_be_called(self):
        key = self.env(user=self.user)["res.users.apikeys"]._generate(
            "rpc", "Test", self._after(1)
        )
        for model, method in (
            ("backlog.kept", "_fold"),
            ("backlog.kept", "_cron_fold"),
            ("backlog.kept", "_touch_everything"),
            ("backlog.allocation", "_raw_slices"),
            ("backlog.line", "_told"),
            ("product.product", "_get_promises"),
            ("backlog.suggestion", "_cron_generate"),
            ("sale.order.line", "_keep_first_fill"),
        ):
            answer = self.url_open(
                f"/json/2/{model}/{method}",
                json={},
                headers={
                    "Authorization": f"Bearer {key}",
                    "X-Odoo-Database": self.env.cr.dbname,
                },
            )
            with self.subTest(f"{model}.{method}"):
                self.assertIn(answer.status_code, (403, 404))
                with self.assertRaisesRegex(Exception, "Private method"):
                    self.xmlrpc_object.execute_kw(
                        self.env.cr.dbname, self.user.id, key, model, method, []
                    )

    def test_nobody_writes_what_is_computed(self):
        line = self._as("backlog.line").search([], limit=1)
        for call in (
            lambda: line.write({"open_qty": 0}),
            lambda: line.unlink(),
            lambda: line.create({"order_id": self.order.id}),
            lambda: self._as("backlog.kept.line").create({}),
            lambda: self._as("backlog.touched").create({"product_id": 1}),
            lambda: self._as("backlog.change").search([]),
        ):
            with self.assertRaises(AccessError):
                call()

    def test_an_order_with_a_long_name_is_read(self):
        self.order.write(
            {
                "name": "L" * 3_000,
                "order_line": [
                    Command.update(self.order.order_line.id, {"name": "x" * 100_000})
                ],
            }
        )
        self.env.flush_all()
        [row] = self._as("sale.order").get_backlog(self.order.ids)
        self.assertEqual(row["name"], "L" * 3_000)
