from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_list

from ...const import PURCHASE_USERS
from ...tools.names import named
from ...tools.texts import quantity_with_unit, short_day, time_ago
from .outcome import Outcome

WAREHOUSE_USERS = "stock.group_stock_user"


class BacklogVerbAsk(models.AbstractModel):
    """Ask the people in the warehouse to ship, or those who buy to order. One activity
    for each person in charge, with a line for all that is asked; nothing that is asked
    already is asked again."""

    _name = "backlog.verb.ask"
    _description = "Questions about Lines"

    # Verbs

    def _do_ask_warehouse(self, lines, values):
        situations = self.env["backlog.situation"]._of(lines)
        reasons = {
            line.id: reason
            for line in lines
            if (reason := self._why_not_ship(line, situations[line.id]))
        }
        asked = self._once(lines, "warehouse", situations, reasons)
        documents = {line: situations[line.id].transfers[:1] for line in asked}
        return self._ask(asked, "warehouse", documents, reasons)

    def _do_ask_purchase(self, lines, values):
        situations = self.env["backlog.situation"]._of(lines)
        reasons = {
            line.id: self.env._("Nothing of it is to order.")
            for line in lines
            if line.to_source_qty <= 0
        }
        asked = self._once(lines, "purchase", situations, reasons)
        documents = {
            line: self._asked_about(line, situations[line.id]) for line in asked
        }
        return self._ask(asked, "purchase", documents, reasons)

    def _do_remind(self, lines, values):
        """As *Ask Purchase*: the request is there already, and lacks somebody's yes."""
        return self._do_ask_purchase(lines, values)

    def _why_not_ship(self, line, situation):
        if situation.blocked:
            return self.env["backlog.step.text"]._blocked_sentence(line, situation)
        if line.backlog_qty <= 0:
            return self.env._("Nothing of it is in stock.")
        if not situation.transfers:
            return self.env._("There is no transfer to ship it with yet.")
        return ""

    def _once(self, lines, kind, situations, reasons):
        """Those of ``lines`` about which nobody waits for an answer; why not the others
        goes into ``reasons``."""
        for line in lines:
            moment = situations[line.id].asked.get(kind)
            if moment and line.id not in reasons:
                reasons[line.id] = self.env._(
                    "It was asked %s.", time_ago(self.env, moment)
                )
        return lines.filtered(lambda line: line.id not in reasons)

    def _asked_about(self, line, situation):
        """The record that people who buy can read: the request, else the product."""
        for document in situation.requests:
            if document._name == "purchase.order":
                return document
        return line.product_id.sudo()

    # Asking

    def _ask(self, lines, kind, documents, reasons):
        """One activity for each person.

        :param documents: ``{line: record the activity stands on}``, as superuser
        :param reasons: ``{line id: why it is left out}``
        """
        people = {line: self._in_charge(line, kind, documents[line]) for line in lines}
        for line in lines.filtered(lambda line: not people[line]):
            reasons[line.id] = self.env._(
                "Nobody in %s has the right to do it.", line.company_id.sudo().name
            )
        asked = lines.filtered(lambda line: people[line])
        made = self.env["mail.activity"].sudo()
        for person, theirs in asked.grouped(lambda line: people[line]).items():
            made |= self._schedule(person, theirs, kind, documents[theirs[:1]])
        names = [
            named(person).name for person in dict.fromkeys(people.values()) if person
        ]
        return Outcome(
            message=self.env._("Asked %s.", format_list(self.env, names))
            if made
            else "",
            done=len(asked),
            skipped=reasons,
            undo=made.ids or None,
        )

    def _schedule(self, person, lines, kind, document):
        lang = named(person).lang or self.env.lang
        lines = lines.with_context(lang=lang)
        text = self.with_context(lang=lang)
        # sudo: whoever sees a line may ask, also who may not write the document.
        activity = document.sudo().activity_schedule(
            "mail.mail_activity_data_todo",
            summary=text._summary(lines, kind),
            note=text._note(lines),
            user_id=person.id,
            automated=False,
        )
        questions = self.env["backlog.ask"].sudo()
        # What was answered may be asked again; two at the same time fail at the index.
        questions.search(
            [("order_line_id", "in", lines.ids), ("kind", "=", kind)]
        ).unlink()
        questions.create(
            [
                {
                    "order_line_id": line.id,
                    "company_id": line.company_id.id,
                    "kind": kind,
                    "activity_id": activity.id,
                }
                for line in lines
            ]
        )
        return activity

    def _summary(self, lines, kind):
        figures = {
            "goods": self._goods(lines[:1], kind),
            "more": len(lines) - 1,
        }
        if kind == "warehouse":
            if len(lines) > 1:
                return self.env._("Ship %(goods)s and %(more)s more", **figures)
            return self.env._("Ship %(goods)s", **figures)
        if len(lines) > 1:
            return self.env._("Order %(goods)s and %(more)s more", **figures)
        return self.env._("Order %(goods)s", **figures)

    def _goods(self, line, kind):
        quantity = line.backlog_qty if kind == "warehouse" else line.to_source_qty
        return line._goods(quantity)

    def _note(self, lines):
        """What is asked for, a line each, with the day that was promised. It names no
        customer: more people read the notes on a document than may read every order."""
        return self.env["ir.qweb"]._render(
            "inventory_backlog.backlog_ask_note",
            {
                "rows": [
                    {
                        "product": named(line.product_id).display_name,
                        "ready": self._quantity(line, line.backlog_qty),
                        "to_order": self._quantity(line, line.to_source_qty),
                        "promise": short_day(self.env, line.promise_date),
                        "is_late": line.is_late,
                    }
                    for line in lines
                ]
            },
        )

    def _quantity(self, line, quantity):
        return (
            quantity_with_unit(self.env, quantity, line.product_uom_id.sudo())
            if quantity > 0
            else ""
        )

    # Who is in charge

    def _in_charge(self, line, kind, document):
        """Who is asked, as superuser, or nobody: the person in charge of the document,
        of the vendor or of the product, else the first who may do it.

        :param document: the transfer, the request or the product
        """
        group = WAREHOUSE_USERS if kind == "warehouse" else PURCHASE_USERS
        company = line.company_id.sudo()
        for person in self._candidates(line, document):
            if self._can_do(person, group, company):
                return person
        return self._first_member(group, company)

    def _candidates(self, line, document):
        # sudo: names of colleagues, whatever the user may read.
        if document._name != "product.product":
            yield document.user_id
        if document._name != "stock.picking":
            product = line.product_id.sudo().with_company(line.company_id)
            yield product.main_vendor_id.buyer_id
            yield product.responsible_id

    def _can_do(self, person, group, company):
        return bool(
            person
            and person.active
            and not person.share
            and company in person.company_ids
            and person.has_group(group)
        )

    @api.model
    def _first_member(self, group, company):
        """The first person with a right in a company: one who has it for their work
        before an administrator of Odoo, who has all rights."""
        members = (
            self.env["res.users"]
            .sudo()
            .search(
                Domain("all_group_ids", "in", self.env.ref(group).ids)
                & Domain("company_ids", "in", company.ids)
                & Domain("share", "=", False),
                order="id",
            )
        )
        workers = members.filtered(lambda one: not one.has_group("base.group_system"))
        return (workers or members)[:1]

    # And back

    def _undo_ask_warehouse(self, payload):
        return self._undo_ask(payload)

    def _undo_ask_purchase(self, payload):
        return self._undo_ask(payload)

    def _undo_remind(self, payload):
        return self._undo_ask(payload)

    def _undo_ask(self, payload):
        """Take back what nobody has answered.

        :param payload: ids of activities
        """
        # sudo: they are the user's own, and were made as superuser.
        activities = self.env["mail.activity"].sudo().browse(payload).exists()
        activities = activities.filtered(
            lambda one: one.active and one.create_uid == self.env.user
        )
        if not activities:
            raise UserError(self.env._("It is done already."))
        activities.unlink()
        return self.env._("Nobody is asked any more.")
