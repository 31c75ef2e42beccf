from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ...report.backlog_history import CATCH_UP_DAYS
from .test_snapshot import TODAY, SnapshotCase

LOGGER = "odoo.addons.inventory_backlog.models.backlog_fault"
YEARS = 3650


@tagged("post_install", "-at_install")
class TestSnapshotClock(SnapshotCase):
    """A clock that was once years ahead leaves few false days. They are seen, a manager
    removes them, and the history goes on without a gap."""

    def setUp(self):
        super().setUp()
        self.enterContext(mute_logger(LOGGER))
        self._put_in_stock(self.product, 30)
        self.manager = new_test_user(
            self.env, "manager", "inventory_backlog.group_backlog_manager"
        )
        with self._on(0):
            self.order = self._order(self.product, 3)
        self._end_day(0)

    def _faults(self):
        faults = self.env["backlog.fault"].search(
            [("kind", "=", "history"), ("state", "=", "open")]
        )
        return {fault.key.split()[0] for fault in faults}

    def _all(self):
        return self.history.search(
            [("company_id", "=", self.company.id)], order="day, id"
        )

    def _remove(self, day=1):
        with self._on(day):
            # As the button of the list: with the rows that are chosen, or none.
            history = self.history.with_user(self.manager)
            action = call_kw(history, "action_remove_future", [[]], {})
        self.env.invalidate_all()
        return action["params"]["message"]

    def _unexplained(self):
        """What the rows of each day do not explain of the next."""
        found, closing = [], None
        for rows in self._all().grouped("day").values():
            if closing is not None and sum(rows.mapped("opening")) != closing:
                found.append(rows[0].day)
            closing = sum(rows.mapped("closing"))
            found += rows.filtered("difference").mapped("day")
        return found

    def test_days_that_were_missed_are_added_one_by_one_up_to_a_month(self):
        with self._on(5):
            self._order(self.product, 1)
        with self._on(50):
            self._order(self.product, 2)
        self._end_day(60)

        days = sorted(set(self._all().mapped("day")))
        last = TODAY + timedelta(days=60)
        self.assertEqual(len([day for day in days if day > TODAY]), CATCH_UP_DAYS + 2)
        early = self._rows(60 - CATCH_UP_DAYS - 1)[0]
        self.assertEqual(early.day_from, TODAY + timedelta(days=1))
        self.assertEqual(self._total(60 - CATCH_UP_DAYS - 1), (300, 100, 0, 0, 0, 400))
        self.assertEqual(self._total(50), (400, 200, 0, 0, 0, 600))
        self.assertEqual(self._total(60), (600, 0, 0, 0, 0, 600))
        self.assertEqual((days[-1], self._unexplained()), (last, []))
        self.assertEqual(self._faults(), {"gap"})
        # The next day ends as every day does: the clock was right.
        self._end_day(61)
        self.assertEqual(self._faults(), set())

    def test_a_few_days_that_were_missed_are_no_fault(self):
        self._end_day(8)
        self.assertEqual(self._faults(), set())
        self.assertEqual({row.day_from == row.day for row in self._all()}, {True})

    def test_a_day_in_the_future_is_seen_and_nothing_is_added(self):
        self._end_day(YEARS)
        self.assertEqual(self._faults(), {"gap"})

        self.assertEqual(self._end_day(1), [])

        self.assertLessEqual(len(set(self._all().mapped("day"))), CATCH_UP_DAYS + 4)
        self.assertIn("ahead", self._faults())

    def test_a_manager_removes_them_and_the_history_goes_on(self):
        """Also what happened before the clock was ahead, while it was and after."""
        with self._on(1):
            self._order(self.product, 1)
        self._end_day(YEARS)
        with self._on(1, hours=5):
            self._order(self.product, 2)
            self._ship(self.order)

        self.assertIn("removed", self._remove())

        self.assertEqual(self._faults(), set())
        self.assertLessEqual(self._all()[-1].day, TODAY + timedelta(days=1))
        self._end_day(1)
        self._end_day(2)
        with self._on(3):
            self._order(self.product, 4)
        self._end_day(3)
        self.assertEqual(self._total(3), (300, 400, 0, 0, 0, 700))
        self.assertEqual(self._unexplained(), [])
        rows = self._all().filtered(lambda row: row.day > TODAY)
        self.assertEqual(
            (sum(rows.mapped("booked")), sum(rows.mapped("shipped"))), (700, 300)
        )

    def test_days_pass_before_somebody_removes_them(self):
        self._end_day(YEARS)
        with self._on(4):
            self._order(self.product, 1)
        self._end_day(4)
        self._remove(6)
        self.assertEqual(self._all()[-1].day, TODAY + timedelta(days=5))
        self._end_day(6)
        self.assertEqual(self._total(6), (300, 100, 0, 0, 0, 400))
        self.assertEqual(self._unexplained(), [])

    def test_a_clock_that_is_behind_takes_no_history_away(self):
        for day in range(1, CATCH_UP_DAYS + 5):
            self._end_day(day)
        before = len(self._all())
        with self.assertRaisesRegex(UserError, "Check the clock"):
            self._remove(-300)
        self.assertEqual(len(self._all()), before)

    def test_where_no_day_is_after_today_nothing_is_removed(self):
        before = self._all()
        self.assertIn("No day", self._remove())
        self.assertEqual(self._all(), before)

    def test_old_days_are_not_put_together_while_the_clock_may_be_ahead(self):
        self._end_day(1)
        before = self._all()
        self.company.backlog_snapshot_years = 1
        self._end_day(YEARS)
        with self._on(YEARS + 1):
            self.env["backlog.history"]._thin_out_if_sure(self.company)
        self.assertEqual(before.exists(), before)

    def test_what_was_shipped_in_the_future_is_not_booked_again_every_quarter(self):
        with self._on(YEARS):
            order = self._order(self.product, 1)
            self._ship(order)
        self._end_day(1)
        lines = self.env["backlog.snapshot.line"].sudo()
        lines.search([("order_line_id", "=", order.order_line.id)]).unlink()
        self._end_day(2)
        self.assertEqual(self._total(2), (300, 0, 0, 0, 0, 300))

    def test_only_managers_remove_days(self):
        self._end_day(YEARS)
        with self.assertRaises(AccessError):
            self.history.with_user(self.seller).action_remove_future()
