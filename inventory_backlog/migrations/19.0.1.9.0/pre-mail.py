from odoo import SUPERUSER_ID, api

SUMMARY = "inventory_backlog.mail_template_backlog_summary"


def migrate(cr, version):
    """Have the mail with a customer's summary made anew, which says now whose orders it
    is about: the old one may say that it is about all. What somebody has edited is
    theirs, and stays."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    template = env.ref(SUMMARY, raise_if_not_found=False)
    if template and template.write_uid.id == SUPERUSER_ID:
        template.unlink()
