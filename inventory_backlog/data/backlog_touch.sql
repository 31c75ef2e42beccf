-- Marks the products whose split a change can concern: see the model backlog.kept.
-- One function a table, once per statement: a trigger per row would cost the hot paths,
-- and only a trigger catches what core and other addons write in SQL. A product that is
-- marked without need is computed once more and nothing else; one that is not marked
-- although its split changed would be a wrong figure.
-- Whatever belongs to an order line marks what that line sells as well. What concerns all
-- lines of an order names the order, also of a purchase: whoever reads knows lines that we
-- cannot see yet.

-- The one row that folds lock: there from the beginning, so that no two ever make it.
INSERT INTO backlog_kept (id, folds)
SELECT 1, 0
 WHERE NOT EXISTS (SELECT FROM backlog_kept);

CREATE OR REPLACE FUNCTION backlog_touch_stock_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO backlog_touched (product_id)
        SELECT product_id FROM new_rows
         UNION
        SELECT line.product_id
          FROM new_rows
          JOIN sale_order_line line ON line.id = new_rows.sale_line_id
         WHERE line.product_id IS NOT NULL;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO backlog_touched (product_id)
        SELECT product_id FROM old_rows
         UNION
        SELECT line.product_id
          FROM old_rows
          JOIN sale_order_line line ON line.id = old_rows.sale_line_id
         WHERE line.product_id IS NOT NULL;
    ELSE
        INSERT INTO backlog_touched (product_id)
        WITH changed AS (
            SELECT past.product_id AS old_id, present.product_id AS new_id,
                   past.sale_line_id AS old_line_id, present.sale_line_id AS new_line_id
              FROM old_rows past
              JOIN new_rows present ON present.id = past.id
             WHERE (past.state, past.quantity, past.product_qty, past.date,
                    past.product_id, past.product_uom, past.priority,
                    past.reservation_date, past.procure_method, past.location_id,
                    past.location_dest_id, past.location_final_id, past.warehouse_id,
                    past.company_id, past.picking_id, past.sale_line_id,
                    past.purchase_line_id)
                   IS DISTINCT FROM
                   (present.state, present.quantity, present.product_qty, present.date,
                    present.product_id, present.product_uom, present.priority,
                    present.reservation_date, present.procure_method, present.location_id,
                    present.location_dest_id, present.location_final_id, present.warehouse_id,
                    present.company_id, present.picking_id, present.sale_line_id,
                    present.purchase_line_id)
        )
        SELECT old_id FROM changed
         UNION
        SELECT new_id FROM changed
         UNION
        SELECT line.product_id
          FROM changed
          JOIN sale_order_line line ON line.id IN (old_line_id, new_line_id)
         WHERE line.product_id IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION backlog_touch_stock_move_rel() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO backlog_touched (product_id)
        SELECT DISTINCT move.product_id
          FROM new_rows
          JOIN stock_move move ON move.id IN (move_orig_id, move_dest_id);
    ELSE
        INSERT INTO backlog_touched (product_id)
        SELECT DISTINCT move.product_id
          FROM old_rows
          JOIN stock_move move ON move.id IN (move_orig_id, move_dest_id);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION backlog_touch_stock_quant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO backlog_touched (product_id)
        SELECT DISTINCT product_id FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO backlog_touched (product_id)
        SELECT DISTINCT product_id FROM old_rows;
    ELSE
        INSERT INTO backlog_touched (product_id)
        SELECT UNNEST(ARRAY[past.product_id, present.product_id])
          FROM old_rows past
          JOIN new_rows present ON present.id = past.id
         WHERE (past.quantity, past.reserved_quantity, past.product_id, past.location_id,
                past.lot_id)
               IS DISTINCT FROM
               (present.quantity, present.reserved_quantity, present.product_id, present.location_id,
                present.lot_id)
         GROUP BY 1;
    END IF;
    RETURN NULL;
END $$;

