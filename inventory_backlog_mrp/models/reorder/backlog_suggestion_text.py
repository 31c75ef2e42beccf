from odoo import models

from odoo.addons.inventory_backlog.tools.names import named


class BacklogSuggestionText(models.AbstractModel):
    """What is made, and what it lacks, in words."""

    _inherit = "backlog.suggestion.text"

    def _supply_notes(self, suggestions):
        notes = super()._supply_notes(suggestions)
        productions = suggestions.production_ids.filtered(
            lambda production: production.state not in ("done", "cancel")
        )
        notes += [self.env._("MO %s", production.name) for production in productions]
        return notes

    def _quantity_sentences(self, suggestion):
        if suggestion.action_type != "make":
            return super()._quantity_sentences(suggestion)
        if suggestion.obstacle == "bom_cycle":
            return [
                self.env._(
                    "The bill of materials of %s contains itself, so what goes into it "
                    "is not suggested. Correct the bill of materials.",
                    named(suggestion.product_id).display_name,
                )
            ]
        return [
            *self._batch_sentences(suggestion),
            *self._component_sentences(suggestion),
        ]

    def _batch_sentences(self, suggestion):
        """What is made beyond what is missing, to fill the last batch."""
        size = suggestion.bom_id._backlog_batch_size(suggestion.product_id)
        extra = suggestion.missing_qty - suggestion._planned_qty()
        if not size or suggestion.product_uom_id.compare(extra, 0) <= 0:
            return []
        return [
            self.env._(
                "Made in batches of %(size)s: %(extra)s extra.",
                size=suggestion._quantity(size),
                extra=suggestion._quantity(extra),
            )
        ]

    def _component_sentences(self, suggestion):
        if not suggestion.bottleneck_id:
            return [self.env._("All components are in stock: it can be made now.")]
        figures = {
            "able": suggestion._quantity(suggestion.able_to_make_qty),
            "component": named(suggestion.bottleneck_id).display_name,
        }
        if suggestion.able_to_make_qty:
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
