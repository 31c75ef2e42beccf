from odoo import api, models
from odoo.tools import SQL

from ..tools.bounds import finite, in_unit, money, rate


class BacklogLine(models.Model):
    """What a line is worth, and what of it the customer has paid."""

    _inherit = "backlog.line"

    @api.model
    def _unit_value(self):
        """What one unit of the product on ``line`` of ``sale`` is worth: untaxed, net
        of discount, also of those on the whole order, in the currency of the company
        at the rate of the order. ``NULL`` where its price or unit is none."""
        per_ordered = SQL(
            "(COALESCE(%s / NULLIF(%s, 0), %s) / %s)",
            money(SQL("line.price_subtotal")),
            finite(SQL("line.product_uom_qty")),
            money(SQL("line.price_reduce_taxexcl")),
            rate(SQL("sale.currency_rate")),
        )
        return SQL(
            "((%s) * %s)",
            in_unit(per_ordered, "uom", "line_uom"),
            self._share_to_pay(SQL("line.order_id")),
        )

    @api.model
    def _share_to_pay(self, order_id):
        """What discounts on a whole order leave of each of its lines, 1 without any.

        Odoo keeps them as lines of a service below zero: a discount of 10 % on 1,000
        is such a line of -100 and leaves 0.9. Never below zero.
        """
        return SQL(
            """
            CASE WHEN EXISTS (
                      SELECT 1
                        FROM sale_order_line discount
                       WHERE discount.order_id = %(order_id)s
                         AND discount.price_subtotal < 0
                 )
                 THEN (
                      SELECT GREATEST(0, 1 + COALESCE(
                                 SUM(%(subtotal)s) FILTER (
                                     WHERE part.price_subtotal < 0
                                       AND part_template.type = 'service')
                                 / SUM(%(subtotal)s) FILTER (
                                     WHERE part.price_subtotal > 0), 0))
                        FROM sale_order_line part
                        JOIN product_product part_product
                          ON part_product.id = part.product_id
                        JOIN product_template part_template
                          ON part_template.id = part_product.product_tmpl_id
                       WHERE part.order_id = %(order_id)s
                         AND part.is_downpayment IS NOT TRUE
                 )
                 ELSE 1
             END
            """,
            order_id=order_id,
            subtotal=money(SQL("part.price_subtotal")),
        )

    @api.model
    def _prepaid(self, orders):
        """What the customer of each of the ``orders`` has paid for what is still open:
        payments settle what was shipped before."""
        return SQL(
            """
            SELECT backlog.order_id, backlog.amount - (%(consumed)s) AS amount
              FROM (
                    SELECT order_id, SUM(amount) AS amount
                      FROM (%(paid)s) part
                  GROUP BY order_id
                    HAVING SUM(amount) > 0
                   ) backlog
            """,
            paid=self._paid(orders),
            consumed=self._consumed(),
        )

    @api.model
    def _paid(self, orders):
        """``order_id, amount``: what customers paid for ``orders``, untaxed, in the
        company's currency.

        The paid share of each posted invoice and credit note, and online payments that
        no invoice has used yet. ``sale.order.amount_paid`` knows only the latter. At
        the rate of the order like its values: what is paid in full leaves no rest,
        whatever the rate of the invoice was.
        """
        return SQL(
            """
            SELECT line.order_id,
                   CASE WHEN invoice.currency_id = line.currency_id
                        THEN -%(in_currency)s / %(rate)s
                        ELSE -%(balance)s
                    END * (1 - %(residual)s / NULLIF(%(total)s, 0)) AS amount
              FROM sale_order_line_invoice_rel rel
              JOIN sale_order_line line ON line.id = rel.order_line_id
              JOIN sale_order sale ON sale.id = line.order_id
              JOIN account_move_line item ON item.id = rel.invoice_line_id
              JOIN account_move invoice ON invoice.id = item.move_id
             WHERE line.order_id %(orders)s
               AND invoice.state = 'posted'
               AND invoice.move_type IN ('out_invoice', 'out_refund')
         UNION ALL
            SELECT rel.sale_order_id,
                   %(paid)s * %(untaxed)s / NULLIF(%(with_taxes)s, 0) / %(rate)s
              FROM sale_order_transaction_rel rel
              JOIN sale_order sale ON sale.id = rel.sale_order_id
              JOIN payment_transaction payment ON payment.id = rel.transaction_id
             WHERE rel.sale_order_id %(orders)s
               AND payment.state IN ('authorized', 'done')
               AND NOT EXISTS (
                   SELECT 1
                     FROM account_invoice_transaction_rel invoiced
                     JOIN account_move invoice ON invoice.id = invoiced.invoice_id
                    WHERE invoiced.transaction_id = payment.id
                      AND invoice.state = 'posted'
                      AND invoice.payment_state <> 'not_paid'
               )
            """,
            orders=orders,
            in_currency=money(SQL("item.amount_currency")),
            balance=money(SQL("item.balance")),
            residual=money(SQL("invoice.amount_residual")),
            total=money(SQL("invoice.amount_total")),
            paid=money(SQL("payment.amount")),
            untaxed=money(SQL("sale.amount_untaxed")),
            with_taxes=money(SQL("sale.amount_total")),
            rate=rate(SQL("sale.currency_rate")),
        )

    @api.model
    def _consumed(self):
        """What of the order of ``backlog`` the customer has had: goods as shipped, the
        rest in full. Payments settle it before they count for what is open."""
        return SQL(
            """
            SELECT COALESCE(SUM(
                       CASE WHEN template.type = 'consu'
                            THEN %(subtotal)s * %(delivered)s
                                 / NULLIF(%(ordered)s, 0)
                            ELSE GREATEST(%(subtotal)s, 0)
                        END / %(rate)s
                   ), 0) * %(share)s
              FROM sale_order_line line
              JOIN sale_order sale ON sale.id = line.order_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE line.order_id = backlog.order_id
               AND line.is_downpayment IS NOT TRUE
            """,
            subtotal=money(SQL("line.price_subtotal")),
            delivered=finite(SQL("line.qty_delivered")),
            ordered=finite(SQL("line.product_uom_qty")),
            rate=rate(SQL("sale.currency_rate")),
            share=self._share_to_pay(SQL("backlog.order_id")),
        )
