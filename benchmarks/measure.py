"""What the measurements share: a browser, and pairs that run in turns."""

import json
import os
import statistics
import time

from lxml import etree
from werkzeug.test import Client

from odoo.http import root
from odoo.tools.safe_eval import safe_eval

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

    def pivot(self, model, row, column, measures, domain=()):
        """A function that asks what the pivot view asks: all its totals at once."""

        def read():
            return self.call_model(
                model,
                "formatted_read_grouping_sets",
                domain=list(domain),
                grouping_sets=[[], [column], [row], [row, column]],
                aggregates=[*measures, "__count"],
            )

        return read


def specification(arch):
    fields = etree.fromstring(arch["arch"]).iterfind(".//field[@name]")
    return {field.get("name"): {} for field in fields}


def arch_order(arch):
    return etree.fromstring(arch["arch"]).get("default_order") or ""


class Measure:
    """One run: seconds in all, and those in which this process itself computed."""

    def __init__(self, work):
        cpu, start = time.process_time(), time.perf_counter()
        work()
        self.seconds = time.perf_counter() - start
        self.cpu = time.process_time() - cpu


class Report:
    """A table of ratios, ours against core's in the same run, also as JSON."""

    def __init__(self, **facts):
        self.facts = facts
        self.rows = []
        print(f"{'':40} {'ours':>10} {'core':>10}   ratio", flush=True)

    def compare(self, name, ours, core, goal=None):
        """Run both in turns, once for nothing and then ``ROUNDS`` times; print the
        medians and their ratio. With a ``goal`` the ratio has to be at most that."""
        ours(), core()
        rounds = [(Measure(ours), Measure(core)) for _round in range(ROUNDS)]
        row = {
            "name": name,
            "ours": statistics.median(our.seconds for our, _core in rounds),
            "core": statistics.median(core.seconds for _our, core in rounds),
            "ours_all": [round(our.seconds, 4) for our, _core in rounds],
            "core_all": [round(core.seconds, 4) for _our, core in rounds],
            "goal": goal,
        }
        row["ratio"] = row["ours"] / row["core"]
        row["passed"] = None if goal is None else row["ratio"] <= goal
        verdict = {None: "", True: "pass", False: "FAIL"}[row["passed"]]
        print(
            f"{name:40} {row['ours']:8.3f} s {row['core']:8.3f} s   "
            f"{row['ratio']:5.2f} x"
            + (f"   goal ≤ {goal:.2f}  {verdict}" if verdict else ""),
            flush=True,
        )
        self.rows.append(row)

    def write(self):
        """Into the file that ``BENCH_JSON`` names, if any."""
        path = os.environ.get("BENCH_JSON")
        if path:
            with open(path, "w") as file:
                json.dump({**self.facts, "rows": self.rows}, file, indent=1)
            print(f"figures: {path}")
