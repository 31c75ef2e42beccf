"""Kits, and goods that the vendor ships to the customer, for the world of
``world``: some orders of each made through the ORM, and copied as a whole.
"""

from odoo.fields import Command

PATTERNS = 20
# Of the open order lines that the rest of the world has.
SHARE = 0.02
# Each table with its columns that name a row that is copied as well.
DOCUMENTS = {
    "sale_order": {},
    "sale_order_line": {"order_id": "sale_order"},
    "purchase_order": {},
    "purchase_order_line": {
        "order_id": "purchase_order",
        "sale_line_id": "sale_order_line",
    },
    "stock_picking": {"sale_id": "sale_order"},
    "stock_move": {
        "picking_id": "stock_picking",
        "sale_line_id": "sale_order_line",
        "purchase_line_id": "purchase_order_line",
    },
    "stock_move_line": {"picking_id": "stock_picking", "move_id": "stock_move"},
    "stock_reference": {},
}
RELATIONS = {
    "purchase_order_stock_picking_rel": {
        "purchase_order_id": "purchase_order",
        "stock_picking_id": "stock_picking",
    },
    "stock_reference_move_rel": {
        "reference_id": "stock_reference",
        "move_id": "stock_move",
    },
    "stock_reference_purchase_rel": {
        "reference_id": "stock_reference",
        "purchase_id": "purchase_order",
    },
    "stock_reference_sale_rel": {
        "reference_id": "stock_reference",
        "sale_id": "sale_order",
    },
}
# What says when: a copy differs from its pattern by some days, in all of them.
MOMENTS = {
    "sale_order": ("date_order", "create_date"),
    "sale_order_line": ("create_date", "first_promise_date"),
    "purchase_order": ("date_order", "date_approve", "date_planned", "create_date"),
    "purchase_order_line": ("date_planned", "create_date", "first_promise_date"),
    "stock_picking": ("scheduled_date", "date_deadline", "create_date"),
    "stock_move": ("date", "date_deadline", "create_date"),
    "stock_move_line": ("date", "create_date"),
}
NAMES = {
    "sale_order": "name",
    "purchase_order": "name",
    "stock_picking": "name",
    "stock_move": "reference",
    "stock_reference": "name",
}


