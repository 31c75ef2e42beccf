from odoo.tools import float_compare, float_round

DIGITS = 2


class Unit:
    """The part of ``uom.uom`` that netting and offers use, without a database: the
    ``Unit`` of their examples. Hundredths count.

    :param factor: how many pieces it is
    """

    def __init__(self, factor=1):
        self.factor = factor

    def round(self, value, rounding_method="HALF-UP"):
        """As Odoo's."""
        return float_round(
            value, precision_digits=DIGITS, rounding_method=rounding_method
        )

    def compare(self, value1, value2):
        """As Odoo's."""
        return float_compare(value1, value2, precision_digits=DIGITS)

    def _compute_quantity(self, qty, to_unit, round=True):
        amount = qty * self.factor / to_unit.factor
        return to_unit.round(amount, "UP") if round else amount
