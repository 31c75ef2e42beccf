from collections import defaultdict

from odoo import models
from odoo.exceptions import UserError

from ...const import OPEN_STATES
from ...tools.given import giving
from ...tools.names import named
from ...tools.texts import quantity_with_unit
from .backlog_situation import READY

LOTS = ("lot", "serial")


class LotsMissingError(UserError):
    """Somebody must say which lots or serial numbers leave."""


class BacklogShipping(models.AbstractModel):
    """Ship what is ready of a transfer, with the rights of the user: no more than what
    the queue gives it, and what is not shipped stays open."""

    _name = "backlog.shipping"
    _description = "Shipping"

    # What can leave

    def _ready_of(self, moves):
        """``{move: quantity}`` that is ready for each, in the unit of the product; only
        those with something."""
        # sudo: who ships may read the moves; the rule of slices is about customers.
        allocation = self.env["backlog.allocation"].sudo()
        with giving(allocation, product_ids=moves.product_id.ids) as asked:
            rows = asked.search_fetch(
                [("move_id", "in", moves.ids), ("source", "in", READY)]
            )
        ready = defaultdict(float)
        for row in rows:
            ready[row.move_id.id] += row.qty
        return {move: ready[move.id] for move in moves if move.id in ready}

    def _to_ship(self, lines, transfers):
        """``[(move, ready, quantity, whether it is of these lines)]``: what can leave
        with ``transfers``, of the lines that were asked for and what else is ready."""
        moves = transfers.move_ids.filtered(lambda move: move.state in OPEN_STATES)
        ready = self._ready_of(moves)
        asked = {line.order_line_id.id: line for line in lines}
        left = self._kit_quantities(lines, moves)
        rows = []
        for move, quantity in ready.items():
            line = asked.get(move.sale_line_id.id)
            proposed = quantity
            if line and line.product_id != move.product_id:
                key = line.id, move.product_id.id
                proposed = move.product_id.uom_id.round(min(quantity, left[key]))
                left[key] -= proposed
            rows.append((move, quantity, proposed, bool(line)))
        # What was asked for comes first.
        return sorted(
            rows,
            key=lambda row: (transfers.ids.index(row[0].picking_id.id), not row[3]),
        )

    def _kit_quantities(self, lines, moves):
        """``{(line id, component id): quantity}`` of the whole kits that are ready."""
        quantities = defaultdict(float)
        for line in lines:
            mine = moves.filtered(
                lambda move, line=line: (
                    move.sale_line_id.id == line.id
                    and move.product_id != line.product_id
                )
            )
            for move in mine:
                quantities[line.id, move.product_id.id] += (
                    move.product_qty * line.backlog_qty / line.open_qty
                )
        return quantities

    def _lacks_lots(self, moves):
        """Whether it must still be said which lots or serial numbers leave."""
        return any(
            move.product_id.tracking in LOTS
            and (
                move.picking_type_id.use_create_lots
                or move.picking_type_id.use_existing_lots
            )
            and any(
                not line.lot_id and not line.lot_name
                for line in move.move_line_ids
                if line.quantity
            )
            for move in moves
        )

    # Shipping

    def _ship(self, transfer, quantities):
        """Ship quantities of the moves of one transfer; the rest of it stays open.

        :param quantities: ``{move: quantity}`` in the unit of the product
        :return: what Odoo answers: True, or an action such as papers to print
        :raise LotsMissingError: where lots or serial numbers are to be said
        :raise UserError: when less is ready by now, or Odoo refuses
        """
        transfer.check_access("write")
        if transfer.state not in OPEN_STATES:
            raise UserError(
                self.env._("%s has been shipped or cancelled by now.", transfer.name)
            )
        self._check_ready(quantities)
        self._check_rest_stays(transfer, quantities)
        for move, quantity in quantities.items():
            self._set_quantity(move, quantity)
        chosen = transfer.move_ids.browse(move.id for move in quantities)
        if self._lacks_lots(chosen):
            raise LotsMissingError(
                self.env._("%s: say which lots or serial numbers leave.", transfer.name)
            )
        chosen.picked = True
        (transfer.move_ids - chosen).filtered("picked").picked = False
        return transfer.with_context(skip_backorder=True).button_validate()

    def _check_ready(self, quantities):
        moves = self.env["stock.move"].union(*quantities)
        ready = self._ready_of(moves)
        for move, quantity in quantities.items():
            unit = move.product_id.uom_id
            if unit.compare(quantity, ready.get(move, 0)) > 0:
                raise UserError(
                    self.env._(
                        "%(transfer)s: %(ready)s of %(product)s are ready by now. Ship "
                        "no more than that.",
                        transfer=move.picking_id.name,
                        ready=quantity_with_unit(self.env, ready.get(move, 0), unit),
                        product=named(move.product_id).display_name,
                    )
                )

    def _check_rest_stays(self, transfer, quantities):
        """Refuse to ship a part where the set-up of Odoo would close the rest."""
        if transfer.picking_type_id.create_backorder != "never":
            return
        for move in transfer.move_ids.filtered(lambda one: one.state in OPEN_STATES):
            if move.product_id.uom_id.compare(
                quantities.get(move, 0), move.product_qty
            ):
                raise UserError(
                    self.env._(
                        "%(transfer)s: its type of operation keeps no rest open, so "
                        "ship all of it, or open the transfer.",
                        transfer=transfer.name,
                    )
                )

    def _set_quantity(self, move, quantity):
        """Reserve and set what leaves of a move, in the unit of the product."""
        unit = move.product_id.uom_id
        held = move.product_uom._compute_quantity(move.quantity, unit, round=False)
        if unit.compare(quantity, held) > 0 and not move._should_bypass_reservation():
            self.env["backlog.reservation"]._reserve_part(move, quantity - held)
            held = move.product_uom._compute_quantity(move.quantity, unit, round=False)
            if unit.compare(quantity, held) > 0:
                raise UserError(
                    self.env._(
                        "%(transfer)s: not all of %(product)s could be reserved. Open "
                        "the transfer to see why.",
                        transfer=move.picking_id.name,
                        product=named(move.product_id).display_name,
                    )
                )
        if unit.compare(quantity, held):
            move.quantity = unit._compute_quantity(
                quantity, move.product_uom, rounding_method="HALF-UP"
            )
