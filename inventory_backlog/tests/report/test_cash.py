from datetime import timedelta

from odoo.fields import Command
from odoo.tests import tagged

from ..cash import TODAY, CashCase


@tagged("post_install", "-at_install")
class TestCash(CashCase):
    """When money comes: the day the goods can leave and the payment term."""

    def _day(self, days):
        return TODAY + timedelta(days=days)

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

    def test_what_is_promised_for_later_pays_then_and_at_the_earliest_now(self):
        self._put_in_stock(self.product, 5)
        self._purchase(self.product, 10, days=9)
        orders = [
            self._order(self.product, 5, commitment_date=self._after(5)),
            self._order(self.product, 3, commitment_date=self._after(12)),
            self._order(self.product, 2, commitment_date=self._after(6)),
        ]

        self.assertEqual(self._cash(orders[0]), {("ready", 5): 500})
        self.assertEqual(self._cash(orders[1]), {("incoming", 12): 300})
        self.assertEqual(self._cash(orders[2]), {("incoming", 9): 200})
        self.assertEqual(
            [
                [
                    ((row.earliest_date - TODAY).days, (row.ship_date - TODAY).days)
                    for row in self._rows(order, user=self.seller)
                ]
                for order in orders
            ],
            [[(0, 0)], [(9, 9)], [(9, 9)]],
        )
        self.assertEqual(self._cash(orders[1], "pay"), {("incoming", 9): -30})

    def test_term_begins_on_the_day_that_was_promised(self):
        self._put_in_stock(self.product, 5)
        order = self._order(
            self.product,
            5,
            commitment_date=self._after(5),
            payment_term_id=self._term((100, {"nb_days": 30})).id,
        )

        self.assertEqual(self._cash(order), {("ready", 35): 500})
        self.assertEqual(
            self._rows(order, user=self.seller).earliest_date,
            self._after(30).date(),
        )

    def test_whole_order_pays_when_its_last_part_was_promised(self):
        self._put_in_stock(self.product, 5)
        order = self._order(
            (self.product, 2),
            (self.product, 3),
            picking_policy="one",
            commitment_date=self._after(5),
        )

        self.assertEqual(self._cash(order), {("ready", 5): 500})

    def test_promise_does_not_date_what_nobody_can_say(self):
        order = self._order(self.product, 5, commitment_date=self._after(5))

        self.assertEqual(self._cash(order), {("to_source", None): 500})
        self.assertFalse(self._rows(order, user=self.seller).earliest_date)

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

    def test_what_is_invoiced_is_due_on_its_invoice(self):
        """Whenever the goods move: the day is on paper."""
        term = self._term((40, {"nb_days": 10}), (60, {"nb_days": 30}))
        self._purchase(self.product, 10, days=60)
        order = self._order(self.product, 10, payment_term_id=term.id)
        self.assertEqual(
            self._cash(order), {("incoming", 70): 400, ("incoming", 90): 600}
        )
        invoice = self._invoice(order)
        self.assertEqual(
            self._cash(order), {("incoming", 10): 400, ("incoming", 30): 600}
        )
        self.assertEqual(set(self._rows(order).mapped("ship_date")), {self._day(60)})

        # What is paid is a deposit, and settles the first instalment.
        self._pay_invoices(invoice, 400)
        self.assertEqual(self._cash(order), {("incoming", 30): 600})
        self.assertEqual(
            self._cash(order, "deposit", "deposit_value"), {("incoming", 60): 400}
        )

    def test_half_of_it_is_invoiced(self):
        term = self._term((100, {"nb_days": 30}))
        self._purchase(self.product, 10, days=60)
        order = self._order(self.product, 10, payment_term_id=term.id)
        invoice = order.sudo()._create_invoices()
        invoice.invoice_line_ids.quantity = 5
        self.assertEqual(self._cash(order), {("incoming", 90): 1000})
        invoice.action_post()

        self.assertEqual(
            self._cash(order), {("incoming", 30): 500, ("incoming", 90): 500}
        )

    def test_invoices_are_for_what_was_shipped_first(self):
        term = self._term((100, {"nb_days": 30}))
        self._put_in_stock(self.product, 4)
        order = self._order(self.product, 10, payment_term_id=term.id)
        self._ship(order)
        invoice = order.sudo()._create_invoices()
        invoice.invoice_line_ids.quantity = 7
        invoice.action_post()

        self.assertEqual(
            self._cash(order), {("to_source", 30): 300, ("to_source", None): 300}
        )
        # A payment settles what was shipped, too.
        self._pay_invoices(invoice, 500)
        self.assertEqual(
            self._cash(order), {("to_source", 30): 200, ("to_source", None): 300}
        )

    def test_invoice_that_is_overdue_is_expected_today(self):
        self._purchase(self.product, 10, days=60)
        order = self._order(self.product, 10)
        invoice = order.sudo()._create_invoices()
        invoice.invoice_date = invoice.invoice_date_due = self._day(-20)
        invoice.action_post()

        self.assertEqual(invoice.invoice_date_due, self._day(-20))
        self.assertEqual(self._cash(order), {("incoming", 0): 1000})

    def test_bill_that_comes_before_the_goods(self):
        self.product.purchase_method = "purchase"
        purchase = self._purchase(self.product, 10, days=60)
        order = self._order(self.product, 10)
        bill = self._bill(purchase, 5)
        self.assertEqual(bill.invoice_date_due, TODAY)
        self.assertEqual(
            self._cash(order, "pay"), {("incoming", 0): -50, ("incoming", 60): -50}
        )

        self._pay_invoices(bill, 20)
        self.assertEqual(
            self._cash(order, "pay"), {("incoming", 0): -30, ("incoming", 60): -50}
        )