-- Quotations, by far the most written, concern nobody. A discount on the whole order, a
-- line below zero, is off the value of all its lines.
CREATE OR REPLACE FUNCTION backlog_touch_sale_order_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO backlog_touched (product_id, order_id)
        SELECT product_id, NULL::integer
          FROM new_rows
         WHERE state = 'sale'
           AND product_id IS NOT NULL
         UNION
        SELECT NULL::integer, order_id
          FROM new_rows
         WHERE state = 'sale'
           AND EXISTS (SELECT 1
                         FROM sale_order_line part
                        WHERE part.order_id = new_rows.order_id
                          AND part.price_subtotal < 0);
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO backlog_touched (product_id, order_id)
        SELECT product_id, NULL::integer
          FROM old_rows
         WHERE state = 'sale'
           AND product_id IS NOT NULL
         UNION
        SELECT NULL::integer, order_id
          FROM old_rows
         WHERE state = 'sale'
           AND (price_subtotal < 0
                OR EXISTS (SELECT 1
                             FROM sale_order_line part
                            WHERE part.order_id = old_rows.order_id
                              AND part.price_subtotal < 0));
    ELSE
        INSERT INTO backlog_touched (product_id, order_id)
        SELECT product_id, NULL::integer
          FROM (
                SELECT UNNEST(ARRAY[past.product_id, present.product_id]) AS product_id
                  FROM old_rows past
                  JOIN new_rows present ON present.id = past.id
                 WHERE 'sale' IN (past.state, present.state)
                   AND (past.state, past.product_id, past.product_uom_id,
                        past.product_uom_qty, past.qty_delivered, past.order_id,
                        past.warehouse_id, past.company_id, past.display_type,
                        past.is_downpayment, past.is_expense, past.price_subtotal,
                        past.price_total, past.price_reduce_taxexcl, past.customer_lead,
                        past.first_promise_date)
                       IS DISTINCT FROM
                       (present.state, present.product_id, present.product_uom_id,
                        present.product_uom_qty, present.qty_delivered, present.order_id,
                        present.warehouse_id, present.company_id, present.display_type,
                        present.is_downpayment, present.is_expense, present.price_subtotal,
                        present.price_total, present.price_reduce_taxexcl, present.customer_lead,
                        present.first_promise_date)
               ) changed
         WHERE product_id IS NOT NULL
         UNION
        -- What its moves bring belongs to a line that sells something else now.
        SELECT move.product_id, NULL::integer
          FROM old_rows past
          JOIN new_rows present ON present.id = past.id
          JOIN stock_move move ON move.sale_line_id = present.id
         WHERE past.product_id IS DISTINCT FROM present.product_id
         UNION
        SELECT NULL::integer, UNNEST(ARRAY[past.order_id, present.order_id])
          FROM old_rows past
          JOIN new_rows present ON present.id = past.id
         WHERE 'sale' IN (past.state, present.state)
           AND (past.price_subtotal, past.product_id, past.is_downpayment, past.order_id)
               IS DISTINCT FROM
               (present.price_subtotal, present.product_id, present.is_downpayment,
                present.order_id)
           AND (past.price_subtotal < 0
                OR EXISTS (SELECT 1
                             FROM sale_order_line part
                            WHERE part.order_id IN (past.order_id, present.order_id)
                              AND part.price_subtotal < 0));
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION backlog_touch_sale_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO backlog_touched (order_id)
    SELECT present.id
      FROM old_rows past
      JOIN new_rows present ON present.id = past.id
     WHERE 'sale' IN (past.state, present.state)
       AND (past.state, past.partner_id, past.user_id, past.team_id, past.date_order,
            past.commitment_date, past.warehouse_id, past.currency_rate,
            past.payment_term_id, past.picking_policy, past.amount_total)
           IS DISTINCT FROM
           (present.state, present.partner_id, present.user_id, present.team_id, present.date_order,
            present.commitment_date, present.warehouse_id, present.currency_rate,
            present.payment_term_id, present.picking_policy, present.amount_total);
    RETURN NULL;
END $$;

