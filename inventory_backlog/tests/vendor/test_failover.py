from odoo.exceptions import RedirectWarning, UserError
from odoo.fields import Command
from odoo.tests import Form, freeze_time, tagged

from ...tools.texts import short_day
from ..vendors import VendorCase


class FailoverRules:
    """What holds for each of Odoo's ways to buy. Each way says how five chairs come to
    be needed."""

    def _need(self, **values):
        raise NotImplementedError

    def test_main_vendor_is_bought_from_while_nobody_is_out(self):
        self._need()

        self.assertEqual(self._bought(), [("First", 5)])

    def test_backup_is_bought_from_while_the_main_vendor_is_out(self):
        self._disrupt(self.first)
        self._need()

        self.assertEqual(self._bought(), [("Second", 5)])

    def test_main_vendor_is_bought_from_the_day_after_the_end(self):
        self._disrupt(self.first, until=3)
        with freeze_time(self._after(4)):
            self._need()

        self.assertEqual(self._bought(), [("First", 5)])

    def _disrupt_all(self, **days):
        for vendor in (self.first, self.second, self.third):
            self._disrupt(vendor, **days)

    def test_nothing_is_bought_while_all_are_out_and_the_day_after_as_before(self):
        self._disrupt_all(until=3)
        self._need_in_vain()
        self.assertEqual(self._bought(), [])

        with freeze_time(self._after(4)):
            self._need_again()
        self.assertEqual(self._bought(), [("First", 5)])

    def _need_in_vain(self):
        self._need()

    def _need_again(self):
        self._need()


class PinnedRules(FailoverRules):
    """What holds in addition where a person can choose the vendor beforehand."""

    def test_pinned_vendor_is_bought_from_while_nobody_is_out(self):
        self._need(supplier_id=self.at_second.id)

        self.assertEqual(self._bought(), [("Second", 5)])

    def test_pinned_vendor_is_bought_from_while_another_is_out(self):
        self._disrupt(self.first)
        self._need(supplier_id=self.at_third.id)

        self.assertEqual(self._bought(), [("Third", 5)])

    def test_best_of_the_others_is_bought_from_while_the_pinned_one_is_out(self):
        self._disrupt(self.second)
        self._need(supplier_id=self.at_second.id)

        self.assertEqual(self._bought(), [("First", 5)])

    def test_pinned_vendor_is_bought_from_again_the_day_after_the_end(self):
        self._disrupt(self.second, until=3)
        with freeze_time(self._after(4)):
            self._need(supplier_id=self.at_second.id)

        self.assertEqual(self._bought(), [("Second", 5)])

    def test_nothing_is_bought_while_the_pinned_one_and_all_others_are_out(self):
        self._disrupt_all()
        self._need_in_vain(supplier_id=self.at_second.id)

        self.assertEqual(self._bought(), [])


@tagged("post_install", "-at_install")
class TestFailoverScheduler(PinnedRules, VendorCase):
    """Reordering rules, run by the scheduler."""

    def _need(self, **values):
        self._orderpoint(**values)
        self._run_scheduler()

    def _need_in_vain(self, **values):
        self._need(**values)
        [note] = self.product.product_tmpl_id.activity_ids.mapped("note")
        self.assertIn("is out", note)
        self.assertIn("No other vendor of Chair can be chosen", note)

    def _need_again(self):
        self._run_scheduler()

    def test_note_on_a_product_that_companies_share_tells_nothing_of_its_vendors(self):
        """The scheduler leaves its error on the product, which users of every company
        read."""
        self.env["res.company"].create({"name": "Other"})
        self._disrupt_all(reason="Bankrupt")
        self._need(supplier_id=self.at_second.id)
        [note] = self.product.product_tmpl_id.activity_ids.mapped("note")

        self.assertIn("A vendor of Chair is out", note)
        for text in ("Bankrupt", "First", "Second", "Third"):
            self.assertNotIn(text, note)


@tagged("post_install", "-at_install")
class TestFailoverOrderpointAtOrder(PinnedRules, VendorCase):
    """Reordering rules, set off by the confirmation of a customer's order."""

    def _need(self, **values):
        self._orderpoint(quantity=0, **values)
        self.line = self._order(self.product, 5).order_line

    def _need_in_vain(self, **values):
        self._need(**values)
        self.assertEqual(self._split(self.line), [(5, 0, 0, 5)])

    def _need_again(self):
        self._run_scheduler()


