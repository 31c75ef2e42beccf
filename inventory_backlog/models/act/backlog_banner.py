from collections import defaultdict

from odoo import fields, models
from odoo.tools.misc import formatLang

from ...const import VALUE_GROUPS
from ...tools.texts import short_day

# Of an order the sentences about so many lines; the list of lines has all.
MOST_LINES = 3
# What may be done for all lines of an order at once, the most helpful first.
VERBS = ("ship", "reserve", "confirm", "order", "chase", "remind", "ask_purchase")

# Of the states of a line, what its sentence is about: the first that holds.
REASONS = ("blocked", "to_order", "requested", "incoming", "ready")


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
        reasons = {
            line: reason
            for line in missed[:MOST_LINES]
            if (reason := self._reason(line, situations[line.id]))
        }
        sentences = [
            self._missed(lines, missed),
            *(
                self.env._(
                    "%(product)s: %(sentence)s",
                    product=line.product_id.sudo().display_name,
                    sentence=reason,
                )
                for line, reason in reasons.items()
            ),
        ]
        return {
            "tone": self._tone(missed),
            "sentences": sentences,
            "verbs": self._verbs(missed, steps),
            "promise": False,
        }

    def _reason(self, line, situation):
        """Why a line misses its promise: what is missing before what is ready."""
        step, text = self.env["backlog.step"], self.env["backlog.step.text"]
        for state in REASONS:
            if getattr(step, f"_is_{state}")(line, situation):
                return getattr(text, f"_{state}_sentences")(line, situation)[-1]
        return ""

    def _missed(self, lines, missed):
        """How many lines miss their promise."""
        late = missed.filtered("is_late")
        day = short_day(self.env, min((late or missed).mapped("promise_date")))
        names = {"count": len(late or missed), "all": len(lines), "day": day}
        if late:
            return self.env._(
                "Late: %(count)s of %(all)s open lines, promised for %(day)s.",
                **names,
            )
        return self.env._(
            "At risk: %(count)s of %(all)s open lines, promised for %(day)s.", **names
        )

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
        unknown = waits.filtered(
            lambda line: line.quote_overdue_since or not line.quote_expected_date
        )
        names = {"now": len(lines - waits), "all": len(lines)}
        if unknown:
            return {
                "tone": "warning",
                "sentences": [
                    self.env._(
                        "Nobody knows when all could leave: %(count)s of %(all)s lines "
                        "have no date.",
                        count=len(unknown),
                        **names,
                    )
                ],
                "verbs": [],
                "promise": False,
            }
        last = max(waits.mapped("quote_expected_date"))
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

    def _of_product(self, lines, action):
        """The banner of a product.

        :param lines: its open lines that the user may see
        :param action: what opens them
        """
        if not lines:
            return False
        number = self.env["backlog.step.text"]._number
        texts = {
            "backlog_qty": self.env._("%s ready"),
            "incoming_qty": self.env._("%s coming"),
            "to_source_qty": self.env._("%s to order"),
        }
        quantities = {name: sum(lines.mapped(name)) for name in texts}
        short = lines.filtered(lambda line: line.to_source_qty > 0)
        steps = self.env["backlog.step"]._next_step(
            short, self.env["backlog.situation"]._of(short)
        )
        return {
            "tone": self._tone(lines),
            "sentences": [
                self.env._(
                    "%(parts)s. Orders: %(orders)s, first promise %(day)s.",
                    parts=", ".join(
                        text % number(quantities[name])
                        for name, text in texts.items()
                        if quantities[name] > 0
                    ),
                    orders=len(lines.order_id),
                    day=short_day(self.env, min(lines.mapped("promise_date"))),
                )
            ],
            "verbs": [
                verb for verb in self._verbs(short, steps) if verb["verb"] != "tell"
            ],
            "promise": False,
            "open": {"label": self.env._("Who waits"), "action": action},
        }

    def _of_purchase(self, lines, action, may_move):
        """The banner of a purchase: who waits for it.

        :param lines: the open lines that it brings goods for and that the user may see
        :param action: what opens them
        :param may_move: whether the user may write its dates
        """
        if not lines:
            return False
        names = {
            "lines": len(lines),
            "customers": len(lines.partner_id.sudo().commercial_partner_id),
            "day": short_day(self.env, min(lines.mapped("promise_date"))),
        }
        sentence = self.env._(
            "Wait for this: %(lines)s order lines of %(customers)s customers; first "
            "promise %(day)s.",
            **names,
        )
        if self.env.user.has_groups(VALUE_GROUPS):
            sentence = self.env._(
                "Wait for this: %(lines)s order lines of %(customers)s customers, "
                "%(value)s; first promise %(day)s.",
                value=formatLang(
                    self.env,
                    sum(lines.mapped("open_value")),
                    currency_obj=lines.currency_id[:1],
                ),
                **names,
            )
        return {
            "tone": self._tone(lines),
            "sentences": [sentence],
            "verbs": [],
            "promise": False,
            "open": {"label": self.env._("Who waits"), "action": action},
            "call": {"label": self.env._("Move date"), "method": "action_move_date"}
            if may_move
            else False,
        }

    def _tone(self, lines):
        if any(lines.mapped("is_late")):
            return "danger"
        return "warning" if any(lines.mapped("is_at_risk")) else "info"
