from time import sleep

from psycopg2.errors import DeadlockDetected, LockNotAvailable

from odoo.sql_db import db_connect
from odoo.tools.sql import table_exists

WAITS = [500] * 10 + [2000] * 10 + [10000] * 3
COLUMNS = {
    "feed_from": "int4",
    "clean_at": "timestamp",
    "has_slices": "bool",
    "has_lines": "bool",
    "is_refilling": "bool",
}


def migrate(cr, version):
    """Add the columns of a table that everybody reads, in a transaction of a moment.
    The ORM would keep it locked until all is loaded, and Odoo then waits for those who
    write in order lines and want to read it: a deadlock. What is always in use is
    left to it."""
    if not table_exists(cr, "backlog_kept"):
        return  # From before 19.0.1.4.0: it comes with this version.
    for wait in WAITS:
        try:
            with db_connect(cr.dbname).cursor() as own:
                add_columns(own, wait)
        except (DeadlockDetected, LockNotAvailable):
            sleep(0.2)
            continue
        # What is loaded from here on sees the columns. Nothing of this addon is yet.
        cr.commit()
        return


def add_columns(cr, wait):
    """Add them, unless it takes too long."""
    cr.execute("SET LOCAL lock_timeout = %s", (wait,))
    cr.execute("LOCK backlog_kept", log_exceptions=False)
    for name, column_type in COLUMNS.items():
        cr.execute(
            f"ALTER TABLE backlog_kept ADD COLUMN IF NOT EXISTS {name} {column_type}"
        )
