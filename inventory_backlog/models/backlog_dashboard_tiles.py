from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

PACE_DAYS = 91  # 13 weeks, a quarter
# Of each figure its tone, the part of it that matters, the tone of that, and what the
# part is a share of.
TILES = {
    "open": ("neutral", "late", "danger", "open"),
    "ready": ("success", "ready_late", "danger", "ready"),
    "risk": ("warning", "risk_all", "warning", False),
    "to_source": ("danger", "to_source_urgent", "danger", "to_source"),
    "prepaid": ("info", "prepaid_ready", "success", "prepaid"),
}


class BacklogDashboard(models.AbstractModel):
    """The tiles: a figure, what it means, and a part of it that matters."""

    _inherit = "backlog.dashboard"

    @api.model
    def _tiles(self, domain, figures, scope):
        measures = self._measures()
        texts = self._tile_texts()
        tiles = [
            self._tile(domain, figures, measures, key, *texts[key]) for key in TILES
        ]
        if scope == "all" and self.env["backlog.snapshot"]._sees_all():
            tiles.append(self._pace_tile())
        return tiles

    @api.model
    def _tile_texts(self):
        """``{figure: (label, what the part is called, definition)}``."""
        return {
            "open": (
                self.env._("Open"),
                self.env._("past due"),
                self.env._(
                    "Ordered on confirmed orders and not yet shipped: untaxed, net of "
                    "discount. Past due: the day of the promise is over."
                ),
            ),
            "ready": (
                self.env._("Ready"),
                self.env._("of it past due"),
                self.env._(
                    "What is in stock for its line, after everyone ahead in the queue: "
                    "income that only waits to be shipped."
                ),
            ),
            "risk": (
                self.env._("At risk this week"),
                self.env._("at risk in all"),
                self.env._(
                    "Promised for today or one of the next 7 days, and expected later "
                    "or with nothing ordered yet."
                ),
            ),
            "to_source": (
                self.env._("To source"),
                self.env._("of it late or at risk"),
                self.env._(
                    "What is neither in stock nor on its way: somebody must order or "
                    "make it."
                ),
            ),
            "prepaid": (
                self.env._("Prepaid, not shipped"),
                self.env._("of it ready to ship"),
                self.env._(
                    "What customers have paid for goods that are still open. It is a "
                    "debt to them until the goods leave."
                ),
            ),
        }

    @api.model
    def _tile(self, domain, figures, measures, key, label, part_label, definition):
        tone, part_key, part_tone, whole = TILES[key]
        figure = figures[key]
        part = figures[part_key]
        total = whole and figures[whole]["value"]
        return {
            "key": key,
            "label": label,
            "value": figure["value"],
            "kind": "monetary",
            "count": figure["count"],
            "count_label": self.env._("1 line")
            if figure["count"] == 1
            else self.env._("%s lines", figure["count"]),
            "tone": tone if figure["count"] else "neutral",
            "help": definition,
            "action": self._open_lines(measures[key][0], domain, label),
            "sub": {
                "label": part_label,
                "value": part["value"],
                "kind": "monetary",
                "share": round(100 * part["value"] / total, 1) if total else False,
                "tone": part_tone if part["count"] else "neutral",
                "action": self._open_lines(
                    measures[part_key][0], domain, f"{label}: {part_label}"
                ),
            },
        }

    @api.model
    def _pace_tile(self):
        history = self.env["backlog.snapshot"]
        domain = Domain("day", ">=", self._days_ago(PACE_DAYS))
        [[weeks, ratio, first, count]] = history._read_group(
            domain,
            [],
            ["backlog_weeks:avg", "book_to_bill:avg", "day_from:min", "__count"],
        )
        action = self._open_history(domain, "pivot") if count else False
        tone = "neutral" if not ratio or 0.9 <= ratio <= 1.1 else "info"
        return {
            "key": "weeks",
            "label": self.env._("Weeks of backlog"),
            "value": weeks,
            "kind": "weeks",
            "count": False,
            "count_label": self._pace_note(weeks, first),
            "tone": tone,
            "help": self.env._(
                "What was open at the end of the last day ÷ what was shipped per week "
                "in the last 13 weeks, or since the history began. Book-to-bill: "
                "booked ÷ shipped in the same time; above 1 the backlog grows."
            ),
            "action": action,
            "sub": {
                "label": self.env._("book-to-bill"),
                "value": ratio,
                "kind": "ratio",
                "share": False,
                "tone": tone,
                "action": action,
            },
        }

    @api.model
    def _pace_note(self, weeks, first):
        if not first:
            return self.env._("The history begins tonight.")
        if not weeks:
            return self.env._("Known after the first day with shipments.")
        return self.env._("since %s", format_date(self.env, first))

    @api.model
    def _days_ago(self, days):
        return fields.Date.context_today(self) - timedelta(days=days)
