from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

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
            ._moved(purchase.order_line, self._after(20))
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
        foreseen = foresight._moved(self._as_buyer().order_line, self._after(2))

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

    def test_a_form_keeps_what_is_typed_when_it_warns(self):
        with Form(self._as_buyer()) as form:
            form.partner_ref = "typed before"
            form.date_planned = self._after(20)
            self.assertEqual(form.partner_ref, "typed before")
            self.assertEqual(form.date_planned, self._after(20))

        self.assertEqual(self.purchase.partner_ref, "typed before")
        self.assertEqual(self._fresh(), self._after(20))

    def test_the_window_keeps_the_date_that_is_typed(self):
        action = self._as_buyer().action_move_date()
        wizard = self.env[action["res_model"]].with_user(self.buyer)
        with Form(wizard.browse(action["res_id"])) as form:
            form.date = self._after(20)
            self.assertEqual(form.date, self._after(20))
            self.assertEqual(len(form.line_ids), 1)

    def test_the_form_warns_of_one_line_too(self):
        for name, value in (("date_planned", self._after(20)), ("product_qty", 4)):
            purchase = self._as_buyer()
            line = purchase.order_line.new(origin=purchase.order_line)
            line[name] = value
            with self.subTest(name=name):
                warning = line._onchange_backlog()["warning"]
                self.assertIn(self.order.name, warning["message"])

    def test_what_is_enough_warns_of_nothing(self):
        purchase = self._as_buyer()
        line = purchase.order_line.new(origin=purchase.order_line)
        line.product_qty = 5

        self.assertIsNone(line._onchange_backlog())

    # What is taken from customers is told

    def _told(self):
        return self.order.sudo().activity_ids.mapped("summary")

    def test_lowering_a_purchase_tells_whose_goods_are_gone(self):
        foresight = self.env["backlog.foresight"].with_user(self.buyer)
        line = self._as_buyer().order_line
        foreseen = foresight._lowered(line, 4)
        line.product_qty = 6
        self.assertEqual(self._told(), [])
        line.product_qty = 4

        self.assertEqual([after for _before, after in foreseen.values()], [False])
        self.assertFalse(self._fresh())
        self.assertEqual(
            self._told(), [f"{self.purchase.name} brings less: look for other supply"]
        )

    def test_a_receipt_whose_rest_is_given_up_tells_it(self):
        self._receive(self.purchase, 2, backorder=False)

        self.assertEqual(
            self._told(),
            [f"Less of {self.purchase.name} was received: look for other supply"],
        )

    def test_a_receipt_whose_rest_is_still_to_come_tells_nobody(self):
        self._receive(self.purchase, 2)

        self.assertEqual(self._told(), [])

    def test_each_salesperson_is_told_once(self):
        other = self._order((self.product, 4), commitment_date=self._after(10))
        self.purchase.with_user(self.buyer).order_line.product_qty = 1
        activities = (self.order | other).sudo().activity_ids

        self.assertEqual(len(activities), 1)
        for order in self.order | other:
            self.assertIn(order.name, activities.note)

    def test_why_names_the_purchase_that_was_cancelled(self):
        action = self._as_buyer().action_cancel_or_ask()
        wizard = self.env[action["res_model"]].with_user(self.buyer)
        wizard.browse(action["res_id"]).action_cancel_purchase()
        self.order.commitment_date = self._after(2)
        self.env.invalidate_all()
        line = self.line.with_user(self.seller)

        self.assertEqual(line.cause_text, f"{self.purchase.name} was cancelled")

    def test_what_is_ordered_again_is_cancelled_no_more(self):
        self.test_why_names_the_purchase_that_was_cancelled()
        self._request(self.product, 9)
        self.env.invalidate_all()
        line = self.line.with_user(self.seller)

        self.assertEqual(line.cause_text, "Requested, not confirmed")
