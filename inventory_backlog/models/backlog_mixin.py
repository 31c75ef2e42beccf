from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


def search_figure(name):
    """The ``search`` of the backlog figure ``name``: every operator, all in SQL."""

    def search(self, operator, value):
        field = self._fields[name]
        return Domain.custom(
            to_sql=lambda model, alias, query: field.condition_to_sql(
                name, operator, value, model, alias, query
            )
        )

    return search


class BacklogMixin(models.AbstractModel):
    """Backlog figures on a core model: computed and never stored, and still searchable,
    sortable, groupable and summable.

    The model declares its fields with ``compute="_compute_backlog"`` and
    ``search=search_figure(name)``, and implements ``_backlog_figures`` and
    ``_backlog_products``. The fields hold no logic of their own: all figures come from
    ``backlog.line`` or ``backlog.allocation``.
    """

    _name = "backlog.mixin"
    _description = "Backlog Figures"

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
    def _backlog_fields(self):
        return [
            field
            for field in self._fields.values()
            if field.compute == "_compute_backlog"
        ]

    def _compute_backlog(self):
        fields = self._backlog_fields()
        figures = {}
        if records := self._origin._backlog_candidates():
            of_products = records.with_context(
                backlog_product_ids=records._backlog_products().ids
            )
            rows = self.env.execute_query_dict(
                SQL(
                    "SELECT id, %s FROM %s figures WHERE id = ANY(%s)",
                    SQL(", ").join(SQL.identifier(field.name) for field in fields),
                    of_products._backlog_figures(),
                    records.ids,
                )
            )
            figures = {row["id"]: row for row in rows}
        for record in self:
            row = figures.get(record._origin.id, {})
            for field in fields:
                record[field.name] = row.get(field.name) or False

    def _field_to_sql(self, alias, field_expr, query=None):
        field = self._fields.get(field_expr)
        if field is None or field.compute != "_compute_backlog" or query is None:
            return super()._field_to_sql(alias, field_expr, query)
        self._check_field_access(field, "read")
        figures = query.make_alias(alias, "backlog")
        if figures not in query._joins:
            # Once per query: the statement holds the present moment, so a second one
            # would not be the same.
            query.add_join(
                "LEFT JOIN",
                figures,
                self._backlog_figures(),
                SQL(
                    "%s = %s",
                    SQL.identifier(figures, "id"),
                    SQL.identifier(alias, "id"),
                ),
            )
        column = SQL.identifier(figures, field.name)
        if field.type in ("float", "monetary"):
            return SQL("COALESCE(%s, 0)", column)
        if field.type == "boolean":
            return SQL("COALESCE(%s, FALSE)", column)
        return column
