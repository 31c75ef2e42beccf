from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.misc import get_lang

from .person import as_asked

# Characters of a name within the name of a file, of which systems take 255 bytes.
MAX_FILE_NAME = 80
NOT_IN_FILE_NAME = frozenset('<>:"/\\|?*')


def plain_quantity(env, quantity):
    """A quantity without needless zeros, as people write it: 14, 2.5."""
    lang = env["res.lang"].browse(get_lang(env).id)
    return lang.format("%.12g", quantity, grouping=True)


def file_name(name):
    """``name`` as part of the name of a file: those of customers and companies are of
    any length, and may hold line breaks, which no header takes."""
    plain = "".join(
        char if char.isprintable() and char not in NOT_IN_FILE_NAME else " "
        for char in name or ""
    )
    return " ".join(plain.split())[:MAX_FILE_NAME].strip()


class ResPartner(models.Model):
    """What a customer may know of its own orders: what is ready, when the rest comes.

    It is written for the customer: in its language, in the units of its orders, without
    the words and the documents that we work with.
    """

    _inherit = "res.partner"

    def _backlog_summary(self):
        """Everything that the customer's own summary shows, as one dict.

        It is about the orders of the whole company of the customer with the company one
        works in, as far as the person who asks may see them; where that is not all,
        ``only_of`` names the person. Quantities are in the unit of the order line,
        values untaxed in the currency of the order.

        :raise UserError: when no person asks
        """
        self.ensure_one()
        self = as_asked(self)  # noqa: PLW0642
        customer = self.commercial_partner_id
        all_seen = self.env["backlog.line"]._sees_all()
        # A report's address asks for no group.
        self.env["backlog.line"]._check_shows_values()
        lines = self.env["backlog.line"].search(
            Domain("company_id", "=", self.env.company.id) & self._of_customer()
        )
        # Whoever sees the line may print what the customer already has on paper.
        slices = lines.sudo()._allocation().grouped("order_line_id")
        lines = lines.with_context(lang=self._paper_lang()).sudo()
        prices = lines._order_prices()
        orders = [
            order._prepare_backlog_summary(its_lines, slices, prices)
            for order, its_lines in lines.grouped("order_id").items()
        ]
        orders.sort(key=lambda order: (order["date"], order["id"]))
        return {
            "customer": customer.display_name,
            "company": self.env.company,
            "now": fields.Datetime.now(),
            "only_of": "" if all_seen else self.env.user.name,
            "orders": orders,
            "totals": self._backlog_totals(orders),
        }

    def _paper_lang(self):
        """The language in which the customer gets its paper; that of the person who
        asks where the customer's is no longer active."""
        return get_lang(self.env, self.lang or self.env.lang).code

    def _of_customer(self):
        """The rows about a customer: of all contacts of its company, as Odoo invoices
        them, and not of a subsidiary that is a company of its own."""
        customer = self.commercial_partner_id
        # Whoever sees the row may know whose it is.
        return Domain(
            "partner_id", "any!", [("commercial_partner_id", "=", customer.id)]
        )

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
        customer = self.commercial_partner_id.with_context(lang=self._paper_lang())
        return customer.env._(
            "Open orders %(customer)s %(day)s",
            customer=file_name(customer.name),
            day=fields.Date.to_string(fields.Date.context_today(self)),
        )
