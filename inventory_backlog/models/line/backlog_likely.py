from math import floor

from odoo import fields, models

# Goods pass through no more steps on their way in.
MAX_STEPS = 10


class BacklogLikely(models.AbstractModel):
    """When goods will likely come, by what their vendor usually does: a second date
    beside the one that was said. Nothing is late or at risk by it.

    A vendor that usually comes some days after its *first* promise is expected that
    many days after it. Where it has put the receipt off already, the rest of them is
    left; where it has put it off by more, none is.
    """

    _name = "backlog.likely"
    _description = "Likely Date"

    def _dates(self, lines):
        """``{line id: moment}``: the expected date of each line and what the vendor
        behind its last slice usually comes later. A line is left out when it waits for
        no vendor, when its vendor has too few receipts, and when that day has passed
        for what is overdue: nobody knows then."""
        return {line_id: date for line_id, (date, _days) in self._found(lines).items()}

    def _sentences(self, lines):
        """``{line id: sentence}``: what stands grey beside the expected date."""
        return {
            line_id: self._sentence(days)
            for line_id, (_date, days) in self._found(lines).items()
        }

    def _found(self, lines):
        """``{line id: (likely date, days later than it was said)}``."""
        waiting = lines.filtered(lambda line: line.incoming_qty and line.expected_date)
        if not waiting:
            return {}
        slices = waiting._allocation()
        later = self._days_later(slices)
        found = {}
        for order_line, rows in slices.grouped("order_line_id").items():
            last = max(rows.mapped("date"))
            likely = [
                (fields.Datetime.add(self._said(row), days=later[row]), later[row])
                for row in rows
                if row.date == last and row in later and self._is_to_come(row, later)
            ]
            if likely:
                found[order_line.id] = max(likely)
        return found

    def _days_later(self, slices):
        """``{slice: days}``: how many days after the day that was said last the vendor
        of each usually comes, 0 for in time. Slices of no vendor, and those of vendors
        with too few receipts, are left out."""
        # sudo: salespeople read no purchases; a number of days is all they see.
        purchases = {row: self._purchase_lines(row.sudo()) for row in slices}
        usual = (
            self.env["purchase.order.line"]
            .sudo()
            .union(*purchases.values())
            ._usual_lateness()
        )
        found = {}
        for row, lines in purchases.items():
            left = [
                usual[line] - self._days_put_off(row, line)
                for line in lines
                if line in usual
            ]
            if left:
                found[row] = max(0, floor(max(left) + 0.5))
        return found

    def _purchase_lines(self, row):
        """The purchase lines whose vendor has still to deliver this slice."""
        moves = row.receipt_move_id
        for _step in range(MAX_STEPS):
            moves = moves.filtered(lambda move: move.state not in ("done", "cancel"))
            if moves.purchase_line_id:
                break
            moves = moves.move_orig_ids
        return moves.purchase_line_id

    def _days_put_off(self, row, line):
        """How many days after its first promise the vendor says now."""
        if not line.first_promise_date:
            return 0
        day_of = line.company_id._backlog_day_of
        return max(0, (day_of(self._said(row)) - day_of(line.first_promise_date)).days)

    def _said(self, row):
        """When the receipt of a slice comes by what was said last. What is overdue is
        dated today, and said to come when it was due."""
        return row.overdue_since or row.date

    def _is_to_come(self, row, later):
        if not row.overdue_since:
            return True
        company = row.company_id
        likely = fields.Datetime.add(row.overdue_since, days=later[row])
        return company._backlog_day_of(likely) >= company._backlog_today()

    def _sentence(self, days):
        """What the vendor usually does, in words; nothing where it is in time."""
        if days <= 0:
            return ""
        if days == 1:
            return self.env._("usually 1 day later")
        return self.env._("usually %s days later", days)
