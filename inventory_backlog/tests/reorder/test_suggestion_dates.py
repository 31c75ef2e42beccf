from datetime import date

from odoo.fields import Command
from odoo.tests import tagged

from ..suggestions import SuggestionCase


@tagged("post_install", "-at_install")
class TestSuggestionDates(SuggestionCase):
    """By which day to order, when it would arrive, and which suggestion comes first.
    Today is Tuesday 15 January 2030."""

    def test_what_helps_most_for_the_money_comes_first(self):
        names = ("Dear", "Late", "Plain", "Nobody", "Free")
        dear, late, plain, nobody, free = (self._table(name) for name in names)
        dear.seller_ids.price = 50
        depot = self._second_warehouse()
        self._put_in_stock(free, 1, depot.lot_stock_id)
        for product, days in ((dear, 5), (late, 1), (plain, 5), (free, 5)):
            self._wanted(product, 1, days)
        self._transfer(nobody, 1, self.warehouse, depot)
        ranked = self._suggest(dear, late, plain, nobody, free)
        # 200 of 0, 200 of 20, 100 of 20 (its promise is lost), 200 of 50, 0 of 20
        self.assertEqual(
            ranked.product_id.mapped("name"),
            ["Free", "Plain", "Late", "Dear", "Nobody"],
        )
        self.assertEqual(ranked.mapped("rank"), [1, 2, 3, 4, 5])

    def test_what_is_set_aside_has_no_rank(self):
        tables = [self._table(name) for name in ("First", "Second", "Third", "Fourth")]
        for number, table in enumerate(tables):
            self._wanted(table, 1, price=100 - number)
        first, second, third, fourth = self._suggest(*tables)
        second.action_dismiss("Not now")
        self.assertEqual((first.rank, third.rank, fourth.rank), (1, 2, 3))
        third.action_snooze("2030-02-01")
        self.assertEqual((first.rank, fourth.rank), (1, 2))
        self._generate()
        self.assertFalse(second.rank or third.rank)
        (second + third).action_propose()
        self.assertEqual(
            [one.rank for one in (first, second, third, fourth)], [1, 2, 3, 4]
        )

    def test_the_rank_follows_the_value(self):
        table = self._table(price=10)
        self._wanted(self.product, 1, price=100)
        order = self._wanted(table, 1, price=50)
        self.assertEqual(
            self._suggest(self.product, table).product_id.mapped("name"),
            ["Chair", "Table"],
        )
        order.order_line.price_unit = 500
        self._wanted(table, 1, price=500)
        self.assertEqual(
            self._suggest(self.product, table).product_id.mapped("name"),
            ["Table", "Chair"],
        )

    # Working days

    def _office_days(self, until="2030-01-16"):
        """Monday to Friday, less a company holiday from Wednesday 16 January on."""
        calendar = self.company.resource_calendar_id
        calendar.attendance_ids.filtered(
            lambda one: one.dayofweek in ("5", "6")
        ).unlink()
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": calendar.id,
                "company_id": self.company.id,
                "date_from": "2030-01-16 00:00:00",
                "date_to": f"{until} 23:59:59",
                "resource_id": False,
            }
        )
        self.env.cr.cache.pop("backlog_work_days", None)

    def test_the_last_day_to_order_is_a_working_day(self):
        """Needed on Monday 21, two days to come: Saturday, so Friday 18."""
        self._office_days()
        self._wanted(self.product, 1, days=6)
        self.assertEqual(self._suggest().order_by_date, date(2030, 1, 18))

    def test_the_last_day_to_order_is_no_holiday_of_the_company(self):
        """Needed on Friday 18: Wednesday 16 is a holiday, so Tuesday 15."""
        self._office_days()
        self._wanted(self.product, 1, days=3)
        self.assertEqual(self._suggest().order_by_date, date(2030, 1, 15))

    def test_an_order_leaves_on_the_next_working_day(self):
        self._office_days()
        self._wanted(self.product, 1, days=20)
        self.assertEqual(self._suggest().arrival_date, date(2030, 1, 17))
        with self._on(date(2030, 1, 16)):
            self._generate()
            self.assertEqual(self._suggested().arrival_date, date(2030, 1, 19))
        with self._on(date(2030, 1, 19)):
            self._generate()
            self.assertEqual(self._suggested().arrival_date, date(2030, 1, 23))

    def test_a_company_that_is_closed_for_a_whole_month_works_on_none_of_its_days(self):
        """Closed until Thursday 28 February: Friday 1 March, and two days to come."""
        self._office_days(until="2030-02-28")
        self._wanted(self.product, 1, days=90)
        with self._on(date(2030, 1, 16)):
            self._generate()
            self.assertEqual(self._suggested().arrival_date, date(2030, 3, 3))

    def test_the_days_to_purchase_of_the_company_count(self):
        self.company.days_to_purchase = 3
        self._wanted(self.product, 1, days=9)
        suggestion = self._suggest()
        self.assertEqual(suggestion.order_by_date, self._after(4).date())
        self.assertEqual(suggestion.arrival_date, self._after(5).date())

    def test_days_are_those_of_the_company(self):
        """At 20:00 UTC it is tomorrow in Jakarta."""
        self.company.partner_id.tz = "Asia/Jakarta"
        self._order((self.product, 1), commitment_date=self._after(5, hours=11))
        suggestion = self._suggest()
        self.assertEqual(suggestion.need_date, self._after(6).date())
        self.assertEqual(suggestion.line_ids.promise_date, self._after(6).date())

    def test_the_first_and_the_last_day_of_a_month_are_where_the_calendar_is(self):
        """Mornings in Auckland and evenings in Honolulu, by a company without a time
        zone of its own: both are on another day, and in another month, in UTC."""
        calendar = self.company.resource_calendar_id
        for zone, begin, end in (
            ("Pacific/Auckland", 8, 12),
            ("Pacific/Honolulu", 15, 20),
        ):
            calendar.tz = zone
            calendar.attendance_ids.write({"hour_from": begin, "hour_to": end})
            self.env.cr.cache.pop("backlog_work_days", None)
            for day in (date(2030, 1, 31), date(2030, 2, 1)):
                with self.subTest(zone=zone, day=day):
                    self.assertEqual(self.company._backlog_work_day(day), day)

    def test_a_company_without_a_calendar_works_every_day(self):
        self.company.resource_calendar_id.attendance_ids = [Command.clear()]
        self.env.cr.cache.pop("backlog_work_days", None)
        self._wanted(self.product, 1, days=6)
        self.assertEqual(self._suggest().order_by_date, self._after(4).date())

    # Without a vendor that can be chosen

    def test_the_last_day_to_order_stays_when_the_only_vendor_is_out(self):
        table = self._table()
        self._wanted(table, 1, days=6)
        day = self._suggest(table).order_by_date
        self.assertEqual(day, self._after(4).date())
        self._disrupt(self.first)
        suggestion = self._suggest(table)
        self.assertEqual(suggestion.obstacle, "no_vendor")
        self.assertEqual(suggestion.order_by_date, day)
        self.assertNotIn("Find a vendor now", suggestion.explanation)

    def test_a_vendor_is_to_be_found_now_when_it_was_to_be_ordered_by_today(self):
        table = self._table()
        self._disrupt(self.first)
        self._wanted(table, 1, days=2)
        self.assertIn(
            "Find a vendor now: it was to be ordered by Jan 15.",
            self._suggest(table).explanation,
        )

    # The deadline of a request

    def test_a_request_is_due_when_its_most_urgent_line_must_be_ordered(self):
        table = self._table()
        self._wanted(self.product, 1, days=40)
        self._wanted(table, 1, days=20)
        first, second = self._suggest(self.product, table).sorted("order_by_date")
        self.assertEqual(first.order_by_date, self._after(18).date())
        request = self._accepted(first + second)
        self.assertEqual(request.date_order.date(), first.order_by_date)
        first.action_undo()
        self.assertEqual(self._fresh(request).date_order.date(), second.order_by_date)

    def test_a_request_that_is_late_is_due_today(self):
        table = self._table()
        self._wanted(table, 1, days=-9)
        self._wanted(self.product, 1, days=40)
        request = self._accepted(self._suggest(self.product, table))
        self.assertEqual(request.date_order, self._after(0))

    def test_a_line_that_is_added_makes_its_request_due_earlier(self):
        table = self._table()
        self._wanted(self.product, 1, days=40)
        request = self._accepted(self._suggest())
        self.assertEqual(request.date_order.date(), self._after(38).date())
        self._wanted(table, 1, days=10)
        self.assertEqual(self._accepted(self._suggest(table)), request)
        self.assertEqual(self._fresh(request).date_order.date(), self._after(8).date())
