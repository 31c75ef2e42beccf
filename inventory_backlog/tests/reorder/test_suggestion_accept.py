from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import LockError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..suggestions import SuggestionCase


@tagged("post_install", "-at_install")
class TestSuggestionAccept(SuggestionCase):
    """From suggestions to requests for quotation, and back while they are drafts."""

    def _requests(self):
        return self.env["purchase.order"].search([("state", "!=", "cancel")])

    # One request for each

    def test_what_a_colleague_asked_for_meanwhile_is_not_bought_again(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        self._request(self.product, 5, days=2)
        with self.assertRaisesRegex(UserError, "Less is missing by now of Chair"):
            suggestion.action_create_rfq()
        self.assertEqual(self._bought(), [("Vendor", 5)])

    def test_what_no_customer_wants_any_more_is_not_bought(self):
        order = self._wanted(self.product, 5)
        suggestion = self._suggest()
        order.sudo()._action_cancel()
        with self.assertRaisesRegex(UserError, "Less is missing by now of Chair"):
            suggestion.action_accept()

    def test_archived_goods_that_customers_wait_for_are_suggested_and_said_so(self):
        """Odoo orders none of its own accord; they are owed until somebody cancels."""
        self._wanted(self.product, 5)
        self.product.active = False
        suggestion = self._suggest()
        self.assertIn("Chair is archived.", suggestion.explanation)

        self.assertEqual(self._accepted(suggestion).order_line.product_qty, 5)

    def test_a_vendor_without_a_price_is_asked_and_said_so(self):
        self.at_first.price = 0
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        self.assertEqual(suggestion.estimated_cost, 0)
        self.assertIn("First has no price on the vendor list", suggestion.explanation)

        self.assertEqual(self._accepted(suggestion).order_line.price_unit, 0)

    def test_a_request_belongs_to_who_accepted_it(self):
        self._wanted(self.product, 5)
        ids = self._suggest().action_create_rfq()
        self.assertEqual(self.env["purchase.order"].browse(ids).user_id, self.buyer)

    def test_a_request_to_a_vendor_with_a_buyer_belongs_to_that_buyer(self):
        self.first.buyer_id = self.seller
        self._wanted(self.product, 5)
        ids = self._suggest().action_create_rfq()
        self.assertEqual(self.env["purchase.order"].browse(ids).user_id, self.seller)

    def test_one_request_for_all_that_one_vendor_sells(self):
        table = self._table()
        self._wanted([(self.product, 5), (table, 2)])
        request = self._accepted(self._suggest(self.product, table))
        self.assertEqual(len(request), 1)
        self.assertEqual(request.partner_id, self.first)
        self.assertEqual(
            {line.product_id: line.product_qty for line in request.order_line},
            {self.product: 5, table: 2},
        )

    def test_one_request_for_each_vendor(self):
        table = self._table(vendor=self.second)
        self._wanted([(self.product, 5), (table, 2)])
        requests = self._accepted(self._suggest(self.product, table))
        self.assertEqual(
            {request.partner_id: request.order_line.product_id for request in requests},
            {self.first: self.product, self.second: table},
        )

    def test_one_request_for_each_warehouse(self):
        depot = self._second_warehouse()
        self._wanted(self.product, 5)
        self._wanted(self.product, 3, warehouse_id=depot.id)
        requests = self._accepted(self._suggest())
        self.assertEqual(
            {
                request.picking_type_id: request.order_line.product_qty
                for request in requests
            },
            {self.warehouse.in_type_id: 5, depot.in_type_id: 3},
        )

    def test_one_request_for_each_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        table = self._table(currency_id=euro.id)
        self._wanted([(self.product, 5), (table, 2)])
        requests = self._accepted(self._suggest(self.product, table))
        self.assertEqual(
            {
                request.currency_id: request.order_line.product_id
                for request in requests
            },
            {self.company.currency_id: self.product, euro: table},
        )

    def test_later_suggestions_go_into_the_open_draft_of_ours(self):
        table = self._table()
        self._wanted(self.product, 5)
        request = self._accepted(self._suggest())
        self._wanted(table, 2)
        self.assertEqual(self._accepted(self._suggest(table)), request)
        self.assertEqual(len(request.order_line), 2)

    def test_nothing_goes_into_the_draft_of_a_buyer(self):
        own = self._request(self._table("Own"), 1, vendor=self.first)
        self._wanted(self.product, 5)
        request = self._accepted(self._suggest())
        self.assertNotEqual(request, own)
        self.assertEqual(len(own.order_line), 1)

    def test_nothing_goes_into_the_draft_of_the_scheduler(self):
        lamp = self._table("Lamp")
        self._orderpoint(lamp, 4)
        self._run_scheduler()
        [draft] = self._requests()
        self._wanted(self.product, 5)
        self.assertNotEqual(self._accepted(self._suggest()), draft)
        self.assertEqual(draft.order_line.product_id, lamp)

    def test_nothing_goes_into_a_request_that_was_sent_or_confirmed(self):
        for close in (
            lambda request: request.write({"state": "sent"}),
            lambda request: request.button_confirm(),
        ):
            table = self._table()
            self._wanted(table, 1)
            request = self._accepted(self._suggest(table))
            close(request)
            other = self._table("Lamp")
            self._wanted(other, 1)
            self.assertNotEqual(self._accepted(self._suggest(other)), request)

    def test_two_suggestions_of_one_product_get_a_line_each(self):
        self._wanted(self.product, 5)
        first = self._suggest()
        request = self._accepted(first)
        self._wanted(self.product, 2)
        second = self._suggest(state="proposed")
        self.assertEqual(self._accepted(second), request)
        self.assertEqual(
            {
                line.backlog_suggestion_id: line.product_qty
                for line in request.order_line
            },
            {first: 5, second: 2},
        )

    def test_the_scheduler_does_not_add_to_a_line_of_ours(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        request = self._accepted(suggestion)
        self._orderpoint(quantity=3)
        self._run_scheduler()
        self.assertEqual(suggestion.purchase_line_ids.product_qty, 5)
        self.assertEqual(sum(self._requests().order_line.mapped("product_qty")), 8)
        suggestion.action_undo()
        self.assertEqual(
            self._requests().order_line.mapped("product_qty"), [3], request
        )

    def test_the_request_tells_for_whom_and_the_order_line_what_is_done(self):
        order = self._wanted(self.product, 5)
        suggestion = self._suggest()
        request = self._accepted(suggestion)
        line = request.order_line
        self.assertEqual(line.backlog_suggestion_id, suggestion)
        self.assertEqual(line.backlog_for_whom, f"{order.name} · Customer")
        self.assertEqual(request.origin, order.name)
        self.assertEqual(
            order.order_line.sudo().backlog_suggestion_line_ids.suggestion_id,
            suggestion.sudo(),
        )

    def test_a_line_of_others_tells_for_whom_it_is(self):
        """Confirmed, whom the goods are for; requested, who waits for it."""
        for steps in ("one_step", "three_steps"):
            with self.subTest(steps=steps):
                self.warehouse.reception_steps = steps
                table = self._table(steps)
                order = self._wanted(table, 5, days=1)
                name = f"{order.name} · Customer"
                self._wanted(table, 2, days=90)
                request = self._request(table, 5, vendor=self.first, days=3)
                line = request.order_line.with_user(self.buyer)
                self.assertFalse(line.backlog_for_whom)
                self._generate()
                self.assertEqual(self._fresh(line).backlog_for_whom, name)
                request.button_confirm()
                self.assertEqual(self._fresh(line).backlog_for_whom, name)
                self._receive(request)
                expected = "" if steps == "one_step" else name
                self.assertEqual(self._fresh(line).backlog_for_whom or "", expected)

    def test_two_receipts_that_share_their_next_step_are_for_the_same(self):
        self.warehouse.reception_steps = "three_steps"
        order = self._wanted(self.product, 5, days=1)
        first, second = (
            self._purchase(self.product, quantity, vendor=self.first)
            for quantity in (3, 2)
        )
        self._receive(first)
        self._receive(second)
        shared = first.order_line.move_ids.move_dest_ids
        second.order_line.move_ids.move_dest_ids = shared
        lines = (first + second).order_line.with_user(self.buyer)
        self.assertEqual(
            self._fresh(lines).mapped("backlog_for_whom"),
            [f"{order.name} · Customer"] * 2,
        )

    def test_the_goods_are_asked_for_the_day_they_are_needed(self):
        self._wanted(self.product, 5, days=9)
        request = self._accepted(self._suggest())
        self.assertEqual(request.order_line.date_planned.date(), self._after(9).date())

    def test_the_goods_are_asked_for_no_earlier_than_the_vendor_can(self):
        self._wanted(self.product, 5, days=1)
        request = self._accepted(self._suggest())
        self.assertEqual(request.order_line.date_planned.date(), self._after(2).date())

    def test_the_day_and_the_quantity_can_be_chosen(self):
        self._wanted(self.product, 5, days=9)
        suggestion = self._suggest()
        self._accept((suggestion, 8, self.at_second, self._after(20).date()))
        line = suggestion.purchase_line_ids
        self.assertEqual(
            (line.partner_id, line.product_qty, line.date_planned.date()),
            (self.second, 8, self._after(20).date()),
        )
        self.assertEqual(line.price_unit, 12)
        self.assertEqual(suggestion.partner_id, self.second)

    def test_the_price_is_the_one_of_the_break(self):
        self._offer(self.product, self.first, 5, min_qty=10, delay=2, sequence=1)
        self._wanted(self.product, 8)
        line = self._accepted(self._suggest()).order_line
        self.assertEqual((line.product_qty, line.price_unit), (10, 5))

    # Vendors

    def test_a_vendor_that_went_out_meanwhile_is_replaced(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        self._disrupt(self.first)
        request = self._accepted(suggestion)
        self.assertEqual(request.partner_id, self.second)
        self.assertEqual(self._bought(), [("Second", 5)])

    def test_a_vendor_that_is_archived_is_not_bought_from(self):
        """A company or the contact that sells it, whatever the last run noted."""
        contact = self._vendor("Contact", parent_id=self.first.id, is_company=False)
        by_contact = self._product("By Contact", route_ids=self.buy.ids)
        self._offer(by_contact, contact, delay=2)
        for product, vendor in ((self.product, self.first), (by_contact, contact)):
            with self.subTest(vendor=vendor.name):
                self._wanted(product, 5)
                suggestion = self._suggest(product)
                self.assertEqual(suggestion.partner_id, vendor)
                choice = suggestion, 5, suggestion.supplierinfo_id
                vendor.active = False
                with self.assertRaisesRegex(UserError, "is archived"):
                    self._accept(choice)
                self.assertNotEqual(self._suggest(product).partner_id, vendor)
                vendor.active = True
                self.assertEqual(self._suggest(product).partner_id, vendor)
                self._accept(choice)
                self.assertEqual(self._bought(product), [(vendor.name, 5)])

    def test_without_a_vendor_nothing_is_created_for_any(self):
        orphan = self._product("Orphan")
        self._wanted([(self.product, 5), (orphan, 2)])
        suggestions = self._suggest(self.product, orphan)
        with self.assertRaisesRegex(UserError, "Choose a vendor for Orphan"):
            suggestions.action_create_rfq()
        self.assertFalse(self._requests())
        self.assertEqual(set(suggestions.mapped("state")), {"proposed"})

    def test_a_vendor_that_is_added_is_bought_from(self):
        orphan = self._product("Orphan")
        self._wanted(orphan, 2)
        self.assertEqual(self._suggest(orphan).obstacle, "no_vendor")
        self._offer(orphan, self.third, 3)
        suggestion = self._suggest(orphan)
        self.assertFalse(suggestion.obstacle)
        self.assertEqual(self._accepted(suggestion).partner_id, self.third)

    def test_a_product_that_no_route_buys_is_bought_all_the_same(self):
        self.product.route_ids = False
        self._wanted(self.product, 5)
        self._accepted(self._suggest())
        self.assertEqual(self._bought(), [("First", 5)])

    def test_nothing_or_less_cannot_be_ordered(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        for quantity in (0, -1):
            with self.assertRaisesRegex(UserError, "more than nothing"):
                self._accept((suggestion, quantity, self.at_first))

    def test_split_over_two_vendors(self):
        self._wanted(self.product, 10)
        suggestion = self._suggest()
        self._accept((suggestion, 7, self.at_first), (suggestion, 3, self.at_second))
        self.assertEqual(sorted(self._bought()), [("First", 7), ("Second", 3)])
        self.assertEqual(len(suggestion.purchase_line_ids.order_id), 2)
        self.assertEqual(suggestion.suggested_qty, 10)
        self.assertFalse(self._suggested(state="proposed"))
        self.assertEqual(set(self._generate().values()), {0})

    def test_split_it_names_both_vendors_the_larger_part_first_in_lists(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        self._accept((suggestion, 3, self.at_first), (suggestion, 2, self.at_second))
        self.assertEqual(suggestion.partner_id, self.first)
        self.assertIn("from First, Second", suggestion.summary)

    def test_split_is_done_when_both_have_come(self):
        self._wanted(self.product, 10)
        suggestion = self._suggest()
        self._accept((suggestion, 7, self.at_first), (suggestion, 3, self.at_second))
        requests = suggestion.sudo().purchase_line_ids.order_id
        requests.button_confirm()
        self._receive(requests[0])
        self.assertEqual(self._fresh(suggestion).state, "ordered")
        self._receive(requests[1])
        self.assertEqual(self._fresh(suggestion).state, "done")

    def test_split_of_which_one_is_cancelled_leaves_its_part_proposed(self):
        self._wanted(self.product, 10)
        suggestion = self._suggest()
        self._accept((suggestion, 7, self.at_first), (suggestion, 3, self.at_second))
        suggestion.sudo().purchase_line_ids.filtered(
            lambda line: line.partner_id == self.second
        ).order_id.button_cancel()
        rest = self._suggest(state="proposed")
        self.assertEqual(self._figures(rest), [("buy", 10, 7, 3)])
        self.assertEqual(self._fresh(suggestion).state, "ordered")

    # Back

    def test_undone_is_as_before(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        before = suggestion.read(
            ["state", "suggested_qty", "partner_id", "estimated_cost", "shortage_qty"]
        )
        request = self._accepted(suggestion)
        suggestion.action_undo()
        self.assertFalse(request.exists())
        self.assertEqual(
            self._suggested().read(
                [
                    "state",
                    "suggested_qty",
                    "partner_id",
                    "estimated_cost",
                    "shortage_qty",
                ]
            ),
            before,
        )
        self.assertEqual(set(self._generate().values()), {0})

    def test_undone_the_request_names_the_other_orders_only(self):
        table = self._table()
        one, both, other = (
            self._wanted(self.product, 5),
            self._wanted([(self.product, 1), (table, 1)]),
            self._wanted(table, 2),
        )
        request = self._accepted(self._suggest(self.product, table))
        names = {order.name for order in one + both + other}
        self.assertEqual(set(request.origin.split(", ")), names)
        self._suggested().action_undo()
        self.assertEqual(
            set(self._fresh(request).origin.split(", ")), names - {one.name}
        )

    def test_undone_the_request_names_an_order_that_another_line_is_for(self):
        order = self._wanted(self.product, 5)
        request = self._accepted(self._suggest())
        request.sudo().order_line = [
            Command.create(
                {
                    "product_id": self._table().id,
                    "product_qty": 2,
                    "sale_line_id": order.order_line.id,
                }
            )
        ]
        self._suggested().action_undo()
        self.assertEqual(self._fresh(request).origin, order.name)

    def test_under_way_its_quantity_is_in_progress_and_has_no_rank(self):
        self._wanted(self.product, 5)
        self._request(self.product, 1, days=2)
        table = self._table()
        self._wanted(table, 1)
        suggestion = self._suggest()
        self.assertTrue(suggestion.rank)
        self.at_first.min_qty = 6
        self._accept((suggestion, 6, self.at_first))
        self.assertEqual(self._figures(suggestion), [("buy", 5, 5, 6)])
        self.assertIn("2 Units extra", suggestion.explanation)
        self.assertFalse(suggestion.rank)
        self.assertEqual(self._suggested(table).rank, 1)
        suggestion.action_undo()
        self.assertEqual(suggestion.in_progress_qty, 1)
        self.assertTrue(suggestion.rank)

    def test_undoing_one_leaves_the_others_of_the_request(self):
        table = self._table()
        self._wanted([(self.product, 5), (table, 2)])
        request = self._accepted(self._suggest(self.product, table))
        self._suggested().action_undo()
        self.assertEqual(request.order_line.product_id, table)
        self.assertEqual(self._suggested().state, "proposed")
        self.assertEqual(self._suggested(table).state, "ordered")

    def test_undoing_a_split_takes_back_both(self):
        self._wanted(self.product, 10)
        suggestion = self._suggest()
        self._accept((suggestion, 7, self.at_first), (suggestion, 3, self.at_second))
        suggestion.action_undo()
        self.assertFalse(self._requests())
        self.assertEqual(self._figures(self._suggested()), [("buy", 10, 0, 10)])

    def test_undoing_what_was_ordered_in_part_leaves_one_suggestion(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        self._accept((suggestion, 3, self.at_first))
        suggestion.action_undo()
        self.assertEqual(self._figures(self._suggested()), [("buy", 5, 0, 5)])
        self.assertFalse(self._requests())

    def test_a_confirmed_order_cannot_be_undone(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        request = self._accepted(suggestion)
        self.assertTrue(suggestion.can_undo)
        request.button_confirm()
        self.assertFalse(self._fresh(suggestion).can_undo)
        with self.assertRaisesRegex(UserError, "no draft any more"):
            suggestion.action_undo()
        self.assertEqual(request.state, "purchase")

    def test_what_is_only_proposed_cannot_be_undone(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        self.assertFalse(suggestion.can_undo)
        with self.assertRaisesRegex(UserError, "this is not accepted"):
            suggestion.action_undo()

    def test_another_who_is_at_it_stops_with_a_message(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        model = self.env.registry["backlog.suggestion"]
        with (
            patch.object(model, "lock_for_update", side_effect=LockError("taken")),
            self.assertRaisesRegex(UserError, "Somebody else is at these suggestions"),
        ):
            suggestion.action_create_rfq()
        self.assertFalse(self._requests())

    def test_what_somebody_else_ordered_meanwhile_is_not_ordered_again(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        suggestion.action_create_rfq()
        with self.assertRaisesRegex(UserError, "under way or done already"):
            suggestion.action_create_rfq()
        self.assertEqual(self._bought(), [("First", 5)])

    # By itself

    def test_it_never_orders_by_itself(self):
        self.assertFalse(self.company.backlog_create_requests)
        self._wanted(self.product, 5)
        self._cron()
        self.assertEqual(self._suggested().state, "proposed")
        self.assertFalse(self._requests())

    def test_a_company_that_wants_it_gets_draft_requests_once(self):
        self.company.backlog_create_requests = True
        table, orphan = self._table(), self._product("Orphan")
        self._wanted([(self.product, 5), (table, 2), (orphan, 1)])
        for _n in range(2):
            self._cron()
            self.assertEqual(self._requests().mapped("state"), ["draft"])
            self.assertEqual(
                {
                    line.product_id: line.product_qty
                    for line in self._requests().order_line
                },
                {self.product: 5, table: 2},
            )
        self.assertEqual(self._suggested(orphan).state, "proposed")
        self.assertEqual(
            set(self._suggested(self.product, table).mapped("state")), {"ordered"}
        )

    def test_draft_requests_leave_what_people_set_aside(self):
        self.company.backlog_create_requests = True
        table = self._table()
        self._wanted([(self.product, 5), (table, 2)])
        self._generate()
        self._suggested().action_dismiss("No")
        self._suggested(table).action_snooze("2030-03-01")
        self._cron()
        self.assertFalse(self._requests())

    def test_draft_requests_are_made_for_those_who_want_them_only(self):
        other = self.env["res.company"].create({"name": "Other"})
        other.backlog_create_requests = True
        self._wanted(self.product, 5)
        self._cron()
        self.assertFalse(self._requests())

    def test_a_request_that_cannot_be_made_does_not_stop_the_others(self):
        self.company.backlog_create_requests = True
        table = self._table()
        self._wanted([(self.product, 5), (table, 2)])
        model = self.env.registry["backlog.procure"]
        procure = model._procurement

        reason = "No chairs"

        def fail_for_chairs(procuring, suggestion, *args, **kwargs):
            if suggestion.product_id == self.product:
                raise UserError(reason)
            return procure(procuring, suggestion, *args, **kwargs)

        with (
            patch.object(model, "_procurement", fail_for_chairs),
            self.assertLogs("odoo.addons.inventory_backlog", "WARNING"),
        ):
            self._cron()
        self.assertEqual(self._requests().order_line.product_id, table)
        self.assertEqual(self._suggested().state, "proposed")

    # Merged by hand

    def _merged(self, line, **values):
        """Merge the request of ``line`` into an older one of the same product."""
        older = self._request(self.product, 3, vendor=self.first)
        older.write(
            {
                "date_order": line.order_id.date_order - timedelta(days=1),
                "picking_type_id": line.order_id.picking_type_id.id,
            }
        )
        older.order_line.write({"date_planned": line.date_planned, **values})
        (older + line.order_id).action_merge()
        self.env.flush_all()
        self.env.invalidate_all()
        return older

    def test_what_is_merged_still_belongs_to_its_suggestion(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        line = self._accepted(suggestion).order_line
        kept = self._merged(line)
        self.assertEqual(sorted(kept.order_line.mapped("product_qty")), [3, 5])
        self.assertEqual(suggestion.purchase_line_ids, line)
        self.assertEqual(line.order_id, kept)
        self.assertEqual(suggestion.state, "ordered")
        self.assertEqual(self._generate()["created"], 0)
        kept.button_cancel()
        self._fresh(suggestion)
        self.assertEqual((suggestion.state, suggestion.is_returned), ("proposed", True))

    def test_lines_of_two_suggestions_stay_apart_when_merged(self):
        self._wanted(self.product, 5)
        first = self._suggest()
        line = self._accepted(first).order_line
        other = self.env["backlog.suggestion"].create(
            {
                "product_id": self.product.id,
                "warehouse_id": self.warehouse.id,
                "company_id": self.company.id,
                "action_type": "buy",
                "state": "ordered",
            }
        )
        older = self._merged(line, backlog_suggestion_id=other.id)
        self.assertEqual(
            {
                (one.backlog_suggestion_id, one.product_qty)
                for one in older.order_line.with_user(self.buyer)
            },
            {(first, 5), (other, 3)},
        )
        self.assertEqual((first.state, other.state), ("ordered", "ordered"))

    def test_what_was_sent_is_not_taken_back(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        request = self._accepted(suggestion)
        request.write({"state": "sent"})
        self._fresh(suggestion)
        self.assertFalse(suggestion.can_undo)
        with self.assertRaisesRegex(UserError, "no draft any more"):
            suggestion.action_undo()
        self.assertTrue(request.exists().order_line)

    # What it costs

    def test_one_request_reads_the_need_once_before_and_once_after(self):
        """What the check has read serves the order, and what the run reads serves all
        of its rounds."""
        order_line = self._made_to_order()
        self._wanted([(self.product, 5), (order_line, 2)])
        self._generate()
        for suggestion in self._suggested(self.product, order_line):
            asked = []
            model = self.env.registry["backlog.need"]
            read = model._rows

            def count(need, product_ids=None, read=read, asked=asked):
                asked.append(product_ids)
                return read(need, product_ids)

            with patch.object(model, "_rows", count):
                suggestion.action_create_rfq()
            self.assertEqual(asked, [suggestion.product_id.ids] * 2)
            self.assertEqual(suggestion.state, "ordered")
