from odoo import api, models
from odoo.tools import SQL

from ...tools.bounds import finite
from ...tools.sql import is_open
from ..backlog_bad_value import MOST_FOUND


class BacklogDrift(models.AbstractModel):
    """Finds quants that say another quantity reserved than transfers hold, and has Odoo
    mend them.

    An import, a statement in SQL or a crashed customization leaves them behind. What
    transfers hold counts for every figure of ours, but Odoo itself reserves by what the
    quant says: goods that nobody holds go to nobody, or the same goods to two
    customers. Odoo's own repair, ``stock.quant._clean_reservations``, is part of its
    scheduler and of opening the inventory; it can be switched off
    (``stock.skip_quant_tasks``).
    """

    _name = "backlog.drift"
    _description = "Drifted Reservations"

    @api.model
    def _find(self):
        """``{(product, company): (reserved, held)}`` of the products with such quants
        in places of the company, at most so many as can be reported: what quants say
        there, and what transfers hold, each rounded as Odoo's own repair does."""
        for model in ("stock.quant", "stock.move.line", "stock.move"):
            self.env[model].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT place.product_id, location.company_id, SUM(reserved)::float8,
                       SUM(held)::float8
                  FROM (
                        SELECT product_id, location_id, SUM(reserved) AS reserved,
                               SUM(held) AS held
                          FROM (%(both)s) one
                      GROUP BY product_id, location_id, lot_id, package_id, owner_id
                        HAVING ROUND(SUM(reserved)::numeric, %(digits)s)
                            <> ROUND(SUM(held)::numeric, %(digits)s)
                       ) place
                  JOIN stock_location location ON location.id = place.location_id
              GROUP BY place.product_id, location.company_id
              ORDER BY place.product_id, location.company_id
                 LIMIT %(most)s
                """,
                both=self._reserved_and_held(),
                digits=self.env["decimal.precision"].precision_get("Product Unit"),
                most=MOST_FOUND,
            )
        )
        products = self.env["product.product"].browse(row[0] for row in rows)
        companies = self.env["res.company"]
        return {
            (product, companies.browse(company_id)): (reserved, held)
            for product, (_id, company_id, reserved, held) in zip(
                products, rows, strict=True
            )
        }

    @api.model
    def _reserved_and_held(self):
        """Both sides, by the place, lot, package and owner of a quant. Odoo reserves
        nothing in places such as scrap, and of goods that it does not track."""
        return SQL(
            """
            SELECT product_id, location_id, lot_id, package_id, owner_id,
                   COALESCE(%(reserved)s, 0)::numeric AS reserved, 0::numeric AS held
              FROM stock_quant quant
             WHERE reserved_quantity <> 0
         UNION ALL
            SELECT line.product_id, line.location_id, line.lot_id, line.package_id,
                   line.owner_id, 0, COALESCE(%(held)s, 0)::numeric
              FROM stock_move move
              JOIN stock_move_line line ON line.move_id = move.id
              JOIN stock_location location ON location.id = line.location_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE %(move_open)s
               AND template.is_storable
               AND location.usage IN ('internal', 'transit', 'view')
            """,
            reserved=finite(SQL("quant.reserved_quantity")),
            held=finite(SQL("line.quantity_product_uom")),
            move_open=is_open("move"),
        )

    @api.model
    def _faults(self):
        """What was found, as ``backlog.fault._report`` takes it. Odoo mends it: the
        triggers mark the products of the quants that it writes. Who has switched its
        repair off is told alone. Each company is told of its own places."""
        found = self._find()
        if found and not self._is_repair_off():
            self.env["stock.quant"].sudo()._clean_reservations()
        return [
            {
                "key": f"product {product.id} company {company.id}",
                "text": self._text(product, *figures),
                "company_id": company.id or product.company_id.id,
                "res_model": product._name,
                "res_id": product.id,
            }
            for (product, company), figures in found.items()
        ]

    @api.model
    def _is_repair_off(self):
        """Whether an administrator has switched off Odoo's own repair."""
        settings = self.env["ir.config_parameter"].sudo()
        return bool(settings.get_param("stock.skip_quant_tasks"))

    @api.model
    def _text(self, product, reserved, held):
        figures = {
            "product": product.display_name,
            "reserved": f"{reserved:g}",
            "held": f"{held:g}",
            "unit": product.uom_id.name,
        }
        if self._is_repair_off():
            return self.env._(
                "%(product)s: the stock said that %(reserved)s are reserved, transfers "
                "hold %(held)s (%(unit)s). What transfers hold counts. Odoo's own "
                "repair is switched off (stock.skip_quant_tasks), so nothing mends it.",
                **figures,
            )
        return self.env._(
            "%(product)s: the stock said that %(reserved)s are reserved, transfers "
            "hold %(held)s (%(unit)s). What transfers hold counts. Odoo's own repair "
            "mends it, which its scheduler and every nightly check of the backlog run. "
            "If this comes again, something writes the stock in another way than Odoo "
            "does.",
            **figures,
        )
