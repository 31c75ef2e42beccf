from datetime import timedelta
from math import ceil, floor

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.inventory_backlog.models.link import Link
from odoo.addons.inventory_backlog.tools.bounds import (
    bounded,
    bounded_money,
    converted,
)

MOST_BATCHES = 1000  # in one suggestion: each is a manufacturing order
# What follows from the components of a suggestion.
SETTLED = (
    "able_to_make_qty",
    "arrival_date",
    "bottleneck_id",
    "estimated_cost",
    "saved_value",
    "suggested_qty",
)


class BacklogSuggestion(models.Model):
    """What is made: how much of it can be made now, and what it lacks."""

    _inherit = "backlog.suggestion"

    action_type = fields.Selection(
        selection_add=[("make", "Make")],
        ondelete={"make": "cascade"},
        help="Pull in: a receipt comes too late, ask for it to come earlier. Transfer: "
        "another warehouse has it free. Buy: ask a vendor. Buy for customer: the "
        "vendor ships it straight to the customer. Make: produce it.",
    )
    bom_id = Link("mrp.bom", "Bill of Materials", readonly=True)
    missing_qty = fields.Float(
        "To Make",
        digits="Product Unit",
        readonly=True,
        help="All that is to be made. What the components allow is suggested, the rest "
        "follows when they come.",
    )
    able_to_make_qty = fields.Float(
        "Able to Make",
        digits="Product Unit",
        readonly=True,
        help="How much the components that are in stock and not needed by others "
        "allow.",
    )
    bottleneck_id = Link(
        "product.product",
        readonly=True,
        help="The component that allows least.",
    )
    component_ids = fields.One2many(
        "backlog.suggestion.component", "suggestion_id", readonly=True
    )
    production_ids = fields.One2many(
        "mrp.production",
        "backlog_suggestion_id",
        "Manufacturing Orders",
        readonly=True,
        # Buyers read their names in what is under way.
        groups="mrp.group_mrp_user",
    )

    @api.model
    def _selection_obstacle(self):
        obstacles = {
            "bom_cycle": self.env._("Its bill of materials contains itself"),
        }
        return super()._selection_obstacle() + list(obstacles.items())

    # Following

    @api.depends("production_ids.state")
    def _compute_state(self):
        return super()._compute_state()

    def _ordered_steps(self):
        if self.action_type != "make":
            return super()._ordered_steps()
        steps = [
            state if state in ("done", "cancel") else "open"
            for state in self.production_ids.mapped("state")
        ]
        if not steps and self.state == "ordered":
            # Somebody deleted the order.
            return ["cancel"]
        return steps

    def _is_draft(self):
        if self.action_type != "make":
            return super()._is_draft()
        # What was cancelled stays as it is; with nothing else nothing can be undone.
        return set(self.production_ids.mapped("state")) - {"cancel"} == {"draft"}

    def _undo_documents(self):
        self.production_ids.filtered(
            lambda production: production.state == "draft"
        ).unlink()
        return super()._undo_documents()

    def _supply_notes(self):
        notes = super()._supply_notes()
        productions = self.production_ids.filtered(
            lambda production: production.state not in ("done", "cancel")
        )
        notes += [self.env._("MO %s", production.name) for production in productions]
        return notes

    # Making

    @api.model
    def _document_made(self, action_type):
        if action_type == "make":
            return "mrp.production"
        return super()._document_made(action_type)

    @api.model
    def _accept_make(self, choices):
        """A draft manufacturing order each, in the batches of its bill of materials."""
        productions = self.env["mrp.production"]
        chained = {}
        for company, of_company in self._by_company(choices).items():
            chained.update(self.with_company(company)._chained_moves(of_company))
        for choice in choices:
            suggestion = choice.suggestion
            values = suggestion._production_values(choice)
            # What takes only what is brought for it must be linked.
            for one in values:
                one["move_dest_ids"] = [Command.set(chained[suggestion].ids)]
            productions.create(values)
            suggestion.suggested_qty = self._whole_batches(
                suggestion.bom_id, suggestion.product_id, choice.qty
            )

    @api.model
    def _whole_batches(self, bom, product, quantity, rounding=ceil):
        """``quantity`` in the unit of the product, in whole batches when the bill of
        materials has a size of them; ``floor`` for those that fit into it."""
        size = self._batch_size(bom, product)
        if not size:
            return quantity
        return product.uom_id.round(rounding(round(quantity / size, 6)) * size)

    @api.model
    def _batch_size(self, bom, product):
        """The size of a batch in the unit of the product, 0 without one."""
        if not bom.enable_batch_size:
            return 0
        return max(0, converted(bom.batch_size, bom.product_uom_id, product.uom_id))

    def _production_values(self, choice):
        """One manufacturing order, or one per batch when the bill of materials has
        a size of batches."""
        bom = self.bom_id
        quantity = self.product_uom_id._compute_quantity(
            self._whole_batches(bom, self.product_id, choice.qty), bom.product_uom_id
        )
        size = (bom.enable_batch_size and bounded(bom.batch_size)) or quantity
        if quantity > MOST_BATCHES * size:
            raise UserError(
                self.env._(
                    "%(product)s would be made in more than %(count)s batches. Correct "
                    "the batch size of its bill of materials.",
                    product=self.product_id.display_name,
                    count=MOST_BATCHES,
                )
            )
        values = []
        while bom.product_uom_id.compare(quantity, 0) > 0:
            quantity -= size
            values.append(
                {
                    "product_id": self.product_id.id,
                    "product_qty": size,
                    "product_uom_id": bom.product_uom_id.id,
                    "bom_id": bom.id,
                    "picking_type_id": (
                        bom.picking_type_id or self.warehouse_id.manu_type_id
                    ).id,
                    "company_id": self.company_id.id,
                    "location_final_id": self.warehouse_id.lot_stock_id.id,
                    "date_start": self._start_time(choice),
                    "date_deadline": fields.Datetime.to_datetime(self.need_date),
                    "origin": ", ".join(self.line_ids.order_id.mapped("name")[:5]),
                    "backlog_suggestion_id": self.id,
                }
            )
        return values

    def _start_time(self, choice):
        """The day to begin so that it is done when needed, today at the earliest."""
        day = self.order_by_date
        if choice.date:
            day = choice.date - (self.need_date - self.order_by_date)
        return max(fields.Datetime.to_datetime(day), fields.Datetime.now())

    # Explaining

    @api.depends("able_to_make_qty", "bottleneck_id", "missing_qty")
    def _compute_explanation(self):
        return super()._compute_explanation()

    def _quantity_sentences(self):
        if self.action_type != "make":
            return super()._quantity_sentences()
        if self.obstacle == "bom_cycle":
            return [
                self.env._(
                    "The bill of materials of %s contains itself, so what goes into it "
                    "is not suggested. Correct the bill of materials.",
                    self.product_id.display_name,
                )
            ]
        return [*self._batch_sentences(), *self._component_sentences()]

    def _batch_sentences(self):
        """What is made beyond what is missing, to fill the last batch."""
        size = self._batch_size(self.bom_id, self.product_id)
        extra = self.missing_qty - self._missing_qty()
        if not size or self.product_uom_id.compare(extra, 0) <= 0:
            return []
        return [
            self.env._(
                "Made in batches of %(size)s: %(extra)s extra.",
                size=self._quantity(size),
                extra=self._quantity(extra),
            )
        ]

    def _component_sentences(self):
        if not self.bottleneck_id:
            return [self.env._("All components are in stock: it can be made now.")]
        figures = {
            "able": self._quantity(self.able_to_make_qty),
            "component": self.bottleneck_id.display_name,
        }
        if self.able_to_make_qty:
            return [
                self.env._(
                    "The components allow %(able)s now; the bottleneck is "
                    "%(component)s. The rest follows when it comes.",
                    **figures,
                )
            ]
        return [
            self.env._("Nothing can be made now: %(component)s is missing.", **figures)
        ]

    # How much can be made

    def _differs(self, name, value):
        """What follows from the components is settled when those are known."""
        if self.action_type == "make" and name in SETTLED:
            return False
        return super()._differs(name, value)

    def _settle(self):
        """What the components in stock allow of these suggestions, the one that allows
        least, and when it would be done. What can be made is suggested; when nothing
        can, all of it."""
        for suggestion in self:
            values = suggestion._settled()
            if any(suggestion._is_other(*one) for one in values.items()):
                suggestion.write(values)

    def _settled(self):
        scarce = min(
            self.component_ids,
            key=lambda component: (component._share(), component.id),
            default=self.component_ids,
        )
        share = scarce._share() if scarce else 1
        if share < 1 or self.obstacle:
            able, arrival = self._able(share), False
        else:
            able, arrival = self.missing_qty, self._done_by()
        suggested = able or self.missing_qty
        product = self.product_id.with_company(self.company_id)
        return {
            "able_to_make_qty": 0 if self.obstacle else able,
            "bottleneck_id": scarce.id and share < 1 and scarce.product_id.id,
            "suggested_qty": suggested,
            "estimated_cost": suggested * bounded_money(product.standard_price),
            "arrival_date": arrival,
            "saved_value": self._kept_value(self.line_ids, arrival),
        }

    def _able(self, share):
        """A share of what is missing: whole batches, or whole units when that is
        whole."""
        if self.bom_id.enable_batch_size:
            return self._whole_batches(
                self.bom_id, self.product_id, self.missing_qty * share, floor
            )
        able = self.product_uom_id.round(
            self.missing_qty * share, rounding_method="DOWN"
        )
        whole = self.missing_qty == int(self.missing_qty)
        return int(able + 1e-6) if whole else able

    def _done_by(self):
        """When it is done if it is begun on the next working day."""
        lead = self.bom_id._backlog_lead_days(self.product_id, self.missing_qty)
        start = self.company_id._backlog_work_day()
        return start + timedelta(days=lead)
