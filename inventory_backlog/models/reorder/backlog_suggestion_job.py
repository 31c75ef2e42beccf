from odoo import models
from odoo.fields import Domain


class BacklogSuggestionJob(models.AbstractModel):
    """What the scheduled action does for each company: the run, the requests that the
    company wants made of it, and the mail about it."""

    _name = "backlog.suggestion.job"
    _description = "Scheduled Run of the Suggestions"

    def _run_scheduled(self):
        """Run for all companies. When a run is killed half-way, the next one carries
        on: products that were done are not planned again."""
        companies = self.env["res.company"].search(Domain.TRUE)
        cron, faults = self.env["ir.cron"], self.env["backlog.fault"]
        cron._commit_progress(remaining=len(companies))
        for done, company in enumerate(companies):
            is_partial = faults._attempt(
                "ir_cron_suggestion", company, self._for(company)._run_and_mail
            )
            left = len(companies) - done - (not is_partial)
            if not cron._commit_progress(1, remaining=left):
                return

    def _run_and_mail(self):
        """The whole run of the current company.

        :return: whether there was no time for all of it. Then no mail is sent yet: Odoo
            runs the action again at once.
        """
        outcome = self.env["backlog.suggestion.run"]._generate(commit=True)
        if outcome.is_partial:
            return True
        if self.env.company.backlog_create_requests and not outcome.is_busy:
            self.env["backlog.procure"]._create_requests(outcome)
        self.env["backlog.suggestion.mail"]._send_digest(outcome)
        return False

    def _for(self, company):
        """The job of a company, in the environment of its run."""
        return self.with_env(self.env["backlog.suggestion.run"]._run_for(company).env)
