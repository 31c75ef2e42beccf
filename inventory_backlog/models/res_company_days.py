from datetime import timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from odoo import fields, models


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
        return self.sudo().partner_id.tz or "UTC"

    def _backlog_zoneinfo(self):
        return ZoneInfo(self._backlog_zone())

    def _backlog_work_day(self, day=None, step=1):
        """The next day on which the company works, from ``day`` (today) on, or with -1
        the last one."""
        day = day or self._backlog_today()
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
            # Whoever asks for a promise need not be able to read calendars.
            calendar = self.sudo().resource_calendar_id
            if calendar.attendance_ids or calendar.flexible_hours:
                # Its hours, and so its days, are those where the calendar is.
                zone = ZoneInfo(calendar.tz)
                start, stop = (
                    fields.Datetime.to_datetime(day).replace(tzinfo=zone)
                    for day in (first, end)
                )
                intervals = calendar._work_intervals_batch(start, stop)[False]
                days = {begin.date() for begin, _end, _meta in intervals}
            else:
                length = (end - first).days
                days = {first + timedelta(days=number) for number in range(length)}
            kept[self.id, first] = days
        return kept[self.id, first]
