from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from ..vendors import VendorCase


@tagged("post_install", "-at_install")
class TestVendorTrial(VendorCase):
    """A backup without proof gets every n-th purchase, if somebody says so."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        mto = cls.warehouse.mto_pull_id.route_id
        mto.active = True
        cls.product.route_ids = mto + cls.buy

    def _buy(self, times):
        """Buy so many times, an order each; return the vendors."""
        for _time in range(times):
            self._order(self.product, 5)
        return [vendor for vendor, _quantity in self._bought()[-times:]]

    def test_off_by_default(self):
        self.assertEqual(self._buy(4), ["First"] * 4)

    def test_every_nth_purchase_goes_to_the_backup(self):
        self.at_second.trial_every = 3

        self.assertEqual(
            self._buy(7),
            ["First", "First", "Second", "First", "First", "Second", "First"],
        )

    def test_every_purchase_goes_to_a_backup_on_full_trial(self):
        self.at_second.trial_every = 1

        self.assertEqual(self._buy(2), ["Second", "Second"])

    def test_two_backups_share_the_turns(self):
        self.at_second.trial_every = 3
        self.at_third.trial_every = 3

        self.assertEqual(
            self._buy(6), ["First", "First", "Second", "Third", "First", "Second"]
        )

    def test_trial_ends_when_the_vendor_is_proven(self):
        self.at_second.trial_every = 2
        self.assertEqual(self._buy(2), ["First", "Second"])

        self._delivered(self.second)
        self.assertEqual(self._buy(3), ["First", "First", "First"])

    def test_vendor_that_is_out_gets_no_trial(self):
        self.at_second.trial_every = 2
        self._buy(1)
        disruption = self._disrupt(self.second, until=3)
        self.assertEqual(self._buy(1), ["First"])

        with freeze_time(self._after(4)):
            self.assertTrue(disruption)
            self.assertEqual(self._buy(1), ["Second"])

    def test_backup_that_is_not_approved_gets_no_trial(self):
        self.at_second.write({"trial_every": 2, "approval_required": True})

        self.assertEqual(self._buy(3), ["First"] * 3)

    def test_main_vendor_is_on_no_trial(self):
        self.at_first.trial_every = 2

        self.assertEqual(self._buy(2), ["First", "First"])

    def test_purchases_made_by_hand_count(self):
        self.at_second.trial_every = 2
        self._request(self.product, 1, vendor=self.second)

        self.assertEqual(self._buy(2), ["First", "Second"])

    def test_cancelled_purchases_do_not_count(self):
        self.at_second.trial_every = 2
        self._request(self.product, 1, vendor=self.first).button_cancel()

        self.assertEqual(self._buy(2), ["First", "Second"])

    def test_asking_changes_nothing(self):
        self.at_second.trial_every = 2
        self._buy(1)
        rule = self.warehouse.buy_pull_id
        answers = [
            rule._get_matching_supplier(
                self.product, 5, self.unit, self.company, {}
            ).partner_id.name
            for _time in range(3)
        ]

        self.assertEqual(answers, ["Second"] * 3)

    def test_pinned_vendor_is_bought_from(self):
        self.at_second.trial_every = 1
        self.product.route_ids = self.buy
        self._orderpoint(supplier_id=self.at_third.id)
        self._run_scheduler()

        self.assertEqual(self._bought(), [("Third", 5)])

    def test_quantity_below_its_minimum_is_no_trial(self):
        self.at_second.write({"trial_every": 1, "min_qty": 100})

        self.assertEqual(self._buy(1), ["First"])

    def test_choosing_by_hand_and_trial_exclude_each_other(self):
        self.at_second.manual_only = True
        with self.assertRaisesRegex(ValidationError, "Second is chosen by hand only"):
            self.at_second.trial_every = 2

    def test_negative_share_is_refused(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.at_second.trial_every = -1
            self.env.flush_all()
