"""Offers: how much to order of a vendor for a quantity that is missing, at which of its
price breaks, and when that arrives.

Plain functions. They read no record but units of measure; ``backlog.plan`` reads the
numbers of ``product.supplierinfo``. ``Unit`` stands in for ``uom.uom`` in the examples
(``tests/unit.py``).
"""

from datetime import timedelta
from math import ceil
from typing import NamedTuple

from ...tools.bounds import bounded, bounded_days, converted


class PriceBreak(NamedTuple):
    """What a vendor asks from some quantity on."""

    least_qty: float
    """The least it sells at this price, in the unit of the product."""
    unit_price: float
    """Per unit of the product, net of discount, in the currency of the company."""
    unit: object
    """The unit it sells in."""


def whole_units(uom, quantity, unit=None):
    """``quantity`` in the unit of the product, raised to whole ``unit`` when that is
    another one.

    >>> piece, dozen = Unit(), Unit(12)
    >>> whole_units(piece, 20, dozen), whole_units(piece, 24, dozen)
    (24.0, 24.0)
    >>> whole_units(piece, 20), whole_units(piece, 20.001, piece)
    (20.0, 20.01)

    A dust of floats does not make one unit more, a unit without a factor none at all.

    >>> whole_units(piece, 24.0000001, dozen), whole_units(piece, 20, Unit(0))
    (24.0, 20.0)
    """
    quantity = bounded(quantity)
    units = unit and unit != uom and converted(quantity, uom, unit)
    if not units:
        return uom.round(quantity, rounding_method="UP")
    return unit._compute_quantity(ceil(round(units, 6)), uom)


def order_quantity(uom, offer, quantity, multiple=None):
    """What to order for ``quantity`` at the price break ``offer``: first at least its
    minimum, then whole purchase units, then whole multiples of the reordering rule.

    :return: the quantity in the unit of the product, and what it costs

    >>> piece, dozen, pallet = Unit(), Unit(12), Unit(60)
    >>> order_quantity(piece, PriceBreak(0, 2.0, piece), 7)
    (7.0, 14.0)
    >>> order_quantity(piece, PriceBreak(10, 2.0, piece), 7)
    (10.0, 20.0)
    >>> order_quantity(piece, PriceBreak(10, 2.0, dozen), 7)
    (12.0, 24.0)
    >>> order_quantity(piece, PriceBreak(10, 2.0, dozen), 7, pallet)
    (60.0, 120.0)
    """
    ordered = whole_units(uom, max(quantity, offer.least_qty), offer.unit)
    ordered = whole_units(uom, ordered, multiple)
    return ordered, ordered * offer.unit_price


def cheapest(uom, offers, quantity, multiple=None):
    """The offer for which the whole order costs least, of two that cost the same the
    one with less to order. Ordering more than needed may cost less.

    :param offers: ``{offer: PriceBreak}`` of one vendor
    :return: a key of ``offers``, None when there are none

    >>> piece = Unit()
    >>> breaks = {"one": PriceBreak(0, 3.0, piece), "ten": PriceBreak(10, 2.0, piece)}
    >>> [cheapest(piece, breaks, quantity) for quantity in (6, 7, 12)]
    ['one', 'ten', 'ten']
    >>> free = {"ten": PriceBreak(10, 0.0, piece), "one": PriceBreak(0, 0.0, piece)}
    >>> cheapest(piece, free, 6), cheapest(piece, {}, 6)
    ('one', None)
    """

    def cost_first(offer):
        return order_quantity(uom, offers[offer], quantity, multiple)[::-1]

    return min(offers, key=cost_first, default=None)


def lead_days(vendor_days, purchase_days):
    """The days from the order to the arrival: those of the vendor, and the days to
    purchase of the company.

    >>> lead_days(5, 2), lead_days(5, None), lead_days(10**9, 0)
    (7, 5, 36500)
    """
    return bounded_days(vendor_days) + bounded_days(purchase_days)


def arrival(start, days):
    """The day on which it would be there, ordered on the day ``start``.

    >>> from datetime import date
    >>> arrival(date(2026, 2, 27), lead_days(5, 2))
    datetime.date(2026, 3, 6)
    """
    return start + timedelta(days=days)
