from odoo import fields, models


class MrpProduction(models.Model):
    """The suggestion behind a manufacturing order."""

    _inherit = "mrp.production"

    backlog_suggestion_id = fields.Many2one(
        "backlog.suggestion",
        "Reorder Suggestion",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The suggestion that it was made from; it says which orders wait for it.",
    )

    def _get_backorder_mo_vals(self):
        """The suggestion is under way until the rest is made as well."""
        return {
            **super()._get_backorder_mo_vals(),
            "backlog_suggestion_id": self.backlog_suggestion_id.id,
        }
