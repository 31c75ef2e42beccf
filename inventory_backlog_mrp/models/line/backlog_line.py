from odoo import models


class BacklogLine(models.Model):
    """A kit is counted whole, and a line may wait for raw material."""

    _inherit = "backlog.line"
    _depends = {"stock.move": ["raw_material_production_id"]}
