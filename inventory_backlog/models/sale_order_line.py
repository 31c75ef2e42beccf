from datetime import timedelta

from markupsafe import escape

from odoo import api, fields, models
from odoo.tools import SQL

from ..const import BACKLOG_STATES, BUYERS, INTERNAL
from ..tools.bounds import bounded_days, converted, finite, in_unit
from ..tools.figures import Rate, search_figure
from .kept.backlog_first_fill import FIRST_FILL
from .line.backlog_availability import ALL_FIGURES
from .line.backlog_quote import Wish

# What the allocation looks at, seen from a record with a product. For fields that are
# not stored Odoo follows these only when a figure is in cache: the hot paths (reserve,
# receive, ship) pay nothing unless the same transaction has read a figure before.
PRODUCT_DEPENDS = (
    "product_id.is_storable",
    "product_id.purchase_order_line_ids.date_planned",
    "product_id.stock_quant_ids.quantity",
    "product_id.stock_quant_ids.reserved_quantity",
    "product_id.stock_move_ids.backlog_date_by",
    "product_id.stock_move_ids.date",
    "product_id.stock_move_ids.location_dest_id",
    "product_id.stock_move_ids.location_final_id",
    "product_id.stock_move_ids.location_id",
    "product_id.stock_move_ids.move_orig_ids",
    "product_id.stock_move_ids.origin_returned_move_id",
    "product_id.stock_move_ids.priority",
    "product_id.stock_move_ids.product_qty",
    "product_id.stock_move_ids.quantity",
    "product_id.stock_move_ids.reference_ids",
    "product_id.stock_move_ids.reservation_date",
    "product_id.stock_move_ids.state",
)

QUOTE_INPUTS = (
    "customer_lead",
    "display_type",
    "product_id",
    "product_uom_id",
    "product_uom_qty",
    "route_ids",
    "sequence",
    "state",
    "warehouse_id",
)


