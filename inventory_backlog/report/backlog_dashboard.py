from collections.abc import Set as AbstractSet
from datetime import datetime, time, timedelta
from json import dumps, loads
from zoneinfo import ZoneInfo

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL, format_date, json_default

from .backlog_line import VALUE_GROUPS
from .given import giving

RISK_DAYS = 7  # "this week"
TOP = 10
# What the figures, the lines to act on and the cash read of a line.
COLUMNS = (
    "id",
    "order_id",
    "partner_id",
    "product_id",
    "warehouse_id",
    "company_id",
    "currency_id",
    "user_id",
    "team_id",
    "backlog_qty",
    "incoming_qty",
    "to_source_qty",
    "backlog_state",
    "open_value",
    "backlog_value",
    "incoming_value",
    "to_source_value",
    "prepaid_value",
    "promise_date",
    "expected_date",
    "days_late",
    "is_late",
    "is_at_risk",
    "delay_cause",
    "block_cause",
    "today",
    "rounding",
    "in_one_piece",
    "payment_term_id",
    "order_total",
    "with_taxes",
)
SALESPERSON = "sales_team.group_sale_salesman"


class BacklogDashboard(models.AbstractModel):
    """The backlog on one page: what is open, ready, at risk, to source and prepaid, how
    long it lasts, where it is going and what to do first.

    Each figure is a domain on ``backlog.line`` and a field summed over it; clicking it
    opens that very domain. All of them come from one statement.
    """

    _name = "backlog.dashboard"
    _description = "Backlog Dashboard"

    @api.model
    @api.readonly
    def get_dashboard(self, scope=False):
        """Return all that the page shows, in plain values.

        :param scope: ``mine``, ``team`` or ``all``; what the user may see by default
        :return: ``scope, scopes, as_of, currency_id, note, notices, line_count, tiles,
            trend, cash, lines, lines_action``. Values are in the currency of the
            company one works in, those of others converted at today's rates; times are
            UTC.
        :raise AccessError: for those who may not see what customers pay
        """
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
        domain = self._scope_domain(scope)
        figures, lines, flows = self._ask(domain)
        return {
            "scope": scope,
            "scopes": [list(one) for one in scopes],
            "as_of": fields.Datetime.to_string(fields.Datetime.now()),
            "currency_id": self.env.company.currency_id.id,
            "note": self._currency_note(),
            "notices": self._notices(),
            "line_count": figures["open"]["count"],
            "tiles": self._tiles(domain, figures, scope),
            "trend": self._trend(scope),
            "cash": self._cash(domain, flows),
            "lines": self._lines_to_act_on(lines),
            "lines_action": self._open_lines(self._urgent(), domain),
        }

    @api.model
    def _notices(self):
        """What people should know of the figures: ``[{"text", "button", "action"}]``,
        the last two where they can do something."""
        return self.env["backlog.fault"]._notices() + (
            self.env["backlog.upkeep"]._notices()
        )

    # Whose

    @api.model
    def _sees_all_lines(self):
        return self.env["backlog.line"]._sees_all()

    @api.model
    def _scopes(self):
        """``[(scope, label)]`` that make sense for the user, the widest last."""
        sees_all = self._sees_all_lines()
        scopes = []
        if self.env.user.has_group(SALESPERSON) or not sees_all:
            scopes.append(("mine", self.env._("Mine")))
            if sees_all and self._teams():
                scopes.append(("team", self.env._("My team")))
        widest = self.env._("All") if sees_all else self.env._("Mine and unassigned")
        return [*scopes, ("all", widest)]

    @api.model
    def _teams(self):
        """The teams that the user is in or leads."""
        return self.env["crm.team"].search(
            ["|", ("user_id", "=", self.env.uid), ("member_ids", "=", self.env.uid)]
        )

    @api.model
    def _scope_domain(self, scope):
        if scope == "mine":
            return Domain("user_id", "=", self.env.uid)
        if scope == "team":
            return Domain("team_id", "in", self._teams().ids)
        return Domain.TRUE

    @api.model
    def _currency_note(self):
        if len(self.env.companies.currency_id) < 2:
            return ""
        return self.env._(
            "Converted at the rates of %s.",
            format_date(self.env, fields.Date.context_today(self)),
        )

    # The figures

    @api.model
    def _late(self):
        return Domain("is_late", "=", True)

    @api.model
    def _urgent(self):
        return self._late() | Domain("is_at_risk", "=", True)

    @api.model
    def _this_week(self):
        """Promised before the end of the seventh day from now, where the user is."""
        zone = ZoneInfo(str(self.env.tz))
        last = fields.Date.context_today(self) + timedelta(days=RISK_DAYS + 1)
        end = datetime.combine(last, time.min, zone).astimezone(ZoneInfo("UTC"))
        return Domain("promise_date", "<", end.replace(tzinfo=None))

    @api.model
    def _measures(self):
        """``{figure: (domain, field)}``: what is summed over which lines."""
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
    def _ask(self, domain):
        """Ask for everything about the open lines at once, so that the allocation, by
        far the most of it, is computed once.

        :return: ``({figure: {count, value}}, [line to act on], [(date, flow, kind,
            amount)])``
        """
        all_lines = SQL("SELECT * FROM all_line")
        all_slices = SQL("SELECT * FROM all_slice")
        with giving(self.env["backlog.line"], lines=all_lines) as lines:
            query = lines._search(domain)
            keys, sums = self._sums(lines, query)
            mine = query.select(SQL("%s.*", SQL.identifier(lines._table)))
        with giving(
            self.env["backlog.cash"], lines=all_lines, slices=all_slices
        ) as cash:
            flow = Domain("flow", "in", ("receive", "pay"))
            cash_by_day = self._cash_by_day(cash, cash._search(domain & flow))
        stale = self.env["backlog.kept"]._stale()
        with giving(self.env["backlog.cash"], stale=stale) as cash:
            slice_statement = cash._slice(None)
        with giving(self.env["backlog.line"], slices=all_slices, stale=stale) as lines:
            line_statement = lines._lines()
        [[values, first, flows]] = self.env.execute_query(
            SQL(
                """
                  WITH all_slice AS MATERIALIZED (%(slices)s),
                       all_line AS MATERIALIZED (
                        SELECT %(columns)s FROM (%(lines)s) line
                       ),
                       backlog_line AS NOT MATERIALIZED (%(mine)s),
                       expected AS (%(cash)s)
                SELECT (SELECT JSON_BUILD_ARRAY(%(sums)s) FROM backlog_line),
                       (SELECT JSON_AGG(first)
                          FROM (
                                SELECT *
                                  FROM backlog_line
                                 WHERE is_late OR is_at_risk
                              ORDER BY is_late DESC, open_value * %(rate)s DESC, id
                                 LIMIT %(top)s
                               ) first),
                       (SELECT JSON_AGG(expected) FROM expected)
                """,
                slices=slice_statement,
                columns=SQL(", ").join(map(SQL.identifier, COLUMNS)),
                lines=line_statement,
                mine=mine,
                cash=cash_by_day,
                sums=SQL(", ").join(sums),
                rate=self.env.companies._backlog_rate("backlog_line"),
                top=TOP,
            )
        )
        figures = {}
        for (key, kind), value in zip(keys, values, strict=True):
            figures.setdefault(key, {})[kind] = value
        rounded = self.env.company.currency_id.round
        for figure in figures.values():
            figure["value"] = rounded(float(figure["value"]))
        return figures, first or [], flows or []

    @api.model
    def _sums(self, lines, query):
        """``([(figure, kind)], [expression])``: the counts and sums of the measures.
        The condition of each is its very domain."""
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

    # Where it opens

    @api.model
    def _open_lines(self, part, domain, name=None):
        def view(xml_id):
            # Not by ref: it would look each time whether the view still exists.
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
            "domain": self._plain(domain & part),
            "context": {},
            # Else the list of nothing shows made-up lines without a word.
            "help": Markup('<p class="o_view_nocontent_smiling_face">%s</p>')
            % self.env._("No open line is part of this figure"),
            "target": "current",
        }

    @api.model
    def _open_history(self, domain, first="list"):
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

    @api.model
    def _plain(self, domain):
        """The domain as the client can send it back."""
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
