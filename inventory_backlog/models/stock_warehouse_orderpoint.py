from odoo import models


class StockWarehouseOrderpoint(models.Model):
    """A reordering rule shows the vendor that it would buy from while its own is
    out."""

    _inherit = "stock.warehouse.orderpoint"

    def _stand_in(self, quantity):
        """The vendor line that stands in while the pinned vendor is out; empty while it
        is not."""
        self.ensure_one()
        pinned = self.supplier_id.with_company(self.company_id)
        if not pinned._out():
            return pinned.browse()
        return self._get_default_rule()._get_matching_supplier(
            self.product_id,
            quantity,
            self.product_uom,
            self.company_id,
            {"orderpoint_id": self},
        )

    def _compute_effective_vendor_id(self):
        result = super()._compute_effective_vendor_id()
        for orderpoint in self.filtered("supplier_id"):
            if stand_in := orderpoint._stand_in(orderpoint.qty_to_order):
                orderpoint.effective_vendor_id = stand_in.partner_id
        return result

    def _get_lead_days_values(self):
        values = super()._get_lead_days_values()
        # Without a quantity, as in Odoo: the quantity depends on the lead time.
        if self.supplier_id and (stand_in := self._stand_in(None)):
            values["supplierinfo"] = stand_in
        return values

    def _get_replenishment_multiple_alternative(self, qty_to_order):
        if self.supplier_id and (stand_in := self._stand_in(qty_to_order)):
            return stand_in.product_uom_id
        return super()._get_replenishment_multiple_alternative(qty_to_order)
