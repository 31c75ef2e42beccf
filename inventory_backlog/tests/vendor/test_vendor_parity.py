from odoo.tests import tagged

from ..vendors import VendorCase


@tagged("post_install", "-at_install")
class TestVendorParity(VendorCase):
    """How close a backup comes to the main vendor, criterion by criterion. Here both
    ask 10, unless said otherwise."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.at_first + cls.at_second).price = 10
        cls.company.write(
            {
                "backlog_tolerance_quality": 5,
                "backlog_tolerance_on_time": 10,
                "backlog_tolerance_lead_days": 3,
                "backlog_tolerance_price": 10,
            }
        )

    def _deliver(self, vendor, *receipts):
        """Receipts after so many days, each in time or days late, and so many of ten
        returned: ``(days, late, rejected)``."""
        for days, late, rejected in receipts:
            purchase = self._delivered(
                vendor, ordered=-30, promised=-30 + days - late, came=-30 + days
            )
            if rejected:
                self._return(purchase.picking_ids, rejected)

    def _compare(self, criterion):
        """``(parity, within the tolerance)`` of the second vendor."""
        [offer] = self._fresh(self.at_second).with_user(self.buyer)
        return offer.parity_state, offer.vendor_criteria[criterion][2]

    def test_main_vendor_is_the_yardstick(self):
        self._deliver(self.first, (4, 0, 0))

        self.assertEqual(self._read(self.at_first, "parity_state"), ["main"])

    def test_line_that_does_not_count_has_no_parity(self):
        self._deliver(self.second, (4, 0, 0))
        self.second.active = False

        self.assertEqual(self._read(self.at_second, "parity_state"), [False])
        self.assertFalse(self._read(self.at_second, "vendor_lights")[0])

    def test_backup_without_receipts_is_unproven(self):
        self._deliver(self.first, (4, 0, 0))

        self.assertEqual(self._read(self.at_second, "parity_state"), ["unproven"])

    def test_backup_is_unproven_under_so_many_receipts(self):
        self.company.backlog_vendor_min_receipts = 3
        self._deliver(self.first, (4, 0, 0))
        self._deliver(self.second, *[(4, 0, 0)] * 2)
        self.assertEqual(self._read(self.at_second, "parity_state"), ["unproven"])

        self._deliver(self.second, (4, 0, 0))
        self.assertEqual(self._read(self.at_second, "parity_state"), ["at_parity"])

    def test_receipts_of_other_products_prove_nothing(self):
        self.company.backlog_vendor_min_receipts = 2
        for _ in range(3):
            self._delivered(self.second, product=self._product("Table"), ordered=-1)
        self.assertEqual(self._read(self.at_second, "parity_state"), ["unproven"])
        self.assertEqual(self._read(self.at_second, "measure_scope"), ["vendor"])

        self._delivered(self.second, ordered=-1)
        self.assertEqual(self._read(self.at_second, "parity_state"), ["unproven"])

        self._delivered(self.second, ordered=-1)
        self.assertEqual(self._read(self.at_second, "parity_state"), ["at_parity"])

    def test_equal_is_at_parity(self):
        self._deliver(self.first, (4, 0, 0))
        self._deliver(self.second, (4, 0, 0))

        self.assertEqual(self._read(self.at_second, "parity_state"), ["at_parity"])

    def test_better_is_at_parity(self):
        self._deliver(self.first, (4, 2, 3))
        self._deliver(self.second, (1, 0, 0))
        self.at_second.price = 5

        self.assertEqual(self._read(self.at_second, "parity_state"), ["at_parity"])

    def test_quality_exactly_at_the_tolerance_is_at_parity(self):
        self.company.write(
            {
                "backlog_weight_accepted": 1,
                "backlog_weight_on_time": 0,
                "backlog_weight_steady": 0,
                "backlog_tolerance_quality": 20,
            }
        )
        self._deliver(self.first, (4, 0, 1))
        self._deliver(self.second, (4, 0, 3))
        self.assertEqual(self._compare("quality"), ("at_parity", True))

        self.company.backlog_tolerance_quality = 19.9
        self.assertEqual(self._compare("quality"), ("below", False))

    def test_on_time_exactly_at_the_tolerance_is_at_parity(self):
        self.company.write(
            {"backlog_tolerance_quality": 100, "backlog_tolerance_on_time": 50}
        )
        self._deliver(self.first, (4, 0, 0))
        self._deliver(self.second, (4, 0, 0), (4, 1, 0))
        self.assertEqual(self._compare("on_time"), ("at_parity", True))

        self.company.backlog_tolerance_on_time = 49.9
        self.assertEqual(self._compare("on_time"), ("below", False))

    def test_lead_time_exactly_at_the_tolerance_is_at_parity(self):
        self._deliver(self.first, (4, 0, 0))
        self._deliver(self.second, (7, 0, 0))
        self.assertEqual(self._compare("lead_time"), ("at_parity", True))

        self.company.backlog_tolerance_lead_days = 2.9
        self.assertEqual(self._compare("lead_time"), ("below", False))

    def test_lead_time_of_a_main_vendor_never_measured_is_the_one_it_states(self):
        self._deliver(self.second, (6, 0, 0))
        self.assertEqual(self._compare("lead_time"), ("below", False))

        self.at_first.delay = 3
        self.assertEqual(self._compare("lead_time"), ("at_parity", True))

    def test_price_exactly_at_the_tolerance_is_at_parity(self):
        self._deliver(self.second, (2, 0, 0))
        self.at_second.price = 11
        self.assertEqual(self._compare("price"), ("at_parity", True))

        self.at_second.price = 11.01
        self.assertEqual(self._compare("price"), ("below", False))

    def test_price_of_0_is_none_to_compare_with(self):
        """Nobody has filled it in: the backup is not dear, and no bargain."""
        self._deliver(self.second, (2, 0, 0))
        self.at_first.price = 0
        self.at_second.price = 12
        self.assertEqual(self._compare("price"), ("at_parity", True))

        self.at_first.price = 10
        self.at_second.price = 0
        self._compare("price")
        self.assertEqual(
            self._fresh(self.at_second).vendor_criteria["price"], [None, 10, True]
        )
        lights = self._fresh(self.at_second).with_user(self.buyer).vendor_lights
        self.assertEqual(lights["rows"][-1]["light"], "unknown")

    def test_tolerance_of_0_allows_no_difference(self):
        self.company.backlog_tolerance_price = 0
        self._deliver(self.second, (2, 0, 0))
        self.assertEqual(self._compare("price"), ("at_parity", True))

        self.at_second.price = 10.01
        self.assertEqual(self._compare("price"), ("below", False))

    def test_price_is_compared_net_of_discount_and_per_unit_of_the_product(self):
        self._deliver(self.second, (2, 0, 0))
        self.at_second.write(
            {"price": 240, "discount": 50, "product_uom_id": self.dozen.id}
        )
        self.assertEqual(self._compare("price"), ("at_parity", True))
        self.assertEqual(
            self._fresh(self.at_second).vendor_criteria["price"][:2], [10, 10]
        )

    def test_price_is_compared_in_the_currency_of_the_company(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "name": "2030-01-01", "rate": 4}
        )
        self._deliver(self.second, (2, 0, 0))
        self.at_second.write({"currency_id": euro.id, "price": 44})
        self.assertEqual(self._compare("price"), ("at_parity", True))

        self.at_second.price = 45
        self.assertEqual(self._compare("price"), ("below", False))

    def test_price_break_is_compared_with_what_main_asks_for_that_quantity(self):
        self._deliver(self.second, (2, 0, 0))
        self._offer(self.product, self.first, price=5, min_qty=100)
        at_hundred = self._offer(self.product, self.second, price=6, min_qty=100)

        self.assertEqual(
            self._fresh(at_hundred).vendor_criteria["price"], [6, 5, False]
        )
        self.assertEqual(self._compare("price"), ("at_parity", True))

    def test_one_criterion_below_is_below(self):
        self._deliver(self.first, (4, 0, 0))
        self._deliver(self.second, (4, 0, 0))
        self.at_second.price = 20

        criteria = self._fresh(self.at_second).vendor_criteria
        self.assertEqual(
            {name: within for name, (_own, _main, within) in criteria.items()},
            {"quality": True, "on_time": True, "lead_time": True, "price": False},
        )
        self.assertEqual(self.at_second.parity_state, "below")

    def test_criterion_without_a_figure_of_the_main_vendor_is_left_out(self):
        self._deliver(self.second, (2, 1, 5))

        self.assertEqual(self._compare("quality"), ("at_parity", True))
        self.assertEqual(self._compare("on_time"), ("at_parity", True))

    def test_tolerances_are_those_of_the_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        other.write({"backlog_tolerance_price": 200, "backlog_vendor_min_receipts": 1})
        self._deliver(self.second, (2, 0, 0))
        self.at_second.price = 20
        self.offers.company_id = False

        self.assertEqual(self._compare("price"), ("below", False))
        there = self._fresh(self.at_second).with_company(other)
        self.assertEqual(there.parity_state, "unproven")
        self.assertTrue(there.vendor_criteria["price"][2])

    def test_search_by_parity(self):
        self._deliver(self.second, (2, 0, 0))

        self.assertEqual(
            self._fresh(self.offers).search(
                [("id", "in", self.offers.ids), ("parity_state", "=", "at_parity")]
            ),
            self.at_second,
        )

    # Lights

    def _lights(self, offer, user=None):
        lights = self._fresh(offer).with_user(user or self.buyer).vendor_lights
        return {row["name"]: row for row in lights["rows"]}, lights

    def test_lights_show_the_figures_and_the_sample(self):
        self._deliver(self.first, (4, 0, 0))
        self._deliver(self.second, (4, 2, 0))
        rows, lights = self._lights(self.at_second)

        self.assertEqual(
            [row["light"] for row in rows.values()], ["below", "below", "ok", "ok"]
        )
        self.assertEqual(
            (rows["on_time"]["value"], rows["on_time"]["main"]), ("0 %", "100 %")
        )
        self.assertEqual(rows["price"]["value"], self._money(10))
        self.assertEqual(lights["title"], "Below")
        self.assertEqual(lights["sample"], "1 receipts of this product in 365 days.")

    def test_lights_of_an_unproven_vendor_are_unknown_but_for_the_price(self):
        rows, lights = self._lights(self.at_second)

        self.assertEqual(
            [row["light"] for row in rows.values()], ["unknown"] * 3 + ["ok"]
        )
        self.assertEqual(lights["title"], "Unproven")
        self.assertEqual(lights["sample"], "No receipts in 365 days.")
