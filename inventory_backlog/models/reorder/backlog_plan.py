from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from odoo import fields, models
from odoo.fields import Domain

from ...const import ASKING
from ...tools.bounds import bounded_days, bounded_money, converted
from ...tools.given import giving
from . import netting, offers

SALES_WEEKS = 13


@dataclass
class Batch:
    """What is read once for all products that are planned together, and what planning
    them says about others. An addon that reads more asks for a dataclass of its own:
    ``batch.of(MyPart)``."""

    product_ids: list
    values: dict = field(default_factory=dict)
    """``{order line id: (open value, day promised)}``"""
    moves: dict = field(default_factory=dict)
    """``{id: move}`` of those without an order line."""
    served: dict = field(default_factory=dict)
    """``{move id: [(order line id, share of what is open of it)]}``: which order lines
    wait for the goods that a move without one carries on."""
    ready: dict = field(default_factory=dict)
    """``{(product id, document): quantity}`` that stock serves of drafts at once."""
    _parts: dict = field(default_factory=dict)

    def of(self, part):
        """What an addon has read for this batch.

        :param part: its dataclass, which needs no arguments
        """
        return self._parts.setdefault(part, part())


class Bought(NamedTuple):
    """What is to be bought for a warehouse."""

    net: netting.Net
    parts: list
    """What is missing of it that is bought, ``netting.Missing`` each."""

    @property
    def qty(self):
        """The parts summed."""
        return sum(part.qty for part in self.parts)


