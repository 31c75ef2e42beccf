from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from ..common import BacklogCase

SALES_ALL = "sales_team.group_sale_salesman_all_leads"
ROW = "DELETE FROM backlog_kept"


@tagged("post_install", "-at_install")
class TestKeptLost(BacklogCase):
    """What is kept may be emptied by a clean-up or missing in a backup. Nobody sees a
    wrong figure, and everything comes again by itself."""

    def setUp(self):
        super().setUp()
        self.kept = self.env["backlog.kept"]
        self._put_in_stock(self.product, 2)
        self.order = self._order((self.product, 3))
        self.line = self.order.order_line
        self.env.flush_all()
        self.env["backlog.fold"]._fold()
        self.integration = new_test_user(self.env, "integration", SALES_ALL)
        self.lines = self.env["backlog.line"].with_user(self.integration)

    def _sql(self, statement, *values):
        self.env.flush_all()
        self.env.cr.execute(statement, values)
        self.env.invalidate_all()

    def _ask(self, statement):
        return self.env.execute_query(SQL(statement))[0][0]

    def _all_changes(self, cursor=""):
        told, has_more = {}, True
        while has_more:
            answer = self.lines.get_changes(cursor)
            told.update({line["id"]: line for line in answer["lines"]})
            cursor, has_more = answer["cursor"], answer["has_more"]
        return told, cursor

    def _assert_whole(self):
        self.assertEqual(self.kept._stale(), ([], [], []))
        self.assertEqual(self.kept.differences(), {"slices": [], "lines": []})
        kept = self._ask("SELECT COUNT(*) FROM backlog_kept_line")
        self.assertEqual(kept, self.lines.sudo().search_count([]))

    # Tables that were emptied

    def test_an_emptied_table_is_noticed_by_the_next_reader_and_mended_by_a_fold(self):
        for empty in ("TRUNCATE {}", "DELETE FROM {}"):
            for tables in (
                ["backlog_kept_line"],
                ["backlog_kept_slice"],
                ["backlog_kept_slice", "backlog_kept_line"],
                ["backlog_kept_line", "backlog_kept"],
            ):
                with self.subTest(empty=empty, tables=tables):
                    for table in tables:
                        self._sql(empty.format(table))
                    self.assertEqual(self._split(self.line), [(3, 2, 0, 1)])
                    self.assertTrue(self._line(self.line))
                    self.assertEqual(
                        self.kept.differences(), {"slices": [], "lines": []}
                    )
                    self.env["backlog.fold"]._fold()
                    self._assert_whole()

    def test_a_database_without_open_lines_is_not_taken_for_an_emptied_one(self):
        for order in self.env["sale.order"].search([("state", "=", "sale")]):
            order._action_cancel()
        self.env.flush_all()
        self.env["backlog.fold"]._fold()
        self._sql("DELETE FROM backlog_kept_slice")
        self._sql("DELETE FROM backlog_kept_line")
        self.kept._touch_everything()
        self.env["backlog.fold"]._fold()
        self.assertEqual(self.kept._stale(), ([], [], []))

    # The one row of backlog.kept

    def test_a_deleted_row_comes_back_and_no_cursor_breaks(self):
        _told, cursor = self._all_changes()
        self._sql(ROW)
        self.order.with_env(self.env).order_line.product_uom_qty = 4
        self.env.flush_all()
        self.env["backlog.fold"]._fold()

        told, later = self._all_changes(cursor)

        self.assertEqual(told[self.line.id]["open_qty"], 4)
        self.assertGreater(
            int(later.split("-")[0]),
            int(cursor.split("-")[0]),
        )
        self._assert_whole()

    def test_an_upgrade_brings_a_deleted_row_back_with_its_number(self):
        _told, cursor = self._all_changes()
        self._sql(ROW)
        self.kept.init()
        self.assertEqual(self._ask("SELECT COUNT(*) FROM backlog_kept"), 1)
        self.env["backlog.fold"]._fold()
        self._all_changes(cursor)

    def test_numbers_begin_after_those_of_an_installation_that_was_removed(self):
        """Its tables are gone, but an integration still has its cursor."""
        _told, cursor = self._all_changes()
        self._sql(ROW)
        self._sql("TRUNCATE backlog_change")
        self.env["backlog.fold"]._fold()
        with self.assertRaisesRegex(UserError, "Begin with an empty one"):
            self.lines.get_changes(cursor)
        told, cursor = self._all_changes()
        self.assertIn(self.line.id, told)
        self._all_changes(cursor)

    # The feed

    def test_an_emptied_feed_tells_all_lines_again(self):
        _told, cursor = self._all_changes()
        other = self._order((self.product, 1))
        self.env.flush_all()
        self.env["backlog.fold"]._fold()
        told, cursor = self._all_changes(cursor)
        self.assertIn(other.order_line.id, told)
        self._sql("TRUNCATE backlog_change")
        told, fresh = self._all_changes()
        self.assertIn(self.line.id, told)
        # What it told of closed lines is lost: who asks from there is told so.
        for _time in ("before", "after"):
            with self.assertRaisesRegex(UserError, "Begin with an empty one"):
                self.lines.get_changes(cursor)
            # It was told all that there is.
            self._all_changes(fresh)
            self.env["backlog.fold"]._fold()
        told, cursor = self._all_changes()
        self.assertTrue(told[self.line.id]["is_open"])
        self.assertEqual(
            self._ask("SELECT COUNT(*) FROM backlog_change"),
            self._ask("SELECT COUNT(*) FROM backlog_kept_line"),
        )
        self.assertEqual(self._all_changes(cursor)[0], {})

    def test_a_rebuild_notes_every_line_anew(self):
        _told, cursor = self._all_changes()
        self.assertEqual(self._all_changes(cursor)[0], {})
        self.assertEqual(self.kept.rebuild(), 0)
        self.assertIn(self.line.id, self._all_changes(cursor)[0])
