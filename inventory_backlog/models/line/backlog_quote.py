from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools.arguments import checked_quantity, checked_records
from ...tools.bounds import FIRST_MOMENT, bounded_days
from ...tools.names import named
from ...tools.prepared import by_plan
from ...tools.sql import is_open
from ..split.backlog_demand import FIRST_WANTED, Wanted

MOST_WISHES = 10_000


MTO = "make_to_order"
# Rules that bring goods for one another, from the customer back to a stock.
MOST_RULES = 16


class Wish(NamedTuple):
    """What somebody would like to be promised; the quantity in the product's unit."""

    product: models.BaseModel
    quantity: float
    warehouse: models.BaseModel
    due: datetime | None = None
    """When the customer wants it; by default after the lead time of the product."""
    routes: tuple = ()
    """The ids of the routes chosen for it, before those of the product."""
    unit: models.BaseModel | None = None
    """The unit it is sold in: a packaging can have routes."""
    destination: models.BaseModel | None = None
    """Where it goes, by default to customers."""


class Supply(NamedTuple):
    """How Odoo would bring what is wished for, by its rules."""

    kind: str
    """``stock``: it takes what is there, and waits in the queue; else it takes only
    what is brought for it: ``buy``, ``make``, ``transfer``, or ``none``."""
    rule: models.BaseModel
    """The last rule of the delivery."""
    days: float
    """The days before the customer's day on which it leaves, by its rules."""
    brought_days: float = 0
    """What is made or transferred comes so many days earlier than it leaves."""


class Spare(dict):
    """``{product id: {warehouse id: [part]}}`` that the whole queue leaves, in order of
    arrival; of a trial, what ``base`` has of the products that somebody looked at."""

    def __init__(self, base=None):
        super().__init__()
        self.base = base

    def __missing__(self, product_id):
        self[product_id] = defaultdict(list)
        if self.base is not None:
            for warehouse_id, parts in self.base[product_id].items():
                self[product_id][warehouse_id] = [{**part} for part in parts]
        return self[product_id]


@dataclass
class Means:
    """What missing goods could come from."""

    spare: Spare
    made: dict
    """What goods are made of, see ``_made``."""

    def trial(self):
        """The same, to take from without taking."""
        return Means(Spare(self.spare), self.made)

    def accept(self, trial):
        """Take what the trial took."""
        self.spare.update(trial.spare)


class Way(NamedTuple):
    """How what is missing could come."""

    date: datetime
    quantity: float
    by: str
    """``buy``, ``make`` or ``transfer``."""
    warehouse_id: int = 0
    """Where a transfer comes from."""
    rest: Means | None = None
    """What is left for others when it comes in this way."""


