from odoo import api, fields, models
from odoo.tools import SQL

from .backlog_allocation import OPEN_STATES
from .backlog_line import BACKLOG_STATES
from .backlog_mixin import search_figure
from .sale_order_line import PRODUCT_TRIGGERS


class StockMove(models.Model):
    """The backlog of a move to a customer: its slices summed."""

    _name = "stock.move"
    _inherit = [
        "stock.move",
        "backlog.mixin",
        "backlog.history.mixin",
        "backlog.upkeep.mixin",
    ]

    backlog_qty = fields.Float(
        "Ready",
        digits="Product Unit",
        compute="_compute_backlog",
        search=search_figure("backlog_qty"),
        help="What is in stock for this move, after everyone ahead of it in the queue, "
        "in the unit of the product. Only for moves to customers.",
    )
    backorder_qty = fields.Float(
        "Short (backorder)",
        digits="Product Unit",
        compute="_compute_backlog",
        search=search_figure("backorder_qty"),
        help="The part of this move that is out of stock, in the unit of the product.",
    )
    incoming_qty = fields.Float(
        "Incoming",
        digits="Product Unit",
        compute="_compute_backlog",
        search=search_figure("incoming_qty"),
        help="The part of Short that a receipt, transfer or production already on its "
        "way will cover.",
    )
    to_source_qty = fields.Float(
        "To Source",
        digits="Product Unit",
        compute="_compute_backlog",
        search=search_figure("to_source_qty"),
        help="Short less Incoming: nothing is on its way, somebody must act.",
    )
    backlog_state = fields.Selection(
        BACKLOG_STATES,
        "Backlog",
        compute="_compute_backlog",
        search=search_figure("backlog_state"),
        group_expand=True,
        help="How much of this move is in stock for it. Only for open moves to "
        "customers.",
    )
    backlog_expected_date = fields.Datetime(
        compute="_compute_backlog",
        search=search_figure("backlog_expected_date"),
        help="When all of this move can leave, as things stand. Empty while anything "
        "is to source.",
    )

    @api.depends(*PRODUCT_TRIGGERS)
    def _compute_backlog(self):
        return super()._compute_backlog()

    def _action_confirm(self, *args, **kwargs):
        """What is not bought since a vendor is out or not approved is served from
        stock: waiting for a purchase that was never made, nothing would be reserved
        for it."""
        moves = super()._action_confirm(*args, **kwargs)
        moves.filtered(
            lambda move: (
                move.state == "waiting"
                and move.procure_method == "make_to_stock"
                and not move.move_orig_ids
                and move.product_id.with_company(move.company_id)._has_blocked_vendor()
            )
        )._recompute_state()
        return moves

    def write(self, vals):
        """A receipt of another day: the vendor was on time, or late, after all."""
        if "date" in vals:
            # Somebody corrects the day of a receipt.
            day = fields.Datetime.to_datetime(vals["date"])
            corrected = self.filtered(
                lambda move: move.state == "done" and move.date != day
            )
            corrected.purchase_line_id._touch_vendors()
        return super().write(vals)

    def _action_done(self, *args, **kwargs):
        self.env["backlog.upkeep"]._wake()
        return super()._action_done(*args, **kwargs)

    def _backlog_candidates(self):
        return self.filtered(lambda move: move.state in OPEN_STATES)

    def _backlog_products(self):
        return self.product_id

    @api.model
    def _backlog_figures(self):
        """The slices of each customer-bound move summed."""
        return SQL(
            """(
            SELECT move_id AS id, backlog_qty, open_qty - backlog_qty AS backorder_qty,
                   open_qty - backlog_qty - to_source_qty AS incoming_qty,
                   to_source_qty, %(state)s AS backlog_state,
                   CASE WHEN to_source_qty <= 0 THEN last_date
                    END AS backlog_expected_date
              FROM (
                    SELECT move_id, SUM(qty) AS open_qty,
                           COALESCE(SUM(qty) FILTER (
                               WHERE source IN ('reserved', 'stock')), 0)
                               AS backlog_qty,
                           COALESCE(SUM(qty) FILTER (
                               WHERE source = 'none'), 0) AS to_source_qty,
                           MAX(date) AS last_date
                      FROM %(slices)s slice
                     WHERE to_customer
                       AND move_id IS NOT NULL
                  GROUP BY move_id
                   ) move
            )""",
            state=self.env["backlog.line"]._state(),
            slices=self.env["backlog.allocation"]._table_sql,
        )