class BacklogPlan(models.AbstractModel):
    """What should be suggested for a product, from the rows of ``backlog.need``.

    ``_plan`` nets the rows of each product (``netting``), then says what to do about
    each shortage: pull a late receipt in, bring goods from another warehouse, order the
    rest (``offers``). It writes nothing: the run compares the plan with the suggestions
    that are there.
    """

    _name = "backlog.plan"
    _description = "Reorder Plan"

    # Plans

    def _plan(self, products, rows, facts, batch):
        """Plan some products of the current company.

        :param rows: ``{product id: [NeedRow]}``
        :param facts: ``{product id: ReorderFacts}``
        :param batch: what ``_batch`` read
        :return: ``{product: {(warehouse id, action): values}}``; the values of the
            lines are a list of dicts under ``line_ids``. Nothing is left to do for a
            product with an empty plan.
        """
        sold = self._weekly_sales(products)
        plans = {}
        for product in products:
            plan = self._plan_product(
                product, rows[product.id], facts[product.id], batch
            )
            for values in plan.values():
                values["weekly_sales_qty"] = product.uom_id.round(sold[product.id])
            plans[product] = plan
        return plans

    def _plan_product(self, product, rows, facts, batch):
        nets = self._nets(product, rows)
        for net in nets.values():
            for document, ready in net.ready.items():
                batch.ready[product.id, document] = ready
        free = {
            warehouse_id: net.stock - facts.kept_qty.get(warehouse_id, 0)
            for warehouse_id, net in nets.items()
        }
        plan, bought = {}, {}
        for warehouse_id, net in nets.items():
            warehouse = self.env["stock.warehouse"].browse(warehouse_id)
            if net.late:
                plan[warehouse_id, "expedite"] = self._plan_expedite(net, batch)
            if confirm := self._plan_confirm(product, net, batch):
                plan[warehouse_id, "confirm"] = confirm
            if warehouse_id in facts.left_to_rules:
                net = netting.without_rule(net)
            if net.missing:
                for values, parts in self._plan_missing(
                    product, warehouse, net, free, facts, batch
                ):
                    action = values.pop("action_type")
                    plan[warehouse_id, action] = values
                    if action == "buy":
                        bought[warehouse] = Bought(net, parts)
        coming = {
            one: net.coming and self._coming(net, free[one])
            for one, net in nets.items()
        }
        self._join_orders(product, plan, bought, coming, facts, batch)
        return plan

    def _nets(self, product, rows):
        """``{warehouse id: Net}`` within the horizon, the most urgent first."""
        company = self.env.company
        horizon = self._horizon_day()
        rows = [self._with_direct(row) for row in netting.due(rows, horizon)]
        earliest = self._request_arrivals(product, rows)
        rows = [
            row._replace(day=max(row.day, earliest[row.document]))
            if row.part == "request" and row.document in earliest
            else row
            for row in rows
        ]
        return netting.net_by_warehouse(
            product.uom_id, rows, company._backlog_today(), horizon
        )

    def _horizon_day(self):
        company = self.env.company
        horizon = bounded_days(company.backlog_horizon_days, 0)
        return company._backlog_today() + timedelta(days=horizon)

    def _with_direct(self, row):
        """Tell apart what the vendor ships: order lines without a move whose routes say
        so."""
        if row.part != "want" or row.move_id or not row.order_line_id:
            return row
        line = self.env["sale.order.line"].browse(row.order_line_id)
        return row._replace(part="direct") if line._is_shipped_by_vendor() else row

    def _request_arrivals(self, product, rows):
        """``{document: day}``: a request is there at the earliest when it would be if
        it were ordered on the next working day, whatever day it says since it was
        written."""
        start = self.env.company._backlog_work_day()
        requests = self.env["purchase.order"].browse(
            {
                int(row.document.split(",")[1])
                for row in rows
                if row.part == "request"
                and (row.document or "").startswith("purchase.order,")
            }
        )
        return {
            f"{request._name},{request.id}": offers.arrival(
                start, self._request_days(product, request)
            )
            for request in requests
        }

    def _request_days(self, product, request):
        """The days that a request takes from the order to the arrival: those of the
        vendor, else as many as it says itself."""
        if offer := self._offers_of(product, request.partner_id)[:1]:
            return self._lead_days(offer)
        own = request.order_line.filtered(lambda line: line.product_id == product)
        days = [
            (line.date_planned - request.date_order).days
            # Without a line of its own it comes with something else, as a component
            # with its kit: with the last of the request at the latest.
            for line in own or request.order_line
            if line.date_planned and request.date_order
        ]
        return bounded_days((min if own else max)(days, default=0), 0)

    def _count_left(self, rows, facts):
        """In how many warehouses the product is short of what its reordering rule
        there orders by itself."""
        if not facts.left_to_rules:
            return 0
        product = self.env["product.product"].browse(rows[0].product_id)
        nets = self._nets(product, rows)
        return sum(
            any(part.want.part in netting.QUEUED for part in net.missing)
            for warehouse_id, net in nets.items()
            if warehouse_id in facts.left_to_rules
        )

    # What to do about a shortage

    def _plan_expedite(self, net, batch):
        quantity = sum(part.qty for part in net.late)
        return {
            **self._plan_lines(net.late, batch),
            "shortage_qty": quantity,
            "suggested_qty": quantity,
            # What is overdue comes today at the earliest.
            "arrival_date": max(
                self.env.company._backlog_today(),
                *(part.expected_day for part in net.late),
            ),
        }

    def _plan_confirm(self, product, net, batch):
        """Confirm the requests for quotation that customers wait for, from the last day
        on that they can be ordered on. None when there are none."""
        by_document = defaultdict(list)
        for part in net.requested:
            if (
                part.document
                and part.document.startswith("purchase.order,")
                # What a customer waits for: a request may bring more than that.
                and any(
                    line["order_line_id"] for line in self._demand_lines(part, batch)
                )
            ):
                by_document[part.document].append(part)
        due, requests, cost, latest = [], self.env["purchase.order"], 0, []
        for document, parts in by_document.items():
            request = requests.browse(int(document.split(",")[1]))
            last = min(part.want.day for part in parts) - timedelta(
                days=self._request_days(product, request)
            )
            if last > self.env.company._backlog_today():
                continue
            due += parts
            requests |= request
            latest.append(last)
            cost += request._backlog_cost_of(product, sum(part.qty for part in parts))
        if not due:
            return None
        quantity = product.uom_id.round(sum(part.qty for part in due))
        lines = self._plan_lines(due, batch)
        return {
            **lines,
            "shortage_qty": quantity,
            "suggested_qty": quantity,
            "arrival_date": max(part.expected_day for part in due),
            "partner_id": requests[:1].partner_id.id,
            "estimated_cost": cost,
            "lead_days": (lines["need_date"] - min(latest)).days,
        }

    def _plan_missing(self, product, warehouse, net, free, facts, batch):
        """What to do about what is missing: bring it, then buy or make the rest. Yields
        the values of each suggestion, and what is missing that it buys or makes."""
        missing = net.missing
        if len(facts.warehouse_ids) > 1:
            missing, values = self._plan_transfer(
                product, warehouse, net, free, facts, batch
            )
            if values:
                yield {**values, "action_type": "transfer"}, []
        for action, parts in netting.group_missing(missing).items():
            values = self._plan_supply(
                product, warehouse, action, net, parts, facts, batch
            )
            yield values, parts

    def _plan_transfer(self, product, warehouse, net, free, facts, batch):
        """Bring it from the warehouse that has most of it free. Where somebody
        dismissed that, all of it is still missing.

        :return: what is still missing, and the values of the suggestion, if any
        """
        uom = product.uom_id
        here = [
            part for part in net.missing if part.want.part not in ("direct", "chained")
        ]
        others = {
            other: qty
            for other, qty in free.items()
            if other != warehouse.id and qty > 0
        }
        if not others or not here:
            return net.missing, None
        source = max(others, key=lambda other: (others[other], -other))
        wanted = uom.round(sum(part.qty for part in here))
        quantity = uom.round(min(wanted, free[source]), rounding_method="DOWN")
        if uom.compare(quantity, 0) <= 0:
            return net.missing, None
        first, rest = netting.split_missing(uom, here, quantity)
        values = {
            **self._plan_lines(first, batch),
            "shortage_qty": net.short_qty,
            "in_progress_qty": net.in_progress_qty,
            "other_qty": uom.round(net.missing_qty - quantity),
            "suggested_qty": quantity,
            **self._travel(warehouse, source),
        }
        if (warehouse.id, "transfer") in facts.declined:
            return net.missing, values
        free[source] -= quantity
        rest += [part for part in net.missing if part not in here]
        return rest, values

    def _travel(self, warehouse, source_id, there=None):
        """The days of a transfer, by the rules of the route that resupplies the
        warehouse; it takes no time where there is none, and the suggestion says so.

        :param there: the day on which the goods are in the other warehouse; without
            one they leave on the next working day
        """
        days = self._travel_days(warehouse, source_id)
        start = there or self.env.company._backlog_work_day()
        return {
            "source_warehouse_id": source_id,
            "arrival_date": offers.arrival(start, days),
            "lead_days": days,
        }

    def _travel_days(self, warehouse, source_id):
        source = warehouse.browse(source_id)
        return warehouse._backlog_resupply_days(source) or 0

    # Several warehouses, one order

    def _coming(self, net, free):
        """What is on its way to a warehouse that nobody there needs, as ``Net.coming``,
        less what its reordering rule keeps beyond the stock."""
        coming, kept = [], max(0, -free)
        for one in sorted(net.coming, reverse=True):
            taken = min(one.qty, kept)
            kept -= taken
            coming.append(one._replace(qty=one.qty - taken))
        return coming[::-1]

    def _join_orders(self, product, plan, bought, coming, facts, batch):
        """What comes to another warehouse for nobody is brought instead of bought.
        Where the minimum or the unit of a vendor brings more than a warehouse is short
        of, what is missing is added to the order of another one, instead of buying the
        minimum again.

        :param bought: ``{warehouse: Bought}``; those that miss least join first
        :param coming: ``{warehouse id: [netting.Coming]}``
        """
        if len(facts.warehouse_ids) == 1:
            return
        declined = set()
        for warehouse in sorted(bought, key=lambda one: (bought[one].qty, -one.id)):
            mine, values = bought[warehouse], plan[warehouse.id, "buy"]
            if (
                (warehouse.id, "transfer") in plan
                or (warehouse.id, "buy") in facts.set_aside
                or values.get("component_ids")
                or any(part.want.part == "chained" for part in mine.parts)
            ):
                continue
            if self._take_coming(
                product, warehouse, plan, bought, coming, facts, batch
            ) or (product.uom_id.compare(values["suggested_qty"], mine.qty) <= 0):
                continue
            found = self._join_order(product, warehouse, plan, bought, facts, batch)
            if not found or (found[0], warehouse.id) in declined:
                continue
            source, there, joined = found
            lines = self._plan_lines(mine.parts, batch)
            if (warehouse.id, "transfer") not in facts.declined:
                # The order that it waits for counts them already.
                lines["line_ids"] = [{**one, "value": 0.0} for one in lines["line_ids"]]
            plan[warehouse.id, "transfer"] = {
                **lines,
                "shortage_qty": mine.net.short_qty,
                "in_progress_qty": mine.net.in_progress_qty,
                "other_qty": product.uom_id.round(mine.net.missing_qty - mine.qty),
                "suggested_qty": mine.qty,
                "is_awaited": True,
                **self._travel(warehouse, source, there),
            }
            if (warehouse.id, "transfer") in facts.declined:
                # Neither way.
                declined.add((warehouse.id, source))
                continue
            del plan[warehouse.id, "buy"]
            del bought[warehouse]
            hub = self.env["stock.warehouse"].browse(source)
            bought[hub], plan[source, "buy"] = joined

    def _take_coming(self, product, warehouse, plan, bought, coming, facts, batch):
        """Bring what comes to another warehouse, of the one that can bring most of it
        not later than it could be bought, and buy the rest, if that makes the purchase
        smaller. What is only requested there counts where a purchase would bring more
        than is missing here.

        :return: whether it is planned, or somebody dismissed it
        """
        uom = product.uom_id
        mine, values = bought[warehouse], plan[warehouse.id, "buy"]
        bought_on = values.get("arrival_date") or date.max
        with_requests = uom.compare(values["suggested_qty"], mine.qty) > 0
        best, most = None, 0
        for other, of_other in coming.items():
            if other == warehouse.id or not of_other:
                continue
            days = self._travel_days(warehouse, other)
            brought = netting.bring(
                uom, of_other, mine.parts, days, bought_on, with_requests
            )
            qty = uom.round(sum(part.qty for part in brought[0]))
            if uom.compare(qty, most) > 0:
                best, most = (other, days, *brought), qty
        if not best:
            return False
        other, days, brought, rest, arrival, left = best
        buy = rest and self._plan_supply(
            product, warehouse, "buy", mine.net, rest, facts, batch
        )
        if buy and uom.compare(buy["suggested_qty"], values["suggested_qty"]) >= 0:
            return False
        plan[warehouse.id, "transfer"] = {
            **self._plan_lines(brought, batch),
            "shortage_qty": mine.net.short_qty,
            "in_progress_qty": mine.net.in_progress_qty,
            "other_qty": uom.round(mine.net.missing_qty - most),
            "suggested_qty": most,
            "is_awaited": True,
            **self._travel(warehouse, other, arrival - timedelta(days=days)),
        }
        if (warehouse.id, "transfer") in facts.declined:
            return True
        coming[other] = left
        if buy:
            buy.pop("action_type")
            plan[warehouse.id, "buy"] = buy
            bought[warehouse] = mine._replace(parts=rest)
        else:
            del plan[warehouse.id, "buy"]
            del bought[warehouse]
        return True

    def _join_order(self, product, warehouse, plan, bought, facts, batch):
        """Add it to the order of another warehouse from the same vendor, of the one
        that misses most, when both together are less than two orders."""
        mine, values = bought[warehouse], plan[warehouse.id, "buy"]
        others = [
            other
            for other in bought
            if other != warehouse
            and (other.id, "buy") not in facts.set_aside
            and plan[other.id, "buy"].get("partner_id")
            and plan[other.id, "buy"]["partner_id"] == values.get("partner_id")
            and not plan[other.id, "buy"].get("component_ids")
        ]
        if not others:
            return None
        hub = max(others, key=lambda other: (bought[other].qty, -other.id))
        theirs = bought[hub]
        days = self._travel_days(warehouse, hub.id)
        mine = mine._replace(
            parts=[part._replace(travel_days=days) for part in mine.parts]
        )
        both = Bought(
            theirs.net._replace(
                short_qty=theirs.net.short_qty + mine.qty,
                missing=theirs.net.missing + mine.parts,
            ),
            theirs.parts + mine.parts,
        )
        joined = self._plan_supply(
            product, hub, "buy", both.net, both.parts, facts, batch
        )
        apart = values["suggested_qty"] + plan[hub.id, "buy"]["suggested_qty"]
        if product.uom_id.compare(joined["suggested_qty"], apart) >= 0:
            return None
        there = offers.arrival(joined["arrival_date"], days)
        if there > max(values["need_date"], values["arrival_date"]):
            return None
        joined.pop("action_type")
        return hub.id, joined["arrival_date"], (both, joined)

    def _plan_supply(self, product, warehouse, action, net, parts, facts, batch):
        """Buy it. A satellite that can make it overrides this."""
        quantity = product.uom_id.round(sum(part.qty for part in parts))
        return {
            **self._plan_lines(parts, batch),
            **self._plan_buy(product, warehouse, action, quantity, facts),
            "action_type": action,
            "shortage_qty": net.short_qty,
            "in_progress_qty": net.in_progress_qty,
            "other_qty": product.uom_id.round(net.missing_qty - quantity),
        }

    def _plan_buy(self, product, warehouse, action, quantity, facts):
        chosen = self._chosen_qty(product, (warehouse.id, action), quantity, facts)
        offer = self._choose_offer(
            product, warehouse, action, chosen or quantity, facts
        )
        multiple = facts.multiples.get(warehouse.id)
        if not offer:
            return {
                "suggested_qty": chosen
                or offers.whole_units(product.uom_id, quantity, multiple),
                "estimated_cost": quantity * bounded_money(product.standard_price),
                "obstacle": "no_vendor",
                # Whoever is found needs time, too: at least what the first one takes.
                "lead_days": self._lead_days(product._prepare_sellers(False)[:1]),
            }
        ordered, cost = self._order_quantity(offer, quantity, multiple)
        if action == "dropship":
            # Customers get what they ordered, whatever the vendor's minimum.
            ordered, cost = quantity, quantity * offer._unit_price()
        if chosen:
            ordered, cost = chosen, chosen * offer._unit_price()
        return {
            "supplierinfo_id": offer.id,
            "partner_id": offer.partner_id.id,
            "minimum_qty": min(
                one._least_qty() for one in self._offers_of(product, offer.partner_id)
            ),
            "suggested_qty": ordered,
            "estimated_cost": cost or ordered * bounded_money(product.standard_price),
            "arrival_date": self._arrival(offer),
            "lead_days": self._lead_days(offer),
        }

    def _chosen_qty(self, product, key, missing, facts):
        """The quantity that a buyer chose, None without one. It holds until more is
        missing than when it was chosen, and than it covers; vendors ship to customers
        no more than they wait for.

        :param key: of ``facts.chosen_qty``
        """
        if key not in facts.chosen_qty:
            return None
        chosen, chosen_for = facts.chosen_qty[key]
        compare = product.uom_id.compare
        if compare(missing, chosen) > 0 and compare(missing, chosen_for) > 0:
            return None
        if key[1] == "dropship" and compare(chosen, missing) > 0:
            return None
        return chosen

    # Offers

    def _choose_offer(self, product, warehouse, action, quantity, facts):
        """The vendor line to buy from: of the vendor that a buyer chose as long as
        that one can be chosen, else as Odoo would choose, with its failover and trial
        share."""
        possible = product._get_filtered_sellers(quantity=None)
        chosen = facts.chosen.get((warehouse.id, action))
        if chosen and chosen in possible.partner_id.ids:
            partner = self.env["res.partner"].browse(chosen)
        else:
            # By rank alone: below its minimum the main vendor sells more, and the
            # comparison of vendors shows which would sell less.
            trial = any(product.seller_ids.mapped("trial_every"))
            offer = trial and product._on_trial(0, quantity=None) or possible[:1]
            partner = offer.partner_id
        return self._cheapest_offer(
            product, partner, quantity, facts.multiples.get(warehouse.id)
        )

    def _cheapest_offer(self, product, partner, quantity, multiple=None):
        """Of the price breaks of one vendor the one for which the whole order costs
        least, as ``offers.cheapest``."""
        breaks = self._offers_of(product, partner)
        return (
            offers.cheapest(
                product.uom_id,
                {offer: self._price_break(offer) for offer in breaks},
                quantity,
                multiple,
            )
            or breaks
        )

    def _offers_of(self, product, partner):
        """The price breaks of one vendor, all it ever gave when none is valid."""
        valid = product._get_filtered_sellers(partner_id=partner, quantity=None)
        sellers = product._prepare_sellers(False)
        company = partner.commercial_partner_id
        # A request may name a contact of the vendor, or the list one of the vendor.
        same = sellers.filtered(lambda info: info.partner_id == partner)
        return (
            valid
            or same
            or sellers.filtered(
                lambda info: info.partner_id.commercial_partner_id == company
            )
        )

    def _order_quantity(self, offer, quantity, multiple=None):
        """What to order of the vendor line ``offer`` for ``quantity``.

        :param multiple: the unit in which the reordering rule orders
        :return: as ``offers.order_quantity``: the quantity in the unit of the product,
            and what it costs in the currency of the company
        """
        product = offer.product_id or offer.product_tmpl_id.product_variant_id
        return offers.order_quantity(
            product.uom_id, self._price_break(offer), quantity, multiple
        )

    def _price_break(self, offer):
        return offers.PriceBreak(
            offer._least_qty(), offer._unit_price(), offer.product_uom_id
        )

    def _arrival(self, offer):
        """The day of the arrival if it were ordered on the next working day."""
        start = self.env.company._backlog_work_day()
        return offers.arrival(start, self._lead_days(offer))

    def _lead_days(self, offer):
        return offers.lead_days(offer.delay, self.env.company.days_to_purchase)

    # The demand behind it

    def _plan_lines(self, parts, batch):
        """The days and values of a suggestion from the demand behind it, and that
        demand: one row per order line, document and day."""
        rows = {}
        for part in parts:
            for line in self._demand_lines(part, batch):
                if part.travel_days:
                    earlier = timedelta(days=part.travel_days)
                    line["need_date"] -= earlier
                    if line["keep_by_date"]:
                        line["keep_by_date"] -= earlier
                key = (
                    line["order_line_id"],
                    line["asked_by"],
                    line["document"],
                    line["need_date"],
                    line["keep_by_date"],
                )
                if key in rows:
                    rows[key]["qty"] += line["qty"]
                    rows[key]["value"] += line["value"]
                else:
                    rows[key] = line
        return {
            "need_date": min(
                part.want.day - timedelta(days=part.travel_days) for part in parts
            ),
            "line_ids": list(rows.values()),
        }

    def _demand_lines(self, part, batch):
        """Who waits for a missing part: its order line, or those that wait for what
        the move behind it brings. Else the document that asks."""
        want, quantity = part.want, part.qty
        line = {
            "order_line_id": want.order_line_id or False,
            "asked_by": False,
            "qty": quantity,
            "need_date": want.day,
            "promise_date": False,
            "keep_by_date": False,
            "value": 0.0,
            "document": part.document or False,
            "expected_date": part.expected_day or False,
        }
        if want.order_line_id:
            return [
                self._with_value(batch, line, (want.share or 0) * quantity / want.qty)
            ]
        if not want.move_id:
            return [line]
        move = batch.moves[want.move_id]
        line["asked_by"] = move._asking_document()
        waiting = batch.served.get(want.move_id)
        if not waiting:
            return [line]
        part_of_move = quantity / (move.product_qty or quantity)
        total = sum(share for _line_id, share in waiting)
        return [
            self._with_value(
                batch,
                {
                    **line,
                    "order_line_id": line_id,
                    "qty": quantity * share / total,
                },
                share * part_of_move,
            )
            for line_id, share in waiting
        ]

    def _with_value(self, batch, line, share):
        """Add promise and value to a line that waits for ``share`` of what is open of
        its order line."""
        value, promise = batch.values.get(line["order_line_id"], (0.0, False))
        currency = self.env.company.currency_id
        return {
            **line,
            "value": currency.round(value * share),
            "promise_date": promise,
            "keep_by_date": promise,
        }

    # What is read at once

    def _batch(self, rows):
        """What the planning of several products reads at once."""
        all_rows = [
            row
            for of_product in rows.values()
            for row in of_product
            if row.part in ASKING
        ]
        line_ids = {row.order_line_id for row in all_rows if row.order_line_id}
        moves = self.env["stock.move"].browse(
            {row.move_id for row in all_rows if row.move_id and not row.order_line_id}
        )
        served = moves._order_lines_served()
        for waiting in served.values():
            line_ids.update(line_id for line_id, _share in waiting)
        batch = Batch(list(rows))
        batch.values = self._line_values(line_ids, rows)
        batch.moves = {move.id: move for move in moves}
        batch.served = served
        return batch

    def _line_values(self, line_ids, product_ids):
        lines = self.env["sale.order.line"].browse(line_ids)
        moved = set(product_ids) | set(lines.product_id.ids)
        company = self.env.company.with_context(tz=self.env.company._backlog_zone())
        with giving(self.env["backlog.line"], product_ids=list(moved)) as asked:
            rows = asked.search_read(
                [("id", "in", lines.ids)], ["open_value", "promise_date"]
            )
        return {
            row["id"]: (
                row["open_value"],
                row["promise_date"]
                and fields.Datetime.context_timestamp(
                    company, row["promise_date"]
                ).date(),
            )
            for row in rows
        }

    def _weekly_sales(self, products):
        """``{product id: quantity}`` that is sold or used per week, less what came
        back: by what was moved, whatever was asked for."""
        since = fields.Datetime.subtract(fields.Datetime.now(), weeks=SALES_WEEKS)
        sold = defaultdict(float)
        for sign, moves in (
            (1, self._is_sale()),
            (-1, self._is_trade("location_dest_id", "location_id")),
        ):
            for product, unit, quantity in self.env["stock.move"]._read_group(
                [
                    ("product_id", "in", products.ids),
                    ("company_id", "=", self.env.company.id),
                    ("state", "=", "done"),
                    ("date", ">=", since),
                    *moves,
                ],
                ["product_id", "product_uom"],
                ["quantity:sum"],
            ):
                quantity = converted(quantity, unit, product.uom_id)
                sold[product.id] += sign * quantity / SALES_WEEKS
        return defaultdict(float, {key: max(0, qty) for key, qty in sold.items()})

    def _is_sale(self):
        """The moves that take goods away for good, as a domain."""
        return self._is_trade("location_id", "location_dest_id")

    def _is_trade(self, ours, theirs):
        """The moves between us and a customer or another company. What the vendor
        ships to the customer was never here."""
        outside = self.env["backlog.demand"]._customer_location_ids()
        return (
            (Domain(f"{theirs}.usage", "=", "customer") | Domain(theirs, "in", outside))
            & Domain(f"{ours}.usage", "not in", ("customer", "supplier"))
            & Domain(ours, "not in", outside)
        )
