from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .backlog_line import VALUE_GROUPS
from .link import Link

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
MAIL_MODELS = ("mail.thread", "mail.activity.mixin")
# Who can read transfers.
TRANSFER_GROUPS = "stock.group_stock_user,purchase.group_purchase_user"


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
    _inherit = [*MAIL_MODELS, "backlog.bounds.mixin"]
    _order = "rank, order_by_date, id"
    _rec_name = "product_id"

    product_id = Link(
        "product.product", required=True, readonly=True, index=True, ondelete="cascade"
    )
    product_tmpl_id = Link(related="product_id.product_tmpl_id")
    categ_id = Link(
        related="product_id.categ_id", string="Product Category", store=True
    )
    product_uom_id = Link(
        related="product_id.uom_id", string="Unit", help="The unit of the product."
    )
    warehouse_id = Link(
        "stock.warehouse", required=True, readonly=True, ondelete="cascade"
    )
    company_id = Link(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    currency_id = Link(related="company_id.currency_id")
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
    supplierinfo_id = Link(
        "product.supplierinfo", "Offer", readonly=True, index="btree_not_null"
    )
    partner_id = Link("res.partner", "Vendor", readonly=True, index="btree_not_null")
    is_vendor_chosen = fields.Boolean(
        "Vendor Chosen by Hand",
        readonly=True,
        help="The scheduled run keeps this vendor as long as it can be chosen.",
    )
    source_warehouse_id = Link(
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
    snooze_until = fields.Date(
        readonly=True, copy=False, help="The day on which it is proposed again."
    )
    dismiss_reason = fields.Char(
        readonly=True, copy=False, help="Why somebody set it aside."
    )
    dismissed_qty = fields.Float(
        digits="Product Unit",
        readonly=True,
        copy=False,
        help="What was short when it was dismissed. It comes back when more is.",
    )
    is_returned = fields.Boolean(
        compute="_compute_state",
        store=True,
        copy=False,
        help="What was ordered for it was cancelled. The scheduled run does not order "
        "it again, and keeps one when the need was proposed anew meanwhile.",
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
        "stock.move",
        "backlog_suggestion_id",
        "Transferred",
        readonly=True,
        groups=TRANSFER_GROUPS,
    )
    picking_id = Link(
        "stock.picking",
        "Transfer",
        compute="_compute_picking_id",
        groups=TRANSFER_GROUPS,
    )
    asked_activity_ids = fields.Many2many(
        "mail.activity", string="Asked", readonly=True, copy=False
    )
    # Buyers need not be able to read every kind of document that may come out.
    can_undo = fields.Boolean(compute="_compute_can_undo", compute_sudo=True)

    _one_open = models.UniqueIndex(
        "(product_id, warehouse_id, action_type)"
        " WHERE state IN ('proposed', 'snoozed', 'dismissed')"
        " AND is_returned IS NOT TRUE",
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
            returned = suggestion.is_returned
            if state in ("ordered", "done"):
                state = suggestion._followed_state()
                returned = state == "proposed"
            suggestion.state = state
            suggestion.is_returned = returned

    def _followed_state(self):
        """Where what was ordered stands: cancelled, it is proposed again."""
        self.ensure_one()
        steps = self._ordered_steps()
        if not steps:
            return self.state
        if "open" in steps:
            return "ordered"
        return "done" if "done" in steps else "proposed"

    def _ordered_steps(self):
        """Where each document of this suggestion stands: ``open``, ``done`` or
        ``cancel``; empty when it never had one."""
        steps = [line._suggestion_step() for line in self.purchase_line_ids]
        steps += [
            state if state in ("done", "cancel") else "open"
            for state in self.move_ids.mapped("state")
        ]
        if not steps and self.state == "ordered" and self.action_type != "expedite":
            # Somebody deleted the request.
            return ["cancel"]
        return steps

    # No more depends here and below: they would cost every receipt and transfer a
    # query, for texts that are read once.
    @api.depends("state")
    def _compute_can_undo(self):
        # Of what is saved: a form may name documents that are not of the suggestion.
        for suggestion in self:
            saved = suggestion._origin
            suggestion.can_undo = saved.state == "ordered" and saved._is_draft()

    def _is_draft(self):
        """Whether everything that was created, and not cancelled, is still a draft."""
        if self.action_type == "expedite":
            return True
        states = {
            *self.purchase_line_ids.mapped("state"),
            *self.move_ids.mapped("state"),
        }
        return states - {"cancel"} <= {"draft"}

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
