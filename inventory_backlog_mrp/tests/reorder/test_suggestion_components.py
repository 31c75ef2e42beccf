from odoo.exceptions import AccessError
from odoo.fields import Command

from ..common import MrpSuggestionCase


class TestSuggestionComponents(MrpSuggestionCase):
    """What raw material is suggested, for whom, by when."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leg = cls._product("Leg")
        cls._offer(cls.leg, cls.first, 3, delay=2)
        cls.table = cls._product("Table")
        cls.bom = cls._bom(cls.table, (cls.leg, 4))

    def _leg(self, **kwargs):
        return self._suggest(self.leg, **kwargs)

    def test_stock_receipts_and_requests_of_the_component_count(self):
        self._put_in_stock(self.leg, 3)
        self._purchase(self.leg, 5, days=2)
        self._request(self.leg, 6, days=2)
        self._wanted(self.table, 5)
        leg = self._leg(action="buy")
        # 20 needed; 3 in stock, 5 on their way.
        self.assertEqual(self._figures(leg), [("buy", 12, 6, 6)])

    def test_a_request_for_a_kit_counts_for_its_components(self):
        """Odoo receives the components, in the unit of each."""
        plate = self._product("Plate")
        self._offer(plate, self.first)
        fitting = self._kit("Fitting", (self.leg, 2), (plate, 1), uom=self.dozen)
        self._wanted(self.leg, 30)
        self._wanted(plate, 5)
        request = self._request(fitting, 1, days=2)
        self.assertEqual(self._figures(self._leg()), [("buy", 30, 2, 28)])
        self.assertEqual(self._figures(self._suggested(plate)), [("buy", 5, 1, 4)])
        self._generate(self.leg)
        self.assertEqual(self._suggested(self.leg).suggested_qty, 28)
        request.order_line.product_qty = 9
        self.assertEqual(self._leg().suggested_qty, 12)
        request.button_confirm()
        self.assertEqual(self._figures(self._leg()), [("buy", 12, 0, 12)])

    def test_a_request_for_a_kit_is_to_be_confirmed(self):
        """Its vendor has no price for the component alone."""
        kit = self._kit("Kit", (self.leg, 2))
        self._wanted(self.leg, 6, days=2)
        request = self._request(kit, 3, vendor=self.second, days=2)
        [found] = self._leg()
        self.assertEqual(self._figures(found), [("confirm", 6, 0, 6)])
        found.action_confirm_requests()
        self.assertEqual(request.state, "purchase")
        self.assertFalse(self._leg(state="proposed"))

    def test_what_others_need_of_the_component_is_not_counted_twice(self):
        self._put_in_stock(self.leg, 10)
        self._wanted(self.leg, 8)
        self._wanted(self.table, 1)
        self.assertEqual(self._leg().suggested_qty, 2)

    def test_products_that_share_a_component_share_what_is_there(self):
        stool = self._product("Stool")
        self._bom(stool, (self.leg, 3))
        self._put_in_stock(self.leg, 10)
        self._wanted(self.table, 2, days=5)
        self._wanted(stool, 2, days=3)
        self.assertEqual(self._leg().suggested_qty, 4)
        able = [one.able_to_make_qty for one in self._suggested(stool, self.table)]
        self.assertEqual(sorted(able), [1, 2])
        self.assertEqual(self._suggested(stool).able_to_make_qty, 2)

    def test_a_draft_manufacturing_order_needs_its_components(self):
        self._production(self.table, 2)
        self.assertEqual(self._leg().suggested_qty, 8)
        self.assertEqual(
            self._suggested(self.leg).sudo().line_ids.asked_by._name, "mrp.production"
        )

    def test_kits_inside_are_taken_apart(self):
        screw, plate = self._product("Screw"), self._product("Plate")
        fitting = self._kit("Fitting", (screw, 6), (plate, 1))
        self._offer(screw, self.first)
        desk = self._product("Desk")
        self._bom(desk, (fitting, 2))
        self._wanted(desk, 3)
        self._generate()
        self.assertEqual(self._suggested(screw).suggested_qty, 36)
        self.assertEqual(self._suggested(plate).obstacle, "no_vendor")
        self.assertFalse(self._suggested(fitting))

    def test_the_bill_of_the_variant_counts(self):
        small, large = self._variants("Shelf")
        plank = self._product("Plank")
        self._bom(small, (plank, 1), product_id=small.id)
        self._bom(large, (plank, 3), product_id=large.id)
        self._wanted(large, 2)
        self.assertEqual(self._suggest(plank).shortage_qty, 6)

    def test_a_bill_for_twelve_is_shared_out(self):
        glue = self._product("Glue")
        box = self._product("Box")
        self._bom(box, (glue, 1), product_qty=12)
        self._wanted(box, 18)
        self.assertEqual(self._suggest(glue).shortage_qty, 1.5)

    def test_a_little_more_is_a_whole_unit_more(self):
        foil = self._product("Foil", uom_id=self.dozen.id)
        bag = self._product("Bag")
        self._bom(bag, (foil, 1, {"product_uom_id": self.unit.id}), product_qty=3)
        self._wanted(bag, 1)
        # A third of a unit, in hundredths as units are counted: 0.34 of 12.
        self.assertAlmostEqual(self._suggest(foil).shortage_qty, 0.03)

    def test_components_are_needed_when_production_begins(self):
        self.bom.produce_delay = 3
        self._wanted(self.table, 1, days=10)
        leg = self._leg()
        self.assertEqual(leg.need_date, self._after(7).date())
        self.assertEqual(leg.order_by_date, self._after(5).date())
        table = self._suggested(self.table)
        self.assertEqual(table.order_by_date, self._after(7).date())

    def test_a_component_keeps_a_promise_when_there_is_time_left_to_make_it(self):
        """Through two levels, suggested and in production."""
        self.bom.produce_delay = 3
        desk = self._product("Desk")
        self._bom(desk, (self.table, 1)).produce_delay = 2
        self._wanted(desk, 1, days=6)
        leg = self._leg()
        self.assertEqual(leg.arrival_date, self._after(2).date())
        self.assertEqual(leg.line_ids.promise_date, self._after(6).date())
        self.assertEqual(leg.line_ids.keep_by_date, self._after(1).date())
        self.assertEqual(leg.sudo().saved_value, 0)
        self.assertEqual(leg.option_table["rows"][0]["kept"], "0 of 1")
        self.env["sale.order.line"].search(
            [("product_id", "=", desk.id)]
        ).order_id.commitment_date = self._after(7)
        leg = self._leg()
        self.assertEqual(leg.line_ids.keep_by_date, self._after(2).date())
        self.assertEqual(leg.sudo().saved_value, 100)
        self._suggested(desk).action_accept()
        self._suggested(self.table).action_accept()
        leg = self._leg()
        self.assertEqual(leg.line_ids.keep_by_date, self._after(2).date())
        self.assertEqual(leg.sudo().saved_value, 100)

    def test_productions_made_to_order_take_their_days_one_after_the_other(self):
        mto = self.warehouse.mto_pull_id.route_id
        mto.active = True
        desk = self._product("Desk")
        self._bom(desk, (self.table, 1)).produce_delay = 2
        self.bom.produce_delay = 3
        making = mto + self.warehouse.manufacture_pull_id.route_id
        (desk + self.table).route_ids = making
        self._wanted(desk, 1, days=9)
        leg = self._leg()
        self.assertEqual(leg.line_ids.asked_by.product_id, self.table)
        self.assertEqual(leg.line_ids.promise_date, self._after(9).date())
        self.assertEqual(leg.line_ids.keep_by_date, self._after(4).date())

    def test_operations_that_take_longer_than_the_lead_time_count(self):
        center = self.env["mrp.workcenter"].create({"name": "Bench"})
        self.bom.operation_ids = [
            Command.create(
                {
                    "name": "Sanding",
                    "workcenter_id": center.id,
                    "time_cycle_manual": 240,
                    "time_mode": "manual",
                }
            )
        ]
        self._wanted(self.table, 5, days=10)
        self._generate()
        # 20 hours, of 8 a day.
        self.assertEqual(
            self._suggested(self.table).order_by_date, self._after(7).date()
        )

    def test_a_component_that_comes_too_late_is_pulled_in(self):
        purchase = self._purchase(self.leg, 20, days=9)
        order = self._wanted(self.table, 5, days=5)
        leg = self._leg()
        self.assertEqual(self._figures(leg), [("expedite", 20, 0, 20)])
        self.assertEqual(leg.line_ids.document, purchase)
        self.assertEqual(leg.line_ids.sudo().order_line_id, order.order_line)

    def test_what_is_bought_and_made_follows_its_routes(self):
        self._offer(self.table, self.first)
        self._wanted(self.table, 1)
        make = self.warehouse.manufacture_pull_id.route_id
        # Both are routes of the warehouse; a product may choose when they allow it.
        (self.buy + make).product_selectable = True
        self.table.route_ids = self.buy
        self.assertEqual(self._suggest(self.table).action_type, "buy")
        self.assertFalse(self._suggested(self.leg))
        self.table.route_ids = make
        self._changed_later()
        self.assertEqual(self._suggest(self.table).action_type, "make")
        self.assertTrue(self._suggested(self.leg))

    def test_what_is_dismissed_needs_no_components(self):
        self._wanted(self.table, 1)
        self._suggest(self.table).action_dismiss("Sold out")
        self.assertFalse(self._leg())

    def test_production_is_followed(self):
        self._put_in_stock(self.leg, 8)
        self._wanted(self.table, 2)
        table = self._suggest(self.table)
        table.action_accept()
        production = table.sudo().production_ids
        production.action_cancel()
        self.assertEqual(self._suggested(self.table).state, "proposed")
        self._generate()
        table = self._suggested(self.table, state="proposed")
        table.action_accept()
        production = table.sudo().production_ids.filtered(
            lambda one: one.state == "draft"
        )
        production.action_confirm()
        self.assertFalse(table.can_undo)
        self._finish(production)
        self.assertEqual(self._fresh(table).state, "done")

    def test_batches_are_made_in_their_size(self):
        self.bom.write({"enable_batch_size": True, "batch_size": 2})
        self._put_in_stock(self.leg, 20)
        self._wanted(self.table, 3)
        table = self._suggest(self.table)
        table.action_accept()
        self.assertEqual(table.sudo().production_ids.mapped("product_qty"), [2, 2])

    def test_a_subcontractor_needs_the_components_where_it_is_supplied_from(self):
        self.env["mrp.bom"].create(
            {
                "product_tmpl_id": self.product.product_tmpl_id.id,
                "type": "subcontract",
                "subcontractor_ids": [Command.set(self.first.ids)],
                "bom_line_ids": [
                    Command.create({"product_id": self.leg.id, "product_qty": 4})
                ],
            }
        )
        place = self.first.property_stock_subcontractor
        self._put_in_stock(self.leg, 3, location=place)
        self._put_in_stock(self.leg, 5)
        self._wanted(self.product, 5)
        self._generate()
        self.assertEqual(self._suggested().action_type, "buy")
        # 20 needed, 3 lie at the subcontractor, 5 in the warehouse that sends them.
        leg = self._suggested(self.leg)
        self.assertEqual((leg.suggested_qty, leg.warehouse_id), (12, self.warehouse))
        self.assertEqual(set(self._generate().values()), {0})

    def _subcontracted(self, product):
        """The first vendor makes it of four of our legs."""
        self.env["mrp.bom"].create(
            {
                "product_tmpl_id": product.product_tmpl_id.id,
                "type": "subcontract",
                "subcontractor_ids": [Command.set(self.first.ids)],
                "bom_line_ids": [
                    Command.create({"product_id": self.leg.id, "product_qty": 4})
                ],
            }
        )

    def test_a_draft_request_to_a_subcontractor_needs_the_components(self):
        self._subcontracted(self.product)
        place = self.first.property_stock_subcontractor
        self._put_in_stock(self.leg, 3, location=place)
        order = self._wanted(self.product, 5)
        self._generate()
        request = self._accepted(self._suggested())
        leg = self._suggested(self.leg)
        self.assertEqual(leg.suggested_qty, 17)
        self.assertEqual(leg.sudo().line_ids.order_line_id, order.order_line)
        self.assertEqual(leg.sudo().released_value, 500)
        self.assertEqual(set(self._generate().values()), {0})
        # The buyer asks for more, then for nothing.
        request.order_line.product_qty = 6
        self.assertEqual(self._suggest(self.leg).suggested_qty, 21)
        self._suggested(state="ordered").action_undo()
        self.assertEqual(self._suggest(self.leg).suggested_qty, 17)

    def test_another_quantity_or_vendor_needs_other_components(self):
        self._subcontracted(self.product)
        self._wanted(self.product, 5)
        self._generate()
        chair = self._suggested()
        self._accept((chair, 8, chair.supplierinfo_id))
        self.assertEqual(self._suggested(self.leg).suggested_qty, 32)
        chair.action_undo()
        chair = self._suggested(state="proposed")
        self.assertEqual(self._suggested(self.leg).suggested_qty, 20)
        second = self.product.seller_ids.filtered(
            lambda info: info.partner_id == self.second
        )
        self._accept((chair, 5, second[:1]))
        self.assertFalse(self._suggested(self.leg))

    def test_what_lies_at_a_subcontractor_is_there_once(self):
        stool = self._product("Stool")
        self._offer(stool, self.first, 10, delay=2)
        for product in (self.product, stool):
            self._subcontracted(product)
        place = self.first.property_stock_subcontractor
        self._put_in_stock(self.leg, 3, location=place)
        self._wanted(self.product, 1)
        self.assertEqual(self._leg().suggested_qty, 1)
        self._wanted(stool, 1)
        self.assertEqual(self._leg().suggested_qty, 5)
        self._accepted(self._suggested())
        self._changed_later()
        self.assertEqual(set(self._generate().values()), {0})
        self.assertEqual(self._suggested(self.leg).suggested_qty, 5)
        rows = self._suggested(self.product, stool).sudo().component_ids
        self.assertEqual(sorted(rows.mapped("at_vendor_qty")), [0, 3])
        self.assertEqual(rows.mapped("qty"), [4, 4])

    def test_one_that_is_bought_elsewhere_needs_no_components_of_ours(self):
        self.env["mrp.bom"].create(
            {
                "product_tmpl_id": self.product.product_tmpl_id.id,
                "type": "subcontract",
                "subcontractor_ids": [Command.set(self.second.ids)],
                "bom_line_ids": [
                    Command.create({"product_id": self.leg.id, "product_qty": 4})
                ],
            }
        )
        self._wanted(self.product, 5)
        self.assertFalse(self._leg())
        self._suggested().action_choose_vendor(self.second.id)
        self.assertEqual(self._suggested(self.leg).suggested_qty, 20)

    def test_a_buyer_without_manufacturing_reads_everything(self):
        self.buyer.group_ids -= self.env.ref("mrp.group_mrp_user")
        self._put_in_stock(self.leg, 8)
        self._wanted(self.table, 3)
        table = self._suggest(self.table)
        self.assertIn("the bottleneck is Leg", table.explanation)
        self.assertFalse(table.can_accept)
        for call in (table.action_accept, table.action_open_accept):
            with self.assertRaisesRegex(AccessError, "mrp.production"):
                call()
        table.sudo().action_accept()
        with self.assertRaisesRegex(AccessError, "mrp.production"):
            table.action_undo()
        readable = table.fields_get()
        self.assertNotIn("production_ids", readable)
        self.assertEqual(len(table.read(list(readable))), 1)

    def test_products_can_be_asked_for_alone(self):
        self._wanted(self.table, 1)
        self._wanted(self.product, 1)
        self._generate(self.table)
        self.assertTrue(self._suggested(self.leg))
        self.assertFalse(self._suggested())
