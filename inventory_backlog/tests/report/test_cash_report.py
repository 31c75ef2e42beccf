from datetime import timedelta
from random import Random

from odoo.tests import new_test_user, tagged

from ...tools.given import giving
from ..cash import PURCHASE, TODAY, CashCase


@tagged("post_install", "-at_install")
class TestCashReport(CashCase):
    """The screen: every row opens its document, and all totals equal the rows."""

    def test_row_opens_its_document(self):
        purchase = self._purchase(self.product, 5, days=4)
        order = self._order(self.product, 5)
        manager = self._manager()
        receive, pay = (
            self._rows(order, user=manager, flow=flow) for flow in ("receive", "pay")
        )

        for row, document in ((receive, order), (pay, purchase)):
            action = row.action_open()
            self.assertEqual(action["res_model"], document._name)
            self.assertEqual(action["res_id"], document.id)

    def test_row_opens_the_explanation_for_those_who_cannot_open_orders(self):
        keeper = new_test_user(self.env, "keeper", "stock.group_stock_user")
        order = self._order(self.product, 5)

        action = self._rows(order, user=keeper).action_open()
        self.assertEqual(action["res_model"], "backlog.line")
        self.assertEqual(action["res_id"], order.order_line.id)

    def test_ids_are_unique_even_with_many_rows(self):
        term = self._term(*[(1, {"nb_days": day}) for day in range(100)])
        self._put_in_stock(self.product, 10)
        orders = self._order(self.product, 5, payment_term_id=term.id)
        orders += self._order(self.product, 5)

        rows = self._rows(orders)
        self.assertEqual(len(rows), 101)
        self.assertEqual(len(set(rows.ids)), 101)
        self.assertEqual(
            rows.browse(rows.ids[-1]).read(["date"])[0]["date"],
            TODAY + timedelta(99),
        )

    def test_few_products_give_the_same_rows(self):
        self._world(3)
        rows = self._rows()
        order = self.env["sale.order"].sudo().search([], order="id desc", limit=1)
        names = ("id", "flow", "kind", "date", "amount", "deposit_value")

        def plain(rows):
            return [tuple(row[name] for name in names) for row in rows]

        products = order._backlog_products().ids
        expected = plain(rows.filtered(lambda row: row.order_id == order))
        rows.invalidate_model()
        with giving(self.env["backlog.cash"], product_ids=products) as few:
            self.assertEqual(plain(few.search([("order_id", "=", order.id)])), expected)

    def _manager(self):
        return new_test_user(
            self.env,
            "manager",
            f"inventory_backlog.group_backlog_manager,{PURCHASE},"
            "sales_team.group_sale_salesman_all_leads",
        )

    def _world(self, seed):
        """Random orders, paid in part or not, and random supply for them."""
        dice = Random(seed)
        products = [
            self._product(f"Product {n}", invoice_policy="order") for n in range(4)
        ]
        tax = self.env["account.tax"].create({"name": f"Tax {seed}", "amount": 19})
        third = self._term((33.33, {}), (33.33, {"nb_days": 15}), (33.34, {}))
        for product in products:
            self._put_in_stock(product, dice.randint(1, 12))
            if dice.random() < 0.6:
                self._sold_by(product, price=dice.uniform(1, 50), delay=3)
            for _n in range(dice.randint(0, 3)):
                self._purchase(
                    (product, dice.randint(1, 9), {"price_unit": dice.uniform(1, 50)}),
                    days=dice.randint(-3, 30),
                )
        orders = self.env["sale.order"]
        for _n in range(8):
            orders += self._order(
                *[
                    (
                        product,
                        dice.randint(1, 9),
                        {
                            "price_unit": round(dice.uniform(0, 99), 2),
                            "discount": dice.choice([0, 0, 12.5]),
                            "tax_ids": tax.ids if dice.random() < 0.5 else [],
                        },
                    )
                    for product in dice.sample(products, dice.randint(1, 4))
                ],
                user=self.env.user,
                picking_policy=dice.choice(["direct", "one"]),
                payment_term_id=dice.choice([False, third.id, self.split_term.id]),
            )
        for order in orders:
            if order.amount_total and dice.random() < 0.5:
                self._pay(order, round(order.amount_total * dice.uniform(0.1, 1), 2))
        self._ship(dice.choice(orders))
        return orders

    def test_cash_and_deposits_add_up_to_the_lines_to_the_cent(self):
        for seed in range(5):
            with self.subTest(seed=seed):
                orders = self._world(seed)
                # One statement for all lines: it is long to plan.
                rows = self._rows(orders)
                for line in self._line(orders.order_line):
                    receive, deposit = (
                        rows.filtered_domain(
                            [("order_line_id", "=", line.id), ("flow", "=", flow)]
                        )
                        for flow in ("receive", "deposit")
                    )
                    self.assertAlmostEqual(
                        sum(receive.mapped("amount")),
                        line.open_value - line.prepaid_value,
                        6,
                    )
                    self.assertAlmostEqual(
                        sum(deposit.mapped("deposit_value")), line.prepaid_value, 6
                    )
                    self.assertFalse(any(receive.mapped("deposit_value")))
                    self.assertFalse(any(deposit.mapped("amount")))
                    for row in receive | deposit:
                        self.assertGreaterEqual(row.deposit_value, 0)
                        self.assertEqual(
                            row.amount, self.company.currency_id.round(row.amount)
                        )

    def test_totals_equal_the_lines(self):
        self._world(7)
        cash, lines = self.env["backlog.cash"], self.env["backlog.line"]
        cash.invalidate_model()
        for company in self.env.companies:
            own = [("company_id", "=", company.id)]
            [[amount]] = cash._read_group(
                [*own, ("flow", "=", "receive")], [], ["amount:sum"]
            )
            [[deposit]] = cash._read_group(own, [], ["deposit_value:sum"])
            [[opened, prepaid]] = lines._read_group(
                own, [], ["open_value:sum", "prepaid_value:sum"]
            )
            self.assertAlmostEqual(amount, opened - prepaid, 6)
            self.assertAlmostEqual(deposit, prepaid, 6)

    def test_every_cell_opens_rows_that_add_up_to_it(self):
        self._world(11)
        # Nobody sells it, so nobody can say when.
        self._order(self.product, 1)
        cash = self.env["backlog.cash"]
        cash.invalidate_model()
        cells = cash.formatted_read_group(
            [],
            ["flow", "kind", "date:week"],
            ["amount:sum", "deposit_value:sum", "__count"],
        )
        self.assertGreater(len(cells), 10)
        self.assertTrue(any(not cell["date:week"] for cell in cells))
        for cell in cells:
            rows = cash.search_fetch(cell["__extra_domain"])
            self.assertEqual(len(rows), cell["__count"])
            for name in ("amount", "deposit_value"):
                self.assertAlmostEqual(sum(rows.mapped(name)), cell[f"{name}:sum"], 6)

    def test_number_of_queries_does_not_grow_with_the_rows(self):
        self._world(5)
        cash = self.env["backlog.cash"].with_user(self._manager())

        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            cash.web_read_group(
                [], ["flow", "kind"], ["amount:sum", "deposit_value:sum"]
            )
            rows = cash.search([])
            rows.web_read(
                {
                    "date": {},
                    "kind": {},
                    "order_id": {"fields": {"display_name": {}}},
                    "partner_id": {"fields": {"display_name": {}}},
                    "amount": {},
                }
            )
            return self.env.cr.sql_log_count - before, len(rows)

        queries()
        few, few_rows = queries()
        self._world(6)
        queries()
        many, many_rows = queries()
        self.assertGreater(many_rows, few_rows)
        self.assertEqual(many, few)
