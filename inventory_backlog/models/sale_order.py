from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_list

from ..const import BACKLOG_STATES, INTERNAL
from ..tools.actions import open_lines
from ..tools.arguments import is_list_of_ids
from ..tools.figures import search_figure
from ..tools.given import giving
from ..tools.names import named
from ..tools.person import as_asked
from ..tools.texts import short_day
from .sale_order_line import PRODUCT_DEPENDS, QUOTE_INPUTS

MOST_ORDERS = 10_000
# Nobody reads more, and a quotation can take from every order there is.
LOSSES_SHOWN = 10


class SaleOrder(models.Model):
    """The backlog of an order: its lines summed, for the form of the order, for
    integrations and for the summary that the customer gets."""

    _name = "sale.order"
    _inherit = ["sale.order", "backlog.mixin"]

    backlog_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Backlog Currency"
    )
    backlog_state = fields.Selection(
        BACKLOG_STATES,
        "Backlog",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("backlog_state"),
        group_expand=True,
        help="How much of what is still to be shipped is in stock for this order, "
        "after everyone ahead of it. Empty when nothing is open.",
    )
    open_value = fields.Monetary(
        currency_field="backlog_currency_id",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("open_value"),
        help="What is ordered and not yet shipped, untaxed, in the company's currency.",
    )
    backlog_value = fields.Monetary(
        "Ready Value",
        currency_field="backlog_currency_id",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("backlog_value"),
        help="What is in stock for this order and could be shipped now, untaxed, in "
        "the company's currency.",
    )
    backorder_value = fields.Monetary(
        "Short Value",
        currency_field="backlog_currency_id",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("backorder_value"),
        help="What is out of stock, untaxed, in the company's currency.",
    )
    backlog_promise_date = fields.Datetime(
        "Promise",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("backlog_promise_date"),
        help="The earliest promise of what is still open: the delivery date of the "
        "order, else the day it was confirmed plus the lead time of the line.",
    )
    backlog_expected_date = fields.Datetime(
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("backlog_expected_date"),
        help="When the last open line can leave, as things stand. Empty while anything "
        "is to order.",
    )
    backlog_days_late = fields.Char(
        compute="_compute_backlog_days_late",
        groups=INTERNAL,
        help="How many days after the promise the last open line can leave.",
    )
    backlog_overdue_since = fields.Datetime(
        "Overdue Since",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("backlog_overdue_since"),
        help="When the first receipt that this order waits for was due, if that day is "
        "past. Nobody knows when it comes.",
    )
    is_backlog_late = fields.Boolean(
        "Backlog Late",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("is_backlog_late"),
        help="A promise of this order is past and something of it is still open.",
    )
    is_backlog_at_risk = fields.Boolean(
        "Backlog at Risk",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("is_backlog_at_risk"),
        help="Something of this order is expected after its promise, waits for a "
        "receipt that is overdue, or is to order with the promise near.",
    )
    backlog_alert = fields.Text(
        compute="_compute_backlog_alert",
        groups=INTERNAL,
        help="What is late and what nobody has ordered yet, in a sentence each.",
    )

    backlog_banner = fields.Json(
        compute="_compute_backlog_banner",
        exportable=False,
        groups=INTERNAL,
        help="What misses its promise, or when all of a quotation could leave, with "
        "what you can do about it.",
    )
    quote_losses = fields.Text(
        "Taken From Others",
        compute="_compute_quote_losses",
        groups=INTERNAL,
        help="If you confirmed now: which orders behind this one in the queue would "
        "get less, or get it later.",
    )

    # Its lines summed

    @api.depends(
        *(f"order_line.{name}" for name in PRODUCT_DEPENDS),
        "commitment_date",
        "currency_rate",
        "date_order",
        "order_line.customer_lead",
        "order_line.move_ids.state",
        "order_line.price_subtotal",
        "order_line.product_uom_id",
        "order_line.product_uom_qty",
        "order_line.qty_delivered",
        "state",
    )
    @api.depends_context("tz")
    def _compute_backlog(self):
        return super()._compute_backlog()

    def _backlog_candidates(self):
        return self.filtered(lambda order: order.state == "sale")

    def _backlog_products(self):
        return self.order_line._backlog_products()

    @api.model
    def _backlog_figures(self):
        """The lines of each order summed; its state follows the rules of a line, over
        the sums."""
        lines = self.env["backlog.line"]
        return SQL(
            """(
            SELECT order_id AS id, SUM(open_value) AS open_value,
                   SUM(backlog_value) AS backlog_value,
                   SUM(backorder_value) AS backorder_value,
                   MIN(promise_date) AS backlog_promise_date,
                   CASE WHEN BOOL_AND(to_source_qty <= 0) THEN MAX(expected_date)
                    END AS backlog_expected_date,
                   MIN(overdue_since) AS backlog_overdue_since,
                   BOOL_OR(is_late) AS is_backlog_late,
                   BOOL_OR(is_at_risk) AS is_backlog_at_risk,
                   %(state)s AS backlog_state
              FROM %(lines)s line
          GROUP BY order_id
            )""",
            state=self.env["backlog.live.line"]._state(
                SQL("SUM(open_qty)"), SQL("SUM(backlog_qty)"), SQL("SUM(to_source_qty)")
            ),
            lines=lines._table_sql,
        )

    # In words

    @api.depends("backlog_promise_date", "backlog_expected_date")
    @api.depends_context("lang", "tz")
    def _compute_backlog_days_late(self):
        for order in self:
            promised, expected = (
                moment and fields.Datetime.context_timestamp(order, moment).date()
                for moment in (order.backlog_promise_date, order.backlog_expected_date)
            )
            is_late = promised and expected and expected > promised
            order.backlog_days_late = is_late and self.env._(
                "(+%sd)", (expected - promised).days
            )

    @api.depends("backlog_state")
    def _compute_backlog_alert(self):
        confirmed = self._origin._backlog_candidates()
        by_order = confirmed._backlog_lines().grouped("order_id") if confirmed else {}
        for order in self:
            lines = by_order.get(order._origin, self.env["backlog.line"])
            order.backlog_alert = "\n".join(order._backlog_sentences(lines))

    def _backlog_sentences(self, lines):
        """The sentences of the alert: what is late, and what has no supply yet."""
        if late := lines.filtered("is_late"):
            yield self.env._(
                "Late: %(products)s. Promised for %(promise)s.",
                products=format_list(
                    self.env,
                    [line._goods(line.open_qty) for line in late],
                ),
                promise=short_day(self.env, min(late.mapped("promise_date"))),
            )
        if to_source := lines.filtered(lambda line: line.to_source_qty > 0):
            yield self.env._(
                "Nobody has ordered supply yet for %s.",
                format_list(
                    self.env,
                    [line._goods(line.to_source_qty) for line in to_source],
                ),
            )

    @api.depends(
        "backlog_state",
        "commitment_date",
        *(f"order_line.{name}" for name in QUOTE_INPUTS),
    )
    @api.depends_context("lang", "tz", "uid", "allowed_company_ids")
    def _compute_backlog_banner(self):
        # Odoo checks access when it reads what is stored, and not when it computes.
        self._origin.check_access("read")
        banners = self.env["backlog.banner"]
        lines = self.env["backlog.line"]
        confirmed = self._origin._backlog_candidates()
        if confirmed and lines.has_access("read"):
            with giving(lines, product_ids=confirmed._backlog_products().ids) as asked:
                found = asked.search_fetch([("order_id", "in", confirmed.ids)])
            lines = found.with_env(lines.env)
        by_order = lines.grouped("order_id")
        for order in self:
            if order.state in ("draft", "sent"):
                goods = order.order_line._quoted_goods()
                order.backlog_banner = banners._of_quotation(goods)
            else:
                order.backlog_banner = banners._of_order(
                    by_order.get(order._origin, lines.browse())
                )

    # What a quotation takes from others

    @api.depends(
        *(f"order_line.{name}" for name in QUOTE_INPUTS),
        "commitment_date",
        "partner_shipping_id",
    )
    @api.depends_context("lang", "tz", "uid", "allowed_company_ids")
    def _compute_quote_losses(self):
        for order in self:
            # Whoever types is not kept waiting for it: a form goes on to show what it
            # read, until the order is saved.
            goods = order.id and order.order_line._quoted_goods()
            losses = self.env["backlog.quote"]._losses(goods._wishes()) if goods else ()
            order.quote_losses = "\n".join(order._loss_sentences(losses))

    def _loss_sentences(self, losses):
        """Who would lose what, a sentence for each line that the user may see, and how
        many others there are."""
        lines = self.env["backlog.line"]
        seen = {}
        if losses and lines.has_access("read"):
            found = lines.search([("id", "in", [loss[0] for loss in losses])])
            seen = {line.id: line for line in found}
        told = [loss for loss in losses if loss[0] in seen]
        for line_id, before, after in told[:LOSSES_SHOWN]:
            # sudo: the user may see the line, and its customer or product may have been
            # moved to another company.
            yield self._loss_sentence(seen[line_id].sudo(), before, after)
        if len(told) > LOSSES_SHOWN:
            yield self.env._("and %s more", len(told) - LOSSES_SHOWN)
        if hidden := sum(loss[0] not in seen for loss in losses):
            yield self.env._(
                "Lines of orders that you may not see, which lose goods: %s.", hidden
            )

    def _loss_sentence(self, line, before, after):
        customer = named(line.partner_id).display_name
        names = {"order": line.order_id.name, "customer": customer}
        if after["ready"] < before["ready"]:
            return self.env._(
                "%(order)s (%(customer)s) loses %(goods)s that are ready.",
                goods=line._goods(float(before["ready"] - after["ready"])),
                **names,
            )
        if after["to_source"] > before["to_source"]:
            return self.env._(
                "%(order)s (%(customer)s) loses %(goods)s that are on their way.",
                goods=line._goods(float(after["to_source"] - before["to_source"])),
                **names,
            )
        return self.env._(
            "%(order)s (%(customer)s) gets %(product)s on %(after)s instead of "
            "%(before)s.",
            product=named(line.product_id).display_name,
            before=short_day(self.env, before["last_date"]),
            after=short_day(self.env, after["last_date"]),
            **names,
        )

    # Confirmed, and taken back

    def _action_confirm(self):
        # Compute first promises now: later they would take the values of that time.
        self.order_line.mapped("first_promise_date")
        return super()._action_confirm()

    def write(self, vals):
        """Back to a quotation: what was ready is recorded anew at the next
        confirmation."""
        result = super().write(vals)
        if vals.get("state") == "draft":
            # It will be confirmed again on another day.
            self.order_line._forget_first_fill()
        return result

    # For integrations

    @api.model
    @api.readonly
    def get_backlog(self, order_ids):
        """Say for each order what is open, ready, short and when the rest comes.

        :param list order_ids: ids of up to 10,000 orders that the user may read
        :return: a list of dicts in the order of ``order_ids``: ``{"order_id", "name",
            "state", "currency", "open_value", "backlog_value", "backorder_value",
            "expected_date", "overdue_since", "is_late", "lines"}``, each line
            ``{"order_line_id", "product_id", "product", "uom", "open_qty",
            "backlog_qty", "backorder_qty", "incoming_qty", "to_source_qty", "state",
            "promise_date", "expected_date", "partial_expected_date", "overdue_since",
            "is_late", "slices"}`` in the unit of the product, each slice
            ``{"product_id", "product", "uom", "source", "qty", "date",
            "overdue_since", "document"}`` in that of the product moved: for a kit a
            component. Dates in UTC as ``YYYY-MM-DD HH:MM:SS``; False where there is
            none. What has ``overdue_since`` is dated today, and nobody knows when it
            comes. Values are untaxed, in the company's currency.
        :raise UserError: when ``order_ids`` is no list of ids, or a longer one
        :raise AccessError: for an order that the user may not read, and for customers
            in the portal
        :raise MissingError: for an order that does not exist

        The number of queries does not depend on the number of orders.
        """
        if not is_list_of_ids(order_ids):
            raise UserError(self.env._("Give the ids of the orders as a list."))
        if len(order_ids) > MOST_ORDERS:
            raise UserError(
                self.env._("Ask for at most %s orders at once.", MOST_ORDERS)
            )
        if not self.env.user._is_internal():
            raise AccessError(self.env._("The backlog is for internal users only."))
        orders = self.browse(order_ids)
        orders.check_access("read")
        orders.fetch(["name", "company_id"])
        lines = orders._backlog_lines()
        slices = lines._backlog_slices()
        by_order = lines.grouped("order_id")
        return [order._prepare_backlog(by_order, slices) for order in orders]

    def _backlog_lines(self):
        """The backlog lines of orders that the user may read. sudo: the rule of lines
        can be narrower than that of orders."""
        lines = self.env["backlog.line"].sudo()
        with giving(lines, product_ids=self._backlog_products().ids) as asked:
            found = asked.search_fetch([("order_id", "in", self.ids)])
        return found.with_env(lines.env)

    def _prepare_backlog(self, lines_by_order, slices):
        """One order as ``get_backlog`` returns it."""
        self.ensure_one()
        as_text = fields.Datetime.to_string
        return {
            "order_id": self.id,
            "name": self.name,
            "state": self.backlog_state,
            "currency": self.company_id.currency_id.name,
            "open_value": self.open_value,
            "backlog_value": self.backlog_value,
            "backorder_value": self.backorder_value,
            "expected_date": as_text(self.backlog_expected_date),
            "overdue_since": as_text(self.backlog_overdue_since),
            "is_late": self.is_backlog_late,
            "lines": [
                {
                    "order_line_id": line.id,
                    "product_id": line.product_id.id,
                    "product": line.product_id.display_name,
                    "uom": line.product_uom_id.name,
                    **{
                        name: line[name]
                        for name in (
                            "open_qty",
                            "backlog_qty",
                            "backorder_qty",
                            "incoming_qty",
                            "to_source_qty",
                            "is_late",
                        )
                    },
                    "state": line.backlog_state,
                    "promise_date": as_text(line.promise_date),
                    "expected_date": as_text(line.expected_date),
                    "partial_expected_date": as_text(line.partial_expected_date),
                    "overdue_since": as_text(line.overdue_since),
                    "slices": slices[line.id],
                }
                for line in lines_by_order.get(self.sudo(), ())
            ],
        }

    # The summary for the customer

    def _backlog_summary_of(self):
        """The name of the user who sends the summary, where it is about the orders that
        this user may see and not about all orders of the customer. Empty where Odoo
        itself asks: it renders the template once when it is installed, and the paper
        refuses the superuser."""
        if self.env.uid == SUPERUSER_ID:
            return ""
        lines = as_asked(self.env["backlog.line"])
        return "" if lines._sees_all() else lines.env.user.name

    def action_send_backlog_summary(self):
        """Write a mail to the customer with the summary of its open orders."""
        self.ensure_one()
        return self._compose_backlog_summary()

    def _compose_backlog_summary(self):
        """The window of the mail with the open orders: to the customer of one order, or
        one mail for each of several."""
        self.env["backlog.line"]._check_shows_values()
        template = self.env.ref("inventory_backlog.mail_template_backlog_summary")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send Open Orders"),
            "res_model": "mail.compose.message",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_model": "sale.order",
                "default_res_ids": self.ids,
                "default_composition_mode": "comment"
                if len(self) == 1
                else "mass_mail",
                "default_template_id": template.id,
                "default_email_layout_xmlid": "mail."
                "mail_notification_layout_with_responsible_signature",
                "email_notification_allow_footer": True,
                "hide_mail_template_management_options": True,
                "force_email": True,
            },
        }

    # On the form

    def action_confirm_or_ask(self):
        """Confirm, or ask first where the delivery date that was given cannot be kept.
        The button of the form does; other ways to confirm ask nothing."""
        self.ensure_one()
        if self.commitment_date:
            lines = self.order_line._quoted_goods()
            late = lines.filtered(lambda line: line._would_miss(self.commitment_date))
            if late:
                return self.env["backlog.confirm.order"]._ask(self, late)
        return self.action_confirm()

    @api.readonly
    def action_open_backlog(self):
        """Open what of this order is not yet shipped, line by line."""
        return open_lines(self.env["backlog.line"], [("order_id", "in", self.ids)])
