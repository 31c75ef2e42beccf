from odoo.fields import Command

from odoo.addons.inventory_backlog.tests.common import BacklogCase
from odoo.addons.inventory_backlog.tests.suggestions import SuggestionCase


class MrpBacklogCase(BacklogCase):
    """The trading company that also packs kits and manufactures."""

    @classmethod
    def _bom(cls, product, *components, bom_type="normal", **values):
        """A bill of materials over ``(component, quantity)`` pairs; more of the line as
        a dict in third place."""
        return cls.env["mrp.bom"].create(
            {
                "product_tmpl_id": product.product_tmpl_id.id,
                "product_uom_id": product.uom_id.id,
                "type": bom_type,
                "bom_line_ids": [
                    Command.create(
                        {
                            "product_id": component.id,
                            "product_qty": quantity,
                            "product_uom_id": component.uom_id.id,
                            **(more[0] if more else {}),
                        }
                    )
                    for component, quantity, *more in components
                ],
                **values,
            }
        )

    @classmethod
    def _kit(cls, name, *components, uom=None, **bom):
        """A product that is sold as a kit of ``(component, quantity)`` pairs."""
        kit = cls._product(name, **({"uom_id": uom.id} if uom else {}))
        cls._bom(kit, *components, bom_type="phantom", **bom)
        return kit

    def _production(self, product, quantity, days=3, **values):
        """A draft manufacturing order that ends in ``days``."""
        production = self.env["mrp.production"].create(
            {
                "product_id": product.id,
                "product_qty": quantity,
                "date_start": self._after(days, hours=-1),
                **values,
            }
        )
        self.assertEqual(production.state, "draft")
        return production

    def _start(self, product, quantity, **values):
        """A confirmed manufacturing order."""
        production = self._production(product, quantity, **values)
        production.action_confirm()
        return production

    def _finish(self, production):
        production.qty_producing = production.product_qty
        production._set_qty_producing()
        production.move_raw_ids.picked = True
        production.button_mark_done()
        self.assertEqual(production.state, "done")

    def _ship_goods(self, order, quantities, backorder=True):
        """Validate the next open delivery step with this quantity of each product."""
        picking = order.sudo().picking_ids.filtered(
            lambda picking: picking.state not in ("done", "cancel")
        )[-1:]
        for move in picking.move_ids:
            move.quantity = quantities.get(move.product_id, 0)
            move.picked = bool(move.quantity)
        self._validate(picking, backorder)

    def _moves(self, order, product):
        """The open moves of this product."""
        return order.sudo().picking_ids.move_ids.filtered(
            lambda move: (
                move.product_id == product and move.state not in ("done", "cancel")
            )
        )

    def _agrees(self, *orders):
        """The order lines, the rows of ``backlog.line`` and its grouped sums tell the
        same. Returns the split of the lines."""
        lines = self.env["sale.order.line"].union(*(o.order_line for o in orders))
        names = ("open_qty", "backlog_qty", "incoming_qty", "to_source_qty")
        split = dict(zip(lines.ids, self._split(lines), strict=True))
        rows = self._line(lines)
        for row in rows:
            factor = row.order_line_id.product_uom_id.factor / row.product_uom_id.factor
            self.assertEqual(
                tuple(row[name] for name in names),
                tuple(qty * factor for qty in split[row.id]),
            )
            self.assertEqual(row.backorder_qty, row.incoming_qty + row.to_source_qty)
            self.assertEqual(row.open_qty, row.backlog_qty + row.backorder_qty)
        self.assertFalse(
            any(any(split[line.id]) for line in lines if line.id not in rows.ids)
        )
        grouped = self.env["backlog.line"]._read_group(
            [("id", "in", lines.ids)], ["product_id"], [f"{name}:sum" for name in names]
        )
        self.assertEqual(
            {product.id: tuple(sums) for product, *sums in grouped},
            {
                product.id: tuple(
                    sum(row[name] for row in rows if row.product_id == product)
                    for name in names
                )
                for product in rows.product_id
            },
        )
        return list(split.values())

    def _ready(self, product):
        """What the queue calls ready of the product, whoever waits for it."""
        return self._ready_of(product)[product]

    def _ready_of(self, products):
        """``{product: what the queue calls ready of it, whoever waits for it}``."""
        allocation = self.env["backlog.allocation"]
        allocation.invalidate_model()
        groups = allocation._read_group(
            [
                ("product_id", "in", products.ids),
                ("source", "in", ("reserved", "stock")),
            ],
            ["product_id"],
            ["qty:sum"],
        )
        return dict.fromkeys(products, 0) | dict(groups)


class TableCase(MrpBacklogCase):
    """A kit: a table is one top and four legs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.top = cls._product("Top")
        cls.leg = cls._product("Leg")
        cls.table = cls._kit("Table", (cls.top, 1), (cls.leg, 4))


class MrpSuggestionCase(SuggestionCase, MrpBacklogCase):
    """Suggestions of what is made. The buyer may create manufacturing orders: who may
    not cannot accept them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer.group_ids += cls.env.ref("mrp.group_mrp_user")
