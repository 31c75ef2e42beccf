import doctest
import re
from contextlib import contextmanager
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import get_db_name, tagged
from odoo.tools import SQL

from ...models.kept import backlog_trigger, backlog_watch
from ..common import BacklogCase

FAULTS = "odoo.addons.inventory_backlog.models.backlog_fault"
LOGGER = "odoo.addons.inventory_backlog.models.kept.backlog_trigger"
ROLE = f"backlog_etl_{get_db_name()}"


class TriggerCase(BacklogCase):
    def setUp(self):
        super().setUp()
        self.kept = self.env["backlog.kept"]
        self.trigger = self.env["backlog.trigger"]
        self.watched = self.trigger._watched()
        self.env["backlog.fold"]._fold()
        # The database's own cleaning holds a table for longer than people should wait.
        self.patch(backlog_trigger, "WAITS", [20000])

    def _run(self, statement, *names):
        self.env.cr.execute(SQL(statement, *map(SQL.identifier, names)))

    def _marks(self):
        """The products that are marked, 0 for all; and forget them."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL("DELETE FROM backlog_touched RETURNING product_id")
        )
        return {row[0] for row in rows} - {None}

    @contextmanager
    def _undone(self):
        """What is done within is undone, also in the database's catalog."""
        savepoint = self.env.cr.savepoint()
        try:
            yield
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()
            self.env.cr.precommit.data.pop("backlog_attached", None)

    def _nothing_differs(self):
        self.assertEqual(self.kept.differences(), {"slices": [], "lines": []})

    def _add_goods_by_sql(self):
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE stock_quant SET quantity = quantity + 1 "
                "WHERE product_id = %s AND location_id = %s",
                self.product.id,
                self.stock.id,
            )
        )
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestTrigger(TriggerCase):
    """What is kept is used only while every trigger is what it should be."""

    def _break(self):
        """What a person can do to a trigger."""
        on_quants = "backlog_touch_update ON stock_quant"
        return {
            "off": "ALTER TABLE stock_quant DISABLE TRIGGER backlog_touch_update",
            "on stock_quant is not what": "ALTER TABLE stock_quant "
            "DISABLE TRIGGER ALL, ENABLE TRIGGER ALL",
            "missing": f"DROP TRIGGER {on_quants}",
            "not what it should": "CREATE OR REPLACE FUNCTION "
            "backlog_touch_stock_quant() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN RETURN NULL; END'",
            "update on stock_quant is not what": f"DROP TRIGGER {on_quants}; "
            "CREATE TRIGGER backlog_touch_update AFTER UPDATE OF lot_id ON stock_quant "
            "FOR EACH ROW EXECUTE FUNCTION backlog_touch_stock_quant()",
            "update on res_country is not what": "CREATE TRIGGER backlog_touch_update "
            "AFTER UPDATE ON res_country "
            "FOR EACH ROW EXECUTE FUNCTION backlog_touch_stock_quant()",
        }

    def test_triggers_are_what_they_should_be(self):
        self.assertEqual(self.trigger._faults(), [])
        self.assertEqual(self.kept._stale(), ([], [], []))

    def test_what_is_wrong_with_a_trigger_is_told_and_put_right(self):
        for text, statement in self._break().items():
            with self.subTest(text), self._undone():
                self._run(statement)
                faults = self.trigger._faults()
                self.assertTrue(faults)
                for fault in faults:
                    self.assertIn(text, fault["text"])
                    self.assertIn(fault["table"], fault["text"])
                self.trigger._attach()
                self.assertEqual(self.trigger._faults(), [])

    def test_nothing_is_kept_or_read_from_what_is_kept_while_a_trigger_is_off(self):
        self._put_in_stock(self.product, 5)
        self._order((self.product, 9))
        self.env["backlog.fold"]._fold()
        for text, statement in self._break().items():
            if "res_country" in text:
                continue  # It marks too much, not too little.
            with self.subTest(text), self._undone():
                self._run(statement)
                self._add_goods_by_sql()
                self._nothing_differs()
                self.assertIsNone(self.kept._stale())
                self.assertEqual(self.env["backlog.fold"]._fold(), 0)
                with self.assertRaisesRegex(UserError, "odoo backlog attach"):
                    self.kept.rebuild()
                self._nothing_differs()

    def test_a_trigger_that_was_off_for_a_moment_makes_everything_out_of_date(self):
        """Also when nobody looked meanwhile."""
        self._put_in_stock(self.product, 5)
        self._order((self.product, 9))
        self.env["backlog.fold"]._fold()
        self._run("ALTER TABLE stock_quant DISABLE TRIGGER ALL")
        self._add_goods_by_sql()
        for event in self.watched["stock_quant"].events():
            self._run(
                "ALTER TABLE stock_quant ENABLE ALWAYS TRIGGER %s",
                self.trigger._name_of(event),
            )
        self.assertEqual(self.trigger._faults(), [])
        self.assertIsNone(self.kept._stale())
        self._nothing_differs()
        self.assertGreater(self.env["backlog.fold"]._fold(), 0)
        self.assertEqual(self.kept._stale(), ([], [], []))
        self._nothing_differs()

    def test_a_trigger_that_sleeps_for_a_replica_is_no_right_one(self):
        """As a restore of data leaves it, which switches all triggers on again."""
        with self._undone():
            self._run("ALTER TABLE stock_quant ENABLE TRIGGER ALL")
            faults = self.trigger._faults()
            self.assertEqual({fault["table"] for fault in faults}, {"stock_quant"})
            self.assertIn("not what it should be", faults[0]["text"])
            self.trigger._attach()
            self.assertEqual(self.trigger._faults(), [])

    def test_nothing_is_kept_in_the_transaction_that_attached_a_trigger(self):
        """It may not see what others wrote before they had to wait for it."""
        self._put_in_stock(self.product, 5)
        self.env["backlog.fold"]._fold()
        with self._undone():
            self._run("DROP TRIGGER backlog_touch_update ON stock_quant")
            self.trigger._attach()
            self.assertEqual(self.env["backlog.fold"]._fold(), 0)
            self.assertIsNone(self.kept._stale())
        self._add_goods_by_sql()
        self.assertEqual(self.kept._stale().touched, self.product.ids)

    def test_detached_triggers_leave_nothing_on_any_table(self):
        with self._undone():
            self.trigger._detach()
            self.assertFalse(self.trigger._found())
            self.assertIsNone(self.kept._stale())
            self.trigger._drop_functions({})
            self.env.cr.execute(
                "SELECT proname FROM pg_proc WHERE proname LIKE 'backlog%'"
            )
            self.assertEqual(self.env.cr.fetchall(), [])
            self._nothing_differs()
            self.trigger._attach()
            self.assertEqual(self.trigger._faults(), [])

    def test_scheduled_action_puts_triggers_back_unless_they_were_detached(self):
        cron = type(self.env["ir.cron"])
        trigger = type(self.trigger)
        with (
            self._undone(),
            patch.object(cron, "_commit_progress") as progress,
            patch.object(trigger, "_attach_apart", return_value=[]) as attach,
        ):
            self._run("DROP TRIGGER backlog_touch_update ON stock_quant")
            with self.assertLogs(FAULTS, "ERROR") as logs:
                self.kept._cron_fold()
            self.assertIn("stock_quant is missing", logs.output[0])
            progress.assert_called_with(1, remaining=1)
            attach.assert_called_once()
            self.env["backlog.kept.seen"]._set_detached(True)
            self.kept._cron_fold()
            progress.assert_called_with(1, remaining=0)
            self.env["backlog.kept.seen"]._set_detached(False)
            # Other code than that of the last upgrade, of before or to come.
            module = self.env["ir.module.module"]._get("inventory_backlog")
            module.latest_version = "19.0.0.0.0"
            self.kept._cron_fold()
            progress.assert_called_with(1, remaining=0)
            attach.assert_called_once()

    # Who writes

    @contextmanager
    def _as_other_role(self):
        """A role that may write in what is watched, and do nothing else; without a
        path on which to find tables."""
        self.env.flush_all()
        with self._undone():
            self._run("CREATE ROLE %s", ROLE)
            for table in self._tables():
                self._run(
                    "GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %s", table, ROLE
                )
            self._run("SET LOCAL ROLE %s", ROLE)
            self._run("SET LOCAL search_path = ''")
            yield

    def _tables(self):
        """What is watched of Odoo's."""
        return [table for table in self.watched if not table.startswith("backlog_")]

    def test_another_role_without_a_path_writes_in_every_table_that_is_watched(self):
        self._put_in_stock(self.product, 5)
        self._order((self.product, 9))
        self._purchase((self.product, 3))
        for table in self._tables():
            with self.subTest(table), self._as_other_role():
                table_name = f"public.{table}"
                column = self.watched[table].compared.split()[:1] or self._keys(table)
                for statement in (
                    f"INSERT INTO {table_name} SELECT * FROM {table_name} WHERE FALSE",
                    f"UPDATE {table_name} SET {column[0]} = {column[0]}",
                    f"DELETE FROM {table_name} WHERE FALSE",
                ):
                    self._run(statement)

    def _keys(self, table):
        self.env.cr.execute(
            SQL(
                "SELECT attname FROM pg_attribute "
                "WHERE attrelid = TO_REGCLASS(%s) AND attnum = 1",
                f"public.{table}",
            )
        )
        return self.env.cr.fetchone()

    def test_what_another_role_writes_is_marked(self):
        self._put_in_stock(self.product, 5)
        self._marks()
        with self._as_other_role():
            self._run(
                "UPDATE public.stock_quant SET quantity = quantity + 1 "
                f"WHERE product_id = {self.product.id}"
            )
            self._run("RESET ROLE")
            self._run("SET LOCAL search_path = public")
            self.assertEqual(self._marks(), {self.product.id})

    def test_who_writes_cannot_lend_our_functions_operators_of_their_own(self):
        self.env.cr.execute(
            "SELECT proname, proconfig, proacl::text FROM pg_proc "
            "WHERE proname LIKE 'backlog\\_touch\\_%'"
        )
        found = self.env.cr.fetchall()
        self.assertEqual(len(found), len(self.watched))
        for name, config, rights in found:
            with self.subTest(name):
                self.assertEqual(config, ["search_path=public, pg_temp"])
                # Nothing before the sign is everybody.
                self.assertNotRegex(rights, r"[{,]=")

    def test_what_is_loaded_as_a_replica_does_is_marked(self):
        self._put_in_stock(self.product, 5)
        self._marks()
        with self._undone():
            self._run("SET LOCAL session_replication_role = replica")
            self._add_goods_by_sql()
            self.assertEqual(self._marks(), {self.product.id})

    # Odoo's own upgrades

    def test_a_column_that_was_renamed_or_dropped_stops_nobody(self):
        """As an upgrade of Odoo does, before our code is there."""
        for table, watch in self.watched.items():
            for column in watch.compared.split():
                with self.subTest(table=table, column=column), self._undone():
                    self._run("ALTER TABLE %s RENAME %s TO gone", table, column)
                    self._run(f"UPDATE {table} SET id = id WHERE FALSE")
                    self._run(f"DELETE FROM {table} WHERE FALSE")
                    if watch.changes:
                        self.assertEqual(self._marks(), {0})

    def test_stock_is_written_while_a_column_is_missing_or_another(self):
        self._put_in_stock(self.product, 5)
        self._marks()
        with self._undone():
            self._run("ALTER TABLE stock_quant DROP COLUMN lot_id CASCADE")
            self._add_goods_by_sql()
            self.assertEqual(self._marks(), {0})
            # Another type, of which no two values are the same.
            self._run("ALTER TABLE stock_quant ADD COLUMN lot_id json")
            self._add_goods_by_sql()
            self.assertEqual(self._marks(), {0})

    def test_a_table_of_marks_that_is_gone_stops_nobody(self):
        self._put_in_stock(self.product, 5)
        with self._undone():
            self._run("ALTER TABLE backlog_touched RENAME TO gone")
            self._add_goods_by_sql()

    def test_no_trigger_hits_upon_what_is_missing(self):
        """It would mark everything, and nobody would notice."""
        for table, watch in self.watched.items():
            body = re.sub("EXCEPTION.*?END;", "END;", watch.body(), flags=re.DOTALL)
            self.assertNotEqual(body, watch.body())
            with self.subTest(table), self._undone():
                self.env.cr.execute(
                    SQL(
                        "CREATE OR REPLACE FUNCTION %s() RETURNS trigger "
                        "LANGUAGE plpgsql AS %s",
                        SQL.identifier(self.trigger._function_of(table)),
                        body,
                    )
                )
                column = watch.compared.split()[:1] or self._keys(table)
                self._run(f"INSERT INTO {table} SELECT * FROM {table} WHERE FALSE")
                self._run(f"UPDATE {table} SET {column[0]} = {column[0]}")
                self._run(f"DELETE FROM {table} WHERE FALSE")

    # Marks

    def test_emptying_a_table_makes_everything_out_of_date(self):
        self._put_in_stock(self.product, 5)
        self._order((self.product, 9))
        for table in (
            "backlog_kept_slice",
            "backlog_kept_line",
            "backlog_touched",
            "stock_move_move_rel",
        ):
            with self.subTest(table), self._undone():
                self.env["backlog.fold"]._fold()
                self._run("TRUNCATE %s", table)
                self.assertIsNone(self.kept._stale())
                self._nothing_differs()
                self.env["backlog.fold"]._fold()
                self.assertEqual(self.kept._stale(), ([], [], []))
                self._nothing_differs()

    def test_a_transaction_marks_once_what_it_changes_many_times(self):
        self._put_in_stock(self.product, 5)
        order = self._order((self.product, 9)).sudo()
        for _fold in range(2):
            self.env["backlog.fold"]._fold()
            for salesperson in (self.env.user, self.seller) * 5:
                self._add_goods_by_sql()
                order.user_id = salesperson
                order.flush_recordset()
                self._nothing_differs()
            marks = self.env["backlog.touched"].search([])
            self.assertEqual(
                sorted((mark.product_id, mark.order_id) for mark in marks),
                [(0, order.id), (self.product.id, 0)],
            )

    def test_each_change_of_one_transaction_is_seen_at_once(self):
        """Although it adds no mark: what was computed before it is not used again."""
        self._put_in_stock(self.product, 2)
        line = self._line(self._order((self.product, 9)).order_line)
        self.env["backlog.fold"]._fold()
        ready = []
        for _change in range(3):
            self._add_goods_by_sql()
            ready.append(line.backlog_qty)
        self.assertEqual(ready, [3, 4, 5])
        with self._undone():
            self._add_goods_by_sql()
            self.assertEqual(line.backlog_qty, 6)
        self.assertEqual(line.backlog_qty, 5)
        self._add_goods_by_sql()
        self.assertEqual(line.backlog_qty, 6)

    def test_the_last_number_of_a_mark_stops_nobody(self):
        """Also where there is a mark of the first one."""
        self._put_in_stock(self.product, 5)
        self._order((self.product, 9))
        self.env["backlog.fold"]._fold()
        with self._undone():
            self._run(
                "INSERT INTO backlog_touched (id, product_id) "
                f"VALUES (1, {self.product.id})"
            )
            self._run("SELECT SETVAL('backlog_touched_id_seq', 2147483646)")
            for _change in range(3):
                # Those that are there are of other transactions.
                self._run("UPDATE backlog_touched SET txid = NULL")
                self._add_goods_by_sql()
            self._nothing_differs()
            marks = self.env["backlog.touched"].search([])
            self.assertEqual(sorted(marks.ids)[::3], [1, 2**31 - 1])
            self.assertEqual(set(marks.mapped("product_id")), {self.product.id})
            self.assertGreater(self.env["backlog.fold"]._fold(), 0)
            self._nothing_differs()

    def test_marks_of_nobody_are_seen(self):
        """As somebody writes them by hand, or code of before did."""
        self._run("INSERT INTO backlog_touched (product_id) VALUES (0)")
        self.assertIsNone(self.kept._stale())
        self.env["backlog.fold"]._fold()
        self.assertEqual(self.kept._stale(), ([], [], []))

    def test_what_a_fold_leaves_for_a_later_one_is_seen(self):
        products = [self.product, self._product("Two"), self._product("Three")]
        for product in products:
            self._order((product, 3))
        with patch(
            "odoo.addons.inventory_backlog.models.kept.backlog_fold.MARKED_ANEW", 2
        ):
            for left in (2, 1, 0):
                self.env["backlog.fold"]._fold(1)
                self.assertEqual(len(self.kept._stale().touched), left)
                self._nothing_differs()

    def _comments(self):
        self.env.cr.execute(
            """
            SELECT proname, OBJ_DESCRIPTION(oid, 'pg_proc')
              FROM pg_proc
             WHERE proname LIKE 'backlog\\_touch\\_%'
            """
        )
        return dict(self.env.cr.fetchall())

    def test_each_function_says_what_it_marks_and_whose_it_is(self):
        for watched in ({}, None):
            # As a new installation makes them.
            self.trigger._attach(watched)
        watched = self.trigger._watched()
        self.assertEqual(
            self._comments(),
            {
                self.trigger._function_of(table): watch.comment(table)
                for table, watch in watched.items()
            },
        )

    def test_an_upgrade_writes_comments_and_changes_no_trigger(self):
        comments = self._comments()
        self._run("COMMENT ON FUNCTION backlog_touch_stock_quant() IS NULL")
        self.env.cr.execute(self.trigger._versions())
        versions = self.env.cr.fetchall()
        self.assertEqual(self.trigger._faults(), [])

        self.trigger._comment_all()

        self.assertIn("stock_quant", self._comments()["backlog_touch_stock_quant"])
        self.env.cr.execute(self.trigger._versions())
        self.assertEqual(self.env.cr.fetchall(), versions)
        self.assertEqual(self.trigger._faults(), [])
        self.assertEqual(self._comments().keys(), comments.keys())

    def test_examples_of_the_plain_functions(self):
        self.assertEqual(doctest.testmod(backlog_watch).failed, 0)
