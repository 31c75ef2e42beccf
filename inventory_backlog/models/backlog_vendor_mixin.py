from math import isfinite

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .backlog_line import INTERNAL
from .backlog_mixin import checked_value, search_figure
from .backlog_vendor import RESILIENCE
from .link import Link


class BacklogVendorMixin(models.AbstractModel):
    """The vendor figures of products and of their variants, beside ``backlog.mixin``,
    which fills them."""

    _name = "backlog.vendor.mixin"
    _description = "Vendor Figures"

    main_vendor_id = Link(
        "res.partner",
        # Not the name alone: an addon of the OCA has a "Main Vendor" on products.
        "Main Vendor Now",
        compute="_compute_vendor",
        search=search_figure("main_vendor_id"),
        groups=INTERNAL,
        help="The first vendor of the list that can be chosen, also while it is out.",
    )
    backup_vendor_ids = fields.Many2many(
        "res.partner",
        string="Backup Vendors",
        compute="_compute_vendor",
        search="_search_backup_vendor_ids",
        groups=INTERNAL,
        help="The vendors after the main one that Odoo may choose by itself.",
    )
    backup_vendor_count = fields.Integer(
        "Backups",
        compute="_compute_vendor",
        search=search_figure("backup_vendor_count"),
        groups=INTERNAL,
        help="How many independent sources there are beside the main vendor. Vendors "
        "of one parent company are one source; one that is out does not count.",
    )
    vendor_resilience = fields.Selection(
        RESILIENCE,
        compute="_compute_vendor",
        search=search_figure("vendor_resilience"),
        group_expand=True,
        groups=INTERNAL,
        help="How well the product can do without a vendor. None left: nobody can "
        "deliver it today. One source: the main vendor only, or the one that is left. "
        "Resilient: two backups or more at parity with the main vendor. Thin: "
        "anything between. A vendor that is out does not count.",
    )

    @api.model
    def _search_backup_vendor_ids(self, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        value = checked_value(self._fields["backup_vendor_ids"], operator, value)
        backups = self.env["product.supplierinfo"]._search(
            [("vendor_role", "=", "backup"), ("partner_id", operator, value)]
        )
        return [("seller_ids", "in", backups)]


class ProductProduct(models.Model):
    """Vendors of a variant: their figures, and how one is chosen."""

    _name = "product.product"
    _inherit = ["product.product", "backlog.vendor.mixin"]

    @api.depends("product_tmpl_id.seller_ids.vendor_criteria", "purchase_ok", "type")
    @api.depends_context("company")
    def _compute_vendor(self):
        return super()._compute_vendor()

    @api.model
    def _vendor_figures(self, ids=None):
        templates = None if ids is None else self.browse(ids).product_tmpl_id.ids
        vendor = self.env["backlog.vendor"]
        return SQL(
            """(
            SELECT product_id AS id, main_vendor_id, backup_vendor_ids,
                   backup_vendor_count, %s AS vendor_resilience
              FROM (%s) variant
            )""",
            vendor._resilience(SQL("resilience")),
            vendor._variant_figures(templates),
        )

    def _prepare_sellers(self, params=False):
        """Leave out lines whose minimum is no number: nobody can say from which
        quantity on they sell, and Odoo would choose no vendor at all."""
        sellers = super()._prepare_sellers(params)
        return sellers.filtered(lambda info: isfinite(info.min_qty))

    def _get_filtered_sellers(self, partner_id=False, **kwargs):
        """Leave out who may not be chosen by itself. A vendor that the caller names,
        as a purchase order does, keeps its prices."""
        sellers = super()._get_filtered_sellers(partner_id=partner_id, **kwargs)
        return sellers if partner_id else sellers._chosen_by_itself()

    def _stand_in_for(self, vendor, quantity=0):
        """The vendor line that would be bought from if ``vendor`` were out: the best
        of the others that may be chosen by itself, in rank, those at parity first if
        the company says so. Its price break for ``quantity``, in the unit of the
        product, if that reaches one."""
        others = self._get_filtered_sellers(quantity=None).filtered(
            lambda info: vendor not in info.partner_id._backlog_ancestors()
        )
        if self.env.company.backlog_parity_first:
            others = others._parity_first()
        return self._offer_of(others.partner_id[:1], quantity)

    def _offer_of(self, partners, quantity):
        """The vendor line of ``partners`` for ``quantity`` in the unit of the product,
        or their first one when that is below their minimum."""
        lines = self._prepare_sellers(False).filtered(
            lambda info: info.partner_id in partners
        )
        return (
            self._select_seller(
                partner_id=lines.partner_id[:1], quantity=quantity, uom_id=self.uom_id
            )
            if lines
            else lines
        ) or lines[:1]

    def _has_blocked_vendor(self):
        """Whether a vendor of this product may not be chosen by itself today: it is
        out, not approved, or manual only."""
        sellers = self._prepare_sellers(False)
        return bool(sellers - sellers._chosen_by_itself())

    def _on_trial(self, ahead, **need):
        """The vendor line of an unproven backup whose turn it is to get a purchase of
        this product, or none: its n-th since the last one from it, and then every n-th
        of a run. Asking does not change the answer.

        :param int ahead: how many purchases of the same run come before
        """
        for info in self._get_filtered_sellers(**need):
            if (
                info.trial_every
                and info.vendor_role == "backup"
                and info.parity_state == "unproven"
            ):
                vendor = info.partner_id.commercial_partner_id
                wait = info.trial_every - 1
                first = wait - self._purchases_since(vendor, wait)
                if ahead >= first and (ahead - first) % info.trial_every == 0:
                    return info
        return self.env["product.supplierinfo"]

    def _purchases_since(self, vendor, limit):
        """How many of the last ``limit`` purchases of this product came after the last
        one from ``vendor``."""
        if not limit:
            return 0
        # What was bought before is not for the one who asks to read.
        purchases = self.env["purchase.order.line"].sudo()
        last = purchases.search(
            [
                ("product_id", "=", self.id),
                ("company_id", "=", self.env.company.id),
                ("state", "!=", "cancel"),
            ],
            order="id desc",
            limit=limit,
        )
        vendors = [line.partner_id.commercial_partner_id for line in last]
        return vendors.index(vendor) if vendor in vendors else len(last)

    def _vendor_sentences(self):
        """Who is out and who stands in, in a sentence each; nothing while nobody is
        out."""
        # Who waits for the goods need not be able to read vendor lines.
        sellers = self.sudo().seller_ids.filtered(
            lambda info: info.product_id in (info.product_id.browse(), self)
        )
        out = sellers._out().filtered("vendor_role")
        if not out:
            return []
        disruptions = self.env["backlog.disruption"]
        sentences = disruptions._sentences(self.product_tmpl_id, out.partner_id)
        instead = self.sudo()._get_filtered_sellers(quantity=None)[:1]
        if instead:
            sentences.append(
                self.env._(
                    "Odoo buys %(product)s from %(vendor)s instead.",
                    product=self.display_name,
                    vendor=instead.partner_id.display_name,
                )
            )
        else:
            sentences.append(
                self.env._(
                    "No other vendor of %s can be chosen: nothing is bought by itself "
                    "until you add or approve one.",
                    self.display_name,
                )
            )
        return sentences

    def _vendor_note(self):
        """``_vendor_sentences`` for an error, of which Odoo's scheduler makes a note on
        the product. Users of all companies read that of a product that they share, and
        what one company knows of its vendors is not for the others."""
        sentences = self._vendor_sentences()
        companies = self.env["res.company"].sudo()
        if not sentences or self.company_id or companies.search_count([], limit=2) < 2:
            return sentences
        return [
            self.env._(
                "A vendor of %s is out. The form of the product says which one, in the "
                "company that buys it.",
                self.display_name,
            )
        ]


class ProductTemplate(models.Model):
    """Vendors of a product: with several variants, of the weakest of them."""

    _name = "product.template"
    _inherit = ["product.template", "backlog.vendor.mixin"]

    vendor_alert = fields.Text(
        compute="_compute_vendor_alert",
        groups=INTERNAL,
        help="Which vendor of this product is out, and who stands in.",
    )

    @api.depends("seller_ids.vendor_criteria", "purchase_ok", "type")
    @api.depends_context("company")
    def _compute_vendor(self):
        return super()._compute_vendor()

    @api.model
    def _vendor_figures(self, ids=None):
        vendor = self.env["backlog.vendor"]
        return SQL(
            """(
            SELECT product_tmpl_id AS id,
                   (ARRAY_AGG(main_vendor_id ORDER BY product_id))[1]
                       AS main_vendor_id,
                   ARRAY_AGG(DISTINCT backup) FILTER (WHERE backup IS NOT NULL)
                       AS backup_vendor_ids,
                   MIN(backup_vendor_count) AS backup_vendor_count,
                   %s AS vendor_resilience
              FROM (%s) variant
         LEFT JOIN LATERAL UNNEST(backup_vendor_ids) backup ON TRUE
          GROUP BY product_tmpl_id
            )""",
            vendor._resilience(SQL("MIN(resilience)")),
            vendor._variant_figures(ids),
        )

    @api.depends("seller_ids.is_disrupted")
    @api.depends_context("company", "lang")
    def _compute_vendor_alert(self):
        for template in self:
            template.vendor_alert = "\n".join(template._vendor_sentences())

    def _vendor_sentences(self):
        """Who is out and who stands in, for each variant."""
        return list(
            dict.fromkeys(
                sentence
                for product in self.product_variant_ids
                for sentence in product._vendor_sentences()
            )
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_disruptions(self):
        """A disruption that loses its last product would hold for all the vendor
        sells: it ends."""
        disruptions = self.env["backlog.disruption"].sudo()
        disruptions = disruptions.with_context(active_test=False).search(
            [("product_tmpl_ids", "in", self.ids)]
        )
        disruptions.filtered(lambda one: one.product_tmpl_ids <= self).active = False
