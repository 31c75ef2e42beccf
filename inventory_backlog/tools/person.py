"""Whose access rights figures on paper and in mails are computed with."""

from odoo import SUPERUSER_ID
from odoo.exceptions import UserError


def as_asked(records):
    """``records`` as the person sees them who asks for them, also where Odoo works as
    superuser on their behalf: its mail composer renders reports so.

    :raise UserError: when it is nobody, as in a scheduled action: Odoo itself sees
        everything, and that is for no paper
    """
    if records.env.uid == SUPERUSER_ID:
        raise UserError(
            records.env._(
                "A report of the backlog shows what the person who asks for it may "
                "see, and Odoo itself asked for this one. Print or send it as a user."
            )
        )
    return records.with_user(records.env.uid)
