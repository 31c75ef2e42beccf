from math import floor

from odoo import models
from odoo.fields import Domain

from odoo.addons.inventory_backlog.tools.given import giving
from odoo.addons.inventory_backlog.tools.names import named
from odoo.addons.inventory_backlog.tools.prepared import by_plan

from ..split.backlog_live_line import READY

COMPONENTS_SHOWN = 3


class BacklogWhy(models.AbstractModel):
    """Which component a kit waits for, and which raw material is missing where it is
    made."""

    _inherit = "backlog.why"

    def _explain_verdict(self, line, slices):
        """Also which component holds a kit back, which raw material is missing where it
        is made, and whose vendor is out."""
        # As superuser: users may lack the right to read production; they see names and
        # quantities.
        documents = [row.document for row in slices.sudo() if row.document]
        productions = self.env["mrp.production"].sudo()
        productions = productions.union(
            *(one for one in documents if one._name == "mrp.production")
        )
        short, not_carried = self._short_components(line, productions)
        return [
            *super()._explain_verdict(line, slices),
            *self._kit_sentences(line, slices),
            *self._component_sentences(line, short),
            *self._explain_vendors(line, short | not_carried),
        ]

    def _kit_sentences(self, line, slices):
        """Which components make no more kits than are ready, and of which more goes
        along than the kits need."""
        if all(row.product_id == line.product_id for row in slices):
            return
        components = self._components_of_kit(line)
        if not components:
            return
        sent = floor(max(0, min(one["sent_kits"] for one in components)))
        kits = line.open_qty + sent
        for one in components:
            one["needed_qty"] = one["per_kit"] * kits - one["sent_qty"]
        fewest = floor(components[0]["there_kits"])
        scarce = [
            one
            for one in components
            if floor(one["there_kits"]) == fewest and one["there_kits"] < kits
        ]
        if line.backorder_qty > 0:
            yield from map(self._held_back_sentence, scarce[:COMPONENTS_SHOWN])
            if more := scarce[COMPONENTS_SHOWN:]:
                yield self.env._("%s more components hold it back.", len(more))
        for one in components:
            product = one["product"]
            too_much = one["open_qty"] - one["needed_qty"]
            # Less than one kit takes is what Odoo rounded up.
            if product.uom_id.compare(too_much, one["per_kit"]) >= 0:
                yield self.env._(
                    "More of component %(component)s goes along than the kits need: "
                    "%(quantity)s. Correct the demand of the transfer.",
                    component=named(product).display_name,
                    quantity=self._unit_quantity(too_much, product),
                )

    def _components_of_kit(self, line):
        """The rows of ``backlog.live.line._components_of`` for one line as dicts, with
        the product; the scarcest first."""
        product_ids = line._moved_product_ids()
        self.env.flush_query(self.env["backlog.kept"]._reads())
        statement = self.env["backlog.live.line"]._components_of(
            line.order_line_id.ids,
            product_ids,
            self.env["backlog.allocation"]._raw_slices(product_ids),
        )
        rows = self.env.execute_query_dict(by_plan(self.env, statement, product_ids))
        # As superuser: users may lack the right to read components; they see names.
        products = self.env["product.product"].sudo()
        return [{**row, "product": products.browse(row["product_id"])} for row in rows]

    def _held_back_sentence(self, component):
        product, needed = component["product"], component["needed_qty"]
        return self.env._(
            "Held back by component %(component)s: %(ready)s of %(needed)s are there.",
            component=named(product).display_name,
            ready=self._unit_quantity(
                max(0, min(component["ready_qty"], needed)), product
            ),
            needed=self._unit_quantity(needed, product),
        )

    def _short_components(self, line, productions):
        """The rows of the allocation of raw material that is not there, see
        ``_short_production``, and of the transfers that wait for it."""
        allocation = self.env["backlog.allocation"].sudo()
        raw_material = productions.move_raw_ids
        with giving(allocation, product_ids=raw_material.product_id.ids) as asked:
            short = asked.search_fetch(
                Domain("move_id", "in", raw_material.ids)
                & Domain("source", "not in", READY)
            )
            carried = asked.search_fetch([("move_id", "in", short.receipt_move_id.ids)])
        short = short.with_env(allocation.env)
        carried = carried.with_env(allocation.env)
        waiting = carried.filtered(lambda row: row.source not in READY)
        there = carried.move_id - waiting.move_id
        return short.filtered(lambda row: row.receipt_move_id not in there), waiting

    def _component_sentences(self, line, short):
        return [
            self.env._(
                "%(production)s waits for %(quantity)s of %(component)s.",
                production=production.name,
                quantity=self._unit_quantity(sum(rows.mapped("qty")), product),
                component=named(product).display_name,
            )
            for (production, product), rows in short.grouped(
                lambda row: (row.move_id.raw_material_production_id, row.product_id)
            ).items()
        ]
