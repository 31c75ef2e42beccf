from odoo import api, fields, models
from odoo.tools import SQL

from .backlog_mixin import many_rows

BACKLOG_STATES = [
    ("ready", "Ready to ship"),
    ("partial", "Partly ready"),
    ("incoming", "Backorder, on its way"),
    ("to_source", "Backorder, to source"),
]
VALUE_GROUPS = "inventory_backlog.group_backlog_user"
# Customers read their own orders in the portal, but not how we supply them.
INTERNAL = "base.group_user"


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
        "account.move.line": ["balance", "move_id"],
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
            "state",
            "team_id",
            "transaction_ids",
            "user_id",
        ],
        "sale.order.line": [
            "customer_lead",
            "first_promise_date",
            "invoice_lines",
            "order_id",
            "price_reduce_taxexcl",
            "price_subtotal",
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
        return self._given_lines() or self._lines(
            self.env["backlog.allocation"]._asked_products()
        )

    @api.model
    def _given_lines(self):
        """The statement that a larger one has computed these rows with already, from
        its context; see ``_slices``."""
        lines = self.env.context.get("backlog_lines")
        # A context comes from anywhere, but a piece of SQL from the code alone.
        return lines if isinstance(lines, SQL) else None

    @api.model
    def _lines(self, product_ids=None):
        """Return the statement that gives the columns of this model.

        :param product_ids: ids of the products *moved*: for a kit those of the
            components as well as the kit's. None for all. ``prepaid_value`` shares the
            payments of an order among its open lines, so it wants the products of
            whole orders.
        """
        # Payments are looked at once per order, and deliveries where there are any;
        # PostgreSQL leaves both out when nobody asks for what is prepaid.
        return SQL(
            """
            SELECT backlog.*,
                   ROUND(open_value * COALESCE(LEAST(1,
                       GREATEST(0, MAX(order_prepaid) OVER sold)
                       / NULLIF(SUM(open_value) OVER sold, 0)
                   ), 0) / rounding) * rounding AS prepaid_value,
                   CASE WHEN is_late OR is_at_risk THEN %(delay_cause)s
                    END AS delay_cause
              FROM (
                    SELECT backlog.*,
                           CASE WHEN order_paid > 0
                                THEN order_paid - (%(consumed)s)
                            END AS order_prepaid
                      FROM (
                            SELECT backlog.*,
                                   CASE WHEN place_in_order = 1
                                        THEN (%(paid)s)
                                    END AS order_paid
                              FROM (
                                    SELECT dated.*,
                                           ROW_NUMBER() OVER (PARTITION BY order_id)
                                               AS place_in_order
                                      FROM (%(dated)s) dated
                                   ) backlog
                            OFFSET 0
                           ) backlog
                   ) backlog
            WINDOW sold AS (PARTITION BY backlog.order_id)
            """,
            dated=self._dated(product_ids),
            paid=self._paid(),
            consumed=self._consumed(),
            delay_cause=self._delay_cause(),
        )

    @api.model
    def _dated(self, product_ids):
        """The valued lines with lateness, the second axis. It counts in days where the
        user is: what is promised for today is not late before tomorrow."""
        return SQL(
            """
            SELECT dated.*,
                   promised_day < today AS is_late,
                   (promised_day >= today AND (
                       expected_day > promised_day
                       OR to_source_qty > 0
                          AND promised_day < today + backlog_risk_days
                   )) AS is_at_risk,
                   GREATEST(0, GREATEST(today, expected_day) - promised_day)
                       AS days_late,
                   today - order_day AS age_days
              FROM (
                    SELECT valued.*,
                           %(today)s AS today,
                           %(expected)s AS expected_day,
                           %(promised)s AS promised_day,
                           %(ordered)s AS order_day,
                           %(state)s AS backlog_state
                      FROM (%(valued)s) valued
                   ) dated
            """,
            today=self._day(SQL("%s::timestamp", self._now())),
            expected=self._day(SQL("expected_date")),
            promised=self._day(SQL("promise_date")),
            ordered=self._day(SQL("date_order")),
            state=self._state(),
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
        """The lines with their order and the value of what is open. Short is what
        rounding leaves, so that the two parts always add up."""
        return SQL(
            """
            SELECT line.*,
                   open_value - backlog_value AS backorder_value
              FROM (
                    SELECT line.*,
                           ROUND(unit_value * open_qty / rounding) * rounding
                               AS open_value,
                           ROUND(unit_value * backlog_qty / rounding) * rounding
                               AS backlog_value
                      FROM (%s) line
                   ) line
            """,
            self._ordered(product_ids),
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
                   split.open_qty - split.backlog_qty AS backorder_qty,
                   split.open_qty - split.backlog_qty - split.to_source_qty
                       AS incoming_qty,
                   CASE WHEN split.to_source_qty <= 0 THEN split.last_date
                    END AS expected_date,
                   %(promise)s AS promise_date,
                   line.first_promise_date,
                   %(unit_value)s AS unit_value,
                   currency.rounding::numeric AS rounding,
                   company.backlog_risk_days
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
    def _unit_value(self):
        """What one unit of the product on ``line`` of ``sale`` is worth: untaxed, net
        of discount, in the currency of the company at the rate of the order."""
        return SQL(
            """
            (COALESCE(
                line.price_subtotal / NULLIF(line.product_uom_qty, 0),
                line.price_reduce_taxexcl
            ) / COALESCE(NULLIF(sale.currency_rate, 0), 1)
              * uom.factor / line_uom.factor)
            """
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
        """The slices that the lines are made of. A statement that computes them once
        for several uses hands them on in its context, as SQL."""
        slices = self.env.context.get("backlog_slices")
        # A context comes from anywhere, but a piece of SQL from the code alone.
        if isinstance(slices, SQL):
            return slices
        return self.env["backlog.allocation"]._slices(product_ids)

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

    @api.model
    def _paid(self):
        """What customers paid for their orders, untaxed, in the company's currency.

        The paid share of each posted invoice and credit note, and online payments that
        no invoice has used yet. ``sale.order.amount_paid`` knows only the latter.
        """
        return SQL(
            """
            SELECT COALESCE(SUM(amount), 0)
              FROM (
                    SELECT -item.balance * (
                               1 - invoice.amount_residual
                                   / NULLIF(invoice.amount_total, 0)) AS amount
                      FROM sale_order_line line
                      JOIN sale_order_line_invoice_rel rel
                        ON rel.order_line_id = line.id
                      JOIN account_move_line item ON item.id = rel.invoice_line_id
                      JOIN account_move invoice ON invoice.id = item.move_id
                     WHERE line.order_id = backlog.order_id
                       AND invoice.state = 'posted'
                       AND invoice.move_type IN ('out_invoice', 'out_refund')
                 UNION ALL
                    SELECT payment.amount * sale.amount_untaxed
                               / NULLIF(sale.amount_total, 0)
                               / COALESCE(NULLIF(sale.currency_rate, 0), 1)
                      FROM sale_order_transaction_rel rel
                      JOIN sale_order sale ON sale.id = rel.sale_order_id
                      JOIN payment_transaction payment
                        ON payment.id = rel.transaction_id
                     WHERE rel.sale_order_id = backlog.order_id
                       AND payment.state IN ('authorized', 'done')
                       AND NOT EXISTS (
                           SELECT 1
                             FROM account_invoice_transaction_rel invoiced
                             JOIN account_move invoice
                               ON invoice.id = invoiced.invoice_id
                            WHERE invoiced.transaction_id = payment.id
                              AND invoice.state = 'posted'
                              AND invoice.payment_state <> 'not_paid'
                       )
                   ) part
            """
        )

    @api.model
    def _consumed(self):
        """What of the order of ``backlog`` the customer has had: goods as shipped, the
        rest in full. Payments settle it before they count for what is open."""
        return SQL(
            """
            SELECT COALESCE(SUM(
                       CASE WHEN template.type = 'consu'
                            THEN line.price_subtotal * line.qty_delivered
                                 / NULLIF(line.product_uom_qty, 0)
                            ELSE line.price_subtotal
                        END / COALESCE(NULLIF(sale.currency_rate, 0), 1)
                   ), 0)
              FROM sale_order_line line
              JOIN sale_order sale ON sale.id = line.order_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE line.order_id = backlog.order_id
               AND line.is_downpayment IS NOT TRUE
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
