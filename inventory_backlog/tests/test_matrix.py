from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import BacklogCase

ADDONS = {"inventory_backlog", "inventory_backlog_mrp"}
ROLES = {
    "portal": "base.group_portal",
    "internal": "base.group_user",
    "seller": "sales_team.group_sale_salesman",
    "all": "sales_team.group_sale_salesman_all_leads",
    "stock": "stock.group_stock_user",
    "purchase": "purchase.group_purchase_user",
    "manager": "inventory_backlog.group_backlog_manager",
}
OPERATIONS = ("create", "read", "write", "unlink")
# What each may do with a model as such; rows are below.
MODELS = """
                                 portal internal seller all  stock purchase manager
    backlog.allocation           ----   ----     -r--   -r-- -r--  -r--     -r--
    backlog.cash                 ----   ----     -r--   -r-- -r--  -r--     -r--
    backlog.change               ----   ----     ----   ---- ----  ----     ----
    backlog.disruption           ----   ----     -r--   -r-- -r--  crw-     crwu
    backlog.event                ----   ----     -r--   -r-- -r--  -r--     -r--
    backlog.event.waiting        ----   ----     ----   ---- ----  ----     ----
    backlog.kept                 ----   ----     ----   ---- ----  ----     -rw-
    backlog.kept.line            ----   ----     ----   ---- ----  ----     ----
    backlog.kept.slice           ----   ----     ----   ---- ----  ----     ----
    backlog.line                 ----   ----     -r--   -r-- -r--  -r--     -r--
    backlog.report               ----   ----     crwu   crwu crwu  ----     crwu
    backlog.report.recipient     ----   ----     ----   ---- ----  ----     crwu
    backlog.service              ----   ----     -r--   -r-- -r--  -r--     -r--
    backlog.snapshot             ----   ----     -r--   -r-- -r--  ----     -r--
    backlog.snapshot.line        ----   ----     ----   ---- ----  ----     ----
    backlog.suggestion           ----   ----     ----   ---- ----  -rw-     -rwu
    backlog.suggestion.accept    ----   ----     ----   ---- ----  crwu     crwu
    backlog.suggestion.accept.line
                                 ----   ----     ----   ---- ----  crwu     crwu
    backlog.suggestion.check     ----   ----     ----   ---- ----  ----     ----
    backlog.suggestion.component ----   ----     ----   ---- ----  -r--     -r--
    backlog.suggestion.defer     ----   ----     ----   ---- ----  crwu     crwu
    backlog.suggestion.line      ----   ----     ----   ---- ----  -r--     -r--
    backlog.touched              ----   ----     ----   ---- ----  ----     ----
    backlog.vendor.measure       ----   ----     ----   ---- ----  ----     ----
    backlog.vendor.receipt       ----   ----     ----   ---- ----  -r--     -r--
    backlog.vendor.switch        ----   ----     ----   ---- ----  crwu     crwu
    backlog.vendor.switch.line   ----   ----     ----   ---- ----  crwu     crwu
    backlog.vendor.touch         ----   ----     ----   ---- ----  ----     ----
"""
# Whose lines each sees: their own, a colleague's, another company's.
ROWS = """
                                 seller all  stock purchase manager other both
    backlog.line                 o--    ot-  ot-   ot-      ot-     --x   otx
    backlog.allocation           o--    ot-  ot-   ot-      ot-     --x   otx
    backlog.cash                 o--    ot-  ot-   ---      ot-     --x   otx
"""
# Our fields that not every employee may read who may read the model, and who may.
FIELDS = {
    "seller all stock manager": {
        "backlog.cash": "deposit_value",
        "backlog.line": "open_value backlog_value backorder_value prepaid_value "
        "incoming_value to_source_value",
        "backlog.service": "value first_unit_fill_rate backorder_value_rate",
        "backlog.snapshot": "opening booked shipped cancelled changed moved closing "
        "difference late_value backorder_value past_due_rate backorder_value_rate "
        "book_to_bill backlog_weeks",
        "backlog.suggestion": "released_value saved_value",
        "backlog.suggestion.line": "value",
        "product.product": "open_value",
        "product.template": "open_value",
    },
    "seller all stock purchase manager": {
        "backlog.cash": "amount amount_total",
        "res.partner": "vendor_disruption_count vendor_line_count",
    },
    "purchase manager": {
        "product.product": "backlog_suggestion_count",
        "product.supplierinfo": "price_spread vendor_criteria",
        "product.template": "backlog_suggestion_count",
        "purchase.order": "backlog_suggestion_count",
        "purchase.order.line": "backlog_for_whom",
        "sale.order.line": "backlog_suggestion_line_ids",
    },
    "stock purchase": {"backlog.suggestion": "move_ids picking_id"},
    "purchase": {"backlog.suggestion": "purchase_line_ids"},
    "manager": {"backlog.line": "margin_value"},
}
# What hangs below another app's menu is seen by who sees that.
MENUS = """
                                   internal seller all stock purchase manager
    backlog_menu_root              -        x      x   x     -        x
    backlog_menu_line              -        x      x   x     x        x
    backlog_menu_reporting         -        x      x   x     x        x
    backlog_menu_analysis          -        x      x   x     x        x
    backlog_menu_cash              -        x      x   x     x        x
    backlog_menu_snapshot          -        x      x   x     -        x
    backlog_menu_report            -        x      x   x     -        x
    backlog_menu_service           -        x      x   x     x        x
    backlog_menu_configuration     -        -      -   -     -        x
    backlog_menu_report_recipient  -        -      -   -     -        x
    backlog_menu_event             -        -      -   -     -        x
    backlog_menu_sale              -        x      x   -     -        -
    backlog_menu_dashboard_sale    -        x      x   -     -        -
    vendor_risk_menu_sale          -        x      x   -     -        -
    backlog_menu_stock             -        -      -   x     -        -
    backlog_suggestion_menu_stock  -        -      -   -     -        -
    backlog_menu_purchase          -        -      -   -     x        -
    backlog_suggestion_menu_purchase
                                   -        -      -   -     x        -
    vendor_risk_menu_purchase      -        -      -   -     x        -
    backlog_disruption_menu        -        -      -   -     x        -
    backlog_vendor_receipt_menu    -        -      -   -     x        -
"""
# Our fields on models of others that a user of the portal may read there.
OF_THE_PORTAL = {
    ("mrp.production", "backlog_suggestion_id"),
    ("product.product", "backlog_qty"),
    ("product.product", "backorder_qty"),
    ("product.product", "to_source_qty"),
    ("product.template", "backlog_currency_id"),
    ("product.template", "backlog_qty"),
    ("product.template", "backorder_qty"),
    ("product.template", "to_source_qty"),
    ("purchase.order.line", "first_promise_date"),
    ("sale.order", "backlog_currency_id"),
    ("sale.order.line", "backlog_currency_id"),
    ("stock.move", "backlog_expected_date"),
    ("stock.move", "backlog_qty"),
    ("stock.move", "backlog_state"),
    ("stock.move", "backlog_suggestion_id"),
    ("stock.move", "backorder_qty"),
    ("stock.move", "incoming_qty"),
    ("stock.move", "to_source_qty"),
    ("stock.scrap", "receipt_move_ids"),
}
# Models that the portal cannot read in core: their fields need no groups of their own.
BEHIND_A_MODEL = {"product.supplierinfo", "res.config.settings"}


