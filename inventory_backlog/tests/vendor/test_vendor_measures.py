from odoo import fields
from odoo.fields import Command
from odoo.tests import freeze_time, tagged
from odoo.tools import SQL

from ..vendors import VendorCase


class MeasureCase(VendorCase):
    """What the receipts of the first vendor say."""

    def _measured(self, *names, offer=None):
        """The figures of the vendor line, rounded to a tenth; one alone is returned
        bare. They agree with those kept, once they are."""
        offer = (offer or self.at_first).with_user(self.buyer)
        figures = [self._rounded(self._fresh(offer)[name]) for name in names]
        return figures[0] if len(names) == 1 else tuple(figures)

    def _rounded(self, value):
        return round(value, 1) if isinstance(value, float) else value

    def _rows(self, *names, domain=()):
        """The rows of ``backlog.vendor.receipt`` in the order of their ids."""
        model = self.env["backlog.vendor.receipt"].with_user(self.buyer)
        self._fresh(model)
        rows = model.search([("company_id", "=", self.company.id), *domain], order="id")
        return [tuple(self._rounded(row[name]) for name in names) for row in rows]


@tagged("post_install", "-at_install")
class TestOnTime(MeasureCase):
    """On time is against the date first promised."""

    def _on_time(self):
        return self._measured("on_time_rate")

    def test_on_the_day_and_before_is_on_time_the_day_after_is_late(self):
        self._delivered(self.first, promised=0, came=0)
        self.assertEqual(self._on_time(), 100)

        self._delivered(self.first, promised=0, came=-3)
        self.assertEqual(self._on_time(), 100)

        self._delivered(self.first, promised=-4, came=-3)
        self.assertEqual(self._on_time(), 66.7)

    def test_hour_of_the_day_does_not_matter(self):
        self._delivered(self.first, promised=-1, came=-1 + 14 / 24)

        self.assertEqual(self._on_time(), 100)

    def test_day_ends_at_midnight_of_the_company(self):
        """Midnight in Jakarta is 17:00 UTC, eight hours after now."""
        self.company.partner_id.tz = "Asia/Jakarta"
        self._delivered(self.first, promised=-5, came=-5 + 7.98 / 24)
        self.assertEqual(self._on_time(), 100)

        self._delivered(self.first, promised=-5, came=-5 + 8.02 / 24)
        self.assertEqual(self._on_time(), 50)

    def _rewrite_date(self, purchase, days):
        """The buyer changes the expected arrival, some time after confirming."""
        self.env.flush_all()
        purchase.with_user(self.buyer).order_line.date_planned = self._after(days)

    def test_buyer_who_rewrites_the_date_does_not_make_it_on_time(self):
        purchase = self._purchase(self.product, 5, vendor=self.first, days=2)
        self._rewrite_date(purchase, 9)
        with freeze_time(self._after(9)):
            self._receive(purchase)

            self.assertEqual(purchase.order_line.first_promise_date, self._after(2))
            self.assertEqual(self._on_time(), 0)

    def test_buyer_who_rewrites_the_date_does_not_make_it_late(self):
        purchase = self._purchase(self.product, 5, vendor=self.first, days=9)
        self._rewrite_date(purchase, 2)
        with freeze_time(self._after(5)):
            self._receive(purchase)

            self.assertEqual(self._on_time(), 100)

    def test_request_has_no_first_promise(self):
        request = self._request(self.product, 5, vendor=self.first)
        self.assertFalse(request.order_line.first_promise_date)

        request.button_confirm()
        self.assertEqual(request.order_line.first_promise_date, self._after(7))

    def test_order_that_is_reset_and_confirmed_anew_is_promised_anew(self):
        purchase = self._purchase(self.product, 5, vendor=self.first, days=2)
        purchase.button_cancel()
        purchase.button_draft()
        self.assertFalse(purchase.order_line.first_promise_date)

        purchase.order_line.date_planned = self._after(9)
        purchase.button_confirm()
        self.assertEqual(purchase.order_line.first_promise_date, self._after(9))

    def test_line_added_to_a_confirmed_order_is_promised_when_added(self):
        purchase = self._purchase(self.product, 5, vendor=self.first, days=2)
        purchase.order_line = [
            Command.create(
                {
                    "product_id": self.product.id,
                    "product_qty": 1,
                    "date_planned": self._after(6),
                }
            )
        ]

        self.assertEqual(
            purchase.order_line.mapped("first_promise_date"),
            [self._after(2), self._after(6)],
        )

    def test_request_that_is_confirmed_late_gives_the_vendor_its_days(self):
        """Five days in the request, which is confirmed when they have passed: the
        vendor was asked that day."""
        for came, rate in ((4, 100), (6, 50)):
            with freeze_time(self._after(-11)):
                request = self._request(self.product, 5, vendor=self.first, days=-6)
            with freeze_time(self._after(-5)):
                request.button_confirm()
            line = request.order_line
            self.assertEqual(line.date_planned, self._after(-6))
            self.assertEqual(line.first_promise_date, self._after(0))
            with freeze_time(self._after(came - 5)):
                self._receive(request)
            self.assertEqual(self._on_time(), rate)

    def test_old_purchases_that_are_imported_are_held_to_their_own_days(self):
        """They are confirmed today, and then dated as they were. A promise that the
        vendor gave itself stays."""
        with freeze_time(self._after(-30)):
            old = self._request(self.product, 5, vendor=self.first, days=-20)
            given = self._request(self.product, 5, vendor=self.second, days=10)
        (old | given).button_confirm()
        self.assertEqual(old.order_line.first_promise_date, self._after(10))
        self.assertEqual(given.order_line.first_promise_date, self._after(10))
        given.order_line.date_planned = self._after(20)
        (old | given).write({"date_approve": self._after(-29)})
        self.assertEqual(old.order_line.first_promise_date, self._after(-20))
        self.assertEqual(given.order_line.first_promise_date, self._after(10))
        self._receive(old)
        self.assertEqual(self._on_time(), 0)

    def test_a_day_has_passed_where_the_company_is(self):
        """At five in the afternoon in Los Angeles it is the next day in UTC."""
        self.company.partner_id.tz = "America/Los_Angeles"
        self.company.resource_calendar_id.tz = "America/Los_Angeles"
        noon = fields.Datetime.to_datetime("2030-01-15 20:00:00")
        with freeze_time("2030-01-10 09:00:00"):
            request = self._request(self.product, 5, vendor=self.first)
            request.order_line.date_planned = noon
        with freeze_time("2030-01-16 01:00:00"):
            request.button_confirm()
        self.assertEqual(request.order_line.first_promise_date, noon)

    def test_copied_order_has_no_first_promise(self):
        purchase = self._purchase(self.product, 5, vendor=self.first)

        self.assertFalse(purchase.copy().order_line.first_promise_date)

    def test_each_purchase_line_weighs_the_same(self):
        self._delivered(self.first, quantity=1, promised=-4, came=-3)
        self._delivered(self.first, quantity=1000, promised=-3, came=-3)

        self.assertEqual(self._on_time(), 50)

    def test_partial_receipts_count_by_their_share_of_the_line(self):
        purchase = self._purchase(self.product, 10, vendor=self.first, days=2)
        with freeze_time(self._after(2)):
            self._receive(purchase, 8)
        with freeze_time(self._after(4)):
            self._receive(purchase)

            self.assertEqual(self._measured("receipt_count", "on_time_rate"), (2, 80))

    def test_remainder_that_is_not_due_yet_does_not_count(self):
        purchase = self._purchase(self.product, 10, vendor=self.first, days=5)
        self._receive(purchase, 4)

        self.assertEqual(self._measured("receipt_count", "on_time_rate"), (1, 100))

    def test_remainder_that_is_overdue_counts_as_late(self):
        purchase = self._purchase(self.product, 10, vendor=self.first, days=5)
        self._receive(purchase, 4)
        with freeze_time(self._after(5)):
            self.assertEqual(self._on_time(), 100)
        with freeze_time(self._after(6)):
            self.assertEqual(self._measured("receipt_count", "on_time_rate"), (1, 40))
            self.assertEqual(
                self._rows("received_qty", "overdue_qty"), [(4, 0), (0, 6)]
            )

    def test_receipt_that_grew_beyond_the_order_is_overdue_for_the_order_alone(self):
        """Odoo leaves a printed receipt as it is and adds a move the other way."""
        purchase = self._purchase(self.product, 12, vendor=self.first, days=2)
        self._delivered(self.first)
        purchase.picking_ids.printed = True
        purchase.order_line.product_qty = 9
        with freeze_time(self._after(9)):
            self.assertEqual(self._rows("overdue_qty", "short_qty"), [(9, 0), (0, 0)])

    def test_order_that_is_overdue_altogether_counts_once_there_is_a_receipt(self):
        self._purchase(self.product, 10, vendor=self.first, days=2)
        with freeze_time(self._after(9)):
            self.assertEqual(
                self._measured("receipt_count", "on_time_rate"), (0, False)
            )
            self._delivered(self.first, ordered=5, promised=9, came=9)
            self.assertEqual(self._measured("receipt_count", "on_time_rate"), (1, 50))

    def test_cancelled_order_does_not_count(self):
        self._delivered(self.first)
        self._purchase(self.product, 10, vendor=self.first, days=2).button_cancel()
        with freeze_time(self._after(9)):
            self.assertEqual(self._on_time(), 100)

    def test_lines_of_one_order_are_judged_one_by_one(self):
        table = self._product("Table")
        at_table = self._offer(table, self.first)
        purchase = self._purchase(
            (self.product, 5, {"date_planned": self._after(2)}),
            (table, 5, {"date_planned": self._after(6)}),
            vendor=self.first,
        )
        with freeze_time(self._after(4)):
            self._receive(purchase)

            self.assertEqual(self._on_time(), 0)
            self.assertEqual(self._measured("on_time_rate", offer=at_table), 100)


