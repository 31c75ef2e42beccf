from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount, format_date

from .backlog_suggestion import BUYING, OPEN


class BacklogSuggestion(models.Model):
    """The vendors side by side, and the choice of another."""

    _inherit = "backlog.suggestion"

    option_table = fields.Json(
        "Vendors Compared",
        compute="_compute_option_table",
        exportable=False,
        help="What each vendor of the product would mean for this need.",
    )

    @api.depends("shortage_qty", "suggested_qty", "partner_id", "state")
    @api.depends_context("lang", "uid")
    def _compute_option_table(self):
        # Of what is saved: a form may name what is hidden.
        buying = self._origin.filtered(lambda one: one.action_type in BUYING)
        multiples = buying._orderpoint_multiples()
        buying._read_offers()
        for suggestion in self:
            saved = suggestion._origin
            # Salespeople's rights do not matter here: only buyers read suggestions.
            one = saved.sudo().with_company(saved.company_id)
            suggestion.option_table = (
                one._options(multiples[one]) if saved in buying else False
            )

    def _options(self, multiple):
        """Every vendor of the product, with what it would mean to buy this need there:
        ``{"rows": [{"partner_id", "vendor", "price", "cost", "quantity", "arrival",
        "kept", "parity", "lights", "note", "chosen", "possible"}]}``, in finished
        texts.

        :param multiple: the unit of the reordering rule, of ``_orderpoint_multiples``
        """
        product = self.product_id
        missing = self.product_uom_id.round(sum(self.line_ids.mapped("qty")))
        possible = product._get_filtered_sellers(quantity=None).partner_id
        sellers = product._prepare_sellers(False)
        return {
            "possible": self.state in OPEN,
            "rows": [
                self._option(partner, missing, multiple, partner in possible)
                for partner in sellers.partner_id
            ],
        }

    def _option(self, partner, missing, multiple, possible):
        offer = self._cheapest_offer(self.product_id, partner, missing, multiple)
        ordered, cost = self._order_quantity(offer, missing, multiple)
        arrival = self._arrival(offer)
        promised = self.line_ids.filtered("promise_date")
        kept = promised.filtered(lambda line: arrival <= line.promise_date)
        currency = self.company_id.currency_id
        states = dict(offer._fields["parity_state"]._description_selection(self.env))
        return {
            "partner_id": partner.id,
            "vendor": partner.display_name,
            "price": format_amount(self.env, offer._unit_price(), currency),
            "quantity": self._quantity(ordered),
            "cost": format_amount(self.env, cost, currency),
            "arrival": format_date(self.env, arrival),
            "kept": self.env._("%(kept)s of %(all)s", kept=len(kept), all=len(promised))
            if promised
            else "",
            "all_kept": len(kept) == len(promised),
            "parity": states.get(offer.parity_state, ""),
            "lights": offer.vendor_lights,
            "note": "" if possible else offer._why_not_chosen(),
            "possible": possible,
            "chosen": partner == self.partner_id,
        }

    def _read_offers(self):
        """Work out the figures of all vendors of these products at once, not one by
        one."""
        for company, suggestions in self.sudo().grouped("company_id").items():
            offers = suggestions.with_company(company).product_id.seller_ids
            offers.mapped("parity_state")
            offers.mapped("vendor_lights")

    def _orderpoint_multiples(self):
        """``{suggestion: unit}``: in which the reordering rule of its warehouse orders,
        ``None`` without one."""
        multiples = {}
        for company, suggestions in self.sudo().grouped("company_id").items():
            facts = self._run_for(company)._facts(suggestions.product_id.ids)
            for one in suggestions:
                of_product = facts[one.product_id.id]
                multiples[one] = of_product.multiples.get(one.warehouse_id.id)
        return multiples

    def action_choose_vendor(self, partner_id):
        """Buy this need from another vendor of the product. The scheduled run keeps
        the choice as long as the vendor can be chosen.

        :param int partner_id: one of the vendors of the product
        :return: True
        :raise UserError: when the vendor does not sell the product or is out
        """
        self.check_access("write")
        self._check_one()
        self._check_open()
        # As in ``generate``.
        one = self.sudo().with_company(self.company_id)
        possible = one.product_id._get_filtered_sellers(quantity=None).partner_id
        if (
            type(partner_id) is not int
            or partner_id not in possible.ids
            or self.action_type not in BUYING
        ):
            raise UserError(
                self.env._(
                    "This vendor cannot be chosen for %s: it does not sell it, is out, "
                    "or is not approved.",
                    self.display_name,
                )
            )
        one.write({"partner_id": partner_id, "is_vendor_chosen": True})
        self._look_again()
        return True
