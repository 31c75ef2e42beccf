import operator
from random import Random

from odoo.tests import tagged

from ..common import MrpBacklogCase


@tagged("post_install", "-at_install")
class TestKitProof(MrpBacklogCase):
    """Kits against Odoo's own count of what is delivered, in random worlds: a few kits
    in kits, orders for them and for loose components, scarce stock, and deliveries that
    ship some components and not others."""

    SEEDS = range(15)

    def _world(self, random):
        parts = [self._product(f"Part {i}") for i in range(4)]
        goods = list(parts)
        for i in range(3):
            components = random.sample(goods, random.randint(1, 3))
            goods.append(
                self._kit(
                    f"Kit {i}",
                    *((component, random.randint(1, 3)) for component in components),
                    product_qty=random.choice((1, 1, 2)),
                )
            )
        for part in parts:
            self._put_in_stock(part, random.randint(1, 60))
        orders = self.env["sale.order"].union(
            *(
                self._order(
                    *(
                        (product, 2 * random.randint(1, 4))
                        for product in random.sample(goods, random.randint(1, 3))
                    )
                )
                for _ in range(5)
            )
        )
        for order in random.sample(list(orders), 2):
            picking = order.sudo().picking_ids
            shipped = {
                product: random.choice((0, 1, 3, 6))
                for product in picking.move_ids.product_id
            }
            if any(shipped.values()):
                self._ship_at_most(picking, shipped)
        return parts, orders

    def _ship_at_most(self, picking, quantities=None):
        """Validate what is reserved, up to the given quantities."""
        for move in picking.move_ids:
            if quantities:
                move.quantity = min(move.quantity, quantities[move.product_id])
            move.picked = bool(move.quantity)
        if any(picking.move_ids.mapped("picked")):
            self._validate(picking)

    def test_shipping_what_is_ready_delivers_as_many_kits(self):
        worlds = {seed: self._world(Random(seed)) for seed in self.SEEDS}
        self.env.flush_all()
        # PostgreSQL plans for an empty database otherwise.
        self.env.cr.execute("ANALYZE")
        # All worlds at once: the statements are long to plan.
        every_order = self.env["sale.order"].union(
            *(one for _p, one in worlds.values())
        )
        every_part = self.env["product.product"].union(
            *(part for one, _o in worlds.values() for part in one)
        )
        split_of = dict(
            zip(every_order.order_line.ids, self._agrees(every_order), strict=True)
        )
        ready_of = self._ready_of(every_part)
        for seed, (parts, orders) in worlds.items():
            lines = orders.order_line
            before = [(line.product_uom_qty, line.qty_delivered) for line in lines]
            on_hand = [part.qty_available for part in parts]
            split = [split_of[line.id] for line in lines]
            ready = [ready_of[part] for part in parts]
            self._ship_all(orders.sudo().picking_ids)
            with self.subTest(seed=seed):
                self.assertTrue(all(map(operator.le, ready, on_hand)))
                self.assertEqual(
                    [open_qty for open_qty, *_rest in split],
                    [ordered - delivered for ordered, delivered in before],
                )
                self.assertEqual(
                    [ready_qty for _open, ready_qty, *_rest in split],
                    [
                        line.qty_delivered - delivered
                        for line, (_ordered, delivered) in zip(
                            lines, before, strict=True
                        )
                    ],
                )

    def _ship_all(self, pickings):
        """Reserve in queue order and validate what is reserved."""
        pickings = pickings.filtered(lambda p: p.state not in ("done", "cancel"))
        for move in pickings.move_ids.sorted(lambda move: (move.date, move.id)):
            move._action_assign()
        for picking in pickings:
            self._ship_at_most(picking)
