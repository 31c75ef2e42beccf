from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple

from odoo import api, models

from ..tools.bounds import bounded_days
from .backlog_need import ASKING, NeedRow
from .backlog_suggestion_plan import QUEUED

# The parts of ``backlog.need`` that somebody must act on; ``direct``: a want that a
# vendor ships to the customer.
WANTED = ("want", "chained", "direct", "draft", "hole")


class Missing(NamedTuple):
    """A part of a want that nothing covers, or comes too late."""

    want: NeedRow
    qty: float
    document: str = None
    """What brings it too late, as ``model,id``, and when."""
    expected_day: object = None


class Net(NamedTuple):
    """What is missing of a product in a warehouse, after all that would help."""

    short_qty: float
    in_progress_qty: float
    missing: list
    late: list
    stock: float
    """What is left over of the stock, for other warehouses."""
    ready: dict
    """``{document: quantity}`` of the drafts that the stock serves at once."""

    @property
    def missing_qty(self):
        """The missing parts summed."""
        return sum(part.qty for part in self.missing)


class BacklogSuggestion(models.Model):
    """What is missing of a product in each warehouse, after all that would help."""

    _inherit = "backlog.suggestion"

    @api.model
    def _nets(self, product, rows):
        """``{warehouse id: Net}`` within the horizon, the most urgent first."""
        horizon = self._horizon_day()
        by_warehouse = defaultdict(list)
        for row in rows:
            if row.part not in ASKING or row.day <= horizon:
                by_warehouse[row.warehouse_id].append(self._with_direct(row))
        for of_warehouse in by_warehouse.values():
            if not any(row.part in (*ASKING, "direct") for row in of_warehouse):
                # Stock below zero is corrected by a count, not bought, unless somebody
                # waits.
                of_warehouse[:] = [row for row in of_warehouse if row.part != "hole"]
        nets = {
            warehouse_id: self._net(product.uom_id, of_warehouse)
            for warehouse_id, of_warehouse in by_warehouse.items()
        }

        def urgency(warehouse_id):
            missing = nets[warehouse_id].missing
            return missing[0].want.day if missing else horizon, warehouse_id

        return {one: nets[one] for one in sorted(nets, key=urgency)}

    @api.model
    def _without_rule(self, net, warehouse_id, facts):
        """What is left to do beside the reordering rule of the warehouse. It orders
        what waits in the queue; what is not confirmed yet, and what a vendor ships to
        the customer, it does not see."""
        if warehouse_id not in facts.left_to_rules:
            return net
        seen = [part for part in net.missing if part.want.part in QUEUED]
        return net._replace(
            short_qty=net.short_qty - sum(part.qty for part in seen),
            missing=[part for part in net.missing if part.want.part not in QUEUED],
        )

    @api.model
    def _with_direct(self, row):
        """Tell apart what the vendor ships: order lines without a move whose routes say
        so."""
        if row.part != "want" or row.move_id or not row.order_line_id:
            return row
        line = self.env["sale.order.line"].browse(row.order_line_id)
        return row._replace(part="direct") if line._is_shipped_by_vendor() else row

    @api.model
    def _horizon_day(self):
        company = self.env.company
        horizon = bounded_days(company.backlog_horizon_days, 0)
        return company._backlog_today() + timedelta(days=horizon)

    @api.model
    def _net(self, uom, rows):
        """Lay what would help over what is wanted, in the order of the days. Stock and
        receipts that are left over serve only what is not in the queue yet."""
        today = self.env.company._backlog_today()
        lefts = [[row, row.qty] for row in rows if row.part == "left"]
        requests = [[row, row.qty] for row in rows if row.part == "request"]
        short = in_progress = 0
        ready = defaultdict(float)
        missing = []
        late = [
            Missing(row, row.qty, row.document, row.expected_day)
            for row in rows
            if row.part == "late"
        ]
        for want in rows:
            if want.part not in WANTED:
                continue
            quantity = want.qty
            queued = want.part not in ("draft", "hole")
            for left, taken in self._take(uom, lefts, 0 if queued else quantity):
                quantity -= taken
                expected = left.day and max(left.day, today)
                if not left.document:
                    ready[want.document] += taken
                elif expected > want.day:
                    late.append(Missing(want, taken, left.document, expected))
            quantity = uom.round(quantity)
            short += quantity
            helping = [pair for pair in requests if self._helps(pair[0], want)]
            for _request, taken in self._take(uom, helping, quantity):
                quantity -= taken
                in_progress += taken
            quantity = uom.round(quantity)
            if uom.compare(quantity, 0) > 0:
                missing.append(Missing(want, quantity))
        stock = sum(qty for row, qty in lefts if not row.document)
        return Net(
            uom.round(short), uom.round(in_progress), missing, late, stock, ready
        )

    @api.model
    def _helps(self, request, want):
        """Whether a request may serve a want: what was made for one delivery, or is
        shipped to one customer, is for nobody else."""
        if request.order_line_id:
            return not want.move_id and request.order_line_id == want.order_line_id
        if request.move_id:
            return request.move_id == want.move_id
        return want.part not in ("direct", "chained")

    @api.model
    def _take(self, uom, supplies, quantity):
        """Take ``quantity`` from the supplies, the first first: ``(row, taken)``."""
        for supply in supplies:
            taken = min(quantity, supply[1])
            if uom.compare(taken, 0) <= 0:
                continue
            supply[1] -= taken
            quantity -= taken
            yield supply[0], taken

    @api.model
    def _split_missing(self, uom, missing, quantity):
        """Cut ``missing`` in two: the first ``quantity`` of it, and the rest."""
        first, rest = [], []
        for part in missing:
            taken = min(part.qty, quantity)
            quantity -= taken
            if uom.compare(taken, 0) > 0:
                first.append(part._replace(qty=taken))
            if uom.compare(part.qty, taken) > 0:
                rest.append(part._replace(qty=uom.round(part.qty - taken)))
        return first, rest

    @api.model
    def _group_missing(self, missing):
        """What to order for the warehouse and what the vendor ships to the customer:
        ``{action: [Missing]}``."""
        groups = defaultdict(list)
        for part in missing:
            groups["dropship" if part.want.part == "direct" else "buy"].append(part)
        return groups
