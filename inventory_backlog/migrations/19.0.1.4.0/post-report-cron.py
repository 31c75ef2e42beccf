def migrate(cr, version):
    """Try the weekly report every day: nobody gets two in a week, and what failed is
    not late by one. Who chose another pace keeps it."""
    cr.execute(
        """
        UPDATE ir_cron
           SET interval_type = 'days'
          FROM ir_model_data
         WHERE ir_model_data.module = 'inventory_backlog'
           AND ir_model_data.name = 'ir_cron_report'
           AND ir_cron.id = ir_model_data.res_id
           AND ir_cron.interval_number = 1
           AND ir_cron.interval_type = 'weeks'
        """
    )
