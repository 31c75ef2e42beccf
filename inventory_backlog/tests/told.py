from odoo.fields import Command
from odoo.tests import new_test_user

from .suggestions import SuggestionCase


class ToldCase(SuggestionCase):
    """Users who may be told, and one of each kind who may not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer.write({"email": "buyer@example.com", "lang": "en_US"})
        cls.other_company = cls.env["res.company"].create({"name": "Other"})
        cls.manager = new_test_user(
            cls.env, "told_manager", "inventory_backlog.group_backlog_manager"
        )
        cls.env["mail.mail"].search([]).unlink()

    @classmethod
    def _user(cls, name, groups, **values):
        return new_test_user(
            cls.env, f"told_{name}", groups, email=f"{name}@example.com", **values
        )

    @classmethod
    def _elsewhere(cls, groups):
        return cls._user(
            "elsewhere",
            groups,
            company_id=cls.other_company.id,
            company_ids=[Command.set(cls.other_company.ids)],
        )

    def _lose(self, user, right):
        user.group_ids = [Command.set(self.env.ref(right).ids)]
