import doctest
import importlib
import pkgutil

from odoo.tests import TransactionCase, tagged

from ... import tools


@tagged("post_install", "-at_install")
class TestTools(TransactionCase):
    """Plain functions say in their docstrings what they do."""

    def test_what_the_docstrings_say(self):
        tried = 0
        for module in pkgutil.iter_modules(tools.__path__, f"{tools.__name__}."):
            found = doctest.testmod(importlib.import_module(module.name))
            self.assertFalse(found.failed, module.name)
            tried += found.attempted
        self.assertTrue(tried)
