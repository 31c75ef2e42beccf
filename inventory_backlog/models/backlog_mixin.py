from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, OrderedSet

from .given import given, giving

# Odoo checks what is compared with a float, and hands PostgreSQL the rest as it came,
# whose error ends the transaction.
NUMBERS = {"monetary": float, "many2one": int, "many2many": int}
COMPARING = ("=", "!=", "<", "<=", ">", ">=")


def checked_value(field, operator, value):
    """The value of a condition on a figure.

    :raise TypeError, ValueError: for what is no number where one is compared
    """
    if field.type not in NUMBERS:
        return value
    if operator in ("in", "not in"):
        return OrderedSet(checked_value(field, "=", one) for one in value)
    if operator not in COMPARING or value is False or value is None:
        return value
    if value is True and field.relational:
        raise ValueError(f"{field} is compared with ids, not with {value}")
    return NUMBERS[field.type](value)


def search_figure(name):
    """The ``search`` of the backlog figure ``name``: every operator, all in SQL."""

    def search(self, operator, value):
        field = self._fields[name]
        value = checked_value(field, operator, value)
        return Domain.custom(
            to_sql=lambda model, alias, query: field.condition_to_sql(
                name, operator, value, model, alias, query
            )
        )

    return search


def without_jit(env):
    """Turn off PostgreSQL's just-in-time compilation for the rest of the transaction:
    of our long statements it compiles thousands of expressions, which can take twenty
    times as long as running them."""
    done = env.cr.precommit.data
    if "backlog_without_jit" not in done:
        env.cr.execute("SET LOCAL jit = off")
        done["backlog_without_jit"] = True


def many_rows(table):
    """The table expression ``table`` for a join. Of what comes out of our statements
    the planner has no statistics and, believing in one row, would walk through all of
    them for each row of the other side. Of the series it knows nothing either, and
    believes in a thousand; the offset keeps it from joining the series last."""
    return SQL(
        "(SELECT row.* FROM %s row, GENERATE_SERIES(1, (SELECT 1)) OFFSET 0)", table
    )


def join_once(query, alias, name, table, kind="LEFT JOIN"):
    """Join the rows of ``table()``, by id, to those of ``alias``, once per query: the
    statement holds the present moment, so a second one would not be the same.

    :return: the alias of the rows
    """
    rows = query.make_alias(alias, name)
    if rows not in query._joins:
        query.add_join(
            kind,
            rows,
            table(),
            SQL("%s = %s", SQL.identifier(rows, "id"), SQL.identifier(alias, "id")),
        )
    return rows


class Rate(fields.Float):
    """A float that can be empty: no data reads as ``False`` and never as 0, in Python,
    over RPC and on screen."""

    falsy_value = None

    def convert_to_cache(self, value, record, validate=True):
        """Nothing to measure is not zero: empty stays empty."""
        if value is None or value is False:
            return None
        return super().convert_to_cache(value, record, validate)

    def convert_to_column(self, value, record, values=None, validate=True):
        """Kept as NULL, so that averages leave it out."""
        if value is None or value is False:
            return None
        return super().convert_to_column(value, record, values, validate)

    def convert_to_record(self, value, record):
        """Empty reads as ``False``, as in other fields, and never as 0.0."""
        return False if value is None else value


