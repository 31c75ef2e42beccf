from odoo import models
from odoo.tools import SQL


class BacklogCheckupCount(models.AbstractModel):
    """What is made, or sold as a kit, needs no vendor of its own."""

    _inherit = "backlog.checkup.count"

    def _reads(self):
        return super()._reads() | {
            "mrp.bom": ["active", "company_id", "product_id", "product_tmpl_id"]
        }

    def _lacks_vendor(self):
        return SQL(
            """
            %s
            AND NOT EXISTS (
                SELECT
                  FROM mrp_bom bom
                 WHERE bom.active
                   AND bom.product_tmpl_id = template.id
                   AND COALESCE(bom.product_id, product.id) = product.id
                   AND COALESCE(bom.company_id, line.company_id) = line.company_id
            )
            """,
            super()._lacks_vendor(),
        )
