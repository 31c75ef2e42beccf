from odoo import api, fields, models

from ..tools.bounds import converted
from .backlog_line import INTERNAL
from .product_promise import Wish

QUOTE_INPUTS = (
    "display_type",
    "product_id",
    "product_uom_id",
    "product_uom_qty",
    "route_ids",
    "sequence",
    "state",
    "warehouse_id",
)


class SaleOrderLine(models.Model):
    """What a quotation line would get if it were confirmed now, after the queue."""

    _inherit = "sale.order.line"

    quote_ready_qty = fields.Float(
        "Would Be Ready",
        digits="Product Unit",
        compute="_compute_quote",
        groups=INTERNAL,
        help="If you confirmed now: what is in stock after everyone in the queue.",
    )
    quote_incoming_qty = fields.Float(
        "Would Be Incoming",
        digits="Product Unit",
        compute="_compute_quote",
        groups=INTERNAL,
        help="If you confirmed now: what receipts already on their way would cover.",
    )
    quote_to_source_qty = fields.Float(
        "Would Be To Source",
        digits="Product Unit",
        compute="_compute_quote",
        groups=INTERNAL,
        help="If you confirmed now: what somebody would have to order.",
    )
    quote_expected_date = fields.Datetime(
        "Could Leave On",
        compute="_compute_quote",
        groups=INTERNAL,
        help="If you confirmed now: when all of it could leave. What is to source "
        "counts with the lead time of the vendor; empty when no vendor is known.",
    )

    @api.depends(
        *QUOTE_INPUTS, *(f"order_id.order_line.{name}" for name in QUOTE_INPUTS)
    )
    def _compute_quote(self):
        """A line gets what those above it leave, so all lines of the order are
        promised, whichever of them are asked for."""
        self.quote_ready_qty = self.quote_incoming_qty = self.quote_to_source_qty = 0
        self.quote_expected_date = False
        goods = self.filtered(lambda line: line._is_quoted_goods())
        for lines in goods.grouped("order_id").values():
            queue = lines._lines_of_order().filtered(
                lambda line: line._is_quoted_goods()
            )
            promises = self.env["product.product"]._get_promises(queue._wishes())
            for line, promise in zip(queue, promises, strict=True):
                if line in lines:
                    line._set_quote(promise)

    def _lines_of_order(self):
        """All lines of the order in their order: one that is being edited in place of
        the saved one, one that the order does not know yet at the end."""
        edited = {line._origin.id: line for line in self if line._origin}
        lines = (edited.get(line._origin.id, line) for line in self.order_id.order_line)
        return self.browse().union(*lines, self).sorted(lambda line: line.sequence)

    def _is_quoted_goods(self):
        return (
            self.state in ("draft", "sent")
            and not self.display_type
            and self.product_id.type == "consu"
            and converted(
                self.product_uom_qty, self.product_uom_id, self.product_id.uom_id
            )
            > 0
        )

    def _wishes(self):
        made_to_order = self._made_to_order()
        return [
            Wish(
                line.product_id,
                line.product_uom_id._compute_quantity(
                    line.product_uom_qty, line.product_id.uom_id
                ),
                line.warehouse_id,
                line in made_to_order,
            )
            for line in self
        ]

    def _made_to_order(self):
        """The lines whose goods are brought for them alone: they take nothing of what
        is there. Lines with the same routes have the same rule, so that it is looked up
        once."""
        return self.browse().union(
            *(
                lines
                for lines in self.grouped(lambda line: line._rule_key()).values()
                if lines[0]._is_made_to_order()
            )
        )

    def _rule_key(self):
        """All that Odoo chooses the rule of a delivery by."""
        product = self.product_id
        return (
            self._customer_location(),
            self.warehouse_id,
            self.company_id,
            self.route_ids,
            self.product_uom_id.package_type_id.route_ids,
            product.route_ids,
            product.categ_id.total_route_ids,
            # Without a vendor, Odoo passes over routes of the warehouse that buy.
            bool(product.seller_ids),
        )

    def _is_made_to_order(self):
        rule = self.env["stock.rule"]._get_rule(
            self.product_id,
            self._customer_location(),
            {
                "company_id": self.company_id,
                "packaging_uom_id": self.product_uom_id,
                "route_ids": self.route_ids,
                "warehouse_id": self.warehouse_id,
            },
        )
        return rule.action == "buy" or rule.procure_method == "make_to_order"

    def _customer_location(self):
        return self.order_id.partner_shipping_id.property_stock_customer

    def _set_quote(self, promise):
        ready, to_source = (
            self.product_id.uom_id._compute_quantity(
                promise[part], self.product_uom_id, rounding_method="HALF-UP"
            )
            for part in ("ready", "to_source")
        )
        self.quote_ready_qty = ready
        self.quote_to_source_qty = to_source
        # What rounding leaves, so that the parts always add up.
        self.quote_incoming_qty = self.product_uom_id.round(
            self.product_uom_qty - ready - to_source
        )
        self.quote_expected_date = promise["expected_date"]