class BacklogMixin(models.AbstractModel):
    """Backlog figures on a core model: computed and never stored, and still searchable,
    sortable, groupable and summable.

    The model declares its fields with ``compute="_compute_backlog"`` and
    ``search=search_figure(name)``, and implements ``_backlog_figures`` and
    ``_backlog_products``. The fields hold no logic of their own: all figures come from
    ``backlog.line`` or ``backlog.allocation``, those of vendors (``_compute_vendor``)
    from ``backlog.vendor``.
    """

    _name = "backlog.mixin"
    _description = "Backlog Figures"

    # Which method gives the table of the fields with a compute method.
    _figure_tables = {
        "_compute_backlog": "_backlog_figures",
        "_compute_vendor": "_vendor_figures",
    }

    @api.model
    def _backlog_figures(self):
        """Return a table expression with the columns ``id`` and one per figure. Records
        without backlog need no row."""
        raise NotImplementedError

    def _backlog_products(self):
        """The products whose allocation decides the figures of these records."""
        raise NotImplementedError

    def _backlog_candidates(self):
        """The records that can have a backlog at all."""
        return self

    @api.model
    def _vendor_figures(self, ids=None):
        """Return a table expression with the columns ``id`` and one per figure of
        vendors, of all records or of those with ``ids``."""
        raise NotImplementedError

    @api.model
    def _figure_fields(self, compute="_compute_backlog"):
        return [f for f in self._fields.values() if f.compute == compute]

    def _compute_backlog(self):
        records = self._origin._backlog_candidates()
        self._set_figures("_compute_backlog", records, records._own_figures)

    def _own_figures(self):
        """The table of the figures of these records, as little of it as possible
        computed."""
        least = self.env["backlog.kept"]._least(lambda: self._backlog_products().ids)
        with giving(self, **least) as records:
            return records._backlog_figures()

    @api.model
    def _vendor_field_names(self):
        return [field.name for field in self._figure_fields("_compute_vendor")]

    def _compute_vendor(self):
        records = self._origin
        # Odoo checks access when it reads what is stored, and not when it computes.
        records.check_access("read")
        self._set_figures(
            "_compute_vendor", records, lambda: self._vendor_figures(records.ids)
        )

    def _set_figures(self, compute, records, figures):
        """Set the fields that ``compute`` computes: of ``records`` from the table that
        ``figures`` returns, of the others to nothing."""
        figure_fields = self._figure_fields(compute)
        rows = {}
        if records:
            result = self.env.execute_query_dict(
                SQL(
                    "SELECT id, %s FROM %s figures WHERE id = ANY(%s)",
                    SQL(", ").join(
                        SQL.identifier(field.name) for field in figure_fields
                    ),
                    figures(),
                    records.ids,
                )
            )
            rows = {row["id"]: row for row in result}
        found = [(record, rows.get(record._origin.id)) for record in self]
        for field in figure_fields:
            empty = field.convert_to_cache(False, self)
            for record, row in found:
                value = row and row[field.name]
                if value is None:
                    value = empty
                elif field.relational:
                    # As records: these are figures of ours, not ids from outside.
                    linked = self.env[field.comodel_name].browse(value)
                    value = field.convert_to_cache(linked, record)
                # As what is fetched: an assignment would ask for each value what else
                # depends on it, and round again.
                field._update_cache(record, value)

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Odoo finds out what can be sorted and grouped by trying, for each field: here
        it need not build our statement to see that."""
        with giving(self, described=True) as records:
            return super(BacklogMixin, records).fields_get(allfields, attributes)

    def _field_to_sql(self, alias, field_expr, query=None):
        field = self._fields.get(field_expr)
        table = self._figure_tables.get(field and field.compute)
        if table is None or query is None:
            return super()._field_to_sql(alias, field_expr, query)
        self._check_field_access(field, "read")
        if given(self.env, "described"):
            return SQL("NULL")
        figures = join_once(
            query, alias, table, lambda: many_rows(getattr(self, table)())
        )
        column = SQL.identifier(figures, field.name)
        if isinstance(field, Rate):
            return column
        if field.type in ("float", "integer", "monetary"):
            return SQL("COALESCE(%s, 0)", column)
        if field.type == "boolean":
            return SQL("COALESCE(%s, FALSE)", column)
        return column


class BacklogMoneyMixin(models.AbstractModel):
    """Rows of several companies, with ``company_id``, whose money can be added up and
    that are grouped for pivots and charts."""

    _name = "backlog.money.mixin"
    _description = "Money of Several Companies"

    def _read_group_select(self, aggregate_spec, query):
        """``sum_currency`` is in the currency of the company one works in, at today's
        rates. Odoo's own takes a rate of the future where there is one, and ends in
        the currency whose rate is 1."""
        name, _colon, aggregator = aggregate_spec.partition(":")
        if aggregator != "sum_currency":
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "SUM(%s * %s)",
            self._field_to_sql(self._table, name, query),
            self.env.companies._backlog_rate(self._table),
        )

    def _read_group_orderby(self, order, groupby_terms, query):
        """Selections come in their own order, not in that of their values."""
        ranks = {
            spec: SQL("ARRAY_POSITION(%s, %s::text)", field.get_values(self.env), term)
            for spec, term in groupby_terms.items()
            if (field := self._fields.get(spec)) and field.type == "selection"
        }
        terms = groupby_terms | ranks
        result = super()._read_group_orderby(order, terms, query)
        # Odoo adds to the terms of many2one fields what it orders them by.
        groupby_terms.update(
            (spec, term) for spec, term in terms.items() if spec not in ranks
        )
        return result

    @api.model
    def _sees_all(self):
        """Whether the user sees all rows of the companies one works in: whether the
        rules ask for nothing but the company."""
        if not self.has_access("read"):
            return False
        rules = self.env["ir.rule"]._compute_domain(self._name, "read")
        return not rules.is_false() and all(
            condition.field_expr == "company_id"
            for condition in rules.iter_conditions()
        )


class BacklogRowMixin(models.AbstractModel):
    """Rows about the product of an order line, with ``order_id`` and ``product_id``."""

    _name = "backlog.row.mixin"
    _inherit = ["backlog.money.mixin"]
    _description = "Row of an Order Line"

    @api.depends("order_id", "product_id")
    def _compute_display_name(self):
        # Buyers see the demand and may not open the orders: they get the names.
        for row in self.sudo():
            row.display_name = (
                f"{row.order_id.display_name} · {row.product_id.display_name}"
            )
