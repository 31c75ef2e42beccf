from odoo.exceptions import UserError

from .suggestions import SuggestionCase


class TestSuggestion(SuggestionCase):
    """What is suggested: how much, from whom, by when, for whom."""

    def test_a_shortage_is_suggested_to_buy(self):
        order = self._wanted(self.product, 5)
        counts = self._generate()
        self.assertEqual(
            counts,
            {
                "created": 1,
                "updated": 0,
                "withdrawn": 0,
                "left_to_rules": 0,
                "failed": 0,
            },
        )
        suggestion = self._suggested()
        self.assertEqual(self._figures(suggestion), [("buy", 5, 0, 5)])
        self.assertEqual(suggestion.partner_id, self.first)
        self.assertEqual(suggestion.estimated_cost, 50)
        self.assertEqual(suggestion.sudo().released_value, 500)
        self.assertEqual(suggestion.sudo().saved_value, 500)
        self.assertEqual(suggestion.need_date, self._after(5).date())
        self.assertEqual(suggestion.order_by_date, self._after(3).date())
        self.assertEqual(suggestion.arrival_date, self._after(2).date())
        self.assertEqual(suggestion.line_ids.sudo().order_line_id, order.order_line)
        self.assertEqual(suggestion.line_ids.qty, 5)
        self.assertIn("Short 5.00 Units.", suggestion.explanation)

    def test_doing_it_again_changes_nothing(self):
        self._wanted(self.product, 5)
        self._generate()
        self.assertEqual(set(self._generate().values()), {0})

    def test_a_request_counts_against_it(self):
        self._wanted(self.product, 18)
        self._request(self.product, 15)
        self.assertEqual(self._figures(self._suggest()), [("buy", 18, 15, 3)])

    def test_what_is_asked_for_in_full_is_not_suggested(self):
        self._wanted(self.product, 5)
        self._request(self.product, 5)
        self.assertFalse(self._suggest())

    def test_the_minimum_of_the_vendor_counts(self):
        self.at_first.min_qty = 12
        self._wanted(self.product, 1)
        suggestion = self._suggest()
        self.assertEqual(suggestion.suggested_qty, 12)

    def test_accepted_becomes_a_request(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        ids = suggestion.action_create_rfq()
        request = self.env["purchase.order"].browse(ids)
        self.assertEqual(request.partner_id, self.first)
        self.assertEqual(request.order_line.product_qty, 5)
        self.assertEqual(request.order_line.backlog_suggestion_id, suggestion.sudo())
        self.assertEqual(suggestion.state, "ordered")
        self.assertEqual(set(self._generate().values()), {0})
        self.assertTrue(suggestion.can_undo)
        suggestion.action_undo()
        self.assertFalse(request.exists())
        self.assertEqual(self._suggested().state, "proposed")

    def test_dismissed_comes_back_when_more_is_short(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        with self.assertRaises(UserError):
            suggestion.action_dismiss("")
        suggestion.action_dismiss("We stop selling it")
        self._generate()
        self.assertEqual(suggestion.state, "dismissed")
        self._wanted(self.product, 1)
        self._generate()
        self.assertEqual(self._suggested().state, "proposed")
