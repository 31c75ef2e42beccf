"""The sales and purchases that ``world.plan`` plans, as rows."""

from .patterns import TEAMS


class WorldOrders:
    def _write_sales(self):
        self._plan(
            "world_total",
            """
            SELECT order_id AS id, SUM(subtotal) AS amount, MIN(date_done) AS date_done
              FROM world_line
         LEFT JOIN (SELECT order_id, MIN(date_done) AS date_done
                      FROM world_picking WHERE step <> 'pick' GROUP BY 1) shipped
             USING (order_id)
          GROUP BY order_id
            """,
        )
        users = f"{self._array(self.users.ids)}[seller]"
        teams = f"{self._array(self.teams.ids)}[1 + seller % {TEAMS}]"
        self._users = users
        currency = f"CASE WHEN is_euro THEN {self.euro.id} ELSE pattern_currency_id END"
        partner = f"{self.first_customer} + customer"
        self._copy(
            "sale_order",
            "world_order sale JOIN world_total total USING (id)",
            self.sale.id,
            id="sale.id",
            name="'BW' || LPAD(k::text, 8, '0')",
            partner_id=partner,
            partner_invoice_id=partner,
            partner_shipping_id=partner,
            user_id=users,
            team_id=teams,
            warehouse_id=self._warehouse(),
            date_order="date_order",
            create_date="date_order - INTERVAL '1 day'",
            validity_date="date_order + INTERVAL '30 days'",
            commitment_date="commitment_date",
            currency_id=currency,
            pricelist_id=f"CASE WHEN is_euro THEN {self.pricelist.id} "
            "ELSE pattern_pricelist_id END",
            currency_rate="rate",
            amount_untaxed="amount",
            amount_total="amount",
            effective_date="date_done",
            delivery_status="""CASE WHEN kind = 'closed' THEN 'full'
                WHEN date_done IS NOT NULL THEN 'partial'
                WHEN kind = 'picked' THEN 'started' ELSE 'pending' END""",
            invoice_status="CASE WHEN ahead = 'full' THEN 'invoiced' "
            "ELSE 'to invoice' END",
        )
        self._write_lines(currency)
        base = self._next("stock_reference")
        reference = self.sale.stock_reference_ids.id
        self.reference = f"{base} - {self._first_order()} + order_id"
        self._copy(
            "stock_reference",
            "world_order sale",
            reference,
            id=f"{base} - {self._first_order()} + sale.id",
            name="'BW' || LPAD(k::text, 8, '0')",
        )
        self._run(
            f"""
            INSERT INTO stock_reference_sale_rel (reference_id, sale_id)
            SELECT {base} - {self._first_order()} + id, id FROM world_order
            """
        )
        self._say("sales")

    def _first_order(self):
        self._run("SELECT MIN(id) - 1 FROM world_order")
        return self.cr.fetchone()[0]

    def _warehouse(self, column="wh"):
        return f"{self._array(self.warehouses.ids)}[{column}]"

    def _write_lines(self, currency):
        dozen = self.env.ref("uom.product_uom_dozen").id
        self._copy(
            "sale_order_line",
            """world_line line JOIN world_order sale ON sale.id = line.order_id
               LEFT JOIN (SELECT n, SUM(goods) FILTER (WHERE is_done
                                 AND step <> 'pick') AS shipped
                            FROM world_move GROUP BY n) moved USING (n)""",
            self.sale.order_line.id,
            id="line.id",
            order_id="line.order_id",
            sequence="9 + line.number",
            name="'Product ' || i",
            product_id="line.product_id",
            product_uom_id=f"CASE factor WHEN 12 THEN {dozen} "
            "ELSE pattern_product_uom_id END",
            product_uom_qty="qty",
            price_unit="price",
            technical_price_unit="price",
            discount="discount",
            price_subtotal="subtotal",
            price_total="subtotal",
            price_reduce_taxexcl="subtotal / qty",
            price_reduce_taxinc="subtotal / qty",
            qty_delivered="COALESCE(shipped, 0)::numeric / factor",
            qty_to_invoice="CASE WHEN line.ahead = 'full' THEN 0 ELSE qty END",
            qty_invoiced="CASE WHEN line.ahead = 'full' THEN qty ELSE 0 END",
            untaxed_amount_to_invoice="CASE WHEN line.ahead = 'full' THEN 0 "
            "ELSE subtotal END",
            untaxed_amount_invoiced="CASE WHEN line.ahead = 'full' THEN subtotal "
            "ELSE 0 END",
            invoice_status="CASE WHEN line.ahead = 'full' THEN 'invoiced' "
            "ELSE 'to invoice' END",
            customer_lead="lead",
            first_promise_date="promise",
            first_open_qty="qty",
            first_ready_qty="CASE WHEN pg_temp.rnd(n, 'first') < 0.8 THEN qty "
            "ELSE FLOOR(qty * pg_temp.rnd(n, 'first part')) END",
            order_partner_id=f"{self.first_customer} + customer",
            salesman_id=self._users,
            warehouse_id=self._warehouse("line.wh"),
            currency_id=currency,
            create_date="line.date_order",
        )

    def _write_purchases(self):
        vendor = f"{self.first_vendor} + vendor"
        pattern = "world_pattern world ON world.wh = {0}.wh AND world.step = 'in' " + (
            "AND world.is_done = {0}.is_done"
        )
        self._copy(
            "purchase_order",
            f"world_purchase purchase JOIN {pattern.format('purchase')}",
            "world.order_id",
            id="purchase.id",
            name="'BWP' || LPAD(purchase.id::text, 7, '0')",
            partner_id=vendor,
            date_order="purchase.date_order",
            date_approve="purchase.date_order",
            create_date="purchase.date_order",
            date_planned="purchase.date_planned",
            date_calendar_start="purchase.date_order",
            effective_date="CASE WHEN purchase.is_done THEN purchase.date END",
            amount_untaxed="amount",
            amount_total="amount",
            amount_total_cc="amount",
        )
        source = (
            f"world_receipt receipt JOIN {pattern.format('receipt')}"
            " JOIN world_purchase purchase ON purchase.id = receipt.order_id"
        )
        self._copy(
            "purchase_order_line",
            source,
            "world.line_id",
            id="receipt.id",
            order_id="receipt.order_id",
            name="'Product ' || i",
            partner_id=f"{self.first_vendor} + receipt.vendor",
            product_id="product_id",
            product_qty="goods",
            product_uom_qty="goods",
            price_unit="cost",
            technical_price_unit="cost",
            price_subtotal="ROUND(goods * cost, 2)",
            price_total="ROUND(goods * cost, 2)",
            date_planned="receipt.date_planned",
            first_promise_date="receipt.date",
            qty_received="CASE WHEN receipt.is_done THEN goods ELSE 0 END",
            qty_to_invoice="CASE WHEN receipt.is_done THEN goods ELSE 0 END",
            create_date="purchase.date_order",
        )
        self._copy(
            "stock_picking",
            f"world_purchase purchase JOIN {pattern.format('purchase')}",
            "world.picking_id",
            id="purchase.picking_id",
            name="'BW/IN/' || purchase.id",
            origin="'BWP' || LPAD(purchase.id::text, 7, '0')",
            partner_id=vendor,
            scheduled_date="purchase.date",
            date_deadline="purchase.date",
            date_done="CASE WHEN purchase.is_done THEN purchase.date END",
            create_date="purchase.date_order",
        )
        self._copy(
            "stock_move",
            source,
            "world.move_id",
            id="receipt.move_id",
            picking_id="receipt.picking_id",
            purchase_line_id="receipt.id",
            reference="'BW/IN/' || receipt.order_id",
            origin="'BWP' || LPAD(receipt.order_id::text, 7, '0')",
            product_id="product_id",
            **self._quantities("goods", "goods"),
            value="CASE WHEN receipt.is_done THEN goods * cost END",
            price_unit="cost",
            date="receipt.date",
            date_deadline="receipt.date",
            reservation_date="receipt.date::date",
            create_date="purchase.date_order",
        )
        self._copy_items(
            source,
            "receipt.move_id",
            "receipt.picking_id",
            "goods",
            "receipt.date",
            location_dest_id=self._on_shelf("receipt", "pattern_location_dest_id"),
        )
        self._run(
            """
            INSERT INTO purchase_order_stock_picking_rel
                        (purchase_order_id, stock_picking_id)
            SELECT id, picking_id FROM world_purchase
            """
        )
        self._run(
            """
            INSERT INTO stock_move_move_rel (move_orig_id, move_dest_id)
            SELECT move_id, sale_move_id FROM world_receipt
             WHERE sale_move_id IS NOT NULL
            """
        )
        self._write_inventory()
        self._say("purchases")

    @staticmethod
    def _quantities(demand, quantity):
        return {
            "product_qty": demand,
            "product_uom_qty": demand,
            "packaging_uom_qty": demand,
            "quantity": quantity,
        }

    def _on_shelf(self, source, otherwise):
        shelves = f"{self._array(self.shelves.ids)}"
        return (
            f"CASE WHEN {source}.on_shelf THEN {shelves}[{source}.wh] "
            f"ELSE {otherwise} END"
        )
