from odoo import api, fields, models

from .backlog_line import VALUE_GROUPS
from .product_supplierinfo import PURCHASE


class ResPartner(models.Model):
    """From a vendor to what it did and to when it is out."""

    _inherit = "res.partner"

    vendor_disruption_count = fields.Integer(
        "Disruptions",
        compute="_compute_vendor_counts",
        groups=f"{VALUE_GROUPS},{PURCHASE}",
        help="How often this vendor is, will be or was out.",
    )
    vendor_line_count = fields.Integer(
        "Vendor Pricelists",
        compute="_compute_vendor_counts",
        groups=f"{VALUE_GROUPS},{PURCHASE}",
        help="How many vendor lines of products name this vendor.",
    )

    def _compute_vendor_counts(self):
        vendors = self.commercial_partner_id
        disruptions = vendors._count_of("backlog.disruption")
        vendor_lines = vendors._count_of("product.supplierinfo")
        for partner in self:
            vendor = partner.commercial_partner_id
            partner.vendor_disruption_count = disruptions.get(vendor, 0)
            partner.vendor_line_count = vendor_lines.get(vendor, 0)

    def _count_of(self, model):
        return dict(
            self.env[model]._read_group(
                [("partner_id", "in", self.ids)], ["partner_id"], ["__count"]
            )
        )

    @api.readonly
    def action_open_disruptions(self):
        """Open when this vendor is, will be or was out."""
        self.env["backlog.disruption"].check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inventory_backlog.backlog_disruption_action"
        )
        vendor = self.commercial_partner_id
        return {
            **action,
            "domain": [("partner_id", "in", vendor.ids)],
            "context": {"default_partner_id": vendor.id},
        }

    @api.readonly
    def action_open_vendor_scorecard(self):
        """Open what this vendor delivered, and how."""
        self.env["backlog.vendor.receipt"].check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inventory_backlog.backlog_vendor_receipt_action"
        )
        return {
            **action,
            "domain": [("partner_id", "in", self.commercial_partner_id.ids)],
            "context": {
                "search_default_last_year": 1,
                "search_default_group_product": 1,
            },
        }
