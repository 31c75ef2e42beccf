from odoo import api, fields, models
from odoo.tools import SQL

from .backlog_line import BACKLOG_STATES
from .backlog_mixin import search_figure
from .sale_order_line import PRODUCT_TRIGGERS


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "backlog.mixin"]

    backlog_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Backlog Currency"
    )
    backlog_state = fields.Selection(
        BACKLOG_STATES,
        "Backlog",
        compute="_compute_backlog",
        search=search_figure("backlog_state"),
        group_expand=True,
        help="How much of what is still to be shipped is in stock for this order, after "
        "everyone ahead of it. Empty when nothing is open.",
    )
    open_value = fields.Monetary(
        currency_field="backlog_currency_id",
        compute="_compute_backlog",
        search=search_figure("open_value"),
        help="What is ordered and not yet shipped, untaxed, in the company's currency.",
    )
    backlog_value = fields.Monetary(
        "Ready Value",
        currency_field="backlog_currency_id",
        compute="_compute_backlog",
        search=search_figure("backlog_value"),
        help="What is in stock for this order and could be shipped now, untaxed, in the "
        "company's currency.",
    )
    backorder_value = fields.Monetary(
        "Short Value",
        currency_field="backlog_currency_id",
        compute="_compute_backlog",
        search=search_figure("backorder_value"),
        help="What is out of stock, untaxed, in the company's currency.",
    )
    backlog_expected_date = fields.Datetime(
        compute="_compute_backlog",
        search=search_figure("backlog_expected_date"),
        help="When the last open line can leave, as things stand. Empty while anything "
        "is to source.",
    )
    is_backlog_late = fields.Boolean(
        "Backlog Late",
        compute="_compute_backlog",
        search=search_figure("is_backlog_late"),
        help="A promise of this order is past and something of it is still open.",
    )

    @api.depends(
        *(f"order_line.{trigger}" for trigger in PRODUCT_TRIGGERS),
        "commitment_date",
        "currency_rate",
        "date_order",
        "order_line.customer_lead",
        "order_line.move_ids.state",
        "order_line.price_subtotal",
        "order_line.product_uom_id",
        "order_line.product_uom_qty",
        "order_line.qty_delivered",
        "state",
    )
    def _compute_backlog(self):
        return super()._compute_backlog()

    def _backlog_products(self):
        return self.order_line._backlog_products()

    @api.model
    def _backlog_figures(self):
        """The lines of each order summed; the state by the same rules over the sums."""
        line = self.env["backlog.line"]
        return SQL(
            """(
            SELECT order_id AS id, SUM(open_value) AS open_value,
                   SUM(backlog_value) AS backlog_value,
                   SUM(backorder_value) AS backorder_value,
                   CASE WHEN BOOL_AND(to_source_qty <= 0) THEN MAX(expected_date)
                    END AS backlog_expected_date,
                   BOOL_OR(is_late) AS is_backlog_late,
                   %(state)s AS backlog_state
              FROM %(lines)s line
          GROUP BY order_id
            )""",
            state=line._state(
                SQL("SUM(open_qty)"), SQL("SUM(backlog_qty)"), SQL("SUM(to_source_qty)")
            ),
            lines=line._table_sql,
        )
