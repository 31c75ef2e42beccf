from psycopg2 import OperationalError

from odoo import models
from odoo.exceptions import AccessError, UserError
from odoo.tools import split_every

from odoo.addons.stock.models.stock_rule import ProcurementException

from ...const import ASKED, BUYING, OPEN_SUGGESTIONS, REQUEST_STATES
from ...tools.actions import open_records
from ...tools.names import named
from ...tools.texts import short_day

# In one request of the client, which shows how far it is in between.
BATCH = 20
NAMES = 3


class BacklogSuggestionBulk(models.AbstractModel):
    """Order many suggestions at once, and take that back. Each takes those that it
    fits, leaves the others as they are, and says why.

    What came of it is a dictionary, see ``backlog.suggestion.order_now``; ``_toast``
    and ``_batches`` make actions of the client of it."""

    _name = "backlog.suggestion.bulk"
    _description = "Many Suggestions at Once"

    # Ordering

    def _order_some(self, suggestions):
        """See ``order_now``."""
        suggestions.check_access("write")
        reasons = self._reasons(suggestions)
        fit = suggestions.filtered(lambda one: one not in reasons)
        mine = self._acceptable(fit)
        if fit and not mine:
            # It says which right is missing.
            self.env["backlog.procure"]._check_may_accept(fit)
        not_mine = self.env._("is not yours to order")
        reasons |= dict.fromkeys(fit - mine, not_mine)
        failed = self._try(self.env["backlog.procure"]._order_as_proposed, mine)
        reasons |= failed
        done = mine.filtered(lambda one: one not in failed)
        return self._outcome(done, reasons, self._ordered_sentences(done))

    def _reasons(self, suggestions):
        """``{suggestion: why it cannot be ordered as it is}``."""
        reasons = {}
        for one in suggestions:
            if reason := self._why_not_ordered(one):
                reasons[one] = reason
        return reasons

    def _why_not_ordered(self, suggestion):
        if suggestion.state not in OPEN_SUGGESTIONS:
            return self.env._("is under way or done")
        if suggestion.action_type == "confirm":
            return self.env._("confirms a purchase order: press Confirm in its row")
        if suggestion.obstacle == "no_vendor" or (
            suggestion.action_type in BUYING and not suggestion.supplierinfo_id
        ):
            return self.env._("has no vendor")
        if suggestion.obstacle:
            field = suggestion._fields["obstacle"]
            return dict(field._description_selection(self.env))[suggestion.obstacle]
        return ""

    def _acceptable(self, suggestions):
        """Those of these suggestions that the current user may accept, for a handful
        of statements, however many there are."""
        procure = self.env["backlog.procure"]
        made = {
            action: procure._document_made(action)
            for action in set(suggestions.mapped("action_type"))
        }
        may_make = {
            action
            for action, model in made.items()
            if model and self.env[model].has_access("create")
        }
        asked = suggestions.filtered(lambda one: not made[one.action_type])
        hidden = self._hidden_documents(asked)
        return suggestions.filtered(
            lambda one: (
                not (hidden & self._named_documents(one))
                if one in asked
                else one.action_type in may_make
            )
        )

    def _named_documents(self, suggestion):
        right = "write" if suggestion.action_type == "confirm" else "read"
        documents = suggestion._origin.sudo().line_ids._late_documents()
        return {(right, document._name, document.id) for document in documents}

    def _hidden_documents(self, suggestions):
        """``{(right, model, id)}`` of the late documents behind these suggestions on
        which the user has not the right that it takes to accept them."""
        ids = {}
        for one in suggestions:
            for right, model, document_id in self._named_documents(one):
                ids.setdefault((right, model), set()).add(document_id)
        return {
            (right, model, document_id)
            for (right, model), wanted in ids.items()
            for document_id in wanted
            - {*self.env[model].browse(wanted)._filtered_access(right).ids}
        }

    def _ordered_sentences(self, suggestions):
        """What came of ordering these: the documents, and when the last arrives."""
        # Buyers may know the numbers of what was made.
        done = suggestions.sudo()
        if documents := self._documents_made(done):
            names = self._names(documents)
            days = [
                one.arrival_date
                for one in done
                if one.arrival_date and one.action_type not in ASKED
            ]
            yield (
                self.env._(
                    "%(documents)s written, arrives %(day)s.",
                    documents=names,
                    day=short_day(self.env, max(max(days), *self._needed(done))),
                )
                if days
                else self.env._("%s written.", names)
            )
        if asked := done.asked_activity_ids:
            yield self.env._(
                "Asked for earlier: %s.",
                ", ".join(dict.fromkeys(asked.mapped("res_name"))),
            )

    def _needed(self, suggestions):
        """When these should arrive: nothing is brought before it is needed."""
        return [one.need_date for one in suggestions if one.action_type not in ASKED]

    def _documents_made(self, suggestions):
        """The documents that were made of these suggestions and are still to be
        decided, as a list. An addon that makes others adds them."""
        requests = suggestions.purchase_line_ids.order_id.filtered(
            lambda order: order.state in REQUEST_STATES
        )
        transfers = suggestions.move_ids.picking_id.filtered(
            lambda picking: picking.state not in ("done", "cancel")
        )
        return [*requests, *transfers]

    def _names(self, documents):
        names = [named(one).display_name for one in documents[:NAMES]]
        if len(documents) > NAMES:
            names.append(self.env._("%s more", len(documents) - NAMES))
        return ", ".join(names)

    # And back

    def _take_back(self, suggestions):
        """See ``undo_now``."""
        suggestions.check_access("write")
        procure = self.env["backlog.procure"]
        mine = self._acceptable(suggestions)
        if suggestions and not mine:
            procure._check_may_accept(suggestions)
        reasons = dict.fromkeys(suggestions - mine, self.env._("is not yours to undo"))
        fit = mine.filtered("can_undo")
        reasons |= {one: self._why_not_undone(one.sudo()) for one in mine - fit}
        failed = self._try(procure._undo, fit)
        reasons |= failed
        done = fit.filtered(lambda one: one not in failed)
        sentences = [self.env._("Undone: %s.", len(done))] if done else []
        return self._outcome(done, reasons, sentences)

    def _why_not_undone(self, suggestion):
        """Why what was ordered of a suggestion stays, by the first document that is no
        draft any more."""
        if suggestion.state in OPEN_SUGGESTIONS:
            return self.env._("is not ordered")
        if suggestion.action_type == "confirm":
            return self.env._("was confirmed, cancel the purchase order itself")
        if suggestion.state == "done":
            return self.env._("has arrived")
        for line in suggestion.purchase_line_ids:
            if line.state == "sent":
                return self.env._("%s was sent to the vendor", line.order_id.name)
            if line.state not in ("draft", "cancel"):
                return self.env._("%s is confirmed", line.order_id.name)
        for picking in suggestion.move_ids.picking_id:
            if picking.state not in ("draft", "cancel"):
                return self.env._("%s is on its way", picking.name)
        return self.env._("is no draft any more")

    # As far as it can be done

    def _try(self, method, suggestions):
        """Call ``method`` with all of these suggestions. Where that fails they are done
        one by one, and what fails then stays as it was.

        :return: ``{suggestion: why not}``
        """
        if not suggestions or not (reason := self._try_once(method, suggestions)):
            return {}
        if len(suggestions) == 1:
            return {suggestions: reason}
        reasons = {one: self._try_once(method, one) for one in suggestions}
        return {one: why for one, why in reasons.items() if why}

    def _try_once(self, method, suggestions):
        """Do it or leave everything as it was: why, or nothing."""
        try:
            with self.env.cr.savepoint():
                method(suggestions)
        except (AccessError, UserError, ProcurementException) as error:
            self.env.invalidate_all()
            return str(error)
        except OperationalError:
            self.env.invalidate_all()
            return self.env._("somebody else is at it, try again")
        return ""

    # What came of it

    def _outcome(self, done, reasons, sentences):
        """See ``order_now``."""
        done = done.exists()
        message = " ".join([*sentences, *self._skipped_sentences(reasons, bool(done))])
        documents = self._documents_made(done.sudo())
        return {
            "done": done.ids,
            "skipped": [
                {"id": one.id, "name": name, "reason": reason}
                for one, (name, reason) in self._named_reasons(reasons).items()
            ],
            "message": message,
            "open": self._opened(documents),
            "requests": [one.id for one in documents if one._name == "purchase.order"],
        }

    def _opened(self, documents):
        """The action that opens those of the documents that the user may read and that
        are of one kind, the requests first."""
        for model in dict.fromkeys(one._name for one in documents):
            records = self.env[model].browse(
                one.id for one in documents if one._name == model
            )
            if records.has_access("read"):
                return open_records(records)
        return False

    def _named_reasons(self, reasons):
        """``{suggestion: (name of the product, why not)}``. Some may be withdrawn by
        now."""
        gone = self.env._("A suggestion")
        return {
            one: (named(one.product_id).display_name if one.exists() else gone, why)
            for one, why in reasons.items()
        }

    def _skipped_sentences(self, reasons, is_some_done):
        """What was not done and why, the first few by name."""
        if not reasons:
            return
        if is_some_done or len(reasons) > 1:
            yield self.env._("Left as it was: %s.", len(reasons))
        found = list(self._named_reasons(reasons).values())
        for name, why in found[:NAMES]:
            yield self.env._(
                "%(product)s: %(reason)s.", product=name, reason=why.rstrip(".")
            )
        if len(found) > NAMES:
            yield self.env._("And %s more.", len(found) - NAMES)

    def _toast(self, outcome, undo=False):
        """A notification with *Open*, and *Undo* by the method ``undo``.

        :param outcome: as ``order_now`` returns
        """
        done = outcome["done"]
        return {
            "type": "ir.actions.client",
            "tag": "backlog_toast",
            "params": {
                "type": "warning" if outcome["skipped"] else "success",
                "message": outcome["message"],
                "open": outcome["open"],
                "undo": {
                    "model": "backlog.suggestion",
                    "method": undo,
                    "ids": done,
                }
                if undo and done
                else False,
            },
        }

    def _batches(self, suggestions, method, undo=False):
        """Have the client call ``method`` batch by batch, so that it can say how far it
        is, and each batch is done for good.

        :param undo: the method that takes it back
        """
        return {
            "type": "ir.actions.client",
            "tag": "backlog_batches",
            "params": {
                "model": "backlog.suggestion",
                "method": method,
                "batches": list(split_every(BATCH, suggestions.ids, list)),
                "undo": undo,
            },
        }
