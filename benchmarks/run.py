"""Measurements against Odoo core on the same database in the same run.

Read by Odoo's shell: ``./dev bench``. Each pair is run in turns, and of each the median
counts; what matters is the ratio, since machines differ.
"""

import json
import os
import statistics
import sys
import time

from lxml import etree
from werkzeug.test import Client

from odoo.http import root
from odoo.tools.safe_eval import safe_eval

sys.path.insert(0, os.environ["BENCHMARKS"])

from world import World

ROUNDS = 7


class Browser:
    """What the web client asks the server for, without the network between."""

    def __init__(self, env):
        self.client = Client(root)
        self.call(
            "/web/session/authenticate",
            db=env.cr.dbname,
            login="admin",
            password="admin",
        )

    def call(self, path, **params):
        answer = self.client.post(
            path,
            json={"jsonrpc": "2.0", "method": "call", "params": params},
            environ_base={"REMOTE_ADDR": "127.0.0.1"},
        ).get_json()
        if "error" in answer:
            raise RuntimeError(json.dumps(answer["error"])[:2000])
        return answer["result"]

    def call_model(self, model, method, *args, **kwargs):
        return self.call(
            f"/web/dataset/call_kw/{model}/{method}",
            model=model,
            method=method,
            args=args,
            kwargs=kwargs,
        )

    def opener(self, xml_id, default_filter=()):
        """Two functions: one opens an action as a list (the action, its views, the
        first page), one reads the page again."""
        action = self.call("/web/action/load", action_id=xml_id)
        model = action["res_model"]
        views = [[view_id, kind] for view_id, kind in action["views"]]
        view_id = next(view_id for view_id, kind in views if kind == "list")
        arch = self.call_model(model, "get_view", view_id=view_id, view_type="list")
        page = {
            "domain": [*safe_eval(action.get("domain") or "[]"), *default_filter],
            "specification": specification(arch),
            "limit": 80,
            "order": arch_order(arch),
        }

        def read_page():
            return self.call_model(model, "web_search_read", **page)

        def open_list():
            self.call("/web/action/load", action_id=xml_id)
            self.call_model(
                model,
                "get_views",
                views=views,
                options={"action_id": action["id"], "toolbar": True},
            )
            return read_page()

        return open_list, read_page


def specification(arch):
    fields = etree.fromstring(arch["arch"]).iterfind(".//field[@name]")
    return {field.get("name"): {} for field in fields}


def arch_order(arch):
    return etree.fromstring(arch["arch"]).get("default_order") or ""


def compare(name, ours, core):
    """Run both in turns and print the medians and their ratio."""
    times = {ours: [], core: []}
    for _round in range(ROUNDS):
        for run, seconds in times.items():
            start = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - start)
    our, their = (statistics.median(times[run]) for run in (ours, core))
    print(f"{name:40} {our:8.3f} s {their:8.3f} s   {our / their:5.2f} x", flush=True)


World(env).fill()  # noqa: F821 the shell gives env
env["backlog.vendor.measure"]._cron_refresh()  # noqa: F821
env.cr.commit()  # noqa: F821
browser = Browser(env)  # noqa: F821
print(f"{'':40} {'ours':>10} {'core':>10}   ratio", flush=True)
risk = browser.opener(
    "inventory_backlog.vendor_risk_action",
    default_filter=["|", ["backlog_qty", ">", 0], ["backorder_qty", ">", 0]],
)
products = browser.opener("stock.product_template_action_product")
compare("vendor risk list, opened", risk[0], products[0])
compare("vendor risk list, next page", risk[1], products[1])
