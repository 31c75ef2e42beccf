from odoo import models
from odoo.tools import SQL

from ...tools.bounds import finite
from ...tools.sql import is_open

# Ahead of every place in a queue, and still a number that ``sweep`` can pack.
FIRST = 1 << 30


class BacklogCounter(models.AbstractModel):
    """Counter-moves. When a line or a purchase is lowered after its transfer was
    printed, Odoo leaves the transfer as it is and adds a move the other way. Both are
    one quantity. A real return names the move that it returns, a counter-move does not.

    Stock goes where Odoo reserves it: a delivery keeps and takes goods for all of its
    demand, a counter-move to a vendor those that it finds. What is left is netted:

    * A sales line demands less (``netted``), and what comes back is nobody's supply.
    * A counter-move to a vendor takes from the receipts of its own purchase, before
      everybody else (``_own_receipts``).

    The steps start from the few moves against the usual way and look up what belongs to
    them, so that they cost nothing where there are none.
    """

    _name = "backlog.counter"
    _description = "Counter-Move"

    def _counter_move(self):
        """The open moves of order lines from customers, and of purchases to vendors.
        What brings goods that another company sends for the line is made to order; a
        counter-move never is."""
        return SQL(
            """
            SELECT id, product_id, location_id, location_dest_id, qty, sale_line_id,
                   purchase_line_id, location_id IN (%(customers)s) AS from_customer
              FROM open_move
             WHERE NOT is_return
               AND (sale_line_id IS NOT NULL AND purchase_line_id IS NULL
                    AND location_id IN (%(customers)s)
                    AND procure_method = 'make_to_stock'
                    OR purchase_line_id IS NOT NULL
                    AND location_dest_id IN (%(vendors)s))
            """,
            customers=self.env["backlog.demand"]._outside_ids(),
            vendors=self.env["backlog.demand"]._outside_ids("supplier"),
        )

    def _netted(self):
        """``move_id, qty``: what counter-moves take off demand and off receipts.

        A line is lowered by what comes back, at most to nothing: off the demand that
        nobody has reserved for, the latest first. The way back through several steps is
        as many moves, and each of them is less by the same quantity.
        """
        return SQL(
            """
              WITH RECURSIVE back AS (
                    SELECT id AS move_id, product_id, sale_line_id, location_id, qty
                      FROM counter_move
                     WHERE from_customer
                       AND purchase_line_id IS NULL
                     UNION
                    SELECT next.id, next.product_id, next.sale_line_id,
                           next.location_id, %(next_qty)s
                      FROM back
                      JOIN stock_move_move_rel rel ON rel.move_orig_id = back.move_id
                      JOIN stock_move next ON next.id = rel.move_dest_id
                                          AND next.sale_line_id = back.sale_line_id
                     WHERE %(next_open)s
                       AND next.origin_returned_move_id IS NULL
                   ),
                   lowered AS (
                    SELECT move_id, product_id, order_line_id,
                           LEAST(qty, GREATEST(
                               comes_back - (SUM(qty) OVER latest_first - qty), 0
                           )) AS qty
                      FROM (
                            SELECT demand.move_id, demand.product_id, demand.date,
                                   demand.order_line_id, demand.qty, demand.settled,
                                   counter.qty AS comes_back
                              FROM (
                                    SELECT sale_line_id, product_id, SUM(qty) AS qty
                                      FROM counter_move
                                     WHERE from_customer
                                       AND purchase_line_id IS NULL
                                  GROUP BY sale_line_id, product_id
                                   ) counter
                              JOIN demand
                                ON demand.order_line_id = counter.sale_line_id
                               AND demand.product_id = counter.product_id
                           ) demand
                    WINDOW latest_first AS (
                           PARTITION BY order_line_id, product_id
                               ORDER BY settled, date DESC, move_id DESC
                                   ROWS UNBOUNDED PRECEDING)
                   )
            SELECT move_id, qty FROM lowered WHERE qty > 0
             UNION ALL
            SELECT move_id, qty
              FROM (
                    SELECT back.move_id,
                           LEAST(back.qty, GREATEST(
                               line.qty - (SUM(back.qty) OVER step - back.qty), 0
                           )) AS qty
                      FROM back
                      JOIN (
                            SELECT order_line_id, product_id, SUM(qty) AS qty
                              FROM lowered
                          GROUP BY order_line_id, product_id
                           ) line ON line.order_line_id = back.sale_line_id
                                 AND line.product_id = back.product_id
                    WINDOW step AS (
                           PARTITION BY sale_line_id, back.product_id, location_id
                               ORDER BY move_id DESC ROWS UNBOUNDED PRECEDING)
                   ) back
             WHERE qty > 0
             UNION ALL
            %(direct)s
            """,
            next_qty=finite(SQL("next.product_qty")),
            next_open=is_open("next"),
            direct=self._netted_direct(),
        )

    def _netted_direct(self):
        """What the buyer takes off goods that the vendor ships to the customer."""
        return SQL(
            """
            SELECT move_id, qty
              FROM (
                    SELECT move.id AS move_id,
                           LEAST(%(qty)s, GREATEST(
                               counter.qty - (SUM(%(qty)s) OVER latest_first - %(qty)s),
                               0
                           )) AS qty
                      FROM (
                            SELECT purchase_line_id, product_id, SUM(qty) AS qty
                              FROM counter_move
                             WHERE from_customer
                               AND purchase_line_id IS NOT NULL
                          GROUP BY purchase_line_id, product_id
                           ) counter
                      JOIN stock_move move
                        ON move.purchase_line_id = counter.purchase_line_id
                       AND move.product_id = counter.product_id
                     WHERE %(move_open)s
                       AND move.location_id NOT IN (%(customers)s)
                    WINDOW latest_first AS (
                           PARTITION BY move.purchase_line_id, move.product_id
                               ORDER BY move.date DESC, move.id DESC
                                   ROWS UNBOUNDED PRECEDING)
                   ) direct
             WHERE qty > 0
            """,
            qty=finite(SQL("move.product_qty")),
            move_open=is_open("move"),
            customers=self.env["backlog.demand"]._outside_ids(),
        )

    def _own_receipts(self):
        """``demand_id, receipt_id``: each counter-move to a vendor, or the first step
        of its way there, and the receipts of the same purchase into the place that it
        leaves from. Only the moves next to the vendor bear the purchase."""
        return SQL(
            """
              WITH RECURSIVE leaving AS (
                    SELECT id AS move_id, purchase_line_id
                      FROM counter_move
                     WHERE NOT from_customer
                     UNION
                    SELECT rel.move_orig_id, leaving.purchase_line_id
                      FROM leaving
                      JOIN stock_move_move_rel rel ON rel.move_dest_id = leaving.move_id
                   ),
                   coming AS (
                    SELECT move.id AS move_id, move.purchase_line_id
                      FROM stock_move move
                     WHERE move.purchase_line_id IN (
                               SELECT purchase_line_id FROM leaving)
                       AND move.state <> 'cancel'
                       AND NOT EXISTS (
                           SELECT FROM leaving WHERE leaving.move_id = move.id)
                     UNION
                    SELECT rel.move_dest_id, coming.purchase_line_id
                      FROM coming
                      JOIN stock_move_move_rel rel ON rel.move_orig_id = coming.move_id
                   )
            SELECT leaving.move_id AS demand_id, coming.move_id AS receipt_id
              FROM leaving
              JOIN coming USING (purchase_line_id)
              JOIN stock_move demand ON demand.id = leaving.move_id
        CROSS JOIN LATERAL (
                    SELECT *
                      FROM stock_move
                     WHERE id = coming.move_id
                       AND product_id = demand.product_id
                    OFFSET 0
                   ) receipt
              JOIN place leaves ON leaves.id = demand.location_id
              JOIN place final ON final.id = COALESCE(
                                   receipt.location_final_id, receipt.location_dest_id)
         LEFT JOIN place dest ON dest.id = receipt.location_dest_id
             WHERE %(demand_open)s
               AND %(receipt_open)s
               AND NOT EXISTS (
                   SELECT FROM leaving back WHERE back.move_id = receipt.id)
               AND %(arrival)s = leaves.home_id
            """,
            arrival=self.env["backlog.demand"]._arrival("dest", "final"),
            demand_open=is_open("demand"),
            receipt_open=is_open("receipt"),
        )
