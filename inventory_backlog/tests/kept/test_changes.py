from json import dumps
from random import Random

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..common import BacklogCase

SALES_ALL = "sales_team.group_sale_salesman_all_leads"


@tagged("post_install", "-at_install")
class TestChanges(BacklogCase):
    """What an integration is told that asks from time to time."""

    def setUp(self):
        super().setUp()
        self.kept = self.env["backlog.kept"]
        self.integration = new_test_user(self.env, "integration", SALES_ALL)
        self.lines = self.env["backlog.line"].with_user(self.integration)
        self.env["backlog.fold"]._fold()
        self.cursor = ""
        self._changes()

    def _changes(self, limit=1000):
        """All that is new, as ``[(id, is open)]``, and the rows."""
        self.env.flush_all()
        self.env["backlog.fold"]._fold()
        self.env.invalidate_all()
        told, has_more = [], True
        while has_more:
            answer = self.lines.get_changes(self.cursor, limit)
            told += answer["lines"]
            self.cursor, has_more = answer["cursor"], answer["has_more"]
        return [(line["id"], line["is_open"]) for line in told], told

    def test_a_line_is_told_when_it_comes_changes_and_is_shipped(self):
        self._put_in_stock(self.product, 2)
        order = self._order((self.product, 3))
        line = order.order_line
        ids, [row] = self._changes()
        self.assertEqual(ids, [(line.id, True)])
        self.assertEqual(
            row,
            {
                "id": line.id,
                "is_open": True,
                "order_id": (order.id, order.display_name),
                "product_id": (self.product.id, self.product.display_name),
                "backlog_state": "partial",
                "open_qty": 3,
                "backlog_qty": 2,
                "incoming_qty": 0,
                "to_source_qty": 1,
                "promise_date": self._line(line).promise_date,
                "expected_date": False,
                "partial_expected_date": self._after(0),
                "overdue_since": False,
            },
        )
        self.assertEqual(self._changes()[0], [])
        self._put_in_stock(self.product, 5)
        [row] = self._changes()[1]
        self.assertEqual(row["backlog_state"], "ready")
        picking = order.with_env(self.env).picking_ids
        picking.action_assign()
        picking.button_validate()
        self.assertEqual(self._changes()[0], [(line.id, False)])
        self.assertEqual(self._changes()[0], [])

    def test_goods_that_come_for_one_tell_those_behind_in_the_queue(self):
        orders = [self._order((self.product, 2)) for _n in range(3)]
        self._changes()
        self._purchase((self.product, 3))
        first, second, _third = [order.order_line.id for order in orders]
        self.assertEqual(self._changes()[0], [(first, True), (second, True)])

    def test_a_closed_line_with_bad_values_is_told_as_json(self):
        orders = [self._order((self.product, 3)) for _number in range(2)]
        self._changes()
        lines = [order.order_line for order in orders]
        for order in orders:
            order.with_env(self.env)._action_cancel()
        self.env.flush_all()
        dozen = self.env.ref("uom.product_uom_dozen")
        self.env.cr.execute("UPDATE uom_uom SET factor = 0 WHERE id = %s", [dozen.id])
        self.env.cr.execute(
            "UPDATE sale_order_line SET product_uom_qty = 'NaN' WHERE id = %s",
            [lines[0].id],
        )
        self.env.cr.execute(
            "UPDATE sale_order_line SET product_uom_id = %s WHERE id = %s",
            [dozen.id, lines[1].id],
        )
        self.env.invalidate_all()
        _told, rows = self._changes()
        self.assertEqual(
            {row["id"]: row["cancelled_qty"] for row in rows},
            {line.id: 0 for line in lines},
        )
        dumps(rows, allow_nan=False)

    def test_a_line_that_is_cancelled_or_deleted_is_told_as_closed(self):
        cancelled, deleted = (self._order((self.product, 2)) for _n in range(2))
        deleted_id = deleted.order_line.id
        self._changes()
        cancelled.with_env(self.env)._action_cancel()
        deleted.with_env(self.env)._action_cancel()
        deleted.with_env(self.env).unlink()
        self.assertEqual(
            self._changes()[0],
            [(cancelled.order_line.id, False), (deleted_id, False)],
        )

    def test_pages_give_every_line_once(self):
        orders = [self._order((self.product, 1)) for _n in range(7)]
        expected = [(order.order_line.id, True) for order in orders]
        self.assertEqual(self._changes(limit=2)[0], expected)

    def test_from_the_beginning_all_open_lines_are_told(self):
        order = self._order((self.product, 1))
        self._changes()
        self.cursor = ""
        ids = dict(self._changes(limit=100)[0])
        self.assertIs(ids[order.order_line.id], True)
        opened = {line_id for line_id, is_open in ids.items() if is_open}
        self.assertEqual(opened, set(self.lines.search([]).ids))

    # Before anything is kept

    def _follow(self, known, cursor="", limit=1000):
        """What an integration knows after it asked until there is no more."""
        has_more = True
        while has_more:
            answer = self._ask(cursor, limit)
            self._learn(known, answer)
            cursor, has_more = answer["cursor"], answer["has_more"]
        return answer

    def _ask(self, cursor, limit=1000):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.lines.get_changes(cursor, limit)

    def _learn(self, known, answer):
        for row in answer["lines"]:
            if row["is_open"]:
                known[row["id"]] = row["open_qty"]
            else:
                known.pop(row["id"], None)

    def _truth(self):
        self.env.invalidate_all()
        return {line.id: line.open_qty for line in self.lines.search([])}

    def test_all_open_lines_are_told_before_the_scheduled_action_has_run(self):
        orders = [self._order((self.product, 2)) for _n in range(3)]
        known = {}
        answer = self._follow(known, limit=2)
        self.assertEqual(known, self._truth())
        self.assertTrue(answer["waiting_since"])
        self.env.cr.execute("DELETE FROM backlog_kept")
        orders.append(self._order((self.product, 2)))
        known = {}
        answer = self._follow(known, limit=2)
        self.assertEqual(known, self._truth())
        self.assertIn(orders[-1].order_line.id, known)

    def test_an_empty_cursor_tells_no_line_that_is_open_no_more(self):
        order = self._order((self.product, 1))
        self._changes()
        order.with_env(self.env)._action_cancel()
        self._changes()
        told = self._ask("")["lines"]
        self.assertTrue(all(row["is_open"] for row in told))

    def test_pages_stay_complete_while_others_write(self):
        orders = [self._order((self.product, 2)) for _n in range(4)]
        self._changes()
        known = {}
        answer = self._ask("", 2)
        self._learn(known, answer)
        # Told already, and open no more; not told yet, and changed; new.
        orders[0].with_env(self.env)._action_cancel()
        orders[3].with_env(self.env).order_line.product_uom_qty = 5
        self._order((self.product, 1))
        self.env.flush_all()
        self.env["backlog.fold"]._fold()
        self._follow(known, answer["cursor"], 2)
        self.assertEqual(known, self._truth())

    def test_what_was_told_and_is_gone_before_it_was_kept_is_told_again(self):
        """No fold ever sees that it was there."""
        order = self._order((self.product, 2)).with_env(self.env)
        self._changes()
        order.order_line.product_uom_qty = 7
        new = self._order((self.product, 1)).with_env(self.env)
        known = {}
        answer = self._follow(known)
        self.assertEqual(known[order.order_line.id], 7)
        self.assertIn(new.order_line.id, known)
        order.order_line.product_uom_qty = 2
        new._action_cancel()
        self.env.flush_all()
        self.env["backlog.fold"]._fold()
        self._follow(known, answer["cursor"])
        self.assertEqual(known, self._truth())

    def test_whatever_happens_in_between_one_knows_all_in_the_end(self):
        for seed in range(3):
            with self.subTest(seed=seed):
                self._live_through(Random(seed))

    def _live_through(self, dice):
        known, cursor, orders = {}, "", []
        for _step in range(25):
            deed = dice.choice(["sell", "change", "cancel", "fold", "ask", "ask"])
            if deed == "sell" or not orders:
                order = self._order((self.product, dice.randint(1, 3)))
                orders.append(order.with_env(self.env))
            elif deed == "change":
                dice.choice(orders).order_line.product_uom_qty += 1
            elif deed == "cancel":
                orders.pop(dice.randrange(len(orders)))._action_cancel()
            elif deed == "fold":
                self.env.flush_all()
                self.env["backlog.fold"]._fold()
            else:
                answer = self._ask(cursor, dice.randint(1, 3))
                self._learn(known, answer)
                cursor = answer["cursor"]
        self.env.flush_all()
        self.env["backlog.fold"]._fold()
        self._follow(known, cursor, 2)
        self.assertEqual(known, self._truth())

    def test_the_answer_says_as_of_when(self):
        answer = self._ask(self.cursor)
        self.assertFalse(answer["is_waiting"] or answer["waiting_since"])
        up_to_date = answer["as_of"]
        self.assertRegex(up_to_date, r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
        self.env.cr.execute(
            "UPDATE backlog_kept SET clean_at = clean_at - INTERVAL '1 hour'"
        )
        self._order((self.product, 1))
        answer = self._ask(self.cursor)
        self.assertLess(answer["as_of"], up_to_date)
        self.assertEqual(answer["waiting_since"], answer["as_of"])
        self.assertTrue(answer["is_waiting"])
        self._changes()
        self.env.cr.execute("DELETE FROM backlog_kept")
        answer = self._ask(self.cursor)
        self.assertFalse(answer["as_of"] or answer["waiting_since"])
        self.assertTrue(answer["is_waiting"])

    def test_a_closed_line_tells_what_was_shipped_and_cancelled_of_it(self):
        self._put_in_stock(self.product, 12)
        order = self._order((self.product, 1, {"product_uom_id": self.dozen.id}))
        self._changes()
        order = order.with_env(self.env)
        self._ship(order, 5, backorder=False)
        [row] = self._changes()[1]
        self.assertEqual(
            (row["order_id"], row["product_id"]),
            ((order.id, order.name), (self.product.id, self.product.name)),
        )
        self.assertEqual(row["shipped_qty"] + row["cancelled_qty"], 12)
        self.assertAlmostEqual(row["shipped_qty"], 5, 1)

    def test_who_sees_own_orders_is_told_of_those_alone(self):
        mine = self._order((self.product, 1))
        theirs = self._order((self.product, 1), user=self.integration)
        self.env["backlog.fold"]._fold()
        seller = self.env["backlog.line"].with_user(self.seller)
        told = {row["id"] for row in seller.get_changes("", 10_000)["lines"]}
        self.assertIn(mine.order_line.id, told)
        self.assertNotIn(theirs.order_line.id, told)
        theirs._action_cancel()
        self.env["backlog.fold"]._fold()
        told = {row["id"] for row in seller.get_changes("", 10_000)["lines"]}
        self.assertNotIn(theirs.order_line.id, told)

    def test_an_open_line_of_a_colleague_is_not_told_as_closed(self):
        """Nor one that is given away, which was told before."""
        order = self._order((self.product, 1))
        self.env["backlog.fold"]._fold()
        lines = self.env["backlog.line"].with_user(self.seller)
        cursor = lines.get_changes("", 10_000)["cursor"]
        order.with_env(self.env).user_id = self.integration
        order.with_env(self.env).order_line.product_uom_qty = 2
        self.env.flush_all()
        self.env["backlog.fold"]._fold()
        answer = lines.get_changes(cursor)
        self.assertNotEqual(answer["cursor"], cursor)
        self.assertEqual(answer["lines"], [])

    def test_buyers_are_told_that_a_line_is_open_no_more(self):
        """They see the backlog, but no orders."""
        buyer = new_test_user(self.env, "buyer", "purchase.group_purchase_user")
        lines = self.env["backlog.line"].with_user(buyer)
        order = self._order((self.product, 1))
        self._changes()
        answer = lines.get_changes("", 10_000)
        self.assertIn(order.order_line.id, [row["id"] for row in answer["lines"]])
        order.with_env(self.env)._action_cancel()
        self._changes()
        self.assertEqual(
            lines.get_changes(answer["cursor"])["lines"],
            [
                {
                    "id": order.order_line.id,
                    "is_open": False,
                    "order_id": (order.id, order.name),
                    "product_id": (self.product.id, self.product.name),
                    "shipped_qty": 0,
                    "cancelled_qty": 1,
                }
            ],
        )

    def test_products_of_a_context_make_no_line_look_closed(self):
        line = self._order((self.product, 1)).order_line
        self._changes()
        lines = self.lines.with_context(backlog_product_ids=[-1])
        told = {row["id"]: row for row in lines.get_changes("", 10_000)["lines"]}
        self.assertTrue(told[line.id]["is_open"])

    def test_a_purchase_that_is_put_off_is_told(self):
        purchase = self._purchase(self.product, 3, days=4)
        line = self._order((self.product, 2)).order_line
        self._changes()
        purchase.order_line.date_planned = self._after(9)
        told, rows = self._changes()
        self.assertEqual(told, [(line.id, True)])
        self.assertEqual(
            (rows[0]["expected_date"], rows[0]["incoming_qty"]), (self._after(9), 2)
        )
        self.assertEqual(self._changes()[0], [])

    def test_another_promise_is_told(self):
        order = self._order((self.product, 2))
        self._changes()
        order.with_env(self.env).commitment_date = self._after(9)
        told, rows = self._changes()
        self.assertEqual(told, [(order.order_line.id, True)])
        self.assertEqual(rows[0]["promise_date"], self._after(9))

    def test_a_cursor_holds_every_id_that_postgresql_can(self):
        largest = 2**31 - 1
        self.env["backlog.fold"]._next_fold()
        self.env.cr.execute(
            "INSERT INTO backlog_change (id, fold, company_id)"
            " SELECT %s, MAX(folds), %s FROM backlog_kept",
            (largest, self.company.id),
        )
        self.assertEqual(self._changes()[0], [(largest, False)])
        self.assertTrue(self.cursor.endswith(f"-{largest}"))
        self.assertEqual(self._changes()[0], [])

    def test_a_cursor_of_a_later_state_is_refused(self):
        with self.assertRaisesRegex(UserError, "Begin with an empty one"):
            self.lines.get_changes("999999999-1")

    def test_another_company_is_told_nothing(self):
        order = self._order((self.product, 1))
        self.env["backlog.fold"]._fold()
        company = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            "stranger",
            SALES_ALL,
            company_id=company.id,
            company_ids=[company.id],
        )
        lines = self.env["backlog.line"].with_user(stranger)
        self.assertEqual(lines.get_changes()["lines"], [])
        order.with_env(self.env)._action_cancel()
        order.with_env(self.env).unlink()
        self.env["backlog.fold"]._fold()
        self.assertEqual(lines.get_changes()["lines"], [])

    def test_strangers_are_told_nothing(self):
        internal = new_test_user(self.env, "internal", "base.group_user")
        with self.assertRaises(AccessError):
            self.env["backlog.line"].with_user(internal).get_changes()

    def test_what_is_no_cursor_is_refused_with_a_word_what_to_pass(self):
        beyond = (f"1-{2**31}", f"{2**31}-1", "9" * 20 + "-1")
        for cursor in ("x", "1", "1-", "-1", "1-2-3", 5, None, False, *beyond):
            with (
                self.subTest(cursor=cursor),
                self.assertRaisesRegex(UserError, "what the last call returned"),
            ):
                self.lines.get_changes(cursor)
        for limit in (0, -1, 10_001, "5", 1.5, True, None):
            with (
                self.subTest(limit=limit),
                self.assertRaisesRegex(UserError, "whole number from 1 to"),
            ):
                self.lines.get_changes("", limit)

    def test_asking_costs_the_same_for_few_and_for_many(self):
        for number in range(20):
            self._order((self._product(f"Product {number}"), 1))
        self.env.flush_all()
        self.env["backlog.fold"]._fold()
        counts = []
        # The first one fills caches that both others find.
        for size in (20, 2, 20):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            answer = self.lines.get_changes(self.cursor, size)
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(len(answer["lines"]), size)
        self.assertEqual(counts[2], counts[1])
