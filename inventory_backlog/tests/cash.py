from odoo.fields import Command
from odoo.tests import new_test_user

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
        """A payment term of ``(percent, values)`` pairs, or of an amount where the
        value is fixed."""
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

    def _invoice(self, order):
        invoice = order.sudo()._create_invoices()
        invoice.action_post()
        return invoice

    def _pay(self, order, amount=False):
        """The order is invoiced, and paid at the bank."""
        invoice = self._invoice(order)
        self._pay_invoices(invoice, amount)
        return invoice

    def _pay_invoices(self, invoices, amount=False):
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoices.ids)
            .create({"journal_id": self.bank.id, "group_payment": len(invoices) > 1})
        )
        if amount:
            wizard.amount = amount
        return wizard._create_payments()

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
        # Read with the search: another statement would be as long to plan.
        return cash.search_fetch(domain)

    def _cash(self, orders, flow="receive", name="amount", **more):
        """``{(kind, days from now until the payment): amount}`` of the orders, as the
        salesperson sees what customers pay, and the buyer what vendors get."""
        amounts = {}
        user = self.buyer if flow == "pay" else self.seller
        for row in self._rows(orders, user=user, flow=flow, **more):
            key = row.kind, (row.date - TODAY).days if row.date else None
            amounts[key] = round(amounts.get(key, 0) + row[name], 2)
        return amounts
