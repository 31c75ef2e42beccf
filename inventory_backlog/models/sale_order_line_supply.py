from odoo import api, fields, models

from .backlog_line import INTERNAL


class SaleOrderLine(models.Model):
    """What is being done to get the goods of an order line."""

    _inherit = "sale.order.line"

    backlog_suggestion_line_ids = fields.One2many(
        "backlog.suggestion.line",
        "order_line_id",
        "Suggestions",
        groups="inventory_backlog.group_backlog_purchase",
    )
    backlog_supply_note = fields.Char(
        "Supply",
        compute="_compute_backlog_supply_note",
        groups=INTERNAL,
        help="The requests made for this line from reorder suggestions, and when they "
        "are expected. A request is no promise before the vendor confirms it.",
    )

    # No depends: they would cost every purchase and transfer a query.
    @api.depends_context("lang", "tz")
    def _compute_backlog_supply_note(self):
        # Odoo checks access when it reads what is stored, and not when it computes.
        self._origin.check_access("read")
        # Salespeople read neither suggestions nor purchases; they get name and day.
        # Of what is saved: a form may name what is hidden.
        for line in self:
            saved = line._origin.sudo()
            suggestions = saved.backlog_suggestion_line_ids.suggestion_id
            under_way = suggestions.filtered(lambda one: one.state == "ordered")
            line.backlog_supply_note = ", ".join(under_way._supply_notes())

    def _is_shipped_by_vendor(self):
        """Whether the routes of this line have a vendor ship it to the customer."""
        self.ensure_one()
        customer = self.order_id.partner_shipping_id.property_stock_customer
        rule = self.env["stock.rule"]._get_rule(
            self.product_id, customer, self._prepare_procurement_values()
        )
        return rule.action == "buy"
