from odoo import fields, models

KINDS = [("warehouse", "Warehouse"), ("purchase", "Purchase")]


class BacklogAsk(models.Model):
    """An activity in which somebody asks about a line: none is asked twice as long as
    the first activity is open."""

    _name = "backlog.ask"
    _description = "Question about a Line"

    order_line_id = fields.Many2one(
        "sale.order.line", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    kind = fields.Selection(KINDS, required=True, readonly=True)
    activity_id = fields.Many2one(
        "mail.activity", required=True, readonly=True, index=True, ondelete="cascade"
    )

    asked_at = fields.Datetime(
        required=True, readonly=True, default=fields.Datetime.now
    )

    _once = models.Constraint(
        "UNIQUE(order_line_id, kind)",
        "This is asked already.",
    )

    def _asked(self, lines):
        """``{line id: {kind: moment}}``: when somebody asked first, of what is still to
        be answered."""
        asked = {}
        for one in self._open(lines):
            asked.setdefault(one.order_line_id.id, {}).setdefault(
                one.kind, one.asked_at
            )
        return asked

    def _open(self, lines, kinds=("warehouse", "purchase")):
        """The open questions about these lines."""
        # sudo: whoever sees a line sees that somebody has asked.
        return self.sudo().search(
            [
                ("order_line_id", "in", lines.ids),
                ("kind", "in", kinds),
                ("activity_id.active", "=", True),
            ],
            order="id",
        )
