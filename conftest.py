"""What the test suite needs besides pytest-odoo."""

import os
import shutil
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import freezegun
import pytest
import pytest_odoo

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests.common import HttpCase, get_db_name
from odoo.tools import config as odoo_config

# pytest measures real seconds, also in a test whose clock stands still.
freezegun.configure(extend_ignore_list=["_pytest.timing"])


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """Under ./dev test nothing may be skipped: Odoo skips when it finds no browser."""
    report = yield
    skipped = report.skipped and not hasattr(report, "wasxfail")
    if skipped and os.environ.get("BACKLOG_NO_SKIP"):
        report.outcome = "failed"
    return report


# Workers take test classes in their order. Those that took longest the last time go
# first, so that none has a long one left at the end. All workers must sort alike, so
# the process that starts them tells them what it knows.
SECONDS = "inventory_backlog/seconds"  # in pytest's cache
# Where nothing is known yet, a test counts as a second; these start other programs.
FIRST_GUESS = {
    "inventory_backlog/tests/test_lifecycle.py::TestInstallation": 600,
    "inventory_backlog/tests/test_lifecycle.py::TestLifecycle": 500,
    "inventory_backlog/tests/test_tours.py::TestTours": 400,
    "inventory_backlog/tests/test_kept_parallel.py::TestKeptParallel": 60,
}
measured = Counter()


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_configure_node(node):
    node.workerinput["seconds"] = {**FIRST_GUESS, **_noted(node.config)}


def pytest_collection_modifyitems(config, items):
    if hasattr(config, "workerinput"):
        tests = Counter(_class_of(item.nodeid) for item in items)
        seconds = {**tests, **config.workerinput["seconds"]}
        items.sort(key=lambda item: -seconds[_class_of(item.nodeid)])


def pytest_runtest_logreport(report):
    measured[_class_of(report.nodeid)] += report.duration


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
