from datetime import datetime

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Command
from odoo.tests import Form, freeze_time, new_test_user, tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestPromise(BacklogCase):
    """What could be promised now: ``get_promise`` and the quotation lines."""

    def _promise(self, quantity, product=None, **more):
        return (
            self.env["product.product"]
            .with_user(self.seller)
            .get_promise((product or self.product).id, quantity, **more)
        )

    def test_a_promise_takes_what_the_queue_leaves(self):
        self._put_in_stock(self.product, 10)
        purchase = self._purchase(self.product, 5, days=6)
        self._order(self.product, 8)

        promise = self._promise(9)

        self.assertEqual(promise["ready"], 2)
        self.assertEqual(
            promise["incoming"],
            [
                {
                    "qty": 5,
                    "date": "2030-01-21 09:00:00",
                    "overdue_since": False,
                    "document": f"purchase.order,{purchase.id}",
                    "document_name": purchase.name,
                }
            ],
        )
        self.assertEqual(promise["to_source"], 2)
        self.assertEqual(promise["to_source_date"], "2030-01-15 09:00:00")
        self.assertEqual(promise["expected_date"], "2030-01-21 09:00:00")

    def test_a_large_whole_number_is_a_quantity(self):
        self._put_in_stock(self.product, 10)
        promise = self._promise(3_000_000_000)
        self.assertEqual((promise["ready"], promise["to_source"]), (10, 2_999_999_990))

    def test_without_a_vendor_nobody_knows_when(self):
        promise = self._promise(2)
        self.assertEqual(promise["to_source"], 2)
        self.assertIs(promise["vendor_lead_days"], False)
        self.assertIs(promise["expected_date"], False)

    def test_what_is_to_source_counts_with_the_lead_time_of_the_vendor(self):
        self.product.seller_ids = [
            (0, 0, {"partner_id": self.vendor.id, "delay": 12, "price": 1})
        ]
        self.company.days_to_purchase = 2

        promise = self._promise(3)

        self.assertEqual(promise["vendor_lead_days"], 14)
        self.assertEqual(promise["to_source_date"], "2030-01-29 09:00:00")
        self.assertEqual(promise["expected_date"], "2030-01-29 09:00:00")

    def test_below_the_minimum_of_a_vendor_the_minimum_is_bought(self):
        self.product.seller_ids = [
            Command.create(
                {"partner_id": self.vendor.id, "delay": 12, "price": 1, "min_qty": 12}
            )
        ]
        for quantity in (3, 12):
            with self.subTest(quantity):
                promise = self._promise(quantity)
                self.assertEqual(promise["to_source_date"], "2030-01-27 09:00:00")
                self.assertEqual(promise["vendor_lead_days"], 12)

    def test_another_warehouse_that_has_them_goes_before_a_slow_vendor(self):
        self.product.seller_ids = [
            Command.create({"partner_id": self.vendor.id, "delay": 18, "price": 1})
        ]
        other = self.env["stock.warehouse"].create({"name": "Other", "code": "OTH"})
        self.warehouse.resupply_wh_ids = other
        self.warehouse.resupply_route_ids.rule_ids[:1].delay = 2
        self._put_in_stock(self.product, 25, location=other.lot_stock_id)
        self._order(self.product, 5, warehouse_id=other.id)
        # No route leads from there: nobody knows how long it takes.
        away = self.env["stock.warehouse"].create({"name": "Away", "code": "AWY"})
        self._put_in_stock(self.product, 25, location=away.lot_stock_id)

        promise = self._promise(20)
        self.assertEqual(promise["expected_date"], "2030-01-17 09:00:00")
        self.assertEqual(
            promise["to_source_parts"],
            [
                {
                    "product_id": self.product.id,
                    "uom": "Units",
                    "qty": 20,
                    "date": "2030-01-17 09:00:00",
                    "by": "transfer",
                    "warehouse_id": other.id,
                }
            ],
        )
        promise = self._promise(23)
        self.assertEqual(
            [(part["by"], part["qty"]) for part in promise["to_source_parts"]],
            [("transfer", 20), ("buy", 3)],
        )
        self.assertEqual(promise["expected_date"], "2030-02-02 09:00:00")
        first, second = self._promises(
            {"product_id": self.product.id, "qty": 15},
            {"product_id": self.product.id, "qty": 15},
        )
        self.assertEqual(first["expected_date"], "2030-01-17 09:00:00")
        self.assertEqual(second["expected_date"], "2030-02-02 09:00:00")

    def test_how_much_there_is_by_a_day(self):
        self._put_in_stock(self.product, 4)
        self._purchase(self.product, 5, days=6)
        self._purchase(self.product, 5, days=9)

        self.assertEqual(self._promise(20, date="2030-01-15")["qty_by_date"], 4)
        self.assertEqual(self._promise(20, date="2030-01-21")["qty_by_date"], 9)
        self.assertEqual(self._promise(20, date="2030-01-24")["qty_by_date"], 14)
        self.assertIs(self._promise(20)["qty_by_date"], False)

    def test_a_day_ends_where_the_user_is(self):
        """What comes at 18:00 in London comes on the next day in Jakarta, and at eight
        in the morning of the same day in Honolulu."""
        self._purchase(self.product, 5, days=5).order_line.date_planned = datetime(
            2030, 1, 20, 18, 0
        )
        for zone, day, there in (
            ("UTC", "2030-01-20", 5),
            ("Asia/Jakarta", "2030-01-20", 0),
            ("Asia/Jakarta", "2030-01-21", 5),
            ("Pacific/Honolulu", "2030-01-19", 0),
            ("Pacific/Honolulu", "2030-01-20", 5),
        ):
            products = self.env["product.product"].with_user(self.seller)
            promise = products.with_context(tz=zone).get_promise(
                self.product.id, 9, date=day
            )
            with self.subTest(zone=zone, day=day):
                self.assertEqual(promise["qty_by_date"], there)

    def test_a_day_ends_by_the_clock_of_its_season(self):
        """In Berlin one hour before midnight UTC in winter, two in summer."""
        purchase = self._purchase(self.product, 5, days=5)
        products = self.env["product.product"].with_user(self.seller)
        for arrival, day, there in (
            ("2030-03-30 22:30:00", "2030-03-30", 5),
            ("2030-03-31 22:30:00", "2030-03-31", 0),
            ("2030-10-26 22:30:00", "2030-10-26", 0),
            ("2030-10-27 22:30:00", "2030-10-27", 5),
        ):
            purchase.order_line.date_planned = arrival
            promise = products.with_context(tz="Europe/Berlin").get_promise(
                self.product.id, 9, date=day
            )
            with self.subTest(arrival=arrival):
                self.assertEqual(promise["qty_by_date"], there)

    def test_vendors_are_asked_on_the_day_of_the_company(self):
        """At 20:00 UTC on Friday it is Saturday in Jakarta: somebody orders on
        Monday."""
        self.product.seller_ids = [
            (0, 0, {"partner_id": self.vendor.id, "delay": 3, "price": 1})
        ]
        for zone, arrival in (
            ("UTC", "2030-01-21 20:00:00"),
            ("Asia/Jakarta", "2030-01-23 20:00:00"),
        ):
            self.company.partner_id.tz = zone
            self.env.cr.cache.pop("backlog_work_days", None)
            self.addCleanup(self.env.cr.cache.pop, "backlog_work_days", None)
            with freeze_time("2030-01-18 20:00:00"), self.subTest(zone):
                self.assertEqual(self._promise(3)["to_source_date"], arrival)

    def test_a_vendor_whose_offer_has_ended_is_not_asked(self):
        """Its last day is the one where the user is."""
        self.product.seller_ids = [
            (
                0,
                0,
                {
                    "partner_id": self.vendor.id,
                    "delay": 3,
                    "price": 1,
                    "date_end": "2030-01-15",
                },
            )
        ]
        products = self.env["product.product"].with_user(self.seller)
        for zone, lead in (("UTC", 3), ("Asia/Jakarta", False)):
            with freeze_time("2030-01-15 20:00:00"), self.subTest(zone):
                promise = products.with_context(tz=zone).get_promise(self.product.id, 1)
                self.assertEqual(promise["vendor_lead_days"], lead)

    def test_vendors_are_asked_on_working_days(self):
        """Tuesday and Wednesday are a holiday: somebody orders on Thursday."""
        self.product.seller_ids = [
            (0, 0, {"partner_id": self.vendor.id, "delay": 3, "price": 1})
        ]
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Feast",
                "calendar_id": self.company.resource_calendar_id.id,
                "date_from": self._after(0, hours=-9),
                "date_to": self._after(1, hours=14),
            }
        )
        self.env.cr.cache.pop("backlog_work_days", None)
        self.addCleanup(self.env.cr.cache.pop, "backlog_work_days", None)
        promise = self._promise(3)
        self.assertEqual(promise["vendor_lead_days"], 3)
        self.assertEqual(promise["to_source_date"], "2030-01-20 09:00:00")
        self.assertEqual(promise["expected_date"], "2030-01-20 09:00:00")

    def test_asking_changes_nothing(self):
        self._put_in_stock(self.product, 4)
        self._promise(3)
        self.assertEqual(self._promise(3)["ready"], 3)

    def test_goods_that_are_not_counted_are_ready(self):
        loose = self._product("Screws", is_storable=False)
        self.assertEqual(self._promise(7, loose)["ready"], 7)

    def test_another_warehouse_promises_its_own_goods(self):
        other = self.env["stock.warehouse"].create({"name": "Other", "code": "OTH"})
        self._put_in_stock(self.product, 4)
        self.assertEqual(self._promise(3, warehouse_id=other.id)["to_source"], 3)

    def test_goods_made_for_another_order_are_not_promised(self):
        purchase = self._purchase(self.product, 5, days=6)
        order = self._order(self.product, 5)
        order.sudo().picking_ids.move_ids.write(
            {
                "procure_method": "make_to_order",
                "move_orig_ids": [(6, 0, purchase.picking_ids.move_ids.ids)],
            }
        )
        self.assertEqual(self._promise(3)["to_source"], 3)

    def test_bad_questions_get_a_clear_answer(self):
        for quantity in (0, -1, float("nan"), float("inf"), 10**400, "3", True, None):
            with self.subTest(quantity=quantity), self.assertRaises(UserError):
                self._promise(quantity)
        for quantity in (1e13, float("inf"), 10**400):
            with (
                self.subTest(quantity=quantity),
                self.assertRaisesRegex(UserError, "must not be above 1000000000000"),
            ):
                self._promise(quantity)
        for date in ("tomorrow", 5, [1], {"a": 1}, "2030-02-30", True):
            with self.subTest(date=date), self.assertRaises(UserError):
                self._promise(1, date=date)
        products = self.env["product.product"].with_user(self.seller)
        for number in ("1", True, 1.0, [1], None, 0, -1):
            with (
                self.subTest(number=number),
                self.assertRaisesRegex(UserError, "id of"),
            ):
                products.get_promise(number, 1)
        with self.assertRaises(MissingError):
            self.env["product.product"].with_user(self.seller).get_promise(999999999, 1)

    def _promises(self, *wishes):
        products = self.env["product.product"].with_user(self.seller)
        return products.get_promises(list(wishes))

    def test_many_are_promised_one_after_the_other(self):
        self._put_in_stock(self.product, 5)
        other = self._product("Other")
        self._put_in_stock(other, 1)
        first, second, third = self._promises(
            {"product_id": self.product.id, "qty": 3},
            {"product_id": other.id, "qty": 1, "warehouse_id": self.warehouse.id},
            {"product_id": self.product.id, "qty": 3, "warehouse_id": False},
        )
        self.assertEqual(
            [(p["product_id"], p["ready"], p["to_source"]) for p in (first, second)],
            [(self.product.id, 3, 0), (other.id, 1, 0)],
        )
        self.assertEqual((third["ready"], third["to_source"]), (2, 1))
        alone = self._promise(3)
        del alone["qty_by_date"]
        self.assertEqual(first, alone)
        self.assertEqual(self._promises(), [])

    def test_many_cost_no_more_queries_than_few(self):
        wishes = [
            {"product_id": self._product(f"Product {number}").id, "qty": 1}
            for number in range(30)
        ]
        counts = []
        for size in (30, 3, 30):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._promises(*wishes[:size])
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1])

    def test_each_is_answered_alone_where_that_is_asked(self):
        self._put_in_stock(self.product, 5)
        other = self._product("Other")
        self._put_in_stock(other, 1)
        self._purchase(self.product, 4, days=3)
        wishes = [
            {"product_id": product.id, "qty": quantity}
            for product, quantity in (
                (self.product, 3),
                (other, 2),
                (self.product, 7),
                (self.product, 3),
                (self.product, 12),
            )
        ]
        products = self.env["product.product"].with_user(self.seller)
        alone = [products.get_promises([wish])[0] for wish in wishes]
        self.assertEqual(products.get_promises(wishes, independent=True), alone)
        self.assertEqual(
            [(p["ready"], p["to_source"]) for p in alone],
            [(3, 0), (1, 1), (5, 0), (3, 0), (5, 3)],
        )
        self.assertNotEqual(products.get_promises(wishes), alone)
        self.assertEqual(products.get_promises([], independent=True), [])
        alone[0]["incoming"].append("changed")
        self.assertEqual(alone[3]["incoming"], [])
        for wrong in (1, "false", None, [True]):
            with self.assertRaisesRegex(UserError, "must be true or false"):
                products.get_promises(wishes, wrong)

    def test_different_goods_are_asked_together_also_when_each_is_alone(self):
        wishes = [
            {"product_id": self._product(f"Product {number}").id, "qty": 1}
            for number in range(30)
        ]
        products = self.env["product.product"].with_user(self.seller)
        counts = []
        for size in (30, 3, 30):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            products.get_promises(wishes[:size] * 5, independent=True)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1])

    def test_bad_lists_of_wishes_get_a_clear_answer(self):
        wish = {"product_id": self.product.id, "qty": 1}
        for wishes, words in (
            ("all", "list of at most"),
            ([1], "list of at most"),
            ([{**wish, "when": "now"}], "list of at most"),
            ([wish] * 10_001, "list of at most"),
            ([{"qty": 1}], "whole number"),
            ([{**wish, "product_id": "1"}], "whole number"),
            ([{**wish, "product_id": 0}], "whole number"),
            ([{**wish, "product_id": -1}], "whole number"),
            ([{**wish, "product_id": [1]}], "whole number"),
            ([{**wish, "warehouse_id": [1]}], "whole number"),
            ([{**wish, "warehouse_id": "1"}], "whole number"),
            ([{"product_id": self.product.id}], "must be a number"),
            (
                [wish, {**wish, "qty": -1}],
                rf"Wish 2, .* {self.product.id}: .*above zero",
            ),
            ([{**wish, "qty": float("nan")}], "above zero"),
            ([{**wish, "qty": 1e30}], "must not be above 1000000000000"),
        ):
            products = self.env["product.product"].with_user(self.seller)
            with self.subTest(wishes), self.assertRaisesRegex(UserError, words):
                products.get_promises(wishes)
        with self.assertRaises(MissingError):
            self._promises(wish, {**wish, "product_id": 999999999})
        with self.assertRaises(MissingError):
            self._promises({**wish, "warehouse_id": 999999999})
        stranger = new_test_user(self.env, "nobody", "base.group_user")
        with self.assertRaises(AccessError):
            self.env["product.product"].with_user(stranger).get_promises([wish])

    def test_only_goods_can_be_promised(self):
        item = Command.create({"product_id": self.product.id})
        combo = self.env["product.combo"].create(
            {"name": "Combo", "combo_item_ids": [item]}
        )
        for kind in ("service", "combo"):
            product = self._product(
                kind, type=kind, is_storable=False, combo_ids=combo.ids
            )
            with self.assertRaisesRegex(UserError, "Only goods can be promised"):
                self._promise(1, product)

    def test_without_a_warehouse_it_says_what_to_do(self):
        company = self.env["res.company"].create({"name": "No warehouse"})
        self.env["stock.warehouse"].search(
            [("company_id", "=", company.id)]
        ).active = False
        self.seller.write({"company_ids": [Command.link(company.id)]})
        products = self.env["product.product"].with_user(self.seller)
        with self.assertRaisesRegex(UserError, "Create a warehouse or give one"):
            products.with_company(company).get_promise(self.product.id, 1)

    def test_who_may_not_see_the_backlog_gets_no_promise(self):
        stranger = new_test_user(self.env, "stranger", "base.group_user")
        with self.assertRaises(AccessError):
            self.env["product.product"].with_user(stranger).get_promise(
                self.product.id, 1
            )

    def test_a_foreign_warehouse_is_refused(self):
        company = self.env["res.company"].create({"name": "Foreign"})
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", company.id)], limit=1
        )
        with self.assertRaises(AccessError):
            self._promise(1, warehouse_id=warehouse.id)

    def test_quotation_lines_show_what_they_would_get(self):
        self._put_in_stock(self.product, 10)
        self._purchase(self.product, 24, days=6)
        self._order(self.product, 4)
        quotation = self._quote(
            (self.product, 5), (self.product, 2, {"product_uom_id": self.dozen.id})
        )

        first, second = quotation.order_line

        self.assertEqual(first.quote_ready_qty, 5)
        self.assertEqual(first.quote_expected_date, self._after(0))
        self.assertEqual(second.quote_ready_qty, 0.08, "one of 12, the first took five")
        self.assertEqual(second.quote_incoming_qty, 1.92)
        self.assertEqual(second.quote_to_source_qty, 0)
        self.assertEqual(second.quote_expected_date, self._after(6))

    def test_made_to_order_quotation_lines_take_nothing_from_stock(self):
        mto = self.warehouse.mto_pull_id.route_id
        mto.active = True
        self._put_in_stock(self.product, 10)
        quotation = self._quote((self.product, 5, {"route_ids": [(6, 0, mto.ids)]}))
        self.assertEqual(quotation.order_line.quote_to_source_qty, 5)

    def test_consumables_sent_by_the_vendor_are_to_source(self):
        loose = self._product("Screws", is_storable=False)
        dropship = self.env.ref("stock_dropshipping.route_drop_shipping")
        mto = self.warehouse.mto_pull_id.route_id
        mto.active = True
        quotation = self._quote(
            (loose, 5),
            (loose, 5, {"route_ids": dropship.ids}),
            (loose, 5, {"route_ids": mto.ids}),
        )
        lines = quotation.order_line
        self.assertEqual(lines.mapped("quote_ready_qty"), [5, 0, 0])
        self.assertEqual(lines.mapped("quote_to_source_qty"), [0, 5, 5])

    def test_a_line_asked_alone_gets_what_those_above_it_leave(self):
        self._put_in_stock(self.product, 10)
        quotation = self._quote((self.product, 8), (self.product, 8))
        first, second = quotation.order_line
        self.env.invalidate_all()
        self.assertEqual(second.with_prefetch().quote_ready_qty, 2)

        first.product_uom_qty = 3
        self.assertEqual(second.quote_ready_qty, 7)

        first.sequence = second.sequence + 1
        self.assertEqual((first.quote_ready_qty, second.quote_ready_qty), (2, 8))

        first.unlink()
        second.product_uom_qty = 12
        self.assertEqual(second.quote_ready_qty, 10)

    def test_the_columns_follow_what_is_typed(self):
        """The line being edited at once, the others when the order is saved."""
        self._put_in_stock(self.product, 10)
        quotation = self._quote((self.product, 8), (self.product, 8))

        with Form(quotation) as form, form.order_line.edit(0) as line:
            line.product_uom_qty = 3
            self.assertEqual(line.quote_ready_qty, 3)
        self.assertEqual(quotation.order_line.mapped("quote_ready_qty"), [3, 7])

        with Form(quotation) as form:
            with form.order_line.edit(1) as line:
                line.product_uom_qty = 6
                self.assertEqual(line.quote_ready_qty, 6)
            with form.order_line.new() as line:
                line.product_id = self.product
                line.product_uom_qty = 4
                self.assertEqual(line.quote_ready_qty, 1)
        self.assertEqual(quotation.order_line.mapped("quote_ready_qty"), [3, 6, 1])

        with Form(quotation) as form:
            form.order_line.remove(0)
        self.assertEqual(quotation.order_line.mapped("quote_ready_qty"), [6, 4])

    def test_a_quotation_that_was_never_saved_has_the_columns(self):
        self._put_in_stock(self.product, 10)
        with Form(self.env["sale.order"].with_user(self.seller)) as form:
            form.partner_id = self.customer
            for quantity, ready in ((8, 8), (8, 2)):
                with form.order_line.new() as line:
                    line.product_id = self.product
                    line.product_uom_qty = quantity
                    self.assertEqual(line.quote_ready_qty, ready)
            with form.order_line.edit(0) as line:
                line.product_uom_qty = 1
            with form.order_line.edit(1) as line:
                self.assertEqual(line.quote_ready_qty, 8)

    def test_the_number_of_queries_does_not_depend_on_the_lines(self):
        mto = self.warehouse.mto_pull_id.route_id
        mto.active = True

        def queries(count):
            quotation = self._quote(
                *((self._bought(mto if n % 2 else False), 3) for n in range(count))
            )
            read(quotation)  # fills the caches that creating products emptied
            return read(quotation)

        def read(quotation):
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            quotation.order_line.mapped("quote_expected_date")
            return self.env.cr.sql_log_count - start

        self.assertEqual(queries(10), queries(2))

    def _bought(self, route):
        """A product with a vendor, on a route or with a receipt on its way."""
        seller = {"partner_id": self.vendor.id, "delay": 12, "price": 1}
        product = self._product(
            seller_ids=[Command.create(seller)], route_ids=route and route.ids
        )
        if not route:
            self._purchase(product, 2, days=6)
        return product

    def test_confirmed_lines_have_no_quotation_figures(self):
        self._put_in_stock(self.product, 10)
        order = self._order(self.product, 5)
        self.assertEqual(order.order_line.quote_ready_qty, 0)
