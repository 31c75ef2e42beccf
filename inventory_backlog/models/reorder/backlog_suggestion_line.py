from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...const import ASKED, MOVABLE_STATES, VALUE_GROUPS
from ...tools.actions import open_records
from ...tools.link import Link
from ...tools.names import named
from . import netting


class BacklogSuggestionPart(models.AbstractModel):
    """A list that the run keeps in step with its suggestion."""

    _name = "backlog.suggestion.part"
    _description = "Part of a Suggestion"

    # What the run compares of a row.
    _figure_names = ()

    suggestion_id = Link(
        "backlog.suggestion",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = Link("res.company", required=True, readonly=True, ondelete="cascade")

    def _figures(self):
        """These rows as ``_figures_of`` gives planned ones."""
        return self._figures_of(
            [{name: row[name] for name in self._figure_names} for row in self]
        )

    @api.model
    def _figures_of(self, rows):
        """The planned rows in plain values and one order, to be compared."""
        return sorted(
            ([self._plain(name, row[name]) for name in self._figure_names])
            for row in rows
        )

    @api.model
    def _plain(self, name, value):
        """The value as text, the same whether it is planned or stored."""
        if isinstance(value, models.BaseModel):
            if self._fields[name].type == "reference":
                return f"{value._name},{value.id}"
            return str(value.id)
        # Amounts and quantities are rounded when they are stored.
        return f"{value:.3f}" if isinstance(value, float) else str(value or False)


class BacklogSuggestionLine(models.Model):
    """Who waits for what is suggested: an order line, or a document when it is for
    production or another warehouse."""

    _name = "backlog.suggestion.line"
    _inherit = "backlog.suggestion.part"
    _description = "Demand behind a Suggestion"
    _order = "need_date, id"
    _figure_names = (
        "order_line_id",
        "asked_by",
        "qty",
        "need_date",
        "promise_date",
        "keep_by_date",
        "value",
        "document",
        "expected_date",
    )
    currency_id = Link(related="company_id.currency_id")
    product_id = Link(related="suggestion_id.product_id")
    product_uom_id = Link(related="suggestion_id.product_uom_id")
    order_line_id = Link(
        "sale.order.line", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    order_id = Link("sale.order", compute="_compute_order", compute_sudo=True)
    partner_id = Link(
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
    keep_by_date = fields.Date(
        "Keeps Promise By",
        readonly=True,
        help="When it must be there so that the promise is kept: what is made of it "
        "takes its time, too.",
    )
    value = fields.Monetary(
        readonly=True,
        groups=VALUE_GROUPS,
        help="The open value that waits for it: untaxed, net of discount.",
    )
    document = fields.Reference(
        selection="_selection_document",
        readonly=True,
        help="The receipt to pull in, or the request to confirm.",
    )
    expected_date = fields.Date(
        readonly=True,
        help="When that receipt comes by what was said last; a day that is past where "
        "it is overdue.",
    )
    overdue_since = fields.Date(
        compute="_compute_overdue_since",
        help="When the receipt should have come, if that day is past. Until somebody "
        "says a new day, nobody knows when it comes.",
    )
    asked_name = fields.Char(
        "Order or Document",
        compute="_compute_names",
        # Buyers need not be able to read orders, productions and transfers.
        compute_sudo=True,
        help="What asks for it: a customer's order, a production or a transfer.",
    )
    document_name = fields.Char(
        "Receipt",
        compute="_compute_names",
        compute_sudo=True,
        help="What brings it: too late, or once it is confirmed.",
    )

    @api.depends("order_line_id", "asked_by", "document")
    def _compute_names(self):
        self._read_documents()
        for line in self:
            saved = line._origin
            asking = saved.order_id or saved.asked_by
            line.asked_name = asking and named(asking).display_name
            line.document_name = saved.document and named(saved.document).display_name

    def _read_documents(self):
        """Read the names of all these documents at once: Odoo reads what a reference
        names one by one."""
        saved = self._origin
        ids = defaultdict(set)
        for line in saved:
            for document in (line.asked_by, line.document):
                if document:
                    ids[document._name].add(document.id)
        for model, wanted in ids.items():
            named(self.env[model].browse(wanted)).exists().mapped("display_name")

    @api.depends("expected_date", "suggestion_id.action_type")
    def _compute_overdue_since(self):
        for line in self:
            saved = line._origin
            day = saved.suggestion_id.action_type in ASKED and saved.expected_date
            line.overdue_since = (
                bool(day) and day < saved.company_id._backlog_today() and day
            )

    def _comes_by(self, day):
        """Whether its receipt is there by that day, as ``netting.comes_by``."""
        today = self.company_id._backlog_today()
        return netting.comes_by(self.expected_date, day, today)

    @api.readonly
    def action_open_receipt(self):
        """Open what brings it too late."""
        document = self.document
        if not document or not self.env["backlog.line"]._can_open(document):
            raise UserError(
                self.env._(
                    "%s is not yours to open. Ask the people who buy or make it.",
                    self.document_name or self.env._("The document"),
                )
            )
        return open_records(document)

    @api.model
    def _selection_document(self):
        return self.env["backlog.allocation"]._selection_document()

    def _late_documents(self):
        """``{document: lines}`` of the receipts that come too late."""
        documents = defaultdict(self.browse)
        for line in self:
            if line.document:
                documents[line.document] |= line
        return documents

    def _are_drafts(self):
        """Whether one of the requests to confirm is a draft: one that waited for its
        approval may have been refused and taken up again."""
        return any(one.state in MOVABLE_STATES for one in self._late_documents())

    def _names(self):
        """Who waits: order and customer, or the document, each once."""
        return list(
            dict.fromkeys(
                f"{line.order_id.name} · {named(line.partner_id).display_name}"
                if line.order_id
                else named(line.asked_by).display_name
                for line in self
                if line.order_id or line.asked_by
            )
        )

    @api.depends("order_line_id")
    def _compute_order(self):
        for line in self:
            # Of what is saved: a form may name any line.
            line.order_id = line._origin.order_line_id.order_id
            line.partner_id = line.order_id.partner_id
