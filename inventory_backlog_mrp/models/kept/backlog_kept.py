from odoo import api, models
from odoo.tools import SQL


class BacklogKept(models.Model):
    """What raw material and bills of materials change is marked and computed anew."""

    _inherit = "backlog.kept"

    @api.model
    def _reached(self):
        """Also what is made of the touched products: whether it waits for raw material
        hangs on their slices."""
        return SQL(
            """
            %s
             UNION
            SELECT finished.product_id
              FROM backlog_kept_slice raw_slice
              JOIN stock_move raw ON raw.id = raw_slice.move_id
              JOIN stock_move finished
                ON finished.production_id = raw.raw_material_production_id
             WHERE raw_slice.asked_id = ANY(ARRAY(SELECT product_id FROM touched))
               AND raw_slice.order_line_id IS NULL
            """,
            super()._reached(),
        )
