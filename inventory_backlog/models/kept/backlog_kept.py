from hashlib import sha256
from typing import NamedTuple

from psycopg2.errors import LockNotAvailable, SerializationFailure

from odoo import api, fields, models, tools
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.sql import table_exists

from ...tools.given import given, giving
from ...tools.sql import is_open, now, to_flush
from .backlog_watch import EVERYTHING, MARKED_AT

# In the cache of the cursor: the state of the marks, and what was computed at it.
STATE = "backlog_state"
COMPUTED = "backlog_computed"


class Stale(NamedTuple):
    """Ids of the products that must be computed in spite of their cached rows."""

    touched: list
    """whose slices are out of date"""
    sold: list
    """whose order lines are, since they are made of such slices"""
    moved: list
    """that these order lines are made of"""


class BacklogKept(models.Model):
    """The cache of the split, so that a large database answers at once; and the marks
    of what changed since, so that every answer is exact.

    Whatever changes what a product's split depends on adds the product to
    ``backlog.touched`` in its own transaction: triggers of the database do it (see
    ``backlog.trigger``), so no write goes round them. Readers take the cached rows of
    unmarked products and compute the marked ones. The scheduled ``_fold`` computes
    those once for all readers and deletes the marks.

    It is exact at every moment, under Odoo's isolation (repeatable read). A reader that
    sees a change sees its mark too, unless a fold deleted the mark; that fold had seen
    the change, since it deletes only marks that it sees, and folds run one after the
    other, since each rewrites the one row of this model. Readers write nothing, so it
    holds on a read replica, and no writer waits for a lock: marks are only added.

    So every transaction makes a mark of its own, also for a product with a committed
    mark: a fold that does not see the change may be deleting that mark at this moment.
    One is enough, since nobody else can delete it before it is committed. Nor can
    TRUNCATE empty the table of marks: readers with an older snapshot need the deleted
    ones. Many marks are cheap since readers need not scan deleted ones (see
    ``backlog.kept.seen``).

    When a trigger was off, is missing, or does something else, changes have left no
    mark. Its row in PostgreSQL's catalog is not the version that the last fold saw.
    Switching a trigger off or on, creating or dropping it locks its table against
    writers, so every write without a mark was committed before the next version of that
    row: a fold that sees this version sees those writes, and computes everything. A
    reader that sees another version than the last fold uses no cached row.

    Cached rows are also out of date when other code made them (``signature``), and, for
    products whose queue changes from day to day, on another ``day``.
    """

    _name = "backlog.kept"
    _inherit = ["backlog.history.mixin"]
    _description = "Kept Backlog"
    _log_access = False
    day = fields.Date(
        history=True, help="The day (UTC) on which the queue was ordered."
    )
    signature = fields.Char(history=True, help="Which code computed the rows.")
    folds = fields.Integer(history=True, help="The number of the last fold.")
    feed_from = fields.Integer(
        history=True,
        help="What changed before this fold, the feed of changes may not know.",
    )
    clean_at = fields.Datetime(
        history=True,
        help="Every change that was committed before this moment is kept.",
    )
    has_slices = fields.Boolean(history=True, help="Whether the last fold left slices.")
    has_lines = fields.Boolean(history=True, help="Whether the last fold left lines.")
    is_refilling = fields.Boolean(
        history=True,
        help="A table was emptied, and is filled again: no line in it is new.",
    )

    def init(self):
        """Add the one row that folds lock at installation, so that no two folds ever
        add it."""
        self._add_row()

    @api.model
    def _add_row(self):
        """Begin to count folds, unless that is done. A feed that lost rows is complete
        from there."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO backlog_kept (id, folds, feed_from)
                SELECT 1, number, CASE WHEN is_lost THEN number ELSE 0 END
                  FROM (%s) first
                 WHERE NOT EXISTS (SELECT FROM backlog_kept)
                """,
                self._first_number(),
            )
        )

    @api.model
    def _first_number(self):
        """The first number of folds, and whether their feed is lost. Cursors of
        integrations hold such numbers, also from before the row was deleted or the
        addon was installed again: so begin after all of them. There are fewer folds
        than seconds on average, so no number was above the seconds since 2020."""
        last = SQL("0")
        if table_exists(self.env.cr, "backlog_change"):
            last = SQL("COALESCE((SELECT MAX(fold) FROM backlog_change), 0)")
        return SQL(
            """
            SELECT GREATEST(
                       EXTRACT(EPOCH FROM NOW() - TIMESTAMPTZ '2020-01-01 UTC'),
                       last
                   )::integer AS number,
                   last = 0 AS is_lost
              FROM (SELECT %s AS last) last
            """,
            last,
        )

    @api.model
    def _stale(self):
        """Find the cached rows that cannot be used in this transaction.

        A caller that has the answer already gives it as ``stale`` (see ``giving``).

        :return: ``Stale``, or None when everything must be computed
        """
        # The live statement gives the same figures; it is only slower.
        if given(self.env, "live"):
            return None
        if answered := given(self.env, "stale"):
            return answered
        touched = self._touched()
        if touched is None:
            return None
        if not touched:
            return Stale([], [], [])
        return self._at_state(
            ("stale", tuple(touched)), lambda: self._stale_by(touched)
        )

    @api.model
    def _answer(self):
        """The values to give (see ``giving``) so that a page asks only once which
        cached rows cannot be used, and reads one state."""
        stale = self._stale()
        return {"live": True} if stale is None else {"stale": stale}

    @api.model
    def _is_answered(self):
        """Whether the present call gives what ``_answer`` returns."""
        return bool(given(self.env, "live") or given(self.env, "stale"))

    @api.model
    def _least(self, product_ids):
        """The values to give (see ``giving``) so that as little as possible is computed
        for the products whose ids ``product_ids`` returns."""
        stale = self._stale()
        if stale and not stale.touched:
            return {"stale": stale, "product_ids": None}
        return {"product_ids": product_ids()}

    @api.model
    def _touched(self):
        """The marked products, and those whose queue has another order today; None when
        everything must be computed."""
        self.env.flush_query(self._reads())
        day, touched = self._marks()
        today = now().date()
        if day and day != today:
            touched.update(self._moved_by_day(day, today))
        return None if EVERYTHING in touched else sorted(touched)

    @api.model
    def _marks(self):
        """The day for which rows are kept, and the products that are marked. Everything
        is marked when there are no cached rows, when other code made them, or when a
        trigger was off.

        The state of the marks is noted for ``_at_state``: as many marks with the same
        sum of ids, which grow, after the same fold, are the same ones. What this
        transaction changes again adds no mark; it notes the time of it.
        """
        self.env.cr.cache.pop(STATE, None)
        seen = self.env["backlog.kept.seen"]
        if not seen._are_marks_dated():
            return None, {EVERYTHING}
        # This switches just-in-time compilation off for the transaction:
        # ``without_jit`` would be one more query.
        rows = self.env.execute_query(
            SQL(
                """
                SELECT day, %s, SET_CONFIG('jit', 'off', TRUE),
                       CONCAT(folds, ' ', backlog_kept.xmin),
                       CURRENT_SETTING(%s, TRUE), marks.*
                  FROM backlog_kept,
                       backlog_kept_seen seen,
                       (SELECT ARRAY_AGG(DISTINCT product_id),
                               ARRAY_AGG(DISTINCT order_id),
                               ARRAY_AGG(DISTINCT purchase_id),
                               COUNT(*), SUM(id::numeric)::text
                          FROM backlog_touched
                         WHERE %s) marks
                 WHERE signature = %s
                   AND %s
                """,
                seen._is_trusted(),
                MARKED_AT,
                seen._unseen(),
                self._signature(),
                self._is_whole(),
            )
        )
        if not rows:
            return None, {EVERYTHING}
        day, is_trusted, _jit, fold, marked_at, *marks, count, total = rows[0]
        if is_trusted is None:
            is_trusted = seen._is_restored_whole()
        if not is_trusted:
            return None, {EVERYTHING}
        products, orders, purchases = (set(ids or ()) - {None} for ids in marks)
        self.env.cr.cache[STATE] = (fold, marked_at, count, total)
        if orders or purchases:
            products.update(
                self._at_state(
                    "sold", lambda: self._sold_by(list(orders), list(purchases))
                )
            )
        return day, products

    @api.model
    def _at_state(self, key, compute):
        """What ``compute`` returns: once, as long as this transaction reads the same
        marks as when it was computed.

        :param key: what is computed; all that it depends on besides the database
        """
        state = self.env.cr.cache.get(STATE)
        if state is None:
            return compute()
        at, known = self.env.cr.cache.get(COMPUTED, (None, {}))
        if at != state:
            known = {}
            self.env.cr.cache[COMPUTED] = state, known
        if key not in known:
            known[key] = compute()
        return known[key]

    @api.model
    def _is_whole(self):
        """A condition: no table was emptied since the last fold or missing in a backup.
        An index gives the highest id at once; a search for the first row would scan
        dead ones."""
        return SQL(
            """
            (has_slices IS NOT TRUE
             OR (SELECT MAX(id) FROM backlog_kept_slice) IS NOT NULL)
            AND (has_lines IS NOT TRUE
                 OR (SELECT MAX(id) FROM backlog_kept_line) IS NOT NULL)
            """
        )

    @api.model
    def _sold_by(self, order_ids, purchase_ids):
        """The products of the lines of these orders and of the purchase lines of these
        purchases."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT product_id
                  FROM sale_order_line
                 WHERE order_id = ANY(%s)
                 UNION
                SELECT UNNEST(ARRAY[wanted.product_id, line.product_id])
                  FROM purchase_order_line wanted
                  JOIN sale_order_line line ON line.id = wanted.sale_line_id
                 WHERE wanted.order_id = ANY(%s)
                """,
                order_ids,
                purchase_ids,
            )
        )
        # A section or a note has no product.
        return [row[0] for row in rows if row[0]]

    @api.model
    def _stale_by(self, product_ids):
        """The rows that are out of date when the split of these products is."""
        rows = self.env.execute_query(
            SQL(
                """
                  WITH touched AS MATERIALIZED (
                        SELECT UNNEST(%(ids)s::integer[]) AS product_id
                       ),
                       reached AS MATERIALIZED (%(reached)s),
                       sold AS MATERIALIZED (%(sold)s)
                SELECT ARRAY(SELECT product_id FROM sold), ARRAY(%(moved)s)
                """,
                ids=product_ids,
                reached=self._reached(),
                sold=self._sold(),
                moved=self._moved(),
            )
        )
        return Stale(product_ids, *rows[0])

    @api.model
    @tools.ormcache()
    def _reads(self):
        """The fields that the statements read: Odoo writes them before marks are
        read."""
        return SQL(
            "%s%s",
            to_flush(self.env["backlog.line"]),
            self.env["backlog.turn"]._reads_besides(),
        )

    @api.model
    def _moved_by_day(self, day, today):
        """The products whose queue has another order on another day."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT product_id
                  FROM stock_move
                 WHERE reservation_date > %s
                   AND reservation_date <= %s
                   AND %s
                """,
                min(day, today),
                max(day, today),
                is_open("stock_move"),
            )
        )
        return [row[0] for row in rows]

    @api.model
    def _reached(self):
        """The products whose order lines depend on the slices of marked ones. Reads
        ``touched``."""
        return SQL("SELECT product_id FROM touched")

    @api.model
    def _sold(self):
        """What is sold where these products are moved."""
        return SQL(
            """
            SELECT product_id
              FROM reached
             UNION
            SELECT sold_id
              FROM backlog_kept_slice
             WHERE sold_id IS NOT NULL
               AND asked_id = ANY(ARRAY(SELECT product_id FROM reached))
            """
        )

    @api.model
    def _moved(self):
        """What is moved where these products are sold."""
        return SQL(
            """
            SELECT product_id
              FROM sold
             UNION
            SELECT product_id
              FROM touched
             UNION
            SELECT asked_id
              FROM backlog_kept_slice
             WHERE sold_id = ANY(ARRAY(SELECT product_id FROM sold))
            """
        )

    @api.model
    @tools.ormcache()
    def _signature(self):
        """A hash of the statements and their settings. An addon that changes a rule by
        overriding a method makes the cached rows out of date; a change of layout alone
        does not."""
        slices = self.env["backlog.allocation"]._typed_slices([EVERYTHING])
        statements = [
            slices,
            self.env["backlog.live.line"]._live_lines(
                [EVERYTHING], [EVERYTHING], slices
            ),
        ]
        text = repr(
            [
                (
                    " ".join(part.code.split()),
                    [p for p in part.params if not hasattr(p, "year")],
                )
                for part in statements
            ]
            + self.env["backlog.trigger"]._definitions()
        )
        return sha256(text.encode()).hexdigest()

    @api.model
    def _touch_everything(self):
        self.env.cr.execute(
            SQL(
                "INSERT INTO backlog_touched (product_id) VALUES (%s)",
                EVERYTHING,
            )
        )

    @api.model
    def _touch(self, product_ids):
        """Mark these products."""
        self.env.cr.execute(
            SQL(
                "INSERT INTO backlog_touched (product_id) SELECT UNNEST(%s::integer[])",
                list(product_ids),
            )
        )

    @api.model
    def _wrong_products(self, product_ids):
        """Those of these products whose cached rows differ from the live statement.
        Marked products are computed anyway and not compared."""
        self.env.flush_all()
        stale = self._stale()
        if stale is None:
            return []
        sliced = list({*product_ids}.difference(stale.touched))
        sold = list({*product_ids}.difference(stale.sold))
        wrong = self.env["backlog.kept.slice"]._wrong(
            self.env["backlog.fold"]._slices_to_keep(sliced), "asked_id", sliced
        )
        moved = self._moved_with(sold)
        with giving(self.env["backlog.allocation"], live=True) as allocation:
            slices = allocation._slices_behind(moved)
            live = allocation.env["backlog.live.line"]._live_lines(sold, moved, slices)
        wrong += self.env["backlog.kept.line"]._wrong(live, "product_id", sold)
        return sorted({*wrong})

    @api.model
    def _moved_with(self, sold_ids):
        """The products moved for lines that sell these products, whatever the cached
        rows say."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT move.product_id
                  FROM sale_order_line line
                  JOIN stock_move move ON move.sale_line_id = line.id
                 WHERE line.product_id = ANY(%(sold)s)
                   AND line.state = 'sale'
                   AND %(is_open)s
                 UNION
                SELECT UNNEST(%(sold)s::integer[])
                """,
                sold=sold_ids,
                is_open=is_open("move"),
            )
        )
        return list(
            {*(row[0] for row in rows), *self.env["backlog.fold"]._moved_for(sold_ids)}
        )

    @api.model
    def rebuild(self):
        """Compute all cached rows again, and send every line again in the feed of
        changes. Readers see exact figures all the while.

        :return: how many rows were written: 0 when nothing had gone wrong
        :raise UserError: when it is being brought up to date right now
        """
        self.browse().check_access("write")
        faults = self.env["backlog.trigger"]._faults()
        if faults:
            raise UserError(
                self.env._(
                    "%s Nothing can be kept until the triggers are back: the scheduled "
                    "action puts them back, or odoo backlog attach where somebody has "
                    "detached them.",
                    faults[0]["text"],
                )
            )
        try:
            with self.env.cr.savepoint():
                self.env["backlog.fold"]._lock()
        except (LockNotAvailable, SerializationFailure) as error:
            raise UserError(
                self.env._(
                    "The kept backlog is being brought up to date right now. Try "
                    "again in a minute."
                )
            ) from error
        self._touch_everything()
        written = self.env["backlog.fold"]._fold()
        self.env["backlog.change"]._note_all()
        return written

    @api.model
    @api.readonly
    def differences(self):
        """Compare what readers get with the live statement, in one snapshot.

        :return: ``{"slices": [row], "lines": [row]}`` of what differs in the user's
            companies, each row with ``side`` (``kept`` or ``live``) first; at most a
            hundred of each
        """
        self.browse().check_access("read")
        lines = self.env["backlog.line"]
        slices = self.env["backlog.allocation"]
        with giving(lines, live=True) as live_lines:
            live_slices = slices.with_env(live_lines.env)._raw_slices()
            live_lines = live_lines._current()
        return {
            "slices": self.env["backlog.kept.slice"]._differences(
                slices._raw_names(), slices._raw_slices(), live_slices
            ),
            "lines": self.env["backlog.kept.line"]._differences(
                [field.name for field in self.env["backlog.kept.line"]._columns()],
                lines._current(),
                live_lines,
            ),
        }

    @api.model
    def _cron_fold(self):
        """Refresh the cached rows of marked products, in batches, so that little is
        lost when the action is stopped."""
        cron = self.env["ir.cron"]
        trigger = self.env["backlog.trigger"]
        if not trigger._are_attached():
            # It counts from the next transaction on.
            cron._commit_progress(1, remaining=int(trigger._heal()))
            return
        self.env["backlog.health"]._mend_clock()
        failed = self.env["backlog.fold"]._failed_lately()
        while self.env["backlog.fold"]._fold_some(failed):
            if not cron._commit_progress(1, remaining=1):
                return
        cron._commit_progress(1, remaining=0)
