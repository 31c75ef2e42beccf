from datetime import timedelta
from logging import getLogger
from time import monotonic

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import SQL, format_datetime

_logger = getLogger(__name__)

CRON = "inventory_backlog.ir_cron_kept"
# An action that is overdue for so long does not run at all: Odoo looks once a minute.
OVERDUE = timedelta(minutes=10)
# The longest refresh that a manager starts by the button. Odoo's own limit for a
# request is two minutes.
SECONDS = 45


class BacklogUpkeep(models.AbstractModel):
    """Who refreshes the cached rows, and when.

    The scheduled action does, once a minute and when goods have moved. Test copies have
    it switched off, some hosts run it twice a day: then every reader would compute
    everything that changed since, for good. So where the action does not run, writers
    fold a part after their commit, Odoo's daily clean-up folds the rest, and managers
    can use a button. Readers never write.
    """

    _name = "backlog.upkeep"
    _description = "Upkeep of the Kept Backlog"

    # The scheduled action

    @api.model
    def _wake(self):
        """Run the scheduled action right after this transaction, rather than within a
        minute: figures are read again soon after stock moves."""
        done = self.env.cr.precommit.data
        if "backlog_wake" in done:
            return
        done["backlog_wake"] = True
        # As ir.cron's _trigger, without its reads. In SQL: users who ship may not
        # schedule actions, and need not here. Nothing happens when the action is off or
        # was deleted, also by SQL.
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO ir_cron_trigger (cron_id, call_at, create_uid,
                                             create_date, write_uid, write_date)
                SELECT id, %(now)s, %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM ir_cron
                 WHERE id = %(cron)s
                   AND active
                """,
                now=fields.Datetime.now(),
                uid=self.env.uid,
                cron=self._cron_id(),
            )
        )
        if self.env.cr.rowcount:
            self.env.cr.postcommit.add(self.env["ir.cron"]._notifydb)

    @api.model
    def _cron_id(self):
        return self.env["ir.model.data"]._xmlid_to_res_id(CRON) or None

    @api.model
    def _is_left_alone(self):
        """Whether the scheduled action does not run: it is off, was deleted, or has
        been due for long."""
        rows = self.env.execute_query(
            SQL(
                "SELECT FROM ir_cron WHERE id = %s AND active AND nextcall > %s",
                self._cron_id(),
                fields.Datetime.now() - OVERDUE,
            )
        )
        return not rows

    # In its place

    @api.model
    def _after_commit(self):
        """After the commit of this transaction, do a part of the work of an action that
        does not run."""
        done = self.env.cr.postcommit.data
        if "backlog_upkeep" not in done:
            done["backlog_upkeep"] = True
            self.env.cr.postcommit.add(self._fold_if_left_alone)

    @api.model
    def _fold_if_left_alone(self):
        """Refresh the next products, in a transaction of its own: the committed one
        stays committed, whatever happens here."""
        try:
            with self.pool.cursor() as cr:
                upkeep = self.with_env(api.Environment(cr, SUPERUSER_ID, {}))
                if upkeep._is_left_alone():
                    kept = upkeep.env["backlog.kept"]
                    kept.env["backlog.fold"]._fold_some(
                        kept.env["backlog.fold"]._failed_lately()
                    )
        except Exception:
            _logger.exception("The backlog could not be refreshed after a commit")

    @api.autovacuum
    def _fold_daily(self):
        """Odoo's daily clean-up is the one action that stays on in test copies."""
        if self._is_left_alone():
            self.env["backlog.kept"]._cron_fold()

    # What people see of it

    @api.model
    def _notices(self):
        """What the dashboard says where no action refreshes the backlog: ``[{"text",
        "button", "action"}]``, the button for managers."""
        if not self._is_left_alone():
            return []
        # As superuser: the progress says nothing about others' orders.
        kept = self.env["backlog.kept"].sudo()
        stale = kept._stale()
        if stale and not stale.touched:
            return []
        clean_at = kept.search([], limit=1).clean_at
        text = self.env._(
            "Figures are exact, but pages take longer: the scheduled action that keeps "
            "figures does not run."
        )
        if clean_at:
            text = self.env._(
                "Figures are exact, but pages take longer: kept figures are up to date "
                "until %s, since the scheduled action does not run.",
                format_datetime(self.env, clean_at, dt_format="short"),
            )
        if not self.env["backlog.kept"].has_access("write"):
            return [{"text": text}]
        return [
            {
                "text": text,
                "button": self.env._("Bring Up to Date"),
                "action": "inventory_backlog.backlog_upkeep_action",
            }
        ]

    @api.model
    def action_catch_up(self):
        """Refresh marked products, for managers where the scheduled action does not
        run. Stops after three quarters of a minute; the next call continues.

        :return: an action that says so, and loads the page again
        :raise AccessError: who may not write what is kept
        """
        self.env["backlog.kept"].browse().check_access("write")
        is_left = self._catch_up(monotonic() + SECONDS)
        if is_left:
            message = self.env._("A part is done. Press it again to go on.")
        else:
            message = self.env._("The backlog is up to date.")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if is_left else "success",
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _catch_up(self, deadline):
        """Refresh one batch after the other, each in a transaction of its own.

        :return: whether anything is left
        """
        # As superuser: managers may start this, but not write triggers and faults.
        kept = self.env["backlog.kept"].sudo()
        trigger = kept.env["backlog.trigger"]
        if not trigger._are_attached():
            trigger._heal()
            # It counts from the next transaction on.
            self.env["ir.cron"]._commit_progress()
        failed = kept.env["backlog.fold"]._failed_lately()
        while kept.env["backlog.fold"]._fold_some(failed):
            self.env["ir.cron"]._commit_progress()
            if monotonic() > deadline:
                return True
        stale = kept._stale()
        return stale is None or not set(stale.touched) <= failed
