"""The scheduled run of reorder suggestions, killed: ``./dev bench kill``.

A real Odoo process runs the scheduled action on a database of 1,000 shortages in small
batches. It is killed (SIGKILL) in the middle, several times, then left alone. What is
there in the end must be what an undisturbed run makes of a copy of the same database;
the same when two processes run at once; all of it with draft requests, too.

Usage: kill.py DATABASE, one with the addons; it is only copied.
"""

import subprocess
import sys
import time
from pathlib import Path

import psycopg2

SHORTAGES = 1_000
BATCH = 20
# The process is killed when it has made so many suggestions, so many purchase lines.
KILLS = {"backlog_suggestion": (100, 400, 420, 900), "purchase_order_line": (90, 600)}
DONE = "SCHEDULED RUN DONE"

FILL = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from shortages import Shortages
env = env(context={{**env.context, "tracking_disable": True}})
Shortages(env).fill({SHORTAGES})
env.cr.commit()
"""
RUN = f"""
from odoo.addons.inventory_backlog.models import backlog_suggestion_order as order
from odoo.addons.inventory_backlog.models import backlog_suggestion_run as run
run.BATCH = order.REQUEST_BATCH = {BATCH}
env["backlog.suggestion"]._cron_generate()
env.cr.commit()
print("{DONE}")
"""
# Everything that a run leaves, without ids and times of writing.
LEFT = {
    "suggestions": """
        SELECT product_id, warehouse_id, action_type, state, rank, need_date,
               order_by_date, arrival_date, shortage_qty, in_progress_qty,
               suggested_qty, partner_id, estimated_cost, released_value, saved_value,
               is_told
          FROM backlog_suggestion ORDER BY product_id, action_type, id
    """,
    "order lines behind them": """
        SELECT suggestion.product_id, line.order_line_id, line.qty, line.need_date,
               line.value
          FROM backlog_suggestion_line line
          JOIN backlog_suggestion suggestion ON suggestion.id = line.suggestion_id
      ORDER BY line.order_line_id, line.qty
    """,
    "purchase lines": """
        SELECT line.product_id, line.partner_id, line.product_qty, line.price_unit,
               suggestion.product_id AS suggested
          FROM purchase_order_line line
     LEFT JOIN backlog_suggestion suggestion
            ON suggestion.id = line.backlog_suggestion_id
      ORDER BY line.product_id, line.product_qty
    """,
    "requests": """
        SELECT partner_id, picking_type_id, state, COUNT(*)
          FROM purchase_order GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """,
    "what was seen": """
        SELECT product_id FROM backlog_suggestion_check ORDER BY product_id
    """,
}


def sql(database, statement):
    # Odoo and libpq read the same variables: PGHOST and its like.
    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else None
    finally:
        connection.close()


def copy(source, target):
    drop(target)
    sql("postgres", f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
    return target


def drop(database):
    sql("postgres", f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


class Process:
    """An Odoo that reads a script."""

    def __init__(self, database, script):
        self.odoo = subprocess.Popen(
            [sys.executable, "-m", "odoo", "shell", "-d", database]
            + ["--no-http", "--log-level=warn"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.odoo.stdin.write(script)
        self.odoo.stdin.close()
        self.database = database

    def finish(self):
        """Wait for its end, and show what it has to say."""
        output = self.odoo.stdout.read()
        status = self.odoo.wait()
        for line in output.splitlines():
            if "WARNING" in line or "ERROR" in line or "Error" in line:
                print("    log:", line[:200])
        if status:
            raise SystemExit(output)

    def kill_at(self, table, count):
        """SIGKILL once there are ``count`` rows. Returns whether it still ran."""
        while self.odoo.poll() is None:
            if rows(self.database, table) >= count:
                self.odoo.kill()
                self.odoo.wait()
                return True
            time.sleep(0.02)
        return False


def rows(database, table):
    """How many rows others can see."""
    return sql(database, f"SELECT COUNT(*) FROM {table}")[0][0]


def left(database):
    return {name: sql(database, statement) for name, statement in LEFT.items()}


def kill(database, with_requests):
    """Run, be killed, run again, … and once to the end."""
    for table, counts in KILLS.items():
        for count in counts if with_requests or table != "purchase_order_line" else ():
            process = Process(database, RUN)
            killed = process.kill_at(table, count)
            wait_for_backend(database)
            print(
                f"  {'killed' if killed else 'ENDED BEFORE IT WAS KILLED'} at {count} "
                f"rows of {table}: {rows(database, 'backlog_suggestion')} suggestions, "
                f"{rows(database, 'purchase_order_line')} purchase lines"
            )
            assert killed
            assert 0 < rows(database, table) < SHORTAGES
    Process(database, RUN).finish()


def wait_for_backend(database):
    """PostgreSQL notices a dead client when it next talks to it."""
    others = f"""
        SELECT COUNT(*) FROM pg_stat_activity
         WHERE datname = '{database}' AND pid != pg_backend_pid()
           AND backend_type = 'client backend'
    """
    while sql(database, others)[0][0]:
        time.sleep(0.1)


def compare(name, database, expected):
    """Print what is left and whether it is what was expected."""
    found, passed = left(database), True
    for what, want in expected.items():
        have = found[what]
        doubled, lost = len(set(have) - set(want)), len(set(want) - set(have))
        same = have == want
        passed &= same
        print(
            f"  {name}: {len(have):5} {what:24} "
            + ("the same" if same else f"NOT THE SAME: {doubled} more, {lost} missing")
        )
    return passed


def scenario(source, with_requests):
    print(f"\n{'With' if with_requests else 'Without'} draft requests", flush=True)
    world = f"{source}_world"
    sql(world, f"UPDATE res_company SET backlog_create_requests = {with_requests}")
    whole = copy(world, f"{source}_whole")
    Process(whole, RUN).finish()
    expected = left(whole)
    assert len(expected["suggestions"]) >= SHORTAGES
    assert len(expected["purchase lines"]) == with_requests * len(
        expected["suggestions"]
    )

    killed = copy(world, f"{source}_killed")
    kill(killed, with_requests)
    passed = compare("killed", killed, expected)

    both = copy(world, f"{source}_both")
    processes = [Process(both, RUN) for _number in range(2)]
    for process in processes:
        process.finish()
    passed &= compare("two at once", both, expected)

    Process(killed, RUN).finish()
    passed &= compare("run again", killed, expected)
    return passed


def main(source):
    world = copy(source, f"{source}_world")
    try:
        Process(world, FILL).finish()
        passed = all([scenario(source, False), scenario(source, True)])
    finally:
        for name in ("world", "whole", "killed", "both"):
            drop(f"{source}_{name}")
    print("\nNothing was lost, nothing doubled." if passed else "\nFAILED")
    return 0 if passed else 1


sys.exit(main(sys.argv[1]))
