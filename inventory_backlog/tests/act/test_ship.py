from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..acts import ActCase


@tagged("post_install", "-at_install")
class TestShip(ActCase):
    """Goods that are there: shipped by the warehouse, reserved by the salesperson."""

    def _validate_window(self, result):
        window = self._window(result, self.packer)
        told = window.action_validate()
        self.env.flush_all()
        self.env.invalidate_all()
        return told

    def _open(self, order):
        """Open quantities by product."""
        return {line.product_id: line.open_qty for line in self._of(order)}

    # Shipping

    def test_the_window_ships_what_is_ready_and_leaves_the_rest_open(self):
        other = self._product("Other")
        order = self._wanted([(self.product, 5), (other, 3)])
        self._put_in_stock(self.product, 2)
        self._put_in_stock(other, 3)
        line = self._of(order, self.packer).filtered(
            lambda line: line.product_id == self.product
        )
        result = self._act(line, "ship")
        window = self._window(result, self.packer)
        self.assertEqual(
            [
                (row.product_id, row.ready_qty, row.qty, row.is_chosen, row.is_asked)
                for row in window.line_ids
            ],
            [(self.product, 2, 2, True, True), (other, 3, 3, True, False)],
        )
        self.assertTrue(window.has_more)

        window.line_ids[1].is_chosen = False
        told = self._validate_window(result)
        self.assertRegex(told["params"]["message"], "^WH/OUT/.* shipped.$")
        self.assertEqual(self._open(order), {self.product: 3, other: 3})
        self.assertEqual(order.order_line.mapped("qty_delivered"), [2, 0])
        open_transfer = order.sudo().picking_ids.filtered(
            lambda one: one.state not in ("done", "cancel")
        )
        self.assertEqual(len(open_transfer), 1)

    def test_less_than_is_ready_can_be_shipped(self):
        self._put_in_stock(self.product, 4)
        order = self._wanted(self.product, 4)
        result = self._act(self._of(order, self.packer), "ship")
        self._window(result, self.packer).line_ids.qty = 1
        self._validate_window(result)
        self.assertEqual(self._open(order), {self.product: 3})

    def test_no_more_than_is_ready_is_shipped(self):
        self._put_in_stock(self.product, 4)
        self._wanted(self.product, 2)
        order = self._wanted(self.product, 9)
        result = self._act(self._of(order, self.packer), "ship")
        window = self._window(result, self.packer)
        self.assertEqual(window.line_ids.qty, 2)
        window.line_ids.qty = 4
        with self.assertRaisesRegex(UserError, "2 Units of Chair are ready"):
            window.action_validate()

    def test_shipping_twice_ships_once(self):
        self._put_in_stock(self.product, 4)
        order = self._wanted(self.product, 4)
        result = self._act(self._of(order, self.packer), "ship")
        self._validate_window(result)
        with self.assertRaisesRegex(UserError, "shipped or cancelled by now"):
            self._window(result, self.packer).action_validate()
        self.assertEqual(order.order_line.qty_delivered, 4)
        again = self._act(
            self.env["backlog.line"].browse(order.order_line.id),
            "ship",
            user=self.packer,
        )
        self.assertEqual((again["action"], again["done"]), (False, 0))
        self.assertEqual(again["message"], "It is not open any more.")

    def test_many_transfers_leave_each_by_itself(self):
        self._put_in_stock(self.product, 4)
        orders = [self._wanted(self.product, 2) for _number in range(2)]
        blocked = self._line_blocked()
        lines = self._of(orders[0], self.packer) | self._of(orders[1], self.packer)
        result = self._act(lines | self._of(blocked, self.packer)[:1], "ship")
        self.assertEqual(result["done"], 2)
        self.assertRegex(result["skipped"][0]["reason"], "^S.* ships all at once")
        # One of them is shipped by somebody else meanwhile.
        self._ship(orders[0])
        told = self._validate_window(result)
        self.assertEqual(told["params"]["type"], "warning")
        self.assertRegex(told["params"]["message"], "shipped. .* by now")
        self.assertEqual(orders[1].order_line.qty_delivered, 2)

    def _line_blocked(self):
        table = self._product("Blocked")
        self._put_in_stock(table, 2)
        return self._wanted(
            [(table, 2), (self._product("Short"), 1)], picking_policy="one"
        )

    def test_of_a_blocked_order_nothing_is_shipped(self):
        line = self._of(self._line_blocked(), self.packer)[:1]
        result = self._act(line, "ship")
        self.assertFalse(result["action"])
        self.assertRegex(result["message"], "ships all at once")

    def test_goods_that_must_be_picked_first_open_the_pick(self):
        self.warehouse.delivery_steps = "pick_pack_ship"
        self._put_in_stock(self.product, 2)
        order = self._wanted(self.product, 2)
        line = self._of(order, self.packer)
        self.assertEqual(line.step["first"]["label"], "Pick 2")
        for place in ("Pick", "Pack"):
            action = self._act(line, "ship")["action"]
            transfer = self.env["stock.picking"].browse(action["res_id"])
            self.assertEqual(action["res_model"], "stock.picking", place)
            self.assertEqual(transfer.picking_type_code, "internal")
            self._ship(order)
            line = self._of(order, self.packer)
        self.assertEqual(line.step["first"]["label"], "Ship 2")
        self._validate_window(self._act(line, "ship"))
        self.assertEqual(order.order_line.qty_delivered, 2)

    def test_serial_numbers_are_taken_from_stock(self):
        tracked = self._product("Tracked", tracking="serial")
        numbers = self.env["stock.lot"].create(
            [{"name": f"N{one}", "product_id": tracked.id} for one in range(2)]
        )
        order = self._wanted(tracked, 3)
        for number in numbers:
            self._put_in_stock(tracked, 1, lot_id=number)
        self._validate_window(self._act(self._of(order, self.packer), "ship"))
        self.assertEqual(order.order_line.qty_delivered, 2)

    def test_where_serial_numbers_are_missing_the_transfer_is_opened(self):
        tracked = self._product("Tracked", tracking="serial")
        order = self._wanted(tracked, 1)
        self._put_in_stock(tracked, 1)
        result = self._act(self._of(order, self.packer), "ship")
        if result["action"]["res_model"] == "backlog.ship":
            result = {"action": self._validate_window(result)}
        self.assertEqual(result["action"]["res_model"], "stock.picking")
        self.assertEqual(order.order_line.qty_delivered, 0)

    def test_goods_that_are_not_counted_in_stock_are_shipped(self):
        paint = self._product("Paint", is_storable=False)
        order = self._wanted(paint, 3)
        result = self._act(self._of(order, self.packer), "ship")
        self._window(result, self.packer).line_ids.qty = 2
        self._validate_window(result)
        self.assertEqual(self._open(order), {paint: 1})

    def test_a_type_of_operation_that_keeps_no_rest_ships_all_or_nothing(self):
        self.warehouse.out_type_id.create_backorder = "never"
        self._put_in_stock(self.product, 2)
        order = self._wanted(self.product, 5)
        result = self._act(self._of(order, self.packer), "ship")
        with self.assertRaisesRegex(UserError, "keeps no rest open"):
            self._validate_window(result)
        self.assertEqual(self._open(order), {self.product: 5})

    def test_only_the_warehouse_ships(self):
        self._put_in_stock(self.product, 2)
        order = self._wanted(self.product, 2)
        for user in (self.seller, self.buyer, self.manager):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._act(self._of(order, user), "ship")

    def test_nobody_ships_with_the_window_of_another(self):
        self._put_in_stock(self.product, 2)
        order = self._wanted(self.product, 2)
        result = self._act(self._of(order, self.packer), "ship")
        with self.assertRaises(AccessError):
            self._window(result, self.everything).action_validate()

    # Reserving

    def test_the_salesperson_reserves_and_gives_back(self):
        order = self._unreserved(self.product, 2)
        line = self._of(order, self.seller)
        self.assertEqual(line.step["first"]["label"], "Reserve 2")
        result = self._act(line, "reserve")
        self.assertEqual(result["done"], 1)
        self.assertEqual(result["message"], "2 Units of 2 Units are reserved.")
        self.assertEqual(order.sudo().order_line.move_ids.quantity, 2)

        again = self._act(self._of(order, self.seller), "reserve")
        self.assertEqual(again["message"], "All of it is reserved already.")
        self.assertFalse(again["undo"])

        self.assertEqual(self._undo(result, self.seller), "Not reserved any more.")
        self.assertEqual(order.sudo().order_line.move_ids.quantity, 0)
        self.assertEqual(order.sudo().order_line.move_ids.state, "confirmed")
        with self.assertRaisesRegex(UserError, "undone already"):
            self._undo(result, self.seller)

    def test_only_what_was_reserved_by_it_is_given_back(self):
        self._put_in_stock(self.product, 1)
        order = self._wanted(self.product, 3)
        self._put_in_stock(self.product, 2)
        result = self._act(self._of(order, self.seller), "reserve")
        move = order.sudo().order_line.move_ids
        self.assertEqual(move.quantity, 3)
        self._undo(result, self.seller)
        self.assertEqual((move.quantity, move.state), (1, "partially_available"))

    def test_nothing_of_others_is_reserved(self):
        first = self._wanted(self.product, 2)
        second = self._wanted(self.product, 3)
        self._put_in_stock(self.product, 4)
        result = self._act(self._of(second, self.seller), "reserve")
        self.assertEqual(second.sudo().order_line.move_ids.quantity, 2)
        self.assertEqual(result["done"], 1)
        self.assertEqual(self._of(first, self.seller).backlog_qty, 2)

    def test_what_was_shipped_stays_shipped(self):
        order = self._unreserved(self.product, 2)
        result = self._act(self._of(order, self.seller), "reserve")
        self._ship(order)
        with self.assertRaisesRegex(UserError, "shipped or changed meanwhile"):
            self._undo(result, self.seller)
        self.assertEqual(order.order_line.qty_delivered, 2)

    def test_many_lines_reserve_in_the_order_of_the_queue(self):
        orders = [self._wanted(self.product, 2) for _number in range(3)]
        self._put_in_stock(self.product, 3)
        lines = self.env["backlog.line"].union(
            *(self._of(order, self.seller) for order in reversed(orders))
        )
        result = self._act(lines.with_user(self.seller), "reserve")
        self.assertEqual(
            [order.sudo().order_line.move_ids.quantity for order in orders], [2, 1, 0]
        )
        self.assertEqual(result["done"], 2)
        self.assertEqual(
            result["skipped"],
            [{"id": orders[2].order_line.id, "reason": "Nothing of it is in stock."}],
        )
        self._undo(result, self.seller)
        self.assertEqual(
            [order.sudo().order_line.move_ids.quantity for order in orders], [0, 0, 0]
        )

    def test_who_may_not_change_transfers_reserves_nothing(self):
        order = self._unreserved(self.product, 2)
        with self.assertRaises(AccessError):
            self._act(self._of(order, self.manager), "reserve")

    def test_kits_are_shipped_whole(self):
        if "mrp.bom" not in self.env:
            return
        kit = self._product("Kit")
        bolt, panel = self._product("Bolt"), self._product("Panel")
        self.env["mrp.bom"].create(
            {
                "product_tmpl_id": kit.product_tmpl_id.id,
                "type": "phantom",
                "bom_line_ids": [
                    Command.create({"product_id": bolt.id, "product_qty": 4}),
                    Command.create({"product_id": panel.id, "product_qty": 1}),
                ],
            }
        )
        order = self._wanted(kit, 5)
        self._put_in_stock(bolt, 18)
        self._put_in_stock(panel, 3)
        line = self._of(order, self.packer)
        self.assertEqual(line.step["first"]["label"], "Ship 3")
        result = self._act(line, "ship")
        rows = self._window(result, self.packer).line_ids
        self.assertEqual(
            {row.product_id: (row.ready_qty, row.qty) for row in rows},
            {bolt: (18, 12), panel: (3, 3)},
        )
        self._validate_window(result)
        self.assertEqual(self._open(order), {kit: 2})
