from odoo import api, models

from ..models.backlog_line import BACKLOG_STATES
from ..models.res_partner_summary import plain_quantity

TOP = 10


class BacklogReport(models.TransientModel):
    """The tables of the printed report."""

    _inherit = "backlog.report"

    @api.model
    def _share(self, part, whole):
        """Per cent; of nothing it is 0."""
        return 100 * part / whole if whole else 0

    @api.model
    def _labels(self, name):
        return self._lines()._fields[name]._description_selection(self._lines().env)

    @api.model
    def _with_customers(self, sums, partners, state=None):
        customers = {
            customer
            for customer, its_state, _is_late, _id in partners
            if state in (None, its_state)
        }
        return {**sums, "customers": len(customers)}

    def _states(self, groups, total):
        labels = dict(self._labels("backlog_state"))
        rows = []
        for state, _label in BACKLOG_STATES:
            sums = groups["backlog_state"].get((state,), self._nothing())
            rows.append(
                {
                    **self._with_customers(sums, groups["partners"], state),
                    "state": state,
                    "label": labels[state],
                    "share": self._share(sums["value"], total["value"]),
                }
            )
        return rows

    def _lateness_totals(self, groups, total):
        """Late, at risk, in time: each line is one of them."""
        labels = {
            "late": self.env._("Late"),
            "at_risk": self.env._("At risk"),
            "in_time": self.env._("In time"),
        }
        sums = {name: self._nothing() for name in labels}
        for (is_late, is_at_risk), found in groups["lateness"].items():
            name = "late" if is_late else "at_risk" if is_at_risk else "in_time"
            sums[name] = found
        return [self._row(labels[name], sums[name], total, key=name) for name in labels]

    def _buckets(self, name, groups, total):
        return [
            self._row(label, groups[name].get((value,), self._nothing()), total)
            for value, label in self._labels(name)
        ]

    def _causes(self, groups, total):
        """The causes of what is late or at risk, the costliest first."""
        rows = [
            self._row(label, groups["delay_cause"][(value,)], total)
            for value, label in self._labels("delay_cause")
            if (value,) in groups["delay_cause"]
        ]
        return sorted(rows, key=lambda row: -row["value"])

    def _row(self, label, sums, total, **more):
        return {
            "label": label,
            "lines": sums["lines"],
            "value": sums["value"],
            "share": self._share(sums["value"], total["value"]),
            **more,
        }

    def _top_customers(self, groups, total):
        customers = {}
        for (customer, _state, is_late, _id), sums in groups["partners"].items():
            row = customers.setdefault(
                customer,
                dict.fromkeys(("value", "ready", "prepaid", "late", "lines"), 0),
            )
            for name in ("value", "ready", "prepaid", "lines"):
                row[name] += sums[name]
            row["late"] += is_late and sums["value"]
        for customer, row in customers.items():
            row["name"] = customer.display_name
            row["share"] = self._share(row["value"], total["value"])
        return self._top(customers.values(), ("value", "ready", "late", "prepaid"))

    def _top_products(self, groups, total):
        ranked = sorted(
            groups["product"].items(),
            key=lambda item: (-item[1]["value"], item[0][0].id),
        )
        products = self.env["product.product"].browse(
            product.id for (product,), _sums in ranked[:TOP]
        )
        resilience = dict(
            products._fields["vendor_resilience"]._description_selection(self.env)
        )
        rows = [
            {
                "value": sums["value"],
                "to_source": sums["to_source"],
                "share": self._share(sums["value"], total["value"]),
                "lines": sums["lines"],
                "product": product,
                "open_qty": sums["open_qty"],
                "to_source_qty": sums["to_source_qty"],
            }
            for (product,), sums in ranked
        ]
        top = self._top(rows, ("value", "to_source"))
        for row, product in zip(
            top["rows"], products.with_company(self.company_id), strict=True
        ):
            # The vendors of a product are shown to whoever sees its backlog.
            row["name"] = product.sudo().display_name
            row["unit"] = product.sudo().uom_id.name
            row["vendor"] = product.main_vendor_id.sudo().display_name or ""
            row["resilience"] = resilience.get(product.vendor_resilience, "")
            del row["product"]
        return top

    def _top(self, rows, names):
        """The first rows by value, and the sums of all others."""
        ranked = sorted(rows, key=lambda row: -row["value"])
        others = ranked[TOP:]
        return {
            "rows": ranked[:TOP],
            "others": {
                "count": len(others),
                "share": sum(row["share"] for row in others),
                **{name: sum(row[name] for row in others) for name in names},
            },
        }

    def _quantity(self, quantity):
        """A quantity without needless zeros, as people write it."""
        return plain_quantity(self.env, quantity)