@tagged("post_install", "-at_install")
class TestFailoverManualReplenishment(PinnedRules, VendorCase):
    """Reordering rules that somebody has to press *Order* for."""

    def _need(self, **values):
        self.orderpoint = self._orderpoint(trigger="manual", **values)
        self.orderpoint.action_replenish()

    def _need_in_vain(self, **values):
        with self.assertRaises(RedirectWarning) as error:
            self._need(**values)
        self.assertIn("First is out until", str(error.exception.args[0]))

    def test_rule_shows_the_vendor_and_the_days_it_will_really_take(self):
        orderpoint = self._orderpoint(supplier_id=self.at_first.id)
        self.assertEqual(
            (orderpoint.effective_vendor_id, orderpoint.lead_days), (self.first, 2)
        )

        disruption = self._disrupt(self.first)
        self._fresh(orderpoint)
        self.assertEqual(
            (orderpoint.effective_vendor_id, orderpoint.lead_days), (self.second, 4)
        )
        self.assertEqual(orderpoint.supplier_id, self.at_first)

        disruption.active = False
        self._fresh(orderpoint)
        self.assertEqual(
            (orderpoint.effective_vendor_id, orderpoint.lead_days), (self.first, 2)
        )


@tagged("post_install", "-at_install")
class TestFailoverReplenishWizard(PinnedRules, VendorCase):
    """The button *Replenish* of a product."""

    def _wizard(self, **values):
        return self.env["product.replenish"].create(
            {
                "product_id": self.product.id,
                "product_tmpl_id": self.product.product_tmpl_id.id,
                "product_uom_id": self.unit.id,
                "quantity": 5,
                "warehouse_id": self.warehouse.id,
                "route_id": self.buy.id,
                **values,
            }
        )

    def _need(self, **values):
        self._wizard(**values).launch_replenishment()

    def _need_in_vain(self, **values):
        with self.assertRaisesRegex(UserError, "First is out until"):
            self._need(**values)

    def test_wizard_proposes_the_vendor_it_will_buy_from(self):
        def proposed():
            wizard = self.env["product.replenish"].with_context(
                default_product_id=self.product.id,
                default_product_tmpl_id=self.product.product_tmpl_id.id,
            )
            form = Form(wizard)
            form.route_id = self.buy
            return form.supplier_id

        self.assertEqual(proposed(), self.at_first)
        self._disrupt(self.first)
        self.assertEqual(proposed(), self.at_second)


@tagged("post_install", "-at_install")
class TestFailoverMto(FailoverRules, VendorCase):
    """Goods bought for one order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        mto = cls.warehouse.mto_pull_id.route_id
        mto.active = True
        cls.product.route_ids = mto + cls.buy

    def _need(self):
        self.order = self._order(self.product, 5)

    def _need_in_vain(self):
        self._need()
        self.assertEqual(self._split(self.order.order_line), [(5, 0, 0, 5)])
        self.assertEqual(self.order.sudo().picking_ids.state, "confirmed")

    def test_why_says_who_is_out_and_that_nobody_stands_in(self):
        self._disrupt_all()
        self._need()

        verdict = (
            self._line(self.order.order_line).with_user(self.seller).why["verdict"]
        )
        self.assertIn("First is out until further notice: Flood.", verdict)
        self.assertTrue(
            any("No other vendor of Chair can be chosen" in text for text in verdict)
        )

    def test_salesperson_is_told_at_the_order(self):
        self._disrupt_all()
        self._need()

        told = " ".join(self.order.sudo().message_ids.mapped("body"))
        self.assertIn("First is out until further notice: Flood.", told)

    def test_delivery_is_not_cancelled_when_no_vendor_may_be_chosen_by_itself(self):
        self.warehouse.mto_pull_id.propagate_cancel = True
        self.offers.manual_only = True
        self._need_in_vain()

    def test_delivery_of_a_rule_that_propagates_cancel_is_not_cancelled(self):
        self.warehouse.mto_pull_id.propagate_cancel = True
        self._disrupt_all()
        self._need()

        move = self.order.sudo().picking_ids.move_ids
        self.assertEqual(move.state, "confirmed")
        self.assertTrue(move.propagate_cancel)
        self.assertEqual(self._split(self.order.order_line), [(5, 0, 0, 5)])

    def test_goods_that_come_later_are_reserved_for_it(self):
        self._disrupt_all()
        self._need()
        self._receive(self._purchase(self.product, 5))

        self.assertEqual(self.order.sudo().picking_ids.state, "assigned")
        self.assertEqual(self._split(self.order.order_line), [(5, 5, 0, 0)])

    def test_delivery_is_cancelled_as_in_odoo_when_all_vendors_are_archived(self):
        self.warehouse.mto_pull_id.propagate_cancel = True
        self.offers.partner_id.active = False
        self._need()

        self.assertEqual(self.order.sudo().picking_ids.move_ids.state, "cancel")


@tagged("post_install", "-at_install")
class TestFailoverDropship(FailoverRules, VendorCase):
    """Goods that the vendor sends to the customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product.route_ids = cls.env.ref("stock_dropshipping.route_drop_shipping")

    def _need(self):
        self.order = self._order(self.product, 5)

    def _need_in_vain(self):
        self._need()
        self.assertEqual(self._split(self.order.order_line), [(5, 0, 0, 5)])

    def test_why_says_who_is_out_and_that_nobody_stands_in(self):
        self._disrupt_all()
        self._need()

        verdict = (
            self._line(self.order.order_line).with_user(self.seller).why["verdict"]
        )
        self.assertIn("First is out until further notice: Flood.", verdict)


