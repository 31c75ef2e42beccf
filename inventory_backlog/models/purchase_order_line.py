from collections import defaultdict

from odoo import api, fields, models

from ..const import BUYERS, INTERNAL, OPEN_SUGGESTIONS, REQUEST_STATES
from ..tools.bounds import (
    bounded,
    bounded_days,
    bounded_moment,
    bounded_money,
    converted,
    is_bounded_factor,
)
from ..tools.given import giving
from ..tools.link import Link
from ..tools.names import named
from .backlog_history_mixin import Ours

# Fields that the figures of a vendor are computed from, besides its receipts.
JUDGED = {"discount", "first_promise_date", "price_unit", "product_qty"}


class PurchaseOrderLine(models.Model):
    """The first promise of the vendor, which it is judged by, what is still to come,
    and the suggestion that the line was made from."""

    _name = "purchase.order.line"
    _inherit = [
        "purchase.order.line",
        "backlog.history.mixin",
        "backlog.upkeep.mixin",
    ]

    first_promise_date = fields.Datetime(
        "First Promise",
        compute="_compute_first_promise_date",
        store=True,
        copy=False,
        history=True,
        help="When the vendor first promised it: the expected arrival at the moment "
        "the order was confirmed. Later changes of the date do not touch it, so that "
        "vendors are held to their word. Where that day had passed when the order was "
        "confirmed, as many days from the confirmation as the request gave.",
    )
    backlog_suggestion_id = Link(
        "backlog.suggestion",
        "Reorder Suggestion",
        readonly=True,
        copy=False,
        history=True,
        index="btree_not_null",
        ondelete="set null",
        groups=INTERNAL,
        help="The suggestion that it was made from; it says which orders wait for it.",
    )
    backlog_for_whom = fields.Char(
        "For Whom",
        compute="_compute_backlog_for_whom",
        groups=BUYERS,
        help="Who waits for it: of the suggestion that it was made from, else who gets "
        "what it brings, or waits for the request to be confirmed.",
    )

    # What the vendor is judged by

    @api.depends("state")
    def _compute_first_promise_date(self):
        for line in self:
            if line.state != "purchase":
                line.first_promise_date = False
            else:
                line.first_promise_date = (
                    line.first_promise_date or line._promised_when_confirmed()
                )
        # A line that is due when it is confirmed is overdue at once.
        now = fields.Datetime.now()
        self.filtered(
            lambda line: line.first_promise_date and line.first_promise_date <= now
        )._touch_vendors()

    def _promised_when_confirmed(self):
        """The expected arrival. Odoo does not move it when a request that lay for days
        is confirmed; the vendor is asked then, and has as long as it was to have."""
        planned = self.date_planned
        asked = self.order_id.date_order
        confirmed = self.order_id.date_approve
        # By the days where the company is.
        day_of = (self.company_id or self.env.company)._backlog_day_of
        if (
            planned
            and asked
            and confirmed
            and asked < planned < confirmed
            and day_of(planned) < day_of(confirmed)
        ):
            return confirmed + (planned - asked)
        return planned

    def _compute_qty_received(self):
        # Goods were received, returned or cancelled: the figures of the vendors
        # changed.
        self.filtered(
            lambda line: {"done", "cancel"} & set(line.move_ids.mapped("state"))
        )._touch_vendors()
        return super()._compute_qty_received()

    def write(self, vals):
        """Mark the cached figures of the vendor as stale when what they are computed
        from changes, and note on open receipts that the purchase has another day."""
        if JUDGED & vals.keys():
            self._touch_vendors()
        told = self._dated_anew(vals)
        with self._telling_less(vals):
            result = super().write(vals)
        told.move_ids._note_date_by("purchase")
        return result

    def _dated_anew(self, vals):
        """The lines for which writing ``vals`` says another day."""
        if not vals.get("date_planned"):
            return self.browse()
        day = fields.Datetime.to_datetime(vals["date_planned"])
        return self.filtered(lambda line: line.date_planned != day)

    def _telling_less(self, vals):
        """Tell the salespeople who lose goods when ``vals`` lower what is ordered."""
        less = self.browse()
        if "product_qty" in vals:
            quantity = vals["product_qty"] or 0
            less = self.filtered(
                lambda line: line.state == "purchase" and line.product_qty > quantity
            )
        return self.env["backlog.foresight"]._telling(
            less.order_id,
            self.env._(
                "%s brings less: look for other supply",
                ", ".join(less.order_id.mapped("name")),
            ),
        )

    @api.onchange("date_planned", "product_qty")
    def _onchange_backlog(self):
        """Warn before a date or a quantity is saved that breaks promises."""
        origin = self._origin
        # By the rights of the user: a form may name any purchase.
        if (
            origin.state != "purchase"
            or not origin.has_access("write")
            or not self.env["backlog.line"].has_access("read")
        ):
            return None
        foresight = self.env["backlog.foresight"]
        if self.product_qty < origin.product_qty:
            return foresight._warning(foresight._lowered(origin, self.product_qty))
        if self.date_planned and self.date_planned != origin.date_planned:
            return foresight._warning(foresight._moved(origin, self.date_planned))
        return None

    def _touch_vendors(self):
        """Mark the cached figures of the vendors of confirmed lines as stale."""
        confirmed = self.filtered(lambda line: line.state == "purchase" and line.id)
        if vendors := confirmed.order_id.partner_id:
            self.env["backlog.vendor.touch"]._touch(vendors)

    def _usual_lateness(self):
        """``{line: days}``: how many days after its first promise the vendor of each
        line usually delivers, below zero for early. It is the median of its receipts of
        the product, or of all its receipts where those are too few; where all are too
        few the line is left out."""
        found = {}
        for company, lines in self.grouped("company_id").items():
            vendors = self.env["backlog.vendor"].with_company(company)
            measures = self.env["backlog.vendor.measure"].with_company(company)
            enough = vendors._enough()
            templates = lines.product_id.product_tmpl_id
            known = measures._of_vendors(
                lines.partner_id.commercial_partner_id,
                "lateness_median",
                [-template_id for template_id in templates.ids],
            )
            for line in lines:
                vendor_id = line.partner_id.commercial_partner_id.id
                for key in (-line.product_id.product_tmpl_id.id, 0):
                    receipts, days = known.get((vendor_id, key), (0, 0))
                    if receipts >= enough and line not in found:
                        found[line] = days
        return found

    # If another vendor delivered it

    def _stand_in(self):
        """The vendor line that this request would move to: the best backup for its
        quantity."""
        product = self.product_id.with_company(self.company_id)
        vendor = self.order_id.partner_id.commercial_partner_id
        return product._stand_in_for(vendor, self.product_uom_qty)

    def _cost_now(self):
        """What the whole line costs, untaxed, in the currency of the company."""
        rate = self.order_id.currency_rate
        return bounded_money(self.price_subtotal) / (
            rate if is_bounded_factor(rate) else 1
        )

    def _cost_from(self, offer):
        """The same from the vendor line ``offer``."""
        offer = offer.with_company(self.company_id)
        return offer._unit_price() * bounded(self.product_uom_qty)

    def _arrival_from(self, offer):
        """When it arrives if the vendor line ``offer`` is ordered from when this
        request is to be confirmed, today at the earliest."""
        days = bounded_days(offer.with_company(self.company_id).delay)
        return fields.Datetime.add(self._ordered_on(), days=days)

    def _ordered_on(self):
        """When it is ordered, now at the earliest."""
        return max(fields.Datetime.now(), bounded_moment(self.order_id.date_order))

    def _extra_days(self, offer):
        """How many days later it arrives from the vendor line ``offer`` than this line
        says."""
        if not self.date_planned:
            return 0
        return (self._arrival_from(offer) - self.date_planned).days

    # What is still to come

    def _open_qty(self):
        """The quantity still to come, in the unit of the product. A line that was
        closed short has none."""
        self.ensure_one()
        if self.state != "purchase":
            return bounded(self.product_uom_qty)
        receipts = self.move_ids.filtered(
            lambda move: (
                move.state not in ("done", "cancel") and not move._is_purchase_return()
            )
        )
        # Of a kit its components are received, which do not add up to kits.
        if (
            self.qty_received_method != "stock_moves"
            or receipts.product_id - self.product_id
        ):
            missing = max(0, bounded(self.product_qty) - bounded(self.qty_received))
            uom = self.product_id.uom_id
            return uom.round(
                converted(missing, self.product_uom_id, uom), rounding_method="UP"
            )
        return sum(bounded(move.product_qty) for move in receipts)

    def _suggestion_step(self):
        """The state of this line for the suggestion it was made from: ``open``,
        ``done`` or ``cancel``."""
        self.ensure_one()
        if self.state == "cancel":
            return "cancel"
        if (
            self.state != "purchase"
            or self.product_uom_id.compare(self._open_qty(), 0) > 0
        ):
            return "open"
        return "done" if self.qty_received else "cancel"

    # Made from a suggestion

    @api.depends("backlog_suggestion_id")
    @api.depends_context("lang")
    def _compute_backlog_for_whom(self):
        # Odoo checks access when it reads what is stored, and not when it computes.
        self._origin.check_access("read")
        # sudo: buyers cannot read customers' orders, but may see the names. Read the
        # saved record: a form could bring the id of a hidden one.
        saved = self._origin.sudo()
        names = saved._waiting_names()
        for line in self:
            own = line._origin.sudo()
            suggested = own.backlog_suggestion_id.line_ids._names()
            line.backlog_for_whom = ", ".join(suggested or names.get(own, []))

    def _waiting_names(self):
        """``{line: [name]}``: who waits for lines that were not made from a suggestion.
        Of what is confirmed the allocation knows, of a request the suggestion to
        confirm it."""
        others = self.filtered(lambda line: not line.backlog_suggestion_id)
        return {
            **others.filtered(lambda line: line.state == "purchase")._served_names(),
            **others.filtered(lambda line: line.state in REQUEST_STATES)._asked_names(),
        }

    def _served_names(self):
        """``{line: [name]}`` of those whose goods the receipts of these lines bring."""
        if not self:
            return {}
        impact, allocation = self.env["backlog.impact"], self.env["backlog.allocation"]
        # Two receipts may share their next step.
        lines_of = defaultdict(self.browse)
        for line in self:
            for move in impact._receipts(line):
                lines_of[move] |= line
        with giving(allocation, product_ids=self.product_id.ids) as asked:
            slices = asked.search_fetch(
                [("receipt_move_id", "in", [move.id for move in lines_of])]
            )
        names = defaultdict(dict)
        for row in slices.with_env(self.env).sorted("id"):
            if order := row.order_line_id.order_id:
                name = f"{order.name} · {named(order.partner_id).display_name}"
            elif document := row.move_id._asking_document():
                model, record_id = document.split(",")
                name = named(self.env[model].browse(int(record_id))).display_name
            else:
                continue
            for line in lines_of[row.receipt_move_id]:
                names[line][name] = True
        return {line: list(found) for line, found in names.items()}

    def _asked_names(self):
        """``{line: [name]}`` of those who wait for these lines of requests."""
        if not self:
            return {}
        requests = [f"purchase.order,{one}" for one in self.order_id.ids]
        asked = self.env["backlog.suggestion.line"].search(
            [
                ("suggestion_id.action_type", "=", "confirm"),
                ("suggestion_id.state", "in", OPEN_SUGGESTIONS),
                ("suggestion_id.product_id", "in", self.product_id.ids),
                ("document", "in", requests),
            ]
        )
        return {
            line: asked.filtered(
                lambda row, line=line: (
                    row.product_id == line.product_id and row.document == line.order_id
                )
            )._names()
            for line in self
        }

    def _find_candidate(self, *args):
        """Keep lines that were made from a suggestion apart: they can be undone, and
        name the orders that wait for them."""
        suggestion_id = args[-1].get("backlog_suggestion_id") or False
        lines = self.filtered(
            lambda line: line.backlog_suggestion_id.id == suggestion_id
        )
        return super(PurchaseOrderLine, lines)._find_candidate(*args)

    @api.model
    def _prepare_purchase_order_line_from_procurement(self, *args):
        result = super()._prepare_purchase_order_line_from_procurement(*args)
        values = args[-2]
        if values.get("backlog_suggestion_id"):
            suggestion = self.env["backlog.suggestion"]
            result["backlog_suggestion_id"] = Ours(
                suggestion.browse(values["backlog_suggestion_id"])
            )
        return result

    def _merge_po_line(self, rfq_line):
        """Keep lines that were made from a suggestion apart, also when their request is
        merged into another one."""
        if rfq_line.backlog_suggestion_id != self.backlog_suggestion_id:
            rfq_line.order_id = self.order_id
            return None
        return super()._merge_po_line(rfq_line)
