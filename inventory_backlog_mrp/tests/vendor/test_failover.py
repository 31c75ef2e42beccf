from unittest import SkipTest

from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from odoo.addons.inventory_backlog.tests.vendors import VendorCase

from ..common import MrpBacklogCase


@tagged("post_install", "-at_install")
class TestFailoverBom(MrpBacklogCase, VendorCase):
    """Components of a vendor that is out: in the BoM overview and in production."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.table_set = cls._product("Set")
        cls.bom = cls._bom(cls.table_set, (cls.product, 2))

    def _component(self):
        """The component in the BoM overview."""
        self._fresh(self.bom)
        report = self.env["report.mrp.report_bom_structure"]
        return report._get_report_data(self.bom.id)["lines"]["components"][0]

    def _overview(self):
        component = self._component()
        return component["route_detail"], component["lead_time"]

    def _disrupt_all(self, **days):
        for vendor in (self.first, self.second, self.third):
            self._disrupt(vendor, **days)

    def test_overview_shows_who_would_be_bought_from(self):
        self.assertEqual(self._overview(), ("First", 2))

        self._disrupt(self.first, until=3)
        self.assertEqual(self._overview(), ("Second", 4))
        with freeze_time(self._after(4)):
            self.assertEqual(self._overview(), ("First", 2))

    def test_overview_opens_while_all_are_out(self):
        self._disrupt_all()

        self.assertFalse(self._component().get("supplier"))

    def _produce_to_order(self):
        mto = self.warehouse.mto_pull_id.route_id
        mto.active = True
        self.product.route_ids = mto + self.buy
        return self._start(self.table_set, 1)

    def test_component_bought_for_a_production_comes_from_the_backup(self):
        self._disrupt(self.first)
        self._produce_to_order()

        self.assertEqual(self._bought(), [("Second", 2)])

    def test_why_says_that_the_vendor_of_raw_material_is_out(self):
        order = self._order(self.table_set, 1)
        production = self._start(self.table_set, 1)
        waits = f"{production.name} waits for 2 Units of Chair."
        out = "First is out until further notice: Flood."

        self.assertNotIn(out, self._verdict(order))
        self._disrupt(self.first)
        self.assertLess({waits, out}, set(self._verdict(order)))

    def test_why_says_that_the_vendor_who_has_the_order_is_out(self):
        order = self._order(self.table_set, 1)
        self._start(self.table_set, 1)
        self._purchase(self.product, 2, vendor=self.second)
        self._disrupt(self.second)

        self.assertIn(
            "Second is out until further notice: Flood.", self._verdict(order)
        )

    def test_why_says_it_too_of_what_has_to_be_picked(self):
        self.warehouse.manufacture_steps = "pbm"
        order = self._order(self.table_set, 1)
        self._start(self.table_set, 1)
        self._disrupt(self.first)

        self.assertIn("First is out until further notice: Flood.", self._verdict(order))

    def _verdict(self, order):
        self.env.invalidate_all()
        line = self._line(order.order_line).with_user(self.seller)
        return line.why["verdict"]

    def test_production_waits_for_its_component_while_all_are_out(self):
        self._disrupt_all()
        production = self._produce_to_order()

        self.assertEqual(self._bought(), [])
        self.assertEqual(production.state, "confirmed")
        self.assertEqual(production.move_raw_ids.state, "confirmed")

    def test_kits_that_wait_for_a_component_show_on_its_row(self):
        kit = self._kit("Kit", (self.product, 2))
        self._order(kit, 1)
        self._order(self.product, 3)
        purchase = self._purchase(self.product, 5, vendor=self.first, days=2)
        disruption = self._fresh(self._disrupt(self.first)).with_user(self.buyer)
        [row] = disruption.impact["products"]
        self.assertEqual((disruption.impact["lines"], row["waiting"]), (2, 2))
        self.assertEqual(row["ordered"], "5 Units")
        # What nobody has ordered is bought for the chairs alone.
        cost = row["backup"]["cost"]
        purchase.button_cancel()
        [row] = self._fresh(disruption).impact["products"]
        self.assertEqual(row["waiting"], 2)
        self.assertNotEqual(row["backup"]["cost"], cost)

    def test_who_waits_for_a_production_waits_for_the_vendor_of_its_component(self):
        shelf = self._product("Shelf")
        self._bom(shelf, (self.table_set, 1))
        self._order(self.product, 3)
        self._order(self.table_set, 1)
        self._order(shelf, 1)
        for product in (shelf, self.table_set):
            self._start(product, 2 if product == self.table_set else 1)
        purchase = self._purchase(self.product, 7, vendor=self.first, days=2)
        disruption = self._fresh(self._disrupt(self.first)).with_user(self.buyer)
        [row] = disruption.impact["products"]
        self.assertEqual((disruption.impact["lines"], row["waiting"]), (3, 3))
        # Also where nobody has ordered it yet.
        purchase.button_cancel()
        self.assertEqual(self._fresh(disruption).impact["lines"], 3)

    def test_who_waits_for_what_is_picked_for_a_production_waits_too(self):
        self.warehouse.manufacture_steps = "pbm"
        self._order(self.table_set, 1)
        self._start(self.table_set, 1)
        self._purchase(self.product, 2, vendor=self.first, days=2)
        disruption = self._fresh(self._disrupt(self.first)).with_user(self.buyer)
        [row] = disruption.impact["products"]
        self.assertEqual((disruption.impact["lines"], row["waiting"]), (1, 1))

    def test_who_waits_for_two_products_of_the_vendor_shows_on_both_rows(self):
        steel, board = (self._product(name) for name in ("Steel", "Board"))
        frame, shelf = (self._product(name) for name in ("Frame", "Shelf"))
        self._bom(frame, (steel, 1))
        self._bom(shelf, (board, 1), (frame, 1))
        for product in (steel, board):
            self._offer(product, self.first)
        self._order(shelf, 1)
        for product in (shelf, frame):
            self._start(product, 1)
        impact = self._fresh(self._disrupt(self.first)).with_user(self.buyer).impact
        rows = {row["product"]: row["waiting"] for row in impact["products"]}
        self.assertEqual((rows["Steel"], rows["Board"]), (1, 1))
        self.assertEqual(impact["lines"], 1)

    def test_what_is_still_to_come_of_a_bought_kit_is_told_in_kits(self):
        kit = self._kit("Kit", (self.product, 2), (self._product("Seat"), 1))
        purchase = self._purchase(kit, 4, vendor=self.first, days=2)
        disruption = self._disrupt(self.first, kit)
        for came, ordered in ((0, "4 Units"), (2, "3 Units")):
            if came:
                self._receive(purchase, came, 1)
            impact = self._fresh(disruption).with_user(self.buyer).impact
            self.assertEqual([row["ordered"] for row in impact["products"]], [ordered])

    def test_receipt_of_a_bought_kit_counts_its_components(self):
        kit = self._kit("Kit", (self.product, 2))
        at_first = self._offer(kit, self.first)
        self._delivered(self.first, product=kit, quantity=3)

        self._fresh(at_first)
        self.assertEqual((at_first.receipt_count, at_first.on_time_rate), (1, 100))
        self.assertEqual(at_first.in_full_rate, 100)

    def test_kits_that_did_not_come_are_closed_short(self):
        kit = self._kit("Kit", (self.product, 2))
        at_first = self._offer(kit, self.first)
        purchase = self._purchase(kit, 4, vendor=self.first, days=2)
        self._receive(purchase, 6, backorder=False)

        self._fresh(at_first)
        self.assertEqual((at_first.on_time_rate, at_first.in_full_rate), (75, 75))


@tagged("post_install", "-at_install")
class TestFailoverSubcontract(MrpBacklogCase, VendorCase):
    """Goods that a vendor makes of our components."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "subcontractor_ids" not in cls.env["mrp.bom"]._fields:
            raise SkipTest("mrp_subcontracting is not installed")
        cls.leg = cls._product("Leg")
        cls.bom = cls._bom(
            cls.product,
            (cls.leg, 4),
            bom_type="subcontract",
            subcontractor_ids=[Command.set((cls.first + cls.second).ids)],
        )

    def _overview(self):
        self._fresh(self.bom)
        report = self.env["report.mrp.report_bom_structure"]
        lines = report._get_report_data(self.bom.id)["lines"]
        return lines.get("subcontracting", {}).get("name"), lines["bom_cost"]

    def test_cost_is_that_of_the_subcontractor_that_can_deliver(self):
        self.assertEqual(self._overview(), ("First", 10))

        disruption = self._disrupt(self.first)
        self.assertEqual(self._overview(), ("Second", 12))

        disruption.active = False
        self.assertEqual(self._overview(), ("First", 10))

    def test_overview_opens_while_all_subcontractors_are_out(self):
        self._disrupt(self.first)
        self._disrupt(self.second)

        self.assertEqual(self._overview(), (None, 0))

    def test_subcontracted_receipt_and_its_return_count(self):
        purchase = self._delivered(self.first, quantity=10)
        self._return(purchase.picking_ids, 2)

        self._fresh(self.at_first)
        self.assertEqual(
            (
                self.at_first.receipt_count,
                self.at_first.on_time_rate,
                self.at_first.reject_rate,
            ),
            (1, 100, 20),
        )
