from unittest.mock import patch

from psycopg2.errors import LockNotAvailable

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import SQL

from ...models.split.backlog_live_slice import (
    BacklogLiveSlice,
)
from ...tools.given import giving
from ...tools.sql import is_open
from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestKept(BacklogCase):
    """What is kept is what the live statement says, and what is not is known."""

    def setUp(self):
        super().setUp()
        self.kept = self.env["backlog.kept"]
        self.env["backlog.fold"]._fold()

    def _touched(self):
        """The products that count as changed, and forget them."""
        self.env.flush_all()
        _day, ids = self.kept._marks()
        self.env.cr.execute("DELETE FROM backlog_touched")
        return self.env["product.product"].browse(ids - {0}), 0 in ids

    def _nothing_differs(self):
        self.assertEqual(self.kept.differences(), {"slices": [], "lines": []})

    # Exact

    def test_what_is_kept_equals_the_live_statement_before_and_after_folding(self):
        self._put_in_stock(self.product, 5)
        self._order((self.product, 3))
        self._order((self.product, 4))
        self._nothing_differs()
        self.assertGreater(self.env["backlog.fold"]._fold(), 0)
        self.assertEqual(self.kept._stale(), ([], [], []))
        self._nothing_differs()

    def test_folding_what_has_not_changed_writes_no_row(self):
        self._order((self.product, 3))
        self.env["backlog.fold"]._fold()
        self.assertEqual(self.env["backlog.fold"]._fold(), 0)
        self.assertEqual(self.kept.rebuild(), 0)

    def test_only_rows_that_differ_are_written(self):
        self._put_in_stock(self.product, 100)
        orders = [self._order((self.product, 1)) for _n in range(5)]
        self.env["backlog.fold"]._fold()
        orders[0].order_line.price_unit = 7
        self.assertEqual(self.env["backlog.fold"]._fold(), 1)

    def test_rows_that_went_wrong_are_reported_and_mended(self):
        order = self._order((self.product, 3))
        self.env["backlog.fold"]._fold()
        self.env.cr.execute(
            "UPDATE backlog_kept_line SET open_qty = 99 WHERE id = %s",
            [order.order_line.id],
        )
        [kept, live] = self.kept.differences()["lines"]
        self.assertEqual(
            [(row["side"], float(row["open_qty"])) for row in (kept, live)],
            [("kept", 99), ("live", 3)],
        )
        self.assertEqual(self.kept.rebuild(), 1)
        self._nothing_differs()

    def test_another_day_that_changes_the_queue_is_seen_before_anything_is_folded(self):
        """Of two moves that may be reserved on later days, the one whose day comes is
        served first, whatever its priority."""
        self._put_in_stock(self.product, 1)
        later = self._order((self.product, 1))
        first = self._order((self.product, 1))
        moves = later.order_line.move_ids + first.order_line.move_ids
        moves._do_unreserve()
        first.order_line.move_ids.write({"reservation_date": "2030-01-20"})
        later.order_line.move_ids.write(
            {"reservation_date": "2030-01-17", "priority": "0"}
        )
        first.order_line.move_ids.priority = "1"
        self.env["backlog.fold"]._fold()
        self._nothing_differs()
        with freeze_time("2030-01-25 09:00:00"):
            self.assertIn(self.product.id, self.kept._stale().touched)
            self._nothing_differs()
            self.env["backlog.fold"]._fold()
            self.assertEqual(self.kept._stale(), ([], [], []))
            self._nothing_differs()
        self._nothing_differs()

    def test_an_addon_that_changes_a_rule_makes_what_is_kept_out_of_date(self):
        self._order((self.product, 3))
        self.env["backlog.fold"]._fold()
        changed = patch.object(
            BacklogLiveSlice,
            "_service_order",
            lambda self: is_open("move"),
        )
        self.env.registry.clear_cache()
        with changed:
            self.assertIsNone(self.kept._stale())
        self.env.registry.clear_cache()
        self.assertEqual(self.kept._stale(), ([], [], []))

    def test_figures_of_documents_are_whole_whatever_products_are_asked_for(self):
        order = self._order((self.product, 3))
        self.env["backlog.fold"]._fold()
        other = self._product("Other")
        for record, name, figure in (
            (order.order_line, "open_qty", 3),
            (order, "open_value", 300),
            (self.product, "open_value", 300),
        ):
            with giving(record, product_ids=other.ids) as asked:
                asked.invalidate_recordset()
                self.assertEqual(asked[name], figure)

    # In parts

    def _three_orders(self):
        """Orders of three products, of which nothing is kept by the code of today."""
        for product in (self.product, self._product("Two"), self._product("Three")):
            self._put_in_stock(product, 2)
            self._order((product, 3))
        self.env["backlog.fold"]._fold()
        self.env.cr.execute("UPDATE backlog_kept SET signature = 'of another day'")
        self.env.cr.execute("DELETE FROM backlog_kept_line")
        self.assertIsNone(self.kept._stale())

    def test_what_is_kept_in_parts_is_exact_after_each(self):
        self._three_orders()
        left = None
        while left != 0:
            self.env["backlog.fold"]._fold(2)
            before, left = left, len(self.kept._stale().touched)
            self.assertTrue(before is None or left < before)
            self._nothing_differs()
        self.assertEqual(self.kept.rebuild(), 0)

    def test_scheduled_action_keeps_part_after_part_until_its_time_is_up(self):
        self._three_orders()
        times = iter([60, 0])
        with (
            patch("odoo.addons.inventory_backlog.models.kept.backlog_fold.BATCH", 1),
            patch.object(
                type(self.env["ir.cron"]),
                "_commit_progress",
                lambda cron, *args, **kwargs: next(times),
            ),
        ):
            self.kept._cron_fold()
        left = len(self.kept._stale().touched)
        self.assertEqual(next(times, None), None)
        self.assertGreater(left, 0)
        with patch.object(
            type(self.env["ir.cron"]), "_commit_progress", return_value=60
        ) as progress:
            self.kept._cron_fold()
        progress.assert_called_with(1, remaining=0)
        self.assertEqual(self.kept._stale(), ([], [], []))
        self._nothing_differs()

    def test_changes_that_concern_no_product_are_forgotten(self):
        """Requests for stock that nobody waits for: their marks must not pile up."""
        self.env["backlog.fold"]._fold()
        request = self._request(self.product, 3)
        self.env["backlog.fold"]._fold()
        request.order_line.unlink()
        self.env["backlog.fold"]._fold()
        request.button_cancel()
        self.env.flush_all()
        self.assertEqual(self.kept._touched(), [])
        self.assertTrue(self._marks())
        self.env["backlog.fold"]._fold()
        self.assertFalse(self._marks())

    def _marks(self):
        return self.env.execute_query(SQL("SELECT purchase_id FROM backlog_touched"))

    def test_a_deleted_lock_comes_again(self):
        self._order((self.product, 3))
        self.env.cr.execute("DELETE FROM backlog_kept")
        self.env["backlog.fold"]._fold()
        self.assertEqual(self.kept._stale(), ([], [], []))
        self._nothing_differs()

    def test_the_number_below_a_list_is_that_of_its_lines(self):
        """Counting takes another way through the database than reading."""
        self._three_orders()
        lines = self.env["backlog.line"].with_user(self.seller)

        def mark():
            self._order((self.product, 2))

        for change in (
            self.env["backlog.fold"]._fold,
            mark,
            self.kept._touch_everything,
        ):
            change()
            self.env.flush_all()
            for domain in (
                [],
                [("backlog_state", "=", "to_source")],
                [("is_late", "=", True)],
                [("expected_date", "=", False)],
                [("partner_id", "child_of", self.customer.id)],
                [("product_id.name", "like", "Chair")],
                [("order_id.user_id", "=", self.seller.id), ("open_qty", ">", 2)],
            ):
                with self.subTest(change=change.__name__, domain=domain):
                    count = lines.search_count(domain)
                    self.assertEqual(count, len(lines.search(domain)))
                    page = lines.web_search_read(domain, {"open_qty": {}}, limit=1)
                    self.assertEqual(page["length"], count)

    # What touches

    def test_each_thing_the_split_depends_on_touches_the_product(self):
        """One change after the other; each is its own statement."""
        self._put_in_stock(self.product, 5)
        order = self._order((self.product, 3)).with_env(self.env)
        line, move = order.order_line, order.order_line.move_ids
        purchase_line = self._purchase((self.product, 4)).order_line
        receipt = purchase_line.move_ids
        self._touched()
        changes = {
            "a price": lambda: line.write({"price_unit": 5}),
            "a salesperson": lambda: order.write({"user_id": self.env.uid}),
            "a promise": lambda: order.write({"commitment_date": self._after(3)}),
            "goods": lambda: self._put_in_stock(self.product, 1),
            "a reservation": lambda: move._do_unreserve(),
            "a priority": lambda: move.write({"priority": "1"}),
            "a date of a receipt": lambda: receipt.write({"date": self._after(9)}),
            "a planned date": lambda: purchase_line.write(
                {"date_planned": self._after(20)}
            ),
            "a category": lambda: self.product.write(
                {"categ_id": self.env["product.category"].create({"name": "C"}).id}
            ),
            "a quantity": lambda: line.write({"product_uom_qty": 8}),
            "a payment term": lambda: order.write(
                {"payment_term_id": self.env["account.payment.term"].search([])[0].id}
            ),
            "a cancellation": lambda: order._action_cancel(),
        }
        for what, change in changes.items():
            with self.subTest(what):
                change()
                self.assertEqual(self._touched()[0], self.product)

    def test_what_the_triggers_compare_is_written_before_marks_are_read(self):
        written = {(f.model_name, f.name) for f in self.kept._reads().to_flush}
        models = {model._table: model for model in self.env.values() if model._auto}
        compared = {
            (models[table]._name, column)
            for table, watch in self.env["backlog.trigger"]._watched().items()
            if table in models
            for column in watch.compared.split()
        }
        self.assertGreater(len(compared), 50)
        self.assertEqual(compared - written, set())

    def test_other_triggers_make_what_is_kept_out_of_date(self):
        trigger = type(self.env["backlog.trigger"])
        with patch.object(trigger, "_definitions", lambda self: ["others"]):
            self.env.registry.clear_cache()
            self.assertIsNone(self.kept._stale())
        self.env.registry.clear_cache()
        self.assertEqual(self.kept._stale(), ([], [], []))

    def test_a_change_of_an_order_touches_lines_that_its_writer_cannot_see(self):
        """Another transaction adds a line, and it is kept, before ours is done."""
        order = self._order((self.product, 3))
        self._touched()
        order.commitment_date = self._after(3)
        self.env.flush_all()
        marks = self.env.execute_query(SQL("SELECT order_id FROM backlog_touched"))
        self.assertEqual(marks, [(order.id,)])

    def test_a_change_of_a_purchase_touches_lines_that_its_writer_cannot_see(self):
        order = self._order((self.product, 3))
        brought = self._product("Brought")
        purchase = self.env["purchase.order"].create(
            {
                "partner_id": self.vendor.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": brought.id,
                            "product_qty": 2,
                            "sale_line_id": order.order_line.id,
                        }
                    )
                ],
            }
        )
        self._touched()
        purchase.button_cancel()
        self.env.flush_all()
        marks = self.env.execute_query(
            SQL("SELECT product_id, order_id, purchase_id FROM backlog_touched")
        )
        self.assertEqual(marks, [(None, None, purchase.id)])
        self.assertEqual(self._touched()[0], self.product + brought)

    def test_the_first_of_all_folds_finds_a_row_to_lock(self):
        self.env.cr.execute("SELECT id FROM backlog_kept")
        self.assertEqual(self.env.cr.fetchall(), [(1,)])

    def test_a_line_that_sells_something_else_touches_what_is_moved_for_it(self):
        order = self._order((self.product, 3))
        other = self._product("Other")
        self._touched()
        self.env.cr.execute(
            "UPDATE sale_order_line SET product_id = %s WHERE id = %s",
            [other.id, order.order_line.id],
        )
        self.assertEqual(self._touched()[0], self.product + other)

    def test_a_place_that_others_know_touches_everything_even_when_it_is_empty(self):
        """They may be filling it right now."""
        shelf = self.env["stock.location"].create(
            {"name": "Shelf", "location_id": self.stock.id}
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE stock_location SET create_date = '2029-01-01' WHERE id = %s",
            [shelf.id],
        )
        self._touched()
        shelf.usage = "inventory"
        self.assertEqual(self._touched()[1], True)

    def test_a_new_warehouse_touches_nothing(self):
        self._touched()
        self.env["stock.warehouse"].create({"name": "New", "code": "NEW"})
        self.assertEqual(self._touched()[1], False)

    def test_quotations_and_requests_touch_nothing(self):
        quote = self._quote((self.product, 3))
        quote.order_line.product_uom_qty = 4
        quote.order_line.unlink()
        request = self.env["purchase.order"].create(
            {
                "partner_id": self.vendor.id,
                "order_line": [
                    Command.create({"product_id": self.product.id, "product_qty": 2})
                ],
            }
        )
        request.order_line.product_qty = 5
        self.assertEqual(self._touched(), (self.env["product.product"], False))

    def test_sql_of_others_is_seen(self):
        self._put_in_stock(self.product, 5)
        self._order((self.product, 9))
        self.env["backlog.fold"]._fold()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE stock_quant SET quantity = 8 WHERE product_id = %s "
            "AND location_id = %s",
            [self.product.id, self.stock.id],
        )
        self.assertEqual(self.kept._stale().touched, [self.product.id])
        self._nothing_differs()

    def test_settings_touch_everything(self):
        self._order((self.product, 3))
        changes = {
            "a unit": lambda: self.env.cr.execute(
                "UPDATE uom_uom SET factor = factor * 2 WHERE id = %s", [self.dozen.id]
            ),
            "the stock of a warehouse": lambda: self.warehouse.write(
                {
                    "lot_stock_id": self.env["stock.location"]
                    .create({"name": "New", "location_id": self.stock.location_id.id})
                    .id
                }
            ),
        }
        for what, change in changes.items():
            with self.subTest(what):
                self._touched()
                change()
                self.assertEqual(self._touched()[1], True)

    def test_a_new_shelf_touches_nothing(self):
        self._touched()
        self.env["stock.location"].create(
            {"name": "Shelf", "location_id": self.stock.id}
        )
        self.assertEqual(self._touched(), (self.env["product.product"], False))

    # The scheduled action

    def test_shipping_wakes_the_scheduled_action_once_a_transaction(self):
        self._put_in_stock(self.product, 5)
        orders = [self._order((self.product, 1)) for _n in range(2)]
        cron = self.env.ref("inventory_backlog.ir_cron_kept")
        before = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        self.env.cr.precommit.data.pop("backlog_wake", None)
        for order in orders:
            order.picking_ids.button_validate()
        after = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        self.assertEqual(after - before, 1)

    def test_shipping_goes_on_without_the_scheduled_action(self):
        self._put_in_stock(self.product, 5)
        order = self._order((self.product, 1))
        self.env.ref("inventory_backlog.ir_cron_kept").unlink()
        self.env.cr.precommit.data.pop("backlog_wake", None)
        order.picking_ids.button_validate()
        self.assertEqual(order.picking_ids.state, "done")

    def test_shipping_goes_on_when_the_action_was_deleted_by_sql(self):
        self._put_in_stock(self.product, 5)
        order = self._order((self.product, 1))
        cron = self.env.ref("inventory_backlog.ir_cron_kept")
        self.env.cr.execute("DELETE FROM ir_cron WHERE id = %s", [cron.id])
        self.env.invalidate_all()
        self.env.cr.precommit.data.pop("backlog_wake", None)
        order.picking_ids.button_validate()
        self.env.flush_all()
        self.assertEqual(order.picking_ids.state, "done")

    def test_an_action_that_is_off_is_not_woken(self):
        cron = self.env.ref("inventory_backlog.ir_cron_kept")
        cron.active = False
        self.env.flush_all()
        self.env.cr.precommit.data.pop("backlog_wake", None)
        self.env["backlog.upkeep"]._wake()
        self.assertFalse(
            self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        )

    def test_installing_while_another_process_is_at_it_leaves_the_rest_to_it(self):
        self._order((self.product, 3))
        with patch.object(
            type(self.env["backlog.fold"]), "_lock", side_effect=LockNotAvailable
        ):
            self.assertFalse(self.env["backlog.fold"]._fold_if_free())
        self._nothing_differs()
        self.assertTrue(self.env["backlog.fold"]._fold_if_free())
        self.assertEqual(self.kept._stale(), ([], [], []))

    # Who may

    def test_managers_rebuild_and_check_and_nobody_else(self):
        manager = new_test_user(
            self.env, "manager", "inventory_backlog.group_backlog_manager"
        )
        self._order((self.product, 3))
        kept = self.kept.with_user(manager)
        self.assertGreater(kept.rebuild(), 0)
        self.assertEqual(kept.differences(), {"slices": [], "lines": []})
        self.env.cr.execute("UPDATE backlog_kept_line SET open_qty = open_qty + 1")
        self.assertTrue(kept.differences()["lines"])
        # Of companies that they do not work in, they learn nothing.
        self.env.cr.execute("UPDATE backlog_kept_line SET company_id = company_id + 99")
        sides = {row["side"] for row in kept.differences()["lines"]}
        self.assertEqual(sides, {"live"})
        for method in ("rebuild", "differences"):
            with self.assertRaises(AccessError):
                getattr(self.kept.with_user(self.seller), method)()

    def test_rebuilding_while_another_is_at_it_says_so(self):
        with (
            patch.object(
                type(self.env["backlog.fold"]), "_lock", side_effect=LockNotAvailable
            ),
            self.assertRaisesRegex(UserError, "Try again in a minute"),
        ):
            self.kept.rebuild()
