from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import SQL

from ...models.kept import backlog_kept_row
from ...models.line import backlog_line
from ...tools import prepared
from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestPrepared(BacklogCase):
    """What has just changed is computed once for all that a transaction reads, by a
    plan that the connection keeps, and is exact after each write of one's own."""

    def setUp(self):
        super().setUp()
        self.env["backlog.fold"]._fold()
        self._put_in_stock(self.product, 5)
        self.order = self._order((self.product, 8))

    def _computed(self):
        """How often rows are computed while the ``with`` statement lasts."""
        return patch.object(
            backlog_kept_row,
            "columns_of",
            side_effect=prepared.columns_of,
            autospec=True,
        )

    def _plans(self):
        return {
            name
            for (name,) in self.env.execute_query(
                SQL(
                    "SELECT name FROM pg_prepared_statements WHERE name LIKE %s",
                    f"{prepared.PREFIX}%",
                )
            )
        }

    def _drop_plans(self):
        for name in self._plans():
            self.env.cr.execute(SQL("DEALLOCATE %s", SQL.identifier(name)))
        self.env.cr.cache.pop(prepared.PREFIX, None)

    def _read(self):
        """Ready and short of the order, read as a page reads it."""
        self.env.invalidate_all()
        domain = [("order_id", "=", self.order.id)]
        names = {"backlog_qty": {}, "to_source_qty": {}}
        page = self.env["backlog.line"].web_search_read(domain, names)
        self.assertEqual(page["length"], 1)
        [row] = page["records"]
        self.assertEqual(self.order.order_line.backlog_qty, row["backlog_qty"])
        return row["backlog_qty"], row["to_source_qty"]

    def test_it_is_computed_once_and_again_after_a_write(self):
        with self._computed() as computed:
            self.assertEqual(self._read(), (5, 3))
            once = computed.call_count
            self.assertTrue(once)
            self._read()
            self.assertEqual(computed.call_count, once)
            self._put_in_stock(self.product, 2)
            self.assertEqual(self._read(), (7, 1))
            self.assertEqual(computed.call_count, 2 * once)

    def test_what_a_savepoint_takes_back_does_not_count(self):
        before = self._read()
        with self.env.cr.savepoint() as savepoint:
            self._put_in_stock(self.product, 2)
            self.assertEqual(self._read(), (7, 1))
            savepoint.rollback()
            self.assertEqual(self._read(), before)
            self._put_in_stock(self.product, 1)
            self.assertEqual(self._read(), (6, 2))

    def test_after_a_refresh_nothing_is_computed(self):
        self._read()
        self.env["backlog.fold"]._fold()
        with self._computed() as computed:
            self.assertEqual(self._read(), (5, 3))
            self.assertFalse(computed.call_count)

    def test_another_day_is_another_answer(self):
        self._purchase(self.product, 3, days=1)
        line = self.env["backlog.line"].search([("order_id", "=", self.order.id)])
        self.assertFalse(line.overdue_since)
        with freeze_time(self._after(3)):
            self.env.invalidate_all()
            self.assertEqual(line.overdue_since, self._after(1))

    def test_one_plan_serves_all_products_and_all_moments(self):
        lamp = self._product("Lamp")
        other = self._order((lamp, 2))
        self._drop_plans()
        self._read()
        plans = self._plans()
        self.assertTrue(plans)
        self._put_in_stock(lamp, 1)
        self.order = other
        with freeze_time(self._after(1, hours=3)):
            self.assertEqual(self._read(), (1, 1))
        self.assertEqual(self._plans(), plans)

    def test_plans_that_the_connection_lost_are_made_again(self):
        """A pool of connections gives another one to each transaction."""
        self._read()
        self._drop_plans()
        self._put_in_stock(self.product, 1)
        self.assertEqual(self._read(), (6, 2))
        self.assertTrue(self._plans())

    def test_who_may_only_read_makes_plans_too(self):
        """As on a read replica."""
        self.env.flush_all()
        self._drop_plans()
        with self.env.cr.savepoint(flush=False) as savepoint:
            self.env.cr.execute("SET TRANSACTION READ ONLY")
            self.assertEqual(self._read(), (5, 3))
            savepoint.rollback()
        self.assertTrue(self._plans())

    def test_a_connection_keeps_some_plans(self):
        self._drop_plans()
        with patch.object(prepared, "MOST_PLANS", 3):
            for number in range(8):
                statement = SQL(f"SELECT {number} WHERE 7 = ANY(%s)", [7])
                statement = prepared.prepared(self.env, statement)
                self.assertEqual(self.env.execute_query(statement), [(number,)])
                self.assertLessEqual(len(self._plans()), 3)

    def test_what_this_transaction_set_up_itself_counts(self):
        """Its rules push goods to a place that it made: nobody else was to be told."""
        warehouse = self.env["stock.warehouse"].create(
            {"name": "Two", "code": "TWO", "reception_steps": "two_steps"}
        )
        self.order = self._order((self.product, 5), warehouse_id=warehouse.id)
        receipt = self.env["stock.move"].create(
            {
                "product_id": self.product.id,
                "product_uom_qty": 5,
                "location_id": self.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": warehouse.wh_input_stock_loc_id.id,
                "location_final_id": warehouse.lot_stock_id.id,
                "picking_type_id": warehouse.in_type_id.id,
            }
        )
        receipt._action_confirm()
        self.env["backlog.fold"]._fold()
        line = self.order.order_line
        self.assertEqual(line.incoming_qty, 5)
        warehouse.reception_route_id.rule_ids.active = False
        self.env.invalidate_all()
        self.assertEqual(line.to_source_qty, 5)
        self.assertEqual(
            self.env["backlog.kept"].differences(), {"slices": [], "lines": []}
        )

    def test_a_page_of_cached_and_computed_lines_is_a_part_of_all(self):
        lamp = self._product("Lamp")
        for days in (5, 1, 9, 3, 7):
            self._order((lamp, 2), (self.product, 1), commitment_date=self._after(days))
        self.env["backlog.fold"]._fold()
        self._put_in_stock(lamp, 3)
        lines = self.env["backlog.line"].with_user(self.seller)
        mine = lines.search([])
        self.assertEqual(len(mine), 11)
        for domain in ([], [("is_at_risk", "=", True)], [("id", "=", 0)]):
            for order in ("promise_date, id", "promise_date DESC", "to_source_value"):
                column = order.split()[0].strip(",")
                everything = lines.search(domain, order=order)
                with patch.object(backlog_line, "MANY_LINES", -1):
                    for offset, limit in ((0, 3), (2, 4), (9, 80), (50, 80)):
                        with self.subTest(domain=domain, order=order, offset=offset):
                            page = lines.search(domain, offset, limit, order)
                            self.assertEqual(
                                page.mapped(column),
                                everything[offset:][:limit].mapped(column),
                            )
        with patch.object(backlog_line, "MANY_LINES", -1):
            self.assertEqual(
                lines._page_ids([], 2, 4, lines._order), mine[2:6].ids, "It is used."
            )
            self.assertIsNone(lines._page_ids([], 2, 4, "open_value"))
            blocked = [("block_cause", "!=", False)]
            self.assertIsNone(lines._page_ids(blocked, 0, 4, lines._order))
            with self.assertRaisesRegex(UserError, "order"):
                lines.search([], limit=4, order="promise_date,")

    def test_a_refresh_that_is_taken_back_does_not_count(self):
        self.env.flush_all()
        with self.env.cr.savepoint(flush=False) as savepoint:
            self._put_in_stock(self.product, 2)
            self.env["backlog.fold"]._fold()
            self.assertEqual(self._read(), (7, 1))
            savepoint.rollback()
        self.env.invalidate_all(flush=False)
        self._put_in_stock(self.product, 3)
        self.env["backlog.fold"]._fold()
        self.assertEqual(self._read(), (8, 0))

    def test_one_plan_serves_any_number_of_wishes(self):
        """Also where somebody has to check availability."""
        self.warehouse.out_type_id.reservation_method = "manual"
        promise = self.env["product.product"].get_promise
        promise(self.product.id, 3)
        plans = self._plans()
        self.assertEqual(promise(self.product.id, 2)["to_source"], 2)
        self.env["product.product"].get_promises(
            [{"product_id": self.product.id, "qty": qty} for qty in (1, 2.5, 3)]
        )
        self.assertEqual(self._plans(), plans)

    def test_a_plan_is_made_without_the_values_of_one_call(self):
        self._drop_plans()
        statement = SQL("SELECT 1 WHERE 7 = ANY(%s)", [7])
        for _time in range(2):
            self.env.execute_query(prepared.prepared(self.env, statement))
        [name] = self._plans()
        plan = self.env.execute_query(
            SQL("EXPLAIN EXECUTE %s (%s)", SQL.identifier(name), [8])
        )
        self.assertIn("(7 = ANY ($1))", str(plan))

    def test_rows_are_handed_on_as_they_are(self):
        """Numbers of any precision, moments to the microsecond, texts with all signs,
        nothing."""
        row = SQL(
            """
            SELECT 0.1234567890123456789012345::numeric AS qty,
                   '2030-01-15 09:00:00.123456'::timestamp AS date,
                   '%%s "quoted" \\ ''x'', {NULL} ☂'::varchar AS document,
                   NULL::integer AS move_id, FALSE AS to_customer
            """
        )
        types = {
            "qty": "numeric",
            "date": "timestamp",
            "document": "varchar",
            "move_id": "integer",
            "to_customer": "boolean",
        }
        columns = prepared.columns_of(self.env, row, types)
        handed = prepared.columns_table("handed", columns)
        [(same,)] = self.env.execute_query(
            SQL(
                "SELECT (SELECT one::text FROM (%s) one)"
                " = (SELECT handed::text FROM %s)",
                row,
                handed,
            )
        )
        self.assertTrue(same)
