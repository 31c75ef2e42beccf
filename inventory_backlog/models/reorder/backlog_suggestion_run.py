import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from psycopg2 import OperationalError
from psycopg2.errors import UniqueViolation

from odoo import models
from odoo.exceptions import LockError
from odoo.fields import Command, Domain
from odoo.tools import SQL, split_every

from ...const import ASKED, OPEN_SUGGESTIONS
from ...tools.arguments import without_defaults
from .backlog_facts import Situation

_logger = logging.getLogger(__name__)

BATCH = 200
# A component of a component of …: deeper than any bill of materials.
MAX_ROUNDS = 20
LOCK = 0x6261636B  # "back", the first key of the advisory lock; the company the second
RESULTS = ("created", "updated", "withdrawn", "left_to_rules", "failed")
# The run writes no messages and adds no followers.
RUN_CONTEXT = {"tracking_disable": True, "mail_create_nosubscribe": True}


@dataclass
class Outcome:
    """What a run did so far."""

    counts: Counter = field(default_factory=Counter)
    updated_ids: list = field(default_factory=list)
    revived_ids: set = field(default_factory=set)
    """The products of dismissed suggestions that are proposed again."""
    is_busy: bool = False
    """Whether another run is at work and does the rest."""
    is_partial: bool = False
    """Whether there was no time for the rest."""
    failed: dict = field(default_factory=dict)
    """What is wrong with the products that were left out, by id."""
    situation: Situation = None
    """What was read last, as long as reading again would give the same: None once the
    run wrote what the need statement reads, or committed."""

    def add(self, step):
        """Count what one step did as well."""
        self.counts.update(step.counts)
        self.updated_ids += step.updated_ids


# Figures that change from day to day while nothing happens.
MOVING = {"arrival_date", "saved_value", "weekly_sales_qty"}

COMPARED = (
    "need_date",
    "order_by_date",
    "arrival_date",
    "shortage_qty",
    "in_progress_qty",
    "other_qty",
    "minimum_qty",
    "suggested_qty",
    "weekly_sales_qty",
    "supplierinfo_id",
    "partner_id",
    "source_warehouse_id",
    "is_awaited",
    "obstacle",
    "estimated_cost",
    "released_value",
    "saved_value",
)


