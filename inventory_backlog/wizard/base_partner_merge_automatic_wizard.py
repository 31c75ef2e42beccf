from odoo import models


class MergePartnerAutomatic(models.TransientModel):
    """Merging contacts: Odoo moves their records by SQL, which no ``write`` sees."""

    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Drop what is cached of who is out, and of the figures of the vendors."""
        res = super()._merge(partner_ids, dst_partner, extra_checks)
        merged = self.env["res.partner"].browse(partner_ids).exists()
        self.env["backlog.disruption"]._clear_caches()
        self.env["backlog.vendor.touch"]._touch(merged)
        return res
