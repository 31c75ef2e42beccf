from odoo import models
from odoo.tools import SQL

from odoo.addons.inventory_backlog.tools.bounds import finite, in_unit
from odoo.addons.inventory_backlog.tools.sql import (
    is_open,
    many_rows,
    of_products,
)

READY = ("reserved", "stock")


class BacklogLiveLine(models.AbstractModel):
    """The lines as orders and slices say now; of a kit in whole kits, as many as its
    components make up. What waits for a production that lacks components says so."""

    _inherit = "backlog.live.line"

    def _split(self, product_ids, slices):
        """A kit counts whole kits, in its own unit: the least of its components, by
        the open moves and by today's bill of materials. Adds ``waits_for_component``: a
        production order that the line waits for is short of raw material itself, and
        ``excess_kits``: see ``_excess``, NULL where not all of it is kits.

        This replaces the statement of the base, so a new column goes into both."""
        return SQL(
            """
              WITH %(steps)s
            SELECT order_line_id, SUM(open_qty) AS open_qty,
                   SUM(open_qty - short_qty) AS backlog_qty,
                   SUM(to_source_qty) AS to_source_qty,
                   MIN(first_date) AS first_date, MAX(last_date) AS last_date,
                   BOOL_OR(waits_for_component) AS waits_for_component,
                   CASE WHEN NOT BOOL_OR(is_plain) THEN SUM(excess_kits) END
                       AS excess_kits,
                   MIN(first_warehouse_id) AS first_warehouse_id,
                   MAX(last_warehouse_id) AS last_warehouse_id
              FROM (
                    SELECT order_line_id, open_qty, short_qty, to_source_qty,
                           first_date, last_date, waits_for_component,
                           NULL::numeric AS excess_kits, TRUE AS is_plain,
                           first_warehouse_id, last_warehouse_id
                      FROM part
                     WHERE NOT is_component
                 UNION ALL
                    SELECT kits.*, FALSE, NULL, NULL FROM (%(whole_kits)s) kits
                 UNION ALL
                    SELECT order_line_id, 0, 0, 0, NULL, NULL, FALSE, NULL, FALSE,
                           first_warehouse_id, last_warehouse_id
                      FROM part
                     WHERE is_component
                   ) split
          GROUP BY order_line_id
            HAVING SUM(open_qty) > 0
            """,
            steps=self._kit_steps(product_ids, slices),
            whole_kits=self._whole_kits(),
        )

    def _excess(self):
        """Of a kit the whole kits that the components make beyond what the order still
        asks for. More of one component alone makes none."""
        return SQL("COALESCE(excess_kits, %s)", super()._excess())

    def _components_of(self, line_ids, product_ids, slices):
        """What the kits on these order lines hang on, one row for each component:
        ``product_id, per_kit``; what is open, ready and sent of it; for how many kits
        that is sent, and sent or ready."""
        return SQL(
            """
              WITH %(steps)s
            SELECT product_id,
                   COALESCE(per_kit, per_kit_moved)::float8 AS per_kit,
                   open_qty::float8 AS open_qty,
                   (open_qty - short_qty)::float8 AS ready_qty,
                   sent_qty::float8 AS sent_qty,
                   (%(sent_kits)s)::float8 AS sent_kits,
                   (%(there_kits)s)::float8 AS there_kits
              FROM (%(need)s) need
             WHERE COALESCE(per_kit, per_kit_moved) > 0
          ORDER BY there_kits, product_id
            """,
            steps=self._kit_steps(
                product_ids,
                SQL(
                    "SELECT * FROM (%s) slice WHERE order_line_id = ANY(%s)",
                    slices,
                    line_ids,
                ),
            ),
            sent_kits=self._counted(SQL("sent_qty")),
            there_kits=self._counted(SQL("sent_qty + open_qty - short_qty")),
            need=self._component_need(),
        )

    def _kit_steps(self, product_ids, slices):
        """The steps before kits are counted."""
        return SQL(
            """
                   slice AS MATERIALIZED (%(slices)s),
                   short_production AS (%(short_production)s),
                   part AS MATERIALIZED (%(part)s),
                   kit AS MATERIALIZED (%(kit)s),
                   component AS MATERIALIZED (%(components)s),
                   bill AS MATERIALIZED (%(bill)s)
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
            bill=self._bill(),
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
         LEFT JOIN (
                    SELECT move_id
                      FROM slice
                     WHERE move_id IS NOT NULL
                  GROUP BY move_id
                    HAVING BOOL_AND(source IN %s)
                   ) carried ON carried.move_id = slice.receipt_move_id
             WHERE raw.raw_material_production_id IS NOT NULL
               AND (slice.source = 'none'
                    OR slice.source = 'receipt' AND carried.move_id IS NULL)
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
                       OR slice.bom_line_id IS NOT NULL
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
                   MIN(slice.date) AS first_date, MAX(slice.date) AS last_date,
                   BOOL_OR(short_production.id IS NOT NULL) AS waits_for_component,
                   MIN(slice.warehouse_id) AS first_warehouse_id,
                   MAX(slice.warehouse_id) AS last_warehouse_id
              FROM (
                    SELECT slice.*, line.product_id AS sold_id,
                           CASE WHEN slice.product_id <> line.product_id THEN (
                               SELECT bom_line_id
                                 FROM stock_move
                                WHERE id = slice.move_id
                                  AND id IS DISTINCT FROM slice.receipt_move_id
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
        """The components of each line as whole kits. As many are open as of the
        component that has most to go, or as all of them make together when that is more
        than was ordered. What is there, or comes, makes as many kits ready or incoming
        as the customer will have more of once it has left: as Odoo counts them, less
        what came back for others."""
        return SQL(
            """
            SELECT kits.order_line_id, opened.qty AS open_qty,
                   opened.qty - ready.qty AS short_qty,
                   opened.qty - GREATEST(ready.qty, LEAST(supplied - sent, opened.qty))
                       AS to_source_qty,
                   kits.first_date, kits.last_date, kits.waits_for_component,
                   beyond.qty AS excess_kits
              FROM (
                    SELECT order_line_id, ordered, first_date, last_date,
                           waits_for_component, open_kits,
                           %(shipped)s AS shipped, %(there)s AS there,
                           %(supplied)s AS supplied, %(sent)s AS sent,
                           %(planned)s AS planned
                      FROM (
                            SELECT order_line_id, ordered,
                                   MAX(%(open_kits)s) AS open_kits,
                                   MIN(%(shipped_kits)s) AS shipped,
                                   MIN(%(there_kits)s) AS there,
                                   MIN(%(supplied_kits)s) AS supplied,
                                   MIN(%(sent_kits)s) AS sent,
                                   MIN(%(planned_kits)s) AS planned,
                                   MIN(first_date) AS first_date,
                                   MAX(last_date) AS last_date,
                                   BOOL_OR(waits_for_component) AS waits_for_component
                              FROM (%(need)s) need
                          GROUP BY order_line_id, ordered
                           ) least
                   ) kits
        CROSS JOIN LATERAL (
                    SELECT GREATEST(
                               ROUND(planned, %(digits)s)
                                   - GREATEST(ROUND(ordered, %(digits)s), sent),
                               0
                           ) AS qty
                   ) beyond
        CROSS JOIN LATERAL (
                    SELECT CASE WHEN beyond.qty > 0 THEN planned - sent
                                ELSE %(open)s
                            END AS qty
                   ) opened
        CROSS JOIN LATERAL (
                    SELECT GREATEST(LEAST(there - sent, opened.qty), 0) AS qty
                   ) ready
            """,
            shipped=self._counted_whole(SQL("shipped")),
            there=self._counted_whole(SQL("there")),
            supplied=self._counted_whole(SQL("supplied")),
            sent=self._counted_whole(SQL("sent")),
            planned=self._counted_whole(SQL("planned")),
            open_kits=self._open_kits(),
            shipped_kits=self._counted(SQL("shipped_qty")),
            there_kits=self._counted(SQL("sent_qty + open_qty - short_qty")),
            supplied_kits=self._counted(SQL("sent_qty + open_qty - to_source_qty")),
            sent_kits=self._counted(SQL("sent_qty")),
            planned_kits=self._counted(SQL("sent_qty + open_qty")),
            need=self._component_need(),
            digits=self.env["decimal.precision"].precision_get("Product Unit"),
            open=self._whole_open(),
        )

    def _open_kits(self):
        """For how many kits the open moves of a component are, rounded as Odoo does
        before it counts whole ones, and never to nothing. Where they bring more of it
        than the bill of materials asks for, they still bring it for as many kits."""
        return SQL(
            """
            CASE WHEN ROUND(open_qty, 6) > 0
                 THEN GREATEST(
                          ROUND(
                              open_qty / NULLIF(GREATEST(per_kit, per_kit_moved), 0),
                              %(digits)s),
                          %(rounding)s)
             END
            """,
            digits=self.env["decimal.precision"].precision_get("Product Unit"),
            rounding=self.env["mrp.bom"]._backlog_rounding(),
        )

    def _whole_open(self):
        """Whole kits, at most those that the customer does not have: what Odoo has not
        counted as delivered, and what came back for others. The rest of one component
        is no kit."""
        return SQL(
            """
            CASE WHEN open_kits IS NULL THEN 0
                 ELSE LEAST(
                     ordered - GREATEST(FLOOR(ROUND(ordered - open_kits, 6)), 0),
                     GREATEST(ordered - LEAST(shipped, sent), 0))
             END
            """
        )

    def _counted(self, quantity):
        """For how many kits ``quantity`` of a component is, rounded as in Odoo's own
        ``stock.move._compute_kit_quantities``."""
        return SQL(
            "ROUND((%s) / NULLIF(COALESCE(per_kit, per_kit_moved), 0), %s)",
            quantity,
            self.env["decimal.precision"].precision_get("Product Unit"),
        )

    def _counted_whole(self, kits):
        """Whole kits, as Odoo counts them; the last one of an order may be a part of
        one when the order is for that."""
        return SQL(
            "GREATEST(FLOOR(%(kits)s), LEAST(ordered, %(kits)s) "
            "* (%(kits)s >= ordered)::integer, 0)",
            kits=kits,
        )

    def _component_need(self):
        """For each line of the bill of materials: what one kit needs, and what of it is
        shipped, sent, open, short and to order. A line for which nothing was or will
        be delivered is among them: Odoo counts no kit without it. What moves and is on
        no line, as one that was removed, tells what a kit needs by its moves.

        A move belongs to its line of the bill of materials, also when that has another
        component today. A vendor ships what several lines need as one: then they count
        together.
        """
        return SQL(
            """
            SELECT order_line_id, ordered, product_id, SUM(open_qty) AS open_qty,
                   SUM(short_qty) AS short_qty, SUM(to_source_qty) AS to_source_qty,
                   SUM(shipped_qty) AS shipped_qty, SUM(sent_qty) AS sent_qty,
                   MIN(first_date) AS first_date, MAX(last_date) AS last_date,
                   BOOL_OR(waits_for_component) AS waits_for_component,
                   SUM(CEIL(ROUND(ordered * bom_qty / NULLIF(step, 0), 6)) * step)
                       / NULLIF(ordered, 0) AS per_kit,
                   SUM(open_qty + sent_qty) / NULLIF(ordered, 0) AS per_kit_moved
              FROM (
                    SELECT need.*, kit_qty.ordered,
                           BOOL_OR(bom_line_id IS NULL) OVER (
                               PARTITION BY need.order_line_id, need.product_id
                           ) AS together
                      FROM (
                            SELECT moved.order_line_id, bill.bom_line_id,
                                   COALESCE(bill.product_id, moved.product_id)
                                       AS product_id,
                                   NULL::numeric AS bom_qty, NULL::numeric AS step,
                                   moved.open_qty, moved.short_qty,
                                   moved.to_source_qty, moved.shipped_qty,
                                   moved.sent_qty, moved.first_date, moved.last_date,
                                   moved.waits_for_component
                              FROM %(moved)s moved
                         LEFT JOIN bill USING (order_line_id, bom_line_id)
                         UNION ALL
                            SELECT order_line_id, bom_line_id, product_id, qty, step,
                                   0, 0, 0, 0, 0, NULL, NULL, FALSE
                              FROM bill
                           ) need
                      JOIN (%(ordered)s) kit_qty USING (order_line_id)
                   ) need
          GROUP BY order_line_id, ordered, product_id,
                   CASE WHEN NOT together THEN bom_line_id END
            """,
            moved=many_rows(SQL("(%s)", self._moved_component())),
            ordered=self._ordered_kits(),
        )

    def _bill(self):
        """The lines of the bill of materials of each order line that sells a kit."""
        return SQL(
            """
            SELECT kit.order_line_id, component.product_id, component.step,
                   line.id AS bom_line_id, line.qty
              FROM kit
              JOIN component USING (bom_id, kit_id, company_id, value_ids)
        CROSS JOIN LATERAL UNNEST(component.bom_line_ids, component.bom_line_qtys)
                           AS line (id, qty)
            """
        )

    def _ordered_kits(self):
        return SQL(
            """
            SELECT line.id AS order_line_id, %s AS ordered
              FROM sale_order_line line
              JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom uom ON uom.id = template.uom_id
             WHERE line.id IN (SELECT order_line_id FROM part WHERE is_component)
            """,
            in_unit(finite(SQL("line.product_uom_qty")), "line_uom", "uom"),
        )

    def _moved_component(self):
        """The components, open and shipped, with the line of the bill of materials that
        they move for; none where a vendor ships them. Of what came back, shipped counts
        as in Odoo's own ``sale.order.line._prepare_qty_delivered``; sent is what the
        customer has, less what is to come back. The few lines that sell a kit lead to
        what was shipped for them, not all that ever was."""
        return SQL(
            """
            SELECT order_line_id, product_id, bom_line_id, open_qty, short_qty,
                   to_source_qty, 0 AS shipped_qty, 0 AS sent_qty, first_date,
                   last_date, waits_for_component
              FROM part
             WHERE is_component
         UNION ALL
            SELECT move.sale_line_id, move.product_id,
                   CASE WHEN origin.usage <> 'supplier' THEN move.bom_line_id END,
                   0, 0, 0,
                   CASE WHEN move.state <> 'done' THEN 0
                        WHEN %(to_customer)s
                        THEN CASE WHEN move.origin_returned_move_id IS NULL
                                    OR move.to_refund
                                  THEN %(qty)s
                                  ELSE 0
                              END
                        WHEN move.to_refund THEN - %(qty)s
                        ELSE 0
                    END,
                   CASE WHEN move.state = 'done'
                        THEN CASE WHEN %(to_customer)s THEN %(qty)s ELSE - %(qty)s END
                        WHEN %(to_customer)s THEN 0
                        ELSE - %(demand)s
                    END,
                   NULL, NULL, FALSE
              FROM (
                    SELECT DISTINCT order_line_id FROM part WHERE is_component
                   ) sold
        CROSS JOIN LATERAL (
                    SELECT *
                      FROM stock_move shipped
                     WHERE sale_line_id = sold.order_line_id
                       AND (state = 'done'
                            OR origin_returned_move_id IS NOT NULL
                               AND %(shipped_open)s)
                    OFFSET 0
                   ) move
              JOIN stock_location origin ON origin.id = move.location_id
              JOIN stock_location dest ON dest.id = move.location_dest_id
              JOIN uom_uom move_uom ON move_uom.id = move.product_uom
              JOIN product_product own ON own.id = move.product_id
              JOIN product_template own_template
                ON own_template.id = own.product_tmpl_id
              JOIN uom_uom own_uom ON own_uom.id = own_template.uom_id
              JOIN sale_order_line line ON line.id = move.sale_line_id
             WHERE move.product_id <> line.product_id
               AND (%(to_customer)s OR %(from_customer)s)
            """,
            qty=in_unit(finite(SQL("move.quantity")), "move_uom", "own_uom"),
            demand=finite(SQL("move.product_qty")),
            shipped_open=is_open("shipped"),
            to_customer=self.env["backlog.demand"]._is_outside("dest"),
            from_customer=self.env["backlog.demand"]._is_outside("origin"),
        )