@tagged("post_install", "-at_install")
class TestClosedShort(MeasureCase):
    """What was ordered and will not come is neither on time nor in full."""

    def _rates(self):
        return self._measured("receipt_count", "on_time_rate", "in_full_rate")

    def test_all_that_was_ordered_is_in_full_early_or_late(self):
        self._delivered(self.first, promised=-4, came=-3)

        self.assertEqual(self._rates(), (1, 0, 100))

    def test_rest_that_nobody_waits_for_any_more_is_short(self):
        purchase = self._purchase(self.product, 240, vendor=self.first, days=5)
        self._receive(purchase, 15, backorder=False)

        self.assertEqual(self._rates(), (1, 6.2, 6.2))
        self.assertEqual(
            self._rows("id", "received_qty", "overdue_qty", "short_qty", "date"),
            [
                (-purchase.order_line.id, 0, 0, 225, self._after(0)),
                (purchase.order_line.move_ids.sorted()[0].id, 15, 0, 0, self._after(0)),
            ],
        )
        [shown] = self._fresh(self.env["backlog.vendor.receipt"]).formatted_read_group(
            [("partner_id", "=", self.first.id)],
            aggregates=["in_full_rate:avg", "short_qty:sum"],
        )
        self.assertEqual(shown["in_full_rate:avg"], 6.25)
        self.assertEqual(shown["short_qty:sum"], 225)

    def test_rest_that_is_still_expected_is_not_short(self):
        purchase = self._purchase(self.product, 10, vendor=self.first, days=2)
        self._receive(purchase, 4)
        self.assertEqual(self._rates(), (1, 100, 100))

        with freeze_time(self._after(9)):
            self.assertEqual(self._rates(), (1, 40, 100))
            purchase.picking_ids.sorted()[-1].action_cancel()
            self.assertEqual(self._rates(), (1, 40, 40))

    def test_order_of_which_nothing_came_is_short_once_there_is_a_receipt(self):
        self._delivered(self.first)
        purchase = self._purchase(self.product, 10, vendor=self.first, days=2)
        purchase.picking_ids.action_cancel()

        self.assertEqual(self._rates(), (1, 50, 50))

    def test_receipt_for_less_than_was_ordered_is_short(self):
        """Somebody edits the demand of the transfer: nothing is cancelled."""
        purchase = self._purchase(self.product, 10, vendor=self.first, days=2)
        purchase.picking_ids.move_ids.product_uom_qty = 4
        self._receive(purchase)

        self.assertEqual(self._rates(), (1, 40, 40))

    def test_order_that_is_lowered_is_in_full(self):
        purchase = self._purchase(self.product, 10, vendor=self.first, days=2)
        self._receive(purchase, 4)
        purchase.order_line.product_qty = 4

        self.assertEqual(self._rates(), (1, 100, 100))

    def test_order_in_another_unit(self):
        purchase = self._purchase(
            (self.product, 2, {"product_uom_id": self.dozen.id}),
            vendor=self.first,
            days=2,
        )
        purchase.picking_ids.move_ids.quantity = 18 / (
            1 if purchase.picking_ids.move_ids.product_uom == self.unit else 12
        )
        purchase.picking_ids.move_ids.picked = True
        self._validate(purchase.picking_ids, backorder=False)

        self.assertEqual(self._rates(), (1, 75, 75))
        self.assertEqual(self._rows("short_qty"), [(6,), (0,)])

    def test_more_than_was_ordered_is_in_full(self):
        purchase = self._purchase(self.product, 10, vendor=self.first, days=2)
        self._receive(purchase, 12)

        self.assertEqual(self._rates(), (1, 100, 100))

    def test_return_and_replacement_are_not_short(self):
        purchase = self._delivered(self.first, quantity=10)
        replacement = self._return(purchase.picking_ids, 2, exchange=True)
        replacement.action_cancel()

        self.assertEqual(self._rates(), (1, 100, 100))

    def test_each_step_of_the_receipt_counts_once(self):
        for steps in ("two_steps", "three_steps"):
            self.warehouse.reception_steps = steps
            purchase = self._purchase(self.product, 10, vendor=self.first, days=2)
            self._receive(purchase, 5, backorder=False)
            self._receive(purchase)

        self.assertEqual(self._rates(), (2, 50, 50))

    def test_cancelled_order_is_not_short(self):
        self._delivered(self.first)
        self._purchase(self.product, 10, vendor=self.first, days=2).button_cancel()

        self.assertEqual(self._rates(), (1, 100, 100))

    def test_vendor_that_delivers_a_part_is_not_at_parity(self):
        self._delivered(self.first)
        purchase = self._purchase(self.product, 240, vendor=self.second, days=5)
        self._receive(purchase, 15, backorder=False)

        self.assertEqual(self._measured("parity_state", offer=self.at_second), "below")


