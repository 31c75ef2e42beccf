from odoo import models
from odoo.tools import SQL


class BacklogFacts(models.AbstractModel):
    """Bills of materials decide about suggestions as well."""

    _inherit = "backlog.facts"

    def _child_fields(self):
        return [*super()._child_fields(), "component_ids"]

    def _last_changes(self, product_ids):
        """Also the bills of materials of the products and their lines."""
        changes = super()._last_changes(product_ids)
        boms = dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT product.id, CONCAT_WS(' ', COUNT(line.id),
                               MAX(bom.write_date), MAX(line.write_date))
                      FROM product_product product
                      JOIN mrp_bom bom ON bom.product_tmpl_id = product.product_tmpl_id
                 LEFT JOIN mrp_bom_line line ON line.bom_id = bom.id
                     WHERE product.id = ANY(%s)
                  GROUP BY product.id
                    """,
                    product_ids,
                    to_flush=[
                        self.env["mrp.bom"]._fields["write_date"],
                        self.env["mrp.bom.line"]._fields["write_date"],
                    ],
                )
            )
        )
        return {
            product_id: f"{change} {boms.get(product_id, '')}"
            for product_id, change in changes.items()
        }

    def _order_changes(self, rows):
        """Also who waits for the suggestions that need these products: promises and
        values of a component are theirs."""
        changes = super()._order_changes(rows)
        parents = {
            product_id: [
                int(row.document.split(",")[1])
                for row in of_product
                if row.part == "draft" and row.document
            ]
            for product_id, of_product in rows.items()
        }
        lines = self.env["backlog.suggestion.line"]._fields
        texts = dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT suggestion_id, STRING_AGG(
                               CONCAT_WS(' ', order_line_id, asked_by, qty, value,
                                   promise_date, keep_by_date), ', ' ORDER BY id)
                      FROM backlog_suggestion_line
                     WHERE suggestion_id = ANY(%s)
                  GROUP BY suggestion_id
                    """,
                    list({one for ids in parents.values() for one in ids}),
                    to_flush=[
                        lines[name]
                        for name in (
                            "order_line_id",
                            "asked_by",
                            "qty",
                            "value",
                            "promise_date",
                            "keep_by_date",
                        )
                    ],
                )
            )
        )
        return {
            product_id: of_product + [texts.get(one) for one in parents[product_id]]
            for product_id, of_product in changes.items()
        }