class BacklogQuote(models.AbstractModel):
    """When could a customer have it? One statement for many wishes, each taking what
    those before it leave."""

    _name = "backlog.quote"
    _description = "Promise"

    def _checked_goods(self, product_id):
        product = checked_records(self.env, "product.product", [product_id])
        self._check_goods(product)
        return product

    def _check_goods(self, products):
        for product in products:
            if product.type != "consu":
                raise UserError(
                    self.env._(
                        "Only goods can be promised: %s is none.", product.display_name
                    )
                )

    def _checked_warehouse(self, warehouse_id):
        warehouse_id = warehouse_id or self.env.user._get_default_warehouse_id().id
        if not warehouse_id:
            raise UserError(self.env._("Create a warehouse or give one."))
        return checked_records(self.env, "stock.warehouse", [warehouse_id])

    def _checked_quantity_of(self, number, wish):
        """The quantity of one of many wishes; an error names the wish."""
        try:
            return checked_quantity(self.env, wish.get("qty"))
        except UserError as error:
            raise UserError(
                self.env._(
                    "Wish %(number)s, of product %(product)s: %(error)s",
                    number=number,
                    product=wish["product_id"],
                    error=error,
                )
            ) from error

    def _promised_by(self, promise, moment):
        """The quantity of a promise that is available by a moment (UTC)."""
        return promise["ready"] + sum(
            part["qty"]
            for part in promise["incoming"]
            if part["date"] <= fields.Datetime.to_string(moment)
        )

    def _get_promises(self, wishes):
        """Promise a list of wishes, as one order confirmed now would get them: each
        takes its place in the queue. One statement for all of them, and another where
        something is to order.

        :return: the dicts described in ``get_promise``, in the same order
        """
        supplies = self._supplies(wishes)
        wanted = self._wanted(wishes, supplies)
        got = self._got(wanted)
        brought = self._brought(wishes, supplies)
        promises = [
            self._promise(wish, supply, got[number], number in brought)
            for number, (wish, supply) in enumerate(zip(wishes, supplies, strict=True))
        ]
        self._promise_to_source(wishes, supplies, promises, list(wanted.values()))
        self._name_documents(promises)
        return promises

    # Each as if it were the only one

    def _get_independent(self, wishes):
        """Promise each wish as if nobody else wished for anything. Wishes that share no
        goods take nothing from each other, so they are asked together; the same wish is
        asked once.

        :return: as ``_get_promises``
        """
        answers = {}
        for group in self._apart(list(dict.fromkeys(wishes))):
            answers.update(zip(group, self._get_promises(group), strict=True))
        return [deepcopy(answers[wish]) for wish in wishes]

    def _apart(self, wishes):
        """These wishes in as few groups as a simple rule finds, with no goods twice in
        one group."""
        groups, next_group = [], defaultdict(int)
        for wish, product_ids in zip(wishes, self._in_reach(wishes), strict=True):
            number = max(next_group[product_id] for product_id in product_ids)
            next_group.update(dict.fromkeys(product_ids, number + 1))
            if number == len(groups):
                groups.append([])
            groups[number].append(wish)
        return groups

    def _in_reach(self, wishes):
        """For each wish the ids of the products that it can take."""
        return [{wish.product.id} for wish in wishes]

    # The way of supply

    def _supplies(self, wishes):
        """The supply of each wish. Wishes with the same routes have the same rules,
        which are looked up once."""
        found = {}
        keys = [self._rule_key(wish) for wish in wishes]
        for key, wish in zip(keys, wishes, strict=True):
            if key not in found:
                found[key] = self._supply(wish)
        return [found[key] for key in keys]

    def _rule_key(self, wish):
        """All that Odoo chooses the rules of a delivery by."""
        product = wish.product
        return (
            wish.destination,
            wish.warehouse,
            wish.routes,
            wish.unit and wish.unit.package_type_id.route_ids,
            product.route_ids,
            product.categ_id.total_route_ids,
            # Without a vendor, Odoo passes over routes of the warehouse that buy.
            bool(product.seller_ids),
            *self._more_rule_key(product, wish.warehouse),
        )

    def _more_rule_key(self, product, warehouse):
        """What else of a product decides about its rules."""
        return ()

    def _supply(self, wish):
        """Follow the rules from the customer back to where goods are taken, bought or
        made."""
        warehouse = wish.warehouse
        # sudo: who asks need not be able to read rules.
        rules = self.env["stock.rule"].sudo()
        values = {
            "company_id": warehouse.company_id or self.env.company,
            "packaging_uom_id": wish.unit or wish.product.uom_id.browse(),
            "route_ids": self.env["stock.route"].sudo().browse(wish.routes),
            "warehouse_id": warehouse,
        }
        place = wish.destination or self._customers()
        last, days, left, brought = rules, 0, False, 0
        for _step in range(MOST_RULES):
            rule = rules._get_rule(wish.product, place, values) if place else rules
            if rule.action not in ("pull", "pull_push"):
                kinds = {"buy": "buy", "manufacture": "make"}
                return Supply(kinds.get(rule.action, "none"), last or rule, days)
            place = rule.location_src_id
            is_here = place.warehouse_id == warehouse and place.usage != "transit"
            if not left and (is_here or not last and rule.procure_method != MTO):
                days += bounded_days(rule.delay)
                last = rule
            elif not left:
                # From elsewhere into the warehouse.
                left, brought = True, bounded_days(rule.delay)
            if not place.warehouse_id:
                values["warehouse_id"] = rule.route_id.supplier_wh_id
            if rule.procure_method != MTO:
                return Supply("transfer" if left else "stock", last, days, brought)
        return Supply("none", last, days)

    def _customers(self):
        """Where goods for customers go, as long as nobody says which customer."""
        return self.env.ref("stock.stock_location_customers", raise_if_not_found=False)

    # What they would get

    def _wanted(self, wishes, supplies):
        """``{number: Wanted}``: the deliveries that Odoo would make for the wishes that
        take what is there."""
        return {
            number: self._delivery(wish, supply)
            for number, (wish, supply) in enumerate(zip(wishes, supplies, strict=True))
            if supply.kind == "stock" and wish.product.is_storable
        }

    def _delivery(self, wish, supply):
        """The delivery as Odoo would make it now."""
        picking_type = supply.rule.picking_type_id
        date = self._leaves_on(wish, supply)
        today = fields.Date.today()
        reservation_date = None
        if picking_type.reservation_method == "at_confirm":
            reservation_date = today
        elif picking_type.reservation_method == "by_date":
            days = bounded_days(picking_type.reservation_days_before)
            reservation_date = date.date() - timedelta(days=days)
        return Wanted(
            wish.product.id,
            supply.rule.location_src_id.id,
            wish.warehouse.id,
            wish.warehouse.company_id.id,
            wish.quantity,
            date,
            reservation_date,
        )

    def _leaves_on(self, wish, supply):
        """When Odoo would plan to ship it."""
        due = wish.due or fields.Datetime.now() + timedelta(
            days=bounded_days(wish.product.sale_delay)
        )
        company = wish.warehouse.company_id or self.env.company
        days = supply.days + bounded_days(company.security_lead)
        return max(due, FIRST_MOMENT) - timedelta(days=days)

    def _got(self, wanted):
        """``{number: [part]}``: what each of them would get."""
        got = defaultdict(list)
        if wanted:
            numbers = list(wanted)
            self.env.flush_query(self.env["backlog.kept"]._reads())
            product_ids = list({one.product_id for one in wanted.values()})
            statement = self.env["backlog.live.slice"]._wanted_slices(
                product_ids, list(wanted.values())
            )
            for row in self.env.execute_query_dict(
                by_plan(self.env, statement, product_ids)
            ):
                got[numbers[row["move_id"] - FIRST_WANTED]].append(row)
        return got

    def _promise(self, wish, supply, parts, is_brought):
        """What one wish would get; ``_promise_to_source`` says when the rest comes."""
        product, quantity, warehouse = wish[:3]
        uom = product.uom_id
        now = fields.Datetime.to_string(fields.Datetime.now())
        promise = {
            "product_id": product.id,
            "warehouse_id": warehouse.id,
            "uom": uom.name,
            "qty": quantity,
            "ready": quantity,
            "incoming": [],
            "to_source": 0.0,
            "to_source_parts": [],
            "vendor_lead_days": False,
            "to_source_date": False,
            "expected_date": now,
            "overdue_since": False,
        }
        if supply.kind == "stock" and not product.is_storable:
            return promise
        promise["ready"] = 0.0
        if is_brought:
            date = self._leaves_on(wish, supply) - timedelta(days=supply.brought_days)
            parts = [{"source": "receipt", "qty": quantity, "date": date}]
        for part in parts:
            taken = float(part["qty"])
            if part["source"] in ("reserved", "stock"):
                promise["ready"] += taken
            elif part["source"] == "receipt":
                promise["incoming"].append(self._promise_part(part, taken))
        promise["expected_date"] = max(
            [now, *(part["date"] for part in promise["incoming"])]
        )
        there = promise["ready"] + sum(part["qty"] for part in promise["incoming"])
        promise["to_source"] = max(uom.round(quantity - there), 0.0)
        promise["overdue_since"] = min(
            filter(None, (part["overdue_since"] for part in promise["incoming"])),
            default=False,
        )
        return promise

    def _brought(self, wishes, supplies):
        """The numbers of the wishes for which Odoo would make the document that brings
        them, and confirm it."""
        return {
            number
            for number, supply in enumerate(supplies)
            if supply.kind == "transfer"
        }

    def _promise_part(self, part, quantity):
        return {
            "qty": quantity,
            "date": fields.Datetime.to_string(max(part["date"], fields.Datetime.now())),
            "overdue_since": fields.Datetime.to_string(part.get("overdue_since"))
            or False,
            "document": part.get("document") or False,
            "document_name": False,
        }

    def _name_documents(self, promises):
        """Read the names of all documents at once."""
        parts = defaultdict(list)
        for part in (part for promise in promises for part in promise["incoming"]):
            if part["document"]:
                model, document_id = part["document"].split(",")
                parts[model].append((int(document_id), part))
        for model, of_model in parts.items():
            # Salespeople cannot read purchases; they see the name and nothing else.
            ids = [number for number, _part in of_model]
            documents = named(self.env[model].browse(ids))
            for document, (_number, part) in zip(documents, of_model, strict=True):
                part["document_name"] = document.display_name

    # Who would lose what

    def _losses(self, wishes):
        """What others in the queue would lose if these were ordered now.

        :return: ``[(order line id, before, after)]``, what each had and would have as
            dicts with ``ready``, ``to_source`` and the moment ``last_date``
        """
        wishes = self._parts_of(wishes)
        wanted = list(self._wanted(wishes, self._supplies(wishes)).values())
        if not wanted:
            return []
        allocation = self.env["backlog.allocation"]
        self.env.flush_query(self.env["backlog.kept"]._reads())
        line_ids, product_ids = self._rivals(wanted)
        if not line_ids:
            return []
        before, after = (
            self._split_of(line_ids, product_ids, slices)
            for slices in (
                allocation._raw_slices(product_ids),
                self.env["backlog.live.slice"]._live_slices(product_ids, wanted=wanted),
            )
        )
        return [
            (line_id, had, after[line_id])
            for line_id, had in before.items()
            if line_id in after and _is_worse(had, after[line_id])
        ]

    def _parts_of(self, wishes):
        """What is delivered for these wishes."""
        return wishes

    def _rivals(self, wanted):
        """The order lines that have what ``wanted`` could take from them: goods that
        nobody reserved, or receipts, in the same pools; and all products that decide
        about these lines."""
        [[line_ids, product_ids]] = self.env.execute_query(
            SQL(
                """
                  WITH place AS MATERIALIZED (%(place)s),
                       rival AS MATERIALIZED (
                        SELECT DISTINCT slice.order_line_id AS id
                          FROM (%(slices)s) slice
                          JOIN stock_move move ON move.id = slice.move_id
                          JOIN place ON place.id = move.location_id
                         WHERE slice.source IN ('stock', 'receipt')
                           AND slice.order_line_id IS NOT NULL
                           AND place.pool_id IN (
                               SELECT pool_id FROM place WHERE id = ANY(%(places)s))
                       )
                SELECT ARRAY(SELECT id FROM rival),
                       ARRAY(
                        SELECT move.product_id
                          FROM rival
                          JOIN stock_move move ON move.sale_line_id = rival.id
                         WHERE %(is_open)s
                         UNION
                        SELECT line.product_id
                          FROM rival
                          JOIN sale_order_line line ON line.id = rival.id
                       )
                """,
                place=self.env["backlog.demand"]._place(),
                slices=self.env["backlog.allocation"]._raw_slices(
                    list({one.product_id for one in wanted})
                ),
                places=list({one.location_id for one in wanted}),
                is_open=is_open("move"),
            )
        )
        return line_ids, list({*product_ids, *(one.product_id for one in wanted)})

    def _split_of(self, line_ids, product_ids, slices):
        """``{order line id: {"ready", "to_source", "last_date"}}`` by ``slices``."""
        moment = fields.Datetime.now()
        split = SQL(
            """
            SELECT order_line_id, backlog_qty, to_source_qty, last_date
              FROM (%s) split
            """,
            self.env["backlog.live.line"]._split(
                product_ids,
                SQL(
                    "SELECT * FROM (%s) slice WHERE order_line_id = ANY(%s)",
                    slices,
                    line_ids,
                ),
            ),
        )
        return {
            line_id: {
                "ready": ready,
                "to_source": to_source,
                "last_date": max(last_date or moment, moment),
            }
            for line_id, ready, to_source, last_date in self.env.execute_query(
                by_plan(self.env, split, product_ids)
            )
        }

    # What is to order

    def _promise_to_source(self, wishes, supplies, promises, wanted):
        """Say of the promises when what is to order could be there: the better of a
        transfer from another warehouse, of buying and of making."""
        open_ones = [
            number
            for number, promise in enumerate(promises)
            if promise["to_source"] > 0
        ]
        if not open_ones:
            return
        means = self._means([wishes[number] for number in open_ones], wanted)
        for number in open_ones:
            wish, promise = wishes[number], promises[number]
            rest = promise["to_source"]
            vendor = self._vendor_for(wish, rest)
            parts = self._best_ways(wish, supplies[number], rest, means)
            known = sum(part.quantity for part in parts)
            date = False
            if wish.product.uom_id.compare(known, rest) >= 0:
                date = fields.Datetime.to_string(max(part.date for part in parts))
            promise |= {
                "to_source_parts": [
                    {
                        "product_id": wish.product.id,
                        "uom": wish.product.uom_id.name,
                        "qty": part.quantity,
                        "date": fields.Datetime.to_string(part.date),
                        "by": part.by,
                        "warehouse_id": part.warehouse_id or False,
                    }
                    for part in parts
                ],
                "vendor_lead_days": self._lead_days(wish, vendor) if vendor else False,
                "to_source_date": date,
                "expected_date": date and max(date, promise["expected_date"]),
            }

    def _means(self, wishes, wanted):
        """What the whole queue, with these wishes in it, leaves of the goods in other
        warehouses, and of what they are made of."""
        spare = Spare()
        made = self._made(wishes)
        product_ids = self._supplying_products(wishes, made)
        if product_ids:
            for row in self._left_over(product_ids, wanted):
                spare[row["product_id"]][row["warehouse_id"]].append(row)
        return Means(spare, made)

    def _left_over(self, product_ids, wanted=()):
        """The rows of ``backlog.live.slice._left_over`` as dicts."""
        self.env.flush_query(self.env["backlog.kept"]._reads())
        statement = self.env["backlog.live.slice"]._left_over(product_ids, wanted)
        rows = self.env.execute_query_dict(by_plan(self.env, statement, product_ids))
        return [{**row, "qty": float(row["qty"])} for row in rows]

    def _made(self, wishes):
        """``{(product, warehouse): (bill of materials, [(component, quantity,
        step)])}`` of what is missing and can be made, and of what that is made of."""
        return {}

    def _supplying_products(self, wishes, made):
        """The ids of the products whose stock decides when missing goods come: their
        own, where there are other warehouses."""
        companies = {wish.warehouse.company_id.id for wish in wishes}
        # sudo: who asks need not be able to read warehouses.
        warehouses = self.env["stock.warehouse"].sudo()
        if warehouses.search_count([("company_id", "in", list(companies))]) <= len(
            companies
        ):
            return []
        return list({wish.product.id for wish in wishes if wish.product.is_storable})

    def _best_ways(self, wish, supply, quantity, means):
        """How ``quantity`` could come soonest, as a list of ``Way``, less than it where
        nobody knows how the rest could come."""
        parts, rest = [], quantity
        while wish.product.uom_id.compare(rest, 0) > 0:
            # Anew for what is left: less is bought elsewhere, and made of less.
            ways = self._ways(wish, supply, rest, means)
            way = min(ways, key=lambda way: way.date, default=None)
            if way is None:
                break
            taken = min(rest, way.quantity)
            rest = wish.product.uom_id.round(rest - taken)
            parts.append(way._replace(quantity=taken))
            if way.warehouse_id:
                self._take(means, wish.product, way.warehouse_id, taken, "stock")
            elif way.rest:
                means.accept(way.rest)
        return parts

    def _ways(self, wish, supply, quantity, means):
        """The ways in which ``quantity`` of it could come. What is brought for one
        customer alone comes in its own way."""
        if supply.kind != "make":
            yield from self._purchases(wish, quantity)
        if supply.kind == "stock":
            yield from self._transfers(wish, means)

    def _purchases(self, wish, quantity):
        vendor = self._vendor_for(wish, quantity)
        if vendor:
            days = self._lead_days(wish, vendor)
            yield Way(self._from_work_day(wish, days), quantity, "buy")

    def _transfers(self, wish, means):
        """What other warehouses of the company have left, from which a route leads
        here: without one nobody knows how long it takes."""
        unit = wish.product.uom_id
        # sudo: who asks need not be able to read all warehouses of the company.
        routes = wish.warehouse.sudo().resupply_route_ids
        for source in routes.supplier_wh_id:
            parts = means.spare[wish.product.id][source.id]
            there = sum(part["qty"] for part in parts if part["source"] == "stock")
            if (
                source != wish.warehouse
                and source.company_id == wish.warehouse.company_id
                and unit.compare(there, 0) > 0
            ):
                days = wish.warehouse._backlog_resupply_days(source)
                arrival = self._from_work_day(wish, days)
                yield Way(arrival, there, "transfer", source.id)

    def _take(self, means, product, warehouse_id, quantity, source=None):
        """Take from what is left.

        :return: what is still missing, and the moment when all that was taken is there
        """
        last = fields.Datetime.now()
        parts = means.spare[product.id][warehouse_id]
        for part in parts:
            if quantity <= 0:
                break
            taken = min(part["qty"], quantity)
            if taken > 0 and source in (None, part["source"]):
                part["qty"] -= taken
                quantity = product.uom_id.round(quantity - taken)
                last = max(last, part["date"] or last)
        # Those who come next need not go through what is taken.
        while parts and parts[0]["qty"] <= 0:
            del parts[0]
        return quantity, last

    def _vendor_for(self, wish, quantity):
        """The vendor line that Odoo would buy ``quantity`` from; below the minimum of
        all vendors that of the first, of which more is bought."""
        company = wish.warehouse.company_id or self.env.company
        product = wish.product.with_company(company)
        day = fields.Date.context_today(self.env["product.product"])
        return product._select_seller(
            quantity=quantity, date=day
        ) or product._select_seller(quantity=None, date=day)

    def _lead_days(self, wish, vendor):
        """Those of the vendor, and the company's own."""
        company = wish.warehouse.company_id or self.env.company
        return int(bounded_days(vendor.delay) + bounded_days(company.days_to_purchase))

    def _from_work_day(self, wish, days):
        """The moment so many days after the next working day."""
        # What a vendor ships leaves from no warehouse of ours.
        company = wish.warehouse.company_id or self.env.company
        idle = company._backlog_work_day() - company._backlog_today()
        return fields.Datetime.now() + idle + timedelta(days=days)


def _is_worse(before, after):
    """Whether a line would have less, or have it later.

    >>> had = {"ready": 3, "to_source": 0, "last_date": 5}
    >>> [_is_worse(had, {**had, **change})
    ...     for change in ({}, {"ready": 2}, {"to_source": 1}, {"last_date": 6})]
    [False, True, True, True]
    """
    return (
        after["ready"] < before["ready"]
        or after["to_source"] > before["to_source"]
        or after["last_date"] > before["last_date"]
    )
