from collections.abc import Set as AbstractSet
from datetime import timedelta
from json import dumps, loads

from babel.dates import format_skeleton

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL, babel_locale_parse, format_date, json_default

from ..tools.given import giving

CASH_WEEKS = 8
PACE_DAYS = 91  # 13 weeks, a quarter


class BacklogDashboardChart(models.AbstractModel):
    """The charts of the overview: how the backlog went, and the cash it will bring.

    Both return plain values in the currency of the current company, with the actions
    that open the rows behind them.
    """

    _name = "backlog.dashboard.chart"
    _description = "Overview Chart"

    # How the backlog went

    def _trend(self, scope):
        """The open value at the end of each day, by state."""
        if hidden := self._why_no_trend(scope):
            return {
                "days": [],
                "series": [],
                "late": {"label": "", "values": []},
                "note": hidden,
                "action": False,
                "pace": False,
            }
        last = self._last_common_day()
        domain = Domain("day", ">=", self._days_ago(PACE_DAYS))
        if last:
            domain &= Domain("day", "<=", last)
        rows = self.env["backlog.snapshot"]._read_group(
            domain,
            ["day:day", "backlog_state"],
            [
                "closing:sum_currency",
                "late_value:sum_currency",
                "is_caught_up:bool_and",
            ],
        )
        days = sorted({row[0] for row in rows})
        closing = {(day, state): value or 0 for day, state, value, *_rest in rows}
        seen = {day for day, _state, _value, _late, missed in rows if not missed}
        late = dict.fromkeys(days, 0)
        for day, _state, _value, value, _missed in rows:
            late[day] += value or 0
        return {
            "days": [fields.Date.to_string(day) for day in days],
            "series": [
                {
                    "key": state,
                    "label": label,
                    "values": [closing.get((day, state), 0) for day in days],
                }
                for state, label in self._labels(
                    "backlog.line", "backlog_state"
                ).items()
            ],
            "late": {
                "label": self.env._("Late"),
                # The value is not known for a day that was missed.
                "values": [late[day] if day in seen else False for day in days],
            },
            "note": self._trend_note(days),
            "action": self._open_history(domain),
            "pace": self._pace(),
        }

    def _why_no_trend(self, scope):
        """Why the history is not shown, or an empty text."""
        if not self.env["backlog.snapshot"]._sees_all():
            return self.env._(
                "The history is the company's. It is shown to those who may see all "
                "sales documents."
            )
        if scope != "all":
            return self.env._("The history is kept for the company as a whole.")
        return ""

    def _last_common_day(self):
        """The last day that all current companies have in their history, False without
        a history.

        The days of companies end at different times: a day that one company alone has
        would look as if the backlog of the others were gone. A company without a
        history is left out."""
        last_days = self.env["backlog.snapshot"]._read_group(
            [], ["company_id"], ["day:max"]
        )
        return min((day for _company, day in last_days), default=False)

    def _trend_note(self, days):
        if not days:
            return self.env._(
                "The first day is kept tonight. From then on you see here how the "
                "backlog grows and shrinks."
            )
        if len(self.env.companies) > 1:
            return self.env._("Up to the last day that ended in all companies.")
        return ""

    def _pace(self):
        """The weeks of backlog and book-to-bill, from the history, as a tile."""
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

    def _pace_note(self, weeks, first):
        """What the weeks of backlog are counted from, or why there are none."""
        if not first:
            return self.env._("The history begins tonight.")
        if not weeks:
            return self.env._("Known after the first day with shipments.")
        return self.env._("since %s", format_date(self.env, first))

    # The cash it will bring

    def _flows(self, domain):
        """The expected money per day, flow and kind, as plain values."""
        with giving(
            self.env["backlog.cash"], **self.env["backlog.kept"]._answer()
        ) as cash:
            rows = cash._query_over(
                cash._table_query, domain & Domain("flow", "in", ("receive", "pay"))
            )
        return self.env.execute_query_dict(
            SQL(
                """
                SELECT date, flow, kind, SUM(amount * %s) AS amount
                  FROM (%s) backlog_cash
              GROUP BY date, flow, kind
                """,
                self.env.companies._backlog_rate(cash._table),
                rows.select(SQL("%s.*", SQL.identifier(cash._table))),
            )
        )

    def _cash(self, domain):
        """The money that comes in and goes out because of the open backlog, week by
        week. Each bar opens its rows of ``backlog.cash``."""
        weeks = self._weeks()
        series = {}
        for row in self._flows(domain):
            key = row["kind"] if row["flow"] == "receive" else row["flow"]
            values = series.setdefault(key, [0] * len(weeks))
            values[self._week_number(row["date"], weeks)] += row["amount"]
        rounded = self.env.company.currency_id.round
        kinds = self._labels("backlog.cash", "kind")
        received = [key for key in kinds if key in series]

        def values(key):
            return [rounded(value) for value in series[key]]

        def actions(flow, kind=False):
            part = domain & Domain("flow", "=", flow)
            if kind:
                part &= Domain("kind", "=", kind)
            return [self._open_cash(part & week["domain"]) for week in weeks]

        return {
            "weeks": [
                {"label": week["label"], "start": week["start"]} for week in weeks
            ],
            "series": [
                {"key": key, "label": kinds[key], "values": values(key)}
                for key in received
            ],
            "pay": {
                "label": self._labels("backlog.cash", "flow")["pay"],
                "values": values("pay"),
                "actions": actions("pay"),
            }
            if "pay" in series
            else False,
            "note": self.env._("Untaxed, less what is prepaid."),
            "actions": [actions("receive", key) for key in received],
        }

    def _weeks(self):
        """The columns of the chart: eight weeks from the current one on, later, and
        without a date: ``label, start, domain``."""
        today = fields.Date.context_today(self)
        # Weeks begin as in Odoo's groups: by the user's language.
        week_start = int(self.env["res.lang"]._get_data(code=self.env.lang).week_start)
        this_week = today - timedelta(days=(today.isoweekday() - week_start) % 7)
        starts = [this_week + timedelta(weeks=number) for number in range(CASH_WEEKS)]
        end = starts[-1] + timedelta(weeks=1)
        # As the other chart writes its days.
        locale = babel_locale_parse(self.env.lang)
        weeks = [
            {
                "label": format_skeleton("MMMd", start, locale=locale),
                "start": fields.Date.to_string(start),
                "domain": Domain("date", ">=", start)
                & Domain("date", "<", start + timedelta(weeks=1)),
            }
            for start in starts
        ]
        # Money that was due before is due now.
        weeks[0]["domain"] = Domain("date", "<", starts[1])
        return [
            *weeks,
            {
                "label": self.env._("Later"),
                "start": fields.Date.to_string(end),
                "domain": Domain("date", ">=", end),
            },
            {
                "label": self.env._("No date"),
                "start": False,
                "domain": Domain("date", "=", False),
            },
        ]

    def _week_number(self, date, weeks):
        """The number of the column that a date belongs to."""
        if not date:
            return len(weeks) - 1
        first = fields.Date.to_date(weeks[0]["start"])
        number = (date - first).days // 7
        return min(max(number, 0), len(weeks) - 2)

    def _open_cash(self, domain):
        """The action that opens rows of ``backlog.cash``."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Expected Cash"),
            "res_model": "backlog.cash",
            "views": [[False, "list"], [False, "pivot"], [False, "graph"]],
            "domain": self._plain(domain),
            "context": {},
            "target": "current",
        }

    # Shared

    def _labels(self, model, name):
        """``{value: label}`` of the selection ``name`` of ``model``."""
        return dict(self.env[model]._fields[name]._description_selection(self.env))

    def _open_history(self, domain, first="list"):
        """The action that opens the history, with the view ``first``."""
        views = sorted(("list", "pivot", "graph"), key=lambda view: view != first)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Backlog History"),
            "res_model": "backlog.snapshot",
            "views": [[False, view] for view in views],
            "domain": self._plain(domain),
            "context": {},
            "target": "current",
        }

    def _days_ago(self, days):
        return fields.Date.context_today(self) - timedelta(days=days)

    def _plain(self, domain):
        """The domain in a form that the client can send back."""
        return loads(
            dumps(
                list(domain),
                default=lambda value: (
                    list(value)
                    if isinstance(value, AbstractSet)
                    else json_default(value)
                ),
            )
        )
