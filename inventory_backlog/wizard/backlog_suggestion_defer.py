from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.link import check_readable

DAYS = 7
MOST_DAYS = 3650


class BacklogSuggestionDefer(models.TransientModel):
    """Set suggestions aside: until a day, or until more is short."""

    _name = "backlog.suggestion.defer"
    _inherit = ["backlog.bounds.mixin"]
    _description = "Set Suggestions Aside"

    suggestion_ids = fields.Many2many("backlog.suggestion", string="Suggestions")
    mode = fields.Selection(
        [("snooze", "Snooze"), ("dismiss", "Dismiss")], required=True, default="snooze"
    )
    until = fields.Date(
        "Show Again On",
        default=lambda self: self.env.company._backlog_today() + timedelta(days=DAYS),
    )
    reason = fields.Char(help="For those who look later.")

    @api.constrains("suggestion_ids")
    def _check_readable(self):
        check_readable(self, "suggestion_ids")

    @api.model
    def _open_for(self, suggestions, mode):
        """Open the window for these suggestions.

        :param str mode: ``snooze`` or ``dismiss``
        """
        if not suggestions:
            raise UserError(self.env._("Choose at least one suggestion."))
        suggestions._check_open()
        defer = self.create(
            {"suggestion_ids": [fields.Command.set(suggestions.ids)], "mode": mode}
        )
        return {
            "type": "ir.actions.act_window",
            "name": dict(self._fields["mode"]._description_selection(self.env))[mode],
            "res_model": self._name,
            "res_id": defer.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "medium"},
        }

    def action_snooze(self):
        """Until the day of the window, or so many days from now as the button says."""
        until = self.until
        if days := self.env.context.get("snooze_days"):
            if type(days) is not int or not 0 < days <= MOST_DAYS:
                raise UserError(
                    self.env._("Give a number of days from 1 to %s.", MOST_DAYS)
                )
            until = self.env.company._backlog_today() + timedelta(days=days)
        self.suggestion_ids.exists().action_snooze(until)
        return {"type": "ir.actions.act_window_close"}

    def action_dismiss(self):
        """For the reason that was given."""
        self.suggestion_ids.exists().action_dismiss(self.reason or "")
        return {"type": "ir.actions.act_window_close"}
