from odoo import fields, models

from ..tools.link import Link


class BacklogShipLine(models.TransientModel):
    """What is ready of one move, and how much of it leaves."""

    _name = "backlog.ship.line"
    _inherit = ["backlog.bounds.mixin"]
    _description = "Goods to Ship"

    ship_id = Link("backlog.ship", "Window", required=True, ondelete="cascade")
    move_id = Link("stock.move", required=True, readonly=True, ondelete="cascade")
    picking_id = Link(
        related="move_id.picking_id", string="Transfer", related_sudo=False
    )
    partner_id = Link(
        related="move_id.picking_id.partner_id", string="To", related_sudo=False
    )
    product_id = Link(related="move_id.product_id", related_sudo=False)
    product_uom_id = Link(
        related="move_id.product_id.uom_id", string="Unit", related_sudo=False
    )
    ready_qty = fields.Float(
        "Ready",
        digits="Product Unit",
        readonly=True,
        help="What is in stock for it, after everyone ahead of it in the queue.",
    )
    qty = fields.Float("Ship", digits="Product Unit", help="The rest stays open.")
    is_chosen = fields.Boolean("Leaves", default=True)
    is_asked = fields.Boolean(
        readonly=True, help="Not only ready in the same transfer."
    )
