from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .backlog_need import ASKING
from .backlog_suggestion import BUYING, OPEN

PRODUCTS_NAMED = 5
URGENCY_COLORS = {"overdue": 1, "week": 3}


class BacklogSuggestion(models.Model):
    """Suggestions on the screens: what a card says, and the buttons."""

    _inherit = "backlog.suggestion"

    product_image = fields.Image(related="product_id.image_128")
    urgency_color = fields.Integer(compute="_compute_urgency_color")
    summary = fields.Char(
        compute="_compute_summary", help="What to do, from whom, by when."
    )
    customer_count = fields.Integer(
        "Customers",
        compute="_compute_customer_count",
        # Buyers do not read customers' orders; they get the number.
        compute_sudo=True,
        help="How many customers wait for it.",
    )
    purchase_count = fields.Integer(
        "Requests",
        compute="_compute_purchase_count",
        compute_sudo=True,
        help="How many requests and orders were made of it.",
    )

    @api.depends("urgency")
    def _compute_urgency_color(self):
        for suggestion in self:
            suggestion.urgency_color = URGENCY_COLORS.get(suggestion.urgency, 0)

    @api.depends_context("lang")
    @api.depends("suggested_qty", "partner_id", "order_by_date", "arrival_date")
    def _compute_summary(self):
        for suggestion in self:
            suggestion.summary = suggestion._summary()

    def _summary(self):
        figures = {
            "qty": self._quantity(self.suggested_qty),
            "date": format_date(self.env, self.order_by_date),
        }
        if self.action_type == "expedite":
            return self.env._(
                "%(qty)s, needed %(need)s, expected %(expected)s",
                qty=figures["qty"],
                need=format_date(self.env, self.need_date),
                expected=format_date(self.env, self.arrival_date),
            )
        origin = self.source_warehouse_id or self.partner_id
        if origin:
            return self.env._(
                "%(qty)s from %(origin)s, by %(date)s",
                origin=origin.display_name,
                **figures,
            )
        if self.action_type in BUYING:
            return self.env._("%(qty)s, no vendor yet, by %(date)s", **figures)
        return self.env._("%(qty)s, by %(date)s", **figures)

    @api.depends("line_ids.order_line_id")
    def _compute_customer_count(self):
        # Of what is saved, here and below: a form may name what is hidden.
        for suggestion in self:
            customers = suggestion._origin.line_ids.partner_id.commercial_partner_id
            suggestion.customer_count = len(customers)

    @api.depends("purchase_line_ids.order_id")
    def _compute_purchase_count(self):
        for suggestion in self:
            purchases = suggestion._origin.purchase_line_ids.order_id
            suggestion.purchase_count = len(purchases)

    # The run

    def action_update(self):
        """Look at everything again and say what changed."""
        counts = self.env["backlog.suggestion"].generate()
        return self._notification(
            self.env._("Reorder Suggestions"),
            " ".join(self._count_sentences(counts)),
            "warning" if counts["failed"] else "success",
        )

    @api.model
    def _count_sentences(self, counts):
        if counts["created"] or counts["updated"] or counts["withdrawn"]:
            yield self.env._(
                "New: %(created)s, changed: %(updated)s, withdrawn: %(withdrawn)s.",
                **{name: counts[name] for name in ("created", "updated", "withdrawn")},
            )
        else:
            yield self.env._("Nothing changed: the suggestions are up to date.")
        if left := counts["left_to_rules"]:
            yield self.env._(
                "Shortages left to reordering rules, which order them by themselves: "
                "%s.",
                left,
            )
        if counts["failed"]:
            yield self.env._(
                "Products left out: %s. The log of the server says why.",
                counts["failed"],
            )

    @api.model
    def _notification(self, title, message, kind="success"):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "title": title,
                "message": message,
                "sticky": kind == "warning",
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # Asked for some products

    @api.model
    def _action_suggest(self, products):
        """Look at these products again and open what is suggested for them, or say why
        there is nothing."""
        self.generate(products.ids)
        # Buyers need not be able to read bills of materials.
        involved = self.sudo()._with_components(products.ids)
        found = self.search(
            [
                ("product_id", "in", involved),
                ("company_id", "in", self.env.companies.ids),
                ("state", "!=", "done"),
            ]
        )
        if found:
            return found._action_open()
        return self._notification(
            self.env._("Nothing to Suggest"),
            " ".join(self._reasons_for_nothing(products[:PRODUCTS_NAMED])),
            "info",
        )

    def _action_open(self):
        """Open these suggestions, whatever their state."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inventory_backlog.backlog_suggestion_action"
        )
        action |= {"domain": [("id", "in", self.ids)], "context": {}}
        if len(self) == 1:
            action |= {"views": [(False, "form")], "res_id": self.id}
        return action

    @api.model
    def _reasons_for_nothing(self, products):
        """Why nothing is suggested for each of these products."""
        reasons = {product.id: [] for product in products}
        for company in self.env.companies:
            run = self._run_for(company)
            rows, facts = run._situation(products.ids)
            for product_id, of_product in rows.items():
                if reason := run._reason_for_nothing(of_product, facts[product_id]):
                    reasons[product_id].append(reason)
        nothing = self.env._("nothing is short.")
        return [
            f"{product.display_name}: {' '.join(reasons[product.id]) or nothing}"
            for product in products.sudo()
        ]

    @api.model
    def _reason_for_nothing(self, rows, facts):
        wanted = [row for row in rows if row.part in ASKING and row.part != "late"]
        due = [row for row in wanted if row.day <= self._horizon_day()]
        if self._count_left(rows, facts):
            return self.env._("its reordering rule orders it by itself.")
        if due:
            return self.env._(
                "what is requested or drafted already covers it once it is confirmed."
            )
        if wanted:
            return self.env._(
                "it is needed later than the reorder horizon of the settings, days: "
                "%s.",
                self.env.company.backlog_horizon_days,
            )
        return False

    # Windows

    def action_open_accept(self):
        """Look at quantities, vendors and dates before these suggestions are
        accepted."""
        return self.env["backlog.suggestion.accept"]._open_for(self)

    def action_open_requests(self):
        """As ``action_open_accept``, of what is to be bought only."""
        to_buy = self.filtered(
            lambda one: one.action_type in BUYING and one.state in OPEN
        )
        if not to_buy:
            raise UserError(
                self.env._(
                    "None of these is to be bought: choose suggestions that are "
                    "proposed, with the action Buy, or accept these as they are."
                )
            )
        return self.env["backlog.suggestion.accept"]._open_for(to_buy)

    def action_open_snooze(self):
        """Ask until when these suggestions are set aside."""
        return self.env["backlog.suggestion.defer"]._open_for(self, "snooze")

    def action_open_dismiss(self):
        """Ask why these suggestions are dismissed."""
        return self.env["backlog.suggestion.defer"]._open_for(self, "dismiss")

    @api.readonly
    def action_open_purchases(self):
        """Open the requests and orders that were made of these suggestions."""
        self.check_access("read")
        # Here and below: what the user may not read is left out after.
        return self._open_documents(self.sudo().purchase_line_ids.order_id)

    @api.readonly
    def action_open_transfers(self):
        """Open the transfers that were made of these suggestions."""
        self.check_access("read")
        return self._open_documents(self.sudo().picking_id)

    def _open_documents(self, documents):
        """Open those of these documents that the user may read."""
        documents = documents.with_env(self.env)._filtered_access("read")
        if not documents:
            raise UserError(
                self.env._(
                    "Nothing was made of this suggestion that you may open. Accept it "
                    "first, or ask the people who buy or transfer it."
                )
            )
        return self.env["backlog.line"]._action_open(documents)

    def _check_one(self):
        if len(self) != 1:
            raise UserError(self.env._("Choose one suggestion."))


class BacklogSuggestionLine(models.Model):
    """Who asks for it and what brings it too late, by name, and the way there."""

    _inherit = "backlog.suggestion.line"

    asked_name = fields.Char(
        "Order or Document",
        compute="_compute_names",
        # Who buys need not be able to read orders, productions and transfers.
        compute_sudo=True,
        help="What asks for it: a customer's order, a production or a transfer.",
    )
    document_name = fields.Char(
        "Receipt",
        compute="_compute_names",
        compute_sudo=True,
        help="What brings it too late.",
    )

    @api.depends("order_line_id", "asked_by", "document")
    def _compute_names(self):
        for line in self:
            saved = line._origin
            asking = saved.order_id or saved.asked_by
            line.asked_name = asking and asking.display_name
            line.document_name = saved.document and saved.document.display_name

    @api.readonly
    def action_open_receipt(self):
        """Open what brings it too late."""
        document = self.document
        lines = self.env["backlog.line"]
        if not document or not lines._can_open(document):
            raise UserError(
                self.env._(
                    "%s is not yours to open. Ask the people who buy or make it.",
                    self.document_name or self.env._("The document"),
                )
            )
        return lines._action_open(document)
