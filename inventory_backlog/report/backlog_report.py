from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ..tools.link import Link
from ..tools.person import as_asked
from ..tools.texts import file_name, plain_quantity
from .backlog_customer_summary import of_customer

# 5,000 lines are 133 pages and 1.1 GB for wkhtmltopdf; Odoo stops it at 2.5 GB.
MAX_LINES = 8000

# What is summed, and the name of the sum.
MEASURES = {
    "value": "open_value:sum",
    "ready": "backlog_value:sum",
    "incoming": "incoming_value:sum",
    "to_source": "to_source_value:sum",
    "prepaid": "prepaid_value:sum",
    "open_qty": "open_qty:sum",
    "to_source_qty": "to_source_qty:sum",
    "lines": "__count",
    "orders": "order_id:count_distinct",
}


def no_sums():
    """The sums of no line."""
    return dict.fromkeys(MEASURES, 0)


class BacklogReport(models.TransientModel):
    """The choices for the printed report, and its figures.

    ``_data`` gives everything that the template shows, with the rights of the current
    user: salespeople print their own orders.
    """

    _name = "backlog.report"
    _inherit = ["backlog.bounds.mixin"]
    _description = "Backlog Report"
    _check_company_auto = True

    date_from = fields.Date(
        required=True,
        default=lambda self: fields.Date.context_today(self) - timedelta(days=7),
        help="First day of the bridge, which says what changed the backlog.",
    )
    date_to = fields.Date(
        required=True,
        default=lambda self: fields.Date.context_today(self) - timedelta(days=1),
        help="Last day of the bridge: a day is in the history once it is over. The "
        "rest of the report shows the backlog as it is now.",
    )
    company_id = Link(
        "res.company", required=True, default=lambda self: self.env.company
    )
    warehouse_id = Link(
        "stock.warehouse", check_company=True, help="Empty: all warehouses."
    )
    user_id = Link(
        "res.users",
        "Salesperson",
        domain="[('share', '=', False)]",
        help="Empty: all salespeople whose orders you may see.",
    )
    partner_id = Link(
        "res.partner",
        "Customer",
        help="With all contacts of its company. Empty: all customers.",
    )
    with_lines = fields.Boolean(
        "List All Lines",
        default=True,
        help="Adds every open order line at the end, by customer.",
    )

    _dates_in_order = models.Constraint(
        "CHECK (date_from <= date_to)",
        "The last day of the period must not be before the first one.",
    )

    @api.onchange("company_id")
    def _onchange_company_id(self):
        if self.warehouse_id.company_id != self.company_id:
            self.warehouse_id = False

    # Figures

    def _data(self):
        """Everything that the report shows, as one dict; money as numbers in
        ``currency``.

        The sums come from one statement, the lines of the annex from another one.

        :raise UserError: when no person asks
        """
        self.ensure_one()
        self = as_asked(self)  # noqa: PLW0642
        tables = self.env["backlog.report.table"].with_company(self.company_id)
        bridges = self.env["backlog.report.bridge"].with_company(self.company_id)
        groups = self._groups()
        total = {
            **tables._with_customers(groups["total"], groups["partners"]),
            "state": "total",
            "label": self.env._("Total"),
        }
        bridge = bridges._bridge(self, total["value"])
        return {
            "title": self.env._("Backlog Report"),
            "company": self.company_id,
            "currency": self.company_id.currency_id,
            "now": fields.Datetime.now(),
            "zone": str(self.env.tz),
            "filters": self._filters(bridge["days"]),
            "total": total,
            "states": tables._states(groups, total),
            "lateness_totals": tables._lateness_totals(groups, total),
            "ages": tables._buckets("age_bucket", groups, total),
            "latenesses": tables._buckets("lateness_bucket", groups, total),
            "causes": tables._causes(groups, total),
            "customers": tables._top_customers(groups, total),
            "products": tables._top_products(groups, total),
            "bridge": bridge,
            "annex": tables._annex(self) if self.with_lines else [],
            "definitions": self._definitions(),
        }

    def _groups(self):
        """The sums of the lines by everything that the report shows, in one
        statement."""
        sets = {
            "total": [],
            "backlog_state": ["backlog_state"],
            "lateness": ["is_late", "is_at_risk"],
            "age_bucket": ["age_bucket"],
            "lateness_bucket": ["lateness_bucket"],
            "delay_cause": ["delay_cause"],
            "partners": ["partner_id", "backlog_state", "is_late"],
            "product": ["product_id"],
        }
        rows = self._lines()._read_grouping_sets(
            self._domain(), list(sets.values()), list(MEASURES.values())
        )
        groups = {
            name: {
                tuple(row[: len(spec)]): dict(
                    zip(
                        MEASURES,
                        (value or 0 for value in row[len(spec) :]),
                        strict=True,
                    )
                )
                for row in found
            }
            for (name, spec), found in zip(sets.items(), rows, strict=True)
        }
        groups["total"] = groups["total"].get((), no_sums())
        # sudo: the lines name also customers that the user may not open.
        partners = self.env["res.partner"].browse(
            partner.id for partner, _state, _is_late in groups["partners"]
        )
        partners.sudo().fetch(["commercial_partner_id"])
        groups["partners"] = {
            (partner.sudo().commercial_partner_id, state, is_late, partner.id): sums
            for (partner, state, is_late), sums in groups["partners"].items()
        }
        return groups

    def _lines(self):
        """``backlog.line`` as the company of the report sees it."""
        return self.env["backlog.line"].with_company(self.company_id)

    def _domain(self):
        """The domain of the lines in the report."""
        domain = Domain("company_id", "=", self.company_id.id)
        if self.warehouse_id:
            domain &= Domain("warehouse_id", "=", self.warehouse_id.id)
        if self.user_id:
            domain &= Domain("user_id", "=", self.user_id.id)
        if self.partner_id:
            domain &= of_customer(self.partner_id)
        return domain

    # Texts

    def _filters(self, days):
        """``[(filter, value)]``: the filters of the report, as texts; ``days`` are
        those of the bridge."""
        first, last = (format_date(self.env, day) for day in days)
        everything = self.env._("All")
        return [
            (self.env._("Company"), self.company_id.display_name),
            (self.env._("Warehouse"), self.warehouse_id.display_name or everything),
            (self.env._("Salesperson"), self.user_id.display_name or everything),
            (
                self.env._("Customer"),
                self.partner_id.commercial_partner_id.display_name or everything,
            ),
            (
                self.env._("Period of the bridge"),
                self.env._("%(first)s to %(last)s", first=first, last=last),
            ),
        ]

    def _definitions(self):
        """``[[(word, sentence)]]``: the definitions of the words in the report, in
        columns."""
        words = [
            (
                self.env._("Open"),
                self.env._(
                    "Ordered on a confirmed order, not yet shipped, still to be "
                    "shipped."
                ),
            ),
            (
                self.env._("Ready (backlog)"),
                self.env._(
                    "The part of Open that is in stock for the line, after everyone "
                    "ahead of it in the queue."
                ),
            ),
            (
                self.env._("Short (backorder)"),
                self.env._("Open less Ready: the part that is out of stock."),
            ),
            (
                self.env._("Incoming"),
                self.env._(
                    "The part of Short that a receipt, transfer or production already "
                    "on its way will cover."
                ),
            ),
            (
                self.env._("To order"),
                self.env._(
                    "Short less Incoming: nothing is on its way, somebody must act."
                ),
            ),
            (
                self.env._("Late"),
                self.env._(
                    "The day promised last (the delivery date of the order, else the "
                    "order date plus the lead time) is past, in days of the time zone "
                    "%s.",
                    str(self.env.tz),
                ),
            ),
            (
                self.env._("At risk"),
                self.env._(
                    "Not late yet, but expected after the promise, waiting for a "
                    "receipt that is overdue, or to order with the promise less than "
                    "%s days away.",
                    self.company_id.sudo().backlog_risk_days,
                ),
            ),
            (
                self.env._("Days late"),
                self.env._(
                    "From the promise to today or to the expected date, whichever is "
                    "later."
                ),
            ),
            (
                self.env._("Value"),
                self.env._(
                    "Untaxed, net of discount, of the open part, in the currency of "
                    "the company at the rate of the order."
                ),
            ),
            (
                self.env._("Prepaid"),
                self.env._(
                    "The part of the value that customers have already paid: a debt to "
                    "them, not yet income."
                ),
            ),
        ]
        half = len(words) // 2
        return [words[:half], words[half:]]

    def _quantity(self, quantity):
        """A quantity as people write it, without needless zeros."""
        return plain_quantity(self.env, quantity)

    def _file_name(self):
        """The name of the PDF, without its ending."""
        return self.env._(
            "Backlog Report %(company)s %(day)s",
            company=file_name(self.company_id.name),
            day=fields.Date.to_string(fields.Date.context_today(self)),
        )

    # Printing

    def _is_too_long(self):
        """Whether there are more lines than can be printed."""
        count = self._lines().search_count(self._domain(), limit=MAX_LINES + 1)
        return count > MAX_LINES

    def _check_size(self, is_too_long):
        """Check that the list of lines can be printed."""
        if is_too_long:
            raise UserError(
                self.env._(
                    "More than %s lines are open: too many for a list on paper. Choose "
                    "a warehouse, salesperson or customer, or leave the lines out.",
                    MAX_LINES,
                )
            )

    def action_print(self):
        """Download the report as PDF."""
        self.ensure_one()
        self._check_size(self.with_lines and self._is_too_long())
        report = self.env.ref("inventory_backlog.action_report_backlog")
        return {
            **report.report_action(self, config=False),
            "close_on_report_download": True,
        }
