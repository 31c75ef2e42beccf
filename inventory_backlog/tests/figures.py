"""Orders in every state, and a look at every figure on Odoo's own models."""

from .common import BacklogCase


class FiguresCase(BacklogCase):
    """Six orders of one line each: ready, partly ready, on its way, to order, shipped,
    and a quotation."""

    def setUp(self):
        super().setUp()
        self.products = self.env["product.product"].union(
            *(self._product(f"Product {number}", list_price=10) for number in range(5))
        )
        ready, partial, incoming, to_source, shipped = self.products
        for product, quantity in ((ready, 5), (partial, 2), (shipped, 1)):
            self._put_in_stock(product, quantity)
        self.orders = self.env["sale.order"].union(
            *(
                self._order(product, quantity, commitment_date=self._after(days))
                for product, quantity, days in (
                    (ready, 5, -3),
                    (partial, 4, 2),
                    (incoming, 3, 30),
                    (to_source, 7, 40),
                    (shipped, 1, 50),
                )
            ),
            self._quote((ready, 9)),
        )
        self._purchase((partial, 1), (incoming, 3), days=4)
        self._ship(self.orders[4])
        self.orders = self.orders.sudo()

    @property
    def records(self):
        """The records of each model with figures."""
        return (
            self.orders.order_line,
            self.orders,
            self.orders.order_line.move_ids,
            self.orders.picking_ids,
            self.products,
            self.products.product_tmpl_id,
        )

    def _figures(self, records):
        return records._figure_fields()

    def _pairs(self):
        """Every figure of every model."""
        for records in self.records:
            for field in self._figures(records):
                yield records, field

    def _search(self, records, domain, **options):
        return records.search([("id", "in", records.ids), *domain], **options)
