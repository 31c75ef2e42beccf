from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class BacklogConfirmRequest(models.TransientModel):
    """Confirm requests that customers wait for, after a look at vendor, total, arrival
    and who is helped. Nobody can undo that here."""

    _name = "backlog.confirm.request"
    _inherit = ["backlog.bounds.mixin"]
    _description = "Confirm Requests"

    line_ids = fields.One2many("backlog.confirm.request.line", "confirm_id")

    @api.model
    def _open_for(self, documents):
        """Open the window for these documents, which the user may write.

        :param documents: a list of records
        """
        confirm = self.create(
            {
                "line_ids": [
                    Command.create({"document": f"{one._name},{one.id}"})
                    for one in documents
                ]
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Confirm request"),
            "res_model": self._name,
            "res_id": confirm.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "large"},
        }

    def action_confirm(self):
        """Confirm what is ticked, one by one: one that fails stays as it was.

        :return: a message
        :raise UserError: when nothing is ticked, or nothing could be confirmed
        """
        self.ensure_one()
        chosen = self.line_ids.filtered("is_chosen")
        if not chosen:
            raise UserError(self.env._("Tick what is to be confirmed."))
        for line in chosen:
            line.document.check_access("write")
        confirmed, failed = [], []
        for line in chosen:
            try:
                with self.env.cr.savepoint():
                    line._confirm()
            except (UserError, OperationalError) as error:
                self.env.invalidate_all()
                failed.append(str(error))
            else:
                confirmed.append(line.document.display_name)
        if not confirmed:
            raise UserError("\n".join(failed))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if failed else "success",
                "message": " ".join(
                    [self.env._("%s confirmed.", ", ".join(confirmed)), *failed]
                ),
                "sticky": bool(failed),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
