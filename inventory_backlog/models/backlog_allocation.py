from odoo import api, fields, models
from odoo.tools import SQL

from .backlog_mixin import join_once, many_rows, without_jit

OPEN_STATES = ("waiting", "confirmed", "partially_available", "assigned")
# Rows of the allocation come from stock moves: several per move, told apart by the
# last three bits of their id. The ids stay below 2**31, the limit of XML-RPC, up to
# 268 million moves. Without a move it is the order line that counts, below zero.
SLICE_KINDS = 8


class BacklogAllocation(models.Model):
    """Who gets what, from where and when: the one definition of the split.

    One row per open demand and source, in the product's unit. It is a live SQL
    statement over stock moves, quants and receipts, and every other number of this
    addon reads it. What it said last is kept for the products that nothing has touched
    since (see ``backlog.kept``), so it is fast, and exact in every transaction.

    The statement is a chain of named steps, one method each, so that a satellite
    addon changes one rule by overriding one method::

        place     location -> pool, the place of stock that serves together
        open_move every open move, in the unit of its product
        stock     per product and pool: free and over-reserved quantity
        feeder    the moves that open moves are chained to
        early     the steps of a delivery before its last one
        chain     what the origins of a chained move brought, or will bring
        link      which receipts were made for which chained demand
        awaiting  the chained demand of each such group
        awaited   the receipts of each such group
        demand    every open move out of a pool; settled when its reservation covers it
        queue     the other demand in service order: what it keeps of its reservation,
                  and what it takes from stock
        receipt   every open move into a pool
        linked    chained demand laid over its own receipts
        shared    the other demand laid over the other receipts
        slice     all of it, one row per demand and source

    Two quantities laid end to end over each other overlap in slices: see ``_sweep``.
    """

    _name = "backlog.allocation"
    _description = "Backlog Allocation"
    _auto = False
    _order = "product_id, warehouse_id, date, id"
    _rec_name = "order_line_id"
    _depends = {
        "stock.move": [
            "company_id",
            "date",
            "location_dest_id",
            "location_final_id",
            "location_id",
            "move_dest_ids",
            "picking_id",
            "priority",
            "procure_method",
            "product_id",
            "product_qty",
            "product_uom",
            "purchase_line_id",
            "quantity",
            "reservation_date",
            "sale_line_id",
            "state",
            "warehouse_id",
        ],
        "stock.quant": [
            "location_id",
            "lot_id",
            "product_id",
            "quantity",
            "reserved_quantity",
        ],
        "stock.location": ["parent_path", "usage", "warehouse_id"],
        "stock.warehouse": ["lot_stock_id"],
        "product.product": ["product_tmpl_id"],
        "product.template": ["is_storable", "tracking", "type", "uom_id"],
        "uom.uom": ["factor"],
        "stock.picking.type": ["default_location_dest_id"],
        "purchase.order": ["picking_type_id", "state"],
        "purchase.order.line": [
            "date_planned",
            "order_id",
            "product_id",
            "product_uom_qty",
            "sale_line_id",
        ],
        "sale.order.line": [
            "company_id",
            "display_type",
            "is_downpayment",
            "is_expense",
            "product_id",
            "product_uom_id",
            "product_uom_qty",
            "qty_delivered",
            "state",
            "warehouse_id",
        ],
        "sale.order": ["state"],
    }

    move_id = fields.Many2one("stock.move", "Demand", readonly=True)
    order_line_id = fields.Many2one("sale.order.line", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    warehouse_id = fields.Many2one("stock.warehouse", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    queue_rank = fields.Integer(
        "Place in Queue",
        readonly=True,
        prefetch=False,
        aggregator="min",
        help="Who is served first for this product in this place of stock. 1 is next.",
    )
    source = fields.Selection(
        [
            ("reserved", "Reserved"),
            ("stock", "Free stock"),
            ("receipt", "On its way"),
            ("none", "To source"),
        ],
        readonly=True,
        help="Reserved and free stock are Ready, On its way is Incoming, "
        "and for To source nobody has ordered anything yet.",
    )
    qty = fields.Float(
        "Quantity",
        digits="Product Unit",
        readonly=True,
        help="In the unit of the product.",
    )
    date = fields.Datetime(
        readonly=True,
        help="When this quantity is there: now for what is in stock, the date of the "
        "receipt for what is on its way (today when it is overdue), empty while "
        "nobody has ordered it.",
    )
    to_customer = fields.Boolean(
        "For a Customer",
        readonly=True,
        help="Demand of manufacturing orders and transfers waits in the same queue.",
    )
    receipt_move_id = fields.Many2one("stock.move", "Receipt", readonly=True)
    document = fields.Reference(
        selection="_selection_document",
        readonly=True,
        help="The purchase order, manufacturing order or transfer that brings it.",
    )

    @api.model
    def _selection_document(self):
        return [
            (model, self.env[model]._description)
            for model in ("purchase.order", "stock.picking")
        ]

    @property
    def _table_query(self):
        # The one context key of the addon: a caller that needs few products says so,
        # since no other filter makes the statement cheaper. It never changes a figure.
        return self._slices(self._asked_products())

    def _field_to_sql(self, alias, field_expr, query=None):
        """The place in the queue is counted when somebody asks for it: counting, all
        slices of a queue are looked at."""
        if field_expr != "queue_rank" or query is None:
            return super()._field_to_sql(alias, field_expr, query)
        product_ids = self._asked_products()
        ranks = join_once(query, alias, "ranks", lambda: self._ranks(product_ids))
        return SQL.identifier(ranks, "queue_rank")

    @api.model
    def _ranks(self, product_ids=None):
        """``id, queue_rank`` of the slices that stand in a queue."""
        return SQL(
            """(
            SELECT slice.id,
                   DENSE_RANK() OVER (
                       PARTITION BY slice.product_id, slice.pool_id
                           ORDER BY %(service_order)s) AS queue_rank
              FROM (%(slices)s) slice
              JOIN stock_move move ON move.id = slice.move_id
             WHERE slice.pool_id IS NOT NULL
            )""",
            service_order=self._service_order(),
            slices=self._raw_slices(product_ids),
        )

    @api.model
    def _asked_products(self):
        """The product ids of the context, or None. A context comes from anywhere."""
        ids = self.env.context.get("backlog_product_ids")
        if isinstance(ids, list | tuple) and all(isinstance(i, int) for i in ids):
            return ids
        return None

    @api.model
    def _slices(self, product_ids=None):
        """Return the statement that gives the columns of this model.

        :param product_ids: ids of products, or None for all. The demand of one
            product never touches another, so a filter on products is exact.
        """
        return SQL(
            """
            SELECT slice.id, slice.move_id, slice.order_line_id, slice.product_id,
                   slice.warehouse_id, slice.company_id, slice.source, slice.qty,
                   slice.to_customer, slice.receipt_move_id,
                   CASE slice.source
                        WHEN 'none' THEN NULL
                        ELSE GREATEST(slice.date, %(now)s)
                    END AS date,
                   slice.document
              FROM (%(slices)s) slice
            """,
            slices=self._raw_slices(product_ids),
            now=self._now(),
        )

    @api.model
    def _raw_slices(self, product_ids=None):
        """The slices with the dates of the documents, past or not: those that are kept
        of the products that nothing has touched since, and the live ones of the others.
        """
        stale = self.env["backlog.kept"]._stale()
        if stale is None:
            return self._typed_slices(product_ids)
        kept = SQL(
            """
            SELECT %(columns)s
              FROM backlog_kept_slice kept
             WHERE %(of_products)s
               AND %(untouched)s
            """,
            columns=self._raw_columns("kept"),
            of_products=self._of_products(SQL("kept.asked_id"), product_ids),
            untouched=self._of_others(SQL("kept.asked_id"), stale.touched),
        )
        touched = stale.touched
        if product_ids is not None:
            touched = list({*touched}.intersection(product_ids))
        if not touched:
            return kept
        return SQL("%s UNION ALL %s", kept, self._typed_slices(touched))

    @api.model
    def _typed_slices(self, product_ids):
        """The live slices in the shape of those that are kept."""
        return SQL(
            "SELECT %s FROM %s slice",
            self._raw_columns("slice", typed=True),
            many_rows(SQL("(%s)", self._live_slices(product_ids))),
        )

    @api.model
    def _raw_names(self):
        """The columns that are the same in what is kept and in the live statement."""
        columns = self.env["backlog.kept.slice"]._columns()
        return [column.name for column in columns if column.name != "sold_id"]

    @api.model
    def _raw_columns(self, table, typed=False):
        return self.env["backlog.kept.slice"]._selected(
            table, self._raw_names(), typed=typed
        )

    @api.model
    def _live_slices(self, product_ids=None):
        """The slices as the moves, quants and receipts say now."""
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
            steps=self._steps(product_ids),
            document=self._document(),
            receipt=self._join_receipt(),
        )

    @api.model
    def _join_receipt(self, slices="slice"):
        """The receipt of each of the ``slices`` and the purchase behind it. A step
        inside the warehouse has lost the purchase, the step before it knows."""
        return SQL(
            """
         LEFT JOIN stock_move receipt ON receipt.id = %(slices)s.receipt_move_id
         LEFT JOIN purchase_order_line ON purchase_order_line.id = COALESCE(
                       receipt.purchase_line_id,
                       CASE WHEN receipt.procure_method = 'make_to_order' THEN (
                           SELECT MIN(orig.purchase_line_id)
                             FROM stock_move_move_rel rel
                             JOIN stock_move orig ON orig.id = rel.move_orig_id
                            WHERE rel.move_dest_id = receipt.id
                       ) END
                   )
            """,
            slices=SQL.identifier(slices),
        )

    @api.model
    def _left_over(self, product_ids):
        """Return the statement of what the whole queue leaves: free stock and receipts
        that nobody ahead needs, in the order in which they will be there.

        Columns: ``product_id, warehouse_id, source, qty, date, document``; the source
        is ``stock`` or ``receipt``.
        """
        return SQL(
            """
            %(steps)s
            SELECT slice.product_id, warehouse.id AS warehouse_id, slice.source,
                   slice.qty, GREATEST(slice.date, %(now)s) AS date,
                   CASE WHEN receipt.id IS NOT NULL THEN %(document)s END AS document
              FROM (%(rest)s) slice
              JOIN stock_warehouse warehouse ON warehouse.lot_stock_id = slice.pool_id
            %(receipt)s
             WHERE slice.qty > 0
          ORDER BY slice.date NULLS FIRST, slice.receipt_move_id
            """,
            steps=self._steps(product_ids),
            now=self._now(),
            document=self._document(),
            rest=self._rest(),
            receipt=self._join_receipt(),
        )

    @api.model
    def _rest(self):
        """What no demand takes, per pool: free stock, and what is left of each receipt.
        Uses the steps."""
        return SQL(
            """
            SELECT product_id, pool_id, 'stock' AS source, SUM(qty) AS qty,
                   NULL::timestamp AS date, NULL::bigint AS receipt_move_id
              FROM (
                    SELECT product_id, pool_id, free AS qty FROM stock
                 UNION ALL
                    SELECT product_id, pool_id, -taken FROM queue
                   ) stock
          GROUP BY product_id, pool_id
         UNION ALL
            SELECT product_id, pool_id, 'receipt', SUM(qty), MAX(date), supply_id
              FROM shared
             WHERE demand_id IS NULL
          GROUP BY product_id, pool_id, supply_id
            """
        )

    def _open_of_lines(self):
        """``{(order line, product): quantity}``: all that is open of the order lines of
        these rows."""
        return {
            (line, product): quantity
            for line, product, quantity in self.with_context(
                backlog_product_ids=self.product_id.ids
            )._read_group(
                [("order_line_id", "in", self.order_line_id.ids)],
                ["order_line_id", "product_id"],
                ["qty:sum"],
            )
        }

    @api.model
    def _now(self):
        """The moment that overdue receipts and goods in stock are dated with."""
        return fields.Datetime.now()

    @api.model
    def _document(self):
        """The document behind ``receipt``, as ``model,id``: the narrowest first."""
        return SQL(
            """CASE WHEN purchase_order_line.order_id IS NOT NULL
                    THEN 'purchase.order,' || purchase_order_line.order_id
                    ELSE 'stock.picking,' || receipt.picking_id
               END"""
        )

    @api.model
    def _steps(self, product_ids=None):
        """Return ``WITH place AS (…), … slice AS (…)``. Every step is materialized: the
        planner has no statistics of a step and, believing in one row, would compute it
        again for each row of the next."""
        without_jit(self.env)
        return SQL(
            """
              WITH place AS MATERIALIZED (%s),
                   open_move AS MATERIALIZED (%s),
                   stock AS MATERIALIZED (%s),
                   feeder AS MATERIALIZED (%s),
                   early AS MATERIALIZED (%s),
                   chain AS MATERIALIZED (%s),
                   link AS MATERIALIZED (%s),
                   awaiting AS MATERIALIZED (%s),
                   awaited AS MATERIALIZED (%s),
                   demand AS MATERIALIZED (%s),
                   queue AS MATERIALIZED (%s),
                   receipt AS MATERIALIZED (%s),
                   linked AS MATERIALIZED (%s),
                   shared AS MATERIALIZED (%s),
                   slice AS (%s)
            """,
            self._place(),
            self._open_move(product_ids),
            self._stock(product_ids),
            self._feeder(),
            self._early(),
            self._chain(),
            self._link(),
            self._link_groups("demand_id"),
            self._link_groups("receipt_id"),
            self._demand(),
            self._queue(),
            self._receipt(),
            self._linked(),
            self._shared(),
            self._slice(product_ids),
        )

    @api.model
    def _of_products(self, column, product_ids):
        """A condition on the products, cheap for PostgreSQL to push down."""
        if product_ids is None:
            return SQL("TRUE")
        return SQL("%s = ANY(%s)", column, list(product_ids))

    @api.model
    def _of_others(self, column, product_ids):
        """Where there are none, an index can do without the column."""
        if not product_ids:
            return SQL("TRUE")
        return SQL("%s <> ALL(%s)", column, product_ids)

    @api.model
    def _is_open(self, move):
        return SQL("%s.state IN %s", SQL.identifier(move), OPEN_STATES)

    @api.model
    def _customer_location_ids(self):
        """Places outside that end an order though they are no customer's: Odoo sells
        between companies through the inter-company transit location."""
        # Not by ref: it would look each time whether the location still exists.
        return [
            self.env["ir.model.data"]._xmlid_to_res_id(
                "stock.stock_location_inter_company"
            )
            or 0
        ]

    @api.model
    def _place(self):
        """A pool is a place with all its shelves, since Odoo reserves from the whole
        subtree: the stock of a warehouse, or the topmost location of the same kind
        (input, output, transit). A warehouse itself, which is a view, means its stock.
        """
        return SQL(
            """
            SELECT location.id, location.warehouse_id,
                   CASE WHEN location.parent_path LIKE stock.parent_path || '%%'
                          OR location.usage = 'view'
                        THEN stock.id
                        ELSE (
                            SELECT above.id
                              FROM stock_location above
                             WHERE above.usage = location.usage
                               AND above.id = ANY(STRING_TO_ARRAY(
                                   TRIM('/' FROM location.parent_path), '/')::int[])
                          ORDER BY LENGTH(above.parent_path)
                             LIMIT 1
                        )
                    END AS pool_id,
                   stock.id AS stock_id
              FROM stock_location location
         LEFT JOIN stock_warehouse warehouse ON warehouse.id = location.warehouse_id
         LEFT JOIN stock_location stock ON stock.id = warehouse.lot_stock_id
             WHERE location.usage IN ('internal', 'transit')
                OR location.usage = 'view'
                   AND stock.parent_path LIKE location.parent_path || '%%'
            """
        )

    @api.model
    def _open_move(self, product_ids):
        """Every open move with what the other steps ask of it, in the product's unit.
        It is read once: reading the moves is a good part of the whole."""
        return SQL(
            """
            SELECT move.id, move.product_id, move.location_id, move.location_dest_id,
                   COALESCE(move.location_final_id, move.location_dest_id) AS final_id,
                   move.company_id, move.warehouse_id, move.sale_line_id,
                   move.purchase_line_id, move.procure_method, move.priority, move.date,
                   move.reservation_date, move.product_qty AS qty,
                   CASE WHEN move.quantity > 0 THEN ROUND(
                            move.quantity * move_uom.factor / product_uom.factor, 6)
                        ELSE 0
                    END AS reserved,
                   template.is_storable
              FROM stock_move move
              JOIN product_product product ON product.id = move.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom move_uom ON move_uom.id = move.product_uom
              JOIN uom_uom product_uom ON product_uom.id = template.uom_id
             WHERE %(move_open)s
               AND %(of_products)s
            """,
            move_open=self._is_open("move"),
            of_products=self._of_products(SQL("move.product_id"), product_ids),
        )

    @api.model
    def _stock(self, product_ids):
        """Free and over-reserved quantity. Negative quants count against the others,
        but a lot of a tracked product cannot stand in for another, as in Odoo's own
        ``stock.quant._get_available_quantity``. So a lot misses what it has promised
        and does not have, and never more."""
        return SQL(
            """
            SELECT product_id, pool_id,
                   SUM(GREATEST(free, 0)) AS free,
                   SUM(GREATEST(LEAST(-free, reserved), 0)) AS missing
              FROM (
                    SELECT quant.product_id, place.pool_id,
                           SUM(COALESCE(quant.quantity, 0)
                               - COALESCE(quant.reserved_quantity, 0)) AS free,
                           SUM(COALESCE(quant.reserved_quantity, 0)) AS reserved
                      FROM stock_quant quant
                      JOIN place ON place.id = quant.location_id
                      JOIN product_product product ON product.id = quant.product_id
                      JOIN product_template template
                        ON template.id = product.product_tmpl_id
                     WHERE %(of_products)s
                  GROUP BY quant.product_id, place.pool_id,
                           CASE template.tracking
                                WHEN 'none' THEN 0
                                ELSE COALESCE(quant.lot_id, 0)
                            END
                   ) per_lot
          GROUP BY product_id, pool_id
            """,
            of_products=self._of_products(SQL("quant.product_id"), product_ids),
        )

    @api.model
    def _feeder(self):
        """The origins of every open move: what each brought or brings, whether it
        brings it to where the move takes it, and whether it is an earlier step of the
        same delivery."""
        return SQL(
            """
            SELECT move.id AS move_id, orig.id AS orig_id, orig.product_qty AS qty,
                   CASE WHEN orig.state = 'done'
                        THEN orig.quantity * orig_uom.factor / product_uom.factor
                    END AS brought,
                   %(orig_open)s AS is_open,
                   orig_to.pool_id = move_from.pool_id AS is_receipt,
                   %(same_delivery)s AS same_delivery
              FROM open_move move
              JOIN place move_from ON move_from.id = move.location_id
              JOIN stock_move_move_rel rel ON rel.move_dest_id = move.id
              JOIN stock_move orig ON orig.id = rel.move_orig_id
              JOIN uom_uom orig_uom ON orig_uom.id = orig.product_uom
              JOIN product_product product ON product.id = orig.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom product_uom ON product_uom.id = template.uom_id
              JOIN stock_location orig_from ON orig_from.id = orig.location_id
         LEFT JOIN place orig_to ON orig_to.id
                       = COALESCE(orig.location_final_id, orig.location_dest_id)
            """,
            orig_open=self._is_open("orig"),
            same_delivery=self._same_delivery("orig", "move"),
        )

    @api.model
    def _early(self):
        """The steps of a delivery before its last one, in a route of pull rules (see
        ``_chain``)."""
        return SQL(
            "SELECT DISTINCT orig_id AS move_id FROM feeder "
            "WHERE is_open AND same_delivery"
        )

    @api.model
    def _chain(self):
        """For every open move with origins: what they brought (``brought``) and what of
        the same order line still waits upstream in the same warehouse (``upstream``).

        Odoo 19 creates the next delivery step when the last one is done, but routes
        made of pull rules create all steps at once, each with the order line. Then the
        goods wait at the first step: its quantity is the customer's demand there, and
        the later step demands only the rest.
        """
        return SQL(
            """
            SELECT move_id, MIN(orig_id) AS chain_id, SUM(brought) AS brought,
                   SUM(qty) FILTER (WHERE is_open AND same_delivery) AS upstream
              FROM feeder
          GROUP BY move_id
            """
        )

    @api.model
    def _same_delivery(self, upstream, downstream):
        """Two steps of the delivery of one order line inside one warehouse. A step into
        the stock itself is part of a receipt, not of a delivery."""
        return SQL(
            """
            %(upstream)s.sale_line_id = %(downstream)s.sale_line_id
            AND %(upstream_from)s.usage = 'internal'
            AND %(upstream_from)s.warehouse_id = %(downstream_from)s.warehouse_id
            AND %(downstream_from)s.pool_id <> %(downstream_from)s.stock_id
            """,
            upstream=SQL.identifier(upstream),
            downstream=SQL.identifier(downstream),
            upstream_from=SQL.identifier(f"{upstream}_from"),
            downstream_from=SQL.identifier(f"{downstream}_from"),
        )

    @api.model
    def _service_order(self):
        """Who is served first: the order of Odoo's forecast report. Moves that may be
        reserved today by priority and date, then those whose day is still to come. The
        id breaks ties, so the order is total."""
        today = self._now().date()
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

    @api.model
    def _demand(self):
        """Every open move that takes goods out of a pool: for customers, but also for
        production, other warehouses and the next step, since all of them compete.

        Most of it is settled: all of it is reserved, and nothing is reserved beyond
        what is there. It needs no place in the queue, as what is not counted has none.
        """
        return SQL(
            """
            SELECT demand.*,
                   NOT is_storable OR reserved = qty AND missing = 0 AS settled
              FROM (
                    SELECT move.id AS move_id, move.product_id, place.pool_id,
                           place.warehouse_id, move.company_id, move.is_storable,
                           %(is_customer)s AS to_customer,
                           CASE WHEN %(is_customer)s THEN move.sale_line_id
                            END AS order_line_id,
                           move.priority, move.date, move.reservation_date,
                           need.qty, LEAST(need.qty, move.reserved) AS reserved,
                           (chain.move_id IS NOT NULL
                            OR move.procure_method = 'make_to_order') AS chained,
                           chain.chain_id, chain.brought, awaiting.group_id,
                           NULLIF(move.location_id, place.pool_id) AS shelf_id,
                           COALESCE(stock.free, 0) AS free,
                           COALESCE(stock.missing, 0) AS missing
                      FROM open_move move
                      JOIN place ON place.id = move.location_id
                 LEFT JOIN place dest ON dest.id = move.location_dest_id
                      JOIN stock_location final ON final.id = move.final_id
                 LEFT JOIN early ON early.move_id = move.id
                 LEFT JOIN chain ON chain.move_id = move.id
                 LEFT JOIN awaiting ON awaiting.move_id = move.id
                 LEFT JOIN stock ON stock.product_id = move.product_id
                                AND stock.pool_id = place.pool_id
                CROSS JOIN LATERAL (
                            SELECT move.qty - COALESCE(chain.upstream, 0) AS qty
                           ) need
                     WHERE need.qty > 0
                       AND (dest.pool_id IS DISTINCT FROM place.pool_id
                            OR %(is_customer)s)
                   ) demand
            """,
            is_customer=self._is_customer(),
        )

    @api.model
    def _is_customer(self):
        """Whether ``move`` ends at a customer, or is an early step of such a
        delivery."""
        return SQL(
            "(final.usage = 'customer' OR final.id IN %(transit)s "
            "OR final.usage = 'internal' AND early.move_id IS NOT NULL)",
            transit=tuple(self._customer_location_ids()),
        )

    @api.model
    def _queue(self):
        """What each demand keeps of its reservation and takes from free stock.

        A quantity forced beyond what is there is cut from the back of the queue. A
        chained move takes only what was brought for it, one that leaves from a shelf
        only what lies there, the others what is left by those ahead of them.
        """
        return SQL(
            """
            SELECT *,
                   LEAST(
                       may_take,
                       GREATEST(free - (SUM(may_take) OVER ahead - may_take), 0)
                   ) AS taken
              FROM (
                    SELECT claim.*,
                           CASE WHEN at_most IS NULL THEN qty - reserved
                                ELSE LEAST(
                                    qty - reserved,
                                    GREATEST(at_most - (
                                        SUM(qty - reserved) OVER peers
                                        - qty + reserved
                                    ), 0)
                                )
                            END AS may_take
                      FROM (
                            SELECT demand.*,
                                   reserved - LEAST(
                                       reserved, GREATEST(missing - reserved_behind, 0)
                                   ) AS kept,
                                   CASE WHEN chained THEN %(brought_left)s
                                        WHEN shelf_id IS NOT NULL THEN %(on_shelf)s
                                    END AS at_most
                              FROM (%(ranked)s) demand
                           ) claim
                    WINDOW peers AS (
                           PARTITION BY product_id, pool_id, chained, chain_id, shelf_id
                               ORDER BY queue_rank ROWS UNBOUNDED PRECEDING)
                   ) claim
            WINDOW ahead AS (
                   PARTITION BY product_id, pool_id
                       ORDER BY queue_rank ROWS UNBOUNDED PRECEDING)
            """,
            ranked=self._ranked(),
            brought_left=self._brought_left(),
            on_shelf=self._on_shelf(),
        )

    @api.model
    def _ranked(self):
        """The demand that is not settled, in service order."""
        return SQL(
            """
            SELECT move.*,
                   ROW_NUMBER() OVER ahead AS queue_rank,
                   SUM(reserved) OVER whole - SUM(reserved) OVER ahead
                       AS reserved_behind
              FROM (SELECT *, move_id AS id FROM demand WHERE NOT settled) move
            WINDOW whole AS (PARTITION BY product_id, pool_id),
                   ahead AS (
                   PARTITION BY product_id, pool_id
                       ORDER BY %(service_order)s ROWS UNBOUNDED PRECEDING)
            """,
            service_order=self._service_order(),
        )

    @api.model
    def _on_shelf(self):
        """What is free on the shelf, and below it, that a move leaves from: it takes
        nothing from the shelves beside it."""
        return SQL(
            """
            (SELECT COALESCE(SUM(COALESCE(quant.quantity, 0)
                                 - COALESCE(quant.reserved_quantity, 0)), 0)
               FROM stock_quant quant
               JOIN stock_location location ON location.id = quant.location_id
               JOIN stock_location shelf ON shelf.id = demand.shelf_id
              WHERE quant.product_id = demand.product_id
                AND location.parent_path LIKE shelf.parent_path || '%%')
            """
        )

    @api.model
    def _brought_left(self):
        """What the origins of a chained move brought and no sibling has taken, as in
        Odoo's own ``stock.move._get_available_move_lines``."""
        return SQL(
            """
            CASE WHEN brought > reserved THEN GREATEST(brought - (
                SELECT COALESCE(SUM(
                           sibling.quantity * move_uom.factor / product_uom.factor
                       ), 0)
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
            """
        )

    @api.model
    def _receipt(self):
        """Every open move that brings goods into a pool from elsewhere. Goods in Input
        or in quality are still on their way. Requests for quotation have no moves.

        A move between two shelves of one pool brings back what it has reserved: nobody
        can take that before it is done. When the buyer puts a purchase off, Odoo leaves
        the date of its receipt as it was, so the later of both counts.
        """
        return SQL(
            """
            SELECT move.id AS move_id, move.product_id, place.pool_id, brings.qty,
                   awaited.group_id,
                   GREATEST(move.date, purchased.date_planned) AS date
              FROM open_move move
              JOIN place ON place.id = move.final_id
         LEFT JOIN place origin ON origin.id = move.location_id
         LEFT JOIN purchase_order_line purchased ON purchased.id = move.purchase_line_id
         LEFT JOIN awaited ON awaited.move_id = move.id
        CROSS JOIN LATERAL (
                    SELECT CASE WHEN origin.pool_id = place.pool_id
                                THEN LEAST(move.qty, move.reserved)
                                ELSE move.qty
                            END AS qty
                   ) brings
             WHERE brings.qty > 0
            """
        )

    @api.model
    def _link(self):
        """Chained demand and the open receipts made for it. Moves that share a receipt
        form one group, named by the lowest receipt; two rounds of looking at the
        neighbours name it in every shape that Odoo's splitting and merging makes."""
        pairs = SQL(
            """
            SELECT move_id AS demand_id, orig_id AS receipt_id, orig_id AS group_id
              FROM feeder
             WHERE is_open
               AND is_receipt
            """
        )
        for neighbour in ("demand_id", "receipt_id") * 2:
            pairs = SQL(
                """
                SELECT demand_id, receipt_id,
                       MIN(group_id) OVER (PARTITION BY %s) AS group_id
                  FROM (%s) pair
                """,
                SQL.identifier(neighbour),
                pairs,
            )
        return pairs

    @api.model
    def _link_groups(self, side):
        """The group of each demand or receipt, whichever ``side`` names."""
        return SQL(
            "SELECT %(side)s AS move_id, MIN(group_id) AS group_id "
            "FROM link GROUP BY %(side)s",
            side=SQL.identifier(side),
        )

    @api.model
    def _linked(self):
        """The chained demand laid over the receipts that were made for it."""
        return self._sweep(
            demand=SQL(
                """
                SELECT product_id, pool_id, group_id, queue_rank AS rank, move_id,
                       qty - kept - taken AS qty
                  FROM queue
                 WHERE group_id IS NOT NULL
                """
            ),
            supply=SQL(
                """
                SELECT product_id, pool_id, group_id, date, move_id, qty
                  FROM receipt
                 WHERE group_id IS NOT NULL
                """
            ),
        )

    @api.model
    def _shared(self):
        """The demand that may take any goods, laid over all receipts, less what the
        chained demand takes of them."""
        return self._sweep(
            demand=SQL(
                """
                SELECT product_id, pool_id, pool_id AS group_id, queue_rank AS rank,
                       move_id, qty - kept - taken AS qty
                  FROM queue
                 WHERE NOT chained
                """
            ),
            supply=SQL(
                """
                SELECT product_id, pool_id, pool_id AS group_id, MAX(date) AS date,
                       move_id, SUM(qty) AS qty
                  FROM (
                        SELECT product_id, pool_id, date, move_id, qty
                          FROM receipt
                     UNION ALL
                        SELECT product_id, pool_id, NULL, supply_id, -qty
                          FROM linked
                         WHERE demand_id IS NOT NULL
                           AND supply_id IS NOT NULL
                       ) receipt
              GROUP BY product_id, pool_id, move_id
                """
            ),
        )

    @api.model
    def _sweep(self, demand, supply):
        """Lay demand and supply end to end, each in its order, and cut at every end.

        What lies between two cuts belongs to the demand and to the supply that end
        next. The next end is a running minimum taken backwards, so one sort does it
        all: no join of ranges, which would be quadratic for a popular product. Rank and
        id travel in one number, since the minimum of the rank must bring its id along;
        the dates of the supply rise with its rank anyway.

        Both give ``product_id, pool_id, group_id, move_id, qty``; the demand its
        ``rank``, the supply its ``date``. A slice without ``supply_id`` is uncovered,
        one without ``demand_id`` is left over. ``move_id`` and ``is_supply`` name the
        row that ends the slice.
        """
        return SQL(
            """
            SELECT *
              FROM (
                    SELECT product_id, pool_id, move_id, is_supply,
                           upto - LAG(upto, 1, 0::numeric) OVER forth AS qty,
                           MIN(CASE WHEN NOT is_supply THEN key END) OVER back
                               & 4294967295 AS demand_id,
                           MIN(CASE WHEN is_supply THEN key END) OVER back
                               & 4294967295 AS supply_id,
                           MIN(date) OVER back AS date
                      FROM (
                            SELECT *, rank << 32 | move_id AS key,
                                   SUM(qty) OVER (
                                       PARTITION BY product_id, group_id, is_supply
                                           ORDER BY rank ROWS UNBOUNDED PRECEDING
                                   ) AS upto
                              FROM (
                                    SELECT product_id, pool_id, group_id, rank,
                                           move_id, qty, NULL::timestamp AS date,
                                           FALSE AS is_supply
                                      FROM (%(demand)s) demand
                                     WHERE qty > 0
                                 UNION ALL
                                    SELECT product_id, pool_id, group_id,
                                           ROW_NUMBER() OVER (
                                               PARTITION BY product_id, group_id
                                                   ORDER BY date, move_id),
                                           move_id, qty, date, TRUE
                                      FROM (%(supply)s) supply
                                     WHERE qty > 0
                                   ) laid
                           ) laid
                    WINDOW forth AS (
                           PARTITION BY product_id, group_id
                               ORDER BY upto, is_supply, rank),
                           back AS (
                           PARTITION BY product_id, group_id
                               ORDER BY upto DESC, is_supply DESC, rank DESC
                                   ROWS UNBOUNDED PRECEDING)
                   ) cut
             WHERE qty > 0
            """,
            demand=demand,
            supply=supply,
        )

    @api.model
    def _slice(self, product_ids):
        """All slices. The source is one of the contract's; the last bits of the id tell
        the slices of one move apart (see ``SLICE_KINDS``). ``asked_id`` is the product
        that one asks for to get the row: ``product_ids`` finds it by that.

        Whoever only wants to know what is ready of some lines says which by the context
        (``backlog_ready_of``, a condition on slices): all the rest is to be sourced
        then, and nothing is laid over the receipts.
        """
        ready_of = self.env.context.get("backlog_ready_of")
        if not isinstance(ready_of, SQL):
            ready_of = None
        row = SQL(
            "product_id AS asked_id, move_id, order_line_id, product_id, warehouse_id, "
            "company_id, pool_id"
        )
        slices = SQL(
            """
            SELECT move_id * %(kinds)s AS id, %(row)s, 'reserved' AS source,
                   kept AS qty, to_customer, NULL::integer AS receipt_move_id,
                   NULL::timestamp AS date
              FROM queue
             WHERE kept > 0
         UNION ALL
            SELECT move_id * %(kinds)s + (NOT is_storable)::integer, %(row)s,
                   CASE WHEN is_storable THEN 'reserved' ELSE 'stock' END, qty,
                   to_customer, NULL, NULL
              FROM demand
             WHERE settled
         UNION ALL
            SELECT move_id * %(kinds)s + 1, %(row)s, 'stock', taken, to_customer,
                   NULL, NULL
              FROM queue
             WHERE taken > 0
         UNION ALL
            %(laid)s
            SELECT move_id * %(kinds)s + 6, %(row)s, 'none', qty - kept - taken,
                   to_customer, NULL, NULL
              FROM queue
             WHERE qty - kept - taken > 0
               AND %(not_laid)s
         UNION ALL
            %(direct)s
         UNION ALL
            %(not_procured)s
         UNION ALL
            %(requested_direct)s
            """,
            kinds=SLICE_KINDS,
            row=row,
            laid=SQL() if ready_of else SQL("%s UNION ALL", self._laid()),
            not_laid=SQL("TRUE") if ready_of else SQL("chained AND group_id IS NULL"),
            direct=self._direct(),
            not_procured=self._not_procured(product_ids),
            requested_direct=self._requested_direct(product_ids),
        )
        if ready_of:
            return SQL("SELECT * FROM (%s) slice WHERE %s", slices, ready_of)
        return slices

    @api.model
    def _laid(self):
        """The demand that was laid over receipts, as slices."""
        return SQL(
            """
            SELECT cut.move_id * %s + cut.kind, queue.product_id, queue.move_id,
                   queue.order_line_id, queue.product_id, queue.warehouse_id,
                   queue.company_id, queue.pool_id,
                   CASE WHEN cut.supply_id IS NULL THEN 'none' ELSE 'receipt' END,
                   cut.qty, queue.to_customer, cut.supply_id::integer, cut.date
              FROM (SELECT *, 2 + is_supply::integer AS kind FROM linked
                 UNION ALL
                    SELECT *, 4 + is_supply::integer FROM shared) cut
              JOIN queue ON queue.move_id = cut.demand_id
            """,
            SLICE_KINDS,
        )

    @api.model
    def _direct(self):
        """Goods that a vendor ships straight to the customer never touch our stock."""
        return SQL(
            """
            SELECT move.id * %(kinds)s + 7, move.product_id, move.id, move.sale_line_id,
                   move.product_id, move.warehouse_id, move.company_id, NULL,
                   'receipt', move.qty, TRUE, move.id,
                   GREATEST(move.date, purchased.date_planned)
              FROM open_move move
         LEFT JOIN purchase_order_line purchased ON purchased.id = move.purchase_line_id
              JOIN stock_location origin ON origin.id = move.location_id
              JOIN stock_location final ON final.id = move.final_id
             WHERE move.qty > 0
               AND origin.usage IN ('supplier', 'production')
               AND (final.usage = 'customer' OR final.id IN %(transit)s)
            """,
            kinds=SLICE_KINDS,
            transit=tuple(self._customer_location_ids()),
        )

    @api.model
    def _not_procured(self, product_ids):
        """Confirmed lines of goods without any move: dropshipped ones whose purchase is
        still a request, and orders confirmed before the inventory app came."""
        return SQL(
            """
            SELECT -line.id * %(kinds)s, line.product_id, NULL, line.id,
                   line.product_id, line.warehouse_id, line.company_id, NULL, 'none',
                   (line.product_uom_qty - line.qty_delivered)
                       * line_uom.factor / product_uom.factor,
                   TRUE, NULL, NULL
              FROM sale_order_line line
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
              JOIN uom_uom product_uom ON product_uom.id = template.uom_id
             WHERE line.state = 'sale'
               AND template.type = 'consu'
               AND line.display_type IS NULL
               AND line.is_downpayment IS NOT TRUE
               AND line.is_expense IS NOT TRUE
               AND line.product_uom_qty > line.qty_delivered
               AND %(of_products)s
               AND line.id NOT IN (
                   SELECT order_line_id FROM demand WHERE order_line_id IS NOT NULL
               )
               AND (
                   SELECT move.id
                     FROM stock_move move
                    WHERE %(counts)s
                    LIMIT 1
               ) IS NULL
            """,
            kinds=SLICE_KINDS,
            counts=self._is_move_of_line(),
            of_products=self._of_products(SQL("line.product_id"), product_ids),
        )

    @api.model
    def _is_move_of_line(self):
        """Whether ``move`` stands for ``line``. When a vendor declines, Odoo cancels
        the dropship; the customer still waits, so that is as if it had never been."""
        return SQL(
            """
            move.sale_line_id = line.id
            AND (move.state <> 'cancel' OR move.location_id <> ALL(ARRAY(
                SELECT id FROM stock_location WHERE usage = 'supplier'
            )))
            """
        )

    @api.model
    def _requested_direct(self, product_ids):
        """The part of a dropshipped line that is still a request while the rest of it
        has moves: Odoo asks the vendor again when the quantity is raised."""
        return SQL(
            """
            SELECT -line.id * %(kinds)s, line.product_id, NULL, line.id,
                   line.product_id, line.warehouse_id, line.company_id, NULL, 'none',
                   rest.qty, TRUE, NULL, NULL
              FROM (
                    SELECT wanted.sale_line_id, wanted.product_id,
                           SUM(wanted.product_uom_qty)::numeric AS qty
                      FROM purchase_order_line wanted
                      JOIN purchase_order request ON request.id = wanted.order_id
                      JOIN stock_picking_type type
                        ON type.id = request.picking_type_id
                      JOIN stock_location dest
                        ON dest.id = type.default_location_dest_id
                     WHERE request.state IN ('draft', 'sent', 'to approve')
                       AND dest.usage = 'customer'
                       AND wanted.sale_line_id IS NOT NULL
                  GROUP BY wanted.sale_line_id, wanted.product_id
                   ) request
              JOIN sale_order_line line ON line.id = request.sale_line_id
                                       AND line.product_id = request.product_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
              JOIN uom_uom product_uom ON product_uom.id = template.uom_id
        CROSS JOIN LATERAL (
                    SELECT SUM(product_qty) FILTER (WHERE %(move_open)s) AS open_qty
                      FROM stock_move move
                     WHERE %(counts)s
                    HAVING COUNT(*) > 0
                   ) moves
        CROSS JOIN LATERAL (
                    SELECT LEAST(
                               request.qty,
                               (line.product_uom_qty - line.qty_delivered)
                                   * line_uom.factor / product_uom.factor
                                   - COALESCE(moves.open_qty, 0)
                           ) AS qty
                   ) rest
             WHERE line.state = 'sale'
               AND rest.qty > 0
               AND %(of_products)s
            """,
            kinds=SLICE_KINDS,
            counts=self._is_move_of_line(),
            move_open=self._is_open("move"),
            of_products=self._of_products(SQL("line.product_id"), product_ids),
        )
