from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestUnits(BacklogCase):
    """Lines speak their own unit, all else the product's, and parts always add up."""

    def _dozens(self, quantity):
        return self._order((self.product, quantity, {"product_uom_id": self.dozen.id}))

    def _assert_parts_add_up(self, line):
        for whole, parts in (
            (line.open_qty, line.backlog_qty + line.backorder_qty),
            (line.backorder_qty, line.incoming_qty + line.to_source_qty),
        ):
            self.assertEqual(whole, round(parts, 9))

    def test_dozens_on_the_line_units_in_stock(self):
        self._put_in_stock(self.product, 18)
        line = self._dozens(2).order_line

        self.assertEqual(self._split(line), [(2, 1.5, 0, 0.5)])
        self.assertRecordValues(
            self._line(line),
            [
                {
                    "ordered_qty": 24,
                    "open_qty": 24,
                    "backlog_qty": 18,
                    "to_source_qty": 6,
                    "product_uom_id": self.unit.id,
                }
            ],
        )
        self.assertRecordValues(
            line.sudo().move_ids, [{"backlog_qty": 18, "to_source_qty": 6}]
        )

    def test_parts_add_up_when_units_do_not_fit(self):
        self._put_in_stock(self.product, 7)
        self._purchase(self.product, 1)
        line = self._dozens(1).order_line

        self.assertEqual(self._split(line), [(1, 0.58, 0.09, 0.33)])
        self._assert_parts_add_up(line)
        self._assert_parts_add_up(self._line(line))

    def test_ready_in_the_line_is_all_or_nothing_only_when_it_is(self):
        self._put_in_stock(self.product, 11)
        line = self._dozens(1).order_line
        self._purchase(self.product, 1)

        self.assertEqual(self._split(line), [(1, 0.92, 0.08, 0)])
        self.assertEqual(line.backlog_state, "partial")

    def test_short_is_not_rounded_to_nothing(self):
        """7 pieces are no dozen where quantities have no decimals."""
        self.env["decimal.precision"].search([("name", "=", "Product Unit")]).digits = 0
        self._put_in_stock(self.product, 7)
        quotation = self._quote(
            (self.product, 1, {"product_uom_id": self.dozen.id})
        ).order_line
        self.assertEqual(
            (quotation.quote_ready_qty, quotation.quote_to_source_qty), (0, 1)
        )
        line = self._dozens(1).order_line

        self.assertEqual(self._split(line), [(1, 0, 0, 1)])
        self.assertEqual(line.backlog_state, "partial")
        self.assertEqual((line.first_open_qty, line.first_ready_qty), (1, 0))

        self._purchase(self.product, 5)
        self.assertEqual(self._split(line), [(1, 0, 1, 0)])

    def test_piece_of_what_is_kept_in_dozens(self):
        """Odoo moves 0.08 of a dozen, and asks for no more once that is shipped."""
        eggs = self._product("Eggs", uom_id=self.dozen.id)
        self._put_in_stock(eggs, 10)
        for quantity, moved in ((1, 0.08), (2, 0.17), (13, 1.08)):
            order = self._order((eggs, quantity, {"product_uom_id": self.unit.id}))
            order.order_line.sudo().price_unit = 100
            row = self._line(order.order_line)
            self.assertEqual(row.open_qty, moved)
            self.assertEqual(row.open_value, quantity * 100)
            self.assertEqual(row.backlog_value, quantity * 100)

            self._ship(order)
            self.assertEqual(order.delivery_status, "full")
            self.assertFalse(self._line(order.order_line))
            self.assertRecordValues(
                self.env["backlog.service"].search([("order_id", "=", order.id)]),
                [{"is_in_full": True, "otif_first": 100}],
            )

    def test_piece_of_what_is_kept_in_dozens_comes_back_and_goes_again(self):
        eggs = self._product("Eggs", uom_id=self.dozen.id)
        self._put_in_stock(eggs, 10)
        order = self._order((eggs, 1, {"product_uom_id": self.unit.id}))
        self._ship(order)
        back = self.env["stock.return.picking"].create(
            {"picking_id": order.sudo().picking_ids.id}
        )
        back.product_return_moves.quantity = 0.08
        picking = self.env["stock.picking"].browse(
            back.action_create_returns()["res_id"]
        )
        picking.move_ids.to_refund = True
        picking.move_ids.quantity = 0.08
        picking.move_ids.picked = True
        self._validate(picking)

        self.assertEqual(order.order_line.qty_delivered, 0)
        service = self.env["backlog.service"].search([("order_id", "=", order.id)])
        self.assertTrue(service.is_in_full)

    def test_less_than_odoo_can_move_stays_to_source(self):
        """4 g of what is kept in kg, with two decimals, are no move at all."""
        salt = self._product("Salt", uom_id=self.env.ref("uom.product_uom_kgm").id)
        self._put_in_stock(salt, 10)
        gram = self.env.ref("uom.product_uom_gram")
        order = self._order((salt, 4, {"product_uom_id": gram.id}))

        self.assertFalse(order.sudo().picking_ids)
        self.assertEqual(self._split(order.order_line), [(4, 0, 0, 4)])
        service = self.env["backlog.service"].search([("order_id", "=", order.id)])
        self.assertFalse(service.is_in_full)

    def test_moves_in_dozens(self):
        """As databases do that keep the unit of the order in the warehouse."""
        self.env["ir.config_parameter"].sudo().set_param("stock.propagate_uom", "1")
        self._put_in_stock(self.product, 18)
        line = self._dozens(2).order_line
        self.assertEqual(line.sudo().move_ids.product_uom, self.dozen)
        self.assertEqual(line.sudo().move_ids.quantity, 1.5)
        self.assertEqual(self._split(line), [(2, 1.5, 0, 0.5)])

        line.order_id.sudo().picking_ids.do_unreserve()

        self.assertEqual(self._split(line), [(2, 1.5, 0, 0.5)])
        self.assertRecordValues(
            line.sudo().move_ids, [{"backlog_qty": 18, "to_source_qty": 6}]
        )

    def test_moves_in_dozens_that_do_not_fit(self):
        self.env["ir.config_parameter"].sudo().set_param("stock.propagate_uom", "1")
        self._put_in_stock(self.product, 7)
        line = self._dozens(1).order_line

        self.assertEqual(self._split(line), [(1, 0.58, 0, 0.42)])
        self.assertEqual(line.sudo().move_ids.quantity, 0.58)

    def test_purchase_in_dozens_for_a_line_in_units(self):
        order = self._order(self.product, 20)
        self._purchase((self.product, 1, {"product_uom_id": self.dozen.id}))

        self.assertEqual(self._split(order.order_line), [(20, 0, 12, 8)])

    def test_grams_of_a_product_in_kilograms(self):
        flour = self._product("Flour", uom_id=self.env.ref("uom.product_uom_kgm").id)
        self._put_in_stock(flour, 0.3)
        line = self._order(
            (flour, 500, {"product_uom_id": self.env.ref("uom.product_uom_gram").id})
        ).order_line

        self.assertEqual(self._split(line), [(500, 300, 0, 200)])
        self.assertRecordValues(
            self._line(line),
            [{"open_qty": 0.5, "backlog_qty": 0.3, "to_source_qty": 0.2}],
        )

    def test_fractions_of_a_unit(self):
        cloth = self._product("Cloth", uom_id=self.env.ref("uom.product_uom_meter").id)
        self._put_in_stock(cloth, 0.3)
        orders = [self._order(cloth, 0.1) for _number in range(4)]

        self.assertEqual(
            [self._split(order.order_line)[0] for order in orders],
            [(0.1, 0.1, 0, 0)] * 3 + [(0.1, 0, 0, 0.1)],
        )

    def test_value_of_dozens_is_the_value_of_the_line(self):
        self._put_in_stock(self.product, 6)
        order = self._order(
            (self.product, 2, {"product_uom_id": self.dozen.id, "price_unit": 1200})
        )

        self.assertRecordValues(
            self._line(order.order_line),
            [{"open_value": 2400, "backlog_value": 600, "backorder_value": 1800}],
        )

    def test_line_without_moves_in_dozens(self):
        order = self._quote((self.product, 2, {"product_uom_id": self.dozen.id}))
        order.with_context(skip_procurement=True).action_confirm()

        self.assertEqual(self._split(order.order_line), [(2, 0, 0, 2)])
        self.assertEqual(self._line(order.order_line).to_source_qty, 24)
