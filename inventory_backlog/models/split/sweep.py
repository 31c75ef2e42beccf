from odoo.tools import SQL


def sweep(demand, supply):
    """Lay demand and supply end to end, each in its order, and cut at every end.

    What lies between two cuts belongs to the demand and to the supply that end
    next. The next end is a running minimum taken backwards, so one sort does it
    all: no join of ranges, which would be quadratic for a popular product. Rank and
    id travel in one number, since the minimum of the rank must bring its id along;
    the dates of the supply rise with its rank anyway.

    Both give ``product_id, pool_id, group_id, move_id, qty``; the demand its
    ``rank``, the supply its ``date``. A slice without ``supply_id`` is uncovered,
    one without ``demand_id`` is left over. ``move_id`` and ``is_supply`` name the
    row that ends the slice. ``tests/split/test_sweep.py`` shows it on a few numbers.
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
