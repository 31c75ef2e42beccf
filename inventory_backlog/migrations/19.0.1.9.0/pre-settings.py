from odoo.tools import SQL
from odoo.tools.sql import column_exists

# What a setting can be from now on: PostgreSQL refuses a constraint that a row breaks.
BOUNDS = {
    "backlog_risk_days": (0, 36_500),
    "backlog_horizon_days": (0, 36_500),
    "backlog_snapshot_years": (1, 100),
    "backlog_vendor_window_days": (1, 36_500),
    "backlog_vendor_min_receipts": (1, 10**6),
    "backlog_weight_accepted": (0, 10**6),
    "backlog_weight_on_time": (0, 10**6),
    "backlog_weight_steady": (0, 10**6),
    "backlog_tolerance_quality": (0, 10**6),
    "backlog_tolerance_on_time": (0, 10**6),
    "backlog_tolerance_lead_days": (0, 10**6),
    "backlog_tolerance_price": (0, 10**6),
}


def migrate(cr, version):
    """Bring the settings within their bounds: 999999 days stood for all days."""
    for name, (least, most) in BOUNDS.items():
        if not column_exists(cr, "res_company", name):
            continue  # It comes with this version, or one that was left out.
        cr.execute(
            SQL(
                """
                UPDATE res_company
                   SET %(name)s = LEAST(GREATEST(%(name)s, %(least)s), %(most)s)
                 WHERE %(name)s NOT BETWEEN %(least)s AND %(most)s
                """,
                name=SQL.identifier(name),
                least=least,
                most=most,
            )
        )
