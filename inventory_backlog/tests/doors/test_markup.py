import io
from unittest.mock import patch

from lxml import html

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfReader

from ..suggestions import SuggestionCase

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
IS_RUN = "//*[contains(@onerror, 'alert')] | //script[contains(., 'alert')]"
RUN = "odoo.addons.inventory_backlog.models.reorder.backlog_suggestion_run"


@tagged("post_install", "-at_install")
class TestMarkup(SuggestionCase):
    """Who puts markup into a name finds it in mails, notes and reports as it was
    written, and no browser takes it for more than text."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer.write({"email": "buyer@example.com", "lang": "en_US"})
        cls.seller.write({"email": "seller@example.com", "lang": "en_US"})
        for record in (
            cls.product,
            cls.unit,
            cls.warehouse,
            cls.customer,
            cls.first,
            cls.second,
            cls.buyer,
            cls.seller,
        ):
            record.name = SCRIPT
        cls.customer.lang = "en_US"
        cls.env["mail.mail"].search([]).unlink()

    def _assert_shown(self, text, times=1):
        """The script can be read at least so often, and is none."""
        page = html.fromstring(f"<div>{text}</div>")
        self.assertGreaterEqual(page.text_content().count(SCRIPT), times, text)
        self.assertFalse(page.xpath(IS_RUN), text)

    def _ordered(self, **values):
        """An order that is called by the script too."""
        order = self._wanted(self.product, 3, days=3, **values).with_env(self.env)
        order.name = SCRIPT
        return order

    # Mails

    def test_digest_of_suggestions(self):
        self._ordered()
        self._cron()
        [digest] = self._mails()
        # The product and its vendor.
        self._assert_shown(digest.body_html, times=2)

    def test_mail_about_products_that_were_left_out(self):
        self.buyer.group_ids += self.env.ref("inventory_backlog.group_backlog_manager")
        self._ordered()
        model = self.registry["backlog.plan"]
        error = ValueError(SCRIPT)
        with patch.object(model, "_plan_product", side_effect=error), mute_logger(RUN):
            self._cron()
        [failed] = self._mails()
        # The product and the error.
        self._assert_shown(failed.body_html, times=2)

    def test_mail_with_the_weekly_report(self):
        """To who is called by the script, of a company that is as well."""
        self.seller.name = self.company.name = SCRIPT
        self._ordered()
        self.env["backlog.report.recipient"].create({"user_id": self.seller.id})._send()
        [mail] = self._mails()
        self._assert_shown(mail.body_html, times=2)
        [attachment] = mail.attachment_ids
        self._assert_shown(attachment.raw.decode())

    def test_mail_with_the_summary_for_a_customer(self):
        self._ordered()
        template = self.env.ref("inventory_backlog.mail_template_backlog_summary")
        order = self._ordered()
        # Nobody gets what a scheduled action sees: somebody sends it.
        template = template.with_user(self.seller)
        [mail] = self.env["mail.mail"].browse(template.send_mail(order.id))
        self._assert_shown(mail.body_html)
        [attachment] = mail.attachment_ids
        self._assert_shown(attachment.raw.decode(), times=3)

    def test_mail_to_the_vendor_of_a_late_receipt(self):
        self._purchase(self.product, 3, days=9, vendor=self.first)
        self._ordered()
        action = self._suggest(action="expedite").action_write_vendor()
        self._assert_shown(action["context"]["default_body"])

    # Notes

    def test_note_of_an_activity_to_pull_in(self):
        purchase = self._purchase(self.product, 3, days=9, vendor=self.first)
        self._ordered()
        self._suggest(action="expedite").action_accept()
        # The product; the order that waits for it is not named.
        self._assert_shown(purchase.activity_ids.note)

    def test_note_of_an_activity_to_buy_a_service_by_hand(self):
        service = self._product(
            SCRIPT,
            type="service",
            is_storable=False,
            service_to_purchase=True,
            seller_ids=[Command.create({"partner_id": self.first.id})],
        )
        self._disrupt(self.first, reason=SCRIPT)
        order = self._order(service, 1)
        # The vendor, the reason and the product.
        self._assert_shown(order.sudo().activity_ids.note, times=3)

    def test_notes_of_requests_that_were_moved(self):
        request = self._request(self.product, 5, vendor=self.first)
        request.name = SCRIPT
        self._disrupt(self.first, reason=SCRIPT)
        wizard = self.env["backlog.vendor.switch"].browse(
            request.with_user(self.buyer).action_move_to_backup()["res_id"]
        )
        action = wizard.with_user(self.buyer).action_move()
        new = self.env["purchase.order"].search(action["domain"])
        self._assert_shown(request.message_ids[:1].body)
        # The old request by its name, and its vendor.
        self._assert_shown(new.message_ids[:1].body, times=2)

    def test_note_that_no_vendor_can_be_chosen(self):
        for offer in self.offers:
            self._disrupt(offer.partner_id, reason=SCRIPT)
        order = self._ordered()
        rules = self.env["stock.rule"]
        rules._post_vendor_notification(order, self.env["res.partner"], self.product)
        self._assert_shown(order.message_ids[:1].body, times=4)
        self._orderpoint()
        self._run_scheduler()
        # Odoo writes this one, and takes what is harmful out of it.
        note = html.fromstring(self.product.product_tmpl_id.activity_ids[:1].note)
        self.assertFalse(note.xpath(IS_RUN))

    # Reports

    def test_printed_backlog_and_summaries(self):
        order = self._ordered()
        report = self.env["backlog.report"].with_user(self.seller).create({})
        for name, record, times in (
            ("report_backlog", report, 1),
            ("action_report_order_backlog", order, 3),
            ("action_report_partner_backlog", self.customer, 3),
        ):
            with self.subTest(name):
                reports = self.env["ir.actions.report"].with_user(self.seller)
                page = reports._render_qweb_html(
                    f"inventory_backlog.{name}", record.ids
                )
                self._assert_shown(page[0].decode(), times)

    def test_pdf_says_what_was_written(self):
        reports = self.env["ir.actions.report"].with_user(self.seller)
        if reports.get_wkhtmltopdf_state() == "install":
            self.skipTest("wkhtmltopdf is not installed")
        order = self._ordered()
        named = self.product, self.customer, self.warehouse, self.seller, order
        for record in named:
            record.name = f"{SCRIPT} {record._table}"
        report = self.env["backlog.report"].with_user(self.seller)
        report = report.create(
            {
                "warehouse_id": self.warehouse.id,
                "user_id": self.seller.id,
                "partner_id": self.customer.id,
            }
        )
        content, _kind = reports.with_context(
            force_report_rendering=True
        )._render_qweb_pdf("inventory_backlog.report_backlog", report.ids)
        pages = PdfReader(io.BytesIO(content)).pages
        # Names are broken into lines.
        text = "".join("".join(page.extract_text() for page in pages).split())
        for record in named:
            self.assertIn("".join(record.name.split()), text)
