from odoo import api, models


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
        result = []
        for row in rows:
            advice, icon = self._advice(row)
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
    def _advice(self, row):
        """``(what to do, icon)`` for a line that is late or at risk."""
        if row["backlog_state"] == "ready":
            return self.env._("Ship it"), "fa-truck"
        if row["to_source_qty"] > 0:
            return self.env._("Order the supply"), "fa-cart-plus"
        if row["backlog_qty"] > 0:
            return self.env._("Ship what is ready"), "fa-truck"
        return self.env._("Chase the supply, tell the customer"), "fa-bell-o"