class SaleOrderLine(models.Model):
    """The backlog of an order line, and what was promised first."""

    _name = "sale.order.line"
    _inherit = [
        "sale.order.line",
        "backlog.mixin",
        "backlog.history.mixin",
        "backlog.upkeep.mixin",
    ]
    first_promise_date = fields.Datetime(
        "First Promise",
        compute="_compute_first_promise_date",
        store=True,
        copy=False,
        history=True,
        groups=INTERNAL,
        help="What the customer was promised when the line was confirmed. It is never "
        "rewritten, so that later promises can be held against it.",
    )
    backlog_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Backlog Currency"
    )
    open_qty = fields.Float(
        "Open",
        digits="Product Unit",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("open_qty"),
        help="Ordered, not yet shipped, still to be shipped, in the unit of the line.",
    )
    backlog_qty = fields.Float(
        "Ready",
        digits="Product Unit",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("backlog_qty"),
        help="Ready (backlog): the part of Open that is in stock for this line, after "
        "everyone ahead of it in the queue.",
    )
    backorder_qty = fields.Float(
        "Short (backorder)",
        digits="Product Unit",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("backorder_qty"),
        help="Open less Ready: the part that is out of stock.",
    )
    incoming_qty = fields.Float(
        "Incoming",
        digits="Product Unit",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("incoming_qty"),
        help="The part of Short that a receipt, transfer or production already on its "
        "way will cover.",
    )
    to_source_qty = fields.Float(
        "To Order",
        digits="Product Unit",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("to_source_qty"),
        help="Short less Incoming: nothing is on its way, somebody must act.",
    )
    backlog_state = fields.Selection(
        BACKLOG_STATES,
        "Backlog",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("backlog_state"),
        group_expand=True,
        help="How much of the open part is in stock for this line. Empty when nothing "
        "is open.",
    )
    backlog_value = fields.Monetary(
        "Ready Value",
        currency_field="backlog_currency_id",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("backlog_value"),
        help="What the ready part is worth, untaxed, in the company's currency.",
    )
    backorder_value = fields.Monetary(
        "Short Value",
        currency_field="backlog_currency_id",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("backorder_value"),
        help="What the part that is out of stock is worth, untaxed, in the company's "
        "currency.",
    )
    backlog_expected_date = fields.Datetime(
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("backlog_expected_date"),
        help="When all of the open part can leave, as things stand. Empty while "
        "anything is to order.",
    )
    backlog_overdue_since = fields.Datetime(
        "Overdue Since",
        compute="_compute_backlog",
        groups=INTERNAL,
        search=search_figure("backlog_overdue_since"),
        help="When the first receipt that this line waits for was due, if that day is "
        "past. Nobody knows when it comes.",
    )
    # Each line needs to know whether its order has a discount.
    _backlog_discount = models.Index("(order_id) WHERE price_subtotal < 0")
    first_open_qty = Rate(
        "Open When Confirmed",
        digits="Product Unit",
        readonly=True,
        copy=False,
        history=True,
        groups=INTERNAL,
        help="What was to be shipped when the line was confirmed, in the unit of the "
        "line. It is counted anew when a cancelled order is confirmed again, and never "
        "else. Empty for lines confirmed before the backlog was installed.",
    )
    first_ready_qty = Rate(
        "Ready When Confirmed",
        digits="Product Unit",
        readonly=True,
        copy=False,
        history=True,
        groups=INTERNAL,
        help="The part of it that was in stock for this line when it was confirmed, "
        "after everyone ahead of it in the queue, in the unit of the line. Goods that "
        "are brought for the order alone were not ready. It is noted moments after the "
        "confirmation: see Ready As Of.",
    )
    first_ready_at = fields.Datetime(
        "Ready As Of",
        readonly=True,
        copy=False,
        history=True,
        groups=INTERNAL,
        help="When it was noted what was ready at the confirmation.",
    )
    cancelled_purchase = fields.Char(
        readonly=True,
        copy=False,
        history=True,
        groups=INTERNAL,
        help="The name of the purchase that was to bring it, and that somebody "
        "cancelled knowing that.",
    )
    # The few lines of which is still to be noted what was ready.
    _first_fill_pending = models.Index(
        "(id) WHERE first_open_qty IS NOT NULL AND first_ready_qty IS NULL"
    )
    quote_ready_qty = fields.Float(
        "Would Be Ready",
        digits="Product Unit",
        compute="_compute_quote",
        groups=INTERNAL,
        help="If you confirmed now: what is in stock for the place in the queue that "
        "the line would have.",
    )
    quote_incoming_qty = fields.Float(
        "Would Be Incoming",
        digits="Product Unit",
        compute="_compute_quote",
        groups=INTERNAL,
        help="If you confirmed now: what receipts already on their way would cover.",
    )
    quote_to_source_qty = fields.Float(
        "Would Be To Order",
        digits="Product Unit",
        compute="_compute_quote",
        groups=INTERNAL,
        help="If you confirmed now: what somebody would have to order.",
    )
    quote_expected_date = fields.Datetime(
        "Would Be Expected",
        compute="_compute_quote",
        groups=INTERNAL,
        help="If you confirmed now: when all of it could leave. What is to order "
        "comes in the soonest way: bought, made or from another warehouse; empty when "
        "nobody knows how.",
    )
    quote_overdue_since = fields.Datetime(
        "Would Be Expected: Overdue Since",
        compute="_compute_quote",
        groups=INTERNAL,
        help="If you confirmed now: when the first receipt that it would wait for "
        "should have come, if that day is past. Nobody knows when it comes.",
    )
    backlog_availability = fields.Json(
        "Availability",
        compute="_compute_backlog_availability",
        exportable=False,
        groups=INTERNAL,
        help="What the backlog says of the line, where Odoo shows its availability: in "
        "finished texts.",
    )
    backlog_suggestion_line_ids = fields.One2many(
        "backlog.suggestion.line",
        "order_line_id",
        "Suggestions",
        groups=BUYERS,
    )
    backlog_supply_note = fields.Char(
        "Supply",
        compute="_compute_backlog_supply_note",
        groups=INTERNAL,
        help="The requests made for this line from reorder suggestions, and when they "
        "are expected. A request is no promise before the vendor confirms it.",
    )

    @api.depends("state")
    def _compute_first_promise_date(self):
        for line in self:
            if line.state == "sale" and not line.first_promise_date:
                line.first_promise_date = (
                    line.order_id.commitment_date or line._first_expected_date()
                )
            else:
                line.first_promise_date = line.first_promise_date

    def _first_expected_date(self):
        """Odoo's expected date. It counts from the day of the order: of a line that is
        being added to an order that was there before, that may be long past, and
        nobody promised it."""
        expected = self._expected_date()
        created = self.create_date
        if created == self.env.cr.now() and (self.order_id.create_date < created):
            lead = timedelta(days=bounded_days(self.customer_lead))
            expected = max(expected, fields.Datetime.now() + lead)
        return expected

    @api.depends(
        *PRODUCT_DEPENDS,
        "move_ids.state",
        "order_id.currency_rate",
        "order_id.order_line.price_subtotal",
        "order_id.state",
        "product_uom_id",
        "product_uom_qty",
        "qty_delivered",
    )
    @api.depends_context("tz")
    def _compute_backlog(self):
        return super()._compute_backlog()

    def _backlog_candidates(self):
        # Odoo checks access when it fetches what is stored, and not when it computes:
        # check the lines that nobody has fetched in this transaction. To check the
        # others again would cost every page a query.
        unread = self.browse(self._fields["product_id"]._cache_missing_ids(self))
        if unread:
            unread.check_access("read")
        # Sections and notes have no product.
        return self.filtered("product_id")

    def _backlog_products(self):
        return self.product_id

    @api.model
    def _backlog_figures(self):
        """The backlog in the unit of the line. The parts are what rounding leaves of
        the whole, so that they always add up, and what is short or to order is never
        rounded to nothing: 7 pieces are no dozen."""
        return SQL(
            """(
            SELECT id, open_qty, backlog_qty, open_qty - backlog_qty AS backorder_qty,
                   open_qty - backlog_qty - to_source_qty AS incoming_qty,
                   to_source_qty, backlog_state, backlog_value, backorder_value,
                   expected_date AS backlog_expected_date,
                   overdue_since AS backlog_overdue_since
              FROM (
                    SELECT line.id, line.backlog_state, line.backlog_value,
                           line.backorder_value, line.expected_date,
                           line.overdue_since,
                           %(open)s AS open_qty, %(ready)s AS backlog_qty,
                           LEAST(%(to_source)s, %(open)s - %(ready)s) AS to_source_qty
                      FROM (%(lines)s) line
                      JOIN sale_order_line sale_line ON sale_line.id = line.id
                      JOIN uom_uom uom ON uom.id = line.product_uom_id
                      JOIN uom_uom line_uom ON line_uom.id = sale_line.product_uom_id
                   ) line
            )""",
            open=self._in_line_unit(SQL("line.open_qty")),
            ready=self._ready_in_line_unit(
                SQL("line.backlog_qty"), SQL("line.open_qty")
            ),
            to_source=SQL(
                "CASE WHEN line.to_source_qty > 0 THEN GREATEST(%s, %s) ELSE 0 END",
                self._in_line_unit(SQL("line.to_source_qty")),
                self._step(),
            ),
            lines=self.env["backlog.line.today"]._valued(
                self.env["backlog.line"]._current(
                    self.env["backlog.allocation"]._asked_products()
                )
            ),
        )

    @api.model
    def _in_line_unit(self, quantity):
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return SQL(
            "COALESCE(ROUND(%s, %s), 0)", in_unit(quantity, "uom", "line_uom"), digits
        )

    @api.model
    def _ready_in_line_unit(self, ready, whole):
        """The ready part of ``whole``: less than the whole unless it is all of it."""
        return SQL(
            """
            CASE WHEN %(ready)s >= %(whole)s THEN %(all)s
                 ELSE LEAST(%(part)s, GREATEST(%(all)s - %(step)s, 0))
             END
            """,
            ready=ready,
            whole=whole,
            all=self._in_line_unit(whole),
            part=self._in_line_unit(ready),
            step=self._step(),
        )

    @api.model
    def _step(self):
        """The least quantity that can be told."""
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return SQL("(1 / 10::numeric ^ %s)", digits)

    def _action_launch_stock_rule(self, **kwargs):
        result = super()._action_launch_stock_rule(**kwargs)
        if not self.env.context.get("skip_procurement"):
            # A line that had a quantity was confirmed before, maybe before this addon.
            previous = kwargs.get("previous_product_uom_qty") or {}
            self.filtered(lambda line: previous.get(line.id, 0) <= 0)._keep_first_fill()
        return result

    def _forget_first_fill(self):
        """A quotation that is confirmed again counts as new."""
        self.sudo().filtered(lambda line: line.first_open_qty is not False).write(
            dict.fromkeys(FIRST_FILL, False)
        )

    def _keep_first_fill(self):
        """Store what is to be shipped on lines without a stored quantity. What of it is
        ready is noted by the refresh that follows: see ``backlog.first.fill``."""
        goods = self.sudo().filtered(
            lambda line: line.state == "sale" and line.product_id.type == "consu"
        )
        if goods:
            # One statement at every confirmation. What Odoo has just changed is written
            # as a whole: flushing only what is read here would write it in two parts.
            goods.flush_model()
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE sale_order_line line
                       SET first_open_qty = product_uom_qty - COALESCE(%(delivered)s, 0)
                     WHERE id = ANY(%(ids)s)
                       AND first_open_qty IS NULL
                       AND is_expense IS NOT TRUE
                       AND product_uom_qty > COALESCE(%(delivered)s, 0)
                    """,
                    delivered=finite(SQL("qty_delivered")),
                    ids=goods.ids,
                )
            )
            goods.invalidate_recordset(FIRST_FILL, flush=False)

    @api.depends(
        *QUOTE_INPUTS,
        *(f"order_id.order_line.{name}" for name in QUOTE_INPUTS),
        "order_id.commitment_date",
        "order_id.partner_shipping_id",
    )
    def _compute_quote(self):
        """A line gets what those above it leave, so all lines of the order are
        promised, whichever of them are asked for."""
        self.quote_ready_qty = self.quote_incoming_qty = self.quote_to_source_qty = 0
        self.quote_expected_date = self.quote_overdue_since = False
        for lines in self._quoted_goods().grouped("order_id").values():
            queue = lines._lines_of_order()._quoted_goods()
            promises = self.env["backlog.quote"]._get_promises(queue._wishes())
            for line, promise in zip(queue, promises, strict=True):
                if line in lines:
                    line._set_quote(promise)

    def _would_miss(self, date):
        """Whether the line of a quotation, confirmed now, would leave after the day of
        ``date``, or nobody knows when."""
        self.ensure_one()
        if self.quote_overdue_since or not self.quote_expected_date:
            return True
        day, given = (
            fields.Datetime.context_timestamp(self, moment).date()
            for moment in (self.quote_expected_date, date)
        )
        return day > given

    def _lines_of_order(self):
        """All lines of the order in their order: one that is being edited in place of
        the saved one, one that the order does not know yet at the end."""
        edited = {line._origin.id: line for line in self if line._origin}
        lines = (edited.get(line._origin.id, line) for line in self.order_id.order_line)
        return self.browse().union(*lines, self).sorted(lambda line: line.sequence)

    def _quoted_goods(self):
        """The goods on quotations among these lines."""
        return self.filtered(lambda line: line._is_quoted_goods())

    def _is_quoted_goods(self):
        return (
            self.state in ("draft", "sent")
            and not self.display_type
            and self.product_id.type == "consu"
            and converted(
                self.product_uom_qty, self.product_uom_id, self.product_id.uom_id
            )
            > 0
        )

    def _wishes(self):
        return [
            Wish(
                line.product_id,
                line.product_uom_id._compute_quantity(
                    line.product_uom_qty, line.product_id.uom_id
                ),
                line.warehouse_id,
                line.order_id.commitment_date or line._expected_date(),
                tuple(line.route_ids.ids),
                line.product_uom_id,
                line.order_id.partner_shipping_id.property_stock_customer,
            )
            for line in self
        ]

    def _set_quote(self, promise):
        ready, to_source = (
            self.product_id.uom_id._compute_quantity(
                promise[part], self.product_uom_id, rounding_method="HALF-UP"
            )
            for part in ("ready", "to_source")
        )
        # As of an order line: what is short or to order is never rounded to nothing.
        step = self.product_uom_id.rounding
        if promise["incoming"] or promise["to_source"] > 0:
            ready = min(ready, max(0, self.product_uom_qty - step))
        if promise["to_source"] > 0:
            to_source = min(max(to_source, step), self.product_uom_qty - ready)
        self.quote_ready_qty = ready
        self.quote_to_source_qty = to_source
        # What rounding leaves, so that the parts always add up.
        self.quote_incoming_qty = self.product_uom_id.round(
            self.product_uom_qty - ready - to_source
        )
        self.quote_expected_date = promise["expected_date"]
        self.quote_overdue_since = promise["overdue_since"]

    @api.depends(*ALL_FIGURES, "open_qty", "scheduled_date", "state")
    @api.depends_context("lang", "tz")
    def _compute_backlog_availability(self):
        shown = self.env["backlog.availability"]._shown(self)
        for line in self:
            line.backlog_availability = shown.get(line, False)

    def _purchase_service_create(self, quantity=False):
        """A service that no vendor can deliver now does not stop the order: somebody
        is asked to buy it by hand."""
        waiting = self.filtered(lambda line: line._is_without_vendor())
        for line in waiting:
            line.order_id.sudo().activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Buy %s by hand", line.product_id.display_name),
                # A note is HTML; names and reasons are not.
                note=escape(" ".join(line.product_id._vendor_sentences())),
                user_id=(line.product_id.responsible_id or line.order_id.user_id).id
                or self.env.uid,
            )
        return super(SaleOrderLine, self - waiting)._purchase_service_create(quantity)

    def _is_without_vendor(self):
        """Whether vendors may not be chosen by themselves and none is left."""
        product = self.with_company(self._purchase_service_get_company()).product_id
        return product._has_blocked_vendor() and not product._select_seller(
            partner_id=self._retrieve_purchase_partner(),
            quantity=self.product_uom_qty,
            uom_id=self.product_uom_id,
        )

    # No depends: they would cost every purchase and transfer a query.
    @api.depends_context("lang", "tz")
    def _compute_backlog_supply_note(self):
        # Odoo checks access when it reads what is stored, and not when it computes.
        self._origin.check_access("read")
        # As superuser: salespeople read neither suggestions nor purchases; they see
        # name and day. From saved records: a form may name hidden ones.
        for line in self:
            saved = line._origin.sudo()
            suggestions = saved.backlog_suggestion_line_ids.suggestion_id
            under_way = suggestions.filtered(lambda one: one.state == "ordered")
            line.backlog_supply_note = ", ".join(
                under_way.env["backlog.suggestion.text"]._supply_notes(under_way)
            )

    def _is_shipped_by_vendor(self):
        """Whether the routes of this line have a vendor ship it to the customer."""
        self.ensure_one()
        customer = self.order_id.partner_shipping_id.property_stock_customer
        rule = self.env["stock.rule"]._get_rule(
            self.product_id, customer, self._prepare_procurement_values()
        )
        return rule.action == "buy"
