"""Random worlds: a product, goods, demand and receipts, as plain data and in Odoo.

A world says nothing about what is right. ``greedy`` says it, in plain Python and in the
simplest way: one demand after the other takes what is there. It reads only Odoo's own
records, knows nothing of the engine, and is the yardstick of its quantities, dates and
documents.
"""

from collections import defaultdict
from random import Random
from typing import NamedTuple

from odoo.fields import Command
from odoo.tools import SQL

from ..tools.given import giving
from .common import NOW, BacklogCase

OPEN = ("waiting", "confirmed", "partially_available", "assigned")


class Out(NamedTuple):
    """Demand: ``forced`` is a quantity set by hand whatever is in stock, ``brought``
    one that an earlier step brought for it, ``waits_for`` the receipts made for it,
    ``back`` what its order line was lowered by after printing, ``edited`` the demand
    that somebody wrote into the transfer afterwards."""

    place: str = "stock"
    kind: str = "customer"
    qty: float = 1
    days: int = 0
    priority: str = "0"
    method: str = "manual"
    dozens: bool = False
    reserve: bool = False
    forced: float = 0
    brought: float = 0
    waits_for: tuple = ()
    back: float = 0
    edited: float = 0


class In(NamedTuple):
    """A receipt into ``place``: late ones have negative ``days``. Its purchase was
    lowered by ``back`` after printing, which goes back on the day ``back_days``. Of a
    resupply in ``transit`` only ``sent`` was sent, the rest cancelled; ``None`` where
    nobody waits for another step."""

    place: str = "stock"
    qty: float = 1
    days: int = 1
    origin: str = "vendor"
    back: float = 0
    back_days: int = 0
    sent: float | None = None


class World(NamedTuple):
    stock: tuple = ()
    """``(place, quantity)``; several make several lots of a tracked product."""
    outs: tuple = ()
    ins: tuple = ()
    tracking: str = "none"
    removal: tuple = ()
    """Of each of ``stock``, in how many days it is to be removed; None for never."""
    drift: tuple = ()
    """``(place, quantity)`` that quants say reserved too much, or too little."""


def random_world(seed, wild=False):
    """The world of a seed. Quantities are small so that ends often coincide.

    Odoo reserves what an earlier step brought from the very place and lot where it was
    put. So it gives away more than there is when the same goods are negative on another
    shelf, and nothing when somebody else took them while others lie one shelf or lot
    further. The engine never promises what is not there, and takes one for the other.
    Only ``wild`` worlds, which Odoo does not judge, mix goods brought with these.
    """
    dice = Random(seed)
    brings = wild or dice.random() < 0.3
    shelves = wild or not brings
    places = ["stock"] * 5 + ["output", "other"]
    ins = tuple(
        In(
            place=dice.choice(places),
            qty=dice.randint(1, 8),
            days=dice.randint(-5, 15),
            origin=dice.choice(["vendor", "vendor", "production", "input", "transit"]),
        )
        for _n in range(dice.randint(0, 5))
    )
    batches = _batches(dice, ins)
    outs = []
    for _n in range(dice.randint(1, 8)):
        place = dice.choice(places)
        chain = dice.random()
        outs.append(
            Out(
                place=place,
                kind=dice.choice(["customer"] * 4 + ["production", "transit", "step"]),
                qty=dice.randint(1, 9),
                days=dice.randint(-10, 20),
                priority=dice.choice("00001"),
                method=dice.choice(["at_confirm", "manual", "by_date"]),
                reserve=dice.random() < 0.3,
                forced=dice.randint(1, 6) if shelves and dice.random() < 0.08 else 0,
                brought=dice.randint(1, 6) if brings and chain < 0.2 else 0,
                waits_for=dice.choice(batches[place])
                if batches[place] and 0.2 < chain < 0.5
                else (),
            )
        )
    return World(
        stock=tuple(
            (
                dice.choice(["stock", *["shelf"] * 2 * shelves, "output", "other"]),
                quantity,
            )
            for quantity in [
                dice.randint(-3 * shelves, 12) for _n in range(dice.randint(0, 4))
            ]
            if quantity
        ),
        outs=tuple(outs),
        ins=ins,
        tracking="lot" if shelves and dice.random() < 0.2 else "none",
    )


