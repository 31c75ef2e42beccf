import copy
import json
from unittest.mock import patch

from odoo import fields
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from ..indonesian import INDONESIAN_SCREENS, READ_SCREENS, english_terms

MARKUP = '<img src="x" onerror="window.isHacked = 1">'


@tagged("post_install", "-at_install")
class TestTours(HttpCase):
    """What people do in the browser. A world of its own: a browser knows no other
    time than today."""

    test_cursor_lock_timeout = 60  # seconds, since a busy machine is slow

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.seller = new_test_user(
            cls.env, "tour_seller", "sales_team.group_sale_salesman", lang="en_US"
        )
        warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.env.company.id)], limit=1
        )
        chair, table = cls.env["product.product"].create(
            [
                {"name": name, "type": "consu", "is_storable": True, "route_ids": False}
                for name in ("Tour Chair", "Tour Table")
            ]
        )
        cls.env["stock.quant"]._update_available_quantity(
            chair, warehouse.lot_stock_id, 5
        )
        cls.order = (
            cls.env["sale.order"]
            .with_user(cls.seller)
            .create(
                {
                    "partner_id": cls.env["res.partner"].create({"name": "Tour"}).id,
                    "order_line": [
                        Command.create({"product_id": product.id, "product_uom_qty": 2})
                        for product in (chair, table)
                    ],
                }
            )
        )
        cls.order.action_confirm()

    def start_tour(self, *args, **options):
        return super().start_tour(*args, timeout=300, **options)

    @classmethod
    def _set_up_vendors(cls):
        cls.buyer = new_test_user(
            cls.env, "tour_buyer", "purchase.group_purchase_user", lang="en_US"
        )
        main, backup = cls.env["res.partner"].create(
            [
                {"name": name, "is_company": True, "supplier_rank": 1}
                for name in ("Tour Main Vendor", "Tour Backup")
            ]
        )
        lamp, shade = cls.env["product.product"].create(
            [
                {"name": name, "type": "consu", "is_storable": True}
                for name in ("Tour Lamp", "Tour Shade")
            ]
        )
        cls.env["product.supplierinfo"].create(
            [
                {
                    "product_tmpl_id": product.product_tmpl_id.id,
                    "partner_id": vendor.id,
                    "price": price,
                    "delay": delay,
                    "sequence": sequence,
                }
                for product, vendor, price, delay, sequence in (
                    (lamp, main, 10, 3, 1),
                    (lamp, backup, 11, 7, 2),
                    (shade, main, 5, 3, 1),
                )
            ]
        )
        cls.request = (
            cls.env["purchase.order"]
            .with_user(cls.buyer)
            .create(
                {
                    "partner_id": main.id,
                    "order_line": [
                        Command.create({"product_id": lamp.id, "product_qty": 10})
                    ],
                }
            )
        )

    def test_buyer_moves_a_request_to_the_backup(self):
        self._set_up_vendors()
        line = self.request.order_line
        self.start_tour("/odoo", "inventory_backlog_buyer", login="tour_buyer")
        self.assertEqual(line.order_id.partner_id.name, "Tour Backup")
        self.assertEqual(self.request.state, "cancel")

    def _suggested(self, name):
        return self.env["backlog.suggestion"].search([("product_id.name", "=", name)])

    def test_buyer_turns_suggestions_into_requests(self):
        self._set_up_vendors()
        self.request.button_cancel()
        goods = self.request.order_line.product_id.search(
            [("name", "in", ("Tour Lamp", "Tour Shade"))]
        )
        order = self.order.copy(
            {
                "order_line": [
                    Command.create({"product_id": product.id, "product_uom_qty": 4})
                    for product in goods
                ]
            }
        )
        order.action_confirm()
        self.start_tour("/odoo", "inventory_backlog_suggestions", login="tour_buyer")
        # The request that came out is proposed to be confirmed, beside these.
        shade, lamp = (
            self._suggested(name).filtered(lambda one: one.action_type == "buy")
            for name in ("Tour Shade", "Tour Lamp")
        )
        self.assertEqual(shade.state, "ordered")
        line = shade.purchase_line_ids
        self.assertEqual(line.order_id.partner_id.name, "Tour Main Vendor")
        self.assertEqual((line.product_qty, line.state), (6, "draft"))
        self.assertIn(order.name, line.backlog_for_whom)
        self.assertEqual(lamp.state, "proposed")
        self.assertFalse(lamp.purchase_line_ids)

    def test_manager_reads_the_overview_and_prints_it(self):
        new_test_user(
            self.env, "tour_manager", "sales_team.group_sale_manager", lang="en_US"
        )
        order = self.order.sudo()
        nobodys, anothers = order.copy(), order.copy()
        nobodys.user_id = False
        anothers.user_id = self.env.ref("base.user_admin")
        (nobodys | anothers).action_confirm()
        reports = self.env.registry["ir.actions.report"]
        with patch.object(
            reports,
            "_render_qweb_pdf",
            autospec=True,
            side_effect=reports._render_qweb_pdf,
        ) as render:
            self.start_tour(
                "/odoo", "inventory_backlog_dashboard", login="tour_manager"
            )
        self.assertEqual(
            [call.args[1] for call in render.call_args_list],
            [self.env.ref("inventory_backlog.action_report_backlog").report_name],
        )

    def test_manager_puts_the_set_up_right(self):
        new_test_user(
            self.env,
            "tour_checker",
            "inventory_backlog.group_backlog_manager,purchase.group_purchase_manager,"
            "sales_team.group_sale_manager",
            lang="en_US",
        )
        self.env["backlog.fold"]._fold()
        self.start_tour("/odoo", "inventory_backlog_first_day", login="tour_checker")

    def test_each_role_takes_its_tour(self):
        self._set_up_vendors()
        self.env["backlog.fold"]._fold()
        for role, groups, action in (
            (
                "manager",
                "inventory_backlog.group_backlog_manager",
                "backlog_line_action",
            ),
            (
                "sale",
                "sales_team.group_sale_salesman_all_leads",
                "backlog_line_action_sale",
            ),
            (
                "purchase",
                "purchase.group_purchase_user",
                "backlog_line_action_purchase",
            ),
            ("stock", "stock.group_stock_user", "backlog_line_action_stock"),
        ):
            user = new_test_user(self.env, f"tour_of_{role}", groups, lang="en_US")
            if role == "sale":
                self.order.sudo().user_id = user
            with self.subTest(role=role):
                self.start_tour(
                    f"/odoo/action-inventory_backlog.{action}",
                    f"inventory_backlog_tour_{role}",
                    login=user.login,
                )

    def test_states_have_one_colour_in_the_charts_of_the_spreadsheet(self):
        """The dashboard as we ship it, and one more chart, with states on its axis."""
        dashboard = self.env.ref("inventory_backlog.spreadsheet_dashboard_backlog")
        content = json.loads(dashboard.spreadsheet_data)
        figures = content["sheets"][0]["figures"]
        chart = next(
            copy.deepcopy(figure)
            for figure in figures
            if figure["id"] == "backlog-chart-2"
        )
        chart["id"] = chart["data"]["chartId"] = "backlog-chart-3"
        chart["offset"] = {"x": 0, "y": 460}
        for group in (chart["data"]["metaData"], chart["data"]["searchParams"]):
            group["groupBy"] = ["backlog_state"]
        figures.append(chart)
        dashboard.spreadsheet_data = json.dumps(content)
        self.start_tour(
            f"/odoo/dashboards?dashboard_id={dashboard.id}",
            "inventory_backlog_spreadsheet",
            login="tour_seller",
        )

    def test_salesperson_finds_out_why(self):
        self.start_tour("/odoo", "inventory_backlog_salesperson", login="tour_seller")

    def test_odoos_availability_says_what_the_backlog_says(self):
        self.start_tour(
            f"/odoo/sales/{self.order.id}",
            "inventory_backlog_availability",
            login="tour_seller",
        )

    def test_confirming_asks_about_a_date_that_cannot_be_kept(self):
        chair = self.order.order_line[0].product_id
        self._buy_for_tour(chair, days=30)
        quotation = self.order.copy(
            {"commitment_date": fields.Datetime.add(fields.Datetime.now(), days=9)}
        )
        quotation.order_line[1].unlink()
        quotation.order_line.product_uom_qty = 6
        self.start_tour(
            f"/odoo/sales/{quotation.id}",
            "inventory_backlog_confirm",
            login="tour_seller",
        )

        self.assertEqual(quotation.state, "sale")

    def test_buyer_moves_a_date_and_sees_who_waits(self):
        self._set_up_vendors()
        table = self.order.order_line[1].product_id
        purchase = self._buy_for_tour(table, days=1)
        self.order.commitment_date = fields.Datetime.add(fields.Datetime.now(), days=20)
        self.start_tour(
            f"/odoo/purchase/{purchase.id}",
            "inventory_backlog_move_date",
            login="tour_buyer",
        )

        self.assertEqual(purchase.order_line.date_planned.year, 2099)

    def test_salesperson_asks_a_product_for_a_quantity(self):
        chair = self.order.order_line[0].product_id
        action = "action-sale.product_template_action"
        self.start_tour(
            f"/odoo/{action}/{chair.product_tmpl_id.id}",
            "inventory_backlog_can_promise",
            login="tour_seller",
        )

    def _buy_for_tour(self, product, days):
        """A confirmed purchase of ten that comes in ``days``."""
        purchase = self.env["purchase.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Seller"}).id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_qty": 10,
                            "date_planned": fields.Datetime.add(
                                fields.Datetime.now(), days=days
                            ),
                        }
                    )
                ],
            }
        )
        purchase.button_confirm()
        return purchase

    def test_salesperson_reads_no_english_in_indonesian(self):
        self.seller.lang = "id_ID"
        given = self.env["ir.attachment"].create(
            {
                "name": "given",
                "raw": json.dumps(
                    {"screens": INDONESIAN_SCREENS, "english": list(english_terms())}
                ),
                "public": True,
            }
        )
        self.browser_js(
            "/odoo/action-inventory_backlog.backlog_line_action_sale",
            READ_SCREENS % given.id,
            "odoo.isReady === true",
            login="tour_seller",
        )

    def _set_up_names(self):
        """A line to order and its suggestion, with markup in every name, and another
        line of a product with a very long one."""
        self.reader = new_test_user(
            self.env,
            "tour_reader",
            "sales_team.group_sale_salesman_all_leads,purchase.group_purchase_user,"
            "stock.group_stock_multi_warehouses,uom.group_uom",
            lang="en_US",
        )
        order = self.order.with_env(self.env)
        chair, table = order.order_line.product_id
        chair.name = "L" * 3_000
        table.uom_id = table.uom_id.copy()
        table.categ_id = self.env["product.category"].create({"name": "Tour"})
        order.team_id = self.env["crm.team"].create({"name": "Tour"})
        vendor, backup = self.env["res.partner"].create([{"name": "Tour"}] * 2)
        table.seller_ids = [
            Command.create({"partner_id": partner.id}) for partner in vendor + backup
        ]
        self.names = {
            "product": table,
            "order": order,
            "customer": order.partner_id,
            "vendor": vendor,
            "backup": backup,
            "warehouse": order.warehouse_id,
            "unit": table.uom_id,
            "category": table.categ_id,
            "team": order.team_id,
            "salesperson": self.seller,
        }
        for kind, record in self.names.items():
            record.name = f"{MARKUP} {kind}"
        self.env["backlog.suggestion"].with_user(self.reader).generate(table.ids)

    def test_names_with_markup_are_shown_as_they_are_written(self):
        self._set_up_names()
        self.start_tour("/odoo", "inventory_backlog_markup", login="tour_reader")
        [suggestion] = self._suggested(self.names["product"].name)
        self.assertEqual(suggestion.dismiss_reason, MARKUP)

    def test_names_with_markup_are_shown_as_they_are_written_in_reports(self):
        self._set_up_names()
        order, vendor = self.names["order"], self.names["vendor"]
        line = order.order_line.filtered(
            lambda line: line.product_id == self.names["product"]
        )
        self.env["purchase.order"].create(
            {
                "partner_id": vendor.id,
                "order_line": [Command.create({"product_id": line.product_id.id})],
            }
        )
        self.env["backlog.disruption"].create(
            {
                "partner_id": vendor.id,
                "reason": f"{MARKUP} reason",
                "product_tmpl_ids": line.product_id.product_tmpl_id.ids,
                "reported_by_id": self.names["customer"].id,
            }
        )
        self.env["backlog.event"].create(
            {"order_line_id": line.id, "backlog_state": "to_source"}
        )
        self.env["backlog.history"]._take(self.env.company)
        self.start_tour(
            "/odoo", "inventory_backlog_markup_reports", login="tour_reader"
        )
