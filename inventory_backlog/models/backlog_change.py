import re

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

AT_MOST = 10_000
# The fold and the line that were told last.
CURSOR = re.compile(r"(\d{1,10})-(\d{1,10})", re.ASCII)
LARGEST = 2**31 - 1  # of PostgreSQL's integers
TOLD = (
    "order_id",
    "product_id",
    "backlog_state",
    "open_qty",
    "backlog_qty",
    "incoming_qty",
    "to_source_qty",
    "promise_date",
    "expected_date",
)


class BacklogChange(models.Model):
    """When what is kept of an order line was changed last, under the id of the line;
    also of lines that are open no more, or deleted.

    The number of a fold is a cursor that misses nothing: folds come one after the
    other, so all rows of a fold appear at once and after those of the folds before.
    """

    _name = "backlog.change"
    _description = "Changed Backlog Line"
    _log_access = False

    fold = fields.Integer(help="Which fold changed it.")
    company_id = fields.Integer()

    _in_order = models.Index("(fold, id)")


class BacklogKeptLine(models.Model):
    """Each line that is written or removed is noted, in the same statement."""

    _inherit = "backlog.kept.line"

    @api.model
    def _note(self):
        return SQL(
            """,
                       noted AS (
                        INSERT INTO backlog_change (id, fold, company_id)
                        SELECT changed.id, kept.folds, changed.company_id
                          FROM (SELECT id, company_id FROM removed UNION ALL
                               SELECT id, company_id FROM written) changed
                    CROSS JOIN (SELECT MAX(folds) AS folds FROM backlog_kept) kept
                            ON CONFLICT (id) DO UPDATE
                           SET fold = EXCLUDED.fold, company_id = EXCLUDED.company_id
                       )
            """
        )


class BacklogLine(models.Model):
    """The changes, as integrations ask for them."""

    _inherit = "backlog.line"

    @api.model
    @api.readonly
    def get_changes(self, cursor="", limit=1000):
        """Tell an integration what changed since it asked last: order lines whose
        state, quantities or dates changed, that came or that are open no more.

        A change is told when the scheduled action has kept it: at once when goods
        moved, else within two minutes, since Odoo looks once a minute for what is due.
        None is lost and none is skipped, whoever else commits in between; one may be
        told twice, with the values of the moment of asking. Of the passing of time
        itself nothing is told: what is late is late by its promise.

        :param str cursor: what the last call returned, empty to begin with all lines
        :param int limit: of how many changes at most, up to 10,000
        :return: ``{"cursor": str, "has_more": bool, "lines": [...]}``. A line is
            ``{"id": int, "is_open": bool}`` and if it is open the fields that
            ``read`` gives of ``order_id``, ``product_id``, ``backlog_state``,
            ``open_qty``, ``backlog_qty``, ``incoming_qty``, ``to_source_qty`` (in the
            unit of the product), ``promise_date`` and ``expected_date`` (UTC, or
            false)
        :raise AccessError: who may not read the backlog
        :raise UserError: when the cursor or the limit is none
        """
        self.browse().check_access("read")
        after = self._parsed_cursor(cursor)
        if type(limit) is not int or not 0 < limit <= AT_MOST:
            raise UserError(
                self.env._("The limit must be a whole number from 1 to %s.", AT_MOST)
            )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT fold, id
                  FROM backlog_change
                 WHERE (fold, id) > %s
                   AND company_id = ANY(%s)
              ORDER BY fold, id
                 LIMIT %s
                """,
                after,
                self.env.companies.ids,
                limit + 1,
            )
        )
        has_more = len(rows) > limit
        rows = rows[:limit]
        return {
            "cursor": "{}-{}".format(*rows[-1]) if rows else cursor,
            "has_more": has_more,
            "lines": self._told([line_id for _fold, line_id in rows]),
        }

    @api.model
    def _parsed_cursor(self, cursor):
        if cursor == "":
            return (0, 0)
        parts = isinstance(cursor, str) and CURSOR.fullmatch(cursor)
        after = tuple(map(int, parts.groups())) if parts else (LARGEST + 1,)
        if max(after) > LARGEST:
            raise UserError(
                self.env._(
                    "This cursor is not one of ours. Pass on what the last call "
                    "returned, or nothing to begin with all lines."
                )
            )
        [[last]] = self.env.execute_query(
            SQL("SELECT COALESCE(MAX(folds), 0) FROM backlog_kept")
        )
        if after[0] > last:
            raise UserError(
                self.env._(
                    "This cursor is of a later state of the database, which has been "
                    "restored or installed again. Begin with an empty one."
                )
            )
        return after

    @api.model
    def _told(self, ids):
        """What this user may know of these lines, in their order."""
        values = {row["id"]: row for row in self.search_read([("id", "in", ids)], TOLD)}
        others = set(ids) - values.keys()
        # Who may not see an open line must not take it for a shipped one.
        others -= set(self.sudo().search([("id", "in", list(others))]).ids)
        known = self.env["sale.order.line"].sudo().browse(others).exists()
        closed = known.filtered_domain(self._readable_closed())
        gone = others - set(known.ids) | set(closed.ids)
        return [
            {**values[line_id], "is_open": True}
            if line_id in values
            else {"id": line_id, "is_open": False}
            for line_id in ids
            if line_id in values or line_id in gone
        ]

    @api.model
    def _readable_closed(self):
        """Our own rules, asked of order lines: who may see a line while it is open is
        told when it is not, also buyers, who cannot read orders."""
        if self.env.su:
            return Domain.TRUE
        rule = self.env["ir.rule"]._compute_domain(self._name, "read")
        return Domain(rule).map_conditions(
            lambda condition: (
                Domain("order_id.user_id", condition.operator, condition.value)
                if condition.field_expr == "user_id"
                else condition
            )
        )
