from odoo import api, models
from odoo.tools import SQL


class BacklogVendor(models.AbstractModel):
    """Products that are made need no vendor."""

    _inherit = "backlog.vendor"

    @api.model
    def _is_bought(self):
        """A product with a bill of materials counts as bought only where it has a
        vendor."""
        return SQL(
            """%s AND (
                EXISTS (
                    SELECT 1 FROM product_supplierinfo info
                     WHERE info.product_tmpl_id = template.id)
                OR NOT EXISTS (
                    SELECT 1 FROM mrp_bom bom
                     WHERE bom.product_tmpl_id = template.id
                       AND bom.active
                       AND COALESCE(bom.company_id = %s, TRUE))
            )""",
            super()._is_bought(),
            self.env.company.id,
        )
