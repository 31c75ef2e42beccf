from collections import defaultdict

from odoo import models

from ...tools.texts import quantity_with_unit


class BacklogReservation(models.AbstractModel):
    """The result of a check of availability, in words."""

    _name = "backlog.reservation"
    _description = "Reservation"

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

    def _reservation_told(self, lines, slices, before, ready):
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
        return kind, self._quantity_told(
            lines, sum(after.values()), bool(gained), ready
        )

    def _quantity_told(self, lines, after, gained, ready):
        """How checking went for lines of one product, in a sentence."""
        unit = lines.product_id.uom_id
        figures = {
            "reserved": quantity_with_unit(self.env, after, unit),
            "open": quantity_with_unit(self.env, sum(lines.mapped("open_qty")), unit),
        }
        if unit.compare(after, ready) > 0:
            return self.env._(
                "%(reserved)s of %(open)s are reserved. %(more)s of them had been "
                "ready for others ahead in the queue.",
                more=quantity_with_unit(self.env, after - ready, unit),
                **figures,
            )
        if gained:
            return self.env._("%(reserved)s of %(open)s are reserved.", **figures)
        return self.env._(
            "Nothing more could be reserved. Reserved: %(reserved)s of %(open)s.",
            **figures,
        )