-- A purchase counts before it has moves when goods go straight to the customer, and by
-- its planned date when it has.
CREATE OR REPLACE FUNCTION backlog_touch_purchase_order_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO backlog_touched (product_id)
        SELECT UNNEST(ARRAY[present.product_id, line.product_id])
          FROM new_rows present
          JOIN sale_order_line line ON line.id = present.sale_line_id
         WHERE present.product_id IS NOT NULL
         GROUP BY 1;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO backlog_touched (product_id)
        SELECT UNNEST(ARRAY[past.product_id, line.product_id])
          FROM old_rows past
          JOIN sale_order_line line ON line.id = past.sale_line_id
         WHERE past.product_id IS NOT NULL
         GROUP BY 1;
    ELSE
        INSERT INTO backlog_touched (product_id)
        WITH changed AS (
            SELECT present.id, past.product_id AS old_id, present.product_id AS new_id,
                   past.sale_line_id AS old_line_id, present.sale_line_id AS new_line_id
              FROM old_rows past
              JOIN new_rows present ON present.id = past.id
             WHERE (past.product_id, past.product_uom_qty, past.sale_line_id,
                    past.date_planned, past.order_id)
                   IS DISTINCT FROM
                   (present.product_id, present.product_uom_qty, present.sale_line_id,
                    present.date_planned, present.order_id)
        )
        SELECT UNNEST(ARRAY[old_id, new_id, line.product_id]) AS product_id
          FROM changed
          JOIN sale_order_line line ON line.id IN (old_line_id, new_line_id)
         WHERE COALESCE(old_id, new_id) IS NOT NULL
         UNION
        SELECT move.product_id
          FROM changed
          JOIN stock_move move ON move.purchase_line_id = changed.id;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION backlog_touch_purchase_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO backlog_touched (purchase_id)
    SELECT present.id
      FROM old_rows past
      JOIN new_rows present ON present.id = past.id
     WHERE (past.state, past.picking_type_id)
           IS DISTINCT FROM (present.state, present.picking_type_id);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION backlog_touch_product_template() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO backlog_touched (product_id, order_id)
    SELECT product.id, NULL::integer
      FROM old_rows past
      JOIN new_rows present ON present.id = past.id
      JOIN product_product product ON product.product_tmpl_id = present.id
     WHERE (past.type, past.is_storable, past.tracking, past.uom_id, past.categ_id)
           IS DISTINCT FROM
           (present.type, present.is_storable, present.tracking, present.uom_id, present.categ_id)
     UNION
    -- Only a service below zero is a discount on the whole order.
    SELECT NULL::integer, discount.order_id
      FROM old_rows past
      JOIN new_rows present ON present.id = past.id
      JOIN product_product product ON product.product_tmpl_id = present.id
      JOIN sale_order_line discount ON discount.product_id = product.id
     WHERE past.type <> present.type
       AND discount.price_subtotal < 0
       AND discount.state = 'sale';
    RETURN NULL;
END $$;

-- Shelves are added every day, and whole warehouses, with nothing in them; only what is
-- moved, or becomes another kind of place, takes goods along. What this transaction has
-- not added, others may be filling right now.
CREATE OR REPLACE FUNCTION backlog_touch_stock_location() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO backlog_touched (product_id)
    SELECT 0
      FROM old_rows past
      JOIN new_rows present ON present.id = past.id
     WHERE past.parent_path IS NOT NULL
       AND (past.usage, past.parent_path, past.warehouse_id)
           IS DISTINCT FROM (present.usage, present.parent_path, present.warehouse_id)
       AND (present.create_date IS DISTINCT FROM NOW() AT TIME ZONE 'UTC'
            OR EXISTS (SELECT 1 FROM stock_quant WHERE location_id IN (
                SELECT id FROM stock_location
                 WHERE parent_path LIKE past.parent_path || '%'
                    OR parent_path LIKE present.parent_path || '%'))
            OR EXISTS (SELECT 1 FROM stock_move
                        WHERE present.id IN (location_id, location_dest_id,
                                         location_final_id)))
     LIMIT 1;
    RETURN NULL;
END $$;

