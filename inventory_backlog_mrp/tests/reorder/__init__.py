from . import test_suggestion_components
from . import test_suggestion_make
from . import test_suggestion_worlds
