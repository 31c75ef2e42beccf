from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    backlog_risk_days = fields.Integer(
        "Risk Horizon",
        default=14,
        help="A line with something to source is at risk when its promise is nearer "
        "than this number of days.",
    )
    _backlog_risk_days_positive = models.Constraint(
        "CHECK (backlog_risk_days >= 0)",
        "The risk horizon cannot be negative. Use 0 to look at late lines only.",
    )
