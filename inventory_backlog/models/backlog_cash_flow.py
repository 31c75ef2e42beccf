from odoo import api, models
from odoo.tools import SQL

# What every row says of its order line.
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
    """What flows in and out: each part of the backlog with its day of payment."""

    _inherit = "backlog.cash"

    @api.model
    def _part(self):
        """What can leave when. An order that ships all at once leaves with its last
        part; of a customer over the credit limit nobody can say."""
        return SQL(
            """
            SELECT part.*, part.day AS ship_date
              FROM (%(leaving)s) part
             WHERE NOT in_one_piece
         UNION ALL
            SELECT part.*, CASE WHEN NOT BOOL_OR(day IS NULL) OVER whole
                                THEN MAX(day) OVER whole
                            END
              FROM (%(leaving)s) part
             WHERE in_one_piece
            WINDOW whole AS (PARTITION BY order_id)
            """,
            leaving=self._leaving(),
        )

    @api.model
    def _leaving(self):
        """The parts of each line with the day on which each could leave by itself."""
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
    def _of_line(self, table):
        """What each movement carries of its order line, from ``table``."""
        return SQL(", ").join(SQL.identifier(table, name) for name in OF_LINE)

    @api.model
    def _flow_receive(self):
        return SQL(
            """
            SELECT part.id AS order_line_id, 'receive' AS flow, part.kind, part.key,
                   COALESCE(term.number, 0) AS number, part.partner_id,
                   part.purchase_order_id, part.product_id, %(due)s AS date,
                   part.ship_date,
                   part.value * (1 - part.paid) * %(share)s AS amount,
                   part.with_taxes, NULL::numeric AS deposit_value, %(of_line)s
              FROM cash_part part
         LEFT JOIN cash_term term ON term.term_id = part.payment_term_id
            """,
            due=self._due(SQL("part.ship_date")),
            share=self._share(SQL("part.order_total")),
            of_line=self._of_line("part"),
        )

    @api.model
    def _flow_deposit(self):
        return SQL(
            """
            SELECT part.id, 'deposit', part.kind, part.key, 0, part.partner_id,
                   part.purchase_order_id, part.product_id, part.ship_date,
                   part.ship_date, NULL, 1, part.value * part.paid, %(of_line)s
              FROM cash_part part
             WHERE part.paid <> 0
            """,
            of_line=self._of_line("part"),
        )

    @api.model
    def _flow_pay_incoming(self):
        return SQL(
            """
            SELECT receipt.order_line_id, 'pay', 'incoming', receipt.id,
                   COALESCE(term.number, 0), receipt.partner_id,
                   receipt.purchase_order_id, receipt.product_id, %(due)s, receipt.day,
                   -receipt.qty * receipt.unit_price * %(share)s, receipt.with_taxes,
                   NULL, %(of_line)s
              FROM cash_receipt receipt
              JOIN cash_line line ON line.id = receipt.order_line_id
         LEFT JOIN cash_term term ON term.term_id = receipt.payment_term_id
             WHERE receipt.unit_price IS NOT NULL
            """,
            due=self._due(SQL("receipt.day")),
            share=self._share(SQL("receipt.order_total")),
            of_line=self._of_line("line"),
        )

    @api.model
    def _flow_pay_to_source(self):
        return SQL(
            """
            SELECT slice.order_line_id, 'pay', 'to_source', slice.id,
                   COALESCE(term.number, 0), offer.partner_id, NULL, slice.product_id,
                   %(due)s, offer.day, -slice.qty * offer.unit_price * %(share)s, 1,
                   NULL, %(of_line)s
              FROM cash_slice slice
              JOIN cash_line line ON line.id = slice.order_line_id
              JOIN cash_offer offer ON offer.product_id = slice.product_id
               AND offer.company_id = slice.company_id
         LEFT JOIN cash_term term ON term.term_id = offer.payment_term_id
             WHERE slice.source = 'none'
            """,
            due=self._due(SQL("offer.day")),
            share=self._share(SQL("NULL::numeric")),
            of_line=self._of_line("line"),
        )
