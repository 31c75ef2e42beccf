"""Several people at once on a real server: ``./dev bench stress [without]``.

An Odoo of several workers, a PostgreSQL of its own. Salespeople confirm and cancel,
the warehouse ships and receives, a buyer has suggestions generated and orders them,
scheduled actions run; all on the same few products, for ``STRESS_SECONDS`` (180). In
between our addons are upgraded, with triggers to be put back and one to be replaced, a
worker is killed, and later PostgreSQL as a whole. All the while somebody holds what is
kept against the live statement. In the end nothing may be lost, ``odoo backlog check``
must find nothing, and no error may have been seen but those that Odoo tries again by
itself.

Odoo's own rows make Odoo's own requests deadlock now and then: it cancels an order and
reserves for many in different orders of rows, and tries again. ``without`` has the same
people work on an Odoo without our addons, to see how often. A deadlock that one of our
tables, triggers or statements is in fails the run.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from contextlib import suppress
from pathlib import Path
from random import Random
from threading import Event, Thread

import requests
import rpc
from replica import (
    DATABASE,
    MODULES,
    Odoo,
    Postgres,
    folder_that_goes,
    run_postgres,
    say,
)

OURS = "inventory_backlog" in MODULES.split(",")
SECONDS = int(os.environ.get("STRESS_SECONDS", "180"))
# So often each kind of work must have been done.
LEAST = 3
# How long after a kill a broken connection is what one expects.
PARDON = 20
PRODUCTS = 6
SELLERS = 3
WORLD = f"""
from odoo.fields import Command
env = env(context={{**env.context, "tracking_disable": True}})
stock = env["stock.warehouse"].search([], limit=1).lot_stock_id
vendor = env["res.partner"].create({{"name": "Vendor"}})
products = env["product.product"].create([
    {{"name": f"Stress {{n}}", "type": "consu", "is_storable": True, "list_price": 10,
      "seller_ids": [Command.create({{"partner_id": vendor.id, "price": 5}})]}}
    for n in range({PRODUCTS})])
for product in products:
    env["stock.quant"]._update_available_quantity(product, stock, 100)
roles = {{
    "seller": "sales_team.group_sale_salesman_all_leads",
    "stock": "stock.group_stock_user",
    "buyer": "purchase.group_purchase_user",
}}
for role, group in roles.items():
    for number in range({SELLERS} if role == "seller" else 2):
        login = role + str(number)
        env["res.users"].create({{
            "name": login, "login": login, "password": login,
            "group_ids": [Command.set(
                (env.ref("base.group_user") + env.ref(group)).ids)],
        }})
env.cr.commit()
"""
# Odoo's stock leaves a quant twice when two want it, with what one of them reserved;
# the tasks of its scheduler mend that. What they have not seen yet is no failure.
MENDED = "reservations that Odoo's scheduler mends"
CHECK = """
env["stock.quant"]._quant_tasks()
env.cr.commit()
"""
if OURS:
    CHECK += """
