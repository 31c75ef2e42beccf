from odoo.tools.sql import column_exists, create_column


def pre_init_hook(env):
    """Fill the first promise of the confirmed lines in one statement, before the ORM
    would compute it line by line: on a large database that takes hours."""
    if column_exists(env.cr, "sale_order_line", "first_promise_date"):
        return
    create_column(env.cr, "sale_order_line", "first_promise_date", "timestamp")
    env.cr.execute(
        """
        UPDATE sale_order_line line
           SET first_promise_date = COALESCE(
                   sale.commitment_date,
                   sale.date_order + COALESCE(line.customer_lead, 0) * INTERVAL '1 day'
               )
          FROM sale_order sale
         WHERE sale.id = line.order_id
           AND sale.state = 'sale'
        """
    )


def uninstall_hook(env):
    """Keep the demo documents: Odoo would delete some of them and fail on those that
    have moves. They are ordinary documents once the addon is gone."""
    forget_demo(env, "inventory_backlog")


def forget_demo(env, module):
    env["ir.model.data"].search(
        [("module", "=", module), ("name", "=like", "%\\_demo%")]
    ).unlink()
