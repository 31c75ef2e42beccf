from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    backlog_risk_days = fields.Integer(
        related="company_id.backlog_risk_days", readonly=False
    )
