from datetime import timedelta

from lxml import etree

from odoo.exceptions import AccessError
from odoo.fields import Command, Domain
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from ..common import NOW
from ..line.test_analysis import AnalysisCase

# What a tile sums up, by its key.
MEASURES = {
    "open": "open_value",
    "ready": "backlog_value",
    "risk": "open_value",
    "to_source": "to_source_value",
    "prepaid": "prepaid_value",
}


@tagged("post_install", "-at_install")
class TestDashboard(AnalysisCase):
    """One page, one request: figures that open exactly what they sum up."""

    def _dashboard(self, scope=False, user=None):
        return (
            self.env["backlog.dashboard"]
            .with_user(user or self.lead)
            .get_dashboard(scope)
        )

    def _tiles(self, dashboard):
        return {tile["key"]: tile for tile in dashboard["tiles"]}

    def _opened(self, action, user=None):
        """The records behind a figure, as the client searches them: those in the domain
        of the window and in its filters."""
        model = self.env[action["res_model"]].with_user(user or self.lead)
        return model.search(Domain(action["domain"]) & self._filtered(model, action))

    def _filtered(self, model, action):
        """The domain of the filters that a window begins with. Filters that stand
        together, with no line between them, are alternatives."""
        chosen = {
            name.removeprefix("search_default_"): value
            for name, value in (action["context"] or {}).items()
            if name.startswith("search_default_")
        }
        if not chosen:
            return Domain.TRUE
        view = model.get_views([(action["search_view_id"][0], "search")])
        search = etree.fromstring(view["views"]["search"]["arch"])
        groups, found = [[]], set()
        for node in search:
            name = node.get("name")
            if node.tag == "separator":
                groups.append([])
            elif name in chosen:
                found.add(name)
                if node.tag == "filter":
                    groups[-1].append(
                        safe_eval(node.get("domain"), {"uid": model.env.uid})
                    )
                else:
                    groups.append([[(name, "=", chosen[name])]])
        self.assertEqual(found, set(chosen))
        return Domain.AND(Domain.OR(group) for group in groups if group)

    def test_what_is_no_scope_is_what_one_sees_by_default(self):
        for scope in (None, False, "", "everybody", 5, ["all"], {"all": 1}):
            with self.subTest(scope=scope):
                self.assertEqual(self._dashboard(scope)["scope"], "all")

    def test_charts_come_apart_on_request(self):
        page = self.env["backlog.dashboard"].with_user(self.lead)
        whole = page.get_dashboard("all")
        parts = page.get_dashboard("all", charts=False)
        self.assertFalse({"trend", "cash", "salespeople"} & parts.keys())
        parts |= {
            "trend": page.get_trend("all"),
            "cash": page.get_cash("all"),
            "salespeople": page.get_salespeople("all"),
        }
        self.assertEqual(parts, whole)
        self.assertEqual(whole["no_trend"], "")
        mine = page.get_dashboard("mine")
        self.assertIn("for the company as a whole", mine["no_trend"])
        self.assertEqual(mine["no_trend"], mine["trend"]["note"])

    def test_rules_of_a_company_may_ask_for_any_column(self):
        rule = self.env["ir.rule"].create(
            {
                "name": "Some lines",
                "model_id": self.env["ir.model"]._get_id("backlog.line"),
            }
        )
        for domain in (
            "[('margin_value', '!=', 0), ('excess_qty', '=', 0)]",
            "[('block_cause', '=', False), ('prepaid_value', '<', 1000)]",
        ):
            with self.subTest(domain=domain):
                rule.domain_force = domain
                page = self._dashboard("all")
                self.assertTrue(page["line_count"])
                self.assertTrue(page["salespeople"])

    def test_tiles_say_what_is_open_ready_at_risk_and_to_source(self):
        with freeze_time(self._after(-1)):
            self._order(self.bench, 2, commitment_date=self._after(3))

        tiles = self._tiles(self._dashboard())

        self.assertEqual(
            {
                key: (tile["value"], tile["count"], tile["sub"]["value"])
                for key, tile in tiles.items()
            },
            {
                # 1630 and two benches; late are both orders
                "open": (1690, 5, 1630),
                "ready": (500, 2, 500),
                "risk": (60, 1, 60),
                "to_source": (860, 3, 860),
                "prepaid": (0, 0, 0),
            },
        )
        self.assertEqual(tiles["open"]["sub"]["share"], round(100 * 1630 / 1690, 1))

    def test_every_figure_is_the_sum_of_the_lines_that_it_opens(self):
        self._pay_for(self.order_here)
        with freeze_time(self._after(-1)):
            self._order(self.bench, 2, commitment_date=self._after(3))
        manager = new_test_user(
            self.env, "manager", "inventory_backlog.group_backlog_manager", tz="UTC"
        )
        for user in (self.seller, self.lead, manager):
            for scope in ("mine", "all"):
                page = self._dashboard(scope, user)
                for tile in page["tiles"]:
                    for figure in (tile, tile["sub"]):
                        with self.subTest(
                            user=user.login, scope=scope, tile=tile["key"]
                        ):
                            self._check_figure(figure, MEASURES[tile["key"]], user)
                    self.assertEqual(
                        tile["count"], len(self._opened(tile["action"], user))
                    )

    def _check_figure(self, figure, name, user):
        """It is the sum of the field over its domain, and over what its window shows,
        which is the list of open lines."""
        lines = self.env["backlog.line"].with_user(user)
        [[total]] = lines._read_group(figure["domain"], [], [f"{name}:sum_currency"])
        self.assertEqual(figure["value"], total or 0)
        opened = self._opened(figure["action"], user)
        self.assertEqual(opened, lines.search(figure["domain"]))
        self.assertEqual(
            figure["action"]["xml_id"], "inventory_backlog.backlog_line_action"
        )
        self.assertEqual(self._summed(lines, figure["action"]), [name])

    def _summed(self, lines, action):
        """The values that the list adds up, as it opens."""
        [view_id, kind] = action["views"][0]
        arch = lines.get_view(view_id, kind)["arch"]
        return [
            node.get("name")
            for node in etree.fromstring(arch).iter("field")
            if node.get("sum")
            and node.get("name").endswith("_value")
            and (
                node.get("optional") != "hide"
                or node.get("name") == action["context"].get("summed_field")
            )
            and not safe_eval(
                node.get("column_invisible", "False"), {"context": action["context"]}
            )
        ]

    def test_every_salesperson_has_the_sum_of_the_lines_that_it_opens(self):
        other = new_test_user(
            self.env, "other", "sales_team.group_sale_salesman", tz="UTC"
        )
        self._order(self.bench, 2, user=other)
        nobody = self._order(self.bench, 1)
        nobody.sudo().user_id = False

        page = self._dashboard("all")
        rows = page["salespeople"]

        self.assertEqual(
            [
                (
                    row["name"],
                    row["figures"]["open"]["value"],
                    row["figures"]["late"]["value"],
                    row["figures"]["late"]["count"],
                )
                for row in rows
            ],
            [
                (self.seller.name, 1630, 1630, 4),
                (other.name, 60, 0, 0),
                ("Nobody", 30, 0, 0),
            ],
        )
        for row in rows:
            for key, figure in row["figures"].items():
                with self.subTest(salesperson=row["name"], figure=key):
                    self._check_figure(figure, "open_value", self.lead)
                    opened = self._opened(figure["action"])
                    self.assertEqual(figure["count"], len(opened))
        self.assertEqual(
            sum(row["figures"]["open"]["value"] for row in rows),
            page["tiles"][0]["value"],
        )
        # Who sees no more than their own and nobody's finds these two.
        self.assertEqual(
            [row["id"] for row in self._dashboard("all", other)["salespeople"]],
            [other.id, False],
        )

    def _pay_for(self, order):
        self.product.invoice_policy = self.table.invoice_policy = "order"
        invoice = order.sudo()._create_invoices()
        invoice.action_post()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()

    def test_tiles_pivot_pdf_and_rpc_agree(self):
        self._pay_for(self.order_here)
        self.env.flush_all()
        self.env.invalidate_all()
        tiles = self._tiles(self._dashboard())

        (pivot,) = self.lines.formatted_read_group(
            [],
            [],
            [
                "open_value:sum",
                "backlog_value:sum",
                "to_source_value:sum",
                "prepaid_value:sum",
            ],
        )
        orders = self.env["sale.order"].with_user(self.lead).search([])
        rpc = orders.get_backlog(orders.ids)

        report = self.env["backlog.report"].with_user(self.lead).create({})
        paper = report._data()["total"]

        for key, name in (
            ("open", "value"),
            ("ready", "ready"),
            ("to_source", "to_source"),
            ("prepaid", "prepaid"),
        ):
            self.assertEqual(tiles[key]["value"], pivot[f"{MEASURES[key]}:sum"])
            self.assertEqual(tiles[key]["value"], paper[name])
        self.assertEqual(
            tiles["open"]["value"], sum(order["open_value"] for order in rpc)
        )
        self.assertEqual(
            tiles["ready"]["value"], sum(order["backlog_value"] for order in rpc)
        )

    def test_page_is_empty_and_whole_without_a_backlog(self):
        (self.order_here + self.order_there).sudo()._action_cancel()

        dashboard = self._dashboard()

        self.assertEqual(dashboard["line_count"], 0)
        self.assertEqual(dashboard["salespeople"], [])
        self.assertEqual(
            [bool(tile["value"]) for tile in dashboard["tiles"]], [False] * 5
        )
        self.assertEqual({tile["tone"] for tile in dashboard["tiles"]}, {"neutral"})

    # Whose

    def test_salesperson_sees_only_theirs(self):
        other = new_test_user(
            self.env, "other", "sales_team.group_sale_salesman", tz="UTC"
        )
        self._order(self.bench, 2, user=other)
        nobody = self._order(self.bench, 1)
        nobody.sudo().user_id = False

        mine = self._dashboard("mine", other)
        widest = self._dashboard("all", other)

        self.assertEqual(mine["tiles"][0]["value"], 60)
        self.assertEqual(widest["tiles"][0]["value"], 90)
        self.assertEqual(dict(widest["scopes"])["all"], "Mine and unassigned")
        self.assertEqual(self._dashboard(user=other)["scope"], "mine")
        self.assertEqual(widest["trend"]["days"], [])

    def test_plain_user_of_the_backlog_sees_own_lines_and_is_told_so(self):
        plain = new_test_user(
            self.env, "plain", "inventory_backlog.group_backlog_user", tz="UTC"
        )
        nobody = self._order(self.bench, 1)
        nobody.sudo().user_id = False
        self._kept(1, "ready", 100)

        dashboard = self._dashboard("all", plain)

        self.assertEqual(
            dashboard["scopes"], [["mine", "Mine"], ["all", "Mine and unassigned"]]
        )
        self.assertEqual(dashboard["tiles"][0]["value"], 30)
        self.assertEqual(self._dashboard(user=plain)["scope"], "mine")
        self._check_history_is_not_theirs(dashboard)

    def test_who_sees_all_lines_but_not_the_history_is_told_so(self):
        buyer = new_test_user(
            self.env,
            "both",
            "inventory_backlog.group_backlog_user,purchase.group_purchase_user",
            tz="UTC",
        )
        self._kept(1, "ready", 100)

        dashboard = self._dashboard(user=buyer)

        self.assertEqual(dashboard["scopes"], [["all", "All"]])
        self.assertEqual(dashboard["tiles"][0]["value"], 1630)
        self._check_history_is_not_theirs(dashboard)

    def _check_history_is_not_theirs(self, dashboard):
        self.assertFalse(dashboard["trend"]["pace"])
        self.assertFalse(dashboard["trend"]["action"])
        self.assertIn("may see all sales documents", dashboard["trend"]["note"])

    def test_scopes_follow_the_rules_as_they_are(self):
        rule = self.env.ref("inventory_backlog.backlog_line_own_rule")
        rule.domain_force = "[('team_id.member_ids', 'in', user.ids)]"

        self.assertEqual(
            dict(self._dashboard()["scopes"])["all"], "Mine and unassigned"
        )

    def test_team_is_the_teams_one_is_in(self):
        team = self.env["crm.team"].create(
            {"name": "North", "member_ids": [Command.link(self.lead.id)]}
        )
        self.order_here.sudo().team_id = team

        dashboard = self._dashboard("team")

        self.assertEqual(dashboard["tiles"][0]["value"], 1100)
        self.assertIn(["team", "My team"], dashboard["scopes"])

    def test_scope_that_is_not_ones_own_is_not_taken(self):
        self.assertEqual(self._dashboard("everybody")["scope"], "all")
        self.assertEqual(self._dashboard("team", self.seller)["scope"], "mine")

    def test_buyer_gets_a_clear_refusal(self):
        buyer = new_test_user(self.env, "buyer", "purchase.group_purchase_user")
        portal = new_test_user(self.env, "portal", "base.group_portal")
        for user in (buyer, portal):
            with self.assertRaisesRegex(AccessError, "what customers pay"):
                self._dashboard(user=user)

    def test_warehouse_sees_the_company(self):
        stock = new_test_user(self.env, "stock", "stock.group_stock_user", tz="UTC")

        dashboard = self._dashboard(user=stock)

        self.assertEqual(dashboard["scopes"], [["all", "All"]])
        self.assertEqual(dashboard["tiles"][0]["value"], 1630)

    def test_second_company_is_another_page(self):
        other = self.env["res.company"].create({"name": "Other"})
        user = new_test_user(
            self.env,
            "there",
            "sales_team.group_sale_salesman_all_leads",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )

        self.assertEqual(self._dashboard(user=user)["line_count"], 0)

        order = self._order(self.product, 2, user=user)
        own = self._line(order.order_line).with_user(user)
        page = self._dashboard("all", user)

        self.assertEqual(page["tiles"][0]["value"], own.open_value)
        for tile in page["tiles"]:
            self._check_figure(tile, MEASURES[tile["key"]], user)
        [row] = page["salespeople"]
        self._check_figure(row["figures"]["open"], "open_value", user)

    def test_companies_in_other_money_are_converted_and_it_says_so(self):
        money = self.env["res.currency"].create({"name": "XTS", "symbol": "X"})
        self.env["res.currency.rate"].create(
            {
                "currency_id": money.id,
                "company_id": False,
                "name": "2030-01-01",
                "rate": 4,
            }
        )
        other = self.env["res.company"].create(
            {"name": "Other", "currency_id": money.id}
        )
        seller = new_test_user(
            self.env,
            "there",
            "sales_team.group_sale_salesman_all_leads",
            company_id=other.id,
            company_ids=[Command.set((self.company + other).ids)],
            tz="UTC",
        )
        order = self._order(self.product, 2, user=seller)
        own = self._line(order.order_line).open_value
        page = self.env["backlog.dashboard"].with_user(seller)

        dashboard = page.with_context(
            allowed_company_ids=[self.company.id, other.id]
        ).get_dashboard("all")

        self.assertAlmostEqual(dashboard["tiles"][0]["value"], 1630 + own / 4)
        self.assertEqual(dashboard["currency_id"], self.company.currency_id.id)
        self.assertIn("Jan 15", dashboard["note"])

    # This week, where the user is

    def test_week_ends_where_the_user_is(self):
        self.lead.tz = "Asia/Jakarta"  # UTC + 7
        with freeze_time(self._after(-1)):
            inside = self._order(self.bench, 1)
            outside = self._order(self.bench, 2)
        # The 22nd ends at 17:00 UTC.
        inside.commitment_date = NOW.replace(day=22, hour=16, minute=59)
        outside.commitment_date = NOW.replace(day=22, hour=17, minute=1)

        risk = self._tiles(self._dashboard())["risk"]

        self.assertEqual((risk["value"], risk["sub"]["value"]), (30, 90))

    # History

    def _kept(self, days_ago, state, closing, **values):
        day = NOW.date() - timedelta(days=days_ago)
        self.env["backlog.snapshot"].sudo().create(
            {
                "day": day,
                "day_from": day,
                "company_id": self.company.id,
                "warehouse_id": self.warehouse.id,
                "backlog_state": state,
                "closing": closing,
                "taken_at": NOW,
                **values,
            }
        )

    def test_trend_and_pace_come_from_the_history(self):
        self._kept(3, "ready", 100, late_value=40, booked=300, shipped=100)
        self._kept(3, "to_source", 200, late_value=10)
        self._kept(2, "ready", 300, is_caught_up=True, shipped=50)
        self._kept(1, "ready", 350, late_value=70, shipped=60)
        self._kept(1, "to_source", 70)
        self._kept(100, "ready", 9999, booked=9999)

        dashboard = self._dashboard("all")

        trend = dashboard["trend"]
        self.assertEqual(trend["days"], ["2030-01-12", "2030-01-13", "2030-01-14"])
        series = {line["key"]: line["values"] for line in trend["series"]}
        self.assertEqual(series["ready"], [100, 300, 350])
        self.assertEqual(series["to_source"], [200, 0, 70])
        self.assertEqual(trend["late"]["values"], [50, False, 70])
        weeks = trend["pace"]
        # 210 in three days are 490 a week.
        self.assertAlmostEqual(weeks["value"], 420 / 490)
        self.assertAlmostEqual(weeks["sub"]["value"], 300 / 210)
        opened = self._opened(weeks["action"])
        ((pace,),) = opened._read_group(
            weeks["action"]["domain"], [], ["backlog_weeks:avg"]
        )
        self.assertEqual(weeks["value"], pace)

    def test_trend_ends_with_the_last_day_that_ended_in_all_companies(self):
        # East of us: its day has ended, ours has not.
        east, young = self.env["res.company"].create(
            [{"name": "East"}, {"name": "Young"}]
        )
        there = self.env["stock.warehouse"].search([("company_id", "=", east.id)])
        for days_ago, ours, theirs in ((3, 100, 7), (2, 120, 8), (1, None, 9)):
            if ours:
                self._kept(days_ago, "ready", ours)
            self._kept(
                days_ago,
                "ready",
                theirs,
                company_id=east.id,
                warehouse_id=there.id,
            )
        self.lead.company_ids += east + young
        page = self.env["backlog.dashboard"].with_user(self.lead)

        def trend(companies):
            return page.with_context(allowed_company_ids=companies.ids).get_dashboard(
                "all"
            )["trend"]

        both = trend(self.company + east + young)

        self.assertEqual(both["days"], ["2030-01-12", "2030-01-13"])
        self.assertEqual(both["series"][0]["values"], [107, 128])
        self.assertIn("ended in all companies", both["note"])
        self.assertEqual(
            sum(self._opened(both["action"], self.env.user).mapped("closing")),
            107 + 128,
        )
        self.assertEqual(trend(east)["series"][0]["values"], [7, 8, 9])
        self.assertFalse(trend(east)["note"])
        self.assertIn("tonight", trend(young)["note"])

    # Cash

    def test_cash_comes_week_by_week_and_opens_its_rows(self):
        self._pay_for(self.order_here)
        cash = self._dashboard()["cash"]

        self.assertEqual(cash["weeks"][0]["label"], "Jan 13")
        self.assertEqual(
            (cash["weeks"][0]["start"], cash["weeks"][-1]["start"]),
            ("2030-01-13", False),
        )
        self.assertEqual(len(cash["weeks"]), 10)
        for series, actions in zip(cash["series"], cash["actions"], strict=True):
            for value, action in zip(series["values"], actions, strict=True):
                self.assertAlmostEqual(
                    value, sum(self._opened(action).mapped("amount")), 2
                )
        # Paid are the chairs and tables of one order, 1100 of 1630.
        total = sum(sum(series["values"]) for series in cash["series"])
        self.assertAlmostEqual(total, 530, 2)

    def test_what_supply_costs_is_for_those_who_buy(self):
        buyer = new_test_user(
            self.env,
            "both",
            "sales_team.group_sale_salesman_all_leads,purchase.group_purchase_user",
            tz="UTC",
        )

        self.assertFalse(self._dashboard()["cash"]["pay"])
        pay = self._dashboard(user=buyer)["cash"]["pay"]
        for value, action in zip(pay["values"], pay["actions"], strict=True):
            self.assertAlmostEqual(
                value, sum(self._opened(action, buyer).mapped("amount")), 2
            )
        self.assertLess(sum(pay["values"]), 0)

    # Cost

    def test_page_costs_the_same_for_few_and_many_lines(self):
        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._dashboard("all")
            return self.env.cr.sql_log_count - before

        queries()
        few = queries()
        for number in range(20):
            partner = self.env["res.partner"].create({"name": f"Customer {number}"})
            with freeze_time(self._after(-2)):
                self._order(
                    (self._product(f"Product {number}"), 1),
                    (self.table, 1),
                    partner_id=partner.id,
                )

        queries()  # new partners empty the caches
        self.assertEqual(queries(), few)
        self.assertLess(few, 26)
