from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.given import given, giving
from ...tools.sql import (
    join_once,
    many_rows,
    minute,
    now,
    touched_of,
)


class BacklogAllocation(models.Model):
    """Who gets what, from where and when: the one definition of the split.

    One row per open demand and source, in the product's unit. It is a live SQL
    statement over stock moves, quants and receipts, and every other number of this
    addon reads it. Its last result is cached for the products that did not change since
    (see ``backlog.kept``), so it is fast, and exact in every transaction.

    The statement is a chain of named steps, one method each, so that a satellite
    addon changes one rule by overriding one method::

        place     location -> pool, the place of stock that serves together
        open_move every open move, in the unit of its product
        in_lot    what quants say, per product, pool and lot
        drifted   the products of which quants say another reservation than moves
        stock     per product and pool: free and over-reserved quantity, below zero
        feeder    the moves that open moves are chained to
        early     the steps of a delivery before its last one
        chain     what the origins of a chained move brought, or will bring
        counter_move  the moves the other way of lines and purchases that were lowered
        link      which receipts were made for which chained demand
        awaiting  the chained demand of each such group
        awaited   the receipts of each such group
        demand    every open move out of a pool; settled when its reservation covers it
        netted    what counter-moves take off demand and off receipts
        claim     the other demand in service order: what it keeps of its reservation,
                  and what it asks for
        uneven    the pools where not all goods are for everybody
        served    what each demand there takes, one after the other
        queue     the claims with what they take from stock and what they are short of
        lost      what moves between warehouses wait for that nobody sends any more
        arriving  every open move into a pool, less what is netted or lost
        receipt   what they bring besides what fills stock below zero
        linked    chained demand laid over its own receipts
        loose     what it leaves of them
        kin       which of these receipts name which other demand
        named     what they bring for it
        shared    the other demand laid over the other receipts
        slice     all of it, one row per demand and source

    Two quantities laid end to end over each other overlap in slices: see ``sweep``.

    This model puts cached and live rows together. The steps are methods of
    ``backlog.demand``, ``backlog.counter``, ``backlog.supply``, ``backlog.turn`` and
    ``backlog.live.slice``.
    """

    _name = "backlog.allocation"
    _description = "Backlog Allocation"
    _auto = False
    _order = "product_id, warehouse_id, date, id"
    _rec_name = "order_line_id"
    _depends = {
        "stock.move": [
            "backlog_date_by",
            "company_id",
            "date",
            "location_dest_id",
            "location_final_id",
            "location_id",
            "move_dest_ids",
            "origin_returned_move_id",
            "picking_id",
            "priority",
            "procure_method",
            "product_id",
            "product_qty",
            "product_uom",
            "purchase_line_id",
            "quantity",
            "reference_ids",
            "reservation_date",
            "rule_id",
            "sale_line_id",
            "state",
            "warehouse_id",
        ],
        "stock.move.line": [
            "location_dest_id",
            "location_id",
            "lot_id",
            "move_id",
            "owner_id",
            "package_id",
            "product_id",
            "quantity_product_uom",
            "result_package_id",
            "state",
        ],
        "stock.quant": [
            "in_date",
            "location_id",
            "lot_id",
            "owner_id",
            "package_id",
            "product_id",
            "quantity",
            "reserved_quantity",
        ],
        "stock.location": [
            "complete_name",
            "parent_path",
            "removal_strategy_id",
            "usage",
            "warehouse_id",
        ],
        "stock.rule": [
            "action",
            "active",
            "location_src_id",
            "procure_method",
            "route_id",
        ],
        "stock.warehouse": ["lot_stock_id", "reception_route_id"],
        "product.product": ["product_tmpl_id"],
        "product.template": ["categ_id", "is_storable", "tracking", "type", "uom_id"],
        "product.category": ["removal_strategy_id"],
        "res.partner": ["property_stock_customer"],
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
        "sale.order": ["company_id", "partner_shipping_id", "state"],
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
            ("none", "To order"),
        ],
        readonly=True,
        help="Reserved and free stock are Ready, On its way is Incoming, "
        "and for To order nobody has ordered anything yet.",
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
        "receipt for what is on its way, empty while nobody has ordered it. A receipt "
        "that is overdue counts as due today; nobody knows when it comes.",
    )
    overdue_since = fields.Datetime(
        readonly=True,
        help="When the receipt should have come, if that day is past: what it is "
        "dated with above is then no promise.",
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
        return self._slices(self._asked_products())

    def _field_to_sql(self, alias, field_expr, query=None):
        """Join the place in the queue only where it is read: counting it takes all
        slices of the queue."""
        if field_expr != "queue_rank" or query is None:
            return super()._field_to_sql(alias, field_expr, query)
        product_ids = self._asked_products()
        ranks = join_once(query, alias, "ranks", lambda: self._ranks(product_ids))
        return SQL.identifier(ranks, "queue_rank")

    @api.model
    def _ranks(self, product_ids=None):
        """``id, queue_rank`` of the slices that stand in a queue. ``move`` has the
        columns that ``backlog.live.slice._service_order`` names."""
        return SQL(
            """(
            SELECT slice.id,
                   DENSE_RANK() OVER (
                       PARTITION BY slice.product_id, slice.pool_id
                           ORDER BY %(service_order)s) AS queue_rank
              FROM (%(slices)s) slice
              JOIN stock_move ON stock_move.id = slice.move_id
        CROSS JOIN LATERAL (
                    SELECT stock_move.id, stock_move.priority, stock_move.date,
                           stock_move.reservation_date, slice.product_id,
                           slice.order_line_id, slice.warehouse_id, slice.company_id,
                           slice.pool_id, slice.to_customer
                   ) move
             WHERE slice.pool_id IS NOT NULL
            )""",
            service_order=self.env["backlog.live.slice"]._service_order(),
            slices=self._raw_slices(product_ids),
        )

    @api.model
    def _asked_products(self):
        """The ids of the products that the present call asks for, or None."""
        return given(self.env, "product_ids")

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
                   CASE WHEN slice.date < %(midnight)s THEN slice.date
                    END AS overdue_since,
                   slice.document
              FROM (%(slices)s) slice
            """,
            slices=self._raw_slices(product_ids),
            now=now(),
            midnight=self.env["res.company"]._backlog_midnight(),
        )

    @api.model
    def _raw_slices(self, product_ids=None):
        """The slices with the dates of the documents, past or not: cached rows of the
        products without a mark, live rows of the others.
        """
        stale = self.env["backlog.kept"]._stale()
        if stale is None:
            return self._computed_slices(product_ids)
        touched, untouched = touched_of(
            SQL("kept.asked_id"), stale.touched, product_ids
        )
        parts = []
        if untouched:
            parts.append(
                SQL(
                    "SELECT %s FROM backlog_kept_slice kept WHERE %s",
                    self._raw_columns("kept"),
                    untouched,
                )
            )
        if touched:
            parts.append(
                self.env["backlog.kept"]._at_state(
                    ("slices", minute(), *touched),
                    lambda: self._computed_slices(touched),
                )
            )
        return SQL(" UNION ALL ").join(parts)

    @api.model
    def _slices_behind(self, product_ids):
        """As ``_raw_slices``, of all products whose slices the live lines that move
        these products read."""
        return self._raw_slices(
            self.env["backlog.live.line"]._cause_products(product_ids)
        )

    @api.model
    def _computed_slices(self, product_ids):
        """The live slices of these products: their rows if they are few, which are
        computed now, else their statement."""
        return self.env["backlog.kept.slice"]._run_now(
            self._typed_slices(product_ids), product_ids, self._raw_names()
        )

    @api.model
    def _typed_slices(self, product_ids):
        """The live slices with the columns and types of the cached rows."""
        return SQL(
            "SELECT %s FROM %s slice",
            self._raw_columns("slice", typed=True),
            many_rows(
                SQL("(%s)", self.env["backlog.live.slice"]._live_slices(product_ids))
            ),
        )

    @api.model
    def _raw_names(self):
        """The columns that the cached rows and the live statement share."""
        columns = self.env["backlog.kept.slice"]._columns()
        return [column.name for column in columns if column.name != "sold_id"]

    @api.model
    def _raw_columns(self, table, typed=False):
        return self.env["backlog.kept.slice"]._selected(
            table, self._raw_names(), typed=typed
        )

    def _open_of_lines(self):
        """``{(order line, product): quantity}``: the open quantity of the order lines
        of these rows."""
        with giving(self, product_ids=self.product_id.ids) as rows:
            groups = rows._read_group(
                [("order_line_id", "in", self.order_line_id.ids)],
                ["order_line_id", "product_id"],
                ["qty:sum"],
            )
        return {
            (line.with_env(self.env), product.with_env(self.env)): quantity
            for line, product, quantity in groups
        }
