from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.bounds import in_unit
from .backlog_line import BACKLOG_STATES, INTERNAL
from .backlog_mixin import search_figure

# What the allocation looks at, seen from a record with a product. For fields that are
# not stored Odoo follows these only when a figure is in cache: the hot paths (reserve,
# receive, ship) pay nothing unless the same transaction has read a figure before.
PRODUCT_TRIGGERS = (
    "product_id.is_storable",
    "product_id.purchase_order_line_ids.date_planned",
    "product_id.stock_quant_ids.quantity",
    "product_id.stock_quant_ids.reserved_quantity",
    "product_id.stock_move_ids.date",
    "product_id.stock_move_ids.location_dest_id",
    "product_id.stock_move_ids.location_final_id",
    "product_id.stock_move_ids.location_id",
    "product_id.stock_move_ids.move_orig_ids",
    "product_id.stock_move_ids.priority",
    "product_id.stock_move_ids.product_qty",
    "product_id.stock_move_ids.quantity",
    "product_id.stock_move_ids.reservation_date",
    "product_id.stock_move_ids.state",
)


class SaleOrderLine(models.Model):
    """The backlog of an order line, and what was promised first."""

    _name = "sale.order.line"
    _inherit = [
        "sale.order.line",
        "backlog.mixin",
        "backlog.history.mixin",
        "backlog.upkeep.mixin",
    ]

    first_promise_date = fields.Datetime(
        "First Promise",
        compute="_compute_first_promise_date",
        store=True,
        copy=False,
        history=True,
        groups=INTERNAL,
        help="What the customer was promised when the line was confirmed. It is never "
        "rewritten, so that later promises can be held against it.",
    )
    backlog_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Backlog Currency"
    )
    open_qty = fields.Float(
        "Open",
        digits="Product Unit",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("open_qty"),
        help="Ordered, not yet shipped, still to be shipped, in the unit of the line.",
    )
    backlog_qty = fields.Float(
        "Ready",
        digits="Product Unit",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("backlog_qty"),
        help="Ready (backlog): the part of Open that is in stock for this line, after "
        "everyone ahead of it in the queue.",
    )
    backorder_qty = fields.Float(
        "Short (backorder)",
        digits="Product Unit",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("backorder_qty"),
        help="Open less Ready: the part that is out of stock.",
    )
    incoming_qty = fields.Float(
        "Incoming",
        digits="Product Unit",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("incoming_qty"),
        help="The part of Short that a receipt, transfer or production already on its "
        "way will cover.",
    )
    to_source_qty = fields.Float(
        "To Source",
        digits="Product Unit",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("to_source_qty"),
        help="Short less Incoming: nothing is on its way, somebody must act.",
    )
    backlog_state = fields.Selection(
        BACKLOG_STATES,
        "Backlog",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("backlog_state"),
        group_expand=True,
        help="How much of the open part is in stock for this line. Empty when nothing "
        "is open.",
    )
    backlog_value = fields.Monetary(
        "Ready Value",
        currency_field="backlog_currency_id",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("backlog_value"),
        help="What the ready part is worth, untaxed, in the company's currency.",
    )
    backorder_value = fields.Monetary(
        "Short Value",
        currency_field="backlog_currency_id",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("backorder_value"),
        help="What the part that is out of stock is worth, untaxed, in the company's "
        "currency.",
    )
    backlog_expected_date = fields.Datetime(
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("backlog_expected_date"),
        help="When all of the open part can leave, as things stand. Empty while "
        "anything is to source.",
    )

    # Of each line somebody asks whether its order has a discount.
    _backlog_discount = models.Index("(order_id) WHERE price_subtotal < 0")

    @api.depends("state")
    def _compute_first_promise_date(self):
        for line in self:
            if line.state == "sale" and not line.first_promise_date:
                line.first_promise_date = (
                    line.order_id.commitment_date or line._expected_date()
                )
            else:
                line.first_promise_date = line.first_promise_date

    @api.depends(
        *PRODUCT_TRIGGERS,
        "move_ids.state",
        "order_id.currency_rate",
        "order_id.order_line.price_subtotal",
        "order_id.state",
        "product_uom_id",
        "product_uom_qty",
        "qty_delivered",
    )
    def _compute_backlog(self):
        return super()._compute_backlog()

    def _backlog_candidates(self):
        # Odoo checks access when it reads what is stored, and not when it computes.
        return self.filtered("product_id")

    def _backlog_products(self):
        return self.product_id

    @api.model
    def _backlog_figures(self):
        """The backlog in the unit of the line. The parts are what rounding leaves of
        the whole, so that they always add up."""
        return SQL(
            """(
            SELECT id, open_qty, backlog_qty, open_qty - backlog_qty AS backorder_qty,
                   open_qty - backlog_qty - to_source_qty AS incoming_qty,
                   to_source_qty, backlog_state, backlog_value, backorder_value,
                   expected_date AS backlog_expected_date
              FROM (
                    SELECT line.id, line.backlog_state, line.backlog_value,
                           line.backorder_value, line.expected_date,
                           %(open)s AS open_qty, %(ready)s AS backlog_qty,
                           LEAST(%(to_source)s, %(open)s - %(ready)s) AS to_source_qty
                      FROM (%(lines)s) line
                      JOIN sale_order_line sale_line ON sale_line.id = line.id
                      JOIN uom_uom uom ON uom.id = line.product_uom_id
                      JOIN uom_uom line_uom ON line_uom.id = sale_line.product_uom_id
                   ) line
            )""",
            open=self._in_line_unit(SQL("line.open_qty")),
            ready=self._in_line_unit(SQL("line.backlog_qty")),
            to_source=self._in_line_unit(SQL("line.to_source_qty")),
            lines=self.env["backlog.line"]._valued(
                self.env["backlog.allocation"]._asked_products()
            ),
        )

    @api.model
    def _in_line_unit(self, quantity):
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return SQL(
            "COALESCE(ROUND(%s, %s), 0)", in_unit(quantity, "uom", "line_uom"), digits
        )
