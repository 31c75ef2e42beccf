from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..tools.bounds import bounded_moment, converted, rate
from ..tools.person import as_asked
from ..tools.texts import paper_lang, plain_quantity


def of_customer(partner):
    """The domain of the rows about a customer: of all contacts of its company, as Odoo
    invoices them, and not of a subsidiary that is a company of its own."""
    customer = partner.commercial_partner_id
    # A user who sees the row may know whose it is.
    return Domain("partner_id", "any!", [("commercial_partner_id", "=", customer.id)])


class BacklogCustomerSummary(models.AbstractModel):
    """What a customer may know of its own orders: what is ready, when the rest comes.

    It is written for the customer: in the language of the records that come in, in the
    units of the orders, without internal words and documents. ``_summary`` is all of
    it; the other methods take backlog lines with sudo, once ``_summary`` has found
    those that the user may see, and return plain values.
    """

    _name = "backlog.customer.summary"
    _description = "Summary for a Customer"

    def _summary(self, partner):
        """Everything that the summary of the customer ``partner`` shows, as one dict.

        It is about the orders of the whole company of the customer with the current
        company, as far as the user who asks may see them; where that is not all,
        ``only_of`` names the user. Quantities are in the unit of the order line, values
        untaxed in the currency of the order.

        :return: ``{"customer", "company", "now", "only_of", "orders", "totals"}``; see
            ``_prepare_backlog_summary`` and ``_backlog_totals``
        :raise UserError: when no person asks
        """
        partner.ensure_one()
        partner = as_asked(partner)
        env = partner.env
        customer = partner.commercial_partner_id
        all_seen = env["backlog.line"]._sees_all()
        # Odoo checks no group when a report is opened by its address.
        env["backlog.line"]._check_shows_values()
        lines = env["backlog.line"].search(
            Domain("company_id", "=", env.company.id) & of_customer(partner)
        )
        # A user who sees the line may print what the customer already has on paper.
        slices = lines.sudo()._allocation().grouped("order_line_id")
        lines = lines.with_context(lang=paper_lang(partner)).sudo()
        summary = self.with_env(lines.env)
        prices = summary._order_prices(lines)
        orders = [
            summary._prepare_backlog_summary(order, its_lines, slices, prices)
            for order, its_lines in lines.grouped("order_id").items()
        ]
        orders.sort(key=lambda order: (order["date"], order["id"]))
        return {
            "customer": customer.display_name,
            "company": env.company,
            "now": fields.Datetime.now(),
            "only_of": "" if all_seen else env.user.name,
            "orders": orders,
            "totals": self._backlog_totals(orders),
        }

    # Orders

    def _prepare_backlog_summary(self, order, lines, slices, prices):
        """The order with its open lines, for ``_summary``.

        :param slices: ``{order line: slices}``
        :param prices: see ``_order_prices``
        """
        order.ensure_one()
        rows = [
            self._prepare_summary(
                line, slices.get(line.order_line_id, ()), prices[line.id]
            )
            for line in lines.sorted(
                lambda line: (line.order_line_id.sequence, line.id)
            )
        ]
        return {
            "id": order.id,
            "name": order.name,
            "reference": order.client_order_ref or "",
            "date": bounded_moment(order.date_order),
            "currency": order.currency_id,
            "lines": rows,
            "value": sum(row["value"] for row in rows),
            "ready_value": sum(row["ready_value"] for row in rows),
        }

    def _order_prices(self, lines):
        """``{id: price}`` of one unit of the product in the currency of the order.
        Values in the currency of the company are rounded already, and a cent can be a
        lot of money in a weak currency."""
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT line.id, COALESCE(%s * %s, 0)
                      FROM sale_order_line line
                      JOIN sale_order sale ON sale.id = line.order_id
                      JOIN product_product product ON product.id = line.product_id
                      JOIN product_template template
                        ON template.id = product.product_tmpl_id
                      JOIN uom_uom uom ON uom.id = template.uom_id
                      JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
                     WHERE line.id = ANY(%s)
                    """,
                    self.env["backlog.live.line"]._unit_value(),
                    rate(SQL("sale.currency_rate")),
                    lines.ids,
                )
            )
        )

    def _backlog_totals(self, orders):
        """The open value and the ready value, per currency of the orders."""
        totals = {}
        for order in orders:
            total = totals.setdefault(
                order["currency"],
                {"currency": order["currency"], "value": 0, "ready_value": 0},
            )
            total["value"] += order["value"]
            total["ready_value"] += order["ready_value"]
        return list(totals.values())

    # Lines

    def _prepare_summary(self, line, slices, price):
        """The line in the unit in which the customer ordered it.

        :param price: of one unit of the product, see ``_order_prices``
        """
        line.ensure_one()
        currency = line.order_id.currency_id
        ordered = line.order_line_id
        return {
            "product": line.product_id.display_name,
            "unit": ordered.product_uom_id.name,
            "ordered": self._as_ordered(line, line.ordered_qty),
            "shipped": self._as_ordered(line, line.delivered_qty),
            "ready": self._as_ordered(line, line.backlog_qty),
            "rest": [
                self._rest_text(day, self._as_ordered(line, quantity))
                for day, quantity in self._rest(line, slices)
            ],
            "value": currency.round(price * line.open_qty),
            "ready_value": currency.round(price * line.backlog_qty),
        }

    def _rest(self, line, slices):
        """``[(day, quantity)]``: when the quantity that is not ready comes. What is
        overdue has no date, like what is to order, and comes last."""
        coming, undated = {}, line.to_source_qty
        for row in slices:
            if row.overdue_since:
                undated += row.qty
            elif row.source == "receipt":
                day = fields.Datetime.context_timestamp(line, row.date).date()
                coming[day] = coming.get(day, 0) + row.qty
        if any(row.product_id != line.product_id for row in slices):
            # A kit arrives as components; it is complete when the last one arrives.
            day = None if line.overdue_since else max(coming, default=None)
            undated = line.to_source_qty + (0 if day else line.incoming_qty)
            coming = {day: line.incoming_qty} if day else {}
        rest = [*sorted(coming.items()), (None, undated)]
        return [
            (day, quantity)
            for day, quantity in rest
            if line.product_uom_id.compare(quantity, 0) > 0
        ]

    def _rest_text(self, day, quantity):
        """A quantity in the unit of the order and the day on which it comes, as the
        customer reads it."""
        quantity = plain_quantity(self.env, quantity)
        if not day:
            return self.env._("%s: date to be confirmed", quantity)
        return self.env._(
            "%(day)s: %(quantity)s", day=format_date(self.env, day), quantity=quantity
        )

    def _as_ordered(self, line, quantity):
        """A quantity of the product in the unit of the order line."""
        return converted(
            quantity, line.product_uom_id, line.order_line_id.product_uom_id
        )
