from collections import defaultdict
from datetime import timedelta
from math import ceil, floor

from odoo import fields, models

from odoo.addons.inventory_backlog.models.line.backlog_quote import Way
from odoo.addons.inventory_backlog.tools.bounds import MOST_QUANTITY, bounded_days

# Bills of materials below one another.
MOST_LEVELS = 10


class BacklogQuote(models.AbstractModel):
    """A kit is promised as its components are, and what is missing can be made."""

    _inherit = "backlog.quote"

    def _get_promises(self, wishes):
        """A kit is promised as its components are: whole kits, and as many as the
        scarcest component allows."""
        kits = self._kits(wishes)
        parts = [self._kit_wishes(wish, kits) for wish in wishes]
        promises = iter(
            super()._get_promises([wish for group in parts for wish in group])
        )
        answer = []
        for wish, group in zip(wishes, parts, strict=True):
            components = [next(promises) for _wish in group]
            answer.append(
                components[0]
                if group == [wish]
                else self._kit_promise(wish, components)
            )
        return answer

    def _parts_of(self, wishes):
        """The components of kits."""
        kits = self._kits(wishes)
        return [part for wish in wishes for part in self._kit_wishes(wish, kits)]

    def _in_reach(self, wishes):
        """Also what goes into kits, and into what can be made."""
        kits = self._kits(wishes)
        groups = [self._kit_wishes(wish, kits) for wish in wishes]
        below = defaultdict(set)
        made = self._made([part for group in groups for part in group])
        for (product, _warehouse), (_bom, recipe) in made.items():
            below[product.id] |= {component.id for component, *_how in recipe}
        reached = []
        for own, group in zip(super()._in_reach(wishes), groups, strict=True):
            level = own | {part.product.id for part in group}
            found = set()
            while level:
                found |= level
                level = set().union(*(below[one] for one in level)) - found
            reached.append(found)
        return reached

    def _kits(self, wishes):
        """``{(product, company): bill of materials}`` of the kits, looked up once for
        each company."""
        ids = defaultdict(set)
        for wish in wishes:
            ids[wish.warehouse.company_id].add(wish.product.id)
        # Salespeople cannot read bills of materials.
        products = self.env["product.product"].sudo()
        find = self.env["mrp.bom"].sudo()._bom_find
        return {
            (product, company): bom
            for company, its in ids.items()
            for product, bom in find(
                products.browse(its), company_id=company.id, bom_type="phantom"
            ).items()
        }

    def _kit_wishes(self, wish, kits):
        """The wishes for the components of a kit; the wish itself for anything else."""
        product = wish.product.sudo()
        bom = kits.get((product, wish.warehouse.company_id))
        if not bom:
            return [wish]
        try:
            components = self._kit_components(product, bom, wish.quantity)
        except (OverflowError, ValueError, ZeroDivisionError):
            # Odoo cannot read this bill of materials: nothing is there for the kit.
            return [wish]
        due = wish.due or fields.Datetime.now() + timedelta(
            days=bounded_days(product.sale_delay)
        )
        return [
            wish._replace(product=component.sudo(False), quantity=quantity, due=due)
            for component, quantity in components
            if component.type == "consu" and quantity
        ]

    def _kit_components(self, product, bom, quantity):
        """``[(product, quantity in its unit)]`` of what goes into so many kits.

        :raise ValueError, OverflowError, ZeroDivisionError: for what is no quantity
        """
        quantity = product.uom_id._compute_quantity(quantity, bom.product_uom_id)
        _boms, lines = bom.explode(product, quantity / bom.product_qty)
        components = [
            (
                line.product_id,
                line.product_uom_id._compute_quantity(
                    values["qty"], line.product_id.uom_id
                ),
            )
            for line, values in lines
        ]
        # Nor is NaN.
        if not all(0 <= quantity <= MOST_QUANTITY for _one, quantity in components):
            raise ValueError("A quantity is out of bounds")
        return components

    def _kit_promise(self, wish, components):
        """Kits that can be put together by each day on which something arrives."""
        now = fields.Datetime.to_string(fields.Datetime.now())
        arrivals = {
            part["date"]: part for promise in components for part in promise["incoming"]
        }
        promised = ready = self._kits_by(now, wish, components, stock_only=True)
        incoming = []
        for day in sorted(arrivals):
            kits = self._kits_by(day, wish, components)
            if kits > promised:
                incoming.append({**arrivals[day], "qty": kits - promised})
                promised = kits
        waiting = [promise for promise in components if promise["to_source"] > 0]
        known = all(promise["to_source_date"] for promise in waiting)
        to_source = wish.quantity - promised
        last = [promise["to_source_date"] for promise in waiting] if known else []
        return {
            "product_id": wish.product.id,
            "warehouse_id": wish.warehouse.id,
            "uom": wish.product.uom_id.name,
            "qty": wish.quantity,
            "ready": ready,
            "incoming": incoming,
            "to_source": to_source,
            "to_source_parts": [
                part for promise in waiting for part in self._to_source_parts(promise)
            ],
            "vendor_lead_days": max(p["vendor_lead_days"] for p in waiting)
            if waiting and known
            else False,
            "to_source_date": max(last, default=False),
            "expected_date": known
            and max([now, *(part["date"] for part in incoming), *last]),
            "overdue_since": min(
                filter(None, (promise["overdue_since"] for promise in components)),
                default=False,
            ),
        }

    def _to_source_parts(self, promise):
        """How what is to order of a component could come soonest, and what of it
        nobody knows how to get."""
        yield from promise["to_source_parts"]
        uom = self.env["product.product"].browse(promise["product_id"]).uom_id
        known = sum(part["qty"] for part in promise["to_source_parts"])
        rest = uom.round(promise["to_source"] - known)
        if rest > 0:
            yield {
                "product_id": promise["product_id"],
                "uom": promise["uom"],
                "qty": rest,
                "date": False,
                "by": False,
                "warehouse_id": False,
            }

    def _kits_by(self, day, wish, components, stock_only=False):
        """Whole kits from what is there by ``day``; the last one may be a part of one
        when the wish is."""
        shares = []
        for promise in components:
            there = promise["ready"] + sum(
                part["qty"]
                for part in promise["incoming"]
                if not stock_only and part["date"] <= day
            )
            shares.append(there / promise["qty"])
        share = min(shares, default=1)
        if share >= 1:
            return wish.quantity
        return float(floor(round(share * wish.quantity, 6)))

    # What can be made

    def _more_rule_key(self, product, warehouse):
        """Without a bill of materials, Odoo passes over routes that make."""
        boms = product.sudo().product_tmpl_id.bom_ids
        return (
            *super()._more_rule_key(product, warehouse),
            any(bom.type == "normal" for bom in boms),
        )

    def _brought(self, wishes, supplies):
        """Also what is made for one customer: Odoo confirms that production, unless
        nothing goes into it."""
        made = {
            number: (wish.product, wish.warehouse)
            for number, (wish, supply) in enumerate(zip(wishes, supplies, strict=True))
            if supply.kind == "make"
        }
        boms = {
            (product, warehouse): bom
            for warehouse, its in self._boms(made.values()).items()
            for product, bom in its.items()
        }
        return super()._brought(wishes, supplies) | {
            number for number, pair in made.items() if boms[pair].bom_line_ids
        }

    def _boms(self, pairs):
        """``{warehouse: {product: bill of materials}}`` of goods and where they are
        made, looked up once for each warehouse."""
        ids = defaultdict(set)
        for product, warehouse in pairs:
            ids[warehouse].add(product.id)
        # sudo: salespeople cannot read bills of materials.
        products = self.env["product.product"].sudo()
        boms = self.env["mrp.bom"].sudo()
        return {
            warehouse: boms.with_company(warehouse.company_id)._backlog_boms_of(
                products.browse(its), warehouse
            )
            for warehouse, its in ids.items()
        }

    def _made(self, wishes):
        made, level = {}, {(wish.product, wish.warehouse) for wish in wishes}
        for _level in range(MOST_LEVELS):
            level = {pair for pair in level if pair not in made}
            if not level:
                break
            found = self._recipes(level)
            made |= found
            level = {
                (component, warehouse)
                for (_product, warehouse), (_bom, recipe) in found.items()
                for component, _quantity, _step in recipe
            }
        return {pair: entry for pair, entry in made.items() if entry[0]}

    def _recipes(self, pairs):
        """``_made`` of these products alone."""
        made = {}
        for warehouse, bom_of in self._boms(pairs).items():
            # sudo: salespeople cannot read bills of materials.
            boms = self.env["mrp.bom"].sudo().with_company(warehouse.company_id)
            recipes = boms._backlog_recipes(
                {pair for pair in bom_of.items() if pair[1]}
            )
            for product, bom in bom_of.items():
                recipe = [
                    (self.env["product.product"].browse(number), quantity, step)
                    for number, quantity, step in recipes.get((product, bom), ())
                ]
                made[product.sudo(False), warehouse] = bom, recipe
        return made

    def _supplying_products(self, wishes, made):
        """Also what goods are made of."""
        components = {
            component.id
            for _bom, recipe in made.values()
            for component, _quantity, _step in recipe
        }
        return list({*super()._supplying_products(wishes, made), *components})

    def _ways(self, wish, supply, quantity, means):
        """Also making it, when all that goes into it is there."""
        yield from super()._ways(wish, supply, quantity, means)
        if (
            supply.kind in ("stock", "make")
            and (wish.product, wish.warehouse) in means.made
        ):
            rest = means.trial()
            done = self._made_on(wish, quantity, rest)
            if done:
                yield Way(done, quantity, "make", rest=rest)

    def _made_on(self, wish, quantity, means, above=()):
        """When it would be made: its lead time after the last component is there. None
        where nobody knows when that is."""
        bom, recipe = means.made.get((wish.product, wish.warehouse), (None, ()))
        if not bom or wish.product in above:
            return None
        start = self._from_work_day(wish, 0)
        for component, per_unit, step in recipe:
            need = ceil(round(per_unit * quantity / step, 6)) * step
            there = self._there_on(
                wish._replace(product=component), need, means, (*above, wish.product)
            )
            if not there:
                return None
            start = max(start, there)
        company = wish.warehouse.company_id or self.env.company
        days = bom.with_company(company)._backlog_lead_days(
            wish.product.sudo(), quantity
        )
        return start + timedelta(days=days)

    def _there_on(self, wish, quantity, means, above):
        """When so much of a component is there: what the queue leaves of it, then the
        sooner of buying and making."""
        missing, last = self._take(means, wish.product, wish.warehouse.id, quantity)
        if wish.product.uom_id.compare(missing, 0) <= 0:
            return last
        bought = min((way.date for way in self._purchases(wish, missing)), default=None)
        trial = means.trial()
        made = self._made_on(wish, missing, trial, above)
        if made and (not bought or made < bought):
            means.accept(trial)
            return max(last, made)
        return bought and max(last, bought)
