from . import test_failover
from . import test_kit
from . import test_kit_promise
from . import test_kit_proof
from . import test_manufacturing
from . import test_suggestion_make
from . import test_suggestion_components
from . import test_suggestion_worlds
