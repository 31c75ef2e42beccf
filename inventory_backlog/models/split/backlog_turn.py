from odoo import models
from odoo.tools import SQL

from ...tools.bounds import finite
from ...tools.sql import is_open, now

# No removal date, which an array cannot say without a bitmap of its own.
NEVER = "infinity"


class BacklogTurn(models.AbstractModel):
    """Pools where not all goods are for everybody: one demand leaves from a shelf, one
    takes what was brought for it and lies where it was put, one leaves after a lot is
    to be removed.

    There, what the demand ahead leaves depends on which goods it takes. So each demand
    has its turn, and takes goods as Odoo does: of those that it sees, in the order of
    the removal strategy. Such pools are few, and the others pay next to nothing.
    """

    _name = "backlog.turn"
    _description = "Turn"

    def _knows_removal(self):
        """Whether lots have a removal date: Odoo's addon ``product_expiry`` is
        installed."""
        return "removal_date" in self.env["stock.quant"]._fields

    def _removal_date(self):
        """When the goods of ``quant``, of ``template``, are to be removed. Odoo looks
        at it only for products that are set so."""
        if not self._knows_removal():
            return SQL("NULL::timestamp")
        return SQL("CASE WHEN template.use_expiration_date THEN quant.removal_date END")

    def _reads_besides(self):
        """An ``SQL`` without text that has Odoo write first what only some databases
        have."""
        if not self._knows_removal():
            return SQL()
        return SQL(
            "%s%s",
            SQL(to_flush=self.env["stock.quant"]._fields["removal_date"]),
            SQL(to_flush=self.env["product.template"]._fields["use_expiration_date"]),
        )

    def _uneven(self):
        """The pools where somebody who waits does not see all goods."""
        return SQL(
            """
            SELECT DISTINCT product_id, pool_id
              FROM claim
             WHERE asks > 0
               AND free > 0
               AND (chained OR shelf_id IS NOT NULL
                    OR fades_on < GREATEST(date, %s))
            """,
            now(),
        )

    def _served(self, wanted=()):
        """What each demand in such a pool takes, and how much of that is not to be
        removed by now. Goods run out long before the queue does, and with them the
        turns; what nobody can take any more keeps no turn going."""
        return SQL(
            """
            SELECT turn.move_id, COALESCE(turn.taken, 0) AS taken,
                   COALESCE(turn.taken_fresh, 0) AS taken_fresh
              FROM (
                    SELECT product_id, pool_id,
                           ARRAY_AGG(move_id ORDER BY %(turn)s) AS move_ids,
                           ARRAY_AGG(asks::float8 ORDER BY %(turn)s) AS asks,
                           ARRAY_AGG(chained ORDER BY %(turn)s) AS chained,
                           ARRAY_AGG(COALESCE(shelf_id, pool_id) ORDER BY %(turn)s)
                               AS shelf_ids,
                           ARRAY_AGG(date ORDER BY %(turn)s) AS dates
                      FROM claim
                      JOIN uneven USING (product_id, pool_id)
                     WHERE asks > 0
                  GROUP BY product_id, pool_id
                   ) waiting
        CROSS JOIN LATERAL (%(goods)s) goods
        CROSS JOIN LATERAL (
                      WITH RECURSIVE turn AS (
                            SELECT 0 AS n, goods.free, 0::numeric AS taken,
                                   0::numeric AS taken_fresh
                         UNION ALL
                            SELECT turn.n + 1, given.free, given.taken,
                                   given.taken_fresh
                              FROM turn
                        CROSS JOIN LATERAL (%(given)s) given
                             WHERE turn.n < CARDINALITY(waiting.move_ids)
                               AND (SELECT TRUE
                                      FROM UNNEST(turn.free, goods.last_turns)
                                           AS goods_of(free, last_turn)
                                     WHERE free > 0
                                       AND last_turn > turn.n
                                     LIMIT 1)
                           )
                    SELECT asking.move_id, turn.taken, turn.taken_fresh
                      FROM UNNEST(waiting.move_ids)
                           WITH ORDINALITY asking(move_id, n)
                 LEFT JOIN turn ON turn.n = asking.n
                   ) turn
            """,
            turn=self.env["backlog.demand"]._turn_order(wanted),
            goods=self._goods(),
            given=self._given(),
        )

    def _goods(self):
        """The goods of ``waiting``, one element each of several arrays, in the order in
        which Odoo takes them."""
        return SQL(
            """
              WITH viewer AS MATERIALIZED (%(viewers)s),
                   held AS MATERIALIZED (%(held)s)
            SELECT ARRAY_AGG(free ORDER BY place) AS free,
                   ARRAY_AGG(path ORDER BY place) AS paths,
                   ARRAY_AGG(location_id ORDER BY place) AS location_ids,
                   ARRAY_AGG(lot_id ORDER BY place) AS lot_ids,
                   ARRAY_AGG(package_id ORDER BY place) AS package_ids,
                   ARRAY_AGG(owner_id ORDER BY place) AS owner_ids,
                   ARRAY_AGG(removal_date ORDER BY place) AS removal_dates,
                   ARRAY_AGG((
                       SELECT MAX(viewer.last_turn)
                         FROM viewer
                        WHERE viewer.chained
                           OR goods.path LIKE viewer.path || '%%'
                          AND goods.removal_date >= viewer.first_date
                   ) ORDER BY place) AS last_turns,
                   BOOL_OR(tracked) AS tracked
              FROM (
                    SELECT place.parent_path AS path, place.id AS location_id,
                           template.tracking <> 'none' AS tracked,
                           COALESCE(quant.lot_id, 0) AS lot_id,
                           COALESCE(quant.package_id, 0) AS package_id,
                           COALESCE(quant.owner_id, 0) AS owner_id,
                           COALESCE(%(removal)s, %(never)s::timestamp) AS removal_date,
                           (COALESCE(%(quantity)s, 0) - CASE
                               WHEN quant.product_id IN (SELECT product_id FROM drifted)
                               THEN COALESCE(held.qty, 0)
                               ELSE COALESCE(%(reserved)s, 0)
                           END)::numeric AS free,
                           ROW_NUMBER() OVER (ORDER BY %(order)s) AS place
                      FROM stock_quant quant
                      JOIN place ON place.id = quant.location_id
                                AND place.pool_id = waiting.pool_id
                      JOIN product_product product ON product.id = quant.product_id
                      JOIN product_template template
                        ON template.id = product.product_tmpl_id
                 LEFT JOIN held
                        ON held.location_id = quant.location_id
                       AND held.lot_id = COALESCE(quant.lot_id, 0)
                       AND held.package_id = COALESCE(quant.package_id, 0)
                       AND held.owner_id = COALESCE(quant.owner_id, 0)
                CROSS JOIN LATERAL (%(strategy)s) strategy
                     WHERE quant.product_id = waiting.product_id
                   ) goods
            """,
            removal=self._removal_date(),
            never=NEVER,
            quantity=finite(SQL("quant.quantity")),
            reserved=finite(SQL("quant.reserved_quantity")),
            held=self._held_per_place(),
            viewers=self._viewers(),
            order=self._removal_order(),
            strategy=self._strategy(),
        )

    def _viewers(self):
        """Who of ``waiting`` may see the same goods: those that leave from one place,
        since their first date; whoever takes what was brought sees any. After the last
        turn of them nobody does."""
        return SQL(
            """
            SELECT asking.chained, shelf.parent_path AS path,
                   MIN(asking.date) AS first_date, MAX(asking.n) AS last_turn
              FROM UNNEST(waiting.chained, waiting.shelf_ids, waiting.dates)
                   WITH ORDINALITY asking(chained, shelf_id, date, n)
              JOIN stock_location shelf ON shelf.id = asking.shelf_id
          GROUP BY asking.chained, shelf.parent_path
            """
        )

    def _held_per_place(self):
        """What move lines hold of the goods of ``waiting``, by place, lot, package and
        owner, where quants say something else."""
        return SQL(
            """
            SELECT line.location_id, COALESCE(line.lot_id, 0) AS lot_id,
                   COALESCE(line.package_id, 0) AS package_id,
                   COALESCE(line.owner_id, 0) AS owner_id, SUM(%(quantity)s) AS qty
              FROM stock_move move
              JOIN stock_move_line line ON line.move_id = move.id
             WHERE move.product_id = waiting.product_id
               AND waiting.product_id IN (SELECT product_id FROM drifted)
               AND %(move_open)s
          GROUP BY 1, 2, 3, 4
            """,
            quantity=finite(SQL("line.quantity_product_uom")),
            move_open=is_open("move"),
        )

    def _strategy(self):
        """The removal strategy of the product, else of the place, as in Odoo's own
        ``stock.quant._get_removal_strategy``."""
        return SQL(
            """
            SELECT removal.method ->> 'en_US' AS method
              FROM product_removal removal
             WHERE removal.id = COALESCE(
                   (SELECT removal_strategy_id
                      FROM product_category
                     WHERE id = template.categ_id),
                   (SELECT above.removal_strategy_id
                      FROM stock_location pool
                      JOIN stock_location above
                        ON pool.parent_path LIKE above.parent_path || '%%'
                     WHERE pool.id = waiting.pool_id
                       AND above.removal_strategy_id IS NOT NULL
                  ORDER BY LENGTH(above.parent_path) DESC
                     LIMIT 1))
         UNION ALL
            SELECT 'fifo'
             LIMIT 1
            """
        )

    def _removal_order(self):
        """The order in which Odoo takes quants: see ``_get_removal_strategy_order`` and
        ``_gather`` of ``stock.quant``."""
        return SQL(
            """
            quant.lot_id IS NULL,
            CASE strategy.method WHEN 'closest' THEN place.complete_name END,
            CASE strategy.method WHEN 'fefo' THEN %s END,
            CASE WHEN strategy.method = 'lifo' THEN quant.in_date END DESC,
            CASE WHEN strategy.method NOT IN ('lifo', 'closest') THEN quant.in_date END,
            CASE WHEN strategy.method IN ('lifo', 'closest') THEN quant.id END DESC,
            quant.id
            """,
            self._removal_date(),
        )

    def _given(self):
        """What the demand ``turn.n + 1`` of ``waiting`` takes, and what it leaves. It
        takes no more than is free of what it sees: goods below zero count against the
        others of their lot."""
        return SQL(
            """
              WITH seen AS MATERIALIZED (
                    SELECT goods_of.n, goods_of.free, goods_of.lot_id,
                           goods_of.removal_date,
                           CASE WHEN waiting.chained[turn.n + 1]
                                THEN CASE WHEN brought.qty > 0
                                          THEN LEAST(goods_of.free, brought.qty)
                                      END
                                WHEN goods_of.path LIKE shelf.parent_path || '%%'
                                     AND goods_of.removal_date
                                         >= waiting.dates[turn.n + 1]
                                THEN goods_of.free
                            END AS sees
                      FROM UNNEST(
                               turn.free, goods.paths, goods.location_ids,
                               goods.lot_ids, goods.package_ids, goods.owner_ids,
                               goods.removal_dates
                           ) WITH ORDINALITY goods_of(
                               free, path, location_id, lot_id, package_id, owner_id,
                               removal_date, n)
                CROSS JOIN (
                            SELECT parent_path
                              FROM stock_location
                             WHERE id = waiting.shelf_ids[turn.n + 1]
                           ) shelf
                 LEFT JOIN (%(brought)s) brought
                        ON brought.location_id = goods_of.location_id
                       AND brought.lot_id = goods_of.lot_id
                       AND brought.package_id = goods_of.package_id
                       AND brought.owner_id = goods_of.owner_id
                   ), wanted AS (
                    SELECT LEAST(
                               waiting.asks[turn.n + 1]::numeric,
                               COALESCE(SUM(GREATEST(per_lot.qty, 0)), 0)
                           ) AS qty
                      FROM (
                            SELECT SUM(sees) AS qty
                              FROM seen
                          GROUP BY CASE WHEN goods.tracked THEN lot_id END
                           ) per_lot
                   )
            SELECT SUM(takes) AS taken,
                   SUM(takes) FILTER (WHERE removal_date >= %(now)s) AS taken_fresh,
                   ARRAY_AGG(free - takes ORDER BY n) AS free
              FROM (
                    SELECT n, free, removal_date,
                           GREATEST(LEAST(
                               COALESCE(sees, 0),
                               wanted.qty - COALESCE(SUM(GREATEST(sees, 0)) OVER (
                                   ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING
                                                       AND 1 PRECEDING), 0)
                           ), 0) AS takes
                      FROM seen
                CROSS JOIN wanted
                   ) taking
            """,
            brought=self._brought(),
            now=now(),
        )

    def _brought(self):
        """Where the goods lie that were brought for a chained demand, and no sibling
        has taken: as Odoo's own ``stock.move._get_available_move_lines``, which looks
        nowhere else."""
        return SQL(
            """
            SELECT location_id, COALESCE(lot_id, 0) AS lot_id,
                   COALESCE(package_id, 0) AS package_id,
                   COALESCE(owner_id, 0) AS owner_id, SUM(qty) AS qty
              FROM (
                      WITH sibling AS MATERIALIZED (
                            SELECT DISTINCT other.move_dest_id AS id
                              FROM stock_move_move_rel mine
                              JOIN stock_move_move_rel other
                                ON other.move_orig_id = mine.move_orig_id
                             WHERE waiting.chained[turn.n + 1]
                               AND mine.move_dest_id = waiting.move_ids[turn.n + 1]
                           )
                    SELECT line.location_dest_id AS location_id, line.lot_id,
                           line.result_package_id AS package_id, line.owner_id,
                           %(qty)s AS qty
                      FROM stock_move_line line
                     WHERE line.state = 'done'
                       AND line.move_id IN (
                           SELECT rel.move_orig_id
                             FROM stock_move_move_rel rel
                             JOIN sibling ON sibling.id = rel.move_dest_id)
                 UNION ALL
                    SELECT line.location_id, line.lot_id, line.package_id,
                           line.owner_id, -%(qty)s
                      FROM stock_move_line line
                     WHERE line.state IN ('done', 'partially_available', 'assigned')
                       AND line.move_id IN (SELECT id FROM sibling)
                   ) moved
          GROUP BY 1, 2, 3, 4
            """,
            qty=finite(SQL("line.quantity_product_uom")),
        )
