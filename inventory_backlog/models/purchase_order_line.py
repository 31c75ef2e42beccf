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
        # Goods came or went back: the figures of the vendors have changed.
        self.filtered(
            lambda line: "done" in line.move_ids.mapped("state")
        )._touch_vendors()
        return super()._compute_qty_received()

    def write(self, vals):
        if JUDGED & vals.keys():
            self._touch_vendors()
        return super().write(vals)

    def _touch_vendors(self):
        confirmed = self.filtered(lambda line: line.state == "purchase" and line.id)
        if vendors := confirmed.order_id.partner_id:
            self.env["backlog.vendor.touch"]._touch(vendors)
