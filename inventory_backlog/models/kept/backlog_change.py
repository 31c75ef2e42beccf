from datetime import datetime
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL


class Feed(NamedTuple):
    """The state of the feed of changes."""

    fold: int
    """the last one that was committed"""
    begins: int
    """what changed before this fold may be lost"""
    clean_at: datetime | None
    """before which every change is kept"""
    now: datetime
    is_lost: bool
    """whether the table was emptied"""
    is_restored: bool
    """whether it is that of a backup, and no fold was made since"""
    undone: list
    """``[[fold, next_fold]]`` of each ``backlog.restore``"""


class BacklogChange(models.Model):
    """The fold that last changed the cached row of an order line, under the id of the
    line; also for lines that are closed or deleted.

    The number of a fold is a cursor that misses nothing: folds come one after the
    other, so all rows of a fold appear at once and after those of the folds before.
    """

    _name = "backlog.change"
    _description = "Changed Backlog Line"
    _log_access = False

    fold = fields.Integer(help="Which fold changed it.")
    company_id = fields.Integer()

    _in_order = models.Index("(fold, id)")

    @api.model
    def _feed(self):
        restore = self.env["backlog.restore"]
        restores = SQL("%s, %s", restore._is_new(), restore._undone())
        rows = self.env.execute_query(
            SQL(
                """
                SELECT folds, COALESCE(feed_from, 0), clean_at,
                       NOW() AT TIME ZONE 'UTC',
                       (SELECT MAX(id) FROM backlog_change) IS NULL
                       AND (has_lines
                            OR (SELECT MAX(id) FROM backlog_kept_line) IS NOT NULL),
                       %s
                  FROM backlog_kept
                """,
                restores,
            )
        )
        if not rows:
            # Its one row was deleted: the next fold adds it again with this number.
            rows = self.env.execute_query(
                SQL(
                    "SELECT number, 0, NULL, NOW() AT TIME ZONE 'UTC', is_lost, %s "
                    "FROM (%s) first",
                    restores,
                    self.env["backlog.kept"]._first_number(),
                )
            )
        return Feed(*rows[0])

    @api.model
    def _note_all(self):
        """Send every cached line again to all later readers of the feed."""
        self.env["backlog.fold"]._next_fold()
        self._note(SQL("SELECT id, company_id FROM backlog_kept_line"))

    @api.model
    def _note(self, lines):
        """Send ``lines``, a statement with ``id`` and ``company_id``, to all later
        readers of the feed."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO backlog_change (id, fold, company_id)
                SELECT line.id, kept.folds, line.company_id
                  FROM (%s) line
            CROSS JOIN backlog_kept kept
                    ON CONFLICT (id) DO UPDATE
                   SET fold = EXCLUDED.fold, company_id = EXCLUDED.company_id
                """,
                lines,
            )
        )

    @api.model
    def _note_all_if_lost(self):
        """Send every line again after the table was emptied or restored. Emptying loses
        the closed lines: readers with an older cursor have to begin again."""
        feed = self._feed()
        if feed.is_restored:
            self.env["backlog.restore"]._note()
        if feed.is_lost:
            self._note_again()
        elif feed.is_restored:
            self._note_all()

    @api.model
    def _note_again(self):
        """Send every line again, and refuse older cursors."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE backlog_kept
                   SET folds = GREATEST(
                           folds, (SELECT MAX(fold) FROM backlog_change)),
                       feed_from = GREATEST(
                           folds, (SELECT MAX(fold) FROM backlog_change))
                """
            )
        )
        self._note_all()
