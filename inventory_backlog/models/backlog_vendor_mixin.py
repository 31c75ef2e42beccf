from odoo import api, fields, models
from odoo.fields import Domain

from ..const import INTERNAL
from ..tools.figures import checked_value, search_figure
from ..tools.link import Link
from .vendor.backlog_vendor import RESILIENCE


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
