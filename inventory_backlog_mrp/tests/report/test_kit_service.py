from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from ..common import TableCase


@tagged("post_install", "-at_install")
class TestKitService(TableCase):
    """A kit is served when all its components are."""

    def _order(self, *goods, **values):
        """A confirmed order of which is noted what was ready."""
        order = super()._order(*goods, **values)
        self.env["backlog.fold"].sudo()._fold()
        return order

    def _row(self, order):
        service = self.env["backlog.service"]
        service.invalidate_model()
        return service.search([("order_id", "=", order.id)])

    def test_ready_when_confirmed_counts_whole_kits(self):
        self._put_in_stock(self.top, 5)
        self._put_in_stock(self.leg, 14)
        first = self._order(self.table, 2)
        second = self._order(self.table, 3)
        self._put_in_stock(self.leg, 20)

        for order, fill, rate in ((first, (2, 2), 100), (second, (3, 1), 0)):
            line = order.order_line
            self.assertEqual((line.first_open_qty, line.first_ready_qty), fill)
            self.assertEqual(self._row(order).first_fill_rate, rate)

    def test_kit_among_other_goods(self):
        self._put_in_stock(self.top, 5)
        self._put_in_stock(self.leg, 14)
        order = self._order((self.leg, 3), (self.table, 3))

        self.assertEqual(
            [(line.first_open_qty, line.first_ready_qty) for line in order.order_line],
            [split[:2] for split in self._split(order.order_line)],
        )
        self.assertEqual(order.order_line.mapped("first_ready_qty"), [3, 2])

    def test_kit_added_later(self):
        self._put_in_stock(self.top, 5)
        self._put_in_stock(self.leg, 20)
        order = self._order(self.leg, 3)
        order.order_line = [
            Command.create({"product_id": self.table.id, "product_uom_qty": 5})
        ]
        self.env["backlog.fold"].sudo()._fold()

        self.assertEqual(order.order_line.mapped("first_ready_qty"), [3, 4])

    def test_last_component_delivers_the_kit(self):
        self._put_in_stock(self.top, 5)
        self._put_in_stock(self.leg, 20)
        orders = [
            self._order(self.table, 2, commitment_date=self._after(3))
            for _n in range(2)
        ]
        with freeze_time(self._after(2)):
            for order in orders:
                self._ship_goods(order, {self.top: 2})
        with freeze_time(self._after(3)):
            self._ship_goods(orders[0], {self.leg: 8})
        with freeze_time(self._after(4)):
            self._ship_goods(orders[1], {self.leg: 8})
            for order, day, rate in zip(orders, (3, 4), (100, 0), strict=True):
                row = self._row(order)
                self.assertTrue(row.is_in_full)
                self.assertEqual(row.delivered_date, self._after(day))
                self.assertEqual((row.ordered_qty, row.delivered_qty), (2, 2))
                self.assertEqual((row.otif_first, row.otif_order_first), (rate, rate))

    def test_kit_without_a_component_is_not_in_full(self):
        self._put_in_stock(self.top, 5)
        self._put_in_stock(self.leg, 20)
        order = self._order(self.table, 2, commitment_date=self._after(3))
        with freeze_time(self._after(2)):
            self._ship_goods(order, {self.top: 2, self.leg: 4}, backorder=False)
        with freeze_time(self._after(4)):
            self.assertEqual(self._row(order).delivered_qty, 1)
            self.assertEqual(self._row(order).otif_first, 0)
