from inspect import isfunction

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import NOW
from .matrix import ADDONS, MatrixCase, table

# Who gets further than the question whether they may (x).
METHODS = """
                          portal internal seller all stock purchase manager other both
    backlog.cash.action_open
                          -      -        x      x   x     -        x       -     x
    backlog.dashboard.get_dashboard
                          -      -        x      x   x     -        x       x     x
    backlog.disruption.action_move_requests
                          -      -        -      -   -     x        -       -     -
    backlog.kept.differences
                          -      -        -      -   -     -        x       -     -
    backlog.kept.rebuild
                          -      -        -      -   -     -        x       -     -
    backlog.line.action_check_availability
                          -      -        x      x   x     x        -       -     x
    backlog.line.action_open_order
                          -      -        x      x   x     x        x       -     x
    backlog.line.action_open_supply
                          -      -        x      x   x     x        x       -     x
    backlog.line.action_open_transfers
                          -      -        x      x   x     x        -       -     x
    backlog.line.action_suggest_purchase
                          -      -        -      -   -     x        x       -     -
    backlog.line.action_why
                          -      -        x      x   x     x        x       -     x
    backlog.line.get_changes
                          -      -        x      x   x     x        x       x     x
    backlog.report.action_print
                          -      -        x      x   x     -        x       x     x
    backlog.service.action_open_order
                          -      -        x      x   x     x        x       -     x
    backlog.suggestion.action_accept
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_choose_vendor
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_create_rfq
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_dismiss
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_open_accept
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_open_dismiss
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_open_purchases
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_open_requests
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_open_snooze
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_open_transfers
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_propose
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_snooze
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_undo
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_update
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_write_vendor
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.generate
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.accept.action_confirm
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.accept.line.action_split
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.defer.action_dismiss
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.defer.action_snooze
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.line.action_open_receipt
                          -      -        -      -   -     x        x       -     -
    backlog.vendor.switch.action_move
                          -      -        -      -   -     x        x       -     -
    product.product.action_open_backlog
                          -      -        x      x   x     x        x       x     x
    product.product.action_open_vendors
                          -      x        x      x   x     x        x       x     x
    product.product.action_suggest_purchase
                          -      -        -      -   -     x        x       -     -
    product.product.get_promise
                          -      -        x      x   x     x        x       x     x
    product.product.get_promises
                          -      -        x      x   x     x        x       x     x
    product.template.action_open_backlog
                          -      -        x      x   x     x        x       x     x
    product.template.action_open_vendor_risk
                          -      x        x      x   x     x        x       x     x
    product.template.action_open_vendors
                          -      x        x      x   x     x        x       x     x
    product.template.action_suggest_purchase
                          -      -        -      -   -     x        x       -     -
    purchase.order.action_move_to_backup
                          -      -        -      -   -     x        -       -     -
    purchase.order.action_open_suggestions
                          -      -        -      -   -     x        -       -     -
    res.partner.action_open_disruptions
                          -      -        x      x   x     x        x       x     x
    res.partner.action_open_vendor_scorecard
                          -      -        -      -   -     x        x       -     -
    sale.order.action_open_backlog
                          -      -        x      x   x     x        x       x     x
    sale.order.action_send_backlog_summary
                          -      -        x      x   x     -        x       x     x
    sale.order.get_backlog
                          -      -        x      x   x     -        -       -     x
"""
# Which of our actions the menus of documents offer.
BINDINGS = """
                          portal internal seller all stock purchase manager other both
    action_report_partner_backlog
                          -      -        x      x   x     -        x       x     x
    action_report_order_backlog
                          -      -        x      x   x     -        x       x     x
    action_send_backlog_summary
                          -      -        x      x   x     -        x       x     x
"""
# What is called on a model, with ids or a question among its arguments.
OF_MODELS = ("generate", "get_backlog", "get_promise", "get_promises")


class UndoneError(Exception):
    """It was called; nothing of it is kept."""


