from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from ..suggestions import SuggestionCase

VIEWS = ("list", "kanban", "form", "pivot", "graph", "activity", "search")


@tagged("post_install", "-at_install")
class TestSuggestionScreens(SuggestionCase):
    """What people see and press."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "manager", "inventory_backlog.group_backlog_manager", tz="UTC"
        )
        cls.head = new_test_user(
            cls.env,
            "head",
            "purchase.group_purchase_manager,stock.group_stock_manager,"
            "sales_team.group_sale_manager",
            tz="UTC",
        )

    def _window(self, suggestions, method="action_open_accept"):
        """The window that a button opens."""
        action = getattr(suggestions.with_user(self.buyer), method)()
        return self._of_action(action)

    def _of_action(self, action, user=None):
        return (
            self.env[action["res_model"]]
            .with_user(user or self.buyer)
            .browse(action["res_id"])
        )

    def _late(self):
        """Five chairs that come after the promise."""
        purchase = self._purchase(self.product, 5, days=9)
        self._wanted(self.product, 5)
        return purchase

    # Every role

    def test_everyone_who_buys_opens_every_view(self):
        self._late()
        self._wanted(self.product, 3)
        suggestions = self._suggest()
        suggestions.filtered(lambda one: one.action_type == "buy").action_accept()
        for user in self.buyer + self.manager + self.head:
            mine = self._fresh(self._suggested()).with_user(user)
            self.assertEqual(len(mine), 2)
            with self.subTest(user=user.login):
                views = mine.get_views([(False, view) for view in VIEWS])
                for model, records in (
                    ("backlog.suggestion", mine),
                    ("backlog.suggestion.line", mine.line_ids),
                ):
                    names = views["models"][model]["fields"]
                    records.web_read({name: {} for name in names if name != "id"})

    def test_buyers_see_no_values(self):
        for view in VIEWS:
            for user, found in ((self.buyer, False), (self.head, True)):
                arch = self.suggestions.with_user(user).get_view(view_type=view)["arch"]
                if view in ("list", "form", "pivot"):
                    self.assertEqual("released_value" in arch, found)
                elif not found:
                    self.assertNotIn("released_value", arch)

    def test_salespeople_see_what_was_requested_for_their_line(self):
        order = self._wanted(self.product, 5)
        self._suggest().action_accept()
        line = self._fresh(order.order_line).with_user(self.seller)
        self.assertRegex(line.backlog_supply_note, r"^RFQ P\d+, expected Jan 20$")
        verdict = self._line(line).with_user(self.seller).why["verdict"]
        self.assertIn(f"Under way: {line.backlog_supply_note}.", verdict)
        self.assertNotIn("Not confirmed yet", " ".join(verdict))

    def test_columns_of_all_states_unless_a_filter_says_which(self):
        self._wanted(self.product, 5)
        self._suggest()

        def columns(domain):
            expanded = self.suggestions.with_context(read_group_expand=True)
            groups = expanded.web_read_group(domain, ["state"], ["__count"])
            return [group["state"] for group in groups["groups"]]

        self.assertEqual(
            columns([]), ["proposed", "snoozed", "dismissed", "ordered", "done"]
        )
        self.assertEqual(columns([("state", "=", "proposed")]), ["proposed"])

    # Update, and suggest purchase

    def _said(self, action):
        self.assertEqual(action["tag"], "display_notification")
        return action["params"]["message"]

    def test_update_says_what_changed(self):
        self._wanted(self.product, 5)
        table = self._product("Table")
        self._orderpoint(table, 0, trigger="auto")
        self._wanted(table, 1)
        left = "Shortages left to reordering rules, which order them by themselves: 1."
        self.assertEqual(
            self._said(self.suggestions.action_update()),
            f"New: 1, changed: 0, withdrawn: 0. {left}",
        )
        self.assertEqual(
            self._said(self.suggestions.action_update()),
            f"Nothing changed: the suggestions are up to date. {left}",
        )

    def test_suggest_purchase_opens_what_is_suggested(self):
        order = self._wanted(self.product, 5)
        for record in (
            self._line(order.order_line),
            self.product,
            self.product.product_tmpl_id,
        ):
            action = record.with_user(self.buyer).action_suggest_purchase()
            self.assertEqual(self._of_action(action), self._suggested())
        self.assertEqual(
            self._read(self.product, "backlog_suggestion_count"),
            self._read(self.product.product_tmpl_id, "backlog_suggestion_count"),
        )

    def test_suggest_purchase_says_why_there_is_nothing(self):
        def said(product):
            return self._said(product.with_user(self.buyer).action_suggest_purchase())

        self.assertEqual(said(self.product), "Chair: nothing is short.")
        self._wanted(self.product, 5, days=200)
        self.assertIn("later than the reorder horizon", said(self.product))
        self._wanted(self.product, 2)
        self._request(self.product, 7, days=2)
        self.assertIn("what is requested or drafted already", said(self.product))
        self._wanted(self.product, 9)
        self._orderpoint(trigger="auto", quantity=0)
        self.assertIn("its reordering rule orders it by itself", said(self.product))

    # Accept

    def test_accept_shows_and_does_what_is_suggested(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        window = self._window(suggestion)
        line = window.line_ids
        self.assertEqual(
            (line.qty, line.supplierinfo_id, line.cost, line.kept, line.is_chosen),
            (5, self.at_first, 50, "1 of 1", True),
        )
        self.assertEqual(line.arrival_date, self._after(5).date())
        request = self._of_action(window.action_confirm())
        self.assertEqual(request._name, "purchase.order")
        self.assertEqual(request.order_line.product_qty, 5)
        self.assertEqual(request.order_line.date_planned.date(), self._after(5).date())
        self.assertEqual(self._of_action(request.action_open_suggestions()), suggestion)

    def test_another_vendor_has_its_own_quantity_cost_and_day(self):
        self.at_third.min_qty = 12
        self._wanted(self.product, 5)
        window = self._window(self._suggest())
        with Form(window) as form, form.line_ids.edit(0) as line:
            line.supplierinfo_id = self.at_third
            self.assertEqual((line.qty, line.cost), (12, 180))
            self.assertEqual(line.kept, "0 of 1")
            line.qty = 13
            line.arrival_date = self._after(8).date()
        request = self._of_action(window.action_confirm())
        self.assertEqual(request.partner_id, self.third)
        self.assertEqual(request.order_line.product_qty, 13)
        self.assertEqual(request.order_line.date_planned.date(), self._after(8).date())

    def test_promises_are_kept_by_the_quantity_that_is_ordered(self):
        self._wanted(self.product, 3, days=4)
        self._wanted(self.product, 20, days=6)
        window = self._window(self._suggest())
        for quantity, kept in ((1, 0), (3, 1), (22, 1), (23, 2), (40, 2)):
            with self.subTest(quantity=quantity), Form(window) as form:
                with form.line_ids.edit(0) as line:
                    line.qty = quantity
                self.assertEqual(form.line_ids._records[0]["kept"], f"{kept} of 2")

    def test_what_is_split_keeps_the_promises_in_the_order_in_which_it_arrives(self):
        self._wanted(self.product, 3, days=4)
        self._wanted(self.product, 20, days=6)
        window = self._window(self._suggest())
        window.line_ids.action_split()
        first, second = window.line_ids
        first.qty, second.qty = 20, 3
        self.assertEqual((first.kept, second.kept), ("1 of 2", "1 of 2"))
        first.qty = 1
        self.assertEqual((first.kept, second.kept), ("0 of 2", "1 of 2"))

    def test_split_over_two_vendors_by_share(self):
        self._wanted(self.product, 10)
        suggestion = self._suggest()
        window = self._window(suggestion)
        self.assertEqual(window.line_ids.action_split()["res_id"], window.id)
        self.assertEqual(
            window.line_ids.mapped(lambda line: (line.supplierinfo_id, line.qty)),
            [(self.at_first, 5), (self.at_second, 5)],
        )
        with Form(window) as form, form.line_ids.edit(1) as line:
            line.share = 30
        self.assertEqual(
            window.line_ids.mapped(lambda line: (line.share, line.qty)),
            [(70, 7), (30, 3)],
        )
        window.action_confirm()
        self.assertEqual(
            [
                (line.partner_id, line.product_qty)
                for line in suggestion.purchase_line_ids.sorted("id")
            ],
            [(self.first, 7), (self.second, 3)],
        )

    def test_what_has_no_vendor_waits_for_one(self):
        table = self._product("Table", route_ids=self.buy)
        self._wanted([(self.product, 5), (table, 2)])
        window = self._window(self._suggest(self.product, table))
        lacking = window.line_ids.filtered(lambda line: line.product_id == table)
        self.assertEqual(lacking.is_chosen, False)
        lacking.is_chosen = True
        with self.assertRaisesRegex(UserError, "Choose a vendor for Table"):
            window.action_confirm()
        lacking.is_chosen = False
        action = window.action_confirm()
        request = self._of_action(action["params"]["next"])
        self.assertIn(f"Created: RFQ {request.name}", self._said(action))
        self.assertIn("Left out: Table.", self._said(action))
        self.assertEqual(self._suggested(table).state, "proposed")
        self.assertEqual(self._suggested(self.product).state, "ordered")

    def test_nothing_cannot_be_ordered(self):
        self._wanted(self.product, 5)
        window = self._window(self._suggest())
        window.line_ids.qty = 0
        with self.assertRaisesRegex(UserError, "more than nothing of Chair"):
            window.action_confirm()
        window.line_ids.is_chosen = False
        with self.assertRaisesRegex(UserError, "Choose at least one line"):
            window.action_confirm()

    def test_what_was_settled_meanwhile_is_said(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        window, late = self._window(suggestion), self._window(suggestion)
        window.action_confirm()
        with self.assertRaisesRegex(UserError, "under way or done already"):
            late.action_confirm()

    def test_what_was_withdrawn_meanwhile_is_said(self):
        order = self._wanted(self.product, 5)
        window = self._window(self._suggest())
        order.sudo()._action_cancel()
        self._generate()
        self._fresh(window)
        with self.assertRaisesRegex(UserError, "withdrawn meanwhile"):
            window.action_confirm()

    def test_late_receipts_are_asked_for(self):
        purchase = self._late()
        suggestion = self._suggest(action="expedite")
        window = self._window(suggestion)
        self.assertTrue(window.line_ids.is_fixed)
        self.assertIn(purchase.name, self._said(window.action_confirm()))
        self.assertEqual(suggestion.state, "ordered")
        action = suggestion.line_ids.action_open_receipt()
        self.assertEqual(self._of_action(action), purchase)

    def test_all_that_came_of_it_is_said(self):
        purchase = self._late()
        self._wanted(self.product, 3)
        action = self._window(self._suggest()).action_confirm()
        request = self._of_action(action["params"]["next"])
        self.assertEqual(request.state, "draft")
        self.assertIn(f"Created: RFQ {request.name}", self._said(action))
        self.assertIn(f"receipts in: {purchase.name}.", self._said(action))

    def test_windows_are_their_own(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        other = new_test_user(
            self.env, "other_buyer", "purchase.group_purchase_user", tz="UTC"
        )
        for window in (
            self._window(suggestion),
            self._window(suggestion).line_ids,
            self._window(suggestion, "action_open_snooze"),
        ):
            with self.assertRaises(AccessError):
                window.with_user(other).read(["create_uid"])

    def _statements(self, action):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        action()
        return self.env.cr.sql_log_count - before

    def test_twenty_comparisons_cost_about_what_two_do(self):
        products = [self._table(f"Table {number}") for number in range(20)]
        for product in products:
            self._offer(product, self.second, 12)
        self._wanted([(product, 3) for product in products])
        suggestions = self._suggest(*products)
        self.assertEqual(len(suggestions), 20)

        def refresh(lines):
            self.env.add_to_compute(lines._fields["qty"], lines)
            lines.mapped("cost")

        few, many = (
            self._statements(lambda some=some: some.mapped("option_table"))
            for some in (suggestions[:2], suggestions)
        )
        self.assertLess(many, few + 20)
        few, many = (
            self._statements(lambda lines=lines: refresh(lines))
            for lines in [
                self._window(some).line_ids for some in (suggestions[:2], suggestions)
            ]
        )
        self.assertLess(many, few + 20)

    # Set aside

    def test_snooze_for_a_week_or_longer(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        window = self._window(suggestion, "action_open_snooze")
        window.action_snooze()
        self.assertEqual(suggestion.state, "snoozed")
        self.assertEqual(suggestion.snooze_until, self._after(7).date())
        window.with_context(snooze_days=30).action_snooze()
        self.assertEqual(suggestion.snooze_until, self._after(30).date())

    def test_dismiss_with_a_reason(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        window = self._window(suggestion, "action_open_dismiss")
        with self.assertRaisesRegex(UserError, "Say in a few words"):
            window.action_dismiss()
        window.reason = "We stop selling it"
        window.action_dismiss()
        self.assertEqual(suggestion.state, "dismissed")
        self.assertEqual(suggestion.dismiss_reason, "We stop selling it")

    def test_a_card_says_what_to_do(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        self.assertRegex(suggestion.summary, r"5.* Units from First, by Jan 18")
        self.assertEqual(suggestion.customer_count, 1)
        self.product.seller_ids = [Command.clear()]
        self.assertRegex(self._suggest().summary, "Units, no vendor yet")
