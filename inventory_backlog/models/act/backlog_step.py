from typing import NamedTuple

from odoo import models

from ...const import BUYERS, PURCHASE_USERS

# Who does something, left before right: who has several roles gets the first.
ROLES = {
    "warehouse": ("stock.group_stock_user",),
    "salesperson": ("sales_team.group_sale_salesman",),
    "buyer": (PURCHASE_USERS, BUYERS),
}


class Row(NamedTuple):
    """What each role can do while a line is in a state: the first verb that offers
    itself (``_offer_<verb>``)."""

    state: str
    warehouse: tuple = ()
    salesperson: tuple = ()
    buyer: tuple = ()


# The first row that applies (``_is_<state>``) and has something for the user decides.
TABLE = (
    Row("ready", ("ship",), ("reserve", "ask_warehouse"), ()),
    Row("requested", (), ("remind",), ("confirm", "remind")),
    Row("to_order", (), ("ask_purchase",), ("order", "ask_purchase")),
    Row("late", (), ("tell",), ("chase",)),
)
# What is always in the menu.
ALWAYS = Row(
    "any",
    ("open_transfer", "snooze", "unsnooze"),
    ("tell", "open_order", "snooze", "unsnooze"),
    ("open_supply", "snooze", "unsnooze"),
)
# Who is none of them, as an administrator of the backlog alone.
ANYBODY = ("snooze", "unsnooze")
# What the plan says of a line, and which verbs go with it. Further ones come as "Or".
PLAN = (
    ("blocked", ()),
    ("ready", ("ship", "reserve", "ask_warehouse")),
    ("requested", ("confirm", "remind")),
    ("to_order", ("order", "ask_purchase")),
    ("incoming", ("chase",)),
    ("missed", ("tell",)),
)


