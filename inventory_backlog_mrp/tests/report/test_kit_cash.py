from odoo.tests import tagged

from odoo.addons.inventory_backlog.tests.report.test_cash import CashCase

from ..common import TableCase


@tagged("post_install", "-at_install")
class TestKitCash(CashCase, TableCase):
    """Customers pay for whole kits, vendors get money for components, and what is
    produced costs no purchase."""

    def test_kit_in_all_its_parts(self):
        """Of 10 tables 2 are here, 3 are on their way, and 5 lack legs."""
        self._sold_by(self.leg, price=3, delay=9)
        self._put_in_stock(self.top, 2)
        self._put_in_stock(self.leg, 8)
        self._purchase((self.top, 8), days=6)
        self._purchase((self.leg, 12), days=4)
        order = self._order(self.table, 10)

        self.assertEqual(self._split(order.order_line), [(10, 2, 3, 5)])
        self.assertEqual(
            self._cash(order),
            {("ready", 0): 200, ("incoming", 6): 300, ("to_source", 9): 500},
        )
        self.assertEqual(
            self._cash(order, "pay"),
            {("incoming", 6): -80, ("incoming", 4): -120, ("to_source", 9): -60},
        )
        self.assertEqual(self._rows(order, flow="pay").product_id, self.top + self.leg)

    def test_kit_to_source_waits_for_its_last_component(self):
        self._sold_by(self.leg, delay=3)
        self._purchase((self.top, 1), days=20)
        order = self._order(self.table, 1)

        self.assertEqual(self._cash(order), {("to_source", 20): 100})

    def test_kit_with_a_component_that_nobody_sells(self):
        self._sold_by(self.leg)
        order = self._order(self.table, 1)

        self.assertEqual(self._cash(order), {("to_source", None): 100})
        self.assertEqual(self._cash(order, "pay"), {("to_source", 5): -40})

    def test_deposit_of_kits(self):
        self.table.invoice_policy = "order"
        self._put_in_stock(self.top, 10)
        self._put_in_stock(self.leg, 10)
        order = self._order(self.table, 3)
        self._pay(order, 90)

        # Whole desks only: two are ready, the third lacks legs. All are invoiced.
        self.assertEqual(self._cash(order), {("ready", 0): 140, ("to_source", 0): 70})
        self.assertEqual(
            self._cash(order, "deposit", "deposit_value"),
            {("ready", 0): 60, ("to_source", None): 30},
        )

    def test_bought_kit_costs_its_share_by_pieces(self):
        """Ten desks at 10 come as 50 pieces: 2 a piece."""
        purchase = self._purchase((self.table, 10), days=4)
        self.assertEqual(
            sorted(purchase.order_line.move_ids.mapped("product_qty")), [10, 40]
        )
        order = self._order(self.table, 5)

        self.assertEqual(self._cash(order), {("incoming", 4): 500})
        self.assertEqual(self._cash(order, "pay"), {("incoming", 4): -50})

    def test_production_pays_no_vendor(self):
        table = self._product("Table")
        self._bom(table, (self.leg, 4))
        self._start(table, 5, days=3)
        order = self._order(table, 5)

        self.assertEqual(self._cash(order), {("incoming", 3): 500})
        self.assertEqual(self._cash(order, "pay"), {})

    def test_kits_and_other_lines_of_an_order_leave_together(self):
        self._put_in_stock(self.product, 5)
        self._put_in_stock(self.leg, 40)
        self._purchase((self.top, 10), days=7)
        order = self._order((self.product, 2), (self.table, 3), picking_policy="one")

        self.assertEqual(self._cash(order), {("blocked", 7): 200, ("incoming", 7): 300})

    def test_cents_of_kits_add_up(self):
        third = {"nb_days": 0}
        term = self._term((33.33, third), (33.33, third), (33.34, third))
        self._put_in_stock(self.top, 1)
        self._put_in_stock(self.leg, 100)
        self._purchase((self.top, 1), days=7)
        order = self._order(
            (self.table, 3, {"price_unit": 0.37}), payment_term_id=term.id
        )
        line = self._line(order.order_line)

        self.assertAlmostEqual(
            sum(self._rows(order, flow="receive").mapped("amount")),
            line.open_value,
            6,
        )
        self.assertAlmostEqual(line.open_value, 1.11, 6)
