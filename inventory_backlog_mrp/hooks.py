from odoo.addons.inventory_backlog.hooks import drop_functions, forget_demo

FUNCTIONS = (
    "backlog_touch_made",
    "backlog_touch_kits",
    "backlog_touch_bom",
    "backlog_touch_chosen_values",
)


def post_init_hook(env):
    """See the hook of the base addon. Nothing was marked by our triggers while we were
    not installed."""
    env["backlog.kept"]._touch_everything()
    env["backlog.kept"]._fold_if_free()


def uninstall_hook(env):
    """See the hook of the base addon."""
    forget_demo(env, "inventory_backlog_mrp")
    for function in FUNCTIONS:
        drop_functions(env.cr, function)
