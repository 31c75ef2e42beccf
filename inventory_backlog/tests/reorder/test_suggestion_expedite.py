from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged

from ..suggestions import SuggestionCase


@tagged("post_install", "-at_install")
class TestSuggestionExpedite(SuggestionCase):
    """Before anything is bought, a receipt that comes too late is pulled in."""

    def _late(self, quantity=5, days=9, **values):
        purchase = self._purchase(
            self.product, quantity, days=days, vendor=self.first, **values
        )
        order = self._wanted(self.product, quantity, days=3)
        return purchase, order

    def test_a_receipt_that_comes_too_late_is_pulled_in_instead_of_bought_again(self):
        purchase, order = self._late()
        suggestion = self._suggest()
        self.assertEqual(self._figures(suggestion), [("expedite", 5, 0, 5)])
        self.assertEqual(suggestion.need_date, self._after(3).date())
        self.assertEqual(suggestion.arrival_date, self._after(9).date())
        [line] = suggestion.line_ids
        self.assertEqual(line.document, purchase.with_user(self.buyer))
        self.assertEqual(line.expected_date, self._after(9).date())
        self.assertEqual(line.sudo().order_id, order)
        self.assertEqual(suggestion.sudo().released_value, 500)
        self.assertEqual(suggestion.estimated_cost, 0)
        self.assertIn(
            "5 Units come too late: needed on Jan 18, expected on Jan 24.",
            suggestion.explanation,
        )

    def test_only_the_late_part_is_pulled_in_and_the_rest_is_bought(self):
        self._purchase(self.product, 2, days=2)
        self._purchase(self.product, 3, days=9)
        self._wanted(self.product, 9, days=3)
        self.assertEqual(
            sorted(self._figures(self._suggest())),
            [("buy", 4, 0, 4), ("expedite", 3, 0, 3)],
        )

    def test_all_that_waits_for_an_overdue_receipt_is_pulled_in(self):
        """Whatever the day it is needed: nobody knows when the receipt comes."""
        for steps in ("one_step", "two_steps", "three_steps"):
            with self.subTest(steps=steps):
                self.warehouse.reception_steps = steps
                table = self._table(steps)
                self._purchase(table, 40, days=-3)
                for quantity, days in ((10, -1), (24, 1), (2, 60), (3, 120)):
                    self._wanted(table, quantity, days=days)
                suggestion = self._suggest(table)
                # What is needed after the horizon is nobody's business yet.
                self.assertEqual(self._figures(suggestion), [("expedite", 36, 0, 36)])
                self.assertEqual(suggestion.arrival_date, self._after(0).date())
                self.assertEqual(suggestion.line_ids.mapped("qty"), [10, 24, 2])
                since = self._after(-3).date()
                self.assertEqual(
                    suggestion.line_ids.mapped("overdue_since"), [since] * 3
                )
                # It counts as due today, which keeps no promise.
                self.assertEqual(suggestion.sudo().released_value, 3600)
                self.assertFalse(suggestion.sudo().saved_value)

    def test_a_receipt_that_is_due_today_is_not_overdue(self):
        purchase, _order = self._late(days=0)
        self.assertFalse(self._suggest())
        with self._on(self._after(1).date()):
            suggestion = self._suggest()
            self.assertEqual(self._figures(suggestion), [("expedite", 5, 0, 5)])
        purchase.order_line.date_planned = self._after(3)
        with self._on(self._after(1).date()):
            self.assertFalse(self._suggest())

    def test_only_who_waits_for_the_overdue_receipt_is_late(self):
        self._purchase(self.product, 6, days=-1)
        self._purchase(self.product, 9, days=2)
        for quantity, days in ((4, 5), (5, 6), (6, 7)):
            self._wanted(self.product, quantity, days=days)
        suggestion = self._suggest()
        self.assertEqual(self._figures(suggestion), [("expedite", 6, 0, 6)])
        self.assertEqual(suggestion.line_ids.mapped("qty"), [4, 2])

    def test_what_was_received_and_never_put_away_is_overdue(self):
        self.warehouse.reception_steps = "two_steps"
        purchase = self._purchase(self.product, 5, days=0)
        self._wanted(self.product, 5, days=9)
        purchase.picking_ids[:1].button_validate()
        self.assertFalse(self._suggest())
        with self._on(self._after(2).date()):
            suggestion = self._suggest()
            self.assertEqual(self._figures(suggestion), [("expedite", 5, 0, 5)])

    def test_drafts_wait_for_an_overdue_receipt_as_well(self):
        depot = self._second_warehouse()
        self._purchase(self.product, 5, days=-1)
        self._transfer(self.product, 5, self.warehouse, depot, days=4, confirm=False)
        suggestion = self._suggest()
        self.assertEqual(self._figures(suggestion), [("expedite", 5, 0, 5)])
        self.assertEqual(suggestion.overdue_since, self._after(-1).date())

    def test_a_request_is_confirmed_when_nobody_knows_when_the_receipt_comes(self):
        self._purchase(self.product, 5, days=-1, vendor=self.first)
        self._wanted(self.product, 5, days=2)
        self._request(self.product, 8, vendor=self.third, days=5)
        self.assertEqual(
            sorted(self._figures(self._suggest())),
            [("confirm", 5, 0, 5), ("expedite", 5, 0, 5)],
        )

    def test_a_receipt_that_is_overdue_is_never_said_to_come_today(self):
        purchase = self._purchase(self.product, 5, days=9, vendor=self.first)
        purchase.user_id = self.buyer
        self._wanted(self.product, 5, days=-1)
        suggestion = self._suggest().with_user(self.buyer)
        self.assertFalse(suggestion.overdue_since)
        self.assertIn("expected Jan 24", suggestion.summary)
        purchase.order_line.date_planned = self._after(-2)
        suggestion = self._suggest().with_user(self.buyer)
        since = self._after(-2).date()
        self.assertEqual(suggestion.overdue_since, since)
        self.assertEqual(suggestion.line_ids.mapped("overdue_since"), [since])
        for text in (suggestion.summary, suggestion.explanation):
            self.assertIn("overdue since Jan 13", text)
            self.assertNotIn("expected", text)
        suggestion.action_accept()
        self.assertIn("overdue since", purchase.sudo().activity_ids.note)

    def test_nobody_knows_when_an_overdue_receipt_comes(self):
        """It says since when it is overdue, and no day on which it would come."""
        purchase, _order = self._late(days=2)
        self.assertFalse(self._suggest())
        with freeze_time(self._after(6)):
            suggestion = self._suggest()
            self.assertEqual(suggestion.overdue_since, self._after(2).date())
            line = suggestion.line_ids
            self.assertEqual(line.overdue_since, self._after(2).date())
            self.assertEqual(
                suggestion.summary,
                "5 Units, needed Jan 18, overdue since Jan 17",
            )
            self.assertIn(
                "5 Units come too late: needed on Jan 18, overdue since "
                "Jan 17, and nobody has said yet when they come.",
                suggestion.explanation,
            )
            window = suggestion.action_open_accept()
            window = self.env[window["res_model"]].browse(window["res_id"])
            window = window.with_user(self.buyer)
            self.assertFalse(window.line_ids.arrival_date)
            self.assertFalse(window.line_ids.kept)
            window.action_confirm()
            note = purchase.activity_ids.note
            self.assertIn("overdue since", " ".join(note.split()))
            self.assertIn("01/17/2030", note)
            self.assertNotIn("01/21/2030", note)
        with freeze_time(self._after(7)):
            # The same, a day later: no news.
            self.assertEqual(set(self._generate().values()), {0})
        purchase.order_line.date_planned = self._after(12)
        with freeze_time(self._after(8)):
            again = self._suggest()
            self.assertEqual((again, again.state), (suggestion, "proposed"))
            self.assertFalse(again.overdue_since)
            self.assertIn("expected on Jan 27", again.explanation)

    def test_some_overdue_some_only_late(self):
        self._purchase(self.product, 2, days=2)
        self._purchase(self.product, 3, days=9)
        self._wanted(self.product, 5, days=3)
        with freeze_time(self._after(6)):
            suggestion = self._suggest()
            self.assertEqual(suggestion.overdue_since, self._after(2).date())
            self.assertIn(
                "some of it overdue since Jan 17, the last expected on Jan 24",
                suggestion.explanation,
            )
            self.assertIn("the last expected Jan 24", suggestion.summary)

    def test_accepted_it_reminds_who_is_in_charge_with_the_lines(self):
        purchase, order = self._late()
        purchase.user_id = self.buyer
        suggestion = self._suggest()
        suggestion.action_accept()
        activity = purchase.activity_ids
        self.assertEqual(activity.user_id, self.buyer)
        self.assertEqual(activity.date_deadline, self._after(0).date())
        self.assertEqual(activity.summary, "Chase vendor: Chair")
        for text in ("5 Units", "01/18/2030", "01/24/2030"):
            self.assertIn(text, activity.note)
        # Who reads the purchase need not be able to read the order.
        self.assertNotIn(order.name, activity.note)
        self.assertEqual(suggestion.state, "ordered")

    def test_asked_once_it_is_not_proposed_again(self):
        self._late()
        suggestion = self._suggest()
        suggestion.action_accept()
        self.assertEqual(set(self._generate().values()), {0})
        self.assertEqual(self._suggested(), suggestion)
        self.assertEqual(suggestion.state, "ordered")

    def test_asked_it_is_proposed_again_when_more_comes_too_late(self):
        purchase, _order = self._late()
        self._suggest().action_accept()
        self._wanted(self.product, 2, days=3)
        purchase.order_line.product_qty = 7
        purchase.order_line.move_ids.date = self._after(9)
        suggestion = self._suggest(action="expedite")
        self.assertEqual(suggestion.state, "proposed")
        self.assertEqual(suggestion.shortage_qty, 7)

    def test_pulled_in_it_is_done(self):
        purchase, _order = self._late()
        suggestion = self._suggest()
        suggestion.action_accept()
        purchase.order_line.date_planned = self._after(2)
        self._generate()
        self.assertEqual(suggestion.state, "done")
        self.assertFalse(self._suggested())

    def test_pulled_in_before_anybody_asked_it_is_withdrawn(self):
        purchase, _order = self._late()
        self._generate()
        purchase.order_line.date_planned = self._after(2)
        self.assertEqual(self._generate()["withdrawn"], 1)

    def test_undone_the_reminder_goes(self):
        purchase, _order = self._late()
        suggestion = self._suggest()
        suggestion.action_accept()
        suggestion.action_undo()
        self.assertFalse(purchase.activity_ids)
        self.assertEqual(self._suggested().state, "proposed")

    def test_the_vendor_is_written_to_with_the_lines(self):
        purchase, order = self._late()
        action = self._suggest().action_write_vendor()
        context = action["context"]
        self.assertEqual(context["default_res_ids"], purchase.ids)
        self.assertEqual(context["default_partner_ids"], self.first.ids)
        body = str(context["default_body"])
        self.assertIn("5 Units", body)
        # For whom is none of the vendor's business.
        self.assertNotIn(order.name, body)
        wizard = self.env[action["res_model"]].with_user(self.buyer)
        wizard = wizard.with_context(**context).create({})
        self.assertIn("can you deliver earlier", wizard.subject)

    def test_a_receipt_without_a_purchase_has_no_vendor_to_write_to(self):
        suppliers = self.env.ref("stock.stock_location_suppliers")
        self._transfer(self.product, 5, suppliers, self.warehouse, days=9)
        self._wanted(self.product, 5, days=3)
        suggestion = self._suggest()
        self.assertEqual(suggestion.line_ids.document._name, "stock.picking")
        with self.assertRaisesRegex(UserError, "No purchase order"):
            suggestion.action_write_vendor()

    def test_a_receipt_to_pull_in_is_nothing_to_buy(self):
        self._late()
        with self.assertRaisesRegex(UserError, "nothing to buy"):
            self._suggest().action_create_rfq()

    # Asked for, and later still

    def test_asked_it_is_proposed_again_when_the_receipt_slips_further(self):
        purchase, _order = self._late()
        suggestion = self._suggest()
        suggestion.action_accept()
        purchase.order_line.date_planned = self._after(50)
        self._generate()
        self.assertEqual(suggestion.state, "proposed")
        self.assertEqual(suggestion.arrival_date, self._after(50).date())
        suggestion.action_accept()
        purchase.order_line.date_planned = self._after(40)
        self._generate()
        self.assertEqual(suggestion.state, "ordered")

    def test_asked_it_is_proposed_again_when_one_of_two_receipts_slips(self):
        self._purchase(self.product, 2, days=20)
        purchase = self._purchase(self.product, 3, days=9)
        self._wanted(self.product, 5, days=3)
        suggestion = self._suggest()
        suggestion.action_accept()
        purchase.order_line.date_planned = self._after(12)
        self._generate()
        self.assertEqual(suggestion.arrival_date, self._after(20).date())
        self.assertEqual(suggestion.state, "proposed")

    def test_asked_it_is_not_proposed_again_each_day_that_it_is_overdue(self):
        self._wanted(self.product, 1, days=-1)
        self._purchase(self.product, 1, days=-1)
        suggestion = self._suggest()
        suggestion.action_accept()
        for days in (1, 2):
            with self._on(self._after(days).date()):
                self._generate()
                self.assertEqual(suggestion.state, "ordered")

    # Or buy it elsewhere

    def test_waiting_and_buying_elsewhere_stand_side_by_side(self):
        purchase, _order = self._late(days=60)
        self.at_second.min_qty = 8
        suggestion = self._suggest()
        table = suggestion.option_table
        self.assertEqual(
            [
                [row[name] for name in ("vendor", "quantity", "arrival", "kept")]
                for row in table["rows"]
            ],
            [
                [f"Wait for {purchase.name}", "5 Units", "Mar 16", "0 of 1"],
                ["Second", "8 Units", "Jan 19", "0 of 1"],
                ["Third", "5 Units", "Jan 21", "0 of 1"],
            ],
        )
        self.assertEqual(
            [row.get("surplus") for row in table["rows"]], ["", "8 Units", "5 Units"]
        )
        self.assertEqual(table["rows"][1]["cost"], self._money(96))
        self.assertIn(
            "Or buy it elsewhere: from Second 8 Units would be there on Jan 19, "
            f"for {self._money(96)}. 5 Units of {purchase.name} would then be too much",
            suggestion.explanation,
        )

    def test_a_vendor_that_is_no_earlier_is_not_offered(self):
        self._late(days=6)
        suggestion = self._suggest()
        rows = suggestion.option_table["rows"]
        self.assertEqual([row["vendor"] for row in rows[1:]], ["Second"])
        self._disrupt(self.second)
        suggestion = self._fresh(suggestion)
        self.assertFalse(suggestion.option_table)
        self.assertNotIn("elsewhere", suggestion.explanation)
        with self.assertRaisesRegex(UserError, "delivers no earlier"):
            suggestion.action_buy_instead(self.third.id)

    def test_a_price_that_is_no_number_is_named_before_it_is_bought_at(self):
        self._late(days=60)
        self.at_second.price = float("nan")
        with self.assertRaisesRegex(UserError, "price.*Second.*not a number"):
            self._suggest().action_buy_instead(self.second.id)

    def test_whoever_has_a_day_is_offered_instead_of_an_overdue_receipt(self):
        purchase = self._purchase(self.product, 34, days=-3, vendor=self.first)
        for quantity, days in ((10, -1), (24, 5)):
            self._wanted(self.product, quantity, days=days)
        suggestion = self._suggest()
        columns = ("vendor", "note", "quantity", "arrival", "kept", "surplus")
        self.assertEqual(
            [
                [row[name] for name in columns]
                for row in suggestion.option_table["rows"]
            ],
            [
                [
                    f"Wait for {purchase.name}",
                    "Overdue since Jan 12, nobody knows when it comes",
                    "34 Units",
                    "",
                    "0 of 2",
                    "",
                ],
                ["Second", "", "34 Units", "Jan 19", "1 of 2", "34 Units"],
                ["Third", "", "34 Units", "Jan 21", "0 of 2", "34 Units"],
            ],
        )
        self.assertIn(
            "Or buy it elsewhere: from Second 34 Units would be there on Jan 19",
            suggestion.explanation,
        )
        request = self.env["purchase.order"].browse(
            suggestion.action_buy_instead(self.third.id)
        )
        self.assertEqual(request.order_line.product_qty, 34)
        self.assertEqual(suggestion.state, "ordered")
        with self._on(self._after(1).date()):
            self._generate()
            self.assertEqual(suggestion.state, "ordered")

    def test_what_was_bought_instead_of_an_overdue_receipt_is_not_offered_again(self):
        self._purchase(self.product, 5, days=-3, vendor=self.first)
        order = self._wanted(self.product, 5, days=5)
        suggestion = self._suggest()
        request = self.env["purchase.order"].browse(
            suggestion.action_buy_instead(self.second.id)
        )
        request.button_confirm()
        self._wanted(self.product, 2, days=5)
        self._purchase(self.product, 2, days=-3, vendor=self.first)
        suggestion = self._suggest(action="expedite")
        self.assertEqual((suggestion.state, suggestion.shortage_qty), ("proposed", 7))
        self.assertEqual(
            [row["quantity"] for row in suggestion.option_table["rows"]],
            ["7 Units", "2 Units", "2 Units"],
        )
        self._receive(request)
        self.assertEqual(self._split(order.order_line), [(5, 5, 0, 0)])

    def test_of_some_overdue_some_only_late_each_vendor_delivers_what_comes_later(self):
        overdue = self._purchase(self.product, 2, days=-1, vendor=self.first)
        late = self._purchase(self.product, 3, days=5, vendor=self.first)
        self._wanted(self.product, 5, days=3)
        suggestion = self._suggest()
        note = "Some of it is overdue since Jan 14, nobody knows when it comes"
        # The second vendor delivers on day 4, the third one on day 6.
        self.assertEqual(
            [
                [row[name] for name in ("vendor", "note", "quantity", "arrival")]
                for row in suggestion.option_table["rows"]
            ],
            [
                [
                    f"Wait for {overdue.name}, {late.name}",
                    note,
                    "5 Units",
                    "Jan 20",
                ],
                ["Second", "", "5 Units", "Jan 19"],
                ["Third", "", "2 Units", "Jan 21"],
            ],
        )

    def test_bought_elsewhere_it_is_a_draft_that_can_be_undone(self):
        self._late(days=60)
        suggestion = self._suggest()
        request = self.env["purchase.order"].browse(
            suggestion.action_buy_instead(self.second.id)
        )
        self.assertEqual(request.partner_id, self.second)
        self.assertEqual((request.state, request.order_line.product_qty), ("draft", 5))
        self.assertEqual(suggestion.state, "ordered")
        self.assertIn(f"RFQ {request.name}", suggestion.explanation)
        self.assertEqual(set(self._generate().values()), {0})
        self.assertTrue(suggestion.can_undo)
        suggestion.action_undo()
        self.assertFalse(request.exists())
        self.assertEqual(self._suggested().state, "proposed")

    def test_who_may_not_create_purchases_deletes_none(self):
        """A stock keeper may ask for an earlier receipt. What a buyer bought instead is
        not his to take back."""
        self._late(days=60)
        suggestion = self._suggest()
        keeper = new_test_user(
            self.env,
            "keeper",
            "stock.group_stock_user,inventory_backlog.group_backlog_manager",
        )
        request = self.env["purchase.order"].browse(
            suggestion.action_buy_instead(self.second.id)
        )
        theirs = suggestion.with_user(keeper)
        self.assertTrue(suggestion.can_undo)
        self.assertFalse(theirs.can_undo)
        with self.assertRaises(AccessError):
            theirs.action_undo()
        self.assertTrue(request.exists())
        self.assertEqual(suggestion.state, "ordered")

    def test_bought_elsewhere_it_is_not_bought_again_when_the_receipt_slips(self):
        purchase, _order = self._late(days=60)
        suggestion = self._suggest()
        request = self.env["purchase.order"].browse(
            suggestion.action_buy_instead(self.second.id)
        )
        purchase.order_line.date_planned = self._after(70)
        self._generate()
        self.assertEqual(suggestion.state, "ordered")
        self._wanted(self.product, 2, days=3)
        self._purchase(self.product, 2, days=80)
        suggestion = self._suggest(action="expedite")
        self.assertEqual((suggestion.state, suggestion.shortage_qty), ("proposed", 7))
        self.assertEqual(
            [row["quantity"] for row in suggestion.option_table["rows"]],
            ["7 Units", "2 Units", "2 Units"],
        )
        self.assertTrue(suggestion.can_undo)
        suggestion.action_undo()
        self.assertFalse(request.exists())

    def test_only_what_comes_later_than_the_vendor_is_bought_instead(self):
        early = self._purchase(self.product, 5, days=5, vendor=self.first)
        late = self._purchase(self.product, 5, days=60, vendor=self.first)
        self._wanted(self.product, 10, days=3)
        suggestion = self._suggest()
        # The second vendor delivers on day 4, the third one on day 6.
        rows = suggestion.option_table["rows"]
        self.assertEqual(
            [row["quantity"] for row in rows], ["10 Units", "10 Units", "5 Units"]
        )
        self.at_second.delay = 7
        suggestion = self._fresh(suggestion)
        self.assertIn(f"5 Units of {late.name} would then", suggestion.explanation)
        self.assertNotIn(f"{early.name}, {late.name}", suggestion.explanation)
        request = self.env["purchase.order"].browse(
            suggestion.action_buy_instead(self.third.id)
        )
        self.assertEqual(request.order_line.product_qty, 5)

    def test_the_request_is_to_be_ordered_in_time_for_the_need(self):
        self._purchase(self.product, 5, days=60, vendor=self.first)
        self._wanted(self.product, 5, days=25)
        request = self.env["purchase.order"].browse(
            self._suggest().action_buy_instead(self.second.id)
        )
        need = self._suggested(action="expedite").need_date
        days = (need - request.date_order.date()).days
        self.assertEqual(days, self.at_second.delay)
        self.assertTrue(days)

    def test_bought_elsewhere_it_serves_the_customer_and_ends_when_it_has_come(self):
        _late, order = self._late(days=60)
        suggestion = self._suggest()
        request = self.env["purchase.order"].browse(
            suggestion.action_buy_instead(self.second.id)
        )
        request.button_confirm()
        self._generate()
        self.assertEqual((suggestion.state, suggestion.can_undo), ("ordered", False))
        line = self._line(order.order_line)
        self.assertEqual(line.expected_date.date(), self._after(4).date())
        self._receive(request)
        self._generate()
        self.assertEqual(self._fresh(suggestion).state, "done")
        self.assertEqual(self._split(order.order_line), [(5, 5, 0, 0)])

    def test_what_is_brought_for_one_delivery_is_bought_for_it(self):
        product = self._made_to_order()
        self._offer(product, self.second, 12, delay=3)
        order = self._wanted(product, 5, days=5)
        purchase = self.env["purchase.order"].search(
            [("order_line.product_id", "=", product.id)]
        )
        purchase.button_confirm()
        purchase.order_line.move_ids.date = self._after(60)
        suggestion = self._suggest(product)
        request = self.env["purchase.order"].browse(
            suggestion.action_buy_instead(self.second.id)
        )
        request.button_confirm()
        self._receive(request)
        self.assertEqual(self._split(order.order_line), [(5, 5, 0, 0)])

    def test_only_what_comes_too_late_is_bought_instead(self):
        self._wanted(self.product, 5)
        with self.assertRaisesRegex(UserError, "delivers no earlier"):
            self._suggest().action_buy_instead(self.second.id)
