from odoo import fields, models

from ..const import BUYERS, VALUE_GROUPS
from ..tools.actions import open_lines
from ..tools.texts import plain_quantity, short_day
from .line.backlog_quote import Wish

# More than anybody has: what is left of it is what is to order.
ANY_QUANTITY = 10**9
# How many receipts the sentence names.
RECEIPTS = 2


class BacklogProductMixin(models.AbstractModel):
    """What the forms of products and of their variants say of their backlog."""

    _name = "backlog.product.mixin"
    _description = "Backlog of a Product in Words"

    backlog_banner = fields.Json(
        compute="_compute_backlog_banner",
        exportable=False,
        groups=f"{VALUE_GROUPS},{BUYERS}",
        help="What customers wait for, with what you can do about it.",
    )
    backlog_can_promise = fields.Json(
        "Can Promise",
        compute="_compute_backlog_can_promise",
        exportable=False,
        groups=f"{VALUE_GROUPS},{BUYERS}",
        help="What can be promised now, what comes when, and how long any quantity "
        "takes. Empty with several variants: each has its own.",
    )

    def _compute_backlog_banner(self):
        # Odoo checks access when it reads what is stored, and not when it computes.
        self._origin.check_access("read")
        self.backlog_banner = False
        lines = self.env["backlog.line"]
        if not lines.has_access("read"):
            return
        for record in self:
            variants = record._backlog_variants()
            domain = [("product_id", "in", variants.ids)]
            if found := variants and lines.search(domain):
                record.backlog_banner = self.env["backlog.banner"]._of_product(
                    found, open_lines(lines, domain)
                )

    def _compute_backlog_can_promise(self):
        self._origin.check_access("read")
        self.backlog_can_promise = False
        quotes = self.env["backlog.quote"]
        if not self.env["backlog.line"].has_access("read"):
            return
        # As ``get_promise``, which answers beside it.
        warehouse = self.env.user._get_default_warehouse_id()
        for record in self if warehouse else ():
            variant = record._backlog_variants()
            if len(variant) == 1 and variant.type == "consu" and variant.sale_ok:
                wish = Wish(variant, ANY_QUANTITY, warehouse, None)
                [promise] = quotes._get_promises([wish])
                record.backlog_can_promise = {
                    "product_id": variant.id,
                    "sentence": self._can_promise(promise),
                }

    def _can_promise(self, promise):
        """12 now · 40 on Dec 2 · then 21 days."""
        parts = [self.env._("%s now", plain_quantity(self.env, promise["ready"]))]
        known = [one for one in promise["incoming"] if not one["overdue_since"]]
        parts += [
            self.env._(
                "%(quantity)s on %(day)s",
                quantity=plain_quantity(self.env, one["qty"]),
                day=short_day(self.env, fields.Datetime.to_datetime(one["date"])),
            )
            for one in known[:RECEIPTS]
        ]
        days = promise["vendor_lead_days"]
        if days and promise["to_source"] > 0:
            parts.append(self.env._("then %s days", days))
        return self.env._("Can promise: %s", " · ".join(parts))

    def _backlog_variants(self):
        """The variants that the record stands for."""
        if self._name == "product.product":
            return self._origin
        return self._origin.product_variant_ids
