from odoo.tests import tagged

from ..common import TableCase


@tagged("post_install", "-at_install")
class TestKitPromise(TableCase):
    """A kit is promised as its components are."""

    def _promise(self, quantity):
        return (
            self.env["product.product"]
            .with_user(self.seller)
            .get_promise(self.table.id, quantity)
        )

    def test_the_scarcest_component_decides(self):
        self._put_in_stock(self.leg, 11)
        self._put_in_stock(self.top, 9)
        legs = self._purchase(self.leg, 6, days=5)

        promise = self._promise(6)

        self.assertEqual(promise["ready"], 2)
        self.assertEqual(
            [(part["qty"], part["document"]) for part in promise["incoming"]],
            [(2, f"purchase.order,{legs.id}")],
        )
        self.assertEqual(promise["to_source"], 2)

    def test_what_is_to_source_is_told_by_component(self):
        glue = self._product("Glue", uom_id=self.env.ref("uom.product_uom_gram").id)
        self.table.bom_ids.bom_line_ids = [
            (0, 0, {"product_id": glue.id, "product_qty": 30})
        ]
        self.leg.seller_ids = [
            (0, 0, {"partner_id": self.vendor.id, "price": 1, "delay": 4})
        ]
        self._put_in_stock(self.leg, 11)
        self._put_in_stock(self.top, 9)
        promise = self._promise(6)
        nobody = {"date": False, "by": False, "warehouse_id": False}
        self.assertEqual(
            promise["to_source_parts"],
            [
                {
                    "product_id": self.leg.id,
                    "uom": "Units",
                    "qty": 13,
                    "date": str(self._after(4)),
                    "by": "buy",
                    "warehouse_id": False,
                },
                {"product_id": glue.id, "uom": "g", "qty": 180, **nobody},
            ],
        )
        order = self._order(self.table, 6)
        [answer] = order.get_backlog(order.ids)
        self.assertEqual(
            {
                part["product_id"]: part["qty"]
                for part in answer["lines"][0]["slices"]
                if part["source"] == "none"
            },
            {part["product_id"]: part["qty"] for part in promise["to_source_parts"]},
        )

    def test_a_kit_with_all_its_parts_is_ready(self):
        self._put_in_stock(self.leg, 12)
        self._put_in_stock(self.top, 3)
        promise = self._promise(3)
        self.assertEqual((promise["ready"], promise["to_source"]), (3, 0))
        self.assertEqual(promise["expected_date"], "2030-01-15 09:00:00")

    def test_consumable_parts_of_a_kit_made_to_order_are_to_source(self):
        (self.leg + self.top).is_storable = False
        mto = self.warehouse.mto_pull_id.route_id
        mto.active = True
        lines = self._quote(
            (self.table, 2), (self.table, 2, {"route_ids": mto.ids})
        ).order_line
        self.assertEqual(lines.mapped("quote_ready_qty"), [2, 0])
        self.assertEqual(lines.mapped("quote_to_source_qty"), [0, 2])

    def test_a_second_quotation_line_gets_what_the_first_left(self):
        self._put_in_stock(self.leg, 12)
        self._put_in_stock(self.top, 3)
        lines = self._quote((self.table, 2), (self.table, 2)).order_line
        self.assertEqual(lines.mapped("quote_ready_qty"), [2, 1])
        self.assertEqual(lines.mapped("quote_to_source_qty"), [0, 1])