@tagged("post_install", "-at_install")
class TestFailoverService(FailoverRules, VendorCase):
    """Services that are bought when they are sold."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.env["product.product"].create(
            {
                "name": "Assembly",
                "type": "service",
                "service_to_purchase": True,
                "seller_ids": [
                    Command.create({"partner_id": vendor.id, "sequence": number})
                    for number, vendor in enumerate((cls.first, cls.second, cls.third))
                ],
            }
        )

    def _need(self):
        self.order = self._order(self.product, 5)

    def _need_in_vain(self):
        self._need()
        self.assertEqual(self.order.state, "sale")
        [activity] = self.order.sudo().activity_ids
        self.assertEqual(activity.user_id, self.seller)
        self.assertIn("First is out until", activity.note)

    def test_service_without_any_vendor_is_refused_as_before(self):
        self.product.seller_ids.unlink()
        with self.assertRaisesRegex(UserError, "no vendor associated"):
            self._need()


@tagged("post_install", "-at_install")
class TestFailoverSuggest(VendorCase):
    """The button *Suggest* on a request: it stays with its vendor, so it suggests
    nothing that this vendor cannot deliver."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Odoo keeps how it suggests at the vendor.
        cls.buyer.group_ids += cls.env.ref("base.group_partner_manager")
        cls.table = cls._product("Table", route_ids=cls.buy.ids)
        cls._offer(cls.table, cls.first)

    def setUp(self):
        super().setUp()
        self._order((self.product, 5), (self.table, 3))

    def _suggest(self, vendor, *goods):
        """The quantities on a request of the vendor with ``goods`` after *Suggest*."""
        request = self._request(*goods, vendor=vendor)
        products = self.product + self.table
        request.with_user(self.buyer).with_context(
            suggest_based_on="actual_demand",
            suggest_days=30,
            suggest_percent=100,
            warehouse_id=self.warehouse.id,
            suggest_domain=[
                ("id", "in", products.ids),
                ("seller_ids.partner_id", "=", vendor.id),
                ("suggested_qty", ">", 0),
            ],
        ).action_purchase_order_suggest()
        return [(line.product_id.name, line.product_qty) for line in request.order_line]

    def test_vendor_that_is_not_out_is_suggested_all_it_sells(self):
        self.assertEqual(self._suggest(self.first), [("Chair", 5), ("Table", 3)])

    def test_vendor_that_is_out_is_suggested_nothing_and_keeps_its_lines(self):
        self._disrupt(self.first)

        self.assertEqual(self._suggest(self.first), [])
        self.assertEqual(self._suggest(self.first, (self.table, 9)), [("Table", 9)])

    def test_vendor_that_is_out_for_one_product_is_suggested_the_others(self):
        self._disrupt(self.first, self.product)

        self.assertEqual(self._suggest(self.first), [("Table", 3)])

    def test_other_vendor_is_suggested_what_it_sells(self):
        self._disrupt(self.first)

        self.assertEqual(self._suggest(self.second), [("Chair", 5)])

    def test_contact_of_the_vendor_that_is_out_is_suggested_nothing(self):
        contact = self._vendor("Desk", parent_id=self.first.id, is_company=False)
        self.at_first.partner_id = contact
        self._disrupt(self.first)

        self.assertEqual(self._suggest(contact), [])

    def test_vendor_is_suggested_all_again_the_day_after_the_end(self):
        self._disrupt(self.first, until=3)
        with freeze_time(self._after(4)):
            self.assertEqual(self._suggest(self.first), [("Chair", 5), ("Table", 3)])


