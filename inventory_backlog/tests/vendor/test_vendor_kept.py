from datetime import timedelta
from unittest.mock import patch

from odoo.tests import freeze_time, tagged

from ...models.vendor import (
    backlog_vendor_measure as measure_module,
)
from ..vendors import VendorCase

NAMES = (
    "receipt_count",
    "on_time_rate",
    "in_full_rate",
    "lead_time_median",
    "lead_time_p90",
    "reject_rate",
    "price_spread",
    "quality_score",
)


@tagged("post_install", "-at_install")
class TestKeptMeasures(VendorCase):
    """What is kept of the measures never shows when it could be wrong."""

    def setUp(self):
        super().setUp()
        self.purchase = self._purchase(
            self.product, 10, vendor=self.first, days=1, origin="kept"
        )
        self._receive(self.purchase, 6)
        self._keep()

    def _keep(self):
        """Run the scheduled action."""
        self.env.flush_all()
        cron = self.env.registry["ir.cron"]
        with patch.object(cron, "_commit_progress", lambda *_args, **_values: 1):
            self.env["backlog.vendor.measure"]._cron_refresh()

    def _figures(self):
        return [
            tuple(offer[name] for name in NAMES)
            for offer in self._fresh(self.offers).with_user(self.buyer)
        ]

    def _live(self):
        """The figures with nothing kept."""
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM backlog_vendor_measure")
        return self._figures()

    def _assert_change_shows(self, change):
        before = self._figures()
        change()
        after = self._figures()
        self.assertNotEqual(after, before)
        self.assertEqual(after, self._live())

    def test_what_is_kept_is_what_is_measured(self):
        self.assertFalse(self.env["backlog.vendor.measure"]._stale_vendors())

        self.assertEqual(self._figures(), self._live())

    def test_receipt_shows(self):
        self._assert_change_shows(lambda: self._receive(self.purchase))

    def test_rates_of_an_earlier_version_do_not_count(self):
        """Cached before lateness was measured."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE backlog_vendor_measure SET on_time_rate = 7, lateness_median = NULL"
            " WHERE receipt_count > 0"
        )

        self.assertEqual(
            self._fresh(self.first).with_user(self.buyer).vendor_on_time_rate, 100
        )
        self.assertEqual(self._figures(), self._live())

    def test_rest_that_is_closed_short_shows(self):
        self._assert_change_shows(
            lambda: self.purchase.picking_ids.sorted()[-1].action_cancel()
        )

    def test_receipt_shows_in_its_own_transaction(self):
        self.assertEqual(self.at_first.receipt_count, 1)
        self._receive(self.purchase)

        self.assertEqual(self.at_first.receipt_count, 2)

    def test_first_receipt_of_a_vendor_shows(self):
        self._assert_change_shows(lambda: self._delivered(self.second))

    def test_return_shows(self):
        self._assert_change_shows(
            lambda: self._return(self.purchase.picking_ids.sorted()[:1], 2)
        )

    def test_scrap_shows(self):
        self._assert_change_shows(
            lambda: self._scrap(self.purchase.picking_ids.sorted("id")[:1], 2)
        )

    def test_price_that_is_corrected_shows(self):
        self._receive(self._purchase(self.product, 1, vendor=self.first))
        self._keep()

        def correct():
            self.purchase.order_line.price_unit = 20

        self._assert_change_shows(correct)

    def test_order_that_is_confirmed_when_it_is_overdue_shows(self):
        request = self._request(self.product, 1, vendor=self.first, days=-3)
        self._keep()

        self._assert_change_shows(request.button_confirm)

    def test_remainder_that_becomes_overdue_shows_the_next_day(self):
        with freeze_time(self._after(1)):
            self._keep()
            on_the_day = self._figures()
        with freeze_time(self._after(2)):
            self.assertNotEqual(self._figures(), on_the_day)
            self.assertEqual(self._figures(), self._live())

    def test_remainder_that_is_cancelled_shows(self):
        with freeze_time(self._after(5)):
            self._keep()
            self._assert_change_shows(
                lambda: self.purchase.picking_ids.filtered(
                    lambda picking: picking.state != "done"
                ).action_cancel()
            )

    def test_receipt_that_leaves_the_window_does_not_count_the_next_day(self):
        self.company.backlog_vendor_window_days = 2
        with freeze_time(self._after(2)):
            self._keep()
        with freeze_time(self._after(2) + timedelta(hours=20)):
            self.assertEqual(self._figures()[0][0], 0)

    def test_setting_of_the_window_shows(self):
        with freeze_time(self._after(9)):
            self._keep()

            def shorten():
                self.company.backlog_vendor_window_days = 3

            self._assert_change_shows(shorten)

    def test_time_zone_of_the_company_shows(self):
        """What came at 19:00 UTC came on the next day in Jakarta."""
        purchase = self._purchase(self.product, 1, vendor=self.second, days=0)
        with freeze_time(self._after(0, hours=10)):
            self._receive(purchase)
        with freeze_time(self._after(1)):
            self._keep()

            def move():
                self.company.partner_id.tz = "Asia/Jakarta"

            self._assert_change_shows(move)

    def test_vendor_that_gets_a_parent_shows(self):
        """A contact that sold to us becomes one of the first vendor's."""
        desk = self._vendor("Desk", is_company=False)
        self._delivered(desk)
        self._keep()

        def join():
            desk.parent_id = self.first

        self._assert_change_shows(join)

    def test_each_company_keeps_its_own(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.offers.company_id = False
        self._keep()

        self.assertEqual(self._figures()[0][0], 1)
        self.assertEqual(
            self._fresh(self.at_first).with_company(other).receipt_count, 0
        )

    def test_touch_that_the_run_did_not_see_stays(self):
        self._receive(self.purchase)
        self.env.flush_all()
        self.env["backlog.vendor.measure"]._refresh(self.first.ids)

        self.assertEqual(
            self.env["backlog.vendor.measure"]._stale_vendors(), self.first.ids
        )

    def test_many_vendors_are_done_in_batches(self):
        purchase = self._purchase(self.product, 4, vendor=self.second)
        self._receive(purchase)
        self._receive(self.purchase, 1)
        self.env.flush_all()
        touches = self.env["backlog.vendor.touch"].search([])
        self.assertLessEqual(self.first + self.second, touches.vendor_id)

        with patch.object(measure_module, "BATCH", 1):
            self._keep()

        self.assertFalse(touches.exists())

    def test_receipt_that_is_cancelled_shows(self):
        late = self._purchase(self.product, 10, vendor=self.first, days=-1)
        self._keep()

        self._assert_change_shows(late.picking_ids.action_cancel)

    def test_day_of_a_receipt_that_is_corrected_shows(self):
        picking = self.purchase.picking_ids.filtered(
            lambda picking: picking.state == "done"
        )

        def correct():
            picking.date_done = self._after(3)

        self._assert_change_shows(correct)
