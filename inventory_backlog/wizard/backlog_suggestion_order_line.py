from odoo import api, fields, models

from ..tools.link import Link, check_readable


class BacklogSuggestionOrderLine(models.TransientModel):
    """What is to be ordered from one vendor, as it is suggested."""

    _name = "backlog.suggestion.order.line"
    _inherit = ["backlog.bounds.mixin"]
    _description = "Vendor to Order From"

    order_id = Link(
        "backlog.suggestion.order", "Window", required=True, ondelete="cascade"
    )
    company_id = Link("res.company", required=True)
    currency_id = Link(related="company_id.currency_id", related_sudo=False)
    partner_id = Link("res.partner", "Vendor")
    name = fields.Char("From", compute="_compute_name")
    suggestion_ids = fields.Many2many("backlog.suggestion", string="Suggestions")
    is_chosen = fields.Boolean("Order")
    product_count = fields.Integer("Products", readonly=True)
    cost = fields.Monetary(readonly=True, help="Untaxed, as suggested.")
    arrival_date = fields.Date(
        "Arrives", readonly=True, help="When the last of it would be there."
    )
    late_count = fields.Integer(
        "Too Late",
        readonly=True,
        help="How many of the products come after the promise to a customer.",
    )
    left_count = fields.Integer(
        "Left Out",
        readonly=True,
        help="What cannot be ordered as it is: it has no vendor, confirms a purchase "
        "order, or is not yours to order.",
    )

    @api.constrains("suggestion_ids", "partner_id")
    def _check_readable(self):
        check_readable(self, "suggestion_ids", "partner_id")

    @api.depends("partner_id")
    def _compute_name(self):
        for line in self:
            line.name = line.partner_id.display_name or self.env._("No vendor")
