from odoo import api, fields, models

# What the figures of a vendor read of its order lines, beside what came.
JUDGED = {"discount", "first_promise_date", "price_unit", "product_qty"}


class PurchaseOrderLine(models.Model):
    _inherit = "purchase.order.line"

    first_promise_date = fields.Datetime(
        "First Promise",
        compute="_compute_first_promise_date",
        store=True,
        copy=False,
        help="When the vendor first promised it: the expected arrival at the moment "
        "the order was confirmed. Later changes of the date do not touch it, so that "
        "vendors are held to their word.",
    )

    @api.depends("state")
    def _compute_first_promise_date(self):
        for line in self:
            if line.state != "purchase":
                line.first_promise_date = False
            else:
                line.first_promise_date = line.first_promise_date or line.date_planned
        # What is confirmed when it is already due is overdue at once.
        now = fields.Datetime.now()
        self.filtered(
            lambda line: line.first_promise_date and line.first_promise_date <= now
        )._touch_vendors()

    def _compute_qty_received(self):
        # Goods came, went back or will not come: the figures of the vendors changed.
        self.filtered(
            lambda line: {"done", "cancel"} & set(line.move_ids.mapped("state"))
        )._touch_vendors()
        return super()._compute_qty_received()

    def write(self, vals):
        if JUDGED & vals.keys():
            self._touch_vendors()
        return super().write(vals)

    def _open_qty(self):
        """What is still to come, in the unit of the product: nothing of what was
        closed short."""
        self.ensure_one()
        if self.state != "purchase":
            return self.product_uom_qty
        if self.qty_received_method != "stock_moves":
            missing = max(0, self.product_qty - self.qty_received)
            return self.product_uom_id._compute_quantity(
                missing, self.product_id.uom_id
            )
        return sum(
            move.product_qty
            for move in self.move_ids
            if move.state not in ("done", "cancel") and not move._is_purchase_return()
        )

    def _touch_vendors(self):
        confirmed = self.filtered(lambda line: line.state == "purchase" and line.id)
        if vendors := confirmed.order_id.partner_id:
            self.env["backlog.vendor.touch"]._touch(vendors)
