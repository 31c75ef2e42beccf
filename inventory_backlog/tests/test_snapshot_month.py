import random
from collections import Counter
from datetime import timedelta

from odoo.tests import tagged

from .test_snapshot import TODAY, SnapshotCase

SEEDS = range(3)


@tagged("post_install", "-at_install")
class TestSnapshotMonth(SnapshotCase):
    """A random month of business, kept in a plain ledger beside it: the snapshots say
    the same of every day, and add up to the cent."""

    def setUp(self):
        super().setUp()
        self.foreign = self._foreign_pricelist()
        self.goods = [self.product, self.other, self._product("Shelf", list_price=9.99)]

    def _foreign_pricelist(self):
        currency = self.env["res.currency"].create(
            {"name": "XTS", "symbol": "X", "rounding": 0.01}
        )
        self.env["res.currency.rate"].create(
            {"currency_id": currency.id, "name": "2020-01-01", "rate": 3}
        )
        return self.env["product.pricelist"].create(
            {"name": "Foreign", "currency_id": currency.id}
        )

    # What can happen. The ledger has net[line] and shipped[line], quantities of a day.

    def _sell(self, dice):
        goods = [
            (product, dice.randint(1, 9), {"discount": dice.choice((0, 0, 12.5))})
            for product in dice.sample(self.goods, dice.randint(1, 3))
        ]
        pricelist = {"pricelist_id": self.foreign.id} if dice.random() < 0.3 else {}
        order = self._order(*goods, **pricelist)
        self.orders |= order
        for line in order.order_line:
            self.net[line] += line.product_uom_qty

    def _deliver(self, dice):
        lines = self._some(dice).order_line
        shipped = {line: line.qty_delivered for line in lines}
        opened = {line: self._open(line) for line in lines}
        backorder = dice.random() < 0.8
        quantities = [dice.randint(1, int(open_)) for open_ in opened.values() if open_]
        self._ship(lines.order_id, *quantities, backorder=backorder)
        for line in lines:
            delivered = line.qty_delivered - shipped[line]
            self.shipped[line] += delivered
            self.net[line] += self._open(line) - opened[line] + delivered

    def _cancel(self, dice):
        order = self._some(dice)
        if order.state == "sale":
            for line in order.order_line:
                self.net[line] -= self._open(line)
            order.sudo()._action_cancel()

    def _change_quantity(self, dice):
        order = self._some(dice)
        if order.state == "sale":
            line = dice.choice(order.order_line)
            before = self._open(line)
            line.product_uom_qty = max(
                1, line.qty_delivered, line.product_uom_qty + dice.randint(-3, 3)
            )
            self.net[line] += self._open(line) - before

    def _change_price(self, dice):
        order = self._some(dice)
        if order.state == "sale":
            dice.choice(order.order_line).price_unit *= dice.choice((0.9, 1.15))

    def _change_rate(self, dice):
        self.env["res.currency.rate"].create(
            {
                "currency_id": self.foreign.currency_id.id,
                "name": TODAY + timedelta(days=self.day),
                "rate": dice.uniform(2, 4),
            }
        )

    def _receive_some(self, dice):
        self._put_in_stock(dice.choice(self.goods), dice.randint(1, 20))

    EVENTS = (_sell, _deliver, _deliver, _cancel, _change_quantity, _change_price)

    def _some(self, dice):
        orders = self.orders.filtered(lambda order: order.state == "sale")
        return dice.choice(orders or self.orders)

    def _open(self, line):
        """The open quantity without this addon: what the moves still say."""
        return sum(
            line.sudo()
            .move_ids.filtered(lambda move: move.state not in ("done", "cancel"))
            .mapped("product_uom_qty")
        )

    def _unit(self, line):
        """Untaxed, net of discount, in the currency of the company, unrounded."""
        price = line.price_unit * (1 - line.discount / 100)
        subtotal = line.currency_id.round(price * line.product_uom_qty)
        return subtotal / line.product_uom_qty / line.order_id.currency_rate

    def _open_value(self):
        return sum(
            self.company.currency_id.round(self._unit(line) * self._open(line))
            for line in self.orders.sudo().order_line
        )

    def _ledger(self, units):
        """``(booked, shipped, cancelled)`` of the day. What was open when it began
        counts at the price of then (``units``)."""
        rounded = self.company.currency_id.round
        booked = shipped = cancelled = 0
        for line in self.net.keys() | self.shipped.keys():
            unit = units.get(line) or self._unit(line)
            booked += rounded(unit * max(self.net[line], 0))
            cancelled += rounded(unit * max(-self.net[line], 0))
            shipped += rounded(unit * self.shipped[line])
        return booked, shipped, cancelled

    def test_random_month_reconciles_to_the_cent(self):
        for seed in SEEDS:
            with self.subTest(seed=seed), self.env.cr.savepoint() as savepoint:
                self._month(random.Random(seed))
                savepoint.rollback()
                self.env.invalidate_all()

    def _month(self, dice):
        self.orders = self.env["sale.order"].with_user(self.seller)
        closing = 0
        for self.day in range(30):
            self.net, self.shipped = Counter(), Counter()
            units = {line: self._unit(line) for line in self.orders.order_line}
            with self._on(self.day):
                self._receive_some(dice)
                if dice.random() < 0.2:
                    self._change_rate(dice)
                for event in (type(self)._sell, *dice.sample(self.EVENTS, 2)):
                    event(self, dice)
            self._end_day(self.day)
            opening, booked, shipped, cancelled, changed, closed = self._total(self.day)
            self.assertEqual(opening, closing)
            self.assertAlmostEqual(closed, self._open_value(), 2)
            for ours, ledger in zip(
                (booked, shipped, cancelled), self._ledger(units), strict=True
            ):
                self.assertAlmostEqual(ours, ledger, 2)
            self.assertAlmostEqual(
                opening + booked - shipped - cancelled + changed, closed, 2
            )
            closing = closed
        days = self.history.search([("day", ">=", TODAY)])
        self.assertEqual(len(set(days.mapped("day"))), 30)
        self.assertEqual(set(days.mapped("difference")), {0})
        self.assertGreater(sum(days.mapped("shipped")), 0)
