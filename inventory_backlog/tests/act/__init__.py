from . import test_ask
from . import test_checkup
from . import test_ship
from . import test_snooze
from . import test_step
from . import test_supply
from . import test_verb
