from datetime import timedelta
from math import ceil

from odoo import api, models

from ..tools.bounds import bounded, bounded_days, converted


class BacklogSuggestion(models.Model):
    """From which vendor, how much, and by when."""

    _inherit = "backlog.suggestion"

    @api.model
    def _choose_offer(self, product, warehouse, action, quantity, facts):
        """The vendor line to buy from: what somebody chose for this need as long as
        that can be chosen, else as Odoo would, with its failover and trial share."""
        possible = product._get_filtered_sellers(quantity=None)
        chosen = facts.chosen.get((warehouse.id, action))
        if chosen and chosen in possible.partner_id.ids:
            partner = self.env["res.partner"].browse(chosen)
        else:
            # By rank alone: below its minimum the main vendor sells more, and the
            # comparison shows who would sell less.
            trial = any(product.seller_ids.mapped("trial_every"))
            offer = trial and product._on_trial(0, quantity=None) or possible[:1]
            partner = offer.partner_id
        return self._cheapest_offer(
            product, partner, quantity, facts.multiples.get(warehouse.id)
        )

    @api.model
    def _cheapest_offer(self, product, partner, quantity, multiple=None):
        """Of the price breaks of one vendor the one for which the whole order costs
        least. Ordering more than needed may."""
        offers = self._offers_of(product, partner)
        return min(
            offers,
            key=lambda offer: self._order_quantity(offer, quantity, multiple)[::-1],
            default=offers,
        )

    @api.model
    def _offers_of(self, product, partner):
        """The price breaks of one vendor, all it ever gave when none is valid."""
        valid = product._get_filtered_sellers(partner_id=partner, quantity=None)
        return valid or product._prepare_sellers(False).filtered(
            lambda info: info.partner_id == partner
        )

    @api.model
    def _order_quantity(self, offer, quantity, multiple=None):
        """What to order of ``offer`` for ``quantity``: at least its minimum, in whole
        purchase units and multiples.

        :return: the quantity in the unit of the product, and what it costs in the
            currency of the company
        """
        product = offer.product_id or offer.product_tmpl_id.product_variant_id
        unit = offer.product_uom_id
        ordered = self._whole_units(product, max(quantity, offer._least_qty()), unit)
        ordered = self._whole_units(product, ordered, multiple)
        return ordered, ordered * offer._unit_price()

    @api.model
    def _whole_units(self, product, quantity, unit):
        """``quantity`` in the unit of the product, raised to whole ``unit`` when that
        is another one."""
        uom = product.uom_id
        quantity = bounded(quantity)
        units = unit and unit != uom and converted(quantity, uom, unit)
        if not units:
            return uom.round(quantity, rounding_method="UP")
        return unit._compute_quantity(ceil(round(units, 6)), uom)

    # Days

    @api.model
    def _lead_days(self, offer):
        return bounded_days(offer.delay) + bounded_days(
            self.env.company.days_to_purchase
        )

    @api.model
    def _arrival(self, offer):
        """When it would be there if it were ordered on the next working day."""
        start = self.env.company._backlog_work_day()
        return start + timedelta(days=self._lead_days(offer))
