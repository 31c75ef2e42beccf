from odoo import models
from odoo.tools import SQL

from odoo.addons.inventory_backlog.models.split.backlog_live_slice import SLICE_KINDS
from odoo.addons.inventory_backlog.tools.bounds import finite
from odoo.addons.inventory_backlog.tools.sql import is_open, of_products


class BacklogLiveSlice(models.AbstractModel):
    """The components of kits that have no move yet."""

    _inherit = "backlog.live.slice"

    def _not_procured(self, product_ids):
        """Also the components of a kit that have no move while others have: those that
        a vendor ships to the customer, as long as the purchase is a request. Components
        added to the bill of materials after the order do not count.

        ``product_ids`` names the kits here, not the components.
        """
        return SQL(
            """
            %(whole_lines)s
         UNION ALL
            SELECT -order_line_id * %(kinds)s - number, kit_id, NULL, order_line_id,
                   product_id, warehouse_id, company_id, NULL, 'none', qty, TRUE,
                   NULL, NULL
              FROM (%(missing)s) missing
             WHERE number < %(kinds)s
            """,
            whole_lines=super()._not_procured(product_ids),
            kinds=SLICE_KINDS,
            missing=self._missing_components(product_ids),
        )

    def _missing_components(self, product_ids):
        """``order_line_id, kit_id, product_id, qty`` of what no move stands for: the
        component of every kit still to be shipped, or what of it the vendor was asked
        for."""
        return SQL(
            """
              WITH kit AS MATERIALIZED (%(kit_lines)s),
                   component AS MATERIALIZED (%(components)s)
            SELECT line.id AS order_line_id, line.product_id AS kit_id,
                   component.product_id, line.warehouse_id, line.company_id,
                   missing.qty,
                   ROW_NUMBER() OVER (
                       PARTITION BY line.id ORDER BY component.product_id
                   ) AS number
              FROM kit
              JOIN component USING (bom_id, kit_id, company_id, value_ids)
              JOIN sale_order_line line ON line.id = kit.order_line_id
              JOIN sale_order sale ON sale.id = line.order_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom uom ON uom.id = template.uom_id
              JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
        CROSS JOIN LATERAL (%(moves)s) moves
        CROSS JOIN LATERAL (%(purchases)s) purchases
        CROSS JOIN LATERAL (
                    SELECT (%(rest)s) * component.qty AS qty
                   ) need
        CROSS JOIN LATERAL (
                    SELECT CASE WHEN moves.count > 0 THEN LEAST(
                                    purchases.requested_qty, need.qty - moves.open_qty)
                                WHEN component.since <= sale.date_order
                                     OR purchases.count > 0
                                THEN need.qty
                            END AS qty
                   ) missing
             WHERE (NOT EXISTS (
                       SELECT 1
                         FROM stock_move
                        WHERE sale_line_id = kit.order_line_id
                          AND product_id = component.product_id
                   ) OR (kit.order_line_id, component.product_id) IN (
                       SELECT sale_line_id, product_id
                         FROM purchase_order_line
                        WHERE sale_line_id IS NOT NULL
                   ))
               AND missing.qty >= %(rounding)s
            """,
            kit_lines=self.env["mrp.bom"]._backlog_kit_lines(
                self._is_kit_in_delivery(product_ids)
            ),
            components=self.env["mrp.bom"]._backlog_components(SQL("kit")),
            # Without a conversion of units no component is open.
            rest=self._rest_of_line("uom"),
            moves=self._component_moves(),
            purchases=self._component_purchases(),
            rounding=self.env["mrp.bom"]._backlog_rounding(),
        )

    def _is_kit_in_delivery(self, product_ids):
        return SQL(
            """
            line.state = 'sale'
            AND line.product_uom_qty > COALESCE(line.qty_delivered, 0)
            AND %(of_products)s
            AND EXISTS (
                SELECT 1
                  FROM stock_move move
                 WHERE move.sale_line_id = line.id
                   AND move.product_id <> line.product_id
            )
            """,
            of_products=of_products(SQL("line.product_id"), product_ids),
        )

    def _component_moves(self):
        return SQL(
            """
            SELECT COUNT(*) AS count,
                   COALESCE(SUM(%(qty)s) FILTER (WHERE %(move_open)s), 0) AS open_qty
              FROM stock_move move
             WHERE sale_line_id = kit.order_line_id
               AND product_id = component.product_id
            """,
            qty=finite(SQL("move.product_qty")),
            move_open=is_open("move"),
        )

    def _component_purchases(self):
        return SQL(
            """
            SELECT COUNT(*) AS count,
                   COALESCE(SUM((%s)::numeric) FILTER (
                       WHERE purchase.state IN ('draft', 'sent', 'to approve')
                   ), 0) AS requested_qty
              FROM purchase_order_line wanted
              JOIN purchase_order purchase ON purchase.id = wanted.order_id
             WHERE wanted.sale_line_id = kit.order_line_id
               AND wanted.product_id = component.product_id
            """,
            finite(SQL("wanted.product_uom_qty")),
        )
