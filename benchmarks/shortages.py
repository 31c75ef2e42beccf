"""A world of shortages: products that customers wait for and nobody brings, made like
the other one by copying."""

from reorder_world import World

from odoo.fields import Command
from odoo.tools import SQL

VENDORS = 30
LEAD_DAYS = 3
WANTED = 5
PER_ORDER = 10


class Shortages(World):
    """``count`` products with one shortage each. With ``levels`` of bills of materials
    below them, two of the next product go into each, and the last ones are bought."""

    def fill(self, count, levels=0):
        self.count, self.levels, self.first_templates = count, levels, {}
        self._make_patterns()
        self.first_products = [
            self._copy_goods(pattern, bought=level == levels)
            for level, pattern in enumerate(self.patterns)
        ]
        for upper, lower in zip(
            self.first_products, self.first_products[1:], strict=False
        ):
            self._copy_boms(upper, lower)
        self._copy_orders()
        self.env.invalidate_all()
        # The planner must know of what is not committed yet.
        self.env.cr.execute("ANALYZE")

    def products(self):
        """Those that customers wait for."""
        first = self.first_products[0]
        return self.env["product.product"].browse(range(first, first + self.count))

    def _make_patterns(self):
        env = self.env
        self.vendors = env["res.partner"].create(
            [{"name": f"Vendor {i}", "is_company": True} for i in range(VENDORS)]
        )
        self.patterns = env["product.product"].create(
            [
                {
                    "name": f"Level {level}",
                    "type": "consu",
                    "is_storable": True,
                    "list_price": 100,
                    "taxes_id": False,
                    "supplier_taxes_id": False,
                }
                for level in range(self.levels + 1)
            ]
        )
        self.offer = env["product.supplierinfo"].create(
            {
                "product_tmpl_id": self.patterns[-1].product_tmpl_id.id,
                "partner_id": self.vendors[0].id,
                "price": 10,
                "delay": LEAD_DAYS,
            }
        )
        if self.levels:
            self.bom = env["mrp.bom"].create(
                {
                    "product_tmpl_id": self.patterns[0].product_tmpl_id.id,
                    "bom_line_ids": [
                        Command.create(
                            {"product_id": self.patterns[1].id, "product_qty": 2}
                        )
                    ],
                }
            )
        line = {"product_id": self.patterns[0].id, "product_uom_qty": WANTED}
        self.sale = env["sale.order"].create(
            {
                "partner_id": env["res.partner"].create({"name": "Customer"}).id,
                "order_line": [Command.create(line)],
            }
        )
        self.sale.action_confirm()
        env.flush_all()

    def _copy_goods(self, pattern, bought):
        template = self._copy(pattern.product_tmpl_id, self.count)
        product = self._copy(
            pattern,
            self.count,
            product_tmpl_id=SQL("%s + i", template),
            combination_indices=SQL("'copy ' || i"),
        )
        self.first_templates[product] = template
        if bought:
            self._copy(
                self.offer,
                self.count,
                product_tmpl_id=SQL("%s + i", template),
                product_id=SQL("%s + i", product),
                partner_id=SQL("%s + i %% %s", self.vendors[0].id, VENDORS),
            )
        return product

    def _copy_boms(self, upper, lower):
        bom = self._copy(
            self.bom,
            self.count,
            product_tmpl_id=SQL("%s + i", self.first_templates[upper]),
        )
        self._copy(
            self.bom.bom_line_ids,
            self.count,
            bom_id=SQL("%s + i", bom),
            product_id=SQL("%s + i", lower),
        )

    def _copy_orders(self):
        """Ten products to an order."""
        number = SQL("i / %s", PER_ORDER)
        product = SQL("%s + i", self.first_products[0])
        orders = -(-self.count // PER_ORDER)
        order = self._copy(self.sale, orders, name=SQL("'SHORT' || i"))
        picking = self._copy(
            self.sale.picking_ids, orders, name=SQL("'SHORT/OUT/' || i")
        )
        line = self._copy(
            self.sale.order_line,
            self.count,
            order_id=SQL("%s + %s", order, number),
            product_id=product,
        )
        self._copy(
            self.sale.picking_ids.move_ids,
            self.count,
            picking_id=SQL("%s + %s", picking, number),
            sale_line_id=SQL("%s + i", line),
            product_id=product,
        )
        self.first_line = line
