import doctest
import importlib
import pkgutil

from odoo.tests import TransactionCase, tagged

from ... import tools
from ...models.reorder import netting, offers
from ..unit import Unit

# Functions of models that use no database.
PLAIN = [netting, offers]


@tagged("post_install", "-at_install")
class TestTools(TransactionCase):
    """Plain functions say in their docstrings what they do."""

    def test_what_the_docstrings_say(self):
        names = pkgutil.iter_modules(tools.__path__, f"{tools.__name__}.")
        modules = [importlib.import_module(module.name) for module in names]
        tried = 0
        for module in modules + PLAIN:
            found = doctest.testmod(module, extraglobs={"Unit": Unit})
            self.assertFalse(found.failed, module.__name__)
            tried += found.attempted
        self.assertTrue(tried)
