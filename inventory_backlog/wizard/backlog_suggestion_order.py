from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..const import ASKED


class BacklogSuggestionOrder(models.TransientModel):
    """Order many suggestions after a look at what each vendor gets: a row per vendor.
    Requests, draft transfers and activities come out, batch by batch."""

    _name = "backlog.suggestion.order"
    _inherit = ["backlog.bounds.mixin"]
    _description = "Order Suggestions"

    line_ids = fields.One2many("backlog.suggestion.order.line", "order_id")
    currency_id = fields.Many2one(
        "res.currency", default=lambda self: self.env.company.currency_id
    )
    total_cost = fields.Monetary(
        compute="_compute_totals",
        help="Of what is chosen, untaxed, as suggested.",
    )
    total_count = fields.Integer("Products", compute="_compute_totals")

    @api.depends("line_ids.is_chosen", "line_ids.cost", "line_ids.suggestion_ids")
    def _compute_totals(self):
        for order in self:
            chosen = order.line_ids.filtered("is_chosen")
            order.total_count = sum(chosen.mapped("product_count"))
            order.total_cost = sum(
                line.company_id.currency_id._convert(
                    line.cost,
                    order.currency_id,
                    line.company_id,
                    fields.Date.context_today(order),
                )
                for line in chosen
                if line.company_id
            )

    @api.model
    def _open_for(self, suggestions):
        """Open the window with a row for each vendor of ``suggestions``.

        :raise AccessError: for whom none of them is to order
        """
        suggestions.check_access("write")
        bulk = self.env["backlog.suggestion.bulk"]
        reasons = bulk._reasons(suggestions)
        mine = bulk._acceptable(suggestions)
        if not mine:
            self.env["backlog.procure"]._check_may_accept(suggestions)
        late = self._late(suggestions)
        # What nobody sells first, then as the list: the most urgent first.
        urgent = suggestions.sorted(
            lambda one: (bool(one.supplier_id), str(one.order_by_date))
        )
        by_supplier = urgent.grouped(lambda one: (one.company_id, one.supplier_id))
        order = self.create(
            {
                "line_ids": [
                    Command.create(
                        self._row(
                            company,
                            supplier,
                            of_supplier,
                            of_supplier.filtered(
                                lambda one: one in mine and one not in reasons
                            ),
                            late,
                        )
                    )
                    for (company, supplier), of_supplier in by_supplier.items()
                ]
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Order"),
            "res_model": self._name,
            "res_id": order.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def _row(self, company, supplier, suggestions, fit, late):
        """The values of the row of a supplier: records, where the user reads them.

        :param fit: those of the suggestions that can be ordered
        :param late: those that come too late for somebody
        """
        days = [
            max(one.need_date, one.arrival_date)
            for one in fit
            if one.arrival_date and one.action_type not in ASKED
        ]
        return {
            "company_id": company,
            "partner_id": supplier,
            "suggestion_ids": [Command.set(fit.ids)],
            "is_chosen": bool(fit),
            "product_count": len(fit),
            "cost": sum(fit.mapped("estimated_cost")),
            "arrival_date": max(days, default=False),
            "late_count": len(fit & late),
            "left_count": len(suggestions - fit),
        }

    def _late(self, suggestions):
        """Those that come too late for a promise if they are ordered today."""
        # Buyers may not read the orders behind, only that they wait.
        lines = suggestions.sudo().line_ids
        return lines.filtered(
            lambda line: (
                line.keep_by_date
                and line.suggestion_id.arrival_date
                and line.keep_by_date < line.suggestion_id.arrival_date
            )
        ).suggestion_id.with_env(self.env)

    def action_confirm(self):
        """Order what is chosen, in batches that the client shows."""
        suggestions = self.line_ids.filtered("is_chosen").suggestion_ids
        if not suggestions:
            raise UserError(self.env._("Choose at least one vendor."))
        suggestions.check_access("write")
        bulk = self.env["backlog.suggestion.bulk"]
        if not bulk._acceptable(suggestions):
            self.env["backlog.procure"]._check_may_accept(suggestions)
        return bulk._batches(suggestions, "order_now", "undo_now")
