from datetime import datetime
from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import freeze_time

from ..models.reorder.backlog_procure import Choice
from .common import NOW
from .vendors import VendorCase


@freeze_time(NOW)
class SuggestionCase(VendorCase):
    """The company with three vendors and reorder suggestions. A buyer generates and
    accepts them; customers ask for chairs in 5 days unless said otherwise."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.env = cls.env(context={**cls.env.context, "lang": "en_US"})
        cls.suggestions = cls.env["backlog.suggestion"].with_user(cls.buyer)
        cls.company.resource_calendar_id = cls._every_day()

    @classmethod
    def _every_day(cls):
        """A calendar without weekends, so that days are easy to count."""
        return cls.env["resource.calendar"].create(
            {
                "name": "Every day",
                "tz": "UTC",
                "attendance_ids": [
                    (
                        0,
                        0,
                        {
                            "name": "Day",
                            "dayofweek": str(day),
                            "hour_from": 8,
                            "hour_to": 16,
                            "day_period": "full_day",
                        },
                    )
                    for day in range(7)
                ],
            }
        )

    def _wanted(self, product, quantity=None, days=5, price=100, **values):
        """A confirmed order promised in ``days``."""
        goods = product if isinstance(product, list) else [(product, quantity)]
        return self._order(
            *((one, count, {"price_unit": price}) for one, count in goods),
            commitment_date=self._after(days),
            **values,
        )

    def _changed_later(self):
        """Set-up is compared by the time of its last change, which in a test is that
        of the one transaction: let the next run look at everything."""
        self.env["backlog.suggestion.check"].search([]).unlink()

    def _generate(self, *products):
        """Run as the buyer. Returns the counts."""
        self._fresh(self.suggestions)
        ids = [product.id for product in products] if products else None
        return self.suggestions.generate(ids)

    def _suggested(self, *products, state=None, action=None):
        """The suggestions for these products, the chair by default, in their order."""
        self.env.flush_all()
        self.env.invalidate_all()
        domain = [
            ("product_id", "in", [p.id for p in products] or self.product.ids),
            ("state", "=", state) if state else ("state", "!=", "done"),
        ]
        if action:
            domain.append(("action_type", "=", action))
        return self.suggestions.search(domain)

    def _suggest(self, *products, **kwargs):
        """Run, and return the suggestions for these products."""
        self._generate()
        return self._suggested(*products, **kwargs)

    def _figures(self, suggestions):
        """``(action, short, in progress, suggested)`` of each."""
        return [
            (one.action_type, one.shortage_qty, one.in_progress_qty, one.suggested_qty)
            for one in suggestions
        ]

    # More of the world

    def _second_warehouse(self, **values):
        return self.env["stock.warehouse"].create(
            {
                "name": "Depot",
                "code": "DEP",
                "company_id": self.company.id,
                **values,
            }
        )

    def _table(self, name="Table", vendor=None, price=20, **offer):
        """Another product that is bought from the first vendor."""
        product = self._product(name, route_ids=self.buy.ids)
        self._offer(product, vendor or self.first, price, delay=2, **offer)
        return product

    def _direct(self, name="Direct"):
        """A product that the first vendor ships to the customer."""
        route = self.env.ref("stock_dropshipping.route_drop_shipping")
        product = self._product(name, route_ids=route.ids)
        self._offer(product, self.first, 10, delay=2)
        return product

    def _made_to_order(self, name="To Order"):
        """A product that is bought for each order line."""
        mto = self.warehouse.mto_pull_id.route_id
        mto.active = True
        product = self._product(name, route_ids=(mto + self.buy).ids)
        self._offer(product, self.first, 10, delay=2)
        return product

    def _transfer(self, product, quantity, source, dest, days=2, confirm=True):
        """A transfer between two places of the company."""
        source_place, dest_place = (
            one.lot_stock_id if one._name == "stock.warehouse" else one
            for one in (source, dest)
        )
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": self.warehouse.int_type_id.id,
                "location_id": source_place.id,
                "location_dest_id": dest_place.id,
                "scheduled_date": self._after(days),
                "move_ids": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": quantity,
                            "location_id": source_place.id,
                            "location_dest_id": dest_place.id,
                            "date": self._after(days),
                        }
                    )
                ],
            }
        )
        if confirm:
            picking.action_confirm()
        return picking

    # Deciding

    def _accept(self, *choices):
        """The buyer orders ``(suggestion, quantity, offer)`` at once."""
        self.suggestions.env["backlog.procure"]._accept(
            [Choice(*choice) for choice in choices]
        )
        self.env.flush_all()
        self.env.invalidate_all()

    def _accepted(self, suggestions):
        """The requests that were made of the suggestions, as the buyer sees them."""
        ids = suggestions.action_create_rfq()
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["purchase.order"].with_user(self.buyer).browse(ids)

    def _on(self, day):
        """The clock stands at nine on that day."""
        self.env.cr.cache.pop("backlog_work_days", None)
        return freeze_time(datetime.combine(day, NOW.time()))

    # The scheduled action

    def _cron(self, commits=None):
        """Run it for all companies. ``commits``: a list that gets what was done at each
        commit; nothing is really committed."""
        self.env.flush_all()
        self.env.invalidate_all()

        def commit(_cron, processed=0, remaining=None, **_values):
            if commits is not None:
                commits.append((processed, remaining))
            return 1

        with patch.object(self.env.registry["ir.cron"], "_commit_progress", commit):
            self.env["backlog.suggestion"]._cron_generate()
        self.env.flush_all()
        self.env.invalidate_all()

    def _mails(self):
        """What waits to be sent, the newest first."""
        return self.env["mail.mail"].search([], order="id desc")
