from odoo import api, models

from ..tools.person import as_asked


class BacklogPaper(models.AbstractModel):
    """What the templates of our reports get: documents with the rights of the user who
    asks, however the report is rendered.

    Odoo renders a report as superuser when it attaches it to a mail. The paper must say
    the same there as on screen, and nothing about documents that the user may not read.
    """

    _name = "backlog.paper"
    _description = "Report of the Backlog"

    # The model of the documents.
    _of = None

    @api.model
    def _get_report_values(self, docids, data=None):
        """The documents, as the user who asks may read them.

        :raise UserError: when no person asks
        """
        documents = as_asked(self.env[self._of].browse(docids))
        documents.check_access("read")
        return {"doc_ids": docids, "doc_model": self._of, "docs": documents}


class ReportBacklog(models.AbstractModel):
    """The backlog report."""

    _name = "report.inventory_backlog.report_backlog"
    _inherit = ["backlog.paper"]
    _description = "Backlog Report on Paper"
    _of = "backlog.report"


class ReportPartnerBacklog(models.AbstractModel):
    """The summary of a customer."""

    _name = "report.inventory_backlog.report_partner_backlog"
    _inherit = ["backlog.paper"]
    _description = "Open Orders on Paper"
    _of = "res.partner"


class ReportOrderBacklog(models.AbstractModel):
    """The summary of the customer of an order."""

    _name = "report.inventory_backlog.report_order_backlog"
    _inherit = ["backlog.paper"]
    _description = "Open Orders of an Order's Customer on Paper"
    _of = "sale.order"
