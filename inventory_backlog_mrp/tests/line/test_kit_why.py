from odoo.tests import new_test_user, tagged

from ..common import TableCase


@tagged("post_install", "-at_install")
class TestKitWhy(TableCase):
    """*Why?* of a kit names the components that hold it back."""

    def _told(self, order, user=None):
        """The sentences about components."""
        self.env.invalidate_all()
        line = self._line(order.order_line).with_user(user or self.seller)
        return [text for text in line.why["verdict"] if "component" in text]

    def test_the_scarcest_component_holds_it_back(self):
        self._put_in_stock(self.top, 4)
        self._put_in_stock(self.leg, 11)
        order = self._order(self.table, 5)
        told = ["Held back by component Leg: 11 Units of 20 Units are there."]
        self.assertEqual(self._told(order), told)
        self._purchase(self.leg, 9)
        self.assertEqual(self._told(order), told)
        self.env["backlog.fold"]._fold()
        self.assertEqual(self._told(order), told)
        self._put_in_stock(self.leg, 9)
        self.assertEqual(
            self._told(order),
            ["Held back by component Top: 4 Units of 5 Units are there."],
        )
        self._put_in_stock(self.top, 1)
        self.assertEqual(self._told(order), [])

    def test_components_that_make_as_few_kits_are_all_named(self):
        self._put_in_stock(self.top, 1)
        self._put_in_stock(self.leg, 7)
        self.assertEqual(
            self._told(self._order(self.table, 5)),
            [
                "Held back by component Top: 1 Units of 5 Units are there.",
                "Held back by component Leg: 7 Units of 20 Units are there.",
            ],
        )

    def test_many_components_are_counted(self):
        parts = [self._product(f"Part {number}") for number in range(5)]
        order = self._order(self._kit("Large", *((part, 1) for part in parts)), 2)
        self.assertEqual(
            self._told(order),
            [
                *(
                    f"Held back by component Part {number}: 0 Units of 2 Units are "
                    "there."
                    for number in range(3)
                ),
                "2 more components hold it back.",
            ],
        )

    def test_what_was_shipped_is_not_needed_any_more(self):
        self._put_in_stock(self.top, 5)
        self._put_in_stock(self.leg, 8)
        order = self._order(self.table, 5)
        self._ship_goods(order, {self.top: 5, self.leg: 4})
        self.assertEqual(
            self._told(order),
            ["Held back by component Leg: 4 Units of 16 Units are there."],
        )

    def test_a_component_that_no_transfer_brings_is_named(self):
        self._put_in_stock(self.top, 5)
        self._put_in_stock(self.leg, 20)
        order = self._order(self.table, 5)
        self._moves(order, self.leg)._action_cancel()
        told = ["Held back by component Leg: 0 Units of 20 Units are there."]
        buyer = new_test_user(self.env, "buyer", "purchase.group_purchase_user")
        for user in (self.seller, buyer):
            self.assertEqual(self._told(order, user), told)

    def test_components_are_named_in_their_own_unit(self):
        gram = self.env.ref("uom.product_uom_gram")
        glue = self._product("Glue", uom_id=gram.id)
        chair = self._kit("Chair", (self.leg, 4), (glue, 30))
        self._put_in_stock(self.leg, 24)
        self._put_in_stock(glue, 100)
        order = self._order((chair, 0.5, {"product_uom_id": self.dozen.id}))
        self.assertEqual(
            self._told(order),
            ["Held back by component Glue: 100 g of 180 g are there."],
        )

    def test_more_of_a_component_than_the_kits_need_is_told(self):
        self._put_in_stock(self.top, 5)
        self._put_in_stock(self.leg, 40)
        order = self._order(self.table, 5)
        self._moves(order, self.leg).product_uom_qty = 36
        sentence = (
            "More of component Leg goes along than the kits need: 16 Units. Correct "
            "the demand of the transfer."
        )
        self.assertEqual(self._told(order), [sentence])
        self._ship_goods(order, {self.top: 2, self.leg: 8})
        self.assertEqual(self._told(order), [sentence])
        self._moves(order, self.leg).product_uom_qty = 12
        self.assertEqual(self._told(order), [])

    def test_a_line_without_components_says_nothing_of_them(self):
        order = self._order(self.leg, 5)
        self.assertEqual(self._told(order), [])