def table(text):
    """``{row: {column: cell}}``."""
    head, *lines = text.strip().splitlines()
    cells = " ".join(lines).split()
    columns = head.split()
    width = len(columns) + 1
    return {
        cells[place]: dict(zip(columns, cells[place + 1 : place + width], strict=True))
        for place in range(0, len(cells), width)
    }


@tagged("post_install", "-at_install")
class TestMatrix(BacklogCase):
    """Who may do and see what, in one table each. A model, a field or a method that is
    new fails here until somebody has decided."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            role: new_test_user(cls.env, f"matrix {role}", group)
            for role, group in ROLES.items()
        }
        cls.other_company = cls.env["res.company"].create({"name": "Other"})
        companies = {
            "other": cls.other_company,
            "both": cls.other_company | cls.company,
        }
        for role, allowed in companies.items():
            cls.users[role] = new_test_user(
                cls.env,
                f"matrix {role}",
                "sales_team.group_sale_salesman_all_leads",
                company_id=allowed[0].id,
                company_ids=[Command.set(allowed.ids)],
            )

    def _as(self, role, model):
        user = self.users[role]
        records = self.env[model].with_user(user)
        return records.with_context(allowed_company_ids=user.company_ids.ids)

    def _our_models(self):
        return {
            name
            for name, model in self.env.items()
            if model._original_module in ADDONS and not model._abstract
        }

    def test_models(self):
        expected = table(MODELS)
        with_bridge = {"backlog.suggestion.component"}
        self.assertLessEqual(self._our_models() - with_bridge, expected.keys())
        for model in self._our_models() & expected.keys():
            for role, cell in expected[model].items():
                records = self._as(role, model)
                found = "".join(
                    operation[0] if records.has_access(operation) else "-"
                    for operation in OPERATIONS
                )
                with self.subTest(model=model, role=role):
                    self.assertEqual(found, cell)

    def _orders_of_three(self):
        """The seller's own order, a colleague's, and one of another company."""
        own = self._order((self.product, 3), user=self.users["seller"])
        theirs = self._order((self.product, 3))
        company = self.other_company
        there = self.env["sale.order"].with_company(company).sudo()
        foreign = there.create(
            {
                "partner_id": self.customer.id,
                "company_id": company.id,
                "order_line": [
                    Command.create(
                        {"product_id": self.product.id, "product_uom_qty": 1}
                    )
                ],
            }
        )
        foreign.action_confirm()
        return {"o": own, "t": theirs, "x": foreign}

    def test_rows_in_all_ways_of_reading(self):
        orders = {
            letter: order.order_line.id
            for letter, order in self._orders_of_three().items()
        }
        domain = [("order_line_id", "in", list(orders.values()))]
        for model, cells in table(ROWS).items():
            for role, cell in cells.items():
                expected = {orders[letter] for letter in cell if letter != "-"}
                records = self._as(role, model)
                rows = records.search(domain)
                ways = {
                    "search": {row.order_line_id.id for row in rows.sudo()},
                    "search_read": {
                        row["order_line_id"][0]
                        for row in records.search_read(domain, ["order_line_id"])
                    },
                    "groups": {
                        int(line.id)
                        for (line,) in records.sudo(False)._read_group(
                            domain, ["order_line_id"]
                        )
                    },
                    "export": {
                        int(value)
                        for row in rows.sudo().export_data(["order_line_id/.id"])[
                            "datas"
                        ]
                        for value in row
                    },
                }
                for way, found in ways.items():
                    with self.subTest(model=model, role=role, way=way):
                        self.assertEqual(found, expected)
                if len(expected) < len(orders):
                    hidden = records.sudo().search(domain) - rows.sudo()
                    with (
                        self.subTest(model=model, role=role, way="read"),
                        self.assertRaises(AccessError),
                    ):
                        hidden.sudo(False).read(["order_line_id"])
        for role in ("portal", "internal"):
            for model in table(ROWS):
                for call in ("search", "search_count", "search_read"):
                    with (
                        self.subTest(model=model, role=role, call=call),
                        self.assertRaises(AccessError),
                    ):
                        getattr(self._as(role, model), call)([])
                with self.assertRaises(AccessError):
                    self._as(role, model)._read_group([], [], ["__count"])

    def test_fields_of_some_employees(self):
        expected = {
            (model, name): set(roles.split())
            for roles, models in FIELDS.items()
            for model, names in models.items()
            for name in names.split()
        }
        roles = set(ROLES) - {"portal"}
        found = {}
        for name, model in self.env.items():
            if model._abstract:
                continue
            for field in model._fields.values():
                if set(field._modules) == {"inventory_backlog"}:
                    readers = {
                        role
                        for role in roles
                        if self._as(role, name)._has_field_access(field, "read")
                    }
                    if readers != roles:
                        found[name, field.name] = readers
        self.assertEqual(found, expected)

    def test_fields_that_the_portal_may_read(self):
        found = set()
        for name, model in self.env.items():
            if model._abstract or name in self._our_models() | BEHIND_A_MODEL:
                continue
            records = self._as("portal", name)
            found |= {
                (name, field.name)
                for field in model._fields.values()
                if set(field._modules)
                and set(field._modules) <= ADDONS
                and field.name not in ("id", "display_name")
                and records._has_field_access(field, "read")
            }
        self.assertLessEqual(found, OF_THE_PORTAL)

    def test_what_the_portal_may_read_says_nothing(self):
        """It reads its own orders and deliveries; of our figures it gets none."""
        portal = self.users["portal"]
        order = self._order((self.product, 3)).with_env(self.env)
        order.partner_id = portal.partner_id
        order.picking_ids.partner_id = portal.partner_id
        for records in (order, order.order_line, order.picking_ids):
            readable = records.with_user(portal)
            self.assertTrue(readable.has_access("read"), records)
            figures = [
                name
                for name in ("backlog_state", "open_value", "backlog_qty")
                if name in records._fields
            ]
            self.assertTrue(figures, records)
            for name in figures:
                with (
                    self.subTest(model=records._name, field=name),
                    self.assertRaises(AccessError),
                ):
                    readable.read([name])

    def test_methods_refuse_who_has_no_right(self):
        order = self._order((self.product, 3))
        calls = {
            ("backlog.line", "get_changes"): ((), {"portal", "internal"}),
            ("product.product", "get_promise"): (
                (self.product.id, 1),
                {"portal", "internal"},
            ),
            ("product.product", "get_promises"): (
                ([{"product_id": self.product.id, "qty": 1}],),
                {"portal", "internal"},
            ),
            ("sale.order", "get_backlog"): (
                ([order.id],),
                {"portal", "internal", "seller", "purchase", "manager", "other"},
            ),
            ("backlog.dashboard", "get_dashboard"): (
                ("all",),
                {"portal", "internal", "purchase"},
            ),
            ("backlog.suggestion", "generate"): (
                (),
                {"portal", "internal", "seller", "all", "stock", "other", "both"},
            ),
            ("backlog.kept", "rebuild"): ((), self.users.keys() - {"manager"}),
            ("backlog.kept", "differences"): ((), self.users.keys() - {"manager"}),
        }
        for (model, method), (arguments, refused) in calls.items():
            for role in self.users:
                call = getattr(self._as(role, model), method)
                with self.subTest(method=f"{model}.{method}", role=role):
                    if role in refused:
                        with self.assertRaises(AccessError):
                            call(*arguments)
                    else:
                        call(*arguments)

    def test_reports_are_printed_by_who_sees_values(self):
        for name in ("backlog", "partner_backlog", "order_backlog"):
            report = self.env.ref(f"inventory_backlog.action_report_{name}")
            for role, user in self.users.items():
                allowed = role not in ("portal", "internal", "purchase")
                with self.subTest(report=name, role=role):
                    self.assertEqual(
                        bool(report.group_ids & user.all_group_ids), allowed
                    )

    def test_menus(self):
        expected = table(MENUS)
        menus = self.env["ir.model.data"].search(
            [("module", "=", "inventory_backlog"), ("model", "=", "ir.ui.menu")]
        )
        # It opens a screen of its own, not a model: its app decides who sees it.
        known = {*expected, "backlog_menu_dashboard"}
        self.assertEqual(known, set(menus.mapped("name")))
        for menu in menus:
            for role, cell in expected.get(menu.name, {}).items():
                visible = self._as(role, "ir.ui.menu")._visible_menu_ids()
                with self.subTest(menu=menu.name, role=role):
                    self.assertEqual(menu.res_id in visible, cell == "x")
