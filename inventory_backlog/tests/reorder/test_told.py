from lxml import etree

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from ...const import BUYERS
from ...tools.readers import why_not_told
from ..told import ToldCase

PURCHASE = "purchase.group_purchase_user"
SALES = "sales_team.group_sale_salesman"


@tagged("post_install", "-at_install")
class TestDigestReaders(ToldCase):
    """The digest of the suggestions: to each who may read it today, by themselves."""

    def _addresses(self):
        """Whom the run mails, the address of each mail."""
        before = self._mails()
        self._cron()
        return [mail.email_to for mail in self._mails() - before]

    def test_only_who_may_buy_here_today_gets_it(self):
        readers = {
            "lost": self._user("lost", PURCHASE),
            "portal": self._user("portal", PURCHASE),
            "gone": self._user("gone", PURCHASE),
            "moved": self._user("moved", PURCHASE),
        }
        self.company.backlog_digest_user_ids = self.buyer.union(*readers.values())
        self._lose(readers["lost"], "base.group_user")
        self._lose(readers["portal"], "base.group_portal")
        readers["gone"].active = False
        readers["moved"].write(
            {
                "company_id": self.other_company.id,
                "company_ids": [Command.set(self.other_company.ids)],
            }
        )
        self._wanted(self.product, 5)
        self.assertEqual(self._addresses(), [self.buyer.email_formatted])

    def test_each_gets_a_mail_of_their_own(self):
        """Nobody learns the addresses of the others."""
        second = self._user("second", PURCHASE, lang="en_US")
        self.company.backlog_digest_user_ids = self.buyer + second
        self._wanted(self.product, 5)
        self.assertCountEqual(
            self._addresses(), [self.buyer.email_formatted, second.email_formatted]
        )

    def test_managers_get_what_failed_in_mails_of_their_own(self):
        second = self._user("second", "inventory_backlog.group_backlog_manager")
        self.company.backlog_digest_user_ids = self.buyer
        self.env["backlog.suggestion.mail"]._mail(
            self.manager + second, "inventory_backlog.suggestion_failed", failed=["x"]
        )
        self.assertCountEqual(
            self._mails().mapped("email_to"),
            [self.manager.email_formatted, second.email_formatted],
        )

    def test_when_nobody_of_the_chosen_may_read_it_all_buyers_get_it(self):
        lost = self._user("lost", PURCHASE)
        self.company.backlog_digest_user_ids = lost
        self._lose(lost, "base.group_user")
        self._wanted(self.product, 5)
        addresses = self._addresses()
        self.assertIn(self.buyer.email_formatted, addresses)
        self.assertNotIn(lost.email_formatted, addresses)

    def test_it_holds_what_its_reader_may_read(self):
        """The rules of a database may be narrower than ours."""
        table = self._table()
        self.env["ir.rule"].create(
            {
                "name": "Chairs only",
                "model_id": self.env["ir.model"]._get_id("backlog.suggestion"),
                "domain_force": [("product_id", "=", self.product.id)],
            }
        )
        self.company.backlog_digest_user_ids = self.buyer
        self._wanted([(self.product, 5), (table, 2)])
        before = self._mails()
        self._cron()
        body = (self._mails() - before).body_html
        self.assertIn("Chair", body)
        self.assertNotIn("Table", body)

    # Choosing

    def test_nobody_is_chosen_who_may_not_read_it(self):
        company = self.company.with_user(self.manager)
        gone = self._user("gone", PURCHASE)
        gone.active = False
        for user, reason in (
            (self._user("portal", "base.group_portal"), "not an internal user"),
            (self._user("seller", SALES), "does not have the right"),
            (self._elsewhere(PURCHASE), "no longer works in"),
            (gone, "no longer works in"),
        ):
            with (
                self.subTest(user.login),
                self.assertRaisesRegex(ValidationError, reason),
            ):
                company.backlog_digest_user_ids = [Command.link(user.id)]
        company.backlog_digest_user_ids = self.buyer
        self.assertFalse(company.backlog_digest_hint)

    def test_who_lost_the_right_is_shown_and_stops_no_other_setting(self):
        lost = self._user("lost", PURCHASE)
        gone = self._user("gone", PURCHASE)
        company = self.company.with_user(self.manager)
        company.backlog_digest_user_ids = self.buyer + lost + gone
        self._lose(lost, "base.group_user")
        gone.active = False
        self.env.invalidate_all()
        hint = company.backlog_digest_hint.splitlines()
        self.assertEqual(len(hint), 2)
        self.assertRegex(hint[0], "^told_gone .* no longer works in")
        self.assertRegex(hint[1], "^told_lost .* does not have the right")
        company.write(
            {
                "backlog_risk_days": 9,
                "backlog_digest_user_ids": [Command.set((self.buyer + lost).ids)],
            }
        )
        self.assertEqual(company.backlog_risk_days, 9)
        company.backlog_digest_user_ids = lost
        company.invalidate_recordset(["backlog_digest_hint"])
        self.assertIn("all who may buy in this company", company.backlog_digest_hint)

    def test_screens_offer_those_who_may_read_it(self):
        lost = self._user("lost", "base.group_user")
        portal = self._user("portal", "base.group_portal")
        elsewhere = self._elsewhere(f"{PURCHASE},{SALES}")
        for view, name, offered in (
            ("res_company_view_form", "backlog_digest_user_ids", self.buyer),
            (
                "res_config_settings_view_form_purchase",
                "backlog_digest_user_ids",
                self.buyer,
            ),
            ("backlog_report_recipient_view_list", "user_id", self.seller),
        ):
            with self.subTest(view=view):
                found = self.env["res.users"].search(self._domain(view, name))
                self.assertIn(offered, found)
                self.assertFalse(found & (lost + portal + elsewhere))

    def test_who_is_told_is_told_without_a_reason(self):
        self.assertEqual(why_not_told(self.buyer, self.company, BUYERS), "")
        self.buyer.email = False
        self.assertIn("no email", why_not_told(self.buyer, self.company, BUYERS))

    def _domain(self, view, name):
        """Whom the screen offers, as its browser asks for them."""
        view = self.env.ref(f"inventory_backlog.{view}")
        views = self.env[view.model].get_view(view.id, view.type)
        [node] = etree.fromstring(views["arch"]).xpath(f"//field[@name='{name}']")
        values = {"id": self.company.id, "company_id": self.company.id}
        return safe_eval(node.get("domain"), values)
