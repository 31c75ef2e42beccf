-- See the file of the same name in inventory_backlog.

-- A move tells what a line or a production is made of.
CREATE OR REPLACE FUNCTION backlog_touch_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO backlog_touched (product_id)
    SELECT product_id
      FROM (VALUES (OLD.product_id), (NEW.product_id)) moved (product_id)
     WHERE product_id IS NOT NULL
     UNION
    SELECT product_id
      FROM stock_move
     WHERE production_id IN (OLD.raw_material_production_id, NEW.raw_material_production_id)
     UNION
    SELECT product_id
      FROM sale_order_line
     WHERE id IN (OLD.sale_line_id, NEW.sale_line_id)
       AND product_id IS NOT NULL;
    RETURN NULL;
END $$;

-- Whatever sells as a kit, or did: an edited bill of materials can be part of another.
CREATE OR REPLACE FUNCTION backlog_touch_kits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO backlog_touched (product_id)
    SELECT product.id
      FROM mrp_bom bom
      JOIN product_product product ON product.product_tmpl_id = bom.product_tmpl_id
     WHERE bom.type = 'phantom'
     UNION
    SELECT sold_id FROM backlog_kept_slice WHERE sold_id IS NOT NULL;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION backlog_touch_bom() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.type = 'phantom' THEN
        INSERT INTO backlog_touched (product_id)
        SELECT id FROM product_product WHERE product_tmpl_id = OLD.product_tmpl_id;
    END IF;
    IF NEW.type = 'phantom' THEN
        INSERT INTO backlog_touched (product_id)
        SELECT id FROM product_product WHERE product_tmpl_id = NEW.product_tmpl_id;
    END IF;
    INSERT INTO backlog_touched (product_id)
    SELECT DISTINCT sold_id
      FROM backlog_kept_slice
     WHERE sold_id IS NOT NULL
       AND 'phantom' IN (OLD.type, NEW.type);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION backlog_touch_chosen_values() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO backlog_touched (product_id)
    SELECT product_id
      FROM sale_order_line
     WHERE id IN (OLD.sale_order_line_id, NEW.sale_order_line_id)
       AND state = 'sale'
       AND product_id IS NOT NULL;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER backlog_touch_made_insert AFTER INSERT ON stock_move
    FOR EACH ROW WHEN (NEW.raw_material_production_id IS NOT NULL)
    EXECUTE FUNCTION backlog_touch_made();
-- What was not asked for yet has no slice that says what is made of it.
CREATE OR REPLACE TRIGGER backlog_touch_made_update
    AFTER UPDATE OF raw_material_production_id, production_id, bom_line_id, state,
                    product_qty ON stock_move
    FOR EACH ROW WHEN (
        (OLD.raw_material_production_id, OLD.production_id, OLD.bom_line_id)
        IS DISTINCT FROM
        (NEW.raw_material_production_id, NEW.production_id, NEW.bom_line_id)
        OR NEW.raw_material_production_id IS NOT NULL
           AND (OLD.state = 'draft' OR OLD.product_qty = 0))
    EXECUTE FUNCTION backlog_touch_made();
CREATE OR REPLACE TRIGGER backlog_touch_made_delete AFTER DELETE ON stock_move
    FOR EACH ROW WHEN (OLD.raw_material_production_id IS NOT NULL)
    EXECUTE FUNCTION backlog_touch_made();

CREATE OR REPLACE TRIGGER backlog_touch_change AFTER INSERT OR UPDATE OR DELETE ON mrp_bom
    FOR EACH ROW EXECUTE FUNCTION backlog_touch_bom();
CREATE OR REPLACE TRIGGER backlog_touch_change
    AFTER INSERT OR UPDATE OR DELETE ON mrp_bom_line
    FOR EACH STATEMENT EXECUTE FUNCTION backlog_touch_kits();
CREATE OR REPLACE TRIGGER backlog_touch_change
    AFTER INSERT OR DELETE ON mrp_bom_line_product_template_attribute_value_rel
    FOR EACH STATEMENT EXECUTE FUNCTION backlog_touch_kits();
CREATE OR REPLACE TRIGGER backlog_touch_change
    AFTER INSERT OR DELETE ON product_template_attribute_value_sale_order_line_rel
    FOR EACH ROW EXECUTE FUNCTION backlog_touch_chosen_values();
