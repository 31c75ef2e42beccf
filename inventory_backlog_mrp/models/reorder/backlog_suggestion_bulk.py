from odoo import models


class BacklogSuggestionBulk(models.AbstractModel):
    """Manufacturing orders among what many suggestions make."""

    _inherit = "backlog.suggestion.bulk"

    def _documents_made(self, suggestions):
        productions = suggestions.production_ids.filtered(
            lambda production: production.state not in ("done", "cancel")
        )
        return [*super()._documents_made(suggestions), *productions]

    def _why_not_undone(self, suggestion):
        for production in suggestion.production_ids:
            if production.state not in ("draft", "cancel"):
                return self.env._("%s is confirmed", production.name)
        return super()._why_not_undone(suggestion)
