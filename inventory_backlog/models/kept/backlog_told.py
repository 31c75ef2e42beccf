from odoo import api, fields, models
from odoo.tools import SQL

from .backlog_watch import EVERYTHING


class BacklogTold(models.Model):
    """Lines that an integration has read with live values, before a fold cached them,
    under ids of their own. The feed has to send their cached values too: the live
    values may have changed back before a fold, and then no fold notes a change.

    Readers of the feed only add rows; the fold that notes them deletes them.
    """

    _name = "backlog.told"
    _description = "Line Told Before It Was Kept"
    _log_access = False

    line_id = fields.Integer()
    company_id = fields.Integer()

    @api.model
    def _remember(self, line_ids):
        """Let the fold that caches these lines note them."""
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
        """Note the lines that are cached now, without a mark. A product that fails
        holds back its own lines only."""
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
