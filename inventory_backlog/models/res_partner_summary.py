from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.misc import get_lang


def plain_quantity(env, quantity):
    """A quantity without needless zeros, as people write it: 14, 2.5."""
    lang = env["res.lang"].browse(get_lang(env).id)
    return lang.format("%.12g", quantity, grouping=True)


class ResPartner(models.Model):
    """What a customer may know of its own orders: what is ready, when the rest comes.

    It is written for the customer: in its language, in the units of its orders, without
    the words and the documents that we work with.
    """

    _inherit = "res.partner"

    def _backlog_summary(self):
        """Everything that the customer's own summary shows, as one dict.

        It is about the orders of the whole company of the customer with the company one
        works in, as far as the user may see them. Quantities are in the unit of the
        order line, values untaxed in the currency of the order.
        """
        self.ensure_one()
        customer = self.commercial_partner_id
        # The paper says what customers pay, and a report's address asks for no group.
        backlog = self.env["backlog.line"]
        backlog._check_field_access(backlog._fields["open_value"], "read")
        lines = backlog.search(
            Domain("company_id", "=", self.env.company.id)
            & Domain("partner_id", "child_of", customer.id)
        )
        # Whoever sees the line may print what the customer already has on paper.
        slices = lines.sudo()._allocation().grouped("order_line_id")
        lines = lines.with_context(lang=self.lang or self.env.lang).sudo()
        orders = [
            order._prepare_backlog_summary(its_lines, slices)
            for order, its_lines in lines.grouped("order_id").items()
        ]
        orders.sort(key=lambda order: (order["date"], order["id"]))
        return {
            "customer": customer.display_name,
            "company": self.env.company,
            "now": fields.Datetime.now(),
            "orders": orders,
            "totals": self._backlog_totals(orders),
        }

    @api.model
    def _backlog_totals(self, orders):
        """What is open and what of it is ready, per currency of the orders."""
        totals = {}
        for order in orders:
            total = totals.setdefault(
                order["currency"],
                {"currency": order["currency"], "value": 0, "ready_value": 0},
            )
            total["value"] += order["value"]
            total["ready_value"] += order["ready_value"]
        return list(totals.values())

    def _backlog_quantity(self, quantity):
        return plain_quantity(self.env, quantity)

    def _backlog_summary_name(self):
        """The name of the PDF, without its ending."""
        customer = self.commercial_partner_id.with_context(lang=self.lang)
        return customer.env._(
            "Open orders %(customer)s %(day)s",
            customer=customer.name or "",
            day=fields.Date.to_string(fields.Date.context_today(self)),
        )
