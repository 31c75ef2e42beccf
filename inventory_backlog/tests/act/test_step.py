from odoo.tests import tagged

from ..acts import ActCase
from ..matrix import table

# The first verb of each role in each state, or a dash where a reason is told instead.
STEPS = """
                      warehouse  salesperson    buyer    manager       all
    blocked_credit    -          -              -        -             -
    blocked_whole     -          -              -        -             -
    ready             ship       reserve        -        -             ship
    ready_reserved    ship       -              -        -             ship
    ready_late        ship       ask_warehouse  -        -             ship
    ready_asked       ship       -              -        -             ship
    partial           ship       reserve        order    ask_purchase  ship
    partial_blocked   -          ask_purchase   order    ask_purchase  order
    requested         -          remind         confirm  remind        confirm
    to_order          -          ask_purchase   order    ask_purchase  order
    to_order_asked    -          -              order    -             order
    incoming          -          -              -        -             -
    incoming_late     -          tell           chase    -             tell
    incoming_overdue  -          tell           chase    -             tell
"""


@tagged("post_install", "-at_install")
class TestStep(ActCase):
    """The table of screens: who can do what about a line in which state."""

    def _line_blocked_credit(self):
        self._put_in_stock(self.product, 2)
        order = self._wanted(self.product, 2)
        self._overdrawn(order)
        return order

    def _line_blocked_whole(self):
        self._put_in_stock(self.product, 2)
        other = self._product("Other")
        return self._wanted([(self.product, 2), (other, 1)], picking_policy="one")

    def _line_ready(self):
        return self._unreserved(self.product, 2)

    def _line_ready_reserved(self):
        self._put_in_stock(self.product, 2)
        return self._wanted(self.product, 2)

    def _line_ready_late(self):
        self._put_in_stock(self.product, 2)
        return self._wanted(self.product, 2, days=-3)

    def _line_ready_asked(self):
        order = self._line_ready_late()
        self._act(self._of(order, self.seller), "ask_warehouse")
        return order

    def _line_partial(self):
        order = self._wanted(self.product, 5)
        self._put_in_stock(self.product, 2)
        return order

    def _line_partial_blocked(self):
        self._put_in_stock(self.product, 2)
        return self._wanted(self.product, 5, picking_policy="one")

    def _line_requested(self):
        self._request(self.product, 3, vendor=self.first)
        return self._wanted(self.product, 3)

    def _line_to_order(self):
        return self._wanted(self.product, 3)

    def _line_to_order_asked(self):
        order = self._wanted(self.product, 3)
        self._act(self._of(order, self.seller), "ask_purchase")
        return order

    def _line_incoming(self):
        self._purchase(self.product, 3, vendor=self.first, days=2)
        return self._wanted(self.product, 3)

    def _line_incoming_late(self):
        self._purchase(self.product, 3, vendor=self.first, days=9)
        return self._wanted(self.product, 3)

    def _line_incoming_overdue(self):
        self._purchase(self.product, 3, vendor=self.first, days=-2)
        return self._wanted(self.product, 3)

    def test_every_state_and_role_has_a_step_or_a_reason_for_none(self):
        for state, cells in table(STEPS).items():
            with self.subTest(state=state), self.env.cr.savepoint() as savepoint:
                order = getattr(self, f"_line_{state}")()
                for role, expected in cells.items():
                    line = self._of(order, self.roles[role])[:1]
                    step = line.step
                    with self.subTest(state=state, role=role):
                        found = step["first"] and step["first"]["verb"]
                        self.assertEqual(found or "-", expected, step["reason"])
                        self.assertEqual(bool(step["reason"]), not found)
                        self.assertNotIn(found, [one["verb"] for one in step["rest"]])
                savepoint.rollback()
                self.env.invalidate_all()
