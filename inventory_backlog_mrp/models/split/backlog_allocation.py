from odoo import api, models


class BacklogAllocation(models.Model):
    """Kits stand on components, and goods come from production as well."""

    _inherit = "backlog.allocation"
    _depends = {
        "mrp.bom": [
            "active",
            "company_id",
            "product_id",
            "product_qty",
            "product_tmpl_id",
            "product_uom_id",
            "sequence",
            "type",
        ],
        "mrp.bom.line": [
            "bom_id",
            "bom_product_template_attribute_value_ids",
            "product_id",
            "product_qty",
            "product_uom_id",
        ],
        "product.product": ["product_template_attribute_value_ids"],
        "purchase.order.line": ["product_id", "sale_line_id"],
        "sale.order": ["date_order"],
        "sale.order.line": ["product_no_variant_attribute_value_ids"],
        "stock.move": ["bom_line_id", "production_id", "to_refund"],
    }

    @api.model
    def _selection_document(self):
        return super()._selection_document() + [
            ("mrp.production", self.env["mrp.production"]._description)
        ]
