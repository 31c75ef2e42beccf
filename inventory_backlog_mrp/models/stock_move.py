from odoo import api, models
from odoo.fields import Domain

from odoo.addons.inventory_backlog.const import OPEN_STATES


class StockMove(models.Model):
    """Moves of components: of kits to customers, and into production."""

    _inherit = "stock.move"

    @api.model
    def _backlog_open_products(self, domain):
        """The products of the open moves in ``domain``, also of moves that the user
        cannot see."""
        [[products]] = self.sudo()._read_group(
            Domain(domain) & Domain("state", "in", OPEN_STATES),
            aggregates=["product_id:recordset"],
        )
        return products.sudo(self.env.su)

    def _carries_on(self):
        """Add the finished moves of productions: components leave them as another
        product."""
        moves = super()._carries_on()
        finished = (self | moves).raw_material_production_id.move_finished_ids
        return moves | (finished and finished._carries_on())

    def _asking_document(self):
        production = self.raw_material_production_id
        if production:
            return f"mrp.production,{production.id}"
        return super()._asking_document()
