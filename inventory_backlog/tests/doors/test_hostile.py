from contextlib import suppress
from functools import partial
from xmlrpc.client import Fault

import psycopg2

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Command
from odoo.service.model import get_public_method
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..common import BacklogCase
from ..matrix import ADDONS
from ..suggestions import SuggestionCase
from ..wire import WireCase

INJECTION = "id'; drop table backlog_kept_line; --"
READ = (
    "backlog.line",
    "backlog.allocation",
    "backlog.cash",
    "backlog.service",
    "backlog.snapshot",
    "backlog.suggestion",
    "backlog.vendor.receipt",
)
BUYERS_READ = ("backlog.suggestion", "backlog.vendor.receipt")
WITH_FIGURES = (
    "sale.order",
    "sale.order.line",
    "stock.move",
    "stock.picking",
    "product.product",
    "product.template",
    "product.supplierinfo",
)
OURS = ("inventory_backlog", "inventory_backlog_mrp")
# What other programs may call, besides what the buttons do.
CALLED = {
    ("backlog.checkup", "get_checks"),
    ("backlog.checkup", "hide"),
    ("backlog.checkup", "show"),
    ("backlog.dashboard", "get_cash"),
    ("backlog.dashboard", "get_dashboard"),
    ("backlog.dashboard", "get_salespeople"),
    ("backlog.dashboard", "get_trend"),
    ("backlog.kept", "differences"),
    ("backlog.kept", "rebuild"),
    ("backlog.line", "act"),
    ("backlog.line", "get_changes"),
    ("backlog.line", "get_cards"),
    ("backlog.line", "get_panel"),
    ("backlog.line", "undo_act"),
    ("backlog.suggestion", "generate"),
    ("backlog.suggestion", "order_now"),
    ("backlog.suggestion", "undo_now"),
    ("product.product", "get_promise"),
    ("product.product", "get_promises"),
    ("sale.order", "get_backlog"),
}


NUMBERS = (
    *map(float, ("nan", "inf", "-1e308")),
    *(10**30, True, "abc", "1e400", [1], {"a": 1}),
)
DAYS = (
    *("0001-01-01", "9999-12-31", "99999-01-01", "2030-13-45", "\0"),
    *(True, 5, ["2030-01-01"], {"a": 1}),
)
TEXTS = ("x" * 5_000_000, "a\0b", 5, True, ["a"], {"a": 1})
LINKS = (True, "abc", -1, 10**400, 0.5, {"a": 1})
# What is typed into a field of this type.
TYPED = {
    "char": TEXTS,
    "text": TEXTS,
    "date": DAYS,
    "datetime": DAYS,
    "float": NUMBERS,
    "integer": NUMBERS,
    "monetary": NUMBERS,
    "many2one": LINKS,
    "selection": ("nope", 5, 0.5, ["buy"], {"a": 1}),
}


