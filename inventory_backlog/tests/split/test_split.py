from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestSplit(BacklogCase):
    """The split of open order lines in the plainest world: one step, one warehouse."""

    def test_stock_serves_the_queue_then_receipts_in_their_order(self):
        self._put_in_stock(self.product, 10)
        orders = [self._order(self.product, quantity) for quantity in (7, 7, 4)]
        late = self._purchase(self.product, 5, days=9)
        early = self._purchase(self.product, 2, days=3)
        first, second, third = (order.order_line for order in orders)

        self.assertEqual(
            self._split(first + second + third),
            [(7, 7, 0, 0), (7, 3, 4, 0), (4, 0, 3, 1)],
        )
        self.assertEqual(
            self._slices(second + third),
            [
                ("reserved", 3, 0, None),
                ("receipt", 2, 3, early),
                ("receipt", 2, 9, late),
                ("receipt", 3, 9, late),
                ("none", 1, None, None),
            ],
        )
