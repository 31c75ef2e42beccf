from odoo import fields, models

from ..const import BACKLOG_STATES
from ..tools.names import named
from . import backlog_report

# wkhtmltopdf is far slower with one long table than with several short ones.
TABLE_LINES = 500

LINE_FIELDS = (
    "order_id",
    "partner_id",
    "product_id",
    "product_uom_id",
    "currency_id",
    "open_qty",
    "backlog_qty",
    "incoming_qty",
    "to_source_qty",
    "open_value",
    "excess_qty",
    "excess_value",
    "promise_date",
    "expected_date",
    "overdue_since",
    "days_late",
    "is_late",
    "delay_cause",
)

TOP = 10


class BacklogReportTable(models.AbstractModel):
    """The tables of the printed report.

    The tables of sums take what ``backlog.report._groups`` has read in one statement
    (``groups``) and the sums of all lines (``total``); the annex reads the lines. The
    company of the environment is that of the report. All return plain values.
    """

    _name = "backlog.report.table"
    _description = "Tables of the Report"

    # Sums

    def _states(self, groups, total):
        """A row for each state of the backlog, also those without lines."""
        labels = dict(self._labels("backlog_state"))
        rows = []
        for state, _label in BACKLOG_STATES:
            sums = self._sums(groups, "backlog_state", state)
            rows.append(
                {
                    **self._with_customers(sums, groups["partners"], state),
                    "state": state,
                    "label": labels[state],
                    "share": self._share(sums["value"], total["value"]),
                }
            )
        return rows

    def _lateness_totals(self, groups, total):
        """Late, at risk, in time: each line is one of them."""
        labels = {
            "late": self.env._("Late"),
            "at_risk": self.env._("At risk"),
            "in_time": self.env._("In time"),
        }
        sums = {name: backlog_report.no_sums() for name in labels}
        for (is_late, is_at_risk), found in groups["lateness"].items():
            name = "late" if is_late else "at_risk" if is_at_risk else "in_time"
            sums[name] = found
        return [self._row(labels[name], sums[name], total, key=name) for name in labels]

    def _buckets(self, name, groups, total):
        """A row for each step of age or lateness ``name``, also those without lines."""
        return [
            self._row(label, self._sums(groups, name, value), total)
            for value, label in self._labels(name)
        ]

    def _causes(self, groups, total):
        """The causes of what is late or at risk, the costliest first."""
        rows = [
            self._row(label, groups["delay_cause"][(value,)], total)
            for value, label in self._labels("delay_cause")
            if (value,) in groups["delay_cause"]
        ]
        return sorted(rows, key=lambda row: -row["value"])

    def _sums(self, groups, name, value):
        """The sums of one group, 0 each where no line is in it."""
        return groups[name].get((value,)) or backlog_report.no_sums()

    def _with_customers(self, sums, partners, state=None):
        """``sums`` with the number of customers, in all states or in one."""
        customers = {
            customer
            for customer, its_state, _is_late, _id in partners
            if state in (None, its_state)
        }
        return {**sums, "customers": len(customers)}

    def _row(self, label, sums, total, **more):
        return {
            "label": label,
            "lines": sums["lines"],
            "value": sums["value"],
            "share": self._share(sums["value"], total["value"]),
            **more,
        }

    # The largest

    def _top_customers(self, groups, total):
        """The customers with the most open value; see ``_top``."""
        customers = {}
        for (customer, _state, is_late, _id), sums in groups["partners"].items():
            row = customers.setdefault(
                customer,
                dict.fromkeys(("value", "ready", "prepaid", "late", "lines"), 0),
            )
            for name in ("value", "ready", "prepaid", "lines"):
                row[name] += sums[name]
            row["late"] += is_late and sums["value"]
        for customer, row in customers.items():
            row["name"] = customer.display_name
            row["share"] = self._share(row["value"], total["value"])
        return self._top(customers.values(), ("value", "ready", "late", "prepaid"))

    def _top_products(self, groups, total):
        """The products with the most open value, with their vendors; see ``_top``."""
        ranked = sorted(
            groups["product"].items(),
            key=lambda item: (-item[1]["value"], item[0][0].id),
        )
        products = self.env["product.product"].browse(
            product.id for (product,), _sums in ranked[:TOP]
        )
        resilience = dict(
            products._fields["vendor_resilience"]._description_selection(self.env)
        )
        rows = [
            {
                "value": sums["value"],
                "to_source": sums["to_source"],
                "share": self._share(sums["value"], total["value"]),
                "lines": sums["lines"],
                "product": product,
                "open_qty": sums["open_qty"],
                "to_source_qty": sums["to_source_qty"],
            }
            for (product,), sums in ranked
        ]
        top = self._top(rows, ("value", "to_source"))
        for row, product in zip(top["rows"], products, strict=True):
            # sudo: users who see the backlog of a product may see its vendors.
            row["name"] = named(product).display_name
            row["unit"] = product.sudo().uom_id.name
            row["vendor"] = named(product.main_vendor_id).display_name or ""
            row["resilience"] = resilience.get(product.vendor_resilience, "")
            del row["product"]
        return top

    def _top(self, rows, names):
        """The first ``TOP`` rows by value, and the sums of all others."""
        ranked = sorted(rows, key=lambda row: -row["value"])
        others = ranked[TOP:]
        return {
            "rows": ranked[:TOP],
            "others": {
                "count": len(others),
                "share": sum(row["share"] for row in others),
                **{name: sum(row[name] for row in others) for name in names},
            },
        }

    # All lines

    def _annex(self, report):
        """All lines by customer, in tables of limited length: ``[[{"name", "lines",
        "value"}]]``."""
        lines = report._lines().search_fetch(
            report._domain(), LINE_FIELDS, limit=backlog_report.MAX_LINES + 1
        )
        report._check_size(len(lines) > backlog_report.MAX_LINES)
        # sudo: a user who sees the line may see the names on it.
        lines = lines.sudo()
        by_customer = lines.grouped(lambda line: line.partner_id.commercial_partner_id)
        causes = dict(self._labels("delay_cause"))
        customers = [
            {
                "name": named(customer).display_name,
                "value": sum(its_lines.mapped("open_value")),
                "lines": [
                    self._annex_line(line, causes)
                    for line in its_lines.sorted(
                        lambda line: (
                            line.promise_date or fields.Datetime.now(),
                            line.id,
                        )
                    )
                ],
            }
            for customer, its_lines in by_customer.items()
        ]
        return self._in_tables(sorted(customers, key=lambda one: one["name"].lower()))

    def _annex_line(self, line, causes):
        return {
            "order": line.order_id.name,
            "product": named(line.product_id).display_name,
            "unit": line.product_uom_id.name,
            "open": line.open_qty,
            "ready": line.backlog_qty,
            "incoming": line.incoming_qty,
            "to_source": line.to_source_qty,
            "value": line.open_value,
            "excess": line.excess_qty,
            "excess_value": line.excess_value,
            "promise": line.promise_date,
            "expected": line.expected_date,
            "overdue_since": line.overdue_since,
            "days_late": line.days_late,
            "is_late": line.is_late,
            "cause": causes.get(line.delay_cause, ""),
        }

    def _in_tables(self, customers):
        """The customers in tables of up to ``TABLE_LINES`` lines; a customer that goes
        on in the next table is there a second time."""
        tables = []
        room = 0
        for customer in customers:
            for start in range(0, len(customer["lines"]), TABLE_LINES):
                part = {
                    **customer,
                    "lines": customer["lines"][start : start + TABLE_LINES],
                    "is_continued": bool(start),
                }
                if len(part["lines"]) > room:
                    tables.append([])
                    room = TABLE_LINES
                tables[-1].append(part)
                room -= len(part["lines"])
        return tables

    # Shared

    def _share(self, part, whole):
        """The share in per cent, 0 where the whole is 0."""
        return 100 * part / whole if whole else 0

    def _labels(self, name):
        """``[(value, label)]`` of the selection ``name`` of the lines."""
        lines = self.env["backlog.line"]
        return lines._fields[name]._description_selection(lines.env)
