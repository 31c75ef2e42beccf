from odoo import models


class ResPartner(models.Model):
    """Whether a vendor is out, also through the company that it belongs to."""

    _inherit = "res.partner"

    def write(self, vals):
        """Another parent or time zone: what was kept of the vendors was of others or
        other days."""
        regroups = {"is_company", "parent_id"} & vals.keys()
        vendors = self.commercial_partner_id if regroups else self.browse()
        result = super().write(vals)
        kept = self.env["backlog.vendor.measure"].sudo()
        if regroups:
            # Who sells for whom has changed, so what was kept counted others.
            vendors |= self.commercial_partner_id
            if kept.search_count([("vendor_id", "in", vendors.ids)], limit=1):
                self.env["backlog.vendor.touch"]._touch(vendors)
        if "tz" in vals:
            # What was kept was by the days of another time zone.
            kept.search([("company_id.partner_id", "in", self.ids)]).unlink()
        return result

    def _backlog_ancestors(self):
        """The partner, the company it belongs to, and that one's, up to the top."""
        # A vendor's parent may be one that the user cannot read; only its id is used.
        ancestors = partner = self.sudo()
        while (partner := partner.parent_id) and not partner <= ancestors:
            ancestors |= partner
        return ancestors.sudo(self.env.su)

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
