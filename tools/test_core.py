"""Tests that are not ours, run without our addons and with them: what passes without
must pass with them.

Called by ``./dev test-core`` with ``core`` (Odoo's own tests of the addons that we
extend) or ``others`` (those of the OCA addons in requirements-others.txt; then ours
beside them), and the addons to take, all by default. All tests run after the
installation, also those that Odoo would run in the middle of it, before our addons are
there. What differs is run again, on both sides, before it is believed.
"""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import psycopg2

CORE = [
    "sale",
    "sale_stock",
    "stock",
    "purchase",
    "purchase_stock",
    "mrp",
    "sale_mrp",
    "purchase_mrp",
    "stock_dropshipping",
]
OURS = os.environ["ADDONS"]
ROOT = Path(__file__).parents[1]
LOGS = Path(os.environ["TEST_LOGS"])
ODOO = [sys.executable, "-m", "odoo"]
ASSETS = "env['ir.qweb']._pregenerate_assets_bundles(); env.cr.commit()"


def main(what, *addons):
    folder = (
        Path(os.environ["OTHERS"]) if what == "others" else find_addons(CORE[0]).parent
    )
    for name in addons:
        find_addons(name)
    addons = addons or (
        sorted(path.parent.name for path in folder.glob("*/__manifest__.py"))
        if what == "others"
        else CORE
    )
    # Names of tests begin with their addon.
    os.environ["PYTEST_ADDOPTS"] = f"--rootdir={folder}"
    sides = {
        side: f"{os.environ['BASE']}_{what}_{side}" for side in ("without", "with")
    }
    try:
        copy_of(os.environ["BASE"], sides["without"])
        install(sides["without"], ",".join(addons))
        copy_of(sides["without"], sides["with"])
        install(sides["with"], OURS)
        tests = [folder / name / "tests" for name in addons]
        found = run(sides, [str(path) for path in tests if path.is_dir()], what)
        broken = differing(found)
        if broken:
            print(f"{len(broken)} differ and run again", flush=True)
            again = run(sides, sorted(set(broken.values())), f"{what}_again")
            broken = {name: broken[name] for name in differing(again) if name in broken}
        failed = report(found, broken)
        if what == "others":
            failed |= run_ours(sides["with"])
    finally:
        for database in sides.values():
            drop(database)
    sys.exit(failed)


def find_addons(name):
    for path in os.environ["ODOO_ADDONS_PATH"].split(","):
        if (Path(path) / name / "__manifest__.py").is_file():
            return Path(path) / name
    raise SystemExit(f"{name} is in none of the folders of ODOO_ADDONS_PATH")


def copy_of(database, name):
    drop(name)
    sql(f'CREATE DATABASE "{name}" TEMPLATE "{database}"')
    files = Path(os.environ["ODOO_DATA_DIR"]) / "filestore"
    shutil.copytree(files / database, files / name, copy_function=os.link)
    return name


def drop(name):
    sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    shutil.rmtree(
        Path(os.environ["ODOO_DATA_DIR"]) / "filestore" / name, ignore_errors=True
    )


def sql(statement):
    connection = psycopg2.connect(dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def install(database, addons):
    print(f"{database}: {addons}", flush=True)
    quiet = ["-d", database, "--no-http", "--log-level=warn"]
    subprocess.run([*ODOO, *quiet, "-i", addons, "--stop-after-init"], check=True)
    subprocess.run([*ODOO, "shell", *quiet], input=ASSETS, text=True, check=True)


def pytest(database, *arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--odoo-http"]
        + [f"--odoo-database={database}", *arguments],
        **options,
    )


def run(sides, tests, name):
    """Run the tests on both sides at once.

    :return: ``{side: {test: (outcome, its place)}}``
    """
    running, reports = [], {}
    for side, database in sides.items():
        reports[side] = LOGS / f"tests_{name}_{side}.xml"
        reports[side].unlink(missing_ok=True)
        print(f"{side}: see {reports[side].with_suffix('.out')}", flush=True)
        with reports[side].with_suffix(".out").open("w") as output:
            running.append(
                pytest(
                    database,
                    "--odoo-log-level=critical",
                    "--tb=short",
                    f"--junit-xml={reports[side]}",
                    *("-o", "junit_family=xunit1", *tests),
                    cwd=os.environ["TMPDIR"],
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
            )
    # Of pytest: all passed, or some failed. Whatever else says nothing of them.
    ended = {process.wait() for process in running}
    if not ended <= {0, 1}:
        raise SystemExit(f"pytest ended with {ended}: see the files named above")
    return {side: read(path) for side, path in reports.items()}


def read(path):
    tests = {}
    for case in ElementTree.parse(path).iter("testcase"):
        addon = re.search(r"(\w+)\.tests\.", case.get("classname")).group(1)
        place = case.get("classname").split(f"{addon}.tests.")[1].split(".")
        file = find_addons(addon) / "tests" / Path(*place[:-1]).with_suffix(".py")
        outcome = next(
            (part.tag for part in case if part.tag in ("failure", "error", "skipped")),
            "passed",
        )
        name = f"{addon}: {'.'.join(place)}.{case.get('name')}"
        # A test has several entries when parts of it fail.
        if tests.get(name, ("passed",))[0] in ("passed", "skipped"):
            tests[name] = outcome, f"{file}::{place[-1]}::{case.get('name')}"
    return tests


def differing(found):
    """What passes without our addons and not with them, with its place."""
    return {
        name: place
        for name, (outcome, place) in found["without"].items()
        if outcome == "passed" and found["with"].get(name, ("missing",))[0] != "passed"
    }


def report(found, broken):
    """Print how many passed on both sides.

    :return: whether our addons break a test
    """
    passed = {
        side: Counter(
            name.split(":")[0] for name, (how, _) in tests.items() if how == "passed"
        )
        for side, tests in found.items()
    }
    ran = Counter(name.split(":")[0] for name in found["without"])
    lost = Counter(name.split(":")[0] for name in broken)
    row = "{:34}{:>8}{:>16}{:>13}{:>8}".format
    print(row("addon", "tests", "passed without", "passed with", "broken"))
    for addon in ran:
        without, with_ours = passed["without"][addon], passed["with"][addon]
        print(row(addon, ran[addon], without, with_ours, lost[addon]))
    total = ran.total(), passed["without"].total(), passed["with"].total()
    print(row("all", *total, lost.total()))
    print(*sorted(broken), sep="\n", flush=True)
    return bool(broken)


def run_ours(database):
    print("ours beside them", flush=True)
    del os.environ["PYTEST_ADDOPTS"]
    return pytest(database, "--odoo-log-level=warn", cwd=ROOT).wait() != 0


main(*sys.argv[1:])
