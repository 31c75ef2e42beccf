from markupsafe import escape

from odoo import models


class SaleOrderLine(models.Model):
    """Services that Odoo buys when they are sold."""

    _inherit = "sale.order.line"

    def _purchase_service_create(self, quantity=False):
        """A service that no vendor can deliver now does not stop the order: somebody
        is asked to buy it by hand."""
        waiting = self.filtered(lambda line: line._is_without_vendor())
        for line in waiting:
            line.order_id.sudo().activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Buy %s by hand", line.product_id.display_name),
                # A note is HTML; names and reasons are not.
                note=escape(" ".join(line.product_id._vendor_sentences())),
                user_id=(line.product_id.responsible_id or line.order_id.user_id).id
                or self.env.uid,
            )
        return super(SaleOrderLine, self - waiting)._purchase_service_create(quantity)

    def _is_without_vendor(self):
        """Whether vendors may not be chosen by themselves and none is left."""
        product = self.with_company(self._purchase_service_get_company()).product_id
        return product._has_blocked_vendor() and not product._select_seller(
            partner_id=self._retrieve_purchase_partner(),
            quantity=self.product_uom_qty,
            uom_id=self.product_uom_id,
        )
