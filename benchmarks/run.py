"""Measurements against Odoo core on the same database in the same run.

Read by Odoo's shell: ``./dev bench``. Each pair is run in turns, and of each the median
counts; what matters is the ratio, since machines differ.
"""

import os
import sys

sys.path.insert(0, os.environ["BENCHMARKS"])

from measure import Browser, Report
from reorder_world import World

World(env).fill()  # noqa: F821 the shell gives env
env["backlog.vendor.measure"]._cron_refresh()  # noqa: F821
env.cr.commit()  # noqa: F821
browser = Browser(env)  # noqa: F821
report = Report()
risk = browser.opener(
    "inventory_backlog.vendor_risk_action",
    default_filter=["|", ["backlog_qty", ">", 0], ["backorder_qty", ">", 0]],
)
products = browser.opener("stock.product_template_action_product")
report.compare("vendor risk list, opened", risk[0], products[0])
report.compare("vendor risk list, next page", risk[1], products[1])
