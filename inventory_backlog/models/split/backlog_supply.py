from odoo import models
from odoo.tools import SQL

from ...tools.bounds import finite, moment
from ...tools.sql import of_products


class BacklogSupply(models.AbstractModel):
    """Stock, receipts, the links between receipts and chained demand, and the documents
    behind receipts."""

    _name = "backlog.supply"
    _description = "Supply"

    def _stock(self, product_ids):
        """Free and over-reserved quantity. Negative quants count against the others,
        but a lot of a tracked product cannot stand in for another, as in Odoo's own
        ``stock.quant._get_available_quantity``. So a lot is missing what it has
        reserved and does not have, and never more."""
        return SQL(
            """
            SELECT product_id, pool_id,
                   SUM(GREATEST(free, 0)) AS free,
                   SUM(GREATEST(LEAST(-free, reserved), 0)) AS missing
              FROM (
                    SELECT quant.product_id, place.pool_id,
                           SUM(COALESCE(%(quantity)s, 0) - COALESCE(%(reserved)s, 0))
                               AS free,
                           SUM(COALESCE(%(reserved)s, 0)) AS reserved
                      FROM stock_quant quant
                      JOIN place ON place.id = quant.location_id
                      JOIN product_product product ON product.id = quant.product_id
                      JOIN product_template template
                        ON template.id = product.product_tmpl_id
                     WHERE %(of_products)s
                  GROUP BY quant.product_id, place.pool_id,
                           CASE template.tracking
                                WHEN 'none' THEN 0
                                ELSE COALESCE(quant.lot_id, 0)
                            END
                   ) per_lot
          GROUP BY product_id, pool_id
            """,
            quantity=finite(SQL("quant.quantity")),
            reserved=finite(SQL("quant.reserved_quantity")),
            of_products=of_products(SQL("quant.product_id"), product_ids),
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

    def _receipt(self):
        """Every open move that brings goods into a pool from elsewhere. Goods in Input
        or in quality are still on their way. Requests for quotation have no moves.

        A move between two shelves of one pool brings back what it has reserved: no
        other move can take that before it is done.
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
            self._said_date(),
        )

    def _said_date(self):
        """When ``move`` of the purchase line ``purchased`` comes, as was said last.

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

    def _link_groups(self, side):
        """The group of each demand or receipt, whichever ``side`` names."""
        return SQL(
            "SELECT %(side)s AS move_id, MIN(group_id) AS group_id "
            "FROM link GROUP BY %(side)s",
            side=SQL.identifier(side),
        )
