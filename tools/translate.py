"""Bring the i18n folders up to date. What is new in id.po is left to be translated.

./dev shell < tools/translate.py
"""

import polib

from odoo.tools.misc import file_path

from odoo.addons.inventory_backlog.tests.whole.test_translations import exported

for addon, template in exported(env).items():  # noqa: F821
    folder = f"{file_path(addon)}/i18n"
    for name in "POT-Creation-Date", "PO-Revision-Date":
        del template.metadata[name]
    template.save(f"{folder}/{addon}.pot")
    translation = polib.pofile(f"{folder}/id.po")
    translation.merge(template)
    translation.header = template.header
    translation.metadata = template.metadata | {
        "Language": "id",
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    translation[:] = sorted(
        (entry for entry in translation if not entry.obsolete),
        key=lambda entry: entry.msgid,
    )
    translation.save()
