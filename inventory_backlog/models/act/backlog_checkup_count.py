from datetime import timedelta

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# So many lines are looked at, those that are promised first: all of them in most
# databases, and soon read in any.
MOST_LINES = 20_000
# So many records are found of a kind; more need no exact number.
MOST_FOUND = 1_000
OLD_DAYS = 90


class BacklogCheckupCount(models.AbstractModel):
    """What the set-up checks find, in the current companies: the ids of the records
    behind each check, from one statement that reads a bounded number of rows."""

    _name = "backlog.checkup.count"
    _description = "Findings of Set-up Checks"

    def _find(self):
        """Return ``{"lines", "orders"}``, two numbers, and ``{check: [ids]}`` of up to
        ``MOST_FOUND`` records and one more."""
        names, parts = zip(*self._parts().items(), strict=True)
        [row] = self.env.execute_query(
            SQL(
                "WITH line AS MATERIALIZED (%s) SELECT %s",
                self._first_lines(),
                SQL(", ").join(SQL("(%s)", part) for part in parts),
                to_flush=[
                    self.env[model]._fields[name]
                    for model, names in self._reads().items()
                    for name in names
                ],
            )
        )
        return dict(zip(names, row, strict=True))

    def _reads(self):
        """``{model: [fields]}`` that the statement reads beside lines."""
        return {
            "backlog.report.recipient": ["active", "company_id"],
            "ir.cron": ["active"],
            "product.product": ["product_tmpl_id"],
            "product.supplierinfo": [
                "company_id",
                "delay",
                "product_id",
                "product_tmpl_id",
            ],
            "product.template": ["purchase_ok"],
            "res.partner": ["email"],
            "sale.order": ["commitment_date"],
            "stock.location": ["usage"],
            "stock.picking": [
                "company_id",
                "picking_type_id",
                "scheduled_date",
                "state",
            ],
            "stock.picking.type": ["code"],
            "stock.quant": ["company_id", "location_id", "product_id", "quantity"],
            "stock.warehouse.orderpoint": ["active", "company_id", "trigger"],
        }

    def _first_lines(self):
        lines = self.env["backlog.line"]
        query = lines._query_over(lines._current(), Domain.TRUE)
        query.order = SQL(
            "%s, %s",
            SQL.identifier(lines._table, "promise_date"),
            SQL.identifier(lines._table, "id"),
        )
        query.limit = MOST_LINES + 1
        return query.select(SQL("%s.*", SQL.identifier(lines._table)))

    def _parts(self):
        """``{check: statement}``, each of one value, over the CTE ``line``."""
        return {
            "lines": SQL("SELECT COUNT(*) FROM line"),
            "orders": SQL("SELECT COUNT(DISTINCT order_id) FROM line"),
            "no_vendor": self._no_vendor(),
            "overdue": self._overdue(),
            "no_date": self._first_ids(
                SQL(
                    """
                    SELECT DISTINCT line.order_id
                      FROM line
                      JOIN sale_order sale ON sale.id = line.order_id
                     WHERE sale.commitment_date IS NULL
                    """
                )
            ),
            "rules": self._first_ids(
                SQL(
                    """
                    SELECT id
                      FROM stock_warehouse_orderpoint
                     WHERE active AND trigger = 'auto' AND company_id = ANY(%s)
                    """,
                    self.env.companies.ids,
                )
            ),
            "mail": self._first_ids(
                SQL(
                    """
                    SELECT id
                      FROM backlog_report_recipient
                     WHERE active AND company_id = ANY(%s)
                    """,
                    self.env.companies.ids,
                )
            ),
            "no_lead_time": self._no_lead_time(),
            "old": self._first_ids(
                SQL(
                    "SELECT DISTINCT order_id FROM line WHERE date_order < %s",
                    fields.Datetime.now() - timedelta(days=OLD_DAYS),
                )
            ),
            "below_zero": self._below_zero(),
            "at_once": self._first_ids(
                SQL("SELECT DISTINCT order_id FROM line WHERE in_one_piece")
            ),
            "no_email": self._first_ids(
                SQL(
                    """
                    SELECT DISTINCT partner.id
                      FROM line
                      JOIN res_partner partner ON partner.id = line.partner_id
                     WHERE COALESCE(partner.email, '') = ''
                    """
                )
            ),
            "actions": self._actions(),
        }

    def _first_ids(self, statement):
        """The first ids that ``statement`` gives, and one more than are opened."""
        return SQL("ARRAY(%s LIMIT %s)", statement, MOST_FOUND + 1)

    def _no_vendor(self):
        """Products of which something is to order, and which nobody sells to us."""
        return self._first_ids(
            SQL(
                """
                SELECT DISTINCT product.id
                  FROM line
                  JOIN product_product product ON product.id = line.product_id
                  JOIN product_template template
                    ON template.id = product.product_tmpl_id
                 WHERE line.to_source_qty > 0 AND %s
                """,
                self._lacks_vendor(),
            )
        )

    def _lacks_vendor(self):
        """Whether ``line`` wants a ``product`` that is bought and that no vendor
        sells to its company."""
        return SQL(
            """
            template.purchase_ok
            AND NOT EXISTS (
                SELECT
                  FROM product_supplierinfo info
                 WHERE info.product_tmpl_id = template.id
                   AND COALESCE(info.product_id, product.id) = product.id
                   AND COALESCE(info.company_id, line.company_id) = line.company_id
            )
            """
        )

    def _overdue(self):
        """Receipts that should have come before today, where the user is."""
        return self._first_ids(
            SQL(
                """
                SELECT picking.id
                  FROM stock_picking picking
                  JOIN stock_picking_type type ON type.id = picking.picking_type_id
                 WHERE picking.state IN ('waiting', 'confirmed', 'assigned')
                   AND type.code = 'incoming'
                   AND picking.scheduled_date < %s
                   AND picking.company_id = ANY(%s)
                """,
                self.env["res.company"]._backlog_midnight(),
                self.env.companies.ids,
            )
        )

    def _no_lead_time(self):
        """Prices of vendors that come at once, of what customers wait for."""
        return self._first_ids(
            SQL(
                """
                SELECT info.id
                  FROM product_supplierinfo info
                 WHERE COALESCE(info.delay, 0) <= 0
                   AND (info.company_id IS NULL OR info.company_id = ANY(%s))
                   AND info.product_tmpl_id IN (
                       SELECT product.product_tmpl_id
                         FROM line
                         JOIN product_product product ON product.id = line.product_id
                   )
                """,
                self.env.companies.ids,
            )
        )

    def _below_zero(self):
        """Products that customers wait for, of which less than nothing is in stock."""
        return self._first_ids(
            SQL(
                """
                SELECT DISTINCT quant.product_id
                  FROM stock_quant quant
                  JOIN stock_location location ON location.id = quant.location_id
                 WHERE quant.product_id IN (SELECT product_id FROM line)
                   AND quant.quantity < 0
                   AND location.usage = 'internal'
                   AND quant.company_id = ANY(%s)
                """,
                self.env.companies.ids,
            )
        )

    def _actions(self):
        """Scheduled actions of ours that are off. That of the report is off until
        somebody is to get it."""
        return self._first_ids(
            SQL(
                """
                SELECT cron.id
                  FROM ir_model_data data
                  JOIN ir_cron cron ON cron.id = data.res_id
                 WHERE data.model = 'ir.cron'
                   AND data.module LIKE 'inventory\\_backlog%%'
                   AND NOT cron.active
                   AND (data.name <> 'ir_cron_report' OR EXISTS (
                       SELECT FROM backlog_report_recipient WHERE active))
                """
            )
        )
