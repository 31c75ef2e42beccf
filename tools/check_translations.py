"""Hold the id.po of each addon against its template, without Odoo.

Called by ``./dev lint``. That the templates are what the code says is a test:
tests/whole/test_translations.py.
"""

import re
import sys
from collections import Counter
from pathlib import Path

import polib

# What may stay empty in a translation: it is the same word.
SAME_IN_INDONESIAN = {
    "%(cause)s · %(asked)s",
    "%(customer)s +%(count)s",
    "%(day)s: %(quantity)s",
    "%(figure)s: %(definition)s",
    "%(late)s, %(at_risk)s",
    "%(order)s: %(goods)s",
    "%(product)s: %(reason)s.",
    "%(product)s: %(sentence)s",
    "%(quantity)s %(unit)s",
    "Administrator",
    "Backlog",
    "ID",
    "Logo",
    "Margin",
    "Order",
    "Transfer",
    '<span class="o_stat_text">Transfer</span>',
    "Mode",
    "Total",
    "Transfer %s",
    "Vendor…",
    "object._backlog_summary_name()",
    "object._file_name()",
    "object.partner_id._backlog_summary_name()",
}
# Placeholders, tags, and what a term begins and ends with.
FIXED_PARTS = re.compile(r"%\(\w+\)\w|%\w|<[^>]*>|^\W+|[.,:;?!…]$")
TITLE = re.compile(r' title="[^"]*"')


def main():
    wrong, same = [], set()
    for addon in sorted(path.parent.name for path in Path().glob("*/__manifest__.py")):
        template = polib.pofile(f"{addon}/i18n/{addon}.pot")
        indonesian = polib.pofile(f"{addon}/i18n/id.po")
        places, translated = where(template), where(indonesian)
        problems = [(place, "missing") for place in places - translated]
        problems += [(place, "left over") for place in translated - places]
        for entry in indonesian:
            problems += [((entry.msgid,), problem) for problem in check(entry)]
        wrong += [f"{addon}: {problem}: {term}" for term, problem in problems]
        same |= {entry.msgid for entry in template} & SAME_IN_INDONESIAN
    wrong += [f"in no template: {term}" for term in SAME_IN_INDONESIAN - same]
    print(*sorted(wrong), sep="\n", end="\n" if wrong else "")
    sys.exit(bool(wrong))


def where(entries):
    """Where each term stands: Odoo translates it there only."""
    return {
        (entry.msgid, place, entry.comment)
        for entry in entries
        for place, _line in entry.occurrences
    }


def check(entry):
    """What is wrong with one entry of a translation."""
    if entry.obsolete:
        yield "obsolete"
    elif entry.fuzzy:
        yield "fuzzy"
    elif entry.msgid in SAME_IN_INDONESIAN:
        if entry.msgstr not in ("", entry.msgid):
            yield "translated, and listed as the same word"
    elif entry.msgstr in ("", entry.msgid):
        yield "not translated"
    elif fixed_parts(entry.msgid) != fixed_parts(entry.msgstr):
        yield "other placeholders, tags or punctuation"


def fixed_parts(text):
    """These, counted. Of a tag people read its title."""
    return Counter(FIXED_PARTS.findall(TITLE.sub("", text)))


main()
