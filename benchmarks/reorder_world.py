"""A seeded world of many rows, made by copying one real document in SQL.

Through the ORM it would take hours. Each copy differs from its pattern in the columns
given, as SQL expressions over ``i``, the number of the copy.
"""

from odoo.fields import Command
from odoo.tools import SQL

PRODUCTS = 10_000
VENDORS = 300
RECEIPT_LINES = 100_000
LINES_PER_PURCHASE = 4


class World:
    def __init__(self, env):
        self.env = env

    def fill(self, open_lines=1_000):
        """10,000 products with three vendors each, 100,000 received purchase lines in
        400 days, and customers who wait for ``open_lines``."""
        if self.env["ir.config_parameter"].get_param("inventory_backlog.bench"):
            return
        self.env.cr.execute("SELECT SETSEED(0.42)")
        self._make_patterns()
        self._copy_products()
        self._copy_vendors()
        self._copy_purchases()
        self._copy_sales(open_lines)
        self.env["ir.config_parameter"].set_param("inventory_backlog.bench", "1")
        self.env.cr.commit()
        self.env.cr.execute("ANALYZE")
        self.env.cr.commit()

    def _make_patterns(self):
        """One product with a vendor, received from it, and ordered by a customer."""
        env = self.env
        self.vendor = env["res.partner"].create({"name": "Vendor", "is_company": True})
        self.product = env["product.product"].create(
            {
                "name": "Product",
                "type": "consu",
                "is_storable": True,
                "list_price": 100,
                "taxes_id": False,
                "supplier_taxes_id": False,
                "seller_ids": [
                    Command.create({"partner_id": self.vendor.id, "price": 10})
                ],
            }
        )
        goods = {"product_id": self.product.id}
        self.purchase = env["purchase.order"].create(
            {
                "partner_id": self.vendor.id,
                "order_line": [Command.create({**goods, "product_qty": 5})],
            }
        )
        self.purchase.button_confirm()
        receipt = self.purchase.picking_ids
        receipt.move_ids.write({"quantity": 5, "picked": True})
        receipt.button_validate()
        customer = env["res.partner"].create({"name": "Customer"})
        self.sale = env["sale.order"].create(
            {
                "partner_id": customer.id,
                "order_line": [Command.create({**goods, "product_uom_qty": 5})],
            }
        )
        self.sale.action_confirm()
        self.sale.picking_ids.do_unreserve()
        env.flush_all()

    def _copy(self, record, count, **columns):
        """Copy one record ``count`` times; return the id of the first copy."""
        table = SQL.identifier(record._table)
        sequence = f"{record._table}_id_seq"
        # Of 0 * i, since once per statement would be enough for NEXTVAL alone.
        columns["id"] = SQL("NEXTVAL(%s) + 0 * i", sequence)
        changes = SQL(", ").join(
            SQL("%s::text, %s", name, value) for name, value in columns.items()
        )
        [[first]] = self.env.execute_query(
            SQL(
                """
                WITH copy AS (
                    INSERT INTO %(table)s
                    SELECT new.*
                      FROM %(table)s pattern,
                           GENERATE_SERIES(0, %(last)s) i,
                           LATERAL JSONB_POPULATE_RECORD(
                               pattern, JSONB_BUILD_OBJECT(%(changes)s)) new
                     WHERE pattern.id = %(id)s
                 RETURNING id
                )
                SELECT MIN(id) FROM copy
                """,
                table=table,
                last=count - 1,
                changes=changes,
                id=record.id,
            )
        )
        return first

    def _copy_products(self):
        template = self._copy(self.product.product_tmpl_id, PRODUCTS)
        self.first_template = template
        self.first_product = self._copy(
            self.product,
            PRODUCTS,
            product_tmpl_id=SQL("%s + i", template),
            combination_indices=SQL("'copy ' || i"),
        )

    def _copy_vendors(self):
        """Three vendors per product, spread so that each has a hundred products."""
        self.first_vendor = self._copy(
            self.vendor, VENDORS, name=SQL("'Vendor ' || i"), commercial_partner_id=None
        )
        self.env.cr.execute(
            """
            UPDATE res_partner SET commercial_partner_id = id
             WHERE commercial_partner_id IS NULL
            """
        )
        for rank in range(3):
            self._copy(
                self.product.seller_ids,
                PRODUCTS,
                product_tmpl_id=SQL("%s + i", self.first_template),
                product_id=SQL("%s + i", self.first_product),
                partner_id=SQL("%s + %s", self.first_vendor, self._vendor_of(rank)),
                sequence=SQL("%s", rank + 1),
                price=SQL("8 + 4 * RANDOM()"),
                delay=SQL("2 + (10 * RANDOM())::int"),
            )

    def _vendor_of(self, rank):
        """Which vendor is number ``rank`` of product ``i``."""
        return SQL("(i + %s) %% %s", 101 * rank, VENDORS)

    def _copy_purchases(self):
        """Each purchase is with one vendor and over products it sells."""
        line, receipt = self.purchase.order_line, self.purchase.picking_ids
        purchases = RECEIPT_LINES // LINES_PER_PURCHASE
        confirmed = SQL(
            "NOW()::timestamp - (400.0 * i / %s) * '1 day'::interval", purchases
        )
        order = self._copy(
            self.purchase,
            purchases,
            name=SQL("'BENCH' || i"),
            partner_id=SQL("%s + i %% %s", self.first_vendor, VENDORS),
            date_approve=confirmed,
        )
        transfer = self._copy(
            receipt,
            purchases,
            name=SQL("'BENCH/IN/' || i"),
            partner_id=SQL("%s + i %% %s", self.first_vendor, VENDORS),
        )
        # Line i is the (i / purchases)th of purchase i % purchases. Its product has the
        # vendor of the purchase first, second or third, see _vendor_of.
        number = SQL("(i %% %s)", purchases)
        place = SQL("(i / %s)", purchases)
        spread = PRODUCTS - PRODUCTS % VENDORS
        product = SQL(
            "%s + (%s - 101 * (%s %% 3) + %s + %s * (%s / %s + 7 * %s)) %% %s",
            self.first_product,
            number,
            place,
            spread,
            VENDORS,
            number,
            VENDORS,
            place,
            spread,
        )
        ordered = SQL(
            "NOW()::timestamp - (400.0 * %s / %s) * '1 day'::interval",
            number,
            purchases,
        )
        first_line = self._copy(
            line,
            RECEIPT_LINES,
            order_id=SQL("%s + %s", order, number),
            product_id=product,
            partner_id=SQL("%s + %s %% %s", self.first_vendor, number, VENDORS),
            first_promise_date=SQL("%s + '7 days'::interval", ordered),
            date_planned=SQL("%s + '7 days'::interval", ordered),
        )
        self._copy(
            receipt.move_ids,
            RECEIPT_LINES,
            product_id=product,
            picking_id=SQL("%s + %s", transfer, number),
            purchase_line_id=SQL("%s + i", first_line),
            date=SQL("%s + (4 + 4 * RANDOM()) * '1 day'::interval", ordered),
        )

    def _copy_sales(self, open_lines):
        """Every tenth product or so is waited for; popular ones more."""
        product = SQL(
            "%s + (%s * POWER(RANDOM(), 3))::int", self.first_product, PRODUCTS - 1
        )
        first_line = self._copy(self.sale.order_line, open_lines, product_id=product)
        moves = self.sale.order_line.filtered(
            lambda line: line.id < first_line
        ).move_ids
        self._copy(moves, open_lines, sale_line_id=SQL("%s + i", first_line))
        self.env.cr.execute(
            """
            UPDATE stock_move SET product_id = line.product_id
              FROM sale_order_line line
             WHERE line.id = stock_move.sale_line_id AND line.id >= %s
            """,
            [first_line],
        )