@tagged("post_install", "-at_install")
class TestFailover(VendorCase):
    """Who is chosen while a vendor is out, and what stays as it is."""

    def _chosen(self, quantity=5):
        self._fresh(self.product)
        return self.product._select_seller(quantity=quantity).partner_id.name

    def _purchase_lines(self):
        return self.env["purchase.order.line"].search_count([])

    def test_next_in_rank_is_chosen_while_two_are_out(self):
        self._disrupt(self.first)
        self._disrupt(self.second)

        self.assertEqual(self._chosen(), "Third")

    def test_rank_decides_not_price(self):
        self._disrupt(self.first)
        self.at_second.price = 99

        self.assertEqual(self._chosen(), "Second")

    def test_manual_only_vendor_is_not_chosen_even_when_it_is_the_last(self):
        self.at_third.manual_only = True
        self._disrupt(self.first)
        self._disrupt(self.second)

        self.assertFalse(self._chosen())
        self._orderpoint()
        self._run_scheduler()
        self.assertEqual(self._bought(), [])

    def test_unapproved_vendor_is_not_chosen(self):
        self.at_second.approval_required = True
        self._disrupt(self.first)

        self.assertEqual(self._chosen(), "Third")

    def test_quantity_below_the_minimum_of_the_backup_is_bought_from_the_next(self):
        self.at_second.min_qty = 100
        self._disrupt(self.first)

        self.assertEqual(self._chosen(), "Third")

    def test_backup_is_the_last_resort_below_its_minimum_as_in_odoo(self):
        self.at_second.min_qty = 100
        self._disrupt(self.first)
        self._disrupt(self.third)
        self._orderpoint()
        self._run_scheduler()

        self.assertEqual(self._bought(), [("Second", 5)])

    def test_vendor_that_is_out_for_another_product_is_chosen(self):
        self._disrupt(self.first, self._product("Table"))

        self.assertEqual(self._chosen(), "First")

    def test_first_at_parity_is_chosen_when_the_company_says_so(self):
        self.at_second.price = 20
        self.at_third.price = 10
        for vendor in (self.first, self.second, self.third):
            self._delivered(vendor)
        self.assertEqual(
            self._read(self.offers, "parity_state"), ["main", "below", "at_parity"]
        )
        self._disrupt(self.first)
        self.assertEqual(self._chosen(), "Second")

        self.company.backlog_parity_first = True
        self.assertEqual(self._chosen(), "Third")

    def test_parity_first_changes_nothing_while_nobody_is_out(self):
        self.company.backlog_parity_first = True
        self._delivered(self.second)

        self.assertEqual(self._chosen(), "First")

    def test_order_of_the_vendor_that_is_out_keeps_its_prices(self):
        self._disrupt(self.first)
        request = self._request(
            (self.product, 5, {"price_unit": 0}), vendor=self.first
        ).with_user(self.buyer)
        line = request.order_line
        line._compute_price_unit_and_date_planned_and_name()
        self.assertEqual(line.price_unit, 10)

        line.product_qty = 8

        self.assertEqual(line.price_unit, 10)
        self.assertEqual(line.selected_seller_id, self.at_first)

    def test_order_of_the_vendor_that_is_out_can_be_confirmed_and_received(self):
        request = self._request(self.product, 5, vendor=self.first)
        self._disrupt(self.first)
        request.with_user(self.buyer).button_confirm()
        self._receive(request)

        self.assertEqual(request.order_line.qty_received, 5)

    def test_registering_and_ending_a_disruption_buys_nothing(self):
        self._order(self.product, 5)
        before = self._purchase_lines()
        disruption = self._disrupt(self.first)
        disruption.date_to = self._after(0).date()
        disruption.active = False
        disruption.sudo().unlink()

        self.assertEqual(self._purchase_lines(), before)

    def test_scheduler_buys_nothing_that_it_would_not_have_bought(self):
        self._put_in_stock(self.product, 5)
        self._orderpoint()
        self._disrupt(self.first)
        self._run_scheduler()
        self.assertEqual(self._bought(), [])

    def test_scheduler_does_not_buy_again_what_the_vendor_that_is_out_was_asked_for(
        self,
    ):
        self._orderpoint()
        self._run_scheduler()
        self._disrupt(self.first)
        self._run_scheduler()

        self.assertEqual(self._bought(), [("First", 5)])

    def test_product_says_who_is_out_and_who_stands_in(self):
        template = self.product.product_tmpl_id.with_user(self.seller)
        self.assertFalse(template.vendor_alert)

        self._disrupt(self.first, until=3)
        self.assertEqual(
            self._fresh(template).vendor_alert,
            f"First is out until {short_day(self.env, self._after(3))}: Flood.\n"
            "Odoo buys Chair from Second instead.",
        )
        with freeze_time(self._after(4)):
            self.assertFalse(self._fresh(template).vendor_alert)

    def test_request_says_that_its_vendor_is_out(self):
        request = self._request(self.product, 5, vendor=self.first)
        self.assertFalse(request.vendor_alert)

        self._disrupt(self.first)
        self.assertEqual(
            self._fresh(request).with_user(self.buyer).vendor_alert,
            "First is out until further notice: Flood.",
        )
