from odoo.tests import freeze_time

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
