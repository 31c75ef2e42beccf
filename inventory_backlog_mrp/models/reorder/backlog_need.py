from odoo import api, models
from odoo.tools import SQL

from odoo.addons.inventory_backlog.const import REQUEST_STATES
from odoo.addons.inventory_backlog.tools.bounds import finite


class BacklogNeed(models.AbstractModel):
    """What is suggested to be made needs its components."""

    _inherit = "backlog.need"

    @api.model
    def _flush(self):
        self.env["backlog.suggestion.component"].flush_model()
        self.env["mrp.bom"].flush_model()
        self.env["mrp.bom.line"].flush_model()
        self.env["backlog.suggestion"].flush_model(
            ["bom_id", "state", "suggested_qty", "warehouse_id"]
        )
        return super()._flush()

    @api.model
    def _parts(self, product_ids):
        return [*super()._parts(product_ids), self._components(product_ids)]

    @api.model
    def _components(self, product_ids):
        """What suggestions to make need. Once they are accepted, their manufacturing
        orders need it. What a subcontractor makes has none before its request is
        confirmed: until then the suggestion still needs it, for as much as is
        requested."""
        return SQL(
            """
            SELECT component.product_id, suggestion.warehouse_id, 'draft',
                   COALESCE(component.qty * requested.qty
                       / NULLIF(suggestion.suggested_qty, 0), component.qty)
                       - COALESCE(component.at_vendor_qty, 0),
                   NULL, component.need_date, NULL, NULL, NULL,
                   'backlog.suggestion,' || suggestion.id
              FROM backlog_suggestion_component component
              JOIN backlog_suggestion suggestion
                ON suggestion.id = component.suggestion_id
         LEFT JOIN LATERAL (
                    SELECT SUM(%(wanted)s)::numeric AS qty
                      FROM purchase_order_line line
                      JOIN purchase_order request ON request.id = line.order_id
                     WHERE line.backlog_suggestion_id = suggestion.id
                       AND suggestion.state = 'ordered'
                       AND suggestion.bom_id IS NOT NULL
                       AND request.state IN %(states)s
                   ) requested ON TRUE
             WHERE (suggestion.state IN ('proposed', 'snoozed') OR requested.qty > 0)
               AND %(of_products)s
            """,
            wanted=finite(SQL("line.product_uom_qty")),
            states=tuple(REQUEST_STATES),
            of_products=self._of_products(SQL("component.product_id"), product_ids),
        )

    @api.model
    def _request_lines(self, product_ids):
        """Also the components of what is requested as a kit: Odoo receives these."""
        return SQL(
            """
            %(lines)s
         UNION ALL
            (
              WITH line AS MATERIALIZED (%(all_lines)s),
                   kit AS MATERIALIZED (
                    SELECT DISTINCT ON (line.id) line.id AS line_id,
                           line.product_id AS kit_id, request.company_id,
                           bom.id AS bom_id, ARRAY[]::integer[] AS value_ids
                      FROM line
                      JOIN purchase_order request ON request.id = line.order_id
                      JOIN (%(kits)s) bom
                        ON bom.kit_id = line.product_id
                       AND (bom.company_id IS NULL
                            OR bom.company_id = request.company_id)
                  ORDER BY line.id, %(bom_order)s
                   ),
                   component AS MATERIALIZED (%(components)s)
            SELECT line.id, line.order_id, component.product_id,
                   COALESCE(%(qty)s, 0), line.date_planned, line.orderpoint_id,
                   line.location_final_id, line.sale_line_id
              FROM kit
              JOIN line ON line.id = kit.line_id
              JOIN component USING (bom_id, kit_id, company_id, value_ids)
             WHERE %(of_products)s
            )
            """,
            lines=super()._request_lines(product_ids),
            all_lines=super()._request_lines(None),
            qty=finite(SQL("(line.qty * component.qty)")),
            kits=self.env["mrp.bom"]._backlog_kits(),
            bom_order=self.env["mrp.bom"]._backlog_bom_order(),
            components=self.env["mrp.bom"]._backlog_components(SQL("kit")),
            of_products=self._of_products(SQL("component.product_id"), product_ids),
        )

    @api.model
    def _draft_stock(self):
        """Raw material is taken from the stock of the warehouse, also when it is
        brought to the place of production first."""
        return SQL(
            """
            (%s OR move.raw_material_production_id IS NOT NULL
                   AND warehouse.id = place.warehouse_id)
            """,
            super()._draft_stock(),
        )
