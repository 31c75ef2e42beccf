from odoo import models
from odoo.tools import SQL


class BacklogSupply(models.AbstractModel):
    """Goods come from production as well."""

    _inherit = "backlog.supply"

    def _document(self):
        """What is produced comes from its manufacturing order, also on the way from
        Post-Production to the stock."""
        return SQL(
            """
            COALESCE(
                'mrp.production,' || COALESCE(receipt.production_id, (
                    SELECT MIN(orig.production_id)
                      FROM stock_move_move_rel rel
                      JOIN stock_move orig ON orig.id = rel.move_orig_id
                     WHERE rel.move_dest_id = receipt.id
                )),
                %s
            )
            """,
            super()._document(),
        )
