"""The tests of kits and production once more, read from what is kept."""

from odoo.tests import tagged

from odoo.addons.inventory_backlog.tests.folded import Folded

from ..split import (
    test_kit,
    test_kit_more_than_ordered,
    test_kit_proof,
    test_manufacturing,
)


@tagged("post_install", "-at_install")
class TestKitFolded(Folded, test_kit.TestKit):
    pass


@tagged("post_install", "-at_install")
class TestKitMoreThanOrderedFolded(
    Folded, test_kit_more_than_ordered.TestKitMoreThanOrdered
):
    pass


@tagged("post_install", "-at_install")
class TestKitProofFolded(Folded, test_kit_proof.TestKitProof):
    pass


@tagged("post_install", "-at_install")
class TestManufacturingFolded(Folded, test_manufacturing.TestManufacturing):
    pass
