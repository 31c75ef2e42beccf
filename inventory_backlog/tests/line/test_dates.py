from datetime import datetime

from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import SQL

from ..common import NOW, BacklogCase


@tagged("post_install", "-at_install")
class TestDates(BacklogCase):
    """Promises, lateness, risk and their causes."""

    def _lateness(self, order, user=None):
        """``(late, at risk, days late, cause)`` of the one line of ``order``."""
        self.env["backlog.line"].invalidate_model()
        line = (
            self.env["backlog.line"]
            .with_user(user or self.seller)
            .search([("order_id", "=", order.id)])
        )
        return line.is_late, line.is_at_risk, line.days_late, line.delay_cause

    def _promised_in(self, days, quantity=4, hours=0):
        return self._order(
            self.product, quantity, commitment_date=self._after(days, hours)
        )

    # Promises

    def test_promise_is_the_delivery_date_of_the_order(self):
        order = self._promised_in(6)

        self.assertRecordValues(
            self._line(order.order_line),
            [{"promise_date": self._after(6), "first_promise_date": self._after(6)}],
        )

    def test_promise_without_a_delivery_date_is_the_lead_time_of_the_line(self):
        order = self._order((self.product, 4, {"customer_lead": 5}))

        self.assertRecordValues(
            self._line(order.order_line),
            [{"promise_date": self._after(5), "first_promise_date": self._after(5)}],
        )

    def test_line_added_later_is_promised_from_that_day(self):
        """Odoo's expected date counts from the order, here four weeks ago: the line
        would be late when it is added."""
        with freeze_time(self._after(-28)):
            order = self._order((self.product, 4, {"customer_lead": 3}))
        # The database has a clock of its own.
        self._created([order, *order.order_line], datetime(2020, 1, 1))
        order.order_line = [
            Command.create(
                {
                    "product_id": self.product.id,
                    "product_uom_qty": 3,
                    "customer_lead": 2,
                }
            )
        ]
        first, added = order.order_line
        self._created(added, NOW)

        self.assertEqual(first.first_promise_date, self._after(-25))
        self.assertEqual(added.first_promise_date, self._after(2))
        self.assertRecordValues(
            self._line(order.order_line).sorted("id"),
            [
                {"promise_date": self._after(-25), "is_late": True},
                {"promise_date": self._after(2), "is_late": False},
            ],
        )
        added.customer_lead = 5
        self.assertEqual(self._line(added).promise_date, self._after(5))
        order.commitment_date = self._after(9)
        self.assertEqual(self._line(added).promise_date, self._after(9))

    def _created(self, records, moment):
        """The records were made then."""
        self.env.flush_all()
        for record in records:
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET create_date = %s WHERE id = %s",
                    SQL.identifier(record._table),
                    moment,
                    record.id,
                )
            )
        self.env.invalidate_all()

    def test_order_that_is_dated_back_is_promised_from_its_date(self):
        order = self._order((self.product, 4, {"customer_lead": 3}))
        order.date_order = self._after(-30)

        self.assertRecordValues(
            self._line(order.order_line),
            [{"promise_date": self._after(-27), "first_promise_date": self._after(3)}],
        )

    def test_quotation_has_promised_nothing(self):
        quotation = self._quote((self.product, 4), commitment_date=self._after(6))

        self.assertFalse(quotation.order_line.first_promise_date)

    def test_first_promise_survives_new_promises(self):
        order = self._promised_in(6)
        order.commitment_date = self._after(12)
        order.order_line.customer_lead = 40

        self.assertRecordValues(
            self._line(order.order_line),
            [{"promise_date": self._after(12), "first_promise_date": self._after(6)}],
        )

        order.commitment_date = False
        self.assertRecordValues(
            self._line(order.order_line),
            [{"promise_date": self._after(40), "first_promise_date": self._after(6)}],
        )

    def test_first_promise_survives_cancelling_and_confirming_again(self):
        order = self._promised_in(6)
        order._action_cancel()
        order.action_draft()
        order.commitment_date = self._after(12)
        with freeze_time(self._after(2)):
            order.action_confirm()

        self.assertEqual(order.order_line.first_promise_date, self._after(6))

    def test_copy_makes_its_own_first_promise(self):
        order = self._promised_in(6)
        copied = order.copy()
        self.assertFalse(copied.order_line.first_promise_date)

        copied.commitment_date = self._after(9)
        copied.action_confirm()

        self.assertEqual(copied.order_line.first_promise_date, self._after(9))

    def test_line_added_later_makes_its_own_first_promise(self):
        order = self._promised_in(6)
        order.commitment_date = self._after(12)
        order.order_line = [Command.create({"product_id": self.product.id})]
        order.order_line.mapped("first_promise_date")
        order.commitment_date = self._after(20)

        self.assertEqual(
            order.order_line.mapped("first_promise_date"),
            [self._after(6), self._after(12)],
        )

    # Late

    def test_ready_line_is_late_when_nobody_ships_it(self):
        self._put_in_stock(self.product, 4)
        order = self._promised_in(2)
        self.assertEqual(self._lateness(order), (False, False, 0, False))

        with freeze_time(self._after(5)):
            self.assertEqual(self._lateness(order), (True, False, 3, "not_picked"))
            order.invalidate_recordset()
            self.assertTrue(order.is_backlog_late)

    def test_promised_today_is_not_late_before_tomorrow(self):
        self._put_in_stock(self.product, 4)
        order = self._promised_in(0, hours=-3)

        self.assertEqual(self._lateness(order), (False, False, 0, False))

    def test_days_late_count_to_the_expected_date(self):
        order = self._promised_in(2)
        self._purchase(self.product, 4, days=9)
        self.assertEqual(self._lateness(order), (False, True, 7, "supply_late"))

        with freeze_time(self._after(5)):
            self.assertEqual(self._lateness(order), (True, False, 7, "supply_late"))
        with freeze_time(self._after(12)):
            self.assertEqual(self._lateness(order), (True, False, 10, "supply_overdue"))

    def test_late_line_with_nothing_on_its_way_has_no_supply(self):
        order = self._promised_in(2)
        self._purchase(self.product, 3, days=9)
        with freeze_time(self._after(5)):
            self.assertEqual(self._lateness(order), (True, False, 3, "no_supply"))

    def test_promise_that_was_past_when_the_order_was_confirmed(self):
        self._put_in_stock(self.product, 4)
        order = self._promised_in(-4)

        self.assertEqual(
            self._lateness(order), (True, False, 4, "promise_passed_at_order")
        )

    def test_shipped_late_is_late_no_more(self):
        self._put_in_stock(self.product, 4)
        order = self._promised_in(2)
        with freeze_time(self._after(5)):
            self._ship(order)
            order.invalidate_recordset()
            self.assertFalse(order.is_backlog_late)

    def test_day_ends_where_the_user_is(self):
        """At 17:30 in Greenwich it is half past midnight of the next day in Jakarta."""
        self._put_in_stock(self.product, 4)
        seller = new_test_user(
            self.env, "jakarta", "sales_team.group_sale_salesman", tz="Asia/Jakarta"
        )
        order = self._order(
            self.product, 4, commitment_date=self._after(0, hours=4), user=seller
        )
        self.seller.group_ids += self.env.ref(
            "sales_team.group_sale_salesman_all_leads"
        )
        with freeze_time(self._after(0, hours=8.5)):
            self.assertEqual(
                self._lateness(order, seller), (True, False, 1, "not_picked")
            )
            self.assertEqual(self._lateness(order), (False, False, 0, False))

    def test_promise_late_in_the_evening_is_tomorrow_for_the_user(self):
        """20:00 in Greenwich is the next day in Jakarta."""
        seller = new_test_user(
            self.env, "jakarta", "sales_team.group_sale_salesman", tz="Asia/Jakarta"
        )
        self._put_in_stock(self.product, 4)
        order = self._order(
            self.product, 4, commitment_date=self._after(0, hours=11), user=seller
        )
        with freeze_time(self._after(1, hours=4)):
            self.assertEqual(self._lateness(order, seller)[0], False)
        with freeze_time(self._after(1, hours=9)):
            self.assertEqual(self._lateness(order, seller)[0], True)

    def test_days_are_those_of_the_calendar_when_the_clocks_change(self):
        """In Berlin 31 March 2030 has 23 hours and 27 October 25."""
        seller = new_test_user(
            self.env, "berlin", "sales_team.group_sale_salesman", tz="Europe/Berlin"
        )
        self._put_in_stock(self.product, 8)
        for promised, moment, days in (
            ("2030-03-30 22:30:00", "2030-03-30 22:50:00", 0),
            ("2030-03-30 22:30:00", "2030-03-30 23:10:00", 1),
            ("2030-03-30 23:30:00", "2030-03-31 21:50:00", 0),
            ("2030-03-30 23:30:00", "2030-03-31 22:10:00", 1),
            ("2030-10-26 22:30:00", "2030-10-27 22:50:00", 0),
            ("2030-10-26 22:30:00", "2030-10-27 23:10:00", 1),
        ):
            order = self._order(self.product, 1, commitment_date=promised, user=seller)
            with freeze_time(moment), self.subTest(promised=promised, now=moment):
                late = self._lateness(order, seller)
                self.assertEqual((late[0], late[2]), (days > 0, days))

    def test_the_end_of_the_month_and_the_leap_day_are_days_like_any_other(self):
        self._put_in_stock(self.product, 8)
        for promised, moment, days in (
            ("2031-01-31 12:00:00", "2031-02-01 12:00:00", 1),
            ("2031-02-28 12:00:00", "2031-03-01 12:00:00", 1),
            ("2032-02-28 12:00:00", "2032-03-01 12:00:00", 2),
            ("2032-02-29 12:00:00", "2032-02-29 23:00:00", 0),
            ("2031-12-31 12:00:00", "2032-01-01 00:00:00", 1),
        ):
            order = self._order(self.product, 1, commitment_date=promised)
            with freeze_time(moment), self.subTest(promised=promised, now=moment):
                late = self._lateness(order)
                self.assertEqual((late[0], late[2]), (days > 0, days))

    # At risk

    def test_receipt_after_the_promise_is_a_risk_on_any_day(self):
        order = self._promised_in(60)
        self._purchase(self.product, 4, days=61)

        self.assertEqual(self._lateness(order), (False, True, 1, "supply_late"))

    def test_receipt_on_the_day_of_the_promise_is_no_risk(self):
        order = self._promised_in(6)
        self._purchase(self.product, 4, days=6)
        self.env["stock.move"].search(
            [("product_id", "=", self.product.id), ("picking_code", "=", "incoming")]
        ).date = self._after(6, hours=8)

        self.assertEqual(self._lateness(order), (False, False, 0, False))

    def test_nothing_on_its_way_is_a_risk_within_the_horizon(self):
        self.assertEqual(self.company.backlog_risk_days, 14)
        near, far = self._promised_in(13), self._promised_in(14)

        self.assertEqual(self._lateness(near), (False, True, 0, "no_supply"))
        self.assertEqual(self._lateness(far), (False, False, 0, False))

    def test_horizon_is_the_companys(self):
        order = self._promised_in(20)
        for days, at_risk in ((20, False), (21, True), (0, False)):
            self.company.backlog_risk_days = days
            self.assertEqual(self._lateness(order)[1], at_risk, days)

    def test_age_counts_from_the_confirmation(self):
        order = self._promised_in(20)
        with freeze_time(self._after(3, hours=10)):
            line = self._line(order.order_line)
            self.assertRecordValues(line, [{"date_order": NOW, "age_days": 3}])
