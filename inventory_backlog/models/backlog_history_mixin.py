from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import ormcache


class Ours:
    """A value of history that our own code gives where Odoo makes the record with the
    rights of the user, as when a transfer is split. Nothing that comes over RPC can be
    such an object. A ``Link`` takes a record, which the user need not be able to read.

    >>> Ours(7).value
    7
    """

    def __init__(self, value):
        self.value = value


class BacklogHistoryMixin(models.AbstractModel):
    """Fields with ``history=True`` are set by the addon alone.

    What a client gives for one of them is left out when a record is made: directly, by
    the commands of its order, by an import or a copy, as a default of the context or of
    the user. When a record is changed it is refused. The addon sets them as superuser,
    in SQL, or as ``Ours``; defaults are left out there as well, since the context of
    the client comes along.
    """

    _name = "backlog.history.mixin"
    _description = "Fields That Are History"

    @api.model
    def _valid_field_parameter(self, field, name):
        return name == "history" or super()._valid_field_parameter(field, name)

    @api.model
    @ormcache()
    def _history_names(self):
        """The names of the fields that are history."""
        return frozenset(
            name
            for name, field in self._fields.items()
            if getattr(field, "history", False)
        )

    @api.model
    def default_get(self, fields):
        """History has no defaults."""
        history = self._history_names()
        return super().default_get([name for name in fields if name not in history])

    def _prepare_create_values(self, vals_list):
        return super()._prepare_create_values(
            list(map(self._without_forged, vals_list))
        )

    @api.model
    def _without_forged(self, vals):
        """The values without history that a client gives."""
        result = dict(vals)
        for name in self._history_names() & vals.keys():
            if isinstance(vals[name], Ours):
                result[name] = vals[name].value
            elif not self.env.su:
                del result[name]
        return result

    def write(self, vals):
        """Refuse changes of history by hand."""
        if not self.env.su and (forged := self._history_names() & vals.keys()):
            raise UserError(
                self.env._(
                    "%s: this is kept as it was, and nobody changes it. Leave it out.",
                    ", ".join(
                        self._fields[name]._description_string(self.env)
                        for name in sorted(forged)
                    ),
                )
            )
        return super().write(vals)
