from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...const import (
    ASKED,
    BUYING,
    OPEN_SUGGESTIONS,
    PURCHASE_USERS,
    REQUEST_STATES,
    TRANSFER_GROUPS,
    VALUE_GROUPS,
)
from ...tools.actions import open_records
from ...tools.arguments import checked_product_ids
from ...tools.figures import search_figure
from ...tools.link import Link
from ...tools.names import named
from ...tools.texts import quantity_with_unit

ACTIONS = [
    ("confirm", "Confirm"),
    ("expedite", "Chase vendor"),
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
URGENCY_COLORS = {"overdue": 1, "week": 3}
# What buyers edit in lists.
CHOSEN_FIELDS = {"partner_id", "suggested_qty"}
MAIL_MODELS = ("mail.thread", "mail.activity.mixin")
STATES_OF = {
    "overdue": {"proposed"},
    "week": {"proposed"},
    "later": {"proposed"},
    "under_way": {"ordered"},
}
PRODUCTS_NAMED = 5
ORDERS_NAMED = 3
# How many are ordered at once, without a window that asks first.
MOST_AT_ONCE = 10
NEAR_DAYS = 7
# 0 in the group without one, else 1.
HAS_SUPPLIER = "supplier_id:count_distinct"
STAGES = [
    ("overdue", "Overdue"),
    ("week", "This week"),
    ("later", "Later"),
    ("under_way", "Under way"),
]


class BacklogSuggestion(models.Model):
    """What to do about a shortage: pull a receipt in, bring goods from another
    warehouse, or buy. One row per product, warehouse and kind.

    The scheduled run (``generate``) creates, updates and withdraws suggestions; it
    never orders. Decisions of people stay: a dismissed suggestion is proposed again
    only when more is short, a snoozed one on its day. Quantities are in the unit of the
    product, amounts in the currency of the company, days in its time zone.
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
        help="Confirm: customers wait for a request for quotation that is a draft on "
        "its last day to order. Chase vendor: a receipt comes too late, ask for it "
        "earlier. Transfer: another warehouse has it free. Buy: ask a vendor. Buy for "
        "customer: the vendor ships it straight to the customer.",
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
        aggregator=None,
        help="What helps customers most for the money comes first: the value it "
        "releases, counted twice where it keeps a promise, per amount spent.",
    )
    urgency = fields.Selection(
        [("overdue", "Late to order"), ("week", "This week"), ("later", "Later")],
        compute="_compute_urgency",
        help="By the day it should be ordered.",
    )
    stage = fields.Selection(
        STAGES,
        compute="_compute_stage",
        search=search_figure("stage"),
        group_expand="_expand_stages",
        help="What is proposed by the day it should be ordered, where the company is, "
        "and what is under way. Empty for the rest.",
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
        "less the lead time of the vendor and the days to purchase of the company, or "
        "the days of the route between two warehouses.",
    )
    arrival_date = fields.Date(
        "Would Arrive",
        readonly=True,
        help="When it would be there if it were ordered today; for a receipt to pull "
        "in, when it comes as things stand.",
    )
    overdue_since = fields.Date(
        compute="_compute_overdue_since",
        help="When the first receipt to pull in should have come, if that day is past. "
        "Until somebody says a new day, nobody knows when it comes.",
    )
    shortage_qty = fields.Float(
        "Short",
        digits="Product Unit",
        readonly=True,
        # Quantities of different products are not added up, here and below.
        aggregator=None,
        help="What nobody brings, of all that is needed within the horizon of the "
        "company: for customers, production and other warehouses.",
    )
    in_progress_qty = fields.Float(
        "In Progress",
        digits="Product Unit",
        readonly=True,
        aggregator=None,
        help="The part of it that requests for quotation, draft transfers and draft "
        "productions will cover once they are confirmed; of what is under way, what "
        "was ordered.",
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
        aggregator=None,
        help="What to order: what is missing, raised to the vendor's minimum, to whole "
        "purchase units, and to the next price break where that costs less. Buyers may "
        "write another quantity.",
    )
    is_qty_chosen = fields.Boolean(
        "Quantity Chosen by Hand",
        readonly=True,
        help="The scheduled run keeps this quantity until more is missing than when "
        "it was chosen, and than it covers.",
    )
    chosen_for_qty = fields.Float(
        digits="Product Unit",
        readonly=True,
        copy=False,
        aggregator=None,
        help="What was missing when the quantity was chosen.",
    )
    weekly_sales_qty = fields.Float(
        "Sold per Week",
        digits="Product Unit",
        readonly=True,
        help="Average of the last 13 weeks: what was shipped to customers and used in "
        "production, less what customers sent back. What vendors ship to them is not "
        "in it.",
    )
    supplierinfo_id = Link(
        "product.supplierinfo", "Offer", readonly=True, index="btree_not_null"
    )
    partner_id = Link("res.partner", "Vendor", readonly=True, index="btree_not_null")
    vendor_ids = fields.Many2many(
        "res.partner",
        string="Vendors of the Product",
        compute="_compute_vendor_ids",
        compute_sudo=True,
        exportable=False,
        help="Who can be chosen as its vendor.",
    )
    is_vendor_chosen = fields.Boolean(
        "Vendor Chosen by Hand",
        readonly=True,
        help="The scheduled run keeps this vendor as long as it can be chosen.",
    )
    source_warehouse_id = Link(
        "stock.warehouse", "From", readonly=True, help="Which warehouse has it free."
    )
    supplier_id = Link(
        "res.partner",
        "Order From",
        compute="_compute_supplier_id",
        store=True,
        index="btree_not_null",
        help="Who is to be asked: the vendor, also of a receipt to chase; our own "
        "company for transfers and productions. Empty where a vendor is missing.",
    )
    is_awaited = fields.Boolean(
        "Not There Yet",
        readonly=True,
        help="An order of the other warehouse, made or suggested, brings there more "
        "than is needed there.",
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
    ordered_at = fields.Datetime(
        readonly=True, copy=False, help="When it was ordered last."
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
        groups=PURCHASE_USERS,
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
    product_image = fields.Image(related="product_id.image_128")
    urgency_color = fields.Integer(compute="_compute_urgency_color")
    summary = fields.Char(
        compute="_compute_summary", help="What to do, from whom, by when."
    )
    customer_count = fields.Integer(
        "Customers",
        compute="_compute_customer_count",
        # Buyers do not read customers' orders; they get the number.
        compute_sudo=True,
        help="How many customers wait for it.",
    )
    waiting_name = fields.Char(
        "Who Waits",
        compute="_compute_waiting",
        # As above: buyers get the names.
        compute_sudo=True,
        help="The customer who waits for it first, and how many others do. Without "
        "customers the document that asks for it.",
    )
    waiting_orders = fields.Char(
        compute="_compute_waiting",
        compute_sudo=True,
        help="The orders of those who wait, the earliest need first.",
    )
    purchase_count = fields.Integer(
        "Requests",
        compute="_compute_purchase_count",
        compute_sudo=True,
        help="How many requests and orders were made of it.",
    )
    option_table = fields.Json(
        "Vendors Compared",
        compute="_compute_option_table",
        exportable=False,
        help="What each vendor of the product would mean for this need.",
    )
    can_accept = fields.Boolean(
        compute="_compute_can_accept",
        help="Whether you may make the documents that it suggests.",
    )
    explanation = fields.Text(
        compute="_compute_explanation",
        help="How the quantity, the vendor and the days came about.",
    )

    # Values

    @api.model
    def _selection_obstacle(self):
        obstacles = {"no_vendor": self.env._("No vendor")}
        return list(obstacles.items())

    @api.model
    def _expand_states(self, states, domain):
        """A column for every state, unless a filter says which: an empty one would
        look as if there were none."""
        if any(one.field_expr == "state" for one in Domain(domain).iter_conditions()):
            return [state for state, _name in STATES if state in states]
        return [state for state, _name in STATES]

    @api.model
    def _expand_stages(self, stages, domain):
        """A column for each, empty or not, unless a filter leaves some of them out."""
        left_out = {
            stage
            for one in Domain(domain).iter_conditions()
            if one.field_expr == "state" and one.operator in ("=", "in")
            for stage, states in STATES_OF.items()
            if not states & {*([one.value] if one.operator == "=" else one.value)}
        }
        return [one for one, _name in STAGES if one in stages or one not in left_out]

    @api.depends("product_id", "warehouse_id")
    def _compute_display_name(self):
        for suggestion in self:
            goods = named(suggestion.product_id)
            warehouse = named(suggestion.warehouse_id)
            suggestion.display_name = f"{goods.display_name} · {warehouse.name}"

    # Where it stands

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
        if not steps and self.state == "ordered" and self.action_type not in ASKED:
            # Somebody deleted the request.
            return ["cancel"]
        return steps

    # Depend on no document here and in texts: that would cost every receipt and
    # transfer a query, for values that are read once.
    @api.depends("state")
    @api.depends_context("uid")
    def _compute_can_undo(self):
        procure = self.env["backlog.procure"].sudo(False)
        # Read what is saved: a form may name documents that are not of the suggestion.
        for suggestion in self:
            suggestion.can_undo = procure._can_undo(suggestion._origin)

    def _is_draft(self):
        """Whether everything that was created, and not cancelled, is still a draft."""
        if self.action_type == "confirm":
            return False
        states = {
            *self.purchase_line_ids.mapped("state"),
            *self.move_ids.mapped("state"),
        }
        return states - {"cancel"} <= {"draft"}

    def _instead_lines(self):
        """The requests that are not confirmed yet for what comes too late: nothing
        counts with them before they are."""
        return self.purchase_line_ids.filtered(
            lambda line: line.state in REQUEST_STATES
        )

    def _is_partly_overdue(self):
        """Whether of the receipts to pull in some are overdue and others are not."""
        return len({bool(line.overdue_since) for line in self.line_ids}) > 1

    def _late_left(self):
        """``{line: quantity}`` of what comes too late, less what was bought instead.
        Once that is confirmed the lines say themselves what still comes too late, but
        for what is overdue: it counts as due today, before all that has a day."""
        self.ensure_one()
        uom = self.product_uom_id
        bought = {*self.purchase_line_ids.order_id}
        left = {
            line: line.qty
            for line in self.line_ids
            if line.expected_date and line.document not in bought
        }
        for own in self._instead_lines():
            day = own.date_planned and self.company_id._backlog_day_of(own.date_planned)
            quantity = own._open_qty()
            # First for what comes later than it.
            for line in sorted(
                left, key=lambda line: bool(day) and line._comes_by(day)
            ):
                taken = min(quantity, left[line])
                left[line] -= taken
                quantity -= taken
        ordered = self.purchase_line_ids.filtered(lambda own: own.state == "purchase")
        quantity = sum(own._open_qty() for own in ordered) - sum(
            line.qty for line in self.line_ids if line.document in bought
        )
        for line in [line for line in left if line.overdue_since]:
            taken = max(0, min(quantity, left[line]))
            left[line] -= taken
            quantity -= taken
        return {line: qty for line, qty in left.items() if uom.compare(qty, 0) > 0}

    def _check_open(self):
        if settled := self.filtered(lambda one: one.state not in OPEN_SUGGESTIONS):
            raise UserError(
                self.env._(
                    "%s: this is under way or done already. Undo it first.",
                    ", ".join(settled[:5].mapped("display_name")),
                )
            )

    def _check_one(self):
        if len(self) != 1:
            raise UserError(self.env._("Choose one suggestion."))

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
                near = day <= today + timedelta(days=NEAR_DAYS)
                suggestion.urgency = "week" if near else "later"

    @api.depends("state", "urgency")
    def _compute_stage(self):
        for suggestion in self:
            if suggestion.state == "ordered":
                suggestion.stage = "under_way"
            else:
                is_proposed = suggestion.state == "proposed"
                suggestion.stage = is_proposed and suggestion.urgency

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr != "stage":
            return super()._field_to_sql(alias, field_expr, query)
        table = SQL.identifier(alias)
        today = SQL(
            "(%s::timestamp AT TIME ZONE 'UTC' AT TIME ZONE %s)::date",
            fields.Datetime.now(),
            self.env["res.company"]._backlog_zones(SQL("%s.company_id", table)),
        )
        return SQL(
            """CASE WHEN %(table)s.state = 'ordered' THEN 'under_way'
                    WHEN %(table)s.state != 'proposed' THEN NULL
                    WHEN %(table)s.order_by_date < %(today)s THEN 'overdue'
                    WHEN %(table)s.order_by_date <= %(today)s + %(near)s THEN 'week'
                    ELSE 'later' END""",
            table=table,
            today=today,
            near=NEAR_DAYS,
        )

    @api.depends("action_type", "company_id", "line_ids.document", "partner_id")
    def _compute_supplier_id(self):
        for suggestion in self:
            supplier = suggestion.partner_id
            if not supplier and suggestion.action_type == "expedite":
                supplier = next(
                    (
                        document.partner_id
                        for document in suggestion.line_ids._late_documents()
                        if document._name == "purchase.order" and document.exists()
                    ),
                    supplier,
                )
            if not supplier and suggestion.action_type not in BUYING:
                supplier = suggestion.company_id.partner_id
            suggestion.supplier_id = supplier

    @api.depends("product_id.seller_ids.partner_id")
    def _compute_vendor_ids(self):
        for suggestion in self:
            offers = suggestion._origin.product_id.seller_ids.filtered(
                lambda offer, one=suggestion: (
                    offer.company_id in (one.company_id, one.company_id.browse())
                    and offer.product_id in (one.product_id, one.product_id.browse())
                )
            )
            suggestion.vendor_ids = offers.partner_id

    def _get_read_group_order(self, dict_order, groupby, aggregates):
        """What has no vendor comes before all vendors: nobody can order it yet."""
        order = super()._get_read_group_order(dict_order, groupby, aggregates)
        if HAS_SUPPLIER in aggregates and groupby[:1] == ["supplier_id"]:
            return f"{HAS_SUPPLIER}, {order}"
        return order

    @api.model
    @api.readonly
    def web_read_group(self, domain, groupby, aggregates=(), *args, **kwargs):
        """As Odoo does. Groups of suppliers come with the first day on which something
        of theirs should be ordered (``order_by_date:min``), so that they can be sorted
        by it: the client itself only asks for sums of numbers. And with how many of
        them *Order all* would order (``__to_order``)."""
        groupby = list(groupby)
        if groupby[:1] != ["supplier_id"]:
            return super().web_read_group(domain, groupby, aggregates, *args, **kwargs)
        aggregates = [*aggregates, "order_by_date:min", HAS_SUPPLIER]
        result = super().web_read_group(domain, groupby, aggregates, *args, **kwargs)
        orderable = (
            Domain("state", "=", "proposed")
            & Domain("action_type", "!=", "confirm")
            & Domain("obstacle", "=", False)
        )
        counts = {
            supplier.id: count
            for supplier, count in self._read_group(
                Domain(domain) & orderable, ["supplier_id"], ["__count"]
            )
        }
        for group in result["groups"]:
            supplier = group["supplier_id"]
            group["__to_order"] = counts.get(supplier and supplier[0], 0)
        return result

    @api.depends("urgency")
    def _compute_urgency_color(self):
        for suggestion in self:
            suggestion.urgency_color = URGENCY_COLORS.get(suggestion.urgency, 0)

    @api.depends("action_type", "line_ids.expected_date")
    def _compute_overdue_since(self):
        for suggestion in self:
            days = suggestion._origin.line_ids.filtered("overdue_since")
            suggestion.overdue_since = min(days.mapped("overdue_since"), default=False)

    @api.depends_context("lang")
    @api.depends("suggested_qty", "partner_id", "order_by_date", "arrival_date")
    def _compute_summary(self):
        for suggestion in self:
            text = suggestion.env["backlog.suggestion.text"]
            suggestion.summary = text._summary(suggestion.sudo())

    @api.depends_context("lang", "uid")
    @api.depends("shortage_qty", "suggested_qty", "state", "arrival_date")
    def _compute_explanation(self):
        for suggestion in self:
            saved = suggestion._origin.sudo()
            suggestion.explanation = "\n".join(
                self.env["backlog.suggestion.text"]._sentences(saved) if saved else ()
            )

    @api.depends("shortage_qty", "suggested_qty", "partner_id", "state")
    @api.depends_context("lang", "uid")
    def _compute_option_table(self):
        buying = self._origin.filtered(
            lambda one: one.action_type in (*BUYING, "expedite")
        )
        tables = buying.env["backlog.suggestion.text"]._option_tables(buying)
        for suggestion in self:
            suggestion.option_table = tables.get(suggestion._origin, False)

    @api.depends("line_ids.order_line_id")
    def _compute_customer_count(self):
        # Read what is saved, here and below: a form may name what is hidden.
        for suggestion in self:
            customers = suggestion._origin.line_ids.partner_id.commercial_partner_id
            suggestion.customer_count = len(customers)

    @api.depends_context("lang")
    @api.depends("line_ids.asked_by", "line_ids.order_line_id")
    def _compute_waiting(self):
        for suggestion in self:
            lines = suggestion._origin.line_ids
            customers = dict.fromkeys(named(lines.partner_id.commercial_partner_id))
            names = [one.display_name for one in customers]
            orders = list(dict.fromkeys(filter(None, lines.mapped("asked_name"))))
            if names:
                suggestion.waiting_name = (
                    self.env._(
                        "%(customer)s +%(count)s",
                        customer=names[0],
                        count=len(names) - 1,
                    )
                    if len(names) > 1
                    else names[0]
                )
                more = ["…"] if len(orders) > ORDERS_NAMED else []
                suggestion.waiting_orders = ", ".join(orders[:ORDERS_NAMED] + more)
            else:
                suggestion.waiting_name = orders[0] if orders else False
                suggestion.waiting_orders = ", ".join(orders[1:ORDERS_NAMED])

    @api.depends("purchase_line_ids.order_id")
    def _compute_purchase_count(self):
        for suggestion in self:
            purchases = suggestion._origin.purchase_line_ids.order_id
            suggestion.purchase_count = len(purchases)

    @api.depends("state")
    def _compute_picking_id(self):
        for suggestion in self:
            suggestion.picking_id = suggestion.move_ids.picking_id[-1:]

    @api.depends("action_type")
    @api.depends_context("uid")
    def _compute_can_accept(self):
        mine = self.env["backlog.suggestion.bulk"]._acceptable(self)
        for suggestion in self:
            suggestion.can_accept = suggestion in mine

    def _action_name(self):
        field = self._fields["action_type"]
        return dict(field._description_selection(self.env))[self.action_type]

    def _quantity(self, quantity):
        return quantity_with_unit(self.env, quantity, self.product_uom_id)

    def _missing_qty(self):
        """What is short and nothing else covers."""
        return self.shortage_qty - self.in_progress_qty - self.other_qty

    def _planned_qty(self):
        """What was missing when it was planned: under way, it is in progress."""
        if self.state in OPEN_SUGGESTIONS:
            return self._missing_qty()
        return self.product_uom_id.round(sum(self.line_ids.mapped("qty")))

    # Who may write

    def write(self, vals):
        """Buyers may write the fields of mail and activities, another quantity and
        another vendor. The run and the buttons write the rest: a user who could write
        it could order anything."""
        if vals.get("state") == "ordered":
            vals = {**vals, "ordered_at": fields.Datetime.now()}
        if not self.env.su and vals.keys() & CHOSEN_FIELDS:
            vals = dict(vals)
            chosen = {name: vals.pop(name) for name in CHOSEN_FIELDS & vals.keys()}
        else:
            chosen = {}
        if not self.env.su and (fixed := self._fixed_names(vals)):
            raise AccessError(
                self.env._(
                    "%s: this cannot be written. Accept, snooze or dismiss the "
                    "suggestion, or choose another vendor for it.",
                    ", ".join(fixed),
                )
            )
        if chosen:
            self.env["backlog.decision"]._choose(self, **chosen)
        return super().write(vals)

    def _fixed_names(self, names):
        """Those of these fields that only the run and the buttons write: the state, and
        what is read-only on the screens."""
        mail = {
            name for model in MAIL_MODELS for name in self.env.registry[model]._fields
        }
        return [
            name
            for name in names
            if name == "state"
            or name in self._fields.keys() - mail
            and self._fields[name].readonly
        ]

    # Doors: the run

    @api.model
    def generate(self, product_ids=None):
        """Compute what to order for the backlog of the current companies, and keep the
        suggestions in step with it. Doing it again changes nothing.

        :param list product_ids: ids of product variants, and what they are made of; all
            by default
        :return: how many suggestions were ``created``, ``updated`` and ``withdrawn``,
            how many shortages are ``left_to_rules`` (a reordering rule orders them by
            itself), and how many products ``failed`` (see the log)
        :raise AccessError: without the right to buy
        :raise UserError: for ids that are no numbers
        """
        self.check_access("write")
        run = self.env["backlog.suggestion.run"]
        ids = checked_product_ids(self.env, product_ids)
        if ids is not None:
            self.env["product.product"].browse(ids).check_access("read")
        return run._run_companies(ids)

    @api.model
    def _cron_generate(self):
        """The scheduled run of all companies."""
        self.env["backlog.suggestion.job"]._run_scheduled()

    def action_update(self):
        """Look at everything again and say what changed."""
        counts = self.env["backlog.suggestion"].generate()
        return self._notification(
            self.env._("Reorder Suggestions"),
            " ".join(self.env["backlog.suggestion.text"]._count_sentences(counts)),
            "warning" if counts["failed"] else "success",
        )

    @api.model
    def _action_suggest(self, products):
        """Look at these products again and open what is suggested for them, or say why
        there is nothing."""
        self.generate(products.ids)
        # Buyers need not be able to read bills of materials.
        run = self.env["backlog.suggestion.run"].sudo()
        found = self.search(
            [
                ("product_id", "in", run._with_components(products.ids)),
                ("company_id", "in", self.env.companies.ids),
                ("state", "!=", "done"),
            ]
        )
        if found:
            return found._action_open()
        text = self.env["backlog.suggestion.text"]
        reasons = text._reasons_for_nothing(products[:PRODUCTS_NAMED])
        title = self.env._("Nothing to Suggest")
        return self._notification(title, " ".join(reasons), "info")

    # Doors: decisions

    def action_dismiss(self, reason):
        """Set these suggestions aside. Each comes back by itself when more is short
        than now.

        :param str reason: why, for those who look later
        :return: True
        :raise UserError: without a reason or with one of more than a thousand
            characters, or for what is under way or done
        """
        self.env["backlog.decision"]._dismiss(self, reason)
        return True

    def action_snooze(self, until):
        """Do not show these suggestions before a day.

        :param str until: the day on which they come back (``YYYY-MM-DD``)
        :return: True
        :raise UserError: for a day that is not to come, or for what is under way or
            done
        """
        self.env["backlog.decision"]._snooze(self, until)
        return True

    def action_propose(self):
        """Bring back what was snoozed or dismissed."""
        self.env["backlog.decision"]._propose(self)
        return True

    def action_choose_vendor(self, partner_id):
        """Buy this need from another vendor of the product. The scheduled run keeps
        the choice as long as the vendor can be chosen.

        :param int partner_id: one of the vendors of the product
        :return: True
        :raise UserError: when the vendor does not sell the product or is out
        """
        self.env["backlog.decision"]._choose_vendor(self, partner_id)
        return True

    # Doors: documents and back

    def action_create_rfq(self):
        """Make requests for quotation: one per vendor, company, warehouse and currency,
        added to an open draft that came from suggestions where there is one.

        :return: the ids of the requests
        :raise AccessError: without Odoo's own right to create purchase orders
        :raise UserError: when a vendor is missing, for suggestions that buy nothing, or
            that somebody else settled meanwhile
        """
        self.check_access("write")
        if others := self.filtered(lambda one: one.action_type not in BUYING):
            raise UserError(
                self.env._(
                    "%s: this is nothing to buy. Accept it instead.",
                    ", ".join(others[:5].mapped("display_name")),
                )
            )
        self.env["backlog.procure"]._order_as_proposed(self)
        # Buyers may know the numbers of the requests.
        requests = self.sudo().purchase_line_ids.order_id
        return requests.filtered(lambda order: order.state in REQUEST_STATES).ids

    def action_accept(self):
        """Do what is suggested, as it is: make requests, draft transfers, activities.

        :return: True
        :raise AccessError: without Odoo's own right to create these documents
        :raise UserError: for those that say *Confirm*, see ``action_confirm_requests``
        """
        self.check_access("write")
        if orders := self.filtered(lambda one: one.action_type == "confirm"):
            raise UserError(
                self.env._(
                    "%s: this confirms purchase orders, which nobody can undo. Use "
                    "Confirm Order (action_confirm_requests).",
                    ", ".join(orders[:5].mapped("display_name")),
                )
            )
        self.env["backlog.procure"]._order_as_proposed(self)
        return True

    def action_confirm_requests(self):
        """Confirm the requests of suggestions that say *Confirm*: each becomes a
        purchase order, with all that is on it. Nobody can undo that here.

        :return: True
        :raise AccessError: without Odoo's own right to write purchase orders
        :raise UserError: for other kinds of suggestions, and when the requests are not
            those that were suggested
        """
        self.check_access("write")
        if others := self.filtered(lambda one: one.action_type != "confirm"):
            raise UserError(
                self.env._(
                    "%s: there is no request to confirm. Accept it instead.",
                    ", ".join(others[:5].mapped("display_name")),
                )
            )
        self.env["backlog.procure"]._order_as_proposed(self)
        return True

    def action_undo(self):
        """Take back what was accepted while all of it is a draft: the suggestion is
        proposed again.

        :return: True
        :raise AccessError: for whom it was not to accept
        :raise UserError: when nothing was accepted, a request was confirmed or a
            transfer is on its way
        """
        self.env["backlog.procure"]._undo(self)
        return True

    def action_buy_instead(self, partner_id):
        """Buy what comes too late from another vendor instead of waiting for it: a
        draft request. What was ordered first is then too much: cancel it or postpone
        it.

        :param int partner_id: one of the vendors that deliver earlier
        :return: the ids of the requests
        :raise AccessError: without Odoo's own right to create purchase orders
        :raise UserError: when the vendor delivers no earlier, is out or does not sell
            it, or for other kinds of suggestions
        """
        requests = self.env["backlog.procure"]._buy_instead(self, partner_id)
        return requests.ids

    def action_write_vendor(self):
        """Write to the vendor of the late receipt: the mail is prepared, not sent."""
        return self.env["backlog.procure"]._mail_to_vendor(self)

    # Doors: many at once

    def order_now(self):
        """Order these suggestions as they are, as far as it can be done: in the
        quantities and from the vendors that they say. What cannot be ordered stays as
        it is, as what has no vendor, and what would confirm a purchase order.

        :return: ``{"done": [id], "skipped": [{"id", "name", "reason"}], "message":
            str, "open": action or False, "requests": [id]}``: the message names the
            documents
        :raise AccessError: for whom nothing of it is to order
        """
        return self.env["backlog.suggestion.bulk"]._order_some(self)

    def undo_now(self):
        """Take back what was ordered of these suggestions, as far as it is a draft
        still: not when a request was sent or confirmed, or a transfer is on its way.

        :return: as ``order_now``
        :raise AccessError: for whom nothing of it is to undo
        """
        return self.env["backlog.suggestion.bulk"]._take_back(self)

    def action_order(self):
        """Order these suggestions: up to ten at once, for more a window asks first,
        with a row for each vendor.

        :return: the window, or a notification with *Open* and *Undo*
        """
        if len(self) > MOST_AT_ONCE:
            return self.env["backlog.suggestion.order"]._open_for(self)
        return self.env["backlog.suggestion.bulk"]._toast(self.order_now(), "undo_now")

    def action_take_back(self):
        """Undo what was ordered of these suggestions, many in batches.

        :return: a notification, or what has the client do the batches
        """
        bulk = self.env["backlog.suggestion.bulk"]
        if len(self) > MOST_AT_ONCE:
            return bulk._batches(self, "undo_now")
        return bulk._toast(self.undo_now())

    def action_open_vendors(self):
        """Choose vendors for what has none: a window with a row for each product."""
        return self.env["backlog.suggestion.vendor"]._open_for(self)

    # Doors: windows

    def action_open_accept(self):
        """Look at quantities, vendors and dates before these suggestions are
        accepted."""
        return self.env["backlog.suggestion.accept"]._open_for(self)

    def action_open_snooze(self):
        """Ask until when these suggestions are set aside."""
        return self.env["backlog.suggestion.defer"]._open_for(self, "snooze")

    def action_open_dismiss(self):
        """Ask why these suggestions are dismissed."""
        return self.env["backlog.suggestion.defer"]._open_for(self, "dismiss")

    @api.readonly
    def action_open_purchases(self):
        """Open the requests and orders that were made of these suggestions."""
        self.check_access("read")
        # Here and below ``_open_documents`` leaves out what the user may not read.
        return self._open_documents(self.sudo().purchase_line_ids.order_id)

    @api.readonly
    def action_open_transfers(self):
        """Open the transfers that were made of these suggestions."""
        self.check_access("read")
        return self._open_documents(self.sudo().picking_id)

    def _open_documents(self, documents):
        """Open those of these documents that the user may read."""
        documents = documents.with_env(self.env)._filtered_access("read")
        if not documents:
            raise UserError(
                self.env._(
                    "Nothing was made of this suggestion that you may open. Accept it "
                    "first, or ask the people who buy or transfer it."
                )
            )
        return open_records(documents)

    def _action_open(self):
        """Open these suggestions, whatever their state."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inventory_backlog.backlog_suggestion_action"
        )
        action |= {"domain": [("id", "in", self.ids)], "context": {}}
        if len(self) == 1:
            action |= {"views": [(False, "form")], "res_id": self.id}
        return action

    @api.model
    def _notification(self, title, message, kind="success"):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "title": title,
                "message": message,
                "sticky": kind == "warning",
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
