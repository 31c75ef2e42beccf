from odoo.tests import freeze_time, tagged

from ..vendors import VendorCase


@tagged("post_install", "-at_install")
class TestVendorResilience(VendorCase):
    """How well a product can do without a vendor."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.offers.price = 10
        cls.template = cls.product.product_tmpl_id

    def _prove(self, *vendors):
        for vendor in vendors:
            self._delivered(vendor, ordered=-1)

    def _resilience(self, product=None):
        """The same of the product and of its only variant."""
        template = self._fresh((product or self.product).product_tmpl_id)
        self.assertEqual(
            template.vendor_resilience, template.product_variant_id.vendor_resilience
        )
        return template.with_user(self.seller).vendor_resilience

    def test_no_vendor(self):
        self.offers.unlink()

        self.assertEqual(self._resilience(), "none")
        self.assertFalse(self.template.main_vendor_id)

    def test_no_vendor_that_counts(self):
        self.at_first.manual_only = True
        self.at_second.approval_required = True
        self.third.active = False

        self.assertEqual(self._resilience(), "none")

    def test_main_only_is_exposed(self):
        (self.at_second + self.at_third).unlink()

        self.assertEqual(self._resilience(), "exposed")
        self.assertEqual(self.template.backup_vendor_count, 0)

    def test_manual_only_is_no_backup(self):
        (self.at_second + self.at_third).manual_only = True

        self.assertEqual(self._resilience(), "exposed")

    def test_one_backup_is_thin_even_at_parity(self):
        self.at_third.unlink()
        self._prove(self.first, self.second)

        self.assertEqual(self._resilience(), "thin")

    def test_backups_that_are_not_at_parity_are_thin(self):
        self._prove(self.first, self.second)

        self.assertEqual(
            self._read(self.offers, "parity_state"), ["main", "at_parity", "unproven"]
        )
        self.assertEqual(self._resilience(), "thin")

    def test_two_backups_at_parity_are_resilient(self):
        self._prove(self.second, self.third)

        self.assertEqual(self._resilience(), "resilient")
        self.assertEqual(self.template.backup_vendor_count, 2)

    def test_backups_that_never_delivered_this_product_are_thin(self):
        table = self._product("Table")
        for vendor in (self.second, self.third):
            self._delivered(vendor, product=table, ordered=-1)

        self.assertEqual(
            self._read(self.offers, "parity_state"), ["main", "unproven", "unproven"]
        )
        self.assertEqual(self._resilience(), "thin")

    def test_main_vendor_that_is_out_does_not_count(self):
        """The first backup stands in for it; one backup is left."""
        self._prove(self.second, self.third)
        self._disrupt(self.first)
        self.assertEqual(self._resilience(), "thin")

        fourth = self._vendor("Fourth")
        self._offer(self.product, fourth)
        self._prove(fourth)
        self.assertEqual(self._resilience(), "resilient")

    def test_backup_that_is_out_does_not_count(self):
        self._prove(self.second, self.third)
        disruption = self._disrupt(self.third, until=3)
        self.assertEqual(self._resilience(), "thin")
        self.assertEqual(self.template.backup_vendor_count, 1)
        self.assertEqual(self.template.backup_vendor_ids, self.second + self.third)

        self._disrupt(self.second, until=3)
        self.assertEqual(self._resilience(), "exposed")

        disruption.active = False
        self.assertEqual(self._resilience(), "thin")
        with freeze_time(self._after(4)):
            disruption.active = True
            self.assertEqual(self._resilience(), "resilient")

    def test_all_out_is_none(self):
        for vendor in (self.first, self.second, self.third):
            self._disrupt(vendor)

        self.assertEqual(self._resilience(), "none")
        self.assertEqual(self.template.main_vendor_id, self.first)

    def test_vendors_of_one_parent_company_are_one_source(self):
        self._prove(self.second, self.third)
        group = self._vendor("Group")
        self.second.parent_id = self.third.parent_id = group
        self.assertEqual(self._resilience(), "thin")
        self.assertEqual(self.template.backup_vendor_count, 1)

        self.first.parent_id = group
        self.assertEqual(self._resilience(), "exposed")
        self.assertEqual(self.template.backup_vendor_count, 0)

    def test_grandparent_company_is_one_source(self):
        self.at_third.unlink()
        group = self._vendor("Group")
        self.second.parent_id = self._vendor("Branch", parent_id=group.id)
        self.first.parent_id = group

        self.assertEqual(self._resilience(), "exposed")

    def test_of_a_product_it_is_that_of_its_weakest_variant(self):
        small, large = self._variants("Table")
        for vendor in (self.first, self.second):
            self._offer(small, vendor)
        self.assertEqual(self._fresh(small.product_tmpl_id).vendor_resilience, "thin")

        small.product_tmpl_id.seller_ids[1].product_id = small
        self._fresh(small)
        self.assertEqual(small.vendor_resilience, "thin")
        self.assertEqual(large.vendor_resilience, "exposed")
        self.assertEqual(small.product_tmpl_id.vendor_resilience, "exposed")
        self.assertEqual(small.product_tmpl_id.backup_vendor_count, 0)
        self.assertEqual(small.product_tmpl_id.backup_vendor_ids, self.second)

    def test_services_and_what_is_not_bought_have_none(self):
        self.template.purchase_ok = False
        service = self.env["product.product"].create(
            {"name": "Assembly", "type": "service"}
        )
        self._offer(service, self.first)

        self.assertIs(self._resilience(), False)
        self.assertIs(self._resilience(service), False)

    def test_it_is_that_of_the_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.offers.company_id = self.company
        self.at_first.company_id = other

        self.assertEqual(self._resilience(), "thin")
        self.assertEqual(self.template.with_company(other).vendor_resilience, "exposed")

    # The risk list

    def _products_at_risk(self):
        """A chair with three vendors, a table with one, a lamp with none; a quarter of
        what customers wait for hangs on each but half on the lamp."""
        self.table = self._product("Table")
        self._offer(self.table, self.first)
        self.lamp = self._product("Lamp")
        self._order((self.product, 1), (self.table, 1), (self.lamp, 2))
        return (self.product + self.table + self.lamp).product_tmpl_id

    def test_products_are_searched_by_resilience(self):
        templates = self._fresh(self._products_at_risk()).with_user(self.seller)
        mine = ("id", "in", templates.ids)

        def found(operator, value):
            return templates.search(
                [mine, ("vendor_resilience", operator, value)]
            ).mapped("name")

        self.assertEqual(found("=", "thin"), ["Chair"])
        self.assertEqual(sorted(found("in", ["none", "exposed"])), ["Lamp", "Table"])
        self.assertEqual(found("!=", "thin"), found("in", ["none", "exposed"]))

    def test_open_value_is_grouped_and_summed_by_resilience(self):
        templates = self._fresh(self._products_at_risk())
        seller = templates.with_user(self.seller)
        groups = seller._read_group(
            [("id", "in", templates.ids)], ["vendor_resilience"], ["open_value:sum"]
        )

        self.assertEqual(dict(groups), {"thin": 100, "exposed": 100, "none": 200})

    def test_groups_come_with_the_most_exposed_first_and_empty_ones_too(self):
        templates = self._fresh(self._products_at_risk())
        groups = templates.with_context(read_group_expand=True).web_read_group(
            [("id", "in", templates.ids)], ["vendor_resilience"], ["open_value:sum"]
        )["groups"]

        self.assertEqual(
            [group["vendor_resilience"] for group in groups],
            ["none", "exposed", "thin", "resilient"],
        )

    def test_products_are_sorted_by_what_hangs_on_them(self):
        templates = self._fresh(self._products_at_risk()).with_user(self.seller)
        found = templates.search(
            [("id", "in", templates.ids), ("vendor_resilience", "!=", "resilient")],
            order="open_value desc, id",
        )

        self.assertEqual(found.mapped("name"), ["Lamp", "Chair", "Table"])
