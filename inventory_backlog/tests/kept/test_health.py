from datetime import timedelta
from unittest.mock import patch

from odoo.tests import freeze_time, tagged
from odoo.tools import SQL, mute_logger

from ...models.kept.backlog_health import (
    PARTS,
    BacklogHealth,
)
from ..common import NOW, BacklogCase

LOGGER = "odoo.addons.inventory_backlog.models.kept.backlog_health"
FAULTS = "odoo.addons.inventory_backlog.models.backlog_fault"


@freeze_time(NOW)
@tagged("post_install", "-at_install")
class TestHealth(BacklogCase):
    """Each night a part of what is kept is held against orders and stock. What is wrong
    is noted, told and mended."""

    def setUp(self):
        super().setUp()
        self.enterContext(mute_logger(FAULTS))
        self.kept = self.env["backlog.kept"]
        self.health = self.env["backlog.health"]
        self._put_in_stock(self.product, 2)
        self.line = self._order((self.product, 3)).order_line
        self.env.flush_all()
        self.env["backlog.fold"]._fold()
        self.time_left = [60]
        self.enterContext(
            patch.object(
                type(self.env["ir.cron"]),
                "_commit_progress",
                lambda cron, *args, **kwargs: (
                    self.time_left.pop(0)
                    if len(self.time_left) > 1
                    else self.time_left[0]
                ),
            )
        )

    def _night(self, day=0):
        with freeze_time(NOW + timedelta(days=day)):
            self.health._cron_check()

    def _sql(self, statement, *values):
        self.env.flush_all()
        self.env.cr.execute(statement, values)
        self.env.invalidate_all()

    def _ask(self, statement):
        return self.env.execute_query(SQL(statement))[0][0]

    def _open(self, kind):
        return self.env["backlog.fault"].search(
            [("kind", "=", kind), ("state", "=", "open")]
        )

    def _nothing_differs(self):
        self.assertEqual(self.kept.differences(), {"slices": [], "lines": []})

    # Products

    def test_nothing_is_found_where_nothing_is_wrong(self):
        self._night()
        faults = self.env["backlog.fault"].search([("kind", "in", ("kept", "feed"))])
        self.assertFalse(faults)
        self.assertEqual(self.kept._stale(), ([], [], []))

    def test_wrong_rows_are_noted_and_exact_at_once(self):
        # So that no table is empty: that is noticed without a check.
        self._order((self._product("Other"), 1))
        self.env.flush_all()
        self.env["backlog.fold"]._fold()
        for wrong in (
            "UPDATE backlog_kept_line SET open_qty = 99 WHERE id = %s",
            "DELETE FROM backlog_kept_line WHERE id = %s",
            "DELETE FROM backlog_kept_slice WHERE order_line_id = %s",
            "UPDATE backlog_kept_slice SET qty = qty + 1 WHERE order_line_id = %s",
            "UPDATE backlog_kept_slice SET sold_id = 1 WHERE order_line_id = %s",
        ):
            with self.subTest(wrong):
                self._sql("DELETE FROM backlog_health")
                self._sql(wrong, self.line.id)

                self._night()

                self.assertIn(
                    self.product.display_name, str(self._open("kept").mapped("text"))
                )
                self._nothing_differs()
                self.env["backlog.fold"]._fold()
                self._nothing_differs()
                self.assertEqual(self.kept._stale(), ([], [], []))

    def test_lost_marks_are_found(self):
        """A trigger that was switched off for an import."""
        self.line.product_uom_qty = 5
        self.env.flush_all()
        self._sql("DELETE FROM backlog_touched")
        self.assertEqual(self._split(self.line)[0][0], 3)

        self._night()

        self.assertEqual(self._split(self.line)[0][0], 5)

    def test_what_was_taken_away_on_purpose_is_one_fault(self):
        self.env["backlog.kept.seen"]._set_detached(True)
        self._night()
        self.assertEqual(self._open("trigger").mapped("key"), ["detached"])
        self.env["backlog.kept.seen"]._set_detached(False)
        self._night()
        self.assertFalse(self._open("trigger"))

    def test_a_part_that_fails_stops_no_other(self):
        self.patch(self.env.cr, "rollback", lambda: None)
        with (
            patch.object(
                type(self.kept), "_wrong_products", side_effect=ValueError("odd")
            ),
            self.assertLogs(LOGGER, "ERROR"),
        ):
            self._night()
        checked = self.health.search([]).filtered("checked_on")
        self.assertEqual(len(checked), PARTS - 1)

    def test_a_check_without_time_for_all_walks_through_all_values_once(self):
        """Odoo runs the action again at once while something is left."""
        walks, left, runs = [], [PARTS], 0

        def commit(_cron, processed=0, *, remaining=None, **_values):
            left[:] = left if remaining is None else [remaining]
            return 0 if processed else 60

        with (
            patch.object(type(self.env["ir.cron"]), "_commit_progress", commit),
            patch.object(
                type(self.health),
                "_value_faults",
                lambda _health: walks.append(1) or [],
            ),
        ):
            while left[0]:
                self._night()
                runs += 1
        self.assertEqual(walks, [1])
        self.assertGreater(runs, PARTS)

    def test_managers_are_told_of_products_of_their_companies_only(self):
        self.product.company_id = self.company
        self.env.flush_all()
        self.env["backlog.fold"]._fold()
        self._sql(
            "UPDATE backlog_kept_line SET open_qty = 99 WHERE id = %s", self.line.id
        )
        self._night()
        fault = self._open("kept")
        self.assertEqual(fault.company_id, self.company)
        self.env["backlog.fold"]._fold()
        self._night(1)
        self.assertEqual(fault.state, "healed")

    def test_what_was_wrong_is_looked_at_again_the_next_night(self):
        self._sql(
            "UPDATE backlog_kept_line SET open_qty = 99 WHERE id = %s", self.line.id
        )
        self._night()
        self.assertTrue(self._open("kept"))
        self.env["backlog.fold"]._fold()
        self._night(1)
        self.assertFalse(self._open("kept"))

    def test_all_are_looked_at_in_a_week_a_part_each_night(self):
        self._night()
        looked = self.health.search([]).mapped("checked_on")
        self.assertEqual(looked, [NOW.date()] * PARTS)
        for day in range(1, PARTS + 1):
            self._night(day)
            today = NOW.date() + timedelta(days=day)
            parts = self.health.search([("checked_on", "=", today)])
            self.assertEqual(len(parts), 1, day)
        self.assertEqual(
            {
                today - part.checked_on < timedelta(days=PARTS)
                for part in self.health.search([])
            },
            {True},
        )

    def test_a_server_that_slept_looks_at_all(self):
        self._night()
        self._night(30)
        today = NOW.date() + timedelta(days=30)
        self.assertEqual(self.health.search([]).mapped("checked_on"), [today] * PARTS)

    def test_a_clock_that_was_ahead_puts_no_check_off(self):
        self._night(3650)
        self._night()
        self.assertEqual(
            self.health.search([]).mapped("checked_on"), [NOW.date()] * PARTS
        )

    def test_a_check_that_is_stopped_goes_on_where_it_was(self):
        products = [self._product(f"Product {number}") for number in range(PARTS * 3)]
        for product in products:
            self._order((product, 1))
        self.env.flush_all()
        self.env["backlog.fold"]._fold()
        looked = []
        wrong_products = type(self.kept)._wrong_products

        def counted(kept, ids):
            looked.extend(ids)
            return wrong_products(kept, ids)

        with (
            patch("odoo.addons.inventory_backlog.models.kept.backlog_health.BATCH", 1),
            patch.object(type(self.kept), "_wrong_products", counted),
        ):
            self.time_left = [60, 60, 60, 0, 60]
            for _run in range(3):
                self._night()
        self.assertEqual(len(looked), len({*looked}))
        self.assertLessEqual({product.id for product in products}, {*looked})

    # The feed of changes

    def test_a_feed_that_lacks_lines_tells_all_again(self):
        self._order((self.product, 1))
        self.env.flush_all()
        self.env["backlog.fold"]._fold()
        self._sql("DELETE FROM backlog_change WHERE id = %s", self.line.id)
        before = self.env["backlog.change"]._feed().fold

        self._night()

        self.assertEqual(self._open("feed").key, "feed")
        lines = self.env["backlog.line"]
        told = lines.get_changes(f"{before}-{2**31 - 1}")["lines"]
        self.assertIn(self.line.id, [row["id"] for row in told])
        self._night(1)
        self.assertFalse(self._open("feed"))

    def test_a_number_that_no_fold_has_had_breaks_no_cursor(self):
        self._sql(
            "UPDATE backlog_change SET fold = fold + 1000 WHERE id = %s", self.line.id
        )
        self._night()
        cursor = self.env["backlog.line"].get_changes("")["cursor"]
        self.assertEqual(self.env["backlog.line"].get_changes(cursor)["lines"], [])

    def test_the_command_sees_what_the_feed_lacks_and_mends_nothing(self):
        self.assertEqual(self.health._look(), [])
        self._sql("DELETE FROM backlog_change WHERE id = %s", self.line.id)
        self.assertIn("lacks order lines: 1", self.health._look()[-1])
        self.assertIn("lacks order lines: 1", self.health._look()[-1])

    # The clock

    def test_actions_that_a_clock_has_put_off_run_again(self):
        cron = self.env.ref("inventory_backlog.ir_cron_snapshot")
        cron.lastcall = cron.nextcall = NOW + timedelta(days=3650)
        self.kept._cron_fold()
        self.assertEqual(cron.nextcall, NOW)
        self.assertIn(cron.name, self._open("clock").text)
        self.kept._cron_fold()
        self.assertFalse(self._open("clock"))

    def test_actions_that_somebody_has_put_off_are_left_alone(self):
        cron = self.env.ref("inventory_backlog.ir_cron_suggestion")
        cron.lastcall = NOW - timedelta(days=1)
        for days in (2, 20):
            cron.nextcall = NOW + timedelta(days=days)
            self._night()
            self.assertEqual(cron.nextcall, NOW + timedelta(days=days))

    # All

    def test_a_check_that_fails_stops_no_other(self):
        with (
            patch.object(BacklogHealth, "_feed_faults", side_effect=ValueError),
            self.assertLogs("odoo.addons.inventory_backlog.models.kept.backlog_health"),
        ):
            self._night()
        self.assertTrue(all(self.health.search([]).mapped("checked_on")))
