from odoo.tests import new_test_user, tagged

from ..vendors import VendorCase


@tagged("post_install", "-at_install")
class TestImport(VendorCase):
    """Buyers keep vendor lists in spreadsheets: what they type is imported and exported
    as everything else in Odoo."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The lowest rights with which Odoo lets one change a vendor list, and export.
        cls.head_buyer = new_test_user(
            cls.env,
            "head",
            "purchase.group_purchase_manager,base.group_allow_export",
        )

    def _load(self, model, fields, *rows, user=None):
        records = self.env[model].with_user(user or self.head_buyer)
        return records.load(fields, [list(row) for row in rows])

    def test_a_vendor_list_is_imported_with_what_decides_who_is_a_backup(self):
        table = self._product("Imported Table")
        result = self._load(
            "product.supplierinfo",
            [
                "product_tmpl_id",
                "partner_id",
                "sequence",
                "price",
                "manual_only",
                "approval_required",
                "approved_until",
                "trial_every",
            ],
            ("Imported Table", "First", "1", "20", "0", "0", "", "0"),
            ("Imported Table", "Second", "2", "21", "0", "1", "2030-12-31", "5"),
            ("Imported Table", "Third", "3", "9", "1", "0", "", "0"),
        )
        self.assertEqual(result["messages"], [])
        self.assertRecordValues(
            table.seller_ids.sorted("sequence"),
            [
                {"partner_id": self.first.id, "vendor_role": "main", "trial_every": 0},
                {
                    "partner_id": self.second.id,
                    "vendor_role": "backup",
                    "trial_every": 5,
                },
                {
                    "partner_id": self.third.id,
                    "vendor_role": "manual",
                    "trial_every": 0,
                },
            ],
        )

    def test_what_is_exported_can_be_changed_and_imported_again(self):
        offer = self.at_second.with_user(self.head_buyer)
        names = ["id", "partner_id/id", "price", "manual_only"]
        [row] = offer.with_context(import_compat=True).export_data(names)["datas"]
        row[2], row[3] = "13.5", "True"
        result = self._load("product.supplierinfo", names, row)
        self.assertEqual(result["messages"], [])
        self.assertEqual(result["ids"], self.at_second.ids)
        self.assertRecordValues(
            self.at_second,
            [{"price": 13.5, "manual_only": True, "vendor_role": "manual"}],
        )

    def test_disruptions_are_imported_with_their_days(self):
        result = self._load(
            "backlog.disruption",
            ["partner_id", "date_from", "date_to", "reason"],
            ("First", "2030-01-10", "2030-01-31", "Flood"),
            ("Second", "2030-02-01", "", "Strike"),
            user=self.buyer,
        )
        self.assertEqual(result["messages"], [])
        self.assertRecordValues(
            self.env["backlog.disruption"].browse(result["ids"]),
            [
                {"partner_id": self.first.id, "state": "now", "reason": "Flood"},
                {"partner_id": self.second.id, "state": "coming", "reason": "Strike"},
            ],
        )

    def test_a_row_that_is_wrong_is_named_and_nothing_is_imported(self):
        before = self.env["backlog.disruption"].search_count([])
        result = self._load(
            "backlog.disruption",
            ["partner_id", "date_from", "date_to", "reason"],
            ("First", "2030-01-10", "2030-01-31", "Flood"),
            ("Second", "2030-02-01", "2030-01-01", "Backwards"),
        )
        self.assertFalse(result["ids"])
        self.assertEqual(result["messages"][0]["rows"], {"from": 1, "to": 1})
        self.assertEqual(self.env["backlog.disruption"].search_count([]), before)

    def test_recipients_of_the_report_are_imported_by_name(self):
        manager = new_test_user(
            self.env,
            "head_of_backlog",
            "inventory_backlog.group_backlog_manager,base.group_allow_export",
        )
        result = self._load(
            "backlog.report.recipient",
            ["user_id", "warehouse_id"],
            (self.seller.name, self.warehouse.name),
            (manager.name, ""),
            user=manager,
        )
        self.assertEqual(result["messages"], [])
        recipients = self.env["backlog.report.recipient"].browse(result["ids"])
        self.assertEqual(recipients.user_id, self.seller + manager)
        self.assertEqual(recipients.warehouse_id, self.warehouse)
        self.assertEqual(recipients.company_id, self.company)
