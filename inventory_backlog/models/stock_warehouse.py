from odoo import models

from ..tools.bounds import bounded_days


class StockWarehouse(models.Model):
    """Warehouses, with the days that goods take between two of them."""

    _inherit = "stock.warehouse"

    def _backlog_resupply_days(self, source):
        """The days that goods take from the warehouse ``source`` to this one, by the
        rules of the route that resupplies it from there; None without such a route."""
        self.ensure_one()
        # sudo: who asks need not be able to read all warehouses of the company.
        routes = self.sudo().resupply_route_ids
        route = routes.filtered(lambda one: one.supplier_wh_id.id == source.id)[:1]
        if not route:
            return None
        return sum(bounded_days(rule.delay) for rule in route.rule_ids)