class BacklogStep(models.AbstractModel):
    """What can be done about a line: one table, read by list, panel, kanban, order and
    purchase. ``TABLE`` says who does what in which state; an ``_offer_…`` method says
    whether the user may do it and it would help, and how the button is called."""

    _name = "backlog.step"
    _description = "Next Step"

    def _next_step(self, lines, situations=None, with_plan=True):
        """What the user can do about each line.

        :param situations: what ``backlog.situation._of`` says, where it is known
        :param with_plan: lists do without the sentences, which are then empty
        :return: ``{line id: {"first": verb or False, "rest": [verb], "strong": bool,
            "plan": [{"lead", "sentence", "verb"}], "reason": str}}``, a verb being
            ``{"verb": key, "label": str, "hint": str}``. ``reason`` says why there is
            no first one, and is empty where there is one.
        """
        if situations is None:
            situations = self.env["backlog.situation"]._of(lines)
        rights = self._rights()
        return {
            line.id: self._step(line, situations[line.id], rights, with_plan)
            for line in lines
        }

    def _step(self, line, situation, rights, with_plan):
        offers = self._offers(line, situation, rights)
        chosen = list(offers.values())
        always = [key for key in self._always(rights) if key not in offers]
        menu = self._offered(always, line, situation, rights)
        first = chosen[0] if chosen else False
        rest = [*chosen[1:], *menu.values()]
        text = self.env["backlog.step.text"]
        return {
            "first": first,
            "rest": rest,
            "strong": bool(line.is_late or line.is_at_risk),
            "plan": text._plan(line, situation, self._planned(line, situation, offers))
            if with_plan
            else [],
            "reason": ""
            if first
            else text._reason(line, situation, self._roles(rights)),
        }

    def _offers(self, line, situation, rights):
        """``{key: verb}`` of the rows that apply, in their order."""
        keys = [
            key
            for row in TABLE
            if getattr(self, f"_is_{row.state}")(line, situation)
            for key in self._of_roles(row, rights, line, situation)
        ]
        return self._offered(keys, line, situation, rights)

    def _of_roles(self, row, rights, line, situation):
        """One verb for each role of the user: the first that offers itself."""
        for role in self._roles(rights):
            for key in getattr(row, role):
                if getattr(self, f"_offer_{key}")(line, situation, rights):
                    yield key
                    break

    def _offered(self, keys, line, situation, rights):
        """``{key: verb}`` of those that the user can do and that would help."""
        text = self.env["backlog.step.text"]
        offered = {}
        for key in dict.fromkeys(keys):
            if getattr(self, f"_offer_{key}")(line, situation, rights):
                offered[key] = text._verb(key, line, situation)
        return offered

    def _planned(self, line, situation, offers):
        """``[(state, [verb])]`` of what the plan says of a line."""
        return [
            (state, [offers[key] for key in keys if key in offers])
            for state, keys in PLAN
            if getattr(self, f"_is_{state}")(line, situation)
        ]

    # Roles and rights

    def _rights(self):
        """What the user is and may do, asked once for a page."""
        user = self.env.user

        def may(model, right):
            return self.env[model].has_access(right)

        return {
            "roles": [
                role
                for role, groups in ROLES.items()
                if any(map(user.has_group, groups))
            ],
            "move": may("stock.move", "write"),
            "order": may("backlog.suggestion", "write"),
            "buy": may("purchase.order", "create"),
            "confirm": may("purchase.order", "write"),
            "chase": may("purchase.order", "read"),
            "sell": may("sale.order", "read"),
        }

    def _roles(self, rights):
        return rights["roles"]

    def _always(self, rights):
        return dict.fromkeys(
            key
            for role in self._roles(rights)
            for key in getattr(ALWAYS, role)
            if key not in ANYBODY
        ) | dict.fromkeys(ANYBODY)

    # States

    def _is_blocked(self, line, situation):
        return bool(situation.blocked)

    def _is_ready(self, line, situation):
        """Something is in stock for it that may leave."""
        return line.backlog_qty > 0 and not situation.blocked

    def _is_requested(self, line, situation):
        """Something is to order, and somebody has requested it."""
        return bool(line.to_source_qty > 0 and situation.requests) and (
            situation.blocked != "credit"
        )

    def _is_to_order(self, line, situation):
        """Something is to order, and nobody has requested it, or not enough: what is
        suggested is what requests leave missing."""
        return (
            line.to_source_qty > 0
            and (not situation.requests or bool(situation.suggestion))
            and situation.blocked != "credit"
        )

    def _is_incoming(self, line, situation):
        return line.incoming_qty > 0

    def _is_late(self, line, situation):
        """What it waits for is overdue or comes too late, or its day has passed."""
        return bool(situation.late or line.is_late and line.backorder_qty > 0) and (
            situation.blocked != "credit"
        )

    def _is_missed(self, line, situation):
        """Its promise is not kept, or may not be."""
        return bool(line.is_late or line.is_at_risk)

    # Offers: the warehouse

    def _offer_ship(self, line, situation, rights):
        return "warehouse" in rights["roles"] and bool(situation.transfers)

    def _offer_open_transfer(self, line, situation, rights):
        return "warehouse" in rights["roles"] and bool(situation.transfers)

    # Offers: sales

    def _offer_reserve(self, line, situation, rights):
        return (
            rights["move"] and not situation.is_reserved and bool(situation.transfers)
        )

    def _offer_ask_warehouse(self, line, situation, rights):
        """Who may ship asks nobody."""
        return (
            "warehouse" not in rights["roles"]
            and situation.is_reserved
            and line.is_late
            and bool(situation.transfers)
            and "warehouse" not in situation.asked
        )

    def _offer_ask_purchase(self, line, situation, rights):
        """Who may order asks nobody."""
        return "purchase" not in situation.asked and not self._offer_order(
            line, situation, rights
        )

    def _offer_remind(self, line, situation, rights):
        return "purchase" not in situation.asked and not self._offer_confirm(
            line, situation, rights
        )

    def _offer_tell(self, line, situation, rights):
        return "salesperson" in rights["roles"] and rights["sell"]

    def _offer_open_order(self, line, situation, rights):
        return "salesperson" in rights["roles"] and rights["sell"]

    # Offers: purchase

    def _offer_confirm(self, line, situation, rights):
        """The user may write the documents; a purchase as well as what else it is."""
        return all(
            rights["confirm"]
            if document._name == "purchase.order"
            else self.env[document._name].has_access("write")
            for document in situation.requests
        )

    def _offer_order(self, line, situation, rights):
        if not rights["order"]:
            return False
        made = self.env["backlog.procure"]._document_made(
            situation.suggestion.action_type
        )
        if made and made != "purchase.order":
            return self.env[made].has_access("create")
        return rights["buy"]

    def _offer_chase(self, line, situation, rights):
        return rights["chase"] and any(
            document._name == "purchase.order" for document in situation.late_documents
        )

    def _offer_open_supply(self, line, situation, rights):
        return situation.can_open

    # Offers: everybody

    def _offer_snooze(self, line, situation, rights):
        return not situation.is_snoozed

    def _offer_unsnooze(self, line, situation, rights):
        return situation.is_snoozed
