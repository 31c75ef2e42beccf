from collections import defaultdict

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools.misc import get_lang

from .given import giving

# Odoo's own forms show invoices or lots: they fail for others, who may well read the
# record.
FORM_GROUPS = {
    "purchase.order": "purchase.group_purchase_user",
    "sale.order": "sales_team.group_sale_salesman",
    "stock.picking": "stock.group_stock_user",
}


class BacklogLine(models.Model):
    """One click from a line to the document that moves it on."""

    _inherit = "backlog.line"

    @api.readonly
    def action_why(self):
        """Open the explanation of this line beside the list."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Why?"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [
                (self.env.ref("inventory_backlog.backlog_line_view_form").id, "form")
            ],
            "target": "new",
            "context": {},
        }

    @api.readonly
    def action_open_order(self):
        """Open the orders of these lines."""
        return self._action_open(self.order_id)

    @api.readonly
    def action_open_transfers(self):
        """Open the transfers that will ship these lines."""
        transfers = self._allocation().move_id.picking_id
        if not transfers:
            raise UserError(
                self.env._(
                    "There is no transfer yet. It will appear when the purchase behind "
                    "this line is confirmed; see “Why?”."
                )
            )
        if not all(map(self._can_open, transfers)):
            raise UserError(
                self.env._(
                    "%s is not yours to open. Ask the people in the warehouse.",
                    transfers[0].sudo().display_name,
                )
            )
        return self._action_open(transfers)

    @api.readonly
    def action_open_supply(self):
        """Open the documents that bring what these lines wait for, of one kind."""
        documents = [row.document for row in self._allocation() if row.document]
        if not documents:
            raise UserError(
                self.env._("Nothing is on its way for this line; see “Why?”.")
            )
        openable = [document for document in documents if self._can_open(document)]
        if not openable:
            raise UserError(
                self.env._(
                    "It is covered by %(document)s, which is not yours to open. Ask "
                    "the people who buy or make it.",
                    document=documents[0].sudo().display_name,
                )
            )
        model = openable[0]._name
        return self._action_open(
            self.env[model].union(
                *(document for document in openable if document._name == model)
            )
        )

    def action_suggest_purchase(self):
        """Open what is suggested for the goods of these lines, for a kit those that
        are moved, computed anew, or say why there is nothing."""
        products = self._allocation().product_id or self.product_id
        return self.env["backlog.suggestion"]._action_suggest(products)

    def action_check_availability(self):
        """Reserve what is in stock for these lines, first in queue first, and say what
        came of it."""
        # Somebody may have shipped some meanwhile.
        lines = self.exists()
        slices = lines._allocation(with_rank=True)
        before = self._reserved(slices)
        ready = sum(lines.mapped("backlog_qty"))
        slices.sorted("queue_rank").move_id._action_assign()
        lines.invalidate_recordset()
        slices.invalidate_model()
        kind, message = lines._reservation_told(lines._allocation(), before, ready)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "title": self.env._("Check Availability"),
                "message": message,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    @api.model
    def _reserved(self, slices):
        """``{(order line, product): quantity}`` of what is reserved: of a kit its
        components."""
        reserved = defaultdict(float)
        for row in slices:
            reserved[row.order_line_id, row.product_id] += (
                row.qty if self._is_reserved(row) else 0
            )
        return reserved

    @api.model
    def _is_reserved(self, row):
        """Whether nothing is left to be reserved for a slice. Of goods that are not
        tracked in stock there always is enough."""
        return row.source == "reserved" or (
            row.source == "stock" and not row.product_id.is_storable
        )

    def _reservation_told(self, slices, before, ready):
        """How checking went, as ``(kind of notification, sentence)``. Quantities of
        different products are not added up: of those the lines are counted."""
        after = self._reserved(slices)
        if not after:
            return "info", self.env._("Nothing of this is open any more.")
        waiting = slices.filtered(lambda row: not self._is_reserved(row)).order_line_id
        gained = {
            line
            for (line, product), quantity in after.items()
            if product.uom_id.compare(quantity, before[line, product]) > 0
        }
        kind = "success" if gained else "warning" if waiting else "info"
        if not gained and not waiting:
            return kind, self.env._("All of it is reserved already.")
        if slices.product_id != self.product_id or len(self.product_id) > 1:
            lines = slices.order_line_id
            figures = {"reserved": len(lines - waiting), "lines": len(lines)}
            if gained:
                return kind, self.env._(
                    "More is reserved for %(gained)s of %(lines)s lines. All is "
                    "reserved for %(reserved)s of them.",
                    gained=len(gained),
                    **figures,
                )
            return kind, self.env._(
                "Nothing more could be reserved. All is reserved for %(reserved)s of "
                "%(lines)s lines.",
                **figures,
            )
        return kind, self._quantity_told(sum(after.values()), bool(gained), ready)

    def _quantity_told(self, after, gained, ready):
        """How checking went for lines of one product, in a sentence."""
        unit = self.product_id.uom_id
        figures = {
            "reserved": self._quantity(after, unit),
            "open": self._quantity(sum(self.mapped("open_qty")), unit),
        }
        if unit.compare(after, ready) > 0:
            return self.env._(
                "%(reserved)s of %(open)s are reserved. %(more)s of them had been "
                "ready for others ahead in the queue.",
                more=self._quantity(after - ready, unit),
                **figures,
            )
        if gained:
            return self.env._("%(reserved)s of %(open)s are reserved.", **figures)
        return self.env._(
            "Nothing more could be reserved. Reserved: %(reserved)s of %(open)s.",
            **figures,
        )

    def _allocation(self, with_rank=False):
        """The rows of the allocation behind these lines, in queue order.

        :param with_rank: whether their places in the queue are read as well
        """
        allocation = self.env["backlog.allocation"]
        stored = [name for name, field in allocation._fields.items() if field.store]
        names = stored if with_rank else None
        with giving(allocation, product_ids=self._moved_product_ids()) as asked:
            rows = asked.search_fetch([("order_line_id", "in", self.ids)], names)
        return rows.with_env(self.env)

    def _moved_product_ids(self):
        # Of whole orders, see backlog.line._lines. Buyers have no access to them.
        return self.order_line_id.sudo().order_id._backlog_products().ids

    def _quantity(self, quantity, unit):
        """A quantity with its unit, as people write it: 14 Units, 2.5 kg."""
        return self.env._(
            "%(quantity)s %(unit)s",
            quantity=self.env["res.lang"]
            .browse(get_lang(self.env).id)
            .format("%.12g", quantity, grouping=True),
            unit=unit.name,
        )

    def _can_open(self, document):
        group = FORM_GROUPS.get(document._name)
        return (not group or self.env.user.has_group(group)) and document.has_access(
            "read"
        )

    def _goods(self, quantity):
        """A quantity of the product of this line: 14 Units of Table."""
        return self.env._(
            "%(quantity)s of %(product)s",
            quantity=self._quantity(quantity, self.product_uom_id),
            product=self.product_id.display_name,
        )

    def _action_open(self, records):
        action = {
            "type": "ir.actions.act_window",
            "name": self.env["ir.model"]._get(records._name).name,
            "res_model": records._name,
            "views": [(False, "form")],
            "res_id": records.id if len(records) == 1 else False,
        }
        if len(records) > 1:
            action["views"] = [(False, "list"), (False, "form")]
            action["domain"] = [("id", "in", records.ids)]
        return action

    def _action_open_lines(self, domain):
        """The list of backlog lines in ``domain``, for the buttons of other models."""
        self.browse().check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inventory_backlog.backlog_line_action"
        )
        return {**action, "domain": domain, "context": {}}
