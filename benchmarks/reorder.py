"""Reorder suggestions: what a run costs, the first one, one that has nothing to do, and
one after one order line changed. Read by Odoo's shell: ``./dev bench``.

Nothing of it is kept: all of it is rolled back.
"""

import os
import sys
import time

sys.path.insert(0, os.environ["BENCHMARKS"])

from shortages import Shortages

PRODUCTS = 3_000
RULES = 1_000
ROUNDS = 5
# OCA's mrp_multi_level on 3,000 products with one shortage each.
OCA_QUERIES = 60_766


class Measure:
    """Queries, seconds and seconds of this process (PostgreSQL's come on top)."""

    def __init__(self, env, work):
        env.flush_all()
        env.invalidate_all()
        queries, cpu = env.cr.sql_log_count, time.process_time()
        start = time.perf_counter()
        self.result = work()
        env.flush_all()
        self.seconds = time.perf_counter() - start
        self.cpu = time.process_time() - cpu
        self.queries = env.cr.sql_log_count - queries

    def show(self, name, goal="", passed=None):
        verdict = {True: "pass", False: "FAIL", None: ""}[passed]
        print(
            f"{name:42} {self.queries:6} queries {self.seconds:7.2f} s "
            f"{self.cpu:6.2f} CPU-s   {goal:36} {verdict}",
            flush=True,
        )


def medians(env, *works):
    """The median of each, measured in turns."""
    rounds = [[Measure(env, work) for work in works] for _round in range(ROUNDS)]
    return [
        sorted(measures, key=lambda measure: measure.seconds)[ROUNDS // 2]
        for measures in zip(*rounds, strict=True)
    ]


def measure_runs(env, name, levels):
    suggestions = env["backlog.suggestion"]
    world = Shortages(env)
    world.fill(PRODUCTS, levels)
    first = Measure(env, suggestions.generate)
    assert first.result["created"] >= PRODUCTS * (levels + 1), first.result
    bought = suggestions.search([("product_id", ">=", world.first_products[-1])])
    assert all(one.partner_id for one in bought)
    first.show(
        f"{name}, first run",
        f"< 1/10 of OCA's {OCA_QUERIES} queries",
        first.queries < OCA_QUERIES / 10,
    )
    # As PostgreSQL does by itself once it is committed.
    env.cr.execute("ANALYZE")
    again = Measure(env, suggestions.generate)
    assert not any(again.result.values()), again.result
    again.show(
        f"{name}, nothing changed",
        "< 1/10 of the first",
        again.queries < first.queries / 10 and again.seconds < first.seconds / 10,
    )
    env["sale.order.line"].browse(world.first_line).product_uom_qty += 1
    changed = Measure(env, suggestions.generate)
    assert changed.result["updated"] == levels + 1, changed.result
    changed.show(f"{name}, one order line changed")
    return world


def measure_core(env, world):
    """The same 1,000 products: what core's reordering rules say to order; the statement
    that says what is missing, when and for whom; and with it all of a suggestion, with
    vendor, price and days, as the run computes it before it writes."""
    products = world.products()[:RULES]
    suggestions = env["backlog.suggestion"].sudo().with_company(env.company)
    stock = env["stock.warehouse"].search([], limit=1).lot_stock_id
    rules = env["stock.warehouse.orderpoint"].create(
        [
            {"product_id": product.id, "trigger": "manual", "location_id": stock.id}
            for product in products
        ]
    )

    def core():
        # Stored: reading it would measure nothing.
        rules._compute_qty_to_order_computed()
        return rules.mapped("qty_to_order")

    def compute():
        rows, facts = suggestions.env["backlog.facts"]._situation(products.ids)
        return suggestions.env["backlog.plan"]._plan(
            env["product.product"].browse(rows),
            rows,
            facts,
            suggestions.env["backlog.plan"]._batch(rows),
        )

    def read():
        return {row.product_id for row in env["backlog.need"]._rows(products.ids)}

    theirs, statement, plan = medians(env, core, read, compute)
    theirs.show(f"core: qty_to_order of {RULES} rules")
    for name, ours, goal in (
        ("statement alone", statement, 0.2),
        ("planned, not written", plan, None),
    ):
        assert len(ours.result) == RULES, len(ours.result)
        ratio = ours.seconds / theirs.seconds
        ours.show(
            f"{RULES} suggestions, {name}",
            f"{ratio:.3f} x core" + (f", goal ≤ {goal}, ≤ 60 queries" if goal else ""),
            ratio <= goal and ours.queries <= 60 if goal else None,
        )


env = env(context={**env.context, "tracking_disable": True})  # noqa: F821 of the shell
env["backlog.suggestion"].generate()
world = measure_runs(env, f"{PRODUCTS} products", levels=0)
measure_core(env, world)
env.cr.rollback()
env["backlog.suggestion"].generate()
measure_runs(env, f"{PRODUCTS} x 4, three levels", levels=3)
env.cr.rollback()
