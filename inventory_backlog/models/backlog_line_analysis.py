from itertools import pairwise

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.bounds import money_of_json
from .backlog_line import VALUE_GROUPS

MARGIN_GROUPS = "sales_team.group_sale_manager,inventory_backlog.group_backlog_manager"


class BacklogLine(models.Model):
    """What the analysis looks at beside the split: more values, and by what else it
    can be cut."""

    _inherit = "backlog.line"
    _depends = {
        "product.product": ["standard_price"],
        "res.partner": ["country_id"],
    }

    country_id = fields.Many2one(
        related="partner_id.country_id", string="Country", related_sudo=True
    )
    vendor_id = fields.Many2one(
        related="product_id.main_vendor_id",
        string="Main Vendor",
        help="The main vendor of the product: whose delay would cost this value.",
    )
    incoming_value = fields.Monetary(
        readonly=True,
        groups=VALUE_GROUPS,
        help="What the part is worth that a receipt, transfer or production already on "
        "its way will cover.",
    )
    to_source_value = fields.Monetary(
        readonly=True,
        groups=VALUE_GROUPS,
        help="What the part is worth that nobody has ordered yet.",
    )
    margin_value = fields.Monetary(
        "Margin",
        readonly=True,
        groups=MARGIN_GROUPS,
        help="Open value less the cost of the open quantity, at the cost that the "
        "product has today. A kit has the cost written on the kit.",
    )
    age_bucket = fields.Selection(
        selection="_selection_age_bucket",
        string="Age",
        readonly=True,
        help="Days since the order was confirmed. The steps are in the settings.",
    )
    lateness_bucket = fields.Selection(
        selection="_selection_lateness_bucket",
        string="Lateness",
        readonly=True,
        help="Days from the promise to today or to the expected date, whichever is "
        "later. The steps are in the settings.",
    )

    @api.model
    def _selection_age_bucket(self):
        steps = self.env.company._backlog_steps("backlog_age_steps")
        return self._bucket_labels([0, *(step + 1 for step in steps)])

    @api.model
    def _selection_lateness_bucket(self):
        steps = self.env.company._backlog_steps("backlog_lateness_steps")
        later = self._bucket_labels([1, *(step + 1 for step in steps)])
        return [
            ("0", self.env._("0 days")),
            *((str(int(value) + 1), label) for value, label in later),
        ]

    @api.model
    def _bucket_labels(self, starts):
        """``[(number, label)]`` of the buckets that begin with ``starts``, in days."""
        labels = [
            self.env._("%(first)s–%(last)s days", first=first, last=following - 1)
            for first, following in pairwise(starts)
        ]
        labels.append(self.env._("more than %s days", starts[-1] - 1))
        return [(str(number), label) for number, label in enumerate(labels)]

    @api.model
    def _valued(self, product_ids):
        return SQL(
            """
            SELECT line.*,
                   line.open_value - ROUND(
                       COALESCE(%(cost)s, 0) * line.open_qty / line.rounding
                   ) * line.rounding AS margin_value
              FROM (%(valued)s) line
         LEFT JOIN product_product product ON product.id = line.product_id
            """,
            cost=money_of_json(
                SQL("product.standard_price"), SQL("line.company_id::text")
            ),
            valued=super()._valued(product_ids),
        )

    @api.model
    def _dated(self, product_ids):
        company = self.env.company
        return SQL(
            """
            SELECT dated.*,
                   WIDTH_BUCKET(age_days, %(age)s::int[])::varchar AS age_bucket,
                   WIDTH_BUCKET(days_late, %(lateness)s::int[])::varchar
                       AS lateness_bucket
              FROM (%(dated)s) dated
            """,
            age=[step + 1 for step in company._backlog_steps("backlog_age_steps")],
            lateness=[
                1,
                *(s + 1 for s in company._backlog_steps("backlog_lateness_steps")),
            ],
            dated=super()._dated(product_ids),
        )
