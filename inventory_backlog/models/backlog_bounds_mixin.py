from odoo import api, models
from odoo.api import NewId
from odoo.exceptions import ValidationError
from odoo.fields import Command

from ..tools.arguments import (
    LARGEST_NUMBER,
    LONGEST_TEXT,
    is_day,
    is_number,
    is_text,
    without_defaults,
)
from ..tools.bounds import FIRST_DAY, LARGEST_INTEGER

ADDONS = {"inventory_backlog", "inventory_backlog_mrp"}


class BacklogBoundsMixin(models.AbstractModel):
    """Bounds for values typed into our fields: numbers, days and texts of a sensible
    size, when a record is saved and while a form is edited (``onchange``). Other values
    get a sentence instead of an error of Python or PostgreSQL. A default out of bounds
    is left out. The superuser is trusted.
    """

    _name = "backlog.bounds.mixin"
    _description = "Bounds of What Is Typed"

    @api.model_create_multi
    def create(self, vals_list):
        """Nothing out of bounds."""
        for vals in vals_list:
            self._check_bounds(vals)
        return super().create(vals_list)

    def write(self, vals):
        """Nothing out of bounds."""
        self._check_bounds(vals)
        return super().write(vals)

    def onchange(self, values, field_names, fields_spec):
        """Nothing out of bounds. A form may name a record with some of its values."""
        self._check_bounds(values, linked=int | dict)
        return super().onchange(values, field_names, fields_spec)

    @api.model
    def default_get(self, fields):
        """Nothing out of bounds of what the context brings."""
        context = self.env.context
        bad = [
            name
            for name in fields
            if name in self._fields
            and f"default_{name}" in context
            and self._bounds_told(name, context[f"default_{name}"])
        ]
        model = without_defaults(self, bad) if bad else self
        return super(BacklogBoundsMixin, model).default_get(fields)

    @api.model
    def _check_bounds(self, vals, linked=int):
        """Check the values for our fields, also those of lines.

        :param linked: the types of what stands for another record
        :raise ValidationError: with what can be entered instead
        """
        if self.env.su:
            return
        for name, value in vals.items():
            field = self._fields.get(name)
            if not field or not set(field._modules) <= ADDONS:
                continue
            if told := self._bounds_told(name, value, linked):
                raise ValidationError(told)
            if field.type == "one2many" and isinstance(value, list | tuple):
                for command in value:
                    self._check_command(field, command, linked)

    @api.model
    def _check_command(self, field, command, linked):
        lines = self.env[field.comodel_name]
        if (
            hasattr(lines, "_check_bounds")
            and isinstance(command, list | tuple)
            and len(command) == 3
            and command[0] in (Command.CREATE, Command.UPDATE)
            and isinstance(command[2], dict)
        ):
            lines._check_bounds(command[2], linked)

    @api.model
    def _bounds_told(self, name, value, linked=int | dict):
        """What can be entered instead of ``value``, or False when it can be."""
        field = self._fields[name]
        if value is None or value is False:
            return False
        label = field._description_string(self.env)
        if field.type in ("float", "monetary") and not is_number(value):
            return self.env._(
                "%(field)s: enter a number up to %(most)s.",
                field=label,
                most=f"{LARGEST_NUMBER:.0f}",
            )
        if field.type == "integer" and not is_number(value, LARGEST_INTEGER):
            return self.env._(
                "%(field)s: enter a whole number up to %(most)s.",
                field=label,
                most=LARGEST_INTEGER,
            )
        if field.type in ("char", "text") and not is_text(value):
            return self.env._(
                "%(field)s: write at most %(most)s characters.",
                field=label,
                most=LONGEST_TEXT,
            )
        if field.type in ("date", "datetime") and not is_day(value):
            return self.env._(
                "%(field)s: enter a day from %(first)s on, as 2030-12-31.",
                field=label,
                first=FIRST_DAY,
            )
        if field.type == "many2one" and not self._is_link(field, value, linked):
            return self.env._("%(field)s: choose a record.", field=label)
        if field.type == "selection" and value not in self._choices(field):
            return self.env._(
                "%(field)s: choose one of %(values)s.",
                field=label,
                values=", ".join(self._choices(field)),
            )
        return False

    @api.model
    def _is_link(self, field, value, linked):
        if isinstance(value, models.BaseModel | NewId):
            return True
        if isinstance(value, bool) or not isinstance(value, linked):
            return False
        if isinstance(value, dict):
            return value.keys() <= self.env[field.comodel_name]._fields.keys()
        return 0 < value <= LARGEST_INTEGER

    @api.model
    def _choices(self, field):
        return list(map(str, field.get_values(self.env)))
