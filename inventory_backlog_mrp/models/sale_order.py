from odoo import api, models

from .sale_order_line import COMPONENT_DEPENDS


class SaleOrder(models.Model):
    """An order of kits changes with the stock of their components."""

    _inherit = "sale.order"

    @api.depends(*(f"order_line.{name}" for name in COMPONENT_DEPENDS))
    def _compute_backlog(self):
        return super()._compute_backlog()
