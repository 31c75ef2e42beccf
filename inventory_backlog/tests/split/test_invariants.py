from collections import defaultdict

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from ..worlds import In, Out, World, WorldCase

PLACES = st.sampled_from(["stock", "stock", "stock", "output", "other"])
OUTS = st.builds(
    Out,
    place=PLACES,
    kind=st.sampled_from(["customer", "customer", "production", "transit", "step"]),
    qty=st.integers(1, 9),
    days=st.integers(-10, 20),
    priority=st.sampled_from("001"),
    method=st.sampled_from(["at_confirm", "manual", "by_date"]),
    reserve=st.booleans(),
    forced=st.sampled_from([0, 0, 0, 4]),
    brought=st.sampled_from([0, 0, 0, 3]),
    back=st.just(0),
    edited=st.sampled_from([0, 0, 0, 2, 12]),
)
INS = st.builds(
    In,
    place=PLACES,
    qty=st.integers(1, 8),
    days=st.integers(-5, 15),
    origin=st.sampled_from(["vendor", "production", "input", "transit"]),
    back=st.just(0),
    back_days=st.just(0),
    sent=st.none(),
)
STOCK = st.tuples(
    st.sampled_from(["stock", "shelf", "output", "other"]),
    st.integers(-3, 12).filter(bool),
)
WORLDS = st.builds(
    World,
    stock=st.lists(STOCK, max_size=4).map(tuple),
    outs=st.lists(OUTS, min_size=1, max_size=6).map(tuple),
    ins=st.lists(INS, max_size=4).map(tuple),
    tracking=st.sampled_from(["none", "none", "lot"]),
)
IN_STOCK = ("reserved", "stock")

explore = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    # Without "explain": it traces every line of Odoo, five times slower.
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


@tagged("post_install", "-at_install")
class TestInvariants(WorldCase):
    """Proof 3: what holds in every world, whatever it looks like."""

    def _sums(self, product):
        """``{move: {source: quantity}}``"""
        return {
            move: {
                source: sum(row[1] for row in rows if row[0] == source)
                for source in ("reserved", "stock", "receipt", "none")
            }
            for move, rows in self._engine(product).items()
        }

    @explore
    @given(WORLDS)
    def test_the_parts_make_up_the_whole(self, world):
        product, outs, _ins = self._build(world)
        sums = self._sums(product)
        for move in outs:
            self.assertAlmostEqual(sum(sums[move].values()), move.product_qty)

    @explore
    @given(WORLDS)
    def test_ready_never_exceeds_what_is_on_hand(self, world):
        product, _outs, _ins = self._build(world)
        ready = defaultdict(float)
        for move, parts in self._sums(product).items():
            ready[self._pool(move.location_id)] += sum(parts[s] for s in IN_STOCK)
        on_hand = defaultdict(float)
        for quant in self.env["stock.quant"].search([("product_id", "=", product.id)]):
            # One lot cannot stand in for what another lacks.
            on_hand[self._pool(quant.location_id)] += (
                quant.quantity if product.tracking == "none" else max(quant.quantity, 0)
            )
        for pool, quantity in ready.items():
            self.assertLessEqual(quantity, max(on_hand[pool], 0) + 1e-6)

    @explore
    @given(WORLDS)
    def test_no_receipt_is_given_away_twice(self, world):
        product, _outs, _ins = self._build(world)
        given_away = defaultdict(float)
        for rows in self._engine(product).values():
            for _source, quantity, receipt in rows:
                if receipt:
                    given_away[receipt] += quantity
        for receipt, quantity in given_away.items():
            self.assertLessEqual(quantity, receipt.product_qty + 1e-6)

    @explore
    @given(WORLDS, st.sampled_from(["stock", "output", "other"]), st.integers(1, 9))
    def test_demand_at_the_back_changes_nobody_ahead(self, world, place, quantity):
        product, _outs, ins = self._build(world)
        before = self._engine(product)
        # Without a day to reserve on, and later than all: the end of every queue.
        last = self._demand(
            product, Out(place=place, qty=quantity, days=99, method="manual"), ins
        )
        after = self._engine(product)
        self.assertEqual({move: after[move] for move in before}, before)
        self.assertAlmostEqual(sum(row[1] for row in after[last]), quantity)

    @explore
    @given(WORLDS, st.sampled_from(["stock", "shelf", "output", "other"]))
    def test_more_stock_hurts_nobody(self, world, place):
        product, outs, _ins = self._build(world)
        before = self._sums(product)
        lot = (
            {"lot_id": self._lot(product, "more")} if product.tracking != "none" else {}
        )
        self._put_in_stock(product, 3, self.places[place], **lot)
        after = self._sums(product)
        for move in outs:
            for parts in (IN_STOCK, (*IN_STOCK, "receipt")):
                self.assertGreaterEqual(
                    sum(after[move][part] for part in parts) + 1e-6,
                    sum(before[move][part] for part in parts),
                )
