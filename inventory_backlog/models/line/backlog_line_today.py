from odoo import api, models
from odoo.tools import SQL

from ..tools.bounds import days


class BacklogLine(models.Model):
    """Where the lines stand today: expected date, lateness, its cause. Nothing of it is
    kept, since it changes by itself."""

    _inherit = "backlog.line"

    @api.model
    def _plain(self, product_ids):
        """The dated lines with the cause of their delay."""
        return SQL(
            """
            SELECT line.*,
                   CASE WHEN is_late OR is_at_risk THEN %(delay_cause)s
                    END AS delay_cause
              FROM (%(dated)s) line
            """,
            dated=self._dated(product_ids),
            delay_cause=self._delay_cause(),
        )

    @api.model
    def _dated(self, product_ids):
        """The valued lines with lateness, the second axis. It counts in days where the
        user is: what is promised for today is not late before tomorrow."""
        today = self._day(SQL("%s::timestamp", self._now()))
        # Days cost: where moments decide, they do. A later day is a later moment.
        return SQL(
            """
            SELECT dated.*,
                   promise_date < midnight AS is_late,
                   (promise_date >= midnight AND (
                       expected_date > promise_date AND expected_day > promised_day
                       OR to_source_qty > 0
                          AND promised_day < today + %(risk_days)s
                   )) AS is_at_risk,
                   CASE WHEN promise_date < midnight OR expected_date > promise_date
                        THEN GREATEST(0, GREATEST(today, expected_day) - promised_day)
                        ELSE 0
                    END AS days_late,
                   today - order_day AS age_days
              FROM (
                    SELECT valued.*,
                           %(today)s AS today,
                           %(midnight)s AS midnight,
                           %(expected)s AS expected_day,
                           %(promised)s AS promised_day,
                           %(ordered)s AS order_day
                      FROM (%(valued)s) valued
                   ) dated
         LEFT JOIN res_company company ON company.id = dated.company_id
            """,
            today=today,
            risk_days=days(SQL("company.backlog_risk_days")),
            midnight=SQL(
                "(%s::timestamp AT TIME ZONE %s AT TIME ZONE 'UTC')",
                today,
                self._zone(),
            ),
            expected=self._day(SQL("expected_date")),
            promised=self._day(SQL("promise_date")),
            ordered=self._day(SQL("date_order")),
            valued=self._valued(product_ids),
        )

    @api.model
    def _now(self):
        return self.env["backlog.allocation"]._now()

    @api.model
    def _day(self, moment, zone=None):
        """The calendar day of ``moment`` (UTC) where the user is, or in ``zone``."""
        return SQL(
            "(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date",
            moment,
            zone or self._zone(),
        )

    @api.model
    def _zone(self):
        """The name of the time zone where the user is."""
        return self.env["res.company"]._known_zone(str(self.env.tz))

    @api.model
    def _valued(self, product_ids):
        """The lines with what is left of the whole. Short is what rounding leaves, so
        that the two parts always add up."""
        return SQL(
            """
            SELECT line.*, line.id AS order_line_id,
                   line.open_qty - line.backlog_qty AS backorder_qty,
                   line.open_qty - line.backlog_qty - line.to_source_qty
                       AS incoming_qty,
                   line.open_value - line.backlog_value AS backorder_value,
                   line.open_value - line.backlog_value - line.to_source_value
                       AS incoming_value,
                   CASE WHEN line.to_source_qty <= 0
                        THEN GREATEST(line.last_date, %(now)s)
                    END AS expected_date
              FROM (%(lines)s) line
            """,
            lines=self._current(product_ids),
            now=self._now(),
        )

    @api.model
    def _delay_cause(self):
        """The leading cause of a line that is late or at risk."""
        return SQL(
            """
            CASE WHEN promised_day < order_day THEN 'promise_passed_at_order'
                 WHEN to_source_qty > 0 THEN 'no_supply'
                 WHEN incoming_qty > 0 THEN 'supply_late'
                 ELSE 'not_picked'
             END
            """
        )
