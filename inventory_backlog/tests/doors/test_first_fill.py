from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestFirstFill(BacklogCase):
    """What was ready when a line was confirmed is kept on it for good."""

    def _first_fill(self, order):
        """``(open, ready)`` when confirmed, of each line of the order, as the next
        refresh notes it."""
        self.env["backlog.fold"].sudo()._fold()
        lines = order.sudo().order_line
        lines.invalidate_recordset()
        return [(line.first_open_qty, line.first_ready_qty) for line in lines]

    def test_ready_is_what_is_in_stock(self):
        self._put_in_stock(self.product, 6)
        order = self._order((self.product, 4), (self.product, 5), (self._product(), 3))

        self.assertEqual(self._first_fill(order), [(4, 4), (5, 2), (3, 0)])

    def test_ready_is_what_those_ahead_leave(self):
        self._put_in_stock(self.product, 6)
        self._order(self.product, 4)
        order = self._order(self.product, 4)

        self.assertEqual(self._first_fill(order), [(4, 2)])

    def test_orders_confirmed_at_once_stand_in_one_queue(self):
        self._put_in_stock(self.product, 6)
        orders = self._quote((self.product, 4)) + self._quote((self.product, 4))
        orders.action_confirm()

        self.assertEqual(self._first_fill(orders), [(4, 4), (4, 2)])

    def test_it_equals_the_split_of_that_moment(self):
        self._put_in_stock(self.product, 7)
        self._purchase(self.product, 9)
        order = self._order((self.product, 5), (self.product, 6))

        self.assertEqual(
            self._first_fill(order),
            [split[:2] for split in self._split(order.order_line)],
        )

    def test_what_is_on_its_way_is_not_ready(self):
        self._purchase(self.product, 9)
        order = self._order(self.product, 5)

        self.assertEqual(self._first_fill(order), [(5, 0)])

    def test_later_supply_and_shipment_leave_it(self):
        self._put_in_stock(self.product, 2)
        order = self._order(self.product, 5)
        self.assertEqual(self._first_fill(order), [(5, 2)])
        self._receive(self._purchase(self.product, 9))
        order.sudo().picking_ids.action_assign()
        self._ship(order)

        self.assertEqual(order.order_line.qty_delivered, 5)
        self.assertEqual(self._first_fill(order), [(5, 2)])

    def test_what_ships_before_the_refresh_was_ready(self):
        self._put_in_stock(self.product, 5)
        order = self._order(self.product, 5)
        self._ship(order)

        self.assertEqual(self._first_fill(order), [(5, 5)])

    def test_a_part_that_ships_before_the_refresh_was_ready(self):
        self._put_in_stock(self.product, 3)
        order = self._order(self.product, 5)
        self._ship(order, 2)

        self.assertEqual(self._first_fill(order), [(5, 3)])

    def test_a_quantity_raised_before_the_refresh_leaves_it(self):
        self._put_in_stock(self.product, 7)
        order = self._order(self.product, 5)
        order.order_line.product_uom_qty = 9

        self.assertEqual(self._first_fill(order), [(5, 5)])

    def test_what_is_cancelled_before_the_refresh_stays_unknown(self):
        order = self._order(self.product, 5)
        order._action_cancel()

        self.assertEqual(self._first_fill(order), [(False, False)])

    def test_it_says_as_of_when(self):
        order = self._order(self.product, 5)
        self.assertEqual(order.sudo().order_line.first_open_qty, 5)
        self.assertIs(order.sudo().order_line.first_ready_qty, False)
        with freeze_time(self._after(0, 1)):
            self._first_fill(order)
            noted = order.sudo().order_line.first_ready_at
        self.assertEqual(noted, self._after(0, 1))

    def test_a_product_that_cannot_be_refreshed_stays_open(self):
        order = self._order((self.product, 5), (self._product(), 3))
        bad = self.product.id
        fold = type(self.env["backlog.fold"])
        keep = fold._keep_slices

        def failing(fold, product_ids):
            if bad in product_ids:
                raise ValueError("bad product")
            return keep(fold, product_ids)

        with patch.object(fold, "_keep_slices", failing):
            self.assertEqual(self._first_fill(order), [(5, False), (3, 0)])
        self.env["backlog.fold"].sudo()._fold()
        self.assertEqual(self._first_fill(order), [(5, 0), (3, 0)])

    def test_later_quantities_leave_it(self):
        self._put_in_stock(self.product, 4)
        order = self._order(self.product, 5)
        for quantity in (9, 3, 12):
            order.order_line.product_uom_qty = quantity
            self.assertEqual(self._first_fill(order), [(5, 4)])

    def test_line_added_later_keeps_what_is_ready_then(self):
        self._put_in_stock(self.product, 6)
        order = self._order(self.product, 4)
        order.order_line = [
            Command.create({"product_id": self.product.id, "product_uom_qty": 7})
        ]

        self.assertEqual(self._first_fill(order), [(4, 4), (7, 2)])

    def test_line_confirmed_without_quantity_is_judged_when_it_gets_one(self):
        self._put_in_stock(self.product, 6)
        order = self._order(self.product, 0)
        self.assertEqual(self._first_fill(order), [(False, False)])

        order.order_line.product_uom_qty = 8

        self.assertEqual(self._first_fill(order), [(8, 6)])

    def test_confirming_again_counts_anew(self):
        order = self._order(self.product, 5)
        self.assertEqual(self._first_fill(order), [(5, 0)])
        order._action_cancel()
        self.assertEqual(self._first_fill(order), [(5, 0)])
        order.action_draft()
        self.assertEqual(self._first_fill(order), [(False, False)])
        self._put_in_stock(self.product, 9)
        order.order_line.product_uom_qty = 7
        order.action_confirm()

        self.assertEqual(self._first_fill(order), [(7, 7)])

    def test_line_from_before_the_install_stays_unknown(self):
        order = self._order(self.product, 5)
        order.order_line.sudo().write(
            {"first_open_qty": False, "first_ready_qty": False}
        )
        order.order_line.product_uom_qty = 8

        self.assertEqual(self._first_fill(order), [(False, False)])

    def test_nothing_ready_is_zero_and_not_unknown(self):
        order = self._order(self.product, 5)

        self.assertEqual(self._first_fill(order), [(5, 0)])
        line = self.env["sale.order.line"].search(
            [("order_id", "=", order.id), ("first_ready_qty", "=", 0)]
        )
        self.assertEqual(line.order_id, order)

    def test_quantities_are_in_the_unit_of_the_line(self):
        self._put_in_stock(self.product, 30)
        order = self._order((self.product, 4, {"product_uom_id": self.dozen.id}))

        self.assertEqual(self._first_fill(order), [(4, 2.5)])

    def test_goods_brought_for_the_line_were_not_ready(self):
        mto = self.warehouse.mto_pull_id.route_id
        mto.active = True
        vendors = [Command.create({"partner_id": self.vendor.id, "price": 10})]
        for routes in (
            mto + self.warehouse.buy_pull_id.route_id,
            self.env.ref("stock_dropshipping.route_drop_shipping"),
        ):
            with self.subTest(routes=routes.mapped("name")):
                product = self._product(route_ids=routes.ids, seller_ids=vendors)
                self._put_in_stock(product, 20)
                order = self._order(product, 5)

                self.assertEqual(self._first_fill(order), [(5, 0)])

    def test_goods_that_are_not_stored_are_always_ready(self):
        order = self._order(self._product(is_storable=False), 5)

        self.assertEqual(self._first_fill(order), [(5, 5)])

    def test_other_lines_have_none(self):
        order = self._order(
            (self._product("Advice", type="service", is_storable=False), 5),
            (self.product, 5, {"is_expense": True}),
        )
        order.order_line = [
            Command.create({"display_type": "line_section", "name": "Section"})
        ]

        self.assertEqual(self._first_fill(order), [(False, False)] * 3)

    def test_quotations_and_copies_have_none(self):
        self._put_in_stock(self.product, 6)
        quotation = self._quote((self.product, 5))
        self.assertEqual(self._first_fill(quotation), [(False, False)])

        quotation.action_confirm()

        self.assertEqual(self._first_fill(quotation), [(5, 5)])
        self.assertEqual(self._first_fill(quotation.copy()), [(False, False)])

    def test_lines_that_launch_no_delivery_have_none(self):
        order = self._order(self.product, 5)
        order.with_context(skip_procurement=True).order_line = [
            Command.create({"product_id": self.product.id, "product_uom_qty": 2})
        ]

        self.assertEqual(self._first_fill(order), [(5, 0), (False, False)])

    def test_it_cannot_be_written(self):
        order = self._order(self.product, 5)
        for name in ("first_open_qty", "first_ready_qty"):
            with self.assertRaisesRegex(UserError, "kept as it was"):
                order.order_line.write({name: 3})
            order = self._order((self.product, 5, {name: 3}))
            self.assertEqual(self._first_fill(order), [(5, 0)])

    def test_it_cannot_be_a_default(self):
        order = self._quote((self.product, 5))
        line = order.order_line.with_context(default_first_ready_qty=5).create(
            {"order_id": order.id, "product_id": self.product.id}
        )
        self.assertIs(line.sudo().first_ready_qty, False)

    def test_customers_confirm_and_do_not_read_it(self):
        portal = new_test_user(self.env, "portal_buyer", "base.group_portal")
        self._put_in_stock(self.product, 6)
        order = self._quote((self.product, 5), partner_id=portal.partner_id.id)
        order.sudo().message_subscribe(portal.partner_id.ids)
        visible = order.with_user(portal)
        visible.sudo().action_confirm()

        self.assertEqual(self._first_fill(order), [(5, 5)])
        with self.assertRaises(AccessError):
            visible.order_line.read(["first_ready_qty"])

    def test_a_batch_costs_one_statement(self):
        """The moment of confirmation is found for all orders at once."""

        def statements(count):
            orders = self.env["sale.order"].union(
                *(self._quote((self.product, 1)) for _number in range(count))
            )
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            orders.order_line._keep_first_fill()
            drafts = self.env.cr.sql_log_count - before
            orders.action_confirm()
            self.env.flush_all()
            orders.order_line.sudo().write({"first_open_qty": False})
            self.env.flush_all()
            lines = orders.order_line
            lines.mapped("move_ids.product_id.type")
            before = self.env.cr.sql_log_count
            lines._keep_first_fill()
            return drafts, self.env.cr.sql_log_count - before

        self.assertEqual(statements(1), (0, 1))
        self.assertEqual(statements(7), (0, 1))