def field_world(seed):
    """The random world of a seed with what real databases have besides: lots that are
    to be removed, deliveries from a shelf, a warehouse inside the stock of another one,
    and quants that say something else of reservations than moves do."""
    world = random_world(seed)
    dice = Random(f"field {seed}")
    awaited = {number for out in world.outs for number in out.waits_for}
    brings = any(out.brought for out in world.outs)

    def elsewhere(place, *others):
        if place == "stock" and dice.random() < 0.4:
            return dice.choice(others)
        return place

    stock = tuple(
        (elsewhere(place, "shelf", "nested"), quantity)
        for place, quantity in world.stock
    )
    outs = tuple(
        out
        if out.waits_for or out.brought
        else out._replace(place=elsewhere(out.place, "shelf", "nested"))
        for out in world.outs
    )
    ins = tuple(
        receipt
        if number in awaited
        else receipt._replace(place=elsewhere(receipt.place, "nested"))
        for number, receipt in enumerate(world.ins)
    )
    removal = ()
    if not brings and dice.random() < 0.5:
        removal = tuple(dice.choice([None, -2, 3, 9, 30]) for _one in stock)
    drift = ()
    if stock and dice.random() < 0.3:
        drift = ((dice.choice(stock)[0], dice.choice([-3, -1, 2, 5])),)
    return world._replace(
        stock=stock,
        outs=outs,
        ins=ins,
        tracking="lot" if removal else world.tracking,
        removal=removal,
        drift=drift,
    )


def _batches(dice, ins):
    """Receipts into one place that were made together. Demand waits for all of a batch:
    the shape that Odoo's splitting and merging of chained moves makes."""
    batches = defaultdict(list)
    for place in ("stock", "output", "other"):
        numbers = [n for n, receipt in enumerate(ins) if receipt.place == place]
        while numbers:
            size = dice.randint(1, len(numbers))
            batches[place].append(tuple(numbers[:size]))
            numbers = numbers[size:]
    return batches


def lowered_world(seed):
    """The world of a seed where lines and purchases were lowered after printing,
    demand was edited and resupplies were cut."""
    world = random_world(seed)
    dice = Random(f"lowered {seed}")
    awaited = {number for demand in world.outs for number in demand.waits_for}
    ins = [
        receipt._replace(
            back=dice.randint(1, receipt.qty), back_days=dice.randint(-9, 9)
        )
        if receipt.origin == "vendor" and number not in awaited and dice.random() < 0.5
        else receipt._replace(sent=dice.randint(1, receipt.qty))
        if receipt.origin == "transit" and dice.random() < 0.7
        else receipt
        for number, receipt in enumerate(world.ins)
    ]
    outs = [
        demand._replace(back=dice.randint(1, demand.qty), forced=0)
        if demand.kind in ("customer", "step") and dice.random() < 0.5
        else demand._replace(edited=dice.randint(1, 12))
        if dice.random() < 0.3
        else demand
        for demand in world.outs
    ]
    return world._replace(outs=tuple(outs), ins=tuple(ins))


