from datetime import timedelta
from logging import getLogger

from psycopg2.errors import LockNotAvailable, SerializationFailure

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, split_every

from ..backlog_bad_value import MOST_FOUND

_logger = getLogger(__name__)

# The check takes so many nights for all products, a part of them each night.
PARTS = 7
# Products per transaction.
BATCH = 1000
SHOWN = 5


class BacklogHealth(models.Model):
    """The nightly check: it compares cached rows with the live statement. When somebody
    disables triggers, empties tables or restores half of a backup, figures could stay
    wrong without notice.

    One row per part of the products, by their ids. Each night checks the part whose
    last check is oldest, so that each has its turn once a week, and the parts that were
    wrong the night before. The feed of changes, the triggers, the values of records,
    the clock and what quants say of reservations are checked in full every night.

    Errors are reported as a ``backlog.fault``, which logs them and informs managers,
    and repaired: products are marked, so that readers have exact figures at once and
    the next fold refreshes them. Each batch is a transaction of its own; a batch that
    is killed is checked again.
    """

    _name = "backlog.health"
    _description = "Check of the Kept Backlog"
    _log_access = False
    _order = "part"

    part = fields.Integer(required=True, help="Of products, by their ids.")
    checked_on = fields.Date(help="When all of it was looked at.")
    begun_on = fields.Date(help="When the look began that reached the product.")
    reached_id = fields.Integer(help="The product that was looked at last.")
    wrong_count = fields.Integer(help="How many products were wrong the last time.")

    _part_once = models.UniqueIndex("(part)")

    # Every night

    @api.model
    def _cron_check(self):
        """Check the parts that are due and repair errors. Odoo gives it some seconds at
        a time and runs it again while anything is left."""
        self = self.with_env(self.env["backlog.fault"]._speaking())  # noqa: PLW0642
        cron = self.env["ir.cron"]
        parts = self._due()
        cron._commit_progress(remaining=len(parts) + 1)
        for number, part in enumerate(parts):
            is_done = self._run_part(part)
            left = len(parts) + 1 - number - is_done
            if not cron._commit_progress(1, remaining=left) or not is_done:
                return
        # Last: the earlier checks are not repeated when the action runs again.
        for kind, check in self._checks().items():
            self._run(kind, check)
        cron._commit_progress(1, remaining=0)

    @api.model
    def _run_part(self, part):
        """Check the products of this part. A failure does not stop other parts.

        :return: whether it is finished for tonight
        """
        try:
            return part._check_products()
        except Exception:
            _logger.exception("The nightly check of part %s failed", part.part)
            self.env.cr.rollback()
            return True

    @api.model
    def _checks(self):
        """``{kind of fault: method}`` of the nightly checks. A method returns
        ``[{"key", "text", …}]``, as ``backlog.fault._report`` takes it, and repairs
        what it can."""
        return {
            "trigger": self._trigger_faults,
            "feed": self._feed_faults,
            "value": self._value_faults,
            "clock": self._clock_faults,
            "reservation": self.env["backlog.drift"]._faults,
        }

    @api.model
    def _run(self, kind, check):
        """Report the findings of this check, repaired or not. A failure does not stop
        other checks."""
        try:
            with self.env.cr.savepoint():
                self._note(kind, check())
        except Exception:
            _logger.exception("The nightly check of the backlog (%s) failed", kind)

    @api.model
    def _note(self, kind, found):
        faults = self.env["backlog.fault"]
        for one in found:
            faults._report(kind, **one)
        # With more findings than can be reported, none of the old ones can be settled.
        if len(found) < MOST_FOUND:
            faults._settle(kind, [one["key"] for one in found])

    # Products

    @api.model
    def _due(self):
        """The parts to check tonight."""
        today = fields.Date.today()
        parts = self.search(Domain.TRUE)
        missing = set(range(PARTS)).difference(parts.mapped("part"))
        parts += self.create([{"part": part} for part in sorted(missing)])
        # A future date was written by a clock that was ahead.
        age = {
            one: (today - one.checked_on).days if one.checked_on else PARTS
            for one in parts
        }
        due = parts.filtered(
            lambda one: age[one] and (one.wrong_count or not 0 < age[one] < PARTS)
        )
        if 0 not in age.values():
            due |= max(parts, key=age.get)
        return due

    def _check_products(self):
        """Check the products of this part, from where a check that was stopped ended.

        :return: whether all were checked
        """
        self.ensure_one()
        today = fields.Date.today()
        kept = self.env["backlog.kept"]
        cron = self.env["ir.cron"]
        if self.begun_on != today:
            self.write({"begun_on": today, "reached_id": 0, "wrong_count": 0})
        ids = [
            product_id
            for product_id in kept.env["backlog.fold"]._all_products()
            if product_id % PARTS == self.part and product_id > self.reached_id
        ]
        for batch in split_every(BATCH, ids, list):
            wrong = kept._wrong_products(batch)
            if wrong:
                self._mend(wrong)
            self.write(
                {
                    "reached_id": batch[-1],
                    "wrong_count": self.wrong_count + len(wrong),
                }
            )
            if not cron._commit_progress(0):
                return False
        self.checked_on = today
        if not self.wrong_count:
            companies = [False, *self.env["res.company"].search(Domain.TRUE)]
            self.env["backlog.fault"]._heal("kept", *map(self._key, companies))
        return True

    def _mend(self, product_ids):
        """Mark these products and report them to managers of their companies."""
        self.env["backlog.kept"]._touch(product_ids)
        products = self.env["product.product"].browse(product_ids).exists()
        for company, its_products in products.grouped("company_id").items():
            self.env["backlog.fault"]._report(
                "kept",
                self._key(company),
                self.env._(
                    "What was kept of %(count)s products was not what orders and stock "
                    "say (%(names)s). It is computed anew. If this comes again, "
                    "something writes the tables of the backlog or switches its "
                    "triggers off.",
                    count=len(its_products),
                    names=", ".join(its_products[:SHOWN].mapped("display_name")),
                ),
                company_id=company.id,
            )

    def _key(self, company):
        """The key of a fault of these products."""
        return f"part {self.part}" + (f" of {company.id}" if company else "")

    # By hand

    @api.model
    def _look(self):
        """Errors outside the cached rows, as sentences, without repairing them: for
        ``odoo backlog check``."""
        said = [one["text"] for one in self.env["backlog.trigger"]._faults()]
        missing = self._missing_in_feed()
        if missing:
            said.append(f"The feed of changes lacks order lines: {missing}")
        drift = self.env["backlog.drift"]
        found = drift._find().items()
        said += [drift._text(one, *figures) for (one, _company), figures in found]
        return said

    # Triggers, values

    @api.model
    def _trigger_faults(self):
        """Errors of the triggers. Changes that they missed have no mark, so everything
        is marked."""
        if self.env["backlog.kept.seen"]._is_detached():
            return [
                {
                    "key": "detached",
                    "text": self.env._(
                        "The database triggers were taken away with “odoo backlog "
                        "detach”. Every figure is computed when it is asked for, until "
                        "“odoo backlog attach” puts them back."
                    ),
                }
            ]
        found = self.env["backlog.trigger"]._faults()
        if found:
            self.env["backlog.kept"]._touch_everything()
        return [{"key": one["key"], "text": one["text"]} for one in found]

    @api.model
    def _value_faults(self):
        return self.env["backlog.bad.value"]._find()

    # The feed of changes

    @api.model
    def _feed_faults(self):
        """Whether the feed of changes has all cached lines. Missing ones are sent
        again; missing closed lines cannot be found, so readers with an older cursor
        have to begin again."""
        missing = self._missing_in_feed()
        if not missing:
            return []
        change = self.env["backlog.change"]
        try:
            with self.env.cr.savepoint():
                self.env["backlog.fold"]._lock()
                change._note_again()
        except (LockNotAvailable, SerializationFailure):
            _logger.info("Another process refreshes the backlog; the feed waits")
        return [
            {
                "key": "feed",
                "text": self.env._(
                    "The feed of changes lacked %s order lines. All were told again; "
                    "integrations have to begin with an empty cursor.",
                    missing,
                ),
            }
        ]

    @api.model
    def _missing_in_feed(self):
        """The number of cached lines that are not in the feed, or there with another
        company or with a number above that of the last fold."""
        [[count]] = self.env.execute_query(
            SQL(
                """
                SELECT COUNT(*)
                  FROM backlog_kept_line line
            CROSS JOIN (SELECT MAX(folds) AS folds FROM backlog_kept) kept
             LEFT JOIN backlog_change change ON change.id = line.id
                 WHERE change.id IS NULL
                    OR change.fold > kept.folds
                    OR change.company_id IS DISTINCT FROM line.company_id
                """
            )
        )
        return count

    # The clock

    @api.model
    def _clock_faults(self):
        """Our scheduled actions that a clock that was ahead has postponed: they run
        again now. A shorter delay may be intended."""
        now = fields.Datetime.now()
        found = []
        for cron in self._our_crons():
            latest = now + 2 * self._interval(cron) + timedelta(days=1)
            # Its last run lies in the future too; an action that somebody postponed has
            # no such run.
            if cron.nextcall > latest and cron.lastcall and cron.lastcall > now:
                # Each fold calls this, and seldom finds one.
                env = self.env["backlog.fault"]._speaking()
                found.append(
                    {
                        "key": f"cron {cron.id}",
                        "text": env._(
                            "The scheduled action “%(action)s” was to run on %(day)s: "
                            "the clock of the server was ahead. It runs now. Look at "
                            "the other scheduled actions, too.",
                            action=cron.with_context(lang=env.lang).name,
                            day=cron.nextcall.date(),
                        ),
                    }
                )
                # Skip an action that is running: the scheduler holds its lock. The
                # nightly check, which this wakes, finds it again.
                if cron.try_lock_for_update():
                    cron.nextcall = now
                else:
                    self._wake()
        return found

    @api.model
    def _wake(self):
        """Have the nightly check run now."""
        cron = self.env.ref("inventory_backlog.ir_cron_check", raise_if_not_found=False)
        if cron:
            cron._trigger()

    @api.model
    def _mend_clock(self):
        """Run our scheduled actions again that a clock that was ahead has postponed.
        The actions that do run call this, since the nightly check may be one of the
        postponed."""
        self._run("clock", self._clock_faults)

    @api.model
    def _our_crons(self):
        names = (
            self.env["ir.model.data"]
            .sudo()
            .search(
                [("module", "=like", "inventory\\_backlog%"), ("model", "=", "ir.cron")]
            )
        )
        crons = self.env["ir.cron"].sudo().browse(names.mapped("res_id")).exists()
        return crons.filtered("active")

    @api.model
    def _interval(self, cron):
        days = {"minutes": 1 / 1440, "hours": 1 / 24, "days": 1, "weeks": 7}
        length = days.get(cron.interval_type, 31)
        return timedelta(days=length * cron.interval_number)