env["backlog.fold"]._fold()
env.cr.commit()
print("DIFFERENCES", env["backlog.kept"].differences())
print("LINES", env["backlog.line"].search_count([]))
"""
# What must not be there in the end, counted.
WRONG = {
    "reservations of quants that are not those of move lines": """
        SELECT STRING_AGG(product_id || ': ' || held, ', ') FROM (
            SELECT product_id, SUM(held) AS held FROM (
                SELECT product_id, reserved_quantity AS held FROM stock_quant
             UNION ALL
                SELECT product_id, -quantity_product_uom FROM stock_move_line item
                  JOIN stock_location place ON place.id = item.location_id
                 WHERE item.state NOT IN ('done', 'cancel')
                   AND place.usage IN ('internal', 'transit')
            ) item GROUP BY product_id) summed WHERE held <> 0
    """,
    "goods that came from nowhere or went there": """
        SELECT COUNT(*) FROM (
            SELECT product_id, item.location_id, SUM(qty) AS qty FROM (
                SELECT product_id, location_id, quantity AS qty FROM stock_quant
             UNION ALL
                SELECT product_id, location_dest_id, -quantity_product_uom
                  FROM stock_move_line WHERE state = 'done'
             UNION ALL
                SELECT product_id, location_id, quantity_product_uom
                  FROM stock_move_line WHERE state = 'done'
            ) item JOIN stock_location place ON place.id = item.location_id
             WHERE place.usage = 'internal' GROUP BY product_id, item.location_id
        ) summed WHERE qty NOT IN (0, 100)
    """,
    "order lines whose delivered quantity is not what was shipped": """
        SELECT COUNT(*) FROM sale_order_line line
          LEFT JOIN (SELECT sale_line_id, SUM(quantity) AS qty FROM stock_move
                      WHERE state = 'done' GROUP BY sale_line_id) moved
                 ON moved.sale_line_id = line.id
         WHERE line.qty_delivered <> COALESCE(moved.qty, 0)
    """,
}
if OURS:
    WRONG["products with more ready than there is"] = """
        SELECT STRING_AGG(product_id || ': ' || qty, ', ') FROM (
            SELECT product_id, SUM(qty) AS qty FROM (
                SELECT product_id, qty FROM backlog_kept_slice
                 WHERE source IN ('reserved', 'stock')
             UNION ALL
                SELECT product_id, -quantity FROM stock_quant quant
                  JOIN stock_location place ON place.id = quant.location_id
                 WHERE place.usage = 'internal'
            ) item GROUP BY product_id) summed WHERE qty > 0
    """
    WRONG["products with two proposals to buy"] = """
        SELECT COUNT(*) FROM (
            SELECT product_id, warehouse_id FROM backlog_suggestion
             WHERE state = 'proposed' AND action_type = 'buy'
          GROUP BY 1, 2 HAVING COUNT(*) > 1) doubled
    """
FOLDS = "SELECT folds FROM backlog_kept"
# What an upgrade finds: a trigger that is off, one that is gone, another function.
CHANGED = [
    "ALTER TABLE stock_move DISABLE TRIGGER backlog_touch_update",
    "DROP TRIGGER backlog_touch_insert ON stock_quant",
    """CREATE OR REPLACE FUNCTION backlog_touch_sale_order_line() RETURNS trigger
       LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'""",
]
# Who waits for what in a deadlock, as PostgreSQL says it.
WAITS = re.compile(r"Process \d+: .{,90}|while .{,60} in relation \S+")
# What Odoo says of a transaction that it tries again, or of what we killed.
ITS_OWN = re.compile(
    "could not serialize|could not obtain lock|lock_not_available|deadlock detected"
)
OF_THE_KILL = re.compile(
    "terminating connection|server closed the connection|is starting up|shutting down|"
    "recovery mode|not yet accepting connections|connection already closed|"
    "No such file or directory|cursor already closed|Connection refused"
)


class Workers(Odoo):
    # On a busy machine all that is due may take longer than Odoo has patience for.
    processes = ("--workers=4", "--max-cron-threads=1", "--limit-time-real-cron=1200")


class RefusedError(Exception):
    """A sentence for the user, as two people want the same thing."""


class Person(Thread):
    def __init__(self, trial, login, works):
        super().__init__(daemon=True)
        self.trial, self.login, self.works = trial, login, works
        self.dice = Random(login)
        self.session = None

    def run(self):
        while not self.trial.stop.is_set():
            work = self.dice.choice(self.works)
            try:
                if self.session is None:
                    self.log_in()
                work(self)
                self.trial.counts[work.__name__] += 1
            except RefusedError:
                self.trial.counts["refused"] += 1
            except (requests.RequestException, ConnectionError) as error:
                self.session = None
                self.trial.broken(f"{self.login}: {error!r}")
                time.sleep(0.5)
            except Exception as error:  # noqa: BLE001 told at the end
                self.trial.failed.append(f"{self.login}: {error!r}"[:800])

    def log_in(self):
        password = "admin" if self.login == "admin" else self.login
        self.session = requests.Session()
        try:
            self.post(
                "/web/session/authenticate",
                db=DATABASE,
                login=self.login,
                password=password,
            )
        except BaseException:
            self.session = None
            raise

    def post(self, path, **params):
        answer = rpc.post(self.session, self.trial.odoo.url + path, 120, **params)
        if "error" not in answer:
            return answer["result"]
        data = answer["error"]["data"]
        text = f"{data['name']}: {data['message']}"
        if data["name"] in (
            "odoo.exceptions.UserError",
            "odoo.exceptions.ValidationError",
            "odoo.exceptions.MissingError",
        ):
            raise RefusedError(text)
        if ITS_OWN.search(text):
            # Five times in a row: Odoo gives up, and the person tries again.
            self.trial.counts["given up by Odoo"] += 1
            raise RefusedError(text)
        if data["name"].startswith("psycopg2") or "SessionExpired" in data["name"]:
            raise ConnectionError(text)
        raise ValueError(text + data.get("debug", "")[-500:])

    def call(self, model, method, *args, **kwargs):
        return rpc.call_kw(self.post, model, method, args, kwargs)

    def some(self, model, domain, limit=30):
        found = self.call(model, "search", domain, limit=limit)
        if not found:
            raise RefusedError("nothing to do")
        return [self.dice.choice(found)]


