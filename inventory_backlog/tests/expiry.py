from unittest import SkipTest

from .common import BacklogCase


class ExpiryCase(BacklogCase):
    """Milk, in lots with a removal date, which nobody reserves by itself.

    These need Odoo's ``product_expiry``, which ``./dev test`` installs.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.env["backlog.turn"]._knows_removal():
            raise SkipTest("product_expiry is not installed")
        cls.warehouse.out_type_id.reservation_method = "manual"
        cls.milk = cls._product(
            "Milk", tracking="lot", use_expiration_date=True, expiration_time=30
        )

    def _lot(self, quantity, days, product=None, location=None):
        """Goods that are to be removed in so many days; never where it is None."""
        product = product or self.milk
        lot = self.env["stock.lot"].create(
            {"name": f"{days}/{quantity}", "product_id": product.id}
        )
        lot.removal_date = days is not None and self._after(days)
        self._put_in_stock(product, quantity, location, lot_id=lot)
        return lot

    def _delivery(self, quantity, days, product=None):
        """An order whose delivery leaves in so many days."""
        order = self._order(product or self.milk, quantity)
        order.sudo().picking_ids.move_ids.date = self._after(days)
        return order
