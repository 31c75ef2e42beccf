from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestChangedDestination(BacklogCase):
    """A receipt that goes somewhere else than it was made for: it is incoming for those
    whom Odoo reserves for once it has arrived."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.env["stock.warehouse"].create({"name": "Branch", "code": "BR"})
        cls.corner = cls.env["stock.location"].create(
            {"name": "Corner", "location_id": cls.warehouse.view_location_id.id}
        )

    def _orders(self, quantity=5):
        """One order of each warehouse."""
        here = self._order(self.product, quantity)
        there = self._order(self.product, quantity, warehouse_id=self.branch.id)
        return here, there

    def _check(self, orders, picking):
        """What is incoming, held against what Odoo reserves after the receipt and
        whatever it pushes."""
        lines = self.env["sale.order.line"].union(*(o.order_line for o in orders))
        incoming = [incoming for _open, _ready, incoming, _none in self._split(lines)]
        while picking:
            moves = picking.move_ids
            picking.move_ids.picked = True
            self._validate(picking)
            picking = moves.move_dest_ids.picking_id.filtered(
                lambda one: one.picking_type_code == "internal"
            )
        for order in orders:
            order.sudo().picking_ids.action_assign()
        self.assertEqual([line.move_ids.quantity for line in lines.sudo()], incoming)
        return incoming

    def _redirect(self, picking, location):
        picking.location_dest_id = location
        picking.move_ids.location_dest_id = location

    def test_a_receipt_that_was_sent_to_the_other_warehouse(self):
        orders = self._orders()
        picking = self._purchase(self.product, 5).picking_ids
        self.assertEqual(picking.move_ids.location_final_id, self.stock)
        self._redirect(picking, self.branch.lot_stock_id)
        self.assertEqual(self._check(orders, picking), [0, 5])

    def test_a_receipt_that_was_sent_to_the_input_of_the_other_warehouse(self):
        self.branch.reception_steps = "three_steps"
        orders = self._orders()
        picking = self._purchase(self.product, 5).picking_ids
        self._redirect(picking, self.branch.wh_input_stock_loc_id)
        lines = (orders[0] | orders[1]).order_line
        self.assertEqual([row[2] for row in self._split(lines)], [0, 5])

    def test_a_receipt_that_was_sent_to_a_corner_without_a_way_on(self):
        for steps in ("one_step", "two_steps"):
            with self.subTest(steps=steps):
                self.warehouse.reception_steps = steps
                orders = self._orders()
                picking = self._purchase(self.product, 5).picking_ids
                self._redirect(picking, self.corner)
                self.assertEqual(self._check(orders, picking), [0, 0])

    def test_a_receipt_that_was_sent_to_a_shelf_is_for_the_same_orders(self):
        shelf = self.env["stock.location"].create(
            {"name": "Shelf", "location_id": self.stock.id}
        )
        orders = self._orders()
        picking = self._purchase(self.product, 5).picking_ids
        self._redirect(picking, shelf)
        self.assertEqual(self._check(orders, picking), [5, 0])

    def test_steps_of_a_receipt_still_lead_to_the_stock(self):
        self.warehouse.reception_steps = "three_steps"
        orders = self._orders()
        picking = self._purchase(self.product, 5).picking_ids
        self.assertEqual(self._check(orders, picking), [5, 0])

    def test_a_step_that_was_taken_away_leaves_goods_where_they_arrive(self):
        self.warehouse.reception_steps = "two_steps"
        orders = self._orders()
        picking = self._purchase(self.product, 5).picking_ids
        lines = (orders[0] | orders[1]).order_line
        self.env["backlog.fold"]._fold()
        self.assertEqual([row[2] for row in self._split(lines)], [5, 0])
        self.warehouse.reception_steps = "one_step"
        self.assertEqual(self._check(orders, picking), [0, 0])

    def test_a_request_that_is_delivered_to_the_other_warehouse(self):
        """The line of a request that was made for one warehouse says so for ever."""
        orders = self._orders()
        request = self._request(self.product, 5)
        request.order_line.location_final_id = self.stock
        request.picking_type_id = self.branch.in_type_id
        requested = [
            row.warehouse_id
            for row in self.env["backlog.need"]._rows(self.product.ids)
            if row.part == "request"
        ]
        self.assertEqual(requested, self.branch.ids)
        request.button_confirm()
        self.assertEqual(self._check(orders, request.picking_ids), [0, 5])

    def test_a_draft_receipt_counts_where_it_goes(self):
        self._orders()
        receipt = self.env["stock.picking"].create(
            {
                "picking_type_id": self.warehouse.in_type_id.id,
                "location_dest_id": self.branch.lot_stock_id.id,
                "move_ids": [
                    (
                        0,
                        0,
                        {
                            "product_id": self.product.id,
                            "product_uom_qty": 5,
                            "location_final_id": self.stock.id,
                        },
                    )
                ],
            }
        )
        self.assertEqual(receipt.move_ids.location_dest_id, self.branch.lot_stock_id)
        requested = [
            row.warehouse_id
            for row in self.env["backlog.need"]._rows(self.product.ids)
            if row.part == "request"
        ]
        self.assertEqual(requested, self.branch.ids)

    def test_goods_bought_to_order_that_go_elsewhere_are_not_on_their_way(self):
        order, purchase = self._bought_to_order(self.product, 5)
        self.assertEqual(self._split(order.order_line), [(5, 0, 5, 0)])
        self._redirect(purchase.picking_ids, self.corner)
        self.assertEqual(self._check([order], purchase.picking_ids), [0])
