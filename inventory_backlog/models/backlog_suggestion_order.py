import logging
from collections import defaultdict
from datetime import UTC, datetime, time
from typing import NamedTuple

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.tools import format_date, split_every

from odoo.addons.stock.models.stock_rule import ProcurementException

from .backlog_suggestion import BUYING, OPEN
from .purchase_order import REQUEST_STATES

_logger = logging.getLogger(__name__)

REQUEST_BATCH = 50
# More is a slip of the keyboard, and no number at all is not less than this.
MOST_QTY = 1e9


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
        # Whoever may buy here may know the numbers of what came out.
        requests = self.sudo().purchase_line_ids.order_id
        return requests.filtered(lambda order: order.state in REQUEST_STATES).ids

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
        self._check_quantities(choices)
        try:
            suggestions.lock_for_update(allow_referencing=True)
        except LockError as error:
            raise UserError(
                self.env._("Somebody else is at these suggestions. Look again.")
            ) from error
        suggestions.sudo()._check_still_needed()
        by_action = defaultdict(list)
        for choice in choices:
            # The buyer decides; the documents behind, as customers' orders, are not
            # his to read.
            sudoed = choice._replace(suggestion=choice.suggestion.sudo())
            by_action[choice.suggestion.action_type].append(sudoed)
        for action, of_action in by_action.items():
            getattr(self.sudo(), f"_accept_{action}")(of_action)
        suggestions.sudo().write(
            {"state": "ordered", "snooze_until": False, "is_returned": False}
        )
        suggestions._look_again()

    def _check_still_needed(self):
        """Look at the products once more: what somebody else ordered meanwhile, or no
        customer wants any more, is not ordered."""
        before = {one: (one.display_name, one._missing_qty()) for one in self}
        for company, suggestions in self.grouped("company_id").items():
            run = self._run_for(company)
            if run._generate(suggestions.product_id.ids).is_busy:
                raise UserError(
                    self.env._(
                        "The suggestions are being updated right now. Try again in a "
                        "moment."
                    )
                )
        changed = [
            name
            for one, (name, missing) in before.items()
            if not one.exists()
            or one.product_uom_id.compare(one._missing_qty(), missing) < 0
        ]
        if changed:
            raise UserError(
                self.env._(
                    "Less is missing by now of %s. Press “Update” and look again.",
                    ", ".join(changed[:5]),
                )
            )

    def _look_again(self):
        """Bring the suggestions for these products in step with what was just done."""
        self._forget()
        for company, suggestions in self.grouped("company_id").items():
            self._run_for(company)._generate(suggestions.product_id.ids)

    # Buying

    @api.model
    def _accept_buy(self, choices):
        self._check_vendors(choices)
        for company, of_company in self._by_company(choices).items():
            chained = self.with_company(company)._chained_moves(of_company)
            self.with_company(company).env["stock.rule"].run(
                [
                    choice.suggestion._procurement(
                        choice, move_dest_ids=chained[choice.suggestion]
                    )
                    for choice in of_company
                ]
            )
        self._check_bought(choices)
        self._note_offer(choices)

    @api.model
    def _accept_dropship(self, choices):
        self._check_vendors(choices)
        for company, of_company in self._by_company(choices).items():
            rest = {
                line: line.qty
                for choice in of_company
                for line in choice.suggestion.line_ids
            }
            self.with_company(company).env["stock.rule"].run(
                [
                    procurement
                    for choice in of_company
                    for procurement in choice.suggestion._direct_procurements(
                        choice, rest
                    )
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
    def _check_quantities(self, choices):
        for choice in choices:
            if not abs(choice.qty) <= MOST_QTY:
                raise UserError(
                    self.env._(
                        "%s: enter a quantity of at most a billion.",
                        choice.suggestion.display_name,
                    )
                )

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
            if not choice.suggestion._is_offered(choice.offer):
                raise UserError(
                    self.env._(
                        "%(vendor)s does not offer %(suggestion)s to this company: "
                        "choose one of the vendors of the product.",
                        vendor=choice.offer.partner_id.display_name,
                        suggestion=choice.suggestion.display_name,
                    )
                )
            if choice.suggestion.product_uom_id.compare(choice.qty, 0) <= 0:
                raise UserError(
                    self.env._(
                        "Order more than nothing of %s, or dismiss it.",
                        choice.suggestion.display_name,
                    )
                )

    def _is_offered(self, offer):
        """Whether the offer is for this product, variant and company. A vendor that is
        out may be chosen by hand."""
        return (
            offer.product_tmpl_id == self.product_tmpl_id
            and offer.product_id <= self.product_id
            and offer.company_id <= self.company_id
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
                **values,
                "supplierinfo_id": offer,
                "backlog_suggestion_id": self.id,
            },
        )

    @api.model
    def _chained_moves(self, choices):
        """``{suggestion: moves}``: the deliveries and productions behind them that take
        only what is brought for them. What is ordered must be linked to these."""
        suggestions = self.browse().union(*(choice.suggestion for choice in choices))
        products = suggestions.product_id
        rows, _facts = self._situation(products.ids)
        nets = {
            product: self._nets(product, rows.get(product.id, []))
            for product in products
        }
        moves = self.env["stock.move"]
        return {
            one: moves.browse(
                part.want.move_id
                for net in [nets[one.product_id].get(one.warehouse_id.id)]
                if net
                for part in net.missing
                if part.want.part == "chained"
            )
            for one in suggestions
        }

    def _direct_procurements(self, choice, rest):
        """One need per order line: the vendor ships each to its customer.

        :param rest: ``{line: quantity}`` still to be ordered, less what this orders
        """
        uom = self.product_uom_id
        wanted = choice.qty
        for line in self.line_ids:
            quantity = uom.round(min(wanted, rest[line]))
            if uom.compare(quantity, 0) <= 0:
                continue
            rest[line] -= quantity
            wanted -= quantity
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
        if uom.compare(wanted, 0) > 0:
            raise UserError(
                self.env._(
                    "The vendor ships %s to the customers, who wait for less. Lower "
                    "the quantity.",
                    self.display_name,
                )
            )

    def _arrival_time(self, choice):
        """Noon of the day on which it should be there: when it is needed, or the
        earliest that the vendor can."""
        day = choice.date
        if not day:
            run = self.with_company(self.company_id)
            offer = choice.offer.with_company(self.company_id)
            day = max(self.need_date, run._arrival(offer))
        return self._noon(day)

    def _noon(self, day):
        """Noon of a day where the company is, in UTC."""
        zone = self.company_id._backlog_zoneinfo()
        noon = datetime.combine(day, time(12), tzinfo=zone)
        return noon.astimezone(UTC).replace(tzinfo=None)

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
        lines = self.purchase_line_ids.filtered(lambda line: line.state != "cancel")
        requests = lines.order_id
        lines.unlink()
        for request in requests.filtered(lambda order: not order.order_line):
            request.button_cancel()
            request.unlink()
        moves = self.move_ids.filtered(lambda move: move.state != "cancel")
        pickings = moves.picking_id
        moves.unlink()
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
                # What somebody cancelled waits for somebody.
                ("is_returned", "=", False),
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
