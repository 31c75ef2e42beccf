from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.fields import Datetime
from odoo.tests import freeze_time, new_test_user, tagged

from odoo.addons.base.models.ir_autovacuum import is_autovacuum

from ...const import MANAGERS
from ...models.kept.backlog_upkeep import OVERDUE
from ..common import NOW, BacklogCase

LOGGER = "odoo.addons.inventory_backlog.models.kept.backlog_upkeep"


@freeze_time(NOW)
@tagged("post_install", "-at_install")
class TestUpkeep(BacklogCase):
    """Where the scheduled action does not run, as in a copy for trials, what is kept
    follows all the same."""

    def setUp(self):
        super().setUp()
        self.kept = self.env["backlog.kept"]
        self.upkeep = self.env["backlog.upkeep"]
        self.cron = self.env.ref("inventory_backlog.ir_cron_kept")
        self._run_action_at(Datetime.now())
        # Batches are committed, each in a transaction of its own: here in this one.
        self.patch(
            type(self.env["ir.cron"]), "_commit_progress", lambda *a, **k: float("inf")
        )
        self.patch(type(self.env.registry), "cursor", lambda _registry: self._same())
        self.env["backlog.fold"]._fold()
        self._order((self.product, 3))
        self.env.flush_all()
        self.assertTrue(self._waits())

    @contextmanager
    def _same(self):
        """What stands for a new cursor."""
        yield self.env.cr

    def _run_action_at(self, moment):
        self.env.cr.execute(
            "UPDATE ir_cron SET nextcall = %s WHERE id = %s", [moment, self.cron.id]
        )

    def _switch_off(self):
        """As Odoo's neutralization does."""
        self.env.cr.execute(
            "UPDATE ir_cron SET active = FALSE WHERE id = %s", [self.cron.id]
        )

    def _waits(self):
        stale = self.kept._stale()
        return stale is None or bool(stale.touched)

    def _commit(self):
        """What Odoo does after a commit."""
        self.env.flush_all()
        self.env.cr.postcommit.run()

    def _notices(self, user):
        return self.upkeep.with_user(user)._notices()

    # After a commit

    def test_whoever_writes_has_it_kept_where_the_action_is_off(self):
        self._switch_off()
        self._commit()
        self.assertFalse(self._waits())

    def test_an_action_that_was_deleted_is_replaced_too(self):
        self.env.cr.execute("DELETE FROM ir_cron WHERE id = %s", [self.cron.id])
        self._commit()
        self.assertFalse(self._waits())

    def test_an_action_that_is_due_for_long_is_replaced_too(self):
        self._run_action_at(Datetime.now() - OVERDUE)
        self._commit()
        self.assertFalse(self._waits())

    def test_an_action_that_runs_is_left_its_work(self):
        self._run_action_at(Datetime.now() - OVERDUE + timedelta(minutes=1))
        self._commit()
        self.assertTrue(self._waits())

    def test_selling_buying_and_moving_do_it_and_reading_does_not(self):
        order = self._order((self.product, 1)).with_env(self.env)
        purchase = self._purchase(self.product, 1)
        self._switch_off()
        for action in (
            lambda: self._order((self.product, 2)),
            lambda: order.order_line.write({"product_uom_qty": 4}),
            lambda: purchase.order_line.write({"product_qty": 9}),
            lambda: order.picking_ids.move_ids.write({"date": NOW + timedelta(days=9)}),
            order._action_cancel,
        ):
            self._commit()
            self.assertFalse(self._waits())
            action()
            self.env.flush_all()
            self.assertTrue(self._waits())
        self._commit()
        self.kept._touch(self.product.ids)
        self.env["backlog.line"].search([]).mapped("open_qty")
        self.env["backlog.dashboard"].get_dashboard()
        self._commit()
        self.assertTrue(self._waits())

    def test_a_fault_of_it_undoes_nothing_and_is_logged(self):
        self._switch_off()
        with (
            patch.object(
                type(self.env["backlog.fold"]),
                "_fold_some",
                side_effect=ValueError("bad"),
            ),
            self.assertLogs(LOGGER, "ERROR"),
        ):
            self._commit()

    # Once a day

    def test_daily_cleaning_does_what_is_left(self):
        self._switch_off()
        self.assertTrue(is_autovacuum(type(self.upkeep)._fold_daily))
        self.upkeep._fold_daily()
        self.assertFalse(self._waits())

    def test_daily_cleaning_leaves_an_action_that_runs_its_work(self):
        self.upkeep._fold_daily()
        self.assertTrue(self._waits())

    # On the dashboard

    def test_dashboard_says_until_when_it_is_up_to_date(self):
        manager = new_test_user(self.env, "manager", MANAGERS, tz="Asia/Jakarta")
        self.assertEqual(self._notices(manager), [])
        self._switch_off()
        for user, keys in (
            (manager, {"text", "button", "action"}),
            (self.seller, {"text"}),
        ):
            with self.subTest(user=user.login):
                [notice] = self._notices(user)
                self.assertEqual(notice.keys(), keys)
        [notice] = self._notices(manager)
        clean_at = self.kept.search([]).clean_at + timedelta(hours=7)
        self.assertIn(clean_at.strftime("%-I:%M"), notice["text"])
        told = self.env["backlog.dashboard"].with_user(manager).get_dashboard()
        self.assertIn(notice, told["notices"])

    def test_dashboard_says_so_where_nothing_was_ever_kept(self):
        self.env.cr.execute("UPDATE backlog_kept SET clean_at = NULL")
        self.env.invalidate_all()
        self._switch_off()
        [notice] = self._notices(self.seller)
        self.assertIn("does not run", notice["text"])

    def test_managers_bring_it_up_to_date_and_nobody_else(self):
        manager = new_test_user(self.env, "manager", MANAGERS)
        self._switch_off()
        self._run_button(manager)
        self.assertFalse(self._waits())
        self.assertEqual(self._notices(manager), [])
        with self.assertRaises(AccessError):
            self.upkeep.with_user(self.seller).action_catch_up()
        with self.assertRaises(AccessError):
            self._run_button(self.seller)

    def _run_button(self, user):
        action = self.env.ref("inventory_backlog.backlog_upkeep_action")
        return action.with_user(user).sudo(False).run()

    def test_what_takes_too_long_goes_on_the_next_time(self):
        others = [self._product(f"Other {number}") for number in range(3)]
        for product in others:
            self._order((product, 1))
        self._switch_off()
        self.env.flush_all()
        with (
            patch("odoo.addons.inventory_backlog.models.kept.backlog_fold.BATCH", 1),
            patch(
                "odoo.addons.inventory_backlog.models.kept.backlog_upkeep.SECONDS", -1
            ),
        ):
            told = self.upkeep.action_catch_up()
        self.assertEqual(told["params"]["type"], "warning")
        self.assertTrue(self._waits())
        told = self.upkeep.action_catch_up()
        self.assertEqual(told["params"]["type"], "success")
        self.assertFalse(self._waits())

    # What it costs

    def test_it_costs_no_query_before_the_commit(self):
        before = self.env.cr.sql_log_count
        self.upkeep._after_commit()
        self.upkeep._after_commit()
        self.assertEqual(self.env.cr.sql_log_count, before)
