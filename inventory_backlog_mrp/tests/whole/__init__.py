from . import test_bad_values
