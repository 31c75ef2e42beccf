from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestCard(BacklogCase):
    """Cards count what their filter shows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._put_in_stock(cls.product, 4)
        cls.buyer = new_test_user(
            cls.env,
            "counts",
            "purchase.group_purchase_user,inventory_backlog.group_backlog_purchase",
        )
        cls.packer = new_test_user(cls.env, "packs", "stock.group_stock_user")

    def setUp(self):
        super().setUp()
        other = self._product("Other")
        self._order((self.product, 3), (other, 2), commitment_date=self._after(-2))
        self._order((self.product, 6), commitment_date=self._after(4))

    def _cards(self, user, role, domain=()):
        lines = self.env["backlog.line"].with_user(user)
        return {card["key"]: card for card in lines.get_cards(role, list(domain))}

    def test_each_counts_the_lines_of_its_filter(self):
        lines = self.env["backlog.line"]
        for user, role in (
            (self.seller, "sale"),
            (self.seller, "manager"),
            (self.seller, "paid"),
            (self.buyer, "purchase"),
            (self.packer, "stock"),
        ):
            domains = self.env["backlog.card"]._domains()
            for key, card in self._cards(user, role).items():
                with self.subTest(role=role, card=key):
                    found = lines.with_user(user).search_count(domains[key])
                    self.assertEqual(card["count"], found)

    def test_the_filters_are_those_of_the_search_view(self):
        arch = self.env.ref("inventory_backlog.backlog_line_view_search").arch_db
        for key in self.env["backlog.card"]._domains():
            with self.subTest(card=key):
                self.assertIn(f'name="{key}"', arch)

    def test_figures_of_salespeople(self):
        cards = self._cards(self.seller, "sale")

        self.assertEqual(
            {key: card["count"] for key, card in cards.items()},
            {"late": 2, "at_risk": 1, "some_ready": 2, "to_source": 2},
        )
        self.assertTrue(cards["late"]["value"])

    def test_a_domain_narrows_them(self):
        cards = self._cards(self.seller, "sale", [("product_id", "=", self.product.id)])

        self.assertEqual(cards["late"]["count"], 1)

    def test_who_sees_no_values_gets_none(self):
        cards = self._cards(self.buyer, "purchase")

        self.assertEqual({card["value"] for card in cards.values()}, {""})
        self.assertEqual(self._cards(self.buyer, "paid"), {})

    def test_salespeople_count_their_own_lines(self):
        another = new_test_user(self.env, "another", "sales_team.group_sale_salesman")

        self.assertEqual(self._cards(another, "sale")["late"]["count"], 0)

    def test_what_is_no_role_is_told(self):
        lines = self.env["backlog.line"].with_user(self.seller)
        for role in ("boss", None, ["sale"], 1):
            with self.subTest(role=role), self.assertRaisesRegex(UserError, "cards"):
                lines.get_cards(role, [])

    def test_customers_count_nothing(self):
        portal = new_test_user(self.env, "shops", "base.group_portal")
        with self.assertRaises(AccessError):
            self._cards(portal, "sale")

    def test_all_cards_come_from_one_statement(self):
        lines = self.env["backlog.line"].with_user(self.seller)
        lines.get_cards("sale", [])
        for _number in range(3):
            self._order((self.product, 1))
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        lines.get_cards("sale", [])

        self.assertLessEqual(self.env.cr.sql_log_count - before, 8)
