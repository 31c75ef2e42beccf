from odoo import models
from odoo.fields import Domain

from odoo.addons.inventory_backlog.tools.given import giving
from odoo.addons.inventory_backlog.tools.names import named

from ..split.backlog_live_line import READY


class BacklogWhy(models.AbstractModel):
    """Which raw material is missing where it is made."""

    _inherit = "backlog.why"

    def _explain_verdict(self, line, slices):
        """Also which raw material is missing where it is made, and whose vendor is
        out."""
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
            *self._component_sentences(line, short),
            *self._explain_vendors(line, short | not_carried),
        ]

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
