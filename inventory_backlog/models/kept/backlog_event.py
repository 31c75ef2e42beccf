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
    """An order line came to another state: made for automation rules, which act when
    one is created (send a webhook or a mail, run code).

    States are computed, so nothing is written when they change and Odoo has nothing to
    act on. The fold, which sees them change, adds to ``backlog.event.waiting``; a
    scheduled action makes events of that, one after the other. Both only while there is
    a rule for this model.
    """

    _name = "backlog.event"
    _description = "Backlog Event"
    _order = "id desc"
    _rec_name = "order_line_id"

    order_line_id = fields.Many2one(
        "sale.order.line", required=True, index=True, ondelete="cascade", readonly=True
    )
    # Not stored: whoever writes an order would have to write its events.
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
        readonly=True, help="When all of it was expected to be in stock."
    )

    @api.model
    def _has_rules(self):
        """Whether anybody wants events. Who listens in another way overrides this."""
        rules = self.env.get("base.automation")
        return rules is not None and bool(
            rules.sudo().search_count([("model_name", "=", self._name)], limit=1)
        )

    @api.model
    def _cron_note(self):
        """Make events of what waits, oldest first. Each is a transaction of its own:
        none is noted twice when this is killed, and what its rules hold or send waits
        for no other."""
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
        """``{order line id: values}`` of the lines that are open: read before any rule
        of theirs acts, since that may close them."""
        lines = self.env["sale.order.line"].sudo()
        lines = lines.browse(waiting.mapped("line_id")).exists()
        # A rule sees what its line was when it is told, whoever sells it.
        rows = self.env["backlog.line"].sudo()
        rows.invalidate_model()
        with giving(rows, product_ids=lines._backlog_products().ids) as asked:
            found = asked.search_read(
                [("id", "in", lines.ids)], ["open_qty", "backlog_qty", "expected_date"]
            )
        figures = {}
        for row in found:
            if row["expected_date"]:
                # A webhook sends what it reads as it is, unlike Odoo's APIs.
                row["expected_date"] = row["expected_date"].replace(microsecond=0)
            figures[row.pop("id")] = row
        return figures

    @api.model
    def _note_one(self, change, figures):
        """Make one event, if its line is still there. The rules of an event stand and
        fall together: when one fails there is no event, and nothing of what they did
        or were about to send. It stops no other event."""
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
            # Webhooks wait there for the end of the transaction.
            self.env.cr.postcommit.clear()
            _logger.exception(
                "An automation rule failed for order line %s, which is %s now",
                change.line_id,
                change.backlog_state or CLOSED,
            )

    @api.autovacuum
    def _gc_old(self):
        before = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        # A clock that was ahead has noted some in the future.
        after = fields.Datetime.now() + timedelta(days=KEPT_DAYS)
        old = self.search(
            ["|", ("create_date", "<", before), ("create_date", ">", after)],
            limit=GC_BATCH,
        )
        old.unlink()
        # Odoo goes on while there is more.
        return len(old), len(old) == GC_BATCH


class BacklogEventWaiting(models.Model):
    """A change of state that is to become a ``backlog.event``, as the fold saw it: rows
    are only added there, so neither waits for the other."""

    _name = "backlog.event.waiting"
    _description = "Waiting Backlog Event"
    _log_access = False
    _order = "id"

    line_id = fields.Integer()
    previous_state = fields.Char()
    backlog_state = fields.Char()
