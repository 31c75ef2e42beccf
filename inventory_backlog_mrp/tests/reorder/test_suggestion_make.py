from ..common import MrpSuggestionCase


class TestSuggestionMake(MrpSuggestionCase):
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

    def test_raw_material_is_used_not_sold(self):
        plank = self._product("Plank")
        table = self._product("Table")
        self._bom(table, (plank, 13))
        self._put_in_stock(plank, 26)
        self._finish(self._start(table, 2))

        sold = self.env["backlog.plan"]._weekly_sales(plank + table)
        self.assertEqual((sold[plank.id], sold[table.id]), (2, 0))

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

    def test_the_cost_is_of_what_can_be_made(self):
        self.table.standard_price = 520
        self._put_in_stock(self.leg, 8)
        self._put_in_stock(self.seat, 5)
        self._wanted(self.table, 5)
        table = self._suggest(self.table)
        self.assertEqual((table.suggested_qty, table.estimated_cost), (2, 1040))
        self.assertEqual(set(self._generate().values()), {0})

        self._put_in_stock(self.leg, 12)
        table = self._suggest(self.table)
        self.assertEqual((table.suggested_qty, table.estimated_cost), (5, 2600))

    def test_what_can_be_made_releases_its_part_of_the_value(self):
        self.table.standard_price = 10
        self._put_in_stock(self.leg, 12)
        self._put_in_stock(self.seat, 6)
        self._wanted(self.table, 2, days=4)
        self._wanted(self.table, 4, days=6, price=50)
        table = self._suggest(self.table)
        self.assertEqual((table.suggested_qty, table.estimated_cost), (3, 30))
        # Two of the first, and one of four of the second.
        self.assertEqual(table.sudo().released_value, 250)
        self.assertEqual(set(self._generate().values()), {0})
        self._put_in_stock(self.leg, 12)
        self.assertEqual(self._suggest(self.table).sudo().released_value, 400)

    def test_what_is_made_for_a_delivery_to_order_is_linked_to_it(self):
        mto = self.warehouse.mto_pull_id.route_id
        mto.active = True
        make = self.warehouse.manufacture_pull_id.route_id
        make.product_selectable = True
        self.table.route_ids = mto + make
        order = self._wanted(self.table, 5)
        [production] = self.env["mrp.production"].search(
            [("product_id", "=", self.table.id)]
        )
        production.action_cancel()
        move = order.sudo().picking_ids.move_ids
        move.procure_method = "make_to_order"
        self._changed_later()
        suggestion = self._suggest(self.table, state="proposed")
        self.assertEqual(suggestion.missing_qty, 5)
        suggestion.action_accept()
        made = suggestion.sudo().production_ids
        self.assertEqual(made.move_dest_ids, move)
        self.assertFalse(self._suggest(self.table, state="proposed"))

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

    def _in_batches(self, size):
        self.bom.write({"enable_batch_size": True, "batch_size": size})
        self._put_in_stock(self.seat, 100)

    def test_whole_batches_are_suggested(self):
        self._in_batches(10)
        self._wanted(self.table, 14)
        table = self._suggest(self.table)
        self.assertEqual((table.shortage_qty, table.missing_qty), (14, 20))
        self.assertIn("Made in batches of 10", table.explanation)
        self.assertIn("6 Units extra", table.explanation.replace("\xa0", " "))
        self.assertEqual(self._suggested(self.leg).suggested_qty, 80)
        self._put_in_stock(self.leg, 60)
        table = self._suggest(self.table)
        self.assertEqual((table.able_to_make_qty, table.suggested_qty), (10, 10))
        self.assertEqual(set(self._generate().values()), {0})
        table.action_accept()
        self.assertEqual(table.sudo().production_ids.mapped("product_qty"), [10])
        rest = self._suggested(self.table, state="proposed")
        self.assertEqual((rest.missing_qty, rest.able_to_make_qty), (10, 0))

    def test_a_batch_in_dozens_is_shared_out_in_units(self):
        self.bom.write({"product_uom_id": self.dozen.id, "product_qty": 1})
        self._in_batches(2)
        self._wanted(self.table, 30)
        table = self._suggest(self.table)
        self.assertEqual(table.missing_qty, 48)
        self._accept((table, 20))
        self.assertEqual(table.sudo().production_ids.mapped("product_qty"), [2])
        self.assertEqual(table.suggested_qty, 24)

    def test_a_cancelled_production_does_not_keep_the_others_from_being_undone(self):
        self._in_batches(2)
        self._put_in_stock(self.leg, 100)
        self._wanted(self.table, 4)
        table = self._suggest(self.table)
        table.action_accept()
        cancelled, draft = table.sudo().production_ids
        cancelled.action_cancel()
        self.assertTrue(self._fresh(table).can_undo)
        table.action_undo()
        self.assertTrue(cancelled.exists())
        self.assertFalse(draft.exists())
        self.assertEqual(self._suggested(self.table, state="proposed").missing_qty, 4)

    def test_the_rest_of_a_production_keeps_the_suggestion_under_way(self):
        self._put_in_stock(self.leg, 20)
        self._put_in_stock(self.seat, 5)
        self._wanted(self.table, 5)
        table = self._suggest(self.table)
        table.action_accept()
        production = table.sudo().production_ids
        production.action_confirm()
        production.qty_producing = 3
        production._set_qty_producing()
        production.move_raw_ids.picked = True
        production.with_context(
            skip_backorder=True, mo_ids_to_backorder=production.ids
        ).button_mark_done()
        rest = table.sudo().production_ids - production
        self.assertEqual((production.state, rest.product_qty), ("done", 2))
        self.assertEqual(self._fresh(table).state, "ordered")
        self._finish(rest)
        self.assertEqual(self._fresh(table).state, "done")
