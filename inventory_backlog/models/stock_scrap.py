from odoo import fields, models


class StockScrap(models.Model):
    """Scrapped goods that count against the vendor."""

    _name = "stock.scrap"
    _inherit = ["stock.scrap", "backlog.history.mixin"]

    receipt_move_ids = fields.Many2many(
        "stock.move",
        "backlog_scrap_receipt_rel",
        "scrap_id",
        "move_id",
        readonly=True,
        copy=False,
        history=True,
        help="The receipts from vendors that the scrapped goods came with.",
    )

    def do_scrap(self):
        """Goods scrapped on the way into stock count against the vendor. Store their
        receipts first: Odoo cuts the chain of moves when it scraps from a transfer."""
        for scrap in self:
            scrap.sudo().receipt_move_ids = scrap._receipts()
        result = super().do_scrap()
        if (
            partners
            := self.sudo().receipt_move_ids.purchase_line_id.order_id.partner_id
        ):
            self.env["backlog.vendor.touch"]._touch(partners)
        return result

    def _receipts(self):
        """The receipts from vendors behind the transfer that is scrapped from."""
        # sudo: a user who scraps need not be able to read purchases.
        moves = step = self.sudo().picking_id.move_ids.filtered(
            lambda move: move.product_id == self.product_id
        )
        while step := step.move_orig_ids - moves:
            moves |= step
        return moves.filtered("purchase_line_id")
