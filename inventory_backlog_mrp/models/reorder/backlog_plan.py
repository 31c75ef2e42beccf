from collections import defaultdict
from datetime import timedelta
from math import ceil

from odoo import api, models
from odoo.fields import Command, Domain
from odoo.tools import SQL

from odoo.addons.inventory_backlog.models.backlog_suggestion import OPEN
from odoo.addons.inventory_backlog.models.backlog_suggestion_plan import Batch
from odoo.addons.inventory_backlog.models.purchase_order import REQUEST_STATES
from odoo.addons.inventory_backlog.tools.bounds import bounded, bounded_money


class BacklogSuggestion(models.Model):
    """What is made is exploded into its components, level by level: a round of the run
    suggests what to make, the next one counts what that needs as demand of the
    components, once over all products that share them."""

    _inherit = "backlog.suggestion"

    @api.model
    def _run_fields(self):
        return (*super()._run_fields(), "bom_id", "missing_qty")

    @api.model
    def _child_fields(self):
        return [*super()._child_fields(), "component_ids"]

    @api.model
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

    @api.model
    def _last_changes(self, product_ids):
        """Also the bills of materials of the products and their lines."""
        changes = super()._last_changes(product_ids)
        boms = dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT product.id, CONCAT_WS(' ', COUNT(line.id),
                               MAX(bom.write_date), MAX(line.write_date))
                      FROM product_product product
                      JOIN mrp_bom bom ON bom.product_tmpl_id = product.product_tmpl_id
                 LEFT JOIN mrp_bom_line line ON line.bom_id = bom.id
                     WHERE product.id = ANY(%s)
                  GROUP BY product.id
                    """,
                    product_ids,
                    to_flush=[
                        self.env["mrp.bom"]._fields["write_date"],
                        self.env["mrp.bom.line"]._fields["write_date"],
                    ],
                )
            )
        )
        return {
            product_id: f"{change} {boms.get(product_id, '')}"
            for product_id, change in changes.items()
        }

    # Making

    @api.model
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

    @api.model
    def _made_from(self, product, warehouse, batch):
        """The bill of materials that Odoo would make the product from in this
        warehouse, empty when it would buy it."""
        boms = batch.more["boms"]
        if warehouse not in boms:
            products = self.env["product.product"].browse(batch.product_ids)
            boms[warehouse] = self.env["mrp.bom"]._backlog_boms_of(products, warehouse)
        bom = boms[warehouse][product]
        if bom and product.seller_ids and not self._is_made_first(product, warehouse):
            return bom.browse()
        return bom

    @api.model
    def _is_made_first(self, product, warehouse):
        """Of a product that can be bought as well: what its routes say first, then
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

    @api.model
    def _plan_make(self, product, bom, net, parts, batch):
        uom = product.uom_id
        quantity = uom.round(sum(part.qty for part in parts))
        made = self._whole_batches(bom, product, quantity)
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

    @api.model
    def _contains_itself(self, product, batch):
        if "cycles" not in batch.more:
            boms = self.env["mrp.bom"]
            batch.more["cycles"] = boms._backlog_cycles(batch.product_ids)
        return product.id in batch.more["cycles"]

    @api.model
    def _components(self, product, bom, quantity, day, batch):
        """What goes into ``quantity`` of the product, as values of the rows."""
        recipes = batch.more["recipes"]
        if (product, bom) not in recipes:
            asked = {(product, bom)}
            for boms in batch.more["boms"].values():
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

    # Subcontracting

    @api.model
    def _plan_subcontract(self, product, values, batch, is_declined=False):
        """A vendor that makes it of our components needs them when it is ordered. What
        lies at the vendor already need not be sent; a suggestion that somebody
        dismissed leaves it to others."""
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

    @api.model
    def _at(self, place, component, batch):
        """Take what is free at the place of a subcontractor for a component."""
        free = batch.more["at_vendors"]
        key = place.id, component["product_id"]
        if key not in free:
            product = self.env["product.product"].browse(component["product_id"])
            there = bounded(product.with_context(location=place.id).free_qty)
            free[key] = there - self._taken_at_vendors(batch)[key]
        taken = max(0.0, min(free[key], component["qty"]))
        free[key] -= taken
        return taken

    @api.model
    def _taken_at_vendors(self, batch):
        """``{(place id, component id): quantity}`` that suggestions which are not
        planned in this batch take already."""
        if "taken_at_vendors" not in batch.more:
            taken = batch.more["taken_at_vendors"] = defaultdict(float)
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
        return batch.more["taken_at_vendors"]

    @api.model
    def _note_offer(self, choices):
        """What is requested of another vendor, or in another quantity, than was
        suggested needs other components."""
        before = {
            one: (one.partner_id, one.suggested_qty)
            for one in self.browse().union(*(choice.suggestion for choice in choices))
        }
        result = super()._note_offer(choices)
        others = self.browse().union(
            *(
                choice.suggestion
                for choice in choices
                for partner, quantity in [before[choice.suggestion]]
                # One that is split is asked for less here.
                if choice.offer.partner_id != partner
                or choice.suggestion.product_uom_id.compare(choice.qty, quantity)
            )
        )
        for company, of_company in others.grouped("company_id").items():
            batch = self._empty_batch(of_company.product_id.ids)
            for one in of_company.with_company(company):
                mine = [choice for choice in choices if choice.suggestion == one]
                one._note_components(mine, batch)
        return result

    def _note_components(self, choices, batch):
        bom_id, rows = False, {}
        for choice in choices:
            values = self._plan_subcontract(
                self.product_id.with_company(self.company_id),
                {
                    "partner_id": choice.offer.partner_id.id,
                    "need_date": self.need_date,
                    "lead_days": self._lead_days(choice.offer),
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
        self.write(
            {
                "bom_id": bom_id,
                "component_ids": [
                    Command.clear(),
                    *self._create_rows(rows.values()),
                ],
            }
        )

    # For whom

    @api.model
    def _demand_lines(self, part, batch):
        """What a suggestion needs is for those behind that suggestion."""
        parent = self._parent_of(part.want, batch)
        if not parent:
            return super()._demand_lines(part, batch)
        whole, waiting = parent
        return [
            {
                "order_line_id": line.order_line_id.id,
                "asked_by": line.asked_by
                and f"{line.asked_by._name},{line.asked_by.id}",
                "qty": part.qty * line.qty / sum(waiting.mapped("qty")),
                "need_date": part.want.day,
                "promise_date": line.promise_date,
                "value": line.value * part.qty / whole,
                "document": part.document or False,
                "expected_date": part.expected_day or False,
            }
            for line in waiting
        ]

    @api.model
    def _parent_of(self, want, batch):
        """The demand of the suggestion that wants a component: all it needs of it, and
        the lines that wait. None for other wants."""
        if want.move_id and not want.order_line_id:
            move = batch.moves[want.move_id]
            suggestion = move.raw_material_production_id.backlog_suggestion_id
            return suggestion.line_ids and (move.product_qty, suggestion.line_ids)
        suggestion = batch.more["parents"].get(want.document)
        return suggestion and (want.qty, suggestion.line_ids)

    @api.model
    def _batch(self, rows):
        batch = self._prepared(super()._batch(rows))
        parents = self.browse(
            {
                int(row.document.split(",")[1])
                for of_product in rows.values()
                for row in of_product
                if row.part == "draft" and row.document
            }
        )
        batch.more["parents"] = {f"{one._name},{one.id}": one for one in parents}
        return batch

    @api.model
    def _empty_batch(self, product_ids):
        """For what is planned anew without looking at the need."""
        return self._prepared(Batch(product_ids, {}, {}, {}))

    @api.model
    def _prepared(self, batch):
        batch.more.update(boms={}, recipes={}, at_vendors={}, parents={})
        return batch

    @api.model
    def _tell_others(self, product_ids, batch):
        """How much of these components is in stock for each suggestion that needs
        them."""
        components = self.env["backlog.suggestion.component"].search(
            [
                ("company_id", "=", self.env.company.id),
                ("product_id", "in", product_ids),
                ("suggestion_id.state", "in", OPEN),
            ]
        )
        for component in components:
            document = f"backlog.suggestion,{component.suggestion_id.id}"
            ready = batch.ready.get((component.product_id.id, document), 0)
            if component.product_uom_id.compare(component.ready_qty, ready):
                component.ready_qty = ready
        mine = self.search(
            [
                ("company_id", "=", self.env.company.id),
                ("product_id", "in", product_ids),
                ("state", "in", OPEN),
            ]
        )
        touched = components.suggestion_id | mine
        touched.filtered(lambda one: one.action_type == "make")._settle()
        return super()._tell_others(product_ids, batch)
