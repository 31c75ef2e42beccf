from contextlib import closing, suppress
from unittest.mock import patch

from odoo import sql_db
from odoo.exceptions import LockError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL, mute_logger

from ...models.reorder import (
    backlog_suggestion_run as run_module,
)
from ...models.reorder.backlog_suggestion_run import LOCK
from ..suggestions import SuggestionCase

LOGGER = "odoo.addons.inventory_backlog.models.reorder.backlog_suggestion_run"


@tagged("post_install", "-at_install")
class TestSuggestionRun(SuggestionCase):
    """The scheduled run: in batches, past what fails, never two at once, and a mail
    only when something changed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer.write({"email": "buyer@example.com", "lang": "en_US"})
        cls.env["mail.mail"].search([]).unlink()

    def _tables(self, count):
        """So many products, all wanted."""
        tables = [self._table(f"Table {number}") for number in range(count)]
        self._wanted([(table, 1) for table in tables])
        return self.env["product.product"].browse([table.id for table in tables])

    def _fail_for(self, *products):
        """Planning these products fails, as with a product that is set up badly."""
        model = self.env.registry["backlog.plan"]
        plan = model._plan_product

        def fail(planner, product, *args):
            if product in products:
                raise ValueError("This product is broken")
            return plan(planner, product, *args)

        return patch.object(model, "_plan_product", fail)

    # Batches

    def test_it_works_in_batches_and_commits_each_with_its_progress(self):
        tables = self._tables(5)
        commits = []
        with patch.object(run_module, "BATCH", 2):
            self._cron(commits)
        self.assertEqual(commits[1:4], [(2, 3), (2, 1), (1, 0)])
        self.assertEqual(len(self._suggested(*tables)), 5)

    def test_stopped_half_way_the_next_run_carries_on(self):
        tables = self._tables(5)
        suggestions = self.env["backlog.suggestion"]
        done = []

        def commit(_cron, processed=0, **_values):
            done.append(processed)
            return 0  # no time left

        cron = self.env.registry["ir.cron"]
        with (
            patch.object(run_module, "BATCH", 2),
            patch.object(cron, "_commit_progress", commit),
        ):
            suggestions._cron_generate()
        self.assertEqual(len(self._suggested(*tables)), 2)
        first = self._suggested(*tables)
        commits = []
        with patch.object(run_module, "BATCH", 2):
            self._cron(commits)
        self.assertEqual(commits[1:3], [(2, 1), (1, 0)])
        self.assertEqual(len(self._suggested(*tables)), 5)
        self.assertLessEqual(first, self._suggested(*tables))

    def test_a_run_that_is_killed_keeps_what_was_committed(self):
        """What fails outside of any product ends the run; the batches before stay."""
        tables = self._tables(5)
        model = self.env.registry["backlog.suggestion.run"]
        keep = model._run_batch
        batches = []

        def die(run, product_ids, outcome):
            batches.append(product_ids)
            if len(batches) == 2:
                raise KeyboardInterrupt
            return keep(run, product_ids, outcome)

        with (
            patch.object(run_module, "BATCH", 2),
            patch.object(model, "_run_batch", die),
            # Odoo's assertRaises would take back what was done.
            suppress(KeyboardInterrupt),
        ):
            self._cron()
        self.assertEqual(len(batches), 2)
        self.assertEqual(len(self._suggested(*tables)), 2)
        self.assertEqual(self._generate()["created"], 3)

    # Failing

    def test_a_product_that_fails_is_skipped_and_the_rest_is_done(self):
        tables = self._tables(3)
        with (
            self._fail_for(tables[1]),
            self.assertLogs(LOGGER, "WARNING") as log,
        ):
            counts = self._generate()
        self.assertEqual((counts["created"], counts["failed"]), (2, 1))
        self.assertEqual(self._suggested(*tables).product_id, tables[0] + tables[2])
        self.assertIn("Table 1 is skipped", log.output[0])
        self.assertEqual(self._generate()["created"], 1)

    def test_a_product_that_fails_keeps_the_suggestion_it_had(self):
        tables = self._tables(1)
        before = self._suggest(*tables)
        self._wanted(tables, 1)
        with self._fail_for(tables), mute_logger(LOGGER):
            self._generate()
        self.assertEqual(self._suggested(*tables), before)
        self.assertEqual(before.suggested_qty, 1)
        self._generate()
        self.assertEqual(before.suggested_qty, 2)

    def test_rows_that_somebody_deleted_come_back(self):
        order = self._wanted(self.product, 3)
        self._wanted(self._table(), 2)
        suggestion = self._suggest()
        for table, id_name in (
            ("backlog_suggestion_line", "suggestion_id"),
            ("backlog_suggestion", "id"),
        ):
            with self.subTest(table=table):
                self.env.cr.execute(
                    SQL(
                        "DELETE FROM %s WHERE %s = %s",
                        SQL.identifier(table),
                        SQL.identifier(id_name),
                        suggestion.id,
                    )
                )
                self.env.invalidate_all()
                counts = self._generate()
                self.assertEqual(counts["created"] + counts["updated"], 1)
                suggestion = self._suggested()
                self.assertEqual(suggestion.line_ids.order_line_id, order.order_line)
        self.assertEqual(self._generate()["updated"], 0)

    def test_what_somebody_decides_about_is_left_to_the_next_run(self):
        """Nobody waits for it: PostgreSQL stops one of two who wait for each other."""
        tables = self._tables(2)
        theirs, ours = self._suggest(*tables)
        model = self.env.registry["backlog.suggestion"]
        lock = model.lock_for_update

        def taken(suggestions, **options):
            if theirs in suggestions:
                raise LockError("Somebody has it")
            return lock(suggestions, **options)

        self._wanted([(table, 1) for table in tables])
        with patch.object(model, "lock_for_update", taken):
            counts = self._generate()
        self.assertEqual((counts["updated"], counts["failed"]), (1, 1))
        self.assertEqual((theirs.suggested_qty, ours.suggested_qty), (1, 2))
        self.assertEqual(self._generate()["updated"], 1)
        self.assertEqual(theirs.suggested_qty, 2)

    def test_products_that_fail_are_mailed_to_the_managers(self):
        manager = new_test_user(
            self.env,
            "manager",
            "inventory_backlog.group_backlog_manager",
            email="manager@example.com",
            lang="en_US",
        )
        tables = self._tables(2)
        with self._fail_for(tables[1]), mute_logger(LOGGER):
            self._cron()
        subject = "Reorder suggestions: products were left out"
        [failed] = self._mails().filtered(lambda mail: mail.subject == subject)
        self.assertEqual(failed.email_to, manager.email_formatted)
        self.assertIn("Table 1: This product is broken", failed.body_html)
        # The manager may buy and gets the digest too, in a mail of its own.
        digests = self._mails() - failed
        self.assertCountEqual(
            digests.mapped("email_to"),
            [manager.email_formatted, self.buyer.email_formatted],
        )
        for digest in digests:
            self.assertNotIn("Table 1", digest.body_html)

    # Two at once

    def test_a_run_beside_another_one_leaves_it_to_that(self):
        self._wanted(self.product, 5)
        self.env.flush_all()
        with closing(sql_db.db_connect(self.env.cr.dbname).cursor()) as other:
            other.execute(
                "SELECT pg_advisory_xact_lock(%s, %s)", (LOCK, self.company.id)
            )
            with patch.object(run_module._logger, "info") as log:
                self.assertEqual(set(self._generate().values()), {0})
            other.rollback()
        self.assertIn("another run is at work", log.call_args.args[0])
        self.assertEqual(self._generate()["created"], 1)

    def test_a_run_of_another_company_is_no_hindrance(self):
        self._wanted(self.product, 5)
        with closing(sql_db.db_connect(self.env.cr.dbname).cursor()) as other:
            other.execute("SELECT pg_advisory_xact_lock(%s, %s)", (LOCK, 987654))
            self.assertEqual(self._generate()["created"], 1)
            other.rollback()

    def test_two_open_suggestions_of_a_kind_cannot_be(self):
        self._wanted(self.product, 5)
        suggestion = self._suggest().sudo()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaisesRegex(Exception, "_one_open"),
            self.env.cr.savepoint(),
        ):
            suggestion.copy()

    # Mails

    def test_buyers_get_one_mail_when_something_changed(self):
        table = self._table()
        self._wanted([(self.product, 5), (table, 2)])
        self._cron()
        mail = self._mails()
        self.assertEqual(len(mail), 1)
        self.assertEqual(mail.subject, f"Reorder suggestions for {self.company.name}")
        self.assertIn("buyer@example.com", mail.email_to)
        self.assertNotIn(self.seller.email or "seller", mail.email_to)
        for text in (
            "<b>2</b> new",
            "Chair",
            "Table",
            "5 Units",
            "First",
            "01/18/2030",
        ):
            self.assertIn(text, mail.body_html)

    def test_no_mail_when_nothing_changed(self):
        self._cron()
        self.assertFalse(self._mails())
        self._wanted(self.product, 5)
        self._cron()
        self._cron()
        self.assertEqual(len(self._mails()), 1)

    def test_a_mail_when_a_suggestion_is_withdrawn(self):
        order = self._wanted(self.product, 5)
        self._cron()
        order.sudo().action_cancel()
        self._cron()
        self.assertIn("<b>1</b> withdrawn", self._mails()[0].body_html)

    def test_a_run_by_hand_sends_no_mail(self):
        self._wanted(self.product, 5)
        self._generate()
        self.assertFalse(self._mails())

    def test_the_mail_goes_to_the_chosen_readers_only(self):
        reader = new_test_user(
            self.env,
            "reader",
            "purchase.group_purchase_user",
            email="reader@example.com",
        )
        self.company.backlog_digest_user_ids = reader
        self._wanted(self.product, 5)
        self._cron()
        self.assertEqual(self._mails().email_to, reader.email_formatted)

    def test_the_mail_is_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        reader = new_test_user(
            self.env,
            "reader",
            "purchase.group_purchase_user",
            email="reader@example.com",
            lang="fr_FR",
        )
        self.company.backlog_digest_user_ids = reader + self.buyer
        self._wanted(self.product, 5)
        self._cron()
        bodies = {mail.email_to: mail.body_html for mail in self._mails()}
        self.assertEqual(
            set(bodies), {reader.email_formatted, self.buyer.email_formatted}
        )
        self.assertIn("18/01/2030", bodies[reader.email_formatted])
        self.assertIn("01/18/2030", bodies[self.buyer.email_formatted])

    def test_buyers_of_another_company_get_no_mail(self):
        other = self.env["res.company"].create({"name": "Other"})
        new_test_user(
            self.env,
            "elsewhere",
            "purchase.group_purchase_user",
            email="elsewhere@example.com",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self._wanted(self.product, 5)
        self._cron()
        self.assertNotIn("elsewhere", self._mails().email_to)

    def test_suggestions_have_no_messages_and_no_followers_of_the_run(self):
        self._wanted(self.product, 5)
        self._cron()
        suggestion = self._suggested().sudo()
        self.assertFalse(suggestion.message_ids)
        self.assertFalse(suggestion.message_follower_ids)
