from odoo import models
from odoo.tools import SQL

from odoo.addons.inventory_backlog.tools.bounds import finite, in_unit
from odoo.addons.inventory_backlog.tools.sql import of_products

READY = ("reserved", "stock")


class BacklogLiveLine(models.AbstractModel):
    """The lines as orders and slices say now: quantities, values, state. It is what
    ``backlog.kept.line`` keeps."""

    _inherit = "backlog.live.line"

    def _split(self, product_ids, slices):
        """A kit counts whole kits, in its own unit: the least of its components. Adds
        ``waits_for_component``: a production order that the line waits for is short of
        raw material itself.

        This replaces the statement of the base, so a new column goes into both."""
        return SQL(
            """
              WITH slice AS MATERIALIZED (%(slices)s),
                   short_production AS (%(short_production)s),
                   part AS MATERIALIZED (%(part)s),
                   kit AS MATERIALIZED (%(kit)s),
                   component AS MATERIALIZED (%(components)s)
            SELECT order_line_id, SUM(open_qty) AS open_qty,
                   SUM(open_qty - short_qty) AS backlog_qty,
                   SUM(to_source_qty) AS to_source_qty, MAX(last_date) AS last_date,
                   BOOL_OR(waits_for_component) AS waits_for_component
              FROM (
                    SELECT part.order_line_id, part.open_qty, part.short_qty,
                           part.to_source_qty, part.last_date, part.waits_for_component
                      FROM part
                     WHERE NOT part.is_component
                 UNION ALL
                    %(whole_kits)s
                   ) split
          GROUP BY order_line_id
            HAVING SUM(open_qty) > 0
            """,
            slices=slices,
            short_production=self._short_production(),
            part=self._part(product_ids),
            kit=self.env["mrp.bom"]._backlog_kit_lines(
                SQL(
                    """line.id IN (
                        SELECT order_line_id FROM part WHERE is_component
                    )"""
                )
            ),
            components=self.env["mrp.bom"]._backlog_components(SQL("kit")),
            whole_kits=self._whole_kits(),
        )

    def _cause_products(self, product_ids):
        """Also what goes into those that are in production."""
        product_ids = super()._cause_products(product_ids)
        if product_ids is None:
            return None
        raw_material = self.env["stock.move"]._backlog_open_products(
            [
                (
                    "raw_material_production_id.move_finished_ids.product_id",
                    "in",
                    product_ids,
                )
            ]
        )
        return [*product_ids, *raw_material.ids]

    def _short_production(self):
        """Manufacturing orders with missing raw material. Raw material that only has to
        be carried to the place of production is not missing."""
        return SQL(
            """
            SELECT DISTINCT raw.raw_material_production_id AS id
              FROM slice
              JOIN stock_move raw ON raw.id = slice.move_id
             WHERE raw.raw_material_production_id IS NOT NULL
               AND (slice.source = 'none'
                    OR slice.source = 'receipt' AND slice.receipt_move_id NOT IN (
                       SELECT move_id
                         FROM slice
                        WHERE move_id IS NOT NULL
                     GROUP BY move_id
                       HAVING BOOL_AND(source IN %s)
                    ))
            """,
            READY,
        )

    def _part(self, product_ids):
        """The slices summed per order line, product and line of the bill of materials,
        and which are components: those that are not what the line sells. A product that
        moves instead of another does not make a kit, as long as some of the product
        sold moves too."""
        return SQL(
            """
            SELECT slice.order_line_id, slice.product_id, slice.bom_line_id,
                   slice.product_id <> slice.sold_id AND (
                       slice.sold_id IN (SELECT kit_id FROM (%(kit_boms)s) bom)
                       OR (
                           SELECT id
                             FROM stock_move
                            WHERE sale_line_id = slice.order_line_id
                              AND product_id = slice.sold_id
                            LIMIT 1
                       ) IS NULL
                   ) AS is_component,
                   SUM(slice.qty) AS open_qty,
                   COALESCE(SUM(slice.qty) FILTER (
                       WHERE slice.source NOT IN %(ready)s), 0) AS short_qty,
                   COALESCE(SUM(slice.qty) FILTER (
                       WHERE slice.source = 'none'), 0) AS to_source_qty,
                   MAX(slice.date) AS last_date,
                   BOOL_OR(short_production.id IS NOT NULL) AS waits_for_component
              FROM (
                    SELECT slice.*, line.product_id AS sold_id,
                           CASE WHEN slice.product_id <> line.product_id THEN (
                               SELECT bom_line_id
                                 FROM stock_move
                                WHERE id = slice.move_id
                           ) END AS bom_line_id
                      FROM slice
                      JOIN sale_order_line line ON line.id = slice.order_line_id
                     WHERE %(of_products)s
                   ) slice
         LEFT JOIN stock_move receipt ON receipt.id = slice.receipt_move_id
         LEFT JOIN short_production ON short_production.id = receipt.production_id
          GROUP BY slice.order_line_id, slice.product_id, slice.bom_line_id,
                   slice.sold_id
            """,
            ready=READY,
            kit_boms=self.env["mrp.bom"]._backlog_kits(),
            of_products=of_products(SQL("line.product_id"), product_ids),
        )

    def _whole_kits(self):
        """The components of each line as whole kits: as many are open, short and to
        source as of the component that is worst off."""
        return SQL(
            """
            SELECT kits.order_line_id, opened.qty AS open_qty, short.qty AS short_qty,
                   to_source.qty AS to_source_qty, kits.last_date,
                   kits.waits_for_component
              FROM (
                    SELECT order_line_id, ordered,
                           MAX(%(open)s) AS open_kits,
                           MAX(%(short)s) AS short_kits,
                           MAX(%(to_source)s) AS to_source_kits,
                           MAX(last_date) AS last_date,
                           BOOL_OR(waits_for_component) AS waits_for_component
                      FROM (%(need)s) need
                  GROUP BY order_line_id, ordered
                   ) kits
        CROSS JOIN LATERAL (SELECT %(whole_open)s AS qty) opened
        CROSS JOIN LATERAL (SELECT %(whole_short)s AS qty) short
        CROSS JOIN LATERAL (SELECT %(whole_to_source)s AS qty) to_source
            """,
            open=self._in_kits(SQL("open_qty")),
            short=self._in_kits(SQL("short_qty")),
            to_source=self._in_kits(SQL("to_source_qty")),
            need=self._component_need(),
            whole_open=self._whole(SQL("kits.open_kits"), SQL("kits.ordered")),
            whole_short=self._whole(SQL("kits.short_kits"), SQL("opened.qty")),
            whole_to_source=self._whole(SQL("kits.to_source_kits"), SQL("short.qty")),
        )

    def _in_kits(self, quantity):
        """For how many kits ``quantity`` of a component is, rounded as Odoo does before
        it counts whole ones, and never to nothing."""
        return SQL(
            """
            CASE WHEN ROUND(%(quantity)s, 6) > 0
                 THEN GREATEST(
                          ROUND(%(quantity)s / NULLIF(per_kit, 0), %(digits)s),
                          %(rounding)s)
             END
            """,
            quantity=quantity,
            digits=self.env["decimal.precision"].precision_get("Product Unit"),
            rounding=self.env["mrp.bom"]._backlog_rounding(),
        )

    def _whole(self, kits, total):
        """What remains of ``total`` without the whole kits that ``kits`` leaves intact:
        ``kits`` rounded up, at most ``total``."""
        return SQL(
            """
            CASE WHEN %(kits)s IS NULL THEN 0
                 ELSE %(total)s - GREATEST(FLOOR(ROUND(%(total)s - %(kits)s, 6)), 0)
             END
            """,
            kits=kits,
            total=total,
        )

    def _component_need(self):
        """The components with what one kit needs of them, as in Odoo's own
        ``stock.move._compute_kit_quantities``: one that is on several lines of the bill
        of materials counts on each. One that is on none tells by its moves."""
        return SQL(
            """
            SELECT part.order_line_id, part.product_id, kit_qty.ordered,
                   SUM(part.open_qty) AS open_qty, SUM(part.short_qty) AS short_qty,
                   SUM(part.to_source_qty) AS to_source_qty,
                   MAX(part.last_date) AS last_date,
                   BOOL_OR(part.waits_for_component) AS waits_for_component,
                   COALESCE(
                       CEIL(ROUND(kit_qty.ordered * line.qty / NULLIF(line.step, 0), 6))
                           * line.step,
                       SUM(part.open_qty) + %(shipped)s
                   ) / NULLIF(kit_qty.ordered, 0) AS per_kit
              FROM part
        CROSS JOIN LATERAL (%(ordered)s) kit_qty
         LEFT JOIN kit ON kit.order_line_id = part.order_line_id
         LEFT JOIN component
                ON (component.bom_id, component.kit_id, component.company_id,
                    component.value_ids, component.product_id)
                 = (kit.bom_id, kit.kit_id, kit.company_id, kit.value_ids,
                    part.product_id)
        CROSS JOIN LATERAL (%(bom_line)s) line
             WHERE part.is_component
          GROUP BY part.order_line_id, part.product_id, kit_qty.ordered, line.id,
                   line.qty, line.step
            """,
            shipped=self._shipped_component(),
            ordered=self._ordered_kits(),
            bom_line=self._component_bom_line(),
        )

    def _ordered_kits(self):
        return SQL(
            """
            SELECT %s AS ordered
              FROM sale_order_line line
              JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom uom ON uom.id = template.uom_id
             WHERE line.id = part.order_line_id
            """,
            in_unit(finite(SQL("line.product_uom_qty")), "line_uom", "uom"),
        )

    def _component_bom_line(self):
        """The line of the bill of materials that ``part`` is for. All lines together,
        without ``id``, where moves do not tell them apart: a purchase adds them up."""
        return SQL(
            """
            SELECT place.id, component.step,
                   COALESCE(component.bom_line_qtys[place.id], component.qty) AS qty
              FROM (
                    SELECT CASE WHEN CARDINALITY(component.bom_line_ids) > 1 AND (
                                    SELECT COUNT(DISTINCT bom_line_id)
                                      FROM stock_move
                                     WHERE sale_line_id = part.order_line_id
                                       AND product_id = part.product_id
                                       AND state <> 'cancel'
                                ) = CARDINALITY(component.bom_line_ids)
                                THEN ARRAY_POSITION(
                                    component.bom_line_ids, part.bom_line_id)
                            END AS id
                   ) place
            """
        )

    def _shipped_component(self):
        return SQL(
            """
            (SELECT COALESCE(SUM(%s), 0)
               FROM stock_move move
               JOIN stock_location dest ON dest.id = move.location_dest_id
               JOIN uom_uom move_uom ON move_uom.id = move.product_uom
               JOIN product_product own ON own.id = move.product_id
               JOIN product_template own_template
                 ON own_template.id = own.product_tmpl_id
               JOIN uom_uom own_uom ON own_uom.id = own_template.uom_id
              WHERE move.sale_line_id = part.order_line_id
                AND move.product_id = part.product_id
                AND move.state = 'done'
                AND dest.usage = 'customer')
            """,
            in_unit(finite(SQL("move.quantity")), "move_uom", "own_uom"),
        )
