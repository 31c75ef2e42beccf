from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, split_every

from ...tools.sql import of_products

BATCH = 200
RATES = (
    "on_time_rate",
    "in_full_rate",
    "lead_time_median",
    "lead_time_p90",
    "lateness_median",
    "reject_rate",
    "price_spread",
)


class BacklogVendorMeasure(models.Model):
    """The rates of each vendor, cached so that lists of many products need not read all
    receipts again.

    A row that could be wrong never shows: it counts on the day it was computed on, and
    only until its vendor is *touched* (see ``backlog.vendor.touch``); one without a
    rate that came with a later version does not count. For all other vendors the
    statement of ``backlog.vendor.receipt`` runs live. The scheduled action refreshes
    the rows that no longer count, in batches, and deletes exactly the touches that it
    has read: readers of a later one still get the live figures.

    The key is the id of a variant, of a template below zero, or 0 for all products.
    Every vendor that was measured has the row with key 0, also without receipts.
    """

    _name = "backlog.vendor.measure"
    _description = "Vendor Measure"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, ondelete="cascade")
    vendor_id = fields.Many2one("res.partner", required=True, ondelete="cascade")
    measure_key = fields.Integer(required=True)
    day = fields.Date(required=True)
    receipt_count = fields.Integer()
    on_time_rate = fields.Float()
    in_full_rate = fields.Float()
    lead_time_median = fields.Float()
    lead_time_p90 = fields.Float()
    lateness_median = fields.Float()
    reject_rate = fields.Float()
    price_spread = fields.Float()

    _vendor_once = models.Constraint(
        "UNIQUE (company_id, vendor_id, measure_key)",
        "A vendor is measured once per company and product.",
    )

    # Reading

    @api.model
    def _measures(self, template_ids=None):
        """Return the statement of the measures of the current company: ``vendor_id,
        measure_key, receipt_count`` and the rates.

        :param template_ids: ids of the product templates whose vendors are asked for,
            None for all
        """
        live = self._stale_vendors(template_ids)
        columns = self._columns()
        kept = SQL(
            """
            SELECT %(columns)s FROM backlog_vendor_measure
             WHERE company_id = %(company)s AND day = %(today)s
               AND vendor_id <> ALL(%(live)s)
               AND %(asked)s
            """,
            columns=columns,
            company=self.env.company.id,
            today=self.env.company._backlog_today(),
            live=live,
            asked=self._asked(template_ids),
        )
        if not live:
            return kept
        return SQL(
            "%s UNION ALL SELECT %s FROM (%s) live",
            kept,
            columns,
            self.env["backlog.vendor.receipt"]._measures(live),
        )

    @api.model
    def _on_time_rates(self, vendors):
        """``{vendor id: per cent on time}`` of these vendors (commercial partners) over
        all their products, in the current company; without receipts there is none."""
        found = self._of_vendors(vendors, "on_time_rate")
        return {vendor_id: rate for (vendor_id, _key), (_count, rate) in found.items()}

    @api.model
    def _of_vendors(self, vendors, name, keys=()):
        """One rate of these vendors (commercial partners), in the current company.

        :param keys: of which products, as ``measure_key`` says them, besides all
        :return: ``{(vendor id, key): (receipts, rate)}``; without receipts there is
            none
        """
        columns = SQL("vendor_id, measure_key, receipt_count, %s", SQL.identifier(name))
        asked = SQL("measure_key = ANY(%s)", [0, *keys])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT %(columns)s FROM backlog_vendor_measure
                 WHERE company_id = %(company)s AND day = %(today)s
                   AND vendor_id = ANY(%(vendors)s) AND %(asked)s
                   AND %(complete)s
                   AND vendor_id NOT IN (SELECT vendor_id FROM backlog_vendor_touch)
                """,
                columns=columns,
                company=self.env.company.id,
                today=self.env.company._backlog_today(),
                vendors=vendors.ids,
                asked=asked,
                complete=self._is_complete("backlog_vendor_measure"),
                to_flush=self._touching(),
            )
        )
        kept = {vendor_id for vendor_id, key, *_rate in rows if not key}
        rows = [row for row in rows if row[0] in kept]
        if live := [vendor_id for vendor_id in vendors.ids if vendor_id not in kept]:
            measures = self.env["backlog.vendor.receipt"]._measures(live)
            rows += self.env.execute_query(
                SQL("SELECT %s FROM (%s) live WHERE %s", columns, measures, asked)
            )
        return {
            (vendor_id, key): (int(receipts), float(rate))
            for vendor_id, key, receipts, rate in rows
            if rate is not None
        }

    @api.model
    def _touching(self):
        """The fields that must be written before touches are read: the methods that
        compute them touch the vendor."""
        return [
            self.env["purchase.order.line"]._fields["qty_received"],
            self.env["purchase.order.line"]._fields["first_promise_date"],
            self.env["backlog.vendor.touch"]._fields["vendor_id"],
        ]

    @api.model
    def _stale_vendors(self, template_ids=None):
        """The ids of the vendors without a row that counts."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT partner.commercial_partner_id
                  FROM product_supplierinfo info
                  JOIN res_partner partner ON partner.id = info.partner_id
             LEFT JOIN backlog_vendor_measure kept
                    ON kept.vendor_id = partner.commercial_partner_id
                   AND kept.company_id = %(company)s
                   AND kept.measure_key = 0
                   AND kept.day = %(today)s
                   AND %(complete)s
                 WHERE %(asked)s
                   AND (kept.id IS NULL OR partner.commercial_partner_id IN (
                        SELECT vendor_id FROM backlog_vendor_touch))
                """,
                company=self.env.company.id,
                today=self.env.company._backlog_today(),
                asked=of_products(SQL("info.product_tmpl_id"), template_ids),
                complete=self._is_complete("kept"),
                to_flush=[
                    self.env["product.supplierinfo"]._fields["partner_id"],
                    self.env["product.supplierinfo"]._fields["product_tmpl_id"],
                    self.env["res.partner"]._fields["commercial_partner_id"],
                    *self._touching(),
                ],
            )
        )
        return [row[0] for row in rows]

    @api.model
    def _is_complete(self, kept):
        """Whether the row ``kept`` has the rate that came with the last version: a row
        from before it does not count. Name the newest of ``RATES`` here that is never
        empty where something was received."""
        return SQL(
            "(%s = 0 OR %s IS NOT NULL)",
            SQL.identifier(kept, "receipt_count"),
            SQL.identifier(kept, "lateness_median"),
        )

    @api.model
    def _asked(self, template_ids):
        """A condition on the rows of the vendors of these products: their own rows, and
        those for all products."""
        if template_ids is None:
            return SQL("TRUE")
        return SQL(
            """
            (vendor_id, measure_key) IN (
                SELECT partner.commercial_partner_id, UNNEST(ARRAY[
                           0, COALESCE(info.product_id, -info.product_tmpl_id)])
                  FROM product_supplierinfo info
                  JOIN res_partner partner ON partner.id = info.partner_id
                 WHERE info.product_tmpl_id = ANY(%s)
            )
            """,
            list(template_ids),
        )

    @api.model
    def _columns(self):
        """The columns of ``_measures``."""
        names = ("vendor_id", "measure_key", "receipt_count", *RATES)
        return SQL(", ").join(SQL.identifier(name) for name in names)

    # Refresh

    @api.model
    def _cron_refresh(self):
        """Refresh the rows that no longer count: after midnight all of them, else those
        of touched vendors. A run that is killed is continued by the next one."""
        touches = self.env["backlog.vendor.touch"]
        touched = {
            vendor.id: rows.ids
            for vendor, rows in touches.search(Domain.TRUE).grouped("vendor_id").items()
        }
        companies = self.env["res.company"].search(Domain.TRUE)
        stale = {
            company: {
                *self.with_company(company)._stale_vendors(),
                *touched,
            }
            for company in companies
        }
        cron, faults = self.env["ir.cron"], self.env["backlog.fault"]
        vendor_ids = sorted(set().union(*stale.values()))
        remaining = len(vendor_ids)
        cron._commit_progress(remaining=remaining)
        failed = self.env["res.company"]
        for batch in split_every(BATCH, vendor_ids, set):
            for company, ids in stale.items():
                if batch & ids and company not in failed:
                    kept = self.with_company(company)
                    if not faults._attempt(
                        "ir_cron_vendor_measure",
                        company,
                        kept._refresh,
                        list(batch & ids),
                    ):
                        failed |= company
                    cron._commit_progress()
            if not failed:
                touches.browse(
                    touch for vendor in batch for touch in touched.get(vendor, ())
                ).unlink()
            remaining -= len(batch)
            if not cron._commit_progress(len(batch), remaining=remaining):
                return

    @api.model
    def _refresh(self, vendor_ids):
        """Replace the rows of these vendors for the current company.

        :return: true
        """
        company = self.env.company
        self.env.execute_query(
            SQL(
                """
                WITH gone AS (
                    DELETE FROM backlog_vendor_measure
                     WHERE company_id = %(company)s AND vendor_id = ANY(%(vendors)s)
                 RETURNING id
                )
                SELECT COUNT(*) FROM gone
                """,
                company=company.id,
                vendors=vendor_ids,
            )
        )
        self.env.execute_query(
            SQL(
                """
                WITH live AS (%(live)s)
                INSERT INTO backlog_vendor_measure (company_id, day, %(columns)s)
                SELECT %(company)s, %(today)s, %(columns)s FROM live
             UNION ALL
                SELECT %(company)s, %(today)s, vendor.id, 0, 0, %(no_rates)s
                  FROM UNNEST(%(vendors)s) AS vendor (id)
                 WHERE vendor.id NOT IN (SELECT vendor_id FROM live)
             RETURNING id
                """,
                live=self.env["backlog.vendor.receipt"]._measures(vendor_ids),
                columns=self._columns(),
                no_rates=SQL(", ").join([SQL("NULL")] * len(RATES)),
                company=company.id,
                today=company._backlog_today(),
                vendors=vendor_ids,
            )
        )
        return True


class BacklogVendorTouch(models.Model):
    """A vendor whose receipts changed since its measures were cached. Rows are only
    added and deleted, so no receipt waits for another."""

    _name = "backlog.vendor.touch"
    _description = "Vendor Touched"
    _log_access = False

    vendor_id = fields.Many2one("res.partner", required=True, ondelete="cascade")

    @api.model
    def _touch(self, partners):
        """Mark the measures of these vendors as stale."""
        # sudo: users who receive goods have no right to write here.
        vendors = partners.sudo().commercial_partner_id
        self.sudo().create([{"vendor_id": vendor.id} for vendor in vendors])
