from psycopg2 import IntegrityError

from odoo.fields import Command
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from ..vendors import VendorCase


@tagged("post_install", "-at_install")
class TestDisruption(VendorCase):
    """From when to when, for whom and for what a vendor is out."""

    def _out(self, offer=None, company=None):
        """Whether the vendor is out, which the figures and the choice agree on."""
        offer = (offer or self.at_first).with_company(company or self.company)
        self._fresh(offer)
        chosen = offer._chosen_by_itself()
        self.assertEqual(offer.is_disrupted, not chosen)
        return offer.is_disrupted

    def _out_after(self, *moments):
        """Whether the first vendor is out ``(days, hours)`` from now."""
        answers = []
        for days, hours in moments:
            with freeze_time(self._after(days, hours)):
                answers.append(self._out())
        return answers

    # When

    def test_first_and_last_day_are_included(self):
        self._disrupt(self.first, since=2, until=4)

        self.assertEqual(
            self._out_after((1, 0), (2, 0), (3, 0), (4, 0), (5, 0)),
            [False, True, True, True, False],
        )

    def test_one_day(self):
        self._disrupt(self.first, since=2, until=2)

        self.assertEqual(self._out_after((1, 0), (2, 0), (3, 0)), [False, True, False])

    def test_until_further_notice(self):
        self._disrupt(self.first)

        self.assertEqual(
            self._out_after((-1, 0), (0, 0), (900, 0)), [False, True, True]
        )

    def test_days_begin_and_end_at_midnight_of_the_company(self):
        """Midnight in Jakarta is 17:00 UTC, eight hours after now."""
        self.company.partner_id.tz = "Asia/Jakarta"
        self._disrupt(self.first, since=1, until=2)

        self.assertEqual(
            self._out_after((0, 7.99), (0, 8.01), (2, 7.99), (2, 8.01)),
            [False, True, True, False],
        )

    def test_days_are_those_of_the_company_not_of_the_user(self):
        self.company.partner_id.tz = "Asia/Jakarta"
        self.buyer.tz = "America/New_York"
        self._disrupt(self.first, until=0)

        with freeze_time(self._after(0, 8.01)):
            self.assertFalse(
                self._fresh(self.at_first).with_user(self.buyer).is_disrupted
            )

    def test_default_first_day_is_today_in_the_company(self):
        self.company.partner_id.tz = "Asia/Jakarta"
        with freeze_time(self._after(0, 8.01)):
            self.assertEqual(
                self._form("backlog.disruption").date_from, self._after(1).date()
            )

    def test_end_before_the_beginning_is_refused(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self._disrupt(self.first, since=2, until=1)

    def test_two_disruptions_of_one_vendor_hold_together(self):
        self._disrupt(self.first, until=1)
        self._disrupt(self.first, since=3, until=4)

        self.assertEqual(
            self._out_after((1, 0), (2, 0), (3, 0), (5, 0)), [True, False, True, False]
        )

    def test_archived_disruption_does_not_hold(self):
        disruption = self._disrupt(self.first)
        disruption.active = False
        self.assertFalse(self._out())

        disruption.active = True
        self.assertTrue(self._out())

    def test_changed_dates_hold_at_once(self):
        disruption = self._disrupt(self.first, until=3)
        self.assertTrue(self._out())

        disruption.date_from = self._after(1).date()
        self.assertFalse(self._out())

    def test_deleted_disruption_does_not_hold(self):
        disruption = self._disrupt(self.first)
        self.assertTrue(self._out())

        disruption.sudo().unlink()
        self.assertFalse(self._out())

    def test_state_follows_the_day(self):
        coming, now, open_end, past = (
            self._disrupt(self.first, since=since, until=until)
            for since, until in ((1, 2), (0, 0), (-9, None), (-2, -1))
        )
        all_of_them = coming + now + open_end + past

        self.assertEqual(all_of_them.mapped("state"), ["coming", "now", "now", "past"])
        self.assertEqual(
            all_of_them.search([("id", "in", all_of_them.ids), ("state", "=", "now")]),
            now + open_end,
        )
        self.assertEqual(
            dict(
                all_of_them._read_group(
                    [("id", "in", all_of_them.ids)], ["state"], ["__count"]
                )
            ),
            {"coming": 1, "now": 2, "past": 1},
        )

    # For what

    def test_without_products_it_is_out_for_all(self):
        table = self._offer(self._product("Table"), self.first)
        self._disrupt(self.first)

        self.assertTrue(self._out())
        self.assertTrue(self._out(table))
        self.assertFalse(self._out(self.at_second))

    def test_with_products_it_is_out_for_these_only(self):
        table = self._offer(self._product("Table"), self.first)
        lamp = self._offer(self._product("Lamp"), self.first)
        disruption = self._disrupt(self.first, table.product_tmpl_id.product_variant_id)
        self.assertEqual(
            [self._out(offer) for offer in (self.at_first, table, lamp)],
            [False, True, False],
        )

        disruption.product_tmpl_ids += lamp.product_tmpl_id
        self.assertTrue(self._out(lamp))

    # For whom

    def test_contact_of_the_vendor_is_out_too(self):
        contact = self._vendor("Desk", parent_id=self.first.id, is_company=False)
        self.at_first.partner_id = contact
        self._disrupt(self.first)

        self.assertTrue(self._out())

    def test_disruption_of_a_contact_is_that_of_its_vendor(self):
        contact = self._vendor("Desk", parent_id=self.first.id, is_company=False)
        self._disrupt(contact)

        self.assertTrue(self._out())

    def test_who_is_merged_into_another_contact_takes_it_along(self):
        """Odoo merges by SQL."""
        same = self._vendor("The Same")
        self._disrupt(same)
        self.assertFalse(self._out())
        wizard = self.env["base.partner.merge.automatic.wizard"]
        wizard._merge((same + self.first).ids, self.first)

        self.assertTrue(self._out())
        self.assertIn(self.first, self.env["backlog.vendor.touch"].search([]).vendor_id)

    def test_form_takes_the_vendor_of_a_contact_and_its_products(self):
        contact = self._vendor("Desk", parent_id=self.first.id, is_company=False)
        form = self._form("backlog.disruption", partner_id=contact)

        self.assertEqual(form.partner_id, self.first)

    def test_parent_company_covers_the_companies_below(self):
        group = self._vendor("Group")
        self.first.parent_id = self.second.parent_id = group
        self._disrupt(group)

        self.assertEqual(
            [self._out(offer) for offer in self.offers], [True, True, False]
        )

    def test_company_below_does_not_cover_its_parent_or_sister(self):
        group = self._vendor("Group")
        self.first.parent_id = self.second.parent_id = group
        at_group = self._offer(self.product, group)
        self._disrupt(self.first)

        self.assertEqual(
            [self._out(offer) for offer in (self.at_first, self.at_second, at_group)],
            [True, False, False],
        )

    def test_disruption_of_one_company_holds_there_only(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.offers.company_id = False
        self._disrupt(self.first)

        self.assertTrue(self._out())
        self.assertFalse(self._out(company=other))

    def test_disruption_of_no_company_holds_in_all(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.offers.company_id = False
        self._disrupt(self.first, company_id=False)

        self.assertTrue(self._out())
        self.assertTrue(self._out(company=other))

    def test_each_company_has_its_own_day(self):
        other = self.env["res.company"].create({"name": "Other"})
        other.partner_id.tz = "Asia/Jakarta"
        self.offers.company_id = False
        self._disrupt(self.first, until=0, company_id=False)

        with freeze_time(self._after(0, 8.01)):
            self.assertTrue(self._out())
            self.assertFalse(self._out(company=other))


@tagged("post_install", "-at_install")
class TestDisruptionImpact(VendorCase):
    """What hangs on a vendor, shown before its disruption is saved."""

    def _impact(self, vendor=None, *products, user=None, **values):
        model = self._fresh(self.env["backlog.disruption"])
        return (
            model.with_user(user or self.buyer)
            .new(
                {
                    "partner_id": (vendor or self.first).id,
                    "product_tmpl_ids": [
                        Command.set([p.product_tmpl_id.id for p in products])
                    ],
                    **values,
                }
            )
            .impact
        )

    def _counts(self, *args, **kwargs):
        impact = self._impact(*args, **kwargs)
        return tuple(
            impact[name] for name in ("purchases", "requests", "lines", "customers")
        )

    def test_without_a_vendor_there_is_nothing_to_show(self):
        new = self.env["backlog.disruption"].with_user(self.buyer).new({})

        self.assertFalse(new.impact)

    def test_vendor_that_nothing_hangs_on(self):
        self.assertEqual(self._counts(), (0, 0, 0, 0))

    def test_open_purchase_lines_are_counted_requests_among_them(self):
        self._request(self.product, 5, vendor=self.first)
        self._purchase(self.product, 5, vendor=self.first)
        self._receive(self._purchase(self.product, 5, vendor=self.first))
        self._purchase(self.product, 5, vendor=self.first).button_cancel()
        self._purchase(self.product, 5, vendor=self.second)

        self.assertEqual(self._counts(), (2, 1, 0, 0))

    def test_partly_received_line_is_open(self):
        self._receive(self._purchase(self.product, 5, vendor=self.first), 2)

        self.assertEqual(self._counts(), (1, 0, 0, 0))

    def test_lines_that_wait_for_its_receipts_are_counted(self):
        served = self._order(self.product, 3)
        self._order(self.product, 4)
        self._purchase(self.product, 5, vendor=self.second, days=2)
        self._purchase(self.product, 5, vendor=self.first, days=9)

        self.assertTrue(served)
        self.assertEqual(self._counts(), (1, 0, 1, 1))

    def test_lines_that_would_be_bought_from_it_are_counted(self):
        self._order(self.product, 3)

        self.assertEqual(self._counts(self.first), (0, 0, 1, 1))
        self.assertEqual(self._counts(self.second), (0, 0, 0, 0))

    def test_lines_that_stock_serves_are_not_counted(self):
        self._put_in_stock(self.product, 3)
        self._order(self.product, 3)

        self.assertEqual(self._counts(), (0, 0, 0, 0))

    def test_customers_are_counted_once_with_their_contacts(self):
        contact = self.env["res.partner"].create(
            {"name": "Desk", "parent_id": self.customer.id}
        )
        self._order(self.product, 3)
        self._order(self.product, 3, partner_id=contact.id)
        self._order(
            self.product, 3, partner_id=self.env["res.partner"].create({"name": "B"}).id
        )

        self.assertEqual(self._counts(), (0, 0, 3, 2))

    def test_lines_that_are_late_are_counted(self):
        self._order(self.product, 3, commitment_date=self._after(-1))
        self._order(self.product, 3, commitment_date=self._after(90))

        self.assertEqual(self._impact()["late"], 1)

    def test_value_is_that_of_the_part_that_waits(self):
        self._put_in_stock(self.product, 1)
        self._order(self.product, 4)

        self.assertEqual(self._impact(user=self.seller)["value"], self._money(300))

    def test_value_is_hidden_from_buyers(self):
        self._order(self.product, 4)

        self.assertEqual(self._impact(user=self.buyer)["value"], "")

    def test_only_chosen_products_are_counted(self):
        table = self._product("Table")
        self._offer(table, self.first)
        self._order((self.product, 3), (table, 2))
        self._purchase((self.product, 3), (table, 1), vendor=self.first)

        self.assertEqual(self._counts(self.first, table), (1, 0, 1, 1))
        self.assertEqual(
            [row["product"] for row in self._impact(self.first, table)["products"]],
            ["Table"],
        )

    def test_contact_chosen_shows_what_hangs_on_its_vendor(self):
        contact = self._vendor("Desk", parent_id=self.first.id, is_company=False)
        self._request(self.product, 5, vendor=self.first)
        self._request(self.product, 5, vendor=contact)

        self.assertEqual(self._counts(contact), (2, 2, 0, 0))

    def test_receipts_in_steps_are_followed(self):
        self.warehouse.reception_steps = "two_steps"
        self._order(self.product, 4)
        self._purchase(self.product, 5, vendor=self.first)

        self.assertEqual(self._counts(), (1, 0, 1, 1))

    def test_lines_made_to_order_are_counted(self):
        mto = self.warehouse.mto_pull_id.route_id
        mto.active = True
        self.product.route_ids = mto + self.buy
        self._order(self.product, 4)

        self.assertEqual(self._counts(), (1, 1, 1, 1))

    def test_best_backup_with_its_extra_cost_and_days(self):
        self._request(self.product, 5, vendor=self.first, days=2)
        [row] = self._impact()["products"]

        self.assertEqual(row["product"], "Chair")
        self.assertEqual(row["backup"]["name"], "Second")
        self.assertEqual(row["backup"]["days"], 2)
        self.assertEqual(row["backup"]["cost"], self._money(10))
        self.assertTrue(row["backup"]["is_dearer"])

    def test_what_is_requested_for_those_who_wait_costs_once(self):
        self._purchase(self.product, 2, vendor=self.first)
        self._order(self.product, 3)
        self._request(self.product, 1, vendor=self.first)
        [row] = self._impact()["products"]

        self.assertEqual(row["ordered"], "3 Units")
        self.assertEqual(row["backup"]["cost"], self._money(2))
        self.assertEqual(
            row["backup"]["rest"],
            f"and {self._money(4)} for 2 Units that no request asks for",
        )

    def test_without_requests_the_vendor_lines_say_what_it_costs(self):
        self._purchase(self.product, 2, vendor=self.first)
        [row] = self._impact()["products"]

        self.assertEqual(
            [row["backup"][name] for name in ("cost", "rest", "days")],
            [self._money(4), "", 2],
        )

    def test_it_says_what_the_window_says_that_moves_the_requests(self):
        """The price that was agreed, the day that was said, the price break of each
        request, its unit."""
        self._offer(self.product, self.second, price=9, min_qty=20)
        agreed, dozens, dear = {"price_unit": 11}, {"price_unit": 120}, {}
        dozens["product_uom_id"] = self.dozen.id
        for quantity, more, days in ((6, agreed, 20), (2, dozens, -14), (6, dear, 3)):
            self._request((self.product, quantity, more), vendor=self.first, days=days)
        self._purchase(self.product, 6, vendor=self.first)
        disruption = self._disrupt(self.first)
        action = disruption.action_move_requests()
        window = self.env["backlog.vendor.switch"].browse(action["res_id"])
        [row] = self._fresh(disruption).impact["products"]

        self.assertEqual(window.line_ids.mapped("extra_cost"), [12, -24, 6])
        self.assertEqual(window.line_ids.mapped("extra_days"), [1, 15, -16])
        self.assertEqual(row["backup"]["cost"], self._money(-6))
        self.assertEqual(row["backup"]["days"], 15)
        self.assertIn("6 Units", row["backup"]["rest"])

    def test_best_backup_is_one_that_is_not_out(self):
        self._disrupt(self.second)
        [row] = self._impact()["products"]

        self.assertEqual(row["backup"]["name"], "Third")

    def test_best_backup_is_not_under_the_same_parent(self):
        group = self._vendor("Group")
        self.first.parent_id = self.second.parent_id = group
        [row] = self._impact(group)["products"]

        self.assertEqual(row["backup"]["name"], "Third")

    def test_product_without_a_backup(self):
        (self.at_second + self.at_third).unlink()
        [row] = self._impact()["products"]

        self.assertFalse(row["backup"])

    def test_main_vendor_stands_in_for_a_backup(self):
        [row] = self._impact(self.second)["products"]

        self.assertEqual(row["backup"]["name"], "First")
        self.assertFalse(row["backup"]["is_dearer"])

    def _resupplied(self):
        """The other warehouse, which sends what is ordered here."""
        other = self.env["stock.warehouse"].create({"name": "Other", "code": "OTH"})
        self.warehouse.resupply_wh_ids = other
        self.warehouse.mto_pull_id.route_id.active = True
        self.product.route_ids = (
            self.warehouse.mto_pull_id.route_id + self.warehouse.resupply_route_ids
        )
        return other

    def test_who_waits_for_goods_of_another_warehouse_waits_for_its_vendor(self):
        other = self._resupplied()
        self._order(self.product, 3)
        self._purchase(
            self.product, 3, vendor=self.first, picking_type_id=other.in_type_id.id
        )
        self.assertEqual(self._counts(), (1, 0, 1, 1))

    def test_many_transfers_cost_no_more_queries_than_few(self):
        other = self._resupplied()
        queries = []
        for number in (2, 10):
            for _order in range(number):
                self._order(self.product, 1)
            self._purchase(
                self.product,
                number,
                vendor=self.first,
                picking_type_id=other.in_type_id.id,
            )
            self._counts()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._counts()
            queries.append(self.env.cr.sql_log_count - before)
        self.assertEqual(queries[0], queries[1])

    def _bring(self, warehouse, quantity):
        """A transfer from the stock of this warehouse into ours, by nothing else."""
        places = {
            "location_id": warehouse.lot_stock_id.id,
            "location_dest_id": self.stock.id,
        }
        move = {"product_id": self.product.id, "product_uom_qty": quantity, **places}
        self.env["stock.picking"].create(
            {
                "picking_type_id": warehouse.int_type_id.id,
                "move_ids": [Command.create(move)],
                **places,
            }
        ).action_confirm()

    def test_who_waits_for_a_single_transfer_of_its_goods_waits_for_the_vendor(self):
        other = self.env["stock.warehouse"].create({"name": "Other", "code": "OTH"})
        self._order(self.product, 3)
        self._bring(other, 3)
        self._purchase(
            self.product, 3, vendor=self.first, picking_type_id=other.in_type_id.id
        )
        self.assertEqual(self._counts(), (1, 0, 1, 1))

    def test_extra_cost_is_hidden_from_salespeople(self):
        self._request(self.product, 5, vendor=self.first, days=2)
        impact = self._impact(user=self.seller)

        self.assertFalse(impact["show_cost"])
        [row] = impact["products"]
        self.assertEqual(row["backup"]["cost"], "")
        self.assertEqual(row["backup"]["rest"], "")
        self.assertNotIn("is_dearer", row["backup"])
        self.assertEqual(row["backup"]["days"], 2)

    def test_products_that_customers_wait_for_come_first(self):
        table, lamp = (self._product(name) for name in ("Table", "Lamp"))
        for product in (table, lamp):
            self._offer(product, self.first)
        self._order(lamp, 1)
        self._request(table, 1, vendor=self.first)

        self.assertEqual(
            [row["product"] for row in self._impact()["products"]],
            ["Lamp", "Table", "Chair"],
        )

    def test_form_shows_it_before_saving(self):
        self._request(self.product, 5, vendor=self.first)
        form = Form(self.env["backlog.disruption"].with_user(self.buyer))
        form.partner_id = self.first

        self.assertEqual(form.impact["purchases"], 1)

    def test_showing_it_changes_nothing(self):
        self._order(self.product, 4)
        self._impact()

        self.assertFalse(self.env["backlog.disruption"].search_count([]))
        self.assertEqual(self._bought(), [])
