from odoo import api, fields, models
from odoo.tools import SQL

from .backlog_line import VALUE_GROUPS
from .backlog_line_actions import FORM_GROUPS
from .backlog_mixin import many_rows, sum_in_own_currency
from .backlog_vendor import READS

# Whoever buys has rows of what we pay, and no others: see the rules.
AMOUNT_GROUPS = f"{VALUE_GROUPS},{FORM_GROUPS['purchase.order']}"
# An order line numbers its rows by itself, each flow from 0, so that an id tells the
# same row for as long as the line is the same. The ids stay below 2**31, the limit of
# XML-RPC, up to 22 million order lines. Rows beyond these numbers go below zero.
FLOWS = ("receive", "pay", "deposit")
ROWS_PER_FLOW = 32
MANY_ROWS_PER_FLOW = 2**16


class BacklogCash(models.Model):
    """When the open backlog becomes money: what customers will pay for it, what the
    supply of it will cost, and what they paid ahead.

    One row per order line, part of its quantity and instalment. Per line, and so in
    every total, the amounts to receive are ``open_value - prepaid_value`` of
    ``backlog.line`` and the deposits its ``prepaid_value``, to the cent.

    A live SQL statement. The allocation, which costs most of it, is computed once; the
    steps, one method each, read it and each other::

        cash_slice    the allocation
        cash_line     backlog.line, made of those very slices
        cash_offer    who would sell what is to source, at what price, how fast
        cash_advance  which share of each open purchase is paid ahead
        cash_receipt  the slices that are on their way, with their purchase
        cash_supply   per order line: when its supply is here
        cash_part     per order line and kind: its value, and the day it can leave
        cash_term     payment terms, as shares between 0 and 1
        cash_flow     all of it, one row per part and instalment
    """

    _name = "backlog.cash"
    _description = "Expected Cash"
    _auto = False
    _order = "date, ship_date, id"
    _rec_name = "order_line_id"
    _depends = {
        **READS,
        "account.move": ["amount_residual", "amount_total", "move_type", "state"],
        "account.move.line": ["balance", "move_id", "purchase_line_id"],
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
            ("to_source", "To source"),
            ("blocked", "Blocked"),
        ],
        "Goods",
        readonly=True,
        help="Ready: in stock, can leave today. Incoming: on its way. To source: "
        "nobody has ordered it yet. Blocked: it is ready and waits for the rest of the "
        "order, which ships all at once, or the customer is over the credit limit.",
    )
    date = fields.Date(
        "Expected Payment",
        readonly=True,
        help="When the money moves: the day the goods can leave plus the payment term "
        "of the customer, or the day they are here plus that of the vendor. For a "
        "deposit, when the goods can leave. Empty while nobody can say: there is no "
        "vendor to order from, or the customer is over the credit limit.",
    )
    ship_date = fields.Date(
        "Can Leave",
        readonly=True,
        help="Today for what is ready, the day of the receipt for what is on its way, "
        "and for what is to source today plus the lead time of its vendor, as if it "
        "were ordered today. An order that ships all at once leaves with its last "
        "part.",
    )
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

    @api.depends("order_id", "product_id")
    def _compute_display_name(self):
        # Buyers see the demand and may not open the orders: they get the names.
        for row in self.sudo():
            row.display_name = (
                f"{row.order_id.display_name} · {row.product_id.display_name}"
            )

    def _read_group_select(self, aggregate_spec, query):
        name, _colon, aggregator = aggregate_spec.partition(":")
        if aggregator == "sum_currency":
            return sum_in_own_currency(self, name)
        return super()._read_group_select(aggregate_spec, query)

    def _read_group_orderby(self, order, groupby_terms, query):
        """Selections come in their own order, not in that of their values."""
        terms = {
            spec: SQL(
                "ARRAY_POSITION(%s, %s::text)",
                [value for value, _label in self._fields[spec].selection],
                term,
            )
            if spec in ("flow", "kind")
            else term
            for spec, term in groupby_terms.items()
        }
        result = super()._read_group_orderby(order, terms, query)
        groupby_terms.update(
            (spec, term) for spec, term in terms.items() if spec not in ("flow", "kind")
        )
        return result

    def action_open(self):
        """Open the document behind the row: the purchase for what we pay, else the
        order, or the explanation of the order line for those who cannot open it."""
        self.ensure_one()
        line = self.env["backlog.line"].browse(self.order_line_id.id)
        document = self.order_id
        if self.flow == "pay" and self.purchase_order_id:
            document = self.purchase_order_id
        if line._can_open(document):
            return line._action_open(document)
        return line.action_why()

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
        return SQL(
            """
              WITH cash_slice AS MATERIALIZED (%(slice)s),
                   cash_line AS MATERIALIZED (%(line)s),
                   cash_offer AS MATERIALIZED (%(offer)s),
                   cash_advance AS MATERIALIZED (%(advance)s),
                   cash_receipt AS MATERIALIZED (%(receipt)s),
                   cash_supply AS MATERIALIZED (%(supply)s),
                   cash_part AS MATERIALIZED (%(part)s),
                   cash_term AS MATERIALIZED (%(term)s),
                   cash_flow AS (%(flow)s)
            %(rows)s
            """,
            slice=self._slice(product_ids),
            line=self._line(product_ids),
            offer=SQL("SELECT * FROM %s offer", many_rows(SQL("(%s)", self._offer()))),
            advance=SQL(
                "SELECT * FROM %s advance", many_rows(SQL("(%s)", self._advance()))
            ),
            receipt=self._receipt(),
            supply=self._supply(),
            part=self._part(),
            term=self._term(),
            flow=self._flow(),
            rows=self._rows(),
        )

    @api.model
    def _day(self, moment):
        return self.env["backlog.line"]._day(moment)

    @api.model
    def _slice(self, product_ids):
        """The allocation, without the names of documents: they cost, and nobody reads
        them here."""
        return SQL(
            """
            SELECT id, move_id, order_line_id, product_id, warehouse_id, company_id,
                   queue_rank, source, qty, to_customer, receipt_move_id, date
              FROM %s slice
            """,
            many_rows(SQL("(%s)", self.env["backlog.line"]._slices(product_ids))),
        )

    @api.model
    def _line(self, product_ids):
        """The open order lines, with what their orders say of payment.

        ``unpaid`` is the share of the open value that is still to be paid.
        """
        lines = self.env["backlog.line"].with_context(
            backlog_slices=SQL("SELECT * FROM cash_slice")
        )
        return SQL(
            """
            SELECT line.id, line.order_id, line.partner_id, line.product_id,
                   line.warehouse_id, line.company_id, line.currency_id, line.user_id,
                   line.team_id, line.is_late, line.block_cause, line.today,
                   line.rounding, line.backlog_qty, line.incoming_qty,
                   line.to_source_qty, line.backlog_value, line.incoming_value,
                   line.to_source_value,
                   COALESCE(line.prepaid_value / NULLIF(line.open_value, 0), 0) AS paid,
                   sale.picking_policy = 'one' AS in_one_piece,
                   sale.payment_term_id, sale.amount_total AS order_total,
                   COALESCE(sold.price_total / NULLIF(sold.price_subtotal, 0), 1)
                       AS with_taxes
              FROM (%s) line
              JOIN sale_order sale ON sale.id = line.order_id
              JOIN sale_order_line sold ON sold.id = line.id
            """,
            lines._given_lines() or lines._lines(product_ids),
        )

    @api.model
    def _offer(self):
        """Per product and company what is to source would cost, who would sell it, and
        when it would be here, ordered today.

        As in Odoo's own ``product.product._select_seller``: the first vendor of the
        list that sells so much, at its cheapest line; where nobody sells so little, the
        first one, at its smallest quantity.
        """
        companies = self.env["res.company"]._backlog_visible()
        return SQL(
            """
            SELECT chosen.product_id, chosen.company_id, chosen.partner_id,
                   chosen.unit_price, %(day)s AS day,
                   CASE chosen.company_id %(terms)s END AS payment_term_id
              FROM (%(chosen)s) chosen
              JOIN res_company company ON company.id = chosen.company_id
              JOIN res_partner partner ON partner.id = chosen.partner_id
            """,
            day=self._day(
                SQL(
                    """(%s::timestamp
                        + (chosen.delay + COALESCE(company.days_to_purchase, 0))
                            * INTERVAL '1 day')""",
                    self.env["backlog.allocation"]._now(),
                )
            ),
            terms=SQL(" ").join(
                SQL(
                    "WHEN %s THEN %s",
                    company.id,
                    self.env["res.partner"]
                    .sudo()
                    .with_company(company)
                    ._field_to_sql("partner", "property_supplier_payment_term_id"),
                )
                for company in companies
            ),
            chosen=self._chosen_offer(companies),
        )

    @api.model
    def _chosen_offer(self, companies):
        """The line of the vendor list that would be bought from."""
        return SQL(
            """
            SELECT DISTINCT ON (product_id, company_id)
                   product_id, company_id, partner_id, unit_price, delay
              FROM (
                    SELECT offer.*, offer.min_qty <= wanted.qty AS is_enough,
                           FIRST_VALUE(offer.partner_id) OVER (
                               PARTITION BY offer.product_id, offer.company_id
                               ORDER BY offer.min_qty <= wanted.qty DESC, offer.place
                           ) AS chosen_id
                      FROM (
                            SELECT product_id, company_id, SUM(qty) AS qty
                              FROM cash_slice
                             WHERE source = 'none'
                               AND order_line_id IS NOT NULL
                          GROUP BY product_id, company_id
                           ) wanted
                      JOIN (%s) offer ON offer.product_id = wanted.product_id
                                     AND offer.company_id = wanted.company_id
                   ) offer
             WHERE partner_id = chosen_id
          ORDER BY product_id, company_id, is_enough DESC,
                   CASE WHEN is_enough THEN unit_price ELSE min_qty END, place
            """,
            SQL(" UNION ALL ").join(map(self._company_offers, companies)),
        )

    @api.model
    def _company_offers(self, company):
        """What vendors who may be chosen by themselves ask ``company`` for the products
        that are to source."""
        # Salespeople may not read vendors' prices: the rules keep those rows from them.
        vendors = self.env["backlog.vendor"].sudo().with_company(company)
        wanted = SQL(
            """
            SELECT DISTINCT product.product_tmpl_id
              FROM cash_slice slice
              JOIN product_product product ON product.id = slice.product_id
             WHERE slice.source = 'none'
               AND slice.order_line_id IS NOT NULL
               AND slice.company_id = %s
            """,
            company.id,
        )
        return SQL(
            """
            (WITH RECURSIVE ancestor AS (%(ancestor)s),
                  out AS MATERIALIZED (%(out)s)
             SELECT offer.product_id, %(company)s AS company_id, offer.partner_id,
                    offer.min_qty, offer.unit_price, offer.delay, offer.place
               FROM (%(offer)s) offer
              WHERE offer.is_usable
                AND offer.manual_only IS NOT TRUE
                AND NOT offer.is_disrupted)
            """,
            ancestor=vendors._ancestor(wanted),
            out=vendors._out(),
            offer=vendors._offer(wanted),
            company=company.id,
        )

    @api.model
    def _advance(self):
        """Which share of what is still to come of each purchase was paid ahead: posted
        bills settle what is here first, as ``prepaid_value`` does for customers."""
        return SQL(
            """
            SELECT paid.order_id,
                   LEAST(1, GREATEST(0, paid.amount - goods.received)
                            / NULLIF(goods.to_come, 0)) AS share
              FROM (
                    SELECT line.order_id,
                           SUM(item.balance * (
                               1 - bill.amount_residual / NULLIF(bill.amount_total, 0)
                           )) AS amount
                      FROM account_move_line item
                      JOIN account_move bill ON bill.id = item.move_id
                      JOIN purchase_order_line line ON line.id = item.purchase_line_id
                     WHERE line.order_id = ANY(ARRAY(
                               SELECT purchase_order_line.order_id
                                 FROM cash_slice
                                %(receipt)s
                                WHERE cash_slice.source = 'receipt'))
                       AND bill.state = 'posted'
                       AND bill.move_type IN ('in_invoice', 'in_refund')
                  GROUP BY line.order_id
                   ) paid
        CROSS JOIN LATERAL (
                    SELECT SUM(CASE WHEN template.type = 'consu'
                                    THEN line.price_subtotal * came.share
                                    ELSE line.price_subtotal
                                END) AS received,
                           SUM(line.price_subtotal * (1 - came.share)) FILTER (
                               WHERE template.type = 'consu') AS to_come
                      FROM (
                            SELECT line.price_subtotal
                                     / COALESCE(NULLIF(purchase.currency_rate, 0), 1)
                                       AS price_subtotal,
                                   line.product_id, line.qty_received, line.product_qty
                              FROM purchase_order_line line
                              JOIN purchase_order purchase
                                ON purchase.id = line.order_id
                             WHERE line.order_id = paid.order_id
                               AND line.is_downpayment IS NOT TRUE
                           ) line
                      JOIN product_product product ON product.id = line.product_id
                      JOIN product_template template
                        ON template.id = product.product_tmpl_id
                CROSS JOIN LATERAL (
                            SELECT LEAST(1, COALESCE(
                                line.qty_received / NULLIF(line.product_qty, 0), 1)
                            ) AS share
                           ) came
                   ) goods
             WHERE paid.amount > goods.received
            """,
            receipt=self.env["backlog.allocation"]._join_receipt("cash_slice"),
        )

    @api.model
    def _receipt(self):
        """What is on its way to customers, with its purchase: the price of a unit of
        the product, untaxed, net of discount, less what was paid ahead, at the rate of
        the purchase. Of a bought kit each piece weighs the same."""
        return SQL(
            """
            SELECT cash_slice.id, cash_slice.order_line_id, cash_slice.product_id,
                   cash_slice.qty, %(day)s AS day,
                   purchase.id AS purchase_order_id, purchase.partner_id,
                   purchase.payment_term_id, purchase.amount_total AS order_total,
                   purchase_order_line.price_subtotal
                     / COALESCE(NULLIF(purchase.currency_rate, 0), 1)
                     / NULLIF(CASE
                           WHEN receipt.product_id = purchase_order_line.product_id
                           THEN purchase_order_line.product_qty
                                * bought_uom.factor / uom.factor
                           ELSE (%(pieces)s)
                       END, 0)
                     * (1 - COALESCE(cash_advance.share, 0)) AS unit_price,
                   COALESCE(purchase_order_line.price_total
                            / NULLIF(purchase_order_line.price_subtotal, 0), 1)
                       AS with_taxes
              FROM cash_slice
            %(receipt)s
         LEFT JOIN purchase_order purchase ON purchase.id = purchase_order_line.order_id
         LEFT JOIN cash_advance ON cash_advance.order_id = purchase.id
         LEFT JOIN product_product product ON product.id = receipt.product_id
         LEFT JOIN product_template template ON template.id = product.product_tmpl_id
         LEFT JOIN uom_uom uom ON uom.id = template.uom_id
         LEFT JOIN uom_uom bought_uom
                ON bought_uom.id = purchase_order_line.product_uom_id
             WHERE cash_slice.source = 'receipt'
               AND cash_slice.order_line_id IS NOT NULL
            """,
            day=self._day(SQL("cash_slice.date")),
            receipt=self.env["backlog.allocation"]._join_receipt("cash_slice"),
            pieces=SQL(
                """SELECT SUM(piece.product_qty)
                     FROM stock_move piece
                    WHERE piece.purchase_line_id = purchase_order_line.id
                      AND piece.state <> 'cancel'
                      AND piece.origin_returned_move_id IS NULL"""
            ),
        )

    @api.model
    def _supply(self):
        """When the supply of each order line is here. What is moved for a kit are its
        components, which do not add up to kits: the last one decides."""
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
          GROUP BY line.id
            """,
            receipt_day=self._day(
                SQL("MAX(slice.date) FILTER (WHERE slice.source = 'receipt')")
            ),
        )

    @api.model
    def _part(self):
        """What can leave when. An order that ships all at once leaves with its last
        part; of a customer over the credit limit nobody can say."""
        return SQL(
            """
            SELECT part.order_line_id, part.key, part.value, part.purchase_order_id,
                   CASE WHEN line.block_cause = 'credit'
                          OR line.block_cause = 'whole_order' AND part.kind = 'ready'
                        THEN 'blocked'
                        ELSE part.kind
                    END AS kind,
                   CASE WHEN line.block_cause = 'credit' THEN NULL
                        WHEN NOT line.in_one_piece THEN part.day
                        WHEN BOOL_OR(part.day IS NULL) OVER whole THEN NULL
                        ELSE MAX(part.day) OVER whole
                    END AS day
              FROM (
                    SELECT id AS order_line_id, 'ready' AS kind, 0 AS key,
                           backlog_value AS value, today AS day,
                           NULL::integer AS purchase_order_id
                      FROM cash_line
                     WHERE backlog_qty > 0
                 UNION ALL
                    SELECT line.id, 'incoming', COALESCE(receipt.id, 0),
                           line.incoming_value
                             * COALESCE(receipt.qty / supply.receipt_qty, 1),
                           COALESCE(receipt.day, supply.receipt_day),
                           receipt.purchase_order_id
                      FROM cash_line line
                      JOIN cash_supply supply ON supply.order_line_id = line.id
                 LEFT JOIN cash_receipt receipt ON receipt.order_line_id = line.id
                       AND NOT supply.is_kit
                     WHERE line.incoming_qty > 0
                 UNION ALL
                    SELECT line.id, 'to_source', 0, line.to_source_value,
                           CASE WHEN supply.is_kit AND supply.source_day IS NOT NULL
                                THEN GREATEST(supply.source_day, supply.receipt_day)
                                ELSE supply.source_day
                            END,
                           NULL
                      FROM cash_line line
                      JOIN cash_supply supply ON supply.order_line_id = line.id
                     WHERE line.to_source_qty > 0
                   ) part
              JOIN cash_line line ON line.id = part.order_line_id
            WINDOW whole AS (PARTITION BY line.order_id)
            """
        )

    @api.model
    def _term(self):
        """The instalments of each payment term: where each begins and ends, as a share
        of the total and a fixed amount. The last one takes what is left, as in Odoo's
        own ``account.payment.term._compute_terms``."""
        return SQL(
            """
            SELECT payment_id AS term_id, delay_type, COALESCE(nb_days, 0) AS nb_days,
                   CASE WHEN days_next_month IS NULL THEN 0
                        WHEN days_next_month ~ '^[0-9]+$' THEN days_next_month::integer
                        ELSE 1
                    END AS day_of_month,
                   ROW_NUMBER() OVER upto AS number,
                   id = MAX(id) OVER (PARTITION BY payment_id) AS is_last,
                   SUM(percent) OVER upto AS percent_upto, percent,
                   SUM(fixed) OVER upto AS fixed_upto, fixed
              FROM (
                    SELECT *,
                           CASE WHEN value = 'percent' THEN value_amount / 100 ELSE 0
                            END AS percent,
                           CASE WHEN value = 'fixed' THEN value_amount ELSE 0
                            END AS fixed
                      FROM account_payment_term_line
                   ) line
            WINDOW upto AS (PARTITION BY payment_id ORDER BY id)
            """
        )

    @api.model
    def _share(self, total):
        """Which share of a sum falls due with ``term``: all of it without one. Fixed
        amounts are for a whole order of ``total``, in its currency; without a total
        there are none."""
        return SQL(
            """
            CASE WHEN term.term_id IS NULL THEN 1
                 ELSE CASE WHEN term.is_last THEN 1
                           ELSE LEAST(1, term.percent_upto
                                      + COALESCE(term.fixed_upto / %(total)s, 0))
                       END
                      - LEAST(1, term.percent_upto - term.percent
                                 + COALESCE(
                                     (term.fixed_upto - term.fixed) / %(total)s, 0))
             END
            """,
            total=SQL("NULLIF(%s, 0)", total),
        )

    @api.model
    def _due(self, day):
        """When ``term`` asks for money whose invoice is of ``day``, as in Odoo's own
        ``account.payment.term.line._get_due_date``."""
        month = SQL("DATE_TRUNC('month', %s::timestamp)", day)
        later = SQL("(%s + term.nb_days)", day)
        month_later = SQL("DATE_TRUNC('month', %s::timestamp)", later)
        return SQL(
            """
            CASE term.delay_type
                 WHEN 'days_after_end_of_month'
                 THEN (%(month)s + INTERVAL '1 month')::date - 1 + term.nb_days
                 WHEN 'days_after_end_of_next_month'
                 THEN (%(month)s + INTERVAL '2 months')::date - 1 + term.nb_days
                 WHEN 'days_end_of_month_on_the'
                 THEN CASE WHEN term.day_of_month = 0
                           THEN (%(month_later)s + INTERVAL '1 month')::date - 1
                           ELSE LEAST(
                               (%(month_later)s + INTERVAL '1 month')::date - 1
                                   + term.day_of_month,
                               (%(month_later)s + INTERVAL '2 months')::date - 1)
                       END
                 ELSE COALESCE(%(later)s, %(day)s)
             END
            """,
            day=day,
            month=month,
            month_later=month_later,
            later=later,
        )

    @api.model
    def _flow(self):
        """Every movement of money, not yet rounded. ``key`` and ``number`` tell those
        of one kind and order line apart. What is no deposit has none, rather than one
        of 0, and the other way round: a pivot shows no cells full of zeros."""
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
        return SQL(
            """
            SELECT part.order_line_id, 'receive' AS flow, part.kind, part.key,
                   COALESCE(term.number, 0) AS number, line.partner_id,
                   part.purchase_order_id, line.product_id, %(due)s AS date,
                   part.day AS ship_date,
                   part.value * (1 - line.paid) * %(share)s AS amount,
                   line.with_taxes, NULL::numeric AS deposit_value
              FROM cash_part part
              JOIN cash_line line ON line.id = part.order_line_id
         LEFT JOIN cash_term term ON term.term_id = line.payment_term_id
            """,
            due=self._due(SQL("part.day")),
            share=self._share(SQL("line.order_total")),
        )

    @api.model
    def _flow_deposit(self):
        return SQL(
            """
            SELECT part.order_line_id, 'deposit', part.kind, part.key, 0,
                   line.partner_id, part.purchase_order_id, line.product_id, part.day,
                   part.day, NULL, 1, part.value * line.paid
              FROM cash_part part
              JOIN cash_line line ON line.id = part.order_line_id
             WHERE line.paid <> 0
            """
        )

    @api.model
    def _flow_pay_incoming(self):
        return SQL(
            """
            SELECT receipt.order_line_id, 'pay', 'incoming', receipt.id,
                   COALESCE(term.number, 0), receipt.partner_id,
                   receipt.purchase_order_id, receipt.product_id, %(due)s, receipt.day,
                   -receipt.qty * receipt.unit_price * %(share)s, receipt.with_taxes,
                   NULL
              FROM cash_receipt receipt
         LEFT JOIN cash_term term ON term.term_id = receipt.payment_term_id
             WHERE receipt.unit_price IS NOT NULL
            """,
            due=self._due(SQL("receipt.day")),
            share=self._share(SQL("receipt.order_total")),
        )

    @api.model
    def _flow_pay_to_source(self):
        return SQL(
            """
            SELECT slice.order_line_id, 'pay', 'to_source', slice.id,
                   COALESCE(term.number, 0), offer.partner_id, NULL, slice.product_id,
                   %(due)s, offer.day, -slice.qty * offer.unit_price * %(share)s, 1,
                   NULL
              FROM cash_slice slice
              JOIN cash_offer offer ON offer.product_id = slice.product_id
               AND offer.company_id = slice.company_id
         LEFT JOIN cash_term term ON term.term_id = offer.payment_term_id
             WHERE slice.source = 'none'
            """,
            due=self._due(SQL("offer.day")),
            share=self._share(SQL("NULL::numeric")),
        )

    @api.model
    def _rows(self):
        """The flow with what it says of its line, rounded so that the rows of a line
        add up: each row is what the rounded running total grows by."""
        return SQL(
            """
            SELECT *
              FROM (%s) cash
             WHERE amount <> 0 OR amount_total <> 0 OR deposit_value <> 0
            """,
            self._rounded(),
        )

    @api.model
    def _rounded(self):
        return SQL(
            """
            SELECT CASE WHEN place <= %(few)s
                        THEN flow_key * %(few)s + place - 1
                        ELSE -flow_key * %(many)s - place
                    END AS id,
                   flow, kind, date, ship_date, order_line_id, order_id, partner_id,
                   purchase_order_id, product_id, warehouse_id, company_id, currency_id,
                   user_id, team_id, is_late, %(amount)s AS amount,
                   %(amount_total)s AS amount_total, %(deposit_value)s AS deposit_value
              FROM (
                    SELECT flow.*, %(flow_key)s AS flow_key,
                           line.order_id, line.warehouse_id, line.company_id,
                           line.currency_id, line.user_id, line.team_id, line.is_late,
                           line.rounding,
                           amount * flow.with_taxes AS amount_total,
                           SUM(amount) OVER upto AS amount_upto,
                           SUM(amount * flow.with_taxes) OVER upto AS amount_total_upto,
                           SUM(deposit_value) OVER upto AS deposit_value_upto,
                           ROW_NUMBER() OVER upto AS place
                      FROM cash_flow flow
                      JOIN cash_line line ON line.id = flow.order_line_id
                    WINDOW upto AS (
                           PARTITION BY order_line_id, flow
                           ORDER BY kind, key, number ROWS UNBOUNDED PRECEDING)
                   ) flow
            """,
            few=ROWS_PER_FLOW,
            many=MANY_ROWS_PER_FLOW,
            flow_key=SQL(
                "(order_line_id::bigint * %s + ARRAY_POSITION(%s, flow.flow) - 1)",
                len(FLOWS),
                list(FLOWS),
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
