import logging
from collections import Counter
from dataclasses import dataclass, field

from psycopg2 import OperationalError
from psycopg2.errors import UniqueViolation

from odoo import api, models
from odoo.exceptions import LockError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, split_every

from .arguments import without_defaults
from .backlog_suggestion import OPEN

_logger = logging.getLogger(__name__)

BATCH = 200
# A component of a component of …: deeper than any bill of materials.
MAX_ROUNDS = 20
LOCK = 0x6261636B  # "back", the first key of the advisory lock; the company the second
RESULTS = ("created", "updated", "withdrawn", "left_to_rules", "failed")
# Suggestions come and go by themselves: no messages, no followers.
RUN_CONTEXT = {"tracking_disable": True, "mail_create_nosubscribe": True}


@dataclass
class Outcome:
    """What a run did so far."""

    counts: Counter = field(default_factory=Counter)
    updated_ids: list = field(default_factory=list)
    revived_ids: set = field(default_factory=set)
    """The products of what somebody had dismissed and that is back."""
    is_busy: bool = False
    """Whether another run is at work and does the rest."""
    is_partial: bool = False
    """Whether there was no time for the rest."""
    failed: dict = field(default_factory=dict)
    """What is wrong with the products that were left out, by id."""

    def add(self, step):
        """Count what one step did as well."""
        self.counts.update(step.counts)
        self.updated_ids += step.updated_ids


