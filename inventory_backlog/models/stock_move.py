from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from ..const import BACKLOG_STATES, OPEN_STATES
from ..tools.figures import search_figure
from ..tools.given import giving
from ..tools.link import Link
from .backlog_history_mixin import Ours
from .sale_order_line import PRODUCT_DEPENDS

# Transfers that feed productions that feed transfers …: no chain of goods is longer.
MAX_STEPS = 10


class StockMove(models.Model):
    """The backlog of a move to a customer: its slices summed; and for a move that no
    customer waits for, which orders need its goods in the end."""

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
        "To Order",
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
        "is to order.",
    )
    backlog_overdue_since = fields.Datetime(
        "Overdue Since",
        compute="_compute_backlog",
        search=search_figure("backlog_overdue_since"),
        help="When the first receipt that this move waits for was due, if that day is "
        "past. Nobody knows when it comes.",
    )
    backlog_suggestion_id = Link(
        "backlog.suggestion",
        "Reorder Suggestion",
        readonly=True,
        copy=False,
        history=True,
        index="btree_not_null",
        ondelete="set null",
        help="The suggestion that this transfer was made from.",
    )
    backlog_date_by = fields.Selection(
        [("purchase", "Purchase Order"), ("transfer", "Transfer")],
        "Date Said Last By",
        readonly=True,
        copy=False,
        history=True,
        help="Whose date of this receipt counts: the one that was changed last, of the "
        "purchase order or of the transfer. Empty while neither was changed: then the "
        "later one counts.",
    )

    # Its slices summed

    @api.depends(*PRODUCT_DEPENDS)
    @api.depends_context("tz")
    def _compute_backlog(self):
        return super()._compute_backlog()

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
                    END AS backlog_expected_date,
                   backlog_overdue_since
              FROM (
                    SELECT move_id, SUM(qty) AS open_qty,
                           COALESCE(SUM(qty) FILTER (
                               WHERE source IN ('reserved', 'stock')), 0)
                               AS backlog_qty,
                           COALESCE(SUM(qty) FILTER (
                               WHERE source = 'none'), 0) AS to_source_qty,
                           MAX(date) AS last_date,
                           MIN(overdue_since) AS backlog_overdue_since
                      FROM %(slices)s slice
                     WHERE to_customer
                       AND move_id IS NOT NULL
                  GROUP BY move_id
                   ) move
            )""",
            state=self.env["backlog.live.line"]._state(),
            slices=self.env["backlog.allocation"]._table_sql,
        )

    # Moves that Odoo confirms, splits and ends

    def _action_confirm(self, *args, **kwargs):
        """Serve moves from stock whose purchase was not made since the vendor is out or
        not approved: as waiting moves they would never get a reservation."""
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

    def _prepare_move_split_vals(self, qty):
        values = super()._prepare_move_split_vals(qty)
        values["backlog_suggestion_id"] = Ours(self.backlog_suggestion_id)
        values["backlog_date_by"] = Ours(self.backlog_date_by)
        return values

    def _get_upstream_documents_and_responsibles(self, visited):
        # sudo: without rights to read purchases, Odoo lets no salesperson cancel a
        # confirmed order. What is found is told of it, and shown to nobody.
        return super(StockMove, self.sudo())._get_upstream_documents_and_responsibles(
            visited
        )

    def _action_done(self, *args, **kwargs):
        self.env["backlog.upkeep"]._wake()
        return super()._action_done(*args, **kwargs)

    def write(self, vals):
        """Mark the cached figures of the vendor as stale when the day of a past receipt
        is corrected, and note on an open one that the transfer has another day."""
        if "date" not in vals or "state" in vals:
            return super().write(vals)
        day = fields.Datetime.to_datetime(vals["date"])
        changed = self.filtered(lambda move: move.date != day)
        changed.filtered(
            lambda move: move.state == "done"
        ).purchase_line_id._touch_vendors()
        result = super().write(vals)
        changed.filtered("purchase_line_id")._note_date_by("transfer")
        return result

    def _note_date_by(self, document):
        """Note which document has the date of these moves that was said last. As
        superuser: who may write the date may not write history."""
        moves = self.filtered(
            lambda move: (
                move.state not in ("done", "cancel")
                and move.backlog_date_by != document
            )
        )
        if moves:
            moves.sudo().backlog_date_by = document

    # Who waits for it

    def _order_lines_served(self):
        """Which order lines wait for the goods of these moves, through transfers and
        productions.

        :return: ``{move id: [(order line id, share)]}``, the share being that of what
            is open of the order line
        """
        served = defaultdict(lambda: defaultdict(float))
        front = {move: {move.id} for move in self}
        seen = set()
        for _step in range(MAX_STEPS):
            brings = defaultdict(set)
            for move, roots in front.items():
                for receipt in move._carries_on():
                    brings[receipt] |= roots
            brings = {
                receipt: roots
                for receipt, roots in brings.items()
                if receipt not in seen
            }
            if not brings:
                break
            seen |= set(brings)
            front = defaultdict(set)
            receipts = self.browse().union(*brings)
            allocation = self.env["backlog.allocation"]
            with giving(allocation, product_ids=receipts.product_id.ids) as asked:
                rows = asked.search_fetch([("receipt_move_id", "in", receipts.ids)])
            rows = rows.with_env(self.env)
            open_qty = rows._open_of_lines()
            for row in rows:
                for root in brings[row.receipt_move_id]:
                    if row.order_line_id:
                        share = row.qty / open_qty[row.order_line_id, row.product_id]
                        served[root][row.order_line_id.id] += share
                    else:
                        front[row.move_id].add(root)
        return {root: list(lines.items()) for root, lines in served.items()}

    def _carries_on(self):
        """The open moves that pass on the goods of this move: the move itself, when it
        stays within stock, and the moves that follow it."""
        moves = self
        while more := moves.move_dest_ids - moves:
            moves |= more
        return moves.filtered(lambda move: move.state in OPEN_STATES)

    def _asking_document(self):
        """The document of this move, as ``model,id``, or False."""
        return f"stock.picking,{self.picking_id.id}" if self.picking_id else False
