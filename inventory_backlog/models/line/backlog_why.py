from collections import defaultdict

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ...tools.given import giving
from ...tools.names import named
from ...tools.texts import quantity_with_unit

ROWS_SHOWN = 10


class BacklogWhy(models.AbstractModel):
    """Why a line is where it is: what covers it, who is ahead, what else is waiting. It
    names only documents that the user may see, and gives totals for the others."""

    _name = "backlog.why"
    _description = "Explanation"

    def _explain(self, line):
        slices = line._allocation(with_rank=True)
        later = self.env["backlog.likely"]._days_later(slices)
        return {
            "verdict": self._explain_verdict(line, slices),
            "sources": [
                self._explain_slice(line, row, later.get(row, 0)) for row in slices
            ],
            "queue": self._explain_queue(line, slices),
            "customer": self._explain_customer(line),
        }

    def _explain_verdict(self, line, slices):
        """The answer in a few sentences."""
        sentences = []
        if line.backlog_qty > 0:
            sentences.append(
                self.env._(
                    "Ready to ship: %(ready)s of %(open)s.",
                    ready=self._product_quantity(line, line.backlog_qty),
                    open=self._product_quantity(line, line.open_qty),
                )
            )
        if line.incoming_qty > 0:
            sentences.append(self._explain_incoming(line))
        if line.to_source_qty > 0:
            sentences.append(
                self.env._(
                    "To order: %(to_source)s, nobody has ordered supply yet.",
                    to_source=self._product_quantity(line, line.to_source_qty),
                )
            )
            # Salespeople cannot read suggestions; they see the documents made from
            # them.
            ordered = line.order_line_id.sudo()
            if note := ordered.backlog_supply_note:
                sentences.append(self.env._("Under way: %s.", note))
            made = ordered.backlog_suggestion_line_ids.suggestion_id.purchase_line_ids
            if requests := self._requests(line, slices) - made.order_id:
                sentences.append(
                    self.env._(
                        "Not confirmed yet: request for quotation %(names)s.",
                        names=", ".join(requests.mapped("name")),
                    )
                )
        return [
            *sentences,
            *self._explain_excess(line),
            *self._explain_vendors(line, slices),
            *self._explain_places(line),
            *self._explain_shelves(slices),
            *self._explain_star(slices),
            *self._explain_lateness(line),
            *(bad["text"] for bad in self.env["backlog.bad.value"]._find(line.ids)),
        ]

    def _explain_incoming(self, line):
        """What is on its way and when it comes: nobody knows that of what is overdue,
        and what comes too late is told also while something else is to order."""
        figures = {
            "incoming": self._product_quantity(line, line.incoming_qty),
            "date": format_date(self.env, line.partial_expected_date),
            "promise": format_date(self.env, line.promise_date),
            "since": format_date(self.env, line.overdue_since),
        }
        if line.overdue_since and line.partial_expected_date > fields.Datetime.now():
            return self.env._(
                "On its way: %(incoming)s, some of it overdue since %(since)s, the "
                "last expected on %(date)s.",
                **figures,
            )
        if line.overdue_since:
            return self.env._(
                "On its way: %(incoming)s, overdue since %(since)s: nobody has said "
                "yet when it comes.",
                **figures,
            )
        if line.second_cause:
            return self.env._(
                "On its way: %(incoming)s, the last expected on %(date)s, after the "
                "promise of %(promise)s.",
                **figures,
            )
        return self.env._(
            "On its way: %(incoming)s, the last expected on %(date)s.", **figures
        )

    def _explain_excess(self, line):
        if line.excess_qty <= 0:
            return []
        return [
            self.env._(
                "More than ordered: the transfers would ship %(open)s, which is "
                "%(excess)s more than the order still asks for. Correct the demand of "
                "the transfer, or raise the order.",
                open=self._product_quantity(line, line.open_qty),
                excess=self._product_quantity(line, line.excess_qty),
            )
        ]

    def _explain_vendors(self, line, slices):
        """Which vendors are out: those that the line waits for and those to buy
        from."""
        # Salespeople cannot read purchases; they see the name and the reason.
        sentences = []
        for row in slices.sudo():
            template = row.product_id.product_tmpl_id
            if row.source == "none":
                sentences += row.product_id._vendor_sentences()
            elif row.document and row.document._name == "purchase.order":
                sentences += row.document._disruption_sentences(template)
        return list(dict.fromkeys(sentences))

    def _explain_places(self, line):
        """Which places lie where Odoo's reservation takes them for another's stock."""
        # Salespeople may not read places; they see the names and nothing else.
        stock = line.sudo().warehouse_id.lot_stock_id
        if not stock:
            return []
        return [*self._explain_nesting(stock), *self._explain_scrap(line, stock)]

    def _explain_nesting(self, stock):
        warehouses = self.env["stock.warehouse"].sudo()
        others = Domain("lot_stock_id", "!=", stock.id)
        for inner in warehouses.search(
            others & Domain("lot_stock_id", "child_of", stock.id)
        ):
            yield self.env._(
                "The warehouse %(inner)s lies inside this stock: what is there ships "
                "from here, too, but what is on its way to it counts for its own "
                "orders alone.",
                inner=inner.name,
            )
        for outer in warehouses.search(
            others & Domain("lot_stock_id", "parent_of", stock.id)
        ):
            yield self.env._(
                "This stock lies inside that of the warehouse %(outer)s, whose orders "
                "are served from it, too.",
                outer=outer.name,
            )

    def _explain_scrap(self, line, stock):
        quants = (
            self.env["stock.quant"]
            .sudo()
            .search(
                Domain("product_id", "=", line.product_id.id)
                & Domain("quantity", ">", 0)
                & Domain("location_id", "child_of", stock.id)
                & Domain("location_id.usage", "not in", ("internal", "transit", "view"))
            )
        )
        for place in quants.location_id:
            yield self.env._(
                "%(place)s lies below the stock, so Odoo reserves and ships what is "
                "there, too. Move it out of the stock where it is for scrap.",
                place=named(place).display_name,
            )

    def _explain_shelves(self, slices):
        """What lies elsewhere in the stock while the shelf that the goods leave from
        is empty."""
        # Salespeople may not read places; they see the names and nothing else.
        short = slices.sudo().filtered(
            lambda row: row.source == "none" and self._leaves_from_shelf(row.move_id)
        )
        if not short:
            return
        free = {
            (one["product_id"], one["warehouse_id"]): one["qty"]
            for one in self.env["backlog.quote"]._left_over(short.product_id.ids)
            if one["source"] == "stock"
        }
        for row in short:
            shelf = row.move_id.location_id
            elsewhere = free.get((row.product_id.id, shelf.warehouse_id.id), 0)
            if row.product_id.uom_id.compare(elsewhere, 0) > 0:
                yield self.env._(
                    "It leaves from %(shelf)s. Of what lies elsewhere in the stock, "
                    "%(qty)s are free: move them there, nothing has to be bought for "
                    "that.",
                    shelf=named(shelf).display_name,
                    qty=self._unit_quantity(min(elsewhere, row.qty), row.product_id),
                )

    def _leaves_from_shelf(self, move):
        shelf = move.location_id
        stock = shelf.warehouse_id.lot_stock_id
        # A place of no warehouse has no stock.
        return bool(stock) and shelf != stock and shelf._child_of(stock)

    def _explain_star(self, slices):
        """That Odoo's nightly run does not look at the star first."""
        starred = slices.sudo().filtered(
            lambda one: (
                one.source == "stock"
                and one.product_id.is_storable
                and one.move_id.priority == "1"
            )
        )
        if starred:
            yield self.env._(
                "It is ahead by its star, and nothing is reserved for it yet. Odoo's "
                "nightly run goes by the day of reservation first: check availability "
                "before."
            )

    def _explain_lateness(self, line):
        promise = format_date(self.env, line.promise_date)
        today = fields.Date.context_today(line)
        promised = line.promise_date or fields.Datetime.now()
        passed = (today - fields.Date.context_today(line, promised)).days
        if line.is_late and line.days_late > passed:
            return [
                self.env._(
                    "Late: it was promised for %(promise)s, days late: %(passed)s so "
                    "far, %(days)s when it leaves.",
                    promise=promise,
                    passed=passed,
                    days=line.days_late,
                )
            ]
        if line.is_late:
            return [
                self.env._(
                    "Late: it was promised for %(promise)s, days late: %(days)s.",
                    promise=promise,
                    days=line.days_late,
                )
            ]
        if line.is_at_risk and line.days_late:
            return [
                self.env._(
                    "At risk: it is expected after the promise of %(promise)s, days "
                    "late: %(days)s.",
                    promise=promise,
                    days=line.days_late,
                )
            ]
        if line.is_at_risk:
            return [self._explain_risk(line, promise)]
        return [self.env._("In time for the promise of %s.", promise)]

    def _explain_risk(self, line, promise):
        """Why a line that is not late yet may become so, where no day says it."""
        if line.overdue_since and line.to_source_qty > 0:
            return self.env._(
                "At risk: its receipt is overdue, and something is to order. Promised "
                "for %s.",
                promise,
            )
        if line.overdue_since:
            return self.env._(
                "At risk: its receipt is overdue. Promised for %s.", promise
            )
        if line.second_cause:
            return self.env._(
                "At risk: something is to order, and the rest is expected after the "
                "promise of %s.",
                promise,
            )
        return self.env._(
            "At risk: the promise of %s is near and something is to order.", promise
        )

    def _requests(self, line, slices):
        """Requests for quotation that would help once confirmed: those made for this
        line and those that buy its goods for the same warehouse."""
        # Salespeople cannot read purchases; they see the name and nothing else.
        requested = self.env["purchase.order.line"].sudo()
        return requested.search(
            Domain("order_id.state", "in", ("draft", "sent", "to approve"))
            & (
                Domain("sale_line_id", "=", line.id)
                | Domain("product_id", "in", slices.product_id.ids)
                & Domain(
                    "order_id.picking_type_id.warehouse_id", "=", line.warehouse_id.id
                )
            ),
            order="id",
        ).order_id

    def _explain_slice(self, line, row, days_later):
        now = row.source in ("reserved", "stock")
        # The user sees the name of a document also without access to it.
        document = row.document and row.document.sudo()
        return {
            "source": row.source,
            "label": dict(row._fields["source"]._description_selection(self.env))[
                row.source
            ],
            "product": named(row.product_id).display_name
            if row.product_id != line.product_id
            else "",
            "quantity": self._unit_quantity(row.qty, row.product_id),
            "date": self.env._("now")
            if now
            else format_date(self.env, row.date)
            if row.date and not row.overdue_since
            else "",
            "overdue": self.env._(
                "was due on %s", format_date(self.env, row.overdue_since)
            )
            if row.overdue_since
            else "",
            "likely": self.env["backlog.likely"]._sentence(days_later),
            "document": self._explain_document(document) if document else False,
        }

    def _explain_document(self, document):
        return {
            "model": document._name,
            "id": document.id,
            "name": named(document).display_name,
            "can_open": self.env["backlog.line"]._can_open(
                document.with_user(self.env.user)
            ),
        }

    def _explain_queue(self, line, slices):
        """The demand ahead of this line, for each product and place of stock. A
        reserved slice needs no place in the queue."""
        queues = {}
        waiting = slices.filtered(lambda row: row.source != "reserved")
        for row in waiting.filtered("queue_rank"):
            key = row.product_id, row.warehouse_id, row.move_id.sudo().location_id
            queues.setdefault(key, []).append(row)
        return [
            self._explain_one_queue(line, product, warehouse, location, rows)
            for (product, warehouse, location), rows in queues.items()
        ]

    def _explain_one_queue(self, line, product, warehouse, location, rows):
        place = min(row.queue_rank for row in rows)
        ahead, behind = self._others(line, product, warehouse, location, place)
        lines = self.env["sale.order.line"].sudo().union(*ahead, *behind)
        # Lines of kits with this component can be ahead as well: ask for all their
        # products.
        with giving(line, product_ids=lines._backlog_products().ids) as asked:
            visible = asked.search_fetch([("id", "in", lines.ids)], ["order_line_id"])
        visible = visible.with_env(self.env).order_line_id
        shown = [line for line in ahead if line in visible]
        unnamed = [line for line in ahead if line and line not in visible]
        return {
            "place": self.env._(
                "Number %(place)s in the queue for %(product)s.",
                place=place,
                product=named(product).display_name,
            ),
            "rows": [
                {
                    "order": self._explain_document(line.order_id),
                    "customer": named(line.order_id.partner_id).display_name,
                    "quantity": self._unit_quantity(ahead[line], product),
                }
                for line in shown[:ROWS_SHOWN]
            ],
            "totals": [
                *self._total_of_orders(shown[ROWS_SHOWN:], ahead, product),
                *self._total_of_orders(unnamed, ahead, product),
                *self._total_of_internal(ahead, product),
                *self._total_behind(visible, behind, product),
            ],
        }

    def _others(self, line, product, warehouse, location, place):
        """The quantity of each order line that is served before ``place``, and of each
        behind it what is reserved: that stays where it is. Demand that is no customer's
        counts under the empty order line."""
        # Everyone competes, so everyone is counted. Who may be named is decided above.
        allocation = self.env["backlog.allocation"].sudo()
        with giving(allocation, product_ids=product.ids) as asked:
            groups = asked._read_group(
                Domain("product_id", "=", product.id)
                & Domain("warehouse_id", "=", warehouse.id)
                & Domain("order_line_id", "!=", line.id)
                & Domain("move_id.location_id", "in", self._same_pool(location))
                & (
                    Domain("queue_rank", "<", place) | Domain("source", "=", "reserved")
                ),
                ["order_line_id", "move_id"],
                ["qty:sum", "queue_rank:min"],
                order="queue_rank:min",
            )
        ahead, behind = defaultdict(float), defaultdict(float)
        for other, _move, quantity, rank in groups:
            other = other.with_env(allocation.env)
            (ahead if rank < place else behind)[other] += quantity
        return ahead, behind

    def _named_demand(self, product, slices, most):
        """Who has these slices of ``product``, with quantities: up to ``most`` orders
        by name where the user may see them, the others together."""
        quantities = defaultdict(float)
        for row in slices:
            quantities[row.order_line_id] += row.qty
        lines = self.env["sale.order.line"].sudo().union(*quantities)
        with giving(
            self.env["backlog.line"], product_ids=lines._backlog_products().ids
        ) as asked:
            visible = asked.search_fetch([("id", "in", lines.ids)], ["order_line_id"])
        visible = visible.with_env(self.env).order_line_id
        shown = [line for line in quantities if line in visible][:most]
        told = [
            self.env._(
                "%(order)s of %(customer)s (%(quantity)s)",
                order=line.order_id.name,
                customer=named(line.order_id.partner_id).display_name,
                quantity=self._unit_quantity(quantities[line], product),
            )
            for line in shown
        ]
        rest = [line for line in quantities if line and line not in shown]
        if rest:
            told.append(
                self.env._(
                    "other orders (%s)",
                    self._unit_quantity(sum(quantities[one] for one in rest), product),
                )
            )
        if quantity := sum(quantities[one] for one in quantities if not one):
            told.append(
                self.env._(
                    "production and transfers (%s)",
                    self._unit_quantity(quantity, product),
                )
            )
        return told

    def _same_pool(self, location):
        """The ids of the locations that serve together with ``location``."""
        place = self.env["backlog.demand"]._place()
        rows = self.env.execute_query(
            SQL(
                """
                WITH place AS (%s)
                SELECT place.id
                  FROM place
                  JOIN place mine ON mine.pool_id = place.pool_id
                 WHERE mine.id = %s
                """,
                place,
                location.id,
            )
        )
        return [row[0] for row in rows]

    def _total_of_orders(self, lines, ahead, product):
        orders = len({line.order_id for line in lines})
        quantity = self._unit_quantity(sum(ahead[line] for line in lines), product)
        if orders == 1:
            yield self.env._("1 other order, %s, is ahead.", quantity)
        elif orders:
            yield self.env._(
                "%(orders)s other orders, %(quantity)s, are ahead.",
                orders=orders,
                quantity=quantity,
            )

    def _total_of_internal(self, ahead, product):
        for line, quantity in ahead.items():
            if not line:
                yield self.env._(
                    "Production and transfers ahead: %s.",
                    self._unit_quantity(quantity, product),
                )

    def _total_behind(self, visible, behind, product):
        shown = [line for line in behind if line in visible][:ROWS_SHOWN]
        for line in shown:
            yield self.env._(
                "Behind it, but reserved already: %(quantity)s for %(order)s.",
                quantity=self._unit_quantity(behind[line], product),
                order=line.order_id.name,
            )
        if rest := sum(behind[line] for line in behind if line not in shown):
            yield self.env._(
                "Behind it, but reserved already for others: %s.",
                self._unit_quantity(rest, product),
            )

    def _explain_customer(self, line):
        """What else this customer waits for, of what the user may see."""
        company = line.partner_id.sudo().commercial_partner_id
        lines = line.search(
            [("partner_id", "child_of", company.id), ("id", "!=", line.id)],
            limit=ROWS_SHOWN + 1,
        )
        states = dict(line._fields["backlog_state"]._description_selection(self.env))
        return {
            "rows": [
                {
                    "order": self._explain_document(line.order_id.sudo()),
                    "product": named(line.product_id).display_name,
                    "quantity": self._product_quantity(line, line.open_qty),
                    "state": states[line.backlog_state],
                    "promise": format_date(self.env, line.promise_date),
                }
                for line in lines[:ROWS_SHOWN]
            ],
            "more": len(lines) > ROWS_SHOWN,
        }

    def _product_quantity(self, line, quantity):
        return self._unit_quantity(quantity, line.product_id)

    def _unit_quantity(self, quantity, product):
        # As superuser: a backlog manager may lack the right to read products and units,
        # and a quantity needs its unit.
        return quantity_with_unit(self.env, quantity, product.sudo().uom_id)