class WorldCopies:
    def special_lines(self):
        """How many open lines there are beside the others."""
        return (len(self._kinds()) * PATTERNS) * self._copies()

    def _kinds(self):
        """What the addons that are installed can do."""
        kinds = {"mrp.bom": self._kit, "stock.picking.type": self._dropshipped}
        if not self.env.ref("stock_dropshipping.route_drop_shipping", False):
            del kinds["stock.picking.type"]
        return [make for model, make in kinds.items() if model in self.env]

    def _copies(self):
        """How many orders there are of each pattern, with itself."""
        return max(1, int(SHARE * self.open_lines / PATTERNS))

    def _make_special(self):
        self.special = self.env["sale.order"].union(
            *(
                make(number, self.warehouses[number % len(self.warehouses)])
                for make in self._kinds()
                for number in range(PATTERNS)
            )
        )
        self.env.flush_all()

    def _special_product(self, name, **values):
        return self.env["product.product"].create(
            {
                "name": name,
                "type": "consu",
                "is_storable": True,
                "list_price": 50,
                "taxes_id": False,
                "supplier_taxes_id": False,
                **values,
            }
        )

    def _special_order(self, product, warehouse, quantity):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "warehouse_id": warehouse.id,
                "order_line": [
                    Command.create(
                        {"product_id": product.id, "product_uom_qty": quantity}
                    )
                ],
            }
        )
        order.action_confirm()
        return order

    def _kit(self, number, warehouse):
        """Two or three components, of which there is enough for some of the orders;
        nothing of it is reserved, since it came when they were confirmed."""
        kit = self._special_product(f"Kit {number + 1}", is_storable=False)
        parts = [
            self._special_product(f"Part {number + 1}.{part}", list_price=20)
            for part in range(2 + number % 2)
        ]
        self.env["mrp.bom"].create(
            {
                "product_tmpl_id": kit.product_tmpl_id.id,
                "type": "phantom",
                "bom_line_ids": [
                    Command.create({"product_id": part.id, "product_qty": 1 + rank})
                    for rank, part in enumerate(parts)
                ],
            }
        )
        quantity = 1 + number % 5
        order = self._special_order(kit, warehouse, quantity)
        for rank, part in enumerate(parts):
            wanted = quantity * (1 + rank) * self._copies()
            self.env["stock.quant"].with_context(inventory_mode=True).create(
                {
                    "product_id": part.id,
                    "location_id": warehouse.lot_stock_id.id,
                    "inventory_quantity": wanted * (3 + rank) // 10,
                }
            ).action_apply_inventory()
        order.order_line.move_ids._do_unreserve()
        return order

    def _dropshipped(self, number, warehouse):
        """Two of three are ordered, the others a request."""
        vendor = self.env["res.partner"].create(
            {"name": f"Shipping vendor {number + 1}", "supplier_rank": 1}
        )
        product = self._special_product(
            f"Shipped by the vendor {number + 1}",
            route_ids=[
                Command.link(self.env.ref("stock_dropshipping.route_drop_shipping").id)
            ],
            seller_ids=[Command.create({"partner_id": vendor.id, "price": 30})],
        )
        order = self._special_order(product, warehouse, 1 + number % 7)
        if number % 3:
            order.order_line.purchase_line_ids.order_id.button_confirm()
        return order

    def _write_special(self):
        if self._copies() == 1 or not self.special:
            return
        lines = self.special.order_line
        bought = lines.purchase_line_ids
        moves = lines.move_ids
        originals = {
            "sale_order": self.special,
            "sale_order_line": lines,
            "purchase_order": bought.order_id,
            "purchase_order_line": bought,
            "stock_picking": moves.picking_id,
            "stock_move": moves,
            "stock_move_line": moves.move_line_ids,
            "stock_reference": moves.reference_ids | self.special.stock_reference_ids,
        }
        for table, records in originals.items():
            self._plan(
                f"copied_{table}",
                f"""
                SELECT pattern, copy, {self._next(table)}
                           + ROW_NUMBER() OVER (ORDER BY copy, pattern) AS id
                  FROM UNNEST(ARRAY{records.ids}::int[]) pattern
            CROSS JOIN GENERATE_SERIES(2, {self._copies()}) copy
                """,
            )
            self._run(f"ALTER TABLE copied_{table} ADD PRIMARY KEY (pattern, copy)")
        for table, references in DOCUMENTS.items():
            self._copy(
                table,
                f"copied_{table} copied",
                "copied.pattern",
                id="copied.id",
                **{
                    column: f"(SELECT other.id FROM copied_{other} other "
                    f"WHERE other.pattern = pattern_{column} "
                    "AND other.copy = copied.copy)"
                    for column, other in references.items()
                },
                **{
                    column: f"pattern_{column} - FLOOR(60 * pg_temp.rnd("
                    "copied.copy, 'special')) * INTERVAL '1 day'"
                    for column in MOMENTS.get(table, ())
                },
                **(
                    {NAMES[table]: f"pattern_{NAMES[table]} || '/' || copied.copy"}
                    if table in NAMES
                    else {}
                ),
            )
        for table, sides in RELATIONS.items():
            (left, left_table), (right, right_table) = sides.items()
            self._run(
                f"""
                INSERT INTO {table} ({left}, {right})
                SELECT one.id, other.id
                  FROM {table} rel
                  JOIN copied_{left_table} one ON one.pattern = rel.{left}
                  JOIN copied_{right_table} other
                    ON other.pattern = rel.{right} AND other.copy = one.copy
                """
            )
        self._say("kits and what vendors ship")
