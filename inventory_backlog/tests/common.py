from datetime import datetime, timedelta

from odoo.fields import Command
from odoo.tests import TransactionCase, freeze_time, new_test_user
from odoo.tools import SQL

NOW = datetime(2030, 1, 15, 9, 0)


@freeze_time(NOW)
class BacklogCase(TransactionCase):
    """A small trading company, and verbs to trade with.

    Time stands still at ``NOW``, Tuesday 15 January 2030, 9:00 UTC. Dates are given in
    days from then, so four days later is a Saturday. Every order is confirmed by
    ``self.seller``, a salesperson with own documents only, unless said otherwise.
    Odoo's defaults hold: deliveries reserve at confirmation, in one step.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=True))
        cls.company = cls.env.company
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.stock = cls.warehouse.lot_stock_id
        cls.unit = cls.env.ref("uom.product_uom_unit")
        cls.dozen = cls.env.ref("uom.product_uom_dozen")
        cls.customer = cls.env["res.partner"].create({"name": "Customer"})
        cls.vendor = cls.env["res.partner"].create({"name": "Vendor"})
        cls.seller = new_test_user(
            cls.env, "seller", "sales_team.group_sale_salesman", tz="UTC"
        )
        cls.product = cls._product("Chair")
        # Nothing runs scheduled actions here, and nobody is to do their work.
        cls.env.cr.execute(
            SQL(
                "UPDATE ir_cron SET nextcall = '2100-01-01' WHERE id = %s",
                cls.env.ref("inventory_backlog.ir_cron_kept").id,
            )
        )
        # As in every database in use: only what a test writes is computed.
        cls.env["backlog.fold"]._fold()

    # The world

    @classmethod
    def _product(cls, name="Product", **values):
        """A storable product at 100 that Odoo neither buys nor taxes by itself."""
        return cls.env["product.product"].create(
            {
                "name": name,
                "type": "consu",
                "is_storable": True,
                "list_price": 100,
                "taxes_id": False,
                "supplier_taxes_id": False,
                "route_ids": False,
                **values,
            }
        )

    @classmethod
    def _second_company(cls):
        """``self.other``, a company in euro, four to one of ours, and a salesperson
        there."""
        cls.euro = cls.env.ref("base.EUR")
        cls.euro.active = True
        cls.other = cls.env["res.company"].create(
            {"name": "Other", "currency_id": cls.euro.id}
        )
        cls.env.user.company_ids += cls.other
        for company, rate in ((cls.company, 4), (cls.other, 0.25)):
            currency = (cls.company.currency_id + cls.euro) - company.currency_id
            cls.env["res.currency.rate"].create(
                {
                    "currency_id": currency.id,
                    "company_id": company.id,
                    "name": "2030-01-01",
                    "rate": rate,
                }
            )
        cls.other_seller = new_test_user(
            cls.env,
            "other_seller",
            "sales_team.group_sale_salesman_all_leads",
            company_id=cls.other.id,
            company_ids=[Command.set(cls.other.ids)],
        )

    @classmethod
    def _put_in_stock(cls, product, quantity, location=None, **quant):
        """Goods appear in the stock of the warehouse, or are lost when negative."""
        cls.env["stock.quant"]._update_available_quantity(
            product, location or cls.stock, quantity, **quant
        )

    @classmethod
    def _after(cls, days, hours=0):
        return NOW + timedelta(days=days, hours=hours)

    # Selling

    def _quote(self, *goods, user=None, lines=None, **values):
        """A quotation over ``(product, quantity)`` pairs; more of the line as a dict in
        third place."""
        return (
            self.env["sale.order"]
            .with_user(user or self.seller)
            .create(
                {
                    "partner_id": self.customer.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": product.id,
                                "product_uom_qty": quantity,
                                **(more[0] if more else {}),
                            }
                        )
                        for product, quantity, *more in goods
                    ],
                    **values,
                }
            )
        )

    def _order(self, *goods, **values):
        """A confirmed order; one pair may be given flat: ``_order(product, 5)``."""
        if goods and not isinstance(goods[0], tuple):
            goods = (goods,)
        order = self._quote(*goods, **values)
        order.action_confirm()
        return order

    def _ship(self, order, *quantities, backorder=True):
        """Validate the next open delivery steps of the order, all of them or the given
        quantities move by move, and say what happens to the rest."""
        pickings = order.sudo().picking_ids.filtered(
            lambda picking: (
                picking.state == "assigned"
                or picking.state not in ("done", "cancel")
                and picking.move_ids.filtered("quantity")
            )
        )
        for picking in pickings[:1]:
            for move, quantity in zip(picking.move_ids, quantities, strict=False):
                move.quantity = quantity
            picking.move_ids.picked = True
            self._validate(picking, backorder)

    def _validate(self, picking, backorder=True):
        picking.sudo().with_context(
            skip_sms=True,
            skip_backorder=True,
            picking_ids_not_to_backorder=[] if backorder else picking.ids,
        ).button_validate()

    # Buying

    def _request(self, *goods, days=7, vendor=None, **values):
        """A request for quotation over ``(product, quantity)`` pairs due in
        ``days``."""
        if goods and not isinstance(goods[0], tuple):
            goods = (goods,)
        return self.env["purchase.order"].create(
            {
                "partner_id": (vendor or self.vendor).id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_qty": quantity,
                            "price_unit": 10,
                            "date_planned": self._after(days),
                            **(more[0] if more else {}),
                        }
                    )
                    for product, quantity, *more in goods
                ],
                **values,
            }
        )

    def _purchase(self, *goods, **values):
        """A confirmed purchase order."""
        purchase = self._request(*goods, **values)
        purchase.button_confirm()
        return purchase

    def _bought_to_order(self, product, quantity):
        """An order, and the confirmed purchase that was made for it."""
        mto = self.warehouse.mto_pull_id.route_id
        mto.active = True
        product.route_ids = mto | self.warehouse.buy_pull_id.route_id
        product.seller_ids = [
            Command.create({"partner_id": self.vendor.id, "price": 1})
        ]
        order = self._order(product, quantity)
        purchase = order.sudo()._get_purchase_orders()
        purchase.button_confirm()
        return order, purchase

    def _receive(self, purchase, *quantities, backorder=True):
        """Validate the next open receipt step of the purchase."""
        moves = chain = purchase.order_line.move_ids
        while chain := chain.move_dest_ids.filtered(
            lambda move: (
                move.picking_code == "internal"
                and move.location_id.warehouse_id.lot_stock_id != move.location_id
            )
        ):
            moves |= chain
        picking = moves.filtered(
            lambda move: move.state not in ("done", "cancel")
        ).picking_id.sorted()[:1]
        for move, quantity in zip(picking.move_ids, quantities, strict=False):
            move.quantity = quantity
        picking.move_ids.picked = True
        self._validate(picking, backorder)

    # Looking

    def _split(self, lines):
        """``(open, ready, incoming, to order)`` of each order line, fresh from the
        fields of the lines."""
        lines = lines.sudo()
        lines.invalidate_recordset()
        return [
            (line.open_qty, line.backlog_qty, line.incoming_qty, line.to_source_qty)
            for line in lines
        ]

    def _slices(self, lines):
        """``(source, quantity, days from now, document)`` of the lines in their
        order."""
        allocation = self.env["backlog.allocation"]
        allocation.invalidate_model()
        return [
            (
                row.source,
                row.qty,
                (row.date - NOW).days if row.date else None,
                row.document or None,
            )
            for row in allocation.search_fetch(
                [("order_line_id", "in", lines.ids)]
            ).sorted(
                lambda row: (row.order_line_id.id, row.date or datetime.max, row.id)
            )
        ]

    def _annex(self):
        """The lines as the salesperson prints them."""
        reports = self.env["backlog.report"].with_user(self.seller)
        report = reports.create({"with_lines": True})
        return str(
            report.env["ir.qweb"]._render(
                "inventory_backlog.report_backlog_annex",
                {"doc": report, "data": report._data()},
            )
        )

    def _line(self, order_line):
        """The row of ``backlog.line``, fresh."""
        self.env["backlog.line"].invalidate_model()
        return self.env["backlog.line"].search([("id", "in", order_line.ids)])
