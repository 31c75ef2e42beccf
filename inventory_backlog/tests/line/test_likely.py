from datetime import timedelta

from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged

from ..common import NOW
from ..vendors import VendorCase


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestLikely(VendorCase):
    """What a vendor usually does stands beside the day that it said."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.seller.lang = "en_US"
        cls.company.backlog_vendor_min_receipts = 3
        cls.steps = cls._product("Steps", route_ids=cls.buy.ids)

    def _came(self, *days_late, vendor=None, product=None):
        """So many days after its promise came each of the receipts of the vendor."""
        came = -20
        goods = product or self.product
        with freeze_time(self._after(-60)):
            purchase = self._purchase(
                *(
                    (goods, 1, {"date_planned": self._after(came - days)})
                    for days in days_late
                ),
                vendor=vendor or self.first,
            )
        with freeze_time(self._after(came)):
            self._receive(purchase)

    def _waits(self, *days, product=None, vendor=None):
        """The line of an order that waits for receipts due in so many days."""
        product = product or self._product("Wanted", route_ids=self.buy.ids)
        order = self._order(product, 3 * len(days), commitment_date=self._after(60))
        purchases = [
            self._purchase(product, 3, vendor=vendor or self.first, days=one)
            for one in days
        ]
        return self._line(order.order_line).with_user(self.seller), *purchases

    def _days(self, line):
        """How many days the line says later than it expects; None where it says
        nothing."""
        self._fresh(line)
        if not line.likely_date:
            return None
        return (line.likely_date - line.expected_date) / timedelta(days=1)

    def _usually(self, line):
        return [row["likely"] for row in self._fresh(line).why["sources"]]

    def test_the_median_of_its_receipts_is_added_where_there_are_enough(self):
        self._came(1, 9)
        line, _purchase = self._waits(5)
        self.assertIsNone(self._days(line))
        self.assertEqual(self._usually(line), [""])

        self._came(4)
        self.assertEqual(self._days(line), 4)
        self.assertEqual(line.expected_date, self._after(5))
        self.assertEqual(line.likely_date, self._after(9))
        self.assertEqual(self._usually(line), ["usually 4 days later"])

    def test_nothing_is_late_by_it_and_no_list_reads_it(self):
        self._came(90, 90, 90)
        lines = self._waits(5)[0] + self._waits(5)[0]
        self._fresh(lines).mapped("expected_date")
        cached = self.env["backlog.line"]._fields["likely_date"]._get_cache(lines.env)
        self.assertFalse(cached)
        for line in lines:
            self.assertEqual(self._days(line), 90)
            self.assertEqual(
                (line.is_late, line.is_at_risk, line.days_late, line.delay_cause),
                (False, False, 0, False),
            )
        lists = self.env.ref("inventory_backlog.backlog_line_view_list").arch
        self.assertNotIn("likely_date", lists)

    def test_receipts_of_the_product_come_before_those_of_others(self):
        self._came(8, 8, 8)
        self._came(2, 2, product=self.steps)
        order = self._order(self.steps, 6, commitment_date=self._after(60))
        self._purchase(self.steps, 9, vendor=self.first, days=6)
        line = self._line(order.order_line)
        self.assertEqual(self._days(line), 8)

        self._came(2, product=self.steps)
        self.assertEqual(self._days(line), 2)

    def test_a_vendor_that_is_in_time_or_early_is_expected_when_it_says(self):
        for days in (0, -3):
            vendor = self._vendor(f"Punctual {days}")
            self._came(days, days, days, vendor=vendor)
            line, _purchase = self._waits(5, vendor=vendor)
            with self.subTest(days=days):
                self.assertEqual(self._days(line), 0)
                self.assertEqual(self._usually(line), [""])

    def test_what_was_put_off_already_is_not_added_again(self):
        self._came(4, 4, 4)
        line, purchase = self._waits(5)
        for said, later, words in (
            (8, 1, "usually 1 day later"),
            (9, 0, ""),
            (30, 0, ""),
            (3, 4, "usually 4 days later"),
        ):
            self.env.flush_all()
            purchase.order_line.date_planned = self._after(said)
            with self.subTest(said=said):
                self.assertEqual(self._days(line), later)
                self.assertEqual(line.expected_date, self._after(said))
                self.assertEqual(self._usually(line), [words])

    def test_the_vendor_behind_the_last_receipt_decides(self):
        self._came(9, 9, 9)
        self._came(2, 2, 2, vendor=self.second)
        product = self._product("Both", route_ids=self.buy.ids)
        order = self._order(product, 6, commitment_date=self._after(60))
        self._purchase(product, 3, vendor=self.first, days=4)
        self._purchase(product, 3, vendor=self.second, days=6)
        line = self._line(order.order_line).with_user(self.seller)

        self.assertEqual(line.likely_date, self._after(8))
        self.assertEqual(
            self._usually(line), ["usually 9 days later", "usually 2 days later"]
        )

    def test_while_something_is_to_source_there_is_no_date(self):
        self._came(4, 4, 4)
        line, purchase = self._waits(5)
        self.env.flush_all()
        purchase.order_line.product_qty = 2

        self.assertFalse(self._fresh(line).expected_date)
        self.assertFalse(line.likely_date)
        self.assertIn("usually 4 days later", self._usually(line))

    def test_overdue_goods_are_expected_when_the_vendor_usually_comes(self):
        """Counted from the day they were due; when that has passed, nobody knows."""
        self._came(4, 4, 4)
        line, _purchase = self._waits(2)
        for today, likely in ((4, 6), (6, 6), (7, None)):
            with self.subTest(today=today), freeze_time(self._after(today)):
                self._fresh(line)
                self.assertEqual(line.overdue_since, self._after(2))
                self.assertEqual(
                    line.likely_date, likely is not None and self._after(likely)
                )

    def test_goods_that_the_vendor_has_brought_wait_for_it_no_more(self):
        self._came(4, 4, 4)
        for steps in ("two_steps", "three_steps"):
            self.warehouse.reception_steps = steps
            line, purchase = self._waits(5)
            with self.subTest(steps=steps):
                self.assertEqual(self._days(line), 4)
                self._receive(purchase)
                self.assertGreater(self._fresh(line).incoming_qty, 0)
                self.assertIsNone(self._days(line))

    def test_what_a_vendor_ships_to_the_customer_counts_and_units_do_not_matter(self):
        self._came(4, 4, 4)
        route = self.env.ref("stock_dropshipping.route_drop_shipping")
        product = self._product("Sent", route_ids=route.ids)
        self._offer(product, self.first)
        order = self._order(product, 24, commitment_date=self._after(60))
        purchase = order.sudo()._get_purchase_orders()
        purchase.order_line.write({"product_uom_id": self.dozen.id, "product_qty": 2})
        purchase.button_confirm()
        line = self._line(order.order_line)

        self.assertEqual(self._days(line), 4)

    def test_a_receipt_without_a_purchase_was_said_by_no_vendor(self):
        self._came(4, 4, 4)
        kind = self.warehouse.in_type_id
        places = {
            "location_id": self.env.ref("stock.stock_location_suppliers").id,
            "location_dest_id": self.stock.id,
        }
        goods = {"product_id": self.steps.id, "product_uom_qty": 3, **places}
        self.env["stock.picking"].create(
            {
                "picking_type_id": kind.id,
                "partner_id": self.first.id,
                "move_ids": [Command.create(goods)],
                **places,
            }
        ).action_confirm()
        order = self._order(self.steps, 3, commitment_date=self._after(60))
        line = self._line(order.order_line)

        self.assertTrue(line.expected_date)
        self.assertIsNone(self._days(line))

    def test_each_company_has_its_own_experience(self):
        """Whatever company the reader works in."""
        self._came(4, 4, 4)
        line, purchase = self._waits(5)
        other = self.env["res.company"].create({"name": "Other"})
        both = new_test_user(
            self.env,
            "both",
            "sales_team.group_sale_salesman_all_leads",
            company_id=other.id,
            company_ids=[Command.set((other + self.company).ids)],
        )
        self.assertFalse(purchase.with_user(both).has_access("read"))
        companies = [other.id, self.company.id]
        line = line.with_user(both).with_context(allowed_company_ids=companies)
        self.assertEqual(self._days(line), 4)

    def test_kept_measures_say_the_same(self):
        self._came(1, 4, 4, 30)
        line, _purchase = self._waits(5)
        self.assertEqual(self._days(line), 4)
        self.env.flush_all()
        self.env["backlog.vendor.measure"]._refresh(self.first.ids)
        self.env.cr.execute("DELETE FROM backlog_vendor_touch")
        self.env.cr.execute("UPDATE backlog_vendor_measure SET lateness_median = 6")
        self.assertEqual(self._days(line), 6)
        self._came(4)
        self.assertEqual(self._days(line), 4)
