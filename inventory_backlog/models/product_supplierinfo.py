from math import isfinite

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_amount

from ..const import BUYERS
from ..tools.bounds import bounded_money, converted
from ..tools.figures import Rate, search_figure
from .vendor.backlog_vendor import PARITY_STATES, ROLES
from .vendor.backlog_vendor_receipt import SCORE_HELP


class ProductSupplierinfo(models.Model):
    """Vendor lines: role, figures and lights of each vendor, and which vendors Odoo may
    choose. All of it is for the current company and today."""

    _name = "product.supplierinfo"
    _inherit = ["product.supplierinfo", "backlog.mixin", "backlog.bounds.mixin"]

    # Who may be chosen

    manual_only = fields.Boolean(
        help="Never chosen by itself: only when somebody picks this vendor."
    )
    approval_required = fields.Boolean(
        help="Not chosen by itself until approved: give the date until which the "
        "approval holds."
    )
    approved_until = fields.Date(
        help="The last day of the approval. After it the vendor is no longer chosen by "
        "itself and does not count as a backup."
    )
    trial_every = fields.Integer(
        "Trial Share",
        help="Every n-th purchase of this product goes to this vendor as long as it is "
        "unproven, so that it can be proven before you need it: 10 means one in ten. "
        "0 means never.",
    )

    # Role and figures

    vendor_role = fields.Selection(
        ROLES,
        "Role",
        compute="_compute_vendor",
        search=search_figure("vendor_role"),
        help="Main: the first vendor of the list that can be chosen. Backup: the next "
        "ones. Manual only: never chosen by itself. Empty: the line does not count "
        "today (expired, not approved, other company, archived).",
    )
    is_disrupted = fields.Boolean(
        "Out",
        compute="_compute_vendor",
        search=search_figure("is_disrupted"),
        help="The vendor cannot deliver this product today: it is not chosen.",
    )
    receipt_count = fields.Integer(
        "Receipts",
        compute="_compute_vendor",
        search=search_figure("receipt_count"),
        help="How many receipts the figures come from.",
    )
    measure_scope = fields.Selection(
        [("product", "This product"), ("vendor", "All products of the vendor")],
        "Judged by",
        compute="_compute_vendor",
        search=search_figure("measure_scope"),
        help="With too few receipts of this product the vendor is judged by all it "
        "delivered.",
    )
    on_time_rate = Rate(
        "On Time (%)",
        compute="_compute_vendor",
        search=search_figure("on_time_rate"),
        help="Of what was due, the share that came by the day first promised. Each "
        "purchase line weighs the same; what is overdue or closed short is late.",
    )
    in_full_rate = Rate(
        "In Full (%)",
        compute="_compute_vendor",
        search=search_figure("in_full_rate"),
        help="Of what was ordered and is not open any more, the share that came, early "
        "or late. Each purchase line weighs the same.",
    )
    lead_time_median = Rate(
        "Lead Time, Median",
        compute="_compute_vendor",
        search=search_figure("lead_time_median"),
        help="Half of the receipts came within this number of days.",
    )
    lead_time_p90 = Rate(
        "Lead Time, P90",
        compute="_compute_vendor",
        search=search_figure("lead_time_p90"),
        help="Nine of ten receipts came within this number of days.",
    )
    reject_rate = Rate(
        "Rejected (%)",
        compute="_compute_vendor",
        search=search_figure("reject_rate"),
        help="What went back to the vendor or was scrapped from its receipts, over "
        "what was received.",
    )
    price_spread = Rate(
        "Price Spread (%)",
        compute="_compute_vendor",
        search=search_figure("price_spread"),
        groups=BUYERS,
        help="Dearest less cheapest price paid, over the average: how much the price "
        "of the vendor moves.",
    )
    quality_score = Rate(
        "Quality",
        compute="_compute_vendor",
        search=search_figure("quality_score"),
        help=SCORE_HELP,
    )
    parity_state = fields.Selection(
        PARITY_STATES,
        "Parity",
        compute="_compute_vendor",
        search=search_figure("parity_state"),
        help="How a backup compares to the main vendor in quality, on time, lead time "
        "and price, within the tolerances of the settings. Unproven: too few receipts "
        "of this product, whatever the vendor does elsewhere.",
    )
    vendor_criteria = fields.Json(
        compute="_compute_vendor",
        exportable=False,
        groups=BUYERS,
        help="Per criterion the figure, the main vendor's, and whether it is within "
        "the tolerance.",
    )
    vendor_lights = fields.Json(
        "Lights",
        compute="_compute_vendor_lights",
        exportable=False,
        help="One light per criterion: green is within the tolerance of the main "
        "vendor, red is below, grey is unknown. Point at it for the figures.",
    )

    _trial_every_positive = models.Constraint(
        "CHECK (trial_every IS NULL OR trial_every >= 0)",
        "Every how many purchases is a whole number: 0 for never.",
    )

    # Role and figures

    @api.depends(
        "approval_required",
        "approved_until",
        "manual_only",
        "partner_id.active",
        "partner_id.parent_id",
        "partner_id.purchase_line_ids.qty_received",
        "product_tmpl_id.seller_ids.approval_required",
        "product_tmpl_id.seller_ids.approved_until",
        "product_tmpl_id.seller_ids.company_id",
        "product_tmpl_id.seller_ids.date_end",
        "product_tmpl_id.seller_ids.date_start",
        "product_tmpl_id.seller_ids.discount",
        "product_tmpl_id.seller_ids.manual_only",
        "product_tmpl_id.seller_ids.min_qty",
        "product_tmpl_id.seller_ids.partner_id",
        "product_tmpl_id.seller_ids.price",
        "product_tmpl_id.seller_ids.product_id",
        "product_tmpl_id.seller_ids.sequence",
    )
    @api.depends_context("company")
    def _compute_vendor(self):
        return super()._compute_vendor()

    @api.model
    def _vendor_figures(self, ids=None):
        templates = None if ids is None else self.browse(ids).product_tmpl_id.ids
        return self.env["backlog.vendor"]._line_figures(templates)

    def _compute_display_name(self):
        """Odoo writes price and minimum into the name. NaN or infinity there would
        break every list that names the vendor line."""
        named = self.filtered(
            lambda info: isfinite(info.price) and isfinite(info.min_qty)
        )
        for info in self - named:
            info.display_name = info.partner_id.display_name
        return super(ProductSupplierinfo, named)._compute_display_name()

    # Lights

    @api.depends("vendor_criteria")
    @api.depends_context("company", "lang", "uid")
    def _compute_vendor_lights(self):
        # Odoo checks access when it reads what is stored, and not when it computes.
        self._origin.check_access("read")
        # Everybody may see the lights; prices are for buyers.
        show_price = self.env.user.has_group(BUYERS)
        for info in self:
            info.vendor_lights = info.sudo()._lights(show_price)

    def _lights(self, show_price):
        """``{"title", "sample", "rows": [{"name", "label", "light", "value",
        "main"}]}`` in finished texts; the light is ``ok``, ``below`` or
        ``unknown``."""
        if not self.vendor_role:
            return False
        proven = self.parity_state != "unproven"
        labels = {
            "quality": self.env._("Quality"),
            "on_time": self.env._("On time"),
            "lead_time": self.env._("Lead time"),
            "price": self.env._("Price"),
        }
        texts = {
            "quality": "{:.0f}".format,
            "on_time": "{:.0f} %".format,
            "lead_time": lambda days: self.env._("%s days", f"{days:g}"),
            "price": lambda price: format_amount(
                self.env, price, self.env.company.currency_id
            ),
        }
        rows = []
        for name, label in labels.items():
            value, main, within = self.vendor_criteria[name]
            shown = name != "price" or show_price
            known = value is not None and (proven or name == "price")
            rows.append(
                {
                    "name": name,
                    "label": label,
                    "light": ("ok" if within else "below") if known else "unknown",
                    "value": texts[name](value) if shown and value is not None else "",
                    "main": texts[name](main) if shown and main is not None else "",
                }
            )
        return {
            "title": dict(
                self._fields["parity_state"]._description_selection(self.env)
            )[self.parity_state],
            "sample": self._sample(),
            "rows": rows,
        }

    def _sample(self):
        """How many receipts the figures come from, as a sentence."""
        days = self.env.company.backlog_vendor_window_days
        if not self.receipt_count:
            return self.env._("No receipts in %s days.", days)
        if self.measure_scope == "product":
            return self.env._(
                "%(receipts)s receipts of this product in %(days)s days.",
                receipts=self.receipt_count,
                days=days,
            )
        return self.env._(
            "%(receipts)s receipts of all products of this vendor in %(days)s days.",
            receipts=self.receipt_count,
            days=days,
        )

    # Who may be chosen

    @api.constrains("manual_only", "trial_every")
    def _check_trial_every(self):
        for info in self:
            if info.manual_only and info.trial_every:
                raise ValidationError(
                    self.env._(
                        "%s is chosen by hand only, so it cannot have a trial share.",
                        info.partner_id.display_name,
                    )
                )

    def _get_filtered_supplier(self, company_id, product_id, params=False):
        """Leave out vendors of another company: nobody can buy from them here, and
        users of this company alone cannot even read them."""
        own = company_id._backlog_and_parents()
        usable = self.filtered(
            lambda info: (info.sudo().partner_id.company_id or own[:1]) in own
        )
        return super(ProductSupplierinfo, usable)._get_filtered_supplier(
            company_id, product_id, params
        )

    def _chosen_by_itself(self):
        """The lines that Odoo may choose by itself, in their order; while another
        vendor is out, those at parity come first if the company says so."""
        today = self.env.company._backlog_today()
        out = self._out()
        allowed = (self - out).filtered(
            lambda info: not info.manual_only and info._is_approved(today)
        )
        if out and self.env.company.backlog_parity_first:
            return allowed._parity_first()
        return allowed

    def _parity_first(self):
        """These lines with the vendors at parity first."""
        return self.sorted(lambda info: info.parity_state not in ("main", "at_parity"))

    def _out(self):
        """The lines whose vendor is out today."""
        return self.filtered(
            lambda info: info.partner_id._is_out(info.product_tmpl_id, self.env.company)
        )

    def _is_approved(self, today):
        """Whether the approval of the line, if it needs one, holds on the day
        ``today``."""
        if self.approved_until:
            return self.approved_until >= today
        return not self.approval_required

    def _why_not_chosen(self):
        """Why Odoo does not choose this line by itself, in a few words."""
        if self._out():
            return self.env._("Out")
        if self.manual_only:
            return self.env._("Manual only")
        if not self._is_approved(self.env.company._backlog_today()):
            return self.env._("Not approved")
        return self.env._("Not valid today")

    def _check_numbers(self):
        """Odoo cannot round a price, discount or minimum that is no number, as an
        import can bring them, and would stop without saying where."""
        for info in self:
            if not all(map(isfinite, (info.price, info.discount, info.min_qty))):
                raise UserError(
                    self.env._(
                        "The price, discount or minimum of %(vendor)s for %(product)s "
                        "is not a number: correct it in the vendors of the product.",
                        vendor=info.partner_id.display_name,
                        product=info.product_tmpl_id.display_name,
                    )
                )

    def _is_for(self, product, company):
        """Whether this line offers the variant ``product`` to ``company``."""
        return (
            self.product_tmpl_id == product.product_tmpl_id
            and self.product_id <= product
            and self.company_id <= company
        )

    # Price and minimum

    def _unit_price(self):
        """The price per unit of the product, net of discount, in the currency of the
        company."""
        company = self.env.company
        price = bounded_money(self.price_discounted)
        return price and price * company._backlog_rate_of(
            self.currency_id, company._backlog_today()
        )

    def _least_qty(self):
        """The minimum quantity of this line, in the unit of the product."""
        uom = (self.product_id or self.product_tmpl_id).uom_id
        return uom.round(
            converted(self.min_qty, self.product_uom_id, uom), rounding_method="UP"
        )
