from odoo.fields import Command
from odoo.tests import tagged

from ..common import MrpBacklogCase


@tagged("post_install", "-at_install")
class TestMakePromise(MrpBacklogCase):
    """Goods that are made, and goods delivered in parts, by the way in which each part
    is supplied: what a quotation says, the order has the moment after."""

    def setUp(self):
        super().setUp()
        self.part, self.table = self._product("Part"), self._product("Table")
        self.bill = self._bom(self.table, (self.part, 2), produce_delay=3)

    def _promise(self, quantity, product=None, **more):
        return (
            self.env["product.product"]
            .with_user(self.seller)
            .get_promise((product or self.table).id, quantity, **more)
        )

    def _vendor_of(self, product, days):
        product.seller_ids = [
            Command.create({"partner_id": self.vendor.id, "delay": days, "price": 1})
        ]

    # Making

    def test_what_is_made_takes_the_days_of_its_bill(self):
        self._put_in_stock(self.part, 8)
        promise = self._promise(4)
        self.assertEqual(promise["to_source"], 4)
        self.assertEqual(promise["expected_date"], "2030-01-18 09:00:00")
        self.assertEqual(
            [(way["by"], way["qty"]) for way in promise["to_source_parts"]],
            [("make", 4)],
        )
        quotation = self._quote((self.table, 4))
        self.assertEqual(quotation.order_line.quote_expected_date, self._after(3))

    def test_what_is_made_waits_for_its_components(self):
        self._put_in_stock(self.part, 4)
        self.assertFalse(self._promise(4)["expected_date"])
        self._purchase(self.part, 2, days=5)
        self._vendor_of(self.part, 9)
        for quantity, day in ((2, 3), (3, 8), (4, 12)):
            with self.subTest(quantity):
                self.assertEqual(
                    self._promise(quantity)["expected_date"],
                    str(self._after(day)),
                )

    def test_components_that_others_wait_for_are_not_there(self):
        self._put_in_stock(self.part, 4)
        self._order(self.part, 3)
        self.assertFalse(self._promise(2)["expected_date"])

    def test_components_are_made_too(self):
        raw = self._product("Raw")
        self._bom(self.part, (raw, 5), produce_delay=4)
        self._put_in_stock(raw, 20)
        self.assertEqual(self._promise(2)["expected_date"], str(self._after(7)))
        self.assertFalse(self._promise(3)["expected_date"])

    def test_the_sooner_of_buying_and_making(self):
        self._put_in_stock(self.part, 4)
        self._vendor_of(self.table, 2)
        self.assertEqual(self._promise(2)["expected_date"], str(self._after(2)))
        self.table.seller_ids.delay = 9
        self.assertEqual(self._promise(2)["expected_date"], str(self._after(3)))
        self.assertEqual(self._promise(3)["expected_date"], str(self._after(9)))

    def test_one_wish_takes_the_components_of_the_next(self):
        self._put_in_stock(self.part, 4)
        wish = {"product_id": self.table.id, "qty": 2}
        products = self.env["product.product"].with_user(self.seller)
        first, second = products.get_promises([wish, wish])
        self.assertEqual(first["expected_date"], str(self._after(3)))
        self.assertFalse(second["expected_date"])

    def test_alone_each_has_the_components_for_itself(self):
        """Also those that another wish is for, and those of a kit."""
        self._put_in_stock(self.part, 4)
        kit = self._kit("Set", (self.part, 4))
        desk = self._product("Desk")
        self._bom(desk, (self.part, 2), produce_delay=3)
        wishes = [
            {"product_id": product.id, "qty": quantity}
            for product, quantity in (
                (self.table, 2),
                (self.part, 4),
                (kit, 1),
                (desk, 2),
                (self.table, 1),
            )
        ]
        products = self.env["product.product"].with_user(self.seller)
        alone = [products.get_promises([wish])[0] for wish in wishes]
        self.assertEqual(products.get_promises(wishes, independent=True), alone)
        self.assertTrue(all(promise["expected_date"] for promise in alone))
        together = products.get_promises(wishes)
        self.assertEqual(
            [bool(promise["expected_date"]) for promise in together],
            [False, True, False, False, False],
        )

    def test_what_comes_from_the_next_town_is_not_made_nor_promised_again(self):
        other = self.env["stock.warehouse"].create({"name": "Other", "code": "OTH"})
        self.warehouse.resupply_wh_ids = other
        self.warehouse.resupply_route_ids.rule_ids[:1].delay = 1
        self._put_in_stock(self.table, 25, other.lot_stock_id)
        self._put_in_stock(self.part, 34)
        products = self.env["product.product"].with_user(self.seller)
        wishes = [
            {"product_id": self.table.id, "qty": quantity} for quantity in (40, 2, 25)
        ]
        promises = products.get_promises(wishes)
        self.assertEqual(
            [
                [(part["by"], part["qty"]) for part in promise["to_source_parts"]]
                for promise in promises
            ],
            [[("transfer", 25), ("make", 15)], [("make", 2)], []],
        )
        self.assertEqual(
            [promise["expected_date"] for promise in promises],
            [str(self._after(3)), str(self._after(3)), False],
        )

    def test_many_cost_no_more_queries_than_few(self):
        """Made to order, with the bill of each looked up once, or for the stock."""
        mto = self.warehouse.mto_pull_id.route_id
        mto.active = True
        routes = mto + self.warehouse.manufacture_pull_id.route_id
        tables = [
            self._product(f"Table {n}", route_ids=routes.ids if n % 2 else False)
            for n in range(40)
        ]
        for table in tables:
            self._bom(table, (self.part, 2), produce_delay=3)
        self._put_in_stock(self.part, 400)
        products = self.env["product.product"].with_user(self.seller)
        wishes = [{"product_id": table.id, "qty": 1} for table in tables * 5]
        counts = []
        for size in (200, 4, 200):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            products.get_promises(wishes[:size])
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1])

    def test_what_is_made_of_itself_has_no_date(self):
        self.env.flush_all()
        self.bill.bom_line_ids.product_id = self.table
        self.assertFalse(self._promise(2)["expected_date"])

    # By any route, in parts or whole

    def test_each_part_goes_by_its_own_route(self):
        mto = self.warehouse.mto_pull_id.route_id
        mto.active = True
        make = self.warehouse.manufacture_pull_id.route_id
        buy = self.warehouse.buy_pull_id.route_id
        dropship = self.env.ref("stock_dropshipping.route_drop_shipping")
        other = self.env["stock.warehouse"].create({"name": "Other", "code": "OTH"})
        self.warehouse.resupply_wh_ids = other
        resupply = self.warehouse.resupply_route_ids
        for number, (routes, split) in enumerate(
            (
                (make, (2, 0, 0)),
                (mto + make, (0, 2, 0)),
                (mto + buy, (0, 0, 2)),
                (mto + resupply, (0, 2, 0)),
                (dropship, (0, 0, 2)),
                (buy, (2, 0, 0)),
            )
        ):
            top = self._product(f"Top {number}", route_ids=routes.ids)
            leg = self._product(f"Leg {number}")
            self._vendor_of(top, 4)
            self._bom(top, (self.part, 1))
            for product in (top, leg):
                self._put_in_stock(product, 20)
            kit = self._kit(f"Kit {number}", (top, 1), (leg, 3))
            with self.subTest(number=number, routes=routes.mapped("name")):
                for product in (top, kit):
                    promise = self._promise(2, product)
                    incoming = sum(part["qty"] for part in promise["incoming"])
                    self.assertEqual(
                        (promise["ready"], incoming, promise["to_source"]), split
                    )
                quotation = self._quote(
                    (top, 2), (kit, 2), commitment_date=self._after(6)
                )
                self._keeps_its_word(quotation)

    def test_the_route_of_the_line_is_that_of_each_part(self):
        dropship = self.env.ref("stock_dropshipping.route_drop_shipping")
        leg = self._product("Leg")
        self._vendor_of(leg, 4)
        self._put_in_stock(leg, 20)
        kit = self._kit("Kit", (leg, 3))
        quotation = self._quote((kit, 2, {"route_ids": dropship.ids}), (kit, 1))
        self._keeps_its_word(quotation)
        self.assertEqual(quotation.order_line.mapped("to_source_qty"), [2, 0])

    def test_kits_take_their_place_in_the_queue(self):
        leg = self._product("Leg")
        kit = self._kit("Kit", (leg, 3))
        self._purchase(leg, 12, days=5)
        late = self._order(kit, 2, commitment_date=self._after(30))
        quotation = self._quote((kit, 3))
        self.assertEqual(
            quotation.quote_losses,
            f"{late.name} (Customer) loses 1 Units of Kit that are on their way.",
        )
        self._keeps_its_word(quotation)
        self.assertEqual(self._split(late.order_line), [(2, 0, 1, 1)])

    def _keeps_its_word(self, quotation):
        lines = quotation.order_line
        quoted = [
            (
                line.quote_ready_qty,
                line.quote_incoming_qty,
                line.quote_to_source_qty,
                not line.quote_to_source_qty and line.quote_expected_date,
            )
            for line in lines
        ]
        quotation.action_confirm()
        split = self._split(lines)
        dates = lines.mapped("backlog_expected_date")
        self.assertEqual(
            quoted,
            [(*part, date) for (_open, *part), date in zip(split, dates, strict=True)],
        )
