from collections import defaultdict

from odoo import models
from odoo.fields import Domain
from odoo.tools import format_amount

from ...const import BUYERS, MOVABLE_STATES, REQUEST_STATES, VALUE_GROUPS
from ...tools.bounds import bounded_days, converted
from ...tools.given import giving
from ...tools.texts import quantity_with_unit

ROWS_SHOWN = 40


class BacklogImpact(models.AbstractModel):
    """What hangs on a vendor that is out: purchases, customers, and the backups.

    ``_impact`` gives what the form of a disruption shows, in the company of the
    environment; ``_purchase_lines`` the purchase lines concerned. Nothing is written.
    """

    _name = "backlog.impact"
    _description = "Impact of a Disruption"

    def _impact(self, disruption):
        """What the form of the disruption shows: counts, the open value where the user
        may see it, and the first ``ROWS_SHOWN`` products with their backups.

        :return: ``{"purchases", "requests", "lines", "late", "customers", "value",
            "show_cost", "products", "more"}``; the value is a finished text
        """
        offers = self._offers(disruption)
        purchases = self._purchase_lines(disruption)
        waiting, wanted = self._waiting(disruption, offers, purchases)
        lines = self.env["backlog.line"].search([("id", "in", list(waiting))])
        value = (
            sum(line.open_value * waiting[line.id] for line in lines)
            if self.env.user.has_groups(VALUE_GROUPS)
            else None
        )
        templates = offers.product_tmpl_id
        return {
            "purchases": len(purchases),
            "requests": len(
                purchases.filtered(lambda line: line.state in MOVABLE_STATES)
            ),
            "lines": len(lines),
            "late": len(lines.filtered(lambda line: line.is_late or line.is_at_risk)),
            "customers": len(lines.partner_id.sudo().commercial_partner_id),
            "value": ""
            if value is None
            else format_amount(self.env, value, self.env.company.currency_id),
            "show_cost": self.env.user.has_group(BUYERS),
            "products": self._product_rows(
                disruption,
                templates,
                purchases,
                {
                    template: lines & lines.browse(ids)
                    for template, ids in wanted.items()
                },
            ),
            "more": max(0, len(templates) - ROWS_SHOWN),
        }

    # What hangs on the vendor

    def _offers(self, disruption):
        """The vendor lines that are out, of the companies concerned."""
        offers = disruption._vendor_lines().filtered(
            lambda info: (
                (not info.company_id or info.company_id in self._companies(disruption))
                and info.product_tmpl_id.active
                and info.product_tmpl_id.product_variant_ids
            )
        )
        if asked := disruption.product_tmpl_ids._origin:
            return offers.filtered(lambda info: info.product_tmpl_id in asked)
        return offers

    def _companies(self, disruption):
        """The companies that the disruption holds in, among those the user works in."""
        return disruption.company_id or self.env.companies

    def _purchase_lines(self, disruption):
        """Purchase lines of the vendor with goods still to come, requests included."""
        # sudo: these lines are only counted, for all who may read the disruption; no
        # price is shown.
        lines = self.env["purchase.order.line"].sudo()
        domain = (
            Domain(
                "partner_id", "child_of", disruption.partner_id.commercial_partner_id.id
            )
            & Domain("state", "in", (*REQUEST_STATES, "purchase"))
            & Domain("company_id", "in", self._companies(disruption).ids)
            & Domain("product_id", "!=", False)
        )
        if asked := disruption.product_tmpl_ids._origin:
            domain &= Domain("product_id.product_tmpl_id", "in", asked.ids)
        return lines.search(domain).filtered(lambda line: line._open_qty() > 0)

    def _waiting(self, disruption, offers, purchases):
        """Who waits for receipts from the vendor, and for goods without supply that
        would be bought from it: ``{order line id: share of it that waits}``, 0 to 1,
        and ``{product template: order line ids}``. A kit waits for its components, and
        so does who waits for a transfer or a production that takes them."""
        chosen = self.env["product.product"]
        for product in offers.product_tmpl_id.product_variant_ids:
            if product.main_vendor_id in offers.partner_id:
                chosen |= product
        rows = self._slices(
            disruption,
            chosen | purchases.product_id | purchases.move_ids.product_id,
            Domain("receipt_move_id", "in", self._receipts(purchases).ids)
            | Domain("source", "=", "none") & Domain("product_id", "in", chosen.ids),
        )
        waiting, wanted = defaultdict(float), defaultdict(set)
        for row, templates in self._held(disruption, rows).items():
            if line := row.order_line_id.sudo():
                waiting[line.id] += self._share(row, line)
                for template in templates:
                    wanted[template].add(line.id)
        return {line_id: min(1, share) for line_id, share in waiting.items()}, wanted

    def _held(self, disruption, rows):
        """``{slice: product templates of the vendor that it waits for}``, of these rows
        and of those for which their goods are taken along."""
        held, taken = defaultdict(set), defaultdict(set)
        while rows:
            reached = self.env["stock.move"].sudo().browse()
            # Read at once what is asked for row by row.
            self._held_up(rows.move_id.sudo())
            for row in rows:
                held[row] |= taken.get(row.receipt_move_id) or {
                    row.product_id.product_tmpl_id
                }
                if row.order_line_id:
                    continue
                for receipt in self._held_up(row.move_id.sudo()):
                    if more := held[row] - taken[receipt]:
                        taken[receipt] |= more
                        reached |= receipt
            rows = self._slices(
                disruption,
                reached.product_id,
                Domain("receipt_move_id", "in", reached.ids),
            )
        return held

    def _share(self, row, line):
        """Which share of the open quantity of ``line`` waits with ``row``: all of it
        with a component."""
        own = row.product_id == line.product_id and line.product_uom_qty
        open_qty = own and converted(
            line.open_qty, line.product_uom_id, line.product_id.uom_id
        )
        return row.qty / open_qty if open_qty else 1

    def _slices(self, disruption, products, domain):
        """The rows of the split within ``domain``, in the companies concerned."""
        allocation = self.env["backlog.allocation"]
        with giving(allocation, product_ids=products.ids) as asked:
            slices = asked.search_fetch(
                Domain("company_id", "in", self._companies(disruption).ids) & domain
            )
        return slices.with_env(self.env)

    def _held_up(self, moves):
        """The receipts of what ``moves`` take along: they come as late as these. A move
        into another place is a receipt there itself."""
        return self._open(moves | moves.move_dest_ids)

    def _open(self, moves):
        return moves.filtered(lambda move: move.state not in ("done", "cancel"))

    def _receipts(self, purchases):
        """The open receipts of ``purchases``, the later steps of them included."""
        moves = step = purchases.move_ids
        while step := step.move_dest_ids - moves:
            moves |= step
        return self._open(moves)

    # Per product

    def _product_rows(self, disruption, templates, purchases, waiting):
        """For each product what hangs on the vendor, and the best backup. Products with
        the most ``waiting`` order lines come first."""
        ordered = purchases.grouped(lambda line: line.product_id.product_tmpl_id)
        none = self.env["purchase.order.line"], self.env["backlog.line"]
        rows = [
            (
                template,
                ordered.get(template, none[0]),
                waiting.get(template, none[1]),
            )
            for template in templates
        ]
        rows.sort(key=lambda row: (-len(row[2]), -len(row[1]), row[0].display_name))
        return [self._product_row(disruption, *row) for row in rows[:ROWS_SHOWN]]

    def _product_row(self, disruption, template, purchases, lines):
        """One row of ``_product_rows``, in finished texts."""
        product = (purchases.product_id or template.product_variant_ids)[:1]
        ordered = sum(line._open_qty() for line in purchases)
        # Of a kit that waits for it nobody buys as many as kits are missing.
        own = lines.filtered(lambda line: line.product_id.product_tmpl_id == template)
        missing = self._not_requested(own, purchases)
        requests = purchases.filtered(lambda line: line.state in MOVABLE_STATES)
        rest = missing + sum(line._open_qty() for line in purchases - requests)
        unit = template.sudo().uom_id
        return {
            "product": template.display_name,
            "ordered": quantity_with_unit(self.env, ordered, unit) if ordered else "",
            "waiting": len(lines),
            "customers": len(lines.partner_id.sudo().commercial_partner_id),
            "backup": self._backup_row(disruption, product, requests, rest),
        }

    def _not_requested(self, lines, purchases):
        """What ``lines`` lack beyond what is on requests for quotation, which cover
        nothing before they are confirmed."""
        requested = defaultdict(float)
        for purchase in purchases:
            if purchase.state in REQUEST_STATES:
                requested[purchase.product_id] += purchase._open_qty()
        return sum(
            max(0, sum(waiting.mapped("to_source_qty")) - requested[product])
            for product, waiting in lines.grouped("product_id").items()
        )

    def _backup_row(self, disruption, product, requests, rest):
        """The best backup for ``requests`` for ``product``, and for the ``rest`` in its
        unit: what is confirmed with the vendor, or what nobody has requested yet. Cost
        and days of the requests are those of the window that moves them; without any
        they are what the vendor lines say of the rest. False without a backup."""
        vendor = disruption.partner_id.commercial_partner_id
        moves = {line: line._stand_in() for line in requests}
        stand_in = product._stand_in_for(vendor, rest)
        backup = next(filter(None, moves.values()), stand_in).sudo(False)
        if not backup:
            return False
        current = product._offer_of(self._offers(disruption).partner_id, rest)
        row = {
            "name": backup.partner_id.display_name,
            "parity": dict(
                backup._fields["parity_state"]._description_selection(self.env)
            ).get(backup.parity_state, ""),
            "state": backup.parity_state,
            "cost": "",
            "rest": "",
            "days": max(line._extra_days(offer) for line, offer in moves.items())
            if moves
            else bounded_days(backup.delay) - bounded_days(current.delay),
        }
        if self.env.user.has_group(BUYERS):
            beyond = stand_in._unit_price() - current._unit_price()
            row |= self._cost_of(product, moves, rest, beyond)
        return row

    def _cost_of(self, product, moves, rest, beyond):
        """What moving the requests ``moves``, ``{line: vendor line}``, costs more, and
        beside it the ``rest``, each unit of it costing ``beyond`` more."""
        company = self.env.company
        extra = sum(
            (line._cost_from(offer) - line._cost_now())
            * company._backlog_rate_of(line.company_id.currency_id)
            for line, offer in moves.items()
        )
        beside = ""
        if not moves:
            extra = beyond * (rest or 1)
        elif rest > 0:
            beside = self.env._(
                "and %(cost)s for %(quantity)s that no request asks for",
                cost=format_amount(self.env, beyond * rest, company.currency_id),
                quantity=quantity_with_unit(self.env, rest, product.sudo().uom_id),
            )
        return {
            "cost": format_amount(self.env, extra, company.currency_id),
            "rest": beside,
            "is_dearer": extra > 0,
        }
