from odoo import api, fields, models

from odoo.addons.inventory_backlog.tools.link import Link

MOST_BATCHES = 1000  # in one suggestion: each is a manufacturing order

# What follows from the components of a suggestion.
SETTLED = (
    "able_to_make_qty",
    "arrival_date",
    "bottleneck_id",
    "estimated_cost",
    "released_value",
    "saved_value",
    "suggested_qty",
)


class BacklogSuggestion(models.Model):
    """What is made: how much of it can be made now, and what it lacks."""

    _inherit = "backlog.suggestion"

    action_type = fields.Selection(
        selection_add=[("make", "Make")],
        ondelete={"make": "cascade"},
        help="Confirm: customers wait for a request for quotation that is a draft on "
        "its last day to order. Chase vendor: a receipt comes too late, ask for it "
        "earlier. Transfer: another warehouse has it free. Buy: ask a vendor. Buy for "
        "customer: the vendor ships it straight to the customer. Make: produce it.",
    )
    bom_id = Link("mrp.bom", "Bill of Materials", readonly=True)
    missing_qty = fields.Float(
        "To Make",
        digits="Product Unit",
        readonly=True,
        help="All that is to be made. What the components allow is suggested, the rest "
        "follows when they come.",
    )
    able_to_make_qty = fields.Float(
        "Able to Make",
        digits="Product Unit",
        readonly=True,
        help="How much the components that are in stock and not needed by others "
        "allow.",
    )
    bottleneck_id = Link(
        "product.product",
        readonly=True,
        help="The component that allows least.",
    )
    component_ids = fields.One2many(
        "backlog.suggestion.component", "suggestion_id", readonly=True
    )
    production_ids = fields.One2many(
        "mrp.production",
        "backlog_suggestion_id",
        "Manufacturing Orders",
        readonly=True,
        # Buyers read their names in what is under way.
        groups="mrp.group_mrp_user",
    )

    @api.model
    def _selection_obstacle(self):
        obstacles = {
            "bom_cycle": self.env._("Its bill of materials contains itself"),
        }
        return super()._selection_obstacle() + list(obstacles.items())

    @api.depends("production_ids.state")
    def _compute_state(self):
        return super()._compute_state()

    def _ordered_steps(self):
        if self.action_type != "make":
            return super()._ordered_steps()
        steps = [
            state if state in ("done", "cancel") else "open"
            for state in self.production_ids.mapped("state")
        ]
        if not steps and self.state == "ordered":
            # Somebody deleted the order.
            return ["cancel"]
        return steps

    def _is_draft(self):
        if self.action_type != "make":
            return super()._is_draft()
        # Cancelled orders stay. Without a draft there is nothing to undo.
        return set(self.production_ids.mapped("state")) - {"cancel"} == {"draft"}

    @api.depends("able_to_make_qty", "bottleneck_id", "missing_qty")
    def _compute_explanation(self):
        return super()._compute_explanation()
