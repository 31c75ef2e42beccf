from odoo import fields, models

from odoo.addons.inventory_backlog.tools.link import Link


class BacklogSuggestionComponent(models.Model):
    """What a suggestion needs that is made: a component, through kits, in the unit of
    the component. It is demand for other suggestions."""

    _name = "backlog.suggestion.component"
    _inherit = "backlog.suggestion.part"
    _description = "Component of a Suggestion"
    _order = "suggestion_id, product_id, id"

    _figure_names = ("product_id", "qty", "at_vendor_qty", "need_date")

    product_id = Link(
        "product.product",
        "Component",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    product_uom_id = Link(related="product_id.uom_id")
    qty = fields.Float(
        "Needed",
        digits="Product Unit",
        readonly=True,
        help="For all that is to be made, in the unit of the component.",
    )
    ready_qty = fields.Float(
        "In Stock",
        digits="Product Unit",
        readonly=True,
        help="The part of it that is in stock and not needed by those who need it "
        "earlier.",
    )
    at_vendor_qty = fields.Float(
        "At Vendor",
        digits="Product Unit",
        readonly=True,
        help="The part of it that lies at the subcontractor already and need not be "
        "sent.",
    )
    need_date = fields.Date("Needed On", readonly=True)

    def _share(self):
        return min(1, self.ready_qty / self.qty) if self.qty else 1
