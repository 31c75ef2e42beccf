from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..tools.link import Link
from ..tools.texts import short_day


class BacklogPurchaseChange(models.TransientModel):
    """What moving or cancelling a purchase does to the customers who wait for it: each
    of their lines before and after, and then the change itself."""

    _name = "backlog.purchase.change"
    _inherit = ["backlog.bounds.mixin"]
    _description = "Change of a Purchase That Customers Wait For"

    purchase_id = Link("purchase.order", "Purchase", required=True, readonly=True)
    kind = fields.Selection(
        [("move", "Move date"), ("cancel", "Cancel")], required=True, readonly=True
    )
    date = fields.Datetime("New Arrival")
    summary = fields.Char(readonly=True)
    line_ids = fields.One2many(
        "backlog.purchase.change.line", "change_id", "Lines", readonly=True
    )

    def _ask(self, purchase, kind, date=False):
        """Open the window for a purchase that the user may write.

        :return: its action
        """
        purchase.check_access("write")
        wizard = self.create(
            {"purchase_id": purchase, "kind": kind, "date": date}
            | self._foreseen_values(purchase, kind, date)
        )
        name = {
            "move": self.env._("Move %s", purchase.name),
            "cancel": self.env._("Cancel %s", purchase.name),
        }[kind]
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    @api.onchange("date")
    def _onchange_date(self):
        if self.kind == "move" and self.date:
            # By the rights of the user: a form may name any purchase.
            purchase = self._origin.purchase_id
            purchase.check_access("write")
            self.update(self._foreseen_values(purchase, "move", self.date))

    def _foreseen_values(self, purchase, kind, date):
        """What the window shows of the change."""
        foresight = self.env["backlog.foresight"]
        if kind == "cancel":
            foreseen = foresight._cancelled(purchase)
        else:
            lines = purchase._lines_to_come()
            foreseen = foresight._moved(lines, date) if date else {}
        broken = foresight._breaks(foreseen)
        names = {"lines": len(foreseen), "late": len(broken)}
        summary = self.env._(
            "Wait for it: %(lines)s lines, late by it: %(late)s.", **names
        )
        return {
            "summary": summary,
            "line_ids": [
                Command.clear(),
                *(
                    Command.create(self._line_values(line, *days, line in broken))
                    for line, days in sorted(
                        foreseen.items(), key=lambda one: one[0].promise_date
                    )
                ),
            ],
        }

    def _line_values(self, line, before, after, is_broken):
        def day(moment):
            return short_day(self.env, moment) or self.env._("no date")

        # sudo: names of a line that the user may see.
        named = line.sudo()
        return {
            "order": named.order_id.name,
            "customer": named.partner_id.display_name,
            "product": named.product_id.display_name,
            "quantity": line._goods(line.open_qty),
            "promise": day(line.promise_date),
            "before": day(before),
            "after": day(after),
            "is_broken": is_broken,
        }

    # What is done

    def action_move(self):
        """Write the new arrival on what is still to come."""
        self.ensure_one()
        if not self.date:
            raise UserError(self.env._("Choose the day on which it comes."))
        self.purchase_id._lines_to_come().date_planned = self.date
        return {"type": "ir.actions.act_window_close"}

    def action_cancel_purchase(self):
        """Cancel the purchase, and tell the salespeople whose lines lose their
        supply."""
        self.ensure_one()
        self._cancel()
        return {"type": "ir.actions.act_window_close"}

    def action_cancel_and_order(self):
        """Cancel the purchase, and open what is suggested for its goods instead."""
        self.ensure_one()
        products = self.purchase_id.order_line.product_id
        self._cancel()
        self.env["backlog.suggestion"].generate(products.ids)
        suggestions = self.env["backlog.suggestion"].search(
            [("product_id", "in", products.ids), ("state", "=", "proposed")]
        )
        return suggestions._action_open()

    def _cancel(self):
        purchase = self.purchase_id
        waiting = purchase._backlog_waiting().get(
            purchase.id, self.env["backlog.line"].browse()
        )
        # sudo: the buyer sees these lines, and may not write orders.
        waiting.sudo().order_line_id.cancelled_purchase = purchase.name
        purchase.button_cancel()
        waiting._tell_salespeople(
            self.env._("%s was cancelled: look for other supply", purchase.name)
        )
