from odoo import models
from odoo.fields import Domain
from odoo.tools import format_date


class BacklogReportBridge(models.AbstractModel):
    """The bridge of the printed report: from what was open when the period began to
    what is open now, from the snapshots that the user may see. The company of the
    environment is that of the report."""

    _name = "backlog.report.bridge"
    _description = "Bridge of the Report"

    def _bridge(self, report, open_now):
        """What moved the backlog in the period: ``{"note", "days", "rows"}``, each row
        ``{"label", "value", "is_sum"}``. The rows between two sums add up; ``days`` are
        the first and the last day of the bridge."""
        nothing = {
            "note": False,
            "days": (report.date_from, report.date_to),
            "rows": [],
        }
        if report.user_id or report.partner_id:
            return {
                **nothing,
                "note": self.env._(
                    "The history is kept per company and warehouse. Print the report "
                    "for all salespeople and customers to see what changed."
                ),
            }
        history = self._history(report)
        if not history:
            return {
                **nothing,
                "note": self.env._(
                    "There is no history of these days that you may see. It is kept "
                    "from the first daily snapshot on."
                ),
            }
        return {
            "days": (history["first"], history["last"]),
            "rows": self._bridge_rows(history, open_now),
            "note": history["is_caught_up"]
            and self.env._(
                "Some of these days were worked out later from orders and deliveries."
            ),
        }

    def _history(self, report):
        """The snapshots of the period summed, or None."""
        snapshot = self.env["backlog.snapshot"]
        if not snapshot.has_access("read"):
            return None
        names = {
            **{
                name: f"{name}:sum"
                for name in (
                    "opening",
                    "booked",
                    "shipped",
                    "cancelled",
                    "changed",
                    "closing",
                )
            },
            "first": "day_from:min",
            "last": "day:max",
            "is_caught_up": "is_caught_up:bool_or",
            "count": "__count",
        }
        domain = Domain("company_id", "=", report.company_id.id)
        domain &= Domain("day", ">=", report.date_from) & Domain(
            "day", "<=", report.date_to
        )
        if report.warehouse_id:
            domain &= Domain("warehouse_id", "=", report.warehouse_id.id)
        [row] = snapshot._read_group(domain, [], list(names.values()))
        history = dict(zip(names, row, strict=True))
        return history if history["count"] else None

    def _bridge_rows(self, history, open_now):
        """The rows of ``_bridge``: what closed and what is open now differ by what
        happened since the last snapshot."""
        rounded = self.env.company.currency_id.round
        parts = [
            (self.env._("Booked"), history["booked"]),
            (self.env._("Shipped"), -history["shipped"]),
            (self.env._("Cancelled"), -history["cancelled"]),
            (self.env._("Changed (prices, rates, returns)"), history["changed"]),
        ]
        explained = history["opening"] + sum(value for _label, value in parts)
        first, last = (
            format_date(self.env, history[name]) for name in ("first", "last")
        )
        rows = [
            (self.env._("Open at the start of %s", first), history["opening"], True),
            *((label, value, False) for label, value in parts),
            (
                self.env._("Difference (not explained)"),
                history["closing"] - explained,
                False,
            ),
            (self.env._("Open at the end of %s", last), history["closing"], True),
            (
                self.env._("Since that snapshot"),
                open_now - history["closing"],
                False,
            ),
            (self.env._("Open now"), open_now, True),
        ]
        return [
            # Adding 0 turns -0.0 into 0, where nothing was shipped.
            {"label": label, "value": rounded(value) + 0, "is_sum": is_sum}
            for label, value, is_sum in rows
        ]
