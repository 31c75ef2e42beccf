from odoo import models
from odoo.tools import SQL

from ...tools.bounds import finite, in_unit, later, moment, money, rate, rounding
from ...tools.sql import many_rows, of_products


class BacklogLiveLine(models.AbstractModel):
    """The lines as orders and slices say now: quantities, values, state. It is what
    ``backlog.kept.line`` keeps."""

    _name = "backlog.live.line"
    _description = "Live Backlog Line"

    def _state(self, open_qty=None, ready=None, to_source=None):
        """The supply state from three quantities. Any sums will do: the expression only
        compares them with zero and with each other."""
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

    def _live_lines(self, sold_ids, moved_ids, slices):
        """The lines as orders and slices say now: what ``backlog.kept.line`` keeps.

        :param sold_ids: ids of the products on the order lines, None for all
        :param moved_ids: ids of those that are moved for them
        :param slices: a statement of the slices, of all products or of those of
            ``_cause_products(moved_ids)``
        """
        return SQL(
            """
            SELECT line.*,
                   CASE WHEN line.to_source_qty <= 0 THEN 0
                        WHEN line.open_qty - line.backlog_qty <= line.to_source_qty
                        THEN line.open_value - line.backlog_value
                        ELSE ROUND(
                            line.unit_value * line.to_source_qty / line.rounding
                        ) * line.rounding
                    END AS to_source_value,
                   LEAST(
                       ROUND(line.unit_value * line.excess_qty / line.rounding)
                           * line.rounding,
                       line.open_value
                   ) AS excess_value
              FROM (
                    SELECT line.*, %(excess)s AS excess_qty,
                           ROUND(unit_value * open_qty / rounding) * rounding
                               AS open_value,
                           ROUND(unit_value * backlog_qty / rounding) * rounding
                               AS backlog_value,
                           %(state)s AS backlog_state
                      FROM (%(ordered)s) line
                     WHERE %(of_products)s
                   ) line
            """,
            excess=self._excess(),
            state=self._state(),
            ordered=self._ordered(moved_ids, slices),
            of_products=of_products(SQL("line.product_id"), sold_ids),
        )

    def _excess(self):
        """What the open moves of ``line`` would ship beyond what the order still asks
        for. The order asks for what has not been shipped, or comes back, in the unit of
        the product. A line without moves of what it sells tells by its own quantities,
        and nothing when some of it came back.
        """
        is_outside = self.env["backlog.demand"]._is_outside
        told = SQL(
            """
            CASE WHEN EXISTS (
                      SELECT 1
                        FROM stock_move move
                        JOIN stock_location origin ON origin.id = move.location_id
                       WHERE move.sale_line_id = line.id
                         AND %s
                 )
                 THEN ordered_qty - open_qty
                 ELSE delivered_qty
             END
            """,
            is_outside("origin"),
        )
        return SQL(
            """
            CASE WHEN open_qty <= GREATEST(ordered_qty - delivered_qty, 0) THEN 0
                 ELSE GREATEST(ROUND(open_qty - GREATEST(ordered_qty - COALESCE((
                          SELECT SUM(
                                     CASE WHEN %(to_customer)s
                                          THEN CASE WHEN move.state = 'done'
                                                    THEN %(moved)s ELSE 0 END
                                          WHEN %(from_customer)s
                                           AND (move.state = 'done'
                                                OR move.origin_returned_move_id
                                                   IS NOT NULL)
                                          THEN -CASE WHEN move.state = 'done'
                                                     THEN %(moved)s
                                                     ELSE %(demand)s END
                                          ELSE 0
                                      END)
                            FROM stock_move move
                            JOIN stock_location origin ON origin.id = move.location_id
                            JOIN stock_location dest ON dest.id = move.location_dest_id
                            JOIN uom_uom move_uom ON move_uom.id = move.product_uom
                            JOIN uom_uom uom ON uom.id = line.product_uom_id
                           WHERE move.sale_line_id = line.id
                             AND move.product_id = line.product_id
                             AND move.state <> 'cancel'
                      ), %(told)s), 0), %(digits)s), 0)
             END
            """,
            to_customer=is_outside("dest"),
            from_customer=is_outside("origin"),
            moved=in_unit(finite(SQL("move.quantity")), "move_uom", "uom"),
            demand=finite(SQL("move.product_qty")),
            told=told,
            digits=self.env["decimal.precision"].precision_get("Product Unit"),
        )

    def _ordered(self, product_ids, slices):
        """What the order says about each line with something open. It stands in the
        warehouse that its goods leave from; where these are two, in that of the order.
        """
        return SQL(
            """
            SELECT split.*, line.id, line.order_id, line.product_id,
                   sale.partner_id, template.categ_id,
                   CASE WHEN split.first_warehouse_id = split.last_warehouse_id
                        THEN split.first_warehouse_id
                        ELSE COALESCE(line.warehouse_id, sale.warehouse_id)
                    END AS warehouse_id,
                   line.company_id, company.currency_id, sale.user_id, sale.team_id,
                   %(date_order)s AS date_order, template.uom_id AS product_uom_id,
                   %(ordered)s AS ordered_qty, %(delivered)s AS delivered_qty,
                   sale.payment_term_id, sale.picking_policy = 'one' AS in_one_piece,
                   %(order_total)s AS order_total, %(with_taxes)s AS with_taxes,
                   %(promise)s AS promise_date,
                   %(first_promise)s AS first_promise_date,
                   %(unit_value)s AS unit_value, %(rounding)s AS rounding
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
            date_order=moment(SQL("sale.date_order")),
            ordered=in_unit(finite(SQL("line.product_uom_qty")), "line_uom", "uom"),
            delivered=in_unit(finite(SQL("line.qty_delivered")), "line_uom", "uom"),
            order_total=money(SQL("sale.amount_total")),
            with_taxes=self._with_taxes("line"),
            promise=self._promise(),
            first_promise=moment(SQL("line.first_promise_date")),
            # A line without a price is worth nothing and stays in the list.
            unit_value=SQL("COALESCE(%s, 0)", self._unit_value()),
            rounding=rounding(SQL("currency.rounding")),
            split=many_rows(SQL("(%s)", self._split(product_ids, slices))),
        )

    def _with_taxes(self, line):
        """The value of ``line`` with taxes divided by that without, 1 for a line
        without a price."""
        return SQL(
            "COALESCE(%s / NULLIF(%s, 0), 1)",
            money(SQL.identifier(line, "price_total")),
            money(SQL.identifier(line, "price_subtotal")),
        )

    def _promise(self):
        """What the customer of ``line`` of ``sale`` was last promised. The lead time of
        a line that was added to a confirmed order counts from that day: its first
        promise says so, see ``sale.order.line._compute_first_promise_date``."""
        return SQL(
            """
            COALESCE(%(commitment)s,
                CASE WHEN line.create_date > sale.create_date
                      AND line.create_date > sale.date_order
                      AND line.first_promise_date
                          >= DATE_TRUNC('second', line.create_date)
                     THEN %(added)s
                     ELSE %(ordered)s
                 END)
            """,
            commitment=moment(SQL("sale.commitment_date")),
            added=later(SQL("line.create_date"), SQL("line.customer_lead")),
            ordered=later(SQL("sale.date_order"), SQL("line.customer_lead")),
        )

    def _cause_products(self, product_ids):
        """The products whose slices decide quantities, dates and the cause of a delay
        of the lines that move ``product_ids``; None for all."""
        return product_ids

    def _split(self, product_ids, slices):
        """The slices summed per order line: ``order_line_id, open_qty, backlog_qty,
        to_source_qty, first_date, last_date``, the dates being those of receipts, and
        ``first_warehouse_id, last_warehouse_id``, by their ids.

        :param product_ids: ids of the products moved, None for all
        :param slices: the statement of their slices
        """
        return SQL(
            """
            SELECT order_line_id,
                   SUM(qty) AS open_qty,
                   COALESCE(SUM(qty) FILTER (
                       WHERE source IN ('reserved', 'stock')), 0) AS backlog_qty,
                   COALESCE(SUM(qty) FILTER (
                       WHERE source = 'none'), 0) AS to_source_qty,
                   MIN(date) AS first_date, MAX(date) AS last_date,
                   MIN(warehouse_id) AS first_warehouse_id,
                   MAX(warehouse_id) AS last_warehouse_id
              FROM (%s) slice
             WHERE order_line_id IS NOT NULL
          GROUP BY order_line_id
            """,
            slices,
        )

    def _unit_value(self):
        """What one unit of the product on ``line`` of ``sale`` is worth: untaxed, net
        of discount, also of those on the whole order, in the currency of the company
        at the rate of the order. ``NULL`` where its price or unit is none. All that
        Odoo moves for the line is worth all of the line, also where one piece of a
        dozen is moved as 0.08."""
        return SQL(
            "(COALESCE(%s / NULLIF(%s, 0), %s) / %s * %s)",
            money(SQL("line.price_subtotal")),
            self._as_moved(finite(SQL("line.product_uom_qty")), "line_uom", "uom"),
            in_unit(money(SQL("line.price_reduce_taxexcl")), "uom", "line_uom"),
            rate(SQL("sale.currency_rate")),
            self._share_to_pay(SQL("line.order_id")),
        )

    def _as_moved(self, quantity, unit, product_unit):
        """``quantity`` of one unit as Odoo moves it: in the unit of the product,
        rounded to its digits. What is nothing then stays as it is."""
        quantity_moved = SQL("(%s)", in_unit(quantity, unit, product_unit))
        return SQL(
            """
            (CASE WHEN %(unit)s = %(product_unit)s THEN %(quantity)s
                  ELSE COALESCE(NULLIF(ROUND(%(moved)s, %(digits)s), 0), %(moved)s)
              END)
            """,
            unit=SQL.identifier(unit, "id"),
            product_unit=SQL.identifier(product_unit, "id"),
            quantity=quantity,
            moved=quantity_moved,
            digits=self.env["decimal.precision"].precision_get("Product Unit"),
        )

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
