from random import Random

from odoo.tests import tagged

from ..worlds import WorldCase, random_world

SEEDS = range(10)


@tagged("post_install", "-at_install")
class TestPromiseKept(WorldCase):
    """A promise is what an order gets that is confirmed at that moment, in random
    worlds. The failing seeds stay as cases."""

    def _world(self, seed):
        """A product that others want, on its way from purchases too, and a quantity."""
        dice = Random(seed)
        product, _outs, _ins = self._build(random_world(seed), f"World {seed}")
        for _n in range(dice.randint(0, 2)):
            self._purchase(product, dice.randint(1, 5), days=dice.randint(1, 15))
        return product, dice.randint(1, 15)

    def _promised(self, product, quantity):
        products = self.env["product.product"].with_user(self.seller)
        promise = products.get_promise(product.id, quantity)
        wish = {"product_id": product.id, "qty": quantity}
        [one_of_many] = products.get_promises([wish])
        self.assertEqual(promise, one_of_many | {"qty_by_date": False})
        return promise

    def _got(self, order):
        """What the order got, in the words of a promise."""
        self.env["backlog.allocation"].invalidate_model()
        [answer] = order.get_backlog(order.ids)
        [line] = answer["lines"]
        return {
            "ready": line["backlog_qty"],
            "incoming": self._parts(
                part for part in line["slices"] if part["source"] == "receipt"
            ),
            "to_source": line["to_source_qty"],
        }

    def _parts(self, parts):
        """In one order, also those that are overdue and all expected now."""
        return sorted(
            (part["date"], part["document"] or "", part["qty"]) for part in parts
        )

    def test_who_is_last_in_the_queue_gets_what_was_promised(self):
        self.warehouse.out_type_id.reservation_method = "manual"
        for seed in SEEDS:
            product, quantity = self._world(seed)
            promise = self._promised(product, quantity)
            order = self._order(product, quantity, commitment_date=self._after(99))
            with self.subTest(seed=seed):
                self.assertEqual(
                    self._got(order),
                    {
                        "ready": promise["ready"],
                        "incoming": self._parts(promise["incoming"]),
                        "to_source": promise["to_source"],
                    },
                )
                if not promise["to_source"]:
                    self.assertEqual(
                        self._line(order.order_line).expected_date.isoformat(" "),
                        promise["expected_date"],
                    )

    def test_who_goes_ahead_of_others_gets_no_less(self):
        """Odoo lets an order that is reserved at confirmation pass those that are
        reserved by hand or on a later day."""
        for seed in SEEDS[:5]:
            product, quantity = self._world(seed)
            promise = self._promised(product, quantity)
            got = self._got(self._order(product, quantity))
            with self.subTest(seed=seed):
                self.assertGreaterEqual(got["ready"], promise["ready"])
                self.assertLessEqual(got["to_source"], promise["to_source"])
