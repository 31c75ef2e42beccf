"""How vendors are judged: the formulas of their rates and of the quality score.

Each function returns an SQL expression. The rates are aggregates over the rows of an
alias of ``backlog.vendor.receipt``, so they are right for a vendor, a product, a group
of a pivot or a total alike. Rates are in per cent, lead times in days, the score is a
number from 0 to 100; NULL means that there is nothing to judge by.
"""

from odoo.tools import SQL


def on_time_rate(alias):
    """Per cent of what was due that came by the day first promised. The shares of a
    purchase line add up to 1, so each purchase line weighs the same; what is overdue or
    closed short counts as late.

    >>> on_time_rate("receipt").code
    '100 * SUM("receipt"."on_time_share") / NULLIF(SUM("receipt"."due_share"), 0)'
    """
    return SQL(
        "100 * SUM(%s) / NULLIF(SUM(%s), 0)",
        SQL.identifier(alias, "on_time_share"),
        SQL.identifier(alias, "due_share"),
    )


def in_full_rate(alias):
    """Per cent of what is not open any more that came at all, early or late; the rest
    was closed short. Each purchase line weighs the same.

    >>> in_full_rate("receipt").code
    '100 * SUM("receipt"."in_full_share") / NULLIF(SUM("receipt"."closed_share"), 0)'
    """
    return SQL(
        "100 * SUM(%s) / NULLIF(SUM(%s), 0)",
        SQL.identifier(alias, "in_full_share"),
        SQL.identifier(alias, "closed_share"),
    )


def reject_rate(alias, one_product=None):
    """Per cent of what was received that went back or was scrapped: by value, since
    units of different products do not add up.

    :param SQL one_product: a condition; where it is true all rows are of one product,
        and the rate is by quantity

    >>> print(reject_rate("receipt").code)  # doctest: +NORMALIZE_WHITESPACE
    100 * CASE WHEN FALSE
        THEN SUM("receipt"."rejected_qty") / NULLIF(SUM("receipt"."received_qty"), 0)
        ELSE SUM("receipt"."rejected_value")
             / NULLIF(SUM("receipt"."received_value"), 0)
         END
    """
    return SQL(
        """100 * CASE WHEN %(one_product)s
                THEN SUM(%(rejected_qty)s) / NULLIF(SUM(%(received_qty)s), 0)
                ELSE SUM(%(rejected_value)s) / NULLIF(SUM(%(received_value)s), 0)
                 END""",
        one_product=one_product or SQL("FALSE"),
        rejected_qty=SQL.identifier(alias, "rejected_qty"),
        received_qty=SQL.identifier(alias, "received_qty"),
        rejected_value=SQL.identifier(alias, "rejected_value"),
        received_value=SQL.identifier(alias, "received_value"),
    )


def lead_time(alias, share):
    """The number of days within which this ``share`` of the receipts came, from the
    confirmation of the order on: 0.5 is the median. Each receipt weighs the same.

    >>> lead_time("receipt", 0.9).code
    '(PERCENTILE_CONT(%s) WITHIN GROUP (ORDER BY "receipt"."lead_days"))::numeric'
    >>> lead_time("receipt", 0.9).params
    [0.9]
    """
    return SQL(
        "(PERCENTILE_CONT(%s) WITHIN GROUP (ORDER BY %s))::numeric",
        share,
        SQL.identifier(alias, "lead_days"),
    )


def lateness(alias):
    """The median of the days from the first promise to each receipt, below zero where
    it came before. Each receipt weighs the same.

    >>> lateness("receipt").code
    '(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY "receipt"."late_days"))::numeric'
    """
    return SQL(
        "(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY %s))::numeric",
        SQL.identifier(alias, "late_days"),
    )


def judged(alias, rate):
    """``rate`` where something was received; without a receipt there is nothing to
    judge by, whatever is overdue or closed short.

    >>> judged("receipt", SQL("rate")).code
    'CASE WHEN SUM("receipt"."receipt_count") > 0 THEN rate END'
    """
    return SQL(
        "CASE WHEN SUM(%s) > 0 THEN %s END",
        SQL.identifier(alias, "receipt_count"),
        rate,
    )


def rates(alias, one_product=None):
    """``{field: aggregate over the rows of alias}`` of all rates.

    :param SQL one_product: see ``reject_rate``

    >>> list(rates("receipt"))  # doctest: +NORMALIZE_WHITESPACE
    ['on_time_rate', 'in_full_rate', 'reject_rate', 'lead_time_median',
     'lead_time_p90', 'lateness_median']
    """
    found = {
        "on_time_rate": on_time_rate(alias),
        "in_full_rate": in_full_rate(alias),
        "reject_rate": reject_rate(alias, one_product),
        "lead_time_median": lead_time(alias, 0.5),
        "lead_time_p90": lead_time(alias, 0.9),
        "lateness_median": lateness(alias),
    }
    return {name: judged(alias, rate) for name, rate in found.items()}


def score(rates, accepted, on_time, steady):
    """The quality score, 0 to 100: the average of accepted (100 − rejected %), on time
    % and steady lead time (median over P90, in %), weighted by ``accepted``,
    ``on_time`` and ``steady``. Free goods have no value to be rejected and count as
    accepted; without a lead time that part is 100. Without receipts there is no rate on
    time and so no score; weights that are all 0 give none either.

    :param rates: ``{field: SQL}`` as ``rates`` returns them, or columns of that name

    >>> names = "on_time_rate", "reject_rate", "lead_time_median", "lead_time_p90"
    >>> found = score({name: SQL.identifier(name) for name in names}, 60, 30, 10)
    >>> found.params
    [60, 30, 10, 100]
    >>> print(found.code)  # doctest: +NORMALIZE_WHITESPACE
    (
        %s * (100 - LEAST(100, COALESCE("reject_rate", 0)))
        + %s * "on_time_rate"
        + %s * COALESCE(
            100 * "lead_time_median" / NULLIF("lead_time_p90", 0), 100)
       ) / NULLIF(%s, 0)
    """
    return SQL(
        """(
            %(accepted)s * (100 - LEAST(100, COALESCE(%(reject_rate)s, 0)))
            + %(on_time)s * %(on_time_rate)s
            + %(steady)s * COALESCE(
                100 * %(lead_time_median)s / NULLIF(%(lead_time_p90)s, 0), 100)
           ) / NULLIF(%(weight)s, 0)""",
        accepted=accepted,
        on_time=on_time,
        steady=steady,
        weight=accepted + on_time + steady,
        **rates,
    )
