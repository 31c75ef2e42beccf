from lxml.etree import fromstring

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..vendors import VendorCase

FOR_ALL = (
    "vendor_role",
    "approved_until",
    "receipt_count",
    "on_time_rate",
    "lead_time_median",
    "lead_time_p90",
    "reject_rate",
    "quality_score",
    "parity_state",
    "is_disrupted",
    "vendor_lights",
)
FOR_BUYERS = ("price_spread", "vendor_criteria")


@tagged("post_install", "-at_install")
class TestVendorAccess(VendorCase):
    """Who sees what of vendors: lights for everybody who sells, prices for those who
    buy."""

    def _user(self, login, *groups, **values):
        return new_test_user(self.env, login, ",".join(groups), tz="UTC", **values)

    # Vendors of other companies

    def test_a_vendor_of_another_company_takes_down_no_page_here(self):
        """Whoever works there may put it on a product that all share, or make a vendor
        theirs that was everybody's. Nobody can buy from it here, or read it."""
        other = self.env["res.company"].create({"name": "Other"})
        manager = self._user("manager", "inventory_backlog.group_backlog_manager")
        theirs = self._vendor("Theirs", company_id=other.id)
        self._offer(self.product, theirs, sequence=0, min_qty=0)
        self.second.company_id = other
        self.offers.company_id = False
        self._disrupt(self.third)
        order = self._order(self.product, 4)
        quotation = self._quote((self.product, 2))
        self.env.flush_all()
        for user in (self.seller, self.buyer, manager):
            with self.subTest(user=user.login):
                self._see_everything(user, order, quotation)
        figures = self.product.with_user(self.buyer)
        self.assertEqual(figures.main_vendor_id, self.first)
        self.assertEqual(figures.backup_vendor_ids, self.third)
        self.assertEqual(figures._select_seller(quantity=1), self.at_first)

    def _see_everything(self, user, order, quotation):
        self.env.invalidate_all()
        product = self.product.with_user(user)
        names = [field.name for field in product._figure_fields("_compute_vendor")]
        for records in (product, product.product_tmpl_id):
            records.web_read(
                {
                    "display_name": {},
                    "main_vendor_id": {"fields": {"display_name": {}}},
                    **{name: {} for name in names},
                    "seller_ids": {"fields": {name: {} for name in FOR_ALL}},
                }
            )
        product.get_promise(product.id, 5)
        self.env["product.product"].with_user(user).web_search_read(
            [("id", "in", product.ids)], {"main_vendor_id": {"fields": {"name": {}}}}
        )
        self.env["backlog.line"].with_user(user).browse(order.order_line.ids).read(
            ["backlog_state", "why"]
        )
        if user != self.buyer:
            lines = quotation.with_user(self.seller).order_line
            lines.read(
                ["quote_ready_qty", "quote_to_source_qty", "quote_expected_date"]
            )
            report = self.env["backlog.report"].with_user(user)
            report.create({"company_id": self.company.id})._data()
        if user != self.seller:
            disruptions = self.env["backlog.disruption"].with_user(user)
            disruptions.search([]).read(["impact", "display_name"])

    # Figures

    def test_salesperson_reads_roles_and_lights_without_prices(self):
        self._delivered(self.first)
        self._delivered(self.second)
        [figures] = self._fresh(self.at_second).with_user(self.seller).read([*FOR_ALL])

        self.assertEqual(figures["vendor_role"], "backup")
        self.assertEqual(figures["parity_state"], "below")
        rows = {row["name"]: row for row in figures["vendor_lights"]["rows"]}
        self.assertEqual(
            (rows["price"]["light"], rows["price"]["value"], rows["price"]["main"]),
            ("below", "", ""),
        )
        self.assertEqual(rows["on_time"]["value"], "100 %")

    def test_buyer_reads_prices_in_the_lights(self):
        self._delivered(self.second)
        [figures] = (
            self._fresh(self.at_second)
            .with_user(self.buyer)
            .read([*FOR_ALL, *FOR_BUYERS])
        )

        rows = {row["name"]: row for row in figures["vendor_lights"]["rows"]}
        self.assertEqual(rows["price"]["value"], self._money(12))
        self.assertEqual(figures["price_spread"], 0)
        self.assertEqual(figures["vendor_criteria"]["price"], [12, 10, False])

    def test_lights_seen_by_a_buyer_do_not_show_to_a_salesperson(self):
        self._delivered(self.second)
        offer = self._fresh(self.at_second)
        for user, shown in ((self.buyer, self._money(12)), (self.seller, "")):
            [*_others, price] = offer.with_user(user).vendor_lights["rows"]
            self.assertEqual(price["value"], shown)

    def test_salesperson_cannot_get_at_prices(self):
        offers = self.offers.with_user(self.seller)
        self.assertFalse({*FOR_BUYERS} & {*offers.fields_get()})
        for name in FOR_BUYERS:
            with self.assertRaises(AccessError, msg=name):
                offers.read([name])
        for look in (
            lambda: offers.search([("price_spread", ">", 0)]),
            lambda: offers.search([], order="price_spread"),
            lambda: offers._read_group([], [], ["price_spread:max"]),
        ):
            with self.assertRaises(AccessError):
                look()

    def test_salesperson_reads_the_resilience_and_vendors_of_a_product(self):
        template = self.product.product_tmpl_id.with_user(self.seller)
        [figures] = template.read(
            [
                "main_vendor_id",
                "backup_vendor_ids",
                "backup_vendor_count",
                "vendor_resilience",
                "vendor_alert",
            ]
        )

        self.assertEqual(figures["main_vendor_id"][0], self.first.id)
        self.assertEqual(figures["backup_vendor_ids"], (self.second + self.third).ids)
        self.assertEqual(figures["vendor_resilience"], "thin")

    # Receipts

    def test_buyer_reads_receipts_and_salesperson_does_not(self):
        self._delivered(self.first)
        receipts = self.env["backlog.vendor.receipt"]
        self.assertEqual(
            receipts.with_user(self.buyer).search([]).mapped("partner_id"), self.first
        )
        for look in (
            lambda model: model.search([]),
            lambda model: model._read_group([], [], ["__count"]),
            lambda model: model.search_read([], ["unit_price"]),
        ):
            with self.assertRaises(AccessError):
                look(receipts.with_user(self.seller))

    def test_nobody_writes_receipts(self):
        receipts = self.env["backlog.vendor.receipt"].with_user(
            self._user("manager", "inventory_backlog.group_backlog_manager")
        )
        self._delivered(self.first)
        for write in (
            lambda: receipts.create({}),
            lambda: receipts.search([]).write({"receipt_count": 9}),
            lambda: receipts.search([]).unlink(),
        ):
            with self.assertRaises(AccessError):
                write()

    # Disruptions

    def test_salesperson_reads_disruptions_and_does_not_write_them(self):
        disruption = self._disrupt(self.first).with_user(self.seller)
        self.assertEqual(disruption.read(["reason", "state"])[0]["state"], "now")
        for write in (
            lambda: self._disrupt(self.second).with_user(self.seller).copy(),
            lambda: disruption.write({"reason": "None"}),
            lambda: disruption.unlink(),
        ):
            with self.assertRaises(AccessError):
                write()

    def test_what_hangs_on_a_vendor_can_be_read_by_all_who_see_the_disruption(self):
        self._order(self.product, 5)
        self._request(self.product, 5, vendor=self.first)
        disruption = self._disrupt(self.first)
        for group in (
            "stock.group_stock_user",
            "inventory_backlog.group_backlog_manager",
        ):
            user = self._user(group, group)
            [row] = self._fresh(disruption).with_user(user).read(["impact"])
            self.assertEqual(row["impact"]["requests"], 1, group)
        [row] = self._fresh(disruption).with_user(self.seller).read(["impact"])
        self.assertEqual(row["impact"]["value"], self._money(500))

    def test_warehouse_user_receives_and_scraps_without_purchase_rights(self):
        purchase = self._purchase(self.product, 10, vendor=self.first)
        receipt = purchase.picking_ids.with_user(
            self._user("warehouse", "stock.group_stock_user")
        )
        receipt.move_ids.picked = True
        receipt.with_context(skip_sms=True).button_validate()
        receipt.env["stock.scrap"].create(
            {
                "product_id": self.product.id,
                "scrap_qty": 2,
                "picking_id": receipt.id,
                "location_id": self.stock.id,
            }
        ).action_validate()

        offer = self._fresh(self.at_first).with_user(self.buyer)
        self.assertEqual((offer.receipt_count, offer.reject_rate), (1, 20))

    def test_buyer_writes_disruptions_and_the_manager_deletes_them(self):
        disruption = self._disrupt(self.first)
        disruption.reason = "Strike"
        with self.assertRaises(AccessError):
            disruption.unlink()

        manager = self._user("manager", "inventory_backlog.group_backlog_manager")
        disruption.with_user(manager).unlink()

    def test_purchase_of_a_salesperson_follows_a_disruption(self):
        """Choosing a vendor does not depend on who presses the button."""
        self.product.route_ids = self.env.ref("stock_dropshipping.route_drop_shipping")
        self._disrupt(self.first)
        self._order(self.product, 5)

        self.assertEqual(self._bought(), [("Second", 5)])

    def test_salesperson_cannot_open_the_wizard_that_moves_requests(self):
        with self.assertRaises(AccessError):
            self.env["backlog.vendor.switch"].with_user(self.seller).create({})

    # Companies

    def test_a_disruption_of_all_companies_is_for_who_may_speak_for_all(self):
        other = self.env["res.company"].create({"name": "Other"})
        here = self._disrupt(self.first)
        manager = self._user("manager", "inventory_backlog.group_backlog_manager")
        everywhere = self._disrupt(self.second, company_id=False)
        for user in self.buyer + manager:
            ours, all_ours = here.with_user(user), everywhere.with_user(user)
            for call in (
                lambda user=user: (
                    self.env["backlog.disruption"]
                    .with_user(user)
                    .create(
                        {
                            "partner_id": self.third.id,
                            "reason": "Fire",
                            "company_id": False,
                        }
                    )
                ),
                lambda one=ours: one.write({"company_id": False}),
                lambda one=all_ours: one.write({"date_to": "2031-01-01"}),
                lambda one=all_ours: one.write({"company_id": self.company.id}),
            ):
                with (
                    self.subTest(user=user.name),
                    self.assertRaisesRegex(AccessError, "work in all of them"),
                ):
                    call()
            self.assertEqual(all_ours.read(["reason"])[0]["reason"], "Flood")
        with self.assertRaisesRegex(AccessError, "work in all of them"):
            everywhere.with_user(manager).unlink()
        manager.company_ids += other
        everywhere.with_user(manager).date_to = "2031-01-01"
        here.with_user(manager).company_id = False

    def test_a_disruption_names_nothing_of_another_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        theirs = self._vendor("Theirs", company_id=other.id)
        table = self._product("Table", company_id=other.id)
        self.buyer.company_ids += other
        both = {"allowed_company_ids": (self.company + other).ids}
        administrator = self._administrator()
        for user, values in (
            (self.buyer, {"partner_id": theirs.id}),
            (
                self.buyer,
                {
                    "partner_id": self.first.id,
                    "product_tmpl_ids": [Command.set(table.product_tmpl_id.ids)],
                },
            ),
            (administrator, {"partner_id": theirs.id, "company_id": False}),
        ):
            disruptions = self.env["backlog.disruption"].with_user(user)
            with self.assertRaisesRegex(UserError, "company"):
                disruptions.with_context(**both).create({"reason": "Fire", **values})
        disruptions.with_user(self.buyer).with_context(**both).create(
            {"partner_id": theirs.id, "reason": "Fire", "company_id": other.id}
        )

    def test_a_contact_that_moves_to_another_company_fails_nobodys_screens(self):
        other = self.env["res.company"].create({"name": "Other"})
        everywhere = self._disrupt(self.second, company_id=False)
        self.second.company_id = other
        self.env.flush_all()
        self.env.invalidate_all()
        seen = everywhere.with_user(self.buyer)
        with self.assertRaises(AccessError):
            self.second.with_user(self.buyer).read(["name"])

        for view in ("form", "list", "kanban", "calendar"):
            arch = seen.get_view(view_type=view)["arch"]
            names = {node.get("name") for node in fromstring(arch).iter("field")}
            spec = {
                name: {"fields": {"display_name": {}}}
                if seen._fields[name].relational
                else {}
                for name in names
            }
            with self.subTest(view=view):
                self.env.invalidate_all()
                [row] = seen.web_search_read([], spec)["records"]
                self.assertEqual(row["id"], seen.id)
                if "partner_id" in row:
                    self.assertEqual(row["partner_id"]["display_name"], "Second")
        self.assertEqual(seen.display_name, "Second: Flood")
        self.assertFalse(seen.impact)

    def test_second_company_sees_its_own_figures_and_disruptions(self):
        other = self.env["res.company"].create({"name": "Other"})
        other.partner_id.tz = "UTC"
        buyer_there = self._user(
            "buyer_there",
            "purchase.group_purchase_user",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.offers.company_id = False
        self._delivered(self.first)
        here = self._disrupt(self.first)
        everywhere = self._disrupt(self.second, company_id=False)

        disruptions = self.env["backlog.disruption"].with_user(buyer_there).search([])
        self.assertEqual(disruptions.sudo(), everywhere.sudo())
        with self.assertRaises(AccessError):
            here.with_user(buyer_there).read(["reason"])
        self.assertFalse(
            self.env["backlog.vendor.receipt"].with_user(buyer_there).search([])
        )
        self.assertRecordValues(
            self._fresh(self.offers).with_user(buyer_there),
            [
                {"receipt_count": 0, "is_disrupted": False},
                {"receipt_count": 0, "is_disrupted": True},
                {"receipt_count": 0, "is_disrupted": False},
            ],
        )
        self.assertRecordValues(
            self._fresh(self.offers).with_user(self.buyer),
            [
                {"receipt_count": 1, "is_disrupted": True},
                {"receipt_count": 0, "is_disrupted": True},
                {"receipt_count": 0, "is_disrupted": False},
            ],
        )

    def test_the_window_to_move_requests_shows_nothing_of_another_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            "stranger",
            "purchase.group_purchase_user",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        request = self._request(self.product, 5, vendor=self.first)
        values = {"purchase_line_id": request.order_line.id}
        line = self.env["backlog.vendor.switch.line"].with_user(stranger)
        for name in ("product_qty", "price_now", "date_now", "extra_cost"):
            self.env.invalidate_all()
            with self.subTest(name), self.assertRaises(AccessError):
                line.onchange(values, list(values), {name: {}})
        window = {"currency_id": other.currency_id.id, "line_ids": [(0, 0, values)]}
        with self.assertRaises(AccessError):
            line.switch_id.create(window)

    def test_request_of_another_company_follows_the_disruptions_there(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.env.user.company_ids += other
        self.offers.company_id = False
        self._disrupt(self.first)
        requests = self._request(self.product, 5, vendor=self.first)
        requests += (
            self.env["purchase.order"]
            .with_company(other)
            .create({"partner_id": self.first.id, "company_id": other.id})
        )
        requests[1].order_line = [
            Command.create({"product_id": self.product.id, "product_qty": 1})
        ]

        self.assertEqual([bool(r.vendor_alert) for r in requests], [True, False])

    # Others

    def test_portal_and_public_see_nothing(self):
        self._disrupt(self.first)
        self._delivered(self.first)
        for user in (
            self._user("portal", "base.group_portal"),
            self.env.ref("base.public_user"),
        ):
            for name in (
                "backlog.disruption",
                "backlog.vendor.receipt",
                "backlog.vendor.switch",
                "product.supplierinfo",
            ):
                with self.assertRaises(AccessError, msg=f"{user.login} {name}"):
                    self.env[name].with_user(user).search([])
            names = ("vendor_resilience", "main_vendor_id", "vendor_alert")
            about = self.env["product.template"].with_user(user).fields_get()
            self.assertFalse({*names} & {*about})

    def test_internal_user_without_rights_may_open_a_product_and_its_vendors(self):
        user = self._user("internal", "base.group_user")
        self._disrupt(self.first)
        template = self._fresh(self.product.product_tmpl_id).with_user(user)

        self.assertEqual(
            template.read(["vendor_resilience"])[0]["vendor_resilience"], "thin"
        )
        [figures] = self.at_first.with_user(user).read(["vendor_role", "is_disrupted"])
        self.assertEqual(
            (figures["vendor_role"], figures["is_disrupted"]), ("main", True)
        )