@tagged("post_install", "-at_install")
class TestOneRate(MeasureCase):
    """*On-Time Delivery* on purchases and vendors is the figure of the scorecard."""

    def _shown(self, vendor=None, user=None):
        partner = (vendor or self.first).with_user(user or self.buyer)
        return round(self._fresh(partner).vendor_on_time_rate, 1)

    def test_purchase_and_vendor_show_the_figure_of_the_scorecard(self):
        self.assertEqual(self._shown(), -1)

        self._delivered(self.first, promised=-4, came=-3)
        more = self._purchase(self.product, 10, vendor=self.first, days=1)
        self._receive(more, 12)
        self.assertEqual(self._shown(), 50)
        self.assertEqual(self._shown(), self._measured("on_time_rate"))
        request = self._request(self.product, 1, vendor=self.first)
        self.assertEqual(request.with_user(self.buyer).vendor_on_time_rate, 50)

        self.env["backlog.vendor.measure"]._refresh(self.first.ids)
        self.env["backlog.vendor.touch"].search([]).unlink()
        self.assertEqual(self._shown(), 50)

        late = self._purchase(self.product, 10, vendor=self.first, days=1)
        with freeze_time(self._after(9)):
            self._receive(late)
            self.assertEqual(self._shown(), 33.3)

    def test_date_that_is_written_anew_forgives_nothing(self):
        late = self._purchase(self.product, 10, vendor=self.first, days=1)
        self.env.flush_all()
        late.order_line.date_planned = self._after(9)
        with freeze_time(self._after(9)):
            self._receive(late)
            self.assertEqual(self._shown(), 0)

    def test_contact_shows_the_rate_of_its_vendor(self):
        self._delivered(self.first)
        contact = self._vendor("Desk", parent_id=self.first.id, is_company=False)

        self.assertEqual(self._shown(contact), 100)

    def test_who_may_not_read_receipts_reads_no_rate(self):
        self._delivered(self.first)

        self.assertEqual(self._shown(user=self.seller), -1)

    def test_its_button_opens_the_scorecard(self):
        request = self._request(self.product, 1, vendor=self.first)
        action = request.with_user(self.buyer).action_open_vendor_scorecard()

        self.assertEqual(action["res_model"], "backlog.vendor.receipt")
        self.assertEqual(action["domain"], [("partner_id", "in", self.first.ids)])


