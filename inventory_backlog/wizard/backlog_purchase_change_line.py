from odoo import fields, models

from ..tools.link import Link


class BacklogPurchaseChangeLine(models.TransientModel):
    """A line that waits for a purchase, before and after its change. Texts that the
    user may read, as they were when the window was opened."""

    _name = "backlog.purchase.change.line"
    _inherit = ["backlog.bounds.mixin"]
    _description = "Line That a Change of a Purchase Concerns"

    change_id = Link(
        "backlog.purchase.change", "Window", required=True, ondelete="cascade"
    )
    order = fields.Char(readonly=True)
    customer = fields.Char(readonly=True)
    product = fields.Char(readonly=True)
    quantity = fields.Char(readonly=True)
    promise = fields.Char(readonly=True)
    before = fields.Char("Expected", readonly=True)
    after = fields.Char("Then", readonly=True)
    is_broken = fields.Boolean("Late", readonly=True)
