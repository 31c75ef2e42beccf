from collections import defaultdict
from typing import NamedTuple

from odoo import fields, models
from odoo.fields import Domain

from ...const import ASKED, OPEN_STATES, OPEN_SUGGESTIONS, REQUEST_STATES
from ...tools.given import giving

READY = ("reserved", "stock")


class Situation(NamedTuple):
    """What is known of a line when it is decided what can be done about it. The records
    are read as superuser: their names are told, nothing else."""

    slices: models.BaseModel
    blocked: str
    """Why its goods may not leave, as ``block_cause``; empty when they may."""
    is_reserved: bool
    """Whether nothing of what is ready is left to be reserved."""
    unreserved_qty: float
    """What is ready and not reserved, in the unit of the product: kits whole."""
    transfers: models.BaseModel
    """Its open transfers, first those that have something ready."""
    can_leave: bool
    """Whether what is ready stands before the last step: it goes to the customer."""
    requests: tuple
    """The documents that would bring it once they are confirmed."""
    cancelled: str
    """The name of the purchase that was to bring what is to order, and was
    cancelled."""
    suggestion: models.BaseModel
    """What is suggested for it and not ordered yet."""
    late: models.BaseModel
    """Those of ``slices`` that are overdue, or come after the promise."""
    asked: dict
    """``{kind: moment}``: whom somebody has asked, and when."""
    is_snoozed: bool
    documents: tuple
    """What is on its way, each once, the first to come first."""
    late_documents: tuple
    """What of it is overdue or comes after the promise."""
    can_open: bool
    """Whether the user can open one of the documents or requests."""
    places: models.BaseModel
    """Where what is reserved lies."""
    vendor: models.BaseModel
    """The vendor of the first document, else the one to order from."""


