"""Bounds of what is read of Odoo's own records.

An import or a statement in SQL can write a quantity that is no number, a date after the
year 9999, or a unit without a factor. PostgreSQL or Python then fails for every user
who reads a page with it, or a sum is no number any more. So each value is bounded where
it is read first:

* a quantity, an amount or a factor out of bounds counts as nothing (``NULL`` in SQL, 0
  in Python): whatever it stands for, it must not end up in a sum;
* days and dates out of bounds count as the nearest bound.

``backlog.bad.value`` finds these values and tells the managers.
"""

from datetime import date, datetime, time
from math import isfinite, isnan
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytz

from odoo.tools import SQL

# What PostgreSQL can hold of an integer or an id.
LARGEST_INTEGER = 2**31 - 1
MOST_QUANTITY = 10**12
MOST_MONEY = 10**15
# The factor of a unit or the rate of a currency.
MOST_FACTOR = 10**12
LEAST_FACTOR = 1 / MOST_FACTOR
MOST_PERCENT = 10**4
MOST_DAYS = 36_500  # a hundred years
# Odoo groups by year: the year after the last day must be one of Python's. No time zone
# is known for days before the first one.
FIRST_DAY = date(1900, 1, 1)
LAST_DAY = date(9998, 12, 31)
FIRST_MOMENT = datetime.combine(FIRST_DAY, time.min)
LAST_MOMENT = datetime.combine(LAST_DAY, time.min)


# In SQL. Each argument is a column, or as cheap as one: it is computed several times.


def finite(column, most=MOST_QUANTITY):
    """The number in ``column``, ``NULL`` where it is none or beyond ``most``.

    PostgreSQL takes NaN for greater than every number, so that it is beyond as well.

    >>> finite(SQL("qty"), 5).code
    'CASE WHEN qty BETWEEN %s AND %s THEN qty END'
    >>> finite(SQL("qty"), 5).params
    [-5, 5]
    """
    return SQL(
        "CASE WHEN %s BETWEEN %s AND %s THEN %s END", column, -most, most, column
    )


def money(column):
    """The amount in ``column``, ``NULL`` where it is none.

    >>> money(SQL("price")).params == [-MOST_MONEY, MOST_MONEY]
    True
    """
    return finite(column, MOST_MONEY)


def money_of_json(column, key):
    """The amount of one company in the JSON of ``column``.

    :param key: the id of the company as text
    """
    return SQL(
        "CASE WHEN JSONB_TYPEOF(%s -> %s) = 'number' THEN %s END",
        column,
        key,
        money(SQL("(%s ->> %s)::numeric", column, key)),
    )


def is_factor(column):
    """Whether ``column`` can be the factor of a unit, or a rate.

    >>> is_factor(SQL("factor")).code
    'factor BETWEEN %s AND %s'
    """
    return SQL("%s BETWEEN %s AND %s", column, LEAST_FACTOR, MOST_FACTOR)


def rate(column):
    """The rate in ``column``, 1 where it is none: as of an order without one.

    >>> rate(SQL("currency_rate")).code
    'CASE WHEN currency_rate BETWEEN %s AND %s THEN currency_rate ELSE 1 END'
    """
    return SQL("CASE WHEN %s THEN %s ELSE 1 END", is_factor(column), column)


def rounding(column):
    """The smallest amount of a currency that ``column`` says, a cent where that is
    none.

    >>> rounding(SQL("rounding")).code
    'CASE WHEN rounding BETWEEN %s AND %s THEN rounding::numeric ELSE 0.01 END'
    """
    return SQL("CASE WHEN %s THEN %s::numeric ELSE 0.01 END", is_factor(column), column)


def in_unit(quantity, unit, wanted):
    """``quantity`` of one unit in another one, ``NULL`` where one of them has no
    factor. In the same unit it is itself, whatever that unit is.

    :param str unit: the alias of a row of ``uom_uom``
    :param str wanted: that of the other one

    >>> text = " ".join(in_unit(SQL("qty"), "move_uom", "uom").code.split())
    >>> text.replace('"', "").split(" THEN ")[0]
    'CASE WHEN move_uom.id = uom.id'
    >>> text.replace('"', "").split(" THEN ")[-1]
    'qty * move_uom.factor / uom.factor END'
    """
    factor, wanted_factor = (SQL.identifier(one, "factor") for one in (unit, wanted))
    return SQL(
        """
        CASE WHEN %(unit_id)s = %(wanted_id)s THEN %(quantity)s
             WHEN %(is_unit)s AND %(is_wanted)s
             THEN %(quantity)s * %(factor)s / %(wanted_factor)s
         END
        """,
        unit_id=SQL.identifier(unit, "id"),
        wanted_id=SQL.identifier(wanted, "id"),
        is_unit=is_factor(factor),
        is_wanted=is_factor(wanted_factor),
        quantity=quantity,
        factor=factor,
        wanted_factor=wanted_factor,
    )


