from datetime import datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..const import PURCHASE_USERS, VALUE_GROUPS
from ..tools.given import giving
from ..tools.names import named

RISK_DAYS = 7  # "this week"

TOP = 10

# The columns of a line to act on.
COLUMNS = (
    "id",
    "order_id",
    "partner_id",
    "product_id",
    "warehouse_id",
    "currency_id",
    "backlog_qty",
    "to_source_qty",
    "backlog_state",
    "open_value",
    "promise_date",
    "promised_day",
    "expected_date",
    "overdue_since",
    "days_late",
    "is_late",
    "is_at_risk",
    "delay_cause",
    "today",
)

SALESPERSON = "sales_team.group_sale_salesman"


PACE_DAYS = 91  # 13 weeks, a quarter

# Per figure: its tone, the part of it that matters, the tone of that part, and the
# figure that the part is a share of.
TILES = {
    "open": ("neutral", "late", "danger", "open"),
    "ready": ("success", "ready_late", "danger", "ready"),
    "risk": ("warning", "risk_all", "warning", False),
    "to_source": ("danger", "to_source_urgent", "danger", "to_source"),
    "prepaid": ("info", "prepaid_ready", "success", "prepaid"),
}


class BacklogDashboard(models.AbstractModel):
    """The backlog on one page: what is open, ready, at risk, to order and prepaid, how
    long it lasts, where it is going and what to do first.

    Each figure is a domain on ``backlog.line`` and a field summed over it; clicking it
    opens that very domain. The charts are ``backlog.dashboard.chart``. On a large
    database they take longest, so the page asks for them apart.
    """

    _name = "backlog.dashboard"
    _description = "Backlog Dashboard"

    @api.model
    @api.readonly
    def get_dashboard(self, scope=False, charts=True):
        """Return all that the page shows, in plain values.

        :param scope: ``mine``, ``team`` or ``all``; what the user may see by default
        :param charts: whether the answer has ``trend`` and ``cash``, see ``get_trend``
            and ``get_cash``
        :return: ``scope, scopes, as_of, currency_id, note, notices, line_count, tiles,
            lines, lines_action, no_trend, trend, cash``; ``no_trend`` says why there is
            no history to show. Values are in the currency of the current company, those
            of other companies converted at today's rates; times are UTC.
        :raise AccessError: for users who may not see what customers pay
        """
        scopes, scope = self._checked_scope(scope)
        domain = self._scope_domain(scope)
        charts_of = self.env["backlog.dashboard.chart"]
        with giving(self, **self.env["backlog.kept"]._answer()) as asked:
            figures = asked._figures(domain)
            lines = asked._first_lines(domain)
            shown = {}
            if charts:
                of_state = charts_of.with_env(asked.env)
                shown = {
                    "trend": of_state._trend(scope),
                    "cash": of_state._cash(domain),
                }
        return {
            "scope": scope,
            "scopes": [list(one) for one in scopes],
            "as_of": fields.Datetime.to_string(fields.Datetime.now()),
            "currency_id": self.env.company.currency_id.id,
            "note": self._currency_note(),
            "notices": self._notices(),
            "line_count": figures["open"]["count"],
            "tiles": self._tiles(domain, figures, scope),
            "lines": self._lines_to_act_on(lines),
            "lines_action": self._open_lines(self._urgent(), domain),
            "no_trend": charts_of._why_no_trend(scope),
            **shown,
        }

    @api.model
    @api.readonly
    def get_trend(self, scope=False):
        """Return how the open value went, day by day.

        :param scope: as for ``get_dashboard``
        :return: ``days, series, late, note, action``
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
            format_date(self.env, fields.Date.context_today(self)),
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
        keys, sums = self._sums(lines, query)
        [[values]] = self.env.execute_query(
            query.select(SQL("JSON_BUILD_ARRAY(%s)", SQL(", ").join(sums)))
        )
        figures = {}
        for (key, kind), value in zip(keys, values, strict=True):
            figures.setdefault(key, {})[kind] = value
        rounded = self.env.company.currency_id.round
        for figure in figures.values():
            figure["value"] = rounded(float(figure["value"]))
        return figures

    @api.model
    def _first_lines(self, domain):
        """The lines to act on first, as plain values of ``COLUMNS``."""
        lines = self.env["backlog.line"]
        domain &= self._urgent()
        statement = (
            lines._lines()
            if lines._asks_for_whole_orders(domain)
            else self.env["backlog.line.today"]._plain(lines._current())
        )
        query = lines._query_over(statement, domain)
        column = partial(SQL.identifier, lines._table)
        query.order = SQL(
            "%s DESC, %s * %s DESC, %s",
            column("is_late"),
            column("open_value"),
            self.env.companies._backlog_rate(lines._table),
            column("id"),
        )
        query.limit = TOP
        return self.env.execute_query_dict(query.select(*map(column, COLUMNS)))

    @api.model
    def _sums(self, lines, query):
        """``([(figure, kind)], [expression])``: the counts and sums of the measures.
        The condition of each expression is the domain that its figure opens."""
        keys, sums = [], []
        for key, (part, name) in self._measures().items():
            condition = part.optimize_full(lines)._to_sql(lines, lines._table, query)
            keys += [(key, "count"), (key, "value")]
            sums.append(SQL("COUNT(*) FILTER (WHERE %s)", condition))
            sums.append(
                SQL(
                    "COALESCE(SUM(%s * %s) FILTER (WHERE %s), 0)",
                    SQL.identifier(lines._table, name),
                    self.env.companies._backlog_rate(lines._table),
                    condition,
                )
            )
        return keys, sums

    @api.model
    def _measures(self):
        """``{figure: (domain, field)}``: the lines of each figure and the field that is
        summed."""
        ready = Domain("backlog_qty", ">", 0)
        at_risk = Domain("is_at_risk", "=", True)
        to_source = Domain("to_source_qty", ">", 0)
        prepaid = Domain("prepaid_value", ">", 0)
        return {
            "open": (Domain.TRUE, "open_value"),
            "late": (self._late(), "open_value"),
            "ready": (ready, "backlog_value"),
            "ready_late": (ready & self._late(), "backlog_value"),
            "risk": (at_risk & self._this_week(), "open_value"),
            "risk_all": (at_risk, "open_value"),
            "to_source": (to_source, "to_source_value"),
            "to_source_urgent": (to_source & self._urgent(), "to_source_value"),
            "prepaid": (prepaid, "prepaid_value"),
            "prepaid_ready": (
                prepaid & Domain("backlog_state", "=", "ready"),
                "prepaid_value",
            ),
        }

    @api.model
    def _late(self):
        return Domain("is_late", "=", True)

    @api.model
    def _urgent(self):
        return self._late() | Domain("is_at_risk", "=", True)

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
    def _tiles(self, domain, figures, scope):
        """The tiles of the page, in their order."""
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
        """``{figure: (label, label of the part, definition)}``."""
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
                self.env._("To order"),
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
        """The tile of the weeks of backlog and book-to-bill, from the history."""
        history = self.env["backlog.snapshot"]
        charts = self.env["backlog.dashboard.chart"]
        domain = Domain("day", ">=", charts._days_ago(PACE_DAYS))
        [[weeks, ratio, first, count]] = history._read_group(
            domain,
            [],
            ["backlog_weeks:avg", "book_to_bill:avg", "day_from:min", "__count"],
        )
        action = charts._open_history(domain, "pivot") if count else False
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
        """What the weeks of backlog are counted from, or why there are none."""
        if not first:
            return self.env._("The history begins tonight.")
        if not weeks:
            return self.env._("Known after the first day with shipments.")
        return self.env._("since %s", format_date(self.env, first))

    # What to do first

    @api.model
    def _lines_to_act_on(self, rows):
        """The late lines of most value, then those at risk, with what to do."""
        labels = self.env["backlog.dashboard.chart"]._labels(
            "backlog.line", "backlog_state"
        )
        causes = dict(self.env["backlog.line"]._selection_delay_cause())

        def names(model, column):
            # sudo: a user who may see the line may see these names, as on the list of
            # lines.
            records = named(self.env[model].browse({row[column] for row in rows}))
            return {record.id: record.display_name for record in records}

        orders = names("sale.order", "order_id")
        customers = names("res.partner", "partner_id")
        products = names("product.product", "product_id")
        requested = self._requested(rows)
        may_buy = self.env.user.has_group(PURCHASE_USERS)
        moment = fields.Datetime.to_string
        result = []
        for row in rows:
            advice, icon = self._advice(row, row["id"] in requested, may_buy)
            result.append(
                {
                    "id": row["id"],
                    "order": orders[row["order_id"]],
                    "customer": customers[row["partner_id"]],
                    "product": products[row["product_id"]],
                    "state": row["backlog_state"],
                    "state_label": labels[row["backlog_state"]],
                    "late": row["is_late"],
                    "at_risk": row["is_at_risk"],
                    "value": row["open_value"],
                    "currency_id": row["currency_id"],
                    "promise": moment(row["promise_date"]),
                    "expected": moment(row["expected_date"]),
                    "overdue_since": moment(row["overdue_since"]),
                    "days_late": row["days_late"],
                    "days_passed": (
                        row["today"] - (row["promised_day"] or row["today"])
                    ).days,
                    "cause_label": causes.get(row["delay_cause"], ""),
                    "advice": advice,
                    "icon": icon,
                }
            )
        return result

    @api.model
    def _requested(self, rows):
        """The ids of the lines to order that have a request for quotation: for the
        line itself, or for its product in its warehouse."""
        rows = [row for row in rows if row["to_source_qty"] > 0]
        # sudo: salespeople cannot read purchases; the page tells them only that there
        # is one.
        found = (
            self.env["purchase.order.line"]
            .sudo()
            .search(
                Domain("order_id.state", "in", ("draft", "sent", "to approve"))
                & (
                    Domain("sale_line_id", "in", [row["id"] for row in rows])
                    | Domain("product_id", "in", [row["product_id"] for row in rows])
                )
            )
        )
        of_lines = set(found.sale_line_id.ids)
        goods = {
            (line.product_id.id, line.order_id.picking_type_id.warehouse_id.id)
            for line in found
        }
        return {
            row["id"]
            for row in rows
            if row["id"] in of_lines
            or (row["product_id"], row["warehouse_id"]) in goods
        }

    @api.model
    def _advice(self, row, is_requested, may_buy):
        """``(what to do, icon)`` for a line that is late or at risk."""
        if row["backlog_state"] == "ready":
            return self.env._("Ship it"), "fa-truck"
        if row["to_source_qty"] > 0:
            return self._advice_to_source(is_requested, may_buy)
        if row["backlog_qty"] > 0:
            return self.env._("Ship what is ready"), "fa-truck"
        return self.env._("Chase the supply, tell the customer"), "fa-bell-o"

    @api.model
    def _advice_to_source(self, is_requested, may_buy):
        if may_buy:
            if is_requested:
                return self.env._("Confirm the request"), "fa-check"
            return self.env._("Order the supply"), "fa-cart-plus"
        if is_requested:
            return self.env._("Ask Purchase to confirm"), "fa-comment-o"
        return self.env._("Ask Purchase to order"), "fa-comment-o"

    # Windows behind the figures

    @api.model
    def _open_lines(self, part, domain, name=None):
        """The action that opens the lines of one figure, ``part``, within the scope
        ``domain``."""

        def view(xml_id):
            # Not env.ref: it would check each time whether the view still exists.
            return self.env["ir.model.data"]._xmlid_to_res_id(
                f"inventory_backlog.{xml_id}", raise_if_not_found=True
            )

        return {
            "type": "ir.actions.act_window",
            "name": name or self.env._("Late or at Risk"),
            "res_model": "backlog.line",
            "views": [
                [view("backlog_analysis_view_list"), "list"],
                [view("backlog_line_view_kanban"), "kanban"],
                [view("backlog_analysis_view_pivot"), "pivot"],
                [view("backlog_analysis_view_graph"), "graph"],
            ],
            "search_view_id": [view("backlog_analysis_view_search"), "search"],
            "domain": self.env["backlog.dashboard.chart"]._plain(domain & part),
            "context": {},
            # Without a help text Odoo shows sample records in an empty list.
            "help": Markup('<p class="o_view_nocontent_smiling_face">%s</p>')
            % self.env._("No open line is part of this figure"),
            "target": "current",
        }
