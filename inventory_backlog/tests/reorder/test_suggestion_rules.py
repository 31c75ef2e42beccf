from random import Random

from odoo.tests import tagged

from ..suggestions import SuggestionCase

SEEDS = range(12)


@tagged("post_install", "-at_install")
class TestSuggestionRules(SuggestionCase):
    """Reordering rules order by themselves, or are no more than a wish."""

    def test_an_automatic_rule_is_left_to_order_and_counted(self):
        self._wanted(self.product, 5)
        self._orderpoint(quantity=0, trigger="auto")
        counts = self._generate()
        self.assertEqual((counts["created"], counts["left_to_rules"]), (0, 1))
        self.assertFalse(self._suggested())

    def test_an_automatic_rule_of_another_warehouse_leaves_this_one(self):
        depot = self._second_warehouse()
        self._orderpoint(
            quantity=0,
            trigger="auto",
            warehouse_id=depot.id,
            location_id=depot.lot_stock_id.id,
        )
        self._wanted(self.product, 5)
        self.assertEqual(self._suggest().shortage_qty, 5)

    def test_an_archived_rule_orders_nothing(self):
        self._orderpoint(quantity=0, trigger="auto").active = False
        self._wanted(self.product, 5)
        self.assertEqual(self._suggest().shortage_qty, 5)

    def test_a_manual_rule_leaves_it_to_the_suggestion(self):
        self._orderpoint(quantity=0, trigger="manual")
        self._wanted(self.product, 5)
        self.assertEqual(self._suggest().shortage_qty, 5)

    def test_a_snoozed_rule_leaves_it_to_the_suggestion(self):
        """Odoo lets only manual rules be snoozed, and keeps the day when such a rule
        becomes automatic: its scheduler passes it over until then."""
        rule = self._orderpoint(
            quantity=0, trigger="manual", snoozed_until=self._after(9).date()
        )
        rule.trigger = "auto"
        self._wanted(self.product, 5)
        self._run_scheduler()
        bought = sum(quantity for _vendor, quantity in self._bought())
        suggested = sum(self._suggest().mapped("suggested_qty"))
        self.assertEqual(bought + suggested, 5)

    def test_a_rule_on_a_shelf_leaves_what_the_warehouse_is_short_of(self):
        shelf = self.env["stock.location"].create(
            {"name": "Shelf", "location_id": self.stock.id}
        )
        self._orderpoint(quantity=0, trigger="auto", location_id=shelf.id)
        self._wanted(self.product, 5)
        self.assertEqual(self._suggest().shortage_qty, 5)

    def test_a_suggestion_goes_when_a_rule_takes_over(self):
        self._wanted(self.product, 5)
        self.assertTrue(self._suggest())
        self._orderpoint(quantity=0, trigger="auto")
        self.assertEqual(self._generate()["withdrawn"], 1)
        self.assertFalse(self._suggested())

    def test_a_suggestion_comes_when_a_rule_becomes_manual(self):
        self._wanted(self.product, 5)
        rule = self._orderpoint(quantity=0, trigger="auto")
        self.assertFalse(self._suggest())
        rule.trigger = "manual"
        self.env.flush_all()
        # In the one transaction of a test all is written at the same moment.
        self.env.cr.execute(
            "UPDATE stock_warehouse_orderpoint SET write_date = %s WHERE id = %s",
            (self._after(0, hours=1), rule.id),
        )
        self.assertEqual(len(self._suggest()), 1)

    def test_late_receipts_are_pulled_in_also_beside_a_rule(self):
        self._orderpoint(quantity=0, trigger="auto")
        self._purchase(self.product, 5, days=9)
        self._wanted(self.product, 5, days=3)
        self.assertEqual(self._suggest().action_type, "expedite")

    def test_the_minimum_that_a_manual_rule_keeps_is_not_for_other_warehouses(self):
        depot = self._second_warehouse()
        self._put_in_stock(self.product, 9, depot.lot_stock_id)
        self._orderpoint(
            quantity=7,
            trigger="manual",
            warehouse_id=depot.id,
            location_id=depot.lot_stock_id.id,
        )
        self._wanted(self.product, 5)
        self.assertEqual(
            {one.action_type: one.suggested_qty for one in self._suggest()},
            {"transfer": 2, "buy": 3},
        )

    # Both at work

    def _world(self, seed, name):
        """A product with stock, customers, receipts, requests and a rule or none; and
        what is to be bought of it by anybody."""
        dice = Random(seed)
        product = self._table(f"{name} {seed}")
        stock = dice.choice((0, 0, dice.randint(1, 9)))
        if stock:
            self._put_in_stock(product, stock)
        wanted = [dice.randint(1, 9) for _n in range(dice.randint(0, 3))]
        for quantity in wanted:
            self._wanted(product, quantity, days=dice.randint(-2, 80))
        comes = dice.choice((0, 0, dice.randint(1, 9)))
        if comes:
            self._purchase(product, comes, days=dice.randint(1, 30))
        asked = dice.choice((0, 0, dice.randint(1, 9)))
        if asked:
            self._request(product, asked, days=dice.randint(1, 30))
        trigger = dice.choice((None, "auto", "auto", "manual"))
        keep = dice.randint(0, 6)
        if trigger:
            self._orderpoint(product, keep, trigger=trigger)
        there = stock + comes + asked
        if trigger == "auto":
            # The scheduler looks at its forecast: requests count in full.
            needed = sum(wanted) + keep - there
        else:
            needed = sum(wanted) - there
        return product, asked + comes + max(needed, 0)

    def _run_suggestions(self):
        self._generate()
        open_ones = self.suggestions.search(
            [("state", "=", "proposed"), ("action_type", "=", "buy")]
        )
        if open_ones:
            open_ones.action_create_rfq()

    def _assert_nothing_is_bought_twice(self, name, *runs):
        worlds = [self._world(seed, name) for seed in SEEDS]
        for run in runs:
            self._fresh(self.env["purchase.order"])
            run()
        for seed, (product, expected) in zip(SEEDS, worlds, strict=True):
            with self.subTest(seed=seed):
                self.assertEqual(
                    sum(quantity for _vendor, quantity in self._bought(product)),
                    expected,
                )

    def test_nothing_is_bought_twice_when_the_scheduler_runs_first(self):
        self._assert_nothing_is_bought_twice(
            "First",
            self._run_scheduler,
            self._run_suggestions,
            self._run_scheduler,
            self._run_suggestions,
        )

    def test_nothing_is_bought_twice_when_the_suggestions_run_first(self):
        self._assert_nothing_is_bought_twice(
            "Second",
            self._run_suggestions,
            self._run_scheduler,
            self._run_suggestions,
            self._run_scheduler,
        )

    def test_nothing_is_bought_twice_when_a_rule_comes_after_the_suggestion(self):
        self._wanted(self.product, 5)
        self._run_suggestions()
        self._orderpoint(quantity=2, trigger="auto")
        self._run_scheduler()
        self._run_suggestions()
        self.assertEqual(sum(quantity for _v, quantity in self._bought()), 7)

    def test_nothing_is_bought_twice_when_the_request_is_confirmed_between(self):
        self._orderpoint(quantity=0, trigger="manual")
        self._wanted(self.product, 5)
        self._run_suggestions()
        self._suggested().sudo().purchase_line_ids.order_id.button_confirm()
        self._run_scheduler()
        self._run_suggestions()
        self._run_scheduler()
        self.assertEqual(self._bought(), [("First", 5)])

    def test_a_proposed_suggestion_does_not_keep_a_rule_from_ordering(self):
        """Only what is requested counts: a suggestion is not an order."""
        self._wanted(self.product, 5)
        self._generate()
        self._orderpoint(quantity=0, trigger="auto")
        self._run_scheduler()
        self.assertEqual(self._bought(), [("First", 5)])
        self.assertEqual(self._generate()["withdrawn"], 1)
