from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .backlog_line import VALUE_GROUPS
from .backlog_mixin import Rate, without_jit

# What the rates on time in full are counted from.
OTIF_OF_LINES = {"otif_first": "first_promise_date", "otif_promise": "promise_date"}
OTIF_OF_ORDERS = {
    "otif_order_first": "otif_first",
    "otif_order_promise": "otif_promise",
}
# Those that are no plain average of a column.
RATES = (
    "first_unit_fill_rate",
    "backorder_value_rate",
    *OTIF_OF_LINES,
    *OTIF_OF_ORDERS,
)


class BacklogService(models.Model):
    """How well customers were served: one row per confirmed order line of goods; the id
    is the order line's.

    *First fill* is what was ready when the line was confirmed, see
    ``sale.order.line.first_ready_qty``. *On time in full* (OTIF) is counted for what is
    due: the promised day is past, or all of it is delivered. In full means that what
    was delivered, as Odoo counts it, has once been at least what the line says today;
    on time means that the delivery that made it so was not after the promised day. What
    comes back later, to be refunded or replaced, is a return and no miss; a kit, which
    comes back as components, counts as not delivered then. Days are those of the time
    zone of the company.

    What is not known or not due is empty and never counted. Averages are right in
    groups and totals: each line weighs the same, each order once in the rates of
    orders, and the value rates weigh by value, over several companies in one currency.
    """

    _name = "backlog.service"
    _inherit = ["backlog.row.mixin"]
    _description = "Delivery Service"
    _auto = False
    _order = "date_order desc, id desc"
    _rec_name = "order_line_id"
    _depends = {
        "product.template": ["categ_id", "type", "uom_id"],
        "res.company": ["currency_id"],
        "res.currency": ["rounding"],
        "res.partner": ["country_id", "tz"],
        "sale.order": [
            "commitment_date",
            "currency_rate",
            "date_order",
            "partner_id",
            "state",
            "team_id",
            "user_id",
            "warehouse_id",
        ],
        "sale.order.line": [
            "company_id",
            "customer_lead",
            "display_type",
            "first_open_qty",
            "first_promise_date",
            "first_ready_qty",
            "is_downpayment",
            "is_expense",
            "order_id",
            "price_subtotal",
            "product_id",
            "product_uom_id",
            "product_uom_qty",
            "qty_delivered",
            "state",
            "warehouse_id",
        ],
        "stock.location": ["usage"],
        "stock.move": [
            "date",
            "location_dest_id",
            "location_id",
            "origin_returned_move_id",
            "product_id",
            "product_uom",
            "quantity",
            "sale_line_id",
            "state",
            "to_refund",
        ],
        "uom.uom": ["factor"],
    }

    order_line_id = fields.Many2one("sale.order.line", readonly=True)
    order_id = fields.Many2one("sale.order", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    country_id = fields.Many2one("res.country", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    categ_id = fields.Many2one("product.category", "Product Category", readonly=True)
    warehouse_id = fields.Many2one("stock.warehouse", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    user_id = fields.Many2one("res.users", "Salesperson", readonly=True)
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True)
    date_order = fields.Datetime(
        "Order Date", readonly=True, help="When the order was confirmed."
    )
    first_promise_date = fields.Datetime(
        "First Promise",
        readonly=True,
        help="What the customer was promised when the line was confirmed.",
    )
    promise_date = fields.Datetime(
        "Current Promise",
        readonly=True,
        help="What the customer was last promised: the delivery date of the order, "
        "else the day it was confirmed plus the lead time of the line.",
    )
    delivered_date = fields.Datetime(
        "Last Delivery",
        readonly=True,
        help="When the last part of what was ordered was shipped to the customer. What "
        "only replaces returned goods does not count.",
    )
    product_uom_id = fields.Many2one(
        "uom.uom", "Unit", readonly=True, help="The unit of the product."
    )
    ordered_qty = fields.Float(
        "Ordered",
        digits="Product Unit",
        readonly=True,
        help="What the order line says today, in the unit of the product.",
    )
    delivered_qty = fields.Float(
        "Shipped",
        digits="Product Unit",
        readonly=True,
        help="What was shipped, less what came back to be refunded.",
    )
    first_open_qty = Rate(
        "Ordered When Confirmed",
        digits="Product Unit",
        readonly=True,
        help="What was to be shipped when the line was confirmed, in the unit of the "
        "product. Empty for lines from before the backlog was installed.",
    )
    first_ready_qty = Rate(
        "Ready When Confirmed",
        digits="Product Unit",
        readonly=True,
        help="The part of it that was in stock for this line when it was confirmed, "
        "after everyone ahead of it in the queue.",
    )
    value = fields.Monetary(
        readonly=True,
        groups=VALUE_GROUPS,
        help="What the line is worth: untaxed, net of discount, in the currency of the "
        "company at the rate of the order.",
    )
    is_in_full = fields.Boolean(
        "In Full",
        readonly=True,
        help="All of what was ordered was delivered. What came back later is a return: "
        "it was delivered in full all the same.",
    )
    first_fill_rate = Rate(
        "Lines Ready When Confirmed (%)",
        readonly=True,
        aggregator="avg",
        help="First-time line fill rate: of the lines confirmed, the share that was "
        "completely in stock at that moment. Lines from before the backlog was "
        "installed are not counted.",
    )
    first_unit_fill_rate = Rate(
        "Units Ready When Confirmed (%)",
        readonly=True,
        aggregator="avg",
        groups=VALUE_GROUPS,
        help="First-time unit fill rate: of what was ordered, the share that was in "
        "stock when the lines were confirmed. One product counts by quantity, several "
        "products count by value.",
    )
    backorder_line_rate = Rate(
        "Lines Short When Confirmed (%)",
        readonly=True,
        aggregator="avg",
        help="Backorder rate by lines: of the lines confirmed, the share that was not "
        "completely in stock at that moment.",
    )
    backorder_value_rate = Rate(
        "Value Short When Confirmed (%)",
        readonly=True,
        aggregator="avg",
        groups=VALUE_GROUPS,
        help="Backorder rate by value: of the value of the lines confirmed, the share "
        "that is on lines that were not completely in stock at that moment.",
    )
    otif_first = Rate(
        "On Time in Full, First Promise (%)",
        readonly=True,
        aggregator="avg",
        help="OTIF by line, first promise: of the lines that are due, the share that "
        "was delivered in full by the day first promised. A line is due when that day "
        "is past or all of it is delivered. What comes back later is no miss.",
    )
    otif_promise = Rate(
        "On Time in Full, Current Promise (%)",
        readonly=True,
        aggregator="avg",
        help="OTIF by line, current promise: of the lines that are due, the share that "
        "was delivered in full by the day last promised. A line is due when that day "
        "is past or all of it is delivered. What comes back later is no miss.",
    )
    otif_order_first = Rate(
        "Orders on Time in Full, First Promise (%)",
        readonly=True,
        aggregator="avg",
        help="OTIF by order, first promise: of the orders that are due, the share of "
        "which every line was delivered in full by the day first promised. An order is "
        "due when all its lines are.",
    )
    otif_order_promise = Rate(
        "Orders on Time in Full, Current Promise (%)",
        readonly=True,
        aggregator="avg",
        help="OTIF by order, current promise: of the orders that are due, the share of "
        "which every line was delivered in full by the day last promised. An order is "
        "due when all its lines are.",
    )

    @api.readonly
    def action_open_order(self):
        """Open the order of this line."""
        self.ensure_one()
        line = self.env["backlog.line"]
        if not line._can_open(self.order_id):
            raise UserError(
                self.env._(
                    "%(order)s is not yours to open. Ask the people who sell.",
                    order=self.sudo().order_id.display_name,
                )
            )
        return line._action_open(self.order_id)

    @property
    def _table_query(self):
        without_jit(self.env)
        lines = self._judged()
        return SQL(
            """
            SELECT line.*,
                   (SELECT %(first)s FROM (%(lines)s) of_order
                     WHERE of_order.order_id = line.order_id) AS otif_order_first,
                   (SELECT %(promise)s FROM (%(lines)s) of_order
                     WHERE of_order.order_id = line.order_id) AS otif_order_promise
              FROM (%(lines)s) line
            """,
            lines=lines,
            first=self._of_order(SQL("otif_first")),
            promise=self._of_order(SQL("otif_promise")),
        )

    def _field_to_sql(self, alias, field_expr, query=None):
        """Whoever searches or sorts by what is on time asks for all lines: deliveries
        and orders are looked at once, not for each line."""
        if (
            field_expr not in (*OTIF_OF_LINES, *OTIF_OF_ORDERS)
            or query is None
            or self.env.context.get("backlog_page")
        ):
            return super()._field_to_sql(alias, field_expr, query)
        self._check_field_access(self._fields[field_expr], "read")
        return self._on_time(field_expr, query)

    def _fetch_query(self, query, fields):
        # The rows of a page look for what is theirs.
        rows = super(BacklogService, self.with_context(backlog_page=True))._fetch_query(
            query, fields
        )
        return rows.with_env(self.env)

    def _read_group_select(self, aggregate_spec, query):
        name, _colon, aggregator = aggregate_spec.partition(":")
        if aggregator == "avg" and name in RATES:
            self._check_field_access(self._fields[name], "read")
            return self._average(name, query)
        return super()._read_group_select(aggregate_spec, query)

    @api.model
    def _average(self, name, query):
        """The average of the rate ``name`` over the rows of a group of ``query``."""
        if name in OTIF_OF_LINES:
            return SQL("AVG(%s)", self._on_time(name, query))
        if name in OTIF_OF_ORDERS:
            return self._by_order(self._on_time(name, query))
        rate = self._column(name)
        if name == "first_unit_fill_rate":
            return SQL(
                """
                CASE WHEN MIN(%(product)s) = MAX(%(product)s)
                     THEN 100 * SUM(%(ready)s) / NULLIF(SUM(%(open)s), 0)
                     ELSE %(by_value)s
                 END
                """,
                product=self._column("product_id"),
                ready=self._column("first_ready_qty"),
                open=self._column("first_open_qty"),
                by_value=self._by_value(rate),
            )
        return self._by_value(rate)

    @api.model
    def _on_time(self, name, query):
        """The rate ``name`` of each row of ``query``, from all deliveries at once."""
        if name in OTIF_OF_ORDERS:
            orders = self._join(query, "order_id", self._orders_all())
            return SQL.identifier(orders, OTIF_OF_ORDERS[name])
        shipped = self._join(query, "id", self._shipped_all())
        return self._otif(self._table, self._column(OTIF_OF_LINES[name]), shipped)

    @api.model
    def _join(self, query, name, table):
        """Join the ``table`` of all deliveries or orders by the column ``name``, once,
        and return its alias. One row looks for its own deliveries, which for every row
        of a large group would take much longer."""
        alias = query.make_alias(self._table, name)
        if alias not in query._joins:
            query.add_join(
                "LEFT JOIN",
                alias,
                SQL("(%s)", table),
                SQL("%s = %s", SQL.identifier(alias, "id"), self._column(name)),
            )
        return alias

    @api.model
    def _column(self, name):
        return SQL.identifier(self._table, name)

    @api.model
    def _by_value(self, rate):
        """The average of a rate of lines, weighed by what was confirmed."""
        return SQL(
            "SUM(%(weight)s * %(rate)s) / NULLIF(SUM(%(weight)s), 0)",
            weight=self._column("first_weight"),
            rate=rate,
        )

    @api.model
    def _by_order(self, rate):
        """The average of a rate that all lines of an order share."""
        return SQL(
            """
            100.0 * COUNT(DISTINCT %(order)s) FILTER (WHERE %(rate)s = 100)
                / NULLIF(COUNT(DISTINCT %(order)s) FILTER (
                    WHERE %(rate)s IS NOT NULL), 0)
            """,
            order=self._column("order_id"),
            rate=rate,
        )

    @api.model
    def _of_order(self, otif):
        """A column of lines for their whole order: empty while one of them is."""
        return SQL(
            "CASE WHEN COUNT(%(otif)s) = COUNT(*) THEN MIN(%(otif)s) END", otif=otif
        )

    @api.model
    def _orders_all(self):
        """The order rates of all orders: ``id, otif_first, otif_promise``."""
        return SQL(
            """
            SELECT order_id AS id,
                   %(first)s AS otif_first,
                   %(promise)s AS otif_promise
              FROM (%(lines)s) line
          GROUP BY order_id
            """,
            first=self._of_order(SQL("otif_first")),
            promise=self._of_order(SQL("otif_promise")),
            lines=self._judged(
                SQL(
                    "LEFT JOIN (%s) shipped ON shipped.id = line.id",
                    self._shipped_all(),
                )
            ),
        )

    @api.model
    def _judged(self, shipped=None):
        """The lines with what they count for in each rate.

        :param SQL shipped: the join that gives ``shipped``, when it is not to be looked
            for line by line
        """
        return SQL(
            """
            SELECT line.*,
                   100 - line.first_fill_rate AS backorder_line_rate,
                   100 - line.first_fill_rate AS backorder_value_rate,
                   100 * line.first_ready_qty / NULLIF(line.first_open_qty, 0)
                       AS first_unit_fill_rate,
                   %(first)s AS otif_first,
                   %(promise)s AS otif_promise
              FROM (
                    SELECT line.*, shipped.date AS delivered_date,
                           %(is_in_full)s AS is_in_full
                      FROM (%(confirmed)s) line
                    %(shipped)s
                   ) line
            """,
            first=self._otif("line", SQL("line.first_promise_date")),
            promise=self._otif("line", SQL("line.promise_date")),
            is_in_full=self._is_in_full("line", "shipped"),
            confirmed=self._confirmed(),
            shipped=shipped or self._shipped_of_line(),
        )

    @api.model
    def _is_in_full(self, line, shipped):
        """Whether all of the line is delivered, or was before something came back."""
        return SQL(
            "(%s OR %s IS TRUE)",
            SQL.identifier(line, "is_delivered"),
            SQL.identifier(shipped, "is_complete"),
        )

    @api.model
    def _otif(self, line, promise, shipped=None):
        """Whether a line was on time in full for ``promise``: 100, 0, or NULL while it
        is not due. Without a move nobody knows when it was delivered.

        :param str shipped: the alias of its deliveries, unless the line knows of them
        """
        zone = SQL.identifier(line, "tz")
        delivered = (
            SQL.identifier(shipped, "date")
            if shipped
            else SQL.identifier(line, "delivered_date")
        )
        return SQL(
            """
            CASE WHEN NOT %(is_in_full)s
                 THEN CASE WHEN %(promise)s < %(today)s THEN 0 END
                 -- Only what is near the end of a day needs to know where that is.
                 WHEN %(delivered)s <= %(promise)s THEN 100
                 WHEN %(delivered)s > %(promise)s + INTERVAL '25 hours' THEN 0
                 WHEN %(delivered_day)s = %(promised_day)s THEN 100
                 WHEN %(delivered_day)s > %(promised_day)s THEN 0
             END
            """,
            is_in_full=self._is_in_full(line, shipped)
            if shipped
            else SQL.identifier(line, "is_in_full"),
            today=SQL.identifier(line, "today"),
            promise=promise,
            delivered=delivered,
            promised_day=self.env["backlog.line"]._day(promise, zone),
            delivered_day=self.env["backlog.line"]._day(delivered, zone),
        )

    @api.model
    def _confirmed(self):
        """What orders and the moment of confirmation say of each line. Joins that a
        caller does not need are left out by PostgreSQL."""
        return SQL(
            """
            SELECT line.id, line.id AS order_line_id, line.order_id, sale.partner_id,
                   partner.country_id, line.product_id, template.categ_id,
                   template.uom_id AS product_uom_id,
                   COALESCE(line.warehouse_id, sale.warehouse_id) AS warehouse_id,
                   line.company_id, company.currency_id, sale.user_id, sale.team_id,
                   sale.date_order, line.first_promise_date,
                   %(promise)s AS promise_date,
                   line.product_uom_qty * %(factor)s AS ordered_qty,
                   line.qty_delivered * %(factor)s AS delivered_qty,
                   line.first_open_qty::float * %(factor)s AS first_open_qty,
                   line.first_ready_qty::float * %(factor)s AS first_ready_qty,
                   ROUND(line.price_subtotal * %(share)s / %(rate)s / company.rounding)
                       * company.rounding AS value,
                   -- What was confirmed then, at the price of today, in one currency.
                   line.price_subtotal::float * (%(share)s)::float / %(rate)s::float
                       * (%(own_rate)s)::float
                       * line.first_open_qty::float / line.product_uom_qty::float
                       AS first_weight,
                   CASE WHEN line.first_ready_qty >= line.first_open_qty THEN 100
                        WHEN line.first_ready_qty < line.first_open_qty THEN 0
                    END AS first_fill_rate,
                   line.qty_delivered >= line.product_uom_qty AS is_delivered,
                   company.tz, company.today
              FROM sale_order_line line
              JOIN sale_order sale ON sale.id = line.order_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN (%(companies)s) company ON company.id = line.company_id
         LEFT JOIN uom_uom uom ON uom.id = template.uom_id
         LEFT JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
         LEFT JOIN res_partner partner ON partner.id = sale.partner_id
             WHERE line.state = 'sale'
               AND sale.state = 'sale'
               AND template.type = 'consu'
               AND line.display_type IS NULL
               AND line.is_downpayment IS NOT TRUE
               AND line.is_expense IS NOT TRUE
               AND line.product_uom_qty > 0
            """,
            promise=self.env["backlog.line"]._promise(),
            # Floats: a sum of long decimals takes several times as long.
            factor=SQL("(line_uom.factor::float / uom.factor::float)"),
            rate=SQL("COALESCE(NULLIF(sale.currency_rate, 0), 1)"),
            share=self.env["backlog.line"]._share_to_pay(SQL("line.order_id")),
            own_rate=self.env["res.company"]._backlog_visible()._backlog_rate("line"),
            companies=self._companies(),
        )

    @api.model
    def _shipped_of_line(self):
        """The join that looks for the deliveries of each ``line``."""
        return SQL(
            """
            LEFT JOIN LATERAL (
                    SELECT MAX(date) AS date, BOOL_OR(is_complete) AS is_complete
                      FROM (%s) shipped
                   ) shipped ON TRUE
            """,
            self._shipped(SQL("move.sale_line_id = line.id")),
        )

    @api.model
    def _shipped_all(self):
        """The deliveries of all lines, see ``_shipped``."""
        return self._shipped(SQL("move.sale_line_id IS NOT NULL"))

    @api.model
    def _shipped(self, asked):
        """When the last part of the lines that are ``asked`` for was delivered: ``id,
        date, is_complete``. Once complete, what comes back and goes out again changes
        nothing."""
        return SQL(
            """
            SELECT shipped.id, COALESCE(complete.date, shipped.date) AS date,
                   complete.date IS NOT NULL AS is_complete
              FROM (
                    SELECT move.sale_line_id AS id, MAX(move.date) AS date
                      FROM stock_move move
                      JOIN stock_location dest ON dest.id = move.location_dest_id
                     WHERE %(asked)s
                       AND %(counts)s
                       AND %(is_outside)s
                  GROUP BY move.sale_line_id
                   ) shipped
         LEFT JOIN (%(complete)s) complete USING (id)
            """,
            asked=asked,
            counts=self._counts(),
            is_outside=self._is_outside("dest"),
            complete=self._complete(asked),
        )

    @api.model
    def _complete(self, asked):
        """When the lines that were delivered more than once, or of which something came
        back, were complete for the first time: ``id, date``. Kits never are, since they
        move as their components."""
        return SQL(
            """
            SELECT id, MIN(date) AS date
              FROM (
                    SELECT sold.id, sold.product_uom_qty, move.date,
                           SUM(
                               move.quantity * move_uom.factor / sold_uom.factor
                               * CASE WHEN %(is_outside)s THEN 1 ELSE -1 END
                           ) OVER (
                               PARTITION BY sold.id ORDER BY move.date, move.id
                           )::numeric AS qty
                      FROM stock_move move
                      JOIN sale_order_line sold ON sold.id = move.sale_line_id
                      JOIN stock_location dest ON dest.id = move.location_dest_id
                      JOIN stock_location source ON source.id = move.location_id
                      JOIN uom_uom move_uom ON move_uom.id = move.product_uom
                      JOIN uom_uom sold_uom ON sold_uom.id = sold.product_uom_id
                     WHERE move.sale_line_id IN (
                            SELECT move.sale_line_id
                              FROM stock_move move
                              JOIN stock_location dest
                                ON dest.id = move.location_dest_id
                             WHERE %(asked)s
                               AND move.state = 'done'
                               AND (%(is_outside)s
                                    OR move.origin_returned_move_id IS NOT NULL)
                          GROUP BY move.sale_line_id
                            HAVING COUNT(*) > 1
                           )
                       AND move.product_id = sold.product_id
                       AND %(counts)s
                       AND %(is_outside)s <> %(was_outside)s
                   ) moved
             WHERE ROUND(qty - product_uom_qty, 6) >= 0
          GROUP BY id
            """,
            asked=asked,
            counts=self._counts(),
            is_outside=self._is_outside("dest"),
            was_outside=self._is_outside("source"),
        )

    @api.model
    def _counts(self):
        """Whether ``move`` is one that Odoo counts in what is delivered; for a kit
        those are the moves of its components."""
        return SQL(
            """
            (move.state = 'done'
             AND move.quantity > 0
             AND (move.origin_returned_move_id IS NULL OR move.to_refund))
            """
        )

    @api.model
    def _is_outside(self, location):
        """Whether the ``location`` is the customer's."""
        return SQL(
            "(%s = 'customer' OR %s IN %s)",
            SQL.identifier(location, "usage"),
            SQL.identifier(location, "id"),
            tuple(self.env["backlog.allocation"]._customer_location_ids()),
        )

    @api.model
    def _companies(self):
        """The few companies with the beginning of their day (UTC) and their currency,
        found once and not per line, therefore the offset."""
        return SQL(
            """
            SELECT company.id, company.currency_id,
                   currency.rounding::numeric AS rounding, home.tz,
                   DATE_TRUNC('day', %(now)s::timestamp AT TIME ZONE 'UTC', home.tz)
                       AT TIME ZONE 'UTC' AS today
              FROM res_company company
              JOIN res_currency currency ON currency.id = company.currency_id
              JOIN (
                    SELECT id, COALESCE(tz, 'UTC') AS tz FROM res_partner
                   ) home ON home.id = company.partner_id
            OFFSET 0
            """,
            now=fields.Datetime.now(),
        )
