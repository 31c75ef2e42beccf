"""The watched tables, and what their changes concern: plain data, from which
``backlog.trigger`` makes the triggers of the database."""

from collections.abc import Mapping
from inspect import cleandoc
from textwrap import indent
from typing import NamedTuple

# A table and column of marks, by the variable that gathers them in a trigger.
MARKED = {
    "product_ids": "product_id",
    "order_ids": "order_id",
    "purchase_ids": "purchase_id",
}
# A setting of the transaction: when it last changed what a mark stands for. Only the
# first change of a product adds a mark.
MARKED_AT = "backlog.marked_at"
# How a DBA reads them.
MARKED_IN_WORDS = {
    "product_ids": "products",
    "order_ids": "sales orders",
    "purchase_ids": "purchases",
}
# The mark of a change that can concern any product.
EVERYTHING = 0
# What PostgreSQL calls the events of a statement's trigger, with the bit in ``tgtype``
# and the rows that the trigger sees.
EVENTS = {
    "INSERT": (4, {"NEW": "some_rows"}),
    "DELETE": (8, {"OLD": "some_rows"}),
    "UPDATE": (16, {"OLD": "old_rows", "NEW": "new_rows"}),
    "TRUNCATE": (32, {}),
}


class Watch(NamedTuple):
    """What changes of one table concern. Each statement returns ids of the kind that
    its key names, one of ``MARKED``. A NULL among them counts for nothing.

    One trigger per statement: one per row would slow down the hot paths. And only a
    trigger catches writes of core and other addons in SQL. A needless mark costs one
    more computation; a missing mark would be a wrong figure.
    """

    compared: str = ""
    """Columns, by spaces: an update that changes none of them concerns nobody."""
    rows: Mapping[str, str] = {}
    """What rows concern that are inserted or deleted, read from ``some_rows``."""
    changes: Mapping[str, str] = {}
    """What rows concern that are updated: ``old_rows past`` and ``new_rows present``.
    ``{changed}`` stands for both, joined, where something of ``compared`` differs."""
    truncate: bool = False
    """Whether emptying the table by TRUNCATE makes everything out of date."""

    def also(self, compared="", rows=None, changes=None):
        """This watch and more: for an addon that makes something else depend on the
        same table. Each argument adds to the field of its name.

        :param compared: more columns, by spaces
        :param rows: ``{kind of ids: statement}``, united with what is there
        :param changes: the same for updates

        >>> line = Watch("a", {"product_ids": "SELECT 1"})
        >>> line.also("b", {"product_ids": "SELECT 2"})
        Watch(compared='a b', rows={'product_ids': '(SELECT 1) UNION (SELECT 2)'}, \
changes={}, truncate=False)
        """
        return self._replace(
            compared=f"{self.compared} {compared}".strip(),
            rows=_united(self.rows, rows or {}),
            changes=_united(self.changes, changes or {}),
        )

    def events(self):
        """The events that have a trigger.

        >>> Watch(changes={"product_ids": "SELECT 1"}).events()
        ['UPDATE']
        """
        there = {
            "INSERT": self.rows,
            "DELETE": self.rows,
            "UPDATE": self.changes,
            "TRUNCATE": self.truncate or self.rows,
        }
        return [event for event in EVENTS if there[event]]

    def comment(self, table):
        """What the database says of the function of its triggers.

        >>> print(Watch(rows={"order_ids": "SELECT 1"}).comment("sale_order"))
        Odoo, addon inventory_backlog: marks in backlog_touched the sales orders whose \
backlog a change of sale_order can concern. The addon makes, mends and removes it.
        >>> Watch(truncate=True).comment("stock_move").split(" the ")[1].split()[0]
        'products'
        """
        lists = [*self.rows, *self.changes] or ["product_ids"]
        marked = " and ".join(
            words for name, words in MARKED_IN_WORDS.items() if name in lists
        )
        return (
            f"Odoo, addon inventory_backlog: marks in backlog_touched the {marked} "
            f"whose backlog a change of {table} can concern. "
            "The addon makes, mends and removes it."
        )

    def body(self):
        """The body of the function of its triggers, in PL/pgSQL.

        A missing column of Odoo's tables must not stop writers: an upgrade of Odoo
        renames columns before our code is there. Then everything is marked. Nothing is
        written where the error is caught, so it takes no transaction id of its own and
        costs next to nothing.

        A transaction marks each product once: nobody can delete its mark before it is
        done. The age makes sure that it is its own: in a restored database the numbers
        of transactions begin anew, and a mark of before may bear the same.
        """
        lists = [*self.rows, *self.changes, "product_ids"]
        names = [name for name in MARKED if name in lists]
        branches = [
            ("UPDATE", {name: self._changes(name) for name in self.changes}),
            ("TRUNCATE", {"product_ids": f"SELECT {EVERYTHING}"}),
            ("INSERT', 'DELETE", self.rows),
        ]
        events = self.events()
        parts = [
            f"        IF TG_OP IN ('{event}') THEN\n"
            f"{_assigned(statements)}        END IF;\n"
            for event, statements in branches
            if event.split("'")[0] in events
        ]
        return (
            "\n#variable_conflict use_column\n"
            "DECLARE\n"
            + "".join(f"    {name} integer[] := '{{}}';\n" for name in names)
            + "BEGIN\n"
            "    IF TO_REGCLASS('backlog_touched') IS NULL THEN\n"
            "        RETURN NULL;\n"
            "    END IF;\n"
            "    BEGIN\n"
            + "".join(parts)
            + "".join(map(_not_marked_yet, names))
            + "    EXCEPTION WHEN syntax_error_or_access_rule_violation"
            " OR data_exception THEN\n"
            f"        product_ids := ARRAY[{EVERYTHING}];\n"
            "    END;\n"
            + "".join(
                f"    IF {name} <> '{{}}' THEN\n"
                f"        INSERT INTO backlog_touched ({MARKED[name]})\n"
                f"        SELECT id FROM UNNEST({name}) id WHERE id IS NOT NULL;\n"
                "    END IF;\n"
                for name in names
            )
            + "    RETURN NULL;\nEND "
        )

    def _changes(self, name):
        columns = self.compared.split()
        past, present = (
            ", ".join(f"{row}.{column}" for column in columns)
            for row in ("past", "present")
        )
        return self.changes[name].format(
            changed="old_rows past JOIN new_rows present ON present.id = past.id "
            f"AND ({past}) IS DISTINCT FROM ({present})"
        )


