from inspect import isfunction

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..matrix import ADDONS, MatrixCase, table
from ..suggestions import SuggestionCase
from .test_given import carried

# For whom it does what it is there for (x), and who may ask and is told why not (?).
METHODS = """
                          portal internal seller all stock purchase manager other both
    backlog.cash.action_open
                          -      -        x      x   x     -        x       -     x
    backlog.checkup.get_checks
                          -      -        x      x   x     x        x       x     x
    backlog.checkup.hide
                          -      -        -      -   -     -        x       -     -
    backlog.checkup.show
                          -      -        -      -   -     -        x       -     -
    backlog.dashboard.get_cash
                          -      -        x      x   x     -        x       x     x
    backlog.dashboard.get_dashboard
                          -      -        x      x   x     -        x       x     x
    backlog.dashboard.get_salespeople
                          -      -        x      x   x     -        x       ?     x
    backlog.dashboard.get_trend
                          -      -        x      x   x     -        x       x     x
    backlog.disruption.action_move_requests
                          -      -        -      -   -     x        -       -     -
    backlog.fault.action_dismiss
                          -      -        -      -   -     -        x       -     -
    backlog.fault.action_open_record
                          -      -        -      -   -     -        x       -     -
    backlog.kept.differences
                          -      -        -      -   -     -        x       -     -
    backlog.kept.rebuild
                          -      -        -      -   -     -        x       -     -
    backlog.confirm.order.action_keep
                          -      -        x      x   -     -        -       -     x
    backlog.confirm.order.action_promise
                          -      -        x      x   -     -        -       -     x
    backlog.confirm.request.action_confirm
                          -      -        -      -   -     x        -       -     -
    backlog.line.act
                          -      -        x      x   x     x        x       -     x
    backlog.line.action_check_availability
                          -      -        x      x   x     x        -       -     x
    backlog.line.action_open_order
                          -      -        x      x   x     x        x       -     x
    backlog.line.action_open_supply
                          -      -        ?      ?   ?     x        ?       -     ?
    backlog.line.action_open_transfers
                          -      -        ?      ?   x     ?        -       -     ?
    backlog.line.action_suggest_purchase
                          -      -        -      -   -     x        x       -     -
    backlog.line.action_why
                          -      -        x      x   x     x        x       -     x
    backlog.line.get_cards
                          -      -        x      x   x     x        x       x     x
    backlog.line.get_changes
                          -      -        x      x   x     x        x       x     x
    backlog.line.get_panel
                          -      -        x      x   x     x        x       -     x
    backlog.line.undo_act
                          -      -        ?      ?   ?     ?        ?       ?     ?
    backlog.purchase.change.action_cancel_and_order
                          -      -        -      -   -     x        -       -     -
    backlog.purchase.change.action_cancel_purchase
                          -      -        -      -   -     x        -       -     -
    backlog.purchase.change.action_move
                          -      -        -      -   -     x        -       -     -
    backlog.report.action_print
                          -      -        x      x   x     -        x       x     x
    backlog.service.action_open_order
                          -      -        x      x   ?     ?        ?       -     x
    backlog.ship.action_validate
                          -      -        -      -   x     -        -       -     -
    backlog.suggestion.action_accept
                          -      -        -      -   -     x        -       -     -
    backlog.suggestion.action_buy_instead
                          -      -        -      -   -     x        -       -     -
    backlog.suggestion.action_choose_vendor
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_confirm_requests
                          -      -        -      -   -     x        -       -     -
    backlog.suggestion.action_create_rfq
                          -      -        -      -   -     x        -       -     -
    backlog.suggestion.action_dismiss
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_open_accept
                          -      -        -      -   -     x        -       -     -
    backlog.suggestion.action_open_dismiss
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_open_purchases
                          -      -        -      -   -     x        ?       -     -
    backlog.suggestion.action_open_snooze
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_open_transfers
                          -      -        -      -   -     x        ?       -     -
    backlog.suggestion.action_open_vendors
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_order
                          -      -        -      -   -     x        -       -     -
    backlog.suggestion.action_propose
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_snooze
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_take_back
                          -      -        -      -   -     x        -       -     -
    backlog.suggestion.action_undo
                          -      -        -      -   -     x        -       -     -
    backlog.suggestion.action_update
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.action_write_vendor
                          -      -        -      -   -     x        -       -     -
    backlog.suggestion.generate
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.order_now
                          -      -        -      -   -     x        -       -     -
    backlog.suggestion.undo_now
                          -      -        -      -   -     x        -       -     -
    backlog.suggestion.accept.action_confirm
                          -      -        -      -   -     x        -       -     -
    backlog.suggestion.accept.line.action_split
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.defer.action_dismiss
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.defer.action_snooze
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.order.action_confirm
                          -      -        -      -   -     x        -       -     -
    backlog.suggestion.vendor.action_confirm
                          -      -        -      -   -     x        x       -     -
    backlog.suggestion.line.action_open_receipt
                          -      -        -      -   -     x        ?       -     -
    backlog.upkeep.action_catch_up
                          -      -        -      -   -     -        x       -     -
    backlog.vendor.switch.action_move
                          -      -        -      -   -     x        -       -     -
    backlog.snapshot.action_remove_future
                          -      -        -      -   -     -        x       -     -
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
    purchase.order.action_cancel_or_ask
                          -      -        -      -   -     x        -       -     -
    purchase.order.action_move_date
                          -      -        -      -   -     x        -       -     -
    purchase.order.action_move_to_backup
                          -      -        -      -   -     x        -       -     -
    purchase.order.action_open_backlog
                          -      -        -      -   x     x        -       -     -
    purchase.order.action_open_suggestions
                          -      -        -      -   -     x        -       -     -
    purchase.order.action_open_vendor_scorecard
                          -      -        -      -   -     x        -       -     -
    res.partner.action_open_backlog
                          -      -        x      x   x     x        x       x     x
    res.partner.action_open_disruptions
                          -      -        x      x   x     x        x       x     x
    res.partner.action_open_vendor_scorecard
                          -      -        -      -   -     x        x       -     -
    res.partner.action_send_backlog_summary
                          -      -        ?      ?   ?     ?        ?       ?     ?
    sale.order.action_confirm_or_ask
                          -      -        x      x   x     -        -       -     x
    sale.order.action_open_backlog
                          -      -        x      x   x     x        x       x     x
    sale.order.action_send_backlog_summary
                          -      -        x      x   x     -        x       x     x
    sale.order.get_backlog
                          -      -        x      x   x     -        -       -     x
"""
# What is said to them.
TOLD = {
    # They see nobody's lines.
    "backlog.dashboard.get_salespeople": "^nothing$",
    "backlog.line.action_open_supply": "^It is covered by P.*not yours to open",
    "backlog.line.action_open_transfers": "^WH/OUT/.* is not yours to open",
    "backlog.line.undo_act": "^This is undone already",
    "backlog.service.action_open_order": "^S.* is not yours to open",
    "backlog.suggestion.action_open_purchases": "^Nothing .* that you may open",
    "backlog.suggestion.action_open_transfers": "^Nothing .* that you may open",
    "backlog.suggestion.line.action_open_receipt": "^P.* is not yours to open",
    "res.partner.action_send_backlog_summary": "^Nothing is open for",
}
# The button that opens a window.
OPENED_BY = {
    "backlog.suggestion.accept": ("backlog.suggestion", "action_open_accept"),
    "backlog.suggestion.defer": ("backlog.suggestion", "action_open_dismiss"),
    "backlog.suggestion.vendor": ("backlog.suggestion", "action_open_vendors"),
    "backlog.vendor.switch": ("purchase.order", "action_move_to_backup"),
}
# Which of our actions the menus of documents offer.
BINDINGS = """
                          portal internal seller all stock purchase manager other both
    action_report_partner_backlog
                          -      -        x      x   x     -        x       x     x
    action_report_order_backlog
                          -      -        x      x   x     -        x       x     x
    action_send_backlog_summary
                          -      -        x      x   x     -        x       x     x
    action_partner_send_backlog_summary
                          -      -        x      x   x     -        x       x     x
"""
# What is called on a model, with ids or a question among its arguments.
OF_MODELS = (
    "act",
    "generate",
    "get_backlog",
    "get_cards",
    "get_panel",
    "get_promise",
    "get_promises",
    "undo_act",
)


