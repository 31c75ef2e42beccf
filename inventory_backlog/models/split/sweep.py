from odoo import api, models
from odoo.tools import SQL

from ..tools.bounds import moment


class BacklogAllocation(models.Model):
    """What is on its way, and for whom: demand laid over receipts."""

    _inherit = "backlog.allocation"

    @api.model
    def _join_receipt(self, slices="slice"):
        """The receipt of each of the ``slices`` and the purchase behind it. A step
        inside the warehouse has lost the purchase, the step before it knows."""
        return SQL(
            """
         LEFT JOIN stock_move receipt ON receipt.id = %(slices)s.receipt_move_id
         LEFT JOIN purchase_order_line ON purchase_order_line.id = COALESCE(
                       receipt.purchase_line_id,
                       CASE WHEN receipt.procure_method = 'make_to_order' THEN (
                           SELECT MIN(orig.purchase_line_id)
                             FROM stock_move_move_rel rel
                             JOIN stock_move orig ON orig.id = rel.move_orig_id
                            WHERE rel.move_dest_id = receipt.id
                       ) END
                   )
            """,
            slices=SQL.identifier(slices),
        )

    @api.model
    def _left_over(self, product_ids):
        """Return the statement of what the whole queue leaves: free stock and receipts
        that nobody ahead needs, in the order in which they will be there.

        Columns: ``product_id, warehouse_id, source, qty, date, document``; the source
        is ``stock`` or ``receipt``.
        """
        return SQL(
            """
            %(steps)s
            SELECT slice.product_id, warehouse.id AS warehouse_id, slice.source,
                   slice.qty, GREATEST(slice.date, %(now)s) AS date,
                   CASE WHEN receipt.id IS NOT NULL THEN %(document)s END AS document
              FROM (%(rest)s) slice
              JOIN stock_warehouse warehouse ON warehouse.lot_stock_id = slice.pool_id
            %(receipt)s
             WHERE slice.qty > 0
          ORDER BY slice.date NULLS FIRST, slice.receipt_move_id
            """,
            steps=self._steps(product_ids),
            now=self._now(),
            document=self._document(),
            rest=self._rest(),
            receipt=self._join_receipt(),
        )

    @api.model
    def _rest(self):
        """What no demand takes, per pool: free stock, and what is left of each receipt.
        Uses the steps."""
        return SQL(
            """
            SELECT product_id, pool_id, 'stock' AS source, SUM(qty) AS qty,
                   NULL::timestamp AS date, NULL::bigint AS receipt_move_id
              FROM (
                    SELECT product_id, pool_id, free AS qty FROM stock
                 UNION ALL
                    SELECT product_id, pool_id, -taken FROM queue
                   ) stock
          GROUP BY product_id, pool_id
         UNION ALL
            SELECT product_id, pool_id, 'receipt', SUM(qty), MAX(date), supply_id
              FROM shared
             WHERE demand_id IS NULL
          GROUP BY product_id, pool_id, supply_id
            """
        )

    @api.model
    def _document(self):
        """The document behind ``receipt``, as ``model,id``: the narrowest first."""
        return SQL(
            """CASE WHEN purchase_order_line.order_id IS NOT NULL
                    THEN 'purchase.order,' || purchase_order_line.order_id
                    ELSE 'stock.picking,' || receipt.picking_id
               END"""
        )

    @api.model
    def _receipt(self):
        """Every open move that brings goods into a pool from elsewhere. Goods in Input
        or in quality are still on their way. Requests for quotation have no moves.

        A move between two shelves of one pool brings back what it has reserved: nobody
        can take that before it is done. When the buyer puts a purchase off, Odoo leaves
        the date of its receipt as it was, so the later of both counts.
        """
        return SQL(
            """
            SELECT move.id AS move_id, move.product_id, place.pool_id, brings.qty,
                   awaited.group_id, %s AS date
              FROM open_move move
              JOIN place ON place.id = move.final_id
         LEFT JOIN place origin ON origin.id = move.location_id
         LEFT JOIN purchase_order_line purchased ON purchased.id = move.purchase_line_id
         LEFT JOIN awaited ON awaited.move_id = move.id
        CROSS JOIN LATERAL (
                    SELECT CASE WHEN origin.pool_id = place.pool_id
                                THEN LEAST(move.qty, move.reserved)
                                ELSE move.qty
                            END AS qty
                   ) brings
             WHERE brings.qty > 0
            """,
            moment(SQL("GREATEST(move.date, purchased.date_planned)")),
        )

    @api.model
    def _link(self):
        """Chained demand and the open receipts made for it. Moves that share a receipt
        form one group, named by the lowest receipt; two rounds of looking at the
        neighbours name it in every shape that Odoo's splitting and merging makes."""
        pairs = SQL(
            """
            SELECT move_id AS demand_id, orig_id AS receipt_id, orig_id AS group_id
              FROM feeder
             WHERE is_open
               AND is_receipt
            """
        )
        for neighbour in ("demand_id", "receipt_id") * 2:
            pairs = SQL(
                """
                SELECT demand_id, receipt_id,
                       MIN(group_id) OVER (PARTITION BY %s) AS group_id
                  FROM (%s) pair
                """,
                SQL.identifier(neighbour),
                pairs,
            )
        return pairs

    @api.model
    def _link_groups(self, side):
        """The group of each demand or receipt, whichever ``side`` names."""
        return SQL(
            "SELECT %(side)s AS move_id, MIN(group_id) AS group_id "
            "FROM link GROUP BY %(side)s",
            side=SQL.identifier(side),
        )

    @api.model
    def _linked(self):
        """The chained demand laid over the receipts that were made for it."""
        return self._sweep(
            demand=SQL(
                """
                SELECT product_id, pool_id, group_id, queue_rank AS rank, move_id,
                       qty - kept - taken AS qty
                  FROM queue
                 WHERE group_id IS NOT NULL
                """
            ),
            supply=SQL(
                """
                SELECT product_id, pool_id, group_id, date, move_id, qty
                  FROM receipt
                 WHERE group_id IS NOT NULL
                """
            ),
        )

    @api.model
    def _shared(self):
        """The demand that may take any goods, laid over all receipts, less what the
        chained demand takes of them."""
        return self._sweep(
            demand=SQL(
                """
                SELECT product_id, pool_id, pool_id AS group_id, queue_rank AS rank,
                       move_id, qty - kept - taken AS qty
                  FROM queue
                 WHERE NOT chained
                """
            ),
            supply=SQL(
                """
                SELECT product_id, pool_id, pool_id AS group_id, MAX(date) AS date,
                       move_id, SUM(qty) AS qty
                  FROM (
                        SELECT product_id, pool_id, date, move_id, qty
                          FROM receipt
                     UNION ALL
                        SELECT product_id, pool_id, NULL, supply_id, -qty
                          FROM linked
                         WHERE demand_id IS NOT NULL
                           AND supply_id IS NOT NULL
                       ) receipt
              GROUP BY product_id, pool_id, move_id
                """
            ),
        )

    @api.model
    def _sweep(self, demand, supply):
        """Lay demand and supply end to end, each in its order, and cut at every end.

        What lies between two cuts belongs to the demand and to the supply that end
        next. The next end is a running minimum taken backwards, so one sort does it
        all: no join of ranges, which would be quadratic for a popular product. Rank and
        id travel in one number, since the minimum of the rank must bring its id along;
        the dates of the supply rise with its rank anyway.

        Both give ``product_id, pool_id, group_id, move_id, qty``; the demand its
        ``rank``, the supply its ``date``. A slice without ``supply_id`` is uncovered,
        one without ``demand_id`` is left over. ``move_id`` and ``is_supply`` name the
        row that ends the slice.
        """
        return SQL(
            """
            SELECT *
              FROM (
                    SELECT product_id, pool_id, move_id, is_supply,
                           upto - LAG(upto, 1, 0::numeric) OVER forth AS qty,
                           MIN(CASE WHEN NOT is_supply THEN key END) OVER back
                               & 4294967295 AS demand_id,
                           MIN(CASE WHEN is_supply THEN key END) OVER back
                               & 4294967295 AS supply_id,
                           MIN(date) OVER back AS date
                      FROM (
                            SELECT *, rank << 32 | move_id AS key,
                                   SUM(qty) OVER (
                                       PARTITION BY product_id, group_id, is_supply
                                           ORDER BY rank ROWS UNBOUNDED PRECEDING
                                   ) AS upto
                              FROM (
                                    SELECT product_id, pool_id, group_id, rank,
                                           move_id, qty, NULL::timestamp AS date,
                                           FALSE AS is_supply
                                      FROM (%(demand)s) demand
                                     WHERE qty > 0
                                 UNION ALL
                                    SELECT product_id, pool_id, group_id,
                                           ROW_NUMBER() OVER (
                                               PARTITION BY product_id, group_id
                                                   ORDER BY date, move_id),
                                           move_id, qty, date, TRUE
                                      FROM (%(supply)s) supply
                                     WHERE qty > 0
                                   ) laid
                           ) laid
                    WINDOW forth AS (
                           PARTITION BY product_id, group_id
                               ORDER BY upto, is_supply, rank),
                           back AS (
                           PARTITION BY product_id, group_id
                               ORDER BY upto DESC, is_supply DESC, rank DESC
                                   ROWS UNBOUNDED PRECEDING)
                   ) cut
             WHERE qty > 0
            """,
            demand=demand,
            supply=supply,
        )
