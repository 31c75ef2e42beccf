from odoo import api, models
from odoo.tools import SQL

from ..tools.bounds import finite, in_unit


class BacklogAllocation(models.Model):
    """Who is served first, and what each takes of what is there."""

    _inherit = "backlog.allocation"

    @api.model
    def _stock(self, product_ids):
        """Free and over-reserved quantity. Negative quants count against the others,
        but a lot of a tracked product cannot stand in for another, as in Odoo's own
        ``stock.quant._get_available_quantity``. So a lot misses what it has promised
        and does not have, and never more."""
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
            of_products=self._of_products(SQL("quant.product_id"), product_ids),
        )

    @api.model
    def _service_order(self):
        """Who is served first: the order of Odoo's forecast report. Moves that may be
        reserved today by priority and date, then those whose day is still to come. The
        id breaks ties, so the order is total."""
        today = self._now().date()
        return SQL(
            """
            COALESCE(move.reservation_date > %(today)s, TRUE),
            CASE WHEN move.reservation_date > %(today)s
                 THEN move.reservation_date
             END,
            move.priority DESC, move.date, move.id
            """,
            today=today,
        )

    @api.model
    def _queue(self):
        """What each demand keeps of its reservation and takes from free stock.

        A quantity forced beyond what is there is cut from the back of the queue. A
        chained move takes only what was brought for it, one that leaves from a shelf
        only what lies there, the others what is left by those ahead of them.
        """
        return SQL(
            """
            SELECT *,
                   LEAST(
                       may_take,
                       GREATEST(free - (SUM(may_take) OVER ahead - may_take), 0)
                   ) AS taken
              FROM (
                    SELECT claim.*,
                           CASE WHEN at_most IS NULL THEN qty - reserved
                                ELSE LEAST(
                                    qty - reserved,
                                    GREATEST(at_most - (
                                        SUM(qty - reserved) OVER peers
                                        - qty + reserved
                                    ), 0)
                                )
                            END AS may_take
                      FROM (
                            SELECT demand.*,
                                   reserved - LEAST(
                                       reserved, GREATEST(missing - reserved_behind, 0)
                                   ) AS kept,
                                   CASE WHEN chained THEN %(brought_left)s
                                        WHEN shelf_id IS NOT NULL THEN %(on_shelf)s
                                    END AS at_most
                              FROM (%(ranked)s) demand
                           ) claim
                    WINDOW peers AS (
                           PARTITION BY product_id, pool_id, chained, chain_id, shelf_id
                               ORDER BY queue_rank ROWS UNBOUNDED PRECEDING)
                   ) claim
            WINDOW ahead AS (
                   PARTITION BY product_id, pool_id
                       ORDER BY queue_rank ROWS UNBOUNDED PRECEDING)
            """,
            ranked=self._ranked(),
            brought_left=self._brought_left(),
            on_shelf=self._on_shelf(),
        )

    @api.model
    def _ranked(self):
        """The demand that is not settled, in service order."""
        return SQL(
            """
            SELECT move.*,
                   ROW_NUMBER() OVER ahead AS queue_rank,
                   SUM(reserved) OVER whole - SUM(reserved) OVER ahead
                       AS reserved_behind
              FROM (SELECT *, move_id AS id FROM demand WHERE NOT settled) move
            WINDOW whole AS (PARTITION BY product_id, pool_id),
                   ahead AS (
                   PARTITION BY product_id, pool_id
                       ORDER BY %(service_order)s ROWS UNBOUNDED PRECEDING)
            """,
            service_order=self._service_order(),
        )

    @api.model
    def _on_shelf(self):
        """What is free on the shelf, and below it, that a move leaves from: it takes
        nothing from the shelves beside it."""
        return SQL(
            """
            (SELECT COALESCE(SUM(COALESCE(%(quantity)s, 0)
                                 - COALESCE(%(reserved)s, 0)), 0)
               FROM stock_quant quant
               JOIN stock_location location ON location.id = quant.location_id
               JOIN stock_location shelf ON shelf.id = demand.shelf_id
              WHERE quant.product_id = demand.product_id
                AND location.parent_path LIKE shelf.parent_path || '%%')
            """,
            quantity=finite(SQL("quant.quantity")),
            reserved=finite(SQL("quant.reserved_quantity")),
        )

    @api.model
    def _brought_left(self):
        """What the origins of a chained move brought and no sibling has taken, as in
        Odoo's own ``stock.move._get_available_move_lines``."""
        return SQL(
            """
            CASE WHEN brought > reserved THEN GREATEST(brought - (
                SELECT COALESCE(SUM(%s), 0)
                  FROM stock_move sibling
                  JOIN uom_uom move_uom ON move_uom.id = sibling.product_uom
                  JOIN product_product product ON product.id = sibling.product_id
                  JOIN product_template template
                    ON template.id = product.product_tmpl_id
                  JOIN uom_uom product_uom ON product_uom.id = template.uom_id
                 WHERE sibling.state IN ('done', 'partially_available', 'assigned')
                   AND sibling.id IN (
                       SELECT other.move_dest_id
                         FROM stock_move_move_rel mine
                         JOIN stock_move_move_rel other
                           ON other.move_orig_id = mine.move_orig_id
                        WHERE mine.move_dest_id = demand.move_id
                   )
            ), 0) ELSE 0 END
            """,
            in_unit(finite(SQL("sibling.quantity")), "move_uom", "product_uom"),
        )
