import logging
from collections import defaultdict
from datetime import datetime, time
from typing import NamedTuple

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.tools import format_date, split_every

from odoo.addons.stock.models.stock_rule import ProcurementException

from .backlog_suggestion import BUYING, OPEN

_logger = logging.getLogger(__name__)

REQUEST_BATCH = 50


class Choice(NamedTuple):
    """What somebody decided to order of a suggestion."""

    suggestion: models.BaseModel
    qty: float
    offer: models.BaseModel = None
    date: object = None
    """The day on which it should arrive."""


class BacklogSuggestion(models.Model):
    """From suggestions to documents, and back while they are drafts."""

    _inherit = "backlog.suggestion"

    def action_create_rfq(self):
        """Make requests for quotation: one per vendor, company, warehouse and currency,
        added to an open draft that came from suggestions where there is one.

        :return: the ids of the requests
        :raise UserError: when a vendor is missing, for suggestions that buy nothing, or
            that somebody else settled meanwhile
        """
        self.check_access("write")
        if others := self.filtered(lambda one: one.action_type not in BUYING):
            raise UserError(
                self.env._(
                    "%s: this is nothing to buy. Accept it instead.",
                    ", ".join(others[:5].mapped("display_name")),
                )
            )
        self._accept([one._proposed_choice() for one in self])
        return self.sudo().purchase_line_ids.order_id.ids

    def action_accept(self):
        """Do what is suggested, as it is: make requests, draft transfers, activities.

        :return: True
        """
        self.check_access("write")
        self._accept([one._proposed_choice() for one in self])
        return True

    def _proposed_choice(self):
        return Choice(self, self.suggested_qty, self.supplierinfo_id)

    @api.model
    def _accept(self, choices):
        """Turn choices into documents. The same suggestion may be there twice, to split
        it over two vendors."""
        suggestions = self.browse().union(*(choice.suggestion for choice in choices))
        suggestions._check_open()
        try:
            suggestions.lock_for_update(allow_referencing=True)
        except LockError as error:
            raise UserError(
                self.env._("Somebody else is at these suggestions. Look again.")
            ) from error
        by_action = defaultdict(list)
        for choice in choices:
            # The buyer decides; the documents behind, as customers' orders, are not
            # his to read.
            sudoed = choice._replace(suggestion=choice.suggestion.sudo())
            by_action[choice.suggestion.action_type].append(sudoed)
        for action, of_action in by_action.items():
            getattr(self.sudo(), f"_accept_{action}")(of_action)
        suggestions.sudo().write({"state": "ordered", "snooze_until": False})
        suggestions._look_again()

    def _look_again(self):
        """Bring the suggestions for these products in step with what was just done."""
        self._forget()
        for company, suggestions in self.grouped("company_id").items():
            # As in ``generate``.
            self.sudo().with_company(company)._generate(suggestions.product_id.ids)

    # Buying

    @api.model
    def _accept_buy(self, choices):
        self._check_vendors(choices)
        for company, of_company in self._by_company(choices).items():
            procure = self.with_company(company).env["stock.rule"]
            procure.run(
                [choice.suggestion._procurement(choice) for choice in of_company]
            )
        self._check_bought(choices)
        self._note_offer(choices)

    @api.model
    def _accept_dropship(self, choices):
        self._check_vendors(choices)
        for company, of_company in self._by_company(choices).items():
            procure = self.with_company(company).env["stock.rule"]
            procure.run(
                [
                    procurement
                    for choice in of_company
                    for procurement in choice.suggestion._direct_procurements(choice)
                ]
            )
        self._check_bought(choices)
        self._note_offer(choices)

    @api.model
    def _by_company(self, choices):
        companies = defaultdict(list)
        for choice in choices:
            companies[choice.suggestion.company_id].append(choice)
        return companies

    @api.model
    def _check_vendors(self, choices):
        missing = [choice.suggestion for choice in choices if not choice.offer]
        if missing:
            raise UserError(
                self.env._(
                    "Choose a vendor for %s first, or add one to the product.",
                    ", ".join(one.display_name for one in missing[:5]),
                )
            )
        for choice in choices:
            if choice.suggestion.product_uom_id.compare(choice.qty, 0) <= 0:
                raise UserError(
                    self.env._(
                        "Order more than nothing of %s, or dismiss it.",
                        choice.suggestion.display_name,
                    )
                )

    @api.model
    def _check_bought(self, choices):
        """A rule that does something else than buying would leave the need open."""
        for choice in choices:
            if not choice.suggestion.purchase_line_ids.filtered(
                lambda line: line.state != "cancel"
            ):
                raise UserError(
                    self.env._(
                        "%s could not be bought: check the vendors of the product and "
                        "that the warehouse buys to resupply.",
                        choice.suggestion.display_name,
                    )
                )

    @api.model
    def _note_offer(self, choices):
        ordered = defaultdict(float)
        for choice in choices:
            ordered[choice.suggestion] += choice.qty
        for choice in choices:
            suggestion = choice.suggestion
            other = choice.offer.partner_id != suggestion.partner_id
            suggestion.write(
                {
                    "supplierinfo_id": choice.offer.id,
                    "partner_id": choice.offer.partner_id.id,
                    "suggested_qty": ordered[suggestion],
                    # Taken back, it is still the vendor that somebody wanted.
                    "is_vendor_chosen": suggestion.is_vendor_chosen or other,
                    "obstacle": False,
                }
            )

    def _procurement(self, choice, **values):
        """The need as Odoo's own: the buy rule of the warehouse makes the request."""
        self.ensure_one()
        offer = choice.offer.with_company(self.company_id)
        return self.env["stock.rule"].Procurement(
            self.product_id.with_company(self.company_id),
            choice.qty,
            self.product_uom_id,
            self.warehouse_id.lot_stock_id,
            self.display_name,
            ", ".join(self.line_ids.order_id.mapped("name")[:5]),
            self.company_id,
            {
                "warehouse_id": self.warehouse_id,
                "route_ids": self.warehouse_id.buy_pull_id.route_id,
                "date_planned": self._arrival_time(choice),
                "move_dest_ids": self._chained_moves(),
                **values,
                "supplierinfo_id": offer,
                "backlog_suggestion_id": self.id,
            },
        )

    def _chained_moves(self):
        """Deliveries that take only what is brought for them, and for which nobody
        brings anything any more: what is bought must be linked to them."""
        rows = self.env["backlog.allocation"].search(
            [
                ("product_id", "=", self.product_id.id),
                ("warehouse_id", "=", self.warehouse_id.id),
                ("source", "=", "none"),
                ("move_id.procure_method", "=", "make_to_order"),
                ("move_id.move_orig_ids", "=", False),
            ]
        )
        return rows.move_id.filtered(
            lambda move: (
                set(move.created_purchase_line_ids.mapped("state")) <= {"cancel"}
            )
        )

    def _direct_procurements(self, choice):
        """One need per order line: the vendor ships each to its customer."""
        rest = choice.qty
        for line in self.line_ids:
            quantity = min(rest, line.qty)
            if self.product_uom_id.compare(quantity, 0) <= 0:
                continue
            rest -= quantity
            sale_line = line.order_line_id
            partner = sale_line.order_id.partner_shipping_id
            yield self._procurement(
                choice._replace(qty=quantity),
                **{
                    **sale_line._prepare_procurement_values(),
                    "date_planned": self._arrival_time(choice),
                },
            )._replace(
                location_id=partner.property_stock_customer,
                origin=sale_line.order_id.name,
            )

    def _arrival_time(self, choice):
        """Noon of the day on which it should be there: when it is needed, or the
        earliest that the vendor can."""
        day = choice.date
        if not day:
            run = self.with_company(self.company_id)
            offer = choice.offer.with_company(self.company_id)
            day = max(self.need_date, run._arrival(offer))
        return datetime.combine(day, time(12))

    # Other ways

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
            "date": datetime.combine(self.need_date, time(12)),
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
        """Who waits for it, a line each. Vendors are not told for whom."""
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
        self.ensure_one()
        self.check_access("write")
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

    # Undoing

    def action_undo(self):
        """Take back what was accepted while all of it is a draft: the suggestion is
        proposed again.

        :return: True
        :raise UserError: when a request was confirmed or a transfer is on its way
        """
        self.check_access("write")
        if fixed := self.filtered(lambda one: not one.can_undo):
            raise UserError(
                self.env._(
                    "%s: what was ordered is no draft any more. Cancel the order or "
                    "the transfer itself; the suggestion comes back by itself.",
                    ", ".join(fixed[:5].mapped("display_name")),
                )
            )
        # The documents were created in the name of Odoo, as its own scheduler does.
        for suggestion in self.sudo():
            suggestion._undo_documents()
            if suggestion.state == "ordered":
                suggestion.state = "proposed"
        self._look_again()
        return True

    def _undo_documents(self):
        requests = self.purchase_line_ids.order_id
        self.purchase_line_ids.unlink()
        for request in requests.filtered(lambda order: not order.order_line):
            request.button_cancel()
            request.unlink()
        pickings = self.move_ids.picking_id
        self.move_ids.unlink()
        pickings.filtered(lambda picking: not picking.move_ids).unlink()
        self.asked_activity_ids.unlink()

    @api.model
    def _create_requests(self, outcome):
        """Make draft requests of all that can be bought as it is: for companies that
        want it. What fails stays a suggestion."""
        ready = self.search(
            [
                ("company_id", "=", self.env.company.id),
                ("state", "=", "proposed"),
                ("action_type", "in", BUYING),
                ("supplierinfo_id", "!=", False),
                ("obstacle", "=", False),
            ]
        )
        for batch in split_every(REQUEST_BATCH, ready.ids, self.browse):
            if not batch._try_to_request():
                for one in batch:
                    if not one._try_to_request(outcome):
                        _logger.warning("No request for %s", one.display_name)
            if not self.env["ir.cron"]._commit_progress():
                return

    def _try_to_request(self, outcome=None):
        """Make the requests, or leave everything as it was. Returns whether it
        worked."""
        try:
            with self.env.cr.savepoint():
                self.filtered(lambda one: one.state in OPEN).action_create_rfq()
        except (UserError, ProcurementException, OperationalError) as error:
            self.env.invalidate_all()
            if outcome:
                outcome.failed[self.product_id.id] = f"{self.display_name}: {error}"
            return False
        return True
