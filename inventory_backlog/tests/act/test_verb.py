from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..acts import ActCase


@tagged("post_install", "-at_install")
class TestVerb(ActCase):
    """The doors: act, undo, panel; who may use them for which lines."""

    def test_a_salesperson_acts_on_no_line_of_another(self):
        other = new_test_user(self.env, "other", "sales_team.group_sale_salesman")
        order = self._unreserved(self.product, 2)
        lines = self.env["backlog.line"].with_user(other)
        for verb in ("reserve", "ask_warehouse", "tell", "snooze", "open_order"):
            with self.subTest(verb=verb), self.assertRaises(AccessError):
                lines.act(order.order_line.ids, verb, {"until": "2030-01-20"})
        with self.assertRaises(AccessError):
            lines.get_panel(order.order_line.id)

    def test_nobody_acts_on_lines_of_another_company(self):
        order = self._unreserved(self.product, 2)
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            "stranger",
            "stock.group_stock_user,purchase.group_purchase_user",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        lines = self.env["backlog.line"].with_user(stranger)
        for verb in ("ship", "reserve", "order", "snooze"):
            with self.subTest(verb=verb), self.assertRaises(AccessError):
                lines.act(order.order_line.ids, verb, {"until": "2030-01-20"})

    def test_who_reads_no_backlog_acts_on_nothing(self):
        order = self._unreserved(self.product, 2)
        for login, group in (
            ("inside", "base.group_user"),
            ("outside", "base.group_portal"),
        ):
            lines = self.env["backlog.line"].with_user(
                new_test_user(self.env, login, group)
            )
            with self.subTest(user=login):
                with self.assertRaises(AccessError):
                    lines.act(order.order_line.ids, "reserve")
                with self.assertRaises(AccessError):
                    lines.undo_act({"verb": "reserve", "token": 1})
                with self.assertRaises(AccessError):
                    lines.get_panel(order.order_line.id)

    def test_what_makes_no_sense_is_refused(self):
        order = self._unreserved(self.product, 2)
        lines = self.env["backlog.line"].with_user(self.seller)
        ids = order.order_line.ids
        for arguments in (
            ([], "reserve"),
            ("1", "reserve"),
            (ids, "_verbs"),
            (ids, "unlink"),
            (ids, None),
            (ids, ["reserve"]),
            (ids, "snooze", ["until"]),
            (list(range(1, 2000)), "reserve"),
        ):
            with self.subTest(arguments=arguments[1:]), self.assertRaises(UserError):
                lines.act(*arguments)
        for undo in (None, {}, {"token": "1"}, {"token": 10**9}, [1], {"token": True}):
            with self.subTest(undo=undo), self.assertRaises(UserError):
                lines.undo_act(undo)
        for line_id in (0, "1", None, [1]):
            with self.subTest(line_id=line_id), self.assertRaises(UserError):
                lines.get_panel(line_id)

    def test_the_verb_of_an_undo_is_that_which_was_kept(self):
        order = self._unreserved(self.product, 2)
        result = self._act(self._of(order, self.seller), "reserve")
        result["undo"]["verb"] = "order"
        self._undo(result, self.seller)
        self.assertEqual(order.sudo().order_line.move_ids.quantity, 0)

    def test_the_customer_is_told_with_one_mail(self):
        orders = [self._wanted(self.product, 3) for _number in range(2)]
        other = self._wanted(
            self.product, 1, partner_id=self._vendor("Other customer").id
        )
        lines = self._of(orders[0], self.seller) | self._of(orders[1], self.seller)
        action = self._act(lines, "tell")["action"]
        self.assertEqual(action["context"]["default_res_ids"], orders[0].ids)
        self.assertEqual(action["context"]["default_composition_mode"], "comment")
        action = self._act(lines | self._of(other, self.seller), "tell")["action"]
        self.assertEqual(action["context"]["default_res_ids"], [orders[0].id, other.id])
        with self.assertRaises(AccessError):
            self._act(self._of(other, self.buyer), "tell")

    def test_what_a_line_is_about_is_opened(self):
        self._put_in_stock(self.product, 1)
        purchase = self._purchase(self.product, 2, vendor=self.first, days=2)
        order = self._wanted(self.product, 3)
        line = self._of(order, self.everything)
        for verb, record in (
            ("open_order", order),
            ("open_transfer", order.sudo().picking_ids),
            ("open_supply", purchase),
        ):
            with self.subTest(verb=verb):
                action = self._act(line, verb)["action"]
                self.assertEqual(
                    (action["res_model"], action["res_id"]), (record._name, record.id)
                )

    def test_a_request_is_opened_as_what_it_waits_for(self):
        request = self._request(self.product, 3, vendor=self.first)
        order = self._wanted(self.product, 3)
        action = self._act(self._of(order, self.buyer), "open_supply")["action"]
        self.assertEqual(action["res_id"], request.id)

    # The panel

    def test_the_panel_says_what_to_do_in_order(self):
        purchase = self._purchase(self.product, 10, vendor=self.first, days=9)
        self._put_in_stock(self.product, 20)
        order = self._wanted(self.product, 45, days=-2)
        panel = (
            self.env["backlog.line"]
            .with_user(self.everything)
            .get_panel(order.order_line.id)
        )
        self.assertEqual(panel["title"], "Chair")
        self.assertEqual(
            panel["subtitle"], f"Customer · {order.name} · promised Jan 13"
        )
        self.assertEqual(
            [
                (one["lead"], one["sentence"], one["verb"] and one["verb"]["label"])
                for one in panel["plan"]
            ],
            [
                ("First", "20 are reserved for this line.", "Ship 20"),
                ("Then", "15 are not ordered.", "Order 15"),
                (
                    "Then",
                    f"10 come on Jan 24 with {purchase.name}.",
                    "Chase vendor",
                ),
                ("Then", "Promised Jan 13, days late: 2.", "Tell customer"),
            ],
        )
        self.assertEqual(set(panel["why"]), {"verdict", "sources", "queue", "customer"})

    def test_the_panel_of_what_is_open_no_more(self):
        self._put_in_stock(self.product, 2)
        order = self._wanted(self.product, 2)
        self._ship(order)
        with self.assertRaisesRegex(UserError, "not open any more"):
            self.env["backlog.line"].with_user(self.seller).get_panel(
                order.order_line.id
            )

    # Columns

    def test_the_columns_name_documents_and_places(self):
        purchase = self._purchase(self.product, 2, vendor=self.first, days=2)
        shelf = self.env["stock.location"].create(
            {"name": "Shelf 1", "location_id": self.stock.id}
        )
        self._put_in_stock(self.product, 1, shelf)
        order = self._wanted(self.product, 3)
        line = self._of(order, self.seller)
        transfer = order.sudo().picking_ids
        self.assertEqual(line.transfer_names, transfer.name)
        self.assertEqual(line.shelf_name, "Shelf 1")
        self.assertEqual(line.supply_vendor, "First")
        self.assertEqual(line.cause_text, "In time")
        purchase.order_line.date_planned = self._after(-2)
        line = self._of(order, self.seller)
        self.assertEqual(line.cause_text, f"{purchase.name} is overdue")

    # Queries

    def test_the_number_of_queries_does_not_depend_on_the_number_of_lines(self):
        names = ("step", "cause_text", "supply_vendor", "transfer_names", "shelf_name")

        def read(orders):
            domain = [("order_id", "in", [order.id for order in orders])]
            lines = self.env["backlog.line"].with_user(self.everything)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            lines.search_read(domain, [*names, "is_snoozed"])
            return self.env.cr.sql_log_count - before

        orders = []
        for number in range(8):
            product = self._table(f"Table {number}", self._vendor(f"Vendor {number}"))
            vendor = product.seller_ids.partner_id
            self._put_in_stock(product, 1)
            self._purchase(product, 1, vendor=vendor, days=9)
            if number % 2:
                self._request(product, 1, vendor=vendor)
            orders.append(
                self._wanted(product, 3, partner_id=self._vendor(f"C {number}").id)
            )
        self._generate()
        for order in orders[::3]:
            line = self._of(order, self.seller)
            self._act(line, "ask_purchase")
            self._act(self._of(order, self.everything), "snooze", until="2030-01-20")
        self.env["backlog.fold"]._fold()
        read(orders)
        few, many = read(orders[:2]), read(orders)
        self.assertEqual(few, many)
        self.assertLess(many, 90)
