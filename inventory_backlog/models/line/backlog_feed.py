import re
from datetime import datetime, timezone
from typing import NamedTuple

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.arguments import is_whole
from ...tools.bounds import LARGEST_INTEGER, converted
from ...tools.given import giving
from ...tools.names import named
from ..kept.backlog_kept import Stale

AT_MOST = 10_000
# The last fold and line that were sent.
CURSOR = re.compile(r"(\d{1,10})-(\d{1,10})", re.ASCII)
# While all open lines are sent: the fold to continue from afterwards, the last line
# sent, and the second in which this began.
ALL_LINES = re.compile(r"all-(\d{1,10})-(\d{1,10})-(\d{1,10})", re.ASCII)

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
    "partial_expected_date",
    "overdue_since",
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


class BacklogFeed(models.AbstractModel):
    """The changes of lines, as integrations ask for them: see
    ``backlog.line.get_changes``."""

    _name = "backlog.feed"
    _description = "Feed of Changes"

    def _changes(self, cursor, limit):
        """The answer of ``backlog.line.get_changes``, for those who may read lines."""
        feed = self.env["backlog.change"]._feed()
        position = self._parsed_cursor(cursor, feed)
        if not is_whole(limit, AT_MOST):
            raise UserError(
                self.env._("The limit must be a whole number from 1 to %s.", AT_MOST)
            )
        stale = self.env["backlog.kept"]._stale()
        if position.begun is None:
            page = self._page_of_changes(position, limit, stale)
        else:
            page = self._page_of_all(position, limit, stale, feed)
        waits = stale is None or bool(stale.touched)
        # A clock that was ahead may have cached rows with a future date.
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

    def _parsed_cursor(self, cursor, feed):
        if cursor == "":
            begun = int(feed.now.replace(tzinfo=timezone.utc).timestamp())
            return Position(feed.fold, 0, begun)
        parts = isinstance(cursor, str) and (
            CURSOR.fullmatch(cursor) or ALL_LINES.fullmatch(cursor)
        )
        position = Position(*map(int, parts.groups())) if parts else None
        if not position or max(position[:2]) > LARGEST_INTEGER:
            raise UserError(
                self.env._(
                    "This cursor is not one of ours. Pass on what the last call "
                    "returned, or nothing to begin with all lines."
                )
            )
        line_id = position.line_id if position.begun is None else LARGEST_INTEGER
        told = (position.fold, line_id)
        # The backup holds all cached rows of its last fold. Figures computed for a
        # reader who began after it may be gone.
        if position.fold > feed.fold or any(
            (fold, LARGEST_INTEGER) <= told < (next_fold, 0)
            for fold, next_fold in feed.undone
        ):
            raise UserError(
                self.env._(
                    "This cursor is of a later state of the database, which has been "
                    "restored or installed again. Begin with an empty one."
                )
            )
        # A reader who has all of a fold misses nothing that was lost before the next.
        begins = feed.fold if feed.is_lost else feed.begins
        if told < (begins, LARGEST_INTEGER if begins else 0):
            raise UserError(
                self.env._(
                    "What changed since this cursor was lost with a table of the "
                    "database. Begin with an empty one, and forget lines that it does "
                    "not tell."
                )
            )
        return position

    def _page_of_all(self, position, limit, stale, feed):
        """All open lines, exact, in the order of their ids. Lines that appear or change
        meanwhile, on pages already read or not, follow as changes after the last page:
        later folds note them."""
        with giving(self.env["backlog.line"], stale=stale) as lines:
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
            position = Position(position.fold, LARGEST_INTEGER)
            has_more = feed.fold > position.fold
        return [{**row, "is_open": True} for row in rows], position, has_more

    def _page_of_changes(self, position, limit, stale):
        """The changes since, with cached values: a value computed now may be gone again
        before a fold notes it."""
        if stale is None:
            # No cached row can be used. The next fold continues from here.
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
        with giving(self.env["backlog.line"], stale=Stale([], [], [])) as kept_lines:
            told = kept_lines.env["backlog.feed"]._told(
                [line_id for _fold, line_id in rows]
            )
        return told, position, has_more

    def _told(self, ids):
        """What this user may read of these lines, in their order."""
        # This transaction may have read live values before.
        self.env["backlog.line"].invalidate_model(flush=False)
        # A line may have been deleted, or given to another salesperson, since it was
        # cached.
        known = self.env["sale.order.line"].sudo().browse(ids).exists()
        mine = known.filtered_domain(self._readable_closed())
        values = {
            row["id"]: row
            for row in self.env["backlog.line"].search_read(
                [("id", "in", mine.ids)], TOLD
            )
        }
        # An open line that the user may not see must not look like a shipped one.
        others = set(ids) - values.keys()
        others -= set(
            self.env["backlog.line"].sudo().search([("id", "in", list(others))]).ids
        )
        closed = {line.id: line for line in mine if line.id in others}
        gone = others - set(known.ids)
        self.env["backlog.line"].invalidate_model(flush=False)
        return [
            {**values[line_id], "is_open": True}
            if line_id in values
            else self._closed(line_id, closed.get(line_id))
            for line_id in ids
            if line_id in values or line_id in closed or line_id in gone
        ]

    def _closed(self, line_id, line):
        """The values of a closed line, in the unit of the product.

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
            "order_id": (line.order_id.id, named(line.order_id).display_name),
            "product_id": (line.product_id.id, named(line.product_id).display_name),
            "shipped_qty": shipped,
            "cancelled_qty": max(ordered - shipped, 0),
        }

    def _readable_closed(self):
        """Our own rules, applied to order lines: users who may see a line while it is
        open learn of its closing, also buyers, who cannot read orders."""
        if self.env.su:
            return Domain.TRUE
        rule = self.env["ir.rule"]._compute_domain(
            self.env["backlog.line"]._name, "read"
        )
        return Domain(rule).map_conditions(
            lambda condition: (
                Domain("order_id.user_id", condition.operator, condition.value)
                if condition.field_expr == "user_id"
                else condition
            )
        )
