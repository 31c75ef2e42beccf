"""The stock and the transfers that ``world.plan`` plans, as rows."""


class WorldGoods:
    def _write_inventory(self):
        counted = self.env["stock.move"].search(
            [("product_id", "=", self.product.id), ("is_inventory", "=", True)], limit=1
        )
        stock = self.warehouses.lot_stock_id.ids
        into = f"{self._array(stock)}[wh]"
        date = "NOW()::date - INTERVAL '740 days'"
        self._copy(
            "stock_move",
            "world_inventory counted",
            counted.id,
            id="counted.id",
            product_id="product_id",
            location_dest_id=into,
            **self._quantities("goods", "goods"),
            value="goods * cost",
            date=date,
            create_date=date,
        )
        base = self._next("stock_move_line")
        self._copy(
            "stock_move_line",
            "world_inventory counted",
            counted.move_line_ids.id,
            id=f"{base} + ROW_NUMBER() OVER (ORDER BY counted.id)",
            move_id="counted.id",
            product_id="counted.product_id",
            quantity="goods",
            quantity_product_uom="goods",
            location_dest_id=self._on_shelf("counted", into),
            date=date,
            create_date=date,
        )

    def _copy_items(self, source, move, picking, quantity, date, **columns):
        """A stock move line for each row of ``source`` with a ``quantity``."""
        base = self._next("stock_move_line")
        self._copy(
            "stock_move_line",
            source,
            f"world.item_id AND {quantity} > 0",
            id=f"{base} + ROW_NUMBER() OVER (ORDER BY {move})",
            move_id=move,
            picking_id=picking,
            product_id="product_id",
            quantity=quantity,
            quantity_product_uom=quantity,
            date=date,
            create_date=date,
            **columns,
        )

    def _write_transfers(self):
        pattern = "world_pattern world ON world.wh = {0}.wh " + (
            "AND world.step = {0}.step AND world.is_done = {0}.is_done"
        )
        self._plan(
            "world_state",
            """
            SELECT picking_id, CASE WHEN BOOL_OR(held > 0) THEN 'assigned'
                                    WHEN BOOL_OR(is_mto) THEN 'waiting'
                                    ELSE 'confirmed' END AS state
              FROM world_move WHERE NOT is_done GROUP BY picking_id
            """,
        )
        name = "'BW/' || UPPER({0}.step) || '/' || {1}"
        self._copy(
            "stock_picking",
            f"""world_picking picking JOIN {pattern.format("picking")}
                JOIN world_order sale ON sale.id = picking.order_id
           LEFT JOIN world_state state ON state.picking_id = picking.id
           LEFT JOIN world_picking first ON first.order_id = picking.order_id
                 AND first.number = 1 AND picking.number = 2 AND sale.kind = 'partly'
            """,
            "world.picking_id",
            id="picking.id",
            name=name.format("picking", "picking.id"),
            origin="'BW' || LPAD(k::text, 8, '0')",
            sale_id="sale.id",
            state="COALESCE(state.state, 'done')",
            backorder_id="first.id",
            partner_id=f"{self.first_customer} + customer",
            priority="sale.priority",
            scheduled_date="picking.promise",
            date_deadline="picking.promise",
            has_deadline_issue="FALSE",
            date_done="picking.date_done",
            create_date="sale.date_order",
        )
        source = f"""world_move move JOIN {pattern.format("move")}
                JOIN world_product product ON product.id = move.product_id
                JOIN world_order sale ON sale.id = move.order_id"""
        dozen = self.env.ref("uom.product_uom_dozen").id
        self._copy(
            "stock_move",
            source,
            "world.move_id",
            id="move.id",
            picking_id="move.picking_id",
            sale_line_id="move.line_id",
            product_id="move.product_id",
            partner_id=f"{self.first_customer} + customer",
            origin="'BW' || LPAD(k::text, 8, '0')",
            reference=name.format("move", "move.picking_id"),
            **{
                **self._quantities("move.goods", "move.held"),
                "packaging_uom_qty": "move.goods / move.factor",
            },
            packaging_uom_id=f"CASE move.factor WHEN 12 THEN {dozen} "
            "ELSE pattern_product_uom END",
            value="CASE WHEN pattern_value <> 0 THEN move.held * product.cost END",
            priority="move.priority",
            procure_method="CASE WHEN move.is_mto THEN 'make_to_order' "
            "ELSE pattern_procure_method END",
            state="""CASE WHEN move.is_done THEN 'done' WHEN move.is_mto THEN 'waiting'
                WHEN held >= move.goods THEN 'assigned'
                WHEN held > 0 THEN 'partially_available' ELSE 'confirmed' END""",
            date="CASE WHEN move.is_done THEN move.date_done ELSE move.promise END",
            date_deadline="move.promise",
            reservation_date="move.date_order::date",
            create_date="move.date_order",
        )
        self._say("moves")
        self._copy_items(
            source,
            "move.id",
            "move.picking_id",
            "held",
            "COALESCE(move.date_done, move.date_order)",
            location_id="CASE WHEN move.step <> 'ship' AND product.on_shelf THEN "
            f"{self._array(self.shelves.ids)}[move.wh] "
            "ELSE pattern_location_id END",
            state="""CASE WHEN move.is_done THEN 'done' WHEN held >= move.goods
                THEN 'assigned' ELSE 'partially_available' END""",
        )
        self._run(
            f"""
            INSERT INTO stock_reference_move_rel (reference_id, move_id)
            SELECT {self.reference}, id FROM world_move
            """
        )
        self._run(
            """
            INSERT INTO stock_move_move_rel (move_orig_id, move_dest_id)
            SELECT first.id, second.id
              FROM world_move second
              JOIN world_move first USING (n)
             WHERE first.step = 'pick' AND second.step = 'ship'
            """
        )
        self._say("transfers")

    def _write_quants(self):
        """What the move lines say; checked against the plan below."""
        base = self._next("stock_quant")
        self._plan(
            "world_quant",
            """
            SELECT product_id, item.location_id, SUM(qty) AS qty, MIN(date) AS date,
                   SUM(reserved) FILTER (WHERE usage IN ('internal', 'transit'))
                       AS reserved
              FROM (
                    SELECT product_id, location_dest_id AS location_id, date,
                           quantity_product_uom AS qty, 0 AS reserved
                      FROM stock_move_line WHERE state = 'done'
                 UNION ALL
                    SELECT product_id, location_id, date, -quantity_product_uom, 0
                      FROM stock_move_line WHERE state = 'done'
                 UNION ALL
                    SELECT product_id, location_id, date, 0, quantity_product_uom
                      FROM stock_move_line
                     WHERE state IN ('assigned', 'partially_available')
                   ) item
              JOIN stock_location location ON location.id = item.location_id
             WHERE product_id IN (SELECT id FROM world_product)
          GROUP BY product_id, item.location_id
            """,
        )
        pattern = self.env["stock.quant"].search(
            [
                ("product_id", "=", self.product.id),
                ("location_id", "=", self.warehouses[0].lot_stock_id.id),
            ]
        )
        self._copy(
            "stock_quant",
            "world_quant quant JOIN stock_location location "
            "ON location.id = quant.location_id",
            f"{pattern.id} AND (quant.qty <> 0 OR quant.reserved <> 0)",
            id=f"{base} + ROW_NUMBER() OVER (ORDER BY quant.product_id, location.id)",
            product_id="quant.product_id",
            location_id="quant.location_id",
            company_id="location.company_id",
            quantity="quant.qty",
            reserved_quantity="COALESCE(quant.reserved, 0)",
            in_date="quant.date",
        )
        self._say("quants")