@tagged("post_install", "-at_install")
class TestHostile(WireCase, BacklogCase):
    """Who means harm gets an answer without any: no SQL of theirs is run, no markup of
    theirs is shown, and nothing is called that is not for them."""

    def setUp(self):
        super().setUp()
        self.user = new_test_user(
            self.env, "hostile", "sales_team.group_sale_salesman_all_leads"
        )
        self.caller = self.user
        self.buyer = new_test_user(
            self.env,
            "hostile_buyer",
            "purchase.group_purchase_user,sales_team.group_sale_salesman_all_leads",
        )
        self._put_in_stock(self.product, 1)
        self.order = self._order((self.product, 3)).with_env(self.env)
        self.env.flush_all()

    def _as(self, model, **context):
        user = self.buyer if model in BUYERS_READ else self.user
        return self.env[model].with_user(user).with_context(**context)

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

    def test_values_compared_with_figures_are_values(self):
        """None comes as far as to make PostgreSQL end the transaction. Odoo refuses
        most by itself, those of each type of field in another way."""
        conditions = (
            ("=", INJECTION),
            ("=", True),
            ("=", {"a": 1}),
            ("=", "\x00"),
            ("in", [None, INJECTION, 10**30]),
            ("<", INJECTION),
            ("<", [1]),
            ("ilike", INJECTION),
            ("any", INJECTION),
            (INJECTION, 1),
        )
        for model in WITH_FIGURES:
            records = self.env[model].with_user(self.buyer)
            for name in self._one_figure_of_each_type(records):
                for condition in conditions:
                    self._assert_no_sql_error(records, (name, *condition))

    def _one_figure_of_each_type(self, records):
        figures = [
            *records._figure_fields(),
            *records._figure_fields("_compute_vendor"),
        ]
        return {f.type: f.name for f in figures if f.search}.values()

    def _assert_no_sql_error(self, records, condition):
        refused = (UserError, ValueError, TypeError, NotImplementedError)
        try:
            with suppress(*refused), mute_logger("odoo.sql_db"):
                records.search([condition], limit=1)
        except psycopg2.Error as error:
            self.fail(f"{records._name}: {condition}: {error}")

    def test_vendors_of_products_are_found_by_name_and_by_id(self):
        """What refuses other values lets these through."""
        self.product.seller_ids = [
            Command.create({"partner_id": self.vendor.id}),
            Command.create({"partner_id": self.customer.id}),
        ]
        self.env.flush_all()
        products = self.env["product.product"].with_user(self.buyer)
        for name, partner in (
            ("main_vendor_id", self.vendor),
            ("backup_vendor_ids", self.customer),
        ):
            for operator, value in (
                ("=", partner.id),
                ("in", partner.ids),
                ("=", partner.name),
                ("ilike", partner.name),
                ("any", [("id", "=", partner.id)]),
            ):
                with self.subTest(name=name, operator=operator, value=value):
                    found = products.search([(name, operator, value)])
                    self.assertIn(self.product.id, found.ids)
        self.assertNotIn(
            self.product.id, products.search([("main_vendor_id", "=", False)]).ids
        )

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
        suggestions = self._as("backlog.suggestion")
        with self.assertRaises(MissingError):
            suggestions.generate(ids)
        with self.assertRaises(MissingError):
            suggestions.browse(ids).action_create_rfq()
        counts = suggestions.generate(self.product.ids * 100_000)
        self.assertEqual((counts["created"], counts["failed"]), (1, 0))

    def test_ids_that_postgresql_cannot_hold_are_ids_of_nothing(self):
        suggestions = self._as("backlog.suggestion")
        products = self._as("product.product")
        for number in (10**10, 10**400, -1):
            for call in (
                lambda number: suggestions.generate([number]),
                lambda number: suggestions.browse(number).action_create_rfq(),
                lambda number: suggestions.browse(number).action_dismiss("No"),
                lambda number: self._as("sale.order").get_backlog([number]),
                lambda number: products.get_promise(number, 1),
                lambda number: products.get_promise(self.product.id, 1, number),
                lambda number: products.get_promises(
                    [{"product_id": number, "qty": 1}]
                ),
            ):
                self._assert_refused(call, number)
        with self.assertRaises(UserError):
            self._as("sale.order").get_backlog([0])

    # Methods

    def _our_methods(self):
        """``(model, name)`` of every method that our classes give a model."""
        return {
            (model, name)
            for model, in_registry in self.registry.items()
            for definition in in_registry.mro()
            if getattr(definition, "_module", None) in OURS
            for name, value in vars(definition).items()
            if callable(value) and not name.startswith("__")
        }

    def test_private_methods_cannot_be_called(self):
        private = {method for method in self._our_methods() if method[1][0] == "_"}
        self.assertIn(("backlog.fold", "_fold"), private)
        for model, name in private:
            with self.assertRaises(AccessError, msg=f"{model}.{name}"):
                get_public_method(self.env[model], name)

    def test_no_method_is_public_that_is_not_meant_to_be(self):
        """What begins with ``action_`` is a button, which checks who presses it; what
        Odoo has too is called as before."""
        mine = {
            (model, name)
            for model, name in self._our_methods()
            if name[0] != "_"
            and not name.startswith("action_")
            and not any(
                name in vars(definition)
                for definition in self.registry[model].mro()
                if getattr(definition, "_module", None) not in OURS
            )
        }
        self.assertEqual(mine, CALLED)

    @mute_logger("odoo.http")
    def test_private_methods_cannot_be_called_over_the_wire(self):
        for model, method in (
            ("backlog.fold", "_fold"),
            ("backlog.line", "_told"),
            ("product.product", "_get_promises"),
            ("sale.order.line", "_keep_first_fill"),
        ):
            with self.subTest(f"{model}.{method}"):
                self._assert_json2_refused(403, "Private method", model, method)
                with self.assertRaisesRegex(Fault, "Private method"):
                    self._xmlrpc(model, method)

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