-- Settings that can concern any product.
CREATE OR REPLACE FUNCTION backlog_touch_everything() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO backlog_touched (product_id) VALUES (0);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER backlog_touch_insert AFTER INSERT ON stock_move
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION backlog_touch_stock_move();
CREATE OR REPLACE TRIGGER backlog_touch_update AFTER UPDATE ON stock_move
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION backlog_touch_stock_move();
CREATE OR REPLACE TRIGGER backlog_touch_delete AFTER DELETE ON stock_move
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION backlog_touch_stock_move();

CREATE OR REPLACE TRIGGER backlog_touch_insert AFTER INSERT ON stock_move_move_rel
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION backlog_touch_stock_move_rel();
CREATE OR REPLACE TRIGGER backlog_touch_delete AFTER DELETE ON stock_move_move_rel
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION backlog_touch_stock_move_rel();

CREATE OR REPLACE TRIGGER backlog_touch_insert AFTER INSERT ON stock_quant
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION backlog_touch_stock_quant();
CREATE OR REPLACE TRIGGER backlog_touch_update AFTER UPDATE ON stock_quant
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION backlog_touch_stock_quant();
CREATE OR REPLACE TRIGGER backlog_touch_delete AFTER DELETE ON stock_quant
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION backlog_touch_stock_quant();

CREATE OR REPLACE TRIGGER backlog_touch_insert AFTER INSERT ON sale_order_line
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION backlog_touch_sale_order_line();
CREATE OR REPLACE TRIGGER backlog_touch_update AFTER UPDATE ON sale_order_line
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION backlog_touch_sale_order_line();
CREATE OR REPLACE TRIGGER backlog_touch_delete AFTER DELETE ON sale_order_line
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION backlog_touch_sale_order_line();

CREATE OR REPLACE TRIGGER backlog_touch_update AFTER UPDATE ON sale_order
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION backlog_touch_sale_order();

CREATE OR REPLACE TRIGGER backlog_touch_insert AFTER INSERT ON purchase_order_line
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION backlog_touch_purchase_order_line();
CREATE OR REPLACE TRIGGER backlog_touch_update AFTER UPDATE ON purchase_order_line
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION backlog_touch_purchase_order_line();
CREATE OR REPLACE TRIGGER backlog_touch_delete AFTER DELETE ON purchase_order_line
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION backlog_touch_purchase_order_line();

CREATE OR REPLACE TRIGGER backlog_touch_update AFTER UPDATE ON purchase_order
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION backlog_touch_purchase_order();

CREATE OR REPLACE TRIGGER backlog_touch_update AFTER UPDATE ON product_template
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION backlog_touch_product_template();

CREATE OR REPLACE TRIGGER backlog_touch_update AFTER UPDATE ON stock_location
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION backlog_touch_stock_location();

CREATE OR REPLACE TRIGGER backlog_touch_update AFTER UPDATE ON stock_warehouse
    FOR EACH ROW WHEN (OLD.lot_stock_id IS NOT NULL
                       AND OLD.lot_stock_id IS DISTINCT FROM NEW.lot_stock_id)
    EXECUTE FUNCTION backlog_touch_everything();
CREATE OR REPLACE TRIGGER backlog_touch_update AFTER UPDATE ON stock_picking_type
    FOR EACH ROW WHEN (OLD.default_location_dest_id
                       IS DISTINCT FROM NEW.default_location_dest_id)
    EXECUTE FUNCTION backlog_touch_everything();
CREATE OR REPLACE TRIGGER backlog_touch_update AFTER UPDATE ON uom_uom
    FOR EACH ROW WHEN (OLD.factor IS DISTINCT FROM NEW.factor)
    EXECUTE FUNCTION backlog_touch_everything();
CREATE OR REPLACE TRIGGER backlog_touch_update AFTER UPDATE ON res_company
    FOR EACH ROW WHEN (OLD.currency_id IS DISTINCT FROM NEW.currency_id)
    EXECUTE FUNCTION backlog_touch_everything();
CREATE OR REPLACE TRIGGER backlog_touch_update AFTER UPDATE ON res_currency
    FOR EACH ROW WHEN (OLD.rounding IS DISTINCT FROM NEW.rounding)
    EXECUTE FUNCTION backlog_touch_everything();
