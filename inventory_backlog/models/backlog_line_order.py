from odoo import api, models
from odoo.tools import SQL

from .given import giving


class BacklogLine(models.Model):
    """What is said of a line by all open lines of its order: see ``OF_ORDER``."""

    _inherit = "backlog.line"

    def _read_of_order(self, names):
        """``{id: values}`` of the fields ``names`` of ``OF_ORDER``."""
        values = self.env.execute_query_dict(
            SQL(
                "SELECT id, %s FROM (%s) line WHERE id = ANY(%s)",
                SQL(", ").join(map(SQL.identifier, names)),
                self._of_order(self.order_id.ids),
                self.ids,
            )
        )
        nothing = dict.fromkeys(names)
        return dict.fromkeys(self.ids, nothing) | {row["id"]: row for row in values}

    @api.model
    def _of_order(self, order_ids=None):
        """The lines as they are kept, and the columns of ``OF_ORDER``.

        :param order_ids: ids of orders, None for all
        """
        if order_ids is None:
            current = self._current(self.env["backlog.allocation"]._asked_products())
        else:
            current = SQL(
                "SELECT * FROM (%s) line WHERE order_id = ANY(%s)",
                self._current_of_orders(order_ids),
                order_ids,
            )
        return self._with_whole_orders(current, SQL("SELECT * FROM current"), order_ids)

    @api.model
    def _current_of_orders(self, order_ids):
        """All current lines, where everything must be computed only those of the
        products of these orders. Of whole orders, whatever products were asked for."""
        stale = self.env["backlog.kept"]._stale()
        if stale is None:
            orders = self.env["sale.order"].sudo().browse(order_ids)
            return self._current(orders.order_line._backlog_products().ids)
        with giving(self, stale=stale) as lines:
            return lines._current()

    @api.model
    def _with_whole_orders(self, current, lines, order_ids=None):
        """The statement ``lines`` over ``current`` ones, with what is said of them by
        all current lines of their orders."""
        return SQL(
            """
              WITH current AS %(kept)s MATERIALIZED (%(current)s),
                   paid AS MATERIALIZED (%(paid)s),
                   whole AS MATERIALIZED (
                    SELECT order_id, SUM(open_value) AS open_value,
                           BOOL_OR(open_qty > backlog_qty) AS is_short
                      FROM current
                     WHERE in_one_piece
                        OR order_id IN (SELECT order_id FROM paid)
                  GROUP BY order_id
                   )
            SELECT line.*,
                   CASE WHEN paid.amount > 0 AND whole.open_value <> 0
                        THEN ROUND(
                            line.open_value
                              * GREATEST(0, LEAST(1, paid.amount / whole.open_value))
                              / line.rounding
                        ) * line.rounding
                        ELSE 0
                    END AS prepaid_value,
                   %(block_cause)s AS block_cause
              FROM (%(lines)s) line
         LEFT JOIN whole ON whole.order_id = line.order_id
         LEFT JOIN paid ON paid.order_id = line.order_id
            """,
            current=current,
            # Kept rows alone cost less to read again than to copy.
            kept=SQL("NOT" if "WITH" not in current.code else ""),
            lines=lines,
            paid=self._prepaid(
                SQL("IN (SELECT order_id FROM current)")
                if order_ids is None
                else SQL("= ANY(%s)", order_ids)
            ),
            block_cause=self._block_cause(),
        )

    @api.model
    def _block_cause(self):
        """What keeps the goods of ``line`` here; see the addon's other files."""
        return SQL("NULL")
