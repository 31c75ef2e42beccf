"""Whether the world of ``world`` is one that Odoo could have made."""

from odoo.tools import SQL

# Fields that core computes and stores.
STORED = {
    "stock.picking": ("state", "scheduled_date", "date_deadline", "sale_id"),
    "stock.move": ("product_qty", "quantity", "reference", "packaging_uom_qty"),
    "stock.move.line": ("quantity_product_uom", "state"),
    "sale.order": (
        "amount_untaxed",
        "amount_total",
        "delivery_status",
        "effective_date",
        "invoice_status",
        "team_id",
    ),
    "sale.order.line": (
        "price_subtotal",
        "price_total",
        "price_reduce_taxexcl",
        "qty_delivered",
        "qty_invoiced",
        "qty_to_invoice",
        "invoice_status",
        "untaxed_amount_invoiced",
        "untaxed_amount_to_invoice",
        "customer_lead",
        "warehouse_id",
        "order_partner_id",
    ),
    "purchase.order": ("amount_total", "receipt_status", "date_planned"),
    "purchase.order.line": ("price_subtotal", "qty_received", "product_uom_qty"),
}
# What must not be there, counted.
WRONG = {
    "quants that are not the sum of their move lines": """
        SELECT COUNT(*)
          FROM (
                SELECT SUM(qty) AS qty, SUM(held) AS held
                  FROM (
                        SELECT product_id, location_dest_id AS location_id,
                               quantity_product_uom AS qty, 0 AS held
                          FROM stock_move_line WHERE state = 'done'
                     UNION ALL
                        SELECT product_id, location_id, -quantity_product_uom, 0
                          FROM stock_move_line WHERE state = 'done'
                     UNION ALL
                        SELECT product_id, location_id, 0, quantity_product_uom
                          FROM stock_move_line
                         WHERE state IN ('assigned', 'partially_available')
                     UNION ALL
                        SELECT product_id, location_id, -quantity, -reserved_quantity
                          FROM stock_quant
                       ) item
                  JOIN stock_location location
                    ON location.id = item.location_id AND usage = 'internal'
              GROUP BY product_id, item.location_id
               ) summed
         WHERE qty <> 0 OR held <> 0
    """,
    "stock below zero, or promised twice": """
        SELECT COUNT(*)
          FROM stock_quant quant
          JOIN stock_location location ON location.id = quant.location_id
         WHERE usage = 'internal' AND (quantity < reserved_quantity OR quantity < 0)
    """,
    "moves that are not the sum of their move lines": """
        SELECT COUNT(*)
          FROM stock_move move
     LEFT JOIN (SELECT move_id, SUM(quantity) AS quantity
                  FROM stock_move_line GROUP BY move_id) item ON item.move_id = move.id
         WHERE COALESCE(move.quantity, 0) <> COALESCE(item.quantity, 0)
    """,
    "moves in the wrong state": """
        SELECT COUNT(*) FROM stock_move
         WHERE state = 'assigned' AND quantity <> product_uom_qty
            OR state = 'partially_available'
               AND (quantity <= 0 OR quantity >= product_uom_qty)
            OR state IN ('confirmed', 'waiting') AND quantity > 0
            OR state = 'done' AND date > NOW() AT TIME ZONE 'UTC'
    """,
    "order lines whose moves are not what was ordered": """
        SELECT COUNT(*)
          FROM sale_order_line line
          JOIN uom_uom unit ON unit.id = line.product_uom_id
          JOIN (SELECT sale_line_id, product_id, SUM(product_qty) AS qty
                  FROM stock_move
                  JOIN stock_location dest ON dest.id = location_dest_id
                 WHERE dest.usage = 'customer'
                    OR state <> 'done' GROUP BY sale_line_id, product_id) moved
            ON moved.sale_line_id = line.id
           AND moved.product_id = line.product_id
         WHERE line.product_uom_qty * unit.factor <> moved.qty
    """,
}


def same(one, other):
    """Whether two values of a field are the same, to the cent."""
    if isinstance(one, float) or isinstance(other, float):
        return abs((one or 0) - (other or 0)) < 0.006
    return one == other


class WorldCheck:
    def check(self, sample=100):
        """Compare with what Odoo says: all quantities in SQL, and stored fields of a
        sample computed again. Writes nothing."""
        problems = [
            f"{what}: {found}"
            for what, statement in WRONG.items()
            if (found := self.env.execute_query(SQL(statement))[0][0])
        ]
        lines = self.env["backlog.line"].sudo().search_count([])
        wanted = self.open_lines + self.special_lines()
        if abs(lines - wanted) > 10:
            problems.append(f"open lines: {lines}, not {wanted}")
        problems += self._check_free(sample)
        for model, names in STORED.items():
            problems += self._check_stored(model, names, sample)
        self.cr.rollback()
        if problems:
            raise ValueError("The world is wrong:\n" + "\n".join(problems))
        self.show(f"  checked: {lines} open lines, samples of {sample} agree with Odoo")

    def _sample(self, model, sample):
        self._run(
            f"SELECT id FROM {self.env[model]._table} "
            f"ORDER BY hashint8extended(id, 7) LIMIT {sample}"
        )
        return self.env[model].browse(row[0] for row in self.cr.fetchall())

    def _check_free(self, sample):
        """What is free by core's own count."""
        found = []
        for warehouse in self.env["stock.warehouse"].search([]):
            products = self._sample("product.product", sample).with_context(
                warehouse_id=warehouse.id
            )
            below = [("location_id", "child_of", warehouse.view_location_id.id)]
            free = {
                product: quantity - reserved
                for product, quantity, reserved in self.env["stock.quant"]._read_group(
                    [("product_id", "in", products.ids), *below],
                    ["product_id"],
                    ["quantity:sum", "reserved_quantity:sum"],
                )
            }
            found += [
                f"free_qty of {product.default_code} in {warehouse.name}: "
                f"{product.free_qty}, not {free.get(product, 0)}"
                for product in products
                # A kit has none of its own.
                if not ("is_kits" in product and product.is_kits)
                and abs(product.free_qty - free.get(product, 0)) > 0.001
            ]
        return found

    def _check_stored(self, model, names, sample):
        records = self._sample(model, sample)
        found = []
        for name in names:
            field = records._fields[name]
            before = {record: record[name] for record in records}
            self.env.add_to_compute(field, records)
            wrong = [
                (record, before[record], record[name])
                for record in records
                if not same(before[record], record[name])
            ]
            if wrong:
                found.append(f"{field}: {len(wrong)} of {sample}, as {wrong[0]}")
        return found
