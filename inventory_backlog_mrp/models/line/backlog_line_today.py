from odoo import models
from odoo.tools import SQL


class BacklogLineToday(models.AbstractModel):
    """A line may be late since raw material is."""

    _inherit = "backlog.line.today"

    def _supply_cause(self):
        return SQL(
            "CASE WHEN waits_for_component THEN 'component' ELSE %s END",
            super()._supply_cause(),
        )
