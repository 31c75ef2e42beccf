from odoo import models
from odoo.exceptions import AccessError, UserError

from ...tools.actions import open_records
from .outcome import Outcome

CLOSED = ("done", "cancel")


class BacklogVerbStock(models.AbstractModel):
    """Verbs about goods that are there: ship them, or reserve them."""

    _name = "backlog.verb.stock"
    _description = "Actions on Goods in Stock"

    # Shipping

    def _do_ship(self, lines, values):
        """The window with what is ready of the transfers of these lines. A transfer
        that is not the last step, or needs serial numbers, is opened itself."""
        if not self.env.user.has_group("stock.group_stock_user"):
            raise AccessError(
                self.env._("Only people of the warehouse ship. Ask them to.")
            )
        self.env["stock.picking"].check_access("write")
        situations = self.env["backlog.situation"]._of(lines)
        reasons = self._reasons(lines, situations, self._why_not_ready)
        fit = lines.filtered(lambda line: line.id not in reasons)
        leaving = fit.filtered(
            lambda line: (
                situations[line.id].can_leave
                and not self._lacks_lots(line, situations[line.id])
            )
        )
        transfers = self._transfers(leaving, situations)
        if transfers:
            for line in fit - leaving:
                reasons[line.id] = self.env._(
                    "%s has to be opened for it.",
                    ", ".join(situations[line.id].transfers.mapped("name")),
                )
            return Outcome(
                action=self.env["backlog.ship"]._open_for(leaving, transfers),
                done=len(leaving),
                skipped=reasons,
            )
        steps_before = self._transfers(fit, situations)
        return Outcome(
            action=open_records(steps_before) if steps_before else False,
            done=len(fit),
            skipped=reasons,
        )

    def _transfers(self, lines, situations):
        """The transfers of ``lines`` as the user may change them."""
        transfers = self.env["stock.picking"].browse(
            dict.fromkeys(
                transfer.id
                for line in lines
                for transfer in situations[line.id].transfers
            )
        )
        transfers.check_access("write")
        return transfers

    def _lacks_lots(self, line, situation):
        moves = situation.slices.move_id.filtered(
            lambda move: move.picking_id in situation.transfers
        )
        return self.env["backlog.shipping"]._lacks_lots(moves)

    def _reasons(self, lines, situations, why_not):
        """``{line id: why it is left out}``."""
        return {
            line.id: reason
            for line in lines
            if (reason := why_not(line, situations[line.id]))
        }

    def _why_not_ready(self, line, situation):
        if situation.blocked:
            return self.env["backlog.step.text"]._blocked_sentence(line, situation)
        if line.backlog_qty <= 0:
            return self.env._("Nothing of it is in stock.")
        if not situation.transfers:
            return self.env._("There is no transfer to ship it with yet.")
        return ""

    # Reserving

    def _do_reserve(self, lines, values):
        """Reserve what is ready for these lines, in the order of the queue."""
        self.env["stock.move"].check_access("write")
        situations = self.env["backlog.situation"]._of(lines)
        reasons = self._reasons(lines, situations, self._why_not_reserved)
        fit = lines.filtered(lambda line: line.id not in reasons)
        if not fit:
            return Outcome(skipped=reasons)
        reservation = self.env["backlog.reservation"]
        slices = fit._allocation(with_rank=True)
        moves = slices.move_id
        reserved, held = reservation._reserved(slices), self._held(moves)
        reservation._reserve(slices)
        fit.invalidate_recordset()
        slices.invalidate_model()
        after = fit._allocation(with_rank=True)
        _kind, told = reservation._reservation_told(fit, after, reserved)
        gained = {
            line.id
            for (line, product), quantity in reservation._reserved(after).items()
            if product.uom_id.compare(quantity, reserved[line, product]) > 0
        }
        reasons |= dict.fromkeys(set(fit.ids) - gained, told)
        taken = self._taken(held, self._held(moves))
        return Outcome(
            message=told,
            done=len(gained),
            skipped=reasons,
            open=self._open_transfers(moves.picking_id),
            undo=taken or None,
        )

    def _why_not_reserved(self, line, situation):
        if reason := self._why_not_ready(line, situation):
            return reason
        if situation.is_reserved:
            return self.env._("All of it is reserved already.")
        return ""

    def _held(self, moves):
        """``{id of a move line: quantity}`` that is reserved, in its own unit."""
        # sudo: move lines say places, which salespeople may not read.
        rows = (
            self.env["stock.move.line"]
            .sudo()
            .search_fetch(
                [("move_id", "in", moves.ids), ("state", "not in", CLOSED)],
                ["quantity"],
            )
        )
        return {row.id: row.quantity for row in rows}

    def _taken(self, before, after):
        """``{id of a move line: [quantity before, now]}`` of what changed."""
        return {
            str(number): [before.get(number, 0), quantity]
            for number, quantity in after.items()
            if before.get(number, 0) != quantity
        }

    def _open_transfers(self, transfers):
        can_open = self.env["backlog.line"]._can_open
        mine = transfers.with_user(self.env.user).filtered(can_open)
        return open_records(mine) if mine else False

    def _undo_reserve(self, payload):
        """Give back what was reserved, as far as it is as it was left.

        :param payload: see ``_taken``
        """
        self.env["stock.move"].check_access("write")
        # sudo: the rights to reserve are those to write moves, checked above.
        lines = self.env["stock.move.line"].sudo()
        undone = 0
        moves = self.env["stock.move"].sudo()
        for number, (before, now) in payload.items():
            line = lines.browse(int(number)).exists()
            if (
                not line
                or line.state in CLOSED
                or line.picked
                or line.product_uom_id.compare(line.quantity, now)
            ):
                continue
            moves |= line.move_id
            undone += 1
            if before:
                line.quantity = before
            else:
                line.unlink()
        moves._recompute_state()
        if not undone:
            raise UserError(
                self.env._("It was shipped or changed meanwhile: nothing is undone.")
            )
        if undone < len(payload):
            return self.env._(
                "Not reserved any more, but for what was shipped or changed meanwhile."
            )
        return self.env._("Not reserved any more.")
