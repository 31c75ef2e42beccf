from odoo import api, models
from odoo.exceptions import AccessError

from ...const import MANAGERS, PURCHASE_USERS
from ...tools.actions import open_lines
from ...tools.given import giving
from .backlog_checkup_count import MOST_FOUND, MOST_LINES

# Whose work a user does, by group: the first one counts.
ROLES = {
    "manager": MANAGERS,
    "sale": "sales_team.group_sale_salesman",
    "purchase": PURCHASE_USERS,
    "stock": "stock.group_stock_user",
}
# Without an open line they would praise nothing.
OF_LINES = ("no_vendor", "no_date")


class BacklogCheckup(models.AbstractModel):
    """The first day: what makes the figures right, with a button for each, above the
    open lines. Backlog administrators see it until they hide it; everybody sees that
    figures are being prepared, and is offered the tour of their work once.

    A check is found by ``backlog.checkup.count`` and put into words here, in
    ``_check_<key>``.
    """

    _name = "backlog.checkup"
    _description = "Set-up Checks"

    # Doors

    @api.model
    @api.readonly
    def get_checks(self, role=False):
        """Return what the panel above the open lines shows.

        :param str role: ``sale``, ``manager``, ``purchase`` or ``stock``: whose list it
            is; by default that of the user
        :return: ``{"shown": bool, "checks": [{"key", "state": "ok", "warn", "ask" or
            "off", "text", "button": str or False, "action": dict or False}], "done":
            what to show instead when all is right, {"text", "button", "action"}, or
            False, "notice": about the speed of pages, {"text", "button", "action"}, or
            False, "tour": {"name", "message", "is_new": not taken yet}}``. Without the
            right to put a check right it has no button.
        :raise AccessError: for those who may not read the backlog
        """
        self.env["backlog.line"].browse().check_access("read")
        answer = self.env["backlog.kept"]._answer()
        is_shown = self._is_manager() and not (
            answer.get("live") or self.env.company.backlog_checkup_hidden
        )
        checks = []
        if is_shown:
            with giving(self, **answer) as asked:
                checks = asked._checks(asked.env["backlog.checkup.count"]._find())
        return {
            "shown": is_shown,
            "checks": checks,
            "done": self._done(checks),
            "notice": self._notice(bool(answer.get("live"))),
            "tour": self._tour(role),
        }

    @api.model
    def hide(self):
        """Hide the checks of the current company, until somebody shows them again.

        :return: True
        :raise AccessError: for others than backlog administrators
        """
        self._set_hidden(True)
        return True

    @api.model
    def show(self):
        """Show the checks of the current company again.

        :return: the action that opens the open lines below them
        :raise AccessError: for others than backlog administrators
        """
        self._set_hidden(False)
        return open_lines(self.env["backlog.line"], [])

    def _set_hidden(self, hidden):
        if not self._is_manager():
            raise AccessError(
                self.env._("The set-up checks are for administrators of the backlog.")
            )
        if self.env.company.backlog_checkup_hidden != hidden:
            self.env.company.backlog_checkup_hidden = hidden

    def _is_manager(self):
        return self.env.user.has_group(MANAGERS)

    # What everybody sees

    def _notice(self, is_live):
        """What to say about the speed of pages, or False.

        :param is_live: whether everything is computed when it is asked for
        """
        nothing = {"button": False, "action": False}
        if is_live or self._is_manager():
            for notice in self.env["backlog.upkeep"]._notices():
                return nothing | notice
        if is_live and not self.env["backlog.kept.seen"]._is_detached():
            text = self.env._(
                "The figures are being prepared: pages are slower for some minutes."
            )
            return nothing | {"text": text}
        return False

    def _tour(self, role):
        """The tour of a role: its name, what Odoo says at its end, and whether the user
        has yet to take it."""
        if role not in list(ROLES):
            groups = (one for one, group in ROLES.items() if self._has_group(group))
            role = next(groups, "sale")
        name = f"inventory_backlog_tour_{role}"
        tour = self.env["web_tour.tour"].search([("name", "=", name)])
        taken = tour.search_count(
            [("id", "in", tour.ids), ("user_consumed_ids", "in", self.env.uid)]
        )
        return {
            "name": name,
            "message": tour.rainbow_man_message or "",
            "is_new": bool(tour) and not taken,
        }

    def _has_group(self, group):
        return self.env.user.has_group(group)

    # The checks

    def _checks(self, found):
        """``found`` in words: the checks that apply, in the order in which they matter.

        :param found: see ``backlog.checkup.count._find``
        """
        checks = [self._check_lines(found["lines"], found["orders"])]
        for key, check in self._kinds().items():
            if not found["lines"] and key in OF_LINES:
                continue
            number = len(found[key])
            shown = f"{MOST_FOUND:,}+" if number > MOST_FOUND else number
            texts = check(found[key][:MOST_FOUND], number, shown)
            if texts:
                checks.append({"key": key, "button": False, "action": False} | texts)
        return checks

    def _kinds(self):
        """``{check: method}``. The method gets ids, how many there are and how that is
        written; it returns ``{"state", "text"}`` and, for who may put it right,
        ``button`` and ``action``, or nothing where the check does not apply."""
        return {
            "no_vendor": self._check_no_vendor,
            "overdue": self._check_overdue,
            "no_date": self._check_no_date,
            "rules": self._check_rules,
            "mail": self._check_mail,
            "no_lead_time": self._check_no_lead_time,
            "old": self._check_old,
            "below_zero": self._check_below_zero,
            "at_once": self._check_at_once,
            "no_email": self._check_no_email,
            "actions": self._check_actions,
        }

    def _check_lines(self, lines, orders):
        check = {"key": "lines", "state": "ok", "button": False, "action": False}
        if not lines:
            return check | {
                "state": "off",
                "text": self.env._("No order is open yet"),
            }
        if lines > MOST_LINES:
            text = self.env._("More than %s open lines were read", f"{MOST_LINES:,}")
        elif lines == 1:
            text = self.env._("1 open line was read")
        elif orders == 1:
            text = self.env._("%s open lines of 1 order were read", lines)
        else:
            text = self.env._(
                "%(lines)s open lines of %(orders)s orders were read",
                lines=lines,
                orders=orders,
            )
        return check | {"text": text}

    def _check_no_vendor(self, ids, number, shown):
        if not number:
            text = self.env._("Every product that customers wait for has a vendor")
            return {"state": "ok", "text": text}
        text = self.env._("%s products that customers wait for have no vendor", shown)
        if number == 1:
            text = self.env._("1 product that customers wait for has no vendor")
        return {
            "state": "warn",
            "text": text,
            **self._button(
                self._may("product.supplierinfo", "create"),
                self.env._("Add vendors"),
                "product.product",
                ids,
                self.env._("Products without Vendor"),
            ),
        }

    def _check_overdue(self, ids, number, shown):
        if not number:
            return {"state": "ok", "text": self.env._("No receipt is overdue")}
        text = self.env._("%s receipts are overdue: their dates count as today", shown)
        if number == 1:
            text = self.env._("1 receipt is overdue: its date counts as today")
        button, name = self.env._("Correct dates"), self.env._("Overdue Receipts")
        if self._has_group("stock.group_stock_user"):
            opened = self._button(True, button, "stock.picking", ids, name)
        else:
            # Who buys moves them by the date of the purchase.
            opened = self._button(
                self._has_group(PURCHASE_USERS), button, "purchase.order", ids, name
            )
            if opened:
                opened["action"]["domain"] = [("picking_ids", "in", ids)]
        return {"state": "warn", "text": text, **opened}

    def _check_no_date(self, ids, number, shown):
        if not number:
            return {
                "state": "ok",
                "text": self.env._("Every open order has a delivery date"),
            }
        text = self.env._(
            "%s orders have no delivery date: order day + lead time counts", shown
        )
        if number == 1:
            text = self.env._(
                "1 order has no delivery date: order day + lead time counts"
            )
        return {
            "state": "ask",
            "text": text,
            **self._button(
                self._may("sale.order"),
                self.env._("Change"),
                "sale.order",
                ids,
                self.env._("Orders without Delivery Date"),
            ),
        }

    def _check_rules(self, ids, number, shown):
        if not number:
            return {
                "state": "ok",
                "text": self.env._("No reordering rule buys beside the suggestions"),
            }
        text = self.env._(
            "%s reordering rules buy as well: suggestions leave these products to them",
            shown,
        )
        if number == 1:
            text = self.env._(
                "1 reordering rule buys as well: suggestions leave its product to it"
            )
        return {
            "state": "ask",
            "text": text,
            **self._button(
                self._may("stock.warehouse.orderpoint"),
                self.env._("Choose"),
                "stock.warehouse.orderpoint",
                ids,
                self.env._("Automatic Reordering Rules"),
                view="stock.view_warehouse_orderpoint_tree_editable",
            ),
        }

    def _check_mail(self, ids, number, shown):
        text = self.env._("%s people get the weekly report by mail", shown)
        if number == 1:
            text = self.env._("1 person gets the weekly report by mail")
        if number:
            return {"state": "ok", "text": text}
        return {
            "state": "off",
            "text": self.env._("Nobody gets the weekly report by mail yet"),
            "button": self.env._("Choose people"),
            "action": self.env["ir.actions.act_window"]._for_xml_id(
                "inventory_backlog.backlog_report_recipient_action"
            ),
        }

    def _check_no_lead_time(self, ids, number, shown):
        if not number:
            return {}
        text = self.env._("%s prices of vendors have no lead time", shown)
        if number == 1:
            text = self.env._("1 price of a vendor has no lead time")
        return {
            "state": "warn",
            "text": text,
            **self._button(
                self._may("product.supplierinfo"),
                self.env._("Add lead times"),
                "product.supplierinfo",
                ids,
                self.env._("Prices without Lead Time"),
            ),
        }

    def _check_old(self, ids, number, shown):
        if not number:
            return {}
        text = self.env._("%s open orders are older than 90 days", shown)
        if number == 1:
            text = self.env._("1 open order is older than 90 days")
        lines = open_lines(self.env["backlog.line"], [("order_id", "in", ids)])
        name = self.env._("Old Orders")
        return {
            "state": "ask",
            "text": text,
            "button": self.env._("Look"),
            "action": {**lines, "name": name, "display_name": name},
        }

    def _check_below_zero(self, ids, number, shown):
        if not number:
            return {}
        text = self.env._("%s products have stock below zero", shown)
        if number == 1:
            text = self.env._("1 product has stock below zero")
        opened = self._button(
            self._has_group("stock.group_stock_user"),
            self.env._("Count"),
            "stock.quant",
            ids,
            self.env._("Stock below Zero"),
            view="stock.view_stock_quant_tree_inventory_editable",
        )
        if opened:
            opened["action"] |= {
                "domain": [
                    ("product_id", "in", ids),
                    ("quantity", "<", 0),
                    ("location_id.usage", "=", "internal"),
                ],
                "context": {"inventory_mode": True},
            }
        return {"state": "warn", "text": text, **opened}

    def _check_at_once(self, ids, number, shown):
        if not number:
            return {}
        text = self.env._(
            "%s orders ship all at once: what is ready waits for the rest", shown
        )
        if number == 1:
            text = self.env._(
                "1 order ships all at once: what is ready waits for the rest"
            )
        return {
            "state": "ask",
            "text": text,
            **self._button(
                self._may("sale.order"),
                self.env._("Change"),
                "sale.order",
                ids,
                self.env._("Orders Shipped at Once"),
            ),
        }

    def _check_no_email(self, ids, number, shown):
        if not number:
            return {}
        text = self.env._("%s customers have no e-mail: nobody can tell them", shown)
        if number == 1:
            text = self.env._("1 customer has no e-mail: nobody can tell them")
        return {
            "state": "warn",
            "text": text,
            **self._button(
                self._may("res.partner"),
                self.env._("Add"),
                "res.partner",
                ids,
                self.env._("Customers without E-mail"),
            ),
        }

    def _check_actions(self, ids, number, shown):
        if not number:
            return {}
        text = self.env._("%s scheduled actions of the backlog are off", shown)
        if number == 1:
            text = self.env._("1 scheduled action of the backlog is off")
        opened = self._button(
            self._has_group("base.group_system"),
            self.env._("Switch on"),
            "ir.cron",
            ids,
            self.env._("Scheduled Actions"),
        )
        if opened:
            opened["action"]["context"] = {"active_test": False}
        return {"state": "warn", "text": text, **opened}

    # Buttons

    def _may(self, model, operation="write"):
        return self.env[model].has_access(operation)

    def _button(self, may, button, model, ids, name, view=False):
        """``{"button", "action"}`` that opens these records, nothing for who may not
        put them right."""
        if not may:
            return {}
        # Not env.ref: it would check each time whether the view still exists.
        view_id = view and self.env["ir.model.data"]._xmlid_to_res_id(view)
        views = [(view_id, "list"), (False, "form")]
        return {
            "button": button,
            "action": {
                "type": "ir.actions.act_window",
                "name": name,
                "res_model": model,
                "views": views[:1] if view else views,
                "domain": [("id", "in", ids)],
                "context": {},
                "target": "current",
            },
        }

    # All is right

    def _done(self, checks):
        """What to say when every check is right, or False."""
        if not checks or any(check["state"] != "ok" for check in checks):
            return False
        lines = self.env["backlog.line"]
        late, at_risk = (
            lines.search_count([(name, "=", True)])
            for name in ("is_late", "is_at_risk")
        )
        lines_late = (
            self.env._("1 line is late")
            if late == 1
            else self.env._("%s lines are late", late)
        )
        lines_at_risk = (
            self.env._("1 line is at risk")
            if at_risk == 1
            else self.env._("%s lines are at risk", at_risk)
        )
        urgent = {
            **open_lines(lines, []),
            "context": {"search_default_late": 1, "search_default_at_risk": 1},
        }
        return {
            "text": self.env._(
                "%(late)s, %(at_risk)s",
                late=lines_late if late else self.env._("Nothing is late"),
                at_risk=lines_at_risk if at_risk else self.env._("nothing is at risk"),
            ),
            "button": self.env._("Show") if late or at_risk else False,
            "action": urgent if late or at_risk else False,
        }
