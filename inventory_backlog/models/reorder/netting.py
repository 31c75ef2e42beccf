"""Netting: what is missing of a product in a warehouse after all that would help.

Plain functions on the rows of ``backlog.need``. They read no record but the unit of the
product, and of that only ``round`` and ``compare``. The examples are the specification;
``Unit`` stands in for ``uom.uom`` in them (``tests/unit.py``), in March 2026.

    >>> from datetime import date
    >>> day = lambda number: date(2026, 3, number)
    >>> def row(part, qty, of_day=None, **more):
    ...     return NeedRow(product_id=1, warehouse_id=1, part=part, qty=qty,
    ...                    day=of_day and day(of_day), **more)
    >>> def show(rows, today=1):
    ...     found = net(Unit(), rows, day(today))
    ...     missing = [(part.want.day.day, int(part.qty)) for part in found.missing]
    ...     late = [(part.document, part.qty) for part in found.late]
    ...     print(f"short {found.short_qty:g}, requested {found.in_progress_qty:g},",
    ...           f"missing {missing}, late {late}, stock left {found.stock:g}")

A want stands in the queue, and the queue has taken from stock and receipts all that it
may: what is left over does not serve it.

    >>> show([row("want", 5, 10), row("left", 3)])
    short 5, requested 0, missing [(10, 5)], late [], stock left 3

A draft does not stand in the queue yet, so it takes what is left over. So does a hole,
which is stock below zero. What they take of the stock is ready at once.

    >>> rows = [row("left", 3), row("draft", 5, 10, document="mrp.production,7")]
    >>> show(rows)
    short 2, requested 0, missing [(10, 2)], late [], stock left 0
    >>> dict(net(Unit(), rows, day(1)).ready)
    {'mrp.production,7': 3.0}
    >>> show([row("hole", 4, 1), row("left", 6, 3, document="purchase.order,1")], 1)
    short 0, requested 0, missing [], late [('purchase.order,1', 4)], stock left 0

What leaves from a shelf may not take from another one, but goods are moved between
shelves and not bought.

    >>> show([row("shelf", 5, 10), row("left", 3)])
    short 2, requested 0, missing [(10, 2)], late [], stock left 0

A receipt that comes after the day is no shortage: it is late. So is one that is
overdue, whatever the day: nobody knows when it comes.

    >>> late = row("late", 2, 10, document="purchase.order,1", expected_day=day(12))
    >>> show([late])
    short 0, requested 0, missing [], late [('purchase.order,1', 2)], stock left 0
    >>> left = row("left", 2, 4, document="purchase.order,1")
    >>> for today, needed in ((1, 3), (4, 4), (5, 4), (6, 9)):
    ...     show([left, row("draft", 2, needed)], today)
    short 0, requested 0, missing [], late [('purchase.order,1', 2)], stock left 0
    short 0, requested 0, missing [], late [], stock left 0
    short 0, requested 0, missing [], late [('purchase.order,1', 2)], stock left 0
    short 0, requested 0, missing [], late [('purchase.order,1', 2)], stock left 0

Requests for quotation and other drafts that would bring goods cover the wants in the
order of their days, the earliest first. What they cover is still short.

    >>> show([row("want", 2, 3), row("want", 4, 8), row("request", 3, 20)])
    short 6, requested 3, missing [(8, 3)], late [], stock left 0

Each request is told with what it covers. One that is there before a receipt that comes
too late would serve the same want.

    >>> request = row("request", 3, 11, document="purchase.order,2")
    >>> for rows in ([row("want", 2, 3), request], [late, request]):
    ...     found = net(Unit(), rows, day(1))
    ...     [(one.want.part, one.qty, one.document) for one in found.requested]
    [('want', 2.0, 'purchase.order,2')]
    [('late', 2, 'purchase.order,2')]

What is overdue would be served by any request, after what is ordered and has a day.

    >>> overdue = row("late", 5, 25, document="purchase.order,1", expected_day=day(9))
    >>> known = row("left", 3, 22, document="purchase.order,3")
    >>> for today in (9, 10):
    ...     found = net(Unit(), [known, request, overdue], day(today))
    ...     print([(one.qty, one.document) for one in found.requested],
    ...           [(one.day.day, one.qty) for one in found.coming])
    [] [(22, 3), (11, 3)]
    [(2, 'purchase.order,2')] [(11, 3)]

What nobody here needs of what comes may serve another warehouse, unless it comes from
one by transfer: it would go in a circle.

    >>> rows = [row("want", 2, 3), row("request", 9, 20, document="purchase.order,1")]
    >>> [(one.day.day, one.qty) for one in net(Unit(), rows, day(1)).coming]
    [(20, 7.0)]
    >>> rows = [row("left", 4, 5, document="stock.picking,1")]
    >>> net(Unit(), rows, day(1)).coming
    []

Of what is overdue nobody knows when it comes: another warehouse does not wait for it.

    >>> net(Unit(), rows, day(21)).coming
    []
"""

