from odoo import models
from odoo.tools import SQL

from ...tools.bounds import finite, in_unit
from ...tools.sql import (
    is_open,
    now,
    of_products,
    without_jit,
)
from .backlog_counter import FIRST
from .backlog_demand import FIRST_WANTED
from .sweep import sweep

# Rows of the allocation come from stock moves: several per move, told apart by the
# last three bits of their id. The ids stay below 2**31, the limit of XML-RPC, up to
# 268 million moves. Without a move it is the order line that counts, below zero.
SLICE_KINDS = 8


class BacklogLiveSlice(models.AbstractModel):
    """The slices as moves, quants and receipts say now: the statement of all steps."""

    _name = "backlog.live.slice"
    _description = "Live Slice"

    def _live_slices(self, product_ids=None, wanted=()):
        """The slices as the moves, quants and receipts say now.

        :param wanted: what stands in the queue as if it were ordered now, see
            ``backlog.demand._with_wanted``
        """
        return SQL(
            """
            %(steps)s
            SELECT slice.*,
                   CASE WHEN slice.receipt_move_id IS NOT NULL
                        THEN %(document)s
                    END AS document
              FROM slice
            %(receipt)s
            """,
            steps=self._steps(product_ids, wanted),
            document=self.env["backlog.supply"]._document(),
            receipt=self.env["backlog.supply"]._join_receipt(),
        )

    def _steps(self, product_ids=None, wanted=()):
        """Return ``WITH place AS (…), … slice AS (…)``. Every step is materialized:
        PostgreSQL has no statistics of a step, expects one row and would compute it
        again for each row of the next."""
        without_jit(self.env)
        return SQL(
            """
              WITH place AS MATERIALIZED (%s),
                   open_move AS MATERIALIZED (%s),
                   in_lot AS MATERIALIZED (%s),
                   drifted AS MATERIALIZED (%s),
                   stock AS MATERIALIZED (%s),
                   feeder AS MATERIALIZED (%s),
                   early AS MATERIALIZED (%s),
                   chain AS MATERIALIZED (%s),
                   counter_move AS MATERIALIZED (%s),
                   link AS MATERIALIZED (%s),
                   awaiting AS MATERIALIZED (%s),
                   awaited AS MATERIALIZED (%s),
                   demand AS MATERIALIZED (%s),
                   netted AS MATERIALIZED (%s),
                   claim AS MATERIALIZED (%s),
                   uneven AS MATERIALIZED (%s),
                   served AS MATERIALIZED (%s),
                   queue AS MATERIALIZED (%s),
                   lost AS MATERIALIZED (%s),
                   arriving AS MATERIALIZED (%s),
                   receipt AS MATERIALIZED (%s),
                   linked AS MATERIALIZED (%s),
                   loose AS MATERIALIZED (%s),
                   kin AS MATERIALIZED (%s),
                   named AS MATERIALIZED (%s),
                   shared AS MATERIALIZED (%s),
                   slice AS (%s)
            """,
            self.env["backlog.demand"]._place(),
            self.env["backlog.demand"]._open_move(product_ids),
            self.env["backlog.supply"]._in_lot(product_ids),
            self.env["backlog.supply"]._drifted(),
            self.env["backlog.supply"]._stock(),
            self.env["backlog.demand"]._feeder(),
            self.env["backlog.demand"]._early(),
            self.env["backlog.demand"]._chain(),
            self.env["backlog.counter"]._counter_move(),
            self.env["backlog.supply"]._link(),
            self.env["backlog.supply"]._link_groups("demand_id"),
            self.env["backlog.supply"]._link_groups("receipt_id"),
            self.env["backlog.demand"]._with_wanted(wanted),
            self.env["backlog.counter"]._netted(),
            self._claim(),
            self.env["backlog.turn"]._uneven(),
            self.env["backlog.turn"]._served(wanted),
            self._queue(wanted),
            self.env["backlog.supply"]._lost(),
            self.env["backlog.supply"]._arriving(),
            self.env["backlog.supply"]._receipt(),
            self._linked(),
            self._loose(),
            self.env["backlog.supply"]._kin(),
            self._named(),
            self._shared(),
            self._slice(product_ids),
        )

    def _service_order(self):
        """The order of service, as in Odoo's forecast report: moves that may be
        reserved today by priority and date, then moves with a later reservation date.
        The id breaks ties, so the order is total.

        Two statements order by it: ``_ranked`` serves, ``backlog.allocation._ranks``
        says who is ahead. In both ``move`` has ``id``, ``priority``, ``date``,
        ``reservation_date``, ``product_id``, ``order_line_id`` (NULL for other demand
        than customers'), ``warehouse_id``, ``company_id``, ``pool_id`` and
        ``to_customer``. A rule may use these columns, or a sub-select by them.
        """
        today = now().date()
        return SQL(
            """
            COALESCE(move.reservation_date > %(today)s, TRUE),
            CASE WHEN move.reservation_date > %(today)s
                 THEN move.reservation_date
             END,
            move.priority DESC, move.date, move.id
            """,
            today=today,
        )

    def _claim(self):
        """What each demand keeps of its reservation, and how much of the free stock it
        asks for. A quantity forced beyond what is there is cut from the back of the
        queue. A chained move takes only goods brought for it."""
        return SQL(
            """
            SELECT claim.*,
                   CASE WHEN at_most IS NULL THEN qty - reserved
                        ELSE LEAST(
                            qty - reserved,
                            GREATEST(at_most - (
                                SUM(qty - reserved) OVER siblings - qty + reserved
                            ), 0)
                        )
                    END AS asks
              FROM (
                    SELECT demand.*,
                           reserved - LEAST(
                               reserved, GREATEST(missing - reserved_behind, 0)
                           ) AS backed,
                           CASE WHEN chained THEN %(brought_left)s END AS at_most
                      FROM (%(ranked)s) demand
                   ) claim
            WINDOW siblings AS (
                   PARTITION BY product_id, pool_id, chained, chain_id
                       ORDER BY queue_rank ROWS UNBOUNDED PRECEDING)
            """,
            ranked=self._ranked(),
            brought_left=self._brought_left(),
        )

    def _queue(self, wanted=()):
        """What each demand takes from free stock: what the queue ahead leaves of it,
        and where not all goods are for everybody, what its turn gives it. And how much
        it is ``short`` of: counter-moves lower what it has and lacks, not what it takes
        from the others (``takes``). What was brought for a chained move and is gone is
        ``lost``: Odoo reserves any goods in its place."""
        return SQL(
            """
            SELECT queue.*, LEAST(backed, net) AS kept,
                   LEAST(takes, GREATEST(net - backed, 0)) AS taken,
                   GREATEST(net - backed - takes, 0) AS short,
                   CASE WHEN chained AND group_id IS NULL
                        THEN LEAST(GREATEST(asks - takes, 0),
                                   GREATEST(net - backed - takes, 0))
                        ELSE 0
                    END AS lost
              FROM (
            SELECT claim.*, qty - COALESCE(netted, 0) AS net,
                   LEAST(
                       may_take,
                       GREATEST(free - (SUM(may_take) OVER ahead - may_take), 0)
                   ) AS takes
              FROM (
                    SELECT claim.*, COALESCE(served.taken, asks) AS may_take,
                           served.taken_fresh
                      FROM claim
                 LEFT JOIN served ON served.move_id = claim.move_id
                   ) claim
            WINDOW ahead AS (
                   PARTITION BY product_id, pool_id
                       ORDER BY %(turn)s ROWS UNBOUNDED PRECEDING)
                   ) queue
            """,
            turn=self.env["backlog.demand"]._turn_order(wanted),
        )

    def _ranked(self):
        """The demand that is not settled, in service order."""
        return SQL(
            """
            SELECT move.*,
                   ROW_NUMBER() OVER ahead AS queue_rank,
                   SUM(reserved) OVER whole - SUM(reserved) OVER ahead
                       AS reserved_behind
              FROM (
                    SELECT demand.*, demand.move_id AS id, netted.qty AS netted
                      FROM demand
                 LEFT JOIN netted ON netted.move_id = demand.move_id
                     WHERE NOT demand.settled
                   ) move
            WINDOW whole AS (PARTITION BY product_id, pool_id),
                   ahead AS (
                   PARTITION BY product_id, pool_id
                       ORDER BY %(service_order)s ROWS UNBOUNDED PRECEDING)
            """,
            service_order=self._service_order(),
        )

    def _brought_left(self):
        """What the origins of a chained move brought and no sibling has taken, as in
        Odoo's own ``stock.move._get_available_move_lines``."""
        return SQL(
            """
            CASE WHEN brought > reserved THEN GREATEST(brought - (
                SELECT COALESCE(SUM(%s), 0)
                  FROM stock_move sibling
                  JOIN uom_uom move_uom ON move_uom.id = sibling.product_uom
                  JOIN product_product product ON product.id = sibling.product_id
                  JOIN product_template template
                    ON template.id = product.product_tmpl_id
                  JOIN uom_uom product_uom ON product_uom.id = template.uom_id
                 WHERE sibling.state IN ('done', 'partially_available', 'assigned')
                   AND sibling.id IN (
                       SELECT other.move_dest_id
                         FROM stock_move_move_rel mine
                         JOIN stock_move_move_rel other
                           ON other.move_orig_id = mine.move_orig_id
                        WHERE mine.move_dest_id = demand.move_id
                   )
            ), 0) ELSE 0 END
            """,
            in_unit(finite(SQL("sibling.quantity")), "move_uom", "product_uom"),
        )

    def _slice(self, product_ids):
        """All slices. The source is one of the contract's; the last bits of the id tell
        the slices of one move apart (see ``SLICE_KINDS``). ``asked_id`` is the product
        by which ``product_ids`` selects the row.
        """
        row = SQL(
            "product_id AS asked_id, move_id, order_line_id, product_id, warehouse_id, "
            "company_id, home_id"
        )
        return SQL(
            """
            SELECT move_id * %(kinds)s AS id, %(row)s AS pool_id,
                   'reserved' AS source,
                   kept AS qty, to_customer, NULL::integer AS receipt_move_id,
                   NULL::timestamp AS date
              FROM queue
             WHERE kept > 0
         UNION ALL
            SELECT move_id * %(kinds)s + (NOT is_storable)::integer, %(row)s,
                   CASE WHEN is_storable THEN 'reserved' ELSE 'stock' END, qty,
                   to_customer, NULL, NULL
              FROM (%(settled)s) settled
             WHERE qty > 0
         UNION ALL
            SELECT move_id * %(kinds)s + 1, %(row)s, 'stock', taken, to_customer,
                   NULL, NULL
              FROM queue
             WHERE taken > 0
         UNION ALL
            %(laid)s
         UNION ALL
            SELECT move_id * %(kinds)s + 6, %(row)s, 'none', %(not_laid)s, to_customer,
                   NULL, NULL
              FROM queue
             WHERE %(not_laid)s > 0
         UNION ALL
            %(direct)s
         UNION ALL
            %(not_procured)s
         UNION ALL
            %(requested_direct)s
            """,
            kinds=SLICE_KINDS,
            row=row,
            settled=self._settled(),
            laid=self._laid(),
            not_laid=self._not_laid(),
            direct=self._direct(),
            not_procured=self._not_procured(product_ids),
            requested_direct=self._requested_direct(product_ids),
        )

    def _not_laid(self):
        """What chained demand that nothing is made for is short of: all of it, less
        what comes to the few that lost something."""
        return SQL(
            """
            CASE WHEN NOT chained OR group_id IS NOT NULL THEN 0
                 WHEN lost > 0 THEN short - COALESCE((
                     SELECT SUM(cut.qty)
                       FROM shared cut
                      WHERE cut.demand_id = queue.move_id
                        AND cut.supply_id IS NOT NULL), 0)
                 ELSE short
             END
            """
        )

    def _settled(self):
        return SQL(
            """
            SELECT demand.move_id, demand.product_id, demand.order_line_id,
                   demand.warehouse_id, demand.company_id, demand.home_id,
                   demand.is_storable, demand.to_customer,
                   demand.qty - COALESCE(netted.qty, 0) AS qty
              FROM demand
         LEFT JOIN netted ON netted.move_id = demand.move_id
             WHERE demand.settled
            """
        )

    def _laid(self):
        """The demand laid over receipts, as slices."""
        return SQL(
            """
            SELECT cut.move_id * %s + cut.kind, queue.product_id, queue.move_id,
                   queue.order_line_id, queue.product_id, queue.warehouse_id,
                   queue.company_id, queue.home_id,
                   CASE WHEN cut.supply_id IS NULL THEN 'none' ELSE 'receipt' END,
                   cut.qty, queue.to_customer, cut.supply_id::integer, cut.date
              FROM (SELECT *, 2 + is_supply::integer AS kind FROM linked
                 UNION ALL
                    -- Linked demand has no slice of these kinds here, and what is a
                    -- receipt of our stock is no delivery of a vendor to a customer.
                    SELECT *, CASE WHEN is_supply THEN 7 ELSE 2 END FROM named
                 UNION ALL
                    SELECT *, 4 + is_supply::integer FROM shared) cut
              JOIN queue ON queue.move_id = cut.demand_id
                        -- See ``_not_laid``.
                        AND NOT (queue.chained AND cut.kind >= 4
                                 AND cut.supply_id IS NULL)
            """,
            SLICE_KINDS,
        )

    def _direct(self):
        """Goods that a vendor ships straight to the customer never touch our stock."""
        return SQL(
            """
            SELECT move.id * %(kinds)s + 7, move.product_id, move.id, move.sale_line_id,
                   move.product_id, move.warehouse_id, move.company_id, NULL,
                   'receipt', move.qty - COALESCE(netted.qty, 0), TRUE, move.id,
                   %(date)s
              FROM open_move move
         LEFT JOIN netted ON netted.move_id = move.id
         LEFT JOIN purchase_order_line purchased ON purchased.id = move.purchase_line_id
              JOIN stock_location origin ON origin.id = move.location_id
              JOIN stock_location final ON final.id = move.final_id
             WHERE move.qty > COALESCE(netted.qty, 0)
               AND origin.usage IN ('supplier', 'production')
               AND %(ends_sale)s
            """,
            kinds=SLICE_KINDS,
            date=self.env["backlog.supply"]._said_date(),
            ends_sale=self.env["backlog.demand"]._ends_sale(),
        )

    def _not_procured(self, product_ids):
        """Confirmed lines of goods without any move: dropshipped ones whose purchase is
        still a request, orders confirmed before the inventory app came, and those of
        which nothing went to the customer, although their transfer is done."""
        return SQL(
            """
            SELECT -line.id * %(kinds)s, line.product_id, NULL, line.id,
                   line.product_id, line.warehouse_id, line.company_id, NULL, 'none',
                   %(rest)s, TRUE, NULL, NULL
              FROM (%(undemanded)s) undemanded
        CROSS JOIN LATERAL (
                    SELECT * FROM sale_order_line WHERE id = undemanded.id OFFSET 0
                   ) line
        CROSS JOIN LATERAL (%(sold)s) sold
              JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
              JOIN uom_uom product_uom ON product_uom.id = sold.uom_id
             WHERE sold.type = 'consu'
               AND %(rest)s > 0
               AND (
                   SELECT move.id
                     FROM stock_move move
                    WHERE %(counts)s
                    LIMIT 1
               ) IS NULL
            """,
            kinds=SLICE_KINDS,
            rest=self._rest_of_line(),
            counts=self._is_move_of_line(),
            undemanded=self._undemanded(product_ids),
            sold=self._product_of_line(),
        )

    def _product_of_line(self):
        """The product of ``line``. The offset has PostgreSQL look it up for each line,
        instead of scanning all products where it expects few lines."""
        return SQL(
            """
            SELECT template.type, template.uom_id
              FROM product_product product
              JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE product.id = line.product_id
            OFFSET 0
            """
        )

    def _undemanded(self, product_ids):
        """The order lines with something to ship that have no demand. ``EXCEPT`` takes
        off a set: a join would look through all demand for each line where PostgreSQL
        expects little of it."""
        return SQL(
            """
            SELECT line.id
              FROM sale_order_line line
             WHERE line.state = 'sale'
               AND line.display_type IS NULL
               AND line.is_downpayment IS NOT TRUE
               AND line.is_expense IS NOT TRUE
               AND line.product_uom_qty > COALESCE(line.qty_delivered, 0)
               AND %s
            EXCEPT
            SELECT order_line_id FROM demand
            """,
            of_products(SQL("line.product_id"), product_ids),
        )

    def _rest_of_line(self, product_uom="product_uom"):
        """What ``line`` says is still to be shipped, in the unit of the product."""
        return in_unit(
            SQL(
                "(%s - %s)",
                finite(SQL("line.product_uom_qty")),
                finite(SQL("COALESCE(line.qty_delivered, 0)")),
            ),
            "line_uom",
            product_uom,
        )

    def _is_move_of_line(self):
        """Whether ``move`` stands for ``line``. When a vendor declines, Odoo cancels
        the dropship. The customer still waits, so a cancelled dropship does not count,
        nor does a move that was done and ended elsewhere than it was meant to."""
        return SQL(
            """
            move.sale_line_id = line.id
            AND (move.state <> 'cancel' OR move.location_id <> ALL(ARRAY(
                SELECT id FROM stock_location WHERE usage = 'supplier'
            )))
            AND (move.state <> 'done'
                 OR COALESCE(move.location_final_id = move.location_dest_id, TRUE)
                 OR move.location_dest_id = ANY(ARRAY(%s)))
            """,
            self.env["backlog.demand"]._outside_ids(),
        )

    def _requested_direct(self, product_ids):
        """The part of a dropshipped line that nobody brings while the rest of it has
        moves: it is still a request, as Odoo asks the vendor again when the quantity is
        raised; or the buyer ordered less, and no vendor was asked for the rest."""
        return SQL(
            """
            SELECT -line.id * %(kinds)s, line.product_id, NULL, line.id,
                   line.product_id, line.warehouse_id, line.company_id, NULL, 'none',
                   rest.qty, TRUE, NULL, NULL
              FROM (
                    SELECT wanted.sale_line_id, wanted.product_id,
                           COALESCE(SUM(%(wanted)s) FILTER (
                               WHERE request.state <> 'purchase'), 0)::numeric AS qty,
                           SUM(%(wanted)s) FILTER (
                               WHERE request.state = 'purchase')::numeric AS bought_qty
                      FROM purchase_order_line wanted
                      JOIN sale_order_line line ON line.id = wanted.sale_line_id
                                               AND line.product_id = wanted.product_id
                      JOIN purchase_order request ON request.id = wanted.order_id
                      JOIN stock_picking_type type
                        ON type.id = request.picking_type_id
                      JOIN stock_location dest
                        ON dest.id = type.default_location_dest_id
                     WHERE %(line_open)s
                       AND %(of_products)s
                       AND request.state <> 'cancel'
                       AND dest.usage = 'customer'
                  GROUP BY wanted.sale_line_id, wanted.product_id
                   ) request
              JOIN sale_order_line line ON line.id = request.sale_line_id
                                       AND line.product_id = request.product_id
        CROSS JOIN LATERAL (%(sold)s) sold
              JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
              JOIN uom_uom product_uom ON product_uom.id = sold.uom_id
        CROSS JOIN LATERAL (
                    SELECT SUM(
                               CASE WHEN move.location_id NOT IN (%(customers)s)
                                    THEN %(moved)s
                                    WHEN move.origin_returned_move_id IS NULL
                                    THEN -%(moved)s
                                    ELSE 0
                                END
                           ) FILTER (WHERE %(move_open)s) AS open_qty
                      FROM stock_move move
                     WHERE %(counts)s
                    HAVING COUNT(*) > 0
                   ) moves
        CROSS JOIN LATERAL (
                    SELECT LEAST(
                               GREATEST(
                                   request.qty,
                                   CASE WHEN %(ordered)s - request.bought_qty > %(step)s
                                        THEN %(ordered)s - request.bought_qty
                                    END
                               ),
                               COALESCE(%(rest)s, 0) - COALESCE(moves.open_qty, 0)
                           ) AS qty
                   ) rest
             WHERE rest.qty > 0
            """,
            kinds=SLICE_KINDS,
            sold=self._product_of_line(),
            wanted=finite(SQL("wanted.product_uom_qty")),
            moved=finite(SQL("move.product_qty")),
            customers=self.env["backlog.demand"]._outside_ids(),
            rest=self._rest_of_line(),
            ordered=in_unit(
                finite(SQL("line.product_uom_qty")), "line_uom", "product_uom"
            ),
            # What rounding to another unit leaves is no part of its own.
            step=10 ** -self.env["decimal.precision"].precision_get("Product Unit"),
            counts=self._is_move_of_line(),
            move_open=is_open("move"),
            # Of all that was ever dropshipped, only what a customer still waits for.
            line_open=SQL(
                "line.state = 'sale' "
                "AND line.product_uom_qty > COALESCE(line.qty_delivered, 0)"
            ),
            of_products=of_products(SQL("wanted.product_id"), product_ids),
        )

    def _wanted_slices(self, product_ids, wanted):
        """Return the statement of what each of ``wanted`` would get: ``move_id, source,
        qty, date, overdue_since, document``, ready goods first, then in order of
        arrival."""
        return SQL(
            """
            SELECT move_id, source, qty, GREATEST(date, %(now)s) AS date,
                   CASE WHEN date < %(midnight)s THEN date END AS overdue_since,
                   document
              FROM (%(slices)s) slice
             WHERE move_id >= %(first)s
          ORDER BY move_id, date NULLS FIRST, receipt_move_id
            """,
            now=now(),
            midnight=self.env["res.company"]._backlog_midnight(),
            slices=self._live_slices(product_ids, wanted=wanted),
            first=FIRST_WANTED,
        )

    def _left_over(self, product_ids, wanted=()):
        """Return the statement of what the whole queue leaves, with ``wanted`` in it:
        free stock and receipts that no demand takes, in order of arrival.

        Columns: ``product_id, warehouse_id, source, qty, date, overdue_since,
        document``; the source is ``stock`` or ``receipt``.
        """
        return SQL(
            """
            %(steps)s
            SELECT slice.product_id, warehouse.id AS warehouse_id, slice.source,
                   slice.qty, GREATEST(slice.date, %(now)s) AS date,
                   CASE WHEN slice.date < %(midnight)s THEN slice.date
                    END AS overdue_since,
                   CASE WHEN receipt.id IS NOT NULL THEN %(document)s END AS document
              FROM (%(rest)s) slice
              JOIN stock_warehouse warehouse ON warehouse.lot_stock_id = slice.pool_id
            %(receipt)s
             WHERE slice.qty > 0
          ORDER BY slice.date NULLS FIRST, slice.receipt_move_id
            """,
            steps=self._steps(product_ids, wanted=wanted),
            now=now(),
            midnight=self.env["res.company"]._backlog_midnight(),
            document=self.env["backlog.supply"]._document(),
            rest=self._rest(),
            receipt=self.env["backlog.supply"]._join_receipt(),
        )

    def _rest(self):
        """What no demand takes, per pool: free stock that is not to be removed by now,
        and the rest of each receipt. A warehouse inside the stock of another one has
        what is left in its own, and the outer one both. Reads the steps."""
        return SQL(
            """
              WITH untaken AS (
                    SELECT product_id, pool_id, SUM(qty) AS qty
                      FROM (
                            SELECT product_id, pool_id, fresh AS qty FROM stock
                         UNION ALL
                            SELECT product_id, pool_id, -COALESCE(taken_fresh, takes)
                              FROM queue
                           ) stock
                  GROUP BY product_id, pool_id
                   )
            SELECT product_id, pool_id, 'stock' AS source, qty,
                   NULL::timestamp AS date, NULL::bigint AS receipt_move_id
              FROM untaken
         UNION ALL
            SELECT product_id, home_id, 'stock', LEAST(untaken.qty, own.qty), NULL, NULL
              FROM (
                    SELECT product_id, pool_id, home_id, SUM(qty) AS qty
                      FROM (
                            SELECT quant.product_id, place.pool_id, place.home_id,
                                   COALESCE(%(quantity)s, 0)
                                   - COALESCE(%(reserved)s, 0) AS qty
                              FROM place
                              JOIN stock_quant quant ON quant.location_id = place.id
                             WHERE place.home_id <> place.pool_id
                         UNION ALL
                            SELECT product_id, pool_id, home_id, -takes
                              FROM queue
                             WHERE home_id <> pool_id
                           ) own
                  GROUP BY product_id, pool_id, home_id
                   ) own
              JOIN untaken USING (product_id, pool_id)
         UNION ALL
            SELECT product_id, pool_id, 'receipt', SUM(qty), MAX(date), supply_id
              FROM shared
             WHERE demand_id IS NULL
          GROUP BY product_id, pool_id, supply_id
            """,
            quantity=finite(SQL("quant.quantity")),
            reserved=finite(SQL("quant.reserved_quantity")),
        )

    def _linked(self):
        """The chained demand laid over the receipts that were made for it, and before
        it the counter-moves, which are not chained to their receipts."""
        return sweep(
            demand=SQL(
                """
                SELECT product_id, home_id AS pool_id, group_id, move_id, short AS qty,
                       CASE WHEN chained THEN queue_rank ELSE queue_rank - %s
                        END AS rank
                  FROM queue
                 WHERE group_id IS NOT NULL
                """,
                FIRST,
            ),
            supply=SQL(
                """
                SELECT product_id, home_id AS pool_id, group_id, date, move_id, qty
                  FROM receipt
                 WHERE group_id IS NOT NULL
                """
            ),
        )

    def _loose(self):
        """What the chained demand leaves of each receipt."""
        return SQL(
            """
            SELECT product_id, pool_id, MAX(date) AS date, move_id, SUM(qty) AS qty
              FROM (
                    SELECT product_id, home_id AS pool_id, date, move_id, qty
                      FROM receipt
                 UNION ALL
                    SELECT product_id, pool_id, NULL, supply_id, -qty
                      FROM linked
                     WHERE demand_id IS NOT NULL
                       AND supply_id IS NOT NULL
                   ) receipt
          GROUP BY product_id, pool_id, move_id
            """
        )

    def _named(self):
        """What goes to the demand that a receipt names (``_kin``), whoever is ahead:
        all that this demand still misses when the first such receipt comes. What comes
        before goes by the queue. So the queue of these few products is laid over all
        receipts once more, to see what it gives until then."""
        by_queue = self._sweep_shared(SQL("IN (SELECT product_id, pool_id FROM kin)"))
        return SQL(
            """
            SELECT * FROM (%s) named
             WHERE demand_id IS NOT NULL
               AND supply_id IS NOT NULL
            """,
            sweep(
                demand=SQL(
                    """
                    SELECT queue.product_id, queue.home_id AS pool_id, mine.group_id,
                           queue.queue_rank AS rank, queue.move_id, SUM(cut.qty) AS qty
                      FROM (%s) cut
                      JOIN queue ON queue.move_id = cut.demand_id
                      JOIN (
                            SELECT demand_id, MIN(group_id) AS group_id
                              FROM kin
                          GROUP BY demand_id
                           ) mine ON mine.demand_id = cut.demand_id
                      JOIN (
                            SELECT group_id, MIN(date) AS date
                              FROM kin
                          GROUP BY group_id
                           ) first ON first.group_id = mine.group_id
                     WHERE cut.supply_id IS NULL
                        OR cut.date >= first.date
                  GROUP BY queue.product_id, queue.home_id, mine.group_id,
                           queue.queue_rank, queue.move_id
                    """,
                    by_queue,
                ),
                supply=SQL(
                    """
                    SELECT loose.product_id, loose.pool_id, mine.group_id, loose.date,
                           loose.move_id, loose.qty
                      FROM loose
                      JOIN (
                            SELECT receipt_id, MIN(group_id) AS group_id
                              FROM kin
                          GROUP BY receipt_id
                           ) mine ON mine.receipt_id = loose.move_id
                    """
                ),
            ),
        )

    def _shared(self):
        """The demand that may take any goods, laid over all receipts, less what chained
        demand and the demand they name take of them."""
        return self._sweep_shared(SQL("IS NOT NULL"), less_named=True)

    def _sweep_shared(self, condition, less_named=False):
        """Lay the queue over the receipts by date. What chained demand has lost comes
        last: Odoo gives what arrives to the others first, and to it at night or when
        somebody checks availability.

        :param condition: on the product and the pool of both, as a row
        :param less_named: without what ``named`` gives away
        """
        less = SQL("- COALESCE(given.qty, 0)") if less_named else SQL()
        return sweep(
            demand=SQL(
                """
                SELECT product_id, home_id AS pool_id, home_id AS group_id,
                       CASE WHEN chained THEN queue_rank + %(last)s ELSE queue_rank
                        END AS rank,
                       move_id,
                       CASE WHEN chained THEN lost ELSE short %(less)s END AS qty
                  FROM queue
                %(given)s
                 WHERE (NOT chained OR lost > 0)
                   AND group_id IS NULL
                   AND (product_id, home_id) %(condition)s
                """,
                less=less,
                last=FIRST,
                given=self._join_named(less_named, "demand_id", "queue"),
                condition=condition,
            ),
            supply=SQL(
                """
                SELECT product_id, pool_id, pool_id AS group_id, date, move_id,
                       loose.qty %(less)s AS qty
                  FROM loose
                %(given)s
                 WHERE (product_id, pool_id) %(condition)s
                """,
                less=less,
                given=self._join_named(less_named, "supply_id", "loose"),
                condition=condition,
            ),
        )

    def _join_named(self, less_named, side, table):
        if not less_named:
            return SQL()
        return SQL(
            """
             LEFT JOIN (
                    SELECT %(side)s AS id, SUM(qty) AS qty
                      FROM named
                  GROUP BY %(side)s
                   ) given ON given.id = %(move)s
            """,
            side=SQL.identifier(side),
            move=SQL.identifier(table, "move_id"),
        )
