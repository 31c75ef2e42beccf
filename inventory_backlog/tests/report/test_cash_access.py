from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user, tagged

from ..cash import PURCHASE, SALES, TODAY, CashCase


@tagged("post_install", "-at_install")
class TestCashAccess(CashCase):
    """Customers' money is for sellers, purchase prices are for buyers."""

    def setUp(self):
        super().setUp()
        self.colleague = self._user("colleague", SALES)
        self._purchase(self.product, 20, days=4)
        self.own = self._order(self.product, 4)
        self.theirs = self._order(self.product, 5, user=self.colleague)
        self._pay(self.theirs, 100)
        self.orders = self.own + self.theirs

    def _user(self, login, *groups):
        return new_test_user(self.env, login, ",".join(groups))

    def _seen(self, user):
        """``{(order, flow)}`` of the rows that the user sees."""
        rows = self._rows(self.orders, user=user).sudo()
        return {(row.order_id, row.flow) for row in rows}

    def test_salesperson_sees_own_customers_and_no_purchase_prices(self):
        self.assertEqual(self._seen(self.seller), {(self.own, "receive")})
        self.assertEqual(
            self._seen(self.colleague),
            {(self.theirs, "receive"), (self.theirs, "deposit")},
        )

    def test_salesperson_cannot_read_the_row_of_a_purchase(self):
        pay = self._rows(self.own, flow="pay")
        with self.assertRaises(AccessError):
            pay.with_user(self.seller).read(["amount"])

    def test_salesperson_of_all_documents_sees_all_customers(self):
        user = self._user("all", "sales_team.group_sale_salesman_all_leads")

        self.assertEqual(
            self._seen(user),
            {
                (self.own, "receive"),
                (self.theirs, "receive"),
                (self.theirs, "deposit"),
            },
        )

    def test_buyer_sees_what_vendors_get_and_no_customer_prices(self):
        user = self.buyer

        self.assertEqual(self._seen(user), {(self.own, "pay"), (self.theirs, "pay")})
        self.assertEqual(
            sorted(self._rows(self.orders, user=user).mapped("amount")), [-50, -40]
        )
        with self.assertRaises(AccessError):
            self._rows(self.orders, user=user).read(["deposit_value"])
        with self.assertRaises(AccessError):
            self._rows(self.own, flow="receive").with_user(user).read(["amount"])

    def test_buyer_who_sells_sees_both_of_own_orders(self):
        user = self._user("both", PURCHASE, SALES)
        own = self._order(self.product, 1, user=user)
        self.orders += own

        self.assertEqual(self._seen(user), {(own, "receive"), (own, "pay")})

    def test_administrator_sees_all(self):
        user = self._user("boss", "inventory_backlog.group_backlog_manager")

        self.assertEqual(
            self._seen(user),
            {
                (self.own, "receive"),
                (self.own, "pay"),
                (self.theirs, "receive"),
                (self.theirs, "pay"),
                (self.theirs, "deposit"),
            },
        )

    def test_others_see_nothing(self):
        user = self._user("employee", "base.group_user")
        with self.assertRaises(AccessError):
            self._rows(self.orders, user=user)
        demand_only = self._user("planner", "inventory_backlog.group_backlog_purchase")
        with self.assertRaises(AccessError):
            self._rows(self.orders, user=demand_only)

    def test_views_load_with_the_lowest_rights(self):
        for user in (self.seller, self.buyer):
            views = (
                self.env["backlog.cash"]
                .with_user(user)
                .get_views([[False, kind] for kind in ("pivot", "list", "search")])
            )
            self.assertIn("amount", views["views"]["pivot"]["arch"])
            self.assertEqual(
                "deposit_value" in views["views"]["list"]["arch"],
                user == self.seller,
            )


