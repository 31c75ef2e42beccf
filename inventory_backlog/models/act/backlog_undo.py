from odoo import fields, models


class BacklogUndo(models.TransientModel):
    """What undoing an action needs to know. The client gets its number alone, so it can
    undo nothing else; rights and state are checked when it is used."""

    _name = "backlog.undo"
    _description = "What Can Be Undone"

    verb = fields.Char(required=True, readonly=True)
    payload = fields.Json(readonly=True)

    def _keep(self, verb, payload):
        """``{"verb", "token"}`` for the client."""
        # sudo: only our own code makes and reads these; the user made it.
        kept = self.sudo().create({"verb": verb, "payload": payload})
        return {"verb": verb, "token": kept.id}

    def _mine(self, token):
        """What the user can undo under this number, empty when there is nothing or it
        was used."""
        return self.sudo().search(
            [("id", "=", token), ("create_uid", "=", self.env.uid)]
        )
