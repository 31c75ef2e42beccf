from contextlib import contextmanager
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.tests import freeze_time, tagged
from odoo.tools import SQL, mute_logger

from ...models.kept.backlog_fold import BacklogFold
from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestKeptFailing(BacklogCase):
    """A product that makes the fold fail is left marked: all others are kept, and
    what is read of every one is exact."""

    def setUp(self):
        super().setUp()
        self.kept = self.env["backlog.kept"]
        self.env["backlog.fold"]._fold()
        self.products = self.env["product.product"].union(
            *(self._product(f"Product {number}") for number in range(7))
        )
        self.bad = self.products[3]
        for product in self.products:
            self._put_in_stock(product, 1)
            self._order(product, 3)

    @contextmanager
    def _failing(self, error="SELECT 1 / 0"):
        """The bad product cannot be kept."""
        keep = BacklogFold._keep_slices

        def keep_slices(fold, product_ids):
            if self.bad.id in product_ids:
                if isinstance(error, Exception):
                    raise error
                fold.env.cr.execute(error)
            return keep(fold, product_ids)

        with (
            patch.object(BacklogFold, "_keep_slices", keep_slices),
            mute_logger("odoo.sql_db", "odoo.addons.inventory_backlog.models"),
            mute_logger("odoo.addons.inventory_backlog.models.backlog_fault"),
        ):
            yield

    @contextmanager
    def _committing(self):
        cron = type(self.env["ir.cron"])
        with patch.object(cron, "_commit_progress", return_value=60) as progress:
            yield progress

    def _marked(self):
        return self.env["product.product"].browse(self.kept._touched())

    def _fault(self):
        return self.env["backlog.fault"].search(
            [("kind", "=", "product"), ("res_id", "=", self.bad.id)]
        )

    def test_the_others_are_kept(self):
        with self._failing():
            self.env["backlog.fold"]._fold()

        self.assertEqual(self._marked(), self.bad)
        rows = self.env.execute_query(SQL("SELECT product_id FROM backlog_kept_line"))
        self.assertLessEqual(
            set((self.products - self.bad).ids), {row[0] for row in rows}
        )
        self.assertEqual(self.kept.differences(), {"slices": [], "lines": []})

    def test_its_figures_are_exact_all_the_same(self):
        with self._failing():
            self.env["backlog.fold"]._fold()
        self._put_in_stock(self.bad, 1)

        line = self.env["backlog.line"].search([("product_id", "=", self.bad.id)])
        self.assertEqual((line.open_qty, line.backlog_qty), (3, 2))

    def test_the_scheduled_action_ends_and_the_manager_learns_which_it_is(self):
        with self._failing(), self._committing() as progress:
            self.kept._cron_fold()

        progress.assert_called_with(1, remaining=0)
        self.assertEqual(self._marked(), self.bad)
        self.assertIn(self.bad.display_name, self._fault().text)
        self.assertIn("division by zero", self._fault().text)
        self.assertEqual(self._fault().state, "open")

    def test_it_is_tried_again_after_an_hour_and_heals(self):
        with self._failing(), self._committing():
            self.kept._cron_fold()
            self.kept._cron_fold()
        self.assertEqual(self._fault().times, 1)
        with self._committing():
            self.kept._cron_fold()
            self.assertEqual(self._marked(), self.bad)
            with self._later(2):
                self.kept._cron_fold()

        self.assertFalse(self._marked())
        self.assertEqual(self._fault().state, "healed")

    def test_what_failed_while_the_clock_was_ahead_is_tried_again(self):
        with self._failing(), self._committing(), self._later(10_000):
            self.kept._cron_fold()
        with self._committing():
            self.kept._cron_fold()

        self.assertFalse(self._marked())
        self.assertEqual(self._fault().state, "healed")

    def _later(self, hours):
        return freeze_time(self._after(0, hours))

    def test_what_fails_in_python_is_left_as_well(self):
        with self._failing(ValueError("no figure")):
            self.env["backlog.fold"]._fold()

        self.assertEqual(self._marked(), self.bad)
        self.assertIn("no figure", self._fault().text)

    def test_where_all_fail_no_product_is_to_blame(self):
        """Another addon has broken the statement: that is no fault of each product."""
        with (
            patch.object(BacklogFold, "_keep_slices", side_effect=ValueError("broken")),
            patch(
                "odoo.addons.inventory_backlog.models.kept.backlog_fold.MOST_FAILING", 3
            ),
            mute_logger("odoo.addons.inventory_backlog.models.backlog_fault"),
            self.assertRaisesRegex(ValueError, "broken"),
        ):
            self.env["backlog.fold"]._fold()

    def test_what_it_is_made_of_is_kept(self):
        """Else one bad product would hold all that shares a screw with it."""
        part = self._product("Screw")
        pairs = [(part.id, self.bad.id), (part.id, self.products[0].id)]
        with (
            self._failing(),
            patch.object(
                BacklogFold,
                "_tied",
                lambda _fold: SQL(
                    "SELECT * FROM (VALUES %s) tied",
                    SQL(", ").join(SQL("(%s, %s)", *pair) for pair in pairs),
                ),
            ),
        ):
            self.env["backlog.fold"]._fold()
        self.assertEqual(self._marked(), self.bad)

    def test_it_is_told_to_managers_of_its_company_only(self):
        self.bad.company_id = self.company
        with self._failing():
            self.env["backlog.fold"]._fold()

        self.assertEqual(self._fault().company_id, self.company)

    def test_what_integrations_were_told_of_others_does_not_wait_for_it(self):
        """They were told of a line that nobody kept before it was cancelled."""
        lines = self.env["backlog.line"]
        self.env["backlog.fold"]._fold()
        gone, held = (self._order(product, 1) for product in self.products[2:4])
        self.env.flush_all()
        cursor = lines.get_changes("", 10_000)["cursor"]
        for order in (gone, held):
            order.with_env(self.env)._action_cancel()
        self.env.flush_all()
        with self._failing():
            self.env["backlog.fold"]._fold()

        told = {row["id"] for row in lines.get_changes(cursor)["lines"]}
        self.assertIn(gone.order_line.id, told)
        self.assertNotIn(held.order_line.id, told)
        self.env["backlog.fold"]._fold()
        told = {row["id"] for row in lines.get_changes(cursor)["lines"]}
        self.assertIn(held.order_line.id, told)

    def test_another_process_is_no_product_that_fails(self):
        with self._failing(SerializationFailure()):
            self.assertFalse(self.env["backlog.fold"]._fold_if_free())

        self.assertFalse(self._fault())
        self.assertGreater(self._marked(), self.bad)

    def test_what_is_tied_to_it_waits_with_it(self):
        """A line that sells one product and moves another is made of both."""
        order = self._order(self.products[5], 2).sudo()
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE stock_move SET product_id = %s WHERE sale_line_id = %s",
                self.bad.id,
                order.order_line.id,
            )
        )
        with self._failing():
            self.env["backlog.fold"]._fold()

        self.assertEqual(self._marked(), self.bad + self.products[5])
        self.assertEqual(self.kept.differences(), {"slices": [], "lines": []})
