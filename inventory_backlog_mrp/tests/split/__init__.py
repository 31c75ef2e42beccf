from . import test_component_expired
from . import test_kit
from . import test_kit_changed
from . import test_kit_more_than_ordered
from . import test_kit_proof
from . import test_manufacturing
