from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestPlaces(BacklogCase):
    """Places that lie where Odoo does not put them by itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.warehouse.out_type_id.reservation_method = "manual"

    def _shelf(self, name="Shelf", **values):
        return self.env["stock.location"].create(
            {"name": name, "location_id": self.stock.id, **values}
        )

    def _check(self, *orders):
        """What is ready, held against what Odoo reserves in the order of the queue."""
        lines = self.env["sale.order.line"].union(*(o.order_line for o in orders))
        ready = [ready for _open, ready, _incoming, _none in self._split(lines)]
        for move in lines.sudo().move_ids.sorted(lambda move: (move.date, move.id)):
            move._action_assign()
        self.assertEqual([line.move_ids.quantity for line in lines.sudo()], ready)
        self.assertEqual([row[1] for row in self._split(lines)], ready)
        return ready

    # A warehouse inside the stock of another one

    def _nested(self):
        inner = self.env["stock.warehouse"].create({"name": "Inner", "code": "IN"})
        inner.out_type_id.reservation_method = "manual"
        inner.view_location_id.location_id = self.stock
        self._put_in_stock(self.product, 2)
        self._put_in_stock(self.product, 4, inner.lot_stock_id)
        return inner

    def test_the_outer_warehouse_ships_what_lies_in_the_inner_one(self):
        self._nested()
        self.assertEqual(self._check(self._order(self.product, 7)), [6])

    def test_the_inner_warehouse_ships_what_the_outer_one_left_there(self):
        inner = self._nested()
        before = self._order(self.product, 1)
        inside = self._order(self.product, 9, warehouse_id=inner.id)
        after = self._order(self.product, 9)
        # Odoo takes the goods that came first: the two in the outer stock.
        self.assertEqual(self._check(before, inside, after), [1, 4, 1])

    def test_each_warehouse_is_promised_what_it_would_get(self):
        inner = self._nested()

        def ready(warehouse):
            return self.product.get_promise(
                self.product.id, 9, warehouse_id=warehouse.id
            )["ready"]

        self.assertEqual((ready(self.warehouse), ready(inner)), (6, 4))
        self._order(self.product, 3, warehouse_id=inner.id)
        self.assertEqual((ready(self.warehouse), ready(inner)), (3, 1))
        self._order(self.product, 2)
        self.assertEqual((ready(self.warehouse), ready(inner)), (1, 1))

    def test_a_quotation_of_the_inner_warehouse_gets_what_odoo_reserves_at_once(self):
        ahead = self._order(self.product, 6)
        inner = self._nested()
        inner.out_type_id.reservation_method = "at_confirm"
        self.assertEqual(self._split(ahead.order_line), [(6, 6, 0, 0)])
        quotation = self._quote((self.product, 5), warehouse_id=inner.id)
        self.assertEqual(quotation.order_line.quote_ready_qty, 4)
        self.assertIn(f"{ahead.name} (Customer) loses 4", quotation.quote_losses)
        quotation.action_confirm()
        self.assertEqual(
            self._split((ahead | quotation).order_line), [(6, 2, 0, 4), (5, 4, 0, 1)]
        )

    def test_what_is_brought_to_the_inner_warehouse_is_for_its_orders(self):
        inner = self.env["stock.warehouse"].create({"name": "Inner", "code": "IN"})
        inner.view_location_id.location_id = self.stock
        outside = self._order(self.product, 3)
        inside = self._order(self.product, 3, warehouse_id=inner.id)
        self._purchase(self.product, 3, picking_type_id=inner.in_type_id.id)
        self.assertEqual(
            self._split((outside | inside).order_line), [(3, 0, 0, 3), (3, 0, 3, 0)]
        )

    def _why(self, order):
        return " ".join(self._line(order.order_line).why["verdict"])

    def test_the_line_says_where_a_warehouse_lies_inside_another_one(self):
        inner = self._nested()
        outside = self._order(self.product, 7)
        inside = self._order(self.product, 7, warehouse_id=inner.id)
        self.assertIn("The warehouse Inner lies inside this stock", self._why(outside))
        self.assertIn("This stock lies inside that of", self._why(inside))
        self.assertNotIn("This stock lies", self._why(outside))

    # Places of other kinds below the stock

    def test_what_is_scrapped_below_the_stock_is_what_odoo_ships(self):
        scrap = self._shelf("Scrap", usage="inventory")
        self._put_in_stock(self.product, 6)
        self._put_in_stock(self.product, 2, scrap)
        order = self._order(self.product, 9)
        self.assertIn("Scrap lies below the stock", self._why(order))
        self.assertEqual(self._check(order), [8])

    def test_two_orders_do_not_get_the_same_scrap(self):
        """Odoo notes no reservation in such a place, so it gives them away twice."""
        scrap = self._shelf("Scrap", usage="inventory")
        self._put_in_stock(self.product, 2, scrap)
        first, second = self._order(self.product, 2), self._order(self.product, 2)
        first.sudo().picking_ids.action_assign()
        lines = (first | second).order_line
        self.assertEqual([row[1] for row in self._split(lines)], [2, 0])

    # A customer whose goods stay with us

    def test_a_customer_whose_place_is_one_of_ours_has_a_line(self):
        for usage in ("internal", "transit"):
            for steps in ("ship_only", "pick_ship"):
                with self.subTest(usage=usage, steps=steps):
                    self.warehouse.delivery_steps = steps
                    place = self.env["stock.location"].create(
                        {
                            "name": "Consigned",
                            "usage": usage,
                            "location_id": self.env.ref(
                                "stock.stock_location_customers"
                            ).id,
                        }
                    )
                    self.customer.property_stock_customer = place
                    product = self._product("Consigned")
                    self._put_in_stock(product, 3)
                    order = self._order(product, 5)
                    self.assertEqual(self._split(order.order_line), [(5, 3, 0, 2)])
                    self.assertEqual(
                        self._line(order.order_line).backlog_state, "partial"
                    )
                    self.env["backlog.fold"]._fold()
                    self.customer.property_stock_customer = self.env.ref(
                        "stock.stock_location_customers"
                    )
                    self.env.flush_all()
                    self.assertIn(product.id, self.env["backlog.kept"]._stale().touched)

    # Goods of a chain that were moved

    def _picked(self, quantity):
        """An order whose goods were brought to Output, and no more reserved."""
        self.warehouse.delivery_steps = "pick_ship"
        self._put_in_stock(self.product, quantity)
        order = self._order(self.product, quantity)
        pick = order.sudo().picking_ids
        pick.action_assign()
        pick.move_ids.picked = True
        self._validate(pick)
        ship = order.sudo().picking_ids - pick
        ship.do_unreserve()
        return order, ship

    def _move(self, quantity, source, dest):
        self._put_in_stock(self.product, -quantity, source)
        self._put_in_stock(self.product, quantity, dest)

    def test_goods_brought_for_a_delivery_and_moved_to_a_shelf_are_not_ready(self):
        output = self.warehouse.wh_output_stock_loc_id
        bay = self.env["stock.location"].create(
            {"name": "Bay", "location_id": output.id}
        )
        order, ship = self._picked(5)
        for moved in (2, 3):
            with self.subTest(moved=moved):
                self._move(moved, output, bay)
                [(_open, ready, _incoming, _none)] = self._split(order.order_line)
                ship.action_assign()
                self.assertEqual(ship.move_ids.quantity, ready)
                self.assertEqual(ready, {2: 3, 3: 0}[moved])
                ship.do_unreserve()

    def test_another_lot_or_package_is_not_what_was_brought(self):
        output = self.warehouse.wh_output_stock_loc_id
        package = self.env["stock.package"].create({"name": "Box"})
        order, ship = self._picked(5)
        self._put_in_stock(self.product, -4, output)
        self._put_in_stock(self.product, 4, output, package_id=package)
        self.assertEqual([row[1] for row in self._split(order.order_line)], [1])
        ship.action_assign()
        self.assertEqual(ship.move_ids.quantity, 1)

    def test_goods_bought_to_order_and_moved_to_a_shelf_are_not_ready(self):
        order, purchase = self._bought_to_order(self.product, 5)
        self._receive(purchase)
        order.sudo().picking_ids.do_unreserve()
        self.assertEqual([row[1] for row in self._split(order.order_line)], [5])
        self._move(5, self.stock, self._shelf())
        self.assertEqual(self._check(order), [0])

    # Shelves

    def test_who_takes_from_the_whole_stock_leaves_a_shelf_what_odoo_leaves(self):
        front, back = self._shelf("Front"), self._shelf("Back")
        self._put_in_stock(self.product, 5, front)
        self._put_in_stock(self.product, 9, back)
        whole = self._order(self.product, 4)
        shelf = self._order(self.product, 5)
        shelf.sudo().picking_ids.location_id = front
        shelf.sudo().picking_ids.move_ids.location_id = front
        # First in, first out: the front came first.
        self.assertEqual(self._check(whole, shelf), [4, 1])

    def test_the_removal_strategy_decides_what_a_shelf_keeps(self):
        front, back = self._shelf("Front"), self._shelf("Back")
        self._put_in_stock(self.product, 5, front)
        self._put_in_stock(self.product, 9, back)
        self.product.categ_id = self.env["product.category"].create({"name": "Wood"})
        for method, left in (("lifo", 5), ("closest", 5), ("fifo", 1)):
            with self.subTest(method):
                self.product.categ_id.removal_strategy_id = self.env[
                    "product.removal"
                ].search([("method", "=", method)], limit=1)
                whole = self._order(self.product, 4)
                shelf = self._order(self.product, 5)
                shelf.sudo().picking_ids.location_id = front
                shelf.sudo().picking_ids.move_ids.location_id = front
                self.assertEqual(self._check(whole, shelf), [4, left])
                (whole | shelf)._action_cancel()
