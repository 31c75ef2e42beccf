from odoo import fields, models

from ..tools.link import Link
from ..tools.texts import short_day

CLOSE = "ir.actions.act_window_close"


class BacklogConfirmOrder(models.TransientModel):
    """What *Confirm* asks when the delivery date that was given cannot be kept: to
    promise the day on which all could leave, or to confirm with the date as it is."""

    _name = "backlog.confirm.order"
    _inherit = ["backlog.bounds.mixin"]
    _description = "Confirm with a Date That Cannot Be Kept"

    order_id = Link("sale.order", required=True, readonly=True)
    message = fields.Text(readonly=True)
    possible_date = fields.Datetime(
        readonly=True, help="When all of it could leave; empty where nobody knows."
    )
    given_day = fields.Char(readonly=True)
    possible_day = fields.Char(readonly=True)

    def _ask(self, order, lines):
        """Open the question for lines that would leave after the date of ``order``.

        :return: the action of the window
        """
        goods = order.order_line._quoted_goods()
        is_known = not any(
            line.quote_overdue_since or not line.quote_expected_date for line in goods
        )
        possible = max(goods.mapped("quote_expected_date")) if is_known else False
        given_day = short_day(self.env, order.commitment_date)
        wizard = self.create(
            {
                "order_id": order,
                "message": "\n".join(self._sentence(line) for line in lines),
                "possible_date": possible,
                "possible_day": short_day(self.env, possible),
                "given_day": given_day,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("%s cannot be kept", given_day),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _sentence(self, line):
        """When a line could leave."""
        product = line.product_id.display_name
        if line.quote_overdue_since:
            return self.env._(
                "%(product)s: its receipt is overdue, nobody knows when it comes.",
                product=product,
            )
        if not line.quote_expected_date:
            return self.env._(
                "%(product)s: nobody knows when it could leave.", product=product
            )
        return self.env._(
            "%(product)s: could leave on %(day)s.",
            product=product,
            day=short_day(self.env, line.quote_expected_date),
        )

    def action_promise(self):
        """Promise the day on which all could leave, and confirm."""
        self.ensure_one()
        self.order_id.commitment_date = self.possible_date
        return self._confirm()

    def action_keep(self):
        """Confirm with the date that was given."""
        self.ensure_one()
        return self._confirm()

    def _confirm(self):
        done = self.order_id.action_confirm()
        # What other addons ask comes as a window of its own.
        return done if isinstance(done, dict) else {"type": CLOSE}
