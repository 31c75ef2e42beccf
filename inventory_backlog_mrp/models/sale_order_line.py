from odoo import api, models

from odoo.addons.inventory_backlog.models.sale_order_line import PRODUCT_DEPENDS

COMPONENT_DEPENDS = (
    *(f"move_ids.{name}" for name in PRODUCT_DEPENDS),
    "move_ids.bom_line_id.product_qty",
)


class SaleOrderLine(models.Model):
    """A line of kits changes with the stock of their components."""

    _inherit = "sale.order.line"

    @api.depends(*COMPONENT_DEPENDS)
    def _compute_backlog(self):
        return super()._compute_backlog()

    def _backlog_products(self):
        """The stock of its components decides about a kit."""
        return super()._backlog_products() | self.env[
            "stock.move"
        ]._backlog_open_products([("sale_line_id", "in", self._origin.ids)])
