from logging import getLogger

from odoo import api, fields, models
from odoo.tools import SQL

_logger = getLogger(__name__)

# Folds come less often than once a second, but for a while they may come faster.
BURST = 1000


class BacklogRestore(models.Model):
    """That the database was restored from a backup: which numbers of folds may have
    been given by the time that was undone, and are in the cursors of integrations.

    The first fold after it finds that the row of ``backlog.seen`` is not the version
    that a fold wrote. It goes on with a number above all that may have been given, so
    that no number ever means two things, and cursors of the undone time are refused
    for good. It tells all lines anew to those of before, since what they were told last
    may have been undone.
    """

    _name = "backlog.restore"
    _description = "Restored Backup"
    _log_access = False

    fold = fields.Integer(help="The last one that the backup knows.")
    next_fold = fields.Integer(help="The number that folds went on after.")

    @api.model
    def _is_new(self):
        """An expression: whether no fold was made since a restore."""
        return SQL(
            "EXISTS (SELECT FROM backlog_seen WHERE xmin::text <> written)",
        )

    @api.model
    def _undone(self):
        """An expression: ``[[fold, next_fold]]`` of all restores."""
        return SQL("ARRAY(SELECT ARRAY[fold, next_fold] FROM backlog_restore)")

    @api.model
    def _note(self):
        """Go on above all numbers that may have been given. All is computed anew: who
        restores may restore a part."""
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
        _logger.info("The database was restored from a backup: all is kept anew")
