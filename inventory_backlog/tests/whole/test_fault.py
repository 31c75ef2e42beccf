from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from ...const import MANAGERS
from ..common import NOW, BacklogCase

LOGGER = "odoo.addons.inventory_backlog.models.backlog_fault"


@freeze_time(NOW)
@tagged("post_install", "-at_install")
class TestFault(BacklogCase):
    """What goes wrong by itself is noted once, logged once a day, and told to those who
    can do something about it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.company"].create({"name": "Other"})
        cls.manager = new_test_user(
            cls.env, "manager", MANAGERS, notification_type="inbox"
        )
        cls.elsewhere = new_test_user(
            cls.env,
            "elsewhere",
            MANAGERS,
            notification_type="inbox",
            company_id=cls.other.id,
            company_ids=[Command.set(cls.other.ids)],
        )
        cls.faults = cls.env["backlog.fault"]

    def _report(self, key="one", text="It is wrong.", **values):
        with mute_logger(LOGGER):
            self.faults._report("other", key, text, **values)
        return self.faults.search([("kind", "=", "other"), ("key", "=", key)])

    def _told(self, user):
        """The messages that the user got since we asked last."""
        self.faults._cron_tell()
        messages = self.env["mail.message"].search(
            [("notified_partner_ids", "in", user.partner_id.ids)]
        )
        news = messages - getattr(self, "known", messages.browse())
        self.known = messages
        return news

    # Noted

    def test_a_fault_is_noted_once_however_often_it_is_found(self):
        fault = self._report(text="First")
        with freeze_time(NOW + timedelta(hours=2)):
            again = self._report(text="Second")

        self.assertEqual(again, fault)
        self.assertEqual(
            (fault.first_seen, fault.last_seen, fault.times, fault.text, fault.state),
            (NOW, NOW + timedelta(hours=2), 2, "Second", "open"),
        )

    def test_the_same_key_of_another_kind_is_another_fault(self):
        fault = self._report()
        with mute_logger(LOGGER):
            self.faults._report("clock", "one", "It is late.")
        self.assertEqual(self.faults.search_count([("key", "=", fault.key)]), 2)

    def test_it_is_logged_once_a_day(self):
        with self.assertLogs(LOGGER, "ERROR") as log:
            self.faults._report("other", "one", "It is wrong.")
            self.faults._report("other", "one", "It is wrong.")
        self.assertEqual(
            log.output, [f"ERROR:{LOGGER}:Backlog fault (other, one): It is wrong."]
        )
        with (
            freeze_time(NOW + timedelta(days=1)),
            self.assertLogs(LOGGER, "ERROR") as log,
        ):
            self.faults._report("other", "one", "It is wrong.")
        self.assertEqual(len(log.output), 1)

    def test_it_is_logged_although_the_clock_was_ahead(self):
        with freeze_time(NOW + timedelta(days=3650)):
            self._report()
        with self.assertLogs(LOGGER, "ERROR"):
            self.faults._report("other", "one", "It is wrong.")

    def test_anybody_may_find_one(self):
        self.faults = self.env["backlog.fault"].with_user(self.seller)
        with mute_logger(LOGGER):
            self.faults._report("other", "one", "It is wrong.")
        self.assertTrue(self.env["backlog.fault"].search([("key", "=", "one")]))

    # Healed

    def test_what_is_not_found_again_is_healed(self):
        gone, left = self._report("gone"), self._report("left")
        with mute_logger(LOGGER):
            self.faults._report("clock", "gone", "It is late.")
        clock = self.faults.search([("kind", "=", "clock"), ("key", "=", "gone")])

        self.faults._settle("other", ["left"])

        self.assertEqual(
            (gone.state, left.state, clock.state), ("healed", "open", "open")
        )
        self.assertEqual(self._report("gone"), gone)
        self.assertEqual(gone.state, "open")

    def test_healed_ones_are_deleted_after_90_days(self):
        healed, still = self._report("healed"), self._report("still")
        self.faults._settle("other", ["still"])
        self.faults._gc_healed()
        self.assertTrue(healed.exists())
        with freeze_time(NOW + timedelta(days=91)):
            self.faults._gc_healed()
        self.assertEqual((healed + still).exists(), still)

    # Told

    def test_many_faults_are_one_message(self):
        for number in range(25):
            self._report(str(number), f"Number {number} is wrong.")

        message = self._told(self.manager)

        self.assertEqual(len(message), 1)
        self.assertIn("25", message.subject)
        self.assertEqual(message.body.count("is wrong."), 10)
        self.assertIn("And 15 more.", message.body)
        self.assertIn("backlog_fault_action", message.body)

    def test_it_is_told_once_until_it_has_healed_and_comes_again(self):
        self._report()
        self.assertTrue(self._told(self.manager))
        with freeze_time(NOW + timedelta(days=1)):
            self._report()
            self.assertFalse(self._told(self.manager))
            self.faults._settle("other")
            self._report()
            self.assertTrue(self._told(self.manager))

    def test_managers_are_told_once_in_an_hour_at_most(self):
        self._report("one")
        self.assertTrue(self._told(self.manager))
        self._report("two")
        self._report("three")
        self.assertFalse(self._told(self.manager))
        with freeze_time(NOW + timedelta(hours=1)):
            self.assertEqual(len(self._told(self.manager)), 1)

    def test_they_are_told_although_the_clock_was_ahead(self):
        with freeze_time(NOW + timedelta(days=3650)):
            self._report("one")
            self._told(self.manager)
        self._report("two")
        self.assertTrue(self._told(self.manager))

    def test_managers_are_told_of_their_companies_and_of_what_concerns_all(self):
        self._report("ours", "Ours is wrong.", company_id=self.company.id)
        self._report("all", "All is wrong.")

        message = self._told(self.elsewhere)

        self.assertIn("All is wrong.", message.body)
        self.assertNotIn("Ours", message.body)
        self.assertFalse(self._told(self.seller))

    def test_each_is_told_in_their_language(self):
        self.env["res.lang"]._activate_lang("id_ID")
        self.manager.lang = "id_ID"
        self._report()
        self.assertTrue(self._told(self.manager))

    def test_the_scheduled_action_is_woken_once(self):
        triggers = self.env["ir.cron.trigger"]
        mine = [("cron_id", "=", self.env.ref("inventory_backlog.ir_cron_fault").id)]
        triggers.search(mine).unlink()
        for number in range(3):
            self._report(str(number))
        self.assertEqual(triggers.search_count(mine), 1)

    # Managers

    def test_a_manager_dismisses_what_they_know_of(self):
        fault = self._report().with_user(self.manager)
        self.assertEqual(self._notices()[0]["text"], "Faults that were found: 1")

        fault.action_dismiss()

        self.assertEqual(fault.state, "dismissed")
        self.assertFalse(self._notices())
        self.assertFalse(self._told(self.manager))
        self._report()
        self.assertEqual(fault.state, "dismissed")
        self.faults._settle("other")
        self._report()
        self.assertEqual(fault.state, "open")

    def test_nobody_writes_makes_or_deletes_one(self):
        fault = self._report().with_user(self.manager)
        for call in (
            lambda: fault.write({"state": "healed"}),
            lambda: fault.unlink(),
            lambda: fault.create({"kind": "other", "key": "two", "text": "Two"}),
            lambda: fault.with_user(self.seller).action_dismiss(),
            lambda: (
                self._report(company_id=self.company.id)
                .with_user(self.elsewhere)
                .action_dismiss()
            ),
        ):
            with self.assertRaises(AccessError):
                call()

    def test_only_managers_see_it_on_the_dashboard(self):
        self._report(company_id=self.company.id)
        self.assertEqual(len(self._notices()), 1)
        self.assertFalse(self._notices(self.elsewhere))
        self.assertFalse(self._notices(self.seller))

    def _notices(self, user=None):
        page = self.env["backlog.dashboard"].with_user(user or self.manager)
        return page.get_dashboard("all")["notices"]

    def test_the_record_is_a_link_for_who_may_read_it(self):
        order = self._order(self.product, 1)
        fault = self._report(res_model="sale.order", res_id=order.id)
        reader = new_test_user(
            self.env, "reader", f"{MANAGERS},sales_team.group_sale_salesman_all_leads"
        )
        for user, record in ((reader, order), (self.manager, None)):
            self.env.invalidate_all()
            [row] = fault.with_user(user).web_read(
                {"text": {}, "record": {"fields": {"display_name": {}}}}
            )
            self.assertEqual(
                bool(row["record"]), bool(record and record.with_user(user).name)
            )
        for model, record_id in (("no.model", 1), ("sale.order", 2**31 - 1)):
            fault.sudo().write({"res_model": model, "res_id": record_id})
            self.assertFalse(fault.record)

    def test_managers_open_the_record_and_others_are_told_why_not(self):
        order = self._order(self.product, 1)
        fault = self._report(res_model="sale.order", res_id=order.id)
        reader = new_test_user(
            self.env, "reader", f"{MANAGERS},sales_team.group_sale_salesman_all_leads"
        )
        action = fault.with_user(reader).action_open_record()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("sale.order", order.id)
        )
        with self.assertRaises(UserError):
            fault.with_user(self.manager).action_open_record()

    # Scheduled actions

    def test_a_company_that_fails_stops_no_other(self):
        job, done = self.registry["backlog.suggestion.job"], []

        def fail_here(suggestions):
            done.append(suggestions.env.company)
            if suggestions.env.company == self.company:
                raise ValueError("This is odd")

        cron = self.registry["ir.cron"]
        self.patch(job, "_run_and_mail", fail_here)
        self.patch(cron, "_commit_progress", lambda *_args, **_values: 1)
        self.patch(self.env.cr, "rollback", lambda: None)
        with mute_logger(LOGGER):
            self.env["backlog.suggestion"]._cron_generate()
        fault = self.faults.search([("kind", "=", "schedule"), ("state", "=", "open")])

        self.assertLessEqual({self.company, self.other}, set(done))
        self.assertEqual(fault.company_id, self.company)
        self.assertIn("This is odd", fault.text)

        self.patch(job, "_run_and_mail", lambda _suggestions: False)
        self.env["backlog.suggestion"]._cron_generate()
        self.assertEqual(fault.state, "healed")

    def test_it_is_known_by_the_same_name_in_every_language(self):
        """Whoever runs the action by hand has another language than the scheduler."""
        self.env["res.lang"]._activate_lang("fr_FR")

        def fail():
            raise ValueError("This is odd")

        self.patch(self.env.cr, "rollback", lambda: None)
        with mute_logger(LOGGER):
            by_hand = self.faults.with_context(lang="fr_FR")
            by_hand._attempt("ir_cron_suggestion", self.company, fail)
        fault = self.faults.search([("kind", "=", "schedule"), ("state", "=", "open")])
        self.assertEqual(len(fault), 1)
        self.assertTrue(
            self.faults._attempt("ir_cron_suggestion", self.company, lambda: True)
        )
        self.assertEqual(fault.state, "healed")

    def test_a_run_without_time_for_all_companies_goes_on(self):
        """Odoo runs it again at once while something is left."""
        job, progress = self.registry["backlog.suggestion.job"], []
        count = self.env["res.company"].search_count([])
        self.assertGreater(count, 1)

        def note(_cron, processed=0, *, remaining=None, **_values):
            progress.append(remaining)
            return 0 if processed else 60

        self.patch(self.registry["ir.cron"], "_commit_progress", note)
        for is_partial, left in ((False, count - 1), (True, count)):
            with self.subTest(is_partial=is_partial):
                self.patch(job, "_run_and_mail", lambda _s, part=is_partial: part)
                self.env["backlog.suggestion"]._cron_generate()
                self.assertEqual(progress[-1], left)

    def test_what_a_vendor_did_stays_touched_where_a_company_fails(self):
        """The others' figures are kept; nobody takes those that failed for right."""
        measures = self.env["backlog.vendor.measure"]
        touches = self.env["backlog.vendor.touch"]
        touches._touch(self.vendor)
        refresh = type(measures)._refresh

        def fail_here(kept, ids):
            if kept.env.company == self.company:
                raise ValueError("This is odd")
            return refresh(kept, ids)

        commits = []
        self.patch(
            self.registry["ir.cron"],
            "_commit_progress",
            lambda *_args, **_values: commits.append(1) or 60,
        )
        self.patch(self.env.cr, "rollback", lambda: None)
        self.patch(type(measures), "_refresh", fail_here)
        with mute_logger(LOGGER):
            measures._cron_refresh()
        kept = measures.search([("vendor_id", "=", self.vendor.id)])
        self.assertNotIn(self.company, kept.company_id)
        self.assertIn(self.other, kept.company_id)
        self.assertIn(self.vendor, touches.search([]).vendor_id)
        # So that what fails takes nobody's along.
        self.assertGreater(len(commits), self.env["res.company"].search_count([]))

        self.patch(type(measures), "_refresh", refresh)
        measures._cron_refresh()
        self.assertNotIn(self.vendor, touches.search([]).vendor_id)

    def test_what_was_mended_before_anybody_was_told_is_told_all_the_same(self):
        self._report()
        self.faults._heal("other", "one")
        [message] = self._told(self.manager)
        self.assertIn("It is wrong", message.body)

    def test_two_who_find_the_same_at_once_note_it_once(self):
        def other_was_first(_faults, *_args):
            raise UniqueViolation

        self.patch(self.registry["backlog.fault"], "_note", other_was_first)
        self.faults._report("other", "one", "It is wrong.")
        self.assertFalse(self.faults.search([("key", "=", "one")]))

    def test_texts_of_scheduled_actions_are_in_the_language_of_managers(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.faults._managers().write({"lang": "fr_FR"})
        self.assertEqual(self.faults._speaking().lang, "fr_FR")

    def test_a_list_of_them_costs_a_constant_number_of_queries(self):
        orders = [self._order(self.product, 1) for _number in range(20)]
        for order in orders:
            self._report(order.name, res_model="sale.order", res_id=order.id)
        faults = self.faults.search([("res_model", "=", "sale.order")])
        counts = []
        for some in (faults, faults[:1], faults):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.mapped("record")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])

    def test_a_manager_who_cannot_be_told_keeps_it_from_no_other(self):
        tell, told = self.registry["backlog.fault"]._tell, []

        def fail_for_one(faults, user):
            told.append(user)
            if user == self.elsewhere:
                raise ValueError("Invalid language code")
            tell(faults, user)

        self._report()
        self.patch(self.registry["backlog.fault"], "_tell", fail_for_one)
        with mute_logger(LOGGER):
            news = self._told(self.manager)

        self.assertIn(self.elsewhere, told)
        self.assertEqual(len(news), 1)
