from odoo.tests import tagged
from odoo.tools import SQL

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestDrift(BacklogCase):
    """Quants that say another quantity reserved than moves hold: the moves count."""

    def _drift(self, quantity, product=None):
        """What no move tells: somebody wrote the quants."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE stock_quant SET reserved_quantity = reserved_quantity + %s "
                "WHERE product_id = %s AND location_id = %s",
                quantity,
                (product or self.product).id,
                self.stock.id,
            )
        )
        self.env.invalidate_all()

    def _mend(self):
        self.env["stock.quant"]._clean_reservations()

    def test_what_a_move_holds_is_ready_whatever_the_quant_says(self):
        self._put_in_stock(self.product, 5)
        order = self._order(self.product, 5)
        for drift in (5, -8):
            self._drift(drift)
            self.assertEqual(self._split(order.order_line), [(5, 5, 0, 0)])

    def test_what_no_move_holds_is_free(self):
        self._put_in_stock(self.product, 9)
        self.warehouse.out_type_id.reservation_method = "manual"
        order = self._order(self.product, 7)
        self._drift(6)
        self.assertEqual(self._split(order.order_line), [(7, 7, 0, 0)])
        # So it is for Odoo, as soon as its scheduler has mended the quant.
        self._mend()
        order.sudo().picking_ids.action_assign()
        self.assertEqual(order.sudo().picking_ids.move_ids.quantity, 7)

    def test_ready_never_exceeds_what_is_there_when_the_quant_says_too_little(self):
        self._put_in_stock(self.product, 5)
        first = self._order(self.product, 5)
        self.warehouse.out_type_id.reservation_method = "manual"
        second = self._order(self.product, 5)
        self._drift(-5)
        lines = (first | second).order_line
        self.assertEqual(self._split(lines), [(5, 5, 0, 0), (5, 0, 0, 5)])
        self._mend()
        second.sudo().picking_ids.action_assign()
        self.assertEqual(second.sudo().picking_ids.move_ids.quantity, 0)

    def test_a_reservation_of_goods_that_are_gone_is_not_ready(self):
        self._put_in_stock(self.product, 5)
        order = self._order(self.product, 5)
        self.env.flush_all()
        self.env.cr.execute(
            SQL("DELETE FROM stock_quant WHERE product_id = %s", self.product.id)
        )
        self.env.invalidate_all()
        self.assertEqual(self._split(order.order_line), [(5, 0, 0, 5)])

    def test_each_lot_counts_for_itself(self):
        wine = self._product("Wine", tracking="lot")
        for name, quantity in (("a", 4), ("b", 6)):
            lot = self.env["stock.lot"].create({"name": name, "product_id": wine.id})
            self._put_in_stock(wine, quantity, lot_id=lot)
        first = self._order(wine, 4)
        self.warehouse.out_type_id.reservation_method = "manual"
        second = self._order(wine, 9)
        self._drift(3, wine)
        lines = (first | second).order_line
        self.assertEqual(self._split(lines), [(4, 4, 0, 0), (9, 6, 0, 3)])

    def test_a_shelf_counts_what_moves_hold(self):
        self._put_in_stock(self.product, 5)
        shelf = self.env["stock.location"].create(
            {"name": "Shelf", "location_id": self.stock.id}
        )
        self._put_in_stock(self.product, 4, shelf)
        self.warehouse.out_type_id.reservation_method = "manual"
        order = self._order(self.product, 9)
        order.sudo().picking_ids.location_id = shelf
        order.sudo().picking_ids.move_ids.location_id = shelf
        self._drift(4)
        self.env.cr.execute(
            SQL(
                "UPDATE stock_quant SET reserved_quantity = 3 WHERE location_id = %s",
                shelf.id,
            )
        )
        self.env.invalidate_all()
        self.assertEqual(self._split(order.order_line), [(9, 4, 0, 5)])

    def test_the_nightly_check_names_the_product_and_has_odoo_mend_it(self):
        self._put_in_stock(self.product, 9)
        order = self._order(self.product, 5)
        health = self.env["backlog.health"]
        faults = self.env["backlog.fault"]
        for drift in (3, -2):
            with self.subTest(drift=drift):
                self._drift(drift)
                self.assertIn(f"said that {5 + drift} are", "".join(health._look()))
                found = self.env["backlog.drift"]._faults()
                [fault] = [one for one in found if one["res_id"] == self.product.id]
                self.assertIn("Chair: the stock said", fault["text"])
                self.assertIn("transfers hold 5 (Units)", fault["text"])
                # Reported, and gone the next night.
                health._note("reservation", found)
                self.assertTrue(faults.search([("kind", "=", "reservation")]))
                self.assertNotIn("Chair", "".join(health._look()))
                self.assertEqual(self.env["backlog.drift"]._faults(), [])
                self.assertEqual(self._split(order.order_line), [(5, 5, 0, 0)])

    def test_each_company_is_told_of_its_own_places(self):
        self._second_company()
        there = self.env["stock.warehouse"].search([("company_id", "=", self.other.id)])
        self._put_in_stock(self.product, 9)
        self._put_in_stock(self.product, 90, there.lot_stock_id)
        self._order(self.product, 5)
        self._drift(3)
        self.env.cr.execute(
            SQL(
                "UPDATE stock_quant SET reserved_quantity = 77 WHERE location_id = %s",
                there.lot_stock_id.id,
            )
        )
        found = self.env["backlog.drift"]._faults()
        faults = {
            one["company_id"]: one for one in found if one["res_id"] == self.product.id
        }
        self.assertEqual(faults.keys(), {self.company.id, self.other.id})
        ours, theirs = faults[self.company.id], faults[self.other.id]
        self.assertNotEqual(ours["key"], theirs["key"])
        self.assertIn("that 8 are reserved, transfers hold 5", ours["text"])
        self.assertIn("that 77 are reserved, transfers hold 0", theirs["text"])
        self.assertEqual(self.env["backlog.drift"]._faults(), [])

    def test_what_a_move_in_dozens_holds_is_no_drift_of_the_statement(self):
        self._put_in_stock(self.product, 7)
        move = self.env["stock.move"].create(
            {
                "product_id": self.product.id,
                "product_uom": self.dozen.id,
                "product_uom_qty": 1,
                "location_id": self.stock.id,
                "location_dest_id": self.env.ref("stock.stock_location_customers").id,
            }
        )
        move._action_confirm()
        self.env["stock.move.line"].create(
            {
                "move_id": move.id,
                "product_id": self.product.id,
                "product_uom_id": self.product.uom_id.id,
                "quantity": 7,
            }
        )
        self.assertEqual(move.quantity, 0.58)
        drifted = SQL(
            "%s SELECT product_id FROM drifted",
            self.env["backlog.live.slice"]._steps(self.product.ids),
        )
        self.env.flush_all()
        self.assertEqual(self.env.execute_query(drifted), [])
        self._drift(1)
        self.assertEqual(self.env.execute_query(drifted), [(self.product.id,)])

    def test_a_repair_that_is_switched_off_stays_off(self):
        self._put_in_stock(self.product, 9)
        self._order(self.product, 5)
        self._drift(3)
        self.env["ir.config_parameter"].set_param("stock.skip_quant_tasks", "1")
        drift = self.env["backlog.drift"]
        for _night in range(2):
            [fault] = [
                one for one in drift._faults() if one["res_id"] == self.product.id
            ]
            self.assertIn("is switched off", fault["text"])

    def test_what_rounds_away_in_the_unit_is_no_drift(self):
        self._put_in_stock(self.product, 9)
        self._order(self.product, 5)
        drift = self.env["backlog.drift"]
        for quantity, is_found in ((0.004, False), (0.006, True)):
            self._drift(quantity)
            found = (self.product, self.company) in drift._find()
            self.assertEqual(found, is_found)

    def test_scrap_and_dozens_are_no_drift(self):
        self._put_in_stock(self.product, 29)
        self._order((self.product, 2, {"product_uom_id": self.dozen.id}))
        found = self.env["backlog.drift"]._find()
        self.assertNotIn(self.product, [product for product, _company in found])
