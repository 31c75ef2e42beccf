"""Payment terms as SQL: which share of a sum is due, and when.

A statement that uses them has the rows of ``instalments`` as a table and joins those of
one payment term as ``term``, by ``term_id``; without one the columns are NULL and the
whole sum is due at once. Amounts, days and dates are bounded as everywhere, see
``tools/bounds.py``. The rules are those of Odoo's ``account.payment.term``.
"""

from odoo.tools import SQL

from ..tools.bounds import FIRST_DAY, LAST_DAY, days, money


def instalments():
    """The statement of the instalments of each payment term: where each begins and
    ends, as a share of the total (0 to 1) and a fixed amount. The last one takes what
    is left, as in Odoo's own ``account.payment.term._compute_terms``.

    Columns: ``term_id, delay_type, nb_days, day_of_month, number, is_last,
    percent_upto, percent, fixed_upto, fixed``. Absurd values, as SQL or an import can
    write them, are bounded: days by a hundred years, amounts by 10¹⁵.

    >>> instalments().params
    [-36500, 36500, -1000000000000000, 1000000000000000]
    """
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
    """Which share of a sum (0 to 1) falls due with the instalment ``term``: what the
    instalments up to this one have due, less what those before it have; all of it
    without a term. Fixed amounts are for a whole order of ``total``, in its currency;
    without a total there are none.

    >>> share = " ".join(share_due(SQL("sale.amount_total")).code.split())
    >>> share.startswith("CASE WHEN term.term_id IS NULL THEN 1 ELSE")
    True
    >>> "COALESCE(term.fixed_upto / NULLIF(sale.amount_total, 0), 0)" in share
    True
    """
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
    """When the instalment ``term`` asks for money whose invoice is of ``day``, as in
    Odoo's own ``account.payment.term.line._get_due_date``; NULL where ``day`` is.
    Without a term that is the day itself. Whatever the days of a term are, the result
    is within the dates that Odoo can group by:

    >>> due = due_day(SQL("sale.day"))
    >>> due.params == [LAST_DAY, FIRST_DAY]
    True
    >>> " ".join(due.code.split()).startswith("CASE WHEN sale.day IS NOT NULL THEN")
    True
    """
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
