from . import test_kept_forms
from . import test_kept_parts
