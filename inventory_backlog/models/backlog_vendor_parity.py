from odoo import api, models
from odoo.tools import SQL

from ..tools.bounds import bounded


class BacklogVendor(models.AbstractModel):
    """What vendors do, and how close each comes to the main one, by criterion."""

    _inherit = "backlog.vendor"

    @api.model
    def _ranked(self):
        """The first vendor that is chosen by itself is the main one. All price breaks
        of a vendor have its role, and its contacts are the same vendor."""
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

    @api.model
    def _measured(self):
        """The figures of the product when it has enough receipts, else the vendor's
        over all products: they tell more than one delivery does."""
        names = (
            "receipt_count",
            "on_time_rate",
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
            score=self.env["backlog.vendor.receipt"]._score(
                {name: SQL.identifier(name) for name in names}
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
    def _enough(self):
        """With how many receipts a vendor counts as proven; at least one."""
        return max(1, self.env.company.backlog_vendor_min_receipts)

    @api.model
    def _yardstick(self):
        """What the main vendor of each product does. A lead time that was never
        measured is the one it states."""
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
        Odoo, its cheapest line that this quantity reaches."""
        return SQL(
            """
            SELECT other.id, other.product_id,
                   COALESCE(
                       MIN(main.unit_price) FILTER (
                           WHERE main.min_qty <= other.min_qty),
                       MAX(main.unit_price)
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
        """Parity: no criterion below the main vendor's by more than the company
        tolerates. A criterion that one of them has no figure for is left out."""
        company = self.env.company
        return SQL(
            """
            SELECT judged.*,
                   CASE WHEN vendor_role IS NULL THEN NULL
                        WHEN vendor_role = 'main' THEN 'main'
                        WHEN COALESCE(receipt_count, 0) < %(enough)s THEN 'unproven'
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
                           unit_price, main_price, price_parity)
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
            enough=self._enough(),
            quality=bounded(company.backlog_tolerance_quality),
            on_time=bounded(company.backlog_tolerance_on_time),
            lead_time=bounded(company.backlog_tolerance_lead_days),
            price=bounded(company.backlog_tolerance_price),
        )
