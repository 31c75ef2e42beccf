from math import ceil

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.inventory_backlog.tools.bounds import (
    bounded,
    bounded_days,
    converted,
    finite,
    in_unit,
)


class MrpBom(models.Model):
    """Kits as SQL: which order lines sell one, and what it consists of."""

    _inherit = "mrp.bom"

    # Kits: which order lines sell one, and what it consists of

    @api.model
    def _backlog_kit_lines(self, condition):
        """The order lines that sell a kit, among those that fulfil ``condition`` on
        ``line``, with the bill of materials that Odoo takes: the one that their moves
        were made from, archived or not, else the first."""
        return SQL(
            """
            SELECT DISTINCT ON (line.id) line.id AS order_line_id,
                   line.product_id AS kit_id, line.company_id, bom.id AS bom_id,
                   ARRAY(
                       SELECT rel.product_template_attribute_value_id
                         FROM product_template_attribute_value_sale_order_line_rel rel
                        WHERE rel.sale_order_line_id = line.id
                     ORDER BY 1
                   ) AS value_ids
              FROM (%(boms)s) bom
              JOIN sale_order_line line
                ON line.product_id = bom.kit_id
               AND (bom.company_id IS NULL OR bom.company_id = line.company_id)
        CROSS JOIN LATERAL (
                    SELECT CASE WHEN bom.alternatives > 1 OR NOT bom.active
                                THEN EXISTS (
                                    SELECT 1
                                      FROM stock_move move
                                      JOIN mrp_bom_line
                                        ON mrp_bom_line.id = move.bom_line_id
                                     WHERE move.sale_line_id = line.id
                                       AND move.state <> 'cancel'
                                       AND mrp_bom_line.bom_id = bom.id
                                )
                                ELSE FALSE
                            END AS has_moves
                   ) made
             WHERE %(condition)s
               AND (bom.active OR made.has_moves)
          ORDER BY line.id, made.has_moves DESC, %(bom_order)s
            """,
            boms=self._backlog_kits(with_archived=True),
            condition=condition,
            bom_order=self._backlog_bom_order(),
        )

    @api.model
    def _backlog_kits(self, with_archived=False):
        """The bills of materials of all products that are kits, or were."""
        return SQL(
            """
            SELECT product.id AS kit_id, bom.*,
                   COUNT(*) OVER (PARTITION BY product.id) AS alternatives
              FROM mrp_bom bom
              JOIN product_product product
                ON product.product_tmpl_id = bom.product_tmpl_id
               AND (bom.product_id IS NULL OR bom.product_id = product.id)
             WHERE bom.type = 'phantom'
               AND (bom.active OR %s)
            """,
            with_archived,
        )

    @api.model
    def _backlog_bom_order(self):
        """The order in which Odoo takes the bills of materials of a product."""
        return SQL("bom.sequence, bom.product_id, bom.id")

    @api.model
    def _backlog_components(self, kits):
        """What one kit consists of, through kits in kits, as in Odoo's own
        ``mrp.bom.explode``: the quantity in the unit of the component, on all lines and
        on each, the ``step`` that Odoo rounds it up to, and since when it is part of
        the kit.

        :param kits: table with ``bom_id, kit_id, company_id, value_ids``, the last
            being the chosen attribute values that make no variant
        """
        return SQL(
            """
              WITH RECURSIVE kit_bom AS MATERIALIZED (%(kit_boms)s), node AS (
                    SELECT DISTINCT bom_id, kit_id, company_id, value_ids,
                           bom_id AS node_bom_id, kit_id AS product_id,
                           1::numeric AS qty, 0::numeric AS step,
                           NULL::timestamp AS since,
                           ARRAY[]::integer[] AS line_ids,
                           ARRAY[]::integer[] AS parent_ids
                      FROM %(kits)s
                 UNION ALL
                    SELECT node.bom_id, node.kit_id, node.company_id, node.value_ids,
                           sub.id, bom_line.product_id,
                           %(qty)s, (%(step)s) * %(rounding)s,
                           GREATEST(node.since, bom_line.create_date),
                           node.line_ids || bom_line.id,
                           node.parent_ids || node.product_id
                      FROM node
                      JOIN mrp_bom bom ON bom.id = node.node_bom_id
                      JOIN uom_uom bom_uom ON bom_uom.id = bom.product_uom_id
                      JOIN product_product node_product
                        ON node_product.id = node.product_id
                      JOIN product_template node_template
                        ON node_template.id = node_product.product_tmpl_id
                      JOIN uom_uom node_uom ON node_uom.id = node_template.uom_id
                      JOIN mrp_bom_line bom_line ON bom_line.bom_id = bom.id
                      JOIN uom_uom line_uom ON line_uom.id = bom_line.product_uom_id
                      JOIN product_product product ON product.id = bom_line.product_id
                      JOIN product_template template
                        ON template.id = product.product_tmpl_id
                      JOIN uom_uom uom ON uom.id = template.uom_id
                 LEFT JOIN kit_bom sub ON sub.kit_id = product.id
                                      AND sub.company_id = node.company_id
                     WHERE template.type = 'consu'
                       -- A line twice on one way down is a circle, or a line that a
                       -- variant does not have: a pack of six of the single one.
                       AND bom_line.id <> ALL(node.line_ids)
                       AND bom_line.product_qty > 0
                       AND (%(qty)s) > 0
                   ), leaf AS MATERIALIZED (
                    SELECT *
                      FROM node
                     WHERE node_bom_id IS NULL
                   )
            SELECT bom_id, kit_id, company_id, value_ids, product_id,
                   SUM(qty) AS qty, MAX(step) AS step, MIN(since) AS since,
                   ARRAY_AGG(bom_line_id) AS bom_line_ids,
                   ARRAY_AGG(qty) AS bom_line_qtys
              FROM (
                    SELECT bom_id, kit_id, company_id, value_ids, product_id,
                           line_ids[CARDINALITY(line_ids)] AS bom_line_id,
                           SUM(qty) AS qty, MAX(step) AS step, MIN(since) AS since
                      FROM leaf
                     WHERE %(applies)s
                  GROUP BY bom_id, kit_id, company_id, value_ids, product_id,
                           bom_line_id
                   ) line
          GROUP BY bom_id, kit_id, company_id, value_ids, product_id
            """,
            kit_boms=self._backlog_first_boms(kits),
            kits=kits,
            qty=in_unit(
                SQL(
                    "((%s) / NULLIF(%s, 0) * %s)",
                    in_unit(SQL("node.qty"), "node_uom", "bom_uom"),
                    finite(SQL("bom.product_qty")),
                    finite(SQL("bom_line.product_qty")),
                ),
                "line_uom",
                "uom",
            ),
            step=in_unit(SQL("1::numeric"), "line_uom", "uom"),
            rounding=self._backlog_rounding(),
            applies=self._backlog_bom_line_applies(),
        )

    @api.model
    def _backlog_first_boms(self, kits):
        """The bill of materials of each kit in the companies of ``kits``, as in Odoo's
        own ``mrp.bom._bom_find``."""
        return SQL(
            """
            SELECT DISTINCT ON (company.company_id, bom.kit_id)
                   company.company_id, bom.kit_id, bom.id
              FROM (SELECT DISTINCT company_id FROM %(kits)s) company
              JOIN (%(boms)s) bom ON bom.company_id IS NULL
                                  OR bom.company_id = company.company_id
          ORDER BY company.company_id, bom.kit_id, %(bom_order)s
            """,
            kits=kits,
            boms=self._backlog_kits(),
            bom_order=self._backlog_bom_order(),
        )

    @api.model
    def _backlog_bom_line_applies(self):
        """Whether the bill of materials has ``leaf`` for this variant and its chosen
        values, as in Odoo's own ``mrp.bom.line._skip_bom_line``: on every line down to
        it a value of each attribute that makes variants, and one of those that make
        none."""
        return SQL(
            """
            NOT EXISTS (
                SELECT 1
                  FROM unnest(leaf.line_ids, leaf.parent_ids)
                       AS down (bom_line_id, product_id)
                  JOIN mrp_bom_line_product_template_attribute_value_rel rel
                    ON rel.mrp_bom_line_id = down.bom_line_id
                  JOIN product_template_attribute_value value
                    ON value.id = rel.product_template_attribute_value_id
                  JOIN product_attribute attribute ON attribute.id = value.attribute_id
             LEFT JOIN product_variant_combination combination
                    ON combination.product_template_attribute_value_id = value.id
                   AND combination.product_product_id = down.product_id
              GROUP BY down.bom_line_id,
                       CASE WHEN attribute.create_variant <> 'no_variant'
                            THEN attribute.id
                        END
                HAVING NOT BOOL_OR(
                           CASE WHEN attribute.create_variant = 'no_variant'
                                THEN value.id = ANY(leaf.value_ids)
                                ELSE combination.product_product_id IS NOT NULL
                            END)
            )
            """
        )

    @api.model
    def _backlog_rounding(self):
        """The smallest quantity that Odoo stores, as a number in SQL."""
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return SQL("%s::numeric", str(10**-digits))

    # What is made

    @api.model
    def _backlog_boms_of(self, products, warehouse):
        """``{product: bill of materials}`` of products that are made in a warehouse,
        first those for its way of producing, as in Odoo's own ``_get_matching_bom``."""
        company_id = warehouse.company_id.id
        found = self._bom_find(products, company_id=company_id, bom_type="normal")
        here = self._bom_find(
            products,
            picking_type=warehouse.manu_type_id,
            company_id=company_id,
            bom_type="normal",
        )
        return {
            product: here.get(product) or found.get(product) for product in products
        }

    @api.model
    def _backlog_recipes(self, pairs):
        """The storable goods that one unit of each product needs, through kits.

        :param pairs: ``{(product, bill of materials)}``
        :return: ``{(product, bill of materials): [(component id, quantity, step)]}``
            in the unit of the component; the quantity is rounded up to the step
        """
        recipes = {pair: [] for pair in pairs}
        if not pairs:
            return recipes
        self.env["mrp.bom.line"].flush_model()
        self.flush_model()
        made = SQL(
            """(
            SELECT bom_id, kit_id, %s AS company_id, ARRAY[]::integer[] AS value_ids
              FROM UNNEST(%s, %s) AS made (bom_id, kit_id)
            )""",
            self.env.company.id,
            [bom.id for _product, bom in pairs],
            [product.id for product, _bom in pairs],
        )
        for product_id, bom_id, component_id, quantity, step in self.env.execute_query(
            SQL(
                """
                SELECT component.kit_id, component.bom_id, component.product_id,
                       component.qty::float8, component.step::float8
                  FROM (%s) component
                  JOIN product_product product ON product.id = component.product_id
                  JOIN product_template template
                    ON template.id = product.product_tmpl_id
                 WHERE template.is_storable
              ORDER BY component.product_id
                """,
                self._backlog_components(SQL("%s made", made)),
            )
        ):
            pair = self.env["product.product"].browse(product_id), self.browse(bom_id)
            recipes[pair].append((component_id, quantity, step))
        return recipes

    def _backlog_whole_batches(self, product, quantity, rounding=ceil):
        """``quantity`` in the unit of the product, in whole batches when this bill of
        materials has a size of them; ``floor`` for those that fit into it."""
        size = self._backlog_batch_size(product)
        if not size:
            return quantity
        return product.uom_id.round(rounding(round(quantity / size, 6)) * size)

    def _backlog_batch_size(self, product):
        """The size of a batch in the unit of the product, 0 without one."""
        if not self.enable_batch_size:
            return 0
        return max(0, converted(self.batch_size, self.product_uom_id, product.uom_id))

    def _backlog_lead_days(self, product, quantity):
        """The days it takes to make ``quantity``: the lead time of the bill of
        materials, or the working days of its operations when they take longer."""
        self.ensure_one()
        delay = bounded_days(self.produce_delay)
        if not self.operation_ids:
            return delay
        times = quantity / (
            converted(self.product_qty, self.product_uom_id, product.uom_id) or 1
        )
        hours = sum(
            (
                bounded(operation.time_cycle)
                * times
                / ((bounded(operation.workcenter_id.time_efficiency) or 100) / 100)
                + bounded(operation.workcenter_id.time_start)
                + bounded(operation.workcenter_id.time_stop)
            )
            / 60
            for operation in self.operation_ids
        )
        calendar = self.env.company.resource_calendar_id
        days = hours / (bounded(calendar.hours_per_day) or 8)
        return max(delay, ceil(bounded_days(days)))

    # Loops

    @api.model
    def _backlog_cycles(self, product_ids):
        """The ids of the products whose bills of materials lead back to themselves."""
        self.env["mrp.bom.line"].flush_model()
        self.flush_model()
        return {
            row[0]
            for row in self.env.execute_query(
                SQL(
                    """
                    WITH RECURSIVE edge AS (%s), down AS (
                            SELECT product_id AS root, component_id
                              FROM edge
                             WHERE product_id = ANY(%s)
                         UNION
                            SELECT down.root, edge.component_id
                              FROM down
                              JOIN edge ON edge.product_id = down.component_id
                           )
                    SELECT root FROM down WHERE component_id = root
                    """,
                    self._backlog_edges(),
                    product_ids,
                )
            )
        }

    @api.model
    def _backlog_edges(self):
        """The components of each product, in bills of materials of every kind."""
        return SQL(
            """
            SELECT product.id AS product_id, line.product_id AS component_id
              FROM mrp_bom bom
              JOIN mrp_bom_line line ON line.bom_id = bom.id
              JOIN product_product product
                ON product.product_tmpl_id = bom.product_tmpl_id
               AND (bom.product_id IS NULL OR bom.product_id = product.id)
             WHERE bom.active
            """
        )
