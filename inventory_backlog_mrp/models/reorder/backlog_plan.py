from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil

from odoo import models
from odoo.fields import Domain

from odoo.addons.inventory_backlog.const import REQUEST_STATES
from odoo.addons.inventory_backlog.tools.bounds import bounded, bounded_money

# Productions for productions: deeper than any chain of them.
MAX_LEVELS = 20


@dataclass
class MakePart:
    """What planning reads once of bills of materials and of the places of
    subcontractors."""

    boms: dict = field(default_factory=dict)
    """``{warehouse: {product: bill of materials}}``"""
    recipes: dict = field(default_factory=dict)
    """``{(product, bill of materials): [(component id, quantity, step)]}``"""
    cycles: set = None
    """The ids of the products whose bill of materials contains the product itself; None
    before they are read."""
    parents: dict = field(default_factory=dict)
    """``{"model,id": suggestion}`` of the suggestions that need something."""
    at_vendors: dict = field(default_factory=dict)
    """``{(place id, component id): quantity}`` that is free at a subcontractor."""
    taken_at_vendors: dict = None
    """What suggestions outside of this batch take of it already; None before it is
    read."""


class BacklogPlan(models.AbstractModel):
    """Making instead of buying: the batches to make, the components they need, and
    those that a subcontractor needs."""

    _inherit = "backlog.plan"

    def _plan_supply(self, product, warehouse, action, net, parts, facts, batch):
        if action == "buy":
            bom = self._made_from(product, warehouse, batch)
            if bom:
                return self._plan_make(product, bom, net, parts, batch)
        values = super()._plan_supply(
            product, warehouse, action, net, parts, facts, batch
        )
        is_declined = (warehouse.id, action) in facts.declined
        return values | self._plan_subcontract(product, values, batch, is_declined)

    def _is_sale(self):
        """Raw material is used up in production."""
        return super()._is_sale() | Domain("raw_material_production_id", "!=", False)

    def _made_from(self, product, warehouse, batch):
        """The bill of materials that Odoo would make the product from in this
        warehouse, empty when it would buy it."""
        boms = batch.of(MakePart).boms
        if warehouse not in boms:
            products = self.env["product.product"].browse(batch.product_ids)
            boms[warehouse] = self.env["mrp.bom"]._backlog_boms_of(products, warehouse)
        bom = boms[warehouse][product]
        if bom and product.seller_ids and not self._is_made_first(product, warehouse):
            return bom.browse()
        return bom

    def _is_made_first(self, product, warehouse):
        """Whether a product that can also be bought is made: by its own routes, then by
        those of the warehouse, as in Odoo's own ``stock.rule._search_rule``."""
        for routes in (
            product.route_ids | product.categ_id.total_route_ids,
            warehouse.route_ids,
        ):
            rules = routes.rule_ids.filtered(
                lambda rule: (
                    rule.active
                    and rule.action in ("buy", "manufacture")
                    and rule.picking_type_id.code in ("incoming", "mrp_operation")
                    and rule.warehouse_id in (warehouse, warehouse.browse())
                )
            )
            if rules:
                first = rules.sorted(lambda rule: (rule.route_sequence, rule.sequence))
                return first[0].action == "manufacture"
        return False

    def _plan_make(self, product, bom, net, parts, batch):
        uom = product.uom_id
        quantity = uom.round(sum(part.qty for part in parts))
        made = bom._backlog_whole_batches(product, quantity)
        values = {
            **self._plan_lines(parts, batch),
            "action_type": "make",
            "bom_id": bom.id,
            "shortage_qty": net.short_qty,
            "in_progress_qty": net.in_progress_qty,
            "other_qty": uom.round(net.missing_qty - quantity),
            "missing_qty": made,
            "suggested_qty": made,
            "estimated_cost": made * bounded_money(product.standard_price),
            "lead_days": bom._backlog_lead_days(product, made),
        }
        if self._contains_itself(product, batch):
            return {**values, "obstacle": "bom_cycle"}
        start = self.env.company._backlog_work_day(
            values["need_date"] - timedelta(days=values["lead_days"]), -1
        )
        values["component_ids"] = self._components(product, bom, made, start, batch)
        return values

    def _contains_itself(self, product, batch):
        if batch.of(MakePart).cycles is None:
            batch.of(MakePart).cycles = self.env["mrp.bom"]._backlog_cycles(
                batch.product_ids
            )
        return product.id in batch.of(MakePart).cycles

    def _components(self, product, bom, quantity, day, batch):
        """What goes into ``quantity`` of the product, as values of the rows."""
        recipes = batch.of(MakePart).recipes
        if (product, bom) not in recipes:
            asked = {(product, bom)}
            for boms in batch.of(MakePart).boms.values():
                asked |= {pair for pair in boms.items() if pair[1]}
            recipes.update(self.env["mrp.bom"]._backlog_recipes(asked))
        return [
            {
                "product_id": component_id,
                # A little more is a whole unit more, as when Odoo explodes it.
                "qty": ceil(round(per_unit * quantity / step, 6)) * step,
                "at_vendor_qty": 0.0,
                "need_date": day,
            }
            for component_id, per_unit, step in recipes[product, bom]
        ]

    def _plan_subcontract(self, product, values, batch, is_declined=False):
        """The components that a subcontractor needs, on the day of the order. Those
        that it has already need not be sent; a dismissed suggestion takes none of
        them."""
        partner = self.env["res.partner"].browse(values.get("partner_id"))
        types = product.product_tmpl_id.bom_ids.mapped("type")
        if not partner or "subcontract" not in types:
            return {}
        boms = self.env["mrp.bom"]
        bom = boms._bom_subcontract_find(
            product, company_id=self.env.company.id, subcontractor=partner
        )
        if not bom:
            return {}
        if self._contains_itself(product, batch):
            return {"obstacle": "bom_cycle"}
        day = values["need_date"] - timedelta(days=values.get("lead_days", 0))
        last = self.env.company._backlog_work_day(day, -1)
        components = self._components(
            product, bom, values["suggested_qty"], last, batch
        )
        place = partner.with_company(self.env.company).property_stock_subcontractor
        return {
            "bom_id": bom.id,
            "component_ids": [
                {
                    **component,
                    "at_vendor_qty": 0.0
                    if is_declined
                    else self._at(place, component, batch),
                }
                for component in components
            ],
        }

    def _at(self, place, component, batch):
        """Take what is free at the place of a subcontractor for a component."""
        free = batch.of(MakePart).at_vendors
        key = place.id, component["product_id"]
        if key not in free:
            product = self.env["product.product"].browse(component["product_id"])
            there = bounded(product.with_context(location=place.id).free_qty)
            free[key] = there - self._taken_at_vendors(batch)[key]
        taken = max(0.0, min(free[key], component["qty"]))
        free[key] -= taken
        return taken

    def _taken_at_vendors(self, batch):
        """``{(place id, component id): quantity}`` that suggestions which are not
        planned in this batch take already."""
        if batch.of(MakePart).taken_at_vendors is None:
            taken = batch.of(MakePart).taken_at_vendors = defaultdict(float)
            others = Domain("suggestion_id.state", "in", ("proposed", "snoozed"))
            others &= Domain("suggestion_id.product_id", "not in", batch.product_ids)
            requested = Domain("suggestion_id.state", "=", "ordered") & Domain(
                "suggestion_id.purchase_line_ids.order_id.state", "in", REQUEST_STATES
            )
            for component in self.env["backlog.suggestion.component"].search(
                Domain("company_id", "=", self.env.company.id)
                & Domain("at_vendor_qty", ">", 0)
                & (others | requested)
            ):
                partner = component.suggestion_id.partner_id
                place = partner.with_company(
                    self.env.company
                ).property_stock_subcontractor
                taken[place.id, component.product_id.id] += component.at_vendor_qty
        return batch.of(MakePart).taken_at_vendors

    def _demand_lines(self, part, batch):
        """The demand for a component is that behind the suggestion that needs it."""
        parent = self._parent_of(part.want, batch)
        if not parent:
            return self._with_making(part, super()._demand_lines(part, batch), batch)
        whole, waiting, days = parent
        return [
            {
                "order_line_id": line.order_line_id.id,
                "asked_by": line.asked_by
                and f"{line.asked_by._name},{line.asked_by.id}",
                "qty": part.qty * line.qty / sum(waiting.mapped("qty")),
                "need_date": part.want.day,
                "promise_date": line.promise_date,
                "keep_by_date": self._sooner(line.keep_by_date, days),
                "value": line.value * part.qty / whole,
                "document": part.document or False,
                "expected_date": part.expected_day or False,
            }
            for line in waiting
        ]

    def _with_making(self, part, lines, batch):
        """What goes into a production must be there before it is made."""
        want = part.want
        if want.order_line_id or not want.move_id:
            return lines
        production = batch.moves[want.move_id].raw_material_production_id
        if not production:
            return lines
        days = self._days_to_make(production)
        return [
            {**line, "keep_by_date": self._sooner(line["keep_by_date"], days)}
            for line in lines
        ]

    def _sooner(self, day, days):
        return day and day - timedelta(days=days)

    def _days_to_make(self, production, levels=MAX_LEVELS):
        """The days of this production and of those that use what it makes, until the
        goods for the customer are there: of several ways the longest."""
        moves, seen = production.move_finished_ids.move_dest_ids, set()
        users = production.browse()
        while moves := moves.filtered(lambda move: move.id not in seen):
            seen.update(moves.ids)
            users |= moves.raw_material_production_id
            moves = moves.filtered(
                lambda move: not move.raw_material_production_id
            ).move_dest_ids
        later = [
            self._days_to_make(one, levels - 1) for one in users - production if levels
        ]
        return (self._making_days(production) or 0) + max(later, default=0)

    def _making_days(self, production):
        return production.bom_id and production.bom_id._backlog_lead_days(
            production.product_id, bounded(production.product_uom_qty)
        )

    def _parent_of(self, want, batch):
        """The demand of the suggestion that wants a component: all it needs of it, the
        lines that wait, and the days until what is made of it is there. None for other
        wants."""
        if want.move_id and not want.order_line_id:
            move = batch.moves[want.move_id]
            production = move.raw_material_production_id
            waiting = production.backlog_suggestion_id.line_ids
            return waiting and (
                move.product_qty,
                waiting,
                self._making_days(production) or 0,
            )
        suggestion = batch.of(MakePart).parents.get(want.document)
        if not suggestion:
            return None
        if suggestion.action_type == "make":
            days = suggestion.bom_id._backlog_lead_days(
                suggestion.product_id, suggestion.missing_qty
            )
        else:
            days = self._lead_days(suggestion.supplierinfo_id)
        return want.qty, suggestion.line_ids, days

    def _batch(self, rows):
        batch = super()._batch(rows)
        parents = self.env["backlog.suggestion"].browse(
            {
                int(row.document.split(",")[1])
                for of_product in rows.values()
                for row in of_product
                if row.part == "draft" and row.document
            }
        )
        batch.of(MakePart).parents = {f"{one._name},{one.id}": one for one in parents}
        return batch
