from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..const import BUYERS, INTERNAL, VALUE_GROUPS
from ..tools.actions import open_lines
from ..tools.texts import file_name, paper_lang, plain_quantity


class ResPartner(models.Model):
    """Vendors: whether one is out, also through the company that it belongs to.
    Customers: the summary of their open orders, see ``backlog.customer.summary``."""

    _inherit = "res.partner"

    vendor_disruption_count = fields.Integer(
        "Disruptions",
        compute="_compute_vendor_counts",
        groups=f"{VALUE_GROUPS},{BUYERS}",
        help="How often this vendor is, will be or was out.",
    )
    vendor_line_count = fields.Integer(
        "Vendor Pricelists",
        compute="_compute_vendor_counts",
        groups=f"{VALUE_GROUPS},{BUYERS}",
        help="How many vendor lines of products name this vendor.",
    )

    backlog_value = fields.Monetary(
        "Backlog",
        currency_field="currency_id",
        compute="_compute_backlog",
        groups=VALUE_GROUPS,
        help="What this customer ordered and did not get yet, untaxed, in the currency "
        "of your company: as far as you may see it.",
    )
    backlog_late_count = fields.Integer(
        "Late Lines",
        compute="_compute_backlog",
        groups=VALUE_GROUPS,
        help="How many open lines of this customer are late.",
    )
    backlog_line_count = fields.Integer(
        "Open Lines", compute="_compute_backlog", groups=VALUE_GROUPS
    )

    # Shown in place of Odoo's On-Time Delivery, which adds up pieces of all products,
    # beyond 100 %, and forgives a date that is written anew.
    vendor_on_time_rate = fields.Float(
        "On Time",
        compute="_compute_vendor_on_time_rate",
        groups=INTERNAL,
        help="Of what was due, the share that came by the day first promised, over all "
        "products: On Time of the scorecard. Below zero without a receipt.",
    )

    def _compute_vendor_counts(self):
        vendors = self.commercial_partner_id
        disruptions = vendors._count_of("backlog.disruption")
        vendor_lines = vendors._count_of("product.supplierinfo")
        for partner in self:
            vendor = partner.commercial_partner_id
            partner.vendor_disruption_count = disruptions.get(vendor, 0)
            partner.vendor_line_count = vendor_lines.get(vendor, 0)

    def _count_of(self, model):
        """``{partner: number of records of model}``."""
        return dict(
            self.env[model]._read_group(
                [("partner_id", "in", self.ids)], ["partner_id"], ["__count"]
            )
        )

    # Customers

    def _compute_backlog(self):
        # Odoo checks access when it reads what is stored, and not when it computes.
        self._origin.check_access("read")
        self.backlog_value = self.backlog_late_count = self.backlog_line_count = 0
        lines = self.env["backlog.line"]
        if not lines.has_access("read"):
            return
        of_customer = defaultdict(lambda: [0, 0, 0])
        customers = self._origin.commercial_partner_id
        for partner, company, is_late, count, value in lines._read_group(
            [("partner_id", "child_of", customers.ids)],
            ["partner_id", "company_id", "is_late"],
            ["__count", "open_value:sum"],
        ):
            # sudo: whose contact it is, of a line that the user may see.
            figures = of_customer[partner.sudo().commercial_partner_id.id]
            figures[0] += count
            figures[1] += count if is_late else 0
            figures[2] += value * self.env.company._backlog_rate_of(
                company.sudo().currency_id
            )
        for partner in self:
            count, late, value = of_customer[partner._origin.commercial_partner_id.id]
            partner.backlog_line_count = count
            partner.backlog_late_count = late
            partner.backlog_value = value

    @api.readonly
    def action_open_backlog(self):
        """Open what this customer ordered and did not get yet."""
        return open_lines(
            self.env["backlog.line"],
            [("partner_id", "child_of", self.commercial_partner_id.ids)],
        )

    def action_send_backlog_summary(self):
        """Write a mail to this customer with all its open orders.

        :raise UserError: when nothing of it is open that the user may see
        """
        self.ensure_one()
        customer = self.commercial_partner_id
        lines = self.env["backlog.line"].search(
            [("partner_id", "child_of", customer.ids)]
        )
        if not lines:
            raise UserError(
                self.env._("Nothing is open for %s.", customer.display_name)
            )
        # All lines of a customer are in one mail, so one of its orders is enough.
        return lines.order_id.sorted("id")[:1]._compose_backlog_summary()

    # Vendors

    @api.depends("purchase_line_ids.qty_received")
    @api.depends_context("company")
    def _compute_vendor_on_time_rate(self):
        rates = {}
        if self.env["backlog.vendor.receipt"].has_access("read"):
            rates = self.env["backlog.vendor.measure"]._on_time_rates(
                self._origin.commercial_partner_id
            )
        for partner in self:
            vendor = partner._origin.commercial_partner_id
            partner.vendor_on_time_rate = rates.get(vendor.id, -1)

    def write(self, vals):
        """Mark the cached figures of vendors as stale when another parent or time zone
        makes them wrong."""
        regroups = {"is_company", "parent_id"} & vals.keys()
        vendors = self.commercial_partner_id if regroups else self.browse()
        result = super().write(vals)
        kept = self.env["backlog.vendor.measure"].sudo()
        if regroups:
            # The figures of a vendor include its contacts, and these have changed.
            vendors |= self.commercial_partner_id
            if kept.search_count([("vendor_id", "in", vendors.ids)], limit=1):
                self.env["backlog.vendor.touch"]._touch(vendors)
        if "tz" in vals:
            # The cached figures count days of the old time zone.
            kept.search([("company_id.partner_id", "in", self.ids)]).unlink()
        return result

    def _is_out(self, template, company):
        """Whether this vendor cannot deliver the product ``template`` to ``company``
        today."""
        return any(
            not templates or template.id in templates
            for templates in self._out_for(company)
        )

    def _out_for(self, company):
        """What this vendor cannot deliver to ``company`` today: a tuple of template
        ids for each disruption, empty for all products."""
        out = self.env["backlog.disruption"]._out(company)
        return [
            templates
            for partner in self._backlog_ancestors()
            for templates in out.get(partner.id, ())
        ]

    def _backlog_ancestors(self):
        """The partner and all its parents."""
        # sudo: the user may not be able to read a parent; only its id is used.
        ancestors = partner = self.sudo()
        while (partner := partner.parent_id) and not partner <= ancestors:
            ancestors |= partner
        return ancestors.sudo(self.env.su)

    # Customers, and their summary

    def _backlog_summary(self):
        """What the summary for the customer shows, see ``backlog.customer.summary``.

        :raise UserError: when no person asks
        """
        return self.env["backlog.customer.summary"]._summary(self)

    def _backlog_summary_name(self):
        """The name of the PDF, without its ending."""
        customer = self.commercial_partner_id.with_context(lang=paper_lang(self))
        return customer.env._(
            "Open orders %(customer)s %(day)s",
            customer=file_name(customer.name),
            day=fields.Date.to_string(fields.Date.context_today(self)),
        )

    def _backlog_quantity(self, quantity):
        """A quantity as the template of the summary writes it."""
        return plain_quantity(self.env, quantity)

    # On the form

    @api.readonly
    def action_open_disruptions(self):
        """Open the disruptions of this vendor: coming, current and past."""
        self.env["backlog.disruption"].check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inventory_backlog.backlog_disruption_action"
        )
        vendor = self.commercial_partner_id
        return {
            **action,
            "domain": [("partner_id", "in", vendor.ids)],
            "context": {"default_partner_id": vendor.id},
        }

    @api.readonly
    def action_open_vendor_scorecard(self):
        """Open the receipts of this vendor with its rates."""
        self.env["backlog.vendor.receipt"].check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inventory_backlog.backlog_vendor_receipt_action"
        )
        return {
            **action,
            "domain": [("partner_id", "in", self.commercial_partner_id.ids)],
            "context": {
                "search_default_last_year": 1,
                "search_default_group_product": 1,
            },
        }
