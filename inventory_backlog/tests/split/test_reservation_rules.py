from odoo.tests import tagged

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestReservationRules(BacklogCase):
    """Ready is what *Check availability* would reserve, whatever is reserved now."""

    def _sources(self, order):
        return [(source, qty) for source, qty, *_ in self._slices(order.order_line)]

    def _ready(self, *orders):
        return [
            ready for order in orders for _o, ready, *_ in self._split(order.order_line)
        ]

    def _check_availability(self, *orders):
        """What the transfers of ``orders`` reserve, asked in the order of the queue."""
        moves = self.env["stock.move"].union(
            *(order.sudo().picking_ids.move_ids for order in orders)
        )
        rank = dict(
            self.env["backlog.allocation"]._read_group(
                [("move_id", "in", moves.ids)], ["move_id"], ["queue_rank:min"]
            )
        )
        for move in moves.sorted(rank.get):
            move.picking_id.action_assign()
        return moves.mapped("quantity")

    def _set_method(self, method, **values):
        self.warehouse.out_type_id.write({"reservation_method": method, **values})

    # Reserved or not

    def test_reserved_goods_stay_with_their_move(self):
        self._put_in_stock(self.product, 5)
        order = self._order(self.product, 7)

        self.assertEqual(self._sources(order), [("reserved", 5), ("none", 2)])

    def test_unreserved_goods_are_ready_for_the_first_in_the_queue(self):
        self._put_in_stock(self.product, 5)
        first, second = self._order(self.product, 4), self._order(self.product, 4)
        (first + second).sudo().picking_ids.do_unreserve()

        self.assertEqual(self._sources(first), [("stock", 4)])
        self.assertEqual(self._sources(second), [("stock", 1), ("none", 3)])
        self.assertEqual(self._check_availability(first, second), [4, 1])

    def test_partly_reserved_move_takes_the_rest_from_free_stock(self):
        self._put_in_stock(self.product, 3)
        order = self._order(self.product, 7)
        self._put_in_stock(self.product, 2)

        self.assertEqual(
            self._sources(order), [("reserved", 3), ("stock", 2), ("none", 2)]
        )
        self.assertEqual(self._check_availability(order), [5])

    # Forced and negative

    def test_quantity_forced_beyond_the_stock_is_not_ready(self):
        self._put_in_stock(self.product, 2)
        order = self._order(self.product, 6)
        order.sudo().picking_ids.move_ids.quantity = 6

        self.assertEqual(order.sudo().picking_ids.state, "assigned")
        self.assertEqual(self._split(order.order_line), [(6, 2, 0, 4)])

    def test_forced_quantities_are_cut_from_the_back_of_the_queue(self):
        self._put_in_stock(self.product, 5)
        orders = [self._order(self.product, 4) for _number in range(3)]
        for order in orders:
            order.sudo().picking_ids.move_ids.quantity = 4

        self.assertEqual(self._ready(*orders), [4, 1, 0])

    def test_quantity_forced_beyond_the_demand_is_ready_for_the_demand(self):
        self._put_in_stock(self.product, 9)
        order = self._order(self.product, 4)
        order.sudo().picking_ids.move_ids.quantity = 6
        other = self._order(self.product, 4)

        self.assertEqual(self._split(order.order_line), [(4, 4, 0, 0)])
        self.assertEqual(self._split(other.order_line), [(4, 3, 0, 1)])

    def test_negative_shelf_counts_against_the_others(self):
        shelf = self.env["stock.location"].create(
            {"name": "Shelf", "location_id": self.stock.id}
        )
        self._put_in_stock(self.product, -4, location=shelf)
        self._put_in_stock(self.product, 10)
        order = self._order(self.product, 9)

        self.assertEqual(self._split(order.order_line), [(9, 6, 0, 3)])
        self.assertEqual(self._check_availability(order), [6])

    def test_nothing_is_ready_from_negative_stock(self):
        self._put_in_stock(self.product, -4)
        order = self._order(self.product, 3)

        self.assertEqual(self._split(order.order_line), [(3, 0, 0, 3)])

    def test_goods_lost_after_reservation_are_lost_for_the_last(self):
        self._put_in_stock(self.product, 8)
        first, second = self._order(self.product, 4), self._order(self.product, 4)
        self._put_in_stock(self.product, -3)

        self.assertEqual(self._ready(first, second), [4, 1])

    # Reservation methods

    def test_at_confirmation_the_first_to_confirm_is_served(self):
        self._put_in_stock(self.product, 5)
        later = self._order(self.product, 4, commitment_date=self._after(9))
        sooner = self._order(self.product, 4, commitment_date=self._after(2))

        self.assertEqual(self._ready(later, sooner), [4, 1])

    def test_manual_reservation_serves_by_date(self):
        self._set_method("manual")
        self._put_in_stock(self.product, 5)
        later = self._order(self.product, 4, commitment_date=self._after(9))
        sooner = self._order(self.product, 4, commitment_date=self._after(2))

        self.assertEqual(later.sudo().picking_ids.move_ids.quantity, 0)
        self.assertEqual(self._ready(later, sooner), [1, 4])
        self.assertEqual(self._check_availability(later, sooner), [1, 4])

    def test_by_date_those_whose_day_has_come_are_served_first(self):
        self._put_in_stock(self.product, 5)
        self._set_method("by_date", reservation_days_before=3)
        future = self._order(self.product, 4, commitment_date=self._after(9))
        due = self._order(self.product, 4, commitment_date=self._after(2))

        self.assertEqual(future.sudo().picking_ids.move_ids.quantity, 0)
        self.assertEqual(self._ready(future, due), [1, 4])

    def test_by_date_a_star_does_not_pass_those_whose_day_has_come(self):
        self._put_in_stock(self.product, 5)
        self._set_method("by_date", reservation_days_before=3)
        future = self._order(self.product, 4, commitment_date=self._after(9))
        due = self._order(self.product, 4, commitment_date=self._after(2))
        due.sudo().picking_ids.do_unreserve()
        future.sudo().picking_ids.priority = "1"

        self.assertEqual(self._ready(future, due), [1, 4])

    def test_manual_waits_behind_those_that_reserve_by_themselves(self):
        self._set_method("manual")
        manual = self._order(self.product, 4, commitment_date=self._after(1))
        self._set_method("at_confirm")
        automatic = self._order(self.product, 4, commitment_date=self._after(9))
        self._put_in_stock(self.product, 5)

        self.assertEqual(self._ready(manual, automatic), [1, 4])

    # Priority

    def test_star_goes_first_comes_back_and_goes_first_again(self):
        self._set_method("manual")
        self._put_in_stock(self.product, 5)
        first = self._order(self.product, 4, commitment_date=self._after(1))
        second = self._order(self.product, 4, commitment_date=self._after(2))
        picking = second.sudo().picking_ids
        for star, ready in (("0", [4, 1]), ("1", [1, 4]), ("0", [4, 1]), ("1", [1, 4])):
            picking.priority = star
            self.assertEqual(self._ready(first, second), ready, f"star {star}")

        self.assertEqual(self._check_availability(first, second), [1, 4])

    def test_odoo_looks_at_the_star_last_at_night_and_why_says_so(self):
        """Odoo against Odoo: its button and its forecast serve the star, its nightly
        run the first day of reservation."""
        first, starred = self._order(self.product, 5), self._order(self.product, 5)
        first.sudo().picking_ids.move_ids.reservation_date = self._after(-9)
        starred.sudo().picking_ids.priority = "1"
        self._put_in_stock(self.product, 5)
        self.assertEqual(self._ready(first, starred), [0, 5])
        why = self.env["backlog.why"]
        told = [
            "It is ahead by its star" in str(why._explain(self._line(one.order_line)))
            for one in (first, starred)
        ]
        self.assertEqual(told, [False, True])
        self.env["stock.rule"]._run_scheduler_tasks(company_id=self.company.id)
        self.assertEqual(self._ready(first, starred), [5, 0])

    def test_star_takes_nothing_that_is_reserved(self):
        self._put_in_stock(self.product, 5)
        first, second = self._order(self.product, 4), self._order(self.product, 4)
        second.sudo().picking_ids.priority = "1"
        self.assertEqual(self._ready(first, second), [4, 1])

        first.sudo().picking_ids.do_unreserve()

        self.assertEqual(self._ready(first, second), [1, 4])
        self.assertEqual(self._check_availability(first, second), [1, 4])

    def test_rest_of_a_starred_transfer_keeps_its_star(self):
        self._put_in_stock(self.product, 2)
        starred = self._order(self.product, 5, commitment_date=self._after(9))
        other = self._order(self.product, 5, commitment_date=self._after(1))
        starred.sudo().picking_ids.priority = "1"
        self._ship(starred)
        rest = starred.sudo().picking_ids.filtered(lambda p: p.state != "done")
        self.assertEqual(rest.priority, "1")
        self._put_in_stock(self.product, 4)

        self.assertEqual(self._ready(starred, other), [3, 1])

    def test_star_serves_receipts_first_too(self):
        first = self._order(self.product, 4, commitment_date=self._after(1))
        second = self._order(self.product, 4, commitment_date=self._after(2))
        self._purchase(self.product, 5)
        second.sudo().picking_ids.priority = "1"

        self.assertEqual(
            self._split((first + second).order_line), [(4, 0, 1, 3), (4, 0, 4, 0)]
        )
