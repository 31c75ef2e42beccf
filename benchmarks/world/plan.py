"""What the world of ``world`` holds, in temporary tables: who orders what,
what is shipped of it, what is in stock and what is on its way."""

from .patterns import CATEGORIES, CUSTOMERS, SALESPEOPLE, VENDORS


class WorldPlan:
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
