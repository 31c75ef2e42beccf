from datetime import timedelta
from typing import NamedTuple

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...const import VALUE_GROUPS
from ...tools.given import giving
from ...tools.texts import short_amount

# Days ahead that a buyer orders for.
WEEK = 7


class Card(NamedTuple):
    """A card above the list: the lines of a search filter, counted and summed up."""

    key: str
    """also the name of the filter"""
    color: str
    value: str = "open_value"


ROLES = {
    "sale": (
        Card("late", "danger"),
        Card("at_risk", "warning"),
        Card("some_ready", "success", "backlog_value"),
        Card("to_source", "danger", "to_source_value"),
    ),
    "purchase": (
        Card("to_order_soon", "danger", "to_source_value"),
        Card("to_confirm", "warning", "to_source_value"),
        Card("overdue", "danger"),
        Card("too_late", "warning"),
        Card("no_vendor", "danger", "to_source_value"),
    ),
    "stock": (
        Card("ready_late", "danger", "backlog_value"),
        Card("ready", "success", "backlog_value"),
        Card("partial", "warning", "backlog_value"),
        Card("blocked", "info", "backlog_value"),
    ),
    # On its own: it reads the invoices of all open orders.
    "paid": (Card("paid", "info", "prepaid_value"),),
}
ROLES["manager"] = ROLES["sale"]


class BacklogCard(models.AbstractModel):
    """The cards above the list of open lines: what is urgent for a role, each a filter
    of the list with its count and value."""

    _name = "backlog.card"
    _description = "Card of Open Lines"

    def _cards(self, role, domain):
        """See ``backlog.line.get_cards``."""
        if not isinstance(role, str) or role not in ROLES:
            raise UserError(self.env._("There is no such list of cards."))
        if not isinstance(domain, list):
            raise UserError(self.env._("Give the domain as a list."))
        sees_values = self.env.user.has_groups(VALUE_GROUPS)
        if role == "paid" and not sees_values:
            return []
        cards = ROLES[role]
        with giving(self, **self.env["backlog.kept"]._answer()) as asked:
            figures = asked._figures(cards, Domain(domain), sees_values)
        labels = self._labels()
        return [
            {
                "key": card.key,
                "label": labels[card.key],
                "count": count,
                "value": short_amount(self.env, value) if sees_values and count else "",
                "filter": card.key,
                "color": card.color,
            }
            for card, (count, value) in zip(cards, figures, strict=True)
        ]

    def _figures(self, cards, domain, sees_values):
        """``[(count, value)]`` of the cards, all from one statement."""
        lines = self.env["backlog.line"]
        conditions = self._domains()
        parts = [Domain(conditions[card.key]) for card in cards]
        whole = any(lines._asks_for_whole_orders(part) for part in (domain, *parts))
        statement = (
            lines._lines()
            if whole
            else self.env["backlog.line.today"]._plain(lines._current())
        )
        query = lines._query_over(statement, domain)
        expressions = []
        for card, part in zip(cards, parts, strict=True):
            condition = part.optimize_full(lines)._to_sql(lines, lines._table, query)
            expressions.append(SQL("COUNT(*) FILTER (WHERE %s)", condition))
            expressions.append(
                SQL(
                    "COALESCE(SUM(%s * %s) FILTER (WHERE %s), 0)",
                    SQL.identifier(lines._table, card.value),
                    self.env.companies._backlog_rate(lines._table),
                    condition,
                )
                if sees_values
                else SQL("0")
            )
        [values] = self.env.execute_query(query.select(*expressions))
        return list(zip(values[::2], map(float, values[1::2]), strict=True))

    def _domains(self):
        """``{key: the domain of the filter of this name}``."""
        soon = fields.Datetime.now() + timedelta(days=WEEK)
        to_order = Domain("to_source_qty", ">", 0)
        requested = Domain("order_id.state", "in", ("draft", "sent", "to approve"))
        return {
            "late": Domain("is_late", "=", True),
            "at_risk": Domain("is_at_risk", "=", True),
            "some_ready": Domain("backlog_qty", ">", 0),
            "to_source": to_order,
            "paid": Domain("prepaid_value", ">", 0),
            "to_order_soon": to_order & Domain("promise_date", "<", soon),
            "to_confirm": to_order
            & Domain("product_id.purchase_order_line_ids", "any", requested),
            "overdue": Domain("overdue_since", "!=", False),
            "too_late": Domain("delay_cause", "=", "supply_late"),
            "no_vendor": to_order & Domain("vendor_id", "=", False),
            "ready_late": Domain("backlog_qty", ">", 0) & Domain("is_late", "=", True),
            "ready": Domain("backlog_state", "=", "ready"),
            "partial": Domain("backlog_state", "=", "partial"),
            "blocked": Domain("block_cause", "!=", False),
        }

    def _labels(self):
        return {
            "late": self.env._("Late"),
            "at_risk": self.env._("At risk"),
            "some_ready": self.env._("Ready to ship"),
            "to_source": self.env._("To order"),
            "paid": self.env._("Paid, not shipped"),
            "to_order_soon": self.env._("To order this week"),
            "to_confirm": self.env._("To confirm"),
            "overdue": self.env._("Overdue receipts"),
            "too_late": self.env._("Too late"),
            "no_vendor": self.env._("No vendor"),
            "ready_late": self.env._("Ready and late"),
            "ready": self.env._("Ready"),
            "partial": self.env._("Partly"),
            "blocked": self.env._("Blocked"),
        }
