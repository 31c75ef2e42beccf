from collections import defaultdict
from datetime import datetime, time, timezone

from odoo import api, models
from odoo.exceptions import UserError


class BacklogSuggestion(models.Model):
    """Buying what was accepted: Odoo's own procurement makes the requests."""

    _inherit = "backlog.suggestion"

    @api.model
    def _accept_buy(self, choices):
        self._check_vendors(choices)
        for company, of_company in self._by_company(choices).items():
            chained = self.with_company(company)._chained_moves(of_company)
            self.with_company(company).env["stock.rule"].run(
                [
                    choice.suggestion._procurement(
                        choice, move_dest_ids=chained[choice.suggestion]
                    )
                    for choice in of_company
                ]
            )
        self._check_bought(choices)
        self._note_offer(choices)

    @api.model
    def _accept_dropship(self, choices):
        self._check_vendors(choices)
        for company, of_company in self._by_company(choices).items():
            rest = {
                line: line.qty
                for choice in of_company
                for line in choice.suggestion.line_ids
            }
            self.with_company(company).env["stock.rule"].run(
                [
                    procurement
                    for choice in of_company
                    for procurement in choice.suggestion._direct_procurements(
                        choice, rest
                    )
                ]
            )
        self._check_bought(choices)
        self._note_offer(choices)

    @api.model
    def _check_vendors(self, choices):
        missing = [choice.suggestion for choice in choices if not choice.offer]
        if missing:
            raise UserError(
                self.env._(
                    "Choose a vendor for %s first, or add one to the product.",
                    ", ".join(one.display_name for one in missing[:5]),
                )
            )
        for choice in choices:
            if not choice.suggestion._is_offered(choice.offer):
                raise UserError(
                    self.env._(
                        "%(vendor)s does not offer %(suggestion)s to this company: "
                        "choose one of the vendors of the product.",
                        vendor=choice.offer.partner_id.display_name,
                        suggestion=choice.suggestion.display_name,
                    )
                )
            if choice.suggestion.product_uom_id.compare(choice.qty, 0) <= 0:
                raise UserError(
                    self.env._(
                        "Order more than nothing of %s, or dismiss it.",
                        choice.suggestion.display_name,
                    )
                )

    def _is_offered(self, offer):
        """Whether the offer is for this product, variant and company. A vendor that is
        out may be chosen by hand."""
        return offer._is_for(self.product_id, self.company_id)

    @api.model
    def _check_bought(self, choices):
        """A rule that does something else than buying would leave the need open."""
        for choice in choices:
            if not choice.suggestion.purchase_line_ids.filtered(
                lambda line: line.state != "cancel"
            ):
                raise UserError(
                    self.env._(
                        "%s could not be bought: check the vendors of the product and "
                        "that the warehouse buys to resupply.",
                        choice.suggestion.display_name,
                    )
                )

    @api.model
    def _note_offer(self, choices):
        ordered = defaultdict(float)
        for choice in choices:
            ordered[choice.suggestion] += choice.qty
        for choice in choices:
            suggestion = choice.suggestion
            other = choice.offer.partner_id != suggestion.partner_id
            suggestion.write(
                {
                    "supplierinfo_id": choice.offer.id,
                    "partner_id": choice.offer.partner_id.id,
                    "suggested_qty": ordered[suggestion],
                    # Taken back, it is still the vendor that somebody wanted.
                    "is_vendor_chosen": suggestion.is_vendor_chosen or other,
                    "obstacle": False,
                }
            )

    def _procurement(self, choice, **values):
        """The need as Odoo's own: the buy rule of the warehouse makes the request."""
        self.ensure_one()
        offer = choice.offer.with_company(self.company_id)
        return self.env["stock.rule"].Procurement(
            self.product_id.with_company(self.company_id),
            choice.qty,
            self.product_uom_id,
            self.warehouse_id.lot_stock_id,
            self.display_name,
            ", ".join(self.line_ids.order_id.mapped("name")[:5]),
            self.company_id,
            {
                "warehouse_id": self.warehouse_id,
                "route_ids": self.warehouse_id.buy_pull_id.route_id,
                "date_planned": self._arrival_time(choice),
                **values,
                "supplierinfo_id": offer,
                "backlog_suggestion_id": self.id,
            },
        )

    @api.model
    def _chained_moves(self, choices):
        """``{suggestion: moves}``: the deliveries and productions behind them that take
        only what is brought for them. What is ordered must be linked to these."""
        suggestions = self.browse().union(*(choice.suggestion for choice in choices))
        products = suggestions.product_id
        rows, _facts = self._situation(products.ids)
        nets = {
            product: self._nets(product, rows.get(product.id, []))
            for product in products
        }
        moves = self.env["stock.move"]
        return {
            one: moves.browse(
                part.want.move_id
                for net in [nets[one.product_id].get(one.warehouse_id.id)]
                if net
                for part in net.missing
                if part.want.part == "chained"
            )
            for one in suggestions
        }

    def _direct_procurements(self, choice, rest):
        """One need per order line: the vendor ships each to its customer.

        :param rest: ``{line: quantity}`` still to be ordered, less what this orders
        """
        uom = self.product_uom_id
        wanted = choice.qty
        for line in self.line_ids:
            quantity = uom.round(min(wanted, rest[line]))
            if uom.compare(quantity, 0) <= 0:
                continue
            rest[line] -= quantity
            wanted -= quantity
            sale_line = line.order_line_id
            partner = sale_line.order_id.partner_shipping_id
            yield self._procurement(
                choice._replace(qty=quantity),
                **{
                    **sale_line._prepare_procurement_values(),
                    "date_planned": self._arrival_time(choice),
                },
            )._replace(
                location_id=partner.property_stock_customer,
                origin=sale_line.order_id.name,
            )
        if uom.compare(wanted, 0) > 0:
            raise UserError(
                self.env._(
                    "The vendor ships %s to the customers, who wait for less. Lower "
                    "the quantity.",
                    self.display_name,
                )
            )

    def _arrival_time(self, choice):
        """Noon of the day on which it should be there: when it is needed, or the
        earliest that the vendor can."""
        day = choice.date
        if not day:
            run = self.with_company(self.company_id)
            offer = choice.offer.with_company(self.company_id)
            day = max(self.need_date, run._arrival(offer))
        return self._noon(day)

    def _noon(self, day):
        """Noon of a day where the company is, in UTC."""
        zone = self.company_id._backlog_zoneinfo()
        noon = datetime.combine(day, time(12), tzinfo=zone)
        return noon.astimezone(timezone.utc).replace(tzinfo=None)