def _united(statements, others):
    """Both, each id once.

    >>> _united({"a": "x"}, {"a": "y", "b": "z"})
    {'a': '(x) UNION (y)', 'b': 'z'}
    """
    return {
        name: f"({cleandoc(statements[name])}) UNION ({cleandoc(others[name])})"
        if name in statements and name in others
        else (statements | others)[name]
        for name in statements | others
    }


def _not_marked_yet(name):
    """Note the time, and leave out what this transaction has marked already. A mark has
    one id and NULL in the other columns; comparing them in the order of the index lets
    it answer."""
    columns = list(MARKED.values())
    before = columns[: columns.index(MARKED[name])]
    others = "".join(f"mark.{column} IS NULL AND " for column in before)
    return (
        f"        IF {name} <> '{{}}' THEN\n"
        f"            PERFORM SET_CONFIG('{MARKED_AT}',\n"
        "                CLOCK_TIMESTAMP()::text, TRUE);\n"
        f"            {name} := ARRAY(\n"
        f"                SELECT DISTINCT changed FROM UNNEST({name}) changed\n"
        "                 WHERE NOT EXISTS (\n"
        "                       SELECT FROM backlog_touched mark\n"
        "                        WHERE mark.txid = TXID_CURRENT()\n"
        "                          AND AGE(mark.xmin) <= 0\n"
        f"                          AND {others}mark.{MARKED[name]} = changed));\n"
        "        END IF;\n"
    )


