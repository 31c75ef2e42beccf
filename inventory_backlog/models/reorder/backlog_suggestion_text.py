from odoo import api, fields, models
from odoo.tools import format_date
from odoo.tools.misc import formatLang

from .backlog_suggestion import BUYING, OPEN


class BacklogSuggestion(models.Model):
    """Why it is suggested, in words."""

    _inherit = "backlog.suggestion"

    explanation = fields.Text(
        compute="_compute_explanation",
        help="How the quantity, the vendor and the days came about.",
    )

    @api.depends_context("lang", "uid")
    @api.depends("shortage_qty", "suggested_qty", "state", "arrival_date")
    def _compute_explanation(self):
        for suggestion in self:
            saved = suggestion._origin
            suggestion.explanation = "\n".join(saved._sentences() if saved else ())

    def _action_name(self):
        selection = self._fields["action_type"]._description_selection(self.env)
        return dict(selection)[self.action_type]

    def _quantity(self, quantity):
        return self.env["backlog.line"]._quantity(quantity, self.product_uom_id)

    def _missing_qty(self):
        """What is short and nothing else covers."""
        return self.shortage_qty - self.in_progress_qty - self.other_qty

    def _sentences(self):
        """The reasons for the quantity, the vendor and the dates, one sentence
        each."""
        self.ensure_one()
        if self.action_type == "expedite":
            return [
                self.env._(
                    "%(qty)s come too late: needed on %(need)s, expected on %(date)s. "
                    "Ask for them to come earlier before you buy more.",
                    qty=self._quantity(self.shortage_qty),
                    need=format_date(self.env, self.need_date),
                    date=format_date(self.env, self.arrival_date),
                )
            ]
        return [
            *self._netting_sentences(),
            *self._quantity_sentences(),
            *self._vendor_sentences(),
            *self._way_sentences(),
        ]

    def _way_sentences(self):
        """What is under way for it."""
        # Buyers need not be able to read every kind of document.
        saved = self._origin.sudo()
        notes = saved._supply_notes() if saved.state == "ordered" else []
        return [self.env._("Under way: %s.", ", ".join(notes))] if notes else []

    def _supply_notes(self):
        """What was made of these suggestions, in a few words each."""
        notes = []
        for line in self.purchase_line_ids.filtered(
            lambda line: line.state != "cancel"
        ):
            figures = {
                "order": line.order_id.name,
                "date": format_date(self.env, line.date_planned),
            }
            notes.append(
                self.env._("PO %(order)s, expected %(date)s", **figures)
                if line.state == "purchase"
                else self.env._("RFQ %(order)s, expected %(date)s", **figures)
            )
        transfers = self.move_ids.picking_id.filtered(
            lambda picking: picking.state not in ("done", "cancel")
        )
        notes += [self.env._("Transfer %s", picking.name) for picking in transfers]
        return notes

    def _netting_sentences(self):
        parts = [self.env._("Short %s", self._quantity(self.shortage_qty))]
        if self.in_progress_qty:
            parts.append(
                self.env._("on request %s", self._quantity(self.in_progress_qty))
            )
        if self.other_qty:
            parts.append(
                self.env._("by other suggestions %s", self._quantity(self.other_qty))
            )
        netting = " − ".join(parts)
        if len(parts) == 1:
            return [f"{netting}."]
        return [f"{netting} = {self._quantity(self._missing_qty())}."]

    def _quantity_sentences(self):
        if self.action_type == "transfer":
            return [
                self.env._(
                    "%(warehouse)s has %(qty)s that nobody there needs.",
                    warehouse=self.source_warehouse_id.name,
                    qty=self._quantity(self.suggested_qty),
                )
            ]
        missing = self._missing_qty()
        extra = self.suggested_qty - missing
        if self.product_uom_id.compare(extra, 0) <= 0:
            if self.product_uom_id.compare(self.minimum_qty, self.suggested_qty) > 0:
                return [
                    self.env._(
                        "The minimum of the vendor is %s; customers are shipped what "
                        "they ordered.",
                        self._quantity(self.minimum_qty),
                    )
                ]
            return []
        figures = {
            "suggested": self._quantity(self.suggested_qty),
            "extra": self._quantity(extra),
        }
        sentences = []
        if self.product_uom_id.compare(self.minimum_qty, missing) > 0:
            sentences.append(
                self.env._(
                    "The minimum of the vendor is %s.",
                    self._quantity(self.minimum_qty),
                )
            )
        elif self.product_uom_id.compare(self._price_break(), missing) > 0:
            sentences.append(
                self.env._(
                    "From %s on the vendor asks less: all of it costs less than what "
                    "is missing.",
                    self._quantity(self._price_break()),
                )
            )
        if self.weekly_sales_qty:
            sentences.append(
                self.env._(
                    "Suggested %(suggested)s: %(extra)s extra, about %(weeks)s weeks "
                    "of sales.",
                    weeks=formatLang(self.env, extra / self.weekly_sales_qty, digits=1),
                    **figures,
                )
            )
        else:
            sentences.append(
                self.env._(
                    "Suggested %(suggested)s: %(extra)s extra, and none was sold in "
                    "the last 13 weeks.",
                    **figures,
                )
            )
        return sentences

    def _price_break(self):
        """From which quantity on the vendor sells at the price that was chosen."""
        return self.supplierinfo_id._least_qty() if self.supplierinfo_id else 0

    def _vendor_sentences(self):
        if self.action_type not in BUYING:
            return []
        sentences = []
        if self.partner_id and self.state in OPEN:
            sentences.append(
                self.env._(
                    "From %(vendor)s, ordered today it would arrive on %(date)s.",
                    vendor=self.partner_id.display_name,
                    date=format_date(self.env, self.arrival_date),
                )
            )
        elif not self.partner_id:
            sentences.append(
                self.env._(
                    "No vendor of %s can be chosen by itself: choose one below, or add "
                    "one to the product.",
                    self.product_id.display_name,
                )
            )
        product = self.product_id.with_company(self.company_id)
        return sentences + product._vendor_sentences()
