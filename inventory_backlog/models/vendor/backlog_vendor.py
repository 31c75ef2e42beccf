from json import dumps

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.bounds import (
    MOST_PERCENT,
    bounded,
    days,
    finite,
    in_unit,
    is_bounded_factor,
    money,
)
from ...tools.sql import of_products, without_jit
from .vendor_rates import score

ROLES = [
    ("main", "Main"),
    ("backup", "Backup"),
    ("manual", "Manual only"),
]

PARITY_STATES = [
    ("main", "Main vendor"),
    ("at_parity", "At parity"),
    ("below", "Below"),
    ("unproven", "Unproven"),
]

# The most exposed first; the SQL below gives the position in this list, from 0.
RESILIENCE = [
    ("none", "None left"),
    ("exposed", "One source"),
    ("thin", "Thin"),
    ("resilient", "Resilient"),
]

# Fields that the statement reads: Odoo has to write them before it runs.
READS = {
    "backlog.disruption": ["partner_id", "product_tmpl_ids"],
    "product.product": ["active", "product_tmpl_id"],
    "product.supplierinfo": [
        "approval_required",
        "approved_until",
        "company_id",
        "currency_id",
        "date_end",
        "date_start",
        "delay",
        "discount",
        "manual_only",
        "min_qty",
        "partner_id",
        "price",
        "product_id",
        "product_tmpl_id",
        "product_uom_id",
        "sequence",
    ],
    "product.template": ["purchase_ok", "type", "uom_id"],
    "res.partner": ["active", "commercial_partner_id", "parent_id"],
}


