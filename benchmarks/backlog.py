"""The report on a large database, ours and core's side by side, as ratios with goals.

Read by Odoo's shell: ``./dev bench S`` (M, L). See ``world`` for what is in
the database and ``measure.py`` for how it is measured. Nothing that is measured stays.
With ``BENCH_ONLY="pages folds"`` it measures just these, the methods of ``Bench``.
"""

import json
import os
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, os.environ["BENCHMARKS"])

from measure import ROUNDS, Browser, Measure, Pair, Table, asked, in_turns
from touched import Touched
from world import BacklogWorld

from odoo.fields import Command
from odoo.tools import SQL

from odoo.addons.inventory_backlog.tools.given import giving

SIZE = os.environ.get("SIZE", "S")
FIGURES = Path(os.environ.get("BENCH_FIGURES", "."))
PAGE = 80
OPEN = ["waiting", "confirmed", "partially_available", "assigned"]
PLAIN = [
    "order_id",
    "order_partner_id",
    "product_id",
    "salesman_id",
    "product_uom_id",
    "currency_id",
    "name",
    "product_uom_qty",
    "qty_delivered",
    "qty_invoiced",
    "price_unit",
    "price_subtotal",
]
OURS = ["backlog_state", "backlog_qty", "backorder_qty", "backlog_expected_date"]
FORECAST = [
    "qty_available_today",
    "free_qty_today",
    "virtual_available_at_date",
    "forecast_expected_date",
]
CORE_MEASURES = ["product_uom_qty:sum", "price_subtotal:sum_currency"]
OUR_MEASURES = ["open_qty:sum", "open_value:sum_currency"]
# One of how many products core's own forecast is measured on: it takes too long on all.
SAMPLE = {"S": 1, "M": 50, "L": 100}
# A thousand products that customers wait for, any of them.
PROMISED = """
    SELECT product_id
      FROM (SELECT DISTINCT product_id FROM backlog_kept_line) line
  ORDER BY hashint8extended(product_id, 7)
     LIMIT 1000
"""
DOCUMENTS = 10  # of each kind, for what is written


