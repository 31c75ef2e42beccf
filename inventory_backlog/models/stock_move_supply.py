from collections import defaultdict

from odoo import models

from .backlog_allocation import OPEN_STATES
from .backlog_history_mixin import Ours
from .given import giving
from .link import Link

# Transfers that feed productions that feed transfers …: further than goods travel.
MAX_STEPS = 10


class StockMove(models.Model):
    """For whom a move that no customer waits for carries its goods."""

    _inherit = "stock.move"

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

    def _prepare_move_split_vals(self, qty):
        values = super()._prepare_move_split_vals(qty)
        values["backlog_suggestion_id"] = Ours(self.backlog_suggestion_id)
        return values

    def _order_lines_served(self):
        """Which order lines wait for what these moves carry, through transfers and
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
        """The open moves that bring on what this move takes: itself, when it goes from
        one place of stock to another, and those that follow it."""
        moves = self
        while more := moves.move_dest_ids - moves:
            moves |= more
        return moves.filtered(lambda move: move.state in OPEN_STATES)

    def _asking_document(self):
        """The document of this move, as ``model,id``, or False."""
        return f"stock.picking,{self.picking_id.id}" if self.picking_id else False
