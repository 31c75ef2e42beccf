from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

from ...const import ASKING, REQUEST_STATES
from ...tools import bounds
from ...tools.prepared import by_plan
from ...tools.sql import is_open, of_products


class NeedRow(NamedTuple):
    """A quantity that is wanted, or will be there, in the unit of the product."""

    product_id: int
    warehouse_id: int
    part: str
    """``want``: nothing covers it. ``shelf``: the same, and it leaves from a shelf of
    the stock, to which what lies on others can be moved. ``chained``: the same, and it
    takes only what is brought for it. ``late``: a receipt covers it, too late.
    ``draft``: wanted by a document that is not confirmed; it may take what is left.
    ``hole``: stock below zero, that receipts fill first. ``left``: stock and receipts
    that nobody needs. ``request``: a supply that is not confirmed."""
    qty: float
    share: float = None
    """Of a want of an order line: which part of all that is open of the line."""
    day: object = None
    """When it is needed or will be there, in the time zone of the company. None for
    what is there."""
    expected_day: object = None
    """When the receipt of what is late was last said to come: a day that is past where
    it is overdue. When a request would be there."""
    order_line_id: int = None
    move_id: int = None
    """The move that wants it, or of a request the one that it was made for."""
    document: str = None
    """What brings a supply, as ``model,id``."""


