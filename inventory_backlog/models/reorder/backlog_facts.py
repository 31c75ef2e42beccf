import hashlib
from collections import defaultdict
from typing import NamedTuple

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...const import ASKED, ASKING, OPEN_SUGGESTIONS
from ...tools.bounds import bounded

# The settings of the company that decide quantities, vendors and days.
SETTINGS = (
    "backlog_horizon_days",
    "backlog_parity_first",
    "days_to_purchase",
    "security_lead",
)


class ReorderFacts(NamedTuple):
    """What the set-up of a product and the decisions of people say; the keys are ids of
    warehouses, with the kind of suggestion where it matters."""

    fingerprint: str
    warehouse_ids: tuple
    left_to_rules: dict
    """Reordering rules that order by themselves what is short here."""
    kept_qty: dict
    """What the rules of a warehouse want to keep there."""
    multiples: dict
    """In which unit the rules of a warehouse order."""
    chosen: dict
    """The vendor that somebody chose."""
    chosen_qty: dict
    """The quantity that somebody chose, and what was missing then."""
    declined: set
    """The kinds that somebody dismissed."""
    set_aside: set
    """Those and the kinds that somebody snoozed."""


class Situation(NamedTuple):
    """What a run reads of the products that miss something."""

    rows: dict
    """``{product id: [NeedRow]}``"""
    facts: dict
    """``{product id: ReorderFacts}``"""

    def only(self, product_ids):
        """The situation of some of the products."""
        return Situation(
            {one: self.rows[one] for one in product_ids if one in self.rows},
            {one: self.facts[one] for one in product_ids if one in self.facts},
        )


class BacklogSuggestionCheck(models.Model):
    """A fingerprint (``digest``) of what the last run read of a product. While it is
    the same, the run does not plan the product again."""

    _name = "backlog.suggestion.check"
    _description = "Reorder Check"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, ondelete="cascade")
    product_id = fields.Many2one(
        "product.product", required=True, index=True, ondelete="cascade"
    )
    digest = fields.Char(required=True)

    _one = models.UniqueIndex("(company_id, product_id)")


