from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.inventory_backlog.models.reorder.backlog_plan import Batch
from odoo.addons.inventory_backlog.tools.bounds import bounded

from .backlog_suggestion import MOST_BATCHES


class BacklogProcure(models.AbstractModel):
    """Manufacturing orders from suggestions, and back."""

    _inherit = "backlog.procure"

    def _undo_documents(self, suggestions):
        suggestions.production_ids.filtered(
            lambda production: production.state == "draft"
        ).unlink()
        return super()._undo_documents(suggestions)

    def _models_made(self, suggestions):
        yield from super()._models_made(suggestions)
        if any(one.state != "cancel" for one in suggestions.production_ids):
            yield "mrp.production"

    def _document_made(self, action_type):
        if action_type == "make":
            return "mrp.production"
        return super()._document_made(action_type)

    def _accept_make(self, choices):
        """A draft manufacturing order each, in the batches of its bill of materials."""
        productions = self.env["mrp.production"]
        for choice in choices:
            suggestion = choice.suggestion
            values = suggestion.env["backlog.procure"]._production_values(
                suggestion, choice
            )
            # Moves that take only what is brought for them must be linked.
            for one in values:
                one["move_dest_ids"] = [Command.set(choice.chained.ids)]
            productions.create(values)
            suggestion.suggested_qty = suggestion.bom_id._backlog_whole_batches(
                suggestion.product_id, choice.qty
            )

    def _production_values(self, suggestion, choice):
        """One manufacturing order, or one per batch when the bill of materials has
        a size of batches."""
        bom = suggestion.bom_id
        quantity = suggestion.product_uom_id._compute_quantity(
            bom._backlog_whole_batches(suggestion.product_id, choice.qty),
            bom.product_uom_id,
        )
        size = (bom.enable_batch_size and bounded(bom.batch_size)) or quantity
        if quantity > MOST_BATCHES * size:
            raise UserError(
                self.env._(
                    "%(product)s would be made in more than %(count)s batches. Correct "
                    "the batch size of its bill of materials.",
                    product=suggestion.product_id.display_name,
                    count=MOST_BATCHES,
                )
            )
        values = []
        while bom.product_uom_id.compare(quantity, 0) > 0:
            quantity -= size
            values.append(
                {
                    "product_id": suggestion.product_id.id,
                    "product_qty": size,
                    "product_uom_id": bom.product_uom_id.id,
                    "bom_id": bom.id,
                    "picking_type_id": (
                        bom.picking_type_id or suggestion.warehouse_id.manu_type_id
                    ).id,
                    "company_id": suggestion.company_id.id,
                    "location_final_id": suggestion.warehouse_id.lot_stock_id.id,
                    "date_start": self._start_time(suggestion, choice),
                    "date_deadline": fields.Datetime.to_datetime(suggestion.need_date),
                    "origin": ", ".join(
                        suggestion.line_ids.order_id.mapped("name")[:5]
                    ),
                    "backlog_suggestion_id": suggestion.id,
                }
            )
        return values

    def _start_time(self, suggestion, choice):
        """The day to begin so that it is done when needed, today at the earliest."""
        day = suggestion.order_by_date
        if choice.date:
            day = choice.date - (suggestion.need_date - suggestion.order_by_date)
        return max(fields.Datetime.to_datetime(day), fields.Datetime.now())

    def _note_offer(self, choices):
        """What is requested of another vendor, or in another quantity, than was
        suggested needs other components."""
        before = {
            one: (one.partner_id, one.suggested_qty)
            for one in self._suggestions(choices)
        }
        result = super()._note_offer(choices)
        others = self._suggestions(
            choice
            for choice in choices
            for partner, quantity in [before[choice.suggestion]]
            # One that is split is asked for less here.
            if choice.offer.partner_id != partner
            or choice.suggestion.product_uom_id.compare(choice.qty, quantity)
        )
        for company, of_company in others.grouped("company_id").items():
            batch = Batch(of_company.product_id.ids)
            for one in of_company.with_company(company):
                mine = [choice for choice in choices if choice.suggestion == one]
                self._note_components(one, mine, batch)
        return result

    def _note_components(self, suggestion, choices, batch):
        """Note what a subcontractor needs for these choices of a suggestion."""
        plan = suggestion.env["backlog.plan"]
        bom_id, rows = False, {}
        for choice in choices:
            values = plan._plan_subcontract(
                suggestion.product_id.with_company(suggestion.company_id),
                {
                    "partner_id": choice.offer.partner_id.id,
                    "need_date": suggestion.need_date,
                    "lead_days": plan._lead_days(choice.offer),
                    "suggested_qty": choice.qty,
                },
                batch,
            )
            bom_id = values.get("bom_id") or bom_id
            for component in values.get("component_ids", []):
                row = rows.setdefault(
                    component["product_id"],
                    {**component, "qty": 0, "at_vendor_qty": 0},
                )
                row["qty"] += component["qty"]
                row["at_vendor_qty"] += component["at_vendor_qty"]
                row["need_date"] = min(row["need_date"], component["need_date"])
        suggestion.write(
            {
                "bom_id": bom_id,
                "component_ids": [
                    Command.clear(),
                    *self.env["backlog.suggestion.run"]._create_rows(rows.values()),
                ],
            }
        )