from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple

from ...const import ASKING
from .backlog_need import NeedRow

# The parts of ``backlog.need`` that somebody must act on; ``direct``: a want that a
# vendor ships to the customer.
WANTED = ("want", "shelf", "chained", "direct", "draft", "hole")
# The parts that a reordering rule orders by itself.
QUEUED = ("want", "shelf", "chained", "hole")


class Missing(NamedTuple):
    """A part of a want that nothing covers, or comes too late."""

    want: NeedRow
    qty: float
    document: str = None
    """The document that brings it too late, as ``model,id``."""
    expected_day: object = None
    """The day on which that document brings it, as it was last said."""
    travel_days: int = 0
    """How much earlier it must be there, to be brought to where it is wanted."""


class Coming(NamedTuple):
    """What comes to a warehouse that nobody there needs."""

    day: object
    qty: float
    is_ordered: bool = True
    """Whether it is more than a request."""


class Net(NamedTuple):
    """What is missing of a product in a warehouse, after all that would help."""

    short_qty: float
    in_progress_qty: float
    missing: list
    late: list
    stock: float
    """The stock that is left over, for other warehouses."""
    ready: dict
    """``{document: quantity}`` of the drafts that the stock serves at once."""
    requested: list = []
    """What requests cover once they are confirmed, ``Missing`` each."""
    coming: list = []
    """What of receipts and requests is left over, ``Coming`` each."""

    @property
    def missing_qty(self):
        """The missing parts summed."""
        return sum(part.qty for part in self.missing)


def net_by_warehouse(uom, rows, today, horizon):
    """``{warehouse id: Net}``, the warehouse that misses something first comes first.

    :param rows: those of one product that are ``due`` within ``horizon``

    >>> from datetime import date
    >>> def row(warehouse_id, part, qty, day=None):
    ...     return NeedRow(1, warehouse_id, part, qty, day=day and date(2026, 3, day))
    >>> nets = net_by_warehouse(Unit(), [
    ...     row(1, "left", 4), row(2, "want", 5, 9), row(3, "want", 1, 4)
    ... ], date(2026, 3, 1), date(2026, 3, 31))
    >>> [(warehouse_id, net.missing_qty) for warehouse_id, net in nets.items()]
    [(3, 1.0), (2, 5.0), (1, 0)]

    Stock below zero is corrected by a count and not bought, unless somebody waits.

    >>> alone = [row(1, "hole", 3, 1)]
    >>> waited_for = [row(1, "hole", 3, 1), row(1, "want", 2, 5)]
    >>> for rows in (alone, waited_for):
    ...     nets = net_by_warehouse(Unit(), rows, date(2026, 3, 1), date(2026, 3, 31))
    ...     print(nets[1].missing_qty)
    0
    5.0
    """
    by_warehouse = defaultdict(list)
    for row in rows:
        by_warehouse[row.warehouse_id].append(row)
    nets = {}
    for warehouse_id, of_warehouse in by_warehouse.items():
        if not any(row.part in (*ASKING, "direct") for row in of_warehouse):
            of_warehouse = [row for row in of_warehouse if row.part != "hole"]
        nets[warehouse_id] = net(uom, of_warehouse, today)

    def urgency(warehouse_id):
        missing = nets[warehouse_id].missing
        return missing[0].want.day if missing else horizon, warehouse_id

    return {one: nets[one] for one in sorted(nets, key=urgency)}


def due(rows, horizon):
    """The rows that count until the day ``horizon``: of what is asked for only what is
    needed by then, and everything that would help.

    >>> rows = [NeedRow(1, 1, "want", 5, day=9), NeedRow(1, 1, "want", 5, day=10),
    ...         NeedRow(1, 1, "request", 5, day=20)]
    >>> [(row.part, row.day) for row in due(rows, 9)]
    [('want', 9), ('request', 20)]
    """
    return [row for row in rows if row.part not in ASKING or row.day <= horizon]


