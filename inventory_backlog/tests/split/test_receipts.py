from odoo.tests import freeze_time, tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestReceipts(BacklogCase):
    """Which receipt serves which line, and when."""

    def test_each_line_gets_its_own_slices_and_dates_in_queue_order(self):
        first, second = (self._order(self.product, 4).order_line for _o in range(2))
        late = self._purchase(self.product, 5, days=9)
        early = self._purchase(self.product, 3, days=3)

        self.assertEqual(
            self._slices(first), [("receipt", 3, 3, early), ("receipt", 1, 9, late)]
        )
        self.assertEqual(self._slices(second), [("receipt", 4, 9, late)])
        self.assertEqual(
            self._line(first + second).sorted("id").mapped("expected_date"),
            [self._after(9), self._after(9)],
        )

    def test_promise_decides_who_gets_the_first_receipt(self):
        later = self._order(self.product, 4, commitment_date=self._after(20))
        sooner = self._order(self.product, 4, commitment_date=self._after(10))
        early = self._purchase(self.product, 4, days=3)
        late = self._purchase(self.product, 4, days=9)

        self.assertEqual(self._slices(later.order_line), [("receipt", 4, 9, late)])
        self.assertEqual(self._slices(sooner.order_line), [("receipt", 4, 3, early)])

    def test_several_receipts_for_one_line(self):
        line = self._order(self.product, 10).order_line
        purchases = [
            self._purchase(self.product, quantity, days=days)
            for quantity, days in ((2, 3), (3, 5), (4, 8))
        ]

        self.assertEqual(
            self._slices(line),
            [
                ("receipt", 2, 3, purchases[0]),
                ("receipt", 3, 5, purchases[1]),
                ("receipt", 4, 8, purchases[2]),
                ("none", 1, None, None),
            ],
        )
        self.assertFalse(self._line(line).expected_date)

    def test_one_receipt_is_shared_by_several_lines_and_the_rest_is_left_over(self):
        lines = self._order(
            (self.product, 2), (self.product, 3), (self.product, 4)
        ).order_line
        purchase = self._purchase(self.product, 20, days=3)

        self.assertEqual(
            self._slices(lines),
            [("receipt", quantity, 3, purchase) for quantity in (2, 3, 4)],
        )

    def test_no_receipt_is_promised_twice(self):
        for _number in range(4):
            self._order(self.product, 3)
        self._purchase(self.product, 7)

        self.assertEqual(
            self.env["backlog.allocation"]._read_group(
                [("product_id", "=", self.product.id)], ["source"], ["qty:sum"]
            ),
            [("none", 5), ("receipt", 7)],
        )

    def test_receipt_that_is_late_counts_as_due_today(self):
        line = self._order(self.product, 4).order_line
        purchase = self._purchase(self.product, 4, days=2)
        with freeze_time(self._after(5)):
            [(source, qty, days, document)] = self._slices(line)
            self.assertEqual((source, qty, days, document), ("receipt", 4, 5, purchase))
            self.assertEqual(self._line(line).expected_date, self._after(5))

    def test_partial_receipt_is_ready_and_the_rest_stays_incoming(self):
        order = self._order(self.product, 6)
        purchase = self._purchase(self.product, 6, days=3)
        self._receive(purchase, 4)

        self.assertEqual(self._split(order.order_line), [(6, 4, 2, 0)])
        self.assertEqual(
            self._slices(order.order_line),
            [("reserved", 4, 0, None), ("receipt", 2, 3, purchase)],
        )

    def test_receipt_closed_short_is_to_source(self):
        order = self._order(self.product, 6)
        purchase = self._purchase(self.product, 6)
        self._receive(purchase, 4, backorder=False)

        self.assertEqual(self._split(order.order_line), [(6, 4, 0, 2)])

    def test_requests_for_quotation_are_never_incoming(self):
        order = self._order(self.product, 6)
        request = self._request(self.product, 6)
        for state in ("draft", "sent", "to approve"):
            request.state = state
            self.assertEqual(self._split(order.order_line), [(6, 0, 0, 6)], state)

        request.state = "draft"
        request.button_confirm()
        self.assertEqual(self._split(order.order_line), [(6, 0, 6, 0)])

        request.button_cancel()
        self.assertEqual(self._split(order.order_line), [(6, 0, 0, 6)])

    def test_purchase_that_is_put_off_moves_the_expected_date(self):
        """Odoo moves only the deadline of the receipt, not its date."""
        line = self._order(self.product, 6).order_line
        purchase = self._purchase(self.product, 6, days=3)
        self.assertEqual(line.backlog_expected_date, self._after(3))

        purchase.order_line.date_planned = self._after(11)

        self.assertEqual(self._line(line).expected_date, self._after(11))
        self.assertEqual(line.backlog_expected_date, self._after(11))

    def test_receipt_that_is_put_off_moves_the_expected_date(self):
        line = self._order(self.product, 6).order_line
        purchase = self._purchase(self.product, 6, days=3)
        purchase.picking_ids.scheduled_date = self._after(11)

        self.assertEqual(self._line(line).expected_date, self._after(11))

    def test_purchase_that_is_put_off_serves_after_the_others(self):
        line = self._order(self.product, 6).order_line
        first, second = (self._purchase(self.product, 5, days=d) for d in (3, 5))
        first.order_line.date_planned = self._after(11)

        self.assertEqual(
            self._slices(line), [("receipt", 5, 5, second), ("receipt", 1, 11, first)]
        )

    def test_purchase_of_several_lines_and_products(self):
        table = self._product("Table")
        order = self._order((self.product, 3), (table, 2))
        purchase = self._purchase((self.product, 3), (table, 1), days=4)

        self.assertEqual(
            self._slices(order.order_line),
            [
                ("receipt", 3, 4, purchase),
                ("receipt", 1, 4, purchase),
                ("none", 1, None, None),
            ],
        )
        self.assertEqual(order.backlog_state, "to_source")
        self.assertFalse(order.backlog_expected_date)

    def test_expected_date_of_ready_goods_is_now(self):
        self._put_in_stock(self.product, 3)
        line = self._order(self.product, 3).order_line

        self.assertEqual(self._line(line).expected_date, self._after(0))

    def test_what_is_left_of_stock_comes_before_receipts(self):
        self._put_in_stock(self.product, 5)
        first, second = (self._order(self.product, 4).order_line for _o in range(2))
        purchase = self._purchase(self.product, 3, days=2)

        self.assertEqual(
            self._slices(first + second),
            [
                ("reserved", 4, 0, None),
                ("reserved", 1, 0, None),
                ("receipt", 3, 2, purchase),
            ],
        )

    def test_queue_rank_says_who_is_ahead(self):
        later = self._order(self.product, 1, commitment_date=self._after(20))
        sooner = self._order(self.product, 1, commitment_date=self._after(10))
        starred = self._order(self.product, 1, commitment_date=self._after(30))
        starred.sudo().picking_ids.priority = "1"

        rank = dict(
            self.env["backlog.allocation"]._read_group(
                [("product_id", "=", self.product.id)],
                ["order_line_id"],
                ["queue_rank:min"],
            )
        )
        self.assertEqual(
            [rank[order.order_line] for order in (starred, sooner, later)], [1, 2, 3]
        )
