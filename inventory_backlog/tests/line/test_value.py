from odoo.fields import Command
from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestValue(BacklogCase):
    """What the open part is worth: untaxed, net of discount, in the company's currency,
    and never a cent more or less than its two parts."""

    def _tax(self, percent, included=False):
        return self.env["account.tax"].create(
            {
                "name": f"{percent}% {included}",
                "amount": percent,
                "price_include_override": "tax_included"
                if included
                else "tax_excluded",
            }
        )

    def _values(self, order):
        """``(open, ready, short)`` of the order, of its lines' sum and of the rows."""
        order.invalidate_recordset()
        rows = self._line(order.order_line)
        self.assertEqual(order.open_value, round(sum(rows.mapped("open_value")), 2))
        self.assertEqual(
            order.backlog_value,
            round(sum(order.order_line.mapped("backlog_value")), 2),
        )
        return order.open_value, order.backlog_value, order.backorder_value

    def test_value_of_the_open_part(self):
        self._put_in_stock(self.product, 6)
        order = self._order(self.product, 10)
        self.assertEqual(self._values(order), (1000, 600, 400))

        self._ship(order, 4)

        self.assertEqual(self._values(order), (600, 200, 400))

    def test_discount_on_the_whole_order_is_seen_at_once(self):
        service = self.env["product.product"].create(
            {"name": "Assembly", "type": "service", "taxes_id": False}
        )
        order = self._order((self.product, 10), (service, 1, {"price_unit": 200}))
        line = order.order_line[0]
        self.assertEqual(self._line(line).open_value, 1000)
        self.env["sale.order.discount"].sudo().create(
            {
                "sale_order_id": order.id,
                "discount_type": "so_discount",
                "discount_percentage": 0.1,
            }
        ).action_apply_discount()
        self.assertEqual(self._line(line).open_value, 900)
        discount = order.order_line.filtered(lambda line: line.price_subtotal < 0)
        discount.price_unit *= 2
        self.assertEqual(self._line(line).open_value, 800)
        discount.product_id.sudo().type = "consu"
        self.assertEqual(self._line(line).open_value, 1000)
        discount.product_id.sudo().type = "service"
        discount.product_uom_qty = 0
        self.assertEqual(self._line(line).open_value, 1000)

    def test_discount_on_the_whole_order_is_off_the_delivery_fee_too(self):
        """12 of 120 are a tenth of the goods and a tenth of the fee."""
        fee, discount = (
            self._product(name, type="service", is_storable=False)
            for name in ("Delivery", "Discount")
        )
        order = self._order(
            (self.product, 1),
            (fee, 1, {"price_unit": 20}),
            (discount, 1, {"price_unit": -12}),
        )

        self.assertEqual(self._line(order.order_line).mapped("open_value"), [90])

    def test_discount_is_taken_off(self):
        self._put_in_stock(self.product, 6)
        order = self._order((self.product, 10, {"discount": 12.5}))

        self.assertEqual(self._values(order), (875, 525, 350))

    def test_tax_on_top_is_not_counted(self):
        order = self._order(
            (self.product, 10, {"tax_ids": self._tax(10).ids}), user=self.env.user
        )

        self.assertEqual(order.amount_total, 1100)
        self.assertEqual(self._values(order), (1000, 0, 1000))

    def test_tax_included_in_the_price_is_taken_out(self):
        self._put_in_stock(self.product, 1)
        tax = self._tax(10, included=True)
        order = self._order(
            (self.product, 10, {"tax_ids": tax.ids, "price_unit": 110}),
            user=self.env.user,
        )

        self.assertEqual(order.amount_total, 1100)
        self.assertEqual(self._values(order), (1000, 100, 900))

    def test_order_in_foreign_currency_at_the_rate_of_the_order(self):
        order = self._foreign_order(10)

        self.assertEqual(order.amount_untaxed, 1000)
        self.assertEqual(self._values(order), (500, 0, 500))

    def _foreign_order(self, quantity):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "name": "2030-01-01", "rate": 2}
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": euro.id}
        )
        return self._order(
            (self.product, quantity, {"price_unit": 100}), pricelist_id=pricelist.id
        )

    def test_parts_add_up_to_the_cent(self):
        self._put_in_stock(self.product, 1)
        order = self._order((self.product, 3, {"price_unit": 3.335, "discount": 3.3}))
        total, ready, short = self._values(order)

        self.assertEqual(total, round(ready + short, 2))
        self.assertEqual(total, order.amount_untaxed)

    def test_open_line_is_worth_what_the_order_says_to_the_cent(self):
        order = self._order(
            *(
                (self.product, quantity, {"price_unit": 0.333, "discount": discount})
                for quantity, discount in ((3, 0), (7, 11.1), (1000, 33.333))
            )
        )

        self.assertEqual(round(self._values(order)[0], 2), order.amount_untaxed)

    def test_free_goods_are_open_and_worth_nothing(self):
        order = self._order((self.product, 3, {"price_unit": 0}))

        self.assertEqual(self._values(order), (0, 0, 0))
        self.assertEqual(order.backlog_state, "to_source")

    def test_line_lowered_below_what_is_picked_is_worth_what_is_left(self):
        self.warehouse.delivery_steps = "pick_ship"
        self._put_in_stock(self.product, 6)
        order = self._order(self.product, 6)
        self._ship(order)
        order.order_line.product_uom_qty = 2

        self.assertEqual(self._values(order), (200, 200, 0))

    def test_combo_items_carry_the_value(self):
        table = self._product("Table")
        combo = self.env["product.combo"].create(
            {
                "name": "Table",
                "combo_item_ids": [Command.create({"product_id": table.id})],
            }
        )
        meal = self._product(
            "Set", type="combo", is_storable=False, combo_ids=combo.ids, list_price=80
        )
        order = self._quote((meal, 2))
        order.order_line = [
            Command.create(
                {
                    "product_id": table.id,
                    "product_uom_qty": 2,
                    "combo_item_id": combo.combo_item_ids.id,
                    "linked_line_id": order.order_line.id,
                }
            )
        ]
        order.action_confirm()

        self.assertEqual(order.amount_untaxed, 160)
        self.assertEqual(self._values(order), (160, 0, 160))
