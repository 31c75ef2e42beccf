from odoo import api, fields, models

from .product_promise import Wish


class SaleOrderLine(models.Model):
    """What a quotation line would get if it were confirmed now, after the queue."""

    _inherit = "sale.order.line"

    quote_ready_qty = fields.Float(
        "Would Be Ready",
        digits="Product Unit",
        compute="_compute_quote",
        help="If you confirmed now: what is in stock after everyone in the queue.",
    )
    quote_incoming_qty = fields.Float(
        "Would Be Incoming",
        digits="Product Unit",
        compute="_compute_quote",
        help="If you confirmed now: what receipts already on their way would cover.",
    )
    quote_to_source_qty = fields.Float(
        "Would Be To Source",
        digits="Product Unit",
        compute="_compute_quote",
        help="If you confirmed now: what somebody would have to order.",
    )
    quote_expected_date = fields.Datetime(
        "Could Leave On",
        compute="_compute_quote",
        help="If you confirmed now: when all of it could leave. What is to source "
        "counts with the lead time of the vendor; empty when no vendor is known.",
    )

    @api.depends(
        "display_type",
        "product_id",
        "product_uom_id",
        "product_uom_qty",
        "route_ids",
        "state",
        "warehouse_id",
    )
    def _compute_quote(self):
        self.quote_ready_qty = self.quote_incoming_qty = self.quote_to_source_qty = 0
        self.quote_expected_date = False
        goods = self.filtered(lambda line: line._is_quoted_goods())
        for lines in goods.grouped("order_id").values():
            lines._set_quote(self.env["product.product"]._get_promises(lines._wishes()))

    def _is_quoted_goods(self):
        return (
            self.state in ("draft", "sent")
            and not self.display_type
            and self.product_id.type == "consu"
            and self.product_uom_qty > 0
        )

    def _wishes(self):
        return [
            Wish(
                line.product_id,
                line.product_uom_id._compute_quantity(
                    line.product_uom_qty, line.product_id.uom_id
                ),
                line.warehouse_id,
                line._is_made_to_order(),
            )
            for line in self
        ]

    def _is_made_to_order(self):
        """Whether the goods are brought for the line alone: it takes nothing of what is
        there."""
        rule = self.env["stock.rule"]._get_rule(
            self.product_id,
            self.order_id.partner_shipping_id.property_stock_customer,
            {"route_ids": self.route_ids, "warehouse_id": self.warehouse_id},
        )
        return rule.action == "buy" or rule.procure_method == "make_to_order"

    def _set_quote(self, promises):
        for line, promise in zip(self, promises, strict=True):
            ready, to_source = (
                line.product_id.uom_id._compute_quantity(
                    promise[part], line.product_uom_id, rounding_method="HALF-UP"
                )
                for part in ("ready", "to_source")
            )
            line.quote_ready_qty = ready
            line.quote_to_source_qty = to_source
            # What rounding leaves, so that the parts always add up.
            line.quote_incoming_qty = line.product_uom_id.round(
                line.product_uom_qty - ready - to_source
            )
            line.quote_expected_date = promise["expected_date"]
