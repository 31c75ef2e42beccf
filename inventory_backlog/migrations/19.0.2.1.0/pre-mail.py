from odoo import SUPERUSER_ID, api

TEMPLATES = ("mail_template_backlog_report", "mail_template_backlog_summary")


def migrate(cr, version):
    """Have both mails made anew. That with a customer's summary says now whose orders
    it is about: the old one may say that it is about all. The subject of the report is
    the day on which it is made: its period ends the day before. What somebody has
    edited is theirs, and stays."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    for name in TEMPLATES:
        template = env.ref(f"inventory_backlog.{name}", raise_if_not_found=False)
        if template and template.write_uid.id == SUPERUSER_ID:
            template.unlink()
