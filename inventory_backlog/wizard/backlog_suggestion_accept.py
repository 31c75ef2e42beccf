from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_amount

from ..const import BUYING, PURCHASE_USERS
from ..tools.link import Link


class BacklogSuggestionAccept(models.TransientModel):
    """Accept suggestions after a look at quantity, vendor and date: requests, draft
    transfers and activities come out. Nothing is sent, and only *Confirm* confirms."""

    _name = "backlog.suggestion.accept"
    _inherit = ["backlog.bounds.mixin"]
    _description = "Accept Suggestions"

    company_id = Link("res.company", required=True)
    currency_id = Link(related="company_id.currency_id", related_sudo=False)
    line_ids = fields.One2many("backlog.suggestion.accept.line", "accept_id")
    has_buying = fields.Boolean(compute="_compute_kinds")
    has_other = fields.Boolean(
        compute="_compute_kinds", help="Something is not bought but brought or made."
    )
    has_split = fields.Boolean(compute="_compute_kinds")
    has_confirm = fields.Boolean(
        compute="_compute_kinds", help="Requests for quotation are to be confirmed."
    )
    requests_to_confirm = fields.Text(
        compute="_compute_requests_to_confirm",
        help="What is confirmed, a request a line: all of it, with its vendor and its "
        "untaxed amount, also where customers wait for a part of it.",
    )
    total_cost = fields.Monetary(
        compute="_compute_total_cost",
        help="Of what is chosen, untaxed, in the currency of the company.",
    )

    @api.depends("line_ids.action_type", "line_ids.is_buying", "line_ids.is_split")
    def _compute_kinds(self):
        for accept in self:
            buying = accept.line_ids.mapped("is_buying")
            accept.has_buying = any(buying)
            accept.has_other = not all(buying)
            accept.has_split = any(accept.line_ids.mapped("is_split"))
            accept.has_confirm = "confirm" in accept.line_ids.mapped("action_type")

    @api.depends("line_ids.is_chosen", "line_ids.action_type")
    def _compute_requests_to_confirm(self):
        for accept in self:
            confirmed = accept.line_ids.filtered(
                lambda line: line.is_chosen and line.action_type == "confirm"
            )
            documents = {
                document.with_env(self.env)
                for line in confirmed
                for document in line._suggestion().line_ids._late_documents()
            }
            accept.requests_to_confirm = "\n".join(
                f"{one.name} · {one.partner_id.display_name} · "
                f"{format_amount(self.env, one.amount_untaxed, one.currency_id)}"
                for one in sorted(documents, key=lambda one: one.id)
                if one.has_access("read")
            )

    @api.depends("line_ids.is_chosen", "line_ids.cost")
    def _compute_total_cost(self):
        for accept in self:
            chosen = accept.line_ids.filtered("is_chosen")
            accept.total_cost = sum(chosen.mapped("cost"))

    @api.onchange("line_ids")
    def _onchange_line_ids(self):
        """What is split off one line is not bought by the other."""
        for first in self.line_ids.filtered(lambda line: not line.is_split):
            parts = self.line_ids.filtered(
                lambda line, first=first: (
                    line.is_split
                    and line.is_chosen
                    and line.suggestion_id == first.suggestion_id
                )
            )
            share = max(0, 100 - sum(parts.mapped("share")))
            if first.share != share:
                first.share = share

    @api.model
    def _open_for(self, suggestions):
        """Open the window with a line for each of ``suggestions``."""
        if not suggestions:
            raise UserError(self.env._("Choose at least one suggestion."))
        self.env["backlog.procure"]._check_may_accept(suggestions)
        suggestions._check_open()
        if len(suggestions.company_id) > 1:
            raise UserError(
                self.env._("Accept the suggestions of one company at a time.")
            )
        accept = self.create(
            {
                "company_id": suggestions.company_id.id,
                "line_ids": [
                    Command.create(
                        {
                            # A record: the user can read it, see above.
                            "suggestion_id": one,
                            "supplierinfo_id": one.supplierinfo_id,
                            "qty": one.suggested_qty,
                        }
                    )
                    for one in suggestions
                ],
            }
        )
        return accept._action_window()

    def _action_window(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Accept Suggestions"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def action_confirm(self):
        """Do what is chosen and open what came out."""
        chosen = self.line_ids.filtered("is_chosen")
        chosen._check_chosen()
        suggestions = chosen.suggestion_id
        suggestions.check_access("write")
        suggestions.env["backlog.procure"]._accept([line._choice() for line in chosen])
        return self._action_results(suggestions)

    def _action_results(self, suggestions):
        """Open the requests that the user may read, with a notification about what they
        do not show."""
        suggestions.invalidate_recordset()
        left_out = self.line_ids.suggestion_id - suggestions
        notice = suggestions._notification(
            self.env._("Accepted"),
            " ".join(self._result_sentences(suggestions.sudo(), left_out)),
        )
        requests = suggestions.sudo().purchase_line_ids.order_id.filtered(
            lambda order: order.state in ("draft", "sent")
        )
        requests = requests.with_env(self.env)
        if not requests or not self.env.user.has_group(PURCHASE_USERS):
            return notice
        action = self.env["ir.actions.act_window"]._for_xml_id("purchase.purchase_rfq")
        action |= {"domain": [("id", "in", requests.ids)], "context": {}}
        if len(requests) == 1:
            action |= {"views": [(False, "form")], "res_id": requests.id}
        if not left_out and all(one.action_type in BUYING for one in suggestions):
            return action
        notice["params"]["next"] = action
        return notice

    @api.model
    def _result_sentences(self, suggestions, left_out):
        """What came out of these suggestions, and which are as they were."""
        if notes := suggestions.env["backlog.suggestion.text"]._supply_notes(
            suggestions
        ):
            yield self.env._("Created: %s.", ", ".join(notes))
        confirmed = suggestions.filtered(lambda one: one.action_type == "confirm")
        documents = confirmed.line_ids._late_documents()
        waiting = [one for one in documents if one.state == "to approve"]
        if done := [one for one in documents if one not in waiting]:
            yield self.env._(
                "Confirmed: %s.", ", ".join(one.display_name for one in done)
            )
        if waiting:
            yield self.env._(
                "Waiting for approval: %s.",
                ", ".join(one.display_name for one in waiting),
            )
        if asked := suggestions.asked_activity_ids:
            yield self.env._(
                "Activities to pull receipts in: %s.",
                ", ".join(asked.mapped("res_name")),
            )
        if left_out:
            yield self.env._(
                "Left out: %s.", ", ".join(left_out.product_id.mapped("display_name"))
            )
