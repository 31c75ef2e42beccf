from odoo.tests import tagged

from ..figures import FiguresCase


@tagged("post_install", "-at_install")
class TestFields(FiguresCase):
    """The figures on Odoo's own models are grouped, summed and exported like stored
    ones, and say the same on every model."""

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
                    "backlog_overdue_since",
                },
                "sale.order": {
                    "backlog_state",
                    "backlog_value",
                    "backorder_value",
                    "open_value",
                    "backlog_expected_date",
                    "backlog_overdue_since",
                    "backlog_promise_date",
                    "is_backlog_at_risk",
                    "is_backlog_late",
                },
                "stock.move": {
                    "backlog_state",
                    "backlog_qty",
                    "backorder_qty",
                    "incoming_qty",
                    "to_source_qty",
                    "backlog_expected_date",
                    "backlog_overdue_since",
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
                [70, "Backorder, to order"],
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
