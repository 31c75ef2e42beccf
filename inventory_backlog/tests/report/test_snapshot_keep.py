from datetime import date

from odoo.tests import tagged

from .test_snapshot import TODAY, SnapshotCase


@tagged("post_install", "-at_install")
class TestSnapshotKeep(SnapshotCase):
    """The rows of the history over time: what they say of what is gone."""

    def _lines_by_state(self):
        return {
            state: count
            for state, count in self.history._read_group(
                [("company_id", "=", self.company.id), ("day", ">=", TODAY)],
                ["backlog_state"],
                ["line_count:sum"],
            )
            if count
        }

    def test_free_line_that_left_no_longer_counts(self):
        self._put_in_stock(self.product, 3)
        with self._on(0):
            order = self._order((self.product, 3, {"discount": 100}))
        self._end_day(0)
        self.assertEqual(self._lines_by_state(), {"ready": 1})
        with self._on(1):
            waiting = self._order((self.other, 1, {"discount": 100}))
            self._ship(order)
        self._end_day(1)
        self.assertEqual(self._lines_by_state(), {"to_source": 1})

        with self._on(3):
            waiting._action_cancel()
        self._end_day(3)

        self.assertEqual(self._lines_by_state(), {})
        self._end_day(4)
        self.assertEqual(len(self._rows(4)), 1)

    def test_month_that_ends_with_a_missed_day_has_no_rates(self):
        self.company.backlog_snapshot_years = 1
        with self._on(0):
            self._order(self.product, 3)
        self._end_day(0)
        self._end_day(2)
        for day, back in ((2, date(2028, 12, 1)), (1, date(2028, 11, 30))):
            self._rows(day).sudo().write({"day": back, "day_from": back})
        self._rows(0).sudo().write({"day": date(2028, 11, 29)})

        self.env["backlog.history"]._thin_out(self.company)

        november = [("day", "=", date(2028, 11, 30))]
        self.assertEqual(len(self.history.search(november)), 2)
        names = ("past_due_rate", "backorder_line_rate", "backorder_qty_rate")
        [(closing, *rates)] = self.history._read_group(
            november, [], ["closing:sum", *(f"{name}:avg" for name in names)]
        )
        self.assertEqual((closing, rates), (300, [False] * 3))
        self.assertEqual(self.history.search(november).mapped(names[1]), [False] * 2)

    def test_deleted_warehouses_leave_their_history(self):
        warehouses = self.env["stock.warehouse"].create(
            [{"name": name, "code": name} for name in ("Old", "Older")]
        )
        for warehouse in warehouses:
            self.history.sudo().create(
                {
                    "day": TODAY,
                    "day_from": TODAY,
                    "company_id": self.company.id,
                    "warehouse_id": warehouse.id,
                    "backlog_state": "ready",
                    "taken_at": self._after(0),
                    "opening": 100,
                    "closing": 100,
                    "line_count": 1,
                }
            )
        # Odoo's rules refer to what would be deleted before them.
        rules = self.env["stock.rule"].with_context(active_test=False)
        rules.search([("warehouse_id", "in", warehouses.ids)]).unlink()
        warehouses.unlink()
        self.history.invalidate_model()
        self.assertEqual(len(self._rows(0, warehouse_id=False)), 2)

        self._end_day(1)

        [row] = self._rows(1, warehouse_id=False)
        self.assertEqual((row.opening, row.closing, row.difference), (200, 0, -200))

        self.company.backlog_snapshot_years = 1
        for day in (0, 1):
            self._rows(day).sudo().write({"day": date(2028, 11, 15 + day)})
        self.env["backlog.history"]._thin_out(self.company)

        [row] = self.history.search(
            [("day", "=", date(2028, 11, 16)), ("warehouse_id", "=", False)]
        )
        self.assertEqual((row.opening, row.closing), (200, 0))
