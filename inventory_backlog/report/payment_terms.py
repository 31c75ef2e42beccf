from odoo.tools import SQL

from ..tools.bounds import FIRST_DAY, LAST_DAY, days, money


def instalments():
    """The instalments of each payment term: where each begins and ends, as a share
    of the total and a fixed amount. The last one takes what is left, as in Odoo's
    own ``account.payment.term._compute_terms``."""
    return SQL(
        """
        SELECT payment_id AS term_id, delay_type, %(nb_days)s AS nb_days,
               CASE WHEN days_next_month IS NULL THEN 0
                    WHEN days_next_month ~ '^[0-9]{1,2}$'
                    THEN days_next_month::integer
                    WHEN days_next_month ~ '^[0-9]+$' THEN 31
                    ELSE 1
                END AS day_of_month,
               ROW_NUMBER() OVER upto AS number,
               id = MAX(id) OVER (PARTITION BY payment_id) AS is_last,
               SUM(percent) OVER upto AS percent_upto, percent,
               SUM(fixed) OVER upto AS fixed_upto, fixed
          FROM (
                SELECT *,
                       CASE WHEN value = 'percent' THEN amount / 100 ELSE 0
                        END AS percent,
                       CASE WHEN value = 'fixed' THEN amount ELSE 0
                        END AS fixed
                  FROM account_payment_term_line
            CROSS JOIN LATERAL (SELECT COALESCE(%(amount)s, 0) AS amount) bounded
               ) line
        WINDOW upto AS (PARTITION BY payment_id ORDER BY id)
        """,
        nb_days=days(SQL("nb_days")),
        amount=money(SQL("value_amount")),
    )


def share_due(total):
    """Which share of a sum falls due with ``term``: all of it without one. Fixed
    amounts are for a whole order of ``total``, in its currency; without a total
    there are none."""
    return SQL(
        """
        CASE WHEN term.term_id IS NULL THEN 1
             ELSE CASE WHEN term.is_last THEN 1
                       ELSE LEAST(1, term.percent_upto
                                  + COALESCE(term.fixed_upto / %(total)s, 0))
                   END
                  - LEAST(1, term.percent_upto - term.percent
                             + COALESCE(
                                 (term.fixed_upto - term.fixed) / %(total)s, 0))
         END
        """,
        total=SQL("NULLIF(%s, 0)", total),
    )


def due_day(day):
    """When ``term`` asks for money whose invoice is of ``day``, as in Odoo's own
    ``account.payment.term.line._get_due_date``."""
    month = SQL("DATE_TRUNC('month', %s::timestamp)", day)
    later = SQL("(%s + term.nb_days)", day)
    month_later = SQL("DATE_TRUNC('month', %s::timestamp)", later)
    return SQL(
        """
        CASE WHEN %(day)s IS NOT NULL THEN LEAST(%(last)s, GREATEST(%(first)s,
        CASE term.delay_type
             WHEN 'days_after_end_of_month'
             THEN (%(month)s + INTERVAL '1 month')::date - 1 + term.nb_days
             WHEN 'days_after_end_of_next_month'
             THEN (%(month)s + INTERVAL '2 months')::date - 1 + term.nb_days
             WHEN 'days_end_of_month_on_the'
             THEN CASE WHEN term.day_of_month = 0
                       THEN (%(month_later)s + INTERVAL '1 month')::date - 1
                       ELSE LEAST(
                           (%(month_later)s + INTERVAL '1 month')::date - 1
                               + term.day_of_month,
                           (%(month_later)s + INTERVAL '2 months')::date - 1)
                   END
             ELSE COALESCE(%(later)s, %(day)s)
         END)) END
        """,
        day=day,
        month=month,
        month_later=month_later,
        later=later,
        first=FIRST_DAY,
        last=LAST_DAY,
    )
