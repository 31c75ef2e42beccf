from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestOwnTurn(BacklogCase):
    """Check Availability reserves what is the turn of a line. What is free for others
    ahead stays free, and the message says for whom."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.env = cls.env(context={**cls.env.context, "lang": "en_US"})
        cls.warehouse.out_type_id.reservation_method = "manual"
        cls.colleague = new_test_user(
            cls.env, "colleague", "sales_team.group_sale_salesman"
        )
        cls.stocker = new_test_user(cls.env, "stocker", "stock.group_stock_user")

    def _check(self, *orders, user=None):
        """Press the button on the lines of these orders, and return what it says."""
        self.env.invalidate_all()
        orders = self.env["sale.order"].union(*orders)
        lines = (
            self.env["backlog.line"]
            .with_user(user or self.seller)
            .search([("order_id", "in", orders.ids)])
        )
        params = lines.action_check_availability()["params"]
        self.env.invalidate_all()
        return params["type"], params["message"]

    def _reserved(self, *orders):
        moves = [order.sudo().order_line.move_ids for order in orders]
        return [sum(its.mapped("quantity")) for its in moves]

    def _two(self, first, second, product=None, **values):
        """Two orders, the first of them ahead."""
        return [
            self._order(
                product or self.product,
                quantity,
                commitment_date=self._after(days),
                **values,
            )
            for quantity, days in ((first, 1), (second, 2))
        ]

    def test_what_is_the_turn_of_another_is_refused_by_name(self):
        self._put_in_stock(self.product, 5)
        ahead, behind = self._two(5, 5)
        kind, message = self._check(behind)
        self.assertEqual(self._reserved(ahead, behind), [0, 0])
        self.assertEqual(kind, "warning")
        self.assertEqual(
            message,
            "Nothing more could be reserved. Reserved: 0 Units of 5 Units. Of Chair, "
            "what is free is the turn of others ahead in the queue: "
            f"{ahead.name} of Customer (5 Units).",
        )
        self.assertEqual(self._split(ahead.order_line), [(5, 5, 0, 0)])
        self.assertEqual(self._split(behind.order_line), [(5, 0, 0, 5)])

    def test_the_turn_is_reserved_and_no_more(self):
        self._put_in_stock(self.product, 7)
        ahead, behind = self._two(5, 5)
        kind, message = self._check(behind)
        self.assertEqual(self._reserved(ahead, behind), [0, 2])
        self.assertEqual(
            behind.sudo().picking_ids.move_ids.state, "partially_available"
        )
        self.assertEqual(kind, "success")
        self.assertIn("2 Units of 5 Units are reserved.", message)
        self.assertIn(f"{ahead.name} of Customer (5 Units)", message)
        self.assertEqual(self._split(ahead.order_line), [(5, 5, 0, 0)])
        self._check(ahead)
        self.assertEqual(self._reserved(ahead, behind), [5, 2])
        # Pressed again it changes nothing.
        self._check(ahead, behind)
        self.assertEqual(self._reserved(ahead, behind), [5, 2])

    def test_who_takes_all_that_is_theirs_is_told_of_nobody(self):
        self._put_in_stock(self.product, 5)
        ahead, behind = self._two(5, 5)
        self.assertEqual(
            self._check(ahead), ("success", "5 Units of 5 Units are reserved.")
        )
        self.assertEqual(
            self._check(behind),
            (
                "warning",
                "Nothing more could be reserved. Reserved: 0 Units of 5 Units.",
            ),
        )

    def test_orders_of_colleagues_are_not_named(self):
        self._put_in_stock(self.product, 7)
        ahead, behind = (order.sudo() for order in self._two(5, 5))
        ahead.user_id = self.colleague
        _kind, message = self._check(behind)
        self.assertNotIn(ahead.name, message)
        self.assertIn("other orders (5 Units)", message)
        ahead.user_id = self.seller
        _kind, message = self._check(behind, user=self.stocker)
        self.assertIn(ahead.name, message)

    def test_in_another_unit(self):
        self._put_in_stock(self.product, 20)
        ahead = self._order(self.product, 15, commitment_date=self._after(1))
        dozens = {"product_uom_id": self.dozen.id}
        behind = self._order((self.product, 1, dozens), commitment_date=self._after(2))
        self._check(behind)
        lines = behind.sudo().order_line.move_ids.move_line_ids
        self.assertEqual(sum(lines.mapped("quantity_product_uom")), 5)
        self.assertEqual(self._split(ahead.order_line), [(15, 15, 0, 0)])

    def test_in_two_and_three_steps(self):
        for steps in ("pick_ship", "pick_pack_ship"):
            self.warehouse.delivery_steps = steps
            self.warehouse.pick_type_id.reservation_method = "manual"
            product = self._product(steps)
            self._put_in_stock(product, 7)
            ahead, behind = self._two(5, 5, product)
            with self.subTest(steps=steps):
                self._check(behind)
                self.assertEqual(self._reserved(ahead, behind), [0, 2])
                self.assertEqual(self._split(ahead.order_line), [(5, 5, 0, 0)])

    def test_of_lots_and_shelves(self):
        tracked = self._product("Tracked", tracking="lot")
        for name, quantity in (("one", 4), ("two", 3)):
            lot = self.env["stock.lot"].create({"name": name, "product_id": tracked.id})
            self._put_in_stock(tracked, quantity, lot_id=lot)
        ahead, behind = self._two(5, 5, tracked)
        self._check(behind)
        self.assertEqual(self._reserved(ahead, behind), [0, 2])

    def test_many_lines_get_their_turns_at_once(self):
        table = self._product("Table")
        self._put_in_stock(self.product, 5)
        self._put_in_stock(table, 3)
        late = self._order(
            (self.product, 4), (table, 2), commitment_date=self._after(9)
        )
        soon = self._order(
            (self.product, 4), (table, 2), commitment_date=self._after(1)
        )
        kind, message = self._check(late)
        self.assertEqual(late.sudo().order_line.move_ids.mapped("quantity"), [1, 1])
        self.assertEqual(kind, "success")
        for product in ("Chair", "Table"):
            self.assertIn(f"Of {product}, what is free", message)
        self._check(soon, late)
        self.assertEqual(soon.sudo().order_line.move_ids.mapped("quantity"), [4, 2])

    def test_goods_that_only_some_may_take_are_reserved_in_the_order_of_the_queue(self):
        """The first takes from one shelf alone; the second gets what is elsewhere."""
        shelf, other = self.env["stock.location"].create(
            [{"name": name, "location_id": self.stock.id} for name in ("A", "B")]
        )
        self._put_in_stock(self.product, 5, shelf)
        self._put_in_stock(self.product, 3, other)
        ahead, behind = self._two(5, 5)
        ahead.sudo().order_line.move_ids.location_id = shelf
        self._check(ahead, behind)
        self.assertEqual(self._reserved(ahead, behind), [5, 3])

    def test_lines_for_which_nothing_moves_have_nothing_to_reserve(self):
        direct = self._product(
            "Direct",
            route_ids=self.env.ref("stock_dropshipping.route_drop_shipping"),
            seller_ids=[Command.create({"partner_id": self.vendor.id})],
        )
        requested = self._order(direct, 5)
        self.assertFalse(requested.sudo().order_line.move_ids)
        nothing = "Nothing more could be reserved. Reserved: 0 Units of 5 Units."
        self.assertEqual(self._check(requested), ("warning", nothing))
        self._put_in_stock(self.product, 5)
        ahead, behind = self._two(5, 5)
        self._check(requested, behind, ahead)
        self.assertEqual(self._reserved(ahead, behind), [5, 0])
        # The buyer takes something off: nobody brings the rest.
        request = requested.sudo().order_line.purchase_line_ids.order_id
        request.order_line.product_qty = 2
        request.button_confirm()
        self.assertEqual(self._split(requested.order_line), [(5, 0, 2, 3)])
        self.assertEqual(
            self._check(requested, ahead)[1],
            "Nothing more could be reserved. All is reserved for 1 of 2 lines.",
        )

    def test_other_takers_than_customers_have_their_turn(self):
        self._put_in_stock(self.product, 5)
        other = self.env["stock.warehouse"].create({"name": "Other", "code": "OTH"})
        transfer = self.env["stock.picking"].create(
            {
                "picking_type_id": self.warehouse.int_type_id.id,
                "location_id": self.stock.id,
                "location_dest_id": other.lot_stock_id.id,
                "move_ids": [
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "product_uom_qty": 4,
                            "location_id": self.stock.id,
                            "location_dest_id": other.lot_stock_id.id,
                        }
                    )
                ],
            }
        )
        self.warehouse.int_type_id.reservation_method = "manual"
        transfer.action_confirm()
        order = self._order(self.product, 5, commitment_date=self._after(2))
        _kind, message = self._check(order)
        self.assertEqual(self._reserved(order), [1])
        self.assertIn("production and transfers (4 Units)", message)
