from datetime import timedelta

from odoo.tests import freeze_time, tagged

from ..common import NOW
from ..expiry import ExpiryCase
from ..folded import folding


@tagged("post_install", "-at_install")
class TestExpired(ExpiryCase):
    """Lots with a removal date: Odoo gives none to a delivery that leaves after it."""

    def _check(self, *orders):
        """What is ready, held against what Odoo reserves in the order of the queue."""
        lines = self.env["sale.order.line"].union(*(o.order_line for o in orders))
        ready = [ready for _open, ready, _incoming, _none in self._split(lines)]
        moves = lines.sudo().move_ids
        for move in moves.sorted(lambda move: (move.date, move.id)):
            move._action_assign()
        self.assertEqual([line.move_ids.quantity for line in lines.sudo()], ready)
        self.assertEqual([row[1] for row in self._split(lines)], ready)
        return ready

    def test_what_expired_is_ready_for_nobody(self):
        self._lot(6, -3)
        self._lot(4, 20)
        first, second = self._delivery(8, 1), self._delivery(3, 2)
        self.assertEqual(
            self._split((first | second).order_line), [(8, 4, 0, 4), (3, 0, 0, 3)]
        )
        self.assertEqual(self._check(first, second), [4, 0])

    @folding()
    def test_a_lot_that_is_gone_before_the_delivery_is_not_there(self):
        self._lot(5, 3)
        self._lot(4, None)
        late, soon = self._delivery(6, 10), self._delivery(6, 1)
        # The one that leaves first takes the lot that came first.
        self.assertEqual(self._check(late, soon), [3, 6])

    def test_first_expired_first_out(self):
        """With Odoo's own strategy the sooner delivery leaves the longer lot."""
        self.milk.categ_id = self.env["product.category"].create(
            {
                "name": "Dairy",
                "removal_strategy_id": self.env.ref("product_expiry.removal_fefo").id,
            }
        )
        self._lot(4, 30)
        self._lot(5, 3)
        soon, late = self._delivery(5, 1), self._delivery(4, 10)
        self.assertEqual(self._check(soon, late), [5, 4])

    def test_a_quotation_gets_what_odoo_reserves_at_once(self):
        """Also before somebody ahead, who reserved nothing; of an old lot nothing."""
        self.warehouse.out_type_id.reservation_method = "at_confirm"
        for expired in (0, 6):
            for days in (300, 20):
                with self.subTest(expired=expired, days=days):
                    self._ready_at_once(expired, days)

    def _ready_at_once(self, expired, days):
        milk = self._product("Milk", tracking="lot", use_expiration_date=True)
        ahead = self._order(milk, 5)
        if expired:
            self._lot(expired, -3, milk)
        self._lot(5, days, milk)
        self.assertEqual(self._split(ahead.order_line), [(5, 5, 0, 0)])
        quotation = self._quote((milk, 4), commitment_date=self._after(9))
        self.assertEqual(quotation.order_line.quote_ready_qty, 4)
        self.assertIn(f"{ahead.name} (Customer) loses 4", quotation.quote_losses)
        promised = milk.get_promise(milk.id, 4)
        quotation.action_confirm()
        self.assertEqual(quotation.sudo().picking_ids.move_ids.quantity, 4)
        self.assertEqual(promised["ready"], 4)
        self.assertEqual(
            self._split((ahead | quotation).order_line), [(5, 1, 0, 4), (4, 4, 0, 0)]
        )

    def test_what_is_reserved_stays_when_its_lot_expires(self):
        self._lot(5, 3)
        order = self._delivery(5, 1)
        order.sudo().picking_ids.action_assign()
        order.sudo().picking_ids.move_ids.date = self._after(9)
        self.assertEqual(self._split(order.order_line), [(5, 5, 0, 0)])

    def test_a_shelf_with_fresh_and_expired_goods_gives_the_fresh_ones(self):
        shelf = self.env["stock.location"].create(
            {"name": "Cold", "location_id": self.stock.id}
        )
        self._lot(3, -1, location=shelf)
        self._lot(2, 9, location=shelf)
        self._lot(7, 9)
        order = self._delivery(9, 1)
        pickings = order.sudo().picking_ids
        pickings.location_id = shelf
        pickings.move_ids.location_id = shelf
        self.assertEqual(self._check(order), [2])

    def test_a_product_that_does_not_expire_ships_lots_with_a_removal_date(self):
        self._lot(6, -3)
        self.milk.product_tmpl_id.use_expiration_date = False
        self.assertEqual(self._check(self._delivery(6, 1)), [6])

    def test_what_the_next_step_brought_ships_as_odoo_ships_it(self):
        """Odoo looks at no date of what an earlier step brought."""
        self.warehouse.delivery_steps = "pick_ship"
        self.warehouse.pick_type_id.reservation_method = "manual"
        lot = self._lot(5, 3)
        order = self._order(self.milk, 5)
        pick = order.sudo().picking_ids
        pick.action_assign()
        pick.move_ids.picked = True
        self._validate(pick)
        ship = order.sudo().picking_ids.filtered(lambda one: one.state != "done")
        ship.do_unreserve()
        lot.removal_date = self._after(-1)
        self.assertEqual(self._split(order.order_line), [(5, 5, 0, 0)])
        ship.action_assign()
        self.assertEqual(ship.move_ids.quantity, 5)

    def test_figures_follow_a_new_date_of_the_lot_and_of_the_product(self):
        lot = self._lot(5, 9)
        order = self._delivery(5, 1)
        self.assertEqual(self._split(order.order_line), [(5, 5, 0, 0)])
        self.env["backlog.fold"]._fold()
        lot.removal_date = self._after(-1)
        self.assertEqual(self._split(order.order_line), [(5, 0, 0, 5)])
        self.env["backlog.fold"]._fold()
        self.milk.product_tmpl_id.use_expiration_date = False
        self.assertEqual(self._split(order.order_line), [(5, 5, 0, 0)])

    def test_no_promise_of_expired_goods_and_lots_age_without_a_write(self):
        self._lot(6, -3)
        self._lot(4, 20)

        def ready(quantity=8):
            return self.milk.get_promise(self.milk.id, quantity)["ready"]

        self.assertEqual(ready(), 4)
        # It leaves before what somebody asks for now.
        self._delivery(3, -1)
        self.assertEqual(ready(), 1)
        with freeze_time(NOW + timedelta(days=21)):
            self.assertEqual(ready(), 0)

    def test_expired_goods_are_bought_anew(self):
        self.milk.seller_ids = [
            (0, 0, {"partner_id": self.vendor.id, "price": 10, "delay": 2})
        ]
        self._lot(6, -3)
        self._delivery(5, 1)
        self.env["backlog.suggestion"].generate([self.milk.id])
        suggestion = self.env["backlog.suggestion"].search(
            [("product_id", "=", self.milk.id)]
        )
        self.assertEqual(suggestion.mapped("suggested_qty"), [5])

    def test_without_the_addon_no_statement_names_its_columns(self):
        turn = type(self.env["backlog.turn"])
        self.patch(turn, "_knows_removal", lambda self: False)
        self._lot(6, -3)
        order = self._delivery(5, 1)
        statement = self.env["backlog.live.slice"]._live_slices([self.milk.id])
        for column in ("quant.removal_date", "use_expiration_date"):
            self.assertNotIn(column, statement.code)
        self.assertEqual(self._split(order.order_line), [(5, 5, 0, 0)])
        watched = self.env["backlog.trigger"]._watched()["stock_quant"].compared
        self.assertNotIn("removal_date", watched)
