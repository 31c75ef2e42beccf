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
from contextlib import contextmanager

from backlog_world_check import WorldCheck
from backlog_world_copies import WorldCopies

from odoo.fields import Command

OPEN_LINES = {"S": 10_000, "M": 100_000, "L": 1_000_000}
PRODUCTS = {"S": 1_000, "M": 10_000, "L": 10_000}
CUSTOMERS = 2_000
VENDORS = 100
TEAMS = 4
SALESPEOPLE = 12
CATEGORIES = 20
COUNTRIES = ("US", "DE", "FR", "ID", "NL", "GB", "JP", "BR", "IN", "CA")
PARAMETER = "inventory_backlog.backlog_bench"
# Columns of addons that may not be there.
OPTIONAL = {
    "first_open_qty",
    "first_promise_date",
    "first_ready_qty",
    "packaging_uom_id",
    "packaging_uom_qty",
    "reservation_date",
    "value",
}
TABLES = (
    "account_move",
    "account_move_line",
    "purchase_order",
    "purchase_order_line",
    "purchase_order_stock_picking_rel",
    "sale_order",
    "sale_order_line",
    "sale_order_line_invoice_rel",
    "stock_move",
    "stock_move_line",
    "stock_move_move_rel",
    "stock_picking",
    "stock_quant",
    "stock_reference",
    "stock_reference_move_rel",
    "stock_reference_sale_rel",
)


