from datetime import timedelta
from logging import getLogger

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ...const import BACKLOG_STATES
from ...tools.given import giving

_logger = getLogger(__name__)

BATCH = 100
KEPT_DAYS = 90
GC_BATCH = 10_000
CLOSED = "closed"
EVENT_STATES = [*BACKLOG_STATES, (CLOSED, "Shipped or cancelled")]


class BacklogEvent(models.Model):
    """A change of state of an order line, for automation rules: they act when one is
    created (send a webhook or a mail, run code).

    States are computed, so a change writes nothing and triggers no rule in Odoo. The
    fold sees it and adds a row to ``backlog.event.waiting``; a scheduled action turns
    these rows into events, one by one. Both work only while a rule for this model
    exists.
    """

    _name = "backlog.event"
    _description = "Backlog Event"
    _order = "id desc"
    _rec_name = "order_line_id"

    order_line_id = fields.Many2one(
        "sale.order.line", required=True, index=True, ondelete="cascade", readonly=True
    )
    # Not stored: writing an order would have to update its events.
    order_id = fields.Many2one(related="order_line_id.order_id")
    partner_id = fields.Many2one(related="order_id.partner_id", string="Customer")
    product_id = fields.Many2one(related="order_line_id.product_id")
    user_id = fields.Many2one(related="order_id.user_id", string="Salesperson")
    company_id = fields.Many2one(related="order_line_id.company_id")
    previous_state = fields.Selection(
        EVENT_STATES, readonly=True, help="Empty when the line was not open before."
    )
    backlog_state = fields.Selection(
        EVENT_STATES,
        string="Supply State",
        required=True,
        readonly=True,
        help="What the line came to.",
    )
    product_uom_id = fields.Many2one(related="product_id.uom_id")
    open_qty = fields.Float(
        "Open",
        digits="Product Unit",
        readonly=True,
        help="Not yet shipped when this was noted, in the unit of the product.",
    )
    backlog_qty = fields.Float(
        "Ready",
        digits="Product Unit",
        readonly=True,
        help="What of it could leave when this was noted.",
    )
    expected_date = fields.Datetime(
        readonly=True,
        help="When all of it was expected to be in stock. Empty while something is to "
        "source or overdue.",
    )

    @api.model
    def _has_rules(self):
        """Whether a rule acts on events. An addon that reads them in another way
        overrides this."""
        rules = self.env.get("base.automation")
        return rules is not None and bool(
            rules.sudo().search_count([("model_name", "=", self._name)], limit=1)
        )

    @api.model
    def _cron_note(self):
        """Make events of the waiting rows, oldest first, each in a transaction of its
        own: none is made twice when the process is killed, and no event holds up the
        locks or messages of another."""
        cron = self.env["ir.cron"]
        waiting = self.env["backlog.event.waiting"]
        while batch := waiting.search([], limit=BATCH):
            left = waiting.search_count([])
            figures = self._figures(batch)
            for change in batch:
                self._note_one(change, figures.get(change.line_id, {}))
                change.unlink()
                left -= 1
                if not cron._commit_progress(1, remaining=left):
                    return

    @api.model
    def _figures(self, waiting):
        """``{order line id: values}`` of the open lines, read before any rule acts,
        since a rule may close them."""
        lines = self.env["sale.order.line"].sudo()
        lines = lines.browse(waiting.mapped("line_id")).exists()
        # A rule sees the values of its line at this moment, whoever its salesperson is.
        rows = self.env["backlog.line"].sudo()
        rows.invalidate_model()
        with giving(rows, product_ids=lines._backlog_products().ids) as asked:
            found = asked.search_read(
                [("id", "in", lines.ids)],
                ["open_qty", "backlog_qty", "expected_date", "overdue_since"],
            )
        figures = {}
        for row in found:
            if row.pop("overdue_since"):
                row["expected_date"] = False
            if row["expected_date"]:
                # A webhook sends raw values, unlike Odoo's APIs.
                row["expected_date"] = row["expected_date"].replace(microsecond=0)
            figures[row.pop("id")] = row
        return figures

    @api.model
    def _note_one(self, change, figures):
        """Make one event, if its line is still there. When one rule of an event fails,
        the event and all changes and messages of its rules are rolled back. Other
        events go on."""
        if not self.env["sale.order.line"].sudo().browse(change.line_id).exists():
            return
        try:
            with self.env.cr.savepoint():
                self.create(
                    {
                        "order_line_id": change.line_id,
                        "previous_state": change.previous_state,
                        "backlog_state": change.backlog_state or CLOSED,
                        **figures,
                    }
                )
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            # The next run, in a minute, tries again.
            raise
        except Exception:
            # Webhooks are sent by these hooks after the transaction.
            self.env.cr.postcommit.clear()
            _logger.exception(
                "An automation rule failed for order line %s, which is %s now",
                change.line_id,
                change.backlog_state or CLOSED,
            )

    @api.autovacuum
    def _gc_old(self):
        before = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        # A clock that was ahead may have written future dates.
        after = fields.Datetime.now() + timedelta(days=KEPT_DAYS)
        old = self.search(
            ["|", ("create_date", "<", before), ("create_date", ">", after)],
            limit=GC_BATCH,
        )
        old.unlink()
        # Odoo runs the action again while rows remain.
        return len(old), len(old) == GC_BATCH


class BacklogEventWaiting(models.Model):
    """A change of state, as the fold saw it, that is to become a ``backlog.event``. The
    fold only adds rows, so it never waits for the scheduled action or the other way
    round."""

    _name = "backlog.event.waiting"
    _description = "Waiting Backlog Event"
    _log_access = False
    _order = "id"

    line_id = fields.Integer()
    previous_state = fields.Char()
    backlog_state = fields.Char()
