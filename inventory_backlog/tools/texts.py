"""How numbers, days and names are written for people."""

from datetime import datetime

from babel.dates import format_skeleton
from babel.numbers import format_compact_decimal

from odoo import fields
from odoo.tools.misc import babel_locale_parse, get_lang

# Characters of a name inside a file name, which may have 255 bytes.
MAX_FILE_NAME = 80
NOT_IN_FILE_NAME = frozenset('<>:"/\\|?*')


def plain_quantity(env, quantity):
    """A quantity without needless zeros, as people write it: 14, 2.5."""
    lang = env["res.lang"].browse(get_lang(env).id)
    return lang.format("%.12g", quantity, grouping=True)


def quantity_with_unit(env, quantity, unit):
    """A quantity with its unit, as people write it: 14 Units, 2.5 kg."""
    return env._(
        "%(quantity)s %(unit)s",
        quantity=plain_quantity(env, quantity),
        unit=unit.name,
    )


def short_day(env, moment):
    """A day as the screens write it: Nov 23, with the year only where it is another.

    :param moment: a date, or a datetime in UTC, which counts where the user is; empty
        where there is none
    """
    if not moment:
        return ""
    user = env.user
    if isinstance(moment, datetime):
        moment = fields.Datetime.context_timestamp(user, moment).date()
    today = fields.Date.context_today(user)
    skeleton = "MMMd" if moment.year == today.year else "yMMMd"
    locale = babel_locale_parse(get_lang(env).code)
    return format_skeleton(skeleton, moment, locale=locale)


def short_amount(env, amount):
    """An amount as cards write it: 15.5K, 1.2M."""
    locale = babel_locale_parse(get_lang(env).code)
    return format_compact_decimal(amount, locale=locale, fraction_digits=1)


def time_ago(env, moment):
    """How long ago a moment (UTC) was: 5 min ago, 2 h ago, 3 d ago."""
    minutes = int((fields.Datetime.now() - moment).total_seconds() // 60)
    if minutes < 1:
        return env._("just now")
    if minutes < 60:
        return env._("%s min ago", minutes)
    if minutes < 24 * 60:
        return env._("%s h ago", minutes // 60)
    return env._("%s d ago", minutes // (24 * 60))


def file_name(name):
    """``name`` as part of the name of a file: those of customers and companies are of
    any length, and may hold line breaks, which no header takes.

    >>> file_name("Azure: Interior\\n(Fremont)"), file_name(False)
    ('Azure Interior (Fremont)', '')
    >>> len(file_name("x" * 200))
    80
    """
    plain = "".join(
        char if char.isprintable() and char not in NOT_IN_FILE_NAME else " "
        for char in name or ""
    )
    return " ".join(plain.split())[:MAX_FILE_NAME].strip()


def paper_lang(partner):
    """The language in which the customer gets its paper; the language of the current
    user where the customer's is no longer active."""
    return get_lang(partner.env, partner.lang or partner.env.lang).code
