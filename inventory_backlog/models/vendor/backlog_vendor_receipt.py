from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.query import Query

from ...tools.bounds import (
    MOST_DAYS,
    bounded_days,
    finite,
    in_unit,
    moment,
    money,
    rate,
)
from ...tools.figures import Rate
from ...tools.sql import without_jit
from .vendor_rates import rates, score

SCORE_HELP = (
    "0 to 100: the weighted average of accepted (100 − rejected %), on time % and "
    "steady lead time (median over P90, in %). The weights are in the settings."
)


class BacklogVendorReceipt(models.Model):
    """What vendors delivered: one row per receipt of a purchase line, one per purchase
    line for overdue goods, and one, with an id below zero, for what was closed short:
    ordered, and neither here nor on its way any more.

    A receipt is a transfer, so a line that comes in three parts has three. Goods that
    replace returned ones are no receipt. Days are those of the company's time zone,
    values untaxed in the company's currency at the rate of the purchase, quantities in
    the unit of the product (for a bought kit, pieces of its components).

    Averages are right in groups and totals: each purchase line weighs the same in
    the on-time rate, every piece in the reject rate, every receipt in the lead time.
    ``backlog.vendor`` reads the same formulas, see ``vendor_rates``.
    """

    _name = "backlog.vendor.receipt"
    _description = "Vendor Receipt"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "purchase_line_id"
    _depends = {
        "purchase.order": ["currency_rate", "date_approve", "partner_id", "state"],
        "purchase.order.line": [
            "first_promise_date",
            "order_id",
            "price_subtotal",
            "product_id",
            "product_uom_id",
            "product_qty",
            "qty_received",
        ],
        "product.template": ["categ_id", "uom_id"],
        "res.partner": ["commercial_partner_id", "tz"],
        "stock.move": [
            "date",
            "location_dest_id",
            "move_dest_ids",
            "origin_returned_move_id",
            "picking_id",
            "product_id",
            "product_qty",
            "product_uom",
            "purchase_line_id",
            "quantity",
            "state",
        ],
        "stock.scrap": [
            "picking_id",
            "product_uom_id",
            "receipt_move_ids",
            "scrap_qty",
            "state",
        ],
    }

    # Which receipt

    purchase_line_id = fields.Many2one("purchase.order.line", readonly=True)
    order_id = fields.Many2one("purchase.order", "Purchase Order", readonly=True)
    picking_id = fields.Many2one("stock.picking", "Receipt", readonly=True)
    partner_id = fields.Many2one("res.partner", "Vendor", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    product_tmpl_id = fields.Many2one("product.template", "Template", readonly=True)
    categ_id = fields.Many2one("product.category", "Product Category", readonly=True)
    product_uom_id = fields.Many2one("uom.uom", "Unit", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)

    # What came, and when

    date = fields.Datetime(
        readonly=True,
        help="When it came; for what is overdue, when it was promised; for what was "
        "closed short, when the last of its purchase line came.",
    )
    first_promise_date = fields.Datetime(
        "First Promise",
        readonly=True,
        help="When the vendor first promised it: the date on the purchase line when "
        "the order was confirmed.",
    )
    receipt_count = fields.Integer(
        "Receipts",
        readonly=True,
        help="How often goods came: a purchase line that comes in three parts has "
        "three.",
    )
    received_qty = fields.Float(
        "Received",
        digits="Product Unit",
        readonly=True,
        help="What came in the receipt, in the unit of the product.",
    )
    rejected_qty = fields.Float(
        "Rejected",
        digits="Product Unit",
        readonly=True,
        help="What of this receipt went back to the vendor or was scrapped from it or "
        "from a later step of it.",
    )
    overdue_qty = fields.Float(
        "Overdue",
        digits="Product Unit",
        readonly=True,
        help="Promised for a day that is past, and not here.",
    )
    short_qty = fields.Float(
        "Closed Short",
        digits="Product Unit",
        readonly=True,
        help="Ordered, not received, and not expected any more: the rest of the "
        "receipt was cancelled. What nobody wants any more is taken off the purchase "
        "line instead; then it is not short.",
    )
    received_value = fields.Monetary(readonly=True)
    unit_price = fields.Monetary(
        readonly=True,
        aggregator="avg",
        help="Per unit of the product, untaxed and net of discount.",
    )
    is_on_time = fields.Boolean(
        "On Time",
        readonly=True,
        help="It came on the day of the first promise or before.",
    )
    lead_days = fields.Integer(
        "Lead Time (days)",
        readonly=True,
        aggregator="avg",
        help="Days from the confirmation of the order to the receipt; for a line that "
        "was added later, from that day.",
    )

    # Rates, right in groups and totals

    on_time_rate = Rate(
        "On Time (%)",
        readonly=True,
        aggregator="avg",
        help="Of what was due, the share that came by the day first promised. Each "
        "purchase line weighs the same; what is overdue or closed short is late.",
    )
    in_full_rate = Rate(
        "In Full (%)",
        readonly=True,
        aggregator="avg",
        help="Of what was ordered and is not open any more, the share that came, early "
        "or late. Each purchase line weighs the same.",
    )
    reject_rate = Rate(
        "Rejected (%)",
        readonly=True,
        aggregator="avg",
        help="What went back to the vendor or was scrapped, over what was received. "
        "Different products count by value.",
    )
    lead_time_median = Rate(
        "Lead Time, Median",
        readonly=True,
        aggregator="avg",
        help="Half of the receipts came within this number of days.",
    )
    lead_time_p90 = Rate(
        "Lead Time, P90",
        readonly=True,
        aggregator="avg",
        help="Nine of ten receipts came within this number of days.",
    )
    lateness_median = Rate(
        "Days Late, Median",
        readonly=True,
        aggregator="avg",
        help="Half of the receipts came within this number of days from the first "
        "promise; below zero is early.",
    )
    quality_score = Rate(
        "Quality",
        readonly=True,
        aggregator="avg",
        help=SCORE_HELP,
    )

    # The statement and its steps

    @property
    def _table_query(self):
        return self._receipts()

    @api.model
    def _receipts(self, vendor_ids=None):
        """Return the statement that gives the columns of this model.

        :param vendor_ids: ids of vendors (commercial partners), None for all
        """
        without_jit(self.env)
        return SQL(
            """
            WITH moved AS (%(moved)s),
                 rest AS (%(rest)s),
                 due AS (%(due)s),
                 step AS (%(step)s),
                 rejected AS MATERIALIZED (%(rejected)s)
            SELECT receipt.*,
                   received_qty * unit_price AS received_value,
                   rejected_qty * unit_price AS rejected_value,
                   CASE WHEN is_on_time THEN due_share ELSE 0 END AS on_time_share,
                   CASE WHEN receipt_count = 1 AND due_share > 0 THEN
                        CASE WHEN is_on_time THEN 100 ELSE 0 END
                    END AS on_time_rate,
                   CASE WHEN receipt_count = 1 THEN due_share ELSE 0
                    END AS in_full_share,
                   CASE WHEN overdue_qty = 0 THEN due_share ELSE 0
                    END AS closed_share,
                   CASE WHEN receipt_count = 1 THEN 100
                        WHEN short_qty > 0 THEN 0
                    END AS in_full_rate,
                   100 * rejected_qty / NULLIF(received_qty, 0) AS reject_rate,
                   lead_days AS lead_time_median,
                   lead_days AS lead_time_p90,
                   late_days AS lateness_median,
                   NULL::numeric AS quality_score
              FROM (%(dated)s) receipt
            """,
            moved=self._moved(vendor_ids),
            rest=self._rest(),
            due=self._due(),
            step=self._step(),
            rejected=self._rejected(),
            dated=self._dated(),
            to_flush=[
                self.env[model]._fields[name]
                for model, names in self._depends.items()
                for name in names
            ],
        )

    @api.model
    def _moved(self, vendor_ids):
        """What arrived for each purchase line, transfer by transfer, what is open, and
        what was cancelled."""
        asked = SQL("TRUE")
        if vendor_ids is not None:
            asked = SQL("partner.commercial_partner_id = ANY(%s)", list(vendor_ids))
        return SQL(
            """
            SELECT move.purchase_line_id, move.picking_id,
                   %(step)s AS step,
                   MIN(move.id) AS id, MAX(%(date)s) AS date,
                   BOOL_OR(move.product_id <> line.product_id) AS is_kit,
                   SUM(CASE WHEN move.state = 'done' THEN %(came)s ELSE %(open)s
                        END)::numeric AS qty,
                   SUM(CASE move.state WHEN 'done' THEN GREATEST(0, %(open)s - %(came)s)
                            WHEN 'cancel' THEN %(open)s
                        END)::numeric AS lacking_qty
              FROM stock_move move
              JOIN purchase_order_line line ON line.id = move.purchase_line_id
              JOIN purchase_order purchase ON purchase.id = line.order_id
              JOIN res_partner partner ON partner.id = purchase.partner_id
              JOIN stock_location dest ON dest.id = move.location_dest_id
              JOIN product_product product ON product.id = move.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom uom ON uom.id = template.uom_id
              JOIN uom_uom move_uom ON move_uom.id = move.product_uom
         LEFT JOIN stock_picking picking ON picking.id = move.picking_id
             WHERE move.purchase_line_id IS NOT NULL
               AND move.state <> 'draft'
               AND dest.usage <> 'supplier'
               -- Goods that come back, or instead of returned ones, are no receipt.
               AND move.origin_returned_move_id IS NULL
               AND picking.return_id IS NULL
               AND purchase.state = 'purchase'
               AND %(asked)s
          GROUP BY move.purchase_line_id, move.picking_id, %(step)s
            """,
            step=SQL(
                "CASE WHEN move.state IN ('done', 'cancel') THEN move.state"
                " ELSE 'open' END"
            ),
            date=moment(SQL("move.date")),
            came=in_unit(finite(SQL("move.quantity")), "move_uom", "uom"),
            open=finite(SQL("move.product_qty")),
            asked=asked,
        )

    @api.model
    def _due(self):
        """What was due of each purchase line: what came, what is open, never more than
        is still ordered (lowered after its receipt was printed, Odoo leaves the receipt
        as it is), and what was closed short.

        The pieces of a kit have no ordered quantity: what its closed moves asked for
        and did not bring is short, at most what the whole kits that came lack.
        """
        return SQL(
            """
            SELECT id, purchase_line_id, picking_id, 'done' AS step, date, qty
              FROM moved
             WHERE step = 'done'
         UNION ALL
            SELECT moved.id, moved.purchase_line_id, NULL, 'open', NULL,
                   moved.qty * LEAST(1, rest.qty / NULLIF(rest.open_qty, 0))
              FROM moved
              JOIN rest ON rest.purchase_line_id = moved.purchase_line_id
             WHERE moved.step = 'open'
         UNION ALL
            SELECT -purchase_line_id, purchase_line_id, NULL, 'short', date,
                   qty - open_qty
              FROM rest
             WHERE qty - open_qty > %(rounding)s
            """,
            rounding=10 ** -self.env["decimal.precision"].precision_get("Product Unit"),
        )

    @api.model
    def _rest(self):
        """What each purchase line still lacks, ``qty``, and how much of it is open."""
        return SQL(
            """
            SELECT total.purchase_line_id, total.date, total.open_qty,
                   CASE WHEN NOT total.is_kit
                        THEN GREATEST(0, %(ordered)s - total.done_qty)
                        ELSE total.open_qty + LEAST(
                            total.lacking_qty,
                            CASE WHEN total.open_qty > 0 THEN 0
                                 ELSE total.done_qty
                                    * GREATEST(0, %(kits)s / NULLIF(%(came)s, 0) - 1)
                             END)
                    END AS qty
              FROM (
                    SELECT purchase_line_id, BOOL_OR(is_kit) AS is_kit,
                           MAX(date) FILTER (WHERE step = 'done') AS date,
                           COALESCE(SUM(qty) FILTER (WHERE step = 'done'), 0)
                               AS done_qty,
                           COALESCE(SUM(qty) FILTER (WHERE step = 'open'), 0)
                               AS open_qty,
                           COALESCE(SUM(lacking_qty), 0) AS lacking_qty
                      FROM moved
                  GROUP BY purchase_line_id
                   ) total
              JOIN purchase_order_line line ON line.id = total.purchase_line_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom uom ON uom.id = template.uom_id
              JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
            """,
            ordered=in_unit(finite(SQL("line.product_qty")), "line_uom", "uom"),
            kits=finite(SQL("line.product_qty")),
            came=finite(SQL("line.qty_received")),
        )

    @api.model
    def _step(self):
        """The receipts behind each scrap: those stored on it, or for a scrap from
        before this addon the moves of its transfer and the moves before them."""
        return SQL(
            """
            SELECT rel.scrap_id, rel.move_id
              FROM backlog_scrap_receipt_rel rel
              JOIN stock_scrap scrap ON scrap.id = rel.scrap_id
             WHERE scrap.state = 'done'
             UNION
            SELECT step.scrap_id, step.move_id
              FROM (
                    WITH RECURSIVE step AS (
                        SELECT scrap.id AS scrap_id, move.id AS move_id
                          FROM stock_scrap scrap
                          JOIN stock_move move ON move.picking_id = scrap.picking_id
                           AND move.product_id = scrap.product_id
                           AND move.scrap_id IS NULL
                         WHERE scrap.state = 'done'
                         UNION
                        SELECT step.scrap_id, rel.move_orig_id
                          FROM step
                          JOIN stock_move_move_rel rel
                            ON rel.move_dest_id = step.move_id
                    )
                    SELECT * FROM step
                   ) step
            """
        )

    @api.model
    def _rejected(self):
        """What was returned or scrapped of each receipt. A scrap is spread over the
        receipts it can come from, by quantity."""
        return SQL(
            """
            SELECT move.purchase_line_id, move.picking_id, SUM(rejected.qty) AS qty
              FROM (
                    SELECT back.origin_returned_move_id AS move_id,
                           %(returned)s AS qty
                      FROM stock_move back
                      JOIN stock_move origin
                        ON origin.id = back.origin_returned_move_id
                      JOIN stock_location dest ON dest.id = back.location_dest_id
                      JOIN product_product product ON product.id = back.product_id
                      JOIN product_template template
                        ON template.id = product.product_tmpl_id
                      JOIN uom_uom uom ON uom.id = template.uom_id
                      JOIN uom_uom move_uom ON move_uom.id = back.product_uom
                     WHERE back.state = 'done'
                       AND back.origin_returned_move_id IS NOT NULL
                       AND origin.purchase_line_id IS NOT NULL
                       AND (dest.usage = 'supplier' OR dest.id = origin.location_id)
                 UNION ALL
                    SELECT step.move_id,
                           (%(scrapped)s) * %(moved)s
                             / NULLIF(SUM(%(moved)s) OVER (
                                   PARTITION BY step.scrap_id), 0)
                      FROM step
                      JOIN stock_scrap scrap ON scrap.id = step.scrap_id
                      JOIN stock_move move ON move.id = step.move_id
                      JOIN product_product product ON product.id = scrap.product_id
                      JOIN product_template template
                        ON template.id = product.product_tmpl_id
                      JOIN uom_uom uom ON uom.id = template.uom_id
                      JOIN uom_uom scrap_uom ON scrap_uom.id = scrap.product_uom_id
                     WHERE move.purchase_line_id IS NOT NULL
                   ) rejected
              JOIN stock_move move ON move.id = rejected.move_id
          GROUP BY move.purchase_line_id, move.picking_id
            """,
            returned=in_unit(finite(SQL("back.quantity")), "move_uom", "uom"),
            scrapped=in_unit(finite(SQL("scrap.scrap_qty")), "scrap_uom", "uom"),
            moved=finite(SQL("move.quantity")),
        )

    @api.model
    def _dated(self):
        """Receipts, overdue goods and what was closed short, compared with the first
        promise. ``due_share`` is the share of the row in what was due of its purchase
        line."""
        promise = moment(SQL("COALESCE(line.first_promise_date, line.date_planned)"))
        return SQL(
            """
            SELECT receipt.*,
                   receipt_count = 1 AND day <= promised_day AS is_on_time,
                   CASE WHEN receipt_count = 1
                         AND ABS(day - ordered_day) <= %(most_days)s
                        THEN day - ordered_day
                    END AS lead_days,
                   CASE WHEN receipt_count = 1
                         AND ABS(day - promised_day) <= %(most_days)s
                        THEN day - promised_day
                    END AS late_days,
                   qty / NULLIF(SUM(qty) OVER (PARTITION BY purchase_line_id), 0)
                       AS due_share
              FROM (
                    SELECT due.id, due.purchase_line_id, line.order_id,
                           due.picking_id,
                           partner.commercial_partner_id AS partner_id,
                           line.product_id, product.product_tmpl_id, template.categ_id,
                           template.uom_id AS product_uom_id, purchase.company_id,
                           company.currency_id, due.qty,
                           COALESCE(due.date, %(promise)s) AS date,
                           %(promise)s AS first_promise_date,
                           (due.step = 'done')::integer AS receipt_count,
                           CASE due.step WHEN 'done' THEN due.qty ELSE 0
                            END AS received_qty,
                           CASE due.step WHEN 'open' THEN due.qty ELSE 0
                            END AS overdue_qty,
                           CASE due.step WHEN 'short' THEN due.qty ELSE 0
                            END AS short_qty,
                           CASE WHEN due.step = 'done'
                                THEN LEAST(due.qty,
                                           COALESCE(rejected.qty, 0)::numeric)
                                ELSE 0
                            END AS rejected_qty,
                           (%(unit_price)s) / %(rate)s AS unit_price,
                           %(day)s AS day, %(promised_day)s AS promised_day,
                           %(ordered_day)s AS ordered_day
                      FROM due
                      JOIN purchase_order_line line ON line.id = due.purchase_line_id
                      JOIN purchase_order purchase ON purchase.id = line.order_id
                      JOIN res_partner partner ON partner.id = purchase.partner_id
                      JOIN product_product product ON product.id = line.product_id
                      JOIN product_template template
                        ON template.id = product.product_tmpl_id
                      JOIN uom_uom uom ON uom.id = template.uom_id
                      JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
                      JOIN res_company company ON company.id = purchase.company_id
                 LEFT JOIN rejected
                        ON rejected.purchase_line_id = due.purchase_line_id
                       AND rejected.picking_id IS NOT DISTINCT FROM due.picking_id
                     WHERE (due.step <> 'open' OR %(promised_day)s < %(today)s)
                       AND due.qty > 0
                   ) receipt
            """,
            most_days=MOST_DAYS,
            day=self._day(SQL("due.date")),
            unit_price=in_unit(
                SQL(
                    "(%s / NULLIF(%s, 0))",
                    money(SQL("line.price_subtotal")),
                    finite(SQL("line.product_qty")),
                ),
                "uom",
                "line_uom",
            ),
            rate=rate(SQL("purchase.currency_rate")),
            promise=promise,
            promised_day=self._day(promise),
            ordered_day=self._day(self._ordered()),
            today=self._day(SQL("%s::timestamp", fields.Datetime.now())),
        )

    @api.model
    def _ordered(self):
        """When ``line`` of ``purchase`` was ordered: when the purchase was confirmed,
        or when the line was added to it later. All lines of an imported purchase are as
        old as that."""
        return SQL(
            """
            CASE WHEN line.create_date > purchase.create_date
                 THEN GREATEST(%(confirmed)s, %(added)s)
                 ELSE %(confirmed)s
             END
            """,
            confirmed=moment(SQL("purchase.date_approve")),
            added=moment(SQL("line.create_date")),
        )

    @api.model
    def _day(self, utc):
        """The calendar day of the moment ``utc`` in the time zone of the company of
        ``purchase``."""
        zone = self.env["res.company"]._backlog_zones(SQL("purchase.company_id"))
        return SQL("(%s AT TIME ZONE 'UTC' AT TIME ZONE (%s))::date", utc, zone)

    # Rates

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        name, _colon, aggregator = aggregate_spec.partition(":")
        found = rates(self._table)
        found["quality_score"] = score(found, **self._weights())
        if aggregator == "avg" and name in found:
            self._check_field_access(self._fields[name], "read")
            return found[name]
        return super()._read_group_select(aggregate_spec, query)

    @api.model
    def _measures(self, vendor_ids):
        """Return the statement of what the receipts of the window say, in the current
        company: per vendor and product variant, per vendor and template, per vendor.

        Columns: ``vendor_id, measure_key, receipt_count, price_spread`` and the rates;
        the key is the id of the variant, of the template below zero, or 0 for all.
        """
        company = self.env.company
        since = fields.Datetime.subtract(
            fields.Datetime.now(),
            days=bounded_days(company.backlog_vendor_window_days, 0),
        )
        found = rates(
            "receipt", one_product=SQL("GROUPING(receipt.product_tmpl_id) = 0")
        )
        return SQL(
            """
            SELECT receipt.partner_id AS vendor_id,
                   CASE WHEN GROUPING(receipt.product_id) = 0
                        THEN receipt.product_id
                        WHEN GROUPING(receipt.product_tmpl_id) = 0
                        THEN -receipt.product_tmpl_id
                        ELSE 0
                    END AS measure_key,
                   SUM(receipt.receipt_count) AS receipt_count,
                   %(rates)s,
                   100 * (MAX(receipt.unit_price) - MIN(receipt.unit_price))
                       / NULLIF(AVG(receipt.unit_price), 0) AS price_spread
              FROM (%(receipts)s) receipt
             WHERE receipt.company_id = %(company)s
               AND receipt.date >= %(since)s
          GROUP BY receipt.partner_id, GROUPING SETS (
                       (receipt.product_tmpl_id, receipt.product_id),
                       (receipt.product_tmpl_id),
                       ())
            """,
            rates=SQL(", ").join(
                SQL("%s AS %s", figure, SQL.identifier(name))
                for name, figure in found.items()
            ),
            receipts=self._receipts(vendor_ids),
            company=company.id,
            since=since,
        )

    @api.model
    def _weights(self):
        """``{part of the score: its weight}`` in the current company, each 0 or more:
        see ``vendor_rates.score``."""
        company = self.env.company
        return {
            "accepted": max(0, company.backlog_weight_accepted),
            "on_time": max(0, company.backlog_weight_on_time),
            "steady": max(0, company.backlog_weight_steady),
        }
