from odoo import api, models
from odoo.tools import SQL


class BacklogNeed(models.AbstractModel):
    _inherit = "backlog.need"

    @api.model
    def _flush(self):
        self.env["backlog.suggestion.component"].flush_model()
        self.env["backlog.suggestion"].flush_model(["state", "warehouse_id"])
        return super()._flush()

    @api.model
    def _parts(self, product_ids):
        return [*super()._parts(product_ids), self._components(product_ids)]

    @api.model
    def _components(self, product_ids):
        """What suggestions to make need. Once they are accepted, their manufacturing
        orders need it."""
        return SQL(
            """
            SELECT component.product_id, suggestion.warehouse_id, 'draft',
                   component.qty::numeric, NULL, component.need_date, NULL, NULL, NULL,
                   'backlog.suggestion,' || suggestion.id
              FROM backlog_suggestion_component component
              JOIN backlog_suggestion suggestion
                ON suggestion.id = component.suggestion_id
             WHERE suggestion.state IN ('proposed', 'snoozed')
               AND %s
            """,
            self._of_products(SQL("component.product_id"), product_ids),
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
