from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.payment.models.payment_provider import PaymentProvider

from ...tools.given import giving
from ..cash import CashCase


@tagged("post_install", "-at_install")
class TestPrepaid(CashCase):
    """What customers paid for goods they do not have yet, by whatever way they paid."""

    def _prepaid(self, order):
        return sum(self._line(order.order_line).mapped("prepaid_value"))

    def _pay_online(self, order, amount, state="done"):
        return self.env["payment.transaction"].create(
            {
                "provider_id": self.env["payment.provider"].search([], limit=1).id,
                "payment_method_id": self.env["payment.method"]
                .with_context(active_test=False)
                .search([], limit=1)
                .id,
                "amount": amount,
                "currency_id": order.currency_id.id,
                "partner_id": order.partner_id.id,
                "reference": f"{order.name} {amount}",
                "sale_order_ids": order.ids,
                "state": state,
            }
        )

    def test_invoice_that_is_not_paid(self):
        order = self._order(self.product, 10)
        self._invoice(order)

        self.assertEqual(self._prepaid(order), 0)

    def test_paid_invoice(self):
        order = self._order(self.product, 10)
        invoice = self._invoice(order)
        self._pay_invoices(invoice)

        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(self._prepaid(order), 1000)

    def test_partial_payments(self):
        order = self._order(self.product, 10)
        invoice = self._invoice(order)
        self._pay_invoices(invoice, 400)
        self._pay_invoices(invoice, 250)

        self.assertEqual(self._prepaid(order), 650)

    def test_one_payment_of_two_invoices(self):
        orders = [self._order(self.product, quantity) for quantity in (10, 30)]
        invoices = self.env["account.move"].union(*map(self._invoice, orders))
        payment = self._pay_invoices(invoices, 2000)

        self.assertEqual(payment.invoice_ids, invoices)
        self.assertEqual([self._prepaid(order) for order in orders], [1000, 1000])

    def test_down_payment(self):
        order = self._order(self.product, 10)
        self.env["sale.advance.payment.inv"].create(
            {
                "sale_order_ids": order.ids,
                "advance_payment_method": "percentage",
                "amount": 30,
            }
        ).create_invoices()
        invoice = order.sudo().invoice_ids
        invoice.action_post()
        self.assertEqual(self._prepaid(order), 0)

        self._pay_invoices(invoice)

        self.assertEqual(self._prepaid(order), 300)

    def test_refund_takes_it_back(self):
        order = self._order(self.product, 10)
        invoice = self._invoice(order)
        self._pay_invoices(invoice)
        refund = invoice._reverse_moves([{"date": invoice.date}])
        refund.action_post()
        self.assertEqual(self._prepaid(order), 1000)

        self._pay_invoices(refund)

        self.assertEqual(self._prepaid(order), 0)

    def test_credit_note_that_pays_another_order(self):
        """It is the deposit of that order then; the first is still owed its goods."""
        order, other = self._order(self.product, 6), self._order(self.product, 4)
        invoice = self._pay(order)
        refund = invoice._reverse_moves([{"date": invoice.date}])
        refund.invoice_line_ids.quantity = 4
        refund.action_post()
        self.assertEqual(self._prepaid(order), 600)

        (refund + self._invoice(other)).line_ids.filtered(
            lambda item: item.account_type == "asset_receivable"
        ).reconcile()
        self.assertEqual((self._prepaid(order), self._prepaid(other)), (200, 400))

        order.order_line.product_uom_qty = 2
        self.assertEqual(self._line(order.order_line).open_value, 200)
        self.assertEqual(self._prepaid(order), 200)

    def test_credit_note_of_an_unpaid_invoice_pays_nothing(self):
        order = self._order(self.product, 10)
        invoice = self._invoice(order)
        invoice._reverse_moves([{"date": invoice.date}], cancel=True)

        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(self._prepaid(order), 0)

    def test_online_payment(self):
        order = self._order(self.product, 10)
        transaction = self._pay_online(order, 250, state="draft")
        self.startPatcher(
            patch.object(
                PaymentProvider,
                "_compute_feature_support_fields",
                lambda provider: provider.update({"support_manual_capture": "partial"}),
            )
        )
        for state, prepaid in (
            ("draft", 0),
            ("pending", 0),
            ("authorized", 250),
            ("done", 250),
            ("cancel", 0),
            ("error", 0),
        ):
            transaction.state = state
            self.assertEqual(self._prepaid(order), prepaid, state)

    def test_online_payment_captured_in_part(self):
        """100 authorized, 40 captured, the rest given up, 15 paid back. Odoo keeps the
        amount of the payment, and no order on the parts."""
        order = self._order(self.product, 1)
        payment = self._pay_online(order, 100, state="draft")
        support = {"support_manual_capture": "partial", "support_refund": "partial"}
        self.startPatcher(
            patch.object(
                PaymentProvider,
                "_compute_feature_support_fields",
                lambda provider: provider.update(support),
            )
        )
        payment._set_authorized()
        captured = payment._create_child_transaction(40)
        captured._set_done()
        self.assertEqual(payment.state, "authorized")
        self.assertEqual(self._prepaid(order), 100)

        payment._create_child_transaction(60)._set_canceled()
        self.assertEqual((payment.state, payment.amount), ("done", 100))
        self.assertEqual(self._prepaid(order), 40)

        back = captured._create_child_transaction(15, is_refund=True)
        self.assertEqual(self._prepaid(order), 40)
        back._set_done()
        self.assertEqual(self._prepaid(order), 25)

    def test_online_payment_that_is_paid_back(self):
        order = self._order(self.product, 1)
        payment = self._pay_online(order, 100)
        payment._create_child_transaction(30, is_refund=True)._set_done()

        self.assertEqual(self._prepaid(order), 70)

    def test_online_payment_of_an_order_with_tax(self):
        tax = self.env["account.tax"].create({"name": "25%", "amount": 25})
        order = self._order(
            (self.product, 10, {"tax_ids": tax.ids}), user=self.env.user
        )
        self._pay_online(order, 1250)

        self.assertEqual(self._prepaid(order), 1000)

    def test_online_payment_stays_when_the_order_is_invoiced(self):
        """Odoo links it to the invoice, which uses it when it is posted and paid."""
        order = self._order(self.product, 10)
        self._pay_online(order, 1000)
        invoice = order.sudo()._create_invoices()
        self.assertTrue(invoice.transaction_ids)
        self.assertEqual(self._prepaid(order), 1000)

        invoice.action_post()
        self.assertEqual(self._prepaid(order), 1000)

        self._pay_invoices(invoice)
        self.assertEqual(self._prepaid(order), 1000)

    def test_what_is_shipped_is_paid_first(self):
        self._put_in_stock(self.product, 6)
        order = self._order(self.product, 10)
        self._ship(order)
        self._pay_online(order, 500)
        self.assertEqual(self._prepaid(order), 0)

        self._pay_online(order, 300)
        self.assertEqual(self._prepaid(order), 200)

    def test_never_more_than_what_is_open(self):
        self._put_in_stock(self.product, 6)
        order = self._order(self.product, 10)
        self._pay_online(order, 5000)
        self._ship(order)

        self.assertEqual(self._prepaid(order), 400)

    def test_lines_share_what_was_paid_by_their_value(self):
        order = self._order((self.product, 1), (self._product("Table"), 3))
        self._pay_online(order, 200)

        self.assertEqual(
            self._line(order.order_line).sorted("id").mapped("prepaid_value"), [50, 150]
        )

    def test_share_is_of_the_whole_order_whatever_products_are_asked_for(self):
        order = self._order((self.product, 1), (self._product("Table"), 3))
        self._pay_online(order, 200)
        lines = self._line(order.order_line).sorted("id")
        for _kept in range(2):
            with giving(lines, product_ids=self.product.ids) as asked:
                asked.invalidate_recordset()
                self.assertEqual(asked[0].prepaid_value, 50)
            self.env["backlog.fold"]._fold()

    def test_foreign_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "name": "2030-01-01", "rate": 2}
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": euro.id}
        )
        invoiced, online = (
            self._order(
                (self.product, 10, {"price_unit": 100}), pricelist_id=pricelist.id
            )
            for _way in range(2)
        )
        self._pay_invoices(self._invoice(invoiced), 400)
        self._pay_online(online, 400)

        self.assertEqual(self._prepaid(invoiced), 200)
        self.assertEqual(self._prepaid(online), 200)

    def test_what_was_closed_short_was_not_consumed(self):
        table = self._product("Table")
        order = self._order((self.product, 5), (table, 5))
        order.sudo().picking_ids.move_ids.filtered(
            lambda move: move.product_id == table
        )._action_cancel()
        self._pay_online(order, 500)

        self.assertEqual(self._line(order.order_line).prepaid_value, 500)

    def _add_to_delivery(self, order, product, quantity):
        picking = order.sudo().picking_ids
        self.env["stock.move"].create(
            {
                "product_id": product.id,
                "product_uom_qty": quantity,
                "picking_id": picking.id,
                "location_id": picking.location_id.id,
                "location_dest_id": picking.location_dest_id.id,
            }
        )
        picking.action_assign()

    def test_goods_that_the_warehouse_added_are_received(self):
        """They are an order line without an ordered quantity, invoiced by delivery."""
        cushion = self._product("Cushion", list_price=50, invoice_policy="delivery")
        present = self._product("Present", list_price=50, invoice_policy="order")
        for product in (cushion, present):
            self._put_in_stock(product, 2)
        self._put_in_stock(self.product, 4)
        order = self._order(self.product, 10)
        self._pay_online(order, 700)
        for product in (cushion, present):
            self._add_to_delivery(order, product, 2)
        self._ship(order, 4, 2, 2)
        self.assertEqual(order.order_line.mapped("qty_delivered"), [4, 2, 2])

        # 700 less four chairs at 100 and two cushions at 50; presents are for free.
        self.assertEqual(self._prepaid(order), 200)
        order.sudo()._create_invoices().action_post()
        self.assertEqual(self._prepaid(order), 200)

    def test_shipped_beyond_the_order_costs_what_odoo_invoices(self):
        for policy, prepaid in (("order", 500), ("delivery", 300)):
            chair = self._product(policy, invoice_policy=policy)
            self._put_in_stock(chair, 12)
            order = self._order((chair, 10), (self.product, 10))
            self._pay_online(order, 1500)
            self._ship(order, 12)

            self.assertEqual(self._prepaid(order), prepaid, policy)
