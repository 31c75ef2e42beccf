from odoo import api, fields, models

from . import backlog_report

# wkhtmltopdf needs far longer for one long table than for several short ones.
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
    "promise_date",
    "expected_date",
    "days_late",
    "is_late",
    "delay_cause",
)


class BacklogReport(models.TransientModel):
    """All open lines by customer, at the end of the report."""

    _inherit = "backlog.report"

    def _annex(self):
        """All lines by customer, in tables of limited length: ``[[{"name", "lines",
        "value"}]]``."""
        lines = self._lines().search_fetch(
            self._domain(), LINE_FIELDS, limit=backlog_report.MAX_LINES + 1
        )
        self._check_size(len(lines) > backlog_report.MAX_LINES)
        # Whoever sees the line sees its names.
        lines = lines.sudo()
        by_customer = lines.grouped(lambda line: line.partner_id.commercial_partner_id)
        causes = dict(self._labels("delay_cause"))
        customers = [
            {
                "name": customer.display_name,
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

    @api.model
    def _annex_line(self, line, causes):
        return {
            "order": line.order_id.name,
            "product": line.product_id.display_name,
            "unit": line.product_uom_id.name,
            "open": line.open_qty,
            "ready": line.backlog_qty,
            "incoming": line.incoming_qty,
            "to_source": line.to_source_qty,
            "value": line.open_value,
            "promise": line.promise_date,
            "expected": line.expected_date,
            "days_late": line.days_late,
            "is_late": line.is_late,
            "cause": causes.get(line.delay_cause, ""),
        }

    @api.model
    def _in_tables(self, customers):
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
