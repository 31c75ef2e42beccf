from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.arguments import is_day

MOST_DAYS = 3650


class BacklogSnooze(models.Model):
    """A line that a user has put aside: until a day, or until its state or one of its
    dates is another than the user saw. Nobody else's lists change."""

    _name = "backlog.snooze"
    _description = "Snoozed Line"

    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, index=True, ondelete="cascade"
    )
    order_line_id = fields.Many2one(
        "sale.order.line", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    until = fields.Date(
        required=True, readonly=True, help="The day on which it is shown again."
    )
    seen_state = fields.Char(readonly=True)
    seen_promise_date = fields.Datetime(readonly=True)
    seen_first_date = fields.Datetime(
        readonly=True, help="When the first receipt it waits for was due."
    )
    seen_last_date = fields.Datetime(
        readonly=True, help="When the last receipt it waits for was to come."
    )

    _once = models.Constraint(
        "UNIQUE(user_id, order_line_id)", "This line is snoozed already."
    )

    # Whether

    @api.model
    def _domain(self):
        """The lines that the user has snoozed: a condition on columns that are cached,
        so that lists count in the cached rows."""
        self.flush_model()
        if not self.sudo().search_count(self._mine(), limit=1):
            return Domain.FALSE
        return Domain.custom(to_sql=self._is_snoozed)

    def _mine(self):
        """The snoozes of the user that have not ended by their day."""
        today = fields.Date.context_today(self)
        return Domain("user_id", "=", self.env.uid) & Domain("until", ">", today)

    def _is_snoozed(self, lines, alias, query):
        """Whether the line of ``alias`` is snoozed, for ``Domain.custom``."""
        return SQL(
            """
            EXISTS (
                SELECT
                  FROM backlog_snooze snooze
                 WHERE snooze.order_line_id = %(line)s.id
                   AND snooze.user_id = %(user)s
                   AND snooze.until > %(today)s
                   AND snooze.seen_state = %(line)s.backlog_state
                   AND (snooze.seen_promise_date, snooze.seen_first_date,
                        snooze.seen_last_date)
                       IS NOT DISTINCT FROM
                       (%(line)s.promise_date, %(line)s.first_date,
                        %(line)s.last_date)
            )
            """,
            line=SQL.identifier(alias),
            user=self.env.uid,
            today=fields.Date.context_today(self),
        )

    def _snoozed_ids(self, lines):
        """The ids of those of ``lines`` that the user has snoozed."""
        return set(lines.search(Domain("id", "in", lines.ids) & self._domain()).ids)

    # Putting aside

    @api.model
    def _checked_day(self, until):
        """A day to come as a date.

        :raise UserError: for another one
        """
        today = fields.Date.context_today(self)
        day = fields.Date.to_date(until) if is_day(until) else None
        if not day or not today < day <= today + timedelta(days=MOST_DAYS):
            raise UserError(
                self.env._("Give a day to come, like 2030-12-31: until then.")
            )
        return day

    @api.model
    def _put_aside(self, lines, until):
        """Snooze ``lines``, which the user may read, until a day. What was snoozed
        before is snoozed until the new day.

        :return: ``{line id: day before or False}``
        """
        own = self.sudo().search(
            [("user_id", "=", self.env.uid), ("order_line_id", "in", lines.ids)]
        )
        before = {one.order_line_id.id: one.until for one in own}
        own.unlink()
        # sudo: buyers cannot read order lines, and a snooze holds its id alone.
        self.sudo().create(
            [
                {**seen, "user_id": self.env.uid, "until": until}
                for seen in self._seen(lines)
            ]
        )
        return {line.id: before.get(line.id, False) for line in lines}

    def _seen(self, lines):
        """What a snooze keeps of each line."""
        query = lines._search([("id", "in", lines.ids)])
        names = {
            "order_line_id": "id",
            "company_id": "company_id",
            "seen_state": "backlog_state",
            "seen_promise_date": "promise_date",
            "seen_first_date": "first_date",
            "seen_last_date": "last_date",
        }
        return self.env.execute_query_dict(
            query.select(
                *(
                    SQL(
                        "%s AS %s",
                        SQL.identifier(query.table, column),
                        SQL.identifier(name),
                    )
                    for name, column in names.items()
                )
            )
        )

    @api.model
    def _show_again(self, line_ids):
        """End the snoozes of the user for these lines.

        :return: ``{line id: day}``
        """
        own = self.sudo().search(
            [("user_id", "=", self.env.uid), ("order_line_id", "in", line_ids)]
        )
        before = {one.order_line_id.id: one.until for one in own}
        own.unlink()
        return before

    @api.autovacuum
    def _gc_ended(self):
        """Delete what is over: its day has come, or its line is open no more."""
        today = fields.Date.today()
        snoozes = self.sudo()
        snoozes.search([("until", "<", today)]).unlink()
        asleep = snoozes.search([("until", ">=", today)])
        lines = self.env["backlog.line"].sudo()
        still_open = lines.search([("id", "in", asleep.order_line_id.ids)])
        asleep.filtered(
            lambda one: one.order_line_id.id not in still_open._ids
        ).unlink()
