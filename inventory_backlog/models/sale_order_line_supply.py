from odoo import api, fields, models
from odoo.tools import format_date

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
        # Salespeople read neither suggestions nor purchases; they get name and day.
        compute_sudo=True,
        groups=INTERNAL,
        help="The requests made for this line from reorder suggestions, and when they "
        "are expected. A request is no promise before the vendor confirms it.",
    )

    # No depends: they would cost every purchase and transfer a query.
    @api.depends_context("lang", "tz")
    def _compute_backlog_supply_note(self):
        for line in self:
            suggestions = line.backlog_suggestion_line_ids.suggestion_id
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


class BacklogSuggestion(models.Model):
    _inherit = "backlog.suggestion"

    def _supply_notes(self):
        """What was made of these suggestions, in a few words each."""
        notes = []
        for line in self.purchase_line_ids.filtered(
            lambda line: line.state != "cancel"
        ):
            figures = {
                "order": line.order_id.name,
                "date": format_date(self.env, line.date_planned),
            }
            notes.append(
                self.env._("PO %(order)s, expected %(date)s", **figures)
                if line.state == "purchase"
                else self.env._("RFQ %(order)s, expected %(date)s", **figures)
            )
        transfers = self.move_ids.picking_id.filtered(
            lambda picking: picking.state not in ("done", "cancel")
        )
        notes += [self.env._("Transfer %s", picking.name) for picking in transfers]
        return notes