@tagged("post_install", "-at_install")
class TestHostileValues(SuggestionCase):
    """Whatever number, day or text comes over a form, RPC or a context, it is taken,
    left out, or answered with a sentence."""

    def setUp(self):
        super().setUp()
        self.maker = new_test_user(
            self.env,
            "maker",
            "purchase.group_purchase_manager,inventory_backlog.group_backlog_manager,"
            "sales_team.group_sale_manager,stock.group_stock_manager",
        )
        self._wanted(self.product, 3)
        self._request(self._table(), 2, vendor=self.first)
        self._disrupt(self.first)
        self._generate()
        self.suggestion = self._suggested().with_user(self.maker)
        self.assertEqual(len(self.suggestion), 1)

    def _try(self, call):
        """Call it and write what came of it; nothing of it is kept."""
        # Odoo makes a sentence of a constraint.
        refused = (UserError, psycopg2.IntegrityError)
        with suppress(*refused), self.env.cr.savepoint(flush=False) as savepoint:
            call()
            self.env.flush_all()
            savepoint.rollback()
        self.env.clear()

    def _records(self):
        """One of each of our models that somebody may fill in, and of Odoo's what has
        fields of ours."""
        accept = self.suggestion.action_open_accept()
        accept = self.suggestion.env[accept["res_model"]].browse(accept["res_id"])
        request = self.env["purchase.order"].search(
            [("partner_id", "=", self.first.id), ("state", "=", "draft")], limit=1
        )
        switch = request.with_user(self.maker).action_move_to_backup()
        switch = self.suggestion.env[switch["res_model"]].browse(switch["res_id"])
        as_maker = self.suggestion.env
        order = as_maker["backlog.suggestion.order"]._open_for(self.suggestion)
        order = as_maker[order["res_model"]].browse(order["res_id"])
        vendor = self.suggestion.action_open_vendors()
        vendor = as_maker[vendor["res_model"]].browse(vendor["res_id"])
        return (
            order,
            order.line_ids,
            vendor,
            vendor.line_ids,
            accept,
            accept.line_ids,
            switch,
            switch.line_ids,
            as_maker["backlog.suggestion.defer"].create({"mode": "snooze"}),
            as_maker["backlog.report"].create({}),
            as_maker["backlog.report.recipient"].create({"user_id": self.maker.id}),
            as_maker["backlog.disruption"].search([], limit=1),
            self.suggestion,
            self.at_first.with_user(self.maker),
            *self._windows_of_lines(),
        )

    def _windows_of_lines(self):
        """The windows that ship and confirm, and what is in them."""
        there = self._product("There")
        self._put_in_stock(there, 1)
        self._wanted(there, 1)
        self._request(there, 1, vendor=self.first)
        self.env.flush_all()
        lines = self.env["backlog.line"].with_user(self.maker)
        found = lines.search([("product_id", "=", there.id)])
        ship = lines.act(found.ids, "ship")["action"]
        ship = lines.env[ship["res_model"]].browse(ship["res_id"])
        request = self.env["purchase.order"].search(
            [("state", "=", "draft"), ("product_id", "=", there.id)]
        )
        confirm = lines.env["backlog.confirm.request"]._open_for([request])
        confirm = lines.env[confirm["res_model"]].browse(confirm["res_id"])
        bought = self._purchase(there, 4, vendor=self.first).with_user(self.maker)
        change = lines.env["backlog.purchase.change"]._ask(
            bought, "move", self._after(9)
        )
        change = lines.env[change["res_model"]].browse(change["res_id"])
        quoted = self._quote((there, 1)).with_user(self.maker)
        asked = lines.env["backlog.confirm.order"].create({"order_id": quoted.id})
        return (
            *(ship, ship.line_ids, confirm, confirm.line_ids, asked),
            *(change, change.line_ids),
        )

    @mute_logger("odoo.sql_db")
    def test_values_in_forms(self):
        records = self._records()
        seen = {record._name for record in records}
        fillable = {
            name
            for name, model in self.env.items()
            if model._original_module in ADDONS
            and not model._abstract
            and model.with_user(self.maker).has_access("write")
        }
        self.assertLessEqual(fillable - {"backlog.kept"}, seen)
        self.env.flush_all()
        for record in records:
            spec = {
                name: {}
                for name, field in record._fields.items()
                if set(field._modules) <= ADDONS
                and field._modules
                and name not in ("create_uid", "write_uid")
            }
            for name in spec:
                for value in TYPED.get(record._fields[name].type, ()):
                    self._assert_sentences(record, name, value, spec)

    def _assert_sentences(self, record, name, value, spec):
        new = record.browse()
        default = new.with_context(**{f"default_{name}": value})
        shown = str(value)[:20]
        for door, call in {
            "write": lambda: record.write({name: value}),
            "onchange": lambda: new.onchange({name: value}, [], spec),
            "default": lambda: default.onchange({}, [], spec),
        }.items():
            with self.subTest(model=record._name, field=name, value=shown, door=door):
                self._try(call)

    def test_values_of_lines_in_forms(self):
        for window in self._records()[:3:2]:
            line = window.line_ids
            for name in line._fields.keys() - {"create_uid", "write_uid"}:
                for value in TYPED.get(line._fields[name].type, ()):
                    for command in (
                        Command.update(line.id, {name: value}),
                        Command.create({name: value}),
                    ):
                        values = {"line_ids": [command]}
                        spec = {"line_ids": {"fields": {name: {}}}}
                        where = f"{line._name}.{name}={str(value)[:20]}"
                        with self.subTest(where, command=command[0]):
                            self._try(partial(window.onchange, values, [], spec))

    def test_arguments_of_methods(self):
        suggestions = self.suggestion
        products = self.product.with_user(self.maker)
        lines = suggestions.env["backlog.line"]
        orders = suggestions.env["sale.order"]
        dashboard = suggestions.env["backlog.dashboard"]
        values = {str(v)[:20]: v for v in (*NUMBERS, *DAYS, *TEXTS, *LINKS, None, b"a")}
        for shown, value in values.items():
            for name, call in {
                "dismiss": lambda value: suggestions.action_dismiss(value),
                "snooze": lambda value: suggestions.action_snooze(value),
                "choose": lambda value: suggestions.action_choose_vendor(value),
                "generate": lambda value: suggestions.generate(value),
                "generate one": lambda value: suggestions.generate([value]),
                "promise": lambda value: products.get_promise(value, 1),
                "quantity": lambda value: products.get_promise(products.id, value),
                "place": lambda value: products.get_promise(products.id, 1, value),
                "day": lambda value: products.get_promise(products.id, 1, False, value),
                "wishes": lambda value: products.get_promises(value),
                "wish": lambda value: products.get_promises([value]),
                "of a wish": lambda value: products.get_promises(
                    [{"product_id": products.id, "qty": value, "warehouse_id": value}]
                ),
                "backlog": lambda value: orders.get_backlog(value),
                "backlog of": lambda value: orders.get_backlog([value]),
                "cursor": lambda value: lines.get_changes(value),
                "limit": lambda value: lines.get_changes("", value),
                "act": lambda value: lines.act(value, "reserve"),
                "verb": lambda value: lines.act(lines.search([]).ids, value),
                "values": lambda value: lines.act(
                    lines.search([]).ids, "snooze", value
                ),
                "until": lambda value: lines.act(
                    lines.search([]).ids, "snooze", {"until": value}
                ),
                "undo": lambda value: lines.undo_act(value),
                "token": lambda value: lines.undo_act({"token": value}),
                "cards": lambda value: lines.get_cards(value, []),
                "panel": lambda value: lines.get_panel(value),
                "scope": lambda value: dashboard.get_dashboard(value),
                "charts": lambda value: dashboard.get_dashboard("all", value),
                "scope of salespeople": lambda value: dashboard.get_salespeople(value),
                "role": lambda value: lines.env["backlog.checkup"].get_checks(value),
                "scope of trend": lambda value: dashboard.get_trend(value),
                "scope of cash": lambda value: dashboard.get_cash(value),
            }.items():
                with self.subTest(method=name, value=shown):
                    self._try(lambda call=call, value=value: call(value))

    def test_values_in_the_context(self):
        defer = self.suggestion.env["backlog.suggestion.defer"].create(
            {"suggestion_ids": [Command.set(self.suggestion.ids)]}
        )
        for value in (*NUMBERS, *DAYS, "x" * 99, -1, 0, 3651):
            with self.subTest(value=str(value)[:20]):
                self._try(defer.with_context(snooze_days=value).action_snooze)
        with self.assertRaisesRegex(UserError, "from 1 to 3650"):
            defer.with_context(snooze_days=1e9).action_snooze()
        defer.with_context(snooze_days=14).action_snooze()
        self.assertEqual(self.suggestion.snooze_until, self._after(14).date())

    def test_a_reason_is_a_few_words(self):
        for reason in ("x" * 1_001, "a\0b"):
            with self.assertRaisesRegex(UserError, "at most 1000 characters"):
                self.suggestion.action_dismiss(reason)
        with self.assertRaisesRegex(UserError, "at most 1000 characters"):
            self._disrupt(self.second, reason="x" * 1_001)
        self.suggestion.action_dismiss("x" * 1_000)

    def test_an_arrival_is_of_our_times(self):
        for day in ("1999-12-31", "2099-01-01", "9999-12-31"):
            accept = self.suggestion.action_open_accept()
            window = self.suggestion.env[accept["res_model"]].browse(accept["res_id"])
            window.line_ids.arrival_date = day
            with self.assertRaisesRegex(UserError, "within 10 years"):
                window.action_confirm()
        with self.assertRaisesRegex(UserError, "Arrival: enter a day from 1900-01-01"):
            window.line_ids.write({"arrival_date": "0001-01-01"})

    def test_windows_with_the_last_and_first_days_that_may_be_entered(self):
        report = self.suggestion.env["backlog.report"].create(
            {"date_from": "1900-01-01", "date_to": "9999-12-31"}
        )
        self._try(lambda: report._data())
        self._try(report.action_print)
        out = self._disrupt(self.third)
        out.write({"date_to": "9999-12-31", "date_from": "1900-01-01"})
        self.assertEqual(out.state, "now")
        sentences = out._sentences(self.product.product_tmpl_id, self.third)
        self.assertIn("Dec 31, 9999", " ".join(sentences))