def _assigned(statements):
    return "".join(
        f"            {name} := ARRAY(\n{indent(cleandoc(statement), ' ' * 16)});\n"
        for name, statement in statements.items()
    )


# Rules that can push goods, from a place that others may be sending goods to right now.
# Only this transaction can send goods to a place that it has made: it marks these.
PUSHING = """
            SELECT 0
             WHERE EXISTS (
                   SELECT FROM {rules}
                     JOIN stock_location place ON place.id = location_src_id
                    WHERE action IN ('push', 'pull_push')
                      AND place.create_date IS DISTINCT FROM NOW() AT TIME ZONE 'UTC')
             UNION
            SELECT move.product_id
              FROM {rules}
              JOIN stock_location place ON place.id = location_src_id
              JOIN stock_move move ON move.location_dest_id = place.id
             WHERE action IN ('push', 'pull_push')
               AND place.create_date = NOW() AT TIME ZONE 'UTC'
               AND move.state NOT IN ('done', 'cancel')
"""

# Whatever belongs to an order line marks what that line sells as well. What concerns
# all lines of an order names the order, also of a purchase: whoever reads knows lines
# that the writer cannot see yet.
WATCHED = {
    "stock_move": Watch(
        compared="state quantity product_qty date product_id product_uom priority "
        "reservation_date procure_method location_id location_dest_id "
        "location_final_id warehouse_id company_id picking_id sale_line_id "
        "purchase_line_id backlog_date_by origin_returned_move_id rule_id",
        rows={
            "product_ids": """
            SELECT product_id FROM some_rows
             UNION
            SELECT line.product_id
              FROM some_rows
              JOIN sale_order_line line ON line.id = some_rows.sale_line_id
            """
        },
        changes={
            "product_ids": """
              WITH moved AS MATERIALIZED (
                    SELECT UNNEST(ARRAY[past.product_id, present.product_id])
                           AS product_id,
                           UNNEST(ARRAY[past.sale_line_id, present.sale_line_id])
                           AS line_id
                      FROM {changed}
                   )
            SELECT product_id FROM moved
             UNION
            SELECT line.product_id
              FROM moved
              JOIN sale_order_line line ON line.id = moved.line_id
            """
        },
    ),
    "stock_move_move_rel": Watch(
        rows={
            "product_ids": """
            SELECT DISTINCT move.product_id
              FROM some_rows
              JOIN stock_move move ON move.id IN (move_orig_id, move_dest_id)
            """
        },
    ),
    "stock_reference_move_rel": Watch(
        rows={
            "product_ids": """
            SELECT DISTINCT move.product_id
              FROM some_rows
              JOIN stock_move move ON move.id = some_rows.move_id
            """
        },
    ),
    "stock_quant": Watch(
        compared="quantity reserved_quantity product_id location_id lot_id package_id "
        "owner_id in_date",
        rows={"product_ids": "SELECT DISTINCT product_id FROM some_rows"},
        changes={
            "product_ids": """
            SELECT UNNEST(ARRAY[past.product_id, present.product_id])
              FROM {changed}
          GROUP BY 1
            """
        },
    ),
    # Quotations, by far the most written, concern nobody. A discount on the whole
    # order, a line below zero, is off the value of all its lines.
    "sale_order_line": Watch(
        compared="state product_id product_uom_id product_uom_qty qty_delivered "
        "order_id warehouse_id company_id display_type is_downpayment is_expense "
        "price_subtotal price_total price_reduce_taxexcl customer_lead "
        "first_promise_date",
        rows={
            "product_ids": """
            SELECT DISTINCT product_id FROM some_rows WHERE state = 'sale'
            """,
            "order_ids": """
            SELECT DISTINCT order_id
              FROM some_rows
             WHERE state = 'sale'
               AND (price_subtotal < 0
                    OR EXISTS (SELECT 1
                                 FROM sale_order_line part
                                WHERE part.order_id = some_rows.order_id
                                  AND part.price_subtotal < 0))
            """,
        },
        changes={
            "product_ids": """
            SELECT UNNEST(ARRAY[past.product_id, present.product_id])
              FROM {changed}
             WHERE 'sale' IN (past.state, present.state)
             UNION
            -- What its moves bring belongs to a line that sells something else now.
            SELECT move.product_id
              FROM {changed}
              JOIN stock_move move ON move.sale_line_id = present.id
             WHERE past.product_id IS DISTINCT FROM present.product_id
            """,
            "order_ids": """
            SELECT UNNEST(ARRAY[past.order_id, present.order_id])
              FROM {changed}
             WHERE 'sale' IN (past.state, present.state)
               AND (past.price_subtotal, past.product_id, past.is_downpayment,
                    past.order_id)
                   IS DISTINCT FROM
                   (present.price_subtotal, present.product_id,
                    present.is_downpayment, present.order_id)
               AND (past.price_subtotal < 0
                    OR EXISTS (SELECT 1
                                 FROM sale_order_line part
                                WHERE part.order_id IN (past.order_id, present.order_id)
                                  AND part.price_subtotal < 0))
          GROUP BY 1
            """,
        },
    ),
    "sale_order": Watch(
        compared="state partner_id partner_shipping_id user_id team_id date_order "
        "commitment_date warehouse_id currency_rate payment_term_id picking_policy "
        "amount_total",
        changes={
            "order_ids": """
            SELECT present.id
              FROM {changed}
             WHERE 'sale' IN (past.state, present.state)
            """
        },
    ),
    # A purchase counts before it has moves when goods go straight to the customer, and
    # by its planned date when it has.
    "purchase_order_line": Watch(
        compared="product_id product_uom_qty sale_line_id date_planned order_id",
        rows={
            "product_ids": """
            SELECT UNNEST(ARRAY[some_rows.product_id, line.product_id])
              FROM some_rows
              JOIN sale_order_line line ON line.id = some_rows.sale_line_id
             WHERE some_rows.product_id IS NOT NULL
          GROUP BY 1
            """
        },
        changes={
            "product_ids": """
            SELECT UNNEST(ARRAY[past.product_id, present.product_id, line.product_id])
              FROM {changed}
              JOIN sale_order_line line
                ON line.id IN (past.sale_line_id, present.sale_line_id)
             WHERE COALESCE(past.product_id, present.product_id) IS NOT NULL
             UNION
            SELECT move.product_id
              FROM {changed}
              JOIN stock_move move ON move.purchase_line_id = present.id
            """
        },
    ),
    "purchase_order": Watch(
        compared="state picking_type_id",
        changes={"purchase_ids": "SELECT present.id FROM {changed}"},
    ),
    "product_template": Watch(
        compared="type is_storable tracking uom_id categ_id",
        changes={
            "product_ids": """
            SELECT product.id
              FROM {changed}
              JOIN product_product product ON product.product_tmpl_id = present.id
            """,
            # Only a service below zero is a discount on the whole order.
            "order_ids": """
            SELECT DISTINCT discount.order_id
              FROM {changed}
              JOIN product_product product ON product.product_tmpl_id = present.id
              JOIN sale_order_line discount ON discount.product_id = product.id
             WHERE past.type <> present.type
               AND discount.price_subtotal < 0
               AND discount.state = 'sale'
            """,
        },
    ),
    # Shelves are added every day, and whole warehouses, with nothing in them; only what
    # is moved, or becomes another kind of place, takes goods along. A name counts where
    # goods are taken from the closest place: Odoo sorts places by name. What this
    # transaction has not added, others may be filling right now.
    "stock_location": Watch(
        compared="usage parent_path warehouse_id removal_strategy_id complete_name",
        changes={
            "product_ids": """
            SELECT 0
              FROM {changed}
             WHERE past.parent_path IS NOT NULL
               AND ((past.usage, past.parent_path, past.warehouse_id,
                     past.removal_strategy_id)
                    IS DISTINCT FROM
                    (present.usage, present.parent_path, present.warehouse_id,
                     present.removal_strategy_id)
                    OR EXISTS (SELECT FROM product_removal
                                WHERE method ->> 'en_US' = 'closest'
                                  AND id IN (SELECT removal_strategy_id
                                               FROM stock_location
                                              UNION
                                             SELECT removal_strategy_id
                                               FROM product_category)))
               AND (present.create_date IS DISTINCT FROM NOW() AT TIME ZONE 'UTC'
                    OR EXISTS (SELECT 1 FROM stock_quant WHERE location_id IN (
                        SELECT id FROM stock_location
                         WHERE parent_path LIKE past.parent_path || '%'
                            OR parent_path LIKE present.parent_path || '%'))
                    OR EXISTS (SELECT 1 FROM stock_move
                                WHERE present.id IN (location_id, location_dest_id,
                                                     location_final_id)))
             LIMIT 1
            """
        },
    ),
    # Settings that can concern any product.
    "stock_warehouse": Watch(
        compared="lot_stock_id reception_route_id",
        changes={
            "product_ids": """
            SELECT 0
              FROM {changed}
             WHERE past.lot_stock_id <> present.lot_stock_id
                OR past.reception_route_id IS DISTINCT FROM present.reception_route_id
               -- A new warehouse gets its route after it is made.
               AND past.reception_route_id IS NOT NULL
             LIMIT 1
            """
        },
    ),
    # Where goods go on from the place that they arrive in. A new warehouse comes with
    # rules and places; nothing is on its way there that is not marked by itself.
    "stock_rule": Watch(
        compared="active action location_src_id procure_method route_id",
        rows={"product_ids": PUSHING.format(rules="some_rows")},
        changes={
            "product_ids": f"""
            {PUSHING.format(rules="(SELECT past.* FROM {changed}) rule")}
             UNION
            {PUSHING.format(rules="(SELECT present.* FROM {changed}) rule")}
             UNION
            SELECT 0
              FROM {{changed}}
             WHERE past.procure_method IS DISTINCT FROM present.procure_method
            """
        },
    ),
    "product_category": Watch(
        compared="removal_strategy_id",
        changes={
            "product_ids": """
            SELECT product.id
              FROM {changed}
              JOIN product_template template ON template.categ_id = present.id
              JOIN product_product product ON product.product_tmpl_id = template.id
            """
        },
    ),
    # A customer whose goods stay in a place of ours.
    "res_partner": Watch(
        compared="property_stock_customer",
        changes={
            "product_ids": """
            SELECT move.product_id
              FROM {changed}
              JOIN sale_order sale ON sale.partner_shipping_id = present.id
              JOIN sale_order_line line ON line.order_id = sale.id
              JOIN stock_move move ON move.sale_line_id = line.id
             WHERE sale.state = 'sale'
            """
        },
    ),
    "stock_picking_type": Watch(
        compared="default_location_dest_id",
        changes={"product_ids": "SELECT 0 FROM {changed} LIMIT 1"},
    ),
    "uom_uom": Watch(
        compared="factor",
        changes={"product_ids": "SELECT 0 FROM {changed} LIMIT 1"},
    ),
    "res_company": Watch(
        compared="currency_id",
        changes={"product_ids": "SELECT 0 FROM {changed} LIMIT 1"},
    ),
    "res_currency": Watch(
        compared="rounding",
        changes={"product_ids": "SELECT 0 FROM {changed} LIMIT 1"},
    ),
    # Our own: who empties one of them takes rows, or marks, that others rely on.
    "backlog_kept_slice": Watch(truncate=True),
    "backlog_kept_line": Watch(truncate=True),
    "backlog_touched": Watch(truncate=True),
}
