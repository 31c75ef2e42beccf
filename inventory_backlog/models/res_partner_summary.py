from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date
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


class SaleOrder(models.Model):
    """An order in the customer's own summary, and the mail with the summary."""

    _inherit = "sale.order"

    def _prepare_backlog_summary(self, lines, slices):
        """The order with what of it is open, for ``res.partner._backlog_summary``."""
        self.ensure_one()
        rows = [
            line._prepare_summary(slices.get(line.order_line_id, ()))
            for line in lines.sorted(
                lambda line: (line.order_line_id.sequence, line.id)
            )
        ]
        return {
            "id": self.id,
            "name": self.name,
            "reference": self.client_order_ref or "",
            "date": self.date_order,
            "currency": self.currency_id,
            "lines": rows,
            "value": sum(row["value"] for row in rows),
            "ready_value": sum(row["ready_value"] for row in rows),
        }

    def action_send_backlog_summary(self):
        """Write a mail to the customer with the summary of its open orders."""
        self.ensure_one()
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


class BacklogLine(models.Model):
    """A line in the customer's own summary."""

    _inherit = "backlog.line"

    def _prepare_summary(self, slices):
        """The line in the unit in which the customer ordered it."""
        self.ensure_one()
        ordered = self.order_line_id
        order = self.order_id
        rate = order.currency_rate or 1
        return {
            "product": self.product_id.display_name,
            "unit": ordered.product_uom_id.name,
            "ordered": self._as_ordered(self.ordered_qty),
            "shipped": self._as_ordered(self.delivered_qty),
            "ready": self._as_ordered(self.backlog_qty),
            "rest": [
                self._rest_text(day, quantity) for day, quantity in self._rest(slices)
            ],
            "value": order.currency_id.round(self.open_value * rate),
            "ready_value": order.currency_id.round(self.backlog_value * rate),
        }

    def _rest(self, slices):
        """``[(day, quantity)]``: when what is not ready comes, the unknown last."""
        coming = {}
        for row in slices:
            if row.source == "receipt":
                day = fields.Datetime.context_timestamp(self, row.date).date()
                coming[day] = coming.get(day, 0) + row.qty
        if any(row.product_id != self.product_id for row in slices):
            # Of a kit the components come: it is there with the last of them.
            coming = {max(coming, default=None): self.incoming_qty}
        rest = [*sorted(coming.items()), (None, self.to_source_qty)]
        return [
            (day, quantity)
            for day, quantity in rest
            if self.product_uom_id.compare(quantity, 0) > 0
        ]

    def _rest_text(self, day, quantity):
        quantity = plain_quantity(self.env, self._as_ordered(quantity))
        if not day:
            return self.env._("%s: date to be confirmed", quantity)
        return self.env._(
            "%(day)s: %(quantity)s", day=format_date(self.env, day), quantity=quantity
        )

    def _as_ordered(self, quantity):
        """A quantity of the product in the unit of the order line."""
        return self.product_uom_id._compute_quantity(
            quantity, self.order_line_id.product_uom_id, round=False
        )