@tagged("post_install", "-at_install")
class TestReject(MeasureCase):
    """Rejected is what went back to the vendor or was scrapped from its receipts."""

    def _rejected(self):
        return self._measured("reject_rate")

    def test_without_rejects_it_is_0(self):
        self._delivered(self.first)

        self.assertIs(type(self._rejected()), float)
        self.assertEqual(self._rejected(), 0)

    def test_return_to_the_vendor(self):
        purchase = self._delivered(self.first, quantity=10)
        self._return(purchase.picking_ids, 2)

        self.assertEqual(self._rejected(), 20)

    def test_two_returns_of_one_receipt(self):
        purchase = self._delivered(self.first, quantity=10)
        receipt = purchase.picking_ids
        self._return(receipt, 2)
        self._return(receipt, 3)

        self.assertEqual(self._rejected(), 50)

    def test_return_that_is_not_done_does_not_count(self):
        receipt = self._delivered(self.first, quantity=10).picking_ids
        wizard = self.env["stock.return.picking"].create({"picking_id": receipt.id})
        wizard.product_return_moves.quantity = 2
        wizard.action_create_returns()

        self.assertEqual(self._rejected(), 0)

    def test_replacement_of_returned_goods_is_no_receipt(self):
        purchase = self._delivered(self.first, quantity=10)
        replacement = self._return(purchase.picking_ids, 2, exchange=True)
        replacement.move_ids.picked = True
        self._validate(replacement)

        self.assertEqual(self._measured("receipt_count", "reject_rate"), (1, 20))

    def test_replacement_that_does_not_come_is_not_overdue(self):
        purchase = self._delivered(self.first, quantity=10)
        self._return(purchase.picking_ids, 2, exchange=True)
        with freeze_time(self._after(30)):
            self.assertEqual(self._measured("receipt_count", "on_time_rate"), (1, 100))

    def test_returned_goods_that_come_back_are_no_receipt(self):
        purchase = self._delivered(self.first, quantity=10)
        receipt = purchase.picking_ids
        self._return(receipt, 2)
        back = purchase.picking_ids - receipt
        self._return(back, 2)

        self.assertEqual(self._measured("receipt_count", "reject_rate"), (1, 20))

    def test_scrap_from_the_receipt(self):
        receipt = self._delivered(self.first, quantity=10).picking_ids
        self._scrap(receipt, 3)

        self.assertEqual(self._rejected(), 30)

    def test_scrap_in_dozens(self):
        receipt = self._delivered(self.first, quantity=48).picking_ids
        self._scrap(receipt, 1, uom=self.dozen)

        self.assertEqual(self._rejected(), 25)

    def test_scrap_without_a_receipt_is_not_the_vendors_fault(self):
        self._delivered(self.first, quantity=10)
        self.env["stock.scrap"].create(
            {"product_id": self.product.id, "scrap_qty": 3}
        ).action_validate()

        self.assertEqual(self._rejected(), 0)

    def test_scrap_of_a_delivery_is_not_the_vendors_fault(self):
        self._delivered(self.first, quantity=10)
        order = self._order(self.product, 4)
        self._scrap(order.sudo().picking_ids, 1, location=self.stock)

        self.assertEqual(self._rejected(), 0)

    def _received_in_steps(self, steps, *vendors):
        """Receipts of ten that were stored in the last step together."""
        self.warehouse.reception_steps = steps
        purchases = [self._purchase(self.product, 10, vendor=v) for v in vendors]
        for purchase in purchases:
            self._receive(purchase)
        return purchases

    def test_scrap_in_the_second_step_is_of_the_receipt(self):
        """Odoo cuts the chain when it scraps what the step has reserved."""
        [purchase] = self._received_in_steps("two_steps", self.first)
        store = purchase.order_line.move_ids.move_dest_ids.picking_id
        self._scrap(store, 3, location=self.warehouse.wh_input_stock_loc_id)

        self.assertEqual(self._measured("receipt_count", "reject_rate"), (1, 30))

    def test_scrap_after_the_second_step_is_of_the_receipt(self):
        [purchase] = self._received_in_steps("two_steps", self.first)
        self._receive(purchase)
        store = purchase.order_line.move_ids.move_dest_ids.picking_id
        self._scrap(store, 3, location=self.stock)

        self.assertEqual(self._measured("receipt_count", "reject_rate"), (1, 30))

    def test_scrap_in_the_third_step_is_of_the_receipt(self):
        [purchase] = self._received_in_steps("three_steps", self.first)
        self._receive(purchase)
        control = purchase.order_line.move_ids.move_dest_ids
        store = control.move_dest_ids.picking_id
        self._scrap(store, 3, location=self.warehouse.wh_qc_stock_loc_id)

        self.assertEqual(self._measured("receipt_count", "reject_rate"), (1, 30))

    def test_scrap_of_a_shared_step_is_spread_over_its_receipts(self):
        purchases = self._received_in_steps("two_steps", self.first, self.second)
        moves = purchases[0].order_line.move_ids + purchases[1].order_line.move_ids
        store = moves.move_dest_ids.picking_id[:1]
        moves.move_dest_ids.picking_id = store
        self._receive(purchases[0])
        self._scrap(store, 4, location=self.stock)

        self.assertEqual(self._rejected(), 20)
        self.assertEqual(self._measured("reject_rate", offer=self.at_second), 20)

    def test_never_more_than_all(self):
        receipt = self._delivered(self.first, quantity=10).picking_ids
        self._put_in_stock(self.product, 10)
        self._scrap(receipt, 14)

        self.assertEqual(self._rejected(), 100)

    def test_every_piece_weighs_the_same(self):
        self._delivered(self.first, quantity=90)
        self._scrap(self._delivered(self.first, quantity=10).picking_ids, 5)

        self.assertEqual(self._rejected(), 5)


