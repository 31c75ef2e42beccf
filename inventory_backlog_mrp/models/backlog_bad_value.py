from odoo import api, models
from odoo.tools import SQL

from odoo.addons.inventory_backlog.models.backlog_bad_value import Check


class BacklogBadValue(models.AbstractModel):
    """Bad values in bills of materials."""

    _inherit = "backlog.bad.value"

    @api.model
    def _checks(self):
        return [
            *super()._checks(),
            Check(
                "mrp.bom",
                {"product_qty": "factor", "produce_delay": "days"},
                SQL("record.active"),
                "",
            ),
            Check("mrp.bom.line", {"product_qty": "quantity"}, SQL("TRUE"), "bom_id"),
        ]
