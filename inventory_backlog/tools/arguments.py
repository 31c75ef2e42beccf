"""What comes over a form, RPC or a context: numbers, days and texts, checked once."""

from datetime import date
from math import isfinite

from odoo import fields
from odoo.exceptions import UserError

LARGEST_NUMBER = 1e12
# What PostgreSQL can hold.
LARGEST_INTEGER = 2**31 - 1
FIRST_DAY = date(1900, 1, 1)
LONGEST_TEXT = 1_000


def is_number(value, largest=LARGEST_NUMBER):
    """Whether ``value`` is a number within bounds, or such a number as text.

    >>> [is_number(one) for one in (3, -2.5, "12", 0)]
    [True, True, True, True]
    >>> [is_number(one) for one in (1e308, float("nan"), 10**400, True, "a", [1])]
    [False, False, False, False, False, False]
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return False
    return isfinite(number) and abs(number) <= largest


def is_text(value):
    """Whether ``value`` is a text that people would write. PostgreSQL holds no zero
    bytes, and no half of a pair of surrogates.

    >>> is_text("Fire"), is_text("x" * 1_001), is_text({"a": 1})
    (True, False, False)
    >>> is_text(chr(0)), is_text(chr(0xD800))
    (False, False)
    """
    return (
        isinstance(value, str)
        and len(value) <= LONGEST_TEXT
        and not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value)
    )


def is_day(value):
    """Whether ``value`` is a day of our times, or such a day as text.

    >>> is_day("2030-01-15"), is_day(date(2030, 1, 15)), is_day("9999-12-31")
    (True, True, True)
    >>> [is_day(one) for one in ("0001-01-01", "15.1.2030", True, 5, {"a": 1})]
    [False, False, False, False, False]
    """
    if not isinstance(value, date | str):
        return False
    try:
        return fields.Date.to_date(value) >= FIRST_DAY
    except (TypeError, ValueError):
        return False


def without_defaults(records, names=None):
    """``records`` in a context without the defaults for the fields ``names`` (all by
    default): whoever presses a button may have put some there.

    :param records: of any model
    """
    left_out = names if names is None else {f"default_{name}" for name in names}
    context = {
        key: value
        for key, value in records.env.context.items()
        if not key.startswith("default_")
        or left_out is not None
        and key not in left_out
    }
    # A key can only be left out of a whole context.
    return records.with_context(context)  # pylint: disable=context-overridden


def checked_text(env, value):
    """The text without the blanks around it.

    :raise UserError: for what is none, or too long
    """
    if not is_text(value):
        raise UserError(env._("Write a text of at most %s characters.", LONGEST_TEXT))
    return value.strip()
