from collections import defaultdict
from itertools import pairwise

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...const import BACKLOG_STATES, MARGIN_GROUPS, PURCHASE_USERS, VALUE_GROUPS
from ...tools.actions import open_records
from ...tools.arguments import is_whole
from ...tools.given import giving
from ...tools.names import named
from ...tools.sql import (
    OwnColumns,
    join_once,
    many_rows,
    minute,
    to_flush,
    touched_of,
)
from ...tools.texts import quantity_with_unit

# Fields that look at all open lines of the order.
OF_ORDER = ("prepaid_value", "block_cause")
# An index of ``backlog.kept.line`` has the rows in these orders. So many of them are
# worth a query of its own.
INDEXED = ("promise_date", "to_source_value")
MANY_LINES = 50_000


class BacklogLine(models.Model):
    """One row per order line with something open; the id is the order line's.

    Quantities are in the product's unit, values untaxed and net of discount in the
    company's currency, and ``open = ready + short``, ``short = incoming + to order``
    hold exactly. The quantities come from ``backlog.allocation``; this model adds
    value, dates, lateness and cause.
    """

    _name = "backlog.line"
    _inherit = ["backlog.row.mixin"]
    _description = "Backlog Line"
    _auto = False
    _order = "promise_date, id"
    _rec_name = "order_line_id"
    _depends = {
        "backlog.allocation": [],
        "account.move": [
            "amount_residual",
            "amount_total",
            "move_type",
            "payment_state",
            "state",
        ],
        "account.account": ["account_type"],
        "account.move.line": [
            "account_id",
            "amount_currency",
            "amount_residual",
            "balance",
            "company_id",
            "currency_id",
            "move_id",
            "parent_state",
            "partner_id",
            "reconciled",
        ],
        "payment.transaction": [
            "amount",
            "invoice_ids",
            "operation",
            "source_transaction_id",
            "state",
        ],
        "product.product": ["standard_price"],
        "product.template": ["categ_id", "invoice_policy"],
        "res.company": [
            "account_use_credit_limit",
            "backlog_risk_days",
            "currency_id",
            "parent_path",
        ],
        "res.currency": ["rounding"],
        "res.partner": ["commercial_partner_id", "country_id", "credit_limit"],
        "sale.order": [
            "amount_total",
            "amount_untaxed",
            "commitment_date",
            "currency_rate",
            "date_order",
            "partner_id",
            "payment_term_id",
            "picking_policy",
            "state",
            "team_id",
            "transaction_ids",
            "user_id",
            "warehouse_id",
        ],
        "sale.order.line": [
            "customer_lead",
            "first_promise_date",
            "invoice_lines",
            "order_id",
            "price_reduce_taxexcl",
            "price_subtotal",
            "price_total",
            "untaxed_amount_invoiced",
            "untaxed_amount_to_invoice",
        ],
    }
    order_id = fields.Many2one("sale.order", readonly=True)
    order_line_id = fields.Many2one("sale.order.line", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    categ_id = fields.Many2one("product.category", "Product Category", readonly=True)
    warehouse_id = fields.Many2one(
        "stock.warehouse",
        readonly=True,
        help="Where what is open leaves from, whatever warehouse the order says; that "
        "of the order where it leaves from two.",
    )
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    user_id = fields.Many2one("res.users", "Salesperson", readonly=True)
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True)
    date_order = fields.Datetime(
        "Order Date", readonly=True, help="When the order was confirmed."
    )
    product_uom_id = fields.Many2one(
        "uom.uom", "Unit", readonly=True, help="The unit of the product."
    )
    ordered_qty = fields.Float(
        "Ordered",
        digits="Product Unit",
        readonly=True,
        help="What the order line says, in the unit of the product.",
    )
    delivered_qty = fields.Float(
        "Shipped",
        digits="Product Unit",
        readonly=True,
        help="What was shipped, less what came back to be refunded.",
    )
    open_qty = fields.Float(
        "Open",
        digits="Product Unit",
        readonly=True,
        help="Ordered on a confirmed order, not yet shipped, still to be shipped.",
    )
    backlog_qty = fields.Float(
        "Ready",
        digits="Product Unit",
        readonly=True,
        help="Ready (backlog): the part of Open that is in stock for this line, after "
        "everyone ahead of it in the queue.",
    )
    backorder_qty = fields.Float(
        "Short (backorder)",
        digits="Product Unit",
        readonly=True,
        help="Open less Ready: the part that is out of stock. Not to be confused with "
        "the rest of a partly shipped transfer, which Odoo calls a backorder too.",
    )
    incoming_qty = fields.Float(
        "Incoming",
        digits="Product Unit",
        readonly=True,
        help="The part of Short that a receipt, transfer or production already on its "
        "way will cover.",
    )
    to_source_qty = fields.Float(
        "To Order",
        digits="Product Unit",
        readonly=True,
        help="Short less Incoming: nothing is on its way, somebody must act.",
    )
    backlog_state = fields.Selection(
        BACKLOG_STATES,
        "Backlog",
        readonly=True,
        group_expand=True,
        help="Ready to ship: all of it is in stock for this line. Partly ready: some "
        "of it is. Backorder, on its way: none is in stock, all of it is coming. "
        "Backorder, to order: none is in stock and for some nobody has ordered yet.",
    )
    open_value = fields.Monetary(
        readonly=True,
        groups=VALUE_GROUPS,
        help="What the open part is worth: untaxed, net of discount, in the currency "
        "of the company at the rate of the order.",
    )
    backlog_value = fields.Monetary(
        "Ready Value",
        readonly=True,
        groups=VALUE_GROUPS,
        help="What the ready part is worth: income that only waits to be shipped.",
    )
    backorder_value = fields.Monetary(
        "Short Value",
        readonly=True,
        groups=VALUE_GROUPS,
        help="What the part that is out of stock is worth.",
    )
    prepaid_value = fields.Monetary(
        readonly=True,
        # Not prefetched: it reads all invoices of the order.
        prefetch=False,
        groups=VALUE_GROUPS,
        help="The part of the open value that the customer has already paid: paid "
        "invoices, down payments and online payments of the order, less what is no "
        "longer open. It is a debt to the customer, not yet income.",
    )
    promise_date = fields.Datetime(
        readonly=True,
        help="What the customer was last promised: the delivery date of the order, "
        "else the day it was confirmed plus the lead time of the line.",
    )
    first_promise_date = fields.Datetime(
        "First Promise",
        readonly=True,
        help="What the customer was promised when the order was confirmed.",
    )
    expected_date = fields.Datetime(
        readonly=True,
        help="When all of it can leave, as things stand: the date of the last receipt "
        "this line waits for. Empty while anything is to order. What is overdue "
        "counts as due today, and nobody knows when it comes: see Overdue Since.",
    )
    partial_expected_date = fields.Datetime(
        "Partly Expected",
        readonly=True,
        help="When all can leave for which somebody has ordered supply, as things "
        "stand. It is the expected date where nothing is to order.",
    )
    likely_date = fields.Datetime(
        "Likely",
        compute="_compute_likely_date",
        help="The expected date, and the days that the vendor behind the last receipt "
        "usually comes later than it first says: the median of its receipts. Empty "
        "where it has too few. It is for your information: nothing is late by it.",
    )
    overdue_since = fields.Datetime(
        readonly=True,
        help="When the first receipt this line waits for should have come, if that day "
        "is past. Until somebody says a new day, nobody knows when it comes.",
    )
    days_late = fields.Integer(
        "Days Late When It Leaves",
        readonly=True,
        aggregator="avg",
        help="Days from the promise to today or to the expected date, whichever is "
        "later: more than have passed, where its supply is still to come. 0 when in "
        "time.",
    )
    is_late = fields.Boolean(
        "Late",
        readonly=True,
        help="The day of the promise is past and something is still open.",
    )
    is_at_risk = fields.Boolean(
        "At Risk",
        readonly=True,
        help="Not late yet, but expected after the promise, waiting for a receipt that "
        "is overdue, or to order with the promise near (see the settings of the "
        "backlog).",
    )
    delay_cause = fields.Selection(
        selection="_selection_delay_cause",
        readonly=True,
        falsy_value_label="In time",
        help="Why a line is late or at risk.",
    )
    second_cause = fields.Selection(
        selection="_selection_delay_cause",
        readonly=True,
        help="What else delays a line of which something is to order: that what is on "
        "its way comes too late, or is overdue.",
    )
    age_days = fields.Integer(
        "Age (days)",
        readonly=True,
        aggregator="avg",
        help="Days since the order was confirmed.",
    )
    country_id = fields.Many2one(
        related="partner_id.country_id", string="Country", related_sudo=True
    )
    vendor_id = fields.Many2one(
        related="product_id.main_vendor_id",
        string="Main Vendor",
        help="The main vendor of the product: whose delay would cost this value.",
    )
    incoming_value = fields.Monetary(
        readonly=True,
        groups=VALUE_GROUPS,
        help="What the part is worth that a receipt, transfer or production already on "
        "its way will cover.",
    )
    to_source_value = fields.Monetary(
        readonly=True,
        groups=VALUE_GROUPS,
        help="What the part is worth that nobody has ordered yet.",
    )
    excess_qty = fields.Float(
        "More than Ordered",
        digits="Product Unit",
        readonly=True,
        help="What the open transfers would ship beyond what the order still asks for: "
        "somebody raised the demand of a transfer, or Odoo made it twice. Odoo ships "
        "it unless the transfer is corrected, so it is part of Open.",
    )
    excess_value = fields.Monetary(
        "More than Ordered (Value)",
        readonly=True,
        groups=VALUE_GROUPS,
        help="What the part is worth that would be shipped beyond the order.",
    )
    margin_value = fields.Monetary(
        "Margin",
        readonly=True,
        groups=MARGIN_GROUPS,
        help="Open value less the cost of the open quantity, at the cost that the "
        "product has today. A kit has the cost written on the kit.",
    )
    supply_names = fields.Char(
        "Comes With",
        compute="_compute_supply_names",
        search="_search_supply_names",
        help="The purchases, transfers and productions on their way for this line.",
    )
    age_bucket = fields.Selection(
        selection="_selection_age_bucket",
        string="Age",
        readonly=True,
        help="Days since the order was confirmed. The steps are in the settings.",
    )
    lateness_bucket = fields.Selection(
        selection="_selection_lateness_bucket",
        string="Lateness",
        readonly=True,
        help="Days from the promise to today or to the expected date, whichever is "
        "later. The steps are in the settings.",
    )
    block_cause = fields.Selection(
        [
            ("whole_order", "Ships all at once"),
            ("credit", "Over the credit limit"),
        ],
        "Blocked by",
        readonly=True,
        # Not prefetched: it reads all lines of the order.
        prefetch=False,
        help="Why goods may not leave. Ships all at once: they are ready, but the "
        "order leaves in one piece and something of it is short. Over the credit "
        "limit: the customer owes more on invoices than the limit allows.",
    )
    step = fields.Json(
        "Do",
        compute="_compute_step",
        exportable=False,
        help="What you can do about this line, and why there is nothing.",
    )
    cause_text = fields.Char(
        "Why",
        compute="_compute_step",
        help="Why the line is late or at risk, in a few words with the document.",
    )
    supply_vendor = fields.Char(
        "Vendor",
        compute="_compute_step",
        help="The vendor of the first document that it waits for, else the one to "
        "order from.",
    )
    transfer_names = fields.Char(
        "Transfer",
        compute="_compute_step",
        help="The transfers that ship it, first those with something ready.",
    )
    shelf_name = fields.Char(
        "Shelf",
        compute="_compute_step",
        help="Where what is reserved for it lies.",
    )
    is_snoozed = fields.Boolean(
        "Snoozed",
        compute="_compute_is_snoozed",
        search="_search_is_snoozed",
        help="You have put this line aside until a day, or until its state or its "
        "date changes. Others see it as ever.",
    )
    why = fields.Json(
        "Why?",
        compute="_compute_why",
        exportable=False,
        help="Which documents cover this line and when, who is ahead of it in the "
        "queue for the product, and what else this customer waits for.",
    )

    # Selections

    @api.model
    def _selection_delay_cause(self):
        # A dict: in tuples Odoo's export would take the values for terms as well.
        causes = {
            "promise_passed_at_order": self.env._("Promised too early"),
            "no_supply": self.env._("Not ordered yet"),
            "supply_overdue": self.env._("Supply is overdue"),
            "supply_late": self.env._("Supply comes too late"),
            "component": self.env._("Waits for raw material"),
            "not_picked": self.env._("Ready, not shipped"),
        }
        return list(causes.items())

    def _compute_supply_names(self):
        # sudo: whoever sees the line sees these names in Why? as well.
        slices = self._allocation().sudo().grouped("order_line_id")
        for line in self:
            rows = slices.get(line.order_line_id, ())
            names = [named(row.document).display_name for row in rows if row.document]
            line.supply_names = ", ".join(dict.fromkeys(names))

    def _compute_likely_date(self):
        dates = self.env["backlog.likely"]._dates(self)
        for line in self:
            line.likely_date = dates.get(line.id, False)

    @api.depends_context("lang", "tz", "uid")
    def _compute_step(self):
        with giving(self, product_ids=None) as lines:
            situations = lines.env["backlog.situation"]._of(lines)
        steps = self.env["backlog.step"]._next_step(self, situations, with_plan=False)
        text = self.env["backlog.step.text"]
        for line in self:
            situation = situations[line.id]
            step = steps[line.id]
            line.step = {
                name: step[name] for name in ("first", "rest", "strong", "reason")
            }
            line.cause_text = text._cause(line, situation)
            line.supply_vendor = named(situation.vendor).display_name
            line.transfer_names = text._transfers(situation)
            line.shelf_name = text._shelves(situation)

    @api.depends_context("tz", "uid")
    def _compute_is_snoozed(self):
        snoozed = self.env["backlog.snooze"]._snoozed_ids(self)
        for line in self:
            line.is_snoozed = line.id in snoozed

    @api.model
    def _search_is_snoozed(self, operator, value):
        if operator != "in":
            return NotImplemented
        snoozed = self.env["backlog.snooze"]._domain()
        domain = Domain.FALSE
        if True in value:
            domain |= snoozed
        if False in value:
            domain |= ~snoozed
        return domain

    @api.model
    def _search_supply_names(self, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        names = set(value) if operator == "in" else {value}
        # The documents of what is open are few; those ever made are many.
        ids, lines = defaultdict(list), defaultdict(set)
        for document, order_lines in self.env["backlog.allocation"]._read_group(
            [("document", "!=", False), ("order_line_id", "!=", False)],
            ["document"],
            ["order_line_id:array_agg"],
        ):
            model, number = str(document).split(",")
            ids[model].append(int(number))
            lines[model, int(number)].update(order_lines)
        with_one = set().union(*lines.values())
        found = set()
        for model, numbers in ids.items():
            # sudo: whoever sees the line sees these names in Why? as well.
            for number in (
                self.env[model]
                .sudo()
                ._search([("id", "in", numbers), ("name", operator, value)])
            ):
                found |= lines[model, number]
        domain = Domain("id", "in", list(found))
        if False in names:
            domain |= Domain("id", "not in", list(with_one))
        return domain

    @api.model
    def _selection_age_bucket(self):
        steps = self.env.company._backlog_steps("backlog_age_steps")
        return self._bucket_labels([0, *(step + 1 for step in steps)])

    @api.model
    def _selection_lateness_bucket(self):
        steps = self.env.company._backlog_steps("backlog_lateness_steps")
        later = self._bucket_labels([1, *(step + 1 for step in steps)])
        return [
            ("0", self.env._("0 days")),
            *((str(int(value) + 1), label) for value, label in later),
        ]

    @api.model
    def _bucket_labels(self, starts):
        """``[(number, label)]`` of the buckets that begin with ``starts``, in days."""
        labels = [
            self.env._("%(first)s–%(last)s days", first=first, last=following - 1)
            for first, following in pairwise(starts)
        ]
        labels.append(self.env._("more than %s days", starts[-1] - 1))
        return [(str(number), label) for number, label in enumerate(labels)]

    # Reading

    @property
    def _table_query(self):
        return self.env["backlog.line.today"]._plain(
            self._current(self.env["backlog.allocation"]._asked_products())
        )

    def _field_to_sql(self, alias, field_expr, query=None):
        """Join the columns about whole orders only where they are read: as part of the
        rows they would keep PostgreSQL from reading just a page."""
        if field_expr not in OF_ORDER or query is None or isinstance(query, OwnColumns):
            return super()._field_to_sql(alias, field_expr, query)
        self._check_field_access(self._fields[field_expr], "read")
        whole = join_once(
            query,
            alias,
            "whole",
            lambda: SQL("(%s)", self._of_order()),
            "JOIN",
        )
        return SQL.identifier(whole, field_expr)

    def _fetch_query(self, query, fields):
        """Read the columns about whole orders for the orders of these rows."""
        of_order = [field for field in fields if field.name in OF_ORDER]
        if not of_order:
            return super()._fetch_query(query, fields)
        rows = super()._fetch_query(
            query, {*fields, self._fields["order_id"]}.difference(of_order)
        )
        if rows:
            names = [field.name for field in of_order]
            values = rows._read_of_order(names)
            for field in of_order:
                field._insert_cache(rows, (values[row.id][field.name] for row in rows))
        return rows

    def _read_of_order(self, names):
        """``{id: values}`` of the fields ``names`` of ``OF_ORDER``."""
        values = self.env.execute_query_dict(
            SQL(
                "SELECT id, %s FROM (%s) line WHERE id = ANY(%s)%s",
                SQL(", ").join(map(SQL.identifier, names)),
                self._of_order(self.order_id.ids),
                self.ids,
                to_flush(self),
            )
        )
        nothing = dict.fromkeys(names)
        return dict.fromkeys(self.ids, nothing) | {row["id"]: row for row in values}

    def _block_causes(self):
        """``{id: block_cause}``, read at once: as a field it is read line by line."""
        rows = self._read_of_order(["block_cause"]) if self else {}
        return {line_id: values["block_cause"] for line_id, values in rows.items()}

    @api.model
    @api.readonly
    def web_search_read(self, *args, **kwargs):
        """A page, the payments of its orders and the count below it read one state."""
        with giving(self, **self.env["backlog.kept"]._answer()) as lines:
            return super(BacklogLine, lines).web_search_read(*args, **kwargs)

    @api.model
    @api.readonly
    def web_read_group(self, *args, **kwargs):
        """Groups and the lines in them read one state."""
        with giving(self, **self.env["backlog.kept"]._answer()) as lines:
            return super(BacklogLine, lines).web_read_group(*args, **kwargs)

    @api.model
    @api.readonly
    def read_progress_bar(self, *args, **kwargs):
        """What the columns count reads one state."""
        with giving(self, **self.env["backlog.kept"]._answer()) as lines:
            return super(BacklogLine, lines).read_progress_bar(*args, **kwargs)

    @api.readonly
    def web_read(self, specification):
        """Compute as little as possible for the lines of a form."""
        if not self or self.env["backlog.kept"]._is_answered():
            # The page has asked already, and reads the rows that it found.
            return super().web_read(specification)
        # The products of whole orders, see _lines. The rules still hide lines.
        ordered = self.env["sale.order.line"].sudo().browse(self.ids).exists()
        least = self.env["backlog.kept"]._least(
            lambda: ordered.order_id._backlog_products().ids
        )
        with giving(self, **least) as lines:
            return super(BacklogLine, lines).web_read(specification)

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **options):
        """Find the rows of a page first where some lines are computed now."""
        if limit and order and not options:
            ids = self._page_ids(domain, offset or 0, limit, order)
            if ids is not None:
                domain, offset, limit = [("id", "in", ids)], 0, None
        return super()._search(domain, offset, limit, order, **options)

    @api.model
    def _page_ids(self, domain, offset, limit, order):
        """The ids of a page of cached and computed lines. PostgreSQL takes the first
        rows in the order of an index from the cached lines alone; of their union with
        computed ones it would read and sort all.

        :return: None where that is no gain: no index has this order, there are few
            lines, none of them is computed, or all are; and where columns about whole
            orders are asked for
        """
        if not self._is_indexed(order):
            return None
        stale = self.env["backlog.kept"]._stale()
        if not stale or not stale.sold or not self._are_many():
            return None
        # Once: a field may search other records to say what is asked for.
        domain = Domain(domain).optimize_full(self)
        if self._asks_for_whole_orders(domain):
            return None
        parts = self._parts(stale, self.env["backlog.allocation"]._asked_products())
        if None in parts:
            return None
        queries = [
            self._query_over(self.env["backlog.line.today"]._plain(part), domain)
            for part in parts
        ]
        if any(query.is_empty() for query in queries):
            return []
        kept, computed = queries
        # It joins nothing, so it serves all three.
        in_order = kept.order = self._order_to_sql(order, kept)
        kept.limit = offset + limit
        columns = SQL("%s.*", SQL.identifier(self._table))
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id
                  FROM ((%s) UNION ALL (%s)) %s
              ORDER BY %s
                 LIMIT %s
                OFFSET %s
                """,
                kept.select(columns),
                computed.select(columns),
                SQL.identifier(self._table),
                in_order,
                limit,
                offset,
            )
        )
        return [row[0] for row in rows]

    @api.model
    def _is_indexed(self, order):
        """Whether an index has the rows in this order."""
        first, *others = (term.strip().partition(" ")[0] for term in order.split(","))
        return first in INDEXED and others in ([], ["id"])

    @api.model
    def _asks_for_whole_orders(self, domain):
        """Whether ``domain``, or a rule of the user, asks for a column of ``OF_ORDER``,
        which ``backlog.line.today._plain`` does not have."""
        return any(
            condition.field_expr in OF_ORDER for condition in self._conditions(domain)
        )

    @api.model
    def _are_many(self):
        """Whether there were many cached lines when PostgreSQL looked last."""
        [[count]] = self.env.execute_query(
            SQL(
                "SELECT reltuples FROM pg_class WHERE oid = %s::regclass",
                self.env["backlog.kept.line"]._table,
            )
        )
        return count >= MANY_LINES

    @api.model
    @api.readonly
    def search_count(self, domain, limit=None):
        """Count in cached columns where the domain has no others: PostgreSQL finds them
        in an index and joins nothing. Every list shows this count."""
        if not self._asks_for_kept_columns(domain):
            return super().search_count(domain, limit)
        current = self._current(self.env["backlog.allocation"]._asked_products())
        query = self._query_over(current, domain)
        query.limit = limit
        return len(query)

    @api.model
    def _asks_for_kept_columns(self, domain):
        kept = {field.name for field in self.env["backlog.kept.line"]._columns()}
        return all(
            condition.field_expr in kept and "any" not in condition.operator
            for condition in self._conditions(domain)
        )

    @api.model
    def _conditions(self, domain):
        """The conditions of ``domain`` and of the rules of the user."""
        rule = self.env["ir.rule"]._compute_domain(self._name, "read")
        return (Domain(domain) & rule).optimize_full(self).iter_conditions()

    def _compute_why(self):
        with giving(self, product_ids=None) as lines:
            explained = {
                line.id: line.env["backlog.why"]._explain(line) for line in lines
            }
        for line in self:
            line.why = explained[line.id]

    @api.model
    def _check_shows_values(self):
        """Refuse users who may not read what customers pay: the summary says it."""
        self._check_field_access(self._fields["open_value"], "read")

    # Statements

    @api.model
    def _lines(self, product_ids=None, slices=None):
        """Return the statement that gives the columns of this model, those of
        ``OF_ORDER`` as well.

        :param product_ids: ids of the products *moved*: for a kit those of the
            components as well as the kit's. None for all. ``prepaid_value`` shares the
            payments of an order among its open lines, so it wants the products of
            whole orders.
        :param slices: the statement of all slices, see ``_current``
        """
        today = self.env["backlog.line.today"]
        return today._with_whole_orders(
            self._current(product_ids, slices),
            today._plain(SQL("SELECT * FROM current")),
        )

    @api.model
    def _current(self, product_ids=None, slices=None):
        """Cached lines of the products without a mark, live lines of the others.

        :param product_ids: ids of the products moved, None for all
        :param slices: the statement of the slices of all products, where a larger
            statement has it already. It is not used for some products: slices that only
            decide the cause of a delay would be missing.
        """
        stale = self.env["backlog.kept"]._stale()
        if stale is None:
            if product_ids is not None:
                slices = None
            return self._computed_lines(product_ids, product_ids, slices)
        parts = self._parts(stale, product_ids)
        return SQL(" UNION ALL ").join(part for part in parts if part)

    @api.model
    def _parts(self, stale, product_ids=None):
        """The statements of the cached lines of the products without a mark, and of the
        live lines of the others; None where there are none.

        :param stale: a ``Stale`` of ``backlog.kept``
        :param product_ids: ids of the products moved, None for all
        """
        sold, others = touched_of(SQL("kept.product_id"), stale.sold, product_ids)
        kept = computed = None
        if others:
            kept = SQL(
                "SELECT %s FROM backlog_kept_line kept WHERE %s",
                self.env["backlog.kept.line"]._selected("kept"),
                others,
            )
        if sold:
            computed = self.env["backlog.kept"]._at_state(
                ("lines", minute(), *sold, None, *stale.moved),
                lambda: self._computed_lines(sold, stale.moved),
            )
        return kept, computed

    @api.model
    def _computed_lines(self, sold_ids, moved_ids, slices=None):
        """The live lines of these products: their rows if they are few, which are
        computed now, else their statement."""
        if slices is not None:
            return self._typed_lines(sold_ids, moved_ids, slices)
        slices = self.env["backlog.allocation"]._slices_behind(moved_ids)
        live = self._typed_lines(sold_ids, moved_ids, slices)
        return self.env["backlog.kept.line"]._run_now(live, moved_ids)

    @api.model
    def _of_order(self, order_ids=None):
        """The current lines with the columns of ``OF_ORDER``.

        :param order_ids: ids of orders, None for all
        """
        if order_ids is None:
            current = self._current(self.env["backlog.allocation"]._asked_products())
        else:
            current = SQL(
                "SELECT * FROM (%s) line WHERE order_id = ANY(%s)",
                self._current_of_orders(order_ids),
                order_ids,
            )
        return self.env["backlog.line.today"]._with_whole_orders(
            current, SQL("SELECT * FROM current"), order_ids
        )

    @api.model
    def _current_of_orders(self, order_ids):
        """All current lines; where everything must be computed, only the lines with the
        products of these orders. The products that the call asks for do not narrow
        them: orders count whole."""
        stale = self.env["backlog.kept"]._stale()
        if stale is None:
            orders = self.env["sale.order"].sudo().browse(order_ids)
            return self._current(orders.order_line._backlog_products().ids)
        with giving(self, stale=stale) as lines:
            return lines._current()

    @api.model
    def _typed_lines(self, sold_ids, moved_ids, slices):
        """The live lines with the columns and types of the cached rows."""
        return SQL(
            "SELECT %s FROM %s line",
            self.env["backlog.kept.line"]._selected("line", typed=True),
            many_rows(
                SQL(
                    "(%s)",
                    self.env["backlog.live.line"]._live_lines(
                        sold_ids, moved_ids, slices
                    ),
                )
            ),
        )

    # Slices

    def _allocation(self, with_rank=False):
        """The rows of the allocation behind these lines, in queue order.

        :param with_rank: whether their places in the queue are read as well
        """
        allocation = self.env["backlog.allocation"]
        stored = [name for name, field in allocation._fields.items() if field.store]
        names = stored if with_rank else None
        with giving(allocation, product_ids=self._moved_product_ids()) as asked:
            rows = asked.search_fetch([("order_line_id", "in", self.ids)], names)
        return rows.with_env(self.env)

    def _moved_product_ids(self):
        # The products of whole orders, see backlog.line._lines. As superuser: buyers
        # have no access to orders.
        return self.order_line_id.sudo().order_id._backlog_products().ids

    def _backlog_slices(self):
        """``{line id: [slice]}`` in plain values, in the order in which they come: see
        ``sale.order.get_backlog``."""
        slices = {line.id: [] for line in self}
        allocation = self.env["backlog.allocation"]
        for row in allocation.search(
            [("order_line_id", "in", self.ids)], order="date, id"
        ):
            slices[row.order_line_id.id].append(
                {
                    "product_id": row.product_id.id,
                    "product": row.product_id.display_name,
                    "uom": row.product_id.uom_id.name,
                    "source": row.source,
                    "qty": row.qty,
                    "date": fields.Datetime.to_string(row.date),
                    "overdue_since": fields.Datetime.to_string(row.overdue_since),
                    "document": f"{row.document._name},{row.document.id}"
                    if row.document
                    else False,
                }
            )
        return slices

    def _goods(self, quantity):
        """A quantity of the product of this line: 14 Units of Table."""
        return self.env._(
            "%(quantity)s of %(product)s",
            quantity=quantity_with_unit(self.env, quantity, self.product_uom_id),
            product=named(self.product_id).display_name,
        )

    @api.model
    def get_empty_list_help(self, help_message):
        """Add a button for a new quotation, for who may make one."""
        message = super().get_empty_list_help(help_message)
        if not message or not self.env["sale.order"].has_access("create"):
            return message
        button = Markup(
            '<p><a type="action" class="btn btn-primary" data-model="sale.order" '
            "data-views=\"[[False, 'form']]\">%s</a></p>"
        )
        return Markup("%s%s") % (message, button % self.env._("New quotation"))

    # Doors

    @api.model
    @api.readonly
    def get_changes(self, cursor="", limit=1000):
        """Tell an integration what changed since it asked last: order lines whose
        state, quantities or dates changed, that came or that are open no more. Who asks
        for the first time is told all lines that are open.

        A change is told when the scheduled action has kept it: at once when goods
        moved, else within two minutes, since Odoo looks once a minute for what is due.
        None is lost and none is skipped, whoever else commits in between; one may be
        told twice, with the values that were kept last. Of the passing of time itself
        nothing is told: what is late is late by its promise.

        :param str cursor: what the last call returned, empty to begin with all lines
        :param int limit: of how many lines at most, up to 10,000
        :return: ``{"cursor": str, "has_more": bool, "lines": [...], "as_of": str,
            "is_waiting": bool, "waiting_since": str}``.

            An open line is ``{"id": int, "is_open": True}`` and the fields that
            ``read`` gives of ``order_id``, ``product_id``, ``backlog_state``,
            ``open_qty``, ``backlog_qty``, ``incoming_qty``, ``to_source_qty`` (in the
            unit of the product), ``promise_date``, ``expected_date``,
            ``partial_expected_date`` and ``overdue_since`` (UTC, or false); one that is
            open no more is ``{"id": int, "is_open": False}`` with ``order_id``,
            ``product_id``, ``shipped_qty`` and ``cancelled_qty``, all of them false
            when it was deleted.

            When ``has_more`` is false all changes before ``as_of`` (UTC) have been
            told; it is false while nothing was ever kept. ``is_waiting`` says whether
            changes wait for the scheduled action, and ``waiting_since`` since when they
            may, or false.
        :raise AccessError: who may not read the backlog
        :raise UserError: when the cursor or the limit is none
        """
        self.browse().check_access("read")
        return self.env["backlog.feed"]._changes(cursor, limit)

    @api.model
    def act(self, line_ids, verb, values=None):
        """Do something about lines: what the steps of ``step`` propose.

        :param list line_ids: ids of up to 1,000 lines that the user may read
        :param str verb: ``ship``, ``reserve``, ``ask_warehouse``, ``ask_purchase``,
            ``remind``, ``confirm``, ``order``, ``chase``, ``tell``, ``snooze``,
            ``unsnooze``, ``open_transfer``, ``open_order`` or ``open_supply``
        :param dict values: for ``snooze`` ``{"until": "YYYY-MM-DD"}``; nothing else
            needs any
        :return: ``{"action": a window to open, or False, "message": str, "done": for
            how many lines something was done, "skipped": [{"id", "reason"}], "open": an
            action that opens what was made, or False, "undo": what ``undo_act`` takes,
            or False}``. Lines that it does not fit are skipped; doing it twice does it
            once.
        :raise AccessError: without the right that the action needs, and for lines that
            the user may not read
        :raise UserError: for other ids, another verb or values that are none
        """
        self.browse().check_access("read")
        return self.env["backlog.verb"]._act(line_ids, verb, values)

    @api.model
    def undo_act(self, undo):
        """Undo what ``act`` did, where that is still possible.

        :param dict undo: what ``act`` returned under this name
        :return: ``{"message": str}``
        :raise AccessError: without the right that it needs
        :raise UserError: when it is undone already, it was another user's, or what was
            made is no longer as it was
        """
        self.browse().check_access("read")
        return self.env["backlog.verb"]._undo(undo)

    @api.model
    @api.readonly
    def get_cards(self, role, domain):
        """What the cards above the list show.

        :param str role: ``sale``, ``manager``, ``purchase`` or ``stock``; ``paid`` for
            the card of what is paid, which takes longer
        :param list domain: of the lines that are counted
        :return: ``[{"key": str, "label": str, "count": int, "value": in the currency of
            the company and short, as 15.5K, or empty, "filter": the name of the search
            filter with these lines, "color": str}]``
        :raise UserError: for another role
        :raise AccessError: for those who may not read the lines
        """
        return self.env["backlog.card"]._cards(role, domain)

    @api.model
    @api.readonly
    def get_panel(self, line_id):
        """What the panel beside the list shows of a line.

        :param int line_id: the id of a line that the user may read
        :return: ``{"title": the product, "subtitle": customer, order and promise,
            "plan": [{"lead": str, "sentence": str, "verb": {"verb", "label", "hint"} or
            False}], "why": see the field of this name}``
        :raise AccessError: for a line that the user may not read
        :raise UserError: for what is no id, or open no more
        """
        self.browse().check_access("read")
        if not is_whole(line_id):
            raise UserError(self.env._("Give the id of one line."))
        line = self.env["backlog.verb"]._lines([line_id])
        if not line:
            raise UserError(self.env._("This line is not open any more."))
        step = self.env["backlog.step"]._next_step(line)[line.id]
        head = self.env["backlog.step.text"]._head(line)
        return {**head, "plan": step["plan"], "why": line.why}

    @api.readonly
    def action_why(self):
        """Open the explanation of this line beside the list."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Why?"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [
                (self.env.ref("inventory_backlog.backlog_line_view_form").id, "form")
            ],
            "target": "new",
            "context": {},
        }

    def _tell_salespeople(self, summary):
        """One activity for each salesperson, on their first order of these lines, in
        the name of the user, who may lack the right to write orders. It names the
        orders and goods, and no customer.

        :param str summary: what happened
        """
        # sudo: the user sees the lines, or is told of none of them.
        lines = self.sudo().filtered(lambda line: line.order_id.user_id)
        for person, concerned in lines.grouped(
            lambda one: one.order_id.user_id
        ).items():
            concerned.order_id.sorted("id")[:1].activity_schedule(
                "mail.mail_activity_data_todo",
                summary=summary,
                # A note is HTML; names of products are not.
                note=Markup("<br/>").join(
                    self.env._(
                        "%(order)s: %(goods)s",
                        order=line.order_id.name,
                        goods=line._goods(line.open_qty),
                    )
                    for line in concerned
                ),
                user_id=person.id,
            )

    @api.readonly
    def action_open_order(self):
        """Open the orders of these lines."""
        return open_records(self.order_id)

    @api.readonly
    def action_open_transfers(self):
        """Open the transfers that will ship these lines."""
        transfers = self._allocation().move_id.picking_id
        if not transfers:
            raise UserError(
                self.env._(
                    "There is no transfer yet. It will appear when the purchase behind "
                    "this line is confirmed; see “Why?”."
                )
            )
        if not all(map(self._can_open, transfers)):
            raise UserError(
                self.env._(
                    "%s is not yours to open. Ask the people in the warehouse.",
                    named(transfers[0]).display_name,
                )
            )
        return open_records(transfers)

    @api.readonly
    def action_open_supply(self):
        """Open the documents that these lines wait for, of one kind."""
        documents = [row.document for row in self._allocation() if row.document]
        if not documents:
            raise UserError(
                self.env._("Nothing is on its way for this line; see “Why?”.")
            )
        openable = [document for document in documents if self._can_open(document)]
        if not openable:
            raise UserError(
                self.env._(
                    "It is covered by %(document)s, which is not yours to open. Ask "
                    "the people who buy or make it.",
                    document=named(documents[0]).display_name,
                )
            )
        model = openable[0]._name
        return open_records(
            self.env[model].union(
                *(document for document in openable if document._name == model)
            )
        )

    def action_suggest_purchase(self):
        """Open what is suggested for the goods of these lines, for a kit those that
        are moved, computed anew, or say why there is nothing."""
        products = self._allocation().product_id or self.product_id
        return self.env["backlog.suggestion"]._action_suggest(products)

    def action_check_availability(self):
        """Reserve for these lines what is theirs by the queue, and say what came of it.
        What is free and the turn of others stays theirs; the message says whose."""
        # A line may have been shipped meanwhile.
        lines = self.exists()
        slices = lines._allocation(with_rank=True)
        reservation = self.env["backlog.reservation"]
        before = reservation._reserved(slices)
        reservation._reserve(slices)
        lines.invalidate_recordset()
        slices.invalidate_model()
        kind, message = lines.env["backlog.reservation"]._reservation_told(
            lines, lines._allocation(with_rank=True), before
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "title": self.env._("Reserve"),
                "message": message,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    @api.model
    def _form_groups(self):
        """``{model: group}``: who can open Odoo's own form of a document. The form
        shows invoices or lots and fails for users without the group, even if they may
        read the record."""
        return {
            "purchase.order": PURCHASE_USERS,
            "sale.order": "sales_team.group_sale_salesman",
            "stock.picking": "stock.group_stock_user",
        }

    @api.model
    def _can_open(self, document):
        group = self._form_groups().get(document._name)
        return (not group or self.env.user.has_group(group)) and document.has_access(
            "read"
        )
