from odoo import models

from ...tools.names import named
from ...tools.texts import plain_quantity, short_day, time_ago

NAMES = 2
# What a suggestion of a kind does, as the button says it.
MAKES, MOVES = ("make",), ("transfer",)


class BacklogStepText(models.AbstractModel):
    """The words of the workbench: what the buttons are called, why a line is late in a
    few words, and the plan of the panel."""

    _name = "backlog.step.text"
    _description = "Words of the Next Step"

    # Buttons

    def _verb(self, key, line, situation):
        """``{"verb", "label", "hint"}`` of a button."""
        return {
            "verb": key,
            "label": self._label(key, line, situation),
            "hint": self._hint(key, line, situation),
        }

    def _label(self, key, line, situation):
        """What a button says: at most some 18 characters."""
        number = self._number
        if key == "ship":
            ready = number(line.backlog_qty)
            return (
                self.env._("Ship %s", ready)
                if situation.can_leave
                else self.env._("Pick %s", ready)
            )
        if key == "order":
            return self._order_label(situation, number(line.to_source_qty))
        if key == "reserve":
            return self.env._("Reserve %s", number(situation.unreserved_qty))
        return {
            "ask_warehouse": self.env._("Ask Warehouse"),
            "ask_purchase": self.env._("Ask Purchase"),
            "remind": self.env._("Remind Purchase"),
            "confirm": self.env._("Confirm request"),
            "chase": self.env._("Chase vendor"),
            "tell": self.env._("Tell customer"),
            "snooze": self.env._("Snooze"),
            "unsnooze": self.env._("Show again"),
            "open_transfer": self.env._("Open transfer"),
            "open_order": self.env._("Open order"),
            "open_supply": self.env._("Open supply"),
        }[key]

    def _label_of_many(self, key):
        """What a button says that is for several lines."""
        return {
            "ship": self.env._("Ship"),
            "reserve": self.env._("Reserve"),
            "order": self.env._("Order"),
            "confirm": self.env._("Confirm requests"),
            "chase": self.env._("Chase vendors"),
            "remind": self.env._("Remind Purchase"),
            "ask_purchase": self.env._("Ask Purchase"),
            "tell": self.env._("Tell customer"),
        }[key]

    def _order_label(self, situation, quantity):
        kind = situation.suggestion.action_type
        if kind in MAKES:
            return self.env._("Make %s", quantity)
        if kind in MOVES:
            return self.env._("Move %s", quantity)
        return self.env._("Order %s", quantity)

    def _hint(self, key, line, situation):
        """Which documents or people it is about."""
        if key in ("ship", "reserve", "ask_warehouse", "open_transfer"):
            return self._names(situation.transfers)
        if key in ("confirm", "remind"):
            return self._names(situation.requests)
        if key == "chase":
            return self._names(situation.late_documents)
        if key == "open_supply":
            return self._names((*situation.documents, *situation.requests))
        if key == "order":
            return named(situation.vendor).display_name or ""
        if key == "tell":
            return named(line.partner_id).display_name or ""
        if key == "open_order":
            return named(line.order_id).display_name or ""
        return ""

    # Why

    def _cause(self, line, situation):
        """Why a line is late or at risk, in a few words with the document."""
        cause = self._cause_alone(line, situation)
        if asked := self._asked(situation):
            return self.env._("%(cause)s · %(asked)s", cause=cause, asked=asked)
        return cause

    def _cause_alone(self, line, situation):
        if situation.blocked:
            return self._block(situation)
        cause = line.delay_cause
        if not cause:
            return self.env._("In time")
        if cause == "no_supply" and situation.requests:
            return self.env._("Requested, not confirmed")
        if cause == "no_supply" and situation.cancelled:
            return self.env._("%s was cancelled", situation.cancelled)
        late = situation.late_documents
        if cause == "supply_late" and late:
            return self.env._("%s comes too late", self._names(late[-1:]))
        if cause == "supply_overdue" and late:
            return self.env._("%s is overdue", self._names(late[:1]))
        return dict(line._fields["delay_cause"]._description_selection(self.env))[cause]

    def _block(self, situation):
        if situation.blocked == "credit":
            return self.env._("Over the credit limit")
        return self.env._("Ships all at once")

    def _asked(self, situation):
        """When somebody asked last; empty when nobody waits for an answer."""
        if not situation.asked:
            return ""
        return self.env._("asked %s", time_ago(self.env, max(situation.asked.values())))

    # Why there is nothing to do

    def _reason(self, line, situation, roles):
        """Why there is no first step for somebody of these roles."""
        if situation.blocked:
            return self._blocked_sentence(line, situation)
        if not roles:
            return self.env._(
                "You may look at it. Shipping, selling and buying is for others."
            )
        if asked := self._asked(situation):
            return self.env._("Somebody %s: no answer yet.", asked)
        if line.backlog_qty > 0 and not situation.transfers:
            return self.env._("There is no transfer to ship it with yet.")
        if line.backlog_qty > 0 and "salesperson" in roles:
            return self.env._("It is reserved: the warehouse ships it.")
        if line.backorder_qty <= 0:
            return self.env._("All of it is in stock: the warehouse ships it.")
        if line.to_source_qty > 0:
            return self.env._("It is to order: that is for the people who buy.")
        if situation.late:
            return self.env._("It comes too late: that is for the people who buy.")
        return self.env._("It is on its way and comes in time.")

    def _blocked_sentence(self, line, situation):
        order = named(line.order_id).display_name
        if situation.blocked == "credit":
            return self.env._(
                "%(customer)s is over the credit limit: nothing of %(order)s leaves.",
                customer=named(line.partner_id).display_name,
                order=order,
            )
        return self.env._(
            "%s ships all at once, and something of it is not in stock.", order
        )

    # The plan of the panel

    def _plan(self, line, situation, planned):
        """The plan as sentences, each with the verb of the user.

        :param planned: ``[(state, [verb])]``
        """
        plan = []
        for state, verbs in planned:
            sentences = getattr(self, f"_{state}_sentences")(line, situation)
            for place, sentence in enumerate(sentences):
                # The verb is about all of them: it stands beside the last.
                is_last = place == len(sentences) - 1
                plan.append(
                    self._planned(
                        plan, sentence, verbs[0] if verbs and is_last else False
                    )
                )
            plan += [
                {
                    "lead": self.env._("Or"),
                    "sentence": self._or_sentence(verb["verb"]),
                    "verb": verb,
                }
                for verb in verbs[1:]
            ]
        return plan

    def _planned(self, plan, sentence, verb):
        lead = self.env._("Then") if plan else self.env._("First")
        return {"lead": lead, "sentence": sentence, "verb": verb}

    def _or_sentence(self, key):
        return {
            "reserve": self.env._("Keep it for this line until it ships."),
            "ask_purchase": self.env._("Let the people who buy do it."),
        }.get(key, "")

    def _blocked_sentences(self, line, situation):
        return [self._blocked_sentence(line, situation)]

    def _ready_sentences(self, line, situation):
        ready = self._number(line.backlog_qty)
        is_all = line.backorder_qty <= 0
        if situation.is_reserved:
            told = (
                self.env._("It is reserved for this line.")
                if is_all
                else self.env._("%s are reserved for this line.", ready)
            )
        else:
            told = (
                self.env._("It is in stock for this line.")
                if is_all
                else self.env._("%s are in stock for this line.", ready)
            )
        return [self._with_asked(told, situation, "warehouse")]

    def _requested_sentences(self, line, situation):
        told = self.env._(
            "%(quantity)s are requested with %(names)s, not confirmed.",
            quantity=self._number(line.to_source_qty),
            names=self._names(situation.requests),
        )
        return [self._with_asked(told, situation, "purchase")]

    def _to_order_sentences(self, line, situation):
        if situation.requests:
            return [self.env._("That is not all that is needed.")]
        told = self.env._("%s are not ordered.", self._number(line.to_source_qty))
        return [self._with_asked(told, situation, "purchase")]

    def _incoming_sentences(self, line, situation):
        """What comes when with which document, a sentence each."""
        coming = situation.slices.filtered(lambda row: row.source == "receipt")
        if any(row.product_id != line.product_id for row in coming):
            # A kit arrives as components; it is complete when the last one arrives.
            last = coming.sorted(lambda row: (row.date, row.id))[-1:]
            return [self._incoming_sentence(line.incoming_qty, last)]
        groups = coming.sorted(lambda row: (row.date, row.id)).grouped(
            lambda row: (row.document, row.date)
        )
        return [
            self._incoming_sentence(sum(rows.mapped("qty")), rows[:1])
            for rows in groups.values()
        ]

    def _incoming_sentence(self, quantity, row):
        figures = {
            "quantity": self._number(quantity),
            "name": self._names((row.document,)) if row.document else "",
            "date": short_day(self.env, row.overdue_since or row.date),
        }
        if row.overdue_since and row.document:
            return self.env._(
                "%(quantity)s were due on %(date)s with %(name)s: nobody knows when "
                "they come.",
                **figures,
            )
        if row.overdue_since:
            return self.env._(
                "%(quantity)s were due on %(date)s: nobody knows when they come.",
                **figures,
            )
        if row.document:
            return self.env._("%(quantity)s come on %(date)s with %(name)s.", **figures)
        return self.env._("%(quantity)s come on %(date)s.", **figures)

    def _missed_sentences(self, line, situation):
        promise = short_day(self.env, line.promise_date)
        if line.is_late:
            return [
                self.env._(
                    "Promised %(day)s, days late: %(days)s.",
                    day=promise,
                    days=line.days_late,
                )
            ]
        if line.days_late:
            return [
                self.env._(
                    "Promised %(day)s, comes %(days)s days after it.",
                    day=promise,
                    days=line.days_late,
                )
            ]
        return [self.env._("Promised %s, and that is at risk.", promise)]

    def _with_asked(self, told, situation, kind):
        if moment := situation.asked.get(kind):
            return self.env._(
                "%(told)s Asked %(ago)s.", told=told, ago=time_ago(self.env, moment)
            )
        return told

    # The panel's head

    def _head(self, line):
        """``{"title", "subtitle"}``."""
        return {
            "title": named(line.product_id).display_name,
            "subtitle": " · ".join(
                (
                    named(line.partner_id).display_name,
                    named(line.order_id).display_name,
                    self.env._("promised %s", short_day(self.env, line.promise_date)),
                )
            ),
        }

    # Names

    def _names(self, documents):
        """The names of documents, the first few of them."""
        names = [named(one).display_name for one in documents]
        if len(names) > NAMES:
            return self.env._(
                "%(names)s and %(more)s more",
                names=", ".join(names[:NAMES]),
                more=len(names) - NAMES,
            )
        return ", ".join(names)

    def _number(self, quantity):
        return plain_quantity(self.env, quantity)

    # Columns of the lists

    def _shelves(self, situation):
        """Where what is reserved lies, below the stock of the warehouse."""
        return ", ".join(
            dict.fromkeys(
                place.name
                for place in situation.places
                if place != place.warehouse_id.lot_stock_id
            )
        )

    def _transfers(self, situation):
        return ", ".join(situation.transfers.mapped("name"))
