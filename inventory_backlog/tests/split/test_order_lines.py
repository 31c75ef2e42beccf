from odoo.fields import Command
from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestOrderLines(BacklogCase):
    """Which kinds of order lines are open, and which never are."""

    def _lines(self, order):
        """Every line by its product's or its own name, with what is open."""
        return {
            line.product_id.name or line.name: split
            for line, split in zip(
                order.order_line, self._split(order.order_line), strict=True
            )
        }

    def test_services_sections_notes_and_subsections_are_never_open(self):
        service = self._product("Installation", type="service", is_storable=False)
        order = self._quote((self.product, 2), (service, 3))
        order.order_line = [
            Command.create({"display_type": "line_section", "name": "Section"}),
            Command.create({"display_type": "line_note", "name": "Note"}),
            Command.create({"display_type": "line_subsection", "name": "Subsection"}),
        ]
        order.action_confirm()

        self.assertEqual(
            self._lines(order),
            {
                "Chair": (2, 0, 0, 2),
                "Installation": (0, 0, 0, 0),
                "Section": (0, 0, 0, 0),
                "Note": (0, 0, 0, 0),
                "Subsection": (0, 0, 0, 0),
            },
        )
        self.assertEqual(self._line(order.order_line).product_id, self.product)

    def test_down_payment_is_never_open(self):
        order = self._order(self.product, 2)
        self.env["sale.advance.payment.inv"].create(
            {
                "sale_order_ids": order.ids,
                "advance_payment_method": "percentage",
                "amount": 50,
            }
        ).create_invoices()
        down_payments = order.order_line.filtered("is_downpayment")

        self.assertTrue(down_payments)
        self.assertEqual(
            self._split(down_payments), [(0, 0, 0, 0)] * len(down_payments)
        )
        self.assertEqual(
            self._line(order.order_line).order_line_id,
            order.order_line - down_payments,
        )

    def test_down_payment_with_goods_as_its_product_is_not_open(self):
        order = self._order(self.product, 2)
        order.sudo().order_line = [
            Command.create(
                {
                    "product_id": self.product.id,
                    "is_downpayment": True,
                    "product_uom_qty": 0,
                    "price_unit": 50,
                }
            )
        ]

        self.assertEqual(self._split(order.order_line), [(2, 0, 0, 2), (0, 0, 0, 0)])

    def test_only_the_items_of_a_combo_are_open(self):
        table = self._product("Table")
        combos = self.env["product.combo"].create(
            [
                {
                    "name": product.name,
                    "combo_item_ids": [Command.create({"product_id": product.id})],
                }
                for product in (self.product, table)
            ]
        )
        meal = self._product(
            "Set", type="combo", is_storable=False, combo_ids=combos.ids
        )
        self._put_in_stock(self.product, 5)
        order = self._quote((meal, 2))
        order.order_line = [
            Command.create(
                {
                    "product_id": combo.combo_item_ids.product_id.id,
                    "product_uom_qty": 2,
                    "combo_item_id": combo.combo_item_ids.id,
                    "linked_line_id": order.order_line.id,
                }
            )
            for combo in combos
        ]
        order.action_confirm()

        self.assertEqual(
            self._lines(order),
            {"Set": (0, 0, 0, 0), "Chair": (2, 2, 0, 0), "Table": (2, 0, 0, 2)},
        )

    def test_goods_that_are_not_stored_are_ready_as_long_as_they_are_open(self):
        cable = self._product("Cable", is_storable=False)
        order = self._order(cable, 5)
        self.assertEqual(self._split(order.order_line), [(5, 5, 0, 0)])

        self._ship(order, 2)

        self.assertEqual(self._split(order.order_line), [(3, 3, 0, 0)])

    def test_archived_product_stays_in_the_backlog(self):
        self._put_in_stock(self.product, 3)
        order = self._order(self.product, 5)
        self.product.action_archive()

        self.assertEqual(self._split(order.order_line), [(5, 3, 0, 2)])
        self.assertEqual(self._line(order.order_line).product_id, self.product)
        self.assertEqual(self.product.backorder_qty, 2)
        self.assertEqual(self.product.product_tmpl_id.backorder_qty, 2)

    def test_line_without_any_move_is_open_and_to_source(self):
        """As in orders confirmed before the inventory app was installed."""
        self._put_in_stock(self.product, 9)
        order = self._quote((self.product, 5))
        order.with_context(skip_procurement=True).action_confirm()

        self.assertFalse(order.order_line.move_ids)
        self.assertEqual(self._split(order.order_line), [(5, 0, 0, 5)])
        self.assertEqual(self._slices(order.order_line), [("none", 5, None, None)])

    def test_line_without_any_move_is_open_for_what_was_not_delivered_by_hand(self):
        order = self._quote((self.product, 5))
        order.with_context(skip_procurement=True).action_confirm()
        order.order_line.qty_delivered = 3
        self.assertEqual(self._split(order.order_line), [(2, 0, 0, 2)])

        order.order_line.qty_delivered = 7

        self.assertEqual(self._split(order.order_line), [(0, 0, 0, 0)])

    def test_line_without_any_move_takes_nothing_from_the_others(self):
        self._put_in_stock(self.product, 4)
        self._quote((self.product, 5)).with_context(
            skip_procurement=True
        ).action_confirm()
        order = self._order(self.product, 4)

        self.assertEqual(self._split(order.order_line), [(4, 4, 0, 0)])

    def test_line_whose_goods_went_elsewhere_is_still_owed(self):
        """Whoever sends the delivery to another place has shipped nothing."""
        repair = self.env["stock.location"].create(
            {"name": "Repair", "location_id": self.warehouse.view_location_id.id}
        )
        scrap = self.env["stock.location"].create(
            {"name": "Scrap", "usage": "inventory"}
        )
        for place in (repair, scrap):
            product = self._product(place.name)
            self._put_in_stock(product, 5)
            order = self._order(product, 5)
            transfer = order.sudo().picking_ids
            transfer.location_dest_id = place
            self._validate(transfer)
            with self.subTest(place=place.name):
                self.assertEqual(transfer.state, "done")
                self.assertEqual(self._split(order.order_line), [(5, 0, 0, 5)])

    def test_line_picked_and_then_closed_by_the_seller_is_not_open(self):
        self.warehouse.delivery_steps = "pick_ship"
        self._put_in_stock(self.product, 5)
        order = self._order(self.product, 5)
        self._ship(order)
        order.sudo().picking_ids.filtered(
            lambda transfer: transfer.state == "assigned"
        ).action_cancel()
        self.assertEqual(self._split(order.order_line), [(0, 0, 0, 0)])

    def test_negative_line_is_not_open(self):
        order = self._order((self.product, 5), (self._product("Table"), -2))

        self.assertEqual(self._lines(order)["Table"], (0, 0, 0, 0))

    def test_two_lines_of_one_product_are_served_in_their_order(self):
        self._put_in_stock(self.product, 5)
        order = self._order((self.product, 3), (self.product, 4))

        self.assertEqual(self._split(order.order_line), [(3, 3, 0, 0), (4, 2, 0, 2)])
