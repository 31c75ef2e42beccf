from odoo import api, fields, models
from odoo.tools import SQL

from ..const import BACKLOG_STATES, INTERNAL, OPEN_STATES
from ..tools.figures import search_figure
from .sale_order_line import PRODUCT_DEPENDS


class StockPicking(models.Model):
    """How much of a transfer to a customer can leave."""

    _name = "stock.picking"
    _inherit = ["stock.picking", "backlog.mixin"]

    backlog_state = fields.Selection(
        BACKLOG_STATES,
        "Backlog",
        compute="_compute_backlog",
        search=search_figure("backlog_state"),
        group_expand=True,
        groups=INTERNAL,
        help="How much of this transfer is in stock for it, after everyone ahead of it "
        "in the queue. Only for open transfers to customers.",
    )

    @api.depends(*(f"move_ids.{name}" for name in PRODUCT_DEPENDS))
    def _compute_backlog(self):
        return super()._compute_backlog()

    def _backlog_candidates(self):
        return self.filtered(lambda picking: picking.state in OPEN_STATES)

    def _backlog_products(self):
        return self.move_ids._backlog_products()

    def _action_done(self):
        """Tell the salespeople who lose goods when the rest of a receipt is given
        up."""
        purchases = self.env["purchase.order"]
        if self.env.context.get("cancel_backorder"):
            # sudo: who receives goods need not be able to read purchases.
            purchases = self.sudo().move_ids.purchase_line_id.order_id
        with self.env["backlog.foresight"]._telling(
            purchases,
            self.env._(
                "Less of %s was received: look for other supply",
                ", ".join(purchases.mapped("name")),
            ),
        ):
            return super()._action_done()

    @api.model
    def _backlog_figures(self):
        """The moves of each transfer summed; its state follows the rules of a move."""
        return SQL(
            """(
            SELECT move.picking_id AS id, %(state)s AS backlog_state
              FROM %(moves)s figures
              JOIN stock_move move ON move.id = figures.id
          GROUP BY move.picking_id
            )""",
            state=self.env["backlog.live.line"]._state(
                SQL("SUM(figures.backlog_qty + figures.backorder_qty)"),
                SQL("SUM(figures.backlog_qty)"),
                SQL("SUM(figures.to_source_qty)"),
            ),
            moves=self.env["stock.move"]._backlog_figures(),
        )
