from odoo import api, fields, models

from .backlog_suggestion import OPEN
from .product_supplierinfo import PURCHASE


class ProductTemplate(models.Model):
    """From a product to its backlog and its suggestions."""

    _inherit = "product.template"

    backlog_suggestion_count = fields.Integer(
        "Suggestions",
        compute="_compute_backlog_suggestion_count",
        groups=PURCHASE,
        help="How many reorder suggestions for it wait for a decision or were set "
        "aside.",
    )

    @api.depends_context("allowed_company_ids")
    @api.depends("product_variant_ids.backlog_suggestion_count")
    def _compute_backlog_suggestion_count(self):
        for template in self.with_context(active_test=False):
            template.backlog_suggestion_count = sum(
                template.product_variant_ids.mapped("backlog_suggestion_count")
            )

    @api.readonly
    def action_open_backlog(self):
        """Open what customers wait for of this product, line by line."""
        return self.env["backlog.line"]._action_open_lines(
            [("product_id.product_tmpl_id", "in", self.ids)]
        )

    def action_suggest_purchase(self):
        """Open what is suggested for this product, computed anew, or say why there is
        nothing."""
        variants = self.with_context(active_test=False).product_variant_ids
        return variants.action_suggest_purchase()


class ProductProduct(models.Model):
    """The same from a variant."""

    _inherit = "product.product"

    backlog_suggestion_count = fields.Integer(
        "Suggestions",
        compute="_compute_backlog_suggestion_count",
        groups=PURCHASE,
        help="How many reorder suggestions for it wait for a decision or were set "
        "aside.",
    )

    @api.depends_context("allowed_company_ids")
    def _compute_backlog_suggestion_count(self):
        # Odoo checks access when it reads what is stored, and not when it computes.
        self._origin.check_access("read")
        counts = dict(
            self.env["backlog.suggestion"]._read_group(
                [("product_id", "in", self.ids), ("state", "in", OPEN)],
                ["product_id"],
                ["__count"],
            )
        )
        for product in self:
            product.backlog_suggestion_count = counts.get(product._origin, 0)

    @api.readonly
    def action_open_backlog(self):
        """Open what customers wait for of this product, line by line."""
        return self.env["backlog.line"]._action_open_lines(
            [("product_id", "in", self.ids)]
        )

    def action_suggest_purchase(self):
        """Open what is suggested for these variants, and for the components of kits,
        computed anew, or say why there is nothing."""
        return self.env["backlog.suggestion"]._action_suggest(self._backlog_products())
