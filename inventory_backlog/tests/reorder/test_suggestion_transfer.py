from odoo.tests import tagged

from ..suggestions import SuggestionCase


@tagged("post_install", "-at_install")
class TestSuggestionTransfer(SuggestionCase):
    """Before anything is bought, it is brought from another warehouse."""

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

    def test_it_is_dated_by_the_day_that_was_typed(self):
        self._depot_with(9)
        self._wanted(self.product, 5)
        suggestion = self._suggest()
        window = self.env["backlog.suggestion.accept"].with_user(self.buyer)
        window = window.browse(suggestion.action_open_accept()["res_id"])
        window.line_ids.arrival_date = self._after(2).date()
        window.action_confirm()
        [move] = suggestion.sudo().move_ids
        self.assertEqual(move.date.date(), self._after(2).date())

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

    # How long it takes

    def _resupply(self, source, *days):
        """A route from another warehouse to ours, with the delays of its rules."""
        self.warehouse.resupply_wh_ids = source
        rules = self.warehouse.resupply_route_ids.rule_ids
        for rule, delay in zip(rules, days, strict=True):
            rule.delay = delay

    def test_a_transfer_takes_the_days_of_the_route_between_the_warehouses(self):
        depot = self._depot_with(10)
        order = self._wanted(self.product, 5, days=2)
        suggestion = self._suggest()
        # Nobody has said how long it takes.
        self.assertEqual(suggestion.arrival_date, self._after(0).date())
        self.assertEqual(suggestion.order_by_date, self._after(2).date())
        self.assertEqual(suggestion.sudo().saved_value, 500)
        self.assertIn(
            f"No route resupplies {self.warehouse.name} from Depot",
            suggestion.explanation,
        )
        self._resupply(depot, 3, 2)
        self.assertEqual(self._suggest(), suggestion)
        self.assertEqual(suggestion.arrival_date, self._after(5).date())
        self.assertEqual(suggestion.order_by_date, self._after(-3).date())
        self.assertEqual(suggestion.sudo().saved_value, 0)
        self.assertIn(
            "The route between them takes 5 days: it would be here on Jan 20.",
            suggestion.explanation,
        )
        # A rule that changes is seen by the next run.
        self.warehouse.resupply_route_ids.rule_ids[0].delay = 1
        self._suggest()
        self.assertEqual(suggestion.arrival_date, self._after(3).date())
        suggestion.action_accept()
        picking = suggestion.sudo().picking_id
        self.assertEqual(picking.move_ids.date.date(), self._after(3).date())
        picking.action_confirm()
        line = self._line(order.order_line)
        self.assertEqual(line.incoming_qty, 5)
        self.assertEqual(line.expected_date.date(), self._after(3).date())

    # What comes to another warehouse

    def test_what_comes_to_another_warehouse_for_nobody_is_not_bought_again(self):
        depot = self._second_warehouse()
        self._resupply(depot, 3, 2)
        purchase = self._purchase(
            self.product, 8, days=4, picking_type_id=depot.in_type_id.id
        )
        order = self._wanted(self.product, 5, days=10)
        transfer = self._suggest()
        self.assertEqual(self._figures(transfer), [("transfer", 5, 0, 5)])
        self.assertEqual(transfer.source_warehouse_id, depot)
        self.assertTrue(transfer.is_awaited)
        self.assertEqual(transfer.arrival_date, self._after(9).date())
        self.assertEqual(transfer.order_by_date, self._after(5).date())
        self.assertEqual(transfer.sudo().saved_value, 500)
        self.assertIn(
            "An order for Depot brings it there on Jan 19, and nobody there needs it",
            transfer.explanation,
        )
        self.assertIn("it would be here on Jan 24.", transfer.explanation)
        self.assertEqual(set(self._generate().values()), {0})
        # What is missing beyond that is bought.
        more = self._wanted(self.product, 7, days=10)
        found = self._suggest()
        self.assertEqual(
            self._by_warehouse(found),
            {(self.warehouse, "transfer"): (12, 8), (self.warehouse, "buy"): (12, 4)},
        )
        self.assertEqual(sum(found.mapped("other_qty")), 12)
        more._action_cancel()
        self._suggest().action_accept()
        self.assertFalse(self._by_warehouse(self._suggest()))
        self._receive(purchase)
        self.assertFalse(self._by_warehouse(self._suggest()))
        picking = transfer.sudo().picking_id
        picking.action_confirm()
        picking.action_assign()
        picking.move_ids.picked = True
        self._validate(picking)
        self.assertEqual(self._split(order.order_line), [(5, 5, 0, 0)])

    def test_what_comes_there_later_than_a_purchase_here_is_bought(self):
        depot = self._second_warehouse()
        self._resupply(depot, 3, 2)
        self._purchase(self.product, 8, days=4, picking_type_id=depot.in_type_id.id)
        self._wanted(self.product, 5, days=8)
        self.assertEqual(self._figures(self._suggest()), [("buy", 5, 0, 5)])

    def test_what_they_need_there_is_left_to_them(self):
        depot = self._second_warehouse()
        self._purchase(self.product, 8, days=4, picking_type_id=depot.in_type_id.id)
        self._wanted(self.product, 6, warehouse_id=depot.id)
        self._wanted(self.product, 5, days=10)
        self.assertEqual(
            self._by_warehouse(self._suggest()),
            {(self.warehouse, "transfer"): (5, 2), (self.warehouse, "buy"): (5, 3)},
        )

    # A vendor's minimum is bought once

    def _by_warehouse(self, suggestions):
        return {
            (one.warehouse_id, one.action_type): (one.shortage_qty, one.suggested_qty)
            for one in suggestions
            if one.state != "ordered"
        }

    def test_the_minimum_of_a_vendor_is_bought_once_for_two_warehouses(self):
        depot = self._second_warehouse()
        table = self._table(min_qty=12)
        mine = self._wanted(table, 3)
        self._wanted(table, 2, warehouse_id=depot.id)
        found = self._suggest(table)
        expected = {(self.warehouse, "buy"): (5, 12), (depot, "transfer"): (2, 2)}
        self.assertEqual(self._by_warehouse(found), expected)
        buy = found.filtered(lambda one: one.action_type == "buy")
        transfer = found - buy
        self.assertEqual(transfer.source_warehouse_id, self.warehouse)
        # Each order counts once.
        values = (buy + transfer).sudo().mapped("released_value")
        self.assertEqual(values, [500, 0])
        self.assertEqual(transfer.arrival_date, buy.arrival_date)
        self.assertIn("Depot gets 2 Units of it by transfer.", buy.explanation)
        self.assertIn("brings it there on Jan 17", transfer.explanation)
        self.assertEqual(set(self._generate(table).values()), {0})
        # Bought, it is still not bought again: requested, ordered, arrived.
        request = self.env["purchase.order"].browse(buy.action_create_rfq())
        self.assertEqual(request.order_line.product_qty, 12)
        rest = {(depot, "transfer"): (2, 2)}
        self.assertEqual(self._by_warehouse(self._suggest(table)), rest)
        request.button_confirm()
        self.assertEqual(self._by_warehouse(self._suggest(table)), rest)
        transfer.action_accept()
        picking = transfer.sudo().picking_id
        self.assertEqual(picking.state, "draft")
        self.assertEqual(picking.move_ids.date.date(), transfer.arrival_date)
        self.assertFalse(self._by_warehouse(self._suggest(table)))
        picking.action_confirm()
        self._receive(request)
        self.assertFalse(self._by_warehouse(self._suggest(table)))
        self.assertEqual(self._split(mine.order_line), [(3, 3, 0, 0)])

    def test_the_transfer_may_be_accepted_before_the_purchase(self):
        depot = self._second_warehouse()
        table = self._table(min_qty=12)
        self._wanted(table, 3)
        self._wanted(table, 2, warehouse_id=depot.id)
        self._suggest(table).filtered(
            lambda one: one.action_type == "transfer"
        ).action_accept()
        self.assertEqual(
            self._by_warehouse(self._suggest(table)),
            {(self.warehouse, "buy"): (5, 12)},
        )

    def test_what_two_warehouses_miss_is_added_up_beyond_the_minimum(self):
        """The one that misses less gets it by transfer."""
        depot = self._second_warehouse()
        table = self._table(min_qty=12)
        self._wanted(table, 3)
        self._wanted(table, 11, warehouse_id=depot.id)
        self.assertEqual(
            self._by_warehouse(self._suggest(table)),
            {(depot, "buy"): (14, 14), (self.warehouse, "transfer"): (3, 3)},
        )

    def test_a_whole_purchase_unit_is_such_a_minimum(self):
        depot = self._second_warehouse()
        table = self._table(product_uom_id=self.dozen.id, price=240)
        self._wanted(table, 3)
        self._wanted(table, 8, warehouse_id=depot.id)
        self.assertEqual(
            self._by_warehouse(self._suggest(table)),
            {(depot, "buy"): (11, 12), (self.warehouse, "transfer"): (3, 3)},
        )

    def test_two_dozens_are_not_joined_when_they_stay_two(self):
        depot = self._second_warehouse()
        table = self._table(product_uom_id=self.dozen.id, price=240)
        self._wanted(table, 3)
        self._wanted(table, 11, warehouse_id=depot.id)
        self.assertEqual(
            self._by_warehouse(self._suggest(table)),
            {(self.warehouse, "buy"): (3, 12), (depot, "buy"): (11, 12)},
        )

    def test_each_warehouse_buys_what_is_no_more_than_it_needs(self):
        depot = self._second_warehouse()
        table = self._table(min_qty=12)
        self._wanted(table, 15)
        self._wanted(table, 12, warehouse_id=depot.id)
        self.assertEqual(
            self._by_warehouse(self._suggest(table)),
            {(self.warehouse, "buy"): (15, 15), (depot, "buy"): (12, 12)},
        )

    def test_each_warehouse_buys_when_the_transfer_is_dismissed(self):
        depot = self._second_warehouse()
        table = self._table(min_qty=12)
        self._wanted(table, 3)
        self._wanted(table, 2, warehouse_id=depot.id)
        self._suggest(table).filtered(
            lambda one: one.action_type == "transfer"
        ).action_dismiss("Too far")
        self.assertEqual(
            self._by_warehouse(self._suggest(table)),
            {
                (self.warehouse, "buy"): (3, 12),
                (depot, "buy"): (2, 12),
                (depot, "transfer"): (2, 2),
            },
        )
        self.assertEqual(set(self._generate(table).values()), {0})

    def test_what_somebody_set_aside_is_not_joined(self):
        depot = self._second_warehouse()
        table = self._table(min_qty=12)
        for set_aside in (
            lambda one: one.action_dismiss("Not there"),
            lambda one: one.action_snooze("2030-03-01"),
        ):
            for first, then in ((2, 3), (3, 2)):
                waiting = self._wanted(table, first, warehouse_id=depot.id)
                mine = self._suggest(table)
                set_aside(mine)
                state = mine.state
                order = self._wanted(table, then)
                self.assertEqual(
                    self._by_warehouse(self._suggest(table)),
                    {(self.warehouse, "buy"): (then, 12), (depot, "buy"): (first, 12)},
                )
                self.assertEqual(mine.state, state)
                (order + waiting)._action_cancel()
                self.assertFalse(self._suggest(table))

    def test_nobody_waits_for_what_is_overdue_elsewhere(self):
        depot = self._second_warehouse()
        table = self._table(min_qty=12)
        self._purchase(table, 9, days=-90)
        self._wanted(table, 2, warehouse_id=depot.id)
        self.assertEqual(
            self._by_warehouse(self._suggest(table)), {(depot, "buy"): (2, 12)}
        )

    def test_orders_of_two_vendors_are_not_joined(self):
        depot = self._second_warehouse()
        table = self._table(min_qty=12)
        self._offer(table, self.second, 20, min_qty=12, sequence=9)
        self._wanted(table, 3)
        self._wanted(table, 2, warehouse_id=depot.id)
        self._suggest(table)
        self._suggested(table, action="buy").action_choose_vendor(self.second.id)
        # Of the depot nobody has chosen one.
        found = self._by_warehouse(self._suggest(table))
        self.assertEqual(
            found,
            {(self.warehouse, "buy"): (3, 12), (depot, "buy"): (2, 12)},
        )
