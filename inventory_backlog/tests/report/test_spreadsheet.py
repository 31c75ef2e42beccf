import json

from odoo.tests import new_test_user, tagged

from ..line.test_analysis import AnalysisCase


@tagged("post_install", "-at_install")
class TestSpreadsheet(AnalysisCase):
    """The spreadsheet in Odoo's Dashboards asks the same model for the same sums."""

    def setUp(self):
        super().setUp()
        self.dashboard = self.env.ref("inventory_backlog.spreadsheet_dashboard_backlog")
        self.snapshot = json.loads(self.dashboard._get_serialized_readonly_dashboard())[
            "snapshot"
        ]

    def test_every_pivot_is_answered_with_the_figures_of_the_lines(self):
        totals = {
            "open_value": 1630,
            "backlog_value": 500,
            "incoming_value": 330,
            "to_source_value": 800,
            "prepaid_value": 0,
        }
        for pivot in self.snapshot["pivots"].values():
            with self.subTest(pivot=pivot["name"]):
                rows = (
                    self.env[pivot["model"]]
                    .with_user(self.lead)
                    .formatted_read_group(
                        pivot["domain"],
                        [row["fieldName"] for row in pivot["rows"]],
                        [measure["id"] for measure in pivot["measures"]],
                    )
                )
                self.assertTrue(rows)
                if not pivot["domain"]:
                    for name, total in totals.items():
                        if f"{name}:sum" in rows[0]:
                            self.assertEqual(
                                sum(row[f"{name}:sum"] for row in rows), total
                            )

    def test_filters_are_on_fields_of_the_lines(self):
        fields = self.lines.fields_get()
        models = {one["id"]: one["modelName"] for one in self.snapshot["globalFilters"]}
        charts = [
            figure["data"]
            for figure in self.snapshot["sheets"][0]["figures"]
            if figure["data"]["type"] == "odoo_bar"
        ]
        for source in (*self.snapshot["pivots"].values(), *charts):
            self.assertEqual(source["fieldMatching"].keys(), models.keys())
            for key, match in source["fieldMatching"].items():
                self.assertEqual(fields[match["chain"]]["relation"], models[key])

    def test_salespeople_may_open_it_and_buyers_not(self):
        buyer = new_test_user(self.env, "buyer", "purchase.group_purchase_user")

        def sees(user):
            return self.dashboard.with_user(user).search(
                [("id", "=", self.dashboard.id)]
            )

        self.assertTrue(sees(self.seller))
        self.assertFalse(sees(buyer))
