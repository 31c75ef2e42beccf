from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.names import named
from ..tools.sql import OwnColumns, to_flush


class BacklogMoneyMixin(models.AbstractModel):
    """Rows of several companies, with ``company_id``, whose money can be added up and
    that are grouped for pivots and charts."""

    _name = "backlog.money.mixin"
    _description = "Money of Several Companies"

    def _read_group_select(self, aggregate_spec, query):
        """``sum_currency`` is in the currency of the current company, at today's rates.
        Odoo's own uses future rates where there are some, and the currency whose rate
        is 1."""
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
        """Whether the user sees all rows of the current companies: whether the rules
        restrict only the company."""
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
        # As superuser: buyers see the demand and the names of orders that they may not
        # open.
        for row in self.sudo():
            order, goods = named(row.order_id), named(row.product_id)
            row.display_name = f"{order.display_name} · {goods.display_name}"

    @api.model
    def _query_over(self, statement, domain):
        """The rows in ``domain`` that the user may read, out of ``statement`` instead
        of the table of this model: as Odoo's ``_search`` finds them. An addon that
        overrides ``_search`` overrides this one as well.

        :param statement: one with all columns that are asked for, those included that
            ``_field_to_sql`` would join
        :return: a query without order and limit
        :raise AccessError: for those who may not read the model
        """
        self.browse().check_access("read")
        table = SQL("(%s)%s", statement, to_flush(self))
        query = OwnColumns(self.env, self._table, table)
        conditions = [(self, Domain(domain))]
        if not self.env.su:
            rule = self.env["ir.rule"]._compute_domain(self._name, "read")
            conditions.append((self.sudo().with_context(active_test=False), rule))
        for rows, condition in conditions:
            condition = condition.optimize_full(rows)
            if condition.is_false():
                nothing = OwnColumns(self.env, self._table, table)
                nothing.set_result_ids(())
                return nothing
            if not condition.is_true():
                query.add_where(condition._to_sql(rows, self._table, query))
        return query
