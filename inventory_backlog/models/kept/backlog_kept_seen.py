from odoo import api, fields, models, tools
from odoo.tools import SQL

# It is made last, when marks bear their transaction.
INDEX = "backlog_touched_by_txid"


class BacklogKeptSeen(models.Model):
    """What the last fold saw of the database, in one row: which transactions, so that
    whoever reads marks need not look at those that are gone; and which triggers, so
    that nobody trusts rows that were kept while one of them was off.

    **Marks.** A fold takes away all marks that it sees (what it leaves for a later one
    it marks anew). So a mark that is there is of a transaction that the fold did not
    see, or of the fold itself: of one that had not begun (``since``), or that was
    running (``running``). Readers look for these alone, by an index. Marks that are
    gone cost them nothing, even where a transaction that stays open for hours keeps
    PostgreSQL from cleaning them up. It holds for a reader of any snapshot, since the
    row that it sees is of the last fold that it sees.

    **Triggers.** They are told by the versions of their rows in the catalog
    (``versions``): a trigger that was off for a moment, and is on again, has another
    version of its row. A restored database has other versions of everything, and other
    numbers of transactions. It is known by this row, which is not the version that the
    fold wrote (``written``). Then all marks are read, and triggers are told by what
    they do (``texts``).
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
        """Whether marks bear their transaction: from when triggers were attached first.
        It is asked once, since that is for good."""
        try:
            return self._dated()
        except LookupError:
            return False

    @api.model
    @tools.ormcache()
    def _dated(self):
        """What is raised is not cached."""
        [[index]] = self.env.execute_query(SQL("SELECT TO_REGCLASS(%s)", INDEX))
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
        """A condition on ``backlog_touched`` that every mark meets which is there, and
        few of those that are gone. One that names no transaction always does."""
        # Two ends: PostgreSQL takes such a range for narrow, and reads the index.
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
        """Note what this transaction sees, which has taken all marks away but its own.
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
        """Note whether the triggers are off on purpose. It stays the row that the last
        fold wrote, if it was: else it would be taken for a restored one."""
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
        """Have marks bear their transaction, and begin their numbers again after the
        last of 32 bits, which a busy database reaches in some years: nobody could write
        stock any more. Nothing that makes PostgreSQL write the table anew: to those who
        are reading by an older snapshot it would be empty. So what is there already
        bears no transaction, and counts as everybody's."""
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
                CREATE INDEX IF NOT EXISTS %s ON backlog_touched (txid)
                """,
                SQL.identifier(INDEX),
            )
        )

    @api.model
    def _ensure(self):
        """Make the row, which whoever cleaned up may have deleted."""
        self.env.cr.execute(
            SQL(
                "INSERT INTO backlog_kept_seen (id) SELECT 1 "
                "WHERE NOT EXISTS (SELECT FROM backlog_kept_seen)"
            )
        )
