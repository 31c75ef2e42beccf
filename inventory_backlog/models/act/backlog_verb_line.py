from odoo import models
from odoo.exceptions import UserError

from ...tools.actions import open_documents
from ...tools.names import named
from ...tools.texts import short_day
from .outcome import Outcome


class BacklogVerbLine(models.AbstractModel):
    """Verbs about the line itself: tell its customer, put it aside, open what it is
    about."""

    _name = "backlog.verb.line"
    _description = "Actions on a Line"

    # Telling the customer

    def _do_tell(self, lines, values):
        """A mail with the open orders, prepared and not sent: one for each customer."""
        lines.order_id.check_access("read")
        orders = self.env["sale.order"]
        customers = lines.grouped(lambda line: line.partner_id.commercial_partner_id)
        # All lines of a customer are in one mail, so one of its orders is enough.
        for of_customer in customers.values():
            orders |= of_customer.order_id.sorted("id")[:1]
        return Outcome(action=orders._compose_backlog_summary(), done=len(lines))

    # Putting aside

    def _do_snooze(self, lines, values):
        snooze = self.env["backlog.snooze"]
        until = snooze._checked_day(values.get("until"))
        before = snooze._put_aside(lines, until)
        day = short_day(self.env, until)
        return Outcome(
            message=self.env._("Put aside until %s.", day)
            if len(lines) == 1
            else self.env._(
                "%(count)s lines put aside until %(day)s.", count=len(lines), day=day
            ),
            done=len(lines),
            undo={str(line_id): str(day or "") for line_id, day in before.items()},
        )

    def _undo_snooze(self, payload):
        self._as_before(payload)
        return self.env._("Shown again.")

    def _do_unsnooze(self, lines, values):
        before = self.env["backlog.snooze"]._show_again(lines.ids)
        if not before:
            reason = self.env._("It is not put aside.")
            return Outcome(skipped=dict.fromkeys(lines.ids, reason))
        return Outcome(
            message=self.env._("Shown again."),
            done=len(before),
            undo={str(line_id): str(day) for line_id, day in before.items()},
        )

    def _undo_unsnooze(self, payload):
        self._as_before(payload)
        return self.env._("Put aside again.")

    def _as_before(self, payload):
        """Snooze lines until the days that they were snoozed until before, and show
        those that were not.

        :param payload: ``{line id: day or nothing}``
        """
        snooze = self.env["backlog.snooze"]
        snooze._show_again([int(line_id) for line_id in payload])
        for line_id, day in payload.items():
            lines = self.env["backlog.line"].search([("id", "=", int(line_id))])
            if day and lines:
                snooze._put_aside(lines, snooze._checked_day(day))

    # Opening

    def _do_open_transfer(self, lines, values):
        return Outcome(action=lines.action_open_transfers(), done=len(lines))

    def _do_open_order(self, lines, values):
        lines.order_id.check_access("read")
        return Outcome(action=lines.action_open_order(), done=len(lines))

    def _do_open_supply(self, lines, values):
        """What it waits for, else the requests that would bring it."""
        situations = self.env["backlog.situation"]._of(lines)
        if any(situation.documents for situation in situations.values()):
            return Outcome(action=lines.action_open_supply(), done=len(lines))
        requests = list(
            dict.fromkeys(
                document
                for situation in situations.values()
                for document in situation.requests
            )
        )
        if not requests:
            raise UserError(self.env._("Nothing is on its way for this line."))
        return Outcome(
            action=self._open_documents(requests),
            done=len(lines),
        )

    def _open_documents(self, documents):
        """Open those of these documents, of one kind, that the user may read."""
        can_open = self.env["backlog.line"]._can_open
        mine = [
            document
            for document in (one.with_user(self.env.user) for one in documents)
            if can_open(document)
        ]
        if not mine:
            raise UserError(
                self.env._(
                    "%s is not yours to open. Ask the people who buy or make it.",
                    named(documents[0]).display_name,
                )
            )
        return open_documents(mine)
