from odoo.tests import tagged
from odoo.tools import mute_logger

from ..bad_values import BadValueCase, cells

# Table and column, of which row of the world, and what somebody wrote there.
BAD_VALUES = """
    sale_order_line.customer_lead line          1e12 NaN Infinity -1e12
    sale_order_line.product_uom_qty line        NaN Infinity 1e300 -5 0
    sale_order_line.qty_delivered line          NaN Infinity -1e300 NULL
    sale_order_line.price_subtotal line         NaN Infinity 1e300 -1e300 NULL
    sale_order_line.price_total line            NaN 1e300 NULL
    sale_order_line.price_reduce_taxexcl line   NaN 1e300
    sale_order_line.price_unit line             NaN 1e300
    sale_order_line.discount line               NaN 1e300
    sale_order_line.first_promise_date line     Infinity 9999-12-31T23:59:59 0001-01-01
    sale_order_line.product_uom_qty unprocured  NaN Infinity 1e300 -5 0
    sale_order_line.qty_delivered unprocured    NaN -Infinity -1e300 NULL
    sale_order_line.product_uom_qty shipped     NaN 1e300
    sale_order_line.first_open_qty shipped      NaN 1e300
    sale_order_line.first_ready_qty shipped     NaN 1e300
    sale_order_line.price_subtotal shipped      NaN 1e300 1e400
    sale_order.currency_rate order              NaN Infinity 0 -1 1e-300 NULL
    sale_order.amount_total order               NaN 1e300 0
    sale_order.amount_untaxed order             NaN 1e300
    sale_order.commitment_date order   9999-12-31T23:59:59 Infinity -Infinity 0001-01-01
    sale_order.date_order order        9999-12-31T23:59:59 Infinity -Infinity 0001-01-01
    stock_move.product_qty move                 NaN Infinity 1e300 -5 0 NULL
    stock_move.quantity move                    NaN Infinity 1e300 -5 NULL
    stock_move.date move               9999-12-31T23:59:59 Infinity -Infinity 0001-01-01
    stock_move.reservation_date move            9999-12-31 Infinity -Infinity
    stock_move.product_qty receipt              NaN Infinity 1e300 -5 0 NULL
    stock_move.date receipt            9999-12-31T23:59:59 Infinity -Infinity 0001-01-01
    stock_move.date done_receipt                9999-12-31T23:59:59 Infinity -Infinity
    stock_move.quantity done_receipt            NaN Infinity 1e300
    stock_move.date done_delivery               9999-12-31T23:59:59 Infinity -Infinity
    stock_move.quantity done_delivery           NaN Infinity 1e300
    stock_move.product_qty draft                NaN 1e300 1e400
    stock_move.date draft                       9999-12-31T23:59:59 Infinity -Infinity
    stock_quant.quantity quant                  NaN Infinity 1e300 -1e300 NULL
    stock_quant.reserved_quantity quant         NaN Infinity 1e300 -1e300
    purchase_order_line.date_planned purchased  9999-12-31T23:59:59 Infinity -Infinity
    purchase_order_line.price_subtotal purchased NaN 1e300 NULL
    purchase_order_line.price_total purchased   NaN 1e300 NULL
    purchase_order_line.product_qty purchased   NaN Infinity 0 1e300
    purchase_order_line.product_uom_qty requested NaN Infinity 1e300 -5
    purchase_order_line.date_planned requested  9999-12-31T23:59:59 Infinity -Infinity
    purchase_order_line.price_subtotal done_purchase NaN 1e300
    purchase_order_line.product_qty done_purchase NaN 0 1e300
    purchase_order.currency_rate purchase       NaN Infinity 0 -1
    purchase_order.amount_total purchase        NaN 1e300
    purchase_order.date_approve bought          9999-12-31T23:59:59 Infinity -Infinity
    uom_uom.factor unit                         0 NaN Infinity -1 1e-300 1e300 NULL
    uom_uom.factor line_unit                    0 NaN Infinity -1 1e-300 1e300 NULL
    product_supplierinfo.delay offer            3000000 -3000000 2147483647
    product_supplierinfo.price offer            NaN Infinity 1e300 -1e300
    product_supplierinfo.discount offer         NaN 1e300 -1e300
    product_supplierinfo.min_qty offer          NaN Infinity 1e300
    product_supplierinfo.trial_every offer      2147483647
    account_payment_term_line.nb_days term_line 3000000 2147483647 -3000000 NULL
    account_payment_term_line.value_amount term_line NaN 1e300 NULL
    account_payment_term_line.days_next_month term_line 99999999999 x
    account_move.amount_residual invoice        NaN 1e300 NULL
    account_move.amount_total invoice           NaN 1e300 0
    account_move_line.balance invoice_line      -1e300
    account_move_line.amount_residual due       NaN 1e300
    stock_warehouse_orderpoint.product_min_qty rule NaN Infinity 1e300
    product_product.standard_price product      1e300
    res_partner.credit_limit customer           "NaN" "x" 1e300
"""
# What is wrong with a company is wrong with all its lines: that every door answers is
# all there is to ask.
BAD_SETTINGS = """
    res_company.days_to_purchase company            3000000 NaN Infinity -3000000 NULL
    res_company.security_lead company               NaN 3000000 -3000000 Infinity
    stock_picking_type.reservation_days_before deliveries 3000000 -3000000 NULL
    res_company.backlog_risk_days company           2147483647 -2147483648 NULL
    res_company.backlog_horizon_days company        3000000 2147483647 -3000000 NULL
    res_company.backlog_vendor_window_days company  999999 2147483647 -999999 NULL
    res_company.backlog_vendor_min_receipts company 2147483647 -1 NULL
    res_company.backlog_snapshot_years company      2147483647 -5 NULL
    res_company.backlog_weight_accepted company     2147483647 -5 0 NULL
    res_company.backlog_weight_on_time company      0 0 0 0
    res_company.backlog_weight_steady company       0 0 0 0
    res_company.backlog_tolerance_quality company   NaN Infinity 1e308 NULL
    res_company.backlog_tolerance_on_time company   NaN Infinity 1e308 NULL
    res_company.backlog_tolerance_price company     NaN Infinity 1e308 NULL
    res_company.backlog_tolerance_lead_days company NaN Infinity 1e308 NULL
    res_company.backlog_age_steps company           x 99999999999 NULL
    res_company.backlog_lateness_steps company      7,5 99999999999 NULL
    res_currency_rate.rate rate                     NaN Infinity 1e300 1e-300
    res_partner.tz home                             Mars/Olympus
    resource_calendar_attendance.hour_to attendance NaN Infinity 1e12 -5
    resource_calendar.tz calendar                   UTC UTC UTC UTC Mars/Olympus
"""


