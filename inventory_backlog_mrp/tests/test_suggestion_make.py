from odoo.addons.inventory_backlog.tests.suggestions import SuggestionCase

from .common import MrpBacklogCase


class TestSuggestionMake(SuggestionCase, MrpBacklogCase):
    """What is made is suggested to make, and what goes into it to buy."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kg = cls.env.ref("uom.product_uom_kgm")
        cls.gram = cls.env.ref("uom.product_uom_gram")
        cls.leg = cls._product("Leg")
        cls.seat = cls._product("Seat")
        cls.table = cls._product("Table")
        for part in (cls.leg, cls.seat):
            cls._offer(part, cls.first, 3, delay=2)
        cls.bom = cls._bom(cls.table, (cls.leg, 4), (cls.seat, 1))

    def test_a_made_product_is_suggested_to_make_and_its_components_to_buy(self):
        order = self._wanted(self.table, 5)
        counts = self._generate()
        self.assertEqual(counts["created"], 3)
        table = self._suggested(self.table)
        self.assertEqual(self._figures(table), [("make", 5, 0, 5)])
        self.assertEqual(table.able_to_make_qty, 0)
        leg = self._suggested(self.leg)
        self.assertEqual(self._figures(leg), [("buy", 20, 0, 20)])
        self.assertEqual(leg.line_ids.sudo().order_line_id, order.order_line)
        self.assertEqual(leg.sudo().released_value, 500)
        self.assertEqual(set(self._generate().values()), {0})

    def test_the_bottleneck_is_named(self):
        self._put_in_stock(self.leg, 14)
        self._put_in_stock(self.seat, 5)
        self._wanted(self.table, 5)
        table = self._suggest(self.table)
        self.assertEqual(table.able_to_make_qty, 3)
        self.assertEqual(table.bottleneck_id, self.leg)
        self.assertEqual(table.suggested_qty, 3)
        # Nobody knows when it is done, and no promise is called kept.
        self.assertFalse(table.arrival_date)
        self.assertEqual(table.sudo().saved_value, 0)
        self.assertEqual(self._suggested(self.leg).suggested_qty, 6)
        self.assertFalse(self._suggested(self.seat))
        self.assertEqual(set(self._generate().values()), {0})

    def test_with_all_components_it_is_done_after_its_lead_time(self):
        self.bom.produce_delay = 2
        self._put_in_stock(self.leg, 20)
        self._put_in_stock(self.seat, 5)
        self._wanted(self.table, 5, days=5)
        table = self._suggest(self.table)
        self.assertFalse(table.bottleneck_id)
        self.assertEqual(table.able_to_make_qty, 5)
        self.assertEqual(table.arrival_date, self._after(2).date())
        self.assertEqual(table.sudo().saved_value, 500)

    def test_accepted_becomes_a_draft_manufacturing_order(self):
        self._put_in_stock(self.leg, 14)
        self._put_in_stock(self.seat, 5)
        self._wanted(self.table, 5)
        table = self._suggest(self.table)
        table.action_accept()
        production = table.sudo().production_ids
        self.assertEqual((production.state, production.product_qty), ("draft", 3))
        self.assertEqual(table.state, "ordered")
        rest = self._suggested(self.table, state="proposed")
        self.assertEqual((rest.missing_qty, rest.able_to_make_qty), (2, 0))
        self.assertEqual(self._suggested(self.leg).suggested_qty, 6)
        self.assertEqual(set(self._generate().values()), {0})
        table.action_undo()
        self.assertEqual(self._suggested(self.table, state="proposed").missing_qty, 5)

    def test_grams_on_the_bill_of_a_component_in_kilograms(self):
        flour = self._product("Flour", uom_id=self.kg.id)
        bread = self._product("Bread")
        self._bom(bread, (flour, 500, {"product_uom_id": self.gram.id}))
        self._wanted(bread, 10)
        self.assertEqual(self._suggest(flour).shortage_qty, 5)

    def test_components_are_netted_once_over_all_levels(self):
        desk = self._product("Desk")
        self._bom(desk, (self.table, 1), (self.leg, 1))
        self._put_in_stock(self.leg, 7)
        self._wanted(self.leg, 2)
        self._wanted(desk, 2)
        self._generate()
        self.assertEqual(self._suggested(desk).missing_qty, 2)
        self.assertEqual(self._suggested(self.table).missing_qty, 2)
        # 2 sold, 2 in desks, 8 in tables; 7 in stock.
        self.assertEqual(self._suggested(self.leg).suggested_qty, 5)
        self.assertEqual(set(self._generate().values()), {0})

    def test_a_bill_that_contains_itself_is_reported(self):
        self.env["mrp.bom.line"].flush_model()
        knot = self._product("Knot")
        rope = self._product("Rope")
        self._bom(knot, (rope, 1))
        loop = self._bom(rope, (self.leg, 1))
        self.env.cr.execute(
            "UPDATE mrp_bom_line SET product_id = %s WHERE bom_id = %s",
            [knot.id, loop.id],
        )
        self.env.invalidate_all()
        self._wanted(knot, 2)
        self.assertEqual(self._suggest(knot).obstacle, "bom_cycle")
        self.assertFalse(self._suggested(rope))
        self.assertEqual(set(self._generate().values()), {0})

    def test_a_confirmed_order_passes_its_need_on(self):
        order = self._wanted(self.table, 2)
        self._start(self.table, 2)
        leg = self._suggest(self.leg)
        self.assertEqual(leg.suggested_qty, 8)
        self.assertEqual(leg.line_ids.sudo().order_line_id, order.order_line)
        self.assertEqual(leg.sudo().released_value, 200)
