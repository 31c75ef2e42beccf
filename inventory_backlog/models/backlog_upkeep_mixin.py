from odoo import api, models


class BacklogUpkeepMixin(models.AbstractModel):
    """Documents whose lines decide the backlog: writing them refreshes cached rows
    where the scheduled action does not run (see ``backlog.upkeep``)."""

    _name = "backlog.upkeep.mixin"
    _description = "What Makes the Kept Backlog Out of Date"

    @api.model_create_multi
    def create(self, vals_list):
        """Followed by upkeep, once the transaction is committed."""
        self.env["backlog.upkeep"]._after_commit()
        return super().create(vals_list)

    def write(self, vals):
        """Followed by upkeep, once the transaction is committed."""
        self.env["backlog.upkeep"]._after_commit()
        return super().write(vals)
