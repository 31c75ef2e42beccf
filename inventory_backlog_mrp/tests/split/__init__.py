from . import test_kit
from . import test_kit_changed
from . import test_kit_proof
from . import test_manufacturing
