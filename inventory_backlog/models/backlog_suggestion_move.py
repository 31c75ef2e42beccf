from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class BacklogSuggestion(models.Model):
    """What is accepted and not bought: transfers between warehouses, and asking for
    what is on its way to come sooner."""

    _inherit = "backlog.suggestion"

    @api.model
    def _accept_transfer(self, choices):
        """One draft transfer from each warehouse to each."""
        routes = defaultdict(list)
        for choice in choices:
            one = choice.suggestion
            routes[one.source_warehouse_id, one.warehouse_id].append(choice)
        for (source, target), of_route in routes.items():
            self.env["stock.picking"].create(
                {
                    "picking_type_id": source.int_type_id.id,
                    "location_id": source.lot_stock_id.id,
                    "location_dest_id": target.lot_stock_id.id,
                    "company_id": source.company_id.id,
                    "origin": self.env._("Reorder suggestions"),
                    "move_ids": [
                        fields.Command.create(choice.suggestion._move_values(choice))
                        for choice in of_route
                    ],
                }
            )
            for choice in of_route:
                choice.suggestion.suggested_qty = choice.qty

    def _move_values(self, choice):
        source, target = self.source_warehouse_id, self.warehouse_id
        return {
            "product_id": self.product_id.id,
            "product_uom_qty": choice.qty,
            "product_uom": self.product_uom_id.id,
            "location_id": source.lot_stock_id.id,
            "location_dest_id": target.lot_stock_id.id,
            "company_id": self.company_id.id,
            "backlog_suggestion_id": self.id,
            "date": self._noon(self.need_date),
        }

    @api.model
    def _accept_expedite(self, choices):
        """An activity on each document that comes too late, for who is in charge."""
        for choice in choices:
            suggestion = choice.suggestion
            for document, lines in suggestion._late_documents().items():
                suggestion.asked_activity_ids |= document.activity_schedule(
                    "mail.mail_activity_data_todo",
                    date_deadline=suggestion.company_id._backlog_today(),
                    summary=self.env._(
                        "Pull in %s", suggestion.product_id.display_name
                    ),
                    note=suggestion._late_note(lines),
                    user_id=(document.user_id or self.env.user).id,
                )

    def _late_documents(self):
        """``{document: lines}`` of the receipts that come too late."""
        documents = defaultdict(self.line_ids.browse)
        for line in self.line_ids:
            if line.document:
                documents[line.document] |= line
        return documents

    def _late_note(self, lines, to_vendor=False):
        """What waits for it, a line each. It does not say for whom: vendors need not
        know, and more people read the notes on a document than may read every order.
        The suggestion names the orders to those who may."""
        return self.env["ir.qweb"]._render(
            "inventory_backlog.suggestion_late_note",
            {
                "suggestion": self,
                "lines": lines,
                "to_vendor": to_vendor,
                "format_date": format_date,
            },
        )

    def action_write_vendor(self):
        """Write to the vendor of the late receipt: the mail is prepared, not sent."""
        self.check_access("write")
        self._check_one()
        documents = self.sudo()._late_documents()
        purchases = [one for one in documents if one._name == "purchase.order"]
        if not purchases:
            raise UserError(
                self.env._(
                    "No purchase order brings it: accept it to remind those in "
                    "charge of the transfer or production."
                )
            )
        purchase = purchases[0]
        purchase.with_env(self.env).check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Write to the Vendor"),
            "res_model": "mail.compose.message",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_model": "purchase.order",
                "default_res_ids": purchase.ids,
                "default_partner_ids": purchase.partner_id.ids,
                "default_subject": self.env._(
                    "%(order)s: can you deliver earlier?", order=purchase.name
                ),
                "default_body": self.sudo()._late_note(
                    documents[purchase], to_vendor=True
                ),
            },
        }
