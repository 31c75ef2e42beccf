from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.inventory_backlog.tools.given import giving

from ..common import TableCase


@tagged("post_install", "-at_install")
class TestKit(TableCase):
    """A kit line counts whole kits: the least of its components."""

    # Ready, incoming, to order

    def test_kit_is_as_ready_as_its_scarcest_component(self):
        self._put_in_stock(self.top, 10)
        self._put_in_stock(self.leg, 11)
        order = self._order(self.table, 5)

        self.assertEqual(self._agrees(order), [(5, 2, 0, 3)])
        row = self._line(order.order_line)
        self.assertEqual(row.product_id, self.table)
        self.assertEqual(row.backlog_state, "partial")
        self.assertEqual((row.open_value, row.backlog_value), (500, 200))

    def test_half_of_a_component_is_no_kit_and_no_half_of_one(self):
        self._put_in_stock(self.top, 1)
        self._put_in_stock(self.leg, 2)
        order = self._order(self.table, 1)
        self.assertEqual(self._agrees(order), [(1, 0, 0, 1)])

        self._purchase(self.leg, 2, days=3)
        self.assertEqual(self._agrees(order), [(1, 0, 1, 0)])

    def test_kit_is_coming_when_its_last_component_comes(self):
        self._put_in_stock(self.top, 1)
        order = self._order(self.table, 5)
        self._purchase(self.top, 4, days=3)
        self._purchase(self.leg, 8, days=6)
        self._purchase(self.leg, 12, days=9)

        self.assertEqual(self._agrees(order), [(5, 0, 5, 0)])
        self.assertEqual(self._line(order.order_line).expected_date, self._after(9))

    def test_kits_without_supply_of_any_component_are_to_source(self):
        self._put_in_stock(self.top, 1)
        self._put_in_stock(self.leg, 4)
        order = self._order(self.table, 5)
        self._purchase(self.top, 2)
        self._purchase(self.leg, 16)

        self.assertEqual(self._agrees(order), [(5, 1, 2, 2)])
        self.assertFalse(self._line(order.order_line).expected_date)

    def test_get_backlog_names_the_components_of_a_kit(self):
        glue = self._product("Glue", uom_id=self.env.ref("uom.product_uom_gram").id)
        chair = self._kit("Chair", (self.leg, 4), (glue, 30))
        self._put_in_stock(self.leg, 3)
        order = self._order(chair, 2)

        [answer] = order.with_user(self.seller).get_backlog(order.ids)

        [line] = answer["lines"]
        self.assertEqual(
            sorted(
                (part["product"], part["source"], part["qty"], part["uom"])
                for part in line["slices"]
            ),
            [
                ("Glue", "none", 60, "g"),
                ("Leg", "none", 5, "Units"),
                ("Leg", "reserved", 3, "Units"),
            ],
        )
        self.assertEqual(
            {part["product_id"] for part in line["slices"]}, {self.leg.id, glue.id}
        )

    def test_the_queries_of_get_backlog_do_not_depend_on_the_components(self):
        parts = [self._product(f"Part {number}") for number in range(6)]
        small = self._order(self._kit("Small", (parts[0], 1)), 2)
        large = self._order(self._kit("Large", *((part, 1) for part in parts)), 2)

        def queries(order):
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            order.get_backlog(order.ids)
            return self.env.cr.sql_log_count - start

        for order in (small, large):
            queries(order)
        self.assertEqual(queries(large), queries(small))

    def test_slices_of_a_kit_are_those_of_its_components(self):
        self._put_in_stock(self.top, 1)
        order = self._order(self.table, 2)
        purchase = self._purchase(self.leg, 6)

        slices = self.env["backlog.allocation"].search(
            [("order_line_id", "=", order.order_line.id)]
        )
        self.assertEqual(
            sorted(
                (row.product_id.name, row.source, row.qty, row.document or None)
                for row in slices
            ),
            [
                ("Leg", "none", 2, None),
                ("Leg", "receipt", 6, purchase),
                ("Top", "none", 1, None),
                ("Top", "reserved", 1, None),
            ],
        )

    def test_components_serve_the_queue_of_kits_and_loose_orders(self):
        self._put_in_stock(self.top, 10)
        self._put_in_stock(self.leg, 22)
        kits = self._order(self.table, 3)
        loose = self._order(self.leg, 5)
        more = self._order(self.table, 3)

        self.assertEqual(
            self._agrees(kits, loose, more),
            [(3, 3, 0, 0), (5, 5, 0, 0), (3, 1, 0, 2)],
        )
        self.assertEqual(self._ready(self.leg), 22)
        self.assertEqual(self._ready(self.top), 6)

    def test_ready_components_never_exceed_what_is_there(self):
        self._put_in_stock(self.leg, 9)
        self._put_in_stock(self.top, 9)
        order = self._order(self.table, 2)
        order.sudo().picking_ids.move_ids.filtered(
            lambda move: move.product_id == self.top
        ).quantity = 2
        self._put_in_stock(self.leg, -4)

        self.assertEqual(self._agrees(order), [(2, 1, 0, 1)])
        self.assertLessEqual(self._ready(self.leg), 5)

    # Shipping

    def test_partly_shipped_kit_is_open_for_the_kits_that_are_not_complete(self):
        self._put_in_stock(self.top, 5)
        self._put_in_stock(self.leg, 20)
        order = self._order(self.table, 5)
        self._ship_goods(order, {self.top: 2, self.leg: 8})

        self.assertEqual(order.order_line.qty_delivered, 2)
        self.assertEqual(self._agrees(order), [(3, 3, 0, 0)])

    def test_kit_stays_open_when_one_component_is_shipped_and_another_is_not(self):
        self._put_in_stock(self.top, 5)
        order = self._order(self.table, 5)
        self._ship_goods(order, {self.top: 5})
        self._put_in_stock(self.leg, 7)

        self.assertEqual(order.order_line.qty_delivered, 0)
        self.assertEqual(self._agrees(order), [(5, 1, 0, 4)])

    def test_open_and_shipped_kits_make_what_was_ordered(self):
        self._put_in_stock(self.top, 5)
        self._put_in_stock(self.leg, 20)
        order = self._order(self.table, 5)
        line = order.order_line
        for top, leg in ((3, 0), (0, 7), (1, 5), (1, 8)):
            self._ship_goods(order, {self.top: top, self.leg: leg})
            self.assertEqual(self._agrees(order)[0][0] + line.qty_delivered, 5)

        self.assertEqual(line.qty_delivered, 5)
        self.assertFalse(self._line(line))

    def test_kit_closed_short_is_not_open(self):
        self._put_in_stock(self.top, 5)
        self._put_in_stock(self.leg, 20)
        order = self._order(self.table, 5)
        self._ship_goods(order, {self.top: 2, self.leg: 8}, backorder=False)

        self.assertEqual(self._agrees(order), [(0, 0, 0, 0)])

    def test_kit_in_three_steps_is_open_once(self):
        self.warehouse.delivery_steps = "pick_pack_ship"
        self._put_in_stock(self.top, 5)
        self._put_in_stock(self.leg, 20)
        order = self._order(self.table, 5)
        self.assertEqual(self._agrees(order), [(5, 5, 0, 0)])
        self._ship_goods(order, {self.top: 3, self.leg: 12})
        self.assertEqual(self._agrees(order), [(5, 5, 0, 0)])

    def test_cancelled_kit_order_is_not_open(self):
        order = self._order(self.table, 5)
        order._action_cancel()

        self.assertEqual(self._agrees(order), [(0, 0, 0, 0)])

    def test_raised_and_lowered_quantity(self):
        self._put_in_stock(self.top, 9)
        self._put_in_stock(self.leg, 36)
        order = self._order(self.table, 5)
        order.order_line.product_uom_qty = 8
        self.assertEqual(self._agrees(order)[0][0], 8)
        order.order_line.product_uom_qty = 3
        self.assertEqual(self._agrees(order)[0][0], 3)

    # Bills of materials

    def test_kits_in_kits_count_the_components_at_the_bottom(self):
        screw = self._product("Screw")
        foot = self._kit("Foot", (self.leg, 1), (screw, 3))
        desk = self._kit("Desk", (self.top, 2), (foot, 2), (screw, 1))
        self._put_in_stock(self.top, 100)
        self._put_in_stock(self.leg, 100)
        self._put_in_stock(screw, 26)
        order = self._order(desk, 4)

        self.assertEqual(self._agrees(order), [(4, 2, 0, 2)])

    def test_kit_made_of_kits_only(self):
        pair = self._kit("Pair of Tables", (self.table, 2))
        self._put_in_stock(self.top, 100)
        self._put_in_stock(self.leg, 17)
        order = self._order(pair, 3)

        self.assertEqual(self._agrees(order), [(3, 2, 0, 1)])

    def test_component_on_two_lines_counts_on_each_as_in_odoo(self):
        bench = self._kit("Bench", (self.leg, 1), (self.top, 1), (self.leg, 2))
        self._put_in_stock(self.top, 100)
        self._put_in_stock(self.leg, 9)
        order = self._order(bench, 4)

        self.assertEqual(self._agrees(order), [(4, 2, 0, 2)])
        self._ship_goods(order, {self.top: 4, self.leg: 4})
        self.assertEqual(order.order_line.qty_delivered, 2)
        self.assertEqual(self._agrees(order), [(2, 0, 0, 2)])

    def test_component_in_another_unit_than_its_product(self):
        kilogram = self.env.ref("uom.product_uom_kgm")
        gram = self.env.ref("uom.product_uom_gram")
        flour = self._product("Flour", uom_id=kilogram.id)
        cake = self._kit(
            "Cake", (self.top, 1), (flour, 250, {"product_uom_id": gram.id})
        )
        self._put_in_stock(self.top, 100)
        self._put_in_stock(flour, 1.1)
        order = self._order(cake, 10)

        self.assertEqual(self._agrees(order), [(10, 4, 0, 6)])

    def test_kit_sold_in_dozens_is_told_in_dozens(self):
        self._put_in_stock(self.top, 100)
        self._put_in_stock(self.leg, 24 * 4)
        order = self._order((self.table, 3, {"product_uom_id": self.dozen.id}))

        self.assertEqual(self._agrees(order), [(3, 2, 0, 1)])
        row = self._line(order.order_line)
        self.assertEqual((row.product_uom_id, row.open_qty), (self.unit, 36))

    def test_bill_of_materials_for_a_dozen_kits(self):
        box = self._kit(
            "Box", (self.top, 12), (self.leg, 6), product_qty=2,
            product_uom_id=self.dozen.id,
        )  # fmt: skip
        self._put_in_stock(self.top, 100)
        self._put_in_stock(self.leg, 2)
        order = self._order(box, 16)

        self.assertEqual(self._agrees(order), [(16, 8, 0, 8)])

    def test_what_odoo_rounds_up_is_no_kit_of_its_own(self):
        kilogram = self.env.ref("uom.product_uom_kgm")
        glue = self._product("Glue", uom_id=kilogram.id)
        box = self._kit("Box", (self.top, 300), (glue, 1), product_qty=300)
        self._put_in_stock(self.top, 10)
        self._put_in_stock(glue, 1)
        order = self._order(box, 10)
        move = order.sudo().picking_ids.move_ids.filtered(
            lambda m: m.product_id == glue
        )
        self.assertEqual(move.product_qty, 0.04)
        self.assertEqual(self._agrees(order), [(10, 10, 0, 0)])
        self._ship_goods(order, {self.top: 3, glue: 0.01})

        self.assertEqual(order.order_line.qty_delivered, 2)
        self.assertEqual(self._agrees(order), [(8, 8, 0, 0)])

    def test_fraction_of_a_kit_is_open_as_ordered(self):
        self._put_in_stock(self.top, 1.5)
        self._put_in_stock(self.leg, 6)
        order = self._order(self.table, 2.5)
        self.assertEqual(self._agrees(order), [(2.5, 1, 0, 1.5)])
        self._put_in_stock(self.top, 1)
        self._put_in_stock(self.leg, 4)
        self.assertEqual(self._agrees(order), [(2.5, 2.5, 0, 0)])

    def test_optional_component_of_zero_and_services_do_not_count(self):
        hint = self._product("Hint")
        setup = self._product("Setup", type="service", is_storable=False)
        box = self._kit("Box", (self.top, 1), (hint, 0), (setup, 1))
        self._put_in_stock(self.top, 3)
        order = self._order(box, 5)

        self.assertEqual(self._agrees(order), [(5, 3, 0, 2)])

    def test_component_that_is_not_storable_is_ready(self):
        paper = self._product("Paper", is_storable=False)
        box = self._kit("Box", (self.top, 1), (paper, 1))
        self._put_in_stock(self.top, 3)
        order = self._order(box, 5)

        self.assertEqual(self._agrees(order), [(5, 3, 0, 2)])

    def _two_variants(self, *values):
        """Two variants of one product, and what a line of a bill of materials has that
        is for one of them."""
        attribute = self.env["product.attribute"].create(
            {
                "name": "Kind",
                "value_ids": [Command.create({"name": name}) for name in values],
            }
        )
        template = self.env["product.template"].create(
            {
                "name": "Set",
                "is_storable": True,
                "taxes_id": False,
                "attribute_line_ids": [
                    Command.create(
                        {
                            "attribute_id": attribute.id,
                            "value_ids": attribute.value_ids.ids,
                        }
                    )
                ],
            }
        )
        lines = [
            {"bom_product_template_attribute_value_ids": value.ids}
            for value in template.attribute_line_ids.product_template_value_ids
        ]
        return *template.product_variant_ids, *lines

    def _not_without_end(self):
        """A statement that does not end fails here."""
        self.env.cr.execute("SET LOCAL statement_timeout = '30s'")
        self.addCleanup(self.env.cr.execute, "SET LOCAL statement_timeout = 0")

    def test_kit_holds_another_variant_of_itself(self):
        """A pack of six holds six single ones, and both are kits of one bill of
        materials: Odoo finds no circle in it."""
        single, six, for_single, for_six = self._two_variants("Single", "Six")
        self._bom(
            six,
            (single, 6, for_six),
            (self.leg, 1, for_single),
            bom_type="phantom",
        )
        self._put_in_stock(self.leg, 13)
        self._not_without_end()
        order = self._order((six, 2), (single, 1), (six, 1))

        self.assertEqual(
            self._agrees(order), [(2, 2, 0, 0), (1, 1, 0, 0), (1, 0, 0, 1)]
        )
        self.env["backlog.fold"]._fold()
        self.assertEqual(
            self._agrees(order), [(2, 2, 0, 0), (1, 1, 0, 0), (1, 0, 0, 1)]
        )

    def test_kits_in_a_circle_take_nobodys_page_down(self):
        """Odoo checks bills of materials, and not their lines when an import writes
        them. Only what is sold of such a kit cannot be told."""
        shelf = self._kit("Shelf", (self.top, 1))
        self._kit("Wall", (shelf, 2))
        self._put_in_stock(self.product, 3)
        self._order(shelf, 1)
        other = self._order(self.product, 5)
        self.env.flush_all()
        self._not_without_end()
        wall = self.env["product.product"].search([("name", "=", "Wall")])
        shelf.bom_ids.bom_line_ids.product_id = wall
        self.env.flush_all()

        for _kept in (False, True):
            self.assertEqual(self._split(other.order_line), [(5, 3, 0, 2)])
            self.assertTrue(self.env["backlog.line"].search([]))
            self.env["backlog.dashboard"].get_dashboard()
            self.env["backlog.fold"]._fold()
        self.assertEqual(
            self.env["backlog.kept"].differences(), {"slices": [], "lines": []}
        )

    def test_component_of_another_variant_is_not_missing(self):
        red, blue, for_red, for_blue = self._two_variants("Red", "Blue")
        self._bom(
            red,
            (self.top, 1),
            (self.leg, 4, for_red),
            (self.product, 2, for_blue),
            bom_type="phantom",
        )
        self._put_in_stock(self.top, 100)
        self._put_in_stock(self.leg, 4)
        self._put_in_stock(self.product, 4)
        order = self._order((red, 3), (blue, 3))

        self.assertEqual(self._agrees(order), [(3, 1, 0, 2), (3, 2, 0, 1)])

    def test_component_of_a_value_that_makes_no_variant(self):
        attribute = self.env["product.attribute"].create(
            {
                "name": "Engraving",
                "create_variant": "no_variant",
                "value_ids": [Command.create({"name": n}) for n in ("With", "Without")],
            }
        )
        template = self.env["product.template"].create(
            {
                "name": "Set",
                "is_storable": True,
                "taxes_id": False,
                "attribute_line_ids": [
                    Command.create(
                        {
                            "attribute_id": attribute.id,
                            "value_ids": attribute.value_ids.ids,
                        }
                    )
                ],
            }
        )
        product = template.product_variant_ids
        values = template.attribute_line_ids.product_template_value_ids
        self._bom(
            product,
            (self.top, 1),
            (
                self.leg,
                4,
                {"bom_product_template_attribute_value_ids": values[0].ids},
            ),
            bom_type="phantom",
        )
        self._put_in_stock(self.top, 100)
        chosen = "product_no_variant_attribute_value_ids"
        order = self._order(
            (product, 3, {chosen: values[0].ids}), (product, 3, {chosen: values[1].ids})
        )

        self.assertEqual(self._agrees(order), [(3, 0, 0, 3), (3, 3, 0, 0)])

    def test_changed_bill_of_materials_tells_by_the_moves(self):
        self._put_in_stock(self.top, 10)
        self._put_in_stock(self.leg, 8)
        order = self._order(self.table, 5)
        bom = self.table.bom_ids
        bom.bom_line_ids.filtered(lambda line: line.product_id == self.leg).unlink()

        self.assertEqual(self._agrees(order), [(5, 2, 0, 3)])

    def test_bill_of_materials_of_the_moves_goes_before_a_newer_one(self):
        self._put_in_stock(self.top, 10)
        self._put_in_stock(self.leg, 8)
        order = self._order(self.table, 5)
        self._bom(
            self.table, (self.top, 1), (self.leg, 2), bom_type="phantom", sequence=-1
        )

        self.assertEqual(self._agrees(order), [(5, 2, 0, 3)])

    def test_product_that_became_a_kit_after_the_order_is_told_as_it_was(self):
        self._put_in_stock(self.product, 3)
        order = self._order(self.product, 5)
        self._bom(self.product, (self.top, 1), bom_type="phantom")

        self.assertEqual(self._agrees(order), [(5, 3, 0, 2)])

    def test_each_company_has_its_own_bill_of_materials(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.table.bom_ids.company_id = other
        self._bom(
            self.table,
            (self.top, 1),
            (self.leg, 2),
            bom_type="phantom",
            company_id=self.company.id,
            sequence=9,
        )
        self._put_in_stock(self.top, 10)
        self._put_in_stock(self.leg, 8)
        order = self._order(self.table, 5)

        self.assertEqual(self._agrees(order), [(5, 4, 0, 1)])

    def test_bill_of_materials_of_the_variant_goes_first(self):
        self._bom(
            self.table,
            (self.top, 1),
            (self.leg, 2),
            bom_type="phantom",
            product_id=self.table.id,
        )
        self._put_in_stock(self.top, 10)
        self._put_in_stock(self.leg, 8)
        order = self._order(self.table, 5)

        self.assertEqual(self._agrees(order), [(5, 4, 0, 1)])

    def test_component_bought_for_the_order_is_to_source_until_confirmed(self):
        mto = self.warehouse.mto_pull_id.route_id
        mto.active = True
        cushion = self._product(
            "Cushion",
            route_ids=(mto + self.warehouse.buy_pull_id.route_id).ids,
            seller_ids=[Command.create({"partner_id": self.vendor.id, "price": 10})],
        )
        sofa = self._kit("Sofa", (self.top, 1), (cushion, 3))
        self._put_in_stock(self.top, 10)
        self._put_in_stock(cushion, 30)
        order = self._order(sofa, 5)
        purchase = self._purchase_of(cushion)
        self.assertEqual(self._agrees(order), [(5, 0, 0, 5)])
        purchase.button_confirm()
        self.assertEqual(self._agrees(order), [(5, 0, 5, 0)])
        self._receive(purchase, 7)
        self.assertEqual(self._agrees(order), [(5, 2, 3, 0)])

    # Returns

    def _return(self, order, quantities, to_refund, exchange=False):
        """What comes back, also when something else is to be sent in its place."""
        picking = order.sudo().picking_ids.filtered(lambda p: p.state == "done")[:1]
        wizard = (
            self.env["stock.return.picking"]
            .with_context(active_id=picking.id, active_model="stock.picking")
            .create({})
        )
        for line in wizard.product_return_moves:
            line.quantity = quantities.get(line.product_id, 0)
            line.to_refund = to_refund
        if exchange:
            action = wizard.action_create_exchanges()
            return self.env["stock.picking"].browse(action["res_id"])
        returned = wizard._create_return()
        returned.move_ids.picked = True
        self._validate(returned)
        return returned

    def test_returned_kit_is_not_open(self):
        self._put_in_stock(self.top, 5)
        self._put_in_stock(self.leg, 20)
        order = self._order(self.table, 5)
        self._ship_goods(order, {self.top: 5, self.leg: 20})
        self._return(order, {self.top: 2, self.leg: 8}, to_refund=True)

        self.assertEqual(order.order_line.qty_delivered, 3)
        self.assertEqual(self._agrees(order), [(0, 0, 0, 0)])

    def test_component_returned_alone_makes_no_kit_open(self):
        self._put_in_stock(self.top, 5)
        self._put_in_stock(self.leg, 20)
        order = self._order(self.table, 5)
        self._ship_goods(order, {self.top: 5, self.leg: 20})
        self._return(order, {self.leg: 3}, to_refund=False)

        self.assertEqual(self._agrees(order), [(0, 0, 0, 0)])

    def _shipped(self, quantity):
        """An order of tables that was shipped; nothing is left in stock."""
        self._put_in_stock(self.top, quantity)
        self._put_in_stock(self.leg, 4 * quantity)
        order = self._order(self.table, quantity)
        self._ship_goods(order, {self.top: quantity, self.leg: 4 * quantity})
        self.assertEqual(order.order_line.qty_delivered, quantity)
        return order

    def test_component_in_exchange_is_as_ready_as_it_is_itself(self):
        """Whether Odoo counts the table as delivered meanwhile or not."""
        for to_refund in (True, False):
            order = self._shipped(5)
            with self.subTest(to_refund=to_refund):
                back = self._return(order, {self.leg: 2}, to_refund, exchange=True)
                self.assertEqual(self._agrees(order), [(1, 0, 1, 0)])
                back.move_ids.picked = True
                self._validate(back)
                self.assertEqual(self._agrees(order), [(1, 1, 0, 0)])
                self._ship_goods(order, {self.leg: 2})
                self.assertEqual(order.order_line.qty_delivered, 5)
                self.assertEqual(self._agrees(order), [(0, 0, 0, 0)])

    def test_component_in_exchange_that_nobody_has_is_to_source(self):
        order = self._shipped(5)
        back = self._return(order, {self.leg: 6}, to_refund=False, exchange=True)
        back.move_ids.location_dest_id = self.env["stock.location"].create(
            {"name": "Scrap", "usage": "inventory"}
        )
        self.assertEqual(self._agrees(order), [(2, 0, 0, 2)])
        self._purchase(self.leg, 4, days=3)
        self.assertEqual(self._agrees(order), [(2, 0, 1, 1)])

    def test_kits_in_exchange_are_open_once(self):
        for to_refund in (True, False):
            order = self._shipped(5)
            with self.subTest(to_refund=to_refund):
                quantities = {self.top: 5, self.leg: 20}
                back = self._return(order, quantities, to_refund, exchange=True)
                self.assertEqual(self._agrees(order), [(5, 0, 5, 0)])
                back.move_ids.picked = True
                self._validate(back)
                self.assertEqual(self._agrees(order), [(5, 5, 0, 0)])
                self._ship_goods(order, quantities)

    def test_kits_in_exchange_beside_the_rest_are_open_as_well(self):
        for to_refund in (True, False):
            self._put_in_stock(self.top, 5)
            self._put_in_stock(self.leg, 20)
            order = self._order(self.table, 5)
            self._ship_goods(order, {self.top: 3, self.leg: 12})
            with self.subTest(to_refund=to_refund):
                quantities = {self.top: 1, self.leg: 4}
                back = self._return(order, quantities, to_refund, exchange=True)
                self.assertEqual(self._line(order.order_line).open_qty, 3)
                back.move_ids.picked = True
                self._validate(back)
                self.assertEqual(self._agrees(order), [(3, 3, 0, 0)])
                line = self._line(order.order_line).with_user(self.seller)
                self.assertNotIn("More of component", str(line.why["verdict"]))
                self._ship_goods(order, {self.top: 3, self.leg: 12})
                self.assertEqual(self._agrees(order), [(0, 0, 0, 0)])

    # Dropship

    def _dropshipped(self):
        route = self.env.ref("stock_dropshipping.route_drop_shipping")
        lamp = self._product(
            "Lamp",
            route_ids=route.ids,
            seller_ids=[Command.create({"partner_id": self.vendor.id, "price": 10})],
        )
        return lamp, self._kit("Lit Table", (self.top, 1), (lamp, 2))

    def _purchase_of(self, product):
        return (
            self.env["purchase.order.line"]
            .search([("product_id", "=", product.id)])
            .order_id
        )

    def test_kit_is_to_source_while_a_dropshipped_component_is_a_request(self):
        lamp, kit = self._dropshipped()
        self._put_in_stock(self.top, 10)
        order = self._order(kit, 5)
        self.assertEqual(self._purchase_of(lamp).state, "draft")

        self.assertEqual(self._agrees(order), [(5, 0, 0, 5)])
        self.assertEqual(
            self._slices(order.order_line),
            [("reserved", 5, 0, None), ("none", 10, None, None)],
        )

    def test_request_for_a_component_counts_after_all_else_is_shipped(self):
        _lamp, kit = self._dropshipped()
        self._put_in_stock(self.top, 10)
        order = self._order(kit, 5)
        self._ship(order, 5)

        self.assertEqual(self._agrees(order), [(5, 0, 0, 5)])

    def test_kit_is_coming_when_the_dropshipped_component_is(self):
        lamp, kit = self._dropshipped()
        self._put_in_stock(self.top, 10)
        order = self._order(kit, 5)
        purchase = self._purchase_of(lamp)
        purchase.order_line.date_planned = self._after(4)
        purchase.button_confirm()

        self.assertEqual(self._agrees(order), [(5, 0, 5, 0)])
        self.assertEqual(
            self._slices(order.order_line),
            [("reserved", 5, 0, None), ("receipt", 10, 4, purchase)],
        )

    def test_quantity_raised_after_the_dropship_was_confirmed_is_to_source(self):
        lamp, kit = self._dropshipped()
        self._put_in_stock(self.top, 10)
        order = self._order(kit, 5)
        self._purchase_of(lamp).button_confirm()
        order.order_line.product_uom_qty = 7

        self.assertEqual(self._agrees(order), [(7, 0, 5, 2)])

    def test_dropshipped_component_that_was_shipped_waits_for_the_rest(self):
        lamp, kit = self._dropshipped()
        self._put_in_stock(self.top, 2)
        order = self._order(kit, 5)
        purchase = self._purchase_of(lamp)
        purchase.button_confirm()
        self._receive(purchase)

        self.assertEqual(self._agrees(order), [(5, 2, 0, 3)])

    def test_kit_of_dropshipped_components_only(self):
        lamp, _kit = self._dropshipped()
        kit = self._kit("Two Lamps", (lamp, 2))
        order = self._order(kit, 5)
        self.assertEqual(self._agrees(order), [(5, 0, 0, 5)])
        self._purchase_of(lamp).button_confirm()
        self.assertEqual(self._agrees(order), [(5, 0, 5, 0)])

    # The fields of the core models

    def test_orders_and_products_tell_kits_too(self):
        self._put_in_stock(self.top, 2)
        self._put_in_stock(self.leg, 40)
        order = self._order(self.table, 5)

        self.assertEqual(order.backlog_state, "partial")
        self.assertEqual((order.backlog_value, order.backorder_value), (200, 300))
        self.assertEqual(self.table.backlog_qty, 2)
        self.assertEqual(self.table.backorder_qty, 3)
        self.assertEqual(self.table.product_tmpl_id.open_value, 500)
        self.assertEqual(self.leg.backlog_qty, 0)
        self.assertIn(
            order.order_line,
            self.env["sale.order.line"].search([("backlog_qty", "=", 2)]),
        )

    def test_moves_and_transfers_of_a_kit_tell_its_components(self):
        self._put_in_stock(self.top, 2)
        order = self._order(self.table, 2)
        picking = order.sudo().picking_ids
        top, leg = picking.move_ids.sorted(lambda move: move.product_id.id)

        self.assertEqual((top.backlog_qty, top.backlog_state), (2, "ready"))
        self.assertEqual((leg.to_source_qty, leg.backlog_state), (8, "to_source"))
        self.assertEqual(picking.backlog_state, "partial")

    def test_kits_can_be_grouped_sorted_and_found_on_order_lines(self):
        self._put_in_stock(self.top, 3)
        self._put_in_stock(self.leg, 12)
        first, second = (self._order(self.table, 2) for _ in range(2))
        lines = (first + second).order_line
        groups = lines._read_group(
            [("id", "in", lines.ids)],
            ["backlog_state"],
            ["backlog_qty:sum", "backorder_qty:sum"],
        )

        self.assertEqual(sorted(groups), [("partial", 1, 1), ("ready", 2, 0)])
        self.assertEqual(
            lines.search([("id", "in", lines.ids)], order="backlog_qty"),
            second.order_line + first.order_line,
        )

    def test_salesperson_sees_own_kits_and_the_queue_counts_all(self):
        self._put_in_stock(self.top, 3)
        self._put_in_stock(self.leg, 12)
        colleague = new_test_user(
            self.env, "colleague", "sales_team.group_sale_salesman"
        )
        self._order(self.table, 2, user=colleague)
        order = self._order(self.table, 2)
        rows = self.env["backlog.line"].with_user(self.seller).search([])

        self.assertEqual(rows.order_id, order)
        self.assertEqual((rows.backlog_qty, rows.to_source_qty), (1, 1))
        self.assertEqual(order.order_line.backlog_qty, 1)
        self.assertEqual(self.table.with_user(self.seller).backlog_qty, 1)

    def test_fields_follow_the_stock_of_components_in_the_transaction(self):
        order = self._order(self.table, 5)
        line = order.order_line
        self.assertEqual(line.backlog_qty, 0)
        self.assertEqual(self.table.backlog_qty, 0)
        self.assertEqual(order.backlog_state, "to_source")
        self._put_in_stock(self.top, 5)
        self._put_in_stock(self.leg, 8)

        self.assertEqual(line.backlog_qty, 2)
        self.assertEqual(self.table.backlog_qty, 2)
        self.assertEqual(order.backlog_state, "partial")

    def test_own_products_make_the_statement_no_different(self):
        self._put_in_stock(self.top, 5)
        self._put_in_stock(self.leg, 9)
        orders = [self._order(self.table, 2), self._order((self.leg, 3), (self.top, 9))]
        lines = (orders[0] + orders[1]).order_line
        rows = self.env["backlog.line"]
        names = [name for name, field in rows._fields.items() if field.store]
        figures = rows.search_read([("id", "in", lines.ids)], names)
        rows.invalidate_model()
        with giving(rows, product_ids=lines._backlog_products().ids) as asked:
            restricted = asked.search_read([("id", "in", lines.ids)], names)

        self.assertEqual(len(figures), 3)
        self.assertEqual(restricted, figures)

    def test_figures_of_a_page_of_kits_cost_the_same_number_of_queries(self):
        order = self._order(*[(self.table, 1)] * 5)
        more = self._order(*[(self.table, 1)] * 25)
        counts = []
        for order_lines in (order.order_line, order.order_line, more.order_line):
            self.env.flush_all()
            self.env.invalidate_all()
            lines = order_lines.with_prefetch(order_lines.ids)
            lines.mapped("product_id.uom_id")
            before = self.env.cr.sql_log_count
            lines.mapped("backlog_qty")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
