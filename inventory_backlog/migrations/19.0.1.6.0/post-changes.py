def migrate(cr, version):
    """Who asks for changes from the beginning gets all lines that are open."""
    cr.execute(
        """
        INSERT INTO backlog_change (id, fold, company_id)
        SELECT line.id, kept.folds, line.company_id
          FROM backlog_kept_line line
    CROSS JOIN (SELECT MAX(folds) AS folds FROM backlog_kept) kept
            ON CONFLICT DO NOTHING
        """
    )
