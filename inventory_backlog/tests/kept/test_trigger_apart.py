from contextlib import closing, contextmanager
from unittest.mock import patch

from psycopg2.errors import LockNotAvailable

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.sql_db import close_db, db_connect
from odoo.tests import BaseCase, tagged
from odoo.tools import SQL, config, mute_logger

from ..copies import DatabaseCopy, postgres

OFF = "ALTER TABLE {} DISABLE TRIGGER backlog_touch_update"
LOGGER = "odoo.addons.inventory_backlog.models.kept.backlog_trigger"


@tagged("post_install", "-at_install")
class TestTriggerApart(DatabaseCopy, BaseCase):
    """Triggers are put back while people write, by connections of their own, on a copy
    of the database, which is a restored one."""

    def setUp(self):
        super().setUp()
        # Loading it, Odoo would run the tests of every addon.
        with patch.dict(config.options.maps[0], {"test_enable": False}):
            Registry(self.copy)
        self.addCleanup(close_db, self.copy)
        self.addCleanup(Registry.delete, self.copy)
        # So that it fails where it would wait for ever.
        self.patience = "SET LOCAL statement_timeout = '20s'"

    @contextmanager
    def _transaction(self):
        with closing(db_connect(self.copy).cursor()) as cr:
            cr.execute(self.patience)
            yield api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})

    @contextmanager
    def _in_use(self, *tables):
        """Somebody writes in these tables, and is not done."""
        with self._transaction() as env:
            for table in tables:
                env.cr.execute(
                    SQL("LOCK %s IN ROW EXCLUSIVE MODE", SQL.identifier(table))
                )
            yield env

    def _run(self, *statements):
        with self._transaction() as env:
            for statement in statements:
                env.cr.execute(statement)
            env.cr.commit()

    def _attach(self):
        with self._transaction() as env:
            return env["backlog.trigger"]._attach_apart([500])

    def _fold(self):
        with self._transaction() as env:
            env["backlog.fold"]._fold()
            env.cr.commit()

    def _assert_usable(self, usable=True):
        with self._transaction() as env:
            assertion = self.assertIsNotNone if usable else self.assertIsNone
            assertion(env["backlog.kept"]._stale())
            self.assertEqual(
                env["backlog.kept"].differences(), {"slices": [], "lines": []}
            )

    def _first_quant(self, env):
        quant = env["stock.quant"].search([("location_id.usage", "=", "internal")])[:1]
        return quant or env["stock.quant"].create(
            {
                "product_id": env["product.product"]
                .create({"name": "P", "type": "consu", "is_storable": True})
                .id,
                "location_id": env["stock.warehouse"].search([])[0].lot_stock_id.id,
                "quantity": 1,
            }
        )

    def test_what_is_as_it_should_be_locks_nothing(self):
        self._attach()
        with self._transaction() as env:
            tables = list(env["backlog.trigger"]._watched())
        with self._transaction() as env:
            # Not even a reader gets by this.
            for table in tables:
                env.cr.execute(SQL("LOCK %s", SQL.identifier(table)))
            self.assertEqual(self._attach(), [])

    def test_what_is_in_use_is_left_and_the_rest_is_put_right(self):
        self._run(OFF.format("stock_move"), OFF.format("stock_quant"))
        with self._in_use("stock_move"), self.assertLogs(LOGGER) as logs:
            self.assertEqual(self._attach(), ["stock_move"])
            self.assertIn("stock_move: canceling statement", logs.output[0])
            self._assert_usable(False)
        self.assertEqual(self._attach(), [])
        self._fold()
        self._assert_usable()

    def test_whoever_is_not_done_is_waited_for_before_another_function_marks(self):
        """What the function of before did not mark would be lost."""
        with self._transaction() as env:
            watched = env["backlog.trigger"]._watched()
        watch = watched["stock_quant"]._replace(compared="quantity")
        with (
            self._in_use("stock_quant"),
            self._transaction() as env,
            self.assertRaises(LockNotAvailable),
            mute_logger("odoo.sql_db"),
        ):
            env["backlog.trigger"]._attach(watched | {"stock_quant": watch})

    def test_what_was_written_while_a_trigger_was_off_is_computed_anew(self):
        self._fold()
        self._run(OFF.format("stock_quant"))
        with self._transaction() as env:
            self._first_quant(env).quantity += 5
            env.cr.commit()
        self._assert_usable(False)
        self._fold()
        self._assert_usable(False)
        self.assertEqual(self._attach(), [])
        self._assert_usable(False)
        self._fold()
        self._assert_usable()

    def test_a_restored_database_is_used_as_it_is_but_for_a_trigger_that_is_off(self):
        self._attach()
        self._fold()
        self._assert_usable()
        # The row of the last fold, and marks, are versions of another transaction.
        self._run(
            "UPDATE backlog_kept_seen SET since = '99999999999', written = '1'",
            "INSERT INTO backlog_touched (product_id, txid) VALUES (1, 5)",
        )
        self._assert_usable()
        with self._transaction() as env:
            self.assertIn(1, env["backlog.kept"]._stale().touched)
            env.cr.execute(OFF.format("stock_quant"))
            self.assertIsNone(env["backlog.kept"]._stale())
        self._fold()
        with self._transaction() as env:
            self.assertEqual(env["backlog.kept"]._stale(), ([], [], []))

    def test_a_database_restored_from_a_dump_is_used_at_once(self):
        """There a table that was made last is not the last one: a dump has them by
        name."""
        self._run(
            "ALTER SEQUENCE backlog_touched_id_seq OWNED BY NONE",
            "CREATE TABLE other (LIKE backlog_touched INCLUDING ALL)",
            "DROP TABLE backlog_touched",
            "ALTER TABLE other RENAME TO backlog_touched",
        )
        self._attach()
        self._fold()
        again = f"{self.copy}_again"
        self.addCleanup(postgres, "dropdb", "--if-exists", "--force", again)
        postgres("createdb", again)
        dump = postgres("pg_dump", "--no-owner", self.copy)
        postgres("psql", "--quiet", "--dbname", again, stdin=dump)
        self.addCleanup(close_db, again)
        with self._transaction() as env:
            texts = env["backlog.trigger"]._texts()
        with closing(db_connect(again).cursor()) as cr:
            cr.execute(SQL("SELECT (%s) = texts FROM backlog_kept_seen", texts))
            self.assertEqual(cr.fetchall(), [(True,)])

    def test_a_mark_of_before_a_backup_stands_for_no_change_of_now(self):
        """It may bear the number of a transaction of now, and a fold that does not see
        the change of now may delete it."""
        self._attach()
        self._fold()
        with self._transaction() as env:
            product_id = self._first_quant(env).product_id.id
            env.cr.execute(
                "INSERT INTO backlog_touched (product_id, txid) "
                "SELECT %s, TXID_CURRENT() + number "
                "FROM GENERATE_SERIES(1, 10000) number",
                [product_id],
            )
            env.cr.commit()
        with self._transaction() as env:
            self._first_quant(env).quantity += 1
            env.flush_all()
            env.cr.execute(
                "SELECT TXID_CURRENT() - MIN(txid), "
                "COUNT(*) FILTER (WHERE txid = TXID_CURRENT()) FROM backlog_touched"
            )
            [after, marks] = env.cr.fetchone()
            self.assertIn(after, range(10000))
            self.assertEqual(marks, 2)
        self._fold()

    def test_a_mark_of_who_began_before_the_fold_and_is_done_after_it_is_seen(self):
        with self._transaction() as env, self._transaction() as other:
            self._first_quant(other).quantity += 5
            other.flush_all()
            env["backlog.fold"]._fold()
            env.cr.commit()
            other.cr.commit()
        with self._transaction() as env:
            self.assertEqual(len(env["backlog.kept"]._stale().touched), 1)
        self._assert_usable()
