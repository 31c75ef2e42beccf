from datetime import timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models, tools
from odoo.tools import SQL

from ..tools.bounds import bounded_day, known_zone


class ResCompany(models.Model):
    """The days of the company: where it is, and on which of them it works."""

    _inherit = "res.company"

    def _backlog_today(self):
        """The calendar day in the time zone of the company: of its address, else UTC,
        as Odoo dates purchases. The same for every user."""
        now = fields.Datetime.now().replace(tzinfo=ZoneInfo("UTC"))
        return now.astimezone(self._backlog_zoneinfo()).date()

    def _backlog_zone(self):
        """The name of the time zone in which the company counts days."""
        self.ensure_one()
        return self._known_zone(self.sudo().partner_id.tz)

    @api.model
    @tools.ormcache("name")
    def _known_zone(self, name):
        """The name of a time zone, UTC for one that Python or PostgreSQL does not know:
        they bring lists of their own, and one statement is about all companies."""
        zone = known_zone(name)
        if zone != "UTC" and not self.env.execute_query(
            SQL("SELECT FROM pg_timezone_names WHERE name = %s", zone)
        ):
            return "UTC"
        return zone

    @api.model
    def _backlog_zones(self, company_id):
        """The name of the time zone of the company with the id ``company_id``, an SQL
        expression. Of companies whose rows nobody sees it does not matter."""
        return SQL(
            "CASE %s %s ELSE 'UTC' END",
            company_id,
            SQL(" ").join(
                SQL("WHEN %s THEN %s", company.id, company._backlog_zone())
                for company in self._backlog_visible() | self.env.company
            ),
        )

    def _backlog_zoneinfo(self):
        return ZoneInfo(self._backlog_zone())

    def _backlog_work_day(self, day=None, step=1):
        """The next day on which the company works, from ``day`` (today) on, or with -1
        the last one."""
        day = bounded_day(day) or self._backlog_today()
        for distance in range(60):
            found = day + timedelta(days=distance * step)
            if found in self._backlog_work_days(found.replace(day=1)):
                return found
        return day

    def _backlog_work_days(self, first):
        """The days of the month that begins at ``first`` on which the company works,
        kept for the transaction: runs ask for many days, a promise for one."""
        kept = self.env.cr.cache.setdefault("backlog_work_days", {})
        if (self.id, first) not in kept:
            end = first + relativedelta(months=1)
            length = (end - first).days
            days = self._backlog_days_of_calendar(first, end)
            if days is None:
                days = {first + timedelta(days=number) for number in range(length)}
            kept[self.id, first] = days
        return kept[self.id, first]

    def _backlog_days_of_calendar(self, first, end):
        """The days of the calendar from ``first`` to before ``end``, None without
        one: also where its hours are such that Odoo cannot read it."""
        # Whoever asks for a promise need not be able to read calendars.
        calendar = self.sudo().resource_calendar_id
        if not (calendar.attendance_ids or calendar.flexible_hours):
            return None
        try:
            # Its hours, and so its days, are those where the calendar is.
            zone = ZoneInfo(calendar.tz)
            start, stop = (
                fields.Datetime.to_datetime(day).replace(tzinfo=zone)
                for day in (first, end)
            )
            intervals = calendar._work_intervals_batch(start, stop)[False]
        except (KeyError, OverflowError, ValueError):
            return None
        return {begin.date() for begin, _end, _meta in intervals}
