from odoo.addons.inventory_backlog.hooks import fill_first_promises


def migrate(cr, version):
    """As at the first installation: what was confirmed before has a first promise
    too."""
    fill_first_promises(cr)
