import logging
from collections import defaultdict
from typing import NamedTuple

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import AccessError, LockError, UserError
from odoo.tools import split_every

from odoo.addons.stock.models.stock_rule import ProcurementException

from .arguments import without_defaults
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

    can_accept = fields.Boolean(
        compute="_compute_can_accept",
        help="Whether you may make the documents that it suggests.",
    )

    @api.depends("action_type")
    @api.depends_context("uid")
    def _compute_can_accept(self):
        for suggestion in self:
            suggestion.can_accept = suggestion._may_accept()

    def _may_accept(self):
        try:
            self._check_may_accept()
        except AccessError:
            return False
        return True

    def _check_may_accept(self):
        """Documents are made in the name of Odoo, for whoever could make them by
        hand: with Odoo's own right to create them.

        :raise AccessError: with Odoo's own words on who may; of several suggestions it
            says which they are
        """
        refused = {}
        for suggestion in self:
            try:
                suggestion._check_may_make()
            except AccessError as error:
                refused[suggestion] = error
        if not refused:
            return
        if len(self) == 1:
            raise refused[self]
        raise AccessError(
            self.env._(
                "You may not make what these suggestions propose: %(names)s. Choose "
                "the others, or ask somebody who may.\n\n%(reason)s",
                names=", ".join(
                    f"{one.product_id.display_name} ({one._action_label()})"
                    for one in refused
                ),
                reason=next(iter(refused.values())),
            )
        )

    def _action_label(self):
        field = self._fields["action_type"]
        return dict(field._description_selection(self.env))[self.action_type]

    def _check_may_make(self):
        self.ensure_one()
        if model := self._document_made(self.action_type):
            self.env[model].check_access("create")
        else:
            # To ask for something is for who may look at it.
            for document in self.sudo()._late_documents():
                document.with_env(self.env).check_access("read")

    @api.model
    def _document_made(self, action_type):
        """The model of what is made when a suggestion of this kind is accepted, or None
        when nothing is made."""
        return {
            "buy": "purchase.order",
            "dropship": "purchase.order",
            "transfer": "stock.picking",
        }.get(action_type)

    def action_create_rfq(self):
        """Make requests for quotation: one per vendor, company, warehouse and currency,
        added to an open draft that came from suggestions where there is one.

        :return: the ids of the requests
        :raise AccessError: without Odoo's own right to create purchase orders
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
        :raise AccessError: without Odoo's own right to create these documents
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
        suggestions._check_may_accept()
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
            # his to read. Nor are defaults of his for these documents.
            of_odoo = without_defaults(choice.suggestion.sudo())
            sudoed = choice._replace(suggestion=of_odoo)
            by_action[choice.suggestion.action_type].append(sudoed)
        run = without_defaults(self.sudo())
        for action, of_action in by_action.items():
            getattr(run, f"_accept_{action}")(of_action)
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

    # Undoing

    def action_undo(self):
        """Take back what was accepted while all of it is a draft: the suggestion is
        proposed again.

        :return: True
        :raise AccessError: for whom it was not to accept
        :raise UserError: when nothing was accepted, a request was confirmed or a
            transfer is on its way
        """
        self.check_access("write")
        self._check_may_accept()
        if open_ones := self.filtered(lambda one: one.state in OPEN):
            raise UserError(
                self.env._(
                    "%s: this is not accepted, so there is nothing to undo.",
                    ", ".join(open_ones[:5].mapped("display_name")),
                )
            )
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
