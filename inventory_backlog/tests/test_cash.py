from datetime import date, timedelta
from random import Random

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import SQL

from .common import NOW, BacklogCase

TODAY = NOW.date()
SALES = "sales_team.group_sale_salesman"
PURCHASE = "purchase.group_purchase_user"


class CashCase(BacklogCase):
    """The company, and what to say of payment. A chair sells for 100, costs 10."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product.invoice_policy = "order"
        cls.bank = cls.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", cls.company.id)], limit=1
        )
        cls.buyer = new_test_user(cls.env, "buyer", PURCHASE, tz="UTC")
        cls.split_term = cls._term(
            (30, {"nb_days": 0}), (70, {"delay_type": "days_after_end_of_next_month"})
        )

    @classmethod
    def _term(cls, *instalments):
        """A payment term of ``(percent, values)`` pairs."""
        return cls.env["account.payment.term"].create(
            {
                "name": "Term",
                "line_ids": [
                    Command.create(
                        {
                            "value": "percent",
                            "value_amount": percent,
                            "nb_days": 0,
                            **values,
                        }
                    )
                    for percent, values in instalments
                ],
            }
        )

    @classmethod
    def _sold_by(cls, product, price=10, delay=5, vendor=None, **values):
        """The product can be bought from a vendor."""
        return cls.env["product.supplierinfo"].create(
            {
                "product_tmpl_id": product.product_tmpl_id.id,
                "partner_id": (vendor or cls.vendor).id,
                "price": price,
                "delay": delay,
                **values,
            }
        )

    def _pay(self, order, amount=False):
        """The order is invoiced, and paid at the bank."""
        invoice = order.sudo()._create_invoices()
        invoice.action_post()
        self._pay_invoice(invoice, amount)
        return invoice

    def _pay_invoice(self, invoice, amount=False):
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": self.bank.id})
        )
        if amount:
            wizard.amount = amount
        wizard._create_payments()

    def _bill(self, purchase, *quantities):
        """A posted bill over the lines of the purchase."""
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": purchase.partner_id.id,
                "invoice_date": TODAY,
                "currency_id": purchase.currency_id.id,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": line.product_id.id,
                            "quantity": quantity,
                            "price_unit": line.price_unit,
                            "tax_ids": [],
                            "purchase_line_id": line.id,
                        }
                    )
                    for line, quantity in zip(
                        purchase.order_line, quantities, strict=True
                    )
                ],
            }
        )
        bill.action_post()
        return bill

    def _rows(self, orders=None, user=None, **values):
        """The rows of the orders, fresh, in the order of the report."""
        cash = self.env["backlog.cash"].with_user(user or self.env.user)
        cash.invalidate_model()
        domain = [(name, "=", value) for name, value in values.items()]
        if orders is not None:
            domain.append(("order_id", "in", orders.ids))
        return cash.search(domain)

    def _cash(self, orders, flow="receive", name="amount", **more):
        """``{(kind, days from now until the payment): amount}`` of the orders, as the
        salesperson sees what customers pay, and the buyer what vendors get."""
        amounts = {}
        user = self.buyer if flow == "pay" else self.seller
        for row in self._rows(orders, user=user, flow=flow, **more):
            key = row.kind, (row.date - TODAY).days if row.date else None
            amounts[key] = round(amounts.get(key, 0) + row[name], 2)
        return amounts


@tagged("post_install", "-at_install")
class TestCash(CashCase):
    """When money comes: the day the goods can leave and the payment term."""

    def test_ready_pays_today_without_a_payment_term(self):
        self._put_in_stock(self.product, 5)
        order = self._order(self.product, 5)

        self.assertEqual(self._cash(order), {("ready", 0): 500})
        [row] = self._rows(order, user=self.seller)
        self.assertRecordValues(
            row,
            [
                {
                    "flow": "receive",
                    "kind": "ready",
                    "date": TODAY,
                    "ship_date": TODAY,
                    "order_line_id": order.order_line.id,
                    "order_id": order.id,
                    "partner_id": self.customer.id,
                    "purchase_order_id": False,
                    "product_id": self.product.id,
                    "warehouse_id": self.warehouse.id,
                    "company_id": self.company.id,
                    "currency_id": self.company.currency_id.id,
                    "user_id": self.seller.id,
                    "team_id": order.team_id.id,
                    "amount": 500,
                    "amount_total": 500,
                    "deposit_value": 0,
                }
            ],
        )

    def test_incoming_pays_when_each_receipt_is_here_and_costs_what_it_brings(self):
        soon = self._purchase(self.product, 3, days=4)
        late = self._purchase(self.product, 10, days=9)
        order = self._order(self.product, 5)

        self.assertEqual(
            self._cash(order), {("incoming", 4): 300, ("incoming", 9): 200}
        )
        self.assertEqual(
            self._cash(order, "pay"), {("incoming", 4): -30, ("incoming", 9): -20}
        )
        paid = self._rows(order, flow="pay")
        self.assertEqual(paid.purchase_order_id, soon + late)
        self.assertEqual(paid.partner_id, self.vendor)

    def test_to_source_pays_after_the_lead_time_of_the_vendor(self):
        self.company.days_to_purchase = 2
        self._sold_by(self.product, price=12, delay=5)
        order = self._order(self.product, 5)

        self.assertEqual(self._cash(order), {("to_source", 7): 500})
        self.assertEqual(self._cash(order, "pay"), {("to_source", 7): -60})

    def test_to_source_without_a_vendor_nobody_can_say(self):
        order = self._order(self.product, 5)

        self.assertEqual(self._cash(order), {("to_source", None): 500})
        self.assertEqual(self._cash(order, "pay"), {})

    def test_to_source_asks_the_vendor_that_odoo_would_choose(self):
        backup = self.env["res.partner"].create({"name": "Backup"})
        self._sold_by(self.product, price=9, delay=1, min_qty=100)
        self._sold_by(self.product, price=14, delay=5)
        self._sold_by(self.product, price=11, delay=6, min_qty=5)
        self._sold_by(self.product, price=1, delay=2, vendor=backup, sequence=2)
        for quantity, delay, price in ((4, 5, 14), (3, 6, 11)):
            # Three more make seven, for which the vendor has a better price.
            order = self._order(self.product, quantity)
            chosen = self.product._select_seller(
                quantity=self._rows(
                    flow="receive", product_id=self.product.id
                ).order_line_id.mapped("product_uom_qty")
                and sum(
                    self.env["backlog.line"]
                    .search([("product_id", "=", self.product.id)])
                    .mapped("to_source_qty")
                )
            )
            self.assertEqual((chosen.delay, chosen.price), (delay, price))
            self.assertEqual(
                self._cash(order, "pay"),
                {("to_source", delay): -quantity * price},
            )

    def test_vendor_that_may_not_be_chosen_is_not_counted_on(self):
        backup = self.env["res.partner"].create({"name": "Backup"})
        self._sold_by(self.product, price=8, delay=1, manual_only=True)
        self._sold_by(self.product, price=10, delay=5, vendor=self.vendor)
        self._sold_by(self.product, price=11, delay=3, vendor=backup)
        order = self._order(self.product, 5)
        self.assertEqual(self._cash(order, "pay"), {("to_source", 5): -50})

        self.env["backlog.disruption"].create(
            {"partner_id": self.vendor.id, "date_from": TODAY, "reason": "fire"}
        )
        self.assertEqual(self._cash(order, "pay"), {("to_source", 3): -55})

    def test_below_the_minimum_of_every_vendor_the_first_counts(self):
        self._sold_by(self.product, price=9, delay=4, min_qty=100)
        order = self._order(self.product, 5)

        self.assertEqual(self._cash(order), {("to_source", 4): 500})
        self.assertEqual(self._cash(order, "pay"), {("to_source", 4): -45})

    def test_one_line_in_all_its_parts(self):
        self._sold_by(self.product)
        self._put_in_stock(self.product, 2)
        self._purchase(self.product, 3, days=4)
        order = self._order(self.product, 9)

        self.assertEqual(
            self._cash(order),
            {("ready", 0): 200, ("incoming", 4): 300, ("to_source", 5): 400},
        )

    def test_supply_that_is_not_bought_costs_nothing(self):
        shelf = self.env["stock.warehouse"].create({"name": "Far", "code": "FAR"})
        self._put_in_stock(self.product, 5, location=shelf.lot_stock_id)
        transfer = self.env["stock.picking"].create(
            {
                "picking_type_id": self.warehouse.int_type_id.id,
                "location_id": shelf.lot_stock_id.id,
                "location_dest_id": self.stock.id,
                "move_ids": [
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "product_uom_qty": 5,
                            "date": self._after(3),
                            "location_id": shelf.lot_stock_id.id,
                            "location_dest_id": self.stock.id,
                        }
                    )
                ],
            }
        )
        transfer.action_confirm()
        transfer.move_ids.date = self._after(3)
        order = self._order(self.product, 5)

        self.assertEqual(self._cash(order), {("incoming", 3): 500})
        self.assertEqual(self._cash(order, "pay"), {})

    def test_stock_that_nobody_waits_for_costs_nothing(self):
        self._purchase(self.product, 100)

        self.assertFalse(self._rows(product_id=self.product.id))

    def test_dropshipped_goods_are_paid_to_their_vendor(self):
        direct = self._product(
            "Direct",
            route_ids=self.env.ref("stock_dropshipping.route_drop_shipping").ids,
        )
        self._sold_by(direct, price=60)
        order = self._order(direct, 2)
        self.assertEqual(self._cash(order), {("to_source", 5): 200})
        self.assertEqual(self._cash(order, "pay"), {("to_source", 5): -120})

        purchase = order.sudo()._get_purchase_orders()
        purchase.order_line.date_planned = self._after(8)
        purchase.button_confirm()
        self.assertEqual(self._cash(order), {("incoming", 8): 200})
        self.assertEqual(self._cash(order, "pay"), {("incoming", 8): -120})

    def test_nothing_is_expected_of_what_is_shipped(self):
        self._put_in_stock(self.product, 3)
        order = self._order(self.product, 5)
        self._ship(order)

        self.assertEqual(self._cash(order), {("to_source", None): 200})

    # Payment terms

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
        cash = self.env["backlog.cash"]
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
                    cash._due(SQL("day")),
                    days,
                    cash._term(),
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
        term = self._term((100, {"nb_days": 30}))
        term.write(
            {
                "line_ids": [
                    Command.clear(),
                    Command.create(
                        {"value": "fixed", "value_amount": 100, "nb_days": 0}
                    ),
                    Command.create(
                        {"value": "percent", "value_amount": 100, "nb_days": 30}
                    ),
                ]
            }
        )
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
        term = self._term((100, {"nb_days": 30}))
        term.write(
            {
                "line_ids": [
                    Command.clear(),
                    Command.create(
                        {"value": "fixed", "value_amount": 1000, "nb_days": 0}
                    ),
                    Command.create(
                        {"value": "percent", "value_amount": 100, "nb_days": 30}
                    ),
                ]
            }
        )
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

        self.assertEqual(self._cash(order), {("ready", 0): 140, ("incoming", 4): 560})
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
        self._pay_invoice(refund)

        self.assertEqual(self._cash(order), {("ready", 0): 1000})
        self.assertEqual(self._cash(order, "deposit"), {})

    def test_posted_and_unpaid_invoice_is_still_to_come(self):
        self._put_in_stock(self.product, 10)
        order = self._order(self.product, 10)
        order.sudo()._create_invoices().action_post()

        self.assertEqual(self._cash(order), {("ready", 0): 1000})

    def test_bill_paid_ahead_is_not_paid_again(self):
        """Of 10 pieces 4 are here; a bill over 7 is paid: 3 of the other 6."""
        purchase = self._purchase(self.product, 10, days=4)
        order = self._order(self.product, 10)
        self._receive(purchase, 4)
        bill = self._bill(purchase, 7)
        self.assertEqual(self._cash(order, "pay"), {("incoming", 4): -60})

        self._pay_invoice(bill)
        self.assertEqual(self._cash(order, "pay"), {("incoming", 4): -30})

    def test_bill_of_what_is_here_pays_nothing_ahead(self):
        purchase = self._purchase(self.product, 10, days=4)
        order = self._order(self.product, 10)
        self._receive(purchase, 4)
        self._pay_invoice(self._bill(purchase, 4))

        self.assertEqual(self._cash(order, "pay"), {("incoming", 4): -60})

    def test_bill_paid_ahead_is_shared_by_the_lines_of_the_purchase(self):
        table = self._product("Table")
        purchase = self._purchase((self.product, 10), (table, 30), days=4)
        self._pay_invoice(self._bill(purchase, 10, 10))
        order = self._order((self.product, 10), (table, 15))

        # 200 of 400 are paid.
        self.assertEqual(self._cash(order, "pay"), {("incoming", 4): -125})

    def test_refunded_bill_is_to_be_paid_again(self):
        purchase = self._purchase(self.product, 10, days=4)
        order = self._order(self.product, 10)
        bill = self._bill(purchase, 10)
        self._pay_invoice(bill)
        self.assertEqual(self._cash(order, "pay"), {})

        refund = bill._reverse_moves([{"date": bill.date, "invoice_date": TODAY}])
        refund.action_post()
        self._pay_invoice(refund)
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

    # What may not leave

    def test_order_that_ships_all_at_once_waits_for_its_last_part(self):
        table = self._product("Table")
        self._put_in_stock(self.product, 5)
        self._purchase((self.product, 2), days=3)
        self._purchase((table, 1), days=6)
        order = self._order((self.product, 7), (table, 1), picking_policy="one")

        self.assertEqual(self._cash(order), {("blocked", 6): 500, ("incoming", 6): 300})
        chairs, tables = self._line(order.order_line).sorted("id")
        self.assertEqual(chairs.block_cause, "whole_order")
        self.assertFalse(tables.block_cause)
        # The vendors are paid all the same.
        self.assertEqual(
            self._cash(order, "pay"), {("incoming", 3): -20, ("incoming", 6): -10}
        )

    def test_order_that_ships_all_at_once_waits_for_what_is_to_source(self):
        self._put_in_stock(self.product, 5)
        order = self._order(self.product, 7, picking_policy="one")
        self.assertEqual(
            self._cash(order), {("blocked", None): 500, ("to_source", None): 200}
        )

        self._sold_by(self.product, delay=5)
        self.assertEqual(
            self._cash(order), {("blocked", 5): 500, ("to_source", 5): 200}
        )

    def test_order_that_ships_all_at_once_and_is_all_ready_is_not_blocked(self):
        self._put_in_stock(self.product, 5)
        order = self._order(self.product, 5, picking_policy="one")

        self.assertEqual(self._cash(order), {("ready", 0): 500})
        self.assertFalse(self._line(order.order_line).block_cause)

    def test_customer_over_the_credit_limit_is_blocked(self):
        self._put_in_stock(self.product, 20)
        person = self.env["res.partner"].create(
            {"name": "Buyer", "parent_id": self.customer.id}
        )
        owing = self._order(self.product, 5)
        owing.sudo()._create_invoices().action_post()
        order = self._order(self.product, 7, partner_id=person.id)
        other = self._order(
            self.product,
            2,
            partner_id=self.env["res.partner"].create({"name": "Other"}).id,
        )
        self.customer.credit_limit = 400
        self.assertEqual(self._cash(order), {("ready", 0): 700})

        self.company.account_use_credit_limit = True
        self.assertEqual(self._cash(order), {("blocked", None): 700})
        self.assertEqual(self._cash(other), {("ready", 0): 200})
        self.assertEqual(self._line(order.order_line).block_cause, "credit")
        self.assertEqual(
            self.env["backlog.line"].search([("block_cause", "=", "credit")]),
            self._line((owing + order).order_line),
        )

        self.customer.credit_limit = 500
        self.assertEqual(self._cash(order), {("ready", 0): 700})

    def test_credit_limit_of_all_customers(self):
        self._put_in_stock(self.product, 20)
        order = self._order(self.product, 5)
        order.sudo()._create_invoices().action_post()
        self.company.account_use_credit_limit = True
        self.env["ir.default"].set(
            "res.partner", "credit_limit", 300, company_id=self.company.id
        )
        self.assertEqual(self._line(order.order_line).block_cause, "credit")

        self.customer.credit_limit = 800
        self.assertFalse(self._line(order.order_line).block_cause)

    def test_credit_limit_blocks_every_kind_and_what_vendors_get_stays(self):
        self._sold_by(self.product)
        self._put_in_stock(self.product, 1)
        self._purchase(self.product, 2, days=3)
        order = self._order(self.product, 6)
        order.sudo()._create_invoices().action_post()
        self.company.account_use_credit_limit = True
        self.customer.credit_limit = 1

        self.assertEqual(self._cash(order), {("blocked", None): 600})
        self.assertEqual(
            self._cash(order, "pay"), {("incoming", 3): -20, ("to_source", 5): -30}
        )

    # The report

    def test_row_opens_its_document(self):
        purchase = self._purchase(self.product, 5, days=4)
        order = self._order(self.product, 5)
        manager = self._manager()
        receive, pay = (
            self._rows(order, user=manager, flow=flow) for flow in ("receive", "pay")
        )

        for row, document in ((receive, order), (pay, purchase)):
            action = row.action_open()
            self.assertEqual(action["res_model"], document._name)
            self.assertEqual(action["res_id"], document.id)

    def test_row_opens_the_explanation_for_those_who_cannot_open_orders(self):
        keeper = new_test_user(self.env, "keeper", "stock.group_stock_user")
        order = self._order(self.product, 5)

        action = self._rows(order, user=keeper).action_open()
        self.assertEqual(action["res_model"], "backlog.line")
        self.assertEqual(action["res_id"], order.order_line.id)

    def test_ids_are_unique_even_with_many_rows(self):
        term = self._term(*[(1, {"nb_days": day}) for day in range(100)])
        self._put_in_stock(self.product, 10)
        orders = self._order(self.product, 5, payment_term_id=term.id)
        orders += self._order(self.product, 5)

        rows = self._rows(orders)
        self.assertEqual(len(rows), 101)
        self.assertEqual(len(set(rows.ids)), 101)
        self.assertEqual(
            rows.browse(rows.ids[-1]).read(["date"])[0]["date"],
            TODAY + timedelta(99),
        )

    def test_few_products_give_the_same_rows(self):
        self._world(3)
        rows = self._rows()
        order = self.env["sale.order"].sudo().search([], order="id desc", limit=1)
        names = ("id", "flow", "kind", "date", "amount", "deposit_value")

        def plain(rows):
            return [tuple(row[name] for name in names) for row in rows]

        products = order._backlog_products().ids
        few = self.env["backlog.cash"].with_context(backlog_product_ids=products)
        few.invalidate_model()
        self.assertEqual(
            plain(few.search([("order_id", "=", order.id)])),
            plain(rows.filtered(lambda row: row.order_id == order)),
        )

    def _manager(self):
        return new_test_user(
            self.env,
            "manager",
            f"inventory_backlog.group_backlog_manager,{PURCHASE},"
            "sales_team.group_sale_salesman_all_leads",
        )

    def _world(self, seed):
        """Random orders, paid in part or not, and random supply for them."""
        dice = Random(seed)
        products = [
            self._product(f"Product {n}", invoice_policy="order") for n in range(4)
        ]
        tax = self.env["account.tax"].create({"name": f"Tax {seed}", "amount": 19})
        third = self._term((33.33, {}), (33.33, {"nb_days": 15}), (33.34, {}))
        for product in products:
            self._put_in_stock(product, dice.randint(1, 12))
            if dice.random() < 0.6:
                self._sold_by(product, price=dice.uniform(1, 50), delay=3)
            for _n in range(dice.randint(0, 3)):
                self._purchase(
                    (product, dice.randint(1, 9), {"price_unit": dice.uniform(1, 50)}),
                    days=dice.randint(-3, 30),
                )
        orders = self.env["sale.order"]
        for _n in range(8):
            orders += self._order(
                *[
                    (
                        product,
                        dice.randint(1, 9),
                        {
                            "price_unit": round(dice.uniform(0, 99), 2),
                            "discount": dice.choice([0, 0, 12.5]),
                            "tax_ids": tax.ids if dice.random() < 0.5 else [],
                        },
                    )
                    for product in dice.sample(products, dice.randint(1, 4))
                ],
                user=self.env.user,
                picking_policy=dice.choice(["direct", "one"]),
                payment_term_id=dice.choice([False, third.id, self.split_term.id]),
            )
        for order in orders:
            if order.amount_total and dice.random() < 0.5:
                self._pay(order, round(order.amount_total * dice.uniform(0.1, 1), 2))
        self._ship(dice.choice(orders))
        return orders

    def test_cash_and_deposits_add_up_to_the_lines_to_the_cent(self):
        for seed in range(5):
            with self.subTest(seed=seed):
                orders = self._world(seed)
                for line in self._line(orders.order_line):
                    receive, deposit = (
                        self._rows(order_line_id=line.id, flow=flow)
                        for flow in ("receive", "deposit")
                    )
                    self.assertAlmostEqual(
                        sum(receive.mapped("amount")),
                        line.open_value - line.prepaid_value,
                        6,
                    )
                    self.assertAlmostEqual(
                        sum(deposit.mapped("deposit_value")), line.prepaid_value, 6
                    )
                    self.assertFalse(any(receive.mapped("deposit_value")))
                    self.assertFalse(any(deposit.mapped("amount")))
                    for row in receive | deposit:
                        self.assertGreaterEqual(row.deposit_value, 0)
                        self.assertEqual(
                            row.amount, self.company.currency_id.round(row.amount)
                        )

    def test_totals_equal_the_lines(self):
        self._world(7)
        cash, lines = self.env["backlog.cash"], self.env["backlog.line"]
        cash.invalidate_model()
        for company in self.env.companies:
            own = [("company_id", "=", company.id)]
            [[amount]] = cash._read_group(
                [*own, ("flow", "=", "receive")], [], ["amount:sum"]
            )
            [[deposit]] = cash._read_group(own, [], ["deposit_value:sum"])
            [[opened, prepaid]] = lines._read_group(
                own, [], ["open_value:sum", "prepaid_value:sum"]
            )
            self.assertAlmostEqual(amount, opened - prepaid, 6)
            self.assertAlmostEqual(deposit, prepaid, 6)

    def test_every_cell_opens_rows_that_add_up_to_it(self):
        self._world(11)
        # Nobody sells it, so nobody can say when.
        self._order(self.product, 1)
        cash = self.env["backlog.cash"]
        cash.invalidate_model()
        cells = cash.formatted_read_group(
            [],
            ["flow", "kind", "date:week"],
            ["amount:sum", "deposit_value:sum", "__count"],
        )
        self.assertGreater(len(cells), 10)
        self.assertTrue(any(not cell["date:week"] for cell in cells))
        for cell in cells:
            rows = cash.search(cell["__extra_domain"])
            self.assertEqual(len(rows), cell["__count"])
            for name in ("amount", "deposit_value"):
                self.assertAlmostEqual(sum(rows.mapped(name)), cell[f"{name}:sum"], 6)

    def test_number_of_queries_does_not_grow_with_the_rows(self):
        self._world(5)
        cash = self.env["backlog.cash"].with_user(self._manager())

        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            cash.web_read_group(
                [], ["flow", "kind"], ["amount:sum", "deposit_value:sum"]
            )
            rows = cash.search([])
            rows.web_read(
                {
                    "date": {},
                    "kind": {},
                    "order_id": {"fields": {"display_name": {}}},
                    "partner_id": {"fields": {"display_name": {}}},
                    "amount": {},
                }
            )
            return self.env.cr.sql_log_count - before, len(rows)

        queries()
        few, few_rows = queries()
        self._world(6)
        queries()
        many, many_rows = queries()
        self.assertGreater(many_rows, few_rows)
        self.assertEqual(many, few)

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
        term = self._term((100, {"nb_days": 30}))
        term.write(
            {
                "line_ids": [
                    Command.clear(),
                    Command.create(
                        {"value": "fixed", "value_amount": 80, "nb_days": 0}
                    ),
                    Command.create(
                        {"value": "percent", "value_amount": 100, "nb_days": 30}
                    ),
                ]
            }
        )
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
