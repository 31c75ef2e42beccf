"""Statements that PostgreSQL keeps planned, and rows that one hands to another.

Planning one of our long statements takes ten to fifty times as long as running it for
the few products that changed lately. So it is planned once for each connection, as a
prepared statement that takes the ids and the moment as parameters, and its rows are
handed to the statements that read them as an array a column, which costs them no
planning at all. Nothing is created in the database: it works on a read replica, and
there is nothing to remove.
"""

from datetime import date, datetime
from hashlib import sha1

from odoo.tools import SQL

# Of the names, and of what is known of them in the cache of a cursor.
PREFIX = "backlog_"
# A connection keeps so many plans, of up to fifteen megabytes each.
MOST_PLANS = 8
# One plan serves all who ask for so many products; who asks for more needs its own, and
# the rows would be too many to hand on.
MOST_PRODUCTS = 300


class Rows(str):
    """Rows in JSON, as numbers of any precision, for ``rows_table``."""

    __slots__ = ()


class Column(str):
    """The values of one column of rows, as PostgreSQL writes an array: a third of the
    length of JSON, and read in half the time."""

    __slots__ = ("kind",)

    def __new__(cls, values, kind):
        """``values`` of the PostgreSQL type ``kind``."""
        column = super().__new__(cls, values)
        column.kind = kind
        return column


class Varying(str):
    """A text that differs from user to user, as the name of a time zone."""

    __slots__ = ()


class _Slot:
    """A parameter of a prepared statement, written as ``$1``."""

    def __init__(self, number):
        self._text = f"${number}".encode()

    def __conform__(self, protocol):
        return self

    def getquoted(self):
        return self._text


def is_many(product_ids):
    """Whether these products, None for all, are too many for a plan that others use.

    >>> is_many([7]), is_many(None), is_many(range(1000))
    (False, True, True)
    """
    return product_ids is None or len(product_ids) > MOST_PRODUCTS


def slot_type(value):
    """The type of a parameter that differs from call to call: of a moment, of rows, of
    a list of ids, quantities or moments. None for all others: they are settings, and
    stay in the text of the statement, as does an empty list, whose type nobody knows.

    >>> slot_type([3, 4]), slot_type(date(2030, 1, 15)), slot_type([1.5, 2, None])
    ('integer[]', 'date', 'numeric[]')
    >>> slot_type(["assigned"]) or slot_type([]) or slot_type((3, 4)) or slot_type(7)
    >>> slot_type(Rows("[]")), slot_type(Varying("UTC"))
    ('json', 'text')
    >>> slot_type(Column("{}", "date"))
    'date[]'
    """
    if isinstance(value, list):
        kinds = {_type_of(one) for one in value if one is not None}
        if kinds == {"integer", "numeric"}:
            return "numeric[]"
        kind = kinds.pop() if len(kinds) == 1 else None
        return f"{kind}[]" if kind else None
    if isinstance(value, Rows):
        return "json"
    if isinstance(value, Varying):
        return "text"
    if isinstance(value, Column):
        return f"{value.kind}[]"
    return _type_of(value) if isinstance(value, date) else None


def _type_of(value):
    if isinstance(value, datetime):  # Which is a date as well.
        return None if value.tzinfo else "timestamp"
    if isinstance(value, date):
        return "date"
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return "integer" if -(2**31) <= value < 2**31 else "numeric"
    return "numeric" if isinstance(value, float) else None


def slots(params):
    """``(parameters with slots in place of what differs, types, what differs)``.

    >>> _params, types, values = slots([7, [1, 2], "draft", [3]])
    >>> types, values
    (['integer[]', 'integer[]'], [[1, 2], [3]])
    """
    fixed, types, values = [], [], []
    for value in params:
        kind = slot_type(value)
        if kind:
            types.append(kind)
            values.append(value)
            value = _Slot(len(values))
        fixed.append(value)
    return fixed, types, values


