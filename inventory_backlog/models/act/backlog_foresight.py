from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL


class BacklogForesight(models.AbstractModel):
    """What a change of a purchase would do to the lines that wait for it: the change is
    made in a savepoint, the lines are computed as ever, and it is taken back. Nothing
    else computes them, so what is foreseen is what will be."""

    _name = "backlog.foresight"
    _description = "What a Change Would Do"

    def _moved(self, purchase, date):
        """The lines of ``purchase`` if all that is open of it came on ``date``.

        :return: see ``_foreseen``
        """
        return self._foreseen(
            purchase,
            SQL(
                "UPDATE purchase_order_line SET date_planned = %s WHERE order_id = %s",
                date,
                purchase.id,
            ),
            SQL(
                "UPDATE stock_move SET date = %s WHERE id = ANY(%s)",
                date,
                self._open_moves(purchase).ids,
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
            SQL(
                "UPDATE stock_move SET state = 'cancel' WHERE id = ANY(%s)",
                self._open_moves(purchase).ids,
            ),
        )

    def _open_moves(self, purchase):
        """The receipts of the purchase that are still to come. sudo: who sees the
        purchase need not see its receipts."""
        return purchase.order_line.sudo().move_ids.filtered(
            lambda move: move.state not in ("done", "cancel")
        )

    def _foreseen(self, purchase, *statements):
        """``{line: (expected before, expected after)}`` of the lines that wait for the
        purchase and that the user may see; a day is False where there is none. In SQL,
        so that nobody is told and nothing else follows."""
        waiting = purchase._backlog_waiting().get(purchase.id)
        if not waiting:
            return {}
        self.env.flush_all()
        before = self._expected(waiting)
        with self.env.cr.savepoint(flush=False) as savepoint:
            for statement in statements:
                self.env.cr.execute(statement)
            after = self._expected(waiting)
            savepoint.rollback()
        return {line: (before[line.id], after[line.id]) for line in waiting}

    def _expected(self, lines):
        """``{line id: when it is expected}``, past the cache of the ORM: in a form that
        is being edited it holds what is not saved yet."""
        products = lines._allocation().product_id | lines.product_id
        query = lines._query_over(
            self.env["backlog.line.today"]._plain(lines._current(products.ids)),
            Domain("id", "in", lines.ids),
        )
        rows = self.env.execute_query(
            query.select(
                SQL.identifier(lines._table, "id"),
                SQL.identifier(lines._table, "expected_date"),
            )
        )
        return {line_id: expected or False for line_id, expected in rows}

    def _breaks(self, foreseen):
        """Those of ``_foreseen`` whose promise would be missed, and is not today."""
        return [
            line
            for line, (before, after) in foreseen.items()
            if self._misses(line, after) and not self._misses(line, before)
        ]

    def _misses(self, line, expected):
        return not expected or expected > line.promise_date
