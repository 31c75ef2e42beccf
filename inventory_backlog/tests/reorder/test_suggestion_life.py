from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from ..suggestions import SuggestionCase

TABLES = (
    "backlog_suggestion",
    "backlog_suggestion_line",
    "backlog_suggestion_check",
    "mail_activity",
    "mail_mail",
    "mail_message",
    "purchase_order",
    "purchase_order_line",
    "stock_move",
    "stock_picking",
)


@tagged("post_install", "-at_install")
class TestSuggestionLife(SuggestionCase):
    """Suggestions are few and remembered: doing it again changes nothing, what people
    decide stays, and what was ordered is followed to its end."""

    # Again

    def _dump(self):
        """Every row of these tables, with the place where PostgreSQL keeps it: it moves
        whenever the row is written, even with the same values."""
        self.env.flush_all()
        dump = {}
        for table in TABLES:
            self.env.cr.execute(f'SELECT ctid, t.* FROM "{table}" t ORDER BY id')
            dump[table] = self.env.cr.fetchall()
        return dump

    def _one_of_each(self):
        """Every kind of suggestion in every state."""
        depot = self._second_warehouse()
        due = self._table("Due")
        self._wanted(due, 2, days=1)
        self._request(due, 2, vendor=self.first)
        lamp, late, direct, orphan, dismissed, snoozed, ordered, chosen, partly = (
            self._table("Lamp"),
            self._table("Late"),
            self._direct(),
            self._product("Orphan"),
            self._table("Dismissed"),
            self._table("Snoozed"),
            self._table("Ordered"),
            self._table("Chosen"),
            self._table("Partly"),
        )
        self._offer(chosen, self.second, 12, delay=4)
        self._put_in_stock(lamp, 2, depot.lot_stock_id)
        self._purchase(late, 5, days=9)
        products = [lamp, late, direct, orphan, dismissed, snoozed, ordered, chosen]
        self.at_first.min_qty = 12
        for product in [self.product, partly, *products]:
            order = self._wanted(product, 5)
            if product == direct:
                order.sudo()._get_purchase_orders().button_cancel()
        self._request(self.product, 2, days=2)
        self._transfer(self.product, 3, self.warehouse, depot)
        self._generate()
        self._suggested(dismissed).action_dismiss("No")
        self._suggested(snoozed).action_snooze("2030-02-01")
        self._suggested(ordered).action_create_rfq()
        self._suggested(chosen).action_choose_vendor(self.second.id)
        part = self._suggested(partly)
        self._accept((part, 2, part.supplierinfo_id))
        self._suggested(late).action_accept()
        self._generate()
        everything = self.suggestions.search([])
        self.assertEqual(
            set(everything.mapped("action_type")),
            {"buy", "confirm", "dropship", "expedite", "transfer"},
        )
        self.assertEqual(
            set(everything.mapped("state")),
            {"proposed", "snoozed", "dismissed", "ordered"},
        )

    def test_a_second_run_changes_no_row_at_all(self):
        self._one_of_each()
        before = self._dump()
        self.assertEqual(set(self._generate().values()), {0})
        after = self._dump()
        for table in TABLES:
            with self.subTest(table=table):
                self.assertEqual(after[table], before[table])

    def test_a_second_scheduled_run_changes_no_row_at_all(self):
        self._one_of_each()
        self._cron()
        before = self._dump()
        self._cron()
        after = self._dump()
        for table in TABLES:
            with self.subTest(table=table):
                self.assertEqual(after[table], before[table])

    def test_a_run_for_one_product_again_changes_no_row_at_all(self):
        self._one_of_each()
        before = self._dump()
        self.assertEqual(set(self._generate(self.product).values()), {0})
        self.assertEqual(self._dump(), before)

    def test_a_run_on_fresh_eyes_finds_what_is_there(self):
        """Without its memory the run plans all anew, and comes to the same."""
        self._one_of_each()
        self.env["backlog.suggestion.check"].search([]).unlink()
        before = self._dump()
        self.assertEqual(set(self._generate().values()), {0})
        after = self._dump()
        for table in TABLES:
            if table != "backlog_suggestion_check":
                with self.subTest(table=table):
                    self.assertEqual(after[table], before[table])

    def _run_queries(self):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.suggestions.generate()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_a_second_run_costs_the_same_however_much_is_suggested(self):
        costs = []
        for count in (3, 15):
            for number in range(count):
                self._wanted(self._table(f"{count}.{number}"), 1)
            self._generate()
            costs.append(self._run_queries())
        self.assertEqual(costs[0], costs[1])
        self.assertLess(costs[0], 40)

    def test_a_first_run_costs_few_queries_for_each_product(self):
        self._wanted(self._table("Warm"), 1)
        self._generate()
        costs = []
        for count in (3, 13):
            for number in range(count):
                self._wanted(self._table(f"{count}.{number}"), 1)
            costs.append(self._run_queries())
        self.assertLess((costs[1] - costs[0]) / 10, 2)

    # Withdrawn

    def test_a_suggestion_goes_with_its_shortage(self):
        order = self._wanted(self.product, 5)
        self._generate()
        order.sudo().action_cancel()
        self.assertEqual(self._generate()["withdrawn"], 1)
        self.assertFalse(self._suggested())

    def test_a_suggestion_goes_when_goods_come(self):
        self._wanted(self.product, 5)
        self._generate()
        self._put_in_stock(self.product, 5)
        self.assertFalse(self._suggest())

    def test_a_suggestion_goes_when_a_buyer_asks_by_himself(self):
        self._wanted(self.product, 5)
        self._generate()
        self._request(self.product, 5, days=2)
        self.assertFalse(self._suggest())

    def test_a_suggestion_shrinks_with_its_shortage(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        self._put_in_stock(self.product, 2)
        self.assertEqual(self._generate()["updated"], 1)
        self.assertEqual(suggestion.suggested_qty, 3)
        self.assertEqual(suggestion.line_ids.qty, 3)

    def test_a_suggestion_follows_the_price_of_the_vendor(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        self.at_first.price = 11
        self.env.flush_all()
        # In the one transaction of a test all is written at the same moment.
        self.env.cr.execute(
            "UPDATE product_supplierinfo SET write_date = %s WHERE id = %s",
            (self._after(0, hours=1), self.at_first.id),
        )
        self.assertEqual(self._generate()["updated"], 1)
        self.assertEqual(suggestion.estimated_cost, 55)

    def test_a_suggestion_moves_with_the_days(self):
        self._wanted(self.product, 5, days=9)
        suggestion = self._suggest()
        with freeze_time(self._after(3)):
            # That is no news: nobody gets a mail for it.
            self.assertEqual(self._generate()["updated"], 0)
            self.assertEqual(suggestion.arrival_date, self._after(5).date())

    def test_a_suggestion_follows_the_price_to_the_customer(self):
        order = self._wanted(self.product, 5)
        suggestion = self._suggest()
        order.order_line.sudo().price_unit = 500
        self.assertEqual(self._generate()["updated"], 1)
        self.assertEqual(suggestion.sudo().released_value, 2500)

    def test_a_suggestion_follows_the_days_to_purchase(self):
        self._wanted(self.product, 5, days=9)
        suggestion = self._suggest()
        self.company.days_to_purchase = 2
        self._generate()
        self.assertEqual(suggestion.order_by_date, self._after(5).date())

    # Decided by people

    def test_dismissed_stays_while_the_same_is_short(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        suggestion.action_dismiss("  We stop selling it ")
        self.assertEqual(suggestion.dismiss_reason, "We stop selling it")
        self.assertEqual(set(self._generate().values()), {0})
        with freeze_time(self._after(3)):
            self._generate()
        self.assertEqual(suggestion.state, "dismissed")

    def test_dismissed_comes_back_when_it_has_shrunk_and_grows_again(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        suggestion.action_dismiss("No")
        self._put_in_stock(self.product, 2)
        self._generate()
        self.assertEqual(suggestion.state, "dismissed")
        self._wanted(self.product, 1)
        self._generate()
        self.assertEqual(suggestion.state, "proposed")
        self.assertFalse(suggestion.dismiss_reason)

    def test_dismissed_is_forgotten_with_its_shortage(self):
        order = self._wanted(self.product, 5)
        self._suggest().action_dismiss("No")
        order.sudo().action_cancel()
        self.assertFalse(self._suggest())
        self._wanted(self.product, 1)
        self.assertEqual(self._suggest().state, "proposed")

    def test_snoozed_comes_back_on_its_day(self):
        self._wanted(self.product, 5, days=20)
        suggestion = self._suggest()
        suggestion.action_snooze(self._after(4).date().isoformat())
        self._generate()
        self._wanted(self.product, 1, days=20)
        self._generate()
        with freeze_time(self._after(3)):
            self._generate()
            self.assertEqual(suggestion.state, "snoozed")
            self.assertEqual(suggestion.suggested_qty, 6)
        with freeze_time(self._after(4)):
            self._generate()
            self.assertEqual(suggestion.state, "proposed")
            self.assertFalse(suggestion.snooze_until)

    def test_what_was_set_aside_can_be_brought_back(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        suggestion.action_dismiss("No")
        suggestion.action_propose()
        self.assertEqual(
            (suggestion.state, suggestion.dismiss_reason), ("proposed", False)
        )
        suggestion.action_snooze("2030-02-01")
        suggestion.action_propose()
        self.assertEqual(
            (suggestion.state, suggestion.snooze_until), ("proposed", False)
        )
        self._generate()
        self.assertEqual(suggestion.state, "proposed")

    def test_what_is_snoozed_can_be_dismissed(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        suggestion.action_snooze("2030-01-20")
        suggestion.action_dismiss("No")
        with freeze_time(self._after(9)):
            self._generate()
        self.assertEqual(suggestion.state, "dismissed")

    def test_what_is_ordered_cannot_be_set_aside(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        suggestion.action_create_rfq()
        for call in (
            lambda: suggestion.action_dismiss("No"),
            lambda: suggestion.action_snooze("2030-02-01"),
            suggestion.action_propose,
            suggestion.action_create_rfq,
            lambda: suggestion.action_choose_vendor(self.second.id),
        ):
            with self.assertRaisesRegex(UserError, "Undo it first"):
                call()

    def test_the_run_keeps_the_vendor_that_was_chosen(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        suggestion.action_choose_vendor(self.third.id)
        self.assertEqual(suggestion.estimated_cost, 75)
        self.assertEqual(suggestion.arrival_date, self._after(6).date())
        self._wanted(self.product, 1)
        self._generate()
        self.assertEqual(suggestion.partner_id, self.third)
        self.assertTrue(suggestion.is_vendor_chosen)
        self.assertEqual(suggestion.estimated_cost, 90)

    def test_a_chosen_vendor_that_goes_out_is_dropped(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        suggestion.action_choose_vendor(self.third.id)
        disruption = self._disrupt(self.third)
        self._generate()
        self.assertEqual(suggestion.partner_id, self.first)
        self.assertFalse(suggestion.is_vendor_chosen)
        disruption.active = False
        self._generate()
        self.assertEqual(suggestion.partner_id, self.first)

    def test_a_vendor_that_is_out_or_a_stranger_cannot_be_chosen(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        self._disrupt(self.third)
        for vendor in (self.third, self.vendor):
            with self.assertRaisesRegex(UserError, "cannot be chosen"):
                suggestion.action_choose_vendor(vendor.id)

    # Following what was ordered

    def _ordered(self, quantity=5):
        self._wanted(self.product, quantity)
        suggestion = self._suggest()
        return suggestion, self._accepted(suggestion)

    def test_confirmed_stays_under_way_until_it_arrives(self):
        suggestion, request = self._ordered()
        self.assertEqual(suggestion.state, "ordered")
        request.button_confirm()
        self._generate()
        self.assertEqual(suggestion.state, "ordered")
        self._receive(request.sudo())
        self.assertEqual(self._fresh(suggestion).state, "done")
        self.assertEqual(set(self._generate().values()), {0})

    def test_partly_received_stays_under_way(self):
        suggestion, request = self._ordered()
        request.button_confirm()
        self._receive(request.sudo(), 2)
        self._generate()
        self.assertEqual(self._fresh(suggestion).state, "ordered")
        self._receive(request.sudo())
        self.assertEqual(self._fresh(suggestion).state, "done")

    def test_closed_short_is_done_and_the_rest_is_proposed(self):
        suggestion, request = self._ordered()
        request.button_confirm()
        self._receive(request.sudo(), 2, backorder=False)
        self.assertEqual(self._fresh(suggestion).state, "done")
        self.assertEqual(self._suggest().suggested_qty, 3)

    def test_a_cancelled_request_is_proposed_again(self):
        suggestion, request = self._ordered()
        request.button_cancel()
        self.assertEqual(self._fresh(suggestion).state, "proposed")
        self.assertEqual(self._generate()["created"], 0)
        self.assertEqual(self._figures(self._suggested()), [("buy", 5, 0, 5)])

    def test_a_cancelled_order_is_proposed_again(self):
        suggestion, request = self._ordered()
        request.button_confirm()
        request.sudo().button_cancel()
        self._generate()
        self.assertEqual(self._suggested(), suggestion)
        self.assertEqual(suggestion.state, "proposed")

    def test_a_request_whose_line_is_deleted_is_proposed_again(self):
        suggestion, request = self._ordered()
        request.order_line.unlink()
        self.assertEqual(self._fresh(suggestion).state, "proposed")
        self._generate()
        self.assertEqual(self._suggested().suggested_qty, 5)

    def test_a_request_that_is_deleted_is_proposed_again(self):
        suggestion, request = self._ordered()
        request.button_cancel()
        request.unlink()
        self._generate()
        self.assertEqual(self._suggested(), suggestion)
        self.assertEqual(suggestion.state, "proposed")

    def test_a_request_that_the_buyer_lowers_leaves_the_rest_proposed(self):
        suggestion, request = self._ordered()
        request.order_line.product_qty = 3
        rest = self._suggest(state="proposed")
        self.assertEqual(self._figures(rest), [("buy", 5, 3, 2)])
        self.assertEqual(suggestion.state, "ordered")

    def test_a_reordered_request_is_followed_again(self):
        """Cancelled by mistake, set to draft: the suggestion must not ask twice."""
        _suggestion, request = self._ordered()
        request.button_cancel()
        self._generate()
        request.button_draft()
        self._generate()
        proposed = self._suggested(state="proposed")
        self.assertEqual(sum(proposed.mapped("suggested_qty")), 0)

    def test_more_that_is_short_is_a_suggestion_of_its_own(self):
        suggestion, _request = self._ordered()
        self._wanted(self.product, 2)
        more = self._suggest(state="proposed")
        self.assertNotEqual(more, suggestion)
        self.assertEqual(self._figures(more), [("buy", 7, 5, 2)])

    def test_cancelled_when_more_is_proposed_already_becomes_one_suggestion(self):
        suggestion, request = self._ordered()
        self._wanted(self.product, 2)
        more = self._suggest(state="proposed")
        request.button_cancel()
        self._generate()
        self.assertFalse(more.exists())
        self.assertEqual(self._suggested(), suggestion)
        self.assertEqual(self._figures(suggestion), [("buy", 7, 0, 7)])
        self.assertEqual(set(self._generate().values()), {0})

    def test_ordered_for_less_leaves_the_rest_proposed(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        self._accept((suggestion, 3, self.at_first))
        self.assertEqual(suggestion.state, "ordered")
        self.assertEqual(suggestion.suggested_qty, 3)
        rest = self._suggested(state="proposed")
        self.assertEqual(self._figures(rest), [("buy", 5, 3, 2)])
        self.assertEqual(set(self._generate().values()), {0})

    def test_a_new_shortage_after_the_goods_came_is_a_new_suggestion(self):
        suggestion, request = self._ordered()
        request.button_confirm()
        self._receive(request.sudo())
        self._wanted(self.product, 2)
        new = self._suggest()
        self.assertNotEqual(new, suggestion)
        self.assertEqual(self._figures(new), [("buy", 2, 0, 2)])

    def test_ordered_stays_when_the_customer_cancels(self):
        """The request is the buyer's: it is not taken back behind his back."""
        order = self._wanted(self.product, 5)
        suggestion = self._suggest()
        request = self._accepted(suggestion)
        order.sudo().action_cancel()
        self._generate()
        self.assertEqual(suggestion.state, "ordered")
        self.assertEqual(request.state, "draft")
