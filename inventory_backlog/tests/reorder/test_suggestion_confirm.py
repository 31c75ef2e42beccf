from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..suggestions import SuggestionCase


@tagged("post_install", "-at_install")
class TestSuggestionConfirm(SuggestionCase):
    """A request that customers wait for is confirmed before it is too late."""

    def _waited_for(self, quantity=5, days=1, product=None, **values):
        """A draft request that a customer waits for, on its last day to order."""
        product = product or self.product
        order = self._wanted(product, quantity, days=days)
        request = self._request(product, quantity, vendor=self.first, days=2, **values)
        return order, request

    def test_a_request_on_its_last_day_is_to_be_confirmed(self):
        order, request = self._waited_for()
        suggestion = self._suggest()
        self.assertEqual(self._figures(suggestion), [("confirm", 5, 0, 5)])
        self.assertEqual(
            (suggestion.need_date, suggestion.order_by_date, suggestion.arrival_date),
            tuple(self._after(days).date() for days in (1, -1, 2)),
        )
        self.assertEqual(suggestion.urgency, "overdue")
        self.assertEqual(suggestion.partner_id, self.first)
        self.assertEqual(suggestion.estimated_cost, 50)
        self.assertEqual(suggestion.sudo().released_value, 500)
        line = suggestion.line_ids
        self.assertEqual(line.document, request.with_user(self.buyer))
        self.assertEqual(line.sudo().order_id, order)
        self.assertIn(
            f"Customers wait for 5 Units that are only requested, with {request.name}",
            suggestion.explanation,
        )
        self.assertIn(f"confirm {request.name} by Jan 14", suggestion.summary)
        self.assertEqual(set(self._generate().values()), {0})
        request.order_line.price_unit = 12
        self.assertEqual(self._suggest().estimated_cost, 60)

    def test_a_request_with_time_left_is_nobodys_task(self):
        self._waited_for(days=5)
        self.assertFalse(self._suggest())
        with self._on(self._after(3).date()):
            self.assertEqual(self._suggest().action_type, "confirm")

    def test_a_request_that_nobody_waits_for_is_left_alone(self):
        self._request(self.product, 5, vendor=self.first, days=1)
        depot = self._second_warehouse()
        self._transfer(self.product, 5, self.warehouse, depot, days=1)
        self.assertFalse(self._suggest())

    def test_a_request_is_there_no_sooner_than_its_vendor_delivers(self):
        self.at_first.delay = 30
        self._wanted(self.product, 5, days=1)
        self._purchase(self.product, 5, days=20)
        self._request(self.product, 5, vendor=self.first, days=-10)
        self.assertEqual(self._suggest().action_type, "expedite")
        self._wanted(self.product, 2, days=1)
        self._request(self.product, 2, vendor=self.first, days=-10)
        suggestion = self._suggest(action="confirm")
        self.assertEqual(suggestion.arrival_date, self._after(30).date())

    def test_a_contact_of_the_vendor_takes_as_long_as_the_vendor(self):
        contact = self.env["res.partner"].create(
            {"name": "Desk", "parent_id": self.first.id}
        )
        self.at_first.write({"partner_id": contact.id, "delay": 5})
        self._waited_for(days=5)
        suggestion = self._suggest()
        self.assertEqual(suggestion.order_by_date, self._after(0).date())

    def test_without_a_vendor_line_the_request_says_how_long_it_takes(self):
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        self._wanted(self.product, 5, days=3)
        self._request(self.product, 5, vendor=stranger, days=4)
        suggestion = self._suggest()
        self.assertEqual(suggestion.order_by_date, self._after(-1).date())

    def test_the_last_day_is_that_of_the_first_request_to_confirm(self):
        """Not the earliest need less the longest time of all."""
        self.at_second.delay = 9
        self._wanted(self.product, 5, days=1)
        self._request(self.product, 5, vendor=self.first, days=2)
        self._wanted(self.product, 2, days=7)
        self._request(self.product, 2, vendor=self.second, days=9)
        suggestion = self._suggest()
        self.assertEqual(suggestion.suggested_qty, 7)
        self.assertIn("from First, Second", suggestion.summary)
        self.assertEqual(suggestion.order_by_date, self._after(-2).date())

    def test_what_no_customer_waits_for_is_not_counted(self):
        self._wanted(self.product, 3, days=1)
        depot = self._second_warehouse()
        self._transfer(self.product, 5, self.warehouse, depot, days=1)
        self._request(self.product, 8, vendor=self.first)
        suggestion = self._suggest(action="confirm")
        self.assertEqual(self._figures(suggestion), [("confirm", 3, 0, 3)])
        self.assertEqual(suggestion.estimated_cost, 30)

    def test_only_what_customers_wait_for_counts(self):
        self._wanted(self.product, 3, days=1)
        self._request(self.product, 5, vendor=self.first)
        suggestion = self._suggest()
        self.assertEqual(self._figures(suggestion), [("confirm", 3, 0, 3)])
        self.assertEqual(suggestion.estimated_cost, 30)

    def test_the_request_of_a_reordering_rule_is_to_be_confirmed(self):
        self._wanted(self.product, 5, days=1)
        self._orderpoint(trigger="auto", quantity=0)
        self._run_scheduler()
        suggestion = self._suggest()
        self.assertEqual(self._figures(suggestion), [("confirm", 5, 0, 5)])

    def test_a_request_for_one_line_or_delivery_is_to_be_confirmed(self):
        for product in (self._direct(), self._made_to_order()):
            with self.subTest(product=product.name):
                self._wanted(product, 5, days=1)
                suggestion = self._suggest(product)
                self.assertEqual(suggestion.action_type, "confirm")
                suggestion.action_confirm_requests()
                self.assertEqual(suggestion.state, "done")

    def test_a_request_that_is_there_before_a_late_receipt_is_to_be_confirmed(self):
        self._wanted(self.product, 5, days=1)
        self._purchase(self.product, 5, days=20)
        self._request(self.product, 5, vendor=self.second, days=4)
        found = self._suggest().sorted("action_type")
        self.assertEqual(found.mapped("action_type"), ["confirm", "expedite"])
        found[0].action_confirm_requests()
        self.assertFalse(self._suggested(action="confirm", state="proposed"))

    def test_in_two_units_and_currencies(self):
        self._second_company()
        self._wanted(self.product, 30, days=1)
        self._request(
            (self.product, 3, {"product_uom_id": self.dozen.id, "price_unit": 120}),
            vendor=self.first,
            currency_id=self.euro.id,
        )
        suggestion = self._suggest()
        self.assertEqual(suggestion.suggested_qty, 30)
        # 30 of 36, for 3 dozens at 120 euro, four to one of ours.
        self.assertEqual(suggestion.estimated_cost, 75)

    def test_confirmed_it_is_done_for_all_products_of_the_request(self):
        table = self._table()
        self._wanted([(self.product, 5), (table, 2)], days=1)
        request = self._request((self.product, 5), (table, 2), vendor=self.first)
        suggestions = self._suggest(self.product, table)
        self.assertEqual(suggestions.mapped("action_type"), ["confirm", "confirm"])
        chair = self._suggested()
        chair.action_confirm_requests()
        self.assertEqual(request.state, "purchase")
        self.assertEqual((chair.state, chair.can_undo), ("done", False))
        self.assertFalse(self._suggested(table, action="confirm"))

    def test_the_window_says_what_is_confirmed(self):
        _order, request = self._waited_for()
        window = self.env["backlog.suggestion.accept"].with_user(self.buyer)
        window = window.browse(self._suggest().action_open_accept()["res_id"])
        self.assertTrue(window.has_confirm)
        # All of the request, also what nobody waits for.
        self.assertEqual(
            window.requests_to_confirm,
            f"{request.name} · First · {self._money(request.amount_untaxed)}",
        )
        action = window.action_confirm()
        self.assertIn(f"Confirmed: {request.name}.", action["params"]["message"])
        self.assertEqual(request.state, "purchase")

    def test_it_needs_the_right_to_confirm_purchases(self):
        _order, request = self._waited_for()
        self._generate()
        reader = new_test_user(
            self.env, "reader", "inventory_backlog.group_backlog_purchase"
        )
        suggestion = self._suggested().with_user(reader)
        self.assertFalse(suggestion.can_accept)
        with self.assertRaises(AccessError):
            suggestion.action_confirm_requests()
        self.assertEqual(request.state, "draft")

    def test_it_has_a_door_of_its_own(self):
        """Who accepts many at once confirms no purchase by it."""
        self._waited_for()
        table = self._table()
        self._wanted(table, 2)
        suggestions = self._suggest(self.product, table)
        confirm = suggestions.filtered(lambda one: one.action_type == "confirm")
        self.assertEqual((suggestions - confirm).action_type, "buy")
        for wrong in (confirm, suggestions):
            with self.assertRaisesRegex(UserError, "action_confirm_requests"):
                wrong.action_accept()
        for wrong in (suggestions - confirm, suggestions):
            with self.assertRaisesRegex(UserError, "no request to confirm"):
                wrong.action_confirm_requests()
        self.assertEqual({*suggestions.mapped("state")}, {"proposed"})
        self.assertIs(confirm.action_confirm_requests(), True)

    def test_what_needs_an_approval_waits_for_it(self):
        self.company.po_double_validation = "two_step"
        self.company.po_double_validation_amount = 10
        _order, request = self._waited_for()
        suggestion = self._suggest()
        suggestion.action_confirm_requests()
        self.assertEqual((request.state, suggestion.state), ("to approve", "ordered"))
        self.assertEqual(
            suggestion.explanation, f"Waiting for approval: {request.name}."
        )
        window = self.env["backlog.suggestion.accept"].with_user(self.buyer)
        self.assertEqual(
            list(window._result_sentences(suggestion.sudo(), suggestion.browse())),
            [suggestion.explanation],
        )
        self.assertEqual(set(self._generate().values()), {0})
        request.button_approve()
        self._generate()
        self.assertEqual(suggestion.state, "done")

    def test_an_approval_that_is_refused_is_no_confirmation(self):
        self.company.po_double_validation = "two_step"
        self.company.po_double_validation_amount = 10
        _order, request = self._waited_for()
        request.with_user(self.buyer).button_confirm()
        suggestion = self._suggest()
        with self.assertRaisesRegex(UserError, "approval of a purchase administrator"):
            suggestion.action_confirm_requests()
        request.button_cancel()
        self.assertEqual(self._suggest().action_type, "buy")
        self.assertFalse(suggestion.exists())

    def test_only_the_requests_that_were_shown_are_confirmed(self):
        """Also where another one has reached its last day since."""
        _order, shown = self._waited_for()
        suggestion = self._suggest()
        window = self.env["backlog.suggestion.accept"].with_user(self.buyer)
        window = window.browse(suggestion.action_open_accept()["res_id"])
        _order, other = self._waited_for(2)
        for accept in (suggestion.action_confirm_requests, window.action_confirm):
            with self.assertRaisesRegex(UserError, "other requests"):
                accept()
        self._generate()
        with self.assertRaisesRegex(UserError, "other requests"):
            window.action_confirm()
        self.assertEqual((shown.state, other.state), ("draft", "draft"))
        self._suggested().action_confirm_requests()
        self.assertEqual((shown.state, other.state), ("purchase", "purchase"))

    def test_what_odoo_asks_about_is_not_confirmed(self):
        _order, request = self._waited_for()
        suggestion = self._suggest()
        asking = {"type": "ir.actions.act_window", "name": "Alternatives"}
        orders = self.env.registry["purchase.order"]
        with (
            patch.object(orders, "button_confirm", lambda _self: asking),
            self.assertRaisesRegex(UserError, f"{request.name} could not be"),
        ):
            suggestion.action_confirm_requests()
        self.assertEqual(self._fresh(suggestion).state, "proposed")

    def test_refused_and_taken_up_again_it_is_to_be_confirmed_again(self):
        self.company.po_double_validation = "two_step"
        self.company.po_double_validation_amount = 10
        _order, request = self._waited_for()
        suggestion = self._suggest()
        suggestion.action_confirm_requests()
        self.assertEqual((request.state, suggestion.state), ("to approve", "ordered"))
        request.button_cancel()
        request.button_draft()
        self._generate()
        self.assertEqual(suggestion.state, "proposed")

    def test_dismissed_it_stays_so_until_more_is_waited_for(self):
        self._waited_for()
        self._suggest().action_dismiss("Not from them")
        self.assertEqual(set(self._generate().values()), {0})
        self._waited_for(2)
        self.assertEqual(self._suggest().state, "proposed")
