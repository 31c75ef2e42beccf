import ast
import re
from collections import defaultdict
from pathlib import Path

from odoo.modules.module import get_module_path
from odoo.tests import BaseCase, tagged

ADDONS = ("inventory_backlog", "inventory_backlog_mrp")
# A call goes down or stays. What several rooms stand on is on the ground floor.
FLOORS = {
    "tools": 0,
    "models": 0,
    "split": 1,
    "kept": 1,
    "line": 2,
    "vendor": 3,
    "reorder": 4,
    "act": 5,
    "report": 6,
    "wizard": 7,
}
OURS = re.compile(r"backlog\.|report\.inventory_backlog\.")


class Source:
    """A Python file of an addon: where it stands, its models and what it names."""

    def __init__(self, path, root):
        self.name = str(path.relative_to(root))
        self.stem = path.stem
        self.addon = root.name
        self.room = path.parent.name
        self.tree = ast.parse(path.read_text())
        classes = [node for node in self.tree.body if isinstance(node, ast.ClassDef)]
        self.models = [model for one in classes for model in self._models(one)]
        self.methods = [
            (model, node)
            for one in classes
            for model in self._models(one)
            for node in one.body
            if isinstance(node, ast.FunctionDef)
        ]

    @staticmethod
    def _models(node):
        """The model that a class opens, as a list of none or one."""
        values = {
            statement.targets[0].id: statement.value
            for statement in node.body
            if isinstance(statement, ast.Assign)
            and isinstance(statement.targets[0], ast.Name)
        }
        value = values.get("_name", values.get("_inherit"))
        if isinstance(value, ast.List) and len(value.elts) == 1:
            value = value.elts[0]
        return [value.value] if isinstance(value, ast.Constant) else []

    @property
    def floor(self):
        """Documents of Odoo, and what is mixed into them, are doors to every room."""
        is_door = self.stem.endswith("_mixin") or any(
            not OURS.match(model) for model in self.models
        )
        return max(FLOORS.values()) if is_door else FLOORS[self.room]

    def named(self):
        """``(line, model)`` of the models that it asks the environment for."""
        for node in ast.walk(self.tree):
            if model := asked_for(node):
                yield node.lineno, model

    def context_keys(self):
        """Those of ours that it hands on or reads."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr == "with_context":
                    yield from (word.arg for word in node.keywords if word.arg)
                if ast.unparse(node.func.value).endswith("context") and node.args:
                    yield getattr(node.args[0], "value", None)


def asked_for(node):
    """The model of ``env["model"]``, or None."""
    if (
        isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
        and ast.unparse(node.value).endswith("env")
    ):
        return node.slice.value
    return None


def calls_of(sources):
    """``{(model, method): {(model, method)}}``: who calls whom, as far as the text
    says. Of a record in a variable it says so only where the name of the method is that
    of one model."""
    methods = defaultdict(list)
    for source in sources:
        for model, node in source.methods:
            methods[model, node.name].append(node)
    homes = defaultdict(list)
    for model, name in methods:
        homes[name].append(model)
    calls = {key: set() for key in methods}
    for (model, name), nodes in methods.items():
        for node in (part for one in nodes for part in ast.walk(one)):
            if not isinstance(node, ast.Attribute):
                continue
            called = asked_for(node.value)
            if isinstance(node.value, ast.Name) and node.value.id == "self":
                called = model
            if not called and node.attr.startswith("_") and len(homes[node.attr]) == 1:
                [called] = homes[node.attr]
            if (called, node.attr) in methods and node.attr != name:
                calls[model, name].add((called, node.attr))
    return calls


def reached(calls, start):
    """All that ``start`` leads to."""
    found, left = set(), [start]
    while left:
        new = calls[left.pop()] - found
        found |= new
        left += new
    return found


def sources():
    for addon in ADDONS:
        if folder := get_module_path(addon, display_warning=False):
            root = Path(folder)
            for part in ("tools", "models", "report", "wizard"):
                for path in sorted(root.glob(f"{part}/**/*.py")):
                    if path.name != "__init__.py":
                        yield Source(path, root)


@tagged("post_install", "-at_install")
class TestHouse(BaseCase):
    """The law of the house: one model, one file, one thing; calls go down."""

    # Buttons of a record that open what stands above it, by file; an automation rule
    # reads the line that its event is about; what is kept is held against all lines.
    DOORS = {
        "backlog_disruption": {"backlog.vendor.switch"},
        "backlog_event": {"backlog.line"},
        "backlog_kept": {"backlog.line"},
        "backlog_line": {
            "backlog.card",
            "backlog.situation",
            "backlog.snooze",
            "backlog.step",
            "backlog.step.text",
            "backlog.suggestion",
            "backlog.verb",
        },
        "backlog_suggestion": {
            "backlog.suggestion.accept",
            "backlog.suggestion.defer",
            "backlog.suggestion.order",
            "backlog.suggestion.vendor",
        },
        "backlog_verb_stock": {"backlog.ship"},
        "backlog_verb_supply": {"backlog.confirm.request"},
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sources = list(sources())
        cls.room_of = {
            model: source
            for source in reversed(cls.sources)  # the bridge first, the base counts
            for model in source.models
        }

    def test_a_model_is_opened_once_in_each_addon(self):
        opened = defaultdict(list)
        for source in self.sources:
            for model in source.models:
                opened[source.addon, model].append(source.name)
        twice = {model: files for model, files in opened.items() if len(files) > 1}
        self.assertFalse(twice, "One model, one file: what makes it long is another.")

    def test_a_file_has_the_name_of_its_model(self):
        for source in self.sources:
            with self.subTest(file=source.name):
                names = {model.replace(".", "_") for model in source.models}
                if source.addon != ADDONS[0]:
                    # The bridge: that of the file that it adds to.
                    names |= {
                        self.room_of[model].stem
                        for model in source.models
                        if model in self.room_of
                    }
                if names:
                    self.assertIn(source.stem, names)

    def test_models_of_odoo_stand_beside_the_rooms(self):
        for source in self.sources:
            for model in source.models:
                with self.subTest(file=source.name, model=model):
                    if not OURS.match(model):
                        self.assertIn(source.room, ("models", "wizard"))

    def test_the_bridge_has_the_same_rooms(self):
        for source in self.sources:
            for model in source.models:
                if source.addon != ADDONS[0] and model in self.room_of:
                    with self.subTest(file=source.name, model=model):
                        self.assertEqual(source.room, self.room_of[model].room)

    def test_calls_go_down_or_stay(self):
        up = defaultdict(set)
        for source in self.sources:
            for _line, model in source.named():
                home = self.room_of.get(model)
                if home and OURS.match(model) and home.floor > source.floor:
                    up[f"{source.addon}/{source.stem}"].add(model)
        doors = {f"{ADDONS[0]}/{stem}": models for stem, models in self.DOORS.items()}
        self.assertEqual(up, doors)

    def test_calls_come_back_to_no_model_by_way_of_another(self):
        calls = calls_of(self.sources)
        led_to = {one: reached(calls, one) for one in calls}
        circles = [
            f"{one[0]}.{one[1]} ↔ {other[0]}.{other[1]}"
            for one, others in led_to.items()
            for other in others
            if one[0] < other[0] and one in led_to[other]
        ]
        self.assertFalse(circles, "Hand the answer on as an argument.")

    def test_imports_go_down_or_stay(self):
        """Nor does a room import a file of Odoo's models, and tools import no model."""
        for source in self.sources:
            for node in ast.walk(source.tree):
                if not isinstance(node, ast.ImportFrom):
                    continue
                parts = (node.module or "").split(".")
                if not node.level and parts[:1] + parts[1:2] != ["odoo", "addons"]:
                    continue
                if not node.level and parts[2] not in ADDONS:
                    continue
                names = {*parts, *(alias.name for alias in node.names)}
                for room in names & FLOORS.keys() - {"models"}:
                    with self.subTest(file=source.name, line=node.lineno):
                        self.assertLessEqual(FLOORS[room], source.floor)
                        if source.room == "models":
                            self.assertNotIn(room, ("report", "wizard"))
                if source.room == "tools":
                    with self.subTest(file=source.name, line=node.lineno):
                        self.assertNotIn("models", names)

    def test_the_order_of_imports_is_that_of_the_alphabet(self):
        """So it means nothing. Each file is there."""
        for addon in ADDONS:
            root = Path(get_module_path(addon, display_warning=False) or "")
            for path in root.glob("*/**/__init__.py"):
                part = path.relative_to(root).parts[0]
                if part not in ("models", "report", "wizard"):
                    continue
                names = [
                    alias.name
                    for node in ast.parse(path.read_text()).body
                    for alias in node.names
                ]
                there = {file.stem for file in path.parent.glob("*.py")} | {
                    file.parent.name for file in path.parent.glob("*/__init__.py")
                }
                with self.subTest(path=path.relative_to(root)):
                    self.assertEqual(names, sorted(there - {"__init__"}))

    def test_every_test_is_run(self):
        """Odoo runs the files that a package of tests imports, and no others."""
        for addon in ADDONS:
            root = Path(get_module_path(addon, display_warning=False) or "")
            for path in root.glob("tests/*/__init__.py"):
                names = [
                    alias.name
                    for node in ast.walk(ast.parse(path.read_text()))
                    if isinstance(node, ast.ImportFrom) and node.level
                    for alias in node.names
                ]
                there = {file.stem for file in path.parent.glob("test_*.py")}
                with self.subTest(path=path.relative_to(root)):
                    self.assertEqual(set(names), there)

    def test_no_step_is_looked_through_for_each_row(self):
        """PostgreSQL does that with NOT IN as soon as it takes a step for large."""
        texts = {
            (source.name, node.value)
            for source in self.sources
            if source.room == "split"
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        self.assertFalse(
            [name for name, text in texts if re.search(r"NOT IN \(\s*SELECT", text)],
            "Leave out with NOT EXISTS, or a LEFT JOIN.",
        )

    def test_one_context_key_is_ours(self):
        for source in self.sources:
            if source.name != "tools/given.py":
                with self.subTest(file=source.name):
                    keys = [str(key) for key in source.context_keys()]
                    self.assertFalse([key for key in keys if "backlog" in key])
