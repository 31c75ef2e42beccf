from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..models.act.backlog_shipping import LotsMissingError
from ..tools.actions import open_records


class BacklogShip(models.TransientModel):
    """Ship what is ready of some transfers: the lines that were asked for and what else
    of the same transfers is ready. The rest stays open."""

    _name = "backlog.ship"
    _inherit = ["backlog.bounds.mixin"]
    _description = "Ship"

    line_ids = fields.One2many("backlog.ship.line", "ship_id")
    has_more = fields.Boolean(
        compute="_compute_has_more", help="Something else is ready in the transfers."
    )

    @api.depends("line_ids.is_asked")
    def _compute_has_more(self):
        for ship in self:
            ship.has_more = not all(ship.line_ids.mapped("is_asked"))

    @api.model
    def _open_for(self, lines, transfers):
        """Open the window.

        :param lines: those that were asked for
        :param transfers: as the user may change them
        """
        ship = self.create(
            {
                "line_ids": [
                    Command.create(
                        {
                            # A record: the user may change its transfer.
                            "move_id": move,
                            "ready_qty": ready,
                            "qty": quantity,
                            "is_asked": is_asked,
                        }
                    )
                    for move, ready, quantity, is_asked in self.env[
                        "backlog.shipping"
                    ]._to_ship(lines, transfers)
                ]
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Ship"),
            "res_model": self._name,
            "res_id": ship.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "large"},
        }

    def action_validate(self):
        """Ship what is ticked, transfer by transfer: one that fails stays as it was.

        :return: a message, or what Odoo asks before one transfer leaves
        :raise UserError: when nothing is ticked, or the only transfer cannot leave
        """
        self.ensure_one()
        chosen = self.line_ids.filtered(
            lambda line: line.is_chosen and line.product_uom_id.compare(line.qty, 0) > 0
        )
        if not chosen:
            raise UserError(self.env._("Tick what is to be shipped."))
        transfers = chosen.move_id.picking_id
        if len(transfers) == 1:
            return self._ship_one(transfers, chosen)
        shipped, failed, reports = [], [], []
        for transfer, rows in chosen.grouped(
            lambda line: line.move_id.picking_id
        ).items():
            try:
                with self.env.cr.savepoint():
                    answer = self._ship_rows(transfer, rows)
                    if transfer.state != "done":
                        raise UserError(
                            self.env._("%s: open it to ship it.", transfer.name)
                        )
            except (UserError, OperationalError) as error:
                self.env.invalidate_all()
                failed.append(str(error))
            else:
                shipped.append(transfer.name)
                if isinstance(answer, dict):
                    reports += answer.get("params", {}).get("reports", [])
        return self._told(shipped, failed, reports)

    def _ship_one(self, transfer, rows):
        """Ship one transfer. Where serial numbers are missing it is opened; what Odoo
        asks is asked."""
        try:
            with self.env.cr.savepoint():
                answer = self._ship_rows(transfer, rows)
        except LotsMissingError:
            self.env.invalidate_all()
            return open_records(transfer)
        if isinstance(answer, dict) and transfer.state != "done":
            return answer
        reports = (
            answer.get("params", {}).get("reports", [])
            if isinstance(answer, dict)
            else []
        )
        return self._told([transfer.name], [], reports)

    def _ship_rows(self, transfer, rows):
        return self.env["backlog.shipping"]._ship(
            transfer, {row.move_id: row.qty for row in rows}
        )

    def _told(self, shipped, failed, reports):
        """The message of what was shipped; papers that Odoo prints by itself come with
        it."""
        sentences = []
        if shipped:
            sentences.append(self.env._("%s shipped.", ", ".join(shipped)))
        after = {"type": "ir.actions.act_window_close"}
        if reports:
            after = {
                "type": "ir.actions.client",
                "tag": "do_multi_print",
                "params": {"reports": reports, "anotherAction": after},
            }
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if not failed else "warning",
                "message": " ".join([*sentences, *failed]),
                "sticky": bool(failed),
                "next": after,
            },
        }
