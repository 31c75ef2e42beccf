from odoo import models
from odoo.tools import SQL

from ..tools.bounds import days, finite, in_unit, money, rate
from ..tools.sql import now


class BacklogCashSupply(models.AbstractModel):
    """What is paid for the goods that lines wait for, and when: the steps
    ``cash_offer``, ``cash_advance`` and ``cash_receipt`` of ``backlog.cash``.

    Prices are untaxed, in the company's currency per unit of the product. The steps
    read ``cash_slice``, which the statement around them defines.
    """

    _name = "backlog.cash.supply"
    _description = "Cost of Supply"

    # Goods to order

    def _offer(self):
        """Per product and company: what the goods to order would cost, which vendor
        would sell them, and when they would be here, ordered today.

        As in Odoo's own ``product.product._select_seller``: the first vendor of the
        list whose minimum the quantity reaches, at its cheapest line; without such a
        vendor the first one, at its smallest quantity.
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
            day=self.env["backlog.line.today"]._day(
                SQL(
                    "(%s::timestamp + (chosen.delay + %s) * INTERVAL '1 day')",
                    now(),
                    days(SQL("company.days_to_purchase")),
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

    def _chosen_offer(self, companies):
        """The vendor line that would be bought from, per product and company."""
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

    def _company_offers(self, company):
        """The prices for ``company`` of the products to order, of vendors that Odoo
        may choose by itself."""
        # sudo: salespeople may not read vendors' prices, and record rules hide these
        # rows from them.
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

    # Goods on their way

    def _advance(self):
        """Which share of the goods still to come of each purchase was paid ahead:
        posted bills first pay for received goods, as in ``prepaid_value`` for
        customers. ``billed`` is the share of what is then to be paid that is on posted
        bills already."""
        return SQL(
            """
            SELECT order_id, share,
                   LEAST(1, (unpaid - received_unpaid)
                            / NULLIF(to_come * (1 - share), 0)) AS billed
              FROM (%s) ahead
            """,
            self._ahead(),
        )

    def _ahead(self):
        """What is paid ahead of each purchase, what is billed and not paid, and how
        much of that is for goods that are here."""
        return SQL(
            """
            SELECT paid.order_id, paid.unpaid, goods.to_come,
                   GREATEST(0, goods.received - paid.amount) AS received_unpaid,
                   LEAST(1, GREATEST(0, paid.amount - goods.received)
                            / NULLIF(goods.to_come, 0)) AS share
              FROM (
                    SELECT line.order_id,
                           SUM(%(balance)s * (
                               1 - %(residual)s / NULLIF(%(total)s, 0)
                           )) AS amount,
                           SUM(%(balance)s * %(residual)s / NULLIF(%(total)s, 0))
                               AS unpaid
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
                            SELECT COALESCE(%(subtotal)s, 0) / %(rate)s
                                       AS price_subtotal,
                                   line.product_id, %(came)s AS qty_received,
                                   %(bought)s AS product_qty
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
             WHERE paid.amount + GREATEST(0, paid.unpaid) > goods.received
            """,
            balance=money(SQL("item.balance")),
            residual=money(SQL("bill.amount_residual")),
            total=money(SQL("bill.amount_total")),
            subtotal=money(SQL("line.price_subtotal")),
            rate=rate(SQL("purchase.currency_rate")),
            came=finite(SQL("line.qty_received")),
            bought=finite(SQL("line.product_qty")),
            receipt=self.env["backlog.supply"]._join_receipt("cash_slice"),
        )

    def _receipt(self):
        """The slices on their way to customers, with their purchase: the price of a
        unit of the product, untaxed, net of discount, less what was paid ahead, at the
        rate of the purchase. The pieces of a bought kit all weigh the same."""
        return SQL(
            """
            SELECT cash_slice.id, cash_slice.order_line_id, cash_slice.product_id,
                   cash_slice.qty, %(day)s AS day,
                   purchase.id AS purchase_order_id, purchase.partner_id,
                   purchase.payment_term_id, %(order_total)s AS order_total,
                   %(subtotal)s / %(rate)s
                     / NULLIF(CASE
                           WHEN receipt.product_id = purchase_order_line.product_id
                           THEN %(bought)s
                           ELSE (%(pieces)s)
                       END, 0)
                     * (1 - COALESCE(cash_advance.share, 0)) AS unit_price,
                   %(with_taxes)s AS with_taxes
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
            day=self.env["backlog.line.today"]._day(SQL("cash_slice.date")),
            order_total=money(SQL("purchase.amount_total")),
            subtotal=money(SQL("purchase_order_line.price_subtotal")),
            rate=rate(SQL("purchase.currency_rate")),
            bought=in_unit(
                finite(SQL("purchase_order_line.product_qty")), "bought_uom", "uom"
            ),
            with_taxes=self.env["backlog.live.line"]._with_taxes("purchase_order_line"),
            receipt=self.env["backlog.supply"]._join_receipt("cash_slice"),
            pieces=SQL(
                """SELECT SUM(%s)
                     FROM stock_move piece
                    WHERE piece.purchase_line_id = purchase_order_line.id
                      AND piece.state <> 'cancel'
                      AND piece.origin_returned_move_id IS NULL""",
                finite(SQL("piece.product_qty")),
            ),
        )
