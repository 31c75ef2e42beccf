from odoo.tests import tagged

from ..suggestions import SuggestionCase


@tagged("post_install", "-at_install")
class TestSuggestionSentBack(SuggestionCase):
    """Nothing is bought to be sent back."""

    def _open_return(self, picking, quantity):
        wizard = self.env["stock.return.picking"].create({"picking_id": picking.id})
        wizard.product_return_moves.quantity = quantity
        action = wizard.action_create_returns()
        return self.env["stock.picking"].browse(action["res_id"])

    def _received_and_sold(self, steps):
        """Five came and were sold. Returns the last transfer of the receipt."""
        self.warehouse.reception_steps = steps
        product = self._table(steps)
        purchase = self._purchase(product, 5, days=1)
        for _step in range(3):
            self._receive(purchase)
        moves = self.env["stock.move"].search([("product_id", "=", product.id)])
        self._ship(self._wanted(product, 5))
        return product, moves.sorted("id")[-1:].picking_id

    def test_a_return_to_the_vendor_is_not_bought(self):
        for steps in ("one_step", "two_steps", "three_steps"):
            with self.subTest(steps=steps):
                product, put_away = self._received_and_sold(steps)
                back = self._open_return(put_away, 3)
                self.assertEqual(back.state, "waiting")
                self.assertFalse(self._suggest(product))
                self._wanted(product, 2)
                self.assertEqual(
                    self._figures(self._suggest(product)), [("buy", 2, 0, 2)]
                )

    def test_a_purchase_below_zero_is_not_bought(self):
        for steps in ("one_step", "two_steps", "three_steps"):
            with self.subTest(steps=steps):
                self.warehouse.reception_steps = steps
                product = self._table(steps)
                self._purchase(product, -4, days=1)
                self.assertFalse(self._suggest(product))

    def test_a_return_takes_no_receipt_that_is_late_for_it(self):
        product, put_away = self._received_and_sold("one_step")
        back = self._open_return(put_away, 3)
        back.scheduled_date = self._after(1)
        self._purchase(product, 3, days=9)
        self.assertFalse(self._suggest(product))
