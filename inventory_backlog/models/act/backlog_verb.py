from odoo import models
from odoo.exceptions import AccessError, UserError

from ...tools.arguments import is_list_of_ids, is_whole

MOST_LINES = 1_000
# Which model knows how to do it (``_do_<verb>``), and to undo it (``_undo_<verb>``).
VERBS = {
    "ship": "backlog.verb.stock",
    "reserve": "backlog.verb.stock",
    "ask_warehouse": "backlog.verb.ask",
    "ask_purchase": "backlog.verb.ask",
    "remind": "backlog.verb.ask",
    "confirm": "backlog.verb.supply",
    "order": "backlog.verb.supply",
    "chase": "backlog.verb.supply",
    "tell": "backlog.verb.line",
    "snooze": "backlog.verb.line",
    "unsnooze": "backlog.verb.line",
    "open_transfer": "backlog.verb.line",
    "open_order": "backlog.verb.line",
    "open_supply": "backlog.verb.line",
}


class BacklogVerb(models.AbstractModel):
    """What users do about lines, and undo. A verb takes the lines that the user may
    see, checks the rights that it needs itself, does what it can and says what it left
    out and why. An addon with a verb of its own adds it to ``_verbs``."""

    _name = "backlog.verb"
    _description = "Action on Lines"

    def _verbs(self):
        """``{verb: model}``."""
        return VERBS

    def _act(self, line_ids, verb, values):
        """See ``backlog.line.act``."""
        if not is_list_of_ids(line_ids) or not line_ids:
            raise UserError(self.env._("Give the ids of the lines as a list."))
        if len(line_ids) > MOST_LINES:
            raise UserError(self.env._("Choose at most %s lines at once.", MOST_LINES))
        if not isinstance(verb, str) or verb not in self._verbs():
            raise UserError(self.env._("There is no such action."))
        if values is not None and values is not False and not isinstance(values, dict):
            raise UserError(self.env._("Give the values by their names."))
        lines = self._lines(line_ids)
        outcome = getattr(self.env[self._verbs()[verb]], f"_do_{verb}")(
            lines, values or {}
        )
        gone = set(line_ids) - set(lines.ids)
        outcome.skip(dict.fromkeys(gone, self.env._("It is not open any more.")))
        return self._told(verb, outcome)

    def _lines(self, line_ids):
        """The lines with these ids that are still open.

        :raise AccessError: where the user may not see one of them
        """
        lines = self.env["backlog.line"].search([("id", "in", line_ids)])
        hidden = list(set(line_ids) - set(lines.ids))
        # sudo: to tell what others may see from what is open no more.
        everybody = self.env["backlog.line"].sudo()
        if hidden and everybody.search_count([("id", "in", hidden)], limit=1):
            raise AccessError(
                self.env._("This line is not yours: ask the person in charge.")
            )
        return lines

    def _told(self, verb, outcome):
        """The outcome as the client gets it."""
        message = outcome.message
        if outcome.skipped:
            reasons = outcome.reasons()
            message = (
                self.env._(
                    "%(message)s Not done: %(count)s. %(reasons)s",
                    message=message,
                    count=len(outcome.skipped),
                    reasons=reasons,
                )
                if outcome.done
                else reasons
            )
        return {
            "action": outcome.action,
            "message": message.strip(),
            "done": outcome.done,
            "skipped": [
                {"id": line_id, "reason": reason}
                for line_id, reason in outcome.skipped.items()
            ],
            "open": outcome.open,
            "undo": self.env["backlog.undo"]._keep(verb, outcome.undo)
            if outcome.undo
            else False,
        }

    def _undo(self, undo):
        """See ``backlog.line.undo_act``."""
        token = undo.get("token") if isinstance(undo, dict) else None
        kept = (
            self.env["backlog.undo"]._mine(token)
            if is_whole(token)
            else self.env["backlog.undo"].browse()
        )
        if not kept:
            raise UserError(
                self.env._("This is undone already, or too long ago to be undone.")
            )
        model = self.env[self._verbs()[kept.verb]]
        message = getattr(model, f"_undo_{kept.verb}")(kept.payload)
        kept.unlink()
        return {"message": message}
