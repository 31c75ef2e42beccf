from odoo.tests import tagged

from ..suggestions import SuggestionCase


@tagged("post_install", "-at_install")
class TestSuggestionQuantity(SuggestionCase):
    """How much is suggested: what is missing, raised to what the vendor sells."""

    def _suggested_for(self, quantity, product=None, **values):
        self._wanted(product or self.product, quantity, **values)
        return self._suggest(product or self.product)

    def _sold_before(self, quantity):
        self._put_in_stock(self.product, quantity)
        self._ship(self._order(self.product, quantity))

    # The minimum of the vendor

    def test_below_the_minimum_the_minimum_is_suggested(self):
        self.at_first.min_qty = 12
        suggestion = self._suggested_for(1)
        self.assertEqual(self._figures(suggestion), [("buy", 1, 0, 12)])
        self.assertEqual(suggestion.minimum_qty, 12)
        self.assertEqual(suggestion.estimated_cost, 120)

    def test_above_the_minimum_just_what_is_missing_is_suggested(self):
        self.at_first.min_qty = 12
        suggestion = self._suggested_for(13)
        self.assertEqual(suggestion.suggested_qty, 13)
        self.assertNotIn("minimum", suggestion.explanation)

    def test_the_minimum_counts_after_what_is_on_request(self):
        self.at_first.min_qty = 12
        self._request(self.product, 15, days=2)
        self.assertEqual(self._figures(self._suggested_for(18)), [("buy", 18, 15, 12)])

    def test_surplus_is_told_in_weeks_of_sales(self):
        """Gap 1, minimum 12: 11 extra are two weeks of sales at 5.5 a week."""
        self._sold_before(71.5)
        self.at_first.min_qty = 12
        suggestion = self._suggested_for(1)
        self.assertEqual(suggestion.weekly_sales_qty, 5.5)
        self.assertEqual(
            suggestion.explanation.splitlines()[:3],
            [
                "Short 1 Units.",
                "The minimum of the vendor is 12 Units.",
                "Suggested 12 Units: 11 Units extra, about 2.0 weeks of sales or use.",
            ],
        )

    def test_weekly_sales_are_what_left_for_good(self):
        """10 ordered and 12 shipped, 3 of them returned; a vendor shipped 20."""
        self._put_in_stock(self.product, 20)
        order = self._order(self.product, 10)
        self._ship(order, 12)
        back = self.env["stock.return.picking"].create(
            {"picking_id": order.sudo().picking_ids.id}
        )
        back.product_return_moves.quantity = 3
        picking = self.env["stock.picking"].browse(
            back.action_create_returns()["res_id"]
        )
        picking.move_ids.quantity = 3
        picking.move_ids.picked = True
        self._validate(picking)
        direct = self.env["stock.move"].create(
            {
                "product_id": self.product.id,
                "product_uom_qty": 20,
                "location_id": self.vendor.property_stock_supplier.id,
                "location_dest_id": self.customer.property_stock_customer.id,
            }
        )
        direct._action_confirm()
        direct.quantity = 20
        direct.picked = True
        direct._action_done()

        [sold] = self.env["backlog.plan"]._weekly_sales(self.product).values()
        self.assertEqual(round(sold * 13, 6), 9)

    def test_surplus_of_what_is_not_sold_says_so(self):
        self.at_first.min_qty = 12
        self.assertIn(
            "Suggested 12 Units: 11 Units extra, and none was sold or used in "
            "the last 13 weeks.",
            self._suggested_for(1).explanation,
        )

    def test_what_was_sold_long_ago_does_not_count(self):
        self._sold_before(13)
        moves = self.env["stock.move"].search([("product_id", "=", self.product.id)])
        moves.date = self._after(-92)
        self.assertEqual(self._suggested_for(1).weekly_sales_qty, 0)

    def test_the_main_vendor_stays_below_its_minimum(self):
        """Its rank counts; the comparison shows who sells less."""
        self.at_first.min_qty = 12
        suggestion = self._suggested_for(5)
        self.assertEqual(suggestion.partner_id, self.first)
        self.assertEqual(
            [row["quantity"] for row in suggestion.option_table["rows"]],
            ["12 Units", "5 Units", "5 Units"],
        )

    # Price breaks

    def test_a_price_break_is_taken_when_the_whole_order_costs_less(self):
        """8 at 10 cost 80, 10 at 5 cost 50."""
        self._offer(self.product, self.first, 5, min_qty=10, delay=2, sequence=1)
        suggestion = self._suggested_for(8)
        self.assertEqual(suggestion.suggested_qty, 10)
        self.assertEqual(suggestion.estimated_cost, 50)
        self.assertEqual(suggestion.supplierinfo_id.min_qty, 10)
        self.assertEqual(suggestion.minimum_qty, 0)
        self.assertIn(
            "From 10 Units on the vendor asks less: all of it costs less than what "
            "is missing.",
            suggestion.explanation,
        )

    def test_a_price_break_is_left_when_the_whole_order_costs_more(self):
        """2 at 10 cost 20, 10 at 5 cost 50."""
        self._offer(self.product, self.first, 5, min_qty=10, delay=2, sequence=1)
        suggestion = self._suggested_for(2)
        self.assertEqual(suggestion.suggested_qty, 2)
        self.assertEqual(suggestion.supplierinfo_id, self.at_first)

    def test_a_price_break_that_is_reached_gives_the_price(self):
        self._offer(self.product, self.first, 5, min_qty=10, delay=2, sequence=1)
        self.assertEqual(self._suggested_for(12).estimated_cost, 60)

    def test_a_break_of_another_vendor_does_not_move_the_need(self):
        self._offer(self.product, self.second, 1, min_qty=10, sequence=2)
        suggestion = self._suggested_for(8)
        self.assertEqual(suggestion.partner_id, self.first)
        self.assertEqual(suggestion.suggested_qty, 8)

    def test_a_break_that_has_expired_does_not_count(self):
        self._offer(
            self.product,
            self.first,
            5,
            min_qty=10,
            sequence=1,
            date_end=self._after(-1).date(),
        )
        self.assertEqual(self._suggested_for(8).suggested_qty, 8)

    def test_the_discount_of_the_vendor_counts(self):
        self.at_first.discount = 10
        self.assertEqual(self._suggested_for(5).estimated_cost, 45)

    def test_a_price_in_another_currency_costs_in_the_one_of_the_company(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": euro.id,
                "company_id": self.company.id,
                "name": "2030-01-01",
                "rate": 0.5,
            }
        )
        self.at_first.currency_id = euro
        self.assertEqual(self._suggested_for(5).estimated_cost, 100)

    # Units

    def test_whole_purchase_units_are_suggested(self):
        self.at_first.write({"product_uom_id": self.dozen.id, "price": 108})
        suggestion = self._suggested_for(13)
        self.assertEqual(self._figures(suggestion), [("buy", 13, 0, 24)])
        self.assertEqual(suggestion.estimated_cost, 216)

    def test_the_minimum_is_in_the_purchase_unit(self):
        self.at_first.write(
            {"product_uom_id": self.dozen.id, "min_qty": 2, "price": 108}
        )
        suggestion = self._suggested_for(1)
        self.assertEqual(suggestion.suggested_qty, 24)
        self.assertEqual(suggestion.minimum_qty, 24)

    def test_the_request_is_in_the_purchase_unit(self):
        self.at_first.write({"product_uom_id": self.dozen.id, "price": 108})
        request = self._accepted(self._suggested_for(13))
        self.assertEqual(request.order_line.product_uom_id, self.dozen)
        self.assertEqual(request.order_line.product_qty, 2)
        self.assertEqual(request.order_line.price_unit, 108)
        self.assertFalse(self._suggested(state="proposed"))

    def test_an_order_in_dozens_is_short_in_the_unit_of_the_product(self):
        self._order(
            (self.product, 2, {"product_uom_id": self.dozen.id, "price_unit": 120}),
            commitment_date=self._after(5),
        )
        suggestion = self._suggest()
        self.assertEqual(self._figures(suggestion), [("buy", 24, 0, 24)])
        self.assertEqual(suggestion.sudo().released_value, 240)
        self.assertEqual(suggestion.line_ids.qty, 24)

    def test_units_smaller_than_the_one_of_the_product(self):
        """Two times 250 g of what is kept in kg are half a kg."""
        kg, gram = (self.env.ref(f"uom.product_uom_{u}") for u in ("kgm", "gram"))
        flour = self._product("Flour", uom_id=kg.id, route_ids=self.buy.ids)
        self._offer(flour, self.first, 2, delay=2)
        for _n in range(2):
            self._order(
                (flour, 250, {"product_uom_id": gram.id}),
                commitment_date=self._after(5),
            )
        self.assertEqual(self._figures(self._suggest(flour)), [("buy", 0.5, 0, 0.5)])

    def test_a_vendor_that_sells_in_grams(self):
        kg, gram = (self.env.ref(f"uom.product_uom_{u}") for u in ("kgm", "gram"))
        flour = self._product("Flour", uom_id=kg.id, route_ids=self.buy.ids)
        self._offer(
            flour, self.first, 0.002, delay=2, product_uom_id=gram.id, min_qty=750
        )
        suggestion = self._suggested_for(0.5, flour)
        self.assertEqual(suggestion.suggested_qty, 0.75)
        self.assertEqual(suggestion.estimated_cost, 1.5)
        line = self._accepted(suggestion).order_line
        self.assertEqual((line.product_qty, line.product_uom_id), (750, gram))

    def test_a_unit_that_does_not_fit_evenly_brings_enough(self):
        """7 units of what is kept in dozens are 0.59 of one, rounded up as Odoo keeps
        them: at least seven are bought, and no eighth."""
        eggs = self._product("Eggs", uom_id=self.dozen.id, route_ids=self.buy.ids)
        self._offer(eggs, self.first, 0.5, delay=2, product_uom_id=self.unit.id)
        self._order(
            (eggs, 7, {"product_uom_id": self.unit.id}),
            commitment_date=self._after(5),
        )
        line = self._accepted(self._suggest(eggs)).order_line
        self.assertEqual(line.product_uom_id, self.unit)
        self.assertGreaterEqual(line.product_qty, 7)
        self.assertLess(line.product_qty, 8)

    # Multiples of a reordering rule

    def test_the_multiple_of_a_manual_rule_counts(self):
        self._orderpoint(
            quantity=0, trigger="manual", replenishment_uom_id=self.dozen.id
        )
        self.assertEqual(self._suggested_for(13).suggested_qty, 24)

    def test_the_multiple_counts_after_the_minimum(self):
        self._orderpoint(
            quantity=0, trigger="manual", replenishment_uom_id=self.dozen.id
        )
        self.at_first.min_qty = 15
        self.assertEqual(self._suggested_for(1).suggested_qty, 24)

    def test_the_multiple_counts_without_a_vendor(self):
        self.offers.unlink()
        self._orderpoint(
            quantity=0, trigger="manual", replenishment_uom_id=self.dozen.id
        )
        self.assertEqual(self._suggested_for(1).suggested_qty, 12)

    def test_the_multiple_of_another_warehouse_does_not_count(self):
        depot = self._second_warehouse()
        self._orderpoint(
            quantity=0,
            trigger="manual",
            replenishment_uom_id=self.dozen.id,
            warehouse_id=depot.id,
            location_id=depot.lot_stock_id.id,
        )
        self.assertEqual(self._suggested_for(1).suggested_qty, 1)
