from collections import defaultdict
from math import floor

from odoo import fields, models

from odoo.addons.inventory_backlog.models.line.backlog_quote import Wish
from odoo.addons.inventory_backlog.tools.bounds import MOST_QUANTITY


class BacklogQuote(models.AbstractModel):
    """A kit is promised as its components are."""

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

    def _kits(self, wishes):
        """``{(product, company): bill of materials}`` of the kits, looked up once for
        each company."""
        products = defaultdict(self.env["product.product"].sudo().browse)
        for product, _quantity, warehouse, _made_to_order in wishes:
            products[warehouse.company_id] |= product.sudo()
        # Salespeople cannot read bills of materials.
        find = self.env["mrp.bom"].sudo()._bom_find
        return {
            (product, company): bom
            for company, group in products.items()
            for product, bom in find(
                group, company_id=company.id, bom_type="phantom"
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
        return [
            Wish(component.sudo(False), quantity, wish.warehouse, wish.made_to_order)
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
            "vendor_lead_days": max(p["vendor_lead_days"] for p in waiting)
            if waiting and known
            else False,
            "to_source_date": max(last, default=False),
            "expected_date": known
            and max([now, *(part["date"] for part in incoming), *last]),
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
