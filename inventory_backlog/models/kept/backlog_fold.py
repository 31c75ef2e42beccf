from logging import getLogger

from psycopg2 import OperationalError
from psycopg2.errors import LockNotAvailable, SerializationFailure

from odoo import fields, models
from odoo.tools import SQL, split_every

from ...tools.groups import made_of
from ...tools.sql import is_open, now

_logger = getLogger(__name__)
# Products per batch: enough that planning the statement is cheap, few enough that a
# scheduled action that is stopped has finished some.
BATCH = 1000
RETRY_HOURS = 1
# When more products than these fail, the statement is wrong and not the products, as
# when another addon broke it. Then nothing is cached, and readers compute all.
MOST_FAILING = 100
# The key of a product's fault begins with this, before its id.
FAULT = "fold,"
# A fold that leaves marks for a later one writes at most so many of them again.
MARKED_ANEW = 100 * BATCH


class BacklogFold(models.AbstractModel):
    """Compute the marked products, write their cached rows, and delete the marks."""

    _name = "backlog.fold"
    _description = "Fold"

    def _fold(self, limit=None, failed=None):
        """Refresh the cached rows, in the transaction of the caller. A product that
        fails keeps its mark and is reported as a fault; all others are refreshed.

        :param int limit: of how many products at most, but those that are tied
            together are never parted
        :param set failed: the ids of products that are not tried, since they failed
            before; those that fail now are added
        :return: how many rows were written; none where triggers are missing
        :raise LockNotAvailable: when another one is at it
        :raise SerializationFailure: when another one was, since this transaction began
        """
        self.env.flush_all()
        self._lock()
        if not self.env["backlog.trigger"]._are_attached():
            return 0
        # Our statements are written in the best order of joins: searching for another
        # takes longer than most folds, and finds none that is faster.
        self.env.cr.execute("SET LOCAL join_collapse_limit = 1")
        self.env["backlog.change"]._note_all_if_lost()
        written = self._fold_marked(limit, set() if failed is None else failed)
        self.env["backlog.first.fill"]._note()
        self._seal()
        self.env.cr.execute("SET LOCAL join_collapse_limit = DEFAULT")
        return written

    def _seal(self):
        """Note what this fold leaves. When it sees no mark any more, the cached rows
        hold everything that was committed before it began."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE backlog_kept
                   SET has_slices = (SELECT MAX(id) FROM backlog_kept_slice)
                       IS NOT NULL,
                       has_lines = (SELECT MAX(id) FROM backlog_kept_line)
                       IS NOT NULL,
                       is_refilling = is_refilling AND left_over.any,
                       clean_at = CASE WHEN left_over.any
                                       THEN clean_at
                                       ELSE NOW() AT TIME ZONE 'UTC'
                                   END
                  FROM (SELECT EXISTS (
                            SELECT FROM backlog_touched WHERE %s) AS any) left_over
                """,
                self.env["backlog.kept.seen"]._unseen(),
            )
        )
        self.env["backlog.told"]._note()

    def _next_fold(self):
        """Begin a new number: all later readers of the feed get the rows noted under
        it."""
        self.env.cr.execute(SQL("UPDATE backlog_kept SET folds = folds + 1"))

    def _fold_marked(self, limit, failed):
        marked = self._marked()
        self._leave_tied(failed)
        products = marked = [one for one in marked if one not in failed]
        if limit and len(marked) > limit:
            products = self._first_of(marked, limit)
        written = done = 0
        for batch in split_every(BATCH, products, list):
            rows = self._keep_all_but_failing(batch, failed)
            written += rows
            done += len(batch)
            if len(marked) > BATCH:
                _logger.info(
                    "Refreshed %s of %s products of the backlog", done, len(marked)
                )
            if rows > BATCH:
                self._analyze("backlog_kept_line")
        self._leave_tied(failed)
        return written

    def _leave_tied(self, failed):
        """Leave the marks of products made of failed ones too: the cached slices of a
        product tell which lines it is part of, and a failed product may have none."""
        if not failed:
            return
        failed.update(made_of(failed, self.env.execute_query(self._tied())))
        self._mark(failed)

    def _marked(self):
        """The products to refresh, with a mark for each. A mark of everything becomes
        one mark for each product that can have a backlog, so that they can be refreshed
        in parts."""
        today = now().date()
        self._note_refill()
        products = self.env["backlog.kept"]._touched()
        everything = products is None
        if everything:
            products = self._all_products()
        if everything or len(products) <= MARKED_ANEW:
            taken = self._take_marks()
            self._mark(products)
            if everything or taken or products:
                self.env["backlog.kept.seen"]._record()
        else:
            self._mark(products)
            # Marks of orders and purchases: their products are marked now.
            self._take_marks(SQL("product_id IS NULL"))
        if not everything and not products:
            return products
        self.env.cr.execute(
            SQL(
                # Until all rows are written, an empty table does not mean that it was
                # emptied.
                "UPDATE backlog_kept SET day = %s, signature = %s, "
                "has_slices = FALSE, has_lines = FALSE",
                today,
                self.env["backlog.kept"]._signature(),
            )
        )
        self._next_fold()
        return products

    def _note_refill(self):
        """Note that a table is being filled again after it was emptied or left out of a
        backup: rows that come back have not changed their state."""
        self.env.cr.execute(
            SQL(
                "UPDATE backlog_kept SET is_refilling = TRUE WHERE NOT (%s)",
                self.env["backlog.kept"]._is_whole(),
            )
        )

    def _mark(self, product_ids):
        """Mark those of the products that have no mark."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO backlog_touched (product_id)
                SELECT UNNEST(%s::integer[])
                EXCEPT
                SELECT product_id FROM backlog_touched WHERE %s
                """,
                list(product_ids),
                self.env["backlog.kept.seen"]._unseen(),
            )
        )

    def _take_marks(self, condition=None):
        """Delete the marks that meet the condition and that this transaction sees:
        changes that it does not see are not in its rows.

        :return: how many there were
        """
        self.env.cr.execute(
            SQL(
                "DELETE FROM backlog_touched WHERE %s AND %s",
                self.env["backlog.kept.seen"]._unseen(),
                condition or SQL("TRUE"),
            )
        )
        return self.env.cr.rowcount

    def _first_of(self, product_ids, limit):
        """The next products, all tied ones first: cached slices tell which lines depend
        on a component. If a kit were refreshed in an earlier transaction than its
        component, a change of the component in between would not reach it."""
        tied = set().union(*self.env.execute_query(self._tied()))
        products = sorted(product_ids, key=lambda product_id: product_id not in tied)
        return products[: max(limit, len(tied.intersection(product_ids)))]

    def _tied(self):
        """The products moved for a line that sells another one, each with the product
        sold."""
        return SQL(
            """
            SELECT move.product_id, line.product_id
              FROM stock_move move
              JOIN sale_order_line line ON line.id = move.sale_line_id
             WHERE line.product_id <> move.product_id
               AND %s
            """,
            is_open("move"),
        )

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
                is_open("stock_move"),
            )
        )
        return [row[0] for row in rows]

    def _keep_all_but_failing(self, product_ids, failed):
        """Refresh these products. When it fails, try halves of them, and halves of
        those.

        :param set failed: where the ids of those that fail are added
        :return: how many rows were written
        :raise psycopg2.OperationalError: when another process is refreshing, or time or
        disk space ran out: no product is the cause
        :raise Exception: when too many products fail for them to be the cause
        """
        try:
            # Nothing waits to be flushed: see ``_fold``.
            with self.env.cr.savepoint(flush=False):
                return self._keep_products(product_ids)
        except OperationalError:
            raise
        except Exception as error:
            _logger.debug("Products %s cannot be refreshed", product_ids, exc_info=True)
            self.env.invalidate_all(flush=False)
            if len(product_ids) == 1:
                if len(failed) >= MOST_FAILING:
                    raise
                failed.update(product_ids)
                self._note_failing(product_ids[0], error)
                return 0
        middle = len(product_ids) // 2
        return sum(
            self._keep_all_but_failing(half, failed)
            for half in (product_ids[:middle], product_ids[middle:])
        )

    def _note_failing(self, product_id, error):
        """Report a product that could not be refreshed. Its figures stay exact: like
        all marked products it is computed for each reader."""
        env = self.env["backlog.fault"]._speaking()
        # As superuser: the user who starts a fold may lack the right to read products.
        product = env["product.product"].sudo().browse(product_id).exists()
        env["backlog.fault"]._report(
            "product",
            f"{FAULT}{product_id}",
            env._(
                "The backlog of %(product)s cannot be kept, so every page computes it "
                "again. Reason: %(reason)s",
                product=product.display_name or product_id,
                reason=str(error).strip().split("\n")[0] or type(error).__name__,
            ),
            company_id=product.company_id.id,
            res_model=product._name,
            res_id=product_id,
        )

    def _keep_products(self, product_ids):
        """Refresh these products and delete their marks.

        :return: how many rows were written
        """
        before = self.env["backlog.kept"]._stale_by(product_ids)
        written = self._keep_slices(product_ids)
        if written > BATCH:
            self._analyze("backlog_kept_slice")
        after = self.env["backlog.kept"]._stale_by(product_ids)
        self._take_marks(SQL("product_id = ANY(%s)", product_ids))
        return written + self._keep_lines(list({*before.sold, *after.sold}))

    def _analyze(self, table):
        """Refresh the statistics of a table that has changed a lot. Of one that was
        empty when PostgreSQL looked last, as after a fold that was killed, it would
        expect one row, and loop over all of them for each of them."""
        self.env.cr.execute(SQL("ANALYZE %s", SQL.identifier(table)))

    def _lock(self):
        """Folds run one after the other. One that began before another was committed
        fails here, since it would not see what the other one saw."""
        self.env.cr.execute(SQL("SELECT id FROM backlog_kept FOR NO KEY UPDATE NOWAIT"))
        if not self.env.cr.rowcount:
            # The row exists since the installation, unless somebody deleted it or
            # restored a backup without it.
            self.env["backlog.kept"]._add_row()
            self.env["backlog.restore"]._forget_lost()

    def _keep_slices(self, product_ids):
        slices = self.env["backlog.kept.slice"]
        fresh = slices._run_now(self._slices_to_keep(product_ids), product_ids)
        return slices._keep(fresh, "asked_id", product_ids)

    def _slices_to_keep(self, product_ids):
        """The live slices of these products, with the product that their line sells."""
        return SQL(
            """
            SELECT slice.*,
                   NULLIF(line.product_id, slice.asked_id) AS sold_id
              FROM (%s) slice
         LEFT JOIN sale_order_line line ON line.id = slice.order_line_id
            """,
            self.env["backlog.live.slice"]._live_slices(product_ids),
        )

    def _keep_lines(self, sold_ids):
        """Refresh the lines that sell these products, from cached slices."""
        moved_ids = [*sold_ids, *self._moved_for(sold_ids)]
        lines = self.env["backlog.kept.line"]
        slices = self.env["backlog.allocation"]._slices_behind(moved_ids)
        live = self.env["backlog.live.line"]._live_lines(sold_ids, moved_ids, slices)
        fresh = lines._run_now(live, moved_ids)
        return lines._keep(fresh, "product_id", sold_ids)

    def _moved_for(self, sold_ids):
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT asked_id FROM backlog_kept_slice "
                "WHERE sold_id = ANY(%s)",
                sold_ids,
            )
        )
        return [row[0] for row in rows]

    def _failed_lately(self):
        """The ids of the products that failed within the last hour, which are not tried
        again yet."""
        moment = fields.Datetime.now()
        since = fields.Datetime.subtract(moment, hours=RETRY_HOURS)
        faults = self.env["backlog.fault"].search(
            [
                ("kind", "=", "product"),
                ("key", "=like", f"{FAULT}%"),
                ("state", "!=", "healed"),
                ("last_seen", ">", since),
                # A clock that was ahead may have written future dates.
                ("last_seen", "<=", moment),
            ]
        )
        return set(faults.mapped("res_id"))

    def _fold_some(self, failed):
        """Refresh one batch.

        :param set failed: see ``_fold``
        :return: whether marks are left
        """
        if not self._fold_if_free(BATCH, failed):
            self.env.cr.rollback()
            return False
        if not self.env["backlog.trigger"]._are_attached():
            return False
        left = self.env["backlog.kept"]._touched()
        if left is None or set(left) - failed:
            return True
        self.env["backlog.fault"]._settle(
            "product", [f"{FAULT}{product_id}" for product_id in failed]
        )
        return False

    def _fold_if_free(self, limit=None, failed=None):
        """Refresh all marked products, unless another process is refreshing. Until it
        has finished, readers get exact figures more slowly.

        :return: whether it was done here
        """
        try:
            with self.env.cr.savepoint():
                self._fold(limit, failed)
        except (LockNotAvailable, SerializationFailure):
            _logger.info(
                "Another process refreshes the backlog; the next run continues"
            )
            return False
        return True
