"""One real document of each kind, made through the ORM, and the people and products of
the world of ``world``."""

from odoo.fields import Command

CUSTOMERS = 2_000
VENDORS = 100
TEAMS = 4
SALESPEOPLE = 12
CATEGORIES = 20
COUNTRIES = ("US", "DE", "FR", "ID", "NL", "GB", "JP", "BR", "IN", "CA")


class WorldPatterns:
    def _make_staff(self):
        env = self.env
        self.euro = env.ref("base.EUR")
        self.euro.active = True
        self.euro.rate_ids.create({"currency_id": self.euro.id, "rate": 0.92})
        self.pricelist = env["product.pricelist"].create(
            {"name": "Euro", "currency_id": self.euro.id}
        )
        self.teams = env["crm.team"].create(
            [{"name": f"Team {number + 1}"} for number in range(TEAMS)]
        )
        self.users = env["res.users"].create(
            [
                {
                    "name": f"Salesperson {number + 1}",
                    "login": f"bench{number + 1}",
                    "group_ids": [
                        Command.link(env.ref("sales_team.group_sale_salesman").id)
                    ],
                }
                for number in range(SALESPEOPLE)
            ]
        )
        self.categories = env["product.category"].create(
            [{"name": f"Category {number + 1}"} for number in range(CATEGORIES)]
        )
        self.warehouses = env["stock.warehouse"].search(
            [("company_id", "=", env.company.id)], limit=1
        ) + env["stock.warehouse"].create(
            [
                {"name": "East", "code": "BWE"},
                {"name": "West", "code": "BWW", "delivery_steps": "pick_ship"},
            ]
        )
        self.shelves = env["stock.location"].create(
            [
                {"name": "Bench shelf", "location_id": warehouse.lot_stock_id.id}
                for warehouse in self.warehouses
            ]
        )

    def _make_patterns(self):
        env = self.env
        self.customer, self.vendor = env["res.partner"].create(
            [
                {"name": "Bench customer", "customer_rank": 1},
                {"name": "Bench vendor", "supplier_rank": 1, "is_company": True},
            ]
        )
        self.product = env["product.product"].create(
            {
                "name": "Bench product",
                "type": "consu",
                "is_storable": True,
                "list_price": 100,
                "standard_price": 60,
                "taxes_id": False,
                "supplier_taxes_id": False,
                "seller_ids": [
                    Command.create({"partner_id": self.vendor.id, "price": 60})
                ],
            }
        )
        for warehouse in self.warehouses:
            env["stock.quant"].with_context(inventory_mode=True).create(
                {
                    "product_id": self.product.id,
                    "location_id": warehouse.lot_stock_id.id,
                    "inventory_quantity": 1_000,
                }
            ).action_apply_inventory()
        rows = []
        for number, warehouse in enumerate(self.warehouses, 1):
            rows += self._transfer_patterns(number, warehouse)
        self._invoice_pattern()
        env.flush_all()
        self._run(
            """
            CREATE TEMP TABLE world_pattern (
                wh int, step text, is_done bool, order_id int, line_id int,
                picking_id int, move_id int, item_id int)
            """
        )
        self.cr.execute_values("INSERT INTO world_pattern VALUES %s", rows)
        self._run("ANALYZE world_pattern")

    def _transfer_patterns(self, number, warehouse):
        """A transfer of each kind, open and done: ``out`` ships in one step, ``pick``
        and ``ship`` in two, ``in`` receives."""
        waiting, shipped = self._make_sale(warehouse), self._make_sale(warehouse)
        arriving, arrived = (self._make_purchase(warehouse) for _number in range(2))
        self._do(arrived.picking_ids)
        first = shipped.picking_ids
        self._do(first)
        step = "out" if warehouse.delivery_steps == "ship_only" else "pick"
        transfers = [
            (step, waiting.picking_ids),
            (step, first),
            ("in", arriving.picking_ids),
            ("in", arrived.picking_ids),
        ]
        if step == "pick":
            picked = self._make_sale(warehouse)
            second = shipped.picking_ids - first
            third = picked.picking_ids
            self._do(second + third)
            transfers += [("ship", second), ("ship", picked.picking_ids - third)]
        self.sale = waiting
        return [
            (
                number,
                step,
                picking.state == "done",
                picking.purchase_id.id or picking.sale_id.id,
                (
                    picking.move_ids.purchase_line_id.id
                    or picking.move_ids.sale_line_id.id
                ),
                picking.id,
                picking.move_ids.id,
                picking.move_line_ids.id,
            )
            for step, picking in transfers
        ]

    def _make_sale(self, warehouse):
        sale = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "warehouse_id": warehouse.id,
                "order_line": [
                    Command.create(
                        {"product_id": self.product.id, "product_uom_qty": 5}
                    )
                ],
            }
        )
        sale.action_confirm()
        sale.picking_ids.action_assign()
        return sale

    def _make_purchase(self, warehouse):
        purchase = self.env["purchase.order"].create(
            {
                "partner_id": self.vendor.id,
                "picking_type_id": warehouse.in_type_id.id,
                "order_line": [
                    Command.create({"product_id": self.product.id, "product_qty": 5})
                ],
            }
        )
        purchase.button_confirm()
        return purchase

    def _do(self, picking):
        for move in picking.move_ids:
            move.write({"quantity": move.product_uom_qty, "picked": True})
        for one in picking:
            one.button_validate()

    def _invoice_pattern(self):
        env = self.env
        sale = self._make_sale(self.warehouses[0])
        env["sale.advance.payment.inv"].with_context(
            active_ids=sale.ids, active_model="sale.order"
        ).create(
            {"advance_payment_method": "percentage", "amount": 30}
        ).create_invoices()
        self.invoice = sale.invoice_ids
        self.invoice.action_post()
        lines = sale.order_line.sorted("sequence")
        self.section, self.down = lines[-2:]

    def _copy_masters(self):
        """Partners and products, numbered from 1 in order of their popularity."""
        self.first_customer = self._next("res_partner")
        countries = self.env["res.country"].search([("code", "in", COUNTRIES)]).ids
        self.first_vendor = self.first_customer + CUSTOMERS
        for first, count, word, pattern in (
            (self.first_customer, CUSTOMERS, "Customer", self.customer),
            (self.first_vendor, VENDORS, "Vendor", self.vendor),
        ):
            self._copy(
                "res_partner",
                f"GENERATE_SERIES(1, {count}) i",
                pattern.id,
                id=f"{first} + i",
                name=f"'{word} ' || i",
                complete_name=f"'{word} ' || i",
                commercial_partner_id=f"{first} + i",
                country_id=f"{self._array(countries)}[pg_temp.zipf("
                f"{len(countries)}, pg_temp.rnd(i, '{word} country'))]",
            )
        self._plan_products()
        self._copy(
            "product_template",
            "world_product product",
            self.product.product_tmpl_id.id,
            id="product.template_id",
            name="JSONB_BUILD_OBJECT('en_US', 'Product ' || i)",
            default_code="'BW' || LPAD(i::text, 5, '0')",
            categ_id="product.categ_id",
            list_price="product.price",
            sale_delay="product.lead",
        )
        self._copy(
            "product_product",
            "world_product product",
            self.product.id,
            id="product.id",
            product_tmpl_id="product.template_id",
            default_code="'BW' || LPAD(i::text, 5, '0')",
            standard_price=f"JSONB_BUILD_OBJECT('{self.env.company.id}', product.cost)",
        )
        base = self._next("product_supplierinfo")
        self._copy(
            "product_supplierinfo",
            "world_product product CROSS JOIN GENERATE_SERIES(1, 2) rank",
            self.product.seller_ids.id,
            id=f"{base} + 2 * i + rank",
            product_tmpl_id="product.template_id",
            product_id="product.id",
            partner_id=f"{self.first_vendor} + (product.vendor + 40 * (rank - 1)"
            f" - 1) % {VENDORS} + 1",
            sequence="rank",
            price="ROUND(product.cost * (0.9 + 0.1 * rank), 2)",
            delay="3 + FLOOR(pg_temp.rnd(10 * i + rank, 'delay') * 25)",
        )
        self._run(
            "SELECT SETVAL('product_supplierinfo_id_seq', "
            f"{self._next('product_supplierinfo')})"
        )
        self._say("patterns, partners and products")
