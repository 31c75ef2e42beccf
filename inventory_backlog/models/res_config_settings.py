from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    """The settings of the backlog on Odoo's own screen, for companies that the user
    works in."""

    _inherit = "res.config.settings"

    backlog_risk_days = fields.Integer(
        related="company_id.backlog_risk_days",
        related_sudo=False,
        readonly=False,
    )
    backlog_tz = fields.Selection(
        related="company_id.partner_id.tz",
        string="Time Zone",
        related_sudo=False,
        readonly=False,
    )
    backlog_age_steps = fields.Char(
        related="company_id.backlog_age_steps",
        related_sudo=False,
        readonly=False,
    )
    backlog_lateness_steps = fields.Char(
        related="company_id.backlog_lateness_steps",
        related_sudo=False,
        readonly=False,
    )
    backlog_snapshot_years = fields.Integer(
        related="company_id.backlog_snapshot_years",
        related_sudo=False,
        readonly=False,
    )
    backlog_horizon_days = fields.Integer(
        related="company_id.backlog_horizon_days",
        related_sudo=False,
        readonly=False,
    )
    backlog_create_requests = fields.Boolean(
        related="company_id.backlog_create_requests",
        related_sudo=False,
        readonly=False,
    )
    backlog_digest_user_ids = fields.Many2many(
        related="company_id.backlog_digest_user_ids",
        related_sudo=False,
        readonly=False,
    )
    backlog_digest_hint = fields.Text(
        related="company_id.backlog_digest_hint", related_sudo=False
    )
    backlog_vendor_window_days = fields.Integer(
        related="company_id.backlog_vendor_window_days",
        related_sudo=False,
        readonly=False,
    )
    backlog_vendor_min_receipts = fields.Integer(
        related="company_id.backlog_vendor_min_receipts",
        related_sudo=False,
        readonly=False,
    )
    backlog_weight_accepted = fields.Integer(
        related="company_id.backlog_weight_accepted",
        related_sudo=False,
        readonly=False,
    )
    backlog_weight_on_time = fields.Integer(
        related="company_id.backlog_weight_on_time",
        related_sudo=False,
        readonly=False,
    )
    backlog_weight_steady = fields.Integer(
        related="company_id.backlog_weight_steady",
        related_sudo=False,
        readonly=False,
    )
    backlog_tolerance_quality = fields.Float(
        related="company_id.backlog_tolerance_quality",
        related_sudo=False,
        readonly=False,
    )
    backlog_tolerance_on_time = fields.Float(
        related="company_id.backlog_tolerance_on_time",
        related_sudo=False,
        readonly=False,
    )
    backlog_tolerance_lead_days = fields.Float(
        related="company_id.backlog_tolerance_lead_days",
        related_sudo=False,
        readonly=False,
    )
    backlog_tolerance_price = fields.Float(
        related="company_id.backlog_tolerance_price",
        related_sudo=False,
        readonly=False,
    )
    backlog_parity_first = fields.Boolean(
        related="company_id.backlog_parity_first",
        related_sudo=False,
        readonly=False,
    )
