"""What people wait for while others work: ``./dev bench load S`` (M, L).

A real Odoo on a copy of the world of that size. People read lists, forms and the
dashboard, first alone, then beside one write a second: orders are confirmed, goods are
reserved, shipped and received, vendors change dates, salespeople prices. The scheduled
action runs in a process of its own, so that its time can be told. In the end what is
kept must be what is live. ``LOAD_SECONDS`` (120) is how long each half takes.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter, defaultdict
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from threading import Event, Thread

import psycopg2
import requests
import rpc
from lxml import etree
from measure import asked

DATABASE, SIZE = sys.argv[1:]
PORT = int(os.environ.get("LOAD_PORT", "8079"))
SECONDS = int(os.environ.get("LOAD_SECONDS", "120"))
# Seconds that somebody looks at a page before the next one.
LOOKS = 0.5
# Each has a server process, as the worker of a request has. The writer is the last one.
READERS = 2
# The page of the goal, and how many times as long as untouched 95 of 100 may take.
GOAL = ("open lines", 2)
CRON = """
SELECT cron.id FROM ir_cron cron
  JOIN ir_model_data data ON data.model = 'ir.cron' AND data.res_id = cron.id
 WHERE data.module = 'inventory_backlog' AND data.name = 'ir_cron_kept'
