from datetime import timedelta
from logging import getLogger

from markupsafe import Markup
from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools.misc import get_lang

from ..const import MANAGERS

_logger = getLogger(__name__)

ACTION = "inventory_backlog.backlog_fault_action"
KINDS = [
    ("product", "Product"),
    ("value", "Value"),
    ("trigger", "Database Trigger"),
    ("kept", "Kept Figures"),
    ("feed", "Feed of Changes"),
    ("history", "History"),
    ("clock", "Clock"),
    ("reservation", "Reservation"),
    ("schedule", "Scheduled Action"),
    ("other", "Other"),
]
# Managers get one message in so many hours, however many faults are found.
TELL_HOURS = 1
SHOWN = 10
ERROR_SHOWN = 200  # characters
KEPT_DAYS = 90
GC_BATCH = 10_000


class BacklogFault(models.Model):
    """What went wrong by itself, and nobody would notice: one row per kind and key.

    Whoever finds a fault calls ``_report``, as often as it is found. Whoever has looked
    at everything of a kind calls ``_settle`` with what is still wrong. Managers get a
    message when a fault is new or open again, and see it on the dashboard.
    """

    _name = "backlog.fault"
    _description = "Backlog Fault"
    _order = "last_seen desc, id desc"
    _rec_name = "text"
    _log_access = False

    kind = fields.Selection(KINDS, required=True, readonly=True)
    key = fields.Char(
        required=True, readonly=True, help="What is wrong, once for each kind."
    )
    text = fields.Text("Fault", required=True, readonly=True)
    company_id = fields.Many2one(
        "res.company",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="Empty: it concerns all companies.",
    )
    res_model = fields.Char("Model of the Record", readonly=True)
    res_id = fields.Many2oneReference(
        "ID of the Record", model_field="res_model", readonly=True
    )
    record = fields.Reference(
        "_selection_record",
        compute="_compute_record",
        help="The record that has the fault, if you may read it.",
    )
    first_seen = fields.Datetime(required=True, readonly=True)
    last_seen = fields.Datetime(required=True, readonly=True)
    times = fields.Integer(
        readonly=True, aggregator=None, help="How often it was found."
    )
    state = fields.Selection(
        [("open", "Open"), ("dismissed", "Dismissed"), ("healed", "Healed")],
        default="open",
        required=True,
        readonly=True,
        help="Open: it was found, and may still be wrong. Dismissed: a manager knows, "
        "and gets no more messages. Healed: it was looked for again and not found.",
    )
    logged_on = fields.Date(readonly=True, help="When the log of the server told it.")
    told_at = fields.Datetime(readonly=True, help="When managers were told.")

    _once = models.UniqueIndex("(kind, key)", "A fault is noted once.")
    _open = models.Index("(company_id) WHERE state = 'open'")

    @api.model
    def _selection_record(self):
        return [(name, model._description) for name, model in self.env.items()]

    @api.depends("res_model", "res_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_record(self):
        readable = {}
        for name, faults in self.grouped("res_model").items():
            if name in self.env and self.env[name].has_access("read"):
                records = self.env[name].browse(set(faults.mapped("res_id")) - {0})
                records = records.exists()._filtered_access("read")
                readable.update(((name, record.id), record) for record in records)
        for fault in self:
            # A record, not its text: Odoo looks for each that a text names.
            fault.record = readable.get((fault.res_model, fault.res_id), False)

    # What finds faults

    @api.model
    def _report(self, kind, key, text, company_id=False, res_model=False, res_id=False):
        """Note a fault in the transaction of the caller, or that it is still there. It
        is logged once a day, and managers are told by the scheduled action when it is
        new, or open again.

        Another process that notes the same fault right now goes first; this one then
        does nothing.

        :param str kind: one of ``KINDS``
        :param str key: what is wrong; the same for the same fault
        :param str text: what is wrong and what to do, for a manager
        :param int company_id: whom it concerns; all companies by default
        :param str res_model: with ``res_id``, the record that has the fault
        """
        values = {
            "text": text,
            "company_id": company_id,
            "res_model": res_model,
            "res_id": res_id,
        }
        # A scheduled action or a reader of any rights finds it; managers read it.
        faults = self.sudo()
        faults.env.flush_all()
        try:
            # Not flushing: callers may be about to tell things before they commit.
            with self.env.cr.savepoint(flush=False):
                faults._note(kind, key, values)
                faults.env.flush_all()
        except (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, UniqueViolation):
            faults.env.invalidate_all(flush=False)
            _logger.info("Another process notes the fault %s %s", kind, key)

    def _note(self, kind, key, values):
        now = fields.Datetime.now()
        fault = self.search([("kind", "=", kind), ("key", "=", key)])
        if not fault:
            fault = self.create(
                {
                    "kind": kind,
                    "key": key,
                    "first_seen": now,
                    "last_seen": now,
                    **values,
                }
            )
        elif fault.state == "healed":
            fault.write({"state": "open", "told_at": False})
        if fault.state == "open" and not fault.told_at:
            self._wake()
        # Not only when it is later: the clock may have been ahead.
        is_logged = fault.logged_on == now.date()
        fault.write(
            {
                **values,
                "last_seen": now,
                "times": fault.times + 1,
                "logged_on": now.date(),
            }
        )
        if not is_logged:
            _logger.error("Backlog fault (%s, %s): %s", kind, key, values["text"])

    @api.model
    def _settle(self, kind, keys=()):
        """Everything of ``kind`` was looked at: what is not in ``keys`` is healed."""
        healed = self.sudo().search(
            [("kind", "=", kind), ("state", "!=", "healed"), ("key", "not in", keys)]
        )
        healed.state = "healed"
        if healed:
            _logger.info("Healed backlog faults (%s): %s", kind, healed.mapped("key"))

    @api.model
    def _attempt(self, action, company, step, *args):
        """Do what a scheduled action does for one company, so that it goes on with the
        next when one fails: what this one has not committed is undone, and the fault is
        noted until it works again. So the caller commits after each company. Odoo tries
        requests again that met another transaction, but no scheduled action.

        :param str action: its id in XML, without the addon
        :param step: what to call with ``args``
        :return: what that returns; None where it failed
        """
        key = f"{action},{company.id}"
        try:
            result = step(*args)
        except Exception as error:
            _logger.exception("%s failed for %s", action, company.name)
            self.env.cr.rollback()
            env = self._speaking()
            cron = env.ref(f"inventory_backlog.{action}", raise_if_not_found=False)
            self._report(
                "schedule",
                key,
                env._(
                    "%(action)s failed for %(company)s: %(error)s. Show the log of the "
                    "server to an administrator.",
                    action=cron.sudo().name if cron else action,
                    company=company.name,
                    error=str(error)[:ERROR_SHOWN] or type(error).__name__,
                ),
                company.id,
            )
            return None
        self._heal("schedule", key)
        return result

    @api.model
    def _heal(self, kind, *keys):
        """These were looked at, and are right again."""
        self.sudo().search(
            [("kind", "=", kind), ("key", "in", keys), ("state", "!=", "healed")]
        ).state = "healed"

    @api.model
    def _is_open(self, kind, keys):
        """Whether one of these may still be wrong."""
        return bool(
            self.sudo().search_count(
                [("kind", "=", kind), ("key", "in", keys), ("state", "!=", "healed")],
                limit=1,
            )
        )

    # Who is told

    @api.model
    def _speaking(self):
        """An environment in the language of those who are told, for the texts of
        scheduled actions, which have none: that of the manager who came first."""
        code = self._managers().sorted("id")[:1].lang
        return self.with_context(lang=get_lang(self.env, code).code).env

    @api.model
    def _wake(self):
        """Have the scheduled action tell managers after this transaction, once."""
        done = self.env.cr.precommit.data
        cron = self.env.ref("inventory_backlog.ir_cron_fault", raise_if_not_found=False)
        if cron and "backlog_fault_wake" not in done:
            done["backlog_fault_wake"] = True
            cron._trigger()

    @api.model
    def _cron_tell(self):
        """Tell managers what was found and not yet told: in one message each, and one
        in an hour at most, however many faults there are."""
        now = fields.Datetime.now()
        last = self.search([("told_at", "!=", False)], order="told_at desc", limit=1)
        if last and abs(now - last.told_at) < timedelta(hours=TELL_HOURS):
            self.env.ref("inventory_backlog.ir_cron_fault")._trigger(
                last.told_at + timedelta(hours=TELL_HOURS)
            )
            return
        # Also what was mended meanwhile: it may not be the last time.
        news = self.search([("state", "!=", "dismissed"), ("told_at", "=", False)])
        for user in self._managers():
            concerned = news.filtered_domain(
                Domain("company_id", "in", [False, *user.company_ids.ids])
            )
            if concerned:
                concerned._tell_safely(user)
        news.told_at = now

    def _tell_safely(self, user):
        """What is wrong with one manager keeps the alarm from no other."""
        try:
            with self.env.cr.savepoint():
                self._tell(user)
        except Exception:
            _logger.exception("%s could not be told of faults", user.login)

    @api.model
    def _managers(self):
        """Those who work here: OdooBot, a manager too, is archived."""
        users = self.env.ref(MANAGERS).all_user_ids
        return users.filtered(lambda user: user.active and not user.share)

    def _tell(self, user):
        """Send one message about these faults, as this user gets messages: in the inbox
        or by mail, in their language."""
        env = self.with_context(lang=user.lang).env
        url = f"{self[0].get_base_url()}/odoo/action-{ACTION}"
        title = env._("Inventory Backlog: faults found: %s", len(self))
        lines = [fault.text for fault in self[:SHOWN]]
        if len(self) > SHOWN:
            lines.append(env._("And %s more.", len(self) - SHOWN))
        body = Markup("<p>%s</p><ul>%s</ul><p><a href='%s'>%s</a></p>") % (
            title,
            Markup().join(Markup("<li>%s</li>") % line for line in lines),
            url,
            env._("Show the faults"),
        )
        env["mail.thread"].message_notify(
            partner_ids=user.partner_id.ids,
            author_id=self.env.ref("base.partner_root").id,
            subject=title,
            body=body,
            # SMTP is slow, and a fault of it must not undo that this was told.
            force_send=False,
        )

    @api.model
    def _notices(self):
        """What the dashboard says to managers: ``[{"text", "button", "action"}]``."""
        if not self.env.user.has_group(MANAGERS):
            return []
        count = self.search_count([("state", "=", "open")])
        if not count:
            return []
        return [
            {
                "text": self.env._("Faults that were found: %s", count),
                "button": self.env._("Show"),
                "action": ACTION,
            }
        ]

    # For managers

    @api.readonly
    def action_open_record(self):
        """Open the record that has the fault.

        :raise UserError: when it is gone, or not for this user to read
        """
        self.ensure_one()
        if not self.record:
            raise UserError(
                self.env._("There is no record to open, or you may not read it.")
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    def action_dismiss(self):
        """Say that one knows: no banner and no message until it has healed and comes
        again."""
        self.check_access("read")
        # Nobody may write faults; whoever may read them may dismiss them.
        self.sudo().filtered(lambda fault: fault.state == "open").state = "dismissed"
        return True

    @api.autovacuum
    def _gc_healed(self):
        before = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        # A clock that was ahead may have noted some in the future.
        after = fields.Datetime.now() + timedelta(days=KEPT_DAYS)
        old = self.search(
            Domain("state", "=", "healed")
            & (Domain("last_seen", "<", before) | Domain("last_seen", ">", after)),
            limit=GC_BATCH,
        )
        old.unlink()
        # Odoo goes on while there is more.
        return len(old), len(old) == GC_BATCH
