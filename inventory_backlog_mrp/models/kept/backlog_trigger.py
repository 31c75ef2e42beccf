from odoo import api, models

from odoo.addons.inventory_backlog.models.kept.backlog_watch import Watch

# Products that sell as a kit, or did: an edited bill of materials can be part of
# another.
KITS = """
            SELECT product.id
              FROM mrp_bom bom
              JOIN product_product product
                ON product.product_tmpl_id = bom.product_tmpl_id
             WHERE bom.type = 'phantom'
               AND EXISTS (SELECT FROM some_rows)
             UNION
            SELECT sold_id FROM backlog_kept_slice WHERE EXISTS (SELECT FROM some_rows)
"""
WATCHED = {
    "mrp_bom": Watch(
        compared="active company_id product_id product_qty product_tmpl_id "
        "product_uom_id sequence type",
        rows={
            "product_ids": """
            SELECT product.id
              FROM some_rows bom
              JOIN product_product product
                ON product.product_tmpl_id = bom.product_tmpl_id
             WHERE bom.type = 'phantom'
             UNION
            SELECT sold_id
              FROM backlog_kept_slice
             WHERE EXISTS (SELECT FROM some_rows WHERE type = 'phantom')
            """
        },
        changes={
            "product_ids": """
            SELECT product.id
              FROM {changed}
              JOIN product_product product
                ON (product.product_tmpl_id = past.product_tmpl_id
                    AND past.type = 'phantom')
                OR (product.product_tmpl_id = present.product_tmpl_id
                    AND present.type = 'phantom')
             UNION
            SELECT sold_id
              FROM backlog_kept_slice
             WHERE EXISTS (
                   SELECT FROM {changed} WHERE 'phantom' IN (past.type, present.type))
            """
        },
    ),
    "mrp_bom_line": Watch(
        compared="bom_id product_id product_qty product_uom_id",
        rows={"product_ids": KITS},
        changes={
            "product_ids": KITS.replace(
                "SELECT FROM some_rows", "SELECT FROM {changed}"
            )
        },
    ),
    "mrp_bom_line_product_template_attribute_value_rel": Watch(
        rows={"product_ids": KITS}
    ),
    "product_template_attribute_value_sale_order_line_rel": Watch(
        rows={
            "product_ids": """
            SELECT line.product_id
              FROM some_rows
              JOIN sale_order_line line ON line.id = some_rows.sale_order_line_id
             WHERE line.state = 'sale'
            """
        }
    ),
}
# A move tells what a line or a production is made of. Of what was not asked for yet no
# slice says what is made of it.
MADE = """
            SELECT product_id FROM made
             UNION
            SELECT finished.product_id
              FROM made
              JOIN stock_move finished ON finished.production_id = made.production_id
             UNION
            SELECT line.product_id
              FROM made
              JOIN sale_order_line line ON line.id = made.line_id
"""
MOVES = {
    "compared": "raw_material_production_id production_id bom_line_id to_refund",
    "rows": {
        "product_ids": """
              WITH made AS MATERIALIZED (
                    SELECT product_id, raw_material_production_id AS production_id,
                           sale_line_id AS line_id
                      FROM some_rows
                     WHERE raw_material_production_id IS NOT NULL
                   )
        """
        + MADE
    },
    "changes": {
        "product_ids": """
              WITH made AS MATERIALIZED (
                    SELECT UNNEST(ARRAY[past.product_id, present.product_id])
                           AS product_id,
                           UNNEST(ARRAY[past.raw_material_production_id,
                                        present.raw_material_production_id])
                           AS production_id,
                           UNNEST(ARRAY[past.sale_line_id, present.sale_line_id])
                           AS line_id
                      FROM {changed}
                     WHERE (past.raw_material_production_id, past.production_id,
                            past.bom_line_id)
                           IS DISTINCT FROM
                           (present.raw_material_production_id, present.production_id,
                            present.bom_line_id)
                        OR (present.raw_material_production_id IS NOT NULL
                            AND (past.state = 'draft' OR past.product_qty = 0))
                   )
        """
        + MADE
    },
}


class BacklogTrigger(models.AbstractModel):
    """What raw material and bills of materials change is marked."""

    _inherit = "backlog.trigger"

    @api.model
    def _watched(self):
        watched = super()._watched() | WATCHED
        return watched | {"stock_move": watched["stock_move"].also(**MOVES)}

    @api.model
    def _addons(self):
        return [*super()._addons(), "inventory_backlog_mrp"]
