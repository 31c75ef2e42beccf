from odoo import models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def action_open_backlog(self):
        """Open what customers wait for of this product, line by line."""
        return self.env["backlog.line"]._action_open_lines(
            [("product_id.product_tmpl_id", "in", self.ids)]
        )


class ProductProduct(models.Model):
    _inherit = "product.product"

    def action_open_backlog(self):
        """Open what customers wait for of this product, line by line."""
        return self.env["backlog.line"]._action_open_lines(
            [("product_id", "in", self.ids)]
        )
