from odoo import models


class MergePartnerAutomatic(models.TransientModel):
    """Contacts that are merged: Odoo moves their records by SQL."""

    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Find out anew who is out, and what the vendors have done."""
        res = super()._merge(partner_ids, dst_partner, extra_checks)
        merged = self.env["res.partner"].browse(partner_ids).exists()
        self.env["backlog.disruption"]._forget()
        self.env["backlog.vendor.touch"]._touch(merged)
        return res
