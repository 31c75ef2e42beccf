from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..const import BUYERS, INTERNAL, MOVABLE_STATES
from ..tools.actions import open_lines
from ..tools.bounds import bounded, bounded_money
from ..tools.given import giving
from ..tools.names import named
from ..tools.texts import quantity_with_unit, short_day


class PurchaseOrder(models.Model):
    """What a vendor that is out means for the orders it already has, and the
    suggestions that an order was made from."""

    _inherit = "purchase.order"

    vendor_alert = fields.Text(
        compute="_compute_vendor_alert",
        groups=INTERNAL,
        help="Why the vendor does not deliver what is ordered here.",
    )
    vendor_on_time_rate = fields.Float(
        related="partner_id.vendor_on_time_rate",
        # By the rights of the reader, as Odoo's own rate.
        compute_sudo=False,
        groups=INTERNAL,
    )
    backlog_banner = fields.Json(
        compute="_compute_backlog_banner",
        exportable=False,
        groups=INTERNAL,
        help="Who waits for what this purchase brings.",
    )
    backlog_waiting_count = fields.Integer(
        "Backlog",
        compute="_compute_backlog_banner",
        groups=INTERNAL,
        help="How many order lines wait for what this purchase brings.",
    )
    backlog_suggestion_count = fields.Integer(
        "Suggestions",
        compute="_compute_backlog_suggestion_count",
        groups=BUYERS,
        help="How many reorder suggestions it was made from.",
    )

    def write(self, vals):
        """A request that was confirmed after its own arrival gives the vendor its days
        from then. Told afterwards that it was confirmed at another moment, as an import
        of old purchases does, it gives them from that one."""
        counted = self.order_line.browse()
        if vals.get("date_approve"):
            counted = self.order_line.filtered(
                lambda line: (
                    line.first_promise_date
                    and line.first_promise_date != line.date_planned
                    and line.first_promise_date == line._promised_when_confirmed()
                )
            )
        result = super().write(vals)
        # History, which the addon alone sets.
        for line in counted.sudo():
            line.first_promise_date = line._promised_when_confirmed()
        return result

    # Its vendor is out

    @api.depends("partner_id", "order_line.product_id", "state")
    @api.depends_context("lang")
    def _compute_vendor_alert(self):
        for order in self:
            waiting = order.filtered(lambda order: order.state != "cancel")
            sentences = dict.fromkeys(
                sentence
                for template in waiting._lines_out().product_id.product_tmpl_id
                for sentence in order._disruption_sentences(template)
            )
            order.vendor_alert = "\n".join(sentences)

    def _disruption_sentences(self, template):
        """Why the vendor does not deliver the product ``template``, a sentence each."""
        disruption = self.env["backlog.disruption"].with_company(self.company_id)
        return disruption._sentences(template, self.partner_id)

    def _lines_out(self):
        """The lines with goods still to come that the vendor cannot deliver today."""
        return self.order_line.filtered(
            lambda line: (
                line.product_id
                and line._open_qty() > 0
                and line.order_id.partner_id._is_out(
                    line.product_id.product_tmpl_id, line.company_id
                )
            )
        )

    def action_purchase_order_suggest(self):
        """Suggest nothing that the vendor cannot deliver; the order's lines stay."""
        out = self.partner_id._out_for(self.company_id)
        if not out:
            return super().action_purchase_order_suggest()
        possible = Domain.FALSE
        if all(out):
            templates = [template for templates in out for template in templates]
            possible = Domain("product_tmpl_id", "not in", templates)
        asked = self.env.context.get("suggest_domain") or []
        return super(
            PurchaseOrder, self.with_context(suggest_domain=Domain(asked) & possible)
        ).action_purchase_order_suggest()

    # Suggestions

    def _backlog_cost_of(self, product, quantity):
        """What a quantity of a product, in its unit, costs in this order: untaxed, in
        the currency of the company."""
        lines = self.order_line.filtered(lambda line: line.product_id == product)
        ordered = sum(bounded(line.product_uom_qty) for line in lines)
        if not ordered:
            return 0.0
        amount = sum(bounded_money(line.price_subtotal) for line in lines)
        rate = bounded(self.currency_rate) or 1
        return amount / rate * quantity / ordered

    def _confirm_for_backlog(self):
        """Confirm these requests, and approve those that wait for it when the current
        user may.

        :raise UserError: when somebody else must approve one, or when Odoo asks
            something before it confirms one, as about alternatives that are open
        """
        waiting = self.filtered(lambda order: order.state == "to approve")
        # One by one: what Odoo asks about one holds up none of the others.
        for order in self.filtered(lambda order: order.state in MOVABLE_STATES):
            order.button_confirm()
            if order.state in MOVABLE_STATES:
                raise UserError(
                    self.env._(
                        "%s could not be confirmed by itself: open it and confirm it "
                        "there.",
                        order.name,
                    )
                )
        waiting.button_approve()
        if left := waiting.filtered(lambda order: order.state == "to approve"):
            raise UserError(
                self.env._(
                    "%s: the amount needs the approval of a purchase administrator.",
                    ", ".join(left.mapped("name")),
                )
            )

    @api.depends("order_line.backlog_suggestion_id")
    def _compute_backlog_suggestion_count(self):
        for order in self:
            order.backlog_suggestion_count = len(order.order_line.backlog_suggestion_id)

    # When will it come?

    def _compose_backlog_chase(self):
        """The window of a mail that asks the vendor when what is late comes: of one
        purchase, or one mail for each vendor of several."""
        vendors = self.grouped(lambda one: (one.company_id, one.partner_id))
        # One purchase of each: the mail names what is late of the others as well.
        asked = self.browse().union(
            *(of_vendor.sorted("id")[:1] for of_vendor in vendors.values())
        )
        template = self.env.ref("inventory_backlog.mail_template_chase")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Chase vendor"),
            "res_model": "mail.compose.message",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_model": "purchase.order",
                "default_res_ids": asked.ids,
                "default_composition_mode": "comment"
                if len(asked) == 1
                else "mass_mail",
                "default_template_id": template.id,
                "force_email": True,
            },
        }

    def _backlog_late_goods(self):
        """What the vendor of this purchase delivers too late for those who wait, a dict
        for each purchase, product and day: ``order``, ``product``, ``quantity``,
        ``date`` and ``is_overdue``. It names nobody who waits."""
        self.ensure_one()
        # sudo: slices are about customers, and none of them is named.
        allocation = self.env["backlog.allocation"].sudo()
        purchases = self.search(
            Domain("partner_id", "=", self.partner_id.id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("state", "=", "purchase")
        )
        names = {f"purchase.order,{one.id}": one for one in purchases}
        with giving(
            allocation, product_ids=purchases.order_line.product_id.ids
        ) as asked:
            slices = asked.search_fetch([("document", "in", list(names))])
        slices = slices.with_env(allocation.env)
        with giving(
            self.env["backlog.line"].sudo(),
            product_ids=slices.order_line_id._backlog_products().ids,
        ) as asked:
            lines = asked.search_fetch([("id", "in", slices.order_line_id.ids)])
        promises = {line.id: line.promise_date for line in lines}
        late = {}
        for row in slices:
            promise = promises.get(row.order_line_id.id)
            if row.overdue_since or promise and row.date > promise:
                key = (
                    row.document.name,
                    named(row.product_id).display_name,
                    row.overdue_since or row.date,
                    bool(row.overdue_since),
                    row.product_id.uom_id,
                )
                late[key] = late.get(key, 0) + row.qty
        return [
            {
                "order": order,
                "product": product,
                "quantity": quantity_with_unit(self.env, quantity, unit),
                "date": short_day(self.env, date),
                "is_overdue": is_overdue,
            }
            for (order, product, date, is_overdue, unit), quantity in sorted(
                late.items(), key=lambda one: (one[0][2], one[0][0], one[0][1])
            )
        ]

    # Who waits for it

    @api.depends("state", "order_line.product_qty", "order_line.date_planned")
    @api.depends_context("lang", "tz", "uid", "allowed_company_ids")
    def _compute_backlog_banner(self):
        # Odoo checks access when it reads what is stored, and not when it computes.
        self._origin.check_access("read")
        self.backlog_banner = False
        self.backlog_waiting_count = 0
        lines = self.env["backlog.line"]
        confirmed = self._origin.filtered(lambda order: order.state == "purchase")
        if not confirmed or not lines.has_access("read"):
            return
        waiting = confirmed._backlog_waiting()
        for order in self:
            if waits := waiting.get(order._origin.id):
                order.backlog_waiting_count = len(waits)
                order.backlog_banner = self.env["backlog.banner"]._of_purchase(
                    waits,
                    open_lines(lines, [("id", "in", waits.ids)]),
                    not order.locked and order._origin.has_access("write"),
                )

    def _backlog_waiting(self):
        """``{order id: the open lines that it brings goods for}``, those that the user
        may see."""
        # sudo: which lines it is about; they are read by the rights of the user.
        allocation = self.env["backlog.allocation"].sudo()
        names = {f"purchase.order,{order.id}": order.id for order in self}
        with giving(allocation, product_ids=self.order_line.product_id.ids) as asked:
            slices = asked.search_fetch([("document", "in", list(names))])
        waiting = {}
        for row in slices:
            key = names[f"purchase.order,{row.document.id}"]
            waiting.setdefault(key, set()).add(row.order_line_id.id)
        lines = self.env["backlog.line"]
        sold = slices.order_line_id
        with giving(lines, product_ids=sold._backlog_products().ids) as asked:
            found = asked.search_fetch([("id", "in", sold.ids)])
        found = found.with_env(lines.env)
        return {
            key: found.filtered(lambda line, ids=ids: line.id in ids)
            for key, ids in waiting.items()
        }

    @api.onchange("date_planned")
    def _onchange_backlog_date(self):
        """Warn before a new arrival is saved that breaks promises."""
        origin = self._origin
        # By the rights of the user: a form may name any purchase.
        if (
            origin.state != "purchase"
            or not self.date_planned
            or not origin.has_access("write")
            or not self.env["backlog.line"].has_access("read")
        ):
            return None
        foresight = self.env["backlog.foresight"]
        return foresight._warning(
            foresight._moved(origin._lines_to_come(), self.date_planned)
        )

    def _lines_to_come(self):
        """The lines with goods still to come."""
        return self.order_line.filtered(
            lambda line: line.product_id and line._open_qty() > 0
        )

    # On the form

    @api.readonly
    def action_open_backlog(self):
        """Open the lines that this purchase brings goods for."""
        lines = self.env["backlog.line"]
        waiting = lines.union(*self._backlog_waiting().values())
        return open_lines(lines, [("id", "in", waiting.ids)])

    def action_move_date(self):
        """Open the window that moves the arrival and shows who waits for it."""
        self.ensure_one()
        return self.env["backlog.purchase.change"]._ask(self, "move", self.date_planned)

    def action_cancel_or_ask(self):
        """Cancel, or ask first where customers wait for what it brings. The button of
        the form does; other ways to cancel ask nothing."""
        self.ensure_one()
        if (
            self.state == "purchase"
            and self.env["backlog.line"].has_access("read")
            and self._backlog_waiting()
        ):
            return self.env["backlog.purchase.change"]._ask(self, "cancel")
        self.button_cancel()
        return True

    def action_move_to_backup(self):
        """Open the window that moves the requests of this vendor to its backups, with
        price and date of each."""
        return self.env["backlog.vendor.switch"]._open_for(
            self.filtered(lambda order: order.state in MOVABLE_STATES)._lines_out()
        )

    @api.readonly
    def action_open_vendor_scorecard(self):
        """Open the receipts of the vendor with its rates."""
        return self.partner_id.action_open_vendor_scorecard()

    @api.readonly
    def action_open_suggestions(self):
        """Open the suggestions that this order was made from."""
        self.env["backlog.suggestion"].check_access("read")
        return self.order_line.backlog_suggestion_id._action_open()
