from odoo import api, fields, models
from odoo.tools import SQL

from .backlog_watch import EVERYTHING


class BacklogTold(models.Model):
    """The lines that an integration was told as they were computed at that moment,
    before they were kept, under ids of their own. It has to be told again what is kept
    of them: what it was told may have gone again before anybody kept it, and then no
    fold notes that anything changed.

    Rows are only added by who asks, and taken away by the fold that notes them.
    """

    _name = "backlog.told"
    _description = "Line Told Before It Was Kept"
    _log_access = False

    line_id = fields.Integer()
    company_id = fields.Integer()

    @api.model
    def _remember(self, line_ids):
        """Have these lines noted when they are kept."""
        if not line_ids:
            return
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO backlog_told (line_id, company_id)
                SELECT id, company_id
                  FROM sale_order_line
                 WHERE id = ANY(%s)
                   AND id NOT IN (SELECT line_id FROM backlog_told)
                """,
                line_ids,
            )
        )

    @api.model
    def _note(self):
        """Note those of these lines that are kept now: nothing of them is marked. A
        product that cannot be kept holds back its own lines only."""
        rows = self.env.execute_query(
            SQL(
                """
                DELETE FROM backlog_told told
                      WHERE NOT EXISTS (
                            SELECT
                              FROM backlog_touched mark
                         LEFT JOIN sale_order_line line ON line.id = told.line_id
                             WHERE %s
                               AND (mark.product_id IS NULL
                                    OR mark.product_id IN (%s, line.product_id))
                            )
                  RETURNING line_id, company_id
                """,
                self.env["backlog.kept.seen"]._unseen(),
                EVERYTHING,
            )
        )
        if rows:
            self.env["backlog.fold"]._next_fold()
            ids, companies = zip(*dict(rows).items(), strict=True)
            self.env["backlog.change"]._note(
                SQL(
                    "SELECT * FROM UNNEST(%s::integer[], %s::integer[]) "
                    "line(id, company_id)",
                    list(ids),
                    list(companies),
                )
            )
