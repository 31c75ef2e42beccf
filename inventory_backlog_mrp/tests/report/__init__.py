from . import test_kit_cash
from . import test_kit_service
from . import test_kit_snapshot
from . import test_kit_summary
