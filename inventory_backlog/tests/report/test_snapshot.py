from datetime import date, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ...models.res_company import MOST_YEARS
from ..common import NOW, BacklogCase

FLOWS = ("booked", "shipped", "cancelled", "changed")
TODAY = NOW.date()


class SnapshotCase(BacklogCase):
    """Days go by: what is done "on day 3" is done at noon of the third day from NOW,
    and the snapshot of a day is taken at 00:30 of the next."""

    def setUp(self):
        super().setUp()
        self.history = self.env["backlog.snapshot"]
        self.product = self._product("Lamp")
        self.other = self._product("Desk")
        self._end_day(-1)

    def _on(self, day, hours=3):
        """A context in which it is noon of ``day``."""
        return freeze_time(NOW + timedelta(days=day, hours=hours))

    def _end_day(self, day):
        """Take the snapshot of ``day`` half an hour after its end."""
        with freeze_time(NOW.replace(hour=0, minute=30) + timedelta(days=day + 1)):
            self.env.flush_all()
            return self.env["backlog.history"]._take(self.company)

    def _rows(self, day, **values):
        return self.history.search(
            [
                ("company_id", "=", self.company.id),
                ("day", "=", TODAY + timedelta(days=day)),
                *((name, "=", value) for name, value in values.items()),
            ]
        )

    def _total(self, day, **values):
        """``(opening, booked, shipped, cancelled, changed, closing)`` of a day."""
        rows = self._rows(day, **values)
        self.assertEqual(set(rows.mapped("difference")) - {0}, set())
        return tuple(
            round(sum(rows.mapped(name)), 2) for name in ("opening", *FLOWS, "closing")
        )

    def _bring_back(self, order, quantity, refund=True, replace=False):
        """The customer sends goods back, to be refunded or not; ``replace`` them, and
        there is a delivery of others."""
        delivery = order.sudo().picking_ids.filtered(
            lambda picking: (
                picking.state == "done" and picking.picking_type_code == "outgoing"
            )
        )
        wizard = (
            self.env["stock.return.picking"]
            .with_context(active_id=delivery[:1].id, active_model="stock.picking")
            .create({})
        )
        wizard.product_return_moves.write({"quantity": quantity, "to_refund": refund})
        action = (
            wizard.action_create_exchanges()
            if replace
            else wizard.action_create_returns()
        )
        picking = self.env["stock.picking"].browse(action["res_id"])
        picking.move_ids.picked = True
        self._validate(picking)