def sell(person):
    lines = [
        (
            0,
            0,
            {
                "product_id": person.dice.choice(person.trial.product_ids),
                "product_uom_qty": person.dice.randint(1, 9),
            },
        )
        for _line in range(person.dice.randint(1, 3))
    ]
    order = {"partner_id": person.trial.partner_id, "order_line": lines}
    [order_id] = person.call("sale.order", "create", [order])
    person.call("sale.order", "action_confirm", [order_id])
    person.trial.answered["sale_order", "sale cancel"].append(order_id)


def cancel(person):
    order = person.some(
        "sale.order", [("state", "=", "sale"), ("delivery_status", "!=", "full")]
    )
    person.call(
        "sale.order", "action_cancel", order, context={"disable_cancel_warning": True}
    )


def look(person):
    parts = ("backlog_qty", "incoming_qty", "to_source_qty")
    names = ("order_id", "open_qty", "backlog_state", "expected_date", *parts)
    found = person.call(
        "backlog.line",
        "web_search_read",
        domain=[],
        specification={name: {} for name in names},
        limit=80,
    )
    for row in found["records"]:
        if abs(row["open_qty"] - sum(row[name] for name in parts)) > 1e-6:
            raise ValueError(f"the parts are not the whole: {row}")


def promise(person):
    product_id = person.dice.choice(person.trial.product_ids)
    found = person.call("product.product", "get_promise", product_id, 7)
    parts = [found["ready"], found["to_source"]]
    parts += [part["qty"] for part in found["incoming"]]
    if abs(sum(parts) - 7) > 1e-6:
        raise ValueError(f"promised {found}")


def transfer(person, code):
    states = ("assigned", "confirmed")
    picking = person.some(
        "stock.picking",
        [("picking_type_code", "=", code), ("state", "in", states)],
    )
    person.call("stock.picking", "action_assign", picking)
    done = person.call(
        "stock.picking", "button_validate", picking, context={"skip_backorder": True}
    )
    if done is not True:
        raise RefusedError("Odoo asks something")
    person.trial.answered["stock_picking", "done"] += picking


def ship(person):
    transfer(person, "outgoing")


def receive(person):
    transfer(person, "incoming")


def suggest(person):
    person.call("backlog.suggestion", "generate", person.trial.product_ids)


def buy(person):
    found = person.some(
        "backlog.suggestion", [("state", "=", "proposed"), ("action_type", "=", "buy")]
    )
    person.call("backlog.suggestion", "action_create_rfq", found)


def request(person):
    """What ``buy`` does on an Odoo without suggestions."""
    line = {"product_id": person.dice.choice(person.trial.product_ids)}
    values = {"partner_id": person.trial.vendor_id, "order_line": [(0, 0, line)]}
    person.call("purchase.order", "create", [values])


def order(person):
    request = person.some("purchase.order", [("state", "=", "draft")])
    person.call("purchase.order", "button_confirm", request)
    person.trial.answered["purchase_order", "purchase"] += request


def compare(person):
    """One snapshot: what is kept and what is live."""
    found = person.call("backlog.kept", "differences")
    if found != {"slices": [], "lines": []}:
        raise ValueError(f"kept is not live: {json.dumps(found)[:600]}")
    time.sleep(0.2)


