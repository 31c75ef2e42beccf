from odoo import models
from odoo.tools import format_amount, format_date

from ...const import BUYERS, MANAGERS
from ...tools.readers import told
from .backlog_suggestion_run import RESULTS

ROWS_SHOWN = 10


class BacklogSuggestionMail(models.AbstractModel):
    """A mail per scheduled run to each buyer, only when something changed, and one to
    each manager about products that were left out. Only users who may read the
    suggestions today get one, and nobody sees the other recipients."""

    _name = "backlog.suggestion.mail"
    _description = "Mail about Suggestions"

    def _send_digest(self, outcome):
        news = self.env["backlog.suggestion"].search(
            [
                ("company_id", "=", self.env.company.id),
                ("state", "=", "proposed"),
                ("is_told", "=", False),
            ]
        )
        if news or outcome.updated_ids or outcome.counts["withdrawn"]:
            self._mail(
                self._digest_readers(),
                "inventory_backlog.suggestion_digest",
                counts={
                    **dict.fromkeys(RESULTS, 0),
                    **outcome.counts,
                    "created": len(news),
                },
                suggestions=news[:ROWS_SHOWN],
            )
            # A run that was killed sent no mail: the next one reports what it created.
            news.is_told = True
        failed = [text for text in outcome.failed.values() if text]
        if failed:
            self._mail(
                self._readers(MANAGERS),
                "inventory_backlog.suggestion_failed",
                failed=failed,
            )

    def _digest_readers(self):
        company = self.env.company
        chosen = told(company._backlog_digest_chosen(), company, BUYERS)
        return chosen or self._readers(BUYERS)

    def _readers(self, group):
        return told(self.env.ref(group).all_user_ids, self.env.company, group)

    def _mail(self, users, template, **values):
        """Send the template to each of these users, in their language, with what they
        may read."""
        base_url = self.get_base_url()
        for user in users:
            one = self.with_context(lang=user.lang)
            body = one.env["ir.qweb"]._render(
                template,
                {
                    "company": self.env.company,
                    "format_amount": format_amount,
                    "format_date": format_date,
                    "env": one.env,
                    "url": f"{base_url}/odoo/action-inventory_backlog."
                    "backlog_suggestion_action",
                    **{
                        name: value.with_user(user)
                        ._filtered_access("read")
                        .with_env(one.env)
                        if isinstance(value, models.BaseModel)
                        else value
                        for name, value in values.items()
                    },
                },
                lang=user.lang,
            )
            self.env["mail.mail"].create(
                {
                    "subject": one._mail_subject(template),
                    "body_html": body,
                    "email_to": user.email_formatted,
                    "email_from": self.env.company.email_formatted
                    or self.env.user.email_formatted,
                    "auto_delete": True,
                }
            )

    def _mail_subject(self, template):
        if template.endswith("failed"):
            return self.env._("Reorder suggestions: products were left out")
        return self.env._("Reorder suggestions for %s", self.env.company.name)
