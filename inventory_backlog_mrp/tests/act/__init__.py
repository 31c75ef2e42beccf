from . import test_checkup
