from datetime import date

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..const import ASKED, BUYING
from ..models.reorder.backlog_procure import Choice
from ..tools.link import Link, check_readable

MOST_YEARS = 10


class BacklogSuggestionAcceptLine(models.TransientModel):
    """One suggestion, or a share of it, and what is to be ordered of it."""

    _name = "backlog.suggestion.accept.line"
    _inherit = ["backlog.bounds.mixin"]
    _description = "Suggestion to Accept"
    _order = "suggestion_id, is_split, id"

    accept_id = Link(
        "backlog.suggestion.accept", "Window", required=True, ondelete="cascade"
    )
    # Empty when the run withdrew it while the window was open: confirming says so.
    suggestion_id = Link("backlog.suggestion", ondelete="set null")
    is_chosen = fields.Boolean(
        "Accept",
        compute="_compute_is_chosen",
        compute_sudo=False,
        store=True,
        readonly=False,
        help="What is to be bought waits for a vendor.",
    )
    is_split = fields.Boolean(help="A share of another line of this window.")
    share = fields.Float(
        "Share (%)",
        default=100,
        digits=(5, 1),
        help="The part of what is missing that this vendor gets.",
    )
    product_id = Link(related="suggestion_id.product_id", related_sudo=False)
    product_tmpl_id = Link(related="product_id.product_tmpl_id", related_sudo=False)
    product_uom_id = Link(related="suggestion_id.product_uom_id", related_sudo=False)
    warehouse_id = Link(related="suggestion_id.warehouse_id", related_sudo=False)
    company_id = Link(related="suggestion_id.company_id", related_sudo=False)
    currency_id = Link(related="company_id.currency_id", related_sudo=False)
    action_type = fields.Selection(
        related="suggestion_id.action_type", related_sudo=False
    )
    need_date = fields.Date(related="suggestion_id.need_date", related_sudo=False)
    is_buying = fields.Boolean(compute="_compute_is_buying")
    is_fixed = fields.Boolean(
        compute="_compute_is_buying", help="There is no quantity or date to choose."
    )
    supplierinfo_id = Link(
        "product.supplierinfo",
        "Vendor",
        domain="[('product_tmpl_id', '=', product_tmpl_id),"
        " ('product_id', 'in', (False, product_id)),"
        " ('company_id', 'in', (False, company_id))]",
    )
    qty = fields.Float(
        "Quantity",
        digits="Product Unit",
        compute="_compute_qty",
        compute_sudo=False,
        store=True,
        readonly=False,
        help="In the unit of the product. Another vendor or share proposes a new one, "
        "with the minimum and the purchase unit of the vendor.",
    )
    earliest_date = fields.Date(
        "Earliest",
        compute="_compute_earliest_date",
        help="When it would be there if it were ordered today.",
    )
    arrival_date = fields.Date(
        "Arrival",
        compute="_compute_arrival_date",
        compute_sudo=False,
        store=True,
        readonly=False,
        help="When it should be there: when it is needed, or the earliest that the "
        "vendor can.",
    )
    cost = fields.Monetary(
        compute="_compute_cost",
        help="Untaxed, in the currency of the company.",
    )
    kept = fields.Char(
        "Promises Kept",
        compute="_compute_kept",
        help="How many of the promises to customers this quantity keeps if it arrives "
        "on that day, the earliest need first.",
    )
    is_too_late = fields.Boolean(compute="_compute_kept")

    @api.constrains("suggestion_id", "supplierinfo_id")
    def _check_readable(self):
        """Odoo lets everything be written into a link, and shows what is behind it."""
        check_readable(self, "suggestion_id", "supplierinfo_id")

    @api.depends("action_type")
    def _compute_is_buying(self):
        for line in self:
            line.is_buying = line.action_type in BUYING
            line.is_fixed = line.action_type in ASKED

    @api.depends("supplierinfo_id")
    def _compute_is_chosen(self):
        for line in self:
            line.is_chosen = line.supplierinfo_id or not line.is_buying

    @api.depends("supplierinfo_id", "share")
    def _compute_qty(self):
        suggestions = self.suggestion_id._origin
        multiples = suggestions.env["backlog.suggestion.text"]._orderpoint_multiples(
            suggestions
        )
        suggestions.env["backlog.suggestion.text"]._read_offers(suggestions)
        for line in self:
            suggestion = line._suggestion()
            if not suggestion:
                line.qty = 0
                continue
            if not line.is_buying or not line.supplierinfo_id:
                line.qty = suggestion.suggested_qty * line.share / 100
                continue
            missing = line.product_uom_id.round(
                sum(suggestion.line_ids.mapped("qty")) * line.share / 100
            )
            line.qty, _cost = suggestion.env["backlog.plan"]._order_quantity(
                line._offer(), missing, multiples[suggestion]
            )

    @api.depends("supplierinfo_id")
    def _compute_earliest_date(self):
        for line in self:
            suggestion = line._suggestion()
            if not line.is_buying:
                # Nobody knows when what is overdue comes.
                line.earliest_date = (
                    not suggestion.overdue_since and suggestion.arrival_date
                )
            else:
                line.earliest_date = line.supplierinfo_id and suggestion.env[
                    "backlog.plan"
                ]._arrival(line._offer())

    @api.depends("supplierinfo_id")
    def _compute_arrival_date(self):
        for line in self:
            if line.is_fixed or line.is_buying and not line.supplierinfo_id:
                line.arrival_date = line.earliest_date
            else:
                days = [line.need_date, line.earliest_date]
                line.arrival_date = max(filter(None, days), default=False)

    @api.depends("qty", "supplierinfo_id")
    def _compute_cost(self):
        self.env["backlog.suggestion.text"]._read_offers(self.suggestion_id._origin)
        for line in self:
            if line.is_buying and line.supplierinfo_id:
                price = line._offer()._unit_price()
            else:
                suggestion = line._suggestion()
                planned = suggestion.suggested_qty
                price = suggestion.estimated_cost / planned if planned else 0
            line.cost = line.qty * price

    @api.depends(
        "accept_id.line_ids.arrival_date",
        "accept_id.line_ids.is_chosen",
        "accept_id.line_ids.qty",
        "arrival_date",
        "qty",
    )
    @api.depends_context("lang")
    def _compute_kept(self):
        for line in self:
            suggestion = line._suggestion()
            arrival = line.arrival_date
            promised = suggestion.line_ids.filtered("promise_date")
            kept = [
                waiting
                for waiting in line._served(suggestion)
                if arrival and waiting.keep_by_date and arrival <= waiting.keep_by_date
            ]
            line.kept = bool(arrival and promised) and self.env._(
                "%(kept)s of %(all)s", kept=len(kept), all=len(promised)
            )
            line.is_too_late = bool(arrival) and (
                len(kept) < len(promised)
                or bool(line.earliest_date and arrival < line.earliest_date)
            )

    def _served(self, suggestion):
        """Who of those that wait for the suggestion gets all of it with this quantity,
        the earliest need first. What is split off serves them in the order in which it
        arrives, and the part that completes one serves it."""
        ahead = self.accept_id.line_ids.filtered(
            lambda other: (
                other._origin != self._origin
                and other.is_chosen
                and other.suggestion_id == self.suggestion_id
                and other._place() < self._place()
            )
        )
        compare = self.product_uom_id.compare
        before = sum(ahead.mapped("qty"))
        after = before + self.qty
        served = []
        needed = 0
        for waiting in suggestion.line_ids:
            needed += waiting.qty
            if compare(needed, before) > 0 and compare(needed, after) <= 0:
                served.append(waiting)
        return served

    def _place(self):
        return self.arrival_date or date.max, self.is_split, self._origin.id or 0

    def _suggestion(self):
        """The suggestion in its company, as superuser: buyers may not read the orders
        behind it, only how many promises are kept."""
        suggestion = self.suggestion_id._origin
        suggestion.check_access("read")
        suggestion = suggestion.sudo()
        return suggestion.with_company(suggestion.company_id)

    def _offer(self):
        """The vendor line in the company of the suggestion, with figures of receipts
        that the buyer need not be able to read."""
        offer = self.supplierinfo_id._origin
        offer.check_access("read")
        return offer.sudo().with_company(self.company_id)

    def action_split(self):
        """Give a half to a second vendor: the one that would stand in."""
        self.ensure_one()
        product = self._suggestion().product_id
        product = product.with_company(self.company_id)
        other = product._stand_in_for(
            self.supplierinfo_id.partner_id.commercial_partner_id.sudo(), self.qty / 2
        )
        half = self.share / 2
        self.share = half
        self.create(
            {
                "accept_id": self.accept_id.id,
                "suggestion_id": self.suggestion_id.id,
                "is_split": True,
                "share": half,
                "supplierinfo_id": other.id,
            }
        )
        return self.accept_id._action_window()

    def _check_chosen(self):
        """Refuse what cannot be ordered, and say why."""
        if not self:
            raise UserError(
                self.env._(
                    "Choose at least one line. What is to be bought without a vendor "
                    "needs one first: choose it here, or add one to the product."
                )
            )
        if self.filtered(lambda line: not line.suggestion_id):
            raise UserError(
                self.env._(
                    "One of these suggestions was withdrawn meanwhile: nothing is "
                    "short any more. Close this window and look again."
                )
            )
        if missing := self.filtered(
            lambda line: line.is_buying and not line.supplierinfo_id
        ):
            raise UserError(
                self.env._(
                    "Choose a vendor for %s, or do not accept it. A product without "
                    "vendors gets one on its own form.",
                    ", ".join(missing.product_id.mapped("display_name")),
                )
            )
        if never := self.filtered(
            lambda line: line.arrival_date and not line._is_near(line.arrival_date)
        ):
            raise UserError(
                self.env._(
                    "Choose an arrival within %(years)s years from today for "
                    "%(products)s.",
                    years=MOST_YEARS,
                    products=", ".join(never.product_id.mapped("display_name")),
                )
            )
        if nothing := self.filtered(
            lambda line: line.product_uom_id.compare(line.qty, 0) <= 0
        ):
            raise UserError(
                self.env._(
                    "Order more than nothing of %s, or do not accept it.",
                    ", ".join(nothing.product_id.mapped("display_name")),
                )
            )

    def _is_near(self, day):
        """Whether a purchase can be dated by it."""
        return abs(day.year - self.company_id._backlog_today().year) <= MOST_YEARS

    def _choice(self):
        return Choice(
            self.suggestion_id,
            self.qty,
            self._offer() if self.is_buying else None,
            None if self.is_fixed else self.arrival_date,
        )
