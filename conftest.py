"""What the test suite needs besides pytest-odoo."""

import gc
import os
import shutil
from collections import Counter
from contextlib import closing, contextmanager
from pathlib import Path

import freezegun
import psycopg2
import pytest
import pytest_odoo
from xdist.scheduler import LoadScopeScheduling

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests.common import HttpCase, get_db_name
from odoo.tools import config as odoo_config

# pytest measures real seconds, also in a test whose clock stands still.
freezegun.configure(extend_ignore_list=["_pytest.timing"])

# A test's world is a handful of rows: to plan one of our long statements takes twenty
# times as long as to run it. So PostgreSQL joins in the order in which a statement is
# written, as in the fold of the kept rows, and leaves out two kinds of join that no
# small table needs. What it answers does not depend on that, and the benchmarks plan as
# usual; so does PGOPTIONS=-cjit=off ./dev test.
PLANNER = {"join_collapse_limit": "1", "enable_mergejoin": "off"}
with closing(psycopg2.connect(dbname="postgres")) as connection:
    if connection.server_version >= 140000:  # Which brought it.
        PLANNER["enable_memoize"] = "off"
os.environ.setdefault(
    "PGOPTIONS", " ".join(f"-c {name}={value}" for name, value in PLANNER.items())
)


@contextmanager
def own_filestore(database, copy):
    """Give a worker's copy of the database a file store of its own.

    pytest-odoo has all workers share one. But Odoo removes files after a test class,
    and so do tests that drop a database of their own: they would remove everybody's.
    """
    if copy == database:
        yield
        return
    files = Path(odoo_config.filestore(copy))
    shutil.rmtree(files, ignore_errors=True)
    shutil.copytree(odoo_config.filestore(database), files, copy_function=os.link)
    yield
    shutil.rmtree(files, ignore_errors=True)


pytest_odoo._shared_filestore = own_filestore


@pytest.fixture(scope="session", autouse=True)
def asset_bundles(request, load_registry):
    """Build the assets before a page does it, under the lock of a test's cursor."""
    classes = {getattr(item, "cls", None) for item in request.session.items}
    if any(cls and issubclass(cls, HttpCase) for cls in classes):
        with Registry(get_db_name()).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["ir.qweb"]._pregenerate_assets_bundles()


def pytest_collection_finish():
    """Models and tests stay until the end: look for garbage among the rest alone."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """Under ./dev test nothing may be skipped: Odoo skips when it finds no browser."""
    report = yield
    skipped = report.skipped and not hasattr(report, "wasxfail")
    if skipped and os.environ.get("BACKLOG_NO_SKIP"):
        report.outcome = "failed"
    return report


# Workers take test classes in their order. Those that took longest the last time go
# first, so that none has a long one left at the end, and a class that takes longer than
# that is taken in parts. All workers must sort alike, so the process that starts them
# tells them what it knows: what each test took and, by its name, the set-up of a class.
SECONDS = "inventory_backlog/test_seconds"  # in pytest's cache
PART = 60
# Where nothing is known yet, a test counts as a second; these take longer.
FIRST_GUESS = {
    "TestBadValues": 300,
    "TestInstallation": 260,
    "TestLifecycle": 130,
    "TestSnapshotMonth": 160,
    "TestCashReport": 120,
    "TestTours": 120,
    "TestSuggestionLife": 110,
    "TestInvariants": 110,
    "TestKit": 105,
    "TestProof": 160,
    "TestSearchOnDocuments": 90,
    "TestMatrixOnchange": 80,
    "TestSuggestionAccept": 80,
    "TestDashboard": 75,
    "TestReport": 75,
    "TestKeptParallel": 60,
    "TestSuggestionWorlds": 60,
}
measured = Counter()


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_configure_node(node):
    node.workerinput["seconds"] = _noted(node.config)


def pytest_collection_modifyitems(config, items):
    if hasattr(config, "workerinput"):
        noted = config.workerinput["seconds"]
        seconds = Counter()
        for test, taken in _expected([item.nodeid for item in items], noted).items():
            seconds[_class_of(test)] += taken
        for name in seconds:
            seconds[name] += noted.get(name, 0)
        items.sort(key=lambda item: -seconds[_class_of(item.nodeid)])


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_make_scheduler(config, log):
    if config.getvalue("dist") == "loadscope":
        return PartsScheduling(config, log)
    return None


class PartsScheduling(LoadScopeScheduling):
    """What a worker takes at once is a class, or a part of one that takes long."""

    parts = None

    def _split_scope(self, nodeid):
        if self.parts is None:
            seconds = _expected(self.collection, _noted(self.config))
            self.parts = _parts(seconds)
        return f"{_class_of(nodeid)} {self.parts[nodeid]}"


def _parts(seconds):
    """Cut classes of ``{test: seconds}`` where they are about ``PART`` long.

    >>> _parts({"A::a": 70, "A::b": 30, "A::c": 30, "B::a": 40, "B::b": 40})
    {'A::a': 0, 'A::b': 1, 'A::c': 1, 'B::a': 0, 'B::b': 0}
    """
    total, before, parts = Counter(), Counter(), {}
    for test, taken in seconds.items():
        total[_class_of(test)] += taken
    for test, taken in seconds.items():
        name = _class_of(test)
        middle = (before[name] + taken / 2) / (total[name] or 1)
        parts[test] = int(middle * max(1, round(total[name] / PART)))
        before[name] += taken
    return parts


def _expected(tests, noted):
    """``{test: seconds}``, without the set-up of their classes."""
    numbers = Counter(map(_class_of, tests))
    expected = {}
    for test in tests:
        name = _class_of(test)
        guess = FIRST_GUESS.get(name.split("::")[-1], numbers[name]) / numbers[name]
        expected[test] = noted.get(test, guess)
    return expected


def pytest_runtest_logreport(report):
    is_class = report.when == "setup"
    measured[_class_of(report.nodeid) if is_class else report.nodeid] += report.duration


def pytest_sessionfinish(session):
    config = session.config
    started_workers = config.getoption("tx", None)
    if started_workers and hasattr(config, "cache"):
        config.cache.set(SECONDS, {**_noted(config), **measured})


def _noted(config):
    """What the last runs took; nothing with ``-p no:cacheprovider``."""
    return config.cache.get(SECONDS, {}) if hasattr(config, "cache") else {}


def _class_of(nodeid):
    return nodeid.rpartition("::")[0]
