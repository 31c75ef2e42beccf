from datetime import timedelta

from odoo import models
from odoo.tools import format_amount
from odoo.tools.misc import formatLang

from ...const import ASKED, ASKING, BUYING, OPEN_SUGGESTIONS
from ...tools.names import named
from ...tools.texts import short_day
from . import netting


class BacklogSuggestionText(models.AbstractModel):
    """The texts of suggestions: why something is suggested, what each vendor would
    mean, what a run found. It decides nothing; people read what it returns.

    Suggestions come as superuser: who reads one reads what is behind it, also when a
    vendor or product was moved to another company since. What else a text looks up, it
    looks up as the user.
    """

    _name = "backlog.suggestion.text"
    _description = "Words of a Suggestion"

    # In one line

    def _summary(self, suggestion):
        figures = {
            "qty": suggestion._quantity(suggestion.suggested_qty),
            "date": short_day(self.env, suggestion.order_by_date),
        }
        if suggestion.action_type == "confirm":
            return self.env._(
                "%(qty)s from %(vendor)s: confirm %(requests)s by %(date)s",
                vendor=self._asked_vendors(suggestion),
                requests=self._late_names(suggestion),
                **figures,
            )
        if suggestion.action_type in ASKED:
            return self._late_summary(suggestion)
        origin = suggestion.source_warehouse_id or suggestion.partner_id
        if (
            suggestion.state not in OPEN_SUGGESTIONS
            and suggestion.action_type in BUYING
        ):
            # Split over two vendors, it is from both.
            lines = suggestion.purchase_line_ids
            asked = lines.filtered(lambda line: line.state != "cancel").partner_id
            origin = (origin & asked) | asked or origin
        if origin:
            return self.env._(
                "%(qty)s from %(origin)s, by %(date)s",
                origin=", ".join(named(origin).mapped("display_name")),
                **figures,
            )
        if suggestion.action_type in BUYING:
            return self.env._("%(qty)s, no vendor yet, by %(date)s", **figures)
        return self.env._("%(qty)s, by %(date)s", **figures)

    def _late_summary(self, suggestion):
        """What comes too late, in one line: nobody knows when what is overdue comes."""
        figures = self._late_figures(suggestion, suggestion.suggested_qty)
        if not suggestion.overdue_since:
            return self.env._(
                "%(qty)s, needed %(need)s, expected %(expected)s", **figures
            )
        if suggestion._is_partly_overdue():
            return self.env._(
                "%(qty)s, needed %(need)s, some of it overdue since %(since)s, the "
                "last expected %(expected)s",
                **figures,
            )
        return self.env._(
            "%(qty)s, needed %(need)s, overdue since %(since)s", **figures
        )

    def _late_figures(self, suggestion, quantity):
        return {
            "qty": suggestion._quantity(quantity),
            "need": short_day(self.env, suggestion.need_date),
            "expected": short_day(self.env, suggestion.arrival_date),
            "since": short_day(self.env, suggestion.overdue_since),
        }

    # Why: a sentence for each reason

    def _sentences(self, suggestion):
        """The reasons for the quantity, the vendor and the dates, one sentence
        each."""
        suggestion.ensure_one()
        if suggestion.action_type == "confirm" and suggestion.state == "ordered":
            return [
                self.env._("Waiting for approval: %s.", self._late_names(suggestion))
            ]
        if suggestion.action_type == "confirm":
            return [
                self.env._(
                    "Customers wait for %(qty)s that are only requested, with "
                    "%(requests)s: needed on %(need)s, it was to be ordered by "
                    "%(date)s. Confirm it, and it would be there on %(arrival)s.",
                    qty=suggestion._quantity(suggestion.suggested_qty),
                    requests=self._late_names(suggestion),
                    need=short_day(self.env, suggestion.need_date),
                    date=short_day(self.env, suggestion.order_by_date),
                    arrival=short_day(self.env, suggestion.arrival_date),
                ),
                *self._disruption_sentences(suggestion),
            ]
        if suggestion.action_type in ASKED:
            return [
                self._late_sentence(suggestion),
                *self._instead_sentences(suggestion),
                *self._way_sentences(suggestion),
            ]
        return [
            *self._product_sentences(suggestion),
            *self._netting_sentences(suggestion),
            *self._quantity_sentences(suggestion),
            *(
                self._joined_sentences(suggestion)
                if suggestion.action_type == "buy"
                and suggestion.state in OPEN_SUGGESTIONS
                else ()
            ),
            *self._vendor_sentences(suggestion),
            *self._way_sentences(suggestion),
        ]

    def _late_sentence(self, suggestion):
        """What comes too late, and when; nobody knows that of what is overdue."""
        figures = self._late_figures(suggestion, suggestion.shortage_qty)
        if not suggestion.overdue_since:
            return self.env._(
                "%(qty)s come too late: needed on %(need)s, expected on %(expected)s. "
                "Ask for them to come earlier before you buy more.",
                **figures,
            )
        if suggestion._is_partly_overdue():
            return self.env._(
                "%(qty)s come too late: needed on %(need)s, some of it overdue since "
                "%(since)s, the last expected on %(expected)s. Ask when they come "
                "before you buy more.",
                **figures,
            )
        return self.env._(
            "%(qty)s come too late: needed on %(need)s, overdue since %(since)s, and "
            "nobody has said yet when they come. Ask for a new day before you buy "
            "more.",
            **figures,
        )

    def _instead_sentences(self, suggestion):
        """What buying elsewhere would mean, of the vendor that delivers first."""
        if suggestion.state not in OPEN_SUGGESTIONS:
            return []
        one = suggestion.sudo().with_company(suggestion.company_id)
        plan = one.env["backlog.plan"]
        text = one.env["backlog.suggestion.text"]
        offers = text._earlier_offers(one, text._orderpoint_multiples(one)[one])
        if not offers:
            return []
        offer, quantity, late = min(
            offers.values(), key=lambda found: plan._arrival(found[0])
        )
        return [
            self.env._(
                "Or buy it elsewhere: from %(vendor)s %(ordered)s would be there on "
                "%(date)s, for %(cost)s. %(qty)s of %(documents)s would then be too "
                "much: cancel or postpone them.",
                vendor=named(offer.partner_id).display_name,
                ordered=suggestion._quantity(quantity),
                date=short_day(self.env, plan._arrival(offer)),
                cost=format_amount(
                    self.env,
                    quantity * offer._unit_price(),
                    suggestion.company_id.currency_id,
                ),
                qty=suggestion._quantity(sum(late.values())),
                documents=self._late_names(one, late),
            )
        ]

    def _late_names(self, suggestion, lines=None):
        """The documents behind a suggestion, or behind some of its lines."""
        lines = suggestion.line_ids.filtered(
            lambda line: lines is None or line in lines
        )
        documents = lines._late_documents()
        return ", ".join(named(document).display_name for document in documents)

    def _asked_vendors(self, suggestion):
        """The vendors of the requests to confirm."""
        documents = suggestion.line_ids._late_documents()
        names = (named(document.partner_id).display_name for document in documents)
        return ", ".join(dict.fromkeys(names))

    def _earlier_offers(self, suggestion, multiple):
        """``{partner id: (vendor line, quantity, {line: quantity})}`` of the other
        vendors that would deliver before a receipt that comes too late: what to order,
        and of which lines that comes earlier. Nobody knows when an overdue receipt
        comes, so whoever has a day is earlier. What was already bought instead is not
        bought again.

        :param suggestion: as superuser, in its company
        :param multiple: the unit of the reordering rule, of ``_orderpoint_multiples``
        """
        product = suggestion.product_id
        left = suggestion._late_left()
        asked = self.env["res.partner"].union(
            *(
                document.partner_id.commercial_partner_id
                for document in suggestion.line_ids._late_documents()
                if document._name == "purchase.order"
            )
        )
        plan = self.env["backlog.plan"]
        found = {}
        for partner in product._get_filtered_sellers(quantity=None).partner_id:
            if partner.commercial_partner_id in asked:
                continue
            # How much decides about the price break, and that about the days.
            offer, late, before = None, left, None
            while late and late != before:
                quantity = product.uom_id.round(sum(late.values()))
                offer = plan._cheapest_offer(product, partner, quantity, multiple)
                arrival, before = plan._arrival(offer), late
                late = {
                    line: qty
                    for line, qty in late.items()
                    if not line._comes_by(arrival)
                }
            if late:
                ordered, _cost = plan._order_quantity(offer, quantity, multiple)
                found[partner.id] = offer, ordered, late
        return found

    def _netting_sentences(self, suggestion):
        parts = [self.env._("Short %s", suggestion._quantity(suggestion.shortage_qty))]
        if suggestion.in_progress_qty:
            parts.append(
                self.env._(
                    "on request %s", suggestion._quantity(suggestion.in_progress_qty)
                )
            )
        if suggestion.other_qty:
            parts.append(
                self.env._(
                    "by other suggestions %s",
                    suggestion._quantity(suggestion.other_qty),
                )
            )
        netting = " − ".join(parts)
        if len(parts) == 1:
            return [f"{netting}."]
        return [f"{netting} = {suggestion._quantity(suggestion._missing_qty())}."]

    def _joined_sentences(self, suggestion):
        """For which other warehouses it is bought as well."""
        joined = self.env["backlog.suggestion"].search(
            [
                ("product_id", "=", suggestion.product_id.id),
                ("company_id", "=", suggestion.company_id.id),
                ("source_warehouse_id", "=", suggestion.warehouse_id.id),
                ("is_awaited", "=", True),
                ("state", "in", ("proposed", "snoozed")),
            ]
        )
        return [
            self.env._(
                "%(warehouse)s gets %(qty)s of it by transfer.",
                warehouse=one.warehouse_id.name,
                qty=one._quantity(one.suggested_qty),
            )
            for one in joined.sudo()
        ]

    def _quantity_sentences(self, suggestion):
        if suggestion.action_type == "transfer" and suggestion.is_awaited:
            days = self._travel_days(suggestion) or 0
            there = suggestion.arrival_date - timedelta(days=days)
            return [
                self.env._(
                    "An order for %(warehouse)s brings it there on %(date)s, and "
                    "nobody there needs it: transfer it instead of buying it here.",
                    warehouse=suggestion.source_warehouse_id.name,
                    date=short_day(self.env, there),
                ),
                *self._travel_sentences(suggestion),
            ]
        if suggestion.action_type == "transfer":
            return [
                self.env._(
                    "%(warehouse)s has %(qty)s that nobody there needs.",
                    warehouse=suggestion.source_warehouse_id.name,
                    qty=suggestion._quantity(suggestion.suggested_qty),
                ),
                *self._travel_sentences(suggestion),
            ]
        if suggestion.is_qty_chosen:
            return [
                self.env._(
                    "%s was chosen by hand; it holds until more is missing.",
                    suggestion._quantity(suggestion.suggested_qty),
                )
            ]
        missing = suggestion._planned_qty()
        extra = suggestion.suggested_qty - missing
        compare = suggestion.product_uom_id.compare
        if compare(extra, 0) > 0:
            return [
                *self._extra_sentences(suggestion, missing),
                self._weeks_sentence(suggestion, extra),
            ]
        if compare(suggestion.minimum_qty, suggestion.suggested_qty) > 0:
            return [
                self.env._(
                    "The minimum of the vendor is %s; customers are shipped what "
                    "they ordered.",
                    suggestion._quantity(suggestion.minimum_qty),
                )
            ]
        return []

    def _travel_sentences(self, suggestion):
        """How long a transfer takes, as far as somebody has said it."""
        days = self._travel_days(suggestion)
        if days is None:
            return [
                self.env._(
                    "No route resupplies %(here)s from %(there)s: the transfer is "
                    "taken to be there on the day it leaves.",
                    here=suggestion.warehouse_id.name,
                    there=suggestion.source_warehouse_id.name,
                )
            ]
        if not days:
            return []
        return [
            self.env._(
                "The route between them takes %(days)s days: it would be here on "
                "%(date)s.",
                days=days,
                date=short_day(self.env, suggestion.arrival_date),
            )
        ]

    def _travel_days(self, suggestion):
        return suggestion.warehouse_id._backlog_resupply_days(
            suggestion.source_warehouse_id
        )

    def _extra_sentences(self, suggestion, missing):
        """Why more is suggested than is missing: the vendor's minimum, else a price
        break. Whole purchase units explain themselves."""
        compare = suggestion.product_uom_id.compare
        if compare(suggestion.minimum_qty, missing) > 0:
            yield self.env._(
                "The minimum of the vendor is %s.",
                suggestion._quantity(suggestion.minimum_qty),
            )
        elif compare(self._price_break(suggestion), missing) > 0:
            yield self.env._(
                "From %s on the vendor asks less: all of it costs less than what "
                "is missing.",
                suggestion._quantity(self._price_break(suggestion)),
            )

    def _weeks_sentence(self, suggestion, extra):
        """How long what is extra lasts."""
        figures = {
            "suggested": suggestion._quantity(suggestion.suggested_qty),
            "extra": suggestion._quantity(extra),
        }
        if suggestion.weekly_sales_qty:
            return self.env._(
                "Suggested %(suggested)s: %(extra)s extra, about %(weeks)s weeks "
                "of sales or use.",
                weeks=formatLang(
                    self.env, extra / suggestion.weekly_sales_qty, digits=1
                ),
                **figures,
            )
        return self.env._(
            "Suggested %(suggested)s: %(extra)s extra, and none was sold or "
            "used in the last 13 weeks.",
            **figures,
        )

    def _price_break(self, suggestion):
        """From which quantity on the vendor sells at the price that was chosen."""
        return (
            suggestion.supplierinfo_id._least_qty() if suggestion.supplierinfo_id else 0
        )

    def _vendor_sentences(self, suggestion):
        if suggestion.action_type not in BUYING:
            return []
        sentences = []
        if suggestion.partner_id and suggestion.state in OPEN_SUGGESTIONS:
            sentences.append(
                self.env._(
                    "From %(vendor)s, ordered today it would arrive on %(date)s.",
                    vendor=named(suggestion.partner_id).display_name,
                    date=short_day(self.env, suggestion.arrival_date),
                )
            )
        elif not suggestion.partner_id:
            sentences.append(
                self.env._(
                    "No vendor of %s can be chosen by itself: choose one below, or add "
                    "one to the product.",
                    named(suggestion.product_id).display_name,
                )
            )
            if suggestion.order_by_date <= suggestion.company_id._backlog_today():
                sentences.append(
                    self.env._(
                        "Find a vendor now: it was to be ordered by %s.",
                        short_day(self.env, suggestion.order_by_date),
                    )
                )
        if suggestion.supplierinfo_id and not suggestion.supplierinfo_id.price:
            sentences.append(
                self.env._(
                    "%s has no price on the vendor list: the request for quotation "
                    "will say 0, and so does the cost here.",
                    named(suggestion.supplierinfo_id.partner_id).display_name,
                )
            )
        return sentences + self._disruption_sentences(suggestion)

    def _disruption_sentences(self, suggestion):
        product = suggestion.product_id.with_env(self.env)
        return product.with_company(suggestion.company_id)._vendor_sentences()

    def _product_sentences(self, suggestion):
        """Say that the product is archived: Odoo itself would no longer order it, and
        customers wait for it all the same."""
        if suggestion.product_id.active:
            return []
        return [
            self.env._(
                "%s is archived. What customers have ordered is still owed: order it, "
                "or cancel their lines.",
                named(suggestion.product_id).display_name,
            )
        ]

    def _way_sentences(self, suggestion):
        """What is under way for it."""
        # Buyers need not be able to read every kind of document.
        saved = suggestion._origin.sudo()
        notes = (
            saved.env["backlog.suggestion.text"]._supply_notes(saved)
            if saved.state == "ordered"
            else []
        )
        return [self.env._("Under way: %s.", ", ".join(notes))] if notes else []

    def _supply_notes(self, suggestions):
        """What was made of these suggestions, in a few words each."""
        notes = []
        for line in suggestions.purchase_line_ids.filtered(
            lambda line: line.state != "cancel"
        ):
            figures = {
                "order": line.order_id.name,
                "date": short_day(self.env, line.date_planned),
            }
            notes.append(
                self.env._("PO %(order)s, expected %(date)s", **figures)
                if line.state == "purchase"
                else self.env._("RFQ %(order)s, expected %(date)s", **figures)
            )
        transfers = suggestions.move_ids.picking_id.filtered(
            lambda picking: picking.state not in ("done", "cancel")
        )
        notes += [self.env._("Transfer %s", picking.name) for picking in transfers]
        return notes

    # The vendors side by side

    def _option_tables(self, suggestions):
        """``{suggestion: table of its vendors}``, see ``_options``."""
        multiples = self._orderpoint_multiples(suggestions)
        self._read_offers(suggestions)
        tables = {}
        for suggestion in suggestions:
            # As superuser: buyers read suggestions, and need not read what is behind.
            one = suggestion.sudo().with_company(suggestion.company_id)
            text = one.env["backlog.suggestion.text"]
            if suggestion.action_type in BUYING:
                tables[suggestion] = text._options(one, multiples[one])
            elif table := text._instead_options(one, multiples[one]):
                tables[suggestion] = table
        return tables

    def _orderpoint_multiples(self, suggestions):
        """``{suggestion: unit}``: in which the reordering rule of its warehouse orders,
        ``None`` without one."""
        multiples = {}
        for company, of_company in suggestions.sudo().grouped("company_id").items():
            facts = of_company.with_company(company).env["backlog.facts"]
            rules = facts._reordering_rules(of_company.product_id.ids)
            units = {
                (rule.product_id.id, rule.warehouse_id.id): rule.replenishment_uom_id
                for rule in rules
            }
            for one in of_company:
                multiples[one] = units.get((one.product_id.id, one.warehouse_id.id))
        return multiples

    def _read_offers(self, suggestions):
        """Work out the figures of all vendors of these products at once, not one by
        one."""
        for company, of_company in suggestions.sudo().grouped("company_id").items():
            offers = of_company.with_company(company).product_id.seller_ids
            offers.mapped("parity_state")
            offers.mapped("vendor_lights")

    def _options(self, suggestion, multiple):
        """Every vendor of the product, with what it would mean to buy this need there:
        ``{"rows": [{"partner_id", "vendor", "price", "cost", "quantity", "arrival",
        "kept", "parity", "lights", "note", "chosen", "possible"}]}``, in finished
        texts.

        :param multiple: the unit of the reordering rule, of ``_orderpoint_multiples``
        """
        product = suggestion.product_id
        missing = suggestion.product_uom_id.round(
            sum(suggestion.line_ids.mapped("qty"))
        )
        possible = product._get_filtered_sellers(quantity=None).partner_id
        sellers = product._prepare_sellers(False)
        return {
            "possible": suggestion.state in OPEN_SUGGESTIONS,
            "rows": [
                self._option(
                    suggestion, partner, missing, multiple, partner in possible
                )
                for partner in sellers.partner_id
            ],
        }

    def _instead_options(self, suggestion, multiple):
        """To wait for a receipt that comes too late, and every other vendor that would
        deliver earlier: as ``_options``, with what would then be too much
        (``surplus``). None when nobody would."""
        offers = self._earlier_offers(suggestion, multiple)
        if not offers:
            return None
        missing = suggestion.product_uom_id.round(
            sum(suggestion.line_ids.mapped("qty"))
        )
        promised = suggestion.line_ids.filtered("promise_date")
        rows = [
            self._option(
                suggestion,
                partner,
                suggestion.product_uom_id.round(sum(late.values())),
                multiple,
                True,
                suggestion.line_ids.browse(line.id for line in late),
            )
            | {"chosen": False, "surplus": suggestion._quantity(quantity)}
            for partner, (_offer, quantity, late) in zip(
                self.env["res.partner"].browse(offers), offers.values(), strict=True
            )
        ]
        wait = {
            **dict.fromkeys(rows[0], ""),
            "partner_id": 0,
            "vendor": self.env._("Wait for %s", self._late_names(suggestion)),
            "note": self._overdue_note(suggestion),
            "quantity": suggestion._quantity(missing),
            "arrival": ""
            if suggestion.overdue_since and not suggestion._is_partly_overdue()
            else short_day(self.env, suggestion.arrival_date),
            "kept": self.env._("%(kept)s of %(all)s", kept=0, all=len(promised))
            if promised
            else "",
            "all_kept": not promised,
            "possible": False,
            "chosen": suggestion.state in OPEN_SUGGESTIONS,
        }
        return {
            "possible": suggestion.state in OPEN_SUGGESTIONS,
            "method": "action_buy_instead",
            "rows": [wait, *rows],
        }

    def _overdue_note(self, suggestion):
        """Why waiting has no day, or not for all of it."""
        if not suggestion.overdue_since:
            return ""
        since = short_day(self.env, suggestion.overdue_since)
        if suggestion._is_partly_overdue():
            return self.env._(
                "Some of it is overdue since %s, nobody knows when it comes", since
            )
        return self.env._("Overdue since %s, nobody knows when it comes", since)

    def _option(self, suggestion, partner, missing, multiple, possible, served=None):
        """One row of ``_options``.

        :param served: the lines that it would be for, all by default
        """
        offer = self.env["backlog.plan"]._cheapest_offer(
            suggestion.product_id, partner, missing, multiple
        )
        ordered, cost = self.env["backlog.plan"]._order_quantity(
            offer, missing, multiple
        )
        arrival = self.env["backlog.plan"]._arrival(offer)
        promised = suggestion.line_ids.filtered("promise_date")
        kept = (promised if served is None else promised & served).filtered(
            lambda line: line.keep_by_date and arrival <= line.keep_by_date
        )
        currency = suggestion.company_id.currency_id
        states = dict(offer._fields["parity_state"]._description_selection(self.env))
        return {
            "partner_id": partner.id,
            "vendor": named(partner).display_name,
            "price": format_amount(self.env, offer._unit_price(), currency),
            "quantity": suggestion._quantity(ordered),
            "cost": format_amount(self.env, cost, currency),
            "arrival": short_day(self.env, arrival),
            "kept": self.env._("%(kept)s of %(all)s", kept=len(kept), all=len(promised))
            if promised
            else "",
            "all_kept": len(kept) == len(promised),
            "parity": states.get(offer.parity_state, ""),
            "lights": offer.vendor_lights,
            "note": "" if possible else offer._why_not_chosen(),
            "possible": possible,
            "chosen": partner == suggestion.partner_id,
        }

    # What a run found

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

    def _reasons_for_nothing(self, products):
        """Why nothing is suggested for each of these products."""
        reasons = {product.id: [] for product in products}
        for company in self.env.companies:
            run = self.env["backlog.suggestion.run"]._run_for(company)
            rows, facts = run.env["backlog.facts"]._situation(products.ids)
            for product_id, of_product in rows.items():
                if reason := run.env["backlog.suggestion.text"]._reason_for_nothing(
                    of_product, facts[product_id]
                ):
                    reasons[product_id].append(reason)
        nothing = self.env._("nothing is short.")
        return [
            f"{named(product).display_name}: {' '.join(reasons[product.id]) or nothing}"
            for product in products.sudo()
        ]

    def _reason_for_nothing(self, rows, facts):
        plan = self.env["backlog.plan"]
        wanted = [row for row in rows if row.part in ASKING and row.part != "late"]
        if plan._count_left(rows, facts):
            return self.env._("its reordering rule orders it by itself.")
        if netting.due(wanted, plan._horizon_day()):
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
