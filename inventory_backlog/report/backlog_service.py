from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..const import VALUE_GROUPS
from ..tools.actions import open_records
from ..tools.figures import Rate
from ..tools.names import named
from ..tools.sql import OwnColumns, without_jit

# The date that each rate on time in full is counted from.
OTIF_OF_LINES = {"otif_first": "first_promise_date", "otif_promise": "promise_date"}

OTIF_OF_ORDERS = {
    "otif_order_first": "otif_first",
    "otif_order_promise": "otif_promise",
}

# Rates that are not the plain average of a column.
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
    ``sale.order.line.first_ready_qty``. *On time in full* (OTIF) is counted for lines
    that are due: the promised day is past, or all of it is delivered. A line is in full
    when the delivered quantity, as Odoo counts it, has once been at least the quantity
    of the line today, and on time when the delivery that made it so was not after the
    promised day. Goods that come back later, to be refunded or replaced, are a return
    and no miss; a kit comes back as components, and counts as not delivered then. Days
    are those of the time zone of the company.

    Rates that are not known or not due are empty and never counted. Averages are right
    in groups and totals: each line weighs the same, each order once in the rates of
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

    # Which line

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

    # Promises and deliveries

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

    # Rates, right in groups and totals

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

    # The statement

    @property
    def _table_query(self):
        without_jit(self.env)
        lines = self.env["backlog.service.level"]._judged()
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

    @api.model
    def _of_order(self, otif):
        """The rate of an order from that of its lines: empty while it is empty for one
        of them."""
        return SQL(
            "CASE WHEN COUNT(%(otif)s) = COUNT(*) THEN MIN(%(otif)s) END", otif=otif
        )

    # Search and sort

    def _field_to_sql(self, alias, field_expr, query=None):
        """A search or sort by a rate on time in full is about all lines: deliveries and
        orders are joined once, and not looked up per line."""
        if (
            field_expr not in (*OTIF_OF_LINES, *OTIF_OF_ORDERS)
            or query is None
            or isinstance(query, OwnColumns)
        ):
            return super()._field_to_sql(alias, field_expr, query)
        self._check_field_access(self._fields[field_expr], "read")
        return self._on_time(field_expr, query)

    def _fetch_query(self, query, fields):
        """A page has few rows: look up the deliveries of each."""
        return super()._fetch_query(OwnColumns.of(query), fields)

    # Averages

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
    def _by_value(self, rate):
        """The average of a rate of lines, weighted by the value that was confirmed."""
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

    # Rates on time in full, from all deliveries at once

    @api.model
    def _on_time(self, name, query):
        """The rate ``name`` of each row of ``query``, from all deliveries at once."""
        if name in OTIF_OF_ORDERS:
            orders = self._join(query, "order_id", self._orders_all())
            return SQL.identifier(orders, OTIF_OF_ORDERS[name])
        levels = self.env["backlog.service.level"]
        shipped = self._join(query, "id", levels._shipped_all())
        return levels._otif(self._table, self._column(OTIF_OF_LINES[name]), shipped)

    @api.model
    def _orders_all(self):
        """The order rates of all orders: ``id, otif_first, otif_promise``."""
        levels = self.env["backlog.service.level"]
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
            lines=levels._judged(
                SQL(
                    "LEFT JOIN (%s) shipped ON shipped.id = line.id",
                    levels._shipped_all(),
                )
            ),
        )

    @api.model
    def _join(self, query, name, table):
        """Join the ``table`` of all deliveries or orders by the column ``name``, once,
        and return its alias. A lookup per row would be much slower in a large group."""
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

    # On the list

    @api.readonly
    def action_open_order(self):
        """Open the order of this line."""
        self.ensure_one()
        if not self.env["backlog.line"]._can_open(self.order_id):
            raise UserError(
                self.env._(
                    "%(order)s is not yours to open. Ask the people who sell.",
                    order=named(self.sudo().order_id).display_name,
                )
            )
        return open_records(self.order_id)
