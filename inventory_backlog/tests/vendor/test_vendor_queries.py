from odoo.tests import tagged

from ..vendors import VendorCase
from ..whole import test_queries

EXTENDED = (
    "product.product",
    "product.supplierinfo",
    "purchase.order",
    "purchase.order.line",
    "sale.order",
    "sale.order.line",
    "stock.move",
    "stock.picking",
    "stock.rule",
    "stock.warehouse.orderpoint",
)


@tagged("post_install", "-at_install")
class TestVendorQueries(VendorCase):
    """Vendors cost a page a constant number of queries, and buying next to nothing."""

    _queries = test_queries.TestQueries._queries
    _assert_constant = test_queries.TestQueries._assert_constant
    _overhead = test_queries.TestQueries._overhead
    _pass_on = test_queries.TestQueries._pass_on
    _without_addon = test_queries.TestQueries._without_addon

    def _extensions(self):
        """Every method of Odoo that the addon extends where it buys."""
        for model in EXTENDED:
            ancestors = self.registry[model].mro()
            for number, extension in enumerate(ancestors):
                if extension.__module__.startswith("odoo.addons.inventory_backlog."):
                    for name, method in vars(extension).items():
                        if callable(method) and any(
                            name in vars(core) for core in ancestors[number + 1 :]
                        ):
                            yield extension, name

    def test_page_of_vendor_lines_costs_a_constant_number_of_queries(self):
        vendors = self.first + self.second + self.third
        products = [self._product(f"Product {number}") for number in range(27)]
        offers = self.env["product.supplierinfo"].union(
            *(
                self._offer(product, vendor)
                for product in products
                for vendor in vendors
            )
        )
        self._delivered(self.first, product=products[0])
        self._disrupt(self.second)
        names = [field.name for field in offers._figure_fields("_compute_vendor")]
        for user in (self.seller, self.buyer):
            visible = offers.with_user(user).fields_get(names)
            self._assert_constant(
                offers[:80].with_user(user), [*visible, "vendor_lights"]
            )

    def test_page_of_products_costs_a_constant_number_of_queries(self):
        products = self.product.browse()
        for number in range(80):
            product = self._product(f"Product {number}")
            self._offer(product, self.first)
            if number % 2 == 0:
                self._offer(product, self.second)
            products += product
        names = [field.name for field in products._figure_fields("_compute_vendor")]
        for records in (products, products.product_tmpl_id):
            self._assert_constant(records.with_user(self.seller), names)

    def _made_to_order(self):
        mto = self.warehouse.mto_pull_id.route_id
        mto.active = True
        products = [self._product(name) for name in ("Table", "Lamp")]
        for product in products:
            product.route_ids = mto + self.buy
            self._offer(product, self.first)
            self._offer(product, self.second)
        return self._quote((products[0], 3), (products[1], 2))

    def test_order_that_makes_a_purchase_costs_at_most_one_query_more(self):
        overhead = self._overhead(
            self._made_to_order, lambda order: order.action_confirm()
        )

        self.assertLessEqual(overhead, 1)

    def test_choosing_vendors_costs_the_same_for_one_and_for_ten(self):
        """Who the company is and where, once."""
        products = self.product.browse()
        for number in range(10):
            products += self._product(f"Product {number}")
            self._offer(products[-1], self.first)

        def choose(products):
            for product in products:
                product._select_seller(quantity=1)

        self.assertLessEqual(self._overhead(lambda: products, choose), 2)
