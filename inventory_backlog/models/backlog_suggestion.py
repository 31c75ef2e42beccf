from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_amount, format_date
from odoo.tools.misc import formatLang

from .backlog_line import VALUE_GROUPS

ACTIONS = [
    ("expedite", "Pull in"),
    ("transfer", "Transfer"),
    ("buy", "Buy"),
    ("dropship", "Buy for customer"),
]
STATES = [
    ("proposed", "Proposed"),
    ("snoozed", "Snoozed"),
    ("dismissed", "Dismissed"),
    ("ordered", "Under way"),
    ("done", "Done"),
]
# One suggestion of a kind for each product and warehouse.
OPEN = ("proposed", "snoozed", "dismissed")
BUYING = ("buy", "dropship")
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


class BacklogSuggestion(models.Model):
    """What to do about a shortage: pull a receipt in, bring goods from another
    warehouse, or buy. One row per product, warehouse and kind.

    The scheduled run (``generate``) creates, updates and withdraws suggestions; it
    never orders. What people decide stays: who dismissed sees it again only when more
    is short, who snoozed on that day. Quantities are in the unit of the product,
    amounts in the currency of the company, days in its time zone.
    """

    _name = "backlog.suggestion"
    _description = "Reorder Suggestion"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "rank, order_by_date, id"
    _rec_name = "product_id"

    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, index=True, ondelete="cascade"
    )
    product_tmpl_id = fields.Many2one(related="product_id.product_tmpl_id")
    categ_id = fields.Many2one(
        related="product_id.categ_id", string="Product Category", store=True
    )
    product_uom_id = fields.Many2one(
        related="product_id.uom_id", string="Unit", help="The unit of the product."
    )
    warehouse_id = fields.Many2one(
        "stock.warehouse", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    action_type = fields.Selection(
        ACTIONS,
        "Action",
        required=True,
        readonly=True,
        help="Pull in: a receipt comes too late, ask for it to come earlier. Transfer: "
        "another warehouse has it free. Buy: ask a vendor. Buy for customer: the "
        "vendor ships it straight to the customer.",
    )
    state = fields.Selection(
        STATES,
        compute="_compute_state",
        store=True,
        readonly=False,
        required=True,
        default="proposed",
        index=True,
        tracking=True,
        group_expand="_expand_states",
        help="Proposed: waits for a decision. Snoozed: comes back on its day. "
        "Dismissed: comes back when more is short. Under way: requested or ordered. "
        "Done: it arrived.",
    )
    rank = fields.Integer(
        "Priority",
        readonly=True,
        aggregator="min",
        help="What helps customers most for the money comes first: the value it "
        "releases, counted twice where it keeps a promise, per amount spent.",
    )
    urgency = fields.Selection(
        [("overdue", "Overdue"), ("week", "This week"), ("later", "Later")],
        compute="_compute_urgency",
        help="By the day it should be ordered.",
    )
    need_date = fields.Date(
        "Needed On",
        readonly=True,
        help="When the first of it is needed in the warehouse, days of security "
        "included.",
    )
    order_by_date = fields.Date(
        "Order By",
        readonly=True,
        help="The last working day on which to order so that it is there when needed: "
        "less the lead time of the vendor and the days to purchase of the company.",
    )
    arrival_date = fields.Date(
        "Would Arrive",
        readonly=True,
        help="When it would be there if it were ordered today; for a receipt to pull "
        "in, when it comes as things stand.",
    )
    shortage_qty = fields.Float(
        "Short",
        digits="Product Unit",
        readonly=True,
        help="What nobody brings, of all that is needed within the horizon of the "
        "company: for customers, production and other warehouses.",
    )
    in_progress_qty = fields.Float(
        "In Progress",
        digits="Product Unit",
        readonly=True,
        help="The part of it that requests for quotation, draft transfers and draft "
        "productions will cover once they are confirmed.",
    )
    other_qty = fields.Float(
        "By Other Suggestions",
        digits="Product Unit",
        readonly=True,
        help="The part of it that another suggestion covers, as a transfer.",
    )
    minimum_qty = fields.Float(
        "Vendor Minimum",
        digits="Product Unit",
        readonly=True,
        help="The least that the vendor sells, in the unit of the product.",
    )
    suggested_qty = fields.Float(
        "Suggested",
        digits="Product Unit",
        readonly=True,
        help="What to order: what is missing, raised to the vendor's minimum, to whole "
        "purchase units, and to the next price break where that costs less.",
    )
    weekly_sales_qty = fields.Float(
        "Sold per Week",
        digits="Product Unit",
        readonly=True,
        help="Average of what was shipped to customers in the last 13 weeks.",
    )
    supplierinfo_id = fields.Many2one(
        "product.supplierinfo", "Offer", readonly=True, index="btree_not_null"
    )
    partner_id = fields.Many2one(
        "res.partner", "Vendor", readonly=True, index="btree_not_null"
    )
    is_vendor_chosen = fields.Boolean(
        "Vendor Chosen by Hand",
        readonly=True,
        help="The scheduled run keeps this vendor as long as it can be chosen.",
    )
    source_warehouse_id = fields.Many2one(
        "stock.warehouse", "From", readonly=True, help="Which warehouse has it free."
    )
    obstacle = fields.Selection(
        selection="_selection_obstacle",
        readonly=True,
        help="Why it cannot be ordered as it is.",
    )
    estimated_cost = fields.Monetary(
        "Cost",
        readonly=True,
        help="Of the suggested quantity from this vendor, untaxed. Without a price of "
        "a vendor it is the cost of the product.",
    )
    released_value = fields.Monetary(
        "Releases",
        readonly=True,
        groups=VALUE_GROUPS,
        help="The open value of the order lines that wait for it. A line that waits "
        "for several things counts with each of them.",
    )
    saved_value = fields.Monetary(
        "Promises Kept",
        readonly=True,
        groups=VALUE_GROUPS,
        help="The part of the released value that comes by the promise if it is "
        "ordered today.",
    )
    snooze_until = fields.Date(readonly=True, copy=False)
    dismiss_reason = fields.Char(readonly=True, copy=False)
    dismissed_qty = fields.Float(
        digits="Product Unit",
        readonly=True,
        copy=False,
        help="What was short when it was dismissed. It comes back when more is.",
    )
    is_told = fields.Boolean(
        readonly=True, copy=False, help="Whether a digest mail has named it."
    )
    line_ids = fields.One2many(
        "backlog.suggestion.line", "suggestion_id", "For Whom", readonly=True
    )
    purchase_line_ids = fields.One2many(
        "purchase.order.line",
        "backlog_suggestion_id",
        "Purchase Lines",
        readonly=True,
        groups="purchase.group_purchase_user",
    )
    move_ids = fields.One2many(
        "stock.move", "backlog_suggestion_id", "Transferred", readonly=True
    )
    picking_id = fields.Many2one(
        "stock.picking", "Transfer", compute="_compute_picking_id"
    )
    asked_activity_ids = fields.Many2many(
        "mail.activity", string="Asked", readonly=True, copy=False
    )
    explanation = fields.Text(compute="_compute_explanation")
    option_table = fields.Json(
        "Vendors Compared",
        compute="_compute_option_table",
        exportable=False,
        help="What each vendor of the product would mean for this need.",
    )
    # Buyers need not be able to read every kind of document that may come out.
    can_undo = fields.Boolean(compute="_compute_can_undo", compute_sudo=True)

    _one_open = models.UniqueIndex(
        "(product_id, warehouse_id, action_type)"
        " WHERE state IN ('proposed', 'snoozed', 'dismissed')",
        "There is a suggestion of this kind for this product and warehouse already.",
    )
    _state_rank = models.Index("(company_id, state, rank)")

    @api.model
    def _selection_obstacle(self):
        obstacles = {"no_vendor": self.env._("No vendor can be chosen")}
        return list(obstacles.items())

    @api.model
    def _expand_states(self, states, domain):
        """A column for every state, unless a filter says which: an empty one would
        look as if there were none."""
        if any(one.field_expr == "state" for one in Domain(domain).iter_conditions()):
            return [state for state, _name in STATES if state in states]
        return [state for state, _name in STATES]

    @api.depends("product_id", "warehouse_id")
    def _compute_display_name(self):
        for suggestion in self:
            suggestion.display_name = (
                f"{suggestion.product_id.display_name} · {suggestion.warehouse_id.name}"
            )

    @api.depends("state")
    def _compute_picking_id(self):
        for suggestion in self:
            suggestion.picking_id = suggestion.move_ids.picking_id[-1:]

    # Following what was ordered

    @api.depends(
        "move_ids.state",
        "purchase_line_ids.product_qty",
        "purchase_line_ids.qty_received",
        "purchase_line_ids.state",
    )
    def _compute_state(self):
        for suggestion in self:
            state = suggestion.state or "proposed"
            if state in ("ordered", "done"):
                state = suggestion._followed_state()
            suggestion.state = state

    def _followed_state(self):
        """Where what was ordered stands: cancelled, it is proposed again."""
        self.ensure_one()
        steps = self._ordered_steps()
        if not steps:
            return self.state
        if "open" in steps:
            return "ordered"
        if "done" in steps:
            return "done"
        # When the need has been proposed anew meanwhile, that one counts it.
        return "done" if self._open_twin() else "proposed"

    def _ordered_steps(self):
        """Where each document of this suggestion stands: ``open``, ``done`` or
        ``cancel``; empty when it never had one."""
        steps = [line._suggestion_step() for line in self.purchase_line_ids]
        for state in self.move_ids.mapped("state"):
            steps.append(state if state in ("done", "cancel") else "open")
        if not steps and self.state == "ordered" and self.action_type != "expedite":
            # Somebody deleted the request.
            return ["cancel"]
        return steps

    def _open_twin(self):
        return self.search(
            [
                ("product_id", "=", self.product_id.id),
                ("warehouse_id", "=", self.warehouse_id.id),
                ("action_type", "=", self.action_type),
                ("state", "in", OPEN),
                ("id", "!=", self._origin.id),
            ],
            limit=1,
        )

    # No more depends here and below: they would cost every receipt and transfer a
    # query, for texts that are read once.
    @api.depends("state")
    def _compute_can_undo(self):
        for suggestion in self:
            suggestion.can_undo = (
                suggestion.state == "ordered" and suggestion._is_draft()
            )

    def _is_draft(self):
        """Whether everything that was created is still a draft."""
        if self.action_type == "expedite":
            return True
        return all(
            line.state in ("draft", "sent") for line in self.purchase_line_ids
        ) and set(self.move_ids.mapped("state")) <= {"draft"}

    # What people see

    @api.depends("order_by_date", "state")
    def _compute_urgency(self):
        for suggestion in self:
            today = (
                suggestion.company_id._backlog_today()
                if suggestion.company_id
                else fields.Date.today()
            )
            day = suggestion.order_by_date
            if suggestion.state != "proposed" or not day:
                suggestion.urgency = "later"
            elif day < today:
                suggestion.urgency = "overdue"
            else:
                near = day <= today + timedelta(days=7)
                suggestion.urgency = "week" if near else "later"

    @api.depends_context("lang", "uid")
    @api.depends("shortage_qty", "suggested_qty", "state", "arrival_date")
    def _compute_explanation(self):
        for suggestion in self:
            suggestion.explanation = "\n".join(suggestion._sentences())

    def _action_name(self):
        selection = self._fields["action_type"]._description_selection(self.env)
        return dict(selection)[self.action_type]

    def _quantity(self, quantity):
        return self.env["backlog.line"]._quantity(quantity, self.product_uom_id)

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
        notes = self.sudo()._supply_notes() if self.state == "ordered" else []
        return [self.env._("Under way: %s.", ", ".join(notes))] if notes else []

    def _netting_sentences(self):
        missing = self.shortage_qty - self.in_progress_qty - self.other_qty
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
        return [f"{netting} = {self._quantity(missing)}."]

    def _quantity_sentences(self):
        if self.action_type == "transfer":
            return [
                self.env._(
                    "%(warehouse)s has %(qty)s that nobody there needs.",
                    warehouse=self.source_warehouse_id.name,
                    qty=self._quantity(self.suggested_qty),
                )
            ]
        missing = self.shortage_qty - self.in_progress_qty - self.other_qty
        extra = self.suggested_qty - missing
        if self.product_uom_id.compare(extra, 0) <= 0:
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

    @api.depends("shortage_qty", "suggested_qty", "partner_id", "state")
    @api.depends_context("lang", "uid")
    def _compute_option_table(self):
        for suggestion in self:
            # Salespeople's rights do not matter here: only buyers read suggestions.
            suggestion.option_table = (
                suggestion.sudo().with_company(suggestion.company_id)._options()
                if suggestion.action_type in BUYING
                else False
            )

    def _options(self):
        """Every vendor of the product, with what it would mean to buy this need there:
        ``{"rows": [{"partner_id", "vendor", "price", "cost", "quantity", "arrival",
        "kept", "parity", "lights", "note", "chosen", "possible"}]}``, in finished
        texts."""
        product = self.product_id
        missing = self.product_uom_id.round(sum(self.line_ids.mapped("qty")))
        possible = product._get_filtered_sellers(quantity=None).partner_id
        sellers = product._prepare_sellers(False)
        return {
            "possible": self.state in OPEN,
            "rows": [
                self._option(partner, missing, partner in possible)
                for partner in sellers.partner_id
            ],
        }

    def _option(self, partner, missing, possible):
        multiple = self._orderpoint_multiple()
        offer = self._cheapest_offer(self.product_id, partner, missing, multiple)
        ordered, cost = self._order_quantity(offer, missing, multiple)
        arrival = self._arrival(offer)
        promised = self.line_ids.filtered("promise_date")
        kept = promised.filtered(lambda line: arrival <= line.promise_date)
        currency = self.company_id.currency_id
        states = dict(offer._fields["parity_state"]._description_selection(self.env))
        return {
            "partner_id": partner.id,
            "vendor": partner.display_name,
            "price": format_amount(self.env, offer._unit_price(), currency),
            "quantity": self._quantity(ordered),
            "cost": format_amount(self.env, cost, currency),
            "arrival": format_date(self.env, arrival),
            "kept": self.env._("%(kept)s of %(all)s", kept=len(kept), all=len(promised))
            if promised
            else "",
            "all_kept": len(kept) == len(promised),
            "parity": states.get(offer.parity_state, ""),
            "lights": offer.vendor_lights,
            "note": "" if possible else offer._why_not_chosen(),
            "possible": possible,
            "chosen": partner == self.partner_id,
        }

    def _orderpoint_multiple(self):
        """The unit in which the reordering rule of the warehouse orders, if any."""
        run = self.with_company(self.company_id)
        facts = run._facts(self.product_id.ids)[self.product_id.id]
        return facts.multiples.get(self.warehouse_id.id)

    # Deciding

    def action_choose_vendor(self, partner_id):
        """Buy this need from another vendor of the product. The scheduled run keeps
        the choice as long as the vendor can be chosen.

        :param int partner_id: one of the vendors of the product
        :return: True
        :raise UserError: when the vendor does not sell the product or is out
        """
        self.ensure_one()
        self.check_access("write")
        self._check_open()
        # As in ``generate``.
        one = self.sudo().with_company(self.company_id)
        possible = one.product_id._get_filtered_sellers(quantity=None).partner_id
        if partner_id not in possible.ids or self.action_type not in BUYING:
            raise UserError(
                self.env._(
                    "This vendor cannot be chosen for %s: it does not sell it, is out, "
                    "or is not approved.",
                    self.display_name,
                )
            )
        one.write({"partner_id": partner_id, "is_vendor_chosen": True})
        self._look_again()
        return True

    def _check_open(self):
        if settled := self.filtered(lambda one: one.state not in OPEN):
            raise UserError(
                self.env._(
                    "%s: this is under way or done already. Undo it first.",
                    ", ".join(settled[:5].mapped("display_name")),
                )
            )

    def action_dismiss(self, reason):
        """Set these suggestions aside. Each comes back by itself when more is short
        than now.

        :param str reason: why, for those who look later
        :return: True
        :raise UserError: without a reason, or for what is under way or done
        """
        if not isinstance(reason, str) or not reason.strip():
            raise UserError(self.env._("Say in a few words why you dismiss it."))
        self.check_access("write")
        self._check_open()
        for suggestion in self:
            suggestion.write(
                {
                    "state": "dismissed",
                    "dismiss_reason": reason.strip(),
                    "dismissed_qty": suggestion.shortage_qty,
                    "snooze_until": False,
                }
            )
        self._forget()
        return True

    def action_snooze(self, until):
        """Do not show these suggestions before a day.

        :param str until: the day on which they come back (``YYYY-MM-DD``)
        :return: True
        :raise UserError: for a day that is not to come, or for what is under way or
            done
        """
        try:
            day = fields.Date.to_date(until)
        except (TypeError, ValueError) as error:
            raise UserError(
                self.env._("The date must look like 2030-12-31.")
            ) from error
        self.check_access("write")
        self._check_open()
        for company, suggestions in self.grouped("company_id").items():
            if not day or day <= company._backlog_today():
                raise UserError(self.env._("Choose a day after today."))
            suggestions.write(
                {"state": "snoozed", "snooze_until": day, "dismiss_reason": False}
            )
        self._forget()
        return True

    def action_propose(self):
        """Bring back what was snoozed or dismissed."""
        self.check_access("write")
        self._check_open()
        self.write(
            {"state": "proposed", "snooze_until": False, "dismiss_reason": False}
        )
        self._forget()
        return True

    def _forget(self):
        """Somebody decided: the next run looks at these products again."""
        # The memory of the run belongs to nobody.
        self.env["backlog.suggestion.check"].sudo().search(
            [("product_id", "in", self.product_id.ids)]
        ).unlink()


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
    company_id = fields.Many2one(related="suggestion_id.company_id", store=True)
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
