from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.date_utils import start_of

from ..tools.bounds import finite, in_unit, moment, money
from .backlog_snapshot import FLOWS, OF_LAST_DAY

# Closed lines are kept for this number of days: goods that come back later count as
# changed.
KEEP_DAYS = 90

# The last so many missed days get a row each, all days before them one row together.
CATCH_UP_DAYS = 31

# The columns of the last look, and their names beside the columns of now.
BEFORE = {
    "unit_value": "unit0",
    "open_value": "value0",
    "open_qty": "open0",
    "ordered_qty": "ordered0",
    "delivered_qty": "delivered0",
}

LOCK = 7_301_905  # any number that other addons do not use


class BacklogHistory(models.AbstractModel):
    """Everything that writes ``backlog.snapshot``: adds the day that ended last and the
    days that were missed, merges old days into months, removes days that have not
    ended.

    Each order line is compared with what the last snapshot saw of it
    (``backlog.snapshot.line``): ``_look`` puts both side by side in the temporary table
    ``backlog_look``, ``backlog.snapshot.flow`` says what happened in between. An
    advisory lock per company keeps two runs apart.
    """

    _name = "backlog.history"
    _description = "History"

    # The days that ended

    def _take_and_tidy(self, company):
        """Take the snapshot of ``company`` and commit it, then merge its old days."""
        self._take(company)
        # Commit, so that a failure below does not undo the snapshot.
        self.env["ir.cron"]._commit_progress()
        self._thin_out_if_sure(company)

    @api.model  # the demo data calls it as a function of the model
    def _take(self, company):
        """Take the snapshot of the last day of ``company`` and of those missed before.

        :return: the days that were added; none when all of them are there, or while
            another run holds the lock
        """
        if not self._lock(company):
            return []
        # sudo: the history is about the whole company, not about what one user may see.
        taking = (
            self.sudo()
            .with_company(company)
            .with_context(allowed_company_ids=company.ids, tz=company._backlog_zone())
        )
        last = taking.env["backlog.snapshot"].search(
            [("company_id", "=", company.id)], limit=1
        )
        day = company._backlog_today() - timedelta(days=1)
        if not self._check_clock(company, last, day) or last and last.day >= day:
            return []
        taking._look(company, day, last.taken_at or None)
        closing = taking._closing()
        if last:
            days = [
                last.day + timedelta(days=number + 1)
                for number in range((day - last.day).days)
            ]
            flows = taking.env["backlog.snapshot.flow"]._flows(days, last.taken_at)
            opening = taking._last_closing(company, last.day)
        else:
            # The first day opens with what is open now: nothing is known of the time
            # before.
            days, flows = [day], {}
            opening = {cell: row["closing"] for cell, row in closing.items()}
        taking._write_days(company, self._periods(days), opening, flows, closing)
        taking._write_seen(company, day)
        return days

    def _lock(self, company):
        """Take the lock of the company until the transaction ends."""
        [[locked]] = self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", LOCK, company.id)
        )
        return locked

    def _check_clock(self, company, last, day):
        """Report a history that cannot be right, since the clock is or was wrong: days
        that have not ended, or more missed days than likely.

        :return: whether days may be added
        """
        env = self.env["backlog.fault"]._speaking()
        faults = env["backlog.fault"]
        ahead, gap = f"ahead {company.id}", f"gap {company.id}"
        if not last:
            return True
        if last.day > company._backlog_today():
            faults._report(
                "history",
                ahead,
                env._(
                    "The history of %(company)s has days up to %(last)s, after today. "
                    "The clock of the server was ahead. No day is added until then: "
                    "check the clock, open Backlog › Reporting › History as a list, "
                    "and remove the days after today.",
                    company=company.name,
                    last=last.day,
                ),
                company.id,
            )
            return False
        faults._heal("history", ahead)
        missed = (day - last.day).days - 1
        if missed > CATCH_UP_DAYS:
            faults._report(
                "history",
                gap,
                env._(
                    "The history of %(company)s missed %(count)s days after %(last)s. "
                    "They were worked out, all but the last %(shown)s as one row. If "
                    "the clock of the server is ahead, set it right, open Backlog › "
                    "Reporting › History as a list, and remove the days after today.",
                    company=company.name,
                    count=missed,
                    last=last.day,
                    shown=CATCH_UP_DAYS,
                ),
                company.id,
            )
        elif missed == 0:
            # A day ended and none was missed: the clock is right.
            faults._heal("history", gap)
        return True

    def _look(self, company, day, since):
        """Put the figures to be compared side by side in ``backlog_look``, one row per
        order line: as last seen (``…0``, at ``since``) and as they are now (``…1``).

        All lines that were open then are known, so an unknown line is new, whatever the
        date of its order. The exception is a line with earlier shipments: it was closed
        so long ago that its row is deleted, and what is open of it again counts as
        changed.
        """
        self.env.execute_query(SQL("DROP TABLE IF EXISTS pg_temp.backlog_look"))
        self.env.execute_query(
            SQL(
                """
                CREATE TEMPORARY TABLE backlog_look ON COMMIT DROP AS
                  WITH seen AS MATERIALIZED (
                        SELECT *
                          FROM (%(lines)s) line
                         WHERE company_id = %(company)s
                       ),
                       known AS (
                        SELECT *
                          FROM backlog_snapshot_line
                         WHERE company_id = %(company)s
                       ),
                       recent AS (%(recent)s),
                       asked AS (
                        SELECT id FROM seen
                         UNION
                        SELECT order_line_id FROM known
                         UNION
                        SELECT id FROM recent
                       )
                SELECT asked.id, line.product_id,
                       %(date_order)s AS date_order,
                       seen.id IS NOT NULL AS is_open,
                       known.id IS NOT NULL AS is_known,
                       known.id IS NULL AND NOT EXISTS (
                           SELECT 1
                             FROM stock_move move
                            WHERE move.sale_line_id = asked.id
                              AND move.state = 'done'
                              AND move.date <= %(since)s
                       ) AS is_new,
                       known.warehouse_id AS warehouse0,
                       known.backlog_state AS state0,
                       %(known)s,
                       known.closed_on,
                       COALESCE(seen.warehouse_id, known.warehouse_id,
                                line.warehouse_id, sale.warehouse_id) AS warehouse1,
                       COALESCE(seen.backlog_state, known.backlog_state, 'ready')
                           AS state1,
                       %(unit_value)s::numeric AS unit1,
                       COALESCE(seen.open_value, 0)::numeric AS value1,
                       COALESCE(seen.backorder_value, 0)::numeric AS short_value,
                       COALESCE(seen.open_qty, 0)::numeric AS open1,
                       COALESCE(seen.backorder_qty, 0)::numeric AS short_qty,
                       -- Of a cancelled order what was shipped stays ordered.
                       (%(ordered)s)::numeric AS ordered1,
                       COALESCE(%(delivered)s, %(known_delivered)s, 0)::numeric
                           AS delivered1,
                       seen.promised_day <= %(day)s AS is_late
                  FROM asked
             LEFT JOIN seen USING (id)
             LEFT JOIN known ON known.order_line_id = asked.id
             LEFT JOIN sale_order_line line ON line.id = asked.id
             LEFT JOIN sale_order sale ON sale.id = line.order_id
             LEFT JOIN product_product product ON product.id = line.product_id
             LEFT JOIN product_template template
                    ON template.id = product.product_tmpl_id
             LEFT JOIN uom_uom uom ON uom.id = template.uom_id
             LEFT JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
                """,
                date_order=moment(SQL("GREATEST(sale.date_order, line.create_date)")),
                known=SQL(", ").join(
                    SQL(
                        "COALESCE(%s, 0)::numeric AS %s",
                        money(SQL.identifier("known", name)),
                        SQL.identifier(before),
                    )
                    for name, before in BEFORE.items()
                ),
                ordered=in_unit(
                    SQL(
                        "(CASE WHEN sale.state = 'sale' THEN %(ordered)s "
                        "ELSE LEAST(%(ordered)s, %(delivered)s) END)",
                        ordered=finite(SQL("line.product_uom_qty")),
                        delivered=finite(SQL("line.qty_delivered")),
                    ),
                    "line_uom",
                    "uom",
                ),
                known_delivered=money(SQL("known.delivered_qty")),
                delivered=in_unit(finite(SQL("line.qty_delivered")), "line_uom", "uom"),
                lines=self.env["backlog.line.today"]._dated(
                    self.env["backlog.line"]._current()
                ),
                company=company.id,
                recent=self.env["backlog.snapshot.flow"]._recent(company, since),
                since=since,
                unit_value=self.env["backlog.live.line"]._unit_value(),
                day=day,
            )
        )

    def _closing(self):
        """``{(warehouse id, state): {column: value}}`` of all open lines now."""
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
            (row["warehouse1"], row["state1"]): {
                name: row[name] for name in OF_LAST_DAY
            }
            for row in rows
        }

    def _last_closing(self, company, day):
        """``{(warehouse id, state): value}`` of the snapshot of ``day``, for all cells
        that had lines or a value then."""
        rows = self.env["backlog.snapshot"].search(
            [("company_id", "=", company.id), ("day", "=", day)]
        )
        return {
            (warehouse.id or None, state): sum(of_cell.mapped("closing"))
            for (warehouse, state), of_cell in rows.grouped(
                lambda row: (row.warehouse_id, row.backlog_state)
            ).items()
            if any(row.closing or row.line_count for row in of_cell)
        }

    def _periods(self, days):
        """``[(first day, last day)]`` of the rows to add for ``days``: one per day, but
        one row together for days that were missed long ago."""
        early, late = days[: -CATCH_UP_DAYS - 1], days[-CATCH_UP_DAYS - 1 :]
        periods = [(day, day) for day in late]
        return [(early[0], early[-1]), *periods] if early else periods

    def _write_days(self, company, periods, opening, flows, closing):
        """Add the rows of ``periods``, each ``(first day, last day)``. Each row opens
        with the closing of the row before; the last one closes with what is open now,
        whatever has moved."""
        # A day without backlog gets a row too, to show that it was not missed.
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", company.id)], limit=1
        )
        always = (warehouse.id or None, "ready")
        # A cell that had lines the day before gets a row too: nothing else would show
        # that lines without a value are gone.
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
        self.env["backlog.snapshot"].create(rows)

    def _flows_between(self, flows, first, last):
        """``{(warehouse id, state): {flow: value}}`` of all days of a period
        together."""
        found = {}
        for (day, *cell), values in flows.items():
            if first <= day <= last:
                total = found.setdefault(tuple(cell), dict.fromkeys(FLOWS, 0))
                for name in FLOWS:
                    total[name] += values[name]
        return found

    def _row(self, opening, flow, seen):
        """The figures of one day. ``seen`` is the closing that was read at its end,
        None for a missed day."""
        rounded = self.env.company.currency_id.round
        row = {name: rounded(flow.get(name, 0)) for name in FLOWS}
        worked_out = rounded(
            opening + row["booked"] - row["shipped"] - row["cancelled"] + row["changed"]
        )
        row["opening"] = opening
        if seen is None:
            row["closing"] = worked_out
        else:
            row.update(dict.fromkeys(OF_LAST_DAY, 0), **seen)
            row["closing"] = rounded(row["closing"])
        row["difference"] = rounded(row["closing"] - worked_out)
        return row

    def _write_seen(self, company, day):
        """Write what was read of each line, for the next comparison, and delete lines
        that were closed long ago."""
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

    # Old days

    def _thin_out_if_sure(self, company):
        """Merge old days, unless the clock may be ahead: days of now would look old,
        and a merge cannot be undone."""
        if not self.env["backlog.fault"]._is_open(
            "history", [f"ahead {company.id}", f"gap {company.id}"]
        ):
            self._thin_out(company)

    def _thin_out(self, company):
        """Merge the days of each month into one row per warehouse and state, once the
        whole month is older than the company keeps days."""
        limit = start_of(
            company._backlog_today()
            - relativedelta(years=company.backlog_snapshot_years),
            "month",
        )
        old = self.env["backlog.snapshot"].search(
            [("company_id", "=", company.id), ("day", "<", limit)], order="day, id"
        )
        for rows in old.grouped(lambda row: start_of(row.day, "month")).values():
            if rows[0].day < rows[-1].day:
                self._put_together(rows, rows[-1].day, rows[-1].taken_at)

    # Days that have not ended

    def _remove_future(self, company):
        """Merge the days of ``company`` that have not ended into one that has."""
        today = company._backlog_today()
        mine = Domain("company_id", "=", company.id)
        snapshots = self.env["backlog.snapshot"]
        if not snapshots.search(mine & Domain("day", ">", today), limit=1):
            return 0
        if not self._lock(company):
            raise UserError(
                self.env._(
                    "The history of %s is being added to right now. Try again in a "
                    "minute.",
                    company.name,
                )
            )
        rows = snapshots.search(mine & Domain("day", ">=", today), order="day, id")
        days = len(set(rows.mapped("day")))
        last = snapshots.search(mine & Domain("day", "<", today), limit=1)
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
        # The moment when they were taken is unknown, but it was after the day before
        # them. The next snapshot reads shipments from then on again, and compares them
        # with what was seen.
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

    # Several days in one row

    def _put_together(self, rows, day, taken_at):
        """Merge these rows, which are in the order of their days, into one per
        warehouse and state: that of ``day``, taken at ``taken_at``."""
        first, last = rows[0], rows[-1]
        cells = rows.grouped(lambda row: (row.warehouse_id.id, row.backlog_state))
        months = []
        for (warehouse_id, state), days in cells.items():
            opened = days.filtered(lambda row: row.day == first.day)
            closed = days.filtered(lambda row: row.day == last.day)
            months.append(
                {
                    **{name: sum(days.mapped(name)) for name in (*FLOWS, "difference")},
                    # Only the closing is known of a missed day.
                    **{
                        name: sum(closed.mapped(name))
                        for name in OF_LAST_DAY
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
        self.env["backlog.snapshot"].create(months)
