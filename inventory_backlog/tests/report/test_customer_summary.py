from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import format_date

from ..common import BacklogCase

REPORT = "inventory_backlog.report_partner_backlog"
ORDER_REPORT = "inventory_backlog.report_order_backlog"


@tagged("post_install", "-at_install")
class TestCustomerSummary(BacklogCase):
    """The customer's own summary: its orders in its words, and when the rest comes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.customer.write(
            {"is_company": True, "email": "customer@example.com", "lang": "en_US"}
        )
        cls.contact = cls.env["res.partner"].create(
            {"name": "Contact", "parent_id": cls.customer.id, "lang": "en_US"}
        )
        cls.seller.lang = "en_US"

    def _summary(self, user=None, partner=None):
        self.env["backlog.line"].invalidate_model()
        return (
            (partner or self.customer).with_user(user or self.seller)._backlog_summary()
        )

    def _day(self, days, lang="en_US"):
        return format_date(self.env, self._after(days).date(), lang_code=lang)

    def _html(self, records, report=REPORT, user=None):
        html, _kind = (
            self.env["ir.actions.report"]
            .with_user(user or self.seller)
            ._render_qweb_html(report, records.ids)
        )
        return html.decode()

    # Whose it is

    def test_buyer_does_not_read_customer_prices_through_the_report(self):
        order = self._order(self.product, 10)
        buyer = new_test_user(
            self.env, "plain_buyer", "purchase.group_purchase_user", lang="en_US"
        )

        with self.assertRaises(AccessError):
            self._summary(buyer)
        for records, report in ((self.customer, REPORT), (order, ORDER_REPORT)):
            with self.subTest(report=report), self.assertRaises(Exception) as refused:
                self._html(records, report, buyer)
            chain = [refused.exception, refused.exception.__cause__]
            self.assertTrue(any(isinstance(error, AccessError) for error in chain))

    # What it says

    def test_each_order_with_what_is_ready_and_when_the_rest_comes(self):
        self._put_in_stock(self.product, 4)
        order = self._order(self.product, 10, client_order_ref="PO 7")
        self._ship(order, 1)
        self._purchase(self.product, 4, days=5)
        self._purchase(self.product, 1, days=9)
        [row] = self._summary()["orders"]

        self.assertEqual((row["name"], row["reference"]), (order.name, "PO 7"))
        self.assertEqual(row["date"], order.date_order)
        self.assertEqual(
            row["lines"],
            [
                {
                    "product": "Chair",
                    "unit": "Units",
                    "ordered": 10,
                    "shipped": 1,
                    "ready": 3,
                    "rest": [
                        f"{self._day(5)}: 4",
                        f"{self._day(9)}: 1",
                        "1: date to be confirmed",
                    ],
                    "value": 900,
                    "ready_value": 300,
                }
            ],
        )

    def test_what_comes_on_one_day_is_one_line(self):
        self._order(self.product, 5)
        self._purchase(self.product, 2, days=5)
        self._purchase(self.product, 3, days=5)
        [order] = self._summary()["orders"]

        self.assertEqual(order["lines"][0]["rest"], [f"{self._day(5)}: 5"])

    def test_a_language_that_is_off_by_now_ends_no_paper(self):
        self._put_in_stock(self.product, 3)
        self._order((self.product, 3))
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET lang = 'xx_XX' WHERE id = %s", [self.customer.id]
        )
        self.env.invalidate_all()

        [order] = self._summary()["orders"]
        self.assertTrue(order["lines"])
        self.assertTrue(self.customer._backlog_summary_name())

    def test_quantities_are_in_the_unit_of_the_order(self):
        self._put_in_stock(self.product, 18)
        self._order((self.product, 2, {"product_uom_id": self.dozen.id}))
        self._purchase(self.product, 6, days=5)
        [order] = self._summary()["orders"]
        [line] = order["lines"]

        self.assertEqual(
            (line["unit"], line["ordered"], line["ready"], line["rest"]),
            ("Dozens", 2, 1.5, [f"{self._day(5)}: 0.5"]),
        )

    def test_orders_of_the_whole_company_with_the_oldest_first(self):
        late = self._order(self.product, 1)
        early = self._order(self.product, 2, partner_id=self.contact.id)
        early.sudo().date_order = self._after(-3)
        self._order(
            self.product,
            3,
            partner_id=self.env["res.partner"].create({"name": "Other"}).id,
        )
        shipped = self._order(self._product("Lamp"), 1)
        self._put_in_stock(shipped.order_line.product_id, 1)
        shipped.sudo().picking_ids.action_assign()
        self._ship(shipped)

        for partner in (self.customer, self.contact):
            self.assertEqual(
                [order["name"] for order in self._summary(partner=partner)["orders"]],
                [early.name, late.name],
            )

    def test_totals_are_in_the_currency_of_each_order(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "name": "2030-01-01", "rate": 4}
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": euro.id}
        )
        self._put_in_stock(self.product, 1)
        self._order((self.product, 2, {"price_unit": 100}))
        self._order((self.product, 3, {"price_unit": 10}), pricelist_id=pricelist.id)
        totals = self._summary()["totals"]

        self.assertEqual(
            [(row["currency"], row["value"], row["ready_value"]) for row in totals],
            [(self.company.currency_id, 200, 100), (euro, 30, 0)],
        )

    def test_weak_money_is_counted_in_itself_not_in_cents_of_ours(self):
        rupiah = self.env.ref("base.IDR")
        rupiah.active = True
        rupiah.rounding = 1
        self.env["res.currency.rate"].create(
            {"currency_id": rupiah.id, "name": "2030-01-01", "rate": 16000}
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Rupiah", "currency_id": rupiah.id}
        )
        self._put_in_stock(self.product, 12)
        # 210 rupiah are 1.3 cents of ours.
        self._order(
            (self.product, 3, {"price_unit": 70}),
            (self.product, 2, {"price_unit": 1000, "product_uom_id": self.dozen.id}),
            pricelist_id=pricelist.id,
        )
        summary = self._summary()
        [order] = summary["orders"]

        self.assertEqual(
            [(line["value"], line["ready_value"]) for line in order["lines"]],
            [(210, 210), (2000, 750)],
        )
        self.assertEqual(
            [(row["currency"], row["value"]) for row in summary["totals"]],
            [(rupiah, 2210)],
        )

    def test_discount_is_off_the_value(self):
        self._order((self.product, 3, {"price_unit": 33.33, "discount": 10}))
        order_line = self.env["sale.order.line"].search([], limit=1, order="id desc")
        [order] = self._summary()["orders"]

        self.assertEqual(order["value"], order_line.price_subtotal)

    def test_subsidiary_that_is_a_company_of_its_own_is_another_customer(self):
        subsidiary = self.env["res.partner"].create(
            {"name": "Sub", "is_company": True, "parent_id": self.customer.id}
        )
        there = self.env["res.partner"].create(
            {"name": "There", "parent_id": subsidiary.id}
        )
        own = self._order(self.product, 1, partner_id=self.contact.id)
        theirs = self._order(self.product, 1, partner_id=there.id)

        for partner, order in (
            (self.customer, own),
            (self.contact, own),
            (subsidiary, theirs),
            (there, theirs),
        ):
            self.assertEqual(
                [row["name"] for row in self._summary(partner=partner)["orders"]],
                [order.name],
                partner.name,
            )

    def test_other_companies_are_not_in_it(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.seller.company_ids += other
        self._order(self.product, 1)
        there = self.customer.with_user(self.seller).with_company(other)

        self.assertEqual(there._backlog_summary()["orders"], [])

    # Rights

    def test_salesperson_prints_own_orders_inventory_user_all(self):
        colleague = new_test_user(
            self.env, "colleague", "sales_team.group_sale_salesman"
        )
        keeper = new_test_user(self.env, "keeper", "stock.group_stock_user")
        own = self._order(self.product, 1)
        theirs = self._order(self.product, 1, user=colleague)

        self.assertEqual([o["name"] for o in self._summary()["orders"]], [own.name])
        self.assertEqual(
            [o["name"] for o in self._summary(keeper)["orders"]],
            [own.name, theirs.name],
        )

    def test_page_of_own_orders_says_whose_they_are(self):
        lead = new_test_user(
            self.env, "lead", "sales_team.group_sale_salesman_all_leads", lang="en_US"
        )
        self.seller.name = "Marc"
        own = self._order(self.product, 1)
        theirs = self._order(self.product, 1, user=lead)
        page = self._html(self.customer)
        whole = self._html(self.customer, user=lead)

        self.assertIn("Marc", page)
        self.assertIn("looks after for you", page)
        self.assertNotIn(theirs.name, page)
        self.assertNotIn("looks after for you", whole)
        self.assertIn(own.name, whole)
        self.assertIn(theirs.name, whole)

    def test_page_without_own_orders_does_not_say_that_nothing_is_open(self):
        lead = new_test_user(
            self.env, "lead", "sales_team.group_sale_salesman_all_leads", lang="en_US"
        )
        self._order(self.product, 1, user=lead)
        page = self._html(self.customer)

        self.assertIn("looks after for you", page)
        self.assertNotIn("there is nothing left to ship to you", page)

    def test_internal_user_without_the_backlog_gets_nothing(self):
        stranger = new_test_user(self.env, "stranger", "base.group_user")
        with self.assertRaises(AccessError):
            self._summary(stranger)

    def test_printing_is_offered_to_those_who_see_the_backlog(self):
        buyer = new_test_user(self.env, "buyer", "purchase.group_purchase_user")
        reports = self.env.ref("inventory_backlog.action_report_partner_backlog")

        def offered(user):
            bindings = self.env["ir.actions.actions"].with_user(user)
            found = bindings.get_bindings("res.partner").get("report", ())
            return reports.id in [action["id"] for action in found]

        self.assertTrue(offered(self.seller))
        self.assertFalse(offered(buyer))

    # On paper

    def test_page_has_no_words_of_ours(self):
        self._order(self.product, 5)
        purchase = self._purchase(self.product, 3, days=5)
        html = self._html(self.customer)

        self.assertIn("date to be confirmed", html)
        for word in ("To order", "To Order", "Backorder", "Incoming", "Vendor"):
            self.assertNotIn(word, html)
        self.assertNotIn(purchase.name, html)

    def test_page_with_nothing_open(self):
        keeper = new_test_user(
            self.env, "keeper", "stock.group_stock_user", lang="en_US"
        )
        self.assertIn(
            "there is nothing left to ship to you",
            self._html(self.customer, user=keeper),
        )

    def test_page_is_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.product.with_context(lang="fr_FR").name = "Chaise"
        self.customer.lang = "fr_FR"
        self._order(self.product, 2.5)
        self._purchase(self.product, 2.5, days=5)
        for html in (
            self._html(self.customer),
            self._html(self.env["sale.order"].search([], limit=1), ORDER_REPORT),
        ):
            self.assertIn("Chaise", html)
            self.assertIn("20/01/2030: 2,5", html)

    def test_several_customers_on_separate_pages(self):
        other = self.env["res.partner"].create({"name": "Other", "lang": "en_US"})
        self._order(self.product, 1)
        html = self._html(self.customer + other)

        for partner in (self.customer, other):
            self.assertIn(f'data-oe-id="{partner.id}"', html)

    def test_names_cannot_write_the_page(self):
        self.product.name = "<script>alert(1)</script>"
        self._order(self.product, 1, client_order_ref="<b>bold</b>")
        html = self._html(self.customer)

        self.assertNotIn("<script>alert(1)", html)
        self.assertNotIn("<b>bold", html)
        self.assertIn("&lt;b&gt;bold", html)

    def test_name_of_the_file_is_short_and_on_one_line(self):
        self.customer.name = "A/B\r\nX: \u202egpj " + "long " * 2000
        name = self.customer._backlog_summary_name()

        self.assertTrue(name.startswith("Open orders A B X gpj long long"))
        self.assertTrue(name.endswith(" 2030-01-15"))
        self.assertLess(len(name), 110)
        self.assertTrue(name.isprintable())

    # By mail

    def test_mail_opens_with_template_customer_and_pdf(self):
        order = self._order(self.product, 5)
        action = order.action_send_backlog_summary()
        self.assertEqual(action["res_model"], "mail.compose.message")
        composer = Form(
            self.env["mail.compose.message"]
            .with_user(self.seller)
            .with_context(**action["context"])
        ).save()

        self.assertEqual(composer.subject, f"Your open orders with {self.company.name}")
        self.assertEqual(composer.partner_ids, self.customer)
        [attachment] = composer.attachment_ids
        self.assertIn("Open orders Customer 2030-01-15", attachment.name)
        self.assertIn(order.name, attachment.raw.decode())

    def test_mail_that_is_sent_is_kept_on_the_order(self):
        order = self._order(self.product, 5)
        action = order.action_send_backlog_summary()
        composer = Form(
            self.env["mail.compose.message"]
            .with_user(self.seller)
            .with_context(**action["context"])
        ).save()
        composer.action_send_mail()
        message = order.message_ids.sorted("id")[-1]

        # The sender sees own documents only.
        self.assertIn("an overview of the orders that", message.body)
        self.assertEqual(len(message.attachment_ids), 1)
        self.assertEqual(order.state, "sale")

    def test_menu_of_the_order_opens_the_mail(self):
        order = self._order(self.product, 5)
        action = self.env.ref("inventory_backlog.action_send_backlog_summary")
        result = (
            action.with_user(self.seller)
            .with_context(
                active_model="sale.order", active_id=order.id, active_ids=order.ids
            )
            .run()
        )

        self.assertEqual(result["res_model"], "mail.compose.message")

    def test_order_of_another_company_is_printed_as_that_company(self):
        other = self.env["res.company"].create({"name": "Second Company"})
        self.seller.company_ids += other
        order = (
            self.env["sale.order"]
            .with_user(self.seller)
            .with_context(allowed_company_ids=other.ids)
            .create(
                {
                    "partner_id": self.customer.id,
                    "order_line": [
                        Command.create(
                            {"product_id": self.product.id, "product_uom_qty": 7}
                        )
                    ],
                }
            )
        )
        order.action_confirm()
        self._order(self.product, 1)
        html = self._html(order, ORDER_REPORT)

        self.assertIn("Second Company", html)
        self.assertIn(order.name, html)
