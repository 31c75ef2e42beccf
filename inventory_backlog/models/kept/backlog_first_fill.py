from logging import getLogger

from psycopg2.errors import SerializationFailure

from odoo import fields, models
from odoo.tools import SQL

from ...tools.bounds import finite, in_unit

_logger = getLogger(__name__)
FIRST_FILL = ("first_open_qty", "first_ready_qty", "first_ready_at")


class BacklogFirstFill(models.AbstractModel):
    """What of an order line was ready when it was confirmed.

    A confirmation notes what is to be shipped. What of it is ready takes the whole
    queue of its product, which may be long, so the refresh that follows notes it, and
    when. What was shipped in between was ready.
    """

    _name = "backlog.first.fill"
    _description = "First Fill"

    def _note(self):
        """Note what is ready on the lines confirmed since the last refresh, except
        where their cached row is out of date. Lines that somebody is writing are left
        for the next refresh."""
        stale = self.env["backlog.kept"]._stale()
        if stale is None:
            return
        try:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(self._ready(stale.sold))
        except SerializationFailure:
            _logger.info("The next refresh notes what was ready when confirmed")
        self.env["sale.order.line"].invalidate_model(FIRST_FILL, flush=False)

    def _ready(self, stale_ids):
        """The statement. A line with no cached row has nothing open: it was shipped, or
        nobody knows any more what was ready for it.

        :param stale_ids: the products whose cached lines are out of date
        """
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return SQL(
            """
              WITH pending AS MATERIALIZED (
                    SELECT id
                      FROM sale_order_line
                     WHERE first_open_qty IS NOT NULL
                       AND first_ready_qty IS NULL
                       AND product_id <> ALL(%(stale)s)
                       FOR NO KEY UPDATE SKIP LOCKED
                   ),
                   fill AS MATERIALIZED (
                    SELECT line.id, line.first_open_qty AS whole,
                           kept.backlog_qty >= kept.open_qty AS is_all,
                           kept.id IS NULL AS is_closed, %(delivered)s AS delivered,
                           COALESCE(%(delivered)s, 0) + ROUND(%(open)s, %(digits)s)
                               AS wanted,
                           COALESCE(%(delivered)s, 0) + ROUND(%(ready)s, %(digits)s)
                               AS ready
                      FROM pending
                      JOIN sale_order_line line ON line.id = pending.id
                      JOIN product_product product ON product.id = line.product_id
                      JOIN product_template template
                        ON template.id = product.product_tmpl_id
                      JOIN uom_uom uom ON uom.id = template.uom_id
                      JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
                 LEFT JOIN backlog_kept_line kept ON kept.id = line.id
                   ),
                   noted AS MATERIALIZED (
                    SELECT id, whole,
                           CASE WHEN is_closed AND delivered >= whole THEN whole
                                WHEN is_closed THEN NULL
                                WHEN is_all THEN whole
                                -- A part is less than the whole, also when rounded.
                                WHEN wanted <= whole
                                THEN LEAST(ready, GREATEST(whole - %(step)s, 0))
                                ELSE LEAST(ready, whole)
                            END AS ready
                      FROM fill
                   )
            UPDATE sale_order_line
               SET first_open_qty = CASE WHEN noted.ready IS NOT NULL
                                         THEN noted.whole
                                     END,
                   first_ready_qty = noted.ready,
                   first_ready_at = CASE WHEN noted.ready IS NOT NULL
                                         THEN %(now)s::timestamp
                                     END
              FROM noted
             WHERE sale_order_line.id = noted.id
            """,
            stale=stale_ids,
            delivered=finite(SQL("line.qty_delivered")),
            open=in_unit(finite(SQL("kept.open_qty")), "uom", "line_uom"),
            ready=in_unit(finite(SQL("kept.backlog_qty")), "uom", "line_uom"),
            digits=digits,
            step=SQL("(1 / 10::numeric ^ %s)", digits),
            now=fields.Datetime.now(),
        )