class BacklogVendor(models.AbstractModel):
    """Who can sell us a product, in which role, and how close each vendor comes to the
    main one: the one definition of role, parity and resilience.

    A live SQL statement for one company and day, in named steps, one method each: an
    addon changes one rule by overriding one method::

        ancestor  a vendor and the companies it belongs to
        out       who cannot deliver what today
        offer     every vendor line and variant: usable or not, price, place in the list
        ranked    the offers with their role
        measured  with what the receipts say, see ``backlog.vendor.receipt``
        yardstick what the main vendor of each product does
        asking    what the main vendor asks for the quantity of each offer
        judged    with parity, criterion by criterion

    The rank of vendors is their order in the list (``sequence`` of Odoo).
    """

    _name = "backlog.vendor"
    _description = "Backlog Vendor"

    # What vendor lines and products show

    @api.model
    def _line_figures(self, template_ids=None):
        """Return a table expression with one row per vendor line. A line for several
        variants can be main for one and backup for another: the row shows the best."""
        return SQL(
            """(
            SELECT DISTINCT ON (id) *
              FROM (%s) line
          ORDER BY id, vendor_role = 'main' DESC NULLS LAST, product_id
            )""",
            self._judged_vendors(template_ids),
        )

    @api.model
    def _variant_figures(self, template_ids=None):
        """Return the statement with one row per variant, also of products without
        vendor: ``product_id, product_tmpl_id, main_vendor_id, backup_vendor_ids,
        backup_vendor_count, resilience`` (0–3, see ``RESILIENCE``; NULL for products
        that are never bought).

        Vendors under one parent are one source. A source that is out does not count,
        and the first that is left stands in for the main one.
        """
        return SQL(
            """
            WITH judged AS MATERIALIZED (%(judged)s),
                 vendor AS (
                    SELECT product_id,
                           (ARRAY_AGG(partner_id ORDER BY place) FILTER (
                               WHERE vendor_role = 'main'))[1] AS main_vendor_id,
                           (ARRAY_AGG(source_id ORDER BY place) FILTER (
                               WHERE vendor_role = 'main'))[1] AS main_source_id,
                           ARRAY_AGG(DISTINCT partner_id) FILTER (
                               WHERE vendor_role = 'backup') AS backup_vendor_ids
                      FROM judged
                  GROUP BY product_id
                 ),
                 source AS (
                    SELECT product_id, source_id,
                           BOOL_OR(parity_state = 'at_parity') AS is_at_parity,
                           ROW_NUMBER() OVER (
                               PARTITION BY product_id ORDER BY MIN(place)) AS rank
                      FROM judged
                     WHERE vendor_role IN ('main', 'backup')
                       AND NOT is_disrupted
                  GROUP BY product_id, source_id
                 ),
                 total AS (
                    SELECT product_id, COUNT(*) AS sources,
                           COUNT(*) FILTER (
                               WHERE source_id <> main_source_id) AS backups,
                           COUNT(*) FILTER (
                               WHERE rank > 1 AND is_at_parity) AS backups_at_parity
                      FROM source
                      JOIN vendor USING (product_id)
                  GROUP BY product_id
                 )
            SELECT product.id AS product_id, product.product_tmpl_id,
                   vendor.main_vendor_id, vendor.backup_vendor_ids,
                   COALESCE(total.backups, 0) AS backup_vendor_count,
                   CASE WHEN NOT (%(bought)s) THEN NULL
                        WHEN total.sources IS NULL THEN 0
                        WHEN total.sources = 1 THEN 1
                        WHEN total.backups_at_parity < 2 THEN 2
                        ELSE 3
                    END AS resilience
              FROM product_product product
              JOIN product_template template ON template.id = product.product_tmpl_id
         LEFT JOIN vendor ON vendor.product_id = product.id
         LEFT JOIN total ON total.product_id = product.id
             WHERE product.active
               AND %(asked)s
            """,
            judged=self._judged_vendors(template_ids),
            bought=self._is_bought(),
            asked=of_products(SQL("product.product_tmpl_id"), template_ids),
        )

    @api.model
    def _is_bought(self):
        """Whether the goods of ``template`` are bought at all."""
        return SQL("template.purchase_ok AND template.type = 'consu'")

    @api.model
    def _resilience(self, level):
        """The value of the selection field for a ``level`` of 0 to 3."""
        return SQL(
            "(%s::varchar[])[%s + 1]", [value for value, _label in RESILIENCE], level
        )

    # The statement

    @api.model
    def _judged_vendors(self, template_ids=None):
        """Return the statement with one row per vendor line and variant it is for.

        :param template_ids: ids of product templates, None for all
        """
        without_jit(self.env)
        return SQL(
            """
            WITH RECURSIVE ancestor AS (%(ancestor)s),
                 out AS MATERIALIZED (%(out)s),
                 offer AS MATERIALIZED (%(offer)s),
                 ranked AS MATERIALIZED (%(ranked)s),
                 measure AS MATERIALIZED (%(measure)s),
                 measured AS MATERIALIZED (%(measured)s),
                 yardstick AS MATERIALIZED (%(yardstick)s),
                 asking AS MATERIALIZED (%(asking)s)
            %(judged)s
            """,
            ancestor=self._ancestor(template_ids),
            out=self._out(),
            offer=self._offer(template_ids),
            ranked=self._ranked(),
            measure=self.env["backlog.vendor.measure"]._measures(template_ids),
            measured=self._measured(),
            yardstick=self._yardstick(),
            asking=self._asking(),
            judged=self._judged(),
            to_flush=[
                self.env[model]._fields[name]
                for model, names in READS.items()
                for name in names
            ],
        )

    # Steps: who sells what

    @api.model
    def _ancestor(self, template_ids):
        """Each vendor with itself and all partners above it. UNION ends at a loop of
        parents, as old data can have."""
        return SQL(
            """
            SELECT partner.id AS partner_id, partner.id AS ancestor_id,
                   partner.parent_id
              FROM res_partner partner
             WHERE partner.id IN (
                   SELECT partner_id FROM product_supplierinfo WHERE %s)
             UNION
            SELECT ancestor.partner_id, parent.id, parent.parent_id
              FROM ancestor
              JOIN res_partner parent ON parent.id = ancestor.parent_id
            """,
            of_products(SQL("product_tmpl_id"), template_ids),
        )

    @api.model
    def _out(self):
        """The vendors that are out today, one row per product; the product is NULL when
        the vendor is out for all."""
        company = self.env.company
        today = company._backlog_today()
        return SQL(
            """
            SELECT DISTINCT ancestor.partner_id, product.product_template_id
              FROM backlog_disruption disruption
              JOIN res_partner partner ON partner.id = disruption.partner_id
              JOIN ancestor ON ancestor.ancestor_id = partner.commercial_partner_id
         LEFT JOIN backlog_disruption_product_template_rel product
                ON product.backlog_disruption_id = disruption.id
             WHERE disruption.id = ANY(%s)
            """,
            self.env["backlog.disruption"]._current(company.id, today).ids,
        )

    @api.model
    def _offer(self, template_ids):
        """All vendor lines per variant. Prices are untaxed, net of discount, in the
        company's currency per unit of the product; quantities are in that unit."""
        today = self.env.company._backlog_today()
        return SQL(
            """
            SELECT info.id, product.id AS product_id, info.product_tmpl_id,
                   info.partner_id, partner.commercial_partner_id AS vendor_id,
                   source.ancestor_id AS source_id,
                   COALESCE(info.product_id, -info.product_tmpl_id) AS measure_key,
                   info.manual_only, %(delay)s AS delay,
                   (info.company_id IS NULL OR info.company_id = %(company)s)
                   AND partner.active AND product.active
                   AND (partner.company_id IS NULL OR partner.company_id = ANY(%(own)s))
                   AND COALESCE(info.date_start <= %(today)s, TRUE)
                   AND COALESCE(info.date_end >= %(today)s, TRUE)
                   AND (CASE WHEN info.approved_until IS NULL
                             THEN info.approval_required IS NOT TRUE
                             ELSE info.approved_until >= %(today)s
                         END) AS is_usable,
                   (info.partner_id IN (
                        SELECT partner_id FROM out WHERE product_template_id IS NULL)
                    OR (info.partner_id, info.product_tmpl_id) IN (
                        SELECT partner_id, product_template_id FROM out)
                   ) AS is_disrupted,
                   COALESCE(%(min_qty)s, 0) AS min_qty,
                   (%(price)s) * (%(rates)s::jsonb ->> info.currency_id::text)::numeric
                       AS unit_price,
                   ROW_NUMBER() OVER (
                       PARTITION BY product.id
                       ORDER BY info.sequence, info.min_qty DESC, info.price, info.id
                   ) AS place
              FROM product_supplierinfo info
              JOIN product_template template ON template.id = info.product_tmpl_id
              JOIN product_product product
                ON product.product_tmpl_id = info.product_tmpl_id
               AND (info.product_id IS NULL OR info.product_id = product.id)
              JOIN res_partner partner ON partner.id = info.partner_id
              JOIN ancestor source
                ON source.partner_id = info.partner_id AND source.parent_id IS NULL
              JOIN uom_uom uom ON uom.id = template.uom_id
              JOIN uom_uom info_uom ON info_uom.id = info.product_uom_id
             WHERE %(asked)s
            """,
            company=self.env.company.id,
            own=self.env.company._backlog_and_parents().ids,
            today=today,
            delay=days(SQL("info.delay")),
            min_qty=in_unit(finite(SQL("info.min_qty")), "info_uom", "uom"),
            price=in_unit(
                SQL(
                    "(%s * (1 - %s / 100))",
                    money(SQL("info.price")),
                    finite(SQL("COALESCE(info.discount, 0)"), MOST_PERCENT),
                ),
                "uom",
                "info_uom",
            ),
            rates=dumps(self._currency_rates(today)),
            asked=of_products(SQL("info.product_tmpl_id"), template_ids),
        )

    @api.model
    def _currency_rates(self, today):
        """``{currency id: value of one unit in the company's currency}``."""
        company = self.env.company
        # A vendor price can be in an archived currency.
        currencies = self.env["res.currency"].with_context(active_test=False)
        currencies = currencies.search(Domain.TRUE)
        rates = currencies._get_rates(company, today)
        own_rate = rates[company.currency_id.id]
        return {
            currency.id: own_rate / rates[currency.id]
            for currency in currencies
            if is_bounded_factor(rates[currency.id]) and is_bounded_factor(own_rate)
        }

    @api.model
    def _ranked(self):
        """The main vendor is the first one that Odoo may choose by itself. All price
        breaks of a vendor have its role, and its contacts count as the same vendor."""
        return SQL(
            """
            SELECT offer.*,
                   CASE WHEN NOT is_usable THEN NULL
                        WHEN manual_only THEN 'manual'
                        WHEN vendor_id = FIRST_VALUE(vendor_id) OVER (
                            PARTITION BY product_id
                            ORDER BY (is_usable AND manual_only IS NOT TRUE) DESC, place
                        ) THEN 'main'
                        ELSE 'backup'
                    END AS vendor_role
              FROM offer
            """
        )

    # Steps: what vendors did, and how close each comes to the main one

    @api.model
    def _measured(self):
        """The figures of the product where it has enough receipts, else those of the
        vendor over all products: a single delivery says little."""
        names = (
            "receipt_count",
            "on_time_rate",
            "in_full_rate",
            "lead_time_median",
            "lead_time_p90",
            "reject_rate",
        )
        return SQL(
            """
            SELECT measured.*, %(score)s AS quality_score
              FROM (
            SELECT ranked.*, own.price_spread, %(figures)s,
                   CASE WHEN own.receipt_count >= %(enough)s THEN 'product'
                        WHEN everything.receipt_count > 0 THEN 'vendor'
                    END AS measure_scope
              FROM ranked
         LEFT JOIN measure own ON own.vendor_id = ranked.vendor_id
               AND own.measure_key = ranked.measure_key
         LEFT JOIN measure everything ON everything.vendor_id = ranked.vendor_id
               AND everything.measure_key = 0
                   ) measured
            """,
            enough=self._enough(),
            score=score(
                {name: SQL.identifier(name) for name in names},
                **self.env["backlog.vendor.receipt"]._weights(),
            ),
            figures=SQL(", ").join(
                SQL(
                    """CASE WHEN own.receipt_count >= %(enough)s THEN own.%(name)s
                            ELSE everything.%(name)s END AS %(name)s""",
                    enough=self._enough(),
                    name=SQL.identifier(name),
                )
                for name in names
            ),
        )

    @api.model
    def _yardstick(self):
        """What the main vendor of each product does. The lead time is the one on the
        vendor line where none was measured."""
        return SQL(
            """
            SELECT product_id,
                   MAX(quality_score) AS quality_score,
                   MAX(on_time_rate) AS on_time_rate,
                   COALESCE(MAX(lead_time_median), MIN(delay)) AS lead_time_median
              FROM measured
             WHERE vendor_role = 'main'
          GROUP BY product_id
            """
        )

    @api.model
    def _asking(self):
        """What the main vendor asks for the smallest quantity of each offer: as in
        Odoo, the cheapest line that this quantity reaches. A price of 0 is one that
        nobody has filled in: there is nothing to compare with."""
        return SQL(
            """
            SELECT other.id, other.product_id,
                   COALESCE(
                       MIN(NULLIF(main.unit_price, 0)) FILTER (
                           WHERE main.min_qty <= other.min_qty),
                       MAX(NULLIF(main.unit_price, 0))
                   ) AS main_price
              FROM measured other
              JOIN measured main ON main.product_id = other.product_id
               AND main.vendor_role = 'main'
             WHERE other.vendor_role <> 'main'
          GROUP BY other.id, other.product_id
            """
        )

    @api.model
    def _judged(self):
        """Parity: no criterion is worse than the main vendor's by more than the company
        tolerates. A criterion without a figure for both is left out. Receipts of other
        products show figures and prove nothing about this one."""
        company = self.env.company
        return SQL(
            """
            SELECT judged.*,
                   CASE WHEN vendor_role IS NULL THEN NULL
                        WHEN vendor_role = 'main' THEN 'main'
                        WHEN measure_scope IS DISTINCT FROM 'product' THEN 'unproven'
                        WHEN quality_parity AND on_time_parity
                             AND lead_time_parity AND price_parity THEN 'at_parity'
                        ELSE 'below'
                    END AS parity_state,
                   JSONB_BUILD_OBJECT(
                       'quality', JSONB_BUILD_ARRAY(
                           quality_score, main_quality_score, quality_parity),
                       'on_time', JSONB_BUILD_ARRAY(
                           on_time_rate, main_on_time_rate, on_time_parity),
                       'lead_time', JSONB_BUILD_ARRAY(
                           lead_time_median, main_lead_time_median,
                           lead_time_parity),
                       'price', JSONB_BUILD_ARRAY(
                           NULLIF(unit_price, 0), main_price, price_parity)
                   ) AS vendor_criteria
              FROM (
                    SELECT measured.*, asking.main_price,
                           main.quality_score AS main_quality_score,
                           main.on_time_rate AS main_on_time_rate,
                           main.lead_time_median AS main_lead_time_median,
                           COALESCE(measured.quality_score
                               >= main.quality_score - %(quality)s, TRUE)
                               AS quality_parity,
                           COALESCE(measured.on_time_rate
                               >= main.on_time_rate - %(on_time)s, TRUE)
                               AS on_time_parity,
                           COALESCE(measured.lead_time_median
                               <= main.lead_time_median + %(lead_time)s, TRUE)
                               AS lead_time_parity,
                           COALESCE(measured.unit_price
                               <= asking.main_price * (1 + %(price)s / 100), TRUE)
                               AS price_parity
                      FROM measured
                 LEFT JOIN yardstick main ON main.product_id = measured.product_id
                 LEFT JOIN asking ON asking.id = measured.id
                       AND asking.product_id = measured.product_id
                   ) judged
            """,
            quality=bounded(company.backlog_tolerance_quality),
            on_time=bounded(company.backlog_tolerance_on_time),
            lead_time=bounded(company.backlog_tolerance_lead_days),
            price=bounded(company.backlog_tolerance_price),
        )

    @api.model
    def _enough(self):
        """The number of receipts from which a vendor counts as proven; at least one."""
        return max(1, self.env.company.backlog_vendor_min_receipts)
