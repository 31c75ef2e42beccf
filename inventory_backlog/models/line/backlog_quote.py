from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple

from odoo import fields, models
from odoo.exceptions import UserError

from ...tools.arguments import checked_quantity, checked_records
from ...tools.bounds import bounded_days

MOST_WISHES = 10_000


class Wish(NamedTuple):
    """What somebody would like to be promised; the quantity in the product's unit."""

    product: models.BaseModel
    quantity: float
    warehouse: models.BaseModel
    made_to_order: bool = False
    """Whether it takes only what is brought for it."""


class BacklogQuote(models.AbstractModel):
    """When could a customer have it? One statement for many wishes, each taking what
    those before it leave."""

    _name = "backlog.quote"
    _description = "Promise"

    def _checked_goods(self, product_id):
        product = checked_records(self.env, "product.product", [product_id])
        self._check_goods(product)
        return product

    def _check_goods(self, products):
        for product in products:
            if product.type != "consu":
                raise UserError(
                    self.env._(
                        "Only goods can be promised: %s is none.", product.display_name
                    )
                )

    def _checked_warehouse(self, warehouse_id):
        warehouse_id = warehouse_id or self.env.user._get_default_warehouse_id().id
        if not warehouse_id:
            raise UserError(self.env._("Create a warehouse or give one."))
        return checked_records(self.env, "stock.warehouse", [warehouse_id])

    def _checked_quantity_of(self, number, wish):
        """The quantity of one of many wishes; an error names the wish."""
        try:
            return checked_quantity(self.env, wish.get("qty"))
        except UserError as error:
            raise UserError(
                self.env._(
                    "Wish %(number)s, of product %(product)s: %(error)s",
                    number=number,
                    product=wish["product_id"],
                    error=error,
                )
            ) from error

    def _promised_by(self, promise, moment):
        """The quantity of a promise that is available by a moment (UTC)."""
        return promise["ready"] + sum(
            part["qty"]
            for part in promise["incoming"]
            if part["date"] <= fields.Datetime.to_string(moment)
        )

    def _get_promises(self, wishes):
        """Promise a list of wishes one after the other: what the first takes is gone
        for the next. One statement for all of them.

        :return: the dicts described in ``get_promise``, in the same order
        """
        supply = self._promise_supply(wishes)
        promises = [self._promise(wish, supply) for wish in wishes]
        self._name_documents(promises)
        return promises

    def _promise_supply(self, wishes):
        """``{(product id, warehouse id): [part]}``, each part a dict with ``qty, date,
        document``, in order of arrival."""
        supply = defaultdict(list)
        products = (
            self.env["product.product"]
            .browse()
            .union(*(wish.product for wish in wishes))
        )
        allocation = self.env["backlog.allocation"]
        if stocked := products.filtered("is_storable"):
            self.env.flush_query(allocation._table_sql)
            for row in self.env.execute_query_dict(
                allocation.env["backlog.live.slice"]._left_over(stocked.ids)
            ):
                supply[row["product_id"], row["warehouse_id"]].append(row)
        return supply

    def _promise(self, wish, supply):
        """Take what is there for one wish from ``supply``."""
        product, quantity, warehouse, made_to_order = wish
        uom = product.uom_id
        promise = {
            "product_id": product.id,
            "warehouse_id": warehouse.id,
            "uom": uom.name,
            "qty": quantity,
            "ready": quantity,
            "incoming": [],
            "to_source": 0.0,
            "vendor_lead_days": False,
            "to_source_date": False,
            "expected_date": fields.Datetime.to_string(fields.Datetime.now()),
        }
        if not product.is_storable and not made_to_order:
            return promise
        promise["ready"] = 0.0
        for part in [] if made_to_order else supply[product.id, warehouse.id]:
            taken = min(quantity, part["qty"])
            if taken <= 0:
                continue
            part["qty"] -= taken
            quantity = uom.round(quantity - taken)
            if part["source"] == "stock":
                promise["ready"] += taken
            else:
                promise["expected_date"] = fields.Datetime.to_string(part["date"])
                promise["incoming"].append(self._promise_part(part, taken))
        if quantity > 0:
            # A dropshipment leaves from no warehouse of ours.
            company = warehouse.company_id or self.env.company
            promise |= self._promise_to_source(product, quantity, company)
            promise["expected_date"] = promise["to_source_date"] and max(
                promise["to_source_date"], promise["expected_date"]
            )
        return promise

    def _promise_part(self, part, quantity):
        return {
            "qty": quantity,
            "date": fields.Datetime.to_string(part["date"]),
            "document": part["document"] or False,
            "document_name": False,
        }

    def _name_documents(self, promises):
        """Read the names of all documents at once."""
        parts = defaultdict(list)
        for part in (part for promise in promises for part in promise["incoming"]):
            if part["document"]:
                model, document_id = part["document"].split(",")
                parts[model].append((int(document_id), part))
        for model, named in parts.items():
            # Salespeople cannot read purchases; they see the name and nothing else.
            documents = self.env[model].sudo().browse(number for number, _part in named)
            for document, (_number, part) in zip(documents, named, strict=True):
                part["document_name"] = document.display_name

    def _promise_to_source(self, product, quantity, company):
        """The lead time of the vendor that Odoo would choose, and the company's own,
        from the next working day on."""
        seller = product.with_company(company)._select_seller(
            quantity=quantity,
            date=fields.Date.context_today(self.env["product.product"]),
        )
        lead = bounded_days(seller.delay) + bounded_days(company.days_to_purchase)
        date = False
        if seller:
            idle = company._backlog_work_day() - company._backlog_today()
            arrival = fields.Datetime.now() + idle + timedelta(days=lead)
            date = fields.Datetime.to_string(arrival)
        return {
            "to_source": quantity,
            "vendor_lead_days": int(lead) if seller else False,
            "to_source_date": date,
        }
