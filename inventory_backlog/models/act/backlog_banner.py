from collections import defaultdict

from odoo import fields, models

from ...tools.texts import short_day

# Of an order the sentences about so many lines; the list of lines has all.
MOST_LINES = 3
# What may be done for all lines of an order at once, the most helpful first.
VERBS = ("ship", "reserve", "confirm", "order", "chase", "remind", "ask_purchase")


class BacklogBanner(models.AbstractModel):
    """What the form of a document says of its backlog, with the steps of its lines as
    buttons: what ``backlog.step`` offers for each, once for all that it fits."""

    _name = "backlog.banner"
    _description = "Banner of a Document"

    def _of_order(self, lines):
        """The banner of a confirmed order.

        :param lines: its open lines that the user may see
        :return: ``{"tone", "sentences", "verbs": [{"verb", "label", "hint", "ids"}]}``,
            or False when all of it is in time
        """
        missed = lines.filtered(lambda line: line.is_late or line.is_at_risk)
        if not missed:
            return False
        situations = self.env["backlog.situation"]._of(missed)
        steps = self.env["backlog.step"]._next_step(missed, situations)
        sentences = [self._missed(lines, missed)]
        for line in missed[:MOST_LINES]:
            plan = steps[line.id]["plan"]
            if plan:
                sentences.append(
                    self.env._(
                        "%(product)s: %(sentence)s",
                        product=line.product_id.sudo().display_name,
                        sentence=plan[0]["sentence"],
                    )
                )
        return {
            "tone": "danger" if any(missed.mapped("is_late")) else "warning",
            "sentences": sentences,
            "verbs": self._verbs(missed, steps),
            "promise": False,
        }

    def _missed(self, lines, missed):
        """How many lines miss their promise."""
        late = missed.filtered("is_late")
        day = short_day(self.env, min((late or missed).mapped("promise_date")))
        names = {"count": len(late or missed), "all": len(lines), "day": day}
        if late:
            return self.env._(
                "%(count)s of %(all)s open lines are late: promised for %(day)s.",
                **names,
            )
        return self.env._("%(count)s of %(all)s open lines may miss %(day)s.", **names)

    def _verbs(self, lines, steps):
        """The first verb that helps, for all lines that offer it, and *Tell*."""
        offered = defaultdict(list)
        for line in lines:
            step = steps[line.id]
            for verb in filter(None, (step["first"], *step["rest"])):
                offered[verb["verb"]].append((line.id, verb))
        first = next((key for key in VERBS if key in offered), None)
        return [
            {
                "verb": key,
                "label": offered[key][0][1]["label"]
                if len(offered[key]) == 1
                else self.env["backlog.step.text"]._label_of_many(key),
                "hint": offered[key][0][1]["hint"],
                "ids": [line_id for line_id, _verb in offered[key]],
            }
            for key in (first, "tell")
            if key in offered
        ]

    def _of_quotation(self, lines):
        """The banner of a quotation: when all of it could leave, if confirmed now.

        :param lines: its lines of goods
        """
        short = lines.filtered(lambda line: line.quote_to_source_qty > 0)
        waits = lines.filtered(
            lambda line: line.quote_to_source_qty > 0 or line.quote_incoming_qty > 0
        )
        if not waits:
            return False
        days = waits.mapped("quote_expected_date")
        names = {"now": len(lines - waits), "all": len(lines)}
        if not all(days):
            return {
                "tone": "warning",
                "sentences": [
                    self.env._(
                        "Nobody knows when all could leave: %(count)s of %(all)s lines "
                        "have no date.",
                        count=len(
                            waits.filtered(lambda one: not one.quote_expected_date)
                        ),
                        **names,
                    )
                ],
                "verbs": [],
                "promise": False,
            }
        last = max(days)
        promised = lines.order_id.commitment_date
        keeps = promised and promised >= last
        return {
            "tone": "warning" if short and not keeps else "info",
            "sentences": [
                self.env._(
                    "All could leave on %(day)s, %(now)s of %(all)s lines today.",
                    day=short_day(self.env, last),
                    **names,
                )
            ],
            "verbs": [],
            "promise": False
            if keeps
            else {
                "date": fields.Datetime.to_string(last),
                "label": self.env._("Promise %s", short_day(self.env, last)),
            },
        }
