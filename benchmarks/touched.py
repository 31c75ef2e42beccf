"""What has just changed against the same untouched: pages, forms, *Why?*, planning.

Each is measured in a transaction of its own that marks the products and is rolled back,
with the scheduled action off: what people see until the next refresh.
"""

import random
import re
import statistics
from functools import partial
from unittest.mock import patch

from measure import ROUNDS, Measure, Pair, asked

from odoo.tools import SQL

PAGE = 80
SETS = 200
# The goals of pages by how many products are marked.
PAGES = {"one small product": 1.5, "20, drawn by lines": 4, "200": 10, "the hottest": 4}
READING = re.compile(r"\s*(SELECT|WITH|EXECUTE)\b")


class Touched:
    """Rows of the table of ``Bench``."""

    def __init__(self, bench):
        self.bench, self.env, self.table = bench, bench.env, bench.table
        lines = self.env["backlog.line"]
        arch = bench.browser.call_model("backlog.line", "get_view", view_type="list")
        self.specification = bench.browser.specification(lines._name, arch)
        self.page = partial(
            lines.web_search_read, [], self.specification, limit=PAGE, count_limit=10001
        )
        self.sets = {
            "one small product": self.products("HAVING COUNT(*) BETWEEN 4 AND 8", 1),
            "20, drawn by lines": self.drawn(20),
            "200": self.drawn(200),
            "the hottest": self.env["product.product"].browse(bench.hot),
        }

    def products(self, having, limit):
        rows = self.bench.sql(
            f"SELECT product_id FROM backlog_kept_line GROUP BY product_id {having} "
            f"ORDER BY hashint8extended(product_id, 7) LIMIT {limit}"
        )
        return self.env["product.product"].browse(row[0] for row in rows)

    def drawn(self, count):
        """Products of lines that are drawn: the popular ones come up most."""
        rows = self.bench.sql(
            "SELECT product_id FROM backlog_kept_line "
            "ORDER BY hashint8extended(id, 11) LIMIT 4000"
        )
        return self.env["product.product"].browse(
            list(dict.fromkeys(row[0] for row in rows))[:count]
        )

    def measured(self, work, products=None):
        """``work`` as the first thing that a transaction reads, once these products are
        marked."""
        with self.bench.undone():
            if products:
                self.bench.touch(products)
            return Measure(work, self.env)

    def against_untouched(self, work, products):
        pairs = []
        for number in range(ROUNDS + 1):
            if number % 2:
                ours, theirs = self.measured(work, products), self.measured(work)
            else:
                theirs, ours = self.measured(work), self.measured(work, products)
            pairs.append((ours, theirs))
        return Pair(pairs[1:])

    def touched_pages(self):
        for what, products in self.sets.items():
            self.table.pair(
                "14",
                f"first page, marked: {what} / untouched",
                self.against_untouched(self.page, products),
                PAGES[what],
                note=f"{len(products)} products",
            )

    def touched_forms(self):
        product = self.sets["one small product"]
        line = self.env["backlog.line"].search([("product_id", "=", product.id)])[:1]
        order = line.order_id
        ours = [name for name in order._fields if name.startswith("backlog_")]
        named = {name: {} for name in ours if not order._fields[name].relational}
        of_line = ["product_id", "product_uom_qty", "backlog_qty", "backlog_state"]
        specification = {
            **named,
            "order_line": {
                "fields": asked(order.order_line.fields_get(of_line), of_line)
            },
        }
        products = order.order_line.product_id
        for what, work in (
            ("Why? of a line", partial(line.web_read, {"why": {}})),
            ("an order form", partial(order.web_read, specification)),
        ):
            pair = self.against_untouched(work, products)
            self.table.pair("15", f"{what}, marked / untouched", pair, 2)

    def touched_planning(self):
        """Of the statements that one marked line takes, as PostgreSQL counts."""
        product = self.sets["one small product"]
        line = self.env["backlog.line"].search([("product_id", "=", product.id)])[:1]
        work = partial(line.web_read, self.specification)
        self.measured(work, product)
        statements = []
        execute = type(self.env.cr).execute

        def spy(cursor, query, params=None, log_exceptions=True):
            code, values = query, params
            if isinstance(query, SQL):
                code, values = query.code, query.params
            text = cursor.mogrify(code, values).decode() if values else code
            # A plan is asked for behind the setting that it is made with.
            statements.append(text.rsplit("generic_plan;", 1)[-1])
            return execute(cursor, query, params, log_exceptions)

        with self.bench.undone():
            self.bench.touch(product)
            with patch.object(type(self.env.cr), "execute", spy):
                work()
            planning = execution = 0
            for text in statements:
                if READING.match(text):
                    self.env.cr.execute(
                        SQL(
                            "EXPLAIN (ANALYZE, FORMAT JSON) %s",
                            SQL(text.replace("%", "%%")),
                        )
                    )
                    [[[plan]]] = self.env.cr.fetchall()
                    planning += plan["Planning Time"]
                    execution += plan["Execution Time"]
        self.table.row(
            "16",
            "share of planning in reading one marked line",
            planning / (planning + execution),
            1 / 3,
            planning / 1000,
            execution / 1000,
            f"{len(statements)} statements",
        )

    def touched_sets(self):
        """No lottery: other products, another plan, but no other order of time."""
        dice = random.Random(21)
        pool = self.drawn(1000).ids
        seconds = []
        for number in range(SETS + 1):
            ids = dice.sample(pool, min(len(pool), dice.choice((1, 1, 2, 5, 10))))
            measure = self.measured(self.page, self.env["product.product"].browse(ids))
            if number:
                seconds.append(measure.seconds)
        median = statistics.median(seconds)
        self.table.row(
            "21",
            f"the slowest of {SETS} pages, other products marked / their median",
            max(seconds) / median,
            5,
            max(seconds),
            median,
            f"95 of 100 within {statistics.quantiles(seconds, n=20)[-1]:.3f} s",
        )
