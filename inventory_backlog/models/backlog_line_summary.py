from odoo import fields, models
from odoo.tools import format_date

from .res_partner_summary import plain_quantity


class BacklogLine(models.Model):
    """A line in the customer's own summary."""

    _inherit = "backlog.line"

    def _prepare_summary(self, slices):
        """The line in the unit in which the customer ordered it."""
        self.ensure_one()
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
            "value": self._ordered_value(self.open_qty),
            "ready_value": self._ordered_value(self.backlog_qty),
        }

    def _ordered_value(self, quantity):
        """What a quantity of the product is worth in the currency of the order. From
        its prices: a value in the currency of the company is rounded there already,
        and one cent of it can be a lot of weak money."""
        ordered = self.order_line_id
        price = ordered.price_reduce_taxexcl
        if ordered.product_uom_qty:
            price = ordered.price_subtotal / ordered.product_uom_qty
        return self.order_id.currency_id.round(price * self._as_ordered(quantity))

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
