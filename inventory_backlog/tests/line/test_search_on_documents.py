from odoo.tests import tagged

from ..figures import FiguresCase

OPERATORS = ("=", "!=", "<", "<=", ">", ">=")


@tagged("post_install", "-at_install")
class TestSearchOnDocuments(FiguresCase):
    """The figures on Odoo's own models can be searched and sorted like stored ones, and
    a search in SQL finds what a look at each record would."""

    def _assert_search(self, records, name, operator, value):
        term = (name, operator, value)
        self.assertEqual(
            self._search(records, [term], order="id"),
            records.filtered_domain([term]).sorted("id"),
            f"{records._name}: {term}",
        )

    def test_search_of_quantities_and_values(self):
        for records, field in self._pairs():
            if field.type in ("float", "monetary"):
                for value in (0, 2, 50):
                    for operator in OPERATORS:
                        self._assert_search(records, field.name, operator, value)
                for operator in ("in", "not in"):
                    self._assert_search(records, field.name, operator, [0, 2])
                    self._assert_search(records, field.name, operator, [-1, 20])

    def test_search_of_states(self):
        for records, field in self._pairs():
            if field.type == "selection":
                for value in ("ready", "partial", "incoming", "to_source", False):
                    for operator in ("=", "!="):
                        self._assert_search(records, field.name, operator, value)
                for values in (["ready", "to_source"], ["partial", False], []):
                    for operator in ("in", "not in"):
                        self._assert_search(records, field.name, operator, values)

    def test_search_of_dates(self):
        for records, field in self._pairs():
            if field.type == "datetime":
                for operator in ("=", "!="):
                    self._assert_search(records, field.name, operator, False)
                for value in (self._after(0), self._after(4)):
                    for operator in OPERATORS:
                        self._assert_search(records, field.name, operator, value)

    def test_search_of_truths(self):
        self.assertEqual(
            self._search(self.orders, [("is_backlog_late", "=", True)]), self.orders[0]
        )
        for value in (True, False):
            for operator in ("=", "!="):
                self._assert_search(self.orders, "is_backlog_late", operator, value)

    def test_search_through_other_models(self):
        self.assertEqual(
            self._search(self.orders, [("order_line.backlog_state", "=", "partial")]),
            self.orders[1],
        )
        self.assertEqual(
            self._search(
                self.orders.order_line,
                ["|", ("order_id.open_value", "=", 70), ("open_qty", "=", 3)],
            ).order_id,
            self.orders[2] + self.orders[3],
        )
        self.assertEqual(
            self._search(
                self.orders.order_line, [("product_id.to_source_qty", ">", 0)]
            ).order_id,
            self.orders[1] + self.orders[3],
        )

    def test_search_of_nothing_open_is_the_rest(self):
        for records in self.records[:4]:
            has = self._search(records, [("backlog_state", "!=", False)])
            has_not = self._search(records, [("backlog_state", "=", False)])
            self.assertEqual(has + has_not, records.browse((has + has_not).ids))
            self.assertEqual(len(has), 4)
            self.assertEqual(len(has_not), len(records) - 4)

    def test_sort(self):
        for records, field in self._pairs():
            if field.type in ("float", "monetary", "boolean"):
                expected = records.sorted(lambda r, f=field: (r[f.name], r.id))
                for order in ("{0}, id", "{0} desc, id desc"):
                    self.assertEqual(
                        self._search(records, [], order=order.format(field.name)).ids,
                        expected.ids[:: -1 if "desc" in order else 1],
                        f"{records._name} {order.format(field.name)}",
                    )
            else:
                values = self._search(records, [], order=f"{field.name}, id").mapped(
                    field.name
                )
                known = [value for value in values if value]
                self.assertEqual(known, sorted(known), field.name)
