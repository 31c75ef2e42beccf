"""What the world of ``world`` is written with: numbers out of hashes, rows
like a pattern, and tables without what is checked row by row."""

from contextlib import contextmanager

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


class WorldTools:
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
        self.env["backlog.trigger"]._attach()
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
