from odoo import api, fields, models

from .product_supplierinfo import PURCHASE


class PurchaseOrder(models.Model):
    """From an order back to the suggestions that it was made from."""

    _inherit = "purchase.order"

    backlog_suggestion_count = fields.Integer(
        "Suggestions",
        compute="_compute_backlog_suggestion_count",
        groups=PURCHASE,
        help="How many reorder suggestions it was made from.",
    )

    @api.depends("order_line.backlog_suggestion_id")
    def _compute_backlog_suggestion_count(self):
        for order in self:
            order.backlog_suggestion_count = len(order.order_line.backlog_suggestion_id)

    @api.readonly
    def action_open_suggestions(self):
        """Open the suggestions that this order was made from."""
        self.env["backlog.suggestion"].check_access("read")
        return self.order_line.backlog_suggestion_id._action_open()
