"""Backlog screens answered by a replica of the database: ``./dev bench replica``.

Sets up two real PostgreSQL servers in a temporary folder, a primary and one that
follows it by streaming replication; a real Odoo that knows both; and the small world of
``world``. Then it reads lists, groups and the dashboard as the web client
does, counts in the logs of both servers which one worked, and asks the primary for the
same. An order is confirmed, and it is all asked again: before the kept backlog is
brought up to date, after it, and without the replica.

Nothing is left, not even when this process is killed: see ``JANITOR``.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import psycopg2
import requests
import rpc

DATABASE = "replica"
BENCHMARKS = Path(__file__).parent
PROGRAMS = Path(os.environ["POSTGRES"])
LIBRARIES = os.environ.get("POSTGRES_LIBRARIES", "")
MODULES = os.environ["MODULES"]
ROOT = os.geteuid() == 0
# PostgreSQL refuses to run as root.
AS_POSTGRES = [
    *(
        ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
        if ROOT
        else ()
    ),
    "env",
    f"LD_LIBRARY_PATH={LIBRARIES}",
]
# Ends what runs and removes the folder when the pipe to it breaks: whoever holds the
# other end has ended then, in whatever way.
JANITOR = """
cat >/dev/null
folder=$1 pid=$(cat "$1/odoo.pid" 2>/dev/null)
shift
if [ "$pid" ]; then
  kill "$pid"
  for _second in 1 2 3 4 5; do kill -0 "$pid" && sleep 1; done
  kill -9 "$pid"