@tagged("post_install", "-at_install")
class TestCashCurrency(CashCase):
    """Two companies with two currencies, and orders in foreign money."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._second_company()

    def test_foreign_order_purchase_and_vendor_price(self):
        """Four euro are worth one of the company's."""
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": self.euro.id}
        )
        self._purchase(
            (self.product, 5, {"price_unit": 20}), currency_id=self.euro.id, days=4
        )
        self._sold_by(self.product, price=8, currency_id=self.euro.id)
        term = self._term((80, {"value": "fixed"}), (100, {"nb_days": 30}))
        order = self._order(
            (self.product, 8, {"price_unit": 40}),
            pricelist_id=pricelist.id,
            payment_term_id=term.id,
        )
        self.assertEqual(order.currency_id, self.euro)

        # 320 euro are 80; the fixed 80 euro are 20, a quarter.
        self.assertEqual(
            self._cash(order),
            {
                ("incoming", 4): 12.5,
                ("incoming", 34): 37.5,
                ("to_source", 5): 7.5,
                ("to_source", 35): 22.5,
            },
        )
        self.assertEqual(
            self._cash(order, "pay"), {("incoming", 4): -25, ("to_source", 5): -6}
        )

    def test_foreign_order_paid_in_part(self):
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": self.euro.id}
        )
        self._put_in_stock(self.product, 10)
        order = self._order(
            (self.product, 10, {"price_unit": 40}), pricelist_id=pricelist.id
        )
        self._pay(order, 100)

        self.assertEqual(self._cash(order), {("ready", 0): 75})
        self.assertEqual(
            self._cash(order, "deposit", "deposit_value"), {("ready", 0): 25}
        )

    def test_foreign_order_paid_in_full_at_another_rate(self):
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": self.euro.id}
        )
        self._put_in_stock(self.product, 10)
        order = self._order(
            (self.product, 10, {"price_unit": 40}), pricelist_id=pricelist.id
        )
        self.env["res.currency.rate"].create(
            {"currency_id": self.euro.id, "name": TODAY + timedelta(1), "rate": 5}
        )
        with freeze_time(TODAY + timedelta(1)):
            invoice = self._pay(order)
        self.assertEqual((invoice.amount_residual, invoice.amount_total), (0, 400))
        self.assertEqual(-sum(invoice.invoice_line_ids.mapped("balance")), 80)

        self.assertEqual(self._cash(order), {})
        self.assertEqual(
            self._cash(order, "deposit", "deposit_value"), {("ready", 0): 100}
        )

    def test_each_company_has_its_own_currency_terms_and_vendors(self):
        here, there = (
            self.vendor.with_company(company) for company in (self.company, self.other)
        )
        here.property_supplier_payment_term_id = self._term((100, {"nb_days": 30}))
        there.property_supplier_payment_term_id = self._term((100, {"nb_days": 10}))
        self.other.days_to_purchase = 1
        self._sold_by(self.product, price=12, company_id=self.company.id, delay=2)
        self._sold_by(
            self.product,
            price=3,
            company_id=self.other.id,
            currency_id=self.euro.id,
            delay=4,
        )
        orders = self._order(self.product, 5)
        orders += self._order(
            (self.product, 5, {"price_unit": 7}), user=self.other_seller
        )
        both = self.env(
            context={"allowed_company_ids": (self.company + self.other).ids}
        )["backlog.cash"]
        both.invalidate_model()
        rows = both.with_user(self.env.user).search([("order_id", "in", orders.ids)])

        self.assertEqual(
            {
                (row.company_id, row.currency_id, row.flow): (
                    row.amount,
                    (row.date - TODAY).days,
                )
                for row in rows
            },
            {
                (self.company, self.company.currency_id, "receive"): (500, 2),
                (self.company, self.company.currency_id, "pay"): (-60, 32),
                (self.other, self.euro, "receive"): (35, 5),
                (self.other, self.euro, "pay"): (-15, 15),
            },
        )
        # 35 euro are 8.75 of the first company's.
        [[total]] = both._read_group(
            [("order_id", "in", orders.ids), ("flow", "=", "receive")],
            [],
            ["amount:sum_currency"],
        )
        self.assertAlmostEqual(total, 508.75)
        self.assertEqual(
            self._rows(orders, user=self.other_seller).company_id, self.other
        )

    def test_credit_limit_is_the_companys(self):
        self._put_in_stock(self.product, 10)
        order = self._order(self.product, 5)
        order.sudo()._create_invoices().action_post()
        self.other.account_use_credit_limit = True
        self.customer.with_company(self.other).credit_limit = 10

        self.assertFalse(self._line(order.order_line).block_cause)
