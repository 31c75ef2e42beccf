from datetime import date, timedelta

from odoo.tests import tagged
from odoo.tools import SQL

from ...report.payment_terms import due_day, instalments
from ..cash import TODAY, CashCase


@tagged("post_install", "-at_install")
class TestCashTerms(CashCase):
    """What is due when, by the terms of payment, and what is paid already."""

    def test_thirty_percent_now_and_the_rest_at_the_end_of_next_month(self):
        self._put_in_stock(self.product, 5)
        order = self._order(self.product, 5, payment_term_id=self.split_term.id)

        self.assertEqual(
            self._cash(order),
            {("ready", 0): 150, ("ready", (date(2030, 2, 28) - TODAY).days): 350},
        )

    def test_the_term_counts_from_the_day_the_goods_can_leave(self):
        self._purchase(self.product, 5, days=20)
        order = self._order(self.product, 5, payment_term_id=self.split_term.id)

        self.assertEqual(
            self._cash(order),
            {
                ("incoming", 20): 150,
                ("incoming", (date(2030, 3, 31) - TODAY).days): 350,
            },
        )

    def test_vendors_are_paid_by_their_terms(self):
        later = self._term((100, {"nb_days": 30}))
        self._sold_by(self.product)
        self._purchase(self.product, 2, days=4, payment_term_id=self.split_term.id)
        self.vendor.property_supplier_payment_term_id = later
        order = self._order(self.product, 5)

        self.assertEqual(
            self._cash(order, "pay"),
            {
                ("incoming", 4): -6,
                ("incoming", (date(2030, 2, 28) - TODAY).days): -14,
                ("to_source", 35): -30,
            },
        )

    def test_due_dates_are_those_of_odoo(self):
        days = [date(2029, 12, 28) + timedelta(number) for number in range(70)]
        term = self._term((100, {}))
        for kind, nb_days, next_month in (
            ("days_after", 0, "10"),
            ("days_after", 45, "10"),
            ("days_after_end_of_month", 0, "10"),
            ("days_after_end_of_month", 10, "10"),
            ("days_after_end_of_next_month", 0, "10"),
            ("days_after_end_of_next_month", 31, "10"),
            ("days_end_of_month_on_the", 0, "10"),
            ("days_end_of_month_on_the", 20, "31"),
            ("days_end_of_month_on_the", 5, "30"),
            ("days_end_of_month_on_the", 30, "0"),
        ):
            term.line_ids.write(
                {
                    "delay_type": kind,
                    "nb_days": nb_days,
                    "days_next_month": next_month,
                }
            )
            self.env.flush_all()
            found = self.env.execute_query(
                SQL(
                    "SELECT %s FROM UNNEST(%s::date[]) day, (%s) term "
                    "WHERE term.term_id = %s ORDER BY day",
                    due_day(SQL("day")),
                    days,
                    instalments(),
                    term.id,
                )
            )
            self.assertEqual(
                [due for (due,) in found],
                [term.line_ids._get_due_date(day) for day in days],
                (kind, nb_days, next_month),
            )

    def test_fixed_instalment_is_of_the_whole_order(self):
        """100 at once, the rest later: the lines share the 100 by their value."""
        term = self._term((100, {"value": "fixed"}), (100, {"nb_days": 30}))
        table = self._product("Table")
        self._put_in_stock(self.product, 2)
        self._put_in_stock(table, 6)
        order = self._order((self.product, 2), (table, 6), payment_term_id=term.id)

        self.assertEqual(self._cash(order), {("ready", 0): 100, ("ready", 30): 700})
        chairs, _tables = order.order_line
        self.assertEqual(
            self._cash(order, order_line_id=chairs.id),
            {("ready", 0): 25, ("ready", 30): 175},
        )

    def test_fixed_instalment_above_the_order_takes_all(self):
        term = self._term((1000, {"value": "fixed"}), (100, {"nb_days": 30}))
        self._put_in_stock(self.product, 5)
        order = self._order(self.product, 5, payment_term_id=term.id)

        self.assertEqual(self._cash(order), {("ready", 0): 500})

    def test_cents_of_instalments_add_up(self):
        third = {"nb_days": 0}
        term = self._term((33.33, third), (33.33, third), (33.34, third))
        self._put_in_stock(self.product, 1)
        order = self._order(
            (self.product, 1, {"price_unit": 0.1}), payment_term_id=term.id
        )

        rows = self._rows(order)
        self.assertEqual(len(rows), 3)
        self.assertEqual(
            [round(amount, 2) for amount in rows.mapped("amount")], [0.03, 0.04, 0.03]
        )

    # What is paid already

    def test_partly_paid_leaves_the_rest_and_is_a_deposit(self):
        self._put_in_stock(self.product, 2)
        self._purchase(self.product, 8, days=4)
        order = self._order(self.product, 10)
        self._pay(order, 300)

        # The rest is on the invoice, so it is due with it.
        self.assertEqual(self._cash(order), {("ready", 0): 140, ("incoming", 0): 560})
        self.assertEqual(
            self._cash(order, "deposit", "deposit_value"),
            {("ready", 0): 60, ("incoming", 4): 240},
        )
        self.assertEqual(self._rows(order, flow="deposit").mapped("amount"), [0, 0])

    def test_paid_in_full_brings_no_more_cash(self):
        self._put_in_stock(self.product, 10)
        order = self._order(self.product, 10)
        self._pay(order)

        self.assertEqual(self._cash(order), {})
        self.assertEqual(
            self._cash(order, "deposit", "deposit_value"), {("ready", 0): 1000}
        )

    def test_refund_brings_it_back(self):
        self._put_in_stock(self.product, 10)
        order = self._order(self.product, 10)
        invoice = self._pay(order)
        refund = invoice._reverse_moves([{"date": invoice.date}])
        refund.action_post()
        self._pay_invoices(refund)

        self.assertEqual(self._cash(order), {("ready", 0): 1000})
        self.assertEqual(self._cash(order, "deposit"), {})

    def test_posted_and_unpaid_invoice_is_still_to_come(self):
        self._put_in_stock(self.product, 10)
        order = self._order(self.product, 10)
        order.sudo()._create_invoices().action_post()

        self.assertEqual(self._cash(order), {("ready", 0): 1000})

    def test_bill_paid_ahead_is_not_paid_again(self):
        """Of 10 pieces 4 are here; a bill over 7 is for 3 of the other 6, too."""
        purchase = self._purchase(self.product, 10, days=4)
        order = self._order(self.product, 10)
        self._receive(purchase, 4)
        bill = self._bill(purchase, 7)
        self.assertEqual(
            self._cash(order, "pay"), {("incoming", 0): -30, ("incoming", 4): -30}
        )

        self._pay_invoices(bill)
        self.assertEqual(self._cash(order, "pay"), {("incoming", 4): -30})

    def test_bill_of_what_is_here_pays_nothing_ahead(self):
        purchase = self._purchase(self.product, 10, days=4)
        order = self._order(self.product, 10)
        self._receive(purchase, 4)
        self._pay_invoices(self._bill(purchase, 4))

        self.assertEqual(self._cash(order, "pay"), {("incoming", 4): -60})

    def test_bill_paid_ahead_is_shared_by_the_lines_of_the_purchase(self):
        table = self._product("Table")
        purchase = self._purchase((self.product, 10), (table, 30), days=4)
        self._pay_invoices(self._bill(purchase, 10, 10))
        order = self._order((self.product, 10), (table, 15))

        # 200 of 400 are paid.
        self.assertEqual(self._cash(order, "pay"), {("incoming", 4): -125})

    def test_refunded_bill_is_to_be_paid_again(self):
        purchase = self._purchase(self.product, 10, days=4)
        order = self._order(self.product, 10)
        bill = self._bill(purchase, 10)
        self._pay_invoices(bill)
        self.assertEqual(self._cash(order, "pay"), {})

        refund = bill._reverse_moves([{"date": bill.date, "invoice_date": TODAY}])
        refund.action_post()
        self._pay_invoices(refund)
        self.assertEqual(self._cash(order, "pay"), {("incoming", 4): -100})

    # Taxes, units, discounts

    def test_with_taxes(self):
        tax = self.env["account.tax"].create({"name": "25%", "amount": 25})
        bought = self.env["account.tax"].create(
            {"name": "10%", "amount": 10, "type_tax_use": "purchase"}
        )
        self._purchase((self.product, 5, {"tax_ids": bought.ids}), days=4)
        order = self._order(
            (self.product, 5, {"tax_ids": tax.ids}),
            user=self.env.user,
            user_id=self.seller.id,
            payment_term_id=self.split_term.id,
        )

        end = (date(2030, 2, 28) - TODAY).days
        self.assertEqual(
            self._cash(order), {("incoming", 4): 150, ("incoming", end): 350}
        )
        self.assertEqual(
            self._cash(order, name="amount_total"),
            {("incoming", 4): 187.5, ("incoming", end): 437.5},
        )
        self.assertEqual(self._cash(order, "pay"), {("incoming", 4): -50})
        self.assertEqual(
            self._cash(order, "pay", "amount_total"), {("incoming", 4): -55}
        )

    def test_discount_and_dozens(self):
        self._purchase(
            (
                self.product,
                2,
                {"product_uom_id": self.dozen.id, "price_unit": 120, "discount": 10},
            ),
            days=4,
        )
        order = self._order(
            (
                self.product,
                1,
                {"product_uom_id": self.dozen.id, "price_unit": 900, "discount": 50},
            )
        )

        self.assertEqual(self._cash(order), {("incoming", 4): 450})
        self.assertEqual(self._cash(order, "pay"), {("incoming", 4): -108})

    def test_vendor_price_in_dozens(self):
        self._sold_by(self.product, price=60, discount=50, product_uom_id=self.dozen.id)
        order = self._order(self.product, 4)

        self.assertEqual(self._cash(order, "pay"), {("to_source", 5): -10})

    # Discounts on a whole order

    def _discounted(self, order, share=0.1):
        """Odoo's own discount on the whole order: a line of a service below zero."""
        self.env["sale.order.discount"].create(
            {
                "sale_order_id": order.id,
                "discount_type": "so_discount",
                "discount_percentage": share,
            }
        ).action_apply_discount()
        return order

    def _with_service(self):
        """Ten chairs and a service of 200, of which nothing is shipped."""
        service = self.env["product.product"].create(
            {
                "name": "Assembly",
                "type": "service",
                "invoice_policy": "order",
                "taxes_id": False,
            }
        )
        self._put_in_stock(self.product, 4)
        return self._quote((self.product, 10), (service, 1, {"price_unit": 200})).sudo()

    def test_discount_on_the_whole_order_is_off_its_goods(self):
        order = self._discounted(self._with_service())
        order.action_confirm()

        self.assertEqual(order.amount_untaxed, 1080)
        self.assertEqual(self._line(order.order_line).open_value, 900)
        self.assertEqual(
            self._cash(order), {("ready", 0): 360, ("to_source", None): 540}
        )

    def test_paid_share_of_a_discounted_order(self):
        order = self._discounted(self._with_service())
        order.action_confirm()
        self._pay(order, 540)
        line = self._line(order.order_line)

        # Of 540 the service took its 180.
        self.assertEqual((line.open_value, line.prepaid_value), (900, 360))
        self.assertEqual(sum(self._cash(order).values()), 540)

    def test_discount_above_the_order_leaves_nothing_and_no_debt(self):
        order = self._with_service()
        self._discounted(order)
        order.order_line.filtered(
            lambda line: line.price_subtotal < 0
        ).price_unit = -5000
        order.action_confirm()

        self.assertEqual(self._line(order.order_line).open_value, 0)
        self.assertEqual(self._cash(order), {})
