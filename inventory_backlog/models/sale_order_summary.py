from odoo import SUPERUSER_ID, models

from ..tools.bounds import bounded_moment
from .person import as_asked


class SaleOrder(models.Model):
    """An order in the customer's own summary, and the mail with the summary."""

    _inherit = "sale.order"

    def _prepare_backlog_summary(self, lines, slices, prices):
        """The order with what of it is open, for ``res.partner._backlog_summary``.

        :param slices: ``{order line: slices}``
        :param prices: see ``backlog.line._order_prices``
        """
        self.ensure_one()
        rows = [
            line._prepare_summary(slices.get(line.order_line_id, ()), prices[line.id])
            for line in lines.sorted(
                lambda line: (line.order_line_id.sequence, line.id)
            )
        ]
        return {
            "id": self.id,
            "name": self.name,
            "reference": self.client_order_ref or "",
            "date": bounded_moment(self.date_order),
            "currency": self.currency_id,
            "lines": rows,
            "value": sum(row["value"] for row in rows),
            "ready_value": sum(row["ready_value"] for row in rows),
        }

    def _backlog_summary_of(self):
        """The name of the person who sends the summary, where it is about the orders
        that this person may see and not about all of the customer's. Empty where
        nobody sends it: Odoo tries the text of a template when it is installed, and the
        paper itself is refused."""
        if self.env.uid == SUPERUSER_ID:
            return ""
        lines = as_asked(self.env["backlog.line"])
        return "" if lines._sees_all() else lines.env.user.name

    def action_send_backlog_summary(self):
        """Write a mail to the customer with the summary of its open orders."""
        self.ensure_one()
        self.env["backlog.line"]._check_shows_values()
        template = self.env.ref("inventory_backlog.mail_template_backlog_summary")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send Backlog Summary"),
            "res_model": "mail.compose.message",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_model": "sale.order",
                "default_res_ids": self.ids,
                "default_composition_mode": "comment",
                "default_template_id": template.id,
                "default_email_layout_xmlid": "mail."
                "mail_notification_layout_with_responsible_signature",
                "email_notification_allow_footer": True,
                "hide_mail_template_management_options": True,
                "force_email": True,
            },
        }
