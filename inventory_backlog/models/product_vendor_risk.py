from odoo import api, fields, models

from .backlog_line import INTERNAL, VALUE_GROUPS
from .product_supplierinfo import PURCHASE


class ProductTemplate(models.Model):
    """Products by what is at stake when a vendor fails, and the way to its vendors."""

    _inherit = "product.template"

    is_main_vendor_out = fields.Boolean(
        "Main Vendor Out",
        compute="_compute_is_main_vendor_out",
        groups=INTERNAL,
        help="The main vendor cannot deliver this product today.",
    )

    @api.depends("main_vendor_id")
    @api.depends_context("company")
    def _compute_is_main_vendor_out(self):
        for template in self:
            template.is_main_vendor_out = template.main_vendor_id._is_out(
                template, self.env.company
            )

    @api.model
    @api.readonly
    def action_open_vendor_risk(self):
        """Open the products by what is at stake: their value for those who may see it,
        else what is short of them."""
        self.env["product.supplierinfo"].check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "inventory_backlog.vendor_risk_action"
            if self.env.user.has_groups(VALUE_GROUPS)
            else "inventory_backlog.vendor_risk_action_buy"
        )

    @api.readonly
    def action_open_vendors(self):
        """Open the vendors of this product with their lights: with prices for those
        who buy."""
        self.env["product.supplierinfo"].check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inventory_backlog.product_supplierinfo_action_buy"
            if self.env.user.has_group(PURCHASE)
            else "inventory_backlog.product_supplierinfo_action"
        )
        return {
            **action,
            "domain": [("product_tmpl_id", "in", self.ids)],
            "context": {"default_product_tmpl_id": self.id} if len(self) == 1 else {},
        }


class ProductProduct(models.Model):
    """From a variant to its vendors."""

    _inherit = "product.product"

    @api.readonly
    def action_open_vendors(self):
        """Open the vendors of this variant with their lights."""
        action = self.product_tmpl_id.action_open_vendors()
        action["domain"] += [("product_id", "in", (False, *self.ids))]
        return action
