from odoo.fields import Command
from odoo.tests import Form, tagged

from ..vendors import VendorCase


@tagged("post_install", "-at_install")
class TestVendorEdges(VendorCase):
    """Cases that once went wrong: keep them."""

    def _form(self, **values):
        form = Form(self.env["backlog.disruption"].with_user(self.buyer))
        form.partner_id = self.first
        for name, value in values.items():
            form[name] = value
        return form

    # The products of a disruption

    def test_form_opens_for_a_vendor_of_archived_goods_and_goods_without_variants(self):
        self._offer(self._product("Old", active=False), self.first)
        attribute = self.env["product.attribute"].create(
            {
                "name": "Colour",
                "create_variant": "dynamic",
                "value_ids": [
                    Command.create({"name": name}) for name in ("Red", "Blue")
                ],
            }
        )
        template = self.env["product.template"].create(
            {
                "name": "On demand",
                "attribute_line_ids": [
                    Command.create(
                        {
                            "attribute_id": attribute.id,
                            "value_ids": [Command.set(attribute.value_ids.ids)],
                        }
                    )
                ],
            }
        )
        self.env["product.supplierinfo"].create(
            {"product_tmpl_id": template.id, "partner_id": self.first.id}
        )

        products = self._form(reason="Flood").save().impact["products"]

        self.assertEqual([row["product"] for row in products], ["Chair"])

    def test_products_stay_when_the_vendor_is_chosen_again(self):
        disruption = self._disrupt(self.first, self.product)
        form = Form(disruption)
        form.partner_id = self.second
        form.partner_id = self.first
        form.save()

        self.assertEqual(disruption.product_tmpl_ids, self.product.product_tmpl_id)

    def test_archived_product_does_not_put_the_vendor_out_for_all(self):
        table = self._product("Table")
        at_first = self._offer(table, self.first)
        self._disrupt(self.first, self.product)
        self.product.action_archive()
        self.env.registry.clear_cache()

        self.assertEqual(self._fresh(table)._select_seller(quantity=1), at_first)
        self.assertFalse(at_first.is_disrupted)

    def test_deleted_product_ends_the_disruption_for_it(self):
        table = self._product("Table")
        at_first = self._offer(table, self.first)
        disruption = self._disrupt(self.first, self.product)
        self.product.product_tmpl_id.unlink()

        self.assertFalse(disruption.active)
        self.assertEqual(table._select_seller(quantity=1), at_first)

    def test_archived_disruption_is_not_seen_by_those_who_look_at_all(self):
        self._disrupt(self.first).active = False
        product = self.product.with_context(active_test=False)

        self.assertEqual(product._select_seller(quantity=1), self.at_first)

    # What hangs on it

    def test_lines_closed_short_do_not_hang_on_it(self):
        closed = self._purchase(self.product, 10, vendor=self.first)
        self._receive(closed, 6, backorder=False)
        partly = self._purchase(self.product, 100, vendor=self.first)
        self._receive(partly, 95)
        disruption = self._disrupt(self.first)

        impact = disruption.impact
        self.assertEqual(impact["purchases"], 1)
        self.assertEqual(impact["products"][0]["ordered"], "5 Units")
        self.assertFalse(closed.vendor_alert)
        self.assertTrue(partly.vendor_alert)

    def test_backup_is_that_of_the_company_of_the_disruption(self):
        company = self.env["res.company"].create({"name": "Other"})
        self.offers.company_id = self.company
        self.at_first.company_id = False
        own = self._vendor("Own")
        self._offer(self.product, own, 20, company_id=company.id)
        disruption = self.env["backlog.disruption"].create(
            {"partner_id": self.first.id, "company_id": company.id, "reason": "Flood"}
        )

        self.assertEqual(disruption.impact["products"][0]["backup"]["name"], "Own")

    def test_request_to_approve_is_not_offered_to_be_moved(self):
        self._request(self.product, 5, vendor=self.first).state = "to approve"

        impact = self._disrupt(self.first).impact
        self.assertEqual((impact["purchases"], impact["requests"]), (1, 0))

    # Failover

    def test_expired_vendor_does_not_stand_in(self):
        (self.at_second + self.at_third).date_end = self._after(-10).date()
        self._disrupt(self.first)
        self._orderpoint()
        self._run_scheduler()

        self.assertEqual(self._bought(), [])
        self.assertIn(
            "No other vendor of Chair", self.product.product_tmpl_id.vendor_alert
        )

    def test_pinned_vendor_is_replaced_by_one_that_is_valid_when_it_is_needed(self):
        self.at_second.date_start = self._after(30).date()
        self._disrupt(self.first)
        rule = self.warehouse.buy_pull_id

        def chosen(days):
            return rule._get_matching_supplier(
                self.product,
                5,
                self.product.uom_id,
                self.company,
                {"supplierinfo_id": self.at_first, "date_planned": self._after(days)},
            )

        self.assertEqual((chosen(5), chosen(60)), (self.at_third, self.at_second))

    def test_variant_without_a_stand_in_is_named(self):
        small, large = self._variants("Shelf")
        self._offer(small, self.first)
        self._offer(small, self.second, product_id=small.id)
        self._disrupt(self.first)

        self.assertIn("Second instead", " ".join(small._vendor_sentences()))
        self.assertIn("No other vendor", " ".join(large._vendor_sentences()))
        self.assertIn("No other vendor", small.product_tmpl_id.vendor_alert)

    def test_made_to_order_without_any_vendor_waits_as_in_odoo(self):
        """Nobody is out and nothing is blocked: there just is no vendor."""
        mto = self.warehouse.mto_pull_id.route_id
        mto.active = True
        self.product.route_ids = mto + self.buy
        self.offers.company_id = self.env["res.company"].create({"name": "Other"})
        move = self._order(self.product, 5, user=self.env.user).picking_ids.move_ids

        self.assertEqual(move.state, "waiting")

    # Moving a request

    def _moved(self, quantity, **offer):
        (self.at_second + self.at_third).unlink()
        self.product.standard_price = 3
        backup = self._vendor("Backup")
        self._offer(self.product, backup, **offer)
        self._disrupt(self.first)
        request = self._request(self.product, quantity, vendor=self.first)
        action = request.with_user(self.buyer).action_move_to_backup()
        wizard = self.env["backlog.vendor.switch"].browse(action["res_id"])
        line = wizard.line_ids.purchase_line_id
        shown = wizard.line_ids.price_new
        wizard.action_move()
        return shown, line.price_subtotal

    def test_price_below_the_minimum_is_the_one_that_was_shown(self):
        self.assertEqual(self._moved(10, price=12, min_qty=100), (120, 120))

    def test_price_in_another_unit_is_the_one_that_was_shown(self):
        shown = self._moved(24, price=120, product_uom_id=self.dozen.id)

        self.assertEqual(shown, (240, 240))

    # Trial

    def test_trial_gets_its_share_within_one_run(self):
        warehouses = self.warehouse
        for code in ("W2", "W3", "W4"):
            warehouses |= self.env["stock.warehouse"].create(
                {"name": code, "code": code}
            )
        self.at_second.trial_every = 3
        for warehouse in warehouses:
            self._orderpoint(
                warehouse_id=warehouse.id, location_id=warehouse.lot_stock_id.id
            )
        self._run_scheduler()

        self.assertEqual(
            sorted(vendor for vendor, _quantity in self._bought()),
            ["First", "First", "First", "Second"],
        )
