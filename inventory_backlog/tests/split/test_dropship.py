from odoo.fields import Command
from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestDropship(BacklogCase):
    """Goods that a vendor sends straight to the customer never touch our stock."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.route = cls.env.ref("stock_dropshipping.route_drop_shipping")
        cls.direct = cls._product(
            "Direct",
            route_ids=cls.route.ids,
            seller_ids=[Command.create({"partner_id": cls.vendor.id, "price": 10})],
        )

    def _purchase_of(self, order):
        return order.sudo()._get_purchase_orders()

    def test_purchase_in_draft_is_to_source_though_stock_is_there(self):
        self._put_in_stock(self.direct, 20)
        order = self._order(self.direct, 5)

        self.assertEqual(self._purchase_of(order).state, "draft")
        self.assertFalse(order.order_line.move_ids)
        self.assertEqual(self._split(order.order_line), [(5, 0, 0, 5)])
        self.assertEqual(self._slices(order.order_line), [("none", 5, None, None)])

    def test_quotation_of_what_a_vendor_ships_counts_with_its_lead_time(self):
        """By the route of the line, which leaves it without a warehouse."""
        self.direct.seller_ids.delay = 4
        line = self._quote(
            (self.direct, 5, {"route_ids": [Command.set(self.route.ids)]})
        ).order_line
        self.assertFalse(line.warehouse_id)
        self.assertEqual(line.quote_to_source_qty, 5)
        self.assertEqual(line.quote_expected_date, self._after(4))

    def test_confirmed_purchase_is_incoming_with_its_document(self):
        self._put_in_stock(self.direct, 20)
        order = self._order(self.direct, 5)
        purchase = self._purchase_of(order)
        purchase.order_line.date_planned = self._after(4)
        purchase.button_confirm()

        self.assertEqual(self._split(order.order_line), [(5, 0, 5, 0)])
        self.assertEqual(self._slices(order.order_line), [("receipt", 5, 4, purchase)])
        self.assertEqual(order.picking_ids.sudo().backlog_state, "incoming")

    def test_purchase_that_is_put_off_moves_the_expected_date(self):
        order = self._order(self.direct, 5)
        purchase = self._purchase_of(order)
        purchase.button_confirm()
        purchase.order_line.date_planned = self._after(11)

        self.assertEqual(order.backlog_expected_date, self._after(11))

    def test_partly_sent_by_the_vendor_is_open_for_the_rest(self):
        order = self._order(self.direct, 5)
        purchase = self._purchase_of(order)
        purchase.button_confirm()
        self._receive(purchase, 2)
        self.assertEqual(self._split(order.order_line), [(3, 0, 3, 0)])

        self._receive(purchase)

        self.assertEqual(self._split(order.order_line), [(0, 0, 0, 0)])

    def test_closed_short_by_the_vendor_is_not_open(self):
        order = self._order(self.direct, 5)
        purchase = self._purchase_of(order)
        purchase.button_confirm()
        self._receive(purchase, 2, backorder=False)

        self.assertEqual(self._split(order.order_line), [(0, 0, 0, 0)])

    def test_quantity_raised_after_the_purchase_was_confirmed_is_to_source(self):
        """Odoo asks the vendor for the difference in a second request."""
        order = self._order(self.direct, 5)
        self._purchase_of(order).button_confirm()
        order.order_line.product_uom_qty = 8

        self.assertEqual(self._split(order.order_line), [(8, 0, 5, 3)])

    def test_rest_that_the_buyer_no_longer_orders_is_owed_to_the_customer(self):
        """Odoo ships three and does nothing about the others; the order asks for
        five, and whoever sold them has not cancelled any."""
        order = self._order(self.direct, 5)
        purchase = self._purchase_of(order)
        purchase.button_confirm()
        purchase.order_line.product_qty = 3
        self.assertEqual(self._split(order.order_line), [(5, 0, 3, 2)])
        self.assertEqual(self._line(order.order_line).open_value, 500)
        self.assertEqual(purchase.order_line.move_ids.product_uom_qty, 3)

        self._receive(purchase)
        self.assertEqual(order.order_line.qty_delivered, 3)
        self.assertEqual(self._split(order.order_line), [(2, 0, 0, 2)])

        order.order_line.product_uom_qty = 3
        self.assertEqual(self._split(order.order_line), [(0, 0, 0, 0)])

    def test_dropship_in_another_unit_leaves_no_crumbs(self):
        order = self._order(
            (self.direct, 1, {"product_uom_id": self.dozen.id}),
            (self._direct_in_dozens(), 10, {"product_uom_id": self.unit.id}),
        )
        self._purchase_of(order).button_confirm()

        self.assertEqual([qty[3] for qty in self._split(order.order_line)], [0, 0])

    def _direct_in_dozens(self):
        return self._product(
            "Direct Dozens",
            uom_id=self.dozen.id,
            route_ids=self.route.ids,
            seller_ids=[Command.create({"partner_id": self.vendor.id, "price": 10})],
        )

    def test_more_requested_than_ordered_is_open_only_as_ordered(self):
        order = self._order(self.direct, 5)
        self._purchase_of(order).button_confirm()
        order.order_line.product_uom_qty = 8
        draft = self._purchase_of(order).filtered(lambda p: p.state == "draft")
        draft.order_line.product_qty = 50

        self.assertEqual(self._split(order.order_line), [(8, 0, 5, 3)])

    def test_purchase_cancelled_after_confirmation(self):
        """The vendor declined, the customer still waits: somebody must act."""
        order = self._order(self.direct, 5)
        purchase = self._purchase_of(order)
        purchase.button_confirm()
        purchase.button_cancel()
        self.assertEqual(self._split(order.order_line), [(5, 0, 0, 5)])

        purchase.button_draft()
        self.assertEqual(self._split(order.order_line), [(5, 0, 0, 5)])

        purchase.button_confirm()
        self.assertEqual(self._split(order.order_line), [(5, 0, 5, 0)])

    def test_draft_purchase_of_goods_that_pass_through_stock_counts_once(self):
        self.direct.route_ids = self.warehouse.buy_pull_id.route_id
        order = self._order(self.direct, 5)
        self._request((self.direct, 5, {"sale_line_id": order.order_line.id}))

        self.assertEqual(self._split(order.order_line), [(5, 0, 0, 5)])

    def test_request_for_the_stock_does_not_open_what_was_closed_short(self):
        self.direct.route_ids = self.warehouse.buy_pull_id.route_id
        self._put_in_stock(self.direct, 2)
        order = self._order(self.direct, 5)
        self._ship(order, backorder=False)
        self._request((self.direct, 3, {"sale_line_id": order.order_line.id}))

        self.assertEqual(self._split(order.order_line), [(0, 0, 0, 0)])

    def test_dropshipped_goods_do_not_compete_for_stock(self):
        self._put_in_stock(self.direct, 4)
        order = self._order(self.direct, 5)
        self._purchase_of(order).button_confirm()
        self.direct.route_ids = False
        from_stock = self._order(self.direct, 4)

        self.assertEqual(
            self._split((order + from_stock).order_line),
            [(5, 0, 5, 0), (4, 4, 0, 0)],
        )

    def test_cancelled_purchase_is_to_source_again(self):
        order = self._order(self.direct, 5)
        self._purchase_of(order).button_cancel()

        self.assertEqual(self._split(order.order_line), [(5, 0, 0, 5)])
