from time import sleep

from psycopg2.errors import LockNotAvailable

from odoo.sql_db import db_connect

from odoo.addons.inventory_backlog.hooks import widen_ids

TRIES = 30


def migrate(cr, version):
    """Give marks numbers of 64 bits, and the transaction that made them, through a
    connection of its own: else whoever writes stock waits until the upgrade is done.
    What is in use all the while is left to the ORM, which waits for it."""
    for number in range(TRIES):
        sleep(number / 10)
        try:
            with db_connect(cr.dbname).cursor() as own:
                widen_marks(own)
        except LockNotAvailable:
            continue
        return


def widen_marks(cr):
    """The table as it is now, unless it is locked for long."""
    cr.execute("SET LOCAL lock_timeout = '500ms'")
    cr.execute("LOCK TABLE backlog_touched", log_exceptions=False)
    widen_ids(cr, "backlog_touched")
    cr.execute("ALTER TABLE backlog_touched ADD COLUMN IF NOT EXISTS txid int8")
    cr.execute(
        "CREATE INDEX IF NOT EXISTS backlog_touched_by_txid ON backlog_touched (txid)"
    )
