from odoo import models


class BacklogSituation(models.AbstractModel):
    """Draft productions bring goods once they are confirmed, too."""

    _inherit = "backlog.situation"

    def _drafts_made(self, suggestion):
        drafts = suggestion.production_ids.filtered(lambda one: one.state == "draft")
        return [*super()._drafts_made(suggestion), *drafts]

    def _arrival_of(self, document):
        if document._name == "mrp.production":
            return document.date_finished
        return super()._arrival_of(document)

    def _goods_of(self, document):
        if document._name == "mrp.production":
            return document.product_id
        return super()._goods_of(document)
