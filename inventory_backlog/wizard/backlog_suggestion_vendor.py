from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..const import BUYING


class BacklogSuggestionVendor(models.TransientModel):
    """Choose vendors for what is to be bought and has none: a row for each product. A
    vendor that does not sell the product yet is added to its vendors."""

    _name = "backlog.suggestion.vendor"
    _inherit = ["backlog.bounds.mixin"]
    _description = "Choose Vendors"

    line_ids = fields.One2many("backlog.suggestion.vendor.line", "window_id")
    can_add = fields.Boolean(
        compute="_compute_can_add",
        help="Whether you may add vendors to products.",
    )

    @api.depends("line_ids")
    @api.depends_context("uid")
    def _compute_can_add(self):
        can_add = self.env["product.supplierinfo"].has_access("create")
        for window in self:
            window.can_add = can_add

    @api.model
    def _open_for(self, suggestions):
        """Open the window with a row for each of these suggestions that is bought."""
        suggestions.check_access("write")
        bought = suggestions.filtered(lambda one: one.action_type in BUYING)
        if not bought:
            raise UserError(self.env._("Choose what is to be bought."))
        bought._check_open()
        window = self.create(
            {
                "line_ids": [
                    # Records: the user can read them.
                    Command.create({"suggestion_id": one, "partner_id": one.partner_id})
                    for one in bought
                ]
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Choose vendor"),
            "res_model": self._name,
            "res_id": window.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "large"},
        }

    def action_confirm(self):
        """Buy from the vendors that were chosen.

        :raise AccessError: where one is to be added to a product, for whom that is not
        """
        chosen = self.line_ids.filtered(
            lambda line: (
                line.suggestion_id
                and line.partner_id
                and line.partner_id != line.suggestion_id.partner_id
            )
        )
        if not chosen:
            raise UserError(self.env._("Choose a vendor in at least one row."))
        for line in chosen:
            line._apply()
        message = self.env._("Vendors chosen: %s.", len(chosen))
        return self.env["backlog.suggestion"]._notification(False, message)