class BacklogSuggestion(models.Model):
    """The run: which products changed, batch by batch, and what that changes."""

    _inherit = "backlog.suggestion"

    @api.model
    def generate(self, product_ids=None):
        """Compute what to source for the backlog of the current companies, and keep the
        suggestions in step with it. Doing it again changes nothing.

        :param list product_ids: ids of product variants, and what they are made of; all
            by default
        :return: how many suggestions were ``created``, ``updated`` and ``withdrawn``,
            how many shortages are ``left_to_rules`` (a reordering rule orders them by
            itself), and how many products ``failed`` (see the log)
        :raise AccessError: without the right to buy
        :raise UserError: for ids that are no numbers
        """
        self.check_access("write")
        ids = self._checked_ids(product_ids)
        if ids is not None:
            self.env["product.product"].browse(ids).check_access("read")
        total = Counter(dict.fromkeys(RESULTS, 0))
        for company in self.env.companies:
            outcome = self._run_for(company)._generate(ids)
            total.update(outcome.counts)
            total["failed"] += len(outcome.failed)
        return dict(total)

    @api.model
    def _run_for(self, company):
        """The run of a company. Suggestions follow orders, receipts and vendors that
        who asks may not see, so callers check the right to buy first."""
        # Nor are defaults of theirs for what the run makes.
        run = without_defaults(self.sudo()).with_company(company)
        return run.with_context(**RUN_CONTEXT)

    @api.model
    def _checked_ids(self, product_ids):
        if product_ids is None or product_ids is False:
            return None
        if not isinstance(product_ids, list | tuple) or not all(
            isinstance(i, int) and not isinstance(i, bool) for i in product_ids
        ):
            raise UserError(
                self.env._("Give the products as a list of ids, or none for all.")
            )
        return list(product_ids)

    @api.model
    def _cron_generate(self):
        """The scheduled run of all companies. Killed half-way, the next one carries
        on: what was done is not looked at again."""
        companies = self.env["res.company"].search(Domain.TRUE)
        cron, faults = self.env["ir.cron"], self.env["backlog.fault"]
        cron._commit_progress(remaining=len(companies))
        for done, company in enumerate(companies):
            is_partial = faults._attempt(
                "ir_cron_suggestion", company, self._run_for(company)._run_and_tell
            )
            left = len(companies) - done - (not is_partial)
            if not cron._commit_progress(1, remaining=left):
                return

    @api.model
    def _run_and_tell(self):
        """The whole run of the current company.

        :return: whether there was no time for all of it. Then nobody is told yet: Odoo
            runs the action again at once.
        """
        outcome = self._generate(commit=True)
        if outcome.is_partial:
            return True
        if self.env.company.backlog_create_requests and not outcome.is_busy:
            self._create_requests(outcome)
        self._send_digest(outcome)
        return False

    @api.model
    def _generate(self, product_ids=None, commit=False):
        """Run for the current company.

        :param product_ids: see ``generate``
        :param commit: whether to commit after every batch, as a job does
        """
        outcome = Outcome()
        try:
            with self.env.cr.savepoint():
                self._wake_up()
        except OperationalError:
            _logger.info("Reorder suggestions: somebody is at what was snoozed.")
            self.env.invalidate_all()
        for _round in range(MAX_ROUNDS):
            changed = self._changed_products(product_ids, outcome)
            if not changed:
                break
            remaining = len(changed)
            for batch in split_every(BATCH, changed, list):
                if not self._lock():
                    # Another run is at it: it does the rest.
                    _logger.info("Reorder suggestions: another run is at work.")
                    outcome.is_busy = True
                    return outcome
                self._run_batch(batch, outcome)
                remaining -= len(batch)
                if commit and not self.env["ir.cron"]._commit_progress(
                    len(batch), remaining=remaining
                ):
                    outcome.is_partial = True
                    return outcome
            if product_ids is not None:
                product_ids = self._with_components(product_ids)
            if len(changed) > BATCH:
                self._analyze()
        self._rank()
        return outcome

    @api.model
    def _analyze(self):
        """Tell PostgreSQL how many rows there are by now. What the next round reads of
        them it would else plan for an empty table, and walk all of it for each row."""
        for model in (self, *map(self._parts, self._child_fields())):
            self.env.cr.execute(SQL("ANALYZE %s", SQL.identifier(model._table)))

    @api.model
    def _lock(self):
        """Keep other runs of this company away until the transaction ends."""
        [[locked]] = self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", LOCK, self.env.company.id)
        )
        return locked

    @api.model
    def _wake_up(self):
        """What was snoozed until today comes back."""
        today = self.env.company._backlog_today()
        mine = Domain("company_id", "=", self.env.company.id)
        asleep = Domain("state", "=", "snoozed") & Domain("snooze_until", "<=", today)
        self.search(mine & asleep).write({"state": "proposed", "snooze_until": False})

    @api.model
    def _with_components(self, product_ids):
        """The products and those that suggestions for them need. None here: what is
        bought needs nothing."""
        return product_ids

    # One batch

    @api.model
    def _run_batch(self, product_ids, outcome):
        """Plan some products and bring their suggestions in step. When one makes it
        fail, they are done one by one and that one is left out."""
        try:
            with self.env.cr.savepoint():
                self._bring_in_step(product_ids, outcome)
        except (LockError, OperationalError):
            # Somebody is at work on it: the next run looks again.
            if len(product_ids) == 1:
                outcome.failed.setdefault(product_ids[0], False)
                return
            self._run_one_by_one(product_ids, outcome)
        except UniqueViolation:
            # Another run ended after this one had looked: it did these.
            outcome.failed.update(dict.fromkeys(product_ids, False))
            self.env.invalidate_all()
        except Exception as error:
            if len(product_ids) > 1:
                self._run_one_by_one(product_ids, outcome)
                return
            self.env.invalidate_all()
            product = self.env["product.product"].browse(product_ids)
            outcome.failed[product.id] = f"{product.display_name}: {error}"
            _logger.warning(
                "Reorder suggestions: %s is skipped",
                product.display_name,
                exc_info=True,
            )

    @api.model
    def _run_one_by_one(self, product_ids, outcome):
        for product_id in product_ids:
            self.env.invalidate_all()
            self._run_batch([product_id], outcome)

    @api.model
    def _tell_others(self, product_ids, batch):
        """What planning these products says about suggestions for others: nothing as
        long as nothing is made."""

    @api.model
    def _rank(self):
        """Number the open suggestions of the company by what they do for customers per
        amount spent; what costs nothing comes first, what helps nobody last."""
        self.flush_model()
        try:
            with self.env.cr.savepoint():
                self._write_ranks()
        except OperationalError:
            # Somebody decided meanwhile: the next run ranks.
            _logger.info("Reorder suggestions: not ranked, somebody is at work.")
        self.invalidate_model(["rank"])

    @api.model
    def _write_ranks(self):
        """What somebody decides about right now keeps its place until the next run:
        nobody waits for another."""
        self.env.execute_query(
            SQL(
                """
                WITH moved AS (
                    SELECT suggestion.id, ranked.place
                      FROM backlog_suggestion suggestion
                      JOIN (
                            SELECT id, ROW_NUMBER() OVER (
                                       ORDER BY COALESCE(released_value, 0) = 0,
                                                (released_value + saved_value)
                                                / NULLIF(estimated_cost, 0)
                                                DESC NULLS FIRST,
                                                released_value DESC, need_date, id
                                   ) AS place
                              FROM backlog_suggestion
                             WHERE company_id = %s AND state IN %s
                           ) ranked ON ranked.id = suggestion.id
                     WHERE suggestion.rank IS DISTINCT FROM ranked.place
                       FOR NO KEY UPDATE OF suggestion SKIP LOCKED
                )
                UPDATE backlog_suggestion
                   SET rank = moved.place
                  FROM moved
                 WHERE backlog_suggestion.id = moved.id
             RETURNING backlog_suggestion.id
                """,
                self.env.company.id,
                OPEN,
            )
        )