@tagged("post_install", "-at_install")
class TestVendorReceipts(MeasureCase):
    """Which receipts count, in which unit, at which price, and for which product."""

    def test_nothing_received_is_empty_and_never_0_or_100(self):
        names = (
            "on_time_rate",
            "lead_time_median",
            "lead_time_p90",
            "reject_rate",
            "quality_score",
            "price_spread",
        )
        for name in names:
            self.assertIs(self._measured(name), False, name)
        self.assertEqual(self._measured("receipt_count"), 0)
        [values] = self.at_first.with_user(self.buyer).read(names)
        self.assertEqual([values[name] for name in names], [False] * 6)

    def test_empty_is_neither_low_nor_high_in_a_search(self):
        self._delivered(self.second, promised=-1)
        offers = self._fresh(self.offers)

        def found(*domain):
            return offers.search([("id", "in", offers.ids), domain])

        self.assertEqual(found("on_time_rate", "=", 0), self.at_second)
        self.assertEqual(found("on_time_rate", "<=", 100), self.at_second)
        self.assertEqual(
            found("on_time_rate", "=", False), self.at_first + self.at_third
        )

    def test_several_receipts_of_a_line_are_counted(self):
        purchase = self._purchase(self.product, 10, vendor=self.first)
        for quantity in (5, 3, 2):
            self._receive(purchase, quantity)

        self.assertEqual(self._measured("receipt_count"), 3)
        self.assertEqual(
            self._rows("received_qty", "receipt_count"), [(5, 1), (3, 1), (2, 1)]
        )

    def test_two_lines_of_one_product_in_one_transfer_are_two_receipts(self):
        self._receive(
            self._purchase(
                (self.product, 5, {"date_planned": self._after(2)}),
                (self.product, 4, {"date_planned": self._after(3)}),
                vendor=self.first,
            )
        )

        self.assertEqual(sorted(self._rows("received_qty")), [(4,), (5,)])

    def test_receipt_in_steps_is_one_receipt(self):
        self.warehouse.reception_steps = "three_steps"
        purchase = self._purchase(self.product, 10, vendor=self.first)
        for _step in range(3):
            self._receive(purchase)

        self.assertEqual(self._rows("received_qty", "receipt_count"), [(10, 1)])

    def test_dropship_receipt_counts(self):
        self.product.route_ids = self.env.ref("stock_dropshipping.route_drop_shipping")
        order = self._order(self.product, 5)
        purchase = order.sudo()._get_purchase_orders()
        purchase.button_confirm()
        self._receive(purchase)

        self.assertEqual(
            self._measured("receipt_count", "on_time_rate", "reject_rate"), (1, 100, 0)
        )

    def test_goods_that_a_customer_returns_to_the_dropshipper_are_rejected(self):
        self.product.route_ids = self.env.ref("stock_dropshipping.route_drop_shipping")
        order = self._order(self.product, 5)
        purchase = order.sudo()._get_purchase_orders()
        purchase.button_confirm()
        self._receive(purchase)
        self._return(purchase.picking_ids, 1)

        self.assertEqual(self._measured("receipt_count", "reject_rate"), (1, 20))

    def test_receipt_in_dozens_is_counted_in_the_unit_of_the_product(self):
        purchase = self._delivered(
            self.first,
            quantity=2,
            product_uom_id=self.dozen.id,
            price_unit=120,
        )
        self._return(purchase.picking_ids, 6)

        self.assertEqual(
            self._rows("received_qty", "rejected_qty", "unit_price", "reject_rate"),
            [(24, 6, 10, 25)],
        )

    def test_goods_that_were_not_bought_are_no_receipt(self):
        self._put_in_stock(self.product, 9)

        self.assertEqual(self._rows("id"), [])

    def test_window_is_the_last_days_by_the_setting(self):
        self._delivered(self.first, ordered=-40, promised=-31, came=-31)
        self._delivered(self.first, ordered=-40, promised=-35, came=-29)
        self.assertEqual(self._measured("receipt_count", "on_time_rate"), (2, 50))

        self.company.backlog_vendor_window_days = 30
        self.assertEqual(self._measured("receipt_count", "on_time_rate"), (1, 0))

        with freeze_time(self._after(2)):
            self.assertEqual(
                self._measured("receipt_count", "on_time_rate"), (0, False)
            )

    def test_lead_time_is_from_confirmation_to_receipt_in_days_of_the_company(self):
        self.company.partner_id.tz = "Asia/Jakarta"
        self._delivered(self.first, ordered=-10, came=-7 + 7.98 / 24)
        self.assertEqual(self._measured("lead_time_median"), 3)

        self._delivered(self.second, ordered=-10, came=-7 + 8.02 / 24)
        self.assertEqual(self._measured("lead_time_median", offer=self.at_second), 4)

    def test_lead_time_of_a_line_that_was_added_later(self):
        """It counts from the day the line was added; those of an import do not."""
        with freeze_time(self._after(-24)):
            purchase = self._purchase(self.product, 5, vendor=self.first, days=-20)
        purchase.order_line = [
            Command.create(
                {
                    "product_id": self.product.id,
                    "product_qty": 3,
                    "date_planned": self._after(1),
                }
            )
        ]
        self._receive(purchase)
        first, added = purchase.order_line
        self.assertEqual(
            self._rows("lead_days", domain=[("order_id", "=", purchase.id)]),
            [(24,), (24,)],
        )
        self.env.flush_all()
        for record, days in ((purchase, -24), (first, -24), (added, -4)):
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET create_date = %s WHERE id = %s",
                    SQL.identifier(record._table),
                    self._after(days),
                    record.id,
                )
            )

        self.assertEqual(
            self._rows("lead_days", domain=[("purchase_line_id", "=", first.id)]),
            [(24,)],
        )
        self.assertEqual(
            self._rows("lead_days", domain=[("purchase_line_id", "=", added.id)]),
            [(4,)],
        )

    def test_median_and_p90_of_the_lead_time(self):
        for days in (1, 2, 3, 4, 10):
            self._delivered(self.first, ordered=-20, came=-20 + days)

        self.assertEqual(self._measured("lead_time_median", "lead_time_p90"), (3, 7.6))

    def test_price_spread(self):
        for price in (9, 10, 11):
            self._delivered(self.first, price_unit=price)

        self.assertEqual(self._measured("price_spread"), 20)

    def test_price_spread_is_net_of_discount_and_per_unit_of_the_product(self):
        self._delivered(self.first, price_unit=10)
        self._delivered(self.first, price_unit=20, discount=50)
        self._delivered(
            self.first, quantity=1, price_unit=120, product_uom_id=self.dozen.id
        )

        self.assertEqual(self._measured("price_spread"), 0)

    def test_price_is_in_the_currency_of_the_company_at_the_rate_of_the_purchase(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "name": "2029-01-01", "rate": 4}
        )
        purchase = self._purchase(
            self.product, 5, vendor=self.first, currency_id=euro.id
        )
        self._receive(purchase)
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "name": "2030-01-15", "rate": 9}
        )

        self.assertEqual(self._rows("unit_price", "received_value"), [(2.5, 12.5)])

    def test_score_is_the_weighted_average(self):
        """20 % rejected, half on time, median 4 days and P90 8.0 (of 3, 4, 4, 9)."""
        for days, promised in ((3, 1), (4, 4), (4, 4), (9, 5)):
            purchase = self._delivered(
                self.first, ordered=-20, promised=-20 + promised, came=-20 + days
            )
            self._return(purchase.picking_ids, 2)
        self.assertEqual(
            self._measured(
                "reject_rate", "on_time_rate", "lead_time_median", "lead_time_p90"
            ),
            (20, 50, 4, 7.5),
        )

        self.assertEqual(
            self._measured("quality_score"),
            round(0.6 * 80 + 0.3 * 50 + 0.1 * 100 * 4 / 7.5, 1),
        )

    def test_weights_of_the_score_are_those_of_the_company(self):
        self._delivered(self.first, promised=-1)
        self.assertEqual(self._measured("quality_score"), 70)

        self.company.write(
            {
                "backlog_weight_accepted": 0,
                "backlog_weight_on_time": 3,
                "backlog_weight_steady": 1,
            }
        )
        self.assertEqual(self._measured("quality_score"), 25)

    def test_delivery_on_the_day_of_the_order_is_steady(self):
        self._delivered(self.first, ordered=0)

        self.assertEqual(self._measured("lead_time_median", "quality_score"), (0, 100))

    def test_vendor_is_judged_by_all_products_when_one_has_too_few(self):
        self.company.backlog_vendor_min_receipts = 2
        table = self._product("Table")
        self._delivered(self.first, promised=-1)
        self._delivered(self.first, product=table)
        self.assertEqual(
            self._measured("measure_scope", "receipt_count", "on_time_rate"),
            ("vendor", 2, 50),
        )

        self._delivered(self.first, promised=-1)
        self.assertEqual(
            self._measured("measure_scope", "receipt_count", "on_time_rate"),
            ("product", 2, 0),
        )

    def test_new_product_of_a_known_vendor_shows_what_the_vendor_does(self):
        self._delivered(self.first)
        at_table = self._offer(self._product("Table"), self.first)

        self.assertEqual(
            self._measured("measure_scope", "receipt_count", offer=at_table),
            ("vendor", 1),
        )

    def test_receipts_of_a_contact_are_those_of_its_vendor(self):
        contact = self._vendor("Desk", parent_id=self.first.id, is_company=False)
        self._delivered(contact)

        self.assertEqual(self._measured("receipt_count"), 1)

    def test_receipts_of_other_vendors_do_not_count(self):
        self._delivered(self.second)

        self.assertEqual(self._measured("receipt_count"), 0)

    def test_line_of_a_variant_is_judged_by_the_variant(self):
        small, large = self._variants("Table")
        template = small.product_tmpl_id
        at_all, at_small = (
            self._offer(small, self.first, product_id=product_id)
            for product_id in (False, small.id)
        )
        self._delivered(self.first, product=small)
        self._delivered(self.first, product=large, promised=-1)

        self.assertEqual(self._measured("on_time_rate", offer=at_small), 100)
        self.assertEqual(self._measured("on_time_rate", offer=at_all), 50)
        self.assertEqual(template.seller_ids, at_all + at_small)

    def test_receipts_of_another_company_do_not_count(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.env.user.company_ids += other
        self.offers.company_id = False
        with freeze_time(self._after(-5)):
            purchase = (
                self.env["purchase.order"]
                .with_company(other)
                .create(
                    {
                        "partner_id": self.first.id,
                        "company_id": other.id,
                        "order_line": [
                            Command.create(
                                {"product_id": self.product.id, "product_qty": 5}
                            )
                        ],
                    }
                )
            )
            purchase.button_confirm()
            self._receive(purchase)

        self.assertEqual(self._measured("receipt_count"), 0)
        self.assertEqual(
            self._fresh(self.at_first).with_company(other).receipt_count, 1
        )

    # Groups

    def test_totals_of_groups_are_computed_from_all_receipts(self):
        """Not averages of averages: a late line of one piece and a line on time of
        nine, received in two parts, a third of which went back."""
        self._delivered(self.first, quantity=1, ordered=-9, promised=-7, came=-6)
        purchase = self._purchase(self.product, 9, vendor=self.first)
        self._receive(purchase, 6)
        self._receive(purchase)
        self._return(purchase.picking_ids[:1], 3)
        self._fresh(self.product)
        [figures] = (
            self.env["backlog.vendor.receipt"]
            .with_user(self.buyer)
            ._read_group(
                [("partner_id", "=", self.first.id)],
                ["partner_id"],
                [
                    "receipt_count:sum",
                    "on_time_rate:avg",
                    "reject_rate:avg",
                    "lead_time_median:avg",
                    "lead_time_p90:avg",
                    "quality_score:avg",
                ],
            )
        )

        self.assertEqual(
            [self._rounded(float(figure)) for figure in figures[1:]],
            [3, 50, 30, 0, 2.4, round(0.6 * 70 + 0.3 * 50 + 0, 1)],
        )
        self.assertEqual(
            self._measured("on_time_rate", "reject_rate", "lead_time_p90"),
            (50, 30, 2.4),
        )

    def test_pivot_by_month(self):
        self._delivered(self.first, ordered=-40, promised=-30, came=-29)
        self._delivered(self.first, ordered=-9, promised=0, came=0)
        groups = (
            self.env["backlog.vendor.receipt"]
            .with_user(self.buyer)
            .formatted_read_group(
                [("partner_id", "=", self.first.id)],
                ["date:month"],
                ["on_time_rate:avg", "receipt_count:sum"],
            )
        )

        self.assertEqual(
            [(row["on_time_rate:avg"], row["receipt_count:sum"]) for row in groups],
            [(0, 1), (100, 1)],
        )

    def test_products_of_different_worth_are_rejected_by_value(self):
        table = self._product("Table")
        self._delivered(self.first, quantity=1, price_unit=90)
        cheap = self._delivered(self.first, product=table, quantity=10, price_unit=1)
        self._return(cheap.picking_ids, 10)
        self._fresh(table)
        [[rate]] = self.env["backlog.vendor.receipt"]._read_group(
            [("partner_id", "=", self.first.id)], [], ["reject_rate:avg"]
        )

        self.assertEqual(rate, 10)

    def test_group_without_receipts_has_no_rates(self):
        self._purchase(self.product, 5, vendor=self.first, days=-3)
        [[on_time, rejected, score]] = self.env["backlog.vendor.receipt"]._read_group(
            [("partner_id", "=", self.first.id)],
            [],
            ["on_time_rate:avg", "reject_rate:avg", "quality_score:avg"],
        )

        for figure in (on_time, rejected, score):
            self.assertIs(figure, False)
