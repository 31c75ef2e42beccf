from lxml.etree import fromstring

from odoo.exceptions import UserError
from odoo.tests import freeze_time, new_test_user, tagged

from ..common import NOW, BacklogCase


@freeze_time(NOW)
@tagged("post_install", "-at_install")
class TestScreens(BacklogCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.env = cls.env(context={**cls.env.context, "lang": "en_US"})
        cls.other_seller = new_test_user(
            cls.env, "other_seller", "sales_team.group_sale_salesman", tz="UTC"
        )
        cls.stocker = new_test_user(cls.env, "stocker", "stock.group_stock_user")
        cls.buyer = new_test_user(cls.env, "buyer", "purchase.group_purchase_user")
        cls.boss = new_test_user(cls.env, "boss", "sales_team.group_sale_manager")
        cls.users = cls.seller + cls.stocker + cls.buyer + cls.boss

    def _seen_by(self, user, order):
        """The lines of the order as the user gets them, fresh: what others may read
        must not come from the cache."""
        self.env.invalidate_all()
        return (
            self.env["backlog.line"]
            .with_user(user)
            .search([("id", "in", order.order_line.ids)])
        )

    def _reserve_by_hand(self):
        self.warehouse.out_type_id.reservation_method = "manual"

    # Every role

    def test_everyone_opens_every_view(self):
        self._put_in_stock(self.product, 3)
        order = self._order(self.product, 5)
        for user in self.users:
            with self.subTest(user=user.login):
                line = self._seen_by(user, order)
                views = line.get_views(
                    [
                        (False, view)
                        for view in (
                            "list",
                            "kanban",
                            "pivot",
                            "graph",
                            "form",
                            "search",
                        )
                    ]
                )
                names = views["models"]["backlog.line"]["fields"]
                row = line.web_read({name: {} for name in names if name != "id"})[0]
                self.assertEqual(row["backlog_qty"], 3)
                self.assertTrue(row["why"]["verdict"])

    def test_buyers_see_demand_without_prices(self):
        order = self._order(self.product, 5)
        for view in ("list", "kanban", "pivot", "graph", "form", "search"):
            arch = self._seen_by(self.buyer, order).get_view(view_type=view)["arch"]
            self.assertNotRegex(arch, "[a-z]_value\\b(?<!raw_value)")
            arch = self._seen_by(self.seller, order).get_view(view_type=view)["arch"]
            self.assertRegex(arch, "[a-z]_value\\b(?<!raw_value)")

    def test_buyers_read_names_and_the_explanation(self):
        order = self._order(self.product, 5)
        line = self._seen_by(self.buyer, order)
        row = line.web_read({"order_id": {"fields": {"display_name": {}}}})[0]
        self.assertEqual(row["order_id"]["display_name"], order.name)
        self.assertIn(order.name, line.display_name)

    # To the documents

    def test_line_leads_to_its_order_and_transfer(self):
        order = self._order(self.product, 5)
        line = self._seen_by(self.seller, order)
        self.assertEqual(line.action_open_order()["res_id"], order.id)
        transfer = order.sudo().picking_ids
        line_of_stocker = self._seen_by(self.stocker, order)
        self.assertEqual(line_of_stocker.action_open_transfers()["res_id"], transfer.id)
        # The form of a transfer shows lots, which salespeople may not read.
        with self.assertRaisesRegex(UserError, f"{transfer.name} is not yours to open"):
            line.action_open_transfers()

    def test_line_leads_to_the_purchase_that_covers_it(self):
        purchase = self._purchase(self.product, 5)
        order = self._order(self.product, 5)
        action = self._seen_by(self.buyer, order).action_open_supply()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("purchase.order", purchase.id)
        )

    def test_purchase_that_is_not_theirs_to_open_is_named(self):
        purchase = self._purchase(self.product, 5)
        order = self._order(self.product, 5)
        for user in self.seller + self.stocker:
            with self.assertRaisesRegex(UserError, f"covered by {purchase.name}"):
                self._seen_by(user, order).action_open_supply()

    def test_line_with_nothing_on_its_way_says_so(self):
        order = self._order(self.product, 5)
        with self.assertRaisesRegex(UserError, "Nothing is on its way"):
            self._seen_by(self.buyer, order).action_open_supply()

    def test_order_and_product_lead_to_their_lines(self):
        order = self._order(self.product, 5)
        self._order(self._product("Table"), 1)
        for record in (
            order.with_user(self.seller),
            self.product.with_user(self.stocker),
            self.product.product_tmpl_id.with_user(self.buyer),
        ):
            lines = record.env["backlog.line"].search(
                record.action_open_backlog()["domain"]
            )
            self.assertEqual(lines.ids, order.order_line.ids)

    # Check availability

    def test_check_availability_reserves_what_is_ready(self):
        self._reserve_by_hand()
        self._put_in_stock(self.product, 3)
        order = self._order(self.product, 5)
        line = self._seen_by(self.seller, order)
        action = line.action_check_availability()
        self.assertEqual(order.sudo().picking_ids.move_ids.quantity, 3)
        self.assertEqual(
            action["params"]["message"], "3 Units of 5 Units are reserved."
        )
        self.assertEqual((line.backlog_qty, line.backorder_qty), (3, 2))

    def test_check_availability_without_stock_says_so(self):
        order = self._order(self.product, 5)
        params = self._seen_by(self.stocker, order).action_check_availability()[
            "params"
        ]
        self.assertEqual(params["type"], "warning")
        self.assertIn("Nothing more could be reserved", params["message"])

    def _told(self, user, *orders):
        """``(kind, message)`` of checking the lines of these orders."""
        orders = self.env["sale.order"].union(*orders)
        params = self._seen_by(user, orders).action_check_availability()["params"]
        return params["type"], params["message"]

    def test_check_availability_of_what_is_reserved_is_no_warning(self):
        self._put_in_stock(self.product, 9)
        order = self._order(self.product, 5)
        self.assertEqual(
            self._told(self.seller, order), ("info", "All of it is reserved already.")
        )

    def test_check_availability_finds_enough_of_what_is_not_tracked(self):
        cup = self._product("Cup", is_storable=False)
        self._put_in_stock(self.product, 3)
        order = self._order((cup, 40))
        self.assertEqual(
            self._told(self.seller, order), ("info", "All of it is reserved already.")
        )
        self.assertEqual(
            self._told(self.seller, order, self._order(self.product, 5)),
            (
                "warning",
                "Nothing more could be reserved. All is reserved for 1 of 2 lines.",
            ),
        )

    def test_every_button_can_be_pressed_with_records(self):
        """The client passes the ids of what is chosen, of a header's button too."""
        names = self.env["ir.model.data"].search(
            [
                ("module", "=like", "inventory\\_backlog%"),
                ("model", "=", "ir.ui.view"),
            ]
        )
        found = set()
        for view in self.env["ir.ui.view"].browse(names.mapped("res_id")):
            for button in fromstring(view.arch).iter("button"):
                name = button.get("name")
                # Of lines within a form the button is another model's.
                method = getattr(self.env.get(view.model), name or "", None)
                if button.get("type") == "object" and method:
                    found.add(name)
                    with self.subTest(model=view.model, button=name):
                        self.assertFalse(getattr(method, "_api_model", False))
        self.assertIn("action_remove_future", found)

    def test_check_availability_adds_up_no_different_products(self):
        table = self._product("Table")
        self._put_in_stock(self.product, 3)
        order = self._order((self.product, 5), (table, 40))
        self.assertEqual(
            self._told(self.seller, order),
            (
                "warning",
                "Nothing more could be reserved. All is reserved for 0 of 2 lines.",
            ),
        )
        self._put_in_stock(self.product, 2)
        self.assertEqual(
            self._told(self.seller, order),
            (
                "success",
                "More is reserved for 1 of 2 lines. All is reserved for 1 of them.",
            ),
        )
        self._put_in_stock(table, 40)
        self._told(self.seller, order)
        self.assertEqual(
            self._told(self.seller, order), ("info", "All of it is reserved already.")
        )

    def test_check_availability_of_what_was_shipped_meanwhile_says_so(self):
        self._put_in_stock(self.product, 5)
        order = self._order(self.product, 5)
        line = self._seen_by(self.seller, order)
        self._ship(order)
        params = line.action_check_availability()["params"]
        self.assertEqual(params["type"], "info")
        self.assertEqual(params["message"], "Nothing of this is open any more.")

    def test_check_availability_of_many_lines_serves_the_queue(self):
        self._reserve_by_hand()
        self._put_in_stock(self.product, 5)
        late = self._order(self.product, 4, commitment_date=self._after(9))
        soon = self._order(self.product, 4, commitment_date=self._after(1))
        self._seen_by(self.seller, late + soon).action_check_availability()
        self.assertEqual(
            [order.sudo().picking_ids.move_ids.quantity for order in (soon, late)],
            [4, 1],
        )

    # Why?

    def test_why_names_the_sources_with_document_and_date(self):
        self._put_in_stock(self.product, 2)
        purchase = self._purchase(self.product, 3, days=7)
        order = self._order(self.product, 6)
        why = self._seen_by(self.seller, order).why
        self.assertEqual(
            [
                (row["label"], row["quantity"], row["date"], row["document"])
                for row in why["sources"]
            ],
            [
                ("Reserved", "2 Units", "now", False),
                (
                    "On its way",
                    "3 Units",
                    "01/22/2030",
                    {
                        "model": "purchase.order",
                        "id": purchase.id,
                        "name": purchase.name,
                        "can_open": False,
                    },
                ),
                ("To order", "1 Units", "", False),
            ],
        )

    def test_why_names_requests_that_nobody_confirmed(self):
        request = self._request(self.product, 5)
        order = self._order(self.product, 5)
        why = self._seen_by(self.seller, order).why
        self.assertIn(
            f"Not confirmed yet: request for quotation {request.name}.", why["verdict"]
        )

    def test_why_shows_who_is_ahead_and_not_who_is_behind(self):
        first = self._order(self.product, 3, commitment_date=self._after(1))
        order = self._order(self.product, 5, commitment_date=self._after(2))
        self._order(self.product, 7, commitment_date=self._after(3))
        (queue,) = self._seen_by(self.seller, order).why["queue"]
        self.assertEqual(queue["place"], "Number 2 in the queue for Chair.")
        self.assertEqual(
            [(row["order"]["name"], row["quantity"]) for row in queue["rows"]],
            [(first.name, "3 Units")],
        )
        self.assertEqual(queue["totals"], [])

    def test_why_does_not_call_ahead_what_is_reserved_behind(self):
        self._put_in_stock(self.product, 3)
        behind = self._order(self.product, 2, commitment_date=self._after(9))
        self._order(
            self.product, 3, user=self.other_seller, commitment_date=self._after(9)
        )
        order = self._order(self.product, 5, commitment_date=self._after(2))
        (queue,) = self._seen_by(self.seller, order).why["queue"]
        self.assertEqual(queue["place"], "Number 1 in the queue for Chair.")
        self.assertEqual(queue["rows"], [])
        self.assertEqual(
            queue["totals"],
            [
                f"Behind it, but reserved already: 2 Units for {behind.name}.",
                "Behind it, but reserved already for others: 1 Units.",
            ],
        )

    def test_why_shows_no_queue_for_what_is_reserved(self):
        self._put_in_stock(self.product, 14)
        order = self._order(self.product, 5, commitment_date=self._after(2))
        self._order(self.product, 9, commitment_date=self._after(9))
        self.assertEqual(self._seen_by(self.seller, order).why["queue"], [])

    def test_why_gives_the_place_of_what_is_not_reserved(self):
        self._put_in_stock(self.product, 3)
        order = self._order(self.product, 5, commitment_date=self._after(2))
        (queue,) = self._seen_by(self.seller, order).why["queue"]
        self.assertEqual(queue["place"], "Number 1 in the queue for Chair.")
        self.assertEqual((queue["rows"], queue["totals"]), ([], []))

    def test_why_gives_only_totals_of_other_people_s_orders(self):
        secret = self.env["res.partner"].create({"name": "Secret Customer"})
        hidden = [
            self._order(
                self.product,
                quantity,
                user=self.other_seller,
                partner_id=secret.id,
                commitment_date=self._after(1),
            )
            for quantity in (10, 4)
        ]
        order = self._order(self.product, 5, commitment_date=self._after(2))
        why = self._seen_by(self.seller, order).why
        (queue,) = why["queue"]
        self.assertEqual(queue["rows"], [])
        self.assertEqual(queue["totals"], ["2 other orders, 14 Units, are ahead."])
        for name in (secret.name, *(other.name for other in hidden)):
            self.assertNotIn(name, str(why))
        why = self._seen_by(self.boss, order).why
        self.assertEqual(
            {row["customer"] for row in why["queue"][0]["rows"]}, {secret.name}
        )

    def test_why_shows_what_else_the_customer_waits_for(self):
        order = self._order(self.product, 5)
        other = self._order(self._product("Table"), 1)
        self._order(self._product("Lamp"), 1, user=self.other_seller)
        why = self._seen_by(self.seller, order).why
        self.assertEqual(
            [
                (row["order"]["name"], row["product"], row["quantity"])
                for row in why["customer"]["rows"]
            ],
            [(other.name, "Table", "1 Units")],
        )

    def test_why_says_how_late_it_is(self):
        order = self._order(self.product, 5, commitment_date=self._after(-3))
        why = self._seen_by(self.seller, order).why
        self.assertIn(
            "Late: it was promised for 01/12/2030, days late: 3.", why["verdict"]
        )

        self._purchase(self.product, 5, days=9)
        why = self._seen_by(self.seller, order).why
        self.assertIn(
            "Late: it was promised for 01/12/2030, days late: 3 so far, 12 when it "
            "leaves.",
            why["verdict"],
        )

    # The order

    def test_order_says_what_is_late_and_what_nobody_ordered(self):
        order = self._order(self.product, 5, commitment_date=self._after(-3))
        self.assertEqual(
            order.backlog_alert,
            "Late: 5 Units of Chair. Promised for 01/12/2030.\n"
            "Nobody has ordered supply yet for 5 Units of Chair.",
        )

    def test_order_in_time_and_ready_says_nothing(self):
        self._put_in_stock(self.product, 5)
        order = self._order(self.product, 5)
        self.assertFalse(order.backlog_alert)
