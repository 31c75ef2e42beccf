from odoo import fields, models
from odoo.tools import format_date

from ...tools.given import giving
from ...tools.texts import quantity_with_unit

# Ready, incoming, to order, expected and overdue, by the state of the order.
FIGURES = {
    "draft": (
        "quote_ready_qty",
        "quote_incoming_qty",
        "quote_to_source_qty",
        "quote_expected_date",
        "quote_overdue_since",
    ),
    "sale": (
        "backlog_qty",
        "incoming_qty",
        "to_source_qty",
        "backlog_expected_date",
        "backlog_overdue_since",
    ),
}
FIGURES["sent"] = FIGURES["draft"]
ALL_FIGURES = (*FIGURES["draft"], *FIGURES["sale"])


class BacklogAvailability(models.AbstractModel):
    """What the backlog says of an order line where Odoo shows its availability, in
    finished texts. Odoo's own figures look at the day of the delivery and at no queue,
    so the two would disagree on one screen."""

    _name = "backlog.availability"
    _description = "Availability"

    def _shown(self, lines):
        """``{line: {"rows", "sentence", "usual", "is_alarming"}}``, each
        row being ``{"label", "quantity", "tone"}``; lines of which the backlog says
        nothing are left out: then Odoo's figures stand.
        """
        told = lines.filtered(self._is_told)
        confirmed = told._origin.filtered(lambda line: line.state == "sale")
        usual = self._usual(confirmed)
        return {
            line: self._shown_of(line, usual.get(line._origin.id, "")) for line in told
        }

    def _is_told(self, line):
        if line.state not in FIGURES or (line.state == "sale" and not line.open_qty):
            return False
        quantities = FIGURES[line.state][:3]
        return any(line[name] for name in quantities)

    def _usual(self, lines):
        """``{line id: what the vendor behind its last receipt usually does}``."""
        # sudo: who reads an order need not see the backlog; the order line is theirs.
        waiting = lines.filtered("incoming_qty")
        if not waiting:
            return {}
        rows = self.env["backlog.line"].sudo()
        products = waiting.order_id._backlog_products()
        with giving(rows, product_ids=products.ids) as asked:
            rows = asked.search_fetch(
                [("id", "in", waiting.ids)], ["incoming_qty", "expected_date"]
            ).with_env(rows.env)
        return self.env["backlog.likely"].sudo()._sentences(rows)

    def _shown_of(self, line, usual):
        ready, incoming, to_source, expected, overdue = (
            line[name] for name in FIGURES[line.state]
        )
        rows = [
            (self.env._("Ready"), ready, "success"),
            (self.env._("Incoming"), incoming, ""),
            (self.env._("To order"), to_source, "danger"),
        ]
        is_alarming = bool(
            to_source or overdue or self._is_after(expected, line.scheduled_date)
        )
        # As superuser: a quantity needs its unit, also for who may not read units.
        unit = line.product_uom_id.sudo()
        return {
            "rows": [
                {
                    "label": label,
                    "quantity": quantity_with_unit(self.env, quantity, unit),
                    "tone": tone if quantity else "muted",
                }
                for label, quantity, tone in rows
            ],
            "sentence": self._sentence(line.state, expected, overdue),
            "usual": usual,
            "is_alarming": is_alarming,
        }

    def _is_after(self, expected, scheduled):
        """Whether it can leave on a later day only, where the user is."""
        if not (expected and scheduled):
            return False
        day = fields.Date.context_today
        return day(self, expected) > day(self, scheduled)

    def _sentence(self, state, expected, overdue):
        """When all of it can leave."""
        if overdue:
            return self.env._(
                "Receipt overdue since %s", format_date(self.env, overdue)
            )
        if not expected:
            return self.env._("Nobody knows yet when all of it can leave")
        date = format_date(self.env, expected)
        if state == "sale":
            return self.env._("All of it expected on %(date)s", date=date)
        return self.env._("All of it could leave on %(date)s", date=date)
