from datetime import datetime

from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from ...models.split.sweep import sweep

TABLE, CHAIR = 7, 8
DAYS = [datetime(2030, 1, day) for day in range(1, 7)]


@tagged("post_install", "-at_install")
class TestSweep(TransactionCase):
    """Two quantities laid end to end, on literal rows: the specification of
    ``sweep``."""

    def _table(self, columns, rows):
        """A statement of these rows."""
        return SQL(
            "SELECT * FROM (VALUES %s) row (%s)",
            SQL(", ").join(SQL("%s", row) for row in rows),
            SQL(", ").join(map(SQL.identifier, columns)),
        )

    def _sweep(self, demand, supply):
        """``[(demand, supply, quantity, date)]``, in the order of the line.

        :param demand: ``(move, rank, quantity)`` or with a product before them
        :param supply: ``(move, day, quantity)`` or with a product before them
        """
        named = ("product_id", "pool_id", "group_id")
        cut = sweep(
            SQL(
                "SELECT *, asked::numeric AS qty FROM (%s) demand",
                self._table(
                    (*named, "move_id", "rank", "asked"),
                    [self._named(row) for row in demand],
                ),
            ),
            SQL(
                "SELECT *, brought::numeric AS qty FROM (%s) supply",
                self._table(
                    (*named, "move_id", "date", "brought"),
                    [self._named(row) for row in supply],
                ),
            ),
        )
        return self.env.execute_query(
            SQL(
                "SELECT demand_id, supply_id, qty, date FROM (%s) cut "
                "ORDER BY product_id, demand_id NULLS LAST, date NULLS LAST",
                cut,
            )
        )

    def _named(self, row):
        product, *rest = row if len(row) == 4 else (TABLE, *row)
        return product, 1, 1, *rest

    def test_each_end_of_either_side_ends_a_slice(self):
        """::

        demand   |---- 1: 5 ----|-- 2: 4 ---|
        supply   |- 11: 3 -|-- 12: 4 --|----- 13: 5 -----|
        slices   |--- 3 ---|-2--|--2---|-2--|---- 3 -----|
        """
        slices = self._sweep(
            demand=[(1, 1, 5), (2, 2, 4)],
            supply=[(11, DAYS[1], 3), (12, DAYS[2], 4), (13, DAYS[4], 5)],
        )
        self.assertEqual(
            slices,
            [
                (1, 11, 3, DAYS[1]),
                (1, 12, 2, DAYS[2]),
                (2, 12, 2, DAYS[2]),
                (2, 13, 2, DAYS[4]),
                # Left over: nobody needs it.
                (None, 13, 3, DAYS[4]),
            ],
        )

    def test_what_no_supply_reaches_is_uncovered(self):
        slices = self._sweep(demand=[(1, 1, 5), (2, 2, 4)], supply=[(11, DAYS[1], 3)])
        self.assertEqual(
            slices, [(1, 11, 3, DAYS[1]), (1, None, 2, None), (2, None, 4, None)]
        )

    def test_rank_orders_the_demand_and_date_then_id_the_supply(self):
        slices = self._sweep(
            demand=[(1, 2, 2), (2, 1, 2)],
            supply=[(13, DAYS[1], 1), (12, DAYS[1], 1), (11, DAYS[2], 2)],
        )
        self.assertEqual(
            sorted(slices),
            [(1, 11, 2, DAYS[2]), (2, 12, 1, DAYS[1]), (2, 13, 1, DAYS[1])],
        )

    def test_ends_that_meet_leave_no_empty_slice(self):
        slices = self._sweep(
            demand=[(1, 1, 3), (2, 2, 0)], supply=[(11, DAYS[1], 3), (12, DAYS[2], 0)]
        )
        self.assertEqual(slices, [(1, 11, 3, DAYS[1])])

    def test_products_never_touch(self):
        slices = self._sweep(
            demand=[(TABLE, 1, 1, 5), (CHAIR, 2, 1, 2)],
            supply=[(TABLE, 11, DAYS[1], 3), (CHAIR, 12, DAYS[1], 4)],
        )
        self.assertEqual(
            slices,
            [
                (1, 11, 3, DAYS[1]),
                (1, None, 2, None),
                (2, 12, 2, DAYS[1]),
                (None, 12, 2, DAYS[1]),
            ],
        )
