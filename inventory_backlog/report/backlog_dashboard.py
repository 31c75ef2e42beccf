from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

from ..const import VALUE_GROUPS
from ..tools.given import giving
from ..tools.names import named
from ..tools.texts import short_day

RISK_DAYS = 7  # "this week"

SALESPERSON = "sales_team.group_sale_salesman"

# Per figure: its tone, the part of it that matters, the tone of that part, and the
# figure that the part is a share of.
TILES = {
    "open": ("neutral", "late", "danger", "open"),
    "ready": ("success", "ready_late", "danger", "ready"),
    "risk": ("warning", "risk_all", "warning", False),
    "to_source": ("danger", "to_source_urgent", "danger", "to_source"),
    "prepaid": ("info", "prepaid_ready", "success", "prepaid"),
}
# What the page shows of each salesperson.
OF_SALESPEOPLE = ("open", "late", "risk_all")


class Measure(NamedTuple):
    """A figure: which lines it counts, and what it sums of them."""

    domain: Domain
    """its lines"""
    field: str
    """what is summed"""
    filters: tuple = ()
    """the filters of the list that give these lines"""
    rest: Domain = Domain.TRUE
    """what no filter says of them"""


class BacklogDashboard(models.AbstractModel):
    """The backlog on one page: what is open, ready, at risk, to order and prepaid, how
    long it lasts, where it is going and whose it is.

    Each figure is a domain on ``backlog.line`` and a field summed over it. Clicking it
    opens the list of open lines with the filters that give that very domain. The charts
    are ``backlog.dashboard.chart``. On a large database they take longest, so the page
    asks for them apart.
    """

    _name = "backlog.dashboard"
    _description = "Backlog Overview"

    @api.model
    @api.readonly
    def get_dashboard(self, scope=False, charts=True):
        """Return all that the page shows, in plain values.

        :param scope: ``mine``, ``team`` or ``all``; what the user may see by default
        :param charts: whether the answer has ``trend``, ``cash`` and ``salespeople``,
            see ``get_trend``, ``get_cash`` and ``get_salespeople``
        :return: ``scope, scopes, as_of, currency_id, note, notices, line_count, tiles,
            no_trend, trend, cash, salespeople``; ``no_trend`` says why there is no
            history to show. Values are in the currency of the current company, those of
            other companies converted at today's rates; times are UTC.
        :raise AccessError: for users who may not see what customers pay
        """
        scopes, scope = self._checked_scope(scope)
        domain = self._scope_domain(scope)
        charts_of = self.env["backlog.dashboard.chart"]
        opened = self._opened(scope)
        with giving(self, **self.env["backlog.kept"]._answer()) as asked:
            figures = asked._figures(domain)
            shown = {}
            if charts:
                of_state = charts_of.with_env(asked.env)
                shown = {
                    "trend": of_state._trend(scope),
                    "cash": of_state._cash(domain),
                    "salespeople": asked._of_salespeople(scope, opened),
                }
        return {
            "scope": scope,
            "scopes": [list(one) for one in scopes],
            "as_of": fields.Datetime.to_string(fields.Datetime.now()),
            "currency_id": self.env.company.currency_id.id,
            "note": self._currency_note(),
            "notices": self._notices(),
            "line_count": figures["open"]["count"],
            "tiles": self._tiles(figures, opened),
            "no_trend": charts_of._why_no_trend(scope),
            **shown,
        }

    @api.model
    @api.readonly
    def get_trend(self, scope=False):
        """Return how the open value went, day by day.

        :param scope: as for ``get_dashboard``
        :return: ``days, series, late, note, action, pace``; ``pace`` is a tile with the
            weeks of backlog and book-to-bill, or false
        :raise AccessError: for users who may not see what customers pay
        """
        _scopes, scope = self._checked_scope(scope)
        return self.env["backlog.dashboard.chart"]._trend(scope)

    @api.model
    @api.readonly
    def get_cash(self, scope=False):
        """Return the money that open orders bring in and cost, week by week.

        :param scope: as for ``get_dashboard``
        :return: ``weeks, series, pay, note, actions``
        :raise AccessError: for users who may not see what customers pay
        """
        _scopes, scope = self._checked_scope(scope)
        return self.env["backlog.dashboard.chart"]._cash(self._scope_domain(scope))

    @api.model
    @api.readonly
    def get_salespeople(self, scope=False):
        """Return what each salesperson has open, late and at risk, the most late value
        first.

        :param scope: as for ``get_dashboard``
        :return: ``[{"id", "name", "figures": {"open", "late", "risk_all"}}]``, each
            figure with ``value``, ``count``, ``domain`` and ``action``; the id is false
            for the orders that are nobody's
        :raise AccessError: for users who may not see what customers pay
        """
        _scopes, scope = self._checked_scope(scope)
        return self._of_salespeople(scope, self._opened(scope))

    @api.model
    def _notices(self):
        """Notices about the figures, ``[{"text", "button", "action"}]``; the last two
        where the user can act on it."""
        faults, upkeep = self.env["backlog.fault"], self.env["backlog.upkeep"]
        return faults._notices() + upkeep._notices()

    @api.model
    def _currency_note(self):
        """A note on the rates of conversion, where the companies have several
        currencies."""
        if len(self.env.companies.currency_id) < 2:
            return ""
        return self.env._(
            "Converted at the rates of %s.",
            short_day(self.env, fields.Date.context_today(self)),
        )

    # Whose lines

    @api.model
    def _checked_scope(self, scope):
        """The scopes of the user, and ``scope`` if it is one of them, else the user's
        default."""
        if not self.env.user.has_group(VALUE_GROUPS):
            raise AccessError(
                self.env._(
                    "The dashboard shows what customers pay. Ask for the right "
                    "“Backlog: User”, or open the customer backlog in Purchase."
                )
            )
        scopes = self._scopes()
        if scope not in [one for one, _label in scopes]:
            scope = scopes[-1][0] if self._sees_all_lines() else scopes[0][0]
        return scopes, scope

    @api.model
    def _scopes(self):
        """``[(scope, label)]`` that make sense for the user, the widest one last."""
        sees_all = self._sees_all_lines()
        scopes = []
        if self.env.user.has_group(SALESPERSON) or not sees_all:
            scopes.append(("mine", self.env._("Mine")))
            if sees_all and self._teams():
                scopes.append(("team", self.env._("My team")))
        widest = self.env._("All") if sees_all else self.env._("Mine and unassigned")
        return [*scopes, ("all", widest)]

    @api.model
    def _scope_domain(self, scope):
        """The domain of the lines in a scope."""
        if scope == "mine":
            return Domain("user_id", "=", self.env.uid)
        if scope == "team":
            return Domain("team_id", "in", self._teams().ids)
        return Domain.TRUE

    @api.model
    def _scope_opened(self, scope):
        """``(filters, domain)`` of the list that give the lines in a scope."""
        if scope == "mine":
            return ("my_backlog",), Domain.TRUE
        return (), self._scope_domain(scope)

    @api.model
    def _teams(self):
        """The teams that the user is in or leads."""
        return self.env["crm.team"].search(
            ["|", ("user_id", "=", self.env.uid), ("member_ids", "=", self.env.uid)]
        )

    @api.model
    def _sees_all_lines(self):
        return self.env["backlog.line"]._sees_all()

    # Figures

    @api.model
    def _figures(self, domain):
        """``{figure: {count, value}}`` of the lines in ``domain``: all of them from one
        statement."""
        lines = self.env["backlog.line"]
        query = lines._query_over(lines._lines(), domain)
        keys, sums = self._sums(lines, query, self._measures())
        [[values]] = self.env.execute_query(
            query.select(SQL("JSON_BUILD_ARRAY(%s)", SQL(", ").join(sums)))
        )
        return self._by_figure(keys, values)

    @api.model
    def _by_figure(self, keys, values):
        """``{figure: {count, value}}`` of what a statement of ``_sums`` returned."""
        figures = {}
        for (key, kind), value in zip(keys, values, strict=True):
            figures.setdefault(key, {})[kind] = value
        rounded = self.env.company.currency_id.round
        for figure in figures.values():
            figure["value"] = rounded(float(figure["value"]))
        return figures

    @api.model
    def _sums(self, lines, query, measures):
        """``([(figure, kind)], [expression])``: the counts and sums of the measures.
        The condition of each expression is the domain that its figure opens."""
        keys, sums = [], []
        for key, measure in measures.items():
            condition = measure.domain.optimize_full(lines)._to_sql(
                lines, lines._table, query
            )
            keys += [(key, "count"), (key, "value")]
            sums.append(SQL("COUNT(*) FILTER (WHERE %s)", condition))
            sums.append(
                SQL(
                    "COALESCE(SUM(%s * %s) FILTER (WHERE %s), 0)",
                    SQL.identifier(lines._table, measure.field),
                    self.env.companies._backlog_rate(lines._table),
                    condition,
                )
            )
        return keys, sums

    @api.model
    def _measures(self):
        """``{figure: Measure}``."""
        late, at_risk = self._late(), Domain("is_at_risk", "=", True)
        ready = Domain("backlog_qty", ">", 0)
        to_order = Domain("to_source_qty", ">", 0)
        prepaid = Domain("prepaid_value", ">", 0)
        return {
            "open": Measure(Domain.TRUE, "open_value"),
            "late": Measure(late, "open_value", ("late",)),
            "ready": Measure(ready, "backlog_value", ("some_ready",)),
            "ready_late": Measure(
                ready & late, "backlog_value", ("some_ready", "late")
            ),
            "risk": Measure(
                at_risk & self._this_week(),
                "open_value",
                ("at_risk",),
                self._this_week(),
            ),
            "risk_all": Measure(at_risk, "open_value", ("at_risk",)),
            "to_source": Measure(to_order, "to_source_value", ("to_source",)),
            # Two filters of one group: either.
            "to_source_urgent": Measure(
                to_order & (late | at_risk),
                "to_source_value",
                ("to_source", "late", "at_risk"),
            ),
            "prepaid": Measure(prepaid, "prepaid_value", ("paid",)),
            "prepaid_ready": Measure(
                prepaid & Domain("backlog_state", "=", "ready"),
                "prepaid_value",
                ("paid", "ready"),
            ),
        }

    @api.model
    def _late(self):
        return Domain("is_late", "=", True)

    @api.model
    def _this_week(self):
        """Promised before the end of the seventh day from now, in the user's time
        zone."""
        zone = ZoneInfo(str(self.env.tz))
        last = fields.Date.context_today(self) + timedelta(days=RISK_DAYS + 1)
        end = datetime.combine(last, time.min, zone).astimezone(ZoneInfo("UTC"))
        return Domain("promise_date", "<", end.replace(tzinfo=None))

    # Tiles

    @api.model
    def _tiles(self, figures, opened):
        """The tiles of the page, in their order."""
        texts = self._tile_texts()
        return [self._tile(opened, figures, key, *texts[key]) for key in TILES]

    @api.model
    def _tile_texts(self):
        """``{figure: (label, label of the part, definition)}``."""
        return {
            "open": (
                self.env._("Open"),
                self.env._("late"),
                self.env._(
                    "Ordered on confirmed orders and not yet shipped: untaxed, net of "
                    "discount. Late: the day of the promise is over."
                ),
            ),
            "ready": (
                self.env._("Ready"),
                self.env._("late"),
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
                self.env._("To order"),
                self.env._("late or at risk"),
                self.env._(
                    "What is neither in stock nor on its way: somebody must order or "
                    "make it."
                ),
            ),
            "prepaid": (
                self.env._("Prepaid, not shipped"),
                self.env._("ready to ship"),
                self.env._(
                    "What customers have paid for goods that are still open. It is a "
                    "debt to them until the goods leave."
                ),
            ),
        }

    @api.model
    def _tile(self, opened, figures, key, label, part_label, definition):
        """One tile: a figure, the part of it that matters, and the actions that open
        both."""
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
            **opened(key, label),
            "sub": {
                "label": part_label,
                "value": part["value"],
                "kind": "monetary",
                "share": round(100 * part["value"] / total, 1) if total else False,
                "tone": part_tone if part["count"] else "neutral",
                **opened(part_key, f"{label}: {part_label}"),
            },
        }

    # Salespeople

    @api.model
    def _of_salespeople(self, scope, opened):
        """See ``get_salespeople``: all from one statement."""
        lines = self.env["backlog.line"]
        domain = self._scope_domain(scope)
        statement = (
            lines._lines()
            if lines._asks_for_whole_orders(domain)
            else self.env["backlog.line.today"]._plain(lines._current())
        )
        query = lines._query_over(statement, domain)
        measures = self._measures()
        keys, sums = self._sums(
            lines, query, {key: measures[key] for key in OF_SALESPEOPLE}
        )
        query.groupby = user_id = SQL.identifier(lines._table, "user_id")
        rows = [
            (user, self._by_figure(keys, values))
            for user, values in self.env.execute_query(
                query.select(user_id, SQL("JSON_BUILD_ARRAY(%s)", SQL(", ").join(sums)))
            )
        ]
        # sudo: who may see the line may see whose it is.
        users = named(self.env["res.users"].browse(user for user, _row in rows if user))
        names = {user.id: user.display_name for user in users}
        nobody = self.env._("Nobody")
        return [
            {
                "id": user or False,
                "name": names.get(user) or nobody,
                "figures": {
                    key: {
                        **figures[key],
                        **opened(key, names.get(user) or nobody, [user]),
                    }
                    for key in OF_SALESPEOPLE
                },
            }
            for user, figures in sorted(
                rows,
                key=lambda row: [-row[1][key]["value"] for key in ("late", "open")],
            )
        ]

    # The list behind the figures

    @api.model
    def _opened(self, scope):
        """Return a function ``(figure, name, salesperson)`` that gives
        ``{"domain", "action"}``: the lines of the figure in this scope, and the window
        that shows them in the list of open lines. The salesperson is a list of one id,
        None for nobody; without the list it is everybody."""
        measures = self._measures()
        plain = self.env["backlog.dashboard.chart"]._plain
        window = self._window()
        scope_domain = self._scope_domain(scope)
        scope_filters, scope_rest = self._scope_opened(scope)

        def opened(key, name, salesperson=()):
            measure = measures[key]
            filters = dict.fromkeys((*scope_filters, *measure.filters), 1)
            domain, rest = scope_domain & measure.domain, scope_rest & measure.rest
            for user_id in salesperson:
                is_theirs = Domain("user_id", "=", user_id or False)
                domain &= is_theirs
                if user_id:
                    filters["user_id"] = user_id
                else:
                    rest &= is_theirs
            return {
                "domain": plain(domain),
                "action": {
                    **window,
                    "name": name,
                    "display_name": name,
                    "domain": plain(rest),
                    "context": {
                        **{f"search_default_{one}": on for one, on in filters.items()},
                        **self._column_shown(measure.field),
                    },
                },
            }

        return opened

    @api.model
    def _column_shown(self, field):
        """What has the list show the value that a figure adds up, where that is not the
        open value."""
        return {} if field == "open_value" else {"summed_field": field}

    @api.model
    def _window(self):
        """The list of open lines. Its parts are named here, since reading the action
        would cost as much as reading the figures."""

        def known(xml_id):
            # Not env.ref: it would check each time whether the record still exists.
            return self.env["ir.model.data"]._xmlid_to_res_id(
                f"inventory_backlog.{xml_id}", raise_if_not_found=True
            )

        return {
            "type": "ir.actions.act_window",
            "id": known("backlog_line_action"),
            "xml_id": "inventory_backlog.backlog_line_action",
            "path": "backlog",
            "res_model": "backlog.line",
            "views": [
                [known("backlog_line_view_list_manager"), "list"],
                [known("backlog_line_view_kanban"), "kanban"],
                [known("backlog_line_view_pivot"), "pivot"],
                [known("backlog_line_view_graph"), "graph"],
                [known("backlog_line_view_form"), "form"],
            ],
            "search_view_id": [known("backlog_line_view_search"), "search"],
            # Without a help text Odoo shows sample records in an empty list.
            "help": Markup('<p class="o_view_nocontent_smiling_face">%s</p>')
            % self.env._("No open line is part of this figure"),
            "target": "current",
        }
