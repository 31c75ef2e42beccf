from odoo import api, fields, models
from odoo.tools import SQL, format_date

from ..tools.bounds import converted, rate
from .res_partner_summary import plain_quantity


class BacklogLine(models.Model):
    """A line in the customer's own summary."""

    _inherit = "backlog.line"

    @api.model
    def _check_shows_values(self):
        """Refuse who may not read what customers pay, which the summary says."""
        self._check_field_access(self._fields["open_value"], "read")

    def _prepare_summary(self, slices, price):
        """The line in the unit in which the customer ordered it.

        :param price: of one unit of the product, see ``_order_prices``
        """
        self.ensure_one()
        currency = self.order_id.currency_id
        ordered = self.order_line_id
        return {
            "product": self.product_id.display_name,
            "unit": ordered.product_uom_id.name,
            "ordered": self._as_ordered(self.ordered_qty),
            "shipped": self._as_ordered(self.delivered_qty),
            "ready": self._as_ordered(self.backlog_qty),
            "rest": [
                self._rest_text(day, quantity) for day, quantity in self._rest(slices)
            ],
            "value": currency.round(price * self.open_qty),
            "ready_value": currency.round(price * self.backlog_qty),
        }

    def _order_prices(self):
        """``{id: price}`` of one unit of the product in the currency of the order. A
        value in the currency of the company is rounded there already, and one cent of
        it can be a lot of weak money."""
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
                    self._unit_value(),
                    rate(SQL("sale.currency_rate")),
                    self.ids,
                )
            )
        )

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
        return converted(
            quantity, self.product_uom_id, self.order_line_id.product_uom_id
        )
