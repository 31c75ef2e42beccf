from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from .arguments import checked_text
from .backlog_suggestion import MAIL_MODELS, OPEN


class BacklogSuggestion(models.Model):
    """What people decide about a suggestion: dismissed, snoozed, proposed again."""

    _inherit = "backlog.suggestion"

    def write(self, vals):
        """Buyers may write what belongs to mail and activities. The rest is what the
        run finds and what the buttons decide: whoever wrote it could order anything."""
        if not self.env.su and (fixed := self._fixed_names(vals)):
            raise AccessError(
                self.env._(
                    "%s: this cannot be written. Accept, snooze or dismiss the "
                    "suggestion, or choose another vendor for it.",
                    ", ".join(fixed),
                )
            )
        return super().write(vals)

    def _fixed_names(self, names):
        """Those of these fields that only the run and the buttons write: the state, and
        what is read-only on the screens."""
        mail = {
            name for model in MAIL_MODELS for name in self.env.registry[model]._fields
        }
        return [
            name
            for name in names
            if name == "state"
            or name in self._fields.keys() - mail
            and self._fields[name].readonly
        ]

    def _check_open(self):
        if settled := self.filtered(lambda one: one.state not in OPEN):
            raise UserError(
                self.env._(
                    "%s: this is under way or done already. Undo it first.",
                    ", ".join(settled[:5].mapped("display_name")),
                )
            )

    def action_dismiss(self, reason):
        """Set these suggestions aside. Each comes back by itself when more is short
        than now.

        :param str reason: why, for those who look later
        :return: True
        :raise UserError: without a reason or with one of more than a thousand
            characters, or for what is under way or done
        """
        if not isinstance(reason, str) or not reason.strip():
            raise UserError(self.env._("Say in a few words why you dismiss it."))
        reason = checked_text(self.env, reason)
        self.check_access("write")
        self._check_open()
        # Checked above; nobody writes decisions but through these methods.
        for suggestion in self.sudo():
            suggestion.write(
                {
                    "state": "dismissed",
                    "dismiss_reason": reason,
                    "dismissed_qty": suggestion.shortage_qty,
                    "snooze_until": False,
                }
            )
        self._forget()
        return True

    def action_snooze(self, until):
        """Do not show these suggestions before a day.

        :param str until: the day on which they come back (``YYYY-MM-DD``)
        :return: True
        :raise UserError: for a day that is not to come, or for what is under way or
            done
        """
        try:
            day = fields.Date.to_date(until)
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                self.env._("The date must look like 2030-12-31.")
            ) from error
        self.check_access("write")
        self._check_open()
        for company, suggestions in self.grouped("company_id").items():
            if not day or day <= company._backlog_today():
                raise UserError(self.env._("Choose a day after today."))
            # As in ``action_dismiss``.
            suggestions.sudo().write(
                {"state": "snoozed", "snooze_until": day, "dismiss_reason": False}
            )
        self._forget()
        return True

    def action_propose(self):
        """Bring back what was snoozed or dismissed."""
        self.check_access("write")
        self._check_open()
        # As in ``action_dismiss``.
        self.sudo().write(
            {"state": "proposed", "snooze_until": False, "dismiss_reason": False}
        )
        self._forget()
        return True

    def _forget(self):
        """Somebody decided: the next run looks at these products again."""
        # The memory of the run belongs to nobody.
        self.env["backlog.suggestion.check"].sudo().search(
            [("product_id", "in", self.product_id.ids)]
        ).unlink()
