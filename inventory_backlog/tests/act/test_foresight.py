from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestForesight(BacklogCase):
    """What a change of a purchase would do is what it does when it is made."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = new_test_user(cls.env, "foresees", "purchase.group_purchase_user")
        cls.other = cls._product("Other")

    def setUp(self):
        super().setUp()
        self.order = self._order(
            (self.product, 5), (self.other, 3), commitment_date=self._after(10)
        )
        self.purchase = self._purchase(self.product, 9, days=5)
        self.line = self._lines(self.order.order_line[0])

    def _lines(self, order_lines):
        return (
            self.env["backlog.line"]
            .with_user(self.buyer)
            .search([("id", "in", order_lines.ids)])
        )

    def _as_buyer(self):
        return self.purchase.with_user(self.buyer)

    def _fresh(self):
        self.env.invalidate_all()
        return self.line.expected_date

    def test_a_later_arrival_is_foreseen_and_nothing_is_written(self):
        before = self._fresh()
        purchase = self._as_buyer()
        foreseen = (
            self.env["backlog.foresight"]
            .with_user(self.buyer)
            ._moved(purchase, self._after(20))
        )

        self.assertEqual(foreseen, {self.line: (before, self._after(20))})
        self.assertEqual(self._fresh(), before)
        self.assertNotEqual(purchase.order_line.date_planned, self._after(20))

    def test_what_is_foreseen_is_what_comes(self):
        action = self._as_buyer().action_move_date()
        wizard = self.env[action["res_model"]].with_user(self.buyer)
        wizard = wizard.browse(action["res_id"])
        wizard.date = self._after(20)
        wizard._onchange_date()
        [row] = wizard.line_ids
        self.assertTrue(row.is_broken)
        self.assertEqual(row.order, self.order.name)
        wizard.action_move()

        self.assertEqual(self._fresh(), self._after(20))
        self.assertEqual(self.purchase.order_line.date_planned, self._after(20))

    def test_an_earlier_arrival_breaks_nothing(self):
        foresight = self.env["backlog.foresight"].with_user(self.buyer)
        foreseen = foresight._moved(self._as_buyer(), self._after(2))

        self.assertEqual(foresight._breaks(foreseen), [])

    def test_the_form_warns_before_a_promise_breaks(self):
        purchase = self._as_buyer()
        purchase = purchase.new(origin=purchase)
        purchase.date_planned = self._after(20)
        warning = purchase._onchange_backlog_date()["warning"]

        self.assertIn("1", warning["title"])
        self.assertIn(self.order.name, warning["message"])

    def test_cancelling_asks_and_tells_the_salesperson(self):
        action = self._as_buyer().action_cancel_or_ask()
        wizard = self.env[action["res_model"]].with_user(self.buyer)
        wizard = wizard.browse(action["res_id"])
        self.assertEqual(wizard.line_ids.mapped("after"), ["no date"])
        self.assertEqual(self.purchase.state, "purchase")
        wizard.action_cancel_purchase()

        self.assertEqual(self.purchase.state, "cancel")
        [activity] = self.order.sudo().activity_ids
        self.assertEqual(activity.user_id, self.order.user_id)
        self.assertIn(self.purchase.name, activity.summary)

    def test_what_nobody_waits_for_is_cancelled_at_once(self):
        purchase = self._purchase(self._product("Alone"), 4)
        purchase.with_user(self.buyer).action_cancel_or_ask()

        self.assertEqual(purchase.state, "cancel")

    def test_salespeople_move_no_purchase(self):
        with self.assertRaises(AccessError):
            self.purchase.with_user(self.seller).action_move_date()
