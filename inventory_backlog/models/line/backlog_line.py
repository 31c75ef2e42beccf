from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .backlog_mixin import join_once
from .given import given, giving

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
        one has computed already for several uses."""
        return given(self.env, name)

    @api.model
    @api.readonly
    def web_search_read(self, *args, **kwargs):
        """A page, the payments of its orders and the count below it read one state."""
        stale = self.env["backlog.kept"]._stale()
        with giving(self, stale=stale, page=True) as lines:
            return super(BacklogLine, lines).web_search_read(*args, **kwargs)

    @api.readonly
    def web_read(self, specification):
        """A form reads its own lines: as little as possible is computed for them."""
        if not self or given(self.env, "page"):
            return super().web_read(specification)
        # Of whole orders, see _lines. Who may not read them gets no line either.
        ordered = self.env["sale.order.line"].sudo().browse(self.ids).exists()
        least = self.env["backlog.kept"]._least(
            lambda: ordered.order_id._backlog_products().ids
        )
        with giving(self, **least) as lines:
            return super(BacklogLine, lines).web_read(specification)

    @api.model
    @api.readonly
    def search_count(self, domain, limit=None):
        """Below every list stands how many there are: where columns that are kept
        say it, PostgreSQL finds that in an index, not having to join what is not."""
        if not self._asks_for_kept_columns(domain):
            return super().search_count(domain, limit)
        current = self._current(self.env["backlog.allocation"]._asked_products())
        with giving(self, lines=current) as lines:
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

    @api.model
    def _lines(self, product_ids=None):
        """Return the statement that gives the columns of this model, those of
        ``OF_ORDER`` as well.

        :param product_ids: ids of the products *moved*: for a kit those of the
            components as well as the kit's. None for all. ``prepaid_value`` shares the
            payments of an order among its open lines, so it wants the products of
            whole orders.
        """
        with giving(self, current=SQL("SELECT * FROM current")) as lines:
            plain = lines._plain(product_ids)
        return self._with_whole_orders(self._current(product_ids), plain)

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
                    "product_id": row.product_id.id,
                    "product": row.product_id.display_name,
                    "uom": row.product_id.uom_id.name,
                    "source": row.source,
                    "qty": row.qty,
                    "date": fields.Datetime.to_string(row.date),
                    "document": f"{row.document._name},{row.document.id}"
                    if row.document
                    else False,
                }
            )
        return slices
