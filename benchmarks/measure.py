"""What the measurements share: a browser, and pairs that run in turns."""

import json
import statistics
import time
from pathlib import Path

from lxml import etree
from rpc import call_kw
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
        return call_kw(self.call, model, method, args, kwargs)

    def opener(self, xml_id, default_filter=(), order=None):
        """Two functions: one opens an action as a list (the action, its views, the
        first page), one reads the page again."""
        action = self.call("/web/action/load", action_id=xml_id)
        model = action["res_model"]
        views = [[view_id, kind] for view_id, kind in action["views"]]
        view_id = next(view_id for view_id, kind in views if kind == "list")
        arch = self.call_model(model, "get_view", view_id=view_id, view_type="list")
        page = {
            "domain": [*safe_eval(action.get("domain") or "[]"), *default_filter],
            "specification": self.specification(model, arch),
            "limit": 80,
            "order": order or arch_order(arch),
            # What the client counts up to: it says 10,000+ and no more.
            "count_limit": 10_001,
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

    def specification(self, model, arch):
        """What the client asks for: of a record its name as well."""
        fields = self.call_model(model, "fields_get", attributes=["type"])
        names = etree.fromstring(arch["arch"]).iterfind(".//field[@name]")
        return asked(fields, [name.get("name") for name in names])

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


def asked(fields, names):
    return {
        name: {"fields": {"display_name": {}}}
        if fields[name]["type"] == "many2one"
        else {}
        for name in names
    }


def arch_order(arch):
    return etree.fromstring(arch["arch"]).get("default_order") or ""


class Measure:
    """What one run of ``work`` costs: seconds, seconds of CPU of this process and of
    the database's, and queries of ``env``."""

    def __init__(self, work, env=None):
        if env:
            env.flush_all()
            env.invalidate_all()
        backends = database_processes(env)
        queries = env.cr.sql_log_count if env else 0
        cpu, start = cpu_seconds(backends), time.perf_counter()
        self.result = work()
        if env:
            env.flush_all()
        self.seconds = time.perf_counter() - start
        self.cpu = cpu_seconds(backends) - cpu
        self.queries = (env.cr.sql_log_count if env else 0) - queries


def database_processes(env):
    """The files that tell how long the database's processes computed; none when the
    server is on another machine. What helps them in parallel is not counted."""
    if env is None:
        return []
    env.cr.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = CURRENT_DATABASE()"
    )
    processes = [Path("/proc", str(pid)) for [pid] in env.cr.fetchall()]
    return [
        process / "schedstat"
        for process in processes
        if (process / "comm").exists()
        and (process / "comm").read_text().startswith("postgres")
    ]


def cpu_seconds(files):
    return time.process_time() + sum(
        int(file.read_text().split()[0]) / 1e9 for file in files if file.exists()
    )


class Pair:
    """Measures of two works in pairs: the medians of each, and of the ratios."""

    def __init__(self, pairs):
        self.ours, self.theirs = (Medians(side) for side in zip(*pairs, strict=True))
        self.ratio, self.cpu_ratio = (
            statistics.median(getattr(o, kind) / getattr(t, kind) for o, t in pairs)
            for kind in ("seconds", "cpu")
        )


def in_turns(ours, theirs, env=None, rounds=ROUNDS):
    """Run both once for nothing, then ``rounds`` times. Who comes second finds the
    machine as the first one left it, so they take turns in that, too."""
    ours(), theirs()
    pairs = []
    for number in range(rounds):
        if number % 2:
            our, their = Measure(ours, env), Measure(theirs, env)
        else:
            their, our = Measure(theirs, env), Measure(ours, env)
        pairs.append((our, their))
    return Pair(pairs)


class Medians:
    def __init__(self, measures):
        for name in ("seconds", "cpu", "queries"):
            figures = [getattr(measure, name) for measure in measures]
            setattr(self, name, statistics.median(figures))
        self.all = [round(measure.seconds, 4) for measure in measures]
        self.result = measures[-1].result


class Table:
    """Rows with a figure and the goal that it must not exceed, also as JSON."""

    LINE = "{:>5}  {:58} {:>9} {:>9} {:>9} {:>8}  {}"

    def __init__(self, **facts):
        self.facts, self.rows = facts, []
        print(" ".join(f"{name}={fact}" for name, fact in facts.items()))
        print(self.LINE.format("row", "what", "ours", "against", "figure", "goal", ""))

    def pair(self, number, what, pair, goal=None, cpu=False, note=""):
        """A ratio of seconds, or of seconds of CPU."""
        kind = "cpu" if cpu else "seconds"
        self.row(
            number,
            what,
            pair.cpu_ratio if cpu else pair.ratio,
            goal,
            getattr(pair.ours, kind),
            getattr(pair.theirs, kind),
            " ".join(filter(None, [cpu and "CPU", note])),
            ours_all=pair.ours.all,
            theirs_all=pair.theirs.all,
        )

    def row(
        self, number, what, figure, goal=None, ours=None, theirs=None, note="", **more
    ):
        passed = None if goal is None or figure is None else figure <= goal
        self.rows.append(
            {
                "row": number,
                "what": what,
                "goal": goal,
                "figure": figure,
                "passed": passed,
                "ours": ours,
                "theirs": theirs,
                "note": note,
                **more,
            }
        )
        verdict = {True: "pass", False: "FAIL", None: "-"}[passed]
        print(
            self.LINE.format(
                number,
                what,
                *(shown(seconds, " s") for seconds in (ours, theirs)),
                shown(figure),
                "" if goal is None else f"≤ {goal:g}",
                f"{verdict}  {note}".rstrip(),
            ),
            flush=True,
        )

    def write(self, path):
        failed = [row["row"] for row in self.rows if row["passed"] is False]
        print(f"not reached: {', '.join(failed)}" if failed else "all goals reached")
        Path(path).write_text(json.dumps({**self.facts, "rows": self.rows}, indent=1))
        print(f"figures: {path}", flush=True)


def shown(figure, unit=""):
    if figure is None:
        return ""
    return (f"{figure:.4g}" if figure < 1000 else f"{figure:.0f}") + unit


class Report:
    """A table of ratios, ours against core's in the same run."""

    def __init__(self):
        print(f"{'':40} {'ours':>10} {'core':>10}   ratio", flush=True)

    def compare(self, name, ours, core):
        """Run both in turns; print the medians and their ratio."""
        pair = in_turns(ours, core)
        print(
            f"{name:40} {pair.ours.seconds:8.3f} s {pair.theirs.seconds:8.3f} s   "
            f"{pair.ratio:5.2f} x",
            flush=True,
        )
