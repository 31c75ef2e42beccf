from io import BytesIO

import polib

from odoo.tests import TransactionCase, tagged
from odoo.tools.misc import file_path
from odoo.tools.translate import PoFileWriter, TranslationModuleReader


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
    """A failure says what ``./dev shell < tools/translate.py`` brings up to date. The
    Indonesian is held against the templates by ``./dev lint``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.exported = exported(cls.env)

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
                saved = self._places(
                    polib.pofile(file_path(f"{addon}/i18n/{addon}.pot"))
                )
                current = self._places(template)
                self.assertFalse(current - saved, "missing in the template")
                self.assertFalse(saved - current, "left over in the template")
