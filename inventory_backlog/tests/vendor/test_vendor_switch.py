from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, freeze_time, tagged

from ..vendors import VendorCase


@tagged("post_install", "-at_install")
class TestVendorSwitch(VendorCase):
    """Requests of a vendor that is out are moved to the backup, with all that hangs on
    them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mto = cls.warehouse.mto_pull_id.route_id
        cls.mto.active = True
        cls.table = cls._product("Table", route_ids=cls.buy.ids)
        cls._offer(cls.table, cls.first)
        cls.table_at_third = cls._offer(cls.table, cls.third, price=7, delay=3)

    def _wizard(self, requests):
        action = requests.with_user(self.buyer).action_move_to_backup()
        self.assertEqual(action["res_model"], "backlog.vendor.switch")
        return (
            self.env["backlog.vendor.switch"]
            .with_user(self.buyer)
            .browse(action["res_id"])
        )

    def _move(self, wizard):
        """Press *Move*; return the new requests."""
        action = wizard.action_move()
        [(_field, _operator, ids)] = action["domain"]
        return self.env["purchase.order"].browse(ids)

    def _request_made_to_order(self):
        self.product.route_ids = self.mto + self.buy
        self.order = self._order(self.product, 5)
        return self.order.sudo()._get_purchase_orders()

    # Before

    def test_difference_in_price_and_date_is_shown_before(self):
        request = self._request(self.product, 5, vendor=self.first, days=2)
        self._disrupt(self.first)
        wizard = self._wizard(request)

        self.assertRecordValues(
            wizard.line_ids,
            [
                {
                    "is_chosen": True,
                    "supplierinfo_id": self.at_second.id,
                    "price_now": 50,
                    "price_new": 60,
                    "extra_cost": 10,
                    "date_now": self._after(2),
                    "date_new": self._after(4),
                    "extra_days": 2,
                }
            ],
        )
        self.assertEqual(wizard.extra_cost, 10)
        self.assertEqual(request.partner_id, self.first)

    def test_difference_follows_the_vendor_chosen_in_the_form(self):
        request = self._request(self.product, 5, vendor=self.first, days=2)
        self._disrupt(self.first)
        with Form(self._wizard(request)) as form:
            with form.line_ids.edit(0) as line:
                line.supplierinfo_id = self.at_third
                self.assertEqual((line.extra_cost, line.extra_days), (25, 4))
            self.assertEqual(form.extra_cost, 25)

        [moved] = self._move(form.record)
        self.assertEqual(moved.partner_id, self.third)

    def test_price_break_of_the_quantity_is_proposed(self):
        at_fifty = self._offer(self.product, self.second, price=9, min_qty=50)
        request = self._request(self.product, 60, vendor=self.first)
        self._disrupt(self.first)

        self.assertEqual(self._wizard(request).line_ids.supplierinfo_id, at_fifty)

    def test_only_what_the_vendor_cannot_deliver_is_proposed(self):
        request = self._request((self.product, 5), (self.table, 4), vendor=self.first)
        self._disrupt(self.first, self.table)

        self.assertEqual(self._wizard(request).line_ids.product_id, self.table)

    def test_line_without_a_backup_is_not_chosen_and_not_moved(self):
        self.table_at_third.unlink()
        request = self._request((self.product, 5), (self.table, 4), vendor=self.first)
        self._disrupt(self.first)
        wizard = self._wizard(request)
        self.assertEqual(wizard.line_ids.mapped("is_chosen"), [True, False])

        self._move(wizard)

        self.assertEqual(self._bought(self.table), [("First", 4)])
        self.assertEqual(self._bought(), [("Second", 5)])
        self.assertEqual(request.state, "draft")

    def test_line_chosen_without_a_vendor_is_refused(self):
        self.table_at_third.unlink()
        request = self._request(self.table, 4, vendor=self.first)
        self._disrupt(self.first)
        wizard = self._wizard(request)
        with self.assertRaisesRegex(UserError, "Choose at least one line"):
            wizard.action_move()

        wizard.line_ids.is_chosen = True
        with self.assertRaisesRegex(UserError, "Choose a vendor for Table"):
            wizard.action_move()

    def test_nothing_to_move_is_said(self):
        request = self._request(self.product, 5, vendor=self.first)
        with self.assertRaisesRegex(UserError, "Nothing to move"):
            self._wizard(request)

        self._disrupt(self.first)
        request.button_confirm()
        with self.assertRaisesRegex(UserError, "Confirmed orders stay"):
            self._wizard(request)

    # What comes out

    def test_terms_are_those_of_the_new_vendor(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "name": "2030-01-01", "rate": 4}
        )
        self.at_second.write({"currency_id": euro.id, "price": 44, "discount": 10})
        term = self.env.ref("account.account_payment_term_15days")
        self.second.property_supplier_payment_term_id = term
        request = self._request(self.product, 5, vendor=self.first, days=2)
        self._disrupt(self.first)
        moved = self._move(self._wizard(request))

        self.assertRecordValues(
            moved,
            [
                {
                    "partner_id": self.second.id,
                    "currency_id": euro.id,
                    "payment_term_id": term.id,
                    "state": "draft",
                }
            ],
        )
        self.assertRecordValues(
            moved.order_line,
            [
                {
                    "price_unit": 44,
                    "discount": 10,
                    "product_qty": 5,
                    "date_planned": self._after(4),
                    "selected_seller_id": self.at_second.id,
                }
            ],
        )

    def test_taxes_are_mapped_by_the_fiscal_position_of_the_new_vendor(self):
        tax, abroad = self.env["account.tax"].create(
            [
                {"name": name, "type_tax_use": "purchase", "amount": amount}
                for name, amount in (("Home", 10), ("Abroad", 0))
            ]
        )
        position = self.env["account.fiscal.position"].create({"name": "Abroad"})
        abroad.write(
            {
                "fiscal_position_ids": [Command.link(position.id)],
                "original_tax_ids": [Command.link(tax.id)],
            }
        )
        self.product.supplier_taxes_id = tax
        self.second.property_account_position_id = position
        request = self._request(self.product, 5, vendor=self.first)
        self.assertEqual(request.order_line.tax_ids, tax)
        self._disrupt(self.first)

        self.assertEqual(self._move(self._wizard(request)).order_line.tax_ids, abroad)

    def test_quantity_keeps_its_unit(self):
        request = self._request(
            (self.product, 2, {"product_uom_id": self.dozen.id, "price_unit": 120}),
            vendor=self.first,
        )
        self._disrupt(self.first)
        wizard = self._wizard(request)
        self.assertEqual(wizard.line_ids.price_new, 288)
        line = self._move(wizard).order_line

        self.assertEqual(
            (line.product_qty, line.product_uom_id, line.price_subtotal),
            (2, self.dozen, 288),
        )

    def test_links_to_the_order_behind_are_kept(self):
        request = self._request_made_to_order()
        line = request.order_line
        links = (
            line.move_dest_ids,
            line.sale_line_id,
            line.location_final_id,
            line.propagate_cancel,
        )
        self.assertTrue(line.move_dest_ids)
        self._disrupt(self.first)
        moved = self._move(self._wizard(request))

        self.assertEqual(moved.order_line, line)
        self.assertEqual(
            (
                line.move_dest_ids,
                line.sale_line_id,
                line.location_final_id,
                line.propagate_cancel,
            ),
            links,
        )
        self.assertEqual(moved.origin, self.order.name)
        self.assertEqual(moved.reference_ids, self.order.sudo().stock_reference_ids)
        self.assertEqual(self.order.sudo()._get_purchase_orders() - request, moved)

    def test_delivery_made_to_order_gets_the_goods_of_the_new_vendor(self):
        request = self._request_made_to_order()
        self._disrupt(self.first)
        moved = self._move(self._wizard(request))
        self.assertEqual(self._split(self.order.order_line), [(5, 0, 0, 5)])

        moved.with_user(self.buyer).button_confirm()
        self.assertEqual(self._split(self.order.order_line), [(5, 0, 5, 0)])
        self.assertEqual(
            self._slices(self.order.order_line), [("receipt", 5, 4, moved)]
        )

        self._receive(moved)
        self.assertEqual(self._split(self.order.order_line), [(5, 5, 0, 0)])

    def test_dropship_line_of_an_order_is_kept(self):
        self.product.route_ids = self.env.ref("stock_dropshipping.route_drop_shipping")
        order = self._order(self.product, 5)
        request = order.sudo()._get_purchase_orders()
        self._disrupt(self.first)
        moved = self._move(self._wizard(request))

        self.assertEqual(moved.order_line.sale_line_id, order.order_line)
        self.assertEqual(moved.dest_address_id, self.customer)
        moved.button_confirm()
        self.assertEqual(self._split(order.order_line), [(5, 0, 5, 0)])

    def test_reordering_rule_behind_is_kept_and_does_not_buy_again(self):
        orderpoint = self._orderpoint()
        self._run_scheduler()
        request = self.env["purchase.order"].search(
            [("order_line.product_id", "=", self.product.id)]
        )
        self._disrupt(self.first)
        moved = self._move(self._wizard(request))
        self._run_scheduler()

        self.assertEqual(moved.order_line.orderpoint_id, orderpoint)
        self.assertEqual(self._bought(), [("Second", 5)])

    def test_lines_go_to_a_request_per_vendor(self):
        lamp = self._product("Lamp")
        self._offer(lamp, self.second)
        request = self._request(
            (self.product, 5), (self.table, 4), (lamp, 3), vendor=self.first
        )
        self._disrupt(self.first)
        moved = self._move(self._wizard(request))

        self.assertEqual(
            {order.partner_id: order.order_line.product_id for order in moved},
            {self.second: self.product + lamp, self.third: self.table},
        )

    def test_several_requests_are_moved_at_once(self):
        requests = self._request(self.product, 5, vendor=self.first)
        requests += self._request(self.product, 3, vendor=self.first, origin="Spring")
        self._disrupt(self.first)
        moved = self._move(self._wizard(requests))

        self.assertEqual(moved.partner_id, self.second)
        self.assertEqual(moved.mapped("origin"), [False, "Spring"])
        self.assertEqual(requests.mapped("state"), ["cancel", "cancel"])

    def test_request_that_is_empty_after_is_cancelled_and_others_are_kept(self):
        empty = self._request(self.product, 5, vendor=self.first)
        kept = self._request((self.product, 5), (self.table, 4), vendor=self.first)
        self._disrupt(self.first, self.product)
        self._move(self._wizard(empty + kept))

        self.assertEqual((empty + kept).mapped("state"), ["cancel", "draft"])
        self.assertEqual(kept.order_line.product_id, self.table)

    def test_notes_left_over_do_not_keep_a_request(self):
        request = self._request(self.product, 5, vendor=self.first)
        request.order_line = [
            Command.create(
                {"display_type": "line_note", "name": "Ring twice", "product_qty": 0}
            )
        ]
        self._disrupt(self.first)
        self._move(self._wizard(request))

        self.assertEqual(request.state, "cancel")

    def test_both_requests_say_where_the_lines_went(self):
        request = self._request(self.product, 5, vendor=self.first)
        self._disrupt(self.first)
        moved = self._move(self._wizard(request))

        self.assertIn(f"{moved.name}</a> with Second", request.message_ids[0].body)
        bodies = " ".join(moved.message_ids.mapped("body"))
        self.assertIn(f"{request.name}</a> with First", bodies)

    def test_request_confirmed_meanwhile_is_left_alone(self):
        request = self._request(self.product, 5, vendor=self.first)
        self._disrupt(self.first)
        wizard = self._wizard(request)
        request.button_confirm()
        with self.assertRaisesRegex(UserError, "confirmed or cancelled meanwhile"):
            wizard.action_move()

        self.assertEqual(request.order_line.product_id, self.product)

    def test_moving_back_is_the_same_action(self):
        request = self._request_made_to_order()
        line = request.order_line
        moves = line.move_dest_ids
        there = self._disrupt(self.first, until=3)
        moved = self._move(self._wizard(request))
        there.active = False
        self._disrupt(self.second)
        back = self._move(self._wizard(moved))

        self.assertEqual(back.partner_id, self.first)
        self.assertEqual((back.order_line, line.move_dest_ids), (line, moves))
        self.assertEqual(line.price_unit, 10)
        back.button_confirm()
        self.assertEqual(self._split(self.order.order_line), [(5, 0, 5, 0)])

    def test_nothing_is_ordered(self):
        request = self._request(self.product, 5, vendor=self.first)
        self._disrupt(self.first)
        moved = self._move(self._wizard(request))

        self.assertEqual(moved.state, "draft")
        self.assertEqual(self._bought(), [("Second", 5)])

    def test_arrival_is_counted_from_the_day_it_is_moved(self):
        request = self._request(self.product, 5, vendor=self.first, days=2)
        self._disrupt(self.first)
        with freeze_time(self._after(6)):
            moved = self._move(self._wizard(request))

            self.assertEqual(moved.order_line.date_planned, self._after(10))
