import json
from datetime import date, datetime
from typing import NamedTuple

from odoo import models
from odoo.tools import SQL

from ...tools.bounds import finite, in_unit
from ...tools.prepared import Rows, rows_table
from ...tools.sql import is_open, many_rows, now, of_products

# Demand that is only asked about has ids of its own, which no move has. They leave room
# for ``sweep``, which holds 32 bits.
FIRST_WANTED = 2**31


class Wanted(NamedTuple):
    """A delivery that nobody has ordered yet, as Odoo would make it."""

    product_id: int
    location_id: int
    warehouse_id: int
    company_id: int
    qty: float
    date: datetime
    reservation_date: date | None
    """From when on Odoo reserves for it: by today, it does the moment it is confirmed.
    None: somebody has to check availability."""


class BacklogDemand(models.AbstractModel):
    """Who wants goods: places of stock, open moves, and what moves are chained to."""

    _name = "backlog.demand"
    _description = "Demand"

    def _customer_location_ids(self):
        """Locations outside that end a sale although they are no customer's: Odoo ships
        between companies through the inter-company transit location."""
        # ref() would query each time whether the location still exists.
        return [
            self.env["ir.model.data"]._xmlid_to_res_id(
                "stock.stock_location_inter_company"
            )
            or 0
        ]

    def _is_outside(self, location, usage="customer"):
        """Whether the ``location`` is outside of the company: the customer's or, with
        the ``usage`` supplier, the vendor's. So is the transit between companies, as in
        Odoo's own ``stock.location._is_outgoing``, by which it counts what is
        delivered; another transit location is not, whether it has a company or not."""
        return SQL(
            "(%s = %s OR %s IN %s)",
            SQL.identifier(location, "usage"),
            usage,
            SQL.identifier(location, "id"),
            tuple(self._customer_location_ids()),
        )

    def _outside_ids(self, usage="customer"):
        """A statement of the ids of these locations."""
        return SQL(
            "SELECT id FROM stock_location outside WHERE %s",
            self._is_outside("outside", usage),
        )

    def _place(self):
        """A pool is a place with all its shelves, since Odoo reserves from the whole
        subtree: the stock of a warehouse, or the topmost location of the same kind
        (input, output, transit). A warehouse itself, which is a view, means its stock.
        Whatever else lies below a stock, such as a place for scrap, is part of it: Odoo
        takes goods from there, too.

        Where the stock of a warehouse lies inside that of another one, the outer one
        reserves from both. So the inner one is a shelf of ``pool_id``; what is brought
        to it counts for its own ``home_id``.

        What is put into Input or quality goes on to the stock ``onto_id``, by the push
        rules of the steps in which the warehouse receives.
        """
        return SQL(
            """
            SELECT location.id, location.warehouse_id, location.parent_path,
                   location.complete_name, home.id AS home_id, stock.id AS stock_id,
                   onto.stock_id AS onto_id,
                   CASE WHEN home.id = stock.id THEN stock.pool_id
                        ELSE home.id
                    END AS pool_id
              FROM stock_location location
         LEFT JOIN (
                    SELECT warehouse.id AS warehouse_id, stock.id, stock.parent_path,
                           (
                            SELECT above.id
                              FROM stock_warehouse outer_one
                              JOIN stock_location above
                                ON above.id = outer_one.lot_stock_id
                             WHERE stock.parent_path LIKE above.parent_path || '%%'
                          ORDER BY LENGTH(above.parent_path)
                             LIMIT 1
                           ) AS pool_id
                      FROM stock_warehouse warehouse
                      JOIN stock_location stock ON stock.id = warehouse.lot_stock_id
                   ) stock ON stock.warehouse_id = location.warehouse_id
        CROSS JOIN LATERAL (
                    SELECT CASE WHEN location.parent_path LIKE stock.parent_path || '%%'
                                  OR location.usage = 'view'
                                THEN stock.id
                                ELSE (
                                    SELECT above.id
                                      FROM stock_location above
                                     WHERE above.usage = location.usage
                                       AND above.id = ANY(STRING_TO_ARRAY(TRIM(
                                           '/' FROM location.parent_path), '/')::int[])
                                  ORDER BY LENGTH(above.parent_path)
                                     LIMIT 1
                                )
                            END AS id
                   ) home
         LEFT JOIN (
                    SELECT DISTINCT rule.location_src_id,
                           warehouse.lot_stock_id AS stock_id
                      FROM stock_warehouse warehouse
                      JOIN stock_rule rule
                        ON rule.route_id = warehouse.reception_route_id
                     WHERE rule.active
                       AND rule.action IN ('push', 'pull_push')
                   ) onto ON onto.location_src_id = home.id
             WHERE location.usage IN ('internal', 'transit')
                OR location.parent_path LIKE stock.parent_path || '%%'
                OR location.usage = 'view'
                   AND stock.parent_path LIKE location.parent_path || '%%'
            """
        )

    def _arrival(self, dest, final, is_pushed=SQL("FALSE")):  # noqa: B008
        """The home of the goods of a move that goes to the place ``dest`` and was meant
        for the place ``final``. Only a push rule takes them further, to where they were
        meant to go, or to the stock of the warehouse that they are in by then.

        :param is_pushed: whether a push rule also takes them on from where they were
            meant to stay: Odoo does so with a return into Input, and with nothing that
            the next move waits for
        """
        return SQL(
            """
            CASE WHEN %(dest)s.id IS NULL
                 THEN %(final)s.home_id
                 WHEN %(dest)s.home_id = %(final)s.home_id
                 THEN CASE WHEN %(dest)s.onto_id IS NOT NULL AND %(is_pushed)s
                           THEN %(dest)s.onto_id
                           ELSE %(final)s.home_id
                       END
                 WHEN NOT STRING_TO_ARRAY(
                          TRIM('/' FROM %(dest)s.parent_path), '/')::int[] && ARRAY(
                          SELECT location_src_id
                            FROM stock_rule
                           WHERE active
                             AND action IN ('push', 'pull_push'))
                 THEN %(dest)s.home_id
                 WHEN %(dest)s.warehouse_id <> %(final)s.warehouse_id
                 THEN %(dest)s.stock_id
                 ELSE %(final)s.home_id
             END
            """,
            dest=SQL.identifier(dest),
            final=SQL.identifier(final),
            is_pushed=is_pushed,
        )

    def _open_move(self, product_ids):
        """Every open move with the columns that other steps need, in the product's
        unit. The moves are read once: this is a good part of the cost. What a move in
        another unit holds is ``rounded`` by up to so much."""
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return SQL(
            """
            SELECT move.id, move.product_id, move.location_id, move.location_dest_id,
                   COALESCE(move.location_final_id, move.location_dest_id) AS final_id,
                   move.company_id, move.warehouse_id, move.sale_line_id,
                   move.purchase_line_id, move.procure_method, move.priority, move.date,
                   move.reservation_date, move.backlog_date_by, %(qty)s AS qty,
                   move.origin_returned_move_id IS NOT NULL AS is_return,
                   CASE WHEN move.quantity > 0
                        THEN COALESCE(ROUND(%(reserved)s, 6), 0)
                        ELSE 0
                    END AS reserved,
                   CASE WHEN move.quantity > 0 AND move.product_uom <> template.uom_id
                        THEN COALESCE(%(step)s, 0)
                        ELSE 0
                    END AS rounded,
                   template.is_storable
              FROM stock_move move
              JOIN product_product product ON product.id = move.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom move_uom ON move_uom.id = move.product_uom
              JOIN uom_uom product_uom ON product_uom.id = template.uom_id
             WHERE %(move_open)s
               AND %(of_products)s
            """,
            qty=finite(SQL("move.product_qty")),
            reserved=in_unit(finite(SQL("move.quantity")), "move_uom", "product_uom"),
            step=in_unit(
                SQL("%s::numeric", str(10**-digits)), "move_uom", "product_uom"
            ),
            move_open=is_open("move"),
            of_products=of_products(SQL("move.product_id"), product_ids),
        )

    def _feeder(self):
        """The origins of every open move: what each brought or brings, whether it
        brings it to where the move takes it, and whether both are steps for the same
        order line in one warehouse, on the way out or back."""
        return SQL(
            """
            SELECT move.id AS move_id, orig.id AS orig_id, %(qty)s AS qty,
                   CASE WHEN orig.state = 'done' THEN %(brought)s END AS brought,
                   %(orig_open)s AS is_open,
                   %(arrival)s = move_from.home_id AS is_receipt,
                   %(same_delivery)s AS same_delivery, move.final_id
              FROM open_move move
              JOIN place move_from ON move_from.id = move.location_id
              JOIN stock_move_move_rel rel ON rel.move_dest_id = move.id
              JOIN stock_move orig ON orig.id = rel.move_orig_id
              JOIN uom_uom orig_uom ON orig_uom.id = orig.product_uom
              JOIN product_product product ON product.id = orig.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom product_uom ON product_uom.id = template.uom_id
              JOIN stock_location orig_from ON orig_from.id = orig.location_id
         LEFT JOIN place orig_dest ON orig_dest.id = orig.location_dest_id
         LEFT JOIN place orig_final ON orig_final.id
                       = COALESCE(orig.location_final_id, orig.location_dest_id)
            """,
            arrival=self._arrival("orig_dest", "orig_final"),
            qty=finite(SQL("orig.product_qty")),
            brought=in_unit(finite(SQL("orig.quantity")), "orig_uom", "product_uom"),
            orig_open=is_open("orig"),
            same_delivery=self._same_delivery("orig", "move"),
        )

    def _early(self):
        """The moves that are a customer's although they end inside: deliveries to a
        customer whose place is one of ours, and the steps of a delivery before its last
        one, in a route of pull rules (see ``_chain``). Steps are followed from the
        customer backwards, since goods also come back, or go to another warehouse, step
        by step."""
        return SQL(
            """
              WITH RECURSIVE before AS MATERIALIZED (
                    SELECT move_id, orig_id, final_id
                      FROM feeder
                     WHERE is_open
                       AND same_delivery
                   ),
                   step AS (
                    SELECT move_id
                      FROM (
                            SELECT before.orig_id AS move_id
                              FROM before
                              JOIN stock_location final ON final.id = before.final_id
                             WHERE %(is_outside)s
                         UNION ALL
                            SELECT move.id
                              FROM open_move move
                              JOIN stock_location final
                                ON final.id = move.final_id
                               AND final.usage IN ('internal', 'transit')
                              JOIN sale_order_line line ON line.id = move.sale_line_id
                              JOIN sale_order sale ON sale.id = line.order_id
                              JOIN res_partner partner
                                ON partner.id = sale.partner_shipping_id
                             WHERE partner.property_stock_customer
                                   -> sale.company_id::text = TO_JSONB(final.id)
                           ) last
                     UNION
                    SELECT before.orig_id
                      FROM step
                      JOIN %(before)s before ON before.move_id = step.move_id
                   )
            SELECT DISTINCT move_id FROM step
            """,
            before=many_rows(SQL("before")),
            is_outside=self._is_outside("final"),
        )

    def _chain(self):
        """For every open move with origins: what they brought (``brought``) and what of
        the same order line still waits upstream in the same warehouse (``upstream``).

        Odoo 19 creates the next delivery step when the last one is done, but routes
        made of pull rules create all steps at once, each with the order line. Then the
        goods wait at the first step: its quantity is the customer's demand there, and
        the later step demands only the rest.
        """
        return SQL(
            """
            SELECT feeder.move_id, MIN(orig_id) AS chain_id, SUM(brought) AS brought,
                   SUM(qty) FILTER (WHERE is_open AND same_delivery
                                      AND early.move_id IS NOT NULL) AS upstream
              FROM feeder
         LEFT JOIN early ON early.move_id = feeder.orig_id
          GROUP BY feeder.move_id
            """
        )

    def _same_delivery(self, upstream, downstream):
        """Two steps of the delivery of one order line inside one warehouse. A step into
        the stock itself is part of a receipt, not of a delivery."""
        return SQL(
            """
            %(upstream)s.sale_line_id = %(downstream)s.sale_line_id
            AND %(upstream_from)s.usage = 'internal'
            AND %(upstream_from)s.warehouse_id = %(downstream_from)s.warehouse_id
            AND %(downstream_from)s.home_id <> %(downstream_from)s.stock_id
            """,
            upstream=SQL.identifier(upstream),
            downstream=SQL.identifier(downstream),
            upstream_from=SQL.identifier(f"{upstream}_from"),
            downstream_from=SQL.identifier(f"{downstream}_from"),
        )

    def _demand(self):
        """Every open move that takes goods out of a pool: for customers, but also for
        production, other warehouses and the next step, since all of them compete.

        Most demand is settled: it is wholly reserved, and its place has no reservation
        beyond its stock. It needs no rank in the queue, nor do goods that Odoo does not
        track in stock.
        """
        return SQL(
            """
            SELECT demand.*,
                   NOT is_storable OR reserved = qty AND missing = 0 AS settled
              FROM (
                    SELECT move.id AS move_id, move.product_id, place.pool_id,
                           place.home_id, place.warehouse_id, move.company_id,
                           move.is_storable,
                           %(is_customer)s AS to_customer,
                           CASE WHEN %(is_customer)s THEN move.sale_line_id
                            END AS order_line_id,
                           move.priority, move.date, move.reservation_date,
                           need.qty, LEAST(need.qty, move.reserved) AS reserved,
                           (chain.move_id IS NOT NULL
                            OR move.procure_method = 'make_to_order') AS chained,
                           chain.chain_id, chain.brought, awaiting.group_id,
                           NULLIF(move.location_id, place.pool_id) AS shelf_id,
                           COALESCE(stock.free, 0) AS free,
                           COALESCE(stock.missing, 0) AS missing, stock.fades_on
                      FROM open_move move
                      JOIN place ON place.id = move.location_id
                 LEFT JOIN place dest ON dest.id = move.location_dest_id
                      JOIN stock_location final ON final.id = move.final_id
                 LEFT JOIN early ON early.move_id = move.id
                 LEFT JOIN chain ON chain.move_id = move.id
                 LEFT JOIN awaiting ON awaiting.move_id = move.id
                 LEFT JOIN stock ON stock.product_id = move.product_id
                                AND stock.pool_id = place.pool_id
                CROSS JOIN LATERAL (
                            SELECT move.qty - COALESCE(chain.upstream, 0) AS qty
                           ) need
                     WHERE need.qty > 0
                       AND (dest.home_id IS DISTINCT FROM place.home_id
                            OR %(is_customer)s)
                   ) demand
            """,
            is_customer=self._is_customer(),
        )

    def _with_wanted(self, wanted):
        """The demand, and what would be there if ``wanted`` were ordered now. They have
        the ids from ``FIRST_WANTED`` on, no order line, and nothing reserved; see
        ``_turn_order`` for what Odoo would reserve for them at once."""
        if not wanted:
            return self._demand()
        return SQL(
            """
            SELECT demand.move_id, demand.product_id, demand.pool_id, demand.home_id,
                   demand.warehouse_id, demand.company_id, demand.is_storable,
                   demand.to_customer, demand.order_line_id, demand.priority,
                   demand.date, demand.reservation_date, demand.qty, demand.reserved,
                   demand.chained, demand.chain_id, demand.brought, demand.group_id,
                   demand.shelf_id, demand.free, demand.missing, demand.fades_on,
                   demand.settled
              FROM (%(demand)s) demand
         UNION ALL
            SELECT wish.move_id, wish.product_id, place.pool_id, place.home_id,
                   wish.warehouse_id, wish.company_id, TRUE, TRUE, NULL, '0', wish.date,
                   wish.reservation_date, wish.qty, 0, FALSE, NULL, NULL, NULL,
                   NULLIF(wish.location_id, place.pool_id), COALESCE(stock.free, 0),
                   COALESCE(stock.missing, 0), stock.fades_on, FALSE
              FROM (%(wishes)s) wish
              JOIN place ON place.id = wish.location_id
         LEFT JOIN stock ON stock.product_id = wish.product_id
                        AND stock.pool_id = place.pool_id
            """,
            wishes=self._wishes(wanted),
            demand=self._demand(),
        )

    def _turn_order(self, wanted):
        """The order in which demand takes what is in stock: that of the queue. Odoo
        reserves at once what is free for what is confirmed now, also before somebody
        ahead who reserved nothing; so ``wanted`` comes first, except what is reserved
        later."""
        if not wanted:
            return SQL("queue_rank")
        return SQL(
            """
            move_id < %(first)s OR COALESCE(reservation_date > %(today)s, TRUE),
            CASE WHEN move_id >= %(first)s AND reservation_date <= %(today)s
                 THEN move_id
             END,
            queue_rank
            """,
            first=FIRST_WANTED,
            today=now().date(),
        )

    def _wishes(self, wanted):
        """``wanted`` as a table, handed on as rows: one plan serves any number."""
        rows = [
            {"move_id": number, **one._asdict()}
            for number, one in enumerate(wanted, FIRST_WANTED)
        ]
        columns = {
            "move_id": "bigint",
            **dict.fromkeys(Wanted._fields, "integer"),
            "qty": "numeric",
            "date": "timestamp",
            "reservation_date": "date",
        }
        return SQL(
            "SELECT * FROM %s",
            rows_table("wish", Rows(json.dumps(rows, default=str)), columns),
        )

    def _is_customer(self):
        """Whether ``move`` ends at a customer, or is a customer's all the same (see
        ``_early``)."""
        return SQL(
            "(%s OR early.move_id IS NOT NULL)",
            self._ends_sale(),
        )

    def _ends_sale(self):
        """Whether ``move`` ends at a customer, its last location being ``final``. What
        another company sends into the transit between companies for an order line of
        ours is supply: our own delivery to the customer follows."""
        return SQL(
            """
            (%(is_outside)s
             AND (final.usage = 'customer' OR COALESCE(
                 (SELECT line.company_id
                    FROM sale_order_line line
                   WHERE line.id = move.sale_line_id) = move.company_id, TRUE)))
            """,
            is_outside=self._is_outside("final"),
        )
