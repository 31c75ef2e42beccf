from odoo.addons.inventory_backlog.hooks import forget_demo


def uninstall_hook(env):
    """See the hook of the base addon."""
    forget_demo(env, "inventory_backlog_mrp")
