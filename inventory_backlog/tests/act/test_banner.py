from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestBanner(BacklogCase):
    """What documents say of their backlog, and what they offer to do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = new_test_user(
            cls.env, "reads_banner", "purchase.group_purchase_user"
        )

    def _of(self, record, user=None):
        record = record.with_user(user or self.seller)
        record.invalidate_recordset()
        return record.backlog_banner

    # Orders

    def test_an_order_in_time_has_none(self):
        self._put_in_stock(self.product, 5)
        order = self._order((self.product, 5), commitment_date=self._after(4))

        self.assertFalse(self._of(order))

    def test_a_late_order_says_so_with_what_to_do(self):
        order = self._order(
            (self.product, 5), (self._product(), 2), commitment_date=self._after(-2)
        )
        banner = self._of(order)

        self.assertEqual(banner["tone"], "danger")
        self.assertIn("Late: 2 of 2 open lines", banner["sentences"][0])
        verbs = {one["verb"]: one for one in banner["verbs"]}
        self.assertEqual(list(verbs), ["ask_purchase", "tell"])
        self.assertEqual(len(verbs["ask_purchase"]["ids"]), 2)

    def test_what_it_offers_can_be_done(self):
        order = self._order((self.product, 5), commitment_date=self._after(-2))
        [verb, *_rest] = self._of(order)["verbs"]
        lines = self.env["backlog.line"].with_user(self.seller)
        outcome = lines.act(verb["ids"], verb["verb"])

        self.assertEqual(outcome["done"], 1)

    def test_a_banner_says_what_is_missing_and_not_what_is_there(self):
        self._put_in_stock(self.product, 2)
        order = self._order((self.product, 5), commitment_date=self._after(-2))
        sentence = self._of(order)["sentences"][1]

        self.assertIn("3 are not ordered", sentence)

    def test_it_asks_as_much_for_ten_lines_as_for_two(self):
        counts = []
        for count in (2, 10):
            goods = [(self._product(), 1) for _number in range(count)]
            order = self._order(*goods, commitment_date=self._after(-2))
            self._of(order)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            order.with_user(self.seller).read(["backlog_banner"])
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)

    def test_the_header_says_how_many_days_late(self):
        self._purchase(self.product, 9, days=6)
        order = self._order((self.product, 5), commitment_date=self._after(2))
        order.invalidate_recordset()

        self.assertEqual(order.backlog_days_late, "(+4d)")

    def test_the_header_says_nothing_of_what_is_in_time(self):
        self._put_in_stock(self.product, 5)
        order = self._order((self.product, 5), commitment_date=self._after(2))
        order.invalidate_recordset()

        self.assertFalse(order.backlog_days_late)

    # Quotations

    def test_a_quotation_says_when_all_could_leave(self):
        self._put_in_stock(self.product, 5)
        other = self._product()
        self._purchase(other, 9, days=6)
        quotation = self._quote((self.product, 2), (other, 3))
        banner = self._of(quotation)

        self.assertIn("Jan 21, 1 of 2 lines today", banner["sentences"][0])
        self.assertEqual(banner["promise"]["label"], "Promise Jan 21")

    def test_a_quotation_that_can_leave_today_says_nothing(self):
        self._put_in_stock(self.product, 5)

        self.assertFalse(self._of(self._quote((self.product, 2))))

    def test_a_quotation_without_a_date_offers_none(self):
        banner = self._of(self._quote((self.product, 2)))

        self.assertIn("Nobody knows", banner["sentences"][0])
        self.assertFalse(banner["promise"])

    # Confirm

    def _late_quotation(self):
        self._purchase(self.product, 9, days=6)
        return self._quote((self.product, 3), commitment_date=self._after(2))

    def test_a_date_that_can_be_kept_is_confirmed_at_once(self):
        self._put_in_stock(self.product, 5)
        quotation = self._quote((self.product, 3), commitment_date=self._after(2))
        quotation.with_user(self.seller).action_confirm_or_ask()

        self.assertEqual(quotation.state, "sale")

    def test_a_date_that_cannot_be_kept_is_asked_about(self):
        for method, day in (("action_promise", 6), ("action_keep", 2)):
            with self.subTest(method=method):
                quotation = self._late_quotation().with_user(self.seller)
                action = quotation.action_confirm_or_ask()
                self.assertEqual(quotation.state, "draft")
                wizard = self.env[action["res_model"]].with_user(self.seller)
                wizard = wizard.browse(action["res_id"])
                self.assertIn("Jan 21", wizard.message)
                self.assertEqual(
                    (wizard.possible_day, wizard.given_day), ("Jan 21", "Jan 17")
                )
                getattr(wizard, method)()
                self.assertEqual(quotation.state, "sale")
                self.assertEqual(quotation.commitment_date, self._after(day))

    def test_other_ways_to_confirm_ask_nothing(self):
        quotation = self._late_quotation()
        quotation.with_user(self.seller).action_confirm()

        self.assertEqual(quotation.state, "sale")

    # Purchases and products

    def test_a_purchase_names_how_many_wait(self):
        purchase = self._purchase(self.product, 9, days=6)
        self._order((self.product, 5), commitment_date=self._after(2))
        banner = self._of(purchase, self.buyer)

        self.assertIn("1 order lines of 1 customers", banner["sentences"][0])
        self.assertEqual(banner["open"]["action"]["res_model"], "backlog.line")
        self.assertNotIn("$", banner["sentences"][0])

    def test_who_may_write_a_purchase_moves_its_date(self):
        purchase = self._purchase(self.product, 9, days=6)
        self._order((self.product, 5), commitment_date=self._after(2))
        self.assertEqual(
            self._of(purchase, self.buyer)["call"]["method"], "action_move_date"
        )
        purchase.button_lock()
        self.assertFalse(self._of(purchase, self.buyer)["call"])

    def test_a_purchase_counts_and_opens_who_waits(self):
        purchase = self._purchase(self.product, 9, days=6).with_user(self.buyer)
        order = self._order((self.product, 5), commitment_date=self._after(2))
        purchase.invalidate_recordset()
        self.assertEqual(purchase.backlog_waiting_count, 1)
        lines = self.env["backlog.line"].with_user(self.buyer)
        found = lines.search(purchase.action_open_backlog()["domain"])
        self.assertEqual(found.ids, order.order_line.ids)

    def test_a_purchase_for_nobody_has_none(self):
        self.assertFalse(self._of(self._purchase(self.product, 9), self.buyer))

    def test_a_product_adds_up_what_waits(self):
        self._put_in_stock(self.product, 3)
        self._order((self.product, 5))
        for record in (self.product, self.product.product_tmpl_id):
            banner = self._of(record)
            self.assertIn("3 ready, 2 to order", banner["sentences"][0])

    def test_a_product_says_what_can_be_promised(self):
        self._put_in_stock(self.product, 12)
        self._purchase(self.product, 40, days=6)
        self._order((self.product, 2))
        product = self.product.with_user(self.seller)
        product.invalidate_recordset()

        self.assertEqual(
            product.backlog_can_promise["sentence"],
            "Can promise: 10 now · 40 on Jan 21",
        )

    def test_what_can_be_promised_is_of_the_warehouse_that_answers(self):
        other = self.env["stock.warehouse"].create({"name": "Other", "code": "OTH"})
        self._put_in_stock(self.product, 7, other.lot_stock_id)
        self.seller.property_warehouse_id = other
        product = self.product.with_user(self.seller)
        product.invalidate_recordset()

        self.assertIn("7 now", product.backlog_can_promise["sentence"])
        self.assertEqual(product.get_promise(product.id, 7)["ready"], 7)

    # Customers

    def test_all_its_open_orders_go_into_one_mail(self):
        self._order((self.product, 5))
        customer = self.customer.with_user(self.seller)
        action = customer.action_send_backlog_summary()

        self.assertEqual(action["res_model"], "mail.compose.message")

    def test_nothing_open_is_no_mail(self):
        with self.assertRaisesRegex(UserError, "Nothing is open"):
            self.customer.with_user(self.seller).action_send_backlog_summary()

    def test_a_customer_adds_up_what_waits(self):
        self._order((self.product, 5), commitment_date=self._after(-2))
        customer = self.customer.with_user(self.seller)
        customer.invalidate_recordset()

        self.assertEqual(customer.backlog_line_count, 1)
        self.assertEqual(customer.backlog_late_count, 1)
        self.assertEqual(customer.backlog_value, 500)
        lines = self.env["backlog.line"].with_user(self.seller)
        domain = customer.action_open_backlog()["domain"]
        self.assertEqual(len(lines.search(domain)), 1)