class BacklogWorld(WorldCopies, WorldCheck):
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

    # The tools

    def _make_functions(self):
        self.cr.execute(
            """
            -- A number from 0 to below 1, always the same for the same arguments.
            CREATE FUNCTION pg_temp.rnd(n bigint, what text) RETURNS float8 AS $$
                SELECT ((hashint8extended(n, hashtextextended(what, 42)) >> 12)
                        & 4503599627370495)::float8 / 4503599627370496
            $$ LANGUAGE sql IMMUTABLE PARALLEL SAFE;
            -- A rank from 1 to count, the first ones often: Zipf's law.
            CREATE FUNCTION pg_temp.zipf(count int, r float8) RETURNS int AS $$
                SELECT LEAST(FLOOR(POWER(count + 1, r)), count)::int
            $$ LANGUAGE sql IMMUTABLE PARALLEL SAFE
            """
        )

    def _run(self, statement, **parameters):
        self.cr.execute(statement, parameters or None)

    def _plan(self, table, statement, **parameters):
        """A temporary table with statistics."""
        self._run(f"CREATE TEMP TABLE {table} AS {statement}", **parameters)
        self._run(f"ANALYZE {table}")

    def _next(self, table):
        """The highest id in use: new rows are numbered from it on."""
        self._run(f"SELECT COALESCE(MAX(id), 0) FROM {table}")
        [[highest]] = self.cr.fetchall()
        return highest

    def _columns(self, table):
        self._run(
            """
            SELECT attname FROM pg_attribute
             WHERE attrelid = %(table)s::regclass AND attnum > 0
               AND NOT attisdropped AND attgenerated = ''
            """,
            table=table,
        )
        return [name for [name] in self.cr.fetchall()]

    def _copy(self, table, source, pattern, **columns):
        """Insert a row per row of ``source`` (``FROM`` clause): like the row of
        ``table`` with the id ``pattern``, but for ``columns``, SQL expressions, in
        which ``pattern_name`` is the column ``name`` of the pattern."""
        known = self._columns(table)
        unknown = set(columns) - set(known) - OPTIONAL
        if unknown:
            raise ValueError(f"{table} has no column {sorted(unknown)}")
        # Under names of their own, which no column of the source has.
        patterns = ", ".join(f'"{name}" AS "pattern_{name}"' for name in known)
        values = [columns.get(name, f'"pattern_{name}"') for name in known]
        names = ", ".join(f'"{name}"' for name in known)
        self._run(
            f"""
            INSERT INTO {table} ({names})
            SELECT {", ".join(values)}
              FROM {source}
              JOIN (SELECT {patterns} FROM {table}) pattern
                ON pattern_id = {pattern}
            """
        )

    @staticmethod
    def _array(ids):
        return f"(ARRAY{list(ids)})"

    @contextmanager
    def _without_indexes(self):
        """Drop what is checked and sorted row by row, and make it again at the end.
        That checks all foreign keys at once."""
        self._run(
            """
            SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
              FROM pg_constraint
             WHERE contype = 'f' AND conrelid = ANY(%(tables)s::regclass[])
            """,
            tables=list(TABLES),
        )
        keys = self.cr.fetchall()
        self._run(
            """
            SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
              FROM pg_index
             WHERE indrelid = ANY(%(tables)s::regclass[]) AND NOT indisprimary
               AND NOT EXISTS (
                   SELECT 1 FROM pg_constraint
                    WHERE conindid = indexrelid AND contype <> 'f')
            """,
            tables=list(TABLES),
        )
        indexes = self.cr.fetchall()
        for table, name, _definition in keys:
            self._run(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        for name, _definition in indexes:
            self._run(f"DROP INDEX {name}")
        # That would mark the products: all are marked at the end, at once.
        self._set_triggers("DISABLE")
        yield
        self._set_triggers("ENABLE")
        self._say("written")
        for _name, definition in indexes:
            self._run(definition)
        self._say(f"{len(indexes)} indexes made")
        for table in TABLES:
            self._run(f"ANALYZE {table}")
        for table, name, definition in keys:
            self._run(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        self._say(f"{len(keys)} foreign keys checked")

    def _set_triggers(self, word):
        for table in TABLES:
            self._run(f"ALTER TABLE {table} {word} TRIGGER USER")

    def _set_sequences(self):
        for table in (*TABLES, "product_template", "product_product", "res_partner"):
            if not table.endswith("_rel"):
                self._run(f"SELECT SETVAL('{table}_id_seq', {self._next(table)})")

    # Patterns

    def _make_staff(self):
        env = self.env
        self.euro = env.ref("base.EUR")
        self.euro.active = True
        self.euro.rate_ids.create({"currency_id": self.euro.id, "rate": 0.92})
        self.pricelist = env["product.pricelist"].create(
            {"name": "Euro", "currency_id": self.euro.id}
        )
        self.teams = env["crm.team"].create(
            [{"name": f"Team {number + 1}"} for number in range(TEAMS)]
        )
        self.users = env["res.users"].create(
            [
                {
                    "name": f"Salesperson {number + 1}",
                    "login": f"bench{number + 1}",
                    "group_ids": [
                        Command.link(env.ref("sales_team.group_sale_salesman").id)
                    ],
                }
                for number in range(SALESPEOPLE)
            ]
        )
        self.categories = env["product.category"].create(
            [{"name": f"Category {number + 1}"} for number in range(CATEGORIES)]
        )
        self.warehouses = env["stock.warehouse"].search(
            [("company_id", "=", env.company.id)], limit=1
        ) + env["stock.warehouse"].create(
            [
                {"name": "East", "code": "BWE"},
                {"name": "West", "code": "BWW", "delivery_steps": "pick_ship"},
            ]
        )
        self.shelves = env["stock.location"].create(
            [
                {"name": "Bench shelf", "location_id": warehouse.lot_stock_id.id}
                for warehouse in self.warehouses
            ]
        )

    def _make_patterns(self):
        env = self.env
        self.customer, self.vendor = env["res.partner"].create(
            [
                {"name": "Bench customer", "customer_rank": 1},
                {"name": "Bench vendor", "supplier_rank": 1, "is_company": True},
            ]
        )
        self.product = env["product.product"].create(
            {
                "name": "Bench product",
                "type": "consu",
                "is_storable": True,
                "list_price": 100,
                "standard_price": 60,
                "taxes_id": False,
                "supplier_taxes_id": False,
                "seller_ids": [
                    Command.create({"partner_id": self.vendor.id, "price": 60})
                ],
            }
        )
        for warehouse in self.warehouses:
            env["stock.quant"].with_context(inventory_mode=True).create(
                {
                    "product_id": self.product.id,
                    "location_id": warehouse.lot_stock_id.id,
                    "inventory_quantity": 1_000,
                }
            ).action_apply_inventory()
        rows = []
        for number, warehouse in enumerate(self.warehouses, 1):
            rows += self._transfer_patterns(number, warehouse)
        self._invoice_pattern()
        env.flush_all()
        self._run(
            """
            CREATE TEMP TABLE world_pattern (
                wh int, step text, is_done bool, order_id int, line_id int,
                picking_id int, move_id int, item_id int)
            """
        )
        self.cr.execute_values("INSERT INTO world_pattern VALUES %s", rows)
        self._run("ANALYZE world_pattern")

    def _transfer_patterns(self, number, warehouse):
        """A transfer of each kind, open and done: ``out`` ships in one step, ``pick``
        and ``ship`` in two, ``in`` receives."""
        waiting, shipped = self._make_sale(warehouse), self._make_sale(warehouse)
        arriving, arrived = (self._make_purchase(warehouse) for _number in range(2))
        self._do(arrived.picking_ids)
        first = shipped.picking_ids
        self._do(first)
        step = "out" if warehouse.delivery_steps == "ship_only" else "pick"
        transfers = [
            (step, waiting.picking_ids),
            (step, first),
            ("in", arriving.picking_ids),
            ("in", arrived.picking_ids),
        ]
        if step == "pick":
            picked = self._make_sale(warehouse)
            second = shipped.picking_ids - first
            third = picked.picking_ids
            self._do(second + third)
            transfers += [("ship", second), ("ship", picked.picking_ids - third)]
        self.sale = waiting
        return [
            (
                number,
                step,
                picking.state == "done",
                picking.purchase_id.id or picking.sale_id.id,
                (
                    picking.move_ids.purchase_line_id.id
                    or picking.move_ids.sale_line_id.id
                ),
                picking.id,
                picking.move_ids.id,
                picking.move_line_ids.id,
            )
            for step, picking in transfers
        ]

    def _make_sale(self, warehouse):
        sale = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "warehouse_id": warehouse.id,
                "order_line": [
                    Command.create(
                        {"product_id": self.product.id, "product_uom_qty": 5}
                    )
                ],
            }
        )
        sale.action_confirm()
        sale.picking_ids.action_assign()
        return sale

    def _make_purchase(self, warehouse):
        purchase = self.env["purchase.order"].create(
            {
                "partner_id": self.vendor.id,
                "picking_type_id": warehouse.in_type_id.id,
                "order_line": [
                    Command.create({"product_id": self.product.id, "product_qty": 5})
                ],
            }
        )
        purchase.button_confirm()
        return purchase

    def _do(self, picking):
        for move in picking.move_ids:
            move.write({"quantity": move.product_uom_qty, "picked": True})
        for one in picking:
            one.button_validate()

    def _invoice_pattern(self):
        env = self.env
        sale = self._make_sale(self.warehouses[0])
        env["sale.advance.payment.inv"].with_context(
            active_ids=sale.ids, active_model="sale.order"
        ).create(
            {"advance_payment_method": "percentage", "amount": 30}
        ).create_invoices()
        self.invoice = sale.invoice_ids
        self.invoice.action_post()
        lines = sale.order_line.sorted("sequence")
        self.section, self.down = lines[-2:]

    def _copy_masters(self):
        """Partners and products, numbered from 1 in order of their popularity."""
        self.first_customer = self._next("res_partner")
        countries = self.env["res.country"].search([("code", "in", COUNTRIES)]).ids
        self.first_vendor = self.first_customer + CUSTOMERS
        for first, count, word, pattern in (
            (self.first_customer, CUSTOMERS, "Customer", self.customer),
            (self.first_vendor, VENDORS, "Vendor", self.vendor),
        ):
            self._copy(
                "res_partner",
                f"GENERATE_SERIES(1, {count}) i",
                pattern.id,
                id=f"{first} + i",
                name=f"'{word} ' || i",
                complete_name=f"'{word} ' || i",
                commercial_partner_id=f"{first} + i",
                country_id=f"{self._array(countries)}[pg_temp.zipf("
                f"{len(countries)}, pg_temp.rnd(i, '{word} country'))]",
            )
        self._plan_products()
        self._copy(
            "product_template",
            "world_product product",
            self.product.product_tmpl_id.id,
            id="product.template_id",
            name="JSONB_BUILD_OBJECT('en_US', 'Product ' || i)",
            default_code="'BW' || LPAD(i::text, 5, '0')",
            categ_id="product.categ_id",
            list_price="product.price",
            sale_delay="product.lead",
        )
        self._copy(
            "product_product",
            "world_product product",
            self.product.id,
            id="product.id",
            product_tmpl_id="product.template_id",
            default_code="'BW' || LPAD(i::text, 5, '0')",
            standard_price=f"JSONB_BUILD_OBJECT('{self.env.company.id}', product.cost)",
        )
        base = self._next("product_supplierinfo")
        self._copy(
            "product_supplierinfo",
            "world_product product CROSS JOIN GENERATE_SERIES(1, 2) rank",
            self.product.seller_ids.id,
            id=f"{base} + 2 * i + rank",
            product_tmpl_id="product.template_id",
            product_id="product.id",
            partner_id=f"{self.first_vendor} + (product.vendor + 40 * (rank - 1)"
            f" - 1) % {VENDORS} + 1",
            sequence="rank",
            price="ROUND(product.cost * (0.9 + 0.1 * rank), 2)",
            delay="3 + FLOOR(pg_temp.rnd(10 * i + rank, 'delay') * 25)",
        )
        self._run(
            "SELECT SETVAL('product_supplierinfo_id_seq', "
            f"{self._next('product_supplierinfo')})"
        )
        self._say("patterns, partners and products")

    def _plan_products(self):
        self._plan(
            "world_product",
            f"""
            SELECT i, {self._next("product_product")} + i AS id,
                   {self._next("product_template")} + i AS template_id,
                   price, ROUND(price * (0.4 + 0.5 * pg_temp.rnd(i, 'cost'))::numeric,
                                2) AS cost,
                   2 + FLOOR(28 * POWER(pg_temp.rnd(i, 'lead'), 2))::int AS lead,
                   1 + FLOOR({VENDORS} * pg_temp.rnd(i, 'vendor'))::int AS vendor,
                   {self.categories[0].id}
                       + FLOOR({CATEGORIES} * pg_temp.rnd(i, 'categ'))::int AS categ_id,
                   -- A fifth lies on a shelf below the stock.
                   i % 5 = 0 AS on_shelf
              FROM GENERATE_SERIES(1, {self.products}) i
        CROSS JOIN LATERAL (
                    -- No discount of 5 % or 10 % cuts a cent in two.
                    SELECT ROUND(5 * EXP(1 + 6 * pg_temp.rnd(i, 'price'))::numeric)
                           / 5 AS price
                   ) priced
            """,
        )

    # The plan

    def _plan_orders(self):
        """Orders of one to five lines until there are enough of them; the closed ones
        first, since they are older."""
        self._plan(
            "world_size",
            f"""
            SELECT is_open, k, before, LEAST(lines, wanted - before)::int AS lines
              FROM (
                    SELECT *, SUM(lines) OVER (PARTITION BY is_open ORDER BY k)
                              - lines AS before
                      FROM (
                            SELECT is_open, wanted, number * 2 + is_open::int AS k,
                                   1 + FLOOR(5 * pg_temp.rnd(
                                       number * 2 + is_open::int, 'lines'))::int
                                       AS lines
                              FROM (VALUES (TRUE, {self.open_lines}),
                                           (FALSE, {3 * self.open_lines})
                                   ) size (is_open, wanted),
                                   LATERAL GENERATE_SERIES(1, wanted / 2) number
                           ) drawn
                   ) summed
             WHERE before < wanted
            """,
        )
        self._plan(
            "world_order_drawn",
            f"""
            SELECT {self._next("sale_order")}
                       + ROW_NUMBER() OVER (ORDER BY is_open, k) AS id,
                   is_open, k, lines, customer,
                   1 + FLOOR({SALESPEOPLE} * pg_temp.rnd(customer, 'user'))::int AS
                       seller,
                   CASE WHEN pg_temp.rnd(k, 'wh') < 0.5 THEN 1
                        WHEN pg_temp.rnd(k, 'wh') < 0.8 THEN 2 ELSE 3 END AS wh,
                   NOW()::date - CASE WHEN is_open
                       THEN 60 * POWER(pg_temp.rnd(k, 'date'), 1.5)
                       ELSE 2 + 728 * pg_temp.rnd(k, 'date')
                   END * INTERVAL '1 day' AS date_order,
                   CASE WHEN pg_temp.rnd(k, 'promised') < 0.6
                        THEN 3 + FLOOR(50 * pg_temp.rnd(k, 'promise')) END AS promise,
                   pg_temp.rnd(k, 'euro') < 0.1 AS is_euro,
                   (pg_temp.rnd(k, 'priority') < 0.03)::int::text AS priority,
                   pg_temp.rnd(k, 'kind') AS kind,
                   pg_temp.rnd(k, 'ahead') AS ahead
              FROM (
                    SELECT *, pg_temp.zipf({CUSTOMERS}, pg_temp.rnd(k, 'customer'))
                              AS customer
                      FROM world_size
                   ) size
            """,
        )
        self._plan(
            "world_order",
            """
            SELECT id, is_open, k, lines, customer, seller, wh, date_order,
                   date_order + promise * INTERVAL '1 day' AS commitment_date, priority,
                   is_euro,
                   CASE WHEN is_euro
                        THEN ROUND((0.88 + 0.08 * pg_temp.rnd(
                            EXTRACT(MONTH FROM date_order)::int, 'rate'))::numeric, 6)
                        ELSE 1 END AS rate,
                   CASE WHEN NOT is_open THEN 'closed'
                        WHEN wh = 3 AND kind < 0.3 THEN 'picked'
                        WHEN wh < 3 AND kind < 0.15 THEN 'partly'
                        ELSE 'whole' END AS kind,
                   CASE WHEN NOT is_open OR is_euro THEN NULL
                        WHEN ahead < 0.035 THEN 'down'
                        WHEN ahead < 0.055 THEN 'full' END AS ahead
              FROM world_order_drawn
            """,
        )
        self._plan_lines()

    def _plan_lines(self):
        """``qty`` is in the unit of the line, ``goods`` in that of the product."""
        self._plan(
            "world_line",
            f"""
            SELECT drawn.*, qty * factor AS goods,
                   FLOOR(part * qty)::int * factor AS first_goods,
                   ROUND(qty * price * (1 - discount / 100.0), 2) AS subtotal,
                   COALESCE(commitment_date,
                            date_order + lead * INTERVAL '1 day') AS promise
              FROM (
                    SELECT {self._next("sale_order_line")} + n AS id, n, order_id, i,
                           product_id, wh, kind, factor, lead, cost, date_order,
                           commitment_date, is_open, ahead, number,
                           CASE WHEN factor = 12
                                THEN 1 + FLOOR(3 * pg_temp.rnd(n, 'qty'))
                                ELSE 1 + FLOOR(19 * POWER(pg_temp.rnd(n, 'qty'), 3))
                            END::int AS qty,
                           CASE WHEN pg_temp.rnd(n, 'discount') < 0.1 THEN 5
                                WHEN pg_temp.rnd(n, 'discount') < 0.2 THEN 10
                                ELSE 0 END AS discount,
                           ROUND(product_price * factor * rate * 5) / 5 AS price,
                           0.9 * pg_temp.rnd(n, 'part') AS part,
                           kind = 'whole' AND wh < 3
                               AND pg_temp.rnd(n, 'mto') < 0.035 AS is_mto
                      FROM (
                            SELECT ordered.*, product.id AS product_id, product.lead,
                                   product.cost, product.price AS product_price,
                                   CASE WHEN pg_temp.rnd(n, 'dozen') < 0.06 THEN 12
                                        ELSE 1 END AS factor
                              FROM (
                                    SELECT *, pg_temp.zipf({self.products},
                                               pg_temp.rnd(n, 'product')) AS i
                                      FROM (
                                            SELECT ROW_NUMBER() OVER (
                                                       ORDER BY sale.id, number) AS n,
                                                   sale.id AS order_id, number, wh,
                                                   kind, date_order, commitment_date,
                                                   rate, is_open, ahead
                                              FROM world_order sale,
                                                   LATERAL GENERATE_SERIES(1, lines)
                                                       number
                                           ) numbered
                                   ) ordered
                              JOIN world_product product USING (i)
                           ) ordered
                   ) drawn
            """,
        )

    def _plan_transfers(self):
        """The steps of each order: which transfers there are, and what they move."""
        self._plan(
            "world_step",
            """
            SELECT * FROM (VALUES
                ('closed', FALSE, 1, 'out', TRUE), ('closed', TRUE, 1, 'pick', TRUE),
                ('closed', TRUE, 2, 'ship', TRUE), ('whole', FALSE, 1, 'out', FALSE),
                ('whole', TRUE, 1, 'pick', FALSE), ('partly', FALSE, 1, 'out', TRUE),
                ('partly', FALSE, 2, 'out', FALSE), ('picked', TRUE, 1, 'pick', TRUE),
                ('picked', TRUE, 2, 'ship', FALSE)
            ) step (kind, two_steps, number, step, is_done)
            """,
        )
        self._plan(
            "world_move_drawn",
            """
            SELECT ROW_NUMBER() OVER (ORDER BY line.n, step.number) AS m, line.n,
                   line.id AS line_id, line.product_id, line.factor, line.order_id,
                   line.i, line.wh, line.promise, line.date_order,
                   step.number, step.step, step.is_done, line.is_mto, sale.priority,
                   CASE WHEN line.kind <> 'partly' THEN goods
                        WHEN step.is_done THEN first_goods
                        ELSE goods - first_goods END AS goods
              FROM world_line line
              JOIN world_order sale ON sale.id = line.order_id
              JOIN world_step step
                ON step.kind = line.kind AND step.two_steps = (line.wh = 3)
            """,
        )
        self._run("DELETE FROM world_move_drawn WHERE goods <= 0")
        self._plan(
            "world_picking",
            f"""
            SELECT {self._next("stock_picking")}
                       + ROW_NUMBER() OVER (ORDER BY order_id, number) AS id,
                   order_id, number, step, is_done, wh, promise,
                   CASE WHEN is_done THEN LEAST({self._done_date()}, NOW()::timestamp)
                    END AS date_done
              FROM (
                    SELECT order_id, number, step, is_done, wh, MIN(promise) AS promise,
                           MIN(date_order) AS date_order
                      FROM world_move_drawn
                  GROUP BY order_id, number, step, is_done, wh
                   ) picking
            """,
        )

    def _done_date(self):
        """Around the promise, but after the order and before today; the second step
        half a day after the first."""
        return """
            LEAST(
                GREATEST(
                    promise + (FLOOR(10 * pg_temp.rnd(order_id, 'shipped')) - 6)
                        * INTERVAL '1 day',
                    date_order + INTERVAL '6 hours'
                ),
                date_order + (NOW()::date - date_order)
                    * (0.5 + 0.4 * pg_temp.rnd(order_id, 'by'))
            ) + (number - 1) * INTERVAL '12 hours'
        """

    def _plan_stock(self):
        """What is on hand per product and warehouse for the demand there, and how much
        of that is reserved: from the head of the queue on, as Odoo does it."""
        self._plan(
            "world_stock",
            """
            SELECT *, FLOOR(LEAST(on_hand, demand)
                      * CASE WHEN pg_temp.rnd(key, 'held') < 0.3 THEN 0
                             WHEN pg_temp.rnd(key, 'held') < 0.7 THEN 0.5
                             ELSE 1 END)::int AS held
              FROM (
                    SELECT product.i, wh, product.i * 3 + wh AS key,
                           COALESCE(demand, 0)::int AS demand,
                           COALESCE(lines, 0)::int AS lines,
                           COALESCE(shipped, 0)::int AS shipped,
                           CASE WHEN demand IS NULL
                                THEN FLOOR(20 * pg_temp.rnd(product.i * 3 + wh, 'idle'))
                                WHEN pg_temp.rnd(product.i * 3 + wh, 'rich') < 0.25
                                THEN 0
                                WHEN pg_temp.rnd(product.i * 3 + wh, 'rich') < 0.55
                                THEN FLOOR(demand * (0.3 + 0.5 * pg_temp.rnd(
                                    product.i * 3 + wh, 'stock')))
                                ELSE FLOOR(demand * (1 + 0.6 * pg_temp.rnd(
                                    product.i * 3 + wh, 'stock')))
                            END::int AS on_hand
                      FROM world_product product
                CROSS JOIN GENERATE_SERIES(1, 3) wh
                 LEFT JOIN (
                            SELECT i, wh,
                                   SUM(goods) FILTER (
                                       WHERE NOT is_done AND NOT is_mto) AS demand,
                                   COUNT(*) FILTER (
                                       WHERE NOT is_done AND NOT is_mto) AS lines,
                                   SUM(goods) FILTER (WHERE is_done) AS shipped
                              FROM world_move_drawn
                             WHERE step IN ('out', 'pick')
                          GROUP BY i, wh
                           ) moved USING (i, wh)
                   ) stock
            """,
        )
        self._plan(
            "world_move",
            f"""
            SELECT {self._next("stock_move")} + m AS id, m, n, line_id, product_id,
                   factor, order_id, i, wh,
                   move.promise, date_order, number, step, is_done, is_mto, priority,
                   goods, picking.id AS picking_id, picking.date_done,
                   CASE WHEN is_done OR step = 'ship' THEN goods
                        WHEN is_mto THEN 0
                        ELSE GREATEST(0, LEAST(goods, held - before)) END AS held
              FROM (
                    SELECT move.*, stock.held, SUM(goods) OVER queue - goods AS before
                      FROM (SELECT *, NOT is_done AND NOT is_mto AND step <> 'ship'
                                      AS is_queued
                              FROM world_move_drawn) move
                      JOIN world_stock stock USING (i, wh)
                    WINDOW queue AS (PARTITION BY i, wh, is_queued
                                     ORDER BY priority DESC, promise, m
                                     ROWS UNBOUNDED PRECEDING)
                   ) move
              JOIN world_picking picking
             USING (order_id, number, step, is_done, wh)
            """,
        )

    def _plan_receipts(self):
        """What is on its way, early and late; what was received; and what was ordered
        for one customer. One purchase per vendor, warehouse and week."""
        self._plan(
            "world_receipt_drawn",
            """
            SELECT i, wh, NULL::bigint AS sale_move_id, FALSE AS is_done,
                   CEIL(demand * (0.2 + 0.6 * pg_temp.rnd(key * 50 + number, 'more'))
                        / count)::int AS goods,
                   NOW()::date + (CASE WHEN pg_temp.rnd(key * 50 + number, 'late') < 0.2
                       THEN -1 - FLOOR(10 * pg_temp.rnd(key * 50 + number, 'when'))
                       ELSE FLOOR(60 * pg_temp.rnd(key * 50 + number, 'when'))
                   END)::int + TIME '10:00' AS date
              FROM (SELECT *, 1 + FLOOR(LN(lines))::int AS count
                      FROM world_stock
                     WHERE lines > 0 AND pg_temp.rnd(key, 'supplied') < 0.6) stock,
                   LATERAL GENERATE_SERIES(1, count) number
         UNION ALL
            SELECT i, wh, id, FALSE, goods,
                   NOW()::date + FLOOR(40 * pg_temp.rnd(m, 'mto') - 5)::int
                       + TIME '10:00'
              FROM world_move
             WHERE is_mto
         UNION ALL
            SELECT i, wh, NULL, TRUE, (shipped + on_hand) / 4,
                   NOW()::date - 730 + 220 * number
                       + FLOOR(20 * pg_temp.rnd(key * 50 + number, 'past'))::int
                       + TIME '10:00'
              FROM world_stock, GENERATE_SERIES(0, 2) number
             WHERE shipped + on_hand >= 4
            """,
        )
        self._plan(
            "world_receipt",
            f"""
            SELECT *, {self._next("purchase_order_line")} + r AS id,
                   {self._next("purchase_order")} + purchase AS order_id,
                   {self._next("stock_picking")}
                       + (SELECT COUNT(*) FROM world_picking) + purchase AS picking_id,
                   {self._next("stock_move")}
                       + (SELECT MAX(m) FROM world_move_drawn) + r AS move_id,
                   -- A buyer who puts a purchase off leaves the receipt as it was.
                   CASE WHEN NOT is_done AND pg_temp.rnd(r, 'put off') < 0.1
                        THEN date + INTERVAL '7 days' ELSE date END AS date_planned
              FROM (
                    SELECT receipt.*, vendor, product.cost, product.id AS product_id,
                           on_shelf,
                           ROW_NUMBER() OVER (ORDER BY receipt.is_done DESC, date, i,
                               wh, sale_move_id) AS r,
                           DENSE_RANK() OVER (ORDER BY receipt.is_done DESC,
                               DATE_TRUNC('week', date), vendor, wh,
                               sale_move_id IS NULL) AS purchase
                      FROM world_receipt_drawn receipt
                      JOIN world_product product USING (i)
                   ) receipt
            """,
        )
        self._plan(
            "world_purchase",
            """
            SELECT order_id AS id, picking_id, vendor, wh, is_done,
                   MIN(date) AS date, MIN(date_planned) AS date_planned,
                   LEAST(MIN(date), NOW()::date) - INTERVAL '20 days' AS date_order,
                   SUM(ROUND(goods * cost, 2)) AS amount
              FROM world_receipt
          GROUP BY order_id, picking_id, vendor, wh, is_done
            """,
        )
        # What no purchase brought was counted at the start of the history.
        self._plan(
            "world_inventory",
            f"""
            SELECT {self._next("stock_move")}
                       + (SELECT MAX(m) FROM world_move_drawn)
                       + (SELECT COUNT(*) FROM world_receipt)
                       + ROW_NUMBER() OVER (ORDER BY i, wh) AS id, *
              FROM (
                    SELECT i, wh, product.id AS product_id, on_shelf, product.cost,
                           shipped + on_hand - CASE WHEN shipped + on_hand >= 4
                               THEN 3 * ((shipped + on_hand) / 4) ELSE 0 END AS goods
                      FROM world_stock
                      JOIN world_product product USING (i)
                   ) stock
             WHERE goods > 0
            """,
        )

    # Sales

    def _write_sales(self):
        self._plan(
            "world_total",
            """
            SELECT order_id AS id, SUM(subtotal) AS amount, MIN(date_done) AS date_done
              FROM world_line
         LEFT JOIN (SELECT order_id, MIN(date_done) AS date_done
                      FROM world_picking WHERE step <> 'pick' GROUP BY 1) shipped
             USING (order_id)
          GROUP BY order_id
            """,
        )
        users = f"{self._array(self.users.ids)}[seller]"
        teams = f"{self._array(self.teams.ids)}[1 + seller % {TEAMS}]"
        self._users = users
        currency = f"CASE WHEN is_euro THEN {self.euro.id} ELSE pattern_currency_id END"
        partner = f"{self.first_customer} + customer"
        self._copy(
            "sale_order",
            "world_order sale JOIN world_total total USING (id)",
            self.sale.id,
            id="sale.id",
            name="'BW' || LPAD(k::text, 8, '0')",
            partner_id=partner,
            partner_invoice_id=partner,
            partner_shipping_id=partner,
            user_id=users,
            team_id=teams,
            warehouse_id=self._warehouse(),
            date_order="date_order",
            create_date="date_order - INTERVAL '1 day'",
            validity_date="date_order + INTERVAL '30 days'",
            commitment_date="commitment_date",
            currency_id=currency,
            pricelist_id=f"CASE WHEN is_euro THEN {self.pricelist.id} "
            "ELSE pattern_pricelist_id END",
            currency_rate="rate",
            amount_untaxed="amount",
            amount_total="amount",
            effective_date="date_done",
            delivery_status="""CASE WHEN kind = 'closed' THEN 'full'
                WHEN date_done IS NOT NULL THEN 'partial'
                WHEN kind = 'picked' THEN 'started' ELSE 'pending' END""",
            invoice_status="CASE WHEN ahead = 'full' THEN 'invoiced' "
            "ELSE 'to invoice' END",
        )
        self._write_lines(currency)
        base = self._next("stock_reference")
        reference = self.sale.stock_reference_ids.id
        self.reference = f"{base} - {self._first_order()} + order_id"
        self._copy(
            "stock_reference",
            "world_order sale",
            reference,
            id=f"{base} - {self._first_order()} + sale.id",
            name="'BW' || LPAD(k::text, 8, '0')",
        )
        self._run(
            f"""
            INSERT INTO stock_reference_sale_rel (reference_id, sale_id)
            SELECT {base} - {self._first_order()} + id, id FROM world_order
            """
        )
        self._say("sales")

    def _first_order(self):
        self._run("SELECT MIN(id) - 1 FROM world_order")
        return self.cr.fetchone()[0]

    def _warehouse(self, column="wh"):
        return f"{self._array(self.warehouses.ids)}[{column}]"

    def _write_lines(self, currency):
        dozen = self.env.ref("uom.product_uom_dozen").id
        self._copy(
            "sale_order_line",
            """world_line line JOIN world_order sale ON sale.id = line.order_id
               LEFT JOIN (SELECT n, SUM(goods) FILTER (WHERE is_done
                                 AND step <> 'pick') AS shipped
                            FROM world_move GROUP BY n) moved USING (n)""",
            self.sale.order_line.id,
            id="line.id",
            order_id="line.order_id",
            sequence="9 + line.number",
            name="'Product ' || i",
            product_id="line.product_id",
            product_uom_id=f"CASE factor WHEN 12 THEN {dozen} "
            "ELSE pattern_product_uom_id END",
            product_uom_qty="qty",
            price_unit="price",
            technical_price_unit="price",
            discount="discount",
            price_subtotal="subtotal",
            price_total="subtotal",
            price_reduce_taxexcl="subtotal / qty",
            price_reduce_taxinc="subtotal / qty",
            qty_delivered="COALESCE(shipped, 0)::numeric / factor",
            qty_to_invoice="CASE WHEN line.ahead = 'full' THEN 0 ELSE qty END",
            qty_invoiced="CASE WHEN line.ahead = 'full' THEN qty ELSE 0 END",
            untaxed_amount_to_invoice="CASE WHEN line.ahead = 'full' THEN 0 "
            "ELSE subtotal END",
            untaxed_amount_invoiced="CASE WHEN line.ahead = 'full' THEN subtotal "
            "ELSE 0 END",
            invoice_status="CASE WHEN line.ahead = 'full' THEN 'invoiced' "
            "ELSE 'to invoice' END",
            customer_lead="lead",
            first_promise_date="promise",
            first_open_qty="qty",
            first_ready_qty="CASE WHEN pg_temp.rnd(n, 'first') < 0.8 THEN qty "
            "ELSE FLOOR(qty * pg_temp.rnd(n, 'first part')) END",
            order_partner_id=f"{self.first_customer} + customer",
            salesman_id=self._users,
            warehouse_id=self._warehouse("line.wh"),
            currency_id=currency,
            create_date="line.date_order",
        )

    # Transfers

    def _write_purchases(self):
        vendor = f"{self.first_vendor} + vendor"
        pattern = "world_pattern world ON world.wh = {0}.wh AND world.step = 'in' " + (
            "AND world.is_done = {0}.is_done"
        )
        self._copy(
            "purchase_order",
            f"world_purchase purchase JOIN {pattern.format('purchase')}",
            "world.order_id",
            id="purchase.id",
            name="'BWP' || LPAD(purchase.id::text, 7, '0')",
            partner_id=vendor,
            date_order="purchase.date_order",
            date_approve="purchase.date_order",
            create_date="purchase.date_order",
            date_planned="purchase.date_planned",
            date_calendar_start="purchase.date_order",
            effective_date="CASE WHEN purchase.is_done THEN purchase.date END",
            amount_untaxed="amount",
            amount_total="amount",
            amount_total_cc="amount",
        )
        source = (
            f"world_receipt receipt JOIN {pattern.format('receipt')}"
            " JOIN world_purchase purchase ON purchase.id = receipt.order_id"
        )
        self._copy(
            "purchase_order_line",
            source,
            "world.line_id",
            id="receipt.id",
            order_id="receipt.order_id",
            name="'Product ' || i",
            partner_id=f"{self.first_vendor} + receipt.vendor",
            product_id="product_id",
            product_qty="goods",
            product_uom_qty="goods",
            price_unit="cost",
            technical_price_unit="cost",
            price_subtotal="ROUND(goods * cost, 2)",
            price_total="ROUND(goods * cost, 2)",
            date_planned="receipt.date_planned",
            first_promise_date="receipt.date",
            qty_received="CASE WHEN receipt.is_done THEN goods ELSE 0 END",
            qty_to_invoice="CASE WHEN receipt.is_done THEN goods ELSE 0 END",
            create_date="purchase.date_order",
        )
        self._copy(
            "stock_picking",
            f"world_purchase purchase JOIN {pattern.format('purchase')}",
            "world.picking_id",
            id="purchase.picking_id",
            name="'BW/IN/' || purchase.id",
            origin="'BWP' || LPAD(purchase.id::text, 7, '0')",
            partner_id=vendor,
            scheduled_date="purchase.date",
            date_deadline="purchase.date",
            date_done="CASE WHEN purchase.is_done THEN purchase.date END",
            create_date="purchase.date_order",
        )
        self._copy(
            "stock_move",
            source,
            "world.move_id",
            id="receipt.move_id",
            picking_id="receipt.picking_id",
            purchase_line_id="receipt.id",
            reference="'BW/IN/' || receipt.order_id",
            origin="'BWP' || LPAD(receipt.order_id::text, 7, '0')",
            product_id="product_id",
            **self._quantities("goods", "goods"),
            value="CASE WHEN receipt.is_done THEN goods * cost END",
            price_unit="cost",
            date="receipt.date",
            date_deadline="receipt.date",
            reservation_date="receipt.date::date",
            create_date="purchase.date_order",
        )
        self._copy_items(
            source,
            "receipt.move_id",
            "receipt.picking_id",
            "goods",
            "receipt.date",
            location_dest_id=self._on_shelf("receipt", "pattern_location_dest_id"),
        )
        self._run(
            """
            INSERT INTO purchase_order_stock_picking_rel
                        (purchase_order_id, stock_picking_id)
            SELECT id, picking_id FROM world_purchase
            """
        )
        self._run(
            """
            INSERT INTO stock_move_move_rel (move_orig_id, move_dest_id)
            SELECT move_id, sale_move_id FROM world_receipt
             WHERE sale_move_id IS NOT NULL
            """
        )
        self._write_inventory()
        self._say("purchases")

    @staticmethod
    def _quantities(demand, quantity):
        return {
            "product_qty": demand,
            "product_uom_qty": demand,
            "packaging_uom_qty": demand,
            "quantity": quantity,
        }

    def _on_shelf(self, source, otherwise):
        shelves = f"{self._array(self.shelves.ids)}"
        return (
            f"CASE WHEN {source}.on_shelf THEN {shelves}[{source}.wh] "
            f"ELSE {otherwise} END"
        )

    def _write_inventory(self):
        counted = self.env["stock.move"].search(
            [("product_id", "=", self.product.id), ("is_inventory", "=", True)], limit=1
        )
        stock = self.warehouses.lot_stock_id.ids
        into = f"{self._array(stock)}[wh]"
        date = "NOW()::date - INTERVAL '740 days'"
        self._copy(
            "stock_move",
            "world_inventory counted",
            counted.id,
            id="counted.id",
            product_id="product_id",
            location_dest_id=into,
            **self._quantities("goods", "goods"),
            value="goods * cost",
            date=date,
            create_date=date,
        )
        base = self._next("stock_move_line")
        self._copy(
            "stock_move_line",
            "world_inventory counted",
            counted.move_line_ids.id,
            id=f"{base} + ROW_NUMBER() OVER (ORDER BY counted.id)",
            move_id="counted.id",
            product_id="counted.product_id",
            quantity="goods",
            quantity_product_uom="goods",
            location_dest_id=self._on_shelf("counted", into),
            date=date,
            create_date=date,
        )

    def _copy_items(self, source, move, picking, quantity, date, **columns):
        """A stock move line for each row of ``source`` with a ``quantity``."""
        base = self._next("stock_move_line")
        self._copy(
            "stock_move_line",
            source,
            f"world.item_id AND {quantity} > 0",
            id=f"{base} + ROW_NUMBER() OVER (ORDER BY {move})",
            move_id=move,
            picking_id=picking,
            product_id="product_id",
            quantity=quantity,
            quantity_product_uom=quantity,
            date=date,
            create_date=date,
            **columns,
        )

    def _write_transfers(self):
        pattern = "world_pattern world ON world.wh = {0}.wh " + (
            "AND world.step = {0}.step AND world.is_done = {0}.is_done"
        )
        self._plan(
            "world_state",
            """
            SELECT picking_id, CASE WHEN BOOL_OR(held > 0) THEN 'assigned'
                                    WHEN BOOL_OR(is_mto) THEN 'waiting'
                                    ELSE 'confirmed' END AS state
              FROM world_move WHERE NOT is_done GROUP BY picking_id
            """,
        )
        name = "'BW/' || UPPER({0}.step) || '/' || {1}"
        self._copy(
            "stock_picking",
            f"""world_picking picking JOIN {pattern.format("picking")}
                JOIN world_order sale ON sale.id = picking.order_id
           LEFT JOIN world_state state ON state.picking_id = picking.id
           LEFT JOIN world_picking first ON first.order_id = picking.order_id
                 AND first.number = 1 AND picking.number = 2 AND sale.kind = 'partly'
            """,
            "world.picking_id",
            id="picking.id",
            name=name.format("picking", "picking.id"),
            origin="'BW' || LPAD(k::text, 8, '0')",
            sale_id="sale.id",
            state="COALESCE(state.state, 'done')",
            backorder_id="first.id",
            partner_id=f"{self.first_customer} + customer",
            priority="sale.priority",
            scheduled_date="picking.promise",
            date_deadline="picking.promise",
            has_deadline_issue="FALSE",
            date_done="picking.date_done",
            create_date="sale.date_order",
        )
        source = f"""world_move move JOIN {pattern.format("move")}
                JOIN world_product product ON product.id = move.product_id
                JOIN world_order sale ON sale.id = move.order_id"""
        dozen = self.env.ref("uom.product_uom_dozen").id
        self._copy(
            "stock_move",
            source,
            "world.move_id",
            id="move.id",
            picking_id="move.picking_id",
            sale_line_id="move.line_id",
            product_id="move.product_id",
            partner_id=f"{self.first_customer} + customer",
            origin="'BW' || LPAD(k::text, 8, '0')",
            reference=name.format("move", "move.picking_id"),
            **{
                **self._quantities("move.goods", "move.held"),
                "packaging_uom_qty": "move.goods / move.factor",
            },
            packaging_uom_id=f"CASE move.factor WHEN 12 THEN {dozen} "
            "ELSE pattern_product_uom END",
            value="CASE WHEN pattern_value <> 0 THEN move.held * product.cost END",
            priority="move.priority",
            procure_method="CASE WHEN move.is_mto THEN 'make_to_order' "
            "ELSE pattern_procure_method END",
            state="""CASE WHEN move.is_done THEN 'done' WHEN move.is_mto THEN 'waiting'
                WHEN held >= move.goods THEN 'assigned'
                WHEN held > 0 THEN 'partially_available' ELSE 'confirmed' END""",
            date="CASE WHEN move.is_done THEN move.date_done ELSE move.promise END",
            date_deadline="move.promise",
            reservation_date="move.date_order::date",
            create_date="move.date_order",
        )
        self._say("moves")
        self._copy_items(
            source,
            "move.id",
            "move.picking_id",
            "held",
            "COALESCE(move.date_done, move.date_order)",
            location_id="CASE WHEN move.step <> 'ship' AND product.on_shelf THEN "
            f"{self._array(self.shelves.ids)}[move.wh] "
            "ELSE pattern_location_id END",
            state="""CASE WHEN move.is_done THEN 'done' WHEN held >= move.goods
                THEN 'assigned' ELSE 'partially_available' END""",
        )
        self._run(
            f"""
            INSERT INTO stock_reference_move_rel (reference_id, move_id)
            SELECT {self.reference}, id FROM world_move
            """
        )
        self._run(
            """
            INSERT INTO stock_move_move_rel (move_orig_id, move_dest_id)
            SELECT first.id, second.id
              FROM world_move second
              JOIN world_move first USING (n)
             WHERE first.step = 'pick' AND second.step = 'ship'
            """
        )
        self._say("transfers")

    def _write_quants(self):
        """What the move lines say; checked against the plan below."""
        base = self._next("stock_quant")
        self._plan(
            "world_quant",
            """
            SELECT product_id, item.location_id, SUM(qty) AS qty, MIN(date) AS date,
                   SUM(reserved) FILTER (WHERE usage IN ('internal', 'transit'))
                       AS reserved
              FROM (
                    SELECT product_id, location_dest_id AS location_id, date,
                           quantity_product_uom AS qty, 0 AS reserved
                      FROM stock_move_line WHERE state = 'done'
                 UNION ALL
                    SELECT product_id, location_id, date, -quantity_product_uom, 0
                      FROM stock_move_line WHERE state = 'done'
                 UNION ALL
                    SELECT product_id, location_id, date, 0, quantity_product_uom
                      FROM stock_move_line
                     WHERE state IN ('assigned', 'partially_available')
                   ) item
              JOIN stock_location location ON location.id = item.location_id
             WHERE product_id IN (SELECT id FROM world_product)
          GROUP BY product_id, item.location_id
            """,
        )
        pattern = self.env["stock.quant"].search(
            [
                ("product_id", "=", self.product.id),
                ("location_id", "=", self.warehouses[0].lot_stock_id.id),
            ]
        )
        self._copy(
            "stock_quant",
            "world_quant quant JOIN stock_location location "
            "ON location.id = quant.location_id",
            f"{pattern.id} AND (quant.qty <> 0 OR quant.reserved <> 0)",
            id=f"{base} + ROW_NUMBER() OVER (ORDER BY quant.product_id, location.id)",
            product_id="quant.product_id",
            location_id="quant.location_id",
            company_id="location.company_id",
            quantity="quant.qty",
            reserved_quantity="COALESCE(quant.reserved, 0)",
            in_date="quant.date",
        )
        self._say("quants")

    # Invoices

    def _write_invoices(self):
        """Down payments of a third, and orders invoiced whole before they leave. Most
        are paid, some in part, some not at all."""
        self._plan(
            "world_invoice",
            f"""
            SELECT {self._next("account_move")} + number AS id, number, sale.id
                       AS order_id, k, customer, seller, ahead, date_order,
                   CASE WHEN ahead = 'full' THEN total.amount
                        ELSE ROUND(total.amount / 3, 2) END AS amount,
                   CASE WHEN pg_temp.rnd(k, 'paid') < 0.65 THEN 0
                        WHEN pg_temp.rnd(k, 'paid') < 0.85 THEN 0.4
                        ELSE 1 END AS unpaid
              FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY id) AS number
                      FROM world_order WHERE ahead IS NOT NULL) sale
              JOIN world_total total USING (id)
            """,
        )
        date = "(date_order + INTERVAL '1 hour')::date"
        name = "'BWI/' || LPAD(number::text, 6, '0')"
        partner = f"{self.first_customer} + customer"
        amounts = (
            "amount_total",
            "amount_untaxed",
            "amount_total_signed",
            "amount_untaxed_signed",
            "amount_total_in_currency_signed",
            "amount_untaxed_in_currency_signed",
        )
        self._copy(
            "account_move",
            "world_invoice invoice",
            self.invoice.id,
            id="invoice.id",
            name=name,
            ref="'BW' || LPAD(k::text, 8, '0')",
            invoice_origin="'BW' || LPAD(k::text, 8, '0')",
            payment_reference=name,
            sequence_prefix="'BWI/'",
            sequence_number="number",
            access_token="NULL",
            date=date,
            invoice_date=date,
            invoice_date_due=date,
            partner_id=partner,
            commercial_partner_id=partner,
            partner_shipping_id=partner,
            invoice_partner_display_name="'Customer ' || customer",
            invoice_user_id=self._users,
            **dict.fromkeys(amounts, "amount"),
            amount_residual="ROUND(amount * unpaid, 2)",
            amount_residual_signed="ROUND(amount * unpaid, 2)",
            payment_state="CASE unpaid WHEN 0 THEN 'paid' WHEN 1 THEN 'not_paid' "
            "ELSE 'partial' END",
        )
        self._write_down_payments()
        self._write_items(name, date, partner)
        self._say("invoices")

    def _write_down_payments(self):
        base = self._next("sale_order_line")
        sources = (
            "(SELECT * FROM world_invoice WHERE ahead = 'down') invoice",
            "JOIN world_order sale ON sale.id = invoice.order_id",
        )
        for number, pattern in enumerate((self.section, self.down)):
            price = f"{number} * invoice.amount"
            self._copy(
                "sale_order_line",
                " ".join(sources),
                pattern.id,
                id=f"{base} + 2 * number + {number - 1}",
                order_id="invoice.order_id",
                order_partner_id=f"{self.first_customer} + invoice.customer",
                salesman_id=self._users.replace("seller", "invoice.seller"),
                warehouse_id=self._warehouse("sale.wh"),
                price_unit=price,
                technical_price_unit=price,
                untaxed_amount_invoiced=price,
                untaxed_amount_to_invoice=f"-({price})",
                first_promise_date="NULL",
                create_date="invoice.date_order",
            )
        self.first_down = base

    def _write_items(self, name, date, partner):
        """Journal items: one per order line (or one for the down payment), and one for
        what the customer owes."""
        sold = self.invoice.line_ids.filtered(lambda line: line.credit)
        owed = self.invoice.line_ids - sold
        self._plan(
            "world_item",
            f"""
            SELECT {self._next("account_move_line")} + ROW_NUMBER() OVER (
                       ORDER BY invoice.id, order_line_id NULLS LAST) AS id,
                   invoice.id AS invoice_id, number, customer, date_order, unpaid,
                   order_line_id, part.product_id, part.amount, part.qty,
                   CASE WHEN order_line_id IS NULL THEN {owed.id} ELSE {sold.id} END
                       AS like_id
              FROM world_invoice invoice
              JOIN (
                    SELECT id AS invoice_id, line_id AS order_line_id, product_id,
                           subtotal AS amount, qty
                      FROM world_invoice
                      JOIN (SELECT order_id, id AS line_id, product_id, subtotal, qty
                              FROM world_line) line USING (order_id)
                     WHERE ahead = 'full'
                 UNION ALL
                    SELECT id, {self.first_down} + 2 * number, NULL, amount, 1
                      FROM world_invoice
                     WHERE ahead = 'down'
                 UNION ALL
                    SELECT id, NULL, NULL, -amount, 1 FROM world_invoice
                   ) part ON part.invoice_id = invoice.id
            """,
        )
        residual = (
            "CASE WHEN item.order_line_id IS NULL "
            "THEN ROUND(-item.amount * unpaid, 2) ELSE 0 END"
        )
        self._copy(
            "account_move_line",
            "world_item item",
            "item.like_id",
            id="item.id",
            move_id="item.invoice_id",
            move_name=name,
            ref=name,
            date=date,
            invoice_date=date,
            date_maturity=f"CASE WHEN item.order_line_id IS NULL THEN {date} END",
            partner_id=partner,
            product_id="item.product_id",
            quantity="item.qty",
            is_downpayment="item.order_line_id IS NOT NULL AND item.product_id IS NULL",
            price_unit="ABS(item.amount) / item.qty",
            price_subtotal="GREATEST(item.amount, 0)",
            price_total="GREATEST(item.amount, 0)",
            credit="GREATEST(item.amount, 0)",
            debit="GREATEST(-item.amount, 0)",
            balance="-item.amount",
            amount_currency="-item.amount",
            amount_residual=residual,
            amount_residual_currency=residual,
            reconciled="item.order_line_id IS NULL AND unpaid = 0",
            matching_number="NULL",
            full_reconcile_id="NULL",
        )
        self._run(
            """
            INSERT INTO sale_order_line_invoice_rel (order_line_id, invoice_line_id)
            SELECT order_line_id, id FROM world_item WHERE order_line_id IS NOT NULL
            """
        )
