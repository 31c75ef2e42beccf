from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged

from odoo.addons.inventory_backlog.tools.given import giving

from ..common import MrpBacklogCase


@tagged("post_install", "-at_install")
class TestManufacturing(MrpBacklogCase):
    """Production competes for what it consumes and brings what it makes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.wood = cls._product("Wood")
        cls.made = cls._product("Shelf")
        cls.bom = cls._bom(cls.made, (cls.wood, 2))

    def _for_order(self, *components):
        """A product that is manufactured for each order."""
        mto = self.warehouse.mto_pull_id.route_id
        mto.active = True
        product = self._product(
            "To Order",
            route_ids=(mto + self.warehouse.manufacture_pull_id.route_id).ids,
        )
        self._bom(product, *components)
        return product

    def _production_of(self, order):
        return order.sudo().mrp_production_ids

    # Components compete

    def test_components_of_a_confirmed_production_are_in_the_queue(self):
        self._put_in_stock(self.wood, 10)
        production = self._start(self.made, 4)
        order = self._order(self.wood, 5)

        self.assertEqual(self._agrees(order), [(5, 2, 0, 3)])
        slices = self.env["backlog.allocation"].search(
            [("move_id", "in", production.move_raw_ids.ids)]
        )
        self.assertEqual(slices.mapped("qty"), [8])
        self.assertFalse(slices.to_customer)
        self.assertFalse(slices.order_line_id)
        self.assertEqual(self._ready(self.wood), 10)

    def test_components_of_a_draft_production_are_not(self):
        self._put_in_stock(self.wood, 10)
        self._production(self.made, 4)
        order = self._order(self.wood, 5)

        self.assertEqual(self._agrees(order), [(5, 5, 0, 0)])

    def test_components_of_a_cancelled_production_are_not(self):
        self._put_in_stock(self.wood, 10)
        self._start(self.made, 4).action_cancel()
        order = self._order(self.wood, 5)

        self.assertEqual(self._agrees(order), [(5, 5, 0, 0)])

    def test_components_of_kits_in_production_compete_too(self):
        plank = self._product("Plank")
        frame = self._kit("Frame", (plank, 2), (self.wood, 1))
        cabinet = self._product("Cabinet")
        self._bom(cabinet, (frame, 2))
        self._put_in_stock(plank, 10)
        self._start(cabinet, 2)
        order = self._order(plank, 5)

        self.assertEqual(self._agrees(order), [(5, 2, 0, 3)])

    def test_components_compete_once_when_they_are_picked_before_production(self):
        self.warehouse.manufacture_steps = "pbm"
        self._put_in_stock(self.wood, 10)
        production = self._start(self.made, 4)
        order = self._order(self.wood, 5)

        self.assertEqual(self._agrees(order), [(5, 2, 0, 3)])
        self.assertEqual(self._ready(self.wood), 10)
        pick = production.picking_ids
        pick.move_ids.picked = True
        self._validate(pick)
        self.assertEqual(self._agrees(order), [(5, 2, 0, 3)])
        self.assertEqual(self._ready(self.wood), 10)

    # Production is supply

    def test_confirmed_production_is_incoming_with_its_document(self):
        order = self._order(self.made, 5)
        production = self._start(self.made, 4, days=3)

        self.assertEqual(self._agrees(order), [(5, 0, 4, 1)])
        self.assertEqual(
            self._slices(order.order_line),
            [("receipt", 4, 3, production), ("none", 1, None, None)],
        )

    def test_draft_production_is_not_incoming(self):
        order = self._order(self.made, 5)
        self._production(self.made, 5)

        self.assertEqual(self._agrees(order), [(5, 0, 0, 5)])

    def test_finished_production_is_ready(self):
        self._put_in_stock(self.wood, 10)
        order = self._order(self.made, 5)
        self._finish(self._start(self.made, 4))

        self.assertEqual(self._agrees(order), [(5, 4, 0, 1)])

    def test_production_serves_lines_in_the_order_of_the_queue(self):
        orders = [self._order(self.made, 3), self._order(self.made, 3)]
        late = self._start(self.made, 2, days=9)
        early = self._start(self.made, 4, days=3)

        self.assertEqual(self._agrees(*orders), [(3, 0, 3, 0), (3, 0, 3, 0)])
        self.assertEqual(
            self._slices((orders[0] + orders[1]).order_line),
            [
                ("receipt", 3, 3, early),
                ("receipt", 1, 3, early),
                ("receipt", 2, 9, late),
            ],
        )

    def test_by_product_is_incoming_too(self):
        chips = self._product("Chips")
        self.bom.byproduct_ids = [
            Command.create({"product_id": chips.id, "product_qty": 3})
        ]
        order = self._order(chips, 5)
        production = self._start(self.made, 1)

        self.assertEqual(self._agrees(order), [(5, 0, 3, 2)])
        self.assertEqual(self._slices(order.order_line)[0][3], production)

    def test_production_in_three_steps_is_incoming_until_it_is_in_the_stock(self):
        self.warehouse.manufacture_steps = "pbm_sam"
        self._put_in_stock(self.wood, 10)
        order = self._order(self.made, 5)
        production = self._start(self.made, 5, days=3)
        self.assertEqual(self._agrees(order), [(5, 0, 5, 0)])
        self.assertEqual(
            self._slices(order.order_line), [("receipt", 5, 3, production)]
        )
        pick = production.picking_ids
        pick.move_ids.picked = True
        self._validate(pick)
        self._finish(production)
        self.assertEqual(self._agrees(order), [(5, 0, 5, 0)])
        self.assertEqual(self._slices(order.order_line)[0][3], production)
        store = production.picking_ids - pick
        store.move_ids.picked = True
        self._validate(store)

        self.assertEqual(self._agrees(order), [(5, 5, 0, 0)])

    def test_kit_waits_for_the_production_of_its_component(self):
        kit = self._kit("Pair", (self.made, 2))
        order = self._order(kit, 3)
        production = self._start(self.made, 6)

        self.assertEqual(self._agrees(order), [(3, 0, 3, 0)])
        self.assertEqual(
            self._slices(order.order_line), [("receipt", 6, 3, production)]
        )

    # Made to order

    def test_line_waits_for_its_own_production(self):
        product = self._for_order((self.wood, 1))
        self._put_in_stock(product, 20)
        self._put_in_stock(self.wood, 20)
        order = self._order(product, 5)
        production = self._production_of(order)
        self.assertEqual(production.state, "confirmed")

        self.assertEqual(self._agrees(order), [(5, 0, 5, 0)])
        self.assertEqual(self._slices(order.order_line)[0][3], production)
        self._finish(production)
        self.assertEqual(self._agrees(order), [(5, 5, 0, 0)])

    def test_line_whose_own_production_is_a_draft_is_to_source(self):
        product = self._for_order()
        order = self._order(product, 5)
        production = self._production_of(order)
        self.assertEqual(production.state, "draft")
        self._start(product, 5)

        self.assertEqual(self._agrees(order), [(5, 0, 0, 5)])

    def test_own_production_in_three_steps(self):
        self.warehouse.manufacture_steps = "pbm_sam"
        product = self._for_order((self.wood, 1))
        self._put_in_stock(self.wood, 20)
        order = self._order(product, 5)
        production = self._production_of(order)
        self.assertEqual(self._agrees(order), [(5, 0, 5, 0)])
        self.assertEqual(self._slices(order.order_line)[0][3], production)
        for picking in production.picking_ids:
            picking.move_ids.picked = True
            self._validate(picking)
        self._finish(production)
        self.assertEqual(self._agrees(order), [(5, 0, 5, 0)])
        self.assertEqual(self._slices(order.order_line)[0][3], production)
        for picking in production.picking_ids.filtered(lambda p: p.state != "done"):
            picking.move_ids.picked = True
            self._validate(picking)

        self.assertEqual(self._agrees(order), [(5, 5, 0, 0)])

    def test_own_production_in_two_parts_is_on_its_way_twice(self):
        product = self._for_order((self.wood, 1))
        self._put_in_stock(self.wood, 20)
        order = self._order(product, 5)
        production = self._production_of(order)
        productions = production._split_productions({production: [2, 3]})
        productions[1].date_start = self._after(10)
        self.assertEqual(
            [row[:2] + row[3:] for row in self._slices(order.order_line)],
            [("receipt", 2, productions[0]), ("receipt", 3, productions[1])],
        )
        self._finish(productions[0])
        self.assertEqual(self._agrees(order), [(5, 2, 3, 0)])
        # The rest is for this order as well, not for who comes first.
        ahead = self._order(product, 2, commitment_date=self._after(0))
        self._finish(productions[1])
        self.assertEqual(self._agrees(order, ahead), [(5, 5, 0, 0), (2, 0, 2, 0)])

    def test_part_of_a_production_that_is_cancelled_comes_no_more(self):
        self._put_in_stock(self.wood, 20)
        order = self._order(self.made, 5)
        production = self._start(self.made, 5)
        productions = production._split_productions({production: [2, 3]})
        self.assertEqual(self._agrees(order), [(5, 0, 5, 0)])
        productions[1].action_cancel()
        self.assertEqual(self._agrees(order), [(5, 0, 2, 3)])

    def test_subcontracted_goods_received_in_parts(self):
        """Each part leaves the rest with a production of its own."""
        self._bom(
            self.product,
            (self.wood, 4),
            bom_type="subcontract",
            subcontractor_ids=[Command.set(self.vendor.ids)],
        )
        order = self._order(self.product, 20)
        purchase = self._purchase(self.product, 12, days=4)
        for received, ready in ((5, 5), (3, 8), (1, 9)):
            self._receive(purchase, received)
            self.assertEqual(self._agrees(order), [(20, ready, 12 - ready, 8)])
        rest = purchase.picking_ids.filtered(lambda picking: picking.state != "done")
        rest.action_cancel()
        self.assertEqual(self._agrees(order), [(20, 9, 0, 11)])

    def test_raw_material_bought_for_an_order_is_no_demand_of_the_customer(self):
        self.warehouse.manufacture_steps = "pbm"
        product = self._for_order((self.wood, 3))
        order = self._order(product, 5)
        slices = self.env["backlog.allocation"].search(
            [("product_id", "=", self.wood.id)]
        )

        self.assertTrue(slices)
        self.assertFalse(slices.order_line_id)
        self.assertEqual(self._agrees(order), [(5, 0, 5, 0)])

    # Why it is late

    def _late(self, product, quantity=5):
        return self._order(product, quantity, commitment_date=self._after(1))

    def _cause(self, order):
        return self._line(order.order_line).delay_cause

    def test_late_line_waits_for_raw_material(self):
        order = self._late(self.made)
        self._start(self.made, 5)
        self.assertEqual(self._cause(order), "component")
        self._purchase(self.wood, 10)
        self.assertEqual(self._cause(order), "component")
        self._put_in_stock(self.wood, 10)
        self.assertEqual(self._cause(order), "supply_late")

    def test_production_that_is_overdue(self):
        order = self._late(self.made)
        production = self._start(self.made, 5)
        with freeze_time(self._after(4)):
            self.assertEqual(self._cause(order), "component")
            self._put_in_stock(self.wood, 10)
            self.assertEqual(self._cause(order), "supply_overdue")
            line = self._line(order.order_line)
            self.assertEqual(line.overdue_since, production.date_finished)

    def _verdict(self, order, user=None):
        self.env.invalidate_all()
        line = self._line(order.order_line).with_user(user or self.seller)
        return line.why["verdict"]

    def test_why_names_the_raw_material_that_is_missing(self):
        self._put_in_stock(self.wood, 3)
        order = self._late(self.made)
        production = self._start(self.made, 5)
        sentence = f"{production.name} waits for 7 Units of Wood."
        self.assertIn(sentence, self._verdict(order))
        self._purchase(self.wood, 7)
        self.assertIn(sentence, self._verdict(order))
        self._put_in_stock(self.wood, 7)
        self.assertNotIn("Wood", str(self._verdict(order)))

    def test_why_names_it_to_those_who_cannot_read_production(self):
        order = self._late(self.made)
        production = self._start(self.made, 5)
        buyer = new_test_user(self.env, "buyer", "purchase.group_purchase_user")

        self.assertFalse(production.with_user(buyer).has_access("read"))
        for user in (self.seller, buyer):
            self.assertIn(
                f"{production.name} waits for 10 Units of Wood.",
                self._verdict(order, user),
            )

    def test_raw_material_that_goes_to_customers_ahead_is_not_there(self):
        self._put_in_stock(self.wood, 10)
        self._order(self.wood, 1)
        order = self._late(self.made)
        self._start(self.made, 5)

        self.assertEqual(self._cause(order), "component")

    def test_raw_material_that_only_has_to_be_picked_is_there(self):
        self.warehouse.manufacture_steps = "pbm"
        order = self._late(self.made)
        self._start(self.made, 5)
        self.assertEqual(self._cause(order), "component")
        self.assertIn("waits for 10 Units of Wood.", str(self._verdict(order)))
        self._put_in_stock(self.wood, 10)

        self.assertEqual(self._cause(order), "supply_late")
        self.assertNotIn("Wood", str(self._verdict(order)))

    def test_kit_waits_for_raw_material_of_its_component(self):
        kit = self._kit("Pair", (self.made, 2))
        order = self._late(kit, 1)
        self._start(self.made, 2)

        self.assertEqual(self._cause(order), "component")

    def test_late_line_without_any_supply_waits_for_that_first(self):
        order = self._late(self.made)
        self._start(self.made, 3)

        self.assertEqual(self._cause(order), "no_supply")

    def test_line_in_time_has_no_cause(self):
        order = self._order(self.made, 5, commitment_date=self._after(9))
        self._start(self.made, 5)

        self.assertFalse(self._cause(order))

    def test_cause_is_the_same_for_few_products(self):
        order = self._late(self.made)
        self._start(self.made, 5)
        with giving(self.env["backlog.line"], product_ids=self.made.ids) as lines:
            self.assertEqual(
                lines.search([("id", "=", order.order_line.id)]).delay_cause,
                "component",
            )

    def test_causes_can_be_grouped(self):
        order = self._late(self.made)
        self._start(self.made, 5)
        groups = self.env["backlog.line"].formatted_read_group(
            [("id", "=", order.order_line.id)], ["delay_cause"], ["__count"]
        )

        self.assertEqual(
            [(row["delay_cause"], row["__count"]) for row in groups], [("component", 1)]
        )
        self.assertIn(
            ("component", "Waits for raw material"),
            self.env["backlog.line"]._selection_delay_cause(),
        )
