"""Statements that PostgreSQL keeps planned, and rows handed from one to another.

Planning one of our long statements takes ten to fifty times as long as running it for
the few products that changed lately. So it is planned once for each connection, as a
prepared statement that takes the ids and the moment as parameters, and its rows are
handed to the statements that read them as one value in JSON, which costs them no
planning at all. Nothing is created in the database: it works on a read replica, and
there is nothing to remove.
"""

from datetime import date, datetime
from hashlib import sha1

from odoo.tools import SQL

from .sql import is_many

PREFIX = "backlog_"
# A connection keeps so many plans, of one or two megabytes each.
MOST_PLANS = 24


class Rows(str):
    """Rows in JSON, as numbers of any precision, for ``rows_table``."""

    __slots__ = ()


class _Slot:
    """A parameter of a prepared statement, written as ``$1``."""

    def __init__(self, number):
        self._text = f"${number}".encode()

    def __conform__(self, protocol):
        return self

    def getquoted(self):
        return self._text


def slot_type(value):
    """The type of a parameter that differs from call to call, else None: moments, rows,
    lists of ids, quantities or moments. What else stands in a statement are settings,
    which are part of it, as is an empty list, whose type nobody knows.

    >>> slot_type([3, 4]), slot_type(date(2030, 1, 15)), slot_type([1.5, 2, None])
    ('integer[]', 'date', 'numeric[]')
    >>> slot_type(["assigned"]) or slot_type([]) or slot_type((3, 4)) or slot_type(7)
    >>> slot_type(Rows("[]"))
    'json'
    """
    if isinstance(value, list):
        kinds = {_type_of(one) for one in value if one is not None}
        if kinds == {"integer", "numeric"}:
            kinds = {"numeric"}
        [kind] = kinds if len(kinds) == 1 else [None]
        return f"{kind}[]" if kind else None
    kind = "json" if isinstance(value, Rows) else _type_of(value)
    return None if kind in ("integer", "numeric") else kind


def _type_of(value):
    for kind, types in (
        ("timestamp", datetime),
        ("date", date),  # A moment is a day as well.
        ("integer", int),
        ("numeric", float),
    ):
        if isinstance(value, types) and not isinstance(value, bool):
            return kind
    return None


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


def statement_key(statement):
    """What tells ``statement`` from others that say something else in this minute. The
    moment within it does not: a page that takes a second says one thing.

    >>> moment = datetime(2030, 1, 15, 9, 0)
    >>> text = "x < %s AND y = ANY(%s)"
    >>> later = SQL(text, moment.replace(second=5), [1])
    >>> statement_key(later) == statement_key(SQL(text, moment, [1]))
    True
    """
    params = [
        value.replace(second=0, microsecond=0) if isinstance(value, datetime) else value
        for value in statement.params
    ]
    return statement.code, repr(params)


def prepared(env, statement):
    """An ``SQL`` that runs ``statement`` by its plan, made now where this connection
    has none yet. It stands alone: it cannot be a part of another statement."""
    fixed, types, values = slots(statement.params)
    text = env.cr.mogrify(statement.code, fixed)
    head = f"({', '.join(types)})" if types else ""
    name = PREFIX + sha1(head.encode() + text, usedforsecurity=False).hexdigest()[:20]
    known = _known(env)
    if name not in known:
        if len(known) >= MOST_PLANS:
            for other in known:
                env.cr.execute(SQL("DEALLOCATE %s", SQL.identifier(other)))
            known.clear()
        # The text holds the values of its settings: it has no parameters.
        env.cr.execute(
            SQL(
                "PREPARE %s %s AS %s",
                SQL.identifier(name),
                SQL(head),
                SQL(text.decode().replace("%", "%%")),
            )
        )
        known.add(name)
    given = SQL(", ").join(SQL("%s", value) for value in values)
    return SQL(
        "EXECUTE %s %s",
        SQL.identifier(name),
        SQL("(%s)", given) if values else SQL(),
        to_flush=tuple(statement.to_flush),
    )


def by_plan(env, statement, product_ids):
    """``statement``, by a plan for few products where these are few."""
    return statement if is_many(product_ids) else prepared(env, statement)


def _known(env):
    """The names of the plans of this connection. Asked once a transaction: between two,
    a pool of connections may give another one."""
    known = env.cr.cache.get(PREFIX)
    if known is None:
        # One plan for all values: it is made without them.
        rows = env.execute_query(
            SQL(
                "SELECT name, SET_CONFIG('plan_cache_mode', 'force_generic_plan', TRUE)"
                "  FROM (VALUES (1)) one"
                "  LEFT JOIN pg_prepared_statements ON name LIKE %s",
                PREFIX + "%",
            )
        )
        known = env.cr.cache[PREFIX] = {name for name, _mode in rows if name}
    return known


def rows_of(env, statement):
    """Run ``statement`` by its plan and return its ``Rows``."""
    [[rows]] = env.execute_query(
        prepared(
            env,
            SQL("SELECT COALESCE(JSON_AGG(one), '[]')::text FROM (%s) one", statement),
        )
    )
    return Rows(rows)


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
