import re
from io import BytesIO

import polib

from odoo.tests import TransactionCase, tagged
from odoo.tools.misc import file_path
from odoo.tools.translate import PoFileWriter, TranslationModuleReader

# What may stay empty in a translation: it is the same word.
SAME_IN_INDONESIAN = {
    "%(day)s: %(quantity)s",
    "%(figure)s: %(definition)s",
    "%(quantity)s %(unit)s",
    "Administrator",
    "Backlog",
    "ID",
    "Logo",
    "Margin",
    "Order",
    "Status",
    "Transfer",
    '<span class="o_stat_text">Transfer</span>',
    "MO %s",
    "Mode",
    "Total",
    "Transfer %s",
    "object._backlog_summary_name()",
    "object._file_name()",
    "object.partner_id._backlog_summary_name()",
}
# Placeholders, tags, and what a term begins and ends with.
TITLE = re.compile(r' title="[^"]*"')
FIXED_PARTS = re.compile(r"%\(\w+\)\w|%\w|<[^>]*>|^\W+|[.,:;?!…]$")


def exported(env):
    """The terms of our addons by addon, as Odoo exports them, without demo data."""
    addons = env["ir.module.module"].search(
        [("name", "=like", "inventory_backlog%"), ("state", "=", "installed")]
    )
    return {addon: _template(env, addon) for addon in addons.mapped("name")}


def _template(env, addon):
    buffer = BytesIO()
    PoFileWriter(buffer, lang=None).write_rows(
        row
        for row in TranslationModuleReader(env.cr, [addon])
        if "_demo" not in str(row[3])
    )
    return polib.pofile(buffer.getvalue().decode())


@tagged("post_install", "-at_install")
class TestTranslations(TransactionCase):
    """A failure says what ``./dev shell < tools/translate.py`` brings up to date, all
    but the Indonesian itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.exported = exported(cls.env)

    def _saved(self, addon, name):
        return polib.pofile(file_path(f"{addon}/i18n/{name}"))

    def _places(self, template):
        """Where each term stands: Odoo translates it there only."""
        return {
            (entry.msgid, place, entry.comment)
            for entry in template
            for place, _line in entry.occurrences
        }

    def test_templates_have_every_term_wherever_it_stands(self):
        for addon, template in self.exported.items():
            with self.subTest(addon=addon):
                saved = self._places(self._saved(addon, f"{addon}.pot"))
                current = self._places(template)
                self.assertFalse(current - saved, "missing in the template")
                self.assertFalse(saved - current, "left over in the template")

    def test_indonesian_has_every_term(self):
        for addon, template in self.exported.items():
            with self.subTest(addon=addon):
                translated = {
                    entry.msgid
                    for entry in self._saved(addon, "id.po")
                    if entry.translated() or entry.msgid in SAME_IN_INDONESIAN
                }
                current = {entry.msgid for entry in template}
                self.assertFalse(current - translated, "not translated")
                self.assertFalse(translated - current, "left over")

    def test_indonesian_keeps_placeholders_tags_and_punctuation(self):
        for addon in self.exported:
            for entry in self._saved(addon, "id.po").translated_entries():
                with self.subTest(addon=addon, term=entry.msgid):
                    # Of a tag people read its title.
                    translation, term = (
                        TITLE.sub("", text) for text in (entry.msgstr, entry.msgid)
                    )
                    self.assertCountEqual(
                        FIXED_PARTS.findall(translation), FIXED_PARTS.findall(term)
                    )
