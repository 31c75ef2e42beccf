from odoo import models


class BacklogImpact(models.AbstractModel):
    """A production is held up by the vendor of a component, and with it who waits for
    what is made."""

    _inherit = "backlog.impact"

    def _held_up(self, moves):
        made = moves.raw_material_production_id.move_finished_ids
        return super()._held_up(moves) | self._open(made)
