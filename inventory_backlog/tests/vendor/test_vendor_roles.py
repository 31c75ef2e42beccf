from odoo.tests import freeze_time, tagged

from ..vendors import VendorCase


@tagged("post_install", "-at_install")
class TestVendorRoles(VendorCase):
    """Which line of the vendor list is main, which are backups, which do not count."""

    def test_first_is_main_and_the_next_are_backups(self):
        self.assertEqual(self._roles(), ["main", "backup", "backup"])

    def test_dragging_a_line_changes_the_rank(self):
        self.at_third.sequence = 0

        self.assertEqual(self._roles(), ["backup", "backup", "main"])
        self.assertEqual(self.product.main_vendor_id, self.third)

    def test_price_does_not_change_the_rank(self):
        self.at_third.price = 1

        self.assertEqual(self._roles(), ["main", "backup", "backup"])

    def test_new_line_is_ranked_at_once(self):
        offer = self._offer(self.product, self._vendor("Fourth"), sequence=0)

        self.assertEqual(
            self._roles(offer + self.offers), ["main", "backup", "backup", "backup"]
        )

    def test_manual_only_is_neither_main_nor_backup(self):
        self.at_first.manual_only = True

        self.assertEqual(self._roles(), ["manual", "main", "backup"])
        self.assertEqual(
            self.product._select_seller(quantity=1).partner_id, self.second
        )

    def test_price_breaks_of_a_vendor_are_one_vendor(self):
        at_hundred = self._offer(self.product, self.first, price=8, min_qty=100)
        at_thousand = self._offer(self.product, self.second, price=9, min_qty=1000)

        self.assertEqual(
            self._roles(self.offers + at_hundred + at_thousand),
            ["main", "backup", "backup", "main", "backup"],
        )
        self.assertEqual(self.product.backup_vendor_ids, self.second + self.third)
        self.assertEqual(self.product.backup_vendor_count, 2)

    def test_price_break_for_many_does_not_make_a_vendor_main(self):
        """Odoo's order puts the larger minimum first among lines of one sequence."""
        self.offers.sequence = 1
        self.at_second.min_qty = 100

        self.assertEqual(self._roles(), ["backup", "main", "backup"])

    def test_contact_of_a_vendor_is_the_same_vendor(self):
        contact = self._vendor("Desk", parent_id=self.first.id, is_company=False)
        self.at_third.partner_id = contact

        self.assertEqual(self._roles(), ["main", "backup", "main"])

    def _assert_first_does_not_count(self):
        self.assertEqual(self._roles(), [False, "main", "backup"])

    def test_line_that_expired_does_not_count(self):
        self.at_first.date_end = self._after(0).date()
        self.assertEqual(self._roles()[0], "main")

        self.at_first.date_end = self._after(-1).date()
        self._assert_first_does_not_count()

    def test_line_of_the_future_does_not_count(self):
        self.at_first.date_start = self._after(0).date()
        self.assertEqual(self._roles()[0], "main")

        self.at_first.date_start = self._after(1).date()
        self._assert_first_does_not_count()

    def test_line_of_an_archived_vendor_does_not_count(self):
        self.first.active = False

        self._assert_first_does_not_count()

    def test_vendor_that_is_out_keeps_its_role(self):
        self._disrupt(self.first)

        self.assertEqual(self._roles(), ["main", "backup", "backup"])
        self.assertEqual(self._read(self.offers, "is_disrupted"), [True, False, False])

    # Approval

    def test_line_that_needs_approval_does_not_count_without(self):
        self.at_first.approval_required = True

        self._assert_first_does_not_count()
        self.assertEqual(
            self.product._select_seller(quantity=1).partner_id, self.second
        )

    def test_approval_holds_until_its_last_day_in_the_company(self):
        """Midnight in Jakarta is 17:00 UTC, eight hours after now."""
        self.company.partner_id.tz = "Asia/Jakarta"
        self.at_first.write(
            {"approval_required": True, "approved_until": self._after(2).date()}
        )
        for days, hours, role, chosen in (
            (0, 0, "main", "First"),
            (2, 7.99, "main", "First"),
            (2, 8.01, False, "Second"),
        ):
            with freeze_time(self._after(days, hours)):
                self.assertEqual(self._roles()[0], role)
                self.assertEqual(
                    self.product._select_seller(quantity=1).partner_id.name, chosen
                )

    def test_approval_that_ran_out_does_not_hold_though_none_is_required(self):
        self.at_first.approved_until = self._after(-1).date()

        self._assert_first_does_not_count()

    # Companies and variants

    def test_figures_are_those_of_the_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.at_first.company_id = False
        self.at_second.company_id = other
        self.at_third.company_id = self.company

        def there(records, name):
            return self._fresh(records).with_company(other).mapped(name)

        self.assertEqual(
            self._fresh(self.offers).mapped("vendor_role"), ["main", False, "backup"]
        )
        self.assertEqual(there(self.offers, "vendor_role"), ["main", "backup", False])
        self.assertEqual(self.product.backup_vendor_ids, self.third)
        self.assertEqual(there(self.product, "backup_vendor_ids"), self.second)

    def _sizes(self):
        """A product in two sizes: First sells the small one, Second and Third both."""
        small, large = self._variants("Table")
        offers = self._offer(small, self.first, product_id=small.id)
        for vendor in (self.second, self.third):
            offers += self._offer(small, vendor)
        return small, large, offers

    def test_line_of_one_variant_does_not_count_for_another(self):
        small, large, _offers = self._sizes()

        self._fresh(small)
        self.assertEqual(small.main_vendor_id, self.first)
        self.assertEqual(small.backup_vendor_ids, self.second + self.third)
        self.assertEqual(large.main_vendor_id, self.second)
        self.assertEqual(large.backup_vendor_ids, self.third)

    def test_line_for_all_variants_shows_its_best_role(self):
        _small, _large, offers = self._sizes()

        self.assertEqual(self._roles(offers), ["main", "main", "backup"])

    def test_line_of_an_archived_variant_does_not_count(self):
        small, _large, offers = self._sizes()
        small.active = False

        self.assertEqual(self._roles(offers), [False, "main", "backup"])

    # Search, group

    def test_search_and_group_by_role(self):
        self.at_third.manual_only = True
        offers = self._fresh(self.offers)
        mine = ("id", "in", offers.ids)

        self.assertEqual(
            offers.search([mine, ("vendor_role", "=", "backup")]), self.at_second
        )
        self.assertEqual(
            dict(offers._read_group([mine], ["vendor_role"], ["__count"])),
            {"main": 1, "backup": 1, "manual": 1},
        )

    def test_search_products_by_vendor(self):
        template = self.product.product_tmpl_id
        mine = ("id", "=", template.id)

        for domain in (
            ("main_vendor_id", "=", self.first.id),
            ("main_vendor_id", "=", "First"),
            ("backup_vendor_ids", "in", self.third.ids),
            ("backup_vendor_ids", "not in", self.first.ids),
            ("backup_vendor_count", "=", 2),
        ):
            self.assertEqual(template.search([mine, domain]), template, domain)
        for domain in (
            ("main_vendor_id", "=", self.second.id),
            ("backup_vendor_ids", "in", self.first.ids),
            ("backup_vendor_ids", "not in", self.third.ids),
        ):
            self.assertFalse(template.search([mine, domain]), domain)
