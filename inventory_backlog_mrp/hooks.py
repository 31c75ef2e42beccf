from odoo.addons.inventory_backlog.hooks import forget_demo
from odoo.addons.inventory_backlog.models.kept.backlog_trigger import BacklogTrigger

from .models.kept.backlog_trigger import WATCHED


def uninstall_hook(env):
    """See the hook of the base addon. What other addons watch is left to them."""
    forget_demo(env, "inventory_backlog_mrp")
    trigger = env["backlog.trigger"]
    others = {
        table: watch
        for table, watch in trigger._watched().items()
        if table not in WATCHED
    }
    trigger._remove(others | BacklogTrigger._watched(trigger))
