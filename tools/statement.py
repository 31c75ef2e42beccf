"""Print a statement of ours whole, laid out as its parts are written, with the names of
its parameters, so that it can be read, and run: ``./dev sql allocation | psql …``.

Read by ``./dev sql NAME`` in Odoo's shell, with the name in ``STATEMENT``.
"""

import os
import re
import textwrap
from itertools import zip_longest

from psycopg2.extensions import adapt, register_adapter

from odoo.tools import SQL

from odoo.addons.inventory_backlog.tools.given import giving

PLACE = re.compile(r"%\((\w+)\)s|%s")
OUTPUT = 1  # everything else that the shell writes is no part of the statement


class Named:
    """A parameter with the name that the code gives it."""

    def __init__(self, name, value):
        self.name, self.value = name, value


def with_layout(original):
    """Let ``SQL`` keep the layout of its parts and the names of its parameters."""

    def init(self, code="", /, *args, to_flush=None, **kwargs):
        if isinstance(code, str) and code.startswith("\n    "):
            code = textwrap.dedent(code).strip("\n")
        if isinstance(code, SQL) or not (args or kwargs):
            original(self, code, to_flush=to_flush)
            return
        positional = iter(args)
        is_joined = not code.replace("%s", "")
        laid_out = []
        for place in PLACE.finditer(code):
            name = place.group(1)
            value = kwargs[name] if name else next(positional)
            if isinstance(value, SQL):
                column = place.start() - code.rfind("\n", 0, place.start()) - 1
                value = indented(value, 0 if is_joined else column)
            elif not isinstance(value, Named):
                value = Named(name or "value", value)
            laid_out.append(value)
        original(self, PLACE.sub("%s", code), *laid_out, to_flush=to_flush)

    return init


def indented(sql, column):
    """The same, its first line at this column and the others where they are to it."""
    first, *others = sql.code.split("\n")
    if not others or not first.strip():
        return sql  # also of Odoo, whose parts bring their own blanks and breaks
    copy = SQL(sql)
    shift = column - (len(first) - len(first.lstrip()))
    copy._SQL__code = "\n".join(
        [
            first.lstrip(),
            *(
                " " * max(0, shift + len(line) - len(line.lstrip())) + line.lstrip()
                for line in others
            ),
        ]
    )
    return copy


def allocation():
    return env["backlog.live.slice"]._live_slices()  # noqa: F821 of the shell


def line():
    with giving(env["backlog.line"], live=True) as lines:  # noqa: F821
        return lines.env["backlog.line"]._lines()


def need():
    return env["backlog.need"]._statement(None)  # noqa: F821


def cash():
    with giving(env["backlog.cash"], live=True) as rows:  # noqa: F821
        return rows._cash(None)


STATEMENTS = {one.__name__: one for one in (allocation, line, need, cash)}


def printed(sql):
    """The statement as psql reads it: each parameter is a variable of its own."""
    variables, names = {}, []
    for parameter in sql.params:
        value = parameter.value if isinstance(parameter, Named) else parameter
        name = parameter.name if isinstance(parameter, Named) else "value"
        literal = env.cr.mogrify("%s", (value,)).decode()  # noqa: F821
        number = 1
        unique = name
        while variables.setdefault(unique, literal) != literal:
            number += 1
            unique = f"{name}_{number}"
        names.append(f":{unique}")
    parts = sql.code.replace("%%", "\0").split("%s")
    code = "".join(map("".join, zip_longest(parts, names, fillvalue="")))
    lines = [
        f"\\set {name} '{literal.replace(chr(39), chr(39) * 2)}'"
        for name, literal in variables.items()
    ]
    return "\n".join([*lines, "", code.replace("\0", "%"), ";"])


def main():
    name = os.environ["STATEMENT"]
    if name not in STATEMENTS:
        raise SystemExit(f"./dev sql {'|'.join(STATEMENTS)}, not {name}")
    register_adapter(Named, lambda named: adapt(named.value))
    original = SQL.__init__
    SQL.__init__ = with_layout(original)
    try:
        statement = STATEMENTS[name]()
        text = printed(statement)
    finally:
        SQL.__init__ = original
    os.write(OUTPUT, f"{text}\n".encode())


main()
