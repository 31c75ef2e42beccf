from odoo import api, fields, models
from odoo.tools import SQL

from ..const import PURCHASE_USERS, VALUE_GROUPS
from ..models.vendor.backlog_vendor import READS
from ..tools.actions import open_records
from ..tools.sql import many_rows
from .payment_terms import due_day, instalments, share_due

# Buyers have rows of what we pay, and no others: see the record rules.
AMOUNT_GROUPS = f"{VALUE_GROUPS},{PURCHASE_USERS}"

# Each order line numbers its own rows, each flow from 0, so the id of a row is stable
# while its line does not change. The ids stay below 2**31, the limit of XML-RPC, up to
# 22 million order lines. Rows beyond these numbers have negative ids.
MOVEMENTS = ("receive", "pay", "deposit")

ROWS_PER_FLOW = 32

MANY_ROWS_PER_FLOW = 2**16

# Columns that every row takes over from its order line.
OF_LINE = (
    "order_id",
    "warehouse_id",
    "company_id",
    "currency_id",
    "user_id",
    "team_id",
    "is_late",
    "rounding",
)


class BacklogCash(models.Model):
    """When the open backlog becomes money: what customers will pay for it, what its
    supply will cost, and what customers paid ahead.

    One row per order line, part of its quantity and instalment. Per line, and so in
    every total, the amounts to receive are ``open_value - prepaid_value`` of
    ``backlog.line`` and the deposits its ``prepaid_value``, to the cent.

    A live SQL statement. The allocation, its slowest part, is computed once; the
    steps, one method each, read it and each other::

        cash_slice    the allocation
        cash_line     backlog.line, from the same slices
        cash_offer    vendor, price and lead time of goods to order
        cash_advance  which share of each open purchase is paid or billed ahead
        cash_bill     when the bills of those are due
        cash_receipt  the slices that are on their way, with their purchase
        cash_supply   per order line: when its supply is here
        cash_part     per order line and kind: its value, the day it can leave, and the
                      day it is expected to: not before it was promised
        cash_invoice  when the invoices of orders that have them already are due
        cash_term     payment terms, as shares between 0 and 1
        cash_flow     all of it, one row per part and instalment
    """

    _name = "backlog.cash"
    _inherit = ["backlog.row.mixin"]
    _description = "Expected Cash"
    _auto = False
    _order = "date, ship_date, id"
    _rec_name = "order_line_id"
    _depends = {
        **READS,
        "account.account": ["account_type"],
        "account.move": ["amount_residual", "amount_total", "move_type", "state"],
        "account.move.line": [
            "account_id",
            "amount_residual",
            "balance",
            "date",
            "date_maturity",
            "move_id",
            "purchase_line_id",
        ],
        "account.payment.term.line": [
            "days_next_month",
            "delay_type",
            "nb_days",
            "payment_id",
            "value",
            "value_amount",
        ],
        "backlog.allocation": [],
        "backlog.line": [],
        "purchase.order": [
            "amount_total",
            "currency_rate",
            "partner_id",
            "payment_term_id",
        ],
        "purchase.order.line": [
            "is_downpayment",
            "order_id",
            "price_subtotal",
            "price_total",
            "product_id",
            "product_qty",
            "product_uom_id",
            "qty_received",
        ],
        "res.company": ["days_to_purchase"],
        "res.partner": [*READS["res.partner"], "property_supplier_payment_term_id"],
        "sale.order": ["amount_total", "payment_term_id", "picking_policy"],
        "sale.order.line": ["price_subtotal", "price_total"],
    }

    # Which money, and when

    flow = fields.Selection(
        [
            ("receive", "To receive"),
            ("pay", "To pay for supply"),
            ("deposit", "Deposits held (a debt)"),
        ],
        "Cash Flow",
        readonly=True,
        help="To receive: what customers will still pay for open orders. To pay for "
        "supply: what vendors get for goods that open orders wait for; supply by "
        "transfer or production has no row. Deposits held: what customers paid for "
        "goods that they do not have yet: a debt, no income.",
    )
    kind = fields.Selection(
        [
            ("ready", "Ready"),
            ("incoming", "Incoming"),
            ("to_source", "To order"),
            ("blocked", "Blocked"),
        ],
        "Goods",
        readonly=True,
        help="Ready: in stock, can leave today. Incoming: on its way. To order: "
        "nobody has ordered it yet. Blocked: it is ready and waits for the rest of the "
        "order, which ships all at once, or the customer is over the credit limit.",
    )
    date = fields.Date(
        "Expected Payment",
        readonly=True,
        help="When the money moves: the day the goods can leave, and not before the "
        "day they were promised for, plus the payment term of the order; or the day "
        "they are here plus that of the vendor. What is on a posted invoice or bill "
        "already is due on its day, today when that has passed. For a deposit, when "
        "the goods leave. Empty while nobody can say: there is no vendor to order "
        "from, or the customer is over the credit limit.",
    )
    earliest_date = fields.Date(
        "Payment at the Earliest",
        readonly=True,
        help="When the money could move if all goods left as soon as they can, also "
        "before the day they were promised for.",
    )
    ship_date = fields.Date(
        "Can Leave",
        readonly=True,
        help="Today for what is ready, the day of the receipt for what is on its way, "
        "and for what is to order today plus the lead time of its vendor, as if it "
        "were ordered today. An order that ships all at once leaves with its last "
        "part.",
    )

    # For which goods

    order_line_id = fields.Many2one("sale.order.line", readonly=True)
    order_id = fields.Many2one("sale.order", readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Customer or Vendor",
        readonly=True,
        help="Who pays, or who gets the money.",
    )
    purchase_order_id = fields.Many2one(
        "purchase.order", readonly=True, help="The purchase that brings the goods."
    )
    product_id = fields.Many2one("product.product", readonly=True)
    warehouse_id = fields.Many2one("stock.warehouse", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    user_id = fields.Many2one("res.users", "Salesperson", readonly=True)
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True)
    is_late = fields.Boolean(
        "Late",
        readonly=True,
        help="The day that was promised to the customer is past.",
    )

    # How much

    amount = fields.Monetary(
        "Cash",
        readonly=True,
        groups=AMOUNT_GROUPS,
        help="Untaxed, in the currency of the company: above zero what we get, less "
        "what is paid already, below zero what we pay. Deposits held are not in it.",
    )
    amount_total = fields.Monetary(
        "Cash, with Taxes",
        readonly=True,
        groups=AMOUNT_GROUPS,
        help="The same with the taxes of the order. What is not yet ordered from a "
        "vendor has none.",
    )
    deposit_value = fields.Monetary(
        "Deposits Held",
        readonly=True,
        groups=VALUE_GROUPS,
        help="What customers paid, untaxed, for goods they do not have yet. A debt: "
        "the goods, or the money back.",
    )

    # The statement

    @property
    def _table_query(self):
        return self._cash(self.env["backlog.allocation"]._asked_products())

    @api.model
    def _cash(self, product_ids=None):
        """Return the statement that gives the columns of this model.

        :param product_ids: ids of the products moved, of whole orders, or None for all:
            see ``backlog.line._lines``
        """
        supply = self.env["backlog.cash.supply"]
        invoice = self.env["backlog.cash.invoice"]
        return SQL(
            """
              WITH cash_slice AS MATERIALIZED (%(slice)s),
                   cash_line AS MATERIALIZED (%(line)s),
                   cash_offer AS MATERIALIZED (%(offer)s),
                   cash_advance AS MATERIALIZED (%(advance)s),
                   cash_bill AS MATERIALIZED (%(bill)s),
                   cash_receipt AS MATERIALIZED (%(receipt)s),
                   cash_supply AS MATERIALIZED (%(supply)s),
                   cash_part AS MATERIALIZED (%(part)s),
                   cash_invoice AS MATERIALIZED (%(invoice)s),
                   cash_term AS MATERIALIZED (%(term)s),
                   cash_flow AS (%(flow)s)
            %(rows)s
            """,
            slice=self._slice(product_ids),
            line=self._line(product_ids),
            offer=SQL(
                "SELECT * FROM %s offer", many_rows(SQL("(%s)", supply._offer()))
            ),
            advance=SQL(
                "SELECT * FROM %s advance", many_rows(SQL("(%s)", supply._advance()))
            ),
            bill=invoice._bill(),
            receipt=supply._receipt(),
            supply=self._supply(),
            part=self._part(),
            invoice=invoice._invoice(product_ids is None),
            term=instalments(),
            flow=self._flow(),
            rows=self._rows(),
        )

    @api.model
    def _slice(self, product_ids):
        """The allocation without the names of documents: they are slow, and cash does
        not read them."""
        return SQL(
            """
            SELECT id, move_id, order_line_id, product_id, warehouse_id, company_id,
                   source, qty, to_customer, receipt_move_id, date
              FROM (%s) slice
            """,
            self.env["backlog.allocation"]._slices(product_ids),
        )

    @api.model
    def _line(self, product_ids):
        """The open order lines, with what their orders say of payment.

        ``paid`` is the share of the open value that is prepaid.
        """
        return SQL(
            """
            SELECT line.id, line.order_id, line.partner_id, line.product_id,
                   line.warehouse_id, line.company_id, line.currency_id, line.user_id,
                   line.team_id, line.is_late, line.block_cause, line.today,
                   line.rounding, line.backlog_qty, line.incoming_qty,
                   line.to_source_qty, line.backlog_value, line.incoming_value,
                   line.to_source_value,
                   COALESCE(line.prepaid_value / NULLIF(line.open_value, 0), 0) AS paid,
                   line.in_one_piece, line.payment_term_id, line.order_total,
                   line.with_taxes, line.promised_day
              FROM (%s) line
            """,
            self.env["backlog.line"]._lines(
                product_ids, slices=SQL("SELECT * FROM cash_slice")
            ),
        )

    @api.model
    def _supply(self):
        """When the supply of each order line is here. For a kit the components are
        moved, which do not add up to kits: the last component decides."""
        return SQL(
            """
            SELECT line.id AS order_line_id,
                   BOOL_OR(slice.product_id <> line.product_id) AS is_kit,
                   SUM(slice.qty) FILTER (WHERE slice.source = 'receipt')
                       AS receipt_qty,
                   %(receipt_day)s AS receipt_day,
                   CASE WHEN NOT BOOL_OR(slice.source = 'none' AND offer.day IS NULL)
                        THEN MAX(offer.day) FILTER (WHERE slice.source = 'none')
                    END AS source_day
              FROM cash_slice slice
              JOIN cash_line line ON line.id = slice.order_line_id
         LEFT JOIN cash_offer offer ON offer.product_id = slice.product_id
               AND offer.company_id = slice.company_id
             WHERE slice.source IN ('receipt', 'none')
          GROUP BY line.id
            """,
            receipt_day=self.env["backlog.line.today"]._day(
                SQL("MAX(slice.date) FILTER (WHERE slice.source = 'receipt')")
            ),
        )

    # What can leave when

    @api.model
    def _part(self):
        """When each part can leave, and when it is expected to: not before the day it
        was promised for. An order that ships all at once leaves with its last part; for
        a customer over the credit limit the day is unknown."""
        return SQL(
            """
            SELECT part.*, part.day AS ship_date,
                   CASE WHEN part.day IS NOT NULL
                        THEN GREATEST(part.day, part.promised_day)
                    END AS leave_date
              FROM (%(leaving)s) part
             WHERE NOT in_one_piece
         UNION ALL
            SELECT part.*, CASE WHEN NOT BOOL_OR(day IS NULL) OVER whole
                                THEN MAX(day) OVER whole
                            END,
                   CASE WHEN NOT BOOL_OR(day IS NULL) OVER whole
                        THEN MAX(GREATEST(day, promised_day)) OVER whole
                    END
              FROM (%(leaving)s) part
             WHERE in_one_piece
            WINDOW whole AS (PARTITION BY order_id)
            """,
            leaving=self._leaving(),
        )

    @api.model
    def _leaving(self):
        """The parts of each line, with the day on which each could leave on its own."""
        return SQL(
            """
            SELECT line.*, 0 AS key, line.backlog_value AS value,
                   NULL::integer AS purchase_order_id,
                   COALESCE(%(blocked)s, CASE WHEN line.block_cause = 'whole_order'
                       THEN 'blocked' END, 'ready') AS kind,
                   CASE WHEN %(blocked)s IS NULL THEN line.today END AS day
              FROM cash_line line
             WHERE line.backlog_qty > 0
         UNION ALL
            SELECT line.*, COALESCE(receipt.id, 0),
                   line.incoming_value
                     * COALESCE(receipt.qty / supply.receipt_qty, 1),
                   receipt.purchase_order_id, COALESCE(%(blocked)s, 'incoming'),
                   CASE WHEN %(blocked)s IS NULL
                        THEN COALESCE(receipt.day, supply.receipt_day)
                    END
              FROM cash_line line
              JOIN cash_supply supply ON supply.order_line_id = line.id
         LEFT JOIN cash_receipt receipt ON receipt.order_line_id = line.id
               AND NOT supply.is_kit
             WHERE line.incoming_qty > 0
         UNION ALL
            SELECT line.*, 0, line.to_source_value, NULL,
                   COALESCE(%(blocked)s, 'to_source'),
                   CASE WHEN %(blocked)s IS NOT NULL THEN NULL
                        WHEN supply.is_kit AND supply.source_day IS NOT NULL
                        THEN GREATEST(supply.source_day, supply.receipt_day)
                        ELSE supply.source_day
                    END
              FROM cash_line line
              JOIN cash_supply supply ON supply.order_line_id = line.id
             WHERE line.to_source_qty > 0
            """,
            blocked=SQL("(CASE WHEN line.block_cause = 'credit' THEN 'blocked' END)"),
        )

    # Movements of money

    @api.model
    def _flow(self):
        """Every movement of money, not yet rounded. ``key`` and ``number`` tell rows of
        one kind and order line apart. Amounts are NULL and not 0 where a row has none,
        so that a pivot shows no cells full of zeros."""
        return SQL(
            """
            %(receive)s
         UNION ALL
            %(deposit)s
         UNION ALL
            %(pay_incoming)s
         UNION ALL
            %(pay_to_source)s
            """,
            receive=self._flow_receive(),
            deposit=self._flow_deposit(),
            pay_incoming=self._flow_pay_incoming(),
            pay_to_source=self._flow_pay_to_source(),
        )

    @api.model
    def _flow_receive(self):
        """What customers will still pay, one row per part and instalment: of the
        invoices that are there, and of the payment term for the rest."""
        return SQL(
            """
            SELECT part.id AS order_line_id, 'receive' AS flow, part.kind, part.key,
                   COALESCE(term.number, 0) AS number, part.partner_id,
                   part.purchase_order_id, part.product_id, %(due)s AS date,
                   %(earliest)s AS earliest_date, part.ship_date,
                   part.value * (1 - part.paid) * %(share)s
                       * (1 - COALESCE(ahead.share, 0)) AS amount,
                   part.with_taxes, NULL::numeric AS deposit_value, %(of_line)s
              FROM cash_part part
         LEFT JOIN %(ahead)s ahead ON ahead.order_id = part.order_id
         LEFT JOIN cash_term term ON term.term_id = part.payment_term_id
         UNION ALL
            SELECT part.id, 'receive', part.kind, part.key, -invoice.number,
                   part.partner_id, part.purchase_order_id, part.product_id,
                   %(invoiced_on)s, %(invoiced_on)s, part.ship_date,
                   part.value * (1 - part.paid) * invoice.share,
                   part.with_taxes, NULL, %(of_line)s
              FROM cash_part part
              JOIN cash_invoice invoice ON invoice.order_id = part.order_id
            """,
            ahead=self._ahead("cash_invoice"),
            invoiced_on=SQL(
                """CASE WHEN part.block_cause IS DISTINCT FROM 'credit'
                        THEN GREATEST(invoice.day, part.today)
                    END"""
            ),
            due=due_day(SQL("part.leave_date")),
            earliest=due_day(SQL("part.ship_date")),
            share=share_due(SQL("part.order_total")),
            of_line=self._of_line("part"),
        )

    @api.model
    def _flow_deposit(self):
        """What customers have paid for goods that are open, one row per part."""
        return SQL(
            """
            SELECT part.id, 'deposit', part.kind, part.key, 0, part.partner_id,
                   part.purchase_order_id, part.product_id, part.leave_date,
                   part.ship_date, part.ship_date, NULL, 1, part.value * part.paid,
                   %(of_line)s
              FROM cash_part part
             WHERE part.paid <> 0
            """,
            of_line=self._of_line("part"),
        )

    @api.model
    def _flow_pay_incoming(self):
        """What vendors get for goods on their way, one row per slice and instalment."""
        return SQL(
            """
            SELECT receipt.order_line_id, 'pay', 'incoming', receipt.id,
                   COALESCE(term.number, 0), receipt.partner_id,
                   receipt.purchase_order_id, receipt.product_id, %(due)s, %(due)s,
                   receipt.day,
                   -receipt.qty * receipt.unit_price * %(share)s
                       * (1 - COALESCE(ahead.share, 0)),
                   receipt.with_taxes, NULL, %(of_line)s
              FROM cash_receipt receipt
              JOIN cash_line line ON line.id = receipt.order_line_id
         LEFT JOIN %(ahead)s ahead ON ahead.order_id = receipt.purchase_order_id
         LEFT JOIN cash_term term ON term.term_id = receipt.payment_term_id
             WHERE receipt.unit_price IS NOT NULL
         UNION ALL
            SELECT receipt.order_line_id, 'pay', 'incoming', receipt.id, -bill.number,
                   receipt.partner_id, receipt.purchase_order_id, receipt.product_id,
                   GREATEST(bill.day, line.today), GREATEST(bill.day, line.today),
                   receipt.day,
                   -receipt.qty * receipt.unit_price * bill.share,
                   receipt.with_taxes, NULL, %(of_line)s
              FROM cash_receipt receipt
              JOIN cash_line line ON line.id = receipt.order_line_id
              JOIN cash_bill bill ON bill.order_id = receipt.purchase_order_id
             WHERE receipt.unit_price IS NOT NULL
            """,
            ahead=self._ahead("cash_bill"),
            due=due_day(SQL("receipt.day")),
            share=share_due(SQL("receipt.order_total")),
            of_line=self._of_line("line"),
        )

    @api.model
    def _flow_pay_to_source(self):
        """What vendors would get for goods to order, one row per slice and
        instalment."""
        return SQL(
            """
            SELECT slice.order_line_id, 'pay', 'to_source', slice.id,
                   COALESCE(term.number, 0), offer.partner_id, NULL, slice.product_id,
                   %(due)s, %(due)s, offer.day,
                   -slice.qty * offer.unit_price * %(share)s, 1, NULL, %(of_line)s
              FROM cash_slice slice
              JOIN cash_line line ON line.id = slice.order_line_id
              JOIN cash_offer offer ON offer.product_id = slice.product_id
               AND offer.company_id = slice.company_id
         LEFT JOIN cash_term term ON term.term_id = offer.payment_term_id
             WHERE slice.source = 'none'
            """,
            due=due_day(SQL("offer.day")),
            share=share_due(SQL("NULL::numeric")),
            of_line=self._of_line("line"),
        )

    @api.model
    def _ahead(self, table):
        """Which share of what an order is still to pay is on invoices of ``table``."""
        return SQL(
            "(SELECT order_id, SUM(share) AS share FROM %s GROUP BY order_id)",
            SQL.identifier(table),
        )

    @api.model
    def _of_line(self, table):
        """The columns that a movement takes over from its order line, which is in
        ``table``."""
        return SQL(", ").join(SQL.identifier(table, name) for name in OF_LINE)

    # Rows

    @api.model
    def _rows(self):
        """The rows of the model: all movements of money but those of nothing."""
        return SQL(
            """
            SELECT *
              FROM (%s) cash
             WHERE amount <> 0 OR deposit_value <> 0
            """,
            self._rounded(),
        )

    @api.model
    def _rounded(self):
        """The movements with ids, rounded so that the rows of a line add up: each row
        is the growth of the rounded running total."""
        return SQL(
            """
            SELECT CASE WHEN place <= %(few)s
                        THEN flow_key * %(few)s + place - 1
                        ELSE -flow_key * %(many)s - place
                    END AS id,
                   flow, kind, date, earliest_date, ship_date, order_line_id, order_id,
                   partner_id, purchase_order_id, product_id, warehouse_id, company_id,
                   currency_id, user_id, team_id, is_late, %(amount)s AS amount,
                   %(amount_total)s AS amount_total, %(deposit_value)s AS deposit_value
              FROM (
                    SELECT flow.*, %(flow_key)s AS flow_key,
                           amount * flow.with_taxes AS amount_total,
                           SUM(amount) OVER upto AS amount_upto,
                           SUM(amount * flow.with_taxes) OVER upto AS amount_total_upto,
                           SUM(deposit_value) OVER upto AS deposit_value_upto,
                           ROW_NUMBER() OVER upto AS place
                      FROM cash_flow flow
                    WINDOW upto AS (
                           PARTITION BY order_line_id, flow
                           ORDER BY kind, key, number ROWS UNBOUNDED PRECEDING)
                   ) flow
            """,
            few=ROWS_PER_FLOW,
            many=MANY_ROWS_PER_FLOW,
            flow_key=SQL(
                "(order_line_id::bigint * %s + ARRAY_POSITION(%s, flow.flow) - 1)",
                len(MOVEMENTS),
                list(MOVEMENTS),
            ),
            **{
                name: SQL(
                    """ROUND(%(upto)s / rounding) * rounding
                     - ROUND((%(upto)s - %(own)s) / rounding) * rounding""",
                    upto=SQL.identifier(f"{name}_upto"),
                    own=SQL.identifier(name),
                )
                for name in ("amount", "amount_total", "deposit_value")
            },
        )

    # On the list

    @api.readonly
    def action_open(self):
        """Open the document behind the row: the purchase for what we pay, else the
        order, or the explanation of the order line for those who cannot open it."""
        self.ensure_one()
        line = self.env["backlog.line"].browse(self.order_line_id.id)
        document = self.order_id
        if self.flow == "pay" and self.purchase_order_id:
            document = self.purchase_order_id
        if line._can_open(document):
            return open_records(document)
        return line.action_why()
