from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from ..common import BacklogCase

SALES_ALL = "sales_team.group_sale_salesman_all_leads"


@tagged("post_install", "-at_install")
class TestRestore(BacklogCase):
    """What happens after a backup is undone when it is restored, but integrations have
    heard of it."""

    def setUp(self):
        super().setUp()
        self.kept = self.env["backlog.kept"]
        self.integration = new_test_user(self.env, "integration", SALES_ALL)
        self.lines = self.env["backlog.line"].with_user(self.integration)
        self.line = self._order((self.product, 3)).order_line
        self._fold()

    def _fold(self):
        self.env.flush_all()
        self.env["backlog.fold"]._fold()
        self.env.invalidate_all()

    def _follow(self, cursor=""):
        """All that is told from there on, and where it ends."""
        told, has_more = {}, True
        while has_more:
            answer = self.lines.get_changes(cursor)
            told.update({line["id"]: line for line in answer["lines"]})
            cursor, has_more = answer["cursor"], answer["has_more"]
        return told, cursor

    def _undo(self, go_on):
        """Make a backup, go on, and restore it, which no row that it has survives."""
        self.env.flush_all()
        with self.env.cr.savepoint() as backup:
            result = go_on()
            backup.rollback()
        self.env.invalidate_all()
        self.env.cr.execute("UPDATE backlog_kept_seen SET written = '1'")
        return result

    def _sell_on(self):
        """Somebody sells, it is kept, and the integration follows."""
        self._order((self.product, 1))
        self._fold()
        return self._follow()[1]

    def _change_on(self):
        self.line.product_uom_qty += 1
        self._fold()

    def _assert_refused(self, cursor):
        with self.assertRaisesRegex(UserError, "of a later state"):
            self.lines.get_changes(cursor)

    def _restores(self):
        return self.env.execute_query(
            SQL("SELECT fold, next_fold FROM backlog_restore ORDER BY id")
        )

    def test_a_cursor_of_the_undone_time_is_refused_for_good(self):
        cursor = self._undo(self._sell_on)
        self._assert_refused(cursor)
        # Folds go on, until one would have had its number.
        for _time in range(3):
            self._change_on()
            self._assert_refused(cursor)
        told, cursor = self._follow()
        self.assertIn(self.line.id, told)
        self._change_on()
        self.assertEqual(self._follow(cursor)[0][self.line.id]["open_qty"], 7)

    def test_a_cursor_from_before_the_backup_goes_on_and_is_told_all_lines(self):
        """What it was told last may have been undone, so it is told again."""
        _told, cursor = self._follow()
        self._change_on()
        self._undo(self._sell_on)
        self._fold()
        told, _cursor = self._follow(cursor)
        self.assertEqual(told[self.line.id]["open_qty"], 4)
        self.assertEqual(set(told), set(self.lines.search([]).ids))

    def test_who_was_told_what_nobody_had_kept_begins_anew(self):
        def ask():
            self._order((self.product, 1))
            self.env.flush_all()
            return [self.lines.get_changes("", 1)["cursor"], self._follow()[1]]

        cursors = self._undo(ask)
        self._fold()
        for cursor in cursors:
            self._assert_refused(cursor)

    def test_a_second_restore_forgets_nothing_of_the_first(self):
        cursors = [self._undo(self._sell_on)]
        self._fold()
        cursors.append(self._undo(self._sell_on))
        self._fold()
        for cursor in cursors:
            self._assert_refused(cursor)
        [_first, (fold, next_fold)] = self._restores()
        self.assertGreater(next_fold, fold)
        self._follow(self._follow()[1])

    def test_a_backup_without_the_feed_has_everybody_begin_anew(self):
        _told, before = self._follow()
        after = self._undo(self._sell_on)
        self.env.cr.execute("TRUNCATE backlog_change")
        self._fold()
        for cursor in (before, after):
            with self.assertRaisesRegex(UserError, "Begin with an empty one"):
                self.lines.get_changes(cursor)
        told, cursor = self._follow()
        self.assertIn(self.line.id, told)
        self.assertEqual(self._follow(cursor)[0], {})

    def test_all_is_kept_anew_once(self):
        """Who restores may restore a part."""
        self._undo(self._sell_on)
        self.env.cr.execute("UPDATE backlog_kept_line SET open_qty = 99")
        self._fold()
        self.assertEqual(self.kept.differences(), {"slices": [], "lines": []})
        self.assertEqual(self.kept._stale(), ([], [], []))
        self.assertEqual(len(self._restores()), 1)
        self._fold()
        self.assertEqual(len(self._restores()), 1)

    def test_links_to_suggestions_that_are_in_no_backup_go(self):
        """PostgreSQL could make no foreign key, nor can an upgrade; and the next
        suggestion would have such a number."""
        line = self._purchase((self.product, 1)).order_line
        [[last]] = self.env.execute_query(
            SQL("SELECT last_value + 5 FROM backlog_suggestion_id_seq")
        )
        for mend in ("init", "fold"):
            self.env.cr.execute(
                "ALTER TABLE purchase_order_line DROP CONSTRAINT IF EXISTS "
                "purchase_order_line_backlog_suggestion_id_fkey; "
                "UPDATE purchase_order_line SET backlog_suggestion_id = %s "
                "WHERE id = %s; DELETE FROM backlog_kept",
                [last, line.id],
            )
            with self.subTest(mend):
                if mend == "init":
                    self.env["backlog.restore"].init()
                else:
                    self._fold()
                self.env.invalidate_all()
                self.assertFalse(line.backlog_suggestion_id)
                [[number]] = self.env.execute_query(
                    SQL("SELECT NEXTVAL('backlog_suggestion_id_seq')")
                )
                self.assertGreater(number, last)
                last += 5

    def test_neither_detaching_nor_an_upgrade_is_a_restore(self):
        seen = self.env["backlog.kept.seen"]
        for detached in (True, False):
            seen._set_detached(detached)
            self._change_on()
        self.env["backlog.trigger"]._begin_anew()
        self._fold()
        self.assertEqual(self._restores(), [])
