import logging
from collections import defaultdict
from datetime import datetime, time, timedelta, timezone
from typing import NamedTuple

from psycopg2 import OperationalError

from odoo import fields, models
from odoo.exceptions import AccessError, LockError, UserError
from odoo.tools import format_date, split_every

from odoo.addons.stock.models.stock_rule import ProcurementException

from ...const import ASKED, BUYING, MOVABLE_STATES, OPEN_SUGGESTIONS
from ...tools.arguments import without_defaults
from ...tools.names import named
from . import netting

_logger = logging.getLogger(__name__)

REQUEST_BATCH = 50
# More is a typing error. NaN is not within it either.
MOST_QTY = 1e9
# What a vendor ships to customers, transfers and late receipts get no link to moves.
UNLINKED = ("dropship", "transfer", *ASKED)


class Choice(NamedTuple):
    """What somebody decided to order of a suggestion."""

    suggestion: models.BaseModel
    qty: float
    offer: models.BaseModel = None
    date: object = None
    """The day on which it should arrive."""
    chained: models.BaseModel = None
    """The moves that take only what is brought for them: what is ordered must be linked
    to these. Set when the choice is accepted."""


class BacklogProcure(models.AbstractModel):
    """From suggestions to documents, and back while they are drafts.

    ``_accept(choices)`` is the only way in. It checks that the current user may make
    the documents, locks the suggestions, lets the run see whether all of it is still
    needed, makes the documents as superuser (``_make`` says by which method), sets the
    suggestions *Under way* and runs again. Nothing is sent, and nothing but a request
    that *Confirm* has shown is confirmed; when one choice fails, nothing is made.
    """

    _name = "backlog.procure"
    _description = "Procurement"

    # Accepting

    def _order_as_proposed(self, suggestions):
        """Accept suggestions in the quantities and from the vendors that they say."""
        self._accept(
            [Choice(one, one.suggested_qty, one.supplierinfo_id) for one in suggestions]
        )

    def _accept(self, choices):
        """Turn choices into documents. The same suggestion may be there twice, to split
        it over two vendors."""
        suggestions = self._suggestions(choices)
        self._check_may_accept(suggestions)
        self._check_quantities(choices)
        needs = self._claim(suggestions)
        self._check_same_requests(choices)
        self._check_may_accept(suggestions)
        # The buyer decides; the documents behind, as customers' orders, are not for
        # buyers to read. Nor do their defaults count for what is made.
        run = without_defaults(self.sudo())
        run._make(run._prepared(choices, needs))
        self.sudo()._set_under_way(suggestions.sudo())
        together = suggestions | self.sudo()._confirmed_with(suggestions.sudo())
        self.env["backlog.suggestion.run"]._run_again(together.sudo(False))

    def _claim(self, suggestions):
        """Keep others away from open suggestions, and see whether all of it is still
        needed.

        :return: as ``_check_still_needed``
        """
        suggestions._check_open()
        try:
            suggestions.lock_for_update(allow_referencing=True)
        except LockError as error:
            raise UserError(
                self.env._("Somebody else is at these suggestions. Look again.")
            ) from error
        return self.sudo()._check_still_needed(suggestions.sudo())

    def _set_under_way(self, suggestions):
        """What was just ordered of these suggestions is in progress."""
        suggestions.write(
            {"state": "ordered", "snooze_until": False, "is_returned": False}
        )
        for one in suggestions.filtered(lambda one: one.action_type not in ASKED):
            one.in_progress_qty = one.product_uom_id.round(
                min(
                    one.shortage_qty - one.other_qty,
                    one.in_progress_qty + one.suggested_qty,
                )
            )

    def _check_quantities(self, choices):
        for choice in choices:
            if not abs(choice.qty) <= MOST_QTY:
                raise UserError(
                    self.env._(
                        "%s: enter a quantity of at most a billion.",
                        choice.suggestion.display_name,
                    )
                )

    def _check_still_needed(self, suggestions):
        """Plan the products once more, whatever a run noted of them, and refuse to
        order what was ordered meanwhile or is no longer needed.

        :return: ``{company: {product id: [NeedRow]}}``, as just read
        """
        before = {one: (one.display_name, one._missing_qty()) for one in suggestions}
        asked = {
            one: set(one.line_ids._late_documents())
            for one in suggestions
            if one.action_type in ASKED
        }
        needs = {}
        self.env["backlog.facts"]._drop_checks(suggestions.product_id)
        for company, of_company in suggestions.grouped("company_id").items():
            run = self.env["backlog.suggestion.run"]._run_for(company)
            product_ids = of_company.product_id.ids
            outcome = run._generate(product_ids)
            if outcome.is_busy:
                raise UserError(
                    self.env._(
                        "The suggestions are being updated right now. Try again in a "
                        "moment."
                    )
                )
            facts = run.env["backlog.facts"]
            situation = outcome.situation or facts._situation(product_ids)
            needs[company] = situation.rows
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
        for one, documents in asked.items():
            if set(one.line_ids._late_documents()) != documents:
                raise self._other_documents(one)
        return needs

    def _check_same_requests(self, choices):
        """Refuse to confirm more, or less, than was shown when somebody chose."""
        for choice in choices:
            one = choice.suggestion
            if one.action_type == "confirm" and one.product_uom_id.compare(
                choice.qty, one.suggested_qty
            ):
                raise self._other_documents(one)

    def _other_documents(self, suggestion):
        return UserError(
            self.env._(
                "%s: these are other requests or receipts by now than were shown. "
                "Press “Update” and look again.",
                suggestion.display_name,
            )
        )

    def _prepared(self, choices, needs):
        """The choices as superuser, with the moves to link.

        :param needs: what ``_check_still_needed`` returned
        """
        choices = [
            choice._replace(suggestion=without_defaults(choice.suggestion.sudo()))
            for choice in choices
        ]
        chained = {}
        for company, of_company in self._by_company(choices).items():
            run = self.with_company(company)
            linked = run._suggestions(of_company).filtered(
                lambda one: one.action_type not in UNLINKED
            )
            chained |= run._chained_moves(linked, needs[company])
        return [
            choice._replace(chained=chained.get(choice.suggestion))
            for choice in choices
        ]

    def _chained_moves(self, suggestions, rows):
        """``{suggestion: moves}``: the deliveries and productions behind suggestions of
        the current company that take only what is brought for them.

        :param rows: ``{product id: [NeedRow]}``
        """
        nets = {
            product: self.env["backlog.plan"]._nets(product, rows.get(product.id, []))
            for product in suggestions.product_id
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

    def _make(self, choices):
        """Hand the choices of each kind of suggestion to ``_accept_<action type>``, all
        at once, so that what can share a document does. That method gets choices as
        superuser, of any number of companies, makes the documents with a link back
        (``backlog_suggestion_id``), and writes on the suggestion what was ordered where
        it differs. An addon with an action of its own adds such a method, and says in
        ``_document_made`` what it makes."""
        by_action = defaultdict(list)
        for choice in choices:
            by_action[choice.suggestion.action_type].append(choice)
        for action, of_action in by_action.items():
            getattr(self, f"_accept_{action}")(of_action)

    def _suggestions(self, choices):
        """The suggestions of choices, each once."""
        none = self.env["backlog.suggestion"].browse()
        return none.union(*(choice.suggestion for choice in choices))

    def _by_company(self, choices):
        companies = defaultdict(list)
        for choice in choices:
            companies[choice.suggestion.company_id].append(choice)
        return companies

    # Who may accept

    def _may_accept(self, suggestions):
        try:
            self._check_may_accept(suggestions)
        except AccessError:
            return False
        return True

    def _check_may_accept(self, suggestions):
        """Documents are made as superuser, for users who could make them by hand: with
        Odoo's own right to create them.

        :raise AccessError: with Odoo's own words on who may; of several suggestions it
            says which they are
        """
        refused = {}
        for suggestion in suggestions:
            try:
                self._check_may_make(suggestion)
            except AccessError as error:
                refused[suggestion] = error
        if not refused:
            return
        if len(suggestions) == 1:
            raise refused[suggestions]
        raise AccessError(
            self.env._(
                "You may not make what these suggestions propose: %(names)s. Choose "
                "the others, or ask somebody who may.\n\n%(reason)s",
                names=", ".join(
                    f"{named(one.product_id).display_name} ({one._action_name()})"
                    for one in refused
                ),
                reason=next(iter(refused.values())),
            )
        )

    def _check_may_make(self, suggestion):
        if model := self._document_made(suggestion.action_type):
            self.env[model].check_access("create")
        else:
            # To ask for an earlier receipt, one must be able to read it.
            right = "write" if suggestion.action_type == "confirm" else "read"
            for document in suggestion.sudo().line_ids._late_documents():
                document.with_env(self.env).check_access(right)

    def _document_made(self, action_type):
        """The model of what is made when a suggestion of this kind is accepted: whoever
        may create one may accept. None when nothing is made: ``_check_may_make`` then
        only checks the late documents of the suggestion, so every buyer may accept a
        kind that has none."""
        return {
            "buy": "purchase.order",
            "dropship": "purchase.order",
            "transfer": "stock.picking",
        }.get(action_type)

    # Buying: by Odoo's own procurement

    def _accept_buy(self, choices):
        self._check_vendors(choices)
        for company, of_company in self._by_company(choices).items():
            self.with_company(company).env["stock.rule"].run(
                [
                    self._procurement(
                        choice.suggestion,
                        choice,
                        move_dest_ids=choice.chained,
                    )
                    for choice in of_company
                ]
            )
        self._check_bought(choices)
        self._note_offer(choices)

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
                    for procurement in self._direct_procurements(
                        choice.suggestion, choice, rest
                    )
                ]
            )
        self._check_bought(choices)
        self._note_offer(choices)

    def _direct_procurements(self, suggestion, choice, rest):
        """One need per order line: the vendor ships each to its customer.

        :param rest: ``{line: quantity}`` still to be ordered, less what this orders
        """
        uom = suggestion.product_uom_id
        wanted = choice.qty
        for line in suggestion.line_ids:
            quantity = uom.round(min(wanted, rest[line]))
            if uom.compare(quantity, 0) <= 0:
                continue
            rest[line] -= quantity
            wanted -= quantity
            sale_line = line.order_line_id
            partner = sale_line.order_id.partner_shipping_id
            yield self._procurement(
                suggestion,
                choice._replace(qty=quantity),
                **{
                    **sale_line._prepare_procurement_values(),
                    "date_planned": self._arrival_time(suggestion, choice),
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
                    suggestion.display_name,
                )
            )

    def _procurement(self, suggestion, choice, **values):
        """The need as Odoo's own: the buy rule of the warehouse makes the request."""
        suggestion.ensure_one()
        offer = choice.offer.with_company(suggestion.company_id)
        return self.env["stock.rule"].Procurement(
            suggestion.product_id.with_company(suggestion.company_id),
            choice.qty,
            suggestion.product_uom_id,
            suggestion.warehouse_id.lot_stock_id,
            suggestion.display_name,
            ", ".join(suggestion.line_ids.order_id.mapped("name")[:5]),
            suggestion.company_id,
            {
                "warehouse_id": suggestion.warehouse_id,
                "route_ids": suggestion.warehouse_id.buy_pull_id.route_id,
                "date_planned": self._arrival_time(suggestion, choice),
                **values,
                "supplierinfo_id": offer,
                "backlog_suggestion_id": suggestion.id,
            },
        )

    def _arrival_time(self, suggestion, choice):
        """Noon of the day on which it should be there: when it is needed, or the
        earliest that the vendor can."""
        day = choice.date
        if not day:
            run = suggestion.with_company(suggestion.company_id)
            offer = choice.offer.with_company(suggestion.company_id)
            day = max(suggestion.need_date, run.env["backlog.plan"]._arrival(offer))
        return self._noon(suggestion, day)

    def _noon(self, suggestion, day):
        """Noon of a day where the company is, in UTC."""
        zone = suggestion.company_id._backlog_zoneinfo()
        noon = datetime.combine(day, time(12), tzinfo=zone)
        return noon.astimezone(timezone.utc).replace(tzinfo=None)

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
            if not self._is_offered(choice.suggestion, choice.offer):
                raise UserError(
                    self.env._(
                        "%(vendor)s does not offer %(suggestion)s to this company: "
                        "choose one of the vendors of the product.",
                        vendor=choice.offer.partner_id.display_name,
                        suggestion=choice.suggestion.display_name,
                    )
                )
            choice.offer._check_numbers()
            if not choice.offer.partner_id.active:
                raise UserError(
                    self.env._(
                        "%(vendor)s is archived: choose another vendor for "
                        "%(suggestion)s.",
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

    def _is_offered(self, suggestion, offer):
        """Whether the offer is for this product, variant and company. A vendor that is
        out may be chosen by hand."""
        return offer._is_for(suggestion.product_id, suggestion.company_id)

    def _check_bought(self, choices):
        """Refuse when a rule did something else than buying: the need would stay
        open."""
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

    def _set_deadlines(self, requests):
        """Ask by the day on which the most urgent line of each request must be ordered,
        today at the earliest: Odoo counts from the day on which the first of it can
        arrive. What was added by others keeps its day."""
        for request in requests.filtered(lambda one: one.state in MOVABLE_STATES):
            made = request.order_line.filtered("backlog_suggestion_id")
            days = [day for line in made if (day := self._order_by(line))]
            if not days:
                continue
            deadline = max(
                self._noon(made[:1].backlog_suggestion_id, min(days)),
                fields.Datetime.now(),
            )
            by_others = request.order_line.filtered(
                lambda line: not (line.display_type or line.backlog_suggestion_id)
            )
            if by_others and request.date_order:
                deadline = min(deadline, request.date_order)
            if request.date_order != deadline:
                request.date_order = deadline

    def _order_by(self, line):
        """The last working day on which to order this line of a request, from the
        vendor that is asked, so that it is there when it is needed."""
        suggestion = line.backlog_suggestion_id
        if not suggestion.need_date:
            return suggestion.order_by_date
        company, vendor = suggestion.company_id, line.order_id.partner_id
        plan = self.env["backlog.plan"].with_company(company)
        offer = suggestion.supplierinfo_id
        if offer.partner_id != vendor:
            product = suggestion.product_id.with_company(company)
            offer = plan._offers_of(product, vendor)[:1]
        latest = suggestion.need_date - timedelta(days=plan._lead_days(offer))
        return company._backlog_work_day(latest, -1)

    def _note_offer(self, choices):
        by_suggestion = defaultdict(list)
        for choice in choices:
            by_suggestion[choice.suggestion].append(choice)
        for suggestion, parts in by_suggestion.items():
            # Split over several vendors: the one with most of it.
            offer = max(parts, key=lambda choice: choice.qty).offer
            other = any(
                choice.offer.partner_id != suggestion.partner_id for choice in parts
            )
            suggestion.write(
                {
                    "supplierinfo_id": offer.id,
                    "partner_id": offer.partner_id.id,
                    "suggested_qty": sum(choice.qty for choice in parts),
                    # After an undo it is still the vendor that the buyer chose.
                    "is_vendor_chosen": suggestion.is_vendor_chosen or other,
                    "obstacle": False,
                }
            )
        self._set_deadlines(self._suggestions(choices).purchase_line_ids.order_id)

    # Transfers

    def _accept_transfer(self, choices):
        """One draft transfer from each warehouse to each."""
        routes = defaultdict(list)
        for choice in choices:
            one = choice.suggestion
            routes[one.source_warehouse_id, one.warehouse_id].append(choice)
        for (source, target), of_route in routes.items():
            picking = self.env["stock.picking"].create(
                {
                    "picking_type_id": source.int_type_id.id,
                    "location_id": source.lot_stock_id.id,
                    "location_dest_id": target.lot_stock_id.id,
                    "company_id": source.company_id.id,
                    "origin": self.env._("Reorder suggestions"),
                    "move_ids": [
                        fields.Command.create(
                            self._move_values(choice.suggestion, choice)
                        )
                        for choice in of_route
                    ],
                }
            )
            # A new transfer gives its moves its own date, which is now.
            moves = picking.move_ids.sorted("id")
            for move, choice in zip(moves, of_route, strict=True):
                move.date = self._transfer_time(choice.suggestion, choice)
            for choice in of_route:
                choice.suggestion.suggested_qty = choice.qty

    def _move_values(self, suggestion, choice):
        source, target = suggestion.source_warehouse_id, suggestion.warehouse_id
        return {
            "product_id": suggestion.product_id.id,
            "product_uom_qty": choice.qty,
            "product_uom": suggestion.product_uom_id.id,
            "location_id": source.lot_stock_id.id,
            "location_dest_id": target.lot_stock_id.id,
            "company_id": suggestion.company_id.id,
            "backlog_suggestion_id": suggestion.id,
            "date": self._transfer_time(suggestion, choice),
        }

    def _transfer_time(self, suggestion, choice):
        """The day that was chosen, else when it is needed, or the earliest that it can
        be there."""
        earliest = max(suggestion.need_date, suggestion.arrival_date)
        return self._noon(suggestion, choice.date or earliest)

    # Pulling receipts in

    def _accept_expedite(self, choices):
        """An activity on each document that comes too late, for the person in
        charge."""
        for choice in choices:
            suggestion = choice.suggestion
            for document, lines in suggestion.line_ids._late_documents().items():
                suggestion.asked_activity_ids |= document.activity_schedule(
                    "mail.mail_activity_data_todo",
                    date_deadline=suggestion.company_id._backlog_today(),
                    summary=self.env._(
                        "Pull in %s", named(suggestion.product_id).display_name
                    ),
                    note=self._late_note(suggestion, lines),
                    user_id=(document.user_id or self.env.user).id,
                )

    # Confirming requests

    def _accept_confirm(self, choices):
        """Confirm the requests. The current user may write them; whether an amount
        needs an approval, Odoo decides by the user, also as superuser."""
        for company, of_company in self._by_company(choices).items():
            requests = self.env["purchase.order"].union(
                *(
                    document
                    for choice in of_company
                    for document in choice.suggestion.line_ids._late_documents()
                )
            )
            requests.with_company(company)._confirm_for_backlog()

    def _confirmed_with(self, suggestions):
        """Open suggestions to confirm the same requests, for other products."""
        documents = [
            f"{document._name},{document.id}"
            for one in suggestions
            if one.action_type == "confirm"
            for document in one.line_ids._late_documents()
        ]
        return suggestions.search(
            [
                ("action_type", "=", "confirm"),
                ("state", "in", OPEN_SUGGESTIONS),
                ("line_ids.document", "in", documents),
            ]
        )

    # Buying elsewhere

    def _buy_instead(self, suggestion, partner_id):
        """Request what comes too late from a vendor that delivers it earlier.

        :return: the requests, as superuser
        """
        suggestion.check_access("write")
        suggestion._check_one()
        self.env["purchase.order"].check_access("create")
        needs = self._claim(suggestion)
        run = without_defaults(self.sudo()).with_company(suggestion.company_id)
        one = run.env["backlog.suggestion"].browse(suggestion.id)
        text = run.env["backlog.suggestion.text"]
        offers = text._earlier_offers(one, text._orderpoint_multiples(one)[one])
        if (
            type(partner_id) is not int
            or partner_id not in offers
            or one.action_type != "expedite"
        ):
            raise UserError(
                self.env._(
                    "This vendor cannot be chosen for %s: it does not sell it, is out, "
                    "is not approved, or delivers no earlier.",
                    suggestion.display_name,
                )
            )
        offer, quantity, late = offers[partner_id]
        arrival = run.env["backlog.plan"]._arrival(offer)
        today = one.company_id._backlog_today()
        documents = {
            f"{document._name},{document.id}"
            for document in one.line_ids.browse(
                line.id for line in late
            )._late_documents()
        }
        moves = run.env["stock.move"].browse(
            part.want.move_id
            for net in run.env["backlog.plan"]
            ._nets(one.product_id, needs[one.company_id].get(one.product_id.id, []))
            .values()
            for part in net.late
            if part.want.warehouse_id == one.warehouse_id.id
            and part.want.move_id
            and part.document in documents
            and not netting.comes_by(part.expected_day, arrival, today)
        )
        # Moves that take only what is brought for them must be linked.
        chained = moves.filtered(
            lambda move: move.procure_method == "make_to_order" or move.move_orig_ids
        )
        run._accept_buy([Choice(one, quantity, offer, chained=chained)])
        one.write({"state": "ordered", "snooze_until": False, "is_returned": False})
        self.env["backlog.suggestion.run"]._run_again(suggestion)
        return one.purchase_line_ids.order_id.filtered(
            lambda order: order.state in MOVABLE_STATES
        )

    def _mail_to_vendor(self, suggestion):
        """The window of a mail to the vendor of a late receipt."""
        suggestion.check_access("write")
        suggestion._check_one()
        documents = suggestion.sudo().line_ids._late_documents()
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
        note = self.sudo()._late_note(
            suggestion.sudo(), documents[purchase], to_vendor=True
        )
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
                "default_body": note,
            },
        }

    def _late_note(self, suggestion, lines, to_vendor=False):
        """What waits for it, a line each. It does not say for whom: vendors need not
        know, and more people read the notes on a document than may read every order.
        The suggestion names the orders to those who may."""
        return self.env["ir.qweb"]._render(
            "inventory_backlog.suggestion_late_note",
            {
                "suggestion": suggestion,
                "lines": lines,
                "to_vendor": to_vendor,
                "format_date": format_date,
            },
        )

    # And back

    def _undo(self, suggestions):
        """Delete what was made of suggestions while all of it is a draft, and propose
        them again."""
        suggestions.check_access("write")
        self._check_may_accept(suggestions)
        self._check_may_undo(suggestions)
        fixed = suggestions.filtered(lambda one: not self._can_undo(one))
        if open_ones := fixed.filtered(lambda one: one.state in OPEN_SUGGESTIONS):
            raise UserError(
                self.env._(
                    "%s: this is not accepted, so there is nothing to undo.",
                    ", ".join(open_ones[:5].mapped("display_name")),
                )
            )
        if fixed:
            raise UserError(
                self.env._(
                    "%s: what was ordered is no draft any more. Cancel the order or "
                    "the transfer itself; the suggestion comes back by itself.",
                    ", ".join(fixed[:5].mapped("display_name")),
                )
            )
        # The documents were made as superuser, too.
        for suggestion in suggestions.sudo():
            suggestion.env["backlog.procure"]._undo_documents(suggestion)
            if suggestion.state == "ordered":
                suggestion.state = "proposed"
        self.env["backlog.suggestion.run"]._run_again(suggestions)

    def _can_undo(self, suggestion):
        """Whether all that was made of a suggestion is still a draft, and the current
        user may delete it."""
        saved = suggestion.sudo()
        # More may come too late since it was bought instead: proposed again, the draft
        # is still there.
        is_made = saved.state == "ordered" or (
            saved.state in OPEN_SUGGESTIONS and "open" in saved._ordered_steps()
        )
        return is_made and saved._is_draft() and self._may_undo(suggestion)

    def _may_undo(self, suggestion):
        try:
            self._check_may_undo(suggestion)
        except AccessError:
            return False
        return True

    def _check_may_undo(self, suggestions):
        """What exists goes by the right to create it, which is more than the kind says:
        what is to be pulled in may have been bought instead.

        :raise AccessError: with Odoo's own words on who may
        """
        for model in self._models_made(suggestions.sudo()):
            self.env[model].check_access("create")

    def _models_made(self, suggestions):
        """The models of the documents that were made of these and are not cancelled."""
        if any(line.state != "cancel" for line in suggestions.purchase_line_ids):
            yield "purchase.order"
        if any(move.state != "cancel" for move in suggestions.move_ids):
            yield "stock.picking"

    def _undo_documents(self, suggestions):
        lines = suggestions.purchase_line_ids.filtered(
            lambda line: line.state != "cancel"
        )
        requests = lines.order_id
        lines.unlink()
        self._drop_origins(requests, suggestions.line_ids.order_id)
        for request in requests.filtered(lambda order: not order.order_line):
            request.button_cancel()
            request.unlink()
        self._set_deadlines(requests.exists())
        moves = suggestions.move_ids.filtered(lambda move: move.state != "cancel")
        pickings = moves.picking_id
        moves.unlink()
        pickings.filtered(lambda picking: not picking.move_ids).unlink()
        suggestions.asked_activity_ids.unlink()

    def _drop_origins(self, requests, orders):
        """Requests name the orders that they are for: no longer those of these orders
        that nothing of them is for."""
        for request in requests.filtered("origin"):
            lines = request.order_line
            served = lines.move_dest_ids._order_lines_served()
            left = (
                lines.backlog_suggestion_id.line_ids.order_id
                | lines.sale_order_id
                | self.env["sale.order.line"]
                .browse(one for found in served.values() for one, _share in found)
                .order_id
            )
            gone = set((orders - left).mapped("name"))
            names = request.origin.split(", ")
            if gone & {*names}:
                request.origin = ", ".join(one for one in names if one not in gone)

    # By itself, for companies that want it

    def _create_requests(self, outcome):
        """Make draft requests of all that can be bought as it is: for companies that
        want it. What fails stays a suggestion."""
        ready = self.env["backlog.suggestion"].search(
            [
                ("company_id", "=", self.env.company.id),
                ("state", "=", "proposed"),
                ("action_type", "in", BUYING),
                ("supplierinfo_id", "!=", False),
                # After a cancelled order a buyer decides.
                ("is_returned", "=", False),
                ("obstacle", "=", False),
            ]
        )
        for batch in split_every(
            REQUEST_BATCH, ready.ids, self.env["backlog.suggestion"].browse
        ):
            if not self._try_to_request(batch):
                for one in batch:
                    if not self._try_to_request(one, outcome):
                        _logger.warning("No request for %s", one.display_name)
            if not self.env["ir.cron"]._commit_progress():
                return

    def _try_to_request(self, suggestions, outcome=None):
        """Make the requests, or leave everything as it was. Returns whether it
        worked."""
        try:
            with self.env.cr.savepoint():
                suggestions.filtered(
                    lambda one: one.state in OPEN_SUGGESTIONS
                ).action_create_rfq()
        except (UserError, ProcurementException, OperationalError) as error:
            self.env.invalidate_all()
            if outcome:
                outcome.failed[suggestions.product_id.id] = (
                    f"{suggestions.display_name}: {error}"
                )
            return False
        return True
