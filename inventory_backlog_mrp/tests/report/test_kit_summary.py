from odoo.tests import tagged
from odoo.tools import format_date

from ..common import TableCase


@tagged("post_install", "-at_install")
class TestKitSummary(TableCase):
    """A customer reads of kits as ordered, not of their components."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.customer.lang = "en_US"

    def test_rest_of_a_kit_comes_with_its_last_component(self):
        self._put_in_stock(self.top, 1)
        self._put_in_stock(self.leg, 4)
        self._order(self.table, 5)
        self._purchase(self.top, 3, days=3)
        self._purchase(self.leg, 16, days=6)
        self.env["backlog.line"].invalidate_model()
        [order] = self.customer.with_user(self.seller)._backlog_summary()["orders"]
        day = format_date(self.env, self._after(6).date(), lang_code="en_US")

        self.assertEqual(
            [
                (line["product"], line["ordered"], line["ready"], line["rest"])
                for line in order["lines"]
            ],
            [("Table", 5, 1, [f"{day}: 3", "1: date to be confirmed"])],
        )
