from odoo import fields, models

from ..const import BACKLOG_STATES


class BacklogSnapshotLine(models.Model):
    """Each order line as the last snapshot saw it: the next snapshot is compared with
    it.

    A closed line stays for ``KEEP_DAYS``, so that goods that come back are known as
    such. Only ``backlog.history`` writes these rows; the order line may be deleted.
    """

    _name = "backlog.snapshot.line"
    _description = "Order Line as Last Seen"
    _log_access = False
    _rec_name = "order_line_id"

    order_line_id = fields.Integer(required=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, ondelete="cascade"
    )
    warehouse_id = fields.Many2one("stock.warehouse", ondelete="set null")
    backlog_state = fields.Selection(BACKLOG_STATES)
    unit_value = fields.Float(digits=0, help="Per unit of the product, not rounded.")
    open_value = fields.Float(digits=0)
    open_qty = fields.Float(digits=0)
    ordered_qty = fields.Float(
        digits=0, help="What was shipped when the order is cancelled."
    )
    delivered_qty = fields.Float(digits=0)
    closed_on = fields.Date(help="The first day at whose end nothing of it was open.")

    _order_line_uniq = models.Constraint(
        "UNIQUE (order_line_id)", "An order line is seen once."
    )