def net(uom, rows, today):
    """The ``Net`` of one product in one warehouse. The examples of this module say what
    covers what.

    :param uom: the unit of the product
    :param rows: in the order of their days
    """
    lefts = [[row, row.qty] for row in rows if row.part == "left"]
    requests = [[row, row.qty] for row in rows if row.part == "request"]
    short = in_progress = 0
    ready = defaultdict(float)
    missing, requested = [], []
    late = [
        Missing(row, row.qty, row.document, row.expected_day)
        for row in rows
        if row.part == "late"
    ]
    for want in rows:
        if want.part not in WANTED:
            continue
        quantity = want.qty
        for left, taken in _take_left(uom, lefts, want):
            quantity -= taken
            if left.document and not comes_by(left.day, want.day, today):
                late.append(Missing(want, taken, left.document, left.day))
            elif not left.document and want.part != "shelf":
                ready[want.document] += taken
        quantity = uom.round(quantity)
        short += quantity
        helping = [pair for pair in requests if helps(pair[0], want)]
        for request, taken in take(uom, helping, quantity):
            quantity -= taken
            in_progress += taken
            requested.append(_covered(want, request, taken, today))
        quantity = uom.round(quantity)
        if uom.compare(quantity, 0) > 0:
            missing.append(Missing(want, quantity))
    requested += _earlier(uom, late, lefts, requests, today)
    stock = sum(qty for row, qty in lefts if not row.document)
    coming = [
        Coming(row.day, qty, row.part == "left")
        for row, qty in lefts + requests
        if row.document
        and not row.document.startswith("stock.picking,")
        and row.day >= today
        and not (row.move_id or row.order_line_id)
        and uom.compare(qty, 0) > 0
    ]
    return Net(
        uom.round(short),
        uom.round(in_progress),
        missing,
        late,
        stock,
        ready,
        requested,
        coming,
    )


def comes_by(expected_day, day, today):
    """Whether what was last said to come on ``expected_day`` is there by ``day``.
    Nobody knows that of what is overdue.

    >>> [comes_by(expected, 9, today=5) for expected in (4, 5, 9, 10)]
    [False, True, True, False]
    """
    return today <= expected_day <= day


def _take_left(uom, lefts, want):
    """Take for a want from what the queue leaves, as far as it may."""
    if want.part == "shelf":
        lefts = [pair for pair in lefts if not pair[0].document]
    elif want.part not in ("draft", "hole"):
        return ()
    return take(uom, lefts, want.qty)


def _earlier(uom, late, lefts, requests, today):
    """What requests cover that are there before a receipt that comes too late. What is
    overdue is served first by what is ordered, has a day and is left over."""
    covered = []
    earlier = [[row, qty] for row, qty in requests if row.document]
    known = [pair for pair in lefts if pair[0].document and pair[0].day >= today]
    for part in late:
        quantity = part.qty
        if part.expected_day < today:
            quantity -= sum(taken for _left, taken in take(uom, known, quantity))
        helping = [
            pair
            for pair in earlier
            if not comes_by(part.expected_day, max(pair[0].day, today), today)
            and helps(pair[0], part.want)
        ]
        for request, taken in take(uom, helping, quantity):
            covered.append(_covered(part.want, request, taken, today))
    return covered


def _covered(want, request, qty, today):
    return Missing(want, qty, request.document, request.day and max(request.day, today))


def helps(request, want):
    """Whether a request may serve a want. A request that was made for one delivery, or
    is shipped to one customer, serves nobody else.

    >>> want, other = (NeedRow(1, 1, "want", 5, move_id=one) for one in (7, 8))
    >>> line = NeedRow(1, 1, "direct", 5, order_line_id=3)
    >>> def helped(**made_for):
    ...     request = NeedRow(1, 1, "request", 5, **made_for)
    ...     return [helps(request, one) for one in (want, other, line)]
    >>> helped(), helped(move_id=7), helped(order_line_id=3)
    ([True, True, False], [True, False, False], [False, False, True])

    What takes only goods that are brought for it does not take from other requests.

    >>> helps(NeedRow(1, 1, "request", 5), NeedRow(1, 1, "chained", 5, move_id=7))
    False
    """
    if request.order_line_id:
        return not want.move_id and request.order_line_id == want.order_line_id
    if request.move_id:
        return request.move_id == want.move_id
    return want.part not in ("direct", "chained")


def take(uom, supplies, quantity):
    """Take ``quantity`` from the supplies in their order: yields ``(row, taken)``.

    :param supplies: ``[[row, quantity]]``; the quantities go down by what is taken

    >>> supplies = [["first", 3], ["second", 4]]
    >>> list(take(Unit(), supplies, 5)), supplies
    ([('first', 3), ('second', 2)], [['first', 0], ['second', 2]])
    """
    for supply in supplies:
        taken = min(quantity, supply[1])
        if uom.compare(taken, 0) <= 0:
            continue
        supply[1] -= taken
        quantity -= taken
        yield supply[0], taken


