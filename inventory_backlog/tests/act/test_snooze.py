from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..acts import ActCase


@tagged("post_install", "-at_install")
class TestSnooze(ActCase):
    """A line put aside by one person, until a day or until it changes."""

    def _is_snoozed(self, order, user=None):
        """Whether it is snoozed, as the search and as the field say."""
        line = self._of(order, user or self.seller)
        found = line.search([("id", "in", line.ids), ("is_snoozed", "=", True)])
        self.assertEqual(bool(found), line.is_snoozed)
        self.assertEqual(
            line.search_count([("id", "in", line.ids), ("is_snoozed", "=", False)]),
            1 - len(found),
        )
        return line.is_snoozed

    def _snooze(self, order, until="2030-01-20", user=None):
        return self._act(self._of(order, user or self.seller), "snooze", until=until)

    def test_until_a_day(self):
        order = self._wanted(self.product, 3)
        result = self._snooze(order)
        self.assertEqual(result["message"], "Put aside until Jan 20.")
        self.assertTrue(self._is_snoozed(order))
        self.assertIn(
            "unsnooze",
            [one["verb"] for one in self._of(order, self.seller).step["rest"]],
        )
        with self._on(self._after(5).date()):
            self.assertFalse(self._is_snoozed(order))
            self.env["backlog.snooze"]._gc_ended()
        with self._on(self._after(6).date()):
            self.env["backlog.snooze"]._gc_ended()
        self.assertFalse(self.env["backlog.snooze"].search([]))

    def test_until_its_state_changes(self):
        order = self._wanted(self.product, 3)
        self._snooze(order)
        self._put_in_stock(self.product, 1)
        self.assertFalse(self._is_snoozed(order))

    def test_until_a_date_changes(self):
        purchase = self._purchase(self.product, 3, vendor=self.first, days=2)
        order = self._wanted(self.product, 3)
        self._snooze(order)
        self.assertTrue(self._is_snoozed(order))
        purchase.order_line.date_planned = self._after(3)
        self.assertFalse(self._is_snoozed(order))

        self._snooze(order)
        self.assertTrue(self._is_snoozed(order))
        order.commitment_date = self._after(8)
        self.assertFalse(self._is_snoozed(order))

    def test_it_is_for_one_person(self):
        order = self._wanted(self.product, 3)
        self._snooze(order)
        self.assertFalse(self._is_snoozed(order, self.everything))
        snoozes = self.env["backlog.snooze"].with_user(self.everything)
        self.assertFalse(snoozes.search([]))
        own = self.env["backlog.snooze"].search([])
        with self.assertRaises(AccessError):
            own.with_user(self.everything).unlink()
        for user in (self.seller, self.everything):
            with self.assertRaises(AccessError):
                own.with_user(user).write({"until": "2031-01-01"})
        # The number of all lists: a condition on cached columns.
        lines = self.env["backlog.line"].with_user(self.seller)
        snoozed = lines.search([("is_snoozed", "=", True)])
        self.assertEqual(lines.search_count([("is_snoozed", "=", True)]), len(snoozed))
        self.assertEqual(
            lines.search_count([("is_snoozed", "=", False)]),
            lines.search_count([]) - len(snoozed),
        )

    def test_buyers_and_managers_snooze_too(self):
        order = self._wanted(self.product, 3)
        for user in (self.buyer, self.packer, self.manager):
            with self.subTest(user=user.login):
                self._snooze(order, user=user)
                self.assertTrue(self._is_snoozed(order, user))

    def test_undo_shows_it_again_and_snoozes_as_before(self):
        order = self._wanted(self.product, 3)
        first = self._snooze(order, "2030-01-20")
        second = self._snooze(order, "2030-02-20")
        own = self.env["backlog.snooze"].search([])
        self.assertEqual(str(own.until), "2030-02-20")
        self.assertEqual(self._undo(second, self.seller), "Shown again.")
        own = self.env["backlog.snooze"].search([])
        self.assertEqual(str(own.until), "2030-01-20")
        shown = self._act(self._of(order, self.seller), "unsnooze")
        self.assertFalse(self._is_snoozed(order))
        self._undo(shown, self.seller)
        self.assertTrue(self._is_snoozed(order))
        self._undo(first, self.seller)
        self.assertFalse(self._is_snoozed(order))

    def test_only_until_a_day_to_come(self):
        order = self._wanted(self.product, 3)
        for until in ("2030-01-15", "2029-01-01", "9999-01-01", "soon", None, 7):
            with self.subTest(until=until), self.assertRaises(UserError):
                self._snooze(order, until)

    def test_what_is_open_no_more_is_forgotten(self):
        self._put_in_stock(self.product, 3)
        order = self._wanted(self.product, 3)
        self._snooze(order)
        self._ship(order)
        self.env.flush_all()
        self.env["backlog.snooze"]._gc_ended()
        self.assertFalse(self.env["backlog.snooze"].search([]))
