"""The backlog report against Odoo's sales report, on a large database.

Read by Odoo's shell: ``./dev bench S`` (M, L). See ``backlog_world.py`` for what is in
the database and ``measure.py`` for how it is measured.
"""

import os
import sys

sys.path.insert(0, os.environ["BENCHMARKS"])

from backlog_world import BacklogWorld
from measure import Browser, Report

SIZE = os.environ.get("SIZE", "S")
CORE_MEASURES = ["product_uom_qty:sum", "price_subtotal:sum_currency"]
OUR_MEASURES = ["open_qty:sum", "open_value:sum_currency"]
VALUES = [
    f"{name}:sum_currency"
    for name in (
        "open_value",
        "backlog_value",
        "backorder_value",
        "incoming_value",
        "to_source_value",
        "prepaid_value",
        "margin_value",
    )
]


def measure(env):
    browser = Browser(env)
    report = Report(size=SIZE, database=env.cr.dbname)
    core = browser.pivot("sale.report", "warehouse_id", "date:month", CORE_MEASURES)

    def pivot(row, column, measures):
        return browser.pivot("backlog.line", row, column, measures)

    def dashboard():
        return browser.call_model("backlog.dashboard", "get_dashboard", "all")

    def by_state():
        return browser.call_model(
            "backlog.line",
            "web_read_group",
            domain=[],
            groupby=["backlog_state"],
            aggregates=[*OUR_MEASURES, "__count"],
        )

    report.compare(
        "pivot, warehouse × promise month",
        pivot("warehouse_id", "promise_date:month", OUR_MEASURES),
        core,
        goal=1,
    )
    report.compare("dashboard, all", dashboard, core, goal=1)
    report.compare("lines grouped by state", by_state, core)
    report.compare(
        "pivot, all value measures",
        pivot("warehouse_id", "promise_date:month", [*OUR_MEASURES[:1], *VALUES]),
        core,
    )
    report.write()


world = BacklogWorld(env, SIZE)  # noqa: F821 the shell gives env
if world.fill():
    world.check()
measure(env)  # noqa: F821
