from odoo import api, fields, models
from odoo.tools import format_date, format_list

from .backlog_line import INTERNAL


class SaleOrder(models.Model):
    """The backlog on the form of the order."""

    _inherit = "sale.order"

    backlog_alert = fields.Text(
        compute="_compute_backlog_alert",
        groups=INTERNAL,
        help="What is late and what nobody has ordered yet, in a sentence each.",
    )

    @api.depends("backlog_state")
    def _compute_backlog_alert(self):
        confirmed = self._origin._backlog_candidates()
        by_order = confirmed._backlog_lines().grouped("order_id") if confirmed else {}
        for order in self:
            lines = by_order.get(order._origin, self.env["backlog.line"])
            order.backlog_alert = "\n".join(order._backlog_sentences(lines))

    def _backlog_sentences(self, lines):
        if late := lines.filtered("is_late"):
            yield self.env._(
                "Late: %(products)s. Promised for %(promise)s.",
                products=format_list(
                    self.env,
                    [line._goods(line.open_qty) for line in late],
                ),
                promise=format_date(self.env, min(late.mapped("promise_date"))),
            )
        if to_source := lines.filtered(lambda line: line.to_source_qty > 0):
            yield self.env._(
                "Nobody has ordered supply yet for %s.",
                format_list(
                    self.env,
                    [line._goods(line.to_source_qty) for line in to_source],
                ),
            )

    @api.readonly
    def action_open_backlog(self):
        """Open what of this order is not yet shipped, line by line."""
        return self.env["backlog.line"]._action_open_lines(
            [("order_id", "in", self.ids)]
        )
