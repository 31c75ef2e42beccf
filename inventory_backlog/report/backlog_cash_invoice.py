from odoo import models
from odoo.tools import SQL

from ..tools.bounds import money, rate
from ..tools.sql import many_rows


class BacklogCashInvoice(models.AbstractModel):
    """What is invoiced before the goods move: the steps ``cash_invoice`` and
    ``cash_bill`` of ``backlog.cash``. Its day is on the invoice, whenever they move.

    Each gives rows ``order_id, day, number, share``: which share (0 to 1) of what is
    still to be paid for the open goods of the order is due on ``day``, on posted
    invoices. What is paid and what is invoiced settle received goods first.
    """

    _name = "backlog.cash.invoice"
    _description = "Invoiced Ahead"

    # Customers

    def _invoice(self, of_all):
        """The invoices of customers, for the orders of ``cash_line``.

        :param bool of_all: whether these are all open orders
        """
        today = self.env["backlog.line.today"]
        return SQL(
            """
              WITH unpaid AS MATERIALIZED (SELECT * FROM %(unpaid)s unpaid),
                   backlog AS (
                    SELECT order_id, SUM(amount) AS amount
                      FROM unpaid
                  GROUP BY order_id
                    HAVING SUM(amount) > 0
                   ),
                   ahead AS MATERIALIZED (
                    SELECT backlog.order_id,
                           backlog.amount - GREATEST(0, (%(consumed)s) - COALESCE((
                               SELECT SUM(part.amount) FROM (%(paid)s) part), 0)
                           ) AS amount,
                           line.to_pay
                      FROM backlog
                      JOIN (
                            SELECT order_id,
                                   SUM((backlog_value + incoming_value
                                        + to_source_value) * (1 - paid)) AS to_pay
                              FROM cash_line
                             WHERE order_id IN (SELECT order_id FROM backlog)
                          GROUP BY order_id
                           ) line ON line.order_id = backlog.order_id
                   )
            %(due)s
            """,
            unpaid=many_rows(SQL("(%s)", self._unpaid_invoice(of_all))),
            consumed=today._consumed(),
            paid=today._paid(SQL("= backlog.order_id")),
            due=self._due("asset_receivable", 1),
        )

    def _unpaid_invoice(self, of_all):
        """``order_id, move_id, amount``: what is not paid of each invoice and credit
        note, untaxed, at the rate of the order as in ``backlog.line.today._paid``."""
        asked = SQL("SELECT DISTINCT order_id FROM cash_line")
        if of_all:
            # Few open orders are invoiced: begin with what is unpaid. OFFSET keeps
            # PostgreSQL from beginning with the orders all the same.
            asked = SQL(
                """
                SELECT DISTINCT line.order_id
                  FROM account_move invoice
                  JOIN account_move_line item ON item.move_id = invoice.id
                  JOIN sale_order_line_invoice_rel rel
                    ON rel.invoice_line_id = item.id
                  JOIN sale_order_line line ON line.id = rel.order_line_id
                 WHERE invoice.state = 'posted'
                   AND invoice.move_type IN ('out_invoice', 'out_refund')
                   AND invoice.amount_residual <> 0
                OFFSET 0
                """
            )
        return SQL(
            """
            SELECT line.order_id, invoice.id AS move_id,
                   SUM(CASE WHEN invoice.currency_id = line.currency_id
                            THEN -%(in_currency)s / %(rate)s
                            ELSE -%(balance)s
                        END * %(residual)s / NULLIF(%(total)s, 0)) AS amount
              FROM (%(asked)s) asked
              JOIN sale_order sale ON sale.id = asked.order_id
              JOIN sale_order_line line ON line.order_id = sale.id
              JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = line.id
              JOIN account_move_line item ON item.id = rel.invoice_line_id
              JOIN account_move invoice ON invoice.id = item.move_id
             WHERE invoice.state = 'posted'
               AND invoice.move_type IN ('out_invoice', 'out_refund')
               AND invoice.amount_residual <> 0
          GROUP BY line.order_id, invoice.id
            """,
            asked=asked,
            in_currency=money(SQL("item.amount_currency")),
            balance=money(SQL("item.balance")),
            residual=money(SQL("invoice.amount_residual")),
            total=money(SQL("invoice.amount_total")),
            rate=rate(SQL("sale.currency_rate")),
        )

    # Vendors

    def _bill(self):
        """The bills of vendors, for the purchases of ``cash_advance``."""
        return SQL(
            """
              WITH unpaid AS MATERIALIZED (SELECT * FROM %(unpaid)s unpaid),
                   ahead AS MATERIALIZED (
                    SELECT order_id, billed AS amount, 1 AS to_pay
                      FROM cash_advance
                     WHERE billed > 0
                   )
            %(due)s
            """,
            unpaid=many_rows(SQL("(%s)", self._unpaid_bill())),
            due=self._due("liability_payable", -1),
        )

    def _unpaid_bill(self):
        """As ``_unpaid_invoice``, of bills and refunds of vendors."""
        return SQL(
            """
            SELECT line.order_id, bill.id AS move_id,
                   SUM(%(balance)s * %(residual)s / NULLIF(%(total)s, 0)) AS amount
              FROM cash_advance
              JOIN purchase_order_line line ON line.order_id = cash_advance.order_id
              JOIN account_move_line item ON item.purchase_line_id = line.id
              JOIN account_move bill ON bill.id = item.move_id
             WHERE cash_advance.billed > 0
               AND bill.state = 'posted'
               AND bill.move_type IN ('in_invoice', 'in_refund')
               AND bill.amount_residual <> 0
          GROUP BY line.order_id, bill.id
            """,
            balance=money(SQL("item.balance")),
            residual=money(SQL("bill.amount_residual")),
            total=money(SQL("bill.amount_total")),
        )

    # Both

    def _due(self, account_type, sign):
        """What is invoiced ahead, by the instalments that are open: each invoice has as
        many as its payment term.

        :param account_type: of the items that are due
        :param int sign: of what is open of them
        """
        return SQL(
            """
            SELECT order_id, day,
                   ROW_NUMBER() OVER (PARTITION BY order_id ORDER BY day) AS number,
                   share * weight / SUM(weight) OVER (PARTITION BY order_id) AS share
              FROM (
                    SELECT ahead.order_id, %(day)s AS day,
                           LEAST(1, ahead.amount / ahead.to_pay) AS share,
                           SUM(unpaid.amount * %(open)s / open_sum.amount) AS weight
                      FROM ahead
                      JOIN unpaid ON unpaid.order_id = ahead.order_id
                       AND unpaid.amount > 0
                      JOIN account_move_line item ON item.move_id = unpaid.move_id
                      JOIN account_account account ON account.id = item.account_id
                CROSS JOIN LATERAL (
                            SELECT SUM(%(open)s) AS amount
                              FROM account_move_line item
                              JOIN account_account account
                                ON account.id = item.account_id
                             WHERE item.move_id = unpaid.move_id
                               AND account.account_type = %(account_type)s
                               AND %(open)s > 0
                           ) open_sum
                     WHERE ahead.amount > 0
                       AND ahead.to_pay > 0
                       AND account.account_type = %(account_type)s
                       AND %(open)s > 0
                  GROUP BY ahead.order_id, %(day)s,
                           LEAST(1, ahead.amount / ahead.to_pay)
                   ) due
             WHERE weight > 0
            """,
            day=SQL("COALESCE(item.date_maturity, item.date)"),
            account_type=account_type,
            open=SQL("(%s * %s)", sign, money(SQL("item.amount_residual"))),
        )
