from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..suggestions import SuggestionCase


@tagged("post_install", "-at_install")
class TestSuggestionChosen(SuggestionCase):
    """Quantities and vendors that buyers write into the list."""

    def _edited(self, quantity, wanted=5):
        """A suggestion of which a buyer orders another quantity."""
        self._wanted(self.product, wanted)
        suggestion = self._suggest()
        suggestion.write({"suggested_qty": quantity})
        return self._fresh(suggestion)

    def _figures_of(self, suggestion):
        self._fresh(suggestion)
        return (
            suggestion.suggested_qty,
            suggestion.estimated_cost,
            suggestion.is_qty_chosen,
        )

    def test_an_edited_quantity_survives_the_run_and_is_ordered(self):
        suggestion = self._edited(8)
        self.assertEqual(self._figures_of(suggestion), (8, 80, True))
        self._changed_later()
        self._generate()
        self.assertEqual(self._figures_of(suggestion), (8, 80, True))
        self.assertIn("chosen by hand", suggestion.explanation)
        suggestion.order_now()
        self.assertEqual(suggestion.sudo().purchase_line_ids.product_qty, 8)

    def test_it_holds_while_it_covers_what_is_missing(self):
        suggestion = self._edited(8)
        self._wanted(self.product, 2)
        self._generate()
        self.assertEqual(self._figures_of(suggestion), (8, 80, True))
        self._wanted(self.product, 2)
        self._generate()
        self.assertEqual(self._figures_of(suggestion), (9, 90, False))

    def test_less_than_is_missing_holds_until_more_is(self):
        suggestion = self._edited(2)
        self._changed_later()
        self._generate()
        self.assertEqual(self._figures_of(suggestion), (2, 20, True))
        self._wanted(self.product, 1)
        self._generate()
        self.assertEqual(self._figures_of(suggestion), (6, 60, False))

    def test_it_is_the_quantity_again_after_an_undo(self):
        suggestion = self._edited(8)
        suggestion.order_now()
        suggestion.undo_now()
        self.assertEqual(self._figures_of(suggestion), (8, 80, True))

    def test_another_vendor_keeps_it_at_its_own_price(self):
        suggestion = self._edited(8)
        suggestion.write({"partner_id": self.second.id})
        self._changed_later()
        self._generate()
        self._fresh(suggestion)
        self.assertEqual(suggestion.partner_id, self.second)
        self.assertEqual(suggestion.suggested_qty, 8)
        self.assertEqual(suggestion.supplierinfo_id, self.at_second)

    def test_several_rows_are_edited_at_once_or_none(self):
        table = self._table()
        self._wanted([(self.product, 5), (table, 5)])
        both = self._suggest(self.product, table)
        both.write({"suggested_qty": 7})
        self.assertEqual(self._fresh(both).mapped("suggested_qty"), [7, 7])
        with self.assertRaisesRegex(UserError, "cannot be chosen for Table"):
            both.write({"partner_id": self.second.id})

    def test_only_what_is_bought_and_proposed_has_a_quantity_to_choose(self):
        lamp = self._product("Lamp")
        self._put_in_stock(lamp, 5, self._second_warehouse().lot_stock_id)
        self._wanted([(lamp, 5), (self.product, 5)])
        self._generate()
        transfer, bought = self._suggested(lamp), self._suggested()
        with self.assertRaisesRegex(UserError, "only what is bought"):
            transfer.write({"suggested_qty": 3})
        for quantity in (0, -1, 1e13, float("nan"), False, "7"):
            with self.subTest(quantity), self.assertRaises(UserError):
                bought.write({"suggested_qty": quantity})
        bought.order_now()
        with self.assertRaisesRegex(UserError, "under way"):
            bought.write({"suggested_qty": 3})

    def test_vendors_ship_customers_no_more_than_they_wait_for(self):
        direct = self._direct()
        order = self._wanted(direct, 5)
        order.sudo()._get_purchase_orders().button_cancel()
        suggestion = self._suggest(direct)
        self.assertEqual(suggestion.action_type, "dropship")
        with self.assertRaisesRegex(UserError, "wait for less"):
            suggestion.write({"suggested_qty": 6})
        suggestion.write({"suggested_qty": 4})
        self.assertEqual(self._figures_of(suggestion), (4, 40, True))

    def test_sellers_edit_nothing(self):
        suggestion = self._edited(8)
        seller = new_test_user(self.env, "clerk", "sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            suggestion.with_user(seller).write({"suggested_qty": 3})
