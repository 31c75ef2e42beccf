from datetime import timedelta

from odoo import api, models
from odoo.fields import Command

from .backlog_suggestion import OPEN
from .backlog_suggestion_run import Outcome

# What every day changes while nothing happens.
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
    "obstacle",
    "estimated_cost",
    "released_value",
    "saved_value",
)


class BacklogSuggestion(models.Model):
    """Bringing the suggestions of some products in step with their plan: what is new,
    what changed, what is no longer needed."""

    _inherit = "backlog.suggestion"

    @api.model
    def _bring_in_step(self, product_ids, outcome):
        rows, facts = self._situation(product_ids)
        products = self.env["product.product"].browse(rows)
        batch = self._batch(rows)
        plans = self._plan(products, rows, facts, batch)
        existing = self._existing(product_ids)
        # Whoever decides about one of them goes first. To wait for that, with locks of
        # our own, is how two stop each other.
        known = self.browse().union(*existing.values())
        known.lock_for_update(allow_referencing=True)
        step = Outcome()
        self._keep_in_step(plans, existing, step)
        self._tell_others(product_ids, batch)
        # What comes back counts for the other suggestions of its product: next round.
        seen = [one for one in product_ids if one not in step.revived_ids]
        self._remember(seen, rows, facts)
        outcome.add(step)

    @api.model
    def _existing(self, product_ids):
        """``{(product id, warehouse id, action): suggestions}``, open ones and the
        receipts that somebody asked to pull in; the first is to be kept."""
        suggestions = self.search(
            [
                ("company_id", "=", self.env.company.id),
                ("product_id", "in", product_ids),
                "|",
                ("state", "in", OPEN),
                "&",
                ("action_type", "=", "expedite"),
                ("state", "=", "ordered"),
            ]
        )
        existing = {}
        # One that came back since its order was cancelled may have a twin by now.
        for one in suggestions.sorted(lambda one: (not one.is_returned, one.id)):
            key = one.product_id.id, one.warehouse_id.id, one.action_type
            existing.setdefault(key, self.browse())
            existing[key] |= one
        return existing

    @api.model
    def _keep_in_step(self, plans, existing, step):
        """Create, update and withdraw what the plans say."""
        new = []
        for product, plan in plans.items():
            for (warehouse_id, action), values in plan.items():
                values = self._finished(values)
                key = product.id, warehouse_id, action
                if suggestion := existing.get(key, self.browse())[:1]:
                    existing[key] -= suggestion
                    if suggestion._update(values, step):
                        step.updated_ids.append(suggestion.id)
                else:
                    new.append(self._create_values(key, values))
        gone = self.browse().union(*existing.values())
        # A receipt that was pulled in is no longer late: well done.
        pulled_in = gone.filtered(lambda one: one.state == "ordered" and one._came())
        pulled_in.state = "done"
        step.counts["withdrawn"] += len(gone - pulled_in)
        (gone - pulled_in).unlink()
        self.create(new)
        step.counts["created"] += len(new)
        step.counts["updated"] += len(step.updated_ids) + len(pulled_in)

    @api.model
    def _create_values(self, key, values):
        product_id, warehouse_id, action = key
        return {
            **values,
            "product_id": product_id,
            "warehouse_id": warehouse_id,
            "company_id": self.env.company.id,
            "action_type": action,
            **{name: self._create_rows(values[name]) for name in self._child_fields()},
        }

    def _came(self):
        """Whether not all of the receipts that were asked for are cancelled."""
        documents = self._late_documents()
        return any(document.state != "cancel" for document in documents)

    @api.model
    def _finished(self, values):
        """Add the sums and the last day to order to what was planned."""
        lines = values["line_ids"]
        latest = values["need_date"] - timedelta(days=values.pop("lead_days", 0))
        return {
            **dict.fromkeys(self._run_fields(), False),
            **{name: [] for name in self._child_fields()},
            **values,
            "order_by_date": self.env.company._backlog_work_day(latest, -1),
            "released_value": sum(line["value"] for line in lines),
            "saved_value": self._kept_value(lines, values.get("arrival_date")),
        }

    @api.model
    def _kept_value(self, lines, arrival):
        """The value of those of these lines, or values of lines, that come by their
        promise if it arrives on that day."""
        return sum(
            line["value"]
            for line in lines
            if arrival and line["promise_date"] and arrival <= line["promise_date"]
        )

    @api.model
    def _create_rows(self, rows):
        company_id = self.env.company.id
        return [Command.create({**row, "company_id": company_id}) for row in rows]

    @api.model
    def _run_fields(self):
        """The figures that the run keeps in step."""
        return COMPARED

    @api.model
    def _child_fields(self):
        """The lists that the run keeps in step; their models have ``_figures``."""
        return ["line_ids"]

    def _update(self, values, step):
        """Write what is different. Somebody's decision stays, unless more is short."""
        self.ensure_one()
        changes = {
            name: values[name]
            for name in self._run_fields()
            if self._differs(name, values[name])
        }
        if self.is_vendor_chosen and "partner_id" in changes:
            # The one that was chosen cannot be any more.
            changes["is_vendor_chosen"] = False
        for name in self._child_fields():
            if self[name]._figures() != self[name]._figures_of(values[name]):
                rows = self._create_rows(values[name])
                changes[name] = [Command.clear(), *rows]
        revived = self._revived(values)
        if "state" in revived:
            step.revived_ids.add(self.product_id.id)
        changes |= revived
        if changes:
            self.write(changes)
        # What moves with the calendar is no news.
        return bool(changes.keys() - MOVING)

    def _revived(self, values):
        """What was dismissed, or asked for, comes back when more is short. When less is
        short that counts from now on."""
        compare = self.product_uom_id.compare
        if self.state == "dismissed":
            if compare(values["shortage_qty"], self.dismissed_qty) > 0:
                return {"state": "proposed", "dismiss_reason": False}
            if compare(values["shortage_qty"], self.dismissed_qty) < 0:
                return {"dismissed_qty": values["shortage_qty"]}
        if (
            self.state == "ordered"
            and compare(values["shortage_qty"], self.shortage_qty) > 0
        ):
            return {"state": "proposed"}
        return {}

    def _differs(self, name, value):
        """Whether the run must write it."""
        return self._is_other(name, value)

    def _is_other(self, name, value):
        """Whether a figure is not this value, as far as people can see."""
        field = self._fields[name]
        mine = self[name]
        if field.type == "float":
            return bool(self.product_uom_id.compare(mine, value or 0))
        if field.type == "monetary":
            return bool(self.currency_id.compare_amounts(mine, value or 0))
        if field.type == "many2one":
            return mine.id != value
        return mine != value