class BacklogSituation(models.AbstractModel):
    """What decides about the steps of lines, read for a page at once: the number of
    queries does not depend on the number of lines."""

    _name = "backlog.situation"
    _description = "Situation of a Line"

    def _of(self, lines):
        """``{line id: Situation}``."""
        if not lines:
            return {}
        # sudo: whoever sees a line sees the names of the documents behind it.
        slices = lines._allocation().sudo()
        by_line = slices.grouped(lambda row: row.order_line_id.id)
        suggestions = self._suggestions(lines)
        requests = self._requests(lines, by_line, suggestions)
        together = self._together(
            [
                *(row.document for row in slices if row.document),
                *(document for found in requests.values() for document in found),
            ]
        )
        requests = {
            line_id: [together[one] for one in found]
            for line_id, found in requests.items()
        }
        page = {
            "vendors": self._vendors(lines, by_line, suggestions, requests, together),
            "blocked": lines._block_causes(),
            "suggestions": suggestions,
            "requests": requests,
            "asked": self.env["backlog.ask"]._asked(lines),
            "snoozed": self.env["backlog.snooze"]._snoozed_ids(lines),
            "together": together,
            "openable": self._openable(together),
            "transfers": slices.move_id.picking_id.ids,
            "places": self._places(slices.move_id),
        }
        return {
            line.id: self._situation(line, by_line.get(line.id, slices.browse()), page)
            for line in lines
        }

    def _situation(self, line, slices, page):
        """
        :param page: what was read for all lines
        """
        ready = slices.filtered(lambda row: row.source in READY and row.move_id)
        moves = (ready or slices).move_id.filtered(
            lambda move: move.state in OPEN_STATES
        )
        reservation = self.env["backlog.reservation"]
        free = ready.filtered(lambda row: not reservation._is_reserved(row))
        coming = slices.filtered("document").sorted(lambda row: (row.date, row.id))
        late = coming.filtered(lambda row: self._is_late(line, row))
        places = self.env["stock.location"].sudo()
        together = page["together"]
        documents = self._each_once(coming, together)
        requests = tuple(page["requests"].get(line.id, ()))
        suggestion = self._suggested(page["suggestions"].get(line.id))
        return Situation(
            slices=slices,
            vendor=page["vendors"][line.id],
            blocked=page["blocked"].get(line.id) or "",
            is_reserved=bool(ready) and not free,
            unreserved_qty=self._unreserved(line, free),
            transfers=moves.picking_id.with_prefetch(page["transfers"]),
            can_leave=bool(moves)
            and all(move.location_dest_id.usage == "customer" for move in moves),
            requests=requests,
            cancelled=line.sudo().order_line_id.cancelled_purchase or "",
            suggestion=suggestion,
            late=slices.filtered(lambda row: self._is_late(line, row)),
            asked=page["asked"].get(line.id, {}),
            is_snoozed=line.id in page["snoozed"],
            documents=documents,
            late_documents=self._each_once(late, together),
            can_open=any(one in page["openable"] for one in (*documents, *requests)),
            places=places.union(
                *(page["places"].get(move.id, places) for move in moves)
            ).with_prefetch(page["places"][None]),
        )

    def _vendors(self, lines, slices, suggestions, requested, together):
        """``{line id: vendor}`` of the first document, else of what is suggested, else
        the first of the product that is to order."""
        vendors = dict.fromkeys(lines.ids, self.env["res.partner"].sudo())
        for line in lines:
            coming = slices.get(line.id, ())
            documents = self._each_once(coming, together)
            bought = filter(self._is_bought, (*documents, *requested.get(line.id, ())))
            vendor = next((one.partner_id for one in bought), None)
            if not vendor and line.id in suggestions:
                vendor = suggestions[line.id].partner_id[:1]
            if vendor:
                vendors[line.id] = vendor
        rest = lines.filtered(
            lambda line: line.to_source_qty > 0 and not vendors[line.id]
        )
        # The first of the list: whether it may deliver today takes long to find out.
        for line in rest.sudo():
            vendors[line.id] = line.product_id.seller_ids[:1].partner_id
        ids = [vendor.id for vendor in vendors.values()]
        return {
            line_id: vendor.with_prefetch(ids) for line_id, vendor in vendors.items()
        }

    def _is_bought(self, document):
        return document._name == "purchase.order"

    def _each_once(self, slices, together):
        return tuple(
            dict.fromkeys(together[row.document] for row in slices if row.document)
        )

    def _together(self, documents):
        """``{document: the same}``, read together: a reference is read alone."""
        ids = defaultdict(list)
        for document in documents:
            ids[document._name].append(document.id)
        return {
            document: document
            for model, numbers in ids.items()
            for document in self.env[model].sudo().browse(dict.fromkeys(numbers))
        }

    def _openable(self, documents):
        """Those of these documents that the user can open."""
        groups = self.env["backlog.line"]._form_groups()
        openable = set()
        for model in dict.fromkeys(document._name for document in documents):
            group = groups.get(model)
            if not group or self.env.user.has_group(group):
                found = self.env[model].browse(
                    one.id for one in documents if one._name == model
                )
                openable.update(found._filtered_access("read"))
        return openable

    def _places(self, moves):
        """``{move id: places}`` of what is reserved for them, and all of them under
        None."""
        rows = (
            self.env["stock.move.line"]
            .sudo()
            ._read_group(
                [("move_id", "in", moves.ids), ("state", "in", OPEN_STATES)],
                ["move_id"],
                ["location_id:recordset"],
            )
        )
        places = {move.id: found for move, found in rows}
        places[None] = self.env["stock.location"].union(*places.values()).ids
        return places

    def _unreserved(self, line, free):
        if line.backlog_qty <= 0:
            return 0.0
        if all(row.product_id == line.product_id for row in free):
            return min(line.backlog_qty, sum(free.mapped("qty")))
        # Components cannot be added up: a kit is reserved whole.
        return line.backlog_qty

    def _is_late(self, line, row):
        """Whether a receipt is overdue or comes after the promise, by days where the
        user is."""
        if row.source != "receipt":
            return False
        if row.overdue_since:
            return True
        if not row.date or not line.promise_date or row.date <= line.promise_date:
            return False
        comes, promised = (
            fields.Datetime.context_timestamp(line, moment).date()
            for moment in (row.date, line.promise_date)
        )
        return comes > promised

    # Suggestions and requests

    def _suggestions(self, lines):
        """``{line id: suggestions}`` that somebody can order or has ordered."""
        # sudo: salespeople read no suggestions; they see that something is requested.
        rows = (
            self.env["backlog.suggestion.line"]
            .sudo()
            .search(
                Domain("order_line_id", "in", lines.ids)
                & Domain("suggestion_id.state", "in", (*OPEN_SUGGESTIONS, "ordered"))
            )
        )
        found = {}
        for row in rows:
            found.setdefault(row.order_line_id.id, []).append(row.suggestion_id.id)
        together = rows.suggestion_id.ids
        return {
            line_id: rows.suggestion_id.browse(dict.fromkeys(ids)).with_prefetch(
                together
            )
            for line_id, ids in found.items()
        }

    def _suggested(self, suggestions):
        """The first of ``suggestions`` that makes a document when it is accepted."""
        if not suggestions:
            return self.env["backlog.suggestion"].sudo()
        return suggestions.filtered(
            lambda one: one.state in OPEN_SUGGESTIONS and one.action_type not in ASKED
        )[:1]

    def _requests(self, lines, slices, suggestions):
        """``{line id: [document]}``: what would bring goods to order once it is
        confirmed, whoever has made it.

        :param slices: ``{line id: slices}``
        :param suggestions: ``{line id: suggestions}``
        """
        short = lines.filtered(lambda line: line.to_source_qty > 0)
        wanted = {
            line: slices[line.id].product_id | line.product_id.sudo()
            if line.id in slices
            else line.product_id.sudo()
            for line in short
        }
        requested = self._requested(short, wanted)
        found = {}
        for line in short:
            documents = [
                row.order_id
                for row in requested
                if row.sale_line_id.id == line.id
                or not row.sale_line_id
                and row.product_id in wanted[line]
                and row.order_id.picking_type_id.warehouse_id.id == line.warehouse_id.id
            ]
            for suggestion in suggestions.get(line.id, ()):
                if suggestion.state == "ordered":
                    documents += self._drafts_made(suggestion)
            found[line.id] = list(dict.fromkeys(documents))
        return found

    def _requested(self, lines, wanted):
        """The purchase lines of requests for these goods."""
        # sudo: salespeople cannot read purchases; they see names and nothing else.
        requested = self.env["purchase.order.line"].sudo()
        if not lines:
            return requested
        products = self.env["product.product"].union(*wanted.values())
        return requested.search(
            Domain("state", "in", REQUEST_STATES)
            & (
                Domain("sale_line_id", "in", lines.ids)
                | Domain("product_id", "in", products.ids)
                & Domain(
                    "order_id.picking_type_id.warehouse_id",
                    "in",
                    lines.warehouse_id.ids,
                )
            ),
            order="id",
        )

    def _drafts_made(self, suggestion):
        """The drafts besides purchases that were made of a suggestion."""
        return [
            *suggestion.move_ids.picking_id.filtered(
                lambda picking: picking.state == "draft"
            )
        ]

    # What a document brings

    def _arrival_of(self, document):
        """The moment at which a document brings its goods, or False."""
        if document._name == "purchase.order":
            return document.date_planned
        return document.scheduled_date

    def _goods_of(self, document):
        """The products that a document brings."""
        if document._name == "purchase.order":
            return document.order_line.product_id
        return document.move_ids.product_id

    def _helped(self, documents):
        """``{document: lines}``: for which lines that the user may see something is to
        order that these requests would bring.

        :param documents: a list of records
        """
        # sudo: the goods alone are read.
        goods = self.env["product.product"].union(
            *(self._goods_of(document.sudo()) for document in documents)
        )
        allocation = self.env["backlog.allocation"]
        with giving(allocation, product_ids=goods.ids) as asked:
            missing = asked.search_fetch(
                [
                    ("product_id", "in", goods.ids),
                    ("source", "=", "none"),
                    ("order_line_id", "!=", False),
                ]
            )
        lines = self.env["backlog.line"].search(
            Domain("to_source_qty", ">", 0)
            & (
                Domain("id", "in", missing.order_line_id.ids)
                | Domain("product_id", "in", goods.ids)
            )
        )
        slices = missing.with_env(self.env).sudo()
        requests = self._requests(
            lines,
            slices.grouped(lambda row: row.order_line_id.id),
            self._suggestions(lines),
        )
        return {
            document: lines.filtered(
                lambda line, document=document: document in requests[line.id]
            )
            for document in documents
        }
