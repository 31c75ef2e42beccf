from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from odoo.orm.registry import Registry
from odoo.tests import tagged

from ..common import BacklogCase

ADDON = "inventory_backlog"


@tagged("post_install", "-at_install")
class TestQueries(BacklogCase):
    """What the backlog costs: a page a constant number of queries, and Odoo's own work
    next to nothing."""

    def _queries(self, action, *args):
        """How many queries the action takes, from an empty cache to the flush."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        action(*args)
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    # A page

    def _assert_constant(self, records, names):
        """80 records cost as many queries as one, read as the web client does."""
        self.assertEqual(len(records), 80)
        specification = {name: {} for name in names}
        counts = [
            self._queries(records[:count].web_read, specification)
            for count in (1, 80, 1)
        ]
        self.assertEqual(counts[1], counts[2])

    def _page_of_orders(self):
        """80 orders, half of them with goods, waiting for four receipts."""
        products = [self._product(f"Product {number}") for number in range(8)]
        for product in products[:4]:
            self._put_in_stock(product, 12)
            self._purchase(product, 30)
        orders = self._quote((products[0], 2))
        for number in range(79):
            orders += self._quote((products[number % 8], 3))
        orders.action_confirm()
        self.assertTrue(set(orders.mapped("backlog_state")) > {"ready", "to_source"})
        return orders

    def test_page_costs_a_constant_number_of_queries(self):
        orders = self._page_of_orders()
        for records in (
            orders,
            orders.order_line,
            orders.sudo().order_line.move_ids,
            orders.sudo().picking_ids,
        ):
            with self.subTest(model=records._name):
                self._assert_constant(
                    records, [field.name for field in records._figure_fields()]
                )
        with self.subTest(model="backlog.line"):
            self._assert_constant(
                self.env["backlog.line"]
                .with_user(self.seller)
                .browse(orders.order_line.ids),
                [
                    "backlog_state",
                    "open_value",
                    "partner_id",
                    "prepaid_value",
                    "product_id",
                ],
            )

    def test_losses_by_a_quotation_are_told_at_once_and_not_while_typing(self):
        """Whoever waits for nothing that is there loses nothing, and is not read."""
        others = [self._order(self.product, 1) for _number in range(12)]
        self._put_in_stock(self.product, 10)
        other = self.env["stock.warehouse"].create({"name": "Other", "code": "OTH"})
        self._order(self.product, 1, warehouse_id=other.id)
        self._put_in_stock(self.product, 1, other.lot_stock_id)
        quotation = self._quote((self.product, 9))
        quotes = self.env["backlog.quote"]
        wishes = quotation.order_line._wishes()

        def lost():
            return [line_id for line_id, *_rest in quotes._losses(wishes)]

        lines = [order.order_line.id for order in others]
        wanted = list(quotes._wanted(wishes, quotes._supplies(wishes)).values())
        self.env.flush_all()
        self.assertEqual(sorted(quotes._rivals(wanted)[0]), lines[:10])
        self.assertEqual(sorted(lost()), lines[1:10])
        self._queries(lost)  # finds settings, which are cached
        self.env["backlog.kept"]._touch(self.product.ids)
        many = self._queries(lost)
        for order in others[2:]:
            order.sudo().with_context(disable_cancel_warning=True).action_cancel()
        few = self._queries(lost)
        self.assertEqual(many, few)
        edited = quotation.new(origin=quotation)
        edited.order_line.product_uom_qty = 10
        # Its lines and their products are in the cache.
        edited.order_line._quoted_goods()
        self.assertEqual(self._queries_cached(lambda: edited.quote_losses), 0)

    def _queries_cached(self, action):
        before = self.env.cr.sql_log_count
        action()
        return self.env.cr.sql_log_count - before

    def test_page_costs_two_queries_more_when_nothing_is_touched(self):
        # The web client sends the time zone along.
        lines = self._page_of_orders().order_line.with_context(tz="UTC")
        self.env["backlog.fold"]._fold()
        plain = ["order_id", "product_id", "product_uom_id", "name", "product_uom_qty"]
        ours = [
            "backlog_state",
            "backlog_qty",
            "backorder_qty",
            "backlog_expected_date",
        ]
        lines.web_read({name: {} for name in plain + ours})
        for count in (1, 80):
            with_ours, without = (
                self._queries(lines[:count].web_read, {name: {} for name in names})
                for names in (plain + ours, plain)
            )
            self.assertLessEqual(with_ours - without, 2)

    def test_describing_the_fields_asks_the_database_nothing(self):
        model = self.env["sale.order.line"]
        model.fields_get()
        names = [field.name for field in model._figure_fields()]
        self.assertEqual(self._queries(model.fields_get, names), 0)
        described = model.fields_get(names)
        self.assertTrue(all(described[name]["sortable"] for name in names))
        self.assertTrue(described["backlog_state"]["groupable"])
        self.assertEqual(described["open_qty"]["aggregator"], "sum")

    # Odoo's own work

    @contextmanager
    def _without_addon(self):
        """Odoo as if no field of the addon depended on anything and no method of Odoo
        was extended by it."""
        get_trigger_tree = Registry.get_trigger_tree

        def get_foreign_trigger_tree(registry, fields, select=bool):
            return get_trigger_tree(
                registry,
                fields,
                lambda field: ADDON not in field._modules and select(field),
            )

        with ExitStack() as patches:
            enter = patches.enter_context
            enter(patch.object(Registry, "get_trigger_tree", get_foreign_trigger_tree))
            for extension, name in self._extensions():
                enter(patch.object(extension, name, self._pass_on(extension, name)))
            yield

    def _extensions(self):
        """Every method of Odoo that the addon extends, with the class that does."""
        for model in ("sale.order", "sale.order.line", "stock.move", "stock.picking"):
            ancestors = self.registry[model].mro()
            for number, extension in enumerate(ancestors):
                if extension.__module__.startswith(f"odoo.addons.{ADDON}."):
                    for name, method in vars(extension).items():
                        if callable(method) and any(
                            name in vars(core) for core in ancestors[number + 1 :]
                        ):
                            yield extension, name

    def _pass_on(self, extension, name):
        def method(records, *args, **kwargs):
            return getattr(super(extension, records), name)(*args, **kwargs)

        return method

    def _overhead(self, prepare, action):
        """How many queries more the action takes because of the addon, each time on
        equal records that ``prepare`` makes."""
        self._queries(action, prepare())  # warm up
        with_addon = self._queries(action, prepare())
        with self._without_addon():
            without = self._queries(action, prepare())
        return with_addon - without

    def _quote_two_lines(self):
        products = [self._product(name) for name in ("Table", "Lamp")]
        self._put_in_stock(products[0], 5)
        return self._quote((products[0], 3), (products[1], 2))

    def _confirmed(self):
        order = self._quote_two_lines()
        order.action_confirm()
        return order.sudo()

    def _purchased(self):
        order = self._confirmed()
        return self._purchase(*((line.product_id, 9) for line in order.order_line))

    def test_yardstick_knows_what_the_addon_extends(self):
        names = {name for _extension, name in self._extensions()}

        self.assertLessEqual({"_action_confirm", "_field_to_sql"}, names)

    def test_confirming_an_order_costs_at_most_one_query_more(self):
        overhead = self._overhead(
            self._quote_two_lines, lambda order: order.action_confirm()
        )

        self.assertLessEqual(overhead, 1)

    def test_reserving_costs_nothing(self):
        def prepare():
            picking = self._confirmed().picking_ids
            picking.do_unreserve()
            return picking

        self.assertEqual(
            self._overhead(prepare, lambda picking: picking.action_assign()), 0
        )

    def test_receiving_costs_nothing(self):
        self.assertEqual(self._overhead(self._purchased, self._receive), 0)

    def test_shipping_costs_nothing(self):
        self.assertEqual(self._overhead(self._confirmed, self._ship), 0)

    def test_buying_costs_at_most_the_promise_that_is_kept(self):
        def prepare():
            order = self._confirmed()
            return self._request(*((line.product_id, 9) for line in order.order_line))

        self.assertLessEqual(
            self._overhead(prepare, lambda request: request.button_confirm()), 1
        )
