from odoo import api, models
from odoo.tools import SQL

from ..tools.figures import Rate
from ..tools.given import giving
from ..tools.sql import join_once, many_rows


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
        """The table of the figures of these records, with as little computed as
        possible."""
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
                    # As records: these ids are ours and need no check of a Link.
                    linked = self.env[field.comodel_name].browse(value)
                    value = field.convert_to_cache(linked, record)
                # Fill the cache as a fetch does: assigning would look up dependents and
                # round for every value.
                field._update_cache(record, value)

    def _field_to_sql(self, alias, field_expr, query=None):
        field = self._fields.get(field_expr)
        table = self._figure_tables.get(field and field.compute)
        if table is None or query is None:
            return super()._field_to_sql(alias, field_expr, query)
        self._check_field_access(field, "read")
        if query.is_empty():
            # A query without rows reads nothing, so skip our statement: ``fields_get``
            # tries each field with such a query, to find out whether it can be sorted
            # and grouped.
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
