from odoo import api, fields, models, tools
from odoo.tools import SQL

# Created last when marks get their transaction: where either exists, they have it.
INDEX = "backlog_touched_by_mark"
OLD_INDEX = "backlog_touched_by_txid"  # until 19.0.2.2.0
# Milliseconds that dropping the old index waits for readers of marks.
WAIT = 100


class BacklogKeptSeen(models.Model):
    """What the last fold saw of the database, in one row: which transactions, so that
    readers of marks need not scan deleted ones; and which triggers, so that no reader
    trusts rows that were cached while one of them was off.

    **Marks.** A fold deletes all marks that it sees (and writes those again that it
    leaves for a later one). So a mark that exists belongs to a transaction that the
    fold did not see, or to the fold itself: to one that had not begun (``since``), or
    that was running (``running``). Readers look for these alone, by an index. Deleted
    marks cost them nothing, even when a transaction that stays open for hours keeps
    PostgreSQL from vacuuming them. It holds for a reader of any snapshot, since the row
    that it sees is of the last fold that it sees.

    **Triggers.** The versions of their rows in the catalog identify them
    (``versions``): a trigger that was off for a moment, and is on again, has another
    version of its row. A restored database has other versions of everything, and other
    numbers of transactions. Then this row is not the version that the fold wrote
    (``written``): readers scan all marks, and the code of the triggers identifies them
    (``texts``).
    """

    _name = "backlog.kept.seen"
    _description = "What the Last Fold Saw"
    _log_access = False

    since = fields.Char(help="All transactions before this one had begun.")
    running = fields.Char(help="Those of them that were not done, and the fold's own.")
    versions = fields.Char(help="The versions of the triggers and their functions.")
    texts = fields.Char(help="What the triggers and their functions do.")
    written = fields.Char(help="The version of this row.")
    detached = fields.Boolean(help="Somebody has taken the triggers away for a while.")

    # Reading

    @api.model
    def _are_marks_dated(self):
        """Whether marks have their transaction: since triggers were first attached.
        Cached, since it never changes back."""
        try:
            return self._dated()
        except LookupError:
            return False

    @api.model
    @tools.ormcache()
    def _dated(self):
        """True; raises until then, since an exception is not cached."""
        [[index]] = self.env.execute_query(
            SQL("SELECT COALESCE(TO_REGCLASS(%s), TO_REGCLASS(%s))", INDEX, OLD_INDEX)
        )
        if not index:
            raise LookupError(INDEX)
        return True

    @api.model
    def _is_trusted(self):
        """An expression over ``backlog_kept_seen seen``: whether the triggers are those
        that the last fold saw; NULL where the database was restored since."""
        return SQL(
            "CASE WHEN seen.xmin::text = seen.written THEN seen.versions = (%s) END",
            self.env["backlog.trigger"]._versions(),
        )

    @api.model
    def _is_restored_whole(self):
        """Whether a restored database has the triggers that the last fold saw."""
        [[whole]] = self.env.execute_query(
            SQL(
                "SELECT texts = (%s) FROM backlog_kept_seen",
                self.env["backlog.trigger"]._texts(),
            )
        )
        return whole

    @api.model
    def _unseen(self):
        """A condition on ``backlog_touched`` that every existing mark meets, and few
        deleted ones. A mark without a transaction always meets it."""
        # With two bounds PostgreSQL expects a narrow range and reads the index.
        return SQL(
            """
            (txid BETWEEN COALESCE((
                          SELECT seen.since::bigint
                            FROM backlog_kept_seen seen
                           WHERE seen.xmin::text = seen.written), 0)
                      AND 9223372036854775807
             OR txid = ANY((SELECT running FROM backlog_kept_seen)::bigint[])
             OR txid IS NULL)
            """
        )

    # Folding

    @api.model
    def _record(self):
        """Record what this transaction sees, which has deleted all marks but its own.
        The second statement, in the same part of the transaction, writes the same
        version."""
        trigger = self.env["backlog.trigger"]
        self._ensure()
        self.env.cr.execute(
            SQL(
                """
                UPDATE backlog_kept_seen
                   SET since = TXID_SNAPSHOT_XMAX(TXID_CURRENT_SNAPSHOT()),
                       running = TXID_CURRENT() || ARRAY(
                           SELECT TXID_SNAPSHOT_XIP(TXID_CURRENT_SNAPSHOT())),
                       versions = (%s),
                       texts = (%s)
                """,
                trigger._versions(),
                trigger._texts(),
            )
        )
        self.env.cr.execute(SQL("UPDATE backlog_kept_seen SET written = xmin"))

    @api.model
    def _set_detached(self, detached):
        """Record whether the triggers are off on purpose. A row that the last fold
        wrote stays marked as such: else it would look like a restored one."""
        self._ensure()
        self.env.cr.execute(
            SQL(
                "UPDATE backlog_kept_seen SET detached = %s, written = "
                "CASE WHEN xmin::text = written THEN 'now' ELSE written END "
                "WHERE detached IS DISTINCT FROM %s",
                detached,
                detached,
            )
        )
        self.env.cr.execute(
            SQL("UPDATE backlog_kept_seen SET written = xmin WHERE written = 'now'")
        )

    @api.model
    def _is_detached(self):
        rows = self.env.execute_query(SQL("SELECT detached FROM backlog_kept_seen"))
        return any(row[0] for row in rows)

    @api.model
    def _date_marks(self):
        """Add the transaction to marks, and let their ids wrap around after the last of
        32 bits, which a busy database reaches in some years: stock could not be written
        any more. Do nothing that makes PostgreSQL rewrite the table: readers with an
        older snapshot would see it empty. So existing marks have no transaction and
        always count."""
        self.env.cr.execute(
            SQL(
                """
                ALTER SEQUENCE backlog_touched_id_seq CYCLE;
                ALTER TABLE backlog_touched
                    DROP CONSTRAINT IF EXISTS backlog_touched_pkey,
                    -- Without a key a publication of all tables would refuse to delete.
                    REPLICA IDENTITY FULL,
                    ADD COLUMN IF NOT EXISTS txid bigint;
                ALTER TABLE backlog_touched ALTER txid SET DEFAULT TXID_CURRENT();
                """
            )
        )
        self._index_marks()

    @api.model
    def _index_marks(self):
        """Add the index by which marks are found. The caller has locked the table
        against writers; readers need not wait."""
        self.env.cr.execute(
            SQL(
                "CREATE INDEX IF NOT EXISTS %s "
                "ON backlog_touched (txid, product_id, order_id, purchase_id)",
                SQL.identifier(INDEX),
            )
        )

    @api.model
    def _drop_old_index(self):
        """Drop the old index, unless somebody is reading marks: it does no harm."""
        self.env.cr.execute(SQL("SET LOCAL lock_timeout = %s", WAIT))
        self.env.cr.execute(
            SQL("DROP INDEX IF EXISTS %s", SQL.identifier(OLD_INDEX)),
            log_exceptions=False,
        )

    @api.model
    def _ensure(self):
        """Add the row if somebody deleted it."""
        self.env.cr.execute(
            SQL(
                "INSERT INTO backlog_kept_seen (id) SELECT 1 "
                "WHERE NOT EXISTS (SELECT FROM backlog_kept_seen)"
            )
        )