def days(column):
    """The number of days in ``column``, none for ``NULL``.

    >>> days(SQL("delay")).code
    'LEAST(GREATEST(COALESCE(delay, 0), %s), %s)'
    """
    return SQL(
        "LEAST(GREATEST(COALESCE(%s, 0), %s), %s)", column, -MOST_DAYS, MOST_DAYS
    )


def moment(column):
    """The moment in ``column``. ``NULL`` stays ``NULL``; LEAST would skip it.

    >>> print(moment(SQL("date")).code)
    CASE WHEN date BETWEEN %s AND %s THEN date WHEN date > %s THEN %s WHEN date < %s \
THEN %s END
    """
    return SQL(
        "CASE WHEN %(column)s BETWEEN %(first)s AND %(last)s THEN %(column)s "
        "WHEN %(column)s > %(last)s THEN %(last)s "
        "WHEN %(column)s < %(first)s THEN %(first)s END",
        column=column,
        first=FIRST_MOMENT,
        last=LAST_MOMENT,
    )


def later(column, number):
    """The moment in ``column`` and a ``number`` of days after it, ``NULL`` for
    ``NULL``.

    :param number: a column
    """
    return SQL(
        """
        LEAST(
            %s + %s * INTERVAL '1 day', CASE WHEN %s IS NOT NULL THEN %s END
        )
        """,
        moment(column),
        days(number),
        column,
        LAST_MOMENT,
    )


# In Python


def bounded(value, most=MOST_QUANTITY):
    """The number ``value``, 0 where it is none or beyond ``most``.

    >>> bounded(2.5), bounded(-3), bounded(False)
    (2.5, -3, 0)
    >>> bounded(float("nan")), bounded(float("inf")), bounded(1e300)
    (0, 0, 0)
    """
    return value if value and isfinite(value) and abs(value) <= most else 0


def bounded_money(value):
    """The amount ``value``, 0 where it is none.

    >>> bounded_money(10**14), bounded_money(1e300)
    (100000000000000, 0)
    """
    return bounded(value, MOST_MONEY)


def is_bounded_factor(value):
    """Whether ``value`` can be the factor of a unit, or a rate.

    >>> [is_bounded_factor(one) for one in (12, 0.001, 0, -1, float("nan"), 1e300)]
    [True, True, False, False, False, False]
    """
    return LEAST_FACTOR <= value <= MOST_FACTOR


def bounded_days(value, least=-MOST_DAYS):
    """The number of days ``value``, at least ``least``; none for what is no number.

    >>> bounded_days(14), bounded_days(2.5), bounded_days(None), bounded_days(-3, 0)
    (14, 2.5, 0, 0)
    >>> bounded_days(3_000_000), bounded_days(float("-inf"), 0)
    (36500, 0)
    >>> bounded_days(float("nan"))
    0
    """
    if not value or isnan(value):
        return 0
    return min(max(value, least), MOST_DAYS)


def bounded_day(value):
    """The day ``value``.

    >>> bounded_day(date(2030, 1, 15)), bounded_day(False)
    (datetime.date(2030, 1, 15), False)
    >>> bounded_day(date(9999, 12, 31)), bounded_day(date.min)
    (datetime.date(9998, 12, 31), datetime.date(1900, 1, 1))
    """
    return value and min(max(value, FIRST_DAY), LAST_DAY)


def bounded_moment(value):
    """The moment ``value``.

    >>> bounded_moment(datetime.max), bounded_moment(False)
    (datetime.datetime(9998, 12, 31, 0, 0), False)
    """
    return value and min(max(value, FIRST_MOMENT), LAST_MOMENT)


def known_zone(name):
    """The current name of a time zone, as Odoo knows it; UTC for an unknown one.

    >>> known_zone("Asia/Jakarta"), known_zone(False), known_zone("Mars/Olympus")
    ('Asia/Jakarta', 'UTC', 'UTC')
    """
    try:
        return ZoneInfo(pytz.timezone(name).zone).key if name else "UTC"
    except (ValueError, pytz.UnknownTimeZoneError, ZoneInfoNotFoundError):
        return "UTC"


def converted(quantity, unit, wanted):
    """``quantity`` of the record ``unit`` in the record ``wanted``, not rounded; 0
    where one of them has no factor."""
    quantity = bounded(quantity)
    if not unit or unit == wanted:
        return quantity
    if not (is_bounded_factor(unit.factor) and is_bounded_factor(wanted.factor)):
        return 0
    return unit._compute_quantity(quantity, wanted, round=False)
