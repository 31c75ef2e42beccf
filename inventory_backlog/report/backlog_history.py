from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.bounds import finite, in_unit, moment, money

# Closed lines are remembered this long: what comes back later counts as changed.
KEEP_DAYS = 90
# Of days that were missed so many are added one by one, those before as one row.
CATCH_UP_DAYS = 31
# What the last look kept, and what it is called beside what is there now.
BEFORE = {
    "unit_value": "unit0",
    "open_value": "value0",
    "open_qty": "open0",
    "ordered_qty": "ordered0",
    "delivered_qty": "delivered0",
}
LOCK = 7_301_905  # any number that other addons do not use


class BacklogSnapshot(models.Model):
    """How a snapshot is taken: each order line against what was last seen of it."""

    _inherit = "backlog.snapshot"

    @api.model
    def _cron_take(self):
        """Take what is due, company by company: the day that ended last, where the
        company is. One that fails is logged and tried again in the next run."""
        companies = self.env["res.company"].search(Domain.TRUE)
        cron, faults = self.env["ir.cron"], self.env["backlog.fault"]
        cron._commit_progress(remaining=len(companies))
        for company in companies:
            faults._attempt("ir_cron_snapshot", company, self._take_and_tidy, company)
            if not cron._commit_progress(1):
                break

    @api.model
    def _take_and_tidy(self, company):
        self._take(company)
        # Tidying up never costs a day.
        self.env["ir.cron"]._commit_progress()
        self._thin_out_if_sure(company)

    @api.model
    def _take(self, company):
        """Take the snapshot of the last day of ``company`` and of those missed before.

        :return: the days that were added; none when they were all there, or when
            somebody else is at it
        """
        if not self._lock(company):
            return []
        # The rules of nobody: what one person may see is not the company's backlog.
        taking = (
            self.sudo()
            .with_company(company)
            .with_context(allowed_company_ids=company.ids, tz=company._backlog_zone())
        )
        last = taking.search([("company_id", "=", company.id)], limit=1)
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
            flows = taking._flows(days, last.taken_at)
            opening = taking._last_closing(company, last.day)
        else:
            # Nothing is known of before: it begins with what is there.
            days, flows = [day], {}
            opening = {cell: row["closing"] for cell, row in closing.items()}
        taking._write_days(company, self._periods(days), opening, flows, closing)
        taking._remember(company, day)
        return days

    @api.model
    def _check_clock(self, company, last, day):
        """Report a history that cannot be right: days that have not ended, and more
        days missed than anybody misses. Either the clock is wrong or it was.

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
            # Another day ended, and nothing was missed: the clock is right.
            faults._heal("history", gap)
        return True

    @api.model
    def _thin_out_if_sure(self, company):
        """Put old days together, unless the clock may be ahead: then those of now look
        old, and nothing takes them apart again."""
        if not self.env["backlog.fault"]._is_open(
            "history", [f"ahead {company.id}", f"gap {company.id}"]
        ):
            self._thin_out(company)

    @api.model
    def _periods(self, days):
        """``[(first day, last day)]`` of the rows to add for ``days``: each for itself,
        but those that were missed long ago as one."""
        early, late = days[: -CATCH_UP_DAYS - 1], days[-CATCH_UP_DAYS - 1 :]
        periods = [(day, day) for day in late]
        return [(early[0], early[-1]), *periods] if early else periods

    def _lock(self, company):
        """Keep other runs of this company away until the transaction ends."""
        [[locked]] = self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", LOCK, company.id)
        )
        return locked

    # What is there

    def _look(self, company, day, since):
        """Put what is to be compared side by side, one row per order line: as last
        seen (``…0``, at ``since``) and now (``…1``).

        What was open then is known, so a line that nobody knows is new, whatever date
        its order bears; unless something of it was shipped before: then it was closed
        so long ago that it is forgotten, and what is open of it again counts as
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
                lines=self.env["backlog.line"]._dated(None),
                company=company.id,
                recent=self._recent(company, since),
                since=since,
                unit_value=self.env["backlog.line"]._unit_value(),
                day=day,
            )
        )
