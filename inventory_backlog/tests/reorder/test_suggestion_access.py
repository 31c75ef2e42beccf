from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.service.model import get_public_method
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from ...models.reorder.backlog_suggestion import CHOSEN_FIELDS
from ..suggestions import SuggestionCase

VALUES = ("released_value", "saved_value")
PRIVATE = (
    "_accept",
    "_cron_generate",
    "_generate",
    "_lock",
    "_plan",
    "_run_batch",
    "_create_requests",
    "_send_digest",
)


@tagged("post_install", "-at_install")
class TestSuggestionAccess(SuggestionCase):
    """Buyers see and do everything but the prices of customers; nobody else sees
    anything but a note on his own order line."""

    def _one(self):
        self._wanted(self.product, 5)
        return self._suggest()

    # Who reads

    def test_salespeople_and_stock_keepers_cannot_read_suggestions(self):
        suggestion = self._one()
        keeper = new_test_user(self.env, "keeper", "stock.group_stock_user")
        for user in (self.seller, keeper):
            mine = self._fresh(suggestion).with_user(user)
            for call in (
                lambda mine=mine: mine.read(["product_id"]),
                lambda mine=mine: mine.search([]),
                lambda mine=mine: mine.line_ids.browse().search([]),
                lambda mine=mine: mine.generate(),
                lambda mine=mine: mine.action_create_rfq(),
                lambda mine=mine: mine.action_accept(),
                lambda mine=mine: mine.action_undo(),
                lambda mine=mine: mine.action_dismiss("No"),
                lambda mine=mine: mine.action_snooze("2030-02-01"),
                lambda mine=mine: mine.action_propose(),
                lambda mine=mine: mine.action_choose_vendor(self.second.id),
                lambda mine=mine: mine.action_write_vendor(),
                lambda mine=mine: mine.action_buy_instead(self.second.id),
            ):
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    call()

    def test_a_buyer_reads_all_but_the_values(self):
        suggestion = self._one()
        for records, hidden in ((suggestion, VALUES), (suggestion.line_ids, ["value"])):
            records = self._fresh(records)
            names = set(records.fields_get())
            self.assertFalse(names & {*hidden})
            [row] = records.read(list(names))
            self.assertTrue(row["display_name"])
            for name in hidden:
                with self.assertRaises(AccessError):
                    records.read([name])
                with self.assertRaises(AccessError):
                    records.search([(name, ">", 0)])
                with self.assertRaises(AccessError):
                    records.search([], order=name)
                with self.assertRaises(AccessError):
                    records._read_group([], [], [f"{name}:sum"])

    def test_who_may_not_create_purchase_orders_makes_no_requests(self):
        """By no door: a planner of ours and a backlog administrator either."""
        self._one()
        late = self._table("Late")
        self._purchase(late, 5, days=9)
        self._wanted(late, 5)
        self._generate()
        bought, pulled_in = self._suggested(), self._suggested(late)
        ordered = self._suggested(self.product)
        windows = bought.env[bought.action_open_accept()["res_model"]]
        before = self.env["purchase.order"].search_count([])
        for group in ("purchase", "manager"):
            planner = new_test_user(
                self.env, group, f"inventory_backlog.group_backlog_{group}"
            )
            mine = bought.with_user(planner)
            window = windows.with_user(planner).create(
                {
                    "company_id": self.company.id,
                    "line_ids": [
                        Command.create(
                            {
                                "suggestion_id": bought.id,
                                "supplierinfo_id": self.at_first.id,
                                "qty": 5,
                            }
                        )
                    ],
                }
            )
            for one in (mine, pulled_in.with_user(planner)):
                self.assertFalse(one.can_accept)
            for call in (
                mine.action_create_rfq,
                mine.action_accept,
                mine.action_open_accept,
                mine.action_order,
                mine.action_take_back,
                mine.order_now,
                mine.undo_now,
                mine.action_undo,
                window.action_confirm,
                pulled_in.with_user(planner).action_accept,
                pulled_in.with_user(planner).action_write_vendor,
            ):
                with (
                    self.subTest(group=group, call=call.__name__),
                    self.assertRaisesRegex(AccessError, "purchase.order"),
                ):
                    call()
            for view in ("list", "kanban"):
                arch = mine.get_view(view_type=view)["arch"]
                with self.subTest(group=group, view=view):
                    self.assertIn("action_open_snooze", arch)
                    header = arch.split("</header>")[0]
                    self.assertNotIn("action_order", header)
                    self.assertNotIn("action_take_back", header)
            mine.action_snooze("2030-02-01")
            mine.action_propose()
        self.assertEqual(self.env["purchase.order"].search_count([]), before)
        self.assertTrue(self._fresh(ordered).can_accept)
        self.assertTrue(ordered.action_create_rfq())
        with self.assertRaisesRegex(AccessError, "purchase.order"):
            ordered.with_user(planner).action_undo()
        ordered.action_undo()

    def test_of_several_suggestions_it_says_which_are_not_theirs_to_accept(self):
        lamp = self._table("Lamp")
        depot = self._second_warehouse()
        self._put_in_stock(lamp, 5, depot.lot_stock_id)
        chair = self._table("Chair")
        self._wanted([(lamp, 5), (chair, 2)])
        self._generate()
        both = self._suggested(lamp) + self._suggested(chair)
        self.assertEqual(set(both.mapped("action_type")), {"transfer", "buy"})
        planner = new_test_user(
            self.env,
            "planner",
            "inventory_backlog.group_backlog_manager,stock.group_stock_user",
        )
        with self.assertRaises(AccessError) as raised:
            both.with_user(planner).action_open_accept()
        self.assertIn("Chair (", str(raised.exception))
        self.assertNotIn("Lamp (", str(raised.exception))
        self.assertIn("purchase.order", str(raised.exception))

    def test_who_may_not_create_transfers_makes_none(self):
        lamp = self._table("Lamp")
        depot = self._second_warehouse()
        self._put_in_stock(lamp, 5, depot.lot_stock_id)
        self._wanted(lamp, 5)
        self._generate()
        transfer = self._suggested(lamp)
        self.assertEqual(transfer.action_type, "transfer")
        planner = new_test_user(
            self.env, "planner", "inventory_backlog.group_backlog_manager"
        )
        mine = transfer.with_user(planner)
        self.assertFalse(mine.can_accept)
        with self.assertRaisesRegex(AccessError, "stock.picking"):
            mine.action_accept()
        planner.group_ids += self.env.ref("stock.group_stock_user")
        mine.invalidate_recordset()
        self.assertTrue(mine.can_accept)
        mine.action_accept()
        self.assertEqual(transfer.state, "ordered")

    def test_a_buyer_who_sells_reads_the_values(self):
        suggestion = self._one()
        self.buyer.group_ids += self.env.ref("sales_team.group_sale_salesman_all_leads")
        [row] = self._fresh(suggestion).read(VALUES)
        self.assertEqual((row["released_value"], row["saved_value"]), (500, 500))

    def test_a_buyer_reads_every_kind_in_every_state(self):
        depot = self._second_warehouse()
        lamp, direct, orphan = self._table("Lamp"), self._direct(), self._product("Or")
        late = self._table("Late")
        self._put_in_stock(lamp, 2, depot.lot_stock_id)
        self._purchase(late, 5, days=9)
        order = self._wanted(
            [(one, 5) for one in (self.product, lamp, direct, orphan, late)]
        )
        order.sudo()._get_purchase_orders().button_cancel()
        self._transfer(self.product, 3, self.warehouse, depot)
        self._generate()
        names = set(self.suggestions.fields_get())
        of_lines = set(self.suggestions.line_ids.fields_get())
        for _n in range(2):
            everything = self._fresh(self.suggestions.search([]))
            self.assertGreater(len(everything), 5)
            everything.read(list(names))
            everything.line_ids.read(list(of_lines))
            everything.web_read({name: {} for name in names})
            everything.filtered(
                lambda one: one.state == "proposed" and not one.obstacle
            ).action_accept()

    def test_a_buyer_sees_the_names_of_orders_and_customers(self):
        order = self._wanted(self.product, 5)
        [line] = self._fresh(self._suggest().line_ids).read(
            ["order_id", "partner_id", "qty"]
        )
        self.assertEqual(line["order_id"], (order.id, order.name))
        self.assertEqual(line["partner_id"][1], "Customer")

    def test_a_buyer_gets_no_further_than_the_names(self):
        order = self._wanted(self.product, 5)
        self._generate()
        with self.assertRaises(AccessError):
            order.with_user(self.buyer).read(["amount_total"])

    def test_buyers_cannot_create_delete_or_write_what_the_run_finds(self):
        suggestion = self._one()
        with self.assertRaises(AccessError):
            suggestion.copy()
        with self.assertRaises(AccessError):
            suggestion.unlink()
        with self.assertRaises(AccessError):
            suggestion.line_ids.unlink()
        with self.assertRaises(AccessError):
            suggestion.line_ids.write({"qty": 1})

    def test_buyers_cannot_write_what_the_run_and_the_buttons_decide(self):
        suggestion = self._one()
        other = self._table()
        mine = self._fresh(suggestion)
        for values in (
            {"supplierinfo_id": other.seller_ids.id},
            {"state": "ordered"},
            {"state": "proposed", "dismissed_qty": 1e9},
            {"estimated_cost": 1},
            {"activity_ids": [], "is_vendor_chosen": True},
        ):
            with self.subTest(values), self.assertRaisesRegex(AccessError, "written"):
                mine.write(values)
        mail = {
            *self.env["mail.thread"]._fields,
            *self.env["mail.activity.mixin"]._fields,
        }
        for name in mine._fields.keys() - mail - CHOSEN_FIELDS:
            with self.subTest(name), self.assertRaises(AccessError):
                mine.write({name: False})
        for name in CHOSEN_FIELDS:
            with self.subTest(name), self.assertRaises(UserError):
                mine.write({name: False})

    def test_buyers_follow_discuss_and_plan_activities(self):
        mine = self._fresh(self._one())
        mine.message_subscribe(self.first.ids)
        mine.message_post(body="Look")  # pylint: disable=translation-required
        activity = mine.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.buyer.id
        )
        mine.write({"activity_user_id": self.buyer.id})
        mine.write({"activity_ids": [Command.update(activity.id, {"summary": "A"})]})
        self.assertEqual(mine.activity_summary, "A")
        activity.action_feedback()
        mine.write({"message_partner_ids": [Command.unlink(self.first.id)]})
        self.assertNotIn(self.first, mine.message_partner_ids)

    def test_who_dismissed_is_told_in_the_chatter(self):
        mine = self._fresh(self._one()).with_context(tracking_disable=False)
        self.env.cr.precommit.run()
        mine.action_dismiss("No")
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.assertEqual(mine.message_ids[0].author_id, self.buyer.partner_id)

    def test_offers_of_other_products_variants_and_companies_are_refused(self):
        small, large = self._variants("Shirt")
        self._offer(small, self.first, 10, product_id=small.id)
        of_large = self._offer(large, self.second, 12, product_id=large.id)
        self._wanted(small, 1)
        suggestion = self._suggest(small)
        other = self.env["res.company"].create({"name": "Other"})
        elsewhere = self._offer(small, self.third, 9)
        elsewhere.company_id = other
        for offer in (of_large, self.at_first, elsewhere):
            with (
                self.subTest(offer=offer),
                self.assertRaisesRegex(UserError, "does not offer"),
            ):
                self._accept((suggestion, 1, offer))
        self.assertEqual(suggestion.state, "proposed")

    def test_quantities_that_are_none_are_refused(self):
        suggestion = self._one()
        for quantity in (float("nan"), float("inf"), -float("inf"), 2e9):
            with (
                self.subTest(quantity),
                self.assertRaisesRegex(UserError, "at most a billion"),
            ):
                self._accept((suggestion, quantity, self.at_first))

    # Who only has the right of this module

    def _clerk(self):
        return new_test_user(
            self.env, "clerk", "inventory_backlog.group_backlog_purchase", tz="UTC"
        )

    def test_who_only_reads_demand_meets_no_raw_error(self):
        depot = self._second_warehouse()
        lamp = self._table("Lamp")
        self._put_in_stock(lamp, 2, depot.lot_stock_id)
        self._wanted([(self.product, 5), (lamp, 5)])
        self._generate()
        self._suggested(self.product, lamp).action_accept()
        everything = self._fresh(self.suggestions.search([]))
        mine = everything.with_user(self._clerk())
        for row in mine.read():
            self.assertFalse(row.keys() & {"move_ids", "picking_id"})
        mine.line_ids.read()
        for view in ("list", "kanban", "form"):
            names = mine.get_views([(False, view)])["models"][mine._name]["fields"]
            mine.web_read({name: {} for name in names if name != "id"})
        for call in (mine.action_open_purchases, mine.action_open_transfers):
            with self.assertRaisesRegex(UserError, "that you may open"):
                call()
        everything.read(["move_ids", "picking_id"])

    def test_nothing_to_open_or_to_write_to_is_said(self):
        suggestion = self._one()
        nothing = self.suggestions.browse()
        for call in (
            suggestion.action_open_purchases,
            suggestion.action_open_transfers,
            nothing.action_open_purchases,
        ):
            with self.assertRaisesRegex(UserError, "that you may open"):
                call()
        for call in (
            nothing.action_write_vendor,
            lambda: nothing.action_choose_vendor(self.first.id),
        ):
            with self.assertRaisesRegex(UserError, "Choose one suggestion"):
                call()

    def test_what_a_buyer_accepts_makes_him_no_reader_of_orders(self):
        request = self._accepted(self._one())
        row = self._fresh(request.order_line).read(
            ["backlog_suggestion_id", "backlog_for_whom", "product_qty"]
        )
        self.assertEqual(row[0]["product_qty"], 5)
        self.assertTrue(row[0]["backlog_for_whom"])

    # The note of salespeople

    def test_a_salesperson_reads_what_is_done_on_the_own_order_line(self):
        order = self._wanted(self.product, 5)
        line = order.order_line
        self._generate()
        self.assertFalse(self._fresh(line).backlog_supply_note)
        request = self._accepted(self._suggested())
        self.assertEqual(
            self._fresh(line).read(["backlog_supply_note"])[0]["backlog_supply_note"],
            f"RFQ {request.name}, expected Jan 20",
        )
        request.button_confirm()
        self.assertEqual(
            self._fresh(line).backlog_supply_note,
            f"PO {request.name}, expected Jan 20",
        )
        self._receive(request.sudo())
        self.assertFalse(self._fresh(line).backlog_supply_note)

    def test_the_note_names_the_transfer(self):
        depot = self._second_warehouse()
        self._put_in_stock(self.product, 5, depot.lot_stock_id)
        order = self._wanted(self.product, 5)
        suggestion = self._suggest()
        suggestion.action_accept()
        self.assertEqual(
            self._fresh(order.order_line).backlog_supply_note,
            f"Transfer {suggestion.sudo().picking_id.name}",
        )

    def test_a_salesperson_reads_no_note_on_the_lines_of_others(self):
        other = new_test_user(self.env, "other", "sales_team.group_sale_salesman")
        order = self._wanted(self.product, 5)
        self._accepted(self._suggest())
        with self.assertRaises(AccessError):
            self._fresh(order.order_line).with_user(other).read(["backlog_supply_note"])

    # Companies

    def _other_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", other.id)], limit=1
        )
        people = [
            new_test_user(
                self.env,
                f"other_{kind}",
                group,
                company_id=other.id,
                company_ids=[Command.set(other.ids)],
            )
            for kind, group in (
                ("seller", "sales_team.group_sale_salesman"),
                ("buyer", "purchase.group_purchase_user"),
            )
        ]
        return other, warehouse, *people

    def test_each_company_has_its_own(self):
        other, warehouse, seller, buyer = self._other_company()
        self.offers.company_id = False
        self._wanted(self.product, 5)
        self._wanted(
            self.product, 3, user=seller, company_id=other.id, warehouse_id=warehouse.id
        )
        self.assertEqual(self._generate()["created"], 1)
        there = self._fresh(self.suggestions.with_user(buyer))
        self.assertEqual(there.generate()["created"], 1)
        self.assertEqual(self.suggestions.search([]).mapped("shortage_qty"), [5])
        theirs = there.search([])
        self.assertEqual(theirs.mapped("shortage_qty"), [3])
        self.assertEqual(theirs.company_id, other)
        with self.assertRaises(AccessError):
            self._fresh(theirs).with_user(self.buyer).action_create_rfq()
        with self.assertRaises(AccessError):
            theirs.line_ids.with_user(self.buyer).read(["qty"])

    def test_what_was_moved_to_another_company_still_has_its_name(self):
        """A vendor, product or warehouse that was moved hides no other row of the
        list."""
        other, _warehouse, _seller, _buyer = self._other_company()
        late = self._table("Late", vendor=self.second)
        self._purchase(late, 5, days=60)
        self._wanted(late, 5)
        self._wanted(self.product, 5)
        self._generate()
        both = self._suggested() | self._suggested(late)
        spec = {"summary": {}, "display_name": {}, "explanation": {}, "can_undo": {}}
        before = both.web_read(spec)
        for moved in (
            both.partner_id,
            both.sudo().product_id.product_tmpl_id,
            both.warehouse_id,
        ):
            self.assertTrue(moved)
            with self.subTest(moved._name):
                self.env.flush_all()
                self.env.cr.execute(
                    SQL(
                        "UPDATE %s SET company_id = %s WHERE id IN %s",
                        SQL.identifier(moved._table),
                        other.id,
                        moved._ids,
                    )
                )
                self.env.invalidate_all()
                self.assertEqual(both.web_read(spec), before)

    def test_the_window_shows_nothing_of_another_company(self):
        _other, _warehouse, _seller, buyer = self._other_company()
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        values = {"suggestion_id": suggestion.id}
        line = self.env["backlog.suggestion.accept.line"].with_user(buyer)
        for name in ("cost", "qty", "need_date", "arrival_date", "kept"):
            self.env.invalidate_all()
            with self.subTest(name):
                self.assertFalse(line.new(values)[name])
        window = {"company_id": buyer.company_id.id, "line_ids": [(0, 0, values)]}
        with self.assertRaises(AccessError):
            line.accept_id.create(window)

    def test_a_buyer_of_two_companies_runs_both_and_buys_for_each(self):
        other, warehouse, seller, _buyer = self._other_company()
        self.offers.company_id = False
        self._wanted(self.product, 5)
        self._wanted(
            self.product, 3, user=seller, company_id=other.id, warehouse_id=warehouse.id
        )
        self.buyer.company_ids += other
        both = self._fresh(self.suggestions).with_context(
            allowed_company_ids=(self.company + other).ids
        )
        self.assertEqual(both.generate()["created"], 2)
        found = both.search([])
        self.assertEqual(len(found), 2)
        requests = self.env["purchase.order"].browse(found.action_create_rfq())
        self.assertEqual(
            {
                request.company_id: sum(request.order_line.mapped("product_qty"))
                for request in requests
            },
            {self.company: 5, other: 3},
        )
        self.assertEqual(set(both.generate().values()), {0})

    def test_stock_of_another_company_is_not_brought(self):
        _other, warehouse, _seller, _buyer = self._other_company()
        self._put_in_stock(self.product, 9, warehouse.lot_stock_id)
        self.assertEqual(self._one().action_type, "buy")

    # Over the wire

    def test_private_methods_cannot_be_called(self):
        for name in PRIVATE:
            with self.subTest(method=name), self.assertRaises(AccessError):
                get_public_method(self.suggestions, name)

    def test_public_methods_can(self):
        for name in (
            "generate",
            "action_create_rfq",
            "action_accept",
            "action_confirm_requests",
            "action_undo",
            "action_dismiss",
            "action_snooze",
            "action_propose",
            "action_choose_vendor",
        ):
            get_public_method(self.suggestions, name)

    def test_bad_arguments_say_what_to_give(self):
        suggestion = self._one()
        for value in ("1", 1, ["1"], [True], [None], {"id": 1}):
            with self.subTest(generate=value), self.assertRaisesRegex(UserError, "ids"):
                self.suggestions.generate(value)
        for value in ("", "  ", None, False, 3, ["No"]):
            with (
                self.subTest(dismiss=value),
                self.assertRaisesRegex(UserError, "why you dismiss"),
            ):
                suggestion.action_dismiss(value)
        for value in ("soon", "2030-13-01", 3, ["2030-02-01"], {}, {"a": 1}):
            with self.subTest(snooze=value), self.assertRaises(UserError):
                suggestion.action_snooze(value)
        for value in (None, False, "", "2030-01-15", "2029-12-31"):
            with (
                self.subTest(snooze=value),
                self.assertRaisesRegex(UserError, "after today"),
            ):
                suggestion.action_snooze(value)
        for value in (None, False, 0, -1, "1", 10**9, [1]):
            with self.subTest(choose=value), self.assertRaises(UserError):
                suggestion.action_choose_vendor(value)
        self.assertEqual(suggestion.state, "proposed")
        self.assertEqual(suggestion.partner_id, self.first)

    def test_ids_of_products_that_are_gone_do_no_harm(self):
        gone = self._product("Gone")
        missing_id = gone.id
        gone.unlink()
        try:
            counts = self.suggestions.generate([missing_id])
        except UserError:
            return
        self.assertEqual(set(counts.values()), {0})

    def test_nothing_for_no_products(self):
        self._wanted(self.product, 5)
        self.assertEqual(set(self.suggestions.generate([]).values()), {0})
        self.assertFalse(self._suggested())

    def test_acting_on_nothing_makes_nothing(self):
        self.assertEqual(self.suggestions.action_create_rfq(), [])
        self.assertTrue(self.suggestions.action_dismiss("No"))

    def test_a_vendor_of_another_variant_cannot_be_chosen(self):
        small, large = self._variants("Shirt")
        self._offer(small, self.first, 10, product_id=small.id)
        self._offer(large, self.second, 12, product_id=large.id)
        self._wanted(small, 1)
        with self.assertRaises(UserError):
            self._suggest(small).action_choose_vendor(self.second.id)
