from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.prepared import columns_of, columns_table, is_many
from ...tools.sql import of_products

# Numeric, with the digits that PostgreSQL computed: cached rows equal live ones.
EXACT = {"digits": 0}


class BacklogTouched(models.Model):
    """The marks: products that changed since their split was cached; 0 stands for all.
    An order stands for the products of its lines, a purchase for the order lines that
    it supplies. Triggers only add rows; the fold that has seen them deletes them. Each
    bears its transaction (``txid``, of 64 bits): see ``backlog.kept.seen``."""

    _name = "backlog.touched"
    _description = "Touched Product"
    _log_access = False

    product_id = fields.Integer()
    order_id = fields.Integer()
    purchase_id = fields.Integer()


class BacklogKeptRow(models.AbstractModel):
    """A cache of the rows of a statement. Integers instead of relations: a foreign key
    would lock the documents that people work with."""

    _name = "backlog.kept.row"
    _description = "Kept Row"
    _log_access = False

    @api.model
    def _columns(self):
        """Its fields, the key first."""
        return [
            self._fields["id"],
            *(
                field
                for field in self._fields.values()
                if field.store and field.name != "id"
            ),
        ]

    @api.model
    def _selected(self, table, names=None, typed=False):
        """Our columns of ``table``, cast to our types when ``typed``: only then can
        PostgreSQL read both sides of a union in one order."""
        return SQL(", ").join(
            SQL(
                "%s::%s AS %s",
                SQL.identifier(table, field.name),
                SQL(field.column_type[1]),
                SQL.identifier(field.name),
            )
            if typed
            else SQL.identifier(table, field.name)
            for field in self._columns()
            if names is None or field.name in names
        )

    @api.model
    def _run_now(self, statement, product_ids, names=None):
        """Run ``statement`` about these products, whose rows are like ours, and return
        one that hands them on: a page reads them several times, and each time planning
        alone would take longer than computing them. About many products, or all (None),
        return ``statement`` as it is.

        :param names: of our columns, None for all
        """
        if is_many(product_ids):
            return statement
        self.env.flush_query(self.env["backlog.kept"]._reads())
        types = {
            field.name: field.column_type[1]
            for field in self._columns()
            if names is None or field.name in names
        }
        return SQL(
            "SELECT %s FROM %s",
            self._selected("handed", names),
            columns_table("handed", columns_of(self.env, statement, types)),
        )

    @api.model
    def _keep(self, statement, key, product_ids):
        """Make the rows of these products those of ``statement``, writing only what
        differs.

        :param key: our column of the products
        :param product_ids: None for all
        :return: how many rows were written or removed
        """
        in_scope = of_products(SQL.identifier(self._table, key), product_ids)
        names = [SQL.identifier(field.name) for field in self._columns()]
        [[removed, written]] = self.env.execute_query(
            SQL(
                """
                  WITH fresh AS MATERIALIZED (
                        SELECT %(typed)s FROM (%(statement)s) fresh
                       ),
                       removed AS (
                        DELETE FROM %(table)s
                         WHERE %(in_scope)s
                           AND NOT EXISTS (
                               SELECT FROM fresh WHERE fresh.id = %(table)s.id)
                     RETURNING *
                       ),
                       written AS (
                        INSERT INTO %(table)s (%(names)s)
                        SELECT fresh.*
                          FROM fresh
                     LEFT JOIN (SELECT %(names)s FROM %(table)s WHERE %(in_scope)s) kept
                            ON kept.id = fresh.id
                         WHERE (%(kept)s) IS DISTINCT FROM (%(fresh)s)
                            ON CONFLICT (id) DO UPDATE SET %(assignments)s
                     RETURNING *
                       )%(note)s
                SELECT (SELECT COUNT(*) FROM removed), (SELECT COUNT(*) FROM written)
                """,
                typed=self._selected("fresh", typed=True),
                statement=statement,
                table=SQL.identifier(self._table),
                in_scope=in_scope,
                note=self._note(),
                names=SQL(", ").join(names),
                kept=self._selected("kept"),
                fresh=self._selected("fresh"),
                assignments=SQL(", ").join(
                    SQL("%s = EXCLUDED.%s", name, name) for name in names[1:]
                ),
            )
        )
        return removed + written

    @api.model
    def _wrong(self, statement, key, product_ids):
        """The products whose rows are not those of ``statement``."""
        rows = self.env.execute_query(
            SQL(
                """
                  WITH fresh AS MATERIALIZED (
                        SELECT %(fresh)s FROM (%(statement)s) fresh
                       ),
                       kept AS MATERIALIZED (
                        SELECT %(kept)s
                          FROM %(table)s
                         WHERE %(in_scope)s
                       )
                SELECT DISTINCT %(key)s
                  FROM (
                        (TABLE kept EXCEPT ALL TABLE fresh)
                         UNION ALL
                        (TABLE fresh EXCEPT ALL TABLE kept)
                       ) wrong
                """,
                fresh=self._selected("fresh", typed=True),
                kept=self._selected(self._table, typed=True),
                statement=statement,
                table=SQL.identifier(self._table),
                in_scope=of_products(SQL.identifier(self._table, key), product_ids),
                key=SQL.identifier(key),
            )
        )
        return [row[0] for row in rows]

    @api.model
    def _note(self):
        """What else to do with the rows that were ``removed`` and ``written``."""
        return SQL()

    @api.model
    def _differences(self, names, kept, live):
        """The rows of two statements that the other has not, of the user's companies,
        at most a hundred."""
        mine = SQL("TRUE")
        if not self.env.su:
            mine = SQL("row.company_id = ANY(%s)", self.env.user.company_ids.ids)
        names = SQL(", ").join(map(SQL.identifier, names))
        return self.env.execute_query_dict(
            SQL(
                """
                  WITH kept AS MATERIALIZED (SELECT %(names)s FROM (%(kept)s) kept),
                       live AS MATERIALIZED (SELECT %(names)s FROM (%(live)s) live)
                SELECT 'kept' AS side, row.*
                  FROM (TABLE kept EXCEPT ALL TABLE live) row
                 WHERE %(mine)s
                 UNION ALL
                SELECT 'live', row.*
                  FROM (TABLE live EXCEPT ALL TABLE kept) row
                 WHERE %(mine)s
                 LIMIT 100
                """,
                mine=mine,
                names=names,
                kept=kept,
                live=live,
            )
        )


