from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .backlog_mixin import join_once, many_rows

BACKLOG_STATES = [
    ("ready", "Ready to ship"),
    ("partial", "Partly ready"),
    ("incoming", "Backorder, on its way"),
    ("to_source", "Backorder, to source"),
]
VALUE_GROUPS = "inventory_backlog.group_backlog_user"
# Customers read their own orders in the portal, but not how we supply them.
INTERNAL = "base.group_user"
# Fields that look at all open lines of the order.
OF_ORDER = ("prepaid_value", "block_cause")


class BacklogLine(models.Model):
    """One row per order line with something open; the id is the order line's.

    Quantities are in the product's unit, values untaxed and net of discount in the
    company's currency, and ``open = ready + short``, ``short = incoming + to source``
    hold exactly. The quantities come from ``backlog.allocation``; this model adds
    value, dates, lateness and cause.
    """

    _name = "backlog.line"
    _inherit = ["backlog.row.mixin"]
    _description = "Backlog Line"
    _auto = False
    _order = "promise_date, id"
    _rec_name = "order_line_id"
    _depends = {
        "backlog.allocation": [],
        "account.move": [
            "amount_residual",
            "amount_total",
            "move_type",
            "payment_state",
            "state",
        ],
        "account.move.line": ["amount_currency", "balance", "currency_id", "move_id"],
        "payment.transaction": ["amount", "invoice_ids", "state"],
        "product.template": ["categ_id"],
        "res.company": ["backlog_risk_days", "currency_id"],
        "res.currency": ["rounding"],
        "sale.order": [
            "amount_total",
            "amount_untaxed",
            "commitment_date",
            "currency_rate",
            "date_order",
            "partner_id",
            "payment_term_id",
            "picking_policy",
            "state",
            "team_id",
            "transaction_ids",
            "user_id",
            "warehouse_id",
        ],
        "sale.order.line": [
            "customer_lead",
            "first_promise_date",
            "invoice_lines",
            "order_id",
            "price_reduce_taxexcl",
            "price_subtotal",
            "price_total",
        ],
    }

    order_id = fields.Many2one("sale.order", readonly=True)
    order_line_id = fields.Many2one("sale.order.line", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
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
    product_uom_id = fields.Many2one(
        "uom.uom", "Unit", readonly=True, help="The unit of the product."
    )
    ordered_qty = fields.Float(
        "Ordered",
        digits="Product Unit",
        readonly=True,
        help="What the order line says, in the unit of the product.",
    )
    delivered_qty = fields.Float(
        "Shipped",
        digits="Product Unit",
        readonly=True,
        help="What was shipped, less what came back to be refunded.",
    )
    open_qty = fields.Float(
        "Open",
        digits="Product Unit",
        readonly=True,
        help="Ordered on a confirmed order, not yet shipped, still to be shipped.",
    )
    backlog_qty = fields.Float(
        "Ready",
        digits="Product Unit",
        readonly=True,
        help="Ready (backlog): the part of Open that is in stock for this line, after "
        "everyone ahead of it in the queue.",
    )
    backorder_qty = fields.Float(
        "Short (backorder)",
        digits="Product Unit",
        readonly=True,
        help="Open less Ready: the part that is out of stock. Not to be confused with "
        "the rest of a partly shipped transfer, which Odoo calls a backorder too.",
    )
    incoming_qty = fields.Float(
        "Incoming",
        digits="Product Unit",
        readonly=True,
        help="The part of Short that a receipt, transfer or production already on its "
        "way will cover.",
    )
    to_source_qty = fields.Float(
        "To Source",
        digits="Product Unit",
        readonly=True,
        help="Short less Incoming: nothing is on its way, somebody must act.",
    )
    backlog_state = fields.Selection(
        BACKLOG_STATES,
        "Backlog",
        readonly=True,
        group_expand=True,
        help="Ready to ship: all of it is in stock for this line. Partly ready: some "
        "of it is. Backorder, on its way: none is in stock, all of it is coming. "
        "Backorder, to source: none is in stock and for some nobody has ordered yet.",
    )
    open_value = fields.Monetary(
        readonly=True,
        groups=VALUE_GROUPS,
        help="What the open part is worth: untaxed, net of discount, in the currency "
        "of the company at the rate of the order.",
    )
    backlog_value = fields.Monetary(
        "Ready Value",
        readonly=True,
        groups=VALUE_GROUPS,
        help="What the ready part is worth: income that only waits to be shipped.",
    )
    backorder_value = fields.Monetary(
        "Short Value",
        readonly=True,
        groups=VALUE_GROUPS,
        help="What the part that is out of stock is worth.",
    )
    prepaid_value = fields.Monetary(
        readonly=True,
        # Read when asked for: it looks at all invoices of the order.
        prefetch=False,
        groups=VALUE_GROUPS,
        help="The part of the open value that the customer has already paid: paid "
        "invoices, down payments and online payments of the order, less what is no "
        "longer open. It is a debt to the customer, not yet income.",
    )
    promise_date = fields.Datetime(
        readonly=True,
        help="What the customer was last promised: the delivery date of the order, "
        "else the day it was confirmed plus the lead time of the line.",
    )
    first_promise_date = fields.Datetime(
        "First Promise",
        readonly=True,
        help="What the customer was promised when the order was confirmed.",
    )
    expected_date = fields.Datetime(
        readonly=True,
        help="When all of it can leave, as things stand: the date of the last receipt "
        "this line waits for. Empty while anything is to source.",
    )
    days_late = fields.Integer(
        readonly=True,
        aggregator="avg",
        help="Days from the promise to today or to the expected date, whichever is "
        "later. 0 when in time.",
    )
    is_late = fields.Boolean(
        "Late",
        readonly=True,
        help="The day of the promise is past and something is still open.",
    )
    is_at_risk = fields.Boolean(
        "At Risk",
        readonly=True,
        help="Not late yet, but expected after the promise, or to source with the "
        "promise near (see the settings of the backlog).",
    )
    delay_cause = fields.Selection(
        selection="_selection_delay_cause",
        readonly=True,
        help="Why a line is late or at risk.",
    )
    age_days = fields.Integer(
        "Age (days)",
        readonly=True,
        aggregator="avg",
        help="Days since the order was confirmed.",
    )

    @api.model
    def _selection_delay_cause(self):
        # A dict: of tuples Odoo's export of terms takes the values for terms as well.
        causes = {
            "promise_passed_at_order": self.env._("Promise impossible at order"),
            "no_supply": self.env._("Nobody has ordered supply"),
            "supply_late": self.env._("Supply comes after the promise"),
            "component": self.env._("Waits for raw material"),
            "not_picked": self.env._("Ready, nobody has shipped it"),
        }
        return list(causes.items())

    @property
    def _table_query(self):
        return self._given("lines") or self._plain(
            self.env["backlog.allocation"]._asked_products()
        )

    @api.model
    def _given(self, name):
        """The statement of all ``lines``, ``current`` lines or ``slices`` that a larger
        one has computed already for several uses, from its context. A context comes
        from anywhere, but a piece of SQL from the code alone."""
        given = self.env.context.get(f"backlog_{name}")
        return given if isinstance(given, SQL) else None

    @api.model
    @api.readonly
    def web_search_read(self, *args, **kwargs):
        """A page, the payments of its orders and the count below it read one state."""
        stale = self.env["backlog.kept"]._stale()
        lines = self.with_context(backlog_stale=stale)
        return super(BacklogLine, lines).web_search_read(*args, **kwargs)

    @api.model
    @api.readonly
    def search_count(self, domain, limit=None):
        """Below every list stands how many there are: where columns that are kept
        say it, PostgreSQL finds that in an index, not having to join what is not."""
        lines = self
        if self._asks_for_kept_columns(domain):
            current = self._current(self.env["backlog.allocation"]._asked_products())
            lines = self.with_context(backlog_lines=current)
        return super(BacklogLine, lines).search_count(domain, limit)

    @api.model
    def _asks_for_kept_columns(self, domain):
        rule = self.env["ir.rule"]._compute_domain(self._name, "read")
        asked = (Domain(domain) & rule).optimize_full(self)
        kept = {field.name for field in self.env["backlog.kept.line"]._columns()}
        return all(
            condition.field_expr in kept and "any" not in condition.operator
            for condition in asked.iter_conditions()
        )

    def _field_to_sql(self, alias, field_expr, query=None):
        """What looks at all lines of an order is joined when somebody asks for it: in
        the rows themselves it would keep PostgreSQL from reading just a page."""
        if field_expr not in OF_ORDER or query is None or self._given("lines"):
            return super()._field_to_sql(alias, field_expr, query)
        self._check_field_access(self._fields[field_expr], "read")
        whole = join_once(
            query, alias, "whole", lambda: SQL("(%s)", self._of_order()), "JOIN"
        )
        return SQL.identifier(whole, field_expr)

    def _fetch_query(self, query, fields):
        """What looks at all lines of an order is read of the orders of the rows."""
        of_order = [field for field in fields if field.name in OF_ORDER]
        if not of_order or self._given("lines"):
            return super()._fetch_query(query, fields)
        rows = super()._fetch_query(
            query, {*fields, self._fields["order_id"]}.difference(of_order)
        )
        if rows:
            names = [field.name for field in of_order]
            values = rows._read_of_order(names)
            for field in of_order:
                field._insert_cache(rows, (values[row.id][field.name] for row in rows))
        return rows

    def _read_of_order(self, names):
        """``{id: values}`` of the fields ``names`` of ``OF_ORDER``."""
        values = self.env.execute_query_dict(
            SQL(
                "SELECT id, %s FROM (%s) line WHERE id = ANY(%s)",
                SQL(", ").join(map(SQL.identifier, names)),
                self._of_order(self.order_id.ids),
                self.ids,
            )
        )
        nothing = dict.fromkeys(names)
        return dict.fromkeys(self.ids, nothing) | {row["id"]: row for row in values}

    @api.model
    def _lines(self, product_ids=None):
        """Return the statement that gives the columns of this model, those of
        ``OF_ORDER`` as well.

        :param product_ids: ids of the products *moved*: for a kit those of the
            components as well as the kit's. None for all. ``prepaid_value`` shares the
            payments of an order among its open lines, so it wants the products of
            whole orders.
        """
        lines = self.with_context(backlog_current=SQL("SELECT * FROM current"))
        return self._with_whole_orders(
            self._current(product_ids), lines._plain(product_ids)
        )

    @api.model
    def _of_order(self, order_ids=None):
        """The lines as they are kept, and the columns of ``OF_ORDER``.

        :param order_ids: ids of orders, None for all
        """
        if order_ids is None:
            current = self._current(self.env["backlog.allocation"]._asked_products())
        else:
            current = SQL(
                "SELECT * FROM (%s) line WHERE order_id = ANY(%s)",
                self._current_of_orders(order_ids),
                order_ids,
            )
        return self._with_whole_orders(current, SQL("SELECT * FROM current"), order_ids)

    @api.model
    def _current_of_orders(self, order_ids):
        """All current lines, where everything must be computed only those of the
        products of these orders. Of whole orders, whatever products were asked for."""
        stale = self.env["backlog.kept"]._stale()
        if stale is None:
            orders = self.env["sale.order"].sudo().browse(order_ids)
            return self._current(orders.order_line._backlog_products().ids)
        return self.with_context(backlog_stale=stale)._current()

    @api.model
    def _with_whole_orders(self, current, lines, order_ids=None):
        """The statement ``lines`` over ``current`` ones, with what is said of them by
        all current lines of their orders."""
        return SQL(
            """
              WITH current AS %(kept)s MATERIALIZED (%(current)s),
                   paid AS MATERIALIZED (%(paid)s),
                   whole AS MATERIALIZED (
                    SELECT order_id, SUM(open_value) AS open_value,
                           BOOL_OR(open_qty > backlog_qty) AS is_short
                      FROM current
                     WHERE in_one_piece
                        OR order_id IN (SELECT order_id FROM paid)
                  GROUP BY order_id
                   )
            SELECT line.*,
                   CASE WHEN paid.amount > 0 AND whole.open_value <> 0
                        THEN ROUND(
                            line.open_value
                              * GREATEST(0, LEAST(1, paid.amount / whole.open_value))
                              / line.rounding
                        ) * line.rounding
                        ELSE 0
                    END AS prepaid_value,
                   %(block_cause)s AS block_cause
              FROM (%(lines)s) line
         LEFT JOIN whole ON whole.order_id = line.order_id
         LEFT JOIN paid ON paid.order_id = line.order_id
            """,
            current=current,
            # Kept rows alone cost less to read again than to copy.
            kept=SQL("NOT" if "WITH" not in current.code else ""),
            lines=lines,
            paid=self._prepaid(
                SQL("IN (SELECT order_id FROM current)")
                if order_ids is None
                else SQL("= ANY(%s)", order_ids)
            ),
            block_cause=self._block_cause(),
        )

    @api.model
    def _block_cause(self):
        """What keeps the goods of ``line`` here; see the addon's other files."""
        return SQL("NULL")

    @api.model
    def _plain(self, product_ids):
        """The dated lines with the cause of their delay."""
        return SQL(
            """
            SELECT line.*,
                   CASE WHEN is_late OR is_at_risk THEN %(delay_cause)s
                    END AS delay_cause
              FROM (%(dated)s) line
            """,
            dated=self._dated(product_ids),
            delay_cause=self._delay_cause(),
        )

    @api.model
    def _dated(self, product_ids):
        """The valued lines with lateness, the second axis. It counts in days where the
        user is: what is promised for today is not late before tomorrow."""
        today = self._day(SQL("%s::timestamp", self._now()))
        # Days cost: where moments decide, they do. A later day is a later moment.
        return SQL(
            """
            SELECT dated.*,
                   promise_date < midnight AS is_late,
                   (promise_date >= midnight AND (
                       expected_date > promise_date AND expected_day > promised_day
                       OR to_source_qty > 0
                          AND promised_day < today + company.backlog_risk_days
                   )) AS is_at_risk,
                   CASE WHEN promise_date < midnight OR expected_date > promise_date
                        THEN GREATEST(0, GREATEST(today, expected_day) - promised_day)
                        ELSE 0
                    END AS days_late,
                   today - order_day AS age_days
              FROM (
                    SELECT valued.*,
                           %(today)s AS today,
                           %(midnight)s AS midnight,
                           %(expected)s AS expected_day,
                           %(promised)s AS promised_day,
                           %(ordered)s AS order_day
                      FROM (%(valued)s) valued
                   ) dated
         LEFT JOIN res_company company ON company.id = dated.company_id
            """,
            today=today,
            midnight=SQL(
                "(%s::timestamp AT TIME ZONE %s AT TIME ZONE 'UTC')",
                today,
                str(self.env.tz),
            ),
            expected=self._day(SQL("expected_date")),
            promised=self._day(SQL("promise_date")),
            ordered=self._day(SQL("date_order")),
            valued=self._valued(product_ids),
        )

    @api.model
    def _now(self):
        return self.env["backlog.allocation"]._now()

    @api.model
    def _day(self, moment, zone=None):
        """The calendar day of ``moment`` (UTC) where the user is, or in ``zone``."""
        return SQL(
            "(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date",
            moment,
            zone or str(self.env.tz),
        )

    @api.model
    def _state(self, open_qty=None, ready=None, to_source=None):
        """The supply state from three quantities. Sums of any kind do, since only
        whether they are above zero counts."""
        return SQL(
            """
            CASE WHEN %(open)s <= 0 THEN NULL
                 WHEN %(open)s = %(ready)s THEN 'ready'
                 WHEN %(ready)s > 0 THEN 'partial'
                 WHEN %(to_source)s > 0 THEN 'to_source'
                 ELSE 'incoming'
             END
            """,
            open=open_qty or SQL("open_qty"),
            ready=ready or SQL("backlog_qty"),
            to_source=to_source or SQL("to_source_qty"),
        )

    @api.model
    def _valued(self, product_ids):
        """The lines with what is left of the whole. Short is what rounding leaves, so
        that the two parts always add up."""
        return SQL(
            """
            SELECT line.*, line.id AS order_line_id,
                   line.open_qty - line.backlog_qty AS backorder_qty,
                   line.open_qty - line.backlog_qty - line.to_source_qty
                       AS incoming_qty,
                   line.open_value - line.backlog_value AS backorder_value,
                   line.open_value - line.backlog_value - line.to_source_value
                       AS incoming_value,
                   CASE WHEN line.to_source_qty <= 0
                        THEN GREATEST(line.last_date, %(now)s)
                    END AS expected_date
              FROM (%(lines)s) line
            """,
            lines=self._current(product_ids),
            now=self._now(),
        )

    @api.model
    def _current(self, product_ids=None):
        """The lines that are kept of what nothing has touched since, and the live ones
        of the rest."""
        given = self._given("current")
        if given:
            return given
        stale = self.env["backlog.kept"]._stale()
        if stale is None:
            return self._typed_lines(product_ids, product_ids)
        kept = SQL(
            """
            SELECT %(columns)s
              FROM backlog_kept_line kept
             WHERE %(of_products)s
               AND %(untouched)s
            """,
            columns=self.env["backlog.kept.line"]._selected("kept"),
            of_products=self.env["backlog.allocation"]._of_products(
                SQL("kept.product_id"), product_ids
            ),
            untouched=self.env["backlog.allocation"]._of_others(
                SQL("kept.product_id"), stale.sold
            ),
        )
        sold = stale.sold
        if product_ids is not None:
            sold = list({*sold}.intersection(product_ids))
        if not sold:
            return kept
        return SQL("%s UNION ALL %s", kept, self._typed_lines(sold, stale.moved))

    @api.model
    def _typed_lines(self, sold_ids, moved_ids):
        """The live lines in the shape of those that are kept."""
        return SQL(
            "SELECT %s FROM %s line",
            self.env["backlog.kept.line"]._selected("line", typed=True),
            many_rows(SQL("(%s)", self._live_lines(sold_ids, moved_ids))),
        )

    @api.model
    def _live_lines(self, sold_ids, moved_ids):
        """The lines as orders and slices say now: what ``backlog.kept.line`` keeps.

        :param sold_ids: ids of the products on the order lines, None for all
        :param moved_ids: ids of those that are moved for them
        """
        return SQL(
            """
            SELECT line.*,
                   CASE WHEN line.to_source_qty <= 0 THEN 0
                        WHEN line.open_qty - line.backlog_qty <= line.to_source_qty
                        THEN line.open_value - line.backlog_value
                        ELSE ROUND(
                            line.unit_value * line.to_source_qty / line.rounding
                        ) * line.rounding
                    END AS to_source_value
              FROM (
                    SELECT line.*,
                           ROUND(unit_value * open_qty / rounding) * rounding
                               AS open_value,
                           ROUND(unit_value * backlog_qty / rounding) * rounding
                               AS backlog_value,
                           %(state)s AS backlog_state
                      FROM (%(ordered)s) line
                     WHERE %(of_products)s
                   ) line
            """,
            state=self._state(),
            ordered=self._ordered(moved_ids),
            of_products=self.env["backlog.allocation"]._of_products(
                SQL("line.product_id"), sold_ids
            ),
        )

    @api.model
    def _ordered(self, product_ids):
        """What the order says about each line with something open."""
        return SQL(
            """
            SELECT split.*, line.id, line.order_id, line.product_id,
                   sale.partner_id, template.categ_id,
                   COALESCE(line.warehouse_id, sale.warehouse_id) AS warehouse_id,
                   line.company_id, company.currency_id, sale.user_id, sale.team_id,
                   sale.date_order, template.uom_id AS product_uom_id,
                   line.product_uom_qty * line_uom.factor / uom.factor AS ordered_qty,
                   line.qty_delivered * line_uom.factor / uom.factor AS delivered_qty,
                   sale.payment_term_id, sale.picking_policy = 'one' AS in_one_piece,
                   sale.amount_total AS order_total,
                   COALESCE(line.price_total / NULLIF(line.price_subtotal, 0), 1)
                       AS with_taxes,
                   %(promise)s AS promise_date,
                   line.first_promise_date,
                   %(unit_value)s AS unit_value,
                   currency.rounding::numeric AS rounding
              FROM %(split)s split
              JOIN sale_order_line line ON line.id = split.order_line_id
              JOIN sale_order sale ON sale.id = line.order_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom uom ON uom.id = template.uom_id
              JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
              JOIN res_company company ON company.id = line.company_id
              JOIN res_currency currency ON currency.id = company.currency_id
             WHERE sale.state = 'sale'
            """,
            promise=self._promise(),
            unit_value=self._unit_value(),
            split=many_rows(SQL("(%s)", self._split(product_ids))),
        )

    @api.model
    def _promise(self):
        """What the customer of ``line`` of ``sale`` was last promised."""
        return SQL(
            """
            COALESCE(
                sale.commitment_date,
                sale.date_order
                + COALESCE(line.customer_lead, 0) * INTERVAL '1 day'
            )
            """
        )

    @api.model
    def _split(self, product_ids, with_cause=True):
        """The slices summed per order line: ``order_line_id, open_qty, backlog_qty,
        to_source_qty, last_date``.

        :param with_cause: False leaves out what only tells the cause of a delay
        """
        return SQL(
            """
            SELECT order_line_id,
                   SUM(qty) AS open_qty,
                   COALESCE(SUM(qty) FILTER (
                       WHERE source IN ('reserved', 'stock')), 0) AS backlog_qty,
                   COALESCE(SUM(qty) FILTER (
                       WHERE source = 'none'), 0) AS to_source_qty,
                   MAX(date) AS last_date
              FROM (%s) slice
             WHERE order_line_id IS NOT NULL
          GROUP BY order_line_id
            """,
            self._slices(product_ids),
        )

    @api.model
    def _slices(self, product_ids):
        """The slices that the lines are made of."""
        given = product_ids is None and self._given("slices")
        return given or self.env["backlog.allocation"]._raw_slices(product_ids)

    @api.model
    def _delay_cause(self):
        """The leading cause of a line that is late or at risk."""
        return SQL(
            """
            CASE WHEN promised_day < order_day THEN 'promise_passed_at_order'
                 WHEN to_source_qty > 0 THEN 'no_supply'
                 WHEN incoming_qty > 0 THEN 'supply_late'
                 ELSE 'not_picked'
             END
            """
        )

    def _backlog_slices(self):
        """``{line id: [slice]}`` in plain values, in the order in which they come: see
        ``sale.order.get_backlog``."""
        slices = {line.id: [] for line in self}
        allocation = self.env["backlog.allocation"]
        for row in allocation.search(
            [("order_line_id", "in", self.ids)], order="date, id"
        ):
            slices[row.order_line_id.id].append(
                {
                    "source": row.source,
                    "qty": row.qty,
                    "date": fields.Datetime.to_string(row.date),
                    "document": f"{row.document._name},{row.document.id}"
                    if row.document
                    else False,
                }
            )
        return slices
