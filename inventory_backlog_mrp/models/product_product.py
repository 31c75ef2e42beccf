from odoo import api, models


class ProductProduct(models.Model):
    """The backlog of a kit changes with the stock of its components."""

    _inherit = "product.product"

    @api.depends(
        "bom_ids.bom_line_ids.product_id.stock_quant_ids.quantity",
        "bom_ids.bom_line_ids.product_id.stock_quant_ids.reserved_quantity",
        "bom_ids.bom_line_ids.product_id.stock_move_ids.product_qty",
        "bom_ids.bom_line_ids.product_id.stock_move_ids.quantity",
        "bom_ids.bom_line_ids.product_id.stock_move_ids.state",
    )
    def _compute_backlog(self):
        return super()._compute_backlog()

    def _backlog_products(self):
        """The stock of its components decides about a kit."""
        products = super()._backlog_products()
        kits = self.env["mrp.bom"].sudo()._bom_find(self._origin, bom_type="phantom")
        if not kits:
            return products
        return products | self.env["stock.move"]._backlog_open_products(
            [("sale_line_id.product_id", "in", [kit.id for kit in kits])]
        )
