from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestCompanies(BacklogCase):
    """Two companies with two currencies, one product of both and one of their own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._second_company()
        cls.other_warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.other.id)], limit=1
        )
        cls.own = cls._product("Own", company_id=cls.company.id)
        cls.others_own = cls._product("Others' own", company_id=cls.other.id)

    def _order_there(self, *goods):
        return self._order(*goods, user=self.other_seller)

    def _seen_by(self, user):
        return self.env["backlog.line"].with_user(user).search([])

    def test_stock_of_one_company_is_not_ready_in_the_other(self):
        self._put_in_stock(self.product, 6, location=self.other_warehouse.lot_stock_id)
        here = self._order(self.product, 4)
        there = self._order_there(self.product, 4)

        self.assertEqual(there.company_id, self.other)
        self.assertEqual(
            self._split((here + there).order_line), [(4, 0, 0, 4), (4, 4, 0, 0)]
        )

    def test_purchase_of_one_company_is_not_incoming_in_the_other(self):
        here = self._order(self.product, 4)
        there = self._order_there(self.product, 4)
        self._purchase(self.product, 9)

        self.assertEqual(
            self._split((here + there).order_line), [(4, 0, 4, 0), (4, 0, 0, 4)]
        )

    def test_own_products_have_a_backlog_in_their_company_only(self):
        self._put_in_stock(self.own, 1)
        here = self._order(self.own, 4)
        there = self._order_there(self.others_own, 3)

        self.assertEqual(
            self._split((here + there).order_line), [(4, 1, 0, 3), (3, 0, 0, 3)]
        )

    def test_each_company_sees_its_own_lines_and_slices_only(self):
        here = self._order(self.product, 4)
        there = self._order_there((self.product, 2), (self.others_own, 3))

        self.assertEqual(self._seen_by(self.seller).order_id, here)
        self.assertEqual(self._seen_by(self.other_seller).order_id, there)
        slices = self.env["backlog.allocation"].with_user(self.other_seller)
        self.assertEqual(
            slices.search(
                [("product_id", "=", self.product.id)]
            ).order_line_id.order_id,
            there,
        )

    def test_values_are_in_the_currency_of_each_company(self):
        here = self._order((self.product, 4, {"price_unit": 10}))
        there = self._order_there((self.product, 2, {"price_unit": 7}))

        self.assertRecordValues(
            self._line((here + there).order_line).sorted("id"),
            [
                {"currency_id": self.company.currency_id.id, "open_value": 40},
                {"currency_id": self.euro.id, "open_value": 14},
            ],
        )
        self.assertRecordValues(
            here + there,
            [
                {"backlog_currency_id": self.company.currency_id.id, "open_value": 40},
                {"backlog_currency_id": self.euro.id, "open_value": 14},
            ],
        )

    def test_product_sums_the_companies_at_hand_in_the_current_currency(self):
        """Four euros are one unit of the first company's currency."""
        self._put_in_stock(self.product, 1)
        self._order((self.product, 4, {"price_unit": 10}))
        self._order_there((self.product, 2, {"price_unit": 8}))

        for company, companies, backorder, value in (
            (self.company, self.company, 3, 40),
            (self.other, self.other, 2, 16),
            (self.company, self.company + self.other, 5, 44),
            (self.other, self.company + self.other, 5, 176),
        ):
            product = self.product.with_context(
                allowed_company_ids=(company + (companies - company)).ids
            )
            for record in (product, product.product_tmpl_id):
                self.assertRecordValues(
                    record,
                    [
                        {
                            "backorder_qty": backorder,
                            "open_value": value,
                            "backlog_currency_id": company.currency_id.id,
                        }
                    ],
                )

    def test_line_in_a_third_currency_is_valued_in_the_companys(self):
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": self.euro.id}
        )
        order = self._order(
            (self.product, 2, {"price_unit": 10}), pricelist_id=pricelist.id
        )

        self.assertEqual(order.currency_id, self.euro)
        self.assertEqual(self._line(order.order_line).open_value, 5)

    def test_nothing_of_another_company_is_promised_or_told(self):
        self._put_in_stock(self.product, 6, location=self.other_warehouse.lot_stock_id)
        products = self.env["product.product"].with_user(self.seller)
        here = {"product_id": self.product.id, "qty": 4}
        [promise] = products.get_promises([here])
        self.assertEqual((promise["ready"], promise["to_source"]), (0, 4))
        for wish in (
            {**here, "product_id": self.others_own.id},
            {**here, "warehouse_id": self.other_warehouse.id},
        ):
            for call in (
                lambda wish: products.get_promise(**wish),
                lambda wish: products.get_promises([here, wish]),
            ):
                with self.subTest(wish), self.assertRaises(AccessError) as refused:
                    call(wish)
                for told in (self.others_own, self.other_warehouse, self.other):
                    self.assertNotIn(told.name, str(refused.exception))

    def test_what_the_other_company_sends_for_our_order_is_open_once(self):
        transit = self.env.ref("stock.stock_location_inter_company")
        transit.active = True
        customers = self.env.ref("stock.stock_location_customers")
        steps = (
            (self.stock, customers, self.warehouse.out_type_id, "make_to_order"),
            (transit, self.stock, self.warehouse.in_type_id, "make_to_order"),
            (
                self.other_warehouse.lot_stock_id,
                transit,
                self.other_warehouse.out_type_id,
                "make_to_stock",
            ),
        )
        route = self.env["stock.route"].create(
            {
                "name": "From the other company",
                "sale_selectable": True,
                "company_id": False,
                "rule_ids": [
                    Command.create(
                        {
                            "name": f"to {dest.name}",
                            "action": "pull",
                            "location_src_id": source.id,
                            "location_dest_id": dest.id,
                            "picking_type_id": picking_type.id,
                            "procure_method": method,
                            "company_id": picking_type.company_id.id,
                        }
                    )
                    for source, dest, picking_type, method in steps
                ],
            }
        )
        self._put_in_stock(self.product, 9, location=self.other_warehouse.lot_stock_id)
        order = self._order((self.product, 5, {"route_ids": route.ids}))
        line = order.order_line
        moves = line.sudo().move_ids.sorted("id", reverse=True)
        self.assertEqual(moves.company_id, self.company + self.other)
        for move in moves[:2]:
            self.assertEqual(self._split(line), [(5, 0, 5, 0)])
            self.assertEqual(self._line(line).open_value, 500)
            move.picking_id.action_assign()
            move.picked = True
            self._validate(move.picking_id)
        self.assertEqual(self._split(line), [(5, 5, 0, 0)])
        self._ship(order)
        self.assertFalse(self._line(line))
