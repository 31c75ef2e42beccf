from odoo import api, models
from odoo.exceptions import UserError


class ProductReplenish(models.TransientModel):
    """Replenishing by hand, where the main vendor may be out."""

    _inherit = "product.replenish"

    @api.onchange("route_id")
    def _onchange_supplier_id(self):
        if self.show_vendor and not self.supplier_id:
            sellers = self.product_tmpl_id.seller_ids
            if sellers - sellers._chosen_by_itself():
                self.supplier_id = self.product_id._get_filtered_sellers(quantity=None)[
                    :1
                ]
        return super()._onchange_supplier_id()

    def launch_replenishment(self):
        """Refuse where no vendor may sell: Odoo would close the window as if it had
        bought."""
        self._check_vendor()
        return super().launch_replenishment()

    def _check_vendor(self):
        """Check that a vendor may be chosen, where the goods are bought."""
        company = self.warehouse_id.company_id
        product = self.product_id.with_company(company)
        values = self._prepare_run_values()
        rule = self.env["stock.rule"]._get_rule(
            product, self.warehouse_id.lot_stock_id, values
        )
        if rule.action != "buy" or rule._get_matching_supplier(
            product, self.quantity, self.product_uom_id, company, values
        ):
            return
        if sentences := product._vendor_sentences():
            raise UserError("\n".join(sentences))
