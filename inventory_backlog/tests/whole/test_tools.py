import doctest
import importlib
import pkgutil

from odoo.tests import TransactionCase, tagged

from ... import tools
from ...models.reorder import netting, offers
from ...models.split import sweep
from ...models.vendor import vendor_rates
from ...report import payment_terms
from ..unit import Unit

# Plain functions that stand beside the models they serve.
BESIDE_MODELS = (netting, offers, payment_terms, sweep, vendor_rates)


@tagged("post_install", "-at_install")
class TestTools(TransactionCase):
    """Plain functions say in their docstrings what they do."""

    def test_what_the_docstrings_say(self):
        modules = [
            importlib.import_module(module.name)
            for module in pkgutil.iter_modules(tools.__path__, f"{tools.__name__}.")
        ]
        tried = 0
        for module in (*modules, *BESIDE_MODELS):
            with self.subTest(module=module.__name__):
                found = doctest.testmod(module, extraglobs={"Unit": Unit})
                self.assertFalse(found.failed)
                tried += found.attempted
        self.assertTrue(tried)
