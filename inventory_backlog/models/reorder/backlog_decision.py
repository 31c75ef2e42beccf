from odoo import fields, models
from odoo.exceptions import UserError

from ...const import BUYING
from ...tools.arguments import checked_quantity, checked_text


class BacklogDecision(models.AbstractModel):
    """What people decide about suggestions short of ordering: to set them aside, to
    propose them again, to buy from another vendor or in another quantity.

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
        suggestion._check_one()
        self._choose(suggestion, partner_id=partner_id or False)

    def _choose(self, suggestions, partner_id=None, suggested_qty=None):
        """Buy from another vendor, or in another quantity, and plan the products with
        that. The same for all of these suggestions, as when several rows of a list are
        edited: none is changed where one cannot be.

        :raise UserError: with the first that cannot
        """
        suggestions.check_access("write")
        suggestions._check_open()
        for suggestion in suggestions:
            if partner_id is not None:
                self._set_vendor(suggestion, partner_id)
            if suggested_qty is not None:
                self._set_quantity(suggestion, suggested_qty)
        self.env["backlog.suggestion.run"]._run_again(suggestions)

    def _set_vendor(self, suggestion, partner_id):
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

    def _set_quantity(self, suggestion, quantity):
        quantity = checked_quantity(self.env, quantity)
        one = suggestion.sudo()
        if one.action_type not in BUYING:
            raise UserError(
                self.env._(
                    "%s: only what is bought has a quantity to choose. Accept the "
                    "others in their own window to change it.",
                    suggestion.display_name,
                )
            )
        missing = one.product_uom_id.round(sum(one.line_ids.mapped("qty")))
        quantity = one.product_uom_id.round(quantity)
        if not quantity:
            raise UserError(
                self.env._(
                    "Order more than nothing of %s, or dismiss it.",
                    suggestion.display_name,
                )
            )
        if (
            one.action_type == "dropship"
            and one.product_uom_id.compare(quantity, missing) > 0
        ):
            raise UserError(
                self.env._(
                    "The vendor ships %s to the customers, who wait for less. Lower "
                    "the quantity.",
                    suggestion.display_name,
                )
            )
        one.write(
            {
                "suggested_qty": quantity,
                "is_qty_chosen": True,
                "chosen_for_qty": missing,
            }
        )

    def _decided(self, suggestions):
        """Number what is still proposed, and have the next run look again."""
        for company in suggestions.company_id:
            self.env["backlog.suggestion.run"]._run_for(company)._rank()
        self.env["backlog.facts"]._drop_checks(suggestions.product_id)
