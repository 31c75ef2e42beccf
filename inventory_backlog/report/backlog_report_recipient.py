import logging

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..const import VALUE_GROUPS
from ..tools.link import Link
from ..tools.readers import why_not_told

_logger = logging.getLogger(__name__)


class BacklogReportRecipient(models.Model):
    """A user who gets the backlog report of a company and warehouse by mail once a
    week.

    The report is made with the rights of the recipient.
    """

    _name = "backlog.report.recipient"
    _inherit = ["backlog.bounds.mixin", "backlog.history.mixin"]
    _description = "Backlog Report Recipient"
    _check_company_auto = True
    _order = "company_id, user_id, id"
    _rec_name = "user_id"

    active = fields.Boolean(default=True)
    user_id = Link(
        "res.users",
        required=True,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        ondelete="cascade",
        help="The report shows the orders that this user may see.",
    )
    company_id = Link(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    warehouse_id = Link(
        "stock.warehouse",
        check_company=True,
        ondelete="cascade",
        help="Empty: all warehouses of the company.",
    )
    sent_on = fields.Date(
        "Last Sent",
        readonly=True,
        copy=False,
        history=True,
        help="The report is sent once a week, weeks begin on Monday. Switch on the "
        "scheduled action “Backlog: weekly report” to have it sent.",
    )
    failure = fields.Text(
        "Not Sent Because",
        readonly=True,
        copy=False,
        history=True,
        help="Why the report could not be sent. It is tried again every day.",
    )
    obstacle = fields.Char(
        "Gets Nothing Because",
        compute="_compute_obstacle",
        help="Why this user must not or cannot get the report as things are now.",
    )

    _once = models.UniqueIndex(
        "(user_id, company_id, COALESCE(warehouse_id, 0))",
        "This user already gets the report of this company and warehouse. Look among "
        "the archived ones, too.",
    )

    # Who may get it

    @api.depends(
        "company_id",
        "user_id.active",
        "user_id.company_ids",
        "user_id.email",
        "user_id.group_ids",
    )
    def _compute_obstacle(self):
        for recipient in self:
            recipient.obstacle = recipient._obstacle() or False

    def _obstacle(self, by_mail=True):
        """Why the user may not or cannot get the report; empty where nothing is in the
        way."""
        if not self.user_id or not self.company_id:
            return ""
        return why_not_told(self.user_id, self.company_id, VALUE_GROUPS, by_mail)

    @api.constrains("user_id", "company_id")
    def _check_user_id(self):
        """Only users who may read the report can be chosen. Users who lose the right
        later get nothing, and the list shows why."""
        for recipient in self:
            if reason := recipient._obstacle(by_mail=False):
                raise ValidationError(
                    self.env._(
                        "The backlog report is for those who see the backlog with its "
                        "values. %s",
                        reason,
                    )
                )

    def _check_reachable(self):
        if reason := self._obstacle():
            raise UserError(reason)

    # Sending

    @api.model
    def _cron_send(self):
        """Send the report to all recipients who have not got it this week. The action
        runs every day: a failure is logged, shown on its recipient, and tried again the
        next day."""
        due = self.search(Domain.TRUE).filtered(lambda one: one._is_due())
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(due))
        for recipient in due:
            if recipient.try_lock_for_update():
                recipient._try_to_send()
            if not cron._commit_progress(1):
                break

    def _is_due(self):
        """Whether the report has not been sent in this week, by the days of the
        company."""
        self.ensure_one()
        today = self.company_id._backlog_today()
        return not self.sent_on or (
            self.sent_on.isocalendar()[:2] != today.isocalendar()[:2]
        )

    def _try_to_send(self):
        """Send the report, or note on the recipient why that failed."""
        try:
            with self.env.cr.savepoint():
                self._send()
        except Exception as error:
            # A failure for one recipient must not stop the others.
            self.env.invalidate_all()
            self.failure = str(error) or type(error).__name__
            _logger.warning(
                "The backlog report of %s was not sent to %s",
                self.company_id.name,
                self.user_id.login,
                exc_info=True,
            )

    def _send(self):
        """Queue a mail with the report; Odoo sends it with the other mails."""
        self.ensure_one()
        self._check_reachable()
        report = self._as_recipient("backlog.report").create(
            {
                "company_id": self.company_id.id,
                "warehouse_id": self.warehouse_id.id,
            }
        )
        report.with_lines = not report._is_too_long()
        template = self.env.ref("inventory_backlog.mail_template_backlog_report")
        template.with_env(report.env).send_mail(report.id)
        self.write({"sent_on": self.company_id._backlog_today(), "failure": False})

    def _as_recipient(self, model):
        """``model`` as the recipient would see it."""
        user = self.user_id
        return (
            self.env[model]
            .with_user(user)
            .with_company(self.company_id)
            .with_context(lang=user.lang, tz=user.tz or self.company_id._backlog_zone())
        )
