from odoo.addons.inventory_backlog.hooks import fill_first_promises


def migrate(cr, version):
    fill_first_promises(cr)
