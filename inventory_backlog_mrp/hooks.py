from odoo.addons.inventory_backlog.hooks import forget_demo
from odoo.addons.inventory_backlog.models.backlog_trigger import BacklogTrigger


def post_init_hook(env):
    """Nothing was computed by our code, or marked by our triggers, while we were not
    installed: what is kept is kept anew when all is loaded."""
    env.cr.execute("UPDATE backlog_kept SET signature = NULL")


def uninstall_hook(env):
    """See the hook of the base addon."""
    forget_demo(env, "inventory_backlog_mrp")
    trigger = env["backlog.trigger"]
    trigger._remove(BacklogTrigger._watched(trigger))
