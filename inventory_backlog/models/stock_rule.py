from collections import Counter

from odoo import SUPERUSER_ID, api, fields, models

from odoo.addons.stock.models.stock_rule import ProcurementException


class StockRule(models.Model):
    """Failover: what Odoo buys by itself is not bought from a vendor that is out.
    Purchases made from a suggestion keep to themselves."""

    _inherit = "stock.rule"

    # Which vendor

    def _get_matching_supplier(
        self, product_id, product_qty, product_uom, company_id, values
    ):
        """Replace a vendor that is out, also a pinned one, by the best vendor that is
        not, and keep Odoo's last resort, any vendor of the list, to those that may be
        chosen by themselves. Empty without such a vendor: the need stays to order."""
        supplier = super()._get_matching_supplier(
            product_id, product_qty, product_uom, company_id, values
        )
        product = product_id.with_company(company_id)
        supplier = supplier and supplier.with_company(company_id)
        on_trial = any(product.seller_ids.mapped("trial_every"))
        if not supplier or not (on_trial or product._has_blocked_vendor()):
            return supplier
        need = {
            "quantity": product_qty,
            "date": self._get_buy_date(values),
            "uom_id": product_uom,
            "params": {"force_uom": values.get("force_uom")},
        }
        if self._is_pinned(values):
            if not supplier._out():
                return supplier
        elif on_trial:
            trial = product._on_trial(values.get("purchases_ahead", 0), **need)
            if trial:
                return trial
        possible = product._get_filtered_sellers(**{**need, "quantity": None})
        if supplier in possible:
            return supplier
        return product._select_seller(**need) or possible[:1]

    @api.model
    def _get_buy_date(self, values):
        """The day for which Odoo looks for a vendor."""
        if not values.get("date_planned"):
            return None
        planned = fields.Datetime.to_datetime(values["date_planned"]).date()
        return max(planned, fields.Date.today())

    @api.model
    def _is_pinned(self, values):
        """Whether a user chose the vendor, for this need or on its reordering rule."""
        orderpoint = values.get("orderpoint_id")
        return bool(
            values.get("supplierinfo_id")
            or orderpoint
            and orderpoint.supplier_id
            or self._get_partner_id(values, self)
        )

    # Without a vendor

    @api.model
    def _run_buy(self, procurements):
        # Without a vendor Odoo cancels the delivery that needs the goods, if its rule
        # says so. Keep it when a vendor is out or not approved: the customer still
        # waits.
        waiting = self.env["stock.move"]
        ahead = Counter()
        for procurement, _rule in procurements:
            product = procurement.product_id.with_company(procurement.company_id)
            # Earlier purchases of the same run have no purchase line yet.
            procurement.values["purchases_ahead"] = ahead[product]
            ahead[product] += 1
            if product._has_blocked_vendor():
                moves = procurement.values.get("move_dest_ids") or waiting.browse()
                waiting |= moves.filtered("propagate_cancel")
        waiting.propagate_cancel = False
        try:
            return super()._run_buy(procurements)
        except ProcurementException as error:
            raise ProcurementException(
                [
                    (procurement, self._why_not_bought(procurement, message))
                    for procurement, message in error.procurement_exceptions
                ]
            ) from error
        finally:
            waiting.propagate_cancel = True

    @api.model
    def _why_not_bought(self, procurement, message):
        """The message of Odoo, with the vendors that are out."""
        product = procurement.product_id.with_company(procurement.company_id)
        return "\n".join([message, *product._vendor_note()])

    def _post_vendor_notification(self, records_to_notify, users_to_notify, product):
        result = super()._post_vendor_notification(
            records_to_notify, users_to_notify, product
        )
        if sentences := product._vendor_sentences():
            records_to_notify.message_post(body=" ".join(sentences))
        return result

    # Made from a suggestion

    def _make_po_get_domain(self, company_id, values, partner):
        domain = super()._make_po_get_domain(company_id, values, partner)
        if values.get("backlog_suggestion_id"):
            # Add to a draft that was made from suggestions, by whichever user, and not
            # to one that a buyer writes.
            domain = tuple(term for term in domain if term[0] != "user_id")
            domain += (("order_line.backlog_suggestion_id", "!=", False),)
        return domain

    def _prepare_purchase_order(self, company_id, origins, values):
        vals = super()._prepare_purchase_order(company_id, origins, values)
        if values[0].get("backlog_suggestion_id") and not vals["user_id"]:
            # The buyer is the user who accepted the suggestion; orders of the scheduled
            # run have none.
            vals["user_id"] = self.env.uid != SUPERUSER_ID and self.env.uid
        return vals

    @api.model
    def _get_procurements_to_merge_groupby(self, procurement):
        return (
            procurement.values.get("backlog_suggestion_id"),
            super()._get_procurements_to_merge_groupby(procurement),
        )
