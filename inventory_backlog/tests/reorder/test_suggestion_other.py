from datetime import date

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..suggestions import SuggestionCase


@tagged("post_install", "-at_install")
class TestSuggestionOther(SuggestionCase):
    """Before anything is bought: pull a receipt in, or bring it from another warehouse.
    And in which order all of it is shown, by which day."""

    # Pull in

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
            "5 Units come too late: needed on 01/18/2030, expected on 01/24/2030.",
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

    def test_a_receipt_that_is_overdue_is_pulled_in(self):
        self._late(days=-2)
        self.assertFalse(self._suggest())
        self._wanted(self.product, 1, days=-1)
        purchase = self._purchase(self.product, 1, days=-1)
        suggestion = self._suggest()
        self.assertEqual(suggestion.action_type, "expedite")
        self.assertEqual(suggestion.arrival_date, self._after(0).date())
        self.assertTrue(purchase)

    def test_accepted_it_reminds_who_is_in_charge_with_the_lines(self):
        purchase, order = self._late()
        purchase.user_id = self.buyer
        suggestion = self._suggest()
        suggestion.action_accept()
        activity = purchase.activity_ids
        self.assertEqual(activity.user_id, self.buyer)
        self.assertEqual(activity.date_deadline, self._after(0).date())
        self.assertEqual(activity.summary, "Pull in Chair")
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
        purchase.order_line.move_ids.date = self._after(2)
        self._generate()
        self.assertEqual(suggestion.state, "done")
        self.assertFalse(self._suggested())

    def test_pulled_in_before_anybody_asked_it_is_withdrawn(self):
        purchase, _order = self._late()
        self._generate()
        purchase.order_line.date_planned = self._after(2)
        purchase.order_line.move_ids.date = self._after(2)
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

    # Transfer

    def _depot_with(self, quantity, **values):
        depot = self._second_warehouse(**values)
        self._put_in_stock(self.product, quantity, depot.lot_stock_id)
        return depot

    def test_what_another_warehouse_has_free_is_brought_before_buying(self):
        depot = self._depot_with(3)
        self._wanted(self.product, 5)
        transfer, buy = self._suggest().sorted("action_type", reverse=True)
        self.assertEqual(self._figures(transfer + buy)[0][:2], ("transfer", 5))
        self.assertEqual(transfer.suggested_qty, 3)
        self.assertEqual(transfer.source_warehouse_id, depot)
        self.assertEqual(transfer.warehouse_id, self.warehouse)
        self.assertEqual(transfer.estimated_cost, 0)
        self.assertEqual((buy.action_type, buy.suggested_qty), ("buy", 2))
        self.assertEqual((transfer.other_qty, buy.other_qty), (2, 3))
        self.assertIn(
            "Depot has 3 Units that nobody there needs.", transfer.explanation
        )
        self.assertIn(
            "Short 5 Units − by other suggestions 3 Units = 2 Units.",
            buy.explanation,
        )

    def test_only_what_nobody_needs_there_is_brought(self):
        depot = self._depot_with(9)
        self._wanted(self.product, 7, warehouse_id=depot.id)
        self._wanted(self.product, 5)
        self.assertEqual(
            {one.action_type: one.suggested_qty for one in self._suggest()},
            {"transfer": 2, "buy": 3},
        )

    def test_free_goods_are_given_to_one_warehouse_only(self):
        self._depot_with(4)
        third = self._second_warehouse(name="Third", code="THI")
        self._wanted(self.product, 3, days=4)
        self._wanted(self.product, 3, days=2, warehouse_id=third.id)
        self.assertEqual(
            {
                (one.warehouse_id, one.action_type): one.suggested_qty
                for one in self._suggest()
            },
            {
                (third, "transfer"): 3,
                (self.warehouse, "transfer"): 1,
                (self.warehouse, "buy"): 2,
            },
        )

    def test_what_a_warehouse_wants_to_keep_stays(self):
        depot = self._depot_with(9)
        self._orderpoint(
            quantity=9, warehouse_id=depot.id, location_id=depot.lot_stock_id.id
        )
        self._wanted(self.product, 5)
        self.assertEqual(self._suggest().action_type, "buy")

    def test_a_dismissed_transfer_is_bought(self):
        self._depot_with(9)
        self._wanted(self.product, 5)
        self._suggest().action_dismiss("Too far")
        self._generate()
        self.assertEqual(
            self._figures(self._suggested(action="buy")), [("buy", 5, 0, 5)]
        )
        self.assertEqual(set(self._generate().values()), {0})

    def test_accepted_it_is_a_draft_transfer(self):
        depot = self._depot_with(9)
        table = self._table()
        self._put_in_stock(table, 9, depot.lot_stock_id)
        self._wanted([(self.product, 5), (table, 2)])
        suggestions = self._suggest(self.product, table)
        suggestions.action_accept()
        picking = suggestions.sudo().picking_id
        self.assertEqual(len(picking), 1)
        self.assertEqual(picking.state, "draft")
        self.assertEqual(picking.location_id, depot.lot_stock_id)
        self.assertEqual(picking.location_dest_id, self.stock)
        self.assertEqual(
            {move.product_id: move.product_uom_qty for move in picking.move_ids},
            {self.product: 5, table: 2},
        )
        self.assertEqual(set(suggestions.mapped("state")), {"ordered"})
        self.assertEqual(set(self._generate().values()), {0})

    def test_a_transfer_that_arrived_is_done(self):
        self._depot_with(9)
        order = self._wanted(self.product, 5)
        suggestion = self._suggest()
        suggestion.action_accept()
        picking = suggestion.sudo().picking_id
        picking.action_confirm()
        self.assertEqual(set(self._generate().values()), {0})
        self.assertFalse(suggestion.can_undo)
        picking.action_assign()
        picking.move_ids.picked = True
        self._validate(picking)
        self.assertEqual(self._fresh(suggestion).state, "done")
        self.assertEqual(self._split(order.order_line), [(5, 5, 0, 0)])

    def test_a_cancelled_transfer_is_proposed_again(self):
        self._depot_with(9)
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        suggestion.action_accept()
        suggestion.sudo().picking_id.action_cancel()
        self._generate()
        self.assertEqual(self._suggested(), suggestion)
        self.assertEqual(suggestion.state, "proposed")

    def test_undone_the_draft_transfer_goes_with_its_last_product(self):
        depot = self._depot_with(9)
        table = self._table()
        self._put_in_stock(table, 9, depot.lot_stock_id)
        self._wanted([(self.product, 5), (table, 2)])
        suggestions = self._suggest(self.product, table)
        suggestions.action_accept()
        picking = suggestions.sudo().picking_id
        self._suggested().action_undo()
        self.assertEqual(picking.move_ids.product_id, table)
        self._suggested(table).action_undo()
        self.assertFalse(picking.exists())
        self.assertEqual(
            set(self._suggested(self.product, table).mapped("state")), {"proposed"}
        )

    # Rank

    def test_what_helps_most_for_the_money_comes_first(self):
        names = ("Dear", "Late", "Plain", "Nobody", "Free")
        dear, late, plain, nobody, free = (self._table(name) for name in names)
        dear.seller_ids.price = 50
        depot = self._second_warehouse()
        self._put_in_stock(free, 1, depot.lot_stock_id)
        for product, days in ((dear, 5), (late, 1), (plain, 5), (free, 5)):
            self._wanted(product, 1, days)
        self._transfer(nobody, 1, self.warehouse, depot)
        ranked = self._suggest(dear, late, plain, nobody, free)
        # 200 of 0, 200 of 20, 100 of 20 (its promise is lost), 200 of 50, 0 of 20
        self.assertEqual(
            ranked.product_id.mapped("name"),
            ["Free", "Plain", "Late", "Dear", "Nobody"],
        )
        self.assertEqual(ranked.mapped("rank"), [1, 2, 3, 4, 5])

    def test_the_rank_follows_the_value(self):
        table = self._table(price=10)
        self._wanted(self.product, 1, price=100)
        order = self._wanted(table, 1, price=50)
        self.assertEqual(
            self._suggest(self.product, table).product_id.mapped("name"),
            ["Chair", "Table"],
        )
        order.order_line.price_unit = 500
        self._wanted(table, 1, price=500)
        self.assertEqual(
            self._suggest(self.product, table).product_id.mapped("name"),
            ["Table", "Chair"],
        )

    # Days: today is Tuesday 15 January 2030

    def _office_days(self, until="2030-01-16"):
        """Monday to Friday, less a company holiday from Wednesday 16 January on."""
        calendar = self.company.resource_calendar_id
        calendar.attendance_ids.filtered(
            lambda one: one.dayofweek in ("5", "6")
        ).unlink()
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": calendar.id,
                "company_id": self.company.id,
                "date_from": "2030-01-16 00:00:00",
                "date_to": f"{until} 23:59:59",
                "resource_id": False,
            }
        )
        self.env.cr.cache.pop("backlog_work_days", None)

    def test_the_last_day_to_order_is_a_working_day(self):
        """Needed on Monday 21, two days to come: Saturday, so Friday 18."""
        self._office_days()
        self._wanted(self.product, 1, days=6)
        self.assertEqual(self._suggest().order_by_date, date(2030, 1, 18))

    def test_the_last_day_to_order_is_no_holiday_of_the_company(self):
        """Needed on Friday 18: Wednesday 16 is a holiday, so Tuesday 15."""
        self._office_days()
        self._wanted(self.product, 1, days=3)
        self.assertEqual(self._suggest().order_by_date, date(2030, 1, 15))

    def test_an_order_leaves_on_the_next_working_day(self):
        self._office_days()
        self._wanted(self.product, 1, days=20)
        self.assertEqual(self._suggest().arrival_date, date(2030, 1, 17))
        with self._on(date(2030, 1, 16)):
            self._generate()
            self.assertEqual(self._suggested().arrival_date, date(2030, 1, 19))
        with self._on(date(2030, 1, 19)):
            self._generate()
            self.assertEqual(self._suggested().arrival_date, date(2030, 1, 23))

    def test_a_company_that_is_closed_for_a_whole_month_works_on_none_of_its_days(self):
        """Closed until Thursday 28 February: Friday 1 March, and two days to come."""
        self._office_days(until="2030-02-28")
        self._wanted(self.product, 1, days=90)
        with self._on(date(2030, 1, 16)):
            self._generate()
            self.assertEqual(self._suggested().arrival_date, date(2030, 3, 3))

    def test_the_days_to_purchase_of_the_company_count(self):
        self.company.days_to_purchase = 3
        self._wanted(self.product, 1, days=9)
        suggestion = self._suggest()
        self.assertEqual(suggestion.order_by_date, self._after(4).date())
        self.assertEqual(suggestion.arrival_date, self._after(5).date())

    def test_days_are_those_of_the_company(self):
        """At 20:00 UTC it is tomorrow in Jakarta."""
        self.company.partner_id.tz = "Asia/Jakarta"
        self._order((self.product, 1), commitment_date=self._after(5, hours=11))
        suggestion = self._suggest()
        self.assertEqual(suggestion.need_date, self._after(6).date())
        self.assertEqual(suggestion.line_ids.promise_date, self._after(6).date())

    def test_the_first_and_the_last_day_of_a_month_are_where_the_calendar_is(self):
        """Mornings in Auckland and evenings in Honolulu, by a company without a time
        zone of its own: both are on another day, and in another month, in UTC."""
        calendar = self.company.resource_calendar_id
        for zone, begin, end in (
            ("Pacific/Auckland", 8, 12),
            ("Pacific/Honolulu", 15, 20),
        ):
            calendar.tz = zone
            calendar.attendance_ids.write({"hour_from": begin, "hour_to": end})
            self.env.cr.cache.pop("backlog_work_days", None)
            for day in (date(2030, 1, 31), date(2030, 2, 1)):
                with self.subTest(zone=zone, day=day):
                    self.assertEqual(self.company._backlog_work_day(day), day)

    def test_a_company_without_a_calendar_works_every_day(self):
        self.company.resource_calendar_id.attendance_ids = [Command.clear()]
        self.env.cr.cache.pop("backlog_work_days", None)
        self._wanted(self.product, 1, days=6)
        self.assertEqual(self._suggest().order_by_date, self._after(4).date())
