from datetime import timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.fields import Command, Domain
from odoo.tools import SQL

from ..const import BUYERS, INTERNAL, MANAGERS
from ..tools.bounds import MOST_DAYS, bounded_day, is_bounded_factor, known_zone
from ..tools.readers import why_not_told
from ..tools.sql import midnight

# The largest values of settings; the messages of the constraints name them.
MOST_YEARS = 100

MOST_COUNT = 10**6

# Commands that link records without writing in them.
LINKING = (Command.UNLINK, Command.LINK, Command.CLEAR, Command.SET)


class ResCompany(models.Model):
    """The settings of the backlog and who may change them; and for statements and pages
    the rates, the time zone and the working days of a company."""

    _inherit = "res.company"

    # Lateness and age

    backlog_risk_days = fields.Integer(
        "Risk Horizon",
        default=14,
        help="A line with something to order is at risk when its promise is nearer "
        "than this number of days.",
        groups=INTERNAL,
    )
    backlog_age_steps = fields.Char(
        "Age Steps",
        default="7, 15, 30, 60",
        help="Days since the order was confirmed, at which the next step of age "
        "begins in the analysis and in the report.",
        groups=INTERNAL,
    )
    backlog_lateness_steps = fields.Char(
        "Lateness Steps",
        default="7, 15, 30",
        help="Days after the promise, at which the next step of lateness begins in "
        "the analysis and in the report.",
        groups=INTERNAL,
    )

    # History

    backlog_snapshot_years = fields.Integer(
        "Keep Daily History",
        default=3,
        help="Years for which the history of the backlog is kept day by day. What is "
        "older is kept by month.",
        groups=INTERNAL,
    )

    # Suggestions

    backlog_horizon_days = fields.Integer(
        "Reorder Horizon",
        default=90,
        help="Reorder suggestions look at what is needed within this number of days. "
        "Choose more than your longest lead time.",
        groups=INTERNAL,
    )
    backlog_create_requests = fields.Boolean(
        "Create Draft RFQs",
        help="The scheduled run makes requests for quotation of what it suggests to "
        "buy, when a vendor can be chosen. They stay drafts: nothing is sent or "
        "confirmed.",
        groups=INTERNAL,
    )
    backlog_digest_user_ids = fields.Many2many(
        "res.users",
        string="Reorder Digest",
        help="Who gets one mail per scheduled run, when suggestions changed. Empty: "
        "all who may buy in this company.",
        groups=INTERNAL,
    )
    backlog_digest_hint = fields.Text(
        "Get No Digest",
        compute="_compute_backlog_digest_hint",
        groups=f"{MANAGERS},base.group_system",
        help="Whom of the chosen the reorder digest does not reach, and why.",
    )

    # How vendors are judged

    backlog_vendor_window_days = fields.Integer(
        "Vendor Receipts Window",
        default=365,
        help="Vendors are judged by the receipts of this number of days.",
        groups=INTERNAL,
    )
    backlog_vendor_min_receipts = fields.Integer(
        "Receipts to Prove a Vendor",
        default=3,
        help="With fewer receipts a vendor is unproven. A product with fewer shows "
        "what its vendor does over all products.",
        groups=INTERNAL,
    )
    backlog_weight_accepted = fields.Integer(
        "Weight of Accepted",
        default=60,
        help="Weight of accepted goods (100 − rejected %) in the quality score.",
        groups=INTERNAL,
    )
    backlog_weight_on_time = fields.Integer(
        "Weight of On Time",
        default=30,
        help="Weight of the on-time rate in the quality score.",
        groups=INTERNAL,
    )
    backlog_weight_steady = fields.Integer(
        "Weight of Steady Lead Time",
        default=10,
        help="Weight of a steady lead time (median over P90, in %) in the quality "
        "score.",
        groups=INTERNAL,
    )
    backlog_tolerance_quality = fields.Float(
        "Tolerance: Quality",
        default=5,
        help="How many points of quality a backup may be below the main vendor and "
        "still be at parity.",
        groups=INTERNAL,
    )
    backlog_tolerance_on_time = fields.Float(
        "Tolerance: On Time",
        default=10,
        help="How many percentage points less on time a backup may be.",
        groups=INTERNAL,
    )
    backlog_tolerance_lead_days = fields.Float(
        "Tolerance: Lead Time",
        default=3,
        help="How many days longer the median lead time of a backup may be.",
        groups=INTERNAL,
    )
    backlog_tolerance_price = fields.Float(
        "Tolerance: Price",
        default=10,
        help="How many percent dearer a backup may be.",
        groups=INTERNAL,
    )
    backlog_parity_first = fields.Boolean(
        "Backups at Parity First",
        help="While the main vendor is out, buy from the first backup at parity "
        "instead of the first backup of the list.",
        groups=INTERNAL,
    )

    # Bounds

    _backlog_risk_days_positive = models.Constraint(
        "CHECK (backlog_risk_days >= 0)",
        "The risk horizon cannot be negative. Use 0 to look at late lines only.",
    )
    _backlog_risk_days_bounded = models.Constraint(
        f"CHECK (backlog_risk_days <= {MOST_DAYS})",
        "The risk horizon can be 36,500 days at most, which is a hundred years.",
    )
    _backlog_horizon_positive = models.Constraint(
        "CHECK (backlog_horizon_days >= 0)",
        "The reorder horizon cannot be negative. Use 0 to look at what is needed "
        "today.",
    )
    _backlog_horizon_bounded = models.Constraint(
        f"CHECK (backlog_horizon_days <= {MOST_DAYS})",
        "The reorder horizon can be 36,500 days at most, which is a hundred years.",
    )
    _backlog_snapshot_years_positive = models.Constraint(
        "CHECK (backlog_snapshot_years > 0)",
        "Keep the history day by day for at least one year.",
    )
    _backlog_snapshot_years_bounded = models.Constraint(
        f"CHECK (backlog_snapshot_years <= {MOST_YEARS})",
        "Keep the history day by day for a hundred years at most.",
    )
    _backlog_vendor_window_positive = models.Constraint(
        "CHECK (backlog_vendor_window_days > 0 AND backlog_vendor_min_receipts > 0)",
        "Judge vendors by at least one day and one receipt.",
    )
    _backlog_vendor_window_bounded = models.Constraint(
        f"""CHECK (backlog_vendor_window_days <= {MOST_DAYS}
                  AND backlog_vendor_min_receipts <= {MOST_COUNT})""",
        "Judge vendors by the receipts of 36,500 days at most: that is all of them. A "
        "million receipts are enough to prove a vendor.",
    )
    _backlog_weight_bounded = models.Constraint(
        f"""CHECK (GREATEST(backlog_weight_accepted, backlog_weight_on_time,
                           backlog_weight_steady) <= {MOST_COUNT})""",
        "A weight can be a million at most. Only how they compare to each other "
        "counts.",
    )
    _backlog_tolerance_positive = models.Constraint(
        """CHECK (LEAST(backlog_tolerance_quality, backlog_tolerance_on_time,
                        backlog_tolerance_lead_days, backlog_tolerance_price) >= 0)""",
        "A tolerance cannot be negative. Use 0 to allow no difference.",
    )
    # For PostgreSQL NaN is greater than all numbers.
    _backlog_tolerance_bounded = models.Constraint(
        f"""CHECK (GREATEST(backlog_tolerance_quality, backlog_tolerance_on_time,
                           backlog_tolerance_lead_days, backlog_tolerance_price)
                  <= {MOST_COUNT})""",
        "A tolerance can be a million at most. That allows every difference.",
    )

    @api.constrains(
        "backlog_weight_accepted", "backlog_weight_on_time", "backlog_weight_steady"
    )
    def _check_backlog_weights(self):
        for company in self:
            weights = (
                company.backlog_weight_accepted,
                company.backlog_weight_on_time,
                company.backlog_weight_steady,
            )
            if min(weights) < 0 or not any(weights):
                raise ValidationError(
                    self.env._(
                        "Give the quality score weights of 0 or more, at least one "
                        "of them above 0."
                    )
                )

    @api.constrains("backlog_age_steps", "backlog_lateness_steps")
    def _check_backlog_steps(self):
        for company in self:
            for name in ("backlog_age_steps", "backlog_lateness_steps"):
                if (text := company[name]) and not self._parsed_steps(text):
                    raise ValidationError(
                        self.env._(
                            "“%(steps)s” is no list of steps. Write whole days above 0 "
                            "in rising order, with commas: 7, 15, 30",
                            steps=text,
                        )
                    )

    # Who may change the settings

    def write(self, vals):
        """Let administrators of the backlog change its settings. Another window for
        vendors makes their cached figures invalid."""
        if not self.env.su and self._may_set_backlog(vals):
            # sudo: backlog administrators may write these settings and nothing else of
            # a company, so they have no write access to it.
            self = self.sudo()  # noqa: PLW0642
        chosen = {}
        if "backlog_digest_user_ids" in vals:
            chosen = {company: company._backlog_digest_chosen() for company in self}
        result = super().write(vals)
        for company, users in chosen.items():
            company._check_digest_readers(company._backlog_digest_chosen() - users)
        if "backlog_vendor_window_days" in vals:
            # The cached figures are those of the old window.
            kept = self.env["backlog.vendor.measure"].sudo()
            kept.search([("company_id", "in", self.ids)]).unlink()
        return result

    def _may_set_backlog(self, vals):
        """Whether a backlog administrator changes settings of the backlog, and nothing
        else, of companies that they work in."""
        settings = {name for name in self._fields if name.startswith("backlog_")}
        return (
            settings.issuperset(vals)
            and all(self._only_links(self._fields[name], vals[name]) for name in vals)
            and self <= self.env.user.company_ids
            and self.env.user.has_group(MANAGERS)
        )

    @api.model
    def _only_links(self, field, value):
        """Whether the value changes this record alone. A list of records takes commands
        that create, write or delete other records, too."""
        if field.type not in ("one2many", "many2many") or not isinstance(
            value, list | tuple
        ):
            return True
        return all(
            isinstance(command, int)
            or isinstance(command, list | tuple)
            and command
            and command[0] in LINKING
            for command in value
        )

    # The digest of suggestions

    # No depends: they would make the form call onchange, for which Odoo requires write
    # access to companies, and backlog administrators have none.
    def _compute_backlog_digest_hint(self):
        for company in self:
            origin = company._origin or company
            chosen = company._backlog_digest_chosen().with_env(self.env)
            reasons = [why_not_told(user, origin, BUYERS) for user in chosen]
            if reasons and all(reasons):
                reasons.append(
                    self.env._("So it goes to all who may buy in this company.")
                )
            company.backlog_digest_hint = "\n".join(filter(None, reasons)) or False

    def _check_digest_readers(self, added):
        """Check that users who are added to the digest may read it. Users who were
        chosen before and lost the right only show in a hint, so that other settings can
        still be saved."""
        for user in added:
            reason = why_not_told(user.with_env(self.env), self, BUYERS, by_mail=False)
            if reason:
                raise ValidationError(
                    self.env._(
                        "The reorder digest is for those who may buy. %s", reason
                    )
                )

    def _backlog_digest_chosen(self):
        """All users who were chosen, archived ones too."""
        # sudo: a user who may set this need not be able to read all users.
        return self.sudo().with_context(active_test=False).backlog_digest_user_ids

    # Steps of age and lateness

    def _backlog_steps(self, name):
        """The days in the setting ``name``, as a list of rising whole numbers: the
        default where the stored text, written by SQL, is no such list."""
        stored = self._parsed_steps(self.sudo()[name] or "")
        return stored or self._parsed_steps(self.default_get([name])[name])

    @api.model
    def _parsed_steps(self, text):
        """The days in a text, as a list of rising whole numbers; None where the text is
        no such list."""
        try:
            steps = [int(part) for part in text.split(",")]
        except ValueError:
            return None
        rising = all(a < b for a, b in pairwise([0, *steps, MOST_DAYS]))
        return steps if rising else None

    # Companies and rates

    @api.model
    def _backlog_visible(self):
        """The companies whose rows a statement has to get right: the current ones,
        since record rules hide the others; all companies for the superuser."""
        return self.sudo().search(Domain.TRUE) if self.env.su else self.env.companies

    def _backlog_and_parents(self):
        """The company and the companies that it is a branch of: it shares their
        contacts."""
        # sudo: a user of a branch need not be able to read its parents.
        return self.sudo().parent_ids.sudo(self.env.su)

    def _backlog_rate(self, alias):
        """An SQL expression: what one unit of the currency of ``alias.company_id`` is
        worth in the currency of the current company, at today's rate. ``self`` are the
        companies whose rows the table can have."""
        own = self.env.company
        return SQL(
            "CASE %s %s ELSE 1 END",
            SQL.identifier(alias, "company_id"),
            SQL(" ").join(
                SQL(
                    "WHEN %s THEN %s::numeric",
                    company.id,
                    own._backlog_rate_of(company.currency_id),
                )
                for company in self | own
            ),
        )

    def _backlog_rate_of(self, currency, day=None):
        """What one unit of ``currency`` is worth in the currency of this company, at
        the rate of ``day`` (today); 0 without a valid rate, which leaves the amount out
        of sums."""
        try:
            rate = currency._get_conversion_rate(
                currency, self.currency_id, self, day or fields.Date.context_today(self)
            )
        except ZeroDivisionError:
            return 0
        return rate if is_bounded_factor(rate) else 0

    # Days, where the company is

    def _backlog_today(self):
        """The calendar day in the time zone of the company: of its address, else UTC,
        as Odoo dates purchases. The same for every user."""
        now = fields.Datetime.now().replace(tzinfo=ZoneInfo("UTC"))
        return now.astimezone(self._backlog_zoneinfo()).date()

    @api.model
    def _backlog_midnight(self):
        """An SQL expression: when today began where the user is, in UTC. A receipt that
        was due before is overdue."""
        return midnight(self._known_zone(str(self.env.tz)))

    def _backlog_day_of(self, moment):
        """The calendar day of ``moment`` (UTC) where the company is."""
        moment = moment.replace(tzinfo=timezone.utc)
        return moment.astimezone(self._backlog_zoneinfo()).date()

    def _backlog_zone(self):
        """The name of the time zone in which the company counts days."""
        self.ensure_one()
        return self._known_zone(self.sudo().partner_id.tz)

    @api.model
    @tools.ormcache("name")
    def _known_zone(self, name):
        """The name of a time zone; UTC for a zone that Python or PostgreSQL does not
        know. Both have lists of their own, and one unknown zone would break a statement
        about all companies."""
        zone = known_zone(name)
        if zone != "UTC" and not self.env.execute_query(
            SQL("SELECT FROM pg_timezone_names WHERE name = %s", zone)
        ):
            return "UTC"
        return zone

    @api.model
    def _backlog_zones(self, company_id):
        """An SQL expression: the name of the time zone of the company with the id
        ``company_id``. UTC for companies whose rows the user cannot see."""
        return SQL(
            "CASE %s %s ELSE 'UTC' END",
            company_id,
            SQL(" ").join(
                SQL("WHEN %s THEN %s", company.id, company._backlog_zone())
                for company in self._backlog_visible() | self.env.company
            ),
        )

    def _backlog_zoneinfo(self):
        """The time zone in which the company counts days."""
        return ZoneInfo(self._backlog_zone())

    # Working days

    def _backlog_work_day(self, day=None, step=1):
        """The next working day of the company from ``day`` (today) on; with ``step=-1``
        the last one up to it."""
        day = bounded_day(day) or self._backlog_today()
        for distance in range(60):
            found = day + timedelta(days=distance * step)
            if found in self._backlog_work_days(found.replace(day=1)):
                return found
        return day

    def _backlog_work_days(self, first):
        """The working days of the month that begins at ``first``, cached for the
        transaction: runs ask for many days."""
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
        """The working days of the calendar from ``first`` to before ``end``; None
        without a calendar, or where Odoo cannot read its hours."""
        # sudo: a user who asks for a promise need not be able to read calendars.
        calendar = self.sudo().resource_calendar_id
        if not (calendar.attendance_ids or calendar.flexible_hours):
            return None
        try:
            # The hours of a calendar, and so its days, are in its own time zone.
            zone = ZoneInfo(calendar.tz)
            start, stop = (
                fields.Datetime.to_datetime(day).replace(tzinfo=zone)
                for day in (first, end)
            )
            intervals = calendar._work_intervals_batch(start, stop)[False]
        except (KeyError, OverflowError, ValueError):
            return None
        return {begin.date() for begin, _end, _meta in intervals}
