from datetime import timedelta
from math import floor

from odoo import models
from odoo.tools import SQL

from odoo.addons.inventory_backlog.const import OPEN_SUGGESTIONS
from odoo.addons.inventory_backlog.tools.bounds import bounded_money

from .backlog_suggestion import SETTLED


class BacklogSuggestionRun(models.AbstractModel):
    """What can be made of what the components allow."""

    _inherit = "backlog.suggestion.run"

    def _differs(self, suggestion, name, value):
        """What follows from the components is settled when those are known."""
        if suggestion.action_type == "make" and name in SETTLED:
            return False
        return super()._differs(suggestion, name, value)

    def _settle(self, suggestions):
        """What the components in stock allow of these suggestions, the one that allows
        least, and when it would be done. What can be made is suggested; when nothing
        can, all of it."""
        for suggestion in suggestions:
            values = self._settled(suggestion)
            if any(self._is_other(suggestion, *one) for one in values.items()):
                suggestion.write(values)

    def _settled(self, suggestion):
        scarce = min(
            suggestion.component_ids,
            key=lambda component: (component._share(), component.id),
            default=suggestion.component_ids,
        )
        share = scarce._share() if scarce else 1
        if share < 1 or suggestion.obstacle:
            able, arrival = self._able(suggestion, share), False
        else:
            able, arrival = suggestion.missing_qty, self._done_by(suggestion)
        suggested = able or suggestion.missing_qty
        served = self._served(suggestion, suggested)
        product = suggestion.product_id.with_company(suggestion.company_id)
        return {
            "able_to_make_qty": 0 if suggestion.obstacle else able,
            "bottleneck_id": scarce.id and share < 1 and scarce.product_id.id,
            "suggested_qty": suggested,
            "estimated_cost": suggested * bounded_money(product.standard_price),
            "arrival_date": arrival,
            "released_value": sum(line["value"] for line in served),
            "saved_value": self._kept_value(served, arrival),
        }

    def _served(self, suggestion, quantity):
        """Who waits for the first ``quantity`` of it, with the part of the value that
        it releases."""
        served = []
        for line in suggestion.line_ids:
            taken = min(line.qty, quantity)
            if suggestion.product_uom_id.compare(taken, 0) <= 0:
                continue
            quantity -= taken
            served.append(
                {
                    "keep_by_date": line.keep_by_date,
                    "value": line.value * taken / line.qty,
                }
            )
        return served

    def _able(self, suggestion, share):
        """A share of what is missing: whole batches, or whole units when that is
        whole."""
        if suggestion.bom_id.enable_batch_size:
            return suggestion.bom_id._backlog_whole_batches(
                suggestion.product_id, suggestion.missing_qty * share, floor
            )
        able = suggestion.product_uom_id.round(
            suggestion.missing_qty * share, rounding_method="DOWN"
        )
        whole = suggestion.missing_qty == int(suggestion.missing_qty)
        return int(able + 1e-6) if whole else able

    def _done_by(self, suggestion):
        """When it is done if it is begun on the next working day."""
        lead = suggestion.bom_id._backlog_lead_days(
            suggestion.product_id, suggestion.missing_qty
        )
        start = suggestion.company_id._backlog_work_day()
        return start + timedelta(days=lead)

    def _run_fields(self):
        return (*super()._run_fields(), "bom_id", "missing_qty")

    def _with_components(self, product_ids):
        """Everything that the bills of materials of these products lead to. UNION,
        since one that contains itself must not be followed for ever."""
        return [
            row[0]
            for row in self.env.execute_query(
                SQL(
                    """
                    WITH RECURSIVE edge AS (%s), down AS (
                            SELECT UNNEST(%s) AS product_id
                         UNION
                            SELECT edge.component_id
                              FROM down
                              JOIN edge ON edge.product_id = down.product_id
                           )
                    SELECT product_id FROM down ORDER BY product_id
                    """,
                    self.env["mrp.bom"]._backlog_edges(),
                    product_ids,
                )
            )
        ]

    def _changes_need(self, known, plans):
        """Components are need."""
        return (
            bool(known.component_ids)
            or any(
                values.get("component_ids")
                for plan in plans.values()
                for values in plan.values()
            )
            or super()._changes_need(known, plans)
        )

    def _update_parents(self, product_ids, batch):
        """Note how much of these components is in stock for each suggestion that needs
        them."""
        components = self.env["backlog.suggestion.component"].search(
            [
                ("company_id", "=", self.env.company.id),
                ("product_id", "in", product_ids),
                ("suggestion_id.state", "in", OPEN_SUGGESTIONS),
            ]
        )
        for component in components:
            document = f"backlog.suggestion,{component.suggestion_id.id}"
            ready = batch.ready.get((component.product_id.id, document), 0)
            if component.product_uom_id.compare(component.ready_qty, ready):
                component.ready_qty = ready
        mine = self.env["backlog.suggestion"].search(
            [
                ("company_id", "=", self.env.company.id),
                ("product_id", "in", product_ids),
                ("state", "in", OPEN_SUGGESTIONS),
            ]
        )
        touched = components.suggestion_id | mine
        self._settle(touched.filtered(lambda one: one.action_type == "make"))
        return super()._update_parents(product_ids, batch)
