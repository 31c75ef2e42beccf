import logging
import os
import time
from contextlib import closing
from random import Random
from threading import Event, Thread, local
from unittest.mock import patch

from psycopg2 import OperationalError
from psycopg2.errors import LockNotAvailable, SerializationFailure

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.sql_db import close_db, db_connect
from odoo.tests import BaseCase, tagged
from odoo.tools import SQL, config, mute_logger

from ..copies import DatabaseCopy

_logger = logging.getLogger(__name__)

SECONDS = int(os.environ.get("BACKLOG_PARALLEL_SECONDS", "15"))
WRITERS = 3
READERS = 2
FOLDERS = 2
PRODUCTS = 3
HAPPENED = ("read", "written", "folded", "told")
FEW = 3
# One transaction of so many belongs to a worker that runs another version of the addon.
OTHER_VERSION = 8


@tagged("post_install", "-at_install")
class TestKeptParallel(DatabaseCopy, BaseCase):
    """Several transactions at once, with connections of their own, on a copy of the
    database: whatever the others do, what is read equals the live statement of the
    same snapshot. Some belong to a worker of another version, as while an upgrade
    restarts one after the other: what the ones keep is out of date for the others."""

    def test_every_read_equals_the_live_statement(self):
        # Loading it, Odoo would run the tests of every addon.
        with patch.dict(config.options.maps[0], {"test_enable": False}):
            registry = Registry(self.copy)
        self.addCleanup(close_db, self.copy)
        self.addCleanup(Registry.delete, self.copy)
        with self._transaction() as env:
            self.product_ids = self._create_world(env)
            env["backlog.fold"]._fold()
            env.cr.commit()
        self.assertTrue(registry.ready)
        self.stop, self.failures, self.version = Event(), [], local()
        self._tell_versions_apart(registry)
        self.counts = dict.fromkeys(
            (*HAPPENED, "retried", "refused", "other version"), 0
        )
        self.cursor, self.followed = "", {}
        threads = [
            Thread(target=self._work, args=(work, Random(number)))
            for number, work in enumerate(
                [self._write] * WRITERS
                + [self._read] * READERS
                + [self._fold] * FOLDERS
                + [self._follow]
            )
        ]
        with mute_logger("odoo.sql_db"):
            for thread in threads:
                thread.start()
            self.stop.wait(SECONDS)
            # On a busy machine that may be too short for all of it to have happened.
            for _second in range(120):
                if min(map(self.counts.get, HAPPENED)) > FEW or self.stop.wait(1):
                    break
            self.stop.set()
            for thread in threads:
                thread.join()
        _logger.info("Parallel transactions for %s s: %s", SECONDS, self.counts)
        self.assertEqual(self.failures, [])
        for count in HAPPENED:
            self.assertGreater(self.counts[count], FEW, count)
        self._assert_followed()
        self._assert_one_folds_at_a_time()

    def _transaction(self):
        """An environment whose connection is closed at the end, uncommitted."""
        cr = db_connect(self.copy).cursor()
        env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
        return closing_env(env)

    def _create_world(self, env):
        stock = env["stock.warehouse"].search([], limit=1).lot_stock_id
        products = env["product.product"].create(
            [
                {"name": f"Parallel {number}", "type": "consu", "is_storable": True}
                for number in range(PRODUCTS)
            ]
        )
        for product in products:
            env["stock.quant"]._update_available_quantity(product, stock, 20)
        env.cr.commit()
        return products.ids

    def _tell_versions_apart(self, registry):
        kept = registry["backlog.kept"]
        signature = kept._signature

        def of_version(kept):
            return signature(kept) + getattr(self.version, "mark", "")

        patcher = patch.object(kept, "_signature", of_version)
        patcher.start()
        self.addCleanup(patcher.stop)

    def _work(self, work, dice):
        while not self.stop.is_set():
            self.version.mark = "" if dice.randrange(OTHER_VERSION) else " next"
            self.counts["other version"] += bool(self.version.mark)
            try:
                with self._transaction() as env:
                    work(env, dice)
            except OperationalError:
                # Two wanted the same row: Odoo tries such a request again.
                self.counts["retried"] += 1
            except UserError:
                self.counts["refused"] += 1
            except Exception as error:  # noqa: BLE001 — told in the test's own thread
                self.failures.append(repr(error))
                self.stop.set()

    # What goes on

    def _read(self, env, dice):
        """Two looks in one transaction, the second after a change of its own."""
        for _look in range(2):
            differences = env["backlog.kept"].differences()
            if differences != {"slices": [], "lines": []}:
                self.failures.append(differences)
                self.stop.set()
            if self._overlooked(env):
                self.failures.append("a mark is there and not looked for")
                self.stop.set()
            self.counts["read"] += 1
            self._change(env, dice)

    def _overlooked(self, env):
        """Marks that this transaction sees and that no reader would look for."""
        env.cr.execute(
            SQL(
                "SELECT FROM backlog_touched WHERE NOT %s",
                env["backlog.kept.seen"]._unseen(),
            )
        )
        return env.cr.rowcount

    def _write(self, env, dice):
        for _change in range(dice.randint(1, 3)):
            self._change(env, dice)
        env.flush_all()
        if dice.random() < 0.8:
            env.cr.commit()
            self.counts["written"] += 1

    def _fold(self, env, dice):
        time.sleep(dice.random() / 10)
        env["backlog.fold"]._fold()
        chance = dice.random()
        if chance < 0.7:
            env.cr.commit()
            self.counts["folded"] += 1
        elif chance < 0.85:
            # Killed when all is done but the commit.
            env.cr._cnx.close()

    def _follow(self, env, dice):
        """As an integration does: a page at a time, never looking back."""
        time.sleep(dice.random() / 20)
        changes = env["backlog.line"].get_changes(self.cursor, dice.randint(1, 5))
        env.cr.commit()
        for line in changes["lines"]:
            self.followed[line["id"]] = line
        self.cursor = changes["cursor"]
        self.counts["told"] += len(changes["lines"])

    def _assert_followed(self):
        """When all is kept, who followed knows all that is open, and what is not."""
        with self._transaction() as env:
            # A fold that was killed a moment ago may still hold its lock: wait for it.
            env.cr.execute("SELECT FROM backlog_kept FOR UPDATE")
            env["backlog.fold"]._fold()
            env.cr.commit()
            changes = {"has_more": True}
            while changes["has_more"]:
                changes = env["backlog.line"].get_changes(self.cursor)
                self.followed.update({line["id"]: line for line in changes["lines"]})
                self.cursor = changes["cursor"]
            told = {key: line for key, line in self.followed.items() if line["is_open"]}
            lines = env["backlog.line"].search([])
            self.assertEqual(told.keys(), set(lines.ids))
            for line in lines:
                for name in ("backlog_state", "open_qty", "to_source_qty"):
                    self.assertEqual(told[line.id][name], line[name])

    def _assert_one_folds_at_a_time(self):
        """So the numbers of the folds are committed in their order, which is what a
        cursor of the feed is."""
        with self._transaction() as first, self._transaction() as second:
            # So that it fails where it would wait for ever.
            second.cr.execute("SET LOCAL statement_timeout = '20s'")
            self._by_sql(first, first["product.product"].browse(self.product_ids[0]))
            first["backlog.fold"]._fold()
            with self.assertRaises(LockNotAvailable), mute_logger("odoo.sql_db"):
                second["backlog.fold"]._fold()
            second.cr.rollback()
            second.cr.execute("SELECT 1")
            first.cr.commit()
            with self.assertRaises(SerializationFailure), mute_logger("odoo.sql_db"):
                second["backlog.fold"]._fold()

    def _change(self, env, dice):
        product = env["product.product"].browse(dice.choice(self.product_ids))
        lines = env["sale.order.line"].search(
            [("product_id", "=", product.id), ("state", "=", "sale")]
        )
        some = lines.browse(dice.sample(lines.ids, min(1, len(lines))))
        dice.choice(
            [
                lambda: self._sell(env, product, dice),
                lambda: self._sell(env, product, dice),
                lambda: self._ship(some),
                lambda: some.write({"price_unit": dice.randint(1, 99)}),
                lambda: some.move_ids._do_unreserve(),
                lambda: some.move_ids._action_assign(),
                lambda: some.order_id._action_cancel(),
                lambda: some.order_id.write(
                    {"commitment_date": f"2030-01-{dice.randint(10, 28)}"}
                ),
                lambda: self._sell_more(some.order_id, product, dice),
                lambda: self._receipt(env, product, dice),
                lambda: self._receive(env, product),
                lambda: self._by_sql(env, product, dice.randint(-2, 3)),
            ]
        )()

    def _sell(self, env, product, dice):
        env["sale.order"].create(
            {
                "partner_id": env.user.partner_id.id,
                "order_line": [
                    fields.Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": dice.randint(1, 9),
                        }
                    )
                ],
            }
        ).action_confirm()

    def _sell_more(self, order, product, dice):
        """What costs nothing leaves the order as it is: two may do that at once."""
        if order:
            order.env["sale.order.line"].create(
                {
                    "order_id": order.id,
                    "product_id": product.id,
                    "product_uom_qty": dice.randint(1, 3),
                    "price_unit": dice.choice([0, 0, 5]),
                }
            )

    def _ship(self, lines):
        moves = lines.move_ids.filtered(lambda move: move.quantity)
        moves.picked = True
        moves._action_done(cancel_backorder=False)

    def _receipt(self, env, product, dice):
        warehouse = env["stock.warehouse"].search([], limit=1)
        env["stock.move"].create(
            {
                "product_id": product.id,
                "product_uom_qty": dice.randint(1, 9),
                "location_id": env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": warehouse.lot_stock_id.id,
            }
        )._action_confirm()

    def _receive(self, env, product):
        moves = env["stock.move"].search(
            [
                ("product_id", "=", product.id),
                ("location_id.usage", "=", "supplier"),
                ("state", "in", ("confirmed", "assigned")),
            ],
            limit=1,
        )
        moves.quantity = moves.product_uom_qty
        moves.picked = True
        moves._action_done()

    def _by_sql(self, env, product, difference=1):
        env.flush_all()
        env.cr.execute(
            "UPDATE stock_quant SET quantity = quantity + %s WHERE product_id = %s",
            [difference, product.id],
        )
        env.invalidate_all()


def closing_env(env):
    class Closing(closing):
        def __enter__(self):
            return env

    return Closing(env.cr)
