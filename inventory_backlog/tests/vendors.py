from odoo.fields import Command
from odoo.tests import Form, freeze_time, new_test_user
from odoo.tools import format_amount

from .common import BacklogCase


class VendorCase(BacklogCase):
    """The trading company with a list of vendors. Chairs are bought from *First* at 10,
    from *Second* at 12 and from *Third* at 15, in 2, 4 and 6 days; one receipt proves a
    vendor. The company is in UTC unless said otherwise; ``self.buyer`` has the lowest
    right to buy.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.partner_id.tz = "UTC"
        cls.company.backlog_vendor_min_receipts = 1
        cls.buyer = new_test_user(
            cls.env, "buyer", "purchase.group_purchase_user", tz="UTC"
        )
        cls.buy = cls.warehouse.buy_pull_id.route_id
        cls.product.route_ids = cls.buy
        cls.first, cls.second, cls.third = (
            cls._vendor(name) for name in ("First", "Second", "Third")
        )
        cls.at_first, cls.at_second, cls.at_third = (
            cls._offer(cls.product, vendor, price, delay=delay)
            for vendor, price, delay in (
                (cls.first, 10, 2),
                (cls.second, 12, 4),
                (cls.third, 15, 6),
            )
        )
        cls.offers = cls.at_first + cls.at_second + cls.at_third

    # The world

    @classmethod
    def _vendor(cls, name, **values):
        return cls.env["res.partner"].create(
            {"name": name, "is_company": True, **values}
        )

    @classmethod
    def _offer(cls, product, vendor, price=10, **values):
        """The next line of the vendor list of the product."""
        return cls.env["product.supplierinfo"].create(
            {
                "product_tmpl_id": product.product_tmpl_id.id,
                "partner_id": vendor.id,
                "price": price,
                "sequence": len(product.product_tmpl_id.seller_ids) + 1,
                **values,
            }
        )

    @classmethod
    def _variants(cls, name):
        """A product in two variants."""
        attribute = cls.env["product.attribute"].create(
            {
                "name": "Size",
                "value_ids": [
                    Command.create({"name": size}) for size in ("Small", "Large")
                ],
            }
        )
        template = cls.env["product.template"].create(
            {
                "name": name,
                "is_storable": True,
                "attribute_line_ids": [
                    Command.create(
                        {
                            "attribute_id": attribute.id,
                            "value_ids": [Command.set(attribute.value_ids.ids)],
                        }
                    )
                ],
            }
        )
        return template.product_variant_ids

    def _disrupt(self, vendor, *products, since=0, until=None, **values):
        """The buyer registers that the vendor is out from a day to a day, or until
        further notice, for all or some products; of no company an administrator of all
        companies."""
        for_all = not values.get("company_id", True)
        return (
            self.env["backlog.disruption"]
            .with_user(self._administrator() if for_all else self.buyer)
            .create(
                {
                    "partner_id": vendor.id,
                    "product_tmpl_ids": [
                        Command.set([p.product_tmpl_id.id for p in products])
                    ],
                    "date_from": self._after(since).date(),
                    "date_to": until is not None and self._after(until).date(),
                    "reason": "Flood",
                    **values,
                }
            )
        )

    @classmethod
    def _administrator(cls):
        """A backlog administrator of all companies."""
        companies = cls.env["res.company"].search([])
        return new_test_user(
            cls.env,
            "administrator of all",
            "inventory_backlog.group_backlog_manager",
            company_id=cls.company.id,
            company_ids=[Command.set(companies.ids)],
        )

    # What vendors did

    def _delivered(
        self, vendor, quantity=10, product=None, ordered=-20, promised=0, came=0, **line
    ):
        """A purchase that was confirmed, promised and received on these days. Returns
        it."""
        with freeze_time(self._after(ordered)):
            purchase = self._purchase(
                (product or self.product, quantity, line), vendor=vendor, days=promised
            )
        with freeze_time(self._after(came)):
            self._receive(purchase)
        return purchase

    def _return(self, picking, *quantities, exchange=False):
        """Bring so much of a receipt back to the vendor. With ``exchange``, return
        the transfers that bring the replacement."""
        wizard = self.env["stock.return.picking"].create({"picking_id": picking.id})
        for line, quantity in zip(wizard.product_return_moves, quantities, strict=True):
            line.quantity = quantity
        before = self.env["stock.picking"].search([], order="id desc", limit=1)
        if exchange:
            wizard.action_create_exchanges()
        else:
            wizard.action_create_returns()
        created = self.env["stock.picking"].search([("id", ">", before.id)], order="id")
        back = created.filtered("return_id")[:1]
        back.move_ids.picked = True
        self._validate(back)
        return created - back

    def _scrap(self, picking, quantity, product=None, location=None, uom=None):
        """Scrap from a transfer what it brought."""
        product = product or picking.move_ids.product_id[:1]
        scrap = self.env["stock.scrap"].create(
            {
                "product_id": product.id,
                "product_uom_id": (uom or product.uom_id).id,
                "scrap_qty": quantity,
                "picking_id": picking.id,
                "location_id": (location or picking.location_dest_id).id,
            }
        )
        scrap.action_validate()
        self.assertEqual(scrap.state, "done")
        return scrap

    # Needing and buying

    def _orderpoint(self, product=None, quantity=5, **values):
        """A reordering rule that wants ``quantity`` in stock."""
        return self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": (product or self.product).id,
                "warehouse_id": self.warehouse.id,
                "location_id": self.stock.id,
                "product_min_qty": quantity,
                "product_max_qty": quantity,
                **values,
            }
        )

    def _run_scheduler(self):
        self.env["stock.rule"].run_scheduler()

    def _bought(self, product=None):
        """``(vendor, quantity)`` of every purchase line of the product."""
        lines = self.env["purchase.order.line"].search(
            [
                ("product_id", "=", (product or self.product).id),
                ("state", "!=", "cancel"),
            ],
            order="id",
        )
        return [(line.partner_id.name, line.product_qty) for line in lines]

    # Looking

    def _fresh(self, records):
        """The records with nothing in cache."""
        self.env.flush_all()
        self.env.invalidate_all()
        return records

    def _roles(self, offers=None, user=None):
        """The role of each vendor line, in the order of the list."""
        return self._read(offers or self.offers, "vendor_role", user=user)

    def _read(self, records, name, user=None):
        return [
            row[name]
            for row in self._fresh(records).with_user(user or self.buyer).read([name])
        ]

    def _money(self, amount):
        return format_amount(self.env, amount, self.company.currency_id)

    def _form(self, model, user=None, **values):
        """A form in which these values were typed, not saved."""
        form = Form(self.env[model].with_user(user or self.buyer))
        for name, value in values.items():
            form[name] = value
        return form
