from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column

from .tools.bounds import later


def pre_init_hook(env):
    """Before the ORM adds its columns and computes them line by line."""
    fill_first_promises(env.cr)


def fill_first_promises(cr):
    """Fill the first promise of the confirmed lines in one statement each, before the
    ORM would compute it line by line: on a large database that takes hours. Of what
    was promised before, the present date is all that is known."""
    if not column_exists(cr, "sale_order_line", "first_promise_date"):
        create_column(cr, "sale_order_line", "first_promise_date", "timestamp")
        cr.execute(
            SQL(
                """
                UPDATE sale_order_line line
                   SET first_promise_date = COALESCE(sale.commitment_date, %s)
                  FROM sale_order sale
                 WHERE sale.id = line.order_id
                   AND sale.state = 'sale'
                """,
                later(SQL("sale.date_order"), SQL("line.customer_lead")),
            )
        )
    if not column_exists(cr, "purchase_order_line", "first_promise_date"):
        create_column(cr, "purchase_order_line", "first_promise_date", "timestamp")
        cr.execute(
            """
            UPDATE purchase_order_line line
               SET first_promise_date = line.date_planned
              FROM purchase_order purchase
             WHERE purchase.id = line.order_id
               AND purchase.state = 'purchase'
            """
        )


def uninstall_hook(env):
    """Keep the demo documents: Odoo would delete some of them and fail on those that
    have moves. They are ordinary documents once the addon is gone."""
    forget_demo(env, "inventory_backlog")
    env["backlog.trigger"]._remove({})


def forget_demo(env, module):
    """Odoo deletes, with the addon, the records that it knows to be the addon's."""
    env["ir.model.data"].search(
        [("module", "=", module), ("name", "=like", "%\\_demo%")]
    ).unlink()
