"""A large, realistic and seeded world of sales backlog, written in bulk SQL.

One real document of each kind is made through the ORM; its rows are the patterns for
all others, which differ in the columns given. What differs comes from a hash of a
number and a word, so the same size gives the same world, placed in time around today.

Open order lines: 10,000 (S), 100,000 (M) or 1,000,000 (L), three times as many shipped.
Products 10,000 (1,000 in S) with Zipf popularity, 2,000 customers, 100 vendors, 12
salespeople in 4 teams, 3 warehouses of which one picks before it ships. Some 6 % of
the lines are in dozens, 10 % of the orders in euros; of what is open 12 % partly
shipped, 2 % made to order, 5 % invoiced ahead. Nothing is taxed. Invoices say what is
paid, without the payments behind it. Another 2 % each are kits and what vendors ship to
the customer, where the addons for it are installed. Manufacturing is not in it.
"""

import time

from .check import WorldCheck
from .copies import WorldCopies
from .goods import WorldGoods
from .invoices import WorldInvoices
from .orders import WorldOrders
from .patterns import WorldPatterns
from .plan import WorldPlan
from .tools import WorldTools

OPEN_LINES = {"S": 10_000, "M": 100_000, "L": 1_000_000}
PRODUCTS = {"S": 1_000, "M": 10_000, "L": 10_000}
PARAMETER = "inventory_backlog.backlog_bench"


class BacklogWorld(
    WorldTools,
    WorldPatterns,
    WorldPlan,
    WorldOrders,
    WorldGoods,
    WorldInvoices,
    WorldCopies,
    WorldCheck,
):
    def __init__(self, env, size, show=print):
        self.env = env(
            context={
                **env.context,
                "tracking_disable": True,
                "mail_create_nosubscribe": True,
                "no_reset_password": True,
                "skip_sms": True,
                "skip_backorder": True,
            }
        )
        self.cr = env.cr
        self.size = size
        self.show = show
        self.open_lines = OPEN_LINES[size]
        self.products = PRODUCTS[size]

    def fill(self):
        """Fill an empty database once; say whether it was done now."""
        parameters = self.env["ir.config_parameter"]
        filled = parameters.get_param(PARAMETER)
        if filled:
            if filled != self.size:
                raise ValueError(f"the database has size {filled}, not {self.size}")
            return False
        self.start = time.perf_counter()
        # Sorts and hashes of millions of rows.
        self.cr.execute("SET LOCAL work_mem = '256MB'")
        self.cr.execute("SET LOCAL maintenance_work_mem = '1GB'")
        self.cr.execute("SET LOCAL jit = off")
        self._make_functions()
        self._make_staff()
        self._make_patterns()
        self._make_special()
        self._copy_masters()
        self._plan_orders()
        self._plan_transfers()
        self._plan_stock()
        self._plan_receipts()
        self._say("planned")
        with self._without_indexes():
            self._write_sales()
            self._write_purchases()
            self._write_transfers()
            self._write_quants()
            self._write_invoices()
            self._write_special()
        self._set_sequences()
        self.env.invalidate_all()
        parameters.set_param(PARAMETER, self.size)
        self.cr.commit()
        self._vacuum()
        self._say("analysed")
        rows = self.env["backlog.kept"].rebuild()
        self.cr.commit()
        self._vacuum()
        self._say(f"{rows} rows kept")
        return True

    def _vacuum(self):
        """In a transaction of its own: what died in the bulk is removed as well."""
        self.cr._cnx.autocommit = True
        try:
            self.cr.execute("VACUUM ANALYZE")
        finally:
            self.cr._cnx.autocommit = False

    def _say(self, what):
        seconds = time.perf_counter() - self.start
        self.show(f"  {seconds:6.1f} s  {what}")
