from odoo.fields import Command
from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestDeliverySteps(BacklogCase):
    """Deliveries in one, two and three steps, at every stage between them. Goods that
    left the shelf for a customer stay ready for that customer."""

    def _assert_ready_at_every_stage(self, order, waiting, stages):
        """``order`` is wholly ready until its last step, and ``waiting`` never gets
        more than the two that are left."""
        for _stage in range(stages):
            self.assertEqual(
                self._split((order + waiting).order_line),
                [(5, 5, 0, 0), (4, 2, 0, 2)],
            )
            self._ship(order)
        self.assertEqual(order.order_line.qty_delivered, 5)
        self.assertEqual(
            self._split((order + waiting).order_line), [(0, 0, 0, 0), (4, 2, 0, 2)]
        )

    def _pull_route(self, *locations):
        """Rules from stock through ``locations`` to the customer, as Odoo made them up
        to version 17: all steps are created at once, each pulls the one before."""
        customers = self.env.ref("stock.stock_location_customers")
        sources = (self.stock, *locations)
        targets = (*locations, customers)
        return self.env["stock.route"].create(
            {
                "name": "All steps at once",
                "sale_selectable": True,
                "rule_ids": [
                    Command.create(
                        {
                            "name": f"{source.name} to {target.name}",
                            "action": "pull",
                            "location_src_id": source.id,
                            "location_dest_id": target.id,
                            "location_dest_from_rule": True,
                            "picking_type_id": (
                                self.warehouse.out_type_id
                                if target == customers
                                else self.warehouse.int_type_id
                            ).id,
                            "procure_method": "make_to_stock"
                            if source == self.stock
                            else "make_to_order",
                            "warehouse_id": self.warehouse.id,
                        }
                    )
                    for source, target in zip(sources, targets, strict=True)
                ],
            }
        )

    def test_one_step(self):
        self._put_in_stock(self.product, 7)
        self._assert_ready_at_every_stage(
            self._order(self.product, 5), self._order(self.product, 4), 1
        )

    def test_two_steps(self):
        self.warehouse.delivery_steps = "pick_ship"
        self._put_in_stock(self.product, 7)
        self._assert_ready_at_every_stage(
            self._order(self.product, 5), self._order(self.product, 4), 2
        )

    def test_three_steps(self):
        self.warehouse.delivery_steps = "pick_pack_ship"
        self._put_in_stock(self.product, 7)
        self._assert_ready_at_every_stage(
            self._order(self.product, 5), self._order(self.product, 4), 3
        )

    def test_partly_picked_line_is_ready_on_both_sides(self):
        self.warehouse.delivery_steps = "pick_ship"
        self._put_in_stock(self.product, 6)
        order = self._order(self.product, 8)
        self._ship(order, 3)

        self.assertEqual(self._split(order.order_line), [(8, 6, 0, 2)])
        self.assertEqual(
            self._slices(order.order_line),
            [
                ("reserved", 3, 0, None),
                ("reserved", 3, 0, None),
                ("none", 2, None, None),
            ],
        )

    def test_order_in_three_steps_with_goods_at_each_of_them(self):
        self.warehouse.delivery_steps = "pick_pack_ship"
        self._put_in_stock(self.product, 9)
        order = self._order(self.product, 10)
        pick = order.sudo().picking_ids
        self._ship(order, 6)
        pack = order.sudo().picking_ids.filtered(
            lambda picking: picking.location_id == self.warehouse.wh_pack_stock_loc_id
        )
        pack.move_ids.quantity = 2
        self._validate(pack)

        self.assertEqual(pick.state, "done")
        self.assertEqual(self._split(order.order_line), [(10, 9, 0, 1)])
        self.assertEqual(
            sorted(qty for source, qty, *_ in self._slices(order.order_line)),
            [1, 2, 3, 4],
        )

    def test_goods_picked_for_one_order_are_not_ready_for_another(self):
        self.warehouse.delivery_steps = "pick_ship"
        self._put_in_stock(self.product, 5)
        order = self._order(self.product, 5)
        self._ship(order)
        starred = self._order(self.product, 5)
        starred.sudo().picking_ids.priority = "1"

        self.assertEqual(
            self._split((order + starred).order_line), [(5, 5, 0, 0), (5, 0, 0, 5)]
        )

    def test_picked_but_unreserved_goods_stay_with_their_order(self):
        self.warehouse.delivery_steps = "pick_ship"
        self._put_in_stock(self.product, 5)
        order = self._order(self.product, 5)
        self._ship(order)
        shipping = order.sudo().picking_ids.filtered(lambda p: p.state != "done")
        shipping.do_unreserve()
        self.assertEqual(self._split(order.order_line), [(5, 5, 0, 0)])

        shipping.action_assign()

        self.assertEqual(shipping.move_ids.quantity, 5)

    def test_goods_lost_after_picking_are_not_ready(self):
        self.warehouse.delivery_steps = "pick_ship"
        self._put_in_stock(self.product, 5)
        order = self._order(self.product, 5)
        self._ship(order)
        self._put_in_stock(
            self.product, -2, location=self.warehouse.wh_output_stock_loc_id
        )

        self.assertEqual(self._split(order.order_line), [(5, 3, 0, 2)])

    def test_output_below_the_stock_itself(self):
        self.warehouse.delivery_steps = "pick_ship"
        self.warehouse.wh_output_stock_loc_id.location_id = self.stock
        self._put_in_stock(self.product, 7)
        self._assert_ready_at_every_stage(
            self._order(self.product, 5), self._order(self.product, 4), 2
        )

    def test_pull_rules_in_two_steps(self):
        """Both steps exist from the start and carry the order line: it counts once."""
        route = self._pull_route(self.warehouse.wh_output_stock_loc_id)
        self._put_in_stock(self.product, 7)
        order, waiting = (
            self._order((self.product, quantity, {"route_ids": route.ids}))
            for quantity in (5, 4)
        )

        self.assertEqual(len(order.order_line.move_ids), 2)
        self._assert_ready_at_every_stage(order, waiting, 2)

    def test_pull_rules_in_three_steps(self):
        route = self._pull_route(
            self.warehouse.wh_pack_stock_loc_id, self.warehouse.wh_output_stock_loc_id
        )
        self._put_in_stock(self.product, 7)
        order, waiting = (
            self._order((self.product, quantity, {"route_ids": route.ids}))
            for quantity in (5, 4)
        )

        self.assertEqual(len(order.order_line.move_ids), 3)
        self._assert_ready_at_every_stage(order, waiting, 3)

    def test_picked_goods_of_a_step_that_says_waiting_are_ready(self):
        """Odoo leaves that state when a step is split for a wave."""
        self.warehouse.delivery_steps = "pick_ship"
        self._put_in_stock(self.product, 10)
        order = self._order(self.product, 10)
        self._ship(order)
        move = order.sudo().picking_ids.filtered(lambda p: p.state != "done").move_ids
        line = move.move_line_ids
        line.quantity = 5
        rest = line.copy({"quantity": 5})
        split = self.env["stock.move"].create(move._split(5))
        rest.move_id = split
        split._action_confirm(merge=False)
        (move + split).state = "waiting"
        self.assertEqual((move + split).mapped("quantity"), [5, 5])
        self.assertEqual(self._split(order.order_line), [(10, 10, 0, 0)])

    def test_confirmed_again_after_the_pick_was_returned(self):
        """Odoo may ask for more than was ordered then; what it ships is told."""
        route = self._pull_route(self.warehouse.wh_output_stock_loc_id)
        self._put_in_stock(self.product, 10)
        order = self._order((self.product, 1, {"route_ids": route.ids}))
        self._ship(order)
        [pick] = order.sudo().picking_ids.filtered(lambda p: p.state == "done")
        wizard = self.env["stock.return.picking"].create({"picking_id": pick.id})
        wizard.product_return_moves.quantity = 1
        action = wizard.action_create_returns()
        self._validate(self.env["stock.picking"].browse(action["res_id"]))
        # Nobody picks again for a step that waits for what was picked.
        self.assertEqual(self._split(order.order_line), [(1, 0, 0, 1)])
        order.sudo()._action_cancel()
        order.action_draft()
        order.action_confirm()
        [ship] = order.sudo().picking_ids.filtered(lambda p: p.state == "waiting")
        asked = ship.move_ids.product_qty
        self.assertEqual(self._split(order.order_line), [(asked, asked, 0, 0)])
        self.assertEqual(self._line(order.order_line).excess_qty, asked - 1)

    def test_pull_rules_partly_picked(self):
        route = self._pull_route(self.warehouse.wh_output_stock_loc_id)
        self._put_in_stock(self.product, 6)
        order = self._order((self.product, 8, {"route_ids": route.ids}))
        self._ship(order, 3)
        self.assertEqual(self._split(order.order_line), [(8, 6, 0, 2)])

        self._purchase(self.product, 2)
        self.assertEqual(self._split(order.order_line), [(8, 6, 2, 0)])

    def test_pull_rules_partly_picked_and_partly_shipped(self):
        route = self._pull_route(self.warehouse.wh_output_stock_loc_id)
        self._put_in_stock(self.product, 6)
        order = self._order((self.product, 8, {"route_ids": route.ids}))
        self._ship(order, 4)
        out = order.sudo().picking_ids.filtered(
            lambda p: p.picking_type_id == self.warehouse.out_type_id
        )
        out.move_ids.quantity = 1
        self._validate(out)

        self.assertEqual(order.order_line.qty_delivered, 1)
        self.assertEqual(self._split(order.order_line), [(7, 5, 0, 2)])
