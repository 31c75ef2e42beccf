from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..const import MOVABLE_STATES
from ..tools.link import Link, check_readable


class BacklogVendorSwitch(models.TransientModel):
    """Move requests for quotation to other vendors, after a look at price and date.

    The purchase lines themselves move and keep their links: to the deliveries and
    reordering rules they were made for, and to the orders behind those. Nothing is
    ordered. The same action on the new request moves them back.
    """

    _name = "backlog.vendor.switch"
    _inherit = ["backlog.bounds.mixin"]
    _description = "Move Requests to Another Vendor"

    line_ids = fields.One2many("backlog.vendor.switch.line", "switch_id")
    currency_id = Link(
        "res.currency", default=lambda self: self.env.company.currency_id
    )
    extra_cost = fields.Monetary(
        compute="_compute_extra_cost",
        help="What the chosen vendors cost more, all together, in the currency of the "
        "company.",
    )

    @api.depends("line_ids.is_chosen", "line_ids.extra_cost")
    def _compute_extra_cost(self):
        for switch in self:
            switch.extra_cost = sum(
                switch.line_ids.filtered("is_chosen").mapped("extra_cost")
            )

    @api.model
    def _open_for(self, purchase_lines):
        """Open the wizard with a proposal for each of ``purchase_lines``."""
        if not purchase_lines:
            raise UserError(
                self.env._(
                    "Nothing to move: no request for quotation is with a vendor that "
                    "is out. Confirmed orders stay where they are."
                )
            )
        if len(purchase_lines.company_id) > 1:
            raise UserError(self.env._("Move the requests of one company at a time."))
        switch = self.create(
            {
                "currency_id": purchase_lines.company_id.currency_id.id,
                "line_ids": [
                    Command.create(self._prepare_line(line)) for line in purchase_lines
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Move Requests to Another Vendor"),
            "res_model": self._name,
            "res_id": switch.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    @api.model
    def _prepare_line(self, line):
        """The proposal for one purchase line: its best backup."""
        backup = line._stand_in()
        return {
            "purchase_line_id": line,
            "supplierinfo_id": backup,
            "is_chosen": bool(backup),
        }

    def action_move(self):
        """Move the chosen lines, one request per old request and new vendor, and open
        the new requests."""
        chosen = self.line_ids.filtered(lambda line: line.is_chosen)
        if not chosen:
            raise UserError(self.env._("Choose at least one line to move."))
        if missing := chosen.filtered(lambda line: not line.supplierinfo_id):
            raise UserError(
                self.env._(
                    "Choose a vendor for %s, or do not move it.",
                    ", ".join(missing.product_id.mapped("display_name")),
                )
            )
        for line in chosen:
            if not line.supplierinfo_id._is_for(line.product_id, line.company_id):
                raise UserError(
                    self.env._(
                        "%(vendor)s does not offer %(product)s to this company: choose "
                        "one of the vendors of the product.",
                        vendor=line.supplierinfo_id.partner_id.display_name,
                        product=line.product_id.display_name,
                    )
                )
        chosen.supplierinfo_id._check_numbers()
        requests = self.env["purchase.order"]
        groups = chosen.grouped(
            lambda line: (
                line.purchase_line_id.order_id,
                line.supplierinfo_id.partner_id,
                line.supplierinfo_id.currency_id,
            )
        )
        for (order, vendor, currency), lines in groups.items():
            requests |= self._move(order, vendor, currency, lines)
        action = self.env["ir.actions.act_window"]._for_xml_id("purchase.purchase_rfq")
        action["domain"] = [("id", "in", requests.ids)]
        action["context"] = {}
        if len(requests) == 1:
            action["views"] = [(False, "form")]
            action["res_id"] = requests.id
        return action

    @api.model
    def _move(self, order, vendor, currency, lines):
        """Move ``lines`` of one request into a new request, and say so on both."""
        lines._check_still_open()
        request = self.env["purchase.order"].create(
            self._prepare_request(order, vendor, currency)
        )
        for line in lines:
            line._move_to(request)
        order.message_post(
            body=self.env._(
                "Moved to %(request)s with %(vendor)s: %(products)s.",
                request=request._get_html_link(),
                vendor=vendor.display_name,
                products=", ".join(lines.product_id.mapped("display_name")),
            )
        )
        request.message_post(
            body=self.env._(
                "Moved here from %(order)s with %(vendor)s.",
                order=order._get_html_link(),
                vendor=order.partner_id.display_name,
            )
        )
        if not order.order_line.filtered("product_id"):
            order.button_cancel()
        return request

    @api.model
    def _prepare_request(self, order, vendor, currency):
        """The old request for another vendor: same place, dates and orders behind."""
        vendor = vendor.with_company(order.company_id)
        position = self.env["account.fiscal.position"].with_company(order.company_id)
        return {
            "partner_id": vendor.id,
            "company_id": order.company_id.id,
            "picking_type_id": order.picking_type_id.id,
            "dest_address_id": order.dest_address_id.id,
            "currency_id": currency.id,
            "user_id": vendor.buyer_id.id or order.user_id.id or self.env.uid,
            "payment_term_id": vendor.property_supplier_payment_term_id.id,
            "fiscal_position_id": position._get_fiscal_position(vendor).id,
            "origin": order.origin,
            "reference_ids": [Command.set(order.reference_ids.ids)],
        }


class BacklogVendorSwitchLine(models.TransientModel):
    """One purchase line and the vendor it could move to."""

    _name = "backlog.vendor.switch.line"
    _inherit = ["backlog.bounds.mixin"]
    _description = "Line to Move to Another Vendor"

    switch_id = Link("backlog.vendor.switch", required=True, ondelete="cascade")
    is_chosen = fields.Boolean("Move")
    purchase_line_id = Link("purchase.order.line", required=True, ondelete="cascade")
    order_id = Link(related="purchase_line_id.order_id", related_sudo=False)
    product_id = Link(related="purchase_line_id.product_id", related_sudo=False)
    product_tmpl_id = Link(related="product_id.product_tmpl_id", related_sudo=False)
    company_id = Link(related="purchase_line_id.company_id", related_sudo=False)
    product_qty = fields.Float(
        "Quantity",
        digits="Product Unit",
        compute="_compute_difference",
        help="What is requested, in the unit of the request.",
    )
    product_uom_id = Link(related="purchase_line_id.product_uom_id", related_sudo=False)
    currency_id = Link(
        related="purchase_line_id.company_id.currency_id", related_sudo=False
    )
    supplierinfo_id = Link(
        "product.supplierinfo",
        "New Vendor",
        domain="[('product_tmpl_id', '=', product_tmpl_id),"
        " ('product_id', 'in', (False, product_id)),"
        " ('company_id', 'in', (False, company_id))]",
        help="Empty: no other vendor may be chosen by itself.",
    )
    parity_state = fields.Selection(
        related="supplierinfo_id.parity_state", related_sudo=False
    )
    price_now = fields.Monetary(
        "Cost Now",
        compute="_compute_difference",
        help="Of the whole line, untaxed, in the company's currency.",
    )
    price_new = fields.Monetary(
        "New Cost",
        compute="_compute_difference",
        help="Of the whole line with the new vendor, untaxed, in the company's "
        "currency.",
    )
    extra_cost = fields.Monetary(compute="_compute_difference")
    date_now = fields.Datetime(
        "Arrival Now",
        compute="_compute_difference",
        help="When the vendor of the request is expected to deliver.",
    )
    date_new = fields.Datetime(
        "New Arrival",
        compute="_compute_difference",
        help="When it arrives if the new vendor is ordered from today.",
    )
    extra_days = fields.Integer(compute="_compute_difference")

    @api.constrains("supplierinfo_id", "purchase_line_id")
    def _check_readable(self):
        """Odoo accepts any id for a link and shows the name behind it."""
        check_readable(self, "purchase_line_id", "supplierinfo_id")

    @api.depends("supplierinfo_id", "purchase_line_id")
    def _compute_difference(self):
        self._check_readable()
        for line in self:
            purchase_line = line.purchase_line_id
            line.product_qty = purchase_line.product_qty
            line.date_now = purchase_line.date_planned
            offer = line.supplierinfo_id
            line.price_now = purchase_line._cost_now()
            line.price_new = purchase_line._cost_from(offer)
            line.extra_cost = offer and line.price_new - line.price_now
            line.date_new = offer and purchase_line._arrival_from(offer)
            line.extra_days = offer and purchase_line._extra_days(offer)

    def _check_still_open(self):
        for line in self:
            if line.purchase_line_id.state not in MOVABLE_STATES:
                raise UserError(
                    self.env._(
                        "%s is no longer a request: it was confirmed or cancelled "
                        "meanwhile. Close this window and look again.",
                        line.order_id.display_name,
                    )
                )

    def _move_to(self, request):
        """Move the purchase line itself, so that everything linked to it stays. Price,
        description, taxes and date become those of the new vendor, as on a new line;
        the quantity keeps its unit."""
        line = self.purchase_line_id
        date = self.date_new
        line.write({"order_id": request.id})
        line._compute_tax_id()
        line.technical_price_unit = line.price_unit
        line._compute_price_unit_and_date_planned_and_name()
        offer = self.supplierinfo_id
        if line.selected_seller_id != offer:
            # Odoo finds no price of the vendor below its minimum or in another unit.
            line.discount = offer.discount
            line.price_unit = offer.product_uom_id._compute_price(
                offer.price, line.product_uom_id
            )
        line.date_planned = date
        request.date_order = line._ordered_on()
