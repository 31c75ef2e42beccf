from odoo import api, fields, models
from odoo.tools import SQL

from .backlog_line import VALUE_GROUPS
from .backlog_mixin import search_figure


class ProductTemplate(models.Model):
    """What customers wait for of all variants of a product."""

    _name = "product.template"
    _inherit = ["product.template", "backlog.mixin"]

    backlog_currency_id = fields.Many2one(
        "res.currency", compute="_compute_backlog_currency_id"
    )
    backlog_qty = fields.Float(
        "Ready",
        digits="Product Unit",
        compute="_compute_backlog",
        search=search_figure("backlog_qty"),
        help="Ordered by customers, in stock for them and not yet shipped.",
    )
    backorder_qty = fields.Float(
        "Short (backorder)",
        digits="Product Unit",
        compute="_compute_backlog",
        search=search_figure("backorder_qty"),
        help="Ordered by customers and out of stock.",
    )
    to_source_qty = fields.Float(
        "To Source",
        digits="Product Unit",
        compute="_compute_backlog",
        search=search_figure("to_source_qty"),
        help="Ordered by customers, out of stock, and nothing is on its way.",
    )
    open_value = fields.Monetary(
        currency_field="backlog_currency_id",
        compute="_compute_backlog",
        search=search_figure("open_value"),
        groups=VALUE_GROUPS,
        help="What customers ordered and did not get yet, untaxed, at today's rate in "
        "the currency of your current company.",
    )

    @api.depends_context("company")
    def _compute_backlog_currency_id(self):
        self.backlog_currency_id = self.env.company.currency_id

    @api.depends(
        "product_variant_ids.backlog_qty",
        "product_variant_ids.backorder_qty",
        "product_variant_ids.to_source_qty",
    )
    @api.depends_context("company", "allowed_company_ids", "uid")
    def _compute_backlog(self):
        return super()._compute_backlog()

    def _backlog_products(self):
        return self.with_context(
            active_test=False
        ).product_variant_ids._backlog_products()

    @api.model
    def _backlog_figures(self):
        return self.env["product.product"]._backlog_totals(
            SQL("product.product_tmpl_id")
        )

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr == "backlog_currency_id":
            return SQL("%s::integer", self.env.company.currency_id.id)
        return super()._field_to_sql(alias, field_expr, query)
