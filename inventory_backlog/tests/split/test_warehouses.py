from odoo.fields import Command
from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestWarehouses(BacklogCase):
    """Each warehouse serves its own orders; goods from another one are on their way."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.env["stock.warehouse"].create(
            {"name": "Second", "code": "W2", "company_id": cls.company.id}
        )

    def _transfer(self, quantity, days=2):
        """A transfer from the second warehouse into the first."""
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": self.second.int_type_id.id,
                "location_id": self.second.lot_stock_id.id,
                "location_dest_id": self.stock.id,
                "move_ids": [
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "product_uom_qty": quantity,
                            "location_id": self.second.lot_stock_id.id,
                            "location_dest_id": self.stock.id,
                        }
                    )
                ],
            }
        )
        picking.scheduled_date = self._after(days)
        picking.action_confirm()
        return picking

    def _carry(self, order):
        """Validate what is ready to move between the warehouses for ``order``."""
        picking = (
            order.order_line.sudo()
            .move_ids.filtered(
                lambda move: (
                    move.location_dest_id.usage != "customer"
                    and move.state == "assigned"
                )
            )
            .picking_id
        )
        picking.move_ids.picked = True
        self._validate(picking)
        return picking

    def test_two_warehouses_do_not_share_their_stock(self):
        self._put_in_stock(self.product, 4, location=self.second.lot_stock_id)
        here = self._order(self.product, 3)
        there = self._order(self.product, 3, warehouse_id=self.second.id)

        self.assertEqual(
            self._split((here + there).order_line), [(3, 0, 0, 3), (3, 3, 0, 0)]
        )
        self.assertEqual(
            self._line((here + there).order_line).sorted("id").warehouse_id,
            self.warehouse + self.second,
        )

    def test_a_line_stands_where_its_goods_leave_from(self):
        """A delivery that was moved to another warehouse, one that stays while its
        order moves, and one of which each warehouse ships a part."""
        there = self.second.lot_stock_id
        self._put_in_stock(self.product, 10, location=there)
        moved = self._order(self.product, 5)
        delivery = moved.sudo().picking_ids
        delivery.location_id = there
        delivery.move_ids.location_id = there
        stays = self._order(self.product, 2, warehouse_id=self.second.id)
        # As a later change of the order or an import does.
        stays.sudo().write({"warehouse_id": self.warehouse.id})
        lines = (moved + stays).order_line
        self.assertEqual(self._split(lines), [(5, 5, 0, 0), (2, 2, 0, 0)])
        self.assertEqual(self._line(lines).warehouse_id, self.second)
        self.assertEqual(
            self.env["backlog.line"].search_count(
                [("id", "in", lines.ids), ("warehouse_id", "=", self.warehouse.id)]
            ),
            0,
        )
        part = delivery.move_ids.copy({"product_uom_qty": 3})
        part.location_id = self.stock
        part._action_confirm(merge=False)
        self.assertEqual(self._split(moved.order_line), [(8, 5, 0, 3)])
        self.assertEqual(self._line(moved.order_line).warehouse_id, self.warehouse)

    def test_purchase_for_one_warehouse_is_not_incoming_in_the_other(self):
        order = self._order(self.product, 3)
        purchase = self._request(
            (self.product, 3), picking_type_id=self.second.in_type_id.id
        )
        purchase.button_confirm()

        self.assertEqual(self._split(order.order_line), [(3, 0, 0, 3)])

    def test_transfer_from_another_warehouse_is_incoming(self):
        self._put_in_stock(self.product, 4, location=self.second.lot_stock_id)
        order = self._order(self.product, 5)
        transfer = self._transfer(4)
        self.assertEqual(self._split(order.order_line), [(5, 0, 4, 1)])
        self.assertEqual(
            self._slices(order.order_line),
            [("receipt", 4, 2, transfer), ("none", 1, None, None)],
        )

        transfer.action_assign()
        self._validate(transfer)

        self.assertEqual(self._split(order.order_line), [(5, 4, 0, 1)])

    def test_transfer_out_competes_with_the_customers_of_its_warehouse(self):
        self._put_in_stock(self.product, 4, location=self.second.lot_stock_id)
        self._transfer(3, days=0).action_assign()
        order = self._order(self.product, 4, warehouse_id=self.second.id)

        self.assertEqual(self._split(order.order_line), [(4, 1, 0, 3)])
        self.assertEqual(
            self.env["backlog.allocation"]._read_group(
                [("product_id", "=", self.product.id), ("to_customer", "=", False)],
                ["source"],
                ["qty:sum"],
            ),
            [("reserved", 3)],
        )

    def test_draft_transfer_is_neither_incoming_nor_demand(self):
        self._put_in_stock(self.product, 4, location=self.second.lot_stock_id)
        transfer = self._transfer(4)
        transfer.action_cancel()
        here = self._order(self.product, 3)
        there = self._order(self.product, 4, warehouse_id=self.second.id)

        self.assertEqual(
            self._split((here + there).order_line), [(3, 0, 0, 3), (4, 4, 0, 0)]
        )

    def test_goods_pulled_from_another_warehouse_for_one_order(self):
        """Make to order over a resupply route: on its way until it is stored here."""
        self.warehouse.resupply_wh_ids = self.second
        mto = self.warehouse.mto_pull_id.route_id
        mto.active = True
        self.product.route_ids = mto + self.warehouse.resupply_route_ids
        self._put_in_stock(self.product, 3, location=self.second.lot_stock_id)
        self._put_in_stock(self.product, 9)
        order = self._order(self.product, 3)
        self.product.route_ids = False
        other = self._order(self.product, 3, warehouse_id=self.second.id)
        for _stage in ("in the other warehouse", "in transit"):
            self.assertEqual(self._split(order.order_line), [(3, 0, 3, 0)])
            self.assertEqual(self._split(other.order_line), [(3, 0, 0, 3)])
            self.assertTrue(self._carry(order))

        self.assertEqual(self._split(order.order_line), [(3, 3, 0, 0)])

    def test_goods_in_transit_belong_to_no_warehouse(self):
        transit = self.company.internal_transit_location_id
        self._put_in_stock(self.product, 5, location=transit)
        order = self._order(self.product, 3)

        self.assertEqual(self._split(order.order_line), [(3, 0, 0, 3)])
