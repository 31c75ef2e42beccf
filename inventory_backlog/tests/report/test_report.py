from datetime import date
from json import dumps
from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, HttpCase, freeze_time, new_test_user, tagged
from odoo.tools import format_date, mute_logger

from ...report import backlog_report
from ...report import backlog_report_table as backlog_report_annex
from ..common import BacklogCase

REPORT = "inventory_backlog.report_backlog"


class ReportCase(BacklogCase):
    """A salesperson with all documents, and what the report says."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.seller.lang = "en_US"
        cls.manager = new_test_user(
            cls.env,
            "manager",
            "sales_team.group_sale_salesman_all_leads",
            email="manager@example.com",
            lang="en_US",
            tz="UTC",
        )

    def _report(self, user=None, **values):
        user = user or self.manager
        reports = self.env["backlog.report"].with_user(user)
        return reports.with_context(lang=user.lang).create(values)

    def _data(self, user=None, **values):
        self.env["backlog.line"].invalidate_model()
        return self._report(user, **values)._data()

    def _day(self, days):
        return format_date(self.env, self._after(days).date(), lang_code="en_US")

    def _html(self, report):
        html, _kind = report.env["ir.actions.report"]._render_qweb_html(
            REPORT, report.ids
        )
        return html.decode()


@tagged("post_install", "-at_install")
class TestReport(ReportCase):
    """The printed report against a world worked out by hand.

    ======  ========  =====  =======  ====================================
    line    customer  qty    value    why
    ======  ========  =====  =======  ====================================
    chair   Big       4 × 100   400   in stock, promised in 5 days
    chair   Big       3 × 100   300   1 in stock, 2 nowhere; 10 days late
    table   Small     5 × 50    250   comes in 8 days, promised in 2
    lamp    Small     2 × 30     60   nobody has ordered it; no risk yet
    ======  ========  =====  =======  ====================================
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.table = cls._product("Table", list_price=50)
        cls.lamp = cls._product("Lamp", list_price=30)
        cls.big = cls.env["res.partner"].create({"name": "Big", "is_company": True})
        cls.contact = cls.env["res.partner"].create(
            {"name": "Contact", "parent_id": cls.big.id}
        )
        cls.small = cls.env["res.partner"].create({"name": "Small"})

    def _world(self):
        self._put_in_stock(self.product, 5)
        self.ready = self._promised(5, self.product, 4, partner_id=self.big.id)
        self.late = self._promised(30, self.product, 3, partner_id=self.contact.id)
        self._purchase(self.table, 5, days=8)
        self.coming = self._promised(2, self.table, 5, partner_id=self.small.id)
        self.open = self._promised(40, self.lamp, 2, partner_id=self.small.id)
        # Promised for ten days ago, ordered twenty days ago.
        self.late.sudo().write(
            {"commitment_date": self._after(-10), "date_order": self._after(-20)}
        )

    def _promised(self, days, *goods, **values):
        return self._order(*goods, commitment_date=self._after(days), **values)

    # The figures

    def test_states_with_values_counts_and_shares(self):
        self._world()
        data = self._data()

        self.assertEqual(
            [
                (
                    row["state"],
                    row["value"],
                    row["ready"],
                    row["incoming"],
                    row["to_source"],
                    row["lines"],
                    row["orders"],
                    row["customers"],
                )
                for row in [*data["states"], data["total"]]
            ],
            [
                ("ready", 400, 400, 0, 0, 1, 1, 1),
                ("partial", 300, 100, 0, 200, 1, 1, 1),
                ("incoming", 250, 0, 250, 0, 1, 1, 1),
                ("to_source", 60, 0, 0, 60, 1, 1, 1),
                ("total", 1010, 500, 250, 260, 4, 4, 2),
            ],
        )
        self.assertAlmostEqual(data["states"][0]["share"], 400 / 10.10)
        self.assertAlmostEqual(sum(row["share"] for row in data["states"]), 100)

    def test_what_is_paid_already(self):
        self._world()
        order = self.ready.sudo()
        method = self.env["payment.method"].with_context(active_test=False)
        self.env["payment.transaction"].create(
            {
                "provider_id": self.env["payment.provider"].search([], limit=1).id,
                "payment_method_id": method.search([], limit=1).id,
                "amount": 150,
                "currency_id": order.currency_id.id,
                "partner_id": self.big.id,
                "reference": "Paid",
                "sale_order_ids": order.ids,
                "state": "done",
            }
        )
        data = self._data()

        self.assertEqual(data["total"]["prepaid"], 150)
        self.assertEqual(
            [(row["name"], row["prepaid"]) for row in data["customers"]["rows"]],
            [("Big", 150), ("Small", 0)],
        )

    def test_late_at_risk_and_in_time_share_the_value(self):
        self._world()
        data = self._data()

        self.assertEqual(
            [
                (row["key"], row["lines"], row["value"])
                for row in data["lateness_totals"]
            ],
            [("late", 1, 300), ("at_risk", 1, 250), ("in_time", 2, 460)],
        )
        self.assertAlmostEqual(data["lateness_totals"][0]["share"], 300 / 10.10)

    def test_two_clocks(self):
        self._world()
        self.company.backlog_age_steps = "7, 15, 30"
        self.company.backlog_lateness_steps = "7, 15"
        data = self._data()

        self.assertEqual(
            [(row["label"], row["lines"], row["value"]) for row in data["ages"]],
            [
                ("0–7 days", 3, 710),
                ("8–15 days", 0, 0),
                ("16–30 days", 1, 300),
                ("more than 30 days", 0, 0),
            ],
        )
        self.assertEqual(
            [(row["label"], row["lines"], row["value"]) for row in data["latenesses"]],
            [
                ("0 days", 2, 460),
                ("1–7 days", 1, 250),
                ("8–15 days", 1, 300),
                ("more than 15 days", 0, 0),
            ],
        )

    def test_causes_with_the_costliest_first(self):
        self._world()

        self.assertEqual(
            [
                (row["label"], row["lines"], row["value"])
                for row in self._data()["causes"]
            ],
            [
                ("Not ordered yet", 1, 300),
                ("Supply comes too late", 1, 250),
            ],
        )

    def test_top_customers_are_companies_with_their_contacts(self):
        self._world()
        customers = self._data()["customers"]

        self.assertEqual(
            [
                (row["name"], row["value"], row["ready"], row["late"], row["lines"])
                for row in customers["rows"]
            ],
            [("Big", 700, 500, 300, 2), ("Small", 310, 0, 0, 2)],
        )
        self.assertEqual(customers["others"]["count"], 0)

    def test_top_products_with_vendor_and_resilience(self):
        self._world()
        self.env["product.supplierinfo"].create(
            {
                "product_tmpl_id": self.table.product_tmpl_id.id,
                "partner_id": self.vendor.id,
            }
        )
        products = self._data()["products"]["rows"]

        self.assertEqual(
            [
                (
                    row["name"],
                    row["value"],
                    row["to_source"],
                    row["open_qty"],
                    row["to_source_qty"],
                    row["vendor"],
                    row["resilience"],
                )
                for row in products
            ],
            [
                ("Chair", 700, 200, 7, 2, "", "None left"),
                ("Table", 250, 0, 5, 0, "Vendor", "One source"),
                ("Lamp", 60, 60, 2, 2, "", "None left"),
            ],
        )

    def test_beyond_the_first_ten_the_others_are_summed(self):
        self._world()
        for value in range(1, 13):
            product = self._product(f"Cheap {value}", list_price=value)
            customer = self.env["res.partner"].create({"name": f"Someone {value}"})
            self._order(product, 1, partner_id=customer.id)
        data = self._data()

        for top in (data["customers"], data["products"]):
            self.assertEqual(len(top["rows"]), 10)
            self.assertEqual(
                sum(row["value"] for row in top["rows"]) + top["others"]["value"],
                data["total"]["value"],
            )
        # Of 14 customers and 15 products; the cheapest are the others.
        self.assertEqual(
            data["customers"]["others"],
            data["customers"]["others"]
            | {"count": 4, "value": 1 + 2 + 3 + 4, "late": 0, "ready": 0},
        )
        self.assertEqual(data["products"]["others"]["count"], 5)
        self.assertEqual(data["products"]["others"]["to_source"], 1 + 2 + 3 + 4 + 5)

    def test_totals_equal_the_lines(self):
        self._world()
        lines = self._line(self.env["sale.order.line"].search([]))
        data = self._data()
        total = data["total"]

        self.assertEqual(total["value"], sum(lines.mapped("open_value")))
        self.assertEqual(total["ready"], sum(lines.mapped("backlog_value")))
        self.assertEqual(
            total["incoming"] + total["to_source"], sum(lines.mapped("backorder_value"))
        )
        for name in ("states", "lateness_totals", "ages", "latenesses"):
            self.assertEqual(sum(row["value"] for row in data[name]), total["value"])
            self.assertEqual(sum(row["lines"] for row in data[name]), len(lines))

    # The lines

    def test_annex_lists_all_lines_by_customer(self):
        self._world()
        [[big, small]] = self._data()["annex"]

        self.assertEqual(
            [(one["name"], one["value"], len(one["lines"])) for one in (big, small)],
            [("Big", 700, 2), ("Small", 310, 2)],
        )
        self.assertEqual(
            big["lines"][0],
            {
                "order": self.late.name,
                "product": "Chair",
                "unit": "Units",
                "open": 3,
                "excess": 0,
                "excess_value": 0,
                "ready": 1,
                "incoming": 0,
                "to_source": 2,
                "value": 300,
                "promise": self._after(-10),
                "expected": False,
                "overdue_since": False,
                "days_late": 10,
                "is_late": True,
                "cause": "Not ordered yet",
            },
        )

    def test_annex_can_be_left_out(self):
        self._world()

        self.assertEqual(self._data(with_lines=False)["annex"], [])

    def test_long_annex_is_cut_into_tables_and_none_is_lost(self):
        self._world()
        with patch.object(backlog_report_annex, "TABLE_LINES", 1):
            tables = self._data()["annex"]

        self.assertEqual(
            [
                [(part["name"], part["is_continued"]) for part in table]
                for table in tables
            ],
            [[("Big", False)], [("Big", True)], [("Small", False)], [("Small", True)]],
        )
        self.assertEqual(
            sum(len(part["lines"]) for table in tables for part in table), 4
        )

    def test_too_many_lines_for_paper_are_refused_with_what_to_do(self):
        self._world()
        with patch.object(backlog_report, "MAX_LINES", 3):
            with self.assertRaisesRegex(UserError, "leave the lines out"):
                self._report().action_print()
            self._report(with_lines=False).action_print()
            self._report(partner_id=self.big.id).action_print()

    # Filters

    def test_report_of_a_customer_a_salesperson_or_a_warehouse(self):
        self._world()
        second = self.env["stock.warehouse"].create({"name": "Second", "code": "SEC"})
        self._order(self.lamp, 1, warehouse_id=second.id, user=self.manager)
        # A company of its own, even if it belongs to another one.
        subsidiary = self.env["res.partner"].create(
            {"name": "Sub", "is_company": True, "parent_id": self.big.id}
        )
        self._order(self.lamp, 2, partner_id=subsidiary.id)

        for values, expected in (
            ({}, 1100),
            ({"partner_id": self.contact.id}, 700),
            ({"user_id": self.manager.id}, 30),
            ({"warehouse_id": second.id}, 30),
            ({"warehouse_id": self.warehouse.id}, 1070),
            ({"warehouse_id": second.id, "partner_id": self.big.id}, 0),
            ({"partner_id": subsidiary.id}, 60),
        ):
            self.assertEqual(self._data(**values)["total"]["value"], expected, values)

    def test_filters_are_said_in_words(self):
        data = self._data(
            partner_id=self.contact.id, date_from="2030-01-01", date_to="2030-01-15"
        )

        self.assertEqual(
            data["filters"],
            [
                ("Company", self.company.name),
                ("Warehouse", "All"),
                ("Salesperson", "All"),
                ("Customer", "Big"),
                ("Period of the bridge", f"{self._day(-14)} to {self._day(0)}"),
            ],
        )

    def test_period_is_the_last_week_where_the_user_is(self):
        """Today is not in it: its snapshot is taken when it is over."""
        self.manager.tz = "Pacific/Kiritimati"  # UTC+14
        with freeze_time("2030-01-15 12:00:00"):
            report = self._report()

        self.assertEqual(report.date_from, date(2030, 1, 9))
        self.assertEqual(report.date_to, date(2030, 1, 15))

    def test_period_must_not_end_before_it_begins(self):
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            self._report(date_from="2030-01-10", date_to="2030-01-09").flush_recordset()

    def test_warehouse_follows_the_company_in_the_window(self):
        other = self.env["res.company"].create({"name": "Other"})
        user = new_test_user(
            self.env,
            "both",
            "sales_team.group_sale_salesman_all_leads,base.group_multi_company,"
            "stock.group_stock_multi_warehouses",
            company_ids=[Command.set((self.company + other).ids)],
            company_id=self.company.id,
        )
        context = {"allowed_company_ids": (self.company + other).ids}
        with Form(
            self.env["backlog.report"].with_user(user).with_context(**context)
        ) as form:
            form.warehouse_id = self.warehouse
            form.company_id = other
            self.assertFalse(form.warehouse_id)

    # Companies

    def test_report_is_of_one_company_in_its_currency(self):
        self._world()
        euro = self.env.ref("base.EUR")
        euro.active = True
        other = self.env["res.company"].create(
            {"name": "Other", "currency_id": euro.id, "backlog_age_steps": "1"}
        )
        self.env["res.currency.rate"].create(
            {
                "currency_id": self.company.currency_id.id,
                "company_id": other.id,
                "name": "2030-01-01",
                "rate": 4,
            }
        )
        self.manager.company_ids += other
        there = self.env["stock.warehouse"].search([("company_id", "=", other.id)])
        self._order_there(other, there)
        context = {"allowed_company_ids": (self.company + other).ids}
        report = self.env["backlog.report"].with_user(self.manager)
        here = report.with_context(**context).create({})._data()
        there_data = (
            report.with_context(**context).create({"company_id": other.id})._data()
        )

        self.assertEqual(here["company"], self.company)
        self.assertEqual(here["total"]["value"], 1010)
        self.assertEqual(there_data["currency"], euro)
        self.assertEqual(there_data["total"]["lines"], 1)
        self.assertEqual(there_data["total"]["value"], 90)
        self.assertEqual(len(there_data["ages"]), 2)

    def _order_there(self, company, warehouse):
        order = (
            self.env["sale.order"]
            .with_user(self.manager)
            .with_context(allowed_company_ids=company.ids)
            .create(
                {
                    "partner_id": self.small.id,
                    "warehouse_id": warehouse.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": self.lamp.id,
                                "product_uom_qty": 3,
                                "price_unit": 30,
                            }
                        )
                    ],
                }
            )
        )
        order.action_confirm()
        return order

    # Rights

    def test_salesperson_prints_own_orders_only(self):
        self._world()
        colleague = new_test_user(
            self.env, "colleague", "sales_team.group_sale_salesman"
        )
        self._order(self.lamp, 1, user=colleague)

        self.assertEqual(self._data(self.seller)["total"]["value"], 1010)
        self.assertEqual(self._data(colleague)["total"]["value"], 30)
        self.assertEqual(self._data(self.manager)["total"]["value"], 1040)
        [[customer]] = self._data(colleague)["annex"]
        self.assertEqual(len(customer["lines"]), 1)

    def test_salesperson_cannot_print_with_the_window_of_another(self):
        report = self._report(self.manager)
        with self.assertRaises(AccessError):
            report.with_user(self.seller).read(["date_from"])

    def test_buyer_cannot_print_it(self):
        buyer = new_test_user(self.env, "buyer", "purchase.group_purchase_user")
        with self.assertRaises(AccessError):
            self._report(buyer)
        menu = self.env.ref("inventory_backlog.backlog_menu_report")
        visible = self.env["ir.ui.menu"].with_user(buyer)._visible_menu_ids()
        self.assertNotIn(menu.id, visible)
        visible = self.env["ir.ui.menu"].with_user(self.seller)._visible_menu_ids()
        self.assertIn(menu.id, visible)

    def test_inventory_user_prints_all(self):
        self._world()
        keeper = new_test_user(self.env, "keeper", "stock.group_stock_user")
        report = self._report(keeper)

        self.assertEqual(report._data()["total"]["value"], 1010)
        self.assertIn("Big", self._html(report))

    # The bridge

    def _snapshot(self, day, **values):
        return self.env["backlog.snapshot"].create(
            {
                "day": day,
                "day_from": day,
                "company_id": self.company.id,
                "warehouse_id": self.warehouse.id,
                "backlog_state": "ready",
                **values,
            }
        )

    def test_bridge_ends_at_what_is_open_now(self):
        self._world()
        self.env["backlog.snapshot"].search([]).unlink()
        self._snapshot("2030-01-07", opening=1, closing=500)
        self._snapshot("2030-01-08", opening=500, booked=300, shipped=100, closing=700)
        self._snapshot(
            "2030-01-14",
            opening=700,
            cancelled=50,
            changed=-20,
            closing=640,
            difference=10,
            is_caught_up=True,
        )
        data = self._data(date_from="2030-01-08", date_to="2030-01-15")
        bridge = data["bridge"]

        self.assertEqual(
            [(row["value"], row["is_sum"]) for row in bridge["rows"]],
            [
                (500, True),
                (300, False),
                (-100, False),
                (-50, False),
                (-20, False),
                (10, False),
                (640, True),
                (370, False),
                (1010, True),
            ],
        )
        self.assertIn(self._day(-7), bridge["rows"][0]["label"])
        self.assertIn(self._day(-1), bridge["rows"][6]["label"])
        period = f"{self._day(-7)} to {self._day(-1)}"
        self.assertIn(("Period of the bridge", period), data["filters"])
        self.assertIn("worked out later", bridge["note"])

    def test_bridge_follows_the_warehouse(self):
        self.env["backlog.snapshot"].search([]).unlink()
        second = self.env["stock.warehouse"].create({"name": "Second", "code": "SEC"})
        self._snapshot("2030-01-14", opening=500, closing=500)
        self._snapshot(
            "2030-01-14", opening=70, closing=80, booked=10, warehouse_id=second.id
        )
        rows = self._data(warehouse_id=second.id)["bridge"]["rows"]

        self.assertEqual(
            [row["value"] for row in rows], [70, 10, 0, 0, 0, 0, 80, -80, 0]
        )

    def test_bridge_of_a_part_says_why_there_is_none(self):
        self._snapshot("2030-01-14", opening=500, closing=500)
        for values in ({"partner_id": self.big.id}, {"user_id": self.seller.id}):
            bridge = self._data(**values)["bridge"]
            self.assertEqual(bridge["rows"], [])
            self.assertIn("for all salespeople and customers", bridge["note"])

    def test_bridge_without_history_or_right_says_so(self):
        self.env["backlog.snapshot"].search([]).unlink()
        self.assertIn("no history", self._data()["bridge"]["note"])
        self._snapshot("2030-01-14", opening=500, closing=500)

        self.assertTrue(self._data()["bridge"]["rows"])
        bridge = self._data(self.seller)["bridge"]
        self.assertEqual(bridge["rows"], [])
        self.assertIn("that you may see", bridge["note"])

    # On paper

    def test_page_shows_the_figures_and_what_words_mean(self):
        self._world()
        html = self._html(self._report())

        for text in (
            "1,010.00",
            "Ready to ship",
            "Big",
            "Not ordered yet",
            "after everyone ahead of it in the queue",
            self.late.name,
            "All open lines by customer",
        ):
            self.assertIn(text, html)

    def test_page_with_nothing_open(self):
        self.env["backlog.snapshot"].search([]).unlink()
        html = self._html(self._report(self.seller))

        self.assertIn("Nothing is open", html)
        self.assertIn("What the words mean", html)
        self.assertNotIn("All open lines by customer", html)

    def test_names_cannot_write_the_page(self):
        hostile = "<script>alert(1)</script> & \"'{{ object }}"
        self.small.name = hostile
        self.lamp.name = hostile
        self._world()
        html = self._html(self._report())

        self.assertNotIn("<script>alert(1)", html)
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt; &amp;", html)

    def test_page_is_in_the_language_of_the_user(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.manager.lang = "fr_FR"
        self._world()
        data = self._data()

        self.assertIn("14/01/2030", data["filters"][-1][1])

    def test_printing_downloads_a_file_with_the_day_in_its_name(self):
        report = self._report()
        action = report.action_print()

        self.assertEqual(action["report_name"], REPORT)
        self.assertEqual(action["context"]["active_ids"], report.ids)
        self.assertEqual(
            report._file_name(), f"Backlog Report {self.company.name} 2030-01-15"
        )

    def test_name_of_the_file_is_short_and_on_one_line(self):
        self.company.name = "A/B\nX " + "long " * 2000
        name = self._report()._file_name()

        self.assertTrue(name.startswith("Backlog Report A B X long"))
        self.assertTrue(name.endswith(" 2030-01-15"))
        self.assertLess(len(name), 110)

    def test_pdf_of_the_real_thing(self):
        actions = self.env["ir.actions.report"]
        if actions.get_wkhtmltopdf_state() == "install":
            self.skipTest("wkhtmltopdf is not installed")
        self._world()
        content, kind = (
            actions.with_user(self.manager)
            .with_context(force_report_rendering=True)
            ._render_qweb_pdf(REPORT, self._report().ids)
        )

        self.assertEqual(kind, "pdf")
        self.assertTrue(content.startswith(b"%PDF"))

    def test_number_of_queries_does_not_grow_with_the_lines(self):
        self._world()
        self._count(self._report())
        few = self._count(self._report())
        for number in range(6):
            product = self._product(f"More {number}")
            customer = self.env["res.partner"].create({"name": f"More {number}"})
            self._order(product, 1, partner_id=customer.id)
        self._count(self._report())
        many = self._count(self._report())

        self.assertLessEqual(many, few)

    def _count(self, report):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        report._data()
        return self.cr.sql_log_count - before


@tagged("post_install", "-at_install")
class TestDownload(HttpCase):
    """The PDFs as the browser asks for them. A world of its own: a request knows no
    other time than today."""

    def test_names_of_any_kind_can_be_downloaded(self):
        reports = self.env["ir.actions.report"]
        if reports.get_wkhtmltopdf_state() == "install":
            self.skipTest("wkhtmltopdf is not installed")
        seller = new_test_user(
            self.env, "download_seller", "sales_team.group_sale_salesman"
        )
        self.env.company.name = "Our\r\nCompany"
        customer = self.env["res.partner"].create({"name": "A/B\r\n" + "X" * 10000})
        report = self.env["backlog.report"].with_user(seller).create({})
        self.authenticate("download_seller", "download_seller")
        for records, name, words in (
            (report, "backlog", "Our%20Company"),
            (customer, "partner_backlog", "A%20B%20X"),
        ):
            with self.subTest(report=name):
                response = self.url_open(
                    "/report/download",
                    params={
                        "data": dumps(
                            [
                                f"/report/pdf/inventory_backlog.report_{name}/{records.id}",
                                "qweb-pdf",
                            ]
                        ),
                        "context": dumps({"force_report_rendering": True}),
                    },
                    timeout=60,
                )
                header = response.headers["Content-Disposition"]

                self.assertEqual(response.status_code, 200)
                self.assertTrue(response.content.startswith(b"%PDF"))
                self.assertIn(words, header)
                self.assertLess(len(header), 400)
