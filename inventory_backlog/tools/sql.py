"""Parts of statements that several models share."""

from odoo import fields
from odoo.tools import SQL, Query

from ..const import OPEN_STATES
from .prepared import Varying


def now():
    """The moment that overdue receipts and goods in stock are dated with."""
    return fields.Datetime.now()


def minute():
    """The present minute: what a transaction computes in it says one thing, also when
    its page takes some seconds."""
    return now().replace(second=0, microsecond=0)


def midnight(zone):
    """When today began in the time zone of this name, in UTC: what was due before is
    overdue."""
    zone = Varying(zone)
    day = SQL(
        "(%s::timestamp AT TIME ZONE 'UTC' AT TIME ZONE %s)::date::timestamp",
        now(),
        zone,
    )
    return SQL("(%s AT TIME ZONE %s AT TIME ZONE 'UTC')", day, zone)


def of_products(column, product_ids):
    """A condition on products, or on templates, cheap for PostgreSQL to push down.

    :param product_ids: ids, a statement that gives ids, or None for all

    >>> of_products(SQL("product_id"), None).code
    'TRUE'
    >>> of_products(SQL("product_id"), {7}).params
    [[7]]
    >>> of_products(SQL("product_id"), SQL("SELECT 7")).code
    'product_id = ANY(ARRAY(SELECT 7))'
    """
    if product_ids is None:
        return SQL("TRUE")
    if isinstance(product_ids, SQL):
        return SQL("%s = ANY(ARRAY(%s))", column, product_ids)
    return SQL("%s = ANY(%s)", column, list(product_ids))


def of_others(column, product_ids):
    """A condition on all products but these. Where there are none, an index can do
    without the column.

    >>> of_others(SQL("product_id"), []).code
    'TRUE'
    """
    if not product_ids:
        return SQL("TRUE")
    return SQL("%s <> ALL(%s)", column, product_ids)


def touched_of(column, touched, product_ids):
    """Of these products (None for all) those that are ``touched``, and a condition on
    the others; None where there are no others. Of some products it names the others:
    for each that is excluded PostgreSQL would expect fewer rows, none in the end.

    >>> touched_of(SQL("product_id"), [7], [7, 8])
    ([7], SQL('product_id = ANY(%s)', [8]))
    >>> touched_of(SQL("product_id"), [7, 9], [7])
    ([7], None)
    >>> touched_of(SQL("product_id"), [7], None)
    ([7], SQL('product_id <> ALL(%s)', [7]))
    """
    if product_ids is None:
        return touched, of_others(column, touched)
    others = sorted({*product_ids}.difference(touched))
    touched = sorted({*touched}.intersection(product_ids))
    # Nothing of nothing is a statement as well.
    named = of_products(column, others) if others or not touched else None
    return touched, named


def is_open(move):
    """Whether the move of this alias is still to be done.

    >>> is_open("move").code
    '"move".state IN %s'
    """
    return SQL("%s.state IN %s", SQL.identifier(move), OPEN_STATES)


def without_jit(env):
    """Turn off PostgreSQL's just-in-time compilation for the rest of the transaction:
    it compiles thousands of expressions of our long statements, which can take twenty
    times as long as running them."""
    done = env.cr.precommit.data
    if "backlog_without_jit" not in done:
        env.cr.execute("SET LOCAL jit = off")
        done["backlog_without_jit"] = True


def many_rows(table):
    """The table expression ``table`` for a join. PostgreSQL has no statistics of our
    statements, expects one row and would scan all rows for each row of the other side.
    For the series it expects a thousand rows; the offset keeps it from joining the
    series last."""
    return SQL(
        "(SELECT row.* FROM %s row, GENERATE_SERIES(1, (SELECT 1)) OFFSET 0)", table
    )


def join_once(query, alias, name, table, kind="LEFT JOIN"):
    """Join the rows of ``table()``, by id, to those of ``alias``, once per query: the
    statement holds the present moment, so a second one would not be the same.

    :return: the alias of the rows
    """
    rows = query.make_alias(alias, name)
    if rows not in query._joins:
        query.add_join(
            kind,
            rows,
            table(),
            SQL("%s = %s", SQL.identifier(rows, "id"), SQL.identifier(alias, "id")),
        )
    return rows


def to_flush(model):
    """An ``SQL`` without text that has Odoo write first what statements of ``model``
    read: its ``_depends``, and those of the models in them."""
    names, models_left = {}, [model]
    while models_left:
        for name, fields_read in models_left.pop()._depends.items():
            models_left.append(model.env[name])
            names.setdefault(name, set()).update(fields_read)
    return SQL().join(
        SQL(to_flush=model.env[name]._fields[field])
        for name, fields_read in names.items()
        for field in fields_read
    )


class OwnColumns(Query):
    """A query whose table has every column that is asked for, also those that the
    ``_field_to_sql`` of its model joins where rows are searched."""

    @classmethod
    def of(cls, query):
        """``query`` as it stands, to read the rows that it finds. What one of the two
        joins later the other one joins as well."""
        own = cls.__new__(cls)
        vars(own).update(vars(query))
        return own
