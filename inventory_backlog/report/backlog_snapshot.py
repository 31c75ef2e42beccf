from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

from ..const import BACKLOG_STATES, MANAGERS, VALUE_GROUPS
from ..tools.figures import Rate

FLOWS = ("booked", "shipped", "cancelled", "changed", "moved")

# A group of days opens with the opening of its first day and closes with the closing of
# its last one.
OF_FIRST_DAY = ("opening",)

OF_LAST_DAY = (
    "closing",
    "late_value",
    "backorder_value",
    "line_count",
    "backorder_line_count",
    "open_qty",
    "backorder_qty",
)


class BacklogSnapshot(models.Model):
    """The backlog at the end of each day per company, warehouse and state, and what
    moved it: ``closing = opening + booked − shipped − cancelled + changed``.

    Values are untaxed, net of discount, in the currency of the company, at the price
    that the line had when the day began. The parts come from comparing each order line
    with the snapshot before, see ``backlog.history``. ``opening`` is the closing of the
    snapshot before and ``closing`` the sum of ``backlog.line``, so ``difference`` is 0
    unless history was changed or lost.
    """

    _name = "backlog.snapshot"
    _inherit = ["backlog.money.mixin"]
    _description = "Backlog Snapshot"
    _order = "day desc, company_id, warehouse_id, backlog_state"
    _rec_name = "day"
    _log_access = False

    # Which day, and of what

    day = fields.Date(required=True, readonly=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(
        related="company_id.currency_id", store=True, readonly=True
    )
    warehouse_id = fields.Many2one(
        "stock.warehouse", readonly=True, ondelete="set null"
    )
    backlog_state = fields.Selection(BACKLOG_STATES, "Backlog", readonly=True)
    day_from = fields.Date(
        "From Day",
        required=True,
        readonly=True,
        help="Days that are too old are kept by month: this is the first of them.",
    )
    taken_at = fields.Datetime(
        "Seen At",
        readonly=True,
        help="When the backlog was looked at. What happened between the end of the day "
        "and then is in the day.",
    )
    is_caught_up = fields.Boolean(
        "Caught Up",
        readonly=True,
        help="The day was missed and worked out later from orders and deliveries. What "
        "was cancelled or changed on it is in the day that was seen next.",
    )

    # What moved the backlog

    opening = fields.Monetary(
        readonly=True,
        groups=VALUE_GROUPS,
        help="Open when the day began. Over several days: when the first one began.",
    )
    booked = fields.Monetary(
        readonly=True,
        groups=VALUE_GROUPS,
        help="Confirmed on the day, and quantities that were raised.",
    )
    shipped = fields.Monetary(
        readonly=True,
        groups=VALUE_GROUPS,
        help="Shipped to customers, less what came back to be refunded.",
    )
    cancelled = fields.Monetary(
        readonly=True,
        groups=VALUE_GROUPS,
        help="Cancelled, lowered, or closed without shipping the rest.",
    )
    changed = fields.Monetary(
        readonly=True,
        groups=VALUE_GROUPS,
        help="New prices, discounts and exchange rates, what came back to be replaced, "
        "what was shipped beyond the order, and what moved from one state or warehouse "
        "to another (which is nothing in total).",
    )
    moved = fields.Monetary(
        readonly=True,
        groups=VALUE_GROUPS,
        help="Of Changed: what moved from one state or warehouse to another. It is "
        "nothing in total.",
    )
    closing = fields.Monetary(
        readonly=True,
        groups=VALUE_GROUPS,
        help="Open when the day ended. Over several days: when the last one ended.",
    )
    difference = fields.Monetary(
        readonly=True,
        groups=VALUE_GROUPS,
        help="Closing less opening, booked, shipped, cancelled and changed. Anything "
        "but 0 means that history was deleted or changed by hand, or lost.",
    )

    # At the end of the day

    late_value = fields.Monetary(
        "Past Due",
        readonly=True,
        groups=VALUE_GROUPS,
        help="Of Closing: what was promised for that day or before.",
    )
    backorder_value = fields.Monetary(
        "Short Value",
        readonly=True,
        groups=VALUE_GROUPS,
        help="Of Closing: what was out of stock.",
    )
    line_count = fields.Integer("Lines", readonly=True, help="Open order lines.")
    backorder_line_count = fields.Integer(
        "Short Lines", readonly=True, help="Open order lines with something short."
    )
    open_qty = fields.Float(
        "Open Quantity",
        digits="Product Unit",
        readonly=True,
        help="In the units of the products, added up: a measure for rates only.",
    )
    backorder_qty = fields.Float(
        "Short Quantity",
        digits="Product Unit",
        readonly=True,
        help="In the units of the products, added up: a measure for rates only.",
    )

    # Rates, right in groups and totals

    past_due_rate = Rate(
        "Past Due (%)",
        compute="_compute_rates",
        aggregator="avg",
        groups=VALUE_GROUPS,
        help="Past due value ÷ open value, at the end of the last day.",
    )
    backorder_line_rate = Rate(
        "Backorder Rate (lines, %)",
        compute="_compute_rates",
        aggregator="avg",
        help="Open lines with something short ÷ open lines, at the end of the last "
        "day.",
    )
    backorder_qty_rate = Rate(
        "Backorder Rate (quantity, %)",
        compute="_compute_rates",
        aggregator="avg",
        help="Short quantity ÷ open quantity, at the end of the last day. Pieces, "
        "kilograms and metres are added up as they are.",
    )
    backorder_value_rate = Rate(
        "Backorder Rate (value, %)",
        compute="_compute_rates",
        aggregator="avg",
        groups=VALUE_GROUPS,
        help="Short value ÷ open value, at the end of the last day.",
    )
    book_to_bill = Rate(
        "Book-to-Bill",
        compute="_compute_rates",
        aggregator="avg",
        groups=VALUE_GROUPS,
        help="Booked ÷ shipped. Above 1 the backlog grows. Shipped stands for billed: "
        "both untaxed, on the day the goods leave.",
    )
    backlog_weeks = Rate(
        "Weeks of Backlog",
        compute="_compute_rates",
        aggregator="avg",
        groups=VALUE_GROUPS,
        help="Closing ÷ what was shipped per week in these days: how long it would "
        "take to ship what is open at that pace.",
    )

    # Several rows can be without a warehouse: those of deleted warehouses.
    _cell_uniq = models.UniqueIndex(
        "(company_id, day, warehouse_id, COALESCE(backlog_state, ''))",
        "There is one snapshot per day, company, warehouse and state.",
    )

    # Rates and sums of groups

    def _compute_rates(self):
        names = list(self._rates())
        # sudo: a user who reads a row may read its rates; the fields have their own
        # groups.
        rows = self.sudo()._read_group(
            [("id", "in", self.ids)], ["id"], [f"{name}:avg" for name in names]
        )
        rates = {row.id: values for row, *values in rows}
        for snapshot in self:
            for name, value in zip(names, rates[snapshot.id], strict=True):
                snapshot[name] = value

    def _read_group_select(self, aggregate_spec, query):
        name, _colon, aggregator = aggregate_spec.partition(":")
        if (
            aggregator == "avg"
            and self._fields[name].type == "float"
            and (rate := self._rates().get(name))
        ):
            self._check_field_access(self._fields[name], "read")
            return rate
        if aggregator in ("sum", "sum_currency") and name in OF_FIRST_DAY + OF_LAST_DAY:
            self._check_field_access(self._fields[name], "read")
            return self._of_one_day(name, aggregator == "sum_currency")
        return super()._read_group_select(aggregate_spec, query)

    def _rates(self):
        """``{field: aggregate over a group of rows}``. Rates are empty where the value
        that they divide by is not above 0."""
        last = self._of_one_day
        shipped = SQL("SUM(%s)", self._value("shipped"))
        days = SQL(
            "(MAX(%s) - MIN(%s) + 1)",
            SQL.identifier(self._table, "day"),
            SQL.identifier(self._table, "day_from"),
        )
        parts = {
            "past_due_rate": (100, last("late_value"), last("closing")),
            "backorder_line_rate": (
                100,
                last("backorder_line_count"),
                last("line_count"),
            ),
            "backorder_qty_rate": (100, last("backorder_qty"), last("open_qty")),
            "backorder_value_rate": (100, last("backorder_value"), last("closing")),
            "book_to_bill": (1, SQL("SUM(%s)", self._value("booked")), shipped),
            "backlog_weeks": (
                1,
                last("closing"),
                SQL("(%s * 7.0 / %s)", shipped, days),
            ),
        }
        return {
            name: SQL("%s * %s / NULLIF(GREATEST(%s, 0), 0)", factor, part, whole)
            for name, (factor, part, whole) in parts.items()
        }

    def _of_one_day(self, name, convert=True):
        """The sum of ``name`` over the rows of a group that are of its first or last
        day, each company with its own, since their days end at different times."""
        return SQL(
            """
            (SELECT SUM(value)
               FROM (
                     SELECT value, day = %(end)s(day) OVER (PARTITION BY company_id)
                                AS is_it
                       FROM UNNEST(
                            ARRAY_AGG(%(company)s), ARRAY_AGG(%(day)s),
                            ARRAY_AGG(%(value)s)
                       ) part(company_id, day, value)
                    ) part
              WHERE is_it)
            """,
            end=SQL("MIN") if name in OF_FIRST_DAY else SQL("MAX"),
            company=SQL.identifier(self._table, "company_id"),
            day=SQL.identifier(self._table, "day"),
            value=self._value(name, convert),
        )

    def _value(self, name, convert=True):
        """The column ``name``, with money converted into the currency of the current
        company at today's rates."""
        column = SQL.identifier(self._table, name)
        if not convert or self._fields[name].type != "monetary":
            return column
        return SQL("%s * %s", column, self.env.companies._backlog_rate(self._table))

    # Scheduled action

    @api.model
    def _cron_take(self):
        """Take the snapshots that are due, company by company: the day that ended last
        in the time zone of the company. A failure is logged, and the next run tries
        again."""
        companies = self.env["res.company"].search(Domain.TRUE)
        cron, faults = self.env["ir.cron"], self.env["backlog.fault"]
        cron._commit_progress(remaining=len(companies))
        for company in companies:
            faults._attempt(
                "ir_cron_snapshot",
                company,
                self.env["backlog.history"]._take_and_tidy,
                company,
            )
            if not cron._commit_progress(1):
                break

    # On the list

    def action_remove_future(self):
        """Merge the days that have not ended, which a clock that was ahead has made,
        into one, whatever rows are chosen. Their bookings and shipments are kept, and
        the history goes on.

        :raise AccessError: for users who are no backlog administrator
        :raise UserError: when nothing would be left, or while another run adds days
        """
        if not self.env.user.has_group(MANAGERS):
            raise AccessError(
                self.env._("Only a backlog administrator removes days of the history.")
            )
        removed = 0
        for company in self.env.companies:
            # sudo: no user may write the history; an administrator of the backlog mends
            # that of their companies.
            history = self.env["backlog.history"].sudo().with_company(company)
            removed += history._remove_future(company)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if removed else "info",
                "message": self.env._("Days after today that were removed: %s", removed)
                if removed
                else self.env._("No day of the history is after today."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
