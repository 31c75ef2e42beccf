from time import sleep

from psycopg2.errors import DeadlockDetected, LockNotAvailable

from odoo.sql_db import db_connect
from odoo.tools.sql import table_exists

WAITS = [500] * 10 + [2000] * 10 + [10000] * 3
COLUMNS = {
    "backlog_kept": {
        "feed_from": "int4",
        "clean_at": "timestamp",
        "has_slices": "bool",
        "has_lines": "bool",
        "is_refilling": "bool",
    },
    "backlog_kept_line": {
        "excess_qty": "numeric",
        "excess_value": "numeric",
        "first_date": "timestamp",
    },
}


def migrate(cr, version):
    """Add the columns of tables that everybody reads, each in a transaction of a
    moment. The ORM would keep them locked until all is loaded, and Odoo then waits for
    those who write in order lines and want to read them: a deadlock. What is always in
    use is left to it."""
    for table in COLUMNS:
        if table_exists(cr, table):  # Else it comes with this version.
            extend(cr, table)


def extend(cr, table):
    """Add the columns of ``table`` as soon as nobody holds it."""
    for wait in WAITS:
        try:
            with db_connect(cr.dbname).cursor() as own:
                add_columns(own, table, wait)
        except (DeadlockDetected, LockNotAvailable):
            sleep(0.2)
            continue
        # What is loaded from here on sees the columns. Nothing of this addon is yet.
        cr.commit()
        return


def add_columns(cr, table, wait):
    """Add them, unless it takes too long."""
    cr.execute("SET LOCAL lock_timeout = %s", (wait,))
    cr.execute(f"LOCK {table}", log_exceptions=False)
    for name, column_type in COLUMNS[table].items():
        cr.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {name} {column_type}")