def prepared(env, statement):
    """An ``SQL`` that runs ``statement`` by its plan, made now where this connection
    has none yet. It is executed as it stands: SQL knows no EXECUTE within a statement.

    What ``statement`` reads is written first: afterwards another plan could take the
    place of this one.
    """
    env.flush_query(statement)
    fixed, types, values = slots(statement.params)
    text = env.cr.mogrify(statement.code, fixed)
    head = f"({', '.join(types)})" if types else ""
    name = PREFIX + _digest(head.encode() + text)[:20]
    known = _known(env)
    if name not in known:
        # Another cursor may use this connection, in tests.
        known = _known(env, again=True)
    if name in known:
        known[name] = known.pop(name)  # used last
    else:
        while len(known) >= MOST_PLANS:
            oldest = next(iter(known))
            env.cr.execute(SQL("DEALLOCATE %s", SQL.identifier(oldest)))
            del known[oldest]
        env.cr.execute(
            SQL(
                "PREPARE %s %s AS %s",
                SQL.identifier(name),
                SQL(head),
                # It holds the values of its settings: it has no parameters of psycopg.
                SQL(text.decode().replace("%", "%%")),
            )
        )
        known[name] = True
    given = SQL(", ").join(SQL("%s", value) for value in values)
    return SQL(
        # Until the transaction ends. The plan is made without the values of one call,
        # so it is the same for all, and made once.
        "SET LOCAL plan_cache_mode = force_generic_plan; EXECUTE %s %s",
        SQL.identifier(name),
        SQL("(%s)", given) if values else SQL(),
    )


def by_plan(env, statement, product_ids):
    """``statement`` about these products, by a plan for few where they are few."""
    return statement if is_many(product_ids) else prepared(env, statement)


def columns_of(env, statement, types):
    """Run ``statement`` by its plan, and return what ``columns_table`` hands on.

    :param types: ``{column: type}`` of those that are wanted
    :return: ``{column: Column}``
    """
    [values] = env.execute_query(
        prepared(
            env,
            SQL(
                "SELECT %s FROM (%s) one",
                SQL(", ").join(
                    SQL(
                        "COALESCE(ARRAY_AGG(%s::%s), '{}')::text",
                        SQL.identifier("one", name),
                        SQL(kind),
                    )
                    for name, kind in types.items()
                ),
                statement,
            ),
        )
    )
    return {
        name: Column(value, kind)
        for (name, kind), value in zip(types.items(), values, strict=True)
    }


def columns_table(alias, columns):
    """What ``columns_of`` returned as the table expression ``alias``."""
    return SQL(
        "UNNEST(%s) AS %s(%s)",
        SQL(", ").join(
            SQL("%s::%s[]", column, SQL(column.kind)) for column in columns.values()
        ),
        SQL.identifier(alias),
        SQL(", ").join(map(SQL.identifier, columns)),
    )


def rows_table(alias, rows, columns):
    """``rows`` as the table expression ``alias``.

    :param columns: ``{name: type}``
    """
    return SQL(
        "JSON_TO_RECORDSET(%s::json) AS %s(%s)",
        rows,
        SQL.identifier(alias),
        SQL(", ").join(
            SQL("%s %s", SQL.identifier(name), SQL(kind))
            for name, kind in columns.items()
        ),
    )


def _digest(text):
    return sha1(text, usedforsecurity=False).hexdigest()


def _known(env, again=False):
    """``{name: True}`` of the plans of this connection, used last at the end. Asked
    once a transaction: between two, a pool of connections may give another one."""
    known = env.cr.cache.get(PREFIX)
    if known is None or again:
        rows = env.execute_query(
            SQL(
                "SELECT name FROM pg_prepared_statements WHERE name LIKE %s "
                "ORDER BY prepare_time",
                f"{PREFIX}%",
            )
        )
        known = env.cr.cache[PREFIX] = {name: True for (name,) in rows}
    return known
