"""Print what the addons are to everybody outside, so that a change of the house can be
held against the house before it: nothing that others rely on may differ.

./dev shell < tools/fingerprint.py > before.txt
… move code …
./dev shell < tools/fingerprint.py > after.txt
diff before.txt after.txt

Per model: its fields with their attributes, its public methods with their signatures,
what its statements read (``_depends``), constraints, indexes, access rows and rules.
Then the statements, as hashes of their text with the clock standing still, and their
parameters; the triggers and functions in the database; external ids; terms to be
translated.
"""

import inspect
from datetime import datetime
from hashlib import sha256

import freezegun

from odoo.tools import SQL

from odoo.addons.inventory_backlog.tools.given import giving

OURS = "inventory_backlog", "inventory_backlog_mrp"
NOON = datetime(2026, 1, 15, 12)
# Products that no database has: the statements are built and never run.
SOME_IDS = [2**31 - 1]
ATTRIBUTES = (
    "type",
    "string",
    "help",
    "store",
    "readonly",
    "required",
    "copy",
    "index",
    "groups",
    "aggregator",
    "comodel_name",
    "inverse_name",
    "related",
    "related_sudo",
    "compute_sudo",
    "company_dependent",
    "currency_field",
    "digits",
    "ondelete",
    "domain",
    "context",
    "tracking",
    "translate",
    "size",
    "prefetch",
    "check_company",
    "group_expand",
)


def short(value):
    """A value as text that is the same in every process."""
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    if isinstance(value, SQL):
        return statement(value)
    if isinstance(value, (set, frozenset)):
        return sorted(map(str, value))
    return value


def statement(sql):
    """The hash of a statement's text without its layout, and its parameters."""
    text = " ".join(sql.code.split())
    return f"{sha256(text.encode()).hexdigest()[:16]} {list(sql.params)!r}"


def is_ours(cls):
    """Whether a class of a model is defined in our addons."""
    return getattr(cls, "_module", None) in OURS and "._" not in cls.__module__


def our_classes(model):
    return [cls for cls in type(model).__mro__ if is_ours(cls)]


def print_model(model):
    classes = our_classes(model)
    own = model._original_module in OURS
    print(f"\nmodel {model._name}{'' if own else ' (extended)'}")
    kinds = {"abstract": model._abstract, "transient": model._transient}
    print("  is", [kind for kind, it_is in kinds.items() if it_is], model._order)
    for _name, field in sorted(model._fields.items()):
        if {*field._modules} & {*OURS}:
            print_field(field)
    names = {name for cls in classes for name in vars(cls)}
    for name in sorted(names):
        print_method(name, getattr(type(model), name))
    if own:
        for name, fields in sorted(model._depends.items()):
            print("  depends", name, sorted(fields))
    for name, table_object in sorted(model._table_objects.items()):
        if table_object._module in OURS:
            print("  table", name, table_object.get_definition(model.pool))


def print_method(name, method):
    if not callable(method) or isinstance(method, type):
        return
    for kind in "_constrains", "_onchange":
        if fields := getattr(method, kind, None):
            print(" ", kind[1:], short(fields))
    if not name.startswith("_"):
        flags = [flag for flag in ("_readonly", "_api_model") if hasattr(method, flag)]
        print(f"  method {name}{inspect.signature(method)} {flags}")


def print_field(field):
    values = {name: short(getattr(field, name, None)) for name in ATTRIBUTES}
    values = {name: value for name, value in values.items() if value not in (None, ())}
    values["computed"] = [
        bool(getattr(field, name)) for name in ("compute", "inverse", "search")
    ]
    if field.type == "selection":
        values["selection"] = field.get_values(env)  # noqa: F821
    print("  field", field.name, values)


def print_records(model, names):
    """Those that came with our addons."""
    ids = env["ir.model.data"].search(  # noqa: F821
        [("module", "in", OURS), ("model", "=", model)]
    )
    print(f"\n{model}")
    rows = env[model].browse(ids.mapped("res_id")).read(names)  # noqa: F821
    for row in sorted(rows, key=lambda row: (row["model_id"][1], row["name"])):
        del row["id"]
        print(" ", {k: v[1] if isinstance(v, tuple) else v for k, v in row.items()})


def print_statements():
    """Built as the keeping and every page build them."""
    print("\nstatements")
    live = env["backlog.live.slice"]._live_slices  # noqa: F821
    print("  slices", statement(live(SOME_IDS)))
    with giving(env["backlog.line"], live=True) as lines:  # noqa: F821
        print(
            "  lines",
            statement(
                lines.env["backlog.live.line"]._live_lines(
                    SOME_IDS, SOME_IDS, live(SOME_IDS)
                )
            ),
        )
    for name in sorted(env.registry):  # noqa: F821
        model = env[name]  # noqa: F821
        if our_classes(model) and not model._abstract:
            query = model._table_query
            if query is not None:
                query = query if isinstance(query, SQL) else SQL(query)
                print(" ", name, statement(query))
            if hasattr(model, "_figure_tables"):
                for compute, method in sorted(model._figure_tables.items()):
                    if model._figure_fields(compute):
                        print(" ", name, method, statement(getattr(model, method)()))
    print("  signature", env["backlog.kept"]._signature())  # noqa: F821


def print_database():
    print("\ndatabase")
    env.cr.execute(  # noqa: F821
        """
        SELECT tgrelid::regclass || ' ' || pg_get_triggerdef(oid)
          FROM pg_trigger
         WHERE tgname LIKE 'backlog%' AND NOT tgisinternal
         UNION
        SELECT proname || ' ' || md5(prosrc)
          FROM pg_proc
         WHERE proname LIKE 'backlog%'
      ORDER BY 1
        """
    )
    for (text,) in env.cr.fetchall():  # noqa: F821
        print(" ", text)


def print_terms():
    from odoo.addons.inventory_backlog.tests.whole.test_translations import exported

    print("\nterms")
    for addon, template in sorted(exported(env).items()):  # noqa: F821
        for entry in sorted(template, key=lambda entry: entry.msgid):
            print(" ", addon, repr(entry.msgid))


with freezegun.freeze_time(NOON):
    for name in sorted(env.registry):  # noqa: F821
        if our_classes(env[name]):  # noqa: F821
            print_model(env[name])  # noqa: F821
    modes = [f"perm_{mode}" for mode in ("read", "write", "create", "unlink")]
    print_records("ir.model.access", ["name", "model_id", "group_id", *modes])
    print_records("ir.rule", ["name", "model_id", "domain_force", "groups", *modes])
    print("\nexternal ids")
    ids = env["ir.model.data"].search([("module", "in", OURS)])  # noqa: F821
    for record in sorted(f"{i.model} {i.complete_name}" for i in ids):
        print(" ", record)
    print_statements()
    print_database()
    print_terms()
