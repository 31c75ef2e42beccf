from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import format_date

from ...tools.texts import short_day
from ..common import NOW, BacklogCase


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestOverdue(BacklogCase):
    """A receipt that should have come counts as due today, every day again, and is
    told as what it is: overdue, and nobody knows when it comes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.customer.lang = cls.seller.lang = "en_US"

    def _late_receipt(self, quantity=4, promised=60, due=2, **line):
        """An order promised in ``promised`` days that waits for a receipt due in
        ``due`` days; ``line`` holds more of the purchase line."""
        order = self._order(
            self.product, quantity, commitment_date=self._after(promised)
        )
        purchase = self._purchase((self.product, quantity, line), days=due)
        return order, purchase

    def _lateness(self, order):
        line = self._line(order.order_line).with_user(self.seller)
        return (
            line.is_late,
            line.is_at_risk,
            line.days_late,
            line.delay_cause,
            line.second_cause,
            line.overdue_since,
        )

    def _verdict(self, order):
        return "\n".join(self._line(order.order_line).why["verdict"])

    # Told

    def test_who_waits_for_an_overdue_receipt_is_at_risk(self):
        order, purchase = self._late_receipt()
        self.assertEqual(self._lateness(order), (False, False, 0, False, False, False))
        for days in (5, 6, 30):
            with self.subTest(days=days), freeze_time(self._after(days)):
                self.env.invalidate_all()
                line = self._line(order.order_line)
                self.assertEqual(line.expected_date, self._after(days))
                self.assertEqual(
                    self._lateness(order),
                    (False, True, 0, "supply_overdue", False, self._after(2)),
                )
                self.assertEqual(order.backlog_overdue_since, self._after(2))
                self.assertEqual(order.order_line.backlog_overdue_since, self._after(2))
                move = order.order_line.move_ids.sudo()
                self.assertEqual(move.backlog_overdue_since, self._after(2))
                self.assertEqual(
                    self.env["backlog.allocation"]
                    .search([("order_line_id", "=", order.order_line.id)])
                    .overdue_since,
                    self._after(2),
                )
        purchase.order_line.date_planned = self._after(9)
        with freeze_time(self._after(5)):
            self.assertEqual(
                self._lateness(order), (False, False, 0, False, False, False)
            )

    def test_in_all_routes_and_units(self):
        for steps in ("one_step", "two_steps", "three_steps"):
            self.warehouse.reception_steps = steps
            self.product = self._product(steps)
            order = self._order(self.product, 24, commitment_date=self._after(60))
            dozens = {"product_uom_id": self.dozen.id}
            self._purchase((self.product, 2, dozens), days=2)
            with self.subTest(steps=steps), freeze_time(self._after(3)):
                self.assertEqual(
                    self._lateness(order)[3:], ("supply_overdue", False, self._after(2))
                )

    def test_what_a_vendor_ships_can_be_overdue(self):
        route = self.env.ref("stock_dropshipping.route_drop_shipping")
        offer = {"partner_id": self.vendor.id, "price": 10}
        product = self._product(route_ids=route.ids, seller_ids=[Command.create(offer)])
        order = self._order(product, 4, commitment_date=self._after(60))
        purchase = order.sudo()._get_purchase_orders()
        purchase.button_confirm()
        purchase.order_line.date_planned = self._after(2)
        with freeze_time(self._after(3)):
            self.assertEqual(
                self._lateness(order)[3:], ("supply_overdue", False, self._after(2))
            )

    def test_after_the_promise_the_cause_stays(self):
        order, _purchase = self._late_receipt(promised=4)
        with freeze_time(self._after(10)):
            self.assertEqual(
                self._lateness(order),
                (True, False, 6, "supply_overdue", False, self._after(2)),
            )

    def test_what_is_due_today_is_not_overdue_where_the_user_is(self):
        """Due on the 17th at 20:00 UTC: in Tokyo that is the 18th."""
        order, _purchase = self._late_receipt()
        _purchase.order_line.date_planned = self._after(2, hours=11)
        tokyo = new_test_user(
            self.env, "tokyo", "sales_team.group_sale_salesman_all_leads"
        )
        tokyo.tz = "Asia/Tokyo"
        with freeze_time(self._after(3, hours=1)):
            line = self._line(order.order_line)
            self.assertTrue(line.with_user(self.seller).overdue_since)
            self.env.invalidate_all()
            self.assertFalse(
                self.env["backlog.line"].with_user(tokyo).browse(line.id).overdue_since
            )

    def test_the_first_of_several_receipts_tells_since_when(self):
        order = self._order(self.product, 9, commitment_date=self._after(60))
        for days in (2, 1, 20):
            self._purchase(self.product, 3, days=days)
        with freeze_time(self._after(5)):
            line = self._line(order.order_line)
            self.assertEqual(line.overdue_since, self._after(1))
            since, last = (short_day(self.env, self._after(n)) for n in (1, 20))
            self.assertIn(
                f"9 Units, some of it overdue since {since}, the last expected on "
                f"{last}.",
                self._verdict(order),
            )

    def test_goods_that_are_ready_wait_for_no_receipt(self):
        self._put_in_stock(self.product, 4)
        order, _purchase = self._late_receipt()
        with freeze_time(self._after(5)):
            self.assertFalse(self._line(order.order_line).overdue_since)
            self.assertEqual(self._lateness(order)[1], False)

    # In words

    def test_why_says_since_when_and_no_day_on_which_it_comes(self):
        order, _purchase = self._late_receipt()
        with freeze_time(self._after(5)):
            self.env.invalidate_all()
            why = self._line(order.order_line).why
            since = short_day(self.env, self._after(2))
            [source] = why["sources"]
            self.assertEqual(source["date"], "")
            self.assertEqual(source["overdue"], f"was due on {since}")
            self.assertIn(f"overdue since {since}", self._verdict(order))
            self.assertIn("At risk: its receipt is overdue.", self._verdict(order))
            self.assertNotIn(short_day(self.env, self._after(5)), self._verdict(order))

    def test_the_customer_reads_that_the_date_is_to_be_confirmed(self):
        order, _purchase = self._late_receipt()
        self._purchase(self.product, 3, days=20)
        self._order(self.product, 3)
        with freeze_time(self._after(5)):
            self.env.invalidate_all()
            summary = self.customer.with_user(self.seller)._backlog_summary()
            rests = [one["lines"][0]["rest"] for one in summary["orders"]]
            day = format_date(self.env, self._after(20), lang_code="en_US")
            self.assertEqual(
                rests,
                [[f"{day}: 3", "1: date to be confirmed"], ["3: date to be confirmed"]],
            )
            [told] = order.get_backlog(order.ids)
            since = "2030-01-17 09:00:00"
            self.assertEqual(told["overdue_since"], since)
            self.assertEqual(told["lines"][0]["overdue_since"], since)
            self.assertEqual(told["lines"][0]["slices"][0]["overdue_since"], since)

    def test_promises_and_quotations_tell_it(self):
        self._purchase(self.product, 4, days=2)
        with freeze_time(self._after(5)):
            promise = self.env["product.product"].get_promise(self.product.id, 3)
            since = "2030-01-17 09:00:00"
            self.assertEqual(promise["incoming"][0]["overdue_since"], since)
            self.assertEqual(promise["overdue_since"], since)
            self.assertEqual(promise["qty_by_date"], False)
            line = self._quote((self.product, 3)).order_line
            self.assertEqual(line.quote_overdue_since, self._after(2))

    # One piece to order hides nothing of the rest

    def _mostly_late(self, promised=5):
        """240 ordered; 180 of them come thirteen days after the promise."""
        order = self._order(self.product, 240, commitment_date=self._after(promised))
        self._purchase(self.product, 180, days=promised + 13)
        return order

    def test_the_date_of_the_rest_and_both_causes_are_told(self):
        order = self._mostly_late()
        line = self._line(order.order_line)
        self.assertFalse(line.expected_date)
        self.assertEqual(line.partial_expected_date, self._after(18))
        self.assertEqual(
            self._lateness(order),
            (False, True, 0, "no_supply", "supply_late", False),
        )
        verdict = self._verdict(order)
        day = short_day(self.env, self._after(18))
        promise = short_day(self.env, self._after(5))
        self.assertIn(
            f"On its way: 180 Units, the last expected on {day}, after the promise of "
            f"{promise}.",
            verdict,
        )
        self.assertIn("60 Units, nobody has ordered supply yet", verdict)

    def test_the_rest_comes_too_late_also_beyond_the_horizon(self):
        order = self._mostly_late(promised=40)
        self.assertEqual(
            self._lateness(order),
            (False, True, 0, "no_supply", "supply_late", False),
        )

    def test_an_overdue_rest_is_the_second_cause(self):
        order, _purchase = self._late_receipt()
        order.order_line.product_uom_qty = 5
        with freeze_time(self._after(5)):
            self.assertEqual(
                self._lateness(order),
                (False, True, 0, "no_supply", "supply_overdue", self._after(2)),
            )
            self.assertIn("overdue, and something is to order", self._verdict(order))

    def test_a_rest_in_time_is_no_cause(self):
        order = self._order(self.product, 5, commitment_date=self._after(9))
        self._purchase(self.product, 4, days=3)
        line = self._line(order.order_line)
        self.assertEqual(line.partial_expected_date, self._after(3))
        self.assertEqual(
            self._lateness(order), (False, True, 0, "no_supply", False, False)
        )

    def test_without_any_supply_there_is_no_date(self):
        order = self._order(self.product, 5)
        self.assertFalse(self._line(order.order_line).partial_expected_date)

    def test_of_what_is_covered_both_dates_are_one(self):
        order, _purchase = self._late_receipt()
        line = self._line(order.order_line)
        self.assertEqual(line.partial_expected_date, line.expected_date)
