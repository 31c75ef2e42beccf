from odoo import fields, models


class BacklogKeptLine(models.Model):
    """Kept too: whether a line waits for the raw material of its production."""

    _inherit = "backlog.kept.line"

    waits_for_component = fields.Boolean()
