from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.date_utils import start_of

from .backlog_fault import MANAGERS
from .backlog_snapshot import FLOWS, LAST_DAY
from .backlog_snapshot_take import CATCH_UP_DAYS, KEEP_DAYS


class BacklogSnapshot(models.Model):
    """How a snapshot is kept: its rows, what the next one is held against, and what is
    too old for days."""

    _inherit = "backlog.snapshot"

    def _closing(self):
        """``{(warehouse id, state): {column: value}}`` of what is open now."""
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT warehouse1, state1, SUM(value1) AS closing,
                       COALESCE(SUM(value1) FILTER (WHERE is_late), 0) AS late_value,
                       SUM(short_value) AS backorder_value, COUNT(*) AS line_count,
                       COUNT(*) FILTER (WHERE short_qty > 0) AS backorder_line_count,
                       SUM(open1) AS open_qty, SUM(short_qty) AS backorder_qty
                  FROM backlog_look
                 WHERE is_open
              GROUP BY warehouse1, state1
                """
            )
        )
        return {
            (row["warehouse1"], row["state1"]): {name: row[name] for name in LAST_DAY}
            for row in rows
        }

    def _last_closing(self, company, day):
        """``{(warehouse id, state): value}`` of the snapshot of ``day``, of all that
        had lines or a value then."""
        rows = self.search([("company_id", "=", company.id), ("day", "=", day)])
        return {
            (warehouse.id or None, state): sum(of_cell.mapped("closing"))
            for (warehouse, state), of_cell in rows.grouped(
                lambda row: (row.warehouse_id, row.backlog_state)
            ).items()
            if any(row.closing or row.line_count for row in of_cell)
        }

    def _write_days(self, company, periods, opening, flows, closing):
        """Add the rows of ``periods``, each ``(first day, last day)``. Each opens with
        what the one before closed with; the last one closes with what is there,
        whatever moved."""
        # A day without backlog leaves a row as well: it was not missed.
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", company.id)], limit=1
        )
        always = (warehouse.id or None, "ready")
        # What was there the day before leaves one, too: of lines without a value
        # nothing else would say that they are gone.
        ended = {always} | opening.keys()
        cells = ended | {key[1:] for key in flows} | closing.keys()
        rows = []
        for first, day in periods:
            of_period = self._flows_between(flows, first, day)
            is_last = (first, day) == periods[-1]
            for cell in cells:
                row = self._row(
                    opening.get(cell, 0),
                    of_period.get(cell, {}),
                    closing.get(cell, {}) if is_last else None,
                )
                opening[cell] = row["closing"]
                if cell in ended or any(row.values()):
                    rows.append(
                        {
                            "day": day,
                            "day_from": first,
                            "company_id": company.id,
                            "warehouse_id": cell[0],
                            "backlog_state": cell[1],
                            "taken_at": fields.Datetime.now(),
                            "is_caught_up": not is_last,
                            **row,
                        }
                    )
        self.create(rows)

    def _flows_between(self, flows, first, last):
        """``{(warehouse id, state): {flow: value}}`` of all days of a period."""
        found = {}
        for (day, *cell), values in flows.items():
            if first <= day <= last:
                total = found.setdefault(tuple(cell), dict.fromkeys(FLOWS, 0))
                for name in FLOWS:
                    total[name] += values[name]
        return found

    def _row(self, opening, flow, seen):
        """The figures of one day; ``seen`` is what was seen at its end, None for a day
        that was missed."""
        rounded = self.env.company.currency_id.round
        row = {name: rounded(flow.get(name, 0)) for name in FLOWS}
        worked_out = rounded(
            opening + row["booked"] - row["shipped"] - row["cancelled"] + row["changed"]
        )
        row["opening"] = opening
        if seen is None:
            row["closing"] = worked_out
        else:
            row.update(dict.fromkeys(LAST_DAY, 0), **seen)
            row["closing"] = rounded(row["closing"])
        row["difference"] = rounded(row["closing"] - worked_out)
        return row

    def _remember(self, company, day):
        """Keep what was seen, for the next time."""
        self.env.execute_query(
            SQL(
                """
                DELETE FROM backlog_snapshot_line
                 WHERE company_id = %s
                   AND closed_on < %s
                """,
                company.id,
                day - timedelta(days=KEEP_DAYS),
            )
        )
        self.env.execute_query(
            SQL(
                """
                INSERT INTO backlog_snapshot_line AS line (
                       order_line_id, company_id, warehouse_id, backlog_state,
                       unit_value, open_value, open_qty, ordered_qty, delivered_qty,
                       closed_on)
                SELECT id, %(company)s, warehouse1, state1, COALESCE(unit1, unit0),
                       value1, open1, ordered1, delivered1,
                       CASE WHEN NOT is_open THEN COALESCE(closed_on, %(day)s) END
                  FROM backlog_look
                 WHERE is_open
                    OR (is_known OR is_new)
                       AND COALESCE(closed_on, %(day)s) >= %(keep_from)s
                    ON CONFLICT (order_line_id) DO UPDATE
                   SET (company_id, warehouse_id, backlog_state, unit_value, open_value,
                        open_qty, ordered_qty, delivered_qty, closed_on)
                       = (EXCLUDED.company_id, EXCLUDED.warehouse_id,
                          EXCLUDED.backlog_state, EXCLUDED.unit_value,
                          EXCLUDED.open_value, EXCLUDED.open_qty, EXCLUDED.ordered_qty,
                          EXCLUDED.delivered_qty, EXCLUDED.closed_on)
                 WHERE (line.company_id, line.warehouse_id, line.backlog_state,
                        line.unit_value, line.open_value, line.open_qty,
                        line.ordered_qty, line.delivered_qty, line.closed_on)
                       IS DISTINCT FROM
                       (EXCLUDED.company_id, EXCLUDED.warehouse_id,
                        EXCLUDED.backlog_state, EXCLUDED.unit_value,
                        EXCLUDED.open_value, EXCLUDED.open_qty, EXCLUDED.ordered_qty,
                        EXCLUDED.delivered_qty, EXCLUDED.closed_on)
                """,
                company=company.id,
                day=day,
                keep_from=day - timedelta(days=KEEP_DAYS),
            )
        )
        self.env["backlog.snapshot.line"].invalidate_model()

    # What is too old

    def _thin_out(self, company):
        """Put the days of each month in one row per warehouse and state, once the whole
        month is older than the company keeps days."""
        limit = start_of(
            company._backlog_today()
            - relativedelta(years=company.backlog_snapshot_years),
            "month",
        )
        old = self.search(
            [("company_id", "=", company.id), ("day", "<", limit)], order="day, id"
        )
        for rows in old.grouped(lambda row: start_of(row.day, "month")).values():
            if rows[0].day < rows[-1].day:
                self._put_together(rows, rows[-1].day, rows[-1].taken_at)

    def _put_together(self, rows, day, taken_at):
        """Make of these rows, in the order of their days, one per warehouse and state:
        that of ``day``, as it was seen at ``taken_at``."""
        first, last = rows[0], rows[-1]
        cells = rows.grouped(lambda row: (row.warehouse_id.id, row.backlog_state))
        months = []
        for (warehouse_id, state), days in cells.items():
            opened = days.filtered(lambda row: row.day == first.day)
            closed = days.filtered(lambda row: row.day == last.day)
            months.append(
                {
                    **{name: sum(days.mapped(name)) for name in (*FLOWS, "difference")},
                    # Of a day that was missed nothing but its closing is known.
                    **{
                        name: sum(closed.mapped(name))
                        for name in LAST_DAY
                        if name == "closing" or not last.is_caught_up
                    },
                    "opening": sum(opened.mapped("opening")),
                    "day_from": min(first.day_from, day),
                    "day": day,
                    "company_id": last.company_id.id,
                    "warehouse_id": warehouse_id,
                    "backlog_state": state,
                    "taken_at": taken_at,
                    "is_caught_up": any(days.mapped("is_caught_up")),
                }
            )
        rows.unlink()
        self.create(months)

    # What has not been yet

    def action_remove_future(self):
        """Put the days that have not ended, which a clock that was ahead has made, into
        one, whatever rows are chosen: what was booked and shipped on them has been.
        Then the history goes on.

        :raise AccessError: who is no backlog administrator
        :raise UserError: when nothing would be left, or somebody else is at it
        """
        if not self.env.user.has_group(MANAGERS):
            raise AccessError(
                self.env._("Only a backlog administrator removes days of the history.")
            )
        removed = 0
        for company in self.env.companies:
            # Nobody may write the history; a manager has it mended, of their companies.
            removed += self.sudo().with_company(company)._remove_future(company)
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

    def _remove_future(self, company):
        today = company._backlog_today()
        mine = Domain("company_id", "=", company.id)
        if not self.search(mine & Domain("day", ">", today), limit=1):
            return 0
        if not self._lock(company):
            raise UserError(
                self.env._(
                    "The history of %s is being added to right now. Try again in a "
                    "minute.",
                    company.name,
                )
            )
        rows = self.search(mine & Domain("day", ">=", today), order="day, id")
        days = len(set(rows.mapped("day")))
        last = self.search(mine & Domain("day", "<", today), limit=1)
        if not last and days > CATCH_UP_DAYS + 2:
            raise UserError(
                self.env._(
                    "All days of the history of %(company)s are after today, "
                    "%(today)s. Check the clock of the server before you remove them.",
                    company=company.name,
                    today=today,
                )
            )
        yesterday = today - timedelta(days=1)
        # When they were seen nobody knows: after the day before them. What was shipped
        # since then is looked at once more, and held against what was seen.
        self._put_together(
            rows,
            today if last.day == yesterday else yesterday,
            min(last.taken_at or fields.Datetime.now(), fields.Datetime.now()),
        )
        self.env["backlog.snapshot.line"].search(
            mine & Domain("closed_on", ">", today)
        ).closed_on = today
        for key in ("ahead", "gap"):
            self.env["backlog.fault"]._heal("history", f"{key} {company.id}")
        return days
