from odoo import fields, models
from odoo.tools import SQL

from ..tools.bounds import finite, in_unit, moment, money, rate, rounding


class BacklogServiceLevel(models.AbstractModel):
    """Each order line as it was confirmed, compared with its deliveries: the statement
    behind ``backlog.service``, one method per step."""

    _name = "backlog.service.level"
    _description = "Service Level"

    def _judged(self, shipped=None):
        """The lines with their figures for each rate.

        :param SQL shipped: the join that gives ``shipped`` for all lines; without it
            deliveries are looked up per line
        """
        return SQL(
            """
            SELECT line.*,
                   100 - line.first_fill_rate AS backorder_line_rate,
                   100 - line.first_fill_rate AS backorder_value_rate,
                   100 * line.first_ready_qty / NULLIF(line.first_open_qty, 0)
                       AS first_unit_fill_rate,
                   %(first)s AS otif_first,
                   %(promise)s AS otif_promise
              FROM (
                    SELECT line.*, shipped.date AS delivered_date,
                           %(is_in_full)s AS is_in_full
                      FROM (%(confirmed)s) line
                    %(shipped)s
                   ) line
            """,
            first=self._otif("line", SQL("line.first_promise_date")),
            promise=self._otif("line", SQL("line.promise_date")),
            is_in_full=self._is_in_full("line", "shipped"),
            confirmed=self._confirmed(),
            shipped=shipped or self._shipped_of_line(),
        )

    def _is_in_full(self, line, shipped):
        """Whether the whole line is delivered, or was before something came back."""
        return SQL(
            "(%s OR %s IS TRUE)",
            SQL.identifier(line, "is_delivered"),
            SQL.identifier(shipped, "is_complete"),
        )

    def _otif(self, line, promise, shipped=None):
        """Whether a line was on time in full for ``promise``: 100, 0, or NULL while it
        is not due. The day of delivery is unknown without a move.

        :param str shipped: the alias of the deliveries, unless the line has their
            columns
        """
        day_of = self.env["backlog.line.today"]._day
        zone = SQL.identifier(line, "tz")
        delivered = (
            SQL.identifier(shipped, "date")
            if shipped
            else SQL.identifier(line, "delivered_date")
        )
        return SQL(
            """
            CASE WHEN NOT %(is_in_full)s
                 THEN CASE WHEN %(promise)s < %(today)s THEN 0 END
                 -- Only what is near the end of a day needs to know where that is.
                 WHEN %(delivered)s <= %(promise)s THEN 100
                 WHEN %(delivered)s > %(promise)s + INTERVAL '25 hours' THEN 0
                 WHEN %(delivered_day)s = %(promised_day)s THEN 100
                 WHEN %(delivered_day)s > %(promised_day)s THEN 0
             END
            """,
            is_in_full=self._is_in_full(line, shipped)
            if shipped
            else SQL.identifier(line, "is_in_full"),
            today=SQL.identifier(line, "today"),
            promise=promise,
            delivered=delivered,
            promised_day=day_of(promise, zone),
            delivered_day=day_of(delivered, zone),
        )

    def _confirmed(self):
        """Each line with its order and its figures at confirmation. PostgreSQL leaves
        out joins that a caller does not need."""
        return SQL(
            """
            SELECT line.id, line.id AS order_line_id, line.order_id, sale.partner_id,
                   partner.country_id, line.product_id, template.categ_id,
                   template.uom_id AS product_uom_id,
                   COALESCE(line.warehouse_id, sale.warehouse_id) AS warehouse_id,
                   line.company_id, company.currency_id, sale.user_id, sale.team_id,
                   %(date_order)s AS date_order,
                   %(first_promise)s AS first_promise_date,
                   %(promise)s AS promise_date,
                   %(ordered)s * %(factor)s AS ordered_qty,
                   %(delivered)s * %(factor)s AS delivered_qty,
                   (%(first_open)s)::float * %(factor)s AS first_open_qty,
                   (%(first_ready)s)::float * %(factor)s AS first_ready_qty,
                   ROUND(%(subtotal)s * %(share)s / %(rate)s / company.rounding)
                       * company.rounding AS value,
                   -- What was confirmed then, at the price of today, in one currency.
                   (%(subtotal)s)::float * (%(share)s)::float / (%(rate)s)::float
                       * (%(own_rate)s)::float
                       * (%(first_open)s)::float / (%(ordered)s)::float
                       AS first_weight,
                   CASE WHEN %(first_ready)s >= %(first_open)s THEN 100
                        WHEN %(first_ready)s < %(first_open)s THEN 0
                    END AS first_fill_rate,
                   COALESCE(%(delivered_moved)s >= %(ordered_moved)s,
                       line.qty_delivered >= line.product_uom_qty) AS is_delivered,
                   company.tz, company.today
              FROM sale_order_line line
              JOIN sale_order sale ON sale.id = line.order_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN (%(companies)s) company ON company.id = line.company_id
         LEFT JOIN uom_uom uom ON uom.id = template.uom_id
         LEFT JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
         LEFT JOIN res_partner partner ON partner.id = sale.partner_id
             WHERE line.state = 'sale'
               AND sale.state = 'sale'
               AND template.type = 'consu'
               AND line.display_type IS NULL
               AND line.is_downpayment IS NOT TRUE
               AND line.is_expense IS NOT TRUE
               AND line.product_uom_qty > 0
            """,
            date_order=moment(SQL("sale.date_order")),
            first_promise=moment(SQL("line.first_promise_date")),
            promise=self.env["backlog.live.line"]._promise(),
            ordered=finite(SQL("line.product_uom_qty")),
            delivered=finite(SQL("line.qty_delivered")),
            delivered_moved=self._as_moved("line.qty_delivered", "line_uom"),
            ordered_moved=self._as_moved("line.product_uom_qty", "line_uom"),
            first_open=finite(SQL("line.first_open_qty")),
            first_ready=finite(SQL("line.first_ready_qty")),
            subtotal=money(SQL("line.price_subtotal")),
            # Floats: summing long decimals is several times slower.
            factor=SQL("(%s)", in_unit(SQL("1::float"), "line_uom", "uom")),
            rate=rate(SQL("sale.currency_rate")),
            share=self.env["backlog.live.line"]._share_to_pay(SQL("line.order_id")),
            own_rate=self.env["res.company"]._backlog_visible()._backlog_rate("line"),
            companies=self._companies(),
        )

    def _as_moved(self, column, unit):
        """A quantity of an order line as Odoo moves it: a piece of what is kept in
        dozens is delivered with 0.08 of a dozen."""
        return self.env["backlog.live.line"]._as_moved(finite(SQL(column)), unit, "uom")

    def _companies(self):
        """The companies with the beginning of their day (UTC) and their currency. The
        OFFSET makes PostgreSQL compute them once and not per line."""
        return SQL(
            """
            SELECT company.id, company.currency_id,
                   %(rounding)s AS rounding, home.tz,
                   DATE_TRUNC('day', %(now)s::timestamp AT TIME ZONE 'UTC', home.tz)
                       AT TIME ZONE 'UTC' AS today
              FROM res_company company
              JOIN res_currency currency ON currency.id = company.currency_id
        CROSS JOIN LATERAL (SELECT %(zone)s AS tz) home
            OFFSET 0
            """,
            rounding=rounding(SQL("currency.rounding")),
            zone=self.env["res.company"]._backlog_zones(SQL("company.id")),
            now=fields.Datetime.now(),
        )

    # Deliveries

    def _shipped_of_line(self):
        """The join that looks up the deliveries of each ``line``."""
        return SQL(
            """
            LEFT JOIN LATERAL (
                    SELECT MAX(date) AS date, BOOL_OR(is_complete) AS is_complete
                      FROM (%s) shipped
                   ) shipped ON TRUE
            """,
            self._shipped(SQL("move.sale_line_id = line.id")),
        )

    def _shipped_all(self):
        """The deliveries of all lines, see ``_shipped``."""
        return self._shipped(SQL("move.sale_line_id IS NOT NULL"))

    def _shipped(self, asked):
        """When the last part of each line was delivered, for the lines that the
        condition ``asked`` on ``move`` selects: ``id, date, is_complete``. Goods that
        come back and go out again do not change the date of a line that was
        complete."""
        return SQL(
            """
            SELECT shipped.id, COALESCE(complete.date, shipped.date) AS date,
                   complete.date IS NOT NULL AS is_complete
              FROM (
                    SELECT move.sale_line_id AS id, MAX(%(date)s) AS date
                      FROM stock_move move
                      JOIN stock_location dest ON dest.id = move.location_dest_id
                     WHERE %(asked)s
                       AND %(counts)s
                       AND %(is_outside)s
                  GROUP BY move.sale_line_id
                   ) shipped
         LEFT JOIN (%(complete)s) complete USING (id)
            """,
            date=moment(SQL("move.date")),
            asked=asked,
            counts=self._counts(),
            is_outside=self.env["backlog.demand"]._is_outside("dest"),
            complete=self._complete(asked),
        )

    def _complete(self, asked):
        """When lines with several deliveries or with returns were complete for the
        first time: ``id, date``. Kits are never complete here, since they move as
        components."""
        return SQL(
            """
            SELECT id, MIN(date) AS date
              FROM (
                    SELECT sold.id, %(ordered)s AS product_uom_qty,
                           %(date)s AS date,
                           SUM(
                               (%(moved)s)
                               * CASE WHEN %(is_outside)s THEN 1 ELSE -1 END
                           ) OVER (
                               PARTITION BY sold.id ORDER BY move.date, move.id
                           )::numeric AS qty
                      FROM stock_move move
                      JOIN sale_order_line sold ON sold.id = move.sale_line_id
                      JOIN stock_location dest ON dest.id = move.location_dest_id
                      JOIN stock_location source ON source.id = move.location_id
                      JOIN uom_uom move_uom ON move_uom.id = move.product_uom
                      JOIN uom_uom sold_uom ON sold_uom.id = sold.product_uom_id
                      JOIN product_product product ON product.id = sold.product_id
                      JOIN product_template template
                        ON template.id = product.product_tmpl_id
                      JOIN uom_uom uom ON uom.id = template.uom_id
                     WHERE move.sale_line_id IN (
                            SELECT move.sale_line_id
                              FROM stock_move move
                              JOIN stock_location dest
                                ON dest.id = move.location_dest_id
                             WHERE %(asked)s
                               AND move.state = 'done'
                               AND (%(is_outside)s
                                    OR move.origin_returned_move_id IS NOT NULL)
                          GROUP BY move.sale_line_id
                            HAVING COUNT(*) > 1
                           )
                       AND move.product_id = sold.product_id
                       AND %(counts)s
                       AND %(is_outside)s <> %(was_outside)s
                   ) moved
             WHERE ROUND(qty - product_uom_qty, 6) >= 0
          GROUP BY id
            """,
            ordered=in_unit(
                self._as_moved("sold.product_uom_qty", "sold_uom"), "uom", "sold_uom"
            ),
            date=moment(SQL("move.date")),
            moved=in_unit(finite(SQL("move.quantity")), "move_uom", "sold_uom"),
            asked=asked,
            counts=self._counts(),
            is_outside=self.env["backlog.demand"]._is_outside("dest"),
            was_outside=self.env["backlog.demand"]._is_outside("source"),
        )

    def _counts(self):
        """Whether ``move`` is one that Odoo counts in what is delivered; for a kit
        those are the moves of its components."""
        return SQL(
            """
            (move.state = 'done'
             AND move.quantity > 0
             AND (move.origin_returned_move_id IS NULL OR move.to_refund))
            """
        )