@tagged("post_install", "-at_install")
class TestBadValues(BadValueCase):
    """An import or a statement in SQL leaves what nobody checks: no number, a number of
    300 digits, a day after the year 9999, a unit without a factor. It is left out, or
    bounded; all others go on as if it were not there."""

    def setUp(self):
        super().setUp()
        self._good_world()
        self.stool = self._product("Stool", invoice_policy="order")

    # The rows that go bad: of each kind as many as there are values for it

    def _bad_world(self, table):
        kinds = [row for _table, _column, row, _value in table]
        self.left = {kind: kinds.count(kind) for kind in kinds}
        self.rows = {}
        self._sold_goods()
        self._own_documents()
        self._done_goods()
        self.env.flush_all()

    def _count(self, *kinds):
        return sum(self.left[kind] for kind in kinds)

    def _goods(self, count, **values):
        """Products, each in a unit of its own."""
        units = self.env["uom.uom"].create(
            [{"name": f"Crate {n}", "relative_factor": 1} for n in range(count)]
        )
        return self.env["product.product"].create(
            [
                {
                    "name": f"Bad {number}",
                    "type": "consu",
                    "is_storable": True,
                    "uom_id": unit.id,
                    "list_price": 7,
                    "standard_price": 1,
                    "taxes_id": False,
                    "supplier_taxes_id": False,
                    "route_ids": False,
                    "invoice_policy": "order",
                    **values,
                }
                for number, unit in enumerate(units)
            ]
        )

    def _sold_goods(self):
        """Lines of 10, of which 2 are in stock and 5 come: each a product with vendor,
        request and reordering rule of its own."""
        count = self._count(
            *("line", "move", "receipt", "quant", "purchased", "requested", "offer"),
            *("rule", "product", "draft", "unit", "line_unit"),
        )
        goods = self.bad_goods = self._goods(count)
        pallets = self.env["uom.uom"].create(
            [
                {
                    "name": "Pallet",
                    "relative_factor": 10,
                    "relative_uom_id": product.uom_id.id,
                }
                for product in goods
            ]
        )
        for product in goods:
            self._put_in_stock(product, 2)
        offers = self.env["product.supplierinfo"].create(
            [
                {
                    "product_tmpl_id": product.product_tmpl_id.id,
                    "partner_id": self.bad_vendor.id,
                    "price": 3,
                    "delay": 4,
                    "discount": 5,
                }
                for product in goods
            ]
        )
        rules = self.env["stock.warehouse.orderpoint"].create(
            [
                {
                    "product_id": product.id,
                    "product_min_qty": 1,
                    "product_max_qty": 1,
                    "trigger": "manual",
                }
                for product in goods
            ]
        )
        drafts = self.env["stock.move"].create(
            [
                {
                    "product_id": product.id,
                    "product_uom": product.uom_id.id,
                    "product_uom_qty": 1,
                    "location_id": self.stock.id,
                    "location_dest_id": self.company.internal_transit_location_id.id,
                }
                for product in goods
            ]
        )
        order = self._bad_order(
            *(
                (product, 1, {"product_uom_id": pallet.id})
                for product, pallet in zip(goods, pallets, strict=True)
            )
        )
        purchase = self._purchase(
            *((product, 5) for product in goods), vendor=self.bad_vendor
        )
        request = self._request(
            *((product, 1) for product in goods), vendor=self.bad_vendor
        )
        of_kind = {
            "line": order.order_line,
            "move": order.order_line.move_ids,
            "receipt": purchase.order_line.move_ids,
            "quant": goods.stock_quant_ids.filtered(
                lambda quant: quant.location_id == self.stock
            ),
            "purchased": purchase.order_line,
            "requested": request.order_line,
            "offer": offers,
            "rule": rules,
            "product": goods,
            "draft": drafts,
            "unit": goods.uom_id,
            "line_unit": pallets,
        }
        start = 0
        for kind, records in of_kind.items():
            self.assertEqual(len(records), count, kind)
            self.rows[kind] = list(records[start : start + self.left[kind]])
            start += self.left[kind]
        unprocured = self._goods(self._count("unprocured"))
        lines = self._bad_order(*((one, 6) for one in unprocured), skip=True).order_line
        self.rows["unprocured"] = list(lines)

    def _own_documents(self):
        """What is bad of a document as a whole, or of a customer."""
        stool = self.stool
        self.rows["order"] = [
            self._bad_order((stool, 1)) for _n in range(self._count("order"))
        ]
        terms = [
            self._term(
                (50, {"nb_days": 10}),
                (50, {"delay_type": "days_end_of_month_on_the"}),
            )
            for _n in range(self._count("term_line"))
        ]
        for term in terms:
            self._bad_order((stool, 1), payment_term_id=term.id)
        self.rows["term_line"] = [term.line_ids[0] for term in terms]
        count = self._count("invoice", "invoice_line", "due")
        orders = self.env["sale.order"].union(
            *(self._bad_order((stool, 1)) for _n in range(count))
        )
        invoices = [self._invoice(order) for order in orders]
        for invoice in invoices:
            self._pay_invoices(invoice, 30)
        lines = [invoice.invoice_line_ids for invoice in invoices]
        dues = [invoice.line_ids.filtered("amount_residual") for invoice in invoices]
        first, second = self.left["invoice"], self._count("invoice", "invoice_line")
        self.rows["invoice"] = invoices[:first]
        self.rows["invoice_line"] = lines[first:second]
        self.rows["due"] = dues[second:]
        customers = self.env["res.partner"].create(
            [{"name": "Bad"} for _n in range(self._count("customer"))]
        )
        for customer in customers:
            self._bad_order((stool, 1), partner_id=customer.id)
        self.rows["customer"] = list(customers)
        goods = self._goods(self._count("purchase"))
        self._bad_order(*((product, 5) for product in goods))
        self.rows["purchase"] = [
            self._purchase((product, 5), vendor=self.bad_vendor) for product in goods
        ]

    def _done_goods(self):
        """What was received and shipped."""
        bought = [
            self._purchase((self.stool, 1), days=-1, vendor=self.bad_vendor)
            for _n in range(self._count("bought"))
        ]
        goods = self._goods(self._count("done_receipt", "done_purchase"))
        purchase = self._purchase(
            *((product, 5) for product in goods), days=-1, vendor=self.bad_vendor
        )
        for one in (purchase, *bought):
            self._receive(one)
        self.rows["bought"] = bought
        self.rows["done_receipt"] = list(
            purchase.order_line.move_ids[: self.left["done_receipt"]]
        )
        self.rows["done_purchase"] = list(
            purchase.order_line[self.left["done_receipt"] :]
        )
        goods = self._goods(self._count("shipped", "done_delivery"))
        for product in goods:
            self._put_in_stock(product, 3)
        order = self._bad_order(*((product, 3) for product in goods))
        self._ship(order)
        self.rows["shipped"] = list(order.order_line[: self.left["shipped"]])
        self.rows["done_delivery"] = list(
            order.order_line.move_ids[self.left["shipped"] :]
        )

    def _places(self, table):
        """``[(table, column, records, value)]``: each bad value has a row of its
        own."""
        rows = {kind: list(records) for kind, records in self.rows.items()}
        return [
            (name, column, rows[row].pop(0), value)
            for name, column, row, value in table
        ]

    # Every door

    @mute_logger("odoo.sql_db", "odoo.addons.base.models.ir_qweb")
    def test_a_bad_value_of_one_changes_no_figure_of_another(self):
        table = cells(BAD_VALUES)
        self._bad_world(table)
        self._assert_same(self._places(table))

    @mute_logger("odoo.sql_db", "odoo.addons.base.models.ir_qweb")
    def test_a_bad_value_of_a_company_leaves_every_door_open(self):
        calendar = self.company.resource_calendar_id
        rows = {
            "company": self.company,
            "home": self.company.partner_id,
            "rate": self.euro.rate_ids.filtered(
                lambda rate: rate.company_id == self.company
            ),
            "deliveries": self.warehouse.out_type_id,
            "calendar": calendar,
            "attendance": calendar.attendance_ids,
        }
        self._drop_constraints()
        by_column = {}
        for table, column, row, value in cells(BAD_SETTINGS):
            by_column.setdefault((table, column), []).append((rows[row], value))
        for number in range(max(map(len, by_column.values()))):
            with self.env.cr.savepoint() as savepoint:
                places = [
                    (table, column, *values[number])
                    for (table, column), values in by_column.items()
                    if number < len(values)
                ]
                for place in places:
                    self._write_bad(*place)
                answers = self._answers()
                failed = {
                    door: repr(answer)
                    for door, answer in answers.items()
                    if isinstance(answer, Exception)
                }
                self.assertEqual(failed, {}, places)
                savepoint.rollback()

    def _drop_constraints(self):
        """What is stored is from before our settings had bounds."""
        self.env.cr.execute(
            """
            SELECT FORMAT('ALTER TABLE res_company DROP CONSTRAINT %I', conname)
              FROM pg_constraint
             WHERE conrelid = 'res_company'::regclass
               AND contype = 'c'
               AND conname LIKE 'res_company_backlog%'
            """
        )
        for (statement,) in self.env.cr.fetchall():
            self.env.cr.execute(statement)
