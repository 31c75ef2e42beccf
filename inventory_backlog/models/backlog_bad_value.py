from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..const import OPEN_STATES
from ..tools import bounds

MOST_FOUND = 1000
# What Odoo itself can read: the end of the year 9999 stands for never, and is no fault.
LAST_READABLE = "9999-12-31 23:59:59"


class Check(NamedTuple):
    """Which values of a model are looked at."""

    model: str
    fields: dict
    """``{field: kind}``, the kinds being those of ``_is_bad``."""
    scope: SQL
    """Which rows, as a condition on ``record``."""
    opens: str
    """The field with the document to correct it in, empty for the record itself."""
    of_lines: SQL = None
    """Which of them belong to the order lines ``ids``."""


class BacklogBadValue(models.AbstractModel):
    """Values that cannot be right, in what the backlog reads: no numbers, amounts of
    300 digits, days that no calendar has. ``tools/bounds.py`` bounds them where they
    are read, so that no page fails and no sum is wrong; here they are found, so that
    somebody corrects them."""

    _name = "backlog.bad.value"
    _description = "Bad Value"

    @api.model
    def _find(self, line_ids=None):
        """Find the bad values in what the backlog of all companies reads.

        :param list line_ids: ids of order lines, to look only at these, their order,
            moves and units
        :return: ``[{"key", "text", "company_id", "res_model", "res_id"}]``, at most a
            thousand; ``text`` says which record it is, which field, what is there, and
            what the figures take instead
        """
        self.env.flush_all()
        checks = [
            check for check in self._checks() if line_ids is None or check.of_lines
        ]
        rows = self.env.execute_query(
            SQL(
                "SELECT * FROM (%s) bad ORDER BY 1, 2, 3 LIMIT %s",
                SQL(" UNION ALL ").join(
                    self._statement(check, line_ids) for check in checks
                ),
                MOST_FOUND,
            )
        )
        by_model = {check.model: check for check in checks}
        found = [self._fault(by_model[model], *rest) for model, *rest in rows]
        return found if line_ids is not None else found + self._unknown_zones()

    @api.model
    def _unknown_zones(self):
        """Companies whose time zone somebody does not know: as ``_find``."""
        companies = self.env["res.company"].sudo().search(Domain.TRUE)
        return [
            {
                "key": f"res.company,{company.id},tz",
                "text": self.env._(
                    "%(company)s: the time zone %(zone)s is not known on this server. "
                    "The backlog counts days in UTC. Choose another one.",
                    company=company.name,
                    zone=company.partner_id.tz,
                ),
                "company_id": company.id,
                "res_model": company._name,
                "res_id": company.id,
            }
            for company in companies
            if company.partner_id.tz
            and company.partner_id.tz != "UTC"
            and company._backlog_zone() == "UTC"
        ]

    @api.model
    def _checks(self):
        """What is looked at. An addon that reads more adds to it."""
        sold = SQL("record.state = 'sale'")
        bought = SQL(
            """record.order_id IN (
                SELECT id FROM purchase_order WHERE state <> 'cancel')"""
        )
        return [
            Check(
                "sale.order.line",
                {
                    "product_uom_qty": "quantity",
                    "qty_delivered": "quantity",
                    "price_subtotal": "money",
                    "price_total": "money",
                    "customer_lead": "days",
                    "first_promise_date": "moment",
                },
                sold,
                "order_id",
                SQL("record.id = ANY(ids)"),
            ),
            Check(
                "sale.order",
                {
                    "amount_total": "money",
                    "currency_rate": "rate",
                    "commitment_date": "moment",
                    "date_order": "moment",
                },
                sold,
                "",
                SQL(
                    """record.id IN (
                        SELECT order_id FROM sale_order_line WHERE id = ANY(ids))"""
                ),
            ),
            Check(
                "stock.move",
                {"product_qty": "quantity", "quantity": "quantity", "date": "moment"},
                SQL("record.state IN %s", OPEN_STATES),
                "picking_id",
                SQL("record.sale_line_id = ANY(ids)"),
            ),
            Check(
                "stock.quant",
                {"quantity": "quantity", "reserved_quantity": "quantity"},
                SQL("TRUE"),
                "product_id",
            ),
            Check(
                "uom.uom",
                {"factor": "factor"},
                SQL("TRUE"),
                "",
                SQL(
                    """record.id IN (
                        SELECT UNNEST(ARRAY[line.product_uom_id, template.uom_id])
                          FROM sale_order_line line
                          JOIN product_product product ON product.id = line.product_id
                          JOIN product_template template
                            ON template.id = product.product_tmpl_id
                         WHERE line.id = ANY(ids))"""
                ),
            ),
            Check(
                "purchase.order.line",
                {
                    "product_qty": "quantity",
                    "price_subtotal": "money",
                    "date_planned": "moment",
                },
                bought,
                "order_id",
            ),
            Check(
                "purchase.order",
                {"amount_total": "money", "currency_rate": "rate"},
                SQL("record.state <> 'cancel'"),
                "",
            ),
            Check(
                "product.supplierinfo",
                {
                    "delay": "days",
                    "price": "money",
                    "discount": "percent",
                    "min_qty": "quantity",
                },
                SQL("TRUE"),
                "",
            ),
            Check(
                "stock.warehouse.orderpoint",
                {"product_min_qty": "quantity"},
                SQL("record.active"),
                "",
            ),
            Check(
                "account.payment.term.line",
                {"nb_days": "days", "value_amount": "money"},
                SQL("TRUE"),
                "payment_id",
            ),
            Check(
                "stock.picking.type",
                {"reservation_days_before": "days"},
                SQL("record.active AND record.reservation_method = 'by_date'"),
                "",
            ),
            Check("res.currency.rate", {"rate": "factor"}, SQL("TRUE"), "currency_id"),
            Check(
                "res.company",
                {"days_to_purchase": "days", "security_lead": "days"},
                SQL("record.active"),
                "",
            ),
        ]

    @api.model
    def _statement(self, check, line_ids):
        """``model, id, field, value`` of what ``check`` finds, in one walk through the
        rows."""
        model = self.env[check.model]
        asked = SQL("TRUE")
        if line_ids is not None:
            asked = check.of_lines
        tests = {
            name: self._is_bad(kind, SQL.identifier("record", name))
            for name, kind in check.fields.items()
        }
        return SQL(
            """
            SELECT %(model)s AS model, record.id, bad.field, bad.value
              FROM %(table)s record
        CROSS JOIN (SELECT %(ids)s::integer[] AS ids) asked
        CROSS JOIN LATERAL (VALUES %(values)s) bad (field, value, is_bad)
             WHERE (%(any)s)
               AND %(scope)s
               AND %(asked)s
               AND bad.is_bad
            """,
            model=check.model,
            table=SQL.identifier(model._table),
            ids=line_ids or [],
            values=SQL(", ").join(
                SQL("(%s, %s::text, %s)", name, SQL.identifier("record", name), is_bad)
                for name, is_bad in tests.items()
            ),
            any=SQL(" OR ").join(tests.values()),
            scope=check.scope,
            asked=asked,
        )

    @api.model
    def _is_bad(self, kind, column):
        """Whether the value of a column cannot be right. An empty one can, unless it is
        the factor of a unit."""
        ranges = {
            "quantity": (-bounds.MOST_QUANTITY, bounds.MOST_QUANTITY),
            "money": (-bounds.MOST_MONEY, bounds.MOST_MONEY),
            "percent": (-bounds.MOST_PERCENT, bounds.MOST_PERCENT),
            "factor": (bounds.LEAST_FACTOR, bounds.MOST_FACTOR),
            "days": (-bounds.MOST_DAYS, bounds.MOST_DAYS),
            "moment": (bounds.FIRST_MOMENT, SQL("%s::timestamp", LAST_READABLE)),
            # None counts as 1, as Odoo leaves it on old orders.
            "rate": (0, bounds.MOST_FACTOR),
        }
        within = SQL("%s BETWEEN %s AND %s", column, *ranges[kind])
        return SQL(
            "(%s) IS %s", within, SQL("NOT TRUE" if kind == "factor" else "FALSE")
        )

    # In words

    @api.model
    def _fault(self, check, record_id, name, value):
        # What cannot be read by itself must not be read along.
        record = self.env[check.model].sudo().with_context(prefetch_fields=False)
        record = record.browse(record_id)
        document = record[check.opens] if check.opens else record
        company = record if check.model == "res.company" else self._company_of(record)
        return {
            "key": f"{check.model},{record_id},{name}",
            "text": self._sentence(
                check.fields[name],
                record=self._name_of(record, document),
                field=record._fields[name]._description_string(self.env),
                value=self._short(value or ""),
            ),
            "company_id": (company or self._company_of(document)).id,
            "res_model": (document or record)._name,
            "res_id": (document or record).id,
        }

    @api.model
    def _company_of(self, record):
        """The company that the record belongs to, or its product."""
        companies = self.env["res.company"]
        for name in ("company_id", "product_id", "product_tmpl_id"):
            if name in record._fields and not companies:
                linked = record[name]
                companies = linked if name == "company_id" else linked.company_id
        return companies

    @api.model
    def _name_of(self, record, document):
        """What people call the record: its document and its goods, where it has."""
        goods = [
            record[name]
            for name in ("product_id", "product_tmpl_id")
            if name in record._fields and record[name]
        ]
        parts = [document, *goods[:1]]
        names = dict.fromkeys(part.display_name for part in parts if part)
        return " · ".join(names) or f"{record._description} {record.id}"

    @api.model
    def _sentence(self, kind, **words):
        if kind in ("days", "moment"):
            return self.env._(
                "%(record)s: %(field)s is %(value)s. The backlog takes the nearest "
                "that is possible. Correct it.",
                **words,
            )
        if kind == "rate":
            return self.env._(
                "%(record)s: %(field)s is %(value)s. The backlog takes 1. Correct it.",
                **words,
            )
        return self.env._(
            "%(record)s: %(field)s is %(value)s. The backlog does not use it. Correct "
            "it.",
            **words,
        )

    @api.model
    def _short(self, value):
        """A number of 300 digits in a few: 1.0e+300."""
        try:
            return value if len(value) < 20 else f"{Decimal(value):.1e}"
        except InvalidOperation:
            return value  # a moment
