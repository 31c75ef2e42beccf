from odoo import api, fields, models
from odoo.tools import SQL

from ..const import BUYERS, INTERNAL, VALUE_GROUPS
from ..tools.actions import open_lines
from ..tools.figures import search_figure


class ProductTemplate(models.Model):
    """The backlog of all variants of a product, and its vendors: with several variants,
    those of the weakest one."""

    _name = "product.template"
    _inherit = ["product.template", "backlog.mixin", "backlog.vendor.mixin"]

    # What customers wait for

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
        "To Order",
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

    # Vendors

    vendor_alert = fields.Text(
        compute="_compute_vendor_alert",
        groups=INTERNAL,
        help="Which vendor of this product is out, and who stands in.",
    )
    is_main_vendor_out = fields.Boolean(
        "Main Vendor Out",
        compute="_compute_is_main_vendor_out",
        groups=INTERNAL,
        help="The main vendor cannot deliver this product today.",
    )

    # Suggestions

    backlog_suggestion_count = fields.Integer(
        "Suggestions",
        compute="_compute_backlog_suggestion_count",
        groups=BUYERS,
        help="How many reorder suggestions for it wait for a decision or were set "
        "aside.",
    )

    # What customers wait for

    @api.depends_context("company")
    def _compute_backlog_currency_id(self):
        self.backlog_currency_id = self.env.company.currency_id

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr == "backlog_currency_id":
            return SQL("%s::integer", self.env.company.currency_id.id)
        return super()._field_to_sql(alias, field_expr, query)

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

    # Vendors

    @api.depends("seller_ids.vendor_criteria", "purchase_ok", "type")
    @api.depends_context("company")
    def _compute_vendor(self):
        return super()._compute_vendor()

    @api.model
    def _vendor_figures(self, ids=None):
        vendor = self.env["backlog.vendor"]
        return SQL(
            """(
            SELECT product_tmpl_id AS id,
                   (ARRAY_AGG(main_vendor_id ORDER BY product_id))[1]
                       AS main_vendor_id,
                   ARRAY_AGG(DISTINCT backup) FILTER (WHERE backup IS NOT NULL)
                       AS backup_vendor_ids,
                   MIN(backup_vendor_count) AS backup_vendor_count,
                   %s AS vendor_resilience
              FROM (%s) variant
         LEFT JOIN LATERAL UNNEST(backup_vendor_ids) backup ON TRUE
          GROUP BY product_tmpl_id
            )""",
            vendor._resilience(SQL("MIN(resilience)")),
            vendor._variant_figures(ids),
        )

    @api.depends("main_vendor_id")
    @api.depends_context("company")
    def _compute_is_main_vendor_out(self):
        for template in self:
            template.is_main_vendor_out = template.main_vendor_id._is_out(
                template, self.env.company
            )

    @api.depends("seller_ids.is_disrupted")
    @api.depends_context("company", "lang")
    def _compute_vendor_alert(self):
        for template in self:
            template.vendor_alert = "\n".join(template._vendor_sentences())

    def _vendor_sentences(self):
        """Which vendors are out and which one stands in, for all variants."""
        return list(
            dict.fromkeys(
                sentence
                for product in self.product_variant_ids
                for sentence in product._vendor_sentences()
            )
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_disruptions(self):
        """End disruptions that lose their last product: without one they would hold for
        all products of the vendor."""
        disruptions = self.env["backlog.disruption"].sudo()
        disruptions = disruptions.with_context(active_test=False).search(
            [("product_tmpl_ids", "in", self.ids)]
        )
        disruptions.filtered(lambda one: one.product_tmpl_ids <= self).active = False

    # Suggestions

    @api.depends_context("allowed_company_ids")
    @api.depends("product_variant_ids.backlog_suggestion_count")
    def _compute_backlog_suggestion_count(self):
        for template in self.with_context(active_test=False):
            template.backlog_suggestion_count = sum(
                template.product_variant_ids.mapped("backlog_suggestion_count")
            )

    # On the screens

    @api.readonly
    def action_open_backlog(self):
        """Open what customers wait for of this product, line by line."""
        return open_lines(
            self.env["backlog.line"], [("product_id.product_tmpl_id", "in", self.ids)]
        )

    def action_suggest_purchase(self):
        """Open what is suggested for this product, computed anew, or say why there is
        nothing."""
        variants = self.with_context(active_test=False).product_variant_ids
        return variants.action_suggest_purchase()

    @api.readonly
    def action_open_vendors(self):
        """Open the vendors of this product with their lights; buyers see prices too."""
        self.env["product.supplierinfo"].check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inventory_backlog.product_supplierinfo_action_buy"
            if self.env.user.has_group(BUYERS)
            else "inventory_backlog.product_supplierinfo_action"
        )
        return {
            **action,
            "domain": [("product_tmpl_id", "in", self.ids)],
            "context": {"default_product_tmpl_id": self.id} if len(self) == 1 else {},
        }

    @api.model
    @api.readonly
    def action_open_vendor_risk(self):
        """Open the products by what is at stake: their value for users who may see it,
        else the quantity that is short."""
        self.env["product.supplierinfo"].check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "inventory_backlog.vendor_risk_action"
            if self.env.user.has_groups(VALUE_GROUPS)
            else "inventory_backlog.vendor_risk_action_buy"
        )
