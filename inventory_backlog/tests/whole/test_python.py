import ast

from odoo.tests import BaseCase, tagged

from ..repository import IS_THERE, ROOT

OLDEST = (3, 10)  # of the versions that Odoo 19 runs on
# What later versions added to the modules that an addon may use.
LATER = {
    "asyncio": {"Runner", "TaskGroup", "timeout"},
    "contextlib": {"chdir"},
    "datetime": {"UTC"},
    "enum": {"EnumType", "StrEnum", "member", "nonmember", "verify"},
    "hashlib": {"file_digest"},
    "itertools": {"batched"},
    "logging": {"getHandlerByName", "getHandlerNames", "getLevelNamesMapping"},
    "math": {"cbrt", "exp2", "fma", "sumprod"},
    "operator": {"call", "is_none", "is_not_none"},
    "re": {"NOFLAG", "PatternError"},
    "sys": {"exception", "monitoring"},
    "typing": {
        "LiteralString",
        "Never",
        "NotRequired",
        "ReadOnly",
        "Required",
        "Self",
        "TypeIs",
        "Unpack",
        "assert_never",
        "assert_type",
        "override",
    },
}
LATER_MODULES = {"tomllib"}
LATER_BUILTINS = {"BaseExceptionGroup", "ExceptionGroup"}


def too_new(source):
    """The names in a source that the oldest Python lacks; it fails on later grammar."""
    tree = ast.parse(source, feature_version=OLDEST)
    modules = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    return {name for node in ast.walk(tree) for name in _too_new(node, modules)}


def _too_new(node, modules):
    match node:
        case ast.Import():
            return LATER_MODULES.intersection(alias.name for alias in node.names)
        case ast.ImportFrom(level=0):
            names = LATER.get(node.module, set()) | LATER_MODULES
            return names.intersection(
                [node.module, *(alias.name for alias in node.names)]
            )
        case ast.Name():
            return LATER_BUILTINS & {node.id}
        case ast.Attribute(value=ast.Name(id=name)) if name in modules:
            return LATER.get(modules[name], set()) & {node.attr}
    return set()


@tagged("post_install", "-at_install")
class TestPython(BaseCase):
    """All our code runs on the oldest Python that Odoo 19 runs on. ``./dev lint`` knows
    the grammar of a version, but not what its modules have."""

    def test_later_names_are_found(self):
        for source, name in (
            ("from datetime import UTC", "UTC"),
            ("import datetime as dt\ndt.datetime.now(dt.UTC)", "UTC"),
            ("import tomllib", "tomllib"),
            ("from tomllib import load", "tomllib"),
            ("raise ExceptionGroup('Several', [])", "ExceptionGroup"),
        ):
            with self.subTest(source):
                self.assertEqual(too_new(source), {name})
        self.assertEqual(too_new("from datetime import timezone\ntimezone.utc"), set())

    def test_later_grammar_is_found(self):
        for source in (
            "try: pass\nexcept* ValueError: pass",
            "def first[T](values: list[T]): pass",
        ):
            with self.subTest(source), self.assertRaises(SyntaxError):
                too_new(source)

    def test_our_code_has_neither(self):
        tops = ["inventory_backlog*"]
        if IS_THERE:
            tops += ["benchmarks", "tools", "conftest.py"]
        files = [
            file
            for top in tops
            for found in ROOT.glob(top)
            for file in ([found] if found.is_file() else found.rglob("*.py"))
        ]
        self.assertGreater(len(files), 100)
        for file in files:
            with self.subTest(file.relative_to(ROOT)):
                self.assertEqual(too_new(file.read_text(encoding="utf-8")), set())
