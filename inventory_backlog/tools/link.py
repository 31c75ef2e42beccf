from odoo import fields, models
from odoo.exceptions import MissingError

from .bounds import LARGEST_INTEGER


def check_readable(records, *names):
    """Refuse links of ``records`` to what the user cannot read, for constraints: Odoo
    lets everything be put into a list, and checks constraints as superuser.

    :raise AccessError: for the first of the fields ``names`` that has some
    """
    as_user = records.sudo(False)
    for name in names:
        as_user[name]._origin.check_access("read")


class Link(fields.Many2one):
    """A link to a record that must be readable for the user who sets it.

    Odoo takes any id for a link and shows the name behind it as superuser: a form that
    is asked before it is saved (``onchange``, ``default_get``) would name records of
    other companies. Here an id that came from outside and that the user cannot read is
    empty in such a form, and refused when it is saved. What our own code sets is a
    record, or is set as superuser, and passes.
    """

    def convert_to_column(self, value, record, values=None, validate=True):
        """Take a record as well, which only our own code can give."""
        if isinstance(value, models.BaseModel):
            value = value.id
        return super().convert_to_column(value, record, values, validate)

    def convert_to_cache(self, value, record, validate=True):
        """Leave out what the user cannot read; refuse it when it is to be saved."""
        id_ = super().convert_to_cache(value, record, validate)
        # The id of a record that is not saved is false; it may have an origin.
        number = getattr(id_, "origin", id_)
        if not number or record.env.su or isinstance(value, models.BaseModel):
            return id_
        linked = record.env[self.comodel_name]
        if 0 < number <= LARGEST_INTEGER:
            linked = linked.browse(number).exists()
        if linked and linked.has_access("read"):
            return id_
        if not validate:
            return None
        linked.check_access("read")
        raise MissingError(
            record.env._(
                "%s: this record does not exist any more. Choose another one.",
                self._description_string(record.env),
            )
        )
