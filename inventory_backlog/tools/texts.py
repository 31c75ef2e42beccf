"""How numbers and names are written for people."""

from odoo.tools.misc import get_lang

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
