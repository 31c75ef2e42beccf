from odoo import models
from odoo.tools import SQL


class BacklogLineToday(models.AbstractModel):
    """A line may be late since raw material is."""

    _inherit = "backlog.line.today"

    def _delay_cause(self):
        return SQL(
            """
            CASE WHEN %(cause)s <> 'supply_late' OR NOT waits_for_component
                 THEN %(cause)s
                 ELSE 'component'
             END
            """,
            cause=super()._delay_cause(),
        )