class BacklogNeed(models.AbstractModel):
    """What is missing and what would help: the queue of ``backlog.allocation`` seen by
    buyers, plus everything that Odoo does not count before it is confirmed.

    One live SQL statement for the current company, in named parts, one method each, so
    that a satellite addon adds one by overriding ``_parts``. No part splits anything
    anew: what is short, late or left comes from the allocation.
    """

    _name = "backlog.need"
    _description = "Backlog Need"

    @api.model
    def _rows(self, product_ids=None):
        """Everything about the products that miss something, or that are asked for.

        :param product_ids: ids of products, None for all that miss something
        :return: ``[NeedRow]``, in the order of product, day and document: the same
            facts give the same list
        """
        self._flush()
        statement = by_plan(self.env, self._statement(product_ids), product_ids)
        rows = self.env.execute_query(statement)
        return [NeedRow(*row) for row in rows]

    @api.model
    def _statement(self, product_ids):
        """The statement of all parts: the columns of ``NeedRow``."""
        parts = SQL(" UNION ALL ").join(
            SQL("(%s)", part) for part in self._parts(product_ids)
        )
        return SQL(
            """
            %(steps)s, portion AS MATERIALIZED (%(portion)s),
                   need AS MATERIALIZED (%(parts)s)
            SELECT need.product_id, need.warehouse_id, need.part,
                   need.qty::float8, need.share::float8, need.day, need.expected_day,
                   need.order_line_id, need.move_id, need.document
              FROM need
              JOIN stock_warehouse warehouse ON warehouse.id = need.warehouse_id
             WHERE warehouse.company_id = ANY(%(companies)s)
               AND need.qty > 0
               AND %(asked)s
          ORDER BY need.product_id, need.day NULLS FIRST, need.part, need.warehouse_id,
                   need.move_id, need.order_line_id, need.document, need.qty
            """,
            steps=self.env["backlog.live.slice"]._steps(product_ids),
            portion=self._portion(),
            parts=parts,
            companies=self.env.company.ids,
            asked=SQL("TRUE")
            if product_ids is not None
            # Keep this an IN: PostgreSQL expects few rows here and would pick a
            # nested loop for a join.
            else SQL(
                """(need.product_id IN (
                    SELECT product_id FROM need
                     WHERE part = ANY(%(wanted)s)
                )) IS TRUE""",
                wanted=list(ASKING),
            ),
        )

    @api.model
    def _flush(self):
        self.env.flush_query(self.env["backlog.kept"]._reads())
        self.env["purchase.order.line"].flush_model()
        self.env["purchase.order"].flush_model()
        self.env["stock.move"].flush_model()

    @api.model
    def _parts(self, product_ids):
        return [
            self._wants(),
            self._lates(),
            self._drafts(product_ids),
            self._holes(),
            self._lefts(),
            self._draft_supplies(product_ids),
            self._requests(product_ids),
        ]

    @api.model
    def _day(self, moment):
        """The calendar day of ``moment`` (UTC) where the company is."""
        zone = self.env.company._backlog_zone()
        return self.env["backlog.line.today"]._day(bounds.moment(moment), zone)

    @api.model
    def _of_products(self, column, product_ids):
        return of_products(column, product_ids)

    @api.model
    def _portion(self):
        """The slices, each with its share of all that is open of its order line."""
        return SQL(
            """
            SELECT slice.*, CASE WHEN order_line_id IS NOT NULL THEN qty / NULLIF(
                       SUM(qty) OVER (PARTITION BY order_line_id, product_id), 0)
                    END AS share
              FROM slice
            """
        )

    @api.model
    def _wants(self):
        """The slices without a source. An order line that has no move is wanted by
        the day it was promised, less the days of security of the company."""
        return SQL(
            """
            SELECT slice.product_id,
                   COALESCE(
                       warehouse.id, slice.warehouse_id, sale.warehouse_id
                   ) AS warehouse_id,
                   CASE WHEN demand.chained THEN 'chained'
                        WHEN demand.shelf_id <> demand.home_id THEN 'shelf'
                        ELSE 'want'
                    END AS part,
                   slice.qty, slice.share,
                   %(day)s AS day, NULL::date AS expected_day, slice.order_line_id,
                   slice.move_id, NULL AS document
              FROM portion slice
         LEFT JOIN demand ON demand.move_id = slice.move_id
         LEFT JOIN stock_warehouse warehouse
                ON warehouse.lot_stock_id = slice.pool_id
         LEFT JOIN stock_move move ON move.id = slice.move_id
         LEFT JOIN stock_location final
                ON final.id = COALESCE(move.location_final_id, move.location_dest_id)
         LEFT JOIN sale_order_line line ON line.id = slice.order_line_id
         LEFT JOIN sale_order sale ON sale.id = line.order_id
         LEFT JOIN res_company company ON company.id = slice.company_id
             WHERE slice.source = 'none'
               AND (warehouse.id IS NOT NULL OR slice.move_id IS NULL)
               AND %(is_wanted)s
            """,
            is_wanted=self._is_wanted(),
            day=self._day(
                SQL(
                    "COALESCE(move.date, %s - %s * INTERVAL '1 day')",
                    self.env["backlog.live.line"]._promise(),
                    bounds.days(SQL("company.security_lead")),
                )
            ),
        )

    @api.model
    def _is_wanted(self):
        """Whether goods are to be had for the ``move`` of a ``slice``. Nothing is
        bought to be sent back: to a vendor, to where receipts arrive before they are
        put in stock, or to where else goods of the same warehouse came from."""
        return SQL(
            """
            (slice.move_id IS NULL OR slice.to_customer
                OR NOT (final.usage = 'supplier'
                        OR final.warehouse_id = warehouse.id
                           AND (move.origin_returned_move_id IS NOT NULL
                                OR final.id IN (warehouse.wh_input_stock_loc_id,
                                                warehouse.wh_qc_stock_loc_id))
                       ) IS TRUE)
            """
        )

    @api.model
    def _lates(self):
        """The slices whose receipt is not there by the day they are needed or promised,
        as ``netting.comes_by``: nobody knows when one that is overdue comes, so
        whatever waits for it counts. It is dated when it was due."""
        return SQL(
            """
            SELECT late.product_id, late.warehouse_id, 'late', late.qty, late.share,
                   late.day, late.expected_day, late.order_line_id, late.move_id,
                   %(document)s
              FROM (
                    SELECT slice.product_id, slice.qty, slice.share,
                           slice.order_line_id, slice.move_id, slice.receipt_move_id,
                           warehouse.id AS warehouse_id,
                           GREATEST(%(needed)s, %(promised)s) AS day,
                           %(expected)s AS expected_day
                      FROM portion slice
                      JOIN stock_warehouse warehouse
                        ON warehouse.lot_stock_id = slice.pool_id
                      JOIN stock_move move ON move.id = slice.move_id
                      JOIN stock_location final ON final.id
                           = COALESCE(move.location_final_id, move.location_dest_id)
                 LEFT JOIN sale_order_line line ON line.id = slice.order_line_id
                 LEFT JOIN sale_order sale ON sale.id = line.order_id
                     WHERE slice.source = 'receipt'
                       AND %(is_wanted)s
                   ) late
            %(join_receipt)s
             WHERE late.expected_day NOT BETWEEN %(today)s AND late.day
            """,
            is_wanted=self._is_wanted(),
            document=self.env["backlog.supply"]._document(),
            needed=self._day(SQL("move.date")),
            promised=self._day(self.env["backlog.live.line"]._promise()),
            expected=self._day(SQL("slice.date")),
            today=self.env.company._backlog_today(),
            join_receipt=self.env["backlog.supply"]._join_receipt("late"),
        )

    @api.model
    def _drafts(self, product_ids):
        """The demand of draft documents: transfers out of the stock to elsewhere in the
        company. Draft deliveries are no demand."""
        return SQL(
            """
            SELECT move.product_id, warehouse.id, 'draft', %(qty)s, NULL,
                   %(day)s, NULL, NULL, move.id, NULL
              FROM stock_move move
              JOIN place ON place.id = move.location_id
              JOIN stock_warehouse warehouse ON %(stock)s
              JOIN stock_location final
                ON final.id = COALESCE(move.location_final_id, move.location_dest_id)
         LEFT JOIN place dest ON dest.id = final.id
             WHERE move.state = 'draft'
               AND final.usage IN ('internal', 'transit', 'production')
               AND dest.home_id IS DISTINCT FROM place.home_id
               AND %(of_products)s
            """,
            qty=bounds.finite(SQL("move.product_qty")),
            day=self._day(SQL("move.date")),
            stock=self._draft_stock(),
            of_products=self._of_products(SQL("move.product_id"), product_ids),
        )

    @api.model
    def _draft_stock(self):
        """Which ``warehouse`` a draft takes from."""
        return SQL("warehouse.lot_stock_id = place.home_id")

    @api.model
    def _holes(self):
        """Stock below zero that no receipt fills. More is needed than customers wait
        for, as in Odoo's own forecast."""
        return SQL(
            """
            SELECT stock.product_id, warehouse.id, 'hole',
                   stock.hole - COALESCE((
                       SELECT SUM(arriving.qty)
                         FROM arriving
                        WHERE arriving.product_id = stock.product_id
                          AND arriving.home_id = stock.pool_id), 0),
                   NULL, %(today)s::date, NULL, NULL, NULL, NULL
              FROM stock
              JOIN stock_warehouse warehouse ON warehouse.lot_stock_id = stock.pool_id
             WHERE stock.hole > 0
               AND stock.product_id IN (SELECT product_id FROM slice)
            """,
            today=self.env.company._backlog_today(),
        )

    @api.model
    def _lefts(self):
        """Free stock and receipts that no demand in the queue needs."""
        return SQL(
            """
            SELECT slice.product_id, warehouse.id, 'left', slice.qty, NULL,
                   %(day)s, NULL, NULL, NULL,
                   CASE WHEN slice.source = 'receipt' THEN %(document)s END
              FROM (%(rest)s) slice
              JOIN stock_warehouse warehouse ON warehouse.lot_stock_id = slice.pool_id
            %(join_receipt)s
            """,
            day=self._day(SQL("slice.date")),
            document=self.env["backlog.supply"]._document(),
            rest=self.env["backlog.live.slice"]._rest(),
            join_receipt=self.env["backlog.supply"]._join_receipt(),
        )

    @api.model
    def _draft_supplies(self, product_ids):
        """The supply of draft documents: transfers into the stock, and productions."""
        return SQL(
            """
            SELECT receipt.product_id, warehouse.id, 'request', %(qty)s, NULL,
                   %(day)s, NULL, NULL, chained.move_id, %(document)s
              FROM stock_move receipt
              JOIN place final ON final.id
                  = COALESCE(receipt.location_final_id, receipt.location_dest_id)
         LEFT JOIN place dest ON dest.id = receipt.location_dest_id
         LEFT JOIN place origin ON origin.id = receipt.location_id
         LEFT JOIN (
                    SELECT move_orig_id, MIN(move_dest_id) AS move_id
                      FROM stock_move_move_rel
                  GROUP BY move_orig_id
                   ) chained ON chained.move_orig_id = receipt.id
        CROSS JOIN LATERAL (SELECT %(arrival)s AS home_id) arrival
              JOIN stock_warehouse warehouse
                ON warehouse.lot_stock_id = arrival.home_id
         LEFT JOIN purchase_order_line
                ON purchase_order_line.id = receipt.purchase_line_id
             WHERE receipt.state = 'draft'
               AND origin.home_id IS DISTINCT FROM arrival.home_id
               AND %(of_products)s
            """,
            qty=bounds.finite(SQL("receipt.product_qty")),
            day=self._day(SQL("receipt.date")),
            arrival=self.env["backlog.demand"]._arrival(
                "dest",
                "final",
                SQL(
                    """
                    chained.move_id IS NULL
                    AND (receipt.origin_returned_move_id IS NULL
                         OR origin.home_id IS DISTINCT FROM dest.onto_id)
                    """
                ),
            ),
            document=self.env["backlog.supply"]._document(),
            of_products=self._of_products(SQL("receipt.product_id"), product_ids),
        )

    @api.model
    def _requests(self, product_ids):
        """Requests for quotation, in the unit of the product, for the place that core
        counts them for (``product.product._get_quantity_in_progress``), unless they are
        delivered elsewhere, which leaves what the line was made for. One that the
        vendor ships to a customer is for that order line alone, and what was made for
        a delivery is for that, as far as it goes. Of alternatives one will be
        confirmed: the one that was made for a delivery counts, else the one that brings
        most."""
        return SQL(
            """
              WITH asked AS (
                    SELECT wanted.id, wanted.product_id, wanted.qty,
                           wanted.date_planned, request.id AS order_id,
                           %(alternative)s AS alternative_id,
                           wanted.sale_line_id IS NOT NULL OR EXISTS (
                               SELECT
                                 FROM stock_move_created_purchase_line_rel rel
                                WHERE rel.created_purchase_line_id = wanted.id
                           ) AS is_tied,
                           CASE WHEN goal.usage = 'customer' THEN COALESCE(
                               line.warehouse_id, sale.warehouse_id)
                                ELSE COALESCE(home.warehouse_id, goal.warehouse_id)
                            END AS warehouse_id,
                           CASE WHEN goal.usage = 'customer' THEN wanted.sale_line_id
                            END AS order_line_id
                      FROM (%(lines)s) wanted
                      JOIN purchase_order request ON request.id = wanted.order_id
                      JOIN stock_picking_type type
                        ON type.id = request.picking_type_id
                 LEFT JOIN stock_warehouse_orderpoint orderpoint
                        ON orderpoint.id = wanted.orderpoint_id
                      JOIN stock_location goal ON goal.id = COALESCE(
                               orderpoint.location_id, wanted.location_final_id,
                               type.default_location_dest_id)
                 LEFT JOIN place final ON final.id = goal.id
                 LEFT JOIN place dest ON dest.id = type.default_location_dest_id
                 LEFT JOIN stock_location home ON home.id = %(arrival)s
                 LEFT JOIN sale_order_line line ON line.id = wanted.sale_line_id
                 LEFT JOIN sale_order sale ON sale.id = line.order_id
                   ), wanted AS (
                    SELECT asked.*
                      FROM asked
                 LEFT JOIN (
                            SELECT DISTINCT ON (alternative_id, product_id)
                                   order_id, product_id
                              FROM asked
                             WHERE alternative_id IS NOT NULL
                          GROUP BY alternative_id, product_id, order_id
                          ORDER BY alternative_id, product_id,
                                   BOOL_OR(is_tied) DESC, SUM(qty) DESC,
                                   MIN(date_planned), order_id
                           ) best USING (order_id, product_id)
                     WHERE alternative_id IS NULL OR best.order_id IS NOT NULL
                   ), made_for AS (
                    SELECT wanted.id, wanted.product_id, move.id AS move_id,
                           LEAST(%(moved)s, GREATEST(0,
                               wanted.qty - SUM(%(moved)s) OVER ahead
                               + %(moved)s)) AS qty
                      FROM wanted
                      JOIN stock_move_created_purchase_line_rel rel
                        ON rel.created_purchase_line_id = wanted.id
                      JOIN stock_move move ON move.id = rel.move_id
                                          AND move.product_id = wanted.product_id
                     WHERE %(move_open)s
                    WINDOW ahead AS (
                           PARTITION BY wanted.id, wanted.product_id
                               ORDER BY move.date, move.id
                               ROWS UNBOUNDED PRECEDING)
                   )
            SELECT wanted.product_id, wanted.warehouse_id, 'request', part.qty, NULL,
                   %(day)s, NULL, wanted.order_line_id, part.move_id,
                   'purchase.order,' || wanted.order_id
              FROM wanted
              JOIN (
                    SELECT id, product_id, move_id, qty FROM made_for
                 UNION ALL
                    SELECT wanted.id, wanted.product_id, NULL,
                           wanted.qty - COALESCE(SUM(made_for.qty), 0)
                      FROM wanted
                 LEFT JOIN made_for USING (id, product_id)
                  GROUP BY wanted.id, wanted.product_id, wanted.qty
                   ) part USING (id, product_id)
            """,
            lines=self._request_lines(product_ids),
            alternative=self._alternative(),
            moved=SQL("COALESCE(%s, 0)", bounds.finite(SQL("move.product_qty"))),
            day=self._day(SQL("wanted.date_planned")),
            arrival=self.env["backlog.demand"]._arrival("dest", "final"),
            move_open=is_open("move"),
        )

    @api.model
    def _request_lines(self, product_ids):
        """The lines of requests for quotation of the company, and what each brings in
        the unit of the product. A line may bring several products, each on one row."""
        return SQL(
            """
            SELECT line.id, line.order_id, line.product_id,
                   COALESCE(%(qty)s, 0)::numeric AS qty, line.date_planned,
                   line.orderpoint_id, line.location_final_id, line.sale_line_id
              FROM purchase_order_line line
              JOIN purchase_order request ON request.id = line.order_id
             WHERE request.state IN %(states)s
               AND request.company_id = %(company)s
               AND %(of_products)s
            """,
            qty=bounds.finite(SQL("line.product_uom_qty")),
            states=tuple(REQUEST_STATES),
            company=self.env.company.id,
            of_products=self._of_products(SQL("line.product_id"), product_ids),
        )

    @api.model
    def _alternative(self):
        """What the ``request`` has in common with its alternatives, where Odoo's
        purchase agreements are installed."""
        if "purchase_group_id" not in self.env["purchase.order"]._fields:
            return SQL("NULL::integer")
        return SQL("request.purchase_group_id")
