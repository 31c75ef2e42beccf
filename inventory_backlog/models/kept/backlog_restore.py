from logging import getLogger

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.sql import table_exists

_logger = getLogger(__name__)

# Folds run less often than once a second, but may run faster for a while.
BURST = 1000
# The links from Odoo's documents to suggestions.
LINK = "backlog_suggestion_id"


class BacklogRestore(models.Model):
    """A restore of the database from a backup: the numbers of folds that may have been
    used in the time that was lost, and are in cursors of integrations.

    The first fold after it finds that the row of ``backlog.kept.seen`` is not the
    version that a fold wrote. It continues with a number above all that may have been
    used, so that no number ever means two things, and cursors from the lost time are
    refused for good. It sends all lines again to readers with older cursors, since what
    they read last may be lost.

    A backup without the data of our tables leaves links to missing suggestions, so that
    neither PostgreSQL nor an upgrade can add the foreign key. They are removed before a
    new suggestion gets such an id.
    """

    _name = "backlog.restore"
    _description = "Restored Backup"
    _log_access = False

    fold = fields.Integer(help="The last one that the backup knows.")
    next_fold = fields.Integer(help="The number that folds went on after.")

    def init(self):
        """Before an upgrade makes foreign keys that are missing."""
        self._forget_lost()

    @api.model
    def _is_new(self):
        """An expression: whether no fold was made since a restore."""
        return SQL(
            "EXISTS (SELECT FROM backlog_kept_seen WHERE xmin::text <> written)",
        )

    @api.model
    def _undone(self):
        """An expression: ``[[fold, next_fold]]`` of all restores."""
        return SQL("ARRAY(SELECT ARRAY[fold, next_fold] FROM backlog_restore)")

    @api.model
    def _note(self):
        """Continue above all numbers that may have been used. Compute everything again:
        a restore may be partial."""
        [[number]] = self.env.execute_query(
            SQL(
                """
                INSERT INTO backlog_restore (fold, next_fold)
                SELECT COALESCE((SELECT MAX(fold) FROM backlog_change), kept.folds),
                       GREATEST(first.number, kept.folds) + %s
                  FROM backlog_kept kept
            CROSS JOIN (%s) first
             RETURNING next_fold
                """,
                BURST,
                self.env["backlog.kept"]._first_number(),
            )
        )
        self.env.cr.execute(SQL("UPDATE backlog_kept SET folds = %s", number))
        self.env["backlog.kept"]._touch_everything()
        _logger.info("The database was restored from a backup: computing everything")

    @api.model
    def _forget_lost(self):
        """Where a foreign key is missing, remove links to missing suggestions, and
        never use their ids again: there may be messages about them, too."""
        suggestion = "backlog_suggestion"
        if not table_exists(self.env.cr, suggestion):
            return
        for table in self._unchecked(suggestion):
            self.env.cr.execute(
                SQL(
                    """
                      WITH lost AS (
                            SELECT document.id, document.%(link)s AS number
                              FROM %(table)s document
                         LEFT JOIN backlog_suggestion known
                                ON known.id = document.%(link)s
                             WHERE document.%(link)s IS NOT NULL
                               AND known.id IS NULL
                           ),
                           cleared AS (
                            UPDATE %(table)s document
                               SET %(link)s = NULL
                              FROM lost
                             WHERE lost.id = document.id
                           ),
                           messages AS (
                            SELECT MAX(res_id) AS number
                              FROM mail_message
                             WHERE model = 'backlog.suggestion'
                           )
                    SELECT SETVAL('backlog_suggestion_id_seq', GREATEST(
                               (SELECT last_value FROM backlog_suggestion_id_seq),
                               (SELECT MAX(number) FROM lost),
                               (SELECT number FROM messages)))
                     WHERE EXISTS (SELECT FROM lost)
                    """,
                    link=SQL.identifier(LINK),
                    table=SQL.identifier(table),
                )
            )

    @api.model
    def _unchecked(self, suggestion):
        """The tables whose link has no foreign key."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT class.relname
                  FROM pg_attribute attribute
                  JOIN pg_class class ON class.oid = attribute.attrelid
                 WHERE attribute.attname = %s
                   AND NOT attribute.attisdropped
                   AND class.relkind = 'r'
                   AND class.relnamespace = CURRENT_SCHEMA::regnamespace
                   AND class.relname NOT LIKE 'backlog\\_%%'
                   AND NOT EXISTS (
                       SELECT FROM pg_constraint checked
                        WHERE checked.conrelid = class.oid
                          AND checked.confrelid = %s::regclass
                          AND attribute.attnum = ANY(checked.conkey))
                """,
                LINK,
                suggestion,
            )
        )
        return [row[0] for row in rows]