class BacklogFacts(models.AbstractModel):
    """What decides about suggestions besides the need: set-up, decisions of people, and
    which products are not as the last run saw them."""

    _name = "backlog.facts"
    _description = "Reorder Facts"

    def _changed_products(self, product_ids, situation):
        """The ids of the products that are not as the last run saw them."""
        rows, facts = situation
        mine = Domain("company_id", "=", self.env.company.id)
        if product_ids is not None:
            mine &= Domain("product_id", "in", product_ids)
        checks = self.env["backlog.suggestion.check"].search_fetch(
            mine, ["product_id", "digest"]
        )
        kept = {check.product_id.id: check.digest for check in checks}
        suggested = (
            self.env["backlog.suggestion"]
            .search_fetch(
                mine
                & (
                    Domain("state", "in", OPEN_SUGGESTIONS)
                    # These end when the run finds nothing to do.
                    | Domain("action_type", "in", ASKED)
                    & Domain("state", "=", "ordered")
                ),
                ["product_id"],
            )
            .product_id.ids
        )
        parts = self._part_counts(list(rows))
        return sorted(
            product_id
            for product_id in {*rows, *kept, *suggested}
            if product_id not in rows
            or kept.get(product_id)
            != self._fingerprint(
                rows[product_id], facts[product_id], parts.get(product_id)
            )
        )

    def _part_counts(self, product_ids):
        """``{product id: [how many]}`` of the open suggestions and of the rows of each
        of their lists. They change when somebody deletes one, which is then made
        again."""
        counts = [
            SQL(
                "SUM((SELECT COUNT(*) FROM %s part"
                " WHERE part.suggestion_id = suggestion.id))",
                SQL.identifier(parts._table),
                to_flush=parts._fields["suggestion_id"],
            )
            for parts in self._part_models()
        ]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT suggestion.product_id, COUNT(*), %s
                  FROM backlog_suggestion suggestion
                 WHERE suggestion.company_id = %s
                   AND suggestion.product_id = ANY(%s)
                   AND suggestion.state IN %s
              GROUP BY suggestion.product_id
                """,
                SQL(", ").join(counts),
                self.env.company.id,
                product_ids,
                OPEN_SUGGESTIONS,
                to_flush=self.env["backlog.suggestion"]._fields["state"],
            )
        )
        return {product_id: list(map(int, found)) for product_id, *found in rows}

    def _child_fields(self):
        """The lists of a suggestion that the run keeps in step; their models have
        ``_figures``."""
        return ["line_ids"]

    def _part_models(self):
        """The models of these lists."""
        fields_of = self.env["backlog.suggestion"]._fields
        return [self.env[fields_of[name].comodel_name] for name in self._child_fields()]

    def _situation(self, product_ids, rows=None):
        """The ``Situation`` of the products that miss something.

        :param product_ids: ids of products, None for all
        :param rows: the need of these products where it has just been read
        """
        if rows is None:
            rows = self._need(product_ids)
        facts = self._facts(list(rows))
        changed = self._order_changes(rows)
        return Situation(
            rows,
            {
                product_id: of_product._replace(
                    fingerprint=f"{of_product.fingerprint} {changed[product_id]}"
                )
                for product_id, of_product in facts.items()
            },
        )

    def _need(self, product_ids):
        """``{product id: [NeedRow]}`` of the products that miss something."""
        rows = defaultdict(list)
        for row in self.env["backlog.need"]._rows(product_ids):
            rows[row.product_id].append(row)
        return {
            product_id: of_product
            for product_id, of_product in rows.items()
            if any(row.part in ASKING for row in of_product)
        }

    def _order_changes(self, rows):
        """``{product id: [text]}`` that changes with price and promise of the order
        lines behind the rows."""
        line_ids = {
            row.order_line_id for of_product in rows.values() for row in of_product
        } - {None}
        orders = self.env["sale.order"]._fields
        lines = self.env["sale.order.line"]._fields
        texts = dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT line.id, CONCAT_WS(' ', line.price_subtotal,
                               line.product_uom_qty, line.customer_lead,
                               sale.currency_rate, sale.commitment_date,
                               sale.date_order)
                      FROM sale_order_line line
                      JOIN sale_order sale ON sale.id = line.order_id
                     WHERE line.id = ANY(%s)
                    """,
                    list(line_ids),
                    to_flush=[
                        lines["price_subtotal"],
                        lines["product_uom_qty"],
                        lines["customer_lead"],
                        orders["commitment_date"],
                        orders["currency_rate"],
                        orders["date_order"],
                    ],
                )
            )
        )
        of_requests = self._request_changes(rows)
        return {
            product_id: [
                (texts.get(row.order_line_id), of_requests.get(row.document))
                for row in of_product
            ]
            for product_id, of_product in rows.items()
        }

    def _request_changes(self, rows):
        """``{document: text}`` that changes with vendor, prices and state of the
        requests for quotation behind the rows."""
        documents = {
            row.document
            for of_product in rows.values()
            for row in of_product
            if row.part == "request" and row.document
        }
        ids = [
            int(one.split(",")[1])
            for one in documents
            if one.startswith("purchase.order,")
        ]
        lines = self.env["purchase.order.line"]._fields
        orders = self.env["purchase.order"]._fields
        return {
            f"purchase.order,{request_id}": text
            for request_id, text in self.env.execute_query(
                SQL(
                    """
                    SELECT request.id, CONCAT_WS(' ', request.partner_id,
                               request.state, request.currency_rate,
                               request.date_order, SUM(line.price_subtotal),
                               SUM(line.product_uom_qty))
                      FROM purchase_order request
                      JOIN purchase_order_line line ON line.order_id = request.id
                     WHERE request.id = ANY(%s)
                  GROUP BY request.id
                    """,
                    ids,
                    to_flush=[
                        lines["price_subtotal"],
                        lines["product_uom_qty"],
                        orders["currency_rate"],
                        orders["date_order"],
                        orders["partner_id"],
                        orders["state"],
                    ],
                )
            )
        }

    def _fingerprint(self, rows, facts, parts):
        """A hash of what the plan of a product reads. The stored fields of the product,
        its vendor lines and reordering rules are in it by ``write_date``."""
        company = self.env.company
        seen = (
            company._backlog_today(),
            [company[name] for name in SETTINGS],
            company.resource_calendar_id.write_date,
            [tuple(row) for row in rows],
            facts.fingerprint,
            parts,
        )
        return hashlib.sha256(repr(seen).encode()).hexdigest()

    def _facts(self, product_ids):
        """``{product id: ReorderFacts}``, for a handful of statements."""
        changed = self._last_changes(product_ids)
        warehouses = tuple(
            self.env["stock.warehouse"]
            .search([("company_id", "=", self.env.company.id)])
            .ids
        )
        days = self._transfer_days(warehouses)
        facts = {
            product_id: ReorderFacts(
                f"{changed.get(product_id)} {days}",
                warehouses,
                {},
                {},
                {},
                {},
                {},
                set(),
                set(),
            )
            for product_id in product_ids
        }
        self._add_rules(facts)
        for suggestion in self.env["backlog.suggestion"].search_fetch(
            [
                ("company_id", "=", self.env.company.id),
                ("product_id", "in", product_ids),
                ("state", "in", OPEN_SUGGESTIONS),
            ],
            [
                "product_id",
                "warehouse_id",
                "action_type",
                "is_vendor_chosen",
                "partner_id",
                "state",
                "is_qty_chosen",
                "suggested_qty",
                "chosen_for_qty",
            ],
        ):
            of_product = facts[suggestion.product_id.id]
            key = suggestion.warehouse_id.id, suggestion.action_type
            if suggestion.is_vendor_chosen:
                of_product.chosen[key] = suggestion.partner_id.id
            if suggestion.is_qty_chosen:
                of_product.chosen_qty[key] = (
                    suggestion.suggested_qty,
                    suggestion.chosen_for_qty,
                )
            if suggestion.state != "proposed":
                of_product.set_aside.add(key)
            if suggestion.state == "dismissed":
                of_product.declined.add(key)
        return facts

    def _transfer_days(self, warehouse_ids):
        """How many days transfers between these warehouses take, as far as routes say
        so: ``[(id of the one, id of the other, days)]``."""
        warehouses = self.env["stock.warehouse"].browse(warehouse_ids)
        return sorted(
            (source.id, target.id, target._backlog_resupply_days(source))
            for target in warehouses
            for source in target.resupply_route_ids.supplier_wh_id & warehouses
        )

    def _add_rules(self, facts):
        """What reordering rules order by themselves, keep, and in which units."""
        today = self.env.company._backlog_today()
        for rule in self._reordering_rules(list(facts)):
            of_product = facts[rule.product_id.id]
            warehouse = rule.warehouse_id
            of_product.kept_qty[warehouse.id] = bounded(rule.product_min_qty)
            of_product.multiples[warehouse.id] = rule.replenishment_uom_id
            awake = not rule.snoozed_until or rule.snoozed_until <= today
            if rule.trigger == "auto" and awake:
                of_product.left_to_rules[warehouse.id] = rule

    def _reordering_rules(self, product_ids):
        """The reordering rules of these products. Those for a shelf are left out: they
        do not see what the rest of the warehouse is short of."""
        rules = self.env["stock.warehouse.orderpoint"].search(
            [
                ("company_id", "=", self.env.company.id),
                ("product_id", "in", product_ids),
            ]
        )
        return rules.filtered(
            lambda rule: rule.warehouse_id.lot_stock_id.parent_path.startswith(
                rule.location_id.parent_path
            )
        )

    def _last_changes(self, product_ids):
        """``{product id: text}`` that changes with the product, its vendors, its
        reordering rules and what vendors cannot deliver. Every stored field of these is
        in it by ``write_date``, and which vendors are archived; an addon adds the other
        records that its plan reads."""
        out = self.env["backlog.disruption"]._current(
            self.env.company.id, self.env.company._backlog_today()
        )
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT product.id, CONCAT_WS(' ', product.write_date,
                               template.write_date, seller.changed, rule.changed,
                               %(out)s)
                      FROM product_product product
                      JOIN product_template template
                        ON template.id = product.product_tmpl_id
                 LEFT JOIN (
                            SELECT info.product_tmpl_id,
                                   CONCAT(COUNT(*), MAX(info.write_date), STRING_AGG(
                                       info.id::text, ' ' ORDER BY info.id
                                   ) FILTER (WHERE NOT partner.active)) AS changed
                              FROM product_supplierinfo info
                              JOIN res_partner partner ON partner.id = info.partner_id
                          GROUP BY info.product_tmpl_id
                           ) seller ON seller.product_tmpl_id = template.id
                 LEFT JOIN (
                            SELECT product_id,
                                   CONCAT(COUNT(*), MAX(write_date)) AS changed
                              FROM stock_warehouse_orderpoint
                          GROUP BY product_id
                           ) rule ON rule.product_id = product.id
                     WHERE product.id = ANY(%(products)s)
                    """,
                    out=str([(one.id, one.write_date) for one in out]),
                    products=product_ids,
                    to_flush=[
                        self.env["res.partner"]._fields["active"],
                        *(
                            self.env[model]._fields["write_date"]
                            for model in (
                                "product.product",
                                "product.template",
                                "product.supplierinfo",
                                "stock.warehouse.orderpoint",
                            )
                        ),
                    ],
                )
            )
        )

    def _store_checks(self, product_ids, rows, facts):
        """Store the fingerprints of these products, and delete those of products that
        miss nothing now."""
        parts = self._part_counts(product_ids)
        seen = [
            (
                product_id,
                self._fingerprint(
                    rows[product_id], facts[product_id], parts.get(product_id)
                ),
            )
            for product_id in product_ids
            if product_id in rows
        ]
        gone = [product_id for product_id in product_ids if product_id not in rows]
        if gone:
            self.env["backlog.suggestion.check"].search(
                [
                    ("company_id", "=", self.env.company.id),
                    ("product_id", "in", gone),
                ]
            ).unlink()
        if seen:
            ids, fingerprints = zip(*seen, strict=True)
            self.env.execute_query(
                SQL(
                    """
                    INSERT INTO backlog_suggestion_check
                           (company_id, product_id, digest)
                    SELECT %s, * FROM UNNEST(%s, %s) ORDER BY 1, 2
               ON CONFLICT (company_id, product_id)
                 DO UPDATE SET digest = EXCLUDED.digest
                 RETURNING id
                    """,
                    self.env.company.id,
                    list(ids),
                    list(fingerprints),
                )
            )
            self.env["backlog.suggestion.check"].invalidate_model()

    def _drop_checks(self, products):
        """Have the next run look at these products again, in every company."""
        # Nobody has rights on the checks of the run.
        self.env["backlog.suggestion.check"].sudo().search(
            [("product_id", "in", products.ids)]
        ).unlink()