"""
CHECK = """
env["backlog.fold"]._fold()
env.cr.commit()
print("DIFFERENCES", env["backlog.kept"].differences())
"""
SAME = "DIFFERENCES {'slices': [], 'lines': []}"
# Of what is ready to be worked on, one of so many.
DRAWN = 200


class RefusedError(Exception):
    """Odoo asks something, or another person was first."""


class Session:
    def __init__(self, number):
        self.url = f"http://127.0.0.1:{PORT + number}"
        self.dice = Random(number)
        self.http = requests.Session()
        self.post(
            "/web/session/authenticate", db=DATABASE, login="admin", password="admin"
        )

    def post(self, path, **params):
        answer = rpc.post(self.http, self.url + path, 600, **params)
        if "error" in answer:
            raise RefusedError(json.dumps(answer["error"])[:600])
        return answer["result"]

    def call(self, model, method, *args, **kwargs):
        return rpc.call_kw(self.post, model, method, args, kwargs)

    def one_of(self, model, domain):
        found = self.call(model, "search", domain, limit=DRAWN)
        if not found:
            raise RefusedError(f"no {model} to work on")
        return self.dice.choice(found)


class Reader:
    """Pages, by their names."""

    def __init__(self, session):
        self.session = session
        arch = session.call("backlog.line", "get_view", view_type="list")
        fields = session.call("backlog.line", "fields_get", attributes=["type"])
        nodes = etree.fromstring(arch["arch"]).iterfind(".//field[@name]")
        names = [node.get("name") for node in nodes]
        self.specification = asked(fields, names)
        # Searched beforehand: to find a line is no part of reading it.
        self.line_ids = session.call("backlog.line", "search", [], limit=DRAWN)
        self.pages = {
            "open lines": self.lines,
            "open lines by state": self.by_state,
            "an order line": self.order_line,
            "Why? of a line": self.why,
            "dashboard, tiles": self.dashboard,
        }

    def lines(self):
        return self.session.call(
            "backlog.line",
            "web_search_read",
            domain=[],
            specification=self.specification,
            limit=80,
            count_limit=10_001,
        )

    def by_state(self):
        return self.session.call(
            "backlog.line",
            "web_read_group",
            domain=[],
            groupby=["backlog_state"],
            aggregates=["open_qty:sum", "open_value:sum_currency", "__count"],
        )

    def order_line(self):
        return self.session.call(
            "sale.order.line",
            "web_read",
            [self.session.dice.choice(self.line_ids)],
            specification={
                "backlog_state": {},
                "backlog_qty": {},
                "backlog_expected_date": {},
            },
        )

    def why(self):
        line = self.session.dice.choice(self.line_ids)
        return self.session.call(
            "backlog.line", "web_read", [line], specification={"why": {}}
        )

    def dashboard(self):
        return self.session.call("backlog.dashboard", "get_dashboard", "all", False)


class Writer:
    """One write after the other, each of another kind."""

    def __init__(self, session, products, partners):
        self.session, self.products, self.partners = session, products, partners
        self.works = [
            self.confirm,
            self.reserve,
            self.ship,
            self.receive,
            self.change_date,
            self.change_price,
        ]

    def confirm(self):
        dice = self.session.dice
        order = {
            "partner_id": dice.choice(self.partners),
            "order_line": [
                (
                    0,
                    0,
                    {
                        "product_id": dice.choice(self.products),
                        "product_uom_qty": dice.randint(1, 5),
                    },
                )
                for _line in range(2)
            ],
        }
        order_ids = self.session.call("sale.order", "create", [order])
        self.session.call("sale.order", "action_confirm", order_ids)

    def transfer(self, code, states):
        return self.session.one_of(
            "stock.picking",
            [("picking_type_code", "=", code), ("state", "in", states)],
        )

    def reserve(self):
        picking = self.transfer("outgoing", ["confirmed"])
        self.session.call("stock.picking", "action_assign", [picking])

    def ship(self):
        self.validate(self.transfer("outgoing", ["assigned"]))

    def receive(self):
        self.validate(self.transfer("incoming", ["assigned"]))

    def validate(self, picking):
        self.session.call(
            "stock.picking",
            "button_validate",
            [picking],
            context={"skip_backorder": True},
        )

    def change_date(self):
        line = self.session.one_of(
            "purchase.order.line",
            [("state", "=", "purchase"), ("qty_received", "=", 0)],
        )
        [read] = self.session.call(
            "purchase.order.line", "read", [line], ["date_planned"]
        )
        later = f"{int(read['date_planned'][:4]) + 1}{read['date_planned'][4:7]}-01"
        self.session.call(
            "purchase.order.line", "write", [line], {"date_planned": later}
        )

    def change_price(self):
        line = self.session.one_of("backlog.line", [])
        price = self.session.dice.randint(1, 500)
        self.session.call("sale.order.line", "write", [line], {"price_unit": price})


class Load:
    def __init__(self):
        self.stop = Event()
        self.seconds = defaultdict(list)
        self.counts, self.refused, self.broken = Counter(), [], []
        self.marks = []
        self.backends = {}

    def database(self):
        connection = psycopg2.connect(dbname=DATABASE)
        connection.autocommit = True
        return closing(connection)

    def ask(self, statement):
        with self.database() as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def noting_errors(self, work):
        """``work`` for a thread: what ends it fails the run."""

        def noted(*args):
            try:
                work(*args)
            except Exception as error:  # noqa: BLE001 told at the end
                self.broken.append(f"{work.__name__}: {error!r}"[:600])

        return noted

    def read(self, half, number):
        reader = Reader(Session(number))
        while not self.stop.is_set():
            for name, page in reader.pages.items():
                began = time.perf_counter()
                page()
                self.seconds[half, name].append(time.perf_counter() - began)
                time.sleep(LOOKS)

    def write(self, products, partners):
        writer = Writer(Session(READERS), products, partners)
        due = time.perf_counter()
        while not self.stop.is_set():
            for work in writer.works:
                due += 1
                time.sleep(max(0, due - time.perf_counter()))
                try:
                    work()
                    self.counts[work.__name__] += 1
                except RefusedError as error:
                    self.counts["refused"] += 1
                    self.refused.append(f"{work.__name__}: {error}")

    def watch(self, cron_process):
        """Each second the marks, and how long the backends of the scheduled action have
        computed."""
        with self.database() as connection, connection.cursor() as cursor:
            while not self.stop.is_set():
                cursor.execute("SELECT COUNT(*) FROM backlog_touched")
                self.marks.append(cursor.fetchone()[0])
                cursor.execute(
                    "SELECT pid FROM pg_stat_activity WHERE application_name = %s",
                    [f"odoo-{cron_process.pid}"],
                )
                for (pid,) in cursor.fetchall():
                    with suppress(OSError):
                        text = Path(f"/proc/{pid}/schedstat").read_text()
                        self.backends[pid] = int(text.split()[0]) / 1e9
                time.sleep(1)

    def half(self, name, *others):
        """People read for ``SECONDS``, and ``others`` do what they do."""
        self.stop.clear()
        works = [(self.read, name, number) for number in range(READERS)]
        threads = [
            Thread(target=self.noting_errors(work), args=args, daemon=True)
            for work, *args in [*works, *others]
        ]
        for thread in threads:
            thread.start()
        time.sleep(SECONDS)
        self.stop.set()
        for thread in threads:
            thread.join(600)

    def report(self, cpu):
        writes = sum(self.counts.values()) - self.counts["refused"]
        print(f"size={SIZE} writes={writes} {dict(self.counts)}")
        line = "{:24} {:>10} {:>10} {:>10} {:>10} {:>8}  {}"
        print(line.format("page", "alone", "95 of 100", "beside", "95 of 100", "", ""))
        failed = []
        for name in dict.fromkeys(name for _half, name in self.seconds):
            alone, beside = (self.seconds[half, name] for half in ("alone", "beside"))
            medians = [statistics.median(seconds) for seconds in (alone, beside)]
            most = [
                statistics.quantiles(seconds, n=20)[-1] for seconds in (alone, beside)
            ]
            ratio = most[1] / most[0]
            verdict = ""
            if name == GOAL[0]:
                verdict = f"≤ {GOAL[1]} {'pass' if ratio <= GOAL[1] else 'FAIL'}"
                failed += [name] * (ratio > GOAL[1])
            figures = [medians[0], most[0], medians[1], most[1]]
            print(
                line.format(
                    name, *(f"{one:.3f} s" for one in figures), f"{ratio:.2f}", verdict
                )
            )
        print(
            f"marks: at most {max(self.marks)}, "
            f"median {statistics.median(self.marks):g}"
        )
        print(f"CPU of the scheduled action a write: {cpu / max(1, writes):.3f} s")
        for error in self.refused[:5]:
            print(f"  refused: {error}")
        if writes < SECONDS / 4:
            failed.append(f"only {writes} writes")
        return failed + self.broken


def odoo(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "odoo", "-d", DATABASE, "--log-level=warn", *arguments],
        **options,
    )


def await_server(number):
    for _try in range(200):
        with suppress(requests.RequestException, RefusedError):
            Session(number)
            return
        time.sleep(0.5)
    raise SystemExit(f"server {number} does not answer")


def process_seconds(process):
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    load = Load()
    [[cron]] = load.ask(CRON)
    load.ask(f"UPDATE ir_cron SET active = id = {cron} RETURNING id")
    products = [
        row[0]
        for row in load.ask(
            "SELECT product_id FROM backlog_kept_line "
            "ORDER BY hashint8extended(id, 11) LIMIT 1000"
        )
    ]
    partners = [
        row[0]
        for row in load.ask(
            "SELECT partner_id FROM sale_order ORDER BY id DESC LIMIT 100"
        )
    ]
    servers = [
        odoo(
            f"--http-port={PORT + number}",
            "--http-interface=127.0.0.1",
            "--max-cron-threads=0",
        )
        for number in range(READERS + 1)
    ]
    cron_process = odoo("--no-http", "--max-cron-threads=1")
    try:
        for number in range(READERS + 1):
            await_server(number)
        load.half("alone")
        before = process_seconds(cron_process)
        load.half(
            "beside", (load.write, products, partners), (load.watch, cron_process)
        )
        cpu = process_seconds(cron_process) - before + sum(load.backends.values())
    finally:
        for process in (*servers, cron_process):
            process.terminate()
            process.wait(120)
    failed = load.report(cpu)
    checked = subprocess.run(
        [
            sys.executable,
            "-m",
            "odoo",
            "shell",
            "-d",
            DATABASE,
            "--no-http",
            "--log-level=warn",
        ],
        input=CHECK,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    if SAME not in checked:
        failed.append(f"kept is not live: {checked[-600:]}")
    print(f"failed: {', '.join(failed)}" if failed else "all passed, kept = live")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
