"""What mends itself: ``./dev bench mend [NAME …]``.

A database with the addons, demo data and open orders is copied, and something goes
wrong in the copy: it is restored from a backup, also without our tables' data; triggers
are off; tables are emptied; an upgrade runs while people write; the clock is wrong.
People work on. Then only what runs by itself may run: our scheduled actions and Odoo's
autovacuum, each when it is due, night by night. In the end ``odoo backlog check`` must
find nothing: no row that differs, nothing to say. Whatever needs a person then is a
fault of ours.

PostgreSQL and Odoo are real ones of their own, both with the clock of ``libfaketime``.
"""

import json
import logging
import os
import random
import re
import shutil
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg2
from replica import (
    MODULES,
    Odoo,
    Postgres,
    folder_that_goes,
    run_postgres,
    say,
)

import odoo.init  # noqa: F401 makes it Odoo
from odoo.api import SUPERUSER_ID, Environment
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.sql_db import close_db
from odoo.tools import config

from odoo.addons.base.models.ir_cron import IrCron

WORLD = "world"
CLOCK = Path(os.environ.get("FAKETIME_TIMESTAMP_FILE", ""))
# A day mends, and a day finds nothing more.
NIGHTS = 2
# A seventh of what is kept is looked at each night.
WEEK = 7
# A clock that is far ahead, in days. Odoo goes on from minute to minute to find when an
# action of each minute runs next: after ten years that alone takes minutes.
AHEAD = 400
OURS = "odoo.addons.inventory_backlog"
WATCHED = """
    SELECT ARRAY_AGG(DISTINCT class.relname::text)
      FROM pg_trigger JOIN pg_class class ON class.oid = tgrelid
     WHERE tgname LIKE 'backlog\\_touch\\_%'
"""
# What an upgrade finds: a trigger that is off, one that is gone, another function.
CHANGED = [
    "ALTER TABLE stock_move DISABLE TRIGGER backlog_touch_update",
    "DROP TRIGGER backlog_touch_insert ON stock_quant",
    """CREATE OR REPLACE FUNCTION backlog_touch_sale_order_line() RETURNS trigger
       LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'""",
]
# What else Odoo does by itself is not to help.
ONLY_OURS = """
    UPDATE ir_cron
       SET active = FALSE
     WHERE id NOT IN (
           SELECT res_id
             FROM ir_model_data
            WHERE model = 'ir.cron'
              AND (module LIKE 'inventory\\_backlog%' OR name = 'autovacuum_job'))
"""
# Our scheduled actions that do not run within two weeks.
PUT_OFF = """
    SELECT STRING_AGG(cron_name || ': ' || nextcall, ', ')
      FROM ir_cron
      JOIN ir_model_data data ON data.model = 'ir.cron' AND data.res_id = ir_cron.id
     WHERE data.module LIKE 'inventory\\_backlog%'
       AND active
       AND nextcall > NOW() + INTERVAL '15 days'
"""
# Somebody who writes until the table is empty; Odoo tries a request again.
WRITER = """
from psycopg2 import OperationalError
from odoo.fields import Command
env = env(context={**env.context, "tracking_disable": True})
stock = env["stock.warehouse"].search([], limit=1).lot_stock_id
products = env["product.product"].search([("name", "=like", "Mend %")])
customer = env["res.partner"].search([("name", "=", "Customer")])
number = 0
while True:
    env.cr.execute("SELECT FROM mend_go")
    if not env.cr.rowcount:
        break
    env.cr.rollback()
    product = products[number % len(products)]
    number += 1
    try:
        line = {"product_id": product.id, "product_uom_qty": 1}
        env["sale.order"].create({
            "partner_id": customer.id, "order_line": [Command.create(line)],
        }).action_confirm()
        env["stock.quant"]._update_available_quantity(product, stock, 1)
        env.cr.execute("INSERT INTO mend_written VALUES (1)")
        env.cr.commit()
    except OperationalError:
        env.cr.rollback()
        env.invalidate_all()
"""


