import re
from datetime import timedelta

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.fields import Datetime
from odoo.tests import Form, HttpCase, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from ..common import BacklogCase

SUMMARY = "inventory_backlog.mail_template_backlog_summary"
WEEKLY = "inventory_backlog.mail_template_backlog_report"
ORDER_REPORT = "inventory_backlog.report_order_backlog"
PARTNER_REPORT = "inventory_backlog.report_partner_backlog"


class PaperCase(BacklogCase):
    """A customer with an order of ``seller``, who sees own documents, worth 3,908, and
    one of a colleague worth 3,780. ``lead`` sees both."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.customer.write({"email": "customer@example.com", "lang": "en_US"})
        cls.seller.write({"name": "Marc", "lang": "en_US", "email": "m@example.com"})
        cls.colleague = new_test_user(
            cls.env, "paper_colleague", "sales_team.group_sale_salesman"
        )
        cls.lead = new_test_user(
            cls.env,
            "paper_lead",
            "sales_team.group_sale_salesman_all_leads",
            email="lead@example.com",
            lang="en_US",
        )

    def setUp(self):
        super().setUp()
        self.own = self._order((self.product, 1, {"price_unit": 3908}))
        self.theirs = self._order(
            (self.product, 1, {"price_unit": 3780}), user=self.colleague
        )
        self.template = self.env.ref(SUMMARY)

    def _only_own(self, page):
        """The page is what the seller may see, and says so."""
        self.assertIn(self.own.name, page)
        self.assertIn("3,908.00", page)
        self.assertNotIn(self.theirs.name, page)
        self.assertNotIn("7,688.00", page)
        self.assertIn("orders that Marc looks after for you", self._words(page))
        self.assertNotIn("all your open orders", page)

    def _everything(self, page):
        """The page is all there is, and says so."""
        for text in (self.own.name, self.theirs.name, "7,688.00"):
            self.assertIn(text, page)
        self.assertIn("These are all your open orders with us", page)
        self.assertNotIn("looks after for you", page)

    def _words(self, page):
        return " ".join(re.sub("<[^>]*>", " ", page).split())


@tagged("post_install", "-at_install")
class TestPaper(PaperCase, HttpCase):
    """A report, a mail and the screen say the same for the same person, whoever renders
    them for that person; what nobody asks for is not rendered."""

    # The ways on which a summary leaves

    def _composer(self, user, orders, **values):
        """The window that *Send Open Orders* opens, saved."""
        action = orders[:1].with_user(user).action_send_backlog_summary()
        context = action["context"] | {"default_res_ids": orders.ids} | values
        composers = self.env["mail.compose.message"].with_user(user)
        return Form(composers.with_context(**context)).save()

    def _page(self, attachments):
        [attachment] = attachments
        return self._part(attachment.raw.decode())

    def _part(self, page):
        """What of the page is ours."""
        return page[page.index("o_backlog_report") :]

    def _printed(self, user):
        reports = self.env["ir.actions.report"].with_user(user)
        return reports._render_qweb_html(ORDER_REPORT, self.own.ids)[0].decode()

    def _printed_of_customer(self, user):
        reports = self.env["ir.actions.report"].with_user(user)
        return reports._render_qweb_html(PARTNER_REPORT, self.customer.ids)[0].decode()

    def _printed_as_superuser(self, user):
        reports = self.env["ir.actions.report"].with_user(user).sudo()
        return reports._render_qweb_pdf(ORDER_REPORT, self.own.ids)[0].decode()

    def _printed_for_partners_as_superuser(self, user):
        reports = self.env["ir.actions.report"].with_user(user).sudo()
        return reports._render_qweb_pdf(PARTNER_REPORT, self.customer.ids)[0].decode()

    def _composed(self, user):
        return self._page(self._composer(user, self.own).attachment_ids)

    def _sent(self, user):
        self._composer(user, self.own).action_send_mail()
        return self._page(self.own.sudo().message_ids.sorted("id")[-1].attachment_ids)

    def _sent_to_many(self, user):
        another = self.env["res.partner"].create({"name": "Another"})
        orders = self.own + self._order((self.product, 1), partner_id=another.id)
        composer = self._composer(user, orders)
        _mails, messages = composer._action_send_mail()
        [message] = messages.filtered(lambda one: one.res_id == self.own.id)
        return self._page(message.sudo().attachment_ids)

    def _sent_as_mass_mail(self, user):
        composer = self._composer(
            user, self.own, default_composition_mode="mass_mail", force_email=False
        )
        mails, _messages = composer._action_send_mail()
        return self._page(mails.attachment_ids)

    def _sent_later(self, user):
        """By a scheduled action of Odoo."""
        later = Datetime.now() + timedelta(hours=1)
        composer = self._composer(user, self.own)
        composer.scheduled_date = Datetime.to_string(later)
        composer.action_schedule_message()
        with freeze_time(later + timedelta(hours=1)):
            self.env["mail.scheduled.message"]._post_messages_cron()
        return self._page(self.own.sudo().message_ids.sorted("id")[-1].attachment_ids)

    def _sent_by_template(self, user):
        mail = self.template.with_user(user).send_mail(self.own.id)
        return self._page(self.env["mail.mail"].browse(mail).attachment_ids)

    def _sent_by_template_as_superuser(self, user):
        mail = self.template.with_user(user).sudo().send_mail(self.own.id)
        return self._page(self.env["mail.mail"].browse(mail).attachment_ids)

    def _sent_by_server_action(self, user):
        action = self.env["ir.actions.server"].create(
            {
                "name": "Mail the summary",
                "model_id": self.env["ir.model"]._get_id("sale.order"),
                "state": "mail_post",
                "template_id": self.template.id,
                "mail_post_method": "email",
            }
        )
        last = self.env["mail.mail"].search([], order="id desc", limit=1).id or 0
        context = {"active_model": "sale.order", "active_ids": self.own.ids}
        action.with_user(user).sudo().with_context(
            **context, active_id=self.own.id
        ).run()
        mails = self.env["mail.mail"].search([("id", ">", last)])
        return self._page(mails.attachment_ids)

    def _generated(self, user):
        """What the template attaches, wherever it is used."""
        templates = self.template.with_user(user).sudo()
        values = templates._generate_template(self.own.ids, ["report_template_ids"])
        [(_name, encoded)] = values[self.own.id]["attachments"]
        attachment = self.env["ir.attachment"].create({"name": "x", "datas": encoded})
        return self._page(attachment)

    def _downloaded(self, user):
        self.authenticate(user.login, user.login)
        page = self.url_open(f"/report/html/{ORDER_REPORT}/{self.own.id}")
        self.assertEqual(page.status_code, 200)
        return self._part(page.text)

    _ways = (
        _printed,
        _printed_of_customer,
        _printed_as_superuser,
        _printed_for_partners_as_superuser,
        _composed,
        _sent,
        _sent_to_many,
        _sent_as_mass_mail,
        _sent_later,
        _sent_by_template,
        _sent_by_template_as_superuser,
        _sent_by_server_action,
        _generated,
    )

    def test_summary_holds_what_the_sender_may_see_on_every_way(self):
        for way in self._ways:
            for user, check in (
                (self.seller, self._only_own),
                (self.lead, self._everything),
            ):
                with self.subTest(way=way.__name__, user=user.name):
                    check(way(self, user))

    def test_summary_that_is_downloaded_holds_what_its_reader_may_see(self):
        self._only_own(self._downloaded(self.seller))
        self._everything(self._downloaded(self.lead))

    def test_no_way_shows_anything_to_nobody(self):
        """Scheduled actions run as OdooBot, who may see everything."""
        robot = self.env["res.users"].browse(SUPERUSER_ID)
        for way in self._ways:
            with self.subTest(way=way.__name__):
                with self.assertRaises(UserError) as refused, self.env.cr.savepoint():
                    way(self, robot)
                self.assertIn("Print or send it as a user", str(refused.exception))

    @mute_logger("odoo.addons.base.models.ir_qweb")
    def test_who_sees_no_values_gets_no_summary_on_any_way(self):
        for group in (
            "base.group_portal",
            "base.group_user",
            "purchase.group_purchase_user",
        ):
            user = new_test_user(self.env, group, group, email="u@example.com")
            reports = self.env["ir.actions.report"].with_user(user).sudo()
            for name, records in (
                (ORDER_REPORT, self.own),
                (PARTNER_REPORT, self.customer),
            ):
                with (
                    self.subTest(group=group, report=name),
                    self.assertRaises(Exception) as refused,
                    self.env.cr.savepoint(),
                ):
                    reports._render_qweb_pdf(name, records.ids)
                chain = [refused.exception, refused.exception.__cause__]
                self.assertTrue(any(isinstance(one, AccessError) for one in chain))

    def test_mail_about_an_order_that_is_not_ones_own_is_refused(self):
        context = self.theirs.action_send_backlog_summary()["context"]
        composers = self.env["mail.compose.message"].with_user(self.seller)
        composers = composers.with_context(**context)
        for write in (lambda: Form(composers).save(), lambda: composers.create({})):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                self._page(write().attachment_ids)

    def test_mail_says_whose_orders_they_are(self):
        body = self._words(self._composer(self.seller, self.own).body)
        self.assertIn("an overview of the orders that Marc looks after for you", body)
        body = self._words(self._composer(self.lead, self.own).body)
        self.assertIn("an overview of your open orders with us", body)

    def test_summary_in_the_language_of_the_customer_is_no_fuller(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        page = self._composed(self.seller)
        self.assertIn(self.own.name, page)
        self.assertNotIn(self.theirs.name, page)

    def test_summary_is_of_no_company_that_the_sender_does_not_work_in(self):
        """The composer takes the companies of a client's context as superuser."""
        other = self.env["res.company"].create({"name": "Other"})
        composers = self.env["mail.compose.message"].with_user(self.seller)
        context = self.own.with_user(self.seller).action_send_backlog_summary()
        with self.assertRaises(AccessError):
            Form(
                composers.with_context(
                    **context["context"], allowed_company_ids=other.ids
                )
            ).save()

    # The report

    def _composed_report(self, user, report):
        composers = self.env["mail.compose.message"].with_user(user)
        context = {
            "default_model": "backlog.report",
            "default_res_ids": report.ids,
            "default_composition_mode": "comment",
            "default_template_id": self.env.ref(WEEKLY).id,
        }
        composer = composers.with_context(**context).create({})
        return self._page(composer.attachment_ids)

    def test_report_by_mail_holds_what_the_sender_may_see(self):
        for user, value in ((self.seller, "3,908.00"), (self.lead, "7,688.00")):
            report = self.env["backlog.report"].with_user(user).create({})
            page = self._composed_report(user, report)
            self.assertIn(value, page)
            self.assertEqual(self.theirs.name in page, user == self.lead)

    def test_report_of_somebody_else_is_refused(self):
        report = self.env["backlog.report"].with_user(self.lead).create({})
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._composed_report(self.seller, report)

    def test_report_for_nobody_is_refused(self):
        report = self.env["backlog.report"].create({})
        with self.assertRaises(UserError):
            report._data()
        reports = self.env["ir.actions.report"]
        with self.assertRaises(UserError):
            reports._render_qweb_pdf("inventory_backlog.report_backlog", report.ids)

    def test_template_is_installed_into_a_database_with_orders(self):
        """Odoo, whom nobody asks, tries it on an order."""
        template = self.env.ref("inventory_backlog.mail_template_backlog_summary")
        template.body_html = template.body_html
        nobody = self.theirs.with_user(SUPERUSER_ID)
        self.assertEqual(nobody._backlog_summary_of(), "")

    def test_every_report_of_ours_is_made_for_a_person(self):
        """So that none that is added later is rendered as superuser."""
        names = self.env["ir.model.data"].search(
            [
                ("module", "in", ("inventory_backlog", "inventory_backlog_mrp")),
                ("model", "=", "ir.actions.report"),
            ]
        )
        self.assertTrue(names)
        for report in self.env["ir.actions.report"].browse(names.mapped("res_id")):
            model = self.env.get(f"report.{report.report_name}")
            self.assertIsNotNone(model, report.report_name)
            self.assertEqual(model._of, report.model)
            self.assertIn("backlog.paper", model._inherit)