class Trial:
    def __init__(self, odoo, database):
        self.odoo, self.database = odoo, database
        self.stop = Event()
        self.counts, self.failed = Counter(), []
        # (table, states that it may have in the end): ids that Odoo said are done.
        self.answered = defaultdict(list)
        self.works = set()
        self.killed, self.logs = 0, []
        # They begin at no round number.
        self.folds = OURS and database.ask(FOLDS, DATABASE)
        admin = Person(self, "admin", [])
        admin.log_in()
        self.product_ids = admin.call(
            "product.product", "search", [("name", "=like", "Stress %")]
        )
        [self.partner_id] = admin.call("res.partner", "create", [{"name": "Customer"}])
        [self.vendor_id] = admin.call(
            "res.partner", "search", [("name", "=", "Vendor")]
        )

    def broken(self, text):
        if time.time() < self.killed + PARDON:
            self.counts["cut off by a kill"] += 1
        else:
            self.failed.append(text[:300])

    def run(self):
        looks = [look, promise] if OURS else []
        people = [
            *(
                Person(self, f"seller{n}", [sell, sell, sell, *looks])
                for n in range(SELLERS)
            ),
            *(Person(self, f"stock{n}", [ship, ship, receive]) for n in range(2)),
            Person(self, "buyer0", [suggest, buy, order] if OURS else [request, order]),
            Person(self, "buyer1", [buy, order, look] if OURS else [request, order]),
            # With purchasing installed, Odoo 19 lets nobody cancel who cannot read it.
            Person(self, "admin", [cancel, *looks]),
        ]
        if OURS:
            people.append(Person(self, "admin", [compare]))
        self.works = {work.__name__ for person in people for work in person.works}
        for person in people:
            person.start()
        acts = [self.upgrade] if OURS else []
        acts += [self.kill_worker, self.kill_database, lambda: None]
        for act in acts:
            time.sleep(SECONDS / len(acts))
            act()
        self.stop.set()
        for person in people:
            person.join(180)
            if person.is_alive():
                self.failed.append(f"{person.login} still waits")

    def upgrade(self):
        """As an administrator does beside the server, while people work."""
        for statement in CHANGED:
            self.database.ask(f"{statement}; SELECT 1", DATABASE)
        began = time.time()
        done = subprocess.run(
            [
                *(sys.executable, "-m", "odoo", *self.odoo.options),
                *("-u", "inventory_backlog", "--stop-after-init", "--no-http"),
                *("--workers=0", "--max-cron-threads=0"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        say(f"  the addons are upgraded, in {time.time() - began:.0f} s")
        self.logs.append(done.stderr)
        if done.returncode:
            self.failed.append(f"the upgrade failed: {done.stderr[-1500:]}")
        self.counts["upgrades"] += not done.returncode

    def kill_worker(self):
        self.killed = time.time()
        children = subprocess.run(
            ["pgrep", "-P", str(self.odoo.process.pid)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        # One may have ended by itself since.
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
                break
        say(f"  a worker is killed (SIGKILL), of {len(children)} processes")

    def kill_database(self):
        self.killed = time.time()
        base = self.database
        run_postgres(
            "pg_ctl",
            *("-D", base.data, "-l", base.log, "-m", "immediate", "-w", "restart"),
        )
        say("  PostgreSQL is killed (immediate shutdown) and started again")
        # On a busy machine it takes Odoo a while to find that out.
        while time.time() < self.killed + PARDON and self.odoo.process.poll() is None:
            time.sleep(0.5)
        if self.odoo.process.poll() is not None:
            # Odoo 19 ends when it finds no database; a service manager starts it again.
            self.logs.append(self.odoo.log.read_text())
            self.killed = time.time()
            self.odoo.serve()
            self.killed = time.time()
            say("  Odoo had ended with it, and is started again")

    def judge(self):
        """Hold what is there in the end against what must be."""
        ended = self.odoo.process.poll()
        self.odoo.process.terminate()
        self.odoo.process.wait(60)
        self.logs.append(self.odoo.log.read_text())
        if ended is not None:
            self.failed.append(f"Odoo ended with {ended}")
        self.judge_errors()
        self.judge_deadlocks()
        self.judge_work()
        [reserved, *_others] = WRONG.values()
        self.counts[MENDED] = int(bool(self.database.ask(reserved, DATABASE)))
        checked = self.check()
        for what, statement in WRONG.items():
            found = self.database.ask(statement, DATABASE)
            if found:
                self.failed.append(f"{what}: {found}")
        if OURS and "DIFFERENCES {'slices': [], 'lines': []}" not in checked:
            self.failed.append(f"in the end: {checked[-800:]}")
        say(checked.strip())
        if OURS:
            self.check_by_command()

    def check_by_command(self):
        """It looks at the feed of changes and the triggers as well."""
        done = subprocess.run(
            [sys.executable, "-m", "odoo", "backlog", "check", *self.odoo.options],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        say(f"odoo backlog check ends with {done.returncode}")
        if done.returncode:
            self.failed.append(f"odoo backlog check: {done.stderr[-1500:]}")

    def judge_errors(self):
        records = re.split(r"\n(?=\d{4}-\d\d-\d\d )", "\n".join(self.logs))
        errors = [
            record
            for record in records
            if re.match(r"\S+ \S+ \d+ (ERROR|CRITICAL) ", record)
        ]
        self.counts["errors in the log"] = len(errors)
        self.failed += [
            f"{error[:200]} … {error[-300:]}"
            for error in errors
            if not ITS_OWN.search(error) and not OF_THE_KILL.search(error)
        ]

    def judge_deadlocks(self):
        """With what both waited for, and the trigger if one of ours was at it."""
        deadlocks = re.findall(
            r"deadlock detected.*?(?=STATEMENT)",
            self.database.log.read_text(),
            re.DOTALL,
        )
        ours = [text for text in deadlocks if "backlog" in text]
        self.counts["deadlocks on Odoo's own rows"] = len(deadlocks) - len(ours)
        self.counts["deadlocks on ours"] = len(ours)
        self.failed += ours
        for text in deadlocks:
            say(f"deadlock: {' '.join(re.findall(WAITS, text))}")

    def judge_work(self):
        """What was answered is there, and everybody could work: whoever is refused all
        day has tried nothing."""
        for (table, states), ids in self.answered.items():
            there = self.database.ask(
                f"SELECT COUNT(*) FROM {table} WHERE id = ANY(ARRAY{ids}) "
                f"AND state = ANY(STRING_TO_ARRAY('{states}', ' '))",
                DATABASE,
            )
            if there != len(set(ids)):
                self.failed.append(f"{table}: {there} of {len(set(ids))} are there")
        idle = [work for work in self.works if self.counts[work] < LEAST]
        if idle:
            self.failed.append(f"hardly ever done: {', '.join(idle)}")
        if OURS:
            folds = self.database.ask(FOLDS, DATABASE) - self.folds
            self.counts["folds of the scheduled action"] = folds
            if folds < LEAST:
                self.failed.append("the scheduled action did not run")

    def check(self):
        return subprocess.run(
            [sys.executable, "-m", "odoo", "shell", *self.odoo.options, "--no-http"],
            input=CHECK,
            capture_output=True,
            text=True,
            check=False,
        ).stdout

    def report(self):
        for what, count in sorted(self.counts.items()):
            say(f"  {what:32} {count:7}")
        path = os.environ.get("BENCH_JSON")
        if path:
            result = {"failed": self.failed, "counts": dict(self.counts)}
            Path(path).write_text(json.dumps(result, indent=1))
        for failure in self.failed[:20]:
            say(f"FAILED: {failure}")
        say("" if self.failed else "All passed.")
        return 1 if self.failed else 0


def main():
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]
    with folder_that_goes() as folder:
        database = Postgres(folder / "primary")
        database.create()
        database.start()
        say("a database with the addons, one or two minutes")
        new = Odoo(folder, database)
        new.run("-i", MODULES, "--stop-after-init")
        new.run(script=WORLD, command=["shell"])
        odoo = Workers(folder, database)
        odoo.serve()
        say(f"{SELLERS + 5 + OURS} people for {SECONDS} s, ours: {OURS}")
        trial = Trial(odoo, database)
        trial.run()
        trial.judge()
        return trial.report()


if __name__ == "__main__":
    sys.exit(main())
