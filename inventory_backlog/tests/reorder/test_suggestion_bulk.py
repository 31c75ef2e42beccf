from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ...models.reorder.backlog_suggestion import MOST_AT_ONCE
from ..suggestions import SuggestionCase


@tagged("post_install", "-at_install")
class TestSuggestionBulk(SuggestionCase):
    """The list: suppliers, the most urgent first; many ordered and undone at once."""

    def _tables(self, count, vendor=None, **values):
        """So many products that customers wait for, and their suggestions."""
        products = [self._table(f"Table {n}", vendor, **values) for n in range(count)]
        self._wanted([(product, 2) for product in products])
        return self._suggest(*products)

    def _groups(self, domain=()):
        return self.suggestions.web_read_group(
            list(domain),
            ["supplier_id"],
            ["__count", "estimated_cost:sum"],
            order="order_by_date ASC",
        )["groups"]

    def _client(self, action):
        """Do the batches of an action as the client does: what was done and skipped."""
        self.assertEqual(action["tag"], "backlog_batches")
        params = action["params"]
        outcomes = [
            getattr(self.suggestions.browse(ids), params["method"])()
            for ids in params["batches"]
        ]
        return (
            [one for outcome in outcomes for one in outcome["done"]],
            [one for outcome in outcomes for one in outcome["skipped"]],
        )

    # Groups

    def test_suppliers_come_by_their_first_day_and_what_has_none_before_all(self):
        later, sooner = self._table("Later", self.second), self._table("Sooner")
        orphan = self._product("Orphan", route_ids=self.buy.ids)
        self._wanted(later, 1, days=20)
        self._wanted(sooner, 1, days=10)
        self._wanted(orphan, 1, days=30)
        self._suggest()
        groups = self._groups()
        self.assertEqual(
            [group["supplier_id"] and group["supplier_id"][0] for group in groups],
            [False, self.first.id, self.second.id],
        )
        self.assertEqual([group["__to_order"] for group in groups], [0, 1, 1])
        self.assertEqual(
            groups[1]["order_by_date:min"], self._suggested(sooner).order_by_date
        )
        self.assertEqual(groups[1]["estimated_cost:sum"], 20)

    def test_the_supplier_is_who_is_to_be_asked(self):
        late, moved = self._table("Late", self.second), self._product("Moved")
        self._purchase(late, 5, vendor=self.second, days=9)
        self._put_in_stock(moved, 5, self._second_warehouse().lot_stock_id)
        self._wanted([(late, 5), (moved, 5), (self.product, 5)])
        self._suggest()
        for product, action, supplier in (
            (late, "expedite", self.second),
            (moved, "transfer", self.company.partner_id),
            (self.product, "buy", self.first),
        ):
            with self.subTest(action):
                suggestion = self._suggested(product, action=action)
                self.assertEqual(suggestion.supplier_id, supplier)

    def test_quantities_of_different_products_are_not_added_up(self):
        for name in ("shortage_qty", "in_progress_qty", "suggested_qty", "rank"):
            self.assertFalse(self.suggestions._fields[name].aggregator, name)

    def test_stages_are_the_same_in_sql(self):
        products = [self._table(f"Table {days}") for days in (0, 4, 9, 10, 30)]
        for product, days in zip(products, (0, 4, 9, 10, 30), strict=True):
            self._wanted(product, 1, days=days)
        under_way = self._table("Under way")
        self._wanted(under_way, 1, days=30)
        self._generate()
        self._suggested(under_way).order_now()
        everything = self._fresh(self._suggested(*products, under_way))
        found = {one.stage for one in everything}
        self.assertEqual(found, {"overdue", "week", "later", "under_way"})
        for stage in found:
            with self.subTest(stage):
                self.assertEqual(
                    everything.filtered(lambda one, s=stage: one.stage == s),
                    everything.search(
                        [("stage", "=", stage), ("id", "in", everything.ids)]
                    ),
                )

    def test_the_board_has_a_column_for_each_stage_that_the_filter_leaves(self):
        self._wanted(self.product, 5)
        self._suggest()

        def columns(states):
            expanded = self.suggestions.with_context(read_group_expand=True)
            domain = [("state", "in", states)]
            groups = expanded.web_read_group(domain, ["stage"], ["__count"])["groups"]
            return [group["stage"] for group in groups]

        all_of_them = ["overdue", "week", "later", "under_way"]
        self.assertEqual(columns(["proposed", "ordered"]), all_of_them)
        self.assertEqual(columns(["proposed"]), all_of_them[:3])

    def test_who_waits_is_the_first_customer_and_how_many_others(self):
        order = self._wanted(self.product, 1)
        other = self.env["res.partner"].create({"name": "Another"})
        second = self._wanted(self.product, 1, days=6, partner_id=other.id)
        suggestion = self._suggest()
        self.assertEqual(suggestion.waiting_name, "Customer +1")
        self.assertEqual(suggestion.waiting_orders, f"{order.name}, {second.name}")

    def test_a_page_of_twenty_costs_as_many_statements_as_one_of_two(self):
        suggestions = self._tables(20)
        late = [self._table(f"Late {n}") for n in range(6)]
        for product in late:
            self._purchase(product, 2, days=9)
        self._wanted([(product, 2) for product in late])
        suggestions |= self._suggest(*late)
        suggestions[:4].order_now()
        names = self.suggestions.get_views([(False, "list")])["models"]
        specification = {
            name: {"fields": {"display_name": {}}}
            if self.suggestions._fields[name].type == "many2one"
            else {}
            for name in names["backlog.suggestion"]["fields"]
            if name != "id"
        }

        def statements(records):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            records.web_read(specification)
            return self.env.cr.sql_log_count - before

        # Each kind is in both: ordered, to be bought, to be pulled in.
        few = suggestions[3:5] | suggestions[-2:]
        statements(suggestions)
        self.assertEqual(statements(suggestions), statements(few))

    # Ordering

    def test_ordering_takes_what_fits_and_says_why_not_the_rest(self):
        orphan = self._product("Orphan", route_ids=self.buy.ids)
        self._wanted([(self.product, 5), (orphan, 2)])
        both = self._suggest(self.product, orphan)
        outcome = both.order_now()
        bought = self._suggested()
        request = bought.sudo().purchase_line_ids.order_id
        self.assertEqual(outcome["done"], bought.ids)
        self.assertEqual(outcome["requests"], request.ids)
        self.assertEqual(outcome["open"]["res_id"], request.id)
        self.assertIn(f"{request.name} written, arrives", outcome["message"])
        self.assertEqual(
            outcome["skipped"],
            [
                {
                    "id": self._suggested(orphan).id,
                    "name": "Orphan",
                    "reason": "has no vendor",
                }
            ],
        )
        self.assertEqual(bought.state, "ordered")
        again = bought.order_now()
        self.assertFalse(again["done"])
        self.assertIn("under way", again["message"])

    def test_ordering_confirms_nothing(self):
        self._wanted(self.product, 5, days=1)
        self._request(self.product, 5)
        suggestion = self._suggest(action="confirm")
        outcome = suggestion.order_now()
        self.assertIn("press Confirm", outcome["message"])
        self.assertEqual(suggestion.state, "proposed")

    def test_one_that_fails_leaves_the_others_ordered(self):
        gone = self._table("Gone", self.second)
        self._wanted(gone, 2)
        suggestions = self._tables(2) | self._suggested(gone)
        self.second.active = False
        outcome = suggestions.order_now()
        self.assertEqual(len(outcome["done"]), 2)
        self.assertEqual([one["name"] for one in outcome["skipped"]], ["Gone"])
        self.assertEqual(self._suggested(gone).state, "proposed")

    def test_up_to_ten_are_ordered_at_once_with_open_and_undo(self):
        suggestions = self._tables(MOST_AT_ONCE)
        action = suggestions.action_order()
        self.assertEqual(action["tag"], "backlog_toast")
        self.assertEqual({*suggestions.mapped("state")}, {"ordered"})
        undo = action["params"]["undo"]
        self.assertEqual(
            (undo["model"], undo["method"]), ("backlog.suggestion", "undo_now")
        )
        outcome = self.suggestions.browse(undo["ids"]).undo_now()
        self.assertEqual(len(outcome["done"]), MOST_AT_ONCE)
        self.assertEqual({*self._fresh(suggestions).mapped("state")}, {"proposed"})

    def test_above_ten_a_window_asks_with_a_row_for_each_vendor(self):
        orphan = self._product("Orphan", route_ids=self.buy.ids)
        at_second = self._table("At second", self.second)
        self._wanted([(orphan, 1), (at_second, 1)], days=4)
        suggestions = self._tables(MOST_AT_ONCE) | self._suggested(orphan, at_second)
        action = suggestions.action_order()
        window = self.suggestions.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(
            window.line_ids.mapped(
                lambda line: (
                    line.name,
                    line.product_count,
                    line.cost,
                    line.late_count,
                    line.left_count,
                    line.is_chosen,
                )
            ),
            [
                ("No vendor", 0, 0, 0, 1, False),
                (self.second.name, 1, 20, 0, 0, True),
                (self.first.name, MOST_AT_ONCE, 400, 0, 0, True),
            ],
        )
        self.assertEqual((window.total_count, window.total_cost), (11, 420))
        self.assertTrue(all(line.arrival_date for line in window.line_ids[1:]))
        window.line_ids[1].is_chosen = False
        done, skipped = self._client(window.action_confirm())
        self.assertEqual(len(done), MOST_AT_ONCE)
        self.assertFalse(skipped)
        self.assertEqual(self._suggested(at_second).state, "proposed")
        window.line_ids.is_chosen = False
        with self.assertRaisesRegex(UserError, "at least one vendor"):
            window.action_confirm()

    def test_the_window_counts_what_comes_too_late(self):
        suggestions = self._tables(MOST_AT_ONCE + 1)
        first = suggestions[0]
        first.sudo().arrival_date = self._after(40).date()
        action = suggestions.action_order()
        window = self.suggestions.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(window.line_ids.late_count, 1)
        self.assertEqual(window.line_ids.arrival_date, self._after(40).date())

    # Undo

    def test_what_was_sent_or_confirmed_is_not_undone_and_named(self):
        sent, confirmed = self._table("Sent", self.second), self._table("Firm")
        self._offer(confirmed, self.third, 1, delay=1, sequence=0)
        self._wanted([(self.product, 5), (sent, 2), (confirmed, 2)])
        everything = self._suggest(self.product, sent, confirmed)
        everything.filtered(lambda one: one.product_id == confirmed).write(
            {"partner_id": self.third.id}
        )
        self.assertEqual(len(everything.order_now()["done"]), 3)
        request = self._suggested(sent).sudo().purchase_line_ids.order_id
        request.state = "sent"
        order = (
            self._suggested(confirmed, state="ordered")
            .sudo()
            .purchase_line_ids.order_id
        )
        order.button_confirm()
        self._fresh(everything)
        outcome = everything.undo_now()
        self.assertEqual(outcome["done"], self._suggested().ids)
        self.assertEqual(
            {one["name"]: one["reason"] for one in outcome["skipped"]},
            {
                "Sent": f"{request.name} was sent to the vendor",
                "Firm": f"{order.name} is confirmed",
            },
        )
        self.assertIn("Undone: 1.", outcome["message"])
        nothing = self._suggested().undo_now()
        self.assertIn("is not ordered", nothing["message"])

    def test_many_are_undone_in_batches(self):
        suggestions = self._tables(MOST_AT_ONCE + 1)
        suggestions.order_now()
        done, skipped = self._client(suggestions.action_take_back())
        self.assertEqual({*done}, {*suggestions.ids})
        self.assertFalse(skipped)

    def test_the_filter_finds_what_was_ordered_today(self):
        suggestions = self._tables(2)
        suggestions[0].order_now()
        today = [("state", "=", "ordered"), ("ordered_at", ">=", "today")]
        self.assertEqual(self.suggestions.search(today), suggestions[0])
        with self._on(self._after(1).date()):
            self.assertFalse(self.suggestions.search(today))

    # Rights

    def test_who_may_make_some_orders_those(self):
        lamp = self._table("Lamp")
        self._put_in_stock(lamp, 5, self._second_warehouse().lot_stock_id)
        self._wanted([(lamp, 5), (self.product, 2)])
        self._generate()
        both = self._suggested(lamp, self.product)
        keeper = new_test_user(
            self.env,
            "keeper",
            "inventory_backlog.group_backlog_purchase,stock.group_stock_user",
        )
        mine = both.with_user(keeper)
        self.assertEqual(
            {one.action_type: one.can_accept for one in mine},
            {"transfer": True, "buy": False},
        )
        outcome = mine.order_now()
        self.assertEqual(outcome["done"], self._suggested(lamp).ids)
        self.assertIn("not yours to order", outcome["message"])
        with self.assertRaisesRegex(AccessError, "purchase.order"):
            self._suggested().with_user(keeper).order_now()

    def test_suggestions_of_another_company_are_out_of_reach(self):
        suggestion = self._tables(1)
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            "stranger",
            "purchase.group_purchase_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        mine = suggestion.with_user(stranger)
        for call in (
            mine.order_now,
            mine.undo_now,
            mine.action_order,
            mine.action_take_back,
            mine.action_open_vendors,
            lambda: mine.write({"suggested_qty": 3}),
        ):
            with self.assertRaises(AccessError):
                call()

    # What has no vendor

    def _vendor_window(self, suggestions, user):
        action = suggestions.with_user(user).action_open_vendors()
        return self.env[action["res_model"]].with_user(user).browse(action["res_id"])

    def test_a_vendor_is_added_to_a_product_that_has_none(self):
        orphan = self._product("Orphan", route_ids=self.buy.ids)
        self._wanted(orphan, 3)
        suggestion = self._suggest(orphan)
        self.assertEqual(suggestion.obstacle, "no_vendor")
        head = new_test_user(self.env, "head", "purchase.group_purchase_manager")
        window = self._vendor_window(suggestion, head)
        with self.assertRaisesRegex(UserError, "at least one row"):
            window.action_confirm()
        window.line_ids.write({"partner_id": self.second.id, "price": 7, "delay": 2})
        self.assertTrue(window.line_ids.is_new)
        window.action_confirm()
        self._fresh(suggestion)
        self.assertFalse(suggestion.obstacle)
        self.assertEqual(suggestion.partner_id, self.second)
        self.assertEqual(suggestion.estimated_cost, 21)

    def test_who_may_not_add_vendors_chooses_among_those_of_the_product(self):
        orphan = self._product("Orphan", route_ids=self.buy.ids)
        self._wanted([(orphan, 3), (self.product, 3)])
        both = self._suggest(orphan, self.product)
        window = self._vendor_window(both, self.buyer)
        self.assertFalse(window.can_add)
        lines = window.line_ids
        of_chair = lines.filtered(lambda line: line.product_id == self.product)
        of_chair.partner_id = self.second
        window.action_confirm()
        self.assertEqual(self._suggested().partner_id, self.second)
        (lines - of_chair).partner_id = self.second
        with self.assertRaises(AccessError):
            window.action_confirm()
