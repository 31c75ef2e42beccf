from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user, tagged

from ..common import NOW, BacklogCase

ROLES = {
    "manager": "inventory_backlog.group_backlog_manager",
    "sale": "sales_team.group_sale_salesman",
    "purchase": "purchase.group_purchase_user",
    "stock": "stock.group_stock_user",
}


@tagged("post_install", "-at_install")
class TestCheckup(BacklogCase):
    """The first day: what makes figures right, counted live, with a button for who can
    put it right."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._user("manager")
        cls.env["stock.warehouse.orderpoint"].search([]).active = False

    @classmethod
    def _user(cls, login, groups="", **values):
        return new_test_user(
            cls.env,
            f"checkup_{login}",
            f"{ROLES.get(login, ROLES['manager'])}{',' if groups else ''}{groups}",
            tz="UTC",
            **values,
        )

    def _answer(self, user=None, role=False):
        checkup = self.env["backlog.checkup"].with_user(user or self.manager)
        return checkup.get_checks(role)

    def _check(self, key, user=None):
        """The check of this key, or nothing."""
        checks = self._answer(user)["checks"]
        return next((one for one in checks if one["key"] == key), {})

    def _assert_check(self, key, state, *words):
        check = self._check(key)
        self.assertEqual(check["state"], state)
        for word in words:
            self.assertIn(word, check["text"])

    def _opened(self, key, user):
        action = self._check(key, user)["action"]
        return self.env[action["res_model"]].with_user(user).search(action["domain"])

    # Whose

    def test_checks_are_for_managers(self):
        self._order(self.product, 2)
        self.assertTrue(self._answer()["shown"])
        for role in ("sale", "purchase", "stock"):
            with self.subTest(role=role):
                answer = self._answer(self._user(role))
                self.assertFalse(answer["shown"])
                self.assertEqual(answer["checks"], [])

    def test_who_may_not_read_the_backlog_asks_in_vain(self):
        for groups in ("base.group_user", "base.group_portal"):
            user = new_test_user(self.env, groups, groups)
            with self.subTest(groups=groups), self.assertRaises(AccessError):
                self._answer(user)

    def test_hidden_until_shown_again(self):
        checkup = self.env["backlog.checkup"]
        self.assertIs(checkup.with_user(self.manager).hide(), True)
        self.assertFalse(self._answer()["shown"])
        action = checkup.with_user(self.manager).show()
        self.assertEqual(action["res_model"], "backlog.line")
        self.assertTrue(self._answer()["shown"])

    def test_hidden_for_the_company_alone(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.manager.company_ids += other
        here = self.env["backlog.checkup"].with_user(self.manager)
        there = here.with_company(other)
        here.hide()
        self.assertFalse(here.get_checks()["shown"])
        self.assertTrue(there.get_checks()["shown"])

    def test_only_managers_hide_and_show(self):
        checkup = self.env["backlog.checkup"].with_user(self._user("sale"))
        for method in (checkup.hide, checkup.show):
            with self.assertRaisesRegex(AccessError, "administrators of the backlog"):
                method()

    # The checks

    def test_without_orders_it_says_so(self):
        self._assert_check("lines", "off", "No order is open yet")
        self.assertFalse(self._check("no_vendor"))
        self.assertFalse(self._check("no_date"))

    def test_open_lines_were_read(self):
        other = self._product()
        self._order((self.product, 2), (other, 1))
        self._assert_check("lines", "ok", "2 open lines of 1 order")
        self._order(self.product, 2)
        self._assert_check("lines", "ok", "3 open lines of 2 orders")

    def test_products_without_vendor(self):
        self._order(self.product, 2)
        self._assert_check("no_vendor", "warn", "1 product that customers wait for")
        self.assertFalse(self._check("no_vendor")["button"])
        buyer = self._user("buyer", "purchase.group_purchase_manager")
        self.assertEqual(self._check("no_vendor", buyer)["button"], "Add vendors")
        self.assertEqual(self._opened("no_vendor", buyer), self.product)

        price = self.env["product.supplierinfo"].create(
            {
                "product_tmpl_id": self.product.product_tmpl_id.id,
                "partner_id": self.vendor.id,
            }
        )
        self._assert_check("no_vendor", "ok", "Every product")
        price.company_id = self.env["res.company"].create({"name": "Other"})
        self._assert_check("no_vendor", "warn", "1 product")

    def test_what_is_in_stock_needs_no_vendor(self):
        self._put_in_stock(self.product, 5)
        self._order(self.product, 2)
        self._assert_check("no_vendor", "ok")

    def test_overdue_receipts(self):
        purchase = self._purchase(self.product, 2, days=3)
        self._assert_check("overdue", "ok", "No receipt is overdue")
        purchase.picking_ids.scheduled_date = NOW - timedelta(days=1)
        self._assert_check("overdue", "warn", "1 receipt is overdue")
        self.assertFalse(self._check("overdue")["button"])
        keeper = self._user("keeper", "stock.group_stock_user")
        self.assertEqual(self._opened("overdue", keeper), purchase.picking_ids)
        buyer = self._user("buyer", "purchase.group_purchase_user")
        self.assertEqual(self._opened("overdue", buyer), purchase)

    def test_receipts_of_today_are_in_time(self):
        purchase = self._purchase(self.product, 2, days=3)
        purchase.picking_ids.scheduled_date = NOW - timedelta(hours=2)
        self._assert_check("overdue", "ok")

    def test_orders_without_delivery_date(self):
        order = self._order(self.product, 2)
        self._assert_check("no_date", "ask", "1 order has no delivery date")
        self.assertFalse(self._check("no_date")["button"])
        seller = self._user("seller", "sales_team.group_sale_salesman_all_leads")
        self.assertEqual(self._opened("no_date", seller), order)
        order.commitment_date = self._after(5)
        self._assert_check("no_date", "ok", "Every open order has a delivery date")

    def test_reordering_rules_that_buy(self):
        self._assert_check("rules", "ok")
        rule = self.env["stock.warehouse.orderpoint"].create(
            {"product_id": self.product.id, "trigger": "auto"}
        )
        self._assert_check("rules", "ask", "1 reordering rule buys as well")
        self.assertFalse(self._check("rules")["button"])
        keeper = self._user("keeper", "stock.group_stock_manager")
        self.assertEqual(self._opened("rules", keeper), rule)
        rule.trigger = "manual"
        self._assert_check("rules", "ok")

    def test_people_who_get_the_report(self):
        self._assert_check("mail", "off", "Nobody")
        action = self._check("mail")["action"]
        self.assertEqual(action["res_model"], "backlog.report.recipient")
        self.env["backlog.report.recipient"].create({"user_id": self.manager.id})
        self._assert_check("mail", "ok", "1 person")

    def test_prices_without_lead_time(self):
        price = self.env["product.supplierinfo"].create(
            {
                "product_tmpl_id": self.product.product_tmpl_id.id,
                "partner_id": self.vendor.id,
                "delay": 0,
            }
        )
        # Nobody waits for it.
        self.assertFalse(self._check("no_lead_time"))
        self._order(self.product, 2)
        self._assert_check("no_lead_time", "warn", "1 price")
        buyer = self._user("buyer", "purchase.group_purchase_manager")
        self.assertEqual(self._opened("no_lead_time", buyer), price)
        price.delay = 3
        self.assertFalse(self._check("no_lead_time"))

    def test_old_orders(self):
        with freeze_time(self._after(-90)):
            self._order(self.product, 1)
        self.assertFalse(self._check("old"))
        with freeze_time(self._after(-91)):
            order = self._order(self.product, 2)
        self._assert_check("old", "ask", "1 open order is older than 90 days")
        self.assertEqual(self._opened("old", self.manager).order_id, order)

    def test_stock_below_zero(self):
        self._put_in_stock(self.product, -3)
        self.assertFalse(self._check("below_zero"))
        self._order(self.product, 2)
        self._assert_check("below_zero", "warn", "1 product")
        keeper = self._user("keeper", "stock.group_stock_user")
        [quant] = self._opened("below_zero", keeper)
        self.assertEqual(quant.quantity, -3)

    def test_orders_that_ship_at_once(self):
        self.assertFalse(self._check("at_once"))
        order = self._order(self.product, 2, picking_policy="one")
        self._assert_check("at_once", "ask", "1 order ships all at once")
        seller = self._user("seller", "sales_team.group_sale_salesman_all_leads")
        self.assertEqual(self._opened("at_once", seller), order)

    def test_customers_without_email(self):
        self.customer.email = "customer@example.com"
        self._order(self.product, 2)
        self.assertFalse(self._check("no_email"))
        self.customer.email = False
        self._assert_check("no_email", "warn", "1 customer has no e-mail")
        clerk = self._user("clerk", "base.group_partner_manager")
        self.assertEqual(self._opened("no_email", clerk), self.customer)

    def test_scheduled_actions_that_are_off(self):
        self.assertFalse(self._check("actions"))
        self.env.ref("inventory_backlog.ir_cron_suggestion").active = False
        self._assert_check("actions", "warn", "1 scheduled action")
        # That of the report counts when somebody is to get it.
        self.env["backlog.report.recipient"].create({"user_id": self.manager.id})
        self._assert_check("actions", "warn", "2 scheduled actions")
        self.assertFalse(self._check("actions")["button"])
        admin = self._user("admin", "base.group_system")
        self.assertEqual(self._check("actions", admin)["button"], "Switch on")

    def test_other_companies_count_for_themselves(self):
        self._order(self.product, 2)
        other = self.env["res.company"].create({"name": "Other"})
        there = self._user(
            "there", company_id=other.id, company_ids=[(6, 0, other.ids)]
        )
        self.assertEqual(self._check("lines", there)["state"], "off")

    def test_all_is_right(self):
        self.customer.email = "customer@example.com"
        self.env["product.supplierinfo"].create(
            {
                "product_tmpl_id": self.product.product_tmpl_id.id,
                "partner_id": self.vendor.id,
            }
        )
        self._order(self.product, 2, commitment_date=self._after(5))
        self.assertFalse(self._answer()["done"])
        self.env["backlog.report.recipient"].create({"user_id": self.manager.id})
        self.env.ref("inventory_backlog.ir_cron_report").active = True
        done = self._answer()["done"]
        self.assertEqual(done["text"], "Nothing is late, 1 line is at risk")
        self.assertEqual(done["button"], "Show")

    # Before the first refresh

    def test_everybody_is_told_that_figures_are_prepared(self):
        self._order(self.product, 2)
        self.env["backlog.kept"].sudo()._touch_everything()
        for role in ROLES:
            user = self.manager if role == "manager" else self._user(role)
            with self.subTest(role=role):
                answer = self._answer(user)
                self.assertIn("being prepared", answer["notice"]["text"])
                # They would take as long as the pages.
                self.assertFalse(answer["shown"])
        self.env["backlog.fold"]._fold()
        self.assertFalse(self._answer()["notice"])
        self.assertTrue(self._answer()["shown"])

    def test_managers_are_told_that_nothing_refreshes(self):
        cron = self.env.ref("inventory_backlog.ir_cron_kept")
        self._order(self.product, 2)
        cron.active = False
        notice = self._answer()["notice"]
        self.assertIn("pages take longer", notice["text"])
        self.assertEqual(notice["button"], "Bring Up to Date")
        self.assertFalse(self._answer(self.seller)["notice"])

    # Tours

    def test_each_role_has_a_tour_of_its_own_once(self):
        for role in ROLES:
            user = self.manager if role == "manager" else self._user(role)
            tour = self._answer(user)["tour"]
            with self.subTest(role=role):
                self.assertEqual(tour["name"], f"inventory_backlog_tour_{role}")
                self.assertTrue(tour["message"])
                self.assertTrue(tour["is_new"])
                self.env["web_tour.tour"].with_user(user).consume(tour["name"])
                self.assertFalse(self._answer(user)["tour"]["is_new"])

    def test_the_list_says_whose_tour_it_is(self):
        name = "inventory_backlog_tour_stock"
        self.assertEqual(self._answer(role="stock")["tour"]["name"], name)
        for role in ("nobody", None, 7, ["sale"], {"sale": 1}):
            with self.subTest(role=role):
                self.assertEqual(
                    self._answer(role=role)["tour"]["name"],
                    "inventory_backlog_tour_manager",
                )

    # An empty list

    def test_who_may_sell_begins_with_a_quotation(self):
        lines = self.env["backlog.line"]
        for user, may in ((self.seller, True), (self._user("purchase"), False)):
            message = lines.with_user(user).get_empty_list_help("Nothing yet")
            with self.subTest(user=user.login):
                self.assertEqual("New quotation" in message, may)
        self.assertIn(
            "&lt;b&gt;", lines.with_user(self.seller).get_empty_list_help("<b>")
        )

    # Cost

    def test_it_costs_the_same_for_few_and_many_orders(self):
        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._answer()
            return self.env.cr.sql_log_count - before

        self._order(self.product, 2)
        queries()
        few = queries()
        for number in range(10):
            customer = self.env["res.partner"].create({"name": f"Customer {number}"})
            product = self._product(f"Product {number}")
            self._order(product, 1, partner_id=customer.id)
            self._purchase(product, 1, days=-3)
        queries()
        self.assertEqual(queries(), few)
        self.assertLess(few, 24)
