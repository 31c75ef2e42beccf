from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..matrix import ADDONS, ROLES, MatrixCase, in_all_companies, table

OPERATIONS = ("create", "read", "write", "unlink")
# What each may do with a model as such; rows are below.
MODELS = """
                                 portal internal seller all  stock purchase manager
    backlog.allocation           ----   ----     -r--   -r-- -r--  -r--     -r--
    backlog.ask                  ----   ----     ----   ---- ----  ----     ----
    backlog.cash                 ----   ----     -r--   -r-- -r--  -r--     -r--
    backlog.change               ----   ----     ----   ---- ----  ----     ----
    backlog.confirm.order        ----   ----     crw-   crw- ----  ----     ----
    backlog.confirm.request      ----   ----     ----   ---- ----  crwu     crwu
    backlog.confirm.request.line ----   ----     ----   ---- ----  crwu     crwu
    backlog.disruption           ----   ----     -r--   -r-- -r--  crw-     crwu
    backlog.event                ----   ----     -r--   -r-- -r--  -r--     -r--
    backlog.event.waiting        ----   ----     ----   ---- ----  ----     ----
    backlog.fault                ----   ----     ----   ---- ----  ----     -r--
    backlog.health               ----   ----     ----   ---- ----  ----     ----
    backlog.kept                 ----   ----     ----   ---- ----  ----     -rw-
    backlog.kept.line            ----   ----     ----   ---- ----  ----     ----
    backlog.kept.seen            ----   ----     ----   ---- ----  ----     ----
    backlog.kept.slice           ----   ----     ----   ---- ----  ----     ----
    backlog.line                 ----   ----     -r--   -r-- -r--  -r--     -r--
    backlog.purchase.change      ----   ----     ----   ---- ----  crw-     ----
    backlog.purchase.change.line ----   ----     ----   ---- ----  crwu     ----
    backlog.report               ----   ----     crwu   crwu crwu  ----     crwu
    backlog.report.recipient     ----   ----     ----   ---- ----  ----     crwu
    backlog.restore              ----   ----     ----   ---- ----  ----     ----
    backlog.service              ----   ----     -r--   -r-- -r--  -r--     -r--
    backlog.ship                 ----   ----     ----   ---- crwu  ----     ----
    backlog.ship.line            ----   ----     ----   ---- crwu  ----     ----
    backlog.snapshot             ----   ----     -r--   -r-- -r--  ----     -r--
    backlog.snapshot.line        ----   ----     ----   ---- ----  ----     ----
    backlog.snooze               ----   ----     -r--   -r-- -r--  -r--     -r--
    backlog.suggestion           ----   ----     ----   ---- ----  -rw-     -rwu
    backlog.suggestion.accept    ----   ----     ----   ---- ----  crwu     crwu
    backlog.suggestion.accept.line
                                 ----   ----     ----   ---- ----  crwu     crwu
    backlog.suggestion.check     ----   ----     ----   ---- ----  ----     ----
    backlog.suggestion.component ----   ----     ----   ---- ----  -r--     -r--
    backlog.suggestion.defer     ----   ----     ----   ---- ----  crwu     crwu
    backlog.suggestion.line      ----   ----     ----   ---- ----  -r--     -r--
    backlog.suggestion.order     ----   ----     ----   ---- ----  crwu     crwu
    backlog.suggestion.order.line
                                 ----   ----     ----   ---- ----  crwu     crwu
    backlog.suggestion.vendor    ----   ----     ----   ---- ----  crwu     crwu
    backlog.suggestion.vendor.line
                                 ----   ----     ----   ---- ----  crwu     crwu
    backlog.told                 ----   ----     ----   ---- ----  ----     ----
    backlog.touched              ----   ----     ----   ---- ----  ----     ----
    backlog.undo                 ----   ----     ----   ---- ----  ----     ----
    backlog.vendor.measure       ----   ----     ----   ---- ----  ----     ----
    backlog.vendor.receipt       ----   ----     ----   ---- ----  -r--     -r--
    backlog.vendor.switch        ----   ----     ----   ---- ----  crwu     crwu
    backlog.vendor.switch.line   ----   ----     ----   ---- ----  crwu     crwu
    backlog.vendor.touch         ----   ----     ----   ---- ----  ----     ----
"""
# Our fields that not every employee may read who may read the model, and who may.
FIELDS = {
    "seller all stock manager": {
        "backlog.cash": "deposit_value",
        "backlog.line": "open_value backlog_value backorder_value prepaid_value "
        "incoming_value to_source_value excess_value",
        "backlog.service": "value first_unit_fill_rate backorder_value_rate",
        "backlog.snapshot": "opening booked shipped cancelled changed moved closing "
        "difference late_value backorder_value past_due_rate backorder_value_rate "
        "book_to_bill backlog_weeks",
        "backlog.suggestion": "released_value saved_value",
        "backlog.suggestion.line": "value",
        "product.product": "open_value",
        "product.template": "open_value",
        "res.partner": "backlog_value backlog_late_count backlog_line_count",
    },
    "seller all stock purchase manager": {
        "backlog.cash": "amount amount_total",
        "product.product": "backlog_banner backlog_can_promise",
        "product.template": "backlog_banner backlog_can_promise",
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
    "manager": {
        "backlog.line": "margin_value",
        "res.company": "backlog_checkup_hidden backlog_digest_hint",
        "res.config.settings": "backlog_digest_hint",
    },
    # Who makes, of whom there is none here.
    "": {"backlog.suggestion": "production_ids"},
}
# What hangs below another app's menu is seen by who sees that.
MENUS = """
                                   internal seller all stock purchase manager
    backlog_menu_root              -        x      x   x     -        x
    backlog_menu_line              -        -      x   -     -        x
    backlog_menu_line_stock        -        -      -   x     -        -
    backlog_menu_line_mine         -        x      x   x     x        x
    backlog_menu_reporting         -        x      x   x     x        x
    backlog_menu_analysis          -        x      x   x     x        x
    backlog_menu_cash              -        x      x   x     x        x
    backlog_menu_snapshot          -        -      x   x     -        x
    backlog_menu_report            -        x      x   x     -        x
    backlog_menu_service           -        x      x   x     x        x
    backlog_menu_configuration     -        -      -   -     -        x
    backlog_menu_settings          -        -      -   -     -        x
    backlog_menu_checkup           -        -      -   -     -        x
    backlog_menu_report_recipient  -        -      -   -     -        x
    backlog_menu_event             -        -      -   -     -        x
    backlog_menu_fault             -        -      -   -     -        x
    backlog_menu_sale              -        x      x   -     -        -
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
    ("stock.move", "backlog_date_by"),
    ("stock.move", "backlog_expected_date"),
    ("stock.move", "backlog_overdue_since"),
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


@tagged("post_install", "-at_install")
class TestMatrix(MatrixCase):
    """Who may do and see what, in one table each. A model, a field or a method that is
    new fails here until somebody has decided."""

    def _our_models(self):
        return {
            name
            for name, model in self.env.items()
            if model._original_module in ADDONS and not model._abstract
        }

    def test_models(self):
        expected = in_all_companies(table(MODELS))
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

    def test_fields_of_some_employees(self):
        expected = {
            (model, name): set(roles.split())
            for roles, models in FIELDS.items()
            for model, names in models.items()
            for name in names.split()
            if name in self.env[model]._fields
        }
        roles = set(ROLES) - {"portal"}
        found = {}
        for name, model in self.env.items():
            if model._abstract:
                continue
            for field in model._fields.values():
                if set(field._modules) and set(field._modules) <= ADDONS:
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
        self.assertEqual(found, OF_THE_PORTAL)

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

    def test_menus(self):
        expected = in_all_companies(table(MENUS))
        menus = self.env["ir.model.data"].search(
            [("module", "=", "inventory_backlog"), ("model", "=", "ir.ui.menu")]
        )
        # It opens a screen of its own, not a model: its app decides who sees it.
        known = {*expected, "backlog_menu_dashboard"}
        self.assertEqual(known, set(menus.mapped("name")))
        # The portal has no menus at all.
        with self.assertRaises(AccessError):
            self._as("portal", "ir.ui.menu")._visible_menu_ids()
        for menu in menus:
            for role, cell in expected.get(menu.name, {}).items():
                visible = self._as(role, "ir.ui.menu")._visible_menu_ids()
                with self.subTest(menu=menu.name, role=role):
                    self.assertEqual(menu.res_id in visible, cell == "x")
