from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from ..acts import ActCase


@tagged("post_install", "-at_install")
class TestAsk(ActCase):
    """A salesperson asks those who can do something, once."""

    def _activities(self, user):
        return self.env["mail.activity"].search([("user_id", "=", user.id)])

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Those in charge are known: no member of a group is looked for.
        cls.first.buyer_id = cls.buyer

    def _ready(self, quantity=2, **values):
        self._put_in_stock(self.product, quantity)
        order = self._wanted(self.product, quantity, days=-3, **values)
        order.sudo().picking_ids.user_id = self.packer
        return order

    def test_the_warehouse_is_asked_once(self):
        order = self._ready()
        line = self._of(order, self.seller)
        self.assertEqual(line.step["first"]["label"], "Ask Warehouse")
        result = self._act(line, "ask_warehouse")
        self.assertEqual(result["message"], "Asked packer (stock.group_stock_user).")
        activity = self._activities(self.packer)
        self.assertEqual(activity.summary, "Ship 2 Units of Chair")
        self.assertEqual(activity.res_model, "stock.picking")
        self.assertEqual(activity.create_uid, self.seller)
        line = self._of(order, self.seller)
        self.assertIn("asked just now", line.cause_text)
        self.assertFalse(line.step["first"])

        again = self._act(line, "ask_warehouse")
        self.assertEqual(again["message"], "It was asked just now.")
        self.assertEqual(self._activities(self.packer), activity)

        self.assertEqual(self._undo(result, self.seller), "Nobody is asked any more.")
        self.assertFalse(self._activities(self.packer))
        self.assertTrue(self._of(order, self.seller).step["first"])

    def test_what_is_answered_can_be_asked_again_and_not_undone(self):
        order = self._ready()
        result = self._act(self._of(order, self.seller), "ask_warehouse")
        self._activities(self.packer).with_user(self.packer).action_feedback()
        with self.assertRaisesRegex(UserError, "It is done already"):
            self._undo(result, self.seller)
        again = self._act(self._of(order, self.seller), "ask_warehouse")
        self.assertEqual(again["done"], 1)
        self.assertEqual(len(self._activities(self.packer)), 1)

    def test_one_activity_for_each_person_lists_all_lines(self):
        orders = [self._ready(), self._ready(3)]
        other = new_test_user(self.env, "other packer", "stock.group_stock_user")
        third = self._ready()
        third.sudo().picking_ids.user_id = other
        lines = self.env["backlog.line"].union(
            *(self._of(order, self.seller) for order in (*orders, third))
        )
        result = self._act(lines, "ask_warehouse", user=self.seller)
        self.assertEqual(result["done"], 3)
        activity = self._activities(self.packer)
        self.assertEqual(activity.summary, "Ship 2 Units of Chair and 1 more")
        self.assertEqual(activity.note.count("<li>"), 2)
        self.assertEqual(len(self._activities(other)), 1)
        # The customer is nobody's business who reads the transfer of another.
        self.assertNotIn(self.customer.name, activity.note)

    def test_who_buys_is_asked_about_the_product(self):
        order = self._wanted(self.product, 3)
        result = self._act(self._of(order, self.seller), "ask_purchase")
        activity = self._activities(self.buyer)
        self.assertEqual(
            result["message"], "Asked buyer (purchase.group_purchase_user)."
        )
        self.assertEqual(activity.summary, "Order 3 Units of Chair")
        self.assertEqual(activity.res_model, "product.product")
        # The buyer can open it, and the salesperson sees that it was asked.
        self.assertTrue(activity.with_user(self.buyer).has_access("read"))
        self.assertIn("asked", self._of(order, self.seller).cause_text)

    def test_who_buys_is_reminded_of_the_request(self):
        request = self._request(self.product, 3, vendor=self.first)
        request.user_id = self.buyer
        order = self._wanted(self.product, 3)
        self._act(self._of(order, self.seller), "remind")
        activity = self._activities(self.buyer)
        self.assertEqual(
            (activity.res_model, activity.res_id), ("purchase.order", request.id)
        )
        again = self._act(self._of(order, self.seller), "ask_purchase")
        self.assertEqual(again["done"], 0)
        self.assertEqual(self._activities(self.buyer), activity)

    def test_without_somebody_in_charge_a_member_is_asked(self):
        self.first.buyer_id = False
        order = self._wanted(self.product, 3)
        result = self._act(self._of(order, self.seller), "ask_purchase")
        self.assertEqual(result["done"], 1)
        asked = (
            self.env["backlog.ask"]
            .search([("order_line_id", "=", order.order_line.id)])
            .activity_id.user_id
        )
        self.assertTrue(asked.has_group("purchase.group_purchase_user"))
        self.assertFalse(asked.has_group("base.group_system"))

    def test_who_has_left_is_not_asked(self):
        left = new_test_user(self.env, "left", "stock.group_stock_user")
        order = self._ready()
        order.sudo().picking_ids.user_id = left
        left.active = False
        self._act(self._of(order, self.seller), "ask_warehouse")
        self.assertFalse(self.env["mail.activity"].search([("user_id", "=", left.id)]))

    def test_another_cannot_undo_it(self):
        order = self._ready()
        result = self._act(self._of(order, self.seller), "ask_warehouse")
        with self.assertRaisesRegex(UserError, "undone already"):
            self._undo(result, self.everything)
        self.assertTrue(self._activities(self.packer))

    def test_nothing_is_asked_where_nothing_is_to_do(self):
        order = self._ready()
        result = self._act(self._of(order, self.seller), "ask_purchase")
        self.assertEqual(result["message"], "Nothing of it is to order.")
        short = self._wanted(self._product("Short"), 1)
        result = self._act(self._of(short, self.seller), "ask_warehouse")
        self.assertEqual(result["message"], "Nothing of it is in stock.")