def without_rule(one):
    """What is left of a ``Net`` to do beside a reordering rule that orders by itself. A
    rule sees what waits in the queue. It does not see documents that are not confirmed,
    nor what a vendor ships to the customer.

    >>> parts = [Missing(NeedRow(1, 1, part, qty), qty)
    ...          for part, qty in (("want", 5), ("direct", 2), ("draft", 1))]
    >>> left = without_rule(Net(8, 0, parts, [], 0, {}))
    >>> left.short_qty, [part.want.part for part in left.missing]
    (3, ['direct', 'draft'])
    """
    seen = [part for part in one.missing if part.want.part in QUEUED]
    return one._replace(
        short_qty=one.short_qty - sum(part.qty for part in seen),
        missing=[part for part in one.missing if part.want.part not in QUEUED],
    )


def split_missing(uom, missing, quantity):
    """Cut ``missing`` in two: the first ``quantity`` of it, and the rest.

    >>> parts = [Missing("first", 3), Missing("second", 4)]
    >>> [[(part.want, part.qty) for part in half]
    ...  for half in split_missing(Unit(), parts, 5)]
    [[('first', 3), ('second', 2)], [('second', 2.0)]]
    """
    first, rest = [], []
    for part in missing:
        taken = min(part.qty, quantity)
        quantity -= taken
        if uom.compare(taken, 0) > 0:
            first.append(part._replace(qty=taken))
        if uom.compare(part.qty, taken) > 0:
            rest.append(part._replace(qty=uom.round(part.qty - taken)))
    return first, rest


def bring(uom, coming, parts, travel_days, bought_on, with_requests=False):
    """What of ``parts`` another warehouse can bring from what comes to it for nobody,
    in time, or not later than it could be bought.

    :param coming: as ``Net.coming`` of the other warehouse
    :param bought_on: the day on which a purchase would arrive
    :param with_requests: also of what is only requested there
    :return: the parts that are brought, those that are still missing, the day on which
        the last of it is here, and what is left of ``coming``

    >>> from datetime import date
    >>> day = lambda number: date(2026, 3, number)
    >>> def show(*args):
    ...     brought, rest, arrival, left = bring(Unit(), *args)
    ...     print([int(part.qty) for part in brought], [int(part.qty) for part in rest],
    ...           arrival and arrival.day, [(one.day.day, one.qty) for one in left])
    >>> parts = [Missing(NeedRow(1, 1, "want", qty, day=day(of_day)), qty)
    ...          for qty, of_day in ((5, 9), (4, 20))]
    >>> show([Coming(day(5), 8)], parts, 2, day(10))
    [5, 3] [1] 7 [(5, 0)]

    What comes too late for the first may be in time for the next.

    >>> show([Coming(day(15), 8)], parts, 2, day(10))
    [4] [5] 17 [(15, 4)]
    >>> show([Coming(day(19), 8)], parts, 2, day(10))
    [] [5, 4] None [(19, 8)]
    >>> show([Coming(day(5), 8, False)], parts, 2, day(10))
    [] [5, 4] None [(5, 8)]
    """
    supplies = [[one, one.qty] for one in coming]
    brought, rest, arrival = [], [], None
    for part in parts:
        latest = max(part.want.day, bought_on) - timedelta(days=travel_days)
        in_time = [
            pair
            for pair in supplies
            if pair[0].day <= latest and (with_requests or pair[0].is_ordered)
        ]
        taken = 0
        for one, qty in take(uom, in_time, part.qty):
            taken += qty
            arrival = max(arrival or one.day, one.day + timedelta(days=travel_days))
        first, left = split_missing(uom, [part], taken)
        brought += first
        rest += left
    left = [one._replace(qty=qty) for one, qty in supplies]
    return brought, rest, arrival, left


def group_missing(missing):
    """``{action: [Missing]}``: what to order for the warehouse, and what the vendor
    ships to the customer.

    >>> parts = [Missing(NeedRow(1, 1, part, 1), 1) for part in ("want", "direct")]
    >>> {action: len(of_action) for action, of_action in group_missing(parts).items()}
    {'buy': 1, 'dropship': 1}
    """
    groups = defaultdict(list)
    for part in missing:
        groups["dropship" if part.want.part == "direct" else "buy"].append(part)
    return groups
