import random
from collections import defaultdict

from ..common import MrpSuggestionCase

PRODUCTS = 7
SEEDS = range(6)


class TestSuggestionWorlds(MrpSuggestionCase):
    """Random factories: what is suggested is held against a few lines of arithmetic,
    and doing what is suggested serves every customer."""

    def _factory(self, dice):
        """Products, each made of later ones or bought; stock, purchases, requests,
        draft and confirmed productions, and orders of any of them."""
        self.goods = [self._product(f"Good {number}") for number in range(PRODUCTS)]
        self.recipe = {}
        for number, good in enumerate(self.goods):
            later = self.goods[number + 1 :]
            if later and dice.random() < 0.7:
                parts = dice.sample(later, k=min(len(later), dice.randint(1, 3)))
                self.recipe[good] = {part: dice.randint(1, 3) for part in parts}
                self._bom(good, *self.recipe[good].items())
            else:
                self._offer(good, self.first, dice.randint(1, 9))
        for good in self.goods:
            if dice.random() < 0.5:
                self._put_in_stock(good, dice.randint(1, 15))
            if good not in self.recipe and dice.random() < 0.4:
                self._purchase(good, dice.randint(1, 10), days=2)
            if good not in self.recipe and dice.random() < 0.4:
                self._request(good, dice.randint(1, 10), days=2)
            if good in self.recipe and dice.random() < 0.3:
                self._production(good, dice.randint(1, 4))
            if good in self.recipe and dice.random() < 0.3:
                self._start(good, dice.randint(1, 4))
            if dice.random() < 0.6:
                self._wanted(good, dice.randint(1, 12), days=dice.randint(5, 20))

    def _missing(self):
        """What is missing of each product, by plain netting, the finished first."""
        demand, supply = defaultdict(float), defaultdict(float)
        for line in self.env["sale.order.line"].search(
            [("product_id", "in", [good.id for good in self.goods])]
        ):
            demand[line.product_id] += line.product_uom_qty
        for line in self.env["purchase.order.line"].search(
            [("product_id", "in", [good.id for good in self.goods])]
        ):
            supply[line.product_id] += line.product_qty
        for production in self.env["mrp.production"].search(
            [("product_id", "in", [good.id for good in self.goods])]
        ):
            supply[production.product_id] += production.product_qty
            for part, quantity in self.recipe[production.product_id].items():
                demand[part] += quantity * production.product_qty
        missing = {}
        for good in self.goods:
            stock = good.qty_available
            missing[good] = max(0, demand[good] - supply[good] - stock)
            for part, quantity in self.recipe.get(good, {}).items():
                demand[part] += quantity * missing[good]
        return missing

    def _suggested_to_get(self):
        found = defaultdict(float)
        for one in self._suggested(*self.goods, state="proposed"):
            if one.action_type == "make":
                found[one.product_id] += one.missing_qty
            elif one.action_type == "buy":
                found[one.product_id] += one.suggested_qty
        return {good: found[good] for good in self.goods}

    def test_random_factories_are_suggested_what_plain_netting_says(self):
        for seed in SEEDS:
            with self.subTest(seed=seed):
                self._factory(random.Random(seed))
                self._generate()
                self.assertEqual(self._suggested_to_get(), self._missing())
                self.assertEqual(set(self._generate().values()), {0})

    def test_doing_what_is_suggested_serves_every_customer(self):
        for seed in SEEDS[:3]:
            with self.subTest(seed=seed):
                self._factory(random.Random(seed + 100))
                for _day in range(3 * PRODUCTS):
                    if not self._work():
                        break
                self._generate()
                self.assertFalse(self._suggested(*self.goods, state="proposed"))
                lines = self.env["sale.order.line"].search(
                    [("product_id", "in", [good.id for good in self.goods])]
                )
                for opened, ready, *_rest in self._split(lines):
                    self.assertEqual(ready, opened)

    def _work(self):
        """Accept everything, get what was ordered, make what can be made. Says whether
        there was anything to do."""
        self._generate()
        todo = self._suggested(*self.goods, state="proposed")
        todo.filtered(
            lambda one: one.action_type != "make" or one.able_to_make_qty
        ).action_accept()
        requests = self.env["purchase.order"].search(
            [("order_line.product_id", "in", [good.id for good in self.goods])]
        )
        done = bool(todo)
        for request in requests:
            if request.state == "draft":
                request.button_confirm()
            if request.order_line.move_ids.filtered(
                lambda move: move.state not in ("done", "cancel")
            ):
                self._receive(request)
                done = True
        for production in self.env["mrp.production"].search(
            [
                ("product_id", "in", [good.id for good in self.goods]),
                ("state", "not in", ("done", "cancel")),
            ]
        ):
            if production.state == "draft":
                production.action_confirm()
            production.action_assign()
            if production.reservation_state == "assigned":
                self._finish(production)
                done = True
        return done
