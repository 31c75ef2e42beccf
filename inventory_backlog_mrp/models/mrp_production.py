from odoo import models

from odoo.addons.inventory_backlog.models.backlog_history_mixin import Ours
from odoo.addons.inventory_backlog.tools.link import Link


class MrpProduction(models.Model):
    """The suggestion behind a manufacturing order."""

    _name = "mrp.production"
    _inherit = ["mrp.production", "backlog.history.mixin"]

    backlog_suggestion_id = Link(
        "backlog.suggestion",
        "Reorder Suggestion",
        readonly=True,
        copy=False,
        history=True,
        index="btree_not_null",
        ondelete="set null",
        help="The suggestion that it was made from; it says which orders wait for it.",
    )

    def _get_backorder_mo_vals(self):
        """The backorder belongs to the same suggestion."""
        return {
            **super()._get_backorder_mo_vals(),
            "backlog_suggestion_id": Ours(self.backlog_suggestion_id),
        }
