from odoo import fields, models
from odoo.exceptions import UserError

from ...const import BUYING
from ...tools.arguments import checked_text


class BacklogDecision(models.AbstractModel):
    """What people decide about suggestions short of ordering: to set them aside, to
    propose them again, to buy from another vendor.

    Each method checks that the current user may write the suggestions and that nothing
    was ordered of them, writes as superuser, since users may not write these fields
    themselves, and has the next run look at the products again.
    """

    _name = "backlog.decision"
    _description = "Decisions about Suggestions"

    def _dismiss(self, suggestions, reason):
        """Set suggestions aside until more is short than now."""
        if not isinstance(reason, str) or not reason.strip():
            raise UserError(self.env._("Say in a few words why you dismiss it."))
        reason = checked_text(self.env, reason)
        suggestions.check_access("write")
        suggestions._check_open()
        for suggestion in suggestions.sudo():
            suggestion.write(
                {
                    "state": "dismissed",
                    "dismiss_reason": reason,
                    "dismissed_qty": suggestion.shortage_qty,
                    "snooze_until": False,
                }
            )
        self._decided(suggestions)

    def _snooze(self, suggestions, until):
        """Set suggestions aside until the day ``until`` (``YYYY-MM-DD``)."""
        try:
            day = fields.Date.to_date(until)
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                self.env._("The date must look like 2030-12-31.")
            ) from error
        suggestions.check_access("write")
        suggestions._check_open()
        for company, of_company in suggestions.grouped("company_id").items():
            if not day or day <= company._backlog_today():
                raise UserError(self.env._("Choose a day after today."))
            of_company.sudo().write(
                {"state": "snoozed", "snooze_until": day, "dismiss_reason": False}
            )
        self._decided(suggestions)

    def _propose(self, suggestions):
        """Propose again what was set aside."""
        suggestions.check_access("write")
        suggestions._check_open()
        suggestions.sudo().write(
            {"state": "proposed", "snooze_until": False, "dismiss_reason": False}
        )
        self._decided(suggestions)

    def _choose_vendor(self, suggestion, partner_id):
        """Buy from another vendor of the product, and plan the product with it."""
        suggestion.check_access("write")
        suggestion._check_one()
        suggestion._check_open()
        one = suggestion.sudo().with_company(suggestion.company_id)
        possible = one.product_id._get_filtered_sellers(quantity=None).partner_id
        if (
            type(partner_id) is not int
            or partner_id not in possible.ids
            or suggestion.action_type not in BUYING
        ):
            raise UserError(
                self.env._(
                    "This vendor cannot be chosen for %s: it does not sell it, is out, "
                    "or is not approved.",
                    suggestion.display_name,
                )
            )
        one.write({"partner_id": partner_id, "is_vendor_chosen": True})
        self.env["backlog.suggestion.run"]._run_again(suggestion)

    def _decided(self, suggestions):
        """Number what is still proposed, and have the next run look again."""
        for company in suggestions.company_id:
            self.env["backlog.suggestion.run"]._run_for(company)._rank()
        self.env["backlog.facts"]._drop_checks(suggestions.product_id)
