from odoo import api, models
from odoo.fields import Domain

BUYER = "purchase.group_purchase_user"


class BacklogDashboard(models.AbstractModel):
    """What to do first."""

    _inherit = "backlog.dashboard"

    @api.model
    def _lines_to_act_on(self, rows):
        """The late lines of most value, then those at risk, with what to do."""
        labels = self._labels("backlog.line", "backlog_state")
        causes = dict(self.env["backlog.line"]._selection_delay_cause())

        def names(model, column):
            # Whoever may see the line may see these names, as on its list.
            records = self.env[model].sudo().browse({row[column] for row in rows})
            return {record.id: record.display_name for record in records}

        orders = names("sale.order", "order_id")
        customers = names("res.partner", "partner_id")
        products = names("product.product", "product_id")
        requested = self._requested(rows)
        may_buy = self.env.user.has_group(BUYER)
        result = []
        for row in rows:
            advice, icon = self._advice(row, row["id"] in requested, may_buy)
            result.append(
                {
                    "id": row["id"],
                    "order": orders[row["order_id"]],
                    "customer": customers[row["partner_id"]],
                    "product": products[row["product_id"]],
                    "state": row["backlog_state"],
                    "state_label": labels[row["backlog_state"]],
                    "late": row["is_late"],
                    "at_risk": row["is_at_risk"],
                    "value": row["open_value"],
                    "currency_id": row["currency_id"],
                    "promise": self._moment(row["promise_date"]),
                    "expected": self._moment(row["expected_date"]),
                    "days_late": row["days_late"],
                    "cause_label": causes.get(row["delay_cause"], ""),
                    "advice": advice,
                    "icon": icon,
                }
            )
        return result

    @api.model
    def _moment(self, text):
        """A moment out of JSON as the client reads it."""
        return text.replace("T", " ")[:19] if text else False

    @api.model
    def _requested(self, rows):
        """The ids of the lines to source for which there is a request for quotation:
        of the line itself, or of its product for its warehouse."""
        rows = [row for row in rows if row["to_source_qty"] > 0]
        # Salespeople cannot read purchases; they learn that there is one.
        found = (
            self.env["purchase.order.line"]
            .sudo()
            .search(
                Domain("order_id.state", "in", ("draft", "sent", "to approve"))
                & (
                    Domain("sale_line_id", "in", [row["id"] for row in rows])
                    | Domain("product_id", "in", [row["product_id"] for row in rows])
                )
            )
        )
        of_lines = set(found.sale_line_id.ids)
        goods = {
            (line.product_id.id, line.order_id.picking_type_id.warehouse_id.id)
            for line in found
        }
        return {
            row["id"]
            for row in rows
            if row["id"] in of_lines
            or (row["product_id"], row["warehouse_id"]) in goods
        }

    @api.model
    def _advice(self, row, is_requested, may_buy):
        """``(what to do, icon)`` for a line that is late or at risk."""
        if row["backlog_state"] == "ready":
            return self.env._("Ship it"), "fa-truck"
        if row["to_source_qty"] > 0:
            return self._advice_to_source(is_requested, may_buy)
        if row["backlog_qty"] > 0:
            return self.env._("Ship what is ready"), "fa-truck"
        return self.env._("Chase the supply, tell the customer"), "fa-bell-o"

    @api.model
    def _advice_to_source(self, is_requested, may_buy):
        if may_buy:
            if is_requested:
                return self.env._("Confirm the request"), "fa-check"
            return self.env._("Order the supply"), "fa-cart-plus"
        if is_requested:
            return self.env._("Ask Purchase to confirm"), "fa-comment-o"
        return self.env._("Ask Purchase to order"), "fa-comment-o"
