from odoo.exceptions import UserError
from odoo.tests import tagged

from ..suggestions import SuggestionCase


@tagged("post_install", "-at_install")
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
        self.assertIn("Short 5 Units.", suggestion.explanation)

    def test_doing_it_again_changes_nothing(self):
        self._wanted(self.product, 5)
        self._generate()
        self.assertEqual(set(self._generate().values()), {0})

    def test_a_request_counts_against_it(self):
        self._wanted(self.product, 18)
        self._request(self.product, 15, days=2)
        self.assertEqual(self._figures(self._suggest()), [("buy", 18, 15, 3)])

    def test_what_is_asked_for_in_full_is_not_suggested(self):
        self._wanted(self.product, 5)
        self._request(self.product, 5, days=2)
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

    def test_what_is_in_stock_is_not_suggested(self):
        self._put_in_stock(self.product, 5)
        self._wanted(self.product, 5)
        self.assertFalse(self._suggest())

    def test_only_what_is_short_is_suggested(self):
        self._put_in_stock(self.product, 3)
        self._wanted(self.product, 5)
        self.assertEqual(self._figures(self._suggest()), [("buy", 2, 0, 2)])

    def test_a_quotation_asks_for_nothing(self):
        self._quote((self.product, 5))
        self.assertFalse(self._suggest())

    def test_one_suggestion_for_all_orders_of_a_product(self):
        first, second = (self._wanted(self.product, 5, days) for days in (9, 4))
        suggestion = self._suggest()
        self.assertEqual(self._figures(suggestion), [("buy", 10, 0, 10)])
        self.assertEqual(suggestion.need_date, self._after(4).date())
        self.assertEqual(
            [
                (line.order_id.id, line.qty, line.need_date)
                for line in suggestion.line_ids
            ],
            [
                (second.id, 5, self._after(4).date()),
                (first.id, 5, self._after(9).date()),
            ],
        )

    def test_each_warehouse_has_its_own(self):
        depot = self._second_warehouse()
        self._wanted(self.product, 5)
        self._wanted(self.product, 3, warehouse_id=depot.id)
        self.assertEqual(
            {one.warehouse_id.id: one.shortage_qty for one in self._suggest()},
            {self.warehouse.id: 5, depot.id: 3},
        )

    def test_only_the_waiting_part_of_a_line_is_released(self):
        self._put_in_stock(self.product, 3)
        self._wanted(self.product, 5)
        self.assertEqual(self._suggest().sudo().released_value, 200)

    def test_a_promise_that_cannot_be_kept_is_not_saved(self):
        self._wanted(self.product, 5, days=1)
        suggestion = self._suggest()
        self.assertEqual(suggestion.sudo().released_value, 500)
        self.assertEqual(suggestion.sudo().saved_value, 0)
        self.assertEqual(suggestion.urgency, "overdue")

    def test_urgency_is_by_the_last_day_to_order(self):
        tables = [self._table(str(days)) for days in (1, 9, 10)]
        for table, days in zip(tables, (1, 9, 10), strict=True):
            self._wanted(table, 1, days)
        found = self._suggest(*tables).sorted("need_date")
        self.assertEqual(found.mapped("urgency"), ["overdue", "week", "later"])

    def test_the_main_vendor_is_suggested_and_all_are_compared(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        rows = suggestion.option_table["rows"]
        self.assertEqual([row["vendor"] for row in rows], ["First", "Second", "Third"])
        self.assertEqual([row["chosen"] for row in rows], [True, False, False])
        self.assertEqual(
            [row["cost"] for row in rows], [self._money(cost) for cost in (50, 60, 75)]
        )
        self.assertEqual([row["kept"] for row in rows], ["1 of 1", "1 of 1", "0 of 1"])
        self.assertEqual([row["all_kept"] for row in rows], [True, True, False])

    def test_a_vendor_that_is_out_is_replaced_by_its_backup(self):
        self._disrupt(self.first)
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        self.assertEqual(suggestion.partner_id, self.second)
        self.assertEqual(suggestion.estimated_cost, 60)
        [row, *_others] = suggestion.option_table["rows"]
        self.assertEqual((row["possible"], row["note"]), (False, "Out"))
        self.assertIn("Odoo buys Chair from Second instead.", suggestion.explanation)

    def test_without_a_vendor_it_says_what_to_do(self):
        self.offers.unlink()
        self.product.standard_price = 7
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        self.assertEqual(self._figures(suggestion), [("buy", 5, 0, 5)])
        self.assertEqual(suggestion.obstacle, "no_vendor")
        self.assertFalse(suggestion.partner_id)
        self.assertEqual(suggestion.estimated_cost, 35)
        self.assertIn("choose one below, or add one", suggestion.explanation)

    def test_an_unproven_backup_gets_its_trial_share(self):
        self.at_second.trial_every = 1
        self._wanted(self.product, 5)
        self.assertEqual(self._suggest().partner_id, self.second)

    def test_the_figures_are_said_in_words(self):
        self._wanted(self.product, 18)
        self._request(self.product, 15, days=2)
        self.assertEqual(
            self._suggest().explanation.splitlines(),
            [
                "Short 18 Units − on request 15 Units = 3 Units.",
                "From First, ordered today it would arrive on Jan 17.",
            ],
        )

    def test_the_run_counts_what_it_changed(self):
        table = self._table()
        order = self._wanted(table, 2)
        self._wanted(self.product, 5)
        self._generate()
        order.sudo().action_cancel()
        self._wanted(self.product, 1)
        lamp = self._table("Lamp")
        self._wanted(lamp, 1)
        self.assertEqual(
            self._generate(),
            {
                "created": 1,
                "updated": 1,
                "withdrawn": 1,
                "left_to_rules": 0,
                "failed": 0,
            },
        )

    def test_a_run_for_one_product_leaves_the_others(self):
        table = self._table()
        self._wanted([(self.product, 5), (table, 2)])
        self.assertEqual(self._generate(table)["created"], 1)
        self.assertFalse(self._suggested())
        self.assertEqual(self._suggested(table).suggested_qty, 2)

    def test_the_security_days_of_the_company_come_before_the_promise(self):
        self.company.security_lead = 2
        self._wanted(self.product, 5, days=9)
        suggestion = self._suggest()
        self.assertEqual(suggestion.need_date, self._after(7).date())
        self.assertEqual(suggestion.line_ids.promise_date, self._after(9).date())

    def test_each_variant_has_its_own(self):
        small, large = self._variants("Shirt")
        template = small.product_tmpl_id
        template.route_ids = self.buy
        self._offer(small, self.first, 10, product_id=small.id)
        self._offer(large, self.second, 12, product_id=large.id)
        self._wanted([(small, 2), (large, 3)])
        self.assertEqual(
            {
                one.product_id.id: (one.suggested_qty, one.partner_id.id)
                for one in self._suggest(small, large)
            },
            {
                small.id: (2, self.first.id),
                large.id: (3, self.second.id),
            },
        )
