from datetime import timedelta
from logging import getLogger

from psycopg2.errors import LockNotAvailable, SerializationFailure

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, split_every

from ..backlog_bad_value import MOST_FOUND

_logger = getLogger(__name__)

# All products are looked at in so many nights, a part of them in each.
PARTS = 7
# So many in a transaction.
BATCH = 1000
SHOWN = 5


class BacklogHealth(models.Model):
    """The nightly check: what is kept, against what orders and stock say. There are
    people who disable triggers, empty tables or restore half of a backup, and then
    figures would be wrong for good, without a word.

    One row per part of the products, by their ids: each night the part that was not
    looked at for longest, so that all are once a week, and those that were wrong the
    night before. Of the feed of changes, the triggers, the values of records and the
    clock everything is looked at every night.

    What is wrong is noted as a ``backlog.fault``, which logs it and tells managers,
    and mended: products are marked, so that readers have exact figures at once and the
    next fold keeps them anew. Each batch is a transaction of its own; one that is
    killed is looked at again.
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
        """Look at what is due and mend what is wrong. Odoo gives it some seconds at a
        time, and runs it again while anything is left."""
        self = self.with_env(self.env["backlog.fault"]._speaking())  # noqa: PLW0642
        cron = self.env["ir.cron"]
        parts = self._due()
        cron._commit_progress(remaining=len(parts) + 1)
        for number, part in enumerate(parts):
            is_done = self._run_part(part)
            left = len(parts) + 1 - number - is_done
            if not cron._commit_progress(1, remaining=left) or not is_done:
                return
        # Last, so that what is run again does not walk through everything again.
        for kind, check in self._checks().items():
            self._run(kind, check)
        cron._commit_progress(1, remaining=0)

    @api.model
    def _run_part(self, part):
        """Look at the products of this part. One that fails stops no other.

        :return: whether it is done with for tonight
        """
        try:
            return part._check_products()
        except Exception:
            _logger.exception("The nightly check of part %s failed", part.part)
            self.env.cr.rollback()
            return True

    @api.model
    def _checks(self):
        """``{kind of fault: method}`` of what is looked at every night. A method gives
        ``[{"key", "text", …}]``, as ``backlog.fault._report`` takes it, and mends what
        it can."""
        return {
            "trigger": self._trigger_faults,
            "feed": self._feed_faults,
            "value": self._value_faults,
            "clock": self._clock_faults,
        }

    @api.model
    def _run(self, kind, check):
        """Note what this check finds, mended or not. One that fails stops no other."""
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
        # Of more than can be noted, nobody knows whether others are right again.
        if len(found) < MOST_FOUND:
            faults._settle(kind, [one["key"] for one in found])

    # Products

    @api.model
    def _due(self):
        """The parts to look at tonight."""
        today = fields.Date.today()
        parts = self.search(Domain.TRUE)
        missing = set(range(PARTS)).difference(parts.mapped("part"))
        parts += self.create([{"part": part} for part in sorted(missing)])
        # A day in the future is one of a clock that was ahead.
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
        """Look at the products of this part, from where a look that was stopped left.

        :return: whether all were looked at
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
        """Mark these products and say so, to managers of their companies."""
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
        """How a fault of these products is known."""
        return f"part {self.part}" + (f" of {company.id}" if company else "")

    # By hand

    @api.model
    def _look(self):
        """What is wrong besides the rows that are kept, without mending it: sentences,
        for ``odoo backlog check``."""
        said = [one["text"] for one in self.env["backlog.trigger"]._faults()]
        missing = self._missing_in_feed()
        if missing:
            said.append(f"The feed of changes lacks order lines: {missing}")
        return said

    # Triggers, values

    @api.model
    def _trigger_faults(self):
        """What is wrong with the triggers. Changes that they missed bear no mark: all
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
        """Whether the feed of changes knows all lines that are kept. Those that it does
        not know are told anew; of closed lines nobody knows which it lacks, so who asks
        from before has to begin again."""
        missing = self._missing_in_feed()
        if not missing:
            return []
        change = self.env["backlog.change"]
        try:
            with self.env.cr.savepoint():
                self.env["backlog.fold"]._lock()
                change._note_again()
        except (LockNotAvailable, SerializationFailure):
            _logger.info("The backlog is being kept; the next check mends the feed")
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
        """How many lines are kept that the feed does not know, or knows under another
        company or a number that no fold has had."""
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
        """Our scheduled actions that a clock that was ahead has put off: they run again
        now. What was put off by less may be meant."""
        now = fields.Datetime.now()
        found = []
        for cron in self._our_crons():
            latest = now + 2 * self._interval(cron) + timedelta(days=1)
            # It has run when the clock was ahead; what somebody put off has not.
            if cron.nextcall > latest and cron.lastcall and cron.lastcall > now:
                # Each fold asks, and seldom finds one.
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
                # Not one that is running: the scheduler holds it. Another one of
                # ours, which this wakes, finds it again.
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
        """Have our scheduled actions run again that a clock that was ahead has put off:
        asked by those that run, since the nightly check may be among them."""
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
