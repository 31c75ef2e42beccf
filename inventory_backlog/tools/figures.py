"""Fields that are computed in SQL, and conditions on them."""

from odoo import fields
from odoo.fields import Domain
from odoo.tools import OrderedSet

# Odoo checks values compared with a float and passes all others to PostgreSQL
# unchecked, whose error would end the transaction.
NUMBERS = {"monetary": float, "many2one": int, "many2many": int}
COMPARING = ("=", "!=", "<", "<=", ">", ">=")


def checked_value(field, operator, value):
    """The value of a condition on a figure.

    :raise TypeError, ValueError: for what is no number where one is compared
    """
    if field.type not in NUMBERS:
        return value
    if operator in ("in", "not in"):
        return OrderedSet(checked_value(field, "=", one) for one in value)
    if operator not in COMPARING or value is False or value is None:
        return value
    if value is True and field.relational:
        raise ValueError(f"{field} is compared with ids, not with {value}")
    return NUMBERS[field.type](value)


def search_figure(name):
    """The ``search`` of the backlog figure ``name``: every operator, all in SQL."""

    def search(self, operator, value):
        field = self._fields[name]
        value = checked_value(field, operator, value)
        return Domain.custom(
            to_sql=lambda model, alias, query: field.condition_to_sql(
                name, operator, value, model, alias, query
            )
        )

    return search


class Rate(fields.Float):
    """A float that can be empty: no data reads as ``False`` and never as 0, in Python,
    over RPC and on screen."""

    falsy_value = None

    def convert_to_cache(self, value, record, validate=True):
        """Nothing to measure is not zero: empty stays empty."""
        if value is None or value is False:
            return None
        return super().convert_to_cache(value, record, validate)

    def convert_to_column(self, value, record, values=None, validate=True):
        """Kept as NULL, so that averages leave it out."""
        if value is None or value is False:
            return None
        return super().convert_to_column(value, record, values, validate)

    def convert_to_record(self, value, record):
        """Empty reads as ``False``, as in other fields, and never as 0.0."""
        return False if value is None else value
