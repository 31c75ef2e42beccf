from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..told import ToldCase

PURCHASE = "purchase.group_purchase_user"
SALES = "sales_team.group_sale_salesman"


@tagged("post_install", "-at_install")
class TestReportRecipients(ToldCase):
    """The weekly report: recipients are those who may see it, and it shows who of them
    gets nothing."""

    def _recipient(self, user, **values):
        recipients = self.env["backlog.report.recipient"].with_user(self.manager)
        return recipients.create({"user_id": user.id, **values})

    def test_nobody_is_chosen_who_may_not_read_it(self):
        for user, reason in (
            (self._user("portal", "base.group_portal"), "not an internal user"),
            (self._user("plain", PURCHASE), "does not have the right"),
            (self._elsewhere(SALES), "no longer works in"),
        ):
            with (
                self.subTest(user.login),
                self.assertRaisesRegex(ValidationError, reason),
            ):
                self._recipient(user)
        recipient = self._recipient(self.seller)
        with self.assertRaises(ValidationError):
            recipient.user_id = self._user("internal", "base.group_user")

    def test_who_lost_the_right_gets_nothing_and_is_shown(self):
        user = self._user("lost", SALES)
        recipient = self._recipient(user)
        self.assertFalse(recipient.obstacle)
        for right, reason in (
            ("base.group_user", "does not have the right"),
            ("base.group_portal", "not an internal user"),
        ):
            self._lose(user, right)
            recipient.invalidate_recordset()
            self.assertRegex(recipient.obstacle, reason)
            with mute_logger(
                "odoo.addons.inventory_backlog.report.backlog_report_recipient"
            ):
                recipient.sudo()._try_to_send()
            self.assertEqual(recipient.failure, recipient.obstacle)
        self.assertFalse(self._mails())

    def test_recipients_who_lost_the_right_can_be_archived(self):
        user = self._user("lost", SALES)
        recipient = self._recipient(user)
        self._lose(user, "base.group_user")
        recipient.active = False
        self.assertFalse(recipient.active)
