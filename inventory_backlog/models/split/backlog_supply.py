from odoo import models
from odoo.tools import SQL

from ...tools.bounds import finite, moment
from ...tools.sql import is_open, many_rows, now, of_products


class BacklogSupply(models.AbstractModel):
    """Stock, receipts, the links between receipts and chained demand, and the documents
    behind receipts."""

    _name = "backlog.supply"
    _description = "Supply"

    def _in_lot(self, product_ids):
        """What quants say, per pool and lot. A lot of a tracked product cannot stand in
        for another, as in Odoo's own ``stock.quant._get_available_quantity``; all goods
        of another product count as one lot."""
        removal = self.env["backlog.turn"]._removal_date()
        return SQL(
            """
            SELECT quant.product_id, place.pool_id, template.tracking,
                   CASE template.tracking
                        WHEN 'none' THEN 0
                        ELSE COALESCE(quant.lot_id, 0)
                    END AS lot_id,
                   SUM(COALESCE(%(quantity)s, 0)) AS quantity,
                   SUM(COALESCE(%(reserved)s, 0)) AS reserved,
                   MIN(%(removal)s) AS removal_date
              FROM stock_quant quant
              JOIN place ON place.id = quant.location_id
              JOIN product_product product ON product.id = quant.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE %(of_products)s
          GROUP BY 1, 2, 3, 4
            """,
            quantity=finite(SQL("quant.quantity")),
            reserved=finite(SQL("quant.reserved_quantity")),
            removal=removal,
            of_products=of_products(SQL("quant.product_id"), product_ids),
        )

    def _drifted(self):
        """The products of which quants say another quantity reserved than moves do.
        What moves hold counts (``backlog.drift`` finds and mends it). A move in another
        unit says what it holds rounded to that unit, which is no drift."""
        return SQL(
            """
            SELECT DISTINCT product_id
              FROM (
                    SELECT product_id, pool_id, reserved, 0 AS rounded FROM in_lot
                 UNION ALL
                    SELECT move.product_id, place.pool_id, -move.reserved, move.rounded
                      FROM open_move move
                      JOIN place ON place.id = move.location_id
                     WHERE move.reserved <> 0
                       AND move.is_storable
                   ) reserved
          GROUP BY product_id, pool_id
            HAVING ABS(SUM(reserved)) > 0.000001 + SUM(rounded)
            """
        )

    def _stock(self):
        """Per product and pool: the free and over-reserved quantity, what of the free
        one is not to be removed by now (``fresh``) and when the first of it is
        (``fades_on``), and what is missing below zero (``hole``).

        Negative quants count against the others of their lot. So a lot is missing what
        it has reserved and does not have, and never more. The rest below zero is a
        hole, which the next receipts fill; one of a lot is filled by no other lot.

        What a move between two shelves has reserved it brings back (``_arriving``), so
        goods that are not there count as a hole for it, too.
        """
        return SQL(
            """
            SELECT product_id, pool_id,
                   SUM(GREATEST(quantity - reserved, 0)) AS free,
                   SUM(GREATEST(LEAST(reserved - quantity, reserved), 0)) AS missing,
                   SUM(GREATEST(quantity - reserved, 0))
                       FILTER (WHERE COALESCE(removal_date >= %(now)s, TRUE)) AS fresh,
                   MIN(removal_date) FILTER (WHERE quantity > reserved) AS fades_on,
                   SUM(GREATEST(COALESCE(inside.qty, 0) - quantity, 0))
                       FILTER (WHERE tracking = 'none') AS hole
              FROM (
                    SELECT product_id, pool_id, tracking, lot_id, removal_date,
                           quantity, reserved
                      FROM in_lot
                     WHERE NOT EXISTS (
                           SELECT
                             FROM drifted
                            WHERE drifted.product_id = in_lot.product_id)
                 UNION ALL
                    SELECT product_id, pool_id, MIN(tracking), lot_id,
                           MIN(removal_date), SUM(quantity), SUM(held)
                      FROM (%(held)s) held
                  GROUP BY product_id, pool_id, lot_id
                   ) per_lot
         LEFT JOIN (%(inside)s) inside USING (product_id, pool_id)
          GROUP BY product_id, pool_id
            """,
            now=now(),
            held=self._held(),
            inside=self._reserved_inside(),
        )

    def _reserved_inside(self):
        """``product_id, pool_id, qty``: what moves between two shelves have reserved,
        of the few products of which more is reserved than is there."""
        return SQL(
            """
            SELECT move.product_id, place.pool_id,
                   SUM(LEAST(move.qty, move.reserved)) AS qty
              FROM open_move move
              JOIN place ON place.id = move.location_id
              JOIN place dest ON dest.id = move.location_dest_id
                             AND dest.home_id = place.home_id
             WHERE move.reserved > 0
               AND move.product_id IN (
                   SELECT product_id FROM in_lot WHERE reserved > quantity
                    UNION
                   SELECT product_id FROM drifted)
          GROUP BY move.product_id, place.pool_id
            """
        )

    def _held(self):
        """Of products whose quants have drifted: what is there and what the move lines
        hold, per lot."""
        return SQL(
            """
            SELECT product_id, pool_id, tracking, lot_id, removal_date, quantity,
                   0 AS held
              FROM in_lot
             WHERE product_id IN (SELECT product_id FROM drifted)
         UNION ALL
            SELECT move.product_id, place.pool_id, template.tracking,
                   CASE template.tracking
                        WHEN 'none' THEN 0
                        ELSE COALESCE(line.lot_id, 0)
                    END,
                   NULL, 0, %(quantity)s
              FROM open_move move
              JOIN stock_move_line line ON line.move_id = move.id
              JOIN place ON place.id = line.location_id
              JOIN product_product product ON product.id = move.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE move.product_id IN (SELECT product_id FROM drifted)
               AND move.is_storable
            """,
            quantity=finite(SQL("line.quantity_product_uom")),
        )

    def _join_receipt(self, slices="slice"):
        """The receipt of each of the ``slices`` and the purchase behind it. A step
        inside the warehouse has no link to the purchase; the step before it has."""
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

    def _document(self):
        """The document behind ``receipt``, as ``model,id``: the narrowest first."""
        return SQL(
            """CASE WHEN purchase_order_line.order_id IS NOT NULL
                    THEN 'purchase.order,' || purchase_order_line.order_id
                    ELSE 'stock.picking,' || receipt.picking_id
               END"""
        )

    def _lost(self):
        """``move_id, qty``: what moves wait for that nobody sends any more, although
        they stay open: the first step of a resupply was closed short or cancelled.

        It concerns places between warehouses and between the steps of one. Odoo
        reserves there only what the step before brought; when that step is cancelled
        whole, the move takes what it finds, which its rule never meant. What is missing
        in the stock of a warehouse is ordered for that warehouse and still comes.
        """
        return SQL(
            """
              WITH RECURSIVE waiting AS MATERIALIZED (
                    SELECT queue.move_id, queue.product_id, queue.home_id,
                           queue.queue_rank, queue.short, queue.chained,
                           CASE WHEN queue.chained
                                THEN COALESCE(queue.group_id, -queue.move_id)
                            END AS group_id
                      FROM queue
                     WHERE queue.short > 0
                       AND NOT queue.to_customer
                       AND NOT EXISTS (
                           SELECT FROM place WHERE place.stock_id = queue.home_id)
                       AND (queue.chained OR (
                           SELECT rule.procure_method = 'make_to_order'
                             FROM stock_move move
                             JOIN stock_rule rule ON rule.id = move.rule_id
                            WHERE move.id = queue.move_id
                       ))
                   ),
                   coming AS (
                    SELECT group_id, NULL::integer AS product_id,
                           NULL::integer AS home_id, SUM(qty) AS qty
                      FROM (
                            SELECT DISTINCT waiting.group_id, feeder.orig_id, feeder.qty
                              FROM waiting
                              JOIN feeder ON feeder.move_id = waiting.move_id
                             WHERE feeder.is_open
                           ) origin
                  GROUP BY group_id
                     UNION ALL
                    SELECT NULL, move.product_id, enters.home_id, SUM(move.qty)
                      FROM open_move move
                      JOIN place enters ON enters.id = move.final_id
                     WHERE (SELECT TRUE FROM waiting WHERE NOT chained LIMIT 1)
                       AND (move.product_id, enters.home_id) IN (
                           SELECT product_id, home_id FROM waiting WHERE NOT chained)
                       AND NOT EXISTS (
                           SELECT FROM awaited WHERE awaited.move_id = move.id)
                  GROUP BY move.product_id, enters.home_id
                   ),
                   lost AS (
                    SELECT waiting.move_id,
                           LEAST(waiting.short, GREATEST(
                               SUM(waiting.short) OVER peers
                               - COALESCE(own.qty, anybodys.qty, 0), 0
                           )) AS qty
                      FROM waiting
                 LEFT JOIN %(own)s own
                        ON own.group_id = waiting.group_id
                 LEFT JOIN %(anybodys)s anybodys
                        ON NOT waiting.chained
                       AND anybodys.product_id = waiting.product_id
                       AND anybodys.home_id = waiting.home_id
                    WINDOW peers AS (
                           PARTITION BY waiting.group_id, waiting.product_id,
                                        waiting.home_id
                               ORDER BY queue_rank ROWS UNBOUNDED PRECEDING)
                   ),
                   downstream AS (
                    SELECT move_id, qty FROM lost WHERE qty > 0
                     UNION ALL
                    SELECT next.id,
                           LEAST(%(next_qty)s, GREATEST(downstream.qty - (
                               SELECT COALESCE(SUM(%(later_qty)s), 0)
                                 FROM stock_move_move_rel sibling
                                 JOIN stock_move later
                                   ON later.id = sibling.move_dest_id
                                WHERE sibling.move_orig_id = downstream.move_id
                                  AND later.id > next.id
                                  AND %(later_open)s
                           ), 0))
                      FROM downstream
                      JOIN stock_move_move_rel rel
                        ON rel.move_orig_id = downstream.move_id
                      JOIN stock_move next ON next.id = rel.move_dest_id
                     WHERE %(next_open)s
                       AND downstream.qty > 0
                   )
            SELECT move_id, SUM(qty) AS qty FROM downstream GROUP BY move_id
            """,
            own=many_rows(SQL("coming")),
            anybodys=many_rows(SQL("coming")),
            next_qty=finite(SQL("next.product_qty")),
            next_open=is_open("next"),
            later_qty=finite(SQL("later.product_qty")),
            later_open=is_open("later"),
        )

    def _arriving(self):
        """Every open move that brings goods into a pool from elsewhere. Goods in Input
        or in quality are still on their way, those that nobody sends any more are not.
        Requests for quotation have no moves.

        A move between two shelves of one pool brings back what it has reserved: no
        other move can take that before it is done.
        """
        return SQL(
            """
            SELECT move.id AS move_id, move.product_id, arrival.home_id, brings.qty,
                   awaited.group_id, %(date)s AS date
              FROM open_move move
              JOIN place final ON final.id = move.final_id
         LEFT JOIN place dest ON dest.id = move.location_dest_id
         LEFT JOIN place origin ON origin.id = move.location_id
         LEFT JOIN purchase_order_line purchased ON purchased.id = move.purchase_line_id
         LEFT JOIN awaited ON awaited.move_id = move.id
         LEFT JOIN netted ON netted.move_id = move.id
         LEFT JOIN lost ON lost.move_id = move.id
         LEFT JOIN (SELECT DISTINCT orig_id FROM feeder) fed ON fed.orig_id = move.id
        CROSS JOIN LATERAL (SELECT %(arrival)s AS home_id) arrival
        CROSS JOIN LATERAL (
                    SELECT CASE WHEN origin.home_id = arrival.home_id
                                THEN LEAST(move.qty, move.reserved)
                                ELSE move.qty
                            END - COALESCE(netted.qty, 0) - COALESCE(lost.qty, 0)
                            AS qty
                   ) brings
             WHERE brings.qty > 0
            """,
            date=self._said_date(),
            arrival=self.env["backlog.demand"]._arrival(
                "dest",
                "final",
                # What goes back to Input from the stock stays there.
                SQL(
                    """
                    (NOT move.is_return OR origin.home_id IS DISTINCT FROM dest.onto_id)
                    AND fed.orig_id IS NULL
                    """
                ),
            ),
        )

    def _receipt(self):
        """What receipts bring besides what fills a hole: stock below zero takes what
        arrives first, whomever it was made for."""
        return SQL(
            """
            SELECT arriving.*
              FROM arriving
             WHERE NOT EXISTS (
                   SELECT
                     FROM stock
                    WHERE stock.hole > 0
                      AND stock.product_id = arriving.product_id
                      AND stock.pool_id = arriving.home_id)
         UNION ALL
            SELECT move_id, product_id, home_id, LEAST(qty, brought - hole), group_id,
                   date
              FROM (
                    SELECT arriving.*, stock.hole,
                           SUM(arriving.qty) OVER (
                               PARTITION BY arriving.product_id, arriving.home_id
                                   ORDER BY date, move_id ROWS UNBOUNDED PRECEDING
                           ) AS brought
                      FROM arriving
                      JOIN stock ON stock.product_id = arriving.product_id
                                AND stock.pool_id = arriving.home_id
                     WHERE stock.hole > 0
                   ) filling
             WHERE brought > hole
            """
        )

    def _said_date(self):
        """When ``move`` of the purchase line ``purchased`` comes, as was said last. Two
        statements use it, ``_arriving`` and ``backlog.live.slice._direct``: a rule may
        read these two, or a sub-select by them.

        A new day on the purchase line leaves the date of its open moves as it was in
        Odoo, and a new day on the transfer leaves the purchase line. Which of them came
        last, the move notes (``backlog_date_by``). Where nobody has changed either
        since it notes this, the later one counts.
        """
        return moment(
            SQL(
                """
                CASE move.backlog_date_by
                     WHEN 'purchase' THEN COALESCE(purchased.date_planned, move.date)
                     WHEN 'transfer' THEN move.date
                     ELSE GREATEST(move.date, purchased.date_planned)
                 END
                """
            )
        )

    def _kin(self):
        """Demand that is not chained and receipts that share a reference with it, in
        groups: what a reordering rule bought when an order was confirmed names that
        order. Odoo gives what arrives to such demand first, if it may reserve it by
        itself then (``stock.move._trigger_assign``).

        The few receipts lead to the demand: most references name no open demand.
        """
        return self._grouped(
            SQL(
                """
                SELECT wanted.move_id AS demand_id, loose.move_id AS receipt_id,
                       loose.move_id AS group_id, loose.product_id, loose.pool_id,
                       loose.date
                  FROM (
                        SELECT loose.*, taker.move_id AS taker_id
                          FROM loose
                          JOIN stock_reference_move_rel given
                            ON given.move_id = loose.move_id
                          JOIN stock_reference_move_rel taker
                            ON taker.reference_id = given.reference_id
                           AND taker.move_id <> given.move_id
                         WHERE loose.qty > 0
                        OFFSET 0
                       ) loose
                  JOIN %s wanted ON wanted.move_id = loose.taker_id
                 WHERE %s
                   AND wanted.product_id = loose.product_id
                   AND wanted.home_id = loose.pool_id
                   AND NOT wanted.chained
                   AND wanted.group_id IS NULL
                   AND wanted.short > 0
                   AND wanted.reservation_date
                       <= GREATEST(loose.date::date, %s)
                """,
                many_rows(SQL("queue")),
                not self.env["ir.config_parameter"]
                # Everybody who reads the split reads it by this rule.
                .sudo()
                .get_param("stock.picking_no_auto_reserve"),
                now().date(),
            ),
            SQL("demand_id, receipt_id, product_id, pool_id, date"),
        )

    def _link(self):
        """Chained demand and the open receipts made for it, counter-moves and the
        receipts of their purchase. Moves that share a receipt form one group, named by
        the lowest receipt; two rounds of looking at the neighbours name it in every
        shape that Odoo's splitting and merging makes."""
        pairs = SQL(
            """
            SELECT move_id AS demand_id, orig_id AS receipt_id, orig_id AS group_id
              FROM feeder
             WHERE is_open
               AND is_receipt
             UNION
            SELECT demand_id, receipt_id, receipt_id
              FROM (%s) own
            """,
            self.env["backlog.counter"]._own_receipts(),
        )
        return self._grouped(pairs, SQL("demand_id, receipt_id"))

    def _grouped(self, pairs, columns):
        """The ``pairs`` with one ``group_id`` for all that share a receipt or a
        demand."""
        for neighbour in ("demand_id", "receipt_id") * 2:
            pairs = SQL(
                """
                SELECT %s, MIN(group_id) OVER (PARTITION BY %s) AS group_id
                  FROM (%s) pair
                """,
                columns,
                SQL.identifier(neighbour),
                pairs,
            )
        return pairs

    def _link_groups(self, side):
        """The group of each demand or receipt, whichever ``side`` names."""
        return SQL(
            "SELECT %(side)s AS move_id, MIN(group_id) AS group_id "
            "FROM link GROUP BY %(side)s",
            side=SQL.identifier(side),
        )
