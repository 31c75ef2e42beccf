from contextlib import contextmanager

from odoo import models
from odoo.tools import SQL, format_list

from ...tools.bounds import converted

# What is computed from the tables that a change is tried on.
COMPUTED = ("backlog.allocation", "backlog.line")
PROMISES_NAMED = 5


class BacklogForesight(models.AbstractModel):
    """What a change of a purchase would do to the lines that wait for it: the change is
    made in a savepoint, the lines are computed as ever, and it is taken back. Nothing
    else computes them, so what is foreseen is what will be. And who is told when such a
    change was made."""

    _name = "backlog.foresight"
    _description = "What a Change Would Do"

    def _moved(self, purchase_lines, date):
        """The customers' lines if all that is open of ``purchase_lines`` came on
        ``date``.

        :return: see ``_foreseen``
        """
        return self._foreseen(
            purchase_lines.order_id,
            SQL(
                "UPDATE purchase_order_line SET date_planned = %s WHERE id = ANY(%s)",
                date,
                purchase_lines.ids,
            ),
            SQL(
                "UPDATE stock_move SET date = %s WHERE id = ANY(%s)",
                date,
                self._open_moves(purchase_lines).ids,
            ),
        )

    def _cancelled(self, purchase):
        """The lines of ``purchase`` if what is open of it was cancelled.

        :return: see ``_foreseen``
        """
        return self._foreseen(
            purchase,
            SQL(
                "UPDATE purchase_order SET state = 'cancel' WHERE id = %s", purchase.id
            ),
            self._without(self._open_moves(purchase.order_line)),
        )

    def _lowered(self, purchase_line, quantity):
        """The customers' lines if ``purchase_line`` was for ``quantity`` only, in its
        unit.

        :return: see ``_foreseen``
        """
        unit = purchase_line.product_id.uom_id
        less = unit.round(
            converted(
                purchase_line.product_qty - quantity, purchase_line.product_uom_id, unit
            )
        )
        gone, statements = self.env["stock.move"], []
        # Odoo takes it from the receipt that it made last.
        for move in self._open_moves(purchase_line).sorted("id", reverse=True):
            taken = min(less, move.product_qty)
            if taken <= 0:
                break
            less = unit.round(less - taken)
            if taken == move.product_qty:
                gone |= move
                continue
            left = move.product_qty - taken
            statements.append(
                SQL(
                    "UPDATE stock_move SET product_qty = %s, product_uom_qty = %s "
                    "WHERE id = %s",
                    left,
                    converted(left, unit, move.product_uom),
                    move.id,
                )
            )
        return self._foreseen(purchase_line.order_id, self._without(gone), *statements)

    def _without(self, moves):
        return SQL(
            "UPDATE stock_move SET state = 'cancel' WHERE id = ANY(%s)", moves.ids
        )

    def _open_moves(self, purchase_lines):
        """The receipts of purchase lines that are still to come. sudo: who sees the
        purchase need not see its receipts."""
        return purchase_lines.sudo().move_ids.filtered(
            lambda move: move.state not in ("done", "cancel")
        )

    def _foreseen(self, purchase, *statements):
        """``{line: (expected before, expected after)}`` of the lines that wait for the
        purchase and that the user may see; a day is False where there is none. In SQL,
        so that nobody is told and nothing else follows."""
        waiting = purchase._backlog_waiting().get(purchase.id)
        if not waiting:
            return {}
        before = {line.id: line.expected_date for line in waiting}
        self.env.flush_all()
        with self.env.cr.savepoint(flush=False) as savepoint:
            for statement in statements:
                self.env.cr.execute(statement)
            self._look_again()
            after = {line.id: line.expected_date for line in waiting}
            savepoint.rollback()
        self._look_again()
        return {line: (before[line.id], after[line.id]) for line in waiting}

    def _look_again(self):
        """Drop what was computed from the tables, and nothing else: a form that asks
        holds values that nobody has saved."""
        for name in COMPUTED:
            self.env[name].invalidate_model(flush=False)

    def _breaks(self, foreseen):
        """Those of ``_foreseen`` whose promise would be missed, and is not today."""
        return [
            line
            for line, (before, after) in foreseen.items()
            if self._misses(line, after) and not self._misses(line, before)
        ]

    def _misses(self, line, expected):
        return not expected or expected > line.promise_date

    def _warning(self, foreseen):
        """What an onchange returns of promises that would break, or None."""
        broken = self._breaks(foreseen)
        if not broken:
            return None
        # sudo: names of lines that the user may see.
        orders = self.env["backlog.line"].union(*broken).sudo().order_id
        names = orders[:PROMISES_NAMED].mapped("name")
        if len(orders) > PROMISES_NAMED:
            names.append(self.env._("%s more", len(orders) - PROMISES_NAMED))
        return {
            "warning": {
                "type": "notification",
                "title": self.env._("Promises that would break: %s", len(broken)),
                "message": format_list(self.env, names),
            }
        }

    # When it has happened

    @contextmanager
    def _telling(self, purchases, summary):
        """Tell salespeople what the block around which this stands takes from their
        lines: one activity for each.

        :param purchases: those that bring less after the block
        :param str summary: what happens
        """
        if not purchases:
            yield
            return
        # sudo: who receives or buys need not see customers; their people are told.
        lines = purchases.sudo()._backlog_waiting()
        lines = self.env["backlog.line"].sudo().union(*lines.values())
        before = {line.id: line.to_source_qty for line in lines}
        yield
        if before:
            self.env.flush_all()
            self._look_again()
            lines.exists().filtered(
                lambda line: line.to_source_qty > before[line.id]
            )._tell_salespeople(summary)
