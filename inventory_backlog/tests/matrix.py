from odoo.fields import Command
from odoo.tests import new_test_user

from .common import BacklogCase

ADDONS = {"inventory_backlog", "inventory_backlog_mrp"}
ROLES = {
    "portal": "base.group_portal",
    "internal": "base.group_user",
    "seller": "sales_team.group_sale_salesman",
    "all": "sales_team.group_sale_salesman_all_leads",
    "stock": "stock.group_stock_user",
    "purchase": "purchase.group_purchase_user",
    "manager": "inventory_backlog.group_backlog_manager",
}
# Whose lines each sees: their own (o), a colleague's (t), another company's (x); with !
# they cannot even ask.
ROWS = """
                         portal internal seller all  stock purchase manager other both
    backlog.line         !      !        o--    ot-  ot-   ot-      ot-     --x   otx
    backlog.allocation   !      !        o--    ot-  ot-   ot-      ot-     --x   otx
    backlog.cash         !      !        o--    ot-  ot-   ---      ot-     --x   otx
    backlog.event        !      !        o--    ot-  ot-   ot-      ot-     --x   otx
    backlog.service      !      !        o--    ot-  ot-   ot-      ot-     --x   otx
"""


def table(text):
    """``{row: {column: cell}}``."""
    head, *lines = text.strip().splitlines()
    cells = " ".join(lines).split()
    columns = head.split()
    width = len(columns) + 1
    return {
        cells[place]: dict(zip(columns, cells[place + 1 : place + width], strict=True))
        for place in range(0, len(cells), width)
    }


def in_all_companies(rows):
    """The table ``rows`` with the users of another company and of both, who have the
    rights of ``all``: what they see with them is that of their companies."""
    return {
        row: cells | dict.fromkeys(("other", "both"), cells["all"])
        for row, cells in rows.items()
    }


class MatrixCase(BacklogCase):
    """``self.users`` by role: the ones above, one of another company (``other``) and
    one of both."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            role: new_test_user(cls.env, f"matrix {role}", group)
            for role, group in ROLES.items()
        }
        cls.other_company = cls.env["res.company"].create({"name": "Other"})
        companies = {
            "other": cls.other_company,
            "both": cls.other_company | cls.company,
        }
        for role, allowed in companies.items():
            cls.users[role] = new_test_user(
                cls.env,
                f"matrix {role}",
                "sales_team.group_sale_salesman_all_leads",
                company_id=allowed[0].id,
                company_ids=[Command.set(allowed.ids)],
            )

    def _as(self, role, model):
        user = self.users[role]
        records = self.env[model].with_user(user)
        return records.with_context(allowed_company_ids=user.company_ids.ids)
