from odoo import api, fields, models

from .backlog_line import VALUE_GROUPS

LINE_FIGURES = (
    "order_line_id",
    "asked_by",
    "qty",
    "need_date",
    "promise_date",
    "value",
    "document",
    "expected_date",
)


class BacklogSuggestionLine(models.Model):
    """Who waits for what is suggested: an order line, or a document when it is for
    production or another warehouse."""

    _name = "backlog.suggestion.line"
    _description = "Demand behind a Suggestion"
    _order = "need_date, id"

    suggestion_id = fields.Many2one(
        "backlog.suggestion",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    product_id = fields.Many2one(related="suggestion_id.product_id")
    product_uom_id = fields.Many2one(related="suggestion_id.product_uom_id")
    order_line_id = fields.Many2one(
        "sale.order.line", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    order_id = fields.Many2one(
        "sale.order", compute="_compute_order", compute_sudo=True
    )
    partner_id = fields.Many2one(
        "res.partner", "Customer", compute="_compute_order", compute_sudo=True
    )
    asked_by = fields.Reference(
        selection="_selection_document",
        readonly=True,
        help="The document that asks when it is not a customer's order.",
    )
    qty = fields.Float(
        "Quantity",
        digits="Product Unit",
        readonly=True,
        help="How much of the suggestion is for it, in the unit of the product.",
    )
    need_date = fields.Date("Needed On", readonly=True)
    promise_date = fields.Date(
        readonly=True, help="What the customer was last promised."
    )
    value = fields.Monetary(
        readonly=True,
        groups=VALUE_GROUPS,
        help="The open value that waits for it: untaxed, net of discount.",
    )
    document = fields.Reference(
        selection="_selection_document",
        readonly=True,
        help="The receipt to pull in.",
    )
    expected_date = fields.Date(readonly=True, help="When that receipt comes.")

    @api.model
    def _selection_document(self):
        return self.env["backlog.allocation"]._selection_document()

    def _figures(self):
        """What the run compares of these lines, in plain values."""
        return self._figures_of(
            [{name: line[name] for name in LINE_FIGURES} for line in self]
        )

    @api.model
    def _figures_of(self, rows):
        return sorted(
            ([self._plain(row[name]) for name in LINE_FIGURES] for row in rows),
            key=repr,
        )

    @api.model
    def _plain(self, value):
        if isinstance(value, models.BaseModel):
            if value._name == "sale.order.line":
                return value.id
            return f"{value._name},{value.id}"
        # Amounts and quantities are rounded when they are stored.
        return f"{value:.3f}" if isinstance(value, float) else value or False

    def _names(self):
        """Who waits: order and customer, or the document, each once."""
        return list(
            dict.fromkeys(
                f"{line.order_id.name} · {line.partner_id.display_name}"
                if line.order_id
                else line.asked_by.display_name
                for line in self
                if line.order_id or line.asked_by
            )
        )

    @api.depends("order_line_id")
    def _compute_order(self):
        for line in self:
            line.order_id = line.order_line_id.order_id
            line.partner_id = line.order_line_id.order_id.partner_id
