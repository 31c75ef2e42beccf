from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..bad_values import BadValueCase


@tagged("post_install", "-at_install")
class TestBadValue(BadValueCase):
    """What cannot be right is found, and called by its name."""

    def setUp(self):
        super().setUp()
        self._put_in_stock(self.product, 1)
        self.order = self._order(self.product, 3).sudo()
        self.line = self.order.order_line

    def _night(self):
        """The nightly check, without what it checks of the database itself."""
        health = self.env["backlog.health"]
        health._run("value", health._value_faults)

    def _found(self, line_ids=None):
        """``{key: fault}`` of what has gone bad in this test."""
        return {
            found["key"]: found
            for found in self.env["backlog.bad.value"]._find(line_ids)
        }

    def test_what_is_right_is_not_found(self):
        self._good_world()

        self.assertFalse(self._found())

    def test_a_line_is_named_with_its_order_and_product(self):
        self._write_bad("sale_order_line", "price_subtotal", self.line, "NaN")

        [found] = self._found().values()
        self.assertEqual(found["key"], f"sale.order.line,{self.line.id},price_subtotal")
        for word in (self.order.name, "Chair", "Subtotal", "NaN"):
            self.assertIn(word, found["text"])
        self.assertEqual(found["company_id"], self.company.id)
        self.assertEqual(
            (found["res_model"], found["res_id"]), ("sale.order", self.order.id)
        )

    def test_each_kind_of_value(self):
        move = self.line.move_ids
        places = [
            ("sale_order_line", "customer_lead", self.line, "1e12"),
            ("sale_order_line", "product_uom_qty", self.line, "NaN"),
            ("sale_order", "currency_rate", self.order, "-1"),
            ("sale_order", "commitment_date", self.order, "infinity"),
            ("stock_move", "quantity", move, "1e300"),
            ("stock_quant", "quantity", self.product.stock_quant_ids, "NaN"),
            ("uom_uom", "factor", self.dozen, "0"),
        ]
        deliveries = self.warehouse.out_type_id
        deliveries.reservation_method = "by_date"
        places.append(
            ("stock_picking_type", "reservation_days_before", deliveries, "3000000")
        )
        for place in places:
            self._write_bad(*place)

        self.assertEqual(
            {(key.split(",")[0], key.split(",")[2]) for key in self._found()},
            {(records._name, column) for _table, column, records, _value in places},
        )

    def test_never_is_no_fault(self):
        """A receipt of 9999-12-31 is one that nobody expects."""
        purchase = self._purchase(self.product, 5)
        self._write_bad(
            "stock_move", "date", purchase.order_line.move_ids, "9999-12-31 23:59:59"
        )
        self._write_bad(
            "purchase_order_line", "date_planned", purchase.order_line, "9999-12-31"
        )

        self.assertFalse(self._found())

    def test_a_record_that_odoo_cannot_read_is_named_too(self):
        self._write_bad("stock_move", "date", self.line.move_ids, "20000-01-01")

        [found] = self._found().values()
        self.assertIn("Chair", found["text"])
        self.assertIn("20000-01-01", found["text"])

    def test_many_digits_are_few(self):
        self._write_bad("sale_order_line", "price_subtotal", self.line, "1e300")

        [found] = self._found().values()
        self.assertIn("1.0e+300", found["text"])

    def test_a_time_zone_that_the_database_does_not_know_is_named(self):
        """Python knows it, and PostgreSQL would fail for all companies."""
        self.env.registry.clear_cache()
        for zone, counted in (
            ("right/UTC", "UTC"),
            ("Mars/Olympus", "UTC"),
            ("US/Eastern", "America/New_York"),
            ("Asia/Jakarta", "Asia/Jakarta"),
            ("Etc/UTC", "Etc/UTC"),
        ):
            with self.subTest(zone):
                self._write_bad("res_partner", "tz", self.company.partner_id, zone)
                found = self._found()
                if counted == "UTC":
                    [fault] = found.values()
                    self.assertIn(zone, fault["text"])
                    self.assertEqual(fault["company_id"], self.company.id)
                else:
                    self.assertFalse(found)
                self.assertIn(
                    self.company._backlog_zone(), {counted, zone} - {"right/UTC"}
                )
                self.env["backlog.service"].search([], limit=1).read(["order_id"])

    def test_a_line_stays_in_the_list_and_why_says_what_is_wrong(self):
        other = self._order(self.product, 4)
        self._write_bad("sale_order_line", "price_subtotal", self.line, "NaN")
        self._write_bad("sale_order_line", "price_reduce_taxexcl", self.line, "NaN")

        line, right = self._line(self.line), self._line(other.order_line)
        self.assertEqual((line.open_qty, line.backlog_qty, line.open_value), (3, 1, 0))
        self.assertIn("Subtotal is NaN", " ".join(line.why["verdict"]))
        self.assertEqual((right.open_qty, right.open_value), (4, 400))
        self.assertNotIn("NaN", " ".join(right.why["verdict"]))

    def test_lines_see_their_own_bad_values_only(self):
        other = self._order(self.product, 4).order_line
        self._write_bad("sale_order_line", "price_subtotal", self.line, "NaN")
        self._write_bad("uom_uom", "factor", self.dozen, "0")

        self.assertEqual(len(self._found()), 2)
        self.assertEqual(len(self._found(self.line.ids)), 1)
        self.assertFalse(self._found(other.ids))

    @mute_logger("odoo.addons.inventory_backlog.models.backlog_fault")
    def test_managers_are_told_until_it_is_corrected(self):
        self._write_bad("sale_order_line", "price_subtotal", self.line, "NaN")
        self._night()
        self._night()

        fault = self.env["backlog.fault"].search([("kind", "=", "value")])
        self.assertEqual((fault.state, fault.times), ("open", 2))
        self.assertEqual(fault.company_id, self.company)
        self.assertIn(self.order.name, fault.text)

        self._write_bad("sale_order_line", "price_subtotal", self.line, "300")
        self._night()
        self.assertEqual(fault.state, "healed")

    def test_a_term_of_one_company_is_told_there_only(self):
        term = self.env["account.payment.term"].create(
            {"name": "Theirs", "company_id": self.company.id}
        )
        self._write_bad("account_payment_term_line", "nb_days", term.line_ids, 10**9)

        [fault] = self._found().values()
        self.assertEqual(fault["company_id"], self.company.id)

    # Settings

    def test_settings_have_bounds_and_say_so(self):
        for name, value in (
            ("backlog_risk_days", 2147483647),
            ("backlog_horizon_days", 3_000_000),
            ("backlog_vendor_window_days", 999_999),
            ("backlog_vendor_min_receipts", 2147483647),
            ("backlog_snapshot_years", 2147483647),
            ("backlog_weight_steady", 2147483647),
            ("backlog_tolerance_price", float("nan")),
            ("backlog_tolerance_lead_days", 1e308),
        ):
            with (
                self.subTest(name=name),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.company[name] = value
                self.company.flush_recordset()

    def test_steps_are_days_of_a_hundred_years(self):
        for text in ("x", "7, 5", "99999999999"):
            with self.subTest(text=text), self.assertRaises(ValidationError):
                self.company.backlog_age_steps = text
