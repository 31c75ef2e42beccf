"""See ``folded``: the classes are those of the engine's own tests. ``test_proof`` keeps
by itself."""

from odoo.tests import tagged

from ..doors import test_companies
from ..folded import Folded
from ..line import test_dates, test_overdue, test_value
from ..split import (
    test_counter_moves,
    test_cut_resupply,
    test_delivery_steps,
    test_dropship,
    test_fresh,
    test_more_than_ordered,
    test_mto,
    test_order_lines,
    test_order_states,
    test_receipt_dates,
    test_receipt_steps,
    test_receipts,
    test_reservation_rules,
    test_returns,
    test_shelves,
    test_split,
    test_tracking,
    test_units,
    test_warehouses,
)


@tagged("post_install", "-at_install")
class TestCompaniesFolded(Folded, test_companies.TestCompanies):
    pass


@tagged("post_install", "-at_install")
class TestCounterMovesFolded(Folded, test_counter_moves.TestCounterMoves):
    pass


@tagged("post_install", "-at_install")
class TestCutResupplyFolded(Folded, test_cut_resupply.TestCutResupply):
    pass


@tagged("post_install", "-at_install")
class TestDatesFolded(Folded, test_dates.TestDates):
    pass


@tagged("post_install", "-at_install")
class TestDeliveryStepsFolded(Folded, test_delivery_steps.TestDeliverySteps):
    pass


@tagged("post_install", "-at_install")
class TestDropshipFolded(Folded, test_dropship.TestDropship):
    pass


@tagged("post_install", "-at_install")
class TestFreshFolded(Folded, test_fresh.TestFresh):
    pass


@tagged("post_install", "-at_install")
class TestMoreThanOrderedFolded(Folded, test_more_than_ordered.TestMoreThanOrdered):
    pass


@tagged("post_install", "-at_install")
class TestMtoFolded(Folded, test_mto.TestMto):
    pass


@tagged("post_install", "-at_install")
class TestOrderLinesFolded(Folded, test_order_lines.TestOrderLines):
    pass


@tagged("post_install", "-at_install")
class TestOrderStatesFolded(Folded, test_order_states.TestOrderStates):
    pass


@tagged("post_install", "-at_install")
class TestOverdueFolded(Folded, test_overdue.TestOverdue):
    pass


@tagged("post_install", "-at_install")
class TestReceiptDatesFolded(Folded, test_receipt_dates.TestReceiptDates):
    pass


@tagged("post_install", "-at_install")
class TestReceiptStepsFolded(Folded, test_receipt_steps.TestReceiptSteps):
    pass


@tagged("post_install", "-at_install")
class TestReceiptsFolded(Folded, test_receipts.TestReceipts):
    pass


@tagged("post_install", "-at_install")
class TestReservationRulesFolded(Folded, test_reservation_rules.TestReservationRules):
    pass


@tagged("post_install", "-at_install")
class TestReturnsFolded(Folded, test_returns.TestReturns):
    pass


@tagged("post_install", "-at_install")
class TestShelvesFolded(Folded, test_shelves.TestShelves):
    pass


@tagged("post_install", "-at_install")
class TestSplitFolded(Folded, test_split.TestSplit):
    pass


@tagged("post_install", "-at_install")
class TestTrackingFolded(Folded, test_tracking.TestTracking):
    pass


@tagged("post_install", "-at_install")
class TestUnitsFolded(Folded, test_units.TestUnits):
    pass


@tagged("post_install", "-at_install")
class TestValueFolded(Folded, test_value.TestValue):
    pass


@tagged("post_install", "-at_install")
class TestWarehousesFolded(Folded, test_warehouses.TestWarehouses):
    pass