@tagged("post_install", "-at_install")
class TestMatrixMethods(MatrixCase):
    """Who may call what: every public method of our models, and ours on models of
    others. Windows belong to who opened them, so each tries an own one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["product.supplierinfo"].create(
            {
                "partner_id": cls.vendor.id,
                "product_tmpl_id": cls.product.product_tmpl_id.id,
                "price": 3,
            }
        )

    def setUp(self):
        super().setUp()
        self.order = self._order((self.product, 3), user=self.users["seller"])
        self.purchase = self._request(self.product, 2)
        line = self.order.order_line
        suggestions = self.env["backlog.suggestion"]
        suggestions.generate(self.product.ids)
        self.records = {
            "backlog.disruption": self.env["backlog.disruption"].create(
                {
                    "partner_id": self.vendor.id,
                    "date_from": NOW.date(),
                    "reason": "Fire",
                }
            ),
            "backlog.suggestion": suggestions.search(
                [("product_id", "=", self.product.id)]
            ),
            "product.product": self.product,
            "product.template": self.product.product_tmpl_id,
            "purchase.order": self.purchase,
            "res.partner": self.vendor,
            "sale.order": self.order,
        }
        self.env.flush_all()
        self.records["backlog.suggestion.line"] = self.records[
            "backlog.suggestion"
        ].line_ids
        for model in ("backlog.line", "backlog.service", "backlog.cash"):
            self.records[model] = self.env[model].search(
                [("order_line_id", "=", line.id)], limit=1
            )
        self.arguments = {
            "backlog.suggestion.action_choose_vendor": (self.vendor.id,),
            "backlog.suggestion.action_dismiss": ("No",),
            "backlog.suggestion.action_snooze": ("2030-02-01",),
            "sale.order.get_backlog": ([self.order.id],),
            "product.product.get_promise": (self.product.id, 1),
            "product.product.get_promises": (
                [{"product_id": self.product.id, "qty": 1}],
            ),
        }

    def _window(self, model, env):
        """A window as the buttons open it, of the user's own."""
        suggestion = self.records["backlog.suggestion"]
        values = {}
        if model == "backlog.suggestion.accept":
            values = {"company_id": self.company.id}
        elif model == "backlog.suggestion.accept.line":
            window = self._window("backlog.suggestion.accept", env)
            values = {"accept_id": window.id, "suggestion_id": suggestion.id}
        elif model == "backlog.suggestion.defer":
            values = {"suggestion_ids": [Command.set(suggestion.ids)]}
        return env[model].create(values)

    def _public_methods(self):
        """``(model, method)`` of all that is ours and that programs may call."""
        for name, model in self.env.items():
            parts = type(model).mro()
            ours = [
                part
                for part in parts
                if part.__module__.startswith("odoo.addons.inventory_backlog")
            ]
            theirs = {
                method for part in parts if part not in ours for method in vars(part)
            }
            for part in ours:
                for method, value in vars(part).items():
                    if (
                        isfunction(value)
                        and not method.startswith("_")
                        and method not in theirs
                    ):
                        yield name, method

    def _may(self, role, model, method):
        """Whether this gets further than the question whether one may."""
        env = self._as(role, model).env
        try:
            with self.env.cr.savepoint():
                record = env[model]
                if self.env[model]._transient:
                    record = self._window(model, env)
                elif method not in OF_MODELS and model in self.records:
                    record = record.browse(self.records[model].id)
                arguments = self.arguments.get(f"{model}.{method}", ())
                getattr(record, method)(*arguments)
                raise UndoneError
        except AccessError:
            return False
        except (UndoneError, UserError):
            return True
        finally:
            self.env.invalidate_all()

    def test_every_public_method(self):
        expected = table(METHODS)
        methods = {f"{model}.{name}" for model, name in self._public_methods()}
        self.assertEqual(methods, set(expected))
        for name, cells in expected.items():
            model, method = name.rsplit(".", 1)
            for role, cell in cells.items():
                with self.subTest(method=name, role=role):
                    self.assertEqual(self._may(role, model, method), cell == "x")

    def test_actions_in_the_menus_of_documents(self):
        actions = self.env["ir.model.data"].search(
            [("module", "in", ADDONS), ("model", "=like", "ir.actions.%")]
        )
        ours = {
            action.name
            for action in actions
            if self.env[action.model].browse(action.res_id).binding_model_id
        }
        self.assertEqual(ours, set(table(BINDINGS)))
        for action, cells in table(BINDINGS).items():
            record = self.env.ref(f"inventory_backlog.{action}")
            for role, cell in cells.items():
                bindings = self._as(role, "ir.actions.actions").get_bindings(
                    record.binding_model_id.model
                )
                offered = {one["id"] for group in bindings.values() for one in group}
                with self.subTest(action=action, role=role):
                    self.assertEqual(record.id in offered, cell == "x")
