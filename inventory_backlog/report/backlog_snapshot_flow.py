from odoo import fields, models
from odoo.tools import SQL

from ..tools.bounds import finite, in_unit, moment
from .backlog_snapshot import FLOWS


class BacklogSnapshotFlow(models.AbstractModel):
    """What happened between two snapshots: booked, shipped, cancelled and changed, per
    day, warehouse and state. Reads ``backlog_look``, see ``backlog.history._look``.

    Only the ends of the period are compared: what was raised and lowered again between
    them, or ordered and cancelled, is not seen.
    """

    _name = "backlog.snapshot.flow"
    _description = "Flows between Snapshots"

    def _recent(self, company, since):
        """Lines of goods with shipments since the last snapshot: they may have been
        booked since, too."""
        return SQL(
            """
            SELECT DISTINCT line.id
              FROM stock_move move
              JOIN sale_order_line line ON line.id = move.sale_line_id
              JOIN sale_order sale ON sale.id = line.order_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE move.state = 'done'
               AND move.date > %s
               -- Whatever a clock that was ahead has dated is not new every night.
               AND move.date <= %s
               AND sale.company_id = %s
               AND line.product_uom_qty > 0
               AND line.qty_delivered <> 0
               AND line.is_expense IS NOT TRUE
               AND line.is_downpayment IS NOT TRUE
               AND template.type = 'consu'
            """,
            since,
            fields.Datetime.now(),
            company.id,
        )

    def _flows(self, days, since):
        """``{(day, warehouse id, state): {flow: value}}`` of everything that moved
        since the last snapshot. For missed days only bookings and shipments are
        known."""
        rows = self.env.execute_query_dict(
            SQL(
                """
                  WITH line AS MATERIALIZED (%(compared)s),
                       early AS MATERIALIZED (%(early)s),
                       beyond AS MATERIALIZED (%(beyond)s),
                       flow AS (%(parts)s)
                SELECT day, warehouse_id, state, SUM(booked) AS booked,
                       SUM(shipped) AS shipped, SUM(cancelled) AS cancelled,
                       SUM(changed) AS changed, SUM(moved) AS moved
                  FROM flow
              GROUP BY day, warehouse_id, state
                """,
                compared=self._compared(days),
                early=self._shipped_early(days, since),
                beyond=self._shipped_beyond(),
                parts=self._parts(days),
            )
        )
        return {
            (row["day"], row["warehouse_id"], row["state"]): {
                name: row[name] for name in FLOWS
            }
            for row in rows
        }

    def _compared(self, days):
        """What was booked, shipped, cancelled and changed of each line. Quantities that
        it had when the period began count at the price of then, new ones at today's.
        Booked is what was ordered beyond that, or was closed and is open again. Goods
        that replace returned ones were never ordered: they count as changed. The home
        of a line is its warehouse and state when the period began."""
        return SQL(
            """
            SELECT line.*,
                   value1 - value0 - booked + shipped + cancelled AS changed
              FROM (
                    SELECT line.*,
                           %(booked)s AS booked,
                           %(shipped)s AS shipped,
                           %(cancelled)s AS cancelled
                      FROM (
                            SELECT line.*,
                                   LEAST(GREATEST(net_qty, 0), raised_qty)
                                       AS booked_qty,
                                   LEAST(GREATEST(-net_qty, 0), lowered_qty)
                                       AS cancelled_qty,
                                   CASE WHEN is_new
                                        THEN LEAST(GREATEST(%(ordered_day)s, %(first)s),
                                                   %(last)s)
                                        ELSE %(last)s
                                    END AS booked_day
                              FROM (%(moved)s) line
                           ) line
                   ) line
            """,
            moved=self._moved(),
            booked=self._rounded(SQL("booked_qty")),
            shipped=self._rounded(SQL("shipped_qty")),
            cancelled=self._rounded(SQL("cancelled_qty")),
            ordered_day=self.env["backlog.line.today"]._day(SQL("date_order")),
            first=days[0],
            last=days[-1],
        )

    def _moved(self):
        """What was shipped of each line, how its open quantity changed otherwise
        (``net_qty``), how much of that can be raised or lowered at most, its price, and
        its home."""
        return SQL(
            """
            SELECT line.*,
                   open1 - open0 + shipped_qty AS net_qty,
                   CASE WHEN is_known OR is_new
                        THEN GREATEST(ordered1 - ordered0, 0)
                             + GREATEST(ordered0 - delivered0 - open0, 0)
                        ELSE 0
                    END AS raised_qty,
                   GREATEST(ordered0 - LEAST(delivered0, delivered1), 0) AS lowered_qty,
                   CASE WHEN open0 <> 0 THEN unit0 ELSE COALESCE(unit1, unit0) END
                       AS unit,
                   CASE WHEN was_open THEN warehouse0 ELSE warehouse1
                    END AS home_warehouse,
                   CASE WHEN was_open THEN state0 ELSE state1 END AS home_state
              FROM (
                    SELECT seen.*,
                           value0 <> 0 OR open0 <> 0 AS was_open,
                           CASE WHEN is_known OR is_new
                                THEN delivered1 - delivered0
                                ELSE 0
                            END AS shipped_qty
                      FROM backlog_look seen
                   ) line
            """
        )

    def _rounded(self, quantity):
        rounding = self.env.company.currency_id.rounding
        return SQL(
            "ROUND(unit * %s / %s::numeric) * %s::numeric",
            quantity,
            rounding,
            rounding,
        )

    def _shipped_early(self, days, since):
        """What was shipped of each line on the missed days, less what came back to be
        refunded; and how much of it was more than had been open. Kits move as
        components: they count on the last day."""
        is_outside = self.env["backlog.demand"]._is_outside
        return SQL(
            """
            SELECT line.id, moved.day, %(value)s AS shipped,
                   ROUND(SUM(moved.qty) OVER (
                       PARTITION BY line.id ORDER BY moved.day
                   ) - line.open0, 6) AS beyond_qty
              FROM line
        CROSS JOIN LATERAL (
                    SELECT GREATEST(%(moved_day)s, %(first)s) AS day,
                           SUM((%(moved)s)
                               * CASE WHEN %(is_outside)s THEN 1 ELSE -1 END
                           )::numeric AS qty
                      FROM stock_move move
                      JOIN stock_location place ON place.id = move.location_dest_id
                      JOIN stock_location origin ON origin.id = move.location_id
                      JOIN uom_uom move_uom ON move_uom.id = move.product_uom
                      JOIN product_product product ON product.id = move.product_id
                      JOIN product_template template
                        ON template.id = product.product_tmpl_id
                      JOIN uom_uom uom ON uom.id = template.uom_id
                     WHERE move.sale_line_id = line.id
                       AND move.product_id = line.product_id
                       AND move.state = 'done'
                       AND move.date > %(since)s
                       AND %(is_outside)s <> %(was_outside)s
                       AND (move.origin_returned_move_id IS NULL OR move.to_refund)
                  GROUP BY 1
                   ) moved
             WHERE line.shipped_qty <> 0
               AND moved.day < %(last)s
            """,
            value=self._rounded(SQL("moved.qty")),
            is_outside=is_outside("place"),
            was_outside=is_outside("origin"),
            moved=in_unit(finite(SQL("move.quantity")), "move_uom", "uom"),
            moved_day=self.env["backlog.line.today"]._day(moment(SQL("move.date"))),
            first=days[0],
            last=days[-1],
            since=since,
        )

    def _shipped_beyond(self):
        """The missed day by which more of a line had been shipped than was open: that
        much was booked by then. What was never booked was shipped beyond the order, and
        counts as changed."""
        return SQL(
            """
            SELECT line.id, MIN(early.day) AS day,
                   %(booked)s AS booked,
                   %(changed)s AS changed
              FROM early
              JOIN line USING (id)
             WHERE early.beyond_qty > 0
          GROUP BY line.id, line.unit, line.booked_qty
            """,
            booked=self._rounded(SQL("LEAST(MAX(early.beyond_qty), line.booked_qty)")),
            changed=self._rounded(
                SQL("GREATEST(MAX(early.beyond_qty) - line.booked_qty, 0)")
            ),
        )

    def _parts(self, days):
        """The flows per day and cell: a line that ended in another state or warehouse
        left its home and arrived there."""
        return SQL(
            """
            SELECT booked_day AS day, home_warehouse AS warehouse_id,
                   home_state AS state, line.booked - COALESCE(beyond.booked, 0)
                       AS booked,
                   0 AS shipped, 0 AS cancelled, 0 AS changed, 0 AS moved
              FROM line
         LEFT JOIN beyond USING (id)
         UNION ALL
            SELECT early.day, home_warehouse, home_state, 0, early.shipped, 0, 0, 0
              FROM early
              JOIN line USING (id)
         UNION ALL
            SELECT LEAST(booked_day, beyond.day), home_warehouse, home_state,
                   beyond.booked, 0, 0, beyond.changed, 0
              FROM beyond
              JOIN line USING (id)
         UNION ALL
            SELECT %(last)s, home_warehouse, home_state, 0,
                   shipped - COALESCE((
                       SELECT SUM(early.shipped)
                         FROM early
                        WHERE early.id = line.id
                   ), 0),
                   cancelled,
                   line.changed - COALESCE(beyond.changed, 0)
                       - CASE WHEN %(has_moved)s THEN value1 ELSE 0 END,
                   CASE WHEN %(has_moved)s THEN -value1 ELSE 0 END
              FROM line
         LEFT JOIN beyond USING (id)
         UNION ALL
            SELECT %(last)s, warehouse1, state1, 0, 0, 0, value1, value1
              FROM line
             WHERE %(has_moved)s
            """,
            last=days[-1],
            has_moved=SQL(
                """(is_open AND (home_warehouse, home_state)
                    IS DISTINCT FROM (warehouse1, state1))"""
            ),
        )
