from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..acts import ActCase


@tagged("post_install", "-at_install")
class TestSupply(ActCase):
    """The buyer orders what is suggested, confirms requests and asks vendors."""

    def _requests(self):
        return self.env["purchase.order"].search([("state", "=", "draft")])

    # Ordering

    def test_the_line_is_ordered_and_taken_back(self):
        order = self._wanted(self.product, 3)
        line = self._of(order, self.buyer)
        self.assertEqual(line.step["first"]["label"], "Order 3")
        result = self._act(line, "order")
        [request] = self._requests()
        self.assertEqual(request.partner_id, self.first)
        self.assertEqual(request.order_line.product_qty, 3)
        self.assertRegex(
            result["message"], f"^{request.name} written, arrives Jan ..\\.$"
        )
        self.assertEqual(result["open"]["res_id"], request.id)
        line = self._of(order, self.buyer)
        self.assertEqual(line.step["first"]["verb"], "confirm")

        again = self._act(line, "order")
        self.assertEqual(
            again["message"],
            f"It is requested already with {request.name}: confirm that.",
        )
        self.assertEqual(self._requests(), request)

        told = f"{request.name} taken back."
        self.assertEqual(self._undo(result, self.buyer), told)
        self.assertFalse(self._requests())
        self.assertEqual(self._of(order, self.buyer).step["first"]["verb"], "order")

    def test_what_a_request_leaves_missing_is_ordered_too(self):
        request = self._request(self.product, 1, vendor=self.first)
        order = self._wanted(self.product, 3)
        self._generate()
        line = self._of(order, self.buyer)
        self.assertEqual(line.step["first"]["verb"], "confirm")
        self.assertIn("order", [one["verb"] for one in line.step["rest"]])
        self.assertEqual(self._act(line, "order")["done"], 1)
        ordered = self._requests().order_line
        self.assertEqual(sum(ordered.mapped("product_qty")), 3)
        self.assertIn(request, ordered.order_id)
        self.assertNotIn(
            "order", [one["verb"] for one in self._of(order, self.buyer).step["rest"]]
        )

    def test_of_many_lines_those_that_the_user_may_not_make_are_left_out(self):
        moved = self._product("Moved")
        self._put_in_stock(moved, 2, self._second_warehouse().lot_stock_id)
        order = self._wanted([(self.product, 3), (moved, 1)])
        self._generate()
        self.patch(
            type(self.env["backlog.procure"]),
            "_document_made",
            lambda self, kind: {
                "buy": "purchase.order",
                "transfer": "stock.warehouse",
            }.get(kind),
        )
        result = self._act(self._of(order, self.buyer), "order")
        self.assertEqual(result["done"], 1)
        self.assertEqual(len(result["skipped"]), 1)
        self.assertEqual(self._requests().order_line.product_id, self.product)

    def test_what_is_confirmed_cannot_be_taken_back(self):
        order = self._wanted(self.product, 3)
        result = self._act(self._of(order, self.buyer), "order")
        self._requests().button_confirm()
        with self.assertRaisesRegex(UserError, "no draft any more"):
            self._undo(result, self.buyer)

    def test_many_lines_are_one_request_for_each_vendor(self):
        table = self._table("Table", self.second)
        more = self._table("More", self.second)
        blocked = self._wanted(self._table("Owed for"), 1)
        order = self._wanted([(self.product, 3), (table, 2), (more, 1)])
        lines = self._of(order, self.buyer)
        blocked.partner_id = self._vendor("Debtor")
        self._overdrawn(blocked)
        lines |= self._of(blocked, self.buyer)
        result = self._act(lines, "order")
        self.assertEqual(result["done"], 3)
        self.assertRegex(result["message"], "Not done: 1. .* over the credit limit")
        self.assertEqual(self._requests().partner_id, self.first | self.second)
        self.assertEqual(len(self._requests()), 2)
        self._undo(result, self.buyer)
        self.assertFalse(self._requests())

    def test_without_a_vendor_the_suggestion_is_opened(self):
        nobody = self._product("Nobody sells it", route_ids=self.buy.ids)
        order = self._wanted(nobody, 1)
        result = self._act(self._of(order, self.buyer), "order")
        self.assertEqual(result["action"]["res_model"], "backlog.suggestion")
        self.assertFalse(self._requests())

    def test_what_another_warehouse_has_is_moved(self):
        depot = self._second_warehouse()
        self._put_in_stock(self.product, 5, depot.lot_stock_id)
        order = self._wanted(self.product, 3)
        self._generate()
        line = self._of(order, self.everything)
        offered = [line.step["first"], *line.step["rest"]]
        self.assertIn("Move 3", [one["label"] for one in offered])
        result = self._act(line, "order")
        self.assertRegex(result["message"], "^WH/INT|^DEP/INT")
        self._undo(result, self.everything)

    def test_who_may_not_buy_orders_nothing(self):
        order = self._wanted(self.product, 3)
        self._generate()
        for user in (self.seller, self.packer, self.manager):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._act(self._of(order, user), "order")

    def test_a_buyer_who_lost_the_right_undoes_nothing(self):
        order = self._wanted(self.product, 3)
        result = self._act(self._of(order, self.buyer), "order")
        self.buyer.group_ids = self.env.ref("inventory_backlog.group_backlog_purchase")
        with self.assertRaises(AccessError):
            self._undo(result, self.buyer)
        self.assertTrue(self._requests())

    # Confirming

    def test_the_window_says_who_is_helped_and_confirms(self):
        request = self._request(self.product, 3, vendor=self.first)
        order = self._wanted(self.product, 3)
        line = self._of(order, self.buyer)
        self.assertEqual(line.cause_text, "Requested, not confirmed")
        result = self._act(line, "confirm")
        window = self._window(result, self.buyer)
        self.assertEqual(
            [
                (row.document, row.partner_name, row.amount, row.arrival, row.helped)
                for row in window.line_ids
            ],
            [(request, "First", 30, "Jan 22", "1 line: Customer")],
        )
        told = window.action_confirm()
        self.assertEqual(told["params"]["message"], f"{request.name} confirmed.")
        self.assertEqual(request.state, "purchase")
        with self.assertRaisesRegex(UserError, "confirmed or cancelled already"):
            window.action_confirm()

    def test_the_window_says_to_which_customer_a_vendor_ships(self):
        direct = self._direct()
        order = self._wanted(direct, 2)
        result = self._act(self._of(order, self.buyer), "confirm")
        [row] = self._window(result, self.buyer).line_ids
        self.assertEqual(row.helped, "1 line: Customer")

    def test_nobody_confirms_without_the_right_to_buy(self):
        self._request(self.product, 3, vendor=self.first)
        order = self._wanted(self.product, 3)
        for user in (self.seller, self.packer, self.manager):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._act(self._of(order, user), "confirm")

    # Asking vendors

    def test_the_mail_to_the_vendor_names_goods_and_days_and_no_customer(self):
        purchase = self._purchase(self.product, 3, vendor=self.first, days=9)
        order = self._wanted(self.product, 3)
        line = self._of(order, self.buyer)
        self.assertEqual(line.cause_text, f"{purchase.name} comes too late")
        self.assertEqual(line.step["first"]["label"], "Chase vendor")
        action = self._act(line, "chase")["action"]
        self.assertEqual(action["context"]["default_res_ids"], purchase.ids)
        composer = (
            self.env["mail.compose.message"]
            .with_user(self.buyer)
            .with_context(**action["context"])
            .create({})
        )
        self.assertIn("3 Units", composer.body)
        self.assertIn("01/24/2030", composer.body)
        self.assertNotIn(self.customer.name, composer.body)
        self.assertEqual(composer.partner_ids, self.first)

    def test_one_mail_for_each_vendor(self):
        table = self._table("Table", self.second)
        for product, vendor in (
            (self.product, self.first),
            (self.product, self.first),
            (table, self.second),
        ):
            self._purchase(product, 2, vendor=vendor, days=9)
        order = self._wanted([(self.product, 4), (table, 2)])
        action = self._act(self._of(order, self.buyer), "chase")["action"]
        purchases = self.env["purchase.order"].browse(
            action["context"]["default_res_ids"]
        )
        self.assertEqual(purchases.mapped("partner_id"), self.first | self.second)
        self.assertEqual(len(purchases), 2)
        self.assertEqual(action["context"]["default_composition_mode"], "mass_mail")

    def test_what_comes_in_time_is_not_asked_for(self):
        self._purchase(self.product, 3, vendor=self.first, days=2)
        order = self._wanted(self.product, 3)
        result = self._act(self._of(order, self.buyer), "chase")
        self.assertEqual(result["message"], "No purchase brings it too late.")

    def test_who_reads_no_purchases_asks_no_vendor(self):
        self._purchase(self.product, 3, vendor=self.first, days=9)
        order = self._wanted(self.product, 3)
        reader = new_test_user(
            self.env, "reader", "inventory_backlog.group_backlog_user"
        )
        order.sudo().user_id = reader
        for user in (self.seller, reader):
            order.sudo().user_id = user
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._act(self._of(order, user), "chase")