class UndoneError(Exception):
    """It was called; nothing of it is kept."""


@tagged("post_install", "-at_install")
class TestMatrixMethods(SuggestionCase, MatrixCase):
    """Who may call what: every public method of our models, and ours on models of
    others. Windows belong to who opened them, so each tries an own one."""

    def setUp(self):
        super().setUp()
        seller = self.users["seller"]
        order = self._wanted(self.product, 3, user=seller)
        request = self._request(self.product, 2, vendor=self.first)
        late = self._table("Late", self.second)
        self._offer(late, self.third, 20, delay=3)
        awaited = self._wanted(late, 3, user=seller)
        self.awaited = self._purchase(late, 3, vendor=self.second, days=9)
        self.quoted = order.sudo().copy()
        bought = self._table("Bought", self.second)
        moved = self._product("Moved")
        self._wanted([(bought, 1), (moved, 1)])
        self._put_in_stock(moved, 1, self._second_warehouse().lot_stock_id)
        asked = self._table("Asked", self.second)
        self._wanted(asked, 3, days=1, user=seller)
        self._request(asked, 3, vendor=self.second)
        there = self._product("There")
        self._put_in_stock(there, 1)
        self.shipped = self._wanted(there, 1, user=seller)
        self.asked_request = self._request(self._product("Requested"), 1)
        disruption = self._disrupt(self.first)
        self._generate()
        self._suggested(bought, moved).action_accept()
        to_pull_in = self._suggested(late)
        # Batches are committed.
        self.patch(
            self.env.registry["ir.cron"], "_commit_progress", lambda *_a, **_k: True
        )
        with mute_logger("odoo.addons.inventory_backlog"):
            self.env["backlog.fault"]._report(
                "other", "one", "Wrong", False, "product.product", self.product.id
            )
        # Of a model, or of one of its methods.
        self.records = {
            "backlog.disruption": disruption,
            "backlog.fault.action_open_record": self.env["backlog.fault"].search(
                [("key", "=", "one")]
            ),
            "backlog.suggestion": self._suggested(),
            "backlog.suggestion.action_open_purchases": self._suggested(bought),
            "backlog.suggestion.action_open_transfers": self._suggested(moved),
            "backlog.suggestion.action_take_back": self._suggested(bought),
            "backlog.suggestion.action_undo": self._suggested(bought),
            "backlog.suggestion.undo_now": self._suggested(bought),
            "backlog.suggestion.action_buy_instead": to_pull_in,
            "backlog.suggestion.action_confirm_requests": self._suggested(
                asked, action="confirm"
            ),
            "backlog.suggestion.action_write_vendor": to_pull_in,
            "backlog.suggestion.line": to_pull_in.line_ids.filtered("document"),
            "product.product": self.product,
            "product.template": self.product.product_tmpl_id,
            "purchase.order": request,
            "res.partner": self.first,
            "sale.order": order,
            "sale.order.action_confirm_or_ask": self.quoted,
        }
        for name, of_order in (
            ("backlog.line", order),
            ("backlog.line.action_open_supply", awaited),
            ("backlog.service", order),
            ("backlog.cash", order),
        ):
            model = ".".join(name.split(".")[:2])
            domain = [("order_id", "=", of_order.id)]
            if model == "backlog.cash":  # What we pay, only buyers see.
                domain.append(("flow", "=", "receive"))
            self.records[name] = self.env[model].search(domain, limit=1)
        for name, record in self.records.items():
            self.assertEqual(len(record), 1, name)
        line = self.records["backlog.line"]
        self.arguments = {
            "backlog.line.act": ([line.id], "snooze", {"until": "2030-02-01"}),
            "backlog.line.get_cards": ("manager", []),
            "backlog.line.get_panel": (line.id,),
            "backlog.line.undo_act": ({"verb": "snooze", "token": 1},),
            "backlog.suggestion.action_buy_instead": (self.third.id,),
            "backlog.suggestion.action_choose_vendor": (self.third.id,),
            "backlog.suggestion.action_dismiss": ("No",),
            "backlog.suggestion.action_snooze": ("2030-02-01",),
            "sale.order.get_backlog": ([order.id],),
            "product.product.get_promise": (self.product.id, 1),
            "product.product.get_promises": (
                [{"product_id": self.product.id, "qty": 1}],
            ),
        }

    def _window(self, model, env):
        """A window as the button opens it, of the user's own, also for who may not
        press the button."""
        if model == "backlog.suggestion.accept.line":
            return self._window("backlog.suggestion.accept", env).sudo().line_ids
        if model == "backlog.confirm.order":
            window = {"order_id": self.quoted, "possible_date": self._after(5)}
            return env[model].sudo().create(window)
        if model == "backlog.purchase.change":
            window = {"purchase_id": self.awaited, "kind": "move"}
            return env[model].sudo().create({**window, "date": self._after(5)})
        if model == "backlog.ship":
            line = self.env["backlog.line"].search([("order_id", "=", self.shipped.id)])
            transfers = self.shipped.sudo().picking_ids
            action = env[model].sudo()._open_for(line, transfers.with_env(env).sudo())
            return env[model].sudo().browse(action["res_id"])
        if model == "backlog.confirm.request":
            action = env[model].sudo()._open_for([self.asked_request])
            return env[model].sudo().browse(action["res_id"])
        if model == "backlog.suggestion.order":
            # Up to ten are ordered without it.
            few = self.records["backlog.suggestion"].with_env(env).sudo()
            action = env[model].sudo()._open_for(few)
            return env[model].sudo().browse(action["res_id"])
        if model not in OPENED_BY:
            return env[model].sudo().create({})
        opener, button = OPENED_BY[model]
        action = getattr(self.records[opener].with_env(env).sudo(), button)()
        window = env[model].sudo().browse(action["res_id"])
        if "reason" in window:
            window.reason = "No"
        if model == "backlog.suggestion.vendor":
            window.line_ids.partner_id = self.third
        return window

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

    def _result(self, role, name):
        """``x`` when it is done, ``-`` when it is refused, else why nothing comes of
        it."""
        model, method = name.rsplit(".", 1)
        env = self._as(role, model).env
        try:
            with self.env.cr.savepoint():
                record = env[model]
                if record._transient:
                    record = self._window(model, env).with_env(env)
                elif method not in OF_MODELS:
                    known = self.records.get(name, self.records.get(model, record))
                    record = record.browse(known.ids)
                self.env.invalidate_all()
                answer = getattr(record, method)(*self.arguments.get(name, ()))
                self.env.flush_all()
                self.assertFalse(carried(answer), "It hands on what a call was given")
                raise UndoneError(answer)
        except UndoneError as done:
            return "x" if done.args[0] else "nothing"
        except AccessError:
            return "-"
        except MissingError as error:
            return repr(error)
        except UserError as error:
            return str(error)
        finally:
            self.env.invalidate_all()

    def test_every_public_method(self):
        expected = table(METHODS)
        methods = {f"{model}.{name}" for model, name in self._public_methods()}
        self.assertEqual(methods, set(expected))
        for name, cells in expected.items():
            for role, cell in cells.items():
                with self.subTest(method=name, role=role):
                    result = self._result(role, name)
                    if cell == "?":
                        self.assertRegex(result, TOLD[name])
                    else:
                        self.assertEqual(result, cell)

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
