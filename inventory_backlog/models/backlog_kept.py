from hashlib import sha256
from logging import getLogger
from typing import NamedTuple

from psycopg2.errors import LockNotAvailable, SerializationFailure

from odoo import api, fields, models, tools
from odoo.exceptions import UserError
from odoo.tools import SQL, file_open, split_every

_logger = getLogger(__name__)

# The mark of a change that can concern any product.
EVERYTHING = 0
# So many products are kept at once: enough that planning the statement does not count,
# few enough that a scheduled action that is stopped has kept something.
BATCH = 1000


class Stale(NamedTuple):
    """What must be computed in spite of what is kept, as ids of products."""

    touched: list
    """whose slices are out of date"""
    sold: list
    """whose order lines are, since they are made of such slices"""
    moved: list
    """that these order lines are made of"""


class BacklogKept(models.Model):
    """The split as it was computed last, so that a large database answers at once; and
    what is out of date since, so that every answer is exact.

    Whatever changes what a product's split depends on adds the product to
    ``backlog.touched`` in its own transaction: triggers of the database do it
    (``data/backlog_touch.sql``), so no way of writing goes round them. Whoever reads
    takes the kept rows of the other products, and computes those of the touched ones.
    The scheduled ``_fold`` computes them once for all and takes the marks away.

    It is exact at every moment, under Odoo's isolation (repeatable read). A reader that
    sees a change sees its mark too, unless a fold took the mark away; that fold had
    seen the change, since it deletes only marks that it sees, and folds come one after
    the other, since each rewrites the one row of this model. Nothing is written by
    reading, so it holds on a read replica, and nobody waits for a lock: marks are only
    added.

    Kept rows are also out of date when they were made by other code, told by
    ``signature``, or on another ``day``, for the products whose queue changes from day
    to day.
    """

    _name = "backlog.kept"
    _description = "Kept Backlog"
    _log_access = False

    day = fields.Date(help="The day (UTC) on which the queue was ordered.")
    signature = fields.Char(help="Which code computed the rows.")
    folds = fields.Integer(help="How often they were brought up to date.")

    # Reading

    @api.model
    def _stale(self):
        """Say what of the kept rows cannot be used in this transaction.

        Whoever has asked and asks again for the same statement says so by the context
        (``backlog_stale``); a context over RPC holds no such object.

        :return: ``Stale``, or None when everything must be computed
        """
        # Whoever asks for the live statement gets the same figures, only later.
        if self.env.context.get("backlog_live"):
            return None
        given = self.env.context.get("backlog_stale")
        if isinstance(given, Stale):
            return given
        touched = self._touched()
        if touched is None:
            return None
        return self._stale_by(touched) if touched else Stale([], [], [])

    @api.model
    def _touched(self):
        """The products that were marked, and those whose queue another day orders in
        another way; None when everything must be computed."""
        self.env.flush_query(self._reads())
        day, touched = self._marks()
        today = self.env["backlog.allocation"]._now().date()
        if day and day != today:
            touched.update(self._moved_by_day(day, today))
        return None if EVERYTHING in touched else list(touched)

    @api.model
    def _marks(self):
        """The day for which rows are kept, and the products that are marked. Where
        nothing is kept, or by other code, everything is."""
        # What follows in this transaction is read without just-in-time compilation: see
        # ``without_jit``, which would be a query more.
        rows = self.env.execute_query(
            SQL(
                """
                SELECT day, ARRAY(SELECT DISTINCT product_id FROM backlog_touched),
                       ARRAY(SELECT DISTINCT order_id FROM backlog_touched),
                       ARRAY(SELECT DISTINCT purchase_id FROM backlog_touched),
                       SET_CONFIG('jit', 'off', TRUE)
                  FROM backlog_kept
                 WHERE signature = %s
                """,
                self._signature(),
            )
        )
        if not rows:
            return None, {EVERYTHING}
        day, products, orders, purchases, _jit = rows[0]
        if any(orders) or any(purchases):
            products += self._sold_by(orders, purchases)
        return day, set(products) - {None}

    @api.model
    def _sold_by(self, order_ids, purchase_ids):
        """What the lines of these orders sell, and what these purchases bring them."""
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
        return [row[0] for row in rows]

    @api.model
    def _stale_by(self, product_ids):
        """What is out of date when the split of these products is."""
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
        """What the statements read of the ORM, to be written before marks are read."""
        names, models_left = {}, ["backlog.line"]
        while models_left:
            for model, fields_read in self.env[models_left.pop()]._depends.items():
                models_left.append(model)
                names.setdefault(model, set()).update(fields_read)
        return SQL().join(
            SQL(to_flush=self.env[model]._fields[name])
            for model, fields_read in names.items()
            for name in fields_read
        )

    @api.model
    def _moved_by_day(self, day, today):
        """The products whose queue another day orders in another way."""
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
                self.env["backlog.allocation"]._is_open("stock_move"),
            )
        )
        return [row[0] for row in rows]

    @api.model
    def _reached(self):
        """The products whose order lines the slices of touched ones decide. Uses
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
        """A name for the code of the statements and its settings. An addon that changes
        a rule by overriding a method makes what is kept out of date."""
        live = self.env["backlog.line"].with_context(backlog_live=True)
        statements = [
            self.env["backlog.allocation"]._live_slices([EVERYTHING]),
            live._live_lines([EVERYTHING], [EVERYTHING]),
        ]
        text = repr(
            [
                (part.code, [p for p in part.params if not hasattr(p, "year")])
                for part in statements
            ]
            + self._triggers()
        )
        return sha256(text.encode()).hexdigest()

    @api.model
    def _triggers(self):
        """What marks, as text: what was marked by other triggers may lack a mark."""
        with file_open("inventory_backlog/data/backlog_touch.sql") as file:
            return [file.read()]

    # Keeping

    @api.model
    def _fold(self, limit=None):
        """Bring what is kept up to date, in the transaction of the caller.

        :param int limit: of how many products at most, but those that are tied
            together are never parted
        :return: how many rows were written
        :raise LockNotAvailable: when another one is at it
        :raise SerializationFailure: when another one was, since this transaction began
        """
        self.env.flush_all()
        self._lock()
        # Our statements join in the order in which they are written: to look for
        # another takes longer than most folds, and finds none that is faster.
        self.env.cr.execute("SET LOCAL join_collapse_limit = 1")
        written = self._fold_marked(limit)
        self.env.cr.execute("SET LOCAL join_collapse_limit = DEFAULT")
        return written

    @api.model
    def _fold_marked(self, limit):
        products = marked = self._marked()
        if limit and len(marked) > limit:
            products = self._first_of(marked, limit)
        written = done = 0
        for batch in split_every(BATCH, products, list):
            rows = self._keep_products(batch)
            written += rows
            done += len(batch)
            if len(marked) > BATCH:
                _logger.info("Kept backlog: %s of %s products", done, len(marked))
            if rows > BATCH:
                # The planner must not think of the tables as they were.
                self.env.cr.execute(
                    SQL("ANALYZE backlog_kept_slice, backlog_kept_line")
                )
        return written

    @api.model
    def _marked(self):
        """The products to be kept anew, with a mark for each. What makes everything
        out of date becomes the marks of all products that can have a backlog: so they
        can be kept in parts."""
        today = self.env["backlog.allocation"]._now().date()
        products = self._touched()
        if products is None:
            self.env.cr.execute(SQL("DELETE FROM backlog_touched"))
            products = self._all_products()
        elif not products:
            return products
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO backlog_touched (product_id)
                SELECT UNNEST(%s::integer[])
                EXCEPT
                SELECT product_id FROM backlog_touched
                """,
                products,
            )
        )
        self.env.cr.execute(SQL("DELETE FROM backlog_touched WHERE product_id IS NULL"))
        self.env.cr.execute(
            SQL(
                "UPDATE backlog_kept SET day = %s, signature = %s, folds = folds + 1",
                today,
                self._signature(),
            )
        )
        return products

    @api.model
    def _first_of(self, product_ids, limit):
        """So many of the products, the tied ones first and all of them: which lines
        hang on a component is known from slices that are kept. Were the kit kept in
        an earlier transaction than its component, a change of the component would
        not reach it in between."""
        rows = self.env.execute_query(self._tied())
        tied = {row[0] for row in rows}
        products = sorted(product_ids, key=lambda product_id: product_id not in tied)
        return products[: max(limit, len(tied.intersection(product_ids)))]

    @api.model
    def _tied(self):
        """The products that are moved for a line that sells something else, and what
        that is."""
        return SQL(
            """
            SELECT UNNEST(ARRAY[move.product_id, line.product_id])
              FROM stock_move move
              JOIN sale_order_line line ON line.id = move.sale_line_id
             WHERE line.product_id <> move.product_id
               AND %s
            """,
            self.env["backlog.allocation"]._is_open("move"),
        )

    @api.model
    def _all_products(self):
        """The ids of all products that can have a row."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT product_id FROM stock_move WHERE %s
                 UNION
                SELECT product_id
                  FROM sale_order_line
                 WHERE state = 'sale'
                   AND product_uom_qty > qty_delivered
                   AND product_id IS NOT NULL
                 UNION
                SELECT asked_id FROM backlog_kept_slice
                 UNION
                SELECT product_id FROM backlog_kept_line
              ORDER BY 1
                """,
                self.env["backlog.allocation"]._is_open("stock_move"),
            )
        )
        return [row[0] for row in rows]

    @api.model
    def _keep_products(self, product_ids):
        """Keep these products anew and take their marks away.

        :return: how many rows were written
        """
        before = self._stale_by(product_ids)
        written = self._keep_slices(product_ids)
        after = self._stale_by(product_ids)
        # All that this transaction sees: what it does not see, it has not kept.
        self.env.cr.execute(
            SQL("DELETE FROM backlog_touched WHERE product_id = ANY(%s)", product_ids)
        )
        return written + self._keep_lines(list({*before.sold, *after.sold}))

    @api.model
    def _lock(self):
        """Folds come one after the other. One that began before another was done fails
        here, since it would not see what the other one saw."""
        self.env.cr.execute(SQL("SELECT id FROM backlog_kept FOR NO KEY UPDATE NOWAIT"))

    @api.model
    def _keep_slices(self, product_ids):
        return self.env["backlog.kept.slice"]._keep(
            SQL(
                """
                SELECT slice.*,
                       NULLIF(line.product_id, slice.asked_id) AS sold_id
                  FROM (%s) slice
             LEFT JOIN sale_order_line line ON line.id = slice.order_line_id
                """,
                self.env["backlog.allocation"]._live_slices(product_ids),
            ),
            "asked_id",
            product_ids,
        )

    @api.model
    def _keep_lines(self, sold_ids):
        """Keep the lines that sell these products, made of slices that are kept."""
        moved_ids = [*sold_ids, *self._moved_for(sold_ids)]
        return self.env["backlog.kept.line"]._keep(
            self.env["backlog.line"]._live_lines(sold_ids, moved_ids),
            "product_id",
            sold_ids,
        )

    @api.model
    def _moved_for(self, sold_ids):
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT asked_id FROM backlog_kept_slice "
                "WHERE sold_id = ANY(%s)",
                sold_ids,
            )
        )
        return [row[0] for row in rows]

    @api.model
    def _wake(self):
        """Have the scheduled action run when this transaction is done, rather than
        within a minute: what moves stock is asked for again at once."""
        done = self.env.cr.precommit.data
        if "backlog_wake" not in done:
            done["backlog_wake"] = True
            # As ir.cron's _trigger, less what it reads first. Whoever ships may not
            # schedule, but this is not for them to decide.
            cron_id = self.env["ir.model.data"]._xmlid_to_res_id(
                "inventory_backlog.ir_cron_kept"
            )
            if cron_id:
                self.env["ir.cron.trigger"].sudo().create(
                    {"cron_id": cron_id, "call_at": fields.Datetime.now()}
                )
                self.env.cr.postcommit.add(self.env["ir.cron"]._notifydb)

    @api.model
    def _cron_fold(self):
        """Bring what is kept up to date, if something was touched: so much at a time
        that little is lost when it is stopped."""
        cron = self.env["ir.cron"]
        while self._fold_some():
            if not cron._commit_progress(1, remaining=1):
                return
        cron._commit_progress(1, remaining=0)

    @api.model
    def _fold_some(self):
        """Keep one batch.

        :return: whether something is left to be kept
        """
        if not self._fold_if_free(BATCH):
            self.env.cr.rollback()
            return False
        return self._touched() != []

    @api.model
    def _fold_if_free(self, limit=None):
        """Keep what is out of date, unless another process is at it. Then what is read
        stays exact and comes later, until the scheduled action has run.

        :return: whether it was done here
        """
        try:
            with self.env.cr.savepoint():
                self._fold(limit)
        except (LockNotAvailable, SerializationFailure):
            _logger.info("Another process keeps the backlog; the next run goes on")
            return False
        return True

    @api.model
    def _touch_everything(self):
        self.env.cr.execute(
            SQL("INSERT INTO backlog_touched (product_id) VALUES (%s)", EVERYTHING)
        )

    # For managers

    @api.model
    def rebuild(self):
        """Compute everything that is kept anew. Readers see exact figures all the
        while.

        :return: how many rows were written: 0 when nothing had gone wrong
        :raise UserError: when it is being brought up to date right now
        """
        self.browse().check_access("write")
        try:
            with self.env.cr.savepoint():
                self._lock()
        except (LockNotAvailable, SerializationFailure) as error:
            raise UserError(
                self.env._(
                    "The kept backlog is being brought up to date right now. Try "
                    "again in a minute."
                )
            ) from error
        self._touch_everything()
        return self._fold()

    @api.model
    @api.readonly
    def differences(self):
        """Hold what is read against the live statement, in one snapshot.

        :return: ``{"slices": [row], "lines": [row]}`` of what differs, each row with
            ``side`` (``kept`` or ``live``) first; at most a hundred of each
        """
        self.browse().check_access("read")
        lines = self.env["backlog.line"]
        slices = self.env["backlog.allocation"]
        return {
            "slices": self.env["backlog.kept.slice"]._differences(
                slices._raw_names(),
                slices._raw_slices(),
                slices.with_context(backlog_live=True)._raw_slices(),
            ),
            "lines": self.env["backlog.kept.line"]._differences(
                [field.name for field in self.env["backlog.kept.line"]._columns()],
                lines._current(),
                lines.with_context(backlog_live=True)._current(),
            ),
        }
