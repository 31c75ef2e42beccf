import re

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..common import BacklogCase
from ..repository import ROOT, needs_repository


@tagged("post_install", "-at_install")
class TestGetBacklog(BacklogCase):
    """``sale.order.get_backlog``, the bulk answer for integrations."""

    def test_an_order_with_its_lines_and_slices(self):
        self._put_in_stock(self.product, 3)
        purchase = self._purchase(self.product, 4, days=6)
        order = self._order(self.product, 10)

        answer = order.get_backlog(order.ids)

        line = order.order_line
        self.assertEqual(len(answer), 1)
        self.assertEqual(answer[0]["state"], "partial")
        self.assertEqual(answer[0]["open_value"], 1000)
        self.assertEqual(answer[0]["backlog_value"], 300)
        self.assertIs(answer[0]["expected_date"], False)
        (row,) = answer[0]["lines"]
        self.assertEqual(row["order_line_id"], line.id)
        moved = {
            "product_id": self.product.id,
            "product": "Chair",
            "uom": self.product.uom_id.name,
        }
        self.assertEqual(
            row["slices"],
            [
                {
                    **moved,
                    "source": "reserved",
                    "qty": 3,
                    "date": "2030-01-15 09:00:00",
                    "overdue_since": False,
                    "document": False,
                },
                {
                    **moved,
                    "source": "receipt",
                    "qty": 4,
                    "date": "2030-01-21 09:00:00",
                    "overdue_since": False,
                    "document": f"purchase.order,{purchase.id}",
                },
                {
                    **moved,
                    "source": "none",
                    "qty": 3,
                    "date": False,
                    "overdue_since": False,
                    "document": False,
                },
            ],
        )

    @needs_repository
    def test_the_page_for_programs_names_every_key(self):
        order = self._order(self.product, 1)
        [order] = order.get_backlog(order.ids)
        rows = {"order": order, "line": order["lines"][0]}
        rows["slice"] = rows["line"]["slices"][0]
        page = (ROOT / "docs/api.md").read_text()
        for name, row in rows.items():
            [keys] = re.findall(rf"^\| {name} \| (.+) \|$", page, re.MULTILINE)
            keys = re.sub(r"\(.*?\)", "", keys)
            self.assertCountEqual(re.findall(r"`(\w+)`", keys), row)

    def test_a_finished_order_has_no_lines(self):
        self._put_in_stock(self.product, 3)
        order = self._order(self.product, 3)
        self._ship(order)
        (answer,) = order.get_backlog(order.ids)
        self.assertEqual((answer["state"], answer["lines"]), (False, []))

    def test_the_number_of_queries_does_not_depend_on_the_orders(self):
        self._put_in_stock(self.product, 3)
        orders = self.env["sale.order"].union(
            *(self._order(self.product, 2) for _n in range(6))
        )
        self.env.flush_all()
        orders.get_backlog(orders.ids)

        def queries(ids):
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            orders.get_backlog(ids)
            return self.env.cr.sql_log_count - start

        self.assertEqual(queries(orders.ids), queries(orders[:1].ids))

    def test_orders_of_others_are_refused(self):
        order = self._order(self.product, 1, user=self.env.ref("base.user_admin"))
        with self.assertRaises(AccessError):
            self.env["sale.order"].with_user(self.seller).get_backlog(order.ids)

    def test_bad_ids_get_a_clear_answer(self):
        for ids in ("1", 1, [True], ["1"], None):
            with self.subTest(ids=ids), self.assertRaises(UserError):
                self.env["sale.order"].get_backlog(ids)

    def test_too_many_orders_at_once_are_refused(self):
        """Also when all of them are there."""
        order = self._order(self.product, 1)
        with self.assertRaisesRegex(UserError, "at most 10000"):
            order.get_backlog(order.ids * 10_001)
