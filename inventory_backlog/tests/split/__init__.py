from importlib.util import find_spec

from . import test_below_zero
from . import test_changed_destination
from . import test_counter_moves
from . import test_cut_resupply
from . import test_delivery_steps
from . import test_drift
from . import test_dropship
from . import test_expired
from . import test_fresh
from . import test_more_than_ordered
from . import test_mto
from . import test_named_receipts
from . import test_order_lines
from . import test_order_states
from . import test_places
from . import test_proof
from . import test_receipt_dates
from . import test_receipt_steps
from . import test_receipts
from . import test_reservation_rules
from . import test_returns
from . import test_shelves
from . import test_split
from . import test_sweep
from . import test_tracking
from . import test_units
from . import test_warehouses

# Odoo does not bring hypothesis along; without it every other test still runs.
if find_spec("hypothesis"):
    from . import test_invariants
