from odoo.tests import tagged

from .common import BacklogCase

OPERATORS = ("=", "!=", "<", "<=", ">", ">=")


@tagged("post_install", "-at_install")
class TestFields(BacklogCase):
    """The figures on Odoo's own models can be searched, sorted, grouped, summed and
    exported like stored ones, and say the same in every way."""

    def setUp(self):
        super().setUp()
        self.products = self.env["product.product"].union(
            *(self._product(f"Product {number}", list_price=10) for number in range(5))
        )
        ready, partial, incoming, to_source, shipped = self.products
        for product, quantity in ((ready, 5), (partial, 2), (shipped, 1)):
            self._put_in_stock(product, quantity)
        self.orders = self.env["sale.order"].union(
            *(
                self._order(product, quantity, commitment_date=self._after(days))
                for product, quantity, days in (
                    (ready, 5, -3),
                    (partial, 4, 2),
                    (incoming, 3, 30),
                    (to_source, 7, 40),
                    (shipped, 1, 50),
                )
            ),
            self._quote((ready, 9)),
        )
        self._purchase((partial, 1), (incoming, 3), days=4)
        self._ship(self.orders[4])
        self.orders = self.orders.sudo()

    @property
    def records(self):
        """The records of each model with figures."""
        return (
            self.orders.order_line,
            self.orders,
            self.orders.order_line.move_ids,
            self.orders.picking_ids,
            self.products,
            self.products.product_tmpl_id,
        )

    def _figures(self, records):
        return records._backlog_fields()

    def _pairs(self):
        """Every figure of every model."""
        for records in self.records:
            for field in self._figures(records):
                yield records, field

    def _search(self, records, domain, **options):
        return records.search([("id", "in", records.ids), *domain], **options)

    def _assert_search(self, records, name, operator, value):
        """A search in SQL finds what a look at each record would."""
        term = (name, operator, value)
        self.assertEqual(
            self._search(records, [term], order="id"),
            records.filtered_domain([term]).sorted("id"),
            f"{records._name}: {term}",
        )

    def test_every_figure_of_the_contract_is_there(self):
        of_products = {"backlog_qty", "backorder_qty", "to_source_qty", "open_value"}
        self.assertEqual(
            {
                records._name: {field.name for field in self._figures(records)}
                for records in self.records
            },
            {
                "sale.order.line": {
                    "open_qty",
                    "backlog_qty",
                    "backorder_qty",
                    "incoming_qty",
                    "to_source_qty",
                    "backlog_state",
                    "backlog_value",
                    "backorder_value",
                    "backlog_expected_date",
                },
                "sale.order": {
                    "backlog_state",
                    "backlog_value",
                    "backorder_value",
                    "open_value",
                    "backlog_expected_date",
                    "is_backlog_late",
                },
                "stock.move": {
                    "backlog_state",
                    "backlog_qty",
                    "backorder_qty",
                    "incoming_qty",
                    "to_source_qty",
                    "backlog_expected_date",
                },
                "stock.picking": {"backlog_state"},
                "product.product": of_products,
                "product.template": of_products,
            },
        )

    def test_states_are_the_same_on_every_model(self):
        for records in self.records[:2]:
            self.assertEqual(
                records.mapped("backlog_state"),
                ["ready", "partial", "incoming", "to_source", False, False],
            )
        for records in self.records[2:4]:
            self.assertEqual(
                records.sorted("id").mapped("backlog_state"),
                ["ready", "partial", "incoming", "to_source", False],
            )

    def test_search_of_quantities_and_values(self):
        for records, field in self._pairs():
            if field.type in ("float", "monetary"):
                for value in (0, 2, 5, 20, -1):
                    for operator in OPERATORS:
                        self._assert_search(records, field.name, operator, value)
                for operator in ("in", "not in"):
                    self._assert_search(records, field.name, operator, [0, 2])
                    self._assert_search(records, field.name, operator, [3, 50])

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

    def test_group_by_state(self):
        for records in self.records[:4]:
            groups = dict(
                records._read_group(
                    [("id", "in", records.ids)], ["backlog_state"], ["id:recordset"]
                )
            )
            for state in ("ready", "partial", "incoming", "to_source", False):
                self.assertEqual(
                    groups[state].sorted("id"),
                    records.filtered(
                        lambda record, state=state: record.backlog_state == state
                    ).sorted("id"),
                    f"{records._name} {state}",
                )

    def test_group_by_state_for_the_client_shows_empty_columns_too(self):
        for records in self.records[:4]:
            groups = records.with_context(read_group_expand=True).formatted_read_group(
                [("id", "in", records.browse(records[0].id).ids)],
                ["backlog_state"],
                ["__count"],
            )
            self.assertEqual(
                {group["backlog_state"]: group["__count"] for group in groups},
                {"ready": 1, "partial": 0, "incoming": 0, "to_source": 0},
                records._name,
            )

    def test_group_by_every_other_figure(self):
        for records, field in self._pairs():
            spec = f"{field.name}:day" if field.type == "datetime" else field.name
            if field.type in ("float", "monetary"):
                continue
            groups = records._read_group(
                [("id", "in", records.ids)], [spec], ["__count"]
            )
            self.assertEqual(sum(count for _value, count in groups), len(records))

    def test_sums(self):
        for records, field in self._pairs():
            if field.type in ("float", "monetary"):
                [(total,)] = records._read_group(
                    [("id", "in", records.ids)], [], [f"{field.name}:sum"]
                )
                self.assertEqual(
                    total, sum(records.mapped(field.name)), f"{records._name} {field}"
                )

    def test_sums_by_group_of_another_field(self):
        self.assertEqual(
            self.orders._read_group(
                [("id", "in", self.orders.ids)], ["state"], ["open_value:sum"]
            ),
            [("draft", 0), ("sale", 190)],
        )

    def test_client_may_search_sort_group_and_sum_all_of_them(self):
        for records, field in self._pairs():
            about = records.fields_get([field.name])[field.name]
            self.assertTrue(about["searchable"], f"{records._name} {field.name}")
            self.assertTrue(about["sortable"], f"{records._name} {field.name}")
            self.assertFalse(about["store"])
            self.assertTrue(about["help"])
            if field.type in ("float", "monetary"):
                self.assertEqual(about["aggregator"], "sum")
            else:
                self.assertTrue(about["groupable"], f"{records._name} {field.name}")

    def test_export(self):
        for records in self.records:
            names = [field.name for field in self._figures(records)]
            rows = records.export_data(["id", *names])["datas"]
            self.assertEqual(len(rows), len(records))
        rows = self.orders.export_data(["open_value", "backlog_state"])["datas"]
        self.assertEqual(
            [[value or "" for value in row] for row in rows],
            [
                [50, "Ready to ship"],
                [40, "Partly ready"],
                [30, "Backorder, on its way"],
                [70, "Backorder, to source"],
                ["", ""],
                ["", ""],
            ],
        )

    def test_unsaved_records_have_no_backlog(self):
        for records in self.records:
            new = records.new({})
            for field in self._figures(records):
                self.assertFalse(new[field.name])

    def test_read_only_in_the_client(self):
        for records, field in self._pairs():
            self.assertTrue(records.fields_get([field.name])[field.name]["readonly"])
