from odoo import api, models
from odoo.tools import SQL

from ..tools.bounds import finite, in_unit, moment
from .given import given

# Rows of the allocation come from stock moves: several per move, told apart by the
# last three bits of their id. The ids stay below 2**31, the limit of XML-RPC, up to
# 268 million moves. Without a move it is the order line that counts, below zero.
SLICE_KINDS = 8


class BacklogAllocation(models.Model):
    """All slices, one row per demand and source: of what moves, of what a vendor ships,
    and of what nobody has procured."""

    _inherit = "backlog.allocation"

    @api.model
    def _slice(self, product_ids):
        """All slices. The source is one of the contract's; the last bits of the id tell
        the slices of one move apart (see ``SLICE_KINDS``). ``asked_id`` is the product
        that one asks for to get the row: ``product_ids`` finds it by that.

        A call that only wants to know what is ready of some lines gives ``ready_of``, a
        condition on slices: all the rest is to be sourced then, and nothing is laid
        over the receipts.
        """
        ready_of = given(self.env, "ready_of")
        row = SQL(
            "product_id AS asked_id, move_id, order_line_id, product_id, warehouse_id, "
            "company_id, pool_id"
        )
        slices = SQL(
            """
            SELECT move_id * %(kinds)s AS id, %(row)s, 'reserved' AS source,
                   kept AS qty, to_customer, NULL::integer AS receipt_move_id,
                   NULL::timestamp AS date
              FROM queue
             WHERE kept > 0
         UNION ALL
            SELECT move_id * %(kinds)s + (NOT is_storable)::integer, %(row)s,
                   CASE WHEN is_storable THEN 'reserved' ELSE 'stock' END, qty,
                   to_customer, NULL, NULL
              FROM demand
             WHERE settled
         UNION ALL
            SELECT move_id * %(kinds)s + 1, %(row)s, 'stock', taken, to_customer,
                   NULL, NULL
              FROM queue
             WHERE taken > 0
         UNION ALL
            %(laid)s
            SELECT move_id * %(kinds)s + 6, %(row)s, 'none', qty - kept - taken,
                   to_customer, NULL, NULL
              FROM queue
             WHERE qty - kept - taken > 0
               AND %(not_laid)s
         UNION ALL
            %(direct)s
         UNION ALL
            %(not_procured)s
         UNION ALL
            %(requested_direct)s
            """,
            kinds=SLICE_KINDS,
            row=row,
            laid=SQL() if ready_of else SQL("%s UNION ALL", self._laid()),
            not_laid=SQL("TRUE") if ready_of else SQL("chained AND group_id IS NULL"),
            direct=self._direct(),
            not_procured=self._not_procured(product_ids),
            requested_direct=self._requested_direct(product_ids),
        )
        if ready_of:
            return SQL("SELECT * FROM (%s) slice WHERE %s", slices, ready_of)
        return slices

    @api.model
    def _laid(self):
        """The demand that was laid over receipts, as slices."""
        return SQL(
            """
            SELECT cut.move_id * %s + cut.kind, queue.product_id, queue.move_id,
                   queue.order_line_id, queue.product_id, queue.warehouse_id,
                   queue.company_id, queue.pool_id,
                   CASE WHEN cut.supply_id IS NULL THEN 'none' ELSE 'receipt' END,
                   cut.qty, queue.to_customer, cut.supply_id::integer, cut.date
              FROM (SELECT *, 2 + is_supply::integer AS kind FROM linked
                 UNION ALL
                    SELECT *, 4 + is_supply::integer FROM shared) cut
              JOIN queue ON queue.move_id = cut.demand_id
            """,
            SLICE_KINDS,
        )

    @api.model
    def _direct(self):
        """Goods that a vendor ships straight to the customer never touch our stock."""
        return SQL(
            """
            SELECT move.id * %(kinds)s + 7, move.product_id, move.id, move.sale_line_id,
                   move.product_id, move.warehouse_id, move.company_id, NULL,
                   'receipt', move.qty, TRUE, move.id,
                   %(date)s
              FROM open_move move
         LEFT JOIN purchase_order_line purchased ON purchased.id = move.purchase_line_id
              JOIN stock_location origin ON origin.id = move.location_id
              JOIN stock_location final ON final.id = move.final_id
             WHERE move.qty > 0
               AND origin.usage IN ('supplier', 'production')
               AND (final.usage = 'customer' OR final.id IN %(transit)s)
            """,
            kinds=SLICE_KINDS,
            date=moment(SQL("GREATEST(move.date, purchased.date_planned)")),
            transit=tuple(self._customer_location_ids()),
        )

    @api.model
    def _not_procured(self, product_ids):
        """Confirmed lines of goods without any move: dropshipped ones whose purchase is
        still a request, and orders confirmed before the inventory app came."""
        return SQL(
            """
            SELECT -line.id * %(kinds)s, line.product_id, NULL, line.id,
                   line.product_id, line.warehouse_id, line.company_id, NULL, 'none',
                   %(rest)s, TRUE, NULL, NULL
              FROM sale_order_line line
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
              JOIN uom_uom product_uom ON product_uom.id = template.uom_id
             WHERE line.state = 'sale'
               AND template.type = 'consu'
               AND line.display_type IS NULL
               AND line.is_downpayment IS NOT TRUE
               AND line.is_expense IS NOT TRUE
               AND line.product_uom_qty > COALESCE(line.qty_delivered, 0)
               AND %(rest)s > 0
               AND %(of_products)s
               AND line.id NOT IN (
                   SELECT order_line_id FROM demand WHERE order_line_id IS NOT NULL
               )
               AND (
                   SELECT move.id
                     FROM stock_move move
                    WHERE %(counts)s
                    LIMIT 1
               ) IS NULL
            """,
            kinds=SLICE_KINDS,
            rest=self._rest_of_line(),
            counts=self._is_move_of_line(),
            of_products=self._of_products(SQL("line.product_id"), product_ids),
        )

    @api.model
    def _rest_of_line(self, product_uom="product_uom"):
        """What ``line`` says is still to be shipped, in the unit of the product."""
        return in_unit(
            SQL(
                "(%s - %s)",
                finite(SQL("line.product_uom_qty")),
                finite(SQL("COALESCE(line.qty_delivered, 0)")),
            ),
            "line_uom",
            product_uom,
        )

    @api.model
    def _is_move_of_line(self):
        """Whether ``move`` stands for ``line``. When a vendor declines, Odoo cancels
        the dropship; the customer still waits, so that is as if it had never been."""
        return SQL(
            """
            move.sale_line_id = line.id
            AND (move.state <> 'cancel' OR move.location_id <> ALL(ARRAY(
                SELECT id FROM stock_location WHERE usage = 'supplier'
            )))
            """
        )

    @api.model
    def _requested_direct(self, product_ids):
        """The part of a dropshipped line that is still a request while the rest of it
        has moves: Odoo asks the vendor again when the quantity is raised."""
        return SQL(
            """
            SELECT -line.id * %(kinds)s, line.product_id, NULL, line.id,
                   line.product_id, line.warehouse_id, line.company_id, NULL, 'none',
                   rest.qty, TRUE, NULL, NULL
              FROM (
                    SELECT wanted.sale_line_id, wanted.product_id,
                           SUM(%(wanted)s)::numeric AS qty
                      FROM purchase_order_line wanted
                      JOIN purchase_order request ON request.id = wanted.order_id
                      JOIN stock_picking_type type
                        ON type.id = request.picking_type_id
                      JOIN stock_location dest
                        ON dest.id = type.default_location_dest_id
                     WHERE request.state IN ('draft', 'sent', 'to approve')
                       AND dest.usage = 'customer'
                       AND wanted.sale_line_id IS NOT NULL
                  GROUP BY wanted.sale_line_id, wanted.product_id
                   ) request
              JOIN sale_order_line line ON line.id = request.sale_line_id
                                       AND line.product_id = request.product_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
              JOIN uom_uom product_uom ON product_uom.id = template.uom_id
        CROSS JOIN LATERAL (
                    SELECT SUM(%(moved)s) FILTER (WHERE %(move_open)s) AS open_qty
                      FROM stock_move move
                     WHERE %(counts)s
                    HAVING COUNT(*) > 0
                   ) moves
        CROSS JOIN LATERAL (
                    SELECT LEAST(
                               request.qty,
                               COALESCE(%(rest)s, 0) - COALESCE(moves.open_qty, 0)
                           ) AS qty
                   ) rest
             WHERE line.state = 'sale'
               AND rest.qty > 0
               AND %(of_products)s
            """,
            kinds=SLICE_KINDS,
            wanted=finite(SQL("wanted.product_uom_qty")),
            moved=finite(SQL("move.product_qty")),
            rest=self._rest_of_line(),
            counts=self._is_move_of_line(),
            move_open=self._is_open("move"),
            of_products=self._of_products(SQL("line.product_id"), product_ids),
        )
