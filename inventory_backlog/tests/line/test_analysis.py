from statistics import mean

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged

from ..common import NOW, BacklogCase

DIMENSIONS = (
    "age_bucket",
    "backlog_state",
    "categ_id",
    "company_id",
    "country_id",
    "date_order",
    "delay_cause",
    "expected_date",
    "lateness_bucket",
    "partner_id",
    "product_id",
    "promise_date",
    "team_id",
    "user_id",
    "vendor_id",
    "warehouse_id",
)


class AnalysisCase(BacklogCase):
    """A small world with every state, known by heart::

    customer  product  ordered  price  ready  incoming  to order  promise
    Here      Chair    10       100    4      3         3          5 days ago
    Here      Table     2        50    2      0         0          in 5 days
    There     Chair     5       100    0      0         5          20 days ago
    There     Bench     1        30    0      1         0          in 9 days
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.here = cls.env["res.partner"].create(
            {"name": "Here", "country_id": cls.env.ref("base.id").id}
        )
        cls.there = cls.env["res.partner"].create(
            {"name": "There", "country_id": cls.env.ref("base.be").id}
        )
        cls.table = cls._product("Table", list_price=50, standard_price=20)
        cls.bench = cls._product("Bench", list_price=30, standard_price=40)
        cls.product.standard_price = 60
        cls.product.seller_ids = [
            Command.create({"partner_id": cls.vendor.id, "price": 60})
        ]
        cls.lead = new_test_user(
            cls.env,
            "lead",
            "sales_team.group_sale_salesman_all_leads,base.group_allow_export",
            tz="UTC",
        )

    def setUp(self):
        super().setUp()
        self._put_in_stock(self.product, 4)
        self._put_in_stock(self.table, 2)
        self._purchase((self.product, 3), (self.bench, 1), days=7)
        with freeze_time(self._after(-10)):
            self.order_here = self._order(
                (self.product, 10),
                (self.table, 2),
                partner_id=self.here.id,
                commitment_date=self._after(-5),
            )
        with freeze_time(self._after(-40)):
            self.order_there = self._order(
                (self.product, 5), (self.bench, 1), partner_id=self.there.id
            )
        self.order_there.commitment_date = self._after(-20)
        self.lines = self.env["backlog.line"].with_user(self.lead)

    def _grouped(self, groupby, *aggregates, domain=()):
        return self.lines._read_group(list(domain), [groupby], aggregates)


@tagged("post_install", "-at_install")
class TestAnalysis(AnalysisCase):
    """The backlog by all it can be cut by, with measures right in every group."""

    def test_values_of_every_part_add_up(self):
        rows = self._grouped(
            "product_id",
            "open_value:sum",
            "backlog_value:sum",
            "incoming_value:sum",
            "to_source_value:sum",
        )

        self.assertEqual(
            [(product.name, *values) for product, *values in rows],
            [
                ("Chair", 1500, 400, 300, 800),
                ("Table", 100, 100, 0, 0),
                ("Bench", 30, 0, 30, 0),
            ],
        )

    def test_margin_is_value_less_cost_for_those_who_may_see_it(self):
        manager = new_test_user(
            self.env, "boss", "sales_team.group_sale_manager", tz="UTC"
        )
        ((margin,),) = self.lines.with_user(manager)._read_group(
            [], [], ["margin_value:sum"]
        )
        # 1500 - 15 x 60, 100 - 2 x 20, 30 - 40
        self.assertEqual(margin, 600 + 60 - 10)

        with self.assertRaises(AccessError):
            self.lines._read_group([], [], ["margin_value:sum"])

    def test_cost_is_that_of_the_company_of_the_line(self):
        self.product.with_company(
            self.env["res.company"].create({"name": "Other"})
        ).standard_price = 99

        self.assertEqual(
            self._line(self.order_here.order_line[0]).margin_value, 1000 - 10 * 60
        )

    def test_lines_orders_and_customers_are_counted(self):
        ((lines, orders, customers),) = self.lines._read_group(
            [], [], ["__count", "order_id:count_distinct", "partner_id:count_distinct"]
        )

        self.assertEqual((lines, orders, customers), (4, 2, 2))

    def test_averages_are_those_of_the_lines_in_groups_and_in_total(self):
        lines = self.lines.search([])
        for name in ("days_late", "age_days"):
            for groupby in ("partner_id", "product_id", "backlog_state"):
                for group, average in self._grouped(groupby, f"{name}:avg"):
                    members = lines.filtered(
                        lambda line, groupby=groupby, group=group: (
                            line[groupby] == group
                        )
                    )
                    self.assertAlmostEqual(average, mean(members.mapped(name)))
            ((total,),) = self.lines._read_group([], [], [f"{name}:avg"])
            self.assertAlmostEqual(total, mean(lines.mapped(name)))

    def test_ages_fall_into_the_steps_of_the_settings(self):
        self.company.backlog_age_steps = "10, 39"

        self.assertEqual(
            self._grouped("age_bucket", "open_value:sum"), [("0", 1100), ("2", 530)]
        )
        self.assertEqual(
            self.lines._selection_age_bucket(),
            [
                ("0", "0–10 days"),
                ("1", "11–39 days"),
                ("2", "more than 39 days"),
            ],
        )

    def test_lateness_counts_from_the_promise_to_when_it_can_leave(self):
        self.company.backlog_lateness_steps = "5, 19"
        self.order_here.commitment_date = self._after(5)

        # Chairs for Here wait for supply nobody ordered, those for There are 20 days
        # late; the bench comes 27 days after its promise.
        self.assertEqual(
            self._grouped("lateness_bucket", "open_value:sum"),
            [("0", 1100), ("3", 530)],
        )
        self.assertEqual(
            self.lines._selection_lateness_bucket(),
            [
                ("0", "0 days"),
                ("1", "1–5 days"),
                ("2", "6–19 days"),
                ("3", "more than 19 days"),
            ],
        )

    def test_steps_that_make_no_sense_are_refused(self):
        for steps in (
            "",
            "seven",
            "7, 7",
            "15, 7",
            "0, 5",
            "7;15",
            "-3",
            "7, 99999999999",
        ):
            with self.subTest(steps=steps):
                if not steps:
                    # Empty means as at first.
                    self.company.backlog_age_steps = steps
                    continue
                with self.assertRaisesRegex(ValidationError, "7, 15, 30"):
                    self.company.backlog_age_steps = steps

    def test_country_and_vendor(self):
        self.assertEqual(
            {
                country.code: value
                for country, value in self._grouped("country_id", "open_value:sum")
            },
            {"ID": 1100, "BE": 530},
        )
        self.assertEqual(
            dict(self._grouped("vendor_id", "open_value:sum")),
            {self.vendor: 1530, self.env["res.partner"]: 100},
        )
        self.assertEqual(
            self.lines.search([("vendor_id", "=", self.vendor.id)]).order_id,
            self.order_here + self.order_there,
        )

    def test_order_month_against_state(self):
        rows = self.lines._read_group(
            [], ["date_order:month", "backlog_state"], ["open_value:sum"]
        )

        self.assertEqual(
            [(month.month, state, value) for month, state, value in rows],
            [
                (12, "incoming", 30),
                (12, "to_source", 500),
                (1, "ready", 100),
                (1, "partial", 1000),
            ],
        )

    def test_states_come_in_the_order_of_the_screen(self):
        """Bars and columns, not in that of their values; also beside another group,
        in totals of a pivot, and the other way round."""
        states = ["ready", "partial", "incoming", "to_source"]
        self.assertEqual([state for (state,) in self._grouped("backlog_state")], states)
        pairs = self.lines._read_group([], ["partner_id", "backlog_state"], [])
        self.assertEqual(
            [(partner.name, state) for partner, state in pairs],
            [
                ("Here", "ready"),
                ("Here", "partial"),
                ("There", "incoming"),
                ("There", "to_source"),
            ],
        )
        totals, columns = self.lines._read_grouping_sets(
            [], [[], ["backlog_state"]], ["__count"]
        )
        self.assertEqual(totals, [(4,)])
        self.assertEqual(columns, [(state, 1) for state in states])
        turned = self.lines._read_group(
            [], ["backlog_state"], [], order="backlog_state DESC"
        )
        self.assertEqual([state for (state,) in turned], states[::-1])

    def test_lines_are_found_by_what_they_come_with(self):
        self._purchase(self._product("Lamp"), 1)
        lamp = self._product("Lamp")
        first, second = (self._purchase(lamp, 4, days=days) for days in (2, 6))
        order = self._order(lamp, 6)
        line = self._line(order.order_line).with_user(self.seller)

        self.assertEqual(line.supply_names, f"{first.name}, {second.name}")
        for purchase in (first, second):
            found = line.search([("supply_names", "ilike", purchase.name)])
            self.assertEqual(found, line)
        self.assertFalse(line.search([("supply_names", "=", "nothing")]))
        alone = self._line(self._order(self._product("Lamp"), 1).order_line)
        both = line.browse((line + alone).ids)
        for operator, found in (("=", alone), ("!=", line)):
            with self.subTest(operator):
                self.assertEqual(
                    line.search(
                        [("supply_names", operator, False), ("id", "in", both.ids)]
                    ),
                    found,
                )

    def test_lines_that_are_in_time_are_a_group_with_a_name(self):
        field = self.env["backlog.line"].fields_get(["delay_cause"])["delay_cause"]

        self.assertEqual(field["falsy_value_label"], "In time")

    def test_all_dimensions_group_sort_and_search(self):
        fields = self.lines.fields_get()
        for name in DIMENSIONS:
            with self.subTest(dimension=name):
                self.assertTrue(fields[name]["groupable"])
                self.assertTrue(fields[name]["sortable"])
                self.assertTrue(fields[name]["searchable"])
                groups = self._grouped(
                    name if fields[name]["type"] != "datetime" else f"{name}:week",
                    "open_value:sum",
                )
                self.assertEqual(sum(value for _group, value in groups), 1630)

    def test_export_has_the_figures_of_the_list(self):
        lines = self.lines.search([], order="id")
        exported = lines.export_data(
            ["partner_id", "open_value", "lateness_bucket", "age_bucket", "vendor_id"]
        )["datas"]

        self.assertEqual(exported[0], ["Here", 1000, "1–7 days", "8–15 days", "Vendor"])

    def test_buyer_sees_no_value(self):
        buyer = new_test_user(
            self.env, "buyer", "purchase.group_purchase_user", tz="UTC"
        )
        lines = self.lines.with_user(buyer)

        self.assertEqual(
            lines._read_group([], ["vendor_id"], ["open_qty:sum"])[0][1], 16
        )
        for name in ("incoming_value", "to_source_value", "margin_value"):
            with self.assertRaises(AccessError):
                lines._read_group([], [], [f"{name}:sum"])
            self.assertNotIn(name, lines.fields_get())

    def test_companies_are_added_up_at_todays_rate(self):
        euro = self.env["res.currency"].create({"name": "XTS", "symbol": "X"})
        other = self.env["res.company"].create(
            {"name": "Other", "currency_id": euro.id}
        )
        for day, rate in (("2029-01-01", 99), ("2030-01-10", 4), ("2030-02-01", 77)):
            self.env["res.currency.rate"].create(
                {
                    "currency_id": euro.id,
                    "company_id": False,
                    "name": day,
                    "rate": rate,
                }
            )
        seller = new_test_user(
            self.env,
            "other_seller",
            "sales_team.group_sale_salesman_all_leads",
            company_id=other.id,
            company_ids=[Command.set((self.company + other).ids)],
            tz="UTC",
        )
        order = self._order(self.product, 2, user=seller)
        self.assertEqual(order.currency_id, euro)
        both = self.env["backlog.line"].with_user(seller)

        def total(companies):
            ((value,),) = both.with_context(allowed_company_ids=companies)._read_group(
                [], [], ["open_value:sum_currency"]
            )
            return value

        own = self._line(order.order_line).open_value
        self.assertAlmostEqual(total([self.company.id, other.id]), 1630 + own / 4)
        self.assertAlmostEqual(total([other.id, self.company.id]), 1630 * 4 + own)


@tagged("post_install", "-at_install")
class TestAnalysisClock(AnalysisCase):
    def test_age_counts_in_days_of_the_reader(self):
        self.lead.tz = "Pacific/Auckland"  # already 22:00 there
        late = self.lines.with_context(tz="Pacific/Auckland")

        with freeze_time(NOW.replace(hour=12)):
            ages = late.search([], order="id").mapped("age_days")

        self.assertEqual(ages, [11, 11, 41, 41])
