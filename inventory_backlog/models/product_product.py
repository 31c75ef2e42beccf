from odoo import api, fields, models
from odoo.tools import SQL

from .backlog_line import VALUE_GROUPS
from .backlog_mixin import many_rows, search_figure


class ProductProduct(models.Model):
    """What customers wait for of a variant."""

    _name = "product.product"
    _inherit = ["product.product", "backlog.mixin"]

    backlog_qty = fields.Float(
        "Ready",
        digits="Product Unit",
        compute="_compute_backlog",
        search=search_figure("backlog_qty"),
        help="Ordered by customers, in stock for them and not yet shipped.",
    )
    backorder_qty = fields.Float(
        "Short (backorder)",
        digits="Product Unit",
        compute="_compute_backlog",
        search=search_figure("backorder_qty"),
        help="Ordered by customers and out of stock.",
    )
    to_source_qty = fields.Float(
        "To Source",
        digits="Product Unit",
        compute="_compute_backlog",
        search=search_figure("to_source_qty"),
        help="Ordered by customers, out of stock, and nothing is on its way.",
    )
    open_value = fields.Monetary(
        currency_field="backlog_currency_id",
        compute="_compute_backlog",
        search=search_figure("open_value"),
        groups=VALUE_GROUPS,
        help="What customers ordered and did not get yet, untaxed, at today's rate in "
        "the currency of your current company.",
    )

    @api.depends(
        "stock_quant_ids.quantity",
        "stock_quant_ids.reserved_quantity",
        "stock_move_ids.product_qty",
        "stock_move_ids.quantity",
        "stock_move_ids.state",
    )
    @api.depends_context("company", "allowed_company_ids", "uid")
    def _compute_backlog(self):
        return super()._compute_backlog()

    def _backlog_products(self):
        return self

    @api.model
    def _backlog_figures(self):
        """The lines of each product that the user may see, summed: the figures equal
        the list that they open."""
        return self._backlog_totals(SQL("product_id"))

    @api.model
    def _backlog_totals(self, key):
        """The visible lines summed by ``key``, a column of theirs or of their product;
        values at today's rate in the currency of the current company."""
        query = self._visible_lines()
        return SQL(
            """(
            SELECT %(key)s AS id, SUM(line.backlog_qty) AS backlog_qty,
                   SUM(line.backorder_qty) AS backorder_qty,
                   SUM(line.to_source_qty) AS to_source_qty,
                   SUM(line.open_value * CASE line.currency_id %(rates)s END)
                       AS open_value
              FROM %(lines)s line
              JOIN product_product product ON product.id = line.product_id
          GROUP BY %(key)s
            )""",
            key=key,
            lines=many_rows(
                query.subselect(
                    *(
                        SQL.identifier(query.table, column)
                        for column in (
                            "product_id",
                            "currency_id",
                            "backlog_qty",
                            "backorder_qty",
                            "to_source_qty",
                            "open_value",
                        )
                    )
                )
            ),
            rates=SQL(" ").join(self._backlog_rates()),
        )

    @api.model
    def _visible_lines(self):
        """The lines the user may see; none for those who may open products only."""
        lines = self.env["backlog.line"]
        # Named, since sudo knows no company rule and the rates are of these only.
        domain = [("company_id", "in", self.env.companies.ids)]
        if lines.has_access("read"):
            return lines._search(domain)
        query = lines.sudo()._search(domain)
        query.add_where(SQL("FALSE"))
        return query

    @api.model
    def _backlog_rates(self):
        company = self.env.company
        for currency in self.env.companies.currency_id:
            yield SQL(
                "WHEN %s THEN %s::numeric",
                currency.id,
                company._backlog_rate_of(currency),
            )