class Bench:
    def __init__(self, env):
        admin = env.ref("base.user_admin")
        # What a browser says of its user with every request.
        context = {"lang": admin.lang, "tz": "UTC", "uid": admin.id}
        self.env = env(user=admin.id, su=False, context=context)
        self.cr = env.cr
        self.kept = self.env["backlog.kept"].sudo()
        self.env["backlog.fold"]._fold()
        self.cr.commit()
        self.browser = Browser(env)
        [[lines, moves, kept]] = self.sql(
            """
            SELECT (SELECT COUNT(*) FROM backlog_kept_line),
                   (SELECT COUNT(*) FROM stock_move WHERE state = ANY(%s)),
                   (SELECT COUNT(*) FROM backlog_kept_slice)
            """,
            OPEN,
        )
        self.moves = moves
        self.table = Table(
            size=SIZE, open_lines=lines, open_moves=moves, kept_slices=kept
        )
        self.page = self.order_lines("TRUE")
        ranked = self.sql(
            """
            SELECT product_id, COUNT(*)
              FROM stock_move WHERE state = ANY(%s)
          GROUP BY product_id ORDER BY 2 DESC, 1
            """,
            OPEN,
        )
        self.hot, most = ranked[0]
        self.tenth = min(ranked, key=lambda row: abs(10 * row[1] - most))[0]
        self.hot_page = self.order_lines(f"product_id = {self.hot}")

    # Words

    def sql(self, statement, *parameters):
        return self.env.execute_query(SQL(statement, *parameters))

    def order_lines(self, condition):
        rows = self.sql(
            f"SELECT id FROM backlog_kept_line WHERE {condition} "
            f"ORDER BY hashint8extended(id, 7) LIMIT {PAGE}"
        )
        return self.env["sale.order.line"].browse(row[0] for row in rows)

    def reader(self, lines, names):
        specification = asked(lines.fields_get(names), names)
        return lambda: lines.web_read(specification)

    def executor(self, statement):
        """Have PostgreSQL compute all rows and columns, without sending them."""
        return lambda: self.cr.execute(
            SQL("EXPLAIN (ANALYZE, TIMING OFF) %s", statement)
        )

    def live_slices(self, product_ids=None):
        return self.executor(self.env["backlog.live.slice"]._live_slices(product_ids))

    def pair(self, ours, theirs, **options):
        return in_turns(ours, theirs, self.env, **options)

    def earlier(self, size, row):
        """The row of an earlier run of another size."""
        path = FIGURES / f"bench-{size}.json"
        if size == SIZE or not path.exists():
            return None
        rows = json.loads(path.read_text())["rows"]
        return next((found for found in rows if found["row"] == row), None)

    @contextmanager
    def undone(self):
        """What is done inside is rolled back."""
        try:
            yield
        finally:
            self.env.invalidate_all(flush=False)
            self.cr.rollback()

    # Reading

    def pages(self):
        ours = self.reader(self.page, PLAIN + OURS)
        plain = self.reader(self.page, PLAIN)
        pair = self.pair(ours, plain)
        self.table.pair(
            "1", "80 order lines with our four fields / without", pair, 1.3, cpu=True
        )
        forecast = self.pair(
            ours,
            self.reader(self.page, PLAIN + FORECAST),
            rounds=5 if SIZE == "L" else ROUNDS,
        )
        goal = {"S": 0.15, "M": 0.05, "L": 0.01}[SIZE]
        self.table.pair(
            "2", "the same / with core's forecast", forecast, goal, cpu=True
        )
        one = self.pair(
            self.reader(self.hot_page, PLAIN + OURS), self.reader(self.hot_page, PLAIN)
        )
        counts = [pair.ours.queries, one.ours.queries]
        self.table.row(
            "3",
            "queries of it more than plain, of many products and one",
            max(
                pair.ours.queries - pair.theirs.queries,
                one.ours.queries - one.theirs.queries,
            ),
            2,
            note=f"{counts[0]:g} of {len(self.page.product_id)} products, "
            f"{counts[1]:g} of one; core's forecast {forecast.theirs.queries:g}",
            queries=counts,
        )
        self.same_queries(counts)
        hot = self.pair(self.reader(self.hot_page, PLAIN + OURS), ours)
        self.table.pair("4", "the same of the hottest product", hot, 1.5, cpu=True)
        self.growth("4a", "page", hot.theirs.cpu, {"L": ("S", 1.5), "M": ("S", 1.5)})

    def same_queries(self, counts):
        for size in "SML":
            before = self.earlier(size, "3")
            if before:
                self.table.row(
                    "3a",
                    f"queries more than at {size}, earlier run",
                    max(
                        now - then
                        for now, then in zip(counts, before["queries"], strict=True)
                    ),
                    0,
                )

    def growth(self, number, what, seconds, goals):
        """Against the size that ``goals`` names for this one, of an earlier run."""
        size, goal = goals.get(SIZE, (None, None))
        before = self.earlier(size, number)
        self.table.row(
            number,
            f"{what}, against an earlier run of {size}" if size else what,
            seconds / before["ours"] if before else None,
            goal if before else None,
            seconds,
            before and before["ours"],
            "" if before or not size else f"no earlier run of {size}",
        )

    def screens(self):
        call = self.browser.call_model
        lines = asked(self.page.fields_get(PLAIN), PLAIN)

        def plain():
            return call("sale.order.line", "web_read", self.page.ids, lines)

        _open, first_page = self.browser.opener("inventory_backlog.backlog_line_action")
        self.table.pair(
            "A", "first page of the backlog / 80 lines", in_turns(first_page, plain), 2
        )
        _open, to_source = self.browser.opener(
            "inventory_backlog.backlog_line_action",
            default_filter=[("to_source_qty", ">", 0)],
            order="to_source_value desc, id",
        )
        self.table.pair(
            "B",
            "first page to order by value / 80 lines",
            in_turns(to_source, plain),
            2,
        )

        def by_state():
            return call(
                "backlog.line",
                "web_read_group",
                domain=[],
                groupby=["backlog_state"],
                aggregates=[*OUR_MEASURES, "__count"],
            )

        def scan():
            self.cr.execute(
                "SELECT COUNT(*), SUM(open_qty), SUM(open_value) FROM backlog_kept_line"
            )

        self.table.pair(
            "C",
            "by state with sums / one scan of the kept lines",
            in_turns(by_state, scan),
            3 if SIZE == "L" else None,
        )

    def pivots(self):
        core = self.browser.pivot(
            "sale.report", "warehouse_id", "date:month", CORE_MEASURES
        )
        ours = self.browser.pivot(
            "backlog.line", "warehouse_id", "promise_date:month", OUR_MEASURES
        )
        rounds = 5 if SIZE == "L" else ROUNDS
        self.table.pair(
            "8",
            "pivot warehouse × month / core's sales report",
            in_turns(ours, core, rounds=rounds),
            0.2,
        )
        dashboard = partial(self.browser.call_model, "backlog.dashboard")
        self.table.pair(
            "D",
            "dashboard / core's sales report",
            in_turns(partial(dashboard, "get_dashboard", "all"), core, rounds=rounds),
            1 if SIZE == "S" else 0.3,
        )
        _open, page = self.browser.opener("inventory_backlog.backlog_line_action")
        self.table.pair(
            "17",
            "dashboard without its charts / first page of the backlog",
            in_turns(
                partial(dashboard, "get_dashboard", "all", charts=False),
                page,
                rounds=rounds,
            ),
            3,
        )

    # Computing everything

    def live(self):
        floor = SQL(
            """
            SELECT id, product_id, location_id, location_dest_id, location_final_id,
                   product_uom, product_qty, quantity, state, priority, date,
                   reservation_date, procure_method, sale_line_id, company_id
              FROM stock_move
             WHERE state = ANY(%s)
          ORDER BY product_id, location_id, priority DESC, reservation_date, date, id
            """,
            OPEN,
        )
        # Our statement is made of steps, none of which can be shared out.
        self.cr.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        pair = self.pair(self.live_slices(), self.executor(floor))
        goal = None if SIZE == "S" else 3
        self.table.pair(
            "5", "all slices, live / scan and sort of the moves", pair, goal
        )
        self.cr.rollback()
        self.core_forecast(pair.ours.seconds)
        self.growth(
            "7", "all slices, live", pair.ours.seconds, {"M": ("S", 10), "L": ("M", 15)}
        )
        pair = self.pair(self.live_slices([self.hot]), self.live_slices([self.tenth]))
        self.table.pair("7a", "hottest product / one with a tenth of lines", pair, 13)
        self.cr.rollback()

    def core_forecast(self, ours):
        moves = self.env["stock.move"].browse(
            row[0]
            for row in self.sql(
                """
                SELECT id FROM stock_move
                 WHERE state = ANY(%s) AND hashint8(product_id) %% %s = 0
                """,
                OPEN,
                SAMPLE[SIZE],
            )
        )
        measures = [
            Measure(lambda: moves.mapped("forecast_availability"), self.env).seconds
            for _round in range(5)
        ]
        core = sorted(measures)[2] * self.moves / len(moves)
        self.table.row(
            "6",
            "all slices, live / core's forecast of all open moves",
            ours / core,
            {"S": 0.03, "M": 0.01, "L": 0.01}[SIZE],
            ours,
            core,
            ""
            if len(moves) == self.moves
            else f"core's from {len(moves)} moves, the rest taken to cost as much each",
        )

    # Keeping

    def folds(self):
        """After validation, in its transaction: of one transfer, and of so many as
        wait when the scheduled action comes."""
        pairs, written = [], 0
        for picking in self.transfers(ROUNDS + 1):
            with self.undone():
                pairs.append(self.validate_and_fold(picking))
                self.touch(picking.move_ids.product_id)
                written += self.env["backlog.fold"]._fold()
        self.fold_row("9", "folding what a transfer touched / validating it", pairs)
        self.table.row("9a", "rows written by folding what has not changed", written, 0)
        pickings, pairs = self.transfers(DOCUMENTS), []
        for _round in range(ROUNDS + 1):
            with self.undone():
                pairs.append(self.validate_and_fold(pickings))
        self.fold_row("9b", f"the same of {len(pickings)} transfers at once", pairs)

    def validate_and_fold(self, pickings):
        validated = Measure(partial(self.validate, pickings), self.env)
        return Measure(self.env["backlog.fold"]._fold, self.env), validated

    def fold_row(self, number, what, pairs):
        pair = Pair(pairs[1:])
        note = f"{pair.ours.result} rows written"
        self.table.pair(number, what, pair, 0.15, cpu=True, note=note)

    def touch(self, products):
        self.cr.execute(
            "INSERT INTO backlog_touched (product_id) SELECT UNNEST(%s)", [products.ids]
        )

    def transfers(self, count):
        """Deliveries with all of their goods reserved, of more than one line."""
        rows = self.sql(
            """
            SELECT picking_id
              FROM stock_move
             WHERE state = ANY(%s) AND sale_line_id IS NOT NULL
               AND picking_id IN (
                   SELECT picking.id FROM stock_picking picking
                     JOIN stock_picking_type kind ON kind.id = picking_type_id
                    WHERE picking.state = 'assigned' AND code = 'outgoing')
          GROUP BY picking_id
            HAVING BOOL_AND(state = 'assigned') AND COUNT(*) > 1
          ORDER BY hashint8extended(picking_id, 7)
             LIMIT %s
            """,
            OPEN,
            count,
        )
        return self.env["stock.picking"].browse(row[0] for row in rows)

    def validate(self, pickings):
        for picking in pickings:
            picking.button_validate()
        assert set(pickings.mapped("state")) == {"done"}

    def hot_paths(self):
        """With all that ours adds to them and without, in turns, each rolled back."""
        pickings = self.transfers(DOCUMENTS)
        for what, prepare, work in (
            ("reserve", pickings.do_unreserve, pickings.action_assign),
            ("validate", None, lambda: self.validate(pickings)),
            ("confirm", self.quote, lambda: self.quotations.action_confirm()),
        ):
            pairs = []
            for number in range(ROUNDS + 1):
                costs = {}
                for marks in (True, False) if number % 2 else (False, True):
                    with self.undone(), self.marks(marks):
                        if prepare:
                            prepare()
                        costs[marks] = Measure(work, self.env)
                pairs.append((costs[True], costs[False]))
            pair = Pair(pairs[1:])
            self.table.pair(
                "10",
                f"{what} {DOCUMENTS} documents, with ours / without",
                pair,
                1.1,
                cpu=True,
            )
            more = pair.ours.queries - pair.theirs.queries
            self.table.row(
                "10a",
                f"{what}: queries more per document",
                more / DOCUMENTS,
                1,
                note=f"of {pair.ours.queries:g}",
            )

    @contextmanager
    def marks(self, enabled):
        """The triggers, and the methods that run with them. Both ways with the same
        changes of the tables, which cost as well."""
        upkeep, line = type(self.env["backlog.upkeep"]), type(self.page)
        for table, name in self.sql(
            """
            SELECT tgrelid::regclass::text, tgname
              FROM pg_trigger WHERE tgname LIKE 'backlog\\_touch\\_%%'
            """
        ):
            for word in ("DISABLE", "ENABLE ALWAYS") if enabled else ("DISABLE",):
                self.cr.execute(f'ALTER TABLE {table} {word} TRIGGER "{name}"')
        if enabled:
            yield
        else:
            with (
                patch.object(upkeep, "_wake", lambda self: None),
                patch.object(line, "_keep_first_fill", lambda self: None),
            ):
                yield

    def quote(self):
        """Orders of ten lines each."""
        products = self.env["product.product"].browse(
            row[0]
            for row in self.sql(
                "SELECT product_id FROM backlog_kept_line GROUP BY product_id "
                "ORDER BY MIN(hashint8extended(id, 7)) LIMIT 100"
            )
        )
        self.quotations = self.env["sale.order"].create(
            [
                {
                    "partner_id": self.page[0].order_partner_id.id,
                    "order_line": [
                        Command.create({"product_id": product.id, "product_uom_qty": 3})
                        for product in products[number::DOCUMENTS]
                    ],
                }
                for number in range(DOCUMENTS)
            ]
        )

    def suggestions(self):
        """What core's reordering rules say of products that miss something in a
        warehouse, and what the statement behind suggestions says of them."""
        need = self.env["backlog.need"].sudo()
        wanted = {
            (row.product_id, row.warehouse_id)
            for row in need._rows()
            if row.part in ("want", "chained")
        }
        wanted = sorted(wanted, key=hash)[:1000]
        product_ids = list({product_id for product_id, _warehouse_id in wanted})
        with self.undone():
            rules = (
                self.env["stock.warehouse.orderpoint"]
                .sudo()
                .create(
                    [
                        {
                            "product_id": product_id,
                            "trigger": "manual",
                            "warehouse_id": warehouse_id,
                            "location_id": self.env["stock.warehouse"]
                            .browse(warehouse_id)
                            .lot_stock_id.id,
                        }
                        for product_id, warehouse_id in wanted
                    ]
                )
            )

            def core():
                # Stored: reading it would measure nothing.
                rules._compute_qty_to_order_computed()
                return rules.mapped("qty_to_order")

            pair = self.pair(
                lambda: need._rows(product_ids),
                core,
                rounds=5,
            )
        self.table.pair(
            "11", f"{len(wanted)} suggestions / core's rules", pair, 0.2, cpu=True
        )
        self.table.row("11a", "queries of it", pair.ours.queries, 60)

    def calls(self):
        """What programs ask for many at once."""
        ids = [row[0] for row in self.sql(PROMISED)]
        products = self.env["product.product"].browse(ids)
        wishes = [{"product_id": product_id, "qty": 5} for product_id in ids]
        core = ["free_qty", "virtual_available", "incoming_qty", "outgoing_qty"]
        pair = self.pair(
            partial(products.get_promises, wishes), partial(products.read, core)
        )
        self.table.pair(
            "E",
            f"promises for {len(ids):,} products / core's quantities of them",
            pair,
            3,
            note=f"{pair.ours.queries:g} queries, core {pair.theirs.queries:g}",
        )
        lines = self.env["backlog.line"]
        found = [line["id"] for line in lines.get_changes("", 1000)["lines"]]
        sold = self.env["sale.order.line"].browse(found)
        pair = self.pair(
            partial(lines.get_changes, "", 1000), partial(sold.read, PLAIN)
        )
        self.table.pair(
            "F",
            f"{len(found):,} changes since a cursor / as many order lines read",
            pair,
            2,
            note=f"{pair.ours.queries:g} queries, plain {pair.theirs.queries:g}",
        )

    def exactness(self):
        """Untouched, with marks of this transaction, and folded again."""
        with self.undone():
            found = [self.different()]
            self.validate(self.transfers(3))
            self.env.flush_all()
            found.append(self.different())
            self.env["backlog.fold"]._fold()
            found.append(self.different())
        self.table.row(
            "12", "rows in which kept and live differ", max(found), 0, note=str(found)
        )

    def different(self):
        return sum(map(len, self.kept.differences().values()))

    def rebuilding(self):
        with giving(self.env["backlog.line"], live=True) as lines:
            live = self.executor(lines._current())
        pairs = []
        for _round in range(5):
            with self.undone():
                self.cr.execute("TRUNCATE backlog_kept_slice, backlog_kept_line")
                pairs.append(
                    (Measure(self.kept.rebuild, self.env), Measure(live, self.env))
                )
        self.table.pair(
            "13", "full rebuild from nothing / the live statement", Pair(pairs), 3
        )
        with self.undone():
            written = self.kept.rebuild()
        self.table.row("13a", "rows written by rebuilding again", written, 0)


world = BacklogWorld(env, SIZE)  # noqa: F821 the shell gives env
if world.fill():
    world.check()
bench = Bench(env)  # noqa: F821
touched = Touched(bench)
wanted = os.environ.get("BENCH_ONLY", "").split()
for measure in (
    bench.pages,
    bench.screens,
    bench.pivots,
    bench.live,
    bench.folds,
    bench.hot_paths,
    touched.touched_pages,
    touched.touched_forms,
    touched.touched_planning,
    touched.touched_sets,
    bench.suggestions,
    bench.calls,
    bench.exactness,
    bench.rebuilding,
):
    if not wanted or measure.__name__ in wanted:
        measure()
        env.cr.rollback()  # noqa: F821
if not wanted:
    bench.table.write(FIGURES / f"bench-{SIZE}.json")
