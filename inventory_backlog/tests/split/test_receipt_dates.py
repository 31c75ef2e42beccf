from odoo.fields import Command
from odoo.tests import Form, freeze_time, new_test_user, tagged

from ..common import NOW, BacklogCase


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestReceiptDates(BacklogCase):
    """A receipt comes when it was said last that it comes, wherever somebody said so:
    on the purchase or on the transfer, earlier or later."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = new_test_user(cls.env, "buyer", "purchase.group_purchase_user")
        cls.stocker = new_test_user(cls.env, "stocker", "stock.group_stock_user")

    def _assert_due(self, order, days):
        """On lines, slices and orders."""
        self.assertEqual(
            [row[2] for row in self._slices(order.order_line)], [days], "slice"
        )
        self.assertEqual(self._line(order.order_line).expected_date, self._after(days))
        self.assertEqual(order.backlog_expected_date, self._after(days))

    def _plan(self, purchase, days):
        """The buyer writes it on the purchase."""
        purchase.order_line.with_user(self.buyer).date_planned = self._after(days)

    def _schedule(self, purchase, days):
        """Somebody in the warehouse writes it on the transfer."""
        transfer = purchase.picking_ids.filtered(lambda one: one.state != "done")
        transfer.with_user(self.stocker).scheduled_date = self._after(days)

    def _assert_last_word_counts(self, order, purchase):
        for say, days in (
            (self._plan, 10),
            (self._schedule, 30),
            (self._schedule, 5),
            (self._plan, 12),
            (self._plan, 8),
            (self._schedule, 9),
        ):
            say(purchase, days)
            self._assert_due(order, days)

    def test_the_last_word_counts_earlier_or_later(self):
        for steps in ("one_step", "two_steps", "three_steps"):
            with self.subTest(steps=steps):
                self.warehouse.reception_steps = steps
                product = self._product(steps)
                order = self._order(product, 5)
                purchase = self._purchase(product, 5, days=20)
                self._assert_due(order, 20)
                self._assert_last_word_counts(order, purchase)

    def test_the_last_word_counts_for_goods_bought_to_order(self):
        self.env.ref("stock.route_warehouse0_mto").active = True
        routes = self.env.ref("stock.route_warehouse0_mto")
        routes += self.env.ref("purchase_stock.route_warehouse0_buy")
        product = self._bought_from_vendor(routes)
        order = self._order(product, 5)
        purchase = order.sudo()._get_purchase_orders()
        purchase.button_confirm()
        self._assert_last_word_counts(order, purchase)

    def test_the_last_word_counts_for_what_a_vendor_ships(self):
        route = self.env.ref("stock_dropshipping.route_drop_shipping")
        order = self._order(self._bought_from_vendor(route), 5)
        purchase = order.sudo()._get_purchase_orders()
        purchase.button_confirm()
        self._assert_last_word_counts(order, purchase)

    def _bought_from_vendor(self, routes):
        offer = {"partner_id": self.vendor.id, "price": 10}
        return self._product(
            "Bought", route_ids=routes.ids, seller_ids=[Command.create(offer)]
        )

    def test_the_last_word_counts_for_a_purchase_in_dozens(self):
        order = self._order(self.product, 30)
        dozens = {"product_uom_id": self.dozen.id}
        purchase = self._purchase((self.product, 3, dozens), days=20)
        self._assert_last_word_counts(order, purchase)

    def test_a_day_for_the_whole_purchase_counts_for_all_its_lines(self):
        other = self._product("Other")
        orders = [self._order(product, 5) for product in (self.product, other)]
        purchase = self._purchase((self.product, 5), (other, 5), days=20)
        with Form(purchase) as form:
            form.date_planned = self._after(6)
        for order in orders:
            self._assert_due(order, 6)

    def test_what_the_vendor_says_in_the_portal_counts(self):
        order = self._order(self.product, 5)
        purchase = self._purchase(self.product, 5, days=20)
        purchase._update_date_planned_for_lines([(purchase.order_line, self._after(6))])
        self._assert_due(order, 6)

    def test_the_rest_of_a_receipt_keeps_the_last_word(self):
        for say in (self._plan, self._schedule):
            with self.subTest(say=say.__name__):
                product = self._product()
                order = self._order(product, 5)
                purchase = self._purchase(product, 5, days=20)
                say(purchase, 6)
                self._receive(purchase, 2)
                self.assertEqual(
                    self._slices(order.order_line)[-1], ("receipt", 3, 6, purchase)
                )

    def test_the_same_day_said_again_changes_nothing(self):
        order = self._order(self.product, 5)
        purchase = self._purchase(self.product, 5, days=20)
        self._schedule(purchase, 12)
        self._plan(purchase, 20)
        self._assert_due(order, 12)

    def test_a_receipt_dated_before_this_was_noted_comes_on_the_later_day(self):
        order = self._order(self.product, 5)
        purchase = self._purchase(self.product, 5, days=20)
        self._plan(purchase, 6)
        self.env.flush_all()
        self.env.cr.execute("UPDATE stock_move SET backlog_date_by = NULL")
        self.env.invalidate_all()
        self._assert_due(order, 20)
