from collections import defaultdict

from odoo import models
from odoo.fields import Domain
from odoo.tools import format_list

from ...tools.given import giving
from ...tools.names import named
from ...tools.texts import quantity_with_unit

SENTENCES = 3
NAMES = 5


class BacklogReservation(models.AbstractModel):
    """A check of availability: what is reserved by it, and the result in words."""

    _name = "backlog.reservation"
    _description = "Reservation"

    # Reserving

    def _reserve(self, slices):
        """Reserve for each move of ``slices`` what the queue gives it now, in the order
        of the queue: who comes later may take what only those ahead could use. Odoo
        would give each all that is free, also what is the turn of others ahead."""
        # Lines for which nothing moves yet have slices without a move.
        waiting = slices.filtered("move_id").sorted("queue_rank").grouped("move_id")
        whole = self.env["stock.move"]
        for move, rows in waiting.items():
            if self._takes_nothing_of_others(move) or not rows.filtered(
                lambda row: row.source not in ("reserved", "stock")
            ):
                whole += move
                continue
            turn = sum(row.qty for row in rows if row.source == "stock")
            if move.product_id.uom_id.compare(turn, 0) > 0:
                whole._action_assign()
                whole = self.env["stock.move"]
                self._reserve_part(move, turn)
        whole._action_assign()

    def _takes_nothing_of_others(self, move):
        """Whether Odoo lets ``move`` take only what was brought for it, or there always
        is enough."""
        return bool(
            move.move_orig_ids
            or move.procure_method == "make_to_order"
            or move._should_bypass_reservation()
        )

    def _reserve_part(self, move, quantity):
        """Reserve for a move a part of what it lacks, in the unit of the product."""
        if move.picked or move.state not in ("confirmed", "partially_available"):
            return
        move._action_assign(
            force_qty=move.product_id.uom_id._compute_quantity(
                quantity, move.product_uom, round=False
            )
        )
        # Odoo takes what is forced for all that the move lacks.
        move._recompute_state()

    # In words

    def _reserved(self, slices):
        """``{(order line, product): quantity}`` that is reserved; a kit counts by its
        components."""
        reserved = defaultdict(float)
        for row in slices:
            reserved[row.order_line_id, row.product_id] += (
                row.qty if self._is_reserved(row) else 0
            )
        return reserved

    def _is_reserved(self, row):
        """Whether nothing is left to be reserved for a slice. Goods that are not
        tracked in stock are always available."""
        return row.source == "reserved" or (
            row.source == "stock" and not row.product_id.is_storable
        )

    def _reservation_told(self, lines, slices, before):
        """How checking went, as ``(kind of notification, sentences)``."""
        kind, told = self._result_told(lines, slices, before)
        return kind, " ".join([told, *self._ahead_told(slices)])

    def _result_told(self, lines, slices, before):
        """How checking went, as ``(kind of notification, sentence)``. Quantities of
        different products cannot be added: the sentence then counts lines."""
        after = self._reserved(slices)
        if not after:
            return "info", self.env._("Nothing of this is open any more.")
        waiting = slices.filtered(lambda row: not self._is_reserved(row)).order_line_id
        gained = {
            line
            for (line, product), quantity in after.items()
            if product.uom_id.compare(quantity, before[line, product]) > 0
        }
        kind = "success" if gained else "warning" if waiting else "info"
        if not gained and not waiting:
            return kind, self.env._("All of it is reserved already.")
        if slices.product_id != lines.product_id or len(lines.product_id) > 1:
            lines = slices.order_line_id
            figures = {"reserved": len(lines - waiting), "lines": len(lines)}
            if gained:
                return kind, self.env._(
                    "More is reserved for %(gained)s of %(lines)s lines. All is "
                    "reserved for %(reserved)s of them.",
                    gained=len(gained),
                    **figures,
                )
            return kind, self.env._(
                "Nothing more could be reserved. All is reserved for %(reserved)s of "
                "%(lines)s lines.",
                **figures,
            )
        return kind, self._quantity_told(lines, sum(after.values()), bool(gained))

    def _quantity_told(self, lines, after, gained):
        """How checking went for lines of one product, in a sentence."""
        unit = lines.product_id.uom_id
        figures = {
            "reserved": quantity_with_unit(self.env, after, unit),
            "open": quantity_with_unit(self.env, sum(lines.mapped("open_qty")), unit),
        }
        if gained:
            return self.env._("%(reserved)s of %(open)s are reserved.", **figures)
        return self.env._(
            "Nothing more could be reserved. Reserved: %(reserved)s of %(open)s.",
            **figures,
        )

    # Whose turn it is

    def _ahead_told(self, slices):
        """A sentence for each product of which something is free that these slices wait
        for: whose turn it is."""
        sentences = []
        for product, rows in self._waiting(slices).grouped("product_id").items():
            if turns := self._turns_ahead(product, rows):
                sentences.append(
                    self.env._(
                        "Of %(product)s, what is free is the turn of others ahead in "
                        "the queue: %(turns)s.",
                        product=named(product).display_name,
                        turns=format_list(self.env, turns),
                    )
                )
        return sentences[:SENTENCES]

    def _waiting(self, slices):
        """The slices for which nothing is in stock, where Odoo would reserve what is
        free."""
        # sudo: salespeople see by this that something is free, not where.
        quants = self.env["stock.quant"].sudo()
        waiting = slices.filtered(
            lambda row: (
                row.source in ("receipt", "none")
                and row.move_id
                and row.move_id.state in ("confirmed", "partially_available")
                and not self._takes_nothing_of_others(row.move_id)
            )
        )
        places = waiting.grouped(lambda row: (row.product_id, row.move_id.location_id))
        return slices.browse().union(
            *(
                rows
                for place, rows in places.items()
                if quants._get_available_quantity(*place) > 0
            )
        )

    def _turns_ahead(self, product, rows):
        """For whom of those ahead of ``rows`` something is free: named where the user
        may see the order, else together."""
        why = self.env["backlog.why"]
        allocation = self.env["backlog.allocation"].sudo()
        places = {row.move_id.location_id for row in rows}
        with giving(allocation, product_ids=product.ids) as asked:
            ahead = asked.search_fetch(
                Domain("product_id", "=", product.id)
                & Domain("source", "=", "stock")
                & Domain("queue_rank", "<", max(rows.mapped("queue_rank")))
                & Domain("move_id", "not in", rows.move_id.ids)
                & Domain(
                    "move_id.location_id",
                    "in",
                    [place for one in places for place in why._same_pool(one)],
                ),
                order="queue_rank",
            )
        return why._named_demand(product, ahead.with_env(allocation.env), NAMES)