class Errors(logging.Handler):
    """What is logged as an error, but for faults that were found."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.texts = []

    def emit(self, record):
        text = self.format(record)
        is_ours = record.name.startswith(OURS) or "inventory_backlog" in text
        if is_ours and not text.startswith("Backlog fault ("):
            self.texts.append(text)


class Case(Odoo):
    """A database in which something goes wrong."""

    days = 0

    def __init__(self, folder, server, name):
        super().__init__(folder, server)
        self.server, self.name = server, name
        self.options[1] = name
        self.files = folder / "odoo" / "filestore"
        self.failed = []

    # The database

    def sql(self, *statements, database=None):
        """The first row of what the last one answers."""
        with closing(
            psycopg2.connect(
                host=str(self.server.folder),
                user="odoo",
                dbname=database or self.name,
            )
        ) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return cursor.fetchone() if cursor.description else None

    def begin_from(self, template):
        self.forget()
        self.sql(
            f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)",
            f"CREATE DATABASE {self.name} TEMPLATE {template}",
            database="postgres",
        )

    def backup(self, *options):
        run_postgres(
            "pg_dump",
            *("-h", self.server.folder, "-U", "odoo", "-Fc", *options),
            *("-f", self.server.folder / "backup", self.name),
        )

    def restore(self):
        """In place of what is there now."""
        self.begin_from("template0")
        try:
            run_postgres(
                "pg_restore",
                *("-h", self.server.folder, "-U", "odoo", "--no-owner"),
                *("-d", self.name, self.server.folder / "backup"),
            )
        except SystemExit as error:
            # It goes on; so does whoever restores without some data.
            for line in re.findall("ERROR: .*", str(error)):
                say(f"    pg_restore: {line}")

    def watched(self):
        """The tables that have triggers of ours."""
        return self.sql(WATCHED)[0]

    # Odoo

    def forget(self):
        """As a server that ends."""
        Registry.delete(self.name)
        close_db(self.name)

    @contextmanager
    def env(self):
        with Registry(self.name).cursor() as cr:
            yield Environment(cr, SUPERUSER_ID, {"tracking_disable": True})

    def odoo(self, *command):
        """Run a command of Odoo's; what it logs."""
        done = subprocess.run(
            [sys.executable, "-m", "odoo", *command, *self.options]
            + ["--no-http", f"--log-handler={OURS}:INFO"],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        self.forget()
        return done.returncode, done.stderr

    def people(self):
        """What people do in a day."""
        with self.env() as env:
            work(env)

    def minutes(self):
        """What the scheduler of a server does: what is due, until nothing is."""
        for _minute in range(30):
            IrCron._process_jobs(self.name)
            with self.env() as env:
                due = IrCron._get_all_ready_jobs(env.cr)
            if not due:
                return
        self.failed.append(f"still due: {[job['cron_name'] for job in due]}")

    def nights(self, number=NIGHTS):
        for _night in range(number):
            self.set_clock(self.days + 1)
            self.minutes()

    def set_clock(self, days):
        """Set it so many days ahead, of all that runs."""
        self.days = days
        CLOCK.write_text(f"{days:+}d\n")
        # It is looked at once a second.
        time.sleep(1.2)

    # What is right

    def expect(self, what, right):
        if not right:
            self.failed.append(what)

    def look(self):
        """What the check would find now."""
        with self.env() as env:
            rows = env["backlog.kept"].differences()
            said = env["backlog.health"]._look()
            stale = env["backlog.kept"]._stale()
        say(
            f"    at once: {len(rows['slices'])} and {len(rows['lines'])} rows differ; "
            f"{len(said)} sentences; "
            + ("nothing kept is used" if stale is None else "what is kept is used")
        )

    def check(self):
        code, log = self.odoo("backlog", "check")
        counts = re.findall(r"Rows that differ in \w+: (\d+)", log)
        say(f"    by itself: exit {code}, {' and '.join(counts)} rows differ")
        self.expect(f"the check: {log[-1500:]}", code == 0 and counts == ["0", "0"])
        [put_off] = self.sql(PUT_OFF)
        self.expect(f"scheduled actions are put off: {put_off}", not put_off)

    def cursor(self):
        """Where an integration is that knows all."""
        cursor, has_more = "", True
        with self.env() as env:
            while has_more:
                answer = env["backlog.line"].get_changes(cursor)
                cursor, has_more = answer["cursor"], answer["has_more"]
        return cursor

    def is_accepted(self, cursor):
        with suppress(UserError), self.env() as env:
            env["backlog.line"].get_changes(cursor)
            return True
        return False


def fill(env):
    """Products, open orders and purchases."""
    stock = env["stock.warehouse"].search([], limit=1).lot_stock_id
    vendor, customer = env["res.partner"].create(
        [{"name": "Vendor"}, {"name": "Customer"}]
    )
    for number in range(6):
        product = env["product.product"].create(
            {
                "name": f"Mend {number}",
                "type": "consu",
                "is_storable": True,
                "list_price": 10,
                "seller_ids": [Command.create({"partner_id": vendor.id, "price": 5})],
            }
        )
        env["stock.quant"]._update_available_quantity(product, stock, 20)
        for qty in (3, 5, 7, 11):
            sell(env, customer, product, qty)
        line = {"product_id": product.id, "product_qty": 30}
        env["purchase.order"].create(
            {"partner_id": vendor.id, "order_line": [Command.create(line)]}
        ).button_confirm()


def sell(env, customer, product, qty):
    line = {"product_id": product.id, "product_uom_qty": qty}
    order = env["sale.order"].create(
        {"partner_id": customer.id, "order_line": [Command.create(line)]}
    )
    order.action_confirm()


def work(env):
    """Sell, change, cancel, ship, receive and count."""
    customer = env["res.partner"].search([("name", "=", "Customer")])
    products = env["product.product"].search([("name", "=like", "Mend %")])
    orders = env["sale.order"].search(
        [("partner_id", "=", customer.id), ("state", "=", "sale")]
    )
    for product in products:
        sell(env, customer, product, random.randint(1, 9))
    for order in orders[:3]:
        order.order_line[0].product_uom_qty += 1
    orders.filtered(lambda order: order.delivery_status != "full")[-1]._action_cancel()
    for code in ("outgoing", "incoming"):
        pickings = env["stock.picking"].search(
            [
                ("picking_type_code", "=", code),
                ("state", "in", ("assigned", "confirmed")),
                ("move_ids.product_id", "in", products.ids),
            ]
        )
        for picking in random.sample(list(pickings), min(2, len(pickings))):
            picking.action_assign()
            moves = picking.move_ids.filtered("quantity")
            if moves:
                moves.picked = True
                picking.with_context(skip_backorder=True).button_validate()
    stock = env["stock.warehouse"].search([], limit=1).lot_stock_id
    env["stock.quant"]._update_available_quantity(products[0], stock, 2)


# What goes wrong


def restored(case):
    """A backup takes the place of a later state, which integrations know."""
    known = case.cursor()
    case.people()
    case.minutes()
    case.people()
    case.backup()
    case.minutes()
    case.people()
    case.minutes()
    undone = case.cursor()
    case.restore()
    case.expect("a cursor of the undone time, at once", not case.is_accepted(undone))
    for _time in range(2):
        case.people()
        case.minutes()
    case.expect("a cursor of the undone time, later", not case.is_accepted(undone))
    case.expect("a cursor from before the backup", case.is_accepted(known))
    case.expect("a new cursor", case.is_accepted(case.cursor()))


def restored_without_ours(case):
    """A backup without the data of our tables, before an upgrade and without one."""
    case.people()
    case.backup("--exclude-table-data=backlog_*")
    case.people()
    case.restore()
    code, log = case.odoo("-u", "inventory_backlog", "--stop-after-init")
    case.expect(f"the upgrade: {log[-1500:]}", code == 0)
    case.restore()
    case.people()


def restored_without_some(case):
    """A backup without the data of some of our tables."""
    case.people()
    for tables in ("kept_line touched", "kept_slice change", "kept seen"):
        case.backup(
            *(f"--exclude-table-data=backlog_{table}" for table in tables.split())
        )
        case.restore()
        case.people()
        case.look()
        case.minutes()


def off_and_on(case):
    """Triggers are off while people write, and on again."""
    tables = case.watched()
    case.sql(*(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in tables))
    case.people()
    case.sql(*(f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in tables))


def off(case):
    """Triggers are off, and stay so."""
    tables = case.watched()
    case.sql(*(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in tables))
    case.people()


def dropped(case):
    """Triggers are dropped with their functions."""
    tables = case.watched()
    case.sql(*(f"DROP FUNCTION backlog_touch_{table} CASCADE" for table in tables))
    case.people()


def loaded(case):
    """A loader writes as a replica does, for which ordinary triggers do not fire."""
    case.sql(
        "SET session_replication_role = replica",
        "UPDATE stock_quant SET quantity = quantity + 3",
        "UPDATE sale_order_line SET product_uom_qty = product_uom_qty + 1 "
        "WHERE display_type IS NULL",
    )


def detached(case):
    """Somebody detaches, people work, and somebody attaches again."""
    for command in ("detach", "attach"):
        code, log = case.odoo("backlog", command)
        case.expect(f"{command}: {log[-500:]}", code == 0)
        case.people()
        case.minutes()


def upgraded(case):
    """An upgrade while people write, with triggers to be put back."""
    case.sql(
        "CREATE TABLE mend_go AS SELECT 1",
        "CREATE TABLE mend_written (number integer)",
        *CHANGED,
    )
    log = case.folder / "writer.log"
    writer = subprocess.Popen(
        [sys.executable, "-m", "odoo", "shell", *case.options, "--no-http"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=log.open("w"),
        text=True,
    )
    writer.stdin.write(WRITER)
    writer.stdin.close()

    def written():
        return case.sql("SELECT COUNT(*) FROM mend_written")[0]

    while written() < 3 and writer.poll() is None:
        time.sleep(0.2)
    before = written()
    code, said = case.odoo("-u", "inventory_backlog", "--stop-after-init")
    during = written() - before
    case.sql("TRUNCATE mend_go")
    writer.wait()
    say(f"    transactions that were committed during the upgrade: {during}")
    case.expect(f"the upgrade: {said[-1500:]}", code == 0 and " ERROR " not in said)
    case.expect(f"who wrote: {log.read_text()[-1500:]}", writer.returncode == 0)
    case.expect("nobody wrote during the upgrade", during > 0)


def clock_ahead(case):
    """The clock is more than a year ahead, and then right again."""
    case.set_clock(AHEAD)
    case.minutes()
    case.people()
    case.minutes()
    case.set_clock(0)
    case.people()


def clock_back(case):
    """The clock is three days back, and then right again."""
    case.set_clock(-3)
    case.minutes()
    case.people()
    case.minutes()
    case.set_clock(0)
    case.people()


def emptied(case):
    """A clean-up empties all that is kept."""
    case.people()
    names = "kept_slice kept_line kept change touched seen told health restore"
    case.sql(*(f"TRUNCATE backlog_{name}" for name in names.split()))
    case.people()


def written_over(case):
    """Somebody deletes marks and writes in what is kept: a week of nights finds it."""
    case.people()
    case.sql(
        "DELETE FROM backlog_touched",
        "UPDATE backlog_kept_line SET open_qty = open_qty + 1 WHERE id % 3 = 0",
        "DELETE FROM backlog_kept_slice WHERE id % 3 = 1",
        "DELETE FROM backlog_change WHERE id % 3 = 2",
    )
    case.look()
    case.nights(WEEK)


CASES = [
    restored,
    restored_without_ours,
    restored_without_some,
    off_and_on,
    off,
    dropped,
    loaded,
    detached,
    upgraded,
    clock_ahead,
    clock_back,
    emptied,
    written_over,
]


def run(case, go_wrong):
    say(f"\n{go_wrong.__name__}: {' '.join(go_wrong.__doc__.split())}")
    errors = Errors()
    logging.getLogger().addHandler(errors)
    case.set_clock(0)
    case.begin_from(WORLD)
    shutil.copytree(case.files / WORLD, case.files / case.name, copy_function=os.link)
    try:
        case.minutes()
        go_wrong(case)
        case.look()
        case.nights()
        case.check()
    except Exception:
        logging.getLogger(OURS).exception("%s", go_wrong.__name__)
    finally:
        logging.getLogger().removeHandler(errors)
        case.forget()
        case.sql(f"DROP DATABASE {case.name} WITH (FORCE)", database="postgres")
        shutil.rmtree(case.files / case.name)
    case.failed += errors.texts
    for failure in case.failed:
        say(f"    FAILED: {failure}")
    return case.failed


def prepare(folder, server):
    """The database that all others are made of."""
    say("a database with the addons and demo data, some minutes")
    world = Case(folder, server, WORLD)
    config.parse_config([*world.options, "--no-http"], setup_logging=True)
    # What is ours is told in the end.
    logging.getLogger().handlers[:] = [logging.NullHandler()]
    code, log = world.odoo("-i", MODULES, "--with-demo", "--stop-after-init")
    if code:
        raise SystemExit(log)
    with world.env() as env:
        fill(env)
    world.sql(ONLY_OURS)
    world.minutes()
    world.check()
    if world.failed:
        raise SystemExit(f"wrong from the beginning: {world.failed}")
    world.forget()


def main(names):
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]
    failed = {}
    with folder_that_goes() as folder:
        server = Postgres(folder / "primary")
        server.create()
        server.start()
        prepare(folder, server)
        for go_wrong in CASES:
            if names and go_wrong.__name__ not in names:
                continue
            case = Case(folder, server, f"mend_{go_wrong.__name__}")
            if found := run(case, go_wrong):
                failed[go_wrong.__name__] = found
    CLOCK.unlink()
    path = os.environ.get("BENCH_JSON")
    if path:
        Path(path).write_text(json.dumps({"failed": failed}, indent=1))
    say(f"\nFAILED: {', '.join(failed)}" if failed else "\nAll mended themselves.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
