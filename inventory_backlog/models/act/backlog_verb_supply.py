from psycopg2 import OperationalError

from odoo import models
from odoo.exceptions import UserError

from odoo.addons.stock.models.stock_rule import ProcurementException

from ...const import ASKED, OPEN_SUGGESTIONS, REQUEST_STATES
from ...tools.actions import open_documents
from ...tools.names import named
from ...tools.texts import short_day
from .outcome import Outcome

NAMES = 3


class BacklogVerbSupply(models.AbstractModel):
    """Verbs about what is to come: order it, confirm what is requested, ask the vendor
    when it comes."""

    _name = "backlog.verb.supply"
    _description = "Actions on Supply"

    # Ordering

    def _do_order(self, lines, values):
        """Draft requests, productions or transfers of what is suggested for these
        lines, for a product without a suggestion of what is suggested now: one request
        for each vendor."""
        self.env["backlog.suggestion"].check_access("write")
        situations = self.env["backlog.situation"]._of(lines)
        reasons = {
            line.id: reason
            for line in lines
            if (reason := self._why_not_ordered(line, situations[line.id]))
        }
        fit = lines.filtered(lambda line: line.id not in reasons)
        found = self._suggestions(fit)
        if missing := fit.filtered(lambda line: line.id not in found):
            products = missing._allocation().product_id | missing.product_id
            self.env["backlog.suggestion"].generate(products.ids)
            found |= self._suggestions(missing)
        suggestions = self.env["backlog.suggestion"].union(*found.values())
        procure = self.env["backlog.procure"]
        if not any(map(procure._may_accept, suggestions)):
            # Of several, those that the user may not make are left out below.
            procure._check_may_accept(suggestions)
        if obstacle := self._obstacle(fit, suggestions):
            return obstacle
        failed = self._order_by_vendor(suggestions)
        ordered = suggestions.filtered(lambda one: one not in failed)
        for line in fit:
            if line.id not in found:
                reasons[line.id] = self._why_nothing(line)
            elif not found[line.id] & ordered:
                reasons[line.id] = failed[found[line.id][:1]]
        return self._ordered(
            ordered, len(fit) - len(set(fit.ids) & reasons.keys()), reasons
        )

    def _why_not_ordered(self, line, situation):
        if situation.blocked == "credit":
            return self.env["backlog.step.text"]._blocked_sentence(line, situation)
        if line.to_source_qty <= 0:
            return self.env._("Nothing of it is to order.")
        if situation.requests and not situation.suggestion:
            return self.env._(
                "It is requested already with %s: confirm that.",
                ", ".join(named(one).display_name for one in situation.requests),
            )
        return ""

    def _suggestions(self, lines):
        """``{line id: suggestions}`` that make something when they are accepted."""
        rows = self.env["backlog.suggestion.line"].search(
            [
                ("order_line_id", "in", lines.ids),
                ("suggestion_id.state", "in", OPEN_SUGGESTIONS),
                ("suggestion_id.action_type", "not in", ASKED),
            ]
        )
        return {
            order_line.id: found.suggestion_id
            for order_line, found in rows.grouped("order_line_id").items()
        }

    def _obstacle(self, lines, suggestions):
        """What must be decided first where a single line is ordered, as a vendor to be
        chosen: the suggestion, opened."""
        stuck = suggestions.filtered("obstacle")
        if len(lines) != 1 or not stuck or stuck != suggestions:
            return None
        return Outcome(
            message=dict(stuck._fields["obstacle"]._description_selection(self.env))[
                stuck[:1].obstacle
            ],
            action=stuck._action_open(),
            done=1,
        )

    def _order_by_vendor(self, suggestions):
        """Accept them, vendor by vendor: what fails stays as it was. Where one of a
        vendor's fails the others are ordered.

        :return: ``{suggestion: why not}``
        """
        failed = {}
        for together in suggestions.grouped(
            lambda one: (one.company_id, one.action_type, one.partner_id)
        ).values():
            if not (reason := self._try_to_order(together)):
                continue
            if len(together) == 1:
                failed[together] = reason
                continue
            for one in together:
                if reason := self._try_to_order(one):
                    failed[one] = reason
        return failed

    def _try_to_order(self, suggestions):
        """Accept them or leave everything as it was: why, or nothing."""
        try:
            with self.env.cr.savepoint():
                self.env["backlog.procure"]._order_as_proposed(suggestions)
        except (UserError, ProcurementException, OperationalError) as error:
            self.env.invalidate_all()
            return str(error)
        return ""

    def _why_nothing(self, line):
        text = self.env["backlog.suggestion.text"]
        reasons = text._reasons_for_nothing(line.product_id)
        return " ".join(reasons) or self.env._("Nothing is suggested for it.")

    def _ordered(self, suggestions, count, reasons):
        """What came of it: the documents, how to open and how to undo them."""
        documents = self._documents(suggestions)
        if not documents:
            return Outcome(skipped=reasons)
        names = [named(one).display_name for one in documents[:NAMES]]
        if len(documents) > NAMES:
            names.append(self.env._("%s more", len(documents) - NAMES))
        figures = {"names": ", ".join(names), "day": self._arrival(documents)}
        message = self.env._("%(names)s written.", **figures)
        if figures["day"]:
            message = self.env._("%(names)s written, arrives %(day)s.", **figures)
        can_open = self.env["backlog.line"]._can_open
        mine = [
            one
            for one in (document.with_user(self.env.user) for document in documents)
            if can_open(one)
        ]
        return Outcome(
            message=message,
            done=count,
            skipped=reasons,
            open=open_documents(mine) if mine else False,
            undo=suggestions.ids,
        )

    def _documents(self, suggestions):
        """What was made of these suggestions, each once, as superuser."""
        # sudo: buyers know the names of what they made.
        suggestions = suggestions.sudo()
        requests = suggestions.purchase_line_ids.order_id.filtered(
            lambda order: order.state in REQUEST_STATES
        )
        drafts = self.env["backlog.situation"]._drafts_made
        return list(
            dict.fromkeys(
                [*requests, *(made for one in suggestions for made in drafts(one))]
            )
        )

    def _arrival(self, documents):
        """When the last of these documents brings its goods."""
        days = [
            day
            for document in documents
            if (day := self.env["backlog.situation"]._arrival_of(document))
        ]
        return short_day(self.env, max(days)) if days else ""

    def _undo_order(self, payload):
        """Take the drafts back and propose again.

        :param payload: ids of suggestions
        """
        suggestions = self.env["backlog.suggestion"].browse(payload).exists()
        names = [named(one).display_name for one in self._documents(suggestions)]
        self.env["backlog.procure"]._undo(suggestions)
        return self.env._("%s taken back.", ", ".join(names[:NAMES]))

    # Confirming

    def _do_confirm(self, lines, values):
        """The window with the requests that would bring it."""
        situations = self.env["backlog.situation"]._of(lines)
        requests = list(
            dict.fromkeys(
                document for line in lines for document in situations[line.id].requests
            )
        )
        reasons = {
            line.id: self.env._("Nothing is requested for it.")
            for line in lines
            if not situations[line.id].requests
        }
        if not requests:
            # Who may confirm nothing is told that, not that there is nothing.
            self.env["purchase.order"].check_access("write")
            return Outcome(skipped=reasons)
        for document in requests:
            document.with_user(self.env.user).check_access("write")
        return Outcome(
            action=self.env["backlog.confirm.request"]._open_for(requests),
            done=len(lines) - len(reasons),
            skipped=reasons,
        )

    # Asking the vendor

    def _do_chase(self, lines, values):
        """A mail to the vendor of what comes too late, prepared and not sent: one for
        each vendor."""
        purchases = self.env["purchase.order"]
        purchases.check_access("read")
        situations = self.env["backlog.situation"]._of(lines)
        reasons, found = {}, purchases
        for line in lines:
            late = [
                one
                for one in situations[line.id].late_documents
                if one._name == "purchase.order"
            ]
            found |= purchases.browse(one.id for one in late)
            if not late:
                reasons[line.id] = self.env._("No purchase brings it too late.")
        if not found:
            return Outcome(skipped=reasons)
        found.check_access("read")
        return Outcome(
            action=found._compose_backlog_chase(),
            done=len(lines) - len(reasons),
            skipped=reasons,
        )
