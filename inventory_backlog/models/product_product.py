from math import isfinite

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..const import BUYERS, OPEN_SUGGESTIONS, VALUE_GROUPS
from ..tools.actions import open_lines
from ..tools.arguments import checked_end_of_day, checked_quantity, checked_records
from ..tools.figures import search_figure
from ..tools.names import named
from ..tools.sql import many_rows
from .line.backlog_quote import MOST_WISHES, Wish


class ProductProduct(models.Model):
    """The backlog of a variant, what could be promised of it, and its vendors: their
    figures, and which one Odoo chooses."""

    _name = "product.product"
    _inherit = ["product.product", "backlog.mixin", "backlog.vendor.mixin"]

    backlog_qty = fields.Float(
        "Ready",
        digits="Product Unit",
        compute="_compute_backlog",
        search=search_figure("backlog_qty"),
        help="Ordered by customers, in stock for them and not yet shipped.",
    )
    backorder_qty = fields.Float(
        "Short (backorder)",
        digits="Product Unit",
        compute="_compute_backlog",
        search=search_figure("backorder_qty"),
        help="Ordered by customers and out of stock.",
    )
    to_source_qty = fields.Float(
        "To Order",
        digits="Product Unit",
        compute="_compute_backlog",
        search=search_figure("to_source_qty"),
        help="Ordered by customers, out of stock, and nothing is on its way.",
    )
    open_value = fields.Monetary(
        currency_field="backlog_currency_id",
        compute="_compute_backlog",
        search=search_figure("open_value"),
        groups=VALUE_GROUPS,
        help="What customers ordered and did not get yet, untaxed, at today's rate in "
        "the currency of your current company.",
    )
    backlog_suggestion_count = fields.Integer(
        "Suggestions",
        compute="_compute_backlog_suggestion_count",
        groups=BUYERS,
        help="How many reorder suggestions for it wait for a decision or were set "
        "aside.",
    )

    # What customers wait for

    @api.depends(
        "stock_quant_ids.quantity",
        "stock_quant_ids.reserved_quantity",
        "stock_move_ids.product_qty",
        "stock_move_ids.quantity",
        "stock_move_ids.state",
    )
    @api.depends_context("company", "allowed_company_ids", "uid")
    def _compute_backlog(self):
        return super()._compute_backlog()

    def _backlog_products(self):
        return self

    @api.model
    def _backlog_figures(self):
        """The lines of each product that the user may see, summed: the figures equal
        the list of lines that they open."""
        return self._backlog_totals(SQL("product_id"))

    @api.model
    def _backlog_totals(self, key):
        """The visible lines summed by ``key``, a column of the line or of its product;
        values at today's rate in the currency of the current company."""
        query = self._visible_lines()
        return SQL(
            """(
            SELECT %(key)s AS id, SUM(line.backlog_qty) AS backlog_qty,
                   SUM(line.backorder_qty) AS backorder_qty,
                   SUM(line.to_source_qty) AS to_source_qty,
                   SUM(line.open_value * CASE line.currency_id %(rates)s END)
                       AS open_value
              FROM %(lines)s line
              JOIN product_product product ON product.id = line.product_id
          GROUP BY %(key)s
            )""",
            key=key,
            lines=many_rows(
                query.subselect(
                    *(
                        SQL.identifier(query.table, column)
                        for column in (
                            "product_id",
                            "currency_id",
                            "backlog_qty",
                            "backorder_qty",
                            "to_source_qty",
                            "open_value",
                        )
                    )
                )
            ),
            rates=SQL(" ").join(self._backlog_rates()),
        )

    @api.model
    def _visible_lines(self):
        """The lines that the user may see: none for users who may open products
        only."""
        lines = self.env["backlog.line"]
        # Name the companies: sudo skips the company rule, and the rates are those of
        # these companies only.
        domain = [("company_id", "in", self.env.companies.ids)]
        if lines.has_access("read"):
            return lines._search(domain)
        query = lines.sudo()._search(domain)
        query.add_where(SQL("FALSE"))
        return query

    @api.model
    def _backlog_rates(self):
        """The cases of an SQL expression: currency id, and what one unit of it is worth
        in the currency of the current company."""
        company = self.env.company
        for currency in self.env.companies.currency_id:
            yield SQL(
                "WHEN %s THEN %s::numeric",
                currency.id,
                company._backlog_rate_of(currency),
            )

    # Vendors

    @api.depends("product_tmpl_id.seller_ids.vendor_criteria", "purchase_ok", "type")
    @api.depends_context("company")
    def _compute_vendor(self):
        return super()._compute_vendor()

    @api.model
    def _vendor_figures(self, ids=None):
        templates = None if ids is None else self.browse(ids).product_tmpl_id.ids
        vendor = self.env["backlog.vendor"]
        return SQL(
            """(
            SELECT product_id AS id, main_vendor_id, backup_vendor_ids,
                   backup_vendor_count, %s AS vendor_resilience
              FROM (%s) variant
            )""",
            vendor._resilience(SQL("resilience")),
            vendor._variant_figures(templates),
        )

    # Which vendor Odoo chooses

    def _prepare_sellers(self, params=False):
        """Leave out lines whose minimum is NaN or infinite: nothing compares with it,
        and Odoo would choose no vendor at all."""
        sellers = super()._prepare_sellers(params)
        return sellers.filtered(lambda info: isfinite(info.min_qty))

    def _get_filtered_sellers(self, partner_id=False, **kwargs):
        """Leave out vendors that Odoo may not choose by itself. A vendor that the
        caller names, as a purchase order does, keeps its prices."""
        sellers = super()._get_filtered_sellers(partner_id=partner_id, **kwargs)
        return sellers if partner_id else sellers._chosen_by_itself()

    def _has_blocked_vendor(self):
        """Whether Odoo may not choose one of the vendors of this product by itself
        today: it is out, not approved, or manual only."""
        sellers = self._prepare_sellers(False)
        return bool(sellers - sellers._chosen_by_itself())

    def _stand_in_for(self, vendor, quantity=0):
        """The vendor line that would be bought from if ``vendor`` were out: the first
        other vendor that Odoo may choose by itself, vendors at parity first if the
        company says so. The line is the price break for ``quantity``, in the unit of
        the product, if that reaches one."""
        others = self._get_filtered_sellers(quantity=None).filtered(
            lambda info: vendor not in info.partner_id._backlog_ancestors()
        )
        if self.env.company.backlog_parity_first:
            others = others._parity_first()
        return self._offer_of(others.partner_id[:1], quantity)

    def _offer_of(self, partners, quantity):
        """The vendor line of ``partners`` for ``quantity`` in the unit of the product,
        or their first one when that is below their minimum."""
        lines = self._prepare_sellers(False).filtered(
            lambda info: info.partner_id in partners
        )
        return (
            self._select_seller(
                partner_id=lines.partner_id[:1], quantity=quantity, uom_id=self.uom_id
            )
            if lines
            else lines
        ) or lines[:1]

    def _on_trial(self, ahead, **need):
        """The vendor line of an unproven backup whose turn it is to get a purchase of
        this product, or none: its n-th since the last one from it, and then every n-th
        of a run. Asking does not change the answer.

        :param int ahead: how many purchases of the same run come before
        """
        for info in self._get_filtered_sellers(**need):
            if (
                info.trial_every
                and info.vendor_role == "backup"
                and info.parity_state == "unproven"
            ):
                vendor = info.partner_id.commercial_partner_id
                wait = info.trial_every - 1
                first = wait - self._purchases_since(vendor, wait)
                if ahead >= first and (ahead - first) % info.trial_every == 0:
                    return info
        return self.env["product.supplierinfo"]

    def _purchases_since(self, vendor, limit):
        """How many of the last ``limit`` purchases of this product came after the last
        one from ``vendor``."""
        if not limit:
            return 0
        # sudo: the current user need not be able to read earlier purchases.
        purchases = self.env["purchase.order.line"].sudo()
        last = purchases.search(
            [
                ("product_id", "=", self.id),
                ("company_id", "=", self.env.company.id),
                ("state", "!=", "cancel"),
            ],
            order="id desc",
            limit=limit,
        )
        vendors = [line.partner_id.commercial_partner_id for line in last]
        return vendors.index(vendor) if vendor in vendors else len(last)

    # Vendors in words

    def _vendor_sentences(self):
        """Which vendors are out and which one stands in, a sentence each; empty while
        no vendor is out."""
        # sudo: a user who waits for the goods need not be able to read vendor lines.
        sellers = self.sudo().seller_ids.filtered(
            lambda info: info.product_id in (info.product_id.browse(), self)
        )
        out = sellers._out().filtered("vendor_role")
        if not out:
            return []
        disruptions = self.env["backlog.disruption"]
        template = self.sudo().product_tmpl_id.sudo(self.env.su)
        sentences = disruptions._sentences(template, out.partner_id)
        instead = self.sudo()._get_filtered_sellers(quantity=None)[:1]
        if instead:
            sentences.append(
                self.env._(
                    "Odoo buys %(product)s from %(vendor)s instead.",
                    product=named(self).display_name,
                    vendor=named(instead.partner_id).display_name,
                )
            )
        else:
            sentences.append(
                self.env._(
                    "No other vendor of %s can be chosen: nothing is bought by itself "
                    "until you add or approve one.",
                    named(self).display_name,
                )
            )
        return sentences

    def _vendor_note(self):
        """``_vendor_sentences`` for an error, which Odoo's scheduler writes as a note
        on the product. Users of all companies can read the note of a shared product,
        and what one company knows of its vendors must not reach the others."""
        sentences = self._vendor_sentences()
        companies = self.env["res.company"].sudo()
        if not sentences or self.company_id or companies.search_count([], limit=2) < 2:
            return sentences
        return [
            self.env._(
                "A vendor of %s is out. The form of the product says which one, in the "
                "company that buys it.",
                named(self).display_name,
            )
        ]

    # Suggestions

    @api.depends_context("allowed_company_ids")
    def _compute_backlog_suggestion_count(self):
        # Odoo checks access when it reads what is stored, and not when it computes.
        self._origin.check_access("read")
        counts = dict(
            self.env["backlog.suggestion"]._read_group(
                [("product_id", "in", self.ids), ("state", "in", OPEN_SUGGESTIONS)],
                ["product_id"],
                ["__count"],
            )
        )
        for product in self:
            product.backlog_suggestion_count = counts.get(product._origin, 0)

    # Promises

    @api.model
    @api.readonly
    def get_promise(self, product_id, qty, warehouse_id=False, date=False):
        """Say what could be promised for a product now: what an order confirmed at this
        moment would get, at its place in the queue and by its routes.

        Nothing is reserved or written.

        :param int product_id: id of a product variant
        :param float qty: wanted quantity, above zero and up to 10¹², in the product's
            unit
        :param int warehouse_id: where it would leave from; by default the user's
            warehouse in the current company
        :param str date: the day the customer wants it (``YYYY-MM-DD``), which gives it
            its place in the queue, and the quantity that could leave by the end of it,
            in the user's time zone; by default after the lead time of the product
        :return: ``{"product_id", "warehouse_id", "uom", "qty", "ready", "incoming":
            [{"qty", "date", "overdue_since", "document", "document_name"}],
            "to_source", "to_source_parts": [{"product_id", "uom", "qty", "date", "by",
            "warehouse_id"}], "vendor_lead_days", "to_source_date", "expected_date",
            "overdue_since", "qty_by_date"}``;
            dates in UTC as ``YYYY-MM-DD HH:MM:SS``, False where there is none;
            ``ready + Σ incoming + to_source = qty``. The quantity to order comes in
            the soonest way: ``by`` is ``buy``, ``make`` or ``transfer`` from
            ``warehouse_id``, begun on the next working day of the company.
            ``expected_date`` is when all of it could leave: False when something is to
            source and nobody knows how. For a kit ``to_source_parts`` are those of its
            components, each in its own unit, also what nobody knows how to get: its
            ``by`` and ``date`` are False.
            A receipt with ``overdue_since`` counts as due today, and nobody knows when
            it comes: tell customers that the date is to be confirmed.
        :raise UserError: for a quantity that is no number above zero, a bad date, a
            product that is no goods, or when there is no warehouse
        :raise MissingError: for an unknown product or warehouse
        :raise AccessError: without a right to the backlog, product or warehouse
        """
        self.env["backlog.line"].check_access("read")
        quotes = self.env["backlog.quote"]
        product = quotes._checked_goods(product_id)
        warehouse = quotes._checked_warehouse(warehouse_id)
        due = checked_end_of_day(self.env, date) if date else None
        wish = Wish(product, checked_quantity(self.env, qty), warehouse, due)
        promise = quotes._get_promises([wish])[0]
        promise["qty_by_date"] = quotes._promised_by(promise, due) if due else False
        return promise

    @api.model
    @api.readonly
    def get_promises(self, wishes, independent=False):
        """``get_promise`` for many wishes, as in one order: goods that the first takes
        are gone for the next. The number of queries does not
        depend on the number of wishes.

        :param list wishes: up to 10,000 of ``{"product_id": int, "qty": float,
            "warehouse_id": int}``, as for ``get_promise``; the warehouse may be missing
        :param bool independent: answer each as if it were the only one, as for the
            pages of a catalogue. Wishes for the same goods are then asked one after the
            other
        :return: a list of what ``get_promise`` returns, in the same order, without
            ``qty_by_date``
        :raise UserError: as ``get_promise``, and when ``wishes`` is no such list
        """
        self.env["backlog.line"].check_access("read")
        if (
            not isinstance(wishes, list)
            or len(wishes) > MOST_WISHES
            or not all(
                isinstance(wish, dict)
                and wish.keys() <= {"product_id", "qty", "warehouse_id"}
                for wish in wishes
            )
        ):
            raise UserError(
                self.env._(
                    "Give a list of at most %s wishes, each with product_id, qty and, "
                    "if it matters, warehouse_id.",
                    MOST_WISHES,
                )
            )
        if not isinstance(independent, bool):
            raise UserError(self.env._("“independent” must be true or false."))
        quotes = self.env["backlog.quote"]
        products = checked_records(
            self.env, "product.product", [wish.get("product_id") for wish in wishes]
        )
        quotes._check_goods(products)
        places = [wish.get("warehouse_id") or False for wish in wishes]
        warehouses = checked_records(self.env, "stock.warehouse", filter(None, places))
        usual = quotes._checked_warehouse(False) if False in places else warehouses[:0]
        checked = [
            Wish(
                products.browse(wish["product_id"]).with_prefetch(products.ids),
                quotes._checked_quantity_of(number, wish),
                warehouses.browse(place) if place else usual,
            )
            for number, (wish, place) in enumerate(zip(wishes, places, strict=True), 1)
        ]
        if independent:
            return quotes._get_independent(checked)
        return quotes._get_promises(checked)

    # On the screens

    @api.readonly
    def action_open_backlog(self):
        """Open what customers wait for of this product, line by line."""
        return open_lines(self.env["backlog.line"], [("product_id", "in", self.ids)])

    def action_suggest_purchase(self):
        """Open what is suggested for these variants, and for the components of kits,
        computed anew, or say why there is nothing."""
        return self.env["backlog.suggestion"]._action_suggest(self._backlog_products())

    @api.readonly
    def action_open_vendors(self):
        """Open the vendors of this variant with their lights."""
        action = self.product_tmpl_id.action_open_vendors()
        action["domain"] += [("product_id", "in", (False, *self.ids))]
        return action
