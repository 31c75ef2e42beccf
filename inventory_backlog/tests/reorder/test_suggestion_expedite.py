from odoo.exceptions import UserError
from odoo.tests import tagged

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