fi
for data in "$folder"/*/data; do "$@" -D "$data" -m immediate stop; done
rm -rf "$folder"
"""
FILL = f"""
import sys
sys.path.insert(0, {str(BENCHMARKS)!r})
from world import BacklogWorld
BacklogWorld(env, "S", show=lambda text: None).fill()
env["backlog.fold"]._fold()
env.cr.commit()
"""
LINE = ["order_id", "partner_id", "product_id", "promise_date", "expected_date"]
LINE += ["open_qty", "backlog_qty", "incoming_qty", "to_source_qty", "backlog_state"]
LINE += ["open_value", "is_late", "delay_cause"]
SOLD = ["order_id", "product_id", "backlog_state", "backlog_qty", "backorder_qty"]
SUMS = ["open_qty:sum", "open_value:sum_currency", "__count"]
# What is not a question: it says nothing about who answers.
SILENT = re.compile(r"(BEGIN|COMMIT|ROLLBACK|SET|SHOW|SELECT 1)\b")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def specification(names):
    return {name: {} for name in names}


def page(model, names, domain, order):
    return (
        model,
        "web_search_read",
        {
            "domain": domain,
            "specification": specification(names),
            "limit": 80,
            "order": order,
        },
    )


def questions(order_id, line_id, product_id):
    """What the screens and the methods for other programs ask: model, method,
    arguments."""
    to_source = [("backlog_state", "=", "to_source")]
    return {
        "open lines, first page": page("backlog.line", LINE, [], "promise_date, id"),
        "to order, by value": page(
            "backlog.line", LINE, to_source, "to_source_value desc, id"
        ),
        "open lines by state, with sums": (
            "backlog.line",
            "web_read_group",
            {"domain": [], "groupby": ["backlog_state"], "aggregates": SUMS},
        ),
        "pivot, warehouse × month": (
            "backlog.line",
            "formatted_read_grouping_sets",
            {
                "domain": [],
                "grouping_sets": [[], ["warehouse_id", "promise_date:month"]],
                "aggregates": SUMS,
            },
        ),
        "order lines that are to order": page(
            "sale.order.line", SOLD, to_source, "id desc"
        ),
        "where from": page(
            "backlog.allocation",
            ["product_id", "source", "qty", "date", "document"],
            [("order_line_id", "=", line_id)],
            "date, id",
        ),
        "dashboard": ("backlog.dashboard", "get_dashboard", {"scope": "all"}),
        "why": ("backlog.line", "action_why", {"first": [line_id]}),
        "get_backlog": ("sale.order", "get_backlog", {"order_ids": [order_id]}),
        "get_promise": (
            "product.product",
            "get_promise",
            {"product_id": product_id, "qty": 3},
        ),
    }


def say(text):
    print(text, flush=True)


def run_postgres(name, *arguments):
    done = subprocess.run(
        [*AS_POSTGRES, str(PROGRAMS / name), *map(str, arguments)],
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")


@contextlib.contextmanager
def folder_that_goes():
    """A folder for servers, which are ended and removed with it."""
    path = Path(tempfile.mkdtemp(prefix="replica-"))
    if ROOT:
        subprocess.run(["chown", "nobody:nogroup", path], check=True)
    janitor = subprocess.Popen(
        ["sh", "-c", JANITOR, "janitor", path]
        + [*AS_POSTGRES, str(PROGRAMS / "pg_ctl")],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # It outlives a signal to the group of this process.
        start_new_session=True,
    )
    try:
        yield path
    finally:
        janitor.stdin.close()
        janitor.wait()


class Postgres:
    """One database server; its socket is in ``folder``, and only there."""

    def __init__(self, folder):
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "log"
        folder.mkdir()
        if ROOT:
            subprocess.run(["chown", "nobody:nogroup", folder], check=True)

    def create(self):
        run_postgres(
            "initdb",
            *("-D", self.data, "-U", "odoo", "-A", "trust"),
            *("--locale=C.UTF-8", "-E", "UTF8"),
        )
        self.configure(
            "listen_addresses = ''",
            "jit = off",
            "wal_level = replica",
            "max_wal_senders = 4",
            # Only here, where nothing is worth keeping.
            "fsync = off",
        )

    def follow(self, primary):
        """A copy of ``primary`` that goes on following it."""
        run_postgres(
            "pg_basebackup",
            *("-h", primary.folder, "-U", "odoo", "-D", self.data),
            *("--write-recovery-conf", "--checkpoint=fast"),
        )
        # Long reads here are not cancelled because of rows that are cleaned up there.
        self.configure("hot_standby_feedback = on")

    def configure(self, *settings):
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{setting}\n" for setting in settings)

    def start(self):
        self.configure(
            f"unix_socket_directories = '{self.folder}'",
            "unix_socket_permissions = 0700",
            "log_statement = all",
            "log_line_prefix = '%d|'",
        )
        run_postgres("pg_ctl", "-D", self.data, "-l", self.log, "-w", "start")

    def stop(self):
        run_postgres("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop")

    def ask(self, statement, database="postgres"):
        with contextlib.closing(
            psycopg2.connect(host=str(self.folder), user="odoo", dbname=database)
        ) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchone()[0]

    def worked(self, position):
        """How many statements the database has answered since its log was so long."""
        with self.log.open() as file:
            file.seek(position)
            lines = file.read().split(f"\n{DATABASE}|LOG:  statement: ")[1:]
        return sum(not SILENT.match(line.lstrip()) for line in lines)

    def position(self):
        # The line that the last one ends with is part of the next.
        return self.log.stat().st_size - 1


class Odoo:
    """Odoo on ``primary``, and on ``replica`` for what only reads."""

    processes = ("--max-cron-threads=0",)

    def __init__(self, folder, primary, replica=None):
        self.folder = folder
        self.options = [
            *("-d", DATABASE, "--db_user=odoo", "--db_port=5432"),
            *(f"--db_host={primary.folder}", f"--data-dir={folder / 'odoo'}"),
            *("--log-level=warn", *self.processes),
        ]
        if replica:
            self.options += [
                f"--db_replica_host={replica.folder}",
                "--db_replica_port=5432",
            ]

    def start(self, *arguments, command=(), **options):
        process = subprocess.Popen(
            [sys.executable, "-m", "odoo", *command, *self.options, *arguments],
            **options,
        )
        (self.folder / "odoo.pid").write_text(str(process.pid))
        return process

    def run(self, *arguments, script=None, command=()):
        """Run it to its end, with its log on screen."""
        process = self.start(
            *arguments,
            "--no-http",
            command=command,
            stdin=subprocess.PIPE,
            stdout=sys.stderr,
            text=True,
        )
        process.communicate(script)
        if process.returncode:
            raise SystemExit(f"Odoo failed: {process.returncode}")

    def serve(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = self.folder / "odoo.log"
        self.process = self.start(
            f"--http-port={port}",
            "--http-interface=127.0.0.1",
            stdout=self.log.open("w"),
            stderr=subprocess.STDOUT,
        )
        self.session = requests.Session()
        while self.process.poll() is None:
            with contextlib.suppress(requests.ConnectionError):
                self.post(
                    "/web/session/authenticate",
                    db=DATABASE,
                    login="admin",
                    password="admin",
                )
                return
            time.sleep(0.3)
        raise SystemExit(f"Odoo ended:\n{self.log.read_text()[-2000:]}")

    def post(self, path, **params):
        answer = rpc.post(self.session, self.url + path, **params)
        if "error" in answer:
            raise SystemExit(f"{path}: {json.dumps(answer['error'], indent=1)[:3000]}")
        return answer["result"]

    @staticmethod
    def _split(arguments):
        """What is called on records has their ids first, under no name."""
        given = dict(arguments)
        return [given.pop("first")] if "first" in given else [], given

    def call(self, model, method, arguments):
        """As the web client does."""
        args, kwargs = self._split(arguments)
        return rpc.call_kw(self.post, model, method, args, kwargs)

    def call_primary(self, model, method, arguments):
        """By the older route for other programs, which never asks a replica."""
        args, kwargs = self._split(arguments)
        return self.post(
            "/jsonrpc",
            service="object",
            method="execute_kw",
            args=[DATABASE, 2, "admin", model, method, args, kwargs],
        )


def timeless(answer):
    """The answer with moments that are now as such: two calls are not at one moment."""
    now = datetime.now(timezone.utc).replace(tzinfo=None)

    def one(match):
        moment = datetime.fromisoformat(match[0])
        return "now" if abs(moment - now) < timedelta(minutes=5) else match[0]

    return MOMENT.sub(one, json.dumps(answer, sort_keys=True))


class Trial:
    def __init__(self, odoo, primary, replica):
        self.odoo, self.primary, self.replica = odoo, primary, replica
        self.failed = []
        self.figures = {}
        lines = odoo.call(*page("backlog.line", ["order_id", "product_id"], [], "id"))
        record = next(iter(lines["records"]))
        self.questions = questions(
            record["order_id"], record["id"], record["product_id"]
        )

    def expect(self, what, right):
        if not right:
            self.failed.append(what)
        return "" if right else "   FAIL"

    def catch_up(self):
        """Wait until the replica has all that was committed; return the seconds."""
        start = time.perf_counter()
        reached = self.primary.ask("SELECT pg_current_wal_lsn()")
        while not self.replica.ask(f"SELECT pg_last_wal_replay_lsn() >= '{reached}'"):
            time.sleep(0.005)
        return time.perf_counter() - start

    def ask_all(self, title, from_replica=True):
        """Ask everything; print which server answered how many statements."""
        servers = [self.primary, self.replica]
        if not from_replica:
            servers.pop()
        say(f"\n{title}\n{'':34} {'primary':>8} {'replica':>8}   same as the primary")
        answers = {}
        for name, question in self.questions.items():
            self.odoo.call(*question)  # fills caches
            positions = [server.position() for server in servers]
            answers[name] = self.odoo.call(*question)
            worked = [
                server.worked(position)
                for server, position in zip(servers, positions, strict=True)
            ]
            same = timeless(answers[name]) == timeless(
                self.odoo.call_primary(*question)
            )
            right = worked[0] == 0 < worked[1] if from_replica else worked[0] > 0
            verdict = self.expect(f"{title}: {name}", right and same)
            shown = "".join(f" {count:8}" for count in worked).ljust(18)
            say(f"{name:34}{shown}   {'yes' if same else 'NO'}{verdict}")
            self.figures[f"{title}: {name}"] = {"statements": worked, "same": same}
        return answers

    def confirm_order(self):
        """A customer orders what is short, by the web client."""
        call = self.odoo.call
        records = call(
            *page(
                "backlog.line",
                ["partner_id", "product_id"],
                [("backlog_state", "=", "to_source")],
                "id",
            )
        )["records"]
        first = records[0]
        line = {"product_id": first["product_id"], "product_uom_qty": 7}
        order = {"partner_id": first["partner_id"], "order_line": [(0, 0, line)]}
        [order_id] = call("sale.order", "create", {"first": [order]})
        call("sale.order", "action_confirm", {"first": [order_id]})
        return first["product_id"]

    def count(self):
        return self.odoo.call("backlog.line", "search_count", {"domain": []})

    def marks(self):
        return self.replica.ask("SELECT COUNT(*) FROM backlog_touched", DATABASE)

    def run(self):
        self.ask_all("As it is")
        before = self.count()
        self.confirm_order()
        say(
            f"\nAn order is confirmed; the replica has it after {self.catch_up():.3f} s"
        )
        after, marks = self.count(), self.marks()
        verdict = self.expect("the new order", after == before + 1 and marks > 0)
        say(f"  open lines {before} -> {after}, {marks} marks of what changed{verdict}")
        self.ask_all("With what changed computed when asked")
        [cron_id] = self.odoo.call(
            "ir.model.data",
            "search_read",
            {
                "domain": [
                    ("module", "=", "inventory_backlog"),
                    ("name", "=", "ir_cron_kept"),
                ],
                "fields": ["res_id"],
            },
        )
        self.odoo.call(
            "ir.cron", "method_direct_trigger", {"first": [cron_id["res_id"]]}
        )
        say(f"\nIt is kept; the replica has it after {self.catch_up():.3f} s")
        marks = self.marks()
        say(f"  {marks} marks{self.expect('marks are taken away', marks == 0)}")
        self.ask_all("With all of it kept")
        self.replica.stop()
        self.ask_all("Without the replica", from_replica=False)

    def report(self):
        path = os.environ.get("BENCH_JSON")
        if path:
            Path(path).write_text(
                json.dumps({"failed": self.failed, "rows": self.figures}, indent=1)
            )
            say(f"\nfigures: {path}")
        say("\nFAILED: " + "; ".join(self.failed) if self.failed else "\nAll passed.")
        return 1 if self.failed else 0


def main():
    # Which server is meant is said each time, never taken from the surroundings.
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]
    with folder_that_goes() as folder:
        primary = Postgres(folder / "primary")
        primary.create()
        primary.start()
        say("a database with the addons, one or two minutes")
        new = Odoo(folder, primary)
        new.run("-i", MODULES, "--stop-after-init")
        say("the small world")
        new.run(script=FILL, command=["shell"])
        replica = Postgres(folder / "replica")
        replica.follow(primary)
        replica.start()
        say(
            f"a replica: in recovery {replica.ask('SELECT pg_is_in_recovery()')}, "
            f"primary says {primary.ask('SELECT state FROM pg_stat_replication')}"
        )
        odoo = Odoo(folder, primary, replica)
        odoo.serve()
        trial = Trial(odoo, primary, replica)
        trial.run()
        return trial.report()


if __name__ == "__main__":
    sys.exit(main())