class BacklogKeptSlice(models.Model):
    """The cached slices of ``backlog.allocation``, without the values that depend on
    the moment: the place in the queue, and today instead of past days."""

    _name = "backlog.kept.slice"
    _inherit = ["backlog.kept.row"]
    _description = "Kept Slice"
    _log_access = False

    asked_id = fields.Integer(
        required=True, help="The product that one asks for to get the row."
    )
    sold_id = fields.Integer(help="What the order line sells, if something else.")
    move_id = fields.Integer()
    order_line_id = fields.Integer()
    product_id = fields.Integer()
    warehouse_id = fields.Integer()
    company_id = fields.Integer()
    pool_id = fields.Integer()
    source = fields.Char()
    qty = fields.Float(**EXACT)
    to_customer = fields.Boolean()
    receipt_move_id = fields.Integer()
    date = fields.Datetime()
    document = fields.Char()

    _asked = models.Index("(asked_id)")
    _move = models.Index("(move_id)")
    _order_line = models.Index("(order_line_id)")
    _sold = models.Index("(sold_id, asked_id) WHERE sold_id IS NOT NULL")


class BacklogKeptLine(models.Model):
    """The cached lines of ``backlog.line``, without the values that depend on the day,
    the user and payments."""

    _name = "backlog.kept.line"
    _inherit = ["backlog.kept.row"]
    _description = "Kept Line"
    _log_access = False

    order_id = fields.Integer()
    product_id = fields.Integer(required=True)
    partner_id = fields.Integer()
    categ_id = fields.Integer()
    warehouse_id = fields.Integer()
    company_id = fields.Integer()
    currency_id = fields.Integer()
    user_id = fields.Integer()
    team_id = fields.Integer()
    product_uom_id = fields.Integer()
    payment_term_id = fields.Integer()
    in_one_piece = fields.Boolean()
    order_total = fields.Float(**EXACT)
    with_taxes = fields.Float(help="Total by untaxed total.", **EXACT)
    date_order = fields.Datetime()
    promise_date = fields.Datetime()
    first_promise_date = fields.Datetime()
    first_date = fields.Datetime(help="When the first receipt it waits for is due.")
    last_date = fields.Datetime(help="When the last receipt it waits for comes.")
    ordered_qty = fields.Float(**EXACT)
    delivered_qty = fields.Float(**EXACT)
    open_qty = fields.Float(**EXACT)
    backlog_qty = fields.Float(**EXACT)
    to_source_qty = fields.Float(**EXACT)
    excess_qty = fields.Float(**EXACT)
    unit_value = fields.Float(**EXACT)
    rounding = fields.Float(**EXACT)
    open_value = fields.Float(**EXACT)
    backlog_value = fields.Float(**EXACT)
    to_source_value = fields.Float(**EXACT)
    excess_value = fields.Float(**EXACT)
    backlog_state = fields.Char()

    _order = "promise_date, id"
    # With the company, which every rule needs, lists count in the index alone.
    _promise = models.Index("(promise_date, id) INCLUDE (company_id)")
    _product = models.Index("(product_id)")
    _of_order = models.Index("(order_id)")
    _to_source = models.Index(
        "(to_source_value DESC, id) INCLUDE (company_id) WHERE to_source_qty > 0"
    )

    @api.model
    def _note(self):
        """Note each line that is written or removed, in the same statement."""
        noted = self._noted()
        if not self.env["backlog.event"]._has_rules():
            return noted
        return SQL(
            """%s,
                       waiting AS (
                        INSERT INTO backlog_event_waiting
                               (line_id, previous_state, backlog_state)
                        SELECT *
                          FROM (
                                SELECT id, backlog_state AS before, NULL AS after
                                  FROM removed
                                 UNION ALL
                                SELECT written.id, kept.backlog_state,
                                       written.backlog_state
                                  FROM written
                             LEFT JOIN backlog_kept_line kept ON kept.id = written.id
                               ) changed
                         WHERE before IS DISTINCT FROM after
                           AND NOT (before IS NULL AND EXISTS (
                               SELECT FROM backlog_kept WHERE is_refilling))
                      ORDER BY id
                       )
            """,
            noted,
        )

    @api.model
    def _noted(self):
        """For ``backlog.change``: each line, with the number of this fold."""
        return SQL(
            """,
                       noted AS (
                        INSERT INTO backlog_change (id, fold, company_id)
                        SELECT changed.id, kept.folds, changed.company_id
                          FROM (SELECT id, company_id FROM removed UNION ALL
                               SELECT id, company_id FROM written) changed
                    CROSS JOIN (SELECT MAX(folds) AS folds FROM backlog_kept) kept
                            ON CONFLICT (id) DO UPDATE
                           SET fold = EXCLUDED.fold, company_id = EXCLUDED.company_id
                       )
            """
        )