class BacklogSuggestionRun(models.AbstractModel):
    """The run that keeps suggestions in step with their plan.

    ``_generate`` works for the current company, as superuser (``_run_for``). It looks
    for products that are not as the last run saw them, plans them batch by batch, and
    creates, updates and withdraws their suggestions. What is suggested can be need
    itself, so it looks again until nothing changes. A product that fails is left out.
    Only one run of a company works at a time.
    """

    _name = "backlog.suggestion.run"
    _description = "Run of the Suggestions"

    # Who runs

    def _run_for(self, company):
        """The run of a company, as superuser: suggestions follow orders, receipts and
        vendors that the user may not read. Callers check the right to buy first."""
        # Defaults of the user do not count for what the run creates.
        run = without_defaults(self.sudo()).with_company(company)
        return run.with_context(**RUN_CONTEXT)

    def _run_companies(self, product_ids):
        """Run for the current companies. Returns the counts of ``generate``."""
        total = Counter(dict.fromkeys(RESULTS, 0))
        for company in self.env.companies:
            outcome = self._run_for(company)._generate(product_ids)
            total.update(outcome.counts)
            total["failed"] += len(outcome.failed)
        return dict(total)

    def _run_again(self, suggestions):
        """Bring the suggestions for the products of these in step with what was just
        done."""
        self.env["backlog.facts"]._drop_checks(suggestions.product_id)
        for company, of_company in suggestions.grouped("company_id").items():
            self._run_for(company)._generate(of_company.product_id.ids)

    # A run: rounds of batches until nothing changes any more

    def _generate(self, product_ids=None, commit=False):
        """Run for the current company.

        :param product_ids: see ``generate``
        :param commit: whether to commit after every batch, as a job does
        """
        outcome = Outcome()
        self._wake_up()
        for _round in range(MAX_ROUNDS):
            changed = self._look_for_changes(product_ids, outcome)
            if not changed:
                break
            if not self._run_batches(changed, outcome, commit):
                return outcome
            product_ids = self._widened(product_ids, outcome)
            if len(changed) > BATCH:
                self._analyze()
        self._rank()
        return outcome

    def _wake_up(self):
        """Propose again what was snoozed until today. Suggestions that another
        transaction is writing wait for the next run."""
        try:
            with self.env.cr.savepoint():
                self._propose_snoozed()
        except OperationalError:
            _logger.info("Reorder suggestions: somebody is at what was snoozed.")
            self.env.invalidate_all()

    def _propose_snoozed(self):
        today = self.env.company._backlog_today()
        mine = Domain("company_id", "=", self.env.company.id)
        asleep = Domain("state", "=", "snoozed") & Domain("snooze_until", "<=", today)
        self.env["backlog.suggestion"].search(mine & asleep).write(
            {"state": "proposed", "snooze_until": False}
        )

    def _look_for_changes(self, product_ids, outcome):
        """The ids of the products to plan. The need is read again only where it can
        differ; facts are read in every round, since the run itself changes them."""
        rows = outcome.situation.rows if outcome.situation else None
        facts, plan = self.env["backlog.facts"], self.env["backlog.plan"]
        outcome.situation = facts._situation(product_ids, rows)
        outcome.counts["left_to_rules"] = sum(
            plan._count_left(of_product, outcome.situation.facts[product_id])
            for product_id, of_product in outcome.situation.rows.items()
        )
        changed = facts._changed_products(product_ids, outcome.situation)
        return [one for one in changed if one not in outcome.failed]

    def _run_batches(self, changed, outcome, commit):
        """Run for the products ``changed``. Returns whether all were done: not when
        another run is at work, or when the scheduled action has no time left."""
        remaining = len(changed)
        for batch in split_every(BATCH, changed, list):
            if not self._lock():
                # The other run does the rest.
                _logger.info("Reorder suggestions: another run is at work.")
                outcome.is_busy = True
                return False
            self._run_batch(batch, outcome)
            remaining -= len(batch)
            if commit:
                # The next transaction sees what others did meanwhile.
                outcome.situation = None
                cron = self.env["ir.cron"]
                if not cron._commit_progress(len(batch), remaining=remaining):
                    outcome.is_partial = True
                    return False
        return True

    def _lock(self):
        """Keep other runs of this company away until the transaction ends."""
        [[locked]] = self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", LOCK, self.env.company.id)
        )
        return locked

    def _widened(self, product_ids, outcome):
        """The products for the next round: with those that suggestions need by now."""
        if product_ids is None:
            return None
        involved = self._with_components(product_ids)
        if set(involved) != set(product_ids):
            outcome.situation = None
        return involved

    def _with_components(self, product_ids):
        """The products and those that suggestions for them need. None here: what is
        bought needs nothing."""
        return product_ids

    def _analyze(self):
        """Update the statistics of PostgreSQL. It would plan the next round for empty
        tables otherwise, and scan all of them for each row."""
        for model in (
            self.env["backlog.suggestion"],
            *self.env["backlog.facts"]._part_models(),
        ):
            self.env.cr.execute(SQL("ANALYZE %s", SQL.identifier(model._table)))

    # A batch: read, plan, compare, write

    def _run_batch(self, product_ids, outcome):
        """Plan some products and bring their suggestions in step. When one fails, they
        are planned one by one and that one is left out."""
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
            # Another run committed after this one had read: it planned these.
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

    def _run_one_by_one(self, product_ids, outcome):
        for product_id in product_ids:
            self.env.invalidate_all()
            self._run_batch([product_id], outcome)

    def _bring_in_step(self, product_ids, outcome):
        """Read what products need, plan what to do, and write what differs."""
        rows, facts = (
            outcome.situation.only(product_ids)
            if outcome.situation
            else self.env["backlog.facts"]._situation(product_ids)
        )
        products = self.env["product.product"].browse(rows)
        batch = self.env["backlog.plan"]._batch(rows)
        plans = self.env["backlog.plan"]._plan(products, rows, facts, batch)
        existing = self._existing(product_ids)
        # Fail when a user is deciding about one of them: waiting while holding locks
        # could deadlock.
        known = self.env["backlog.suggestion"].browse().union(*existing.values())
        known.lock_for_update(allow_referencing=True)
        step = Outcome()
        if self._changes_need(known, plans):
            outcome.situation = None
        self._keep_in_step(plans, existing, step)
        self._update_parents(product_ids, batch)
        # A suggestion that is proposed again changes the others of its product: the
        # next round plans it again.
        seen = [one for one in product_ids if one not in step.revived_ids]
        self.env["backlog.facts"]._store_checks(seen, rows, facts)
        outcome.add(step)

    def _existing(self, product_ids):
        """``{(product id, warehouse id, action): suggestions}``, open ones and those
        that somebody was asked to do; the first is to be kept."""
        suggestions = self.env["backlog.suggestion"].search(
            [
                ("company_id", "=", self.env.company.id),
                ("product_id", "in", product_ids),
                "|",
                ("state", "in", OPEN_SUGGESTIONS),
                "&",
                ("action_type", "in", ASKED),
                ("state", "=", "ordered"),
            ]
        )
        existing = {}
        # One that came back since its order was cancelled may have a duplicate.
        for one in suggestions.sorted(lambda one: (not one.is_returned, one.id)):
            key = one.product_id.id, one.warehouse_id.id, one.action_type
            existing.setdefault(key, self.env["backlog.suggestion"].browse())
            existing[key] |= one
        return existing

    def _changes_need(self, known, plans):
        """Whether the need statement reads one of the suggestions ``known``, or one
        that is planned. None here: what is bought needs nothing."""
        return False

    def _keep_in_step(self, plans, existing, step):
        """Create, update and withdraw what the plans say."""
        new = []
        for product, plan in plans.items():
            for (warehouse_id, action), values in plan.items():
                values = self._finished(values)
                key = product.id, warehouse_id, action
                if suggestion := existing.get(
                    key, self.env["backlog.suggestion"].browse()
                )[:1]:
                    existing[key] -= suggestion
                    if self._update(suggestion, values, step):
                        step.updated_ids.append(suggestion.id)
                else:
                    new.append(self._create_values(key, values))
        gone = self.env["backlog.suggestion"].browse().union(*existing.values())
        # What was bought instead of waiting follows its purchase.
        gone -= gone.filtered(
            lambda one: one.state == "ordered" and "open" in one._ordered_steps()
        )
        # A receipt that is no longer late was pulled in.
        pulled_in = gone.filtered(
            lambda one: one.state == "ordered" and self._came(one)
        )
        pulled_in.state = "done"
        step.counts["withdrawn"] += len(gone - pulled_in)
        (gone - pulled_in).unlink()
        self.env["backlog.suggestion"].create(new)
        step.counts["created"] += len(new)
        step.counts["updated"] += len(step.updated_ids) + len(pulled_in)

    def _came(self, suggestion):
        """Whether not all of the receipts that were asked for are cancelled."""
        documents = suggestion.line_ids._late_documents()
        return any(document.state != "cancel" for document in documents)

    def _update_parents(self, product_ids, batch):
        """Update the suggestions that need these products. None here: what is bought
        needs nothing."""

    # Comparing

    def _finished(self, values):
        """Add the sums and the last day to order to what was planned."""
        lines, today = values["line_ids"], self.env.company._backlog_today()
        # No promise is kept by what is overdue as long as nobody says a day.
        known = [
            line
            for line in lines
            if not line["expected_date"] or line["expected_date"] >= today
        ]
        latest = values["need_date"] - timedelta(days=values.pop("lead_days", 0))
        return {
            **dict.fromkeys(self._run_fields(), False),
            **{name: [] for name in self.env["backlog.facts"]._child_fields()},
            **values,
            "order_by_date": self.env.company._backlog_work_day(latest, -1),
            "released_value": sum(line["value"] for line in lines),
            "saved_value": self._kept_value(known, values.get("arrival_date")),
        }

    def _kept_value(self, lines, arrival):
        """The value of the planned lines whose promise is kept if it arrives on that
        day."""
        return sum(
            line["value"]
            for line in lines
            if arrival and line["keep_by_date"] and arrival <= line["keep_by_date"]
        )

    def _update(self, suggestion, values, step):
        """Write what differs. A decision of people stays, unless more is short."""
        suggestion.ensure_one()
        changes = {
            name: values[name]
            for name in self._run_fields()
            if self._differs(suggestion, name, values[name])
        }
        if suggestion.is_vendor_chosen and "partner_id" in changes:
            # The chosen vendor cannot be chosen any more.
            changes["is_vendor_chosen"] = False
        if suggestion.is_qty_chosen and "suggested_qty" in changes:
            # More is missing now than somebody chose to order.
            changes["is_qty_chosen"] = False
        for name in self.env["backlog.facts"]._child_fields():
            if suggestion[name]._figures() != suggestion[name]._figures_of(
                values[name]
            ):
                rows = self._create_rows(values[name])
                changes[name] = [Command.clear(), *rows]
        revived = self._revived(suggestion, values)
        if "state" in revived:
            step.revived_ids.add(suggestion.product_id.id)
        changes |= revived
        if changes:
            suggestion.write(changes)
        # What changes with the calendar alone is not reported.
        return bool(changes.keys() - MOVING)

    def _differs(self, suggestion, name, value):
        """Whether the run must write it."""
        return self._is_other(suggestion, name, value)

    def _is_other(self, suggestion, name, value):
        """Whether a figure is not this value, as far as people can see."""
        field = suggestion._fields[name]
        mine = suggestion[name]
        if field.type == "float":
            return bool(suggestion.product_uom_id.compare(mine, value or 0))
        if field.type == "monetary":
            return bool(suggestion.currency_id.compare_amounts(mine, value or 0))
        if field.type == "many2one":
            return mine.id != value
        return mine != value

    def _revived(self, suggestion, values):
        """A suggestion that was dismissed or ordered is proposed again when more is
        short. When less is short than was dismissed, that is compared from now on."""
        compare = suggestion.product_uom_id.compare
        if suggestion.state == "dismissed":
            if compare(values["shortage_qty"], suggestion.dismissed_qty) > 0:
                return {"state": "proposed", "dismiss_reason": False}
            if compare(values["shortage_qty"], suggestion.dismissed_qty) < 0:
                return {"dismissed_qty": values["shortage_qty"]}
        if suggestion.state == "ordered" and (
            compare(values["shortage_qty"], suggestion.shortage_qty) > 0
            or self._slipped(suggestion, values)
            or suggestion.action_type == "confirm"
            and suggestion.line_ids._are_drafts()
        ):
            return {"state": "proposed"}
        return {}

    def _slipped(self, suggestion, values):
        """Whether a receipt that somebody was asked to chase comes later than it did
        when asked, or another one comes too late by now. One that is overdue is due
        today, each day again: that is no news."""
        asked = {
            f"{document._name},{document.id}": max(lines.mapped("expected_date"))
            for document, lines in suggestion.line_ids._late_documents().items()
        }
        # What was bought instead is known, too.
        own = {
            f"purchase.order,{one}" for one in suggestion.purchase_line_ids.order_id.ids
        }
        others = [line for line in values["line_ids"] if line["document"] not in own]
        instead = sum(line._open_qty() for line in suggestion._instead_lines())
        late = sum(line["qty"] for line in others)
        if instead and suggestion.product_uom_id.compare(late, instead) <= 0:
            return False
        today = self.env.company._backlog_today()
        return any(
            line["document"] not in asked
            or line["document"] in asked
            and max(asked[line["document"]], today) < line["expected_date"]
            for line in others
            if line["document"]
        )

    def _run_fields(self):
        """The figures that the run keeps in step."""
        return COMPARED

    # Creating

    def _create_values(self, key, values):
        product_id, warehouse_id, action = key
        return {
            **values,
            "product_id": product_id,
            "warehouse_id": warehouse_id,
            "company_id": self.env.company.id,
            "action_type": action,
            **{
                name: self._create_rows(values[name])
                for name in self.env["backlog.facts"]._child_fields()
            },
        }

    def _create_rows(self, rows):
        company_id = self.env.company.id
        return [Command.create({**row, "company_id": company_id}) for row in rows]

    # Ranking

    def _rank(self):
        """Number what is proposed to the company by what it does for customers per
        amount spent; what costs nothing comes first, what helps nobody last."""
        self.env["backlog.suggestion"].flush_model()
        try:
            with self.env.cr.savepoint():
                self._write_ranks()
        except OperationalError:
            # A user decided meanwhile: the next run ranks.
            _logger.info("Reorder suggestions: not ranked, somebody is at work.")
        self.env["backlog.suggestion"].invalidate_model(["rank"])

    def _write_ranks(self):
        """Suggestions that a user is deciding about are skipped and keep their rank
        until the next run, so that neither waits for the other. What was set aside or
        is under way has none."""
        self.env.execute_query(
            SQL(
                """
                WITH moved AS (
                    SELECT suggestion.id, ranked.place
                      FROM backlog_suggestion suggestion
                 LEFT JOIN (
                            SELECT id, ROW_NUMBER() OVER (
                                       ORDER BY COALESCE(released_value, 0) = 0,
                                                (released_value + saved_value)
                                                / NULLIF(estimated_cost, 0)
                                                DESC NULLS FIRST,
                                                released_value DESC, need_date, id
                                   ) AS place
                              FROM backlog_suggestion
                             WHERE company_id = %(company)s AND state = 'proposed'
                           ) ranked ON ranked.id = suggestion.id
                     WHERE suggestion.company_id = %(company)s
                       AND suggestion.rank IS DISTINCT FROM ranked.place
                       FOR NO KEY UPDATE OF suggestion SKIP LOCKED
                )
                UPDATE backlog_suggestion
                   SET rank = moved.place
                  FROM moved
                 WHERE backlog_suggestion.id = moved.id
             RETURNING backlog_suggestion.id
                """,
                company=self.env.company.id,
            )
        )
