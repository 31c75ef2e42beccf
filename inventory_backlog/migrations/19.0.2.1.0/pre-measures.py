from odoo.tools.sql import table_exists


def migrate(cr, version):
    """Forget cached rates of vendors: what was closed short counts from here on."""
    if table_exists(cr, "backlog_vendor_measure"):
        cr.execute("DELETE FROM backlog_vendor_measure")
