from datetime import timedelta

from odoo.tests import freeze_time, tagged

from odoo.addons.inventory_backlog.tests.common import NOW

from ..common import MrpBacklogCase


@tagged("post_install", "-at_install")
class TestKitSnapshot(MrpBacklogCase):
    """The history counts whole kits, whatever of them has left."""

    def _end_day(self, day):
        with freeze_time(NOW.replace(hour=0, minute=30) + timedelta(days=day + 1)):
            self.env.flush_all()
            self.env["backlog.history"]._take(self.company)
        rows = self.env["backlog.snapshot"].search(
            [
                ("day", "=", NOW.date() + timedelta(days=day)),
                ("company_id", "=", self.company.id),
            ]
        )
        names = ("booked", "shipped", "cancelled", "changed", "closing", "difference")
        return tuple(sum(rows.mapped(name)) for name in names)

    def test_kit_is_shipped_with_its_last_component(self):
        top, leg = self._product("Top"), self._product("Leg")
        table = self._kit("Table", (top, 1), (leg, 4))
        self._put_in_stock(top, 2)
        self._put_in_stock(leg, 8)
        self._end_day(-1)
        order = self._order(table, 2)
        value = order.amount_untaxed
        self.assertEqual(self._end_day(0), (value, 0, 0, 0, value, 0))

        with freeze_time(NOW + timedelta(days=1)):
            self._ship(order, 2, 4)
        self.assertEqual(self._end_day(1), (0, value / 2, 0, 0, value / 2, 0))

        with freeze_time(NOW + timedelta(days=2)):
            self._ship(order)
        self.assertEqual(self._end_day(2), (0, value / 2, 0, 0, 0, 0))
