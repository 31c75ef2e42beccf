"""What comes over a form, RPC or a context: ids, numbers, days, texts, checked once."""

from datetime import date, datetime, time, timezone
from math import inf, isfinite

from odoo import fields
from odoo.exceptions import UserError

from .bounds import FIRST_DAY, MOST_QUANTITY

LARGEST_NUMBER = 1e12
LONGEST_TEXT = 1_000


def is_whole(value, largest=inf):
    """Whether ``value`` is a whole number from 1 to ``largest``, as ids and counts are.

    >>> [is_whole(one) for one in (7, 0, -7, True, 7.0, "7", None)]
    [True, False, False, False, False, False, False]
    >>> is_whole(10, 10), is_whole(11, 10)
    (True, False)
    """
    return type(value) is int and 0 < value <= largest


def is_list_of_ids(value):
    """Whether ``value`` is a list of ids, maybe an empty one.

    >>> [is_list_of_ids(one) for one in ([7, 8], [], [0], (7,), 7, "7")]
    [True, True, False, False, False, False]
    """
    return isinstance(value, list) and all(map(is_whole, value))


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
    default): a client may send some with a button.

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
    # Keys can only be removed by giving a whole context.
    return records.with_context(context)  # pylint: disable=context-overridden


def checked_text(env, value):
    """The text without the blanks around it.

    :raise UserError: for what is none, or too long
    """
    if not is_text(value):
        raise UserError(env._("Write a text of at most %s characters.", LONGEST_TEXT))
    return value.strip()


def checked_records(env, model, ids):
    """The records of ``model`` with these ids, each once.

    :param ids: an iterable
    :raise UserError: for what is no id
    :raise AccessError: for a record that the user may not read
    :raise MissingError: for one that does not exist
    """
    ids = list(ids)
    if not all(map(is_whole, ids)):
        raise UserError(
            env._(
                "Give the id of one %(model)s as a whole number.",
                model=env[model]._description,
            )
        )
    records = env[model].browse(dict.fromkeys(ids))
    records.check_access("read")
    # Reading raises MissingError for an id that does not exist.
    records.read(["display_name"])
    return records


def checked_product_ids(env, ids):
    """A list of the ids of products, None for all products.

    :raise UserError: for what is neither a list of whole numbers nor empty
    """
    if ids is None or ids is False:
        return None
    if not isinstance(ids, list | tuple) or not all(
        isinstance(one, int) and not isinstance(one, bool) for one in ids
    ):
        raise UserError(env._("Give the products as a list of ids, or none for all."))
    return list(ids)


def checked_quantity(env, quantity):
    """The quantity that somebody wants, as a float: PostgreSQL takes large whole
    numbers for another type.

    :raise UserError: for what is no number above zero, or too large a one
    """
    if isinstance(quantity, bool) or not isinstance(quantity, int | float):
        raise UserError(env._("The quantity must be a number."))
    # NaN is not above zero either.
    if not quantity > 0:
        raise UserError(env._("The quantity must be above zero."))
    if quantity > MOST_QUANTITY:
        raise UserError(env._("The quantity must not be above %s.", MOST_QUANTITY))
    return float(quantity)


def checked_end_of_day(env, day):
    """The moment (UTC) in which ``day`` ends where the user is.

    :raise UserError: for what is no day
    """
    try:
        midnight = datetime.combine(fields.Date.to_date(day), time.max)
        return env.tz.localize(midnight).astimezone(timezone.utc).replace(tzinfo=None)
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise UserError(env._("The date must look like 2030-12-31.")) from error
