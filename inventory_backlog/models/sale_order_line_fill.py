from odoo import models
from odoo.tools import SQL

from .backlog_line import INTERNAL
from .backlog_mixin import Rate
from .given import giving

FIRST_FILL = ("first_open_qty", "first_ready_qty")
WRITTEN_WHOLE = ("sale.order.line", "sale.order", "stock.move", "purchase.order.line")


class SaleOrder(models.Model):
    """An order that is taken back has no day of confirmation any more."""

    _inherit = "sale.order"

    def write(self, vals):
        """Back to a quotation: what was ready is kept anew at the next confirmation."""
        result = super().write(vals)
        if vals.get("state") == "draft":
            # Confirmed again, it is another day.
            self.order_line._forget_first_fill()
        return result


class SaleOrderLine(models.Model):
    """What was ready when the line was confirmed. It cannot be found out later, so it
    is kept."""

    _inherit = "sale.order.line"

    first_open_qty = Rate(
        "Open When Confirmed",
        digits="Product Unit",
        readonly=True,
        copy=False,
        history=True,
        groups=INTERNAL,
        help="What was to be shipped when the line was confirmed, in the unit of the "
        "line. It is counted anew when a cancelled order is confirmed again, and never "
        "else. Empty for lines confirmed before the backlog was installed.",
    )
    first_ready_qty = Rate(
        "Ready When Confirmed",
        digits="Product Unit",
        readonly=True,
        copy=False,
        history=True,
        groups=INTERNAL,
        help="The part of it that was in stock for this line when it was confirmed, "
        "after everyone ahead of it in the queue, in the unit of the line. Goods that "
        "are brought for the order alone were not ready.",
    )

    def _action_launch_stock_rule(self, **kwargs):
        result = super()._action_launch_stock_rule(**kwargs)
        if not self.env.context.get("skip_procurement"):
            # A line that had a quantity was confirmed before, maybe before this addon.
            previous = kwargs.get("previous_product_uom_qty") or {}
            self.filtered(lambda line: previous.get(line.id, 0) <= 0)._keep_first_fill()
        return result

    def _forget_first_fill(self):
        """What is confirmed again is another confirmation."""
        self.sudo().filtered(lambda line: line.first_open_qty is not False).write(
            dict.fromkeys(FIRST_FILL, False)
        )

    def _keep_first_fill(self):
        """Keep what is ready now on the lines that know nothing yet."""
        goods = self.sudo().filtered(
            lambda line: line.state == "sale" and line.product_id.type == "consu"
        )
        if goods:
            # One statement at every confirmation. What Odoo has just changed is written
            # as a whole: flushing only what is read here would write it in two parts.
            for model in WRITTEN_WHOLE:
                self.env[model].flush_model()
            self.env.execute_query(goods._first_fill())
            goods.invalidate_recordset(FIRST_FILL, flush=False)

    def _first_fill(self):
        """Return the statement that keeps the present split of these lines on them."""
        # Confirming touches all of it: looking at what is kept would be in vain.
        with giving(
            self.env["backlog.line"],
            live=True,
            ready_of=SQL("order_line_id = ANY(%s)", self.ids),
        ) as lines:
            split = lines._split(
                # Of a kit the components as well.
                (self.product_id | self.move_ids.product_id).ids,
                with_cause=False,
            )
        return SQL(
            """
            UPDATE sale_order_line
               SET first_open_qty = fill.open_qty,
                   first_ready_qty = fill.ready_qty
              FROM (
                    SELECT line.id, %(open)s AS open_qty, %(ready)s AS ready_qty
                      FROM (%(split)s) split
                      JOIN sale_order_line line ON line.id = split.order_line_id
                      JOIN product_product product ON product.id = line.product_id
                      JOIN product_template template
                        ON template.id = product.product_tmpl_id
                      JOIN uom_uom uom ON uom.id = template.uom_id
                      JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
                     WHERE line.id = ANY(%(ids)s)
                       AND line.first_open_qty IS NULL
                       AND line.is_expense IS NOT TRUE
                   ) fill
             WHERE sale_order_line.id = fill.id
            """,
            open=self._in_line_unit(SQL("split.open_qty")),
            ready=self._in_line_unit(SQL("split.backlog_qty")),
            split=split,
            ids=self.ids,
            to_flush=[
                self.env[model]._fields[name]
                for model, names in self.env["backlog.allocation"]._depends.items()
                for name in names
            ],
        )
