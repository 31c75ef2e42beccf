from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from ...tools.texts import short_day
from ..common import NOW
from ..vendors import VendorCase


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestAvailability(VendorCase):
    """What stands beside an order line where Odoo shows its availability: the server
    writes all of it, the page shows it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.seller.lang = "en_US"

    def _shown(self, line):
        return self._fresh(line.with_user(self.seller)).backlog_availability

    def _quantities(self, line):
        return [row["quantity"] for row in self._shown(line)["rows"]]

    def _told(self, line):
        shown = self._shown(line)
        return shown["sentence"], shown["usual"], shown["is_alarming"]

    def _day(self, days):
        return short_day(self.with_seller, self._after(days))

    @property
    def with_seller(self):
        return self.env(user=self.seller)

    def test_of_an_order_it_tells_the_split_and_when_it_can_leave(self):
        self._put_in_stock(self.product, 2)
        order = self._order(self.product, 6, commitment_date=self._after(9))
        line = order.order_line
        self.assertEqual(self._quantities(line), ["2 Units", "0 Units", "4 Units"])
        self.assertEqual(
            [row["tone"] for row in self._shown(line)["rows"]],
            ["success", "muted", "danger"],
        )
        nobody = "Nobody knows yet when all of it can leave"
        self.assertEqual(self._told(line), (nobody, "", True))

        purchase = self._purchase(self.product, 4, vendor=self.first, days=5)
        expected = f"All of it expected on {self._day(5)}"
        self.assertEqual(self._quantities(line), ["2 Units", "4 Units", "0 Units"])
        self.assertEqual(self._told(line), (expected, "", False))

        purchase.order_line.date_planned = self._after(12)
        late = f"All of it expected on {self._day(12)}"
        self.assertEqual(self._told(line), (late, "", True))
        with freeze_time(self._after(14)):
            overdue = f"Receipt overdue since {self._day(12)}"
            self.assertEqual(self._told(line), (overdue, "", True))

    def test_later_on_the_same_day_is_in_time_where_the_user_is(self):
        """23:00 and 2:00 UTC are two days there, and one day in Tokyo."""
        order = self._order(self.product, 6, commitment_date=self._after(4, hours=14))
        self._purchase(self.product, 6, vendor=self.first, days=4 + 17 / 24)
        line = order.order_line
        self.assertTrue(self._shown(line)["is_alarming"])
        self.seller.tz = "Asia/Tokyo"
        self.assertFalse(self._shown(line.with_context(tz="Asia/Tokyo"))["is_alarming"])

    def test_what_its_vendor_usually_does_stands_beside_it(self):
        self._delivered(self.first, quantity=4, ordered=-30, promised=-10, came=-7)
        order = self._order(self.product, 6, commitment_date=self._after(20))
        self._purchase(self.product, 4, vendor=self.first, days=5)

        self.assertEqual(
            self._told(order.order_line),
            (f"All of it expected on {self._day(5)}", "usually 3 days later", False),
        )

    def test_a_quotation_tells_what_it_would_get_also_while_it_is_written(self):
        self._put_in_stock(self.product, 2)
        goods = {"product_id": self.product.id, "product_uom_qty": 2}
        values = {
            "partner_id": self.customer.id,
            "order_line": [Command.create(goods)],
        }
        written = self.env["sale.order"].with_user(self.seller).new(values)
        self.assertFalse(written.order_line.backlog_availability["is_alarming"])
        written.order_line.product_uom_qty = 5
        self.assertEqual(
            [
                row["quantity"]
                for row in written.order_line.backlog_availability["rows"]
            ],
            ["2 Units", "0 Units", "3 Units"],
        )
        for state in ("draft", "sent"):
            quotation = self._quote((self.product, 5), state=state)
            self.assertEqual(
                self._quantities(quotation.order_line),
                ["2 Units", "0 Units", "3 Units"],
            )
            self.assertEqual(
                self._told(quotation.order_line),
                (f"All of it could leave on {self._day(2)}", "", True),
            )

    def test_where_the_backlog_says_nothing_odoo_speaks(self):
        self._put_in_stock(self.product, 2)
        order = self._order(self.product, 2)
        self._ship(order)
        self.assertFalse(self._shown(order.order_line))
        service = self._product(type="service", is_storable=False)
        self.assertFalse(self._shown(self._quote((service, 1)).order_line))
        self.assertFalse(self._shown(self.env["sale.order.line"]))