class WorldCase(BacklogCase):
    """Builds worlds in Odoo, and lets the greedy allocator loose on them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        other = cls.env["stock.warehouse"].create({"name": "Other", "code": "OTH"})
        cls.shelf = cls.env["stock.location"].create(
            {"name": "Shelf", "location_id": cls.stock.id}
        )
        nested = cls.env["stock.warehouse"].create({"name": "Nested", "code": "NST"})
        nested.view_location_id.location_id = cls.stock
        production = cls.env["stock.location"].search(
            [("usage", "=", "production"), ("company_id", "=", cls.company.id)], limit=1
        )
        cls.places = {
            "stock": cls.stock,
            "shelf": cls.shelf,
            "output": cls.warehouse.wh_output_stock_loc_id,
            "input": cls.warehouse.wh_input_stock_loc_id,
            "other": other.lot_stock_id,
            "nested": nested.lot_stock_id,
            "customer": cls.env.ref("stock.stock_location_customers"),
            "vendor": cls.env.ref("stock.stock_location_suppliers"),
            "production": production,
            "transit": cls.company.internal_transit_location_id,
        }
        (cls.places["output"] | cls.places["input"]).active = True
        types = cls.env["stock.picking.type"]
        cls.types = {
            method: types.create(
                {
                    "name": method,
                    "code": "outgoing",
                    "sequence_code": method,
                    "reservation_method": method,
                    "reservation_days_before": 5,
                    "reservation_days_before_priority": 8,
                    "warehouse_id": cls.warehouse.id,
                }
            )
            for method in ("at_confirm", "manual", "by_date")
        }

    @classmethod
    def _build(cls, world, name="World"):
        """Return the product, the demand moves and the receipt moves."""
        product = cls._product(name, tracking=world.tracking)
        # Without Odoo's product_expiry no lot is ever removed.
        removal = "removal_date" in cls.env["stock.quant"] and world.removal
        if removal:
            product.use_expiration_date = True
        for number, (place, quantity) in enumerate(world.stock):
            lot = (
                {"lot_id": cls._lot(product, number)}
                if world.tracking != "none"
                else {}
            )
            if removal:
                days = removal[number]
                lot["lot_id"].removal_date = days is not None and cls._after(days)
            cls._put_in_stock(product, quantity, cls.places[place], **lot)
        ins = cls.env["stock.move"].browse(
            cls._receipt(product, receipt).id for receipt in world.ins
        )
        outs = cls.env["stock.move"]
        for demand in world.outs:
            outs |= cls._demand(product, demand, ins)
        outs |= cls._change(world, outs, ins)
        for place, quantity in world.drift:
            cls._drift(product, cls.places[place], quantity)
        return product, outs, ins

    @classmethod
    def _change(cls, world, outs, ins):
        """Lower and edit what is there; return what goes back to vendors."""
        back = cls.env["stock.move"]
        for receipt, move in zip(world.ins, ins, strict=True):
            if receipt.back:
                back |= cls._lower_purchase(move, receipt)
        for demand, move in zip(world.outs, outs, strict=True):
            if demand.back:
                cls._lower_line(move, demand)
            if demand.edited:
                move.product_uom_qty = demand.edited
        return back

    @classmethod
    def _drift(cls, product, location, quantity):
        """Let one quant say another quantity reserved than moves do."""
        cls.env.flush_all()
        cls.env.cr.execute(
            SQL(
                "UPDATE stock_quant SET reserved_quantity = reserved_quantity + %s "
                "WHERE id = (SELECT MIN(id) FROM stock_quant WHERE product_id = %s "
                "AND location_id = %s)",
                quantity,
                product.id,
                location.id,
            )
        )
        cls.env["stock.quant"].invalidate_model()

    @classmethod
    def _lower_purchase(cls, move, receipt):
        """The move to the vendor that Odoo makes for a purchase lowered by ``back``."""
        purchase = cls.env["purchase.order"].create(
            {
                "partner_id": cls.vendor.id,
                "order_line": [Command.create({"product_id": move.product_id.id})],
            }
        )
        move.purchase_line_id = purchase.order_line
        back = cls.env["stock.move"].create(
            {
                **cls._move_values(
                    move.product_id,
                    receipt.back,
                    move.location_dest_id,
                    move.location_id,
                    receipt.back_days,
                ),
                "purchase_line_id": purchase.order_line.id,
                "picking_type_id": cls.types["manual"].id,
            }
        )
        return back._action_confirm(merge=False)

    @classmethod
    def _lower_line(cls, move, demand):
        """The move from the customer that Odoo makes for a line lowered by ``back``."""
        order = cls.env["sale.order"].create(
            {
                "partner_id": cls.customer.id,
                "order_line": [Command.create({"product_id": move.product_id.id})],
            }
        )
        move.sale_line_id = order.order_line
        back = cls.env["stock.move"].create(
            {
                **cls._move_values(
                    move.product_id,
                    demand.back,
                    cls.places["customer"],
                    move.location_id,
                    0,
                ),
                "sale_line_id": order.order_line.id,
            }
        )
        back._action_confirm(merge=False)

    @classmethod
    def _lot(cls, product, number):
        return cls.env["stock.lot"].create(
            {"name": f"L{number}", "product_id": product.id}
        )

    @classmethod
    def _receipt(cls, product, receipt):
        values = cls._move_values(
            product,
            receipt.qty,
            cls.places[receipt.origin],
            cls.places[receipt.place],
            receipt.days,
        )
        if receipt.sent is not None:
            sent = cls._brought(product, receipt.sent, cls.places[receipt.origin])
            values["procure_method"] = "make_to_order"
            values["move_orig_ids"] = [Command.set(sent.ids)]
        move = cls.env["stock.move"].create(values)
        return move._action_confirm(merge=False)

    @classmethod
    def _demand(cls, product, demand, ins):
        place = cls.places[demand.place]
        dest = cls.places["transit" if demand.kind == "step" else demand.kind]
        picking = cls.env["stock.picking"].create(
            {
                "picking_type_id": cls.types[demand.method].id,
                "location_id": place.id,
                "location_dest_id": dest.id,
                "priority": demand.priority,
            }
        )
        values = cls._move_values(product, demand.qty, place, dest, demand.days)
        values["picking_id"] = picking.id
        if demand.kind == "step":
            values["location_final_id"] = cls.places["customer"].id
        if demand.dozens:
            values["product_uom"] = cls.dozen.id
        origins = ins.browse(ins[number].id for number in demand.waits_for)
        if demand.brought:
            origins |= cls._brought(product, demand.brought, place)
        if origins:
            values["procure_method"] = "make_to_order"
            values["move_orig_ids"] = [Command.set(origins.ids)]
        move = cls.env["stock.move"].create(values)
        move._action_confirm(merge=False)
        if demand.forced:
            move.quantity = demand.forced
        elif demand.reserve:
            move._action_assign()
        return move

    @classmethod
    def _brought(cls, product, quantity, place):
        """A done step that brought goods to ``place`` for a chained demand."""
        move = cls.env["stock.move"].create(
            cls._move_values(product, quantity, cls.places["vendor"], place, -1)
        )
        move._action_confirm(merge=False)
        if product.tracking != "none":
            move.move_line_ids.lot_id = cls._lot(product, move.id)
        move.quantity = quantity
        move.picked = True
        return move._action_done()

    @classmethod
    def _move_values(cls, product, quantity, source, dest, days):
        return {
            "product_id": product.id,
            "product_uom": product.uom_id.id,
            "product_uom_qty": quantity,
            "location_id": source.id,
            "location_dest_id": dest.id,
            "date": cls._after(days),
            "company_id": cls.company.id,
        }

    # The yardstick

    def _pool(self, location):
        """Where somebody takes goods from who takes them from ``location``, too."""
        return self.stock if location._child_of(self.stock) else location

    def _home(self, location):
        """For whom goods are that are brought to ``location``."""
        nested = self.places["nested"]
        return nested if location._child_of(nested) else self._pool(location)

    def _queue(self, moves):
        """The moves in the order of Odoo's forecast report."""
        today = NOW.date()

        def place(move):
            due = move.reservation_date and move.reservation_date <= today
            return (
                not due,
                str(move.reservation_date or "9999") if not due else "",
                -int(move.priority),
                move.date,
                move.id,
            )

        return moves.sorted(place)

    def _greedy(self, product):
        """``{move: [(source, quantity, receipt or None)]}`` of every open demand: each
        takes what the ones ahead of it left."""
        moves = self.env["stock.move"].search(
            [("product_id", "=", product.id), ("state", "in", OPEN)]
        )
        inside = moves.filtered(
            lambda move: move.location_id.usage in ("internal", "transit")
        )
        queue = self._queue(
            inside.filtered(
                lambda move: (
                    self._home(move.location_id) != self._home(move.location_dest_id)
                )
            )
        )
        free, missing = self._free_stock(product)
        slices = defaultdict(list)
        short = {}
        lowered = self._lowered(moves)
        net = {
            move: move.product_qty - lowered.get(move.sale_line_id, 0) for move in queue
        }
        for move in reversed(queue):
            pool = self._pool(move.location_id)
            reserved = min(self._reserved(move), move.product_qty)
            cut = min(reserved, missing[pool])
            missing[pool] -= cut
            kept = min(reserved - cut, net[move])
            short[move] = net[move] - kept
            self._give(slices[move], "reserved", kept)
        taken = defaultdict(float)
        goods = self._goods(product)
        for move in queue:
            pool = self._pool(move.location_id)
            need = move.product_qty - min(self._reserved(move), move.product_qty)
            quantity = min(need, free[pool], self._may_take(move, taken, need))
            quantity = self._take(move, quantity, goods)
            free[pool] -= quantity
            taken[move] = quantity
            quantity = min(quantity, short[move])
            short[move] -= quantity
            self._give(slices[move], "stock", quantity)
        lost = self._lost(queue, short)
        left = {
            move: move.product_qty
            - lost.get(move, 0)
            - (
                lowered.get(move.sale_line_id, 0)
                if move.location_id.usage == "customer"
                else 0
            )
            for move in moves.sorted(lambda move: (move.date, move.id))
            if self._home(move.location_final_id or move.location_dest_id)
            != self._home(move.location_id)
        }
        self._fill(self._holes(product), left)
        going_back = queue.filtered("purchase_line_id")
        for move in going_back:
            own = moves.filtered(
                lambda one, move=move: one.purchase_line_id == move.purchase_line_id
            )
            self._cover(slices, short, left, move, only=own)
        for move in queue.filtered(self._is_chained):
            self._cover(slices, short, left, move, only=move.move_orig_ids)
        for move in queue - queue.filtered(self._is_chained) - going_back:
            self._cover(slices, short, left, move)
        for move in queue.filtered(self._is_chained):
            self._cover_lost(slices, short, left, move, taken)
        for move in queue:
            self._give(slices[move], "none", short[move])
        # A line that was lowered to nothing leaves its move without any.
        return {move: rows for move, rows in slices.items() if rows}

    def _lowered(self, moves):
        """``{order line: quantity}``: what comes back of what each line would ship."""
        lowered = {}
        for back in moves.filtered(
            lambda move: move.sale_line_id and move.location_id.usage == "customer"
        ):
            shipped = moves.filtered(
                lambda move, back=back: (
                    move.sale_line_id == back.sale_line_id and move != back
                )
            )
            lowered[back.sale_line_id] = min(
                back.product_qty, sum(shipped.mapped("product_qty"))
            )
        return lowered

    def _lost(self, queue, short):
        """``{move: quantity}``: what moves between warehouses still wait for, and no
        open move brings to them."""
        lost, coming = {}, {}
        stocks = self.env["stock.warehouse"].search([]).lot_stock_id
        for move in queue.filtered(self._is_chained):
            final = move.location_final_id or move.location_dest_id
            if final.usage != "customer" and self._home(move.location_id) not in stocks:
                origins = move.move_orig_ids.filtered(lambda one: one.state in OPEN)
                on_the_way = coming.setdefault(
                    origins or move, sum(origins.mapped("product_qty"))
                )
                lost[move] = max(short[move] - on_the_way, 0)
                coming[origins or move] -= short[move] - lost[move]
        return lost

    def _cover_lost(self, slices, short, left, move, taken):
        """What was brought for a chained move and is not there any more may be any
        goods, when nobody brings some for it alone."""
        if any(
            self._home(one.location_final_id or one.location_dest_id)
            == self._home(move.location_id)
            for one in move.move_orig_ids
            if one.state in OPEN
        ):
            return
        asked = move.product_qty - self._reserved(move) - taken[move]
        most = max(min(short[move], asked, self._may_take(move, taken, 0)), 0)
        rest = {move: most}
        self._cover(slices, rest, left, move)
        short[move] -= most - rest[move]
        taken[move] += most - rest[move]

    def _cover(self, slices, short, left, move, only=None):
        home = self._home(move.location_id)
        for receipt in left:
            dest = receipt.location_final_id or receipt.location_dest_id
            if self._home(dest) == home and (only is None or receipt in only):
                quantity = min(short[move], left[receipt])
                left[receipt] -= quantity
                short[move] -= quantity
                self._give(slices[move], "receipt", quantity, receipt)

    def _give(self, slices, source, quantity, receipt=None):
        if quantity > 0:
            slices.append((source, quantity, receipt))

    def _fill(self, holes, left):
        """What arrives first fills what is below zero."""
        for receipt in left:
            home = self._home(receipt.location_final_id or receipt.location_dest_id)
            filled = min(holes.get(home, 0), left[receipt])
            if filled:
                left[receipt] -= filled
                holes[home] -= filled

    def _holes(self, product):
        """What is below zero in each pool of a product without lots."""
        holes = defaultdict(float)
        if product.tracking == "none":
            for quant in self._quants(product):
                holes[self._pool(quant.location_id)] -= quant.quantity
        return {pool: hole for pool, hole in holes.items() if hole > 0}

    def _quants(self, product):
        return self.env["stock.quant"].search([("product_id", "=", product.id)])

    def _open_lines(self, product):
        return self.env["stock.move.line"].search(
            [("product_id", "=", product.id), ("state", "in", OPEN)]
        )

    def _goods(self, product):
        """``{quant: quantity}`` that no move line holds, in the order in which Odoo
        takes quants: those of a lot first, then what came first."""
        held = defaultdict(float)
        for line in self._open_lines(product):
            held[line.location_id, line.lot_id] += line.quantity_product_uom
        return {
            quant: quant.quantity - held[quant.location_id, quant.lot_id]
            for quant in self._quants(product).sorted(
                lambda quant: (not quant.lot_id, quant.in_date, quant.id)
            )
        }

    def _take(self, move, quantity, goods):
        """Take as much of it as the move sees out of ``goods``."""
        seen = [quant for quant in goods if self._sees(move, quant)]
        per_lot = defaultdict(float)
        for quant in seen:
            lot = quant.lot_id if move.product_id.tracking != "none" else None
            per_lot[lot] += goods[quant]
        quantity = min(quantity, sum(max(total, 0) for total in per_lot.values()))
        left = quantity
        for quant in seen:
            part = min(left, max(goods[quant], 0))
            goods[quant] -= part
            left -= part
        return quantity - left

    def _sees(self, move, quant):
        if self._is_chained(move):
            origins = move.move_orig_ids.move_dest_ids.move_orig_ids
            return any(
                (line.location_dest_id, line.lot_id)
                == (quant.location_id, quant.lot_id)
                for line in origins.move_line_ids
                if line.state == "done"
            )
        if not quant.location_id._child_of(move.location_id):
            return False
        return not (
            "removal_date" in quant
            and move.product_id.use_expiration_date
            and quant.removal_date
            and quant.removal_date < move.date
        )

    def _free_stock(self, product):
        """Free quantity per pool, and what was promised and is not there; lots do not
        stand in for each other. What move lines hold is reserved."""
        free_of, reserved_of = defaultdict(float), defaultdict(float)
        lots = product.tracking != "none"
        for quant in self._quants(product):
            free_of[self._pool(quant.location_id), lots and quant.lot_id] += (
                quant.quantity
            )
        for line in self._open_lines(product):
            key = self._pool(line.location_id), lots and line.lot_id
            free_of[key] -= line.quantity_product_uom
            reserved_of[key] += line.quantity_product_uom
        free, missing = defaultdict(float), defaultdict(float)
        for key, quantity in free_of.items():
            free[key[0]] += max(quantity, 0)
            missing[key[0]] += max(min(-quantity, reserved_of[key]), 0)
        return free, missing

    def _reserved(self, move):
        return sum(move.move_line_ids.mapped("quantity_product_uom"))

    def _is_chained(self, move):
        return bool(move.move_orig_ids) or move.procure_method == "make_to_order"

    def _may_take(self, move, taken, need):
        """Chained demand takes only what its origins brought and no sibling took."""
        if not self._is_chained(move):
            return need
        siblings = move.move_orig_ids.move_dest_ids
        brought = sum(
            origin.quantity
            for origin in siblings.move_orig_ids
            if origin.state == "done"
        )
        gone = sum(
            sibling.quantity if sibling.state == "done" else self._reserved(sibling)
            for sibling in siblings
        )
        return max(brought - gone - sum(taken[sibling] for sibling in siblings), 0)

    # What the engine says

    def _engine(self, product):
        """The same shape as ``_greedy``, from the engine."""
        return self._engine_of(product)[product]

    def _engine_of(self, products):
        """``{product: slices}`` of several at once: the statement is long to plan."""
        allocation = self.env["backlog.allocation"]
        allocation.invalidate_model()
        slices = {product: defaultdict(list) for product in products}
        with giving(allocation, product_ids=products.ids) as asked:
            rows = asked.search_fetch([("product_id", "in", products.ids)])
        for row in rows.with_env(self.env).sorted(
            lambda row: (
                ("reserved", "stock", "receipt", "none").index(row.source),
                row.receipt_move_id.date or NOW,
                row.receipt_move_id.id,
            )
        ):
            slices[row.product_id][row.move_id].append(
                (row.source, row.qty, row.receipt_move_id or None)
            )
        return slices
