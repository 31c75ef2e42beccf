from odoo import api, models


class BacklogLine(models.Model):
    """A kit is counted whole, and a line may wait for raw material."""

    _inherit = "backlog.line"
    _depends = {"stock.move": ["raw_material_production_id"]}

    @api.model
    def _form_groups(self):
        """The form of a manufacturing order shows work orders."""
        return super()._form_groups() | {"mrp.production": "mrp.group_mrp_user"}
