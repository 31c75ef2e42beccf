from odoo import api, fields, models
from odoo.exceptions import UserError

from ..const import MOVABLE_STATES, REQUEST_STATES
from ..tools.link import Link
from ..tools.texts import short_day

CUSTOMERS = 3


class BacklogConfirmRequestLine(models.TransientModel):
    """A request to confirm: from whom, for how much, when it comes, who is helped."""

    _name = "backlog.confirm.request.line"
    _inherit = ["backlog.bounds.mixin"]
    _description = "Request to Confirm"

    confirm_id = Link(
        "backlog.confirm.request", "Window", required=True, ondelete="cascade"
    )
    is_chosen = fields.Boolean("Confirm", default=True)
    document = fields.Reference(
        selection="_selection_document", required=True, readonly=True
    )
    partner_name = fields.Char("Vendor", compute="_compute_figures")
    currency_id = Link("res.currency", compute="_compute_figures")
    amount = fields.Monetary("Total", compute="_compute_figures")
    arrival = fields.Char(compute="_compute_figures")
    helped = fields.Char("Who Is Helped", compute="_compute_figures")

    @api.model
    def _selection_document(self):
        return self.env["backlog.allocation"]._selection_document()

    @api.depends("document")
    def _compute_figures(self):
        # What is saved: a form may name any document. By the rights of the user.
        documents = {line: line._origin.document for line in self}
        readable = {
            line: document
            for line, document in documents.items()
            if document and document.has_access("read")
        }
        helped = self.env["backlog.situation"]._helped([*readable.values()])
        for line in self:
            document = readable.get(line, self.env["purchase.order"])
            is_bought = document._name == "purchase.order"
            line.partner_name = is_bought and document.partner_id.display_name
            line.currency_id = is_bought and document.currency_id
            line.amount = document.amount_total if is_bought else 0
            day = document and self.env["backlog.situation"]._arrival_of(document)
            line.arrival = short_day(self.env, day or False)
            line.helped = document and self._helped_text(helped[document])

    def _helped_text(self, lines):
        """Whose lines wait, in a few words."""
        if not lines:
            return self.env._("Nobody waits for it.")
        customers = lines.partner_id.sudo().mapped("display_name")
        names = ", ".join(customers[:CUSTOMERS])
        if len(customers) > CUSTOMERS:
            names = self.env._(
                "%(names)s and %(more)s more",
                names=names,
                more=len(customers) - CUSTOMERS,
            )
        if len(lines) == 1:
            return self.env._("1 line: %s", names)
        return self.env._("%(count)s lines: %(names)s", count=len(lines), names=names)

    def _confirm(self):
        """Confirm the document, which the user may write, with their rights.

        :raise UserError: when it is no request any more, or Odoo refuses
        """
        document = self.document
        if document.state not in REQUEST_STATES:
            raise UserError(
                self.env._("%s is confirmed or cancelled already.", document.name)
            )
        if document._name == "purchase.order":
            document._confirm_for_backlog()
        else:
            document.action_confirm()
        if document.state in MOVABLE_STATES:
            raise UserError(
                self.env._("%s could not be confirmed: open it.", document.name)
            )
