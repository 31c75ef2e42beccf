"""The invoices and down payments for the orders of ``world``, as rows."""


class WorldInvoices:
    def _write_invoices(self):
        """Down payments of a third, and orders invoiced whole before they leave. Most
        are paid, some in part, some not at all."""
        self._plan(
            "world_invoice",
            f"""
            SELECT {self._next("account_move")} + number AS id, number, sale.id
                       AS order_id, k, customer, seller, ahead, date_order,
                   CASE WHEN ahead = 'full' THEN total.amount
                        ELSE ROUND(total.amount / 3, 2) END AS amount,
                   CASE WHEN pg_temp.rnd(k, 'paid') < 0.65 THEN 0
                        WHEN pg_temp.rnd(k, 'paid') < 0.85 THEN 0.4
                        ELSE 1 END AS unpaid
              FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY id) AS number
                      FROM world_order WHERE ahead IS NOT NULL) sale
              JOIN world_total total USING (id)
            """,
        )
        date = "(date_order + INTERVAL '1 hour')::date"
        name = "'BWI/' || LPAD(number::text, 6, '0')"
        partner = f"{self.first_customer} + customer"
        amounts = (
            "amount_total",
            "amount_untaxed",
            "amount_total_signed",
            "amount_untaxed_signed",
            "amount_total_in_currency_signed",
            "amount_untaxed_in_currency_signed",
        )
        self._copy(
            "account_move",
            "world_invoice invoice",
            self.invoice.id,
            id="invoice.id",
            name=name,
            ref="'BW' || LPAD(k::text, 8, '0')",
            invoice_origin="'BW' || LPAD(k::text, 8, '0')",
            payment_reference=name,
            sequence_prefix="'BWI/'",
            sequence_number="number",
            access_token="NULL",
            date=date,
            invoice_date=date,
            invoice_date_due=date,
            partner_id=partner,
            commercial_partner_id=partner,
            partner_shipping_id=partner,
            invoice_partner_display_name="'Customer ' || customer",
            invoice_user_id=self._users,
            **dict.fromkeys(amounts, "amount"),
            amount_residual="ROUND(amount * unpaid, 2)",
            amount_residual_signed="ROUND(amount * unpaid, 2)",
            payment_state="CASE unpaid WHEN 0 THEN 'paid' WHEN 1 THEN 'not_paid' "
            "ELSE 'partial' END",
        )
        self._write_down_payments()
        self._write_items(name, date, partner)
        self._say("invoices")

    def _write_down_payments(self):
        base = self._next("sale_order_line")
        sources = (
            "(SELECT * FROM world_invoice WHERE ahead = 'down') invoice",
            "JOIN world_order sale ON sale.id = invoice.order_id",
        )
        for number, pattern in enumerate((self.section, self.down)):
            price = f"{number} * invoice.amount"
            self._copy(
                "sale_order_line",
                " ".join(sources),
                pattern.id,
                id=f"{base} + 2 * number + {number - 1}",
                order_id="invoice.order_id",
                order_partner_id=f"{self.first_customer} + invoice.customer",
                salesman_id=self._users.replace("seller", "invoice.seller"),
                warehouse_id=self._warehouse("sale.wh"),
                price_unit=price,
                technical_price_unit=price,
                untaxed_amount_invoiced=price,
                untaxed_amount_to_invoice=f"-({price})",
                first_promise_date="NULL",
                create_date="invoice.date_order",
            )
        self.first_down = base

    def _write_items(self, name, date, partner):
        """Journal items: one per order line (or one for the down payment), and one for
        what the customer owes."""
        sold = self.invoice.line_ids.filtered(lambda line: line.credit)
        owed = self.invoice.line_ids - sold
        self._plan(
            "world_item",
            f"""
            SELECT {self._next("account_move_line")} + ROW_NUMBER() OVER (
                       ORDER BY invoice.id, order_line_id NULLS LAST) AS id,
                   invoice.id AS invoice_id, number, customer, date_order, unpaid,
                   order_line_id, part.product_id, part.amount, part.qty,
                   CASE WHEN order_line_id IS NULL THEN {owed.id} ELSE {sold.id} END
                       AS like_id
              FROM world_invoice invoice
              JOIN (
                    SELECT id AS invoice_id, line_id AS order_line_id, product_id,
                           subtotal AS amount, qty
                      FROM world_invoice
                      JOIN (SELECT order_id, id AS line_id, product_id, subtotal, qty
                              FROM world_line) line USING (order_id)
                     WHERE ahead = 'full'
                 UNION ALL
                    SELECT id, {self.first_down} + 2 * number, NULL, amount, 1
                      FROM world_invoice
                     WHERE ahead = 'down'
                 UNION ALL
                    SELECT id, NULL, NULL, -amount, 1 FROM world_invoice
                   ) part ON part.invoice_id = invoice.id
            """,
        )
        residual = (
            "CASE WHEN item.order_line_id IS NULL "
            "THEN ROUND(-item.amount * unpaid, 2) ELSE 0 END"
        )
        self._copy(
            "account_move_line",
            "world_item item",
            "item.like_id",
            id="item.id",
            move_id="item.invoice_id",
            move_name=name,
            ref=name,
            date=date,
            invoice_date=date,
            date_maturity=f"CASE WHEN item.order_line_id IS NULL THEN {date} END",
            partner_id=partner,
            product_id="item.product_id",
            quantity="item.qty",
            is_downpayment="item.order_line_id IS NOT NULL AND item.product_id IS NULL",
            price_unit="ABS(item.amount) / item.qty",
            price_subtotal="GREATEST(item.amount, 0)",
            price_total="GREATEST(item.amount, 0)",
            credit="GREATEST(item.amount, 0)",
            debit="GREATEST(-item.amount, 0)",
            balance="-item.amount",
            amount_currency="-item.amount",
            amount_residual=residual,
            amount_residual_currency=residual,
            reconciled="item.order_line_id IS NULL AND unpaid = 0",
            matching_number="NULL",
            full_reconcile_id="NULL",
        )
        self._run(
            """
            INSERT INTO sale_order_line_invoice_rel (order_line_id, invoice_line_id)
            SELECT order_line_id, id FROM world_item WHERE order_line_id IS NOT NULL
            """
        )