@tagged("post_install", "-at_install")
class TestSnapshot(SnapshotCase):
    """The history: what was open at the end of each day, and what moved it."""

    def test_first_snapshot_begins_with_what_is_there(self):
        self.history.search([]).unlink()
        self.env["backlog.snapshot.line"].sudo().search([]).unlink()
        self._order(self.product, 3)

        self._end_day(0)

        self.assertEqual(self._total(0), (300, 0, 0, 0, 0, 300))

    def test_order_is_booked_on_the_day_it_is_confirmed(self):
        with self._on(0):
            self._order(self.product, 3)

        self._end_day(0)

        self.assertEqual(self._total(0), (0, 300, 0, 0, 0, 300))
        self.assertEqual(
            self._total(0, backlog_state="to_source"), (0, 300, 0, 0, 0, 300)
        )

    def test_what_leaves_is_shipped_and_the_rest_stays(self):
        self._put_in_stock(self.product, 2)
        with self._on(0):
            order = self._order(self.product, 3)
        self._end_day(0)

        with self._on(1):
            self._ship(order)
        self._end_day(1)

        self.assertEqual(self._total(1), (300, 0, 200, 0, 0, 100))
        self.assertEqual(
            self._total(1, backlog_state="partial"), (300, 0, 200, 0, -100, 0)
        )
        self.assertEqual(
            self._total(1, backlog_state="to_source"), (0, 0, 0, 0, 100, 100)
        )
        self.assertEqual(sum(self._rows(1).mapped("moved")), 0)

    def test_what_is_booked_and_shipped_between_two_looks_counts(self):
        self._put_in_stock(self.product, 3)
        with self._on(0):
            self._ship(self._order(self.product, 3))

        self._end_day(0)

        self.assertEqual(self._total(0), (0, 300, 300, 0, 0, 0))

    def test_cancelled_order_is_cancelled(self):
        with self._on(0):
            order = self._order(self.product, 3)
        self._end_day(0)

        with self._on(1):
            order._action_cancel()
        self._end_day(1)

        self.assertEqual(self._total(1), (300, 0, 0, 300, 0, 0))

    def test_order_confirmed_again_is_booked_again(self):
        with self._on(0):
            order = self._order(self.product, 3)
        self._end_day(0)
        with self._on(1):
            order._action_cancel()
        self._end_day(1)

        with self._on(2):
            order.action_draft()
            order.action_confirm()
        self._end_day(2)

        self.assertEqual(self._total(2), (0, 300, 0, 0, 0, 300))

    def test_rest_that_is_closed_without_shipping_is_cancelled(self):
        self._put_in_stock(self.product, 2)
        with self._on(0):
            order = self._order(self.product, 3)
        self._end_day(0)

        with self._on(1):
            self._ship(order, 2, backorder=False)
        self._end_day(1)

        self.assertEqual(self._total(1), (300, 0, 200, 100, 0, 0))

    def test_raised_quantity_is_booked_and_lowered_cancelled(self):
        with self._on(0):
            order = self._order((self.product, 3), (self.other, 5))
        self._end_day(0)

        with self._on(1):
            order.order_line[0].product_uom_qty = 7
            order.order_line[1].product_uom_qty = 4
        self._end_day(1)

        self.assertEqual(self._total(1), (800, 400, 0, 100, 0, 1100))

    def test_new_price_is_a_change(self):
        self._put_in_stock(self.product, 3)
        with self._on(0):
            order = self._order(self.product, 3)
        self._end_day(0)

        with self._on(1):
            order.order_line.price_unit = 110
        self._end_day(1)
        with self._on(2):
            self._ship(order, 1)
            order.order_line.price_unit = 120
        self._end_day(2)

        self.assertEqual(self._total(1), (300, 0, 0, 0, 30, 330))
        self.assertEqual(self._total(2), (330, 0, 110, 0, 20, 240))

    def test_goods_returned_for_a_refund_are_less_shipped(self):
        self._put_in_stock(self.product, 3)
        with self._on(0):
            order = self._order(self.product, 3)
            self._ship(order)
        self._end_day(0)

        with self._on(1):
            self._bring_back(order, 1, refund=True)
        self._end_day(1)

        self.assertEqual(self._total(1), (0, 0, -100, 100, 0, 0))

    def test_order_with_an_old_date_is_booked_on_the_day_it_was_first_seen(self):
        with self._on(0):
            self._order(self.product, 1)
        self._end_day(0)
        with self._on(1):
            order = self._order(self.product, 2).sudo()
            order.date_order = self._after(-200)
        self._end_day(1)

        self.assertEqual(self._total(1), (100, 200, 0, 0, 0, 300))

    def test_order_confirmed_again_is_booked_at_its_new_price(self):
        with self._on(0):
            order = self._order(self.product, 1).sudo()
        self._end_day(0)
        with self._on(1):
            order._action_cancel()
        self._end_day(1)
        with self._on(2):
            order.action_draft()
            order.order_line.price_unit = 150
            order.action_confirm()
        self._end_day(2)

        self.assertEqual(self._total(1), (100, 0, 0, 100, 0, 0))
        self.assertEqual(self._total(2), (0, 150, 0, 0, 0, 150))

    # Days

    def test_day_is_done_once(self):
        self._order(self.product, 3)
        self.assertEqual(self._end_day(0), [TODAY])
        before = self.history.search([]).read()

        self._order(self.product, 4)
        self.assertEqual(self._end_day(0), [])

        self.history.invalidate_model()
        self.assertEqual(self.history.search([]).read(), before)

    def test_missed_days_are_caught_up_and_marked(self):
        self._put_in_stock(self.product, 5)
        with self._on(0):
            order = self._order(self.product, 10)
        with self._on(1):
            self._ship(order, 2)
        with self._on(2):
            self._ship(order, 3)
            order.order_line.price_unit = 110
        with self._on(3):
            other = self._order(self.other, 1)
            other._action_cancel()
            self._order(self.other, 2)

        days = self._end_day(3)

        self.assertEqual(len(days), 4)
        self.assertEqual(self._total(0), (0, 1100, 0, 0, 0, 1100))
        self.assertEqual(self._total(1), (1100, 0, 220, 0, 0, 880))
        self.assertEqual(self._total(2), (880, 0, 330, 0, 0, 550))
        self.assertEqual(self._total(3), (550, 200, 0, 0, 0, 750))
        self.assertTrue(all(self._rows(1).mapped("is_caught_up")))
        self.assertFalse(any(self._rows(3).mapped("is_caught_up")))

    def test_day_ends_where_the_company_is(self):
        self.company.partner_id.tz = "Asia/Jakarta"  # UTC + 7
        with freeze_time(NOW.replace(hour=16, minute=59)):
            self.assertEqual(self.env["backlog.history"]._take(self.company), [])
        with freeze_time(NOW.replace(hour=17, minute=1)):
            self.assertEqual(self.env["backlog.history"]._take(self.company), [TODAY])

    def test_day_without_backlog_was_not_missed(self):
        self._end_day(0)
        self._end_day(1)

        self.assertEqual(self._total(1), (0, 0, 0, 0, 0, 0))
        self.assertEqual(len(self._rows(1)), 1)
        self.assertFalse(self._rows(0).is_caught_up)

    def test_lost_history_shows_as_a_difference(self):
        self._order(self.product, 3)
        self._end_day(0)
        self._rows(0, backlog_state="to_source").sudo().unlink()

        self._end_day(1)

        self.assertEqual(sum(self._rows(1).mapped("difference")), 300)

    def test_old_days_are_put_together_by_month(self):
        self.company.backlog_snapshot_years = 1
        self.history.search([]).unlink()
        for day, opening, booked, closing in (
            (date(2028, 11, 3), 0, 100, 100),
            (date(2028, 11, 20), 100, 50, 150),
            (date(2028, 12, 1), 150, 0, 150),
            (date(2029, 12, 1), 150, 0, 150),
        ):
            self._kept(day, opening=opening, booked=booked, closing=closing)

        self.env["backlog.history"]._thin_out(self.company)
        self.env["backlog.history"]._thin_out(self.company)

        rows = self.history.search([], order="day")
        self.assertEqual(
            [
                (row.day_from, row.day, row.opening, row.booked, row.closing)
                for row in rows
            ],
            [
                (date(2028, 11, 3), date(2028, 11, 20), 0, 150, 150),
                (date(2028, 12, 1), date(2028, 12, 1), 150, 0, 150),
                (date(2029, 12, 1), date(2029, 12, 1), 150, 0, 150),
            ],
        )

    def _kept(self, day, company=None, **values):
        return self.history.sudo().create(
            {
                "day": day,
                "day_from": day,
                "company_id": (company or self.company).id,
                "warehouse_id": self.warehouse.id,
                "backlog_state": "ready",
                "taken_at": NOW,
                **values,
            }
        )

    def test_one_company_that_fails_does_not_stop_the_others(self):
        second = self.env["res.company"].create({"name": "Second"})
        model = self.env.registry["backlog.history"]
        take = model._take

        def fail_for_first(history, company):
            if company == self.company:
                raise ValueError("broken")
            return take(history, company)

        with (
            patch.object(
                self.registry["ir.cron"], "_commit_progress", lambda *_, **__: 1
            ),
            patch.object(model, "_take", fail_for_first),
            patch.object(self.env.cr, "rollback", lambda: None),
            self.assertLogs("odoo.addons.inventory_backlog", "ERROR"),
        ):
            self.history._cron_take()

        self.assertTrue(self.history.sudo().search([("company_id", "=", second.id)]))

    def test_history_that_is_kept_forever_goes_on(self):
        self.company.backlog_snapshot_years = MOST_YEARS

        with (
            freeze_time(NOW + timedelta(days=1)),
            patch.object(
                self.registry["ir.cron"], "_commit_progress", lambda *_, **__: 1
            ),
        ):
            self.history._cron_take()

        self.assertTrue(self._rows(0))

    # Rates

    def test_rates_are_right_in_rows_groups_and_totals(self):
        self.history.search([]).unlink()
        for number, values in enumerate(
            (
                {"opening": 0, "booked": 300, "shipped": 100, "closing": 200},
                {"opening": 200, "booked": 100, "shipped": 150, "closing": 150},
            )
        ):
            self._kept(
                TODAY + timedelta(days=number),
                late_value=50,
                backorder_value=30,
                line_count=4,
                backorder_line_count=1,
                open_qty=10,
                backorder_qty=2,
                **values,
            )

        ((closing, opening, past_due, ratio, weeks, lines, quantity, value),) = (
            self.history._read_group(
                [],
                [],
                [
                    "closing:sum",
                    "opening:sum",
                    "past_due_rate:avg",
                    "book_to_bill:avg",
                    "backlog_weeks:avg",
                    "backorder_line_rate:avg",
                    "backorder_qty_rate:avg",
                    "backorder_value_rate:avg",
                ],
            )
        )

        self.assertEqual((opening, closing), (0, 150))
        self.assertAlmostEqual(past_due, 100 * 50 / 150)
        self.assertAlmostEqual(ratio, 400 / 250)
        # 250 in two days are 875 a week.
        self.assertAlmostEqual(weeks, 150 / 875)
        self.assertAlmostEqual(lines, 25)
        self.assertAlmostEqual(quantity, 20)
        self.assertAlmostEqual(value, 20)
        first = self._rows(0)
        self.assertAlmostEqual(first.past_due_rate, 25)
        self.assertAlmostEqual(first.book_to_bill, 3)

    def test_pace_of_a_day_when_nothing_moved_is_empty(self):
        row = self._rows(-1)

        self.assertIs(row.book_to_bill, False)
        self.assertIs(row.backlog_weeks, False)
        self.assertIs(row.past_due_rate, False)

    def test_two_companies_are_added_up_in_the_currency_of_the_own_one(self):
        foreign = self.env["res.currency"].create(
            {
                "name": "XTS",
                "symbol": "X",
                "rate_ids": [Command.create({"name": "2020-01-01", "rate": 4})],
            }
        )
        second = self.env["res.company"].create(
            {"name": "Second", "currency_id": foreign.id}
        )
        self.history.search([]).unlink()
        self._kept(TODAY, closing=100, late_value=50)
        self._kept(TODAY + timedelta(days=1), second, closing=400, late_value=0)
        history = self.history.with_context(
            allowed_company_ids=[self.company.id, second.id]
        )

        ((closing, rate),) = history._read_group(
            [], [], ["closing:sum_currency", "past_due_rate:avg"]
        )

        self.assertAlmostEqual(closing, 200)
        self.assertAlmostEqual(rate, 25)

    # Rights

    def test_salesperson_with_own_documents_sees_no_history(self):
        self.assertFalse(self.history.with_user(self.seller).search_count([]))
        manager = new_test_user(
            self.env, "all docs", "sales_team.group_sale_salesman_all_leads"
        )
        self.assertTrue(self.history.with_user(manager).search_count([]))
        buyer = new_test_user(self.env, "buyer", "purchase.group_purchase_user")
        with self.assertRaises(AccessError):
            self.history.with_user(buyer).search_count([])

    def test_nobody_writes_history(self):
        manager = new_test_user(
            self.env, "manager", "inventory_backlog.group_backlog_manager"
        )
        with self.assertRaises(AccessError):
            self._rows(-1).with_user(manager).write({"closing": 1})
