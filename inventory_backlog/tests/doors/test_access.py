from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from ..common import BacklogCase

SALES = "sales_team.group_sale_salesman"


@tagged("post_install", "-at_install")
class TestAccess(BacklogCase):
    """Who sees what; the split counts everybody's demand for everyone."""

    def setUp(self):
        super().setUp()
        self.colleague = self._user("colleague", SALES)
        self._put_in_stock(self.product, 5)
        self.theirs = self._order(self.product, 4, user=self.colleague)
        self.own = self._order(self.product, 4)
        self.orders = self.own + self.theirs

    def _user(self, login, *groups):
        return new_test_user(self.env, login, ",".join(groups))

    def _lines(self, user):
        return self.env["backlog.line"].with_user(user).search([])

    def _seen(self, user):
        """The orders among ours whose lines the user sees."""
        return self._lines(user).sudo().order_id & self.orders.sudo()

    def _sliced(self, user):
        slices = self.env["backlog.allocation"].with_user(user).search([])
        return slices.sudo().order_line_id.order_id & self.orders.sudo()

    def test_salesperson_sees_own_lines_and_counts_everybodys(self):
        self.assertEqual(self._seen(self.seller), self.own)
        self.assertEqual(self._sliced(self.seller), self.own)
        line = self._lines(self.seller)
        self.assertRecordValues(
            line, [{"open_qty": 4, "backlog_qty": 1, "to_source_qty": 3}]
        )
        self.assertEqual(self._seen(self.colleague), self.theirs)

    def test_salesperson_cannot_read_a_line_of_a_colleague(self):
        line = self.env["backlog.line"].with_user(self.seller)
        with self.assertRaises(AccessError):
            line.browse(self.theirs.order_line.id).read(["open_qty"])
        with self.assertRaises(AccessError):
            self.theirs.order_line.with_user(self.seller).read(["open_qty"])

    def test_salesperson_sees_lines_of_nobody(self):
        self.theirs.sudo().user_id = False

        self.assertEqual(self._seen(self.seller), self.orders)

    def test_salesperson_with_an_inventory_right_still_sees_own_lines_only(self):
        user = self._user("both", SALES, "stock.group_stock_user")
        own = self._order(self.product, 1, user=user)

        self.assertFalse(self._seen(user))
        self.assertEqual(self._lines(user).order_id, own)

    def test_all_documents_manager_stock_and_purchase_users_see_all_lines(self):
        for group in (
            "sales_team.group_sale_salesman_all_leads",
            "sales_team.group_sale_manager",
            "stock.group_stock_user",
            "purchase.group_purchase_user",
            "inventory_backlog.group_backlog_manager",
        ):
            user = self._user(group, group)
            self.assertEqual(self._seen(user), self.orders, group)
            self.assertEqual(self._sliced(user), self.orders, group)

    def test_figures_of_products_equal_the_lines_the_user_sees(self):
        product = self.product.with_user(self.seller)
        self.assertRecordValues(
            product, [{"backlog_qty": 1, "to_source_qty": 3, "open_value": 400}]
        )
        everything = self.product.with_user(
            self._user("all", "sales_team.group_sale_salesman_all_leads")
        )
        self.assertRecordValues(
            everything, [{"backlog_qty": 5, "to_source_qty": 3, "open_value": 800}]
        )
        self.assertEqual(
            product.search([("to_source_qty", "=", 3), ("id", "=", product.id)]),
            product,
        )

    def test_buyer_sees_demand_without_customer_prices(self):
        buyer = self._user("buyer", "purchase.group_purchase_user")
        lines = self._lines(buyer)
        values = ("open_value", "backlog_value", "backorder_value", "prepaid_value")

        self.assertEqual(
            sum((lines & lines.browse(self.own.order_line.ids)).mapped("open_qty")), 4
        )
        self.assertFalse({*values} & {*lines.fields_get()})
        self.assertNotIn("open_value", self.product.with_user(buyer).fields_get())
        for name in values:
            for look in (
                lambda name=name: lines.read([name]),
                lambda name=name: lines.search([(name, ">", 0)]),
                lambda name=name: lines.search([], order=name),
                lambda name=name: lines._read_group([], [], [f"{name}:sum"]),
                lambda name=name: lines._read_group([], [name], []),
            ):
                with self.assertRaises(AccessError, msg=name):
                    look()
        with self.assertRaises(AccessError):
            self.product.with_user(buyer).search([("open_value", ">", 0)])

    def test_portal_public_and_other_internal_users_see_nothing(self):
        users = (
            self._user("portal", "base.group_portal"),
            self._user("internal", "base.group_user"),
            self.env.ref("base.public_user"),
        )
        for user in users:
            for name in ("backlog.line", "backlog.allocation"):
                model = self.env[name].with_user(user)
                for look in (
                    lambda model=model: model.search([]),
                    lambda model=model: model._read_group([], [], ["__count"]),
                    lambda model=model: model.search_read([], ["product_id"]),
                ):
                    with self.assertRaises(AccessError, msg=f"{user.login} {name}"):
                        look()

    def test_internal_user_may_open_a_product_and_sees_no_figures(self):
        product = self.product.with_user(self._user("internal", "base.group_user"))
        about = product.fields_get()
        names = [
            name
            for name in ("backlog_qty", "backorder_qty", "to_source_qty")
            if name in about
        ]

        [figures] = product.read(names)
        self.assertFalse(any(figures[name] for name in names))

    def test_portal_customers_see_their_orders_but_not_how_they_are_supplied(self):
        portal = new_test_user(self.env, "portal_buyer", "base.group_portal")
        order = self._order(self.product, 4, partner_id=portal.partner_id.id)
        order.sudo().message_subscribe(portal.partner_id.ids)
        visible = order.with_user(portal)
        self.assertTrue(visible.read(["name"]))

        for names in (["backlog_state"], ["open_value"], ["backlog_alert"]):
            with self.assertRaises(AccessError):
                visible.read(names)
        for names in (["to_source_qty"], ["first_promise_date"], ["quote_ready_qty"]):
            with self.assertRaises(AccessError):
                visible.order_line.read(names)
        with self.assertRaises(AccessError):
            visible.get_backlog(order.ids)
        with self.assertRaises(AccessError):
            self.env["product.product"].with_user(portal).get_promise(
                self.product.id, 1
            )

    def test_buyers_read_whole_rows_without_naming_fields(self):
        buyer = self._user("whole_rows", "purchase.group_purchase_user")
        [row] = (
            self.env["backlog.line"]
            .with_user(buyer)
            .search_read([("product_id", "=", self.product.id)], limit=1)
        )
        self.assertIn(self.product.name, row["display_name"])
        self.assertNotIn("open_value", row)

    def test_no_key_of_the_context_adds_the_amount_of_a_purchase_to_its_name(self):
        """Odoo adds it for ``show_total_amount``, which anybody can send."""
        table = self._product("Table")
        purchase = self._purchase((table, 5, {"price_unit": 777}), days=5)
        order = self._order(table, 5)
        sent = {"show_total_amount": True}
        named = purchase.with_context(**sent)
        self.assertNotEqual(named.display_name, purchase.name)
        self.env.invalidate_all()
        line = (
            self.env["backlog.line"]
            .with_user(self.seller)
            .with_context(**sent)
            .search([("order_id", "=", order.id)])
        )
        self.assertEqual(line.supply_names, purchase.name)
        [source] = line.why["sources"]
        self.assertEqual(source["document"]["name"], purchase.name)
        products = self.env["product.product"].with_user(self.seller)
        promise = products.with_context(**sent).get_promise(table.id, 1)
        self.assertNotIn("777", str(promise))
        with self.assertRaisesRegex(UserError, f"by {purchase.name}, which"):
            line.action_open_supply()

    def test_the_first_promise_cannot_be_written(self):
        order = self._order(self.product, 4)
        with self.assertRaises(UserError):
            order.order_line.write({"first_promise_date": "2020-01-01"})

    def test_nobody_writes(self):
        manager = self._user("manager", "inventory_backlog.group_backlog_manager")
        for name in ("backlog.line", "backlog.allocation"):
            records = self.env[name].with_user(manager).search([], limit=1)
            self.assertTrue(records)
            with self.assertRaises(AccessError):
                records.write({"product_id": self.product.id})
            with self.assertRaises(AccessError):
                records.unlink()
            with self.assertRaises(AccessError):
                records.create({"product_id": self.product.id})

    def test_administrators_of_the_backlog_change_its_settings_and_nothing_else(self):
        manager = new_test_user(
            self.env, "manager", "inventory_backlog.group_backlog_manager"
        )
        action = self.env.ref("inventory_backlog.backlog_settings_action")
        opened = action.with_user(manager).run()
        company = self.env[opened["res_model"]].with_user(manager)
        company = company.browse(opened["res_id"])
        with Form(company, opened["views"][0][0]) as form:
            form.backlog_risk_days = 21
            form.backlog_digest_user_ids.add(manager)
        self.assertEqual(company.backlog_risk_days, 21)
        self.assertEqual(company.backlog_digest_user_ids, manager)
        other = self.env["res.company"].create({"name": "Other"}).with_user(manager)
        for refused, values in (
            (company, {"name": "Mine"}),
            (company, {"backlog_risk_days": 7, "name": "Mine"}),
            (other, {"backlog_risk_days": 7}),
        ):
            with self.assertRaises(AccessError):
                refused.write(values)
        with self.assertRaises(AccessError):
            action.with_user(self.seller).run()
        with self.assertRaises(AccessError):
            self.company.with_user(self.seller).backlog_risk_days = 7

    def test_settings_write_in_no_user(self):
        """The list of readers takes commands, and settings are written as superuser."""
        manager = new_test_user(
            self.env, "manager", "inventory_backlog.group_backlog_manager"
        )
        victim = new_test_user(self.env, "victim", "base.group_user")
        company = self.company.with_user(manager)
        system = self.env.ref("base.group_system")
        values = {"group_ids": [Command.link(system.id)]}
        count = self.env["res.users"].with_context(active_test=False).search_count([])
        for command in (
            Command.update(manager.id, values),
            Command.update(victim.id, {"password": "mine now"}),
            Command.update(victim.id, {"login": "mine"}),
            Command.create({"name": "New", "login": "new", **values}),
            Command.delete(victim.id),
            [1, manager.id, values],
        ):
            with self.subTest(command), self.assertRaises(AccessError):
                company.backlog_digest_user_ids = [command]
            with self.subTest(command), self.assertRaises(AccessError):
                company.write({"backlog_digest_user_ids": [command]})
        self.assertFalse(manager.has_group("base.group_system"))
        self.assertEqual(victim.login, "victim")
        self.assertEqual(
            self.env["res.users"].with_context(active_test=False).search_count([]),
            count,
        )

    def test_slices_of_other_demand_are_seen_without_an_order(self):
        """Whoever competes for the goods is seen, though not for whom."""
        self.env["stock.move"].create(
            {
                "product_id": self.product.id,
                "product_uom_qty": 2,
                "location_id": self.stock.id,
                "location_dest_id": self.env.ref("stock.stock_location_suppliers").id,
            }
        )._action_confirm()
        slices = (
            self.env["backlog.allocation"]
            .with_user(self.seller)
            .search([("product_id", "=", self.product.id)])
        )

        self.assertEqual(
            [(row.to_customer, row.qty) for row in slices],
            [(True, 1), (True, 3), (False, 2)],
        )
