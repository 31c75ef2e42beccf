from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestShelves(BacklogCase):
    """Transfers that leave from one shelf inside the stock."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.warehouse.out_type_id.reservation_method = "manual"
        cls.front, cls.back = cls.env["stock.location"].create(
            [
                {"name": "Front", "location_id": cls.stock.id},
                {"name": "Back", "location_id": cls.stock.id},
            ]
        )
        cls._put_in_stock(cls.product, 5, cls.front)
        cls._put_in_stock(cls.product, 9, cls.back)

    def _order_from(self, shelf, quantity):
        order = self._order(self.product, quantity)
        pickings = order.sudo().picking_ids
        pickings.location_id = shelf
        pickings.move_ids.location_id = shelf
        return order

    def _check(self, orders):
        """What the engine calls ready, held against what Odoo reserves in turn."""
        lines = self.env["sale.order.line"].union(*(o.order_line for o in orders))
        ready = [ready for _open, ready, _incoming, _none in self._split(lines)]
        for order in orders:
            order.sudo().picking_ids.action_assign()
        reserved = [line.move_ids.quantity for line in lines.sudo()]
        self.assertEqual(reserved, ready)
        return ready

    def test_a_shelf_gives_only_what_lies_on_it(self):
        orders = [self._order_from(self.front, 4), self._order_from(self.front, 4)]
        self.assertEqual(self._check(orders), [4, 1])

    def test_the_whole_stock_gives_what_the_shelf_left(self):
        orders = [self._order_from(self.front, 4), self._order(self.product, 12)]
        self.assertEqual(self._check(orders), [4, 10])

    def test_quarantine_counts_where_odoo_reserves_from_it(self):
        """Beside the stock it serves nobody; below it, Odoo takes goods from it. Put it
        beside, or store goods there on a step of the receipt."""
        beside, below = self.env["stock.location"].create(
            [
                {"name": "Quarantine", "location_id": parent.id}
                for parent in (self.warehouse.view_location_id, self.stock)
            ]
        )
        for place, ready in ((beside, 0), (below, 4)):
            lamp = self._product("Lamp")
            self._put_in_stock(lamp, 6, place)
            self.assertEqual(self._check([self._order(lamp, 4)]), [ready])

    def test_an_empty_shelf_gives_nothing(self):
        empty = self.front.copy({"name": "Empty"})
        self.assertEqual(self._check([self._order_from(empty, 4)]), [0])

    def test_an_empty_shelf_is_filled_from_another_and_not_bought(self):
        order, other = self._order_from(self.front, 20), self._order(self.product, 3)
        self.assertEqual(self._check([order, other]), [5, 3])
        self.assertEqual([part for part, _qty in self._missing()], ["left", "shelf"])
        [line] = self.env["backlog.line"].browse(order.order_line.ids)
        why = self.env["backlog.why"]._explain(line)
        self.assertIn("6 Units are free: move them there", str(why))
        # What lies on no shelf is bought: 20 less 5 there and 6 elsewhere.
        plan = self.env["backlog.plan"]
        [net] = plan._nets(self.product, self._rows()).values()
        self.assertEqual((net.short_qty, net.missing_qty, net.stock), (9, 9, 0))

    def test_why_of_what_leaves_from_a_place_of_no_warehouse(self):
        place = self.env["stock.location"].create(
            {"name": "Yard", "location_id": False}
        )
        order = self._order_from(place, 4)
        line = self.env["backlog.line"].browse(order.order_line.ids)
        self.assertEqual(line.to_source_qty, 4)
        self.assertNotIn("move them there", str(line.why))

    def _rows(self):
        return self.env["backlog.need"]._rows(self.product.ids)

    def _missing(self):
        return [(row.part, row.qty) for row in self._rows()]

    def test_what_was_put_away_inside_output_can_leave(self):
        self.warehouse.delivery_steps = "pick_ship"
        output = self.warehouse.wh_output_stock_loc_id
        bay = self.env["stock.location"].create(
            {"name": "Bay", "location_id": output.id}
        )
        order = self._order(self.product, 5)
        pick = order.sudo().picking_ids
        pick.action_assign()
        pick.move_ids.move_line_ids.location_dest_id = bay
        pick.move_ids.picked = True
        self._validate(pick)
        order.sudo().picking_ids.filtered(lambda p: p.state != "done").do_unreserve()
        self.assertEqual(self._split(order.order_line), [(5, 5, 0, 0)])

    def test_a_transfer_from_the_whole_warehouse_is_open(self):
        order = self._order_from(self.warehouse.view_location_id, 4)
        self.assertEqual(self._check([order]), [4])
