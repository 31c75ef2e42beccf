from odoo import models
from odoo.tools import SQL

from ...tools.bounds import days, finite, money, money_of_json, rate
from ...tools.prepared import Varying
from ...tools.sql import now


class BacklogLineToday(models.AbstractModel):
    """The columns of a line that change with time or payments and are not cached:
    expected date, lateness and its cause, prepayments, what blocks the line.

    ``current`` is the statement of lines with the columns of ``backlog.kept.line``, as
    ``backlog.line._current`` returns it. Each step takes it and adds columns::

        _in_parts   what is short and incoming, and when all of it is here
        _valued     what is earned with it
        _late       how late it is, in days where the user is
        _dated      in which buckets of age and lateness that is
        _plain      why it is late
    """

    _name = "backlog.line.today"
    _description = "Backlog Line Today"

    def _valued(self, current):
        return SQL(
            """
            SELECT line.*,
                   line.open_value - ROUND(
                       COALESCE(%(cost)s, 0) * line.open_qty / line.rounding
                   ) * line.rounding AS margin_value
              FROM (%(valued)s) line
         LEFT JOIN product_product product ON product.id = line.product_id
            """,
            cost=money_of_json(
                SQL("product.standard_price"), SQL("line.company_id::text")
            ),
            valued=self._in_parts(current),
        )

    def _dated(self, current):
        company = self.env.company
        return SQL(
            """
            SELECT dated.*,
                   WIDTH_BUCKET(age_days, %(age)s::int[])::varchar AS age_bucket,
                   WIDTH_BUCKET(days_late, %(lateness)s::int[])::varchar
                       AS lateness_bucket
              FROM (%(dated)s) dated
            """,
            age=[step + 1 for step in company._backlog_steps("backlog_age_steps")],
            lateness=[
                1,
                *(s + 1 for s in company._backlog_steps("backlog_lateness_steps")),
            ],
            dated=self._late(current),
        )

    def _block_cause(self):
        return SQL(
            """
            CASE WHEN %s THEN 'credit'
                 WHEN line.backlog_qty > 0 AND line.in_one_piece AND whole.is_short
                 THEN 'whole_order'
             END
            """,
            self._is_over_limit(),
        )

    def _is_over_limit(self):
        """Whether the customer of ``line`` owes more than Odoo's credit limit allows in
        that company."""
        companies = (
            self.env["res.company"]
            ._backlog_visible()
            .filtered("account_use_credit_limit")
        )
        if not companies:
            return SQL("FALSE")
        return SQL(
            """
            ((SELECT commercial_partner_id FROM res_partner WHERE id = line.partner_id),
             line.company_id) IN (%s)
            """,
            SQL(" UNION ALL ").join(map(self._customers_over_limit, companies)),
        )

    def _customers_over_limit(self, company):
        """The customers whose open invoices are above their limit in ``company``, as in
        Odoo's own ``res.partner.credit``. No limit is none, not zero."""
        partners = self.env["res.partner"].sudo().with_company(company)
        return SQL(
            """
            SELECT item.partner_id, %(company)s
              FROM account_move_line item
              JOIN account_account account ON account.id = item.account_id
              JOIN res_company owner ON owner.id = item.company_id
              JOIN res_partner partner ON partner.id = item.partner_id
        CROSS JOIN LATERAL (SELECT %(limit)s AS amount) credit
             WHERE item.parent_state = 'posted'
               AND item.reconciled IS NOT TRUE
               AND account.account_type = 'asset_receivable'
               AND owner.parent_path LIKE %(root)s
               AND credit.amount > 0
          GROUP BY item.partner_id, credit.amount
            HAVING SUM(%(residual)s) > credit.amount
            """,
            company=company.id,
            residual=money(SQL("item.amount_residual")),
            limit=SQL(
                "CASE WHEN partner.credit_limit ? %s THEN %s ELSE %s END",
                str(company.id),
                money_of_json(SQL("partner.credit_limit"), SQL("%s", str(company.id))),
                partners._field_to_sql("partner", "credit_limit"),
            ),
            root=f"{company.root_id.id}/%",
        )

    def _plain(self, current):
        """The dated lines with the cause of their delay."""
        return SQL(
            """
            SELECT line.*,
                   CASE WHEN is_late OR is_at_risk THEN %(delay_cause)s
                    END AS delay_cause,
                   CASE WHEN (is_late OR is_at_risk)
                         AND to_source_qty > 0
                         AND incoming_qty > 0
                         AND (overdue_since IS NOT NULL OR known_day > promised_day)
                        THEN %(supply_cause)s
                    END AS second_cause
              FROM (%(dated)s) line
            """,
            dated=self._dated(current),
            delay_cause=self._delay_cause(),
            supply_cause=self._supply_cause(),
        )

    def _late(self, current):
        """The valued lines with lateness, the second axis. It counts calendar days in
        the user's time zone: a promise for today is not late before tomorrow. A line
        that is ready is expected now, so it is at risk on no day, and late once its
        promise has passed. What is still to order does not hide that the rest comes
        too late. Nobody knows when an overdue receipt comes, so whoever waits for it is
        at risk on every day."""
        today = self._day(SQL("%s::timestamp", now()))
        # Converting to days is slow: compare timestamps first, days only where those
        # cannot decide.
        return SQL(
            """
            SELECT dated.*,
                   promise_date < midnight AS is_late,
                   (promise_date >= midnight AND (
                       partial_expected_date > promise_date
                           AND known_day > promised_day
                       OR overdue_since IS NOT NULL
                       OR to_source_qty > 0
                          AND promised_day < today + %(risk_days)s
                   )) AS is_at_risk,
                   CASE WHEN promise_date < midnight OR expected_date > promise_date
                        THEN GREATEST(0, GREATEST(
                            today, CASE WHEN to_source_qty <= 0 THEN known_day END
                        ) - promised_day)
                        ELSE 0
                    END AS days_late,
                   today - order_day AS age_days
              FROM (
                    SELECT valued.*,
                           %(today)s AS today,
                           %(midnight)s AS midnight,
                           %(known)s AS known_day,
                           %(promised)s AS promised_day,
                           %(ordered)s AS order_day
                      FROM (%(valued)s) valued
                   ) dated
         LEFT JOIN res_company company ON company.id = dated.company_id
            """,
            today=today,
            risk_days=days(SQL("company.backlog_risk_days")),
            midnight=self.env["res.company"]._backlog_midnight(),
            known=self._day(SQL("partial_expected_date")),
            promised=self._day(SQL("promise_date")),
            ordered=self._day(SQL("date_order")),
            valued=self._valued(current),
        )

    def _day(self, moment, zone=None):
        """The calendar day of ``moment`` (UTC) where the user is, or in ``zone``, a
        name or a column."""
        zone = zone or self._zone()
        return SQL(
            "(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date",
            moment,
            zone if isinstance(zone, SQL) else Varying(zone),
        )

    def _zone(self):
        """The name of the time zone where the user is."""
        return self.env["res.company"]._known_zone(str(self.env.tz))

    def _in_parts(self, current):
        """The lines with their short and incoming parts. Each is the rest of the whole,
        so that the parts always add up."""
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
                    END AS expected_date,
                   CASE WHEN line.to_source_qty < line.open_qty
                        THEN GREATEST(line.last_date, %(now)s)
                    END AS partial_expected_date,
                   CASE WHEN line.first_date < %(midnight)s THEN line.first_date
                    END AS overdue_since
              FROM (%(lines)s) line
            """,
            lines=current,
            now=now(),
            midnight=self.env["res.company"]._backlog_midnight(),
        )

    def _delay_cause(self):
        """The leading cause of a line that is late or at risk."""
        return SQL(
            """
            CASE WHEN promised_day < order_day THEN 'promise_passed_at_order'
                 WHEN to_source_qty > 0 THEN 'no_supply'
                 WHEN incoming_qty > 0 THEN %s
                 ELSE 'not_picked'
             END
            """,
            self._supply_cause(),
        )

    def _supply_cause(self):
        """Why what is on its way to a line does not come in time."""
        return SQL(
            """
            CASE WHEN overdue_since IS NOT NULL THEN 'supply_overdue'
                 ELSE 'supply_late'
             END
            """
        )

    def _with_whole_orders(self, current, lines, order_ids=None):
        """The statement ``lines`` over ``current`` ones, with the columns that depend
        on all current lines of their orders."""
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
            # Cached rows alone cost less to read twice than to copy.
            kept=SQL("NOT" if "WITH" not in current.code else ""),
            lines=lines,
            paid=self._prepaid(
                SQL("IN (SELECT order_id FROM current)")
                if order_ids is None
                else SQL("= ANY(%s)", order_ids)
            ),
            block_cause=self._block_cause(),
        )

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

    def _paid(self, orders):
        """``order_id, amount``: what customers paid for ``orders``, untaxed, in the
        company's currency.

        The paid share of each posted invoice and credit note, and online payments that
        no invoice has used yet. ``sale.order.amount_paid`` knows only the latter. At
        the rate of the order like its values: what is paid in full leaves no rest,
        whatever the rate of the invoice was. Of an online payment counts what is held:
        not what was authorized and given up, or paid back.
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
               AND payment.source_transaction_id IS NULL
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
            paid=self._held(),
            untaxed=money(SQL("sale.amount_untaxed")),
            with_taxes=money(SQL("sale.amount_total")),
            rate=rate(SQL("sale.currency_rate")),
        )

    def _held(self):
        """What is held of the online ``payment``. Odoo leaves its amount as it was
        authorized: what is captured, given up (a cancelled part) or paid back (below
        zero) are transactions of their own, which name the one before them."""
        return SQL(
            """
            (%(amount)s - COALESCE((
                SELECT SUM(CASE WHEN part.operation IS DISTINCT FROM 'refund'
                                THEN %(part)s
                                ELSE -%(part)s
                            END)
                  FROM payment_transaction part
                 WHERE part.source_transaction_id IN (
                           SELECT payment.id
                        UNION ALL
                           SELECT captured.id
                             FROM payment_transaction captured
                            WHERE captured.source_transaction_id = payment.id)
                   AND part.state = CASE WHEN part.operation = 'refund' THEN 'done'
                                         ELSE 'cancel'
                                     END
            ), 0))
            """,
            amount=money(SQL("payment.amount")),
            part=money(SQL("part.amount")),
        )

    def _consumed(self):
        """The value that the customer of ``backlog`` has received: goods as shipped,
        services in full. Payments settle it before they count for open lines.

        What was shipped beyond the order counts as Odoo invoices it: at the price of
        the line where the product is invoiced by delivery, else not at all. A line that
        the warehouse added has nothing ordered and so no subtotal; what it costs is
        what is invoiced of it or will be.
        """
        return SQL(
            """
            SELECT COALESCE(SUM(
                       CASE WHEN template.type <> 'consu'
                            THEN GREATEST(%(subtotal)s, 0) * %(share)s
                            WHEN %(ordered)s = 0
                            THEN %(added)s
                            WHEN %(delivered)s > %(ordered)s
                             AND template.invoice_policy IS DISTINCT FROM 'delivery'
                            THEN %(subtotal)s * %(share)s
                            ELSE %(subtotal)s * %(share)s
                                 * %(delivered)s / NULLIF(%(ordered)s, 0)
                        END / %(rate)s
                   ), 0)
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
            added=SQL(
                "(%s + %s)",
                money(SQL("line.untaxed_amount_invoiced")),
                money(SQL("line.untaxed_amount_to_invoice")),
            ),
            rate=rate(SQL("sale.currency_rate")),
            share=self.env["backlog.live.line"]._share_to_pay(SQL("backlog.order_id")),
        )
