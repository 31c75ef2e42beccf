from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestReturns(BacklogCase):
    """What comes back is refunded or replaced; only the latter is open again."""

    def setUp(self):
        super().setUp()
        self._put_in_stock(self.product, 5)
        self.order = self._order(self.product, 5)
        self._ship(self.order)

    def _return(self, quantity, to_refund=True, exchange=False):
        """The transfer that brings ``quantity`` of the shipped goods back."""
        picking = self.order.sudo().picking_ids.filtered(
            lambda picking: (
                picking.picking_type_id.code == "outgoing" and picking.state == "done"
            )
        )[:1]
        wizard = self._return_of(picking, quantity)
        wizard.product_return_moves.to_refund = to_refund
        if exchange:
            action = wizard.action_create_exchanges()
        else:
            action = wizard.action_create_returns()
        return self.env["stock.picking"].browse(action["res_id"])

    def _return_of(self, picking, quantity):
        wizard = self.env["stock.return.picking"].create({"picking_id": picking.id})
        wizard.product_return_moves.quantity = quantity
        return wizard

    def test_return_to_refund_opens_nothing(self):
        returned = self._return(2)
        self.assertEqual(self._split(self.order.order_line), [(0, 0, 0, 0)])

        self._validate(returned)

        self.assertEqual(self.order.order_line.qty_delivered, 3)
        self.assertEqual(self._split(self.order.order_line), [(0, 0, 0, 0)])

    def test_returned_goods_serve_the_next_order(self):
        waiting = self._order(self.product, 3)
        returned = self._return(2)
        self.assertEqual(self._split(waiting.order_line), [(3, 0, 2, 1)])
        self.assertEqual(
            self._slices(waiting.order_line),
            [("receipt", 2, 0, returned), ("none", 1, None, None)],
        )

        self._validate(returned)

        self.assertEqual(self._split(waiting.order_line), [(3, 2, 0, 1)])

    def test_returned_goods_that_are_scrapped_serve_nobody(self):
        waiting = self._order(self.product, 3)
        returned = self._return(2)
        returned.move_ids.location_dest_id = self.env["stock.location"].create(
            {"name": "Scrap", "usage": "inventory"}
        )

        self.assertEqual(self._split(waiting.order_line), [(3, 0, 0, 3)])

    def test_return_to_replace_opens_the_replacement(self):
        returned = self._return(2, to_refund=False, exchange=True)
        self.assertEqual(self._split(self.order.order_line), [(2, 0, 2, 0)])

        self._validate(returned)
        self.assertEqual(self._split(self.order.order_line), [(2, 2, 0, 0)])

        self._ship(self.order)
        self.assertEqual(self._split(self.order.order_line), [(0, 0, 0, 0)])

    def test_return_without_refund_opens_nothing(self):
        self._validate(self._return(2, to_refund=False))

        self.assertEqual(self.order.order_line.qty_delivered, 5)
        self.assertEqual(self._split(self.order.order_line), [(0, 0, 0, 0)])

    def test_return_of_the_return_is_open_for_the_same_line(self):
        returned = self._return(2)
        self._validate(returned)
        self._return_of(returned, 2).action_create_returns()
        self.assertEqual(self._split(self.order.order_line), [(2, 2, 0, 0)])
        # Mended, and to be sent again: the customer's, and with us.
        self.assertEqual(self._line(self.order.order_line).open_value, 200)

        self._ship(self.order)

        self.assertEqual(self.order.order_line.qty_delivered, 5)
        self.assertEqual(self._split(self.order.order_line), [(0, 0, 0, 0)])

    def test_refunded_goods_ordered_again_are_open(self):
        """Odoo procures the raise beside what it shipped and took back before."""
        self._validate(self._return(2))
        self.order.order_line.product_uom_qty = 7

        self.assertEqual(self._split(self.order.order_line), [(4, 2, 0, 2)])

    def test_return_to_vendor_competes_with_the_customers(self):
        purchase = self._purchase(self.product, 4)
        self._receive(purchase)
        self._return_of(purchase.picking_ids, 3).action_create_returns()
        order = self._order(self.product, 4)

        self.assertEqual(self._split(order.order_line), [(4, 1, 0, 3)])

    def test_receipt_in_exchange_brings_what_goes_back(self):
        purchase = self._purchase(self.product, 4)
        self._receive(purchase)
        waiting = self._order(self.product, 6)
        waiting.sudo().picking_ids.do_unreserve()
        wizard = self._return_of(purchase.picking_ids, 3)
        action = wizard.action_create_exchanges()
        self.assertEqual(self._split(waiting.order_line), [(6, 1, 3, 2)])
        self._validate(self.env["stock.picking"].browse(action["res_id"]))
        self.assertEqual(self._split(waiting.order_line), [(6, 1, 3, 2)])

    def _steps(self, steps):
        """Have the warehouse receive in steps, and take returns into Input."""
        self.warehouse.reception_steps = steps
        receipts = self.warehouse.in_type_id
        receipts.default_location_dest_id = self.warehouse.wh_input_stock_loc_id
        self.warehouse.out_type_id.return_picking_type_id = receipts

    def test_a_return_into_input_is_on_its_way_like_one_into_stock(self):
        """Odoo pushes it on from Input, and through quality, to the stock."""
        for steps in ("two_steps", "three_steps"):
            with self.subTest(steps):
                chair = self._product("Chair")
                self._put_in_stock(chair, 5)
                self.order = self._order(chair, 5)
                self._ship(self.order)
                self._steps(steps)
                waiting = self._order(chair, 5)
                step = self._return(5)
                self.assertEqual(
                    step.move_ids.location_dest_id,
                    self.warehouse.wh_input_stock_loc_id,
                )
                while step:
                    self.assertEqual(
                        self._slices(waiting.order_line), [("receipt", 5, 0, step)]
                    )
                    self._validate(step)
                    step = step.move_ids.move_dest_ids.picking_id.filtered(
                        lambda one: one.state != "done"
                    )
                self.assertEqual(self._split(waiting.order_line), [(5, 5, 0, 0)])

    def test_what_goes_back_to_input_from_the_stock_stays_there(self):
        self._steps("two_steps")
        purchase = self._purchase(self.product, 5)
        receipt = purchase.sudo().picking_ids
        self._validate(receipt)
        store = receipt.move_ids.move_dest_ids.picking_id
        self._validate(store)
        back = self.env["stock.picking"].browse(
            self._return_of(store, 3).action_create_returns()["res_id"]
        )
        self.assertEqual(
            back.move_ids.location_dest_id, self.warehouse.wh_input_stock_loc_id
        )
        back.action_assign()
        waiting = self._order(self.product, 5)
        self.assertEqual(self._split(waiting.order_line), [(5, 2, 0, 3)])
        self._validate(back)
        self.assertEqual(self._split(waiting.order_line), [(5, 2, 0, 3)])
