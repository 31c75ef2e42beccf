from odoo import api, fields, models

from ..tools.link import Link, check_readable


class BacklogSuggestionVendorLine(models.TransientModel):
    """A product, and who is to sell it."""

    _name = "backlog.suggestion.vendor.line"
    _inherit = ["backlog.bounds.mixin"]
    _description = "Product without a Vendor"

    window_id = Link("backlog.suggestion.vendor", required=True, ondelete="cascade")
    # Empty when the run withdrew it while the window was open.
    suggestion_id = Link("backlog.suggestion", ondelete="set null")
    product_id = Link(related="suggestion_id.product_id", related_sudo=False)
    company_id = Link(related="suggestion_id.company_id", related_sudo=False)
    qty = fields.Float(
        "Quantity",
        digits="Product Unit",
        related="suggestion_id.suggested_qty",
        related_sudo=False,
    )
    need_date = fields.Date(related="suggestion_id.need_date", related_sudo=False)
    partner_id = Link("res.partner", "Vendor")
    is_new = fields.Boolean(
        compute="_compute_is_new", help="The vendor does not sell the product yet."
    )
    price = fields.Float(
        digits="Product Price",
        help="Per unit, of a vendor that does not sell the product yet.",
    )
    delay = fields.Integer(
        "Lead Days",
        default=1,
        help="From the order to the receipt, of a vendor that does not sell the "
        "product yet.",
    )

    @api.constrains("suggestion_id", "partner_id")
    def _check_readable(self):
        check_readable(self, "suggestion_id", "partner_id")

    @api.depends("partner_id", "suggestion_id")
    def _compute_is_new(self):
        for line in self:
            line.is_new = bool(line.partner_id) and line.partner_id not in (
                line.product_id.seller_ids.partner_id
            )

    def _apply(self):
        """Add the vendor to the product where it does not sell it yet, and buy from
        it."""
        suggestion, product = self.suggestion_id, self.product_id
        if self.is_new:
            several = len(product.product_tmpl_id.product_variant_ids) > 1
            self.env["product.supplierinfo"].create(
                {
                    "partner_id": self.partner_id.id,
                    "product_tmpl_id": product.product_tmpl_id.id,
                    "product_id": several and product.id,
                    "company_id": self.company_id.id,
                    "price": self.price,
                    "delay": self.delay,
                    "currency_id": self.company_id.currency_id.id,
                }
            )
        suggestion.action_choose_vendor(self.partner_id.id)
