import re
from datetime import datetime, timezone
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.bounds import converted
from .backlog_kept import Stale
from .given import giving

AT_MOST = 10_000
# The fold and the line that were told last.
CURSOR = re.compile(r"(\d{1,10})-(\d{1,10})", re.ASCII)
# While all open lines are told: the fold to go on from when all are, the line that was
# told last, and the second in which that began.
ALL_LINES = re.compile(r"all-(\d{1,10})-(\d{1,10})-(\d{1,10})", re.ASCII)
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


class Position(NamedTuple):
    """What a cursor says."""

    fold: int
    line_id: int
    begun: int | None = None
    """since when all open lines are told; None when they have been"""

    def __str__(self):
        """As ``CURSOR`` or ``ALL_LINES`` reads it."""
        if self.begun is None:
            return f"{self.fold}-{self.line_id}"
        return f"all-{self.fold}-{self.line_id}-{self.begun}"


class Feed(NamedTuple):
    """How far the feed of changes is."""

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
            # Its one row was deleted: the next fold brings it back with this number.
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
        """Tell every line that is kept anew to all who ask later."""
        self.env["backlog.kept"]._next_fold()
        self._note(SQL("SELECT id, company_id FROM backlog_kept_line"))

    @api.model
    def _note(self, lines):
        """Tell ``lines``, a statement with ``id`` and ``company_id``, to all who ask
        later."""
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
        """When the table was emptied or restored, tell every line anew. What an emptied
        one knew of lines that are closed is lost: who asks from before that has to
        begin again."""
        feed = self._feed()
        if feed.is_restored:
            self.env["backlog.restore"]._note()
        if feed.is_lost:
            self._note_again()
        elif feed.is_restored:
            self._note_all()

    @api.model
    def _note_again(self):
        """Tell every line anew, and let nobody go on from before."""
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
        state, quantities or dates changed, that came or that are open no more. Who asks
        for the first time is told all lines that are open.

        A change is told when the scheduled action has kept it: at once when goods
        moved, else within two minutes, since Odoo looks once a minute for what is due.
        None is lost and none is skipped, whoever else commits in between; one may be
        told twice, with the values that were kept last. Of the passing of time itself
        nothing is told: what is late is late by its promise.

        :param str cursor: what the last call returned, empty to begin with all lines
        :param int limit: of how many lines at most, up to 10,000
        :return: ``{"cursor": str, "has_more": bool, "lines": [...], "as_of": str,
            "is_waiting": bool, "waiting_since": str}``.

            An open line is ``{"id": int, "is_open": True}`` and the fields that
            ``read`` gives of ``order_id``, ``product_id``, ``backlog_state``,
            ``open_qty``, ``backlog_qty``, ``incoming_qty``, ``to_source_qty`` (in the
            unit of the product), ``promise_date`` and ``expected_date`` (UTC, or
            false); one that is open no more is ``{"id": int, "is_open": False}`` with
            ``order_id``, ``product_id``, ``shipped_qty`` and ``cancelled_qty``, all of
            them false when it was deleted.

            When ``has_more`` is false all changes before ``as_of`` (UTC) have been
            told; it is false while nothing was ever kept. ``is_waiting`` says whether
            changes wait for the scheduled action, and ``waiting_since`` since when they
            may, or false.
        :raise AccessError: who may not read the backlog
        :raise UserError: when the cursor or the limit is none
        """
        self.browse().check_access("read")
        feed = self.env["backlog.change"]._feed()
        position = self._parsed_cursor(cursor, feed)
        if type(limit) is not int or not 0 < limit <= AT_MOST:
            raise UserError(
                self.env._("The limit must be a whole number from 1 to %s.", AT_MOST)
            )
        stale = self.env["backlog.kept"]._stale()
        if position.begun is None:
            page = self._page_of_changes(position, limit, stale)
        else:
            page = self._page_of_all(position, limit, stale, feed)
        waits = stale is None or bool(stale.touched)
        # A clock that was ahead may have kept something in the future.
        kept_at = min(feed.clean_at, feed.now) if feed.clean_at else None
        as_of = kept_at if waits else feed.now
        if position.begun is not None:
            as_of = datetime.fromtimestamp(position.begun, timezone.utc)
        told, position, has_more = page
        return {
            "cursor": str(position),
            "has_more": has_more,
            "lines": told,
            "as_of": fields.Datetime.to_string(as_of),
            "is_waiting": waits,
            "waiting_since": waits and fields.Datetime.to_string(kept_at),
        }

    @api.model
    def _parsed_cursor(self, cursor, feed):
        if cursor == "":
            begun = int(feed.now.replace(tzinfo=timezone.utc).timestamp())
            return Position(feed.fold, 0, begun)
        parts = isinstance(cursor, str) and (
            CURSOR.fullmatch(cursor) or ALL_LINES.fullmatch(cursor)
        )
        position = Position(*map(int, parts.groups())) if parts else None
        if not position or max(position[:2]) > LARGEST:
            raise UserError(
                self.env._(
                    "This cursor is not one of ours. Pass on what the last call "
                    "returned, or nothing to begin with all lines."
                )
            )
        line_id = position.line_id if position.begun is None else LARGEST
        told = (position.fold, line_id)
        # Of the last fold that a backup knows, all that is kept is in the backup; what
        # was computed for somebody who began then may have been undone.
        if position.fold > feed.fold or any(
            (fold, LARGEST) <= told < (next_fold, 0) for fold, next_fold in feed.undone
        ):
            raise UserError(
                self.env._(
                    "This cursor is of a later state of the database, which has been "
                    "restored or installed again. Begin with an empty one."
                )
            )
        # Whoever was told all of a fold misses nothing that was lost before the next.
        begins = feed.fold if feed.is_lost else feed.begins
        if told < (begins, LARGEST if begins else 0):
            raise UserError(
                self.env._(
                    "What changed since this cursor was lost with a table of the "
                    "database. Begin with an empty one, and forget lines that it does "
                    "not tell."
                )
            )
        return position

    @api.model
    def _page_of_all(self, position, limit, stale, feed):
        """All lines that are open, exact, in the order of their ids. What comes or
        changes meanwhile, before the place where one is or behind it, is told as a
        change after the last page: folds after the first one note it."""
        with giving(self, stale=stale) as lines:
            rows = lines.search_read(
                [("id", ">", position.line_id)], TOLD, limit=limit + 1, order="id"
            )
        has_more = len(rows) > limit
        rows = rows[:limit]
        sold = None if stale is None else set(stale.sold)
        self.env["backlog.told"]._remember(
            [row["id"] for row in rows if sold is None or row["product_id"][0] in sold]
        )
        if has_more:
            position = position._replace(line_id=rows[-1]["id"])
        else:
            position = Position(position.fold, LARGEST)
            has_more = feed.fold > position.fold
        return [{**row, "is_open": True} for row in rows], position, has_more

    @api.model
    def _page_of_changes(self, position, limit, stale):
        """What was noted since, as it was kept last: what is computed now might be
        otherwise again before anybody notes it."""
        if stale is None:
            # Nothing of what is kept can be used. The next fold goes on from here.
            return [], position, False
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
                position[:2],
                self.env.companies.ids,
                limit + 1,
            )
        )
        has_more = len(rows) > limit
        rows = rows[:limit]
        if rows:
            position = Position(*rows[-1])
        with giving(self, stale=Stale([], [], [])) as kept_lines:
            told = kept_lines._told([line_id for _fold, line_id in rows])
        return told, position, has_more

    @api.model
    def _told(self, ids):
        """What this user may know of these lines, in their order."""
        # Whoever read them before in this transaction may have read them live.
        self.invalidate_model(flush=False)
        # They may have been deleted or given away since they were kept.
        known = self.env["sale.order.line"].sudo().browse(ids).exists()
        mine = known.filtered_domain(self._readable_closed())
        values = {
            row["id"]: row for row in self.search_read([("id", "in", mine.ids)], TOLD)
        }
        # Who may not see an open line must not take it for a shipped one.
        others = set(ids) - values.keys()
        others -= set(self.sudo().search([("id", "in", list(others))]).ids)
        closed = {line.id: line for line in mine if line.id in others}
        gone = others - set(known.ids)
        self.invalidate_model(flush=False)
        return [
            {**values[line_id], "is_open": True}
            if line_id in values
            else self._closed(line_id, closed.get(line_id))
            for line_id in ids
            if line_id in values or line_id in closed or line_id in gone
        ]

    @api.model
    def _closed(self, line_id, line):
        """What is told of a line that is open no more, in the unit of the product.

        :param line: the order line, unless it was deleted
        """
        told = {"id": line_id, "is_open": False}
        if not line:
            names = ("order_id", "product_id", "shipped_qty", "cancelled_qty")
            return {**told, **dict.fromkeys(names, False)}
        units = line.product_uom_id, line.product_id.uom_id
        ordered = converted(line.product_uom_qty, *units)
        shipped = converted(line.qty_delivered, *units)
        return {
            **told,
            "order_id": (line.order_id.id, line.order_id.display_name),
            "product_id": (line.product_id.id, line.product_id.display_name),
            "shipped_qty": shipped,
            "cancelled_qty": max(ordered - shipped, 0),
        }

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
