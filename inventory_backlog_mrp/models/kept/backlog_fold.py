from odoo import models
from odoo.tools import SQL

from odoo.addons.inventory_backlog.tools.sql import is_open


class BacklogFold(models.AbstractModel):
    """Raw material and what is made of it are kept together."""

    _inherit = "backlog.fold"

    def _tied(self):
        """Also raw material and what is made of it."""
        return SQL(
            """
            %s
             UNION
            SELECT raw.product_id, finished.product_id
              FROM stock_move raw
              JOIN stock_move finished
                ON finished.production_id = raw.raw_material_production_id
             WHERE %s
            """,
            super()._tied(),
            is_open("raw"),
        )
