from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import format_date, mute_logger

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestWeeklyReport(BacklogCase):
    """The weekly mail: once a week to everybody on the list, with their own rights."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.recipients = cls.env["backlog.report.recipient"]
        cls.recipients.search([]).unlink()
        cls.seller.email = "seller@example.com"
        cls.manager = new_test_user(
            cls.env,
            "manager",
            "sales_team.group_sale_salesman_all_leads",
            email="manager@example.com",
        )
        cls.env.cr.execute("SELECT MAX(id) FROM mail_mail")
        cls.last = cls.env.cr.fetchone()[0] or 0

    def setUp(self):
        super().setUp()
        # Jobs commit; a test must not.
        self.patch(type(self.env["ir.cron"]), "_commit_progress", lambda *a, **k: 1)

    def _add(self, user, **values):
        return self.recipients.create({"user_id": user.id, **values})

    def _mails(self):
        return self.env["mail.mail"].search([("id", ">", self.last)], order="id")

    def _run(self):
        self.recipients._cron_send()

    def test_each_gets_the_report_as_they_would_print_it(self):
        own = self._order(self.product, 1)
        theirs = self._order(self.product, 1, user=self.manager)
        self._add(self.seller)
        self._add(self.manager)
        self._run()
        mails = self._mails()

        self.assertEqual(
            mails.recipient_ids, self.seller.partner_id + self.manager.partner_id
        )
        to_seller = mails.filtered(
            lambda mail: mail.recipient_ids == self.seller.partner_id
        )
        self.assertIn(self.company.name, to_seller.subject)
        [attachment] = to_seller.attachment_ids
        self.assertIn("2030-01-15", attachment.name)
        page = attachment.raw.decode()
        self.assertIn(own.name, page)
        self.assertNotIn(theirs.name, page)
        [attachment] = (mails - to_seller).attachment_ids
        self.assertIn(theirs.name, attachment.raw.decode())

    def test_once_a_week(self):
        self._add(self.seller)
        self._run()
        self._run()
        self.assertEqual(len(self._mails()), 1)
        self.assertEqual(self.recipients.search([]).sent_on, self._after(0).date())

        # Tuesday: the week ends on Sunday.
        for days, count in ((5, 1), (6, 2), (12, 2), (13, 3)):
            with self._at(days):
                self._run()
            self.assertEqual(len(self._mails()), count, days)

    def _at(self, days):
        return freeze_time(self._after(days))

    def test_week_is_that_of_the_company(self):
        self._add(self.seller)
        self._run()
        self.company.partner_id.tz = "Pacific/Kiritimati"  # UTC+14: Monday already
        with self._at(5.3):
            self._run()

        self.assertEqual(len(self._mails()), 2)

    def test_one_who_cannot_get_it_does_not_stop_the_others(self):
        unreachable = new_test_user(
            self.env, "unreachable", "sales_team.group_sale_salesman", email=False
        )
        moved = new_test_user(
            self.env, "moved", "sales_team.group_sale_salesman", email="b@example.com"
        )
        gone = new_test_user(
            self.env, "gone", "sales_team.group_sale_salesman", email="g@example.com"
        )
        bad = self.recipients.union(
            *(self._add(user) for user in (unreachable, moved, gone))
        )
        moved.group_ids = [
            Command.set(self.env.ref("purchase.group_purchase_user").ids)
        ]
        gone.active = False
        good = self._add(self.seller)
        with self.assertLogs(
            "odoo.addons.inventory_backlog.report.backlog_report_recipient", "WARNING"
        ) as log:
            self._run()

        self.assertEqual(self._mails().recipient_ids, self.seller.partner_id)
        self.assertTrue(good.sent_on)
        self.assertFalse(any(bad.mapped("sent_on")))
        self.assertEqual(len(log.output), 3)
        self.assertIn("unreachable", "".join(log.output))
        self.assertFalse(good.failure)
        self.assertIn("no email address", bad[0].failure)
        self.assertIn("does not have the right", bad[1].failure)
        self.assertIn("no longer works in", bad[2].failure)

    def test_one_that_failed_is_tried_again_the_next_day(self):
        self.seller.email = False
        recipient = self._add(self.seller)
        with mute_logger(
            "odoo.addons.inventory_backlog.report.backlog_report_recipient"
        ):
            self._run()
        self.assertTrue(recipient.failure)
        self.seller.email = "seller@example.com"
        for days in (1, 2):
            with self._at(days):
                self._run()

        self.assertEqual(len(self._mails()), 1)
        self.assertEqual(recipient.sent_on, self._after(1).date())
        self.assertFalse(recipient.failure)

    def test_error_of_the_database_does_not_stop_the_others(self):
        bad = self._add(self.manager)
        good = self._add(self.seller)
        make = type(bad)._send

        def send(recipient):
            if recipient == bad:
                recipient.env.cr.execute("SELECT 1 / 0")
            return make(recipient)

        self.patch(type(bad), "_send", send)
        with mute_logger(
            "odoo.sql_db",
            "odoo.addons.inventory_backlog.report.backlog_report_recipient",
        ):
            self._run()

        self.assertIn("division by zero", bad.failure)
        self.assertEqual(self._mails().recipient_ids, good.user_id.partner_id)
        found = self.recipients.search([("failure", "!=", False)])
        self.assertEqual(found, bad)

    def test_archived_recipients_get_nothing(self):
        self._add(self.seller, active=False)
        self._run()

        self.assertFalse(self._mails())

    def test_report_of_one_warehouse(self):
        second = self.env["stock.warehouse"].create({"name": "Second", "code": "SEC"})
        here = self._order(self.product, 1)
        there = self._order(self.product, 1, warehouse_id=second.id)
        self._add(self.seller, warehouse_id=second.id)
        self._run()
        page = self._mails().attachment_ids.raw.decode()

        self.assertIn(there.name, page)
        self.assertNotIn(here.name, page)

    def test_mail_is_in_the_language_of_the_recipient(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.seller.lang = "fr_FR"
        self._add(self.seller)
        self._run()

        today = format_date(
            self.env(user=self.seller), self.env.cr.now(), lang_code="fr_FR"
        )
        self.assertIn(today, self._mails().subject)

    def test_one_of_each_kind(self):
        self._add(self.seller)
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            self._add(self.seller)

    def test_list_is_for_managers_of_the_company(self):
        with self.assertRaises(AccessError):
            self.recipients.with_user(self.seller).search([])
        other = self.env["res.company"].create({"name": "Other"})
        elsewhere = new_test_user(
            self.env,
            "elsewhere",
            "sales_team.group_sale_salesman",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self._add(elsewhere, company_id=other.id)
        boss = new_test_user(
            self.env, "boss", "inventory_backlog.group_backlog_manager"
        )
        own = self.recipients.with_user(boss).create({"user_id": boss.id})

        self.assertEqual(self.recipients.with_user(boss).search([]), own)

    def test_scheduled_action_is_off_until_somebody_switches_it_on(self):
        cron = self.env.ref("inventory_backlog.ir_cron_report")

        self.assertFalse(cron.active)
        # Every day, so that what failed is not late by a week.
        self.assertEqual((cron.interval_number, cron.interval_type), (1, "days"))
